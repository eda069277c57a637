// What the parts of the binding share: the environment's data, the reading of arguments, and how they are refused. The
// files named binding* are the only ones that know Node.
#pragma once

#include <napi.h>

#include <exception>
#include <memory>
#include <string>

#include "kernels/catalogue/check.h"

namespace blasgrad {

// A program on its way on the environment's own thread (binding_runner.cpp).
struct Turn;

// What an environment has: what the JavaScript side gave to attach(), and its thread.
struct Instance {
  Napi::FunctionReference argumentError;
  Napi::FunctionReference backendError;
  Napi::FunctionReference showValue;
  std::shared_ptr<Turn> turn;
};

// One call on its way: the raw arguments, the arrays among them, and the environment to complain to.
struct Frame {
  Frame(napi_env e, const Kernel& k, const napi_value* arguments) : env(e), kernel(k), argv(arguments) {}
  napi_env env;
  const Kernel& kernel;
  const napi_value* argv;
  int step = -1;  // of a program, where the call is one
  Array arrays[kMaxArguments];
  Call call;
};

// A value, or an array's kind, as messages show it.
std::string show(Napi::Env env, Napi::Value value);
std::string showKind(Napi::Env env, Napi::Value value);

[[noreturn]] void failWith(Napi::Env env, const std::string& message);

// The JavaScript error for what C++ threw in `where`: Node-API's own, else a BackendError that says what ran out.
Napi::Error errorOf(Napi::Env env, const char* where, const std::exception_ptr& thrown);
void throwInJavaScript(Napi::Env env, const char* where, const std::exception_ptr& thrown) noexcept;

// What `body` gives to JavaScript. Where it throws, an exception is pending there and nothing is given: none of C++ may
// leave a callback of Node-API.
template <class F>
napi_value guarded(napi_env env, const char* where, const F& body) noexcept {
  try {
    return body();
  } catch (...) {
    throwInJavaScript(env, where, std::current_exception());
    return nullptr;
  }
}

// Reads a typed array; false and Kind::other for anything else.
bool readArray(napi_env env, napi_value value, Array* array);

// Reads argument i of a call into its slot or, for an array, into `arrays`; throws where it is not of its role.
void readArgument(Frame& frame, int i);

// Reads the rules of lib/backend/rules/facts.ts and attaches them.
void readRules(Napi::Env env, Napi::Value facts);

// The functions of the kernels, one each, and createProgram.
Napi::Object kernelFunctions(Napi::Env env);
Napi::Value createProgram(const Napi::CallbackInfo& info);

}  // namespace blasgrad
