// Average-pooling one axis after the other, by vectors: a window's rows are added, then its columns. The rows of a
// block of outputs lie in a buffer with zeros for what is outside of the image, so that all windows are alike.

#if defined(BLASGRAD_AVERAGING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_AVERAGING_INL_H_
#undef BLASGRAD_AVERAGING_INL_H_
#else
#define BLASGRAD_AVERAGING_INL_H_
#endif

#include "pool.h"
#include "kernels/base/scratch.h"
#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Of at most 8 lanes: rows are often short, and longer vectors leave more of them empty.
template <class T>
using AveragingTag = hn::CappedTag<T, 8>;

// Calls f(from, count) for vectors that cover n elements: the last may begin within the one before it where elements
// may be done twice.
template <class D, class F>
HWY_INLINE void EachSpan(D d, Size n, bool twice, F f) {
  const Size lanes = LanesOf(d);
  Size i = 0;
  for (; i + lanes <= n; i += lanes) f(i, lanes);
  if (i == n) return;
  if (twice && n >= lanes) return f(n - lanes, lanes);
  f(i, n - i);
}

// to[c] = (Σ over the `taps` elements from c·stride on) / divisors[c]. Reads two vectors beyond the last.
template <class T>
HWY_INLINE void AverageAcross(Size n, Size stride, Size taps, const T* from, const T* divisors, T* to) {
  const AveragingTag<T> d;
  if (stride > 2) {
    for (Size c = 0; c < n; c++, from += stride) {
      T sum = 0;
      for (Size j = 0; j < taps; j++) sum += from[j];
      to[c] = sum / divisors[c];
    }
    return;
  }
  EachSpan(d, n, true, [&](Size c, Size count) HWY_ATTR {
    auto sum = hn::Zero(d);
    const T* at = from + c * stride;
    if (stride == 1) {
      for (Size j = 0; j < taps; j++) sum = hn::Add(sum, hn::LoadU(d, at + j));
    } else {
      for (Size j = 0; j < taps; j += 2) {
        hn::Vec<decltype(d)> even, odd;
        hn::LoadInterleaved2(d, at + j, even, odd);
        sum = hn::Add(sum, even);
        if (j + 1 < taps) sum = hn::Add(sum, odd);
      }
    }
    StoreUpTo(hn::Div(sum, LoadUpTo(d, divisors + c, count, T(1))), d, to + c, count);
  });
}

// The other way round: to[q·stride + r] = Σ of from[q − m] over m with r + m·stride < taps, of n q's.
template <class T>
HWY_INLINE void SpreadAcross(Size n, Size stride, Size taps, const T* from, T* to) {
  const AveragingTag<T> d;
  if (stride > 2) {
    for (Size q = 0; q < n; q++) {
      for (Size r = 0; r < stride; r++, to++) {
        *to = 0;
        for (Size m = 0; r + m * stride < taps; m++) *to += from[q - m];
      }
    }
    return;
  }
  // Whole vectors: there is room beyond the last.
  for (Size q = 0; q < n; q += LanesOf(d)) {
    auto even = hn::Zero(d), odd = hn::Zero(d);
    for (Size m = 0; m * stride < taps; m++) {
      const auto part = hn::LoadU(d, from + q - m);
      even = hn::Add(even, part);
      if (m * stride + 1 < taps) odd = hn::Add(odd, part);
    }
    if (stride == 1) {
      hn::StoreU(even, d, to + q);
    } else {
      hn::StoreInterleaved2(even, odd, d, to + 2 * q);
    }
  }
}

// The outputs of a pool in blocks. A block's window of column c begins at c·stride of a row of the buffer, whose first
// element is the image's column `left`.
template <class T>
class Averaging {
 public:
  Averaging(const Pool& pool, Size height, Size width, Size outHeight, Size outWidth, bool padded)
      : pool_(pool), height_(height), width_(width), outHeight_(outHeight), outWidth_(outWidth), padded_(padded) {
    cols_ = HWY_MAX(Size(0), HWY_MIN(outWidth, (kRoom - reach()) / stride()));
    rows_ = cols_ == 0 ? 0 : HWY_MIN(outHeight, kRoom / (lineOf(cols_) + beyond()));
  }

  // Whether a row of a window fits the buffer.
  bool fits() const { return cols_ > 0 && rows_ > 0; }

  void forward(Size planes, const T* x, T* out) {
    for (Size plane = 0; plane < planes; plane++, x += height_ * width_, out += outHeight_ * outWidth_) {
      eachBlock(plane, [&](Size y, Size rows, Size c, Size cols, bool isNew) {
        const Size left = pool_.window.horizontal.begin(c), line = lineOf(cols);
        if (isNew) {
          std::memset(buffer_, 0, sizeof(T) * static_cast<std::size_t>(rows * line));
          divide(y, rows, c, cols);
        }
        for (Size r = 0; r < rows; r++) addRows(vertical(y + r), left, line, x, buffer_ + r * line);
        // Windows that lie side by side do so from row to row.
        const bool joined = line == cols * stride() && cols == outWidth_;
        for (Size r = 0; r < rows; r += joined ? rows : 1) {
          AverageAcross(joined ? rows * cols : cols, stride(), pool_.width, buffer_ + r * line, divisors_ + r * cols,
                        out + (y + r) * outWidth_ + c);
        }
      });
    }
  }

  void backward(Size planes, const T* g, T* out) {
    const AveragingTag<T> d;
    const bool whole = rows_ == outHeight_ && cols_ == outWidth_;
    for (Size plane = 0; plane < planes; plane++, out += height_ * width_, g += outHeight_ * outWidth_) {
      if (!whole) std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(height_ * width_));
      eachBlock(plane, [&](Size y, Size rows, Size c, Size cols, bool isNew) HWY_ATTR {
        const Size left = pool_.window.horizontal.begin(c), line = lineOf(cols);
        // Zeros before and after a row's parts.
        const Size more = beyond(), row = cols + 2 * more;
        if (isNew) {
          std::memset(parts_, 0, sizeof(T) * static_cast<std::size_t>(rows * row + more));
          divide(y, rows, c, cols);
        }
        const bool joined = more == 0 && cols == outWidth_;
        for (Size r = 0; r < rows; r += joined ? rows : 1) {
          const T* const from = g + (y + r) * outWidth_ + c;
          const T* const divisors = divisors_ + r * cols;
          T* const to = parts_ + r * row + more;
          EachSpan(d, joined ? rows * cols : cols, true, [&](Size i, Size count) HWY_ATTR {
            const auto part = hn::Div(LoadUpTo(d, from + i, count), LoadUpTo(d, divisors + i, count, T(1)));
            StoreUpTo(part, d, to + i, count);
          });
        }
        for (Size r = 0; r < rows; r += joined ? rows : 1) {
          SpreadAcross(joined ? rows * cols : cols + more, stride(), pool_.width, parts_ + r * row + more,
                       buffer_ + r * line);
        }
        addWindows(y, rows, left, line, !whole, out);
      });
    }
  }

 private:
  static constexpr Size kSlack = 64;
  static constexpr Size kRoom = 2 * kScratchElements - kSlack;

  Size stride() const { return pool_.window.horizontal.stride; }
  Size reach() const { return 2 * HWY_MAX(pool_.width, stride()); }
  // The whole strides that a window reaches beyond its own.
  Size beyond() const { return (HWY_MAX(pool_.width, Size(1)) - 1) / stride(); }
  // The elements of a row of the buffer.
  Size lineOf(Size cols) const { return (cols + beyond()) * stride(); }
  Share vertical(Size y) const { return {pool_.window.vertical, y, pool_.height, height_, padded_}; }

  // Calls f(first row, rows, first column, columns, whether it is another block than the last).
  template <class F>
  HWY_INLINE void eachBlock(Size plane, F f) {
    const bool whole = rows_ == outHeight_ && cols_ == outWidth_;
    for (Size y = 0; y < outHeight_; y += rows_) {
      for (Size c = 0; c < outWidth_; c += cols_) {
        f(y, HWY_MIN(rows_, outHeight_ - y), c, HWY_MIN(cols_, outWidth_ - c), !whole || plane == 0);
      }
    }
  }

  // What each output's sum is divided by; where nothing is summed, 1.
  void divide(Size y, Size rows, Size c, Size cols) {
    for (Size r = 0; r < rows; r++) {
      const Share v = vertical(y + r);
      for (Size i = 0; i < cols; i++) {
        const Share h(pool_.window.horizontal, c + i, pool_.width, width_, padded_);
        const bool empty = v.isEmpty() || h.isEmpty();
        divisors_[r * cols + i] = empty ? T(1) : static_cast<T>(v.length) * static_cast<T>(h.length);
      }
    }
  }

  // to[line] = Σ of the image's rows, from column `left` on, inside.
  void addRows(const Share& rows, Size left, Size line, const T* x, T* to) const {
    const AveragingTag<T> d;
    const Size from = HWY_MAX(Size(0), -left), end = HWY_MIN(line, width_ - left);
    if (from >= end) return;
    const T* const first = x + rows.from * width_ + left + from;
    EachSpan(d, end - from, true, [&](Size i, Size count) HWY_ATTR {
      auto sum = hn::Zero(d);
      const T* at = first + i;
      for (Size r = rows.from; r < rows.to; r++, at += width_) sum = hn::Add(sum, LoadUpTo(d, at, count));
      StoreUpTo(sum, d, to + from + i, count);
    });
  }

  // To each row of the image goes what the block's windows that it is in have in the buffer; or is added.
  void addWindows(Size y, Size rows, Size left, Size line, bool add, T* out) const {
    const AveragingTag<T> d;
    const Sliding& v = pool_.window.vertical;
    const Size top = HWY_MAX(Size(0), v.begin(y));
    const Size from = HWY_MAX(Size(0), -left), end = HWY_MIN(line, width_ - left);
    Size first = y;
    for (Size i = add ? top : 0; i < height_; i++) {
      T* const to = out + i * width_;
      while (first < y + rows && v.begin(first) + pool_.height <= i) first++;
      Size after = first;
      while (after < y + rows && v.begin(after) <= i) after++;
      if (!add && (from > 0 || end < width_ || first >= after)) {
        std::memset(to, 0, sizeof(T) * static_cast<std::size_t>(width_));
      }
      if (first >= after || from >= end) continue;
      EachSpan(d, end - from, !add, [&](Size j, Size count) HWY_ATTR {
        T* const p = to + left + from + j;
        auto sum = add ? LoadUpTo(d, p, count) : hn::Zero(d);
        const T* at = buffer_ + (first - y) * line + from + j;
        for (Size r = first; r < after; r++, at += line) sum = hn::Add(sum, LoadUpTo(d, at, count));
        StoreUpTo(sum, d, p, count);
      });
    }
  }

  Pool pool_;
  Size height_, width_, outHeight_, outWidth_;
  bool padded_;
  Size rows_, cols_;
  T* const buffer_ = static_cast<T*>(threadScratch());
  T* const parts_ = buffer_ + 2 * kScratchElements;
  T* const divisors_ = buffer_ + 5 * kScratchElements;
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
