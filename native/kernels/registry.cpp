#include "registry.h"

#include <type_traits>
#include <utility>

#include "elementwise.h"
#include "families.h"

namespace blasgrad {
namespace {

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
Kernel makeKernel(const char* name, const std::string& text, const std::string& inPlace, const Tables& tables,
                  Pick pick) {
  Kernel kernel{name, text, Signature::parse(text), inPlace, kHasIntegers<Tables>, {}, {}};
  for (auto& argument : kernel.signature.arguments) {
    for (const auto& input : words(inPlace)) argument.inPlace = argument.inPlace || argument.name == input;
  }
  const auto put = [&](Element element, auto function) {
    kernel.function[static_cast<int>(element)] = reinterpret_cast<Function>(function);
    if constexpr (!std::is_same_v<decltype(function), Tile>) {
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
  kernels.push_back(makeKernel(#name, tileSignature(inputs, scalars, output), tileInPlace(inputs, output), tables, \
                               [](const auto& table) { return table.name; }));
#define BLASGRAD_ADD(name, result, params, inPlace, signature) \
  kernels.push_back(makeKernel(#name, signature, inPlace, tables, [](const auto& table) { return table.name; }));
#define BLASGRAD_ADD_TILES(Family, Types, LIST, accessor) \
  {                                                       \
    const auto& tables = accessor();                      \
    LIST(BLASGRAD_ADD_TILE)                               \
  }
#define BLASGRAD_ADD_FAMILY(Family, Types, LIST, accessor) \
  {                                                        \
    const auto& tables = accessor();                       \
    LIST(BLASGRAD_ADD)                                     \
  }
  BLASGRAD_TILE_FAMILIES(BLASGRAD_ADD_TILES)
  BLASGRAD_KERNEL_FAMILIES(BLASGRAD_ADD_FAMILY)
  return kernels;
}

Size bytesOf(ElementRule rule, Element element) {
  static constexpr Size bytes[] = {4, 8, 4, 1};
  return rule == ElementRule::same ? bytes[static_cast<int>(element)] : rule == ElementRule::byte ? 1 : 4;
}

// The slots lie as tileSignature writes them: rows, cols, layouts, scalars, inputs, out, outer.
void runTile(const Kernel& kernel, Element element, const Call& call) {
  const auto& arguments = kernel.signature.arguments;
  Grid grid;
  grid.rows = call.slots[0].size;
  grid.cols = call.slots[1].size;
  grid.operands = kernel.signature.operands;
  const int inputs = static_cast<int>(arguments.size()) - 2 - grid.operands;
  const int scalars = inputs - 2 - grid.operands;
  for (int i = 0; i < scalars; i++) grid.scalars[i] = call.slots[2 + grid.operands + i].scalar;
  for (int i = 0; i < grid.operands; i++) {
    grid.operand[i] = {static_cast<const char*>(call.slots[inputs + i].pointer),
                       bytesOf(arguments[inputs + i].element, element), static_cast<Layout>(call.slots[2 + i].size)};
  }
  const int out = inputs + grid.operands;
  grid.out = static_cast<char*>(const_cast<void*>(call.slots[out].pointer));
  grid.outBytes = bytesOf(arguments[out].element, element);
  runElementwise(reinterpret_cast<Tile>(kernel.function[static_cast<int>(element)]), grid, call.axes);
}

}  // namespace

const std::vector<Kernel>& registry() {
  static const std::vector<Kernel> kernels = makeRegistry();
  return kernels;
}

Size run(const Kernel& kernel, Element element, const Call& call) {
  const int index = static_cast<int>(element);
  if (kernel.invoke[index] != nullptr) return kernel.invoke[index](kernel.function[index], call);
  runTile(kernel, element, call);
  return -1;
}

}  // namespace blasgrad
