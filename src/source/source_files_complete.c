/* Columns that only the files know, looked up while a query is bound: those in names of directories
 * and, for Parquet without a schema, those of one file, which is the first by its path as in Spark.
 */
#include "source/source_files.h"
#include "source/source_partition.h"

enum { PARTITION_COLUMNS_MAX = 64 };

struct completion {
  struct eagre_plan_source *plan;
  struct eagre_arena *arena; /* of the plan */
  struct eagre_arena scratch;
  struct eagre_io *io;
  struct eagre_zone *zone;
  char *path;
  struct eagre_source_files_found *files;
  uint32_t file_count;
  struct eagre_text names[PARTITION_COLUMNS_MAX]; /* of the partition columns */
  const struct eagre_type *types[PARTITION_COLUMNS_MAX];
  uint32_t partition_count;
};

/* ---- Partition columns ----------------------------------------------------------------------- */

static struct eagre_text get_below(const struct completion *completion, uint32_t file) {
  struct eagre_text path = eagre_text_of(completion->files[file].path);
  size_t skipped = strlen(completion->path);
  if (skipped > path.size) skipped = path.size;
  return eagre_text_make(path.data + skipped, path.size - skipped);
}

static enum eagre_status refuse_segment(const char *class_name, const char *what,
                                        struct eagre_text name, struct eagre_text value,
                                        struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, class_name,
                  "Found an empty partition column %s in the path segment '%.*s=%.*s'.", what,
                  (int)name.size, name.data, (int)value.size, value.data);
  eagre_error_hint(error, "rename the directory to name=value");
  return EAGRE_USAGE;
}

static enum eagre_status refuse_names(const struct completion *completion, uint32_t file,
                                      struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "CONFLICTING_PARTITION_COLUMN_NAMES",
                  "Conflicting partition column names detected: %s and %s have other ones.",
                  completion->files[0].path, completion->files[file].path);
  eagre_error_hint(error, "files of one source have the same partition columns, in the same order");
  return EAGRE_USAGE;
}

/* The names in front of the first file, against which the others are checked. */
static enum eagre_status read_names(struct completion *completion, uint32_t file,
                                    struct eagre_text *names, uint32_t *out_count,
                                    struct eagre_error *error) {
  size_t position = 0;
  struct eagre_text name;
  struct eagre_text value;
  struct eagre_text below = get_below(completion, file);
  *out_count = 0;
  while (eagre_source_files_partition_next(below, &position, &name, &value)) {
    if (name.size == 0) {
      return refuse_segment("EMPTY_PARTITION_COLUMN_NAME", "name", name, value, error);
    }
    if (value.size == 0) {
      return refuse_segment("EMPTY_PARTITION_COLUMN_VALUE", "value", name, value, error);
    }
    if (*out_count == PARTITION_COLUMNS_MAX) return refuse_names(completion, file, error);
    names[(*out_count)++] = eagre_source_files_partition_unescape(completion->arena, name);
  }
  return EAGRE_OK;
}

static enum eagre_status check_names(struct completion *completion, struct eagre_error *error) {
  struct eagre_text names[PARTITION_COLUMNS_MAX];
  for (uint32_t i = 1; i < completion->file_count; i++) {
    uint32_t count;
    EAGRE_TRY(read_names(completion, i, names, &count, error));
    bool is_same = count == completion->partition_count;
    for (uint32_t k = 0; is_same && k < count; k++) {
      is_same = eagre_text_equal(names[k], completion->names[k]);
    }
    if (!is_same) return refuse_names(completion, i, error);
  }
  return EAGRE_OK;
}

static void infer_type(struct completion *completion, uint32_t column) {
  struct eagre_text *values =
      eagre_arena_allocate(&completion->scratch, completion->file_count * sizeof *values);
  for (uint32_t i = 0; i < completion->file_count; i++) {
    size_t position = 0;
    struct eagre_text name;
    struct eagre_text below = get_below(completion, i);
    for (uint32_t k = 0; k <= column; k++) {
      eagre_source_files_partition_next(below, &position, &name, &values[i]);
    }
  }
  completion->types[column] = eagre_source_files_partition_type(
      completion->arena, values, completion->file_count, completion->zone);
}

static enum eagre_status find_partitions(struct completion *completion, struct eagre_error *error) {
  if (completion->file_count == 0) return EAGRE_OK;
  EAGRE_TRY(read_names(completion, 0, completion->names, &completion->partition_count, error));
  if (completion->partition_count == 0) return EAGRE_OK; /* then no file has any */
  for (uint32_t i = 0; i < completion->partition_count; i++) {
    for (uint32_t k = 0; k < i; k++) {
      if (!eagre_text_equal_ignoring_case(completion->names[i], completion->names[k])) continue;
      return eagre_error_set(error, EAGRE_USAGE, "COLUMN_ALREADY_EXISTS",
                             "The column `%.*s` already exists. Choose another name or rename the "
                             "existing column.",
                             (int)completion->names[i].size, completion->names[i].data);
    }
  }
  EAGRE_TRY(check_names(completion, error));
  for (uint32_t i = 0; i < completion->partition_count; i++) {
    infer_type(completion, i);
  }
  return EAGRE_OK;
}

/* ---- Columns of files ------------------------------------------------------------------------ */

static enum eagre_status infer_columns(struct completion *completion, struct eagre_error *error) {
  struct eagre_parquet_reader *reader = NULL;
  const char *first = completion->files[0].path;
  for (uint32_t i = 1; i < completion->file_count; i++) {
    if (strcmp(completion->files[i].path, first) < 0) first = completion->files[i].path;
  }
  EAGRE_TRY(eagre_parquet_reader_open(completion->io, first, NULL, &reader, error));
  completion->plan->schema =
      eagre_type_copy(completion->arena, eagre_parquet_reader_columns(reader));
  eagre_parquet_reader_close(reader);
  return EAGRE_OK;
}

/* ---- Together -------------------------------------------------------------------------------- */

static enum eagre_status check_type(const struct eagre_field *field, struct eagre_error *error) {
  if (eagre_source_partition_is_type(field->type->kind)) return EAGRE_OK;
  struct eagre_buffer type = {0};
  eagre_type_print(&type, field->type);
  eagre_error_set(error, EAGRE_USAGE, "INVALID_PARTITION_COLUMN_DATA_TYPE",
                  "Cannot use \"%s\" for partition column `%.*s`.", eagre_buffer_string(&type),
                  (int)field->name.size, field->name.data);
  eagre_buffer_done(&type);
  return EAGRE_USAGE;
}

/* The columns of the files, then the partition columns, each with the type that the schema gives it
 * if it does. One that was inferred from the file itself stays where it stands. */
static enum eagre_status add_partitions(struct completion *completion, bool is_inferred,
                                        struct eagre_error *error) {
  const struct eagre_type *written = completion->plan->schema;
  uint32_t capacity = written->field_count + completion->partition_count;
  struct eagre_field *fields = eagre_arena_allocate(completion->arena, capacity * sizeof *fields);
  bool *are_partitions = eagre_arena_allocate_zeroed(completion->arena, capacity);
  uint32_t *places = eagre_arena_allocate(&completion->scratch, capacity * sizeof *places);
  uint32_t count = 0;
  for (uint32_t i = 0; i < completion->partition_count; i++) {
    places[i] = UINT32_MAX;
  }
  for (uint32_t i = 0; i < written->field_count; i++) {
    struct eagre_field field = written->fields[i];
    uint32_t partition = 0;
    while (partition < completion->partition_count &&
           !eagre_text_equal_ignoring_case(completion->names[partition], field.name)) {
      partition++;
    }
    bool is_partition = partition < completion->partition_count;
    if (is_partition && !is_inferred) {
      completion->names[partition] = field.name;
      completion->types[partition] = field.type;
      continue;
    }
    if (is_partition) {
      field.type = completion->types[partition];
      places[partition] = count;
      are_partitions[count] = true;
    }
    fields[count++] = field;
  }
  for (uint32_t i = 0; i < completion->partition_count; i++) {
    if (places[i] != UINT32_MAX) continue;
    fields[count] = (struct eagre_field){completion->names[i], completion->types[i], true};
    EAGRE_TRY(check_type(&fields[count], error));
    are_partitions[count++] = true;
  }
  completion->plan->schema = eagre_type_struct(completion->arena, fields, count);
  completion->plan->are_partitions = are_partitions;
  return EAGRE_OK;
}

static enum eagre_status complete(struct completion *completion, struct eagre_error *error) {
  struct eagre_plan_source *plan = completion->plan;
  bool is_inferred = plan->schema == NULL;
  EAGRE_TRY(
      eagre_source_files_absolute(&completion->scratch, plan->path, &completion->path, error));
  EAGRE_TRY(eagre_io_open(NULL, &completion->io, error));
  EAGRE_TRY(eagre_zone_open(EAGRE_TEXT("UTC"), &completion->zone, error));
  struct eagre_io_entry entry;
  bool is_glob = eagre_source_files_is_glob(completion->path);
  bool is_there =
      is_glob || eagre_io_stat(completion->io, completion->path, &entry, NULL) == EAGRE_OK;
  if (!is_inferred && !is_there) return EAGRE_OK; /* for `open` to say */
  EAGRE_TRY(eagre_source_files_find(completion->io, completion->path, plan->format,
                                    &completion->scratch, &completion->files,
                                    &completion->file_count, error));
  if (completion->file_count == 0) return EAGRE_OK;
  if (is_inferred) EAGRE_TRY(infer_columns(completion, error));
  if (!is_glob) EAGRE_TRY(find_partitions(completion, error));
  if (completion->partition_count == 0) return EAGRE_OK;
  return add_partitions(completion, is_inferred, error);
}

enum eagre_status eagre_source_files_complete(struct eagre_plan_source *plan,
                                              struct eagre_arena *arena,
                                              struct eagre_error *error) {
  struct completion completion = {.plan = plan, .arena = arena};
  enum eagre_status status = complete(&completion, error);
  eagre_io_close(completion.io);
  eagre_zone_close(completion.zone);
  eagre_arena_done(&completion.scratch);
  return status;
}
