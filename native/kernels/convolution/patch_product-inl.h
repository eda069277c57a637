// The implicit GEMM's micro-kernel with vectors along output channels: element (i, p) of the left operand is broadcast
// from patch[rowAt[i] + depthAt[p]] in L1; the right operand is a packed panel of weights.

#if defined(BLASGRAD_PATCH_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PATCH_PRODUCT_INL_H_
#undef BLASGRAD_PATCH_PRODUCT_INL_H_
#else
#define BLASGRAD_PATCH_PRODUCT_INL_H_
#endif

#include <utility>

#include "kernels/matmul/partition-inl.h"
#include "kernels/base/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

using At = std::int32_t;

// At most 32 bytes on any instruction set: longer vectors leave more lanes empty in the last channels, and do no more
// multiply-adds a cycle on Zen 4 (docs/performance/cnn.md).
template <class T>
using PatchTag = hn::CappedTag<T, 32 / sizeof(T)>;

// Twelve accumulators and the panel's vectors fit the 16 registers of AVX2, twice as many the 32 of AVX-512. The
// addresses of more than 8 rows would spill.
constexpr int kMaxVectors = 3;
constexpr int kPatchSums = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3 ? 24 : 12;
template <int kVectors>
constexpr int kPatchRows = HWY_MIN(8, kPatchSums / kVectors);
// The vectors of a block of sums, which is stored transposed as a whole: a multiple of every tile's vectors.
constexpr Size kBlockVectors = 144;
template <class D>
constexpr Size kBlockElements = kBlockVectors * static_cast<Size>(hn::MaxLanes(D()));

// The vectors of the next panel when `columns` columns are left: two, or three where two would leave one.
template <class T>
HWY_INLINE int PanelVectors(Size columns) {
  const Size lanes = LanesOf(PatchTag<T>());
  const Size vectors = (columns + lanes - 1) / lanes;
  return vectors == 1 ? 1 : vectors % 2 == 0 ? 2 : 3;
}

// block[rows, width] (+)= init[width] + left[rows, depth]·panel[depth, width] for `tiles` tiles of kRows rows; width is
// kVectors vectors.
template <class D, int kRows, int kVectors, class T = hn::TFromD<D>>
void PatchTiles(Size tiles, const T* patch, const At* rowAt, Size depth, const At* depthAt, const T* panel,
                const T* init, T* block, bool add) {
  const D d;
  using V = hn::Vec<D>;
  const Size lanes = LanesOf(d);
  for (; tiles > 0; tiles--, rowAt += kRows, block += kRows * kVectors * lanes) {
    V sums[kRows][kVectors];
    const T* rows[kRows];
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      rows[i] = patch + rowAt[i];
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) sums[i][v] = hn::Load(d, init + v * lanes);
    }
    const T* right = panel;
    for (Size p = 0; p < depth; p++, right += kVectors * lanes) {
      const Size at = depthAt[p];
      V b[kVectors];
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) b[v] = InRegister<kRows>(hn::Load(d, right + v * lanes));
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) {
        const V x = InRegister<kVectors>(hn::Set(d, rows[i][at]));
        BLASGRAD_UNROLL
        for (int v = 0; v < kVectors; v++) sums[i][v] = hn::MulAdd(x, b[v], sums[i][v]);
      }
    }
    if (add) {
      BLASGRAD_UNROLL
      for (int i = 0; i < kRows; i++) {
        BLASGRAD_UNROLL
        for (int v = 0; v < kVectors; v++) {
          sums[i][v] = hn::Add(hn::Load(d, block + (i * kVectors + v) * lanes), sums[i][v]);
        }
      }
    }
    BLASGRAD_UNROLL
    for (int i = 0; i < kRows; i++) {
      BLASGRAD_UNROLL
      for (int v = 0; v < kVectors; v++) hn::Store(sums[i][v], d, block + (i * kVectors + v) * lanes);
    }
  }
}

template <class T>
using PatchTilesOf = void (*)(Size, const T*, const At*, Size, const At*, const T*, const T*, T*, bool);

template <class D, int kVectors, int... kLess>
HWY_INLINE PatchTilesOf<hn::TFromD<D>> PatchTilesFor(Size rows, std::integer_sequence<int, kLess...>) {
  static constexpr PatchTilesOf<hn::TFromD<D>> kTiles[] = {&PatchTiles<D, kLess + 1, kVectors>...};
  return kTiles[rows - 1];
}

// The target of blocks of sums: row r, column c is stored at, or added to, out[c·column + r], or out[c·column + at[r]]
// where `at` is not null.
template <class T>
struct Target {
  T* out;
  Size column;
  Size columns;
  const At* at;
  bool add;
};

// Stores a block [count, width], which begins at row `from`, into its target, transposed.
template <class T>
HWY_INLINE void StoreBlock(const T* block, Size width, Size from, Size count, const Target<T>& target) {
  if (target.at == nullptr && !target.add) {
    TransposeBlock(count, target.columns, block, width, target.out + from, target.column);
    return;
  }
  const PatchTag<T> d;
  HWY_ALIGN T transposed[kBlockElements<PatchTag<T>>];
  TransposeBlock(count, target.columns, block, width, transposed, count);
  for (Size c = 0; c < target.columns; c++) {
    const T* const sums = transposed + c * count;
    T* const out = target.out + c * target.column;
    if (target.at == nullptr) {
      for (Size r = 0; r < count; r += LanesOf(d)) {
        StoreFirst(d, LoadUpTo(d, sums + r, count - r), out + from + r, HWY_MIN(LanesOf(d), count - r), true);
      }
    } else if (target.add) {
      for (Size r = 0; r < count; r++) out[target.at[from + r]] += sums[r];
    } else {
      for (Size r = 0; r < count; r++) out[target.at[from + r]] = sums[r];
    }
  }
}

// block[rows, width] (+)= init + left[rows, depth]·panel[depth, width], by tiles.
template <class D, int kVectors, class T = hn::TFromD<D>>
void PatchBlock(const T* patch, Size rows, const At* rowAt, Size depth, const At* depthAt, const T* panel,
                const T* init, T* block, bool add) {
  using Rows = std::make_integer_sequence<int, kPatchRows<kVectors>>;
  const Size width = kVectors * LanesOf(D());
  const Partition tiles(rows, kPatchRows<kVectors>);
  const Size longer = tiles.longer * (tiles.each + 1);
  if (longer > 0) {
    PatchTilesFor<D, kVectors>(tiles.each + 1, Rows())(tiles.longer, patch, rowAt, depth, depthAt, panel, init, block,
                                                       add);
  }
  PatchTilesFor<D, kVectors>(tiles.each, Rows())(tiles.count - tiles.longer, patch, rowAt + longer, depth, depthAt,
                                                 panel, init, block + longer * width, add);
}

template <class T, int kVectors>
void PatchPanel(const T* patch, Size rows, const At* rowAt, Size depth, const At* depthAt, const T* panel,
                const T* init, const Target<T>& target) {
  constexpr Size kRows = kBlockVectors / kVectors;
  HWY_ALIGN T block[kBlockElements<PatchTag<T>>];
  for (Size from = 0; from < rows; from += kRows) {
    const Size count = HWY_MIN(kRows, rows - from);
    PatchBlock<PatchTag<T>, kVectors>(patch, count, rowAt + from, depth, depthAt, panel, init, block, false);
    StoreBlock(block, kVectors * LanesOf(PatchTag<T>()), from, count, target);
  }
}

// target[rows, columns] (+)= init + left[rows, depth]·panel[depth, width], a panel of `vectors` vectors.
template <class T>
HWY_INLINE void PatchProduct(int vectors, const T* patch, Size rows, const At* rowAt, Size depth, const At* depthAt,
                             const T* panel, const T* init, const Target<T>& target) {
  const auto run = vectors == 1 ? &PatchPanel<T, 1> : vectors == 2 ? &PatchPanel<T, 2> : &PatchPanel<T, 3>;
  run(patch, rows, rowAt, depth, depthAt, panel, init, target);
}

// sums[rows, width] += left[rows, depth]·panel[depth, width].
template <class T>
HWY_INLINE void AddPatchProduct(int vectors, const T* patch, Size rows, const At* rowAt, Size depth, const At* depthAt,
                                const T* panel, T* sums) {
  HWY_ALIGN static constexpr T kZeros[kMaxVectors * hn::MaxLanes(PatchTag<T>())] = {};
  const auto run = vectors == 1   ? &PatchBlock<PatchTag<T>, 1>
                   : vectors == 2 ? &PatchBlock<PatchTag<T>, 2>
                                  : &PatchBlock<PatchTag<T>, 3>;
  run(patch, rows, rowAt, depth, depthAt, panel, kZeros, sums, true);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
