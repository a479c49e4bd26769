/* Runs all unit tests of `delta`, and the table they work on. */
#include "test_delta.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char first_commit[] =
    "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"
    "{\"metaData\":{\"id\":\"aae94020-3ffb-4d45-86e2-6571af6fc477\",\"format\":{\"provider\":"
    "\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{"
    "\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},{"
    "\\\"name\\\":\\\"name\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{"
    "}}]}\",\"partitionColumns\":[],\"configuration\":{},\"createdTime\":1795226765504}}\n";

/* ---- Fixture --------------------------------------------------------------------------------- */

int set_up(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  snprintf(fixture->location, sizeof fixture->location, "/tmp/eagre-test-XXXXXX");
  assert_non_null(mkdtemp(fixture->location));
  assert_int_equal(eagre_io_open(&(struct eagre_io_options){0}, &fixture->io, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_type_parse_columns(&fixture->arena, EAGRE_TEXT("id BIGINT, name STRING"),
                                            &fixture->schema, &fixture->error),
                   EAGRE_OK);
  *state = fixture;
  return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status;
  (void)kind;
  (void)walk;
  return remove(path);
}

int tear_down(void **state) {
  struct fixture *fixture = *state;
  close_table(fixture);
  eagre_io_close(fixture->io);
  eagre_arena_done(&fixture->arena);
  nftw(fixture->location, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  eagre_free(fixture);
  return 0;
}

void close_table(struct fixture *fixture) {
  eagre_delta_close(fixture->table);
  fixture->table = NULL;
}

void open_table(struct fixture *fixture) {
  close_table(fixture);
  enum eagre_status status = eagre_delta_open(fixture->io, eagre_text_of(fixture->location),
                                              &fixture->table, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
}

void check_open_fails(struct fixture *fixture, enum eagre_status status, const char *class_name) {
  close_table(fixture);
  assert_int_equal(eagre_delta_open(fixture->io, eagre_text_of(fixture->location), &fixture->table,
                                    &fixture->error),
                   status);
  assert_string_equal(fixture->error.class_name, class_name);
  fixture->table = NULL;
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

static void make_columns(struct fixture *fixture, uint32_t row_count,
                         struct eagre_vector columns[2]) {
  eagre_vector_init(&columns[0], fixture->schema->fields[0].type, row_count, &fixture->arena);
  eagre_vector_init(&columns[1], fixture->schema->fields[1].type, row_count, &fixture->arena);
  for (uint32_t i = 0; i < row_count; i++) {
    EAGRE_VALUES(int64_t, &columns[0])[i] = i;
    EAGRE_VALUES(struct eagre_text, &columns[1])
    [i] = eagre_arena_printf(&fixture->arena, "n %u", i);
  }
}

struct eagre_text write_file(struct fixture *fixture, const char *application, int64_t epoch,
                             const char *attempt, uint32_t row_count) {
  struct eagre_parquet_options parquet;
  eagre_parquet_options_init(&parquet);
  struct eagre_delta_file_options options = {
      .schema = fixture->schema,
      .parquet = &parquet,
      .application_id = application,
      .attempt = attempt,
      .epoch = epoch,
  };
  struct eagre_delta_file *file;
  struct eagre_vector columns[2];
  struct eagre_buffer action = {0};
  make_columns(fixture, row_count, columns);
  assert_int_equal(
      eagre_delta_file_open(fixture->io, fixture->location, &options, &file, &fixture->error),
      EAGRE_OK);
  assert_int_equal(eagre_delta_file_write(file, columns, row_count, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_delta_file_row_count(file), row_count);
  assert_int_equal(eagre_delta_file_finish(file, &action, &fixture->error), EAGRE_OK);
  struct eagre_text line = eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&action));
  eagre_buffer_done(&action);
  return line;
}

struct eagre_delta_commit make_commit(struct fixture *fixture, int64_t epoch, const char *attempt) {
  struct eagre_text *action = eagre_arena_allocate(&fixture->arena, sizeof *action);
  *action = write_file(fixture, APPLICATION, epoch, attempt, 3);
  return (struct eagre_delta_commit){
      .application_id = APPLICATION,
      .epoch = epoch,
      .attempt = attempt,
      .actions = action,
      .action_count = 1,
      .row_count = 3,
      .schema = fixture->schema,
      .now_ms = 1795226767000 + epoch,
  };
}

int64_t commit(struct fixture *fixture, const struct eagre_delta_commit *commit) {
  int64_t version = -2;
  enum eagre_status status = eagre_delta_commit(fixture->table, commit, &version, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  return version;
}

void check_commit_fails(struct fixture *fixture, const struct eagre_delta_commit *commit,
                        enum eagre_status status, const char *class_name) {
  int64_t version = -2;
  assert_int_equal(eagre_delta_commit(fixture->table, commit, &version, &fixture->error), status);
  assert_string_equal(fixture->error.class_name, class_name);
  assert_int_equal(version, -2);
}

int64_t append(struct fixture *fixture, int64_t epoch, const char *attempt) {
  struct eagre_delta_commit made = make_commit(fixture, epoch, attempt);
  return commit(fixture, &made);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static const char *path_of(struct fixture *fixture, const char *name) {
  return eagre_arena_printf(&fixture->arena, "%s/%s", fixture->location, name).data;
}

static const char *name_of(struct fixture *fixture, int64_t version) {
  return eagre_arena_printf(&fixture->arena, "_delta_log/%020lld.json", (long long)version).data;
}

const char *read_text(struct fixture *fixture, const char *name) {
  struct eagre_buffer content = {0};
  enum eagre_status status =
      eagre_io_read_file(fixture->io, path_of(fixture, name), 0, &content, &fixture->error);
  const char *text = NULL;
  if (status == EAGRE_OK) {
    text = eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&content)).data;
  }
  eagre_buffer_done(&content);
  return text;
}

const char *read_version(struct fixture *fixture, int64_t version) {
  return read_text(fixture, name_of(fixture, version));
}

void write_text(struct fixture *fixture, const char *name, const char *content) {
  struct eagre_io_file file = {
      .path = path_of(fixture, name),
      .content = eagre_text_of(content),
      .publish = EAGRE_IO_REPLACE,
  };
  char *directory = eagre_arena_copy_string(&fixture->arena, file.path);
  *strrchr(directory, '/') = '\0';
  assert_int_equal(eagre_io_make_directories(fixture->io, directory, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_OK);
}

void write_version(struct fixture *fixture, int64_t version, const char *content) {
  write_text(fixture, name_of(fixture, version), content);
}

bool file_exists(struct fixture *fixture, const char *name) {
  return access(path_of(fixture, name), F_OK) == 0;
}

void remove_file(struct fixture *fixture, const char *name) {
  assert_int_equal(unlink(path_of(fixture, name)), 0);
}

uint32_t count_files(struct fixture *fixture, const char *suffix) {
  struct eagre_io_entry *entries;
  uint32_t count;
  uint32_t found = 0;
  assert_int_equal(eagre_io_list(fixture->io, fixture->location, &fixture->arena, &entries, &count,
                                 &fixture->error),
                   EAGRE_OK);
  for (uint32_t i = 0; i < count; i++) {
    found += eagre_text_ends_with(eagre_text_of(entries[i].name), eagre_text_of(suffix));
  }
  return found;
}

int main(void) {
  int failed = 0;
  failed += run_map_tests();
  failed += run_action_tests();
  failed += run_schema_tests();
  failed += run_protocol_tests();
  failed += run_statistics_tests();
  failed += run_file_tests();
  failed += run_commit_tests();
  failed += run_conflict_tests();
  failed += run_checkpoint_tests();
  failed += run_fault_tests();
  return failed == 0 ? 0 : 1;
}
