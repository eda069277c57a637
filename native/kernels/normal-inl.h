// The normal distribution in vectors: Φ with all digits in the lower tail too, where ½(1 + erf) has none, and φ.

#if defined(BLASGRAD_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_NORMAL_INL_H_
#undef BLASGRAD_NORMAL_INL_H_
#else
#define BLASGRAD_NORMAL_INL_H_
#endif

#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Chebyshev coefficients of (1 + 2z)·e^(z²)·erfc(z) in y = (z − 3.5)/(z + 3.5), z ≥ 0 (the form of Shepherd and
// Laframboise, Math. Comp. 36, 1981). The terms left out are below 2⁻⁵⁶; float32 takes the first kFloatTerms.
constexpr double kErfcSeries[] = {
    2.355265463272248,       -0.001630177283414629,  -0.08733682573463146,   0.05800974837029327,
    -0.024340115396182225,   0.007529483715635749,   -0.0017438817577112521, 0.00028269829816555584,
    -2.31849116112635e-5,    -2.111766698133041e-6,  8.765760156892822e-7,   -6.105702635086118e-8,
    -1.7116664716341917e-8,  3.391360268611259e-9,   2.54661619366046e-10,   -1.2482784079516295e-10,
    -2.2122757753433792e-12, 4.4272603638230294e-12, -3.367266128031013e-14, -1.6519256000923578e-13,
    1.9024103044538835e-15,  6.601187937172832e-15,  2.880282449409004e-17,  -2.7791709743573e-16};
constexpr int kFloatTerms = 13;
constexpr int kDoubleTerms = 24;

template <class V>
struct Normal {
  V cdf;
  V density;
};

// Φ(x) = ½·erfc(−x/√2) and φ(x) = e^(−x²/2)/√2π.
template <class D, class V>
HWY_INLINE Normal<V> NormalAt(D d, V x) {
  using T = hn::TFromD<D>;
  constexpr bool kDouble = sizeof(T) == 8;
  const hn::RebindToUnsigned<D> bits;
  const V one = Value(d, 1);
  // Beyond, e^(−x²/2) is 0 in this type.
  const V size = hn::Min(hn::Abs(x), Value(d, kDouble ? 39 : 15));
  // x² in an exact part and a small one: the rounding of x² would cost digits in the tail.
  const V high =
      hn::And(size, hn::BitCast(d, hn::Set(bits, kDouble ? static_cast<hn::TFromD<decltype(bits)>>(~0x7FFFFFFull)
                                                         : static_cast<hn::TFromD<decltype(bits)>>(~0xFFFu))));
  const V low = hn::Mul(Value(d, -0.5), hn::Mul(hn::Sub(size, high), hn::Add(size, high)));
  // e^low, |low| < 2⁻¹⁵ or, in float32, 2⁻⁵.
  V correction = hn::MulAdd(low, Value(d, 1.0 / 24), Value(d, 1.0 / 6));
  correction = hn::MulAdd(low, correction, Value(d, 0.5));
  correction = hn::MulAdd(low, hn::MulAdd(low, correction, one), one);
  const V gaussian = hn::Mul(hn::Exp(d, hn::Mul(Value(d, -0.5), hn::Mul(high, high))), correction);

  const V z = hn::Mul(size, Value(d, 0.70710678118654752440));
  const V y = hn::Div(hn::Sub(z, Value(d, 3.5)), hn::Add(z, Value(d, 3.5)));
  const V twice = hn::Add(y, y);
  V next = hn::Zero(d);
  V sum = hn::Zero(d);
  for (int k = (kDouble ? kDoubleTerms : kFloatTerms) - 1; k > 0; k--) {
    const V last = sum;
    sum = hn::MulAdd(twice, sum, hn::Sub(Value(d, kErfcSeries[k]), next));
    next = last;
  }
  const V scaled =
      hn::Div(hn::MulAdd(y, sum, hn::Sub(Value(d, 0.5 * kErfcSeries[0]), next)), hn::MulAdd(Value(d, 2), z, one));
  const V tail = hn::Mul(Value(d, 0.5), hn::Mul(gaussian, scaled));
  const V cdf = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Sub(one, tail), tail);
  const V density = hn::Mul(gaussian, Value(d, 0.39894228040143267794));
  const auto number = hn::Eq(x, x);
  return {hn::IfThenElse(number, cdf, x), hn::IfThenElse(number, density, x)};
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
