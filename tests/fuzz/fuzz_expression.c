/* An expression of arbitrary SQL text, evaluated twice: with its literals folded while compiling,
 * and with every literal a column of a batch. Nothing crashes or reads outside its memory, a
 * failure has a class, a sentence and a place, and the two evaluations agree on the value or on
 * the class of the failure (where binding does not ask for a literal). */
#include <stdlib.h>
#include <string.h>

#include "expression/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 64, ROWS = 3, TEXT_SIZE_MAX = 2048 };

static void require(bool condition) {
  if (!condition) abort();
}

struct evaluation {
  struct eagre_arena arena;
  struct eagre_expression_session session;
  bool has_columns;
  struct eagre_batch *batch;
  struct eagre_vector columns[COLUMNS_MAX];
  uint32_t column_count;
  struct eagre_error error;
};

/* ---- Binding ------------------------------------------------------------------------------- */

static enum eagre_status bind(struct evaluation *evaluation,
                              const struct eagre_sql_expression *tree,
                              struct eagre_expression **out);

/* Every row of the column is the literal; texts get readable bytes behind them. */
static struct eagre_expression *make_column(struct evaluation *evaluation,
                                            struct eagre_expression *literal) {
  struct eagre_arena *arena = &evaluation->batch->arena;
  const struct eagre_type *type = eagre_expression_type(literal);
  struct eagre_vector value;
  bool is_text = type->kind == EAGRE_TYPE_STRING || type->kind == EAGRE_TYPE_BINARY;
  if (evaluation->column_count == COLUMNS_MAX || !eagre_type_is_supported(type->kind) ||
      type->kind == EAGRE_TYPE_NULL || type->kind == EAGRE_TYPE_INTERVAL_DAY) {
    return literal;
  }
  require(eagre_expression_fold(&evaluation->arena, literal, &evaluation->session, &value,
                                &evaluation->error) == EAGRE_OK);
  struct eagre_vector *column = &evaluation->columns[evaluation->column_count];
  eagre_vector_flatten(&value, ROWS, arena);
  *column = value;
  for (uint32_t row = 0; is_text && row < ROWS; row++) {
    struct eagre_text *text = &EAGRE_VALUES(struct eagre_text, column)[row];
    char *copy = eagre_arena_allocate_vector(arena, text->size);
    if (text->size > 0) memcpy(copy, text->data, text->size);
    text->data = copy;
  }
  return eagre_expression_column(&evaluation->arena, evaluation->column_count++, type,
                                 eagre_expression_position(literal));
}

static enum eagre_status bind_field(struct evaluation *evaluation, struct eagre_expression *value,
                                    struct eagre_text name, struct eagre_sql_position position,
                                    struct eagre_expression **out) {
  const struct eagre_type *type = eagre_expression_type(value);
  int field = type->kind == EAGRE_TYPE_STRUCT ? eagre_type_find_field(type, name, true) : -1;
  if (field < 0) return EAGRE_CANCELLED;
  *out = eagre_expression_field(&evaluation->arena, value, (uint32_t)field, position);
  return EAGRE_OK;
}

static enum eagre_status bind_call(struct evaluation *evaluation,
                                   const struct eagre_sql_expression *tree,
                                   struct eagre_expression **arguments,
                                   struct eagre_expression **out) {
  struct eagre_arena *arena = &evaluation->arena;
  const struct eagre_expression_session *session = &evaluation->session;
  switch (tree->kind) {
  case EAGRE_SQL_CALL:
    return eagre_expression_call(arena, tree->function, arguments, tree->argument_count, session,
                                 tree->position, out, &evaluation->error);
  case EAGRE_SQL_CAST:
    return eagre_expression_cast(arena, arguments[0], tree->type, tree->is_try, session,
                                 tree->position, out, &evaluation->error);
  case EAGRE_SQL_CASE:
    if (tree->has_operand) return EAGRE_CANCELLED;
    return eagre_expression_case(arena, arguments, tree->argument_count, tree->has_else, session,
                                 tree->position, out, &evaluation->error);
  case EAGRE_SQL_COLON:
    return eagre_expression_colon(arena, arguments[0], tree->text, tree->position, out,
                                  &evaluation->error);
  case EAGRE_SQL_FIELD:
    return bind_field(evaluation, arguments[0], tree->text, tree->position, out);
  default:
    return EAGRE_CANCELLED;
  }
}

static enum eagre_status bind(struct evaluation *evaluation,
                              const struct eagre_sql_expression *tree,
                              struct eagre_expression **out) {
  if (tree->kind == EAGRE_SQL_LITERAL) {
    EAGRE_TRY(eagre_expression_literal(&evaluation->arena, tree, &evaluation->session, out,
                                       &evaluation->error));
    if (evaluation->has_columns) *out = make_column(evaluation, *out);
    return EAGRE_OK;
  }
  struct eagre_expression **arguments =
      eagre_arena_allocate(&evaluation->arena, tree->argument_count * sizeof *arguments + 1);
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    EAGRE_TRY(bind(evaluation, tree->arguments[i].value, &arguments[i]));
  }
  return bind_call(evaluation, tree, arguments, out);
}

/* ---- Evaluating ---------------------------------------------------------------------------- */

static void start(struct evaluation *evaluation, const struct eagre_zone *zone, bool has_columns) {
  memset(evaluation, 0, sizeof *evaluation);
  evaluation->session.zone = zone;
  evaluation->has_columns = has_columns;
  evaluation->batch = eagre_batch_new();
  eagre_error_init(&evaluation->error);
}

static void finish(struct evaluation *evaluation) {
  eagre_batch_free(evaluation->batch);
  eagre_arena_done(&evaluation->arena);
}

static void check_error(const struct evaluation *evaluation) {
  const struct eagre_error *error = &evaluation->error;
  require(error->status == EAGRE_USAGE || error->status == EAGRE_DATA);
  require(error->class_name[0] != '\0' && error->line >= 1);
  require(error->row < ROWS);
}

/* The value of the first row, which the others equal, as text; or the class of the failure. */
static enum eagre_status run(struct evaluation *evaluation, struct eagre_expression *expression,
                             struct eagre_buffer *out) {
  struct eagre_field fields[COLUMNS_MAX];
  struct eagre_vector result;
  struct eagre_program_context context = {INT64_C(1767323045678901)};
  for (uint32_t i = 0; i < evaluation->column_count; i++) {
    fields[i] = (struct eagre_field){EAGRE_TEXT("c"), evaluation->columns[i].type, true};
  }
  evaluation->batch->columns = evaluation->columns;
  evaluation->batch->column_count = evaluation->column_count;
  evaluation->batch->row_count = ROWS;
  struct eagre_program *program =
      eagre_program_new(eagre_type_struct(&evaluation->arena, fields, evaluation->column_count),
                        &expression, 1, &evaluation->session);
  enum eagre_status status =
      eagre_program_run(program, evaluation->batch, &context, &result, &evaluation->error);
  if (status == EAGRE_OK) {
    struct eagre_buffer last = {0};
    eagre_value_print(&result, eagre_vector_index(&result, 0), evaluation->session.zone, out);
    eagre_value_print(&result, eagre_vector_index(&result, ROWS - 1), evaluation->session.zone,
                      &last);
    require(eagre_text_equal(eagre_buffer_text(out), eagre_buffer_text(&last)));
    eagre_buffer_done(&last);
  } else {
    check_error(evaluation);
    eagre_buffer_append_string(out, evaluation->error.class_name);
  }
  eagre_program_free(program);
  return status;
}

/* CANCELLED: the text is not for this target, or was refused by the binder. */
static enum eagre_status evaluate(struct evaluation *evaluation,
                                  const struct eagre_sql_expression *tree,
                                  struct eagre_buffer *out) {
  struct eagre_expression *expression;
  enum eagre_status status = bind(evaluation, tree, &expression);
  if (status != EAGRE_OK) {
    if (status != EAGRE_CANCELLED) check_error(evaluation);
    return EAGRE_CANCELLED;
  }
  if (!eagre_type_is_supported(eagre_expression_type(expression)->kind)) return EAGRE_CANCELLED;
  eagre_expression_print(expression, NULL, out);
  eagre_buffer_clear(out);
  return run(evaluation, expression, out);
}

static void compare(const struct eagre_sql_expression *tree) {
  struct eagre_zone *zone;
  struct evaluation folded, columns;
  struct eagre_buffer a = {0}, b = {0};
  require(eagre_zone_open(EAGRE_TEXT("Europe/Paris"), &zone, NULL) == EAGRE_OK);
  start(&folded, zone, false);
  start(&columns, zone, true);
  enum eagre_status folded_status = evaluate(&folded, tree, &a);
  enum eagre_status columns_status = evaluate(&columns, tree, &b);
  if (folded_status != EAGRE_CANCELLED && columns_status != EAGRE_CANCELLED) {
    require(folded_status == columns_status);
    require(eagre_text_equal(eagre_buffer_text(&a), eagre_buffer_text(&b)));
  }
  finish(&folded);
  finish(&columns);
  eagre_buffer_done(&a);
  eagre_buffer_done(&b);
  eagre_zone_close(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_arena arena = {0};
  struct eagre_buffer source = {0};
  struct eagre_sql_statement *statement = NULL;
  if (size > TEXT_SIZE_MAX) return 0;
  eagre_buffer_append_string(&source, "SELECT ");
  eagre_buffer_append(&source, data, size);
  enum eagre_status status =
      eagre_sql_parse(&arena, eagre_buffer_text(&source), NULL, 0, &statement, NULL);
  bool is_expression = status == EAGRE_OK && statement != NULL &&
                       statement->kind == EAGRE_SQL_SELECT && statement->query->item_count > 0;
  if (is_expression) compare(statement->query->items[0].expression);
  eagre_buffer_done(&source);
  eagre_arena_done(&arena);
  return 0;
}
