// Products of operands that both lie along k: a tile of the output is as many sums of vectors along k.

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

// Rows of a tile from the larger operand, which stay in the first-level cache, and from the smaller one, which come
// from the second-level cache again and again: the fewer they are, the less of it they ask.
constexpr int kDotLarger = 4;
constexpr int kDotSmaller = 3;

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

// out[m, n] (+)= a[m, k]·b[n, k]ᵀ by tiles of at most kRows × kCols. The larger operand is read once, and fetched ahead
// of its use; the smaller one is read again and again.
template <class T, int kRows, int kCols>
void InnerProductTiles(const Gemm<T>& block, bool add) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  using Tiles = std::make_integer_sequence<int, kRows * kCols>;
  const Size lda = block.lda, ldb = block.ldb, ldc = block.ldc;
  const Partition stretches(block.k, kInnerKc<T>), down(block.m, kRows), across(block.n, kCols);
  const bool rowsFirst = block.m > block.n;
  const Partition& outer = rowsFirst ? down : across;
  const Partition& inner = rowsFirst ? across : down;
  Size p = 0;
  for (Size s = 0; s < stretches.count; p += stretches[s++]) {
    Size at = 0;
    for (Size o = 0; o < outer.count; at += outer[o++]) {
      Prefetcher coming;
      if (o + 1 < outer.count) {
        const Size next = at + outer[o];
        coming = Prefetcher((rowsFirst ? block.a + next * lda : block.b + next * ldb) + p,
                            (rowsFirst ? lda : ldb) * kBytes, outer[o + 1], stretches[s] * kBytes, inner.count);
      }
      Size within = 0;
      for (Size i = 0; i < inner.count; within += inner[i++]) {
        const Size row = rowsFirst ? at : within, col = rowsFirst ? within : at;
        const Size rows = rowsFirst ? outer[o] : inner[i], cols = rowsFirst ? inner[i] : outer[o];
        coming.fetch<true>();
        InnerProductMicroKernelFor<T, kCols>(rows, cols, Tiles())(stretches[s], block.a + row * lda + p, lda,
                                                                  block.b + col * ldb + p, ldb,
                                                                  block.out + row * ldc + col, ldc, add || p > 0);
      }
    }
  }
}

// Whether each row of both operands begins with a line, so that no vector takes from two. Where memory lies may decide
// between tiles, which give the same bits, but not between dots and other kernels, which do not: PrefersInnerProducts
// looks at the distances between rows alone.
template <class T>
HWY_INLINE bool IsCacheLineAligned(const Gemm<T>& block) {
  const auto all = reinterpret_cast<std::uintptr_t>(block.a) | reinterpret_cast<std::uintptr_t>(block.b) |
                   static_cast<std::uintptr_t>(block.lda | block.ldb) * sizeof(T);
  return all % kCacheLineBytes == 0;
}

// Tiles lie so that they have the most rows of the larger operand, unless the other way there are a tenth fewer: of 4,
// 8 or 16 rows. Where vectors as long as a line take from two, loads take longer than the multiply-adds of such a tile:
// one that is square has fewer for each, if there are registers for it.
template <class T>
void InnerProductGemm(const Gemm<T>& block, bool add) {
  if (!add && CanTransposeSums(block)) return TransposedSums(block);
  if constexpr (hn::MaxLanes(hn::ScalableTag<T>()) * sizeof(T) == kCacheLineBytes) {
    if (!IsCacheLineAligned(block)) return InnerProductTiles<T, kDotLarger, kDotLarger>(block, add);
  }
  const Size smaller = HWY_MIN(block.m, block.n);
  const Size byFew = Partition(smaller, kDotSmaller).count * kDotSmaller;
  const Size byMany = Partition(smaller, kDotLarger).count * kDotLarger;
  const bool mostOfSmaller = byFew * 9 > byMany * 10;
  return (block.m > block.n) != mostOfSmaller ? InnerProductTiles<T, kDotLarger, kDotSmaller>(block, add)
                                              : InnerProductTiles<T, kDotSmaller, kDotLarger>(block, add);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
