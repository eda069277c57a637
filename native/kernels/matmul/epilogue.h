// What a product ends with, while its block is still in a cache: a row added to each of its rows, a rectifier, a
// reluMask.
#pragma once

#include "kernels/base/types.h"

namespace blasgrad {

// In this order: v + bias[j]; v > 0 or NaN ? v : 0; reluMask[i, j] > 0 or NaN ? v : 0. Each may be left out.
template <class T>
struct Epilogue {
  const T* bias = nullptr;  // [n]
  bool relu = false;
  const T* reluMask = nullptr;  // [m, n], as far apart as the output's rows

  bool isNone() const { return bias == nullptr && !relu && reluMask == nullptr; }
};

template <class T>
struct Epilogues {
  // Of a block [m, n] whose rows are `row` apart.
  void (*run)(const Epilogue<T>& epilogue, Size m, Size n, T* out, Size row);
};

const Floats<Epilogues>& epilogues();

}  // namespace blasgrad
