/* Fetch sessions of the native client against a broker that keeps them as Kafka does: a question
 * says what is new, and whatever befalls a session, every record comes once and in order. */
#include <stdio.h>
#include <string.h>

#include "scripted_broker.h"

enum { SESSION_NOT_FOUND = 70, SESSION_EPOCH_INVALID = 71, TURNS_MAX = 400, WITH_NAMES = 11 };

struct site {
  struct scripted_broker *broker;
  struct eagre_kafka_consumer *consumer;
  struct eagre_arena arena;
  struct eagre_error error;
  int64_t next[SCRIPTED_PARTITIONS]; /* offset of the record that comes next */
};

/* ---- Ways to it ------------------------------------------------------------------------------ */

static void open_site(struct site *site, int16_t fetch_version) {
  *site = (struct site){.broker = scripted_broker_open()};
  const struct eagre_kafka_setting quick[] = {
      {EAGRE_TEXT("reconnect.backoff.ms"), EAGRE_TEXT("1")},
      {EAGRE_TEXT("reconnect.backoff.max.ms"), EAGRE_TEXT("1")},
      {EAGRE_TEXT("retry.backoff.ms"), EAGRE_TEXT("1")},
  };
  const struct eagre_kafka_settings settings = {
      .brokers = eagre_text_of(site->broker->address),
      .settings = quick,
      .count = EAGRE_COUNT_OF(quick),
  };
  const struct eagre_kafka_consumer_options options = {
      .settings = &settings,
      .fetcher = EAGRE_KAFKA_NATIVE,
      .parts = EAGRE_KAFKA_VALUE,
  };
  site->broker->fetch_version = fetch_version;
  eagre_error_init(&site->error);
  assert_ok(site, eagre_kafka_consumer_open(&options, &site->consumer, &site->error));
}

static void close_site(struct site *site) {
  eagre_kafka_consumer_close(site->consumer);
  scripted_broker_close(site->broker);
  eagre_arena_done(&site->arena);
}

/* The partitions whose bits are set, from where they stand. */
static void assign(struct site *site, uint32_t which) {
  struct eagre_kafka_range ranges[SCRIPTED_PARTITIONS];
  uint32_t count = 0;
  for (int32_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
    if ((which & 1U << i) == 0) continue;
    ranges[count++] =
        (struct eagre_kafka_range){EAGRE_TEXT("clicks"), i, site->next[i], EAGRE_KAFKA_NO_END};
  }
  assert_ok(site, eagre_kafka_consumer_assign(site->consumer, ranges, count, &site->error));
}

static void check_records(struct site *site, const struct eagre_kafka_records *records) {
  for (uint32_t i = 0; i < records->count; i++) {
    char expected[24];
    snprintf(expected, sizeof expected, "v%d", (int)site->next[records->partition]);
    assert_int_equal(records->offsets[i], site->next[records->partition]);
    assert_true(eagre_text_equal_string(records->values[i], expected));
    site->next[records->partition] += 1;
  }
}

/* Whether records came. */
static bool read_once(struct site *site) {
  struct eagre_kafka_records records;
  enum eagre_status status =
      eagre_kafka_consumer_read(site->consumer, &site->arena, &records, &site->error);
  if (status == EAGRE_AGAIN) return false;
  if (status != EAGRE_OK) fail_msg("%s: %s", site->error.class_name, site->error.text);
  check_records(site, &records);
  eagre_kafka_records_release(records.lease);
  eagre_arena_reset(&site->arena);
  return true;
}

/* One look of the reader, one of the broker. */
static void turn(struct site *site) {
  while (read_once(site)) {
  }
  scripted_broker_work(site->broker);
}

/* Until all records of those partitions have been read, and some more. */
static void read_all(struct site *site, uint32_t which) {
  for (int turns = 0, spare = 8; spare > 0; turns++) {
    assert_true(turns < TURNS_MAX * 1000);
    bool is_all = site->broker->fetch_count > 0;
    for (int32_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
      if ((which & 1U << i) && site->next[i] < site->broker->partitions[i].end) is_all = false;
    }
    if (is_all) spare -= 1;
    turn(site);
  }
}

static const struct scripted_fetch *last_fetch(const struct site *site) {
  return &site->broker->fetches[site->broker->fetch_count - 1];
}

static void forget_fetches(struct site *site) {
  site->broker->fetch_count = 0;
}

enum { ALL = 0xff };

/* ---- Tests ----------------------------------------------------------------------------------- */

static void says_only_what_is_new(void **state) {
  (void)state;
  const int16_t versions[] = {WITH_NAMES, 12, 13};
  for (size_t i = 0; i < EAGRE_COUNT_OF(versions); i++) {
    struct site site;
    open_site(&site, versions[i]);
    assign(&site, ALL);
    read_all(&site, ALL);
    const struct scripted_fetch *fetches = site.broker->fetches;
    assert_int_equal(fetches[0].epoch, 0);
    assert_int_equal(fetches[0].wish_count, SCRIPTED_PARTITIONS);
    for (uint32_t k = 1; k < site.broker->fetch_count; k++) {
      assert_int_equal(fetches[k].session, site.broker->session);
      assert_int_equal(fetches[k].epoch, k);
      assert_int_equal(fetches[k].wish_count + fetches[k].forgotten_count, 0);
    }
    forget_fetches(&site);
    scripted_broker_append(site.broker, 3);
    read_all(&site, ALL);
    uint32_t wish_count = 0;
    for (uint32_t k = 0; k < site.broker->fetch_count; k++) {
      wish_count += fetches[k].wish_count;
    }
    assert_int_equal(wish_count, 1);
    assert_int_equal(site.next[3], 1);
    close_site(&site);
  }
}

static void forgets_what_is_not_read_any_more(void **state) {
  (void)state;
  struct site site;
  open_site(&site, 13);
  assign(&site, ALL);
  read_all(&site, ALL);
  forget_fetches(&site);
  assign(&site, 0x0f);
  scripted_broker_append(site.broker, 7);
  read_all(&site, 0x0f);
  uint32_t forgotten_count = 0;
  for (uint32_t k = 0; k < site.broker->fetch_count; k++) {
    assert_true(site.broker->fetches[k].epoch > 0);
    forgotten_count += site.broker->fetches[k].forgotten_count;
  }
  assert_int_equal(forgotten_count, 4);
  assert_int_equal(site.next[7], 0);
  assign(&site, ALL);
  read_all(&site, ALL);
  assert_int_equal(site.next[7], 1);
  assert_true(last_fetch(&site)->epoch > 0);
  close_site(&site);
}

/* A session that is not known is not named again; one that is out of step is, so that it goes. */
static void begins_anew_when_the_session_is_gone(void **state) {
  (void)state;
  const int16_t errors[] = {SESSION_NOT_FOUND, SESSION_EPOCH_INVALID};
  for (size_t i = 0; i < EAGRE_COUNT_OF(errors); i++) {
    struct site site;
    open_site(&site, 13);
    assign(&site, ALL);
    read_all(&site, ALL);
    int32_t session = site.broker->session;
    site.broker->next_error = errors[i];
    while (site.broker->next_error != 0) {
      turn(&site);
    }
    forget_fetches(&site);
    scripted_broker_append(site.broker, 2);
    read_all(&site, ALL);
    const struct scripted_fetch *first = &site.broker->fetches[0];
    assert_int_equal(first->epoch, 0);
    assert_int_equal(first->session, errors[i] == SESSION_NOT_FOUND ? 0 : session);
    assert_int_equal(first->wish_count, SCRIPTED_PARTITIONS);
    assert_true(last_fetch(&site)->epoch > 0);
    close_site(&site);
  }
}

static void begins_anew_on_another_connection(void **state) {
  (void)state;
  struct site site;
  open_site(&site, 13);
  assign(&site, ALL);
  read_all(&site, ALL);
  int32_t session = site.broker->session;
  forget_fetches(&site);
  scripted_broker_hang_up(site.broker);
  scripted_broker_append(site.broker, 5);
  read_all(&site, ALL);
  assert_int_equal(site.broker->fetches[0].epoch, 0);
  assert_int_equal(site.broker->fetches[0].session, session);
  assert_int_equal(site.next[5], 1);
  close_site(&site);
}

static void reads_where_there_is_no_room_for_a_session(void **state) {
  (void)state;
  struct site site;
  open_site(&site, 13);
  site.broker->has_room = false;
  assign(&site, ALL);
  scripted_broker_append(site.broker, 1);
  read_all(&site, ALL);
  scripted_broker_append(site.broker, 1);
  read_all(&site, ALL);
  for (uint32_t k = 0; k < site.broker->fetch_count; k++) {
    assert_int_equal(site.broker->fetches[k].session, 0);
    assert_int_equal(site.broker->fetches[k].epoch, 0);
    assert_int_equal(site.broker->fetches[k].wish_count, SCRIPTED_PARTITIONS);
  }
  close_site(&site);
}

/* The session has the topic that is no more: it is forgotten, and the new one is told. */
static void goes_on_with_a_topic_that_was_made_anew(void **state) {
  (void)state;
  struct site site;
  open_site(&site, 13);
  assign(&site, ALL);
  read_all(&site, ALL);
  scripted_broker_renew_topic(site.broker);
  forget_fetches(&site);
  for (int32_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
    scripted_broker_append(site.broker, i);
  }
  read_all(&site, ALL);
  for (int32_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
    assert_int_equal(site.next[i], 1);
  }
  close_site(&site);
}

/* Whatever has been fetched so far: at its end is who has no more than that. */
static void is_behind_until_the_end_that_it_was_told(void **state) {
  (void)state;
  struct site site;
  struct eagre_text topic;
  open_site(&site, 13);
  site.broker->batches_of_answer = 1;
  for (int i = 0; i < 5; i++) {
    scripted_broker_append(site.broker, 0);
  }
  assign(&site, 1);
  for (int turns = 0; site.next[0] < 5; turns++) {
    assert_true(turns < TURNS_MAX * 1000);
    assert_true(eagre_kafka_consumer_is_behind(site.consumer, EAGRE_TEXT("clicks"), 0, &topic));
    turn(&site);
  }
  assert_false(eagre_kafka_consumer_is_behind(site.consumer, EAGRE_TEXT("clicks"), 0, &topic));
  close_site(&site);
}

/* Until records come, and no further: fetches are then those of the read that gave them. */
static void read_some(struct site *site) {
  for (int turns = 0; !read_once(site); turns++) {
    assert_true(turns < TURNS_MAX * 1000);
    scripted_broker_work(site->broker);
  }
  forget_fetches(site);
  scripted_broker_work(site->broker);
}

/* The answer holds all that came while the records before it were worked. */
static void asks_for_what_may_come_when_all_was_given(void **state) {
  (void)state;
  struct site site;
  open_site(&site, 13);
  scripted_broker_append(site.broker, 0);
  assign(&site, 1);
  for (int i = 0; i < 3; i++) {
    read_some(&site);
    assert_false(eagre_kafka_consumer_has_more(site.consumer));
    assert_int_equal(site.broker->fetch_count, 0);
    scripted_broker_append(site.broker, 0);
    scripted_broker_append(site.broker, 0);
    turn(&site);
    assert_int_equal(site.broker->fetch_count, 1);
  }
  close_site(&site);
}

/* The broker and the network work while the records before it are. */
static void asks_at_once_for_what_is_there(void **state) {
  (void)state;
  struct site site;
  open_site(&site, 13);
  site.broker->batches_of_answer = 1;
  for (int i = 0; i < 3; i++) {
    scripted_broker_append(site.broker, 0);
  }
  assign(&site, 1);
  for (uint32_t left = 3; left-- > 0;) {
    read_some(&site);
    assert_int_equal(site.broker->fetch_count, left > 0 ? 1 : 0);
  }
  close_site(&site);
}

/* ---- At random ------------------------------------------------------------------------------- */

static void disturb(struct site *site, struct eagre_random *random, uint32_t *which) {
  struct scripted_broker *broker = site->broker;
  switch (eagre_random_below(random, 12)) {
  case 0:
    broker->next_error = SESSION_NOT_FOUND;
    break;
  case 1:
    broker->next_error = SESSION_EPOCH_INVALID;
    break;
  case 2:
    scripted_broker_hang_up(broker);
    break;
  case 3:
    broker->has_room = !broker->has_room;
    break;
  case 4:
  case 5:
    *which = 1 + (uint32_t)eagre_random_below(random, ALL);
    assign(site, *which);
    break;
  case 6:
    broker->batches_of_answer = 1 + (uint32_t)eagre_random_below(random, 4);
    break;
  default: {
    int32_t partition = (int32_t)eagre_random_below(random, SCRIPTED_PARTITIONS);
    bool is_full = (size_t)broker->partitions[partition].end ==
                   EAGRE_COUNT_OF(broker->partitions[partition].batches);
    if (!is_full) scripted_broker_append(broker, partition);
    break;
  }
  }
}

static void reads_all_whatever_befalls_sessions(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    struct site site;
    struct eagre_random random;
    uint32_t which = ALL;
    eagre_random_seed(&random, seed);
    open_site(&site, seed % 2 == 0 ? 13 : WITH_NAMES);
    assign(&site, which);
    for (int step = 0; step < TURNS_MAX; step++) {
      disturb(&site, &random, &which);
      for (uint64_t turns = eagre_random_below(&random, 4); turns > 0; turns--) {
        turn(&site);
      }
    }
    site.broker->next_error = 0;
    assign(&site, ALL);
    forget_fetches(&site);
    read_all(&site, ALL);
    close_site(&site);
  }
}

int run_session_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_only_what_is_new),
      cmocka_unit_test(forgets_what_is_not_read_any_more),
      cmocka_unit_test(begins_anew_when_the_session_is_gone),
      cmocka_unit_test(begins_anew_on_another_connection),
      cmocka_unit_test(reads_where_there_is_no_room_for_a_session),
      cmocka_unit_test(goes_on_with_a_topic_that_was_made_anew),
      cmocka_unit_test(is_behind_until_the_end_that_it_was_told),
      cmocka_unit_test(asks_for_what_may_come_when_all_was_given),
      cmocka_unit_test(asks_at_once_for_what_is_there),
      cmocka_unit_test(reads_all_whatever_befalls_sessions),
  };
  return cmocka_run_group_tests_name("fetch sessions", tests, NULL, NULL);
}
