// Average pooling and its gradient.

#if defined(BLASGRAD_AVERAGE_POOL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_AVERAGE_POOL_INL_H_
#undef BLASGRAD_AVERAGE_POOL_INL_H_
#else
#define BLASGRAD_AVERAGE_POOL_INL_H_
#endif

#include "interior-inl.h"
#include "kernels/base/scratch.h"
#include "pool.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The shapes of a call. The loops below take a row of outputs at a time.
struct AveragePool {
  Pool pool;
  Size height, width, outHeight, outWidth;
  bool padded;

  Share rowsOf(Size y) const { return {pool.window.vertical, y, pool.height, height, padded}; }
  Share columnsOf(Size c) const { return {pool.window.horizontal, c, pool.width, width, padded}; }
};

template <class T>
T Divisor(const Share& rows, const Share& columns) {
  return static_cast<T>(rows.length) * static_cast<T>(columns.length);
}

// out = the sum of each window divided by its divisor; 0 for a window outside the image. Sums down the columns of the
// windows come first, sums along the row second.
template <class T>
void AverageForward(const AveragePool& p, Size planes, const T* x, T* out) {
  const PoolTag<T> d;
  const Sliding& h = p.pool.window.horizontal;
  const Interior interior(h, p.pool.width, p.width, p.outWidth, LanesOf(d));
  for (Size plane = 0; plane < planes; plane++, x += p.height * p.width) {
    for (Size y = 0; y < p.outHeight; y++, out += p.outWidth) {
      const Share rows = p.rowsOf(y);
      if (rows.isEmpty()) {
        std::fill_n(out, p.outWidth, T(0));
        continue;
      }
      const T* const first = x + rows.from * p.width;
      const Size count = rows.to - rows.from;
      const auto divisor = hn::Set(d, static_cast<T>(rows.length) * static_cast<T>(p.pool.width));
      EachOutput(
          p.outWidth, interior, LanesOf(d),
          [&](Size c) HWY_ATTR {
            auto total = hn::Zero(d);
            for (Size j = 0; j < p.pool.width; j++) {
              const T* at = first + h.begin(c) + j;
              auto sum = LoadStrided(at, h.stride);
              for (Size i = 1; i < count; i++) sum = hn::Add(sum, LoadStrided(at += p.width, h.stride));
              total = hn::Add(total, sum);
            }
            hn::StoreU(hn::Div(total, divisor), d, out + c);
          },
          [&](Size c) {
            const Share columns = p.columnsOf(c);
            T total = 0;
            for (Size j = columns.from; j < columns.to; j++) {
              T sum = first[j];
              for (Size i = 1; i < count; i++) sum += first[i * p.width + j];
              total += sum;
            }
            out[c] = columns.isEmpty() ? T(0) : total / Divisor<T>(rows, columns);
          });
    }
  }
}

// The most elements of a row that are spread at a time. Scratch holds them and the inputs that they spread to.
constexpr Size kSpreadElements = kScratchElements / 4;

// line[q·stride + r] = Σ of part[q − m] over m with r + m·stride < taps, for `length` elements at least; part has zeros
// before and after.
template <class T>
HWY_INLINE void Spread(Size length, Size stride, Size taps, const T* part, T* line) {
  const PoolTag<T> d;
  if (stride > 2) {
    for (Size q = 0; q * stride < length; q++) {
      for (Size r = 0; r < HWY_MIN(stride, length - q * stride); r++, line++) {
        *line = 0;
        for (Size m = 0; r + m * stride < taps; m++) *line += part[q - m];
      }
    }
    return;
  }
  for (Size q = 0; q * stride < length; q += LanesOf(d)) {
    auto even = hn::Zero(d), odd = hn::Zero(d);
    for (Size m = 0; m * stride < taps; m++) {
      const auto x = hn::LoadU(d, part + q - m);
      even = hn::Add(even, x);
      if (m * stride + 1 < taps) odd = hn::Add(odd, x);
    }
    if (stride == 1) {
      hn::StoreU(even, d, line + q);
    } else {
      hn::StoreInterleaved2(even, odd, d, line + 2 * q);
    }
  }
}

// The gradient of each output, divided by its divisor, is added to all inputs of its window: spread along the row
// first, then added to each row of the window.
template <class T>
void AverageBackward(const AveragePool& p, Size planes, const T* g, T* out) {
  const Sliding& h = p.pool.window.horizontal;
  std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(planes * p.height * p.width));
  if (p.outHeight == 0 || p.outWidth == 0) return;
  const Size taps = HWY_MAX(Size(1), HWY_MIN(p.pool.width, kSpreadElements));
  const Size beyond = (taps - 1) / h.stride, most = 1 + (kSpreadElements - taps) / h.stride;
  T* const line = static_cast<T*>(threadScratch());
  T* const part = line + 2 * kScratchElements + beyond;
  T* const divisors = line + 3 * kScratchElements;
  for (Size c = 0; c < p.outWidth; c += most) {
    const Size cols = HWY_MIN(most, p.outWidth - c);
    for (Size i = 0; i < cols; i++) {
      const Share columns = p.columnsOf(c + i);
      divisors[i] = static_cast<T>(columns.isEmpty() ? 1 : columns.length);
    }
    // The taps that lie inside the image for some of these windows.
    const Size firstTap = HWY_MAX(Size(0), -h.begin(c + cols - 1)),
               endTap = HWY_MIN(p.pool.width, p.width - h.begin(c));
    std::fill_n(part - beyond, cols + 2 * beyond + LanesOf(PoolTag<T>()), T(0));
    for (Size row = 0; row < planes * p.outHeight; row++) {
      const Share rows = p.rowsOf(row % p.outHeight);
      if (rows.isEmpty()) continue;
      const T* const from = g + row * p.outWidth + c;
      for (Size i = 0; i < cols; i++) part[i] = from[i] / (static_cast<T>(rows.length) * divisors[i]);
      for (Size tap = firstTap; tap < endTap; tap += taps) {
        const Size count = HWY_MIN(taps, endTap - tap);
        const Size left = h.begin(c) + tap, length = (cols - 1) * h.stride + count;
        Spread(length, h.stride, count, part, line);
        const Size begin = HWY_MAX(Size(0), -left), end = HWY_MIN(length, p.width - left);
        for (Size y = rows.from; y < rows.to; y++) {
          T* const to = out + (row / p.outHeight * p.height + y) * p.width + left;
          for (Size i = begin; i < end; i++) to[i] += line[i];
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
