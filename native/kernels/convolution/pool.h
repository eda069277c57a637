// What pooling is given: the size of its windows and how they slide, and what an average is taken of.
#pragma once

#include "window.h"

namespace blasgrad {

struct Pool {
  Size height, width;
  Window window;
};

// The pairs of a pool: kernel, then a window's.
inline Pool readPool(const Axes& pairs) {
  return {verticalOf(pairs, 0, 1), horizontalOf(pairs, 0, 1), readWindow(pairs, 1)};
}

// A window's elements inside the image, and what their sum is divided by: with padding, the part of the window that
// lies in the padded image.
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
