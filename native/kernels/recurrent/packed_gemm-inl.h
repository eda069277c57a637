// GEMMs that share a right operand, which is packed once for all of them.

#if defined(BLASGRAD_PACKED_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PACKED_GEMM_INL_H_
#undef BLASGRAD_PACKED_GEMM_INL_H_
#else
#define BLASGRAD_PACKED_GEMM_INL_H_
#endif

#include <algorithm>
#include <limits>

#include "kernels/convolution/patch_product-inl.h"
#include "kernels/base/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Packs b [k, n], or transposed [n, k], into panels [1 + k, width] in the thread's scratch memory, padded with zeros.
// The first row of a panel is the initial value of the accumulators, a bias.
template <class T>
class PackedGemm {
  using D = hn::ScalableTag<T>;

 public:
  // The most vectors of a panel, and the most rows of the left operand whose sums fit a block.
  static constexpr int kWidest = 4;
  static constexpr Size kRows = kBlockVectors / kWidest;
  static constexpr Size kMostDepth = 2048;
  // KC: so much of a panel stays in L1.
  static constexpr Size kPanelKc = 32768 / (kWidest * static_cast<Size>(hn::MaxLanes(D()) * sizeof(T)));

  // Whether scratch memory has room.
  static bool Fits(Size n, Size k) {
    const Size lanes = LanesOf(D());
    return k <= kMostDepth && n <= kPackedElements && (n + lanes - 1) / lanes * lanes * (k + 1) <= kPackedElements;
  }

  // `init` is [n], or null for 0.
  PackedGemm(Size n, Size k, const T* b, bool transposed, const T* init)
      : n_(n), k_(k), panels_(static_cast<T*>(threadScratch())) {
    for (Size p = 0; p < k; p++) depthAt_[p] = static_cast<At>(p);
    for (Size j = 0, width = 0; j < n; j += width) {
      width = VectorsAt(j) * lanes_;
      const Size columns = HWY_MIN(width, n - j);
      T* panel = panels_ + j * (k + 1);
      std::fill_n(panel, columns < width ? width * (k + 1) : width, T(0));
      if (init != nullptr) std::copy_n(init + j, columns, panel);
      panel += width;
      if (transposed) {
        TransposeBlock(columns, k, b + j * k, k, panel, width);
      } else {
        for (Size p = 0; p < k; p++) std::copy_n(b + p * n + j, columns, panel + p * width);
      }
    }
  }

  // out[m, n] (+)= init + a[m, k]·b, with row strides lda and ldc.
  void times(Size m, const T* a, Size lda, T* out, Size ldc, bool add) const {
    HWY_ALIGN static constexpr T kZeros[kWidest * hn::MaxLanes(D())] = {};
    const Size most = HWY_MIN(kRows, HWY_MAX(Size(1), std::numeric_limits<At>::max() / HWY_MAX(lda, Size(1))));
    const Size parts = (m + most - 1) / most;
    At rowAt[kRows];
    for (Size i = 0; i < HWY_MIN(most, m); i++) rowAt[i] = static_cast<At>(i * lda);
    HWY_ALIGN T block[kBlockElements<D>];
    for (Size i = 0, part = 0, rows = 0; part < parts; part++, i += rows) {
      // Equal chunks, since each reads all panels.
      rows = (m - i + parts - part - 1) / (parts - part);
      for (Size j = 0, width = 0; j < n_; j += width) {
        const Size vectors = VectorsAt(j);
        width = vectors * lanes_;
        const T* const panel = panels_ + j * (k_ + 1);
        static constexpr decltype(&PatchBlock<D, 1>) kBlocks[] = {&PatchBlock<D, 1>, &PatchBlock<D, 2>,
                                                                  &PatchBlock<D, 3>, &PatchBlock<D, kWidest>};
        for (Size p = 0; p < k_; p += kPanelKc) {
          kBlocks[vectors - 1](a + i * lda, rows, rowAt, HWY_MIN(kPanelKc, k_ - p), depthAt_ + p,
                               panel + (p + 1) * width, p == 0 ? panel : kZeros, block, p > 0);
        }
        store(block, rows, width, HWY_MIN(width, n_ - j), out + i * ldc + j, ldc, add);
      }
    }
  }

 private:
  static constexpr Size kPackedElements = kScratchParts * kScratchElements;

  // The vectors of the panel from column j on: three, or four where one would be left over.
  Size VectorsAt(Size j) const {
    const Size left = (n_ - j + lanes_ - 1) / lanes_;
    return left <= kWidest ? left : 3;
  }

  void store(const T* block, Size rows, Size width, Size columns, T* out, Size ldc, bool add) const {
    const D d;
    for (Size r = 0; r < rows; r++, block += width, out += ldc) {
      for (Size c = 0; c < columns; c += LanesOf(d)) StoreFirst(d, hn::Load(d, block + c), out + c, columns - c, add);
    }
  }

  Size n_, k_;
  T* panels_;
  Size lanes_ = LanesOf(D());
  At depthAt_[kMostDepth];
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
