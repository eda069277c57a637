// Softmax, its logarithm and log-sum-exp along the middle axis of [outer, n, inner], with their gradients, and the
// gradient of a product. A maximum that NaN confused does not matter: NaN then reaches every result through the sum.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
constexpr T kMinusInfinity = -std::numeric_limits<T>::infinity();

template <class W, class T>
HWY_INLINE typename W::V Maximum(const W& walk, const T* a) {
  const typename W::D d;
  auto largest = hn::Set(d, kMinusInfinity<T>);
  for (Size i = 0; i < walk.end; i += walk.step) largest = hn::Max(largest, walk.Load(a, i, kMinusInfinity<T>));
  return walk.Max(largest);
}

// Σ e^(a − shift).
template <class W, class T>
HWY_INLINE typename W::V SumExp(const W& walk, const T* a, typename W::V shift) {
  const typename W::D d;
  auto sum = hn::Zero(d);
  for (Size i = 0; i < walk.end; i += walk.step) {
    sum = hn::Add(sum, ExpOf(d, hn::Sub(walk.Load(a, i, kMinusInfinity<T>), shift)));
  }
  return walk.Sum(sum);
}

struct LogSumExpLine {
  static constexpr bool kReduces = true;
  template <class W, class T>
  static void Run(const W walk, const T* a, const T*, T* out) {
    const typename W::D d;
    const auto largest = Maximum(walk, a);
    // An infinite largest comes through the sum.
    const auto shift = hn::IfThenElse(hn::Lt(hn::Abs(largest), Infinity(d)), largest, hn::Zero(d));
    walk.StoreLine(hn::Add(shift, LogOf(d, SumExp(walk, a, shift))), out);
  }
};

struct SoftmaxLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* a, const T*, T* out) {
    const typename W::D d;
    const auto largest = Maximum(walk, a);
    auto sum = hn::Zero(d);
    for (Size i = 0; i < walk.end; i += walk.step) {
      const auto e = ExpOf(d, hn::Sub(walk.Load(a, i, kMinusInfinity<T>), largest));
      sum = hn::Add(sum, e);
      walk.Store(e, out, i);
    }
    const auto scale = hn::Div(Value(d, 1), walk.Sum(sum));
    for (Size i = 0; i < walk.end; i += walk.step) walk.Store(hn::Mul(walk.Load(out, i, T(0)), scale), out, i);
  }
};

struct SoftmaxBackwardLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* g, const T* y, T* out) {
    const typename W::D d;
    auto sum = hn::Zero(d);
    for (Size i = 0; i < walk.end; i += walk.step) {
      sum = hn::MulAdd(walk.Load(g, i, T(0)), walk.Load(y, i, T(0)), sum);
    }
    sum = walk.Sum(sum);
    for (Size i = 0; i < walk.end; i += walk.step) {
      walk.Store(hn::Mul(walk.Load(y, i, T(0)), hn::Sub(walk.Load(g, i, T(0)), sum)), out, i);
    }
  }
};

struct LogSoftmaxLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* a, const T*, T* out) {
    const typename W::D d;
    const auto largest = Maximum(walk, a);
    const auto log = LogOf(d, SumExp(walk, a, largest));
    for (Size i = 0; i < walk.end; i += walk.step) {
      walk.Store(hn::Sub(hn::Sub(walk.Load(a, i, T(0)), largest), log), out, i);
    }
  }
};

struct LogSoftmaxBackwardLine {
  static constexpr bool kReduces = false;
  template <class W, class T>
  static void Run(const W walk, const T* g, const T* y, T* out) {
    const typename W::D d;
    auto sum = hn::Zero(d);
    for (Size i = 0; i < walk.end; i += walk.step) sum = hn::Add(sum, walk.Load(g, i, T(0)));
    sum = walk.Sum(sum);
    for (Size i = 0; i < walk.end; i += walk.step) {
      walk.Store(hn::NegMulAdd(ExpOf(d, walk.Load(y, i, T(0))), sum, walk.Load(g, i, T(0))), out, i);
    }
  }
};

template <class Line, class T>
void Forward(Size outer, Size n, Size inner, const T* a, T* out) {
  EachLine<Line>(outer, n, inner, a, a, out);
}

template <class Line, class T>
void Backward(Size outer, Size n, Size inner, const T* g, const T* y, T* out) {
  EachLine<Line>(outer, n, inner, g, y, out);
}

// The product of all the others is the product of those before times the product of those after. From both ends at
// once: two chains of multiplications are as fast as one.
template <class T>
void ProdBackwardRow(Size n, T g, const T* a, T* out) {
  T before = g;
  T after = T(1);
  Size i = 0;
  Size j = n - 1;
  for (; i < j; i++, j--) {
    out[i] = before;
    out[j] = after;
    before *= a[i];
    after *= a[j];
  }
  if (i == j) {
    out[i] = before * after;
    before *= a[i++];
    after *= a[j--];
  }
  for (; i < n; i++, j--) {
    out[i] *= before;
    out[j] *= after;
    before *= a[i];
    after *= a[j];
  }
}

template <class T>
void ProdBackward(Size outer, Size n, Size inner, const T* g, const T* a, T* out) {
  if (inner == 1) {
    for (Size o = 0; o < outer; o++) ProdBackwardRow(n, g[o], a + o * n, out + o * n);
    return;
  }
  constexpr Size kColumns = 256;
  T product[kColumns];
  for (Size o = 0; o < outer; o++, a += n * inner, out += n * inner, g += inner) {
    for (Size at = 0; at < inner; at += kColumns) {
      const Size width = HWY_MIN(kColumns, inner - at);
      for (Size i = 0; i < width; i++) product[i] = g[at + i];
      for (Size j = 0; j < n; j++) {
        for (Size i = 0; i < width; i++) {
          out[j * inner + at + i] = product[i];
          product[i] *= a[j * inner + at + i];
        }
      }
      for (Size i = 0; i < width; i++) product[i] = T(1);
      for (Size j = n; j-- > 0;) {
        for (Size i = 0; i < width; i++) {
          out[j * inner + at + i] *= product[i];
          product[i] *= a[j * inner + at + i];
        }
      }
    }
  }
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
