// Root-mean-square norm over the rows of [rows, n], and its gradients. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rms_norm.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
void rmsNorm(Size rows, Size n, double eps, const T* a, const T* weight, T* out, T* rstd) {
  const hn::ScalableTag<T> d;
  const RowWalk<T> walk{n};
  for (Size r = 0; r < rows; r++, a += n, out += n) {
    auto squares = hn::Zero(d);
    for (Size i = 0; i < n; i += walk.step) {
      const auto x = walk.Load(a, i, T(0));
      squares = hn::MulAdd(x, x, squares);
    }
    const double mean = double(hn::GetLane(walk.Sum(squares))) / static_cast<double>(n);
    const T scale0 = static_cast<T>(1 / std::sqrt(mean + eps));
    const auto scale = hn::Set(d, scale0);
    for (Size i = 0; i < n; i += walk.step) {
      auto y = hn::Mul(walk.Load(a, i, T(0)), scale);
      if (weight != nullptr) y = hn::Mul(y, walk.Load(weight, i, T(0)));
      walk.Store(y, out, i);
    }
    rstd[r] = scale0;
  }
}

template <class T>
void rmsNormBackward(Size rows, Size n, const T* g, const T* a, const T* weight, const T* rstd, T* out) {
  const hn::ScalableTag<T> d;
  const RowWalk<T> walk{n};
  for (Size r = 0; r < rows; r++, g += n, a += n, out += n) {
    const auto scale = hn::Set(d, rstd[r]);
    auto dot = hn::Zero(d);
    for (Size i = 0; i < n; i += walk.step) {
      auto h = walk.Load(g, i, T(0));
      if (weight != nullptr) h = hn::Mul(h, walk.Load(weight, i, T(0)));
      dot = hn::MulAdd(h, hn::Mul(walk.Load(a, i, T(0)), scale), dot);
    }
    const auto mean = hn::Div(walk.Sum(dot), hn::Set(d, static_cast<T>(n)));
    for (Size i = 0; i < n; i += walk.step) {
      auto h = walk.Load(g, i, T(0));
      if (weight != nullptr) h = hn::Mul(h, walk.Load(weight, i, T(0)));
      walk.Store(hn::Mul(scale, hn::NegMulAdd(hn::Mul(walk.Load(a, i, T(0)), scale), mean, h)), out, i);
    }
  }
}

template <class T>
void rmsNormWeightBackward(Size rows, Size n, const T* g, const T* a, const T* rstd, T* out) {
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
        const T scale = rstd[r];
        for (Size i = 0; i < width; i++) part[i] += gRow[i] * (aRow[i] * scale);
      }
      for (Size i = 0; i < width; i++) total[i] += part[i];
    }
    for (Size i = 0; i < width; i++) out[at + i] = static_cast<T>(total[i]);
  }
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
