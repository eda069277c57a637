// Attention of one head, forward: query blocks against key tiles with an online softmax. Scores live on the stack.

#if defined(BLASGRAD_ATTENTION_FORWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_ATTENTION_FORWARD_INL_H_
#undef BLASGRAD_ATTENTION_FORWARD_INL_H_
#else
#define BLASGRAD_ATTENTION_FORWARD_INL_H_
#endif

#include "scores-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The online softmax of a query group: out holds Σ 2^(s − runningMax)·v over the tiles so far.
template <class T>
struct RunningSoftmax {
  T runningMax[kMaxQueries];
  T sum[kMaxQueries];
  // The rescaling of the output so far.
  T factor[kMaxQueries];
};

// 1 / sum; 0 for a row that reads no key, all of them at −∞: its output and gradients are 0.
template <class D, class V>
HWY_INLINE V InverseOfSum(D d, V sum) {
  return hn::IfThenZeroElse(hn::Eq(sum, hn::Zero(d)), hn::Div(Value(d, 1), sum));
}

// s becomes 2^(s − runningMax) in the columns of a block, normalized where the tile has all keys.
template <class T, int kVectors>
HWY_NOINLINE void OnlineSoftmax(const Queries<T>& queries, const KeyTile<T>& tile, T* s, Size row, bool all,
                                T* runningMax, T* sum, T* factor) {
  const AttentionTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const auto at = [](int v) { return v * kLanes<T>; };
  const V low = hn::Neg(Infinity(d));
  V most[kVectors], shift[kVectors], total[kVectors];
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) most[v] = tile.key == 0 ? low : hn::Load(d, runningMax + at(v));
  for (Size j = 0; j < tile.whole; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) most[v] = hn::Max(most[v], hn::Load(d, s + j * row + at(v)));
  }
  const auto masked = [&](Size j, int v) HWY_ATTR {
    T* const p = s + j * row + at(v);
    const V x = hn::IfThenElse(ReadBy<T>(queries.FirstOf(v), tile.key + j), hn::Load(d, p), low);
    hn::Store(x, d, p);
    most[v] = hn::Max(most[v], x);
  };
  for (Size j = tile.whole; j < tile.both; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) masked(j, v);
  }
  for (Size j = tile.both; j < tile.read; j++) masked(j, kVectors - 1);
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) {
    shift[v] = hn::IfThenElse(hn::Eq(most[v], low), hn::Zero(d), most[v]);
    total[v] = hn::Zero(d);
    if (tile.key == 0) continue;
    const V kept = PowerOf(d, hn::Sub(hn::Load(d, runningMax + at(v)), shift[v]));
    hn::Store(kept, d, factor + at(v));
    total[v] = hn::Mul(kept, hn::Load(d, sum + at(v)));
  }
  const auto raise = [&](Size j, int v) HWY_ATTR {
    T* const p = s + j * row + at(v);
    const V e = PowerOf(d, hn::Sub(hn::Load(d, p), shift[v]));
    hn::Store(e, d, p);
    total[v] = hn::Add(total[v], e);
  };
  for (Size j = 0; j < tile.both; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) raise(j, v);
  }
  for (Size j = tile.both; j < tile.read; j++) {
    hn::Store(hn::Zero(d), d, s + j * row);
    raise(j, kVectors - 1);
  }
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) {
    hn::Store(most[v], d, runningMax + at(v));
    hn::Store(total[v], d, sum + at(v));
    total[v] = InverseOfSum(d, total[v]);
  }
  for (Size j = 0; j < tile.read && all; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) {
      T* const p = s + j * row + at(v);
      hn::Store(hn::Mul(hn::Load(d, p), total[v]), d, p);
    }
  }
}

template <class T>
HWY_INLINE void ForwardBlock(const Queries<T>& queries, const Head<T>& head, const Masks<T>& masks, Size key, Size keys,
                             bool all, T* panel, T* s, Size row, RunningSoftmax<T>& running, Size at) {
  const KeyTile<T> tile(queries, masks, key, keys);
  if (tile.read > 0) {
    MultiplyKeys(queries, tile, head.width, head.q, masks.scale * kUnits<T>, head.k, panel, s + at, row);
    AddMasks(queries, masks, tile, s + at, row);
    const auto run = queries.vectors == 2 ? &OnlineSoftmax<T, 2> : &OnlineSoftmax<T, 1>;
    run(queries, tile, s + at, row, all, running.runningMax + at, running.sum + at, running.factor + at);
  }
  ClearBelow(queries, tile, keys, s + at, row);
}

template <class T>
HWY_INLINE void Scale(Size n, T factor, T* p) {
  const AttentionTag<T> d;
  const auto f = hn::Set(d, factor);
  Size i = 0;
  for (; i + LanesOf(d) <= n; i += LanesOf(d)) hn::StoreU(hn::Mul(hn::LoadU(d, p + i), f), d, p + i);
  if (i < n) StoreFirst(d, hn::Mul(LoadPart(d, p + i, n - i), f), p + i, n - i, false);
}

// lse, ∞ for a row that reads no key, so that e^(s − lse) is 0; and out = out / sum unless it is that already.
template <class T>
HWY_NOINLINE void Finish(const QueryGroup& group, Size width, bool all, RunningSoftmax<T>& running, const Rows<T>& out,
                         T* lse) {
  const AttentionTag<T> d;
  const auto low = hn::Neg(Infinity(d));
  for (Size at = 0; at < group.queries; at += kLanes<T>) {
    const auto runningMax = hn::Load(d, running.runningMax + at);
    const auto sum = hn::Load(d, running.sum + at);
    const auto shift = hn::IfThenElse(hn::Eq(runningMax, low), hn::Zero(d), runningMax);
    const auto lseOfKeys = hn::MulAdd(shift, hn::Set(d, T(1) / kUnits<T>), LogOf(d, sum));
    hn::Store(hn::IfThenElse(hn::Eq(sum, hn::Zero(d)), Infinity(d), lseOfKeys), d, running.runningMax + at);
    hn::Store(InverseOfSum(d, sum), d, running.factor + at);
  }
  for (Size at = group.Missing(); at < group.queries; at++) {
    if (!all) Scale(width, running.factor[at], out[group.first + at]);
    lse[group.first + at] = running.runningMax[at];
  }
}

template <class T>
void ForwardHead(const Head<T>& head, const Masks<T>& masks, Rows<T> out, T* lse) {
  HWY_ALIGN T panel[kPanelElements<T>];
  HWY_ALIGN T s[kMaxKeys<T> * kMaxQueries];
  HWY_ALIGN RunningSoftmax<T> running;
  for (Size i = 0; i < head.n && head.m == 0; i++) {
    std::memset(out[i], 0, sizeof(T) * static_cast<std::size_t>(head.width));
    lse[i] = -std::numeric_limits<T>::infinity();
  }
  if (head.n == 0 || head.m == 0) return;
  const QueryBlocks<T> blocks(head.n);
  const Partition groups(blocks.count, kMaxQueries / kBlockQueries<T>);
  Size begin = 0;
  for (Size i = 0; i < groups.count; begin += groups[i++]) {
    const Size end = begin + groups[i];
    const QueryGroup group = blocks.GroupOf(begin, end);
    const Size read = masks.Read(group.Last(), 0, head.m);
    const bool all = read <= kMaxKeys<T>;
    for (Size key = 0; key < read; key += kMaxKeys<T>) {
      const Size keys = HWY_MIN(kMaxKeys<T>, read - key);
      for (Size block = begin; block < end; block++) {
        const Queries<T> queries = blocks[block];
        ForwardBlock(queries, head, masks, key, keys, all, panel, s, group.queries, running,
                     queries.first - group.first);
      }
      for (Size at = group.Missing(); key > 0 && at < group.queries; at++) {
        const bool reads = !masks.causal || group.first + at >= key;
        if (reads && running.factor[at] != T(1)) Scale(head.width, running.factor[at], out[group.first + at]);
      }
      SumOverKeys(group, masks.causal, key, keys, s, head.v, head.width, out, key > 0);
    }
    Finish(group, head.width, all, running, out, lse);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
