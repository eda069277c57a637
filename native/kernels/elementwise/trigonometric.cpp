// Elementwise tangents, inverse trigonometric and hyperbolic functions, in Highway vectors.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/trigonometric.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {
namespace tiles {

// The powers of z = r² in (tan(r)/r − 1)/z, |r| ≤ π/4 (Chebyshev's interpolation: 6e-18).
constexpr double kTanPowers[] = {0.3333333333333333,    0.13333333333332995,     0.05396825396866166,
                                 0.02186948851679944,   0.008863236009826123,    0.0035921208933150546,
                                 0.0014559035141199599, 0.0005895709473878464,   0.00024124581146815736,
                                 8.992810538417746e-05, 5.5705132251992434e-05,  -1.1178698604230587e-05,
                                 3.666783983827127e-05, -1.8397236604839596e-05, 8.503058194385711e-06};
// The same for float32: 6e-10.
constexpr double kTanPowers32[] = {0.33333333286513495,    0.13333343020039173,  0.053964992333765054,
                                   0.021910933530958368,   0.008607932619136192, 0.004428756070055575,
                                   -4.420234487286275e-06, 0.0017914671978894923};
// π/2 in three parts: products of the first two with integers up to 2²⁰ are exact.
constexpr double kHalfPi[] = {1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21};

struct TanLane {
  template <class T>
  T operator()(T x) const {
    return std::tan(x);
  }
};

// In float64; kTerms of the powers are enough for the element type. x = q·π/2 + r, |r| ≤ π/4.
template <int kTerms, class D, class V>
HWY_INLINE V TanOf(D d, V x, const double* powers) {
  // 1.5·2⁵²: a sum with it is rounded to an integer, which is then in the low bits.
  const V rounder = Value(d, 6755399441055744.0);
  const V shifted = hn::MulAdd(x, Value(d, 0.63661977236758134308), rounder);
  const V q = hn::Sub(shifted, rounder);
  V r = hn::NegMulAdd(q, Value(d, kHalfPi[0]), x);
  r = hn::NegMulAdd(q, Value(d, kHalfPi[1]), r);
  r = hn::NegMulAdd(q, Value(d, kHalfPi[2]), r);
  const V z = hn::Mul(r, r);
  V sum = Value(d, powers[kTerms - 1]);
  BLASGRAD_UNROLL
  for (int k = kTerms - 2; k >= 0; k--) sum = hn::MulAdd(sum, z, Value(d, powers[k]));
  const V tan = hn::MulAdd(hn::Mul(r, z), sum, r);
  const hn::RebindToUnsigned<D> words;
  const auto bit = hn::Set(words, std::uint64_t{1});
  const auto odd = hn::RebindMask(d, hn::TestBit(hn::BitCast(words, shifted), bit));
  const V y = hn::IfThenElse(odd, hn::Div(Value(d, -1), tan), tan);
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, UnlessLarge(d, x, y, TanLane()));
}

// In float64 lanes also for float32: near a pole all digits of r count.
template <class T>
void TanTile(Size n, const void* const* inputs, const double*, void* out) {
  const hn::ScalableTag<double> d;
  const Size lanes = LanesOf(d);
  const T* a = Operand<T>(inputs, 0);
  T* o = static_cast<T*>(out);
  if constexpr (sizeof(T) == 4) {
    const hn::Rebind<float, decltype(d)> floats;
    for (Size i = 0; i < n; i += lanes) {
      const auto y = TanOf<8>(d, hn::PromoteTo(d, LoadUpTo(floats, a + i, n - i)), kTanPowers32);
      StoreUpTo(hn::DemoteTo(floats, y), floats, o + i, n - i);
    }
  } else {
    for (Size i = 0; i < n; i += lanes) StoreUpTo(TanOf<15>(d, LoadUpTo(d, a + i, n - i), kTanPowers), d, o + i, n - i);
  }
}

#define TILE(name, body)                         \
  struct name {                                  \
    template <class D, class V>                  \
    HWY_INLINE V operator()(D d, V a) const body \
  };

// NaN outside of [−1, 1].
TILE(asin, {
  const V y = hn::IfThenElse(hn::Le(hn::Abs(a), Value(d, 1)), hn::Asin(d, a), hn::NaN(d));
  return hn::IfThenElse(hn::Eq(a, hn::Zero(d)), a, y);
})
TILE(acos, { return hn::IfThenElse(hn::Le(hn::Abs(a), Value(d, 1)), hn::Acos(d, a), hn::NaN(d)); })
TILE(atan, { return hn::IfThenElse(hn::Eq(a, a), hn::Atan(d, a), a); })

// Halves of e^|a| as two factors: e^|a| may overflow where its half does not.
template <class D, class V>
HWY_INLINE V HalfExp(D d, V size) {
  const V root = hn::Exp(d, hn::Mul(size, Value(d, 0.5)));
  return hn::Mul(hn::Mul(root, Value(d, 0.5)), root);
}

// The largest argument whose hyperbolic sine and cosine are finite, and a little more.
template <class D>
HWY_INLINE hn::Vec<D> MostFinite(D d) {
  return Value(d, sizeof(hn::TFromD<D>) == 4 ? 90 : 711);
}

TILE(cosh, {
  const V half = HalfExp(d, hn::Min(hn::Abs(a), MostFinite(d)));
  return hn::IfThenElse(hn::Eq(a, a), hn::Add(half, hn::Div(Value(d, 0.25), half)), a);
})
TILE(sinh, {
  const V size = hn::Abs(a);
  // (m + m/(m + 1))/2, m = e^|a| − 1.
  const V m = hn::Expm1(d, hn::Min(size, Value(d, 20)));
  const V small = hn::Mul(Value(d, 0.5), hn::Add(m, hn::Div(m, hn::Add(m, Value(d, 1)))));
  const V far = HalfExp(d, hn::Min(size, MostFinite(d)));
  const V y = hn::IfThenElse(hn::Lt(size, Value(d, 20)), small, far);
  return hn::IfThenElse(hn::Eq(a, a), hn::CopySignToAbs(y, a), a);
})

// From here on a² = (a ± 1)², and it may overflow.
template <class D>
HWY_INLINE hn::Vec<D> Square(D d) {
  return Value(d, sizeof(hn::TFromD<D>) == 4 ? 1e8 : 1e17);
}

constexpr double kLn2 = 0.69314718055994530942;

TILE(asinh, {
  const V one = Value(d, 1);
  const V size = hn::Abs(a);
  const auto large = hn::Gt(size, Square(d));
  const V x = hn::IfThenElse(large, one, size);
  const V square = hn::Mul(x, x);
  const V near = hn::Log1p(d, hn::Add(x, hn::Div(square, hn::Add(one, hn::Sqrt(hn::Add(square, one))))));
  const V y = hn::IfThenElse(large, hn::Add(LogOf(d, size), Value(d, kLn2)), near);
  return hn::IfThenElse(hn::Eq(a, a), hn::CopySignToAbs(y, a), a);
})
TILE(acosh, {
  const V one = Value(d, 1);
  const auto large = hn::Gt(a, Square(d));
  const V t = hn::IfThenElse(large, one, hn::Sub(a, one));
  const V near = hn::Log1p(d, hn::Add(t, hn::Sqrt(hn::Mul(t, hn::Add(t, Value(d, 2))))));
  const V y = hn::IfThenElse(large, hn::Add(LogOf(d, a), Value(d, kLn2)), near);
  return hn::IfThenElse(hn::Ge(a, one), y, hn::NaN(d));
})
TILE(atanh, {
  const V one = Value(d, 1);
  const V size = hn::Abs(a);
  const V inside = hn::IfThenElse(hn::Lt(size, one), size, hn::Zero(d));
  const V near = hn::Mul(Value(d, 0.5), hn::Log1p(d, hn::Div(hn::Add(inside, inside), hn::Sub(one, inside))));
  const V outside = hn::IfThenElse(hn::Eq(size, one), Infinity(d), hn::NaN(d));
  return hn::CopySignToAbs(hn::IfThenElse(hn::Lt(size, one), near, outside), a);
})

// The angle of the point (b, a): of the ratio that is at most 1, then by the octant.
struct atan2 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    constexpr double pi = 3.14159265358979323846;
    const V y = hn::Abs(a), x = hn::Abs(b);
    const V least = hn::Min(x, y), most = hn::Max(x, y);
    const V ratio = hn::IfThenElse(hn::Eq(least, most), Value(d, 1), hn::Div(least, most));
    V angle = hn::Atan(d, hn::IfThenZeroElse(hn::Eq(most, hn::Zero(d)), ratio));
    angle = hn::IfThenElse(hn::Gt(y, x), hn::Sub(Value(d, pi / 2), angle), angle);
    const auto left = hn::MaskFromVec(hn::BitCast(d, hn::BroadcastSignBit(hn::BitCast(hn::RebindToSigned<D>(), b))));
    angle = hn::IfThenElse(left, hn::Sub(Value(d, pi), angle), angle);
    const V sum = hn::Add(a, b);
    const auto defined = hn::And(hn::Eq(a, a), hn::Eq(b, b));
    return hn::IfThenElse(defined, hn::CopySignToAbs(angle, a), sum);
  }
};

#undef TILE

template <class F, class T>
constexpr Tile kTile = &VectorTile<F, T>;
struct tan {};
template <class T>
constexpr Tile kTile<tan, T> = &TanTile<T>;

}  // namespace tiles

template <class T>
TrigonometricTiles<T> MakeTrigonometricTiles() {
#define BLASGRAD_TILE(name, inputs, scalars, output) tiles::kTile<tiles::name, T>,
  return {BLASGRAD_TRIGONOMETRIC_TILES(BLASGRAD_TILE)};
#undef BLASGRAD_TILE
}

Floats<TrigonometricTiles> AllTrigonometricTiles() {
  return {MakeTrigonometricTiles<float>(), MakeTrigonometricTiles<double>()};
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllTrigonometricTiles);
const Floats<TrigonometricTiles>& trigonometricTiles() {
  static const Floats<TrigonometricTiles> table = HWY_DYNAMIC_DISPATCH(AllTrigonometricTiles)();
  return table;
}
}  // namespace blasgrad
#endif
