// The geometry of a window that slides over an image: strides, padding before the first row and column, dilations.
#pragma once

#include <algorithm>
#include <numeric>

#include "kernels/base/types.h"

namespace blasgrad {

// Along one axis. Window i begins at i·stride − pad; its taps are `dilation` apart.
struct Sliding {
  Size stride, pad, dilation;

  // Where the first tap of window i lies.
  Size begin(Size i) const { return i * stride - pad; }
};

struct Window {
  Sliding vertical, horizontal;
};

// Pair i of `pairs`, vertical first; `otherwise` where there are fewer.
inline Size verticalOf(const Axes& pairs, int i, Size otherwise) { return i < pairs.rank ? pairs.count[i] : otherwise; }
inline Size horizontalOf(const Axes& pairs, int i, Size otherwise) {
  return i < pairs.rank ? pairs.stride[0][i] : otherwise;
}

// Reads the pairs from `first` on: strides, padding, dilations. Their defaults are 1, 0 and 1; a stride or dilation of
// 0 counts as 1.
inline Window readWindow(const Axes& pairs, int first = 0) {
  return {{std::max<Size>(1, verticalOf(pairs, first, 1)), verticalOf(pairs, first + 1, 0),
           std::max<Size>(1, verticalOf(pairs, first + 2, 1))},
          {std::max<Size>(1, horizontalOf(pairs, first, 1)), horizontalOf(pairs, first + 1, 0),
           std::max<Size>(1, horizontalOf(pairs, first + 2, 1))}};
}

// The taps that pixels of a grid read along one axis: tap first + i·step (i below `count`) of pixel p lies at the
// source's p·stride + offset + i·move.
struct AxisTaps {
  Size count, first, step, stride, offset, move;

  Size least() const { return std::min<Size>(0, (count - 1) * move); }
  // From the first to the last element that so many pixels read.
  Size reach(Size pixels) const {
    return std::min<Size>(1 << 24, (pixels - 1) * stride + (count > 0 ? (count - 1) * std::abs(move) : 0) + 1);
  }
};

// Forward: each output pixel reads the input.
inline AxisTaps tapsOf(const Sliding& sliding, Size kernel) {
  return {kernel, 0, 1, sliding.stride, -sliding.pad, sliding.dilation};
}

// Backward: input pixels `residue`, residue + stride, … read the outputs whose windows they are in.
inline AxisTaps adjointTapsOf(const Sliding& sliding, Size kernel, Size residue) {
  const Size step = sliding.stride / std::gcd(sliding.stride, sliding.dilation);
  const Size at = residue + sliding.pad;
  for (Size first = 0; first < std::min(kernel, step); first++) {
    if ((at - first * sliding.dilation) % sliding.stride != 0) continue;
    return {(kernel - 1 - first) / step + 1,          first, step, 1, (at - first * sliding.dilation) / sliding.stride,
            -step * sliding.dilation / sliding.stride};
  }
  return {0, 0, 1, 1, 0, 0};
}

}  // namespace blasgrad
