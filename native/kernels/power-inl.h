// out = a to a power that is the same for all: loops without a library call for the usual exponents.

#if defined(BLASGRAD_POWER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_POWER_INL_H_
#undef BLASGRAD_POWER_INL_H_
#else
#define BLASGRAD_POWER_INL_H_
#endif

#include "convert.h"
#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// a to a finite power as e^(exponent·ln|a|), with C's signs and NaN. For float32 elements in float64 lanes: the
// rounding of the logarithm then costs no digit.
class PowerOf {
 public:
  explicit PowerOf(double exponent)
      : exponent_(exponent), whole_(std::floor(exponent) == exponent), odd_(std::fabs(std::fmod(exponent, 2)) == 1) {}

  template <class D, class V>
  HWY_INLINE V operator()(D d, V a) const {
    const V power = ExpOf(d, hn::Mul(Value(d, exponent_), LogOf(d, hn::Abs(a))));
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

template <class O>
void FloatPower(Size n, const float* a, double exponent, O* out) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> floats;
  const Size lanes = LanesOf(d);
  const PowerOf power(exponent);
  for (Size i = 0; i < n; i += lanes) {
    const auto y = power(d, hn::PromoteTo(d, LoadUpTo(floats, a + i, n - i)));
    if constexpr (std::is_same_v<O, float>) {
      StoreUpTo(hn::DemoteTo(floats, y), floats, out + i, n - i);
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
