// Tiles of a matrix product's output one below the other in one call, of which each may leave out terms: for short
// sums, where a call takes as long as a good part of a tile, and for products of which a half is not wanted.

#if defined(BLASGRAD_TILE_COLUMN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_TILE_COLUMN_INL_H_
#undef BLASGRAD_TILE_COLUMN_INL_H_
#else
#define BLASGRAD_TILE_COLUMN_INL_H_
#endif

#include "outer_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// What becomes of sums: stored, or added to what there is. Of an output that may be in no cache the next tile's rows
// are fetched while they are made: else the stores would wait for them, a row after the other.
enum TileStore { kTileSet = 0, kTileAdd = 1, kTileFetch = 2 };

// Tiles of kRows rows one below the other: out[rows, width] (+)= left[rows, depth]·right[depth, kVectors vectors]. For
// each row above it a tile leaves out `less` terms, the first `skip` ones among them. Copies the right operand's rows
// to `panel` on the way where kFill. The left operand comes as numbers, as OuterTile's does.
template <class T, int kRows, int kVectors, bool kFill, class D = hn::ScalableTag<T>>
void TileColumn(Size tiles, Size depth, Size less, Size skip, const T* left, Size leftRow, Size leftCol, const T* right,
                Size rightRow, T* panel, T* out, Size outRow, Size width, int store) {
  const D d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  const bool add = (store & kTileAdd) != 0;
  for (; tiles > 0; tiles--) {
    V sums[kRows][kVectors];
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) sums[i][v] = hn::Zero(d);
    }
    if ((store & kTileFetch) != 0) FetchNextTile<kRows>(out, outRow, width);
    const T* a = left;
    const T* b = right;
    BLASGRAD_UNROLL_SOME
    for (Size p = 0; p < depth; p++) {
      V y[kVectors];
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) {
        y[v] = hn::LoadU(d, b + v * lanes);
        if constexpr (kFill) hn::Store(y[v], d, panel + (p * kVectors + v) * lanes);
      }
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) {
        const V x = hn::Set(d, a[i * leftRow]);
        BLASGRAD_UNROLL
        for (int v = 0; v < kVectors; v++) sums[i][v] = hn::MulAdd(x, y[v], sums[i][v]);
      }
      a += leftCol;
      b += rightRow;
    }
    left += kRows * (leftRow + skip * leftCol);
    right += kRows * skip * rightRow;
    depth -= kRows * less;
    out = StoreTile(d, sums, out, outRow, width, add);
  }
}

template <class T>
using TileColumnOf = void (*)(Size, Size, Size, Size, const T*, Size, Size, const T*, Size, T*, T*, Size, Size, int);

template <class T, int kVectors, bool kFill, class D = hn::ScalableTag<T>, int... kLess>
HWY_INLINE TileColumnOf<T> TileColumnFor(Size rows, std::integer_sequence<int, kLess...>) {
  static constexpr TileColumnOf<T> kTiles[] = {&TileColumn<T, kLess + 1, kVectors, kFill, D>...};
  return kTiles[rows - 1];
}

// out[m, width] (+)= left[m, depth]·right, `right` in rows of kVectors whole vectors, with `less` and `skip` as above.
template <class T, int kVectors, class D = hn::ScalableTag<T>>
HWY_INLINE void TileRows(const Parts& tiles, Size depth, Size less, Size skip, Size width, Strided<T> left,
                         const T* right, Size rightRow, T* out, Size outRow, int store) {
  using Rows = std::make_integer_sequence<int, kOuterRows<kVectors>>;
  const Size above = (tiles.each + 1) * tiles.longer;
  if (above > 0) {
    TileColumnFor<T, kVectors, false, D>(tiles.each + 1, Rows())(tiles.longer, depth, less, skip, left.at, left.row,
                                                                 left.col, right, rightRow, nullptr, out, outRow, width,
                                                                 store);
    left.at += above * (left.row + skip * left.col);
    right += above * skip * rightRow;
    out += above * outRow;
  }
  if (tiles.count > tiles.longer) {
    TileColumnFor<T, kVectors, false, D>(tiles.each, Rows())(tiles.count - tiles.longer, depth - above * less, less,
                                                             skip, left.at, left.row, left.col, right, rightRow,
                                                             nullptr, out, outRow, width, store);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
