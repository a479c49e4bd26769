/* Streams cannot number rows, but this they can:
 *
 *   SELECT ... FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY ts) AS rn FROM v)
 *   WHERE rn = 1                                              (or rn <= 1, rn < 2, 1 = rn ...)
 *
 * with ts the column that has the WATERMARK: the first row of each key. It becomes a deduplication
 * by k, as deduplicate(v, k): the row that arrives first is kept, and rn is the constant 1. This
 * file finds the pattern in a bound query; what is no deduplication stays an OVER node, which a
 * stream refuses. */
#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64, PROJECT_COUNT_MAX = 16 };

/* FILTER over PROJECTs over OVER. */
struct ranked_rows {
  struct eagre_plan_node *filter;
  struct eagre_plan_node *projects[PROJECT_COUNT_MAX]; /* from above */
  uint32_t project_count;
  struct eagre_plan_node **over; /* the link to the OVER node */
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t conjunct_count;
  uint32_t rank; /* the conjunct that bounds the number */
};

/* ---- The pattern ----------------------------------------------------------------------------- */

static bool find_shape(struct eagre_plan_node *filter, struct ranked_rows *out) {
  *out = (struct ranked_rows){.filter = filter};
  if (filter->kind != EAGRE_PLAN_FILTER) return false;
  out->over = &filter->inputs[0];
  while ((*out->over)->kind == EAGRE_PLAN_PROJECT && out->project_count < PROJECT_COUNT_MAX) {
    out->projects[out->project_count++] = *out->over;
    out->over = &(*out->over)->inputs[0];
  }
  return (*out->over)->kind == EAGRE_PLAN_OVER;
}

/* row_number() over one window, in the order in which event time goes on. */
static bool numbers_by_event_time(const struct eagre_plan_node *over) {
  const struct eagre_over_window *window = &over->windows[0];
  return over->function_count == 1 && window->partition_by_count > 0 &&
         over->functions[0].kind == EAGRE_OVER_ROW_NUMBER && window->is_by_event_time &&
         window->sort_key_count == 1 && !window->sort_keys[0].is_descending;
}

/* The greatest number that rows may have; 0 when the condition does not say. */
static int64_t read_bound(struct plan_binder *binder, const struct eagre_condition *condition) {
  struct eagre_vector value;
  struct eagre_error ignored;
  bool is_whole = condition->constant != NULL &&
                  eagre_expression_type(condition->constant)->kind == EAGRE_TYPE_INT &&
                  eagre_expression_is_constant(condition->constant);
  if (!is_whole) return 0;
  enum eagre_status status = eagre_expression_fold(
      binder->arena, condition->constant, &binder->pipeline->expression_session, &value, &ignored);
  if (status != EAGRE_OK || eagre_vector_is_null(&value, 0)) return 0;
  int64_t number = EAGRE_VALUES(int32_t, &value)[0];
  switch (condition->kind) {
  case EAGRE_CONDITION_EQUAL:
    return number == 1 ? 1 : 0;
  case EAGRE_CONDITION_LESS_OR_EQUAL:
    return number;
  case EAGRE_CONDITION_LESS:
    return number - 1;
  default:
    return 0;
  }
}

/* A conjunct, as a bound of the number that OVER gives. */
static int64_t bound_of(struct plan_binder *binder, const struct ranked_rows *rows,
                        const struct eagre_expression *conjunct) {
  struct eagre_condition condition;
  for (uint32_t i = 0; i < rows->project_count; i++) {
    conjunct = eagre_expression_substitute(binder->arena, conjunct, rows->projects[i]->expressions);
  }
  uint32_t number = eagre_plan_input(*rows->over)->output->field_count;
  bool is_bound =
      eagre_expression_read_condition(conjunct, &condition) && condition.column == number;
  return is_bound ? read_bound(binder, &condition) : 0;
}

static bool keeps_first_rows(struct plan_binder *binder, struct ranked_rows *rows) {
  if (!numbers_by_event_time(*rows->over)) return false;
  rows->conjunct_count =
      eagre_expression_split_and(rows->filter->expressions[0], rows->conjuncts, CONJUNCT_COUNT_MAX);
  for (rows->rank = 0; rows->rank < rows->conjunct_count; rows->rank++) {
    if (bound_of(binder, rows, rows->conjuncts[rows->rank]) == 1) return true;
  }
  return false;
}

/* ---- The deduplication ----------------------------------------------------------------------- */

static struct eagre_plan_node *new_project(struct plan_binder *binder,
                                           struct eagre_plan_node *input, uint32_t count,
                                           struct eagre_sql_position position) {
  struct eagre_plan_node *node = eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, input, position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  node->expression_count = count;
  for (uint32_t i = 0; i < count && i < input->output->field_count; i++) {
    node->expressions[i] =
        eagre_expression_column(binder->arena, i, input->output->fields[i].type, position);
  }
  return node;
}

/* The input of OVER, and behind its columns the partition keys that are none of them: the keys of a
 * DEDUPLICATE are columns. `keys` gets them all. */
static struct eagre_plan_node *add_keys(struct plan_binder *binder,
                                        const struct eagre_plan_node *over,
                                        struct eagre_expression **keys) {
  const struct eagre_over_window *window = &over->windows[0];
  struct eagre_plan_node *input = eagre_plan_input(over);
  uint32_t count = input->output->field_count;
  uint32_t capacity = count + window->partition_by_count;
  struct eagre_plan_node *node = new_project(binder, input, capacity, over->position);
  struct eagre_field *fields = eagre_arena_allocate(binder->arena, sizeof *fields * capacity);
  for (uint32_t i = 0; i < count; i++) {
    fields[i] = input->output->fields[i];
  }
  for (uint32_t i = 0; i < window->partition_by_count; i++) {
    uint32_t column = 0;
    keys[i] = window->partition_by[i];
    if (eagre_expression_is_column(keys[i], &column)) continue;
    const struct eagre_type *type = eagre_expression_type(keys[i]);
    fields[count] =
        (struct eagre_field){eagre_arena_printf(binder->arena, "key%u", i + 1), type, true};
    node->expressions[count] = keys[i];
    keys[i] = eagre_expression_column(binder->arena, count, type, over->position);
    count += 1;
  }
  if (count == input->output->field_count) return input;
  node->expression_count = count;
  node->output = eagre_type_struct(binder->arena, fields, count);
  return node;
}

static struct eagre_plan_node *new_deduplicate(struct plan_binder *binder,
                                               const struct eagre_plan_node *over) {
  const struct eagre_over_window *window = &over->windows[0];
  struct eagre_expression **keys =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (window->partition_by_count + 1));
  struct eagre_plan_node *node = eagre_plan_node_new(binder, EAGRE_PLAN_DEDUPLICATE,
                                                     add_keys(binder, over, keys), over->position);
  node->keys = keys;
  node->key_count = window->partition_by_count;
  node->late_column = over->event_time;
  for (uint32_t i = 0; i < node->key_count; i++) {
    uint32_t column = 0;
    bool is_time =
        eagre_expression_is_column(keys[i], &column) && (int32_t)column == over->event_time;
    if (is_time) node->event_time_key = (int32_t)i;
  }
  return node;
}

static struct eagre_expression *new_one(struct plan_binder *binder,
                                        struct eagre_sql_position position) {
  const struct eagre_sql_expression tree = {.kind = EAGRE_SQL_LITERAL,
                                            .literal = EAGRE_SQL_LITERAL_INTEGER,
                                            .type_kind = EAGRE_TYPE_INT,
                                            .text = EAGRE_TEXT("1"),
                                            .position = position};
  struct eagre_expression *one = NULL;
  struct eagre_error error;
  enum eagre_status status = eagre_expression_literal(
      binder->arena, &tree, &binder->pipeline->expression_session, &one, &error);
  eagre_assert(status == EAGRE_OK);
  return one;
}

/* Instead of OVER: a DEDUPLICATE, and above it 1 in the place of the number. */
static struct eagre_plan_node *replace_over(struct plan_binder *binder,
                                            const struct eagre_plan_node *over) {
  uint32_t count = over->output->field_count;
  struct eagre_plan_node *node =
      new_project(binder, new_deduplicate(binder, over), count, over->position);
  node->expressions[count - 1] = new_one(binder, over->functions[0].position);
  node->output = over->output;
  return node;
}

/* The filter without the bound; its input when nothing else is asked. */
static struct eagre_plan_node *remove_bound(struct plan_binder *binder,
                                            const struct ranked_rows *rows) {
  struct eagre_plan_node *result = eagre_plan_input(rows->filter);
  for (uint32_t i = 0; i < rows->conjunct_count; i++) {
    if (i == rows->rank) continue;
    struct eagre_plan_node *filter =
        eagre_plan_node_new(binder, EAGRE_PLAN_FILTER, result, rows->filter->position);
    filter->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
    filter->expressions[0] = rows->conjuncts[i];
    filter->expression_count = 1;
    result = filter;
  }
  return result;
}

struct eagre_plan_node *eagre_plan_find_ranked(struct plan_binder *binder,
                                               struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (eagre_plan_is_static_input(node, i)) continue;
    node->inputs[i] = eagre_plan_find_ranked(binder, node->inputs[i]);
  }
  struct ranked_rows rows;
  if (!find_shape(node, &rows) || !keeps_first_rows(binder, &rows)) return node;
  *rows.over = replace_over(binder, *rows.over);
  return remove_bound(binder, &rows);
}
