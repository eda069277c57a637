// The implicit GEMM's micro-kernel with vectors along pixels, for few output channels and depthwise convolutions. A
// block's pixels and the padding between its rows are one line; results for the padding are dropped.

#if defined(BLASGRAD_PIXEL_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PIXEL_PRODUCT_INL_H_
#undef BLASGRAD_PIXEL_PRODUCT_INL_H_
#else
#define BLASGRAD_PIXEL_PRODUCT_INL_H_
#endif

#include <utility>

#include "kernels/matmul/partition-inl.h"
#include "patch_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The shape of a tile: its twelve accumulators and the vectors that it reads fit the 16 registers of AVX2. Tiles of one
// or two outputs are bound by their unaligned loads.
constexpr int kMaxPixelOuts = 6;
template <int kOuts>
constexpr int kPixelVectors = kOuts == 1   ? 8
                              : kOuts == 2 ? 4
                                           : 12 / kOuts;
// Twice as many accumulators in the 32 registers of AVX-512, unless there are few taps: then stores are a large part of
// the work, and a large tile's come all at once.
template <int kOuts>
constexpr int kTallPixelVectors = kOuts <= 2 ? kPixelVectors<kOuts> : kPatchSums / kOuts;
constexpr Size kFewTaps = 32;
// The most elements of all lines of a block.
constexpr Size kLineElements = 16384;

// The outputs of the next panel along pixels when `left` outputs are left.
HWY_INLINE Size PixelOuts(Size left) { return Partition(left, kMaxPixelOuts)[0]; }

// How many of `outs` output channels have vectors along outputs; the others have them along pixels. `pixels` and
// `vectors` are a block's. The costs were measured on AVX2, in hundredths of a cycle for each tap: of a pixel with one,
// two or three vectors of outputs (with one, broadcasts are the bound, one a cycle), and of a vector of pixels with 1 …
// 6 outputs, of which `times` percent are counted.
template <class T>
inline Size OutsAlongVectors(Size outs, Size pixels, Size vectors, Size times) {
  constexpr Size kOne = 82, kTwo = 106, kThree = 150;
  constexpr Size kPixels[] = {88, 150, 150, 200, 250, 300};
  const Size lanes = LanesOf(PatchTag<T>());
  Size best = outs, least = 0;
  for (Size full = (outs + lanes - 1) / lanes, i = 0; full >= 0 && i < 3; full--, i++) {
    const Size rest = HWY_MAX(Size(0), outs - full * lanes);
    Size cost = pixels * (full % 2 == 0 ? full / 2 * kTwo : full == 1 ? kOne : (full - 3) / 2 * kTwo + kThree);
    for (Size left = rest; left > 0; left -= PixelOuts(left)) {
      cost += kPixels[PixelOuts(left) - 1] * vectors * times / 100;
    }
    if (i > 0 && (cost >= least || rest * vectors * lanes > kLineElements)) continue;
    least = cost;
    best = outs - rest;
  }
  return best;
}

// lines[kOuts, …] = init[kOuts] + Σ over taps of weights[depth, kOuts]·pixels for `tiles` tiles of kVectors vectors of
// pixels. Lines are `line` elements apart.
template <class T, int kOuts, int kVectors>
void PixelTiles(Size tiles, const T* patch, Size depth, const At* depthAt, const T* weights, const T* init, T* lines,
                Size line) {
  const PatchTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  for (; tiles > 0; tiles--, patch += kVectors * lanes, lines += kVectors * lanes) {
    V sums[kOuts][kVectors];
    BLASGRAD_UNROLL
    for (int j = 0; j < kOuts; j++) {
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) sums[j][v] = hn::Set(d, init[j]);
    }
    const T* factors = weights;
    for (Size p = 0; p < depth; p++, factors += kOuts) {
      const T* const pixels = patch + depthAt[p];
      if constexpr (kOuts <= kVectors) {
        V w[kOuts];
        BLASGRAD_UNROLL
        for (int j = 0; j < kOuts; j++) w[j] = InRegister<kVectors>(hn::Set(d, factors[j]));
        BLASGRAD_UNROLL
        for (int v = 0; v < kVectors; v++) {
          const V x = InRegister<kOuts>(hn::LoadU(d, pixels + v * lanes));
          BLASGRAD_UNROLL
          for (int j = 0; j < kOuts; j++) sums[j][v] = hn::MulAdd(x, w[j], sums[j][v]);
        }
      } else {
        V x[kVectors];
        BLASGRAD_UNROLL
        for (int v = 0; v < kVectors; v++) x[v] = InRegister<kOuts>(hn::LoadU(d, pixels + v * lanes));
        BLASGRAD_UNROLL
        for (int j = 0; j < kOuts; j++) {
          const V w = InRegister<kVectors>(hn::Set(d, factors[j]));
          BLASGRAD_UNROLL
          for (int v = 0; v < kVectors; v++) sums[j][v] = hn::MulAdd(x[v], w, sums[j][v]);
        }
      }
    }
    BLASGRAD_UNROLL
    for (int j = 0; j < kOuts; j++) {
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) hn::StoreU(sums[j][v], d, lines + j * line + v * lanes);
    }
  }
}

template <class T>
using PixelTilesOf = void (*)(Size, const T*, Size, const At*, const T*, const T*, T*, Size);

template <class T, int kOuts, int... kLess>
HWY_INLINE PixelTilesOf<T> PixelTilesFor(Size vectors, std::integer_sequence<int, kLess...>) {
  static constexpr PixelTilesOf<T> kTiles[] = {&PixelTiles<T, kOuts, kLess + 1>...};
  return kTiles[vectors - 1];
}

template <class T, int kOuts>
void PixelPanel(const T* patch, Size vectors, Size depth, const At* depthAt, const T* weights, const T* init,
                T* lines) {
  using Vectors = std::make_integer_sequence<int, kTallPixelVectors<kOuts>>;
  const Size lanes = LanesOf(PatchTag<T>());
  const Partition tiles(vectors, depth > kFewTaps ? kTallPixelVectors<kOuts> : kPixelVectors<kOuts>);
  const Size longer = tiles.longer * (tiles.each + 1) * lanes;
  if (longer > 0) {
    PixelTilesFor<T, kOuts>(tiles.each + 1, Vectors())(tiles.longer, patch, depth, depthAt, weights, init, lines,
                                                       vectors * lanes);
  }
  PixelTilesFor<T, kOuts>(tiles.each, Vectors())(tiles.count - tiles.longer, patch + longer, depth, depthAt, weights,
                                                 init, lines + longer, vectors * lanes);
}

// sums[kTaps, kOuts, lanes] += g[kOuts, vectors] times the pixels that each tap reads, where `mask` is set: the
// elements between rows are undefined. Lines of g are `line` elements apart.
template <class T, int kOuts, int kTaps>
void PixelDotTile(const T* patch, const At* tapAt, Size vectors, const T* mask, const T* g, Size line, T* sums) {
  const PatchTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  V all[kTaps][kOuts];
  const T* taps[kTaps];
  BLASGRAD_UNROLL
  for (int t = 0; t < kTaps; t++) {
    taps[t] = patch + tapAt[t];
    BLASGRAD_UNROLL
    for (int j = 0; j < kOuts; j++) all[t][j] = hn::Zero(d);
  }
  for (Size i = 0; i < vectors * lanes; i += lanes) {
    const V within = InRegister<kTaps>(hn::LoadU(d, mask + i));
    if constexpr (kOuts <= kTaps) {
      V gradients[kOuts];
      BLASGRAD_UNROLL
      for (int j = 0; j < kOuts; j++) gradients[j] = InRegister<kTaps>(hn::LoadU(d, g + j * line + i));
      BLASGRAD_UNROLL
      for (int t = 0; t < kTaps; t++) {
        const V x = hn::And(within, hn::LoadU(d, taps[t] + i));
        BLASGRAD_UNROLL
        for (int j = 0; j < kOuts; j++) all[t][j] = hn::MulAdd(x, gradients[j], all[t][j]);
      }
    } else {
      V x[kTaps];
      BLASGRAD_UNROLL
      for (int t = 0; t < kTaps; t++) x[t] = hn::And(within, hn::LoadU(d, taps[t] + i));
      BLASGRAD_UNROLL
      for (int j = 0; j < kOuts; j++) {
        const V gradient = InRegister<kTaps>(hn::LoadU(d, g + j * line + i));
        BLASGRAD_UNROLL
        for (int t = 0; t < kTaps; t++) all[t][j] = hn::MulAdd(x[t], gradient, all[t][j]);
      }
    }
  }
  BLASGRAD_UNROLL
  for (int t = 0; t < kTaps; t++) {
    BLASGRAD_UNROLL
    for (int j = 0; j < kOuts; j++) {
      T* const to = sums + (t * kOuts + j) * lanes;
      hn::StoreU(hn::Add(hn::LoadU(d, to), all[t][j]), d, to);
    }
  }
}

template <class T>
using PixelDotTileOf = void (*)(const T*, const At*, Size, const T*, const T*, Size, T*);

template <class T, int kOuts, int... kLess>
HWY_INLINE PixelDotTileOf<T> PixelDotTileFor(Size taps, std::integer_sequence<int, kLess...>) {
  static constexpr PixelDotTileOf<T> kTiles[] = {&PixelDotTile<T, kOuts, kLess + 1>...};
  return kTiles[taps - 1];
}

template <class T, int kOuts>
void PixelDotPanel(const T* patch, Size taps, const At* tapAt, Size vectors, const T* mask, const T* g, Size line,
                   T* sums) {
  using Taps = std::make_integer_sequence<int, kPixelVectors<kOuts>>;
  const Size lanes = LanesOf(PatchTag<T>());
  const Partition tiles(taps, kPixelVectors<kOuts>);
  Size from = 0;
  for (Size tile = 0; tile < tiles.count; from += tiles[tile++]) {
    PixelDotTileFor<T, kOuts>(tiles[tile], Taps())(patch, tapAt + from, vectors, mask, g, line,
                                                   sums + from * kOuts * lanes);
  }
}

// lines[outs, vectors] = init[outs] + Σ over taps of weights[depth, outs]·pixels.
template <class T>
HWY_INLINE void PixelProduct(Size outs, const T* patch, Size vectors, Size depth, const At* depthAt, const T* weights,
                             const T* init, T* lines) {
  static constexpr decltype(&PixelPanel<T, 1>) kPanels[] = {&PixelPanel<T, 1>, &PixelPanel<T, 2>, &PixelPanel<T, 3>,
                                                            &PixelPanel<T, 4>, &PixelPanel<T, 5>, &PixelPanel<T, 6>};
  kPanels[outs - 1](patch, vectors, depth, depthAt, weights, init, lines);
}

// sums[taps, outs, lanes] += g[outs, vectors] times the pixels that each tap reads, where `mask` is set.
template <class T>
HWY_INLINE void AddPixelDots(Size outs, const T* patch, Size taps, const At* tapAt, Size vectors, const T* mask,
                             const T* g, Size line, T* sums) {
  static constexpr decltype(&PixelDotPanel<T, 1>) kPanels[] = {&PixelDotPanel<T, 1>, &PixelDotPanel<T, 2>,
                                                               &PixelDotPanel<T, 3>, &PixelDotPanel<T, 4>,
                                                               &PixelDotPanel<T, 5>, &PixelDotPanel<T, 6>};
  kPanels[outs - 1](patch, taps, tapAt, vectors, mask, g, line, sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
