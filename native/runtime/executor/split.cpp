#include "split.h"

#include "cut.h"
#include "runtime/thread_pool/pool.h"

namespace blasgrad {
namespace {

// Below these one thread is faster.
constexpr Size kLargeElements = 65536;
constexpr double kLargeFlops = 3e5;

bool isLarge(Size elements) { return elements >= kLargeElements; }

bool isLarge(const Kernel& kernel, Element element, const Call& call) {
  return isBatchedGemm(kernel) ? flopsOf(readBatchedGemm(kernel, element, call)) >= kLargeFlops
                               : isLarge(elementsOf(kernel, call));
}

void runGroupSplit(const Group& group, Size elements) {
  const int threads = poolThreads();
  if (threads == 1 || !isLarge(elements)) return runTiles(group, 0, group.tiles);
  const Cut cut = cutOf(group);
  const int parts = cut.partsFor(threads);
  parallel(parts, microsOfElements(elements),
           [&](int i) { runRange(group, cut, cut.begin(parts, i), cut.begin(parts, i + 1)); });
}

}  // namespace

Size runSplit(const Kernel& kernel, Element element, const Call& call) {
  const int threads = poolThreads();
  if (threads == 1 || !isLarge(kernel, element, call)) return run(kernel, element, call);
  if (kernel.isTile() && call.axes.rank == 0) {
    Single single(kernel, element, call);
    prepare(single.group);
    runGroupSplit(single.group, call.elements);
    return -1;
  }
  const Cut cut = cutOf(kernel, element, call, threads);
  if (cut.kind == Cut::whole) return run(kernel, element, call);
  const double micros = microsOf(kernel, element, call);
  const int parts = cut.partsFor(isBatchedGemm(kernel) ? wantedParts(micros, threads) : threads);
  if (parts == 1) return run(kernel, element, call);
  const auto share = [&](const Call& shared) {
    parallel(parts, micros,
             [&](int i) { runRange(kernel, element, shared, cut, cut.begin(parts, i), cut.begin(parts, i + 1)); });
  };
  if (!kernel.signature.reportsIndex) {
    share(call);
    return -1;
  }
  // All ids first: nothing is written where one is bad.
  Call checked = call;
  checked.pass = Pass::check;
  const Size bad = run(kernel, element, checked);
  checked.pass = Pass::work;
  if (bad < 0) share(checked);
  return bad;
}

Size runSplit(const Task& task) {
  if (task.kernel != nullptr) return runSplit(*task.kernel, task.element, task.call);
  runGroupSplit(task.group.group, task.group.elements);
  return -1;
}

double sharedMicrosOf(const Task& task) {
  if (task.kernel == nullptr) return isLarge(task.group.elements) ? microsOf(task) : 0;
  const bool shared = isLarge(*task.kernel, task.element, task.call) && cutOf(task, 2).kind != Cut::whole;
  return shared ? microsOf(task) : 0;
}

}  // namespace blasgrad
