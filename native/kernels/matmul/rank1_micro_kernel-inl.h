// The rank-1-update micro-kernel: an MR × NR micro-tile of the output stays in registers while k advances. Vectors lie
// along the rows of the right operand; elements of the left operand are broadcast from where they are, unpacked.

#if defined(BLASGRAD_RANK1_MICRO_KERNEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_RANK1_MICRO_KERNEL_INL_H_
#undef BLASGRAD_RANK1_MICRO_KERNEL_INL_H_
#else
#define BLASGRAD_RANK1_MICRO_KERNEL_INL_H_
#endif

#include <utility>

#include "packing-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Accumulators are stored, or added to the output. An output that may be in no cache has the rows of the next
// micro-tile prefetched before the stores: else the stores would wait for one row after another.
enum StoreMode { kStoreOnly = 0, kAccumulate = 1, kPrefetchOutput = 2 };

// NR: kVectors vectors, and half a vector more where kHalf.
template <int kVectors, bool kHalf = false>
struct PanelWidth {};

template <int kRows, class T>
HWY_INLINE void PrefetchNextTile(T* out, Size outRow, Size width) {
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_PREFETCH_TO_WRITE(out + (i + kRows) * outRow);
    BLASGRAD_PREFETCH_TO_WRITE(out + (i + kRows) * outRow + width - 1);
  }
}

// Stores or adds the first `count` lanes of each row's vector to that row of out. Partial vectors are stored in halves,
// one branch per half for all rows: a branch tree per row made a tile's code ten times larger, and slow to compile.
template <class D, class V, int kRows, class T>
HWY_INLINE void StoreColumn(D d, const V (&rows)[kRows], T* out, Size outRow, Size count, bool add) {
  if (count >= LanesOf(d)) {
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++, out += outRow) {
      hn::StoreU(add ? hn::Add(hn::LoadU(d, out), rows[i]) : rows[i], d, out);
    }
    return;
  }
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) > 1) {
    const hn::Half<D> half;
    hn::Vec<hn::Half<D>> parts[kRows];
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) parts[i] = hn::LowerHalf(half, rows[i]);
    if (count >= LanesOf(half)) {
      StoreColumn(half, parts, out, outRow, LanesOf(half), add);
      out += LanesOf(half);
      count -= LanesOf(half);
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) parts[i] = hn::UpperHalf(half, rows[i]);
    }
    if (count > 0) StoreColumn(half, parts, out, outRow, count, add);
  }
#endif
}

// Stores the micro-tile to out[kRows, width], or adds it. Returns the row below.
template <class D, class V, int kRows, int kVectors, class T>
HWY_INLINE T* StoreTile(D d, const V (&sums)[kRows][kVectors], T* out, Size outRow, Size width, bool add) {
  const Size lanes = LanesOf(d);
  if (width >= kVectors * lanes && !add) {
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++, out += outRow) {
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) hn::StoreU(sums[i][v], d, out + v * lanes);
    }
    return out;
  }
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) {
    V column[kRows];
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) column[i] = sums[i][v];
    if (width > v * lanes) StoreColumn(d, column, out + v * lanes, outRow, width - v * lanes, add);
  }
  return out + kRows * outRow;
}

// A column of micro-tiles in one call, since a call costs as much as a good part of a tile with a short k:
// out[rows, width] (+)= left[rows, depth]·right[depth, NR]. For a triangular `left`, each row further down has `less`
// terms fewer, the first `skip` of them at the front. With kPack the right operand is packed into `panel` on the way,
// but for its last `packedRows`, which are packed already.
//
// The operands come as numbers: a Strided passed by value is read from the stack before the caller's stores of its
// members can be forwarded, which took 55 cycles of a tile's 20 to 200.
template <class T, int kRows, class Width, bool kPack, class D = hn::ScalableTag<T>>
struct MicroKernelColumn;

template <class T, int kRows, int kVectors, bool kHalf, bool kPack, class D>
struct MicroKernelColumn<T, kRows, PanelWidth<kVectors, kHalf>, kPack, D> {
  static void Run(Size tiles, Size depth, Size less, Size skip, const T* left, Size leftRow, Size leftCol,
                  const T* right, Size rightRow, T* panel, Size packedRows, T* out, Size outRow, Size width, int mode) {
    const D d;
    const hn::Half<D> half;
    using V = hn::Vec<decltype(d)>;
    using H = hn::Vec<decltype(half)>;
    const Size lanes = LanesOf(d);
    const Size whole = kVectors * lanes;
    const Size panelRow = whole + (kHalf ? LanesOf(half) : 0);
    const bool add = (mode & kAccumulate) != 0;
    for (; tiles > 0; tiles--) {
      V sums[kRows][kVectors];
      H halves[kRows][1];
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) {
        BLASGRAD_UNROLL
        for (int v = 0; v < kVectors; v++) sums[i][v] = hn::Zero(d);
        halves[i][0] = hn::Zero(half);
      }
      if ((mode & kPrefetchOutput) != 0) PrefetchNextTile<kRows>(out, outRow, width);
      const T* a = left;
      const T* b = right;
      const auto multiplyAdd = [&](auto packs, Size count, Size row) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_UNROLL_SOME
        for (Size p = 0; p < count; p++) {
          T* const packed = panel + p * panelRow;
          V y[kVectors], x[kRows];
          BLASGRAD_UNROLL
          for (int v = 0; v < kVectors; v++) {
            y[v] = hn::LoadU(d, b + v * lanes);
            if constexpr (packs) hn::StoreU(y[v], d, packed + v * lanes);
          }
          BLASGRAD_UNROLL
          for (int i = 0; i < kRows; i++) {
            x[i] = hn::Set(d, a[i * leftRow]);
            BLASGRAD_UNROLL
            for (int v = 0; v < kVectors; v++) sums[i][v] = hn::MulAdd(x[i], y[v], sums[i][v]);
          }
          if constexpr (kHalf) {
            const H z = hn::LoadU(half, b + whole);
            if constexpr (packs) hn::StoreU(z, half, packed + whole);
            BLASGRAD_UNROLL
            for (int i = 0; i < kRows; i++) halves[i][0] = hn::MulAdd(hn::LowerHalf(half, x[i]), z, halves[i][0]);
          }
          a += leftCol;
          b += row;
        }
      };
      if constexpr (kPack) {
        multiplyAdd(std::true_type(), depth - packedRows, rightRow);
        b = panel + (depth - packedRows) * panelRow;
        multiplyAdd(std::false_type(), packedRows, panelRow);
      } else {
        multiplyAdd(std::false_type(), depth, rightRow);
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

// The ir loop: out[m, width] (+)= left[m, depth]·right[depth, width] with `right` packed, or dense rows that are read
// as whole vectors; micro-tiles of at most kMost rows, `less` and `skip` as above.
template <class T, class Width, int kMost, class D = hn::ScalableTag<T>>
HWY_INLINE void MultiplyPanel(const Partition& tiles, Size depth, Size less, Size skip, Size width, Strided<T> left,
                              const T* right, Size rightRow, T* out, Size outRow, int mode) {
  using Rows = std::make_integer_sequence<int, kMost>;
  const Size above = (tiles.each + 1) * tiles.longer;
  if (above > 0) {
    MicroKernelColumnFor<T, Width, false, D>(tiles.each + 1, Rows())(tiles.longer, depth, less, skip, left.at, left.row,
                                                                     left.col, right, rightRow, nullptr, 0, out, outRow,
                                                                     width, mode);
    left.at += above * (left.row + skip * left.col);
    right += above * skip * rightRow;
    out += above * outRow;
  }
  if (tiles.count > tiles.longer) {
    MicroKernelColumnFor<T, Width, false, D>(tiles.each, Rows())(tiles.count - tiles.longer, depth - above * less, less,
                                                                 skip, left.at, left.row, left.col, right, rightRow,
                                                                 nullptr, 0, out, outRow, width, mode);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
