// All kernels of the catalogue as data: what the binding needs to check a call and to run it. Made once, on first use.
#pragma once

#include <string>
#include <vector>

#include "kernels/elementwise/elementwise.h"
#include "families.h"
#include "signature.h"

namespace blasgrad {

using Function = void (*)();
// Runs a function of the catalogue with the slots of a call as its arguments; gives the position of a bad id or -1.
using Invoke = Size (*)(Function function, const Call& call);

struct Kernel {
  // The lists of families.h, by name.
  enum class FamilyName {
#define BLASGRAD_FAMILY_NAME(Family, Types, LIST, accessor) Family,
    BLASGRAD_TILE_FAMILIES(BLASGRAD_FAMILY_NAME) BLASGRAD_KERNEL_FAMILIES(BLASGRAD_FAMILY_NAME)
#undef BLASGRAD_FAMILY_NAME
  };

  const char* name;
  FamilyName family;
  std::string text;  // the signature as written
  Signature signature;
  std::string inPlace;  // the inputs that the output may be, separated by spaces
  bool numbers;         // exists for integers too
  int ranged;           // the slot of the size of which a call may do a part (Range); -1: none
  Function function[kElements];
  Invoke invoke[kElements];  // null: an elementwise kernel, whose functions are tiles

  bool isTile() const { return invoke[0] == nullptr; }
};

constexpr Size kElementBytes[kElements] = {4, 8, 4, 1};

// The bytes of one element of an argument, where the kernel's own type is `element`.
inline Size bytesOf(ElementRule rule, Element element) {
  return rule == ElementRule::same      ? kElementBytes[static_cast<int>(element)]
         : rule == ElementRule::byte    ? 1
         : rule == ElementRule::float64 ? 8
                                        : 4;
}

inline Tile tileOf(const Kernel& kernel, Element element) {
  return reinterpret_cast<Tile>(kernel.function[static_cast<int>(element)]);
}

// An elementwise call as a group of one member, outer axes apart. It points into itself.
struct Single {
  Single(const Kernel& kernel, Element element, const Call& call);
  Single(const Single&) = delete;
  Single& operator=(const Single&) = delete;

  Source sources[kMaxOperands];
  Member member;
  Group group;
};

const std::vector<Kernel>& registry();

// Runs a kernel whose arguments have been checked.
Size run(const Kernel& kernel, Element element, const Call& call);

}  // namespace blasgrad
