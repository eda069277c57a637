// Matrix products over a batch grid, in parts: blocks of every output, or stretches of the grid. The kernels `matmul`
// and `matmulThen` are all parts of one.
#pragma once

#include "kernels/catalogue/registry.h"

namespace blasgrad {

// What a call asks for; a batch that is one larger product is already joined.
struct Product {
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
  // What follows, of the product's element type: see ending.h.
  const void* bias = nullptr;
  bool rectify = false;
  const void* gate = nullptr;
};

// From … to − 1 of the rows and columns of each output, and of the rows and columns of the batch grid. Parts that run
// at the same time share no output.
struct Part {
  Size fromM, toM, fromN, toN, fromRow, toRow, fromCol, toCol;
};

bool isProduct(const Kernel& kernel);

// Reads a checked call of a product.
Product readProduct(const Kernel& kernel, Element element, const Call& call);

inline Part whole(const Product& product) { return {0, product.m, 0, product.n, 0, product.rows, 0, product.cols}; }

void runProduct(const Product& product, const Part& part);

}  // namespace blasgrad
