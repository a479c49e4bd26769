/* Which core reads which partition, without a broker. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "source/source_kafka.h"

enum { PARTITION_COUNT_MAX = 16 };

/* Deals partitions of one topic with so many records each; "0100" = the cores of the partitions. */
static void assert_dealt(struct eagre_source_kafka_dealt *dealt, const int64_t *records,
                         uint32_t count, uint32_t core_count, bool may_move, const char *expected) {
  struct eagre_source_kafka_range ranges[PARTITION_COUNT_MAX];
  char cores[PARTITION_COUNT_MAX + 1] = {0};
  for (uint32_t i = 0; i < count; i++) {
    ranges[i] = (struct eagre_source_kafka_range){
        .topic = EAGRE_TEXT("t"), .partition = (int32_t)i, .begin = 7, .end = 7 + records[i]};
  }
  struct eagre_source_kafka_ranges all = {ranges, count};
  eagre_source_kafka_deal(dealt, &all, core_count, may_move);
  for (uint32_t i = 0; i < count; i++) {
    cores[i] = (char)('0' + ranges[i].core);
  }
  assert_string_equal(cores, expected);
}

static void deals_equal_partitions_in_turn(void **state) {
  static const int64_t equal[] = {900000, 900000, 900000, 900000, 900000, 900000, 900000};
  static const int64_t none[7];
  struct eagre_source_kafka_dealt dealt = {0};
  (void)state;
  assert_dealt(&dealt, equal, 7, 3, true, "0120120");
  assert_dealt(&dealt, none, 7, 3, true, "0120120");
  assert_dealt(&dealt, equal, 7, 3, true, "0120120");
  eagre_source_kafka_dealt_done(&dealt);
}

static void parts_the_long_ones(void **state) {
  static const int64_t uneven[] = {1000000, 100000, 1000000, 100000};
  static const int64_t even[] = {500000, 500000, 500000, 500000};
  struct eagre_source_kafka_dealt dealt = {0};
  (void)state;
  assert_dealt(&dealt, uneven, 4, 2, true, "0110");
  assert_dealt(&dealt, even, 4, 2, true, "0110"); /* stays: it is even, too */
  assert_dealt(&dealt, uneven, 4, 2, true, "0110");
  eagre_source_kafka_dealt_done(&dealt);
}

static void gives_one_long_partition_a_core(void **state) {
  static const int64_t uneven[] = {3000000, 300000, 300000, 300000, 300000, 300000, 300000, 0};
  struct eagre_source_kafka_dealt dealt = {0};
  (void)state;
  assert_dealt(&dealt, uneven, 8, 2, true, "01111111");
  eagre_source_kafka_dealt_done(&dealt);
}

/* A short epoch, however uneven, and a long one that is nearly even. */
static void moves_nothing_for_little(void **state) {
  static const int64_t brief[] = {30000, 0, 30000, 0};
  static const int64_t nearly[] = {1000000, 900000, 1000000, 900000};
  static const int64_t worth[] = {1000000, 700000, 1000000, 700000};
  struct eagre_source_kafka_dealt dealt = {0};
  (void)state;
  assert_dealt(&dealt, brief, 4, 2, true, "0101");
  assert_dealt(&dealt, nearly, 4, 2, true, "0101");
  assert_dealt(&dealt, worth, 4, 2, false, "0101");
  assert_dealt(&dealt, worth, 4, 2, true, "0110");
  eagre_source_kafka_dealt_done(&dealt);
}

static void survives_the_largest_numbers(void **state) {
  static const int64_t huge[] = {INT64_MAX / 4 * 3, 0, INT64_MAX / 4 * 3, 0};
  static const int64_t backwards[] = {-5, 0, 100000, -7};
  struct eagre_source_kafka_dealt dealt = {0};
  (void)state;
  assert_dealt(&dealt, huge, 4, 2, true, "0111");
  assert_dealt(&dealt, backwards, 4, 2, true, "0111");
  eagre_source_kafka_dealt_done(&dealt);
}

static void deal_topics(struct eagre_source_kafka_dealt *dealt, const char *const *topics,
                        uint32_t count, const char *expected) {
  struct eagre_source_kafka_range ranges[PARTITION_COUNT_MAX];
  struct eagre_source_kafka_ranges all = {ranges, count};
  char cores[PARTITION_COUNT_MAX + 1] = {0};
  for (uint32_t i = 0; i < count; i++) {
    ranges[i] = (struct eagre_source_kafka_range){.topic = eagre_text_of(topics[i])};
  }
  eagre_source_kafka_deal(dealt, &all, 2, true);
  for (uint32_t i = 0; i < count; i++) {
    cores[i] = (char)('0' + ranges[i].core);
  }
  assert_string_equal(cores, expected);
}

/* By its place in the list, every partition behind a new one would go to another core. */
static void keeps_partitions_beside_new_ones(void **state) {
  static const char *const before[] = {"b", "d", "e"};
  static const char *const after[] = {"a", "b", "c", "d", "e"};
  static const char *const fewer[] = {"a", "d", "e"};
  struct eagre_source_kafka_dealt dealt = {0};
  (void)state;
  deal_topics(&dealt, before, 3, "010");
  deal_topics(&dealt, after, 5, "10010");
  deal_topics(&dealt, fewer, 3, "110");
  eagre_source_kafka_dealt_done(&dealt);
}

int run_kafka_deal_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(deals_equal_partitions_in_turn),
      cmocka_unit_test(parts_the_long_ones),
      cmocka_unit_test(gives_one_long_partition_a_core),
      cmocka_unit_test(moves_nothing_for_little),
      cmocka_unit_test(survives_the_largest_numbers),
      cmocka_unit_test(keeps_partitions_beside_new_ones),
  };
  return cmocka_run_group_tests_name("kafka_deal", tests, NULL, NULL);
}
