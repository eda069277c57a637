#include "partition.h"

#include <algorithm>

#include "kernels/catalogue/rules.h"

namespace blasgrad {
namespace {

// Ranges begin on a cache line of their own where what is written has short rows.
constexpr Size kElementsApart = 64;
constexpr Size kBytesApart = 4 * kElementsApart;

// The batch where its outputs are apart and many enough; else rows of the output where the stored weight gradient has
// them, or where there are more rows than columns; else columns, which are the weight's own rows.
Partition partitionOfProduct(const BatchedGemm& p, int threads) {
  const auto block = [](Size total, Size grain, Size GemmPart::* from, Size GemmPart::* to) {
    Partition partition{Partition::block, total, grain};
    partition.from = from;
    partition.to = to;
    return partition;
  };
  const bool apart = p.outLayout == Layout::full;
  if ((apart || p.outLayout == Layout::column) && p.rows >= threads) {
    return block(p.rows, 1, &GemmPart::fromRow, &GemmPart::toRow);
  }
  if ((apart || p.outLayout == Layout::row) && p.cols >= threads) {
    return block(p.cols, 1, &GemmPart::fromCol, &GemmPart::toCol);
  }
  const Partition rows = block(p.m, 8, &GemmPart::fromM, &GemmPart::toM);
  const Partition columns = block(p.n, 16, &GemmPart::fromN, &GemmPart::toN);
  const bool rowsFirst = p.transposeA || p.m >= p.n;
  const Partition& first = rowsFirst ? rows : columns;
  const Partition& second = rowsFirst ? columns : rows;
  return first.total >= threads * first.grain || first.total >= second.total ? first : second;
}

// How far apart two neighbours of the kernel's range lie in what it writes, in elements.
Size rangeStride(const Kernel& kernel, const Call& call) {
  Size stride = 1;
  bool within = false;
  for (const Factor& factor : kernel.signature.arguments.back().factors) {
    if (within) stride *= call.slots[factor.value].size;
    within = within || (factor.kind == Factor::size && factor.value == kernel.ranged);
  }
  return stride;
}

// Along the size of which the kernel does a part where it is told to.
Partition partitionOfRange(const Kernel& kernel, const Call& call) {
  if (kernel.ranged < 0) return {};
  const Size apart = std::max<Size>(1, rangeStride(kernel, call));
  return {Partition::range, call.slots[kernel.ranged].size, std::max<Size>(1, kElementsApart / apart), kernel.ranged};
}

// Whether the plan has the task go along what it reads: a reduction of one line.
bool isReduction(const Task& task) {
  const ReductionSlots& at = rulesOf(*task.kernel).reduction;
  return at.n != kNoSlot && task.axis == at.n && task.call.slots[at.outer].size == 1;
}

}  // namespace

int Partition::chunksFor(int target) const {
  return static_cast<int>(std::min<Size>(target, (total + grain - 1) / grain));
}

Size Partition::begin(int chunks, int chunk) const {
  const Size grains = (total + grain - 1) / grain;
  return std::min(total, grains * chunk / chunks * grain);
}

bool isFlat(const Group& group) {
  return std::all_of(group.sources, group.sources + group.sourceCount, [](const Source& source) {
    return source.layout == Layout::full || source.layout == Layout::scalar;
  });
}

Partition partitionOf(const Kernel& kernel, Element element, const Call& call, int threads) {
  if (isBatchedGemm(kernel)) return partitionOfProduct(readBatchedGemm(kernel, element, call), threads);
  if (kernel.isTile()) {
    return call.axes.rank == 0 ? Partition{} : Partition{Partition::outer, call.axes.count[0], 1};
  }
  const KernelRules& rules = rulesOf(kernel);
  const Size total = rules.leading == kNoSlot ? 1 : call.slots[rules.leading].size;
  const Partition range = partitionOfRange(kernel, call);
  const bool few = rules.leading == kNoSlot || total < threads;
  if (few && range.chunksFor(threads) > total) return range;
  if (rules.leading == kNoSlot || total < 2) return {};
  const Size grain = std::max<Size>(1, kBytesApart * total / std::max<Size>(1, call.bytes));
  return {Partition::leading, total, grain, rules.leading, rules.along};
}

Partition partitionOf(const Group& group) { return {Partition::tiles, group.tiles, 1}; }

Partition partitionOf(const Task& task, int threads) {
  return task.kernel == nullptr ? partitionOf(task.group.group)
                                : partitionOf(*task.kernel, task.element, task.call, threads);
}

Partition partitionByRows(const Task& task, Size total) {
  if (total < 1 || task.rows == 0 || task.rows % total != 0) return {};
  Partition partition{Partition::rows, total, 1, task.axis, task.along};
  partition.each = task.rows / total;
  if (task.kernel == nullptr) return partition;
  if (isBatchedGemm(*task.kernel)) {
    partition.kind = Partition::block;
    partition.from = &GemmPart::fromM;
    partition.to = &GemmPart::toM;
  } else {
    partition.kind = isReduction(task) ? Partition::reduction : Partition::leading;
  }
  return partition;
}

bool hasItsRows(const Task& task) {
  if (task.rows == 0) return true;
  if (task.kernel == nullptr) {
    const Group& group = task.group.group;
    return task.rows == group.rows || (task.rows == group.rows * group.cols && isFlat(group));
  }
  const KernelRules& rules = rulesOf(*task.kernel);
  if (isBatchedGemm(*task.kernel)) {
    const BatchedGemm product = readBatchedGemm(*task.kernel, task.element, task.call);
    const bool isOneBlock = product.rows * product.cols == 1 && product.m == task.rows;
    return isOneBlock && task.axis == rules.product.m && task.along == 1u << rules.product.out;
  }
  if (isReduction(task)) {
    return task.call.slots[task.axis].size == task.rows && task.along == 1u << rules.reduction.input;
  }
  if (task.kernel->signature.reportsIndex || task.kernel->isTile()) return false;
  return leads(*task.kernel, task.axis, task.along) && task.call.slots[task.axis].size == task.rows;
}

}  // namespace blasgrad
