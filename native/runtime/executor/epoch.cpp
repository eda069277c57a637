#include "epoch.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "runtime/thread_pool/pool.h"

namespace blasgrad {
namespace {

// Below this many bytes one thread is faster.
constexpr Size kLargeBytes = 131072;
constexpr double kBytesPerMicro = 8000;

Size bytesOf(const Array& array) {
  return static_cast<Size>(array.length) * kElementBytes[static_cast<int>(array.kind)];
}

std::string text(Size number) { return std::to_string(number); }

void check(bool holds, const std::string& expected) {
  if (!holds) refuse("expected " + expected);
}

template <Size kBytes>
void copyRowsOf(char* to, const char* from, const std::int32_t* rows, Size count) {
  for (Size i = 0; i < count; i++) std::memcpy(to + i * kBytes, from + rows[i] * kBytes, kBytes);
}

void copyRows(char* to, const char* from, const std::int32_t* rows, Size count, Size bytes) {
  if (bytes == 4) return copyRowsOf<4>(to, from, rows, count);
  if (bytes == 8) return copyRowsOf<8>(to, from, rows, count);
  if (bytes == 16) return copyRowsOf<16>(to, from, rows, count);
  for (Size i = 0; i < count; i++) {
    std::memcpy(to + i * bytes, from + rows[i] * bytes, static_cast<std::size_t>(bytes));
  }
}

char* placeOf(const Scheduled& scheduled) { return scheduled.target.data + scheduled.at * 8; }

bool isSet(const Array& number) {
  return reinterpret_cast<const std::atomic<std::int32_t>*>(number.data)->load(std::memory_order_relaxed) != 0;
}

// Counts the words of a run as drawn: the counter has 64 bits, low and high.
void advance(std::int32_t* generator, Size blocks) {
  const std::uint64_t low = static_cast<std::uint32_t>(generator[2]) + static_cast<std::uint64_t>(blocks);
  generator[2] = static_cast<std::int32_t>(static_cast<std::uint32_t>(low));
  const auto high = static_cast<std::uint32_t>(generator[3]) + static_cast<std::uint32_t>(low >> 32);
  generator[3] = static_cast<std::int32_t>(high);
}

}  // namespace

Epoch::Epoch(const Program& program, EpochPlan plan) : program_(program), plan_(std::move(plan)) {
  const auto& arguments = program.arguments();
  const auto& results = program.results();
  check(plan_.batchSize >= 1, "a batch size of at least 1");
  const auto visited = static_cast<Size>(plan_.order.size());
  check(visited % plan_.batchSize == 0, "whole batches of " + text(plan_.batchSize) + " rows");
  batches_ = visited / plan_.batchSize;
  check(plan_.sources.size() == arguments.size(), text(static_cast<Size>(arguments.size())) + " arrays of rows");
  Size rows = 2147483648;
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const Array& source = plan_.sources[i];
    const auto length = static_cast<Size>(arguments[i].length);
    check(source.kind == arguments[i].kind, "rows of argument " + text(static_cast<Size>(i)) + " of its element type");
    check(length % plan_.batchSize == 0,
          "an argument of " + text(plan_.batchSize) + " rows, got one of " + text(length));
    const Size each = length / plan_.batchSize;
    if (each == 0) continue;
    check(static_cast<Size>(source.length) % each == 0, "whole rows of " + text(each) + " elements");
    rows = std::min(rows, static_cast<Size>(source.length) / each);
  }
  for (const std::int32_t row : plan_.order) {
    if (row < 0 || row >= rows) refuse("expected row numbers from 0 to " + text(rows - 1) + ", got " + text(row));
  }
  check(plan_.results.size() == results.size(), text(static_cast<Size>(results.size())) + " arrays for results");
  for (std::size_t i = 0; i < results.size(); i++) {
    check(results[i].length == 1, "results of one element");
    const bool fits =
        plan_.results[i].kind == results[i].kind && static_cast<Size>(plan_.results[i].length) == batches_;
    check(fits, "an array of " + text(batches_) + " elements of its type for each result");
  }
  for (const Scheduled& each : plan_.schedule) {
    check(each.target.kind == Kind::float64, "a schedule for an array of float64");
    check(each.at >= 0 && each.at < static_cast<Size>(each.target.length), "a schedule for an element that there is");
    check(static_cast<Size>(each.values.size()) == batches_, "a schedule of " + text(batches_) + " values");
  }
  before_.resize(plan_.schedule.size());
  for (const Array* number : {&plan_.waiting, &plan_.stop}) {
    check(number->kind == Kind::int32 && number->length == 1, "numbers of waiting steps and of a stop, each one int32");
  }
  check(plan_.blocks >= 0, "a number of blocks from 0 on");
  const bool hasGenerator = plan_.generator.kind == Kind::int32 && plan_.generator.length == 4;
  check(plan_.blocks == 0 || hasGenerator, "a generator of 4 int32 elements");
}

Size Epoch::bytes() const {
  const auto scheduled = static_cast<Size>(plan_.schedule.size()) * batches_ * static_cast<Size>(sizeof(double));
  return static_cast<Size>(plan_.order.size() * sizeof(std::int32_t)) + scheduled;
}

Epoch::Outcome Epoch::run(Size from, Size to, double least, double most, const std::atomic<bool>* ending) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  Outcome outcome{from, true, {}};
  while (outcome.next < to) {
    outcome.isGood = runOne(outcome.next, &outcome.bad, ending);
    if (!outcome.isGood || (ending != nullptr && ending->load(std::memory_order_relaxed))) break;
    outcome.next++;
    if (isSet(plan_.stop)) break;
    const double micros = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    if (micros >= most || (micros >= least && isSet(plan_.waiting))) break;
  }
  return outcome;
}

bool Epoch::runOne(Size batch, BadIndex* bad, const std::atomic<bool>* ending) {
  gather(batch);
  const auto& schedule = plan_.schedule;
  for (std::size_t i = 0; i < schedule.size(); i++) {
    std::memcpy(&before_[i], placeOf(schedule[i]), sizeof(double));
    std::memcpy(placeOf(schedule[i]), &schedule[i].values[static_cast<std::size_t>(batch)], sizeof(double));
  }
  if (!program_.run(bad, ending)) {
    for (std::size_t i = 0; i < schedule.size(); i++) std::memcpy(placeOf(schedule[i]), &before_[i], sizeof(double));
    return false;
  }
  const auto& results = program_.results();
  for (std::size_t i = 0; i < results.size(); i++) {
    const Size bytes = bytesOf(results[i]);
    std::memcpy(plan_.results[i].data + batch * bytes, results[i].data, static_cast<std::size_t>(bytes));
  }
  if (plan_.blocks > 0) advance(reinterpret_cast<std::int32_t*>(plan_.generator.data), plan_.blocks);
  return true;
}

void Epoch::gather(Size batch) const {
  const std::int32_t* const rows = plan_.order.data() + batch * plan_.batchSize;
  const auto& arguments = program_.arguments();
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const Size bytes = bytesOf(arguments[i]);
    if (bytes == 0) continue;
    const Size each = bytes / plan_.batchSize;
    char* const to = arguments[i].data;
    const char* const from = plan_.sources[i].data;
    if (bytes < kLargeBytes || plan_.batchSize < 2) {
      copyRows(to, from, rows, plan_.batchSize, each);
      continue;
    }
    const auto parts = static_cast<int>(std::min<Size>(poolThreads(), plan_.batchSize));
    parallel(parts, static_cast<double>(bytes) / kBytesPerMicro, [&](int part) {
      const Size begin = plan_.batchSize * part / parts;
      const Size end = plan_.batchSize * (part + 1) / parts;
      copyRows(to + begin * each, from, rows + begin, end - begin, each);
    });
  }
}

}  // namespace blasgrad
