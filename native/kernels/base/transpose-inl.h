// Transposes matrices in registers: to[c·toRow + r] = from[r·fromRow + c].

#if defined(BLASGRAD_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_TRANSPOSE_INL_H_
#undef BLASGRAD_TRANSPOSE_INL_H_
#else
#define BLASGRAD_TRANSPOSE_INL_H_
#endif

#include "simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// Rows and columns of a register block: the lanes of a 128-bit vector.
template <class T>
constexpr Size kSquare = HWY_TARGET == HWY_SCALAR || sizeof(T) < 4 ? 1 : static_cast<Size>(16 / sizeof(T));

template <class T>
HWY_INLINE void TransposeSquare(const T* from, Size fromRow, T* to, Size toRow) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(T) == 8) {
    const hn::Full128<T> d;
    const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + fromRow);
    hn::StoreU(hn::InterleaveLower(d, a, b), d, to);
    hn::StoreU(hn::InterleaveUpper(d, a, b), d, to + toRow);
    return;
  } else if constexpr (sizeof(T) == 4) {
    const hn::Full128<T> d;
    const hn::Repartition<double, decltype(d)> pairs;
    const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + fromRow);
    const auto r2 = hn::LoadU(d, from + 2 * fromRow), r3 = hn::LoadU(d, from + 3 * fromRow);
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
    const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
    const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + toRow);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * toRow);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * toRow);
    return;
  }
#endif
  *to = *from;
  (void)fromRow;
  (void)toRow;
}

// Deinterleaves two adjacent columns, and interleaves them.
template <class T>
HWY_INLINE void SplitPairs(Size count, const T* from, T* first, T* second) {
  const hn::ScalableTag<T> d;
  Size i = 0;
  for (; i + LanesOf(d) <= count; i += LanesOf(d)) {
    hn::Vec<decltype(d)> a, b;
    hn::LoadInterleaved2(d, from + 2 * i, a, b);
    hn::StoreU(a, d, first + i);
    hn::StoreU(b, d, second + i);
  }
  for (; i < count; i++) first[i] = from[2 * i], second[i] = from[2 * i + 1];
}

template <class T>
HWY_INLINE void JoinPairs(Size count, const T* first, const T* second, T* to) {
  const hn::ScalableTag<T> d;
  Size i = 0;
  for (; i + LanesOf(d) <= count; i += LanesOf(d)) {
    hn::StoreInterleaved2(hn::LoadU(d, first + i), hn::LoadU(d, second + i), d, to + 2 * i);
  }
  for (; i < count; i++) to[2 * i] = first[i], to[2 * i + 1] = second[i];
}

// Two adjacent 4 × 4 blocks.
#if HWY_TARGET != HWY_SCALAR
template <class T>
constexpr bool kHasSquarePairs = sizeof(T) == 4 && hn::MaxLanes(hn::ScalableTag<T>()) >= 8;

template <class T>
HWY_INLINE void TransposeSquarePair(const T* from, Size fromRow, T* to, Size toRow) {
  const hn::CappedTag<T, 8> d;
  const hn::Half<decltype(d)> half;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + fromRow);
  const auto r2 = hn::LoadU(d, from + 2 * fromRow), r3 = hn::LoadU(d, from + 3 * fromRow);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
  const auto store = [&](Size column, auto both) HWY_ATTR {
    const auto v = hn::BitCast(d, both);
    hn::StoreU(hn::LowerHalf(half, v), half, to + column * toRow);
    hn::StoreU(hn::UpperHalf(half, v), half, to + (column + 4) * toRow);
  };
  store(0, hn::InterleaveLower(pairs, low01, low23));
  store(1, hn::InterleaveUpper(pairs, low01, low23));
  store(2, hn::InterleaveLower(pairs, high01, high23));
  store(3, hn::InterleaveUpper(pairs, high01, high23));
}
#endif

// A block that fits L1.
template <class T>
HWY_INLINE void TransposeBlock(Size rows, Size cols, const T* from, Size fromRow, T* to, Size toRow) {
  constexpr Size kStep = kSquare<T>;
  if constexpr (kStep > 1) {
    if (cols == 2 && fromRow == 2) return SplitPairs(rows, from, to, to + toRow);
    if (rows == 2 && toRow == 2) return JoinPairs(cols, from, from + fromRow, to);
  }
  // The rows of one register block; the last block overlaps the one before it.
  const auto band = [&](Size r) HWY_ATTR {
    Size c = 0;
#if HWY_TARGET != HWY_SCALAR
    if constexpr (kHasSquarePairs<T>) {
      for (; c + 8 <= cols; c += 8) TransposeSquarePair(from + r * fromRow + c, fromRow, to + c * toRow + r, toRow);
    }
#endif
    for (; c < cols && cols >= kStep; c += kStep) {
      c = HWY_MIN(c, cols - kStep);
      TransposeSquare(from + r * fromRow + c, fromRow, to + c * toRow + r, toRow);
    }
    for (; c < cols; c++) {
      for (Size i = r; i < r + kStep; i++) to[c * toRow + i] = from[i * fromRow + c];
    }
  };
  Size r = 0;
  for (; r < rows && rows >= kStep; r += kStep) {
    r = HWY_MIN(r, rows - kStep);
    band(r);
  }
  for (; r < rows; r++) {
    for (Size c = 0; c < cols; c++) to[c * toRow + r] = from[r * fromRow + c];
  }
}

// Concatenates 128-bit blocks of the rows 0, 4, 8, … (of 8-byte elements 0, 2, 4, …) to a vector.
template <class D, class T>
HWY_INLINE hn::Vec<D> LoadEverySquare(D d, const T* from, Size row) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) > kSquare<T>) {
    const hn::Half<D> half;
    return hn::Combine(d, LoadEverySquare(half, from + LanesOf(half) * row, row), LoadEverySquare(half, from, row));
  }
#endif
  (void)row;
  return hn::LoadU(d, from);
}

// Calls f(c, column) for kSquare<T> columns, each of as many rows as a vector has lanes.
template <class D, class T, class F>
HWY_INLINE void EachColumn(D d, const T* from, Size row, F f) {
#if HWY_TARGET == HWY_SCALAR
  f(0, LoadEverySquare(d, from, row));
#else
  if constexpr (sizeof(T) == 8) {
    const auto a = LoadEverySquare(d, from, row), b = LoadEverySquare(d, from + row, row);
    f(0, hn::InterleaveLower(d, a, b));
    f(1, hn::InterleaveUpper(d, a, b));
  } else {
    const hn::Repartition<double, decltype(d)> pairs;
    const auto r0 = LoadEverySquare(d, from, row), r1 = LoadEverySquare(d, from + row, row);
    const auto r2 = LoadEverySquare(d, from + 2 * row, row), r3 = LoadEverySquare(d, from + 3 * row, row);
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
    const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
    const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
    f(0, hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)));
    f(1, hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)));
    f(2, hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)));
    f(3, hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)));
  }
#endif
}

// A matrix of any size. Reads and, by way of a block on the stack, writes whole cache lines: rows with a large stride
// would evict one another in between (conflict misses).
template <class T>
void Transpose(Size rows, Size cols, const T* from, Size fromRow, T* to, Size toRow) {
  constexpr Size kBlock = static_cast<Size>(64 / sizeof(T));
  HWY_ALIGN T block[kBlock * kBlock];
  for (Size r = 0; r < rows; r += kBlock) {
    const Size height = HWY_MIN(kBlock, rows - r);
    for (Size c = 0; c < cols; c += kBlock) {
      const Size width = HWY_MIN(kBlock, cols - c);
      const T* source = from + r * fromRow + c;
      T* target = to + c * toRow + r;
      if (height < kBlock) {
        TransposeBlock(height, width, source, fromRow, target, toRow);
      } else {
        TransposeBlock(kBlock, width, source, fromRow, block, kBlock);
        for (Size i = 0; i < width; i++) std::memcpy(target + i * toRow, block + i * kBlock, sizeof(T) * kBlock);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
