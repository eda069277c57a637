#include "check.h"

namespace blasgrad {
namespace {

constexpr const char* kKinds[] = {"a Float32Array", "a Float64Array", "an Int32Array", "a Uint8Array"};
constexpr const char* kFloatKinds = "a Float32Array or Float64Array";
constexpr const char* kNumberKinds = "a Float32Array, Float64Array, Int32Array or Uint8Array";

bool isOf(Kind kind, Element element) { return static_cast<int>(kind) == static_cast<int>(element); }

// The one kind that a rule allows; float32 where it allows several.
Element elementOf(ElementRule rule) {
  return rule == ElementRule::byte      ? Element::uint8
         : rule == ElementRule::int32   ? Element::int32
         : rule == ElementRule::float64 ? Element::float64
                                        : Element::float32;
}

// Arrays have the kinds that the signature says, those of element type T all the same: that type, in `element`.
bool checkKinds(const Kernel& kernel, const Array* arrays, Call* call, Element* element, Problem* problem) {
  const auto& arguments = kernel.signature.arguments;
  int first = -1;
  for (int i = 0; i < static_cast<int>(arguments.size()); i++) {
    if (!arguments[i].isArray()) continue;
    const Kind kind = arrays[i].kind;
    const ElementRule rule = arguments[i].element;
    const bool several = rule == ElementRule::same || rule == ElementRule::any;
    const bool integersToo = kernel.numbers || rule == ElementRule::any;
    const bool good = !several      ? isOf(kind, elementOf(rule))
                      : integersToo ? kind != Kind::other
                                    : kind == Kind::float32 || kind == Kind::float64;
    if (!good) {
      const char* expected =
          several ? (integersToo ? kNumberKinds : kFloatKinds) : kKinds[static_cast<int>(elementOf(rule))];
      *problem = {i, arguments[i].name + " to be " + expected, ""};
      return false;
    }
    const Element found = static_cast<Element>(kind);
    call->slots[i].element = found;
    if (rule != ElementRule::same) continue;
    if (first < 0) {
      first = i;
      *element = found;
    } else if (found != *element) {
      const char* expected = kKinds[static_cast<int>(*element)];
      *problem = {i, arguments[i].name + " to be " + expected + " like " + arguments[first].name, ""};
      return false;
    }
  }
  return true;
}

bool checkLengths(const Kernel& kernel, Array* arrays, Call* call, Problem* problem) {
  const Signature& signature = kernel.signature;
  call->bytes = call->written = 0;
  for (int i = 0; i < static_cast<int>(signature.arguments.size()); i++) {
    const Argument& argument = signature.arguments[i];
    if (!argument.isArray()) continue;
    Array& array = arrays[i];
    call->slots[i].pointer = argument.optional && array.length == 0 ? nullptr : array.data;
    if (argument.optional && array.length == 0) continue;
    const Size needed = signature.needed(argument, *call);
    if (static_cast<Size>(array.length) < needed) {
      const std::string elements = needed == kTooMany ? "2^63" : std::to_string(needed);
      *problem = {i,
                  argument.name + " with at least " + elements + " elements (" + argument.length + ")" +
                      (argument.optional ? " or none" : ""),
                  std::to_string(array.length)};
      return false;
    }
    array.needed = needed * kElementBytes[static_cast<int>(call->slots[i].element)];
    call->bytes += array.needed;
    if (argument.written()) call->written += array.needed;
  }
  return true;
}

// Whether an elementwise operand lies over the outer axes as the output does.
bool liesLikeOutput(const Signature& signature, const Call& call, int input) {
  const Axes& axes = call.axes;
  if (axes.rank == 0) return true;
  int operand = 0;
  for (int i = input - 1; signature.arguments[i].role == Role::in; i--) operand++;
  Size stride = call.slots[signature.rows].size * call.slots[signature.cols].size;
  for (int axis = axes.rank - 1; axis >= 0; stride *= axes.count[axis--]) {
    if (axes.count[axis] > 1 && axes.stride[operand][axis] != stride) return false;
  }
  return true;
}

// What is written shares no memory with another array, but for an input that the output may be, element for element.
bool checkOverlaps(const Kernel& kernel, const Array* arrays, const Call& call, Problem* problem) {
  const auto& arguments = kernel.signature.arguments;
  const int count = static_cast<int>(arguments.size());
  for (int i = 0; i < count; i++) {
    if (!arguments[i].written() || arrays[i].needed == 0) continue;
    const Array& out = arrays[i];
    for (int j = 0; j < count; j++) {
      const Array& other = arrays[j];
      if (j == i || !arguments[j].isArray() || other.needed == 0) continue;
      if (out.data + out.needed <= other.data || other.data + other.needed <= out.data) continue;
      const bool same = other.data == out.data && other.needed == out.needed;
      if (arguments[j].inPlace && same && liesLikeOutput(kernel.signature, call, j)) continue;
      *problem = {i, arguments[i].name + " to share no memory with " + arguments[j].name, "arrays that overlap"};
      return false;
    }
  }
  return true;
}

}  // namespace

bool checkKindsAndLengths(const Kernel& kernel, Array* arrays, Call* call, Element* element, Problem* problem) {
  return checkKinds(kernel, arrays, call, element, problem) && checkLengths(kernel, arrays, call, problem);
}

bool checkArrays(const Kernel& kernel, Array* arrays, Call* call, Element* element, Problem* problem) {
  return checkKindsAndLengths(kernel, arrays, call, element, problem) && checkOverlaps(kernel, arrays, *call, problem);
}

}  // namespace blasgrad
