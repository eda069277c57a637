// While it lives, results and operands too small to be normal count as 0 on this thread. Denormals cost a hundred
// cycles each, and the moments of an optimizer are full of them.
#pragma once

#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#else
#include <cstdint>
#endif

namespace blasgrad {

class FlushDenormals {
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

#if defined(__SSE2__) || defined(_M_X64)
  // Flush to zero, and denormals are zero.
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() {
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(saved_));
    const std::uint64_t flushed = saved_ | (std::uint64_t(1) << 24);
    __asm__ __volatile__("msr fpcr, %0" : : "r"(flushed));
  }
  ~FlushDenormals() { __asm__ __volatile__("msr fpcr, %0" : : "r"(saved_)); }

 private:
  std::uint64_t saved_ = 0;
#else
  FlushDenormals() = default;
#endif
};

}  // namespace blasgrad
