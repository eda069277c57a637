// The Node-API layer, the only file that knows Node: makes a JavaScript function of each kernel of the registry and
// checks a call's arguments by its signature before it runs. Nothing is allocated and nothing thrown on the way of a
// call that is right. All state is per environment, so that the addon loads in any number of worker threads.
#include <node_api.h>

#include <string>

#include "kernels/check.h"
#include "kernels/registry.h"
#include "runtime/machine.h"

namespace blasgrad {
namespace {

// What the JavaScript side gave to attach().
struct Instance {
  napi_ref argumentError = nullptr;
  napi_ref showValue = nullptr;
};

// One call on its way: the raw arguments, the arrays among them, and the environment to complain to.
struct Frame {
  Frame(napi_env e, const Kernel& k, const napi_value* arguments) : env(e), kernel(k), argv(arguments) {}
  napi_env env;
  const Kernel& kernel;
  const napi_value* argv;
  Array arrays[kMaxArguments];
  Call call;
};

Kind kindOf(napi_typedarray_type type) {
  return type == napi_float32_array   ? Kind::float32
         : type == napi_float64_array ? Kind::float64
         : type == napi_int32_array   ? Kind::int32
         : type == napi_uint8_array   ? Kind::uint8
                                      : Kind::other;
}

std::string stringOf(napi_env env, napi_value value) {
  char text[256];
  std::size_t length = 0;
  if (value == nullptr || napi_get_value_string_utf8(env, value, text, sizeof text, &length) != napi_ok) return "";
  return std::string(text, length);
}

// Text for a message, by the library's showValue.
std::string show(napi_env env, napi_value value) {
  Instance* instance = nullptr;
  napi_value function, undefined, shown = nullptr;
  napi_get_instance_data(env, reinterpret_cast<void**>(&instance));
  if (instance != nullptr && instance->showValue != nullptr &&
      napi_get_reference_value(env, instance->showValue, &function) == napi_ok) {
    napi_get_undefined(env, &undefined);
    napi_call_function(env, undefined, function, 1, &value, &shown);
  }
  return stringOf(env, shown);
}

// The kind of an array buffer's view, or any other value's text.
std::string showKind(napi_env env, napi_value value) {
  bool typed = false, view = false;
  napi_value constructor, name;
  napi_is_typedarray(env, value, &typed);
  napi_is_dataview(env, value, &view);
  if ((typed || view) && napi_get_named_property(env, value, "constructor", &constructor) == napi_ok &&
      napi_get_named_property(env, constructor, "name", &name) == napi_ok) {
    return stringOf(env, name);
  }
  return show(env, value);
}

// Throws ArgumentError `kernel: expected …`; false, so that a check can end with it.
bool fail(const Frame& frame, const std::string& expected) {
  const napi_env env = frame.env;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return false;
  Instance* instance = nullptr;
  napi_get_instance_data(env, reinterpret_cast<void**>(&instance));
  const std::string text = std::string(frame.kernel.name) + ": expected " + expected;
  napi_value message, constructor, error;
  if (instance == nullptr || instance->argumentError == nullptr ||
      napi_create_string_utf8(env, text.c_str(), text.size(), &message) != napi_ok ||
      napi_get_reference_value(env, instance->argumentError, &constructor) != napi_ok ||
      napi_new_instance(env, constructor, 1, &message, &error) != napi_ok) {
    napi_throw_type_error(env, "ARGUMENT", text.c_str());
  } else {
    napi_throw(env, error);
  }
  return false;
}

bool failValue(const Frame& frame, int i, const std::string& expected) {
  return fail(frame,
              frame.kernel.signature.arguments[i].name + " " + expected + ", got " + show(frame.env, frame.argv[i]));
}

bool isType(napi_env env, napi_value value, napi_valuetype wanted) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == wanted;
}

bool readArray(napi_env env, napi_value value, Array* array) {
  void* data;
  napi_typedarray_type type;
  array->needed = 0;
  array->kind = Kind::other;
  if (napi_get_typedarray_info(env, value, &type, &array->length, &data, nullptr, nullptr) != napi_ok) return false;
  array->data = static_cast<char*>(data);
  array->kind = kindOf(type);
  return true;
}

// Groups of a count and `width` − 1 strides into call.axes.
bool readAxes(Frame& frame, int i, int width, int mostAxes) {
  Array array;
  Axes& axes = frame.call.axes;
  bool good = readArray(frame.env, frame.argv[i], &array) && array.kind == Kind::int32 && array.length % width == 0 &&
              array.length <= static_cast<std::size_t>(width * mostAxes);
  if (!good) return false;
  const auto* numbers = reinterpret_cast<const std::int32_t*>(array.data);
  for (std::size_t at = 0; good && at < array.length; at++) {
    const int axis = static_cast<int>(at) / width;
    const int part = static_cast<int>(at) % width;
    good = numbers[at] >= 0;
    (part == 0 ? axes.count[axis] : axes.stride[part - 1][axis]) = numbers[at];
  }
  if (good) axes.rank = static_cast<int>(array.length) / width;
  return good;
}

bool isInteger(double number, double most) {
  return number >= 0 && number <= most && number == static_cast<double>(static_cast<std::int32_t>(number));
}

bool readArgument(Frame& frame, int i) {
  const napi_env env = frame.env;
  const napi_value value = frame.argv[i];
  const Signature& signature = frame.kernel.signature;
  Slot& slot = frame.call.slots[i];
  switch (signature.arguments[i].role) {
    case Role::size:
    case Role::layout: {
      const bool layout = signature.arguments[i].role == Role::layout;
      double number;
      if (napi_get_value_double(env, value, &number) != napi_ok || !isInteger(number, layout ? 3 : 2147483647)) {
        return failValue(frame, i, layout ? "to be a layout from 0 to 3" : "to be an integer from 0 to 2147483647");
      }
      slot.size = static_cast<Size>(number);
      return true;
    }
    case Role::flag: {
      bool flag;
      if (napi_get_value_bool(env, value, &flag) != napi_ok) return failValue(frame, i, "to be true or false");
      slot.size = flag ? 1 : 0;
      return true;
    }
    case Role::scalar:
      if (napi_get_value_double(env, value, &slot.scalar) == napi_ok) return true;
      return failValue(frame, i, "to be a number");
    case Role::sizes:
      if (readAxes(frame, i, 2, kMaxAxes)) return true;
      return failValue(frame, i, "to be an Int32Array of at most 8 pairs (count, stride), none negative");
    case Role::outer: {
      const int width = 1 + signature.operands;
      if (isType(env, value, napi_undefined) || readAxes(frame, i, width, kMaxOuterAxes)) return true;
      return failValue(frame, i,
                       "to be an Int32Array of at most 4 groups of " + std::to_string(width) + ", none negative");
    }
    default:
      readArray(env, value, &frame.arrays[i]);
      return true;
  }
}

napi_value callKernel(napi_env env, napi_callback_info info) {
  void* data;
  std::size_t argc = kMaxArguments;
  napi_value argv[kMaxArguments];
  if (napi_get_cb_info(env, info, &argc, argv, nullptr, &data) != napi_ok) return nullptr;
  const Kernel& kernel = *static_cast<const Kernel*>(data);
  Frame frame(env, kernel, argv);
  frame.call.axes.rank = 0;
  const int count = static_cast<int>(kernel.signature.arguments.size());
  for (int i = 0; i < count; i++) {
    if (!readArgument(frame, i)) return nullptr;
  }
  Element element = Element::float32;
  Problem problem;
  if (!checkArrays(kernel, frame.arrays, &frame.call, &element, &problem)) {
    const std::string got = problem.got.empty() ? showKind(env, argv[problem.argument]) : problem.got;
    fail(frame, problem.expected + ", got " + got);
    return nullptr;
  }
  const Size bad = run(kernel, element, frame.call);
  napi_value result = nullptr;
  if (kernel.signature.reportsIndex) napi_create_double(env, static_cast<double>(bad), &result);
  return result;
}

void set(napi_env env, napi_value object, const char* name, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, name, value);
}

void set(napi_env env, napi_value object, const char* name, int number) {
  napi_value value;
  napi_create_int32(env, number, &value);
  napi_set_named_property(env, object, name, value);
}

// attach(ArgumentError, showValue): the class of what is thrown, and the function that shows a value in its message.
napi_value attach(napi_env env, napi_callback_info info) {
  std::size_t argc = 2;
  napi_value argv[2];
  Instance* instance = nullptr;
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  napi_get_instance_data(env, reinterpret_cast<void**>(&instance));
  if (instance == nullptr || !isType(env, argv[0], napi_function) || !isType(env, argv[1], napi_function)) {
    napi_throw_type_error(env, "ARGUMENT", "attach: expected a class and a function");
    return nullptr;
  }
  if (instance->argumentError != nullptr) napi_delete_reference(env, instance->argumentError);
  if (instance->showValue != nullptr) napi_delete_reference(env, instance->showValue);
  napi_create_reference(env, argv[0], 1, &instance->argumentError);
  napi_create_reference(env, argv[1], 1, &instance->showValue);
  return nullptr;
}

// signatures(): { name: { signature, dtypes, inPlace } }, to be compared with the table.
napi_value signatures(napi_env env, napi_callback_info) {
  napi_value all;
  napi_create_object(env, &all);
  for (const Kernel& kernel : registry()) {
    napi_value row;
    napi_create_object(env, &row);
    set(env, row, "signature", kernel.text.c_str());
    set(env, row, "dtypes", kernel.numbers ? "numbers" : "floats");
    set(env, row, "inPlace", kernel.inPlace.c_str());
    napi_set_named_property(env, all, kernel.name, row);
  }
  return all;
}

napi_value info(napi_env env, napi_callback_info) {
  const Machine found = machine();
  napi_value result;
  napi_create_object(env, &result);
  set(env, result, "blas", found.blas);
  set(env, result, "core", found.core);
  set(env, result, "parallel", found.parallel);
  set(env, result, "maxThreads", found.maxThreads);
  set(env, result, "threads", found.threads);
  set(env, result, "simd", found.simd);
  return result;
}

// setThreads(n): returns the number set, at most what the BLAS was built for.
napi_value changeThreads(napi_env env, napi_callback_info info) {
  std::size_t argc = 1;
  napi_value argument;
  double threads = 0;
  napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr);
  if (napi_get_value_double(env, argument, &threads) != napi_ok || !(threads >= 1 && threads <= 65536)) {
    napi_throw_type_error(env, "ARGUMENT", "setThreads: expected a number from 1 to 65536");
    return nullptr;
  }
  napi_create_int32(env, setThreads(static_cast<int>(threads)), &argument);
  return argument;
}

void setFunction(napi_env env, napi_value object, const char* name, napi_callback function, void* data) {
  napi_value result;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, data, &result);
  napi_set_named_property(env, object, name, result);
}

napi_value initialise(napi_env env, napi_value exports) {
  initialiseThreads();
  napi_set_instance_data(
      env, new Instance, [](napi_env, void* data, void*) { delete static_cast<Instance*>(data); }, nullptr);
  setFunction(env, exports, "attach", attach, nullptr);
  setFunction(env, exports, "signatures", signatures, nullptr);
  setFunction(env, exports, "info", info, nullptr);
  setFunction(env, exports, "setThreads", changeThreads, nullptr);
  napi_value kernels;
  napi_create_object(env, &kernels);
  for (const Kernel& kernel : registry()) {
    setFunction(env, kernels, kernel.name, callKernel, const_cast<Kernel*>(&kernel));
  }
  napi_set_named_property(env, exports, "kernels", kernels);
  return exports;
}

}  // namespace
}  // namespace blasgrad

NAPI_MODULE_INIT() { return blasgrad::initialise(env, exports); }
