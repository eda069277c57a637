// The epilogue of a matrix product, see epilogue.h: four rows at a time, so that each vector of the bias is loaded once
// for four.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/epilogue.cpp"
#include "epilogue.h"

#include <hwy/foreach_target.h>

#include <cstring>

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr Size kUnrolledRows = 4;

template <bool kHasBias, bool kHasRelu, bool kHasReluMask>
struct EpilogueSteps {
  static constexpr bool kBias = kHasBias, kRelu = kHasRelu, kReluMask = kHasReluMask;
};

template <class Has, class D, class V>
HWY_INLINE V ApplyEpilogue(D d, V v, V bias, V reluMask) {
  if constexpr (Has::kBias) v = hn::Add(v, bias);
  if constexpr (Has::kRelu) v = hn::IfThenZeroElse(hn::Le(v, hn::Zero(d)), v);
  if constexpr (Has::kReluMask) v = hn::IfThenZeroElse(hn::Le(reluMask, hn::Zero(d)), v);
  return v;
}

template <class Has, int kRows, class T>
HWY_INLINE void EpilogueRows(Size n, const T* bias, const T* reluMask, T* out, Size ldc) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  Size i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto b = Has::kBias ? hn::LoadU(d, bias + i) : hn::Zero(d);
    BLASGRAD_UNROLL
    for (int r = 0; r < kRows; r++) {
      T* const p = out + r * ldc + i;
      const auto g = Has::kReluMask ? hn::LoadU(d, reluMask + r * ldc + i) : hn::Zero(d);
      hn::StoreU(ApplyEpilogue<Has>(d, hn::LoadU(d, p), b, g), d, p);
    }
  }
  if (i == n) return;
  const auto b = Has::kBias ? LoadPart(d, bias + i, n - i) : hn::Zero(d);
  for (int r = 0; r < kRows; r++) {
    T* const p = out + r * ldc + i;
    const auto g = Has::kReluMask ? LoadPart(d, reluMask + r * ldc + i, n - i) : hn::Zero(d);
    StorePart(ApplyEpilogue<Has>(d, LoadPart(d, p, n - i), b, g), d, p, n - i);
  }
}

template <class Has, class T>
void EpilogueBlock(const T* bias, const T* reluMask, Size m, Size n, T* out, Size ldc) {
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  if (ldc == n && !Has::kBias) {
    n *= m;
    ldc = n;
    m = 1;
  } else if (ldc == n && n < lanes && m >= lanes) {
    // Contiguous rows shorter than a vector: treat `lanes` of them as one, with the bias repeated, and no partial
    // vector is left but in the last few rows.
    HWY_ALIGN T repeated[hn::MaxLanes(hn::ScalableTag<T>()) * hn::MaxLanes(hn::ScalableTag<T>())];
    const Size wide = n * lanes, rows = m / lanes, rest = m % lanes * n;
    std::memcpy(repeated, bias, sizeof(T) * static_cast<std::size_t>(n));
    for (Size have = n; have < wide; have *= 2) {
      std::memcpy(repeated + have, repeated, sizeof(T) * static_cast<std::size_t>(HWY_MIN(have, wide - have)));
    }
    EpilogueBlock<Has>(repeated, reluMask, rows, wide, out, wide);
    const Size at = rows * wide;
    return EpilogueRows<Has, 1>(rest, repeated, Has::kReluMask ? reluMask + at : nullptr, out + at, rest);
  }
  Size r = 0;
  for (; r + kUnrolledRows <= m; r += kUnrolledRows) {
    EpilogueRows<Has, kUnrolledRows>(n, bias, Has::kReluMask ? reluMask + r * ldc : nullptr, out + r * ldc, ldc);
  }
  for (; r < m; r++) EpilogueRows<Has, 1>(n, bias, Has::kReluMask ? reluMask + r * ldc : nullptr, out + r * ldc, ldc);
}

template <class T>
void RunEpilogue(const Epilogue<T>& epilogue, Size m, Size n, T* out, Size ldc) {
  using Run = void (*)(const T*, const T*, Size, Size, T*, Size);
  constexpr Run kRuns[] = {
      nullptr,
      &EpilogueBlock<EpilogueSteps<true, false, false>, T>,
      &EpilogueBlock<EpilogueSteps<false, true, false>, T>,
      &EpilogueBlock<EpilogueSteps<true, true, false>, T>,
      &EpilogueBlock<EpilogueSteps<false, false, true>, T>,
      &EpilogueBlock<EpilogueSteps<true, false, true>, T>,
      &EpilogueBlock<EpilogueSteps<false, true, true>, T>,
      &EpilogueBlock<EpilogueSteps<true, true, true>, T>,
  };
  const int has = (epilogue.bias != nullptr ? 1 : 0) + (epilogue.relu ? 2 : 0) + (epilogue.reluMask != nullptr ? 4 : 0);
  if (has != 0) kRuns[has](epilogue.bias, epilogue.reluMask, m, n, out, ldc);
}

Floats<Epilogues> AllEpilogues() { return {{&RunEpilogue<float>}, {&RunEpilogue<double>}}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllEpilogues);
const Floats<Epilogues>& epilogues() {
  static const Floats<Epilogues> table = HWY_DYNAMIC_DISPATCH(AllEpilogues)();
  return table;
}
}  // namespace blasgrad
#endif
