// Encodes planned work: calls and groups, checked against their kernels and against what lies where.
#pragma once

#include "task.h"

namespace blasgrad {

// Throws std::invalid_argument that says what is malformed; notes in `memory` what the task writes.
Task encodeTask(const PlannedStep& planned, Memory& memory);

}  // namespace blasgrad
