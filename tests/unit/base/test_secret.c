/* References to secrets, and names of options that hold one. */
#include "test_base.h"

#include "base/base.h"
#include "base/base_secret.h"

static void check_reference(const char *text, enum eagre_secret_kind kind, const char *name,
                            size_t begin, size_t end) {
  struct eagre_secret secret;
  assert_true(eagre_secret_find(eagre_text_of(text), 0, &secret));
  assert_int_equal(secret.kind, kind);
  assert_true(eagre_text_equal_string(secret.name, name));
  assert_int_equal(secret.begin, begin);
  assert_int_equal(secret.end, end);
}

static void test_references(void **state) {
  (void)state;
  check_reference("${env:A_1}", EAGRE_SECRET_ENVIRONMENT, "A_1", 0, 10);
  check_reference("a ${x} $${file:/run/a b.txt} b", EAGRE_SECRET_FILE, "/run/a b.txt", 8, 28);
  struct eagre_secret secret;
  struct eagre_text two = EAGRE_TEXT("${env:A}${file:b}");
  assert_true(eagre_secret_find(two, 1, &secret));
  assert_true(eagre_text_equal_string(secret.name, "b"));
  assert_false(eagre_secret_at(two, 1, &secret));
  assert_true(eagre_secret_at(two, 8, &secret));
}

static void test_what_is_none(void **state) {
  (void)state;
  static const char *const texts[] = {"",         "$",           "${env:}",    "${env:A",
                                      "${env}",   "${ENV:A}",    "$ {env:A}",  "${env:A'}",
                                      "${file:}", "${env:a\nb}", "${env:${x}", "env:A}"};
  struct eagre_secret secret;
  for (size_t i = 0; i < EAGRE_COUNT_OF(texts); i++) {
    if (eagre_secret_find(eagre_text_of(texts[i]), 0, &secret)) fail_msg("%s", texts[i]);
  }
}

static void test_options(void **state) {
  (void)state;
  static const char *const secret[] = {"kafka.sasl.jaas.config", "kafka.ssl.key.password",
                                       "kafka.SSL.Keystore.Key", "kafka.ssl.key.pem",
                                       "kafka.sasl.oauthbearer.client.secret"};
  static const char *const open[] = {"kafka.ssl.keystore.location", "kafka.security.protocol", "",
                                     "kafka.sasl.mechanism"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(secret); i++) {
    assert_true(eagre_secret_is_option(eagre_text_of(secret[i])));
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(open); i++) {
    assert_false(eagre_secret_is_option(eagre_text_of(open[i])));
  }
}

int run_secret_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_references),
      cmocka_unit_test(test_what_is_none),
      cmocka_unit_test(test_options),
  };
  return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
