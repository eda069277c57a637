// Matrix products over a batch grid, in parts: blocks of every output, or stretches of the grid. The kernel `matmul` is
// all parts of one.
#pragma once

#include "signature.h"

namespace blasgrad {

// What a call of matmul asks for; a batch that is one larger product is already joined.
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
};

// From … to − 1 of the rows and columns of each output, and of the rows and columns of the batch grid. Parts that run
// at the same time share no output.
struct Part {
  Size fromM, toM, fromN, toN, fromRow, toRow, fromCol, toCol;
};

// Reads a checked call of matmul.
Product readProduct(Element element, const Call& call);

inline Part whole(const Product& product) { return {0, product.m, 0, product.n, 0, product.rows, 0, product.cols}; }

void runProduct(const Product& product, const Part& part);

}  // namespace blasgrad
