// An im2col patch: the input of a block of output pixels, zero-padded, never expanded to columns. Element (pixel p, tap
// k) is at memory[pixelAt[p] + tapAt[k]].

#if defined(BLASGRAD_PATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PATCH_INL_H_
#undef BLASGRAD_PATCH_INL_H_
#else
#define BLASGRAD_PATCH_INL_H_
#endif

#include "patch_product-inl.h"
#include "kernels/base/scratch.h"
#include "window.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr Size kMaxPixels = 512;
constexpr Size kMaxTaps = 2048;
// The size of a patch whose elements are gathered by pixel.
constexpr Size kGatheredPixels = 64;
constexpr Size kGatheredTaps = 512;
// A block of fewer pixels would not fill the tiles: the channels are blocked before the pixels are.
constexpr Size kFewPixels = 96;

// The blocking of an image into patches: `rows` × `cols` pixels, and `taps` of each channel's filter.
struct Blocking {
  Size rows, cols, channels, taps;
  // Whether each pixel's elements are gathered, because the part of the image that a block reads is too large.
  bool gathers;
};

// The distance of two planes: padded where a power of two would map them to the same cache sets (conflict misses).
HWY_INLINE Size PlaneOf(Size rows, Size cols) {
  const Size plane = rows * cols;
  return plane % 256 < 16 ? plane + 16 : plane;
}

HWY_INLINE void RoundUpHalf(Size& size) { size = (size + 1) / 2; }

// `taps`: the most that a patch may have.
inline Blocking BlockImage(const AxisTaps& v, const AxisTaps& h, Size channels, Size rows, Size cols, Size taps) {
  const Size each = v.count * h.count;
  Blocking blocking{rows, cols, each > taps ? 1 : HWY_MIN(channels, taps / HWY_MAX(each, Size(1))), HWY_MIN(each, taps),
                    false};
  while (blocking.rows * blocking.cols > kMaxPixels) RoundUpHalf(blocking.rows > 1 ? blocking.rows : blocking.cols);
  while (HWY_MAX(blocking.channels, Size(1)) * PlaneOf(v.reach(blocking.rows), h.reach(blocking.cols)) >
         kScratchElements) {
    if (blocking.rows > 1 && blocking.rows * blocking.cols > kFewPixels) {
      RoundUpHalf(blocking.rows);
    } else if (blocking.channels > 1) {
      RoundUpHalf(blocking.channels);
    } else if (blocking.rows > 1) {
      RoundUpHalf(blocking.rows);
    } else if (blocking.cols > 1) {
      RoundUpHalf(blocking.cols);
    } else {
      return {1, HWY_MIN(cols, kGatheredPixels), HWY_MIN(channels, Size(1)), HWY_MIN(each, kGatheredTaps), true};
    }
  }
  return blocking;
}

// Planes of one image.
template <class T>
struct Planes {
  const T* data;
  Size height, width;
};

// Copies rows of `cols` elements by vectors; the last of a row may overlap the one before it.
template <class D, class T>
HWY_INLINE void CopyRows(D d, Size rows, Size cols, const T* from, Size fromRow, T* to, Size toRow) {
  const Size lanes = LanesOf(d);
  if (cols < lanes) {
#if HWY_TARGET != HWY_SCALAR
    if constexpr (hn::MaxLanes(d) > 1) CopyRows(hn::Half<D>(), rows, cols, from, fromRow, to, toRow);
#endif
    return;
  }
  const Size last = cols - lanes;
  if (last <= lanes) {
    for (Size r = 0; r < rows; r++, from += fromRow, to += toRow) {
      const auto end = hn::LoadU(d, from + last);
      hn::StoreU(hn::LoadU(d, from), d, to);
      hn::StoreU(end, d, to + last);
    }
    return;
  }
  for (Size r = 0; r < rows; r++, from += fromRow, to += toRow) {
    for (Size i = 0; i < last; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
    hn::StoreU(hn::LoadU(d, from + last), d, to + last);
  }
}

template <class T>
class Patch {
 public:
  // `cols`: the pixels of a row of outputs. `imageWidth`: the columns of an input image. Rows are padded with zeros at
  // both ends; where a block has whole rows, the zeros after a row are also those before the next.
  Patch(const AxisTaps& v, const AxisTaps& h, const Blocking& blocking, Size cols, Size imageWidth, T* memory)
      : v_(v), h_(h), blocking_(blocking), memory_(memory), width_(h.reach(blocking.cols)) {
    const Size rows = v.reach(blocking.rows), before = -(h.offset + h.least()), after = width_ - before - imageWidth;
    const Size shared = blocking.cols < cols ? 0 : HWY_MAX(Size(0), HWY_MIN(HWY_MIN(before, after), width_ - cols));
    plane_ = PlaneOf(rows, width_);
    const Size less = PlaneOf(1, rows * (width_ - shared) + shared);
    if (less > plane_) return;
    plane_ = less;
    width_ -= shared;
  }

  // Sets the taps: `from` … from + count − 1 of each of `channels` channels, by channel.
  void setTaps(Size channels, Size from, Size count) {
    channels_ = channels;
    from_ = from;
    taps_ = count;
    At* at = tapAt;
    for (Size c = 0; c < channels; c++) {
      for (Size t = from; t < from + count; t++, at++) {
        if (blocking_.gathers) {
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

  // For a stride of 1, a block is one line: the distance of its rows, and the vectors that hold its pixels and the
  // padding between them.
  Size lineWidth() const { return width_; }
  Size lineVectors(Size rows, Size cols) const {
    const Size lanes = LanesOf(PatchTag<T>());
    return ((rows - 1) * width_ + cols + lanes - 1) / lanes;
  }
  // Whether neighbouring pixels are contiguous in the patch.
  bool isDense() const { return v_.stride == 1 && h_.stride == 1 && !blocking_.gathers; }

  // Fills the patch for the block of pixels that begins at (y, x); `planes` begins at the first channel.
  void fill(const Planes<T>& planes, Size y, Size x, Size rows, Size cols) {
    if (rows != rows_ || cols != cols_) {
      rows_ = rows;
      cols_ = cols;
      y_ = -1;
      At* at = pixelAt;
      for (Size r = 0; r < rows; r++) {
        for (Size c = 0; c < cols; c++, at++) {
          *at = static_cast<At>(blocking_.gathers ? (r * cols + c) * depth() : r * v_.stride * width_ + c * h_.stride);
        }
      }
    }
    if (depth() == 0) return;
    if (blocking_.gathers) return gather(planes, y, x);
    // The same block of another image has the same padding, which is still 0.
    if (y != y_ || x != x_) clear();
    y_ = y;
    x_ = x;
    const Size top = y * v_.stride + v_.offset + v_.least();
    const Size left = x * h_.stride + h_.offset + h_.least();
    const Size fromRow = HWY_MAX(Size(0), -top), toRow = HWY_MIN(v_.reach(rows), planes.height - top);
    const Size fromCol = HWY_MAX(Size(0), -left), toCol = HWY_MIN(h_.reach(cols), planes.width - left);
    if (fromCol >= toCol || fromRow >= toRow) return;
    const Size size = planes.height * planes.width;
    const T* from = planes.data + (top + fromRow) * planes.width + left + fromCol;
    T* to = memory_ + fromRow * width_ + fromCol;
    for (Size c = 0, plane = plane_; c < channels_; c++, from += size, to += plane) {
      CopyRows(PatchTag<T>(), toRow - fromRow, toCol - fromCol, from, planes.width, to, width_);
    }
  }

  const T* memory() const { return memory_; }

  At pixelAt[kMaxPixels];
  At tapAt[kMaxTaps];

 private:
  void clear() {
    const PatchTag<T> d;
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
  Blocking blocking_;
  T* memory_;
  Size width_, plane_;
  Size channels_ = 0, from_ = 0, taps_ = 0;
  Size rows_ = 0, cols_ = 0;
  // The first pixel of the block for which the padding was cleared.
  Size y_ = -1, x_ = -1;
};

// Calls f(from, count) for chunks of at most `each` of a total; once for a total of 0.
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
