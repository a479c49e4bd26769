/* Functions that belong to no family: the clock, failures on purpose, structs by name. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* ---- Clock ----------------------------------------------------------------------------------- */

enum eagre_status eagre_kernel_current_timestamp(struct eagre_kernel_call *call) {
  *(int64_t *)eagre_kernel_out(call) = call->now_us;
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_localtimestamp(struct eagre_kernel_call *call) {
  *(int64_t *)eagre_kernel_out(call) = eagre_time_local(call->now_us, call->zone);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_current_date(struct eagre_kernel_call *call) {
  int64_t local_us = eagre_time_local(call->now_us, call->zone);
  *(int32_t *)eagre_kernel_out(call) = (int32_t)eagre_divide_floor(local_us, EAGRE_MICROS_PER_DAY);
  return EAGRE_OK;
}

/* ---- Failures on purpose --------------------------------------------------------------------- */

/* Fails in the first row there is; for a NULL message too. */
enum eagre_status eagre_kernel_raise_error(struct eagre_kernel_call *call) {
  eagre_vector_init_null(call->out, call->node->type, call->arena);
  if (call->row_count == 0) return EAGRE_OK;
  struct eagre_text message = EAGRE_TEXT("null");
  if (!eagre_vector_is_null(call->arguments[0], 0)) message = eagre_kernel_text(call, 0, 0);
  return eagre_kernel_fail(call, 0, "USER_RAISED_EXCEPTION", "%.*s", (int)message.size,
                           message.data);
}

/* ---- Casts by name -------------------------------------------------------------------------- */

/* int(a) is CAST(a AS INT): the function has the name of the type. */
enum eagre_status eagre_bind_cast_by_name(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type;
  EAGRE_TRY(
      eagre_type_parse(bind->arena, eagre_text_of(bind->function->info.name), &type, bind->error));
  return eagre_expression_cast(bind->arena, bind->arguments[0], type, false, bind->session,
                               bind->position, out, bind->error);
}

/* ---- Structs --------------------------------------------------------------------------------- */

/* A field needs a value that can be stored. */
static enum eagre_status check_values(struct eagre_bind *bind, uint32_t first, uint32_t step) {
  for (uint32_t i = first; i < bind->argument_count; i += step) {
    EAGRE_TRY(eagre_bind_require_value(bind, i));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_named_struct(struct eagre_bind *bind, struct eagre_expression **out) {
  uint32_t count = bind->argument_count / 2;
  if (bind->argument_count % 2 != 0) {
    return eagre_bind_fail(bind, bind->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `named_struct` requires 2n (n > 0) parameters but the actual "
                           "number is %u.",
                           bind->argument_count);
  }
  EAGRE_TRY(check_values(bind, 1, 2));
  struct eagre_text *names = eagre_arena_allocate(bind->arena, count * sizeof *names + 1);
  struct eagre_expression **values = eagre_arena_allocate(bind->arena, count * sizeof *values + 1);
  for (uint32_t i = 0; i < count; i++) {
    if (!eagre_expression_is_text(bind->arguments[i * 2], &names[i])) {
      return eagre_bind_mismatch(bind, "CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                                 "Only foldable `STRING` expressions are allowed to appear at odd "
                                 "position, but they are [%s].",
                                 eagre_expression_sql(bind->arena, bind->arguments[i * 2]));
    }
    values[i] = bind->arguments[i * 2 + 1];
  }
  *out = eagre_expression_struct(bind->arena, values, names, count, bind->position);
  return EAGRE_OK;
}

/* Fields keep their names, other values are col1, col2, ...; plan names columns itself
 * (eagre_expression_struct). */
enum eagre_status eagre_bind_struct(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(check_values(bind, 0, 1));
  struct eagre_text *names =
      eagre_arena_allocate(bind->arena, bind->argument_count * sizeof *names + 1);
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    const struct eagre_expression *value = bind->arguments[i];
    if (eagre_expression_calls(value, EAGRE_INTERNAL_FIELD)) {
      names[i] = value->arguments[0]->type->fields[value->parameters[0]].name;
    } else {
      names[i] = eagre_arena_printf(bind->arena, "col%u", i + 1);
    }
  }
  *out = eagre_expression_struct(bind->arena, bind->arguments, names, bind->argument_count,
                                 bind->position);
  return EAGRE_OK;
}

/* window_time takes what window() makes. */
enum eagre_status eagre_bind_window_time(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type = bind->arguments[0]->type;
  bool is_window = type->kind == EAGRE_TYPE_STRUCT && type->field_count == 2 &&
                   (type->fields[1].type->kind == EAGRE_TYPE_TIMESTAMP ||
                    type->fields[1].type->kind == EAGRE_TYPE_TIMESTAMP_NTZ);
  if (type->kind == EAGRE_TYPE_NULL) {
    return eagre_bind_fail(bind, bind->position, "_LEGACY_ERROR_TEMP_3101",
                           "The input is not a correct window column: NULL.");
  }
  if (!is_window) return eagre_bind_unexpected(bind, 0, "\"STRUCT\"");
  *out = eagre_bind_call(bind, type->fields[1].type, eagre_kernel_window_time);
  return EAGRE_OK;
}

/* ---- Functions of windows -------------------------------------------------------------------- */

/* With OVER they are bound by `plan`, and never come here. */
enum eagre_status eagre_bind_window_function(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  *out = NULL;
  return eagre_bind_fail(bind, bind->position, "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE",
                         "Window function \"%s()\" requires an OVER clause.",
                         bind->function->info.name);
}

/* The same of grouping() and grouping_id() above GROUPING SETS, ROLLUP and CUBE. */
enum eagre_status eagre_bind_grouping(struct eagre_bind *bind, struct eagre_expression **out) {
  *out = NULL;
  return eagre_bind_fail(bind, bind->position, "UNSUPPORTED_GROUPING_EXPRESSION",
                         "%s() can only be used with GROUPING SETS, CUBE or ROLLUP.",
                         bind->function->info.name);
}
