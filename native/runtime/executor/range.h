// Runs ranges of a partition.
#pragma once

#include "partition.h"

namespace blasgrad {

// Memory that is elsewhere for a range: a pointer to `from`, at the range's first row, stands for one to `to`.
struct Redirection {
  const char* from;
  char* to;
};
constexpr int kMaxRedirections = 6;
struct Redirections {
  Redirection entries[kMaxRedirections];
  int count = 0;

  // Where what begins at `data` is; null: where it was.
  char* find(const void* data) const;
};

// Runs a range. Gives the position of a bad index or −1.
Size runRange(const Kernel& kernel, Element element, const Call& call, const Partition& partition, Size from, Size to);
void runRange(const Group& group, const Partition& partition, Size from, Size to);
Size runRange(const Task& task, const Partition& partition, Size from, Size to);
// Of a partition by rows, with what is elsewhere.
Size runRange(const Task& task, const Partition& partition, Size from, Size to, const Redirections& redirections);

// Runs a range that is read and written once, upwards or, in stretches, downwards. Alternating the direction from run
// to run leaves the tail of the last pass cached for the next.
void sweep(const Task& task, const Partition& partition, Size from, Size to, bool down);

}  // namespace blasgrad
