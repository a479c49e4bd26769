/* Runs the tests of the sources. */
#include "test_source.h"

#include "json/json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  fixture->directory = scratch_make_fast();
  fixture->input = eagre_arena_printf(&fixture->arena, "%s/in", fixture->directory).data;
  fixture->checkpoint_path =
      eagre_arena_printf(&fixture->arena, "%s/checkpoint", fixture->directory).data;
  fixture->core_count = 1;
  if (mkdir(fixture->input, 0755) != 0) return -1;
  if (eagre_io_open(NULL, &fixture->io, &fixture->error) != EAGRE_OK) return -1;
  if (eagre_zone_open(EAGRE_TEXT("UTC"), &fixture->zone, &fixture->error) != EAGRE_OK) return -1;
  *state = fixture;
  return 0;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  close_stream(fixture);
  eagre_zone_close(fixture->zone);
  eagre_io_close(fixture->io);
  scratch_remove(fixture->directory);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

/* ---- Plans ----------------------------------------------------------------------------------- */

static void set_options(struct fixture *fixture, enum eagre_option_scope scope) {
  fixture->option_list = (struct eagre_options){fixture->options, 0, scope};
  fixture->plan.options = fixture->option_list;
  fixture->plan.is_stream = true;
}

void plan_files(struct fixture *fixture, const char *schema) {
  fixture->plan = (struct eagre_plan_source){
      .kind = EAGRE_SOURCE_FILES,
      .path = eagre_text_of(fixture->input),
      .format = schema == NULL ? EAGRE_FILES_TEXT : EAGRE_FILES_JSON,
  };
  enum eagre_status status = eagre_type_parse_columns(
      &fixture->arena, eagre_text_of(schema == NULL ? "value STRING" : schema),
      &fixture->plan.schema, &fixture->error);
  assert_int_equal(status, EAGRE_OK);
  set_options(fixture, EAGRE_OPTION_READ_FILES);
}

void plan_rate(struct fixture *fixture) {
  fixture->plan = (struct eagre_plan_source){.kind = EAGRE_SOURCE_RATE};
  enum eagre_status status =
      eagre_type_parse_columns(&fixture->arena, EAGRE_TEXT("timestamp TIMESTAMP, value BIGINT"),
                               &fixture->plan.schema, &fixture->error);
  assert_int_equal(status, EAGRE_OK);
  set_options(fixture, EAGRE_OPTION_READ_RATE);
}

void plan_kafka(struct fixture *fixture, const char *brokers) {
  fixture->plan = (struct eagre_plan_source){.kind = EAGRE_SOURCE_KAFKA};
  enum eagre_status status = eagre_type_parse_columns(
      &fixture->arena,
      EAGRE_TEXT("key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, "
                 "timestamp TIMESTAMP, timestampType INT"),
      &fixture->plan.schema, &fixture->error);
  assert_int_equal(status, EAGRE_OK);
  set_options(fixture, EAGRE_OPTION_READ_KAFKA);
  add_option(fixture, "bootstrapServers", brokers);
}

void add_option(struct fixture *fixture, const char *key, const char *value) {
  assert_true(fixture->plan.options.count < EAGRE_COUNT_OF(fixture->options));
  fixture->options[fixture->plan.options.count++] =
      (struct eagre_option){.key = eagre_text_of(key), .value = eagre_text_of(value)};
}

/* ---- Input ----------------------------------------------------------------------------------- */

void write_input_bytes(struct fixture *fixture, const char *name, struct eagre_text content,
                       int64_t modified_seconds) {
  const char *path = scratch_path(fixture->input, name);
  scratch_write(path, content.data, content.size);
  const struct timespec times[2] = {{.tv_sec = modified_seconds}, {.tv_sec = modified_seconds}};
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

void write_input(struct fixture *fixture, const char *name, const char *content,
                 int64_t modified_seconds) {
  write_input_bytes(fixture, name, eagre_text_of(content), modified_seconds);
}

/* ---- Sources --------------------------------------------------------------------------------- */

static enum eagre_status open_source(struct fixture *fixture) {
  const struct eagre_source_environment environment = {
      .io = fixture->io,
      .checkpoint = fixture->checkpoint,
      .zone = fixture->zone,
      .core_count = fixture->core_count,
      .batch_rows_max = fixture->batch_rows_max,
      .part_bytes_max = fixture->part_bytes_max,
  };
  eagre_error_init(&fixture->error);
  return eagre_source_open(&fixture->plan, &environment, &fixture->source, &fixture->error);
}

void open_stream(struct fixture *fixture) {
  enum eagre_status status = eagre_checkpoint_open(fixture->io, fixture->checkpoint_path, NULL,
                                                   &fixture->checkpoint, &fixture->error);
  if (status == EAGRE_OK) status = eagre_checkpoint_create(fixture->checkpoint, &fixture->error);
  if (status == EAGRE_OK) status = open_source(fixture);
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
}

void close_stream(struct fixture *fixture) {
  eagre_source_close(fixture->source);
  eagre_checkpoint_close(fixture->checkpoint);
  fixture->source = NULL;
  fixture->checkpoint = NULL;
}

enum eagre_status open_batch(struct fixture *fixture) {
  fixture->plan.is_stream = false;
  return open_source(fixture);
}

struct step plan_step(struct fixture *fixture, struct eagre_text start,
                      struct eagre_source_limits limits) {
  struct eagre_source_plan plan;
  enum eagre_status status =
      eagre_source_plan(fixture->source, start, &limits, &fixture->arena, &plan, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  return (struct step){plan.end, plan.has_new, plan.is_at_fixed_end};
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void print_rows(struct fixture *fixture, const struct eagre_batch *batch,
                       struct eagre_buffer *out) {
  const struct eagre_json_write_options options = {.zone = fixture->zone};
  const struct eagre_vector rows = {.type = fixture->plan.schema, .children = batch->columns};
  assert_int_equal(batch->column_count, fixture->plan.schema->field_count);
  assert_true(batch->row_count > 0 && batch->row_count <= EAGRE_BATCH_ROWS_MAX);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    eagre_json_write_struct(&rows, row, &options, out);
    eagre_buffer_append_char(out, '\n');
  }
}

enum eagre_status read_core(struct fixture *fixture, uint32_t core, struct eagre_buffer *out) {
  struct eagre_source_reader *reader = NULL;
  struct eagre_batch *batch = eagre_batch_new();
  eagre_error_init(&fixture->error);
  enum eagre_status status =
      eagre_source_reader_open(fixture->source, core, fixture->io, &reader, &fixture->error);
  if (status == EAGRE_OK) status = eagre_source_reader_begin(reader, &fixture->error);
  while (status == EAGRE_OK) {
    status = eagre_source_reader_read(reader, batch, &fixture->error);
    while (status == EAGRE_AGAIN) {
      eagre_io_wait(fixture->io, 10000);
      status = eagre_source_reader_read(reader, batch, &fixture->error);
    }
    if (status != EAGRE_OK) break;
    uint32_t most = fixture->batch_rows_max == 0 ? EAGRE_BATCH_ROWS_MAX : fixture->batch_rows_max;
    assert_in_range(batch->row_count, 1, most);
    print_rows(fixture, batch, out);
    eagre_batch_reset(batch);
  }
  eagre_batch_free(batch);
  eagre_source_reader_close(reader);
  return status;
}

const char *read_range(struct fixture *fixture, struct eagre_text start, struct eagre_text end) {
  struct eagre_buffer out = {0};
  enum eagre_status status = eagre_source_assign(fixture->source, start, end, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  for (uint32_t core = 0; core < fixture->core_count; core++) {
    status = read_core(fixture, core, &out);
    if (status != EAGRE_END) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  }
  const char *rows = eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&out)).data;
  eagre_buffer_done(&out);
  return rows;
}

const char *read_everything(struct fixture *fixture) {
  const struct eagre_source_limits limits = {.ignore_rate = true};
  struct eagre_text start = {0};
  struct step step = plan_step(fixture, start, limits);
  return read_range(fixture, start, step.end);
}

uint32_t count_lines(const char *text) {
  uint32_t count = 0;
  for (; *text != '\0'; text++) {
    count += *text == '\n';
  }
  return count;
}

int main(void) {
  return run_files_path_tests() + run_files_log_tests() + run_files_part_tests() +
         run_files_plan_tests() + run_files_row_tests() + run_position_tests() + run_rate_tests() +
         run_rate_micro_batch_tests() + run_kafka_deal_tests() + run_kafka_select_tests() +
         run_kafka_options_tests() + run_kafka_stream_tests();
}
