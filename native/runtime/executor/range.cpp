#include "range.h"

#include <algorithm>

#include "kernels/catalogue/rules.h"

namespace blasgrad {
namespace {

// Of all arrays together, in one stretch of a sweep downwards.
constexpr Size kStretchBytes = 262144;

// The call with the part of a size from … to − 1, and the parts of the arguments that go along with it.
Call partOf(const Kernel& kernel, const Call& call, const Partition& partition, Size from, Size to,
            const Redirections& redirections = {}) {
  Call part = call;
  for (std::size_t i = 0; i < kernel.signature.arguments.size(); i++) {
    Slot& slot = part.slots[i];
    if (!partition.isAlong(i) || slot.pointer == nullptr) continue;
    if (char* const at = redirections.find(slot.pointer)) {
      slot.pointer = at;
      continue;
    }
    const Size each = kernel.signature.needed(kernel.signature.arguments[i], call) / call.slots[partition.slot].size;
    slot.pointer = static_cast<const char*>(slot.pointer) + from * each * kElementBytes[static_cast<int>(slot.element)];
  }
  part.slots[partition.slot].size = to - from;
  return part;
}

// Of an elementwise call: from … to − 1 of the outermost of its outer axes.
void runOuter(const Kernel& kernel, Element element, const Call& call, Size from, Size to) {
  Axes axes = call.axes;
  axes.count[0] = to - from;
  Single single(kernel, element, call);
  Size each = single.group.rows * single.group.cols;
  for (int axis = 1; axis < axes.rank; axis++) each *= axes.count[axis];
  single.member.out += from * each * single.member.outBytes;
  for (int operand = 0; operand < single.group.sourceCount; operand++) {
    single.sources[operand].data += from * axes.stride[operand][0] * single.sources[operand].bytes;
  }
  runOver(single.group, single.member, axes);
}

// A range of a reduction, whose output is always elsewhere.
Call reductionOf(const Kernel& kernel, const Call& call, const Partition& partition, Size from, Size to,
                 const Redirections& redirections) {
  Call part = partOf(kernel, call, partition, from, to, redirections);
  Slot& output = part.slots[rulesOf(kernel).reduction.output];
  if (char* const at = redirections.find(output.pointer)) output.pointer = at;
  return part;
}

}  // namespace

char* Redirections::find(const void* data) const {
  for (int i = 0; i < count; i++) {
    if (entries[i].from == data) return entries[i].to;
  }
  return nullptr;
}

Size runRange(const Kernel& kernel, Element element, const Call& call, const Partition& partition, Size from, Size to) {
  if (from == 0 && to == partition.total) return run(kernel, element, call);
  from *= partition.each;
  to *= partition.each;
  switch (partition.kind) {
    case Partition::leading:
      return run(kernel, element, partOf(kernel, call, partition, from, to));
    case Partition::range: {
      Call part = call;
      part.from = from;
      part.to = to;
      return run(kernel, element, part);
    }
    case Partition::block: {
      const BatchedGemm product = readBatchedGemm(kernel, element, call);
      GemmPart part = whole(product);
      part.*partition.from = from;
      part.*partition.to = to;
      runBatchedGemm(product, part);
      return -1;
    }
    case Partition::outer:
      runOuter(kernel, element, call, from, to);
      return -1;
    default:
      return run(kernel, element, call);
  }
}

void runRange(const Group& group, const Partition& partition, Size from, Size to) {
  if (partition.kind == Partition::tiles) return runTiles(group, from, to);
  if (partition.kind == Partition::rows) {
    return RowsOf(group, isFlat(group), from * partition.each, to * partition.each).run();
  }
  runTiles(group, 0, group.tiles);
}

Size runRange(const Task& task, const Partition& partition, Size from, Size to) {
  if (task.kernel != nullptr) return runRange(*task.kernel, task.element, task.call, partition, from, to);
  runRange(task.group.group, partition, from, to);
  return -1;
}

Size runRange(const Task& task, const Partition& partition, Size from, Size to, const Redirections& redirections) {
  if (redirections.count == 0 || partition.kind == Partition::block) return runRange(task, partition, from, to);
  from *= partition.each;
  to *= partition.each;
  if (task.kernel != nullptr) {
    const auto part = partition.kind == Partition::reduction ? reductionOf : partOf;
    return run(*task.kernel, task.element, part(*task.kernel, task.call, partition, from, to, redirections));
  }
  const Group& group = task.group.group;
  RowsOf part(group, isFlat(group), from, to);
  for (int i = 0; i < group.sourceCount; i++) {
    if (char* const at = redirections.find(group.sources[i].data)) part.sources[i].data = at;
  }
  for (int m = 0; m < group.memberCount; m++) {
    if (char* const at = redirections.find(group.members[m].out)) part.members[m].out = at;
  }
  part.run();
  return -1;
}

void sweep(const Task& task, const Partition& partition, Size from, Size to, bool down) {
  if (!down || partition.kind != Partition::leading) {
    runRange(task, partition, from, to);
    return;
  }
  const Size rows = kStretchBytes / std::max<Size>(1, task.call.bytes / partition.total);
  const Size stretch = std::max<Size>(1, rows / partition.grain) * partition.grain;
  for (Size begin = from + (std::max<Size>(1, to - from) - 1) / stretch * stretch; begin >= from; begin -= stretch) {
    runRange(task, partition, begin, std::min(to, begin + stretch));
  }
}

}  // namespace blasgrad
