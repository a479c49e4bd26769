/* Runs the tests of the sinks. */
#include "test_sink.h"

#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  fixture->directory = scratch_make_fast();
  fixture->core_count = 1;
  if (eagre_io_open(NULL, &fixture->io, &fixture->error) != EAGRE_OK) return -1;
  if (eagre_zone_open(EAGRE_TEXT("UTC"), &fixture->zone, &fixture->error) != EAGRE_OK) return -1;
  *state = fixture;
  return 0;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  close_sink(fixture);
  eagre_zone_close(fixture->zone);
  eagre_io_close(fixture->io);
  scratch_remove(fixture->directory);
  eagre_buffer_done(&fixture->printed);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

/* ---- Plans ----------------------------------------------------------------------------------- */

static enum eagre_option_scope get_scope(enum eagre_sink_kind kind) {
  static const enum eagre_option_scope scopes[] = {
      [EAGRE_SINK_DELTA] = EAGRE_OPTION_WRITE_DELTA,
      [EAGRE_SINK_KAFKA] = EAGRE_OPTION_WRITE_KAFKA,
      [EAGRE_SINK_CONSOLE] = EAGRE_OPTION_WRITE_CONSOLE,
      [EAGRE_SINK_NOOP] = EAGRE_OPTION_WRITE_NOOP,
  };
  return scopes[kind];
}

void plan_sink(struct fixture *fixture, enum eagre_sink_kind kind, const char *columns) {
  fixture->plan = (struct eagre_plan_sink){
      .kind = kind,
      .location =
          eagre_text_of(eagre_arena_printf(&fixture->arena, "%s/table", fixture->directory).data),
      .options = {fixture->options, 0, get_scope(kind)},
  };
  enum eagre_status status = eagre_type_parse_columns(&fixture->arena, eagre_text_of(columns),
                                                      &fixture->columns, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
}

void add_option(struct fixture *fixture, const char *key, const char *value) {
  assert_true(fixture->plan.options.count < EAGRE_COUNT_OF(fixture->options));
  fixture->options[fixture->plan.options.count++] =
      (struct eagre_option){.key = eagre_text_of(key), .value = eagre_text_of(value)};
}

/* ---- Sinks ----------------------------------------------------------------------------------- */

static void print(void *context, struct eagre_text text) {
  struct fixture *fixture = context;
  eagre_buffer_append_text(&fixture->printed, text);
}

enum eagre_status try_open(struct fixture *fixture) {
  const struct eagre_sink_environment environment = {
      .io = fixture->io,
      .checkpoint_id = fixture->checkpoint_id,
      .zone = fixture->zone,
      .core_count = fixture->core_count,
      .print = print,
      .print_context = fixture,
      .flow_name = fixture->flow_name,
      .is_prompt = fixture->is_prompt,
  };
  eagre_error_init(&fixture->error);
  EAGRE_TRY(eagre_sink_open(&fixture->plan, fixture->columns, fixture->mode, &environment,
                            &fixture->sink, &fixture->error));
  for (uint32_t i = 0; i < fixture->core_count; i++) {
    EAGRE_TRY(eagre_sink_writer_open(fixture->sink, i, fixture->io, &fixture->writers[i],
                                     &fixture->error));
  }
  return EAGRE_OK;
}

static void check(const struct fixture *fixture, enum eagre_status status) {
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
}

void open_sink(struct fixture *fixture) {
  check(fixture, try_open(fixture));
}

void close_sink(struct fixture *fixture) {
  for (uint32_t i = 0; i < CORE_COUNT_MAX; i++) {
    eagre_sink_writer_close(fixture->writers[i]);
    fixture->writers[i] = NULL;
  }
  eagre_sink_close(fixture->sink);
  fixture->sink = NULL;
}

void check_failure(const struct fixture *fixture, enum eagre_status status,
                   enum eagre_status expected, const char *class_name) {
  if (status == EAGRE_OK) fail_msg("%s was expected", class_name);
  assert_string_equal(fixture->error.class_name, class_name);
  assert_int_equal(status, expected);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

struct eagre_batch *make_batch(struct fixture *fixture, const char *lines) {
  struct eagre_json_options options;
  struct eagre_json_decoder *decoder = NULL;
  struct eagre_batch *batch = eagre_batch_new();
  struct eagre_text texts[256];
  struct eagre_vector rows;
  size_t consumed;
  bool is_ascii;
  size_t size = strlen(lines);
  char *copy = eagre_arena_allocate_vector(&batch->arena, size);
  memcpy(copy, lines, size);
  uint32_t count =
      eagre_json_split_lines(copy, size, true, texts, EAGRE_COUNT_OF(texts), &consumed, &is_ascii);
  assert_int_equal(consumed, size);
  eagre_json_options_init(&options);
  options.zone = fixture->zone;
  options.mode = EAGRE_JSON_FAILFAST;
  check(fixture, eagre_json_decoder_new(fixture->columns, &options, NULL, EAGRE_JSON_ISA_BEST,
                                        &decoder, &fixture->error));
  const struct eagre_vector vector = {.type = eagre_type_of(EAGRE_TYPE_STRING), .data = texts};
  check(fixture,
        eagre_json_decode(decoder, &vector, count, &rows, &batch->arena, NULL, &fixture->error));
  eagre_batch_set_columns(batch, fixture->columns->field_count, count);
  for (uint32_t i = 0; i < fixture->columns->field_count; i++) {
    batch->columns[i] = rows.children[i];
  }
  eagre_json_decoder_free(decoder);
  return batch;
}

enum eagre_status write_lines(struct fixture *fixture, uint32_t core, const char *lines) {
  struct eagre_batch *batch = make_batch(fixture, lines);
  enum eagre_status status =
      eagre_sink_writer_write(fixture->writers[core], batch, &fixture->error);
  eagre_batch_free(batch);
  return status;
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

void begin_epoch(struct fixture *fixture, int64_t epoch, const char *attempt) {
  check(fixture, eagre_sink_begin(fixture->sink, epoch, attempt, &fixture->error));
  for (uint32_t i = 0; i < fixture->core_count; i++) {
    check(fixture, eagre_sink_writer_begin(fixture->writers[i], epoch, attempt, &fixture->error));
  }
}

struct eagre_text *prepare_epoch(struct fixture *fixture) {
  struct eagre_text *pieces =
      eagre_arena_allocate(&fixture->arena, fixture->core_count * sizeof *pieces);
  for (uint32_t i = 0; i < fixture->core_count; i++) {
    struct eagre_buffer piece = {0};
    check(fixture, eagre_sink_writer_prepare(fixture->writers[i], &piece, &fixture->error));
    pieces[i] = eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&piece));
    eagre_buffer_done(&piece);
  }
  return pieces;
}

enum eagre_status commit_epoch(struct fixture *fixture, int64_t epoch, const char *attempt,
                               const struct eagre_text *pieces) {
  const struct eagre_sink_commit commit = {
      .epoch = epoch,
      .attempt = attempt,
      .pieces = pieces,
      .piece_count = fixture->core_count,
  };
  return eagre_sink_commit(fixture->sink, &commit, &fixture->error);
}

void run_epoch(struct fixture *fixture, int64_t epoch, const char *attempt, const char *lines) {
  begin_epoch(fixture, epoch, attempt);
  if (lines[0] != '\0') check(fixture, write_lines(fixture, 0, lines));
  const struct eagre_text *pieces = prepare_epoch(fixture);
  check(fixture, commit_epoch(fixture, epoch, attempt, pieces));
}

int main(void) {
  return run_console_tests() + run_delta_tests() + run_noop_tests() + run_kafka_tests();
}
