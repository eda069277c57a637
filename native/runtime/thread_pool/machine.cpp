#include "machine.h"

#include <cblas.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
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

struct SimdName {
  const char* name;
  std::int64_t target;
};
constexpr SimdName kSimdNames[] = {
    {"avx3", HWY_AVX3}, {"avx2", HWY_AVX2}, {"sse4", HWY_SSE4}, {"baseline", HWY_STATIC_TARGET}};

}  // namespace

const char* limitSimd() {
  static const char* const unknown = []() -> const char* {
    const char* const given = std::getenv("BLASGRAD_SIMD");
    if (given == nullptr || *given == '\0') return nullptr;
    for (const auto& [name, target] : kSimdNames) {
      if (std::strcmp(given, name) != 0) continue;
      // Of Highway's targets the better ones are the lower bits.
      hwy::DisableTargets(target - 1);
      return nullptr;
    }
    return given;
  }();
  return unknown;
}

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
