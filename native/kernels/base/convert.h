// The conversions between element types that the table prescribes.
#pragma once

#include <limits>
#include <type_traits>

#include "types.h"

namespace blasgrad {

// A number as T: floats are rounded; integers truncated, beyond the range the nearest bound, NaN 0.
template <class T>
inline T toElement(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    constexpr double low = std::numeric_limits<T>::min();
    constexpr double high = std::numeric_limits<T>::max();
    // Through int32, which vectors convert to.
    const double atLeast = value > low ? value : low;
    const auto whole = static_cast<T>(static_cast<std::int32_t>(atLeast < high ? atLeast : high));
    return value == value ? whole : T(0);
  }
}

}  // namespace blasgrad
