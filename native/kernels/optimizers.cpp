// One optimizer step over one parameter, in one pass that reads and writes each array once. The formulas are in the
// table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizers.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "flush_denormals.h"
#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
void sgd(Size n, const double* hyper, const T* g, T* param, T* velocity) {
  const FlushDenormals flush;
  const hn::ScalableTag<T> d;
  const auto lr = Value(d, hyper[0]);
  const auto momentum = Value(d, hyper[1]);
  const auto decay = Value(d, hyper[2]);
  const bool nesterov = hyper[3] != 0;
  for (Size i = 0; i < n; i += LanesOf(d)) {
    const Size count = n - i;
    const auto p = LoadUpTo(d, param + i, count);
    auto step = hn::MulAdd(decay, p, LoadUpTo(d, g + i, count));
    if (velocity != nullptr) {
      const auto v = hn::MulAdd(momentum, LoadUpTo(d, velocity + i, count), step);
      StoreUpTo(v, d, velocity + i, count);
      step = nesterov ? hn::MulAdd(momentum, v, step) : v;
    }
    StoreUpTo(hn::NegMulAdd(lr, step, p), d, param + i, count);
  }
}

template <class T>
void adam(Size n, const double* hyper, const double* step, const T* g, T* param, T* m, T* v) {
  const double lr = hyper[0];
  const double decayRate = hyper[4];
  const bool decoupled = hyper[5] != 0;
  const FlushDenormals flush;
  const hn::ScalableTag<T> d;
  const auto beta1 = Value(d, hyper[1]);
  const auto beta2 = Value(d, hyper[2]);
  const auto rest1 = Value(d, 1 - hyper[1]);
  const auto rest2 = Value(d, 1 - hyper[2]);
  const auto eps = Value(d, hyper[3]);
  const auto rate = Value(d, lr / (1 - std::pow(hyper[1], step[0])));
  const auto correction = Value(d, 1 / std::sqrt(1 - std::pow(hyper[2], step[0])));
  const auto keep = Value(d, decoupled ? 1 - lr * decayRate : 1);
  const auto decay = Value(d, decoupled ? 0 : decayRate);
  for (Size i = 0; i < n; i += LanesOf(d)) {
    const Size count = n - i;
    const auto p = LoadUpTo(d, param + i, count);
    const auto gradient = hn::MulAdd(decay, p, LoadUpTo(d, g + i, count));
    const auto first = hn::MulAdd(beta1, LoadUpTo(d, m + i, count), hn::Mul(rest1, gradient));
    const auto second = hn::MulAdd(beta2, LoadUpTo(d, v + i, count), hn::Mul(rest2, hn::Mul(gradient, gradient)));
    StoreUpTo(first, d, m + i, count);
    StoreUpTo(second, d, v + i, count);
    const auto size = hn::MulAdd(hn::Sqrt(second), correction, eps);
    StoreUpTo(hn::NegMulAdd(rate, hn::Div(first, size), hn::Mul(keep, p)), d, param + i, count);
  }
}

BLASGRAD_MAKE_TABLE(Optimizers, BLASGRAD_OPTIMIZERS)

Floats<Optimizers> AllOptimizers() { return {MakeOptimizers<float>(), MakeOptimizers<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllOptimizers);
const Floats<Optimizers>& optimizers() {
  static const Floats<Optimizers> table = HWY_DYNAMIC_DISPATCH(AllOptimizers)();
  return table;
}
}  // namespace blasgrad
#endif
