// Pooling over planes [planes, height, width], and its gradients. The table has their formulas.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/convolution/pooling.cpp"
#include <hwy/foreach_target.h>

#include "average_pool-inl.h"
#include "kernels/base/ids.h"
#include "kernels/catalogue/families.h"
#include "max_pool_2x2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// 2 × 2 windows, stride 2, without padding.
HWY_INLINE bool Is2x2Stride2(const Pool& pool, Size height, Size width, Size outHeight, Size outWidth) {
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

// The taps inside of windows [height, width] of a row of outputs.
struct Taps {
  Inside rows;
  Size top, width;
  Sliding vertical, horizontal;
};

// The largest element of each window of a vector, and its index in the plane x. The windows begin at column c and lie
// inside the image in that axis; rows are `row` elements apart. A NaN is the largest, the last of several.
template <class T>
HWY_INLINE void MaxOfWindows(const Taps& taps, Size c, Size row, const T* x, T* out, std::int32_t* at) {
  const PoolTag<T> d;
  const hn::Rebind<std::int32_t, decltype(d)> di;
  const Sliding& h = taps.horizontal;
  const auto iota = hn::Iota(di, 0);
  const auto begins = h.stride == 2 ? hn::Add(iota, iota) : iota;
  auto most = hn::Zero(d);
  auto found = hn::Zero(di);
  bool isFirst = true;
  for (Size i = taps.rows.from; i < taps.rows.to; i++) {
    for (Size j = 0; j < taps.width; j++) {
      const Size first = (taps.top + i * taps.vertical.dilation) * row + h.begin(c) + j * h.dilation;
      const auto value = LoadStrided(x + first, h.stride);
      const auto here = hn::Add(begins, hn::Set(di, static_cast<std::int32_t>(first)));
      const auto take = hn::Or(hn::Gt(value, most), hn::Not(hn::Eq(value, value)));
      most = isFirst ? value : hn::IfThenElse(take, value, most);
      found = isFirst ? here : hn::IfThenElse(hn::RebindMask(di, take), here, found);
      isFirst = false;
    }
  }
  hn::StoreU(most, d, out);
  hn::StoreU(found, di, at);
}

template <class T>
void maxPool2d(Size planes, Size height, Size width, Size outHeight, Size outWidth, const Axes& pairs, const T* x,
               T* out, std::int32_t* at) {
  const Pool pool = readPool(pairs);
  const Sliding& v = pool.window.vertical;
  const Sliding& h = pool.window.horizontal;
  if (sizeof(T) == 4 && Is2x2Stride2(pool, height, width, outHeight, outWidth)) {
    return MaxPool2x2(planes, height, width, outHeight, outWidth, x, out, at);
  }
  const Size lanes = LanesOf(PoolTag<T>());
  const Interior interior(h, pool.width, width, outWidth, lanes);
  for (Size plane = 0; plane < planes; plane++, x += height * width) {
    for (Size y = 0; y < outHeight; y++, out += outWidth, at += outWidth) {
      const Inside rows(v.begin(y), v.dilation, pool.height, height);
      const auto scalar = [&](Size c) {
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
        out[c] = most;
        at[c] = static_cast<std::int32_t>(found);
      };
      if constexpr (sizeof(T) == 4) {
        if (rows.from < rows.to) {
          const Taps taps{rows, v.begin(y), pool.width, v, h};
          const auto vector = [&](Size c) HWY_ATTR { MaxOfWindows(taps, c, width, x, out + c, at + c); };
          EachOutput(outWidth, interior, lanes, vector, scalar);
          continue;
        }
      }
      for (Size c = 0; c < outWidth; c++) scalar(c);
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
  if (sizeof(T) == 4 && Is2x2Stride2(pool, height, width, outHeight, outWidth)) {
    return MaxPool2x2Backward(planes, height, width, outHeight, outWidth, g, at, out);
  }
  const Size size = height * width;
  std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(planes * size));
  if (outHeight == 0 || outWidth == 0) return;
  for (Size plane = 0; plane < planes; plane++, out += size) {
    for (Size y = 0; y < outHeight; y++) {
      for (Size c = 0; c < outWidth; c++, g++, at++) {
        const Size found = ReadOnce(at);
        if (!IsRow(found, size)) continue;
        const Size row = found / width;
        if (!IsTap(v, v.begin(y), pool.height, row)) continue;
        if (IsTap(h, h.begin(c), pool.width, found - row * width)) out[found] += *g;
      }
    }
  }
}

template <class T>
void avgPool2d(Size planes, Size height, Size width, Size outHeight, Size outWidth, bool countIncludePad,
               const Axes& pairs, const T* x, T* out) {
  AverageForward({readPool(pairs), height, width, outHeight, outWidth, countIncludePad}, planes, x, out);
}

template <class T>
void avgPool2dBackward(Size planes, Size height, Size width, Size outHeight, Size outWidth, bool countIncludePad,
                       const Axes& pairs, const T* g, T* out) {
  AverageBackward({readPool(pairs), height, width, outHeight, outWidth, countIncludePad}, planes, g, out);
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
