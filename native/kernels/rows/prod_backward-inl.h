// The gradient of a product along the middle axis of [outer, n, inner].

#if defined(BLASGRAD_PROD_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PROD_BACKWARD_INL_H_
#undef BLASGRAD_PROD_BACKWARD_INL_H_
#else
#define BLASGRAD_PROD_BACKWARD_INL_H_
#endif

#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The product of all the others is the product of those before times the product of those after. From both ends at
// once: two chains of multiplications are as fast as one.
template <class T>
void ProdBackwardRow(Size n, T g, const T* a, T* out) {
  T before = g;
  T after = T(1);
  Size i = 0;
  Size j = n - 1;
  for (; i < j; i++, j--) {
    out[i] = before;
    out[j] = after;
    before *= a[i];
    after *= a[j];
  }
  if (i == j) {
    out[i] = before * after;
    before *= a[i++];
    after *= a[j--];
  }
  for (; i < n; i++, j--) {
    out[i] *= before;
    out[j] *= after;
    before *= a[i];
    after *= a[j];
  }
}

// Columns side by side, and how many elements of them stay in the second-level cache from one way to the other.
constexpr Size kProductColumns = 4096;
constexpr Size kProductBlock = 32768;
constexpr Size kLeastProductRows = 8;
constexpr int kProductRows = 4;

// Runs f(how many, the first) over the rows from … to − 1, upwards or downwards.
template <class F>
HWY_INLINE void EachProductRows(Size from, Size to, bool down, const F& f) {
  using Several = std::integral_constant<int, kProductRows>;
  using One = std::integral_constant<int, 1>;
  if (down) {
    for (; to - kProductRows >= from; to -= kProductRows) f(Several(), to - kProductRows);
    for (; to > from; to--) f(One(), to - 1);
  } else {
    for (; from + kProductRows <= to; from += kProductRows) f(Several(), from);
    for (; from < to; from++) f(One(), from);
  }
}

// Of columns of n elements, `stride` apart. The products of those before come first, then those after: by blocks of
// rows from the last to the first, so that nothing goes through memory twice. For that the first row of each block has
// to have what goes before it.
template <class T>
void ProdBackwardColumns(Size n, Size stride, Size width, const T* g, const T* a, T* out) {
  const hn::ScalableTag<T> d;
  const RowWalk<T> walk{width};
  HWY_ALIGN T before[kProductColumns];
  HWY_ALIGN T after[kProductColumns];
  const Size block = HWY_MAX(kLeastProductRows, kProductBlock / width);
  const Size last = (n - 1) / block * block;
  std::memcpy(before, g, sizeof(T) * static_cast<std::size_t>(width));
  for (Size begin = 0; begin < last; begin += block) {
    std::memcpy(out + begin * stride, before, sizeof(T) * static_cast<std::size_t>(width));
    EachProductRows(begin, begin + block, false, [&](auto together, Size j) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        auto product = hn::Load(d, before + vector.at);
        BLASGRAD_EACH_ROW {
          const T* const row = a + (j + k) * stride;
          BLASGRAD_PREFETCH(row + vector.at + kRows * stride);
          product = hn::Mul(product, vector.Load(row));
        }
        hn::Store(product, d, before + vector.at);
      });
    });
  }
  for (Size i = 0; i < width; i++) after[i] = T(1);
  for (Size begin = last; begin >= 0; begin -= block) {
    const Size end = HWY_MIN(n, begin + block);
    if (begin < last) std::memcpy(before, out + begin * stride, sizeof(T) * static_cast<std::size_t>(width));
    EachProductRows(begin, end, false, [&](auto together, Size j) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        auto product = hn::Load(d, before + vector.at);
        BLASGRAD_EACH_ROW {
          const Size at = (j + k) * stride;
          vector.Store(product, out + at);
          product = hn::Mul(product, vector.Load(a + at));
        }
        hn::Store(product, d, before + vector.at);
      });
    });
    EachProductRows(begin, end, true, [&](auto together, Size j) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        auto product = hn::Load(d, after + vector.at);
        BLASGRAD_EACH_ROW {
          const Size at = (j + kRows - 1 - k) * stride;
          BLASGRAD_PREFETCH(a + at - block * stride + vector.at);
          BLASGRAD_PREFETCH_TO_WRITE(out + at - block * stride + vector.at);
          vector.Store(hn::Mul(vector.Load(out + at), product), out + at);
          product = hn::Mul(product, vector.Load(a + at));
        }
        hn::Store(product, d, after + vector.at);
      });
    });
  }
}

template <class T>
void ProdBackward(Size outer, Size n, Size inner, const T* g, const T* a, T* out, Range<2> columns) {
  if (n == 0) return;
  if (inner == 1) {
    for (Size o = 0; o < outer; o++) ProdBackwardRow(n, g[o], a + o * n, out + o * n);
    return;
  }
  for (Size o = 0; o < outer; o++, a += n * inner, out += n * inner, g += inner) {
    for (Size at = columns.from; at < columns.to; at += kProductColumns) {
      const Size width = HWY_MIN(kProductColumns, columns.to - at);
      ProdBackwardColumns(n, inner, width, g + at, a + at, out + at);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
