/* DOUBLE and FLOAT -> text. */
#include "test_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANDOM_COUNT = 1000000 };

static void check_double(double value, const char *want) {
  char text[32];
  assert_text(text, eagre_value_print_double(value, text), want);
}

static void check_float(float value, const char *want) {
  char text[32];
  assert_text(text, eagre_value_print_float(value, text), want);
}

/* Double.toString of JDK 19 and later. */
static void test_java_doubles(void **state) {
  (void)state;
  check_double(0.0, "0.0");
  check_double(-0.0, "-0.0");
  check_double(1, "1.0");
  check_double(-1.5, "-1.5");
  check_double(100, "100.0");
  check_double(0.1, "0.1");
  check_double(123456.79, "123456.79");
  check_double(9999999, "9999999.0");
  check_double(1e7, "1.0E7");
  check_double(12345678.9, "1.23456789E7");
  check_double(1e10, "1.0E10");
  check_double(0.001, "0.001");
  check_double(0.01, "0.01");
  check_double(0.012, "0.012");
  check_double(0.000999, "9.99E-4");
  check_double(1e-5, "1.0E-5");
  check_double(1e20, "1.0E20");
  check_double(1e21, "1.0E21");
  check_double(1e22, "1.0E22");
  check_double(1e23, "1.0E23");
  check_double(2e23, "2.0E23");
  check_double(8.41E21, "8.41E21");
  check_double(2.0E-3, "0.002");
  check_double(9007199254740991.0, "9.007199254740991E15");
  check_double(9007199254740992.0, "9.007199254740992E15");
  check_double(9007199254740993.0, "9.007199254740992E15");
  check_double(1.7976931348623157E308, "1.7976931348623157E308");
  check_double(2.2250738585072014E-308, "2.2250738585072014E-308");
  check_double(4.9E-324, "4.9E-324");
  check_double(0x2p-1074, "9.9E-324");
  check_double(0x3p-1074, "1.5E-323");
  check_double(0x1p-44, "5.684341886080802E-14");
  check_double(INFINITY, "Infinity");
  check_double(-INFINITY, "-Infinity");
  check_double(NAN, "NaN");
  check_double(-(double)NAN, "NaN");
}

/* Float.toString of JDK 19 and later; the smallest normal one was 1.17549435E-38 before. */
static void test_java_floats(void **state) {
  (void)state;
  check_float(0.0f, "0.0");
  check_float(-0.0f, "-0.0");
  check_float(0.1f, "0.1");
  check_float(123456.79f, "123456.79");
  check_float(1e10f, "1.0E10");
  check_float(1e-5f, "1.0E-5");
  check_float(16777216.0f, "1.6777216E7");
  check_float(33554432.0f, "3.3554432E7");
  check_float(3.4028235E38f, "3.4028235E38");
  check_float(0x1p-126f, "1.1754944E-38");
  check_float(0x1p-149f, "1.4E-45");
  check_float(0x2p-149f, "2.8E-45");
  check_float(0x7p-149f, "9.8E-45");
  check_float(0x8p-149f, "1.1E-44");
  check_float(2e-3f, "0.002");
  check_float(NAN, "NaN");
  check_float(-INFINITY, "-Infinity");
}

static size_t count_digits(const char *text, size_t size) {
  char digits[32];
  size_t count = 0;
  for (size_t i = 0; i < size && text[i] != 'E'; i++) {
    bool is_leading = text[i] == '0' && count == 0;
    if (text[i] >= '0' && text[i] <= '9' && !is_leading) digits[count++] = text[i];
  }
  while (count > 1 && digits[count - 1] == '0') {
    count--;
  }
  return count;
}

/* No shorter decimal reads back as `value`, and of that length none is nearer than this one: printf
 * rounds correctly, so its decimal is the nearest of its length. */
static void check_shortest(double value, const char *text, size_t size) {
  char shorter[64], same[64];
  size_t count = count_digits(text, size);
  if (count > 2) {
    snprintf(shorter, sizeof shorter, "%.*e", (int)count - 2, value);
    assert_true(strtod(shorter, NULL) != value);
  }
  snprintf(same, sizeof same, "%.*e", (int)count - 1, value);
  if (count >= 2 && strtod(same, NULL) == value) {
    char terminated[32];
    memcpy(terminated, text, size);
    terminated[size] = 0;
    char again[64];
    snprintf(again, sizeof again, "%.*e", (int)count - 1, strtod(terminated, NULL));
    assert_string_equal(again, same);
  }
}

static void test_random_doubles(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  for (int i = 0; i < RANDOM_COUNT; i++) {
    uint64_t bits = eagre_random_next(&random);
    double value, back;
    memcpy(&value, &bits, sizeof value);
    char text[32];
    size_t size = eagre_value_print_double(value, text);
    assert_true(size <= 32);
    assert_int_equal(eagre_value_parse_double(eagre_text_make(text, size), &back), EAGRE_VALUE_OK);
    if (isnan(value)) continue;
    if (memcmp(&back, &value, sizeof value) != 0) fail_msg("%a: %.*s", value, (int)size, text);
    if (i % 50 == 0 && isfinite(value)) check_shortest(value, text, size);
  }
}

/* Numbers people write: up to 15 digits always come back as they were written. */
static void test_short_decimals(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  for (int i = 0; i < 200000; i++) {
    long long digits = (long long)eagre_random_below(&random, 999999999999999) + 1;
    int places = (int)eagre_random_below(&random, 20);
    char written[64], text[32];
    int written_size = snprintf(written, sizeof written, "%llde-%d", digits, places);
    char *exponent = strchr(written, 'e');
    double value = strtod(written, NULL);
    size_t size = eagre_value_print_double(value, text);
    size_t digit_count = count_digits(written, (size_t)(exponent - written));
    assert_true(written_size > 0);
    if (digit_count > 1) assert_int_equal(count_digits(text, size), digit_count);
    check_shortest(value, text, size);
  }
}

static void test_random_floats(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  for (int i = 0; i < RANDOM_COUNT; i++) {
    uint32_t bits = (uint32_t)eagre_random_next(&random);
    float value, back;
    memcpy(&value, &bits, sizeof value);
    char text[32];
    size_t size = eagre_value_print_float(value, text);
    assert_int_equal(eagre_value_parse_float(eagre_text_make(text, size), &back), EAGRE_VALUE_OK);
    if (isnan(value)) continue;
    if (memcmp(&back, &value, sizeof value) != 0) {
      fail_msg("%a: %.*s", (double)value, (int)size, text);
    }
  }
}

/* Every power of two: the gap below is half the gap above. */
static void test_powers_of_two(void **state) {
  (void)state;
  for (int exponent = -1074; exponent <= 1023; exponent++) {
    double value = ldexp(1, exponent), back;
    char text[32];
    size_t size = eagre_value_print_double(value, text);
    assert_int_equal(eagre_value_parse_double(eagre_text_make(text, size), &back), EAGRE_VALUE_OK);
    assert_true(back == value);
    check_shortest(value, text, size);
  }
}

int run_shortest_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_java_doubles),   cmocka_unit_test(test_java_floats),
      cmocka_unit_test(test_random_doubles), cmocka_unit_test(test_short_decimals),
      cmocka_unit_test(test_random_floats),  cmocka_unit_test(test_powers_of_two),
  };
  return cmocka_run_group_tests_name("shortest", tests, NULL, NULL);
}
