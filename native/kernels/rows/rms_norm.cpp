// Root-mean-square norm over the rows of [rows, n], and its gradients. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows/rms_norm.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "totals-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <int kRows, class T>
HWY_INLINE void NormRows(Size n, double eps, const T* a, const T* weight, T* out, T* rstd) {
  const hn::ScalableTag<T> d;
  const RowWalk<T> walk{n};
  hn::Vec<decltype(d)> squares[kRows], scale[kRows];
  BLASGRAD_EACH_ROW squares[k] = hn::Zero(d);
  walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
    BLASGRAD_EACH_ROW {
      const auto x = vector.Load(a + k * n);
      squares[k] = hn::MulAdd(x, x, squares[k]);
    }
  });
  BLASGRAD_EACH_ROW {
    const double mean = double(hn::GetLane(walk.Sum(squares[k]))) / static_cast<double>(n);
    rstd[k] = static_cast<T>(1 / std::sqrt(mean + eps));
    scale[k] = hn::Set(d, rstd[k]);
  }
  walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
    BLASGRAD_EACH_ROW {
      auto y = hn::Mul(vector.Load(a + k * n), scale[k]);
      if (weight != nullptr) y = hn::Mul(y, vector.Load(weight));
      vector.Store(y, out + k * n);
    }
  });
}

template <class T>
void rmsNorm(Size rows, Size n, double eps, const T* a, const T* weight, T* out, T* rstd) {
  EachRows(rows, [&](auto together, Size r)
                     BLASGRAD_INLINE_LAMBDA { NormRows<together>(n, eps, a + r * n, weight, out + r * n, rstd + r); });
}

template <int kRows, class T>
HWY_INLINE void NormRowsBackward(Size n, const T* g, const T* a, const T* weight, const T* rstd, T* out) {
  const hn::ScalableTag<T> d;
  const RowWalk<T> walk{n};
  hn::Vec<decltype(d)> scale[kRows], dot[kRows], mean[kRows];
  BLASGRAD_EACH_ROW {
    scale[k] = hn::Set(d, rstd[k]);
    dot[k] = hn::Zero(d);
  }
  walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
    BLASGRAD_EACH_ROW {
      auto h = vector.Load(g + k * n);
      if (weight != nullptr) h = hn::Mul(h, vector.Load(weight));
      dot[k] = hn::MulAdd(h, hn::Mul(vector.Load(a + k * n), scale[k]), dot[k]);
    }
  });
  BLASGRAD_EACH_ROW mean[k] = hn::Div(walk.Sum(dot[k]), hn::Set(d, static_cast<T>(n)));
  walk.Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
    BLASGRAD_EACH_ROW {
      auto h = vector.Load(g + k * n);
      if (weight != nullptr) h = hn::Mul(h, vector.Load(weight));
      const auto x = hn::Mul(vector.Load(a + k * n), scale[k]);
      vector.Store(hn::Mul(scale[k], hn::NegMulAdd(x, mean[k], h)), out + k * n);
    }
  });
}

template <class T>
void rmsNormBackward(Size rows, Size n, const T* g, const T* a, const T* weight, const T* rstd, T* out) {
  EachRows(rows, [&](auto together, Size r) BLASGRAD_INLINE_LAMBDA {
    NormRowsBackward<together>(n, g + r * n, a + r * n, weight, rstd + r, out + r * n);
  });
}

template <class T>
void rmsNormWeightBackward(Size rows, Size n, const T* g, const T* a, const T* rstd, T* out, Range<1> columns) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  TotalsOfColumns(
      rows, n, columns, g, a,
      [&](V slope, V x, Size r) BLASGRAD_INLINE_LAMBDA { return hn::Mul(slope, hn::Mul(x, hn::Set(d, rstd[r]))); },
      out);
}

BLASGRAD_MAKE_TABLE(RmsNorms, BLASGRAD_RMS_NORMS)

Floats<RmsNorms> AllRmsNorms() { return {MakeRmsNorms<float>(), MakeRmsNorms<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllRmsNorms);
const Floats<RmsNorms>& rmsNorms() {
  static const Floats<RmsNorms> table = HWY_DYNAMIC_DISPATCH(AllRmsNorms)();
  return table;
}
}  // namespace blasgrad
#endif
