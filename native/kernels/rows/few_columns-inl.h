// Reductions of few columns: as many rows side by side as a few vectors have room for, so that all that is kept of them
// stays in registers.

#if defined(BLASGRAD_FEW_COLUMNS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_FEW_COLUMNS_INL_H_
#undef BLASGRAD_FEW_COLUMNS_INL_H_
#else
#define BLASGRAD_FEW_COLUMNS_INL_H_
#endif

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Vectors side by side: enough to hide the latency of an addition, and no more columns than are folded quickly.
template <class T>
constexpr int kFewVectors = HWY_MAX(1, HWY_MIN(8, 64 / static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()))));
template <class T>
constexpr Size kFewColumns = kFewVectors<T> * static_cast<Size>(hn::MaxLanes(hn::ScalableTag<T>()));
// Elements are reduced as they are over so many steps, and what comes of them in the type of totals.
constexpr Size kFewSteps = 32;

// out[c] = the reduction of column c of a [n, inner], 1 ≤ inner ≤ kFewColumns.
template <class Op, class T>
void ReduceFewColumns(const T* a, Size n, Size inner, T* out) {
  using Total = typename Op::template Total<T>;
  constexpr int kVectors = kFewVectors<T>;
  const Op op;
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  const Size count = n * inner;
  Size rows = kFewColumns<T> / inner;
  const Size width = rows * inner;
  Total totals[kFewColumns<T>];
  for (Size i = 0; i < width; i++) totals[i] = Op::template Start<Total>();
  const auto total = [&](const T* part, Size columns) HWY_ATTR {
    for (Size i = 0; i < columns; i++) totals[i] = op(totals[i], Total(part[i]));
  };
  Size at = 0;
  // What lanes beyond the width read is of the rows that follow.
  while (at + kFewColumns<T> <= count) {
    HWY_ALIGN T part[kFewColumns<T>];
    hn::Vec<decltype(d)> sums[kVectors];
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) sums[v] = hn::LoadU(d, a + at + v * lanes);
    at += width;
    for (Size step = 1; step < kFewSteps && at + kFewColumns<T> <= count; step++, at += width) {
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) sums[v] = op(d, sums[v], hn::LoadU(d, a + at + v * lanes));
    }
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) hn::Store(sums[v], d, part + v * lanes);
    total(part, width);
  }
  for (; at < count; at += width) total(a + at, HWY_MIN(width, count - at));
  while (rows > 1) {
    const Size folded = rows / 2;
    rows -= folded;
    for (Size i = 0; i < folded * inner; i++) totals[i] = op(totals[i], totals[rows * inner + i]);
  }
  for (Size i = 0; i < inner; i++) out[i] = T(totals[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
