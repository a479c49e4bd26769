/* Conversions whose values other programs do not write: the edges, and what does not fit. */
#include "test_parquet.h"

#include "parquet/parquet_convert.h"

static const struct eagre_type *make_decimal(uint8_t precision, uint8_t scale) {
  static struct eagre_type type;
  type = (struct eagre_type){.kind = EAGRE_TYPE_DECIMAL, .precision = precision, .scale = scale};
  return &type;
}

static struct eagre_parquet_element make_element(enum eagre_parquet_type physical,
                                                 enum eagre_parquet_converted_type converted) {
  return (struct eagre_parquet_element){.physical = physical, .converted = converted};
}

static void test_int96(void **state) {
  (void)state;
  struct eagre_parquet_element element =
      make_element(EAGRE_PARQUET_INT96, EAGRE_PARQUET_CONVERTED_NONE);
  struct eagre_parquet_conversion conversion;
  assert_true(
      eagre_parquet_conversion_find(&conversion, &element, eagre_type_of(EAGRE_TYPE_TIMESTAMP)));
  /* 1 ns before 1970: the last nanosecond of Julian day 2440587. */
  struct {
    int64_t nanos;
    int32_t day;
  } __attribute__((packed)) values[] = {
      {86399999999999, 2440587}, {0, 2440588}, {1999, 2440588}, {-1, 2440588}, {0, INT32_MIN}};
  int64_t out[5];
  assert_true(conversion.convert(&conversion, (const char *)values, 4, (char *)out));
  assert_int_equal(out[0], -1);
  assert_int_equal(out[1], 0);
  assert_int_equal(out[2], 1);
  assert_int_equal(out[3], -1);
  assert_false(conversion.convert(&conversion, (const char *)values, 5, (char *)out));
}

static void test_time_that_does_not_fit(void **state) {
  (void)state;
  struct eagre_parquet_element element =
      make_element(EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_TIMESTAMP_MILLIS);
  struct eagre_parquet_conversion conversion;
  assert_true(
      eagre_parquet_conversion_find(&conversion, &element, eagre_type_of(EAGRE_TYPE_TIMESTAMP)));
  int64_t values[] = {-1, INT64_MAX / 1000, INT64_MAX / 1000 + 1};
  int64_t out[3];
  assert_true(conversion.convert(&conversion, (const char *)values, 2, (char *)out));
  assert_int_equal(out[0], -1000);
  assert_false(conversion.convert(&conversion, (const char *)values, 3, (char *)out));
}

static bool read_decimal_bytes(const char *bytes, size_t size, uint8_t precision,
                               const struct eagre_type *type, __int128 *out) {
  struct eagre_parquet_element element =
      make_element(EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_DECIMAL);
  element.precision = precision;
  struct eagre_parquet_conversion conversion;
  assert_true(eagre_parquet_conversion_find(&conversion, &element, type));
  struct eagre_text text = eagre_text_make(bytes, size);
  return conversion.convert(&conversion, (const char *)&text, 1, (char *)out);
}

static void test_decimals_as_bytes(void **state) {
  (void)state;
  __int128 value;
  assert_true(read_decimal_bytes("\xff", 1, 3, make_decimal(3, 0), &value) && value == -1);
  assert_true(read_decimal_bytes("\x00\xff", 2, 3, make_decimal(3, 0), &value) && value == 255);
  assert_true(read_decimal_bytes("\x85", 1, 3, make_decimal(5, 2), &value) && value == -12300);
  assert_true(
      read_decimal_bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe",
                         18, 38, make_decimal(38, 0), &value) &&
      value == -2);
  assert_false(read_decimal_bytes("", 0, 3, make_decimal(3, 0), &value));
  assert_false(read_decimal_bytes("\x03\xe8", 2, 3, make_decimal(3, 0), &value)); /* 1000 */
  assert_true(read_decimal_bytes("\x03\xe7", 2, 3, make_decimal(3, 0), &value) && value == 999);
  static const char too_long[] = "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  assert_false(read_decimal_bytes(too_long, 17, 38, make_decimal(38, 0), &value));
  static const char sign_lost[] = "\x00\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  assert_false(read_decimal_bytes(sign_lost, 17, 38, make_decimal(38, 0), &value));
}

static void test_meanings_must_fit_their_type(void **state) {
  (void)state;
  static const struct {
    enum eagre_parquet_type physical;
    enum eagre_parquet_converted_type converted;
    enum eagre_parquet_meaning_kind kind;
  } rows[] = {
      {EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_UTF8, EAGRE_PARQUET_MEANS_NOTHING},
      {EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_INT_64, EAGRE_PARQUET_MEANS_NOTHING},
      {EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_INT_8, EAGRE_PARQUET_MEANS_NOTHING},
      {EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_DATE, EAGRE_PARQUET_MEANS_NOTHING},
      {EAGRE_PARQUET_DOUBLE, EAGRE_PARQUET_CONVERTED_TIMESTAMP_MICROS, EAGRE_PARQUET_MEANS_NOTHING},
      {EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_INTERVAL,
       EAGRE_PARQUET_MEANS_NOTHING},
      {EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_DECIMAL, EAGRE_PARQUET_MEANS_NOTHING},
      {EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_ENUM, EAGRE_PARQUET_MEANS_STRING},
      {EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_JSON, EAGRE_PARQUET_MEANS_STRING},
      {EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_BSON, EAGRE_PARQUET_MEANS_BINARY},
      {EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_UINT_8, EAGRE_PARQUET_MEANS_INTEGER},
      {EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_UINT_64, EAGRE_PARQUET_MEANS_INTEGER},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    struct eagre_parquet_element element = make_element(rows[i].physical, rows[i].converted);
    element.length = 12;
    assert_int_equal(eagre_parquet_element_meaning(&element).kind, rows[i].kind);
  }
}

int run_convert_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_int96),
      cmocka_unit_test(test_time_that_does_not_fit),
      cmocka_unit_test(test_decimals_as_bytes),
      cmocka_unit_test(test_meanings_must_fit_their_type),
  };
  return cmocka_run_group_tests_name("parquet conversions", tests, NULL, NULL);
}
