// Tiles of a matrix product's output one below the other in one call, of which each may leave out terms: for short
// sums, where a call takes as long as a good part of a tile, and for products of which a half is not wanted.

#if defined(BLASGRAD_MICRO_KERNEL_COLUMN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_MICRO_KERNEL_COLUMN_INL_H_
#undef BLASGRAD_MICRO_KERNEL_COLUMN_INL_H_
#else
#define BLASGRAD_MICRO_KERNEL_COLUMN_INL_H_
#endif

#include "rank1_micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// What becomes of sums: stored, or added to what there is. Of an output that may be in no cache the next tile's rows
// are fetched while they are made: else the stores would wait for them, a row after the other.
enum StoreMode { kStoreOnly = 0, kAccumulate = 1, kPrefetchOutput = 2 };

// kVectors vectors, and half a vector more where kHalf.
template <int kVectors, bool kHalf = false>
struct PanelWidth {};

// Tiles of kRows rows one below the other: out[rows, width] (+)= left[rows, depth]·right[depth, as wide as a PanelWidth
// says]. For each row above it a tile leaves out `less` terms, the first `skip` ones among them. Copies the right
// operand's rows to `panel` on the way where kPack, all but the last `filled`, which are there. The left operand comes
// as numbers, as Rank1MicroKernel's does.
template <class T, int kRows, class Width, bool kPack, class D = hn::ScalableTag<T>>
struct MicroKernelColumn;

template <class T, int kRows, int kVectors, bool kHalf, bool kPack, class D>
struct MicroKernelColumn<T, kRows, PanelWidth<kVectors, kHalf>, kPack, D> {
  static void Run(Size tiles, Size depth, Size less, Size skip, const T* left, Size leftRow, Size leftCol,
                  const T* right, Size rightRow, T* panel, Size filled, T* out, Size outRow, Size width, int store) {
    const D d;
    const hn::Half<D> half;
    using V = hn::Vec<decltype(d)>;
    using H = hn::Vec<decltype(half)>;
    const Size lanes = LanesOf(d);
    const Size whole = kVectors * lanes;
    const Size panelRow = whole + (kHalf ? LanesOf(half) : 0);
    const bool add = (store & kAccumulate) != 0;
    for (; tiles > 0; tiles--) {
      V sums[kRows][kVectors];
      H halves[kRows][1];
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) {
        BLASGRAD_UNROLL
        for (int v = 0; v < kVectors; v++) sums[i][v] = hn::Zero(d);
        halves[i][0] = hn::Zero(half);
      }
      if ((store & kPrefetchOutput) != 0) PrefetchNextTile<kRows>(out, outRow, width);
      const T* a = left;
      const T* b = right;
      const auto addTerms = [&](auto copies, Size count, Size row) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_UNROLL_SOME
        for (Size p = 0; p < count; p++) {
          T* const copy = panel + p * panelRow;
          V y[kVectors], x[kRows];
          BLASGRAD_UNROLL
          for (int v = 0; v < kVectors; v++) {
            y[v] = hn::LoadU(d, b + v * lanes);
            if constexpr (copies) hn::StoreU(y[v], d, copy + v * lanes);
          }
          BLASGRAD_UNROLL
          for (int i = 0; i < kRows; i++) {
            x[i] = hn::Set(d, a[i * leftRow]);
            BLASGRAD_UNROLL
            for (int v = 0; v < kVectors; v++) sums[i][v] = hn::MulAdd(x[i], y[v], sums[i][v]);
          }
          if constexpr (kHalf) {
            const H z = hn::LoadU(half, b + whole);
            if constexpr (copies) hn::StoreU(z, half, copy + whole);
            BLASGRAD_UNROLL
            for (int i = 0; i < kRows; i++) halves[i][0] = hn::MulAdd(hn::LowerHalf(half, x[i]), z, halves[i][0]);
          }
          a += leftCol;
          b += row;
        }
      };
      if constexpr (kPack) {
        addTerms(std::true_type(), depth - filled, rightRow);
        b = panel + (depth - filled) * panelRow;
        addTerms(std::false_type(), filled, panelRow);
      } else {
        addTerms(std::false_type(), depth, rightRow);
      }
      left += kRows * (leftRow + skip * leftCol);
      right += kRows * skip * rightRow;
      depth -= kRows * less;
      if constexpr (kHalf) StoreTile(half, halves, out + whole, outRow, width - whole, add);
      out = StoreTile(d, sums, out, outRow, HWY_MIN(width, whole), add);
    }
  }
};

template <class T>
using MicroKernelColumnOf = void (*)(Size, Size, Size, Size, const T*, Size, Size, const T*, Size, T*, Size, T*, Size,
                                     Size, int);

template <class T, class Width, bool kPack, class D = hn::ScalableTag<T>, int... kLess>
HWY_INLINE MicroKernelColumnOf<T> MicroKernelColumnFor(Size rows, std::integer_sequence<int, kLess...>) {
  static constexpr MicroKernelColumnOf<T> kTiles[] = {&MicroKernelColumn<T, kLess + 1, Width, kPack, D>::Run...};
  return kTiles[rows - 1];
}

// out[m, width] (+)= left[m, depth]·right, `right` in rows as wide as a PanelWidth says, with `less` and `skip` as
// above; tiles of at most kMost rows.
template <class T, class Width, int kMost, class D = hn::ScalableTag<T>>
HWY_INLINE void MultiplyPanel(const Partition& tiles, Size depth, Size less, Size skip, Size width, Strided<T> left,
                              const T* right, Size rightRow, T* out, Size outRow, int store) {
  using Rows = std::make_integer_sequence<int, kMost>;
  const Size above = (tiles.each + 1) * tiles.longer;
  if (above > 0) {
    MicroKernelColumnFor<T, Width, false, D>(tiles.each + 1, Rows())(tiles.longer, depth, less, skip, left.at, left.row,
                                                                     left.col, right, rightRow, nullptr, 0, out, outRow,
                                                                     width, store);
    left.at += above * (left.row + skip * left.col);
    right += above * skip * rightRow;
    out += above * outRow;
  }
  if (tiles.count > tiles.longer) {
    MicroKernelColumnFor<T, Width, false, D>(tiles.each, Rows())(tiles.count - tiles.longer, depth - above * less, less,
                                                                 skip, left.at, left.row, left.col, right, rightRow,
                                                                 nullptr, 0, out, outRow, width, store);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
