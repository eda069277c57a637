// Runs an elementwise kernel, which knows contiguous tiles only, over a grid rows × cols of operands in any layout,
// under outer axes. Nothing is allocated.
#pragma once

#include "types.h"

namespace blasgrad {

struct Operand {
  const char* data;
  Size bytes;  // of one element
  Layout layout;
};

struct Grid {
  Size rows;
  Size cols;
  int operands;
  Operand operand[kMaxOperands];
  double scalars[kMaxScalars];
  char* out;
  Size outBytes;
};

// `outer` gives the count of each outer axis and each operand's strides over it, in elements.
void runElementwise(Tile tile, Grid& grid, const Axes& outer);

}  // namespace blasgrad
