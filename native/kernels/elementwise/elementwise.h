// Runs elementwise kernels, which take contiguous tiles, over a grid rows × cols of operands in any layout: one kernel,
// or a fused group tile by tile, so that intermediates stay in the first-level cache. Nothing is allocated.
#pragma once

#include "kernels/base/types.h"

namespace blasgrad {

// The most elements of a tile that passes through a buffer, and the bytes of all buffers together.
constexpr Size kTile = 256;
constexpr Size kBufferBytes = 32768;
// The most sources and members of a group together.
constexpr int kMaxCells = 96;

// An operand from outside the group, and where among the buffers it is broadcast unless it is full: kTile elements.
struct Source {
  const char* data;
  Size bytes;  // of one element
  Layout layout;
  Size buffer;
};

// One kernel of a group.
struct Member {
  Tile tile;
  double scalars[kMaxScalars];
  int operands;
  int operand[kMaxOperands];  // a source, or ~(an earlier member), whose output is read
  char* out;                  // the whole grid's output; null: a tile's output goes to `buffer`
  Size outBytes;              // of one element
  Size buffer;
};

struct Group {
  Size rows;
  Size cols;
  Source* sources;
  int sourceCount;
  const Member* members;
  int memberCount;

  // Set by prepare().
  enum Tiling { flat, narrow, wide } tiling = flat;
  Size step = 0;    // elements of a tile (flat, wide) or rows (narrow)
  Size across = 1;  // tiles of a row (wide)
  Size tiles = 0;   // of the grid
};

// Chooses the tiles of the grid, and simplifies layouts that are equivalent over it.
void prepare(Group& group);

// Runs the tiles from … to − 1 of a prepared group.
void runTiles(const Group& group, Size from, Size to);

// A group of the rows from … to − 1 of a prepared group, or of its elements from … to − 1 where it is `flat`: all its
// layouts are full or scalar. It has pointers to its own members.
struct RowsOf {
  RowsOf(const Group& group, bool flat, Size from, Size to);
  RowsOf(const RowsOf&) = delete;
  RowsOf& operator=(const RowsOf&) = delete;
  void run();

  Source sources[kMaxCells];
  Member members[kMaxCells];
  Group part;
};

// Prepares and runs a group of one member, whose operands are its sources in order, at each point of outer axes;
// `outer` gives each axis's count and each operand's stride, in elements. The output is contiguous.
void runOver(Group& group, Member& member, const Axes& outer);

}  // namespace blasgrad
