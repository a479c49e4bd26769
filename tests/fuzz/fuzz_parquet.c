/* Parquet files made of arbitrary bytes: reading gives batches or a refusal. Every value of a batch
 * is looked at, after the reader is gone, as a batch may outlive it; what can be read as it is can
 * also be asked for by name, with predicates, and gives as many rows or fewer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parquet/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A few bytes can stand for very many values: bounded, so that an input takes no time. */
enum { BATCH_COUNT_MAX = 24, PAGE_SIZE_MAX = 1 << 18, VALUES_MAX = 1 << 14, COLUMNS_MAX = 64 };

struct target {
  struct eagre_io *io;
  char path[64];
  uint64_t sum; /* of all bytes seen */
};

static struct target target; /* one for all inputs */

static void close_target(void) {
  eagre_io_close(target.io);
  unlink(target.path);
}

static void open_target(void) {
  setenv("EAGRE_IO", "posix", 1);
  if (eagre_io_open(NULL, &target.io, NULL) != EAGRE_OK) abort();
  const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(target.path, sizeof target.path, "%s/eagre-fuzz-XXXXXX", parent);
  int descriptor = mkstemp(target.path);
  if (descriptor < 0 || close(descriptor) != 0) abort();
  if (atexit(close_target) != 0) abort();
}

static void write_file(const uint8_t *data, size_t size) {
  FILE *file = fopen(target.path, "wb");
  if (file == NULL) abort();
  if (size > 0 && fwrite(data, 1, size, file) != size) abort();
  if (fclose(file) != 0) abort();
}

/* ---- Looking at values ----------------------------------------------------------------------- */

static void look_at_vector(const struct eagre_vector *vector, uint32_t row_count);

static void look_at_text(struct eagre_text text) {
  for (size_t i = 0; i < text.size; i++) {
    target.sum += (unsigned char)text.data[i];
  }
}

static void look_at_data(const struct eagre_vector *vector, uint32_t row_count) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BINARY) {
    for (uint32_t i = 0; i < row_count; i++) {
      look_at_text(EAGRE_VALUES(struct eagre_text, vector)[i]);
    }
  } else if (vector->data != NULL) {
    size_t size = kind == EAGRE_TYPE_BOOLEAN ? (row_count + 7) / 8
                                             : (size_t)row_count * eagre_type_width(kind);
    look_at_text(eagre_text_make(vector->data, size));
  }
}

static void look_at_vector(const struct eagre_vector *vector, uint32_t row_count) {
  if (vector->is_constant) row_count = 1;
  if (vector->validity != NULL) {
    look_at_text(eagre_text_make((const char *)vector->validity, (row_count + 7) / 8));
  }
  look_at_data(vector, row_count);
  uint32_t child_count = row_count;
  if (vector->offsets != NULL) {
    for (uint32_t i = 0; i < row_count; i++) {
      if (vector->offsets[i] < 0 || vector->offsets[i] > vector->offsets[i + 1]) abort();
    }
    child_count = (uint32_t)vector->offsets[row_count];
  }
  for (uint32_t i = 0; vector->children != NULL && i < vector->type->field_count; i++) {
    look_at_vector(&vector->children[i], child_count);
  }
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void check_status(enum eagre_status status, const struct eagre_error *error) {
  if (status == EAGRE_OK || status == EAGRE_END) return;
  if (status != EAGRE_DATA || error->status != status || error->class_name[0] == '\0') abort();
}

/* Looks at some batches and frees them when the reader has been closed; returns how many rows they
 * had. Types are given by the caller, who keeps them. */
static uint64_t read_batches(const struct eagre_parquet_read_options *options) {
  struct eagre_parquet_reader *reader;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_parquet_reader_open(target.io, target.path, options, &reader, &error);
  check_status(status, &error);
  if (status != EAGRE_OK) return 0;
  struct eagre_batch *batches[BATCH_COUNT_MAX];
  uint32_t count = 0;
  uint64_t row_count = 0;
  while (status == EAGRE_OK && count < BATCH_COUNT_MAX) {
    batches[count] = eagre_batch_new();
    status = eagre_parquet_reader_read(reader, batches[count], NULL, &error);
    check_status(status, &error);
    count++;
  }
  eagre_parquet_reader_close(reader);
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t k = 0; k < batches[i]->column_count; k++) {
      look_at_vector(&batches[i]->columns[k], batches[i]->row_count);
    }
    row_count += batches[i]->row_count;
    eagre_batch_free(batches[i]);
  }
  return row_count;
}

static bool has_constant(const struct eagre_type *type) {
  return eagre_type_width(type->kind) > 0 || type->kind == EAGRE_TYPE_BOOLEAN;
}

/* A comparison with zero or "" for each column that has one. */
static uint32_t make_predicates(const struct eagre_type *columns, struct eagre_arena *arena,
                                struct eagre_parquet_predicate *out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < columns->field_count && count < COLUMNS_MAX; i++) {
    const struct eagre_type *type = columns->fields[i].type;
    if (!has_constant(type)) continue;
    struct eagre_vector *constant = eagre_arena_allocate_zeroed(arena, sizeof *constant);
    eagre_vector_init(constant, type, 1, arena);
    if (type->kind != EAGRE_TYPE_BOOLEAN) {
      memset(constant->data, 0, eagre_type_width(type->kind));
    }
    out[count++] = (struct eagre_parquet_predicate){
        .column = columns->fields[i].name,
        .comparison = (enum eagre_parquet_comparison)(i % (EAGRE_PARQUET_IS_NOT_NULL + 1)),
        .constant = constant,
    };
  }
  return count;
}

/* The columns of the file, in `arena`; NULL when they cannot be read. */
static const struct eagre_type *read_columns(const struct eagre_parquet_read_options *options,
                                             struct eagre_arena *arena) {
  struct eagre_parquet_reader *reader;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_parquet_reader_open(target.io, target.path, options, &reader, &error);
  check_status(status, &error);
  if (status != EAGRE_OK) return NULL;
  const struct eagre_type *columns = eagre_type_copy(arena, eagre_parquet_reader_columns(reader));
  eagre_parquet_reader_close(reader);
  return columns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (target.io == NULL) open_target();
  write_file(data, size);
  struct eagre_arena arena = {0};
  struct eagre_parquet_predicate predicates[COLUMNS_MAX];
  struct eagre_parquet_read_options options = {
      .page_size_max = PAGE_SIZE_MAX,
      .batch_values_max = VALUES_MAX,
  };
  options.columns = read_columns(&options, &arena);
  if (options.columns != NULL) {
    uint64_t row_count = read_batches(&options);
    options.predicates = predicates;
    options.predicate_count = make_predicates(options.columns, &arena, predicates);
    if (read_batches(&options) > row_count && row_count > 0 && row_count < BATCH_COUNT_MAX) {
      abort();
    }
  }
  eagre_arena_done(&arena);
  return 0;
}
