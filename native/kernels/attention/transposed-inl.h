// Rows of queries, transposed into panels.

#if defined(BLASGRAD_TRANSPOSED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_TRANSPOSED_INL_H_
#undef BLASGRAD_TRANSPOSED_INL_H_
#else
#define BLASGRAD_TRANSPOSED_INL_H_
#endif

#include "query_blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Calls f(c, column) once for each column c of rows first … first + kLanes − 1. Lanes of rows before row 0 are
// undefined.
template <class T, class F>
HWY_INLINE void EachColumnOf(Size columns, Size first, Rows<const T> rows, F f) {
  constexpr Size kColumns = kSquare<T>;
  const AttentionTag<T> d;
  Size c = 0;
  if (first >= 0) {
    for (; c + kColumns <= columns; c += kColumns) {
      EachColumn(d, rows[first] + c, rows.row, [&](Size i, auto column) HWY_ATTR { f(c + i, column); });
    }
    if (c < columns && columns >= kColumns) {
      const Size last = columns - kColumns;
      EachColumn(d, rows[first] + last, rows.row, [&](Size i, auto column) HWY_ATTR {
        if (last + i >= c) f(last + i, column);
      });
      return;
    }
  }
  // By way of a zero-padded square.
  HWY_ALIGN T square[kLanes<T> * kLanes<T>];
  for (; c < columns; c += kLanes<T>) {
    const Size count = HWY_MIN(kLanes<T>, columns - c);
    for (Size lane = 0; lane < kLanes<T>; lane++) {
      hn::Store(LoadUpTo(d, rows[HWY_MAX(Size(0), first + lane)] + c, count), d, square + lane * kLanes<T>);
    }
    for (Size i = 0; i < count; i += kColumns) {
      EachColumn(d, square + i, kLanes<T>, [&](Size k, auto column) HWY_ATTR {
        if (i + k < count) f(c + i + k, column);
      });
    }
  }
}

// to[columns, queries of the block] = factor · the block's rows, transposed.
template <class T>
HWY_NOINLINE void PackTransposed(const Queries<T>& queries, Size columns, const T* rows, Size row, T factor, T* to) {
  const AttentionTag<T> d;
  const auto f = hn::Set(d, factor);
  for (int v = 0; v < queries.vectors; v++) {
    T* const at = to + v * kLanes<T>;
    EachColumnOf<T>(columns, queries.FirstOf(v), {rows, row},
                    [&](Size c, auto column) HWY_ATTR { hn::Store(hn::Mul(column, f), d, at + c * kBlockQueries<T>); });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
