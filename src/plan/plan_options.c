/* The option table and its checks: names with the nearest spelling, values by type and range. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_secret.h"
#include "plan/plan_bind.h"
#include "value/value.h"

enum option_type {
  OPTION_BOOLEAN,
  OPTION_INTEGER,
  OPTION_TEXT,
  OPTION_DURATION,
  OPTION_ONE_OF,
  OPTION_REFUSED,
  OPTION_IGNORED,
};

struct option_row {
  enum eagre_option_scope scope;
  const char *name;
  enum option_type type;
  const char *default_value;
  const char *allowed;
  const char *text;
};

static const struct option_row option_rows[] = {
#define EAGRE_OPTION(scope, name, type, default_value, allowed, text)                              \
  {EAGRE_OPTION_##scope, name, OPTION_##type, default_value, allowed, text},
#include "plan/plan_options.def"
#undef EAGRE_OPTION
};

enum { OPTION_ROW_COUNT = EAGRE_COUNT_OF(option_rows) };

static const char *const scope_names[EAGRE_OPTION_SCOPE_count] = {
    [EAGRE_OPTION_SESSION] = "session",
    [EAGRE_OPTION_FLOW] = "flow",
    [EAGRE_OPTION_READ_KAFKA] = "read_kafka",
    [EAGRE_OPTION_READ_FILES] = "read_files",
    [EAGRE_OPTION_READ_RATE] = "rate",
    [EAGRE_OPTION_READ_RATE_MICRO_BATCH] = "rate_micro_batch",
    [EAGRE_OPTION_WRITE_DELTA] = "delta table",
    [EAGRE_OPTION_WRITE_FILES] = "files sink",
    [EAGRE_OPTION_WRITE_KAFKA] = "kafka sink",
    [EAGRE_OPTION_WRITE_CONSOLE] = "console sink",
    [EAGRE_OPTION_WRITE_NOOP] = "noop sink",
};

static bool is_prefix_row(const struct option_row *row) {
  size_t size = strlen(row->name);
  return size > 0 && row->name[size - 1] == '*';
}

static bool row_matches(const struct option_row *row, struct eagre_text key) {
  struct eagre_text name = eagre_text_of(row->name);
  if (!is_prefix_row(row)) return eagre_text_equal_ignoring_case(name, key);
  name.size -= 1;
  return key.size > name.size &&
         eagre_text_equal_ignoring_case(name, eagre_text_make(key.data, name.size));
}

/* Exact names win over prefixes. */
static const struct option_row *find_row(enum eagre_option_scope scope, struct eagre_text key) {
  const struct option_row *prefix_row = NULL;
  for (size_t i = 0; i < OPTION_ROW_COUNT; i++) {
    const struct option_row *row = &option_rows[i];
    if (row->scope != scope || !row_matches(row, key)) continue;
    if (!is_prefix_row(row)) return row;
    prefix_row = row;
  }
  return prefix_row;
}

static enum eagre_status fail_unknown(enum eagre_option_scope scope,
                                      const struct eagre_sql_option *given,
                                      struct eagre_error *error) {
  const char *names[OPTION_ROW_COUNT];
  size_t name_count = 0;
  for (size_t i = 0; i < OPTION_ROW_COUNT; i++) {
    if (option_rows[i].scope == scope) names[name_count++] = option_rows[i].name;
  }
  const char *nearest = eagre_text_nearest(given->key, names, name_count);
  eagre_plan_fail(error, given->position, "UNKNOWN_OPTION", "There is no %s option '%.*s'.",
                  scope_names[scope], (int)given->key.size, given->key.data);
  if (nearest != NULL) {
    eagre_error_hint(error, "did you mean '%s'?", nearest);
  } else {
    eagre_error_hint(error, "the options are listed in docs/reference/options.md");
  }
  return EAGRE_USAGE;
}

static enum eagre_status fail_value(const struct option_row *row,
                                    const struct eagre_sql_option *given, const char *wanted,
                                    struct eagre_error *error) {
  eagre_plan_fail(error, given->position, "INVALID_OPTION_VALUE",
                  "'%.*s' is no value of option %s: %s.", (int)given->value.size, given->value.data,
                  row->name, wanted);
  eagre_error_hint(error, "%s", row->text);
  return EAGRE_USAGE;
}

/* "15m", "500ms": durations as Java's properties have them. A number alone is milliseconds. */
static bool parse_suffixed(struct eagre_text value, int64_t *out_us) {
  static const struct {
    struct eagre_text suffix;
    int64_t factor_us;
  } units[] = {
      {{"", 0}, 1000},          {{"us", 2}, 1},
      {{"ms", 2}, 1000},        {{"s", 1}, 1000000},
      {{"m", 1}, 60000000},     {{"min", 3}, 60000000},
      {{"h", 1}, 3600000000LL}, {{"d", 1}, 86400000000LL},
  };
  size_t size = 0;
  int64_t number = 0;
  while (size < value.size && value.data[size] >= '0' && value.data[size] <= '9') {
    size++;
  }
  struct eagre_text suffix = eagre_text_make(value.data + size, value.size - size);
  if (eagre_value_parse_integer(eagre_text_make(value.data, size), &number) != EAGRE_VALUE_OK) {
    return false;
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(units); i++) {
    if (!eagre_text_equal_ignoring_case(suffix, units[i].suffix)) continue;
    return !__builtin_mul_overflow(number, units[i].factor_us, out_us);
  }
  return false;
}

bool eagre_option_read_duration(struct eagre_text value, int64_t *out_us) {
  value = eagre_text_trim(value);
  if (parse_suffixed(value, out_us)) return true;
  int64_t months = 0;
  return eagre_value_parse_interval(value, &months, out_us) == EAGRE_VALUE_OK && months == 0 &&
         *out_us >= 0;
}

/* The member of "a|b|c" equal to `value` ignoring case; size 0 when there is none. */
static struct eagre_text find_choice(const char *choices, struct eagre_text value) {
  const char *begin = choices;
  while (*begin != '\0') {
    size_t size = strcspn(begin, "|");
    struct eagre_text choice = eagre_text_make(begin, size);
    if (eagre_text_equal_ignoring_case(choice, value)) return choice;
    begin += size + (begin[size] == '|');
  }
  return eagre_text_make("", 0);
}

static enum eagre_status check_integer(const struct option_row *row,
                                       const struct eagre_sql_option *given,
                                       struct eagre_error *error) {
  int64_t number = 0;
  int64_t minimum = row->allowed[0] == '\0' ? INT64_MIN : atoll(row->allowed);
  const char *dots = strstr(row->allowed, "..");
  int64_t maximum = dots == NULL || dots[2] == '\0' ? INT64_MAX : atoll(dots + 2);
  if (eagre_value_parse_integer(given->value, &number) == EAGRE_VALUE_OK && number >= minimum &&
      number <= maximum) {
    return EAGRE_OK;
  }
  char wanted[96];
  if (maximum == INT64_MAX) {
    snprintf(wanted, sizeof wanted, "a whole number of at least %lld is needed",
             (long long)minimum);
  } else {
    snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld is needed",
             (long long)minimum, (long long)maximum);
  }
  return fail_value(row, given, wanted, error);
}

static enum eagre_status check_value(const struct option_row *row,
                                     const struct eagre_sql_option *given,
                                     struct eagre_text *out_value, struct eagre_error *error) {
  bool boolean = false;
  int64_t duration_us = 0;
  *out_value = given->value;
  switch (row->type) {
  case OPTION_BOOLEAN:
    if (eagre_value_parse_boolean(given->value, &boolean) != EAGRE_VALUE_OK) {
      return fail_value(row, given, "true or false is needed", error);
    }
    return EAGRE_OK;
  case OPTION_INTEGER:
    return check_integer(row, given, error);
  case OPTION_DURATION:
    if (!eagre_option_read_duration(given->value, &duration_us)) {
      return fail_value(row, given, "an interval like '10 seconds' or '10s' is needed", error);
    }
    return EAGRE_OK;
  case OPTION_ONE_OF:
    *out_value = find_choice(row->allowed, given->value);
    if (out_value->size == 0) {
      char wanted[160];
      snprintf(wanted, sizeof wanted, "one of %s is needed", row->allowed);
      return fail_value(row, given, wanted, error);
    }
    return EAGRE_OK;
  case OPTION_REFUSED:
    eagre_plan_fail(error, given->position, "UNSUPPORTED_FEATURE.OPTION",
                    "The %s option '%s' is not supported.", scope_names[row->scope], row->name);
    eagre_error_hint(error, "%s", row->text);
    return EAGRE_USAGE;
  case OPTION_TEXT:
  case OPTION_IGNORED:
    return EAGRE_OK;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_plan_refuse_secret(struct eagre_text text,
                                           struct eagre_sql_position position,
                                           struct eagre_error *error) {
  struct eagre_secret secret;
  if (!eagre_secret_find(text, 0, &secret)) return EAGRE_OK;
  eagre_plan_fail(error, position, "SECRET_NOT_ALLOWED", "A secret cannot stand here.");
  eagre_error_hint(error, "${env:...} and ${file:...} are for kafka.* options; other values come "
                          "with --define");
  return EAGRE_USAGE;
}

/* What goes to the client of Kafka and nowhere else. */
static bool takes_secrets(const struct option_row *row) {
  bool is_kafka = row->scope == EAGRE_OPTION_READ_KAFKA || row->scope == EAGRE_OPTION_WRITE_KAFKA;
  return is_kafka && (strncmp(row->name, "kafka.", strlen("kafka.")) == 0 ||
                      strcmp(row->name, "bootstrapServers") == 0);
}

/* A spark.* key of the session that is not ours: Spark has hundreds, they mean nothing here. */
static bool is_foreign_session_key(enum eagre_option_scope scope, struct eagre_text key) {
  if (scope != EAGRE_OPTION_SESSION) return false;
  return eagre_text_starts_with(key, EAGRE_TEXT("spark.")) &&
         !eagre_text_starts_with(key, EAGRE_TEXT("spark.sql."));
}

static enum eagre_status check_one(struct plan_binder *binder, enum eagre_option_scope scope,
                                   const struct eagre_sql_option *given, struct eagre_option *out,
                                   bool *out_kept, struct eagre_error *error) {
  *out_kept = false;
  const struct option_row *row = find_row(scope, given->key);
  if (row == NULL && is_foreign_session_key(scope, given->key)) {
    eagre_plan_notice(binder, "%.*s has no meaning here and is ignored", (int)given->key.size,
                      given->key.data);
    return EAGRE_OK;
  }
  if (row == NULL) return fail_unknown(scope, given, error);
  if (!takes_secrets(row)) {
    EAGRE_TRY(eagre_plan_refuse_secret(given->value, given->position, error));
  }
  struct eagre_text value;
  EAGRE_TRY(check_value(row, given, &value, error));
  if (row->type == OPTION_IGNORED) {
    eagre_plan_notice(binder, "%.*s is ignored: %s", (int)given->key.size, given->key.data,
                      row->text);
    return EAGRE_OK;
  }
  out->key = is_prefix_row(row) ? given->key : eagre_text_of(row->name);
  out->value = value;
  out->position = given->position;
  *out_kept = true;
  return EAGRE_OK;
}

enum eagre_status eagre_plan_options_check(struct plan_binder *binder,
                                           enum eagre_option_scope scope,
                                           const struct eagre_sql_option *given,
                                           uint32_t given_count, struct eagre_options *out,
                                           struct eagre_error *error) {
  struct eagre_option *checked =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *checked * (given_count + 1));
  uint32_t count = 0;
  for (uint32_t i = 0; i < given_count; i++) {
    bool is_kept = false;
    EAGRE_TRY(check_one(binder, scope, &given[i], &checked[count], &is_kept, error));
    count += is_kept;
  }
  *out = (struct eagre_options){checked, count, scope};
  return EAGRE_OK;
}

void eagre_plan_notice(struct plan_binder *binder, const char *format, ...) {
  struct eagre_pipeline *pipeline = binder->pipeline;
  struct eagre_buffer line = {0};
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(&line, format, arguments);
  va_end(arguments);
  /* Settings are checked again for every flow: one sentence each. */
  for (uint32_t i = 0; i < pipeline->notice_count; i++) {
    if (!eagre_text_equal(pipeline->notices[i], eagre_buffer_text(&line))) continue;
    eagre_buffer_done(&line);
    return;
  }
  struct eagre_text *notices =
      eagre_arena_allocate(binder->arena, sizeof *notices * (pipeline->notice_count + 1));
  if (pipeline->notice_count > 0) {
    memcpy(notices, pipeline->notices, sizeof *notices * pipeline->notice_count);
  }
  notices[pipeline->notice_count] = eagre_arena_copy_text(binder->arena, eagre_buffer_text(&line));
  pipeline->notices = notices;
  pipeline->notice_count += 1;
  eagre_buffer_done(&line);
}

/* The last one given wins. */
static const struct eagre_option *find_given(const struct eagre_options *options, const char *key) {
  for (uint32_t i = options->count; i > 0; i--) {
    const struct eagre_option *option = &options->options[i - 1];
    if (eagre_text_equal_ignoring_case(option->key, eagre_text_of(key))) return option;
  }
  return NULL;
}

bool eagre_option_given(const struct eagre_options *options, const char *key) {
  return find_given(options, key) != NULL;
}

struct eagre_text eagre_option_text(const struct eagre_options *options, const char *key) {
  const struct eagre_option *given = find_given(options, key);
  if (given != NULL) return given->value;
  const struct option_row *row = find_row(options->scope, eagre_text_of(key));
  eagre_assert(row != NULL);
  return eagre_text_of(row->default_value);
}

bool eagre_option_boolean(const struct eagre_options *options, const char *key) {
  bool value = false;
  struct eagre_text text = eagre_option_text(options, key);
  return eagre_value_parse_boolean(text, &value) == EAGRE_VALUE_OK && value;
}

int64_t eagre_option_integer(const struct eagre_options *options, const char *key) {
  int64_t value = 0;
  struct eagre_text text = eagre_option_text(options, key);
  return eagre_value_parse_integer(text, &value) == EAGRE_VALUE_OK ? value : 0;
}

int64_t eagre_option_duration_us(const struct eagre_options *options, const char *key) {
  int64_t value = 0;
  struct eagre_text text = eagre_option_text(options, key);
  return eagre_option_read_duration(text, &value) ? value : 0;
}

bool eagre_option_at(uint32_t index, struct eagre_option_info *out) {
  static const char *const type_names[] = {"boolean", "integer", "text",   "duration",
                                           "one of",  "refused", "ignored"};
  if (index >= OPTION_ROW_COUNT) return false;
  const struct option_row *row = &option_rows[index];
  *out = (struct eagre_option_info){row->scope,         row->name,    type_names[row->type],
                                    row->default_value, row->allowed, row->text};
  return true;
}

const char *eagre_option_scope_name(enum eagre_option_scope scope) {
  return scope_names[scope];
}
