// The thread is made for the first errand; when the environment ends, the errand in progress ends early and the thread
// with it.
#include "turn.h"

#include <exception>
#include <system_error>
#include <utility>

#include "runtime/thread_pool/runner.h"

namespace blasgrad {

struct Turn {
  std::shared_ptr<Errand> errand;
  Napi::FunctionReference done;
  napi_threadsafe_function finished = nullptr;
  std::unique_ptr<Runner> runner;
  std::exception_ptr failure;  // what the errand threw
  bool isOver = false;         // the environment is ending: no thread is made any more
};

namespace {

// On the runner's thread.
void runTurn(void* data, const std::atomic<bool>& ending) {
  Turn& turn = *static_cast<Turn*>(data);
  try {
    turn.errand->run(ending);
  } catch (...) {
    turn.failure = std::current_exception();
  }
  if (!ending.load()) napi_call_threadsafe_function(turn.finished, nullptr, napi_tsfn_blocking);
}

// On the environment's. Where that is ending, nothing can be made to call `done` with.
void finishTurn(napi_env env, napi_value, void* context, void*) try {
  if (env == nullptr) return;
  Turn& turn = *static_cast<Turn*>(context);
  if (turn.isOver) return;
  const std::shared_ptr<Errand> errand = std::move(turn.errand);
  napi_unref_threadsafe_function(env, turn.finished);
  const Napi::Function done = turn.done.Value();
  turn.done.Reset();
  const std::exception_ptr failure = std::exchange(turn.failure, nullptr);
  napi_value error = nullptr;
  if (failure != nullptr) error = errorOf(env, "run", failure).Value();
  errand->finish(env, done, error);
} catch (const Napi::Error& error) {
  error.ThrowAsJavaScriptException();
}

void stopTurns(void* data) {
  Turn& turn = *static_cast<Turn*>(data);
  turn.isOver = true;
  turn.runner.reset();
}

// The environment's, with its thread.
Turn& turnOf(napi_env env) {
  auto& shared = Napi::Env(env).GetInstanceData<Instance>()->turn;
  if (shared == nullptr) shared = std::make_shared<Turn>();
  Turn& turn = *shared;
  if (turn.isOver) failWith(env, "run: expected an environment that goes on, got one that is ending");
  if (turn.finished == nullptr) {
    const napi_value name = Napi::String::New(env, "blasgrad:step");
    if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, &turn, finishTurn,
                                        &turn.finished) != napi_ok) {
      failWith(env, "run: expected a way back from another thread, got none");
    }
    napi_unref_threadsafe_function(env, turn.finished);
    // Hooks run last first: the thread has ended before what it calls is taken down.
    napi_add_env_cleanup_hook(env, stopTurns, &turn);
  }
  if (turn.runner == nullptr) {
    try {
      turn.runner = std::make_unique<Runner>();
    } catch (const std::system_error& error) {
      failWith(env, std::string("run: expected a thread to run on, got none: ") + error.what());
    }
  }
  return turn;
}

}  // namespace

void startErrand(napi_env env, std::shared_ptr<Errand> errand, napi_value done) {
  if (!Napi::Value(env, done).IsFunction()) failWith(env, "run: expected a function to call when it is over");
  Turn& turn = turnOf(env);
  if (turn.errand != nullptr) failWith(env, "run: expected one program at a time");
  turn.done = Napi::Persistent(Napi::Function(env, done));
  turn.errand = std::move(errand);
  napi_ref_threadsafe_function(env, turn.finished);
  turn.runner->start(runTurn, &turn);
}

}  // namespace blasgrad
