// Reads a plan as lib/compile/plan.ts describes it. Whether it makes sense is the program's to say.
#include <utility>

#include "bound.h"

namespace blasgrad {
namespace {

constexpr const char* kElementNames[kElements] = {"float32", "float64", "int32", "uint8"};
constexpr const char* kOriginNames[] = {"made", "argument", "state", "constant"};

// Reads a plan's objects; whatever is not what it should be is refused.
class Reader {
 public:
  explicit Reader(Napi::Env env) : env_(env) {}

  Plan read(Napi::Object plan, std::vector<Held>* held) {
    Plan result;
    const Napi::Object program = object(plan.Get("program"), "a program");
    const Napi::Array values = array(program.Get("values"), "values");
    const Napi::Array offsets = array(plan.Get("offsets"), "offsets");
    for (std::uint32_t i = 0; i < values.Length(); i++) {
      result.values.push_back(readValue(object(values[i], "a value"), held));
      result.values.back().offset = number(offsets[i], "an offset for each value");
    }
    const Napi::Array steps = array(plan.Get("steps"), "steps");
    for (step_ = 0; step_ < static_cast<int>(steps.Length()); step_++) {
      const Napi::Object step = object(steps[static_cast<std::uint32_t>(step_)], "a step");
      result.steps.push_back(step.Has("chains") ? readRegion(step) : readWork(step));
    }
    const Napi::Array results = array(program.Get("results"), "results");
    for (std::uint32_t i = 0; i < results.Length(); i++) result.results.push_back(integer(results[i], "a result's id"));
    result.arenaBytes = number(plan.Get("arenaBytes"), "arenaBytes");
    return result;
  }

 private:
  [[noreturn]] void refuseValue(Napi::Value value, const std::string& expected) {
    failWith(env_, "plan: expected " + expected + ", got " + show(env_, value));
  }
  Napi::Object object(Napi::Value value, const std::string& what) {
    if (!value.IsObject()) refuseValue(value, what);
    return value.As<Napi::Object>();
  }
  Napi::Array array(Napi::Value value, const std::string& what) {
    if (!value.IsArray()) refuseValue(value, "an array of " + what);
    return value.As<Napi::Array>();
  }
  double number(Napi::Value value, const std::string& what) {
    if (!value.IsNumber()) refuseValue(value, what);
    return value.As<Napi::Number>().DoubleValue();
  }
  int integer(Napi::Value value, const std::string& what) {
    const double found = number(value, what);
    if (!(found >= 0 && found <= 2147483647) || found != static_cast<int>(found)) refuseValue(value, what);
    return static_cast<int>(found);
  }
  template <std::size_t N>
  int oneOf(const char* const (&names)[N], Napi::Value value, const std::string& what) {
    if (!value.IsString()) refuseValue(value, what);
    const std::string text = value.As<Napi::String>();
    for (std::size_t i = 0; i < N; i++) {
      if (text == names[i]) return static_cast<int>(i);
    }
    refuseValue(value, what);
  }
  const Kernel& kernel(Napi::Value value) {
    const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
    for (const Kernel& each : registry()) {
      if (name == each.name) return each;
    }
    refuseValue(value, "a kernel's name");
  }

  PlannedValue readValue(Napi::Object value, std::vector<Held>* held) {
    const Napi::Object origin = object(value.Get("origin"), "an origin");
    PlannedValue result{};
    result.element = static_cast<Element>(oneOf(kElementNames, value.Get("dtype"), "an element type"));
    result.length = integer(value.Get("length"), "a length");
    result.origin = static_cast<Origin>(oneOf(kOriginNames, origin.Get("kind"), "an origin's kind"));
    if (result.origin == Origin::argument) result.slot = integer(origin.Get("slot"), "a slot");
    if (result.origin == Origin::made || result.origin == Origin::argument) return result;
    const Napi::Value elements = origin.Get("array");
    Array found;
    const bool isArray = readArray(env_, elements, &found);
    if (!isArray || static_cast<int>(found.kind) != static_cast<int>(result.element) ||
        static_cast<Size>(found.length) != result.length) {
      refuseValue(elements, std::string("an array of ") + std::to_string(result.length) + " elements of " +
                                kElementNames[static_cast<int>(result.element)]);
    }
    result.external = found.data;
    const bool canMove = elements.As<Napi::TypedArray>().ArrayBuffer().IsArrayBuffer();
    held->push_back({Napi::Persistent(elements.As<Napi::Object>()), found, canMove});
    return result;
  }

  PlannedStep readWork(Napi::Object step) {
    PlannedStep result = step.Has("members") ? readGroup(step) : readCall(step);
    if (!step.Has("schedule")) return result;
    const Napi::Object schedule = object(step.Get("schedule"), "a schedule");
    result.schedule.rows = integer(schedule.Get("rows"), "rows");
    const double axis = number(schedule.Get("axis"), "an argument's position");
    result.schedule.axis = axis == -1 ? -1 : integer(schedule.Get("axis"), "an argument's position or -1");
    result.schedule.along = static_cast<std::uint32_t>(integer(schedule.Get("along"), "arguments as bits"));
    result.schedule.micros = number(schedule.Get("micros"), "microseconds");
    return result;
  }

  PlannedStep readRegion(Napi::Object step) {
    PlannedStep result;
    const Napi::Array chains = array(step.Get("chains"), "task chains");
    for (std::uint32_t i = 0; i < chains.Length(); i++) {
      const Napi::Object chain = object(chains[i], "a task chain");
      result.chains.push_back({integer(chain.Get("rows"), "rows"), {}, {}});
      const Napi::Array local = array(chain.Get("local"), "chain-local values");
      for (std::uint32_t p = 0; p < local.Length(); p++) {
        result.chains.back().local.push_back(integer(local[p], "a value's id"));
      }
      const Napi::Array steps = array(chain.Get("steps"), "steps");
      for (std::uint32_t s = 0; s < steps.Length(); s++) {
        result.chains.back().steps.push_back(readWork(object(steps[s], "a step")));
      }
    }
    if (result.chains.empty()) refuseValue(chains, "task chains");
    return result;
  }

  PlannedStep readCall(Napi::Object step) {
    PlannedStep result;
    result.kernel = &kernel(step.Get("kernel"));
    const Napi::Array args = array(step.Get("args"), "arguments");
    const auto& arguments = result.kernel->signature.arguments;
    if (args.Length() > arguments.size()) refuseValue(args, std::string("fewer arguments of ") + result.kernel->name);
    napi_value argv[kMaxArguments];
    Frame frame(env_, *result.kernel, argv);
    frame.step = step_;
    frame.call.axes.rank = 0;
    for (std::uint32_t i = 0; i < arguments.size(); i++) {
      const Napi::Value value = args[i];
      argv[i] = value;
      if (!arguments[i].isArray()) {
        readArgument(frame, static_cast<int>(i));
      } else if (value.IsNull()) {
        result.references[i] = -1;
      } else {
        result.references[i] = integer(object(value, "a reference or null").Get("value"), "a value's id");
      }
    }
    result.call = frame.call;
    return result;
  }

  PlannedStep readGroup(Napi::Object step) {
    PlannedStep result;
    result.rows = integer(step.Get("rows"), "rows");
    result.cols = integer(step.Get("cols"), "cols");
    const Napi::Array members = array(step.Get("members"), "members");
    for (std::uint32_t m = 0; m < members.Length(); m++) {
      const Napi::Object member = object(members[m], "a member");
      PlannedMember planned{&kernel(member.Get("kernel")), Element::float32, {}, {}, -1};
      planned.element = static_cast<Element>(oneOf(kElementNames, member.Get("dtype"), "an element type"));
      const Napi::Array scalars = array(member.Get("scalars"), "scalars");
      for (std::uint32_t i = 0; i < scalars.Length(); i++) planned.scalars.push_back(number(scalars[i], "a scalar"));
      const Napi::Array operands = array(member.Get("operands"), "operands");
      for (std::uint32_t i = 0; i < operands.Length(); i++) {
        const Napi::Object operand = object(operands[i], "an operand");
        PlannedOperand read{-1, -1, Layout::full};
        if (operand.Has("member")) {
          read.member = integer(operand.Get("member"), "a member's position");
        } else {
          read.value = integer(operand.Get("value"), "a value's id");
          const int layout = integer(operand.Get("layout"), "a layout from 0 to 3");
          if (layout > 3) refuseValue(operand.Get("layout"), "a layout from 0 to 3");
          read.layout = static_cast<Layout>(layout);
        }
        planned.operands.push_back(read);
      }
      if (!member.Get("out").IsNull()) planned.out = integer(member.Get("out"), "a value's id or null");
      result.members.push_back(std::move(planned));
    }
    return result;
  }

  Napi::Env env_;
  int step_ = 0;
};

}  // namespace

Plan readPlan(Napi::Env env, Napi::Object plan, std::vector<Held>* held) { return Reader(env).read(plan, held); }

}  // namespace blasgrad
