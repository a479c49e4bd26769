/* Names: relations, their columns, and how `a.b.c` finds one (spark-semantics 10: identifiers
 * ignore case; a qualifier wins over a struct column of the same name). */
#include <stdarg.h>
#include <string.h>

#include "plan/plan_bind.h"

enum { SUGGESTION_COUNT_MAX = 5 };

enum eagre_status eagre_plan_fail(struct eagre_error *error, struct eagre_sql_position position,
                                  const char *class_name, const char *format, ...) {
  struct eagre_buffer text = {0};
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(&text, format, arguments);
  va_end(arguments);
  eagre_error_set(error, EAGRE_USAGE, class_name, "%s", eagre_buffer_string(&text));
  eagre_buffer_done(&text);
  eagre_sql_place_error(position, error);
  return EAGRE_USAGE;
}

struct eagre_plan_node *eagre_plan_node_new(struct plan_binder *binder, enum eagre_plan_kind kind,
                                            struct eagre_plan_node *input,
                                            struct eagre_sql_position position) {
  struct eagre_plan_node *node = eagre_arena_allocate_zeroed(binder->arena, sizeof *node);
  node->kind = kind;
  if (input != NULL) {
    node->inputs = eagre_arena_allocate(binder->arena, sizeof(void *));
    node->inputs[0] = input;
    node->input_count = 1;
  }
  node->position = position;
  node->event_time_key = -1;
  node->pane_key = -1;
  node->session_key = -1;
  node->late_column = -1;
  node->limit = -1;
  node->static_input = -1;
  node->time_key = -1;
  node->event_time = -1;
  if (input != NULL) node->output = input->output;
  return node;
}

void eagre_plan_relation_seal(struct plan_binder *binder, struct plan_relation *relation) {
  struct eagre_field *fields =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *fields * (relation->column_count + 1));
  for (uint32_t i = 0; i < relation->column_count; i++) {
    fields[i].name = relation->columns[i].name;
    fields[i].type = relation->columns[i].type;
    fields[i].nullable = true;
  }
  relation->node->output = eagre_type_struct(binder->arena, fields, relation->column_count);
}

bool eagre_plan_is_event_time(const struct plan_relation *relation,
                              const struct eagre_expression *expression) {
  uint32_t column = 0;
  bool is_carried = eagre_expression_is_column(expression, &column) ||
                    eagre_expression_is_window_time(expression, &column);
  return is_carried && column < relation->column_count && relation->columns[column].is_event_time;
}

struct eagre_expression *eagre_plan_column_reference(struct plan_binder *binder,
                                                     const struct plan_relation *relation,
                                                     uint32_t index,
                                                     struct eagre_sql_position position) {
  return eagre_expression_column(binder->arena, index, relation->columns[index].type, position);
}

static enum eagre_status fail_no_field(struct eagre_text field, const struct eagre_type *type,
                                       struct eagre_sql_position position,
                                       struct eagre_error *error) {
  struct eagre_buffer names = {0};
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (i > 0) eagre_buffer_append_string(&names, ", ");
    eagre_buffer_printf(&names, "`%.*s`", (int)type->fields[i].name.size,
                        type->fields[i].name.data);
  }
  eagre_plan_fail(error, position, "FIELD_NOT_FOUND", "No such struct field `%.*s` in %s.",
                  (int)field.size, field.data, eagre_buffer_string(&names));
  eagre_buffer_done(&names);
  return EAGRE_USAGE;
}

enum eagre_status eagre_plan_resolve_field(struct plan_binder *binder,
                                           struct eagre_expression *value, struct eagre_text field,
                                           struct eagre_sql_position position,
                                           struct eagre_expression **out,
                                           struct eagre_error *error) {
  const struct eagre_type *type = eagre_expression_type(value);
  bool is_array = type->kind == EAGRE_TYPE_ARRAY && type->fields[0].type->kind == EAGRE_TYPE_STRUCT;
  if (eagre_type_is_list(type->kind) && !is_array) {
    struct eagre_sql_expression key = {.kind = EAGRE_SQL_LITERAL,
                                       .literal = EAGRE_SQL_LITERAL_STRING,
                                       .text = field,
                                       .position = position};
    struct eagre_expression *place = NULL;
    const struct eagre_expression_session *session = &binder->pipeline->expression_session;
    EAGRE_TRY(eagre_expression_literal(binder->arena, &key, session, &place, error));
    return eagre_expression_subscript(binder->arena, value, place, session, position, out, error);
  }
  if (is_array) type = type->fields[0].type;
  if (type->kind != EAGRE_TYPE_STRUCT) {
    struct eagre_buffer printed = {0};
    eagre_type_print(&printed, type);
    eagre_plan_fail(
        error, position, "INVALID_EXTRACT_BASE_FIELD_TYPE",
        "Can't extract a value from a value of type \"%s\". Need a complex type [STRUCT, "
        "ARRAY, MAP].",
        eagre_buffer_string(&printed));
    eagre_buffer_done(&printed);
    return EAGRE_USAGE;
  }
  int index = eagre_type_find_field(type, field, true);
  if (index == -2) {
    return eagre_plan_fail(
        error, position, "AMBIGUOUS_REFERENCE_TO_FIELDS",
        "Ambiguous reference to the field `%.*s`. It appears more than once in the "
        "schema.",
        (int)field.size, field.data);
  }
  if (index < 0) return fail_no_field(field, type, position, error);
  *out = is_array ? eagre_expression_array_field(binder->arena, value, (uint32_t)index, position)
                  : eagre_expression_field(binder->arena, value, (uint32_t)index, position);
  return EAGRE_OK;
}

/* Whether the first `used` parts of `name` are the column: its name, or qualifier and name. */
static bool is_called(const struct plan_column *column, const struct eagre_sql_name *name,
                      uint32_t used) {
  if (!eagre_text_equal_ignoring_case(column->name, name->parts[used - 1])) return false;
  if (used == 1) return !column->is_hidden;
  return eagre_text_equal_ignoring_case(column->qualifier, name->parts[0]);
}

/* Index of the column that `name` begins with; *out_used = how many parts it took. -1 none, -2
 * more than one. */
static int find_column_between(const struct plan_relation *relation, uint32_t begin, uint32_t end,
                               const struct eagre_sql_name *name, uint32_t *out_used) {
  for (uint32_t used = name->part_count >= 2 ? 2 : 1; used >= 1; used--) {
    int found = -1;
    for (uint32_t i = begin; i < end; i++) {
      if (!is_called(&relation->columns[i], name, used)) continue;
      if (found >= 0) return -2;
      found = (int)i;
    }
    if (found >= 0) {
      *out_used = used;
      return found;
    }
  }
  return -1;
}

/* Columns of a subquery are found before those around it. */
static int find_column(const struct plan_scope *scope, const struct eagre_sql_name *name,
                       uint32_t *out_used) {
  const struct plan_relation *relation = scope->relation;
  int found =
      find_column_between(relation, scope->inner_begin, relation->column_count, name, out_used);
  if (found != -1 || scope->inner_begin == 0) return found;
  return find_column_between(relation, 0, scope->inner_begin, name, out_used);
}

static void print_name(const struct eagre_sql_name *name, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < name->part_count; i++) {
    eagre_buffer_printf(out, "%s`%.*s`", i == 0 ? "" : ".", (int)name->parts[i].size,
                        name->parts[i].data);
  }
}

static void print_column(const struct plan_column *column, struct eagre_buffer *out) {
  if (column->qualifier.size > 0) {
    eagre_buffer_printf(out, "`%.*s`.", (int)column->qualifier.size, column->qualifier.data);
  }
  eagre_buffer_printf(out, "`%.*s`", (int)column->name.size, column->name.data);
}

/* Lists columns, the nearest spelling first, as Spark does. */
static void print_suggestions(const struct plan_relation *relation, struct eagre_text wanted,
                              struct eagre_buffer *out) {
  const char **names = eagre_allocate(sizeof *names * (relation->column_count + 1));
  uint32_t count = 0;
  for (uint32_t i = 0; i < relation->column_count; i++) {
    if (relation->columns[i].is_hidden) continue;
    names[count++] = eagre_text_duplicate(relation->columns[i].name);
  }
  const char *nearest = eagre_text_nearest(wanted, names, count);
  if (nearest != NULL) eagre_buffer_printf(out, "`%s`", nearest);
  uint32_t shown = nearest != NULL;
  for (uint32_t i = 0; i < count && shown < SUGGESTION_COUNT_MAX; i++) {
    if (nearest != NULL && strcmp(names[i], nearest) == 0) continue;
    eagre_buffer_printf(out, "%s`%s`", shown == 0 ? "" : ", ", names[i]);
    shown += 1;
  }
  for (uint32_t i = 0; i < count; i++) {
    eagre_free((void *)names[i]);
  }
  eagre_free(names);
}

static enum eagre_status fail_unresolved(const struct plan_relation *relation,
                                         const struct eagre_sql_name *name,
                                         struct eagre_error *error) {
  struct eagre_buffer printed = {0};
  struct eagre_buffer suggestions = {0};
  print_name(name, &printed);
  if (relation->column_count == 0) {
    eagre_plan_fail(error, name->position, "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
                    "A column, variable, or function parameter with name %s cannot be resolved.",
                    eagre_buffer_string(&printed));
  } else {
    print_suggestions(relation, name->parts[name->part_count - 1], &suggestions);
    eagre_plan_fail(
        error, name->position, "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        "A column, variable, or function parameter with name %s cannot be resolved. Did you "
        "mean one of the following? [%s].",
        eagre_buffer_string(&printed), eagre_buffer_string(&suggestions));
  }
  eagre_buffer_done(&printed);
  eagre_buffer_done(&suggestions);
  return EAGRE_USAGE;
}

/* Lists the columns that `name` begins with. */
static void print_candidates(const struct plan_relation *relation,
                             const struct eagre_sql_name *name, struct eagre_buffer *out) {
  for (uint32_t used = name->part_count >= 2 ? 2 : 1; used >= 1 && out->size == 0; used--) {
    for (uint32_t i = 0; i < relation->column_count; i++) {
      const struct plan_column *column = &relation->columns[i];
      if (!is_called(column, name, used)) continue;
      if (out->size > 0) eagre_buffer_append_string(out, ", ");
      print_column(column, out);
    }
  }
}

static enum eagre_status fail_ambiguous(const struct plan_relation *relation,
                                        const struct eagre_sql_name *name,
                                        struct eagre_error *error) {
  struct eagre_buffer printed = {0};
  struct eagre_buffer candidates = {0};
  print_name(name, &printed);
  print_candidates(relation, name, &candidates);
  if (candidates.size == 0) print_name(name, &candidates); /* items of the SELECT list */
  eagre_plan_fail(error, name->position, "AMBIGUOUS_REFERENCE",
                  "Reference %s is ambiguous, could be: [%s].", eagre_buffer_string(&printed),
                  eagre_buffer_string(&candidates));
  eagre_buffer_done(&printed);
  eagre_buffer_done(&candidates);
  return EAGRE_USAGE;
}

/* The item of the SELECT list with that name; *out NULL when there is none. Two items that mean the
 * same are one. */
static enum eagre_status find_alias(const struct plan_scope *scope,
                                    const struct eagre_sql_name *name,
                                    struct eagre_expression **out, struct eagre_error *error) {
  const struct plan_aliases *aliases = scope->aliases;
  *out = NULL;
  for (uint32_t i = 0; aliases != NULL && i < aliases->count; i++) {
    if (!eagre_text_equal_ignoring_case(aliases->names[i], name->parts[0])) continue;
    if (*out == NULL) {
      *out = aliases->expressions[i];
    } else if (!eagre_expression_equal(*out, aliases->expressions[i])) {
      if (aliases->rank != PLAN_ALIAS_LATERAL) return fail_ambiguous(scope->relation, name, error);
      return eagre_plan_fail(error, name->position, "AMBIGUOUS_LATERAL_COLUMN_ALIAS",
                             "Lateral column alias `%.*s` is ambiguous: more than one item of the "
                             "SELECT list has this name.",
                             (int)name->parts[0].size, name->parts[0].data);
    }
  }
  return EAGRE_OK;
}

static enum eagre_status resolve_fields(struct plan_binder *binder,
                                        const struct eagre_sql_name *name, uint32_t from_part,
                                        struct eagre_expression *value,
                                        struct eagre_expression **out, struct eagre_error *error) {
  for (uint32_t i = from_part; i < name->part_count; i++) {
    EAGRE_TRY(
        eagre_plan_resolve_field(binder, value, name->parts[i], name->position, &value, error));
  }
  *out = value;
  return EAGRE_OK;
}

enum eagre_status eagre_plan_resolve_alias(struct plan_binder *binder,
                                           const struct plan_scope *scope,
                                           const struct eagre_sql_name *name,
                                           struct eagre_expression **out,
                                           struct eagre_error *error) {
  EAGRE_TRY(find_alias(scope, name, out, error));
  if (*out == NULL) return EAGRE_OK;
  return resolve_fields(binder, name, 1, *out, out, error);
}

enum eagre_status eagre_plan_resolve_name(struct plan_binder *binder,
                                          const struct plan_scope *scope,
                                          const struct eagre_sql_name *name,
                                          struct eagre_expression **out,
                                          struct eagre_error *error) {
  uint32_t used = 0;
  bool list_wins = scope->aliases != NULL && scope->aliases->rank != PLAN_ALIAS_LATERAL;
  if (list_wins && name->part_count == 1) {
    EAGRE_TRY(eagre_plan_resolve_alias(binder, scope, name, out, error));
    if (*out != NULL) return EAGRE_OK;
  }
  int index = find_column(scope, name, &used);
  if (index == -2) return fail_ambiguous(scope->relation, name, error);
  if (index >= 0) {
    struct eagre_expression *column =
        eagre_plan_column_reference(binder, scope->relation, (uint32_t)index, name->position);
    return resolve_fields(binder, name, used, column, out, error);
  }
  EAGRE_TRY(eagre_plan_resolve_alias(binder, scope, name, out, error));
  return *out != NULL ? EAGRE_OK : fail_unresolved(scope->relation, name, error);
}
