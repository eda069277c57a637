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

// 2^x. x = n + r exactly, |r| ≤ ½. From 1 on it is twice 2^(x − 1), whose power of 2 is finite wherever the result is.
template <class D, class V>
HWY_INLINE V Exp2Of(D d, V x) {
  constexpr bool kSingle = sizeof(hn::TFromD<D>) == 4;
  const V bounded = hn::Min(x, Value(d, kSingle ? 128 : 1024));
  const auto large = hn::Ge(bounded, Value(d, 1));
  const V least =
      hn::Max(hn::IfThenElse(large, hn::Sub(bounded, Value(d, 1)), bounded), Value(d, kSingle ? -127 : -1023));
  V power;
  if constexpr (kSingle) {
    const V biased = hn::Add(least, Value(d, 12583039));
    power = TimesPowerOf2(d, hn::Sub(least, hn::Sub(biased, Value(d, 12583039))), biased);
  } else {
    // 1.5·2⁵² + 1023, likewise.
    const V rounder = Value(d, 6755399441055744.0 + 1023);
    const V biased = hn::Add(least, rounder);
    const V r = hn::Sub(least, hn::Sub(biased, rounder));
    const V scale = hn::BitCast(d, hn::ShiftLeft<52>(hn::BitCast(hn::RebindToUnsigned<D>(), biased)));
    power = hn::Mul(hn::Exp(d, hn::Mul(r, Value(d, 0.69314718055994530942))), scale);
  }
  power = hn::IfThenZeroElse(hn::Lt(x, Value(d, kSingle ? -126 : -1022)), power);
  return hn::IfThenElse(hn::Eq(x, x), hn::IfThenElse(large, hn::Add(power, power), power), x);
}

// e^x − 1.
template <class D, class V>
HWY_INLINE V Expm1Of(D d, V x) {
  const V bounded = hn::Min(x, Value(d, sizeof(hn::TFromD<D>) == 4 ? 89 : 710));
  return hn::IfThenElse(hn::Eq(x, x), hn::Expm1(d, bounded), x);
}

// ln(1 + x); −∞ at −1, NaN below.
template <class D, class V>
HWY_INLINE V Log1pOf(D d, V x) {
  const V minusOne = Value(d, -1);
  const V nan = hn::Set(d, std::numeric_limits<hn::TFromD<D>>::quiet_NaN());
  const V outside = hn::IfThenElse(hn::Eq(x, minusOne), hn::Neg(Infinity(d)), nan);
  const V y = hn::IfThenElse(hn::Gt(x, minusOne), hn::Log1p(d, x), outside);
  return hn::IfThenElse(hn::Eq(x, Infinity(d)), x, y);
}

// `log` of x > 0, and what every logarithm is elsewhere.
template <class D, class V>
HWY_INLINE V LogElsewhere(D d, V x, V log) {
  const V nan = hn::Set(d, std::numeric_limits<hn::TFromD<D>>::quiet_NaN());
  const V atMostZero = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(Infinity(d)), nan);
  return hn::IfThenElse(hn::Eq(x, Infinity(d)), x, hn::IfThenElse(hn::Gt(x, hn::Zero(d)), log, atMostZero));
}

// The powers of z = x² in erf(x)/x, |x| ≤ 1 (Chebyshev's interpolation: 4e-11 and 2e-21 of itself).
constexpr double kErfPowers[] = {1.1283791670615435,     -0.3761263846802871,   0.11283782495236845,
                                 -0.026865430727670243,  0.005221031807858023,  -0.0008484080405535107,
                                 0.00011265959025606609, -9.667044571486996e-06};
constexpr double kErfPowers64[] = {1.1283791670955126,      -0.37612638903183754,    0.1128379167095512,
                                   -0.02686617064512984,    0.0052239776254232985,   -0.000854832702193483,
                                   0.00012055332902888736,  -1.4925647567519332e-05, 1.6462045441468418e-06,
                                   -1.6364642158167616e-07, 1.4792401209404813e-08,  -1.216456005728345e-09,
                                   8.709045129053106e-11,   -4.230945824295338e-12};

template <class D, class V>
HWY_INLINE V SmallErf(D d, V x) {
  const V z = hn::Mul(x, x);
  V sum;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    sum = Value(d, kErfPowers[7]);
    BLASGRAD_UNROLL
    for (int k = 6; k >= 0; k--) sum = hn::MulAdd(sum, z, Value(d, kErfPowers[k]));
  } else {
    sum = Value(d, kErfPowers64[13]);
    BLASGRAD_UNROLL
    for (int k = 12; k >= 0; k--) sum = hn::MulAdd(sum, z, Value(d, kErfPowers64[k]));
  }
  return hn::Mul(sum, x);
}

// erfc(size), size ≥ 0; 0 where it would be denormal. erfc(x) = 2·Φ(−√2·x).
template <class D, class V>
HWY_INLINE V UpperErfc(D d, V size) {
  const V most = Value(d, sizeof(hn::TFromD<D>) == 4 ? 9.19 : 26.54);
  const V bounded = hn::Min(size, most);
  const V tail = hn::Mul(Gaussian<2>(d, bounded), ScaledTail(d, hn::Mul(bounded, Value(d, 1.41421356237309505))));
  return hn::IfThenZeroElse(hn::Gt(size, most), hn::Add(tail, tail));
}

template <class D, class V>
HWY_INLINE V ErfOf(D d, V x) {
  const V size = hn::Abs(x);
  const V far = hn::CopySignToAbs(hn::Sub(Value(d, 1), UpperErfc(d, size)), x);
  const V y = hn::IfThenElse(hn::Lt(size, Value(d, 1)), SmallErf(d, x), far);
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

template <class D, class V>
HWY_INLINE V ErfcOf(D d, V x) {
  const V one = Value(d, 1);
  const V tail = UpperErfc(d, hn::Abs(x));
  const V y = hn::IfThenElse(
      hn::Lt(x, Value(d, 0.5)),
      hn::IfThenElse(hn::Lt(x, Value(d, -1)), hn::Sub(Value(d, 2), tail), hn::Sub(one, SmallErf(d, x))), tail);
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

// tanh(softplus(x)) as factor·value, and 1 − it: no overflow, and no digits lost on either side. `factor` is e^(x/2)
// where x is negative: the product may underflow where one with x does not.
template <class V>
struct Gate {
  V factor;
  V value;
  V rest;
};

template <class D, class V>
HWY_INLINE Gate<V> MishGate(D d, V x) {
  const V one = Value(d, 1), two = Value(d, 2);
  const V root = ExpNegAbs(d, hn::Mul(x, Value(d, 0.5)));
  const V e = hn::Mul(root, root);
  const auto negative = hn::Lt(x, hn::Zero(d));
  // n(n + 2) and 2, over their sum; n = e^x. Where x is not negative, both times e^(−2x).
  const V factor = hn::IfThenElse(negative, root, one);
  const V value = hn::IfThenElse(negative, hn::Mul(root, hn::Add(e, two)), hn::MulAdd(two, e, one));
  const V rest = hn::IfThenElse(negative, two, hn::Mul(two, hn::Mul(e, e)));
  const V sum = hn::MulAdd(factor, value, rest);
  return {factor, hn::Div(value, sum), hn::Div(rest, sum)};
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

TILE(expm1, Expm1Of(d, a))
TILE(exp2, Exp2Of(d, a))
TILE(log1p, Log1pOf(d, a))
TILE(log2, LogElsewhere(d, a, hn::Log2(d, a)))
TILE(log10, LogElsewhere(d, a, hn::Log10(d, a)))
TILE(erf, ErfOf(d, a))
TILE(erfc, ErfcOf(d, a))
TILE(logSigmoid, hn::Neg(Softplus(d, hn::Neg(a))))
template <class D, class V>
HWY_INLINE V Mish(D d, V a) {
  const auto gate = MishGate(d, a);
  return hn::Mul(hn::Mul(a, gate.factor), gate.value);
}
TILE(mish, Mish(d, a))

// The exponential linear unit: scale·a where a > 0, else scale·alpha·(e^a − 1).
class EluScales {
 public:
  explicit EluScales(const double* scalars) : alpha_(scalars[0]), scale_(scalars[1]) {}

 protected:
  double alpha_, scale_;
};

struct elu : EluScales {
  using EluScales::EluScales;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a) const {
    const V scale = Value(d, scale_);
    const V below = hn::Mul(hn::Mul(scale, Value(d, alpha_)), Expm1Of(d, a));
    return hn::IfThenElse(hn::Le(a, hn::Zero(d)), below, hn::Mul(a, scale));
  }
};

struct eluBackward : EluScales {
  using EluScales::EluScales;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V g, V a) const {
    const V scale = Value(d, scale_);
    const V slope = hn::Mul(hn::Mul(scale, Value(d, alpha_)), ExpOf(d, a));
    return hn::Mul(g, hn::IfThenElse(hn::Le(a, hn::Zero(d)), slope, scale));
  }
};

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
BACKWARD_TILE(mishBackward, {
  // w + a·sigmoid(a)·(1 − w²), w = tanh(softplus(a)).
  const auto gate = MishGate(d, a);
  const V w = hn::Mul(gate.factor, gate.value);
  const V slope = hn::Mul(hn::Mul(gate.rest, hn::Add(w, Value(d, 1))), TimesSigmoid(d, a, a));
  return hn::Mul(g, hn::Add(w, slope));
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
