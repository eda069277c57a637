// What the kernels run on: the BLAS, the instruction set, the threads.
#pragma once

namespace blasgrad {

struct Machine {
  const char* blas;  // OpenBLAS's description of how it was built
  const char* core;  // the CPU it chose its kernels for
  int parallel;      // 0: without threads or locks, 1: with threads, 2: with OpenMP
  int maxThreads;    // what the BLAS was built for
  int threads;       // that the pool works with
  const char* simd;  // the instruction set of the other kernels
};

Machine machine();

// Keeps the kernels outside the BLAS to the instruction set that BLASGRAD_SIMD names, where the CPU has better ones.
// Once in a process, before any kernel is chosen. Gives a name that is none, else null.
const char* limitSimd();

// At least 1, at most what the BLAS was built for (it aborts beyond). Returns what was set.
int setThreads(int threads);

// Sets the default number of threads, once in a process, and prepares the calling one.
void initialiseThreads();

// Keeps the BLAS to one thread for calls from this thread: the pool does all splitting. (In most builds of OpenBLAS
// that holds for the whole process, in those with OpenMP for the calling thread.)
void prepareThread();

}  // namespace blasgrad
