#include "region.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "runtime/thread_pool/pool.h"

namespace blasgrad {
namespace {

// Less than this, in µs, is not worth a second thread.
constexpr double kLeastShared = 8;
// Whole products side by side, one a thread, are faster than cut ones up to here (in µs), and where no thread then has
// this much more than its share: each pack of an operand serves more rows.
constexpr double kMostWhole = 5000;
constexpr double kUneven = 1.1;
// A lane of less than this part of a thread's share stays whole.
constexpr double kLeastCut = 0.1;
// What passes from task to task for a range of rows, in bytes: later tasks find it in the second-level cache.
constexpr Size kRangeBytes = 128 * 1024;
// Pieces of a lane begin at multiples of so many rows, for whole tiles of products, where each piece has that many
// tiles; a lane of fewer rows is cut anywhere.
constexpr Size kTileRows = 8;
// Pieces keep cache lines of their own.
constexpr std::size_t kApart = 64;

// What a task does to a range of memory.
struct Touch {
  std::size_t lane;
  std::size_t task;
  const char* begin;
  const char* end;
  bool written;
  bool along;  // row i of the lane touches the i-th part only
};

void touch(std::vector<Touch>* touches, std::size_t lane, std::size_t at, const void* data, Size bytes, bool written,
           bool along) {
  const char* begin = static_cast<const char*>(data);
  if (bytes > 0) touches->push_back({lane, at, begin, begin + bytes, written, along});
}

void touchesOf(const Task& task, const Cut& cut, std::size_t lane, std::size_t at, std::vector<Touch>* touches) {
  if (task.kernel != nullptr) {
    for (std::size_t i = 0; i < task.kernel->signature.arguments.size(); i++) {
      const Argument& argument = task.kernel->signature.arguments[i];
      const Slot& slot = task.call.slots[i];
      if (!argument.isArray() || slot.pointer == nullptr) continue;
      const Size bytes =
          task.kernel->signature.needed(argument, task.call) * kElementBytes[static_cast<int>(slot.element)];
      touch(touches, lane, at, slot.pointer, bytes, argument.written(), isAlong(*task.kernel, cut, argument));
    }
    return;
  }
  const Group& group = task.group.group;
  const bool rows = cut.kind == Cut::rows;
  for (const Source& source : task.group.sources) {
    const Size elements = source.layout == Layout::full     ? group.rows * group.cols
                          : source.layout == Layout::row    ? group.cols
                          : source.layout == Layout::column ? group.rows
                                                            : 1;
    const bool along = rows && (source.layout == Layout::full || source.layout == Layout::column);
    touch(touches, lane, at, source.data, elements * source.bytes, false, along);
  }
  for (const Member& member : task.group.members) {
    if (member.out != nullptr) {
      touch(touches, lane, at, member.out, group.rows * group.cols * member.outBytes, true, rows);
    }
  }
}

// Refuses what is not made row by row within the lane, or touched elsewhere.
void checkPassing(const std::vector<Touch>& touches, const Region::Lane& lane, std::size_t index) {
  for (const Region::Range& range : lane.passing) {
    const char* const end = range.begin + range.bytes;
    bool first = true;
    for (const Touch& touch : touches) {
      if (touch.end <= range.begin || end <= touch.begin) continue;
      const bool whole = touch.begin == range.begin && touch.end == end && touch.along && touch.lane == index;
      if (!whole || (first && !touch.written)) refuse("chain " + std::to_string(index) + ": expected values that pass");
      first = false;
    }
    if (first || lane.rows == 1) refuse("chain " + std::to_string(index) + ": expected values that pass");
  }
}

// The bytes that a range of rows needs for what passes.
std::size_t rangeBytes(const Region::Lane& lane, const Region::Range& range) {
  const auto bytes = static_cast<std::size_t>(range.bytes / lane.rows * lane.rangeRows);
  return (bytes + kApart - 1) / kApart * kApart;
}

// The rows of a piece that go through a lane's tasks at a time.
Size stepOf(const Region::Lane& lane, Size rows) {
  return lane.rangeRows > 0 ? lane.rangeRows : std::max(rows, Size(1));
}

void check(const std::vector<Region::Lane>& lanes) {
  std::vector<Touch> touches;
  for (std::size_t lane = 0; lane < lanes.size(); lane++) {
    const std::string name = "chain " + std::to_string(lane);
    if (lanes[lane].tasks.empty()) refuse(name + ": expected steps");
    for (std::size_t at = 0; at < lanes[lane].tasks.size(); at++) {
      const Task& task = lanes[lane].tasks[at];
      if (task.kernel != nullptr && task.kernel->signature.reportsIndex) {
        refuse(name + ": expected no step that reports an index");
      }
      const Cut& cut = lanes[lane].cuts[at];
      if (lanes[lane].rows != 1 && cut.kind == Cut::whole) {
        refuse(name + ": expected steps of " + std::to_string(lanes[lane].rows) + " rows");
      }
      touchesOf(task, cut, lane, at, &touches);
    }
  }
  for (std::size_t lane = 0; lane < lanes.size(); lane++) checkPassing(touches, lanes[lane], lane);
  for (const Touch& one : touches) {
    for (const Touch& other : touches) {
      if (!one.written || &one == &other || one.end <= other.begin || other.end <= one.begin) continue;
      if (one.lane != other.lane) refuse("expected chains that do not meet");
      const bool same = one.begin == other.begin && one.end == other.end && one.along && other.along;
      if (lanes[one.lane].rows != 1 && !same) {
        refuse("chain " + std::to_string(one.lane) + ": expected steps that need the same rows only");
      }
    }
  }
}

}  // namespace

Region::Region(std::vector<Lane> lanes) : lanes_(std::move(lanes)) {
  if (lanes_.empty()) refuse("expected chains");
  for (Lane& lane : lanes_) {
    for (const Task& task : lane.tasks) {
      lane.cuts.push_back(lane.rows == 1 ? Cut{} : cutByRows(task, lane.rows));
      lane.micros += microsOf(task);
    }
    total_ += lane.micros;
  }
  check(lanes_);
  for (Lane& lane : lanes_) {
    const Kernel* const first = lane.tasks[0].kernel;
    // A product is not cut finer than it has to be: each range would read all of an operand.
    const auto reductions =
        std::count_if(lane.cuts.begin(), lane.cuts.end(), [](const Cut& cut) { return cut.kind == Cut::reduction; });
    if (static_cast<int>(lane.passing.size()) + static_cast<int>(reductions) > kMaxMoved) {
      refuse("expected fewer values that pass");
    }
    if (lane.passing.empty() || (first != nullptr && isBatchedGemm(*first))) continue;
    Size bytes = 0;
    for (const Range& range : lane.passing) bytes += range.bytes / lane.rows;
    lane.rangeRows = std::max<Size>(1, kRangeBytes / bytes);
  }
}

double Region::sharedMicros() const { return total_ >= kLeastShared ? total_ : 0; }

Cut Region::cutOfLane(const Lane& lane, int threads) const {
  if (lane.tasks.size() == 1) {
    const Cut cut = cutOf(lane.tasks[0], threads);
    // Beside other work columns stay together: halves of short rows are slower than whole ones.
    return cut.kind == Cut::range && lanes_.size() > 1 ? Cut{} : cut;
  }
  if (lane.rows == 1) return {};
  const int parts = wantedParts(lane.micros, threads);
  return {Cut::rows, lane.rows, lane.rows >= parts * kTileRows * kTileRows ? kTileRows : 1};
}

void Region::schedule(int threads) const {
  Schedule& made = schedule_;
  made.threads = threads;
  made.cuts.clear();
  for (const Lane& lane : lanes_) made.cuts.push_back(cutOfLane(lane, threads));
  std::vector<int> order(lanes_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](int a, int b) {
    return lanes_[static_cast<std::size_t>(a)].micros > lanes_[static_cast<std::size_t>(b)].micros;
  });
  const double share = total_ / threads;
  std::vector<std::vector<Piece>> lists;
  std::vector<double> loads;
  const auto deal = [&](bool cutting) {
    lists.assign(static_cast<std::size_t>(threads), {});
    loads.assign(static_cast<std::size_t>(threads), 0);
    for (const int lane : order) {
      const Cut& cut = made.cuts[static_cast<std::size_t>(lane)];
      const double micros = lanes_[static_cast<std::size_t>(lane)].micros;
      const int parts = cutting && micros >= kLeastCut * share ? cut.partsFor(wantedParts(micros, threads)) : 1;
      for (int part = 0; part < parts; part++) {
        const auto least = std::min_element(loads.begin(), loads.end()) - loads.begin();
        const auto thread = static_cast<std::size_t>(parts == 1 ? least : part * threads / parts);
        lists[thread].push_back({lane, cut.begin(parts, part), cut.begin(parts, part + 1), 0, 0});
        loads[thread] += micros / parts;
      }
    }
  };
  const bool products = std::all_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    const Kernel* const kernel = lane.tasks[0].kernel;
    return lane.micros < kLeastCut * share || (kernel != nullptr && isBatchedGemm(*kernel));
  });
  deal(!products);
  const double most = *std::max_element(loads.begin(), loads.end());
  if (products && (most > kUneven * share || most > kMostWhole)) deal(true);
  made.width = 0;
  for (const auto& list : lists) made.width = std::max(made.width, static_cast<int>(list.size()));
  made.pieces.clear();
  for (auto& list : lists) {
    list.resize(static_cast<std::size_t>(made.width), {-1, 0, 0, 0, 0});
    made.pieces.insert(made.pieces.end(), list.begin(), list.end());
  }
  layOut(made);
}

// Gives each piece memory for what passes in it, and the reductions some for what each range gives.
void Region::layOut(Schedule& made) const {
  std::size_t bytes = 0;
  std::vector<Size> ranges(lanes_.size(), 0);
  for (Piece& piece : made.pieces) {
    if (piece.lane < 0) continue;
    const auto index = static_cast<std::size_t>(piece.lane);
    const Lane& lane = lanes_[index];
    piece.passing = bytes;
    for (const Range& range : lane.passing) bytes += rangeBytes(lane, range);
    piece.firstRange = ranges[index];
    const Size step = stepOf(lane, piece.to - piece.from);
    ranges[index] += (piece.to - piece.from + step - 1) / step;
  }
  made.memory.resize(bytes + kApart);
  made.partials.clear();
  for (std::size_t i = 0; i < lanes_.size(); i++) {
    for (std::size_t t = 0; t < lanes_[i].tasks.size(); t++) {
      const Task& task = lanes_[i].tasks[t];
      if (lanes_[i].tasks.size() == 1 || lanes_[i].cuts[t].kind != Cut::reduction) continue;
      const Size each = task.call.slots[kReducedInner].size * kElementBytes[static_cast<int>(task.element)];
      made.partials.push_back({static_cast<int>(i), t, each, ranges[i], {}});
      made.partials.back().memory.resize(static_cast<std::size_t>(each * ranges[i]));
    }
  }
}

void Region::run() const {
  const int threads = sharedMicros() > 0 ? poolThreads() : 1;
  if (threads != schedule_.threads) schedule(threads);
  // Every other time from the last piece of each thread to the first: what was used last is still in a cache.
  down_ = !down_;
  const int width = schedule_.width;
  const auto piece = [this, width](int i) {
    const int at = down_ ? i / width * width + width - 1 - i % width : i;
    runPiece(schedule_.pieces[static_cast<std::size_t>(at)]);
  };
  if (threads > 1) {
    parallel(static_cast<int>(schedule_.pieces.size()), total_, piece);
  } else {
    for (int i = 0; i < schedule_.width; i++) piece(i);
  }
  for (const Partial& partial : schedule_.partials) {
    const Task& task = lanes_[static_cast<std::size_t>(partial.lane)].tasks[partial.task];
    Call call = task.call;
    call.slots[kReducedSize].size = partial.ranges;
    call.slots[kReducedFrom].pointer = partial.memory.data();
    blasgrad::run(*task.kernel, task.element, call);
  }
}

void Region::runPiece(const Piece& piece) const {
  if (piece.lane < 0 || piece.from >= piece.to) return;
  const Lane& lane = lanes_[static_cast<std::size_t>(piece.lane)];
  const Cut& cut = schedule_.cuts[static_cast<std::size_t>(piece.lane)];
  if (lane.tasks.size() == 1) {
    sweep(lane.tasks[0], cut, piece.from, piece.to, down_);
    return;
  }
  const Size step = stepOf(lane, piece.to - piece.from);
  Moves moves;
  if (lane.rangeRows > 0) {
    char* at = schedule_.memory.data() + piece.passing;
    at += (kApart - reinterpret_cast<std::uintptr_t>(at) % kApart) % kApart;
    for (const Range& range : lane.passing) {
      moves.moved[moves.count++] = {range.begin, at};
      at += rangeBytes(lane, range);
    }
  }
  const int passing = moves.count;
  Size range = piece.firstRange;
  for (Size from = piece.from; from < piece.to; from += step, range++) {
    moves.count = passing;
    for (Partial& partial : schedule_.partials) {
      if (partial.lane != piece.lane) continue;
      const void* const out = lane.tasks[partial.task].call.slots[kReducedTo].pointer;
      moves.moved[moves.count++] = {static_cast<const char*>(out), partial.memory.data() + range * partial.each};
    }
    const Size to = std::min(piece.to, from + step);
    for (std::size_t i = 0; i < lane.tasks.size(); i++) runRange(lane.tasks[i], lane.cuts[i], from, to, moves);
  }
}

}  // namespace blasgrad
