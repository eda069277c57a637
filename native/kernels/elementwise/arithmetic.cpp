// Elementwise arithmetic, comparison and selection for all element types. Plain loops, which the compiler vectorises
// for each instruction set; integers wrap.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/arithmetic.cpp"
#include <hwy/foreach_target.h>

#include "kernels/base/convert.h"
#include "kernels/catalogue/families.h"
#include "power-inl.h"
#include "tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {
namespace tiles {

// The type of T's arithmetic: unsigned for integers, so that it wraps.
template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, T, std::uint32_t>;

#define TILE(name, params, expression)                             \
  template <class T>                                               \
  struct name {                                                    \
    HWY_INLINE T operator() params const { return T(expression); } \
  };
#define COMPARISON(name, expression)                                  \
  template <class T>                                                  \
  struct name {                                                       \
    HWY_INLINE bool operator()(T a, T b) const { return expression; } \
  };

TILE(copy, (T a), a)
TILE(neg, (T a), std::is_floating_point_v<T> ? Wide<T>(-a) : Wide<T>(0) - Wide<T>(a))
TILE(abs, (T a), std::is_floating_point_v<T> ? Wide<T>(std::fabs(a)) : a < T(0) ? Wide<T>(0) - Wide<T>(a) : Wide<T>(a))
TILE(sign, (T a), a > T(0) ? T(1) : a < T(0) ? T(-1) : T(0))
TILE(relu, (T a), a > T(0) || a != a ? a : T(0))
TILE(add, (T a, T b), Wide<T>(a) + Wide<T>(b))
TILE(sub, (T a, T b), Wide<T>(a) - Wide<T>(b))
TILE(mul, (T a, T b), Wide<T>(a) * Wide<T>(b))
TILE(maximum, (T a, T b), a > b || a != a ? a : b)
TILE(minimum, (T a, T b), a < b || a != a ? a : b)
TILE(where, (std::uint8_t mask, T a, T b), mask != 0 ? a : b)
COMPARISON(greater, a > b)
COMPARISON(greaterEqual, a >= b)
COMPARISON(less, a < b)
COMPARISON(lessEqual, a <= b)
COMPARISON(equal, a == b)
COMPARISON(notEqual, a != b)

#undef TILE
#undef COMPARISON

template <class T>
struct clamp {
  explicit clamp(const double* scalars) : low(toElement<T>(scalars[0])), high(toElement<T>(scalars[1])) {}
  HWY_INLINE T operator()(T a) const {
    const T raised = a < low ? low : a;
    return raised > high ? high : raised;
  }
  T low;
  T high;
};

// C's remainder, with the sign of a; 0 for an integer modulo 0.
template <class T>
struct fmod {
  HWY_INLINE T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fmod(a, b);
    } else {
      // The quotient of the lowest integer by −1 would overflow.
      return b == T(0) || (std::is_signed_v<T> && b == T(-1)) ? T(0) : T(a % b);
    }
  }
};

// Python's remainder, with the sign of b.
template <class T>
struct remainder {
  HWY_INLINE T operator()(T a, T b) const {
    const T rest = fmod<T>()(a, b);
    return rest != T(0) && (rest < T(0)) != (b < T(0)) ? T(rest + b) : rest;
  }
};

// Python's quotient, ⌊a / b⌋, from its remainder: a quotient that is rounded first may be one too large. 0 for an
// integer divided by 0; the lowest integer by −1 wraps.
template <class T>
struct floorDivide {
  HWY_INLINE T operator()(T a, T b) const {
    const T rest = fmod<T>()(a, b);
    const bool below = rest != T(0) && (rest < T(0)) != (b < T(0));
    if constexpr (std::is_floating_point_v<T>) {
      if (b == T(0)) return a / b;
      const T quotient = (a - rest) / b - T(below);
      const T down = std::floor(quotient);
      return quotient == T(0) ? std::copysign(T(0), a / b) : quotient - down > T(0.5) ? down + T(1) : down;
    } else {
      if (b == T(0)) return T(0);
      if (std::is_signed_v<T> && b == T(-1)) return T(Wide<T>(0) - Wide<T>(a));
      return T(a / b - T(below));
    }
  }
};

template <class T>
void PowTile(Size n, const void* const* inputs, const double* scalars, void* out) {
  const double exponent = static_cast<double>(toElement<T>(scalars[0]));
  Power<std::conditional_t<std::is_floating_point_v<T>, T, double>>(n, Operand<T>(inputs, 0), exponent,
                                                                    static_cast<T*>(out));
}

template <class F, class T>
constexpr Tile kTile = &LoopTile<F, T>;
template <class T>
struct pow {};
template <class T>
constexpr Tile kTile<pow<T>, T> = &PowTile<T>;

}  // namespace tiles

template <class T>
NumberTiles<T> MakeNumberTiles() {
#define BLASGRAD_TILE(name, inputs, scalars, output) tiles::kTile<tiles::name<T>, T>,
  return {BLASGRAD_NUMBER_TILES(BLASGRAD_TILE)};
#undef BLASGRAD_TILE
}

Numbers<NumberTiles> AllNumberTiles() {
  return {MakeNumberTiles<float>(), MakeNumberTiles<double>(), MakeNumberTiles<std::int32_t>(),
          MakeNumberTiles<std::uint8_t>()};
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllNumberTiles);
const Numbers<NumberTiles>& numberTiles() {
  static const Numbers<NumberTiles> table = HWY_DYNAMIC_DISPATCH(AllNumberTiles)();
  return table;
}
}  // namespace blasgrad
#endif
