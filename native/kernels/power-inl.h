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
  BLASGRAD_POWER(std::pow(x, e))
#undef BLASGRAD_POWER
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
