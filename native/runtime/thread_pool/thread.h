// A std::thread whose stack is large enough for every kernel on every system.
#pragma once

#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace blasgrad {

#if defined(_WIN32)
using Thread = std::thread;
#else
// Attention's kernels have 130 KiB of blocks on the stack, and the BLAS is called from kernels. musl gives a thread 128
// KiB, and glibc what `ulimit -s` says; std::thread cannot ask for more.
class Thread {
 public:
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  Thread& operator=(Thread&& other) noexcept {
    id_ = other.id_;
    joinable_ = std::exchange(other.joinable_, false);
    return *this;
  }

  // Throws std::system_error where there is no thread to be had.
  template <class Run>
  explicit Thread(Run run) {
    auto owned = std::make_unique<Run>(std::move(run));
    pthread_attr_t attributes;
    check(pthread_attr_init(&attributes));
    int error = pthread_attr_setstacksize(&attributes, kStackBytes);
    if (error == 0) error = pthread_create(&id_, &attributes, &start<Run>, owned.get());
    pthread_attr_destroy(&attributes);
    check(error);
    owned.release();
    joinable_ = true;
  }

  bool joinable() const { return joinable_; }
  void join() {
    joinable_ = false;
    check(pthread_join(id_, nullptr));
  }
  pthread_t native_handle() const { return id_; }

 private:
  static constexpr std::size_t kStackBytes = 1 << 20;

  static void check(int error) {
    if (error != 0) throw std::system_error(error, std::generic_category());
  }
  template <class Run>
  static void* start(void* run) {
    (*std::unique_ptr<Run>(static_cast<Run*>(run)))();
    return nullptr;
  }

  pthread_t id_{};
  bool joinable_ = false;
};
#endif

}  // namespace blasgrad
