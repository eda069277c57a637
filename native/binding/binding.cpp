// What the addon exports: its kernels, programs, a description of itself and of the machine. All state is per
// environment, so that it loads in any number of worker threads.
#include "binding.h"

#include <atomic>
#include <cstdint>
#include <string>

#include "kernels/matmul/gemm_time.h"
#include "runtime/thread_pool/machine.h"
#include "runtime/executor/memory.h"
#include "runtime/thread_pool/pool.h"

namespace blasgrad {
namespace {

// attach(ArgumentError, BackendError, showValue, rules): the classes of what is thrown for what a caller gave and for
// what the machine has not, the function that shows a value in a message, and the rules of the kernels. Without those
// nothing is shared among threads.
void attach(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction() || !info[1].IsFunction() || !info[2].IsFunction()) {
    throw Napi::TypeError::New(info.Env(), "attach: expected two classes and a function");
  }
  auto* instance = info.Env().GetInstanceData<Instance>();
  instance->argumentError = Napi::Persistent(info[0].As<Napi::Function>());
  instance->backendError = Napi::Persistent(info[1].As<Napi::Function>());
  instance->showValue = Napi::Persistent(info[2].As<Napi::Function>());
  if (!info[3].IsUndefined()) readRules(info.Env(), info[3]);
}

// signatures(): { name: { signature, dtypes, inPlace } }, to be compared with the table.
Napi::Value signatures(const Napi::CallbackInfo& info) {
  auto all = Napi::Object::New(info.Env());
  for (const Kernel& kernel : registry()) {
    auto row = Napi::Object::New(info.Env());
    row["signature"] = kernel.text;
    row["dtypes"] = kernel.numbers ? "numbers" : "floats";
    row["inPlace"] = kernel.inPlace;
    all[kernel.name] = row;
  }
  return all;
}

Napi::Value describe(const Napi::CallbackInfo& info) {
  const Machine found = machine();
  auto result = Napi::Object::New(info.Env());
  result["blas"] = found.blas;
  result["core"] = found.core;
  result["parallel"] = found.parallel;
  result["maxThreads"] = found.maxThreads;
  result["threads"] = found.threads;
  result["simd"] = found.simd;
  return result;
}

// setThreads(n): returns the number set, at most what the BLAS was built for.
Napi::Value changeThreads(const Napi::CallbackInfo& info) {
  const double threads = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (!(threads >= 1 && threads <= 65536)) {
    throw Napi::TypeError::New(info.Env(), "setThreads: expected a number from 1 to 65536");
  }
  return Napi::Number::New(info.Env(), setThreads(static_cast<int>(threads)));
}

// productTimes(goOn): microseconds that products took since the last call, of all threads together, in the BLAS and in
// kernels of ours; counted from now on if `goOn`. Of the whole process.
Napi::Value productTimes(const Napi::CallbackInfo& info) {
  if (!info[0].IsBoolean()) throw Napi::TypeError::New(info.Env(), "productTimes: expected true or false");
  const GemmTimes times = takeGemmTimes(info[0].As<Napi::Boolean>().Value());
  auto result = Napi::Object::New(info.Env());
  result["blas"] = static_cast<double>(times.blas) / 1000;
  result["own"] = static_cast<double>(times.own) / 1000;
  return result;
}

// paddingOf(array): how many bytes after the array's first one a line of the cache begins; a multiple of 8.
Napi::Value paddingOf(const Napi::CallbackInfo& info) {
  void* data = nullptr;
  if (napi_get_typedarray_info(info.Env(), info[0], nullptr, nullptr, &data, nullptr, nullptr) != napi_ok) {
    throw Napi::TypeError::New(info.Env(), "paddingOf: expected a typed array");
  }
  constexpr std::uintptr_t kLine = kAlignment, kLargestElement = 8;
  const std::uintptr_t past = reinterpret_cast<std::uintptr_t>(data) % kLine;
  return Napi::Number::New(info.Env(), static_cast<double>((kLine - past) % kLine / kLargestElement * kLargestElement));
}

// The pool ends with the last environment: what follows may unload the addon.
std::atomic<int> environments{0};

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  if (const char* unknown = limitSimd(); unknown != nullptr) {
    throw Napi::Error::New(env, std::string("BLASGRAD_SIMD: expected avx3, avx2, sse4 or baseline, got ") + unknown);
  }
  initialiseThreads();
  environments++;
  env.AddCleanupHook([] {
    if (--environments == 0) stopPool();
  });
  env.SetInstanceData(new Instance);
  exports["attach"] = Napi::Function::New<attach>(env, "attach");
  exports["signatures"] = Napi::Function::New<signatures>(env, "signatures");
  exports["info"] = Napi::Function::New<describe>(env, "info");
  exports["setThreads"] = Napi::Function::New<changeThreads>(env, "setThreads");
  exports["productTimes"] = Napi::Function::New<productTimes>(env, "productTimes");
  exports["paddingOf"] = Napi::Function::New<paddingOf>(env, "paddingOf");
  exports["createProgram"] = Napi::Function::New<createProgram>(env, "createProgram");
  exports["kernels"] = kernelFunctions(env);
  return exports;
}

}  // namespace
}  // namespace blasgrad

NAPI_MODULE_INIT() { return Napi::RegisterModule(env, exports, blasgrad::initialise); }
