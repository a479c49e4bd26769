/* Schemas of tables: reading, printing, fitting. */
#include "test_delta.h"

#include "delta/delta_schema.h"

#define FIELD(name, type)                                                                          \
  "{\"name\":\"" name "\",\"type\":" type ",\"nullable\":true,\"metadata\":{}}"
#define STRUCT(fields) "{\"type\":\"struct\",\"fields\":[" fields "]}"

static const struct eagre_type *read_schema(struct eagre_arena *arena, const char *text) {
  const struct eagre_type *type;
  struct eagre_error error;
  enum eagre_status status =
      eagre_delta_schema_read(arena, eagre_text_of(text), true, &type, &error);
  if (status != EAGRE_OK) fail_msg("%s: %s", error.class_name, error.text);
  return type;
}

static void test_schemas_come_back(void **state) {
  (void)state;
  static const char *const schemas[] = {
      STRUCT(FIELD("a", "\"long\"")),
      STRUCT(""),
      STRUCT(FIELD("a", "\"boolean\"") "," FIELD("b", "\"byte\"") "," FIELD("c", "\"short\"") "," FIELD("d", "\"integer\"") "," FIELD("e", "\"float\"") "," FIELD("f", "\"double\"") "," FIELD(
          "g", "\"string\"") "," FIELD("h",
                                       "\"binary\"") "," FIELD("i",
                                                               "\"date\"") "," FIELD("j",
                                                                                     "\"timestamp"
                                                                                     "\"") "," FIELD("k",
                                                                                                     "\"timestamp_ntz\"") "," FIELD("l",
                                                                                                                                    "\"decimal(38,18)\"") "," FIELD("m",
                                                                                                                                                                    "\"variant\"")),
      STRUCT(FIELD("s", STRUCT(FIELD("x", "\"long\"")))),
      STRUCT("{\"name\":\"a\",\"type\":{\"type\":\"array\",\"elementType\":\"string\","
             "\"containsNull\":false},\"nullable\":false,\"metadata\":{}}"),
      STRUCT("{\"name\":\"m\",\"type\":{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":"
             "\"long\",\"valueContainsNull\":true},\"nullable\":true,\"metadata\":{}}"),
      STRUCT(FIELD("q\\\"\xc3\xa9", "\"long\"")),
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(schemas); i++) {
    struct eagre_arena arena = {0};
    struct eagre_buffer printed = {0};
    eagre_delta_print_schema(read_schema(&arena, schemas[i]), &printed);
    assert_string_equal(eagre_buffer_string(&printed), schemas[i]);
    eagre_buffer_done(&printed);
    eagre_arena_done(&arena);
  }
}

static void test_new_tables_are_nullable(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_buffer printed = {0};
  const struct eagre_type *type = read_schema(
      &arena, STRUCT("{\"name\":\"a\",\"type\":\"long\",\"nullable\":false,\"metadata\":{}},"
                     "{\"name\":\"b\",\"type\":\"string\",\"nullable\":false,\"metadata\":{}}"));
  static const char *const comments[] = {NULL, "it's \"b\""};
  eagre_delta_schema_print_new(type, comments, &printed);
  assert_string_equal(
      eagre_buffer_string(&printed),
      STRUCT(FIELD("a", "\"long\"") ",{\"name\":\"b\",\"type\":\"string\",\"nullable\":true,"
                                    "\"metadata\":{\"comment\":\"it's \\\"b\\\"\"}}"));
  eagre_buffer_done(&printed);
  eagre_arena_done(&arena);
}

static void check_unreadable(const char *text, const char *class_name) {
  struct eagre_arena arena = {0};
  const struct eagre_type *type;
  struct eagre_error error;
  assert_int_equal(eagre_delta_schema_read(&arena, eagre_text_of(text), true, &type, &error),
                   EAGRE_UNSAFE);
  assert_string_equal(error.class_name, class_name);
  eagre_arena_done(&arena);
}

static void test_unreadable_schemas(void **state) {
  (void)state;
  static const char *const corrupt[] = {
      "",
      "{",
      "5",
      "\"long\"",
      "{}",
      "{\"type\":\"struct\"}",
      STRUCT("5"),
      STRUCT("{}"),
      STRUCT("{\"name\":\"a\"}"),
      STRUCT("{\"name\":\"a\",\"type\":5}"),
      STRUCT("{\"name\":\"a\",\"type\":{\"type\":\"list\"}}"),
      STRUCT(FIELD("a", "\"decimal(5)\"")),
      STRUCT(FIELD("a", "\"decimal(5,2)x\"")),
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(corrupt); i++) {
    check_unreadable(corrupt[i], "DELTA_LOG_CORRUPT");
  }
  check_unreadable(STRUCT(FIELD("a", "\"geometry\"")), "DELTA_UNSUPPORTED_FEATURES");
  static const char *const rules[] = {"delta.invariants", "delta.generationExpression",
                                      "delta.identity.start", "CURRENT_DEFAULT",
                                      "delta.typeChanges"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(rules); i++) {
    struct eagre_arena arena = {0};
    struct eagre_text text = eagre_arena_printf(
        &arena,
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"long\",\"nullable\":true,"
        "\"metadata\":{\"%s\":\"x\"}}]}",
        rules[i]);
    check_unreadable(text.data, "DELTA_UNSUPPORTED_FEATURES");
    eagre_arena_done(&arena);
  }
}

static void test_deep_schemas_are_refused(void **state) {
  (void)state;
  struct eagre_buffer text = {0};
  eagre_buffer_append_string(&text, "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":");
  for (int i = 0; i < 150; i++) {
    eagre_buffer_append_string(&text, "{\"type\":\"array\",\"elementType\":");
  }
  eagre_buffer_append_string(&text, "\"long\"");
  for (int i = 0; i < 150; i++) {
    eagre_buffer_append_char(&text, '}');
  }
  eagre_buffer_append_string(&text, "}]}");
  check_unreadable(eagre_buffer_string(&text), "DELTA_LOG_CORRUPT");
  eagre_buffer_done(&text);
}

/* ---- Fitting --------------------------------------------------------------------------------- */

static const struct eagre_type *parse(struct eagre_arena *arena, const char *ddl) {
  struct eagre_error error;
  const struct eagre_type *type;
  assert_int_equal(eagre_type_parse_columns(arena, eagre_text_of(ddl), &type, &error), EAGRE_OK);
  return type;
}

static void test_map_of_columns(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_error error;
  uint32_t *map;
  const struct eagre_type *table = parse(&arena, "id BIGINT, Name STRING, extra INT");
  assert_int_equal(eagre_delta_schema_check(table, parse(&arena, "NAME STRING, id BIGINT"), &arena,
                                            &map, &error),
                   EAGRE_OK);
  assert_int_equal(map[0], 1);
  assert_int_equal(map[1], 0);
  assert_int_equal(map[2], UINT32_MAX);
  assert_int_equal(
      eagre_delta_schema_check(table, parse(&arena, "id BIGINT"), &arena, NULL, &error), EAGRE_OK);
  eagre_arena_done(&arena);
}

static void check_misfit(const char *table, const char *schema, const char *text) {
  struct eagre_arena arena = {0};
  struct eagre_error error;
  assert_int_equal(
      eagre_delta_schema_check(parse(&arena, table), parse(&arena, schema), &arena, NULL, &error),
      EAGRE_USAGE);
  assert_string_equal(error.class_name, "DELTA_METADATA_MISMATCH");
  assert_string_equal(error.text, text);
  eagre_arena_done(&arena);
}

static void test_misfits(void **state) {
  (void)state;
  check_misfit("id BIGINT", "id BIGINT, more INT",
               "the query does not fit the Delta table: the column `more` is not in the table");
  check_misfit("id BIGINT", "id INT",
               "the query does not fit the Delta table: the column `id` is INT in the query and "
               "BIGINT in the table");
  check_misfit("id BIGINT NOT NULL, s STRING", "s STRING",
               "the query does not fit the Delta table: the column `id` is NOT NULL in the table "
               "and not in the query");
  check_misfit("s STRUCT<a: INT>", "s STRUCT<a: BIGINT>",
               "the query does not fit the Delta table: the column `s` is STRUCT<a: BIGINT> in the "
               "query and STRUCT<a: INT> in the table");
}

static void check_not_new(const struct eagre_type *type, const char *class_name) {
  struct eagre_error error;
  assert_int_equal(eagre_delta_schema_check_new(type, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, class_name);
}

static void test_new_tables(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_error error;
  assert_int_equal(
      eagre_delta_schema_check_new(parse(&arena, "`a.b` INT, `\xc3\xa9'x` STRUCT<y: INT>"), &error),
      EAGRE_OK);
  check_not_new(parse(&arena, "`a b` INT"), "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES");
  check_not_new(parse(&arena, "s STRUCT<`a=b`: INT>"), "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES");
  struct eagre_field fields[] = {
      {EAGRE_TEXT("a"), eagre_type_of(EAGRE_TYPE_INT), true},
      {EAGRE_TEXT("A"), eagre_type_of(EAGRE_TYPE_INT), true},
  };
  check_not_new(eagre_type_struct(&arena, fields, 2), "DELTA_DUPLICATE_COLUMNS_FOUND");
  fields[0].type = eagre_type_of(EAGRE_TYPE_NULL);
  check_not_new(eagre_type_struct(&arena, fields, 1), "DELTA_NULL_SCHEMA_IN_STREAMING_WRITE");
  eagre_arena_done(&arena);
}

int run_schema_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_schemas_come_back),  cmocka_unit_test(test_new_tables_are_nullable),
      cmocka_unit_test(test_unreadable_schemas), cmocka_unit_test(test_deep_schemas_are_refused),
      cmocka_unit_test(test_map_of_columns),     cmocka_unit_test(test_misfits),
      cmocka_unit_test(test_new_tables),
  };
  return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
