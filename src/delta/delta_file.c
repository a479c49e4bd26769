/* Data files: a Parquet file and the add action that tells of it. */
#include <inttypes.h>

#include "delta/delta.h"
#include "delta/delta_statistics.h"
#include "store/store.h"

enum { NUMBER_MAX = 100000 }; /* files of one attempt on one core */

struct eagre_delta_file {
  struct eagre_io *io;
  struct eagre_arena arena;
  struct eagre_parquet_writer *writer;
  struct eagre_parquet_writer **spare; /* where the writer goes at last; may be NULL */
  bool has_not_null;                   /* some column, or a field of some STRUCT, is not nullable */
  char *location;
  char *name; /* of the file below `location` */
};

/* ---- Life ------------------------------------------------------------------------------------ */

static void free_file(struct eagre_delta_file *file) {
  eagre_parquet_writer_free(file->writer);
  eagre_arena_done(&file->arena);
  eagre_free(file);
}

void eagre_delta_file_abort(struct eagre_delta_file *file) {
  if (file != NULL) free_file(file);
}

/* ".zstd.parquet" */
static const char *print_extension(struct eagre_arena *arena, enum eagre_codec codec) {
  if (codec == EAGRE_CODEC_NONE) return ".parquet";
  return eagre_arena_printf(arena, ".%s.parquet", eagre_codec_name(codec)).data;
}

/* In the memory of the spare writer where there is one. */
static enum eagre_status open_writer(struct eagre_delta_file *file, const char *path,
                                     const struct eagre_delta_file_options *options,
                                     struct eagre_error *error) {
  if (file->spare == NULL || *file->spare == NULL) {
    return eagre_parquet_writer_open(file->io, path, options->schema, options->parquet,
                                     &file->writer, error);
  }
  EAGRE_TRY(eagre_parquet_writer_reopen(*file->spare, path, error));
  file->writer = *file->spare;
  *file->spare = NULL;
  return EAGRE_OK;
}

/* The first number whose file does not exist: the attempt is ours alone, so they were made by this
 * core before. */
static enum eagre_status create(struct eagre_delta_file *file,
                                const struct eagre_delta_file_options *options,
                                struct eagre_error *error) {
  const struct eagre_store_attempt attempt = {options->application_id, options->attempt,
                                              options->epoch, options->core};
  const char *extension = print_extension(&file->arena, options->parquet->codec);
  enum eagre_status status = EAGRE_OK;
  for (int number = 0; number < NUMBER_MAX; number++) {
    struct eagre_text name =
        eagre_store_name_print(&attempt, (uint32_t)number, extension, &file->arena);
    struct eagre_text path = eagre_arena_printf(&file->arena, "%s/%s", file->location, name.data);
    file->name = eagre_arena_copy_string(&file->arena, name.data);
    status = open_writer(file, path.data, options, error);
    if (status != EAGRE_UNSAFE) return status;
  }
  return status;
}

/* Delta has no rule for the elements of ARRAY and MAP. */
static bool has_not_null(const struct eagre_type *type) {
  if (type->kind != EAGRE_TYPE_STRUCT) return false;
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (!type->fields[i].nullable || has_not_null(type->fields[i].type)) return true;
  }
  return false;
}

enum eagre_status eagre_delta_file_open(struct eagre_io *io, const char *location,
                                        const struct eagre_delta_file_options *options,
                                        struct eagre_delta_file **out_file,
                                        struct eagre_error *error) {
  EAGRE_TRY(eagre_io_make_directories(io, location, error));
  struct eagre_delta_file *file = eagre_allocate_zeroed(1, sizeof *file);
  file->io = io;
  file->spare = options->spare;
  file->has_not_null = has_not_null(options->schema);
  file->location = eagre_arena_copy_string(&file->arena, location);
  enum eagre_status status = create(file, options, error);
  if (status != EAGRE_OK) {
    free_file(file);
    return status;
  }
  *out_file = file;
  return EAGRE_OK;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* The field that is NULL where it must not be, or NULL. */
static const struct eagre_field *find_violation(const struct eagre_field *field,
                                                const struct eagre_vector *vector, uint32_t row) {
  if (eagre_vector_is_null(vector, row)) return field->nullable ? NULL : field;
  if (field->type->kind != EAGRE_TYPE_STRUCT) return NULL;
  row = eagre_vector_index(vector, row);
  for (uint32_t i = 0; i < field->type->field_count; i++) {
    const struct eagre_field *violated =
        find_violation(&field->type->fields[i], &vector->children[i], row);
    if (violated != NULL) return violated;
  }
  return NULL;
}

/* NOT NULL is an invariant of the table that its writers must keep. */
static enum eagre_status check_not_null(const struct eagre_type *schema,
                                        const struct eagre_vector *columns, uint32_t row_count,
                                        struct eagre_error *error) {
  for (uint32_t i = 0; i < schema->field_count; i++) {
    for (uint32_t row = 0; row < row_count; row++) {
      const struct eagre_field *violated = find_violation(&schema->fields[i], &columns[i], row);
      if (violated == NULL) continue;
      eagre_error_set(error, EAGRE_DATA, "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
                      "the column `%.*s` is NOT NULL in the Delta table and got a NULL",
                      (int)violated->name.size, violated->name.data);
      if (error != NULL) error->row = row;
      return EAGRE_DATA;
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_delta_file_write(struct eagre_delta_file *file,
                                         const struct eagre_vector *columns, uint32_t row_count,
                                         struct eagre_error *error) {
  if (file->has_not_null) {
    const struct eagre_type *schema = eagre_parquet_writer_schema(file->writer);
    EAGRE_TRY(check_not_null(schema, columns, row_count, error));
  }
  return eagre_parquet_writer_write(file->writer, columns, row_count, error);
}

uint64_t eagre_delta_file_size(const struct eagre_delta_file *file) {
  return eagre_parquet_writer_size(file->writer);
}

uint64_t eagre_delta_file_row_count(const struct eagre_delta_file *file) {
  return eagre_parquet_writer_row_count(file->writer);
}

/* ---- Finish ---------------------------------------------------------------------------------- */

static void print_action(const struct eagre_delta_file *file, uint64_t size, int64_t modified_ms,
                         struct eagre_buffer *out) {
  struct eagre_buffer statistics = {0};
  eagre_delta_statistics_print(file->writer, eagre_parquet_writer_schema(file->writer),
                               &statistics);
  /* The name has no character that a URI would escape. */
  eagre_buffer_append_string(out, "{\"add\":{\"path\":");
  eagre_buffer_append_json_string(out, eagre_text_of(file->name));
  eagre_buffer_printf(out,
                      ",\"partitionValues\":{},\"size\":%" PRIu64 ",\"modificationTime\":%" PRId64
                      ",\"dataChange\":true,\"stats\":",
                      size, modified_ms);
  eagre_buffer_append_json_string(out, eagre_buffer_text(&statistics));
  eagre_buffer_append_string(out, "}}\n");
  eagre_buffer_done(&statistics);
}

static enum eagre_status finish(struct eagre_delta_file *file, struct eagre_buffer *out_action,
                                struct eagre_error *error) {
  uint64_t size;
  EAGRE_TRY(eagre_parquet_writer_finish(file->writer, &size, error));
  struct eagre_text path = eagre_arena_printf(&file->arena, "%s/%s", file->location, file->name);
  struct eagre_io_entry entry;
  enum eagre_status status = eagre_io_stat(file->io, path.data, &entry, error);
  /* Whoever took the checkpoint over removes the files of attempts before his. */
  if (status == EAGRE_END) {
    eagre_error_set(error, EAGRE_UNSAFE, "DELTA_DATA_FILE_MISSING",
                    "the data file %s vanished while it was written", path.data);
    eagre_error_hint(error, "another process may have taken the checkpoint over; run one only");
    return EAGRE_UNSAFE;
  }
  if (status != EAGRE_OK) return status;
  print_action(file, size, entry.modified_us / 1000, out_action);
  if (file->spare == NULL) return EAGRE_OK;
  eagre_assert(*file->spare == NULL);
  *file->spare = file->writer;
  file->writer = NULL;
  return EAGRE_OK;
}

enum eagre_status eagre_delta_file_finish(struct eagre_delta_file *file,
                                          struct eagre_buffer *out_action,
                                          struct eagre_error *error) {
  enum eagre_status status = finish(file, out_action, error);
  free_file(file);
  return status;
}
