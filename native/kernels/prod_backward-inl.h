// The gradient of a product along the middle axis of [outer, n, inner].

#if defined(BLASGRAD_PROD_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PROD_BACKWARD_INL_H_
#undef BLASGRAD_PROD_BACKWARD_INL_H_
#else
#define BLASGRAD_PROD_BACKWARD_INL_H_
#endif

#include "simd-inl.h"

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

template <class T>
void ProdBackward(Size outer, Size n, Size inner, const T* g, const T* a, T* out, Range<2> columns) {
  if (inner == 1) {
    for (Size o = 0; o < outer; o++) ProdBackwardRow(n, g[o], a + o * n, out + o * n);
    return;
  }
  constexpr Size kColumns = 4096;
  T product[kColumns];
  for (Size o = 0; o < outer; o++, a += n * inner, out += n * inner, g += inner) {
    for (Size at = columns.from; at < columns.to; at += kColumns) {
      const Size width = HWY_MIN(kColumns, columns.to - at);
      for (Size i = 0; i < width; i++) product[i] = g[at + i];
      for (Size j = 0; j < n; j++) {
        const T* const from = a + j * inner + at;
        T* const to = out + j * inner + at;
        BLASGRAD_INDEPENDENT
        for (Size i = 0; i < width; i++) {
          to[i] = product[i];
          product[i] *= from[i];
        }
      }
      for (Size i = 0; i < width; i++) product[i] = T(1);
      for (Size j = n; j-- > 0;) {
        const T* const from = a + j * inner + at;
        T* const to = out + j * inner + at;
        BLASGRAD_INDEPENDENT
        for (Size i = 0; i < width; i++) {
          to[i] *= product[i];
          product[i] *= from[i];
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
