#include "machine.h"

#include <cblas.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "pool.h"
#include "threads.h"

namespace blasgrad {
namespace {

// OpenBLAS names its limit in its description only: "… MAX_THREADS=64". Asked before it is set to one thread.
int maxThreads() {
  static const int most = [] {
    const char* found = std::strstr(openblas_get_config(), "MAX_THREADS=");
    const int limit = found == nullptr ? 0 : std::atoi(found + std::strlen("MAX_THREADS="));
    return openblas_get_parallel() == 0 ? 1 : std::max(limit, openblas_get_num_threads());
  }();
  return most;
}

}  // namespace

Machine machine() {
  const auto target = hwy::SupportedTargets() & HWY_TARGETS;
  return {openblas_get_config(), openblas_get_corename(), openblas_get_parallel(),
          maxThreads(),          poolThreads(),           hwy::TargetName(target & -target)};
}

int setThreads(int threads) {
  setPoolThreads(std::clamp(threads, 1, maxThreads()));
  return poolThreads();
}

void initialiseThreads() {
  static std::once_flag once;
  std::call_once(once, [] { setThreads(defaultThreads()); });
  prepareThread();
}

void prepareThread() { openblas_set_num_threads(1); }

}  // namespace blasgrad
