// A recorded step, checked and encoded once, then run any number of times: a run allocates nothing. Nothing here knows
// Node.
#pragma once

#include <atomic>

#include "region.h"

namespace blasgrad {

// An index out of range: the step that reported it, its position among the ids, and the id.
struct BadIndex {
  int step;
  Size position;
  std::int32_t id;
};

class Program {
 public:
  // Throws std::invalid_argument that says what is malformed.
  explicit Program(const Plan& plan);

  // Where argument `slot` goes, and where result `i` is. Their elements are copied by the caller.
  const std::vector<Array>& arguments() const { return arguments_; }
  const std::vector<Array>& results() const { return results_; }
  Size arenaBytes() const { return memory_.arenaBytes(); }

  // Has steps read argument `slot` at `data` until they are told otherwise; only one that is large can be elsewhere
  // than where arguments() says.
  bool isLarge(std::size_t slot) const { return !readers_[slot].empty(); }
  void readAt(std::size_t slot, const char* data);

  // Runs the steps in order, until one reports an index: then false, and `bad` says which. Where `ending` is given and
  // set meanwhile, the steps left are not run.
  bool run(BadIndex* bad, const std::atomic<bool>* ending) const;

 private:
  // A task, or a region where there is one.
  struct Step {
    Task task;
    std::unique_ptr<Region> region;
  };

  void findReaders();

  Memory memory_;
  std::vector<Step> steps_;
  // By slot of a large argument, the pointers to its elements, of whatever type.
  std::vector<std::vector<void*>> readers_;
  std::vector<Array> arguments_;
  std::vector<Array> results_;
  double sharedMicros_ = 0;  // of the work that the pool takes part in, an estimate
};

}  // namespace blasgrad
