/* Parts of dates and times, and arithmetic on whole days and months. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* ---- Fields of a DATE ----------------------------------------------------------------------- */

struct civil_day {
  int64_t year;
  unsigned month;
  unsigned day;
};

static struct civil_day split_day(int64_t days) {
  struct civil_day civil;
  eagre_value_civil_from_days(days, &civil.year, &civil.month, &civil.day);
  return civil;
}

static int32_t find_year(int32_t days) {
  return (int32_t)split_day(days).year;
}

static int32_t find_quarter(int32_t days) {
  return (int32_t)(split_day(days).month + 2) / 3;
}

static int32_t find_month(int32_t days) {
  return (int32_t)split_day(days).month;
}

static int32_t find_day(int32_t days) {
  return (int32_t)split_day(days).day;
}

static int32_t find_day_of_year(int32_t days) {
  return (int32_t)(days - eagre_value_days_from_civil(split_day(days).year, 1, 1) + 1);
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static int32_t find_weekday(int32_t days) {
  return (int32_t)eagre_modulo_floor((int64_t)days + 3, 7);
}

/* Sunday is 1. */
static int32_t find_day_of_week(int32_t days) {
  return (int32_t)eagre_modulo_floor((int64_t)days + 4, 7) + 1;
}

/* The Thursday of the week: its year is the week's year (ISO 8601). */
static int64_t find_thursday(int32_t days) {
  return (int64_t)days - find_weekday(days) + 3;
}

static int32_t find_week(int32_t days) {
  int64_t thursday = find_thursday(days);
  int64_t first = eagre_value_days_from_civil(split_day(thursday).year, 1, 1);
  return (int32_t)((thursday - first) / 7) + 1;
}

static int32_t find_year_of_week(int32_t days) {
  return (int32_t)split_day(find_thursday(days)).year;
}

static enum eagre_status run_field(struct eagre_kernel_call *call, int32_t (*find)(int32_t)) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) out[row] = find(EAGRE_ARGUMENT(int32_t, call, 0, row));
  }
  return EAGRE_OK;
}

#define DEFINE_FIELD(name, find)                                                                   \
  enum eagre_status eagre_kernel_##name(struct eagre_kernel_call *call) {                          \
    return run_field(call, find);                                                                  \
  }

DEFINE_FIELD(year, find_year)
DEFINE_FIELD(quarter, find_quarter)
DEFINE_FIELD(month, find_month)
DEFINE_FIELD(day, find_day)
DEFINE_FIELD(dayofyear, find_day_of_year)
DEFINE_FIELD(weekday, find_weekday)
DEFINE_FIELD(dayofweek, find_day_of_week)
DEFINE_FIELD(weekofyear, find_week)

static enum eagre_status run_year_of_week(struct eagre_kernel_call *call) {
  return run_field(call, find_year_of_week);
}

/* ---- Fields of a TIMESTAMP in the session zone, or of a TIMESTAMP_NTZ ----------------------- */

static enum eagre_status run_clock_field(struct eagre_kernel_call *call, int64_t unit_us,
                                         int64_t unit_count) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  const struct eagre_zone *zone = eagre_time_zone_of(call, 0);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t local_us = eagre_time_local(EAGRE_ARGUMENT(int64_t, call, 0, row), zone);
    out[row] = (int32_t)eagre_modulo_floor(eagre_divide_floor(local_us, unit_us), unit_count);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_hour(struct eagre_kernel_call *call) {
  return run_clock_field(call, 3600 * EAGRE_MICROS_PER_SECOND, 24);
}

enum eagre_status eagre_kernel_minute(struct eagre_kernel_call *call) {
  return run_clock_field(call, 60 * EAGRE_MICROS_PER_SECOND, 60);
}

enum eagre_status eagre_kernel_second(struct eagre_kernel_call *call) {
  return run_clock_field(call, EAGRE_MICROS_PER_SECOND, 60);
}

/* The second with its fraction, a DECIMAL(8, 6). */
static enum eagre_status run_second_fraction(struct eagre_kernel_call *call) {
  const int64_t minute_us = 60 * EAGRE_MICROS_PER_SECOND;
  eagre_decimal *out = eagre_kernel_out_zeroed(call);
  const struct eagre_zone *zone = eagre_time_zone_of(call, 0);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t local_us = eagre_time_local(EAGRE_ARGUMENT(int64_t, call, 0, row), zone);
    out[row] = eagre_modulo_floor(local_us, minute_us);
  }
  return EAGRE_OK;
}

/* ---- extract, date_part --------------------------------------------------------------------- */

struct extract_field {
  const char *names;    /* in lower case, between spaces */
  const char *function; /* NULL: see bind_special_field */
};

/* The first six in the order of enum eagre_interval_unit. */
static const struct extract_field extract_fields[] = {
    {" year y years yr yrs ", "year"},
    {" month mon mons months ", "month"},
    {" day d days ", "day"},
    {" hour h hours hr hrs ", "hour"},
    {" minute m min mins minutes ", "minute"},
    {" second s sec seconds secs ", NULL},
    {" quarter qtr ", "quarter"},
    {" week w weeks ", "weekofyear"},
    {" dayofweek dow ", "dayofweek"},
    {" doy ", "dayofyear"},
};

static bool is_one_of(struct eagre_text field, const char *names) {
  char word[32];
  if (field.size + 3 > sizeof word) return false;
  word[0] = ' ';
  for (size_t i = 0; i < field.size; i++) {
    char c = field.data[i];
    if (c == ' ') return false;
    word[i + 1] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
  }
  word[field.size + 1] = ' ';
  word[field.size + 2] = '\0';
  return strstr(names, word) != NULL;
}

static enum eagre_status refuse_field(struct eagre_bind *bind, struct eagre_text field,
                                      const struct eagre_expression *value) {
  return eagre_bind_fail(bind, bind->position, "INVALID_EXTRACT_FIELD",
                         "Cannot extract `%.*s` from %s.", (int)field.size, field.data,
                         eagre_expression_sql(bind->arena, value));
}

/* Fields that no function has. */
static enum eagre_status bind_special_field(struct eagre_bind *bind, struct eagre_text field,
                                            struct eagre_expression *value,
                                            struct eagre_expression **out) {
  if (is_one_of(field, " yearofweek ")) {
    bind->arguments[1] = value;
    EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_DATE));
    *out = eagre_expression_new_call(bind->arena, bind->function, eagre_type_of(EAGRE_TYPE_INT),
                                     run_year_of_week, &bind->arguments[1], 1, bind->position);
    return EAGRE_OK;
  }
  if (is_one_of(field, " dayofweek_iso dow_iso ")) {
    int32_t one = 1;
    struct eagre_expression *sum[2];
    sum[1] = eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &one, bind->position);
    EAGRE_TRY(eagre_bind_other(bind, "weekday", &value, 1, &sum[0]));
    return eagre_bind_other(bind, "+", sum, 2, out);
  }
  if (is_one_of(field, extract_fields[EAGRE_INTERVAL_SECOND].names)) {
    if (value->type->kind != EAGRE_TYPE_TIMESTAMP_NTZ) {
      bind->arguments[1] = value;
      EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_TIMESTAMP));
    }
    *out = eagre_expression_new_call(bind->arena, bind->function,
                                     eagre_type_decimal(bind->arena, 8, 6), run_second_fraction,
                                     &bind->arguments[1], 1, bind->position);
    return EAGRE_OK;
  }
  return refuse_field(bind, field, value);
}

/* A field that the type of the interval has. */
static enum eagre_status bind_interval_part(struct eagre_bind *bind, struct eagre_text field,
                                            struct eagre_expression *interval,
                                            struct eagre_expression **out) {
  for (unsigned unit = interval->type->precision; unit <= interval->type->scale; unit++) {
    if (!is_one_of(field, extract_fields[unit].names)) continue;
    *out = eagre_bind_interval_field(bind, interval, (enum eagre_interval_unit)unit);
    return EAGRE_OK;
  }
  return refuse_field(bind, field, interval);
}

enum eagre_status eagre_bind_extract(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_text field;
  struct eagre_expression *value = bind->arguments[1];
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_NULL) {
    *out = eagre_expression_new_null(bind->arena, eagre_type_of(EAGRE_TYPE_DOUBLE), bind->position);
    return EAGRE_OK;
  }
  EAGRE_TRY(eagre_bind_constant_text(bind, 0, "field", &field));
  if (eagre_type_is_interval(value->type->kind)) {
    return bind_interval_part(bind, field, value, out);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(extract_fields); i++) {
    if (extract_fields[i].function != NULL && is_one_of(field, extract_fields[i].names)) {
      return eagre_bind_other(bind, extract_fields[i].function, &value, 1, out);
    }
  }
  return bind_special_field(bind, field, value, out);
}

/* ---- Days and months ------------------------------------------------------------------------ */

/* Without ANSI a text is a number of days only when it is constant, and then it must be one. */
static enum eagre_status read_constant_days(struct eagre_bind *bind) {
  struct eagre_expression *days = bind->arguments[1];
  const struct eagre_expression_session strict = {.zone = bind->session->zone};
  if (!eagre_expression_is_constant(days)) {
    return eagre_bind_unexpected(bind, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")");
  }
  EAGRE_TRY(eagre_expression_cast(bind->arena, days, eagre_type_of(EAGRE_TYPE_INT), false, &strict,
                                  days->position, &bind->arguments[1], bind->error));
  struct eagre_vector ignored;
  struct eagre_error error;
  if (eagre_expression_fold(bind->arena, bind->arguments[1], &strict, &ignored, &error) ==
      EAGRE_OK) {
    return EAGRE_OK;
  }
  return eagre_bind_fail(bind, days->position, "SECOND_FUNCTION_ARGUMENT_NOT_INTEGER",
                         "The second argument of `%s` function needs to be an integer.",
                         bind->function->info.name);
}

/* A DATE and a number of days, which is no BIGINT and no fraction. */
static enum eagre_status bind_days(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                   struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 1);
  bool is_small = eagre_type_is_integral(kind) && kind != EAGRE_TYPE_BIGINT;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_DATE));
  if (!is_small && kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")");
  }
  if (kind == EAGRE_TYPE_STRING && eagre_bind_is_legacy(bind)) EAGRE_TRY(read_constant_days(bind));
  EAGRE_TRY(eagre_bind_cast(bind, 1, eagre_type_of(EAGRE_TYPE_INT)));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_DATE), kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_date_add(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_days(bind, eagre_kernel_date_add, out);
}

enum eagre_status eagre_bind_date_sub(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_days(bind, eagre_kernel_date_sub, out);
}

/* Wraps around like Java's int. */
enum eagre_status eagre_kernel_date_add(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] =
        (int32_t)(EAGRE_ARGUMENT(uint32_t, call, 0, row) + EAGRE_ARGUMENT(uint32_t, call, 1, row));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_date_sub(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] =
        (int32_t)(EAGRE_ARGUMENT(uint32_t, call, 0, row) - EAGRE_ARGUMENT(uint32_t, call, 1, row));
  }
  return EAGRE_OK;
}

/* Fails when the result is no DATE. */
static enum eagre_status put_days(struct eagre_kernel_call *call, uint32_t row, int64_t days,
                                  int32_t *out) {
  out[row] = (int32_t)days;
  if (out[row] == days) return EAGRE_OK;
  return eagre_kernel_fail(call, row, "DATETIME_OVERFLOW",
                           "Datetime operation overflow: the result of `%s` is not a DATE.",
                           call->node->function->info.name);
}

enum eagre_status eagre_kernel_add_months(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t days = eagre_time_add_months(EAGRE_ARGUMENT(int32_t, call, 0, row),
                                         EAGRE_ARGUMENT(int32_t, call, 1, row));
    out[row] = (int32_t)days;
    if (out[row] != days) {
      EAGRE_TRY(eagre_kernel_fail_overflow(call, row, "integer overflow", NULL));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_last_day(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int32_t days = EAGRE_ARGUMENT(int32_t, call, 0, row);
    struct civil_day civil = split_day(days);
    int64_t last = (int64_t)days + eagre_value_month_length(civil.year, civil.month) - civil.day;
    EAGRE_TRY(put_days(call, row, last, out));
  }
  return EAGRE_OK;
}

/* Monday is 0, by two letters, three or the whole name; -1 for no day. */
static int find_day_name(struct eagre_text name) {
  static const char *const names[] = {"mo", "tu", "we", "th", "fr", "sa", "su"};
  static const char *const whole_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                            "friday", "saturday", "sunday"};
  for (int i = 0; i < 7; i++) {
    struct eagre_text whole = eagre_text_of(whole_names[i]);
    struct eagre_text three = {whole.data, 3};
    if (eagre_text_equal_ignoring_case(name, eagre_text_of(names[i])) ||
        eagre_text_equal_ignoring_case(name, three) ||
        eagre_text_equal_ignoring_case(name, whole)) {
      return i;
    }
  }
  return -1;
}

enum eagre_status eagre_kernel_next_day(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int32_t days = EAGRE_ARGUMENT(int32_t, call, 0, row);
    struct eagre_text name = eagre_kernel_text(call, 1, row);
    int wanted = find_day_name(name);
    if (wanted < 0) {
      EAGRE_TRY(eagre_kernel_fail(call, row, "ILLEGAL_DAY_OF_WEEK",
                                  "Illegal input for day of week: %.*s.",
                                  (int)(name.size < 100 ? name.size : 100), name.data));
      continue;
    }
    int32_t ahead = (wanted - find_weekday(days) + 6) % 7 + 1;
    EAGRE_TRY(put_days(call, row, (int64_t)days + ahead, out));
  }
  return EAGRE_OK;
}

static enum eagre_status fail_date(struct eagre_kernel_call *call, uint32_t row, const char *what,
                                   int32_t value, const char *range) {
  return eagre_kernel_fail(call, row, "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
                           "Invalid value for %s (valid values %s): %d.", what, range, value);
}

enum eagre_status eagre_kernel_make_date(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int32_t year = EAGRE_ARGUMENT(int32_t, call, 0, row);
    int32_t month = EAGRE_ARGUMENT(int32_t, call, 1, row);
    int32_t day = EAGRE_ARGUMENT(int32_t, call, 2, row);
    if (month < 1 || month > 12) {
      EAGRE_TRY(fail_date(call, row, "MonthOfYear", month, "1 - 12"));
    } else if (day < 1 || day > 31) {
      EAGRE_TRY(fail_date(call, row, "DayOfMonth", day, "1 - 28/31"));
    } else if (day > (int32_t)eagre_value_month_length(year, (unsigned)month)) {
      EAGRE_TRY(fail_date(call, row, "DayOfMonth", day, "as the month has days"));
    } else {
      int64_t days = eagre_value_days_from_civil(year, (unsigned)month, (unsigned)day);
      EAGRE_TRY(put_days(call, row, days, out));
    }
  }
  return EAGRE_OK;
}

/* Wraps around like Java's int. */
enum eagre_status eagre_kernel_datediff(struct eagre_kernel_call *call) {
  return eagre_kernel_date_sub(call);
}

/* A DATE is its number of days: the same bytes under another type. */
static enum eagre_status retype(struct eagre_kernel_call *call) {
  uint8_t *validity = call->out->validity;
  *call->out = *call->arguments[0];
  call->out->type = call->node->type;
  call->out->validity = validity;
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_unix_date(struct eagre_kernel_call *call) {
  return retype(call);
}

enum eagre_status eagre_kernel_date_from_unix_date(struct eagre_kernel_call *call) {
  return retype(call);
}

enum eagre_status eagre_kernel_unix_micros(struct eagre_kernel_call *call) {
  return retype(call);
}

enum eagre_status eagre_kernel_timestamp_micros(struct eagre_kernel_call *call) {
  return retype(call);
}
