// A right operand that many products share, packed once for all of them.

#if defined(BLASGRAD_PACKED_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PACKED_PRODUCT_INL_H_
#undef BLASGRAD_PACKED_PRODUCT_INL_H_
#else
#define BLASGRAD_PACKED_PRODUCT_INL_H_
#endif

#include <limits>

#include "patch_product-inl.h"
#include "scratch.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// b [n, k], as panels [k, width] of its rows turned, the last filled up with zeros; in the thread's scratch memory.
template <class T>
class PackedRight {
 public:
  // Rows of the left operand are taken as many at a time; their sums are as many as fit a block.
  static constexpr Size kRows = kBlockVectors / kMostVectors;
  static constexpr Size kMostDepth = 2048;

  // Whether there is room.
  static bool Fits(Size n, Size k) {
    const Size width = kMostVectors * LanesOf(hn::ScalableTag<T>());
    return k <= kMostDepth && n <= kPackedElements && (n + width - 1) / width * width * k <= kPackedElements;
  }

  PackedRight(Size n, Size k, const T* b) : n_(n), k_(k), panels_(static_cast<T*>(threadScratch())) {
    for (Size p = 0; p < k; p++) depthAt_[p] = static_cast<At>(p);
    for (Size j = 0; j < n; j += width_) {
      T* const panel = panels_ + j * k;
      const Size columns = HWY_MIN(width_, n - j);
      if (columns < width_) std::memset(panel, 0, sizeof(T) * static_cast<std::size_t>(width_ * k));
      TransposeBlock(columns, k, b + j * k, k, panel, width_);
    }
  }

  // out[m, n] += a[m, k]·bᵀ, rows `lda` and `ldc` apart.
  void addTo(Size m, const T* a, Size lda, T* out, Size ldc) const {
    constexpr T kZeros[kMostVectors * hn::MaxLanes(hn::ScalableTag<T>())] = {};
    const Size most = HWY_MIN(kRows, HWY_MAX(Size(1), std::numeric_limits<At>::max() / HWY_MAX(lda, Size(1))));
    At rowAt[kRows];
    for (Size i = 0; i < HWY_MIN(most, m); i++) rowAt[i] = static_cast<At>(i * lda);
    HWY_ALIGN T block[kBlockElements<T>];
    for (Size i = 0; i < m; i += most) {
      const Size rows = HWY_MIN(most, m - i);
      for (Size j = 0; j < n_; j += width_) {
        PatchBlock<T, kMostVectors>(a + i * lda, rows, rowAt, k_, depthAt_, panels_ + j * k_, kZeros, block, false);
        addBlock(block, rows, HWY_MIN(width_, n_ - j), out + i * ldc + j, ldc);
      }
    }
  }

 private:
  static constexpr Size kPackedElements = kScratchParts * kScratchElements;

  void addBlock(const T* block, Size rows, Size columns, T* out, Size ldc) const {
    const hn::ScalableTag<T> d;
    for (Size r = 0; r < rows; r++, block += width_, out += ldc) {
      for (Size c = 0; c < columns; c += LanesOf(d)) StoreFirst(d, hn::Load(d, block + c), out + c, columns - c, true);
    }
  }

  Size n_, k_;
  T* panels_;
  Size width_ = kMostVectors * LanesOf(hn::ScalableTag<T>());
  At depthAt_[kMostDepth];
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
