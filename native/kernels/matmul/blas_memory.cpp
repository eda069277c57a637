#include "blas_memory.h"

#if defined(__linux__)

#include <sys/mman.h>

#include <cstddef>
#include <mutex>
#include <new>
#include <vector>

// OpenBLAS's own; another BLAS has none.
extern "C" {
void* blas_memory_alloc(int position) __attribute__((weak));
void blas_memory_free(void* block) __attribute__((weak));
}

namespace blasgrad {
namespace {

// The largest block that OpenBLAS makes on any processor.
constexpr std::size_t kMostBlockBytes = 32 << 22;

std::mutex mutex;
int callers = 0;   // threads that live and have called
int reserved = 0;  // blocks that were made

bool canHaveBlock() {
  void* const tried = mmap(nullptr, kMostBlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return tried != MAP_FAILED && munmap(tried, kMostBlockBytes) == 0;
}

// A thread that calls the BLAS, until it ends.
class Caller {
 public:
  Caller() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (callers == reserved) {
      if (!canHaveBlock()) throw std::bad_alloc();
      makeBlocks(reserved + 1);
      reserved++;
    }
    callers++;
  }
  ~Caller() {
    const std::lock_guard<std::mutex> lock(mutex);
    callers--;
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

 private:
  // Held together, they are so many; let go, they stay OpenBLAS's.
  static void makeBlocks(int count) {
    std::vector<void*> blocks(static_cast<std::size_t>(count));
    for (void*& block : blocks) block = blas_memory_alloc(0);
    for (void* const block : blocks) blas_memory_free(block);
  }
};

}  // namespace

void reserveBlasMemory() {
  if (blas_memory_alloc == nullptr || blas_memory_free == nullptr) return;
  // Where it throws, the next call tries again.
  thread_local const Caller caller;
}

}  // namespace blasgrad

#else

namespace blasgrad {

void reserveBlasMemory() {}

}  // namespace blasgrad

#endif
