// Blocks of matrix products: what is asked for, and the kernels for those that are small.
#pragma once

#include "kernels/base/types.h"

namespace blasgrad {

// A block [m, n] of one output, with the distances between the stored rows. A is stored [m, k] or, transposed, [k, m];
// B [k, n] or, transposed, [n, k]. All of m, n, k are at least 1.
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

// out (+)= op(a)·op(b), by kernels of ours where they are faster, else by BLAS.
template <class T>
void runGemm(const Gemm<T>& block, bool add);

template <class T>
struct SmallGemms {
  // out (+)= op(a)·op(b), where that is faster than BLAS; else does nothing and says false.
  bool (*run)(const Gemm<T>& block, bool add);
};

const Floats<SmallGemms>& smallGemms();

}  // namespace blasgrad
