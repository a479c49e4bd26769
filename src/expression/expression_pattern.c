/* Functions with a date pattern ("yyyy-MM-dd"): to_timestamp, to_date, unix_timestamp, date_format,
 * from_unixtime. A literal pattern is checked while binding and compiled once; others are compiled
 * when they change from row to row. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"
#include "expression/expression_time.h"

/* ---- Compiled patterns ---------------------------------------------------------------------- */

static const char default_pattern[] = "yyyy-MM-dd HH:mm:ss";

struct pattern_state {
  struct eagre_pattern *pattern;
  struct eagre_buffer text; /* of which it was made */
  struct eagre_buffer printed;
};

static void free_state(void *data) {
  struct pattern_state *state = data;
  eagre_pattern_close(state->pattern);
  eagre_buffer_done(&state->text);
  eagre_buffer_done(&state->printed);
  eagre_free(state);
}

static struct pattern_state *get_state(struct eagre_kernel_call *call) {
  if (call->state->data == NULL) {
    call->state->data = eagre_allocate_zeroed(1, sizeof(struct pattern_state));
    call->state->free = free_state;
  }
  return call->state->data;
}

/* The first letter that only formatting knows, outside quotes; 0 when there is none. */
static char find_format_letter(struct eagre_text pattern) {
  bool is_quoted = false;
  for (size_t i = 0; i < pattern.size; i++) {
    char c = pattern.data[i];
    if (c == '\'') is_quoted = !is_quoted;
    if (!is_quoted && memchr("EFqQ", c, 4) != NULL) return c;
  }
  return 0;
}

static enum eagre_status refuse_letter(struct eagre_text pattern, char letter,
                                       struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER",
                         "Unrecognized datetime pattern: %.*s. Illegal pattern character found in "
                         "datetime pattern: %c. Please provide legal character.",
                         (int)pattern.size, pattern.data, letter);
}

/* Some letters can be printed but, in Spark, not be read. */
static enum eagre_status open_pattern(struct eagre_text text, bool is_parsed,
                                      struct eagre_pattern **out, struct eagre_error *error) {
  char letter = is_parsed ? find_format_letter(text) : 0;
  return letter != 0 ? refuse_letter(text, letter, error) : eagre_pattern_open(text, out, error);
}

/* A pattern that comes with the data and is wrong is wrong data. */
static enum eagre_status use_pattern(struct eagre_kernel_call *call, struct pattern_state *state,
                                     struct eagre_text text, bool is_parsed, uint32_t row) {
  bool is_same = state->pattern != NULL && eagre_text_equal(eagre_buffer_text(&state->text), text);
  if (is_same) return EAGRE_OK;
  eagre_pattern_close(state->pattern);
  state->pattern = NULL;
  if (open_pattern(text, is_parsed, &state->pattern, call->error) != EAGRE_OK) {
    state->pattern = NULL;
    if (call->error == NULL) return EAGRE_DATA;
    call->error->status = EAGRE_DATA;
    call->error->row = row;
    call->error->line = 0;
    return EAGRE_DATA;
  }
  eagre_buffer_clear(&state->text);
  eagre_buffer_append_text(&state->text, text);
  return EAGRE_OK;
}

static struct eagre_text read_pattern(const struct eagre_kernel_call *call, uint32_t row) {
  if (call->node->argument_count < 2) return eagre_text_of(default_pattern);
  return eagre_kernel_text(call, 1, row);
}

/* The second argument: a STRING, and when it is a literal a right one. */
static enum eagre_status check_pattern(struct eagre_bind *bind, bool is_parsed) {
  if (bind->argument_count < 2) return EAGRE_OK;
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_STRING));
  struct eagre_text text;
  if (!eagre_expression_is_text(bind->arguments[1], &text)) return EAGRE_OK;
  struct eagre_pattern *pattern;
  enum eagre_status status = open_pattern(text, is_parsed, &pattern, bind->error);
  if (status == EAGRE_OK) {
    eagre_pattern_close(pattern);
    return EAGRE_OK;
  }
  if (bind->error != NULL) bind->error->line = 0;
  eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
  return status;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static enum eagre_status fail_text(struct eagre_kernel_call *call, uint32_t row,
                                   struct eagre_text text, struct eagre_text pattern) {
  return eagre_kernel_fail(call, row, "CANNOT_PARSE_TIMESTAMP",
                           "Text '%.*s' could not be parsed with the pattern '%.*s'. Use "
                           "`try_to_timestamp` to tolerate invalid input string and return NULL "
                           "instead.",
                           (int)(text.size < 200 ? text.size : 200), text.data,
                           (int)(pattern.size < 100 ? pattern.size : 100), pattern.data);
}

static enum eagre_status run_parse(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  struct pattern_state *state = get_state(call);
  bool is_ntz = call->node->type->kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text pattern = read_pattern(call, row);
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    EAGRE_TRY(use_pattern(call, state, pattern, true, row));
    enum eagre_value_result result =
        is_ntz ? eagre_pattern_parse_local(state->pattern, text, call->zone, true, &out[row])
               : eagre_pattern_parse(state->pattern, text, call->zone, &out[row]);
    if (result != EAGRE_VALUE_OK) {
      out[row] = 0;
      EAGRE_TRY(fail_text(call, row, text, pattern));
    }
  }
  return EAGRE_OK;
}

/* The first argument as a TIMESTAMP or TIMESTAMP_NTZ: a text by the pattern in the second, other
 * types by cast. */
static enum eagre_status bind_parse_as(struct eagre_bind *bind, enum eagre_type_kind kind,
                                       bool is_try, struct eagre_expression **out) {
  const struct eagre_type *timestamp = eagre_type_of(kind);
  struct eagre_expression *value = bind->arguments[0];
  EAGRE_TRY(check_pattern(bind, true));
  bool is_text = value->type->kind == EAGRE_TYPE_STRING || value->type->kind == EAGRE_TYPE_NULL;
  if (!is_text || bind->argument_count == 1) {
    return eagre_expression_cast(bind->arena, value, timestamp, is_try, bind->session,
                                 bind->position, out, bind->error);
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_STRING)));
  *out = eagre_bind_call(bind, timestamp, run_parse);
  eagre_expression_set_failing(*out);
  if (is_try) eagre_expression_set_try(*out);
  return EAGRE_OK;
}

static enum eagre_status bind_parse(struct eagre_bind *bind, bool is_try,
                                    struct eagre_expression **out) {
  return bind_parse_as(bind, EAGRE_TYPE_TIMESTAMP, is_try, out);
}

static bool is_time_or_text(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP ||
         kind == EAGRE_TYPE_TIMESTAMP_NTZ || kind == EAGRE_TYPE_NULL;
}

static enum eagre_status refuse_time(struct eagre_bind *bind) {
  return eagre_bind_unexpected(bind, 0,
                               "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")");
}

/* The first argument: a point in time, or a text, which every other single value becomes. */
static enum eagre_status take_time(struct eagre_bind *bind) {
  if (is_time_or_text(eagre_bind_kind(bind, 0))) return EAGRE_OK;
  if (eagre_bind_takes(bind, bind->arguments[0]->type, EAGRE_TYPE_STRING)) {
    return eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_STRING));
  }
  return refuse_time(bind);
}

/* A number without a pattern is seconds. */
static enum eagre_status bind_to_timestamp(struct eagre_bind *bind, bool is_try,
                                           struct eagre_expression **out) {
  bool is_seconds = bind->argument_count == 1 && eagre_type_is_numeric(eagre_bind_kind(bind, 0));
  if (!is_seconds) EAGRE_TRY(take_time(bind));
  return bind_parse(bind, is_try, out);
}

enum eagre_status eagre_bind_to_timestamp(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_to_timestamp(bind, false, out);
}

enum eagre_status eagre_bind_try_to_timestamp(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  return bind_to_timestamp(bind, true, out);
}

enum eagre_status eagre_bind_to_timestamp_ntz(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  EAGRE_TRY(take_time(bind));
  return bind_parse_as(bind, EAGRE_TYPE_TIMESTAMP_NTZ, false, out);
}

static enum eagre_status bind_to_date(struct eagre_bind *bind, bool is_try,
                                      struct eagre_expression **out) {
  EAGRE_TRY(take_time(bind));
  struct eagre_expression *value = bind->arguments[0];
  if (bind->argument_count == 2) EAGRE_TRY(bind_parse(bind, is_try, &value));
  return eagre_expression_cast(bind->arena, value, eagre_type_of(EAGRE_TYPE_DATE), is_try,
                               bind->session, bind->position, out, bind->error);
}

enum eagre_status eagre_bind_to_date(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_to_date(bind, false, out);
}

enum eagre_status eagre_bind_try_to_date(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_to_date(bind, true, out);
}

/* Toward zero, unlike unix_seconds: half a second before the epoch is 0. */
static enum eagre_status run_seconds(struct eagre_kernel_call *call) {
  const int64_t *a = call->arguments[0]->data;
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = a[row] / EAGRE_MICROS_PER_SECOND;
  }
  return EAGRE_OK;
}

/* Seconds since the epoch of a text with a pattern, of a point in time, or of the batch. */
enum eagre_status eagre_bind_unix_timestamp(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  struct eagre_expression *instant;
  if (bind->argument_count == 0) {
    EAGRE_TRY(eagre_bind_other(bind, "current_timestamp", NULL, 0, &instant));
  } else if (!is_time_or_text(eagre_bind_kind(bind, 0))) {
    return refuse_time(bind);
  } else {
    struct eagre_expression *arguments[] = {bind->arguments[0], NULL};
    struct eagre_bind parse = *bind;
    arguments[1] = bind->argument_count == 2
                       ? bind->arguments[1]
                       : eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING,
                                                   eagre_text_of(default_pattern), bind->position);
    parse.arguments = arguments;
    parse.argument_count = 2;
    /* Of a wall clock as if it were UTC's. */
    bool is_ntz = eagre_bind_kind(bind, 0) == EAGRE_TYPE_TIMESTAMP_NTZ;
    EAGRE_TRY(bind_parse_as(&parse, is_ntz ? EAGRE_TYPE_TIMESTAMP_NTZ : EAGRE_TYPE_TIMESTAMP, false,
                            &instant));
  }
  *out = eagre_expression_new_call(bind->arena, bind->function, eagre_type_of(EAGRE_TYPE_BIGINT),
                                   run_seconds, &instant, 1, bind->position);
  return EAGRE_OK;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static enum eagre_status run_format(struct eagre_kernel_call *call, bool is_seconds) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct pattern_state *state = get_state(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    EAGRE_TRY(use_pattern(call, state, read_pattern(call, row), false, row));
    int64_t value = EAGRE_ARGUMENT(int64_t, call, 0, row);
    int64_t instant = value;
    if (is_seconds && __builtin_mul_overflow(value, EAGRE_MICROS_PER_SECOND, &instant)) {
      EAGRE_TRY(eagre_kernel_fail_overflow(call, row, "long overflow", NULL));
      continue;
    }
    eagre_buffer_clear(&state->printed);
    eagre_pattern_format(state->pattern, instant, call->zone, &state->printed);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&state->printed));
  }
  return EAGRE_OK;
}

static enum eagre_status run_date_format(struct eagre_kernel_call *call) {
  return run_format(call, false);
}

static enum eagre_status run_from_unixtime(struct eagre_kernel_call *call) {
  return run_format(call, true);
}

/* With a literal pattern nothing can fail any more. */
enum eagre_status eagre_bind_date_format(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_text unused;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_TIMESTAMP));
  EAGRE_TRY(check_pattern(bind, false));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_date_format);
  if (eagre_expression_is_text(bind->arguments[1], &unused)) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_from_unixtime(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_BIGINT));
  EAGRE_TRY(check_pattern(bind, false));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_from_unixtime);
  return EAGRE_OK;
}
