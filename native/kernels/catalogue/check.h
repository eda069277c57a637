// The checks of a call's arrays against a kernel's signature: kinds, lengths, shared memory.
#pragma once

#include "registry.h"

namespace blasgrad {

enum class Kind { float32, float64, int32, uint8, other };

struct Array {
  char* data;
  std::size_t length;
  Kind kind;
  Size needed;  // bytes, set by the check
};

// What a message says: `expected`, and what came; an empty `got` stands for the argument's kind.
struct Problem {
  int argument = 0;
  std::string expected;
  std::string got;
};

// Checks `arrays` (one for each argument, used where that is an array), sets the slots' pointers and the element type
// T.
// checkKindsAndLengths leaves out what arrays share.
bool checkKindsAndLengths(const Kernel& kernel, Array* arrays, Call* call, Element* element, Problem* problem);
bool checkArrays(const Kernel& kernel, Array* arrays, Call* call, Element* element, Problem* problem);

}  // namespace blasgrad
