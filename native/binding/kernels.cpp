// The functions of the kernels: each reads its arguments by its signature and checks them before the kernel runs. In
// plain Node-API: nothing is allocated and nothing thrown on the way of a call that is right.
#include <new>

#include "binding.h"
#include "kernels/base/ids.h"
#include "runtime/executor/share.h"

namespace blasgrad {
namespace {

Kind kindOf(napi_typedarray_type type) {
  return type == napi_float32_array   ? Kind::float32
         : type == napi_float64_array ? Kind::float64
         : type == napi_int32_array   ? Kind::int32
         : type == napi_uint8_array   ? Kind::uint8
                                      : Kind::other;
}

// Throws ArgumentError `kernel: expected …`.
[[noreturn]] void fail(const Frame& frame, const std::string& expected) {
  const std::string where = frame.step < 0 ? "" : "plan: step " + std::to_string(frame.step) + ": ";
  failWith(frame.env, where + frame.kernel.name + ": expected " + expected);
}

[[noreturn]] void failValue(const Frame& frame, int i, const std::string& expected) {
  fail(frame, frame.kernel.signature.arguments[i].name + " " + expected + ", got " +
                  show(frame.env, Napi::Value(frame.env, frame.argv[i])));
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
    const Size number = ReadOnce(numbers + at);
    good = number >= 0;
    (part == 0 ? axes.count[axis] : axes.stride[part - 1][axis]) = number;
  }
  if (good) axes.rank = static_cast<int>(array.length) / width;
  return good;
}

bool isInteger(double number, double most) {
  return number >= 0 && number <= most && number == static_cast<double>(static_cast<std::int32_t>(number));
}

}  // namespace

// Text for a message, by the library's showValue.
std::string show(Napi::Env env, Napi::Value value) {
  const auto* instance = env.GetInstanceData<Instance>();
  if (instance->showValue.IsEmpty()) return "";
  return instance->showValue.Call({value}).ToString();
}

// The kind of an array buffer's view, or any other value's text.
std::string showKind(Napi::Env env, Napi::Value value) {
  if (!value.IsTypedArray() && !value.IsDataView()) return show(env, value);
  return value.As<Napi::Object>().Get("constructor").As<Napi::Object>().Get("name").ToString();
}

void failWith(Napi::Env env, const std::string& message) {
  const auto* instance = env.GetInstanceData<Instance>();
  if (instance->argumentError.IsEmpty()) throw Napi::TypeError::New(env, message);
  throw Napi::Error(env, instance->argumentError.New({Napi::String::New(env, message)}));
}

Napi::Error errorOf(Napi::Env env, const char* where, const std::exception_ptr& thrown) {
  std::string what;
  try {
    std::rethrow_exception(thrown);
  } catch (const Napi::Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    what = "expected memory to work in, got none";
  } catch (const std::exception& error) {
    what = error.what();
  }
  const auto* instance = env.GetInstanceData<Instance>();
  const std::string message = std::string(where) + ": " + what;
  if (instance->backendError.IsEmpty()) return Napi::Error::New(env, message);
  return Napi::Error(env, instance->backendError.New({Napi::String::New(env, message)}));
}

void throwInJavaScript(Napi::Env env, const char* where, const std::exception_ptr& thrown) noexcept {
  try {
    errorOf(env, where, thrown).ThrowAsJavaScriptException();
  } catch (...) {
    // Not even memory for the message.
    napi_throw_error(env, nullptr, where);
  }
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

void readArgument(Frame& frame, int i) {
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
        failValue(frame, i, layout ? "to be a layout from 0 to 3" : "to be an integer from 0 to 2147483647");
      }
      slot.size = static_cast<Size>(number);
      break;
    }
    case Role::flag: {
      bool flag;
      if (napi_get_value_bool(env, value, &flag) != napi_ok) failValue(frame, i, "to be true or false");
      slot.size = flag ? 1 : 0;
      break;
    }
    case Role::scalar:
      if (napi_get_value_double(env, value, &slot.scalar) != napi_ok) failValue(frame, i, "to be a number");
      break;
    case Role::sizes:
      if (readAxes(frame, i, 2, kMaxAxes)) break;
      failValue(frame, i, "to be an Int32Array of at most 8 pairs (count, stride), none negative");
    case Role::outer: {
      const int width = 1 + signature.operands;
      if (Napi::Value(env, value).IsUndefined() || readAxes(frame, i, width, kMaxOuterAxes)) break;
      failValue(frame, i, "to be an Int32Array of at most 4 groups of " + std::to_string(width) + ", none negative");
    }
    default:
      readArray(env, value, &frame.arrays[i]);
  }
}

namespace {

napi_value callChecked(napi_env env, const Kernel& kernel, const napi_value* argv) {
  Frame frame(env, kernel, argv);
  frame.call.axes.rank = 0;
  const int count = static_cast<int>(kernel.signature.arguments.size());
  for (int i = 0; i < count; i++) readArgument(frame, i);
  Element element = Element::float32;
  Problem problem;
  if (!checkArrays(kernel, frame.arrays, &frame.call, &element, &problem)) {
    const Napi::Value value(env, argv[problem.argument]);
    fail(frame, problem.expected + ", got " + (problem.got.empty() ? showKind(env, value) : problem.got));
  }
  const Size bad = runShared(kernel, element, frame.call);
  napi_value result = nullptr;
  if (kernel.signature.reportsIndex) napi_create_double(env, static_cast<double>(bad), &result);
  return result;
}

napi_value callKernel(napi_env env, napi_callback_info info) {
  void* data;
  std::size_t argc = kMaxArguments;
  napi_value argv[kMaxArguments];
  if (napi_get_cb_info(env, info, &argc, argv, nullptr, &data) != napi_ok) return nullptr;
  const Kernel& kernel = *static_cast<const Kernel*>(data);
  return guarded(env, kernel.name, [&] { return callChecked(env, kernel, argv); });
}

}  // namespace

Napi::Object kernelFunctions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  for (const Kernel& kernel : registry()) {
    napi_value function;
    if (napi_create_function(env, kernel.name, NAPI_AUTO_LENGTH, callKernel, const_cast<Kernel*>(&kernel), &function) !=
        napi_ok) {
      throw Napi::Error::New(env);
    }
    functions[kernel.name] = function;
  }
  return functions;
}

}  // namespace blasgrad
