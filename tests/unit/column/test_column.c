/* Runs all unit tests of `column`, and the model they compare with. */
#include "test_column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void seed_test(struct eagre_random *random) {
  uint64_t seed = 0;
  const char *wanted = getenv("EAGRE_TEST_SEED");
  if (wanted != NULL) {
    seed = strtoull(wanted, NULL, 0);
  } else {
    assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
  }
  print_message("seed: EAGRE_TEST_SEED=0x%" PRIx64 "\n", seed);
  eagre_random_seed(random, seed);
}

const struct eagre_type *make_rich_type(struct eagre_arena *arena) {
  const struct eagre_type *type;
  struct eagre_error error;
  enum eagre_status status = eagre_type_parse_columns(
      arena,
      EAGRE_TEXT("a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h STRING, "
                 "i BINARY, j DATE, k TIMESTAMP, "
                 "l STRUCT<m: STRING, n: STRUCT<o: BOOLEAN, p: STRING>, q: INT>, r STRUCT<>"),
      &type, &error);
  assert_int_equal(status, EAGRE_OK);
  return type;
}

static struct eagre_text make_random_text(struct eagre_random *random, struct eagre_arena *arena) {
  size_t size = (size_t)eagre_random_below(random, 20);
  char *data = eagre_arena_allocate(arena, size);
  for (size_t i = 0; i < size; i++) {
    data[i] = (char)('a' + eagre_random_below(random, 26));
  }
  return eagre_text_make(data, size);
}

static void put_random_value(struct eagre_vector *vector, uint32_t row, bool is_null,
                             struct eagre_random *random, struct eagre_arena *arena) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_BOOLEAN) {
    eagre_bit_put(vector->data, row, eagre_random_below(random, 2) == 1);
  } else if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BINARY) {
    EAGRE_VALUES(struct eagre_text, vector)
    [row] = is_null ? EAGRE_TEXT("behind a null") : make_random_text(random, arena);
  } else if (vector->data != NULL) {
    uint64_t bytes = eagre_random_next(random) & UINT64_C(0x3fff3fff3fff3f3f);
    uint32_t width = eagre_type_width(kind);
    memcpy((char *)vector->data + (size_t)row * width, &bytes, width);
  }
}

/* What stands behind a null struct is unspecified: here it is not even readable text. */
static void spoil_texts(struct eagre_vector *vector, uint32_t row) {
  if (vector->is_constant) return;
  if (vector->type->kind == EAGRE_TYPE_STRING) {
    EAGRE_VALUES(struct eagre_text, vector)[row] = eagre_text_make((const char *)16, SIZE_MAX / 2);
  }
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    spoil_texts(&vector->children[i], row);
  }
}

static void fill_children(struct eagre_vector *vector, uint32_t row_count, bool has_nulls,
                          struct eagre_random *random, struct eagre_arena *arena) {
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    const struct eagre_type *type = vector->type->fields[i].type;
    bool is_constant = eagre_random_below(random, 4) == 0;
    fill_randomly(&vector->children[i], type, is_constant ? 1 : row_count, has_nulls, random,
                  arena);
    /* Only leaves: the children of a constant struct would have to be constants too. */
    if (is_constant && type->field_count == 0) {
      vector->children[i].is_constant = true;
    } else if (is_constant) {
      fill_randomly(&vector->children[i], type, row_count, has_nulls, random, arena);
    }
  }
}

void fill_randomly(struct eagre_vector *vector, const struct eagre_type *type, uint32_t row_count,
                   bool has_nulls, struct eagre_random *random, struct eagre_arena *arena) {
  eagre_vector_init(vector, type, row_count, arena);
  fill_children(vector, row_count, has_nulls, random, arena);
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_null = has_nulls && eagre_random_below(random, 4) == 0;
    put_random_value(vector, row, is_null, random, arena);
    if (!is_null) continue;
    eagre_vector_set_null(vector, row, row_count, arena);
    for (uint32_t i = 0; i < type->field_count; i++) {
      spoil_texts(&vector->children[i], row);
    }
  }
}

static void append_value(struct eagre_buffer *buffer, const struct eagre_vector *vector,
                         uint32_t row);

static void append_list(struct eagre_buffer *buffer, const struct eagre_vector *vector,
                        uint32_t index) {
  eagre_buffer_append_char(buffer, '[');
  for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
    for (uint32_t child = 0; child < vector->type->field_count; child++) {
      append_value(buffer, &vector->children[child], (uint32_t)i);
      eagre_buffer_append_char(buffer, child + 1 < vector->type->field_count ? ':' : ',');
    }
  }
  eagre_buffer_append_char(buffer, ']');
}

static void append_value(struct eagre_buffer *buffer, const struct eagre_vector *vector,
                         uint32_t row) {
  enum eagre_type_kind kind = vector->type->kind;
  uint32_t index = eagre_vector_index(vector, row);
  if (eagre_vector_is_null(vector, row)) {
    eagre_buffer_append_string(buffer, "null");
  } else if (kind == EAGRE_TYPE_BOOLEAN) {
    eagre_buffer_append_string(buffer, eagre_bit_get(vector->data, index) ? "true" : "false");
  } else if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BINARY) {
    eagre_buffer_append_json_string(buffer, EAGRE_VALUES(struct eagre_text, vector)[index]);
  } else if (vector->offsets != NULL) {
    append_list(buffer, vector, index);
  } else if (kind == EAGRE_TYPE_STRUCT) {
    eagre_buffer_append_char(buffer, '{');
    for (uint32_t i = 0; i < vector->type->field_count; i++) {
      append_value(buffer, &vector->children[i], row);
      eagre_buffer_append_char(buffer, ',');
    }
    eagre_buffer_append_char(buffer, '}');
  } else {
    uint32_t width = eagre_type_width(kind);
    uint64_t bytes = 0;
    memcpy(&bytes, (const char *)vector->data + (size_t)index * width, width);
    eagre_buffer_printf(buffer, "%" PRIx64, bytes);
  }
}

struct eagre_text print_row(const struct eagre_vector *vector, uint32_t row,
                            struct eagre_arena *arena) {
  struct eagre_buffer buffer = {0};
  append_value(&buffer, vector, row);
  struct eagre_text text = eagre_arena_copy_text(arena, eagre_buffer_text(&buffer));
  eagre_buffer_done(&buffer);
  return text;
}

void assert_rows_equal(const struct eagre_vector *a, uint32_t a_row, const struct eagre_vector *b,
                       uint32_t b_row) {
  struct eagre_arena arena = {0};
  assert_string_equal(print_row(a, a_row, &arena).data, print_row(b, b_row, &arena).data);
  eagre_arena_done(&arena);
}

int main(void) {
  int failures = 0;
  failures += run_batch_tests();
  failures += run_ddl_tests();
  failures += run_type_tests();
  failures += run_vector_tests();
  return failures == 0 ? 0 : 1;
}
