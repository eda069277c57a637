#include "region.h"

#include <algorithm>
#include <cstdint>

#include "kernels/catalogue/rules.h"
#include "runtime/thread_pool/pool.h"

namespace blasgrad {
namespace {

// Private memory of a range of rows, in bytes: later tasks find it in the second-level cache.
constexpr Size kRangeBytes = 128 * 1024;

}  // namespace

std::size_t Region::Chain::privateBytes(const MemoryRange& range) const {
  const auto bytes = static_cast<std::size_t>(range.bytes / rows * rangeRows);
  return (bytes + kChunkAlignment - 1) / kChunkAlignment * kChunkAlignment;
}

bool Region::Chain::isPartial(std::size_t at) const {
  return tasks.size() > 1 && partitions[at].kind == Partition::reduction;
}

Region::Region(std::vector<Chain> chains) : chains_(std::move(chains)) {
  if (chains_.empty()) refuse("expected chains");
  for (Chain& chain : chains_) {
    for (const Task& task : chain.tasks) {
      chain.partitions.push_back(chain.rows == 1 ? Partition{} : partitionByRows(task, chain.rows));
      chain.micros += task.micros;
    }
    total_ += chain.micros;
  }
  verifyChains(chains_);
  for (Chain& chain : chains_) {
    const auto reductions = std::count_if(chain.partitions.begin(), chain.partitions.end(),
                                          [](const Partition& each) { return each.kind == Partition::reduction; });
    if (static_cast<int>(chain.local.size()) + static_cast<int>(reductions) > kMaxRedirections) {
      refuse("expected fewer local values");
    }
    // A product has no more ranges than threads need: each would read all of an operand.
    const Kernel* const first = chain.tasks[0].kernel;
    if (chain.local.empty() || (first != nullptr && isBatchedGemm(*first))) continue;
    Size bytes = 0;
    for (const MemoryRange& range : chain.local) bytes += range.bytes / chain.rows;
    chain.rangeRows = std::max<Size>(1, kRangeBytes / bytes);
  }
}

double Region::sharedMicros() const { return hasRules() && total_ >= rates().leastSharedRegion ? total_ : 0; }

void Region::run() const {
  const int threads = sharedMicros() > 0 ? poolThreads() : 1;
  if (threads != schedule_.threads) schedule(threads);
  // Every other time from the last chunk of each thread to the first: what was used last is still in a cache.
  down_ = !down_;
  const int width = schedule_.width;
  const auto chunk = [this, width](int i) {
    const int at = down_ ? i / width * width + width - 1 - i % width : i;
    runChunk(schedule_.chunks[static_cast<std::size_t>(at)]);
  };
  if (threads > 1) {
    parallel(static_cast<int>(schedule_.chunks.size()), total_, chunk);
  } else {
    for (int i = 0; i < schedule_.width; i++) chunk(i);
  }
  combine();
}

// Reduces what the ranges of reductions gave.
void Region::combine() const {
  for (const Partial& partial : schedule_.partials) {
    const Task& task = chains_[static_cast<std::size_t>(partial.chain)].tasks[partial.task];
    const ReductionSlots& at = rulesOf(*task.kernel).reduction;
    Call call = task.call;
    call.slots[at.n].size = partial.ranges;
    call.slots[at.input].pointer = partial.memory.data();
    blasgrad::run(*task.kernel, task.element, call);
  }
}

void Region::runChunk(const Chunk& chunk) const {
  if (chunk.chain < 0 || chunk.from >= chunk.to) return;
  const Chain& chain = chains_[static_cast<std::size_t>(chunk.chain)];
  const Partition& partition = schedule_.partitions[static_cast<std::size_t>(chunk.chain)];
  if (chain.tasks.size() == 1) {
    sweep(chain.tasks[0], partition, chunk.from, chunk.to, down_);
    return;
  }
  const Size step = chain.stepOf(chunk.to - chunk.from);
  Redirections redirections;
  if (chain.rangeRows > 0) {
    char* at = schedule_.memory.data() + chunk.local;
    at += (kChunkAlignment - reinterpret_cast<std::uintptr_t>(at) % kChunkAlignment) % kChunkAlignment;
    for (const MemoryRange& range : chain.local) {
      redirections.entries[redirections.count++] = {range.begin, at};
      at += chain.privateBytes(range);
    }
  }
  const int local = redirections.count;
  Size range = chunk.firstRange;
  for (Size from = chunk.from; from < chunk.to; from += step, range++) {
    redirections.count = local;
    for (Partial& partial : schedule_.partials) {
      if (partial.chain != chunk.chain) continue;
      const Task& task = chain.tasks[partial.task];
      const void* const out = task.call.slots[rulesOf(*task.kernel).reduction.output].pointer;
      redirections.entries[redirections.count++] = {static_cast<const char*>(out),
                                                    partial.memory.data() + range * partial.each};
    }
    const Size to = std::min(chunk.to, from + step);
    for (std::size_t i = 0; i < chain.tasks.size(); i++) {
      runRange(chain.tasks[i], chain.partitions[i], from, to, redirections);
    }
  }
}

}  // namespace blasgrad
