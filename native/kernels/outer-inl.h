// Matrix products as sums of outer products: a tile of the output stays in registers while k passes. Vectors lie along
// the right operand's rows, which are read from a panel; the left operand's elements are broadcast from where they are.

#if defined(BLASGRAD_OUTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_OUTER_INL_H_
#undef BLASGRAD_OUTER_INL_H_
#else
#define BLASGRAD_OUTER_INL_H_
#endif

#include <utility>

#include "ahead-inl.h"
#include "parts-inl.h"
#include "scratch.h"
#include "transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A tile of 6 rows and 2 vectors, or 12 and 1: 12 sums, the vectors of the right operand and an element broadcast fit
// the 16 registers of AVX2; 12 sums hide the latency of a multiply-add on all others too.
constexpr int kOuterVectors = 2;
template <int kVectors>
constexpr int kOuterRows = 12 / kVectors;
HWY_INLINE Size TilesIn(Size rows) { return Quotient(rows - 1, kOuterRows<kOuterVectors>) + 1; }
// k is summed in stretches whose panel stays in the first-level cache, and rows of the left operand are taken in chunks
// that stay in the second.
constexpr Size kPanelBytes = 24576;
constexpr Size kChunkBytes = 196608;

// Sums of as many terms take as long as memory that is in no cache takes to come: the next tile's rows of the output
// are asked for meanwhile, and with deep sums what is wanted next of the operands. Else stores and multiplications
// would wait for them, a row after the other. Short sums are of small operands, which are near.
constexpr Size kLongSums = 32;
constexpr Size kDeep = 64;

// Rows of so many elements of the left operand end before the processor has seen by itself that they are read on.
template <class T>
constexpr Size kShortRow = 512 / static_cast<Size>(sizeof(T));

// Columns of a left operand are read one tile's width at a time: up to this distance of the last from the first they
// stay in the caches, farther apart they are copied together, so many rows of so many at a time. What is between the
// copies keeps them from falling on the same places of a cache.
constexpr Size kFarBytes = 200000;
constexpr Size kNearRows = 256;
constexpr Size kNearDepth = 192;
constexpr Size kBetween = 16;

template <class T>
constexpr Size kPanelElements = kPanelBytes / static_cast<Size>(sizeof(T));
template <class T>
constexpr Size kOuterDepth =
    kPanelElements<T> / (kOuterVectors * static_cast<Size>(hn::MaxLanes(hn::ScalableTag<T>())));

// out[kRows, width] (+)= left[kRows, depth]·right[depth, kVectors vectors]. Copies the right operand's rows to `panel`
// on the way where kFill. Where `kDeepSums` and `next` is not 0, fetches the rows of the left operand that are so far
// on.
template <class T, int kRows, int kVectors, bool kFill, bool kDeepSums>
void OuterTile(Size depth, Strided<T> left, Size next, const T* right, Size rightRow, T* panel, T* out, Size outRow,
               Size width, bool add) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  V sums[kRows][kVectors];
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) sums[i][v] = hn::Zero(d);
  }
  if (depth >= kLongSums) {
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      BLASGRAD_PREFETCH_TO_WRITE(out + (i + kRows) * outRow);
      BLASGRAD_PREFETCH_TO_WRITE(out + (i + kRows) * outRow + width - 1);
    }
  }
  const T* a = left.at;
  const auto addTerm = [&]() HWY_ATTR {
    V b[kVectors];
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) {
      b[v] = hn::LoadU(d, right + v * lanes);
      if constexpr (kFill) hn::Store(b[v], d, panel + v * lanes);
    }
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      const V x = hn::Set(d, a[i * left.row]);
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) sums[i][v] = hn::MulAdd(x, b[v], sums[i][v]);
    }
    a += left.col;
    right += rightRow;
    if constexpr (kFill) panel += kVectors * lanes;
  };
  if constexpr (kDeepSums) {
    constexpr Size kLine = kLineBytes / static_cast<Size>(sizeof(T));
    Size line = next == 0 ? depth : 0;
    BLASGRAD_UNROLL_SOME
    for (Size p = 0; p < depth; p++) {
      if (p == line) {
        BLASGRAD_UNROLL
        for (int i = 0; i < kRows; i++) BLASGRAD_PREFETCH(a + next + i * left.row);
        line += kLine;
      }
      addTerm();
    }
  } else {
    for (Size p = 0; p < depth; p++) addTerm();
  }
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) {
      StoreFirst(d, sums[i][v], out + i * outRow + v * lanes, width - v * lanes, add);
    }
  }
}

template <class T>
using OuterTileOf = void (*)(Size, Strided<T>, Size, const T*, Size, T*, T*, Size, Size, bool);

template <class T, int kVectors, bool kFill, bool kDeepSums, int... kLess>
HWY_INLINE OuterTileOf<T> OuterTileFor(Size rows, std::integer_sequence<int, kLess...>) {
  static constexpr OuterTileOf<T> kTiles[] = {&OuterTile<T, kLess + 1, kVectors, kFill, kDeepSums>...};
  return kTiles[rows - 1];
}

// `width` columns of the right operand into a panel `panelWidth` wide, 0 beyond them.
template <class T>
HWY_INLINE void FillPanel(Size depth, Size width, Strided<T> right, T* panel, Size panelWidth) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  if (right.col != 1) {
    Size j = 0, p = 0;
    if (width == panelWidth) {
      for (; p + kSquare<T> <= depth; p += kSquare<T>) {
        for (j = 0; j < width; j += lanes) {
          EachColumn(right.at + j * right.col + p, right.col,
                     [&](Size c, auto column) HWY_ATTR { hn::Store(column, d, panel + (p + c) * panelWidth + j); });
        }
      }
    }
    TransposeBlock(width, depth - p, right.at + p, right.col, panel + p * panelWidth, panelWidth);
    for (Size j = width; j < panelWidth; j++) {
      for (Size p = 0; p < depth; p++) panel[p * panelWidth + j] = T(0);
    }
    return;
  }
  // Whole vectors are read as long as they end before the operand does.
  const Size end = (depth - 1) * right.row + width;
  for (Size j = 0; j < panelWidth; j += lanes) {
    const Size count = HWY_MIN(width - j, lanes);
    const auto within = hn::FirstN(d, static_cast<std::size_t>(count));
    for (Size p = 0; p < depth; p++) {
      const T* const from = right.at + p * right.row + j;
      const auto row =
          p * right.row + j + lanes <= end ? hn::IfThenElseZero(within, hn::LoadU(d, from)) : LoadUpTo(d, from, count);
      hn::Store(row, d, panel + p * panelWidth + j);
    }
  }
}

// The most rows of a tile. Rows a multiple of a page apart fall on the same few places of a first-level cache: more of
// them would push one another out.
template <class T, int kVectors>
HWY_INLINE Size OuterRowsAt(Strided<T> left) {
  constexpr Size kPage = 4096 / static_cast<Size>(sizeof(T));
  return left.row % kPage == 0 ? kOuterRows<kOuterVectors> : kOuterRows<kVectors>;
}

// Left operand [rows, depth] whose columns are far apart to where they are near.
template <class T>
Strided<T> Near(Size rows, Size depth, Strided<T> left) {
  static_assert((kNearRows + kBetween) * kNearDepth * static_cast<Size>(sizeof(T)) <= kProductScratchBytes);
  T* const to = static_cast<T*>(productScratch());
  const Size apart = rows + kBetween;
  for (Size p = 0; p < depth; p++) {
    std::memcpy(to + p * apart, left.at + p * left.col, sizeof(T) * static_cast<std::size_t>(rows));
  }
  return {to, 1, apart};
}

// What is wanted next of the operands: of both a little whenever a tile is done, until it is there.
struct Coming {
  Ahead left, right;
};

// out[m, width] (+)= left[m, depth]·right[depth, width], columns that are one panel, by tiles of rows. Where the right
// operand's rows can be read in whole vectors, the first tile does, and fills the panel if there are more. Sums that
// are long fetch what is `coming`, and rows of the left operand where `fetches`.
template <class T, int kVectors, bool kDeepSums>
void OuterPanel(Size m, Size depth, Size width, Strided<T> left, Strided<T> right, T* panel, T* out, Size outRow,
                bool add, bool fetches, Coming* coming) {
  using Rows = std::make_integer_sequence<int, kOuterRows<kVectors>>;
  const Size panelWidth = kVectors * LanesOf(hn::ScalableTag<T>());
  const bool inPlace = right.col == 1 && width == panelWidth;
  if (!inPlace) FillPanel(depth, width, right, panel, panelWidth);
  const Parts tiles(m, OuterRowsAt<T, kVectors>(left));
  for (Size tile = 0; tile < tiles.count; tile++) {
    const Size rows = tiles[tile];
    const bool first = inPlace && tile == 0;
    const auto run = first && tiles.count > 1 ? OuterTileFor<T, kVectors, true, kDeepSums>(rows, Rows())
                                              : OuterTileFor<T, kVectors, false, kDeepSums>(rows, Rows());
    if (kDeepSums && coming != nullptr) {
      coming->left.fetch();
      coming->right.fetch();
    }
    run(depth, left, kDeepSums && fetches ? rows * left.row : 0, first ? right.at : panel,
        first ? right.row : panelWidth, panel, out, outRow, width, add);
    left.at += rows * left.row;
    out += rows * outRow;
  }
}

// out[m, n] (+)= left[m, depth]·right[depth, n], panel by panel. Columns of the right operand that are read from short
// rows, or a few from each, are fetched one panel ahead.
template <class T, bool kDeepSums>
HWY_INLINE void OuterPanels(Size m, Size n, Size depth, Strided<T> left, Strided<T> right, T* out, Size outRow,
                            bool add, Coming& coming) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  const Size most = kOuterVectors * lanes;
  HWY_ALIGN T panel[kPanelElements<T>];
  const bool ahead = kDeepSums && 2 * m >= depth && depth >= kDeep && (right.col == 1 || depth <= kShortRow<T>);
  for (Size j = 0; j < n; j += most) {
    const Size width = HWY_MIN(n - j, most);
    if (ahead && j + width < n) {
      const Size columns = HWY_MIN(n - j - width, most);
      const bool along = right.col == 1;
      coming.right = Ahead(right.from(0, j + width).at, (along ? right.row : right.col) * kBytes,
                           along ? depth : columns, (along ? columns : depth) * kBytes, TilesIn(m));
    }
    // Of short rows the processor does not see by itself that they are read on.
    const bool fetches = left.col == 1 && (j == 0 || depth <= kShortRow<T>);
    const auto run = width > lanes ? &OuterPanel<T, 2, kDeepSums> : &OuterPanel<T, 1, kDeepSums>;
    run(m, depth, width, left, right.from(0, j), panel, out + j, outRow, add, fetches, ahead ? &coming : nullptr);
  }
}

// out[m, n] (+)= left[m, k]·right[k, n].
template <class T>
void Outer(Size m, Size n, Size k, Strided<T> left, Strided<T> right, T* out, Size outRow, bool add) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  Coming coming;
  if (k < kDeep && m * k * kBytes <= kChunkBytes) {
    return OuterPanels<T, false>(m, n, k, left, right, out, outRow, add, coming);
  }
  const Size panels = Quotient(n - 1, kOuterVectors * LanesOf(hn::ScalableTag<T>())) + 1;
  const bool isFar = left.row == 1 && left.col * HWY_MIN(k, kOuterDepth<T>) * kBytes > kFarBytes;
  const Parts stretches(k, isFar ? kNearDepth : kOuterDepth<T>);
  Size p = 0;
  for (Size s = 0; s < stretches.count; p += stretches[s++]) {
    const Size depth = stretches[s];
    const Parts chunks(m, isFar ? kNearRows : Quotient(kChunkBytes, depth * kBytes));
    Size i = 0;
    for (Size chunk = 0; chunk < chunks.count; i += chunks[chunk++]) {
      const Size rows = chunks[chunk];
      Strided<T> from = left.from(i, p);
      if (isFar) {
        from = Near(rows, depth, from);
        const bool isLast = chunk + 1 == chunks.count;
        const Strided<T> next = isLast ? left.from(0, p + depth) : left.from(i + rows, p);
        const Size columns = !isLast ? depth : s + 1 < stretches.count ? stretches[s + 1] : 0;
        const Size nextRows = isLast ? chunks[0] : chunks[chunk + 1];
        coming.left = Ahead(next.at, next.col * kBytes, columns, nextRows * kBytes, TilesIn(rows) * panels);
      }
      OuterPanels<T, true>(rows, n, depth, from, right.from(p, 0), out + i * outRow, outRow, add || p > 0, coming);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
