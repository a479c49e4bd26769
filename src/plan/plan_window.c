/* window(ts, duration [, slide [, start]]): one per SELECT, made by a WINDOW node below the GROUP
 * BY (spark-semantics 3.4). */
#include <string.h>

#include "plan/plan_bind.h"
#include "value/value.h"

enum { WINDOWS_PER_ROW_MAX = 100000 };

static bool is_window_call(const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, "window") &&
         tree->argument_count >= 2;
}

const struct eagre_sql_expression *eagre_plan_find_window(const struct eagre_sql_expression *tree) {
  if (tree == NULL) return NULL;
  if (is_window_call(tree)) return tree;
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
  if (kind == EAGRE_TYPE_TIMESTAMP) return EAGRE_OK;
  /* The window of a window: where the small one ends. */
  uint32_t column = 0;
  bool is_window =
      eagre_expression_is_column(*out, &column) && relation->columns[column].window_us > 0;
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
      "The first parameter of `window` requires the \"TIMESTAMP\" type, however \"%.*s\" has "
      "the type \"%s\".",
      (int)tree->source.size, tree->source.data, eagre_buffer_string(&printed));
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

static const struct eagre_type *window_type(struct plan_binder *binder) {
  const struct eagre_field fields[2] = {
      {EAGRE_TEXT("start"), eagre_type_of(EAGRE_TYPE_TIMESTAMP), true},
      {EAGRE_TEXT("end"), eagre_type_of(EAGRE_TYPE_TIMESTAMP), true},
  };
  return eagre_type_struct(binder->arena, fields, 2);
}

/* `relation` becomes that of the WINDOW node: all its columns, then `window`. */
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
      .name = EAGRE_TEXT("window"),
      .type = window_type(binder),
      .is_event_time = eagre_plan_is_event_time(relation, window->timestamp),
      .window_us = window->duration_us,
  };
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_WINDOW, relation->node, call->position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = window->timestamp;
  node->expression_count = 1;
  node->window_duration_us = window->duration_us;
  node->window_slide_us = window->slide_us;
  node->window_start_us = window->start_us;
  relation->node = node;
  relation->columns = columns;
  relation->column_count += 1;
  eagre_plan_relation_seal(binder, relation);
}

enum eagre_status eagre_plan_add_window(struct plan_binder *binder, struct plan_relation *relation,
                                        const struct eagre_sql_expression *call,
                                        struct plan_window *out, struct eagre_error *error) {
  EAGRE_TRY(read_durations(call, out, error));
  EAGRE_TRY(check_durations(call, out, error));
  EAGRE_TRY(bind_timestamp(binder, relation, call, &out->timestamp, error));
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
    return eagre_plan_fail(
        error, call->position, "UNSUPPORTED_EXPR_FOR_WINDOW",
        "window() is allowed in the SELECT list and in GROUP BY only, and above a "
        "GROUP BY only when it is grouped by.");
  }
  struct plan_window given = {0};
  EAGRE_TRY(read_durations(call, &given, error));
  EAGRE_TRY(bind_timestamp(binder, scope->relation, call, &given.timestamp, error));
  const struct plan_window *window = scope->window;
  bool is_same = given.duration_us == window->duration_us && given.slide_us == window->slide_us &&
                 given.start_us == window->start_us &&
                 eagre_expression_equal(given.timestamp, window->timestamp);
  if (!is_same) {
    return eagre_plan_fail(
        error, call->position, "_LEGACY_ERROR_TEMP_1039",
        "Multiple time/session window expressions would result in a cartesian product "
        "of rows, therefore they are currently not supported.");
  }
  *out = eagre_plan_column_reference(binder, scope->relation, window->column, call->position);
  return EAGRE_OK;
}
