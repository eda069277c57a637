// Along which sizes a call falls into parts, as its kernel's signature tells.
#pragma once

#include "kernels/catalogue/registry.h"

namespace blasgrad {

// The slot of the size that leads the arrays which are written, where a call falls into parts along it; -1: there is
// none.
int leadingOf(const Kernel& kernel);

// How far apart two neighbours of the kernel's range lie in what it writes, in elements.
Size rangeStride(const Kernel& kernel, const Call& call);

}  // namespace blasgrad
