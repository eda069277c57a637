#include "program.h"

#include <cstring>
#include <stdexcept>

#include "encode.h"
#include "runtime/thread_pool/pool.h"
#include "share.h"

namespace blasgrad {
namespace {

std::unique_ptr<Region> encodeRegion(const PlannedStep& planned, Memory& memory) {
  std::vector<Region::Chain> chains;
  for (const PlannedChain& chain : planned.chains) {
    chains.push_back({chain.rows, {}, {}});
    for (const PlannedStep& step : chain.steps) chains.back().tasks.push_back(encodeTask(step, memory));
    for (const int id : chain.local) {
      const Array array = memory.array(id);
      const Size bytes = static_cast<Size>(array.length) * kElementBytes[static_cast<int>(array.kind)];
      chains.back().local.push_back({array.data, bytes});
    }
  }
  for (const PlannedChain& chain : planned.chains) {
    for (const int id : chain.local) memory.leave(id);
  }
  return std::make_unique<Region>(std::move(chains));
}

}  // namespace

Program::Program(const Plan& plan) : memory_(plan) {
  steps_.reserve(plan.steps.size());
  for (const PlannedStep& planned : plan.steps) {
    try {
      Step step;
      if (planned.chains.empty()) {
        step.task = encodeTask(planned, memory_);
        sharedMicros_ += sharedMicrosOf(step.task);
      } else {
        step.region = encodeRegion(planned, memory_);
        sharedMicros_ += step.region->sharedMicros();
      }
      steps_.push_back(std::move(step));
    } catch (const std::invalid_argument& error) {
      refuse("step " + std::to_string(steps_.size()) + ": " + error.what());
    }
  }
  for (std::size_t i = 0; i < plan.values.size(); i++) {
    const PlannedValue& value = plan.values[i];
    if (value.origin != Origin::argument) continue;
    const auto slot = static_cast<std::size_t>(value.slot);
    if (value.slot < 0 || slot >= plan.values.size()) refuse("expected slots from 0 on");
    if (slot >= arguments_.size()) arguments_.resize(slot + 1, Array{nullptr, 0, Kind::other, 0});
    if (arguments_[slot].kind != Kind::other) refuse("expected one value for slot " + std::to_string(slot));
    arguments_[slot] = memory_.array(static_cast<int>(i));
  }
  for (const Array& argument : arguments_) {
    if (argument.kind == Kind::other) refuse("expected a value for each slot");
  }
  for (const int id : plan.results) {
    memory_.requireThere(id);
    results_.push_back(memory_.array(id));
  }
  findReaders();
}

void Program::findReaders() {
  readers_.resize(arguments_.size());
  for (std::size_t slot = 0; slot < arguments_.size(); slot++) {
    const void* const data = arguments_[slot].data;
    const Size bytes =
        static_cast<Size>(arguments_[slot].length) * kElementBytes[static_cast<int>(arguments_[slot].kind)];
    if (bytes < kLargeArgument) continue;
    const auto note = [&](auto& pointer) {
      if (static_cast<const void*>(pointer) == data) readers_[slot].push_back(static_cast<void*>(&pointer));
    };
    const auto look = [&](Task& task) {
      note(task.ids);
      for (std::size_t i = 0; task.kernel != nullptr && i < task.kernel->signature.arguments.size(); i++) {
        if (task.kernel->signature.arguments[i].isArray()) note(task.call.slots[i].pointer);
      }
      for (Source& source : task.group.sources) note(source.data);
    };
    for (Step& step : steps_) {
      if (step.region == nullptr) {
        look(step.task);
      } else {
        step.region->each(look);
      }
    }
    for (Array& result : results_) note(result.data);
  }
}

void Program::readAt(std::size_t slot, const char* data) {
  for (void* const pointer : readers_[slot]) std::memcpy(pointer, &data, sizeof data);
}

bool Program::run(BadIndex* bad, const std::atomic<bool>* ending) const {
  const WorkExpected expected(sharedMicros_);
  for (const Step& step : steps_) {
    if (ending != nullptr && ending->load(std::memory_order_relaxed)) return true;
    if (step.region != nullptr) {
      step.region->run();
      continue;
    }
    const Size position = runShared(step.task);
    if (position < 0) continue;
    const std::int32_t* const ids = step.task.ids;
    *bad = {static_cast<int>(&step - steps_.data()), position, ids == nullptr ? 0 : ids[position]};
    return false;
  }
  return true;
}

}  // namespace blasgrad
