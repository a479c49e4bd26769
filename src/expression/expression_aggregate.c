/* Aggregates: binding a call, and the way from the door to the kernels (expression_aggregate.h).
 *
 * What is evaluated per row is one expression: nothing for count(*), the argument itself when there
 * is one and the function ignores NULLs, else a STRUCT of the arguments that are not constants.
 * FILTER (WHERE c) makes it CASE WHEN c THEN ... END: of a STRUCT a NULL means that the row does
 * not count, which a NULL argument could not say. */
#include "expression/expression_aggregate.h"

#include <string.h>

/* ---- Binding --------------------------------------------------------------------------------- */

static enum eagre_status check_arity(struct eagre_bind *bind) {
  uint32_t least = bind->function->arity_min;
  uint32_t most = bind->function->arity_max;
  bool is_open = most == EAGRE_ARITY_ANY;
  if (bind->argument_count >= least && (is_open || bind->argument_count <= most)) return EAGRE_OK;
  const char *name = bind->function->info.name;
  if (least == most) {
    return eagre_bind_fail(bind, bind->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `%s` requires %u parameters but the actual number is %u.", name,
                           least, bind->argument_count);
  }
  return eagre_bind_fail(bind, bind->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                         "The `%s` requires %s %u parameters but the actual number is %u.", name,
                         bind->argument_count < least ? "> =" : "< =",
                         bind->argument_count < least ? least : most, bind->argument_count);
}

/* The arguments behind the inputs as SQL: what tells percentile(a, 0.5) from percentile(a, 0.9). */
static void print_constants(const struct eagre_bind *bind, struct eagre_aggregate *out) {
  struct eagre_buffer text = {0};
  for (uint32_t i = out->input_count; i < bind->argument_count; i++) {
    if (i > out->input_count) eagre_buffer_append_string(&text, ", ");
    eagre_buffer_append_string(&text, eagre_expression_sql(bind->arena, bind->arguments[i]));
  }
  out->constants = eagre_arena_copy_text(bind->arena, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
}

/* Behind the constants: which way each value to sort by goes. */
static void print_order(const struct eagre_bind *bind, struct eagre_aggregate *out) {
  struct eagre_buffer text = {0};
  eagre_buffer_append_text(&text, out->constants);
  for (uint32_t i = 0; i < out->order_count; i++) {
    eagre_buffer_append_string(&text, text.size > 0 ? ", " : "");
    eagre_buffer_append_string(&text, out->order[i].is_descending ? "DESC" : "ASC");
    eagre_buffer_append_string(&text, out->order[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
  }
  out->constants = eagre_arena_copy_text(bind->arena, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
}

static struct eagre_expression *pack_inputs(struct eagre_bind *bind, uint32_t count) {
  struct eagre_text *names = eagre_arena_allocate(bind->arena, sizeof *names * count);
  for (uint32_t i = 0; i < count; i++) {
    names[i] = eagre_arena_printf(bind->arena, "input%u", i + 1);
  }
  return eagre_expression_struct(bind->arena, bind->arguments, names, count, bind->position);
}

static enum eagre_status apply_filter(struct eagre_bind *bind, struct eagre_expression *filter,
                                      struct eagre_expression **inout_argument) {
  static const int32_t one = 1;
  struct eagre_expression *parts[2] = {filter, *inout_argument};
  if (parts[1] == NULL) {
    parts[1] = eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &one, bind->position);
  }
  return eagre_expression_case(bind->arena, parts, 2, false, bind->session, bind->position,
                               inout_argument, bind->error);
}

/* What is evaluated per row. */
static enum eagre_status make_argument(struct eagre_bind *bind,
                                       const struct eagre_aggregate_call *call,
                                       struct eagre_aggregate *out,
                                       struct eagre_expression **out_argument) {
  *out_argument = out->input_count == 0 ? NULL : bind->arguments[0];
  out->is_packed = out->input_count > 1 || (out->keeps_nulls && call->filter != NULL);
  if (out->is_packed) *out_argument = pack_inputs(bind, out->input_count);
  if (call->filter != NULL) EAGRE_TRY(apply_filter(bind, call->filter, out_argument));
  out->argument_type = *out_argument == NULL ? NULL : (*out_argument)->type;
  return EAGRE_OK;
}

static enum eagre_status refuse_order(struct eagre_bind *bind) {
  return eagre_bind_fail(bind, bind->position, "INVALID_WITHIN_GROUP_EXPRESSION.UNSUPPORTED",
                         "The function `%s` does not support WITHIN GROUP (ORDER BY ...).",
                         bind->function->info.name);
}

enum eagre_status eagre_aggregate_bind_ordered(struct eagre_bind *bind,
                                               struct eagre_aggregate *out) {
  if (out->order_count == 0) {
    return eagre_bind_fail(bind, bind->position,
                           "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING",
                           "Invalid function `%s` with WITHIN GROUP. WITHIN GROUP is required for "
                           "the function.",
                           bind->function->info.name);
  }
  if (out->order_count > 1) {
    return eagre_bind_fail(bind, bind->position,
                           "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
                           "Invalid function `%s` with WITHIN GROUP. The function requires 1 "
                           "orderings in WITHIN GROUP but got %u.",
                           bind->function->info.name, out->order_count);
  }
  memmove(bind->arguments + 1, bind->arguments, sizeof *bind->arguments * bind->argument_count);
  bind->arguments[0] = out->order[0].expression;
  bind->argument_count += 1;
  out->input_count = 1;
  out->takes_order = true;
  return EAGRE_OK;
}

static enum eagre_status refuse_function(const struct eagre_aggregate_call *call,
                                         struct eagre_error *error) {
  enum eagre_status status = eagre_function_refuse(call->function, error);
  eagre_sql_place_unplaced(call->position, error);
  return status;
}

enum eagre_status
eagre_aggregate_bind(struct eagre_arena *arena, const struct eagre_aggregate_call *call,
                     const struct eagre_expression_session *session, struct eagre_aggregate *out,
                     struct eagre_expression **out_argument, struct eagre_error *error) {
  struct eagre_bind bind = {
      .arena = arena,
      .function = eagre_function_find(call->function),
      .arguments = eagre_arena_allocate_zeroed(arena, sizeof(void *) * (call->argument_count + 1)),
      .argument_count = call->argument_count,
      .session = session,
      .position = call->position,
      .error = error,
  };
  if (bind.function == NULL || bind.function->aggregate == NULL)
    return refuse_function(call, error);
  for (uint32_t i = 0; i < call->argument_count; i++) {
    bind.arguments[i] = call->arguments[i];
  }
  EAGRE_TRY(check_arity(&bind));
  *out = (struct eagre_aggregate){
      .info = &bind.function->info,
      .result_type = eagre_type_of(EAGRE_TYPE_BIGINT),
      .input_count = call->argument_count == 0 ? 0 : 1,
      .order = call->order,
      .order_count = call->order_count,
      .position = call->position,
  };
  EAGRE_TRY(bind.function->aggregate(&bind, out));
  if (call->order_count > 0 && !out->takes_order) return refuse_order(&bind);
  out->input_type = out->input_count == 0 ? NULL : bind.arguments[0]->type;
  out->accumulator_size = out->kernels->accumulator_size;
  out->text_offset = out->kernels->text_offset;
  out->text_count = out->kernels->text_count;
  print_constants(&bind, out);
  print_order(&bind, out);
  out->order = NULL;
  EAGRE_TRY(make_argument(&bind, call, out, out_argument));
  if (call->is_distinct && *out_argument != NULL) eagre_aggregate_make_distinct(arena, out);
  return EAGRE_OK;
}

/* avg and mean are the same, percentile_cont and percentile_disc are not. */
static eagre_aggregate_bind_fn *binder_of(const struct eagre_aggregate *aggregate) {
  return eagre_function_find(eagre_text_of(aggregate->info->name))->aggregate;
}

bool eagre_aggregate_equal(const struct eagre_aggregate *a, const struct eagre_aggregate *b) {
  if (a->is_distinct && b->is_distinct) return eagre_aggregate_equal(a->options, b->options);
  return a->kernels == b->kernels && binder_of(a) == binder_of(b) && a->is_packed == b->is_packed &&
         eagre_type_equal(a->result_type, b->result_type) &&
         eagre_text_equal(a->constants, b->constants);
}

void eagre_aggregate_print(const struct eagre_aggregate *aggregate,
                           const struct eagre_expression *argument,
                           const struct eagre_type *input_columns, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "%s(%s", aggregate->info->name,
                      aggregate->is_distinct ? "DISTINCT " : "");
  bool is_list = aggregate->is_packed && eagre_expression_calls(argument, EAGRE_INTERNAL_STRUCT);
  for (uint32_t i = 0; is_list && i < argument->argument_count; i++) {
    if (i > 0) eagre_buffer_append_string(out, ", ");
    eagre_expression_print(argument->arguments[i], input_columns, out);
  }
  if (argument == NULL) eagre_buffer_append_char(out, '1');
  if (argument != NULL && !is_list) eagre_expression_print(argument, input_columns, out);
  if (aggregate->constants.size > 0) {
    eagre_buffer_append_string(out, ", ");
    eagre_buffer_append_text(out, aggregate->constants);
  }
  eagre_buffer_append_char(out, ')');
}

enum eagre_status eagre_aggregate_bind_doubles(struct eagre_bind *bind,
                                               struct eagre_aggregate *out) {
  out->input_count = bind->argument_count;
  out->result_type = eagre_type_of(EAGRE_TYPE_DOUBLE);
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_DOUBLE));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_constant_double(struct eagre_bind *bind, uint32_t index,
                                                       const char *name, double *out) {
  if (!eagre_expression_is_constant(bind->arguments[index])) {
    return eagre_bind_mismatch(
        bind, "NON_FOLDABLE_INPUT",
        "the input `%s` should be a foldable \"DOUBLE\" expression; however, "
        "got \"%s\".",
        name, eagre_expression_sql(bind->arena, bind->arguments[index]));
  }
  struct eagre_vector value;
  if (eagre_expression_is_decimal(bind->arguments[index])) {
    EAGRE_TRY(eagre_bind_cast(bind, index, eagre_type_of(EAGRE_TYPE_DOUBLE)));
  }
  EAGRE_TRY(eagre_bind_parameter(bind, index, EAGRE_TYPE_DOUBLE));
  EAGRE_TRY(eagre_expression_fold(bind->arena, bind->arguments[index], bind->session, &value,
                                  bind->error));
  if (eagre_vector_is_null(&value, 0)) {
    return eagre_bind_mismatch(bind, "UNEXPECTED_NULL", "The `%s` must not be null.", name);
  }
  *out = EAGRE_VALUES(double, &value)[0];
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_flag(struct eagre_bind *bind, uint32_t index,
                                            const char *name, bool *out) {
  if (!eagre_expression_is_constant(bind->arguments[index])) {
    return eagre_bind_fail(
        bind, bind->arguments[index]->position, "NON_FOLDABLE_ARGUMENT",
        "The function `%s` requires the parameter `%s` to be a foldable expression of the type "
        "\"BOOLEAN\", but the actual argument is a non-foldable.",
        bind->function->info.name, name);
  }
  struct eagre_vector value;
  EAGRE_TRY(eagre_bind_parameter(bind, index, EAGRE_TYPE_BOOLEAN));
  EAGRE_TRY(eagre_expression_fold(bind->arena, bind->arguments[index], bind->session, &value,
                                  bind->error));
  if (eagre_vector_is_null(&value, 0)) {
    return eagre_bind_mismatch(bind, "UNEXPECTED_NULL", "The `%s` must not be null.", name);
  }
  *out = eagre_bit_get(value.data, 0);
  return EAGRE_OK;
}

/* ---- Running --------------------------------------------------------------------------------- */

enum eagre_status eagre_aggregate_update(const struct eagre_aggregate *aggregate,
                                         const struct eagre_vector *argument, uint32_t row_count,
                                         char *const *accumulators, uint32_t offset,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  const struct eagre_aggregate_update update = {
      .aggregate = aggregate,
      .inputs = aggregate->is_packed ? argument->children : argument,
      .rows = aggregate->is_packed ? argument : NULL,
      .row_count = row_count,
      .accumulators = accumulators,
      .offset = offset,
      .arena = arena,
      .error = error,
  };
  return aggregate->kernels->update(&update);
}

enum eagre_status eagre_aggregate_merge(const struct eagre_aggregate *aggregate, char *into,
                                        const char *from, struct eagre_arena *arena,
                                        struct eagre_error *error) {
  return aggregate->kernels->merge(aggregate, into, from, arena, error);
}

enum eagre_status eagre_aggregate_finish(const struct eagre_aggregate *aggregate,
                                         char *const *accumulators, uint32_t offset,
                                         uint32_t row_count, struct eagre_vector *out,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  const struct eagre_aggregate_finish finish = {
      .aggregate = aggregate,
      .accumulators = accumulators,
      .offset = offset,
      .row_count = row_count,
      .out = out,
      .arena = arena,
      .error = error,
  };
  eagre_vector_init(out, aggregate->result_type, row_count, arena);
  return aggregate->kernels->finish(&finish);
}
