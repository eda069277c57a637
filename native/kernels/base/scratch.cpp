#include "scratch.h"

#include <memory>

namespace blasgrad {

namespace {

constexpr std::size_t kLine = 64;

void* aligned(char* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  return memory + (kLine - address % kLine) % kLine;
}

}  // namespace

void* threadScratch() {
  constexpr std::size_t kBytes = static_cast<std::size_t>(kScratchParts * kScratchElements) * 8;
  thread_local const std::unique_ptr<char[]> memory(new char[kBytes + kLine]);
  return aligned(memory.get());
}

void* productScratch() {
  thread_local const std::unique_ptr<char[]> memory(new char[static_cast<std::size_t>(kProductScratchBytes) + kLine]);
  return aligned(memory.get());
}

}  // namespace blasgrad
