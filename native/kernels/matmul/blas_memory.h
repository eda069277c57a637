// The memory that OpenBLAS works in.
#pragma once

namespace blasgrad {

// Before a thread calls the BLAS. OpenBLAS has a block for each call that runs at a time, makes it where it is first
// needed, and tries again for ever where it cannot be had (its driver/others/memory.c). So the blocks are made here,
// one for each thread that lives and calls. Throws std::bad_alloc.
void reserveBlasMemory();

}  // namespace blasgrad
