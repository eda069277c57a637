// What a product ends with: see ending.h. Rows are taken four at a time; short ones that lie one behind the other are
// joined to rows of whole vectors.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/ending.cpp"
#include "ending.h"

#include <hwy/foreach_target.h>

#include <cstring>

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr Size kRowsAtOnce = 4;

template <bool kHasBias, bool kHasRectifier, bool kHasGate>
struct EndingParts {
  static constexpr bool kBias = kHasBias, kRectify = kHasRectifier, kGate = kHasGate;
};

template <class Has, class D, class V>
HWY_INLINE V Ended(D d, V v, V bias, V gate) {
  if constexpr (Has::kBias) v = hn::Add(v, bias);
  if constexpr (Has::kRectify) v = hn::IfThenZeroElse(hn::Le(v, hn::Zero(d)), v);
  if constexpr (Has::kGate) v = hn::IfThenZeroElse(hn::Le(gate, hn::Zero(d)), v);
  return v;
}

template <class Has, int kRows, class T>
HWY_INLINE void EndRows(Size n, const T* bias, const T* gate, T* out, Size row) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  Size i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto b = Has::kBias ? hn::LoadU(d, bias + i) : hn::Zero(d);
    BLASGRAD_UNROLL
    for (int r = 0; r < kRows; r++) {
      T* const p = out + r * row + i;
      const auto g = Has::kGate ? hn::LoadU(d, gate + r * row + i) : hn::Zero(d);
      hn::StoreU(Ended<Has>(d, hn::LoadU(d, p), b, g), d, p);
    }
  }
  if (i == n) return;
  const auto b = Has::kBias ? LoadPart(d, bias + i, n - i) : hn::Zero(d);
  for (int r = 0; r < kRows; r++) {
    T* const p = out + r * row + i;
    const auto g = Has::kGate ? LoadPart(d, gate + r * row + i, n - i) : hn::Zero(d);
    StorePart(Ended<Has>(d, LoadPart(d, p, n - i), b, g), d, p, n - i);
  }
}

template <class Has, class T>
void EndBlock(const T* bias, const T* gate, Size m, Size n, T* out, Size row) {
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
    EndBlock<Has>(repeated, gate, rows, joined, out, joined);
    const Size at = rows * joined;
    return EndRows<Has, 1>(rest, repeated, Has::kGate ? gate + at : nullptr, out + at, rest);
  }
  Size r = 0;
  for (; r + kRowsAtOnce <= m; r += kRowsAtOnce) {
    EndRows<Has, kRowsAtOnce>(n, bias, Has::kGate ? gate + r * row : nullptr, out + r * row, row);
  }
  for (; r < m; r++) EndRows<Has, 1>(n, bias, Has::kGate ? gate + r * row : nullptr, out + r * row, row);
}

template <class T>
void End(const Ending<T>& ending, Size m, Size n, T* out, Size row) {
  using Run = void (*)(const T*, const T*, Size, Size, T*, Size);
  constexpr Run kRuns[] = {
      nullptr,
      &EndBlock<EndingParts<true, false, false>, T>,
      &EndBlock<EndingParts<false, true, false>, T>,
      &EndBlock<EndingParts<true, true, false>, T>,
      &EndBlock<EndingParts<false, false, true>, T>,
      &EndBlock<EndingParts<true, false, true>, T>,
      &EndBlock<EndingParts<false, true, true>, T>,
      &EndBlock<EndingParts<true, true, true>, T>,
  };
  const int has = (ending.bias != nullptr ? 1 : 0) + (ending.rectify ? 2 : 0) + (ending.gate != nullptr ? 4 : 0);
  if (has != 0) kRuns[has](ending.bias, ending.gate, m, n, out, row);
}

Floats<Endings> AllEndings() { return {{&End<float>}, {&End<double>}}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllEndings);
const Floats<Endings>& endings() {
  static const Floats<Endings> table = HWY_DYNAMIC_DISPATCH(AllEndings)();
  return table;
}
}  // namespace blasgrad
#endif
