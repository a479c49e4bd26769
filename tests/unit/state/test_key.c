/* Proves keys: equal bytes if and only if equal rows, for random columns of every type, and that
 * they are read back. */
#include "test_state.h"

#include <math.h>
#include <string.h>

enum { ROWS = 120, COLUMNS_MAX = 3 };

static const struct eagre_type *make_struct_type(struct eagre_arena *arena) {
  struct eagre_field inner_fields[] = {
      {EAGRE_TEXT("x"), eagre_type_of(EAGRE_TYPE_BINARY), true},
      {EAGRE_TEXT("y"), eagre_type_of(EAGRE_TYPE_BOOLEAN), true},
  };
  struct eagre_field fields[] = {
      {EAGRE_TEXT("a"), eagre_type_of(EAGRE_TYPE_INT), true},
      {EAGRE_TEXT("b"), eagre_type_struct(arena, inner_fields, 2), true},
      {EAGRE_TEXT("c"), eagre_type_of(EAGRE_TYPE_STRING), true},
  };
  return eagre_type_struct(arena, fields, 3);
}

static const enum eagre_type_kind kinds[] = {
    EAGRE_TYPE_BOOLEAN, EAGRE_TYPE_TINYINT, EAGRE_TYPE_SMALLINT,  EAGRE_TYPE_INT,
    EAGRE_TYPE_BIGINT,  EAGRE_TYPE_FLOAT,   EAGRE_TYPE_DOUBLE,    EAGRE_TYPE_STRING,
    EAGRE_TYPE_BINARY,  EAGRE_TYPE_DATE,    EAGRE_TYPE_TIMESTAMP, EAGRE_TYPE_STRUCT,
    EAGRE_TYPE_NULL,
};

static const struct eagre_type *pick_type(struct eagre_random *random, struct eagre_arena *arena) {
  enum eagre_type_kind kind = kinds[eagre_random_below(random, EAGRE_COUNT_OF(kinds))];
  return kind == EAGRE_TYPE_STRUCT ? make_struct_type(arena) : eagre_type_of(kind);
}

/* Few different values, so that equal rows are frequent, and those that are easily confused. */
static void fill_value(struct eagre_vector *vector, uint32_t row, struct eagre_random *random) {
  static const double doubles[] = {0.0, -0.0, 1.5, -INFINITY, NAN, 1e300};
  static const struct eagre_text texts[] = {
      EAGRE_TEXT(""),
      EAGRE_TEXT("a"),
      EAGRE_TEXT("ab"),
      EAGRE_TEXT("\xff"),
      EAGRE_TEXT("\xff\xff"),
      EAGRE_TEXT("\xff"
                 "a"),
      EAGRE_TEXT("\0\0"),
      EAGRE_TEXT("\1"),
      EAGRE_TEXT("12345678"),
      EAGRE_TEXT("1234"),
      EAGRE_TEXT("a text of more than one hundred and twenty-seven bytes, so that its size needs "
                 "two bytes as a prefix in a key of several columns, and some more"),
  };
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_bit_put(vector->data, row, eagre_random_below(random, 2) == 1);
    break;
  case EAGRE_TYPE_FLOAT:
    EAGRE_VALUES(float, vector)[row] = (float)doubles[eagre_random_below(random, 5)];
    break;
  case EAGRE_TYPE_DOUBLE:
    EAGRE_VALUES(double, vector)[row] = doubles[eagre_random_below(random, 6)];
    break;
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    EAGRE_VALUES(struct eagre_text, vector)
    [row] = texts[eagre_random_below(random, EAGRE_COUNT_OF(texts))];
    break;
  case EAGRE_TYPE_STRUCT:
  case EAGRE_TYPE_NULL:
    break;
  default: {
    uint32_t width = eagre_type_width(vector->type->kind);
    int64_t value = (int64_t)eagre_random_below(random, 4) - 1;
    memcpy((char *)vector->data + (size_t)row * width, &value, width);
  }
  }
}

static void fill_vector(struct eagre_vector *vector, uint32_t row_count,
                        struct eagre_random *random, struct eagre_arena *arena) {
  bool has_nulls = eagre_random_below(random, 2) == 0;
  for (uint32_t row = 0; row < row_count; row++) {
    fill_value(vector, row, random);
    if (has_nulls && eagre_random_below(random, 3) == 0)
      eagre_vector_set_null(vector, row, row_count, arena);
  }
  if (vector->type->kind != EAGRE_TYPE_STRUCT) return;
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    fill_vector(&vector->children[i], row_count, random, arena);
  }
}

static void make_column(struct eagre_vector *vector, const struct eagre_type *type,
                        struct eagre_random *random, struct eagre_arena *arena) {
  bool is_constant = type->kind != EAGRE_TYPE_STRUCT && eagre_random_below(random, 5) == 0;
  uint32_t row_count = is_constant ? 1 : ROWS;
  eagre_vector_init(vector, type, row_count, arena);
  fill_vector(vector, row_count, random, arena);
  vector->is_constant = is_constant;
}

/* The meaning of equal keys, spelled out. */
static bool is_value_equal(const struct eagre_vector *a, uint32_t row_a,
                           const struct eagre_vector *b, uint32_t row_b) {
  bool is_null = eagre_vector_is_null(a, row_a);
  if (is_null || eagre_vector_is_null(b, row_b)) return is_null == eagre_vector_is_null(b, row_b);
  uint32_t i = eagre_vector_index(a, row_a);
  uint32_t j = eagre_vector_index(b, row_b);
  switch (a->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return eagre_bit_get(a->data, i) == eagre_bit_get(b->data, j);
  case EAGRE_TYPE_FLOAT: {
    float x = EAGRE_VALUES(float, a)[i];
    float y = EAGRE_VALUES(float, b)[j];
    return x == y || (isnan(x) && isnan(y));
  }
  case EAGRE_TYPE_DOUBLE: {
    double x = EAGRE_VALUES(double, a)[i];
    double y = EAGRE_VALUES(double, b)[j];
    return x == y || (isnan(x) && isnan(y));
  }
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    return eagre_text_equal(EAGRE_VALUES(struct eagre_text, a)[i],
                            EAGRE_VALUES(struct eagre_text, b)[j]);
  case EAGRE_TYPE_STRUCT:
    for (uint32_t field = 0; field < a->type->field_count; field++) {
      if (!is_value_equal(&a->children[field], row_a, &b->children[field], row_b)) return false;
    }
    return true;
  default: {
    uint32_t width = eagre_type_width(a->type->kind);
    return memcmp((char *)a->data + (size_t)i * width, (char *)b->data + (size_t)j * width,
                  width) == 0;
  }
  }
}

static bool is_row_equal(const struct eagre_vector *a, uint32_t row_a, const struct eagre_vector *b,
                         uint32_t row_b, uint32_t column_count) {
  for (uint32_t i = 0; i < column_count; i++) {
    if (!is_value_equal(&a[i], row_a, &b[i], row_b)) return false;
  }
  return true;
}

/* Two batches of the same types: one may have NULLs or constants where the other has none. */
static void check_types(const struct eagre_type *const *types, uint32_t column_count,
                        struct eagre_random *random, struct eagre_arena *arena) {
  struct eagre_vector a[COLUMNS_MAX];
  struct eagre_vector b[COLUMNS_MAX];
  struct eagre_state_keys keys_a;
  struct eagre_state_keys keys_b;
  for (uint32_t i = 0; i < column_count; i++) {
    make_column(&a[i], types[i], random, arena);
    make_column(&b[i], types[i], random, arena);
  }
  eagre_state_encode_keys(a, column_count, ROWS, arena, &keys_a);
  eagre_state_encode_keys(b, column_count, ROWS, arena, &keys_b);
  for (uint32_t row_a = 0; row_a < ROWS; row_a++) {
    for (uint32_t row_b = 0; row_b < ROWS; row_b++) {
      bool is_equal = is_row_equal(a, row_a, b, row_b, column_count);
      assert_int_equal(eagre_text_equal(keys_a.keys[row_a], keys_b.keys[row_b]), is_equal);
      if (is_equal) assert_true(keys_a.hashes[row_a] == keys_b.hashes[row_b]);
    }
    assert_true(keys_a.hashes[row_a] == eagre_state_hash_key(keys_a.keys[row_a]));
  }
  struct eagre_vector back[COLUMNS_MAX];
  eagre_state_decode_keys(keys_a.keys, ROWS, types, column_count, back, arena);
  for (uint32_t row = 0; row < ROWS; row++) {
    assert_true(is_row_equal(a, row, back, row, column_count));
  }
}

static void every_type_alone(void **state) {
  (void)state;
  struct eagre_random random;
  eagre_random_seed(&random, 1);
  for (size_t i = 0; i < EAGRE_COUNT_OF(kinds); i++) {
    for (int round = 0; round < 12; round++) {
      struct eagre_arena arena = {0};
      const struct eagre_type *type =
          kinds[i] == EAGRE_TYPE_STRUCT ? make_struct_type(&arena) : eagre_type_of(kinds[i]);
      check_types(&type, 1, &random, &arena);
      eagre_arena_done(&arena);
    }
  }
}

static void random_types_together(void **state) {
  (void)state;
  struct eagre_random random;
  uint64_t seed = 77;
  print_message("keys: seed %llu\n", (unsigned long long)seed);
  eagre_random_seed(&random, seed);
  for (int round = 0; round < 120; round++) {
    struct eagre_arena arena = {0};
    const struct eagre_type *types[COLUMNS_MAX];
    uint32_t column_count = 2 + (uint32_t)eagre_random_below(&random, COLUMNS_MAX - 1);
    for (uint32_t i = 0; i < column_count; i++) {
      types[i] = pick_type(&random, &arena);
    }
    check_types(types, column_count, &random, &arena);
    eagre_arena_done(&arena);
  }
}

static void no_column_gives_one_empty_key(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_state_keys keys;
  eagre_state_encode_keys(NULL, 0, 5, &arena, &keys);
  for (uint32_t row = 0; row < 5; row++) {
    assert_int_equal(keys.keys[row].size, 0);
    assert_true(keys.hashes[row] == keys.hashes[0]);
  }
  eagre_state_decode_keys(keys.keys, 5, NULL, 0, NULL, &arena);
  eagre_arena_done(&arena);
}

static void texts_and_integers_are_not_copied(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_state_keys keys;
  struct eagre_vector vector;
  eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_STRING), 2, &arena);
  EAGRE_VALUES(struct eagre_text, &vector)[0] = EAGRE_TEXT("abc");
  EAGRE_VALUES(struct eagre_text, &vector)[1] = EAGRE_TEXT("\xff");
  eagre_state_encode_keys(&vector, 1, 2, &arena, &keys);
  assert_ptr_equal(keys.keys[0].data, EAGRE_VALUES(struct eagre_text, &vector)[0].data);
  assert_true(eagre_text_equal_string(keys.keys[1], "\xff\xff"));
  eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_BIGINT), 2, &arena);
  eagre_state_encode_keys(&vector, 1, 2, &arena, &keys);
  assert_ptr_equal(keys.keys[1].data, (char *)vector.data + 8);
  eagre_arena_done(&arena);
}

static void partitions_are_even(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_vector vector;
  struct eagre_state_keys keys;
  enum { COUNT = 64000 };
  eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_BIGINT), COUNT, &arena);
  for (uint32_t i = 0; i < COUNT; i++) {
    EAGRE_VALUES(int64_t, &vector)[i] = (int64_t)i * 64;
  }
  eagre_state_encode_keys(&vector, 1, COUNT, &arena, &keys);
  uint32_t counts[PARTITIONS] = {0};
  for (uint32_t i = 0; i < COUNT; i++) {
    uint32_t partition = eagre_state_partition(keys.hashes[i], PARTITIONS);
    assert_true(partition < PARTITIONS);
    counts[partition]++;
  }
  for (uint32_t i = 0; i < PARTITIONS; i++) {
    assert_in_range(counts[i], 800, 1200); /* 1,000 expected, 6 standard deviations */
  }
  eagre_arena_done(&arena);
}

int run_key_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_alone),
      cmocka_unit_test(random_types_together),
      cmocka_unit_test(no_column_gives_one_empty_key),
      cmocka_unit_test(texts_and_integers_are_not_copied),
      cmocka_unit_test(partitions_are_even),
  };
  return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
