// One optimizer step over one parameter, in one pass that reads and writes each array once. The formulas are in the
// table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer/optimizers.cpp"
#include <hwy/foreach_target.h>

#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/catalogue/families.h"
#include "kernels/base/flush_denormals.h"
#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A gradient that is there for every element.
template <class T>
struct Whole {
  const T* g;

  template <class Update>
  HWY_INLINE void each(Size n, const Update& update) const {
    const hn::ScalableTag<T> d;
    for (Size i = 0; i < n; i += LanesOf(d)) update(i, n - i, LoadUpTo(d, g + i, n - i));
  }
};

// Elements that are looked at together: whether they are at rest.
constexpr Size kBlock = 64;
// Blocks whose moments stay in a first-level cache.
constexpr int kBlocks = 16;
// Elements of a cache line.
template <class T>
constexpr Size kLine = 64 / static_cast<Size>(sizeof(T));

// Whether `count` elements at p are 0; at most kBlock.
template <class T>
HWY_INLINE bool AreZero(Size count, const T* HWY_RESTRICT p) {
  const hn::ScalableTag<T> d;
  auto all = hn::Zero(d);
  if (HWY_LIKELY(count == kBlock)) {
    BLASGRAD_UNROLL
    for (Size i = 0; i < kBlock; i += LanesOf(d)) all = hn::Or(all, hn::LoadU(d, p + i));
  } else {
    for (Size i = 0; i < count; i += LanesOf(d)) all = hn::Or(all, LoadUpTo(d, p + i, count - i));
  }
  return hn::AllTrue(d, hn::Eq(all, hn::Zero(d)));
}

// A gradient [n, inner] of zeros, with rows of g [count, inner] added: those at first[r], next[first[r]] and so on to
// row r, in this order. Positions ascend; one that does not, or is none, ends the list.
template <class T>
struct Rows {
  Size inner;
  Size count;
  const T* g;
  const std::int32_t* first;
  const std::int32_t* next;

  HWY_INLINE bool has(Size position) const { return position >= 0 && position < count; }

  template <class Update>
  HWY_INLINE void each(Size n, const Update& update) const {
    Size row = 0;
    while (row < n) {
      const Size untouched = nextTouched(row, n);
      if (untouched < n) fetchRow(untouched, update);
      for (Size i = row * inner, end = untouched * inner; i < end; i += kBlocks * kBlock) {
        eachMoving(i, std::min(end, i + kBlocks * kBlock), update);
      }
      if (untouched < n) eachOf(untouched, update);
      row = untouched + 1;
    }
  }

  // The first row from `row` on that is touched, or n.
  HWY_INLINE Size nextTouched(Size row, Size n) const {
    const hn::ScalableTag<std::int32_t> d;
    const hn::RebindToUnsigned<decltype(d)> positions;
    const auto limit = hn::Set(positions, static_cast<std::uint32_t>(count));
    for (; row + LanesOf(d) <= n; row += LanesOf(d)) {
      const auto touched = hn::Lt(hn::BitCast(positions, hn::LoadU(d, first + row)), limit);
      const Size at = hn::FindFirstTrue(positions, touched);
      if (at >= 0) return row + at;
    }
    while (row < n && !has(first[row])) row++;
    return row;
  }

  // Asks for what a touched row needs, some time before its turn.
  template <class Update>
  HWY_INLINE void fetchRow(Size row, const Update& update) const {
    for (Size i = 0; i < std::min(inner, kBlock); i += kLine<T>) {
      update.fetch(row * inner + i);
      hwy::Prefetch(g + first[row] * inner + i);
    }
  }

  // Finds the cache lines of untouched rows whose moments are not zero. They are found before they are updated, so that
  // their parameters and moments can be prefetched.
  template <class Update>
  HWY_INLINE void eachMoving(Size from, Size to, const Update& update) const {
    const hn::ScalableTag<T> d;
    Size moving[kBlocks * kBlock / kLine<T>];
    int count = 0;
    for (Size i = from; i < to; i += kBlock) {
      const Size end = std::min(to, i + kBlock);
      if (update.rests(i, end - i)) continue;
      for (Size j = i; j < end; j += kLine<T>) {
        if (update.rests(j, std::min(kLine<T>, end - j))) continue;
        update.fetch(j);
        moving[count++] = j;
      }
    }
    for (int line = 0; line < count; line++) {
      const Size end = std::min(to, moving[line] + kLine<T>);
      for (Size i = moving[line]; i < end; i += LanesOf(d)) update.goOn(i, end - i);
    }
  }

  // Of one row that is touched.
  template <class Update>
  HWY_INLINE void eachOf(Size row, const Update& update) const {
    const hn::ScalableTag<T> d;
    for (Size i = 0; i < inner; i += LanesOf(d)) {
      auto sum = hn::Zero(d);
      Size last = -1;
      for (Size j = first[row]; has(j) && j > last; last = j, j = next[j]) {
        sum = hn::Add(sum, LoadUpTo(d, g + j * inner + i, inner - i));
      }
      update(row * inner + i, inner - i, sum);
    }
  }
};

template <class T>
struct SgdUpdate {
  T rate, momentum, decay;
  bool nesterov;
  T* HWY_RESTRICT param;
  T* HWY_RESTRICT velocity;

  SgdUpdate(const double* hyper, T* param, T* velocity)
      : rate(static_cast<T>(hyper[0])),
        momentum(static_cast<T>(hyper[1])),
        decay(static_cast<T>(hyper[2])),
        nesterov(hyper[3] != 0),
        param(param),
        velocity(velocity) {}

  // Whether a gradient of zeros leaves `count` elements from i on as they are.
  HWY_INLINE bool rests(Size i, Size count) const {
    return decay == 0 && (velocity == nullptr || AreZero(count, velocity + i));
  }
  HWY_INLINE void fetch(Size i) const { hwy::Prefetch(param + i); }
  HWY_INLINE void goOn(Size i, Size count) const { (*this)(i, count, hn::Zero(hn::ScalableTag<T>())); }

  template <class V>
  HWY_INLINE void operator()(Size i, Size count, V g) const {
    const hn::ScalableTag<T> d;
    const auto p = LoadUpTo(d, param + i, count);
    auto step = hn::MulAdd(hn::Set(d, decay), p, g);
    if (velocity != nullptr) {
      const auto v = hn::MulAdd(hn::Set(d, momentum), LoadUpTo(d, velocity + i, count), step);
      StoreUpTo(v, d, velocity + i, count);
      step = nesterov ? hn::MulAdd(hn::Set(d, momentum), v, step) : v;
    }
    StoreUpTo(hn::NegMulAdd(hn::Set(d, rate), step, p), d, param + i, count);
  }
};

template <class T>
struct AdamUpdate {
  T beta1, beta2, rest1, rest2, eps, rate, correction, keep, decay;
  bool canRest;
  // Whether an element without a second moment has no first one that counts: none outlasts its square's root (β₁ ≤
  // √β₂), and eps is far above the root of what is lost of squares.
  bool secondTells;
  T* HWY_RESTRICT param;
  T* HWY_RESTRICT m;
  T* HWY_RESTRICT v;

  AdamUpdate(const double* hyper, const double* step, T* param, T* m, T* v) : param(param), m(m), v(v) {
    const bool decoupled = hyper[5] != 0;
    beta1 = static_cast<T>(hyper[1]);
    beta2 = static_cast<T>(hyper[2]);
    rest1 = static_cast<T>(1 - hyper[1]);
    rest2 = static_cast<T>(1 - hyper[2]);
    eps = static_cast<T>(hyper[3]);
    rate = static_cast<T>(hyper[0] / (1 - std::pow(hyper[1], step[0])));
    correction = static_cast<T>(1 / std::sqrt(1 - std::pow(hyper[2], step[0])));
    keep = static_cast<T>(decoupled ? 1 - hyper[0] * hyper[4] : 1);
    decay = static_cast<T>(decoupled ? 0 : hyper[4]);
    canRest = decay == 0 && keep == 1 && eps > 0 && std::isfinite(rate);
    const double lost = std::sqrt(static_cast<double>(std::numeric_limits<T>::min()));
    secondTells = canRest && hyper[1] * hyper[1] <= hyper[2] && hyper[3] >= lost * (1 << 30);
  }

  // Whether `count` elements from i on that have no gradient rest: those that never had one.
  HWY_INLINE bool rests(Size i, Size count) const {
    return canRest && AreZero(count, v + i) && (secondTells || AreZero(count, m + i));
  }
  HWY_INLINE void fetch(Size i) const {
    hwy::Prefetch(param + i);
    hwy::Prefetch(m + i);
  }

  template <class V>
  HWY_INLINE void operator()(Size i, Size count, V g) const {
    const hn::ScalableTag<T> d;
    const auto p = LoadUpTo(d, param + i, count);
    const auto gradient = hn::MulAdd(hn::Set(d, decay), p, g);
    const auto first = hn::MulAdd(hn::Set(d, beta1), LoadUpTo(d, m + i, count), hn::Mul(hn::Set(d, rest1), gradient));
    const auto second = hn::MulAdd(hn::Set(d, beta2), LoadUpTo(d, v + i, count),
                                   hn::Mul(hn::Set(d, rest2), hn::Mul(gradient, gradient)));
    StoreUpTo(first, d, m + i, count);
    StoreUpTo(second, d, v + i, count);
    StoreUpTo(moved(p, first, second), d, param + i, count);
  }

  // The same without a gradient, of those that do not rest.
  HWY_INLINE void goOn(Size i, Size count) const {
    const hn::ScalableTag<T> d;
    if (!secondTells) return (*this)(i, count, hn::Zero(d));
    const auto p = LoadUpTo(d, param + i, count), firstWas = LoadUpTo(d, m + i, count);
    const auto secondWas = LoadUpTo(d, v + i, count);
    const auto rest = hn::Eq(secondWas, hn::Zero(d));
    const auto first = hn::Mul(hn::Set(d, beta1), firstWas), second = hn::Mul(hn::Set(d, beta2), secondWas);
    StoreUpTo(hn::IfThenElse(rest, firstWas, first), d, m + i, count);
    StoreUpTo(second, d, v + i, count);
    StoreUpTo(hn::IfThenElse(rest, p, moved(p, first, second)), d, param + i, count);
  }

 private:
  template <class V>
  HWY_INLINE V moved(V p, V first, V second) const {
    const hn::ScalableTag<T> d;
    const V size = hn::MulAdd(hn::Sqrt(second), hn::Set(d, correction), hn::Set(d, eps));
    return hn::NegMulAdd(hn::Set(d, rate), hn::Div(first, size), hn::Mul(hn::Set(d, keep), p));
  }
};

template <class T>
void sgd(Size n, const double* hyper, const T* g, T* param, T* velocity) {
  const FlushDenormals flush;
  Whole<T>{g}.each(n, SgdUpdate<T>(hyper, param, velocity));
}

template <class T>
void sgdRows(Size n, Size inner, Size count, const double* hyper, const T* g, const std::int32_t* first,
             const std::int32_t* next, T* param, T* velocity) {
  const FlushDenormals flush;
  Rows<T>{inner, count, g, first, next}.each(n, SgdUpdate<T>(hyper, param, velocity));
}

template <class T>
void adam(Size n, const double* hyper, const double* step, const T* g, T* param, T* m, T* v) {
  const FlushDenormals flush;
  Whole<T>{g}.each(n, AdamUpdate<T>(hyper, step, param, m, v));
}

template <class T>
void adamRows(Size n, Size inner, Size count, const double* hyper, const double* step, const T* g,
              const std::int32_t* first, const std::int32_t* next, T* param, T* m, T* v) {
  const FlushDenormals flush;
  Rows<T>{inner, count, g, first, next}.each(n, AdamUpdate<T>(hyper, step, param, m, v));
}

BLASGRAD_MAKE_TABLE(Optimizers, BLASGRAD_OPTIMIZERS)

Floats<Optimizers> AllOptimizers() { return {MakeOptimizers<float>(), MakeOptimizers<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllOptimizers);
const Floats<Optimizers>& optimizers() {
  static const Floats<Optimizers> table = HWY_DYNAMIC_DISPATCH(AllOptimizers)();
  return table;
}
}  // namespace blasgrad
#endif
