/* Date patterns. What is expected was run against Spark 4.2 on Java 17. */
#include "test_value.h"

#include <inttypes.h>
#include <stdio.h>

static struct eagre_pattern *open_pattern(const char *text) {
  struct eagre_pattern *pattern = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  if (eagre_pattern_open(eagre_text_of(text), &pattern, &error) != EAGRE_OK) {
    fail_msg("%s: %s", text, error.text);
  }
  return pattern;
}

static void check_format(const char *pattern_text, int64_t us, const char *zone_name,
                         const char *want) {
  struct eagre_pattern *pattern = open_pattern(pattern_text);
  struct eagre_zone *zone = open_zone(zone_name);
  struct eagre_buffer out = {0};
  eagre_pattern_format(pattern, us, zone, &out);
  assert_text(out.size == 0 ? "" : out.data, out.size, want);
  eagre_buffer_done(&out);
  eagre_zone_close(zone);
  eagre_pattern_close(pattern);
}

static void test_date_letters(void **state) {
  (void)state;
  int64_t us = wall_us(2026, 9, 4, 15, 5, 6.123456);
  static const struct {
    const char *pattern;
    const char *want;
  } cases[] = {
      {"y", "2026"},
      {"yy", "26"},
      {"yyy", "2026"},
      {"yyyy", "2026"},
      {"yyyyyy", "002026"},
      {"M", "9"},
      {"MM", "09"},
      {"MMM", "Sep"},
      {"MMMM", "September"},
      {"L", "9"},
      {"LL", "09"},
      {"LLL", "Sep"},
      {"LLLL", "September"},
      {"d", "4"},
      {"dd", "04"},
      {"D", "247"},
      {"DDD", "247"},
      {"E", "Fri"},
      {"EEE", "Fri"},
      {"EEEE", "Friday"},
      {"F", "4"},
      {"Q", "3"},
      {"QQ", "03"},
      {"QQQ", "Q3"},
      {"QQQQ", "3rd quarter"},
      {"q", "3"},
      {"qqq", "Q3"},
      {"G", "AD"},
      {"GGGG", "Anno Domini"},
      {"yyyy-MM-dd", "2026-09-04"},
      {"dd/MM/yy", "04/09/26"},
      {"", ""},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    check_format(cases[i].pattern, us, "UTC", cases[i].want);
  }
}

static void test_time_letters(void **state) {
  (void)state;
  int64_t afternoon = wall_us(2026, 9, 4, 15, 5, 6.123456);
  int64_t midnight = wall_us(2026, 9, 4, 0, 0, 0), noon = wall_us(2026, 9, 4, 12, 0, 0);
  check_format("H HH k kk K KK h hh a", afternoon, "UTC", "15 15 15 15 3 03 3 03 PM");
  check_format("H HH k kk K KK h hh a", midnight, "UTC", "0 00 24 24 0 00 12 12 AM");
  check_format("H HH k kk K KK h hh a", noon, "UTC", "12 12 12 12 0 00 12 12 PM");
  check_format("m mm s ss", afternoon, "UTC", "5 05 6 06");
  check_format("S SS SSS SSSS SSSSSS SSSSSSSSS", afternoon, "UTC",
               "1 12 123 1234 123456 123456000");
}

static void test_years_out_of_the_ordinary(void **state) {
  (void)state;
  int64_t before_era = INT64_C(-62198755200000000); /* -0001-01-01 */
  check_format("yyyy-MM-dd", before_era, "UTC", "-0001-01-01");
  check_format("y", before_era, "UTC", "-1");
  check_format("yy", before_era, "UTC", "01");
  check_format("yyyy G", before_era, "UTC", "0002 BC");
  check_format("yyyy-MM-dd", INT64_MAX, "UTC", "+294247-01-10");
  check_format("y", INT64_MAX, "UTC", "294247");
  check_format("E D", before_era, "UTC", "Fri 1");
}

static void test_zone_letters(void **state) {
  (void)state;
  int64_t summer = wall_us(2026, 7, 1, 0, 0, 0), winter = wall_us(2026, 1, 1, 0, 0, 0);
  const char *offsets = "X|XX|XXX|XXXX|XXXXX|x|xx|xxx|xxxx|xxxxx|Z|ZZZZ|ZZZZZ|O|OOOO";
  check_format(offsets, summer, "UTC",
               "Z|Z|Z|Z|Z|+00|+0000|+00:00|+0000|+00:00|+0000|GMT|Z|GMT|GMT");
  check_format(offsets, summer, "+05:30",
               "+0530|+0530|+05:30|+0530|+05:30|+0530|+0530|+05:30|+0530|+05:30|+0530|GMT+05:30|"
               "+05:30|GMT+5:30|GMT+05:30");
  check_format(offsets, summer, "America/New_York",
               "-04|-0400|-04:00|-0400|-04:00|-04|-0400|-04:00|-0400|-04:00|-0400|GMT-04:00|-04:00|"
               "GMT-4|GMT-04:00");
  check_format("X XX XXX XXXX XXXXX O OOOO", wall_us(1900, 7, 1, 0, 0, 0), "Europe/Paris",
               "+0009 +0009 +00:09 +000921 +00:09:21 GMT+0:09:21 GMT+00:09:21");
  check_format("VV", summer, "Europe/Paris", "Europe/Paris");
  check_format("VV", summer, "+1", "+01:00");
  check_format("VV", summer, "PST", "America/Los_Angeles");
  check_format("z|zzzz", winter, "America/Los_Angeles", "PST|Pacific Standard Time");
  check_format("z|zzzz", summer, "America/Los_Angeles", "PDT|Pacific Daylight Time");
  check_format("z|zzzz", winter, "Europe/Paris", "CET|Central European Standard Time");
  check_format("z|zzzz", summer, "Europe/Paris", "CEST|Central European Summer Time");
  check_format("z|zzzz", summer, "Europe/London", "BST|British Summer Time");
  check_format("z|zzzz", winter, "Europe/Dublin", "GMT|Greenwich Mean Time");
  check_format("z|zzzz", summer, "UTC", "UTC|Coordinated Universal Time");
  check_format("z|zzzz", summer, "GMT", "GMT|Greenwich Mean Time");
  check_format("z|zzzz", summer, "+01:00", "+01:00|+01:00");
  check_format("z", summer, "Etc/GMT+8", "GMT-08:00");
}

static void test_literals(void **state) {
  (void)state;
  int64_t us = wall_us(2026, 9, 4, 15, 5, 6);
  check_format("yyyy-MM-dd'T'HH:mm:ss'Z'", us, "UTC", "2026-09-04T15:05:06Z");
  check_format("h 'o''clock'", us, "UTC", "3 o'clock");
  check_format("''yy''", us, "UTC", "'26'");
  check_format("''''", us, "UTC", "'");
  check_format("'yyyy'", us, "UTC", "yyyy");
  check_format("d. '\xc3\xa9t\xc3\xa9' \xe2\x82\xac", 0, "UTC",
               "1. \xc3\xa9t\xc3\xa9 \xe2\x82\xac");
}

static void test_optional_sections_are_printed(void **state) {
  (void)state;
  int64_t us = wall_us(2026, 9, 4, 15, 5, 6);
  check_format("yyyy[-MM[-dd]][ HH", us, "UTC", "2026-09-04 15");
  check_format("HH:mm:ss[.SSS][XXX]", us, "UTC", "15:05:06.000Z");
}

static void check_parse_in(const char *zone_name, const char *pattern_text, const char *text,
                           int64_t want) {
  struct eagre_pattern *pattern = open_pattern(pattern_text);
  struct eagre_zone *zone = open_zone(zone_name);
  assert_int_equal(eagre_pattern_check_parse(pattern, NULL), EAGRE_OK);
  int64_t us = -77;
  enum eagre_value_result result = eagre_pattern_parse(pattern, eagre_text_of(text), zone, &us);
  if (result != EAGRE_VALUE_OK || us != want) {
    fail_msg("\"%s\" by \"%s\": %d %" PRId64 ", want %" PRId64, text, pattern_text, result, us,
             want);
  }
  eagre_zone_close(zone);
  eagre_pattern_close(pattern);
}

static void check_parse(const char *pattern, const char *text, int64_t want) {
  check_parse_in("UTC", pattern, text, want);
}

static void check_no_parse(const char *pattern_text, const char *text) {
  struct eagre_pattern *pattern = open_pattern(pattern_text);
  struct eagre_zone *zone = open_zone("UTC");
  int64_t us;
  if (eagre_pattern_parse(pattern, eagre_text_of(text), zone, &us) != EAGRE_VALUE_INVALID) {
    fail_msg("\"%s\" is read by \"%s\"", text, pattern_text);
  }
  eagre_zone_close(zone);
  eagre_pattern_close(pattern);
}

static void test_parse(void **state) {
  (void)state;
  check_parse("yyyy-MM-dd HH:mm:ss", "2026-09-04 15:05:06", wall_us(2026, 9, 4, 15, 5, 6));
  check_parse("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-09-04T15:05:06.5+01:00",
              wall_us(2026, 9, 4, 14, 5, 6.5));
  check_parse("yyyy-MM-dd'T'HH:mm:ss.SSSSSS", "2026-09-04t15:05:06.123456",
              wall_us(2026, 9, 4, 15, 5, 6.123456));
  check_parse("ss.SSSSSSSSS", "06.123456789", 6123456);
  check_parse("dd/MM/yy", "04/09/26", wall_us(2026, 9, 4, 0, 0, 0));
  check_parse("dd/MM/yy", "04/09/99", wall_us(2099, 9, 4, 0, 0, 0));
  check_parse("d MMM yyyy", "4 sEp 2026", wall_us(2026, 9, 4, 0, 0, 0));
  check_parse("d MMMM yyyy", "4 september 2026", wall_us(2026, 9, 4, 0, 0, 0));
  check_parse("hh:mm a", "03:05 pm", wall_us(1970, 1, 1, 15, 5, 0));
  check_parse("hh:mm a", "12:05 AM", wall_us(1970, 1, 1, 0, 5, 0));
  check_parse("kk:mm", "24:00", 0);
  check_parse("KK:mm a", "00:30 PM", wall_us(1970, 1, 1, 12, 30, 0));
  check_parse("yyyy-DDD", "2024-366", wall_us(2024, 12, 31, 0, 0, 0));
  check_parse("yyyy-DDD MM", "2024-060 02", wall_us(2024, 2, 29, 0, 0, 0));
  check_parse("yyyy G", "0002 BC", INT64_C(-62198755200000000));
  check_parse("y", "12345", INT64_C(327403382400000000));
  check_parse("yyyy", "+12345", INT64_C(327403382400000000));
  check_parse("yyyy", "-0001", INT64_C(-62198755200000000));
  check_parse("'at' HH", "AT 07", wall_us(1970, 1, 1, 7, 0, 0));
  check_parse_in("Europe/Paris", "yyyy-MM-dd HH:mm", "2026-07-01 12:00",
                 wall_us(2026, 7, 1, 10, 0, 0));
  check_parse_in("Europe/Paris", "yyyy-MM-dd HH:mm", "2021-03-28 02:30",
                 wall_us(2021, 3, 28, 1, 30, 0));
}

static void test_missing_fields(void **state) {
  (void)state;
  check_parse("", "", 0);
  check_parse("yyyy", "2026", wall_us(2026, 1, 1, 0, 0, 0));
  check_parse("MM", "03", wall_us(1970, 3, 1, 0, 0, 0));
  check_parse("dd", "31", wall_us(1970, 1, 31, 0, 0, 0));
  check_parse("yyyy dd", "2026 05", wall_us(2026, 1, 5, 0, 0, 0));
  check_parse("hh", "12", 0);
  check_parse("hh", "03", wall_us(1970, 1, 1, 3, 0, 0));
  check_parse("a", "PM", wall_us(1970, 1, 1, 12, 0, 0));
  check_parse("HH ss", "05 07", wall_us(1970, 1, 1, 5, 0, 7));
  check_parse("mm", "07", wall_us(1970, 1, 1, 0, 7, 0));
  check_parse("yyyy[ G]", "2026", 0); /* a year of no era is no year */
  check_parse("SSS", "5", 500000);
}

/* Numbers without anything between them share their digits as Java does it. */
static void test_adjacent_numbers(void **state) {
  (void)state;
  check_parse("yyyyMMdd", "20260904", wall_us(2026, 9, 4, 0, 0, 0));
  check_parse("yyyyMMddHHmmss", "20260904150506", wall_us(2026, 9, 4, 15, 5, 6));
  check_parse("yyyyMMdd", "+120260904",
              eagre_value_days_from_civil(12026, 9, 4) * 86400 * INT64_C(1000000));
  check_parse("yMMdd", "20260904", wall_us(2026, 9, 4, 0, 0, 0));
  check_parse("yMMdd", "260904", eagre_value_days_from_civil(26, 9, 4) * 86400 * INT64_C(1000000));
  check_parse("HHmmssS", "1505061", wall_us(1970, 1, 1, 15, 5, 6.1));
  check_parse("ddMMyyyy", "04092026", wall_us(2026, 9, 4, 0, 0, 0));
  /* The fraction leaves no digits to itself, so the year takes three of them. */
  check_no_parse("yyyyMMddHHmmssSSS", "20260904150506123");
  check_no_parse("yyyyMMdd", "2026094");
  check_no_parse("yyyyMMdd", "120260904");
}

static void test_optional_sections(void **state) {
  (void)state;
  const char *pattern = "yyyy-MM-dd[ HH:mm[:ss[.SSS]]][XXX]";
  check_parse(pattern, "2026-09-04", wall_us(2026, 9, 4, 0, 0, 0));
  check_parse(pattern, "2026-09-04 15:05", wall_us(2026, 9, 4, 15, 5, 0));
  check_parse(pattern, "2026-09-04 15:05:06", wall_us(2026, 9, 4, 15, 5, 6));
  check_parse(pattern, "2026-09-04 15:05:06.7+02:00", wall_us(2026, 9, 4, 13, 5, 6.7));
  check_parse(pattern, "2026-09-04Z", wall_us(2026, 9, 4, 0, 0, 0));
  check_no_parse(pattern, "2026-09-04 15");
  check_no_parse(pattern, "2026-09-04 ");
  /* What half a section had read is forgotten. */
  check_parse("[HH:mm]HH", "15", wall_us(1970, 1, 1, 15, 0, 0));
}

static void test_parse_zones(void **state) {
  (void)state;
  int64_t noon = wall_us(2026, 7, 1, 12, 0, 0);
  static const struct {
    const char *letters;
    const char *zone;
    int64_t offset_s;
  } cases[] = {
      {"X", "Z", 0},
      {"X", "z", 0},
      {"X", "+01", 3600},
      {"X", "+0130", 5400},
      {"XX", "-0130", -5400},
      {"XXX", "+01:30", 5400},
      {"XXXX", "+013015", 5415},
      {"XXXXX", "-01:30:15", -5415},
      {"xxx", "+00:00", 0},
      {"Z", "+0000", 0},
      {"Z", "-0130", -5400},
      {"ZZZZ", "GMT-01:30", -5400},
      {"ZZZZZ", "+01:30", 5400},
      {"O", "GMT", 0},
      {"O", "GMT+8", 28800},
      {"O", "GMT+8:30", 30600},
      {"O", "gmt-11", -39600},
      {"OOOO", "GMT+08:00", 28800},
      {"VV", "Europe/Paris", 7200},
      {"VV", "europe/PARIS", 7200},
      {"VV", "UTC", 0},
      {"VV", "UTC+02:00", 7200},
      {"VV", "Z", 0},
      {"VV", "+05:30", 19800},
      {"VV", "GMT0", 0},
      {"z", "PDT", -25200},
      {"z", "cest", 7200},
      {"z", "America/New_York", -14400},
      {"z", "EST5EDT", -14400},
      {"z", "UTC", 0},
      {"XXX VV", "+09:00 Europe/Paris", 7200}, /* the zone wins */
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    char pattern[80], text[80];
    snprintf(pattern, sizeof pattern, "yyyy-MM-dd HH:mm%s", cases[i].letters);
    snprintf(text, sizeof text, "2026-07-01 12:00%s", cases[i].zone);
    check_parse_in("Asia/Tokyo", pattern, text, noon - cases[i].offset_s * 1000000);
  }
}

static void test_refused_texts(void **state) {
  (void)state;
  static const struct {
    const char *pattern;
    const char *text;
  } cases[] = {
      {"yyyy-MM-dd", "2026-9-04"},
      {"yyyy-MM-dd", "2026-09-4"},
      {"yyyy-MM-dd", "2026-13-01"},
      {"yyyy-MM-dd", "2026-02-29"},
      {"yyyy-MM-dd", "2026-00-01"},
      {"yyyy-MM-dd", "2026-09-04 "},
      {"yyyy-MM-dd", " 2026-09-04"},
      {"yyyy-MM-dd", "26-09-04"},
      {"yyyy-MM-dd", "12026-09-04"},
      {"yyyy-MM-dd", ""},
      {"yyyy", "+2026"},
      {"yyyy", "-0000"},
      {"M", "-5"},
      {"M", "13"},
      {"M", "+5"},
      {"MM", "-5"},
      {"y", "9999999999"},
      {"y", "99999999999999999999"},
      {"HH:mm", "24:00"},
      {"HH:mm", "12:60"},
      {"ss", "60"},
      {"kk", "00"},
      {"kk", "25"},
      {"hh", "13"},
      {"hh", "00"},
      {"KK", "12"},
      {"HH a", "15 AM"},
      {"HH hh", "15 04"},
      {"yyyy-DDD", "2026-366"},
      {"yyyy-DDD", "2026-000"},
      {"yyyy-DDD MM", "2026-060 02"},
      {"yyyy-MM-dd DDD", "2026-03-01 059"},
      {"MM M", "03 4"},
      {"MMM", "Sept"},
      {"MMMM", "Sep"},
      {"a", "p"},
      {"XXX", "+0100"},
      {"XXX", "+19:00"},
      {"XXX", "+01"},
      {"XX", "+01:00"},
      {"x", "Z"},
      {"O", "UTC+1"},
      {"OOOO", "GMT+8:00"},
      {"O", "GMT+19"},
      {"VV", "Nowhere"},
      {"VV", "EST"},
      {"VV", ""},
      {"z", "QQQ"},
      {"SSS", "1234"},
      {"SSS", ""},
      {"'T'", "U"},
      {"yyyy G", "0000 AD"},
      {"yyyy-MM-dd", "2026-09-0\xd9\xa4"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    check_no_parse(cases[i].pattern, cases[i].text);
  }
}

static void test_overflow(void **state) {
  (void)state;
  struct eagre_pattern *pattern = open_pattern("y");
  struct eagre_zone *zone = open_zone("UTC");
  int64_t us;
  int32_t days;
  struct eagre_text text = EAGRE_TEXT("300000"), later = EAGRE_TEXT("6000000");
  assert_int_equal(eagre_pattern_parse(pattern, text, zone, &us), EAGRE_VALUE_OVERFLOW);
  assert_int_equal(eagre_pattern_parse_date(pattern, text, zone, &days), EAGRE_VALUE_OK);
  assert_int_equal(days, eagre_value_days_from_civil(300000, 1, 1));
  assert_int_equal(eagre_pattern_parse_date(pattern, later, zone, &days), EAGRE_VALUE_OVERFLOW);
  eagre_zone_close(zone);
  eagre_pattern_close(pattern);
}

static void test_parse_date(void **state) {
  (void)state;
  struct eagre_pattern *pattern = open_pattern("yyyy-MM-dd HH:mmXXX");
  struct eagre_zone *zone = open_zone("UTC");
  int32_t days = 0;
  assert_int_equal(
      eagre_pattern_parse_date(pattern, EAGRE_TEXT("2026-01-01 23:30-10:00"), zone, &days),
      EAGRE_VALUE_OK);
  assert_int_equal(days, 20454); /* the zone does not move it */
  assert_int_equal(
      eagre_pattern_parse_date(pattern, EAGRE_TEXT("2026-01-01 24:30-10:00"), zone, &days),
      EAGRE_VALUE_INVALID);
  eagre_zone_close(zone);
  eagre_pattern_close(pattern);
}

static void check_refused_pattern(const char *text, const char *class_name, const char *part) {
  struct eagre_pattern *pattern = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  if (eagre_pattern_open(eagre_text_of(text), &pattern, &error) != EAGRE_USAGE) {
    fail_msg("pattern \"%s\" is accepted", text);
  }
  assert_string_equal(error.class_name, class_name);
  if (strstr(error.text, part) == NULL) fail_msg("\"%s\": %s", text, error.text);
  assert_true(error.hint[0] != 0);
  assert_null(pattern);
}

static void test_refused_patterns(void **state) {
  (void)state;
  static const char week[] = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN";
  static const char illegal[] = "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER";
  static const char length[] = "INVALID_DATETIME_PATTERN.LENGTH";
  static const char other[] = "INVALID_DATETIME_PATTERN.WITH_SUGGESTION";
  static const char *const week_letters[] = {"YYYY", "W", "ww", "u", "e", "c"};
  static const char *const illegal_letters[] = {"A", "B", "n", "N", "p", "g",
                                                "v", "j", "R", "{", "}", "#"};
  static const char *const lengths[] = {
      "yyyyyyy", "MMMMM", "LLLLL", "EEEEE",  "QQQQQ", "qqqqq",  "GGGGG",      "ddd", "DDDD",
      "HHH",     "hhh",   "kkk",   "KKK",    "mmm",   "sss",    "SSSSSSSSSS", "aa",  "FF",
      "V",       "VVV",   "zzzzz", "ZZZZZZ", "OO",    "XXXXXX", "xxxxxx"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(week_letters); i++) {
    check_refused_pattern(week_letters[i], week, week_letters[i]);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(illegal_letters); i++) {
    check_refused_pattern(illegal_letters[i], illegal, illegal_letters[i]);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(lengths); i++) {
    check_refused_pattern(lengths[i], length, lengths[i]);
  }
  check_refused_pattern("'open", other, "'");
  check_refused_pattern("yyyy]", other, "[");
  check_refused_pattern("[[[[[[[[[[[[[[[[[yyyy", other, "[");
}

static void test_endless_pattern(void **state) {
  (void)state;
  char text[1002];
  memset(text, '-', sizeof text);
  struct eagre_pattern *pattern = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  assert_int_equal(eagre_pattern_open(eagre_text_make(text, 1001), &pattern, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "INVALID_DATETIME_PATTERN.LENGTH");
  assert_int_equal(eagre_pattern_open(eagre_text_make(text, 1000), &pattern, &error), EAGRE_OK);
  eagre_pattern_close(pattern);
  eagre_pattern_close(NULL);
}

static void test_letters_that_only_print(void **state) {
  (void)state;
  static const char *const patterns[] = {"E", "EEEE", "F", "Q", "QQQ", "q", "zzzz", "yyyy E"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(patterns); i++) {
    struct eagre_pattern *pattern = open_pattern(patterns[i]);
    struct eagre_error error;
    eagre_error_init(&error);
    assert_int_equal(eagre_pattern_check_parse(pattern, &error), EAGRE_USAGE);
    assert_string_equal(error.class_name, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER");
    eagre_pattern_close(pattern);
  }
  check_no_parse("E", "Fri");
}

/* What a pattern with every field prints, it reads. */
static void test_round_trips(void **state) {
  (void)state;
  static const char *const patterns[] = {
      "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXXXX",   "d MMMM y hh:mm:ss.SSSSSS a xxxx",
      "G yyyy DDD kk-mm-ss SSSSSSZZZZZ",     "yyyyMMddHHmmss.SSSSSSXX",
      "dd/MM/yyyy KK.mm.ss,SSSSSSSS a OOOO", "yyyy-MM-dd HH:mm:ss.SSSSSS VV",
  };
  struct eagre_random random;
  seed_test(&random);
  struct eagre_zone *zone = open_zone("+05:30");
  for (size_t i = 0; i < EAGRE_COUNT_OF(patterns); i++) {
    struct eagre_pattern *pattern = open_pattern(patterns[i]);
    struct eagre_buffer out = {0};
    for (int j = 0; j < 5000; j++) {
      int64_t us = (int64_t)eagre_random_below(&random, 300000000000000000) - 62000000000000000;
      int64_t back = -77;
      out.size = 0;
      eagre_pattern_format(pattern, us, zone, &out);
      if (eagre_pattern_parse(pattern, eagre_buffer_text(&out), zone, &back) != EAGRE_VALUE_OK ||
          back != us) {
        fail_msg("%s: %.*s", patterns[i], (int)out.size, out.data);
      }
    }
    eagre_buffer_done(&out);
    eagre_pattern_close(pattern);
  }
  eagre_zone_close(zone);
}

int run_pattern_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_date_letters),
      cmocka_unit_test(test_time_letters),
      cmocka_unit_test(test_years_out_of_the_ordinary),
      cmocka_unit_test(test_zone_letters),
      cmocka_unit_test(test_literals),
      cmocka_unit_test(test_optional_sections_are_printed),
      cmocka_unit_test(test_parse),
      cmocka_unit_test(test_missing_fields),
      cmocka_unit_test(test_adjacent_numbers),
      cmocka_unit_test(test_optional_sections),
      cmocka_unit_test(test_parse_zones),
      cmocka_unit_test(test_refused_texts),
      cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_parse_date),
      cmocka_unit_test(test_refused_patterns),
      cmocka_unit_test(test_endless_pattern),
      cmocka_unit_test(test_letters_that_only_print),
      cmocka_unit_test(test_round_trips),
  };
  return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
