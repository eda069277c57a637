// Cross-entropy of logits [rows, n] against class ids, and its gradient. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/losses.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE auto LogSumExpOf() {
  if constexpr (std::is_same_v<T, float>) return lines().float32.logsumexp;
  if constexpr (std::is_same_v<T, double>) return lines().float64.logsumexp;
}

template <class T>
Size crossEntropy(Size rows, Size n, double ignoreIndex, double smoothing, const T* a, const std::int32_t* ids,
                  const T* weight, T* losses, T* weights, T* lse) {
  for (Size r = 0; r < rows; r++) {
    if ((ids[r] < 0 || ids[r] >= n) && ids[r] != ignoreIndex) return r;
  }
  LogSumExpOf<T>()(rows, n, 1, a, lse);
  for (Size r = 0; r < rows; r++) {
    if (ids[r] == ignoreIndex) {
      losses[r] = weights[r] = T(0);
      continue;
    }
    const T* row = a + r * n;
    const T w = weight == nullptr ? T(1) : weight[ids[r]];
    double loss = (1 - smoothing) * w * (lse[r] - row[ids[r]]);
    if (smoothing != 0) {
      double spread = 0;
      for (Size c = 0; c < n; c++) spread += (weight == nullptr ? T(1) : weight[c]) * (double(lse[r]) - row[c]);
      loss += smoothing / static_cast<double>(n) * spread;
    }
    losses[r] = T(loss);
    weights[r] = w;
  }
  return -1;
}

// out = e^(a − lse) for a run of whole rows, or of a part of one.
template <class T>
HWY_INLINE void Exponentials(Size count, const T* shifted, T* out) {
  const hn::ScalableTag<T> d;
  for (Size i = 0; i < count; i += LanesOf(d)) {
    StoreUpTo(ExpOf(d, LoadUpTo(d, shifted + i, count - i)), d, out + i, count - i);
  }
}

template <class T>
void crossEntropyBackward(Size rows, Size n, double ignoreIndex, double smoothing, const T* g, const T* a,
                          const std::int32_t* ids, const T* weight, const T* lse, T* out) {
  if (n == 0) return;
  double weightSum = 0;
  for (Size c = 0; c < n; c++) weightSum += weight == nullptr ? 1 : weight[c];
  const double share = smoothing / static_cast<double>(n);
  // Rows go through exp together, so that narrow ones fill the vectors too.
  const Size together = HWY_MAX(Size(1), 1024 / n);
  for (Size at = 0; at < rows; at += together) {
    const Size end = HWY_MIN(at + together, rows);
    for (Size r = at; r < end; r++) {
      BLASGRAD_INDEPENDENT
      for (Size c = 0; c < n; c++) out[r * n + c] = a[r * n + c] - lse[r];
    }
    Exponentials((end - at) * n, out + at * n, out + at * n);
    for (Size r = at; r < end; r++) {
      T* row = out + r * n;
      const Size id = ids[r];
      if (id == ignoreIndex || id < 0 || id >= n) {
        std::memset(row, 0, static_cast<std::size_t>(n) * sizeof(T));
        continue;
      }
      const double onTarget = g[r] * (1 - smoothing) * (weight == nullptr ? 1 : weight[id]);
      const T scale = T(onTarget + g[r] * share * weightSum);
      const T spread = T(g[r] * share);
      if (weight == nullptr) {
        for (Size c = 0; c < n; c++) row[c] = row[c] * scale - spread;
      } else {
        for (Size c = 0; c < n; c++) row[c] = row[c] * scale - spread * weight[c];
      }
      row[id] -= T(onTarget);
    }
  }
}

BLASGRAD_MAKE_TABLE(Losses, BLASGRAD_LOSSES)

Floats<Losses> AllLosses() { return {MakeLosses<float>(), MakeLosses<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllLosses);
const Floats<Losses>& losses() {
  static const Floats<Losses> table = HWY_DYNAMIC_DISPATCH(AllLosses)();
  return table;
}
}  // namespace blasgrad
#endif
