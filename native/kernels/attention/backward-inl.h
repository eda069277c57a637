// Attention of one head, backward: probabilities and score gradients of a query group and a key tile live on the stack,
// [keys, queries], so that sums over queries are as long as the group.

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

// Forward's results, and the gradient of its output.
template <class T>
struct Results {
  Rows<const T> g, out;
  const T* lse;
};

template <class T>
struct Gradients {
  Rows<T> q, k, v;
};

// For each query of a block: log-sum-exp in the scores' units, and delta = scale·Σ g·out.
template <class T>
struct RowStatistics {
  T lse[kBlockQueries<T>];
  T delta[kBlockQueries<T>];
};

// A vector of dot products, one for each of kLanes rows: row i of g is gOf(i), of out outOf(i).
template <class T, class G, class Out>
HWY_INLINE auto RowProducts(Size width, G gOf, Out outOf) {
  const AttentionTag<T> d;
  HWY_ALIGN T totals[kLanes<T>];
  for (Size i = 0; i < kLanes<T>; i++) {
    const T* const a = gOf(i);
    const T* const b = outOf(i);
    auto sum = hn::Zero(d);
    Size c = 0;
    for (; c + kLanes<T> <= width; c += kLanes<T>) sum = hn::MulAdd(hn::LoadU(d, a + c), hn::LoadU(d, b + c), sum);
    if (c < width) sum = hn::MulAdd(LoadPart(d, a + c, width - c), LoadPart(d, b + c, width - c), sum);
    totals[i] = hn::GetLane(hn::SumOfLanes(d, sum));
  }
  return hn::Load(d, totals);
}

// Padding lanes get the values of query 0.
template <class T>
HWY_NOINLINE void LoadRowStatistics(const Queries<T>& queries, Size width, const Results<T>& results, T scale,
                                    RowStatistics<T>& rows) {
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
    hn::Store(hn::Mul(total, factor), d, rows.delta + v * kLanes<T>);
    hn::Store(hn::Mul(lse, units), d, rows.lse + v * kLanes<T>);
  }
}

// For the columns of a block's queries, in place: s becomes p = 2^(s − lse), and ds, which holds scale·g·vᵀ, becomes
// p·(scale·g·vᵀ − delta).
template <class T, int kVectors>
HWY_NOINLINE void ScoreGradients(const Queries<T>& queries, const KeyTile<T>& tile, const RowStatistics<T>& rows, T* s,
                                 T* ds, Size row) {
  const AttentionTag<T> d;
  hn::Vec<decltype(d)> shift[kVectors], less[kVectors];
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) {
    shift[v] = hn::Load(d, rows.lse + v * kLanes<T>);
    less[v] = hn::Load(d, rows.delta + v * kLanes<T>);
  }
  const auto unmasked = [&](Size j, int v) HWY_ATTR {
    const Size at = j * row + v * kLanes<T>;
    const auto p = PowerOf(d, hn::Sub(hn::Load(d, s + at), shift[v]));
    hn::Store(p, d, s + at);
    hn::Store(hn::Mul(p, hn::Sub(hn::Load(d, ds + at), less[v])), d, ds + at);
  };
  const auto masked = [&](Size j, int v) HWY_ATTR {
    const Size at = j * row + v * kLanes<T>;
    const auto reads = ReadBy<T>(queries.FirstOf(v), tile.key + j);
    const auto p = PowerOf(d, hn::Sub(hn::Load(d, s + at), shift[v]));
    const auto change = hn::Mul(p, hn::Sub(hn::Load(d, ds + at), less[v]));
    hn::Store(hn::IfThenElseZero(reads, p), d, s + at);
    hn::Store(hn::IfThenElseZero(reads, change), d, ds + at);
  };
  for (Size j = 0; j < tile.whole; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) unmasked(j, v);
  }
  for (Size j = tile.whole; j < tile.both; j++) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) masked(j, v);
  }
  for (Size j = tile.both; j < tile.read; j++) {
    hn::Store(hn::Zero(d), d, s + j * row);
    hn::Store(hn::Zero(d), d, ds + j * row);
    masked(j, kVectors - 1);
  }
}

// s and ds of one block.
template <class T>
HWY_INLINE void BackwardBlock(const Queries<T>& queries, const Head<T>& head, const Masks<T>& masks,
                              const Results<T>& results, Size key, Size keys, T* panel, T* s, T* ds, Size row) {
  const KeyTile<T> tile(queries, masks, key, keys);
  if (tile.read > 0) {
    HWY_ALIGN RowStatistics<T> rows;
    LoadRowStatistics(queries, head.width, results, masks.scale, rows);
    MultiplyKeys(queries, tile, head.width, head.q, masks.scale * kUnits<T>, head.k, panel, s, row);
    MultiplyKeys(queries, tile, head.width, results.g, masks.scale, head.v, panel, ds, row);
    AddMasks(queries, masks, tile, s, row);
    const auto run = queries.vectors == 2 ? &ScoreGradients<T, 2> : &ScoreGradients<T, 1>;
    run(queries, tile, rows, s, ds, row);
  }
  ClearBelow(queries, tile, keys, s, row);
  ClearBelow(queries, tile, keys, ds, row);
}

template <class T>
void Clear(Size from, Size to, Size width, Rows<T> p) {
  for (Size i = from; i < to && width > 0; i++) std::memset(p[i], 0, sizeof(T) * static_cast<std::size_t>(width));
}

template <class T>
void BackwardHead(const Head<T>& head, const Masks<T>& masks, const Results<T>& results, const Gradients<T>& to) {
  HWY_ALIGN T panel[kPanelElements<T>];
  HWY_ALIGN T s[kMaxKeys<T> * kMaxQueries];
  HWY_ALIGN T ds[kMaxKeys<T> * kMaxQueries];
  const QueryBlocks<T> blocks(head.n);
  const Size all = head.n == 0 ? 0 : masks.Read(head.n - 1, 0, head.m);
  Clear(all, head.m, head.width, to.k);
  Clear(all, head.m, head.width, to.v);
  if (all == 0) return Clear(0, head.n, head.width, to.q);
  // The last queries read every key that any query reads: their sums are stored, the others accumulated.
  const Partition groups(blocks.count, kMaxQueries / kBlockQueries<T>);
  Size end = blocks.count;
  for (Size i = 0; i < groups.count; end -= groups[i++]) {
    const Size begin = end - groups[i];
    const QueryGroup group = blocks.GroupOf(begin, end);
    const Size read = masks.Read(group.Last(), 0, head.m);
    for (Size key = 0; key < read; key += kMaxKeys<T>) {
      const Size keys = HWY_MIN(kMaxKeys<T>, read - key);
      for (Size block = begin; block < end; block++) {
        const Queries<T> queries = blocks[block];
        const Size at = queries.first - group.first;
        BackwardBlock(queries, head, masks, results, key, keys, panel, s + at, ds + at, group.queries);
      }
      SumOverKeys(group, masks.causal, key, keys, ds, head.k, head.width, to.q, key > 0);
      SumOverQueries(group, masks.causal, key, keys, s, results.g, head.width, to.v, i > 0);
      SumOverQueries(group, masks.causal, key, keys, ds, head.q, head.width, to.k, i > 0);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
