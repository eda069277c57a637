// Inner products of few columns, with transposed horizontal sums: a micro-tile has as many accumulators as a vector has
// lanes, and their sums are one vector of the output. 16 lanes take 45 operations, instead of 12 for each row.

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
// With more columns than half a vector a micro-tile would be one row.
template <class T>
constexpr int kTransposedSumsCols = kMostLanes<T> / 2;

// Lane i is the horizontal sum of sums[i], in the order of FoldTo128: a row has the same bits in either kernel.
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

// out[m, kCols] = a[m, k]·b[kCols, k]ᵀ for contiguous rows of the output, at least as many as a micro-tile has: the
// last micro-tile overlaps the one before it.
template <class T, int kCols>
void TransposedSumsOf(const Gemm<T>& gemm) {
  constexpr int kRows = kMostLanes<T> / kCols;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lda = gemm.lda, ldb = gemm.ldb;
  for (Size next = 0; next < gemm.m; next += kRows) {
    const Size row = HWY_MIN(next, static_cast<Size>(gemm.m) - kRows);
    V tile[kRows][kCols];
    SumInnerProducts<T, kRows, kCols>(gemm.k, gemm.a + row * lda, lda, gemm.b, ldb, tile);
    V sums[kMostLanes<T>];
    BLASGRAD_UNROLL
    for (int i = 0; i < kMostLanes<T>; i++) {
      sums[i] = i < kRows * kCols ? tile[HWY_MIN(i / kCols, kRows - 1)][i % kCols] : hn::Zero(d);
    }
    StoreFirst(d, TransposedHorizontalSums<T>(sums), gemm.out + row * kCols, kRows * kCols, false);
  }
}

template <class T, int... kLess>
HWY_INLINE void TransposedSums(const Gemm<T>& gemm, std::integer_sequence<int, kLess...>) {
  static constexpr void (*kOf[])(const Gemm<T>&) = {&TransposedSumsOf<T, kLess + 1>...};
  kOf[gemm.n - 1](gemm);
}

// Needs contiguous output rows, a single KC block, and no accumulation.
template <class T>
HWY_INLINE bool CanTransposeSums(const Gemm<T>& gemm) {
  return gemm.n <= kTransposedSumsCols<T> && gemm.n == gemm.ldc && gemm.m >= kMostLanes<T> && gemm.k <= kInnerKc<T>;
}

template <class T>
HWY_INLINE void TransposedSums(const Gemm<T>& gemm) {
  TransposedSums(gemm, std::make_integer_sequence<int, kTransposedSumsCols<T>>());
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
