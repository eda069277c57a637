// Matrix products over a batch grid, and how they are partitioned: blocks of every output, or ranges of the grid. The
// kernels `matmul` and `matmulEpilogue` run the whole as one part.
#pragma once

#include "kernels/catalogue/registry.h"

namespace blasgrad {

// A batch that equals one larger product is already folded into it: rows and cols, the batch grid, are then 1.
struct BatchedGemm {
  Element element;
  bool transposeA;
  bool transposeB;
  Size m;
  Size n;
  Size k;
  Size rows;
  Size cols;
  Layout aLayout;
  Layout bLayout;
  Layout outLayout;
  const void* a;
  const void* b;
  void* out;
  // The epilogue, see epilogue.h.
  const void* bias = nullptr;
  bool relu = false;
  const void* reluMask = nullptr;
};

// Half-open ranges of the rows and columns of each output, and of the rows and columns of the batch grid. Parts that
// run concurrently must share no output.
struct GemmPart {
  Size fromM, toM, fromN, toN, fromRow, toRow, fromCol, toCol;
};

bool isBatchedGemm(const Kernel& kernel);

// Reads the arguments of a call that is checked already.
BatchedGemm readBatchedGemm(const Kernel& kernel, Element element, const Call& call);

inline GemmPart whole(const BatchedGemm& product) {
  return {0, product.m, 0, product.n, 0, product.rows, 0, product.cols};
}

void runBatchedGemm(const BatchedGemm& product, const GemmPart& part);

}  // namespace blasgrad
