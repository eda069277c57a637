// Convolutions of images [n, groups·c, height, width], and their gradients. The table has their formulas.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/convolution/convolution.cpp"
#include <hwy/foreach_target.h>

#include "implicit_gemm-inl.h"
#include "kernels/catalogue/families.h"
#include "backward_weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
void conv2d(Size n, Size groups, Size c, Size o, Size height, Size width, Size kernelHeight, Size kernelWidth,
            Size outHeight, Size outWidth, const Axes& window, const T* x, const T* weight, const T* bias, T* out) {
  const Size outPlane = outHeight * outWidth, plane = height * width, taps = kernelHeight * kernelWidth;
  if (n * groups * o == 0 || outPlane == 0) return;
  const Window sliding = readWindow(window);
  for (Size group = 0; group < groups; group++) {
    const Correlation<T> correlation{tapsOf(sliding.vertical, kernelHeight),
                                     tapsOf(sliding.horizontal, kernelWidth),
                                     c,
                                     o,
                                     weight + group * o * c * taps,
                                     c * taps,
                                     taps,
                                     kernelWidth,
                                     bias == nullptr ? nullptr : bias + group * o,
                                     {outHeight, outWidth, outPlane, outWidth, 0, 1, 0, 1}};
    Correlator<T>(correlation, width, static_cast<T*>(threadScratch()))
        .run(n, {x + group * c * plane, height, width}, groups * c * plane, out + group * o * outPlane,
             groups * o * outPlane);
  }
}

template <class T>
void conv2dInput(Size n, Size groups, Size c, Size o, Size height, Size width, Size kernelHeight, Size kernelWidth,
                 Size outHeight, Size outWidth, const Axes& window, const T* g, const T* weight, T* out) {
  const Size outPlane = outHeight * outWidth, plane = height * width, taps = kernelHeight * kernelWidth;
  if (n * groups * c == 0 || plane == 0) return;
  const Size sources = outPlane == 0 ? 0 : o;
  const Window sliding = readWindow(window);
  const Size rowStep = sliding.vertical.stride, colStep = sliding.horizontal.stride;
  for (Size group = 0; group < groups; group++) {
    for (Size row = 0; row < HWY_MIN(rowStep, height); row++) {
      for (Size col = 0; col < HWY_MIN(colStep, width); col++) {
        const Pixels pixels{(height - 1 - row) / rowStep + 1,
                            (width - 1 - col) / colStep + 1,
                            plane,
                            width,
                            row,
                            rowStep,
                            col,
                            colStep};
        const Correlation<T> correlation{adjointTapsOf(sliding.vertical, kernelHeight, row),
                                         adjointTapsOf(sliding.horizontal, kernelWidth, col),
                                         sources,
                                         c,
                                         weight + group * o * c * taps,
                                         taps,
                                         c * taps,
                                         kernelWidth,
                                         nullptr,
                                         pixels};
        Correlator<T>(correlation, outWidth, static_cast<T*>(threadScratch()))
            .run(n, {g + group * o * outPlane, outHeight, outWidth}, groups * o * outPlane, out + group * c * plane,
                 groups * c * plane);
      }
    }
  }
}

// The channels and taps that have a column: out may have fewer columns than the filter has weights, of any number.
struct Stored {
  Size c, kernelHeight, kernelWidth;
};

inline Stored StoredWeights(Size c, Size kernelHeight, Size kernelWidth, Size columns) {
  if (c == 0 || kernelHeight == 0 || kernelWidth == 0) return {0, 0, 0};
  if (kernelWidth >= columns) return {1, 1, columns};
  const Size rows = HWY_MIN(kernelHeight, (columns + kernelWidth - 1) / kernelWidth);
  const Size taps = rows * kernelWidth;
  return {HWY_MIN(c, (columns + taps - 1) / taps), rows, kernelWidth};
}

template <class T>
void conv2dWeight(Size chunks, Size each, Size groups, Size c, Size o, Size height, Size width, Size kernelHeight,
                  Size kernelWidth, Size outHeight, Size outWidth, Size columns, const Axes& window, const T* g,
                  const T* x, T* out) {
  const Size size = chunks * groups * o * columns;
  if (size == 0) return;
  const Size outPlane = outHeight * outWidth, plane = height * width;
  if (each == 0 || outPlane == 0) {
    std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(size));
    return;
  }
  const Window sliding = readWindow(window);
  const Stored stored = StoredWeights(c, kernelHeight, kernelWidth, columns);
  BackwardWeights<T> gradient(tapsOf(sliding.vertical, stored.kernelHeight),
                              tapsOf(sliding.horizontal, stored.kernelWidth), stored.c, o, outHeight, outWidth, columns,
                              width, static_cast<T*>(threadScratch()));
  for (Size chunk = 0; chunk < chunks; chunk++) {
    for (Size group = 0; group < groups; group++) {
      const Size first = chunk * each * groups + group;
      gradient.sum(each, {x + first * c * plane, height, width}, groups * c * plane, g + first * o * outPlane,
                   groups * o * outPlane, out + (chunk * groups + group) * o * columns);
    }
  }
}

BLASGRAD_MAKE_TABLE(Convolutions, BLASGRAD_CONVOLUTIONS)

Floats<Convolutions> AllConvolutions() { return {MakeConvolutions<float>(), MakeConvolutions<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllConvolutions);
const Floats<Convolutions>& convolutions() {
  static const Floats<Convolutions> table = HWY_DYNAMIC_DISPATCH(AllConvolutions)();
  return table;
}
}  // namespace blasgrad
#endif
