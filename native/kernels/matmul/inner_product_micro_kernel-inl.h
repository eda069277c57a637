// The inner-product micro-kernel: a micro-tile of vector accumulators along k, and their horizontal sums.

#if defined(BLASGRAD_INNER_PRODUCT_MICRO_KERNEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_INNER_PRODUCT_MICRO_KERNEL_INL_H_
#undef BLASGRAD_INNER_PRODUCT_MICRO_KERNEL_INL_H_
#else
#define BLASGRAD_INNER_PRODUCT_MICRO_KERNEL_INL_H_
#endif

#include "gemm.h"
#include "partition-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// KC: the rows of a micro-tile stay in L1.
template <class T>
constexpr Size kInnerKc = 4096 / static_cast<Size>(sizeof(T));

// Adds the halves of a vector until 16 bytes are left.
template <class D, class V>
HWY_INLINE hn::Vec<hn::Full128<hn::TFromD<D>>> FoldTo128(D d, V v) {
  if constexpr (hn::MaxLanes(d) * sizeof(hn::TFromD<D>) <= 16) {
    return v;
  } else {
    const hn::Half<D> half;
    return FoldTo128(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// Transposed horizontal sums within 128-bit blocks: lane i of each block is the sum of that block's lanes of sums[i],
// of kCount vectors, at most as many as a block has lanes.
template <int kCount, class D, class V>
HWY_INLINE V TransposedSumsWithinBlocks(D d, const V* sums) {
  constexpr int kLast = kCount - 1;
  const auto both = [&](V a, V b)
                        HWY_ATTR { return hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)); };
  const V first = both(sums[0], sums[HWY_MIN(1, kLast)]);
  if constexpr (sizeof(hn::TFromD<D>) == 8) {
    return first;
  } else {
    const hn::Repartition<double, D> pairs;
    const auto a = hn::BitCast(pairs, first);
    const auto b = kCount > 2 ? hn::BitCast(pairs, both(sums[HWY_MIN(2, kLast)], sums[kLast])) : a;
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, a, b)), hn::BitCast(d, hn::InterleaveUpper(pairs, a, b)));
  }
}

// out[j] (+)= the horizontal sum of sums[j], from kFrom on, as many at a time as a 128-bit block has lanes.
template <class T, int kCols, int kFrom = 0, class V>
HWY_INLINE void StoreHorizontalSums(const V (&sums)[kCols], T* out, bool add) {
  const hn::ScalableTag<T> d;
  const hn::Full128<T> block;
  constexpr int kCount = HWY_MIN(kCols - kFrom, 16 / static_cast<int>(sizeof(T)));
  StoreFirst(block, FoldTo128(d, TransposedSumsWithinBlocks<kCount>(d, sums + kFrom)), out + kFrom, kCount, add);
  if constexpr (kFrom + kCount < kCols) StoreHorizontalSums<T, kCols, kFrom + kCount>(sums, out, add);
}

// sums[i][j] += x[i]·y[j]. The vectors of the shorter side stay in registers, the others are loaded one by one.
template <int kRows, int kCols, class V, class LoadX, class LoadY>
HWY_INLINE void AddProducts(LoadX loadX, LoadY loadY, V (&sums)[kRows][kCols]) {
  if constexpr (kRows >= kCols) {
    V y[kCols];
    BLASGRAD_UNROLL
    for (int j = 0; j < kCols; j++) y[j] = InRegister<kRows>(loadY(j));
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      const V x = InRegister<kCols>(loadX(i));
      BLASGRAD_UNROLL
      for (int j = 0; j < kCols; j++) sums[i][j] = hn::MulAdd(x, y[j], sums[i][j]);
    }
  } else {
    V x[kRows];
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) x[i] = InRegister<kCols>(loadX(i));
    BLASGRAD_UNROLL
    for (int j = 0; j < kCols; j++) {
      const V y = InRegister<kRows>(loadY(j));
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) sums[i][j] = hn::MulAdd(x[i], y, sums[i][j]);
    }
  }
}

// sums[i][j], summed over its lanes, is the inner product of row i of a and row j of b. Needs a depth of at least a
// vector.
template <class T, int kRows, int kCols, class V>
HWY_INLINE void SumInnerProducts(Size depth, const T* a, Size lda, const T* b, Size ldb, V (&sums)[kRows][kCols]) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_UNROLL
    for (int j = 0; j < kCols; j++) sums[i][j] = hn::Zero(d);
  }
  Size p = 0;
  for (; p + lanes <= depth; p += lanes) {
    AddProducts<kRows, kCols>([&](int i) BLASGRAD_INLINE_LAMBDA { return hn::LoadU(d, a + i * lda + p); },
                              [&](int j) BLASGRAD_INLINE_LAMBDA { return hn::LoadU(d, b + j * ldb + p); }, sums);
  }
  if (p < depth) {
    // The last vector overlaps the one before it: clear the lanes that are summed already.
    const Size last = depth - lanes;
    const auto done = hn::FirstN(d, static_cast<std::size_t>(p - last));
    const auto rest = [&](const T* from)
                          BLASGRAD_INLINE_LAMBDA { return hn::IfThenZeroElse(done, hn::LoadU(d, from + last)); };
    AddProducts<kRows, kCols>([&](int i) BLASGRAD_INLINE_LAMBDA { return rest(a + i * lda); },
                              [&](int j) BLASGRAD_INLINE_LAMBDA { return rest(b + j * ldb); }, sums);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
