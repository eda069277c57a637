// createEpoch(job) of a program object: {sources, batchSize, order, schedule: [{target, at, values}], generator,
// blocks, results, waiting, stop} as runtime/epoch.h has them, read once. It gives an object of two functions:
// run(from, to, least, most) in place, and start(from, to, least, most, done) on the environment's own thread, for
// which all memory must be shared. What they give, or call `done` with, is {next, bad, micros}.
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "bound.h"
#include "runtime/executor/epoch.h"

namespace blasgrad {
namespace {

struct BoundEpoch : Errand {
  BoundEpoch(std::shared_ptr<BoundProgram> p, EpochPlan plan)
      : bound(std::move(p)), epoch(*bound->program, std::move(plan)) {}

  void run(const std::atomic<bool>& ending) override { runNow(&ending); }

  void runNow(const std::atomic<bool>* ending) {
    const auto begin = std::chrono::steady_clock::now();
    outcome = epoch.run(from, to, least, most, ending);
    micros = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
  }

  Napi::Object result(napi_env env) const {
    auto object = Napi::Object::New(env);
    object["next"] = static_cast<double>(outcome.next);
    object["bad"] = Napi::Value(env, blasgrad::outcome(env, outcome.isGood, outcome.bad));
    object["micros"] = micros;
    return object;
  }

  void finish(napi_env env, Napi::Function done, napi_value error) override {
    bound->isRunning = false;
    const napi_value argv[] = {error != nullptr ? error : result(env)};
    napi_call_function(env, Napi::Env(env).Undefined(), done, 1, argv, nullptr);
  }

  std::shared_ptr<BoundProgram> bound;
  Epoch epoch;
  std::vector<Held> held;
  Size from = 0;
  Size to = 0;
  double least = 0;
  double most = 0;
  Epoch::Outcome outcome{0, true, {}};
  double micros = 0;
};

// Reads a job's objects; whatever is not what it should be is refused.
class Reader {
 public:
  Reader(Napi::Env env, std::vector<Held>* held) : env_(env), held_(held) {}

  EpochPlan read(Napi::Object job) {
    EpochPlan plan;
    plan.sources = arrays(job.Get("sources"), "arrays of rows");
    plan.batchSize = integer(job.Get("batchSize"), "a batch size");
    const Array order = array(job.Get("order"), "an order");
    if (order.kind != Kind::int32) refuseValue(job.Get("order"), "an order of int32");
    const auto* rows = reinterpret_cast<const std::int32_t*>(order.data);
    plan.order.assign(rows, rows + order.length);
    const Napi::Array schedule = list(job.Get("schedule"), "a schedule");
    for (std::uint32_t i = 0; i < schedule.Length(); i++) plan.schedule.push_back(readScheduled(schedule[i]));
    plan.results = arrays(job.Get("results"), "arrays for results");
    plan.waiting = kept(job.Get("waiting"), "a number of waiting steps");
    plan.stop = kept(job.Get("stop"), "a number that stops");
    plan.blocks = integer(job.Get("blocks"), "a number of blocks");
    if (plan.blocks > 0) plan.generator = kept(job.Get("generator"), "a generator");
    return plan;
  }

  Size integer(Napi::Value value, const std::string& what) {
    const double found = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
    if (!(found >= 0 && found <= 9007199254740991.0) || found != std::floor(found)) refuseValue(value, what);
    return static_cast<Size>(found);
  }

 private:
  [[noreturn]] void refuseValue(Napi::Value value, const std::string& expected) {
    failWith(env_, "epoch: expected " + expected + ", got " + show(env_, value));
  }
  Napi::Array list(Napi::Value value, const std::string& what) {
    if (!value.IsArray()) refuseValue(value, "a list of " + what);
    return value.As<Napi::Array>();
  }
  Array array(Napi::Value value, const std::string& what) {
    Array found;
    if (!readArray(env_, value, &found) || found.kind == Kind::other) refuseValue(value, what);
    return found;
  }
  Array kept(Napi::Value value, const std::string& what) {
    const Array found = array(value, what);
    const bool canMove = value.As<Napi::TypedArray>().ArrayBuffer().IsArrayBuffer();
    held_->push_back({Napi::Persistent(value.As<Napi::Object>()), found, canMove});
    return found;
  }
  std::vector<Array> arrays(Napi::Value value, const std::string& what) {
    const Napi::Array given = list(value, what);
    std::vector<Array> result;
    for (std::uint32_t i = 0; i < given.Length(); i++) result.push_back(kept(given[i], what));
    return result;
  }
  Scheduled readScheduled(Napi::Value value) {
    if (!value.IsObject()) refuseValue(value, "an entry of the schedule");
    const auto entry = value.As<Napi::Object>();
    Scheduled result{kept(entry.Get("target"), "the array that is scheduled"), 0, {}};
    result.at = integer(entry.Get("at"), "the position of what is scheduled");
    const Array values = array(entry.Get("values"), "the values of a schedule");
    if (values.kind != Kind::float64) refuseValue(entry.Get("values"), "the values of a schedule as float64");
    const auto* numbers = reinterpret_cast<const double*>(values.data);
    result.values.assign(numbers, numbers + values.length);
    return result;
  }

  Napi::Env env_;
  std::vector<Held>* held_;
};

// Reads from, to, least and most; throws unless these runs can begin now.
void prepare(napi_env env, BoundEpoch& epoch, const napi_value* argv) {
  idleProgram(env, *epoch.bound);
  Reader reader(env, nullptr);
  epoch.from = reader.integer(Napi::Value(env, argv[0]), "the first run’s number");
  epoch.to = reader.integer(Napi::Value(env, argv[1]), "the number after the last run’s");
  if (epoch.from >= epoch.to || epoch.to > epoch.epoch.batches()) {
    failWith(env, "epoch: expected runs from 0 to " + std::to_string(epoch.epoch.batches() - 1) + ", one at least");
  }
  for (const auto& [value, micros] : {std::pair(argv[2], &epoch.least), std::pair(argv[3], &epoch.most)}) {
    if (napi_get_value_double(env, value, micros) == napi_ok && *micros >= 0) continue;
    failWith(env, "epoch: expected a number of microseconds from 0 on, got " + show(env, Napi::Value(env, value)));
  }
  checkHeld(env, epoch.bound->held);
  checkHeld(env, epoch.held);
}

napi_value runEpoch(napi_env env, napi_callback_info info) {
  return callShared<BoundEpoch, 4>(env, info, "run", [&](const auto& epoch, const napi_value* argv) {
    prepare(env, *epoch, argv);
    epoch->runNow(nullptr);
    return epoch->result(env);
  });
}

napi_value startEpoch(napi_env env, napi_callback_info info) {
  return callShared<BoundEpoch, 5>(env, info, "run", [&](const auto& epoch, const napi_value* argv) {
    prepare(env, *epoch, argv);
    for (const auto* all : {&epoch->bound->held, &epoch->held}) {
      for (const Held& held : *all) {
        if (held.canMove) failWith(env, "epoch: expected memory that is shared, for another thread");
      }
    }
    startErrand(env, epoch, argv[4]);
    epoch->bound->isRunning = true;
    return nullptr;
  });
}

void releaseEpoch(napi_env env, void* data, void*) {
  const auto* shared = static_cast<std::shared_ptr<BoundEpoch>*>(data);
  if (shared->use_count() == 1) {
    Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<std::int64_t>((*shared)->epoch.bytes()));
  }
  delete shared;
}

constexpr std::pair<const char*, napi_callback> kFunctions[] = {{"run", runEpoch}, {"start", startEpoch}};

napi_value makeEpoch(napi_env env, const std::shared_ptr<BoundProgram>& bound, Napi::Value job) {
  if (!job.IsObject()) failWith(env, "epoch: expected a job, got " + show(env, job));
  std::vector<Held> held;
  EpochPlan plan = Reader(env, &held).read(job.As<Napi::Object>());
  idleProgram(env, *bound);  // reading the job may have run JavaScript
  std::shared_ptr<BoundEpoch> epoch;
  try {
    epoch = std::make_shared<BoundEpoch>(bound, std::move(plan));
  } catch (const std::invalid_argument& error) {
    failWith(env, std::string("epoch: ") + error.what());
  }
  epoch->held = std::move(held);
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<std::int64_t>(epoch->epoch.bytes()));
  auto result = Napi::Object::New(env);
  for (const auto& [name, callback] : kFunctions) result[name] = shareWith(env, name, callback, epoch, releaseEpoch);
  return result;
}

}  // namespace

napi_value createEpoch(napi_env env, napi_callback_info info) {
  return callShared<BoundProgram, 1>(env, info, "epoch", [&](const auto& bound, const napi_value* argv) {
    return makeEpoch(env, bound, Napi::Value(env, argv[0]));
  });
}

}  // namespace blasgrad
