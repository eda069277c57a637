// Elementwise transcendental functions and the gradients that need one, in Highway vectors.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/transcendental.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {
namespace tiles {

#define TILE(name, expression)                \
  struct name {                               \
    template <class D, class V>               \
    HWY_INLINE V operator()(D d, V a) const { \
      return expression;                      \
    }                                         \
  };
#define BACKWARD_TILE(name, body)                     \
  struct name {                                       \
    template <class D, class V>                       \
    HWY_INLINE V operator()(D d, V g, V a) const body \
  };

// Φ, the normal distribution function: ½(1 + erf(a/√2)).
template <class D, class V>
HWY_INLINE V NormalCdf(D d, V a) {
  const V half = Value(d, 0.5);
  return hn::MulAdd(half, Erf(d, hn::Mul(a, Value(d, 0.70710678118654752440))), half);
}

TILE(exp, ExpOf(d, a))
TILE(log, LogOf(d, a))
TILE(sin, SinOf(d, a))
TILE(cos, CosOf(d, a))
TILE(tanh, TanhOf(d, a))
TILE(sigmoid, Sigmoid(d, a))
TILE(gelu, hn::Mul(a, NormalCdf(d, a)))
TILE(silu, hn::Mul(a, Sigmoid(d, a)))
TILE(softplus, Softplus(d, a))

// The first operand stands before the logarithm's: a·ln b.
BACKWARD_TILE(xlogy, {
  const auto zero = hn::And(hn::Eq(g, hn::Zero(d)), hn::Eq(a, a));
  return hn::IfThenElse(zero, hn::Zero(d), hn::Mul(g, LogOf(d, a)));
})
BACKWARD_TILE(geluBackward, {
  const V density = hn::Mul(Value(d, 0.39894228040143267794), ExpOf(d, hn::Mul(Value(d, -0.5), hn::Mul(a, a))));
  return hn::Mul(g, hn::MulAdd(a, density, NormalCdf(d, a)));
})
BACKWARD_TILE(siluBackward, {
  const V one = Value(d, 1);
  const V s = Sigmoid(d, a);
  return hn::Mul(g, hn::Mul(s, hn::MulAdd(a, hn::Sub(one, s), one)));
})
BACKWARD_TILE(softplusBackward, { return hn::Mul(g, Sigmoid(d, a)); })

#undef TILE
#undef BACKWARD_TILE

}  // namespace tiles

template <class T>
MathTiles<T> MakeMathTiles() {
#define BLASGRAD_TILE(name, inputs, scalars, output) &VectorTile<tiles::name, T>,
  return {BLASGRAD_MATH_TILES(BLASGRAD_TILE)};
#undef BLASGRAD_TILE
}

Floats<MathTiles> AllMathTiles() { return {MakeMathTiles<float>(), MakeMathTiles<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllMathTiles);
const Floats<MathTiles>& mathTiles() {
  static const Floats<MathTiles> table = HWY_DYNAMIC_DISPATCH(AllMathTiles)();
  return table;
}
}  // namespace blasgrad
#endif
