// Matrix products by OpenBLAS over a batch grid; a batch that is one larger product becomes one call.
#include <cblas.h>

#include <climits>
#include <cstring>
#include <mutex>

#include "families.h"

namespace blasgrad {
namespace {

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda, const float* b, int ldb,
          float beta, float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, n);
}
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda, const double* b,
          int ldb, double beta, double* c) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, n);
}
// y += op(a)·x, a stored [rows, cols].
void gemv(CBLAS_TRANSPOSE ta, int rows, int cols, const float* a, const float* x, float* y) {
  cblas_sgemv(CblasRowMajor, ta, rows, cols, 1, a, cols, x, 1, 1, y, 1);
}
void gemv(CBLAS_TRANSPOSE ta, int rows, int cols, const double* a, const double* x, double* y) {
  cblas_dgemv(CblasRowMajor, ta, rows, cols, 1, a, cols, x, 1, 1, y, 1);
}

// out (+)= op(a)·op(b); all of m, n, k at least 1.
template <class T>
void product(bool transposeA, bool transposeB, int m, int n, int k, const T* a, const T* b, bool add, T* out) {
  if (m == 1 || n == 1) {
    // A matrix-vector product always adds: beta = 0 would leave it to the BLAS what becomes of a NaN in `out`.
    if (!add) std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
    if (n == 1) return gemv(transposeA ? CblasTrans : CblasNoTrans, transposeA ? k : m, transposeA ? m : k, a, b, out);
    return gemv(transposeB ? CblasNoTrans : CblasTrans, transposeB ? n : k, transposeB ? k : n, b, a, out);
  }
  gemm(transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, m, n, k, a, transposeA ? m : k,
       b, transposeB ? k : n, add ? T(1) : T(0), out);
}

// Where an operand's block for a point of the grid lies.
Size block(Layout layout, Size cols, Size r, Size c) {
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

// A BLAS built without locks gives wrong results under concurrent calls: worker threads then take turns.
std::mutex serialBlas;

template <class T>
void matmul(bool transposeA, bool transposeB, Size m, Size n, Size k, Size rows, Size cols, Layout aLayout,
            Layout bLayout, Layout outLayout, const T* a, const T* b, T* out) {
  const Size batch = rows * cols;
  if (m == 0 || n == 0) return;
  if (k == 0 || batch == 0) {
    const Size blocks = outLayout == Layout::full     ? batch
                        : outLayout == Layout::row    ? cols
                        : outLayout == Layout::column ? rows
                                                      : 1;
    std::memset(out, 0, sizeof(T) * static_cast<std::size_t>(blocks * m * n));
    return;
  }
  static const bool locks = openblas_get_parallel() == 0;
  std::unique_lock<std::mutex> lock(serialBlas, std::defer_lock);
  if (locks) lock.lock();
  if (aLayout == Layout::full && batch > 1) {
    if (!transposeA && bLayout == Layout::scalar && outLayout == Layout::full && batch <= INT_MAX / m) {
      m *= batch;
      rows = cols = 1;
    } else if (transposeA && !transposeB && bLayout == Layout::full && outLayout == Layout::scalar &&
               batch <= INT_MAX / k) {
      k *= batch;
      rows = cols = 1;
    }
  }
  for (Size r = 0; r < rows; r++) {
    for (Size c = 0; c < cols; c++) {
      const bool add = (outLayout == Layout::scalar && r + c > 0) || (outLayout == Layout::row && r > 0) ||
                       (outLayout == Layout::column && c > 0);
      product(transposeA, transposeB, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k),
              a + block(aLayout, cols, r, c) * m * k, b + block(bLayout, cols, r, c) * k * n, add,
              out + block(outLayout, cols, r, c) * m * n);
    }
  }
}

BLASGRAD_MAKE_TABLE(Products, BLASGRAD_PRODUCTS)

}  // namespace

const Floats<Products>& products() {
  static const Floats<Products> table = {MakeProducts<float>(), MakeProducts<double>()};
  return table;
}

}  // namespace blasgrad
