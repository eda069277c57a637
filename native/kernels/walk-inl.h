// One body for a kernel that needs a whole line at once, whichever way lines lie. A walk gives vectors along a line:
// RowWalk takes the lanes from one row and joins them where the line is reduced; ColumnWalk takes each lane from
// another line, so that nothing is joined.

#if defined(BLASGRAD_WALK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_WALK_INL_H_
#undef BLASGRAD_WALK_INL_H_
#else
#define BLASGRAD_WALK_INL_H_
#endif

#include "transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
struct RowWalk {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  Size end;
  Size step = LanesOf(D());

  // `rest` stands in for what lies beyond the row's end.
  HWY_INLINE V Load(const T* p, Size i, T rest) const { return LoadUpTo(D(), p + i, end - i, rest); }
  HWY_INLINE void Store(V v, T* p, Size i) const { StoreUpTo(v, D(), p + i, end - i); }
  HWY_INLINE V Sum(V v) const { return hn::SumOfLanes(D(), v); }
  HWY_INLINE V Max(V v) const { return hn::MaxOfLanes(D(), v); }
  HWY_INLINE void StoreLine(V v, T* p) const { StorePart(v, D(), p, 1); }
};

template <class T>
struct ColumnWalk {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  Size end;
  Size stride;
  Size width;
  Size step = 1;

  HWY_INLINE V Load(const T* p, Size i, T) const { return LoadUpTo(D(), p + i * stride, width); }
  HWY_INLINE void Store(V v, T* p, Size i) const { StoreUpTo(v, D(), p + i * stride, width); }
  HWY_INLINE V Sum(V v) const { return v; }
  HWY_INLINE V Max(V v) const { return v; }
  HWY_INLINE void StoreLine(V v, T* p) const { StoreUpTo(v, D(), p, width); }
};

constexpr Size kNarrow = 32;
constexpr Size kNarrowRows = 64;

// block [n, kNarrowRows] = rows [count, n], transposed.
template <class T>
HWY_INLINE void ToColumns(const T* rows, Size count, Size n, T* block) {
  TransposeBlock(count, n, rows, n, block, kNarrowRows);
}

template <class T>
HWY_INLINE void FromColumns(const T* block, Size count, Size n, T* rows) {
  TransposeBlock(n, count, block, kNarrowRows, rows, n);
}

// Runs `Line` over `width` columns of n elements, `stride` apart. For one input give it twice.
template <class Line, class T>
void EachColumn(Size n, Size stride, Size width, const T* a, const T* b, T* out) {
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  for (Size i = 0; i < width; i += lanes) {
    const ColumnWalk<T> walk{n, stride, HWY_MIN(lanes, width - i)};
    Line::Run(walk, a + i, b + i, out + i);
  }
}

// Runs `Line` over all lines of [outer, n, inner] along the middle axis; the output has the input's shape, or is
// [outer, inner] where Line::kReduces. Narrow rows are turned into columns first.
template <class Line, class T>
void EachLine(Size outer, Size n, Size inner, const T* a, const T* b, T* out) {
  const Size size = n * inner;
  const Size outSize = Line::kReduces ? inner : size;
  if (inner == 0 || (n == 0 && !Line::kReduces)) return;
  if (inner > 1) {
    for (Size o = 0; o < outer; o++) {
      EachColumn<Line>(n, inner, inner, a + o * size, b + o * size, out + o * outSize);
    }
  } else if (n > kNarrow) {
    for (Size o = 0; o < outer; o++) Line::Run(RowWalk<T>{n}, a + o * size, b + o * size, out + o * outSize);
  } else {
    T blockA[kNarrow * kNarrowRows];
    T blockB[kNarrow * kNarrowRows];
    for (Size o = 0; o < outer; o += kNarrowRows) {
      const Size rows = HWY_MIN(kNarrowRows, outer - o);
      ToColumns(a + o * size, rows, n, blockA);
      if (a != b) ToColumns(b + o * size, rows, n, blockB);
      if constexpr (Line::kReduces) {
        EachColumn<Line>(n, kNarrowRows, rows, blockA, blockB, out + o);
      } else {
        EachColumn<Line>(n, kNarrowRows, rows, blockA, blockB, blockA);
        FromColumns(blockA, rows, n, out + o * size);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
