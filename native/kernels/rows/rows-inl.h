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

// Columns of a panel: their accumulators stay in the first-level cache.
constexpr Size kPanelColumns = 2048;
// Rows that are reduced in T. Longer reductions go on in the type of the totals, so that float32 sums keep their
// digits.
constexpr Size kRunRows = 32;
// An accumulator is loaded and stored once for so many rows.
constexpr int kRowsInFlight = 4;

// totals[c] = the reduction by Op of load(vector, r), r = 0 … n − 1, where the vector has column c of `width` columns.
// width ≤ kPanelColumns.
template <class Op, class T, class Total, class F>
HWY_INLINE void ReducePanel(Size n, Size width, const F& load, Total* totals) {
  const hn::ScalableTag<T> d;
  const Op op;
  HWY_ALIGN T accumulators[kPanelColumns];
  for (Size i = 0; i < width; i++) totals[i] = Op::template Start<Total>();
  for (Size begin = 0; begin < n; begin += kRunRows) {
    EachRows<kRowsInFlight>(begin, HWY_MIN(begin + kRunRows, n), [&](auto count, Size r) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = count;
      EachVector<T>(width, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        auto v = load(vector, r);
        if (r > begin) v = op(d, hn::Load(d, accumulators + vector.at), v);
        BLASGRAD_UNROLL
        for (int k = 1; k < kRows; k++) v = op(d, v, load(vector, r + k));
        hn::Store(v, d, accumulators + vector.at);
      });
    });
    for (Size i = 0; i < width; i++) totals[i] = op(totals[i], Total(accumulators[i]));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
