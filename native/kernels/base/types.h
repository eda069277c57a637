// The words kernels are written in: sizes, element types, operands. Nothing here knows Node or a particular kernel.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasgrad {

using Size = std::ptrdiff_t;

template <class T>
using In = const T*;
template <class T>
using Out = T*;

enum class Element { float32, float64, int32, uint8 };
constexpr int kElements = 4;

// How an operand lies over a grid rows × cols, as in lib/backend/signature.ts.
enum class Layout { full, scalar, row, column };

constexpr int kMaxOperands = 3;
constexpr int kMaxScalars = 2;
constexpr int kMaxAxes = 8;
constexpr int kMaxOuterAxes = 4;

// Axes from the outermost in, with a stride for each operand that walks them.
struct Axes {
  int rank = 0;
  Size count[kMaxAxes];
  Size stride[kMaxOperands][kMaxAxes];
};

// An array whose element type is known only at run time.
struct Any {
  const void* data;
  Element element;
};

// From … to − 1 of the size in slot kSlot: what a call works on, where several share the work. All its arrays are
// whole.
template <int kSlot>
struct Range {
  Size from;
  Size to;
};

// What a call with ids does: it checks them all, then works; or one of the two, where several share the work.
enum class Pass { all, check, work };

// An elementwise kernel over n contiguous elements; `out` may be one of the inputs.
using Tile = void (*)(Size n, const void* const* inputs, const double* scalars, void* out);

// One table of function pointers for each element type that a family exists for.
template <template <class> class Table>
struct Floats {
  Table<float> float32;
  Table<double> float64;
};
template <template <class> class Table>
struct Numbers {
  Table<float> float32;
  Table<double> float64;
  Table<std::int32_t> int32;
  Table<std::uint8_t> uint8;
};

}  // namespace blasgrad
