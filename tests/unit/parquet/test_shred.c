/* Levels and values, against the examples of the format's text. */
#include "test_parquet.h"

#include "parquet/parquet_shred.h"

/* The leaves of one column `c` of `type`. */
static struct eagre_parquet_schema build_schema(struct eagre_arena *arena,
                                                const struct eagre_type *type) {
  struct eagre_parquet_schema schema;
  struct eagre_error error;
  assert_int_equal(eagre_parquet_schema_build(arena, make_column(arena, type), &schema, &error),
                   EAGRE_OK);
  return schema;
}

static void check_levels(const struct eagre_parquet_shred *shred, const char *definitions,
                         const char *repetitions) {
  assert_int_equal(shred->level_count, strlen(definitions));
  /* Where every entry has a value the array says nothing. */
  bool is_full = strspn(definitions, (char[]){definitions[0], 0}) == shred->level_count &&
                 definitions[0] != '0';
  assert_int_equal(shred->value_count == shred->level_count, is_full);
  for (uint32_t i = 0; i < shred->level_count; i++) {
    if (!is_full) assert_int_equal(shred->definitions[i], definitions[i] - '0');
    if (repetitions != NULL) assert_int_equal(shred->repetitions[i], repetitions[i] - '0');
  }
}

static void check_integers(const struct eagre_parquet_shred *shred, const int32_t *values,
                           uint32_t count) {
  assert_int_equal(shred->value_count, count);
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(((const int32_t *)shred->values)[i], values[i]);
  }
}

#define CHECK_INTEGERS(shred, ...)                                                                 \
  check_integers(shred, (const int32_t[]){__VA_ARGS__},                                            \
                 sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static void fill_integers(struct eagre_vector *vector, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(int32_t, vector)[i] = (int32_t)(10 * i);
  }
}

static void test_flat_slices(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_INT);
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_vector vector;
  eagre_vector_init(&vector, type, 20, &arena);
  fill_integers(&vector, 20);

  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 3, 4);
  check_levels(&shred, "1111", NULL);
  CHECK_INTEGERS(&shred, 30, 40, 50, 60);
  assert_ptr_equal(shred.values, EAGRE_VALUES(int32_t, &vector) + 3);

  eagre_vector_set_null(&vector, 4, 20, &arena);
  eagre_vector_set_null(&vector, 12, 20, &arena);
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 3, 11);
  check_levels(&shred, "10111111101", NULL);
  CHECK_INTEGERS(&shred, 30, 50, 60, 70, 80, 90, 100, 110, 130);
  assert_int_equal(shred.null_row_count, 2);

  /* No NULL among these rows: nothing is copied. */
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 5, 7);
  assert_ptr_equal(shred.values, EAGRE_VALUES(int32_t, &vector) + 5);
  assert_int_equal(shred.null_row_count, 0);
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

static void test_flat_constants(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_INT);
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_vector vector;
  eagre_vector_init(&vector, type, 1, &arena);
  EAGRE_VALUES(int32_t, &vector)[0] = 7;
  vector.is_constant = true;
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 100, 3);
  check_levels(&shred, "111", NULL);
  CHECK_INTEGERS(&shred, 7, 7, 7);

  eagre_vector_init_null(&vector, type, &arena);
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 100, 3);
  check_levels(&shred, "000", NULL);
  assert_int_equal(shred.value_count, 0);
  assert_int_equal(shred.null_row_count, 3);
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

static void test_small_integers_are_widened(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_TINYINT);
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_vector vector;
  eagre_vector_init(&vector, type, 3, &arena);
  memcpy(vector.data, (int8_t[]){-128, 5, 127}, 3);
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 0, 3);
  CHECK_INTEGERS(&shred, -128, 5, 127);
  eagre_vector_set_null(&vector, 1, 3, &arena);
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 0, 3);
  CHECK_INTEGERS(&shred, -128, 127);
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

static void test_booleans_are_bytes(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_BOOLEAN);
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_random random;
  eagre_random_seed(&random, 23);
  struct eagre_vector vector;
  eagre_vector_init(&vector, type, 300, &arena);
  for (uint32_t i = 0; i < 300; i++) {
    eagre_bit_put(vector.data, i, eagre_random_below(&random, 2) == 1);
  }
  for (uint32_t from = 0; from < 20; from++) {
    eagre_parquet_shred_rows(&shred, schema.leaves, &vector, from, 300 - from);
    assert_int_equal(shred.value_count, 300 - from);
    for (uint32_t i = from; i < 300; i++) {
      assert_int_equal(((const uint8_t *)shred.values)[i - from], eagre_bit_get(vector.data, i));
    }
  }
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

/* Rows: {10}, NULL, {NULL}, {30} */
static void test_struct_levels(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *type = make_column(&arena, eagre_type_of(EAGRE_TYPE_INT));
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_vector vector;
  eagre_vector_init(&vector, type, 4, &arena);
  memcpy(vector.children[0].data, (int32_t[]){10, 20, 0, 30}, 16);
  eagre_vector_set_null(&vector, 1, 4, &arena);
  eagre_vector_set_null(&vector.children[0], 2, 4, &arena);
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 0, 4);
  check_levels(&shred, "2012", "0000");
  CHECK_INTEGERS(&shred, 10, 30);
  assert_int_equal(shred.null_row_count, 2);
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

/* Rows: NULL, [], [NULL], [30, 40], [50] */
static struct eagre_vector make_list(struct eagre_arena *arena, const struct eagre_type *type) {
  struct eagre_vector vector = {.type = type};
  static const int32_t offsets[] = {0, 0, 0, 1, 3, 4};
  vector.offsets = eagre_arena_allocate_vector(arena, sizeof offsets);
  memcpy(vector.offsets, offsets, sizeof offsets);
  eagre_vector_add_validity(&vector, 5, true, arena);
  eagre_bit_clear(vector.validity, 0);
  vector.children = eagre_arena_allocate_zeroed(arena, sizeof *vector.children);
  eagre_vector_init(vector.children, type->fields[0].type, 4, arena);
  memcpy(vector.children->data, (int32_t[]){0, 30, 40, 50}, 16);
  eagre_vector_set_null(vector.children, 0, 4, arena);
  return vector;
}

static void test_list_levels(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *type = make_array(&arena, eagre_type_of(EAGRE_TYPE_INT));
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_vector vector = make_list(&arena, type);
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 0, 5);
  check_levels(&shred, "012333", "000010");
  CHECK_INTEGERS(&shred, 30, 40, 50);
  assert_int_equal(shred.null_row_count, 1);
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 3, 2);
  check_levels(&shred, "333", "010");
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

/* Rows: [NULL, []], [[NULL], [30, 40], [50]] */
static void test_list_of_list_levels(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *inner = make_array(&arena, eagre_type_of(EAGRE_TYPE_INT));
  const struct eagre_type *type = make_array(&arena, inner);
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_vector lists = make_list(&arena, inner);
  int32_t offsets[] = {0, 2, 5};
  struct eagre_vector vector = {.type = type, .offsets = offsets, .children = &lists};
  eagre_parquet_shred_rows(&shred, schema.leaves, &vector, 0, 2);
  check_levels(&shred, "234555", "010121");
  CHECK_INTEGERS(&shred, 30, 40, 50);
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

/* Rows: {a: NULL, b: 1}, NULL, {} */
static void test_map_levels(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_shred shred = {0};
  const struct eagre_type *integer = eagre_type_of(EAGRE_TYPE_INT);
  const struct eagre_type *type = make_map(&arena, integer, integer);
  struct eagre_parquet_schema schema = build_schema(&arena, type);
  struct eagre_vector children[2];
  eagre_vector_init(&children[0], integer, 2, &arena);
  eagre_vector_init(&children[1], integer, 2, &arena);
  fill_integers(&children[0], 2);
  fill_integers(&children[1], 2);
  eagre_vector_set_null(&children[1], 0, 2, &arena);
  int32_t offsets[] = {0, 2, 2, 2};
  uint8_t validity[72] = {5};
  struct eagre_vector vector = {
      .type = type, .offsets = offsets, .children = children, .validity = validity};
  eagre_parquet_shred_rows(&shred, &schema.leaves[0], &vector, 0, 3);
  check_levels(&shred, "2201", "0100");
  CHECK_INTEGERS(&shred, 0, 10);
  eagre_parquet_shred_rows(&shred, &schema.leaves[1], &vector, 0, 3);
  check_levels(&shred, "2301", "0100");
  CHECK_INTEGERS(&shred, 10);
  assert_int_equal(shred.null_row_count, 1);
  eagre_parquet_shred_done(&shred);
  eagre_arena_done(&arena);
}

int run_shred_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_flat_slices),
      cmocka_unit_test(test_flat_constants),
      cmocka_unit_test(test_small_integers_are_widened),
      cmocka_unit_test(test_booleans_are_bytes),
      cmocka_unit_test(test_struct_levels),
      cmocka_unit_test(test_list_levels),
      cmocka_unit_test(test_list_of_list_levels),
      cmocka_unit_test(test_map_levels),
  };
  return cmocka_run_group_tests_name("shred", tests, NULL, NULL);
}
