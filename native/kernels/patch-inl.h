// A patch of an image: what a block of pixels reads through its windows, with zeros for what lies outside the image, in
// memory of its own. Element (pixel p, tap k) is at memory[pixelAt[p] + tapAt[k]].

#if defined(BLASGRAD_PATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PATCH_INL_H_
#undef BLASGRAD_PATCH_INL_H_
#else
#define BLASGRAD_PATCH_INL_H_
#endif

#include "patch_product-inl.h"
#include "scratch.h"
#include "window.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr Size kMostPixels = 512;
constexpr Size kMostTaps = 2048;
// Where the elements of each pixel are gathered apart.
constexpr Size kGatheredPixels = 64;
constexpr Size kGatheredTaps = 512;
// Blocks of fewer pixels would leave tiles short: channels are cut first.
constexpr Size kFewPixels = 96;

// How an image is cut into patches: pixels `rows` × `cols`, and of each channel `taps` of the window's.
struct Cutting {
  Size rows, cols, channels, taps;
  // Whether the elements of each pixel are gathered, since the image around them is too large.
  bool gathers;
};

// Planes a power of two apart would push one another out of the cache.
HWY_INLINE Size PlaneOf(Size rows, Size cols) {
  const Size plane = rows * cols;
  return plane % 256 < 16 ? plane + 16 : plane;
}

HWY_INLINE void Halve(Size& size) { size = (size + 1) / 2; }

// `taps`: the most that a patch may have.
inline Cutting CutImage(const AxisTaps& v, const AxisTaps& h, Size channels, Size rows, Size cols, Size taps) {
  const Size each = v.count * h.count;
  Cutting cut{rows, cols, each > taps ? 1 : HWY_MIN(channels, taps / HWY_MAX(each, Size(1))), HWY_MIN(each, taps),
              false};
  while (cut.rows * cut.cols > kMostPixels) Halve(cut.rows > 1 ? cut.rows : cut.cols);
  while (HWY_MAX(cut.channels, Size(1)) * PlaneOf(v.reach(cut.rows), h.reach(cut.cols)) > kScratchElements) {
    if (cut.rows > 1 && cut.rows * cut.cols > kFewPixels) {
      Halve(cut.rows);
    } else if (cut.channels > 1) {
      Halve(cut.channels);
    } else if (cut.rows > 1) {
      Halve(cut.rows);
    } else if (cut.cols > 1) {
      Halve(cut.cols);
    } else {
      return {1, HWY_MIN(cols, kGatheredPixels), HWY_MIN(channels, Size(1)), HWY_MIN(each, kGatheredTaps), true};
    }
  }
  return cut;
}

// Planes of one image.
template <class T>
struct Planes {
  const T* data;
  Size height, width;
};

template <class T>
HWY_INLINE void CopyRow(const T* from, Size count, T* to) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  if (count < lanes) {
    for (Size i = 0; i < count; i++) to[i] = from[i];
    return;
  }
  for (Size i = 0; i + lanes <= count; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  hn::StoreU(hn::LoadU(d, from + count - lanes), d, to + count - lanes);
}

template <class T>
class Patch {
 public:
  Patch(const AxisTaps& v, const AxisTaps& h, const Cutting& cut, T* memory)
      : v_(v), h_(h), cut_(cut), memory_(memory), width_(h.reach(cut.cols)) {
    plane_ = PlaneOf(v.reach(cut.rows), width_);
  }

  // Taps `from` … from + count − 1 of each of so many channels, by channel.
  void setTaps(Size channels, Size from, Size count) {
    channels_ = channels;
    from_ = from;
    taps_ = count;
    At* at = tapAt;
    for (Size c = 0; c < channels; c++) {
      for (Size t = from; t < from + count; t++, at++) {
        if (cut_.gathers) {
          *at = static_cast<At>(at - tapAt);
        } else {
          *at = static_cast<At>(c * plane_ + (t / h_.count * v_.move - v_.least()) * width_ + t % h_.count * h_.move -
                                h_.least());
        }
      }
    }
    rows_ = 0;
  }

  Size depth() const { return channels_ * taps_; }

  // Reads for the pixels from (y, x) on; `planes` begins at the first channel.
  void fill(const Planes<T>& planes, Size y, Size x, Size rows, Size cols) {
    if (rows != rows_ || cols != cols_) {
      rows_ = rows;
      cols_ = cols;
      y_ = -1;
      At* at = pixelAt;
      for (Size r = 0; r < rows; r++) {
        for (Size c = 0; c < cols; c++, at++) {
          *at = static_cast<At>(cut_.gathers ? (r * cols + c) * depth() : r * v_.stride * width_ + c * h_.stride);
        }
      }
    }
    if (depth() == 0) return;
    if (cut_.gathers) return gather(planes, y, x);
    // Around the same block of another image there are zeros already.
    if (y != y_ || x != x_) clear();
    y_ = y;
    x_ = x;
    const Size top = y * v_.stride + v_.offset + v_.least();
    const Size left = x * h_.stride + h_.offset + h_.least();
    const Size fromRow = HWY_MAX(Size(0), -top), toRow = HWY_MIN(v_.reach(rows), planes.height - top);
    const Size fromCol = HWY_MAX(Size(0), -left), toCol = HWY_MIN(h_.reach(cols), planes.width - left);
    if (fromCol >= toCol) return;
    for (Size c = 0; c < channels_; c++) {
      const T* const plane = planes.data + c * planes.height * planes.width;
      for (Size r = fromRow; r < toRow; r++) {
        CopyRow(plane + (top + r) * planes.width + left + fromCol, toCol - fromCol,
                memory_ + c * plane_ + r * width_ + fromCol);
      }
    }
  }

  const T* memory() const { return memory_; }

  At pixelAt[kMostPixels];
  At tapAt[kMostTaps];

 private:
  void clear() {
    const hn::ScalableTag<T> d;
    for (Size i = 0; i < channels_ * plane_; i += LanesOf(d)) hn::Store(hn::Zero(d), d, memory_ + i);
  }

  void gather(const Planes<T>& planes, Size y, Size x) {
    T* to = memory_;
    for (Size r = 0; r < rows_; r++) {
      for (Size q = 0; q < cols_; q++) {
        for (Size c = 0; c < channels_; c++) {
          const T* const plane = planes.data + c * planes.height * planes.width;
          for (Size t = from_; t < from_ + taps_; t++) {
            const Size row = (y + r) * v_.stride + v_.offset + t / h_.count * v_.move;
            const Size col = (x + q) * h_.stride + h_.offset + t % h_.count * h_.move;
            const bool inside = row >= 0 && row < planes.height && col >= 0 && col < planes.width;
            *to++ = inside ? plane[row * planes.width + col] : T(0);
          }
        }
      }
    }
  }

  AxisTaps v_, h_;
  Cutting cut_;
  T* memory_;
  Size width_, plane_;
  Size channels_ = 0, from_ = 0, taps_ = 0;
  Size rows_ = 0, cols_ = 0;
  // Where the block was for which memory was cleared.
  Size y_ = -1, x_ = -1;
};

// Calls f(from, count) for stretches of at most `each` of a total; once for a total of 0.
template <class F>
HWY_INLINE void EachStretch(Size total, Size each, F f) {
  Size from = 0;
  do {
    const Size count = HWY_MIN(each, total - from);
    f(from, count);
    from += count;
  } while (from < total);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
