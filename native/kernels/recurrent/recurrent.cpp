// LSTM and GRU over whole sequences, and their gradients: at each step a GEMM with the hidden weights, then the gates'
// arithmetic. Arrays are [batch, steps, …]. The formulas are in the table.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/recurrent/recurrent.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <climits>
#include <optional>

#include "kernels/matmul/gemm.h"
#include "kernels/catalogue/families.h"
#include "packed_gemm-inl.h"
#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// out [m, n] (+)= a [m, k] · b, with row strides lda and ldc; b [k, n], or transposed [n, k].
template <class T>
void Times(Size m, Size n, Size k, const T* a, Size lda, const T* b, bool transposeB, T* out, Size ldc, bool add) {
  if (m == 0 || n == 0 || k == 0) return;
  const bool apart = lda > INT_MAX || ldc > INT_MAX;
  const Size rows = apart ? 1 : m;
  for (Size i = 0; i < m; i += rows) {
    runGemm<T>({false, transposeB, static_cast<int>(rows), static_cast<int>(n), static_cast<int>(k), a + i * lda,
                static_cast<int>(apart ? k : lda), b, static_cast<int>(transposeB ? k : n), out + i * ldc,
                static_cast<int>(apart ? n : ldc)},
               add);
  }
}

// GEMMs with a weight [k, n], or transposed [n, k], the same at every step. It is packed once where there are steps
// enough to pay for it: unpacked, a training step of an LSTM of 64 units takes 12% longer. One of 256 does not fit
// scratch memory.
template <class T>
class HiddenProduct {
 public:
  HiddenProduct(Size steps, Size n, Size k, const T* weight, bool transposed, const T* bias = nullptr)
      : n_(n), k_(k), weight_(weight), transposed_(transposed), bias_(bias) {
    constexpr Size kFewSteps = 4;
    if (steps >= kFewSteps && n > 0 && k > 0 && PackedGemm<T>::Fits(n, k))
      packed_.emplace(n, k, weight, transposed, bias);
  }

  // out [m, n] (+)= bias + a [m, k] · weight, with row strides lda and ldc. Accumulates only without a bias.
  void times(Size m, const T* a, Size lda, T* out, Size ldc, bool add) const {
    if (packed_.has_value()) return packed_->times(m, a, lda, out, ldc, add);
    for (Size i = 0; bias_ != nullptr && i < m; i++) std::copy_n(bias_, n_, out + i * ldc);
    Times(m, n_, k_, a, lda, weight_, transposed_, out, ldc, add || bias_ != nullptr);
  }

 private:
  Size n_, k_;
  const T* weight_;
  bool transposed_;
  const T* bias_;
  std::optional<PackedGemm<T>> packed_;
};

// The time index of the i-th step.
inline Size TimeOf(Size i, Size steps, bool reverse) { return reverse ? steps - 1 - i : i; }

// tanh to 4 ulp: of floats (1 − t)/(1 + t), t = e^−2|x|, but where that would cancel, below 1/4, the series up to x⁹,
// whose next term is 1e-8 of it.
template <class D, class V>
HWY_INLINE V GateTanh(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) != 4) {
    return TanhOf(d, x);
  } else {
    const V one = Value(d, 1), size = hn::Abs(x), square = hn::Mul(x, x);
    const V t = ExpNonPositive(d, hn::Mul(size, Value(d, -2)));
    const V large = hn::Div(hn::Sub(one, t), hn::Add(one, t));
    V p = hn::MulAdd(square, Value(d, 62.0 / 2835), Value(d, -17.0 / 315));
    p = hn::MulAdd(p, square, Value(d, 2.0 / 15));
    p = hn::MulAdd(p, square, Value(d, -1.0 / 3));
    const V small = hn::MulAdd(hn::Mul(x, square), p, x);
    return hn::IfThenElse(hn::Lt(size, Value(d, 0.25)), small, hn::CopySign(large, x));
  }
}

// A vector of a gate that another gate follows in memory: it may be loaded beyond its end where there are at least as
// many units as lanes.
template <class D, class T>
HWY_INLINE hn::Vec<D> LoadGate(D d, const T* gate, Size j, Size hidden) {
  return HWY_LIKELY(hidden >= LanesOf(d)) ? hn::LoadU(d, gate + j) : LoadUpTo(d, gate + j, hidden - j);
}

template <class T>
void LstmStep(Size hidden, const T* x, const T* before, T* gates, T* h, T* c) {
  const hn::ScalableTag<T> d;
  for (Size j = 0; j < hidden; j += LanesOf(d)) {
    const Size count = hidden - j;
    const auto gate = [&](Size which) {
      const Size at = which * hidden;
      return hn::Add(LoadGate(d, x + at, j, hidden), LoadGate(d, gates + at, j, hidden));
    };
    const auto in = Sigmoid(d, gate(0));
    const auto forget = Sigmoid(d, gate(1));
    const auto cell = GateTanh(d, gate(2));
    const Size last = 3 * hidden + j;
    const auto out = Sigmoid(d, hn::Add(LoadUpTo(d, x + last, count), LoadUpTo(d, gates + last, count)));
    const auto now = hn::MulAdd(forget, LoadUpTo(d, before + j, count), hn::Mul(in, cell));
    StoreUpTo(in, d, gates + j, count);
    StoreUpTo(forget, d, gates + hidden + j, count);
    StoreUpTo(cell, d, gates + 2 * hidden + j, count);
    StoreUpTo(out, d, gates + 3 * hidden + j, count);
    StoreUpTo(now, d, c + j, count);
    StoreUpTo(hn::Mul(out, GateTanh(d, now)), d, h + j, count);
  }
}

template <class T>
void lstm(Size batch, Size steps, Size hidden, bool reverse, const T* x, const T* weight, const T* h0, const T* c0,
          T* out, T* gates) {
  const Size wide = 4 * hidden;
  const HiddenProduct<T> product(steps, wide, hidden, weight, true);
  for (Size i = 0; i < steps; i++) {
    const Size t = TimeOf(i, steps, reverse);
    const Size before = TimeOf(i - 1, steps, reverse);
    const T* const h = i == 0 ? h0 : out + before * 2 * hidden;
    product.times(batch, h, i == 0 ? hidden : steps * 2 * hidden, gates + t * wide, steps * wide, false);
    for (Size n = 0; n < batch; n++) {
      T* const now = out + (n * steps + t) * 2 * hidden;
      const T* const c = i == 0 ? c0 + n * hidden : out + (n * steps + before) * 2 * hidden + hidden;
      LstmStep(hidden, x + (n * steps + t) * wide, c, gates + (n * steps + t) * wide, now, now + hidden);
    }
  }
}

// v·(1 − v)·g, the gradient through a sigmoid with the result v.
template <class V>
HWY_INLINE V ThroughSigmoid(V v, V g) {
  return hn::Mul(hn::NegMulAdd(v, v, v), g);
}

// (1 − v²)·g, through a tanh.
template <class V>
HWY_INLINE V ThroughTanh(V v, V g) {
  return hn::NegMulAdd(hn::Mul(v, v), g, g);
}

template <class T>
void LstmStepBackward(Size hidden, const T* g, const T* gates, const T* c, const T* before, const T* dh, T* dc, T* dx) {
  const hn::ScalableTag<T> d;
  for (Size j = 0; j < hidden; j += LanesOf(d)) {
    const Size count = hidden - j;
    const auto gate = [&](Size which) { return LoadUpTo(d, gates + which * hidden + j, count); };
    const auto in = gate(0);
    const auto forget = gate(1);
    const auto cell = gate(2);
    const auto out = gate(3);
    const auto reached = GateTanh(d, LoadUpTo(d, c + j, count));
    const auto gh = hn::Add(LoadUpTo(d, g + j, count), LoadUpTo(d, dh + j, count));
    const auto later = hn::Add(LoadUpTo(d, g + hidden + j, count), LoadUpTo(d, dc + j, count));
    const auto gc = hn::Add(later, ThroughTanh(reached, hn::Mul(gh, out)));
    StoreUpTo(ThroughSigmoid(in, hn::Mul(gc, cell)), d, dx + j, count);
    StoreUpTo(ThroughSigmoid(forget, hn::Mul(gc, LoadUpTo(d, before + j, count))), d, dx + hidden + j, count);
    StoreUpTo(ThroughTanh(cell, hn::Mul(gc, in)), d, dx + 2 * hidden + j, count);
    StoreUpTo(ThroughSigmoid(out, hn::Mul(gh, reached)), d, dx + 3 * hidden + j, count);
    StoreUpTo(hn::Mul(gc, forget), d, dc + j, count);
  }
}

// dh0 and dc0 accumulate the gradient of the previous step's state, at the end of the initial state.
template <class T>
void lstmBackward(Size batch, Size steps, Size hidden, bool reverse, const T* g, const T* weight, const T* c0,
                  const T* out, const T* gates, T* dx, T* dh0, T* dc0) {
  const Size wide = 4 * hidden;
  std::fill_n(dh0, batch * hidden, T(0));
  std::fill_n(dc0, batch * hidden, T(0));
  const HiddenProduct<T> product(steps, hidden, wide, weight, false);
  for (Size i = steps - 1; i >= 0; i--) {
    const Size t = TimeOf(i, steps, reverse);
    const Size before = TimeOf(i - 1, steps, reverse);
    for (Size n = 0; n < batch; n++) {
      const Size at = n * steps + t;
      const T* const c = i == 0 ? c0 + n * hidden : out + (n * steps + before) * 2 * hidden + hidden;
      LstmStepBackward(hidden, g + at * 2 * hidden, gates + at * wide, out + at * 2 * hidden + hidden, c,
                       dh0 + n * hidden, dc0 + n * hidden, dx + at * wide);
    }
    product.times(batch, dx + t * wide, steps * wide, dh0, hidden, false);
  }
}

template <class T>
void GruStep(Size hidden, const T* x, const T* before, T* gates, T* h) {
  const hn::ScalableTag<T> d;
  for (Size j = 0; j < hidden; j += LanesOf(d)) {
    const Size count = hidden - j;
    const auto given = [&](Size which) { return LoadGate(d, x + which * hidden, j, hidden); };
    const auto gate = [&](Size which) { return LoadGate(d, gates + which * hidden, j, hidden); };
    const auto reset = Sigmoid(d, hn::Add(given(0), gate(0)));
    const auto update = Sigmoid(d, hn::Add(given(1), gate(1)));
    const auto inner = gate(2);
    const auto next = GateTanh(d, hn::MulAdd(reset, inner, LoadUpTo(d, x + 2 * hidden + j, count)));
    StoreUpTo(reset, d, gates + j, count);
    StoreUpTo(update, d, gates + hidden + j, count);
    StoreUpTo(next, d, gates + 2 * hidden + j, count);
    StoreUpTo(inner, d, gates + 3 * hidden + j, count);
    StoreUpTo(hn::MulAdd(update, hn::Sub(LoadUpTo(d, before + j, count), next), next), d, h + j, count);
  }
}

template <class T>
void gru(Size batch, Size steps, Size hidden, bool reverse, const T* x, const T* weight, const T* bias, const T* h0,
         T* out, T* gates) {
  const HiddenProduct<T> product(steps, 3 * hidden, hidden, weight, true, bias);
  for (Size i = 0; i < steps; i++) {
    const Size t = TimeOf(i, steps, reverse);
    const Size before = TimeOf(i - 1, steps, reverse);
    product.times(batch, i == 0 ? h0 : out + before * hidden, i == 0 ? hidden : steps * hidden, gates + t * 4 * hidden,
                  steps * 4 * hidden, false);
    for (Size n = 0; n < batch; n++) {
      const Size at = n * steps + t;
      const T* const h = i == 0 ? h0 + n * hidden : out + (n * steps + before) * hidden;
      GruStep(hidden, x + at * 3 * hidden, h, gates + at * 4 * hidden, out + at * hidden);
    }
  }
}

template <class T>
void GruStepBackward(Size hidden, const T* g, const T* gates, const T* before, T* dh, T* dx, T* dHidden) {
  const hn::ScalableTag<T> d;
  for (Size j = 0; j < hidden; j += LanesOf(d)) {
    const Size count = hidden - j;
    const auto gate = [&](Size which) { return LoadUpTo(d, gates + which * hidden + j, count); };
    const auto reset = gate(0);
    const auto update = gate(1);
    const auto next = gate(2);
    const auto gh = hn::Add(LoadUpTo(d, g + j, count), LoadUpTo(d, dh + j, count));
    const auto dNext = ThroughTanh(next, hn::NegMulAdd(gh, update, gh));
    const auto dReset = ThroughSigmoid(reset, hn::Mul(dNext, gate(3)));
    const auto dUpdate = ThroughSigmoid(update, hn::Mul(gh, hn::Sub(LoadUpTo(d, before + j, count), next)));
    StoreUpTo(dReset, d, dx + j, count);
    StoreUpTo(dReset, d, dHidden + j, count);
    StoreUpTo(dUpdate, d, dx + hidden + j, count);
    StoreUpTo(dUpdate, d, dHidden + hidden + j, count);
    StoreUpTo(dNext, d, dx + 2 * hidden + j, count);
    StoreUpTo(hn::Mul(dNext, reset), d, dHidden + 2 * hidden + j, count);
    StoreUpTo(hn::Mul(gh, update), d, dh + j, count);
  }
}

template <class T>
void gruBackward(Size batch, Size steps, Size hidden, bool reverse, const T* g, const T* weight, const T* h0,
                 const T* out, const T* gates, T* dx, T* dHidden, T* dh0) {
  std::fill_n(dh0, batch * hidden, T(0));
  const HiddenProduct<T> product(steps, hidden, 3 * hidden, weight, false);
  for (Size i = steps - 1; i >= 0; i--) {
    const Size t = TimeOf(i, steps, reverse);
    const Size before = TimeOf(i - 1, steps, reverse);
    for (Size n = 0; n < batch; n++) {
      const Size at = n * steps + t;
      const T* const h = i == 0 ? h0 + n * hidden : out + (n * steps + before) * hidden;
      GruStepBackward(hidden, g + at * hidden, gates + at * 4 * hidden, h, dh0 + n * hidden, dx + at * 3 * hidden,
                      dHidden + at * 3 * hidden);
    }
    product.times(batch, dHidden + t * 3 * hidden, steps * 3 * hidden, dh0, hidden, true);
  }
}

BLASGRAD_MAKE_TABLE(Recurrents, BLASGRAD_RECURRENTS)

Floats<Recurrents> AllRecurrents() { return {MakeRecurrents<float>(), MakeRecurrents<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllRecurrents);
const Floats<Recurrents>& recurrents() {
  static const Floats<Recurrents> table = HWY_DYNAMIC_DISPATCH(AllRecurrents)();
  return table;
}
}  // namespace blasgrad
#endif
