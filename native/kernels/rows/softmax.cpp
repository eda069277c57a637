// Softmax, log-softmax and log-sum-exp along the middle axis of [outer, n, inner], with their gradients. A maximum that
// ignores NaN does no harm: NaN reaches every result through the sum.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/softmax.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "prod_backward-inl.h"
#include "slices-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
constexpr T kMinusInfinity = -std::numeric_limits<T>::infinity();

// ln s has few digits where s is nearer to 1: it is computed from s − 1.
constexpr double kNearOne = 1.5;

// A step updates `state` from elements a and b of each slice, and returns the output's elements.
#define STEP(name, body)                                                                                    \
  struct name {                                                                                             \
    template <class D, class V>                                                                             \
    HWY_INLINE V operator()([[maybe_unused]] D d, V& state, [[maybe_unused]] V other, [[maybe_unused]] V a, \
                            [[maybe_unused]] V b) const body                                                \
  };
// A map replaces `state`.
#define MAP(name, expression)                                                                                 \
  struct name {                                                                                               \
    template <class D, class V>                                                                               \
    HWY_INLINE V operator()([[maybe_unused]] D d, [[maybe_unused]] V state, [[maybe_unused]] V other) const { \
      return expression;                                                                                      \
    }                                                                                                         \
  };

STEP(AddMax, { return state = hn::Max(state, a); })
// Terms e^(a − other) are at most 1, or NaN, where `other` is the maximum.
STEP(AddExp, {
  const V e = ExpNonPositive(d, hn::Sub(a, other));
  state = hn::Add(state, e);
  return e;
})
// For slices of which some have an infinite maximum, in place of which `other` is 0: what is greater counts as
// infinite. The others keep their bits.
STEP(AddExpOrInfinity, {
  const V x = hn::Sub(a, other);
  const V e = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), Infinity(d), ExpNonPositive(d, x));
  state = hn::Add(state, e);
  return e;
})
// The terms that are not the maximum's 1.
STEP(AddExpOfOthers, {
  const V x = hn::Sub(a, other);
  state = hn::Add(state, hn::IfThenZeroElse(hn::Eq(x, hn::Zero(d)), ExpNonPositive(d, x)));
  return state;
})
STEP(AddProduct, { return state = hn::MulAdd(a, b, state); })
STEP(AddElement, { return state = hn::Add(state, a); })
STEP(Scaled, { return hn::Mul(a, state); })
STEP(LogProbability, { return hn::Sub(hn::Sub(a, other), state); })
STEP(SoftmaxGradient, { return hn::Mul(b, hn::Sub(a, state)); })
// g − e^y·Σg; where e^y is nearly 1, (g − Σg) − (e^y − 1)·Σg.
STEP(LogSoftmaxGradient, {
  V slope = hn::NegMulAdd(ExpOf(d, b), state, a);
  const auto isLarge = hn::Gt(b, Value(d, -0.5));
  if (HWY_UNLIKELY(!hn::AllFalse(d, isLarge))) {
    slope = hn::IfThenElse(isLarge, hn::NegMulAdd(ExpMinus1(d, b), state, hn::Sub(a, state)), slope);
  }
  return slope;
})
MAP(Reciprocal, hn::Div(Value(d, 1), state))
MAP(Logarithm, LogOf(d, state))
// ln of a sum, or from that of all terms but a 1. A sum below 1 has no such term.
MAP(LogarithmOfEither, hn::IfThenElse(hn::And(hn::Ge(state, Value(d, 1)), hn::Lt(state, Value(d, kNearOne))),
                                      LogOf1Plus(d, other), LogOf(d, state)))
MAP(ZeroIfInfinite, hn::IfThenElse(hn::Lt(hn::Abs(state), Infinity(d)), state, hn::Zero(d)))
MAP(Plus, hn::Add(state, other))

#undef STEP
#undef MAP

struct IsInfinity {
  template <class D, class V>
  HWY_INLINE auto operator()(D d, V v) const {
    return hn::Eq(v, Infinity(d));
  }
};

template <class S, class T>
HWY_INLINE typename S::State Maximum(const S& slice, const T* a) {
  auto largest = slice.Start(kMinusInfinity<T>);
  slice.Each(AddMax(), largest, largest, a, a, kMinusInfinity<T>, nullptr);
  slice.MaxLanes(largest);
  return largest;
}

struct IsNearOne {
  template <class D, class V>
  HWY_INLINE auto operator()(D d, V v) const {
    return hn::Lt(v, Value(d, kNearOne));
  }
};

// The sum that the step `Add` makes of elements of a and b; what it returns goes to `out`, if given.
template <class Add, class S, class T>
HWY_INLINE typename S::State SumOf(const S& slice, const T* a, const T* b, const typename S::State& shift, T rest,
                                   T* out) {
  auto total = slice.Start(T(0));
  slice.EachRun([&](const auto& part, Size at) BLASGRAD_INLINE_LAMBDA {
    auto sum = part.Start(T(0));
    part.Each(Add(), sum, shift, a + at, b + at, rest, out == nullptr ? out : out + at);
    part.Update(Plus(), total, sum);
  });
  slice.SumLanes(total);
  return total;
}

// Σ e^(a − shift); the terms go to `out`, if given.
template <class Add, class S, class T>
HWY_INLINE typename S::State SumExp(const S& slice, const T* a, const typename S::State& shift, T* out) {
  return SumOf<Add>(slice, a, a, shift, kMinusInfinity<T>, out);
}

// ln Σ e^(a − largest).
template <class S, class T>
HWY_INLINE typename S::State LogSum(const S& slice, const T* a, const typename S::State& largest) {
  T* const none = nullptr;
  auto sum = SumExp<AddExp>(slice, a, largest, none);
  if (slice.Any(IsNearOne(), sum)) {
    slice.Update(LogarithmOfEither(), sum, SumExp<AddExpOfOthers>(slice, a, largest, none));
  } else {
    slice.Update(Logarithm(), sum, sum);
  }
  return sum;
}

struct LogSumExp {
  static constexpr bool kReduces = true;
  template <class S, class T>
  static void Run(const S slice, const T* a, const T*, T* out) {
    auto shift = Maximum(slice, a);
    const bool isInfinite = slice.Any(IsInfinity(), shift);
    slice.Update(ZeroIfInfinite(), shift, shift);
    T* const none = nullptr;
    auto log = shift;
    if (isInfinite) {
      log = SumExp<AddExpOrInfinity>(slice, a, shift, none);
      slice.Update(Logarithm(), log, log);
    } else {
      log = LogSum(slice, a, shift);
    }
    slice.Update(Plus(), log, shift);
    slice.StoreResult(log, out);
  }
};

struct Softmax {
  static constexpr bool kReduces = false;
  template <class S, class T>
  static void Run(const S slice, const T* a, const T*, T* out) {
    const auto largest = Maximum(slice, a);
    auto scale = SumExp<AddExp>(slice, a, largest, out);
    slice.Update(Reciprocal(), scale, scale);
    slice.Each(Scaled(), scale, scale, out, out, T(0), out);
  }
};

struct SoftmaxBackward {
  static constexpr bool kReduces = false;
  template <class S, class T>
  static void Run(const S slice, const T* g, const T* y, T* out) {
    const auto zero = slice.Start(T(0));
    auto sum = SumOf<AddProduct>(slice, g, y, zero, T(0), static_cast<T*>(nullptr));
    slice.Each(SoftmaxGradient(), sum, sum, g, y, T(0), out);
  }
};

struct LogSoftmax {
  static constexpr bool kReduces = false;
  template <class S, class T>
  static void Run(const S slice, const T* a, const T*, T* out) {
    const auto largest = Maximum(slice, a);
    auto log = LogSum(slice, a, largest);
    slice.Each(LogProbability(), log, largest, a, a, T(0), out);
  }
};

struct LogSoftmaxBackward {
  static constexpr bool kReduces = false;
  template <class S, class T>
  static void Run(const S slice, const T* g, const T* y, T* out) {
    const auto zero = slice.Start(T(0));
    auto sum = SumOf<AddElement>(slice, g, g, zero, T(0), static_cast<T*>(nullptr));
    slice.Each(LogSoftmaxGradient(), sum, sum, g, y, T(0), out);
  }
};

template <class Kernel, class T>
void Forward(Size outer, Size n, Size inner, const T* a, T* out, Range<2> columns) {
  EachSlice<Kernel>(outer, n, inner, a, a, out, columns);
}

template <class Kernel, class T>
void Backward(Size outer, Size n, Size inner, const T* g, const T* y, T* out, Range<2> columns) {
  EachSlice<Kernel>(outer, n, inner, g, y, out, columns);
}

template <class T>
Slices<T> MakeSlices() {
  return {&Forward<LogSumExp, T>,        &ProdBackward<T>,        &Forward<Softmax, T>,
          &Backward<SoftmaxBackward, T>, &Forward<LogSoftmax, T>, &Backward<LogSoftmaxBackward, T>};
}

Floats<Slices> AllSlices() { return {MakeSlices<float>(), MakeSlices<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllSlices);
const Floats<Slices>& slices() {
  static const Floats<Slices> table = HWY_DYNAMIC_DISPATCH(AllSlices)();
  return table;
}
}  // namespace blasgrad
#endif
