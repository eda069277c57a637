// A piece of a program's work, encoded: one call of a kernel, or a group of elementwise kernels.
#pragma once

#include "group.h"

namespace blasgrad {

struct Task {
  const Kernel* kernel = nullptr;  // null: a group
  Element element = Element::float32;
  Call call{};
  const std::int32_t* ids = nullptr;  // what an index that the kernel reports is a position of
  EncodedGroup group;
  // As the plan says: how many rows ranges can be done of (0: none), the size that counts them, the arguments that have
  // them as equal parts (bit i for slot i), and the duration on one thread.
  Size rows = 0;
  int axis = -1;
  std::uint32_t along = 0;
  double micros = 0;
};

}  // namespace blasgrad
