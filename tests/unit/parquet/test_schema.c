/* From types to leaf columns. */
#include "test_parquet.h"

#include "parquet/parquet_schema.h"

static const struct eagre_type *parse_columns(struct eagre_arena *arena, const char *ddl) {
  struct eagre_error error;
  const struct eagre_type *type;
  assert_int_equal(eagre_type_parse_columns(arena, eagre_text_of(ddl), &type, &error), EAGRE_OK);
  return type;
}

static void check_leaf(const struct eagre_parquet_leaf *leaf, const char *path, int definition_max,
                       int repetition_max, int row_definition) {
  struct eagre_buffer joined = {0};
  for (uint32_t i = 0; i < leaf->path_count; i++) {
    if (i > 0) eagre_buffer_append_char(&joined, '.');
    eagre_buffer_append_text(&joined, leaf->path[i]);
  }
  assert_string_equal(eagre_buffer_string(&joined), path);
  assert_int_equal(leaf->definition_max, definition_max);
  assert_int_equal(leaf->repetition_max, repetition_max);
  assert_int_equal(leaf->row_definition, row_definition);
  eagre_buffer_done(&joined);
}

static void test_flat_and_struct_leaves(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_schema schema;
  struct eagre_error error;
  const struct eagre_type *type =
      parse_columns(&arena, "a INT, s STRUCT<x: STRING, t: STRUCT<y: DOUBLE>>, b BOOLEAN");
  assert_int_equal(eagre_parquet_schema_build(&arena, type, &schema, &error), EAGRE_OK);
  assert_int_equal(schema.leaf_count, 4);
  assert_int_equal(schema.element_count, 7);
  check_leaf(&schema.leaves[0], "a", 1, 0, 1);
  check_leaf(&schema.leaves[1], "s.x", 2, 0, 2);
  check_leaf(&schema.leaves[2], "s.t.y", 3, 0, 3);
  check_leaf(&schema.leaves[3], "b", 1, 0, 1);
  assert_int_equal(schema.leaves[2].column, 1);
  assert_int_equal(schema.leaves[2].step_count, 2);
  assert_int_equal(schema.leaves[3].physical, EAGRE_PARQUET_BOOLEAN);
  eagre_arena_done(&arena);
}

static void test_repeated_leaves(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_schema schema;
  struct eagre_error error;
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  const struct eagre_type *map = make_map(&arena, text, make_array(&arena, text));
  const struct eagre_type *type = make_column(&arena, make_array(&arena, map));
  assert_int_equal(eagre_parquet_schema_build(&arena, type, &schema, &error), EAGRE_OK);
  assert_int_equal(schema.leaf_count, 2);
  assert_int_equal(schema.element_count, 1 + 2 + 2 + 1 + 2 + 1);
  check_leaf(&schema.leaves[0], "c.list.element.key_value.key", 4, 2, 1);
  check_leaf(&schema.leaves[1], "c.list.element.key_value.value.list.element", 7, 3, 1);
  assert_true(schema.leaves[0].is_required);
  assert_false(schema.leaves[1].is_required);
  eagre_arena_done(&arena);
}

static void test_schema_outlives_its_source(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_arena source = {0};
  struct eagre_parquet_schema schema;
  struct eagre_error error;
  const struct eagre_type *type =
      make_column(&source, make_array(&source, parse_columns(&source, "name INT")));
  assert_int_equal(eagre_parquet_schema_build(&arena, type, &schema, &error), EAGRE_OK);
  eagre_arena_done(&source);
  check_leaf(&schema.leaves[0], "c.list.element.name", 4, 1, 1);
  eagre_arena_done(&arena);
}

static void check_refused(const struct eagre_type *type, const char *class_name, const char *text) {
  struct eagre_arena arena = {0};
  struct eagre_parquet_schema schema;
  struct eagre_error error;
  assert_int_equal(eagre_parquet_schema_build(&arena, type, &schema, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, class_name);
  assert_string_equal(error.text, text);
  eagre_arena_done(&arena);
}

static void test_refused_types(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  check_refused(make_column(&arena, make_array(&arena, eagre_type_of(EAGRE_TYPE_NULL))),
                "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                "Parquet files do not support the column `c.list.element` of the type "
                "\"VOID\"");
  check_refused(make_column(&arena, eagre_type_of(EAGRE_TYPE_NULL)),
                "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                "Parquet files do not support the column `c` of the type \"VOID\"");
  const struct eagre_type *empty = eagre_type_struct(&arena, NULL, 0);
  check_refused(empty, "EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE",
                "Parquet files cannot hold a table without fields");
  check_refused(make_column(&arena, empty), "EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE",
                "Parquet files cannot hold the STRUCT `c` without fields");
  struct eagre_field twins[] = {
      {EAGRE_TEXT("a"), eagre_type_of(EAGRE_TYPE_INT), true},
      {EAGRE_TEXT("a"), eagre_type_of(EAGRE_TYPE_STRING), true},
  };
  check_refused(eagre_type_struct(&arena, twins, 2), "COLUMN_ALREADY_EXISTS",
                "the column `a` already exists");
  check_refused(make_column(&arena, eagre_type_struct(&arena, twins, 2)), "COLUMN_ALREADY_EXISTS",
                "the column `a` already exists");
  eagre_arena_done(&arena);
}

static void test_depth_is_limited(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_INT);
  for (int i = 0; i < 100; i++) {
    type = make_array(&arena, type);
  }
  struct eagre_parquet_schema schema;
  struct eagre_error error;
  assert_int_equal(eagre_parquet_schema_build(&arena, make_column(&arena, type), &schema, &error),
                   EAGRE_OK);
  assert_int_equal(schema.leaves[0].definition_max, 201);
  check_refused(make_column(&arena, make_array(&arena, type)), "UNSUPPORTED_FEATURE.NESTING_DEPTH",
                "the column `c` is nested deeper than 100 levels");
  eagre_arena_done(&arena);
}

int run_schema_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_flat_and_struct_leaves),     cmocka_unit_test(test_repeated_leaves),
      cmocka_unit_test(test_schema_outlives_its_source), cmocka_unit_test(test_refused_types),
      cmocka_unit_test(test_depth_is_limited),
  };
  return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
