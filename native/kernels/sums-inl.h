// Sums over keys for each query, and over queries for each key, of which causal attention leaves out half: products
// that are wedges.

#if defined(BLASGRAD_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_SUMS_INL_H_
#undef BLASGRAD_SUMS_INL_H_
#else
#define BLASGRAD_SUMS_INL_H_
#endif

#include "attention-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The outputs of longer sums are many, and lie far apart: they are fetched.
constexpr Size kManyTerms = 64;

// Row i leaves out i − flat terms, if that is any: the first ones, or the last.
struct Wedge {
  Size rows, terms, flat;
  bool first;
};

// out[rows, width] (+)= left[rows, terms]·right[terms, width], columns that are one panel. What a tile's other rows
// leave out is 0 in `left`. The right operand's rows come from where they are, or from the panel that the first tile
// fills.
template <class T, int kVectors>
HWY_INLINE void SumPanel(const Wedge& wedge, Strided<T> left, Rows<const T> right, Size width, T* panel, Rows<T> out,
                         bool add) {
  const int store = (add ? kTileAdd : kTileSet) | (wedge.terms > kManyTerms ? kTileFetch : kTileSet);
  using Counts = std::make_integer_sequence<int, kOuterRows<kVectors>>;
  constexpr Size kWidth = kVectors * kLanes<T>;
  bool filled = width < kWidth;
  if (filled) FillPanel<T, AttentionTag<T>>(wedge.terms, width, {right.at, right.row, 1}, panel, kWidth);
  const T* b = panel;
  Size depth = wedge.terms;
  const auto sum = [&](Size rows, Size less) HWY_ATTR {
    if (rows == 0) return;
    const Size skip = wedge.first ? less : 0;
    Parts tiles(rows, kOuterRows<kVectors>);
    if (!filled) {
      const Size count = tiles.TakeFirst();
      TileColumnFor<T, kVectors, true, AttentionTag<T>>(count, Counts())(
          1, depth, 0, 0, left.at, left.row, left.col, right.at, right.row, panel, out.at, out.row, width, store);
      filled = true;
      left.at += count * (left.row + skip * left.col);
      b += count * skip * kWidth;
      depth -= count * less;
      out.at += count * out.row;
      rows -= count;
    }
    TileRows<T, kVectors, AttentionTag<T>>(tiles, depth, less, skip, width, left, b, kWidth, out.at, out.row, store);
    left.at += rows * left.row;
    out.at += rows * out.row;
  };
  sum(wedge.flat, 0);
  sum(wedge.rows - wedge.flat, 1);
}

// For any width.
template <class T>
void SumWedge(const Wedge& wedge, Strided<T> left, Rows<const T> right, Size width, Rows<T> out, bool add) {
  HWY_ALIGN T panel[HWY_MAX(kMostQueries, kMostKeys<T>) * 3 * kLanes<T>];
  for (Size c = 0; c < width;) {
    // Two vectors a panel, or three where one would be left over.
    const Size more = (width - c + kLanes<T> - 1) / kLanes<T>;
    const Size vectors = more == 3 ? 3 : HWY_MIN(more, Size(2));
    const Size columns = HWY_MIN(width - c, vectors * kLanes<T>);
    const auto run = vectors == 3 ? &SumPanel<T, 3> : vectors == 2 ? &SumPanel<T, 2> : &SumPanel<T, 1>;
    run(wedge, left, {right.at + c, right.row}, columns, panel, {out.at + c, out.row}, add);
    c += columns;
  }
}

// to (+)= weights·rows: for each query that reads any of the keys key … key + keys − 1, over those that it reads. The
// rows are the keys'. From the last query to the first.
template <class T>
HWY_INLINE void SumOverKeys(const Group& group, bool causal, Size key, Size keys, const T* weights, Rows<const T> rows,
                            Size width, Rows<T> to, bool add) {
  const Size last = group.Last();
  const Size all = group.queries - group.Missing();
  if (all == 1 && width > 0) {
    return runBlock<T>(
        {true, false, 1, static_cast<int>(width), static_cast<int>(keys), weights + group.queries - 1,
         static_cast<int>(group.queries), rows[key], static_cast<int>(rows.row), to[last], static_cast<int>(to.row)},
        add);
  }
  const Size flat = causal ? HWY_MIN(all, last - (key + keys - 1)) : all;
  const Wedge wedge{causal ? HWY_MIN(all, flat + keys) : all, keys, flat, false};
  SumWedge<T>(wedge, {weights + group.queries - 1, -1, group.queries}, {rows[key], rows.row}, width,
              {to[last], -to.row}, add);
}

// to (+)= weightsᵀ·rows: for each key, over the queries that read it. The rows are the queries'.
template <class T>
HWY_INLINE void SumOverQueries(const Group& group, bool causal, Size key, Size keys, const T* weights,
                               Rows<const T> rows, Size width, Rows<T> to, bool add) {
  const Size missing = group.Missing();
  const Size begin = causal ? HWY_MAX(missing, key - group.first) : missing;
  const Size flat = causal ? HWY_MIN(keys, group.first + begin - key) : keys;
  SumWedge<T>({keys, group.queries - begin, flat, true}, {weights + begin, group.queries, 1},
              {rows[group.first + begin], rows.row}, width, {to[key], to.row}, add);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
