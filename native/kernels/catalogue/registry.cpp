#include "registry.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace blasgrad {
namespace {

template <class A>
constexpr int kRangeSlot = -1;
template <int kSlot>
constexpr int kRangeSlot<Range<kSlot>> = kSlot;

// A slot as the type of a C++ parameter.
template <class A>
A get(const Call& call, std::size_t i) {
  const Slot& slot = call.slots[i];
  if constexpr (std::is_same_v<A, Size>) {
    return slot.size;
  } else if constexpr (std::is_same_v<A, bool>) {
    return slot.size != 0;
  } else if constexpr (std::is_same_v<A, Layout>) {
    return static_cast<Layout>(slot.size);
  } else if constexpr (std::is_same_v<A, double>) {
    return slot.scalar;
  } else if constexpr (std::is_same_v<A, const Axes&>) {
    return call.axes;
  } else if constexpr (std::is_same_v<A, Any>) {
    return {slot.pointer, slot.element};
  } else if constexpr (std::is_same_v<A, Pass>) {
    return call.pass;
  } else if constexpr (kRangeSlot<A> >= 0) {
    return {call.from, std::min(call.to, call.slots[kRangeSlot<A>].size)};
  } else {
    // An output came in through a non-const typed array.
    return static_cast<A>(const_cast<void*>(slot.pointer));
  }
}

template <class R, class... A, std::size_t... I>
Size invokeWith(R (*function)(A...), const Call& call, std::index_sequence<I...>) {
  if constexpr (std::is_void_v<R>) {
    function(get<A>(call, I)...);
    return -1;
  } else {
    return function(get<A>(call, I)...);
  }
}

template <class F>
struct Invoker;
template <class R, class... A>
struct Invoker<R (*)(A...)> {
  static constexpr int kRanged = std::max({-1, kRangeSlot<A>...});
  static Size invoke(Function function, const Call& call) {
    return invokeWith(reinterpret_cast<R (*)(A...)>(function), call, std::index_sequence_for<A...>());
  }
};

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::string word;
  for (const char c : text + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      result.push_back(std::exchange(word, ""));
    }
  }
  return result;
}

// As lib/backend/table/elementwise.ts builds it.
std::string tileSignature(const std::string& inputs, const std::string& scalars, const std::string& output) {
  std::string layouts, values, arrays;
  int index = 0;
  for (const auto& word : words(inputs)) {
    const auto angle = word.find('<');
    const std::string name = word.substr(0, angle);
    const std::string element = angle == std::string::npos ? "" : word.substr(angle);
    layouts += " " + name + "Layout:layout";
    arrays += " " + name + ":in" + element + "[grid(" + name + "Layout," + std::to_string(index++) + ")]";
  }
  for (const auto& name : words(scalars)) values += " " + name + ":scalar";
  return "rows:size cols:size" + layouts + values + arrays + " out:" + output + "[grid] outer:outer";
}

// The inputs of element type T, where the output has it too.
std::string tileInPlace(const std::string& inputs, const std::string& output) {
  std::string result;
  if (output != "out") return result;
  for (const auto& word : words(inputs)) {
    if (word.find('<') == std::string::npos) result += (result.empty() ? "" : " ") + word;
  }
  return result;
}

template <class Tables>
constexpr bool kHasIntegers = false;
template <template <class> class Table>
constexpr bool kHasIntegers<Numbers<Table>> = true;

// `pick` takes the kernel's pointer from a family's table.
template <class Tables, class Pick>
Kernel makeKernel(const char* name, Kernel::FamilyName family, const std::string& text, const std::string& inPlace,
                  const Tables& tables, Pick pick) {
  Kernel kernel{name, family, text, Signature::parse(text), inPlace, kHasIntegers<Tables>, -1, {}, {}};
  for (auto& argument : kernel.signature.arguments) {
    for (const auto& input : words(inPlace)) argument.inPlace = argument.inPlace || argument.name == input;
  }
  const auto put = [&](Element element, auto function) {
    kernel.function[static_cast<int>(element)] = reinterpret_cast<Function>(function);
    if constexpr (!std::is_same_v<decltype(function), Tile>) {
      kernel.ranged = Invoker<decltype(function)>::kRanged;
      kernel.invoke[static_cast<int>(element)] = &Invoker<decltype(function)>::invoke;
    }
  };
  put(Element::float32, pick(tables.float32));
  put(Element::float64, pick(tables.float64));
  if constexpr (kHasIntegers<Tables>) {
    put(Element::int32, pick(tables.int32));
    put(Element::uint8, pick(tables.uint8));
  }
  return kernel;
}

std::vector<Kernel> makeRegistry() {
  std::vector<Kernel> kernels;
#define BLASGRAD_ADD_TILE(name, inputs, scalars, output)                                                           \
  kernels.push_back(makeKernel(#name, family, tileSignature(inputs, scalars, output), tileInPlace(inputs, output), \
                               tables, [](const auto& table) { return table.name; }));
#define BLASGRAD_ADD(name, result, params, inPlace, signature) \
  kernels.push_back(                                           \
      makeKernel(#name, family, signature, inPlace, tables, [](const auto& table) { return table.name; }));
#define BLASGRAD_ADD_TILES(Family, Types, LIST, accessor) \
  {                                                       \
    const auto& tables = accessor();                      \
    constexpr auto family = Kernel::FamilyName::Family;   \
    LIST(BLASGRAD_ADD_TILE)                               \
  }
#define BLASGRAD_ADD_FAMILY(Family, Types, LIST, accessor) \
  {                                                        \
    const auto& tables = accessor();                       \
    constexpr auto family = Kernel::FamilyName::Family;    \
    LIST(BLASGRAD_ADD)                                     \
  }
  BLASGRAD_TILE_FAMILIES(BLASGRAD_ADD_TILES)
  BLASGRAD_KERNEL_FAMILIES(BLASGRAD_ADD_FAMILY)
  return kernels;
}

}  // namespace

const std::vector<Kernel>& registry() {
  static const std::vector<Kernel> kernels = makeRegistry();
  return kernels;
}

// The slots lie as tileSignature writes them: rows, cols, layouts, scalars, inputs, out, outer.
Single::Single(const Kernel& kernel, Element element, const Call& call) {
  const auto& arguments = kernel.signature.arguments;
  const int operands = kernel.signature.operands;
  const int inputs = static_cast<int>(arguments.size()) - 2 - operands;
  const int scalars = inputs - 2 - operands;
  group = {call.slots[0].size, call.slots[1].size, sources, operands, &member, 1};
  member.tile = tileOf(kernel, element);
  for (int i = 0; i < scalars; i++) member.scalars[i] = call.slots[2 + operands + i].scalar;
  member.operands = operands;
  for (int i = 0; i < operands; i++) {
    member.operand[i] = i;
    sources[i] = {static_cast<const char*>(call.slots[inputs + i].pointer),
                  bytesOf(arguments[inputs + i].element, element), static_cast<Layout>(call.slots[2 + i].size),
                  i * kTile * 8};
  }
  const int out = inputs + operands;
  member.out = static_cast<char*>(const_cast<void*>(call.slots[out].pointer));
  member.outBytes = bytesOf(arguments[out].element, element);
}

namespace {

// Nothing is to be written: ids are checked all the same. A kernel's loops over other sizes, which may be huge where
// one is 0, are not begun.
Size runEmpty(const Kernel& kernel, int index, const Call& call) {
  if (!kernel.signature.reportsIndex || call.pass == Pass::work) return -1;
  Call checked = call;
  checked.pass = Pass::check;
  return kernel.invoke[index](kernel.function[index], checked);
}

}  // namespace

Size run(const Kernel& kernel, Element element, const Call& call) {
  const int index = static_cast<int>(element);
  if (call.written == 0) return runEmpty(kernel, index, call);
  if (!kernel.isTile()) return kernel.invoke[index](kernel.function[index], call);
  Single single(kernel, element, call);
  runOver(single.group, single.member, call.axes);
  return -1;
}

}  // namespace blasgrad
