// Layer norm over the rows of [rows, n], and its gradients. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <int kRows, class T>
HWY_INLINE void NormRows(Size n, double eps, const T* a, const T* weight, const T* bias, T* out, T* mean, T* rstd) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const RowWalk<T> walk{n};
  const auto count = hn::Set(d, static_cast<T>(n));
  V sum[kRows], average[kRows], left[kRows], squares[kRows], rest[kRows], scale[kRows];
  BLASGRAD_EACH_ROW sum[k] = left[k] = squares[k] = hn::Zero(d);
  walk.Over([&](const auto& vector)
                BLASGRAD_INLINED { BLASGRAD_EACH_ROW sum[k] = hn::Add(sum[k], vector.Load(a + k * n, T(0))); });
  BLASGRAD_EACH_ROW average[k] = hn::Div(walk.Sum(sum[k]), count);
  BLASGRAD_EACH_ROW mean[k] = hn::GetLane(average[k]);
  // What the rounded mean leaves over is taken off too: rows of nearly equal values would feel it.
  walk.Over([&](const auto& vector) BLASGRAD_INLINED {
    BLASGRAD_EACH_ROW {
      const auto x = hn::Sub(vector.Load(a + k * n, mean[k]), average[k]);
      left[k] = hn::Add(left[k], x);
      squares[k] = hn::MulAdd(x, x, squares[k]);
    }
  });
  BLASGRAD_EACH_ROW rest[k] = hn::Div(walk.Sum(left[k]), count);
  BLASGRAD_EACH_ROW {
    const double rest0 = hn::GetLane(rest[k]);
    const double variance = double(hn::GetLane(walk.Sum(squares[k]))) / static_cast<double>(n) - rest0 * rest0;
    rstd[k] = static_cast<T>(1 / std::sqrt((variance > 0 || variance != variance ? variance : 0) + eps));
    scale[k] = hn::Set(d, rstd[k]);
  }
  walk.Over([&](const auto& vector) BLASGRAD_INLINED {
    BLASGRAD_EACH_ROW {
      auto y = hn::Mul(hn::Sub(hn::Sub(vector.Load(a + k * n, T(0)), average[k]), rest[k]), scale[k]);
      if (weight != nullptr) y = hn::Mul(y, vector.Load(weight, T(0)));
      if (bias != nullptr) y = hn::Add(y, vector.Load(bias, T(0)));
      vector.Store(y, out + k * n);
    }
  });
}

template <class T>
void layerNorm(Size rows, Size n, double eps, const T* a, const T* weight, const T* bias, T* out, T* mean, T* rstd) {
  EachRows(rows, [&](auto together, Size r) BLASGRAD_INLINED {
    NormRows<together>(n, eps, a + r * n, weight, bias, out + r * n, mean + r, rstd + r);
  });
}

template <int kRows, class T>
HWY_INLINE void NormRowsBackward(Size n, const T* g, const T* a, const T* weight, const T* mean, const T* rstd,
                                 T* out) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const RowWalk<T> walk{n};
  const auto count = hn::Set(d, static_cast<T>(n));
  V average[kRows], scale[kRows], sum[kRows], dot[kRows], meanH[kRows], meanDot[kRows];
  BLASGRAD_EACH_ROW {
    average[k] = hn::Set(d, mean[k]);
    scale[k] = hn::Set(d, rstd[k]);
    sum[k] = dot[k] = hn::Zero(d);
  }
  walk.Over([&](const auto& vector) BLASGRAD_INLINED {
    BLASGRAD_EACH_ROW {
      auto h = vector.Load(g + k * n, T(0));
      if (weight != nullptr) h = hn::Mul(h, vector.Load(weight, T(0)));
      sum[k] = hn::Add(sum[k], h);
      const auto x = hn::Mul(hn::Sub(vector.Load(a + k * n, mean[k]), average[k]), scale[k]);
      dot[k] = hn::MulAdd(h, x, dot[k]);
    }
  });
  BLASGRAD_EACH_ROW {
    meanH[k] = hn::Div(walk.Sum(sum[k]), count);
    meanDot[k] = hn::Div(walk.Sum(dot[k]), count);
  }
  walk.Over([&](const auto& vector) BLASGRAD_INLINED {
    BLASGRAD_EACH_ROW {
      auto h = vector.Load(g + k * n, T(0));
      if (weight != nullptr) h = hn::Mul(h, vector.Load(weight, T(0)));
      const auto x = hn::Mul(hn::Sub(vector.Load(a + k * n, T(0)), average[k]), scale[k]);
      vector.Store(hn::Mul(scale[k], hn::NegMulAdd(x, meanDot[k], hn::Sub(h, meanH[k]))), out + k * n);
    }
  });
}

template <class T>
void layerNormBackward(Size rows, Size n, const T* g, const T* a, const T* weight, const T* mean, const T* rstd,
                       T* out) {
  EachRows(rows, [&](auto together, Size r) BLASGRAD_INLINED {
    NormRowsBackward<together>(n, g + r * n, a + r * n, weight, mean + r, rstd + r, out + r * n);
  });
}

template <class T>
void layerNormWeightBackward(Size rows, Size n, const T* g, const T* a, const T* mean, const T* rstd, T* out) {
  constexpr Size kColumns = 256;
  constexpr Size kRun = 32;
  T part[kColumns];
  double total[kColumns];
  for (Size at = 0; at < n; at += kColumns) {
    const Size width = HWY_MIN(kColumns, n - at);
    for (Size i = 0; i < width; i++) total[i] = 0;
    for (Size r0 = 0; r0 < rows; r0 += kRun) {
      for (Size i = 0; i < width; i++) part[i] = T(0);
      for (Size r = r0; r < HWY_MIN(r0 + kRun, rows); r++) {
        const T* gRow = g + r * n + at;
        const T* aRow = a + r * n + at;
        const T average = mean[r];
        const T scale = rstd[r];
        for (Size i = 0; i < width; i++) part[i] += gRow[i] * ((aRow[i] - average) * scale);
      }
      for (Size i = 0; i < width; i++) total[i] += part[i];
    }
    for (Size i = 0; i < width; i++) out[at + i] = static_cast<T>(total[i]);
  }
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
