/* Text -> DOUBLE and FLOAT, and the table of powers behind it. */
#include "test_value.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value/value_powers.h"

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void check_double(const char *text, double want) {
  double value = -77;
  enum eagre_value_result result = eagre_value_parse_double(eagre_text_of(text), &value);
  bool is_same = isnan(want) ? isnan(value) : bits_of(value) == bits_of(want);
  if (result != EAGRE_VALUE_OK || !is_same) {
    fail_msg("\"%s\": %d %a, want %a", text, result, value, want);
  }
}

static void check_float(const char *text, float want) {
  float value = -77;
  enum eagre_value_result result = eagre_value_parse_float(eagre_text_of(text), &value);
  bool is_same = isnan(want) ? isnan(value) : bits_of_float(value) == bits_of_float(want);
  if (result != EAGRE_VALUE_OK || !is_same) {
    fail_msg("\"%s\": %d %a, want %a", text, result, (double)value, (double)want);
  }
}

static void test_java_grammar(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } cases[] = {
      {"0", 0},
      {"-0", -0.0},
      {"-0.0e5", -0.0},
      {"1.5", 1.5},
      {".5", 0.5},
      {"5.", 5},
      {"+1e2", 100},
      {"1E-2", 0.01},
      {"1e+2", 100},
      {" \t1.5\n ", 1.5},
      {"1d", 1},
      {"1.5F", 1.5},
      {"1e5D", 1e5},
      {"0x1p3", 8},
      {"0X1.8P1", 3},
      {"-0x.8p0", -0.5},
      {"0x1.p-1d", 0.5},
      {"0x1p-1074", 4.9e-324},
      {"0x0.0p5", 0},
      {"0x1.fffffffffffff8p0", 2},
      {"0x1.fffffffffffff7fffffffffffffffffffffffffffffffffffffp0", 0x1.fffffffffffffp0},
      {"0x1p99999999999999999999", INFINITY},
      {"0x1p-99999999999999999999", 0},
      {"NaN", NAN},
      {"+NaN", NAN},
      {"-NaN", NAN},
      {"nan", NAN},
      {"NAN", NAN},
      {"inf", INFINITY},
      {"-INF", -INFINITY},
      {"+Inf", INFINITY},
      {"Infinity", INFINITY},
      {"-infinity", -INFINITY},
      {" infinity ", INFINITY},
      {"1e400", INFINITY},
      {"-1e400", -INFINITY},
      {"1e-400", 0},
      {"1e99999999999999999999", INFINITY},
      {"0e99999999999999999999", 0},
      {"1e-99999999999999999999", 0},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    check_double(cases[i].text, cases[i].value);
    check_float(cases[i].text, (float)cases[i].value);
  }
}

static void test_refused(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",    " ",    ".",    "-",    "+",    "e5",    "1e",        "1e+", "1.5.2", "1,5",
      "--1", "1 2",  "0x1",  "0x",   "0xp3", "0x.p3", "0x1p",      "1_0", "d",     "1dd",
      "1ef", "+nan", "-nan", "infi", "infd", "NaNd",  "Infinityf", "x",   "1\x7f", "\xd9\xa1",
  };
  double value;
  float short_value;
  for (size_t i = 0; i < EAGRE_COUNT_OF(texts); i++) {
    struct eagre_text text = eagre_text_of(texts[i]);
    if (eagre_value_parse_double(text, &value) != EAGRE_VALUE_INVALID ||
        eagre_value_parse_float(text, &short_value) != EAGRE_VALUE_INVALID) {
      fail_msg("\"%s\" is taken for a number", texts[i]);
    }
  }
}

/* Halfway cases, limits, and numbers that readers are known to get wrong. */
static void test_hard_doubles(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } cases[] = {
      {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
      {"2.2250738585072012e-308", 0x1p-1022},
      {"2.2250738585072014e-308", 0x1p-1022},
      {"4.9406564584124654e-324", 0x1p-1074},
      {"2.4703282292062327e-324", 0},
      {"2.4703282292062328e-324", 0x1p-1074},
      {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
      {"1.7976931348623158e308", 0x1.fffffffffffffp1023},
      {"1.7976931348623159e308", INFINITY},
      {"9007199254740991", 0x1.fffffffffffffp52},
      {"9007199254740993", 0x1p53},
      {"9007199254740993.0000000000000000000000000000000000000001", 0x1.0000000000001p53},
      {"9007199254740995", 0x1.0000000000002p53},
      {"1e23", 1e23},
      {"8.5e22", 8.5e22},
      {"6929495644600919.5", 6929495644600920.0},
      {"3.2378839133029012895883524125015321748630945e-243", 3.2378839133029013e-243},
      {"1.00000000000000011102230246251565404236316680908203125", 1},
      {"1.00000000000000011102230246251565404236316680908203124", 1},
      {"1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p0},
      {"18014398509481990", 18014398509481992.0},
      {"0.000000000000000000000000000000000000000000000000000000000000000000123", 1.23e-67},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    check_double(cases[i].text, cases[i].value);
  }
}

/* 2^-1075, the number between zero and the smallest one: 751 digits that all matter. */
static void test_longest_halfway(void **state) {
  (void)state;
  char text[1200];
  int size = snprintf(text, sizeof text, "%.1075f", 0x1p-1074);
  assert_true(size < (int)sizeof text - 10);
  /* Half of it, digit by digit. */
  int rest = 0;
  size_t last = (size_t)size;
  for (size_t i = 0; i < last; i++) {
    if (text[i] == '.') continue;
    int digit = rest * 10 + (text[i] - '0');
    text[i] = (char)('0' + digit / 2);
    rest = digit % 2;
  }
  text[last] = 0;
  check_double(text, 0);
  snprintf(text + last, sizeof text - last, "0000000001");
  check_double(text, 0x1p-1074);
}

static void test_float_is_rounded_once(void **state) {
  (void)state;
  /* Just above half of the last bit; through double it becomes exactly half and rounds down. */
  check_float("1.000000059604644775390626", 0x1.000002p0f);
  check_float("1.000000059604644775390625", 1.0f);
  check_float("1.1754943508222875E-38", 0x1p-126f);
  check_float("1.4E-45", 0x1p-149f);
  check_float("7.0064923216240853e-46", 0);
  check_float("7.0064923216240854e-46", 0x1p-149f);
  check_float("3.4028235677973367e38", INFINITY);
  check_float("3.4028235677973366e38", 0x1.fffffep127f);
  check_float("16777217", 16777216.0f);
  check_float("16777219", 16777220.0f);
}

static void check_against_library(const char *text) {
  check_double(text, strtod(text, NULL));
  check_float(text, strtof(text, NULL));
  struct eagre_text token = eagre_text_of(text);
  assert_true(bits_of(eagre_value_json_double(token)) == bits_of(strtod(text, NULL)));
}

static void test_random_digits(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  char text[128];
  for (int i = 0; i < 200000; i++) {
    size_t size = 0;
    if (eagre_random_below(&random, 2) == 0) text[size++] = '-';
    text[size++] = '1';
    size_t digits = eagre_random_below(&random, 40);
    for (size_t j = 0; j < digits; j++) {
      text[size++] = (char)('0' + eagre_random_below(&random, 10));
    }
    if (eagre_random_below(&random, 2) == 0) {
      text[size++] = '.';
      text[size++] = (char)('0' + eagre_random_below(&random, 10));
    }
    int exponent = (int)eagre_random_below(&random, 700) - 360;
    snprintf(text + size, sizeof text - size, "e%d", exponent);
    check_against_library(text);
  }
}

/* Numbers printed with any precision: the neighbourhood of doubles, and halves between them. */
static void test_random_doubles(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  char text[128];
  for (int i = 0; i < 100000; i++) {
    uint64_t bits = eagre_random_next(&random) & ~((uint64_t)1 << 63);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    snprintf(text, sizeof text, "%.*e", (int)eagre_random_below(&random, 40), value);
    check_against_library(text);
  }
}

static void test_locale_plays_no_part(void **state) {
  (void)state;
  char *before = strdup(setlocale(LC_ALL, NULL));
  /* Any locale with a decimal comma will do; without one there is nothing to check. */
  static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    if (setlocale(LC_ALL, names[i]) != NULL) break;
  }
  check_double("9007199254740993.0000000000000000000000000000000000000001", 0x1.0000000000001p53);
  check_double("0x1.8p1", 3);
  setlocale(LC_ALL, before);
  free(before);
}

static void test_json_tokens(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } cases[] = {
      {"0", 0},
      {"-0", -0.0},
      {"-0.0", -0.0},
      {"12.5", 12.5},
      {"-12.5e3", -12500},
      {"1E400", INFINITY},
      {"-1e400", -INFINITY},
      {"1e-5", 1e-5},
      {"0.1", 0.1},
      {"123456789012345678901234567890", 123456789012345678901234567890.0},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    double value = eagre_value_json_double(eagre_text_of(cases[i].text));
    assert_true(bits_of(value) == bits_of(cases[i].value));
  }
}

/* ---- The table of powers --------------------------------------------------------------------- */

enum { LIMBS = 64 }; /* 2048 bits */

struct big {
  uint32_t limbs[LIMBS];
};

static void multiply_add(struct big *big, uint32_t factor, uint32_t addend) {
  uint64_t carry = addend;
  for (size_t i = 0; i < LIMBS; i++) {
    carry += (uint64_t)big->limbs[i] * factor;
    big->limbs[i] = (uint32_t)carry;
    carry >>= 32;
  }
  assert_int_equal(carry, 0);
}

static int count_bits(const struct big *big) {
  for (int i = LIMBS - 1; i >= 0; i--) {
    if (big->limbs[i] != 0) return i * 32 + 32 - __builtin_clz(big->limbs[i]);
  }
  return 0;
}

static bool bit_at(const struct big *big, int index) {
  return index >= 0 && (big->limbs[index / 32] >> (index % 32) & 1);
}

/* -1, 0 or 1 as big is less than, equal to or greater than 2^power. */
static int compare_with_power(const struct big *big, int power) {
  int bits = count_bits(big);
  if (bits != power + 1) return bits < power + 1 ? -1 : 1;
  for (int i = 0; i < power; i++) {
    if (bit_at(big, i)) return 1;
  }
  return 0;
}

static struct big power_of_five(int exponent) {
  struct big big = {{1}};
  for (int i = 0; i < exponent; i++) {
    multiply_add(&big, 5, 0);
  }
  return big;
}

static struct eagre_value_power top_bits(const struct big *big) {
  struct eagre_value_power power = {0, 0};
  int bits = count_bits(big);
  for (int i = 0; i < 128; i++) {
    power.high = power.high << 1 | power.low >> 63;
    power.low = power.low << 1 | bit_at(big, bits - 1 - i);
  }
  return power;
}

/* big = five * (power + extra) */
static struct big multiply_power(const struct big *five, struct eagre_value_power power,
                                 unsigned extra) {
  struct big product = *five;
  struct big sum = {{0}};
  unsigned __int128 factor = ((unsigned __int128)power.high << 64 | power.low) + extra;
  for (int i = 127; i >= 0; i--) {
    multiply_add(&sum, 2, 0);
    if (!(factor >> i & 1)) continue;
    uint64_t carry = 0;
    for (size_t j = 0; j < LIMBS; j++) {
      carry += (uint64_t)sum.limbs[j] + product.limbs[j];
      sum.limbs[j] = (uint32_t)carry;
      carry >>= 32;
    }
  }
  return sum;
}

static void test_table_of_powers(void **state) {
  (void)state;
  for (int q = EAGRE_VALUE_POWER_MIN; q <= EAGRE_VALUE_POWER_MAX; q++) {
    struct eagre_value_power power = eagre_value_powers[q - EAGRE_VALUE_POWER_MIN];
    struct big five = power_of_five(q < 0 ? -q : q);
    int bits = count_bits(&five);
    assert_true(power.high >> 63);
    if (q >= 0) {
      struct eagre_value_power want = top_bits(&five);
      assert_true(want.high == power.high && want.low == power.low);
      assert_int_equal(eagre_value_log2_power(q), q + bits - 1);
      continue;
    }
    /* power <= 2^(bits + 127) / 5^-q < power + 1 */
    struct big low = multiply_power(&five, power, 0), high = multiply_power(&five, power, 1);
    assert_true(compare_with_power(&low, bits + 127) <= 0);
    assert_true(compare_with_power(&high, bits + 127) > 0);
    assert_int_equal(eagre_value_log2_power(q), q - bits);
  }
}

int run_double_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_java_grammar),          cmocka_unit_test(test_refused),
      cmocka_unit_test(test_hard_doubles),          cmocka_unit_test(test_longest_halfway),
      cmocka_unit_test(test_float_is_rounded_once), cmocka_unit_test(test_random_digits),
      cmocka_unit_test(test_random_doubles),        cmocka_unit_test(test_locale_plays_no_part),
      cmocka_unit_test(test_json_tokens),           cmocka_unit_test(test_table_of_powers),
  };
  return cmocka_run_group_tests_name("double", tests, NULL, NULL);
}
