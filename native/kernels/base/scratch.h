// Scratch memory of a kernel: a block for each thread, allocated on first use and kept.
#pragma once

#include "types.h"

namespace blasgrad {

// The block has kScratchParts parts of so many elements.
constexpr Size kScratchElements = 32768;
constexpr Size kScratchParts = 7;

// Cache-line aligned and uninitialized: kScratchParts·kScratchElements elements of up to 8 bytes.
void* threadScratch();

// A block apart for packing by matrix products, which kernels with scratch memory of their own may call.
constexpr Size kProductScratchBytes = 524288;
void* productScratch();

}  // namespace blasgrad
