// Pooling over planes [planes, height, width], and its gradients. What they compute is said in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pooling.cpp"
#include <hwy/foreach_target.h>

#include "averaging-inl.h"
#include "families.h"
#include "halving-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Whether windows are the 2 × 2 squares side by side, all of them inside.
HWY_INLINE bool Halves(const Pool& pool, Size height, Size width, Size outHeight, Size outWidth) {
  const Sliding& v = pool.window.vertical;
  const Sliding& h = pool.window.horizontal;
  return pool.height == 2 && pool.width == 2 && v.stride == 2 && h.stride == 2 && v.pad == 0 && h.pad == 0 &&
         v.dilation == 1 && h.dilation == 1 && 2 * outHeight <= height && 2 * outWidth <= width;
}

// The taps from … to − 1 that lie inside, of a window that begins at `begin`.
struct Inside {
  Size from, to;
  Inside(Size begin, Size dilation, Size taps, Size length)
      : from(begin < 0 ? (-begin + dilation - 1) / dilation : 0),
        to(HWY_MIN(taps, length > begin ? (length - 1 - begin) / dilation + 1 : 0)) {}
};

template <class T>
void maxPool2d(Size planes, Size height, Size width, Size outHeight, Size outWidth, const Axes& pairs, const T* x,
               T* out, std::int32_t* at) {
  const Pool pool = readPool(pairs);
  const Sliding& v = pool.window.vertical;
  const Sliding& h = pool.window.horizontal;
  if (sizeof(T) == 4 && Halves(pool, height, width, outHeight, outWidth)) {
    return HalveByMax(planes, height, width, outHeight, outWidth, x, out, at);
  }
  for (Size plane = 0; plane < planes; plane++, x += height * width) {
    for (Size y = 0; y < outHeight; y++) {
      const Inside rows(v.begin(y), v.dilation, pool.height, height);
      for (Size c = 0; c < outWidth; c++) {
        const Inside cols(h.begin(c), h.dilation, pool.width, width);
        T most = -std::numeric_limits<T>::infinity();
        Size found = -1;
        for (Size i = rows.from; i < rows.to; i++) {
          const Size row = (v.begin(y) + i * v.dilation) * width + h.begin(c);
          for (Size j = cols.from; j < cols.to; j++) {
            const T value = x[row + j * h.dilation];
            if (found >= 0 && !(value > most) && value == value) continue;
            most = value;
            found = row + j * h.dilation;
          }
        }
        *out++ = most;
        *at++ = static_cast<std::int32_t>(found);
      }
    }
  }
}

// Whether a tap of the window that begins at `begin` lies at `position`.
HWY_INLINE bool IsTap(const Sliding& sliding, Size begin, Size taps, Size position) {
  const Size offset = position - begin;
  if (offset < 0 || offset > (taps - 1) * sliding.dilation) return false;
  return sliding.dilation == 1 || offset % sliding.dilation == 0;
}

template <class T>
void maxPool2dBackward(Size planes, Size height, Size width, Size outHeight, Size outWidth, const Axes& pairs,
                       const T* g, const std::int32_t* at, T* out) {
  const Pool pool = readPool(pairs);
  const Sliding& v = pool.window.vertical;
  const Sliding& h = pool.window.horizontal;
  if (sizeof(T) == 4 && Halves(pool, height, width, outHeight, outWidth)) {
    return HalveByMaxBackward(planes, height, width, outHeight, outWidth, g, at, out);
  }
  const Size size = height * width;
  std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(planes * size));
  for (Size plane = 0; plane < planes; plane++, out += size) {
    for (Size y = 0; y < outHeight; y++) {
      for (Size c = 0; c < outWidth; c++, g++, at++) {
        if (*at < 0 || *at >= size) continue;
        const Size row = *at / width;
        if (!IsTap(v, v.begin(y), pool.height, row)) continue;
        if (IsTap(h, h.begin(c), pool.width, *at - row * width)) out[*at] += *g;
      }
    }
  }
}

// For windows too wide for a buffer: calls f(the first element of a window in its plane, its rows and columns, 1 / the
// divisor) for each window.
template <class T, class F>
HWY_INLINE void EachMean(Size planes, Size height, Size width, Size outHeight, Size outWidth, bool padded,
                         const Axes& pairs, F f) {
  const Pool pool = readPool(pairs);
  for (Size plane = 0; plane < planes; plane++) {
    for (Size y = 0; y < outHeight; y++) {
      const Share v(pool.window.vertical, y, pool.height, height, padded);
      for (Size c = 0; c < outWidth; c++) {
        const Share h(pool.window.horizontal, c, pool.width, width, padded);
        const bool empty = v.isEmpty() || h.isEmpty();
        f((plane * height + v.from) * width + h.from, empty ? 0 : v.to - v.from, empty ? 0 : h.to - h.from,
          static_cast<T>(v.length) * static_cast<T>(h.length));
      }
    }
  }
}

template <class T>
void avgPool2d(Size planes, Size height, Size width, Size outHeight, Size outWidth, bool countIncludePad,
               const Axes& pairs, const T* x, T* out) {
  Averaging<T> averaging(readPool(pairs), height, width, outHeight, outWidth, countIncludePad);
  if (averaging.fits()) return averaging.forward(planes, x, out);
  EachMean<T>(planes, height, width, outHeight, outWidth, countIncludePad, pairs,
              [&](Size at, Size rows, Size cols, T divisor) {
                T sum = 0;
                for (Size i = 0; i < rows; i++) {
                  for (Size j = 0; j < cols; j++) sum += x[at + i * width + j];
                }
                *out++ = rows > 0 ? sum / divisor : T(0);
              });
}

template <class T>
void avgPool2dBackward(Size planes, Size height, Size width, Size outHeight, Size outWidth, bool countIncludePad,
                       const Axes& pairs, const T* g, T* out) {
  Averaging<T> averaging(readPool(pairs), height, width, outHeight, outWidth, countIncludePad);
  if (averaging.fits()) return averaging.backward(planes, g, out);
  std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(planes * height * width));
  EachMean<T>(planes, height, width, outHeight, outWidth, countIncludePad, pairs,
              [&](Size at, Size rows, Size cols, T divisor) {
                const T part = *g++ / divisor;
                for (Size i = 0; i < rows; i++) {
                  for (Size j = 0; j < cols; j++) out[at + i * width + j] += part;
                }
              });
}

BLASGRAD_MAKE_TABLE(Poolings, BLASGRAD_POOLINGS)

Floats<Poolings> AllPoolings() { return {MakePoolings<float>(), MakePoolings<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllPoolings);
const Floats<Poolings>& poolings() {
  static const Floats<Poolings> table = HWY_DYNAMIC_DISPATCH(AllPoolings)();
  return table;
}
}  // namespace blasgrad
#endif
