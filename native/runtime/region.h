// Lanes of tasks that run at the same time, dealt out to the threads of the pool once for each number of threads.
#pragma once

#include "cut.h"

namespace blasgrad {

class Region {
 public:
  // Tasks that go row by row, from the first to the last for each range of rows. One task alone is cut as suits it.
  struct Lane {
    Size rows;
    std::vector<Task> tasks;
    // Set by the region.
    std::vector<Cut> cuts = {};  // of each task, by rows
    double micros = 0;
    Size rowBytes = 1;  // what the first task writes for a row
  };

  // Throws std::invalid_argument where lanes meet, or where a range of a lane's rows needs other rows of what the lane
  // itself writes.
  explicit Region(std::vector<Lane> lanes);

  void run() const;
  // The estimated duration on one thread, in µs, if that is worth sharing, else 0.
  double sharedMicros() const;

 private:
  // A range of a lane; lane −1: nothing.
  struct Piece {
    int lane;
    Size from;
    Size to;
  };
  // What each of a number of threads does: `width` pieces a thread, in order.
  struct Schedule {
    int threads = 0;
    int width = 0;
    std::vector<Cut> cuts;
    std::vector<Piece> pieces;
  };

  void schedule(int threads) const;
  void runPiece(const Piece& piece) const;

  std::vector<Lane> lanes_;
  double total_ = 0;
  mutable Schedule schedule_;  // made anew where the number of threads has changed
};

}  // namespace blasgrad
