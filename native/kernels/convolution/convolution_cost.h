// What a convolution costs, and its gradients.
#pragma once

#include "kernels/catalogue/signature.h"

namespace blasgrad {

// Two operations for each tap of each output: the product of all sizes but those of the image and of what is left over.
inline double convolutionFlops(const Signature& signature, const Call& call) {
  double flops = 2;
  for (std::size_t i = 0; i < signature.arguments.size(); i++) {
    const Argument& argument = signature.arguments[i];
    const bool counts = argument.role == Role::size && argument.name != "height" && argument.name != "width" &&
                        argument.name != "columns";
    if (counts) flops *= static_cast<double>(call.slots[i].size);
  }
  return flops;
}

}  // namespace blasgrad
