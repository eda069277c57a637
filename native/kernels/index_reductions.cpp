// The position of the largest or smallest element along the middle axis of [outer, n, inner]: the first of several, and
// the first NaN before all. A row's best value comes from the reductions, its first position from a search.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/index_reductions.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Whether b goes before a, which stands earlier.
template <bool kLargest, class T>
HWY_INLINE bool Beats(T b, T a) {
  return (kLargest ? b > a : b < a) || (b != b && a == a);
}

template <class T>
Size Find(const T* a, Size n, T value) {
  constexpr Size kChunk = 64;
  Size i = 0;
  for (; i + kChunk <= n; i += kChunk) {
    int found = 0;
    for (Size j = 0; j < kChunk; j++) found |= (a[i + j] == value) | (a[i + j] != a[i + j]);
    if (found != 0) break;
  }
  for (; i < n; i++) {
    if (a[i] == value || a[i] != a[i]) return i;
  }
  return 0;
}

template <bool kLargest, class T>
void BestOfRow(Size n, const T* a, void (*best)(Size, Size, Size, const T*, T*), std::int32_t* out) {
  if (n > 64) {
    T value;
    best(1, n, 1, a, &value);
    *out = static_cast<std::int32_t>(Find(a, n, value));
    return;
  }
  Size at = 0;
  for (Size i = 1; i < n; i++) {
    if (Beats<kLargest>(a[i], a[at])) at = i;
  }
  *out = static_cast<std::int32_t>(at);
}

constexpr Size kColumns = 256;

template <bool kLargest, class T>
void BestOfColumns(Size n, Size stride, Size width, const T* a, std::int32_t* out) {
  T best[kColumns];
  std::int32_t at[kColumns];
  for (Size i = 0; i < width; i++) {
    best[i] = a[i];
    at[i] = 0;
  }
  for (Size j = 1; j < n; j++) {
    const T* row = a + j * stride;
    for (Size i = 0; i < width; i++) {
      const bool better = Beats<kLargest>(row[i], best[i]);
      best[i] = better ? row[i] : best[i];
      at[i] = better ? static_cast<std::int32_t>(j) : at[i];
    }
  }
  std::memcpy(out, at, static_cast<std::size_t>(width) * sizeof(std::int32_t));
}

template <class T>
Reductions<T> ReductionsOf() {
  if constexpr (std::is_same_v<T, float>) return reductions().float32;
  if constexpr (std::is_same_v<T, double>) return reductions().float64;
  if constexpr (std::is_same_v<T, std::int32_t>) return reductions().int32;
  if constexpr (std::is_same_v<T, std::uint8_t>) return reductions().uint8;
}

template <bool kLargest, class T>
void Best(Size outer, Size n, Size inner, const T* a, std::int32_t* out) {
  const auto best = kLargest ? ReductionsOf<T>().max : ReductionsOf<T>().min;
  for (Size o = 0; o < outer && inner > 0; o++, a += n * inner, out += inner) {
    if (n == 0) {
      std::memset(out, 0, static_cast<std::size_t>(inner) * sizeof(std::int32_t));
    } else if (inner == 1) {
      BestOfRow<kLargest>(n, a, best, out);
    } else {
      for (Size at = 0; at < inner; at += kColumns) {
        BestOfColumns<kLargest>(n, inner, HWY_MIN(kColumns, inner - at), a + at, out + at);
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
