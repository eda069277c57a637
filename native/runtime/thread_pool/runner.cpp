#include "runner.h"

#include <mutex>
#include <set>

#include "machine.h"

namespace blasgrad {
namespace {

// The runners of this process. Destroyed at exit: process.exit runs no cleanup hook of the main environment.
class Runners {
 public:
  ~Runners() {
    for (Runner* runner : std::set<Runner*>(all_)) runner->stop();
  }
  void add(Runner* runner) {
    const std::lock_guard<std::mutex> lock(mutex_);
    all_.insert(runner);
  }
  void remove(Runner* runner) {
    const std::lock_guard<std::mutex> lock(mutex_);
    all_.erase(runner);
  }

 private:
  std::mutex mutex_;
  std::set<Runner*> all_;
};

Runners& runners() {
  static Runners instance;
  return instance;
}

}  // namespace

Runner::Runner() {
  runners().add(this);
  try {
    thread_ = Thread([this] { live(); });
  } catch (...) {
    runners().remove(this);
    throw;
  }
}

void Runner::start(Job job, void* data) {
  job_ = job;
  data_ = data;
  given_.store(true);
  parking_.wake();
}

void Runner::stop() {
  if (!thread_.joinable()) return;
  ending_.store(true);
  parking_.wake();
  thread_.join();
  runners().remove(this);
}

void Runner::live() {
  prepareThread();
  for (;;) {
    parking_.sleep([this] { return given_.load() || ending_.load(); });
    if (ending_.load()) return;
    given_.store(false);
    job_(data_, ending_);
  }
}

}  // namespace blasgrad
