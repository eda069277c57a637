// Max-pooling by 2 × 2 squares side by side, a vector of them at a time. For elements of 4 bytes, as positions have.

#if defined(BLASGRAD_HALVING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_HALVING_INL_H_
#undef BLASGRAD_HALVING_INL_H_
#else
#define BLASGRAD_HALVING_INL_H_
#endif

#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Calls f(from) for vectors of lanes that cover a row of `count`: the last may begin within the one before it. A row of
// less than a vector is taken with what follows it, which is done right afterwards, or, without room, by `part()`.
template <class F, class P>
HWY_INLINE void EachVector(Size count, Size lanes, bool hasRoom, F f, P part) {
  if (count < lanes) return hasRoom ? f(0) : part();
  for (Size i = 0; i + lanes <= count; i += lanes) f(i);
  if (count % lanes != 0) f(count - lanes);
}

// The first and the second of each of as many pairs as there are lanes.
template <class D>
HWY_INLINE void LoadPairs(D d, const hn::TFromD<D>* p, hn::Vec<D>& first, hn::Vec<D>& second) {
#if HWY_TARGET == HWY_SCALAR
  hn::LoadInterleaved2(d, p, first, second);
#else
  const auto low = hn::LoadU(d, p), high = hn::LoadU(d, p + LanesOf(d));
  first = hn::ConcatEven(d, high, low);
  second = hn::ConcatOdd(d, high, low);
#endif
}

// A vector of squares: their largest elements and where these are; NaN if any is, the last of several.
template <class D, class DI>
HWY_INLINE void MostOfSquares(D d, DI di, const hn::TFromD<D>* upper, const hn::TFromD<D>* lower, Size first,
                              Size width, hn::TFromD<D>* out, std::int32_t* at) {
  hn::Vec<D> most, value[3];
  LoadPairs(d, upper, most, value[0]);
  LoadPairs(d, lower, value[1], value[2]);
  const Size places[] = {1, width, width + 1};
  const auto begin = hn::Add(hn::Set(di, static_cast<std::int32_t>(first)), hn::ShiftLeft<1>(hn::Iota(di, 0)));
  auto found = begin;
  for (int i = 0; i < 3; i++) {
    const auto take = hn::Or(hn::Gt(value[i], most), hn::Not(hn::Eq(value[i], value[i])));
    most = hn::IfThenElse(take, value[i], most);
    found = hn::IfThenElse(hn::RebindMask(di, take), hn::Add(begin, hn::Set(di, static_cast<std::int32_t>(places[i]))),
                           found);
  }
  hn::StoreU(most, d, out);
  hn::StoreU(found, di, at);
}

template <class T>
void HalveByMax(Size planes, Size height, Size width, Size outHeight, Size outWidth, const T* x, T* out,
                std::int32_t* at) {
  if constexpr (sizeof(T) == 4) {
    const hn::ScalableTag<T> d;
    const hn::Rebind<std::int32_t, decltype(d)> di;
    const Size lanes = LanesOf(d);
    const T* const xEnd = x + planes * height * width;
    const T* const end = out + planes * outHeight * outWidth;
    for (Size plane = 0; plane < planes; plane++, x += height * width) {
      for (Size y = 0; y < outHeight; y++, out += outWidth, at += outWidth) {
        const T* const upper = x + 2 * y * width;
        const T* const lower = upper + width;
        EachVector(
            outWidth, lanes, end - out >= lanes && xEnd - lower >= 2 * lanes,
            [&](Size c) HWY_ATTR {
              MostOfSquares(d, di, upper + 2 * c, lower + 2 * c, 2 * (y * width + c), width, out + c, at + c);
            },
            [&]() HWY_ATTR {
              T rows[4 * hn::MaxLanes(d)] = {};
              T most[hn::MaxLanes(d)];
              std::int32_t found[hn::MaxLanes(d)];
              const auto count = static_cast<std::size_t>(outWidth);
              std::memcpy(rows, upper, 2 * count * sizeof(T));
              std::memcpy(rows + 2 * lanes, lower, 2 * count * sizeof(T));
              MostOfSquares(d, di, rows, rows + 2 * lanes, 2 * y * width, width, most, found);
              std::memcpy(out, most, count * sizeof(T));
              std::memcpy(at, found, count * sizeof(std::int32_t));
            });
      }
    }
  } else {
    (void)planes, (void)height, (void)width, (void)outHeight, (void)outWidth, (void)x, (void)out, (void)at;
  }
}

// The rows of a vector of squares: g where `at` says, else 0.
template <class D, class DI>
HWY_INLINE void SpreadToSquares(D d, DI di, const hn::TFromD<D>* g, const std::int32_t* at, Size first, Size width,
                                hn::TFromD<D>* upper, hn::TFromD<D>* lower) {
  const auto gradient = hn::LoadU(d, g);
  const auto begin = hn::Add(hn::Set(di, static_cast<std::int32_t>(first)), hn::ShiftLeft<1>(hn::Iota(di, 0)));
  const auto place = hn::Sub(hn::LoadU(di, at), begin);
  const auto where = [&](Size offset) HWY_ATTR {
    const auto here = hn::Eq(place, hn::Set(di, static_cast<std::int32_t>(offset)));
    return hn::IfThenElseZero(hn::RebindMask(d, here), gradient);
  };
  hn::StoreInterleaved2(where(0), where(1), d, upper);
  hn::StoreInterleaved2(where(width), where(width + 1), d, lower);
}

template <class T>
void HalveByMaxBackward(Size planes, Size height, Size width, Size outHeight, Size outWidth, const T* g,
                        const std::int32_t* at, T* out) {
  if constexpr (sizeof(T) == 4) {
    const hn::ScalableTag<T> d;
    const hn::Rebind<std::int32_t, decltype(d)> di;
    const Size lanes = LanesOf(d);
    const auto zero = [](T* to, Size count) { std::memset(to, 0, sizeof(T) * static_cast<std::size_t>(count)); };
    const T* const outEnd = out + planes * height * width;
    const T* const end = g + planes * outHeight * outWidth;
    const Size beside = width - 2 * outWidth;
    for (Size plane = 0; plane < planes; plane++, out += height * width) {
      for (Size y = 0; y < outHeight; y++, g += outWidth, at += outWidth) {
        T* const upper = out + 2 * y * width;
        T* const lower = upper + width;
        EachVector(
            outWidth, lanes, end - g >= lanes && outEnd - lower >= 2 * lanes,
            [&](Size c) HWY_ATTR {
              SpreadToSquares(d, di, g + c, at + c, 2 * (y * width + c), width, upper + 2 * c, lower + 2 * c);
            },
            [&]() HWY_ATTR {
              T rows[4 * hn::MaxLanes(d)];
              T gradient[hn::MaxLanes(d)] = {};
              std::int32_t found[hn::MaxLanes(d)] = {};
              const auto count = static_cast<std::size_t>(outWidth);
              std::memcpy(gradient, g, count * sizeof(T));
              std::memcpy(found, at, count * sizeof(std::int32_t));
              SpreadToSquares(d, di, gradient, found, 2 * y * width, width, rows, rows + 2 * lanes);
              std::memcpy(upper, rows, 2 * count * sizeof(T));
              std::memcpy(lower, rows + 2 * lanes, 2 * count * sizeof(T));
            });
        if (beside > 0) {
          zero(upper + 2 * outWidth, beside);
          zero(lower + 2 * outWidth, beside);
        }
      }
      zero(out + 2 * outHeight * width, (height - 2 * outHeight) * width);
    }
  } else {
    (void)planes, (void)height, (void)width, (void)outHeight, (void)outWidth, (void)g, (void)at, (void)out;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
