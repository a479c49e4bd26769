/* Login modules as Java jobs write them. */
#include "test_kafka.h"

#include "kafka/kafka_jaas.h"

static struct eagre_kafka_jaas parse(struct fixture *fixture, const char *text) {
  struct eagre_kafka_jaas jaas;
  assert_ok(fixture,
            eagre_kafka_jaas_parse(eagre_text_of(text), &fixture->arena, &jaas, &fixture->error));
  return jaas;
}

static void assert_text(struct eagre_text text, const char *expected) {
  struct eagre_arena arena = {0};
  assert_string_equal(eagre_arena_copy_text(&arena, text).data, expected);
  eagre_arena_done(&arena);
}

static int open_plain(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  *state = fixture;
  return 0;
}

static int close_plain(void **state) {
  struct fixture *fixture = *state;
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

static void reads_values(void **state) {
  struct eagre_kafka_jaas jaas =
      parse(*state, "kafkashaded.org.apache.X required\n"
                    "  username = \"al\\\"ice\\\\\" // a comment\n"
                    "  password='p;w=1\\101' /* another */ useKeyTab=true\n"
                    "  empty=\"\";");
  assert_text(jaas.class_name, "X");
  assert_int_equal(jaas.option_count, 4);
  assert_text(eagre_kafka_jaas_find(&jaas, "username"), "al\"ice\\");
  assert_text(eagre_kafka_jaas_find(&jaas, "password"), "p;w=1A");
  assert_text(eagre_kafka_jaas_find(&jaas, "useKeyTab"), "true");
  assert_non_null(eagre_kafka_jaas_find(&jaas, "empty").data);
  assert_int_equal(eagre_kafka_jaas_find(&jaas, "empty").size, 0);
  assert_null(eagre_kafka_jaas_find(&jaas, "missing").data);
}

static void refuses_what_is_no_module(void **state) {
  static const char *const texts[] = {
      "",
      "   ",
      "/* only a comment",
      "PlainLoginModule",
      "PlainLoginModule maybe;",
      "PlainLoginModule required",
      "PlainLoginModule required username;",
      "PlainLoginModule required username=;",
      "PlainLoginModule required username=\"alice;",
      "PlainLoginModule required =\"alice\";",
      "PlainLoginModule required username=\"a\" required;",
      "PlainLoginModule required; ScramLoginModule required;",
  };
  struct fixture *fixture = *state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(texts); i++) {
    struct eagre_kafka_jaas jaas;
    enum eagre_status status =
        eagre_kafka_jaas_parse(eagre_text_of(texts[i]), &fixture->arena, &jaas, &fixture->error);
    if (status != EAGRE_USAGE) fail_msg("accepted: %s", texts[i]);
    assert_string_equal(fixture->error.class_name, "INVALID_KAFKA_SETTING");
  }
}

static void never_tells_the_secret(void **state) {
  struct fixture *fixture = *state;
  struct eagre_kafka_jaas jaas;
  struct eagre_text text = EAGRE_TEXT("X required password=\"hunter2\" nonsense");
  assert_int_equal(eagre_kafka_jaas_parse(text, &fixture->arena, &jaas, &fixture->error),
                   EAGRE_USAGE);
  assert_null(strstr(fixture->error.text, "hunter2"));
}

static void bounds_the_options(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer text = {0};
  struct eagre_kafka_jaas jaas;
  eagre_buffer_append_string(&text, "X required");
  for (int i = 0; i <= EAGRE_KAFKA_JAAS_OPTIONS_MAX; i++) {
    eagre_buffer_printf(&text, " o%d=1", i);
  }
  eagre_buffer_append_string(&text, ";");
  assert_int_equal(
      eagre_kafka_jaas_parse(eagre_buffer_text(&text), &fixture->arena, &jaas, &fixture->error),
      EAGRE_USAGE);
  eagre_buffer_done(&text);
}

#define PLAIN_TEST(function) cmocka_unit_test_setup_teardown(function, open_plain, close_plain)

int run_jaas_tests(void) {
  const struct CMUnitTest tests[] = {
      PLAIN_TEST(reads_values),
      PLAIN_TEST(refuses_what_is_no_module),
      PLAIN_TEST(never_tells_the_secret),
      PLAIN_TEST(bounds_the_options),
  };
  return cmocka_run_group_tests_name("jaas", tests, NULL, NULL);
}
