// The position of the largest or smallest element along the middle axis of [outer, n, inner]: the first of several, and
// the first NaN before all.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/index_reductions.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Whether b goes before a, which stands earlier.
template <bool kLargest, class T>
HWY_INLINE bool Beats(T b, T a) {
  return (kLargest ? b > a : b < a) || (b != b && a == a);
}

// The same for lanes.
template <bool kLargest, class D, class V>
HWY_INLINE hn::Mask<D> IsBetter(D, V b, V a) {
  if constexpr (hwy::IsFloat<hn::TFromD<D>>()) {
    const auto notWorse = hn::Not(kLargest ? hn::Le(b, a) : hn::Ge(b, a));
    return hn::And(notWorse, hn::Eq(a, a));
  } else {
    return kLargest ? hn::Gt(b, a) : hn::Lt(b, a);
  }
}

template <bool kLargest, class T>
Size FirstBest(Size n, const T* a) {
  Size at = 0;
  for (Size i = 1; i < n; i++) {
    if (Beats<kLargest>(a[i], a[at])) at = i;
  }
  return at;
}

// Each lane keeps its best value and its position. NaN never compares as better but stays in the sum; if the sum is
// NaN, from NaN or from infinities, the row is searched again.
template <bool kLargest, class T>
Size BestOfWideRow(Size n, const T* a) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> places;
  using Place = hn::TFromD<decltype(places)>;
  const Size lanes = LanesOf(d);
  auto best0 = hn::LoadU(d, a), best1 = hn::LoadU(d, a + lanes);
  auto sum0 = best0, sum1 = best1;
  // Positions in the second vectors are counted without `lanes`, which is added in the end.
  auto place = hn::Iota(places, Place(0));
  auto at0 = place, at1 = place;
  const auto step = hn::Set(places, static_cast<Place>(2 * lanes));
  Size i = 2 * lanes;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    place = hn::Add(place, step);
    const auto x0 = hn::LoadU(d, a + i), x1 = hn::LoadU(d, a + i + lanes);
    const auto better0 = kLargest ? hn::Gt(x0, best0) : hn::Lt(x0, best0);
    const auto better1 = kLargest ? hn::Gt(x1, best1) : hn::Lt(x1, best1);
    best0 = kLargest ? hn::Max(x0, best0) : hn::Min(x0, best0);
    best1 = kLargest ? hn::Max(x1, best1) : hn::Min(x1, best1);
    at0 = hn::IfThenElse(hn::RebindMask(places, better0), place, at0);
    at1 = hn::IfThenElse(hn::RebindMask(places, better1), place, at1);
    if constexpr (hwy::IsFloat<T>()) {
      sum0 = hn::Add(sum0, x0);
      sum1 = hn::Add(sum1, x1);
    }
  }
  if constexpr (hwy::IsFloat<T>()) {
    if (!hn::AllFalse(d, hn::IsNaN(hn::Add(sum0, sum1)))) return FirstBest<kLargest>(n, a);
  }
  const auto all = kLargest ? hn::MaxOfLanes(d, hn::Max(best0, best1)) : hn::MinOfLanes(d, hn::Min(best0, best1));
  const auto none = hn::Set(places, std::numeric_limits<Place>::max());
  at0 = hn::IfThenElse(hn::RebindMask(places, hn::Eq(best0, all)), at0, none);
  at1 = hn::Add(at1, hn::Set(places, static_cast<Place>(lanes)));
  at1 = hn::IfThenElse(hn::RebindMask(places, hn::Eq(best1, all)), at1, none);
  T value = hn::GetLane(all);
  Size at = hn::GetLane(hn::MinOfLanes(places, hn::Min(at0, at1)));
  for (; i < n; i++) {
    if (Beats<kLargest>(a[i], value)) {
      value = a[i];
      at = i;
    }
  }
  return at;
}

// A byte cannot hold a position: the reductions give the best value, and memchr its first position.
template <bool kLargest>
Size BestOfWideRow(Size n, const std::uint8_t* a) {
  std::uint8_t value;
  (kLargest ? reductions().uint8.max : reductions().uint8.min)(1, n, 1, a, &value, {0, 1});
  return static_cast<const std::uint8_t*>(std::memchr(a, value, static_cast<std::size_t>(n))) - a;
}

// At least two vectors.
constexpr Size kWide = 64;

template <bool kLargest, class T>
void BestOfColumns(Size n, Size stride, Size width, const T* a, std::int32_t* out) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> places;
  using Place = hn::TFromD<decltype(places)>;
  HWY_ALIGN T best[kPanelColumns];
  HWY_ALIGN Place at[kPanelColumns];
  EachVector<T>(width, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
    hn::Store(vector.Load(a), d, best + vector.at);
    hn::Store(hn::Zero(places), places, at + vector.at);
  });
  EachRows<kRowsInFlight>(1, n, [&](auto count, Size r) BLASGRAD_INLINE_LAMBDA {
    constexpr int kRows = count;
    EachVector<T>(width, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      auto most = hn::Load(d, best + vector.at);
      auto found = hn::Load(places, at + vector.at);
      BLASGRAD_EACH_ROW {
        BLASGRAD_PREFETCH(a + (r + k + kRows) * stride + vector.at);
        const auto x = vector.Load(a + (r + k) * stride);
        const auto better = IsBetter<kLargest>(d, x, most);
        most = hn::IfThenElse(better, x, most);
        found = hn::IfThenElse(hn::RebindMask(places, better), hn::Set(places, static_cast<Place>(r + k)), found);
      }
      hn::Store(most, d, best + vector.at);
      hn::Store(found, places, at + vector.at);
    });
  });
  for (Size i = 0; i < width; i++) out[i] = static_cast<std::int32_t>(at[i]);
}

// A byte cannot hold a position.
template <bool kLargest>
void BestOfColumns(Size n, Size stride, Size width, const std::uint8_t* a, std::int32_t* out) {
  std::uint8_t best[kPanelColumns];
  std::memcpy(best, a, static_cast<std::size_t>(width));
  std::memset(out, 0, static_cast<std::size_t>(width) * sizeof(std::int32_t));
  for (Size j = 1; j < n; j++) {
    const std::uint8_t* row = a + j * stride;
    BLASGRAD_INDEPENDENT
    for (Size i = 0; i < width; i++) {
      const bool better = Beats<kLargest>(row[i], best[i]);
      best[i] = better ? row[i] : best[i];
      out[i] = better ? static_cast<std::int32_t>(j) : out[i];
    }
  }
}

template <bool kLargest, class T>
void Best(Size outer, Size n, Size inner, const T* a, std::int32_t* out, Range<2> columns) {
  for (Size o = 0; o < outer && inner > 0; o++, a += n * inner, out += inner) {
    if (n == 0) {
      for (Size i = columns.from; i < columns.to; i++) out[i] = 0;
    } else if (inner == 1) {
      *out = static_cast<std::int32_t>(n < kWide ? FirstBest<kLargest>(n, a) : BestOfWideRow<kLargest>(n, a));
    } else {
      for (Size at = columns.from; at < columns.to; at += kPanelColumns) {
        BestOfColumns<kLargest>(n, inner, HWY_MIN(kPanelColumns, columns.to - at), a + at, out + at);
      }
    }
  }
}

template <class T>
IndexReductions<T> MakeIndexReductions() {
  return {&Best<true, T>, &Best<false, T>};
}

Numbers<IndexReductions> AllIndexReductions() {
  return {MakeIndexReductions<float>(), MakeIndexReductions<double>(), MakeIndexReductions<std::int32_t>(),
          MakeIndexReductions<std::uint8_t>()};
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllIndexReductions);
const Numbers<IndexReductions>& indexReductions() {
  static const Numbers<IndexReductions> table = HWY_DYNAMIC_DISPATCH(AllIndexReductions)();
  return table;
}
}  // namespace blasgrad
#endif
