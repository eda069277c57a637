// The sgemm peer, OpenBLAS called from C: one line of words asks, one line of JSON answers. Built and started by
// bench/peers/sgemm.ts.
//
//   hello                                                OpenBLAS's configuration and threads
//   sgemm <transA> <transB> <m> <n> <k> <threads> <runs>  microseconds of that many calls of cblas_sgemm (row-major,
//                                                        alpha 1, beta 0), after 1/8 as many untimed ones
//   scaling <n> <runs>                                   microseconds of that many calls of n×n×n, single-threaded, on
//                                                        one thread and on two concurrently

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cblas.h>
#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#endif

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

typedef struct {
  int transA, transB, m, n, k;
  float *a, *b, *c;
} Product;

// `count` floats in [-1, 1).
static float* numbers(size_t count) {
  float* values = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
  if (values == NULL) abort();
  for (size_t i = 0; i < count; i++) values[i] = (float)(i * 7919 % 2048) / 1024.0f - 1.0f;
  return values;
}

static Product make(int transA, int transB, int m, int n, int k) {
  const size_t rows = (size_t)m, columns = (size_t)n, inner = (size_t)k;
  const Product product = {
      transA, transB, m, n, k, numbers(rows * inner), numbers(inner * columns), numbers(rows * columns)};
  return product;
}

static void release(Product* product) {
  free(product->a);
  free(product->b);
  free(product->c);
}

static void multiply(const Product* p, int runs) {
  for (int i = 0; i < runs; i++) {
    cblas_sgemm(CblasRowMajor, p->transA ? CblasTrans : CblasNoTrans, p->transB ? CblasTrans : CblasNoTrans, p->m, p->n,
                p->k, 1.0f, p->a, p->transA ? p->m : p->k, p->b, p->transB ? p->k : p->n, 0.0f, p->c, p->n);
  }
}

static double timed(const Product* product, int runs) {
  const double started = now();
  multiply(product, runs);
  return now() - started;
}

typedef struct {
  Product product;
  int runs;
  int which;
} Job;

// Pins the thread to the CPU of that index among those allowed: Linux may otherwise place both new threads on one CPU.
static void stay(int which) {
#if defined(__linux__)
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || which-- > 0) continue;
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
#else
  (void)which;
#endif
}

static void* work(void* pointer) {
  const Job* job = pointer;
  stay(job->which);
  multiply(&job->product, job->runs);
  return NULL;
}

// Microseconds until both threads are done with their `runs` calls.
static double together(int n, int runs) {
  pthread_t threads[2];
  Job jobs[2];
  for (int i = 0; i < 2; i++) {
    jobs[i].product = make(0, 0, n, n, n);
    jobs[i].runs = runs;
    jobs[i].which = i;
  }
  const double started = now();
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0) abort();
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  const double took = now() - started;
  for (int i = 0; i < 2; i++) release(&jobs[i].product);
  return took;
}

// The product of the last request: its memory has been touched, so it is reused.
static Product kept;

static void sgemm(int transA, int transB, int m, int n, int k, int threads, int runs) {
  if (kept.a == NULL || kept.transA != transA || kept.transB != transB || kept.m != m || kept.n != n || kept.k != k) {
    release(&kept);
    kept = make(transA, transB, m, n, k);
  }
  openblas_set_num_threads(threads);
  multiply(&kept, runs > 1 ? (runs + 7) / 8 : 0);
  printf("{\"micros\": %.3f}\n", timed(&kept, runs));
}

static void scaling(int n, int runs) {
  openblas_set_num_threads(1);
  Product product = make(0, 0, n, n, n);
  multiply(&product, 1);
  const double one = timed(&product, runs);
  release(&product);
  printf("{\"one\": %.3f, \"two\": %.3f}\n", one, together(n, runs));
}

int main(void) {
#if defined(__linux__)
  // The parent stops this process between answers, so it must die with the parent.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  char line[256];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int ta, tb, m, n, k, threads, runs;
    if (strcmp(line, "hello\n") == 0) {
      printf("{\"blas\": \"%s\", \"core\": \"%s\", \"threads\": %d}\n", openblas_get_config(), openblas_get_corename(),
             openblas_get_num_threads());
    } else if (sscanf(line, "sgemm %d %d %d %d %d %d %d", &ta, &tb, &m, &n, &k, &threads, &runs) == 7) {
      sgemm(ta, tb, m, n, k, threads, runs);
    } else if (sscanf(line, "scaling %d %d", &n, &runs) == 2) {
      scaling(n, runs);
    } else {
      printf("{\"error\": \"expected hello, sgemm or scaling\"}\n");
    }
    fflush(stdout);
  }
  release(&kept);
  return 0;
}
