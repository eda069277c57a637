#include "scratch.h"

#include <memory>

namespace blasgrad {

void* threadScratch() {
  constexpr std::size_t kBytes = static_cast<std::size_t>(kScratchParts * kScratchElements) * 8;
  constexpr std::size_t kLine = 64;
  thread_local const std::unique_ptr<char[]> memory(new char[kBytes + kLine]);
  const auto address = reinterpret_cast<std::uintptr_t>(memory.get());
  return memory.get() + (kLine - address % kLine) % kLine;
}

}  // namespace blasgrad
