// Matrix products over a batch grid, in parts: blocks of every output, or stretches of the grid. The kernels `matmul`
// and `matmulThen` are all parts of one.
#pragma once

#include "kernels/catalogue/registry.h"

namespace blasgrad {

// What a call asks for; a batch that is one larger product is already joined.
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
  // What follows, of the product's element type: see epilogue.h.
  const void* bias = nullptr;
  bool relu = false;
  const void* reluMask = nullptr;
};

// From … to − 1 of the rows and columns of each output, and of the rows and columns of the batch grid. Partition that
// run at the same time share no output.
struct GemmPart {
  Size fromM, toM, fromN, toN, fromRow, toRow, fromCol, toCol;
};

bool isBatchedGemm(const Kernel& kernel);

// Reads a checked call of a product.
BatchedGemm readBatchedGemm(const Kernel& kernel, Element element, const Call& call);

inline GemmPart whole(const BatchedGemm& product) {
  return {0, product.m, 0, product.n, 0, product.rows, 0, product.cols};
}

void runBatchedGemm(const BatchedGemm& product, const GemmPart& part);

}  // namespace blasgrad
