/* The harness of the micro benchmarks: a bench is a C file with a table of cases; shim.cc, the one
 * file that knows Google Benchmark, runs them.
 *
 * Every bench file opens with the question it answers, why it matters, its unit, and the budget
 * line it feeds (perf/README.md has the lines).
 *
 * Life of a case: `setup` once, `run` as often as the harness needs for a steady figure (and for
 * repetitions), `teardown` once. `setup` also verifies what the case computes: a bench that is
 * fast and wrong ends the program. With --smoke every case runs one iteration. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one iteration does. The figure of a case is CPU time per item. */
struct bench_measure {
  uint64_t item_count;
  uint64_t byte_count; /* 0 when bytes mean nothing here */
};

struct bench_case {
  const char *name; /* "json/ysb/avx2" */
  /* Makes the context of `run`; NULL when this machine cannot run the case. */
  void *(*setup)(const void *parameter, struct bench_measure *out_measure);
  void (*run)(void *context, uint64_t iteration_count);
  void (*teardown)(void *context);
  const void *parameter;
};

struct bench_suite {
  const struct bench_case *cases;
  size_t case_count;
};

#define BENCH_SUITE(cases)                                                                         \
  { cases, sizeof(cases) / sizeof(cases)[0] }

extern const struct bench_suite bench_join_suite;
extern const struct bench_suite bench_json_suite;
extern const struct bench_suite bench_json_write_suite;
extern const struct bench_suite bench_ring_suite;
extern const struct bench_suite bench_key_suite;
extern const struct bench_suite bench_aggregate_suite;
extern const struct bench_suite bench_group_suite;
extern const struct bench_suite bench_parquet_suite;
extern const struct bench_suite bench_pipeline_suite;

/* Ends the program with `what` when `holds` is false. */
void bench_require(bool holds, const char *what);
/* Keeps the compiler from removing what computed `value`. */
void bench_keep(const void *value);

#ifdef __cplusplus
}
#endif
