// One general matrix product (GEMM): its description, and the kernels of ours for small ones.
#pragma once

#include "kernels/base/types.h"

namespace blasgrad {

// out[m, n] (+)= op(a)[m, k]·op(b)[k, n], row-major; lda, ldb and ldc are the distances between stored rows. A is
// stored [m, k] or, transposed, [k, m]; B [k, n] or, transposed, [n, k]. All of m, n, k are at least 1.
template <class T>
struct Gemm {
  bool transposeA, transposeB;
  int m, n, k;
  const T* a;
  int lda;
  const T* b;
  int ldb;
  T* out;
  int ldc;
};

// Runs kernels of ours where they are faster, else BLAS.
template <class T>
void runGemm(const Gemm<T>& gemm, bool add);

template <class T>
struct SmallGemms {
  // Returns false, and computes nothing, where BLAS is faster.
  bool (*run)(const Gemm<T>& gemm, bool add);
};

const Floats<SmallGemms>& smallGemms();

}  // namespace blasgrad
