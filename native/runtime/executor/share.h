// Runs checked calls and groups over the pool: how work is partitioned follows from its shape and the number of threads
// alone, so that the same setting gives the same bits, whichever thread runs a chunk. Small work stays on the calling
// thread.
#pragma once

#include "task.h"

namespace blasgrad {

// As run() of the registry.
Size runShared(const Kernel& kernel, Element element, const Call& call);
Size runShared(const Task& task);

// The estimated duration on one thread, in µs, of what the pool would share; 0 for what it would not.
double sharedMicrosOf(const Task& task);

// How many chunks so much work, in µs on one thread, is to fall into.
int targetChunks(double micros, int threads);

}  // namespace blasgrad
