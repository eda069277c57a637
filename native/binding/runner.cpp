// start(args, done) and collect(results) of a program object: a run on the environment's own thread.
#include <chrono>

#include "bound.h"

namespace blasgrad {

void BoundProgram::run(const std::atomic<bool>& ending) {
  const auto begin = std::chrono::steady_clock::now();
  isGood = program->run(&bad, &ending);
  micros = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

void BoundProgram::finish(napi_env env, Napi::Function done, napi_value error) {
  isRunning = false;
  const napi_value argv[] = {error != nullptr ? error : outcome(env, isGood, bad), Napi::Number::New(env, micros)};
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, done, 2, argv, nullptr);
}

napi_value startProgram(napi_env env, napi_callback_info info) {
  return callShared<BoundProgram, 2>(env, info, "run", [&](const auto& bound, const napi_value* argv) {
    takeArguments(env, *bound, Values(env, argv[0], idleProgram(env, *bound).arguments().size()), false);
    startErrand(env, bound, argv[1]);
    bound->isRunning = true;
    return nullptr;
  });
}

napi_value collectResults(napi_env env, napi_callback_info info) {
  return callShared<BoundProgram, 1>(env, info, "run", [&](const auto& bound, const napi_value* argv) {
    findResults(env, *bound, Values(env, argv[0], idleProgram(env, *bound).results().size()));
    giveResults(*bound);
    return nullptr;
  });
}

}  // namespace blasgrad
