// The loops around the rank-1-update micro-kernel, as in BLIS: KC and MC blocks, the macro-kernel over panels of NR
// columns, and prefetching of the blocks that follow.

#if defined(BLASGRAD_RANK1_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_RANK1_GEMM_INL_H_
#undef BLASGRAD_RANK1_GEMM_INL_H_
#else
#define BLASGRAD_RANK1_GEMM_INL_H_
#endif

#include "prefetch-inl.h"
#include "rank1_micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// From this depth on a micro-tile takes as long as memory latency: the output is prefetched one tile ahead.
constexpr Size kPrefetchOutputDepth = 32;
// From this depth on operands are prefetched too. With a shorter k they are small, and cached.
constexpr Size kPrefetchDepth = 64;

// The hardware prefetcher does not follow rows shorter than this.
template <class T>
constexpr Size kShortRow = 512 / static_cast<Size>(sizeof(T));

// MR. Rows a multiple of a page apart share a few sets of L1: more than 6 of them would evict one another.
template <class T, int kVectors>
HWY_INLINE Size MrFor(Strided<T> left) {
  return left.row * static_cast<Size>(sizeof(T)) % kPageBytes == 0 ? HWY_MIN(kMr<kNrVectors>, kMr<kVectors>)
                                                                   : kMr<kVectors>;
}

// The blocks to prefetch, a few cache lines with each micro-tile. The last panel of a block prefetches the first panel
// of the next KC block: `rightAfter`, `depthAfter` rows.
template <class T>
struct NextBlocks {
  Prefetcher left, right;
  const T* rightAfter = nullptr;
  Size depthAfter = 0;

  void Step() {
    left.template Step<false>();
    right.template Step<false>();
  }
};

// out[m, width] (+)= left[m, depth]·right[depth, width], one panel of columns. Where the right operand can be read in
// whole vectors the first micro-tile reads it in place, and packs it for the others. `next` is null where nothing is to
// be prefetched.
template <class T, int kVectors>
void PackAndMultiplyPanel(Size m, Size depth, Size width, Strided<T> left, Strided<T> right, T* panel, T* out,
                          Size outRow, bool add, NextBlocks<T>* next) {
  using Width = PanelWidth<kVectors>;
  using Rows = std::make_integer_sequence<int, kMr<kVectors>>;
  const Size panelWidth = kVectors * LanesOf(hn::ScalableTag<T>());
  const bool inPlace = right.col == 1 && width == panelWidth;
  if (!inPlace) PackPanel(depth, width, right, panel, panelWidth);
  const int mode = (add ? kAccumulate : kStoreOnly) |
                   (next != nullptr || depth >= kPrefetchOutputDepth ? kPrefetchOutput : kStoreOnly);
  Partition tiles(m, MrFor<T, kVectors>(left));
  const T* b = inPlace ? right.at : panel;
  Size ldb = inPlace ? right.row : panelWidth;
  const auto runTile = [&](auto packs) HWY_ATTR {
    const Size rows = tiles.TakeFirst();
    if (next != nullptr) next->Step();
    MicroKernelColumnFor<T, Width, decltype(packs)::value>(rows, Rows())(1, depth, 0, 0, left.at, left.row, left.col, b,
                                                                         ldb, panel, 0, out, outRow, width, mode);
    left.at += rows * left.row;
    out += rows * outRow;
  };
  if (inPlace && tiles.count > 1) {
    runTile(std::true_type());
    b = panel;
    ldb = panelWidth;
  }
  if (next == nullptr) {
    return MultiplyPanel<T, Width, kMr<kVectors>>(tiles, depth, 0, 0, width, left, b, ldb, out, outRow, mode);
  }
  while (tiles.count > 0) runTile(std::false_type());
}

struct PanelColumns {
  Size from, width;
  int vectors;
};

// The panel from column j on: two vectors, or three where one would be left over, since a micro-tile of one vector
// broadcasts as many elements as it has accumulators. The last panel overlaps the one before it where nothing is
// accumulated: whole vectors need neither packing nor partial stores.
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

// The micro-tiles of a panel of two vectors.
HWY_INLINE Size TilesIn(Size rows) { return Quotient(rows - 1, kMr<kNrVectors>) + 1; }

// The macro-kernel: out[m, n] (+)= left[m, depth]·right[depth, n], panel by panel.
template <class T>
HWY_INLINE void MacroKernel(Size m, Size n, Size depth, Strided<T> left, Strided<T> right, T* out, Size outRow,
                            bool add, NextBlocks<T>* next) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  HWY_ALIGN T panel[kPanelElements<T>];
  const bool rowMajor = right.col == 1;
  // With fewer rows a micro-tile's share of the next panel is more than memory delivers meanwhile.
  const bool prefetches =
      next != nullptr && 8 * m >= depth && depth >= kPrefetchDepth && (rowMajor || depth <= kShortRow<T>);
  for (Size j = 0; j < n;) {
    const auto [from, width, vectors] = NextColumns<T>(n, j, depth, add);
    j = from + width;
    const bool isLast = j >= n;
    if (prefetches && !(isLast && next->depthAfter == 0)) {
      const Size columns = HWY_MIN(isLast ? n : n - j, width);
      const Size rows = isLast ? next->depthAfter : depth;
      next->right =
          Prefetcher(isLast ? next->rightAfter : right.from(0, j).at, (rowMajor ? right.row : right.col) * kBytes,
                     rowMajor ? rows : columns, (rowMajor ? columns : rows) * kBytes, TilesIn(m));
    }
    const auto run = vectors == 2   ? &PackAndMultiplyPanel<T, 2>
                     : vectors == 3 ? &PackAndMultiplyPanel<T, 3>
                                    : &PackAndMultiplyPanel<T, 1>;
    run(m, depth, width, left, right.from(0, from), panel, out + from, outRow, add, next);
  }
}

// out[m, n] (+)= left[m, k]·right[k, n].
template <class T>
void Rank1Gemm(Size m, Size n, Size k, Strided<T> left, Strided<T> right, T* out, Size outRow, bool add) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  if (k < kPrefetchDepth && m * k * kBytes <= kLeftBlockBytes) {
    return MacroKernel<T>(m, n, k, left, right, out, outRow, add, nullptr);
  }
  NextBlocks<T> next;
  const Size panels = Quotient(n - 1, kNrVectors * LanesOf(hn::ScalableTag<T>())) + 1;
  const bool packsLeft = HasConflictMisses(HWY_MIN(k, kKc<T>), left);
  const Partition depths(k, packsLeft ? HWY_MIN(kPackedKc, kKc<T>) : kKc<T>);
  Size p = 0;
  for (Size pc = 0; pc < depths.count; p += depths[pc++]) {
    const Size depth = depths[pc];
    const Partition blocks(m, packsLeft ? kPackedMc : Quotient(kLeftBlockBytes, depth * kBytes));
    Size i = 0;
    for (Size ic = 0; ic < blocks.count; i += blocks[ic++]) {
      const Size rows = blocks[ic];
      const Strided<T> block = packsLeft ? PackLeft(rows, depth, left.from(i, p)) : left.from(i, p);
      const bool isLast = ic + 1 == blocks.count, isEnd = pc + 1 == depths.count;
      // Columns of a left operand that is contiguous along m: the hardware prefetcher does not follow them.
      if (left.row == 1) {
        const Strided<T> after = isLast ? left.from(0, p + depth) : left.from(i + rows, p);
        const Size columns = !isLast ? depth : isEnd ? 0 : depths[pc + 1];
        const Size nextRows = isLast ? blocks[0] : blocks[ic + 1];
        next.left = Prefetcher(after.at, after.col * kBytes, columns, nextRows * kBytes, TilesIn(rows) * panels);
      }
      next.rightAfter = right.from(p + depth, 0).at;
      next.depthAfter = isLast && !isEnd ? depths[pc + 1] : 0;
      MacroKernel<T>(rows, n, depth, block, right.from(p, 0), out + i * outRow, outRow, add || p > 0, &next);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
