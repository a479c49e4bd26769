/* Types: constants, copies, equality, field lookup, printing as Spark prints. */
#include "test_column.h"

static const struct eagre_type *parse(struct eagre_arena *arena, const char *ddl) {
  const struct eagre_type *type;
  assert_int_equal(eagre_type_parse(arena, eagre_text_of(ddl), &type, NULL), EAGRE_OK);
  return type;
}

static void check_printed(const struct eagre_type *type, const char *sql, const char *catalog) {
  struct eagre_buffer buffer = {0};
  eagre_type_print(&buffer, type);
  assert_string_equal(eagre_buffer_string(&buffer), sql);
  eagre_buffer_clear(&buffer);
  eagre_type_print_catalog(&buffer, type);
  assert_string_equal(eagre_buffer_string(&buffer), catalog);
  eagre_buffer_done(&buffer);
}

static void test_primitive_types_print_as_in_spark(void **state) {
  (void)state;
  check_printed(eagre_type_of(EAGRE_TYPE_NULL), "VOID", "void");
  check_printed(eagre_type_of(EAGRE_TYPE_BIGINT), "BIGINT", "bigint");
  check_printed(eagre_type_of(EAGRE_TYPE_INTERVAL_DAY), "INTERVAL DAY TO SECOND",
                "interval day to second");
  check_printed(eagre_type_of(EAGRE_TYPE_INTERVAL_YEAR), "INTERVAL YEAR TO MONTH",
                "interval year to month");
  check_printed(eagre_type_interval(EAGRE_INTERVAL_HOUR, EAGRE_INTERVAL_HOUR), "INTERVAL HOUR",
                "interval hour");
  check_printed(eagre_type_of(EAGRE_TYPE_TIMESTAMP_NTZ), "TIMESTAMP_NTZ", "timestamp_ntz");
  struct eagre_type decimal = {.kind = EAGRE_TYPE_DECIMAL, .precision = 10, .scale = 2};
  check_printed(&decimal, "DECIMAL(10,2)", "decimal(10,2)");
}

/* The units belong to the type; a copy is the same constant. */
static void test_intervals_have_units(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_type *day = eagre_type_interval(EAGRE_INTERVAL_DAY, EAGRE_INTERVAL_DAY);
  const struct eagre_type *whole = eagre_type_of(EAGRE_TYPE_INTERVAL_DAY);
  assert_false(eagre_type_equal(day, whole));
  assert_true(
      eagre_type_equal(whole, eagre_type_interval(EAGRE_INTERVAL_DAY, EAGRE_INTERVAL_SECOND)));
  assert_ptr_equal(eagre_type_copy(&arena, day), day);
  assert_true(eagre_type_is_interval(day->kind));
  assert_false(eagre_type_is_interval(EAGRE_TYPE_TIMESTAMP_NTZ));
  assert_int_equal(eagre_type_width(EAGRE_TYPE_INTERVAL_YEAR), 4);
  eagre_arena_done(&arena);
}

static void test_structs_print_as_in_spark(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  check_printed(parse(&arena, "STRUCT<>"), "STRUCT<>", "struct<>");
  check_printed(parse(&arena, "STRUCT<a INT NOT NULL, b: STRUCT<c DOUBLE>>"),
                "STRUCT<a: INT NOT NULL, b: STRUCT<c: DOUBLE>>",
                "struct<a:int,b:struct<c:double>>");
  /* Spark 4.2.0 prints these names so. */
  check_printed(parse(&arena, "STRUCT<`11` INT, `1x` INT, `_x` INT, `\xc3\xa9` INT, `a.b` INT, "
                              "`X1` INT, `a``b` INT, `` INT>"),
                "STRUCT<`11`: INT, `1x`: INT, _x: INT, `\xc3\xa9`: INT, `a.b`: INT, X1: INT, "
                "`a``b`: INT, ``: INT>",
                "struct<11:int,1x:int,_x:int,\xc3\xa9:int,a.b:int,X1:int,a`b:int,:int>");
  eagre_arena_done(&arena);
}

static void test_lists_print_as_in_spark(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_arena copies = {0};
  const struct eagre_type *array = eagre_type_array(&arena, parse(&arena, "STRUCT<a INT>"));
  const struct eagre_type *map = eagre_type_map(&arena, eagre_type_of(EAGRE_TYPE_STRING), array);
  check_printed(map, "MAP<STRING, ARRAY<STRUCT<a: INT>>>", "map<string,array<struct<a:int>>>");
  const struct eagre_type *copy = eagre_type_copy(&copies, map);
  assert_true(eagre_type_equal(map, copy));
  assert_false(eagre_type_equal(map, array));
  eagre_arena_done(&arena);
  check_printed(copy, "MAP<STRING, ARRAY<STRUCT<a: INT>>>", "map<string,array<struct<a:int>>>");
  eagre_arena_done(&copies);
}

static void test_equality_is_structural_and_ignores_nullability(void **state) {
  (void)state;
  static const struct {
    const char *a;
    const char *b;
    bool is_equal;
  } cases[] = {
      {"INT", "INTEGER", true},
      {"INT", "BIGINT", false},
      {"STRUCT<a INT>", "STRUCT<a INT NOT NULL>", true},
      {"STRUCT<a INT>", "STRUCT<A INT>", false},
      {"STRUCT<a INT>", "STRUCT<a BIGINT>", false},
      {"STRUCT<a INT>", "STRUCT<a INT, b INT>", false},
      {"STRUCT<a STRUCT<b INT>>", "STRUCT<a STRUCT<b INT>>", true},
      {"STRUCT<a STRUCT<b INT>>", "STRUCT<a STRUCT<b DATE>>", false},
  };
  struct eagre_arena arena = {0};
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    bool is_equal = eagre_type_equal(parse(&arena, cases[i].a), parse(&arena, cases[i].b));
    assert_int_equal(is_equal, cases[i].is_equal);
  }
  eagre_arena_done(&arena);
}

static void test_a_copy_outlives_its_original(void **state) {
  (void)state;
  struct eagre_arena first = {0};
  struct eagre_arena second = {0};
  const struct eagre_type *type = eagre_type_copy(&second, make_rich_type(&first));
  eagre_arena_done(&first);
  assert_true(eagre_type_equal(type, make_rich_type(&second)));
  assert_ptr_equal(eagre_type_copy(&second, eagre_type_of(EAGRE_TYPE_INT)),
                   eagre_type_of(EAGRE_TYPE_INT));
  eagre_arena_done(&second);
}

static void test_fields_are_found_by_name(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_type *type = parse(&arena, "STRUCT<id INT, Name INT, NAME INT>");
  assert_int_equal(eagre_type_find_field(type, EAGRE_TEXT("id"), false), 0);
  assert_int_equal(eagre_type_find_field(type, EAGRE_TEXT("ID"), false), -1);
  assert_int_equal(eagre_type_find_field(type, EAGRE_TEXT("ID"), true), 0);
  assert_int_equal(eagre_type_find_field(type, EAGRE_TEXT("NAME"), false), 2);
  assert_int_equal(eagre_type_find_field(type, EAGRE_TEXT("name"), true), -2);
  assert_int_equal(eagre_type_find_field(type, EAGRE_TEXT("x"), true), -1);
  eagre_arena_done(&arena);
}

static void test_kinds_know_their_traits(void **state) {
  (void)state;
  assert_true(eagre_type_is_integral(EAGRE_TYPE_TINYINT));
  assert_true(eagre_type_is_integral(EAGRE_TYPE_BIGINT));
  assert_false(eagre_type_is_integral(EAGRE_TYPE_FLOAT));
  assert_false(eagre_type_is_integral(EAGRE_TYPE_BOOLEAN));
  assert_true(eagre_type_is_numeric(EAGRE_TYPE_DECIMAL));
  assert_false(eagre_type_is_numeric(EAGRE_TYPE_DATE));
  assert_int_equal(eagre_type_width(EAGRE_TYPE_STRING), sizeof(struct eagre_text));
  assert_int_equal(eagre_type_width(EAGRE_TYPE_DATE), 4);
  assert_int_equal(eagre_type_width(EAGRE_TYPE_BOOLEAN), 0);
  assert_true(eagre_type_is_supported(EAGRE_TYPE_STRUCT));
  assert_true(eagre_type_is_supported(EAGRE_TYPE_DECIMAL));
  assert_int_equal(eagre_type_width(EAGRE_TYPE_VARIANT), 16);
}

int run_type_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_primitive_types_print_as_in_spark),
      cmocka_unit_test(test_intervals_have_units),
      cmocka_unit_test(test_structs_print_as_in_spark),
      cmocka_unit_test(test_lists_print_as_in_spark),
      cmocka_unit_test(test_equality_is_structural_and_ignores_nullability),
      cmocka_unit_test(test_a_copy_outlives_its_original),
      cmocka_unit_test(test_fields_are_found_by_name),
      cmocka_unit_test(test_kinds_know_their_traits),
  };
  return cmocka_run_group_tests_name("type", tests, NULL, NULL);
}
