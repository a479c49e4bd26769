/* Generated records: the same bytes every time, valid JSON, and what their maker says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "value/value.h"
#include "workload/workload.h"
#include "json/json.h"

enum { COUNT = 20000 };

static struct eagre_workload_options options_of(enum eagre_workload_kind kind) {
  struct eagre_workload_options options;
  eagre_workload_options_init(&options, kind);
  return options;
}

/* Record `number` as a string; valid until `out` changes. */
static const char *make(const struct eagre_workload_options *options, uint64_t number,
                        struct eagre_buffer *out) {
  eagre_buffer_clear(out);
  eagre_workload_append(options, number, out);
  return eagre_buffer_string(out);
}

static const struct eagre_json_node *parse(struct eagre_arena *arena, const char *text) {
  const struct eagre_json_node *root = NULL;
  bool is_valid = eagre_json_read(arena, eagre_text_of(text), &root, NULL) == EAGRE_OK;
  return is_valid ? root : NULL;
}

static struct eagre_text member(const struct eagre_json_node *record, const char *name) {
  const struct eagre_json_node *node = eagre_json_member(record, name);
  if (node == NULL) fail_msg("no member %s", name);
  return node->text;
}

static int64_t integer(const struct eagre_json_node *record, const char *name) {
  int64_t value = 0;
  const struct eagre_json_node *node = eagre_json_member(record, name);
  if (node == NULL || !eagre_json_integer(node, &value)) fail_msg("no number %s", name);
  return value;
}

/* ---- All kinds ------------------------------------------------------------------------------- */

static void finds_kinds_by_name(void **state) {
  (void)state;
  enum eagre_workload_kind kind;
  struct eagre_error error;
  assert_int_equal(eagre_workload_parse(EAGRE_TEXT("ysb"), &kind, &error), EAGRE_OK);
  assert_int_equal(kind, EAGRE_WORKLOAD_YSB);
  assert_int_equal(eagre_workload_parse(EAGRE_TEXT("order"), &kind, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "UNKNOWN_WORKLOAD");
  assert_non_null(strstr(error.hint, "orders"));
}

/* Pinned: a seed must give the same bytes in every version. */
static void makes_the_same_bytes_for_ever(void **state) {
  (void)state;
  static const char *const expected[EAGRE_WORKLOAD_count] = {
      [EAGRE_WORKLOAD_ORDERS] =
          "{\"order_id\":12345,\"customer\":\"c4086\",\"region\":\"us\",\"amount\":45.53,"
          "\"cents\":4553,\"status\":\"open\",\"ts\":\"2026-01-01T00:00:15.038Z\"}",
      [EAGRE_WORKLOAD_DEVICE] =
          "{\"device\":\"d8604\",\"ts\":\"2026-01-01T00:00:12.345Z\",\"temp\":40.1,"
          "\"status\":\"ok\",\"n\":12345,\"site\":\"site-96\",\"fw\":\"1.4.2\"}",
      [EAGRE_WORKLOAD_YSB] =
          "{\"user_id\":\"fe1b4b26-de6d-b9b4-4f21-7def95d5a7ef\",\"page_id\":\"73e9adba-5a81-a08f-"
          "2b97-646a26a76e18\",\"ad_id\":\"927e2910-7c01-3f38-2e45-932d78d37220\",\"ad_type\":"
          "\"modal\",\"event_type\":\"click\",\"event_time\":\"1767225612345\",\"ip_address\":"
          "\"1.2.3.4\"}",
      [EAGRE_WORKLOAD_WORDS] = "{\"word\": \"kkigiyt\"}",
      [EAGRE_WORKLOAD_NEXMARK] =
          "{\"event_type\":2,\"person\":null,\"auction\":null,\"bid\":{\"auction\":1719,\"bi"
          "dder\":1069,\"price\":4563,\"channel\":\"Baidu\",\"url\":\"https://www.nexmark.c"
          "om/newg/dxji/klkb/item.htm?query=1\",\"dateTime\":\"2026-01-01T00:00:12.34"
          "5Z\",\"extra\":\"uvttdntiuotdnpiesvrbdeohiqxavlouzmavgzmghmqgbjlyghcbatelr"
          "gyg\"}}",
  };
  struct eagre_buffer text = {0};
  for (int kind = 0; kind < EAGRE_WORKLOAD_count; kind++) {
    struct eagre_workload_options options = options_of((enum eagre_workload_kind)kind);
    assert_string_equal(make(&options, 12345, &text), expected[kind]);
  }
  eagre_buffer_done(&text);
}

static void makes_other_records_from_another_seed(void **state) {
  (void)state;
  struct eagre_buffer text = {0};
  struct eagre_buffer other = {0};
  for (int kind = 0; kind < EAGRE_WORKLOAD_count; kind++) {
    struct eagre_workload_options options = options_of((enum eagre_workload_kind)kind);
    make(&options, 7, &text);
    options.seed += 1;
    assert_string_not_equal(eagre_buffer_string(&text), make(&options, 7, &other));
  }
  eagre_buffer_done(&text);
  eagre_buffer_done(&other);
}

static void makes_valid_json(void **state) {
  (void)state;
  static const size_t sizes[EAGRE_WORKLOAD_count] = {130, 116, 240, 19, 332};
  struct eagre_buffer text = {0};
  struct eagre_arena arena = {0};
  for (int kind = 0; kind < EAGRE_WORKLOAD_count; kind++) {
    struct eagre_workload_options options = options_of((enum eagre_workload_kind)kind);
    options.malformed_per_million = 0;
    size_t size = 0;
    for (uint64_t number = 0; number < COUNT; number++) {
      assert_non_null(parse(&arena, make(&options, number, &text)));
      size += text.size;
      eagre_arena_reset(&arena);
    }
    assert_int_equal((size + COUNT / 2) / COUNT, sizes[kind]);
  }
  eagre_arena_done(&arena);
  eagre_buffer_done(&text);
}

static void repeats_the_record_before(void **state) {
  (void)state;
  struct eagre_buffer before = {0};
  struct eagre_buffer text = {0};
  struct eagre_workload_options options = options_of(EAGRE_WORKLOAD_DEVICE);
  uint32_t repeated = 0;
  options.duplicate_per_million = 100000;
  for (uint64_t number = 1; number < COUNT; number++) {
    make(&options, number - 1, &before);
    repeated += strcmp(make(&options, number, &text), eagre_buffer_string(&before)) == 0;
  }
  assert_true(repeated > COUNT / 10 * 9 / 10 && repeated < COUNT / 10 * 11 / 10);
  eagre_buffer_done(&before);
  eagre_buffer_done(&text);
}

static void writes_blanks_and_send_times(void **state) {
  (void)state;
  struct eagre_buffer text = {0};
  struct eagre_arena arena = {0};
  struct eagre_workload_options options = options_of(EAGRE_WORKLOAD_YSB);
  options.has_blanks = true;
  assert_non_null(strstr(make(&options, 3, &text), "\", \"event_type\": \""));
  assert_non_null(parse(&arena, eagre_buffer_string(&text)));
  options = options_of(EAGRE_WORKLOAD_DEVICE);
  options.has_send_time = true;
  assert_int_equal(integer(parse(&arena, make(&options, 3, &text)), "us"),
                   options.start_us + 3 * options.step_us);
  eagre_arena_done(&arena);
  eagre_buffer_done(&text);
}

/* ---- Nexmark --------------------------------------------------------------------------------- */

/* What the queries rest on, counted over the records. */
struct nexmark_counts {
  uint32_t persons;
  uint32_t auctions;
  uint32_t bids;
  uint32_t hot_auctions; /* bids */
  uint32_t hot_bidders;
  uint32_t hot_sellers; /* auctions */
  uint32_t hot_channels;
  uint32_t named_channels; /* in the page's address */
};

static void count_auction(const struct eagre_json_node *auction, struct nexmark_counts *counts) {
  assert_int_equal(integer(auction, "id"), 1000 + counts->auctions);
  assert_in_range(integer(auction, "category"), 10, 14);
  assert_in_range(integer(auction, "seller"), 1000, 1000 + counts->persons + 10);
  assert_true(integer(auction, "reserve") >= integer(auction, "initialBid") + 100);
  counts->hot_sellers += integer(auction, "seller") % 100 == 0;
  counts->auctions += 1;
}

static void count_bid(const struct eagre_json_node *bid, struct nexmark_counts *counts) {
  struct eagre_text channel = member(bid, "channel");
  assert_in_range(integer(bid, "auction"), 1000, 1000 + counts->auctions + 10);
  assert_in_range(integer(bid, "bidder"), 1000, 1000 + counts->persons + 10);
  assert_in_range(integer(bid, "price"), 100, 100000000);
  assert_true(eagre_text_starts_with(member(bid, "url"), EAGRE_TEXT("https://www.nexmark.com/")));
  counts->hot_auctions += integer(bid, "auction") % 100 == 0;
  counts->hot_bidders += integer(bid, "bidder") % 100 == 1;
  counts->hot_channels += !eagre_text_starts_with(channel, EAGRE_TEXT("channel-"));
  counts->named_channels += strstr(member(bid, "url").data, "&channel_id=") != NULL;
  counts->bids += 1;
}

static void count_event(const struct eagre_json_node *event, struct nexmark_counts *counts) {
  static const char *const names[] = {"person", "auction", "bid"};
  int64_t type = integer(event, "event_type");
  const struct eagre_json_node *record = eagre_json_member(event, names[type]);
  if (type == 0) assert_int_equal(integer(record, "id"), 1000 + counts->persons++);
  if (type == 1) count_auction(record, counts);
  if (type == 2) count_bid(record, counts);
}

static void assert_share(uint32_t count, uint32_t whole, double share) {
  double found = (double)count / whole;
  if (found < share - 0.02 || found > share + 0.02) fail_msg("%f and not %f", found, share);
}

static void makes_an_auction_site(void **state) {
  (void)state;
  struct eagre_buffer text = {0};
  struct eagre_arena arena = {0};
  struct nexmark_counts counts = {0};
  struct eagre_workload_options options = options_of(EAGRE_WORKLOAD_NEXMARK);
  for (uint64_t number = 0; number < COUNT; number++) {
    count_event(parse(&arena, make(&options, number, &text)), &counts);
    eagre_arena_reset(&arena);
  }
  assert_int_equal(counts.persons, COUNT / 50);
  assert_int_equal(counts.auctions, COUNT / 50 * 3);
  assert_int_equal(counts.bids, COUNT / 50 * 46);
  assert_share(counts.hot_auctions, counts.bids, 0.505);
  assert_share(counts.hot_bidders, counts.bids, 0.7525);
  assert_share(counts.hot_sellers, counts.auctions, 0.7525);
  assert_share(counts.hot_channels, counts.bids, 0.5);
  assert_share(counts.named_channels, counts.bids - counts.hot_channels, 0.9);
  eagre_arena_done(&arena);
  eagre_buffer_done(&text);
}

/* ---- Orders ---------------------------------------------------------------------------------- */

static int64_t event_time(const struct eagre_json_node *record, const struct eagre_zone *zone) {
  int64_t time_us = 0;
  assert_int_equal(eagre_value_parse_timestamp(member(record, "ts"), zone, 0, &time_us),
                   EAGRE_VALUE_OK);
  return time_us;
}

/* The text and the maker's own account of it, which the recount of the demo rests on. */
static void says_of_an_order_what_its_text_says(void **state) {
  (void)state;
  struct eagre_buffer text = {0};
  struct eagre_arena arena = {0};
  struct eagre_zone *zone = NULL;
  struct eagre_workload_options options = options_of(EAGRE_WORKLOAD_ORDERS);
  options.late_per_million = 50000;
  options.malformed_per_million = 50000;
  options.duplicate_per_million = 50000;
  assert_int_equal(eagre_zone_open(EAGRE_TEXT("UTC"), &zone, NULL), EAGRE_OK);
  for (uint64_t number = 0; number < COUNT; number++) {
    struct eagre_order order;
    eagre_order_make(&options, number, &order);
    const struct eagre_json_node *record = parse(&arena, make(&options, number, &text));
    assert_int_equal(record == NULL, order.is_malformed);
    if (record != NULL) {
      bool is_paid = eagre_text_equal_string(member(record, "status"), "paid");
      assert_int_equal(is_paid, order.is_paid);
      assert_true(
          eagre_text_equal_string(member(record, "region"), eagre_order_region(order.region)));
      assert_int_equal(integer(record, "cents"), order.cents);
      assert_int_equal(event_time(record, zone), order.event_us / 1000 * 1000);
    }
    eagre_arena_reset(&arena);
  }
  eagre_zone_close(zone);
  eagre_arena_done(&arena);
  eagre_buffer_done(&text);
}

/* Orders are on time, which no watermark with a delay of ten seconds drops, or hopeless: in no
 * window of those that are on time. That is what makes a recount exact whatever the epochs are. */
static void makes_orders_that_are_on_time_or_hopeless(void **state) {
  (void)state;
  struct eagre_workload_options options = options_of(EAGRE_WORKLOAD_ORDERS);
  const int64_t minute_us = 60000000;
  int64_t newest_us = INT64_MIN;
  uint32_t late = 0;
  uint32_t malformed = 0;
  options.late_per_million = 100000;
  options.malformed_per_million = 50000;
  for (uint64_t number = 0; number < COUNT; number++) {
    struct eagre_order order;
    eagre_order_make(&options, number, &order);
    late += order.is_late;
    malformed += order.is_malformed;
    if (order.is_late) {
      assert_true(order.event_us < options.start_us - minute_us);
      continue;
    }
    assert_true(order.event_us >= options.start_us);
    assert_true(newest_us == INT64_MIN || order.event_us > newest_us - 5000000);
    if (order.event_us > newest_us) newest_us = order.event_us;
  }
  assert_true(late > COUNT / 10 * 9 / 10 && late < COUNT / 10 * 11 / 10);
  assert_true(malformed > COUNT / 20 * 8 / 10 && malformed < COUNT / 20 * 12 / 10);
}

/* ---- Into Kafka ------------------------------------------------------------------------------ */

/* Counts the records of one partition; each must be the one that belongs there. */
static uint32_t check_partition(const struct eagre_workload_options *options,
                                struct eagre_kafka_consumer *consumer, uint32_t partition,
                                uint32_t partition_count) {
  const struct timespec pause = {.tv_nsec = 1000000};
  struct eagre_arena arena = {0};
  struct eagre_buffer text = {0};
  struct eagre_kafka_records records;
  struct eagre_error error;
  uint32_t count = 0;
  enum eagre_status status;
  while ((status = eagre_kafka_consumer_read(consumer, &arena, &records, &error)) != EAGRE_END) {
    if (status == EAGRE_AGAIN) {
      nanosleep(&pause, NULL);
      continue;
    }
    if (status != EAGRE_OK) fail_msg("%s", error.text);
    for (uint32_t i = 0; i < records.count; i++, count++) {
      uint64_t number = partition + (uint64_t)count * partition_count;
      assert_true(eagre_text_equal_string(records.values[i], make(options, number, &text)));
    }
    eagre_kafka_records_release(records.lease);
  }
  eagre_buffer_done(&text);
  eagre_arena_done(&arena);
  return count;
}

static void sends_records_round_the_partitions(void **state) {
  (void)state;
  enum { PARTITIONS = 3, SENT = 5000 };
  struct eagre_workload_options options = options_of(EAGRE_WORKLOAD_ORDERS);
  struct eagre_kafka_mock *mock = NULL;
  struct eagre_kafka_producer *producer = NULL;
  struct eagre_error error;
  assert_int_equal(eagre_kafka_mock_open(1, &mock, &error), EAGRE_OK);
  assert_int_equal(eagre_kafka_mock_create_topic(mock, "t", PARTITIONS, &error), EAGRE_OK);
  const struct eagre_kafka_settings settings = {.brokers =
                                                    eagre_text_of(eagre_kafka_mock_brokers(mock))};
  const struct eagre_workload_target target = {settings.brokers, EAGRE_TEXT("t"), PARTITIONS};
  assert_int_equal(
      eagre_kafka_producer_open(&settings, EAGRE_KAFKA_LINGER_SHORT, &producer, &error), EAGRE_OK);
  assert_int_equal(eagre_workload_send(&options, &target, producer, 0, SENT / 2, &error), EAGRE_OK);
  assert_int_equal(eagre_workload_send(&options, &target, producer, SENT / 2, SENT, &error),
                   EAGRE_OK);
  eagre_kafka_producer_close(producer);
  for (int32_t partition = 0; partition < PARTITIONS; partition++) {
    const struct eagre_kafka_consumer_options consumer_options = {
        .settings = &settings, .parts = EAGRE_KAFKA_VALUE, .fail_on_data_loss = true};
    uint32_t count = (uint32_t)(SENT - partition + PARTITIONS - 1) / PARTITIONS;
    const struct eagre_kafka_range range = {EAGRE_TEXT("t"), partition, 0, count};
    struct eagre_kafka_consumer *consumer = NULL;
    assert_int_equal(eagre_kafka_consumer_open(&consumer_options, &consumer, &error), EAGRE_OK);
    assert_int_equal(eagre_kafka_consumer_assign(consumer, &range, 1, &error), EAGRE_OK);
    assert_int_equal(check_partition(&options, consumer, (uint32_t)partition, PARTITIONS), count);
    eagre_kafka_consumer_close(consumer);
  }
  eagre_kafka_mock_close(mock);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_kinds_by_name),
      cmocka_unit_test(makes_the_same_bytes_for_ever),
      cmocka_unit_test(makes_other_records_from_another_seed),
      cmocka_unit_test(makes_valid_json),
      cmocka_unit_test(repeats_the_record_before),
      cmocka_unit_test(writes_blanks_and_send_times),
      cmocka_unit_test(makes_an_auction_site),
      cmocka_unit_test(says_of_an_order_what_its_text_says),
      cmocka_unit_test(makes_orders_that_are_on_time_or_hopeless),
      cmocka_unit_test(sends_records_round_the_partitions),
  };
  return cmocka_run_group_tests_name("workload", tests, NULL, NULL);
}
