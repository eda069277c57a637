#include "threads.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace blasgrad {
namespace {

int availableCpus() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Reads a file of one or two numbers; `max` and what is not there count as 0.
bool readNumbers(const char* path, double* first, double* second) {
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) return false;
  const int read = second == nullptr ? std::fscanf(file, "%lf", first) : std::fscanf(file, "%lf %lf", first, second);
  std::fclose(file);
  return read == (second == nullptr ? 1 : 2);
}

// The cgroup's quota in CPUs (version 2, then 1), or infinity.
double cpuQuota() {
  double quota = 0, period = 0;
  if (readNumbers("/sys/fs/cgroup/cpu.max", &quota, &period) && quota > 0 && period > 0) return quota / period;
  if (readNumbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &quota, nullptr) && quota > 0 &&
      readNumbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, nullptr) && period > 0) {
    return quota / period;
  }
  return HUGE_VAL;
}

}  // namespace

int defaultThreads() {
  if (const char* wanted = std::getenv("BLASGRAD_THREADS"); wanted != nullptr) {
    const long threads = std::strtol(wanted, nullptr, 10);
    if (threads >= 1) return static_cast<int>(std::min(threads, 1024L));
  }
  const double quota = std::ceil(cpuQuota());
  const int cpus = std::max(1, availableCpus());
  return quota < cpus ? std::max(1, static_cast<int>(quota)) : cpus;
}

}  // namespace blasgrad
