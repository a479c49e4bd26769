/* window(ts, duration [, slide [, start]]) and session_window(ts, gap): one per SELECT, made by a
 * WINDOW node below the GROUP BY (spark-semantics 3.4). */
#include <string.h>

#include "plan/plan_bind.h"
#include "value/value.h"

enum { WINDOWS_PER_ROW_MAX = 100000 };

static bool is_window_call(const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, "window") &&
         tree->argument_count >= 2;
}

static bool is_session_call(const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, "session_window");
}

const struct eagre_sql_expression *eagre_plan_find_window(const struct eagre_sql_expression *tree) {
  if (tree == NULL) return NULL;
  if (is_window_call(tree) || is_session_call(tree)) return tree;
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    const struct eagre_sql_expression *found = eagre_plan_find_window(tree->arguments[i].value);
    if (found != NULL) return found;
  }
  return NULL;
}

/* An INTERVAL literal, or interval text. */
static enum eagre_status read_interval(const struct eagre_sql_expression *tree, int64_t *out_us,
                                       struct eagre_error *error) {
  int64_t months = 0;
  bool is_negative = false;
  while (tree->kind == EAGRE_SQL_CALL && tree->argument_count == 1 &&
         eagre_text_equal_string(tree->function, "negative")) {
    is_negative = !is_negative;
    tree = tree->arguments[0].value;
  }
  bool is_read = false;
  if (tree->kind == EAGRE_SQL_LITERAL && tree->literal == EAGRE_SQL_LITERAL_INTERVAL) {
    months = tree->months;
    *out_us = tree->microseconds;
    is_read = true;
  } else if (tree->kind == EAGRE_SQL_LITERAL && tree->literal == EAGRE_SQL_LITERAL_STRING) {
    is_read = eagre_value_parse_interval(tree->text, &months, out_us) == EAGRE_VALUE_OK;
  }
  if (!is_read) {
    eagre_plan_fail(error, tree->position, "CANNOT_PARSE_INTERVAL",
                    "Unable to parse \"%.*s\". A literal interval like '10 minutes' is needed.",
                    (int)tree->source.size, tree->source.data);
    return EAGRE_USAGE;
  }
  if (months != 0) {
    return eagre_plan_fail(error, tree->position, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                           "Intervals greater than a month is not supported (%.*s).",
                           (int)tree->source.size, tree->source.data);
  }
  if (is_negative && __builtin_sub_overflow((int64_t)0, *out_us, out_us)) *out_us = INT64_MAX;
  return EAGRE_OK;
}

static enum eagre_status read_durations(const struct eagre_sql_expression *call,
                                        struct plan_window *out, struct eagre_error *error) {
  if (call->argument_count > 4) {
    return eagre_plan_fail(error, call->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `window` requires [2, 4] parameters but the actual number is %u.",
                           call->argument_count);
  }
  EAGRE_TRY(read_interval(call->arguments[1].value, &out->duration_us, error));
  out->slide_us = out->duration_us;
  out->start_us = 0;
  if (call->argument_count > 2) {
    EAGRE_TRY(read_interval(call->arguments[2].value, &out->slide_us, error));
  }
  if (call->argument_count > 3) {
    EAGRE_TRY(read_interval(call->arguments[3].value, &out->start_us, error));
  }
  return EAGRE_OK;
}

static enum eagre_status check_durations(const struct eagre_sql_expression *call,
                                         const struct plan_window *window,
                                         struct eagre_error *error) {
  const char *out_of_range = "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE";
  const char *constraint = "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION";
  if (window->duration_us <= 0) {
    return eagre_plan_fail(
        error, call->position, out_of_range,
        "The window_duration must be between (0, 9223372036854775807] (current value "
        "= %lldL).",
        (long long)window->duration_us);
  }
  if (window->slide_us <= 0) {
    return eagre_plan_fail(
        error, call->position, out_of_range,
        "The slide_duration must be between (0, 9223372036854775807] (current value = "
        "%lldL).",
        (long long)window->slide_us);
  }
  if (window->slide_us > window->duration_us) {
    return eagre_plan_fail(error, call->position, constraint,
                           "The slide_duration (%lldL) must be <= the window_duration (%lldL).",
                           (long long)window->slide_us, (long long)window->duration_us);
  }
  int64_t start = window->start_us;
  if (start >= window->slide_us || start <= -window->slide_us) {
    return eagre_plan_fail(error, call->position, constraint,
                           "The abs(start_time) (%lldL) must be < the slide_duration (%lldL).",
                           (long long)start, (long long)window->slide_us);
  }
  if (window->duration_us / window->slide_us > WINDOWS_PER_ROW_MAX) {
    return eagre_plan_fail(error, call->position, "UNSUPPORTED_FEATURE.WINDOW_COUNT",
                           "A row would be in %lld windows; at most %d are supported.",
                           (long long)(window->duration_us / window->slide_us),
                           WINDOWS_PER_ROW_MAX);
  }
  return EAGRE_OK;
}

static enum eagre_status bind_timestamp(struct plan_binder *binder,
                                        const struct plan_relation *relation,
                                        const struct eagre_sql_expression *call,
                                        struct eagre_expression **out, struct eagre_error *error) {
  struct plan_scope scope = {.relation = relation, .aggregate_refusal = "window()"};
  const struct eagre_sql_expression *tree = call->arguments[0].value;
  EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, tree, out, error));
  enum eagre_type_kind kind = eagre_expression_type(*out)->kind;
  if (kind == EAGRE_TYPE_TIMESTAMP || kind == EAGRE_TYPE_TIMESTAMP_NTZ) return EAGRE_OK;
  /* The window of a window: where the small one ends. */
  uint32_t column = 0;
  bool is_window =
      eagre_expression_is_column(*out, &column) &&
      (relation->columns[column].window_us > 0 || relation->columns[column].is_session);
  if (is_window) {
    return eagre_expression_call(binder->arena, EAGRE_TEXT("window_time"), out, 1,
                                 &binder->pipeline->expression_session, call->position, out, error);
  }
  if (kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_STRING) {
    return eagre_expression_cast(binder->arena, *out, eagre_type_of(EAGRE_TYPE_TIMESTAMP), false,
                                 &binder->pipeline->expression_session, call->position, out, error);
  }
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, eagre_expression_type(*out));
  eagre_plan_fail(
      error, tree->position, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
      "The first parameter of `%.*s` requires the \"TIMESTAMP\" type, however \"%.*s\" has "
      "the type \"%s\".",
      (int)call->function.size, call->function.data, (int)tree->source.size, tree->source.data,
      eagre_buffer_string(&printed));
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

/* ---- Sessions -------------------------------------------------------------------------------- */

/* A text that does not change is read once; one that is no interval leads to no session. */
static enum eagre_status bind_constant_gap(struct plan_binder *binder, struct plan_window *out,
                                           struct eagre_expression **inout_gap, int64_t *out_months,
                                           struct eagre_error *error) {
  struct eagre_vector value;
  EAGRE_TRY(eagre_expression_fold(binder->arena, *inout_gap, &binder->pipeline->expression_session,
                                  &value, error));
  *inout_gap = NULL;
  *out_months = 0;
  out->duration_us = 0;
  if (eagre_vector_is_null(&value, 0)) return EAGRE_OK;
  struct eagre_text text = EAGRE_VALUES(struct eagre_text, &value)[0];
  if (eagre_value_parse_interval(text, out_months, &out->duration_us) == EAGRE_VALUE_OK)
    return EAGRE_OK;
  *out_months = 0;
  out->duration_us = 0;
  return EAGRE_OK;
}

static enum eagre_status refuse_gap(const struct eagre_sql_expression *tree,
                                    const struct eagre_type *type, struct eagre_error *error) {
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, type);
  eagre_plan_fail(error, tree->position, "_LEGACY_ERROR_TEMP_1040",
                  "Gap duration expression used in session window must be CalendarIntervalType, "
                  "but got %s.",
                  eagre_buffer_string(&printed));
  eagre_buffer_done(&printed);
  eagre_error_hint(error, "give the gap as text: '5 minutes', or a STRING expression");
  return EAGRE_USAGE;
}

/* The gap of session_window(ts, gap): text, for Spark casts nothing else to a calendar interval. */
static enum eagre_status bind_session(struct plan_binder *binder,
                                      const struct plan_relation *relation,
                                      const struct eagre_sql_expression *call,
                                      struct plan_window *out, struct eagre_error *error) {
  if (call->argument_count != 2) {
    return eagre_plan_fail(error, call->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `session_window` requires 2 parameters but the actual number is "
                           "%u.",
                           call->argument_count);
  }
  EAGRE_TRY(bind_timestamp(binder, relation, call, &out->timestamp, error));
  struct plan_scope scope = {.relation = relation, .aggregate_refusal = "session_window()"};
  const struct eagre_sql_expression *tree = call->arguments[1].value;
  struct eagre_expression *gap = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, tree, &gap, error));
  enum eagre_type_kind kind = eagre_expression_type(gap)->kind;
  if (kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL)
    return refuse_gap(tree, eagre_expression_type(gap), error);
  int64_t months = 0;
  if (eagre_expression_is_constant(gap))
    EAGRE_TRY(bind_constant_gap(binder, out, &gap, &months, error));
  out->session = eagre_expression_session(binder->arena, out->timestamp, gap, months,
                                          out->duration_us, call->position);
  if (months != 0 || out->duration_us < 0) out->duration_us = 0;
  out->is_session = true;
  return EAGRE_OK;
}

/* ---- The node -------------------------------------------------------------------------------- */

static const struct eagre_type *window_type(struct plan_binder *binder,
                                            const struct eagre_type *time) {
  const struct eagre_field fields[2] = {
      {EAGRE_TEXT("start"), time, true},
      {EAGRE_TEXT("end"), time, true},
  };
  return eagre_type_struct(binder->arena, fields, 2);
}

/* `relation` becomes that of the WINDOW node: all its columns, then the window. */
static void append_window_column(struct plan_binder *binder, struct plan_relation *relation,
                                 const struct eagre_sql_expression *call,
                                 struct plan_window *window) {
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (relation->column_count + 1));
  if (relation->column_count > 0) {
    memcpy(columns, relation->columns, sizeof *columns * relation->column_count);
  }
  window->column = relation->column_count;
  columns[window->column] = (struct plan_column){
      .name = window->is_session ? EAGRE_TEXT("session_window") : EAGRE_TEXT("window"),
      .type = window_type(binder, eagre_expression_type(window->timestamp)),
      .is_event_time = eagre_plan_is_event_time(relation, window->timestamp),
      .window_us = window->duration_us,
      .is_session = window->is_session,
  };
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_WINDOW, relation->node, call->position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = window->is_session ? window->session : window->timestamp;
  node->is_session = window->is_session;
  node->is_of_event_time = columns[window->column].is_event_time;
  node->expression_count = 1;
  node->window.duration_us = window->duration_us;
  node->window.slide_us = window->slide_us;
  node->window.start_us = window->start_us;
  relation->node = node;
  relation->columns = columns;
  relation->column_count += 1;
  eagre_plan_relation_seal(binder, relation);
}

static enum eagre_status bind_window(struct plan_binder *binder,
                                     const struct plan_relation *relation,
                                     const struct eagre_sql_expression *call,
                                     struct plan_window *out, struct eagre_error *error) {
  if (is_session_call(call)) return bind_session(binder, relation, call, out, error);
  EAGRE_TRY(read_durations(call, out, error));
  return bind_timestamp(binder, relation, call, &out->timestamp, error);
}

static bool is_same_window(const struct plan_window *a, const struct plan_window *b) {
  if (a->is_session != b->is_session) return false;
  if (a->is_session) return eagre_expression_equal(a->session, b->session);
  return a->duration_us == b->duration_us && a->slide_us == b->slide_us &&
         a->start_us == b->start_us && eagre_expression_equal(a->timestamp, b->timestamp);
}

enum eagre_status eagre_plan_add_window(struct plan_binder *binder, struct plan_relation *relation,
                                        const struct eagre_sql_expression *call,
                                        struct plan_window *out, struct eagre_error *error) {
  EAGRE_TRY(bind_window(binder, relation, call, out, error));
  if (!out->is_session) EAGRE_TRY(check_durations(call, out, error));
  append_window_column(binder, relation, call, out);
  out->is_used = true;
  return EAGRE_OK;
}

enum eagre_status eagre_plan_bind_window_call(struct plan_binder *binder,
                                              const struct plan_scope *scope,
                                              const struct eagre_sql_expression *call,
                                              struct eagre_expression **out,
                                              struct eagre_error *error) {
  if (scope->window == NULL || !scope->window->is_used || scope->aggregation != NULL) {
    return eagre_plan_fail(error, call->position, "UNSUPPORTED_EXPR_FOR_WINDOW",
                           "%.*s() is allowed in the SELECT list and in GROUP BY only, and above a "
                           "GROUP BY only when it is grouped by.",
                           (int)call->function.size, call->function.data);
  }
  struct plan_window given = {0};
  EAGRE_TRY(bind_window(binder, scope->relation, call, &given, error));
  if (!is_same_window(&given, scope->window)) {
    return eagre_plan_fail(
        error, call->position, "_LEGACY_ERROR_TEMP_1039",
        "Multiple time/session window expressions would result in a cartesian product "
        "of rows, therefore they are currently not supported.");
  }
  *out =
      eagre_plan_column_reference(binder, scope->relation, scope->window->column, call->position);
  return EAGRE_OK;
}
