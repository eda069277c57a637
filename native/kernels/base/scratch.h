// Memory for what a kernel has on the way: one block a thread, made when a kernel of it first asks and kept.
#pragma once

#include "types.h"

namespace blasgrad {

// Elements of a part of the block, and the parts that there are.
constexpr Size kScratchElements = 32768;
constexpr Size kScratchParts = 7;

// 64-byte aligned, with whatever was in it: kScratchParts·kScratchElements elements of up to 8 bytes.
void* threadScratch();

// Another block, for what a matrix product has on the way, which may be called by such a kernel.
constexpr Size kProductScratchBytes = 524288;
void* productScratch();

}  // namespace blasgrad
