// Sums down the columns of two arrays of what is computed of their elements: the gradients of a norm's weights.

#if defined(BLASGRAD_TOTALS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_TOTALS_INL_H_
#undef BLASGRAD_TOTALS_INL_H_
#else
#define BLASGRAD_TOTALS_INL_H_
#endif

#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Rows that are gone through together: what is kept of a column is loaded and stored once for all of them.
constexpr int kTotalRows = 4;
// Elements of T are summed over so many rows, and these sums in float64.
constexpr Size kTotalRun = 32;
// Columns side by side: of rows that are not very wide all.
constexpr Size kTotalColumns = 1024;

// out[c] = the sum over the rows r of f(vector of g, vector of a, r), for the columns from … to − 1 of g and a [rows,
// n].
template <class T, class F>
HWY_INLINE void TotalsOfColumns(Size rows, Size n, Range<1> columns, const T* g, const T* a, const F& f, T* out) {
  const hn::ScalableTag<T> d;
  HWY_ALIGN T part[kTotalColumns];
  double total[kTotalColumns];
  for (Size first = columns.from; first < columns.to; first += kTotalColumns) {
    const RowWalk<T> walk{HWY_MIN(kTotalColumns, columns.to - first)};
    for (Size i = 0; i < walk.n; i++) total[i] = 0;
    const auto add = [&](auto together, Size r, bool isNew) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        auto sum = isNew ? hn::Zero(d) : hn::Load(d, part + vector.at);
        BLASGRAD_EACH_ROW {
          const Size row = (r + k) * n + first;
          BLASGRAD_PREFETCH(g + row + vector.at + kRows * n);
          BLASGRAD_PREFETCH(a + row + vector.at + kRows * n);
          sum = hn::Add(sum, f(vector.Load(g + row), vector.Load(a + row), r + k));
        }
        hn::Store(sum, d, part + vector.at);
      });
    };
    for (Size r0 = 0; r0 < rows; r0 += kTotalRun) {
      const Size end = HWY_MIN(r0 + kTotalRun, rows);
      Size r = r0;
      for (; r + kTotalRows <= end; r += kTotalRows) add(std::integral_constant<int, kTotalRows>(), r, r == r0);
      for (; r < end; r++) add(std::integral_constant<int, 1>(), r, r == r0);
      for (Size i = 0; i < walk.n; i++) total[i] += part[i];
    }
    for (Size i = 0; i < walk.n; i++) out[first + i] = static_cast<T>(total[i]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
