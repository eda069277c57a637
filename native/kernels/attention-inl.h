// Attention of one head by blocks of query rows and tiles of keys, compiled once per instruction set. What is [rows,
// keys] lives on the stack: its size does not depend on the lengths of the sequences.

#if defined(BLASGRAD_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_ATTENTION_INL_H_
#undef BLASGRAD_ATTENTION_INL_H_
#else
#define BLASGRAD_ATTENTION_INL_H_
#endif

#include "block.h"
#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A block of query rows meets a tile of keys.
constexpr Size kQueryRows = 48;
constexpr Size kKeys = 128;

// Rows of `width` elements, `row` apart.
template <class T>
struct Rows {
  T* at;
  Size row;

  T* operator[](Size i) const { return at + i * row; }
};

template <class T>
struct Head {
  Size n, m, width;
  Rows<const T> q, k, v;
};

// What is added to the scores of one sample. `first` is the number of the head's row 0 among the sample's rows.
template <class T>
struct Masks {
  const T* mask;
  Size maskRows;
  const T* bias;
  Size biasRows;
  Size m;
  Size first;
  bool causal;
  T scale;

  const T* MaskOf(Size i) const {
    return mask == nullptr || maskRows == 0 ? nullptr : mask + (first + i) % maskRows * m;
  }
  const T* BiasOf(Size i) const {
    return bias == nullptr || biasRows == 0 ? nullptr : bias + (first + i) % biasRows * m;
  }
  // How many of the keys key … key + keys − 1 row i reads.
  Size Read(Size i, Size key, Size keys) const { return causal ? HWY_MAX(0, HWY_MIN(keys, i + 1 - key)) : keys; }
  // How many keys the rows before `to` read.
  Size KeysBefore(Size to) const { return causal ? HWY_MIN(m, to) : m; }
};

// out [m, n] (+)= op(a)·op(b), where any length may be 0.
template <class T>
void Multiply(bool transposeA, bool transposeB, Size m, Size n, Size k, Rows<const T> a, Rows<const T> b, Rows<T> out,
              bool add) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (Size i = 0; i < m && !add; i++) std::memset(out[i], 0, sizeof(T) * static_cast<std::size_t>(n));
    return;
  }
  runBlock<T>({transposeA, transposeB, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), a.at,
               static_cast<int>(a.row), b.at, static_cast<int>(b.row), out.at, static_cast<int>(out.row)},
              add);
}

// Scores of one row in a tile, the first `read` of them; what lies beyond in the last vector is −∞.
template <class T>
struct ScoreRow {
  using D = hn::ScalableTag<T>;
  const T* s;
  const T* mask;
  const T* bias;
  Size read;
  T scale;

  HWY_INLINE hn::Vec<D> Load(Size i) const {
    const D d;
    auto x = hn::Mul(hn::LoadU(d, s + i), hn::Set(d, scale));
    if (mask != nullptr) x = hn::Add(x, LoadUpTo(d, mask + i, read - i));
    if (bias != nullptr) x = hn::Add(x, LoadUpTo(d, bias + i, read - i));
    if (read - i >= LanesOf(d)) return x;
    return hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(read - i)), x, hn::Neg(Infinity(d)));
  }
};

template <class T>
ScoreRow<T> ScoresOf(const Masks<T>& masks, Size i, Size key, Size keys, const T* s) {
  const T* const mask = masks.MaskOf(i);
  const T* const bias = masks.BiasOf(i);
  return {s, mask == nullptr ? nullptr : mask + key, bias == nullptr ? nullptr : bias + key, masks.Read(i, key, keys),
          masks.scale};
}

// Zeros from `from`, a multiple of the vector's length or the end of a row, to `to`.
template <class T>
HWY_INLINE void ClearFrom(Size from, Size to, T* s) {
  const hn::ScalableTag<T> d;
  for (Size i = (from + LanesOf(d) - 1) / LanesOf(d) * LanesOf(d); i < to; i += LanesOf(d)) {
    hn::StoreU(hn::Zero(d), d, s + i);
  }
}

template <class T>
HWY_INLINE void Scale(Size n, T factor, T* p) {
  const hn::ScalableTag<T> d;
  const auto f = hn::Set(d, factor);
  for (Size i = 0; i < n; i += LanesOf(d)) StoreUpTo(hn::Mul(LoadUpTo(d, p + i, n - i), f), d, p + i, n - i);
}

// What is known of a block's rows as the tiles go by: out holds Σ e^(s − shift)·v.
template <class T>
struct Running {
  T largest[kQueryRows];
  T sum[kQueryRows];
};

// One row of a tile: s becomes e^(s − shift), the row's sum and output those of the new shift.
template <class T>
HWY_INLINE void Powers(const ScoreRow<T>& row, Size keys, T* s, T* largest, T* sum, T* out, Size width) {
  const hn::ScalableTag<T> d;
  auto most = hn::Set(d, *largest);
  for (Size i = 0; i < row.read; i += LanesOf(d)) {
    const auto x = row.Load(i);
    hn::StoreU(x, d, s + i);
    most = hn::Max(most, x);
  }
  const T before = *largest;
  *largest = hn::GetLane(hn::MaxOfLanes(d, most));
  const T shift = *largest == -std::numeric_limits<T>::infinity() ? T(0) : *largest;
  auto total = hn::Zero(d);
  for (Size i = 0; i < row.read; i += LanesOf(d)) {
    const auto e = ExpNonPositive(d, hn::Sub(hn::LoadU(d, s + i), hn::Set(d, shift)));
    hn::StoreU(e, d, s + i);
    total = hn::Add(total, e);
  }
  ClearFrom(row.read, keys, s);
  const T added = hn::GetLane(hn::SumOfLanes(d, total));
  if (out == nullptr) {
    *sum = added;
    return;
  }
  const T factor = std::exp(before - shift);
  *sum = *sum * factor + added;
  if (factor != T(1)) Scale(width, factor, out);
}

template <class T>
void ForwardHead(const Head<T>& head, const Masks<T>& masks, Rows<T> out, T* lse) {
  const hn::ScalableTag<T> d;
  HWY_ALIGN T s[kQueryRows * kKeys];
  HWY_ALIGN Running<T> rows;
  const Size width = head.width;
  for (Size from = 0; from < head.n; from += kQueryRows) {
    const Size count = HWY_MIN(kQueryRows, head.n - from);
    const Size read = masks.KeysBefore(from + count);
    for (Size r = 0; r < kQueryRows; r++) {
      rows.largest[r] = -std::numeric_limits<T>::infinity();
      rows.sum[r] = T(0);
    }
    const Rows<T> to{out[from], out.row};
    for (Size key = 0; key < read; key += kKeys) {
      const Size keys = HWY_MIN(kKeys, read - key);
      Multiply<T>(false, true, count, keys, width, {head.q[from], head.q.row}, {head.k[key], head.k.row}, {s, kKeys},
                  false);
      for (Size r = 0; r < count; r++) {
        T* const row = s + r * kKeys;
        Powers(ScoresOf(masks, from + r, key, keys, row), keys, row, &rows.largest[r], &rows.sum[r],
               key == 0 ? nullptr : to[r], width);
      }
      Multiply<T>(false, false, count, width, keys, {s, kKeys}, {head.v[key], head.v.row}, to, key > 0);
    }
    for (Size r = 0; r < count; r++) {
      if (read == 0) {
        std::memset(to[r], 0, sizeof(T) * static_cast<std::size_t>(width));
      } else {
        Scale(width, T(1) / rows.sum[r], to[r]);
      }
    }
    const auto low = hn::Neg(Infinity(d));
    for (Size r = 0; r < count; r += LanesOf(d)) {
      const auto largest = hn::LoadU(d, rows.largest + r);
      const auto shift = hn::IfThenElse(hn::Eq(largest, low), hn::Zero(d), largest);
      StoreUpTo(hn::Add(shift, LogOf(d, hn::LoadU(d, rows.sum + r))), d, lse + from + r, count - r);
    }
  }
}

// What forward gave, and the gradient of it.
template <class T>
struct Results {
  Rows<const T> g, out;
  const T* lse;
};

template <class T>
struct Gradients {
  Rows<T> q, k, v;
};

template <class T>
HWY_INLINE T DotRows(Size n, const T* a, const T* b) {
  const hn::ScalableTag<T> d;
  auto sum = hn::Zero(d);
  for (Size i = 0; i < n; i += LanesOf(d)) sum = hn::MulAdd(LoadUpTo(d, a + i, n - i), LoadUpTo(d, b + i, n - i), sum);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// One row of a tile: s becomes p = e^(s − lse), and slope, which holds g·vᵀ, becomes p·(g·vᵀ − mean)·scale.
template <class T>
HWY_INLINE void Slopes(const ScoreRow<T>& row, Size keys, T lse, T mean, T* s, T* slope) {
  const hn::ScalableTag<T> d;
  for (Size i = 0; i < row.read; i += LanesOf(d)) {
    const auto p = ExpNonPositive(d, hn::Sub(row.Load(i), hn::Set(d, lse)));
    const auto step = hn::Mul(hn::Sub(hn::LoadU(d, slope + i), hn::Set(d, mean)), hn::Set(d, row.scale));
    // Beyond the last key there may be anything in the tile.
    const auto change = row.read - i >= LanesOf(d)
                            ? step
                            : hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(row.read - i)), step);
    hn::StoreU(p, d, s + i);
    hn::StoreU(hn::Mul(p, change), d, slope + i);
  }
  ClearFrom(row.read, keys, s);
  ClearFrom(row.read, keys, slope);
}

template <class T>
void Clear(Size rows, Size width, Rows<T> p) {
  for (Size i = 0; i < rows && width > 0; i++) std::memset(p[i], 0, sizeof(T) * static_cast<std::size_t>(width));
}

template <class T>
void BackwardHead(const Head<T>& head, const Masks<T>& masks, const Results<T>& results, const Gradients<T>& to) {
  HWY_ALIGN T s[kQueryRows * kKeys];
  HWY_ALIGN T slope[kQueryRows * kKeys];
  T mean[kQueryRows];
  const Size width = head.width;
  Clear(head.n, width, to.q);
  Clear(head.m, width, to.k);
  Clear(head.m, width, to.v);
  for (Size from = 0; from < head.n; from += kQueryRows) {
    const Size count = HWY_MIN(kQueryRows, head.n - from);
    const Size read = masks.KeysBefore(from + count);
    const Rows<const T> q{head.q[from], head.q.row};
    const Rows<const T> g{results.g[from], results.g.row};
    for (Size r = 0; r < count; r++) mean[r] = DotRows(width, g[r], results.out[from + r]);
    for (Size key = 0; key < read; key += kKeys) {
      const Size keys = HWY_MIN(kKeys, read - key);
      const Rows<const T> k{head.k[key], head.k.row};
      Multiply<T>(false, true, count, keys, width, q, k, {s, kKeys}, false);
      Multiply<T>(false, true, count, keys, width, g, {head.v[key], head.v.row}, {slope, kKeys}, false);
      for (Size r = 0; r < count; r++) {
        T* const row = s + r * kKeys;
        Slopes(ScoresOf(masks, from + r, key, keys, row), keys, results.lse[from + r], mean[r], row, slope + r * kKeys);
      }
      Multiply<T>(true, false, keys, width, count, {s, kKeys}, g, {to.v[key], to.v.row}, true);
      Multiply<T>(false, false, count, width, keys, {slope, kKeys}, k, {to.q[from], to.q.row}, true);
      Multiply<T>(true, false, keys, width, count, {slope, kKeys}, q, {to.k[key], to.k.row}, true);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
