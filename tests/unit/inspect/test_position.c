/* Positions of sources, names and start files. */
#include "test_inspect.h"

static void test_names_are_plain_numbers(void **state) {
  (void)state;
  assert_int_equal(eagre_inspect_name_number(EAGRE_TEXT("0")), 0);
  assert_int_equal(eagre_inspect_name_number(EAGRE_TEXT("1234567890123")), 1234567890123);
  assert_int_equal(eagre_inspect_name_number(EAGRE_TEXT("9223372036854775807")), INT64_MAX);
  static const char *const others[] = {
      "", "-1", "+1", "01", "1 ", "1a", "a", ".0", "9223372036854775808"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(others); i++) {
    assert_int_equal(eagre_inspect_name_number(eagre_text_of(others[i])), -1);
  }
}

static void test_kafka_positions_keep_their_order(void **state) {
  struct fixture *fixture = *state;
  struct eagre_inspect_position position;
  eagre_inspect_position_parse(EAGRE_TEXT("{\"b\":{\"1\":12,\"0\":-2},\"a\":{\"7\":0}}"),
                               &fixture->arena, &position);
  assert_int_equal(position.kind, EAGRE_INSPECT_KAFKA);
  assert_int_equal(position.partition_count, 3);
  assert_text(position.partitions[0].topic, "b");
  assert_int_equal(position.partitions[0].partition, 1);
  assert_int_equal(position.partitions[0].offset, 12);
  assert_int_equal(position.partitions[1].offset, -2);
  assert_text(position.partitions[2].topic, "a");
  assert_ptr_equal(eagre_inspect_partition_find(&position, EAGRE_TEXT("a"), 7),
                   &position.partitions[2]);
  assert_null(eagre_inspect_partition_find(&position, EAGRE_TEXT("a"), 1));
  assert_null(eagre_inspect_partition_find(&position, EAGRE_TEXT("c"), 7));
}

static void test_a_position_does_not_depend_on_the_text_it_came_from(void **state) {
  struct fixture *fixture = *state;
  char text[] = "{\"topic\":{\"0\":1}}";
  struct eagre_inspect_position position;
  eagre_inspect_position_parse(eagre_text_of(text), &fixture->arena, &position);
  memset(text, 'x', sizeof text - 1);
  assert_text(position.partitions[0].topic, "topic");
}

static void test_kinds_of_positions(void **state) {
  struct fixture *fixture = *state;
  static const struct {
    const char *text;
    enum eagre_inspect_source_kind kind;
    int64_t log_id;
  } cases[] = {
      {"", EAGRE_INSPECT_NOTHING, -1},
      {"{}", EAGRE_INSPECT_KAFKA, -1},
      {"{\"a\":{}}", EAGRE_INSPECT_KAFKA, -1},
      {"{\"logOffset\":17}", EAGRE_INSPECT_FILES, 17},
      {"{\"logOffset\":\"17\"}", EAGRE_INSPECT_OTHER, -1},
      {"{\"logOffset\":1.5}", EAGRE_INSPECT_OTHER, -1},
      {"17", EAGRE_INSPECT_OTHER, -1},
      {"\"17\"", EAGRE_INSPECT_OTHER, -1},
      {"[1]", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":1}", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":{\"x\":1}}", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":{\"0\":1,\"x\":1}}", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":{\"0\":1},\"b\":1}", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":{\"-1\":1}}", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":{\"0\":\"1\"}}", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":{\"0\":1e99}}", EAGRE_INSPECT_OTHER, -1},
      {"{\"a\":", EAGRE_INSPECT_OTHER, -1},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    struct eagre_inspect_position position;
    eagre_inspect_position_parse(eagre_text_of(cases[i].text), &fixture->arena, &position);
    assert_int_equal(position.kind, cases[i].kind);
    assert_text(position.text, cases[i].text);
    assert_int_equal(position.partition_count, 0);
    if (cases[i].kind == EAGRE_INSPECT_FILES) assert_int_equal(position.log_id, cases[i].log_id);
  }
}

static void test_kafka_start_files(void **state) {
  (void)state;
  struct eagre_text position;
  static const char content[] = "\0v1\n{\"clicks\":{\"0\":0}}\n";
  assert_true(eagre_inspect_kafka_start(eagre_text_make(content, sizeof content - 1), &position));
  assert_text(position, "{\"clicks\":{\"0\":0}}");
  assert_false(eagre_inspect_kafka_start(EAGRE_TEXT("v1\n{\"clicks\":{\"0\":0}}"), &position));
  assert_false(eagre_inspect_kafka_start(EAGRE_TEXT("\0v2\n{}"), &position));
  assert_false(eagre_inspect_kafka_start(EAGRE_TEXT("\0v1\n"), &position));
  assert_false(eagre_inspect_kafka_start(EAGRE_TEXT(""), &position));
}

static void test_times_are_printed_whatever_they_are(void **state) {
  (void)state;
  char text[EAGRE_INSPECT_TIME_SIZE];
  eagre_inspect_print_time(1795225821426, text);
  assert_string_equal(text, "2026-11-21T01:50:21.426Z");
  static const int64_t extremes[] = {INT64_MIN, INT64_MAX, -1};
  for (size_t i = 0; i < EAGRE_COUNT_OF(extremes); i++) {
    eagre_inspect_print_time(extremes[i], text);
    assert_true(strlen(text) < sizeof text);
  }
}

int run_position_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_are_plain_numbers),
      FIXTURE_TEST(test_kafka_positions_keep_their_order),
      FIXTURE_TEST(test_a_position_does_not_depend_on_the_text_it_came_from),
      FIXTURE_TEST(test_kinds_of_positions),
      cmocka_unit_test(test_kafka_start_files),
      cmocka_unit_test(test_times_are_printed_whatever_they_are),
  };
  return cmocka_run_group_tests_name("position", tests, NULL, NULL);
}
