/* The table of settings: what is passed, translated, ignored, refused. */
#include "test_kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kafka/kafka_consumer.h"

/* Settings with one pair and brokers that are never called. */
static struct eagre_kafka_settings settings_of(const struct eagre_kafka_setting *pairs,
                                               uint32_t count) {
  return (struct eagre_kafka_settings){EAGRE_TEXT("localhost:1"), pairs, count};
}

/* What librdkafka is told under `target`. */
static char *apply(enum eagre_kafka_role role, const struct eagre_kafka_setting *pairs,
                   uint32_t count, const char *target) {
  struct eagre_kafka_settings settings = settings_of(pairs, count);
  struct eagre_kafka_configuration configuration;
  struct eagre_error error;
  if (eagre_kafka_settings_apply(&settings, role, &configuration, &error) != EAGRE_OK) {
    fail_msg("%s", error.text);
  }
  static char value[512];
  size_t size = sizeof value;
  value[0] = '\0';
  rd_kafka_conf_get(configuration.conf, target, value, &size);
  rd_kafka_conf_destroy(configuration.conf);
  return value;
}

static char *apply_one(enum eagre_kafka_role role, const char *name, const char *value,
                       const char *target) {
  struct eagre_kafka_setting pair = {eagre_text_of(name), eagre_text_of(value)};
  return apply(role, &pair, 1, target);
}

static void assert_refused(enum eagre_kafka_role role, const char *name, const char *value,
                           const char *class_name) {
  struct eagre_kafka_setting pair = {eagre_text_of(name), eagre_text_of(value)};
  struct eagre_kafka_settings settings = settings_of(&pair, 1);
  struct eagre_error error;
  uint32_t wrong = 7;
  if (eagre_kafka_settings_check(&settings, role, &wrong, &error) != EAGRE_USAGE) {
    fail_msg("%s was accepted", name);
  }
  assert_int_equal(wrong, 0);
  assert_string_equal(error.class_name, class_name);
}

static void has_spark_s_defaults(void **state) {
  (void)state;
  assert_string_equal(apply(EAGRE_KAFKA_READ, NULL, 0, "isolation.level"), "read_uncommitted");
  assert_string_equal(apply(EAGRE_KAFKA_READ, NULL, 0, "enable.auto.commit"), "false");
  assert_string_equal(apply(EAGRE_KAFKA_READ, NULL, 0, "auto.offset.reset"), "error");
  assert_string_equal(apply(EAGRE_KAFKA_READ, NULL, 0, "check.crcs"), "true");
  assert_string_equal(apply(EAGRE_KAFKA_WRITE, NULL, 0, "enable.idempotence"), "true");
  assert_string_equal(apply(EAGRE_KAFKA_WRITE, NULL, 0, "partitioner"), "murmur2_random");
  assert_string_equal(apply(EAGRE_KAFKA_WRITE, NULL, 0, "message.timeout.ms"), "120000");
}

static void translates_names_of_the_java_client(void **state) {
  (void)state;
  assert_string_equal(apply_one(EAGRE_KAFKA_READ, "fetch.max.wait.ms", "7", "fetch.wait.max.ms"),
                      "7");
  assert_string_equal(
      apply_one(EAGRE_KAFKA_READ, "Isolation.Level", "read_committed", "isolation.level"),
      "read_committed");
  assert_string_equal(
      apply_one(EAGRE_KAFKA_READ, "request.timeout.ms", "1234", "socket.timeout.ms"), "1234");
  assert_string_equal(
      apply_one(EAGRE_KAFKA_WRITE, "request.timeout.ms", "1234", "request.timeout.ms"), "1234");
  assert_string_equal(
      apply_one(EAGRE_KAFKA_READ, "receive.buffer.bytes", "-1", "socket.receive.buffer.bytes"),
      "0");
  assert_string_equal(
      apply_one(EAGRE_KAFKA_WRITE, "buffer.memory", "33554433", "queue.buffering.max.kbytes"),
      "32769");
  assert_string_equal(apply_one(EAGRE_KAFKA_READ, "ssl.endpoint.identification.algorithm", "",
                                "ssl.endpoint.identification.algorithm"),
                      "none");
}

static void passes_names_of_librdkafka(void **state) {
  (void)state;
  assert_string_equal(
      apply_one(EAGRE_KAFKA_READ, "Broker.Address.Family", "v4", "broker.address.family"), "v4");
}

static void gives_up_idempotence_with_fewer_acknowledgements(void **state) {
  (void)state;
  assert_string_equal(apply_one(EAGRE_KAFKA_WRITE, "acks", "1", "enable.idempotence"), "false");
  assert_string_equal(apply_one(EAGRE_KAFKA_WRITE, "acks", "ALL", "enable.idempotence"), "true");
}

static void takes_the_last_of_two(void **state) {
  (void)state;
  const struct eagre_kafka_setting pairs[] = {
      {EAGRE_TEXT("fetch.min.bytes"), EAGRE_TEXT("10")},
      {EAGRE_TEXT("fetch.min.bytes"), EAGRE_TEXT("20")},
  };
  assert_string_equal(apply(EAGRE_KAFKA_READ, pairs, 2, "fetch.min.bytes"), "20");
}

/* What librdkafka is told under `target` by a consumer that may hold `queue_size` bytes. */
static int64_t bound(const char *name, const char *value, size_t queue_size, const char *target) {
  const struct eagre_kafka_setting pair = {eagre_text_of(name), eagre_text_of(value)};
  struct eagre_kafka_settings settings = settings_of(&pair, name[0] == '\0' ? 0 : 1);
  struct eagre_kafka_configuration configuration;
  struct eagre_error error;
  if (eagre_kafka_settings_apply(&settings, EAGRE_KAFKA_READ, &configuration, &error) != EAGRE_OK) {
    fail_msg("%s", error.text);
  }
  eagre_kafka_consumer_set_bounds(configuration.conf, &settings, queue_size);
  char text[32];
  size_t size = sizeof text;
  assert_int_equal(rd_kafka_conf_get(configuration.conf, target, text, &size), RD_KAFKA_CONF_OK);
  rd_kafka_conf_destroy(configuration.conf);
  return strtoll(text, NULL, 10);
}

enum { MIB = 1 << 20 };

static void fetches_a_share_of_the_queue(void **state) {
  (void)state;
  assert_int_equal(bound("", "", 8 * MIB, "fetch.max.bytes"), MIB);
  assert_int_equal(bound("", "", 8 * MIB, "fetch.message.max.bytes"), MIB / 4);
  assert_int_equal(bound("", "", 8 * MIB, "queued.max.messages.kbytes"), 8193);
  assert_int_equal(bound("", "", 8 * MIB, "queued.min.messages"), 32769);
  assert_int_equal(bound("", "", 64 * MIB, "fetch.max.bytes"), 8 * MIB);
  assert_int_equal(bound("", "", 64 * MIB, "fetch.message.max.bytes"), 2 * MIB);
  assert_int_equal(bound("", "", MIB, "fetch.max.bytes"), 1000000);
  assert_int_equal(bound("", "", MIB, "fetch.message.max.bytes"), MIB / 16);
  assert_int_equal(bound("", "", 2047 * (size_t)MIB, "fetch.max.bytes"), 50 * MIB);
  assert_int_equal(bound("", "", 2047 * (size_t)MIB, "fetch.message.max.bytes"), 50 * MIB);
}

static void never_replaces_a_fetch_size_that_was_given(void **state) {
  (void)state;
  const char *partition = "fetch.message.max.bytes";
  assert_int_equal(bound("fetch.max.bytes", "7654321", 8 * MIB, "fetch.max.bytes"), 7654321);
  assert_int_equal(bound("fetch.max.bytes", "7654321", 8 * MIB, partition), MIB / 4);
  assert_int_equal(bound("Max.Partition.Fetch.Bytes", "1234", 8 * MIB, partition), 1234);
  assert_int_equal(bound("max.partition.fetch.bytes", "1234", 8 * MIB, "fetch.max.bytes"), MIB);
  assert_int_equal(bound("fetch.message.max.bytes", "99", 8 * MIB, partition), 99);
  assert_int_equal(bound("message.max.bytes", "5000000", 8 * MIB, "fetch.max.bytes"), 5000000);
}

static void takes_user_and_password_from_a_login_module(void **state) {
  (void)state;
  const struct eagre_kafka_setting pairs[] = {
      {EAGRE_TEXT("sasl.mechanism"), EAGRE_TEXT("PLAIN")},
      {EAGRE_TEXT("sasl.jaas.config"),
       EAGRE_TEXT("org.apache.kafka.common.security.plain.PlainLoginModule required "
                  "username=\"alice\" password=\"alice-pw\";")},
  };
  assert_string_equal(apply(EAGRE_KAFKA_READ, pairs, 2, "sasl.username"), "alice");
  assert_string_equal(apply(EAGRE_KAFKA_WRITE, pairs, 2, "sasl.password"), "alice-pw");
}

static void knows_key_stores_by_type_and_name(void **state) {
  (void)state;
  const struct eagre_kafka_setting pem[] = {
      {EAGRE_TEXT("ssl.keystore.location"), EAGRE_TEXT("/keys/any")},
      {EAGRE_TEXT("ssl.keystore.type"), EAGRE_TEXT("pem")},
  };
  assert_string_equal(apply(EAGRE_KAFKA_READ, pem, 2, "ssl.key.location"), "/keys/any");
  assert_string_equal(apply(EAGRE_KAFKA_READ, pem, 2, "ssl.certificate.location"), "/keys/any");
  assert_string_equal(
      apply_one(EAGRE_KAFKA_READ, "ssl.keystore.location", "/keys/a.P12", "ssl.keystore.location"),
      "/keys/a.P12");
  assert_string_equal(
      apply_one(EAGRE_KAFKA_READ, "ssl.truststore.location", "/keys/ca.pem", "ssl.ca.location"),
      "/keys/ca.pem");
  assert_refused(EAGRE_KAFKA_READ, "ssl.truststore.location", "/keys/trust.jks",
                 "UNSUPPORTED_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_READ, "ssl.keystore.location", "/keys/store",
                 "UNSUPPORTED_KAFKA_SETTING");
}

static void refuses_with_a_hint(void **state) {
  (void)state;
  assert_refused(EAGRE_KAFKA_READ, "auto.offset.reset", "earliest", "UNSUPPORTED_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_READ, "key.deserializer", "x", "UNSUPPORTED_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_READ, "interceptor.classes", "x", "UNSUPPORTED_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_WRITE, "value.serializer", "x", "UNSUPPORTED_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_READ, "isolation.level", "read_some", "INVALID_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_WRITE, "buffer.memory", "12 MB", "INVALID_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_READ, "default.api.timeout.ms", "0", "INVALID_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_READ, "sasl.jaas.config", "a.b.MyLoginModule required;",
                 "UNSUPPORTED_KAFKA_SETTING");
  assert_refused(EAGRE_KAFKA_READ, "fetch.maxx.bytes", "1", "UNKNOWN_KAFKA_SETTING");
}

static void names_the_nearest_spelling(void **state) {
  (void)state;
  struct eagre_kafka_setting pair = {EAGRE_TEXT("isolation.levle"), EAGRE_TEXT("x")};
  struct eagre_kafka_settings settings = settings_of(&pair, 1);
  struct eagre_error error;
  uint32_t wrong = 7;
  assert_int_equal(eagre_kafka_settings_check(&settings, EAGRE_KAFKA_READ, &wrong, &error),
                   EAGRE_USAGE);
  assert_int_equal(wrong, 0);
  assert_string_equal(error.hint, "did you mean 'kafka.isolation.level'?");
}

static void ignores_settings_of_the_other_side(void **state) {
  (void)state;
  apply_one(EAGRE_KAFKA_READ, "value.serializer", "x", "client.id");
  apply_one(EAGRE_KAFKA_WRITE, "auto.offset.reset", "x", "client.id");
}

static void needs_brokers(void **state) {
  (void)state;
  struct eagre_kafka_settings settings = {.brokers = EAGRE_TEXT("  ")};
  struct eagre_error error;
  uint32_t wrong = 7;
  assert_int_equal(eagre_kafka_settings_check(&settings, EAGRE_KAFKA_READ, &wrong, &error),
                   EAGRE_USAGE);
  assert_int_equal(wrong, 0);
  assert_string_equal(error.class_name, "REQUIRED_PARAMETER_NOT_FOUND");
}

/* Every row that names a target names one librdkafka has heard of, and says something. */
static void table_is_sound(void **state) {
  (void)state;
  struct eagre_kafka_setting_info row;
  uint32_t count = 0;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (; eagre_kafka_setting_at(count, &row); count++) {
    char reason[256];
    assert_true(row.name[0] != '\0' && row.text[0] != '\0');
    if (row.target[0] == '\0') continue;
    if (rd_kafka_conf_set(conf, row.target, "1", reason, sizeof reason) == RD_KAFKA_CONF_UNKNOWN) {
      fail_msg("%s: %s", row.name, reason);
    }
  }
  rd_kafka_conf_destroy(conf);
  assert_true(count > 100);
}

static const char *value_of(const struct eagre_kafka_configuration *configuration, const char *name,
                            char *out, size_t size) {
  assert_int_equal(rd_kafka_conf_get(configuration->conf, name, out, &size), RD_KAFKA_CONF_OK);
  return out;
}

static void looks_secrets_up(void **state) {
  (void)state;
  char path[] = "/tmp/eagre-secret-XXXXXX";
  int file = mkstemp(path);
  assert_int_equal(write(file, "from a file\n", 12), 12);
  close(file);
  setenv("EAGRE_TEST_USER", "from the environment", 1);
  char reference[64];
  snprintf(reference, sizeof reference, "${file:%s}", path);
  struct eagre_kafka_setting pairs[] = {
      {EAGRE_TEXT("sasl.username"), EAGRE_TEXT("<${env:EAGRE_TEST_USER}>")},
      {EAGRE_TEXT("sasl.password"), eagre_text_of(reference)}};
  struct eagre_kafka_settings settings = settings_of(pairs, 2);
  struct eagre_kafka_configuration configuration;
  struct eagre_error error;
  char value[64];
  assert_int_equal(eagre_kafka_settings_apply(&settings, EAGRE_KAFKA_READ, &configuration, &error),
                   EAGRE_OK);
  assert_string_equal(value_of(&configuration, "sasl.username", value, sizeof value),
                      "<from the environment>");
  assert_string_equal(value_of(&configuration, "sasl.password", value, sizeof value),
                      "from a file");
  rd_kafka_conf_destroy(configuration.conf);
  unlink(path);
}

static void names_secrets_that_are_not_there(void **state) {
  (void)state;
  unsetenv("EAGRE_TEST_ABSENT");
  struct eagre_kafka_setting pairs[] = {
      {EAGRE_TEXT("client.id"), EAGRE_TEXT("a")},
      {EAGRE_TEXT("sasl.password"), EAGRE_TEXT("${env:EAGRE_TEST_ABSENT}")}};
  struct eagre_kafka_settings settings = settings_of(pairs, 2);
  struct eagre_error error;
  uint32_t wrong = 7;
  assert_int_equal(eagre_kafka_settings_look_up(&settings, EAGRE_KAFKA_READ, &wrong, &error),
                   EAGRE_USAGE);
  assert_string_equal(error.class_name, "SECRET_NOT_FOUND");
  assert_non_null(strstr(error.text, "EAGRE_TEST_ABSENT"));
  assert_int_equal(wrong, 1);
  pairs[1].value = EAGRE_TEXT("${file:/nowhere/at/all}");
  assert_int_equal(eagre_kafka_settings_look_up(&settings, EAGRE_KAFKA_READ, &wrong, &error),
                   EAGRE_USAGE);
  assert_non_null(strstr(error.text, "/nowhere/at/all"));
  assert_non_null(strstr(error.text, "No such file"));
  assert_int_equal(eagre_kafka_settings_check(&settings, EAGRE_KAFKA_READ, &wrong, &error),
                   EAGRE_OK);
  pairs[1].name = EAGRE_TEXT("enable.auto.commit");
  assert_int_equal(eagre_kafka_settings_check(&settings, EAGRE_KAFKA_READ, &wrong, &error),
                   EAGRE_USAGE);
  assert_string_equal(error.class_name, "UNSUPPORTED_KAFKA_SETTING");
}

int run_settings_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(has_spark_s_defaults),
      cmocka_unit_test(translates_names_of_the_java_client),
      cmocka_unit_test(passes_names_of_librdkafka),
      cmocka_unit_test(gives_up_idempotence_with_fewer_acknowledgements),
      cmocka_unit_test(takes_the_last_of_two),
      cmocka_unit_test(fetches_a_share_of_the_queue),
      cmocka_unit_test(never_replaces_a_fetch_size_that_was_given),
      cmocka_unit_test(takes_user_and_password_from_a_login_module),
      cmocka_unit_test(knows_key_stores_by_type_and_name),
      cmocka_unit_test(refuses_with_a_hint),
      cmocka_unit_test(names_the_nearest_spelling),
      cmocka_unit_test(ignores_settings_of_the_other_side),
      cmocka_unit_test(needs_brokers),
      cmocka_unit_test(looks_secrets_up),
      cmocka_unit_test(names_secrets_that_are_not_there),
      cmocka_unit_test(table_is_sound),
  };
  return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
