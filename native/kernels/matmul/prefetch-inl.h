// A software prefetcher that spreads the cache lines of a block over the iterations of the computation before its use.

#if defined(BLASGRAD_PREFETCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PREFETCH_INL_H_
#undef BLASGRAD_PREFETCH_INL_H_
#else
#define BLASGRAD_PREFETCH_INL_H_
#endif

#include "partition-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr Size kCacheLineBytes = 64;

class Prefetcher {
 public:
  Prefetcher() = default;
  // A block of `rows` × `rowBytes` with a row stride of `strideBytes`, prefetched in `steps` calls of Step().
  Prefetcher(const void* block, Size strideBytes, Size rows, Size rowBytes, Size steps)
      : at_(static_cast<const char*>(block)), strideBytes_(strideBytes), rows_(rows), rowBytes_(rowBytes) {
    const Size lines = rows * ((rowBytes + kCacheLineBytes - 1) / kCacheLineBytes);
    linesPerStep_ = Quotient(lines + steps - 1, steps);
  }

  // Into L1, or into L2 alone: L1 holds the packed panel in use, which data that is needed more than a micro-tile later
  // would evict.
  template <bool kIntoL1>
  void Step() {
    for (Size left = linesPerStep_; left > 0 && rows_ > 0; left--) {
      if constexpr (kIntoL1) {
        BLASGRAD_PREFETCH(at_ + offset_);
      } else {
        BLASGRAD_PREFETCH_L2(at_ + offset_);
      }
      offset_ += kCacheLineBytes;
      if (offset_ < rowBytes_) continue;
      offset_ = 0;
      at_ += strideBytes_;
      rows_--;
    }
  }

 private:
  const char* at_ = nullptr;
  Size strideBytes_ = 0, rows_ = 0, rowBytes_ = 0, offset_ = 0;
  Size linesPerStep_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
