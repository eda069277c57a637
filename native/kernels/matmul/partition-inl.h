// What the small GEMM kernels share: partition of an extent into equal chunks, strided operands, partial stores.

#if defined(BLASGRAD_PARTITION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_PARTITION_INL_H_
#undef BLASGRAD_PARTITION_INL_H_
#else
#define BLASGRAD_PARTITION_INL_H_
#endif

#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// For numbers that fit 32 bits: 32-bit division has half the latency of 64-bit.
HWY_INLINE Size Quotient(Size a, Size b) { return static_cast<std::uint32_t>(a) / static_cast<std::uint32_t>(b); }

// Partitions an extent (at least 1) into the fewest chunks of at most `most`. Chunk sizes differ by 1 at most, so that
// no micro-tile is left with a single row.
struct Partition {
  Size count, each, longer;

  // Divides only where there are several chunks: a division costs as much as a few terms of a micro-tile.
  Partition(Size total, Size most) : count(1), each(total), longer(0) {
    if (total > most) {
      count = Quotient(total + most - 1, most);
      each = Quotient(total, count);
      longer = total - each * count;
    }
  }
  Size operator[](Size chunk) const { return each + (chunk < longer ? 1 : 0); }
  // Removes the first chunk and returns its size.
  Size TakeFirst() {
    const Size first = (*this)[0];
    count--;
    if (longer > 0) longer--;
    return first;
  }
};

// A matrix of which element (i, j) is at[i·row + j·col].
template <class T>
struct Strided {
  const T* at;
  Size row, col;

  Strided from(Size i, Size j) const { return {at + i * row + j * col, row, col}; }
};

// Stores or accumulates the first `count` lanes of v. A partial vector is stored by halves: AVX2's masked store is
// microcoded on AMD CPUs.
template <class D, class V, class T>
HWY_INLINE void StoreFirst(D d, V v, T* p, Size count, bool add) {
  if (HWY_LIKELY(count >= LanesOf(d))) {
    hn::StoreU(add ? hn::Add(hn::LoadU(d, p), v) : v, d, p);
    return;
  }
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) > 1) {
    const hn::Half<D> half;
    const Size lanes = LanesOf(half);
    StoreFirst(half, hn::LowerHalf(half, v), p, count, add);
    if (count > lanes) StoreFirst(half, hn::UpperHalf(half, v), p + lanes, count - lanes, add);
  }
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
