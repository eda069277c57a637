// The maximum of each row of a block, and the sum of the others' exponentials: rows of few elements are transposed,
// longer ones have several rows in flight.

#if defined(BLASGRAD_MAXIMA_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_MAXIMA_INL_H_
#undef BLASGRAD_MAXIMA_INL_H_
#else
#define BLASGRAD_MAXIMA_INL_H_
#endif

#include "kernels/base/transpose-inl.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Results of so many rows are computed in vectors with a lane for each row.
constexpr Size kBlockRows = 64;
// Rows of at most so many classes are transposed: a vector then has a class of several rows.
constexpr Size kNarrow = 32;
// So many rows in flight hide the latency of the sums of short rows; long ones are then read from further away.
constexpr int kShortRows = 4;
constexpr Size kShort = 512;
// Sums of so many vectors are added to the others: a long float32 sum would lose digits.
constexpr Size kRunVectors = 64;

// Σ e^x over the lanes that are not the maximum, x = a − maximum; ties[…] counts those that are, but for one.
// Apart from the maximum's 1 the sum keeps its digits however small it is.
template <class D, class V>
HWY_INLINE void AddOthers(D d, V x, V& others, V& ties) {
  const auto isMaximum = hn::Eq(x, hn::Zero(d));
  others = hn::Add(others, hn::IfThenZeroElse(isMaximum, ExpNonPositive(d, x)));
  ties = hn::Add(ties, hn::IfThenElseZero(isMaximum, Value(d, 1)));
}

template <class T>
struct Maxima {
  HWY_ALIGN T largest[kBlockRows];
  // Σ e^(a − largest), without the 1 of one maximum.
  HWY_ALIGN T others[kBlockRows];
};

template <class T>
void NarrowMaxima(Size count, Size n, const T* a, Maxima<T>& rows) {
  const hn::ScalableTag<T> d;
  HWY_ALIGN T block[kNarrow * kBlockRows];
  TransposeBlock(count, n, a, n, block, kBlockRows);
  for (Size r = 0; r < count; r += LanesOf(d)) {
    auto largest = hn::Load(d, block + r);
    for (Size c = 1; c < n; c++) largest = hn::Max(largest, hn::Load(d, block + c * kBlockRows + r));
    auto others = hn::Zero(d), ties = Value(d, -1);
    for (Size c = 0; c < n; c++) AddOthers(d, hn::Sub(hn::Load(d, block + c * kBlockRows + r), largest), others, ties);
    hn::Store(largest, d, rows.largest + r);
    hn::Store(hn::Add(others, ties), d, rows.others + r);
  }
}

template <int kRows, class T>
HWY_INLINE void LargestOfRows(Size n, const T* a, T* largest) {
  const hn::ScalableTag<T> d;
  constexpr T kLeast = -std::numeric_limits<T>::infinity();
  hn::Vec<decltype(d)> most[kRows];
  BLASGRAD_EACH_ROW most[k] = hn::Set(d, kLeast);
  EachVector<T>(n, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
    BLASGRAD_EACH_ROW most[k] = hn::Max(most[k], vector.Load(a + k * n, kLeast));
  });
  BLASGRAD_EACH_ROW largest[k] = hn::GetLane(hn::MaxOfLanes(d, most[k]));
}

template <int kInFlight, class T>
void WideMaxima(Size count, Size n, const T* a, Maxima<T>& rows) {
  const hn::ScalableTag<T> d;
  const Size run = kRunVectors * LanesOf(d);
  EachRows<kInFlight>(0, count, [&](auto inFlight, Size r) BLASGRAD_INLINE_LAMBDA {
    constexpr int kRows = inFlight;
    hn::Vec<decltype(d)> sum[kRows], others[kRows], ties[kRows];
    LargestOfRows<kRows>(n, a + r * n, rows.largest + r);
    BLASGRAD_EACH_ROW sum[k] = ties[k] = hn::Zero(d);
    for (Size begin = 0; begin < n; begin += run) {
      BLASGRAD_EACH_ROW others[k] = hn::Zero(d);
      EachVector<T>(HWY_MIN(run, n - begin), [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW {
          const auto x = vector.Load(a + (r + k) * n + begin, -std::numeric_limits<T>::infinity());
          AddOthers(d, hn::Sub(x, hn::Set(d, rows.largest[r + k])), others[k], ties[k]);
        }
      });
      BLASGRAD_EACH_ROW sum[k] = hn::Add(sum[k], others[k]);
    }
    BLASGRAD_EACH_ROW {
      const T repeated = hn::GetLane(hn::SumOfLanes(d, ties[k])) - T(1);
      rows.others[r + k] = hn::GetLane(hn::SumOfLanes(d, sum[k])) + repeated;
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
