// Layer norm and RMS norm over the rows of [rows, n], and their gradients. RMS norm is layer norm without the mean. The
// formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/norms.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The horizontal sums of a row have a long latency, which the other rows in flight hide. Layer norm's forward pass has
// three one after another, RMS norm's one.
template <bool kCentered>
constexpr int kForwardRows = kCentered ? 4 : 2;
constexpr int kBackwardRows = 2;

// Runs f(begin, count) over parts of a row. A long float32 sum would lose digits: sums are made over so many vectors,
// and then of these.
template <class T, class F>
HWY_INLINE void EachRun(Size n, const F& f) {
  const Size run = 64 * LanesOf(hn::ScalableTag<T>());
  for (Size i = 0; i < n; i += run) f(i, HWY_MIN(run, n - i));
}

template <bool kCentered, class T>
void Norm(Size rows, Size n, double eps, const T* a, const T* weight, const T* bias, T* out, T* mean, T* rstd) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  EachRows<kForwardRows<kCentered>>(0, rows, [&](auto count, Size r) BLASGRAD_INLINE_LAMBDA {
    constexpr int kRows = count;
    const T* const x = a + r * n;
    V average[kRows], rest[kRows], sum[kRows], squares[kRows], scale[kRows];
    BLASGRAD_EACH_ROW average[k] = rest[k] = sum[k] = squares[k] = hn::Zero(d);
    if constexpr (kCentered) {
      EachRun<T>(n, [&](Size begin, Size length) BLASGRAD_INLINE_LAMBDA {
        V part[kRows];
        BLASGRAD_EACH_ROW part[k] = hn::Zero(d);
        EachVector<T>(length, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
          BLASGRAD_EACH_ROW part[k] = hn::Add(part[k], vector.Load(x + k * n + begin));
        });
        BLASGRAD_EACH_ROW sum[k] = hn::Add(sum[k], part[k]);
      });
      BLASGRAD_EACH_ROW {
        mean[r + k] = hn::GetLane(hn::SumOfLanes(d, sum[k])) / static_cast<T>(n);
        average[k] = hn::Set(d, mean[r + k]);
        sum[k] = hn::Zero(d);
      }
    }
    EachRun<T>(n, [&](Size begin, Size length) BLASGRAD_INLINE_LAMBDA {
      V part[kRows], squared[kRows];
      BLASGRAD_EACH_ROW part[k] = squared[k] = hn::Zero(d);
      EachVector<T>(length, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW {
          const T* const p = x + k * n + begin;
          if constexpr (kCentered) {
            const V centered = hn::Sub(vector.Load(p, mean[r + k]), average[k]);
            part[k] = hn::Add(part[k], centered);
            squared[k] = hn::MulAdd(centered, centered, squared[k]);
          } else {
            const V value = vector.Load(p);
            squared[k] = hn::MulAdd(value, value, squared[k]);
          }
        }
      });
      BLASGRAD_EACH_ROW {
        sum[k] = hn::Add(sum[k], part[k]);
        squares[k] = hn::Add(squares[k], squared[k]);
      }
    });
    BLASGRAD_EACH_ROW {
      double variance = double(hn::GetLane(hn::SumOfLanes(d, squares[k]))) / static_cast<double>(n);
      if constexpr (kCentered) {
        // The rounding error of the mean is taken off too: it matters in rows of nearly equal values.
        const T error = hn::GetLane(hn::SumOfLanes(d, sum[k])) / static_cast<T>(n);
        variance -= double(error) * double(error);
        rest[k] = hn::Set(d, error);
        mean[r + k] += error;
        if (variance < 0) variance = 0;
      }
      rstd[r + k] = static_cast<T>(1 / std::sqrt(variance + eps));
      scale[k] = hn::Set(d, rstd[r + k]);
    }
    EachVector<T>(n, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      BLASGRAD_EACH_ROW {
        V y = vector.Load(x + k * n);
        if constexpr (kCentered) y = hn::Sub(hn::Sub(y, average[k]), rest[k]);
        y = hn::Mul(y, scale[k]);
        if (weight != nullptr) y = hn::Mul(y, vector.Load(weight));
        if (bias != nullptr) y = hn::Add(y, vector.Load(bias));
        vector.Store(y, out + (r + k) * n);
      }
    });
  });
}

template <bool kCentered, class T>
void NormBackward(Size rows, Size n, const T* g, const T* a, const T* weight, const T* mean, const T* rstd, T* out) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const auto size = hn::Set(d, static_cast<T>(n));
  EachRows<kBackwardRows>(0, rows, [&](auto count, Size r) BLASGRAD_INLINE_LAMBDA {
    constexpr int kRows = count;
    const T* const x = a + r * n;
    V average[kRows], scale[kRows], sum[kRows], dot[kRows];
    BLASGRAD_EACH_ROW {
      average[k] = kCentered ? hn::Set(d, mean[r + k]) : hn::Zero(d);
      scale[k] = hn::Set(d, rstd[r + k]);
      sum[k] = dot[k] = hn::Zero(d);
    }
    // h = g·weight; 0 in lanes beyond the tail.
    const auto slope = [&](const auto& vector, Size begin, int k) BLASGRAD_INLINE_LAMBDA {
      const V h = vector.Load(g + (r + k) * n + begin);
      return weight == nullptr ? h : hn::Mul(h, vector.Load(weight + begin));
    };
    const auto centered = [&](const auto& vector, Size begin, int k) BLASGRAD_INLINE_LAMBDA {
      const V value = vector.Load(x + k * n + begin);
      return kCentered ? hn::Sub(value, average[k]) : value;
    };
    EachRun<T>(n, [&](Size begin, Size length) BLASGRAD_INLINE_LAMBDA {
      V part[kRows], product[kRows];
      BLASGRAD_EACH_ROW part[k] = product[k] = hn::Zero(d);
      EachVector<T>(length, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW {
          const V h = slope(vector, begin, k);
          if constexpr (kCentered) part[k] = hn::Add(part[k], h);
          product[k] = hn::MulAdd(h, centered(vector, begin, k), product[k]);
        }
      });
      BLASGRAD_EACH_ROW {
        sum[k] = hn::Add(sum[k], part[k]);
        dot[k] = hn::Add(dot[k], product[k]);
      }
    });
    BLASGRAD_EACH_ROW {
      sum[k] = hn::Div(hn::SumOfLanes(d, sum[k]), size);
      dot[k] = hn::Mul(hn::Div(hn::Mul(hn::SumOfLanes(d, dot[k]), scale[k]), size), scale[k]);
    }
    EachVector<T>(n, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      BLASGRAD_EACH_ROW {
        V h = slope(vector, 0, k);
        if constexpr (kCentered) h = hn::Sub(h, sum[k]);
        vector.Store(hn::Mul(scale[k], hn::NegMulAdd(centered(vector, 0, k), dot[k], h)), out + (r + k) * n);
      }
    });
  });
}

struct Sum {
  static constexpr bool kPairwise = true;
  template <class T>
  static HWY_INLINE T Start() {
    return T(0);
  }
  HWY_INLINE double operator()(double a, double b) const { return a + b; }
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Add(a, b);
  }
};

template <bool kCentered, class T>
void NormWeightBackward(Size rows, Size n, const T* g, const T* a, const T* mean, const T* rstd, T* out,
                        Range<1> columns) {
  const hn::ScalableTag<T> d;
  double totals[kPanelColumns];
  for (Size c = columns.from; c < columns.to; c += kPanelColumns) {
    const Size width = HWY_MIN(kPanelColumns, columns.to - c);
    const auto product = [&](const auto& vector, Size r) BLASGRAD_INLINE_LAMBDA {
      BLASGRAD_PREFETCH(a + (r + kRowsInFlight) * n + c + vector.at);
      BLASGRAD_PREFETCH(g + (r + kRowsInFlight) * n + c + vector.at);
      auto x = vector.Load(a + r * n + c);
      if constexpr (kCentered) x = hn::Sub(x, hn::Set(d, mean[r]));
      return hn::Mul(vector.Load(g + r * n + c), hn::Mul(x, hn::Set(d, rstd[r])));
    };
    ReducePanel<Sum, T>(rows, width, product, totals);
    for (Size i = 0; i < width; i++) out[c + i] = static_cast<T>(totals[i]);
  }
}

template <class T>
Norms<T> MakeNorms() {
  using In = const T*;
  return {&Norm<true, T>,
          &NormBackward<true, T>,
          &NormWeightBackward<true, T>,
          [](Size rows, Size n, double eps, In a, In weight, T* out, T* rstd) {
            Norm<false, T>(rows, n, eps, a, weight, nullptr, out, nullptr, rstd);
          },
          [](Size rows, Size n, In g, In a, In weight, In rstd, T* out) {
            NormBackward<false, T>(rows, n, g, a, weight, nullptr, rstd, out);
          },
          [](Size rows, Size n, In g, In a, In rstd, T* out, Range<1> columns) {
            NormWeightBackward<false, T>(rows, n, g, a, nullptr, rstd, out, columns);
          }};
}

Floats<Norms> AllNorms() { return {MakeNorms<float>(), MakeNorms<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllNorms);
const Floats<Norms>& norms() {
  static const Floats<Norms> table = HWY_DYNAMIC_DISPATCH(AllNorms)();
  return table;
}
}  // namespace blasgrad
#endif
