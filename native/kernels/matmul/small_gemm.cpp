// Small GEMMs: chooses inner products, rank-1 updates or OpenBLAS by shape, strides and instruction set. The thresholds
// are measured, see docs/decisions/0007-small-products.md.
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
HWY_INLINE bool HasFewColumns(const Gemm<T>& gemm) {
  return !gemm.transposeA && gemm.transposeB && gemm.n <= kFewColumns<T>;
}

#if HWY_TARGET == HWY_SCALAR
template <class T>
bool RunSmallGemm(const Gemm<T>& gemm, bool add) {
  if (!HasFewColumns(gemm)) return false;
  for (Size i = 0; i < gemm.m; i++) {
    const T* const a = gemm.a + i * gemm.lda;
    T* const out = gemm.out + i * gemm.ldc;
    T sums[kFewColumns<T>] = {};
    for (Size p = 0; p < gemm.k; p++) {
      for (Size j = 0; j < gemm.n; j++) sums[j] += a[p] * gemm.b[j * gemm.ldb + p];
    }
    for (Size j = 0; j < gemm.n; j++) out[j] = add ? out[j] + sums[j] : sums[j];
  }
  return true;
}
#else
constexpr bool kAvx512 = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3;

// Beyond so many multiply-adds OpenBLAS, which packs both operands, is as fast. Instruction sets other than AVX2 and
// AVX-512 were not measured but on tiny products.
template <class T>
constexpr double kMostMultiplyAdds = kAvx512                  ? 1 << 26
                                     : HWY_TARGET != HWY_AVX2 ? 1 << 15
                                     : sizeof(T) == 4         ? 1 << 26
                                                              : 1 << 21;
// Up to so many multiply-adds OpenBLAS has AVX-512 kernels that pack nothing: they are faster than ours unless the
// right operand is transposed.
constexpr double kBlasUnpacked = kAvx512 ? 1e6 : 0;
// Fewer rows than these, with a right operand beyond 2 MiB, do not hide its memory latency: OpenBLAS is faster on AVX2.
constexpr int kFewRows = kAvx512 ? 0 : 16;
constexpr double kLargeRightBytes = 1 << 21;
// Outputs wider than kWide columns need so many multiply-adds a column to pay for packing a panel.
constexpr int kWide = 48;
template <class T>
constexpr double LeastPerColumn(bool transposeB) {
  return sizeof(T) == 4 ? 16 : transposeB ? 128 : 20;
}

// The cost model of x·Wᵀ. An inner product pays a horizontal sum for each output, in multiply-adds of a vector.
constexpr double kHorizontalSum = kAvx512 ? 3 : 5;
// A rank-1 update pays, for each term of k, to pack the transposed right operand: once for each output, and once for
// each column, shared by the rows. In multiply-adds of a lane.
struct TransposedPacking {
  double perOutput, perColumn;
  Size smallerBytes;  // inner products are chosen up to this size of the smaller operand, which they read repeatedly
};
constexpr TransposedPacking kUnaligned{kAvx512 ? 0.05 : 0, 6, kLeftBlockBytes};
// Where row strides are multiples of a vector no load of an inner product crosses a cache line; and an L2 of 1 MiB, the
// least of a CPU with AVX-512, holds 768 KiB of the smaller operand.
constexpr TransposedPacking kAligned = kAvx512 ? TransposedPacking{0.1, 9, 3 << 18} : kUnaligned;

// The number of rows that the model assumes for few columns: of 2 to 500 rows the one that loses least on AVX2.
constexpr int kTypicalRows = 16;

// Compares the two costs for each output. Depends on shape and strides alone, never on addresses: the two kernels
// differ in the order of their sums, and the same call must give the same bits.
template <class T>
bool PrefersInnerProducts(const Gemm<T>& gemm) {
  const int lanes = static_cast<int>(LanesOf(hn::ScalableTag<T>()));
  if (gemm.transposeA || !gemm.transposeB || gemm.k < lanes) return false;
  const bool few = HasFewColumns(gemm);
  if (few && gemm.n <= kTransposedSumsCols<T>) return true;
  const TransposedPacking& costs = gemm.lda % lanes == 0 && gemm.ldb % lanes == 0 ? kAligned : kUnaligned;
  const Size smaller = HWY_MIN(gemm.m, gemm.n);
  if (static_cast<Size>(sizeof(T)) * smaller * HWY_MIN(gemm.k, kInnerKc<T>) > costs.smallerBytes) return false;
  const double padding = lanes - 1 - (gemm.n - 1) % lanes;
  const int rows = few ? kTypicalRows : gemm.m;
  return gemm.k * (costs.perColumn / rows + padding / gemm.n + costs.perOutput) > kHorizontalSum * lanes;
}

template <class T>
bool RunSmallGemm(const Gemm<T>& gemm, bool add) {
  const auto [transposeA, transposeB, m, n, k, a, lda, b, ldb, out, ldc] = gemm;
  const double multiplyAdds = static_cast<double>(m) * n * k;
  const bool few = HasFewColumns(gemm);
  if (!few && (multiplyAdds > kMostMultiplyAdds<T> || (multiplyAdds <= kBlasUnpacked && !transposeB))) return false;
  if (PrefersInnerProducts(gemm)) {
    InnerProductGemm(gemm, add);
    return true;
  }
  if (n > kWide && static_cast<double>(m) * k < LeastPerColumn<T>(transposeB)) return false;
  if (!few && m < kFewRows && sizeof(T) * static_cast<double>(n) * k > kLargeRightBytes) return false;
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
