// Matrix products as sums of outer products, by tiles of the output: what stays in which cache, and what is fetched
// ahead.

#if defined(BLASGRAD_RANK1_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_RANK1_GEMM_INL_H_
#undef BLASGRAD_RANK1_GEMM_INL_H_
#else
#define BLASGRAD_RANK1_GEMM_INL_H_
#endif

#include "kernels/base/scratch.h"
#include "micro_kernel_column-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Rows of the left operand are taken in chunks that stay in the second-level cache.
constexpr Size kLeftBlockBytes = 196608;

// Rows of so many elements of the left operand end before the processor has seen by itself that they are read on.
template <class T>
constexpr Size kShortRow = 512 / static_cast<Size>(sizeof(T));

// Columns of a left operand are read a few elements at a time: what is between them is to stay in the second-level
// cache until the next tile wants it. Columns a multiple of a large power of two apart fall on few of its places, and
// where a stretch of many would push one another out of the least that there is (8 ways of 64 KB) they are copied
// together, so many rows of so many columns at a time; a multiple of a page apart, where there are more than a few.
// What is between the copies keeps them from doing the same.
constexpr Size kFarBytes = 200000;
constexpr Size kPageBytes = 4096;
constexpr Size kPlacesBytes = 1 << 19;
constexpr Size kPackedMc = 256;
constexpr Size kPackedKc = 192;
constexpr Size kPadding = 16;

// The most rows of a tile. Rows a multiple of a page apart fall on the same few places of a first-level cache: more of
// them would push one another out.
template <class T, int kVectors>
HWY_INLINE Size MrFor(Strided<T> left) {
  return left.row * static_cast<Size>(sizeof(T)) % kPageBytes == 0 ? HWY_MIN(kMr<kNrVectors>, kMr<kVectors>)
                                                                   : kMr<kVectors>;
}

// Whether so many columns of the left operand push one another out.
template <class T>
HWY_INLINE bool HasConflictMisses(Size depth, Strided<T> left) {
  const Size apart = left.col * static_cast<Size>(sizeof(T));
  const Size power = apart & -apart;
  return left.row == 1 && apart * depth > kFarBytes && (power >= kPageBytes || power * depth > kPlacesBytes);
}

// Left operand [rows, depth] whose columns are far apart to where they are near.
template <class T>
Strided<T> PackLeft(Size rows, Size depth, Strided<T> left) {
  static_assert((kPackedMc + kPadding) * kPackedKc * static_cast<Size>(sizeof(T)) <= kProductScratchBytes);
  T* const to = static_cast<T*>(productScratch());
  const Size apart = rows + kPadding;
  for (Size p = 0; p < depth; p++) {
    std::memcpy(to + p * apart, left.at + p * left.col, sizeof(T) * static_cast<std::size_t>(rows));
  }
  return {to, 1, apart};
}

// What is wanted next of the operands: of both a little whenever a tile is done, until it is there. After the last
// panel of the right operand come `depthAfter` rows of the first one again, farther down.
template <class T>
struct NextBlocks {
  Prefetcher left, right;
  const T* rightAfter = nullptr;
  Size depthAfter = 0;
};

// out[m, width] (+)= left[m, depth]·right[depth, width], columns that are one panel, by tiles of rows. Where the right
// operand's rows can be read in whole vectors, the first tile does, and fills the panel if there are more. Sums that
// are long fetch what is `coming`, and rows of the left operand where `fetches`.
template <class T, int kVectors, bool kDeepSums>
void PackAndMultiplyPanel(Size m, Size depth, Size width, Strided<T> left, Strided<T> right, T* panel, T* out,
                          Size outRow, bool add, bool fetches, NextBlocks<T>& coming) {
  using Rows = std::make_integer_sequence<int, kMr<kVectors>>;
  const Size panelWidth = kVectors * LanesOf(hn::ScalableTag<T>());
  const bool inPlace = right.col == 1 && width == panelWidth;
  if (!inPlace) PackPanel(depth, width, right, panel, panelWidth);
  Partition tiles(m, MrFor<T, kVectors>(left));
  if constexpr (kDeepSums) {
    for (Size tile = 0; tile < tiles.count; tile++) {
      const Size rows = tiles[tile];
      const bool first = inPlace && tile == 0;
      const auto run = first && tiles.count > 1 ? Rank1MicroKernelFor<T, kVectors, true>(rows, Rows())
                                                : Rank1MicroKernelFor<T, kVectors, false>(rows, Rows());
      coming.left.template fetch<false>();
      coming.right.template fetch<false>();
      run(depth, left.at, left.row, left.col, fetches ? rows * left.row : 0, first ? right.at : panel,
          first ? right.row : panelWidth, panel, out, outRow, width, add);
      left.at += rows * left.row;
      out += rows * outRow;
    }
  } else {
    const int store = (add ? kAccumulate : kStoreOnly) | (depth >= kLongSums ? kPrefetchOutput : kStoreOnly);
    if (!inPlace)
      return MultiplyPanel<T, PanelWidth<kVectors>, kMr<kVectors>>(tiles, depth, 0, 0, width, left, panel, panelWidth,
                                                                   out, outRow, store);
    if (tiles.count == 1) {
      return MultiplyPanel<T, PanelWidth<kVectors>, kMr<kVectors>>(tiles, depth, 0, 0, width, left, right.at, right.row,
                                                                   out, outRow, store);
    }
    const Size rows = tiles.TakeFirst();
    MicroKernelColumnFor<T, PanelWidth<kVectors>, true>(rows, Rows())(
        1, depth, 0, 0, left.at, left.row, left.col, right.at, right.row, panel, 0, out, outRow, width, store);
    left.at += rows * left.row;
    out += rows * outRow;
    MultiplyPanel<T, PanelWidth<kVectors>, kMr<kVectors>>(tiles, depth, 0, 0, width, left, panel, panelWidth, out,
                                                          outRow, store);
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

// Half of a vector that has the length of a line; shorter ones are not halved.
template <class T>
using HalfLineTag = hn::CappedTag<T, 32 / sizeof(T)>;
template <class T>
constexpr bool kHasHalfLines = hn::MaxLanes(hn::ScalableTag<T>()) > hn::MaxLanes(HalfLineTag<T>());

// How many columns are left for half a vector, which costs half as much: those beyond whole vectors, if they fit.
template <class T>
HWY_INLINE Size HalfColumns(Size n) {
  const Size beyond = n % LanesOf(hn::ScalableTag<T>());
  return kHasHalfLines<T> && n > beyond && beyond <= LanesOf(HalfLineTag<T>()) ? beyond : 0;
}

// The last `columns` of n, with some before them again where nothing is added to.
template <class T>
HWY_INLINE void HalfPanel(Size m, Size n, Size columns, Size depth, Strided<T> left, Strided<T> right, T* panel, T* out,
                          Size outRow, bool add) {
  using D = HalfLineTag<T>;
  const Size lanes = LanesOf(D());
  const Size width = add ? columns : lanes;
  PackPanel<T, D>(depth, width, right.from(0, n - width), panel, lanes);
  MultiplyPanel<T, PanelWidth<1>, kMr<1>, D>(Partition(m, MrFor<T, 1>(left)), depth, 0, 0, width, left, panel, lanes,
                                             out + n - width, outRow, add ? kAccumulate : kStoreOnly);
}

// As many tiles as a panel of two vectors has.
HWY_INLINE Size TilesIn(Size rows) { return Quotient(rows - 1, kMr<kNrVectors>) + 1; }

// out[m, n] (+)= left[m, depth]·right[depth, n], panel by panel. Columns of the right operand that are read from short
// rows, or a few from each, are fetched one panel ahead.
template <class T, bool kDeepSums>
HWY_INLINE void MacroKernel(Size m, Size n, Size depth, Strided<T> left, Strided<T> right, T* out, Size outRow,
                            bool add, NextBlocks<T>& coming) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  HWY_ALIGN T panel[kPanelElements<T>];
  const bool along = right.col == 1;
  // Of fewer rows a tile's share of the next panel would be more than comes while it sums.
  const bool ahead = kDeepSums && 8 * m >= depth && depth >= kDeep && (along || depth <= kShortRow<T>);
  const Size half = kDeepSums ? 0 : HalfColumns<T>(n);
  const Size whole = n - half;
  Size next = 0;
  for (Size j = 0; j < whole; j = next) {
    const auto [from, width, vectors] = NextColumns<T>(whole, j, depth, add);
    next = from + width;
    const bool isLast = next >= n;
    if (ahead && !(isLast && coming.depthAfter == 0)) {
      const Size columns = isLast ? HWY_MIN(n, width) : HWY_MIN(n - next, width);
      const Size rows = isLast ? coming.depthAfter : depth;
      coming.right =
          Prefetcher(isLast ? coming.rightAfter : right.from(0, next).at, (along ? right.row : right.col) * kBytes,
                     along ? rows : columns, (along ? columns : rows) * kBytes, TilesIn(m));
    }
    // Of short rows the processor does not see by itself that they are read on.
    const bool fetches = left.col == 1 && (j == 0 || depth <= kShortRow<T>);
    const auto run = vectors == 2   ? &PackAndMultiplyPanel<T, 2, kDeepSums>
                     : vectors == 3 ? &PackAndMultiplyPanel<T, 3, kDeepSums>
                                    : &PackAndMultiplyPanel<T, 1, kDeepSums>;
    run(m, depth, width, left, right.from(0, from), panel, out + from, outRow, add, fetches, coming);
  }
  if constexpr (!kDeepSums && kHasHalfLines<T>) {
    if (half > 0) HalfPanel(m, n, half, depth, left, right, panel, out, outRow, add);
  }
}

// out[m, n] (+)= left[m, k]·right[k, n].
template <class T>
void Rank1Gemm(Size m, Size n, Size k, Strided<T> left, Strided<T> right, T* out, Size outRow, bool add) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  NextBlocks<T> coming;
  if (k < kDeep && m * k * kBytes <= kLeftBlockBytes) {
    return MacroKernel<T, false>(m, n, k, left, right, out, outRow, add, coming);
  }
  const Size panels = Quotient(n - 1, kNrVectors * LanesOf(hn::ScalableTag<T>())) + 1;
  const bool copies = HasConflictMisses(HWY_MIN(k, kKc<T>), left);
  const Partition stretches(k, copies ? HWY_MIN(kPackedKc, kKc<T>) : kKc<T>);
  Size p = 0;
  for (Size s = 0; s < stretches.count; p += stretches[s++]) {
    const Size depth = stretches[s];
    const Partition chunks(m, copies ? kPackedMc : Quotient(kLeftBlockBytes, depth * kBytes));
    Size i = 0;
    for (Size chunk = 0; chunk < chunks.count; i += chunks[chunk++]) {
      const Size rows = chunks[chunk];
      Strided<T> from = left.from(i, p);
      if (copies) from = PackLeft(rows, depth, from);
      const bool isLast = chunk + 1 == chunks.count, isEnd = s + 1 == stretches.count;
      if (left.row == 1) {
        const Strided<T> next = isLast ? left.from(0, p + depth) : left.from(i + rows, p);
        const Size columns = !isLast ? depth : isEnd ? 0 : stretches[s + 1];
        const Size nextRows = isLast ? chunks[0] : chunks[chunk + 1];
        coming.left = Prefetcher(next.at, next.col * kBytes, columns, nextRows * kBytes, TilesIn(rows) * panels);
      }
      coming.rightAfter = right.from(p + depth, 0).at;
      coming.depthAfter = isLast && !isEnd ? stretches[s + 1] : 0;
      MacroKernel<T, true>(rows, n, depth, from, right.from(p, 0), out + i * outRow, outRow, add || p > 0, coming);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
