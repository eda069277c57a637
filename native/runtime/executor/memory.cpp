#include "memory.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace blasgrad {
namespace {

// Asks for huge pages where whole ones fit: rows of large values lie in more small pages than the processor has
// translations for at hand. A system that has none goes on with small ones.
void preferHugePages([[maybe_unused]] char* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::size_t kHugePage = 1 << 21;
  const auto at = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t begin = (at + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (at + bytes) / kHugePage * kHugePage;
  if (memory != nullptr && begin < end) madvise(memory + (begin - at), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace

void refuse(const std::string& message) { throw std::invalid_argument(message); }

std::string nameOf(int value) { return "%" + std::to_string(value); }

Memory::Memory(const Plan& plan) : values_(plan.values) {
  if (!(plan.arenaBytes >= 0 && plan.arenaBytes <= kMostBytes) || plan.arenaBytes != std::floor(plan.arenaBytes)) {
    refuse("expected an arena of a whole number of bytes");
  }
  arenaBytes_ = static_cast<Size>(plan.arenaBytes);
  const std::string arena = std::to_string(arenaBytes_) + " bytes";
  for (std::size_t i = 0; i < values_.size(); i++) {
    const PlannedValue& value = values_[i];
    if (value.offset == -1) continue;
    const double bytes = static_cast<double>(value.length * kElementBytes[static_cast<int>(value.element)]);
    const bool fits = value.offset >= 0 && value.offset + bytes <= plan.arenaBytes;
    if (fits && std::fmod(value.offset, kAlignment) == 0) continue;
    refuse("expected " + nameOf(static_cast<int>(i)) + " in " + arena + ", aligned, got it elsewhere");
  }
  const auto size = static_cast<std::size_t>(std::max<Size>(arenaBytes_, 1));
  arena_.reset(allocate(size));
  if (arena_ == nullptr) throw std::runtime_error("expected memory for an arena of " + arena + ", got none");
  owners_.assign(size / kAlignment + 1, -1);
  for (std::size_t i = 0; i < values_.size(); i++) {
    if (values_[i].origin != Origin::argument) continue;
    std::size_t first;
    const std::size_t count = blocks(static_cast<int>(i), &first);
    std::fill_n(owners_.begin() + static_cast<std::ptrdiff_t>(first), count, static_cast<int>(i));
    const Size bytes = values_[i].length * kElementBytes[static_cast<int>(values_[i].element)];
    if (bytes < kLargeArgument) continue;
    large_.emplace_back(allocate(static_cast<std::size_t>(bytes)));
    if (large_.back() == nullptr) {
      throw std::runtime_error("expected memory for " + nameOf(static_cast<int>(i)) + ", got none");
    }
    values_[i].external = large_.back().get();
  }
}

char* Memory::allocate(std::size_t bytes) {
  char* const memory = static_cast<char*>(::operator new(bytes, std::align_val_t(kAlignment), std::nothrow));
  preferHugePages(memory, bytes);
  return memory;
}

const PlannedValue& Memory::value(int id) const {
  if (id < 0 || id >= static_cast<int>(values_.size())) refuse("expected a value, got " + nameOf(id));
  return values_[static_cast<std::size_t>(id)];
}

bool Memory::isInArena(int id) const {
  const Origin origin = value(id).origin;
  return origin == Origin::made || origin == Origin::argument;
}

Array Memory::array(int id) const {
  const PlannedValue& found = value(id);
  char* data = found.external;
  if (isInArena(id) && data == nullptr) {
    if (found.offset < 0) refuse("expected a place for " + nameOf(id) + ", got none");
    data = arena_.get() + static_cast<Size>(found.offset);
  }
  return {data, static_cast<std::size_t>(found.length), static_cast<Kind>(found.element), 0};
}

std::size_t Memory::blocks(int id, std::size_t* first) const {
  const PlannedValue& found = value(id);
  if (found.offset < 0) refuse("expected a place for " + nameOf(id) + ", got none");
  const Size bytes = found.length * kElementBytes[static_cast<int>(found.element)];
  *first = static_cast<std::size_t>(found.offset) / kAlignment;
  return static_cast<std::size_t>((bytes + kAlignment - 1) / kAlignment);
}

void Memory::take(int id) {
  const Origin origin = value(id).origin;
  if (origin == Origin::argument || origin == Origin::constant) {
    refuse("expected " + nameOf(id) + " not to be written: it is an argument or a constant");
  }
  if (origin != Origin::made) return;
  std::size_t first;
  const std::size_t count = blocks(id, &first);
  std::fill_n(owners_.begin() + static_cast<std::ptrdiff_t>(first), count, id);
}

void Memory::leave(int id) {
  if (value(id).origin != Origin::made) refuse("expected " + nameOf(id) + " to be made here");
  std::size_t first;
  const std::size_t count = blocks(id, &first);
  std::fill_n(owners_.begin() + static_cast<std::ptrdiff_t>(first), count, -1);
}

void Memory::requireThere(int id) const {
  if (!isInArena(id)) return;
  std::size_t first;
  const std::size_t count = blocks(id, &first);
  for (std::size_t i = first; i < first + count; i++) {
    if (owners_[i] != id) refuse("expected " + nameOf(id) + " to be there still");
  }
}

}  // namespace blasgrad
