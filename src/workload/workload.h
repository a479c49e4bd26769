/* Door of the room `workload`: generated events, seeded and reproducible, and the demo. The one
 * room that knows the names of benchmarks.
 *
 * Record number n of a workload is always the same bytes, whatever thread or order makes it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "kafka/kafka.h"

/* ---- Records --------------------------------------------------------------------------------- */

enum eagre_workload_kind {
  EAGRE_WORKLOAD_ORDERS,  /* the demo's: about 150 bytes, some late, some malformed */
  EAGRE_WORKLOAD_DEVICE,  /* 116 bytes, 10,000 devices */
  EAGRE_WORKLOAD_YSB,     /* Yahoo Streaming Benchmark, 238 bytes */
  EAGRE_WORKLOAD_WORDS,   /* 19 bytes, 5,000 words */
  EAGRE_WORKLOAD_NEXMARK, /* an auction site: of 50 events 1 person, 3 auctions, 46 bids */
  EAGRE_WORKLOAD_count
};

struct eagre_workload_options {
  enum eagre_workload_kind kind;
  uint64_t seed;
  int64_t start_us;               /* event time of record 0 */
  int64_t step_us;                /* event time between records */
  uint32_t late_per_million;      /* orders: behind by an hour and more */
  uint32_t malformed_per_million; /* orders: cut off in the middle */
  uint32_t duplicate_per_million; /* the record before, once more; not the first */
  bool has_blanks;                /* ysb: a blank after each colon and comma, as the original */
  bool has_send_time;             /* device: "us", its event time in microseconds since 1970 */
};
/* The defaults of a kind: event time begins 2026-01-01, a record per millisecond. */
void eagre_workload_options_init(struct eagre_workload_options *options,
                                 enum eagre_workload_kind kind);
/* "orders", "device", "ysb", "words", "nexmark"; USAGE UNKNOWN_WORKLOAD names the nearest. */
enum eagre_status eagre_workload_parse(struct eagre_text name, enum eagre_workload_kind *out_kind,
                                       struct eagre_error *error);

/* Appends record `number` as one JSON text without newline. */
void eagre_workload_append(const struct eagre_workload_options *options, uint64_t number,
                           struct eagre_buffer *out);

/* ---- Orders, read by their maker ------------------------------------------------------------- */

enum { EAGRE_ORDER_REGIONS = 5 };

struct eagre_order {
  bool is_malformed;
  bool is_late;
  bool is_paid;
  uint32_t region;
  int64_t cents;
  int64_t event_us;
};
/* What record `number` says, without its text; a duplicate says what the record before does. */
void eagre_order_make(const struct eagre_workload_options *options, uint64_t number,
                      struct eagre_order *out);
const char *eagre_order_region(uint32_t region);

/* ---- Into Kafka ------------------------------------------------------------------------------ */

struct eagre_workload_target {
  struct eagre_text brokers;
  struct eagre_text topic;
  uint32_t partition_count; /* record n goes to partition n modulo this */
};
/* Sends records [from, to) of the workload; returns when all are acknowledged. IO as kafka. */
enum eagre_status eagre_workload_send(const struct eagre_workload_options *options,
                                      const struct eagre_workload_target *target,
                                      struct eagre_kafka_producer *producer, uint64_t from,
                                      uint64_t to, struct eagre_error *error);

/* ---- The demo -------------------------------------------------------------------------------- */

struct eagre_demo_options {
  uint64_t event_count;     /* 0 = 2,500,000 */
  uint32_t core_count;      /* 0 = all */
  struct eagre_text folder; /* tables, checkpoints and the recount go here; must be new */
  void (*write)(void *context, const char *data, size_t size); /* what a person reads */
  void *write_context;
  bool is_terminal; /* redraw the progress line in place */
};
/* Starts a mock cluster in this process, generates orders, runs examples/demo.sql over them,
 * compares
 * with an independent recount and prints the table. CHECK DEMO_COUNTS_DIFFER when they are not
 * equal. */
enum eagre_status eagre_demo_run(const struct eagre_demo_options *options,
                                 struct eagre_error *error);

/* ---- Latency against a promise --------------------------------------------------------------- */

struct eagre_pipeline;

struct eagre_sla_options {
  struct eagre_workload_options workload;
  struct eagre_workload_target target; /* what the pipeline reads */
  double rate;                         /* records per second */
  double percentile;                   /* above 0, up to 100 */
  int64_t limit_us;
  int64_t duration_us;
  int64_t warm_up_us;  /* records of epochs that began in it do not count */
  uint32_t core_count; /* 0 = all */
  void (*write)(void *context, const char *data, size_t size); /* the table */
  void *write_context;
};
/* Runs the flows of the pipeline while records of a workload go into its topic by a schedule that
 * waits for nobody: a record's time stamp is when it was due, so a generator or broker that is late
 * makes latency worse and never better. A consumer beside the flows reads the same records: the
 * floor, of which the table tells as well. CHECK SLA_NOT_MET: the percentile of the time from stamp
 * to result is above the limit, or records had no result half a minute after the last one (the
 * table is written all the same); SLA_NO_RECORDS when nothing was left to count. USAGE, IO as the
 * flows. */
enum eagre_status eagre_sla_run(struct eagre_pipeline *pipeline,
                                const struct eagre_sla_options *options, struct eagre_error *error);
