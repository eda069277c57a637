// Runs checked calls and groups over the pool: how work is cut follows from its shape and the number of threads alone,
// so that the same setting gives the same bits, whoever runs a part. Small work stays on the calling thread.
#pragma once

#include "kernels/registry.h"

namespace blasgrad {

// As run() of the registry.
Size runSplit(const Kernel& kernel, Element element, const Call& call);

// A prepared group; `elements`: of all that it reads and writes.
void runGroupSplit(const Group& group, Size elements);

// Estimates of the duration on one thread, in µs, of work that is large enough to be shared; 0 for what is not.
double microsOf(const Kernel& kernel, Element element, const Call& call);
double microsOfElements(Size elements);

}  // namespace blasgrad
