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
};

}  // namespace blasgrad
