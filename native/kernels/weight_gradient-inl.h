// A convolution's gradient for its weights and bias: the products of each tap with the output's gradient, summed over
// pixels. The gradient is turned once for all taps: vectors lie along output channels.

#if defined(BLASGRAD_WEIGHT_GRADIENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_WEIGHT_GRADIENT_INL_H_
#undef BLASGRAD_WEIGHT_GRADIENT_INL_H_
#else
#define BLASGRAD_WEIGHT_GRADIENT_INL_H_
#endif

#include "patch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// One group: out[o, column] += …, with columns by channel and tap, the one after them for the bias.
template <class T>
class WeightGradient {
 public:
  WeightGradient(const AxisTaps& v, const AxisTaps& h, Size channels, Size outs, Size rows, Size cols, Size columns,
                 T* scratch)
      : channels_(channels),
        taps_(v.count * h.count),
        outs_(outs),
        rows_(rows),
        cols_(cols),
        columns_(columns),
        cut_(CutImage(v, h, channels, rows, cols, kMostTaps)),
        turned_(scratch),
        patch_(v, h, cut_, scratch + kScratchElements) {}

  // Adds what one sample gives; g [outs, rows, cols].
  void add(const Planes<T>& in, const T* g, T* out) {
    for (Size y = 0; y < rows_; y += cut_.rows) {
      for (Size x = 0; x < cols_; x += cut_.cols) {
        addBlock(in, g, y, x, HWY_MIN(cut_.rows, rows_ - y), HWY_MIN(cut_.cols, cols_ - x), out);
      }
    }
  }

 private:
  void addBlock(const Planes<T>& in, const T* g, Size y, Size x, Size rows, Size cols, T* out) {
    const Size taps = channels_ == 0 ? 0 : taps_;
    EachStretch(taps == 0 ? 0 : channels_, HWY_MAX(cut_.channels, Size(1)), [&](Size c, Size channels) {
      EachStretch(taps, HWY_MAX(cut_.taps, Size(1)), [&](Size tap, Size count) {
        const Size column = c * taps_ + tap;
        if (column != column_ || patch_.depth() != channels * count) patch_.setTaps(channels, tap, count);
        column_ = column;
        patch_.fill({in.data + c * in.height * in.width, in.height, in.width}, y, x, rows, cols);
        addPanels(g, y, x, rows, cols, column, out);
      });
    });
  }

  void addPanels(const T* g, Size y, Size x, Size rows, Size cols, Size column, T* out) {
    const hn::ScalableTag<T> d;
    const Size lanes = LanesOf(d);
    const Size pixels = rows * cols;
    HWY_ALIGN static constexpr T kZeros[kMostVectors * hn::MaxLanes(d)] = {};
    for (Size o = 0; o < outs_;) {
      const int vectors = PanelVectors<T>(outs_ - o);
      const Size width = vectors * lanes;
      const Size outs = HWY_MIN(width, outs_ - o);
      turn(g + o * rows_ * cols_, y, x, rows, cols, outs, width);
      T* const to = out + o * columns_;
      if (column == 0 && columns_ > channels_ * taps_) addBias(pixels, outs, width, to + channels_ * taps_);
      const Size count = HWY_MIN(patch_.depth(), columns_ - column);
      if (count > 0) {
        PatchProduct<T>(vectors, patch_.memory(), count, patch_.tapAt, pixels, patch_.pixelAt, turned_, kZeros,
                        {to + column, columns_, outs, nullptr, true});
      }
      o += outs;
    }
  }

  // turned[pixel, width], 0 beyond the outputs.
  void turn(const T* g, Size y, Size x, Size rows, Size cols, Size outs, Size width) {
    const Size plane = rows_ * cols_;
    if (outs < width) std::memset(turned_, 0, sizeof(T) * static_cast<std::size_t>(rows * cols * width));
    if (cols == cols_) return TransposeBlock(outs, rows * cols, g + y * cols_, plane, turned_, width);
    for (Size r = 0; r < rows; r++) {
      TransposeBlock(outs, cols, g + (y + r) * cols_ + x, plane, turned_ + r * cols * width, width);
    }
  }

  void addBias(Size pixels, Size outs, Size width, T* to) {
    const hn::ScalableTag<T> d;
    const Size lanes = LanesOf(d);
    HWY_ALIGN T sums[hn::MaxLanes(d)];
    for (Size from = 0; from < outs; from += lanes) {
      auto sum = hn::Zero(d);
      for (Size p = 0; p < pixels; p++) sum = hn::Add(sum, hn::Load(d, turned_ + p * width + from));
      hn::Store(sum, d, sums);
      for (Size j = 0; j < HWY_MIN(lanes, outs - from); j++) to[(from + j) * columns_] += sums[j];
    }
  }

  Size channels_, taps_, outs_, rows_, cols_, columns_;
  Cutting cut_;
  T* turned_;
  Patch<T> patch_;
  Size column_ = -1;
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
