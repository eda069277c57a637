// Encodes a planned group of elementwise kernels: its operands and tile buffers, checked.
#pragma once

#include "memory.h"

namespace blasgrad {

struct EncodedGroup {
  std::vector<Source> sources;
  std::vector<Member> members;
  Group group{};  // points into the vectors, which may be moved but not copied

  EncodedGroup() = default;
  EncodedGroup(EncodedGroup&&) = default;
  EncodedGroup& operator=(EncodedGroup&&) = default;
  // Sets `group`, once the vectors are complete.
  void finish(Size rows, Size cols);
};

// Throws std::invalid_argument where the group is malformed; notes in `memory` what it writes.
EncodedGroup encodeGroup(const PlannedStep& planned, Memory& memory);

// What a kernel's check found, as a message.
std::string messageOf(const Kernel& kernel, const Array* arrays, const Problem& problem);

}  // namespace blasgrad
