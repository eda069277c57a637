// Many runs of a program, each over the next rows of arrays: a part of an epoch in one call. Nothing here knows Node.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "program.h"

namespace blasgrad {

// A number of state that is set before each run.
struct Scheduled {
  Array target;  // float64
  Size at = 0;
  std::vector<double> values;  // one for each run
};

struct EpochPlan {
  // The rows of argument i: an array like it, with any number of rows.
  std::vector<Array> sources;
  // How many rows a run takes.
  Size batchSize = 0;
  // Their numbers, run after run.
  std::vector<std::int32_t> order;
  std::vector<Scheduled> schedule;
  // Where result i goes, one element for each run.
  std::vector<Array> results;
  // Numbers that JavaScript sets, int32: how many steps wait for this one; whether to stop after the run in progress.
  Array waiting{nullptr, 0, Kind::other, 0};
  Array stop{nullptr, 0, Kind::other, 0};
  // [key low, key high, counter low, counter high], int32, where a run draws `blocks` blocks of random words.
  Array generator{nullptr, 0, Kind::other, 0};
  Size blocks = 0;
};

class Epoch {
 public:
  struct Outcome {
    Size next;  // the first that was not run, or that met a bad index
    bool isGood;
    BadIndex bad;
  };

  // Throws std::invalid_argument that says what does not fit.
  Epoch(const Program& program, EpochPlan plan);

  Size batches() const { return batches_; }
  Size bytes() const;

  // Runs from `from` on, to `to` − 1 at most, and at least one, until `most` µs have passed, or `least` where a step
  // waits. A run that meets a bad index is the last: neither its number of the schedule nor its random words count as
  // used.
  Outcome run(Size from, Size to, double least, double most, const std::atomic<bool>* ending);

 private:
  bool runOne(Size batch, BadIndex* bad, const std::atomic<bool>* ending);
  void gather(Size batch) const;

  const Program& program_;
  EpochPlan plan_;
  Size batches_ = 0;
  std::vector<double> before_;  // what the schedule's targets held before a run
};

}  // namespace blasgrad
