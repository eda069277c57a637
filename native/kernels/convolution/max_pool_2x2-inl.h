// 2 × 2 max pooling, stride 2, vectorized, for elements of 4 bytes: as long as indices.

#if defined(BLASGRAD_MAX_POOL_2X2_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_MAX_POOL_2X2_INL_H_
#undef BLASGRAD_MAX_POOL_2X2_INL_H_
#else
#define BLASGRAD_MAX_POOL_2X2_INL_H_
#endif

#include "interior-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Calls f(from) for vectors that cover a row of `count` elements. The last one overlaps the one before it, or is left
// out where `leavesTail`. A row shorter than a vector is one call f(0) where `hasRoom`: it also writes the elements
// behind the row, which the next row overwrites. Without room it is part().
template <class F, class P>
HWY_INLINE void EachVector(Size count, Size lanes, bool hasRoom, bool leavesTail, F f, P part) {
  if (count < lanes) return hasRoom ? f(0) : part();
  for (Size i = 0; i + lanes <= count; i += lanes) f(i);
  if (count % lanes != 0 && !leavesTail) f(count - lanes);
}

// Whether the tail of a row of `count` elements fits into half a vector: the tails of two rows then share a vector.
HWY_INLINE bool EndsInHalf(Size count, Size lanes) {
  const Size left = count % lanes;
  return count > lanes && left != 0 && left <= lanes / 2;
}

// Deinterleaves a vector's worth of pairs, half of them at p and half at q, into the first and the second elements.
template <class D>
HWY_INLINE void LoadPairs(D d, const hn::TFromD<D>* p, const hn::TFromD<D>* q, hn::Vec<D>& first, hn::Vec<D>& second) {
#if HWY_TARGET == HWY_SCALAR
  hn::LoadInterleaved2(d, p, first, second);
  (void)q;
#else
  const auto low = hn::LoadU(d, p), high = hn::LoadU(d, q);
  first = hn::ConcatEven(d, high, low);
  second = hn::ConcatOdd(d, high, low);
#endif
}

// The inverse of LoadPairs.
template <class D, class V>
HWY_INLINE void StorePairs(D d, V first, V second, hn::TFromD<D>* p, hn::TFromD<D>* q) {
#if HWY_TARGET == HWY_SCALAR
  hn::StoreInterleaved2(first, second, d, p);
  (void)q;
#else
  if constexpr (hn::MaxLanes(d) == 8) {
    const auto low = hn::InterleaveLower(d, first, second), high = hn::InterleaveUpper(d, first, second);
    hn::StoreU(hn::ConcatLowerLower(d, high, low), d, p);
    hn::StoreU(hn::ConcatUpperUpper(d, high, low), d, q);
  } else {
    const hn::Half<D> half;
    hn::StoreInterleaved2(hn::LowerHalf(half, first), hn::LowerHalf(half, second), half, p);
    hn::StoreInterleaved2(hn::UpperHalf(half, first), hn::UpperHalf(half, second), half, q);
  }
#endif
}

// A vector whose lower half is at p and whose upper half is at q.
template <class D, class T>
HWY_INLINE hn::Vec<D> LoadHalves(D d, const T* p, const T* q) {
#if HWY_TARGET == HWY_SCALAR
  (void)q;
  return hn::LoadU(d, p);
#else
  const hn::Half<D> half;
  return hn::Combine(d, hn::LoadU(half, q), hn::LoadU(half, p));
#endif
}

template <class D, class V, class T>
HWY_INLINE void StoreHalves(D d, V v, T* p, T* q) {
#if HWY_TARGET == HWY_SCALAR
  hn::StoreU(v, d, p);
  (void)q;
#else
  const hn::Half<decltype(d)> half;
  hn::StoreU(hn::LowerHalf(half, v), half, p);
  hn::StoreU(hn::UpperHalf(half, v), half, q);
#endif
}

// The offset of each lane's window from the first one's: all in one row, or with `halves` the upper half in the next
// row of windows.
template <class DI>
HWY_INLINE hn::Vec<DI> OffsetsOfWindows(DI di, Size width, bool halves) {
  const auto side = hn::ShiftLeft<1>(hn::Iota(di, 0));
  if (!halves) return side;
  const Size half = LanesOf(di) / 2;
  const auto next = hn::Add(side, hn::Set(di, static_cast<std::int32_t>(2 * (width - half))));
  return hn::IfThenElse(hn::FirstN(di, static_cast<std::size_t>(half)), side, next);
}

// The largest element of each window of a vector, and its index. The windows' indices are `begin`; the upper half of
// the vector is `apart` elements after the lower. A NaN is the largest, the last of several.
template <class D, class DI, class V, class VI>
HWY_INLINE void MaxOfWindows2x2(D d, DI di, const hn::TFromD<D>* upper, const hn::TFromD<D>* lower, Size apart,
                                VI begin, Size width, V& most, VI& found) {
  V first, second, third, fourth;
  LoadPairs(d, upper, upper + apart, first, second);
  LoadPairs(d, lower, lower + apart, third, fourth);
  const VI next = hn::Add(begin, hn::Set(di, 1)), row = hn::Set(di, static_cast<std::int32_t>(width));
  const auto at = [&](auto take, VI yes, VI no) HWY_ATTR { return hn::IfThenElse(hn::RebindMask(di, take), yes, no); };
  // The sum is NaN where any element is; with both infinities too, where the slower path is right as well.
  const V sum = hn::Add(hn::Add(first, second), hn::Add(third, fourth));
  if (HWY_LIKELY(hn::AllTrue(d, hn::Eq(sum, sum)))) {
    const auto right = hn::Gt(second, first), lowerRight = hn::Gt(fourth, third);
    const V above = hn::IfThenElse(right, second, first), below = hn::IfThenElse(lowerRight, fourth, third);
    const auto isBelow = hn::Gt(below, above);
    most = hn::IfThenElse(isBelow, below, above);
    found = at(isBelow, hn::Add(at(lowerRight, next, begin), row), at(right, next, begin));
    return;
  }
  most = first;
  found = begin;
  const auto meet = [&](V value, VI place) HWY_ATTR {
    const auto take = hn::Or(hn::Gt(value, most), hn::Not(hn::Eq(value, value)));
    most = hn::IfThenElse(take, value, most);
    found = at(take, place, found);
  };
  meet(second, next);
  meet(third, hn::Add(begin, row));
  meet(fourth, hn::Add(next, row));
}

template <class T>
void MaxPool2x2(Size planes, Size height, Size width, Size outHeight, Size outWidth, const T* x, T* out,
                std::int32_t* at) {
  if constexpr (sizeof(T) == 4) {
    const PoolTag<T> d;
    const hn::Rebind<std::int32_t, decltype(d)> di;
    using V = hn::Vec<decltype(d)>;
    using VI = hn::Vec<decltype(di)>;
    const Size lanes = LanesOf(d);
    const bool halves = EndsInHalf(outWidth, lanes);
    const VI side = OffsetsOfWindows(di, width, false), split = OffsetsOfWindows(di, width, true);
    const auto from = [&](VI windows, Size first)
                          HWY_ATTR { return hn::Add(windows, hn::Set(di, static_cast<std::int32_t>(first))); };
    const T* const xEnd = x + planes * height * width;
    const T* const end = out + planes * outHeight * outWidth;
    V most;
    VI found;
    for (Size plane = 0; plane < planes; plane++, x += height * width) {
      for (Size y = 0; y < outHeight; y++, out += outWidth, at += outWidth) {
        const T* const upper = x + 2 * y * width;
        const T* const lower = upper + width;
        EachVector(
            outWidth, lanes, end - out >= lanes && xEnd - lower >= 2 * lanes,
            halves && (y % 2 == 1 || y + 1 < outHeight),
            [&](Size c) HWY_ATTR {
              MaxOfWindows2x2(d, di, upper + 2 * c, lower + 2 * c, lanes, from(side, 2 * (y * width + c)), width, most,
                              found);
              hn::StoreU(most, d, out + c);
              hn::StoreU(found, di, at + c);
            },
            [&]() HWY_ATTR {
              T rows[4 * hn::MaxLanes(d)] = {};
              T values[hn::MaxLanes(d)];
              std::int32_t places[hn::MaxLanes(d)];
              const auto count = static_cast<std::size_t>(outWidth);
              std::memcpy(rows, upper, 2 * count * sizeof(T));
              std::memcpy(rows + 2 * lanes, lower, 2 * count * sizeof(T));
              MaxOfWindows2x2(d, di, rows, rows + 2 * lanes, lanes, from(side, 2 * y * width), width, most, found);
              hn::StoreU(most, d, values);
              hn::StoreU(found, di, places);
              std::memcpy(out, values, count * sizeof(T));
              std::memcpy(at, places, count * sizeof(std::int32_t));
            });
        if (halves && y % 2 == 1) {
          const Size c = outWidth - lanes / 2;
          MaxOfWindows2x2(d, di, upper - 2 * width + 2 * c, lower - 2 * width + 2 * c, 2 * width,
                          from(split, 2 * ((y - 1) * width + c)), width, most, found);
          StoreHalves(d, most, out - outWidth + c, out + c);
          StoreHalves(di, found, at - outWidth + c, at + c);
        }
      }
    }
  } else {
    (void)planes, (void)height, (void)width, (void)outHeight, (void)outWidth, (void)x, (void)out, (void)at;
  }
}

// Writes both rows of each window of a vector: the gradient at index `at`, 0 elsewhere. The upper half of the vector is
// `apart` elements after the lower.
template <class D, class V, class VI>
HWY_INLINE void ScatterToWindows2x2(D d, V gradient, VI at, VI begin, Size width, hn::TFromD<D>* upper,
                                    hn::TFromD<D>* lower, Size apart) {
  const hn::Rebind<std::int32_t, D> di;
  const auto place = hn::Sub(at, begin);
  const auto where = [&](Size offset) HWY_ATTR {
    const auto here = hn::Eq(place, hn::Set(di, static_cast<std::int32_t>(offset)));
    return hn::IfThenElseZero(hn::RebindMask(d, here), gradient);
  };
  StorePairs(d, where(0), where(1), upper, upper + apart);
  StorePairs(d, where(width), where(width + 1), lower, lower + apart);
}

template <class T>
void MaxPool2x2Backward(Size planes, Size height, Size width, Size outHeight, Size outWidth, const T* g,
                        const std::int32_t* at, T* out) {
  if constexpr (sizeof(T) == 4) {
    const PoolTag<T> d;
    const hn::Rebind<std::int32_t, decltype(d)> di;
    using VI = hn::Vec<decltype(di)>;
    const Size lanes = LanesOf(d);
    const bool halves = EndsInHalf(outWidth, lanes);
    const VI side = OffsetsOfWindows(di, width, false), split = OffsetsOfWindows(di, width, true);
    const auto from = [&](VI windows, Size first)
                          HWY_ATTR { return hn::Add(windows, hn::Set(di, static_cast<std::int32_t>(first))); };
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
            halves && (y % 2 == 1 || y + 1 < outHeight),
            [&](Size c) HWY_ATTR {
              ScatterToWindows2x2(d, hn::LoadU(d, g + c), hn::LoadU(di, at + c), from(side, 2 * (y * width + c)), width,
                                  upper + 2 * c, lower + 2 * c, lanes);
            },
            [&]() HWY_ATTR {
              T rows[4 * hn::MaxLanes(d)];
              const auto count = static_cast<std::size_t>(outWidth);
              ScatterToWindows2x2(d, LoadPart(d, g, outWidth), LoadPart(di, at, outWidth), from(side, 2 * y * width),
                                  width, rows, rows + 2 * lanes, lanes);
              std::memcpy(upper, rows, 2 * count * sizeof(T));
              std::memcpy(lower, rows + 2 * lanes, 2 * count * sizeof(T));
            });
        if (halves && y % 2 == 1) {
          const Size c = outWidth - lanes / 2;
          ScatterToWindows2x2(d, LoadHalves(d, g - outWidth + c, g + c), LoadHalves(di, at - outWidth + c, at + c),
                              from(split, 2 * ((y - 1) * width + c)), width, upper - 2 * width + 2 * c,
                              lower - 2 * width + 2 * c, 2 * width);
        }
        if (beside > 0) {
          zero(upper + 2 * outWidth, beside);
          zero(lower + 2 * outWidth, beside);
        }
      }
      if (height > 2 * outHeight) zero(out + 2 * outHeight * width, (height - 2 * outHeight) * width);
    }
  } else {
    (void)planes, (void)height, (void)width, (void)outHeight, (void)outWidth, (void)g, (void)at, (void)out;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
