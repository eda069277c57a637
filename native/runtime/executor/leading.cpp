#include "leading.h"

namespace blasgrad {
namespace {

// The slot of the size that leads the length of every array that is written: the call falls into parts along it. Then
// each array either has it as its leading factor too, or is read whole by all parts. −1: there is none. An input has
// to have it, or what an element becomes could depend on its position.
int leadingSize(const Signature& signature) {
  int leading = -1;
  for (const Argument& argument : signature.arguments) {
    if (argument.role == Role::out || argument.role == Role::inout) {
      const Factor& first = argument.factors[0];
      if (first.kind != Factor::size || (leading >= 0 && leading != first.value)) return -1;
      leading = static_cast<int>(first.value);
    }
  }
  bool isRead = false;
  for (const Argument& argument : signature.arguments) {
    for (std::size_t i = 0; i < argument.factors.size(); i++) {
      const Factor& factor = argument.factors[i];
      if (factor.kind != Factor::number && factor.kind != Factor::size) return -1;
      if (factor.kind != Factor::size || factor.value != leading) continue;
      if (i > 0) return -1;
      isRead = isRead || argument.role != Role::out;
    }
  }
  return isRead ? leading : -1;
}

}  // namespace

int leadingOf(const Kernel& kernel) {
  static const std::vector<int> slots = [] {
    std::vector<int> found;
    for (const Kernel& each : registry()) found.push_back(leadingSize(each.signature));
    return found;
  }();
  return slots[static_cast<std::size_t>(&kernel - registry().data())];
}

Size rangeStride(const Kernel& kernel, const Call& call) {
  const Argument& out = kernel.signature.arguments.back();
  Size stride = 1;
  bool within = false;
  for (const Factor& factor : out.factors) {
    if (within) stride *= call.slots[factor.value].size;
    within = within || (factor.kind == Factor::size && factor.value == kernel.ranged);
  }
  return stride;
}

}  // namespace blasgrad
