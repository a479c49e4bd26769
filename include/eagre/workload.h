/* Generated events and the demo. */
#pragma once

#include <eagre/eagre.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eagre_demo_request {
  size_t size;
  uint64_t event_count;  /* 0 = 2,500,000 */
  uint32_t core_count;   /* 0 = all allowed CPUs */
  const char *folder;    /* new; tables, checkpoints and the recount go here */
  int is_terminal;       /* redraw the progress line in place */
  eagre_write_fn *write; /* what a person reads */
  void *write_context;
} eagre_demo_request;
#define EAGRE_DEMO_REQUEST_INIT                                                                    \
  { sizeof(eagre_demo_request) }

/* A broker, a generator and the engine in this process; compares the result with a recount. CHECK
 * when they differ. */
EAGRE_API enum eagre_status eagre_demo(const eagre_demo_request *request, eagre_error *error);

typedef struct eagre_generate_request {
  size_t size;
  const char *workload; /* orders, device, ysb, words, nexmark */
  uint64_t seed;
  uint64_t count;           /* records; 0 = until stopped */
  double rate;              /* records per second; 0 = flat out */
  const char *brokers;      /* NULL: to `write`, one record per line */
  const char *topic;        /* with brokers */
  uint32_t partition_count; /* with brokers; record n goes to partition n modulo this */
  eagre_write_fn *write;
  void *write_context;
  const volatile int *must_stop; /* looked at between chunks; may be NULL */
} eagre_generate_request;
#define EAGRE_GENERATE_REQUEST_INIT                                                                \
  { sizeof(eagre_generate_request) }

/* Writes a workload. USAGE for an unknown one, IO for the broker. */
EAGRE_API enum eagre_status eagre_generate(const eagre_generate_request *request,
                                           eagre_error *error);

typedef struct eagre_sla_request {
  size_t size;
  const char *workload; /* as eagre_generate_request */
  uint64_t seed;
  const char *brokers; /* the topic is written there */
  const char *topic;
  uint32_t partition_count; /* 0 = 1 */
  double rate;              /* records per second */
  double percentile;        /* above 0, up to 100 */
  double limit_ms;
  double duration_s; /* how long records are sent */
  double warm_up_s;  /* records of the first seconds do not count */
  uint32_t core_count;
  eagre_write_fn *write; /* a small table */
  void *write_context;
} eagre_sla_request;
#define EAGRE_SLA_REQUEST_INIT                                                                     \
  { sizeof(eagre_sla_request) }

/* Runs the pipeline under an open load and holds the time from a record's due time to its result
 * against a limit. CHECK when it is not met; USAGE for numbers that make no sense; IO. */
EAGRE_API enum eagre_status eagre_sla(eagre_pipeline *pipeline, const eagre_sla_request *request,
                                      eagre_error *error);

#ifdef __cplusplus
}
#endif
