// Lets an addon that is built against a new glibc and libstdc++ load on old ones: calls of functions that have got a
// newer version go to the oldest one (the linker's --wrap sends them here), and what old libraries lack is defined
// here. Linux with glibc only.

#include <pthread.h>
#include <sched.h>

#include <cstdlib>

#if defined(__x86_64__)
#define BLASGRAD_BASE "GLIBC_2.2.5"
#define BLASGRAD_AFFINITY "GLIBC_2.3.4"
#elif defined(__aarch64__)
#define BLASGRAD_BASE "GLIBC_2.17"
#define BLASGRAD_AFFINITY "GLIBC_2.17"
#else
#error "No old symbols are known for this architecture"
#endif

#define BLASGRAD_OLD(name, version) __asm__(".symver old_" #name ", " #name "@" version)

BLASGRAD_OLD(pthread_create, BLASGRAD_BASE);
BLASGRAD_OLD(pthread_attr_setstacksize, BLASGRAD_BASE);
BLASGRAD_OLD(pthread_join, BLASGRAD_BASE);
BLASGRAD_OLD(pthread_once, BLASGRAD_BASE);
BLASGRAD_OLD(pthread_getaffinity_np, BLASGRAD_AFFINITY);
BLASGRAD_OLD(pthread_setaffinity_np, BLASGRAD_AFFINITY);
BLASGRAD_OLD(pow, BLASGRAD_BASE);
BLASGRAD_OLD(exp, BLASGRAD_BASE);
BLASGRAD_OLD(log, BLASGRAD_BASE);

extern "C" {

int old_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
int old_pthread_attr_setstacksize(pthread_attr_t*, std::size_t);
int old_pthread_join(pthread_t, void**);
int old_pthread_once(pthread_once_t*, void (*)());
int old_pthread_getaffinity_np(pthread_t, std::size_t, cpu_set_t*);
int old_pthread_setaffinity_np(pthread_t, std::size_t, const cpu_set_t*);
double old_pow(double, double);
double old_exp(double);
double old_log(double);

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  return old_pthread_create(thread, attributes, run, argument);
}
int __wrap_pthread_attr_setstacksize(pthread_attr_t* attributes, std::size_t bytes) {
  return old_pthread_attr_setstacksize(attributes, bytes);
}
int __wrap_pthread_join(pthread_t thread, void** result) { return old_pthread_join(thread, result); }
int __wrap_pthread_once(pthread_once_t* once, void (*run)()) { return old_pthread_once(once, run); }
int __wrap_pthread_getaffinity_np(pthread_t thread, std::size_t size, cpu_set_t* cpus) {
  return old_pthread_getaffinity_np(thread, size, cpus);
}
int __wrap_pthread_setaffinity_np(pthread_t thread, std::size_t size, const cpu_set_t* cpus) {
  return old_pthread_setaffinity_np(thread, size, cpus);
}
double __wrap_pow(double x, double y) { return old_pow(x, y); }
double __wrap_exp(double x) { return old_exp(x); }
double __wrap_log(double x) { return old_log(x); }

// Copies and destroys a std::exception_ptr; in libstdc++ since GCC 4.4.
void copy_exception(void** to, void* const* from) __asm__("_ZNSt15__exception_ptr13exception_ptrC1ERKS0_");
void destroy_exception(void** exception) __asm__("_ZNSt15__exception_ptr13exception_ptrD1Ev");

// What the headers of GCC 11 and later call instead (CXXABI_1.3.13).
void add_reference(void** exception) __asm__("_ZNSt15__exception_ptr13exception_ptr9_M_addrefEv");
void add_reference(void** exception) {
  void* other = nullptr;
  copy_exception(&other, exception);
}
void release(void** exception) __asm__("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
void release(void** exception) {
  destroy_exception(exception);
  *exception = nullptr;
}

// Read by libstdc++'s headers (glibc 2.32). Never single-threaded: the addon starts threads.
char __libc_single_threaded = 0;
}

namespace std {
// Called where a new[] has too many elements (GLIBCXX_3.4.29). Nothing here makes such a call on purpose.
__attribute__((noreturn)) void __throw_bad_array_new_length() { abort(); }
}  // namespace std
