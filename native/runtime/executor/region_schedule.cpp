// Work distribution: which thread does which ranges of a region's chains, and where their private memory is.
#include <algorithm>
#include <numeric>

#include "kernels/catalogue/rules.h"
#include "region.h"
#include "share.h"

namespace blasgrad {
namespace {

// Whole products, one a thread, are faster than partitioned ones up to here (in µs), and where no thread then has this
// much more than its share: each packing of an operand serves more rows.
constexpr double kMostWhole = 5000;
constexpr double kMostImbalance = 1.1;
// A chain of less than this part of a thread's share stays whole.
constexpr double kLeastPartitioned = 0.1;
// Chunks of a chain begin at multiples of so many rows, for whole tiles of products, where each chunk has that many
// tiles; a chain of fewer rows is partitioned anywhere.
constexpr Size kTileRows = 8;

bool beginsWithProduct(const Region::Chain& chain) {
  return chain.tasks[0].kernel != nullptr && isBatchedGemm(*chain.tasks[0].kernel);
}

}  // namespace

Partition Region::partitionOfChain(const Chain& chain, int threads) const {
  if (chain.tasks.size() == 1) {
    const Partition partition = partitionOf(chain.tasks[0], threads);
    // Beside other work columns stay together: halves of short rows are slower than whole ones.
    return partition.kind == Partition::range && chains_.size() > 1 ? Partition{} : partition;
  }
  if (chain.rows == 1) return {};
  const int chunks = targetChunks(chain.micros, threads);
  return {Partition::rows, chain.rows, chain.rows >= chunks * kTileRows * kTileRows ? kTileRows : 1};
}

// Deals out the chains, the longest first, each to the thread with the least to do; a partitioned one to all. `most` is
// what the busiest thread then has to do, in µs.
std::vector<std::vector<Region::Chunk>> Region::distribute(const std::vector<Partition>& partitions, int threads,
                                                           bool partitioning, double* most) const {
  std::vector<int> order(chains_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](int a, int b) {
    return chains_[static_cast<std::size_t>(a)].micros > chains_[static_cast<std::size_t>(b)].micros;
  });
  const double share = total_ / threads;
  std::vector<std::vector<Chunk>> lists(static_cast<std::size_t>(threads));
  std::vector<double> loads(static_cast<std::size_t>(threads), 0);
  for (const int chain : order) {
    const Partition& partition = partitions[static_cast<std::size_t>(chain)];
    const double micros = chains_[static_cast<std::size_t>(chain)].micros;
    const bool isPartitioned = partitioning && micros >= kLeastPartitioned * share;
    const int chunks = isPartitioned ? partition.chunksFor(targetChunks(micros, threads)) : 1;
    for (int chunk = 0; chunk < chunks; chunk++) {
      const auto least = std::min_element(loads.begin(), loads.end()) - loads.begin();
      const auto thread = static_cast<std::size_t>(chunks == 1 ? least : chunk * threads / chunks);
      lists[thread].push_back({chain, partition.begin(chunks, chunk), partition.begin(chunks, chunk + 1), 0, 0});
      loads[thread] += micros / chunks;
    }
  }
  *most = *std::max_element(loads.begin(), loads.end());
  return lists;
}

void Region::schedule(int threads) const {
  Schedule made;
  made.threads = threads;
  for (const Chain& chain : chains_) made.partitions.push_back(partitionOfChain(chain, threads));
  const double share = total_ / threads;
  const bool products = std::all_of(chains_.begin(), chains_.end(), [&](const Chain& chain) {
    return chain.micros < kLeastPartitioned * share || beginsWithProduct(chain);
  });
  double most = 0;
  auto lists = distribute(made.partitions, threads, !products, &most);
  if (products && (most > kMostImbalance * share || most > kMostWhole)) {
    lists = distribute(made.partitions, threads, true, &most);
  }
  for (const auto& list : lists) made.width = std::max(made.width, static_cast<int>(list.size()));
  for (auto& list : lists) {
    list.resize(static_cast<std::size_t>(made.width), {-1, 0, 0, 0, 0});
    made.chunks.insert(made.chunks.end(), list.begin(), list.end());
  }
  layOut(made);
  // Only now: where memory ran out, the schedule before is whole.
  schedule_ = std::move(made);
}

// Gives each chunk memory for its local values, and the reductions some for what each range gives.
void Region::layOut(Schedule& made) const {
  std::size_t bytes = 0;
  std::vector<Size> ranges(chains_.size(), 0);
  for (Chunk& chunk : made.chunks) {
    if (chunk.chain < 0) continue;
    const auto index = static_cast<std::size_t>(chunk.chain);
    const Chain& chain = chains_[index];
    chunk.local = bytes;
    for (const MemoryRange& range : chain.local) bytes += chain.privateBytes(range);
    chunk.firstRange = ranges[index];
    const Size step = chain.stepOf(chunk.to - chunk.from);
    ranges[index] += (chunk.to - chunk.from + step - 1) / step;
  }
  made.memory.resize(bytes + kChunkAlignment);
  for (std::size_t i = 0; i < chains_.size(); i++) {
    for (std::size_t t = 0; t < chains_[i].tasks.size(); t++) {
      const Task& task = chains_[i].tasks[t];
      if (!chains_[i].isPartial(t)) continue;
      const Size inner = task.call.slots[rulesOf(*task.kernel).reduction.inner].size;
      const Size each = inner * kElementBytes[static_cast<int>(task.element)];
      made.partials.push_back({static_cast<int>(i), t, each, ranges[i], {}});
      made.partials.back().memory.resize(static_cast<std::size_t>(each * ranges[i]));
    }
  }
}

}  // namespace blasgrad
