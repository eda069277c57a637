// Lanes of tasks that run at the same time, dealt out to the threads of the pool once for each number of threads.
#pragma once

#include "cut.h"

namespace blasgrad {

class Region {
 public:
  struct Range {
    char* begin;
    Size bytes;
  };
  // Tasks that go row by row, from the first to the last for each range of rows. One task alone is cut as suits it.
  struct Lane {
    Size rows;
    std::vector<Task> tasks;
    std::vector<Range> passing;  // what no other lane and no later step reads
    // Set by the region.
    std::vector<Cut> cuts = {};  // of each task, by rows
    double micros = 0;
    Size rangeRows = 0;  // that go through all tasks at a time, what passes in memory of their piece; 0: all, in place
  };

  // Throws std::invalid_argument where lanes meet, or where a range of a lane's rows needs other rows of what the lane
  // itself writes.
  explicit Region(std::vector<Lane> lanes);

  void run() const;

  template <class F>
  void each(const F& f) {
    for (Lane& lane : lanes_) {
      for (Task& task : lane.tasks) f(task);
    }
  }
  // The estimated duration on one thread, in µs, if that is worth sharing, else 0.
  double sharedMicros() const;

 private:
  // A range of a lane; lane −1: nothing.
  struct Piece {
    int lane;
    Size from;
    Size to;
    std::size_t passing;  // where in the schedule's memory what passes is
    Size firstRange;      // among the lane's
  };
  // What ranges of a reduction give, one after another, until they are combined.
  struct Partial {
    int lane;
    std::size_t task;
    Size each;  // bytes
    Size ranges;
    std::vector<char> memory;
  };
  // What each of a number of threads does: `width` pieces a thread, in order.
  struct Schedule {
    int threads = 0;
    int width = 0;
    std::vector<Cut> cuts;
    std::vector<Piece> pieces;
    std::vector<char> memory;
    std::vector<Partial> partials;
  };

  Cut cutOfLane(const Lane& lane, int threads) const;
  void schedule(int threads) const;
  void layOut(Schedule& made) const;
  void runPiece(const Piece& piece) const;

  std::vector<Lane> lanes_;
  double total_ = 0;
  mutable bool down_ = true;   // the way of the last run through the pieces
  mutable Schedule schedule_;  // made anew where the number of threads has changed
};

}  // namespace blasgrad
