// Runs elementwise kernels, which know contiguous tiles only, over a grid rows × cols of operands in any layout: one
// kernel alone, or several tile by tile, so that what one makes is still in the first-level cache when the next reads
// it. Nothing is allocated.
#pragma once

#include "kernels/base/types.h"

namespace blasgrad {

// The most elements of a tile that passes through a buffer, and the bytes of all buffers together.
constexpr Size kTile = 256;
constexpr Size kBufferBytes = 32768;
// The most sources and members of a group together.
constexpr int kMaxCells = 96;

// An operand from outside the group, and where among the buffers it is spread out unless it is full: kTile elements.
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
  enum Walk { flat, narrow, wide } walk = flat;
  Size step = 0;    // elements of a tile (flat, wide) or rows (narrow)
  Size across = 1;  // tiles of a row (wide)
  Size tiles = 0;   // of the grid
};

// Chooses the tiles of the grid. Layouts that mean the same over this grid become one.
void prepare(Group& group);

// Runs the tiles from … to − 1 of a prepared group.
void runTiles(const Group& group, Size from, Size to);

// The rows from … to − 1 of a prepared group as a group; where `flat`, which says that no layout tells rows apart, its
// points. It points into itself.
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
