// All kernels of the catalogue as data: what the binding needs to check a call and to run it. Made once, on first use.
#pragma once

#include <string>
#include <vector>

#include "signature.h"

namespace blasgrad {

using Function = void (*)();
// Runs a function of the catalogue with the slots of a call as its arguments; gives the position of a bad id or -1.
using Invoke = Size (*)(Function function, const Call& call);

struct Kernel {
  const char* name;
  std::string text;  // the signature as written
  Signature signature;
  std::string inPlace;  // the inputs that the output may be, separated by spaces
  bool numbers;         // exists for integers too
  Function function[kElements];
  Invoke invoke[kElements];  // null: an elementwise kernel, whose functions are tiles
};

const std::vector<Kernel>& registry();

// Runs a kernel whose arguments have been checked.
Size run(const Kernel& kernel, Element element, const Call& call);

}  // namespace blasgrad
