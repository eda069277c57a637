// out = aᵉ for one exponent: loops without a library call for the usual exponents.

#if defined(BLASGRAD_POWER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_POWER_INL_H_
#undef BLASGRAD_POWER_INL_H_
#else
#define BLASGRAD_POWER_INL_H_
#endif

#include "kernels/base/convert.h"
#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The powers of z = s² in log₂((1 + s)/(1 − s))/s where z ≤ (3 − 2√2)², and those of r in 2^r where
// |r| ≤ 1/2: minimax in relative error (Remez: 2⁻⁴⁵ and 2⁻³⁴).
constexpr double kLogPowers[] = {2.88539008177785,    0.96179669411340031, 0.577077942346922,
                                 0.41220925431087319, 0.31990561255009118, 0.28290143695671337};
constexpr double kPowersOf2[] = {0.99999999996168198,    0.69314718072844556,   0.24022651198157207,
                                 0.055504103534532085,   0.0096180272537113697, 0.0013333922559077526,
                                 0.00015469291131801062, 1.5201922641975562e-5};

// The logarithm of x ≥ 0, a float32 in a float64 (none is denormal), to base 2: x = 2^whole·m, √½ ≤ m < √2.
template <class D, class V>
HWY_INLINE V Log2OfFloat(D d, V x) {
  const hn::RebindToUnsigned<D> words;
  constexpr std::uint64_t one = 0x3FF0000000000000, root = 0x3FE6A09E667F3BCD;
  const auto bits = hn::BitCast(words, x);
  // The shifted value is not negative: the smallest float32 above 0 is 2⁻¹⁴⁹.
  const auto biased = hn::ShiftRight<52>(hn::Add(bits, hn::Set(words, one - root)));
  const auto shift = hn::ShiftLeft<52>(hn::Sub(biased, hn::Set(words, std::uint64_t{1023})));
  const V m = hn::BitCast(d, hn::Sub(bits, shift));
  // An integer below 2⁵² in the low bits of 2⁵².
  const V whole = hn::Sub(hn::BitCast(d, hn::Or(biased, hn::Set(words, std::uint64_t{0x4330000000000000}))),
                          Value(d, 4503599627370496.0 + 1023));
  const V t = hn::Sub(m, Value(d, 1));
  const V s = hn::Div(t, hn::Add(t, Value(d, 2)));
  const V z = hn::Mul(s, s), square = hn::Mul(z, z);
  const V low = hn::MulAdd(z, Value(d, kLogPowers[1]), Value(d, kLogPowers[0]));
  const V middle = hn::MulAdd(z, Value(d, kLogPowers[3]), Value(d, kLogPowers[2]));
  const V high = hn::MulAdd(z, Value(d, kLogPowers[5]), Value(d, kLogPowers[4]));
  const V log = hn::MulAdd(hn::MulAdd(hn::MulAdd(high, square, middle), square, low), s, whole);
  const V most = hn::IfThenElse(hn::Lt(x, Infinity(d)), log, x);
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(Infinity(d)), most);
}

// 2^x, to 2⁻³⁴ of itself; 0 below 2⁻¹⁰²² and infinite from 2^1023.5 on.
template <class D, class V>
HWY_INLINE V PowerOf2(D d, V x) {
  // 1.5·2⁵² + 1023: a sum with it is rounded to an integer, which is then in the low bits, as an exponent is biased.
  const V rounder = Value(d, 6755399441055744.0 + 1023);
  const V bounded = hn::Min(hn::Max(x, Value(d, -1023)), Value(d, 1024));
  const V biased = hn::Add(bounded, rounder);
  const V r = hn::Sub(bounded, hn::Sub(biased, rounder));
  const V square = hn::Mul(r, r);
  const V first = hn::MulAdd(r, Value(d, kPowersOf2[1]), Value(d, kPowersOf2[0]));
  const V second = hn::MulAdd(r, Value(d, kPowersOf2[3]), Value(d, kPowersOf2[2]));
  const V third = hn::MulAdd(r, Value(d, kPowersOf2[5]), Value(d, kPowersOf2[4]));
  const V fourth = hn::MulAdd(r, Value(d, kPowersOf2[7]), Value(d, kPowersOf2[6]));
  const V low = hn::MulAdd(second, square, first), high = hn::MulAdd(fourth, square, third);
  const V sum = hn::MulAdd(high, hn::Mul(square, square), low);
  const V power = hn::BitCast(d, hn::ShiftLeft<52>(hn::BitCast(hn::RebindToUnsigned<D>(), biased)));
  return hn::IfThenElse(hn::Eq(x, x), hn::Mul(sum, power), x);
}

// float32 to a finite power as 2^(exponent·log₂|a|), with C's signs and NaN. In float64 lanes: the rounding of the
// logarithm then costs no digit.
class PowerOf {
 public:
  explicit PowerOf(double exponent)
      : exponent_(exponent), whole_(std::floor(exponent) == exponent), odd_(std::fabs(std::fmod(exponent, 2)) == 1) {}

  template <class D, class V>
  HWY_INLINE V operator()(D d, V a) const {
    const V power = PowerOf2(d, hn::Mul(Value(d, exponent_), Log2OfFloat(d, hn::Abs(a))));
    if (odd_) return hn::CopySignToAbs(power, a);
    if (whole_) return power;
    const auto undefined = hn::And(hn::Lt(a, hn::Zero(d)), hn::Gt(a, hn::Neg(Infinity(d))));
    return hn::IfThenElse(undefined, Value(d, std::numeric_limits<double>::quiet_NaN()), power);
  }

 private:
  double exponent_;
  bool whole_;
  bool odd_;
};

// To float32, what is too large to infinity: Highway's conversion gives the largest number on its scalar target.
template <class D, class V>
HWY_INLINE hn::Vec<D> Narrow(D floats, V y) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(floats, static_cast<float>(hn::GetLane(y)));
#else
  return hn::DemoteTo(floats, y);
#endif
}

template <class O>
void FloatPower(Size n, const float* a, double exponent, O* out) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> floats;
  const Size lanes = LanesOf(d);
  const PowerOf power(exponent);
  for (Size i = 0; i < n; i += lanes) {
    const auto y = power(d, hn::PromoteTo(d, LoadUpTo(floats, a + i, n - i)));
    if constexpr (std::is_same_v<O, float>) {
      StoreUpTo(Narrow(floats, y), floats, out + i, n - i);
    } else {
      StoreUpTo(y, d, out + i, n - i);
    }
  }
}

// Computed in F; integer results are truncated.
template <class F, class T, class O>
void Power(Size n, const T* a, double exponent, O* out) {
#define BLASGRAD_POWER(expression)       \
  {                                      \
    BLASGRAD_INDEPENDENT                 \
    for (Size i = 0; i < n; i++) {       \
      const F x = static_cast<F>(a[i]);  \
      out[i] = toElement<O>(expression); \
    }                                    \
    return;                              \
  }
  if (exponent == 0) {
    for (Size i = 0; i < n; i++) out[i] = O(1);
    return;
  }
  if (exponent == 1) BLASGRAD_POWER(x)
  if (exponent == 2) BLASGRAD_POWER(x * x)
  if (exponent == 3) BLASGRAD_POWER(x * x * x)
  if (exponent == 0.5) BLASGRAD_POWER(std::sqrt(x))
  if (exponent == -1) BLASGRAD_POWER(F(1) / x)
  const F e = static_cast<F>(exponent);
  if constexpr (std::is_same_v<T, float>) {
    if (std::isfinite(e)) return FloatPower(n, a, e, out);
  }
  BLASGRAD_POWER(std::pow(x, e))
#undef BLASGRAD_POWER
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
