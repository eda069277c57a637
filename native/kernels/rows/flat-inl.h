// The last pass over rows that lie one after another, element by element: by whole lines of the cache, wherever a row
// begins. A store to two lines takes long, one to two pages ten times as long; a vector in which a row ends has the
// beginning of the next.

#if defined(BLASGRAD_FLAT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_FLAT_INL_H_
#undef BLASGRAD_FLAT_INL_H_
#else
#define BLASGRAD_FLAT_INL_H_
#endif

#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Vectors as long as a line take two wherever they do not begin with one.
template <class T>
constexpr bool kTakesLines = kMasked<T> && hn::MaxLanes(hn::ScalableTag<T>()) * sizeof(T) == 64;

// A number for each column, or none: after the last column comes the first again.
template <class T>
class Circle {
 public:
  static constexpr Size kMost = 2048;

  Circle(const T* columns, Size n) : at_(columns) {
    const Size lanes = LanesOf(hn::ScalableTag<T>());
    if (!kTakesLines<T> || columns == nullptr || n < lanes || n > kMost) return;
    std::memcpy(copy_, columns, static_cast<std::size_t>(n) * sizeof(T));
    std::memcpy(copy_ + n, columns, static_cast<std::size_t>(lanes) * sizeof(T));
    at_ = copy_;
  }
  HWY_INLINE const T* at() const { return at_; }

 private:
  const T* at_;
  T copy_[kTakesLines<T> ? static_cast<std::size_t>(kMost) + 64 / sizeof(T) : 1];
};

// Whether rows of n elements go by lines: not where they all begin with one, nor where they are short or very long.
template <class T>
HWY_INLINE bool GoesByLines(const T* out, Size n) {
  if (!kTakesLines<T> || n < LanesOf(hn::ScalableTag<T>()) || n > Circle<T>::kMost) return false;
  return (reinterpret_cast<std::uintptr_t>(out) | static_cast<std::uintptr_t>(n) * sizeof(T)) % 64 != 0;
}

// Stores f(load, at, column, p) to the vectors of `count` rows of n that begin at `out`: `at` and `column` say where
// they are in arrays like `out` and in a circle of columns, load(p) reads such a vector, and p[k] has of[k][row].
template <int kParams, class T, class F>
HWY_INLINE void ByLines(Size count, Size n, const T* const (&of)[kParams], T* out, const F& f) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  const auto whole = [&](const T* p) BLASGRAD_INLINE_LAMBDA { return hn::LoadU(d, p); };
  V own[kParams], next[kParams];
  for (int k = 0; k < kParams; k++) own[k] = hn::Set(d, of[k][0]);
  const Size past = static_cast<Size>(reinterpret_cast<std::uintptr_t>(out) / sizeof(T)) & (lanes - 1);
  // Elements of the row that are done already.
  Size i = (lanes - past) & (lanes - 1);
  if (i > 0) StorePart(f(whole, Size(0), Size(0), own), d, out, i);
  for (Size r = 0; r < count; r++) {
    const Size row = r * n;
    for (; i + lanes <= n; i += lanes) hn::StoreU(f(whole, row + i, i, own), d, out + row + i);
    const Size rest = n - i;
    if (r + 1 == count) {
      if (rest == 0) return;
      const auto part = [&](const T* p) BLASGRAD_INLINE_LAMBDA { return LoadPart(d, p, rest); };
      StorePart(f(part, row + i, i, own), d, out + row + i, rest);
      return;
    }
    for (int k = 0; k < kParams; k++) next[k] = hn::Set(d, of[k][r + 1]);
    if (rest > 0) {
      const auto first = hn::FirstN(d, static_cast<std::size_t>(rest));
      V both[kParams];
      for (int k = 0; k < kParams; k++) both[k] = hn::IfThenElse(first, own[k], next[k]);
      hn::StoreU(f(whole, row + i, i, both), d, out + row + i);
      i = lanes - rest;
    } else {
      i = 0;
    }
    for (int k = 0; k < kParams; k++) own[k] = next[k];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
