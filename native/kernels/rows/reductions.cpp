// Sum, product, maximum and minimum over the middle axis of [outer, n, inner], for all element types: along contiguous
// rows with vector accumulators, down few columns with as many as registers hold, down many a panel at a time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/reductions.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A reduction combines two values, elements or vectors, from Start on. Long reductions go on in Total: float64 for
// floats, since a long float32 sum would lose digits, and a float32 product its range.
template <class T>
using FloatTotal = std::conditional_t<std::is_floating_point_v<T>, double, T>;
template <class T>
using Wrapping = std::conditional_t<std::is_floating_point_v<T>, T, std::uint32_t>;

struct Sum {
  static constexpr bool kPairwise = true;
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
  static constexpr bool kPairwise = false;
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
  static constexpr bool kPairwise = true;
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
  static constexpr bool kPairwise = true;
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

// Shorter rows are reduced in order on every instruction set, which gives the bits of the reference backend.
// lib/backend/tiny.ts relies on that.
constexpr Size kLeastForVectors = 8;

template <class Op, class Total, class T>
Total ReduceRowBlock(const T* a, Size n) {
  const Op op;
  const hn::ScalableTag<T> d;
  const hn::ScalableTag<Total> wide;
  const Size lanes = LanesOf(d);
  Total total = Op::template Start<Total>();
  Size i = 0;
  if (n >= HWY_MAX(2 * lanes, kLeastForVectors)) {
    TotalVectors<Op, T, Total> first, second;
    if constexpr (Op::kPairwise) {
      const auto tree = [&](const T* p) BLASGRAD_INLINE_LAMBDA {
        return Tree(op, d, hn::LoadU(d, p), hn::LoadU(d, p + lanes), hn::LoadU(d, p + 2 * lanes),
                    hn::LoadU(d, p + 3 * lanes));
      };
      for (; i + 8 * lanes <= n; i += 8 * lanes) {
        first.Add(tree(a + i));
        second.Add(tree(a + i + 4 * lanes));
      }
    }
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
      first.Add(hn::LoadU(d, a + i));
      second.Add(hn::LoadU(d, a + i + lanes));
    }
    HWY_ALIGN Total sums[hn::MaxLanes(wide)];
    auto sum = op(wide, first.low, second.low);
    if constexpr (first.kTwo) sum = op(wide, sum, op(wide, first.high, second.high));
    hn::Store(sum, wide, sums);
    for (Size lane = 0; lane < LanesOf(wide); lane++) total = op(total, sums[lane]);
  }
  for (; i < n; i++) total = op(total, Total(a[i]));
  return total;
}

template <class Op, class T>
HWY_INLINE T ReduceRow(const T* a, Size n) {
  using Total = typename Op::template Total<T>;
  Total total = ReduceRowBlock<Op, Total>(a, HWY_MIN(kBlock, n));
  for (Size i = kBlock; i < n; i += kBlock) {
    total = Op()(total, ReduceRowBlock<Op, Total>(a + i, HWY_MIN(kBlock, n - i)));
  }
  return T(total);
}

// So many columns or fewer are few: several rows are reduced as one, whose totals stay in registers. Vectors enough to
// hide the latency of an addition, and no more columns than are folded quickly.
template <class T>
constexpr int kFewVectors = HWY_MAX(1, HWY_MIN(8, 64 / static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()))));
template <class T>
constexpr Size kFewColumns = kFewVectors<T> * static_cast<Size>(hn::MaxLanes(hn::ScalableTag<T>()));

// out[c] = the reduction of column c of a [n, inner], 1 < inner ≤ kFewColumns ≤ n·inner.
template <class Op, class T>
void ReduceFewColumns(const T* a, Size n, Size inner, T* out) {
  using Total = typename Op::template Total<T>;
  const Op op;
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  const Size count = n * inner;
  Size rows = kFewColumns<T> / inner;
  const Size width = rows * inner;
  TotalVectors<Op, T, Total> sums[kFewVectors<T>];
  Size at = 0;
  // Lanes beyond the width have elements of the rows that follow, and are not used.
  for (; Op::kPairwise && at + 3 * width + kFewColumns<T> <= count; at += 4 * width) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kFewVectors<T>; v++) {
      const T* const p = a + at + v * lanes;
      sums[v].Add(Tree(op, d, hn::LoadU(d, p), hn::LoadU(d, p + width), hn::LoadU(d, p + 2 * width),
                       hn::LoadU(d, p + 3 * width)));
    }
  }
  for (; at + kFewColumns<T> <= count; at += width) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kFewVectors<T>; v++) sums[v].Add(hn::LoadU(d, a + at + v * lanes));
  }
  Total totals[kFewColumns<T>];
  BLASGRAD_UNROLL
  for (int v = 0; v < kFewVectors<T>; v++) sums[v].Store(totals + v * lanes);
  for (; at < count; at += width) {
    for (Size i = 0; i < HWY_MIN(width, count - at); i++) totals[i] = op(totals[i], Total(a[at + i]));
  }
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
  using Total = typename Op::template Total<T>;
  Total totals[kPanelColumns];
  const bool all = columns.to - columns.from == inner;
  const bool few = all && inner <= kFewColumns<T> && n * inner >= 2 * kFewColumns<T>;
  for (Size o = 0; o < outer && inner > 0; o++, a += n * inner, out += inner) {
    if (inner == 1) {
      *out = ReduceRow<Op>(a, n);
    } else if (few) {
      ReduceFewColumns<Op>(a, n, inner, out);
    } else {
      for (Size at = columns.from; at < columns.to; at += kPanelColumns) {
        const Size width = HWY_MIN(kPanelColumns, columns.to - at);
        const auto load = [&](const auto& vector, Size r)
                              BLASGRAD_INLINE_LAMBDA { return vector.Load(a + r * inner + at); };
        ReducePanel<Op, T>(n, width, load, totals);
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
