/* Thrift's compact protocol, byte for byte. */
#include "test_parquet.h"

#include "parquet/parquet_thrift.h"

static void check_bytes(struct eagre_buffer *out, const uint8_t *bytes, size_t size) {
  assert_int_equal(out->size, size);
  assert_memory_equal(out->data, bytes, size);
  eagre_buffer_done(out);
}

#define CHECK_BYTES(out, ...)                                                                      \
  do {                                                                                             \
    static const uint8_t expected[] = {__VA_ARGS__};                                               \
    check_bytes(out, expected, sizeof expected);                                                   \
  } while (0)

static void test_varints(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  eagre_parquet_varint_append(&out, 0);
  eagre_parquet_varint_append(&out, 127);
  eagre_parquet_varint_append(&out, 128);
  eagre_parquet_varint_append(&out, 300);
  eagre_parquet_varint_append(&out, UINT64_MAX);
  CHECK_BYTES(&out, 0, 0x7f, 0x80, 1, 0xac, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
              1);
}

static void test_integers_are_zigzag(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, &out);
  eagre_parquet_thrift_put_i8(&thrift, 1, -1);
  eagre_parquet_thrift_put_i16(&thrift, 2, -1);
  eagre_parquet_thrift_put_i32(&thrift, 3, 1);
  eagre_parquet_thrift_put_i64(&thrift, 4, INT64_MIN);
  eagre_parquet_thrift_end(&thrift);
  CHECK_BYTES(&out, 0x13, 0xff, 0x14, 1, 0x15, 2, 0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
              0xff, 0xff, 1, 0);
}

static void test_booleans_are_types(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, &out);
  eagre_parquet_thrift_put_bool(&thrift, 1, true);
  eagre_parquet_thrift_put_bool(&thrift, 3, false);
  eagre_parquet_thrift_put_list(&thrift, 4, EAGRE_PARQUET_THRIFT_TRUE, 2);
  eagre_parquet_thrift_add_bool(&thrift, true);
  eagre_parquet_thrift_add_bool(&thrift, false);
  eagre_parquet_thrift_end(&thrift);
  CHECK_BYTES(&out, 0x11, 0x22, 0x19, 0x21, 1, 2, 0);
}

static void test_far_fields_have_long_headers(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, &out);
  eagre_parquet_thrift_put_i32(&thrift, 15, 0);
  eagre_parquet_thrift_put_i32(&thrift, 31, 0);
  eagre_parquet_thrift_end(&thrift);
  CHECK_BYTES(&out, 0xf5, 0, 0x05, 62, 0, 0);
}

static void test_structs_count_ids_anew(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, &out);
  eagre_parquet_thrift_put_struct(&thrift, 5);
  eagre_parquet_thrift_put_binary(&thrift, 1, EAGRE_TEXT("ab"));
  eagre_parquet_thrift_end(&thrift);
  eagre_parquet_thrift_put_list(&thrift, 6, EAGRE_PARQUET_THRIFT_STRUCT, 1);
  eagre_parquet_thrift_add_struct(&thrift);
  eagre_parquet_thrift_put_i64(&thrift, 2, 3);
  eagre_parquet_thrift_end(&thrift);
  eagre_parquet_thrift_end(&thrift);
  CHECK_BYTES(&out, 0x5c, 0x18, 2, 'a', 'b', 0, 0x19, 0x1c, 0x26, 6, 0, 0);
}

static void test_long_lists_have_long_headers(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, &out);
  eagre_parquet_thrift_put_list(&thrift, 1, EAGRE_PARQUET_THRIFT_I32, 14);
  eagre_parquet_thrift_put_list(&thrift, 2, EAGRE_PARQUET_THRIFT_I32, 15);
  eagre_parquet_thrift_add_i32(&thrift, -2);
  eagre_parquet_thrift_end(&thrift);
  CHECK_BYTES(&out, 0x19, 0xe5, 0x19, 0xf5, 15, 3, 0);
}

int run_thrift_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_varints),
      cmocka_unit_test(test_integers_are_zigzag),
      cmocka_unit_test(test_booleans_are_types),
      cmocka_unit_test(test_far_fields_have_long_headers),
      cmocka_unit_test(test_structs_count_ids_anew),
      cmocka_unit_test(test_long_lists_have_long_headers),
  };
  return cmocka_run_group_tests_name("thrift", tests, NULL, NULL);
}
