// Block sizes of the rank-1-update GEMM, and packing of its operands into panels.

#if defined(BLASGRAD_PACKING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PACKING_INL_H_
#undef BLASGRAD_PACKING_INL_H_
#else
#define BLASGRAD_PACKING_INL_H_
#endif

#include "kernels/base/scratch.h"
#include "kernels/base/transpose-inl.h"
#include "partition-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The micro-tile, MR × NR: 6 rows × 2 vectors, 12 × 1 or 4 × 3. Its 12 accumulators, the vectors of the right operand
// and one broadcast fit the 16 registers of AVX2, and 12 chains hide the latency of a multiply-add. 24, for which
// AVX-512 has registers, were no faster.
constexpr int kNrVectors = 2;
template <int kVectors>
constexpr int kMr = 12 / kVectors;

// The packed panel [KC, NR] of the right operand stays in L1.
constexpr Size kPanelBytes = 24576;
template <class T>
constexpr Size kPanelElements = kPanelBytes / static_cast<Size>(sizeof(T));
// At most what SSE4 has: the baseline's panel of single lanes would make longer sums, which lose more digits.
template <class T>
constexpr Size kKc =
    HWY_MIN(Size(768), kPanelElements<T> / (kNrVectors * static_cast<Size>(hn::MaxLanes(hn::ScalableTag<T>()))));

// The block [MC, KC] of the left operand, which is read once for each panel, stays in L2.
constexpr Size kLeftBlockBytes = 196608;

// The left operand is packed only where its columns conflict in L2, in blocks of so many rows and columns; the padding
// between the packed columns keeps these from conflicting.
constexpr Size kPackedMc = 256;
constexpr Size kPackedKc = 192;
constexpr Size kPadding = 16;
constexpr Size kPageBytes = 4096;
// The smallest L2 of the CPUs measured, 8 ways of 64 KiB, and how much of it columns may span without harm.
constexpr Size kL2Bytes = 1 << 19;
constexpr Size kHarmlessSpanBytes = 200000;

// Whether `depth` columns of a left operand that is contiguous along m map to so few cache sets that they evict one
// another between two micro-tiles: their stride is a multiple of a page, or of a power of two that is large for so
// many.
template <class T>
HWY_INLINE bool HasConflictMisses(Size depth, Strided<T> left) {
  const Size stride = left.col * static_cast<Size>(sizeof(T));
  const Size power = stride & -stride;
  return left.row == 1 && stride * depth > kHarmlessSpanBytes && (power >= kPageBytes || power * depth > kL2Bytes);
}

template <class T>
Strided<T> PackLeft(Size rows, Size depth, Strided<T> left) {
  static_assert((kPackedMc + kPadding) * kPackedKc * static_cast<Size>(sizeof(T)) <= kProductScratchBytes);
  T* const packed = static_cast<T*>(productScratch());
  const Size stride = rows + kPadding;
  for (Size p = 0; p < depth; p++) {
    std::memcpy(packed + p * stride, left.at + p * left.col, sizeof(T) * static_cast<std::size_t>(rows));
  }
  return {packed, 1, stride};
}

// Packs `width` columns of the right operand into panel[depth, panelWidth], padded with zeros.
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
  // Whole vectors may be loaded up to the end of the operand, also where they cross the end of a row.
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
