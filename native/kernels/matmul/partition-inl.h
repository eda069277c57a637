// What the kernels of small products share: extents in equal parts, operands in any order, stores of part of a vector.

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

// Of numbers that fit 32 bits, which is half the work of one of 64.
HWY_INLINE Size Quotient(Size a, Size b) { return static_cast<std::uint32_t>(a) / static_cast<std::uint32_t>(b); }

// A total (at least 1) in as few parts as a largest part allows, and those as equal as they can be.
struct Partition {
  Size count, each, longer;

  // Divisions are slow where a part is a few lines of work.
  Partition(Size total, Size most) : count(1), each(total), longer(0) {
    if (total > most) {
      count = Quotient(total + most - 1, most);
      each = Quotient(total, count);
      longer = total - each * count;
    }
  }
  Size operator[](Size part) const { return each + (part < longer ? 1 : 0); }
  // The first part's extent, which is then no longer counted.
  Size TakeFirst() {
    const Size first = (*this)[0];
    count--;
    if (longer > 0) longer--;
    return first;
  }
};

// An operand of which element (i, j) is at at[i·row + j·col].
template <class T>
struct Strided {
  const T* at;
  Size row, col;

  Strided from(Size i, Size j) const { return {at + i * row + j * col, row, col}; }
};

// The first `count` lanes of v to p, or added to it; by halves where they are not all.
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
