#include "split.h"

#include <algorithm>
#include <atomic>

#include "kernels/product.h"
#include "pool.h"

namespace blasgrad {
namespace {

// Below these one thread is faster.
constexpr Size kLargeElements = 65536;
constexpr double kLargeFlops = 3e5;
// Parts of a large product, a thread: they balance better.
constexpr double kFlopsForMoreParts = 8e7;
constexpr int kMoreParts = 4;
// Rough rates of one thread, for estimates.
constexpr double kElementsPerMicro = 4000;
constexpr double kFlopsPerMicro = 80000;

// Where part `part` of `parts` begins, in whole units.
Size cut(Size total, int parts, int part, Size unit) {
  const Size units = (total + unit - 1) / unit;
  return std::min(total, units * part / parts * unit);
}

int partsFor(Size total, Size unit, int wanted) {
  return static_cast<int>(std::min<Size>(wanted, (total + unit - 1) / unit));
}

bool isLarge(Size elements) { return elements >= kLargeElements; }

double flopsOf(const Product& p) {
  return 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k) *
         static_cast<double>(p.rows) * static_cast<double>(p.cols);
}

// A range of an extent that is cut: two fields of a Part.
struct Extent {
  Size Part::* from;
  Size Part::* to;
  Size total;
  Size unit;
};

// The batch where its outputs are apart and many enough; else rows of the output where the stored weight gradient has
// them, or where there are more rows than columns; else columns, which are the weight's own rows.
Extent extentOf(const Product& p, int threads) {
  const bool apart = p.outLayout == Layout::full;
  if ((apart || p.outLayout == Layout::column) && p.rows >= threads) return {&Part::fromRow, &Part::toRow, p.rows, 1};
  if ((apart || p.outLayout == Layout::row) && p.cols >= threads) return {&Part::fromCol, &Part::toCol, p.cols, 1};
  const Extent rows{&Part::fromM, &Part::toM, p.m, 8};
  const Extent columns{&Part::fromN, &Part::toN, p.n, 16};
  const bool rowsFirst = p.transposeA || p.m >= p.n;
  const Extent& first = rowsFirst ? rows : columns;
  const Extent& second = rowsFirst ? columns : rows;
  return first.total >= threads * first.unit || first.total >= second.total ? first : second;
}

void runProductSplit(const Product& p, int threads) {
  const double flops = flopsOf(p);
  const Extent extent = extentOf(p, threads);
  const int wanted = flops >= kFlopsForMoreParts * threads ? threads * kMoreParts : threads;
  const int parts = partsFor(extent.total, extent.unit, wanted);
  parallel(parts, flops / kFlopsPerMicro, [&](int i) {
    Part part = whole(p);
    part.*extent.from = cut(extent.total, parts, i, extent.unit);
    part.*extent.to = cut(extent.total, parts, i + 1, extent.unit);
    runProduct(p, part);
  });
}

// The slot of the size that leads the length of every array that is written: the call falls into parts along it. Then
// each array either has it as its leading factor too, or is read whole by all parts. −1: there is none. An input has
// to have it, or what an element becomes could depend on its position. Ids that are checked have to be whole: nothing
// is written where one is bad.
int leadingSize(const Signature& signature) {
  int leading = -1;
  for (const Argument& argument : signature.arguments) {
    if (argument.role == Role::out || argument.role == Role::inout) {
      const Factor& first = argument.factors[0];
      if (first.kind != Factor::size || (leading >= 0 && leading != first.value)) return -1;
      leading = static_cast<int>(first.value);
    }
  }
  bool isRead = false;
  for (const Argument& argument : signature.arguments) {
    for (std::size_t i = 0; i < argument.factors.size(); i++) {
      const Factor& factor = argument.factors[i];
      if (factor.kind != Factor::number && factor.kind != Factor::size) return -1;
      if (factor.kind != Factor::size || factor.value != leading) continue;
      if (i > 0 || (signature.reportsIndex && argument.element == ElementRule::int32)) return -1;
      isRead = isRead || argument.role != Role::out;
    }
  }
  return isRead ? leading : -1;
}

int leadingOf(const Kernel& kernel) {
  static const std::vector<int> slots = [] {
    std::vector<int> found;
    for (const Kernel& each : registry()) found.push_back(leadingSize(each.signature));
    return found;
  }();
  return slots[static_cast<std::size_t>(&kernel - registry().data())];
}

// The call's part along its leading size, from … to − 1.
Call partOf(const Kernel& kernel, const Call& call, int leading, Size from, Size to) {
  Call part = call;
  const auto& arguments = kernel.signature.arguments;
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const Argument& argument = arguments[i];
    Slot& slot = part.slots[i];
    if (!argument.isArray() || slot.pointer == nullptr) continue;
    if (argument.factors[0].kind != Factor::size || argument.factors[0].value != leading) continue;
    const Size each = kernel.signature.needed(argument, call) / call.slots[leading].size;
    slot.pointer = static_cast<const char*>(slot.pointer) + from * each * kElementBytes[static_cast<int>(slot.element)];
  }
  part.slots[leading].size = to - from;
  return part;
}

Size runLeading(const Kernel& kernel, Element element, const Call& call, int leading, int threads) {
  const Size total = call.slots[leading].size;
  const Size unit = std::max<Size>(1, 64 * total / call.elements);
  const int parts = partsFor(total, unit, threads);
  std::atomic<Size> bad{-1};
  parallel(parts, static_cast<double>(call.elements) / kElementsPerMicro, [&](int i) {
    const Call part = partOf(kernel, call, leading, cut(total, parts, i, unit), cut(total, parts, i + 1, unit));
    const Size found = run(kernel, element, part);
    if (found >= 0) bad.store(found, std::memory_order_relaxed);
  });
  return bad.load();
}

// Over outer axes the outermost is cut, else the tiles.
void runTileSplit(const Kernel& kernel, Element element, const Call& call, int threads) {
  if (call.axes.rank == 0) {
    Single single(kernel, element, call);
    prepare(single.group);
    return runGroupSplit(single.group, call.elements);
  }
  const Size total = call.axes.count[0];
  const int parts = partsFor(total, 1, threads);
  parallel(parts, static_cast<double>(call.elements) / kElementsPerMicro, [&](int i) {
    const Size from = cut(total, parts, i, 1);
    Axes axes = call.axes;
    axes.count[0] = cut(total, parts, i + 1, 1) - from;
    Single single(kernel, element, call);
    Size each = single.group.rows * single.group.cols;
    for (int axis = 1; axis < axes.rank; axis++) each *= axes.count[axis];
    single.member.out += from * each * single.member.outBytes;
    for (int operand = 0; operand < single.group.sourceCount; operand++) {
      single.sources[operand].data += from * axes.stride[operand][0] * single.sources[operand].bytes;
    }
    runOver(single.group, single.member, axes);
  });
}

bool isProduct(const Kernel& kernel) { return kernel.family == Kernel::FamilyName::Products; }

}  // namespace

void runGroupSplit(const Group& group, Size elements) {
  const int threads = poolThreads();
  if (threads == 1 || !isLarge(elements)) return runTiles(group, 0, group.tiles);
  const int parts = partsFor(group.tiles, 1, threads);
  parallel(parts, static_cast<double>(elements) / kElementsPerMicro,
           [&](int i) { runTiles(group, cut(group.tiles, parts, i, 1), cut(group.tiles, parts, i + 1, 1)); });
}

Size runSplit(const Kernel& kernel, Element element, const Call& call) {
  const int threads = poolThreads();
  if (threads == 1) return run(kernel, element, call);
  if (isProduct(kernel)) {
    const Product product = readProduct(element, call);
    if (flopsOf(product) < kLargeFlops) return run(kernel, element, call);
    runProductSplit(product, threads);
    return -1;
  }
  if (!isLarge(call.elements)) return run(kernel, element, call);
  if (kernel.isTile()) {
    runTileSplit(kernel, element, call, threads);
    return -1;
  }
  const int leading = leadingOf(kernel);
  if (leading < 0 || call.slots[leading].size < 2) return run(kernel, element, call);
  return runLeading(kernel, element, call, leading, threads);
}

double microsOfElements(Size elements) {
  return isLarge(elements) ? static_cast<double>(elements) / kElementsPerMicro : 0;
}

double microsOf(const Kernel& kernel, Element element, const Call& call) {
  if (isProduct(kernel)) {
    const double flops = flopsOf(readProduct(element, call));
    return flops >= kLargeFlops ? flops / kFlopsPerMicro : 0;
  }
  return kernel.isTile() || leadingOf(kernel) >= 0 ? microsOfElements(call.elements) : 0;
}

}  // namespace blasgrad
