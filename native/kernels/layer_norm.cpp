// Layer norm over the rows of [rows, n], and its gradients. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm.cpp"
#include <hwy/foreach_target.h>

#include "families.h"
#include "walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
void layerNorm(Size rows, Size n, double eps, const T* a, const T* weight, const T* bias, T* out, T* mean, T* rstd) {
  const hn::ScalableTag<T> d;
  const RowWalk<T> walk{n};
  const T count = static_cast<T>(n);
  for (Size r = 0; r < rows; r++, a += n, out += n) {
    auto sum = hn::Zero(d);
    for (Size i = 0; i < n; i += walk.step) sum = hn::Add(sum, walk.Load(a, i, T(0)));
    const auto average = hn::Div(walk.Sum(sum), hn::Set(d, count));
    const T average0 = hn::GetLane(average);
    // What the rounded mean leaves over is taken off too: rows of nearly equal values would feel it.
    auto left = hn::Zero(d);
    auto squares = hn::Zero(d);
    for (Size i = 0; i < n; i += walk.step) {
      const auto x = hn::Sub(walk.Load(a, i, average0), average);
      left = hn::Add(left, x);
      squares = hn::MulAdd(x, x, squares);
    }
    const auto rest = hn::Div(walk.Sum(left), hn::Set(d, count));
    const double rest0 = hn::GetLane(rest);
    const double variance = double(hn::GetLane(walk.Sum(squares))) / static_cast<double>(n) - rest0 * rest0;
    const T scale0 = static_cast<T>(1 / std::sqrt((variance > 0 || variance != variance ? variance : 0) + eps));
    const auto scale = hn::Set(d, scale0);
    for (Size i = 0; i < n; i += walk.step) {
      auto y = hn::Mul(hn::Sub(hn::Sub(walk.Load(a, i, T(0)), average), rest), scale);
      if (weight != nullptr) y = hn::Mul(y, walk.Load(weight, i, T(0)));
      if (bias != nullptr) y = hn::Add(y, walk.Load(bias, i, T(0)));
      walk.Store(y, out, i);
    }
    mean[r] = average0;
    rstd[r] = scale0;
  }
}

template <class T>
void layerNormBackward(Size rows, Size n, const T* g, const T* a, const T* weight, const T* mean, const T* rstd,
                       T* out) {
  const hn::ScalableTag<T> d;
  const RowWalk<T> walk{n};
  const auto count = hn::Set(d, static_cast<T>(n));
  for (Size r = 0; r < rows; r++, g += n, a += n, out += n) {
    const auto average = hn::Set(d, mean[r]);
    const auto scale = hn::Set(d, rstd[r]);
    auto sum = hn::Zero(d);
    auto dot = hn::Zero(d);
    for (Size i = 0; i < n; i += walk.step) {
      auto h = walk.Load(g, i, T(0));
      if (weight != nullptr) h = hn::Mul(h, walk.Load(weight, i, T(0)));
      sum = hn::Add(sum, h);
      dot = hn::MulAdd(h, hn::Mul(hn::Sub(walk.Load(a, i, mean[r]), average), scale), dot);
    }
    const auto meanH = hn::Div(walk.Sum(sum), count);
    const auto meanDot = hn::Div(walk.Sum(dot), count);
    for (Size i = 0; i < n; i += walk.step) {
      auto h = walk.Load(g, i, T(0));
      if (weight != nullptr) h = hn::Mul(h, walk.Load(weight, i, T(0)));
      const auto x = hn::Mul(hn::Sub(walk.Load(a, i, T(0)), average), scale);
      walk.Store(hn::Mul(scale, hn::NegMulAdd(x, meanDot, hn::Sub(h, meanH))), out, i);
    }
  }
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
