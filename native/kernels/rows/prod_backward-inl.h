// The gradient of a product along the middle axis of [outer, n, inner]: the product of the elements before times the
// product of those after, so that zeros need no division.

#if defined(BLASGRAD_PROD_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PROD_BACKWARD_INL_H_
#undef BLASGRAD_PROD_BACKWARD_INL_H_
#else
#define BLASGRAD_PROD_BACKWARD_INL_H_
#endif

#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Both running products at once: two dependency chains take the time of one.
template <class T>
void ProdBackwardRow(Size n, T g, const T* a, T* out) {
  T before = g;
  T after = T(1);
  for (Size i = 0; i < n; i++) {
    const Size j = n - 1 - i;
    // The second to reach an element multiplies.
    out[i] = i > j ? out[i] * before : before;
    out[j] = i >= j ? out[j] * after : after;
    before *= a[i];
    after *= a[j];
  }
}

// Multiplies `product` by the rows 0 … n − 1, downwards or upwards; `store` is called with the product before each row.
template <class T, class Store>
HWY_INLINE void EachProduct(Size n, Size stride, Size width, bool up, const T* a, T* product, const Store& store) {
  const hn::ScalableTag<T> d;
  EachRows<kRowsInFlight>(0, n, [&](auto count, Size r) BLASGRAD_INLINE_LAMBDA {
    constexpr int kRows = count;
    EachVector<T>(width, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      auto v = hn::Load(d, product + vector.at);
      BLASGRAD_EACH_ROW {
        const Size at = (up ? n - 1 - r - k : r + k) * stride;
        const auto x = vector.Load(a + at);
        store(vector, at, v);
        v = hn::Mul(v, x);
      }
      hn::Store(v, d, product + vector.at);
    });
  });
}

template <class T>
void ProdBackward(Size outer, Size n, Size inner, const T* g, const T* a, T* out, Range<2> columns) {
  if (n == 0) return;
  HWY_ALIGN T product[kPanelColumns];
  for (Size o = 0; o < outer; o++, a += n * inner, out += n * inner, g += inner) {
    if (inner == 1) {
      ProdBackwardRow(n, *g, a, out);
      continue;
    }
    for (Size c = columns.from; c < columns.to; c += kPanelColumns) {
      const Size width = HWY_MIN(kPanelColumns, columns.to - c);
      T* const to = out + c;
      std::memcpy(product, g + c, static_cast<std::size_t>(width) * sizeof(T));
      EachProduct(n, inner, width, false, a + c, product,
                  [&](const auto& vector, Size at, auto v) BLASGRAD_INLINE_LAMBDA { vector.Store(v, to + at); });
      for (Size i = 0; i < width; i++) product[i] = T(1);
      EachProduct(n, inner, width, true, a + c, product,
                  [&](const auto& vector, Size at, auto v)
                      BLASGRAD_INLINE_LAMBDA { vector.Store(hn::Mul(vector.Load(to + at), v), to + at); });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
