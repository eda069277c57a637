// Matrix products over a batch grid, the small ones by kernels of ours, the others by OpenBLAS; a batch that is one
// larger product becomes one call.
#include "batched_gemm.h"

#include <cblas.h>

#include <climits>
#include <cstring>
#include <mutex>

#include "gemm.h"
#include "epilogue.h"
#include "kernels/catalogue/families.h"
#include "gemm_time.h"

namespace blasgrad {
namespace {

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda, const float* b, int ldb,
          float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda, const double* b,
          int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}
// y += op(a)·x, a stored [rows, cols].
void gemv(CBLAS_TRANSPOSE ta, int rows, int cols, const float* a, int lda, const float* x, int stepX, float* y,
          int stepY) {
  cblas_sgemv(CblasRowMajor, ta, rows, cols, 1, a, lda, x, stepX, 1, y, stepY);
}
void gemv(CBLAS_TRANSPOSE ta, int rows, int cols, const double* a, int lda, const double* x, int stepX, double* y,
          int stepY) {
  cblas_dgemv(CblasRowMajor, ta, rows, cols, 1, a, lda, x, stepX, 1, y, stepY);
}

// A BLAS built without locks gives wrong results under concurrent calls: threads then take turns.
std::mutex serialBlas;

std::unique_lock<std::mutex> turnAtBlas() {
  static const bool locks = openblas_get_parallel() == 0;
  return locks ? std::unique_lock<std::mutex>(serialBlas) : std::unique_lock<std::mutex>();
}

const Epilogues<float>& epiloguesOf(float) { return epilogues().float32; }
const Epilogues<double>& epiloguesOf(double) { return epilogues().float64; }

bool runSmallGemm(const Gemm<float>& block, bool add) { return smallGemms().float32.run(block, add); }
bool runSmallGemm(const Gemm<double>& block, bool add) { return smallGemms().float64.run(block, add); }

}  // namespace

template <class T>
void runGemm(const Gemm<T>& block, bool add) {
  const auto [transposeA, transposeB, m, n, k, a, lda, b, ldb, out, ldc] = block;
  GemmTimer timer;
  if (m > 1 && n > 1 && runSmallGemm(block, add)) return timer.wasOwn();
  const auto turn = turnAtBlas();
  if (m == 1 || n == 1) {
    // A matrix-vector product always adds: beta = 0 would leave it to the BLAS what becomes of a NaN in `out`.
    if (!add && (m == 1 || ldc == 1)) {
      std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
    } else if (!add) {
      for (int i = 0; i < m; i++) out[static_cast<Size>(i) * ldc] = T(0);
    }
    if (n == 1) {
      return gemv(transposeA ? CblasTrans : CblasNoTrans, transposeA ? k : m, transposeA ? m : k, a, lda, b,
                  transposeB ? 1 : ldb, out, ldc);
    }
    return gemv(transposeB ? CblasNoTrans : CblasTrans, transposeB ? n : k, transposeB ? k : n, b, ldb, a,
                transposeA ? lda : 1, out, 1);
  }
  gemm(transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, m, n, k, a, lda, b, ldb,
       add ? T(1) : T(0), out, ldc);
}
template void runGemm(const Gemm<float>& block, bool add);
template void runGemm(const Gemm<double>& block, bool add);

namespace {

// Where an operand's block for a point of the grid lies.
Size blockAt(Layout layout, Size cols, Size r, Size c) {
  switch (layout) {
    case Layout::full:
      return r * cols + c;
    case Layout::row:
      return c;
    case Layout::column:
      return r;
    default:
      return 0;
  }
}

Size blocksOf(Layout layout, Size rows, Size cols) {
  return rows == 0 || cols == 0 ? (layout == Layout::full     ? 0
                                   : layout == Layout::row    ? cols
                                   : layout == Layout::column ? rows
                                                              : 1)
                                : blockAt(layout, cols, rows - 1, cols - 1) + 1;
}

// What follows on a part of a product of one block.
template <class T>
void runEpilogue(const BatchedGemm& p, const GemmPart& part) {
  const T* const bias = static_cast<const T*>(p.bias);
  const T* const reluMask = static_cast<const T*>(p.reluMask);
  const Size at = part.fromM * p.n + part.fromN;
  const Epilogue<T> epilogue{bias == nullptr ? nullptr : bias + part.fromN, p.relu,
                             reluMask == nullptr ? nullptr : reluMask + at};
  if (epilogue.isNone()) return;
  epiloguesOf(T()).run(epilogue, part.toM - part.fromM, part.toN - part.fromN, static_cast<T*>(p.out) + at, p.n);
}

template <class T>
void runPart(const BatchedGemm& p, const GemmPart& part) {
  const T* const a = static_cast<const T*>(p.a);
  const T* const b = static_cast<const T*>(p.b);
  T* const out = static_cast<T*>(p.out);
  const Size m = part.toM - part.fromM, n = part.toN - part.fromN;
  if (m <= 0 || n <= 0) return;
  if (p.k == 0 || p.rows == 0 || p.cols == 0) {
    for (Size block = 0; block < blocksOf(p.outLayout, p.rows, p.cols); block++) {
      for (Size i = part.fromM; i < part.toM; i++) {
        std::memset(out + (block * p.m + i) * p.n + part.fromN, 0, sizeof(T) * static_cast<std::size_t>(n));
      }
    }
    return runEpilogue<T>(p, part);
  }
  const int k = static_cast<int>(p.k);
  const int lda = p.transposeA ? static_cast<int>(p.m) : k;
  const int ldb = p.transposeB ? k : static_cast<int>(p.n);
  const Size startA = part.fromM * (p.transposeA ? 1 : lda);
  const Size startB = part.fromN * (p.transposeB ? ldb : 1);
  for (Size r = part.fromRow; r < part.toRow; r++) {
    for (Size c = part.fromCol; c < part.toCol; c++) {
      const bool add = (p.outLayout == Layout::scalar && r + c > 0) || (p.outLayout == Layout::row && r > 0) ||
                       (p.outLayout == Layout::column && c > 0);
      runGemm<T>(
          {p.transposeA, p.transposeB, static_cast<int>(m), static_cast<int>(n), k,
           a + blockAt(p.aLayout, p.cols, r, c) * p.m * p.k + startA, lda,
           b + blockAt(p.bLayout, p.cols, r, c) * p.k * p.n + startB, ldb,
           out + (blockAt(p.outLayout, p.cols, r, c) * p.m + part.fromM) * p.n + part.fromN, static_cast<int>(p.n)},
          add);
    }
  }
  runEpilogue<T>(p, part);
}

// Where the batch is one larger product, makes it one.
void join(BatchedGemm& p) {
  const Size batch = p.rows * p.cols;
  if (p.aLayout != Layout::full || batch <= 1 || p.m == 0 || p.k == 0) return;
  if (!p.transposeA && p.bLayout == Layout::scalar && p.outLayout == Layout::full && batch <= INT_MAX / p.m) {
    p.m *= batch;
  } else if (p.transposeA && !p.transposeB && p.bLayout == Layout::full && p.outLayout == Layout::scalar &&
             batch <= INT_MAX / p.k) {
    p.k *= batch;
  } else {
    return;
  }
  p.rows = p.cols = 1;
}

template <class T>
void matmul(bool transposeA, bool transposeB, Size m, Size n, Size k, Size rows, Size cols, Layout aLayout,
            Layout bLayout, Layout outLayout, const T* a, const T* b, T* out) {
  BatchedGemm product{sizeof(T) == 4 ? Element::float32 : Element::float64,
                      transposeA,
                      transposeB,
                      m,
                      n,
                      k,
                      rows,
                      cols,
                      aLayout,
                      bLayout,
                      outLayout,
                      a,
                      b,
                      out};
  join(product);
  runPart<T>(product, whole(product));
}

// What a call of matmulThen asks for, with its arguments in order.
BatchedGemm oneBlock(Element element, bool transposeA, bool transposeB, Size m, Size n, Size k, bool relu,
                     const void* a, const void* b, const void* bias, const void* reluMask, void* out) {
  constexpr Layout full = Layout::full;
  return {element, transposeA, transposeB, m, n, k, 1, 1, full, full, full, a, b, out, bias, relu, reluMask};
}

template <class T>
void matmulThen(bool transposeA, bool transposeB, Size m, Size n, Size k, bool relu, const T* a, const T* b,
                const T* bias, const T* reluMask, T* out) {
  constexpr Element element = sizeof(T) == 4 ? Element::float32 : Element::float64;
  const BatchedGemm product = oneBlock(element, transposeA, transposeB, m, n, k, relu, a, b, bias, reluMask, out);
  runPart<T>(product, whole(product));
}

BLASGRAD_MAKE_TABLE(Products, BLASGRAD_PRODUCTS)

}  // namespace

bool isBatchedGemm(const Kernel& kernel) { return kernel.family == Kernel::FamilyName::Products; }

BatchedGemm readBatchedGemm(const Kernel& kernel, Element element, const Call& call) {
  const Slot* slot = call.slots;
  // matmulThen has a flag where matmul has the batch's rows.
  if (kernel.signature.arguments[5].role == Role::flag) {
    return oneBlock(element, slot[0].size != 0, slot[1].size != 0, slot[2].size, slot[3].size, slot[4].size,
                    slot[5].size != 0, slot[6].pointer, slot[7].pointer, slot[8].pointer, slot[9].pointer,
                    const_cast<void*>(slot[10].pointer));
  }
  const auto layout = [&](int i) { return static_cast<Layout>(slot[i].size); };
  BatchedGemm product{element,           slot[0].size != 0,
                      slot[1].size != 0, slot[2].size,
                      slot[3].size,      slot[4].size,
                      slot[5].size,      slot[6].size,
                      layout(7),         layout(8),
                      layout(9),         slot[10].pointer,
                      slot[11].pointer,  const_cast<void*>(slot[12].pointer)};
  join(product);
  return product;
}

void runBatchedGemm(const BatchedGemm& product, const GemmPart& part) {
  if (product.element == Element::float32) {
    runPart<float>(product, part);
  } else {
    runPart<double>(product, part);
  }
}

const Floats<Products>& products() {
  static const Floats<Products> table = {MakeProducts<float>(), MakeProducts<double>()};
  return table;
}

}  // namespace blasgrad
