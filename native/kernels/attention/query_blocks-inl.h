// Attention of one head: its operands and its query blocks. SIMD lanes lie along queries: scores are transposed,
// [keys, queries], so that a softmax reduces down a column and only the number of queries is padded to whole vectors.

#if defined(BLASGRAD_QUERY_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_QUERY_BLOCKS_INL_H_
#undef BLASGRAD_QUERY_BLOCKS_INL_H_
#else
#define BLASGRAD_QUERY_BLOCKS_INL_H_
#endif

#include "kernels/matmul/gemm.h"
#include "kernels/matmul/rank1_micro_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Rows of `width` elements, `row` apart.
template <class T>
struct Rows {
  T* at;
  Size row;

  T* operator[](Size i) const { return at + i * row; }
  operator Rows<const T>() const { return {at, row}; }
};

template <class T>
struct Head {
  Size n, m, width;
  Rows<const T> q, k, v;
};

// The masks added to the scores of one sample. `first` is the index of the head's row 0 among the sample's rows.
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

  // How many of the keys key … key + keys − 1 row i reads.
  Size Read(Size i, Size key, Size keys) const { return causal ? HWY_MAX(Size(0), HWY_MIN(keys, i + 1 - key)) : keys; }
};

// At most 32 bytes on any instruction set: under a causal mask, longer vectors compute more masked scores and leave
// more lanes empty (docs/performance/char-gpt.md).
template <class T>
using AttentionTag = hn::CappedTag<T, 32 / sizeof(T)>;
template <class T>
constexpr Size kLanes = static_cast<Size>(hn::MaxLanes(AttentionTag<T>()));
// Products use 64-byte vectors where there are any: half the instructions, so that out-of-order execution reaches twice
// as far.
template <class T>
using WideTag = hn::CappedTag<T, 64 / sizeof(T)>;
template <class T>
constexpr int kWide = static_cast<int>(hn::MaxLanes(WideTag<T>()) / hn::MaxLanes(AttentionTag<T>()));
// The queries of a block are the columns of an outer product's tile.
template <class T>
constexpr Size kBlockQueries = kNrVectors * kLanes<T>;

// A query block. Padding comes before the first query: under a causal mask those queries read the fewest keys.
template <class T>
struct Queries {
  // The query of lane 0; negative by the number of padding lanes.
  Size first;
  int vectors;

  Size FirstOf(int v) const { return first + v * kLanes<T>; }
  Size LastOf(int v) const { return FirstOf(v) + kLanes<T> - 1; }
  Size Missing(int v) const { return HWY_MAX(Size(0), HWY_MIN(kLanes<T>, -FirstOf(v))); }
  Size Last() const { return LastOf(vectors - 1); }
  // Whether the block holds query 0 alone: its products are matrix-vector products.
  bool IsSingle() const { return vectors == 1 && Last() == 0; }
};

// Queries of consecutive blocks, padded to whole vectors: `first` is lane 0's, negative by the number of padding lanes.
struct QueryGroup {
  Size first, queries;

  Size Missing() const { return HWY_MAX(Size(0), -first); }
  Size Last() const { return first + queries - 1; }
};

// All blocks of n queries.
template <class T>
struct QueryBlocks {
  Size vectors, pad, count;

  explicit QueryBlocks(Size n)
      : vectors((n + kLanes<T> - 1) / kLanes<T>),
        pad(vectors * kLanes<T> - n),
        count((vectors + kNrVectors - 1) / kNrVectors) {}
  Queries<T> operator[](Size block) const {
    const Size after = (count - 1 - block) * kNrVectors;
    const Size before = HWY_MAX(Size(0), vectors - after - kNrVectors);
    return {before * kLanes<T> - pad, static_cast<int>(vectors - after - before)};
  }
  QueryGroup GroupOf(Size begin, Size end) const {
    const Size first = (*this)[begin].first;
    return {first, (*this)[end - 1].Last() + 1 - first};
  }
};

// Probabilities and score gradients of a query group and a key tile are [keys, queries] on the stack.
constexpr Size kMaxQueries = 96;
template <class T>
constexpr Size kMaxKeys = 512 / static_cast<Size>(sizeof(T));

// out[rows, vectors of the block] (+)= left[rows, depth]·right[depth, …].
template <class T>
HWY_INLINE void BlockProduct(int vectors, Size rows, Size depth, Strided<T> left, const T* right, Size rightRow, T* out,
                             Size outRow, bool add) {
  const Size width = vectors * kLanes<T>;
  const int store = add ? kAccumulate : kStoreOnly;
  if (vectors == 2) {
    MultiplyPanel<T, PanelWidth<2 / kWide<T>>, kMr<2>, WideTag<T>>(Partition(rows, kMr<2>), depth, 0, 0, width, left,
                                                                   right, rightRow, out, outRow, store);
  } else {
    MultiplyPanel<T, PanelWidth<1>, kMr<1>, AttentionTag<T>>(Partition(rows, kMr<1>), depth, 0, 0, width, left, right,
                                                             rightRow, out, outRow, store);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
