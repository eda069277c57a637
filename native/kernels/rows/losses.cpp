// Cross-entropy of logits [rows, n] against class ids, and its gradient. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/losses.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "kernels/base/ids.h"
#include "kernels/catalogue/families.h"
#include "maxima-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
Size crossEntropy(Size rows, Size n, double ignoreIndex, double smoothing, const T* a, const std::int32_t* ids,
                  const T* weight, T* losses, T* weights, T* logSum, Pass pass) {
  // Without a branch, so that it vectorises; a bad id is rare.
  int bad = 0;
  for (Size r = 0; pass != Pass::work && r < rows; r++) bad |= (ids[r] < 0 || ids[r] >= n) ? 1 : 0;
  for (Size r = 0; bad != 0 && r < rows; r++) {
    if ((ids[r] < 0 || ids[r] >= n) && ids[r] != ignoreIndex) return r;
  }
  if (pass == Pass::check) return -1;
  if (n == 0) {
    std::fill_n(losses, rows, T(0));
    std::fill_n(weights, rows, T(0));
    std::fill_n(logSum, rows, -std::numeric_limits<T>::infinity());
    return -1;
  }
  const hn::ScalableTag<T> d;
  const auto maxima = n <= kNarrow ? &NarrowMaxima<T> : n <= kShort ? &WideMaxima<kShortRows, T> : &WideMaxima<1, T>;
  const bool isPlain = weight == nullptr && smoothing == 0;
  Maxima<T> block;
  HWY_ALIGN T below[kBlockRows], logs[kBlockRows];
  Size targets[kBlockRows];
  for (Size begin = 0; begin < rows; begin += kBlockRows) {
    const Size count = HWY_MIN(kBlockRows, rows - begin);
    maxima(count, n, a + begin * n, block);
    for (Size r = 0; r < count; r++) {
      const Size id = targets[r] = ReadOnce(ids + begin + r);
      const bool counts = static_cast<double>(id) != ignoreIndex;
      if (counts && !IsRow(id, n)) return begin + r;
      below[r] = counts ? block.largest[r] - a[(begin + r) * n + id] : T(0);
      weights[begin + r] = counts ? T(1) : T(0);
    }
    // −ln p of a row's id, the sum of two terms that are not negative.
    for (Size r = 0; r < count; r += LanesOf(d)) {
      const auto log = LogOf1Plus(d, hn::Load(d, block.others + r));
      hn::Store(log, d, logs + r);
      hn::Store(hn::Add(log, hn::Load(d, below + r)), d, below + r);
    }
    for (Size r = 0; r < count; r++) {
      logSum[begin + r] = logs[r];
      losses[begin + r] = weights[begin + r] == T(0) ? T(0) : below[r];
    }
    if (isPlain) continue;
    for (Size r = 0; r < count; r++) {
      if (weights[begin + r] == T(0)) continue;
      const T w = weight == nullptr ? T(1) : weight[targets[r]];
      double loss = (1 - smoothing) * w * below[r];
      if (smoothing != 0) {
        const T* const row = a + (begin + r) * n;
        double spread = 0;
        for (Size c = 0; c < n; c++) {
          spread += (weight == nullptr ? T(1) : weight[c]) * (logs[r] + (double(block.largest[r]) - row[c]));
        }
        loss += smoothing / static_cast<double>(n) * spread;
      }
      losses[begin + r] = T(loss);
      weights[begin + r] = w;
    }
  }
  return -1;
}

// The gradient of a class c is target·(p − [c = id]) + whole·p − fraction·weight, times g; 0 for an ignored id.
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
  HWY_INLINE T WeightOf(Size c) const { return weight == nullptr ? T(1) : weight[c]; }
  HWY_INLINE T Target(Size id, T slope) const { return slope * keep * WeightOf(id); }
};

// Up to kBlockRows rows. The ids' elements are written after the others: a store just before would be waited for. There
// p − 1 is e^(ln p) − 1, which keeps its digits where p is nearly 1.
template <int kInFlight, class T>
void WideSlopes(Size count, const Slopes<T>& slopes, const T* g, const T* a, const std::int32_t* ids, const T* logSum,
                T* out) {
  const hn::ScalableTag<T> d;
  const Size n = slopes.n;
  const T* const weight = slopes.weight;
  HWY_ALIGN T logs[kBlockRows], scales[kBlockRows];
  Size read[kBlockRows];
  for (Size r = 0; r < count; r++) read[r] = ReadOnce(ids + r);
  for (Size r = 0; r < count; r += LanesOf(d)) {
    hn::Store(ExpNonPositive(d, hn::Neg(LoadUpTo(d, logSum + r, count - r))), d, scales + r);
  }
  EachRows<kInFlight>(0, count, [&](auto inFlight, Size r) BLASGRAD_INLINE_LAMBDA {
    constexpr int kRows = inFlight;
    T largest[kRows], scale[kRows], spread[kRows];
    LargestOfRows<kRows>(n, a + r * n, largest);
    BLASGRAD_EACH_ROW {
      const Size id = slopes.Counts(read[r + k]) ? read[r + k] : 0;
      logs[r + k] = (a[(r + k) * n + id] - largest[k]) - logSum[r + k];
      scale[k] = (slopes.Target(id, g[r + k]) + g[r + k] * slopes.whole) * scales[r + k];
      spread[k] = g[r + k] * slopes.fraction;
    }
    EachVector<T>(n, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      BLASGRAD_EACH_ROW {
        const auto x = hn::Sub(vector.Load(a + (r + k) * n), hn::Set(d, largest[k]));
        auto less = hn::Set(d, spread[k]);
        if (weight != nullptr) less = hn::Mul(less, vector.Load(weight));
        vector.Store(hn::MulSub(ExpNonPositive(d, x), hn::Set(d, scale[k]), less), out + (r + k) * n);
      }
    });
  });
  for (Size r = 0; r < count; r += LanesOf(d)) hn::Store(ExpMinus1(d, hn::Load(d, logs + r)), d, logs + r);
  for (Size r = 0; r < count; r++) {
    const Size id = read[r];
    if (slopes.Counts(id)) {
      const T smooth = slopes.whole * (T(1) + logs[r]) - slopes.fraction * slopes.WeightOf(id);
      out[r * n + id] = slopes.Target(id, g[r]) * logs[r] + g[r] * smooth;
    } else {
      std::memset(out + r * n, 0, static_cast<std::size_t>(n) * sizeof(T));
    }
  }
}

// Ids as floats: those below the number of classes are exact.
template <class D, class V>
HWY_INLINE hn::Vec<D> FromIds(D d, V ids) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::ConvertTo(d, ids);
  } else {
    return hn::PromoteTo(d, ids);
  }
}

// Here p − 1 of an id is − Σ p of the others.
template <class T>
void NarrowSlopes(Size count, const Slopes<T>& slopes, const T* g, const T* a, const std::int32_t* ids, const T* logSum,
                  T* out) {
  const hn::ScalableTag<T> d;
  const Size n = slopes.n;
  HWY_ALIGN T block[kNarrow * kBlockRows], weights[kBlockRows];
  for (Size r = 0; r < count; r++) weights[r] = T(1);
  for (Size r = 0; r < count && slopes.weight != nullptr; r++) {
    const Size id = ReadOnce(ids + r);
    weights[r] = slopes.Counts(id) ? slopes.WeightOf(id) : T(0);
  }
  TransposeBlock(count, n, a, n, block, kBlockRows);
  for (Size r = 0; r < count; r += LanesOf(d)) {
    const Size left = count - r;
    const auto id = FromIds(d, LoadUpTo(hn::Rebind<std::int32_t, decltype(d)>(), ids + r, left, -1));
    const auto isIgnored = hn::Or(hn::Eq(id, hn::Set(d, static_cast<T>(slopes.ignoreIndex))),
                                  hn::Or(hn::Lt(id, hn::Zero(d)), hn::Ge(id, hn::Set(d, static_cast<T>(n)))));
    auto largest = hn::Load(d, block + r);
    for (Size c = 1; c < n; c++) largest = hn::Max(largest, hn::Load(d, block + c * kBlockRows + r));
    auto others = hn::Zero(d);
    for (Size c = 0; c < n; c++) {
      T* const at = block + c * kBlockRows + r;
      const auto e = ExpNonPositive(d, hn::Sub(hn::Load(d, at), largest));
      others = hn::Add(others, hn::IfThenZeroElse(hn::Eq(id, hn::Set(d, static_cast<T>(c))), e));
      hn::Store(e, d, at);
    }
    const auto slope = LoadUpTo(d, g + r, left);
    const auto scale = hn::Mul(slope, ExpNonPositive(d, hn::Neg(LoadUpTo(d, logSum + r, left))));
    const auto target = hn::Mul(hn::Mul(scale, hn::Set(d, slopes.keep)), hn::Load(d, weights + r));
    const auto whole = hn::Mul(scale, hn::Set(d, slopes.whole));
    const auto spread = hn::Mul(slope, hn::Set(d, slopes.fraction));
    for (Size c = 0; c < n; c++) {
      T* const at = block + c * kBlockRows + r;
      const auto e = hn::Load(d, at);
      const auto isOwn = hn::Eq(id, hn::Set(d, static_cast<T>(c)));
      auto y = hn::Mul(target, hn::IfThenElse(isOwn, hn::Neg(others), e));
      if (slopes.fraction != T(0)) {
        y = hn::Add(y, hn::MulSub(whole, e, hn::Mul(spread, hn::Set(d, slopes.WeightOf(c)))));
      }
      hn::Store(hn::IfThenZeroElse(isIgnored, y), d, at);
    }
  }
  TransposeBlock(n, count, block, kBlockRows, out, n);
}

template <class T>
void crossEntropyBackward(Size rows, Size n, double ignoreIndex, double smoothing, const T* g, const T* a,
                          const std::int32_t* ids, const T* weight, const T* logSum, T* out) {
  if (n == 0) return;
  const Slopes<T> slopes(n, ignoreIndex, smoothing, weight);
  const auto run = n <= kNarrow ? &NarrowSlopes<T> : n <= kShort ? &WideSlopes<kShortRows, T> : &WideSlopes<1, T>;
  for (Size r = 0; r < rows; r += kBlockRows) {
    run(HWY_MIN(kBlockRows, rows - r), slopes, g + r, a + r * n, ids + r, logSum + r, out + r * n);
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
