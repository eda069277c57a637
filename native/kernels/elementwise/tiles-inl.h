// How a functor on elements (or on vectors) becomes a tile: its inputs, scalars and output are read from its
// operator().

#if defined(BLASGRAD_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_TILES_INL_H_
#undef BLASGRAD_TILES_INL_H_
#else
#define BLASGRAD_TILES_INL_H_
#endif

#include <type_traits>

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE const T* Operand(const void* const* inputs, int i) {
  return static_cast<const T*>(inputs[i]);
}

// bool results are stored as 0 or 1 in a byte.
template <class R>
using Stored = std::conditional_t<std::is_same_v<R, bool>, std::uint8_t, R>;

template <class F>
HWY_INLINE F MakeFunctor(const double* scalars) {
  if constexpr (std::is_constructible_v<F, const double*>) {
    return F(scalars);
  } else {
    (void)scalars;
    return F();
  }
}

// F works on single elements; the compiler vectorises the loop.
template <class F, class T>
void LoopTile(Size n, const void* const* inputs, const double* scalars, void* out) {
  const F f = MakeFunctor<F>(scalars);
  if constexpr (std::is_invocable_v<F, T>) {
    const T* a = Operand<T>(inputs, 0);
    auto* o = static_cast<Stored<std::invoke_result_t<F, T>>*>(out);
    BLASGRAD_INDEPENDENT
    for (Size i = 0; i < n; i++) o[i] = f(a[i]);
  } else if constexpr (std::is_invocable_v<F, T, T>) {
    const T* a = Operand<T>(inputs, 0);
    const T* b = Operand<T>(inputs, 1);
    auto* o = static_cast<Stored<std::invoke_result_t<F, T, T>>*>(out);
    BLASGRAD_INDEPENDENT
    for (Size i = 0; i < n; i++) o[i] = f(a[i], b[i]);
  } else {
    const std::uint8_t* mask = Operand<std::uint8_t>(inputs, 0);
    const T* a = Operand<T>(inputs, 1);
    const T* b = Operand<T>(inputs, 2);
    auto* o = static_cast<T*>(out);
    BLASGRAD_INDEPENDENT
    for (Size i = 0; i < n; i++) o[i] = f(mask[i], a[i], b[i]);
  }
}

// F works on Highway vectors.
template <class F, class T>
void VectorTile(Size n, const void* const* inputs, const double* scalars, void* out) {
  const hn::ScalableTag<T> d;
  using D = decltype(d);
  using V = hn::Vec<hn::ScalableTag<T>>;
  const Size lanes = LanesOf(d);
  const F f = MakeFunctor<F>(scalars);
  const T* a = Operand<T>(inputs, 0);
  T* o = static_cast<T*>(out);
  Size i = 0;
  if constexpr (std::is_invocable_v<F, D, V>) {
    for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, a + i)), d, o + i);
    if (i < n) StorePart(f(d, LoadPart(d, a + i, n - i)), d, o + i, n - i);
  } else {
    const T* b = Operand<T>(inputs, 1);
    for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, o + i);
    if (i < n) StorePart(f(d, LoadPart(d, a + i, n - i), LoadPart(d, b + i, n - i)), d, o + i, n - i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
