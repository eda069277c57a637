#include "pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "machine.h"
#include "parking.h"
#include "thread.h"

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace blasgrad {
namespace {

// How long an idle thread looks out for work before it sleeps.
constexpr auto kSpin = std::chrono::microseconds(100);
// And where more work is expected: a step goes on by itself for a while, and waking a thread costs as much.
constexpr auto kSpinExpecting = std::chrono::milliseconds(1);
// The least work, in µs on one thread, that is worth waking a sleeping thread; and where the last work was not long
// ago, so that the thread will stay awake for the next. Shorter work adds up where it comes before a thread would
// sleep.
constexpr double kWakeMicros = 150;
constexpr double kWakeMicrosOften = 10;
constexpr auto kOften = std::chrono::microseconds(500);

void relax() {
#if defined(__SSE2__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// Keeps a thread off the CPU of the caller, which is about to create it or to wake it. The scheduler would often place
// it there and leave it for tens of milliseconds, preempting the caller that waits for it.
class Elsewhere {
 public:
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;
#if defined(__linux__)
  explicit Elsewhere(const Thread& thread) : thread_(thread.native_handle()) {
    const int cpu = sched_getcpu();
    if (cpu < 0 || pthread_getaffinity_np(thread_, sizeof allowed_, &allowed_) != 0) return;
    cpu_set_t others = allowed_;
    CPU_CLR(static_cast<std::size_t>(cpu), &others);
    isBound_ = CPU_COUNT(&others) > 0 && pthread_setaffinity_np(thread_, sizeof others, &others) == 0;
  }
  ~Elsewhere() {
    if (isBound_) pthread_setaffinity_np(thread_, sizeof allowed_, &allowed_);
  }

 private:
  pthread_t thread_;
  cpu_set_t allowed_;
  bool isBound_ = false;
#else
  explicit Elsewhere(const Thread&) {}
#endif
};

// What parts threw: the first is kept for the caller, since none may leave a thread.
class Failure {
 public:
  void attempt(Work work, const void* context, int part) noexcept {
    try {
      work(context, part);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (first_ == nullptr) first_ = std::current_exception();
      any_.store(true, std::memory_order_relaxed);
    }
  }
  // Where all parts are done.
  std::exception_ptr take() {
    if (!any_.load(std::memory_order_relaxed)) return nullptr;
    any_.store(false, std::memory_order_relaxed);
    return std::exchange(first_, nullptr);
  }

 private:
  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::exception_ptr first_;
};

// A thread and the parts it owns. The parts not yet begun are `open`: (first << 16) | end, empty where both are equal.
// Who takes one by changing `open` may read what the work is: that stays until all parts are done.
struct alignas(128) Worker {
  std::atomic<std::uint32_t> open{0};
  Work work = nullptr;
  const void* context = nullptr;
  std::atomic<bool> asleep{false};
  std::atomic<bool> called{false};
  std::atomic<bool> ending{false};
  Parking parking;
  Thread thread;

  bool hasOpen() const {
    const std::uint32_t parts = open.load();
    return parts >> 16 != (parts & 0xffff);
  }

  // Takes the first open part, or the last; −1: there is none.
  int take(bool first) {
    std::uint32_t parts = open.load(std::memory_order_acquire);
    for (;;) {
      const std::uint32_t begin = parts >> 16;
      const std::uint32_t end = parts & 0xffff;
      if (begin == end) return -1;
      const std::uint32_t rest = first ? (begin + 1) << 16 | end : begin << 16 | (end - 1);
      if (open.compare_exchange_weak(parts, rest, std::memory_order_acq_rel)) {
        return static_cast<int>(first ? begin : end - 1);
      }
    }
  }

  void wake() {
    const Elsewhere elsewhere(thread);
    called.store(true);
    parking.wake();
  }
};

class Pool {
 public:
  std::atomic<int> threads{1};
  // How many are at work that more is expected of.
  std::atomic<int> expecting{0};

  void run(int parts, double micros, Work work, const void* context) {
    const int count = std::min(threads.load(std::memory_order_relaxed), parts);
    if (count <= 1 || parts > 0xffff || busy_.exchange(true, std::memory_order_acquire)) {
      for (int part = 0; part < parts; part++) work(context, part);
      return;
    }
    makeWorkers();
    callWorkers(micros);
    const int total = static_cast<int>(workers_.size()) + 1;
    const auto firstOf = [&](int thread) { return thread * parts / total; };
    const int own = firstOf(1);
    pending_.store(parts - own, std::memory_order_relaxed);
    for (int i = 1; i < total; i++) {
      if (firstOf(i) == firstOf(i + 1)) continue;
      Worker& worker = *workers_[static_cast<std::size_t>(i - 1)];
      worker.work = work;
      worker.context = context;
      worker.open.store(static_cast<std::uint32_t>(firstOf(i) << 16 | firstOf(i + 1)), std::memory_order_release);
    }
    for (int part = 0; part < own; part++) failure_.attempt(work, context, part);
    for (auto& worker : workers_) {
      for (int part; (part = worker->take(false)) >= 0;) {
        failure_.attempt(work, context, part);
        pending_.fetch_sub(1, std::memory_order_relaxed);
      }
    }
    for (int turn = 0; pending_.load(std::memory_order_acquire) > 0; turn++) {
      if (turn < 4096) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
    lastWork_ = std::chrono::steady_clock::now();
    const std::exception_ptr failure = failure_.take();
    busy_.store(false, std::memory_order_release);
    if (failure != nullptr) std::rethrow_exception(failure);
  }

  void wake(double micros) {
    if (threads.load(std::memory_order_relaxed) <= 1 || busy_.exchange(true, std::memory_order_acquire)) return;
    makeWorkers();
    callWorkers(micros);
    busy_.store(false, std::memory_order_release);
  }

  // Leaves the pool without threads, and `number` to be made when they are needed.
  void reset(int number) {
    while (busy_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    if (number != threads.load() || number == 0) {
      for (auto& worker : workers_) {
        worker->ending.store(true);
        worker->parking.wake();
      }
      for (auto& worker : workers_) worker->thread.join();
      workers_.clear();
    }
    if (number > 0) threads.store(number);
    busy_.store(false, std::memory_order_release);
  }

 private:
  // Wakes those that sleep, where it is worth it.
  void callWorkers(double micros) {
    bool asleep = false;
    for (auto& worker : workers_) asleep = asleep || worker->asleep.load(std::memory_order_relaxed);
    if (!asleep) return;
    const auto since = std::chrono::steady_clock::now() - lastWork_;
    alone_ = micros + (since < kSpin ? alone_ : 0);
    if (alone_ < kWakeMicros && (micros < kWakeMicrosOften || since >= kOften)) return;
    alone_ = 0;
    for (auto& worker : workers_) {
      if (worker->asleep.load()) worker->wake();
    }
  }

  // Where no more threads can be made (a limit of processes, no memory for a stack), works with those that are there
  // until the number is set again.
  void makeWorkers() {
    const std::size_t wanted = static_cast<std::size_t>(threads.load() - 1);
    while (workers_.size() < wanted) {
      try {
        auto made = std::make_unique<Worker>();
        Worker& worker = *made;
        workers_.reserve(wanted);
        worker.thread = Thread([this, &worker] {
          prepareThread();
          live(worker);
        });
        const Elsewhere elsewhere(worker.thread);
        workers_.push_back(std::move(made));
      } catch (const std::exception&) {
        threads.store(static_cast<int>(workers_.size()) + 1);
        return;
      }
    }
  }

  void live(Worker& worker) {
    auto idleSince = std::chrono::steady_clock::now();
    for (int turn = 1; !worker.ending.load(std::memory_order_relaxed); turn++) {
      const int part = worker.take(true);
      if (part >= 0) {
        failure_.attempt(worker.work, worker.context, part);
        pending_.fetch_sub(1, std::memory_order_release);
        turn = 0;
        continue;
      }
      relax();
      if (turn == 1) idleSince = std::chrono::steady_clock::now();
      if (turn % 32 != 0) continue;
      const auto idle = std::chrono::steady_clock::now() - idleSince;
      if (idle < kSpin || (idle < kSpinExpecting && expecting.load(std::memory_order_relaxed) > 0)) continue;
      worker.asleep.store(true);
      worker.parking.sleep(
          [&] { return worker.hasOpen() || worker.called.load() || worker.ending.load(std::memory_order_relaxed); });
      worker.asleep.store(false);
      worker.called.store(false);
      turn = 0;
    }
  }

  std::atomic<bool> busy_{false};
  alignas(128) std::atomic<int> pending_{0};
  std::vector<std::unique_ptr<Worker>> workers_;
  Failure failure_;
  // When the last work was over, and how much work just before it was too short to wake the parked threads, in µs.
  std::chrono::steady_clock::time_point lastWork_;
  double alone_ = 0;
};

// Never destroyed: at exit its threads may still be asleep.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

}  // namespace

int poolThreads() { return pool().threads.load(std::memory_order_relaxed); }

void setPoolThreads(int threads) { pool().reset(threads); }

void runParallel(int parts, double micros, Work work, const void* context) { pool().run(parts, micros, work, context); }

WorkExpected::WorkExpected(double micros) : any_(micros > 0) {
  if (!any_) return;
  pool().expecting.fetch_add(1, std::memory_order_relaxed);
  pool().wake(micros);
}

WorkExpected::~WorkExpected() {
  if (any_) pool().expecting.fetch_sub(1, std::memory_order_relaxed);
}

void stopPool() { pool().reset(0); }

}  // namespace blasgrad
