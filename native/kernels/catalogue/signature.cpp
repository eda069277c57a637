#include "signature.h"

#include <sstream>
#include <stdexcept>

namespace blasgrad {
namespace {

[[noreturn]] void unreadable(const std::string& text) {
  throw std::invalid_argument("kernel signature: cannot read " + text);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

Role readRole(const std::string& text) {
  static const char* const names[] = {"size", "flag", "layout", "scalar", "sizes", "outer", "in", "out", "inout"};
  for (int i = 0; i < 9; i++) {
    if (text == names[i]) return static_cast<Role>(i);
  }
  unreadable(text);
}

ElementRule readElement(const std::string& text) {
  static const char* const names[] = {"T", "bool", "int32", "float64", "any"};
  for (int i = 0; i < 5; i++) {
    if (text == names[i]) return static_cast<ElementRule>(i);
  }
  unreadable(text);
}

// name:role<element>[length?]
Argument readArgument(const std::string& word) {
  Argument argument;
  const auto colon = word.find(':');
  if (colon == std::string::npos) unreadable(word);
  argument.name = word.substr(0, colon);
  const auto bracket = word.find('[');
  std::string role = word.substr(colon + 1, bracket == std::string::npos ? bracket : bracket - colon - 1);
  if (bracket != std::string::npos) {
    argument.length = word.substr(bracket + 1, word.size() - bracket - 2);
    argument.optional = argument.length.back() == '?';
    if (argument.optional) argument.length.pop_back();
  }
  if (const auto angle = role.find('<'); angle != std::string::npos) {
    argument.element = readElement(role.substr(angle + 1, role.size() - angle - 2));
    role.resize(angle);
  }
  argument.role = readRole(role);
  return argument;
}

int slotOf(const Signature& signature, const std::string& name) {
  for (std::size_t i = 0; i < signature.arguments.size(); i++) {
    if (signature.arguments[i].name == name) return static_cast<int>(i);
  }
  unreadable(name);
}

Factor readFactor(const Signature& signature, const std::string& text) {
  if (text[0] >= '0' && text[0] <= '9') return {Factor::number, std::stoi(text)};
  if (text == "grid") return {Factor::grid};
  const auto open = text.find('(');
  if (open == std::string::npos) return {Factor::size, slotOf(signature, text)};
  const std::string word = text.substr(0, open);
  const auto parameters = split(text.substr(open + 1, text.size() - open - 2), ',');
  if (word == "count") return {Factor::count};
  const int slot = slotOf(signature, parameters[0]);
  if (word == "reach") return {Factor::reach, slot};
  if (word != "grid") unreadable(text);
  return {Factor::gridOf, slot, parameters.size() > 1 ? std::stoi(parameters[1]) : -1};
}

// Sizes and strides are below 2^31, so that only products of several can go beyond kTooMany.
Size times(Size a, Size b) {
  if (a <= INT32_MAX && b <= INT32_MAX) return a * b;
  return a != 0 && b > kTooMany / a ? kTooMany : a * b;
}

Size plus(Size a, Size b) { return b > kTooMany - a ? kTooMany : a + b; }

Size points(const Axes& axes) {
  Size count = 1;
  for (int i = 0; i < axes.rank; i++) count = times(count, axes.count[i]);
  for (int i = 0; i < axes.rank; i++) {
    if (axes.count[i] == 0) return 0;
  }
  return count;
}

// `length` elements and as many more as the strides lead on; 0 where an axis has no points.
Size extended(Size length, const Axes& axes, int operand) {
  if (length == 0) return 0;
  for (int i = 0; i < axes.rank; i++) {
    if (axes.count[i] == 0) return 0;
    length = plus(length, times(axes.count[i] - 1, axes.stride[operand][i]));
  }
  return length;
}

Size layoutLength(Size layout, Size rows, Size cols) {
  switch (static_cast<Layout>(layout)) {
    case Layout::full:
      return times(rows, cols);
    case Layout::row:
      return cols;
    case Layout::column:
      return rows;
    default:
      return 1;
  }
}

}  // namespace

Signature Signature::parse(const std::string& text) {
  Signature signature;
  std::string words = text;
  if (const auto arrow = text.find(" -> "); arrow != std::string::npos) {
    signature.reportsIndex = text.substr(arrow + 4) == "index";
    words.resize(arrow);
  }
  for (const auto& word : split(words, ' ')) signature.arguments.push_back(readArgument(word));
  if (signature.arguments.size() > static_cast<std::size_t>(kMaxArguments)) unreadable(text);
  for (std::size_t i = 0; i < signature.arguments.size(); i++) {
    const auto& argument = signature.arguments[i];
    if (argument.role == Role::layout) signature.operands++;
    if (argument.name == "rows") signature.rows = static_cast<int>(i);
    if (argument.name == "cols") signature.cols = static_cast<int>(i);
  }
  for (auto& argument : signature.arguments) {
    for (const auto& factor : split(argument.length, '*')) argument.factors.push_back(readFactor(signature, factor));
  }
  return signature;
}

Size Signature::needed(const Argument& argument, const Call& call) const {
  Size length = 1;
  bool none = false;
  for (const Factor& factor : argument.factors) {
    Size value = factor.value;
    switch (factor.kind) {
      case Factor::number:
        break;
      case Factor::size:
        value = call.slots[factor.value].size;
        break;
      case Factor::grid:
        value = times(times(call.slots[rows].size, call.slots[cols].size), points(call.axes));
        break;
      case Factor::gridOf:
        value = layoutLength(call.slots[factor.value].size, call.slots[rows].size, call.slots[cols].size);
        if (factor.operand >= 0) value = extended(value, call.axes, factor.operand);
        break;
      case Factor::count:
        value = points(call.axes);
        break;
      case Factor::reach:
        value = extended(plus(call.slots[factor.value].size, 1), call.axes, 0);
        break;
    }
    none = none || value == 0;
    length = times(length, value);
  }
  return none ? 0 : length;
}

}  // namespace blasgrad
