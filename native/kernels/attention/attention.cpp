// Scaled dot-product attention over all heads, and its gradients. The table has their formulas.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention.cpp"
#include <hwy/foreach_target.h>

#include "backward-inl.h"
#include "kernels/catalogue/families.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The head at `at` of arrays [heads of all samples, rows, width].
template <class T>
Head<T> HeadAt(Size at, Size n, Size m, Size width, const T* q, const T* k, const T* v) {
  const Size keys = at * m * width;
  return {n, m, width, {q + at * n * width, width}, {k + keys, width}, {v + keys, width}};
}

template <class T>
Masks<T> MasksOf(Size sample, Size m, Size first, const T* mask, Size maskRows, const T* bias, Size biasRows,
                 bool causal, double scale) {
  return {mask == nullptr ? nullptr : mask + sample * maskRows * m,
          maskRows,
          bias,
          biasRows,
          m,
          first,
          causal,
          static_cast<T>(scale)};
}

template <class T>
void attention(Size samples, Size heads, Size n, Size m, Size width, Size maskRows, Size biasRows, bool causal,
               double scale, const T* q, const T* k, const T* v, const T* mask, const T* bias, T* out, T* lse) {
  for (Size at = 0; at < samples * heads; at++) {
    const Size first = at % heads * n;
    ForwardHead(HeadAt(at, n, m, width, q, k, v),
                MasksOf(at / heads, m, first, mask, maskRows, bias, biasRows, causal, scale),
                {out + at * n * width, width}, lse + at * n);
  }
}

template <class T>
void attentionBackward(Size samples, Size heads, Size n, Size m, Size width, Size maskRows, Size biasRows, bool causal,
                       double scale, const T* q, const T* k, const T* v, const T* mask, const T* bias, const T* g,
                       const T* out, const T* lse, T* dq, T* dk, T* dv) {
  for (Size at = 0; at < samples * heads; at++) {
    const Size first = at % heads * n;
    const Size rows = at * n * width;
    const Size keys = at * m * width;
    BackwardHead(HeadAt(at, n, m, width, q, k, v),
                 MasksOf(at / heads, m, first, mask, maskRows, bias, biasRows, causal, scale),
                 {{g + rows, width}, {out + rows, width}, lse + at * n},
                 {{dq + rows, width}, {dk + keys, width}, {dv + keys, width}});
  }
}

// Where the rows of a head begin in arrays [samples, n, heads, width], and in [samples, n, 3, heads, width].
struct Places {
  Size out, outRow, packed, packedRow, part;
};

inline Places PlacesOf(Size at, Size heads, Size n, Size width) {
  const Size outRow = heads * width;
  const Size sample = at / heads * n;
  const Size within = at % heads * width;
  return {sample * outRow + within, outRow, sample * 3 * outRow + within, 3 * outRow, outRow};
}

template <class T>
Head<T> PackedHead(const Places& p, Size n, Size width, const T* qkv) {
  const T* const at = qkv + p.packed;
  return {n, n, width, {at, p.packedRow}, {at + p.part, p.packedRow}, {at + 2 * p.part, p.packedRow}};
}

template <class T>
void packedAttention(Size samples, Size heads, Size n, Size width, Size maskRows, Size biasRows, bool causal,
                     double scale, const T* qkv, const T* mask, const T* bias, T* out, T* lse) {
  for (Size at = 0; at < samples * heads; at++) {
    const Places p = PlacesOf(at, heads, n, width);
    ForwardHead(PackedHead(p, n, width, qkv),
                MasksOf(at / heads, n, at % heads * n, mask, maskRows, bias, biasRows, causal, scale),
                {out + p.out, p.outRow}, lse + at * n);
  }
}

template <class T>
void packedAttentionBackward(Size samples, Size heads, Size n, Size width, Size maskRows, Size biasRows, bool causal,
                             double scale, const T* qkv, const T* mask, const T* bias, const T* g, const T* out,
                             const T* lse, T* dqkv) {
  for (Size at = 0; at < samples * heads; at++) {
    const Places p = PlacesOf(at, heads, n, width);
    T* const to = dqkv + p.packed;
    BackwardHead(PackedHead(p, n, width, qkv),
                 MasksOf(at / heads, n, at % heads * n, mask, maskRows, bias, biasRows, causal, scale),
                 {{g + p.out, p.outRow}, {out + p.out, p.outRow}, lse + at * n},
                 {{to, p.packedRow}, {to + p.part, p.packedRow}, {to + 2 * p.part, p.packedRow}});
  }
}

BLASGRAD_MAKE_TABLE(Attentions, BLASGRAD_ATTENTIONS)

Floats<Attentions> AllAttentions() { return {MakeAttentions<float>(), MakeAttentions<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllAttentions);
const Floats<Attentions>& attentions() {
  static const Floats<Attentions> table = HWY_DYNAMIC_DISPATCH(AllAttentions)();
  return table;
}
}  // namespace blasgrad
#endif
