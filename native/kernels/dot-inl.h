// Products of operands that both lie along k: a tile of the output is as many sums of vectors along k.

#if defined(BLASGRAD_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_DOT_INL_H_
#undef BLASGRAD_DOT_INL_H_
#else
#define BLASGRAD_DOT_INL_H_
#endif

#include "ahead-inl.h"
#include "block.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr int kDotRows = 4;
constexpr int kDotCols = 3;
// k is summed in stretches for which the rows of a tile stay in the first-level cache.
template <class T>
constexpr Size kDotDepth = 4096 / static_cast<Size>(sizeof(T));

// The halves of a vector added, down to 16 bytes.
template <class D, class V>
HWY_INLINE hn::Vec<hn::Full128<hn::TFromD<D>>> Fold(D d, V v) {
  if constexpr (hn::MaxLanes(d) * sizeof(hn::TFromD<D>) <= 16) {
    return v;
  } else {
    const hn::Half<D> half;
    return Fold(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// out[j] (+)= the sum of the lanes of sums[j].
template <class T, int kCols, class V>
HWY_INLINE void StoreSums(const V (&sums)[kCols], T* out, bool add) {
  const hn::ScalableTag<T> d;
  const hn::Full128<T> block;
  const auto both = [&](V a, V b)
                        HWY_ATTR { return hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)); };
  if constexpr (sizeof(T) == 4) {
    const hn::Repartition<double, decltype(d)> pairs;
    const auto first = hn::BitCast(pairs, both(sums[0], sums[kCols > 1]));
    const auto second = kCols > 2 ? hn::BitCast(pairs, both(sums[kCols - 1], sums[kCols - 1])) : first;
    const V all = hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, first, second)),
                          hn::BitCast(d, hn::InterleaveUpper(pairs, first, second)));
    StoreFirst(block, Fold(d, all), out, kCols, add);
  } else {
    StoreFirst(block, Fold(d, both(sums[0], sums[kCols > 1])), out, kCols, add);
    if constexpr (kCols > 2) StoreFirst(block, Fold(d, both(sums[2], sums[2])), out + 2, kCols - 2, add);
  }
}

template <class T, int kRows, int kCols>
void DotTile(Size depth, const T* a, Size lda, const T* b, Size ldb, T* out, Size ldc, bool add) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  V sums[kRows][kCols];
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) {
    BLASGRAD_UNROLL
    for (int j = 0; j < kCols; j++) sums[i][j] = hn::Zero(d);
  }
  Size p = 0;
  for (; p + lanes <= depth; p += lanes) {
    V y[kCols];
    BLASGRAD_UNROLL
    for (int j = 0; j < kCols; j++) y[j] = InRegister<kRows>(hn::LoadU(d, b + j * ldb + p));
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      const V x = InRegister<kCols>(hn::LoadU(d, a + i * lda + p));
      BLASGRAD_UNROLL
      for (int j = 0; j < kCols; j++) sums[i][j] = hn::MulAdd(x, y[j], sums[i][j]);
    }
  }
  if (p < depth) {
    // The last vector again, with what was summed already left out.
    const Size last = depth - lanes;
    const auto done = hn::FirstN(d, static_cast<std::size_t>(p - last));
    V y[kCols];
    BLASGRAD_UNROLL
    for (int j = 0; j < kCols; j++) y[j] = hn::IfThenZeroElse(done, hn::LoadU(d, b + j * ldb + last));
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      const V x = hn::IfThenZeroElse(done, hn::LoadU(d, a + i * lda + last));
      BLASGRAD_UNROLL
      for (int j = 0; j < kCols; j++) sums[i][j] = hn::MulAdd(x, y[j], sums[i][j]);
    }
  }
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) StoreSums<T, kCols>(sums[i], out + i * ldc, add);
}

template <class T>
using DotTileOf = void (*)(Size, const T*, Size, const T*, Size, T*, Size, bool);

template <class T, int kRows>
constexpr DotTileOf<T> kDotTilesOf[kDotCols] = {&DotTile<T, kRows, 1>, &DotTile<T, kRows, 2>, &DotTile<T, kRows, 3>};
template <class T>
constexpr const DotTileOf<T>* kDotTiles[kDotRows] = {kDotTilesOf<T, 1>, kDotTilesOf<T, 2>, kDotTilesOf<T, 3>,
                                                     kDotTilesOf<T, 4>};

// out[m, n] (+)= a[m, k]·b[n, k]ᵀ. The larger operand is read once, and fetched ahead of its use; the smaller one is
// read again and again.
template <class T>
void Dots(const Block<T>& block, bool add) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  const Size lda = block.lda, ldb = block.ldb, ldc = block.ldc;
  const Parts stretches(block.k, kDotDepth<T>), down(block.m, kDotRows), across(block.n, kDotCols);
  const bool rowsFirst = block.m > block.n;
  const Parts& outer = rowsFirst ? down : across;
  const Parts& inner = rowsFirst ? across : down;
  Size p = 0;
  for (Size s = 0; s < stretches.count; p += stretches[s++]) {
    Size at = 0;
    for (Size o = 0; o < outer.count; at += outer[o++]) {
      Ahead coming;
      if (o + 1 < outer.count) {
        const Size next = at + outer[o];
        coming = Ahead((rowsFirst ? block.a + next * lda : block.b + next * ldb) + p, (rowsFirst ? lda : ldb) * kBytes,
                       outer[o + 1], stretches[s] * kBytes, inner.count);
      }
      Size within = 0;
      for (Size i = 0; i < inner.count; within += inner[i++]) {
        const Size row = rowsFirst ? at : within, col = rowsFirst ? within : at;
        const Size rows = down[rowsFirst ? o : i], cols = across[rowsFirst ? i : o];
        coming.fetch();
        kDotTiles<T>[rows - 1][cols - 1](stretches[s], block.a + row * lda + p, lda, block.b + col * ldb + p, ldb,
                                         block.out + row * ldc + col, ldc, add || p > 0);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
