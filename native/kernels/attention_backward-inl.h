// Attention of one head, backward: weights and slopes of some blocks of queries and a tile of keys live on the stack,
// [keys, queries], so that sums over queries are as long as the blocks are many.

#if defined(BLASGRAD_ATTENTION_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_ATTENTION_BACKWARD_INL_H_
#undef BLASGRAD_ATTENTION_BACKWARD_INL_H_
#else
#define BLASGRAD_ATTENTION_BACKWARD_INL_H_
#endif

#include "attention_forward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

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

// Of each query of a block: lse in the scores' units, and scale·Σ g·out.
template <class T>
struct Known {
  T lse[kBlockQueries<T>];
  T mean[kBlockQueries<T>];
};

// Sums of products along rows of g and out, four rows at a time; lanes without a query are given query 0's.
template <class T>
HWY_NOINLINE void Know(const Queries<T>& queries, Size width, const Results<T>& results, T scale, Known<T>& known) {
  constexpr int kTogether = 4;
  const AttentionTag<T> d;
  HWY_ALIGN T sums[HWY_MAX(kLanes<T> * kLanes<T>, kTogether)];
  for (int v = 0; v < queries.vectors; v++) {
    const auto rowOf = [&](Size lane) { return HWY_MAX(Size(0), queries.FirstOf(v) + HWY_MIN(lane, kLanes<T> - 1)); };
    for (Size lane = 0; lane < kLanes<T>; lane += kTogether) {
      hn::Vec<decltype(d)> sum[kTogether];
      const T* g[kTogether];
      const T* out[kTogether];
      BLASGRAD_UNROLL
      for (int i = 0; i < kTogether; i++) {
        sum[i] = hn::Zero(d);
        g[i] = results.g[rowOf(lane + i)];
        out[i] = results.out[rowOf(lane + i)];
      }
      Size c = 0;
      for (; c + kLanes<T> <= width; c += kLanes<T>) {
        BLASGRAD_UNROLL
        for (int i = 0; i < kTogether; i++)
          sum[i] = hn::MulAdd(hn::LoadU(d, g[i] + c), hn::LoadU(d, out[i] + c), sum[i]);
      }
      BLASGRAD_UNROLL
      for (int i = 0; i < kTogether; i++) {
        if (c < width)
          sum[i] = hn::MulAdd(LoadPart(d, g[i] + c, width - c), LoadPart(d, out[i] + c, width - c), sum[i]);
        if (lane + i < kLanes<T>) hn::Store(sum[i], d, sums + (lane + i) * kLanes<T>);
      }
    }
    auto total = hn::Zero(d);
    for (Size c = 0; c < kLanes<T>; c += kSquare<T>) {
      EachColumn(d, sums + c, kLanes<T>, [&](Size, auto column) HWY_ATTR { total = hn::Add(total, column); });
    }
    hn::Store(hn::Mul(total, hn::Set(d, scale)), d, known.mean + v * kLanes<T>);
    HWY_ALIGN T lse[kLanes<T>];
    const Size missing = queries.Missing(v);
    for (Size lane = 0; missing > 0 && lane < kLanes<T>; lane++) lse[lane] = results.lse[rowOf(lane)];
    const auto x = missing > 0 ? hn::Load(d, lse) : hn::LoadU(d, results.lse + queries.FirstOf(v));
    hn::Store(hn::Mul(x, hn::Set(d, kUnits<T>)), d, known.lse + v * kLanes<T>);
  }
}

// The columns of a block's queries: s becomes p = 2^(s − lse), and slope, which holds scale·g·vᵀ, becomes
// p·(scale·g·vᵀ − mean).
template <class T, int kVectors>
HWY_NOINLINE void Slopes(const Queries<T>& queries, const KeyTile<T>& tile, const Known<T>& known, T* s, T* slope,
                         Size row) {
  const AttentionTag<T> d;
  hn::Vec<decltype(d)> shift[kVectors], less[kVectors];
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) {
    shift[v] = hn::Load(d, known.lse + v * kLanes<T>);
    less[v] = hn::Load(d, known.mean + v * kLanes<T>);
  }
  const auto whole = [&](Size j, int v) HWY_ATTR {
    const Size at = j * row + v * kLanes<T>;
    const auto p = PowerOf(d, hn::Sub(hn::Load(d, s + at), shift[v]));
    hn::Store(p, d, s + at);
    hn::Store(hn::Mul(p, hn::Sub(hn::Load(d, slope + at), less[v])), d, slope + at);
  };
  const auto cut = [&](Size j, int v) HWY_ATTR {
    const Size at = j * row + v * kLanes<T>;
    const auto reads = ReadBy<T>(queries.FirstOf(v), tile.key + j);
    const auto p = PowerOf(d, hn::Sub(hn::Load(d, s + at), shift[v]));
    const auto change = hn::Mul(p, hn::Sub(hn::Load(d, slope + at), less[v]));
    hn::Store(hn::IfThenElseZero(reads, p), d, s + at);
    hn::Store(hn::IfThenElseZero(reads, change), d, slope + at);
  };
  for (Size j = 0; j < tile.whole; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) whole(j, v);
  }
  for (Size j = tile.whole; j < tile.both; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) cut(j, v);
  }
  for (Size j = tile.both; j < tile.read; j++) {
    hn::Store(hn::Zero(d), d, s + j * row);
    hn::Store(hn::Zero(d), d, slope + j * row);
    cut(j, kVectors - 1);
  }
}

// s and slope of one block.
template <class T>
HWY_INLINE void BackwardBlock(const Queries<T>& queries, const Head<T>& head, const Masks<T>& masks,
                              const Results<T>& results, Size key, Size keys, T* panel, T* s, T* slope, Size row) {
  const KeyTile<T> tile(queries, masks, key, keys);
  if (tile.read > 0) {
    HWY_ALIGN Known<T> known;
    Know(queries, head.width, results, masks.scale, known);
    MultiplyKeys(queries, tile, head.width, head.q, masks.scale * kUnits<T>, head.k, panel, s, row);
    MultiplyKeys(queries, tile, head.width, results.g, masks.scale, head.v, panel, slope, row);
    AddMasks(queries, masks, tile, s, row);
    const auto slopes = queries.vectors == 2 ? &Slopes<T, 2> : &Slopes<T, 1>;
    slopes(queries, tile, known, s, slope, row);
  }
  ClearBelow(queries, tile, keys, head.width, s, row);
  ClearBelow(queries, tile, keys, head.width, slope, row);
}

template <class T>
void Clear(Size from, Size to, Size width, Rows<T> p) {
  for (Size i = from; i < to && width > 0; i++) std::memset(p[i], 0, sizeof(T) * static_cast<std::size_t>(width));
}

template <class T>
void BackwardHead(const Head<T>& head, const Masks<T>& masks, const Results<T>& results, const Gradients<T>& to) {
  HWY_ALIGN T panel[kPanelElements<T>];
  HWY_ALIGN T s[kMostKeys<T> * kMostQueries];
  HWY_ALIGN T slope[kMostKeys<T> * kMostQueries];
  const QueryBlocks<T> blocks(head.n);
  const Size all = head.n == 0 ? 0 : masks.Read(head.n - 1, 0, head.m);
  Clear(all, head.m, head.width, to.k);
  Clear(all, head.m, head.width, to.v);
  if (all == 0) return Clear(0, head.n, head.width, to.q);
  // The last queries read every key that any reads: their sums are stored, the others are added.
  const Parts groups(blocks.count, kMostQueries / kBlockQueries<T>);
  Size end = blocks.count;
  for (Size i = 0; i < groups.count; end -= groups[i++]) {
    const Size begin = end - groups[i];
    const Group group = blocks.GroupOf(begin, end);
    const Size read = masks.Read(group.Last(), 0, head.m);
    for (Size key = 0; key < read; key += kMostKeys<T>) {
      const Size keys = HWY_MIN(kMostKeys<T>, read - key);
      for (Size block = begin; block < end; block++) {
        const Queries<T> queries = blocks[block];
        const Size at = queries.first - group.first;
        BackwardBlock(queries, head, masks, results, key, keys, panel, s + at, slope + at, group.queries);
      }
      SumOverKeys(group, masks.causal, key, keys, slope, head.k, head.width, to.q, key > 0);
      SumOverQueries(group, masks.causal, key, keys, s, results.g, head.width, to.v, i > 0);
      SumOverQueries(group, masks.causal, key, keys, slope, head.q, head.width, to.k, i > 0);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
