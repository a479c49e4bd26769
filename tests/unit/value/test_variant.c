/* VARIANT: the bytes that Spark writes, members and their names, copies, and the check of bytes
 * that others wrote. */
#include "test_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct made {
  struct eagre_variant_builder builder;
  char bytes[4096];
  struct eagre_text text;
};

static void begin(struct made *made) {
  memset(made, 0, sizeof *made);
  eagre_variant_builder_begin(&made->builder);
}

static void finish(struct made *made) {
  size_t size = eagre_variant_builder_finish(&made->builder);
  assert_true(size > 0 && size <= sizeof made->bytes);
  eagre_variant_builder_write(&made->builder, made->bytes);
  made->text = eagre_text_make(made->bytes, size);
  size_t metadata = eagre_variant_metadata_size(made->text);
  assert_int_equal(eagre_variant_check(eagre_text_make(made->bytes, metadata),
                                       eagre_text_make(made->bytes + metadata, size - metadata),
                                       NULL),
                   EAGRE_OK);
}

static void check_bytes(const struct made *made, const char *want, size_t size) {
  assert_int_equal(made->text.size, size);
  assert_memory_equal(made->text.data, want, size);
}

static void check_print(const struct made *made, const char *want) {
  struct eagre_buffer text = {0};
  eagre_variant_print(eagre_variant_open(made->text), eagre_zone_utc(), &text);
  assert_string_equal(eagre_buffer_string(&text), want);
  eagre_buffer_done(&text);
}

/* {"b":1,"a":[true,null]} as Spark 4.2.0 builds it. */
static void make_object(struct made *made) {
  begin(made);
  struct eagre_variant_frame object = eagre_variant_builder_open(&made->builder);
  eagre_variant_builder_name(&made->builder, &object, EAGRE_TEXT("b"));
  eagre_variant_builder_integer(&made->builder, 1);
  eagre_variant_builder_name(&made->builder, &object, EAGRE_TEXT("a"));
  struct eagre_variant_frame array = eagre_variant_builder_open(&made->builder);
  eagre_variant_builder_element(&made->builder, &array);
  eagre_variant_builder_boolean(&made->builder, true);
  eagre_variant_builder_element(&made->builder, &array);
  eagre_variant_builder_null(&made->builder);
  eagre_variant_builder_close_array(&made->builder, &array);
  assert_true(eagre_variant_builder_close_object(&made->builder, &object, NULL));
  finish(made);
}

static void test_object(void **state) {
  (void)state;
  static const char want[] = {1,    2, 0, 1, 2, 'b', 'a',              /* metadata */
                              2,    2, 1, 0, 2, 0,   9,                /* object: ids, offsets */
                              0x0c, 1, 3, 2, 0, 1,   2,   0x04, 0x00}; /* 1, [true, null] */
  struct made made;
  make_object(&made);
  check_bytes(&made, want, sizeof want);
  check_print(&made, "{\"a\":[true,null],\"b\":1}");
  struct eagre_variant member;
  assert_true(eagre_variant_find(eagre_variant_open(made.text), EAGRE_TEXT("b"), &member));
  assert_int_equal(eagre_variant_integer(member), 1);
  assert_false(eagre_variant_find(eagre_variant_open(made.text), EAGRE_TEXT("B"), &member));
  assert_false(eagre_variant_find(eagre_variant_open(made.text), EAGRE_TEXT(""), &member));
  eagre_variant_builder_done(&made.builder);
}

static void check_number(const char *token, bool is_negative, enum eagre_variant_kind kind,
                         size_t value_size, const char *print) {
  struct made made;
  begin(&made);
  eagre_variant_builder_number(&made.builder, eagre_text_of(token), is_negative);
  finish(&made);
  assert_int_equal(eagre_variant_kind_of(eagre_variant_open(made.text)), kind);
  assert_int_equal(made.text.size, 3 + value_size);
  check_print(&made, print);
  eagre_variant_builder_done(&made.builder);
}

static void test_numbers(void **state) {
  (void)state;
  check_number("0", true, EAGRE_VARIANT_INTEGER, 2, "0");
  check_number("127", false, EAGRE_VARIANT_INTEGER, 2, "127");
  check_number("128", true, EAGRE_VARIANT_INTEGER, 2, "-128");
  check_number("128", false, EAGRE_VARIANT_INTEGER, 3, "128");
  check_number("2147483648", true, EAGRE_VARIANT_INTEGER, 5, "-2147483648");
  check_number("9223372036854775807", false, EAGRE_VARIANT_INTEGER, 9, "9223372036854775807");
  check_number("9223372036854775808", false, EAGRE_VARIANT_DECIMAL, 18, "9223372036854775808");
  check_number("9223372036854775808", true, EAGRE_VARIANT_INTEGER, 9, "-9223372036854775808");
  check_number("1.50", false, EAGRE_VARIANT_DECIMAL, 6, "1.5");
  check_number("1.5000000000", true, EAGRE_VARIANT_DECIMAL, 10, "-1.5");
  check_number("0.00", true, EAGRE_VARIANT_DECIMAL, 6, "0");
  check_number("1e2", false, EAGRE_VARIANT_DOUBLE, 9, "100.0");
  check_number("1e400", true, EAGRE_VARIANT_DOUBLE, 9, "\"-Infinity\"");
  check_number("99999999999999999999999999999999999999", false, EAGRE_VARIANT_DECIMAL, 18,
               "99999999999999999999999999999999999999");
  check_number("100000000000000000000000000000000000000", false, EAGRE_VARIANT_DOUBLE, 9, "1.0E38");
}

static void test_texts_and_times(void **state) {
  (void)state;
  struct made made;
  char text[300];
  memset(text, 'x', sizeof text);
  begin(&made);
  struct eagre_variant_frame array = eagre_variant_builder_open(&made.builder);
  for (size_t size = 0; size < sizeof text; size += 63) {
    eagre_variant_builder_element(&made.builder, &array);
    eagre_variant_builder_string(&made.builder, eagre_text_make(text, size));
  }
  eagre_variant_builder_close_array(&made.builder, &array);
  finish(&made);
  struct eagre_variant_container container =
      eagre_variant_container_of(eagre_variant_open(made.text));
  assert_int_equal(container.count, 5);
  assert_int_equal(container.offset_size, 2);
  for (uint32_t i = 0; i < container.count; i++) {
    assert_int_equal(eagre_variant_text(eagre_variant_member(&container, i)).size, i * 63);
  }
  eagre_variant_builder_begin(&made.builder);
  array = eagre_variant_builder_open(&made.builder);
  eagre_variant_builder_element(&made.builder, &array);
  eagre_variant_builder_timestamp(&made.builder, -1);
  eagre_variant_builder_element(&made.builder, &array);
  eagre_variant_builder_timestamp_ntz(&made.builder, 1500000);
  eagre_variant_builder_element(&made.builder, &array);
  eagre_variant_builder_date(&made.builder, -1);
  eagre_variant_builder_element(&made.builder, &array);
  eagre_variant_builder_binary(&made.builder, EAGRE_TEXT("abcd"));
  eagre_variant_builder_element(&made.builder, &array);
  eagre_variant_builder_float(&made.builder, NAN);
  eagre_variant_builder_close_array(&made.builder, &array);
  finish(&made);
  check_print(&made, "[\"1969-12-31 23:59:59.999999+00:00\",\"1970-01-01 00:00:01.5\","
                     "\"1969-12-31\",\"YWJjZA==\",\"NaN\"]");
  eagre_variant_builder_done(&made.builder);
}

/* More names than are searched one by one, and more than the first table of the builder holds. */
static void test_wide_objects(void **state) {
  (void)state;
  enum { NAMES = 300 };
  struct eagre_variant_builder builder = {0};
  char name[16];
  for (int round = 0; round < 3; round++) {
    eagre_variant_builder_begin(&builder);
    struct eagre_variant_frame frame = eagre_variant_builder_open(&builder);
    for (int i = 0; i < NAMES; i++) {
      snprintf(name, sizeof name, "n%d", (i * 7919) % NAMES);
      eagre_variant_builder_name(&builder, &frame, eagre_text_of(name));
      eagre_variant_builder_integer(&builder, (i * 7919) % NAMES);
    }
    assert_true(eagre_variant_builder_close_object(&builder, &frame, NULL));
    size_t size = eagre_variant_builder_finish(&builder);
    char *bytes = eagre_allocate(size);
    eagre_variant_builder_write(&builder, bytes);
    struct eagre_variant object = eagre_variant_open(eagre_text_make(bytes, size));
    for (int i = 0; i < NAMES; i++) {
      struct eagre_variant found;
      snprintf(name, sizeof name, "n%d", i);
      assert_true(eagre_variant_find(object, eagre_text_of(name), &found));
      assert_int_equal(eagre_variant_integer(found), i);
    }
    eagre_free(bytes);
  }
  eagre_variant_builder_done(&builder);
}

static void test_repeated_names(void **state) {
  (void)state;
  struct eagre_variant_builder builder = {0};
  struct eagre_text name = {0};
  eagre_variant_builder_begin(&builder);
  struct eagre_variant_frame frame = eagre_variant_builder_open(&builder);
  for (int i = 0; i < 4; i++) {
    eagre_variant_builder_name(&builder, &frame, eagre_text_make(&"abca"[i], 1));
    eagre_variant_builder_null(&builder);
  }
  assert_false(eagre_variant_builder_close_object(&builder, &frame, &name));
  assert_true(eagre_text_equal_string(name, "a"));
  eagre_variant_builder_done(&builder);
}

/* Spark's order of names: that of UTF-16 units. */
static void test_order_of_names(void **state) {
  (void)state;
  static const char *const names[] = {
      "", "B", "a", "aa", "b", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xef\xbf\xae"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    for (size_t k = 0; k < EAGRE_COUNT_OF(names); k++) {
      int order = eagre_variant_compare_names(eagre_text_of(names[i]), eagre_text_of(names[k]));
      assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
    }
  }
}

static void test_copy_of_part(void **state) {
  (void)state;
  struct made made, copy;
  struct eagre_variant part;
  make_object(&made);
  begin(&copy);
  assert_true(eagre_variant_find(eagre_variant_open(made.text), EAGRE_TEXT("a"), &part));
  eagre_variant_builder_copy(&copy.builder, part);
  finish(&copy);
  check_print(&copy, "[true,null]");
  assert_int_equal(eagre_variant_metadata_size(copy.text), 3);
  eagre_variant_builder_done(&made.builder);
  eagre_variant_builder_done(&copy.builder);
}

static void check_refused(const char *metadata, size_t metadata_size, const char *value,
                          size_t value_size, const char *class_name, const char *what) {
  struct eagre_error error;
  eagre_error_init(&error);
  assert_int_equal(eagre_variant_check(eagre_text_make(metadata, metadata_size),
                                       eagre_text_make(value, value_size), &error),
                   EAGRE_DATA);
  assert_string_equal(error.class_name, class_name);
  assert_non_null(strstr(error.text, what));
}

#define CHECK_REFUSED(metadata, value, class_name, what)                                           \
  check_refused(metadata, sizeof metadata - 1, value, sizeof value - 1, class_name, what)

static void test_bytes_of_others(void **state) {
  (void)state;
  CHECK_REFUSED("", "\0", "MALFORMED_VARIANT", "version");
  CHECK_REFUSED("\x02\0\0", "\0", "MALFORMED_VARIANT", "version");
  CHECK_REFUSED("\x01\x01\0", "\0", "MALFORMED_VARIANT", "cut off");
  CHECK_REFUSED("\x01\x01\0\x05"
                "a",
                "\0", "MALFORMED_VARIANT", "outside");
  CHECK_REFUSED("\x01\0\0x", "\0", "MALFORMED_VARIANT", "behind the metadata");
  CHECK_REFUSED("\x01\0\0", "", "MALFORMED_VARIANT", "cut off");
  CHECK_REFUSED("\x01\0\0", "\0\0", "MALFORMED_VARIANT", "behind the value");
  CHECK_REFUSED("\x01\0\0",
                "\x0d"
                "ab",
                "MALFORMED_VARIANT", "text");
  CHECK_REFUSED("\x01\0\0", "\x44\0\0\0\0\0\0\0\0", "UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT", "17");
  CHECK_REFUSED("\x01\0\0", "\x20\x0a\x01\0\0\0", "MALFORMED_VARIANT", "digits");
  CHECK_REFUSED("\x01\0\0", "\x02\x01\0\0\x01\0", "MALFORMED_VARIANT", "dictionary");
  CHECK_REFUSED("\x01\x01\0\x01"
                "a",
                "\x02\x02\0\0\0\x01\x02\0\0", "MALFORMED_VARIANT", "order");
  CHECK_REFUSED("\x01\0\0", "\x03\x02\0\0\x01\0", "MALFORMED_VARIANT", "overlap");
  CHECK_REFUSED("\x01\0\0", "\x03\x01\0\x05\0", "MALFORMED_VARIANT", "cut off");
  CHECK_REFUSED("\x01\0\0", "\x13\xff\xff\xff\xff\0", "MALFORMED_VARIANT", "cut off");
}

/* [[[...]]]: one level more than is read. */
static void test_depth(void **state) {
  (void)state;
  char value[4 * (EAGRE_VARIANT_DEPTH_MAX + 1) * 2];
  struct eagre_variant_builder builder = {0};
  eagre_variant_builder_begin(&builder);
  struct eagre_variant_frame frames[EAGRE_VARIANT_DEPTH_MAX + 1];
  for (int i = 0; i <= EAGRE_VARIANT_DEPTH_MAX; i++) {
    frames[i] = eagre_variant_builder_open(&builder);
    if (i < EAGRE_VARIANT_DEPTH_MAX) eagre_variant_builder_element(&builder, &frames[i]);
  }
  for (int i = EAGRE_VARIANT_DEPTH_MAX; i >= 0; i--) {
    eagre_variant_builder_close_array(&builder, &frames[i]);
  }
  size_t size = eagre_variant_builder_finish(&builder);
  assert_true(size > 0 && size <= sizeof value);
  eagre_variant_builder_write(&builder, value);
  check_refused(value, 3, value + 3, size - 3, "MALFORMED_VARIANT", "deeper");
  eagre_variant_builder_done(&builder);
}

int run_variant_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_object),          cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_texts_and_times), cmocka_unit_test(test_wide_objects),
      cmocka_unit_test(test_repeated_names),  cmocka_unit_test(test_order_of_names),
      cmocka_unit_test(test_copy_of_part),    cmocka_unit_test(test_bytes_of_others),
      cmocka_unit_test(test_depth),
  };
  return cmocka_run_group_tests_name("variant", tests, NULL, NULL);
}
