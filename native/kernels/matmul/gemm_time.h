// Nanoseconds inside GEMM calls, summed over all threads: those of the BLAS, and those of kernels of ours. Counted on
// request; otherwise a call costs one relaxed load.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace blasgrad {

struct GemmTimes {
  std::int64_t blas;
  std::int64_t own;
};

struct GemmClocks {
  std::atomic<bool> counting{false};
  alignas(64) std::atomic<std::int64_t> blas{0};
  alignas(64) std::atomic<std::int64_t> own{0};
};

inline GemmClocks gemmClocks;

// Returns and resets the counts, and starts or stops counting.
inline GemmTimes takeGemmTimes(bool goOn) {
  gemmClocks.counting = goOn;
  return {gemmClocks.blas.exchange(0), gemmClocks.own.exchange(0)};
}

// Counts its own lifetime, as the BLAS's unless wasOwn() is called.
class GemmTimer {
 public:
  GemmTimer() : counting_(gemmClocks.counting.load(std::memory_order_relaxed)) {
    if (counting_) begin_ = Clock::now();
  }
  ~GemmTimer() {
    if (!counting_) return;
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin_).count();
    (own_ ? gemmClocks.own : gemmClocks.blas).fetch_add(took, std::memory_order_relaxed);
  }
  GemmTimer(const GemmTimer&) = delete;
  GemmTimer& operator=(const GemmTimer&) = delete;

  void wasOwn() { own_ = true; }

 private:
  using Clock = std::chrono::steady_clock;
  bool counting_;
  bool own_ = false;
  Clock::time_point begin_;
};

}  // namespace blasgrad
