// Products of operands that both lie along k, of few columns: the lanes of as many sums as a vector has lanes are added
// at once, and are stored as one vector of the output.

#if defined(BLASGRAD_TRANSPOSED_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_TRANSPOSED_SUMS_INL_H_
#undef BLASGRAD_TRANSPOSED_SUMS_INL_H_
#else
#define BLASGRAD_TRANSPOSED_SUMS_INL_H_
#endif

#include <utility>

#include "inner_product_micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
constexpr int kMostLanes = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
// The most columns; of more than half a vector a tile would be one row.
template <class T>
constexpr int kTransposedSumsCols = kMostLanes<T> / 2;

// Lane i is the sum of the lanes of sums[i], added in the order in which FoldTo128 adds them.
template <class T, class V>
HWY_INLINE V TransposedHorizontalSums(const V (&sums)[kMostLanes<T>]) {
  const hn::ScalableTag<T> d;
  constexpr int kEach = 16 / static_cast<int>(sizeof(T));
  constexpr int kBlocks = kMostLanes<T> / kEach;
  V q[kBlocks];
  BLASGRAD_UNROLL
  for (int b = 0; b < kBlocks; b++) q[b] = TransposedSumsWithinBlocks<kEach>(d, sums + b * kEach);
  if constexpr (kBlocks == 1) return q[0];
  V low = q[0], high = q[kBlocks - 1];
  if constexpr (kBlocks == 4) {
    const auto fold = [&](V a, V b)
                          HWY_ATTR { return hn::Add(hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a)); };
    low = fold(q[0], q[2]);
    high = fold(q[1], q[3]);
  }
  return hn::Add(hn::OddEvenBlocks(high, low), hn::SwapAdjacentBlocks(hn::OddEvenBlocks(low, high)));
}

// out[m, kCols] = a[m, k]·b[kCols, k]ᵀ, rows that lie one behind the other, at least as many as a tile has. The last
// tile may begin within the one before it.
template <class T, int kCols>
void TransposedSumsOf(const Gemm<T>& block) {
  constexpr int kRows = kMostLanes<T> / kCols;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lda = block.lda, ldb = block.ldb;
  for (Size next = 0; next < block.m; next += kRows) {
    const Size row = HWY_MIN(next, static_cast<Size>(block.m) - kRows);
    V tile[kRows][kCols];
    SumInnerProducts<T, kRows, kCols>(block.k, block.a + row * lda, lda, block.b, ldb, tile);
    V sums[kMostLanes<T>];
    BLASGRAD_UNROLL
    for (int i = 0; i < kMostLanes<T>; i++) {
      sums[i] = i < kRows * kCols ? tile[HWY_MIN(i / kCols, kRows - 1)][i % kCols] : hn::Zero(d);
    }
    StoreFirst(d, TransposedHorizontalSums<T>(sums), block.out + row * kCols, kRows * kCols, false);
  }
}

template <class T, int... kLess>
HWY_INLINE void TransposedSums(const Gemm<T>& block, std::integer_sequence<int, kLess...>) {
  static constexpr void (*kOf[])(const Gemm<T>&) = {&TransposedSumsOf<T, kLess + 1>...};
  kOf[block.n - 1](block);
}

// Whether that can be done: rows one behind the other, and k in one stretch, as nothing is added to.
template <class T>
HWY_INLINE bool CanTransposeSums(const Gemm<T>& block) {
  return block.n <= kTransposedSumsCols<T> && block.n == block.ldc && block.m >= kMostLanes<T> &&
         block.k <= kInnerKc<T>;
}

template <class T>
HWY_INLINE void TransposedSums(const Gemm<T>& block) {
  TransposedSums(block, std::make_integer_sequence<int, kTransposedSumsCols<T>>());
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
