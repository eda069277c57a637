#include "elementwise.h"

#include <algorithm>
#include <cstring>

namespace blasgrad {
namespace {

constexpr Size kTile = 256;
// Rows shorter than this are put together, several to a tile.
constexpr Size kNarrow = 128;

struct Buffers {
  alignas(64) char tile[kMaxOperands][kTile * 8];
};

template <class T>
void spreadAs(const char* from, Size rows, Size cols, char* to) {
  const T* values = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  for (Size r = 0; r < rows; r++, out += cols) {
    for (Size c = 0; c < cols; c++) out[c] = values[r];
  }
}

// Repeats each of `rows` values cols times.
void spread(Size bytes, const char* from, Size rows, Size cols, char* to) {
  if (bytes == 4) {
    spreadAs<std::uint32_t>(from, rows, cols, to);
  } else if (bytes == 8) {
    spreadAs<std::uint64_t>(from, rows, cols, to);
  } else {
    spreadAs<std::uint8_t>(from, rows, cols, to);
  }
}

void fillScalars(const Grid& grid, Buffers& buffers, Size count) {
  for (int i = 0; i < grid.operands; i++) {
    const Operand& operand = grid.operand[i];
    if (operand.layout == Layout::scalar)
      spread(operand.bytes, operand.data, 1, std::min(kTile, count), buffers.tile[i]);
  }
}

// All operands full or scalar: one row of everything.
void runFlat(Tile tile, const Grid& grid, Buffers& buffers) {
  const Size total = grid.rows * grid.cols;
  bool scalar = false;
  const void* inputs[kMaxOperands];
  for (int i = 0; i < grid.operands; i++) {
    scalar = scalar || grid.operand[i].layout == Layout::scalar;
    inputs[i] = grid.operand[i].data;
  }
  if (!scalar) return tile(total, inputs, grid.scalars, grid.out);
  fillScalars(grid, buffers, total);
  for (Size at = 0; at < total; at += kTile) {
    for (int i = 0; i < grid.operands; i++) {
      const Operand& operand = grid.operand[i];
      inputs[i] = operand.layout == Layout::scalar ? buffers.tile[i] : operand.data + at * operand.bytes;
    }
    tile(std::min(kTile, total - at), inputs, grid.scalars, grid.out + at * grid.outBytes);
  }
}

// Wide rows: a row at a time, in tiles where an operand has to be spread out.
void runWide(Tile tile, const Grid& grid, Buffers& buffers) {
  bool spreads = false;
  for (int i = 0; i < grid.operands; i++) {
    spreads = spreads || grid.operand[i].layout == Layout::scalar || grid.operand[i].layout == Layout::column;
  }
  const Size step = spreads ? std::min(kTile, grid.cols) : grid.cols;
  fillScalars(grid, buffers, step);
  const void* inputs[kMaxOperands];
  for (Size r = 0; r < grid.rows; r++) {
    for (int i = 0; i < grid.operands; i++) {
      const Operand& operand = grid.operand[i];
      if (operand.layout == Layout::column) {
        spread(operand.bytes, operand.data + r * operand.bytes, 1, step, buffers.tile[i]);
      }
    }
    for (Size c = 0; c < grid.cols; c += step) {
      for (int i = 0; i < grid.operands; i++) {
        const Operand& operand = grid.operand[i];
        inputs[i] = operand.layout == Layout::full  ? operand.data + (r * grid.cols + c) * operand.bytes
                    : operand.layout == Layout::row ? operand.data + c * operand.bytes
                                                    : buffers.tile[i];
      }
      tile(std::min(step, grid.cols - c), inputs, grid.scalars, grid.out + (r * grid.cols + c) * grid.outBytes);
    }
  }
}

// Narrow rows: as many to a tile as it holds.
void runNarrow(Tile tile, const Grid& grid, Buffers& buffers) {
  const Size together = std::min(kTile / grid.cols, grid.rows);
  fillScalars(grid, buffers, together * grid.cols);
  const void* inputs[kMaxOperands];
  for (int i = 0; i < grid.operands; i++) {
    const Operand& operand = grid.operand[i];
    if (operand.layout != Layout::row) continue;
    const Size bytes = grid.cols * operand.bytes;
    for (Size r = 0; r < together; r++) {
      std::memcpy(buffers.tile[i] + r * bytes, operand.data, static_cast<std::size_t>(bytes));
    }
  }
  for (Size r = 0; r < grid.rows; r += together) {
    const Size rows = std::min(together, grid.rows - r);
    for (int i = 0; i < grid.operands; i++) {
      const Operand& operand = grid.operand[i];
      inputs[i] = buffers.tile[i];
      if (operand.layout == Layout::full) inputs[i] = operand.data + r * grid.cols * operand.bytes;
      if (operand.layout == Layout::column) {
        spread(operand.bytes, operand.data + r * operand.bytes, rows, grid.cols, buffers.tile[i]);
      }
    }
    tile(rows * grid.cols, inputs, grid.scalars, grid.out + r * grid.cols * grid.outBytes);
  }
}

// Where the grid is a single row or column, layouts that then mean the same become full or scalar.
Layout simplified(Layout layout, const Grid& grid) {
  if (grid.rows == 1 && layout == Layout::row) layout = Layout::full;
  if (grid.rows == 1 && layout == Layout::column) layout = Layout::scalar;
  if (grid.cols == 1 && layout == Layout::column) layout = Layout::full;
  if (grid.cols == 1 && layout == Layout::row) layout = Layout::scalar;
  return layout;
}

}  // namespace

void runElementwise(Tile tile, Grid& grid, const Axes& outer) {
  const Size total = grid.rows * grid.cols;
  if (total == 0) return;
  for (int axis = 0; axis < outer.rank; axis++) {
    if (outer.count[axis] == 0) return;
  }
  bool flat = true;
  for (int i = 0; i < grid.operands; i++) {
    Operand& operand = grid.operand[i];
    operand.layout = simplified(operand.layout, grid);
    flat = flat && (operand.layout == Layout::full || operand.layout == Layout::scalar);
  }
  const auto run = flat ? runFlat : grid.cols < kNarrow ? runNarrow : runWide;
  Buffers buffers;
  if (outer.rank == 0) return run(tile, grid, buffers);
  Size index[kMaxOuterAxes] = {};
  for (int axis = 0; axis >= 0;) {
    run(tile, grid, buffers);
    grid.out += total * grid.outBytes;
    for (axis = outer.rank - 1; axis >= 0; axis--) {
      const bool more = ++index[axis] < outer.count[axis];
      const Size steps = more ? 1 : -(outer.count[axis] - 1);
      for (int i = 0; i < grid.operands; i++) {
        grid.operand[i].data += steps * outer.stride[i][axis] * grid.operand[i].bytes;
      }
      if (more) break;
      index[axis] = 0;
    }
  }
}

}  // namespace blasgrad
