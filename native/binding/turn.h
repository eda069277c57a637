// The environment's own thread: what runs there, one piece at a time (binding_turn.cpp).
#pragma once

#include <atomic>
#include <memory>

#include "binding.h"

namespace blasgrad {

// A piece of work.
struct Errand {
  virtual ~Errand() = default;
  // On that thread. Returns early where `ending` is set.
  virtual void run(const std::atomic<bool>& ending) = 0;
  // Afterwards, on the environment's: calls `done`, with the error where run() threw, else null.
  virtual void finish(napi_env env, Napi::Function done, napi_value error) = 0;
};

// Has it run; `done` is a function. Throws where another has not finished, or where there is no thread to be had.
void startErrand(napi_env env, std::shared_ptr<Errand> errand, napi_value done);

}  // namespace blasgrad
