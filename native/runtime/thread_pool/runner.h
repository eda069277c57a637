// A thread of its own that runs one job at a time. The caller decides the order of jobs.
#pragma once

#include <atomic>

#include "parking.h"
#include "thread.h"

namespace blasgrad {

class Runner {
 public:
  // A job looks at `ending` where it can stop, and returns early where that is set.
  using Job = void (*)(void* data, const std::atomic<bool>& ending);

  // Throws std::system_error where there is no thread to be had.
  Runner();
  ~Runner() { stop(); }

  // The job before must have ended. The thread is not to be stopped.
  void start(Job job, void* data);

  // Has the job in progress return early, and ends the thread. When the process exits, this is done to every runner:
  // what jobs use (the BLAS's memory) goes then.
  void stop();

 private:
  void live();

  std::atomic<bool> ending_{false};
  std::atomic<bool> given_{false};
  Job job_ = nullptr;
  void* data_ = nullptr;
  Parking parking_;
  Thread thread_;
};

}  // namespace blasgrad
