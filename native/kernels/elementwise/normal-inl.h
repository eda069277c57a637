// The normal distribution in vectors: Φ with all digits in the lower tail too, where ½(1 + erf) has none, and φ.

#if defined(BLASGRAD_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_NORMAL_INL_H_
#undef BLASGRAD_NORMAL_INL_H_
#else
#define BLASGRAD_NORMAL_INL_H_
#endif

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Chebyshev coefficients of (1 + 2z)·e^(z²)·erfc(z) in y = (z − 3.5)/(z + 3.5), z ≥ 0 (the form of Shepherd and
// Laframboise, Math. Comp. 36, 1981). The terms left out are below 2⁻⁵⁶.
constexpr double kErfcSeries[] = {
    2.355265463272248,       -0.001630177283414629,  -0.08733682573463146,   0.05800974837029327,
    -0.024340115396182225,   0.007529483715635749,   -0.0017438817577112521, 0.00028269829816555584,
    -2.31849116112635e-5,    -2.111766698133041e-6,  8.765760156892822e-7,   -6.105702635086118e-8,
    -1.7116664716341917e-8,  3.391360268611259e-9,   2.54661619366046e-10,   -1.2482784079516295e-10,
    -2.2122757753433792e-12, 4.4272603638230294e-12, -3.367266128031013e-14, -1.6519256000923578e-13,
    1.9024103044538835e-15,  6.601187937172832e-15,  2.880282449409004e-17,  -2.7791709743573e-16};
constexpr int kTerms = 24;
// For float32, (x + 3.5)·e^(x²/2)·Φ(−x) as a polynomial in y = (x − 3.5)/(x + 3.5), the best of its degree by relative
// error where 0 ≤ x ≤ 13.4 (Remez' criterion, 6e-9).
constexpr double kTailPowers[] = {0.7444160751389106,     -0.565561759134233,     0.31542496829184336,
                                  -0.1160527049793227,    0.0174075044884306,     0.0064914294914890595,
                                  -0.0031807619328721357, -0.0004940156551650845, 0.0004304317791276116,
                                  0.00011525836341347538};

// (1 + 2z)·e^(z²)·erfc(z) at y, by Clenshaw's recurrence.
template <class D, class V>
HWY_INLINE V ScaledErfc(D d, V y) {
  const V twice = hn::Add(y, y);
  V next = hn::Zero(d);
  V sum = hn::Zero(d);
  for (int k = kTerms - 1; k > 0; k--) {
    const V last = sum;
    sum = hn::MulAdd(twice, sum, hn::Sub(Value(d, kErfcSeries[k]), next));
    next = last;
  }
  return hn::MulAdd(y, sum, hn::Sub(Value(d, 0.5 * kErfcSeries[0]), next));
}

// e^(x²/2)·Φ(−x) for x = size ≥ 0.
template <class D, class V>
HWY_INLINE V ScaledTail(D d, V size) {
  const V one = Value(d, 1);
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    const V inverse = hn::Div(one, hn::Add(size, Value(d, 3.5)));
    const V y = hn::MulAdd(inverse, Value(d, -7), one);
    // Estrin: even and odd powers are two dependency chains of half the length.
    const V square = hn::Mul(y, y);
    V even = Value(d, kTailPowers[8]);
    V odd = Value(d, kTailPowers[9]);
    BLASGRAD_UNROLL
    for (int k = 7; k > 0; k -= 2) {
      odd = hn::MulAdd(odd, square, Value(d, kTailPowers[k]));
      even = hn::MulAdd(even, square, Value(d, kTailPowers[k - 1]));
    }
    return hn::Mul(hn::MulAdd(odd, y, even), inverse);
  } else {
    const V z = hn::Mul(size, Value(d, 0.70710678118654752440));
    // One division gives both y and the factor 1/(1 + 2z).
    const V divisor = hn::Add(z, Value(d, 3.5));
    const V factor = hn::MulAdd(Value(d, 2), z, one);
    const V inverse = hn::Div(Value(d, 0.5), hn::Mul(divisor, factor));
    const V y = hn::Mul(hn::Sub(z, Value(d, 3.5)), hn::Mul(hn::Add(inverse, inverse), factor));
    return hn::Mul(ScaledErfc(d, y), hn::Mul(inverse, divisor));
  }
}

template <class V>
struct Normal {
  V cdf;
  V density;
};

// e^(−x²/2) is 0 in this type beyond this x.
template <class T>
constexpr double kMostNormal = sizeof(T) == 8 ? 39 : 13.28;

// e^(−kHalves·size²/2), where it is normal. The rounding error of size² would cost digits in the tail: it is
// compensated.
template <int kHalves = 1, class D, class V>
HWY_INLINE V Gaussian(D d, V size) {
#if HWY_NATIVE_FMA
  const V square = hn::Mul(size, size);
  const V lost = hn::MulSub(size, size, square);
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    // 2^−(square + lost)·kHalves·(log₂ e)/2 as ExpNonPositive has it, the power of 2 being 0 for the greatest size.
    constexpr double log = kHalves * 0.72134752044448170;
    const V half = Value(d, log);
    const V rest = Value(d, log - static_cast<float>(log));
    const V rounder = Value(d, 12583039);
    const V biased = hn::NegMulAdd(square, half, rounder);
    const V whole = hn::NegMulSub(square, half, hn::Sub(biased, rounder));
    return TimesPowerOf2(d, hn::NegMulAdd(lost, half, hn::NegMulAdd(square, rest, whole)), biased);
  } else {
    const V power = ExpNonPositive(d, hn::Mul(Value(d, -0.5 * kHalves), square));
    return hn::NegMulAdd(hn::Mul(power, Value(d, 0.5 * kHalves)), lost, power);
  }
#else
  using T = hn::TFromD<D>;
  constexpr bool kDouble = sizeof(T) == 8;
  const hn::RebindToUnsigned<D> bits;
  const V one = Value(d, 1);
  // size² as an exact part and a small remainder.
  using Word = hn::TFromD<decltype(bits)>;
  const Word upper = kDouble ? static_cast<Word>(~0x7FFFFFFull) : static_cast<Word>(~0xFFFu);
  const V high = hn::And(size, hn::BitCast(d, hn::Set(bits, upper)));
  const V low = hn::Mul(Value(d, -0.5 * kHalves), hn::Mul(hn::Sub(size, high), hn::Add(size, high)));
  // e^low, |low| < kHalves·2⁻¹⁵ or, in float32, kHalves·2⁻⁵.
  V correction = hn::MulAdd(low, Value(d, 1.0 / 24), Value(d, 1.0 / 6));
  correction = hn::MulAdd(low, correction, Value(d, 0.5));
  correction = hn::MulAdd(low, hn::MulAdd(low, correction, one), one);
  return hn::Mul(ExpNonPositive(d, hn::Mul(Value(d, -0.5 * kHalves), hn::Mul(high, high))), correction);
#endif
}

// Φ(x) and φ(x) = e^(−x²/2)/√2π. For NaN they are unspecified: callers multiply by x, which gives NaN.
template <class D, class V>
HWY_INLINE Normal<V> NormalAt(D d, V x) {
  const V size = hn::Min(hn::Abs(x), Value(d, kMostNormal<hn::TFromD<D>>));
  const V gaussian = Gaussian(d, size);
  const V tail = hn::Mul(gaussian, ScaledTail(d, size));
  const V cdf = hn::IfNegativeThenElse(x, tail, hn::Sub(Value(d, 1), tail));
  return {cdf, hn::Mul(gaussian, Value(d, 0.39894228040143267794))};
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
