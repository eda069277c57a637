#include "encode.h"

#include <utility>

#include "kernels/catalogue/rules.h"
#include "partition.h"

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

Task encodeCall(const PlannedStep& planned, Memory& memory) {
  const Kernel& kernel = *planned.kernel;
  const auto& arguments = kernel.signature.arguments;
  Task task;
  task.kernel = &kernel;
  task.call = planned.call;
  Array arrays[kMaxArguments];
  for (std::size_t i = 0; i < arguments.size(); i++) {
    if (!arguments[i].isArray()) continue;
    const int id = planned.references[i];
    arrays[i] = id < 0 ? leftOut(arguments[i].element, kindOf(planned, memory)) : memory.array(id);
  }
  Problem problem;
  if (!checkArrays(kernel, arrays, &task.call, &task.element, &problem)) refuse(messageOf(kernel, arrays, problem));
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const Argument& argument = arguments[i];
    if (!argument.isArray() || planned.references[i] < 0) continue;
    const bool reads = argument.role != Role::out && !writesPart(argument) && arrays[i].needed > 0;
    if (reads) memory.requireThere(planned.references[i]);
    if (argument.role == Role::in && argument.element == ElementRule::int32 && task.ids == nullptr) {
      task.ids = reinterpret_cast<const std::int32_t*>(arrays[i].data);
    }
  }
  for (std::size_t i = 0; i < arguments.size(); i++) {
    if (arguments[i].written() && planned.references[i] >= 0) memory.take(planned.references[i]);
  }
  if (kernel.isTile() && task.call.axes.rank == 0) {
    const Single single(kernel, task.element, task.call);
    task.kernel = nullptr;
    task.group.sources.assign(single.sources, single.sources + single.group.sourceCount);
    task.group.members.assign(1, single.member);
    task.group.finish(single.group.rows, single.group.cols);
  }
  return task;
}

}  // namespace

Task encodeTask(const PlannedStep& planned, Memory& memory) {
  Task task;
  if (planned.kernel != nullptr) {
    task = encodeCall(planned, memory);
  } else {
    task.group = encodeGroup(planned, memory);
  }
  const PlannedSchedule& schedule = planned.schedule;
  if (schedule.rows != 0 && !hasRules()) refuse("expected rules of kernels before rows of steps");
  task.rows = schedule.rows;
  task.axis = schedule.axis;
  task.along = schedule.along;
  task.micros = schedule.micros;
  if (!hasItsRows(task)) refuse("expected steps of " + std::to_string(task.rows) + " rows");
  return task;
}

}  // namespace blasgrad
