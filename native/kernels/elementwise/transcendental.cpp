// Elementwise transcendental functions and the gradients that need one, in Highway vectors.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/transcendental.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "normal-inl.h"
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

// g·sigmoid(a), with e^-|a| as two factors: it may underflow where the product does not.
template <class D, class V>
HWY_INLINE V TimesSigmoid(D d, V g, V a) {
  const V one = Value(d, 1);
  const V root = ExpNegAbs(d, hn::Mul(a, Value(d, 0.5)));
  const V factor = hn::IfThenElse(hn::Ge(a, hn::Zero(d)), one, root);
  return hn::Div(hn::Mul(hn::Mul(g, factor), factor), hn::MulAdd(root, root, one));
}

TILE(exp, ExpOf(d, a))
TILE(log, LogOf(d, a))
TILE(sin, SinOf(d, a))
TILE(cos, CosOf(d, a))
TILE(tanh, TanhOf(d, a))
TILE(sigmoid, Sigmoid(d, a))
TILE(gelu, hn::Mul(a, NormalAt(d, a).cdf))
TILE(silu, TimesSigmoid(d, a, a))
TILE(softplus, Softplus(d, a))

// Operands in the order of the formula: a·ln b.
BACKWARD_TILE(xlogy, {
  const auto zero = hn::And(hn::Eq(g, hn::Zero(d)), hn::Eq(a, a));
  return hn::IfThenElse(zero, hn::Zero(d), hn::Mul(g, LogOf(d, a)));
})
BACKWARD_TILE(geluBackward, {
  const auto normal = NormalAt(d, a);
  return hn::Mul(g, hn::MulAdd(a, normal.density, normal.cdf));
})
BACKWARD_TILE(siluBackward, {
  const V one = Value(d, 1);
  return hn::Mul(TimesSigmoid(d, g, a), hn::MulAdd(a, Sigmoid(d, hn::Neg(a)), one));
})
BACKWARD_TILE(softplusBackward, { return TimesSigmoid(d, g, a); })

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
