// How a task is partitioned into ranges that can be done apart, by several threads or one after another. A partition
// follows from the rules of the task's kernel, its shape and the number of threads alone.
#pragma once

#include "kernels/matmul/batched_gemm.h"
#include "task.h"

namespace blasgrad {

// Ranges from … to − 1 of `total`, which begin at multiples of `grain`; a total of 1 stands for the task as a whole.
struct Partition {
  enum Kind { whole, block, leading, range, outer, tiles, rows, reduction } kind = whole;
  Size total = 1;
  Size grain = 1;
  int slot = -1;                    // of the size that is partitioned (leading, range, reduction)
  std::uint32_t along = 0;          // the arguments whose part i belongs to unit i of `total`, bit i for slot i
  Size GemmPart::* from = nullptr;  // the fields of a product's part (block)
  Size GemmPart::* to = nullptr;
  Size each = 1;  // of the task's own rows in one of `total` (rows, leading, block, reduction)

  int chunksFor(int target) const;
  // Where chunk `chunk` of `chunks` begins.
  Size begin(int chunks, int chunk) const;
  bool isAlong(std::size_t slot) const { return (along & (1u << slot)) != 0; }
};

// The partition that suits so many threads best.
Partition partitionOf(const Kernel& kernel, Element element, const Call& call, int threads);
Partition partitionOf(const Group& group);
Partition partitionOf(const Task& task, int threads);

// The task's rows (Task::rows), `total` ranges of as many; a whole one where that cannot be done. What ranges of a
// reduction give is for the caller to combine.
Partition partitionByRows(const Task& task, Size total);

// Whether every operand is full or scalar, so that only the number of points counts.
bool isFlat(const Group& group);

// Whether ranges of the rows that the plan gives the task are apart in memory.
bool hasItsRows(const Task& task);

}  // namespace blasgrad
