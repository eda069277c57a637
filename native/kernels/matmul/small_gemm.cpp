// Small matrix products, and which they are: docs/decisions/0007-small-products.md has the measurements.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/small_gemm.cpp"
#include <hwy/foreach_target.h>

#include "gemm.h"
#include "kernels/base/simd-inl.h"
#if HWY_TARGET != HWY_SCALAR
#include "inner_product_gemm-inl.h"
#include "rank1_gemm-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// The columns of an output with few, as of a network's last layer x·Wᵀ. From two rows on, each of its rows has the same
// bits however many are beside it: BLAS never computes it, and the number of rows decides nothing. Up to so many
// columns inner products are the faster ones on AVX-512 with any number of rows.
template <class T>
constexpr int kFewColumns = sizeof(T) == 4 ? 7 : 4;
template <class T>
HWY_INLINE bool HasFewColumns(const Gemm<T>& block) {
  return !block.transposeA && block.transposeB && block.n <= kFewColumns<T>;
}

#if HWY_TARGET == HWY_SCALAR
template <class T>
bool RunSmallGemm(const Gemm<T>& block, bool add) {
  if (!HasFewColumns(block)) return false;
  for (Size i = 0; i < block.m; i++) {
    const T* const a = block.a + i * block.lda;
    T* const out = block.out + i * block.ldc;
    T sums[kFewColumns<T>] = {};
    for (Size p = 0; p < block.k; p++) {
      for (Size j = 0; j < block.n; j++) sums[j] += a[p] * block.b[j * block.ldb + p];
    }
    for (Size j = 0; j < block.n; j++) out[j] = add ? out[j] + sums[j] : sums[j];
  }
  return true;
}
#else
constexpr bool kAvx512 = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3;

// The most multiplications of a small product. Beyond them BLAS, which arranges both operands for the caches first, is
// about as fast; what it has for instruction sets other than these two is not known to be slower but on tiny ones.
template <class T>
constexpr double kMostMultiplications = kAvx512                  ? 1 << 26
                                        : HWY_TARGET != HWY_AVX2 ? 1 << 15
                                        : sizeof(T) == 4         ? 1 << 26
                                                                 : 1 << 21;
// Up to so many multiplications BLAS arranges nothing on AVX-512, and is faster unless the right operand is transposed.
constexpr double kBlasInPlace = kAvx512 ? 1e6 : 0;
// Fewer rows than these do not hide reading a right operand of more bytes, which BLAS does better on AVX2.
constexpr int kFewRows = kAvx512 ? 0 : 16;
constexpr double kRightBytes = 1 << 21;
// What the sum over lanes at a dot product's end costs, in multiply-adds of a vector; and what an outer product loses
// for each term to the right operand's coming in by columns, in multiply-adds of a lane: for each output, and shared by
// the rows that use it.
constexpr double kSumOfLanes = kAvx512 ? 3 : 5;
struct ByColumns {
  double each, shared;
  Size smallerBytes;  // how much dots may read again and again
};
constexpr ByColumns kByColumns{kAvx512 ? 0.05 : 0, 6, kLeftBlockBytes};
// Where all rows begin as lines do, so that no vector takes two lines, dots are worth more; and what they read again
// and again may be what a second-level cache of a megabyte, the least with AVX-512, has room for.
constexpr ByColumns kByColumnsOfLines = kAvx512 ? ByColumns{0.1, 9, 3 << 18} : kByColumns;
// In an output of more columns than these, the least multiplications a column that pay for its panels.
constexpr int kWide = 48;
template <class T>
constexpr double LeastForPanel(bool transposeB) {
  return sizeof(T) == 4 ? 16 : transposeB ? 128 : 20;
}

// The rows that the choice for few columns reckons with: of 2 to 500 rows, the number that loses least on AVX2.
constexpr int kTypicalRows = 16;

// An output costs a dot product the sum over lanes, k or not; an outer product its share of the panel, which is k over
// the rows that use it, and of the columns that pad it: in units of a multiply-add of one lane.
template <class T>
bool PrefersInnerProducts(const Gemm<T>& block) {
  const int lanes = static_cast<int>(LanesOf(hn::ScalableTag<T>()));
  if (block.transposeA || !block.transposeB || block.k < lanes) return false;
  const bool few = HasFewColumns(block);
  if (few && block.n <= kTransposedSumsCols<T>) return true;
  const bool lines = block.lda % lanes == 0 && block.ldb % lanes == 0;
  const ByColumns& costs = lines ? kByColumnsOfLines : kByColumns;
  const Size smaller = HWY_MIN(block.m, block.n);
  if (static_cast<Size>(sizeof(T)) * smaller * HWY_MIN(block.k, kInnerKc<T>) > costs.smallerBytes) return false;
  const double padding = lanes - 1 - (block.n - 1) % lanes;
  const int rows = few ? kTypicalRows : block.m;
  return block.k * (costs.shared / rows + padding / block.n + costs.each) > kSumOfLanes * lanes;
}

template <class T>
bool RunSmallGemm(const Gemm<T>& block, bool add) {
  const auto [transposeA, transposeB, m, n, k, a, lda, b, ldb, out, ldc] = block;
  const double work = static_cast<double>(m) * n * k;
  const bool few = HasFewColumns(block);
  if (!few && (work > kMostMultiplications<T> || (work <= kBlasInPlace && !transposeB))) return false;
  if (PrefersInnerProducts(block)) {
    InnerProductGemm(block, add);
    return true;
  }
  if (n > kWide && static_cast<double>(m) * k < LeastForPanel<T>(transposeB)) return false;
  if (!few && m < kFewRows && sizeof(T) * static_cast<double>(n) * k > kRightBytes) return false;
  const Strided<T> left{a, transposeA ? 1 : lda, transposeA ? lda : 1};
  const Strided<T> right{b, transposeB ? 1 : ldb, transposeB ? ldb : 1};
  Rank1Gemm(m, n, k, left, right, out, ldc, add);
  return true;
}
#endif

Floats<SmallGemms> AllSmallGemms() { return {{&RunSmallGemm<float>}, {&RunSmallGemm<double>}}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllSmallGemms);
const Floats<SmallGemms>& smallGemms() {
  static const Floats<SmallGemms> table = HWY_DYNAMIC_DISPATCH(AllSmallGemms)();
  return table;
}
}  // namespace blasgrad
#endif
