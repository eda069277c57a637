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
    if (!(value > low)) return value != value ? T(0) : std::numeric_limits<T>::min();
    return value >= high ? std::numeric_limits<T>::max() : static_cast<T>(value);
  }
}

}  // namespace blasgrad
