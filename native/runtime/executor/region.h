// A parallel region: task chains that run at the same time, distributed over the threads of the pool once for each
// number of threads.
#pragma once

#include "range.h"

namespace blasgrad {

class Region {
 public:
  struct MemoryRange {
    char* begin;
    Size bytes;
  };
  // Tasks that go row by row, from the first to the last for each range of rows. One task alone is partitioned as suits
  // it.
  struct Chain {
    Size rows;
    std::vector<Task> tasks;
    std::vector<MemoryRange> local;  // what no other chain and no later step reads
    // Set by the region.
    std::vector<Partition> partitions = {};  // of each task, by rows
    double micros = 0;
    Size rangeRows = 0;  // that go through all tasks at a time, local values privatised; 0: all, in place

    // The rows of a chunk that go through the tasks at a time.
    Size stepOf(Size rows) const { return rangeRows > 0 ? rangeRows : rows > 1 ? rows : 1; }
    // The bytes that a range of rows needs for a local value.
    std::size_t privateBytes(const MemoryRange& range) const;
    // The task at `at` is a reduction whose ranges give partial results.
    bool isPartial(std::size_t at) const;
  };

  // Throws std::invalid_argument where chains meet, or where a range of a chain's rows needs other rows of what the
  // chain itself writes.
  explicit Region(std::vector<Chain> chains);

  void run() const;

  template <class F>
  void each(const F& f) {
    for (Chain& chain : chains_) {
      for (Task& task : chain.tasks) f(task);
    }
  }
  // The estimated duration on one thread, in µs, if that is worth sharing, else 0.
  double sharedMicros() const;

 private:
  // A range of a chain; chain −1: nothing.
  struct Chunk {
    int chain;
    Size from;
    Size to;
    std::size_t local;  // where in the schedule's memory its local values are
    Size firstRange;    // among the chain's
  };
  // What ranges of a reduction give, one after another, until they are combined.
  struct Partial {
    int chain;
    std::size_t task;
    Size each;  // bytes
    Size ranges;
    std::vector<char> memory;
  };
  // What each of a number of threads does: `width` chunks a thread, in order.
  struct Schedule {
    int threads = 0;
    int width = 0;
    std::vector<Partition> partitions;
    std::vector<Chunk> chunks;
    std::vector<char> memory;
    std::vector<Partial> partials;
  };

  // region_schedule.cpp
  Partition partitionOfChain(const Chain& chain, int threads) const;
  std::vector<std::vector<Chunk>> distribute(const std::vector<Partition>& partitions, int threads, bool partitioning,
                                             double* most) const;
  void schedule(int threads) const;
  void layOut(Schedule& made) const;

  void runChunk(const Chunk& chunk) const;
  void combine() const;

  std::vector<Chain> chains_;
  double total_ = 0;
  mutable bool down_ = true;   // the direction of the last run through the chunks
  mutable Schedule schedule_;  // made anew where the number of threads has changed
};

// Chunks keep cache lines of their own.
constexpr std::size_t kChunkAlignment = 64;

// Throws std::invalid_argument unless the chains, partitioned, can run at the same time, and their ranges apart.
void verifyChains(const std::vector<Region::Chain>& chains);

}  // namespace blasgrad
