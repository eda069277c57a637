// Ids that JavaScript may change while a kernel reads them: a view taken earlier, memory shared with a worker. What was
// checked is therefore read once more, once, and compared again where it is used.
#pragma once

#include "types.h"

namespace blasgrad {

// One read, which the compiler may not repeat.
inline Size ReadOnce(const std::int32_t* id) { return *static_cast<const volatile std::int32_t*>(id); }

inline bool IsRow(Size id, Size rows) { return id >= 0 && id < rows; }

}  // namespace blasgrad
