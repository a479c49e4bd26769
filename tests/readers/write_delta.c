/* Writes one epoch into a Delta table: write_delta LOCATION, with a header line and one line per
 * row on standard input (rows.h). The header has "schema", "application", "epoch", "attempt" and
 * "now" (milliseconds) and may have "replace", "overwriteSchema", "comments", "description",
 * "codec", "files" (over how many data files the rows are spread), "pageRows" and "purge". Prints
 * what the table is afterwards as one line of JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "delta/delta.h"
#include "io/io.h"
#include "rows.h"

struct run {
  struct eagre_error error;
  struct eagre_arena arena;
  struct eagre_io *io;
  struct eagre_delta_table *table;
  const struct eagre_json_node *header;
  const struct eagre_type *schema; /* of the query */
  uint32_t *map;                   /* from table columns to the query's */
  struct eagre_delta_file_options options;
  struct eagre_parquet_options parquet;
  struct eagre_buffer actions;
  uint64_t row_count;
};

static void read_options(struct run *run) {
  eagre_parquet_options_init(&run->parquet);
  const char *codec = get_string(run->header, "codec", &run->arena);
  if (codec != NULL) {
    check(eagre_codec_parse(eagre_text_of(codec), &run->parquet.codec, &run->error), &run->error);
  }
  run->parquet.page_rows = (uint32_t)get_integer(run->header, "pageRows", 20000);
  const struct eagre_type *table_schema = eagre_delta_schema(run->table);
  run->options = (struct eagre_delta_file_options){
      .schema = table_schema == NULL ? run->schema : table_schema,
      .parquet = &run->parquet,
      .application_id = get_string(run->header, "application", &run->arena),
      .attempt = get_string(run->header, "attempt", &run->arena),
      .epoch = get_integer(run->header, "epoch", 0),
  };
}

/* The columns of the table from those of the query. */
static struct eagre_vector *arrange(const struct run *run, const struct eagre_vector *columns,
                                    struct eagre_arena *arena) {
  const struct eagre_type *type = run->options.schema;
  struct eagre_vector *arranged = eagre_arena_allocate(arena, type->field_count * sizeof *arranged);
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (run->map[i] == UINT32_MAX) {
      eagre_vector_init_null(&arranged[i], type->fields[i].type, arena);
    } else {
      arranged[i] = columns[run->map[i]];
    }
  }
  return arranged;
}

static bool write_file(struct run *run, struct eagre_text *lines, uint32_t row_count_max) {
  struct eagre_arena arena = {0};
  struct eagre_vector *columns;
  uint32_t count = build_columns(&arena, run->schema, lines, row_count_max, false, &columns);
  if (count > 0) {
    struct eagre_delta_file *file;
    check(eagre_delta_file_open(run->io, eagre_delta_location(run->table), &run->options, &file,
                                &run->error),
          &run->error);
    enum eagre_status status =
        eagre_delta_file_write(file, arrange(run, columns, &arena), count, &run->error);
    if (status != EAGRE_OK) eagre_delta_file_abort(file);
    check(status, &run->error);
    check(eagre_delta_file_finish(file, &run->actions, &run->error), &run->error);
    run->row_count += count;
  }
  eagre_arena_done(&arena);
  return count > 0;
}

static uint32_t count_lines(struct eagre_text lines) {
  uint32_t count = 0;
  struct eagre_text line;
  while (take_line(&lines, &line)) {
    count++;
  }
  return count;
}

static void write_files(struct run *run, struct eagre_text lines) {
  uint32_t file_count = (uint32_t)get_integer(run->header, "files", 1);
  uint32_t rows_per_file = (count_lines(lines) + file_count - 1) / file_count;
  while (rows_per_file > 0 && write_file(run, &lines, rows_per_file)) {
  }
}

static const char *const *read_comments(struct run *run) {
  const struct eagre_json_node *list = eagre_json_member(run->header, "comments");
  if (list == NULL) return NULL;
  const char **comments =
      eagre_arena_allocate_zeroed(&run->arena, run->schema->field_count * sizeof *comments);
  uint32_t i = 0;
  for (const struct eagre_json_node *node = list->child; node != NULL; node = node->next) {
    if (node->kind == EAGRE_JSON_STRING) {
      comments[i] = eagre_arena_copy_text(&run->arena, node->text).data;
    }
    i++;
  }
  return comments;
}

static void commit(struct run *run) {
  struct eagre_text actions = eagre_buffer_text(&run->actions);
  struct eagre_delta_commit commit = {
      .application_id = run->options.application_id,
      .epoch = run->options.epoch,
      .attempt = run->options.attempt,
      .actions = &actions,
      .action_count = 1,
      .row_count = run->row_count,
      .replace = get_flag(run->header, "replace"),
      .overwrite_schema = get_flag(run->header, "overwriteSchema"),
      .schema = run->schema,
      .column_comments = read_comments(run),
      .description = get_string(run->header, "description", &run->arena),
      .now_ms = get_integer(run->header, "now", 0),
  };
  int64_t version;
  check(eagre_delta_commit(run->table, &commit, &version, &run->error), &run->error);
  if (get_flag(run->header, "purge")) {
    check(eagre_delta_purge(run->table, commit.application_id, commit.epoch, &run->error),
          &run->error);
  }
  printf("{\"version\":%" PRId64 ",\"files\":%" PRIu64 ",\"id\":\"%s\"}\n", version,
         eagre_delta_file_count(run->table), eagre_delta_id(run->table));
}

static void check_schema(struct run *run) {
  bool overwrites = get_flag(run->header, "overwriteSchema");
  if (overwrites) {
    /* The files get the new columns. */
    run->options.schema = run->schema;
    run->map = eagre_arena_allocate(&run->arena, run->schema->field_count * sizeof *run->map);
    for (uint32_t i = 0; i < run->schema->field_count; i++) {
      run->map[i] = i;
    }
    return;
  }
  check(eagre_delta_check_schema(run->table, run->schema, &run->arena, &run->map, &run->error),
        &run->error);
}

int main(int argc, char **argv) {
  if (argc != 2) fail("usage: write_delta LOCATION");
  struct run run = {0};
  eagre_error_init(&run.error);
  struct eagre_buffer input = {0};
  read_input(&input);
  struct eagre_text lines = eagre_buffer_text(&input);
  struct eagre_text line;
  if (!take_line(&lines, &line)) fail("the header is missing");
  run.header = read_json(&run.arena, line);
  run.schema = read_type(&run.arena, eagre_json_member(run.header, "schema"));
  check(eagre_io_open(&(struct eagre_io_options){0}, &run.io, &run.error), &run.error);
  check(eagre_delta_open(run.io, eagre_text_of(argv[1]), &run.table, &run.error), &run.error);
  read_options(&run);
  check_schema(&run);
  write_files(&run, lines);
  commit(&run);
  eagre_delta_close(run.table);
  eagre_io_close(run.io);
  eagre_buffer_done(&run.actions);
  eagre_buffer_done(&input);
  eagre_arena_done(&run.arena);
  return 0;
}
