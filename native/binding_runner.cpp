// start(args, done) and collect(results) of a program object: a run on the environment's own thread. The thread is made
// for the first; when the environment ends, the run in progress ends early and the thread with it.
#include <chrono>
#include <system_error>

#include "binding_bound.h"
#include "runtime/runner.h"

namespace blasgrad {

struct Turn {
  std::shared_ptr<BoundProgram> bound;
  Napi::FunctionReference done;
  napi_threadsafe_function finished = nullptr;
  std::unique_ptr<Runner> runner;
};

namespace {

// On the runner's thread.
void runTurn(void* data, const std::atomic<bool>& ending) {
  const Turn& turn = *static_cast<Turn*>(data);
  BoundProgram& bound = *turn.bound;
  const auto begin = std::chrono::steady_clock::now();
  bound.isGood = bound.program.run(&bound.bad, &ending);
  bound.micros = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
  if (!ending.load()) napi_call_threadsafe_function(turn.finished, nullptr, napi_tsfn_blocking);
}

// On the environment's.
void finishTurn(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;
  Turn& turn = *static_cast<Turn*>(context);
  const std::shared_ptr<BoundProgram> bound = std::move(turn.bound);
  bound->isRunning = false;
  napi_unref_threadsafe_function(env, turn.finished);
  const Napi::Function done = turn.done.Value();
  turn.done.Reset();
  const napi_value argv[] = {outcome(env, bound->isGood, bound->bad), Napi::Number::New(env, bound->micros)};
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, done, 2, argv, nullptr);
}

void stopTurns(void* data) { static_cast<Turn*>(data)->runner.reset(); }

// The environment's, with its thread.
Turn& turnOf(napi_env env) {
  auto& shared = Napi::Env(env).GetInstanceData<Instance>()->turn;
  if (shared == nullptr) shared = std::make_shared<Turn>();
  Turn& turn = *shared;
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

napi_value startProgram(napi_env env, napi_callback_info info) try {
  void* data;
  std::size_t argc = 2;
  napi_value argv[2];
  if (napi_get_cb_info(env, info, &argc, argv, nullptr, &data) != napi_ok) return nullptr;
  const auto& bound = *static_cast<std::shared_ptr<BoundProgram>*>(data);
  if (!Napi::Value(env, argv[1]).IsFunction()) failWith(env, "run: expected a function to call when it is over");
  Turn& turn = turnOf(env);
  if (turn.bound != nullptr) failWith(env, "run: expected one program at a time");
  takeArguments(env, *bound, argv[0]);
  turn.done = Napi::Persistent(Napi::Function(env, argv[1]));
  turn.bound = bound;
  bound->isRunning = true;
  napi_ref_threadsafe_function(env, turn.finished);
  turn.runner->start(runTurn, &turn);
  return nullptr;
} catch (const Napi::Error& error) {
  error.ThrowAsJavaScriptException();
  return nullptr;
}

napi_value collectResults(napi_env env, napi_callback_info info) try {
  void* data;
  std::size_t argc = 1;
  napi_value argv[1];
  if (napi_get_cb_info(env, info, &argc, argv, nullptr, &data) != napi_ok) return nullptr;
  BoundProgram& bound = **static_cast<std::shared_ptr<BoundProgram>*>(data);
  if (bound.isRunning) failWith(env, "run: expected a program that is not running");
  findResults(env, bound, argv[0]);
  giveResults(bound);
  return nullptr;
} catch (const Napi::Error& error) {
  error.ThrowAsJavaScriptException();
  return nullptr;
}

}  // namespace blasgrad
