// Where a program's values lie: its arena, the arrays outside it, and whose elements are where as the steps go by.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "kernels/catalogue/check.h"
#include "plan.h"

namespace blasgrad {

constexpr Size kAlignment = 64;
// Arguments of as many bytes have memory of their own, so that a run can read them elsewhere.
constexpr Size kLargeArgument = 65536;
// Beyond any memory, and well within a Size.
constexpr double kMostBytes = 1e15;

class Memory {
 public:
  // Takes the arena. Throws std::invalid_argument where a value has no place that fits.
  explicit Memory(const Plan& plan);

  // The value as the array of a call. Throws std::invalid_argument for an id that is not one, or a value without place.
  Array array(int value) const;
  const PlannedValue& value(int id) const;
  Size arenaBytes() const { return arenaBytes_; }

  // Notes that a step writes the value: what was there is gone. Throws where values of its origin are not written.
  void take(int id);
  // Notes that the value is not there any more.
  void leave(int id);
  // Throws unless nothing else has been written where the value is, since it was.
  void requireThere(int id) const;

 private:
  struct Free {
    void operator()(char* memory) const { ::operator delete(memory, std::align_val_t(kAlignment)); }
  };

  static char* allocate(std::size_t bytes);
  bool isInArena(int id) const;
  std::size_t blocks(int id, std::size_t* first) const;

  std::vector<PlannedValue> values_;
  Size arenaBytes_ = 0;
  std::unique_ptr<char, Free> arena_;
  std::vector<std::unique_ptr<char, Free>> large_;
  std::vector<int> owners_;  // by block of kAlignment bytes
};

[[noreturn]] void refuse(const std::string& message);
std::string nameOf(int value);

}  // namespace blasgrad
