// Memory for tests with an inaccessible page on each side: what reads or writes beyond it ends the process. A Node
// addon of the tests, compiled by guarded-kernels.ts; it is no part of the package.

#define _DEFAULT_SOURCE
#include <node_api.h>
#include <sys/mman.h>
#include <unistd.h>

// guarded(bytes): an ArrayBuffer of whole pages, at least `bytes`, which lives as long as the process.
static napi_value guarded(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, buffer;
  int64_t bytes;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (napi_get_value_int64(env, argument, &bytes) != napi_ok) return NULL;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t size = ((size_t)bytes + page - 1) / page * page;
  char* all = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED || mprotect(all + page, size, PROT_READ | PROT_WRITE) != 0 ||
      napi_create_external_arraybuffer(env, all + page, size, NULL, NULL, &buffer) != napi_ok) {
    napi_throw_error(env, NULL, "guarded: expected memory for the pages, got none");
    return NULL;
  }
  return buffer;
}

// outOfBounds(array, isWrite): what the tests must see. Reads the byte behind a typed array, or writes the one before
// it.
static napi_value out_of_bounds(napi_env env, napi_callback_info info) {
  size_t count = 2, length;
  napi_value arguments[2], buffer;
  napi_typedarray_type type;
  void* first;
  bool is_write;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (napi_get_typedarray_info(env, arguments[0], &type, &length, &first, &buffer, NULL) != napi_ok ||
      type != napi_uint8_array || napi_get_value_bool(env, arguments[1], &is_write) != napi_ok) {
    return NULL;
  }
  volatile char* bytes = first;
  if (is_write) {
    bytes[-1] = 1;
  } else {
    (void)bytes[length];
  }
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "guarded", NAPI_AUTO_LENGTH, guarded, NULL, &function);
  napi_set_named_property(env, exports, "guarded", function);
  napi_create_function(env, "outOfBounds", NAPI_AUTO_LENGTH, out_of_bounds, NULL, &function);
  napi_set_named_property(env, exports, "outOfBounds", function);
  return exports;
}
