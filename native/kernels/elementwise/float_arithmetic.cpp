// Elementwise arithmetic that exists for floats only, and the gradients that need no transcendental function.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/float_arithmetic.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "power-inl.h"
#include "tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {
namespace tiles {

#define TILE(name, params, expression)                             \
  template <class T>                                               \
  struct name {                                                    \
    HWY_INLINE T operator() params const { return T(expression); } \
  };
#define SCALAR_TILE(name, params, expression)                      \
  template <class T>                                               \
  struct name {                                                    \
    explicit name(const double* scalars) : s(T(scalars[0])) {}     \
    HWY_INLINE T operator() params const { return T(expression); } \
    T s;                                                           \
  };

TILE(sqrt, (T a), std::sqrt(a))
TILE(rsqrt, (T a), T(1) / std::sqrt(a))
TILE(div, (T a, T b), a / b)
TILE(xdivy, (T a, T b), a == T(0) && b == b ? T(0) : a / b)
TILE(maximumShare, (T a, T b), a < b ? T(0) : a == b ? T(0.5) : T(1))
TILE(reluBackward, (T g, T y), y > T(0) || y != y ? g : T(0))
TILE(sqrtBackward, (T g, T y), g / (T(2) * y))
// In float64: y² and y³ may leave float32's range where the product does not.
TILE(rsqrtBackward, (T g, T y), -0.5 * g * double(y) * double(y) * double(y))
// Not 1 − y²: the rounding of y² costs the digits of a small difference.
TILE(tanhBackward, (T g, T y), g*((T(1) - y) * (T(1) + y)))
TILE(sigmoidBackward, (T g, T y), g*(y*(T(1) - y)))
TILE(floor, (T a), std::floor(a))
TILE(ceil, (T a), std::ceil(a))
// The rounding mode is to nearest, ties to even.
TILE(round, (T a), std::nearbyint(a))
TILE(trunc, (T a), std::trunc(a))
// A NaN has no sign: that of its bits depends on the operation that made it.
TILE(copysign, (T a, T b), b == b ? std::copysign(a, b) : std::fabs(a))
TILE(hardswish, (T a), a <= T(-3) ? T(0) : a >= T(3) ? a : a * ((a + T(3)) / T(6)))
TILE(hardswishBackward, (T g, T a), a <= T(-3) ? T(0) : a >= T(3) ? g : g * ((a + T(1.5)) / T(3)))
TILE(hardsigmoid, (T a), a <= T(-3) ? T(0) : a >= T(3) ? T(1) : (a + T(3)) / T(6))
SCALAR_TILE(leakyRelu, (T a), a > T(0) ? a : s * a)
SCALAR_TILE(leakyReluBackward, (T g, T a), a > T(0) ? g : s * g)

#undef TILE
#undef SCALAR_TILE

template <class T>
struct clampBackward {
  explicit clampBackward(const double* scalars) : low(T(scalars[0])), high(T(scalars[1])) {}
  HWY_INLINE T operator()(T g, T a) const { return a >= low && a <= high ? g : T(0); }
  T low;
  T high;
};

template <class T>
struct hardtanhBackward {
  explicit hardtanhBackward(const double* scalars) : low(T(scalars[0])), high(T(scalars[1])) {}
  HWY_INLINE T operator()(T g, T a) const { return a <= low || a >= high ? T(0) : g; }
  T low;
  T high;
};

// √(a² + b²), without overflow: in float64 for float32, else with the larger one as the unit.
template <class T>
struct hypot {
  HWY_INLINE T operator()(T a, T b) const {
    if constexpr (sizeof(T) == 4) {
      const double root = std::sqrt(double(a) * double(a) + double(b) * double(b));
      return std::isinf(a) || std::isinf(b) ? std::numeric_limits<T>::infinity() : T(root);
    } else {
      const T x = std::fabs(a), y = std::fabs(b);
      const T most = x < y ? y : x, least = x < y ? x : y;
      const T ratio = least / most;
      const T root = most * std::sqrt(T(1) + ratio * ratio);
      const bool infinite = most == std::numeric_limits<T>::infinity() || least == std::numeric_limits<T>::infinity();
      return infinite ? std::numeric_limits<T>::infinity() : x == T(0) && y == T(0) ? T(0) : root;
    }
  }
};

// In float64, since a power may leave float32's range where the product does not. The powers go through a stack tile,
// so that `out` may be g or a.
template <class T>
void PowBackwardTile(Size n, const void* const* inputs, const double* scalars, void* out) {
  constexpr Size kChunk = 256;
  const T* g = Operand<T>(inputs, 0);
  const T* a = Operand<T>(inputs, 1);
  T* o = static_cast<T*>(out);
  const double exponent = static_cast<double>(T(scalars[0]));
  if (exponent == 0) {
    for (Size i = 0; i < n; i++) o[i] = T(0);
    return;
  }
  double powers[kChunk];
  for (Size at = 0; at < n; at += kChunk) {
    const Size count = HWY_MIN(kChunk, n - at);
    Power<double>(count, a + at, exponent - 1, powers);
    BLASGRAD_INDEPENDENT
    for (Size i = 0; i < count; i++) o[at + i] = T(g[at + i] * exponent * powers[i]);
  }
}

template <class F, class T>
constexpr Tile kTile = &LoopTile<F, T>;
template <class T>
struct powBackward {};
template <class T>
constexpr Tile kTile<powBackward<T>, T> = &PowBackwardTile<T>;

}  // namespace tiles

template <class T>
FloatTiles<T> MakeFloatTiles() {
#define BLASGRAD_TILE(name, inputs, scalars, output) tiles::kTile<tiles::name<T>, T>,
  return {BLASGRAD_FLOAT_TILES(BLASGRAD_TILE)};
#undef BLASGRAD_TILE
}

Floats<FloatTiles> AllFloatTiles() { return {MakeFloatTiles<float>(), MakeFloatTiles<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllFloatTiles);
const Floats<FloatTiles>& floatTiles() {
  static const Floats<FloatTiles> table = HWY_DYNAMIC_DISPATCH(AllFloatTiles)();
  return table;
}
}  // namespace blasgrad
#endif
