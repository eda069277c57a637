// What a product ends with: see epilogue.h. Rows are taken four at a time; short ones that lie one behind the other are
// joined to rows of whole vectors.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/epilogue.cpp"
#include "epilogue.h"

#include <hwy/foreach_target.h>

#include <cstring>

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr Size kRowsAtOnce = 4;

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
HWY_INLINE void EpilogueRows(Size n, const T* bias, const T* reluMask, T* out, Size row) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  Size i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto b = Has::kBias ? hn::LoadU(d, bias + i) : hn::Zero(d);
    BLASGRAD_UNROLL
    for (int r = 0; r < kRows; r++) {
      T* const p = out + r * row + i;
      const auto g = Has::kReluMask ? hn::LoadU(d, reluMask + r * row + i) : hn::Zero(d);
      hn::StoreU(ApplyEpilogue<Has>(d, hn::LoadU(d, p), b, g), d, p);
    }
  }
  if (i == n) return;
  const auto b = Has::kBias ? LoadPart(d, bias + i, n - i) : hn::Zero(d);
  for (int r = 0; r < kRows; r++) {
    T* const p = out + r * row + i;
    const auto g = Has::kReluMask ? LoadPart(d, reluMask + r * row + i, n - i) : hn::Zero(d);
    StorePart(ApplyEpilogue<Has>(d, LoadPart(d, p, n - i), b, g), d, p, n - i);
  }
}

template <class Has, class T>
void EpilogueBlock(const T* bias, const T* reluMask, Size m, Size n, T* out, Size row) {
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  if (row == n && !Has::kBias) {
    n *= m;
    row = n;
    m = 1;
  } else if (row == n && n < lanes && m >= lanes) {
    // A row that is `lanes` of them, with the bias as often.
    HWY_ALIGN T repeated[hn::MaxLanes(hn::ScalableTag<T>()) * hn::MaxLanes(hn::ScalableTag<T>())];
    const Size joined = n * lanes, rows = m / lanes, rest = m % lanes * n;
    std::memcpy(repeated, bias, sizeof(T) * static_cast<std::size_t>(n));
    for (Size have = n; have < joined; have *= 2) {
      std::memcpy(repeated + have, repeated, sizeof(T) * static_cast<std::size_t>(HWY_MIN(have, joined - have)));
    }
    EpilogueBlock<Has>(repeated, reluMask, rows, joined, out, joined);
    const Size at = rows * joined;
    return EpilogueRows<Has, 1>(rest, repeated, Has::kReluMask ? reluMask + at : nullptr, out + at, rest);
  }
  Size r = 0;
  for (; r + kRowsAtOnce <= m; r += kRowsAtOnce) {
    EpilogueRows<Has, kRowsAtOnce>(n, bias, Has::kReluMask ? reluMask + r * row : nullptr, out + r * row, row);
  }
  for (; r < m; r++) EpilogueRows<Has, 1>(n, bias, Has::kReluMask ? reluMask + r * row : nullptr, out + r * row, row);
}

template <class T>
void RunEpilogue(const Epilogue<T>& epilogue, Size m, Size n, T* out, Size row) {
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
  if (has != 0) kRuns[has](epilogue.bias, epilogue.reluMask, m, n, out, row);
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
