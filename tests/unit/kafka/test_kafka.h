/* What the files of test_kafka share: a mock cluster of two brokers, and short ways to it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka/kafka.h"

/* One per group (a mock cluster takes a second to end); every test gets a fresh name for its topic.
 */
struct fixture {
  struct eagre_kafka_mock *mock;
  uint32_t test_count;
  char name[32];
  struct eagre_text topic; /* `name` */
  struct eagre_arena arena;
  struct eagre_error error;
  struct eagre_kafka_setting extra[4]; /* room for a test's own settings */
  struct eagre_kafka_settings settings;
};

int open_fixture(void **state);
int close_fixture(void **state);
int begin_test(void **state);

#define FIXTURE_TEST(function) cmocka_unit_test_setup(function, begin_test)

/* Fails the test with the error's text. */
#define assert_ok(fixture, call)                                                                   \
  do {                                                                                             \
    if ((call) != EAGRE_OK)                                                                        \
      fail_msg("%s: %s", (fixture)->error.class_name, (fixture)->error.text);                      \
  } while (0)

/* Makes the test's topic. */
void create_topic(struct fixture *fixture, uint32_t partition_count);
/* Writes `count` records "v<number>" with key "k<number>" to it, numbers from `first`. */
void produce(struct fixture *fixture, int32_t partition, uint32_t first, uint32_t count);
/* Checks that the error's place is that of the test's topic: "topic NAME, REST". */
void assert_place(const struct fixture *fixture, const char *rest);
/* Takes all brokers down, or up again. */
void set_cluster_up(struct fixture *fixture, bool is_up);
/* Adds a setting of the fixture. */
void add_setting(struct fixture *fixture, const char *name, const char *value);

int run_batch_tests(void);
int run_client_tests(void);
int run_consumer_tests(void);
int run_jaas_tests(void);
int run_login_tests(void);
int run_producer_tests(void);
int run_session_tests(void);
int run_settings_tests(void);
int run_transactor_tests(void);
