// Runs checked calls and groups over the pool: how work is cut follows from its shape and the number of threads alone,
// so that the same setting gives the same bits, whoever runs a part. Small work stays on the calling thread.
#pragma once

#include "task.h"

namespace blasgrad {

// As run() of the registry.
Size runSplit(const Kernel& kernel, Element element, const Call& call);
Size runSplit(const Task& task);

// The estimated duration on one thread, in µs, of what the pool would share; 0 for what it would not.
double sharedMicrosOf(const Task& task);

}  // namespace blasgrad
