// Runs one GEMM: small ones by kernels of ours, matrix-vector products and all others by OpenBLAS.
#include "gemm.h"

#include <cblas.h>

#include <cstring>
#include <mutex>

#include "blas_memory.h"
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
void gemv(CBLAS_TRANSPOSE ta, int rows, int cols, const float* a, int lda, const float* x, int incX, float* y,
          int incY) {
  cblas_sgemv(CblasRowMajor, ta, rows, cols, 1, a, lda, x, incX, 1, y, incY);
}
void gemv(CBLAS_TRANSPOSE ta, int rows, int cols, const double* a, int lda, const double* x, int incX, double* y,
          int incY) {
  cblas_dgemv(CblasRowMajor, ta, rows, cols, 1, a, lda, x, incX, 1, y, incY);
}

// A BLAS built without locks gives wrong results under concurrent calls: serialize them.
std::mutex serialBlas;

std::unique_lock<std::mutex> lockBlas() {
  static const bool needsLock = openblas_get_parallel() == 0;
  return needsLock ? std::unique_lock<std::mutex>(serialBlas) : std::unique_lock<std::mutex>();
}

bool runSmallGemm(const Gemm<float>& gemm, bool add) { return smallGemms().float32.run(gemm, add); }
bool runSmallGemm(const Gemm<double>& gemm, bool add) { return smallGemms().float64.run(gemm, add); }

}  // namespace

template <class T>
void runGemm(const Gemm<T>& product, bool add) {
  const auto [transposeA, transposeB, m, n, k, a, lda, b, ldb, out, ldc] = product;
  GemmTimer timer;
  if (m > 1 && n > 1 && runSmallGemm(product, add)) return timer.wasOwn();
  reserveBlasMemory();
  const auto lock = lockBlas();
  if (m == 1 || n == 1) {
    // Clear `out` and accumulate: with beta = 0 it would be up to the BLAS whether a NaN in `out` survives.
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
template void runGemm(const Gemm<float>& product, bool add);
template void runGemm(const Gemm<double>& product, bool add);

}  // namespace blasgrad
