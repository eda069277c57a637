// Rows side by side: how many are worked on at once, and how their lanes are joined together.

#if defined(BLASGRAD_BATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_BATCH_INL_H_
#undef BLASGRAD_BATCH_INL_H_
#else
#define BLASGRAD_BATCH_INL_H_
#endif

#include <type_traits>

#include "kernels/base/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Calls f(tag, from, count) for the vectors of a row of n. Where vectors have 64 bytes, what is left at the end goes
// into half a vector if it can: that is half the work.
template <class T, class F>
HWY_INLINE void EachVector(Size n, const F& f) {
  const hn::ScalableTag<T> d;
  Size i = 0;
  for (; i + LanesOf(d) <= n; i += LanesOf(d)) f(d, i, LanesOf(d));
  if (i == n) return;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) * sizeof(T) == 64) {
    const hn::Half<decltype(d)> half;
    if (n - i <= LanesOf(half)) return f(half, i, n - i);
  }
#endif
  f(d, i, n - i);
}

// v, and zeros where a vector of D has more lanes.
template <class D, class DPart, class V>
HWY_INLINE hn::Vec<D> Widened([[maybe_unused]] D d, [[maybe_unused]] DPart part, V v) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) > hn::MaxLanes(part)) return hn::Combine(d, hn::Zero(part), v);
#endif
  if constexpr (hn::MaxLanes(d) == hn::MaxLanes(part)) return v;
}

// So many rows at once, where it pays: while one waits for its lanes to join, the others go on.
constexpr int kTogetherRows = 2;
#ifndef BLASGRAD_EACH_ROW
#define BLASGRAD_EACH_ROW \
  BLASGRAD_UNROLL         \
  for (int k = 0; k < kRows; k++)
#endif

// Runs f(how many, the first) over all rows.
template <class F>
HWY_INLINE void EachRows(Size rows, const F& f) {
  Size r = 0;
  for (; r + kTogetherRows <= rows; r += kTogetherRows) f(std::integral_constant<int, kTogetherRows>(), r);
  for (; r < rows; r++) f(std::integral_constant<int, 1>(), r);
}

// Rows that are gone through together, pass by pass: as many as the nearest cache holds of long ones.
constexpr Size kBatchRows = 16;
constexpr Size kBatchBytes = 16384;

// Runs f(the first, how many) over batches of rows of n elements.
template <class T, class F>
HWY_INLINE void EachBatch(Size rows, Size n, const F& f) {
  const Size fit = kBatchBytes / HWY_MAX(Size(1), n * static_cast<Size>(sizeof(T)));
  const Size most = HWY_MIN(kBatchRows, HWY_MAX(fit, Size(kTogetherRows)));
  for (Size r = 0; r < rows; r += most) f(r, HWY_MIN(most, rows - r));
}

struct ByAdding {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Add(a, b);
  }
};

struct ByLargest {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Max(a, b);
  }
};

// A vector for each row of a batch, whose lanes are to be joined to one number: those of many rows at once, so that no
// row waits for its own. In an order that is the same for all of them.
template <class T, class Join>
class Joins {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr Size kParts = kSquare<T>;
  static_assert(kBatchRows % static_cast<Size>(hn::MaxLanes(D())) == 0, "rows are read by whole vectors");

 public:
  HWY_INLINE void Put(Size row, V v) { StoreFolded(D(), v, parts_ + row * kParts); }
  // Of `row` and those after it.
  HWY_INLINE V From(Size row) const {
    const D d;
    [[maybe_unused]] const Join join;
    const T* const at = parts_ + row * kParts;
#if HWY_TARGET != HWY_SCALAR
    if constexpr (kParts == 4) {
      V v0, v1, v2, v3;
      hn::LoadInterleaved4(d, at, v0, v1, v2, v3);
      return join(join(v0, v2), join(v1, v3));
    } else if constexpr (kParts == 2) {
      V v0, v1;
      hn::LoadInterleaved2(d, at, v0, v1);
      return join(v0, v1);
    }
#endif
    return hn::Load(d, at);
  }

 private:
  HWY_ALIGN T parts_[kBatchRows * kParts] = {};

  template <class DPart>
  static HWY_INLINE void StoreFolded(DPart d, hn::Vec<DPart> v, T* to) {
#if HWY_TARGET != HWY_SCALAR
    if constexpr (hn::MaxLanes(d) > static_cast<std::size_t>(kParts)) {
      const hn::Half<DPart> half;
      return StoreFolded(half, Join()(hn::LowerHalf(half, v), hn::UpperHalf(half, v)), to);
    }
#endif
    hn::Store(v, d, to);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
