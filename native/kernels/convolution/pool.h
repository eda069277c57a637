// The parameters of pooling: the windows' size, how they slide, and the divisor of an average.
#pragma once

#include "window.h"

namespace blasgrad {

struct Pool {
  Size height, width;
  Window window;
};

// Reads a pool's pairs: the kernel's size, then the pairs of a sliding window.
inline Pool readPool(const Axes& pairs) {
  return {verticalOf(pairs, 0, 1), horizontalOf(pairs, 0, 1), readWindow(pairs, 1)};
}

// The part of a window inside the image, and its divisor: where padding counts, the number of elements inside the
// padded image.
struct Share {
  Size from, to, length;
  Share(const Sliding& sliding, Size at, Size kernel, Size size, bool padded) {
    const Size begin = sliding.begin(at);
    const Size end = std::min(begin + kernel, size + sliding.pad);
    from = std::max<Size>(begin, 0);
    to = std::min(end, size);
    length = padded ? end - begin : to - from;
  }
  bool isEmpty() const { return from >= to; }
};

}  // namespace blasgrad
