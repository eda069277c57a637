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

// Rows of fewer elements are narrow, and so many elements are worked on together.
constexpr Size kNarrow = 16;
constexpr Size kTogether = 1024;

// out = e^shifted (at most 1) for a run of whole rows, or of a part of one.
template <class T>
HWY_INLINE void Exponentials(Size count, const T* shifted, T* out) {
  const hn::ScalableTag<T> d;
  for (Size i = 0; i < count; i += LanesOf(d)) {
    StoreUpTo(ExpNonPositive(d, LoadUpTo(d, shifted + i, count - i)), d, out + i, count - i);
  }
}

// f(row, column) for each element: narrow rows column by column, so that no loop is as short as they are.
template <class F>
HWY_INLINE void EachElement(Size rows, Size n, const F& f) {
  if (n < kNarrow) {
    for (Size c = 0; c < n; c++) {
      for (Size r = 0; r < rows; r++) f(r, c);
    }
  } else {
    for (Size r = 0; r < rows; r++) {
      BLASGRAD_INDEPENDENT
      for (Size c = 0; c < n; c++) f(r, c);
    }
  }
}

template <class T>
void crossEntropyBackward(Size rows, Size n, double ignoreIndex, double smoothing, const T* g, const T* a,
                          const std::int32_t* ids, const T* weight, const T* lse, T* out) {
  if (n == 0) return;
  double weightSum = 0;
  for (Size c = 0; c < n; c++) weightSum += weight == nullptr ? 1 : weight[c];
  const double share = smoothing / static_cast<double>(n);
  const T keep = T(1 - smoothing), fraction = T(share), whole = T(share * weightSum);
  T targets[kTogether], scales[kTogether], spreads[kTogether];
  // Rows go through exp together, so that narrow ones fill the vectors too.
  const Size together = HWY_MAX(Size(1), kTogether / n);
  for (Size at = 0; at < rows; at += together) {
    const Size count = HWY_MIN(together, rows - at);
    T* const block = out + at * n;
    const T* const from = a + at * n;
    const T* const shifts = lse + at;
    EachElement(count, n, [&](Size r, Size c) { block[r * n + c] = from[r * n + c] - shifts[r]; });
    Exponentials(count * n, block, block);
    for (Size r = 0; r < count; r++) {
      const Size id = ids[at + r];
      const T slope = g[at + r];
      const bool counts = id != ignoreIndex && id >= 0 && id < n;
      targets[r] = slope * keep * (weight == nullptr || !counts ? T(1) : weight[id]);
      scales[r] = targets[r] + slope * whole;
      spreads[r] = slope * fraction;
    }
    if (weight != nullptr) {
      EachElement(count, n,
                  [&](Size r, Size c) { block[r * n + c] = block[r * n + c] * scales[r] - spreads[r] * weight[c]; });
    } else {
      EachElement(count, n, [&](Size r, Size c) { block[r * n + c] = block[r * n + c] * scales[r] - spreads[r]; });
    }
    for (Size r = 0; r < count; r++) {
      const Size id = ids[at + r];
      if (id != ignoreIndex && id >= 0 && id < n) {
        block[r * n + id] -= targets[r];
      } else {
        std::memset(block + r * n, 0, static_cast<std::size_t>(n) * sizeof(T));
      }
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
