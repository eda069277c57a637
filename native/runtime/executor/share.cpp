#include "share.h"

#include <algorithm>
#include <atomic>

#include "kernels/catalogue/rules.h"
#include "range.h"
#include "runtime/thread_pool/pool.h"

namespace blasgrad {
namespace {

// Work of more than this a thread, in µs, falls into more chunks: they balance better, and a thread that is preempted
// holds up less. Not many, since products pack one operand again for each.
constexpr double kMicrosForMoreChunks = 1000;
constexpr int kMoreChunks = 2;

bool isWorthSharing(const Kernel* kernel, double micros) {
  const bool isProduct = kernel != nullptr && isBatchedGemm(*kernel);
  return hasRules() && micros >= (isProduct ? rates().leastSharedProduct : rates().leastShared);
}

// Of a lookup's table only what it gives is read.
Size bytesRead(const Kernel& kernel, const KernelRules& rules, const Call& call) {
  if (rules.lookup.table == kNoSlot) return call.bytes;
  const auto bytesAt = [&](int slot) {
    return kernel.signature.needed(kernel.signature.arguments[static_cast<std::size_t>(slot)], call) *
           kElementBytes[static_cast<int>(call.slots[slot].element)];
  };
  return call.bytes - std::max<Size>(0, bytesAt(rules.lookup.table) - bytesAt(rules.lookup.rows));
}

// The duration of an eager call on one thread, in µs. (That of a plan's step comes with it.)
double microsOf(const Kernel& kernel, const Call& call) {
  if (!hasRules()) return 0;
  const KernelRules& rules = rulesOf(kernel);
  if (rules.flops == 0) return static_cast<double>(bytesRead(kernel, rules, call)) / rates().bytesPerMicro;
  double flops = rules.flops;
  for (const int slot : rules.flopSizes) flops *= static_cast<double>(call.slots[slot].size);
  return flops / rates().flopsPerMicro;
}

void runGroupShared(const Group& group, double micros) {
  const int threads = poolThreads();
  if (threads == 1 || !isWorthSharing(nullptr, micros)) return runTiles(group, 0, group.tiles);
  const Partition partition = partitionOf(group);
  const int chunks = partition.chunksFor(threads);
  parallel(chunks, micros,
           [&](int i) { runRange(group, partition, partition.begin(chunks, i), partition.begin(chunks, i + 1)); });
}

Size runCallShared(const Kernel& kernel, Element element, const Call& call, double micros) {
  const int threads = poolThreads();
  if (threads == 1 || !isWorthSharing(&kernel, micros)) return run(kernel, element, call);
  if (kernel.isTile() && call.axes.rank == 0) {
    Single single(kernel, element, call);
    prepare(single.group);
    runGroupShared(single.group, micros);
    return -1;
  }
  const Partition partition = partitionOf(kernel, element, call, threads);
  if (partition.kind == Partition::whole) return run(kernel, element, call);
  const int chunks = partition.chunksFor(isBatchedGemm(kernel) ? targetChunks(micros, threads) : threads);
  if (chunks == 1) return run(kernel, element, call);
  std::atomic<Size> late{-1};
  const auto share = [&](const Call& shared) {
    parallel(chunks, micros, [&](int i) {
      const Size bad =
          runRange(kernel, element, shared, partition, partition.begin(chunks, i), partition.begin(chunks, i + 1));
      if (bad >= 0) late.store(bad, std::memory_order_relaxed);
    });
  };
  if (!kernel.signature.reportsIndex) {
    share(call);
    return -1;
  }
  // All ids first: nothing is written where one is bad.
  Call checked = call;
  checked.pass = Pass::check;
  const Size bad = run(kernel, element, checked);
  if (bad >= 0) return bad;
  checked.pass = Pass::work;
  share(checked);
  if (late.load() < 0) return -1;
  // An id was changed meanwhile. The position in a part is none in the whole: look again.
  checked.pass = Pass::check;
  const Size again = run(kernel, element, checked);
  return again >= 0 ? again : late.load();
}

}  // namespace

Size runShared(const Kernel& kernel, Element element, const Call& call) {
  return runCallShared(kernel, element, call, microsOf(kernel, call));
}

Size runShared(const Task& task) {
  if (task.kernel != nullptr) return runCallShared(*task.kernel, task.element, task.call, task.micros);
  runGroupShared(task.group.group, task.micros);
  return -1;
}

double sharedMicrosOf(const Task& task) {
  if (!isWorthSharing(task.kernel, task.micros)) return 0;
  return task.kernel == nullptr || partitionOf(task, 2).kind != Partition::whole ? task.micros : 0;
}

int targetChunks(double micros, int threads) {
  return micros >= kMicrosForMoreChunks * threads ? threads * kMoreChunks : threads;
}

}  // namespace blasgrad
