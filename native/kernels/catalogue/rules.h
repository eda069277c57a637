// What the library's table says of each kernel beyond its signature, as slots of arguments: roles, the axis along which
// calls are partitioned, operations. lib/backend/rules/ derives it and attaches it once; here it is checked for what
// memory safety needs, and nothing is derived again.
#pragma once

#include <cstdint>
#include <vector>

#include "registry.h"

namespace blasgrad {

constexpr int kNoSlot = -1;

// Of a matrix product.
struct ProductSlots {
  int transposeA = kNoSlot, transposeB = kNoSlot, m = kNoSlot, n = kNoSlot, k = kNoSlot;
  int a = kNoSlot, b = kNoSlot, out = kNoSlot;
  int batchRows = kNoSlot, batchCols = kNoSlot, aLayout = kNoSlot, bLayout = kNoSlot, outLayout = kNoSlot;
  int bias = kNoSlot, relu = kNoSlot, reluMask = kNoSlot;
};

// Of a reduction of input [outer, n, inner] whose results over ranges of n can be combined.
struct ReductionSlots {
  int outer = kNoSlot, n = kNoSlot, inner = kNoSlot, input = kNoSlot, output = kNoSlot;
};

// Of a lookup, which reads of the table no more than `rows` holds.
struct LookupSlots {
  int table = kNoSlot, rows = kNoSlot;
};

struct KernelRules {
  int leading = kNoSlot;    // the size that leads all that is written
  std::uint32_t along = 0;  // the arguments that it leads, bit i for slot i
  double flops = 0;         // times these sizes; 0: memory bounds the duration
  std::vector<int> flopSizes;
  ProductSlots product;
  ReductionSlots reduction;
  LookupSlots lookup;
};

// What one thread does in a µs, and from how many µs on work is shared among threads.
struct Rates {
  double flopsPerMicro = 0;
  double bytesPerMicro = 0;
  double leastSharedProduct = 0;
  double leastShared = 0;
  double leastSharedRegion = 0;
};

struct Rules {
  Rates rates;
  std::vector<KernelRules> kernels;  // in the registry's order
};

// Takes the rules, of the whole process: the first time they are checked and kept, later ones have to be the same.
// Throws std::invalid_argument where they are not, or where a kernel's signature does not bear them out.
void attachRules(const Rules& rules);

// Whether there are any: before that nothing is shared among threads.
bool hasRules();
// All below are of the rules attached.
const KernelRules& rulesOf(const Kernel& kernel);
const Rates& rates();

// Whether ranges of `axis` are apart in memory: each argument of `along` has that size as its leading factor, and all
// that is written is among them.
bool leads(const Kernel& kernel, int axis, std::uint32_t along);

}  // namespace blasgrad
