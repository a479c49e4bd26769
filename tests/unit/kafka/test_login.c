/* Certificates, keys, users and the proofs of SCRAM, without a broker. */
#include "test_kafka.h"

#include <string.h>

#include "kafka/kafka_native_settings.h"
#include "kafka/kafka_settings.h"

/* ---- SCRAM ----------------------------------------------------------------------------------- */

struct exchange {
  enum eagre_kafka_scram_hash hash;
  const char *user;
  const char *password;
  const char *nonce;
  const char *client_first;
  const char *server_first;
  const char *client_final;
  const char *server_final;
};

/* The example of RFC 7677, and one with SHA-512 whose user needs another spelling (computed by
 * Python's hashlib). */
static const struct exchange exchanges[] = {
    {EAGRE_KAFKA_SCRAM_SHA_256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO",
     "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
    {EAGRE_KAFKA_SCRAM_SHA_512, "b=o,b", "p,w=\xc3\xbc", "fyko+d2lbbFgONRv9qkxdawL",
     "n,,n=b=3Do=2Cb,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=8192",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
     "p=fobldWOxsDqHVfBxS4AazLvcb4VBJTkHGRrT8IvPe5UiKlpCZ33hsN8dJkaTzgtydlXDBTnDJ3jf19eJtrcmuw==",
     "v=TgP8qEQ6UWEF1y0WYtIdjfOYpnuxDTwmxDlFD3M3QA2OUCHG+ZOCU3MvMSQCyMXHh+OT6yTMe6ImWmqv8dBORw=="},
};

static void assert_bytes(const struct eagre_buffer *bytes, const char *expected) {
  assert_int_equal(bytes->size, strlen(expected));
  assert_memory_equal(bytes->data, expected, bytes->size);
}

static void begin(struct eagre_kafka_scram *scram, const struct exchange *exchange,
                  struct eagre_buffer *out) {
  memset(scram, 0, sizeof *scram);
  memcpy(scram->nonce, exchange->nonce, strlen(exchange->nonce));
  assert_true(eagre_kafka_scram_begin(scram, exchange->hash, eagre_text_of(exchange->user), out));
}

static void proves_as_the_rfc_does(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(exchanges); i++) {
    const struct exchange *exchange = &exchanges[i];
    struct eagre_kafka_scram scram;
    struct eagre_buffer out = {0};
    struct eagre_text refusal;
    begin(&scram, exchange, &out);
    assert_bytes(&out, exchange->client_first);
    eagre_buffer_clear(&out);
    assert_null(eagre_kafka_scram_prove(&scram, eagre_text_of(exchange->password),
                                        eagre_text_of(exchange->server_first), &out));
    assert_bytes(&out, exchange->client_final);
    assert_null(eagre_kafka_scram_check(&scram, eagre_text_of(exchange->server_final), &refusal));
    eagre_kafka_scram_done(&scram);
    eagre_buffer_done(&out);
  }
}

static void believes_no_server_without_the_password(void **state) {
  (void)state;
  static const char *const finals[] = {
      "",
      "v=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=",
      "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4",
      "v=6rri",
      "V=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
      "e=invalid-proof",
  };
  const struct exchange *exchange = &exchanges[0];
  struct eagre_kafka_scram scram;
  struct eagre_buffer out = {0};
  struct eagre_text refusal;
  begin(&scram, exchange, &out);
  /* Before anything was proven, the right signature proves nothing either. */
  assert_non_null(eagre_kafka_scram_check(&scram, eagre_text_of(exchange->server_final), &refusal));
  assert_null(eagre_kafka_scram_prove(&scram, eagre_text_of(exchange->password),
                                      eagre_text_of(exchange->server_first), &out));
  for (size_t i = 0; i < EAGRE_COUNT_OF(finals); i++) {
    if (eagre_kafka_scram_check(&scram, eagre_text_of(finals[i]), &refusal) != NULL) continue;
    fail_msg("believed: %s", finals[i]);
  }
  assert_true(eagre_text_equal_string(refusal, "invalid-proof"));
  eagre_kafka_scram_done(&scram);
  eagre_buffer_done(&out);
}

static void refuses_challenges_that_are_none(void **state) {
  (void)state;
  static const char *const firsts[] = {
      "",
      "r=rOprNGfwEbeRWgbNEkqO",
      "r=rOprNGfwEbeRWgbNEkqO,s=QSXCR+Q6sek8bf92,i=4096",
      "r=sOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf9,i=4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QR==,i=4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4095",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=1000001",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=-4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=99999999999",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=",
      "s=QSXCR+Q6sek8bf92,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
      "e=other-error",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(firsts); i++) {
    struct eagre_kafka_scram scram;
    struct eagre_buffer out = {0};
    begin(&scram, &exchanges[0], &out);
    eagre_buffer_clear(&out);
    if (eagre_kafka_scram_prove(&scram, EAGRE_TEXT("pencil"), eagre_text_of(firsts[i]), &out) ==
        NULL) {
      fail_msg("answered: %s", firsts[i]);
    }
    assert_int_equal(out.size, 0);
    eagre_kafka_scram_done(&scram);
    eagre_buffer_done(&out);
  }
}

static void makes_a_nonce_of_its_own(void **state) {
  (void)state;
  struct eagre_kafka_scram scrams[2] = {0};
  struct eagre_buffer out = {0};
  for (size_t i = 0; i < 2; i++) {
    assert_true(
        eagre_kafka_scram_begin(&scrams[i], EAGRE_KAFKA_SCRAM_SHA_256, EAGRE_TEXT("u"), &out));
    assert_int_equal(strlen(scrams[i].nonce), EAGRE_KAFKA_SCRAM_NONCE_SIZE);
    assert_null(strchr(scrams[i].nonce, ','));
  }
  assert_string_not_equal(scrams[0].nonce, scrams[1].nonce);
  for (size_t i = 0; i < 2; i++) {
    eagre_kafka_scram_done(&scrams[i]);
  }
  eagre_buffer_done(&out);
}

static void plain_is_one_message(void **state) {
  (void)state;
  const struct eagre_kafka_login login = {EAGRE_KAFKA_PLAIN, EAGRE_TEXT("alice"), EAGRE_TEXT("pw")};
  struct eagre_kafka_sasl sasl = {0};
  struct eagre_buffer out = {0};
  bool is_done = false;
  assert_null(eagre_kafka_sasl_begin(&sasl, &login, &out));
  assert_int_equal(out.size, 9);
  assert_memory_equal(out.data, "\0alice\0pw", 9);
  assert_null(eagre_kafka_sasl_go_on(&sasl, &login, EAGRE_TEXT(""), &out, &is_done));
  assert_true(is_done);
  eagre_kafka_sasl_done(&sasl);
  eagre_buffer_done(&out);
}

/* ---- Settings -------------------------------------------------------------------------------- */

/* What the native client makes of these settings. */
static enum eagre_status read_settings(const struct eagre_kafka_setting *pairs, uint32_t count,
                                       const char **out_misfit, struct eagre_error *error) {
  struct eagre_kafka_settings settings = {EAGRE_TEXT("localhost:1"), pairs, count};
  struct eagre_kafka_configuration configuration;
  struct eagre_kafka_connection_options options = {0};
  struct eagre_arena arena = {0};
  assert_int_equal(eagre_kafka_settings_apply(&settings, EAGRE_KAFKA_READ, &configuration, error),
                   EAGRE_OK);
  *out_misfit = eagre_kafka_native_misfit(configuration.conf);
  enum eagre_status status =
      eagre_kafka_native_read_connections(configuration.conf, &arena, &options, error);
  eagre_kafka_native_done_connections(&options);
  rd_kafka_conf_destroy(configuration.conf);
  eagre_arena_done(&arena);
  return status;
}

#define PAIR(name, value)                                                                          \
  { EAGRE_TEXT(name), EAGRE_TEXT(value) }

static void names_what_is_wrong_with_keys_and_users(void **state) {
  (void)state;
  static const struct {
    struct eagre_kafka_setting pairs[3];
    uint32_t count;
    const char *names; /* what the error has to name */
  } cases[] = {
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.ca.location", "/nowhere/ca.pem")},
       2,
       "ssl.ca.location"},
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.truststore.certificates", "hunter2")},
       2,
       "ssl.ca.pem"},
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.certificate.location", "/nowhere/me.pem")},
       2,
       "ssl.certificate.location"},
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.keystore.certificate.chain", "hunter2")},
       2,
       "ssl.certificate.pem"},
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.key.location", "/nowhere/me.key")},
       2,
       "ssl.key.location"},
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.keystore.key", "hunter2")}, 2, "ssl.key.pem"},
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.keystore.location", "/nowhere/me.p12"),
        PAIR("ssl.keystore.password", "hunter2")},
       3,
       "ssl.keystore.location"},
      {{PAIR("security.protocol", "SSL"), PAIR("ssl.cipher.suites", "hunter2")},
       2,
       "ssl.cipher.suites"},
      {{PAIR("security.protocol", "SASL_PLAINTEXT"), PAIR("sasl.mechanism", "SCRAM-SHA-512"),
        PAIR("sasl.password", "hunter2")},
       3,
       "SCRAM-SHA-512 needs a user"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    struct eagre_error error;
    const char *misfit = NULL;
    assert_int_equal(read_settings(cases[i].pairs, cases[i].count, &misfit, &error), EAGRE_USAGE);
    assert_null(misfit);
    assert_string_equal(error.class_name, "INVALID_KAFKA_SETTING");
    if (strstr(error.text, cases[i].names) == NULL) fail_msg("%s: %s", cases[i].names, error.text);
    assert_null(strstr(error.text, "hunter2"));
  }
}

static void takes_what_it_speaks(void **state) {
  (void)state;
  static const struct eagre_kafka_setting tls[] = {PAIR("security.protocol", "SSL")};
  static const struct eagre_kafka_setting scram[] = {PAIR("security.protocol", "SASL_SSL"),
                                                     PAIR("sasl.mechanism", "SCRAM-SHA-256"),
                                                     PAIR("sasl.username", "bob")};
  static const struct eagre_kafka_setting kerberos[] = {PAIR("security.protocol", "SASL_PLAINTEXT"),
                                                        PAIR("sasl.mechanism", "GSSAPI")};
  static const struct eagre_kafka_setting rack[] = {PAIR("client.rack", "a")};
  struct eagre_error error;
  const char *misfit = NULL;
  assert_int_equal(read_settings(tls, 1, &misfit, &error), EAGRE_OK);
  assert_null(misfit);
  assert_int_equal(read_settings(scram, 3, &misfit, &error), EAGRE_OK);
  assert_null(misfit);
  assert_int_equal(read_settings(rack, 1, &misfit, &error), EAGRE_OK);
  assert_non_null(misfit);
  read_settings(kerberos, 2, &misfit, &error);
  assert_non_null(strstr(misfit, "SCRAM-SHA-256"));
}

int run_login_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(proves_as_the_rfc_does),
      cmocka_unit_test(believes_no_server_without_the_password),
      cmocka_unit_test(refuses_challenges_that_are_none),
      cmocka_unit_test(makes_a_nonce_of_its_own),
      cmocka_unit_test(plain_is_one_message),
      cmocka_unit_test(names_what_is_wrong_with_keys_and_users),
      cmocka_unit_test(takes_what_it_speaks),
  };
  return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
