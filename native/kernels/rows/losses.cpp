// Cross-entropy of logits [rows, n] against class ids, and its gradient. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/losses.cpp"
#include <hwy/foreach_target.h>

#include "kernels/base/transpose-inl.h"
#include "kernels/catalogue/families.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE auto LogSumExpOf() {
  if constexpr (std::is_same_v<T, float>) return slices().float32.logsumexp;
  if constexpr (std::is_same_v<T, double>) return slices().float64.logsumexp;
}

template <class T>
Size crossEntropy(Size rows, Size n, double ignoreIndex, double smoothing, const T* a, const std::int32_t* ids,
                  const T* weight, T* losses, T* weights, T* lse, Pass pass) {
  // Without a branch, so that it vectorises; a bad id is rare.
  int bad = 0;
  for (Size r = 0; pass != Pass::work && r < rows; r++) bad |= (ids[r] < 0 || ids[r] >= n) ? 1 : 0;
  for (Size r = 0; bad != 0 && r < rows; r++) {
    if ((ids[r] < 0 || ids[r] >= n) && ids[r] != ignoreIndex) return r;
  }
  if (pass == Pass::check) return -1;
  LogSumExpOf<T>()(rows, n, 1, a, lse, {0, 1});
  if (weight == nullptr && smoothing == 0) {
    for (Size r = 0; r < rows; r++) {
      const bool counts = ids[r] != ignoreIndex;
      losses[r] = counts ? lse[r] - a[r * n + ids[r]] : T(0);
      weights[r] = counts ? T(1) : T(0);
    }
    return -1;
  }
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

// The terms of a row's gradient: p·scale − spread·weight, and − target at its id. All 0 for an ignored id.
template <class T>
struct Slopes {
  T keep, fraction, whole;
  const T* weight;
  Size n;
  double ignoreIndex;

  Slopes(Size classes, double ignored, double smoothing, const T* classWeight)
      : weight(classWeight), n(classes), ignoreIndex(ignored) {
    double sum = 0;
    for (Size c = 0; c < n; c++) sum += weight == nullptr ? 1 : weight[c];
    const double share = smoothing / static_cast<double>(n);
    keep = T(1 - smoothing), fraction = T(share), whole = T(share * sum);
  }
  HWY_INLINE bool Counts(Size id) const { return static_cast<double>(id) != ignoreIndex && id >= 0 && id < n; }
  HWY_INLINE T Target(Size id, T slope) const { return slope * keep * (weight == nullptr ? T(1) : weight[id]); }
};

// Targets are subtracted after so many rows: right after the stores, the loads would wait for them.
constexpr Size kTargetRows = 16;

template <class T>
void WideSlopes(Size rows, const Slopes<T>& slopes, const T* g, const T* a, const std::int32_t* ids, const T* lse,
                T* out) {
  const hn::ScalableTag<T> d;
  const Size n = slopes.n;
  const T* const weight = slopes.weight;
  for (Size begin = 0; begin < rows; begin += kTargetRows) {
    const Size end = HWY_MIN(rows, begin + kTargetRows);
    for (Size r = begin; r < end; r++) {
      T* const to = out + r * n;
      if (!slopes.Counts(ids[r])) {
        std::memset(to, 0, static_cast<std::size_t>(n) * sizeof(T));
        continue;
      }
      const T* const row = a + r * n;
      const T shift = lse[r];
      const T scale = slopes.Target(ids[r], g[r]) + g[r] * slopes.whole, spread = g[r] * slopes.fraction;
      EachVector<T>(n, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        const auto e = ExpNonPositive(d, hn::Sub(vector.Load(row), hn::Set(d, shift)));
        auto less = hn::Set(d, spread);
        if (weight != nullptr) less = hn::Mul(less, vector.Load(weight));
        vector.Store(hn::MulSub(e, hn::Set(d, scale), less), to);
      });
    }
    for (Size r = begin; r < end; r++) {
      if (slopes.Counts(ids[r])) out[r * n + ids[r]] -= slopes.Target(ids[r], g[r]);
    }
  }
}

// Rows of fewer elements are transposed, so many rows at a time: a vector then has a column of several rows.
constexpr Size kNarrow = 32;
constexpr Size kNarrowRows = 64;

// Ids as floats: those below the number of classes are exact.
template <class D, class V>
HWY_INLINE hn::Vec<D> FromIds(D d, V ids) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::ConvertTo(d, ids);
  } else {
    return hn::PromoteTo(d, ids);
  }
}

template <class T>
void NarrowSlopes(Size rows, const Slopes<T>& slopes, const T* g, const T* a, const std::int32_t* ids, const T* lse,
                  T* out) {
  const hn::ScalableTag<T> d;
  const Size n = slopes.n;
  const auto classes = hn::Set(d, static_cast<T>(n)), ignored = hn::Set(d, static_cast<T>(slopes.ignoreIndex));
  HWY_ALIGN T block[kNarrow * kNarrowRows];
  HWY_ALIGN T targets[kNarrowRows], scales[kNarrowRows], spreads[kNarrowRows], at[kNarrowRows], shifts[kNarrowRows];
  for (Size begin = 0; begin < rows; begin += kNarrowRows) {
    const Size count = HWY_MIN(kNarrowRows, rows - begin);
    for (Size r = 0; r < count; r += LanesOf(d)) {
      const Size left = count - r;
      const auto id = FromIds(d, LoadUpTo(hn::Rebind<std::int32_t, decltype(d)>(), ids + begin + r, left, -1));
      const auto counts = hn::AndNot(hn::Eq(id, ignored), hn::And(hn::Ge(id, hn::Zero(d)), hn::Lt(id, classes)));
      const auto slope = LoadUpTo(d, g + begin + r, left);
      hn::Store(hn::IfThenElse(counts, id, hn::Set(d, T(-1))), d, at + r);
      hn::Store(hn::Mul(slope, hn::Set(d, slopes.keep)), d, targets + r);
      hn::Store(hn::Mul(slope, hn::Set(d, slopes.whole)), d, scales + r);
      hn::Store(hn::Mul(slope, hn::Set(d, slopes.fraction)), d, spreads + r);
      hn::Store(LoadUpTo(d, lse + begin + r, left), d, shifts + r);
    }
    if (slopes.weight != nullptr) {
      for (Size r = 0; r < count; r++) {
        if (at[r] >= T(0)) targets[r] *= slopes.weight[ids[begin + r]];
      }
    }
    TransposeBlock(count, n, a + begin * n, n, block, kNarrowRows);
    for (Size c = 0; c < n; c++) {
      const auto weight = hn::Set(d, slopes.weight == nullptr ? T(1) : slopes.weight[c]);
      const auto own = hn::Set(d, static_cast<T>(c));
      for (Size r = 0; r < count; r += LanesOf(d)) {
        T* const p = block + c * kNarrowRows + r;
        const auto id = hn::Load(d, at + r);
        const auto e = ExpNonPositive(d, hn::Sub(hn::Load(d, p), hn::Load(d, shifts + r)));
        const auto target = hn::Load(d, targets + r);
        const auto scale = hn::Add(target, hn::Load(d, scales + r));
        const auto slope = hn::Sub(hn::Mul(e, scale), hn::Mul(hn::Load(d, spreads + r), weight));
        const auto whole = hn::Sub(slope, hn::IfThenElseZero(hn::Eq(id, own), target));
        hn::Store(hn::IfThenZeroElse(hn::Lt(id, hn::Zero(d)), whole), d, p);
      }
    }
    TransposeBlock(n, count, block, kNarrowRows, out + begin * n, n);
  }
}

template <class T>
void crossEntropyBackward(Size rows, Size n, double ignoreIndex, double smoothing, const T* g, const T* a,
                          const std::int32_t* ids, const T* weight, const T* lse, T* out) {
  if (n == 0) return;
  const Slopes<T> slopes(n, ignoreIndex, smoothing, weight);
  const auto run = n < kNarrow ? &NarrowSlopes<T> : &WideSlopes<T>;
  run(rows, slopes, g, a, ids, lse, out);
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
