// The interior of a row of outputs: those whose windows lie inside the image. They need no bounds check and are
// vectorized.

#if defined(BLASGRAD_INTERIOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_INTERIOR_INL_H_
#undef BLASGRAD_INTERIOR_INL_H_
#else
#define BLASGRAD_INTERIOR_INL_H_
#endif

#include "kernels/base/simd-inl.h"
#include "window.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// At most 8 lanes: rows of outputs are often short, and longer vectors leave more lanes empty.
template <class T>
using PoolTag = hn::CappedTag<T, 8>;

// The first and the last output at which a vector may begin; none where last < first. A vector reads stride · lanes
// elements for each tap.
struct Interior {
  Size first, last;

  Interior(const Sliding& h, Size taps, Size width, Size outWidth, Size lanes)
      : first((h.pad + h.stride - 1) / h.stride),
        last(HWY_MIN(outWidth - lanes, (width - (taps - 1) * h.dilation - lanes * h.stride + h.pad) / h.stride)) {
    if (h.stride > 2 || taps == 0 || width + h.pad < (taps - 1) * h.dilation + lanes * h.stride) last = -1;
  }
};

// Calls vector(c) for vectors that cover the interior, where the last may overlap the one before it, and scalar(c) for
// each other output.
template <class V, class S>
HWY_INLINE void EachOutput(Size outWidth, const Interior& interior, Size lanes, V vector, S scalar) {
  Size c = 0;
  if (interior.first <= interior.last) {
    for (; c < interior.first; c++) scalar(c);
    for (; c < interior.last; c += lanes) vector(c);
    vector(interior.last);
    c = interior.last + lanes;
  }
  for (; c < outWidth; c++) scalar(c);
}

// A vector of every stride-th element of x; the stride is 1 or 2.
template <class T>
HWY_INLINE hn::Vec<PoolTag<T>> LoadStrided(const T* x, Size stride) {
  const PoolTag<T> d;
  if (stride == 1) return hn::LoadU(d, x);
  hn::Vec<decltype(d)> even, odd;
  hn::LoadInterleaved2(d, x, even, odd);
  return even;
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
