// Products of operands that both lie along k: a tile of the output is as many sums of vectors along k.

#if defined(BLASGRAD_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_DOT_INL_H_
#undef BLASGRAD_DOT_INL_H_
#else
#define BLASGRAD_DOT_INL_H_
#endif

#include <utility>

#include "ahead-inl.h"
#include "block.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Rows of a tile from the larger operand, which stay in the first-level cache, and from the smaller one, which come
// from the second-level cache again and again: the fewer they are, the less of it they ask.
constexpr int kDotLarger = 4;
constexpr int kDotSmaller = 3;
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

// out[j] (+)= the sum of the lanes of sums[j], from kFrom on: as many at a time as 16 bytes have elements.
template <class T, int kCols, int kFrom = 0, class V>
HWY_INLINE void StoreSums(const V (&sums)[kCols], T* out, bool add) {
  const hn::ScalableTag<T> d;
  const hn::Full128<T> block;
  constexpr int kCount = HWY_MIN(kCols - kFrom, 16 / static_cast<int>(sizeof(T)));
  constexpr int kLast = kFrom + kCount - 1;
  const auto both = [&](V a, V b)
                        HWY_ATTR { return hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)); };
  V all = both(sums[kFrom], sums[HWY_MIN(kFrom + 1, kLast)]);
  if constexpr (sizeof(T) == 4) {
    const hn::Repartition<double, decltype(d)> pairs;
    const auto first = hn::BitCast(pairs, all);
    const auto second = kCount > 2 ? hn::BitCast(pairs, both(sums[HWY_MIN(kFrom + 2, kLast)], sums[kLast])) : first;
    all = hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, first, second)),
                  hn::BitCast(d, hn::InterleaveUpper(pairs, first, second)));
  }
  StoreFirst(block, Fold(d, all), out + kFrom, kCount, add);
  if constexpr (kLast + 1 < kCols) StoreSums<T, kCols, kLast + 1>(sums, out, add);
}

// sums[i][j] += x[i]·y[j] by vectors. Those of the side that has fewer are in registers, the others come one by one.
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
    AddProducts<kRows, kCols>([&](int i) BLASGRAD_INLINED { return hn::LoadU(d, a + i * lda + p); },
                              [&](int j) BLASGRAD_INLINED { return hn::LoadU(d, b + j * ldb + p); }, sums);
  }
  if (p < depth) {
    // The last vector again, with what was summed already left out.
    const Size last = depth - lanes;
    const auto done = hn::FirstN(d, static_cast<std::size_t>(p - last));
    const auto rest = [&](const T* from)
                          BLASGRAD_INLINED { return hn::IfThenZeroElse(done, hn::LoadU(d, from + last)); };
    AddProducts<kRows, kCols>([&](int i) BLASGRAD_INLINED { return rest(a + i * lda); },
                              [&](int j) BLASGRAD_INLINED { return rest(b + j * ldb); }, sums);
  }
  BLASGRAD_UNROLL
  for (int i = 0; i < kRows; i++) StoreSums<T, kCols>(sums[i], out + i * ldc, add);
}

template <class T>
using DotTileOf = void (*)(Size, const T*, Size, const T*, Size, T*, Size, bool);

template <class T, int kMostCols, int... kLess>
HWY_INLINE DotTileOf<T> DotTileFor(Size rows, Size cols, std::integer_sequence<int, kLess...>) {
  static constexpr DotTileOf<T> kTiles[] = {&DotTile<T, kLess / kMostCols + 1, kLess % kMostCols + 1>...};
  return kTiles[(rows - 1) * kMostCols + cols - 1];
}

// out[m, n] (+)= a[m, k]·b[n, k]ᵀ by tiles of at most kRows × kCols. The larger operand is read once, and fetched ahead
// of its use; the smaller one is read again and again.
template <class T, int kRows, int kCols>
void DotsBy(const Block<T>& block, bool add) {
  constexpr Size kBytes = static_cast<Size>(sizeof(T));
  using Tiles = std::make_integer_sequence<int, kRows * kCols>;
  const Size lda = block.lda, ldb = block.ldb, ldc = block.ldc;
  const Parts stretches(block.k, kDotDepth<T>), down(block.m, kRows), across(block.n, kCols);
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
        const Size rows = rowsFirst ? outer[o] : inner[i], cols = rowsFirst ? inner[i] : outer[o];
        coming.fetch();
        DotTileFor<T, kCols>(rows, cols, Tiles())(stretches[s], block.a + row * lda + p, lda, block.b + col * ldb + p,
                                                  ldb, block.out + row * ldc + col, ldc, add || p > 0);
      }
    }
  }
}

// Tiles lie so that they have the most rows of the larger operand, unless the other way there are a tenth fewer: of 4,
// 8 or 16 rows.
template <class T>
void Dots(const Block<T>& block, bool add) {
  const Size smaller = HWY_MIN(block.m, block.n);
  const Size byFew = Parts(smaller, kDotSmaller).count * kDotSmaller;
  const Size byMany = Parts(smaller, kDotLarger).count * kDotLarger;
  const bool mostOfSmaller = byFew * 9 > byMany * 10;
  return (block.m > block.n) != mostOfSmaller ? DotsBy<T, kDotLarger, kDotSmaller>(block, add)
                                              : DotsBy<T, kDotSmaller, kDotLarger>(block, add);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
