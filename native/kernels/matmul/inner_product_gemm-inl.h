// GEMM by inner products, for x·Wᵀ: both operands are contiguous along k, and neither is packed.

#if defined(BLASGRAD_INNER_PRODUCT_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_INNER_PRODUCT_GEMM_INL_H_
#undef BLASGRAD_INNER_PRODUCT_GEMM_INL_H_
#else
#define BLASGRAD_INNER_PRODUCT_GEMM_INL_H_
#endif

#include <utility>

#include "prefetch-inl.h"
#include "transposed_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The micro-tile: rows of the larger operand, which stay in L1, × rows of the smaller one, which are read from L2 for
// each micro-tile. 12 accumulators hide the latency of a multiply-add.
constexpr int kLargerRows = 4;
constexpr int kSmallerRows = 3;

template <class T, int kRows, int kCols>
void InnerProductMicroKernel(Size depth, const T* a, Size lda, const T* b, Size ldb, T* out, Size ldc, bool add) {
  hn::Vec<hn::ScalableTag<T>> sums[kRows][kCols];
  SumInnerProducts<T, kRows, kCols>(depth, a, lda, b, ldb, sums);
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) StoreHorizontalSums<T, kCols>(sums[i], out + i * ldc, add);
}

template <class T>
using InnerProductMicroKernelOf = void (*)(Size, const T*, Size, const T*, Size, T*, Size, bool);

template <class T, int kMostCols, int... kLess>
HWY_INLINE InnerProductMicroKernelOf<T> InnerProductMicroKernelFor(Size rows, Size cols,
                                                                   std::integer_sequence<int, kLess...>) {
  static constexpr InnerProductMicroKernelOf<T> kTiles[] = {
      &InnerProductMicroKernel<T, kLess / kMostCols + 1, kLess % kMostCols + 1>...};
  return kTiles[(rows - 1) * kMostCols + cols - 1];
}

// out[m, n] (+)= a[m, k]·b[n, k]ᵀ by micro-tiles of at most kRows × kCols. The outer loop goes along the larger
// operand, which is read from memory once, and prefetches its next rows.
template <class T, int kRows, int kCols>
void InnerProductTiles(const Gemm<T>& gemm, bool add) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  using Tiles = std::make_integer_sequence<int, kRows * kCols>;
  const Size lda = gemm.lda, ldb = gemm.ldb, ldc = gemm.ldc;
  const Partition depths(gemm.k, kInnerKc<T>), down(gemm.m, kRows), across(gemm.n, kCols);
  const bool rowsFirst = gemm.m > gemm.n;
  const Partition& outer = rowsFirst ? down : across;
  const Partition& inner = rowsFirst ? across : down;
  Size p = 0;
  for (Size s = 0; s < depths.count; p += depths[s++]) {
    Size at = 0;
    for (Size o = 0; o < outer.count; at += outer[o++]) {
      Prefetcher prefetcher;
      if (o + 1 < outer.count) {
        const Size next = at + outer[o];
        prefetcher = Prefetcher((rowsFirst ? gemm.a + next * lda : gemm.b + next * ldb) + p,
                                (rowsFirst ? lda : ldb) * kBytes, outer[o + 1], depths[s] * kBytes, inner.count);
      }
      Size within = 0;
      for (Size i = 0; i < inner.count; within += inner[i++]) {
        const Size row = rowsFirst ? at : within, col = rowsFirst ? within : at;
        const Size rows = rowsFirst ? outer[o] : inner[i], cols = rowsFirst ? inner[i] : outer[o];
        prefetcher.Step<true>();
        InnerProductMicroKernelFor<T, kCols>(rows, cols, Tiles())(depths[s], gemm.a + row * lda + p, lda,
                                                                  gemm.b + col * ldb + p, ldb,
                                                                  gemm.out + row * ldc + col, ldc, add || p > 0);
      }
    }
  }
}

// A micro-tile has 4 rows of the larger operand, unless the padding of the smaller one to multiples of 3 adds more than
// 10%: that of 4, 8 or 16 rows.
template <class T>
void InnerProductGemm(const Gemm<T>& gemm, bool add) {
  if (!add && CanTransposeSums(gemm)) return TransposedSums(gemm);
  const Size smaller = HWY_MIN(gemm.m, gemm.n);
  const Size paddedTo3 = Partition(smaller, kSmallerRows).count * kSmallerRows;
  const Size paddedTo4 = Partition(smaller, kLargerRows).count * kLargerRows;
  const bool swap = paddedTo3 * 9 > paddedTo4 * 10;
  return (gemm.m > gemm.n) != swap ? InnerProductTiles<T, kLargerRows, kSmallerRows>(gemm, add)
                                   : InnerProductTiles<T, kSmallerRows, kLargerRows>(gemm, add);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
