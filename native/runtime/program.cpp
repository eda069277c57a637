#include "program.h"

#include <stdexcept>

#include "pool.h"
#include "split.h"

namespace blasgrad {
namespace {

bool writesPart(const Argument& argument) {
  return argument.role == Role::inout && argument.factors[0].kind == Factor::reach;
}

// The element type of the first array of the kernel's own type: that of arrays which are left out.
Kind kindOf(const PlannedStep& planned, const Memory& memory) {
  const auto& arguments = planned.kernel->signature.arguments;
  for (std::size_t i = 0; i < arguments.size(); i++) {
    if (!arguments[i].isArray() || arguments[i].element != ElementRule::same || planned.references[i] < 0) continue;
    return static_cast<Kind>(memory.value(planned.references[i]).element);
  }
  return Kind::float32;
}

Array leftOut(ElementRule rule, Kind own) {
  const Kind kind = rule == ElementRule::byte      ? Kind::uint8
                    : rule == ElementRule::int32   ? Kind::int32
                    : rule == ElementRule::float64 ? Kind::float64
                                                   : own;
  return {nullptr, 0, kind, 0};
}

}  // namespace

Program::Program(const Plan& plan) : memory_(plan) {
  steps_.reserve(plan.steps.size());
  for (const PlannedStep& planned : plan.steps) {
    try {
      if (planned.kernel != nullptr) {
        steps_.push_back(encodeCall(planned));
      } else {
        Step step;
        step.group = encodeGroup(planned, memory_);
        steps_.push_back(std::move(step));
      }
    } catch (const std::invalid_argument& error) {
      refuse("step " + std::to_string(steps_.size()) + ": " + error.what());
    }
    sharedMicros_ += sharedMicros(steps_.back());
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
}

Program::Step Program::encodeCall(const PlannedStep& planned) {
  const Kernel& kernel = *planned.kernel;
  const auto& arguments = kernel.signature.arguments;
  Step step;
  step.kernel = &kernel;
  step.call = planned.call;
  Array arrays[kMaxArguments];
  for (std::size_t i = 0; i < arguments.size(); i++) {
    if (!arguments[i].isArray()) continue;
    const int id = planned.references[i];
    arrays[i] = id < 0 ? leftOut(arguments[i].element, kindOf(planned, memory_)) : memory_.array(id);
  }
  Problem problem;
  if (!checkArrays(kernel, arrays, &step.call, &step.element, &problem)) refuse(messageOf(kernel, arrays, problem));
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const Argument& argument = arguments[i];
    if (!argument.isArray() || planned.references[i] < 0) continue;
    const bool reads = argument.role != Role::out && !writesPart(argument) && arrays[i].needed > 0;
    if (reads) memory_.requireThere(planned.references[i]);
    if (argument.role == Role::in && argument.element == ElementRule::int32 && step.ids == nullptr) {
      step.ids = reinterpret_cast<const std::int32_t*>(arrays[i].data);
    }
  }
  for (std::size_t i = 0; i < arguments.size(); i++) {
    if (arguments[i].written() && planned.references[i] >= 0) memory_.take(planned.references[i]);
  }
  if (kernel.isTile() && step.call.axes.rank == 0) {
    const Single single(kernel, step.element, step.call);
    step.kernel = nullptr;
    step.group.sources.assign(single.sources, single.sources + single.group.sourceCount);
    step.group.members.assign(1, single.member);
    step.group.elements = step.call.elements;
    step.group.finish(single.group.rows, single.group.cols);
  }
  return step;
}

double Program::sharedMicros(const Step& step) {
  if (step.kernel == nullptr) return microsOfElements(step.group.elements);
  return microsOf(*step.kernel, step.element, step.call);
}

bool Program::run(BadIndex* bad, const std::atomic<bool>* ending) const {
  if (sharedMicros_ > 0) wakePool(sharedMicros_);
  for (const Step& step : steps_) {
    if (ending != nullptr && ending->load(std::memory_order_relaxed)) return true;
    if (step.kernel == nullptr) {
      runGroupSplit(step.group.group, step.group.elements);
      continue;
    }
    const Size position = runSplit(*step.kernel, step.element, step.call);
    if (position < 0) continue;
    *bad = {static_cast<int>(&step - steps_.data()), position, step.ids == nullptr ? 0 : step.ids[position]};
    return false;
  }
  return true;
}

}  // namespace blasgrad
