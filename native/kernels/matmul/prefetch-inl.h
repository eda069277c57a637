// Memory that is fetched into the caches little by little while something else is computed.

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
  // `rows` stretches of `bytes`, `apart` bytes from one to the next, in so many turns.
  Prefetcher(const void* at, Size apart, Size rows, Size bytes, Size turns)
      : at_(static_cast<const char*>(at)), apart_(apart), rows_(rows), bytes_(bytes) {
    const Size lines = rows * ((bytes + kCacheLineBytes - 1) / kCacheLineBytes);
    each_ = Quotient(lines + turns - 1, turns);
  }

  // Into the nearest cache, or into the second only: what is more than a turn away would push out what is in use.
  template <bool kNearest>
  void fetch() {
    for (Size left = each_; left > 0 && rows_ > 0; left--) {
      if constexpr (kNearest) {
        BLASGRAD_PREFETCH(at_ + offset_);
      } else {
        BLASGRAD_PREFETCH_L2(at_ + offset_);
      }
      offset_ += kCacheLineBytes;
      if (offset_ < bytes_) continue;
      offset_ = 0;
      at_ += apart_;
      rows_--;
    }
  }

 private:
  const char* at_ = nullptr;
  Size apart_ = 0, rows_ = 0, bytes_ = 0, offset_ = 0;
  Size each_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
