// Matrix products as sums of outer products: a tile of the output stays in registers while k passes. Vectors lie along
// the right operand's rows, which are read from a panel; the left operand's elements are broadcast from where they are.

#if defined(BLASGRAD_OUTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_OUTER_INL_H_
#undef BLASGRAD_OUTER_INL_H_
#else
#define BLASGRAD_OUTER_INL_H_
#endif

#include <utility>

#include "parts-inl.h"
#include "transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A tile of 6 rows and 2 vectors, or 12 and 1: 12 sums, the vectors of the right operand and an element broadcast fit
// the 16 registers of AVX2; 12 sums hide the latency of a multiply-add on all others too.
constexpr int kOuterVectors = 2;
template <int kVectors>
constexpr int kOuterRows = 12 / kVectors;
// k is summed in stretches whose panel stays in the first-level cache, and rows of the left operand are taken in chunks
// that stay in the second.
constexpr Size kPanelBytes = 24576;
constexpr Size kChunkBytes = 196608;

// An output that is in no cache is fetched while sums of as many terms are made: else the stores would wait for it, a
// row after the other. Short sums are of small outputs, which are near.
constexpr Size kLongSums = 32;

template <class T>
constexpr Size kPanelElements = kPanelBytes / static_cast<Size>(sizeof(T));
template <class T>
constexpr Size kOuterDepth =
    kPanelElements<T> / (kOuterVectors * static_cast<Size>(hn::MaxLanes(hn::ScalableTag<T>())));

// out[kRows, width] (+)= left[kRows, depth]·right[depth, kVectors vectors]. Copies the right operand's rows to `panel`
// on the way where kFill.
template <class T, int kRows, int kVectors, bool kFill>
void OuterTile(Size depth, Strided<T> left, const T* right, Size rightRow, T* panel, T* out, Size outRow, Size width,
               bool add) {
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
      BLASGRAD_PREFETCH_TO_WRITE(out + i * outRow);
      BLASGRAD_PREFETCH_TO_WRITE(out + i * outRow + width - 1);
    }
  }
  const T* a = left.at;
  for (Size p = 0; p < depth; p++) {
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
using OuterTileOf = void (*)(Size, Strided<T>, const T*, Size, T*, T*, Size, Size, bool);

template <class T, int kVectors, bool kFill, int... kLess>
HWY_INLINE OuterTileOf<T> OuterTileFor(Size rows, std::integer_sequence<int, kLess...>) {
  static constexpr OuterTileOf<T> kTiles[] = {&OuterTile<T, kLess + 1, kVectors, kFill>...};
  return kTiles[rows - 1];
}

// `width` columns of the right operand into a panel `panelWidth` wide, 0 beyond them.
template <class T>
HWY_INLINE void FillPanel(Size depth, Size width, Strided<T> right, T* panel, Size panelWidth) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  if (right.col != 1) {
    if (width < panelWidth) std::memset(panel, 0, sizeof(T) * static_cast<std::size_t>(depth * panelWidth));
    return TransposeBlock(width, depth, right.at, right.col, panel, panelWidth);
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
  return left.row % kPage == 0 ? HWY_MIN(kOuterRows<kOuterVectors>, kOuterRows<kVectors>) : kOuterRows<kVectors>;
}

// out[m, width] (+)= left[m, depth]·right[depth, width], columns that are one panel, by tiles of rows. Where the right
// operand's rows can be read in whole vectors, the first tile does, and fills the panel if there are more.
template <class T, int kVectors>
HWY_INLINE void OuterPanel(Size m, Size depth, Size width, Strided<T> left, Strided<T> right, T* panel, T* out,
                           Size outRow, bool add) {
  using Rows = std::make_integer_sequence<int, kOuterRows<kVectors>>;
  const Size panelWidth = kVectors * LanesOf(hn::ScalableTag<T>());
  const bool inPlace = right.col == 1 && width == panelWidth;
  if (!inPlace) FillPanel(depth, width, right, panel, panelWidth);
  const Parts tiles(m, OuterRowsAt<T, kVectors>(left));
  for (Size tile = 0; tile < tiles.count; tile++) {
    const Size rows = tiles[tile];
    const bool first = inPlace && tile == 0;
    const auto run = first && tiles.count > 1 ? OuterTileFor<T, kVectors, true>(rows, Rows())
                                              : OuterTileFor<T, kVectors, false>(rows, Rows());
    run(depth, left, first ? right.at : panel, first ? right.row : panelWidth, panel, out, outRow, width, add);
    left.at += rows * left.row;
    out += rows * outRow;
  }
}

// The columns of a panel.
struct PanelColumns {
  Size from, width;
  int vectors;
};

// Those of the next panel, from column j on of n: two vectors, or three where one would be left over, since a tile of
// one vector reads as many elements as it has sums. The last panel begins within the one before it where there are
// columns enough and nothing is added to: whole vectors need no copy of the right operand, and no stores of parts.
template <class T>
HWY_INLINE PanelColumns NextColumns(Size n, Size j, Size depth, bool add) {
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  const Size left = Quotient(n - j + lanes - 1, lanes);
  const int vectors = left == 1 ? 1 : left % 2 == 0 || depth * 3 * lanes > kPanelElements<T> ? 2 : 3;
  const Size width = vectors * lanes;
  if (j + width <= n) return {j, width, vectors};
  if (n < width || add) return {j, n - j, vectors};
  return {n - width, width, vectors};
}

// out[m, n] (+)= left[m, k]·right[k, n].
template <class T>
void Outer(Size m, Size n, Size k, Strided<T> left, Strided<T> right, T* out, Size outRow, bool add) {
  HWY_ALIGN T panel[kPanelElements<T>];
  const Parts stretches(k, kOuterDepth<T>);
  Size p = 0;
  for (Size s = 0; s < stretches.count; p += stretches[s++]) {
    const Size depth = stretches[s];
    const Parts chunks(m, Quotient(kChunkBytes, depth * static_cast<Size>(sizeof(T))));
    Size i = 0;
    for (Size chunk = 0; chunk < chunks.count; i += chunks[chunk++]) {
      for (Size j = 0; j < n;) {
        const auto [from, width, vectors] = NextColumns<T>(n, j, depth, add || p > 0);
        const auto run = [&, from = from, width = width](auto panelVectors) HWY_ATTR {
          OuterPanel<T, decltype(panelVectors)::value>(chunks[chunk], depth, width, left.from(i, p),
                                                       right.from(p, from), panel, out + i * outRow + from, outRow,
                                                       add || p > 0);
        };
        if (vectors == 2) {
          run(std::integral_constant<int, 2>());
        } else if (vectors == 3) {
          run(std::integral_constant<int, 3>());
        } else {
          run(std::integral_constant<int, 1>());
        }
        j = from + width;
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
