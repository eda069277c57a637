// Attention of one head, backward: weights and slopes of some blocks of queries and a tile of keys live on the stack,
// [keys, queries], so that sums over queries are as long as the blocks are many.

#if defined(BLASGRAD_ATTENTION_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_ATTENTION_BACKWARD_INL_H_
#undef BLASGRAD_ATTENTION_BACKWARD_INL_H_
#else
#define BLASGRAD_ATTENTION_BACKWARD_INL_H_
#endif

#include "forward-inl.h"

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

// Of each of as many rows as a vector has lanes, the sum of the products of g and out. gOf and outOf give the rows.
template <class T, class G, class Out>
HWY_INLINE auto RowProducts(Size width, G gOf, Out outOf) {
  const AttentionTag<T> d;
  hn::Vec<AttentionTag<T>> sums[kLanes<T>];
  BLASGRAD_UNROLL
  for (Size i = 0; i < kLanes<T>; i++) sums[i] = hn::Zero(d);
  Size c = 0;
  for (; c + kLanes<T> <= width; c += kLanes<T>) {
    BLASGRAD_UNROLL
    for (Size i = 0; i < kLanes<T>; i++) {
      sums[i] = hn::MulAdd(hn::LoadU(d, gOf(i) + c), hn::LoadU(d, outOf(i) + c), sums[i]);
    }
  }
  if (c < width) {
    BLASGRAD_UNROLL
    for (Size i = 0; i < kLanes<T>; i++) {
      sums[i] = hn::MulAdd(LoadPart(d, gOf(i) + c, width - c), LoadPart(d, outOf(i) + c, width - c), sums[i]);
    }
  }
  return SumEach<T>(sums);
}

// Lanes without a query are given query 0's.
template <class T>
HWY_NOINLINE void Know(const Queries<T>& queries, Size width, const Results<T>& results, T scale, Known<T>& known) {
  const AttentionTag<T> d;
  const auto factor = hn::Set(d, scale), units = hn::Set(d, kUnits<T>);
  for (int v = 0; v < queries.vectors; v++) {
    const Size first = queries.FirstOf(v);
    hn::Vec<AttentionTag<T>> total, lse;
    if (first < 0) {
      const auto rowOf = [&](Size lane) { return HWY_MAX(Size(0), first + lane); };
      total = RowProducts<T>(
          width, [&](Size lane) { return results.g[rowOf(lane)]; },
          [&](Size lane) { return results.out[rowOf(lane)]; });
      HWY_ALIGN T lanes[kLanes<T>];
      for (Size lane = 0; lane < kLanes<T>; lane++) lanes[lane] = results.lse[rowOf(lane)];
      lse = hn::Load(d, lanes);
    } else {
      const Rows<const T> g{results.g[first], results.g.row}, out{results.out[first], results.out.row};
      total = RowProducts<T>(width, [&](Size lane) { return g[lane]; }, [&](Size lane) { return out[lane]; });
      lse = hn::LoadU(d, results.lse + first);
    }
    hn::Store(hn::Mul(total, factor), d, known.mean + v * kLanes<T>);
    hn::Store(hn::Mul(lse, units), d, known.lse + v * kLanes<T>);
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
  ClearBelow(queries, tile, keys, s, row);
  ClearBelow(queries, tile, keys, slope, row);
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
  const Partition groups(blocks.count, kMostQueries / kBlockQueries<T>);
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
