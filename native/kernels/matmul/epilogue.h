// The epilogue of a matrix product, applied while the output is still cached: bias, ReLU, ReLU mask.
#pragma once

#include "kernels/base/types.h"

namespace blasgrad {

// In this order, each optional: v + bias[j]; ReLU, which keeps NaN; 0 where reluMask[i, j] ≤ 0, which is ReLU's
// gradient.
template <class T>
struct Epilogue {
  const T* bias = nullptr;  // [n]
  bool relu = false;
  const T* reluMask = nullptr;  // [m, n], its row stride is the output's

  bool isNone() const { return bias == nullptr && !relu && reluMask == nullptr; }
};

template <class T>
struct Epilogues {
  // On out[m, n] with row stride ldc.
  void (*run)(const Epilogue<T>& epilogue, Size m, Size n, T* out, Size ldc);
};

const Floats<Epilogues>& epilogues();

}  // namespace blasgrad
