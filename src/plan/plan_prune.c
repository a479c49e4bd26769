/* Columns nobody reads are not computed: an unread item of a PROJECT becomes a constant NULL (so
 * that positions stay), a source gets flags of the columns it must fill, and a from_json fills only
 * the members that are read. */
#include <string.h>

#include "plan/plan_bind.h"

/* What the nodes above read of each column of a node's output. */
struct column_need {
  bool is_needed;
  bool is_whole; /* not only single fields */
  bool *fields;  /* STRUCT columns: fields that are read */
};

static struct column_need *new_needs(struct plan_binder *binder, const struct eagre_type *type) {
  struct column_need *needs =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *needs * (type->field_count + 1));
  for (uint32_t i = 0; i < type->field_count; i++) {
    needs[i].fields =
        eagre_arena_allocate_zeroed(binder->arena, type->fields[i].type->field_count + 1);
  }
  return needs;
}

static void need_everything(struct column_need *needs, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    needs[i].is_needed = true;
    needs[i].is_whole = true;
  }
}

static void need_expression(const struct eagre_expression *expression, struct column_need *needs,
                            uint32_t count) {
  bool *used = eagre_allocate_zeroed(count + 1, sizeof *used);
  eagre_expression_mark_columns(expression, used);
  for (uint32_t i = 0; i < count; i++) {
    if (!used[i]) continue;
    needs[i].is_needed = true;
    if (!eagre_expression_mark_fields(expression, i, needs[i].fields)) needs[i].is_whole = true;
  }
  eagre_free(used);
}

static void pass_need(struct column_need *into, const struct column_need *need,
                      uint32_t field_count) {
  into->is_needed = true;
  into->is_whole = into->is_whole || need->is_whole;
  for (uint32_t i = 0; i < field_count; i++) {
    into->fields[i] = into->fields[i] || need->fields[i];
  }
}

static void copy_needs(struct column_need *into, const struct column_need *needs,
                       const struct eagre_type *type) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (needs[i].is_needed) pass_need(&into[i], &needs[i], type->fields[i].type->field_count);
  }
}

static void prune_project(struct plan_binder *binder, struct eagre_plan_node *node,
                          const struct column_need *needs, struct column_need *below) {
  uint32_t below_count = eagre_plan_input(node)->output->field_count;
  for (uint32_t i = 0; i < node->expression_count; i++) {
    const struct eagre_type *type = eagre_expression_type(node->expressions[i]);
    uint32_t column = 0;
    if (!needs[i].is_needed) {
      node->expressions[i] = eagre_plan_null(binder, type);
    } else if (eagre_expression_is_column(node->expressions[i], &column)) {
      pass_need(&below[column], &needs[i], type->field_count);
    } else {
      if (!needs[i].is_whole) {
        node->expressions[i] =
            eagre_expression_prune_json(binder->arena, node->expressions[i], needs[i].fields);
      }
      need_expression(node->expressions[i], below, below_count);
    }
  }
}

static void prune(struct plan_binder *binder, struct eagre_plan_node *node,
                  struct column_need *needs);

static const bool *flags_of(struct plan_binder *binder, const struct column_need *needs,
                            uint32_t count) {
  bool *flags = eagre_arena_allocate_zeroed(binder->arena, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    flags[i] = needs[i].is_needed;
  }
  return flags;
}

/* What a JOIN needs of one of its inputs: what is read of its columns above, in the condition and
 * in the keys. `all` are the needs of the left columns, then the right ones. */
static void prune_join_input(struct plan_binder *binder, struct eagre_plan_node *join,
                             uint32_t side, const struct column_need *all) {
  const struct eagre_type *type = join->inputs[side]->output;
  struct eagre_expression **keys = side == 0 ? join->left_keys : join->right_keys;
  struct column_need *below = new_needs(binder, type);
  copy_needs(below, all + (side == 0 ? 0 : eagre_plan_join_left_count(join)), type);
  join->join_sides[side].is_wanted = flags_of(binder, below, type->field_count);
  for (uint32_t i = 0; i < join->join_key_count; i++) {
    need_expression(keys[i], below, type->field_count);
  }
  join->join_sides[side].is_read = flags_of(binder, below, type->field_count);
  prune(binder, join->inputs[side], below);
}

static void prune_join(struct plan_binder *binder, struct eagre_plan_node *join,
                       const struct column_need *needs) {
  const struct eagre_type *columns = eagre_plan_join_columns(join, binder->arena);
  struct column_need *all = new_needs(binder, columns);
  bool has_mark = join->join_kind == EAGRE_JOIN_LEFT_MARK;
  copy_needs(all, needs, has_mark ? join->inputs[0]->output : join->output);
  if (join->expression_count > 0) need_expression(join->expressions[0], all, columns->field_count);
  prune_join_input(binder, join, 0, all);
  prune_join_input(binder, join, 1, all);
  if (join->static_input < 0) eagre_plan_join_derive(join, binder->arena);
}

/* As in Spark, rows are late only where the event time is not pruned: when it is a key, or when
 * something above reads it. */
static void prune_deduplicate(struct eagre_plan_node *node, struct column_need *below,
                              uint32_t input_count) {
  for (uint32_t i = 0; i < node->key_count; i++) {
    need_expression(node->keys[i], below, input_count);
  }
  if (node->late_column < 0) return;
  if (node->is_within_watermark) {
    below[node->late_column].is_needed = true;
    below[node->late_column].is_whole = true;
  } else if (!below[node->late_column].is_needed) {
    node->late_column = -1;
  }
}

static void need_function(const struct eagre_over_function *function, struct column_need *below,
                          uint32_t count) {
  const struct eagre_expression *const read[] = {function->argument, function->fallback,
                                                 function->lower.limit, function->upper.limit};
  for (size_t i = 0; i < EAGRE_COUNT_OF(read); i++) {
    if (read[i] != NULL) need_expression(read[i], below, count);
  }
}

static void prune_over(const struct eagre_plan_node *node, struct column_need *below,
                       uint32_t count) {
  for (uint32_t i = 0; i < node->window_count; i++) {
    const struct eagre_over_window *window = &node->windows[i];
    for (uint32_t j = 0; j < window->partition_by_count; j++) {
      need_expression(window->partition_by[j], below, count);
    }
    for (uint32_t j = 0; j < window->sort_key_count; j++) {
      need_expression(window->sort_keys[j].expression, below, count);
    }
  }
  for (uint32_t i = 0; i < node->function_count; i++) {
    need_function(&node->functions[i], below, count);
  }
}

static void prune(struct plan_binder *binder, struct eagre_plan_node *node,
                  struct column_need *needs) {
  uint32_t count = node->output->field_count;
  if (node->kind == EAGRE_PLAN_SOURCE) {
    bool *wanted = eagre_arena_allocate_zeroed(binder->arena, count + 1);
    for (uint32_t i = 0; i < count; i++) {
      wanted[i] = needs[i].is_needed;
    }
    node->source->wanted = wanted;
    return;
  }
  if (node->kind == EAGRE_PLAN_UNION) {
    for (uint32_t i = 0; i < node->input_count; i++) {
      struct column_need *each = new_needs(binder, node->output);
      copy_needs(each, needs, node->output);
      prune(binder, node->inputs[i], each);
    }
  }
  if (node->kind == EAGRE_PLAN_JOIN) prune_join(binder, node, needs);
  if (node->input_count != 1) return;
  const struct eagre_type *input = eagre_plan_input(node)->output;
  struct column_need *below = new_needs(binder, input);
  switch (node->kind) {
  case EAGRE_PLAN_PROJECT:
    prune_project(binder, node, needs, below);
    break;
  case EAGRE_PLAN_AGGREGATE:
    for (uint32_t i = 0; i < node->key_count; i++) {
      need_expression(node->keys[i], below, input->field_count);
    }
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
      if (node->arguments[i] != NULL)
        need_expression(node->arguments[i], below, input->field_count);
    }
    break;
  default: /* rows keep their columns; WINDOW and OVER add some behind */
    for (uint32_t i = 0; i < input->field_count; i++) {
      if (needs[i].is_needed) pass_need(&below[i], &needs[i], input->fields[i].type->field_count);
    }
    for (uint32_t i = 0; i < node->expression_count; i++) {
      need_expression(node->expressions[i], below, input->field_count);
    }
    for (uint32_t i = 0; i < node->sort_key_count; i++) {
      need_expression(node->sort_keys[i].expression, below, input->field_count);
    }
    if (node->kind == EAGRE_PLAN_OVER) prune_over(node, below, input->field_count);
    for (uint32_t i = 0; i < node->key_count && node->kind == EAGRE_PLAN_TOP; i++) {
      need_expression(node->keys[i], below, input->field_count);
    }
    if (node->kind == EAGRE_PLAN_DEDUPLICATE) prune_deduplicate(node, below, input->field_count);
    if (node->kind == EAGRE_PLAN_WATERMARK) {
      below[node->event_time_column].is_needed = true;
      below[node->event_time_column].is_whole = true;
    }
    break;
  }
  prune(binder, eagre_plan_input(node), below);
}

void eagre_plan_prune_columns(struct plan_binder *binder, struct eagre_plan_node *node) {
  struct column_need *needs = new_needs(binder, node->output);
  need_everything(needs, node->output->field_count);
  prune(binder, node, needs);
}
