// createProgram(plan): has a plan checked and encoded, and gives an object whose run(args, results) copies the
// arguments in, runs the steps, and copies the results out; release() frees its memory, and what is called after
// throws; a running one it leaves alone, and gives false. The functions for a run on another thread are in runner.cpp.
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "bound.h"

namespace blasgrad {
namespace {

const char* nameOf(Kind kind) {
  static constexpr const char* names[] = {"Float32Array", "Float64Array", "Int32Array", "Uint8Array", "another kind"};
  return names[static_cast<int>(kind)];
}

// Throws unless `value` is an array like `wanted`; gives where its elements are.
char* readLike(napi_env env, napi_value value, std::size_t i, const Array& wanted, const char* what) {
  Array found;
  if (readArray(env, value, &found) && found.kind == wanted.kind && found.length == wanted.length) return found.data;
  failWith(env, std::string("run: expected ") + what + " " + std::to_string(i) + " to be " + nameOf(wanted.kind) + "(" +
                    std::to_string(wanted.length) + "), got " + show(env, Napi::Value(env, value)));
}

void copy(char* to, const char* from, const Array& like) {
  if (like.length == 0) return;
  std::memmove(to, from, like.length * static_cast<std::size_t>(kElementBytes[static_cast<int>(like.kind)]));
}

// Whether an argument's elements are also the program's state, which a run may change.
bool sharesState(const BoundProgram& bound, const char* data, const Array& like) {
  const char* const end = data + like.length * static_cast<std::size_t>(kElementBytes[static_cast<int>(like.kind)]);
  return std::any_of(bound.held.begin(), bound.held.end(), [&](const Held& held) {
    const auto bytes = held.array.length * static_cast<std::size_t>(kElementBytes[static_cast<int>(held.array.kind)]);
    return held.array.data < end && data < held.array.data + bytes;
  });
}

// Has the steps read large arguments in the arena again, however the run ends.
class Leaving {
 public:
  explicit Leaving(BoundProgram& bound) : bound_(bound) {}
  ~Leaving() { leaveArguments(bound_); }
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;

 private:
  BoundProgram& bound_;
};

napi_value runNow(napi_env env, BoundProgram& bound, napi_value args, napi_value results) {
  const Values from(env, args, idleProgram(env, bound).arguments().size());
  const Values to(env, results, idleProgram(env, bound).results().size());
  BadIndex bad;
  bool isGood;
  {
    findResults(env, bound, to);
    const Leaving leaving(bound);
    takeArguments(env, bound, from, true);
    isGood = bound.program->run(&bad, nullptr);
    if (isGood) giveResults(bound);
  }
  return outcome(env, isGood, bad);
}

napi_value runProgram(napi_env env, napi_callback_info info) {
  return callShared<BoundProgram, 2>(env, info, "run", [&](const auto& bound, const napi_value* argv) {
    return runNow(env, *bound, argv[0], argv[1]);
  });
}

void dropProgram(napi_env env, BoundProgram& bound) {
  if (!bound.program) return;
  const auto bytes = static_cast<std::int64_t>(bound.program->arenaBytes());
  bound.program.reset();
  bound.held = std::vector<Held>();
  bound.places = std::vector<char*>();
  Napi::MemoryManagement::AdjustExternalMemory(env, -bytes);
}

napi_value releaseNow(napi_env env, napi_callback_info info) {
  return callShared<BoundProgram, 1>(env, info, "release", [&](const auto& bound, const napi_value*) -> napi_value {
    if (!bound->isRunning) dropProgram(env, *bound);
    return Napi::Boolean::New(env, !bound->isRunning);
  });
}

// One of the functions of a program object goes: the program with the last.
void forgetFunction(napi_env env, void* data, void*) {
  const auto* shared = static_cast<std::shared_ptr<BoundProgram>*>(data);
  if (shared->use_count() == 1) dropProgram(env, **shared);
  delete shared;
}

constexpr std::pair<const char*, napi_callback> kFunctions[] = {{"run", runProgram},
                                                                {"start", startProgram},
                                                                {"collect", collectResults},
                                                                {"createEpoch", createEpoch},
                                                                {"release", releaseNow}};

}  // namespace

Values::Values(napi_env env, napi_value list, std::size_t count) : values_(few_) {
  if (count > kFew) {
    many_.resize(count);
    values_ = many_.data();
  }
  for (std::size_t i = 0; i < count; i++) {
    if (napi_get_element(env, list, static_cast<std::uint32_t>(i), &values_[i]) == napi_ok) continue;
    napi_value pending;
    napi_get_and_clear_last_exception(env, &pending);
    napi_get_undefined(env, &values_[i]);
  }
}

// State whose memory is gone or has moved would be written where it was.
void checkHeld(napi_env env, const std::vector<Held>& all) {
  for (const Held& held : all) {
    if (!held.canMove) continue;
    Array found;
    if (readArray(env, held.reference.Value(), &found) && found.data == held.array.data &&
        found.length == held.array.length) {
      continue;
    }
    failWith(env, "run: expected the arrays of its state where they were, got one that was detached or resized");
  }
}

Program& idleProgram(napi_env env, BoundProgram& bound) {
  if (!bound.program) failWith(env, "run: expected a program that was not released");
  if (bound.isRunning) failWith(env, "run: expected a program that is not running");
  return *bound.program;
}

void takeArguments(napi_env env, BoundProgram& bound, const Values& values, bool inPlace) {
  Program& program = idleProgram(env, bound);
  const auto& arguments = program.arguments();
  char** const from = bound.places.data();
  for (std::size_t i = 0; i < arguments.size(); i++) from[i] = readLike(env, values[i], i, arguments[i], "argument");
  checkHeld(env, bound.held);
  for (std::size_t i = 0; i < arguments.size(); i++) {
    if (inPlace && program.isLarge(i) && !sharesState(bound, from[i], arguments[i])) {
      program.readAt(i, from[i]);
    } else {
      copy(arguments[i].data, from[i], arguments[i]);
    }
  }
}

void leaveArguments(BoundProgram& bound) noexcept {
  const auto& arguments = bound.program->arguments();
  for (std::size_t i = 0; i < arguments.size(); i++) bound.program->readAt(i, arguments[i].data);
}

void findResults(napi_env env, BoundProgram& bound, const Values& values) {
  const Program& program = idleProgram(env, bound);
  const auto& results = program.results();
  char** const to = bound.places.data() + program.arguments().size();
  for (std::size_t i = 0; i < results.size(); i++) to[i] = readLike(env, values[i], i, results[i], "result");
}

void giveResults(const BoundProgram& bound) {
  const auto& results = bound.program->results();
  char* const* const to = bound.places.data() + bound.program->arguments().size();
  for (std::size_t i = 0; i < results.size(); i++) copy(to[i], results[i].data, results[i]);
}

napi_value outcome(napi_env env, bool isGood, const BadIndex& bad) {
  if (isGood) return Napi::Env(env).Null();
  auto result = Napi::Object::New(env);
  result["step"] = bad.step;
  result["position"] = static_cast<double>(bad.position);
  result["id"] = bad.id;
  return result;
}

namespace {

napi_value makeProgram(Napi::Env env, Napi::Value given) {
  if (!given.IsObject()) failWith(env, "plan: expected a plan, got " + show(env, given));
  std::vector<Held> held;
  const Plan plan = readPlan(env, given.As<Napi::Object>(), &held);
  checkHeld(env, held);  // reading the rest of the plan may have run JavaScript
  std::shared_ptr<BoundProgram> bound;
  try {
    bound = std::make_shared<BoundProgram>(plan);
  } catch (const std::invalid_argument& error) {
    failWith(env, std::string("plan: ") + error.what());
  }
  bound->held = std::move(held);
  bound->places.resize(bound->program->arguments().size() + bound->program->results().size());
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<std::int64_t>(bound->program->arenaBytes()));
  auto result = Napi::Object::New(env);
  for (const auto& [name, callback] : kFunctions) result[name] = shareWith(env, name, callback, bound, forgetFunction);
  return result;
}

}  // namespace

Napi::Value createProgram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const napi_value made = guarded(env, "plan", [&] { return makeProgram(env, info[0]); });
  return made == nullptr ? env.Undefined() : Napi::Value(env, made);
}

}  // namespace blasgrad
