/* SHOW FUNCTIONS and DESCRIBE FUNCTION: rows made of the one function table. */
#include "plan/plan_bind.h"

/* ---- Patterns -------------------------------------------------------------------------------- */

static char lower(char character) {
  return character >= 'A' && character <= 'Z' ? (char)(character + 32) : character;
}

/* `*` stands for any characters; the case of letters is ignored. */
static bool matches_part(struct eagre_text name, struct eagre_text pattern) {
  size_t at = 0, in_pattern = 0;
  size_t star = SIZE_MAX, behind_star = 0; /* where to go on when the rest does not match */
  while (at < name.size) {
    bool is_star = in_pattern < pattern.size && pattern.data[in_pattern] == '*';
    if (is_star) {
      star = in_pattern++;
      behind_star = at;
    } else if (in_pattern < pattern.size &&
               lower(pattern.data[in_pattern]) == lower(name.data[at])) {
      in_pattern++;
      at++;
    } else if (star != SIZE_MAX) {
      in_pattern = star + 1;
      at = ++behind_star;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size && pattern.data[in_pattern] == '*') {
    in_pattern++;
  }
  return in_pattern == pattern.size;
}

/* One of the parts between `|`. */
static bool matches(struct eagre_text name, struct eagre_text pattern) {
  for (size_t begin = 0; begin <= pattern.size;) {
    size_t end = begin;
    while (end < pattern.size && pattern.data[end] != '|') {
      end++;
    }
    struct eagre_text part = eagre_text_make(pattern.data + begin, end - begin);
    if (matches_part(name, eagre_text_trim(part))) return true;
    begin = end + 1;
  }
  return false;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* One STRING column of constant rows. */
struct rows {
  struct plan_binder *binder;
  const struct eagre_sql_relation *tree;
  struct eagre_expression **cells;
  uint32_t count;
};

static enum eagre_status add_row(struct rows *rows, struct eagre_text text,
                                 struct eagre_error *error) {
  struct plan_binder *binder = rows->binder;
  const struct eagre_sql_expression literal = {
      .kind = EAGRE_SQL_LITERAL,
      .literal = EAGRE_SQL_LITERAL_STRING,
      .type_kind = EAGRE_TYPE_STRING,
      .text = text,
      .position = rows->tree->position,
  };
  return eagre_expression_literal(binder->arena, &literal, &binder->pipeline->expression_session,
                                  &rows->cells[rows->count++], error);
}

static void end_rows(const struct rows *rows, const char *column, struct plan_relation *out) {
  struct plan_binder *binder = rows->binder;
  out->columns = eagre_arena_allocate_zeroed(binder->arena, sizeof *out->columns);
  out->column_count = 1;
  out->columns[0].name = eagre_text_of(column);
  out->columns[0].type = eagre_type_of(EAGRE_TYPE_STRING);
  out->node = eagre_plan_node_new(binder, EAGRE_PLAN_VALUES, NULL, rows->tree->position);
  out->node->expressions = rows->cells;
  out->node->expression_count = rows->count;
  out->node->value_row_count = rows->count;
  eagre_plan_relation_seal(binder, out);
}

static enum eagre_status bind_show(struct plan_binder *binder,
                                   const struct eagre_sql_relation *tree, struct plan_relation *out,
                                   struct eagre_error *error) {
  uint32_t count;
  const struct eagre_function_info *functions = eagre_function_list(&count);
  struct eagre_text pattern =
      tree->argument_count > 0 ? tree->arguments[0].value->text : EAGRE_TEXT("*");
  struct rows rows = {binder, tree, NULL, 0};
  rows.cells = eagre_arena_allocate_zeroed(binder->arena, sizeof(void *) * (count + 1));
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text name = eagre_text_of(functions[i].name);
    if (matches(name, pattern)) EAGRE_TRY(add_row(&rows, name, error));
  }
  end_rows(&rows, "function", out);
  return EAGRE_OK;
}

static const struct eagre_function_info *find_function(struct eagre_text name) {
  uint32_t count;
  const struct eagre_function_info *functions = eagre_function_list(&count);
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_text_equal_ignoring_case(name, eagre_text_of(functions[i].name))) {
      return &functions[i];
    }
  }
  return NULL;
}

static enum eagre_status bind_describe(struct plan_binder *binder,
                                       const struct eagre_sql_relation *tree,
                                       struct plan_relation *out, struct eagre_error *error) {
  const struct eagre_sql_expression *name = tree->arguments[0].value;
  const struct eagre_function_info *function = find_function(name->text);
  if (function == NULL) {
    /* The refusal of a call tells the nearest name. */
    struct eagre_expression *call = NULL;
    enum eagre_status status =
        eagre_expression_call(binder->arena, name->text, NULL, 0,
                              &binder->pipeline->expression_session, name->position, &call, error);
    eagre_assert(status != EAGRE_OK);
    return status;
  }
  enum { ROWS_MAX = 3 };
  struct rows rows = {binder, tree, NULL, 0};
  rows.cells = eagre_arena_allocate_zeroed(binder->arena, sizeof(void *) * ROWS_MAX);
  EAGRE_TRY(
      add_row(&rows, eagre_arena_printf(binder->arena, "Function: %s", function->name), error));
  EAGRE_TRY(add_row(
      &rows, eagre_arena_printf(binder->arena, "Usage: %s - %s", function->usage, function->text),
      error));
  if (tree->argument_count > 1) {
    EAGRE_TRY(
        add_row(&rows, eagre_arena_printf(binder->arena, "Group: %s", function->group), error));
  }
  end_rows(&rows, "function_desc", out);
  return EAGRE_OK;
}

enum eagre_status eagre_plan_bind_functions(struct plan_binder *binder,
                                            const struct eagre_sql_relation *tree,
                                            struct plan_relation *out, bool *out_is_known,
                                            struct eagre_error *error) {
  struct eagre_text name = tree->name.parts[0];
  bool is_show = eagre_text_equal_string(name, "show functions") && tree->argument_count <= 1;
  bool is_describe = eagre_text_equal_string(name, "describe function") && tree->argument_count > 0;
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    const struct eagre_sql_expression *value = tree->arguments[i].value;
    bool is_text = value->kind == EAGRE_SQL_LITERAL && value->literal == EAGRE_SQL_LITERAL_STRING;
    is_show = is_show && is_text;
    is_describe = is_describe && is_text;
  }
  *out_is_known = is_show || is_describe;
  if (is_show) return bind_show(binder, tree, out, error);
  return is_describe ? bind_describe(binder, tree, out, error) : EAGRE_OK;
}
