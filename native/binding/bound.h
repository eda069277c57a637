// A program bound to arrays of an environment: what the functions of one program object share.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "turn.h"
#include "runtime/executor/program.h"

namespace blasgrad {

// An array of state or a constant, kept alive, and where its elements were when the program was encoded.
struct Held {
  Napi::ObjectReference reference;
  Array array;
  bool canMove;  // not memory that is shared, which JavaScript neither detaches nor shrinks
};

// Reads a plan, and what it holds of the environment. Throws where it is none.
Plan readPlan(Napi::Env env, Napi::Object plan, std::vector<Held>* held);

struct BoundProgram : Errand {
  explicit BoundProgram(const Plan& plan) : program(std::in_place, plan) {}
  void run(const std::atomic<bool>& ending) override;
  void finish(napi_env env, Napi::Function done, napi_value error) override;

  // None once it was released.
  std::optional<Program> program;
  std::vector<Held> held;
  // Where a run's arguments and then its results are: a run allocates nothing.
  std::vector<char*> places;
  // Whether the environment's other thread is running it: its memory is then not to be touched.
  bool isRunning = false;
  bool isGood = true;
  BadIndex bad{};
  double micros = 0;
};

// The values of a list, all of them read: reading runs JavaScript (a getter, a proxy), which may change any memory and
// run any program. What is checked and where elements are is looked at after, with no JavaScript in between.
class Values {
 public:
  Values(napi_env env, napi_value list, std::size_t count);
  napi_value operator[](std::size_t i) const { return values_[i]; }

 private:
  static constexpr std::size_t kFew = 64;
  napi_value few_[kFew];
  std::vector<napi_value> many_;
  napi_value* values_;
};

// Throws where the program was released or is running: to be asked again after any JavaScript.
Program& idleProgram(napi_env env, BoundProgram& bound);
// Throws unless the values are an array for each argument, and state is where it was and not in use; copies them in.
// Where the run is over before JavaScript goes on, large ones are read where they are, until leaveArguments.
void takeArguments(napi_env env, BoundProgram& bound, const Values& values, bool inPlace);
void leaveArguments(BoundProgram& bound) noexcept;
// Throws unless the values are an array for each result.
void findResults(napi_env env, BoundProgram& bound, const Values& values);
// Copies the results to where findResults found them.
void giveResults(const BoundProgram& bound);
// Throws unless each array is where it was.
void checkHeld(napi_env env, const std::vector<Held>& held);
// A function that shares `with`, until it is collected and `release` deletes its data, a std::shared_ptr<T>*. Throws
// where none can be made: in an environment that is ending.
template <class T>
napi_value shareWith(napi_env env, const char* name, napi_callback callback, const std::shared_ptr<T>& with,
                     napi_finalize release) {
  auto data = std::make_unique<std::shared_ptr<T>>(with);
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data.get(), &function) != napi_ok ||
      napi_add_finalizer(env, function, data.get(), release, nullptr, nullptr) != napi_ok) {
    throw Napi::Error::New(env);
  }
  data.release();
  return function;
}
// The body of a callback that shareWith made a function of: `body(shared, argv)`, guarded, with at most N arguments,
// undefined where fewer are given.
template <class T, std::size_t N, class F>
napi_value callShared(napi_env env, napi_callback_info info, const char* where, const F& body) {
  void* data;
  std::size_t argc = N;
  napi_value argv[N];
  if (napi_get_cb_info(env, info, &argc, argv, nullptr, &data) != napi_ok) return nullptr;
  return guarded(env, where, [&]() -> napi_value { return body(*static_cast<std::shared_ptr<T>*>(data), argv); });
}
// What a run gives: null, or {step, position, id}.
napi_value outcome(napi_env env, bool isGood, const BadIndex& bad);

// start(args, done): copies the arguments in and has the program run on the environment's own thread; then, on this
// one, done(outcome, micros) is called, where the outcome may be an error. One program at a time. collect(results):
// copies the results out.
napi_value startProgram(napi_env env, napi_callback_info info);
napi_value collectResults(napi_env env, napi_callback_info info);

// createEpoch(job): many runs in one call (binding_epoch.cpp).
napi_value createEpoch(napi_env env, napi_callback_info info);

}  // namespace blasgrad
