/* What the tests of the epoch protocol share: a world whose source, sink and cores are scripted.
 * The checkpoint is real.
 *
 * The source holds records 0, 1, ... `available` - 1; a position is {"n":COUNT}. The sink keeps its
 * commits in a file, so that they survive the process: lines "EPOCH ATTEMPT FROM TO". */
#pragma once

#include "epoch/epoch.h"
#include "sink/sink_kind.h"
#include "source/source_kind.h"

#include "../io/test_scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct world;

struct fake_source {
  struct eagre_source base;
  struct world *world;
  int64_t fixed_end; /* -1: none yet */
};
struct fake_sink {
  struct eagre_sink base;
  struct world *world;
};

enum failure {
  FAIL_NOWHERE,
  FAIL_PLAN,
  FAIL_RUN,
  FAIL_AHEAD, /* a tick behind epoch 0 */
  FAIL_PREPARE,
  FAIL_SETTLE,
  FAIL_COMMIT,
  FAIL_LOAD
};

/* What a tick of an open epoch finds. */
struct tick {
  int64_t rows;
  struct eagre_partition_time seen[2]; /* raising_ms 0: nothing */
  int32_t behind[2];                   /* partitions of source 0; -1: none */
  int64_t due_ms;                      /* what the state says behind it */
};
#define NOBODY                                                                                     \
  { -1, -1 }

struct world {
  char *directory;
  struct eagre_pipeline *pipeline;
  struct eagre_flow *flow;
  struct eagre_io *io;
  struct eagre_checkpoint *checkpoint;
  struct fake_source source;
  struct eagre_source *sources[1];
  struct fake_sink sink;
  struct eagre_epoch_workers workers;
  struct eagre_epoch *epoch;
  struct eagre_error error;

  /* Script */
  int64_t available;
  int64_t limit; /* records per epoch */
  enum failure failure;
  bool was_logged;          /* ahead: whether the epoch before was */
  uint32_t unsettled_count; /* how often what was prepared is still under way */
  enum eagre_status failure_status;
  bool sink_knows;           /* it answers recovery from its file; else UNKNOWING */
  bool sink_notes;           /* and it notes every epoch */
  const char *sink_claims;   /* attempt it claims instead of the one in its file; NULL = that one */
  bool sink_forgets;         /* it knows, and what it knew is gone */
  bool sink_remembers_every; /* it says that it is told of every epoch */
  int64_t claimed;           /* the last epoch that the sink was told it has; -2: it was not */
  bool has_assumed;          /* as --assume-committed */
  int64_t assumed_epoch;
  int64_t event_times_ms[2]; /* greatest event time of the next epoch per watermark; -1 = no row */
  struct eagre_partition_time partition; /* what the next epoch tells of one; 0: nothing */
  int64_t range_from, range_to;          /* of the running epoch; of an open one, so far */
  int64_t prepared_from, prepared_to;    /* of the epoch that cores prepared last */
  const struct tick *ticks;              /* of open epochs; with the last of them one is closed */
  uint32_t tick_count;

  struct eagre_buffer log; /* what was asked of source, sink and cores; "; " between */
};

/* A flow of `select` from STREAM rate() (timestamp, value); `settings` are SET statements. Freed by
 * close_world. */
struct world *open_world(const char *settings, const char *mode, const char *select);
/* A stateless one, and one that counts by windows with a watermark. */
struct world *open_stateless(const char *settings);
struct world *open_stateful(const char *settings, const char *mode);
void close_world(struct world *world);

/* Opens checkpoint and protocol; `start_world` expects success. */
enum eagre_status try_start(struct world *world);
void start_world(struct world *world);
/* Closes both, as a process that ends does; what the sink has stays. */
void stop_world(struct world *world);
enum eagre_epoch_outcome step(struct world *world);
/* The log since the last call; valid until the next. */
const char *take_log(struct world *world);
/* The sink's lines without the attempts: "0 0 3, 1 3 5". */
const char *sink_lines(struct world *world);
char *sink_attempt(struct world *world, int64_t epoch);

#define STATELESS_SELECT "SELECT value FROM STREAM rate()"

int run_protocol_tests(void);
int run_recovery_tests(void);
int run_crash_tests(void);
int run_watermark_tests(void);
int run_open_tests(void);
int run_progress_tests(void);
