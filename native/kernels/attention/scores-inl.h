// Scores of a query block and a key tile, [keys, queries]: the product and its masks.

#if defined(BLASGRAD_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_SCORES_INL_H_
#undef BLASGRAD_SCORES_INL_H_
#else
#define BLASGRAD_SCORES_INL_H_
#endif

#include "trapezoid_product-inl.h"
#include "transposed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Scores are in base-2 units in float, where a power of 2 is cheaper than one of e.
template <class T>
constexpr T kUnits = static_cast<T>(sizeof(T) == 4 ? 1.4426950408889634 : 1);

template <class D, class V>
HWY_INLINE V PowerOf(D d, V score) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return Exp2NonPositive(d, score);
  } else {
    return ExpNonPositive(d, score);
  }
}

// How many keys of a tile that begins at `key` a block reads under a causal mask: its last query reads `read`, the last
// query of its first vector `both`, and its first query, so every one, `whole`.
template <class T>
struct KeyTile {
  Size key, read, both, whole;

  KeyTile(const Queries<T>& queries, const Masks<T>& masks, Size key, Size keys)
      : key(key),
        read(masks.Read(queries.Last(), key, keys)),
        both(masks.Read(queries.LastOf(0), key, keys)),
        whole(masks.Read(queries.first, key, keys)) {}
};

// s[keys, queries of the block] = factor · keys·rowsᵀ. The queries' rows are packed, transposed, into a panel [width,
// queries], kKc of the width at a time. Scores of keys that no query of a vector reads are undefined.
template <class T>
HWY_INLINE void MultiplyKeys(const Queries<T>& queries, const KeyTile<T>& tile, Size width, Rows<const T> rows,
                             T factor, Rows<const T> keys, T* panel, T* s, Size row) {
  if (queries.IsSingle() && width > 0) {
    T* const to = s + kLanes<T> - 1;
    runGemm<T>({false, true, static_cast<int>(tile.read), 1, static_cast<int>(width), keys[tile.key],
                static_cast<int>(keys.row), rows[0], static_cast<int>(rows.row), to, static_cast<int>(row)},
               false);
    for (Size j = 0; j < tile.read; j++) to[j * row] *= factor;
    return;
  }
  const Partition stretches(HWY_MAX(width, Size(1)), kKc<T>);
  Size c = 0;
  for (Size i = 0; i < stretches.count; c += stretches[i++]) {
    const Size depth = HWY_MIN(width, stretches[i]);
    const Strided<T> left{keys[tile.key] + c, keys.row, 1};
    PackTransposed(queries, depth, rows.at + c, rows.row, factor, panel);
    BlockProduct(queries.vectors, tile.read, depth, left, panel, kBlockQueries<T>, s, row, c > 0);
  }
}

// s += rows[count, keys], transposed: row i of the sample takes row i mod count.
template <class T>
HWY_NOINLINE void AddRows(const Queries<T>& queries, const Masks<T>& masks, const KeyTile<T>& tile, const T* rows,
                          Size count, T* s, Size row) {
  const AttentionTag<T> d;
  const auto units = hn::Set(d, kUnits<T>);
  const auto add = [&](T* at, auto x) HWY_ATTR { hn::Store(hn::MulAdd(x, units, hn::Load(d, at)), d, at); };
  const int last = queries.vectors - 1;
  if (count == 1) {
    for (Size j = 0; j < tile.read; j++) {
      const auto x = hn::Set(d, rows[tile.key + j]);
      add(s + j * row, x);
      if (last > 0) add(s + j * row + kLanes<T>, x);
    }
    return;
  }
  for (int v = 0; v <= last && count > 0; v++) {
    T* const to = s + v * kLanes<T>;
    const Size read = v == last ? tile.read : tile.both;
    const Size first = queries.FirstOf(v);
    const Size from = (masks.first + HWY_MAX(Size(0), first)) % count;
    const T* const at = rows + from * masks.m + tile.key;
    if (first >= 0 && from + kLanes<T> <= count) {
      EachColumnOf<T>(read, 0, {at, masks.m}, [&](Size j, auto x) HWY_ATTR { add(to + j * row, x); });
      continue;
    }
    HWY_ALIGN T lanes[kLanes<T>] = {};
    for (Size j = 0; j < read; j++) {
      for (Size lane = queries.Missing(v); lane < kLanes<T>; lane++) {
        lanes[lane] = rows[(masks.first + first + lane) % count * masks.m + tile.key + j];
      }
      add(to + j * row, hn::Load(d, lanes));
    }
  }
}

template <class T>
HWY_INLINE void AddMasks(const Queries<T>& queries, const Masks<T>& masks, const KeyTile<T>& tile, T* s, Size row) {
  if (masks.mask != nullptr) AddRows(queries, masks, tile, masks.mask, masks.maskRows, s, row);
  if (masks.bias != nullptr) AddRows(queries, masks, tile, masks.bias, masks.biasRows, s, row);
}

// Clears the scores of the keys behind the last one that the block reads. A sum over another block's keys goes on to
// whole tiles of up to kMr rows or terms, so it reads at most kMr − 1 of them.
template <class T>
HWY_INLINE void ClearBelow(const Queries<T>& queries, const KeyTile<T>& tile, Size keys, T* s, Size row) {
  const AttentionTag<T> d;
  const Size end = HWY_MIN(keys, tile.read + kMr<1> - 1);
  for (Size j = tile.read; j < end; j++) {
    hn::Store(hn::Zero(d), d, s + j * row);
    if (queries.vectors > 1) hn::Store(hn::Zero(d), d, s + j * row + kLanes<T>);
  }
}

// The mask of the lanes that read key `at`; query `first` is in lane 0.
template <class T>
HWY_INLINE auto ReadBy(Size first, Size at) {
  const AttentionTag<T> d;
  return hn::Ge(hn::Iota(d, T(0)), hn::Set(d, static_cast<T>(at - first)));
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
