// A tile of a matrix product's output, which stays in registers while k passes, and panels of the right operand for it.
// Vectors lie along the right operand's rows, the left operand's elements are broadcast from where they are.

#if defined(BLASGRAD_RANK1_MICRO_KERNEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_RANK1_MICRO_KERNEL_INL_H_
#undef BLASGRAD_RANK1_MICRO_KERNEL_INL_H_
#else
#define BLASGRAD_RANK1_MICRO_KERNEL_INL_H_
#endif

#include <utility>

#include "prefetch-inl.h"
#include "kernels/base/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A tile of 6 rows and 2 vectors, or 12 and 1, or 4 and 3: 12 sums, the vectors of the right operand and an element
// broadcast fit the 16 registers of AVX2; 12 sums hide the latency of a multiply-add on all others too.
constexpr int kNrVectors = 2;
template <int kVectors>
constexpr int kMr = 12 / kVectors;
// k is summed in stretches whose panel stays in the first-level cache.
constexpr Size kPanelBytes = 24576;

// Sums of as many terms take as long as memory that is in no cache takes to come: the next tile's rows of the output
// are asked for meanwhile, and with deep sums what is wanted next of the operands. Else stores and multiplications
// would wait for them, a row after the other. Short sums are of small operands, which are near.
constexpr Size kLongSums = 32;
constexpr Size kDeep = 64;

template <class T>
constexpr Size kPanelElements = kPanelBytes / static_cast<Size>(sizeof(T));
template <class T>
constexpr Size kKc = kPanelElements<T> / (kNrVectors * static_cast<Size>(hn::MaxLanes(hn::ScalableTag<T>())));

// Asks for the rows below a tile of kRows.
template <int kRows, class T>
HWY_INLINE void PrefetchNextTile(T* out, Size outRow, Size width) {
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_PREFETCH_TO_WRITE(out + (i + kRows) * outRow);
    BLASGRAD_PREFETCH_TO_WRITE(out + (i + kRows) * outRow + width - 1);
  }
}

// The sums to out[kRows, width], or added to it. Gives the row below. Parts of vectors are stored from memory, row by
// row in a loop: unrolled, that is ten times the code of all else in a tile, and most of the time to compile it.
template <class D, class V, int kRows, int kVectors, class T>
HWY_INLINE T* StoreTile(D d, const V (&sums)[kRows][kVectors], T* out, Size outRow, Size width, bool add) {
  const Size lanes = LanesOf(d);
  if (width >= kVectors * lanes) {
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++, out += outRow) {
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) {
        T* const p = out + v * lanes;
        hn::StoreU(add ? hn::Add(hn::LoadU(d, p), sums[i][v]) : sums[i][v], d, p);
      }
    }
    return out;
  }
  HWY_ALIGN T buffer[kRows * kVectors * hn::MaxLanes(d)];
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) hn::Store(sums[i][v], d, buffer + (i * kVectors + v) * lanes);
  }
  const T* row = buffer;
  BLASGRAD_NOT_UNROLLED
  for (int i = 0; i < kRows; i++, out += outRow, row += kVectors * lanes) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) {
      StoreFirst(d, hn::Load(d, row + v * lanes), out + v * lanes, width - v * lanes, add);
    }
  }
  return out;
}

// out[kRows, width] (+)= left[kRows, depth]·right[depth, kVectors vectors]. Copies the right operand's rows to `panel`
// on the way where kPack. Where `next` is not 0, fetches the rows of the left operand that are so far on. The left
// operand comes as numbers: a struct in memory would be read before its stores are done, which takes as long as a tenth
// of a tile.
template <class T, int kRows, int kVectors, bool kPack>
void Rank1MicroKernel(Size depth, const T* left, Size leftRow, Size leftCol, Size next, const T* right, Size rightRow,
                      T* panel, T* out, Size outRow, Size width, bool add) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  V sums[kRows][kVectors];
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) sums[i][v] = hn::Zero(d);
  }
  if (depth >= kLongSums) PrefetchNextTile<kRows>(out, outRow, width);
  const T* a = left;
  const auto addTerm = [&]() HWY_ATTR {
    V b[kVectors];
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) {
      b[v] = hn::LoadU(d, right + v * lanes);
      if constexpr (kPack) hn::Store(b[v], d, panel + v * lanes);
    }
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      const V x = hn::Set(d, a[i * leftRow]);
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) sums[i][v] = hn::MulAdd(x, b[v], sums[i][v]);
    }
    a += leftCol;
    right += rightRow;
    if constexpr (kPack) panel += kVectors * lanes;
  };
  constexpr Size kLine = kCacheLineBytes / static_cast<Size>(sizeof(T));
  Size line = next == 0 ? depth : 0;
  BLASGRAD_UNROLL_SOME
  for (Size p = 0; p < depth; p++) {
    if (p == line) {
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) BLASGRAD_PREFETCH(a + next + i * leftRow);
      line += kLine;
    }
    addTerm();
  }
  StoreTile(d, sums, out, outRow, width, add);
}

template <class T>
using Rank1MicroKernelOf = void (*)(Size, const T*, Size, Size, Size, const T*, Size, T*, T*, Size, Size, bool);

template <class T, int kVectors, bool kPack, int... kLess>
HWY_INLINE Rank1MicroKernelOf<T> Rank1MicroKernelFor(Size rows, std::integer_sequence<int, kLess...>) {
  static constexpr Rank1MicroKernelOf<T> kTiles[] = {&Rank1MicroKernel<T, kLess + 1, kVectors, kPack>...};
  return kTiles[rows - 1];
}

// `width` columns of the right operand into a panel `panelWidth` wide, 0 beyond them.
template <class T, class D = hn::ScalableTag<T>>
HWY_INLINE void PackPanel(Size depth, Size width, Strided<T> right, T* panel, Size panelWidth) {
  const D d;
  const Size lanes = LanesOf(d);
  if (right.col != 1) {
    Size p = 0;
    if (width == panelWidth) {
      for (; p + kSquare<T> <= depth; p += kSquare<T>) {
        for (Size j = 0; j < width; j += lanes) {
          EachColumn(d, right.at + j * right.col + p, right.col,
                     [&](Size c, auto column) HWY_ATTR { hn::Store(column, d, panel + (p + c) * panelWidth + j); });
        }
      }
    } else {
      std::memset(panel, 0, sizeof(T) * static_cast<std::size_t>(depth * panelWidth));
    }
    return TransposeBlock(width, depth - p, right.at + p, right.col, panel + p * panelWidth, panelWidth);
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

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
