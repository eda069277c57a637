// The threads of this process that share the work of a kernel: one pool for all environments, made when it is first
// needed. Idle threads spin for about 100 µs, or longer where more is expected, then sleep. Nothing here knows a
// kernel.
#pragma once

namespace blasgrad {

// How many threads work together, the calling one included. Setting it waits for work in progress.
int poolThreads();
void setPoolThreads(int threads);

// One piece of work.
using Work = void (*)(const void* context, int part);

// Runs the parts 0 … parts − 1 and returns when all are done. Thread t owns a contiguous run of the parts, the same for
// the same number of parts and threads; the calling thread takes over parts that their thread has not begun. Sleeping
// threads are woken only where `micros`, the work's estimated duration on one thread, is worth it, or where work has
// come often lately. Where another thread of the process is using the pool, all parts run here. Throws what a part
// threw, the first of them, once all are done.
void runParallel(int parts, double micros, Work work, const void* context);

template <class F>
void parallel(int parts, double micros, const F& f) {
  runParallel(parts, micros, [](const void* context, int part) { (*static_cast<const F*>(context))(part); }, &f);
}

// While one of these lives, work of so many µs altogether is going to come now and then: sleeping threads are woken, by
// the same rule, and idle ones spin for about 1 ms.
class WorkExpected {
 public:
  explicit WorkExpected(double micros);
  ~WorkExpected();
  WorkExpected(const WorkExpected&) = delete;
  WorkExpected& operator=(const WorkExpected&) = delete;

 private:
  bool any_;
};

// Ends the threads; the next parallel work makes them anew.
void stopPool();

}  // namespace blasgrad
