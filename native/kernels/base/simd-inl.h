// Helpers for vector loops, compiled once per instruction set: part loads and stores, loops of tiles, and the functions
// of Highway's math library made right for NaN, infinities and large arguments.

#if defined(BLASGRAD_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_SIMD_INL_H_
#undef BLASGRAD_SIMD_INL_H_
#else
#define BLASGRAD_SIMD_INL_H_
#endif

#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "types.h"
#include "unroll-inl.h"

#if defined(__GNUC__)
#define BLASGRAD_PREFETCH(at) __builtin_prefetch(at)
#define BLASGRAD_PREFETCH_L2(at) __builtin_prefetch(at, 0, 2)
#define BLASGRAD_PREFETCH_TO_WRITE(at) __builtin_prefetch(at, 1)
#else
#define BLASGRAD_PREFETCH(at) ((void)(at))
#define BLASGRAD_PREFETCH_L2(at) ((void)(at))
#define BLASGRAD_PREFETCH_TO_WRITE(at) ((void)(at))
#endif

// For a lambda within a vector loop, before its body: a call out of line would pass its vectors in memory.
#if defined(__GNUC__)
#define BLASGRAD_INLINE_LAMBDA HWY_ATTR __attribute__((always_inline))
#else
#define BLASGRAD_INLINE_LAMBDA HWY_ATTR
#endif

#if defined(__clang__)
#define BLASGRAD_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define BLASGRAD_INDEPENDENT _Pragma("GCC ivdep")
#else
#define BLASGRAD_INDEPENDENT
#endif

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE Size LanesOf(D d) {
  return static_cast<Size>(hn::Lanes(d));
}

// Keeps a loaded vector in a register for `kUses` operations. GCC may otherwise load it again as a memory operand of
// each, and loads are what limits a micro-tile.
template <int kUses, class V>
HWY_INLINE V InRegister(V v) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR && defined(__GNUC__)
  if constexpr (kUses > 1) __asm__("" : "+v"(v.raw));
#endif
  return v;
}

// Whether single lanes can be left out of a load or store, so that it touches only the memory of the others.
template <class T>
constexpr bool kMasked = !HWY_MEM_OPS_MIGHT_FAULT && sizeof(T) >= 4;

// The first `count` elements at p, then `rest`. Where lanes cannot be left out it goes by halves of the vector: one put
// together in memory would wait for the stores before its load.
template <class D, class T>
HWY_INLINE hn::Vec<D> LoadPart(D d, const T* p, Size count, T rest = T(0)) {
#if HWY_TARGET == HWY_SCALAR
  return count > 0 ? hn::LoadU(d, p) : hn::Set(d, rest);
#else
  if constexpr (kMasked<T>) {
    const auto first = hn::FirstN(d, static_cast<std::size_t>(count));
    return hn::IfThenElse(first, hn::MaskedLoad(first, d, p), hn::Set(d, rest));
  } else if constexpr (sizeof(T) < 4) {
    HWY_ALIGN T buffer[hn::MaxLanes(d)];
    hn::Store(hn::Set(d, rest), d, buffer);
    std::memcpy(buffer, p, static_cast<std::size_t>(count) * sizeof(T));
    return hn::Load(d, buffer);
  } else if constexpr (hn::MaxLanes(d) == 1) {
    return count > 0 ? hn::LoadU(d, p) : hn::Set(d, rest);
  } else {
    const hn::Half<D> half;
    const Size lanes = LanesOf(half);
    if (count < lanes) return hn::Combine(d, hn::Set(half, rest), LoadPart(half, p, count, rest));
    return hn::Combine(d, LoadPart(half, p + lanes, count - lanes, rest), hn::LoadU(half, p));
  }
#endif
}

template <class D, class V, class T>
HWY_INLINE void StorePart(V v, D d, T* p, Size count) {
#if HWY_TARGET == HWY_SCALAR
  if (count > 0) hn::StoreU(v, d, p);
#else
  if constexpr (kMasked<T>) {
    hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(count)), d, p);
  } else if constexpr (sizeof(T) < 4) {
    HWY_ALIGN T buffer[hn::MaxLanes(d)];
    hn::Store(v, d, buffer);
    std::memcpy(p, buffer, static_cast<std::size_t>(count) * sizeof(T));
  } else if constexpr (hn::MaxLanes(d) == 1) {
    if (count > 0) hn::StoreU(v, d, p);
  } else {
    const hn::Half<D> half;
    const Size lanes = LanesOf(half);
    if (count < lanes) return StorePart(hn::LowerHalf(half, v), half, p, count);
    hn::StoreU(hn::LowerHalf(half, v), half, p);
    StorePart(hn::UpperHalf(half, v), half, p + lanes, count - lanes);
  }
#endif
}

// A whole vector where `count` allows, else a part.
template <class D, class T>
HWY_INLINE hn::Vec<D> LoadUpTo(D d, const T* p, Size count, T rest = T(0)) {
  return HWY_LIKELY(count >= LanesOf(d)) ? hn::LoadU(d, p) : LoadPart(d, p, count, rest);
}

template <class D, class V, class T>
HWY_INLINE void StoreUpTo(V v, D d, T* p, Size count) {
  if (HWY_LIKELY(count >= LanesOf(d))) {
    hn::StoreU(v, d, p);
  } else {
    StorePart(v, d, p, count);
  }
}

template <class D>
HWY_INLINE hn::Vec<D> Value(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

template <class D>
HWY_INLINE hn::Vec<D> Infinity(D d) {
  return hn::Set(d, std::numeric_limits<hn::TFromD<D>>::infinity());
}

template <class D, class V>
HWY_INLINE V ExpOf(D d, V x) {
  const V bounded = hn::Min(x, Value(d, sizeof(hn::TFromD<D>) == 4 ? 89 : 710));
  return hn::IfThenElse(hn::Eq(x, x), hn::Exp(d, bounded), x);
}

// The powers r² … r⁶ in e^r, |r| ≤ ln 2 / 2: the best of its degree by relative error with 1 + r given (Remez'
// criterion, 3e-9).
constexpr double kExpPowers[] = {0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 8.36874544620514e-3,
                                 1.3814539415781826e-3};

// e^x for x ≤ 0, to 1 ulp in float, where results that would be denormal are 0. x = n·ln 2 + r, |r| ≤ ln 2 / 2. As few
// steps after one another as can be: what waits for its operands is what there is room for, not the arithmetic.
template <class D, class V>
HWY_INLINE V ExpNonPositive(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) != 4) {
    return ExpOf(d, x);
  } else {
    // 1.5·2²³ + 127: a sum with it is rounded to an integer, which is then in the low bits, as an exponent is biased.
    const V rounder = Value(d, 12583039);
    const V biased = hn::MulAdd(x, Value(d, 1.4426950408889634), rounder);
    const V n = hn::Sub(biased, rounder);
    const V r = hn::MulAdd(n, Value(d, -1.428606765330187045e-6), hn::MulAdd(n, Value(d, -0.693145751953125), x));
    const V square = hn::Mul(r, r);
    const V low = hn::MulAdd(r, Value(d, kExpPowers[1]), Value(d, kExpPowers[0]));
    const V middle = hn::MulAdd(r, Value(d, kExpPowers[3]), Value(d, kExpPowers[2]));
    const V high = hn::MulAdd(square, Value(d, kExpPowers[4]), middle);
    const V less = hn::MulAdd(hn::MulAdd(high, square, low), square, r);
    const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(hn::RebindToUnsigned<D>(), biased)));
    return hn::IfThenZeroElse(hn::Lt(x, Value(d, -87.33)), hn::MulAdd(less, power, power));
  }
}

// 2^r times the power of 2 whose biased exponent is in the low bits of `biased`, |r| ≤ 1/2, in float.
template <class D, class V>
HWY_INLINE V TimesPowerOf2(D d, V r, V biased) {
  constexpr double ln2 = 0.69314718055994531, square2 = ln2 * ln2;
  const V square = hn::Mul(r, r);
  const V low = hn::MulAdd(r, Value(d, kExpPowers[0] * square2), Value(d, ln2));
  const V middle = hn::MulAdd(r, Value(d, kExpPowers[2] * square2 * square2), Value(d, kExpPowers[1] * square2 * ln2));
  const V high = hn::MulAdd(r, Value(d, kExpPowers[4] * square2 * square2 * square2),
                            Value(d, kExpPowers[3] * square2 * square2 * ln2));
  const V sum = hn::MulAdd(hn::MulAdd(high, square, middle), square, low);
  const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(hn::RebindToUnsigned<D>(), biased)));
  return hn::MulAdd(hn::Mul(sum, r), power, power);
}

// 2^x for x ≤ 0 likewise, in float, with two dependent operations fewer.
template <class D, class V>
HWY_INLINE V Exp2NonPositive(D d, V x) {
  const V rounder = Value(d, 12583039);
  const V biased = hn::Add(x, rounder);
  const V power = TimesPowerOf2(d, hn::Sub(x, hn::Sub(biased, rounder)), biased);
  return hn::IfThenZeroElse(hn::Lt(x, Value(d, -126)), power);
}

template <class D, class V>
HWY_INLINE V LogOf(D d, V x) {
  const V nan = hn::Set(d, std::numeric_limits<hn::TFromD<D>>::quiet_NaN());
  const V atMostZero = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(Infinity(d)), nan);
  const V y = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Log(d, x), atMostZero);
  return hn::IfThenElse(hn::Eq(x, Infinity(d)), x, y);
}

// ln(1 + x) for x ≥ 0; NaN stays NaN.
template <class D, class V>
HWY_INLINE V LogOf1Plus(D d, V x) {
  return hn::IfThenElse(hn::Eq(x, x), hn::Log1p(d, x), x);
}

// e^x − 1; NaN stays NaN.
template <class D, class V>
HWY_INLINE V ExpMinus1(D d, V x) {
  return hn::IfThenElse(hn::Eq(x, x), hn::Expm1(d, x), x);
}

// e^-|x|, the bounded half of the logistic functions.
template <class D, class V>
HWY_INLINE V ExpNegAbs(D d, V x) {
  return ExpNonPositive(d, hn::Neg(hn::Abs(x)));
}

template <class D, class V>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = Value(d, 1);
  const V e = ExpNegAbs(d, x);
  return hn::Div(hn::IfThenElse(hn::Ge(x, hn::Zero(d)), one, e), hn::Add(one, e));
}

template <class D, class V>
HWY_INLINE V Softplus(D d, V x) {
  const V e = ExpNonPositive(d, hn::Neg(hn::Abs(x)));
  return hn::IfThenElse(hn::Eq(x, x), hn::Add(hn::Max(x, hn::Zero(d)), hn::Log1p(d, e)), x);
}

template <class D, class V>
HWY_INLINE V TanhOf(D d, V x) {
  return hn::IfThenElse(hn::Eq(x, x), hn::Tanh(d, x), x);
}

// Runs f over lanes, for what has no vector form or lies beyond its range.
template <class D, class V, class F>
HWY_INLINE V EachLane(D d, V x, F f) {
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
  hn::Store(x, d, lanes);
  for (Size i = 0; i < LanesOf(d); i++) lanes[i] = f(lanes[i]);
  return hn::Load(d, lanes);
}

// Beyond this the vector forms of sin and cos lose digits (they say 39,000).
constexpr double kReducible = 8192;

struct SinLane {
  template <class T>
  T operator()(T x) const {
    return std::sin(x);
  }
};

struct CosLane {
  template <class T>
  T operator()(T x) const {
    return std::cos(x);
  }
};

// `y`, but f(x) in the lanes where x is too large for it. Each lane's result is its own: it does not matter beside
// what.
template <class D, class V, class F>
HWY_INLINE V UnlessLarge(D d, V x, V y, F f) {
  const auto large = hn::Ge(hn::Abs(x), Value(d, kReducible));
  if (HWY_UNLIKELY(!hn::AllFalse(d, large))) y = hn::IfThenElse(large, EachLane(d, x, f), y);
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

template <class D, class V>
HWY_INLINE V SinOf(D d, V x) {
  return UnlessLarge(d, x, hn::Sin(d, x), SinLane());
}

template <class D, class V>
HWY_INLINE V CosOf(D d, V x) {
  return UnlessLarge(d, x, hn::Cos(d, x), CosLane());
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
