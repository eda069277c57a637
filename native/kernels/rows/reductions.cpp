// Sum, product, maximum and minimum over the middle axis of [outer, n, inner], for all element types: along contiguous
// rows with four vector accumulators, down columns a panel at a time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/reductions.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A reduction combines two values, elements or vectors, from Start on. Long reductions go on in Total: float64 for
// floats, since a long float32 sum would lose digits.
template <class T>
using FloatTotal = std::conditional_t<std::is_floating_point_v<T>, double, T>;
template <class T>
using Wrapping = std::conditional_t<std::is_floating_point_v<T>, T, std::uint32_t>;

struct Sum {
  template <class T>
  using Total = FloatTotal<T>;
  template <class T>
  static HWY_INLINE T Start() {
    return T(0);
  }
  template <class T>
  HWY_INLINE T operator()(T a, T b) const {
    return T(Wrapping<T>(a) + Wrapping<T>(b));
  }
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Add(a, b);
  }
};

struct Product {
  template <class T>
  using Total = FloatTotal<T>;
  template <class T>
  static HWY_INLINE T Start() {
    return T(1);
  }
  template <class T>
  HWY_INLINE T operator()(T a, T b) const {
    return T(Wrapping<T>(a) * Wrapping<T>(b));
  }
  template <class D, class V>
  HWY_INLINE V operator()([[maybe_unused]] D d, V a, V b) const {
    using T = hn::TFromD<D>;
    if constexpr (sizeof(T) > 1) {
      return hn::Mul(a, b);
    } else {
      // There is no multiplication of bytes by vectors.
      HWY_ALIGN T x[hn::MaxLanes(d)];
      HWY_ALIGN T y[hn::MaxLanes(d)];
      hn::Store(a, d, x);
      hn::Store(b, d, y);
      for (Size i = 0; i < LanesOf(d); i++) x[i] = (*this)(x[i], y[i]);
      return hn::Load(d, x);
    }
  }
};

template <class T>
constexpr T kLowest = std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::min();
template <class T>
constexpr T kHighest = std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();

struct Largest {
  template <class T>
  using Total = T;
  template <class T>
  static HWY_INLINE T Start() {
    return kLowest<T>;
  }
  template <class T>
  HWY_INLINE T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>()) {
      return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
    } else {
      return hn::Max(a, b);
    }
  }
};

struct Smallest {
  template <class T>
  using Total = T;
  template <class T>
  static HWY_INLINE T Start() {
    return kHighest<T>;
  }
  template <class T>
  HWY_INLINE T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>()) {
      return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
    } else {
      return hn::Min(a, b);
    }
  }
};

constexpr Size kBlock = 4096;
// Shorter rows are reduced in order on every instruction set, which gives the bits of the reference backend.
// lib/backend/tiny.ts relies on that.
constexpr Size kLeastForVectors = 8;

template <class Op, class T>
typename Op::template Total<T> ReduceBlock(const T* a, Size n) {
  using Total = typename Op::template Total<T>;
  const Op op;
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  Total total = Op::template Start<Total>();
  Size i = 0;
  if (n >= HWY_MAX(4 * lanes, kLeastForVectors)) {
    auto s0 = hn::LoadU(d, a);
    auto s1 = hn::LoadU(d, a + lanes);
    auto s2 = hn::LoadU(d, a + 2 * lanes);
    auto s3 = hn::LoadU(d, a + 3 * lanes);
    for (i = 4 * lanes; i + 4 * lanes <= n; i += 4 * lanes) {
      s0 = op(d, s0, hn::LoadU(d, a + i));
      s1 = op(d, s1, hn::LoadU(d, a + i + lanes));
      s2 = op(d, s2, hn::LoadU(d, a + i + 2 * lanes));
      s3 = op(d, s3, hn::LoadU(d, a + i + 3 * lanes));
    }
    for (; i + lanes <= n; i += lanes) s0 = op(d, s0, hn::LoadU(d, a + i));
    HWY_ALIGN T sums[hn::MaxLanes(d)];
    hn::Store(op(d, op(d, s0, s1), op(d, s2, s3)), d, sums);
    for (Size lane = 0; lane < lanes; lane++) total = op(total, Total(sums[lane]));
  }
  for (; i < n; i++) total = op(total, Total(a[i]));
  return total;
}

template <class Op, class T>
HWY_INLINE T ReduceRow(const T* a, Size n) {
  using Total = typename Op::template Total<T>;
  if (n <= kBlock) return T(ReduceBlock<Op>(a, n));
  Total total = Op::template Start<Total>();
  for (Size i = 0; i < n; i += kBlock) total = Op()(total, ReduceBlock<Op>(a + i, HWY_MIN(kBlock, n - i)));
  return T(total);
}

template <class Op, class T, class Total>
HWY_INLINE void ReduceColumns(const T* a, Size n, Size stride, Size width, Total* totals) {
  ReducePanel<Op, T>(
      n, width, [&](const auto& vector, Size r) BLASGRAD_INLINE_LAMBDA { return vector.Load(a + r * stride); }, totals);
}

// So many columns or fewer: several rows are reduced as one, which fills the vectors.
constexpr Size kFewColumns = 64;

// out[c] = the reduction of column c of a [n, inner], 1 < inner ≤ kFewColumns ≤ n·inner.
template <class Op, class T>
void ReduceFewColumns(const T* a, Size n, Size inner, T* out) {
  using Total = typename Op::template Total<T>;
  const Op op;
  Size rows = kFewColumns / inner;
  const Size width = rows * inner;
  const Size whole = n / rows * width;
  Total totals[kFewColumns];
  ReduceColumns<Op>(a, n / rows, width, width, totals);
  for (Size i = whole; i < n * inner; i++) totals[i - whole] = op(totals[i - whole], Total(a[i]));
  // A tree reduction of the rows.
  while (rows > 1) {
    const Size half = rows / 2;
    rows -= half;
    for (Size i = 0; i < half * inner; i++) totals[i] = op(totals[i], totals[rows * inner + i]);
  }
  for (Size i = 0; i < inner; i++) out[i] = T(totals[i]);
}

template <class Op, class T>
void Reduce(Size outer, Size n, Size inner, const T* a, T* out, Range<2> columns) {
  typename Op::template Total<T> totals[kPanelColumns];
  const bool few = inner <= kFewColumns && n * inner >= 2 * kFewColumns && columns.to - columns.from == inner;
  for (Size o = 0; o < outer && inner > 0; o++, a += n * inner, out += inner) {
    if (inner == 1) {
      *out = ReduceRow<Op>(a, n);
    } else if (few) {
      ReduceFewColumns<Op>(a, n, inner, out);
    } else {
      for (Size at = columns.from; at < columns.to; at += kPanelColumns) {
        const Size width = HWY_MIN(kPanelColumns, columns.to - at);
        ReduceColumns<Op>(a + at, n, inner, width, totals);
        for (Size i = 0; i < width; i++) out[at + i] = T(totals[i]);
      }
    }
  }
}

template <class T>
Reductions<T> MakeReductions() {
  return {&Reduce<Sum, T>, &Reduce<Product, T>, &Reduce<Largest, T>, &Reduce<Smallest, T>};
}

Numbers<Reductions> AllReductions() {
  return {MakeReductions<float>(), MakeReductions<double>(), MakeReductions<std::int32_t>(),
          MakeReductions<std::uint8_t>()};
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllReductions);
const Numbers<Reductions>& reductions() {
  static const Numbers<Reductions> table = HWY_DYNAMIC_DISPATCH(AllReductions)();
  return table;
}
}  // namespace blasgrad
#endif
