#include "cut.h"

#include <algorithm>

#include "kernels/convolution/convolution_cost.h"
#include "leading.h"

namespace blasgrad {
namespace {

// Rough rates of one thread, for estimates.
constexpr double kElementsPerMicro = 4000;
constexpr double kFlopsPerMicro = 80000;
// Work of more than this a thread, in µs, falls into more parts: they balance better, and a thread that is held up by
// other work of the machine holds up less. Not many, since products arrange one operand again for each.
constexpr double kMicrosForMoreParts = 1000;
constexpr int kMoreParts = 2;
// Ranges begin on a cache line of their own where what is written has short rows.
constexpr Size kElementsApart = 64;
// Of all arrays together, in one stretch of a sweep downwards.
constexpr Size kStretchElements = 65536;

// The batch where its outputs are apart and many enough; else rows of the output where the stored weight gradient has
// them, or where there are more rows than columns; else columns, which are the weight's own rows.
Cut cutOfProduct(const BatchedGemm& p, int threads) {
  const bool apart = p.outLayout == Layout::full;
  if ((apart || p.outLayout == Layout::column) && p.rows >= threads) {
    return {Cut::block, p.rows, 1, -1, &GemmPart::fromRow, &GemmPart::toRow};
  }
  if ((apart || p.outLayout == Layout::row) && p.cols >= threads) {
    return {Cut::block, p.cols, 1, -1, &GemmPart::fromCol, &GemmPart::toCol};
  }
  const Cut rows{Cut::block, p.m, 8, -1, &GemmPart::fromM, &GemmPart::toM};
  const Cut columns{Cut::block, p.n, 16, -1, &GemmPart::fromN, &GemmPart::toN};
  const bool rowsFirst = p.transposeA || p.m >= p.n;
  const Cut& first = rowsFirst ? rows : columns;
  const Cut& second = rowsFirst ? columns : rows;
  return first.total >= threads * first.unit || first.total >= second.total ? first : second;
}

// The call's part along its leading size, from … to − 1.
Call partOf(const Kernel& kernel, const Call& call, int leading, Size from, Size to, const Moves& moves = {}) {
  Call part = call;
  const auto& arguments = kernel.signature.arguments;
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const Argument& argument = arguments[i];
    Slot& slot = part.slots[i];
    if (!argument.isArray() || slot.pointer == nullptr) continue;
    if (argument.factors[0].kind != Factor::size || argument.factors[0].value != leading) continue;
    if (char* const at = moves.find(slot.pointer)) {
      slot.pointer = at;
      continue;
    }
    const Size each = kernel.signature.needed(argument, call) / call.slots[leading].size;
    slot.pointer = static_cast<const char*>(slot.pointer) + from * each * kElementBytes[static_cast<int>(slot.element)];
  }
  part.slots[leading].size = to - from;
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

// Along the size of which the kernel does a part where it is told to.
Cut cutOfRange(const Kernel& kernel, const Call& call) {
  if (kernel.ranged < 0) return {};
  const Size apart = std::max<Size>(1, rangeStride(kernel, call));
  return {Cut::range, call.slots[kernel.ranged].size, std::max<Size>(1, kElementsApart / apart), kernel.ranged};
}

bool isFlat(const Group& group) {
  return std::all_of(group.sources, group.sources + group.sourceCount, [](const Source& source) {
    return source.layout == Layout::full || source.layout == Layout::scalar;
  });
}

bool isReduction(const Task& task) {
  return task.kernel->family == Kernel::FamilyName::Reductions && task.call.slots[0].size == 1;
}

Call reductionOf(const Kernel& kernel, const Call& call, Size from, Size to, const Moves& moves) {
  Call part = call;
  part.slots[kReducedSize].size = to - from;
  for (std::size_t i = 0; i < kernel.signature.arguments.size(); i++) {
    const Argument& argument = kernel.signature.arguments[i];
    Slot& slot = part.slots[i];
    if (!argument.isArray()) continue;
    if (char* const at = moves.find(slot.pointer)) {
      slot.pointer = at;
    } else if (argument.role == Role::in) {
      const Size each = call.slots[kReducedInner].size * kElementBytes[static_cast<int>(slot.element)];
      slot.pointer = static_cast<const char*>(slot.pointer) + from * each;
    }
  }
  return part;
}

Size rowsOf(const Task& task) {
  if (task.kernel == nullptr) {
    const Group& group = task.group.group;
    return isFlat(group) ? group.rows * group.cols : group.rows;
  }
  if (isBatchedGemm(*task.kernel)) {
    const BatchedGemm product = readBatchedGemm(*task.kernel, task.element, task.call);
    return product.rows * product.cols == 1 ? product.m : 0;
  }
  if (isReduction(task)) return task.call.slots[kReducedSize].size;
  const int leading = task.kernel->isTile() || task.kernel->signature.reportsIndex ? -1 : leadingOf(*task.kernel);
  return leading < 0 ? 0 : task.call.slots[leading].size;
}

}  // namespace

int Cut::partsFor(int wanted) const { return static_cast<int>(std::min<Size>(wanted, (total + unit - 1) / unit)); }

Size Cut::begin(int parts, int part) const {
  const Size units = (total + unit - 1) / unit;
  return std::min(total, units * part / parts * unit);
}

double flopsOf(const BatchedGemm& p) {
  return 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k) *
         static_cast<double>(p.rows) * static_cast<double>(p.cols);
}

Cut cutOf(const Kernel& kernel, Element element, const Call& call, int threads) {
  if (isBatchedGemm(kernel)) return cutOfProduct(readBatchedGemm(kernel, element, call), threads);
  if (kernel.isTile()) return call.axes.rank == 0 ? Cut{} : Cut{Cut::outer, call.axes.count[0], 1};
  const int leading = leadingOf(kernel);
  const Cut range = cutOfRange(kernel, call);
  const bool few = leading < 0 || call.slots[leading].size < threads;
  if (few && range.partsFor(threads) > (leading < 0 ? 1 : call.slots[leading].size)) return range;
  if (leading < 0 || call.slots[leading].size < 2) return {};
  const Size total = call.slots[leading].size;
  return {Cut::leading, total, std::max<Size>(1, kElementsApart * total / std::max<Size>(1, call.elements)), leading};
}

Cut cutOf(const Group& group) { return {Cut::tiles, group.tiles, 1}; }

Cut cutOf(const Task& task, int threads) {
  return task.kernel == nullptr ? cutOf(task.group.group) : cutOf(*task.kernel, task.element, task.call, threads);
}

Cut cutByRows(const Task& task, Size total) {
  const Size rows = rowsOf(task);
  if (total < 1 || rows == 0 || rows % total != 0) return {};
  Cut cut{Cut::rows, total, 1};
  cut.each = rows / total;
  if (task.kernel != nullptr && isBatchedGemm(*task.kernel)) {
    cut.kind = Cut::block;
    cut.from = &GemmPart::fromM;
    cut.to = &GemmPart::toM;
  } else if (task.kernel != nullptr && isReduction(task)) {
    cut.kind = Cut::reduction;
    cut.slot = kReducedSize;
  } else if (task.kernel != nullptr) {
    cut.kind = Cut::leading;
    cut.slot = leadingOf(*task.kernel);
  }
  return cut;
}

Size runRange(const Kernel& kernel, Element element, const Call& call, const Cut& cut, Size from, Size to) {
  if (from == 0 && to == cut.total) return run(kernel, element, call);
  from *= cut.each;
  to *= cut.each;
  if (cut.kind == Cut::leading) return run(kernel, element, partOf(kernel, call, cut.slot, from, to));
  if (cut.kind == Cut::range) {
    Call part = call;
    part.from = from;
    part.to = to;
    return run(kernel, element, part);
  }
  if (cut.kind == Cut::block) {
    const BatchedGemm product = readBatchedGemm(kernel, element, call);
    GemmPart part = blasgrad::whole(product);
    part.*cut.from = from;
    part.*cut.to = to;
    runBatchedGemm(product, part);
    return -1;
  }
  if (cut.kind == Cut::outer) {
    runOuter(kernel, element, call, from, to);
    return -1;
  }
  return run(kernel, element, call);
}

void runRange(const Group& group, const Cut& cut, Size from, Size to) {
  if (cut.kind == Cut::tiles) return runTiles(group, from, to);
  if (cut.kind == Cut::rows) return RowsOf(group, isFlat(group), from * cut.each, to * cut.each).run();
  runTiles(group, 0, group.tiles);
}

Size runRange(const Task& task, const Cut& cut, Size from, Size to) {
  if (task.kernel != nullptr) return runRange(*task.kernel, task.element, task.call, cut, from, to);
  runRange(task.group.group, cut, from, to);
  return -1;
}

Size runRange(const Task& task, const Cut& cut, Size from, Size to, const Moves& moves) {
  if (moves.count == 0 || cut.kind == Cut::block) return runRange(task, cut, from, to);
  from *= cut.each;
  to *= cut.each;
  if (cut.kind == Cut::reduction) {
    return run(*task.kernel, task.element, reductionOf(*task.kernel, task.call, from, to, moves));
  }
  if (task.kernel != nullptr) {
    return run(*task.kernel, task.element, partOf(*task.kernel, task.call, cut.slot, from, to, moves));
  }
  const Group& group = task.group.group;
  RowsOf part(group, isFlat(group), from, to);
  for (int i = 0; i < group.sourceCount; i++) {
    if (char* const at = moves.find(group.sources[i].data)) part.sources[i].data = at;
  }
  for (int m = 0; m < group.memberCount; m++) {
    if (char* const at = moves.find(group.members[m].out)) part.members[m].out = at;
  }
  part.run();
  return -1;
}

void sweep(const Task& task, const Cut& cut, Size from, Size to, bool down) {
  if (!down || cut.kind != Cut::leading) {
    runRange(task, cut, from, to);
    return;
  }
  const Size rows = kStretchElements / std::max<Size>(1, task.call.elements / cut.total);
  const Size stretch = std::max<Size>(1, rows / cut.unit) * cut.unit;
  for (Size begin = from + (std::max<Size>(1, to - from) - 1) / stretch * stretch; begin >= from; begin -= stretch) {
    runRange(task, cut, begin, std::min(to, begin + stretch));
  }
}

char* Moves::find(const void* data) const {
  for (int i = 0; i < count; i++) {
    if (moved[i].from == data) return moved[i].to;
  }
  return nullptr;
}

bool isAlong(const Kernel& kernel, const Cut& cut, const Argument& argument) {
  if (cut.kind == Cut::block) return isBatchedGemm(kernel) && argument.written();
  if (cut.kind == Cut::reduction) return argument.role == Role::in;
  return cut.kind == Cut::leading && argument.factors[0].kind == Factor::size && argument.factors[0].value == cut.slot;
}

Size elementsOf(const Kernel& kernel, const Call& call) {
  if (kernel.family != Kernel::FamilyName::Lookups) return call.elements;
  // Of its table a lookup reads as much as it writes.
  const auto& arguments = kernel.signature.arguments;
  const auto first =
      std::find_if(arguments.begin(), arguments.end(), [](const Argument& argument) { return argument.isArray(); });
  const Size unread = kernel.signature.needed(*first, call) - kernel.signature.needed(arguments.back(), call);
  return call.elements - std::max<Size>(0, unread);
}

int wantedParts(double micros, int threads) {
  return micros >= kMicrosForMoreParts * threads ? threads * kMoreParts : threads;
}

double microsOfElements(Size elements) { return static_cast<double>(elements) / kElementsPerMicro; }

double microsOf(const Kernel& kernel, Element element, const Call& call) {
  if (isBatchedGemm(kernel)) return flopsOf(readBatchedGemm(kernel, element, call)) / kFlopsPerMicro;
  if (kernel.family == Kernel::FamilyName::Convolutions) {
    return convolutionFlops(kernel.signature, call) / kFlopsPerMicro;
  }
  return microsOfElements(elementsOf(kernel, call));
}

double microsOf(const Task& task) {
  if (task.kernel == nullptr) return microsOfElements(task.group.elements);
  return microsOf(*task.kernel, task.element, task.call);
}

}  // namespace blasgrad
