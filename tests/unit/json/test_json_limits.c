/* Hostile sizes: nothing recurses, nothing takes more memory than a small multiple of the text. */
#include "json_case.h"
#include "test_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const schema = "a STRING, b INT, _corrupt_record STRING";

/* Sanitizers make everything many times slower. */
static bool is_slow_build(void) {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(memory_sanitizer);
#else
  return false;
#endif
}

static void repeat(struct eagre_buffer *buffer, const char *string, size_t count) {
  for (size_t i = 0; i < count; i++)
    eagre_buffer_append_string(buffer, string);
}

/* Decodes the content of `text` on every implementation: only the verdict is compared, and the
 * value of b; *out_arena_size is the most memory the arena of a batch held. */
static void check(const struct eagre_buffer *text, char verdict, int b, size_t *out_arena_size) {
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  eagre_buffer_reserve((struct eagre_buffer *)text, 64);
  *out_arena_size = 0;
  for (size_t i = 0; i < isa_count; i++) {
    struct eagre_arena schema_arena = {0};
    struct eagre_arena arena = {0};
    struct eagre_json_decoder *decoder = open_decoder(schema, NULL, 0, isas[i], &schema_arena);
    struct eagre_text row = eagre_buffer_text(text);
    struct eagre_vector texts = {.type = eagre_type_of(EAGRE_TYPE_STRING), .data = &row};
    struct eagre_vector out;
    /* Small ones twice, so that what was learned is used. */
    for (int round = text->size < 1 << 20 ? 0 : 1; round < 2; round++) {
      eagre_arena_done(&arena);
      assert_int_equal(eagre_json_decode(decoder, &texts, 1, &out, &arena, NULL, NULL), EAGRE_OK);
      assert_int_equal(eagre_vector_is_null(&out.children[2], 0), verdict == '+');
      assert_int_equal(eagre_vector_is_null(&out.children[1], 0), b < 0);
      if (b >= 0) assert_int_equal(EAGRE_VALUES(int32_t, &out.children[1])[0], b);
    }
    if (arena.allocated_size > *out_arena_size) *out_arena_size = arena.allocated_size;
    eagre_arena_done(&arena);
    eagre_json_decoder_free(decoder);
    eagre_arena_done(&schema_arena);
  }
}

static void test_brackets(void **state) {
  (void)state;
  static const char *const openers[] = {"[", "{\"a\":", "[{\"z\":"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(openers); i++) {
    struct eagre_buffer text = {0};
    size_t arena_size;
    repeat(&text, openers[i], 10000);
    check(&text, '!', -1, &arena_size);
    eagre_buffer_clear(&text);
    repeat(&text, "{\"b\":1,\"z\":", 1);
    repeat(&text, openers[i], 10000);
    check(&text, '!', -1, &arena_size);
    eagre_buffer_done(&text);
  }
}

static void check_nested(const char *before, size_t depth, char verdict, int b) {
  struct eagre_buffer text = {0};
  size_t arena_size;
  eagre_buffer_append_string(&text, before);
  repeat(&text, "[", depth);
  repeat(&text, "]", depth);
  eagre_buffer_append_char(&text, '}');
  check(&text, verdict, b, &arena_size);
  eagre_buffer_done(&text);
}

/* The root object is one of the 1000 levels. */
static void test_depth(void **state) {
  (void)state;
  check_nested("{\"b\":1,\"z\":", 999, '+', 1);
  check_nested("{\"b\":1,\"z\":", 1000, '!', -1);
  check_nested("{\"b\":1,\"a\":", 999, '+', 1);
  check_nested("{\"b\":1,\"a\":", 1000, '!', -1);
  check_nested("{\"b\":1,\"z\":", 63, '+', 1);
  check_nested("{\"b\":1,\"z\":", 64, '+', 1);
  check_nested("{\"b\":1,\"z\":", 65, '+', 1);
}

/* An option allows more levels than are kept at hand. */
static void test_raised_depth(void **state) {
  (void)state;
  static const struct json_option option = {"maxNestingDepth", "5000"};
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  for (size_t depth = 4999; depth <= 5000; depth++) {
    struct eagre_buffer text = {0};
    eagre_buffer_append_string(&text, "{\"b\":1,\"z\":");
    for (size_t i = 0; i < depth; i++)
      eagre_buffer_append_string(&text, i % 3 == 0 ? "{\"k\":" : "[");
    eagre_buffer_append_char(&text, '0');
    for (size_t i = depth; i-- > 0;)
      eagre_buffer_append_char(&text, i % 3 == 0 ? '}' : ']');
    eagre_buffer_append_char(&text, '}');
    for (size_t i = 0; i < isa_count; i++) {
      struct eagre_arena arena = {0};
      struct eagre_json_decoder *decoder = open_decoder(schema, &option, 1, isas[i], &arena);
      struct eagre_text row = eagre_buffer_text(&text);
      struct eagre_buffer found = {0};
      decode_rows(decoder, &row, 1, &found);
      assert_string_equal(found.data, depth == 4999 ? "+~|1" : "!~|~");
      eagre_buffer_done(&found);
      eagre_json_decoder_free(decoder);
      eagre_arena_done(&arena);
    }
    eagre_buffer_done(&text);
  }
}

/* Invalid UTF-8 is repaired piece by piece; the result must not depend on where pieces end. */
static void test_long_repair(void **state) {
  (void)state;
  static const char pattern[] = "\xe2\x82\xac\xff\xf0\x9f\x98\x80x\xe2\x82\x80\x80";
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  for (size_t lead = 0; lead < 16; lead++) {
    struct eagre_buffer text = {0};
    struct eagre_buffer expected = {0};
    repeat(&text, "y", lead);
    repeat(&text, pattern, 1000);
    eagre_buffer_append_char(&expected, '+');
    eagre_value_utf8_repair(eagre_buffer_text(&text), &expected);
    struct eagre_buffer json = {0};
    eagre_buffer_printf(&json, "{\"a\":\"%s\"}", eagre_buffer_string(&text));
    for (size_t i = 0; i < isa_count; i++) {
      struct eagre_arena arena = {0};
      struct eagre_json_decoder *decoder = open_decoder("a STRING", NULL, 0, isas[i], &arena);
      struct eagre_text row = eagre_buffer_text(&json);
      struct eagre_buffer found = {0};
      decode_rows(decoder, &row, 1, &found);
      assert_string_equal(found.data, eagre_buffer_string(&expected));
      eagre_buffer_done(&found);
      eagre_json_decoder_free(decoder);
      eagre_arena_done(&arena);
    }
    eagre_buffer_done(&text);
    eagre_buffer_done(&json);
    eagre_buffer_done(&expected);
  }
}

static void check_number(size_t digit_count, char verdict, int b) {
  struct eagre_buffer text = {0};
  size_t arena_size;
  eagre_buffer_append_string(&text, "{\"b\":1,\"z\":-");
  repeat(&text, "7", digit_count);
  eagre_buffer_append_char(&text, '}');
  check(&text, verdict, b, &arena_size);
  eagre_buffer_done(&text);
}

static void test_long_numbers(void **state) {
  (void)state;
  check_number(15, '+', 1);
  check_number(16, '+', 1);
  check_number(17, '+', 1);
  check_number(64, '+', 1);
  check_number(1000, '+', 1);
  check_number(1001, '!', -1);
  check_number(1000000, '!', -1);
}

static void check_name(size_t size, char verdict, int b) {
  struct eagre_buffer text = {0};
  size_t arena_size;
  eagre_buffer_append_string(&text, "{\"b\":1,\"");
  repeat(&text, "n", size);
  eagre_buffer_append_string(&text, "\":2}");
  check(&text, verdict, b, &arena_size);
  eagre_buffer_done(&text);
}

static void test_long_names(void **state) {
  (void)state;
  static const size_t sizes[] = {30, 31, 32, 33, 63, 64, 65, 9999, 10000, 10001, 50000};
  for (size_t i = 0; i < EAGRE_COUNT_OF(sizes); i++)
    check_name(sizes[i], '+', 1);
  check_name(50001, '!', -1);
}

/* A string of 20 million characters is read, a longer one is a bad field. */
static void test_long_strings(void **state) {
  (void)state;
  static const size_t sizes[] = {20000000, 20000001};
  for (size_t i = 0; i < EAGRE_COUNT_OF(sizes); i++) {
    struct eagre_buffer text = {0};
    size_t arena_size;
    eagre_buffer_append_string(&text, "{\"a\":\"");
    memset(eagre_buffer_reserve(&text, sizes[i]), 'x', sizes[i]);
    text.size += sizes[i];
    eagre_buffer_append_string(&text, "\",\"b\":1}");
    check(&text, i == 0 ? '+' : '!', 1, &arena_size);
    assert_true(arena_size < 1 << 20);
    eagre_buffer_done(&text);
  }
}

/* Up to 100 MB in a member nobody wants, in one that is wanted, and as nested values. */
static void test_huge_records(void **state) {
  (void)state;
  static const struct {
    const char *before;
    const char *unit;
    const char *behind;
    char verdict;
    int b;
    unsigned growth; /* arena memory in tenths of the text */
    unsigned size_mb;
  } cases[] = {
      {"{\"z\":\"", "0123456789abcdef", "\",\"b\":1}", '+', 1, 0, 100},
      {"{\"a\":\"", "0123456789abcdef", "\",\"b\":1}", '!', 1, 0, 100},
      {"{\"z\":\"", "0123456789abcdef", "", '!', -1, 0, 100},
      {"{\"z\":\"", "\\n\\u0041\xff", "\",\"b\":1}", '+', 1, 0, 21},
      {"{\"a\":[\"", "0123456789abcdef", "\"],\"b\":1}", '+', 1, 11, 21},
      {"{\"a\":[0", ",1e5,{\"k\":1.50}", "],\"b\":1}", '+', 1, 14, 21},
      {"{\"z\":[0", ",1e5,{\"k\":1.50}", "],\"b\":1}", '+', 1, 0, 21},
      {"{\"b\":1", "                ", "}", '+', 1, 0, 21},
      /* What becomes more than twice as long may not do so without end. */
      {"{\"a\":[\"\"", ",\"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\"", "],\"b\":1}", '+',
       1, 26, 12},
      {"{\"a\":[\"\"", ",\"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\"", "],\"b\":1}", '!',
       1, 0, 34},
      {"{\"a\":[0", ",1e6", "],\"b\":1}", '+', 1, 25, 21},
      {"{\"a\":[0", ",1e6", "],\"b\":1}", '!', 1, 0, 34},
      /* Rendered, and then the record turns out to be broken: not kept beside the next attempt. */
      {"{\"a\":[0", ",1e5", "],\"b\":1", '!', -1, 23, 21},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    bool is_cut = is_slow_build() && cases[i].size_mb > 34;
    size_t size = (size_t)(is_cut ? 21 : cases[i].size_mb) << 20;
    struct eagre_buffer text = {0};
    eagre_buffer_reserve(&text, size + 200);
    size_t unit_size = strlen(cases[i].unit);
    eagre_buffer_append_string(&text, cases[i].before);
    while (text.size + unit_size < size)
      eagre_buffer_append(&text, cases[i].unit, unit_size);
    eagre_buffer_append_string(&text, cases[i].behind);
    size_t arena_size;
    check(&text, cases[i].verdict, cases[i].b, &arena_size);
    assert_true(arena_size <= text.size / 10 * cases[i].growth + (16u << 20));
    eagre_buffer_done(&text);
  }
}

static void test_random_bytes(void **state) {
  (void)state;
  struct eagre_random random;
  eagre_random_seed(&random, 7);
  for (int round = 0; round < 300; round++) {
    struct eagre_buffer text = {0};
    size_t arena_size;
    size_t size = 1 + eagre_random_below(&random, 2000);
    if (round % 2 == 0) eagre_buffer_append_string(&text, "{\"a\":");
    for (size_t i = 0; i < size; i++) {
      eagre_buffer_append_char(&text, (char)eagre_random_next(&random));
    }
    text.data[round % 2 == 0 ? 5 : 0] = '\x01'; /* surely no JSON */
    check(&text, '!', -1, &arena_size);
    eagre_buffer_done(&text);
  }
}

int test_json_limits(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_brackets),     cmocka_unit_test(test_depth),
      cmocka_unit_test(test_long_numbers), cmocka_unit_test(test_long_names),
      cmocka_unit_test(test_long_strings), cmocka_unit_test(test_huge_records),
      cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_raised_depth),
      cmocka_unit_test(test_long_repair),
  };
  return cmocka_run_group_tests_name("json limits", tests, NULL, NULL);
}
