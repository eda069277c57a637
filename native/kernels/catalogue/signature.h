// Reads a kernel's signature (the grammar is in lib/backend/signature.ts) once, into a small program that gives the
// length each array needs. Evaluating it allocates nothing and cannot overflow.
#pragma once

#include <string>
#include <vector>

#include "kernels/base/types.h"

namespace blasgrad {

enum class Role { size, flag, layout, scalar, sizes, outer, in, out, inout };
enum class ElementRule { same, byte, int32, float64, any };

// One argument of a call: the fields its role asks for are set (nothing is set twice: this is a call's whole cost).
struct Slot {
  Size size;
  double scalar;
  const void* pointer;
  Element element;
};

constexpr int kMaxArguments = 20;

struct Call {
  Slot slots[kMaxArguments];
  // What the one `sizes` or `outer` argument holds.
  Axes axes;
  // Of all arrays together, as the check found them needed, and of those that are written.
  Size bytes;
  Size written;
  // Where several share the work: the part of a size that this call does (Range), and whether it checks or works.
  Size from = 0;
  Size to = PTRDIFF_MAX;
  Pass pass = Pass::all;
};

// One factor of a length.
struct Factor {
  enum Kind { number, size, grid, gridOf, count, reach } kind;
  Size value = 0;    // the number; the slot of the size, the layout or `at`
  int operand = -1;  // whose strides in `outer` count, -1: none
};

struct Argument {
  std::string name;
  Role role;
  ElementRule element = ElementRule::same;
  std::string length;
  bool optional = false;
  bool inPlace = false;  // the output may be this input
  std::vector<Factor> factors;

  bool isArray() const { return role == Role::in || written(); }
  bool written() const { return role == Role::out || role == Role::inout; }
};

struct Signature {
  std::vector<Argument> arguments;
  bool reportsIndex = false;
  int operands = 0;  // arguments that are layouts
  int rows = -1;     // the slots of the grid's sizes
  int cols = -1;

  // Throws std::invalid_argument where the text does not follow the grammar.
  static Signature parse(const std::string& text);

  // The elements that the argument needs; kTooMany where that is beyond any array.
  Size needed(const Argument& argument, const Call& call) const;
};

constexpr Size kTooMany = PTRDIFF_MAX;

}  // namespace blasgrad
