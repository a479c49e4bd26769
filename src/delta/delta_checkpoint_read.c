/* Reading checkpoints of the log: the classic one, in parts, and those of version 2 with sidecars.
 * Whatever their form, they become lines of JSON: a snapshot takes them as it takes commits.
 *
 *   N.checkpoint.parquet                          classic
 *   N.checkpoint.0000000001.0000000003.parquet    part 1 of 3
 *   N.checkpoint.<uuid>.parquet, .json            version 2; actions also in _sidecars/<name> */
#include "delta/delta_checkpoint.h"

#include <inttypes.h>
#include <stdio.h>

enum { VERSION_SIZE = 20, PART_SIZE = 10, PART_COUNT_MAX = 100000 };

/* ---- Names ----------------------------------------------------------------------------------- */

struct checkpoint_name {
  int64_t version;
  uint32_t part; /* from 1; 0: it is whole */
  uint32_t part_count;
};

static bool read_digits(const char *text, int count, int64_t *out) {
  *out = 0;
  for (int i = 0; i < count; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    if (__builtin_mul_overflow(*out, 10, out)) return false;
    if (__builtin_add_overflow(*out, text[i] - '0', out)) return false;
  }
  return true;
}

static bool read_part(const char *text, struct checkpoint_name *out) {
  int64_t part;
  int64_t count;
  if (strlen(text) != 2 * PART_SIZE + strlen("..parquet")) return false;
  bool is_part = read_digits(text, PART_SIZE, &part) && text[PART_SIZE] == '.' &&
                 read_digits(text + PART_SIZE + 1, PART_SIZE, &count) &&
                 strcmp(text + 2 * PART_SIZE + 1, ".parquet") == 0;
  if (!is_part || part < 1 || part > count || count > PART_COUNT_MAX) return false;
  out->part = (uint32_t)part;
  out->part_count = (uint32_t)count;
  return true;
}

/* Whether an entry of `_delta_log` is a checkpoint or a part of one. */
static bool read_name(const char *name, struct checkpoint_name *out) {
  static const char middle[] = ".checkpoint.";
  *out = (struct checkpoint_name){0};
  if (!read_digits(name, VERSION_SIZE, &out->version)) return false;
  if (strncmp(name + VERSION_SIZE, middle, strlen(middle)) != 0) return false;
  const char *rest = name + VERSION_SIZE + strlen(middle);
  if (strcmp(rest, "parquet") == 0 || read_part(rest, out)) return true;
  struct eagre_text text = eagre_text_of(rest);
  bool is_known = eagre_text_ends_with(text, EAGRE_TEXT(".parquet")) ||
                  eagre_text_ends_with(text, EAGRE_TEXT(".json"));
  return is_known && text.size > EAGRE_UUID_SIZE - 1;
}

/* ---- Listing --------------------------------------------------------------------------------- */

/* Takes the checkpoint of entry `from` when all its parts are there: they stand side by side. */
static bool take_checkpoint(const struct eagre_io_entry *entries, uint32_t count, uint32_t from,
                            struct eagre_arena *arena, struct eagre_delta_listing *out) {
  struct checkpoint_name name;
  struct checkpoint_name next;
  bool is_first = read_name(entries[from].name, &name) && name.part <= 1;
  if (!is_first) return false;
  uint32_t part_count = name.part == 0 ? 1 : name.part_count;
  const char **files = eagre_arena_allocate(arena, part_count * sizeof *files);
  uint32_t found = 0;
  for (uint32_t i = from; i < count && found < part_count; i++) {
    bool is_name = read_name(entries[i].name, &next) && next.version == name.version;
    if (!is_name || next.part_count != name.part_count) continue;
    if (name.part > 0 && next.part != found + 1) return false;
    files[found++] = entries[i].name;
  }
  if (found < part_count) return false;
  out->checkpoint = name.version;
  out->files = files;
  out->file_count = part_count;
  return true;
}

enum eagre_status eagre_delta_list(struct eagre_delta_table *table, int64_t version_max,
                                   struct eagre_arena *arena, struct eagre_delta_listing *out,
                                   struct eagre_error *error) {
  struct eagre_io_entry *entries;
  uint32_t count;
  *out = (struct eagre_delta_listing){.first_commit = -1, .last_commit = -1, .checkpoint = -1};
  enum eagre_status status =
      eagre_store_list(table->store, "_delta_log", arena, &entries, &count, error);
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  for (uint32_t i = 0; i < count; i++) { /* by name, so by version */
    struct checkpoint_name name;
    int64_t version = eagre_delta_log_version(entries[i].name);
    if (version >= 0) {
      if (out->first_commit < 0) out->first_commit = version;
      out->last_commit = version;
    } else if (read_name(entries[i].name, &name) && name.version <= version_max &&
               name.version > out->checkpoint) {
      take_checkpoint(entries, count, i, arena, out);
    }
  }
  return EAGRE_OK;
}

/* ---- Columns to JSON ------------------------------------------------------------------------- */

static void print_value(const struct eagre_vector *vector, uint32_t row, struct eagre_buffer *out);

/* Members without a value are left out, as in a commit. */
static void print_struct(const struct eagre_vector *vector, uint32_t row,
                         struct eagre_buffer *out) {
  const struct eagre_type *type = vector->type;
  bool is_first = true;
  eagre_buffer_append_char(out, '{');
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (eagre_vector_is_null(&vector->children[i], row)) continue;
    if (!is_first) eagre_buffer_append_char(out, ',');
    is_first = false;
    eagre_buffer_append_json_string(out, type->fields[i].name);
    eagre_buffer_append_char(out, ':');
    print_value(&vector->children[i], row, out);
  }
  eagre_buffer_append_char(out, '}');
}

static void print_repeated(const struct eagre_vector *vector, uint32_t row,
                           struct eagre_buffer *out) {
  bool is_map = vector->type->kind == EAGRE_TYPE_MAP;
  uint32_t index = eagre_vector_index(vector, row);
  eagre_buffer_append_char(out, is_map ? '{' : '[');
  for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
    if (i > vector->offsets[index]) eagre_buffer_append_char(out, ',');
    if (is_map) {
      print_value(&vector->children[0], (uint32_t)i, out);
      eagre_buffer_append_char(out, ':');
    }
    print_value(&vector->children[is_map ? 1 : 0], (uint32_t)i, out);
  }
  eagre_buffer_append_char(out, is_map ? '}' : ']');
}

static void print_value(const struct eagre_vector *vector, uint32_t row, struct eagre_buffer *out) {
  uint32_t index = eagre_vector_index(vector, row);
  if (eagre_vector_is_null(vector, row)) {
    eagre_buffer_append_string(out, "null");
    return;
  }
  switch (vector->type->kind) {
  case EAGRE_TYPE_STRUCT:
    print_struct(vector, row, out);
    return;
  case EAGRE_TYPE_ARRAY:
  case EAGRE_TYPE_MAP:
    print_repeated(vector, row, out);
    return;
  case EAGRE_TYPE_STRING:
    eagre_buffer_append_json_string(out, EAGRE_VALUES(struct eagre_text, vector)[index]);
    return;
  case EAGRE_TYPE_BOOLEAN:
    eagre_buffer_append_string(out, eagre_bit_get(vector->data, index) ? "true" : "false");
    return;
  case EAGRE_TYPE_INT:
    eagre_buffer_printf(out, "%" PRId32, EAGRE_VALUES(int32_t, vector)[index]);
    return;
  default:
    eagre_buffer_printf(out, "%" PRId64, EAGRE_VALUES(int64_t, vector)[index]);
  }
}

static void print_rows(const struct eagre_batch *batch, struct eagre_buffer *out) {
  const struct eagre_type *type = &eagre_delta_checkpoint_type;
  for (uint32_t row = 0; row < batch->row_count; row++) {
    for (uint32_t i = 0; i < type->field_count; i++) {
      if (eagre_vector_is_null(&batch->columns[i], row)) continue;
      eagre_buffer_append_char(out, '{');
      eagre_buffer_append_json_string(out, type->fields[i].name);
      eagre_buffer_append_char(out, ':');
      print_value(&batch->columns[i], row, out);
      eagre_buffer_append_string(out, "}\n");
    }
  }
}

static enum eagre_status print_batches(struct eagre_parquet_reader *reader,
                                       struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_batch *batch = eagre_batch_new();
  enum eagre_status status = EAGRE_OK;
  while ((status = eagre_parquet_reader_read(reader, batch, NULL, error)) == EAGRE_OK) {
    print_rows(batch, out);
    eagre_batch_reset(batch);
  }
  eagre_batch_free(batch);
  return status == EAGRE_END ? EAGRE_OK : status;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static enum eagre_status refuse(const struct eagre_delta_table *table, const char *name,
                                const char *what, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                  "the checkpoint of the Delta log of %s cannot be read: %s", table->location,
                  what);
  eagre_error_place(error, "%s", name);
  return EAGRE_UNSAFE;
}

static enum eagre_status read_parquet(struct eagre_delta_table *table, const char *name,
                                      struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_parquet_reader *reader = NULL;
  struct eagre_error reason;
  eagre_error_init(&reason);
  const char *path = eagre_store_path(table->store, name, &arena);
  const struct eagre_parquet_read_options options = {.columns = &eagre_delta_checkpoint_type};
  enum eagre_status status = eagre_parquet_reader_open(table->io, path, &options, &reader, &reason);
  if (status == EAGRE_OK) status = print_batches(reader, out, &reason);
  eagre_parquet_reader_close(reader);
  eagre_arena_done(&arena);
  return status == EAGRE_OK ? EAGRE_OK : refuse(table, name, reason.text, error);
}

static enum eagre_status read_json(struct eagre_delta_table *table, const char *name,
                                   struct eagre_buffer *out, struct eagre_error *error) {
  enum eagre_status status = eagre_store_read(table->store, name, &table->content, error);
  if (status == EAGRE_END) return refuse(table, name, "it has vanished", error);
  EAGRE_TRY(status);
  eagre_buffer_append_text(out, eagre_buffer_text(&table->content));
  if (out->size > 0 && out->data[out->size - 1] != '\n') eagre_buffer_append_char(out, '\n');
  return EAGRE_OK;
}

static enum eagre_status read_file(struct eagre_delta_table *table, const char *name,
                                   struct eagre_buffer *out, struct eagre_error *error) {
  bool is_json = eagre_text_ends_with(eagre_text_of(name), EAGRE_TEXT(".json"));
  return is_json ? read_json(table, name, out, error) : read_parquet(table, name, out, error);
}

/* ---- Sidecars -------------------------------------------------------------------------------- */

/* Reads the sidecar that a line names, if it does. */
static enum eagre_status read_sidecar(struct eagre_delta_table *table, struct eagre_text line,
                                      struct eagre_arena *arena, struct eagre_buffer *out,
                                      struct eagre_error *error) {
  const struct eagre_json_node *root;
  if (!eagre_text_starts_with(line, EAGRE_TEXT("{\"sidecar\":"))) return EAGRE_OK;
  if (eagre_json_read(arena, line, &root, NULL) != EAGRE_OK) {
    return refuse(table, "_delta_log", "a sidecar that is no JSON", error);
  }
  const struct eagre_json_node *body = eagre_json_member(root, "sidecar");
  if (body->kind != EAGRE_JSON_OBJECT) return EAGRE_OK;
  struct eagre_text path = eagre_delta_path_decode(arena, eagre_delta_member_text(body, "path"));
  bool is_name = path.size > 0 && memchr(path.data, '/', path.size) == NULL;
  if (!is_name) return refuse(table, "_delta_log", "a sidecar with a path", error);
  const char *name =
      eagre_arena_printf(arena, "_delta_log/_sidecars/%.*s", (int)path.size, path.data).data;
  return read_file(table, name, out, error);
}

static enum eagre_status read_sidecars(struct eagre_delta_table *table, struct eagre_text lines,
                                       struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  enum eagre_status status = EAGRE_OK;
  while (lines.size > 0 && status == EAGRE_OK) {
    const char *newline = memchr(lines.data, '\n', lines.size);
    size_t size = newline == NULL ? lines.size : (size_t)(newline - lines.data) + 1;
    status = read_sidecar(table, eagre_text_make(lines.data, size), &arena, out, error);
    eagre_arena_reset(&arena);
    lines = eagre_text_make(lines.data + size, lines.size - size);
  }
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_delta_checkpoint_read(struct eagre_delta_table *table,
                                              const struct eagre_delta_listing *listing,
                                              struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_buffer sidecars = {0};
  enum eagre_status status = EAGRE_OK;
  struct eagre_arena arena = {0};
  for (uint32_t i = 0; i < listing->file_count && status == EAGRE_OK; i++) {
    const char *name = eagre_arena_printf(&arena, "_delta_log/%s", listing->files[i]).data;
    status = read_file(table, name, out, error);
  }
  if (status == EAGRE_OK) status = read_sidecars(table, eagre_buffer_text(out), &sidecars, error);
  if (status == EAGRE_OK) eagre_buffer_append_text(out, eagre_buffer_text(&sidecars));
  eagre_buffer_done(&sidecars);
  eagre_arena_done(&arena);
  return status;
}
