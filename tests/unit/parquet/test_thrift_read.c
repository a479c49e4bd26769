/* Reading the compact protocol: what our writer wrote, what it never writes, damage. */
#include "test_parquet.h"

#include "parquet/parquet_thrift_read.h"

static void write_sample(struct eagre_buffer *out) {
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, out);
  eagre_parquet_thrift_put_bool(&thrift, 1, true);
  eagre_parquet_thrift_put_i32(&thrift, 2, -7);
  eagre_parquet_thrift_put_i64(&thrift, 30, INT64_MIN);
  eagre_parquet_thrift_put_binary(&thrift, 31, EAGRE_TEXT("text"));
  eagre_parquet_thrift_put_struct(&thrift, 32);
  eagre_parquet_thrift_put_i8(&thrift, 1, -3);
  eagre_parquet_thrift_end(&thrift);
  eagre_parquet_thrift_put_list(&thrift, 33, EAGRE_PARQUET_THRIFT_I32, 20);
  for (int32_t i = 0; i < 20; i++) {
    eagre_parquet_thrift_add_i32(&thrift, i);
  }
  eagre_parquet_thrift_put_bool(&thrift, 34, false);
  eagre_parquet_thrift_end(&thrift);
}

static void test_fields_come_back(void **state) {
  (void)state;
  struct eagre_buffer bytes = {0};
  write_sample(&bytes);
  struct eagre_parquet_thrift_reader reader;
  struct eagre_parquet_thrift_field field = {0};
  eagre_parquet_thrift_reader_init(&reader, eagre_buffer_text(&bytes));
  assert_true(eagre_parquet_thrift_next_field(&reader, &field) && field.id == 1);
  assert_true(eagre_parquet_thrift_read_bool(&reader, field.type));
  assert_true(eagre_parquet_thrift_next_field(&reader, &field) && field.id == 2);
  assert_int_equal(eagre_parquet_thrift_read_i32(&reader, field.type), -7);
  assert_true(eagre_parquet_thrift_next_field(&reader, &field) && field.id == 30);
  assert_true(eagre_parquet_thrift_read_i64(&reader, field.type) == INT64_MIN);
  assert_true(eagre_parquet_thrift_next_field(&reader, &field) && field.id == 31);
  assert_true(
      eagre_text_equal_string(eagre_parquet_thrift_read_binary(&reader, field.type), "text"));
  assert_true(eagre_parquet_thrift_next_field(&reader, &field) && field.id == 32);
  assert_true(eagre_parquet_thrift_expect_struct(&reader, field.type));
  struct eagre_parquet_thrift_field inner = {0};
  assert_true(eagre_parquet_thrift_next_field(&reader, &inner) && inner.id == 1);
  assert_int_equal(eagre_parquet_thrift_read_i32(&reader, inner.type), -3);
  assert_false(eagre_parquet_thrift_next_field(&reader, &inner));
  assert_true(eagre_parquet_thrift_next_field(&reader, &field) && field.id == 33);
  assert_int_equal(eagre_parquet_thrift_read_list(&reader, field.type, EAGRE_PARQUET_THRIFT_I32, 1),
                   20);
  for (int32_t i = 0; i < 20; i++) {
    assert_int_equal(eagre_parquet_thrift_read_i32(&reader, EAGRE_PARQUET_THRIFT_I32), i);
  }
  assert_true(eagre_parquet_thrift_next_field(&reader, &field) && field.id == 34);
  assert_false(eagre_parquet_thrift_read_bool(&reader, field.type));
  assert_false(eagre_parquet_thrift_next_field(&reader, &field));
  assert_false(reader.is_failed);
  eagre_buffer_done(&bytes);
}

static void skip_all(struct eagre_parquet_thrift_reader *reader, struct eagre_text bytes) {
  struct eagre_parquet_thrift_field field = {0};
  eagre_parquet_thrift_reader_init(reader, bytes);
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    eagre_parquet_thrift_skip(reader, field.type);
  }
}

static void test_everything_can_be_skipped(void **state) {
  (void)state;
  struct eagre_parquet_thrift_reader reader;
  struct eagre_buffer bytes = {0};
  write_sample(&bytes);
  skip_all(&reader, eagre_buffer_text(&bytes));
  assert_false(reader.is_failed);
  assert_ptr_equal(reader.next, reader.end);
  /* A double, a set of booleans, a map of i32 to binary, an empty map. */
  static const char foreign[] = {0x17, 0, 0,    0, 0,    0, 0, 0,   0,    0x1a, 0x21,
                                 1,    2, 0x1b, 1, 0x58, 6, 1, 'x', 0x1b, 0,    0};
  skip_all(&reader, eagre_text_make(foreign, sizeof foreign));
  assert_false(reader.is_failed);
  assert_ptr_equal(reader.next, reader.end);
  eagre_buffer_done(&bytes);
}

static void test_cut_anywhere(void **state) {
  (void)state;
  struct eagre_buffer bytes = {0};
  write_sample(&bytes);
  for (size_t size = 0; size < bytes.size; size++) {
    struct eagre_parquet_thrift_reader reader;
    char *copy = eagre_allocate(size + 1);
    memcpy(copy, bytes.data, size);
    skip_all(&reader, eagre_text_make(copy, size));
    assert_true(reader.is_failed);
    eagre_free(copy);
  }
  eagre_buffer_done(&bytes);
}

static void test_depth_is_bounded(void **state) {
  (void)state;
  char nested[200];
  memset(nested, 0x1c, sizeof nested);
  struct eagre_parquet_thrift_reader reader;
  skip_all(&reader, eagre_text_make(nested, sizeof nested));
  assert_true(reader.is_failed);
}

static void test_counts_are_bounded(void **state) {
  (void)state;
  /* A list of 2^28 structs in a few bytes. */
  static const char list[] = {(char)0xfc, (char)0x80, (char)0x80, (char)0x80, (char)0x80, 1, 0, 0};
  struct eagre_parquet_thrift_reader reader;
  eagre_parquet_thrift_reader_init(&reader, eagre_text_make(list, sizeof list));
  assert_int_equal(eagre_parquet_thrift_read_list(&reader, EAGRE_PARQUET_THRIFT_LIST,
                                                  EAGRE_PARQUET_THRIFT_STRUCT, 1),
                   0);
  assert_true(reader.is_failed);
  static const char wide[] = {(char)0x90, (char)0xff, (char)0xff, (char)0xff, 0x7f};
  eagre_parquet_thrift_reader_init(&reader, eagre_text_make(wide, sizeof wide));
  eagre_parquet_thrift_read_i32(&reader, EAGRE_PARQUET_THRIFT_I32);
  assert_true(reader.is_failed);
}

static void test_wrong_types_fail(void **state) {
  (void)state;
  struct eagre_parquet_thrift_reader reader;
  eagre_parquet_thrift_reader_init(&reader, EAGRE_TEXT("\x02\x02\x02"));
  eagre_parquet_thrift_read_i64(&reader, EAGRE_PARQUET_THRIFT_BINARY);
  assert_true(reader.is_failed);
  eagre_parquet_thrift_reader_init(&reader, EAGRE_TEXT("\x02\x02\x02"));
  eagre_parquet_thrift_read_bool(&reader, EAGRE_PARQUET_THRIFT_I32);
  assert_true(reader.is_failed);
  eagre_parquet_thrift_reader_init(&reader, EAGRE_TEXT("\x02\x02\x02"));
  assert_int_equal(eagre_parquet_thrift_read_binary(&reader, EAGRE_PARQUET_THRIFT_I32).size, 0);
  assert_true(reader.is_failed);
}

int run_thrift_read_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fields_come_back),   cmocka_unit_test(test_everything_can_be_skipped),
      cmocka_unit_test(test_cut_anywhere),       cmocka_unit_test(test_depth_is_bounded),
      cmocka_unit_test(test_counts_are_bounded), cmocka_unit_test(test_wrong_types_fail),
  };
  return cmocka_run_group_tests_name("parquet thrift, reading", tests, NULL, NULL);
}
