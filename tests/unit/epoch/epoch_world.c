/* The scripted world. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "test_epoch.h"

static void note(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note(struct world *world, const char *format, ...) {
  va_list arguments;
  if (world->log.size > 0) eagre_buffer_append_string(&world->log, "; ");
  va_start(arguments, format);
  eagre_buffer_vprintf(&world->log, format, arguments);
  va_end(arguments);
}

static enum eagre_status fail_if(struct world *world, enum failure failure,
                                 struct eagre_error *error) {
  if (world->failure != failure) return EAGRE_OK;
  return eagre_error_set(error, world->failure_status, "SCRIPTED", "failure %d", (int)failure);
}

/* ---- Source ---------------------------------------------------------------------------------- */

static int64_t parse_position(struct eagre_text text) {
  int64_t count = 0;
  if (text.size == 0) return 0;
  assert_int_equal(sscanf(text.data, "{\"n\":%" SCNd64 "}", &count), 1);
  return count;
}

static const char *describe_source(const struct eagre_source *source) {
  (void)source;
  return "Scripted";
}

static enum eagre_status start_source(struct eagre_source *source, struct eagre_arena *arena,
                                      struct eagre_text *out_position, struct eagre_error *error) {
  (void)arena;
  (void)error;
  note(((struct fake_source *)source)->world, "source start");
  *out_position = eagre_text_make("", 0);
  return EAGRE_OK;
}

static enum eagre_status plan_source(struct eagre_source *base, struct eagre_text start,
                                     const struct eagre_source_limits *limits,
                                     struct eagre_arena *arena, struct eagre_source_plan *out,
                                     struct eagre_error *error) {
  struct fake_source *source = (struct fake_source *)base;
  struct world *world = source->world;
  int64_t from = parse_position(start);
  EAGRE_TRY(fail_if(world, FAIL_PLAN, error));
  if (limits->fix_end && source->fixed_end < 0) source->fixed_end = world->available;
  int64_t latest = limits->fix_end ? source->fixed_end : world->available;
  int64_t end = latest;
  if (!limits->ignore_rate && end - from > world->limit) end = from + world->limit;
  *out = (struct eagre_source_plan){
      .end = eagre_arena_printf(arena, "{\"n\":%" PRId64 "}", end),
      .latest = eagre_arena_printf(arena, "{\"n\":%" PRId64 "}", latest),
      .has_new = end > from,
      .is_at_fixed_end = limits->fix_end && end == latest,
  };
  return EAGRE_OK;
}

static enum eagre_status assign_source(struct eagre_source *base, struct eagre_text start,
                                       struct eagre_text end, struct eagre_error *error) {
  struct world *world = ((struct fake_source *)base)->world;
  (void)error;
  world->range_from = parse_position(start);
  world->range_to = parse_position(end);
  note(world, "assign %" PRId64 "..%" PRId64, world->range_from, world->range_to);
  return EAGRE_OK;
}

static enum eagre_status assign_open_source(struct eagre_source *base, struct eagre_text start,
                                            struct eagre_error *error) {
  struct world *world = ((struct fake_source *)base)->world;
  EAGRE_TRY(fail_if(world, FAIL_PLAN, error));
  world->range_from = parse_position(start);
  world->range_to = world->range_from;
  note(world, "open %" PRId64, world->range_from);
  return EAGRE_OK;
}

static enum eagre_status source_reached(struct eagre_source *base, struct eagre_arena *arena,
                                        struct eagre_text *out_end, struct eagre_error *error) {
  const struct world *world = ((struct fake_source *)base)->world;
  (void)error;
  *out_end = world->range_to == 0
                 ? eagre_text_make("", 0)
                 : eagre_arena_printf(arena, "{\"n\":%" PRId64 "}", world->range_to);
  return EAGRE_OK;
}

static enum eagre_status source_committed(struct eagre_source *base, struct eagre_text end,
                                          struct eagre_error *error) {
  (void)error;
  note(((struct fake_source *)base)->world, "source done %" PRId64, parse_position(end));
  return EAGRE_OK;
}

static void source_metrics(struct eagre_source *base, struct eagre_text end,
                           struct eagre_buffer *out) {
  (void)base;
  (void)end;
  eagre_buffer_append_string(out, "\"behind\":\"0\"");
}

static const struct eagre_source_methods source_methods = {
    .description = describe_source,
    .start = start_source,
    .plan = plan_source,
    .assign = assign_source,
    .assign_open = assign_open_source,
    .reached = source_reached,
    .committed = source_committed,
    .metrics = source_metrics,
};

/* ---- Sink ------------------------------------------------------------------------------------ */

static const char *sink_path(const struct world *world) {
  return scratch_path(world->directory, "sink");
}

static const char *describe_sink(const struct eagre_sink *sink) {
  (void)sink;
  return "ScriptedSink";
}

static enum eagre_status recover_sink(struct eagre_sink *base, struct eagre_sink_recovery *out,
                                      struct eagre_error *error) {
  struct world *world = ((struct fake_sink *)base)->world;
  size_t size = 0;
  (void)error;
  if (!world->sink_knows) return EAGRE_OK;
  out->notes_every_epoch = world->sink_notes;
  out->remembers_every_epoch = world->sink_remembers_every;
  if (world->sink_forgets) {
    out->knowledge = EAGRE_SINK_FORGOTTEN;
    return EAGRE_OK;
  }
  char *content = scratch_read(sink_path(world), &size);
  out->knowledge = EAGRE_SINK_NOTHING;
  for (char *line = content; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
    assert_int_equal(sscanf(line, "%" SCNd64 " %63s", &out->epoch, out->attempt), 2);
    out->knowledge = EAGRE_SINK_HAS;
  }
  if (world->sink_claims != NULL) {
    snprintf(out->attempt, sizeof out->attempt, "%s", world->sink_claims);
  }
  eagre_free(content);
  return EAGRE_OK;
}

static enum eagre_status claim_sink(struct eagre_sink *base, int64_t epoch, const char *attempt,
                                    struct eagre_error *error) {
  (void)attempt;
  (void)error;
  ((struct fake_sink *)base)->world->claimed = epoch;
  return EAGRE_OK;
}

static enum eagre_status begin_sink(struct eagre_sink *base, int64_t epoch, const char *attempt,
                                    struct eagre_error *error) {
  (void)attempt;
  (void)error;
  note(((struct fake_sink *)base)->world, "begin %" PRId64, epoch);
  return EAGRE_OK;
}

/* Idempotent, as every sink that can tell what it has, or was told. */
static bool has_epoch(struct eagre_sink *base, const struct eagre_sink_commit *commit) {
  if (((struct fake_sink *)base)->world->claimed >= commit->epoch) return true;
  struct eagre_sink_recovery known = {.knowledge = EAGRE_SINK_NOTHING, .epoch = -1};
  assert_int_equal(recover_sink(base, &known, NULL), EAGRE_OK);
  return known.knowledge == EAGRE_SINK_HAS && known.epoch == commit->epoch &&
         strcmp(known.attempt, commit->attempt) == 0;
}

static enum eagre_status commit_sink(struct eagre_sink *base,
                                     const struct eagre_sink_commit *commit,
                                     struct eagre_error *error) {
  struct world *world = ((struct fake_sink *)base)->world;
  EAGRE_TRY(fail_if(world, FAIL_COMMIT, error));
  eagre_crash_point("sink.mid_commit");
  assert_int_equal(commit->piece_count, 2);
  assert_true(eagre_text_equal_string(commit->pieces[1], "{\"piece\":1}"));
  if (has_epoch(base, commit)) {
    note(world, "commit %" PRId64 " again", commit->epoch);
    return EAGRE_OK;
  }
  FILE *file = fopen(sink_path(world), "a");
  assert_non_null(file);
  fprintf(file, "%" PRId64 " %s %" PRId64 " %" PRId64 "\n", commit->epoch, commit->attempt,
          world->prepared_from, world->prepared_to);
  fclose(file);
  note(world, "commit %" PRId64, commit->epoch);
  return EAGRE_OK;
}

static enum eagre_status purge_sink(struct eagre_sink *base, int64_t epoch,
                                    struct eagre_error *error) {
  (void)error;
  note(((struct fake_sink *)base)->world, "purge %" PRId64, epoch);
  return EAGRE_OK;
}

static const struct eagre_sink_methods sink_methods = {
    .description = describe_sink,
    .recover = recover_sink,
    .claim = claim_sink,
    .begin = begin_sink,
    .commit = commit_sink,
    .purge = purge_sink,
};

/* ---- Cores ----------------------------------------------------------------------------------- */

static enum eagre_status run_tick(struct world *world, const struct eagre_epoch_run *run,
                                  struct eagre_epoch_counts *out, struct eagre_error *error) {
  note(world, "%s %" PRId64 " evict %" PRId64 " late %" PRId64, run->goes_on ? "tick on" : "tick",
       run->epoch, run->state.eviction_watermark_ms, run->state.late_watermark_ms);
  if (run->due_ms > 0) note(world, "due %" PRId64, run->due_ms);
  EAGRE_TRY(fail_if(world, FAIL_RUN, error));
  if (run->epoch > 0) EAGRE_TRY(fail_if(world, FAIL_AHEAD, error));
  out->partitions.count = 0;
  if (run->until_us == 0) return EAGRE_OK; /* nothing is waited for */
  if (world->tick_count == 0) {
    const struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
    return EAGRE_OK;
  }
  out->behind.count = 0;
  const struct tick *tick = world->ticks++;
  world->tick_count -= 1;
  world->range_to += tick->rows;
  out->sources[0].rows += (uint64_t)tick->rows;
  if (out->operator_count > 0) out->operators[0].due_ms = tick->due_ms;
  for (size_t i = 0; i < EAGRE_COUNT_OF(tick->seen); i++) {
    const struct eagre_partition_time behind = {.partition = tick->behind[i],
                                                .topic = EAGRE_TEXT("t")};
    if (tick->seen[i].raising_ms > 0) eagre_partition_times_add(&out->partitions, &tick->seen[i]);
    if (tick->behind[i] >= 0) eagre_partition_times_add(&out->behind, &behind);
  }
  return EAGRE_OK;
}

static enum eagre_status begin_workers(void *context, const struct eagre_epoch_run *run,
                                       struct eagre_error *error) {
  (void)error;
  assert_true(run->is_open);
  struct world *world = context;
  char name[32];
  note(world, "%s %" PRId64, run->goes_on ? "ahead on" : "ahead", run->epoch);
  snprintf(name, sizeof name, "c/offsets/%" PRId64, run->epoch - 1);
  world->was_logged = access(scratch_path(world->directory, name), F_OK) == 0;
  return EAGRE_OK;
}

static bool must_close_workers(void *context) {
  return ((const struct world *)context)->tick_count == 0;
}

static enum eagre_status run_workers(void *context, const struct eagre_epoch_run *run,
                                     struct eagre_epoch_counts *out, struct eagre_error *error) {
  struct world *world = context;
  if (run->is_open) return run_tick(world, run, out, error);
  uint64_t rows = (uint64_t)(world->range_to - world->range_from);
  note(world, "run %" PRId64 " evict %" PRId64 " late %" PRId64, run->epoch,
       run->state.eviction_watermark_ms, run->state.late_watermark_ms);
  assert_int_equal(strlen(run->attempt), EAGRE_UUID_SIZE - 1);
  assert_true(run->state.batch_timestamp_us > 0 && run->state.batch_timestamp_us % 1000 == 0);
  assert_int_equal(run->state.is_first_epoch, run->epoch == 0);
  EAGRE_TRY(fail_if(world, FAIL_RUN, error));
  out->sources[0].rows = rows;
  out->output_rows = rows;
  if (out->operator_count > 0) out->operators[0].rows_total = 7;
  out->partitions.count = 0;
  if (world->partition.raising_ms > 0)
    eagre_partition_times_add(&out->partitions, &world->partition);
  for (uint32_t i = 0; i < world->flow->watermark_count; i++) {
    if (world->event_times_ms[i] < 0) continue;
    int64_t ms = world->event_times_ms[i];
    out->event_times[i] = (struct eagre_event_time){
        .count = rows,
        .maximum_ms = ms,
        .minimum_ms = ms,
        .sum_ms = (double)ms * (double)rows,
        .raising_ms = ms,
    };
  }
  return EAGRE_OK;
}

static enum eagre_status prepare_workers(void *context, int64_t epoch, const char *attempt,
                                         struct eagre_arena *arena, struct eagre_epoch_pieces *out,
                                         struct eagre_error *error) {
  struct world *world = context;
  (void)attempt;
  EAGRE_TRY(fail_if(world, FAIL_PREPARE, error));
  note(world, "prepare %" PRId64, epoch);
  world->prepared_from = world->range_from;
  world->prepared_to = world->range_to;
  out->count = 2;
  out->pieces = eagre_arena_allocate(arena, sizeof *out->pieces * 2);
  out->pieces[0] = EAGRE_TEXT("{\"piece\":0}");
  out->pieces[1] = EAGRE_TEXT("{\"piece\":1}");
  return EAGRE_OK;
}

static enum eagre_status settle_workers(void *context, bool *out_is_settled,
                                        struct eagre_error *error) {
  struct world *world = context;
  EAGRE_TRY(fail_if(world, FAIL_SETTLE, error));
  *out_is_settled = world->unsettled_count == 0;
  if (*out_is_settled) return EAGRE_OK;
  world->unsettled_count -= 1;
  note(world, "not settled");
  return EAGRE_OK;
}

static enum eagre_status load_workers(void *context, int64_t version, uint32_t written_core_count,
                                      const char *attempt, struct eagre_error *error) {
  struct world *world = context;
  EAGRE_TRY(fail_if(world, FAIL_LOAD, error));
  char *expected = sink_attempt(world, version - 1);
  if (expected != NULL) assert_string_equal(attempt, expected);
  eagre_free(expected);
  note(world, "load %" PRId64 " of %u cores", version, written_core_count);
  return EAGRE_OK;
}

static void abort_workers(void *context) {
  note(context, "abort");
}

/* ---- World ----------------------------------------------------------------------------------- */

struct world *open_world(const char *settings, const char *mode, const char *select) {
  struct world *world = eagre_allocate_zeroed(1, sizeof *world);
  struct eagre_buffer text = {0};
  world->directory = scratch_make_fast();
  eagre_buffer_printf(&text,
                      "%s CREATE SINK x USING noop; CREATE FLOW f OPTIONS ('outputMode' = '%s', "
                      "'checkpointLocation' = '%s/c') AS INSERT INTO x %s",
                      settings, mode, world->directory, select);
  const struct eagre_plan_request request = {.file_name = EAGRE_TEXT("f.sql"),
                                             .source = eagre_buffer_text(&text),
                                             .storage = EAGRE_TEXT("/s")};
  eagre_error_init(&world->error);
  if (eagre_plan_pipeline(&request, &world->pipeline, &world->error) != EAGRE_OK) {
    fail_msg("%s: %s", world->error.class_name, world->error.text);
  }
  eagre_buffer_done(&text);
  world->flow = &world->pipeline->flows[0];
  world->limit = INT64_MAX;
  world->failure_status = EAGRE_IO;
  world->sink_knows = true;
  world->claimed = -2;
  world->event_times_ms[0] = -1;
  world->event_times_ms[1] = -1;
  assert_int_equal(eagre_io_open(NULL, &world->io, &world->error), EAGRE_OK);
  return world;
}

struct world *open_stateless(const char *settings) {
  return open_world(settings, "append", STATELESS_SELECT);
}

struct world *open_stateful(const char *settings, const char *mode) {
  return open_world(settings, mode,
                    "SELECT window(timestamp, '1 second') AS w, count(*) AS c FROM STREAM rate() "
                    "WATERMARK timestamp DELAY OF INTERVAL 1 SECOND GROUP BY w");
}

void close_world(struct world *world) {
  stop_world(world);
  eagre_io_close(world->io);
  eagre_pipeline_free(world->pipeline);
  scratch_remove(world->directory);
  eagre_buffer_done(&world->log);
  eagre_free(world);
}

enum eagre_status try_start(struct world *world) {
  const struct eagre_checkpoint_options checkpoint = {0};
  char *path = eagre_text_duplicate(world->flow->checkpoint);
  enum eagre_status status =
      eagre_checkpoint_open(world->io, path, &checkpoint, &world->checkpoint, &world->error);
  eagre_free(path);
  EAGRE_TRY(status);
  EAGRE_TRY(eagre_epoch_check(world->flow, world->checkpoint, &world->error));
  world->source = (struct fake_source){{.methods = &source_methods}, world, -1};
  world->sources[0] = &world->source.base;
  world->sink = (struct fake_sink){{.methods = &sink_methods}, world};
  world->workers = (struct eagre_epoch_workers){.context = world,
                                                .run = run_workers,
                                                .prepare = prepare_workers,
                                                .settle = settle_workers,
                                                .load = load_workers,
                                                .abort = abort_workers,
                                                .must_close = must_close_workers,
                                                .begin = begin_workers};
  const struct eagre_epoch_options options = {.flow = world->flow,
                                              .io = world->io,
                                              .checkpoint = world->checkpoint,
                                              .sources = world->sources,
                                              .sink = &world->sink.base,
                                              .workers = &world->workers,
                                              .core_count = 2,
                                              .has_assumed = world->has_assumed,
                                              .assumed_epoch = world->assumed_epoch};
  world->epoch = eagre_epoch_new(&options);
  return eagre_epoch_start(world->epoch, &world->error);
}

void start_world(struct world *world) {
  if (try_start(world) != EAGRE_OK) fail_msg("%s: %s", world->error.class_name, world->error.text);
}

void stop_world(struct world *world) {
  eagre_epoch_free(world->epoch);
  eagre_checkpoint_close(world->checkpoint);
  world->epoch = NULL;
  world->checkpoint = NULL;
}

enum eagre_epoch_outcome step(struct world *world) {
  enum eagre_epoch_outcome outcome = EAGRE_EPOCH_IDLE;
  if (eagre_epoch_step(world->epoch, &outcome, &world->error) != EAGRE_OK) {
    fail_msg("%s: %s", world->error.class_name, world->error.text);
  }
  return outcome;
}

const char *take_log(struct world *world) {
  static char text[4096];
  snprintf(text, sizeof text, "%s", eagre_buffer_string(&world->log));
  eagre_buffer_clear(&world->log);
  return text;
}

const char *sink_lines(struct world *world) {
  static char text[1024];
  size_t size = 0;
  size_t used = 0;
  char *content = scratch_read(sink_path(world), &size);
  text[0] = '\0';
  for (char *line = content; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
    int64_t epoch = 0;
    int64_t from = 0;
    int64_t to = 0;
    assert_int_equal(sscanf(line, "%" SCNd64 " %*s %" SCNd64 " %" SCNd64, &epoch, &from, &to), 3);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64 ":%" PRId64 "..%" PRId64,
                             used == 0 ? "" : " ", epoch, from, to);
  }
  eagre_free(content);
  return text;
}

char *sink_attempt(struct world *world, int64_t wanted) {
  size_t size = 0;
  char *found = NULL;
  char *content = scratch_read(sink_path(world), &size);
  for (char *line = content; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
    int64_t epoch = 0;
    char attempt[64];
    assert_int_equal(sscanf(line, "%" SCNd64 " %63s", &epoch, attempt), 2);
    if (epoch != wanted) continue;
    eagre_free(found);
    found = eagre_text_duplicate(eagre_text_of(attempt));
  }
  eagre_free(content);
  return found;
}
