/* The decoder's door: options and their errors, FAILFAST, wanted fields, shapes of vectors. */
#include "json_case.h"
#include "test_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- Options --------------------------------------------------------------------------------- */

static void check_option(const char *name, const char *value, enum eagre_status status,
                         const char *class_name, const char *mention) {
  struct eagre_arena arena = {0};
  struct eagre_json_options options;
  struct eagre_error error;
  eagre_json_options_init(&options);
  eagre_error_init(&error);
  assert_int_equal(
      eagre_json_option_set(&options, eagre_text_of(name), eagre_text_of(value), &arena, &error),
      status);
  if (status != EAGRE_OK) {
    assert_string_equal(error.class_name, class_name);
    if (strstr(error.text, mention) == NULL && strstr(error.hint, mention) == NULL) {
      fail_msg("'%s' is in neither '%s' nor '%s'", mention, error.text, error.hint);
    }
  }
  eagre_arena_done(&arena);
}

static void test_option_errors(void **state) {
  (void)state;
  check_option("allowComment", "true", EAGRE_USAGE, "UNKNOWN_OPTION", "allowComments");
  check_option("allowComments", "yes", EAGRE_USAGE, "INVALID_OPTION_VALUE", "true or false");
  check_option("mode", "DROPMALFORMED", EAGRE_USAGE, "PARSE_MODE_UNSUPPORTED", "PERMISSIVE");
  check_option("mode", "strict", EAGRE_USAGE, "INVALID_OPTION_VALUE", "FAILFAST");
  check_option("maxNumLen", "0", EAGRE_USAGE, "INVALID_OPTION_VALUE", "whole number");
  check_option("maxStringLen", "many", EAGRE_USAGE, "INVALID_OPTION_VALUE", "maxStringLen");
  check_option("singleVariantColumn", "v", EAGRE_OK, NULL, NULL);
  check_option("locale", "de-DE", EAGRE_USAGE, "UNSUPPORTED_OPTION", "locale");
  check_option("ALLOWCOMMENTS", "TRUE", EAGRE_OK, NULL, NULL);
  check_option("multiLine", "true", EAGRE_OK, NULL, NULL);
  check_option("encoding", "anything", EAGRE_OK, NULL, NULL);
  check_option("compression", "gzip", EAGRE_OK, NULL, NULL);
  check_option("mode", "permissive", EAGRE_OK, NULL, NULL);
  check_option("timeZone", "Europe/Paris", EAGRE_OK, NULL, NULL);
}

static enum eagre_status open_with(const char *schema, const char *corrupt_column,
                                   const char *timestamp_format, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const struct eagre_type *type;
  struct eagre_json_options options;
  struct eagre_json_decoder *decoder = NULL;
  eagre_error_init(error);
  eagre_json_options_init(&options);
  options.corrupt_column = eagre_text_of(corrupt_column);
  options.timestamp_format = eagre_text_of(timestamp_format);
  assert_int_equal(eagre_type_parse_columns(&arena, eagre_text_of(schema), &type, NULL), EAGRE_OK);
  enum eagre_status status =
      eagre_json_decoder_new(type, &options, NULL, EAGRE_JSON_ISA_BEST, &decoder, error);
  eagre_json_decoder_free(decoder);
  eagre_arena_done(&arena);
  return status;
}

static void test_refused_schemas(void **state) {
  (void)state;
  struct eagre_error error;
  assert_int_equal(open_with("a STRING, bad INT", "bad", "", &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "INVALID_CORRUPT_RECORD_TYPE");
  assert_int_equal(open_with("a STRING", "b", "yyyy-Q{", &error), EAGRE_USAGE);
  assert_true(error.class_name[0] != 0);
  assert_int_equal(open_with("a STRING, bad INT", "b", "", &error), EAGRE_OK);
}

/* Types that tables cannot have or that are not read yet, at any depth. */
static void test_refused_types(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_type *types[] = {
      eagre_type_of(EAGRE_TYPE_NULL),
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(types); i++) {
    struct eagre_field inner = {.name = EAGRE_TEXT("odd"), .type = types[i], .nullable = true};
    struct eagre_field outer = {
        .name = EAGRE_TEXT("a"), .type = eagre_type_struct(&arena, &inner, 1), .nullable = true};
    struct eagre_json_options options;
    struct eagre_json_decoder *decoder = NULL;
    struct eagre_error error;
    eagre_json_options_init(&options);
    eagre_error_init(&error);
    const bool wanted[] = {false};
    assert_int_equal(eagre_json_decoder_new(eagre_type_struct(&arena, &outer, 1), &options, wanted,
                                            EAGRE_JSON_ISA_BEST, &decoder, &error),
                     EAGRE_USAGE);
    assert_null(decoder);
    assert_string_equal(error.class_name, "UNSUPPORTED_DATATYPE");
    assert_non_null(strstr(error.text, "odd"));
  }
  eagre_arena_done(&arena);
}

static void test_implementation_choice(void **state) {
  (void)state;
  static const char *const names[] = {"reference", "scalar", "avx2"};
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  assert_true(isa_count >= 2);
  struct eagre_arena arena = {0};
  for (size_t i = 0; i < isa_count; i++) {
    const char *name = names[isas[i] - EAGRE_JSON_ISA_REFERENCE];
    struct eagre_json_decoder *decoder = open_decoder("a INT", NULL, 0, isas[i], &arena);
    assert_string_equal(eagre_json_decoder_isa(decoder), name);
    eagre_json_decoder_free(decoder);
    setenv("EAGRE_JSON", name, 1);
    decoder = open_decoder("a INT", NULL, 0, EAGRE_JSON_ISA_BEST, &arena);
    assert_string_equal(eagre_json_decoder_isa(decoder), name);
    eagre_json_decoder_free(decoder);
  }
  setenv("EAGRE_JSON", "fastest", 1);
  struct eagre_error error;
  assert_int_equal(open_with("a INT", "b", "", &error), EAGRE_USAGE);
  assert_non_null(strstr(error.text, "fastest"));
  unsetenv("EAGRE_JSON");
  eagre_arena_done(&arena);
}

/* ---- FAILFAST -------------------------------------------------------------------------------- */

struct failure_case {
  const char *schema;
  const char *json;
  const char *class_name;
  const char *mention;
};

#define CLASS "MALFORMED_RECORD_IN_PARSING."
static const struct failure_case failure_cases[] = {
    {"a INT, b INT", "{\"a\":1,\"b\":\"x\"}", CLASS "WITHOUT_SUGGESTION", "[1,null]"},
    {"a INT, b INT", "{\"a\":1,\"b\":tru}", CLASS "WITHOUT_SUGGESTION", "[null,null]"},
    {"a INT, b INT", "{\"a\":1,\"b\":\"\"}", CLASS "WITHOUT_SUGGESTION", "[1,null]"},
    {"a INT, b INT", "null", CLASS "WITHOUT_SUGGESTION", "[null,null]"},
    {"a INT, b INT", "[1]", CLASS "CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS", ": [1]."},
    {"a INT, b DOUBLE", "{\"a\":1,\"b\":\"x\"}", CLASS "CANNOT_PARSE_STRING_AS_DATATYPE",
     "Cannot parse the value 'x' of the field `b` as target spark data type DoubleType"},
    {"a INT, b STRUCT<x: INT, y: FLOAT>", "{\"a\":1,\"b\":{\"y\":\"x\"}}",
     CLASS "CANNOT_PARSE_STRING_AS_DATATYPE", "`y` as target spark data type FloatType"},
    {"a INT, b DOUBLE", "{\"a\":1,\"b\":\"\"}", CLASS "WITHOUT_SUGGESTION", "[1,null]"},
    {"a INT, b STRUCT<x: INT, y: DATE>, t TIMESTAMP",
     "{\"a\":\"x\",\"b\":{\"x\":1,\"y\":\"2020-01-01\"},\"t\":1}", CLASS "WITHOUT_SUGGESTION",
     "[null,[1,18262],1000000]"},
    {"a TINYINT, b SMALLINT, c BOOLEAN, d STRING, e FLOAT, f BINARY, g INT",
     "{\"a\":1,\"b\":2,\"c\":true,\"d\":\"x\",\"e\":1.5,\"f\":\"SA==\",\"g\":[]}",
     CLASS "WITHOUT_SUGGESTION", "[1,2,true,x,1.5,48,null]"},
};

static void test_failfast(void **state) {
  (void)state;
  const struct json_option option = {"mode", "FAILFAST"};
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  for (size_t i = 0; i < EAGRE_COUNT_OF(failure_cases) * isa_count; i++) {
    const struct failure_case *failure = &failure_cases[i / isa_count];
    struct eagre_arena arena = {0};
    struct eagre_json_decoder *decoder =
        open_decoder(failure->schema, &option, 1, isas[i % isa_count], &arena);
    struct eagre_text rows[] = {EAGRE_TEXT("{\"a\":1}"), EAGRE_TEXT(" "),
                                eagre_text_of(failure->json), EAGRE_TEXT("{\"a\":1}")};
    struct eagre_vector texts;
    struct eagre_vector out;
    struct eagre_error error;
    eagre_error_init(&error);
    make_texts(&texts, rows, 4, &arena);
    assert_int_equal(eagre_json_decode(decoder, &texts, 4, &out, &arena, NULL, &error), EAGRE_DATA);
    assert_string_equal(error.class_name, failure->class_name);
    if (strstr(error.text, failure->mention) == NULL) {
      fail_msg("'%s' is not in '%s'", failure->mention, error.text);
    }
    assert_non_null(strstr(error.hint, "PERMISSIVE"));
    assert_int_equal(error.row, 2);
    /* Rows before and behind the bad one are fine. */
    assert_int_equal(eagre_json_decode(decoder, &texts, 2, &out, &arena, NULL, &error), EAGRE_OK);
    eagre_json_decoder_free(decoder);
    eagre_arena_done(&arena);
  }
}

/* ---- Vectors --------------------------------------------------------------------------------- */

static struct eagre_json_decoder *open_wanted(const char *schema, const bool *wanted,
                                              enum eagre_json_isa isa, struct eagre_arena *arena) {
  const struct eagre_type *type;
  struct eagre_json_options options;
  struct eagre_json_decoder *decoder = NULL;
  eagre_json_options_init(&options);
  assert_int_equal(eagre_type_parse_columns(arena, eagre_text_of(schema), &type, NULL), EAGRE_OK);
  assert_int_equal(eagre_json_decoder_new(type, &options, wanted, isa, &decoder, NULL), EAGRE_OK);
  return decoder;
}

static void check_wanted(enum eagre_json_isa isa, const bool *wanted, const char *const *expected) {
  static const char *const schema = "a INT, b STRUCT<c: INT>, d STRING, _corrupt_record STRING";
  struct eagre_arena arena = {0};
  struct eagre_json_decoder *decoder = open_wanted(schema, wanted, isa, &arena);
  struct eagre_text rows[] = {EAGRE_TEXT("{\"a\":1,\"b\":{\"c\":2},\"d\":\"x\"}"),
                              EAGRE_TEXT("{\"a\":\"bad\",\"b\":{\"c\":2},\"d\":\"x\"}"),
                              EAGRE_TEXT("{\"a\":1,\"b\":{\"c\":2},\"d\":tru}"), EAGRE_TEXT("")};
  struct eagre_buffer found = {0};
  decode_rows(decoder, rows, 4, &found);
  const char *at = found.data;
  for (int row = 0; row < 4; row++, at += strlen(at) + 1)
    assert_string_equal(at, expected[row]);
  eagre_buffer_done(&found);
  eagre_json_decoder_free(decoder);
  eagre_arena_done(&arena);
}

static void test_wanted_fields(void **state) {
  (void)state;
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  for (size_t i = 0; i < isa_count; i++) {
    check_wanted(isas[i], (const bool[]){true, true, true, true},
                 (const char *const[]){"+1|(2)|x", "!~|(2)|x", "!~|~|~", "0"});
    /* The corrupt column wants every field checked. */
    check_wanted(isas[i], (const bool[]){false, true, false, true},
                 (const char *const[]){"+~|(2)|~", "!~|(2)|~", "!~|~|~", "0"});
    check_wanted(isas[i], (const bool[]){false, false, true, false},
                 (const char *const[]){"+~|~|x", "+~|~|x", "+~|~|~", "0"});
    check_wanted(isas[i], (const bool[]){false, false, false, false},
                 (const char *const[]){"+~|~|~", "+~|~|~", "+~|~|~", "0"});
    check_wanted(isas[i], (const bool[]){false, false, false, true},
                 (const char *const[]){"+~|~|~", "!~|~|~", "!~|~|~", "0"});
  }
}

static void check_null_texts(enum eagre_json_isa isa) {
  struct eagre_arena arena = {0};
  struct eagre_json_decoder *decoder = open_wanted("a STRING", NULL, isa, &arena);
  struct eagre_text rows[20];
  for (size_t row = 0; row < 20; row++)
    rows[row] = EAGRE_TEXT("{\"a\":\"x\"}");
  struct eagre_vector texts;
  struct eagre_vector out;
  make_texts(&texts, rows, 20, &arena);
  assert_int_equal(eagre_json_decode(decoder, &texts, 20, &out, &arena, NULL, NULL), EAGRE_OK);
  assert_null(out.validity);
  assert_null(out.children[0].validity);
  for (uint32_t row = 0; row < 20; row += 3)
    eagre_vector_set_null(&texts, row, 20, &arena);
  assert_int_equal(eagre_json_decode(decoder, &texts, 20, &out, &arena, NULL, NULL), EAGRE_OK);
  for (uint32_t row = 0; row < 20; row++) {
    assert_int_equal(eagre_vector_is_null(&out, row), row % 3 == 0);
    assert_int_equal(eagre_vector_is_null(&out.children[0], row), row % 3 == 0);
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, &out.children[0])[row];
    assert_int_equal(text.size, row % 3 == 0 ? 0 : 1);
  }
  eagre_json_decoder_free(decoder);
  eagre_arena_done(&arena);
}

static void check_constant_texts(enum eagre_json_isa isa) {
  struct eagre_arena arena = {0};
  struct eagre_json_decoder *decoder = open_wanted("a INT", NULL, isa, &arena);
  struct eagre_text row = EAGRE_TEXT("{\"a\":7}");
  struct eagre_vector texts;
  struct eagre_vector out;
  make_texts(&texts, &row, 1, &arena);
  texts.is_constant = true;
  assert_int_equal(eagre_json_decode(decoder, &texts, 30, &out, &arena, NULL, NULL), EAGRE_OK);
  for (uint32_t i = 0; i < 30; i++) {
    assert_int_equal(
        EAGRE_VALUES(int32_t, &out.children[0])[eagre_vector_index(&out.children[0], i)], 7);
  }
  texts = (struct eagre_vector){.type = eagre_type_of(EAGRE_TYPE_NULL)};
  assert_int_equal(eagre_json_decode(decoder, &texts, 3, &out, &arena, NULL, NULL), EAGRE_OK);
  assert_true(eagre_vector_is_null(&out, 2));
  assert_int_equal(eagre_json_decode(decoder, &texts, 0, &out, &arena, NULL, NULL), EAGRE_OK);
  eagre_json_decoder_free(decoder);
  eagre_arena_done(&arena);
}

static void test_vector_shapes(void **state) {
  (void)state;
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  for (size_t i = 0; i < isa_count; i++) {
    check_null_texts(isas[i]);
    check_constant_texts(isas[i]);
  }
}

/* Strings without escapes are not copied. */
static void test_borrowed_strings(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_json_decoder *decoder = open_wanted("a STRING", NULL, EAGRE_JSON_ISA_BEST, &arena);
  struct eagre_text row = EAGRE_TEXT("{\"a\":\"plain \xc3\xa9\"}");
  struct eagre_vector texts;
  struct eagre_vector out;
  make_texts(&texts, &row, 1, &arena);
  assert_int_equal(eagre_json_decode(decoder, &texts, 1, &out, &arena, NULL, NULL), EAGRE_OK);
  const char *input = EAGRE_VALUES(struct eagre_text, &texts)[0].data;
  assert_ptr_equal(EAGRE_VALUES(struct eagre_text, &out.children[0])[0].data, input + 6);
  eagre_json_decoder_free(decoder);
  eagre_arena_done(&arena);
}

/* A STRING column of a JSON file keeps what is no string as it is written. */
static void test_kept_tokens(void **state) {
  (void)state;
  static const char *const values[] = {
      "1.50", "-0",       "1e400",           "[ 1 , {\"k\" : 2.0} ]",
      "true", "-INF",     "{\"\\u0041\":1}", "123456789012345678901",
      "{ }",  "+Infinity"};
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  for (size_t i = 0; i < isa_count; i++) {
    struct eagre_arena arena = {0};
    struct eagre_json_options options;
    eagre_json_options_init(&options);
    options.keep_tokens = true;
    const struct eagre_type *type;
    struct eagre_json_decoder *decoder = NULL;
    assert_int_equal(eagre_type_parse_columns(&arena, EAGRE_TEXT("b INT, a STRING"), &type, NULL),
                     EAGRE_OK);
    assert_int_equal(eagre_json_decoder_new(type, &options, NULL, isas[i], &decoder, NULL),
                     EAGRE_OK);
    for (size_t value = 0; value < EAGRE_COUNT_OF(values); value++) {
      struct eagre_text row = eagre_arena_printf(&arena, "{\"b\": 7, \"a\" : %s }", values[value]);
      struct eagre_buffer found = {0};
      struct eagre_buffer expected = {0};
      decode_rows(decoder, &row, 1, &found);
      eagre_buffer_printf(&expected, "+7|%s", values[value]);
      assert_string_equal(found.data, eagre_buffer_string(&expected));
      eagre_buffer_done(&found);
      eagre_buffer_done(&expected);
    }
    eagre_json_decoder_free(decoder);
    eagre_arena_done(&arena);
  }
}

/* A time without a date means the day of the batch. */
static void test_now(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_json_decoder *decoder =
      open_decoder("t TIMESTAMP", NULL, 0, EAGRE_JSON_ISA_BEST, &arena);
  struct eagre_text row = EAGRE_TEXT("{\"t\":\"12:30:00\"}");
  struct eagre_buffer found = {0};
  decode_rows(decoder, &row, 1, &found);
  assert_string_equal(found.data, "+1767270600000000");
  eagre_json_decoder_set_now(decoder, 0);
  eagre_buffer_clear(&found);
  decode_rows(decoder, &row, 1, &found);
  assert_string_equal(found.data, "+45000000000");
  eagre_buffer_done(&found);
  eagre_json_decoder_free(decoder);
  eagre_arena_done(&arena);
}

int test_json_decoder(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_option_errors), cmocka_unit_test(test_refused_schemas),
      cmocka_unit_test(test_refused_types), cmocka_unit_test(test_implementation_choice),
      cmocka_unit_test(test_failfast),      cmocka_unit_test(test_wanted_fields),
      cmocka_unit_test(test_vector_shapes), cmocka_unit_test(test_borrowed_strings),
      cmocka_unit_test(test_kept_tokens),   cmocka_unit_test(test_now),
  };
  return cmocka_run_group_tests_name("json decoder", tests, NULL, NULL);
}
