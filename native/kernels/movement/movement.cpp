// Kernels that fill, convert and move elements.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/movement/movement.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "kernels/base/convert.h"
#include "kernels/catalogue/families.h"
#include "kernels/base/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

template <class T>
void fill(Size n, double value, T* out) {
  std::fill_n(out, n, toElement<T>(value));
}

// Indices have 32 bits: every instruction set converts those to float64.
template <class T>
void arange(Size n, double start, double step, T* out) {
  const std::int32_t count = static_cast<std::int32_t>(n);
  for (std::int32_t i = 0; i < count; i++) out[i] = toElement<T>(start + static_cast<double>(i) * step);
}

template <class T>
void linspace(Size n, double start, double end, T* out) {
  const std::int32_t last = static_cast<std::int32_t>(n) - 1;
  const double step = last > 0 ? (end - start) / static_cast<double>(last) : 0;
  const std::int32_t half = last == 0 ? 1 : (last + 1) / 2;
  for (std::int32_t i = 0; i < half; i++) out[i] = toElement<T>(start + static_cast<double>(i) * step);
  for (std::int32_t i = half; i < last + 1; i++) out[i] = toElement<T>(end - static_cast<double>(last - i) * step);
}

template <class S, class T>
void castFrom(Size n, bool toBool, const S* a, T* out) {
  if (toBool) {
    for (Size i = 0; i < n; i++) out[i] = static_cast<T>(a[i] != S(0));
  } else if constexpr (std::is_same_v<S, T>) {
    std::copy_n(a, n, out);
  } else if constexpr (std::is_floating_point_v<T>) {
    for (Size i = 0; i < n; i++) out[i] = static_cast<T>(a[i]);
  } else {
    for (Size i = 0; i < n; i++) out[i] = toElement<T>(static_cast<double>(a[i]));
  }
}

template <class T>
void cast(Size n, bool toBool, Any a, T* out) {
  switch (a.element) {
    case Element::float32:
      return castFrom(n, toBool, static_cast<const float*>(a.data), out);
    case Element::float64:
      return castFrom(n, toBool, static_cast<const double*>(a.data), out);
    case Element::int32:
      return castFrom(n, toBool, static_cast<const std::int32_t*>(a.data), out);
    case Element::uint8:
      return castFrom(n, toBool, static_cast<const std::uint8_t*>(a.data), out);
  }
}

// A copy between two strided views of one shape.
struct Copy {
  int rank = 0;
  Size count[kMaxAxes];
  Size from[kMaxAxes];
  Size to[kMaxAxes];

  // Drops axes of one element, and merges axes that are contiguous in both views.
  void add(Size n, Size fromStride, Size toStride) {
    if (n == 1) return;
    if (rank > 0 && from[rank - 1] == n * fromStride && to[rank - 1] == n * toStride) {
      count[rank - 1] *= n;
      from[rank - 1] = fromStride;
      to[rank - 1] = toStride;
      return;
    }
    count[rank] = n;
    from[rank] = fromStride;
    to[rank++] = toStride;
  }
};

template <class T>
void copyStrided(Size n, const T* from, Size fromStride, T* to, Size toStride) {
  if (fromStride == 1 && toStride == 1) {
    std::memcpy(to, from, sizeof(T) * static_cast<std::size_t>(n));
  } else if (toStride == 1) {
    for (Size i = 0; i < n; i++) to[i] = from[i * fromStride];
  } else {
    for (Size i = 0; i < n; i++) to[i * toStride] = from[i * fromStride];
  }
}

// Rows that are contiguous in both views: short ones by vectors, of which the last may overlap the one before it.
constexpr Size kShortBytes = 512;

template <class T>
void copyRows(Size rows, Size cols, const T* from, Size fromRow, T* to, Size toRow) {
  const hn::ScalableTag<T> d;
  const Size lanes = LanesOf(d);
  const bool isShort = cols >= lanes && cols * static_cast<Size>(sizeof(T)) <= kShortBytes;
  for (Size r = 0; r < rows; r++, from += fromRow, to += toRow) {
    if (!isShort) {
      copyStrided(cols, from, 1, to, 1);
      continue;
    }
    for (Size c = 0; c + lanes <= cols; c += lanes) hn::StoreU(hn::LoadU(d, from + c), d, to + c);
    hn::StoreU(hn::LoadU(d, from + cols - lanes), d, to + cols - lanes);
  }
}

// The two innermost axes.
template <class T>
void copyPlane(const Copy& copy, int axis, const T* from, T* to) {
  const Size rows = copy.count[axis], cols = copy.count[axis + 1];
  const Size fromRow = copy.from[axis], fromCol = copy.from[axis + 1];
  const Size toRow = copy.to[axis], toCol = copy.to[axis + 1];
  if (fromCol == 1 && toRow == 1) return Transpose(rows, cols, from, fromRow, to, toCol);
  if (fromRow == 1 && toCol == 1) return Transpose(cols, rows, from, fromCol, to, toRow);
  if (fromCol == 1 && toCol == 1) return copyRows(rows, cols, from, fromRow, to, toRow);
  // Where the axes' strides are in opposite orders, in narrow strips, so that both views stay in the cache.
  const bool crosswise = (fromRow < fromCol) != (toRow < toCol) && rows >= 16;
  const Size width = crosswise ? 16 : cols;
  for (Size c = 0; c < cols; c += width) {
    for (Size r = 0; r < rows; r++) {
      copyStrided(HWY_MIN(width, cols - c), from + r * fromRow + c * fromCol, fromCol, to + r * toRow + c * toCol,
                  toCol);
    }
  }
}

template <class T>
void copyAxes(const Copy& copy, int axis, const T* from, T* to) {
  if (axis == copy.rank) {
    *to = *from;
  } else if (axis == copy.rank - 1) {
    copyStrided(copy.count[axis], from, copy.from[axis], to, copy.to[axis]);
  } else if (axis == copy.rank - 2) {
    copyPlane(copy, axis, from, to);
  } else {
    for (Size i = 0; i < copy.count[axis]; i++) {
      copyAxes(copy, axis + 1, from + i * copy.from[axis], to + i * copy.to[axis]);
    }
  }
}

// Gives visit(count, stride, contiguous stride) for each axis; false where there is nothing to visit.
template <class Visit>
bool eachAxis(const Axes& dims, Visit visit) {
  Size contiguous = 1;
  for (int i = 0; i < dims.rank; i++) contiguous *= dims.count[i];
  if (contiguous == 0) return false;
  for (int i = 0; i < dims.rank; i++) {
    contiguous /= dims.count[i];
    visit(dims.count[i], dims.stride[0][i], contiguous);
  }
  return true;
}

template <class T>
void stridedRead(Size at, const Axes& dims, const T* a, T* out) {
  Copy copy;
  const bool any = eachAxis(dims, [&](Size n, Size stride, Size contiguous) { copy.add(n, stride, contiguous); });
  if (any) copyAxes(copy, 0, a + at, out);
}

template <class T>
void stridedWrite(Size at, const Axes& dims, const T* a, T* out) {
  Copy copy;
  const bool any = eachAxis(dims, [&](Size n, Size stride, Size contiguous) { copy.add(n, contiguous, stride); });
  if (any) copyAxes(copy, 0, a, out + at);
}

BLASGRAD_MAKE_TABLE(Movements, BLASGRAD_MOVEMENTS)

Numbers<Movements> AllMovements() {
  return {MakeMovements<float>(), MakeMovements<double>(), MakeMovements<std::int32_t>(),
          MakeMovements<std::uint8_t>()};
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllMovements);
const Numbers<Movements>& movements() {
  static const Numbers<Movements> table = HWY_DYNAMIC_DISPATCH(AllMovements)();
  return table;
}
}  // namespace blasgrad
#endif
