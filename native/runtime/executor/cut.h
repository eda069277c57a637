// How a task is cut into ranges that can be done apart, by several threads or one after another. What a cut is follows
// from the task's shape and the number of threads alone.
#pragma once

#include "kernels/matmul/batched_gemm.h"
#include "task.h"

namespace blasgrad {

// Ranges from … to − 1 of `total`, which begin at multiples of `unit`; a total of 1 stands for the task as a whole.
struct Cut {
  enum Kind { whole, block, leading, range, outer, tiles, rows, reduction } kind = whole;
  Size total = 1;
  Size unit = 1;
  int slot = -1;                    // of the size that leads what is written, is done by parts (range) or is reduced
  Size GemmPart::* from = nullptr;  // the fields of a product's part (block)
  Size GemmPart::* to = nullptr;
  Size each = 1;  // of the task's own rows in one of `total` (rows, leading, block)

  int partsFor(int wanted) const;
  // Where part `part` of `parts` begins.
  Size begin(int parts, int part) const;
};

// The slots of a reduction: what is reduced, its elements, what from and to where.
constexpr int kReducedSize = 1;
constexpr int kReducedInner = 2;
constexpr int kReducedFrom = 3;
constexpr int kReducedTo = 4;

// The cut that suits so many threads best.
Cut cutOf(const Kernel& kernel, Element element, const Call& call, int threads);
Cut cutOf(const Group& group);
Cut cutOf(const Task& task, int threads);

// The task's rows, which are those of what it writes, or of what a reduction of one line reads: the cut into `total`
// ranges of as many; a whole one where that cannot be done. What ranges of a reduction give is for the caller to
// combine.
Cut cutByRows(const Task& task, Size total);

// Memory that is elsewhere for a range: a pointer to `from`, at the range's first row, stands for one to `to`.
struct Moved {
  const char* from;
  char* to;
};
constexpr int kMaxMoved = 6;
struct Moves {
  Moved moved[kMaxMoved];
  int count = 0;

  // Where what begins at `data` is; null: where it was.
  char* find(const void* data) const;
};

// Runs a range. Gives the position of a bad index or −1.
Size runRange(const Kernel& kernel, Element element, const Call& call, const Cut& cut, Size from, Size to);
void runRange(const Group& group, const Cut& cut, Size from, Size to);
// Of a cut by rows, with what has moved.
Size runRange(const Task& task, const Cut& cut, Size from, Size to, const Moves& moves);
Size runRange(const Task& task, const Cut& cut, Size from, Size to);

// Runs a range that is read and written once, upwards or, in stretches, downwards: who goes through more memory than a
// cache holds, again and again, meets in it what was used last where the way is the other each time.
void sweep(const Task& task, const Cut& cut, Size from, Size to, bool down);

// Whether an argument of the call has the rows of a cut along its leading size: its i-th part belongs to row i.
bool isAlong(const Kernel& kernel, const Cut& cut, const Argument& argument);

// The elements that a call reads and writes: a measure of its work.
Size elementsOf(const Kernel& kernel, const Call& call);

// Estimates of the duration on one thread, in µs.
double microsOf(const Kernel& kernel, Element element, const Call& call);
double microsOf(const Task& task);
double microsOfElements(Size elements);

// How many parts so much work, in µs on one thread, is to fall into.
int wantedParts(double micros, int threads);

double flopsOf(const BatchedGemm& product);

}  // namespace blasgrad
