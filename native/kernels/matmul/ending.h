// What a product ends with, while its block is still in a cache: a row added to each of its rows, a rectifier, a gate.
#pragma once

#include "kernels/base/types.h"

namespace blasgrad {

// In this order: v + bias[j]; v > 0 or NaN ? v : 0; gate[i, j] > 0 or NaN ? v : 0. Each may be left out.
template <class T>
struct Ending {
  const T* bias = nullptr;  // [n]
  bool rectify = false;
  const T* gate = nullptr;  // [m, n], as far apart as the output's rows

  bool isNone() const { return bias == nullptr && !rectify && gate == nullptr; }
};

template <class T>
struct Endings {
  // Of a block [m, n] whose rows are `row` apart.
  void (*end)(const Ending<T>& ending, Size m, Size n, T* out, Size row);
};

const Floats<Endings>& endings();

}  // namespace blasgrad
