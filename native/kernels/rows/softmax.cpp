// Softmax, its logarithm and log-sum-exp along the middle axis of [outer, n, inner], with their gradients. A maximum
// that NaN confused does not matter: NaN then reaches every result through the sum.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/softmax.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "prod_backward-inl.h"
#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
constexpr T kMinusInfinity = -std::numeric_limits<T>::infinity();

#define STEP(name, body)                                                                                    \
  struct name {                                                                                             \
    template <class D, class V>                                                                             \
    HWY_INLINE V operator()([[maybe_unused]] D d, V& state, [[maybe_unused]] V other, [[maybe_unused]] V a, \
                            [[maybe_unused]] V b) const body                                                \
  };
#define MAP(name, expression)                                                                                 \
  struct name {                                                                                               \
    template <class D, class V>                                                                               \
    HWY_INLINE V operator()([[maybe_unused]] D d, [[maybe_unused]] V state, [[maybe_unused]] V other) const { \
      return expression;                                                                                      \
    }                                                                                                         \
  };

STEP(GrowLargest, { return state = hn::Max(state, a); })
STEP(AddExp, {
  const V e = ExpNonPositive(d, hn::Sub(a, other));
  state = hn::Add(state, e);
  return e;
})
STEP(AddAnyExp, {
  const V x = hn::Sub(a, other);
  const V e = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), Infinity(d), ExpNonPositive(d, x));
  state = hn::Add(state, e);
  return e;
})
STEP(AddProduct, { return state = hn::MulAdd(a, b, state); })
STEP(AddElement, { return state = hn::Add(state, a); })
STEP(TimesState, { return hn::Mul(a, state); })
STEP(ExpTimesState, { return hn::Mul(ExpNonPositive(d, hn::Sub(a, other)), state); })
STEP(MinusBoth, { return hn::Sub(hn::Sub(a, other), state); })
STEP(SoftmaxSlope, { return hn::Mul(b, hn::Sub(a, state)); })
STEP(LogSoftmaxSlope, { return hn::NegMulAdd(ExpOf(d, b), state, a); })
MAP(Reciprocal, hn::Div(Value(d, 1), state))
MAP(Logarithm, LogOf(d, state))
MAP(ZeroIfInfinite, hn::IfThenElse(hn::Lt(hn::Abs(state), Infinity(d)), state, hn::Zero(d)))
MAP(ZeroIfLowest, hn::IfThenZeroElse(hn::Eq(state, hn::Neg(Infinity(d))), state))
MAP(Other, other)
MAP(TimesOther, hn::Mul(state, other))
// What a sum of e^(a − state) is to be multiplied by where the largest has grown from there to `other`.
MAP(Shrinking, hn::IfThenElse(hn::Eq(state, other), Value(d, 1), ExpNonPositive(d, hn::Sub(state, other))))
MAP(OtherPlusLogarithm, hn::Add(other, LogOf(d, state)))

#undef STEP
#undef MAP

template <class W, class T>
HWY_INLINE typename W::State Maximum(const W& walk, const T* a) {
  auto largest = walk.Start(kMinusInfinity<T>);
  walk.Each(GrowLargest(), largest, largest, a, a, kMinusInfinity<T>, nullptr);
  walk.JoinByMax(largest);
  return largest;
}

struct IsInfinity {
  template <class D, class V>
  HWY_INLINE auto operator()(D d, V v) const {
    return hn::Eq(v, Infinity(d));
  }
};

// Σ e^(a − shift); the terms go to `out`, if given. They are at most 1, or NaN, where `Add` is AddExp; with AddAnyExp
// what is greater counts as infinite, as in a line with a largest that is, and lines beside it keep their bits.
template <class Add, class W, class T>
HWY_INLINE typename W::State SumExp(const W& walk, const T* a, const typename W::State& shift, T* out) {
  auto sum = walk.Start(T(0));
  walk.Each(Add(), sum, shift, a, a, kMinusInfinity<T>, out);
  walk.JoinBySum(sum);
  return sum;
}

// The largest, and Σ e^(a − largest), of lines that no cache holds, in one pass through memory: a run of rows that a
// near one holds is gone through twice, and where the largest has grown the sum so far shrinks with it. `Shift` says
// what is taken off where the largest is infinite.
template <class Add, class Shift, class W, class T>
HWY_INLINE void MaximumAndSum(const W& walk, const T* a, typename W::State& largest, typename W::State& sum) {
  largest = walk.Start(kMinusInfinity<T>);
  sum = walk.Start(T(0));
  auto shift = sum;
  T* const nowhere = nullptr;
  walk.EachRun([&](const W& run, Size at) BLASGRAD_INLINE_LAMBDA {
    run.Map(Other(), shift, largest);
    run.Each(GrowLargest(), largest, largest, a + at, a + at, kMinusInfinity<T>, nowhere);
    run.Map(Shrinking(), shift, largest);
    run.Map(TimesOther(), sum, shift);
    // (Where there is nothing but −∞ so far, nothing is added.)
    run.Map(Other(), shift, largest);
    run.Map(Shift(), shift, shift);
    run.Each(Add(), sum, shift, a + at, a + at, kMinusInfinity<T>, nowhere);
  });
}

struct LogSumExpLine {
  static constexpr bool kReduces = true;
  // The line's logarithm is shift + ln sum.
  template <class W, class T>
  static HWY_INLINE void Terms(const W walk, const T* a, typename W::State& shift, typename W::State& sum) {
    if (walk.IsFar()) {
      MaximumAndSum<AddAnyExp, ZeroIfInfinite>(walk, a, shift, sum);
      walk.Map(ZeroIfInfinite(), shift, shift);
      return;
    }
    shift = Maximum(walk, a);
    // An infinite largest comes through the sum.
    const bool isHuge = walk.Any(IsInfinity(), shift);
    walk.Map(ZeroIfInfinite(), shift, shift);
    T* const nowhere = nullptr;
    sum = isHuge ? SumExp<AddAnyExp>(walk, a, shift, nowhere) : SumExp<AddExp>(walk, a, shift, nowhere);
  }
  template <class W, class T>
  static void Run(const W walk, const T* a, const T*, T* out) {
    typename W::State shift, sum;
    Terms(walk, a, shift, sum);
    walk.Map(OtherPlusLogarithm(), sum, shift);
    walk.StoreLine(sum, out);
  }
};

// Of rows some are worked on together: one vector has as many of their logarithms as lanes.
template <class T>
void LogSumExpRows(Size rows, Size n, const T* a, T* out) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const RowWalk<T> walk{n};
  Joins<T, ByLargest> largests;
  Joins<T, ByAdding> sums;
  HWY_ALIGN T shifts[kBatchRows];
  EachBatch<T>(rows, n, [&](Size begin, Size count) BLASGRAD_INLINE_LAMBDA {
    const T* const block = a + begin * n;
    EachRows(count, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      V largest[kRows];
      BLASGRAD_EACH_ROW largest[k] = hn::Set(d, kMinusInfinity<T>);
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW largest[k] = hn::Max(largest[k], vector.Load(block + (r + k) * n, kMinusInfinity<T>));
      });
      BLASGRAD_EACH_ROW largests.Put(r + k, largest[k]);
    });
    bool isHuge = false;
    for (Size r = 0; r < count; r += LanesOf(d)) {
      const V largest = largests.From(r);
      isHuge = isHuge || !hn::AllFalse(d, IsInfinity()(d, largest));
      hn::Store(ZeroIfInfinite()(d, largest, largest), d, shifts + r);
    }
    const auto add = [&](auto step) BLASGRAD_INLINE_LAMBDA {
      EachRows(count, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
        constexpr int kRows = together;
        V sum[kRows];
        BLASGRAD_EACH_ROW sum[k] = hn::Zero(d);
        EachVector<T>(n, [&](auto part, Size at, Size size) BLASGRAD_INLINE_LAMBDA {
          BLASGRAD_EACH_ROW {
            const auto x = LoadUpTo(part, block + (r + k) * n + at, size, kMinusInfinity<T>);
            auto none = hn::Zero(part);
            sum[k] = hn::Add(sum[k], Widened(d, part, step(part, none, hn::Set(part, shifts[r + k]), x, x)));
          }
        });
        BLASGRAD_EACH_ROW sums.Put(r + k, sum[k]);
      });
    };
    if (isHuge) {
      add(AddAnyExp());
    } else {
      add(AddExp());
    }
    for (Size r = 0; r < count; r += LanesOf(d)) {
      StoreUpTo(hn::Add(hn::Load(d, shifts + r), LogOf(d, sums.From(r))), d, out + begin + r, count - r);
    }
  });
}

struct SoftmaxLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* a, const T*, T* out) {
    typename W::State largest, scale;
    if (walk.IsFar()) {
      MaximumAndSum<AddExp, ZeroIfLowest>(walk, a, largest, scale);
      walk.Map(Reciprocal(), scale, scale);
      walk.Each(ExpTimesState(), scale, largest, a, a, T(0), out);
      return;
    }
    largest = Maximum(walk, a);
    scale = SumExp<AddExp>(walk, a, largest, out);
    walk.Map(Reciprocal(), scale, scale);
    walk.Each(TimesState(), scale, scale, out, out, T(0), out);
  }
};

struct SoftmaxBackwardLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* g, const T* y, T* out) {
    auto sum = walk.Start(T(0));
    walk.Each(AddProduct(), sum, sum, g, y, T(0), nullptr);
    walk.JoinBySum(sum);
    walk.Each(SoftmaxSlope(), sum, sum, g, y, T(0), out);
  }
};

struct LogSoftmaxLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* a, const T*, T* out) {
    typename W::State largest, log;
    if (walk.IsFar()) {
      MaximumAndSum<AddExp, ZeroIfLowest>(walk, a, largest, log);
    } else {
      largest = Maximum(walk, a);
      log = SumExp<AddExp>(walk, a, largest, static_cast<T*>(nullptr));
    }
    walk.Map(Logarithm(), log, log);
    walk.Each(MinusBoth(), log, largest, a, a, T(0), out);
  }
};

struct LogSoftmaxBackwardLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* g, const T* y, T* out) {
    auto sum = walk.Start(T(0));
    walk.Each(AddElement(), sum, sum, g, g, T(0), nullptr);
    walk.JoinBySum(sum);
    walk.Each(LogSoftmaxSlope(), sum, sum, g, y, T(0), out);
  }
};

template <class Line, class T>
void Forward(Size outer, Size n, Size inner, const T* a, T* out, Range<2> columns) {
  if constexpr (std::is_same_v<Line, LogSumExpLine>) {
    if (inner == 1 && n > kNarrow) return LogSumExpRows(outer, n, a, out);
  }
  EachLine<Line>(outer, n, inner, a, a, out, columns);
}

template <class Line, class T>
void Backward(Size outer, Size n, Size inner, const T* g, const T* y, T* out, Range<2> columns) {
  EachLine<Line>(outer, n, inner, g, y, out, columns);
}

template <class T>
Lines<T> MakeLines() {
  return {&Forward<LogSumExpLine, T>,  &ProdBackward<T>,
          &Forward<SoftmaxLine, T>,    &Backward<SoftmaxBackwardLine, T>,
          &Forward<LogSoftmaxLine, T>, &Backward<LogSoftmaxBackwardLine, T>};
}

Floats<Lines> AllLines() { return {MakeLines<float>(), MakeLines<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllLines);
const Floats<Lines>& lines() {
  static const Floats<Lines> table = HWY_DYNAMIC_DISPATCH(AllLines)();
  return table;
}
}  // namespace blasgrad
#endif
