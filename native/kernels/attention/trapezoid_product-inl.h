// Products whose left operand is a trapezoid: sums over keys for each query, and over queries for each key, where a
// causal mask makes half of the terms 0.

#if defined(BLASGRAD_TRAPEZOID_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_TRAPEZOID_PRODUCT_INL_H_
#undef BLASGRAD_TRAPEZOID_PRODUCT_INL_H_
#else
#define BLASGRAD_TRAPEZOID_PRODUCT_INL_H_
#endif

#include "query_blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// From this length on, a product has many outputs far apart, which are prefetched.
constexpr Size kPrefetchTerms = 64;

// NR in vectors and MR of a tile. Wide vectors need few rows, and shorter tiles skip more of the trapezoid's zeros.
template <class T>
constexpr int kSumVectors = kWide<T> == 2 ? 4 : 3;
template <class T, int kVectors>
constexpr int kSumRows = kVectors == 1 || kWide<T> == 1 ? kMr<kVectors>
                         : kVectors == 2                ? 6
                                                        : 4;

// Row i skips its first, or its last, max(0, i − flat) terms.
struct Trapezoid {
  Size rows, terms, flat;
  bool first;
};

// out[rows, width] (+)= left[rows, terms]·right[terms, width] for one panel of columns. A tile has as many terms as its
// longest row; the others' are 0 in `left`. The first tile packs the panel while it multiplies. It reads whole vectors,
// past the end of a row; the last rows, past which there may be no memory, are packed before.
template <class T, int kVectors>
HWY_INLINE void SumPanel(const Trapezoid& trapezoid, Strided<T> left, Rows<const T> right, Size width, T* panel,
                         Rows<T> out, bool add) {
  const int store =
      (add ? kAccumulate : kStoreOnly) | (trapezoid.terms > kPrefetchTerms ? kPrefetchOutput : kStoreOnly);
  constexpr int kMost = kSumRows<T, kVectors>;
  using Tile = PanelWidth<HWY_MAX(kVectors / kWide<T>, 1), (kVectors > 1 && kVectors % kWide<T> != 0)>;
  using D = std::conditional_t<(kVectors > 1), WideTag<T>, AttentionTag<T>>;
  using Counts = std::make_integer_sequence<int, kMost>;
  constexpr Size kWidth = kVectors * kLanes<T>;
  Size filled = 0;
  if (width < kWidth) {
    for (Size behind = width; filled < trapezoid.terms && behind < kWidth; behind += right.row) filled++;
    const Size from = trapezoid.terms - filled;
    PackPanel<T, AttentionTag<T>>(filled, width, {right[from], right.row, 1}, panel + from * kWidth, kWidth);
  }
  bool first = true;
  const T* b = panel;
  Size depth = trapezoid.terms;
  const auto sum = [&](Size rows, Size less) HWY_ATTR {
    if (rows == 0) return;
    const Size skip = trapezoid.first ? less : 0;
    Partition tiles(rows, kMost);
    if (first) {
      const Size count = tiles.TakeFirst();
      MicroKernelColumnFor<T, Tile, true, D>(count, Counts())(1, depth, 0, 0, left.at, left.row, left.col, right.at,
                                                              right.row, panel, filled, out.at, out.row, width, store);
      first = false;
      left.at += count * (left.row + skip * left.col);
      b += count * skip * kWidth;
      depth -= count * less;
      out.at += count * out.row;
      rows -= count;
    }
    MultiplyPanel<T, Tile, kMost, D>(tiles, depth, less, skip, width, left, b, kWidth, out.at, out.row, store);
    left.at += rows * left.row;
    out.at += rows * out.row;
  };
  sum(trapezoid.flat, 0);
  sum(trapezoid.rows - trapezoid.flat, 1);
}

template <class T, int... kLess>
HWY_INLINE auto SumPanelFor(Size vectors, std::integer_sequence<int, kLess...>) {
  static constexpr void (*kPanels[])(const Trapezoid&, Strided<T>, Rows<const T>, Size, T*, Rows<T>,
                                     bool) = {&SumPanel<T, kLess + 1>...};
  return kPanels[vectors - 1];
}

// The vectors of the next panel when `more` are left: two, or three where two would leave one. Wide vectors are spread
// evenly over few panels.
template <class T>
HWY_INLINE Size NextVectors(Size more) {
  if constexpr (kWide<T> == 2) {
    return Partition(more, kSumVectors<T>)[0];
  } else {
    return more == 3 ? 3 : HWY_MIN(more, Size(2));
  }
}

// For any width.
template <class T>
void MultiplyTrapezoid(const Trapezoid& trapezoid, Strided<T> left, Rows<const T> right, Size width, Rows<T> out,
                       bool add) {
  HWY_ALIGN T panel[HWY_MAX(kMaxQueries, kMaxKeys<T>) * kSumVectors<T> * kLanes<T>];
  for (Size c = 0; c < width;) {
    const Size vectors = NextVectors<T>((width - c + kLanes<T> - 1) / kLanes<T>);
    const Size columns = HWY_MIN(width - c, vectors * kLanes<T>);
    SumPanelFor<T>(vectors, std::make_integer_sequence<int, kSumVectors<T>>())(
        trapezoid, left, {right.at + c, right.row}, columns, panel, {out.at + c, out.row}, add);
    c += columns;
  }
}

// to (+)= weights·rows, a row for each query: the sum over those of the keys key … key + keys − 1 that it reads. `rows`
// are the keys'. Queries are taken from the last to the first.
template <class T>
HWY_INLINE void SumOverKeys(const QueryGroup& group, bool causal, Size key, Size keys, const T* weights,
                            Rows<const T> rows, Size width, Rows<T> to, bool add) {
  const Size last = group.Last();
  const Size all = group.queries - group.Missing();
  if (all == 1 && width > 0) {
    return runGemm<T>(
        {true, false, 1, static_cast<int>(width), static_cast<int>(keys), weights + group.queries - 1,
         static_cast<int>(group.queries), rows[key], static_cast<int>(rows.row), to[last], static_cast<int>(to.row)},
        add);
  }
  const Size flat = causal ? HWY_MIN(all, last - (key + keys - 1)) : all;
  const Trapezoid trapezoid{causal ? HWY_MIN(all, flat + keys) : all, keys, flat, false};
  MultiplyTrapezoid<T>(trapezoid, {weights + group.queries - 1, -1, group.queries}, {rows[key], rows.row}, width,
                       {to[last], -to.row}, add);
}

// to (+)= weightsᵀ·rows, a row for each key: the sum over the queries that read it. `rows` are the queries'.
template <class T>
HWY_INLINE void SumOverQueries(const QueryGroup& group, bool causal, Size key, Size keys, const T* weights,
                               Rows<const T> rows, Size width, Rows<T> to, bool add) {
  const Size missing = group.Missing();
  const Size begin = causal ? HWY_MAX(missing, key - group.first) : missing;
  const Size flat = causal ? HWY_MIN(keys, group.first + begin - key) : keys;
  MultiplyTrapezoid<T>({keys, group.queries - begin, flat, true}, {weights + begin, group.queries, 1},
                       {rows[group.first + begin], rows.row}, width, {to[key], to.row}, add);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
