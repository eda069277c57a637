// How many threads this process may well use.
#pragma once

namespace blasgrad {

// BLASGRAD_THREADS where it is a positive number; else the smaller of the CPUs this process may run on and the cgroup's
// CPU quota, at least 1.
int defaultThreads();

}  // namespace blasgrad
