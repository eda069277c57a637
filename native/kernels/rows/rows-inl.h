// Loops over rows: the vectors of a row, several rows in flight, and reductions over rows, a panel of columns at a
// time.

#if defined(BLASGRAD_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_ROWS_INL_H_
#undef BLASGRAD_ROWS_INL_H_
#else
#define BLASGRAD_ROWS_INL_H_
#endif

#include <type_traits>

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A full vector of a row, from element `at` on.
template <class T>
struct FullVector {
  using D = hn::ScalableTag<T>;
  Size at;
  HWY_INLINE hn::Vec<D> Load(const T* row, T = T(0)) const { return hn::LoadU(D(), row + at); }
  HWY_INLINE void Store(hn::Vec<D> v, T* row) const { hn::StoreU(v, D(), row + at); }
};

// The tail of a row, shorter than a vector. Lanes beyond it load as `rest`.
template <class T>
struct TailVector {
  using D = hn::ScalableTag<T>;
  Size at;
  Size count;
  HWY_INLINE hn::Vec<D> Load(const T* row, T rest = T(0)) const { return LoadPart(D(), row + at, count, rest); }
  HWY_INLINE void Store(hn::Vec<D> v, T* row) const { StorePart(v, D(), row + at, count); }
};

// Runs f(vector) over n contiguous elements. The tail has its own body, which saves a comparison for each vector.
template <class T, class F>
HWY_INLINE void EachVector(Size n, const F& f) {
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  Size i = 0;
  for (; i + lanes <= n; i += lanes) f(FullVector<T>{i});
  if (i < n) f(TailVector<T>{i, n - i});
}

#define BLASGRAD_EACH_ROW \
  BLASGRAD_UNROLL         \
  for (int k = 0; k < kRows; k++)

// Runs f(count, first) over the rows from … to − 1, kUnroll at a time; `count` is a compile-time constant.
template <int kUnroll, class F>
HWY_INLINE void EachRows(Size from, Size to, const F& f) {
  for (; from + kUnroll <= to; from += kUnroll) f(std::integral_constant<int, kUnroll>(), from);
  for (; from < to; from++) f(std::integral_constant<int, 1>(), from);
}

// Long reductions go on in the type of the totals, float64 for floats: a long float32 sum would lose digits. Where
// Op::kPairwise, four elements are reduced in T before that, as a tree.

// The vector kIndex of those that v makes in Total.
template <class Total, int kIndex, class D>
HWY_INLINE hn::Vec<hn::ScalableTag<Total>> PartAs(D, hn::Vec<D> v) {
  if constexpr (std::is_same_v<Total, hn::TFromD<D>>) {
    return v;
  } else {
#if HWY_TARGET == HWY_SCALAR
    return hn::PromoteTo(hn::ScalableTag<Total>(), v);
#else
    const hn::Half<D> half;
    if constexpr (kIndex == 0) {
      return hn::PromoteTo(hn::ScalableTag<Total>(), hn::LowerHalf(half, v));
    } else {
      return hn::PromoteTo(hn::ScalableTag<Total>(), hn::UpperHalf(half, v));
    }
#endif
  }
}

template <class Op, class D, class V>
HWY_INLINE V Tree(const Op& op, D d, V a, V b, V c, V e) {
  return op(d, op(d, a, b), op(d, c, e));
}

// The totals of a vector of T: two vectors where Total is twice as wide.
template <class Op, class T, class Total>
struct TotalVectors {
  using D = hn::ScalableTag<Total>;
  static constexpr bool kTwo = sizeof(Total) > sizeof(T) && HWY_TARGET != HWY_SCALAR;

  TotalVectors() : low(hn::Set(D(), Op::template Start<Total>())), high(low) {}
  explicit TotalVectors(const Total* from) : low(hn::LoadU(D(), from)), high(low) {
    if constexpr (kTwo) high = hn::LoadU(D(), from + LanesOf(D()));
  }
  HWY_INLINE void Add(hn::Vec<hn::ScalableTag<T>> v) {
    const hn::ScalableTag<T> d;
    low = Op()(D(), low, PartAs<Total, 0>(d, v));
    if constexpr (kTwo) high = Op()(D(), high, PartAs<Total, 1>(d, v));
  }
  HWY_INLINE void Store(Total* to) const {
    hn::StoreU(low, D(), to);
    if constexpr (kTwo) hn::StoreU(high, D(), to + LanesOf(D()));
  }

  hn::Vec<D> low, high;
};

// Columns of a panel: their totals stay in the first-level cache.
constexpr Size kPanelColumns = 2048;
// A total is loaded and stored once for so many rows.
constexpr int kRowsInFlight = 4;
// Totals of so many rows are added to those before, which keeps the digits of long float64 sums.
constexpr Size kBlock = 4096;

// totals[c] = the reduction by Op of load(vector, r), from ≤ r < to, where the vector has column c of `width` columns.
template <class Op, class T, class Total, class F>
HWY_INLINE void ReduceBlockOfRows(Size from, Size to, Size width, const F& load, Total* totals) {
  const hn::ScalableTag<T> d;
  const hn::ScalableTag<Total> wide;
  const Op op;
  const Size lanes = LanesOf(wide);
  for (Size i = 0; i < width; i += lanes) hn::StoreU(hn::Set(wide, Op::template Start<Total>()), wide, totals + i);
  EachRows<kRowsInFlight>(from, to, [&](auto count, Size r) BLASGRAD_INLINE_LAMBDA {
    constexpr int kRows = count;
    EachVector<T>(width, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      TotalVectors<Op, T, Total> total(totals + vector.at);
      if constexpr (kRows == 4 && Op::kPairwise) {
        total.Add(Tree(op, d, load(vector, r), load(vector, r + 1), load(vector, r + 2), load(vector, r + 3)));
      } else {
        BLASGRAD_UNROLL
        for (int k = 0; k < kRows; k++) total.Add(load(vector, r + k));
      }
      total.Store(totals + vector.at);
    });
  });
}

// The same over n rows, width ≤ kPanelColumns; totals has room for kPanelColumns.
template <class Op, class T, class Total, class F>
HWY_INLINE void ReducePanel(Size n, Size width, const F& load, Total* totals) {
  ReduceBlockOfRows<Op, T>(0, HWY_MIN(kBlock, n), width, load, totals);
  Total part[kPanelColumns];
  for (Size from = kBlock; from < n; from += kBlock) {
    ReduceBlockOfRows<Op, T>(from, HWY_MIN(from + kBlock, n), width, load, part);
    for (Size i = 0; i < width; i++) totals[i] = Op()(totals[i], part[i]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
