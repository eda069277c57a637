#include "elementwise.h"

#include <algorithm>
#include <cstring>

namespace blasgrad {
namespace {

// Rows shorter than this share a tile.
constexpr Size kNarrow = 128;
// The most elements of a tile that passes through no buffer.
constexpr Size kLongTile = 16384;

template <class T>
void broadcastAs(const char* from, Size rows, Size cols, char* to) {
  const T* values = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  for (Size r = 0; r < rows; r++, out += cols) {
    for (Size c = 0; c < cols; c++) out[c] = values[r];
  }
}

// Broadcasts each of `rows` values over cols elements.
void broadcast(Size bytes, const char* from, Size rows, Size cols, char* to) {
  if (bytes == 4) {
    broadcastAs<std::uint32_t>(from, rows, cols, to);
  } else if (bytes == 8) {
    broadcastAs<std::uint64_t>(from, rows, cols, to);
  } else {
    broadcastAs<std::uint8_t>(from, rows, cols, to);
  }
}

// On a grid of one row or column, the equivalent layout that is full or scalar.
Layout simplified(Layout layout, const Group& group) {
  if (group.rows == 1 && layout == Layout::row) layout = Layout::full;
  if (group.rows == 1 && layout == Layout::column) layout = Layout::scalar;
  if (group.cols == 1 && layout == Layout::column) layout = Layout::full;
  if (group.cols == 1 && layout == Layout::row) layout = Layout::scalar;
  return layout;
}

// A tile's first row and column, its first element and its extent.
struct Place {
  Size row;
  Size col;
  Size begin;
  Size rows;
  Size count;
};

Place placeOf(const Group& group, Size tile) {
  if (group.tiling == Group::flat) {
    const Size begin = tile * group.step;
    return {0, 0, begin, 1, std::min(group.step, group.rows * group.cols - begin)};
  }
  if (group.tiling == Group::narrow) {
    const Size row = tile * group.step;
    const Size rows = std::min(group.step, group.rows - row);
    return {row, 0, row * group.cols, rows, rows * group.cols};
  }
  const Size row = tile / group.across;
  const Size col = tile % group.across * group.step;
  return {row, col, row * group.cols + col, 1, std::min(group.step, group.cols - col)};
}

// Broadcasts the operands that are the same for each tile, and notes their addresses.
void broadcastOnce(const Group& group, char* buffers, const void** at) {
  const Size rows = group.tiling == Group::narrow ? group.step : 1;
  const Size cols = group.tiling == Group::narrow ? group.cols : std::min(group.step, group.rows * group.cols);
  for (int i = 0; i < group.sourceCount; i++) {
    const Source& source = group.sources[i];
    if (source.layout == Layout::full) continue;
    char* buffer = buffers + source.buffer;
    at[i] = buffer;
    if (source.layout == Layout::scalar) {
      broadcast(source.bytes, source.data, 1, rows * cols, buffer);
    } else if (source.layout == Layout::row && group.tiling == Group::narrow) {
      // Doubles what is filled until the tile is full.
      const auto all = static_cast<std::size_t>(rows * cols * source.bytes);
      auto filled = static_cast<std::size_t>(cols * source.bytes);
      std::memcpy(buffer, source.data, filled);
      for (std::size_t more; filled < all; filled += more) {
        more = std::min(filled, all - filled);
        std::memcpy(buffer + filled, buffer, more);
      }
    }
  }
}

}  // namespace

void prepare(Group& group) {
  const Size total = group.rows * group.cols;
  group.tiles = 0;
  if (total == 0) return;
  bool flat = true;
  bool buffered = group.memberCount > 1;
  for (int i = 0; i < group.sourceCount; i++) {
    Layout& layout = group.sources[i].layout;
    layout = simplified(layout, group);
    flat = flat && (layout == Layout::full || layout == Layout::scalar);
    buffered = buffered || layout == Layout::scalar || layout == Layout::column;
  }
  group.across = 1;
  const Size most = buffered ? kTile : kLongTile;
  if (flat) {
    group.tiling = Group::flat;
    group.step = most;
    group.tiles = (total + most - 1) / most;
  } else if (group.cols < kNarrow) {
    group.tiling = Group::narrow;
    group.step = std::min(kTile / group.cols, group.rows);
    group.tiles = (group.rows + group.step - 1) / group.step;
  } else {
    group.tiling = Group::wide;
    group.step = std::min(most, group.cols);
    group.across = (group.cols + group.step - 1) / group.step;
    group.tiles = group.rows * group.across;
  }
}

void runTiles(const Group& group, Size from, Size to) {
  if (from >= to) return;
  alignas(64) char buffers[kBufferBytes];
  const void* at[kMaxCells];
  const void** made = at + group.sourceCount;
  broadcastOnce(group, buffers, at);
  for (Size tile = from; tile < to; tile++) {
    const Place place = placeOf(group, tile);
    for (int i = 0; i < group.sourceCount; i++) {
      const Source& source = group.sources[i];
      if (source.layout == Layout::full) {
        at[i] = source.data + place.begin * source.bytes;
      } else if (source.layout == Layout::row && group.tiling == Group::wide) {
        at[i] = source.data + place.col * source.bytes;
      } else if (source.layout == Layout::column) {
        const bool narrow = group.tiling == Group::narrow;
        if (!narrow && place.col > 0 && tile > from) continue;
        broadcast(source.bytes, source.data + place.row * source.bytes, place.rows, narrow ? group.cols : group.step,
                  buffers + source.buffer);
      }
    }
    for (int m = 0; m < group.memberCount; m++) {
      const Member& member = group.members[m];
      const void* inputs[kMaxOperands];
      for (int i = 0; i < member.operands; i++) {
        const int operand = member.operand[i];
        inputs[i] = operand >= 0 ? at[operand] : made[~operand];
      }
      char* out = member.out == nullptr ? buffers + member.buffer : member.out + place.begin * member.outBytes;
      made[m] = out;
      member.tile(place.count, inputs, member.scalars, out);
    }
  }
}

RowsOf::RowsOf(const Group& group, bool flat, Size from, Size to) : part(group) {
  part.sources = sources;
  part.members = members;
  part.rows = flat ? 1 : to - from;
  part.cols = flat ? to - from : group.cols;
  const Size begin = flat ? from : from * group.cols;
  std::copy_n(group.sources, group.sourceCount, sources);
  std::copy_n(group.members, group.memberCount, members);
  for (int i = 0; i < group.sourceCount; i++) {
    Source& source = sources[i];
    if (source.layout == Layout::full) source.data += begin * source.bytes;
    if (source.layout == Layout::column) source.data += from * source.bytes;
  }
  for (int m = 0; m < group.memberCount; m++) {
    if (members[m].out != nullptr) members[m].out += begin * members[m].outBytes;
  }
}

void RowsOf::run() {
  prepare(part);
  runTiles(part, 0, part.tiles);
}

void runOver(Group& group, Member& member, const Axes& outer) {
  for (int axis = 0; axis < outer.rank; axis++) {
    if (outer.count[axis] == 0) return;
  }
  prepare(group);
  if (outer.rank == 0 || group.tiles == 0) return runTiles(group, 0, group.tiles);
  Size index[kMaxOuterAxes] = {};
  for (int axis = 0; axis >= 0;) {
    runTiles(group, 0, group.tiles);
    member.out += group.rows * group.cols * member.outBytes;
    for (axis = outer.rank - 1; axis >= 0; axis--) {
      const bool more = ++index[axis] < outer.count[axis];
      const Size steps = more ? 1 : -(outer.count[axis] - 1);
      for (int i = 0; i < group.sourceCount; i++) {
        group.sources[i].data += steps * outer.stride[i][axis] * group.sources[i].bytes;
      }
      if (more) break;
      index[axis] = 0;
    }
  }
}

}  // namespace blasgrad
