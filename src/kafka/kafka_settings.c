/* The table of settings and what it does to a configuration of librdkafka. */
#include "kafka/kafka_settings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_secret.h"
#include "kafka/kafka_jaas.h"
#include "kafka/kafka_secret.h"

enum role { READ, WRITE, BOTH };

enum treatment {
  TREATMENT_PASSED,
  TREATMENT_KIBIBYTES,
  TREATMENT_SOCKET,
  TREATMENT_ENDPOINT,
  TREATMENT_JAAS,
  TREATMENT_TRUST,
  TREATMENT_KEY,
  TREATMENT_IDLE,
  TREATMENT_IGNORED,
  TREATMENT_REFUSED,
};

struct setting_row {
  enum role role;
  const char *name;
  enum treatment treatment;
  const char *target;
  const char *text;
};

static const struct setting_row setting_rows[] = {
#define EAGRE_KAFKA_SETTING(role, name, treatment, target, text)                                   \
  {role, name, TREATMENT_##treatment, target, text},
#include "kafka/kafka_settings.def"
#undef EAGRE_KAFKA_SETTING
};

enum {
  SETTING_ROW_COUNT = EAGRE_COUNT_OF(setting_rows),
  API_TIMEOUT_MS = 60000,
};

/* Everything that is at hand while one configuration is made. */
struct applying {
  const struct eagre_kafka_settings *settings;
  enum eagre_kafka_role role;
  struct eagre_kafka_configuration *out;
  bool leaves_secrets; /* settings that refer to secrets are checked by name only */
  struct eagre_arena arena;
};

/* ---- The table ------------------------------------------------------------------------------- */

static bool row_serves(const struct setting_row *row, enum eagre_kafka_role role) {
  return row->role == BOTH || (row->role == READ) == (role == EAGRE_KAFKA_READ);
}

/* The row of the role, or of the other one when only that has the name. */
static const struct setting_row *find_row(struct eagre_text name, enum eagre_kafka_role role) {
  const struct setting_row *other = NULL;
  for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
    const struct setting_row *row = &setting_rows[i];
    if (!eagre_text_equal_ignoring_case(name, eagre_text_of(row->name))) continue;
    if (row_serves(row, role)) return row;
    other = row;
  }
  return other;
}

bool eagre_kafka_setting_at(uint32_t index, struct eagre_kafka_setting_info *out) {
  static const char *const roles[] = {"read", "write", "both"};
  if (index >= SETTING_ROW_COUNT) return false;
  const struct setting_row *row = &setting_rows[index];
  const char *treatment = "translated";
  if (row->treatment == TREATMENT_PASSED) treatment = "passed";
  if (row->treatment == TREATMENT_IGNORED) treatment = "ignored";
  if (row->treatment == TREATMENT_REFUSED) treatment = "refused";
  *out = (struct eagre_kafka_setting_info){row->name, roles[row->role], treatment, row->target,
                                           row->text};
  return true;
}

/* The last one given wins; NULL when it was not. */
static const struct eagre_kafka_setting *find_setting(const struct eagre_kafka_settings *settings,
                                                      const char *name) {
  for (uint32_t i = settings->count; i > 0; i--) {
    const struct eagre_kafka_setting *setting = &settings->settings[i - 1];
    if (eagre_text_equal_ignoring_case(setting->name, eagre_text_of(name))) return setting;
  }
  return NULL;
}

/* Empty when it was not given. */
static struct eagre_text find_value(const struct eagre_kafka_settings *settings, const char *name) {
  const struct eagre_kafka_setting *setting = find_setting(settings, name);
  return setting == NULL ? (struct eagre_text){0} : setting->value;
}

bool eagre_kafka_settings_given(const struct eagre_kafka_settings *settings, const char *name) {
  return find_setting(settings, name) != NULL;
}

/* ---- Setting one thing ----------------------------------------------------------------------- */

struct eagre_text eagre_kafka_conf_text(const rd_kafka_conf_t *conf, const char *name,
                                        struct eagre_arena *arena) {
  size_t size = 0;
  if (rd_kafka_conf_get(conf, name, NULL, &size) != RD_KAFKA_CONF_OK || size < 2) {
    return (struct eagre_text){0};
  }
  char *text = eagre_arena_allocate(arena, size);
  if (rd_kafka_conf_get(conf, name, text, &size) != RD_KAFKA_CONF_OK) {
    return (struct eagre_text){0};
  }
  return eagre_text_of(text);
}

bool eagre_kafka_conf_is(const rd_kafka_conf_t *conf, const char *name, const char *value) {
  struct eagre_arena arena = {0};
  bool is_it = eagre_text_equal_string(eagre_kafka_conf_text(conf, name, &arena), value);
  eagre_arena_done(&arena);
  return is_it;
}

void eagre_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char reason[256];
  rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, reason, sizeof reason);
  eagre_assert(result == RD_KAFKA_CONF_OK);
}

void eagre_kafka_conf_set_number(rd_kafka_conf_t *conf, const char *name, int64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, value);
  eagre_kafka_conf_set(conf, name, text);
}

/* Why librdkafka refuses a value, unless that would show a secret. */
static const char *get_reason(struct eagre_text name, const char *value, const char *reason) {
  bool shows_value = value[0] != '\0' && strstr(reason, value) != NULL;
  return shows_value && eagre_secret_is_option(name) ? "it is not what this setting takes" : reason;
}

static enum eagre_status fail_invalid(struct eagre_text name, const char *reason,
                                      struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                         "The value of kafka.%.*s cannot be used: %s.", (int)name.size, name.data,
                         reason);
}

static enum eagre_status fail_unknown(struct eagre_text name, struct eagre_error *error) {
  const char *names[SETTING_ROW_COUNT];
  for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
    names[i] = setting_rows[i].name;
  }
  const char *nearest = eagre_text_nearest(name, names, SETTING_ROW_COUNT);
  eagre_error_set(error, EAGRE_USAGE, "UNKNOWN_KAFKA_SETTING",
                  "There is no setting kafka.%.*s, neither of the Java client nor of librdkafka.",
                  (int)name.size, name.data);
  if (nearest != NULL) eagre_error_hint(error, "did you mean 'kafka.%s'?", nearest);
  return EAGRE_USAGE;
}

/* `given` is the name the flow used, `target` librdkafka's. */
static enum eagre_status set_value(struct applying *applying, struct eagre_text given,
                                   const char *target, struct eagre_text value,
                                   struct eagre_error *error) {
  char reason[256];
  if (value.size > 0 && memchr(value.data, '\0', value.size) != NULL) {
    return fail_invalid(given, "it holds a zero byte", error);
  }
  const char *string = eagre_arena_copy_text(&applying->arena, value).data;
  switch (rd_kafka_conf_set(applying->out->conf, target, string, reason, sizeof reason)) {
  case RD_KAFKA_CONF_OK:
    return EAGRE_OK;
  case RD_KAFKA_CONF_UNKNOWN:
    return fail_unknown(given, error);
  default:
    return fail_invalid(given, get_reason(given, string, reason), error);
  }
}

static bool parse_number(struct eagre_text value, int64_t *out) {
  char digits[24];
  char *end;
  if (value.size == 0 || value.size >= sizeof digits) return false;
  memcpy(digits, value.data, value.size);
  digits[value.size] = '\0';
  *out = strtoll(digits, &end, 10);
  return *end == '\0' && !isspace((unsigned char)digits[0]);
}

/* ---- Treatments ------------------------------------------------------------------------------ */

static enum eagre_status set_kibibytes(struct applying *applying, const struct setting_row *row,
                                       struct eagre_text value, struct eagre_error *error) {
  int64_t bytes = 0;
  char text[24];
  if (!parse_number(value, &bytes) || bytes < 1) {
    return fail_invalid(eagre_text_of(row->name), "a positive number of bytes is needed", error);
  }
  snprintf(text, sizeof text, "%" PRId64, (bytes - 1) / 1024 + 1);
  return set_value(applying, eagre_text_of(row->name), row->target, eagre_text_of(text), error);
}

static bool ends_with_one_of(struct eagre_text name, const char *const *endings, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct eagre_text ending = eagre_text_of(endings[i]);
    if (name.size < ending.size) continue;
    const char *end = name.data + name.size - ending.size;
    if (eagre_text_equal_ignoring_case(eagre_text_make(end, ending.size), ending)) return true;
  }
  return false;
}

enum store_kind { STORE_PEM, STORE_PKCS12, STORE_JKS };

/* By the type the flow gives, else by the name of the file: Java would take it for JKS. */
static enum store_kind get_store_kind(struct eagre_text type, struct eagre_text file) {
  static const char *const pem[] = {".pem", ".crt", ".cer", ".key"};
  static const char *const pkcs12[] = {".p12", ".pfx", ".pkcs12"};
  if (eagre_text_equal_ignoring_case(type, EAGRE_TEXT("PEM"))) return STORE_PEM;
  if (eagre_text_equal_ignoring_case(type, EAGRE_TEXT("PKCS12"))) return STORE_PKCS12;
  if (type.size > 0) return STORE_JKS;
  if (ends_with_one_of(file, pem, EAGRE_COUNT_OF(pem))) return STORE_PEM;
  if (ends_with_one_of(file, pkcs12, EAGRE_COUNT_OF(pkcs12))) return STORE_PKCS12;
  return STORE_JKS;
}

static enum eagre_status set_trust_store(struct applying *applying, struct eagre_text file,
                                         struct eagre_error *error) {
  struct eagre_text type = find_value(applying->settings, "ssl.truststore.type");
  struct eagre_text name = EAGRE_TEXT("ssl.truststore.location");
  if (get_store_kind(type, file) != STORE_PEM) {
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_KAFKA_SETTING",
                    "kafka.ssl.truststore.location is not a PEM file.");
    eagre_error_hint(error, "keytool -exportcert -rfc -keystore FILE -alias NAME > ca.pem, then "
                            "kafka.ssl.truststore.type => 'PEM'");
    return EAGRE_USAGE;
  }
  return set_value(applying, name, "ssl.ca.location", file, error);
}

static enum eagre_status set_key_store(struct applying *applying, struct eagre_text file,
                                       struct eagre_error *error) {
  struct eagre_text type = find_value(applying->settings, "ssl.keystore.type");
  struct eagre_text name = EAGRE_TEXT("ssl.keystore.location");
  switch (get_store_kind(type, file)) {
  case STORE_PEM:
    EAGRE_TRY(set_value(applying, name, "ssl.certificate.location", file, error));
    return set_value(applying, name, "ssl.key.location", file, error);
  case STORE_PKCS12:
    return set_value(applying, name, "ssl.keystore.location", file, error);
  case STORE_JKS:
    break;
  }
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_KAFKA_SETTING",
                  "kafka.ssl.keystore.location is neither a PKCS12 nor a PEM file.");
  eagre_error_hint(error, "keytool -importkeystore -srckeystore FILE -destkeystore keys.p12 "
                          "-deststoretype PKCS12, then kafka.ssl.keystore.type => 'PKCS12'");
  return EAGRE_USAGE;
}

/* Options of login modules and where they go. */
struct jaas_target {
  const char *option;
  const char *target;
};

static enum eagre_status set_jaas_options(struct applying *applying,
                                          const struct eagre_kafka_jaas *jaas,
                                          const struct jaas_target *targets, size_t count,
                                          struct eagre_error *error) {
  for (size_t i = 0; i < count; i++) {
    struct eagre_text value = eagre_kafka_jaas_find(jaas, targets[i].option);
    if (value.data == NULL) continue;
    EAGRE_TRY(set_value(applying, EAGRE_TEXT("sasl.jaas.config"), targets[i].target, value, error));
  }
  return EAGRE_OK;
}

static enum eagre_status set_jaas(struct applying *applying, struct eagre_text value,
                                  struct eagre_error *error) {
  static const struct jaas_target user[] = {{"username", "sasl.username"},
                                            {"password", "sasl.password"}};
  static const struct jaas_target kerberos[] = {{"keyTab", "sasl.kerberos.keytab"},
                                                {"principal", "sasl.kerberos.principal"},
                                                {"serviceName", "sasl.kerberos.service.name"}};
  static const struct jaas_target token[] = {{"clientId", "sasl.oauthbearer.client.id"},
                                             {"clientSecret", "sasl.oauthbearer.client.secret"},
                                             {"scope", "sasl.oauthbearer.scope"}};
  struct eagre_kafka_jaas jaas;
  struct eagre_text name = EAGRE_TEXT("sasl.jaas.config");
  EAGRE_TRY(eagre_kafka_jaas_parse(value, &applying->arena, &jaas, error));
  if (eagre_text_equal_string(jaas.class_name, "PlainLoginModule") ||
      eagre_text_equal_string(jaas.class_name, "ScramLoginModule")) {
    return set_jaas_options(applying, &jaas, user, EAGRE_COUNT_OF(user), error);
  }
  if (eagre_text_equal_string(jaas.class_name, "Krb5LoginModule")) {
    return set_jaas_options(applying, &jaas, kerberos, EAGRE_COUNT_OF(kerberos), error);
  }
  if (eagre_text_equal_string(jaas.class_name, "OAuthBearerLoginModule")) {
    EAGRE_TRY(set_value(applying, name, "sasl.oauthbearer.method", EAGRE_TEXT("oidc"), error));
    return set_jaas_options(applying, &jaas, token, EAGRE_COUNT_OF(token), error);
  }
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_KAFKA_SETTING",
                  "The login module %.*s of kafka.sasl.jaas.config is not known.",
                  (int)jaas.class_name.size, jaas.class_name.data);
  eagre_error_hint(error, "known are PlainLoginModule, ScramLoginModule, Krb5LoginModule and "
                          "OAuthBearerLoginModule");
  return EAGRE_USAGE;
}

/* Kept back for whoever asks; checked here where it is a number. */
static enum eagre_status keep(struct applying *applying, const struct setting_row *row,
                              struct eagre_text value, struct eagre_error *error) {
  if (strcmp(row->name, "default.api.timeout.ms") != 0) return EAGRE_OK;
  int64_t *timeout_ms = &applying->out->api_timeout_ms;
  if (parse_number(value, timeout_ms) && *timeout_ms > 0) return EAGRE_OK;
  return fail_invalid(eagre_text_of(row->name), "a positive number is needed", error);
}

static enum eagre_status fail_refused(const struct setting_row *row, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_KAFKA_SETTING",
                  "The setting kafka.%s is not supported.", row->name);
  eagre_error_hint(error, "%s", row->text);
  return EAGRE_USAGE;
}

static enum eagre_status treat(struct applying *applying, const struct setting_row *row,
                               struct eagre_text value, struct eagre_error *error) {
  struct eagre_text name = eagre_text_of(row->name);
  switch (row->treatment) {
  case TREATMENT_PASSED:
    return set_value(applying, name, row->target, value, error);
  case TREATMENT_KIBIBYTES:
    return set_kibibytes(applying, row, value, error);
  case TREATMENT_SOCKET:
    if (eagre_text_equal_string(value, "-1")) value = EAGRE_TEXT("0");
    return set_value(applying, name, row->target, value, error);
  case TREATMENT_ENDPOINT:
    if (value.size == 0) value = EAGRE_TEXT("none");
    return set_value(applying, name, row->target, value, error);
  case TREATMENT_JAAS:
    return set_jaas(applying, value, error);
  case TREATMENT_TRUST:
    return set_trust_store(applying, value, error);
  case TREATMENT_KEY:
    return set_key_store(applying, value, error);
  case TREATMENT_IDLE:
    return keep(applying, row, value, error);
  case TREATMENT_REFUSED:
    return fail_refused(row, error);
  case TREATMENT_IGNORED:
    return EAGRE_OK;
  }
  return EAGRE_OK;
}

/* A name that is not in the table goes to librdkafka as it is, in the lower case all names have. */
static enum eagre_status pass_unlisted(struct applying *applying,
                                       const struct eagre_kafka_setting *setting,
                                       struct eagre_error *error) {
  struct eagre_text copy = eagre_arena_copy_text(&applying->arena, setting->name);
  char *name = (char *)copy.data;
  for (size_t i = 0; i < copy.size; i++) {
    name[i] = (char)tolower((unsigned char)name[i]);
  }
  return set_value(applying, setting->name, name, setting->value, error);
}

static enum eagre_status apply_one(struct applying *applying,
                                   const struct eagre_kafka_setting *setting,
                                   struct eagre_error *error) {
  const struct setting_row *row = find_row(setting->name, applying->role);
  struct eagre_kafka_setting found = *setting;
  if (row != NULL && !row_serves(row, applying->role)) return EAGRE_OK;
  struct eagre_secret secret;
  if (applying->leaves_secrets && eagre_secret_find(setting->value, 0, &secret)) {
    return row != NULL && row->treatment == TREATMENT_REFUSED ? fail_refused(row, error) : EAGRE_OK;
  }
  EAGRE_TRY(eagre_kafka_secret_resolve(setting->value, &applying->arena, &found.value, error));
  if (row == NULL) return pass_unlisted(applying, &found, error);
  return treat(applying, row, found.value, error);
}

/* ---- A whole configuration ------------------------------------------------------------------- */

static void set_defaults(rd_kafka_conf_t *conf) {
  eagre_kafka_conf_set(conf, "client.id", "eagre");
  eagre_kafka_conf_set(conf, "socket.nagle.disable", "true");
  eagre_kafka_conf_set(conf, "socket.keepalive.enable", "true");
  eagre_kafka_conf_set(conf, "log.connection.close", "false");
}

static void set_read_defaults(rd_kafka_conf_t *conf) {
  eagre_kafka_conf_set(conf, "isolation.level", "read_uncommitted");
  eagre_kafka_conf_set(conf, "check.crcs", "true");
  eagre_kafka_conf_set(conf, "fetch.wait.max.ms", "50");
  /* Positions are ours: nothing is committed, and a lost one is an error that we look into. */
  eagre_kafka_conf_set(conf, "enable.auto.commit", "false");
  eagre_kafka_conf_set(conf, "enable.auto.offset.store", "false");
  eagre_kafka_conf_set(conf, "auto.offset.reset", "error");
}

static void set_write_defaults(rd_kafka_conf_t *conf, const struct eagre_kafka_settings *settings) {
  struct eagre_text acks = find_value(settings, "acks");
  bool is_all = acks.size == 0 || eagre_text_equal_ignoring_case(acks, EAGRE_TEXT("all")) ||
                eagre_text_equal_string(acks, "-1");
  eagre_kafka_conf_set(conf, "enable.idempotence", is_all ? "true" : "false");
  eagre_kafka_conf_set(conf, "partitioner", "murmur2_random");
  eagre_kafka_conf_set(conf, "delivery.timeout.ms", "120000");
  eagre_kafka_conf_set(conf, "message.max.bytes", "1048576");
  eagre_kafka_conf_set(conf, "queue.buffering.max.messages", "0");
  eagre_kafka_conf_set(conf, "queue.buffering.max.kbytes", "65536");
}

static enum eagre_status apply_all(struct applying *applying, struct eagre_error *error) {
  const struct eagre_kafka_settings *settings = applying->settings;
  struct eagre_text brokers = settings->brokers;
  if (!applying->leaves_secrets) {
    EAGRE_TRY(eagre_kafka_secret_resolve(brokers, &applying->arena, &brokers, error));
  }
  brokers = eagre_text_trim(brokers);
  if (brokers.size == 0) {
    eagre_error_set(error, EAGRE_USAGE, "REQUIRED_PARAMETER_NOT_FOUND",
                    "Option 'kafka.bootstrap.servers' must be specified for Kafka.");
    eagre_error_hint(error, "write bootstrapServers => 'host:9092'");
    return EAGRE_USAGE;
  }
  EAGRE_TRY(
      set_value(applying, EAGRE_TEXT("bootstrap.servers"), "bootstrap.servers", brokers, error));
  for (uint32_t i = 0; i < settings->count; i++) {
    applying->out->wrong = i;
    EAGRE_TRY(apply_one(applying, &settings->settings[i], error));
  }
  return EAGRE_OK;
}

static enum eagre_status apply(struct applying *applying, struct eagre_error *error) {
  const struct eagre_kafka_settings *settings = applying->settings;
  struct eagre_kafka_configuration *out = applying->out;
  *out = (struct eagre_kafka_configuration){rd_kafka_conf_new(), API_TIMEOUT_MS, settings->count};
  set_defaults(out->conf);
  if (applying->role == EAGRE_KAFKA_READ) set_read_defaults(out->conf);
  if (applying->role == EAGRE_KAFKA_WRITE) set_write_defaults(out->conf, settings);
  enum eagre_status status = apply_all(applying, error);
  if (status != EAGRE_OK) rd_kafka_conf_destroy(out->conf);
  eagre_arena_done(&applying->arena);
  return status;
}

enum eagre_status eagre_kafka_settings_apply(const struct eagre_kafka_settings *settings,
                                             enum eagre_kafka_role role,
                                             struct eagre_kafka_configuration *out,
                                             struct eagre_error *error) {
  struct applying applying = {.settings = settings, .role = role, .out = out};
  return apply(&applying, error);
}

enum eagre_status eagre_kafka_settings_draft(const struct eagre_kafka_settings *settings,
                                             enum eagre_kafka_role role,
                                             struct eagre_kafka_configuration *out,
                                             struct eagre_error *error) {
  struct applying applying = {
      .settings = settings, .role = role, .out = out, .leaves_secrets = true};
  return apply(&applying, error);
}

/* `out_wrong` as in the door. */
static enum eagre_status try_settings(struct applying *applying, uint32_t *out_wrong,
                                      struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  applying->out = &configuration;
  enum eagre_status status = apply(applying, error);
  *out_wrong = configuration.wrong;
  if (status == EAGRE_OK) rd_kafka_conf_destroy(configuration.conf);
  return status;
}

enum eagre_status eagre_kafka_settings_check(const struct eagre_kafka_settings *settings,
                                             enum eagre_kafka_role role, uint32_t *out_wrong,
                                             struct eagre_error *error) {
  struct applying applying = {.settings = settings, .role = role, .leaves_secrets = true};
  return try_settings(&applying, out_wrong, error);
}

enum eagre_status eagre_kafka_settings_look_up(const struct eagre_kafka_settings *settings,
                                               enum eagre_kafka_role role, uint32_t *out_wrong,
                                               struct eagre_error *error) {
  struct applying applying = {.settings = settings, .role = role};
  return try_settings(&applying, out_wrong, error);
}

void eagre_kafka_settings_log_ignored(const struct eagre_kafka_settings *settings,
                                      enum eagre_kafka_role role) {
  for (uint32_t i = 0; i < settings->count; i++) {
    const struct setting_row *row = find_row(settings->settings[i].name, role);
    if (row == NULL) continue;
    if (!row_serves(row, role)) {
      eagre_log(EAGRE_LOG_INFO, "kafka.%s is ignored: it is a setting of the other side",
                row->name);
    } else if (row->treatment == TREATMENT_IGNORED) {
      eagre_log(EAGRE_LOG_INFO, "kafka.%s is ignored: %s", row->name, row->text);
    }
  }
}
