// Layer norm over the rows of [rows, n], and its gradients. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/layer_norm.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "flat-inl.h"
#include "totals-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
void layerNorm(Size rows, Size n, double eps, const T* a, const T* weight, const T* bias, T* out, T* mean, T* rstd) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const RowWalk<T> walk{n};
  const auto size = hn::Set(d, static_cast<T>(n));
  Joins<T, ByAdding> sums, squares;
  HWY_ALIGN T rests[kBatchRows], variances[kBatchRows];
  EachBatch<T>(rows, n, [&](Size begin, Size count) BLASGRAD_INLINE_LAMBDA {
    const T* const x0 = a + begin * n;
    T* const means = mean + begin;
    EachRows(count, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      V sum[kRows];
      BLASGRAD_EACH_ROW sum[k] = hn::Zero(d);
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW sum[k] = hn::Add(sum[k], vector.Load(x0 + (r + k) * n));
      });
      BLASGRAD_EACH_ROW sums.Put(r + k, sum[k]);
    });
    for (Size r = 0; r < count; r += LanesOf(d)) StoreUpTo(hn::Div(sums.From(r), size), d, means + r, count - r);
    // What the rounded mean leaves over is taken off too: rows of nearly equal values would feel it.
    EachRows(count, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      V left[kRows], square[kRows], average[kRows];
      BLASGRAD_EACH_ROW left[k] = square[k] = hn::Zero(d);
      BLASGRAD_EACH_ROW average[k] = hn::Set(d, means[r + k]);
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW {
          const auto x = hn::Sub(vector.Load(x0 + (r + k) * n, means[r + k]), average[k]);
          left[k] = hn::Add(left[k], x);
          square[k] = hn::MulAdd(x, x, square[k]);
        }
      });
      BLASGRAD_EACH_ROW {
        sums.Put(r + k, left[k]);
        squares.Put(r + k, square[k]);
      }
    });
    for (Size r = 0; r < count; r += LanesOf(d)) {
      hn::Store(hn::Div(sums.From(r), size), d, rests + r);
      hn::Store(squares.From(r), d, variances + r);
    }
    T* const scales = rstd + begin;
    for (Size r = 0; r < count; r++) {
      const double variance = double(variances[r]) / static_cast<double>(n) - double(rests[r]) * double(rests[r]);
      scales[r] = static_cast<T>(1 / std::sqrt((variance > 0 || variance != variance ? variance : 0) + eps));
    }
    EachRows(count, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      V average[kRows], rest[kRows], scale[kRows];
      BLASGRAD_EACH_ROW {
        average[k] = hn::Set(d, means[r + k]);
        rest[k] = hn::Set(d, rests[r + k]);
        scale[k] = hn::Set(d, scales[r + k]);
      }
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW {
          const Size at = (r + k) * n;
          auto y = hn::Mul(hn::Sub(hn::Sub(vector.Load(x0 + at), average[k]), rest[k]), scale[k]);
          if (weight != nullptr) y = hn::Mul(y, vector.Load(weight));
          if (bias != nullptr) y = hn::Add(y, vector.Load(bias));
          vector.Store(y, out + begin * n + at);
        }
      });
    });
  });
}

template <class T>
void layerNormBackward(Size rows, Size n, const T* g, const T* a, const T* weight, const T* mean, const T* rstd,
                       T* out) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const RowWalk<T> walk{n};
  const Circle<T> weights(weight, n);
  const auto size = hn::Set(d, static_cast<T>(n));
  Joins<T, ByAdding> sums, dots;
  HWY_ALIGN T meansH[kBatchRows], meansDot[kBatchRows];
  EachBatch<T>(rows, n, [&](Size begin, Size count) BLASGRAD_INLINE_LAMBDA {
    const T* const slopes = g + begin * n;
    const T* const inputs = a + begin * n;
    T* const outputs = out + begin * n;
    EachRows(count, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      V average[kRows], sum[kRows], dot[kRows];
      BLASGRAD_EACH_ROW {
        average[k] = hn::Set(d, mean[begin + r + k]);
        sum[k] = dot[k] = hn::Zero(d);
      }
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW {
          const Size at = (r + k) * n;
          auto h = vector.Load(slopes + at);
          if (weight != nullptr) h = hn::Mul(h, vector.Load(weight));
          sum[k] = hn::Add(sum[k], h);
          dot[k] = hn::MulAdd(h, hn::Sub(vector.Load(inputs + at, mean[begin + r + k]), average[k]), dot[k]);
        }
      });
      BLASGRAD_EACH_ROW {
        sums.Put(r + k, sum[k]);
        dots.Put(r + k, dot[k]);
      }
    });
    // The mean of h, and that of h·x times what x is a − mean by.
    for (Size r = 0; r < count; r += LanesOf(d)) {
      const auto scale = LoadUpTo(d, rstd + begin + r, count - r);
      hn::Store(hn::Div(sums.From(r), size), d, meansH + r);
      hn::Store(hn::Mul(hn::Div(hn::Mul(dots.From(r), scale), size), scale), d, meansDot + r);
    }
    const auto slope = [&](V h, V x, V average, V scale, V meanH, V meanDot) BLASGRAD_INLINE_LAMBDA {
      return hn::Mul(scale, hn::NegMulAdd(hn::Sub(x, average), meanDot, hn::Sub(h, meanH)));
    };
    if (GoesByLines(outputs, n)) {
      return ByLines<4>(count, n, {mean + begin, rstd + begin, meansH, meansDot}, outputs,
                        [&](const auto& load, Size at, Size column, const V* p) BLASGRAD_INLINE_LAMBDA {
                          auto h = load(slopes + at);
                          if (weight != nullptr) h = hn::Mul(h, load(weights.at() + column));
                          return slope(h, load(inputs + at), p[0], p[1], p[2], p[3]);
                        });
    }
    EachRows(count, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
      constexpr int kRows = together;
      V average[kRows], scale[kRows], meanH[kRows], meanDot[kRows];
      BLASGRAD_EACH_ROW {
        average[k] = hn::Set(d, mean[begin + r + k]);
        scale[k] = hn::Set(d, rstd[begin + r + k]);
        meanH[k] = hn::Set(d, meansH[r + k]);
        meanDot[k] = hn::Set(d, meansDot[r + k]);
      }
      walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        BLASGRAD_EACH_ROW {
          const Size at = (r + k) * n;
          auto h = vector.Load(slopes + at);
          if (weight != nullptr) h = hn::Mul(h, vector.Load(weight));
          vector.Store(slope(h, vector.Load(inputs + at), average[k], scale[k], meanH[k], meanDot[k]), outputs + at);
        }
      });
    });
  });
}

template <class T>
void layerNormWeightBackward(Size rows, Size n, const T* g, const T* a, const T* mean, const T* rstd, T* out,
                             Range<1> columns) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  TotalsOfColumns(
      rows, n, columns, g, a,
      [&](V slope, V x, Size r) BLASGRAD_INLINE_LAMBDA {
        return hn::Mul(slope, hn::Mul(hn::Sub(x, hn::Set(d, mean[r])), hn::Set(d, rstd[r])));
      },
      out);
}

BLASGRAD_MAKE_TABLE(Norms, BLASGRAD_NORMS)

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
