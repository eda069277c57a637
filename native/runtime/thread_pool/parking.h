// A place where a thread sleeps until another wakes it. POSIX's condition variables where there are any: those of
// libstdc++ need a newer one than some systems have.
#pragma once

#if defined(_WIN32)
#include <condition_variable>
#include <mutex>
#else
#include <pthread.h>
#endif

namespace blasgrad {

class Parking {
 public:
  Parking() = default;
  Parking(const Parking&) = delete;
  Parking& operator=(const Parking&) = delete;

#if defined(_WIN32)
  // Returns once `ready` is true; it is asked again after each wake().
  template <class Ready>
  void sleep(Ready ready) {
    std::unique_lock<std::mutex> lock(mutex_);
    condition_.wait(lock, ready);
  }
  void wake() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
    }
    condition_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
#else
  ~Parking() {
    pthread_cond_destroy(&condition_);
    pthread_mutex_destroy(&mutex_);
  }
  // Returns once `ready` is true; it is asked again after each wake().
  template <class Ready>
  void sleep(Ready ready) {
    pthread_mutex_lock(&mutex_);
    while (!ready()) pthread_cond_wait(&condition_, &mutex_);
    pthread_mutex_unlock(&mutex_);
  }
  void wake() {
    pthread_mutex_lock(&mutex_);
    pthread_mutex_unlock(&mutex_);
    pthread_cond_signal(&condition_);
  }

 private:
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
#endif
};

}  // namespace blasgrad
