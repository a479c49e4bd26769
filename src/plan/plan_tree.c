/* A bound query as a tree: its nodes in data order, its stateful nodes, its stages (plan.h). */
#include <string.h>

#include "plan/plan_bind.h"

bool eagre_plan_is_stateful(const struct eagre_plan_node *node) {
  bool is_join_of_streams = node->kind == EAGRE_PLAN_JOIN && node->static_input < 0;
  return node->kind == EAGRE_PLAN_AGGREGATE || node->kind == EAGRE_PLAN_DEDUPLICATE ||
         node->kind == EAGRE_PLAN_TOP || is_join_of_streams;
}

bool eagre_plan_moves_rows(const struct eagre_plan_node *node) {
  return eagre_plan_is_stateful(node) && node->kind != EAGRE_PLAN_AGGREGATE;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static uint32_t count_nodes(const struct eagre_plan_node *node) {
  uint32_t count = 1;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!eagre_plan_is_static_input(node, i)) count += count_nodes(node->inputs[i]);
  }
  return count;
}

/* Which rows a join keeps: their keys and columns with types, and what makes them leave. */
static void print_join_state(const struct eagre_plan_node *join, struct eagre_buffer *text) {
  eagre_buffer_printf(text, "join %d %d|", (int)join->join_kind, join->time_key);
  for (uint32_t i = 0; i < join->join_key_count; i++) {
    eagre_type_print(text, eagre_expression_type(join->left_keys[i]));
    eagre_buffer_append_char(text, ';');
  }
  for (uint32_t side = 0; side < 2; side++) {
    const struct eagre_type *columns = join->inputs[side]->output;
    eagre_buffer_printf(text, "|%d|", join->join_sides[side].event_time);
    for (uint32_t i = 0; i < columns->field_count; i++) {
      if (join->join_sides[side].is_wanted[i]) eagre_type_print(text, columns->fields[i].type);
      eagre_buffer_append_char(text, ';');
    }
  }
}

/* Which rows a TOP keeps, and in which order. */
static void print_top_state(const struct eagre_plan_node *top, struct eagre_buffer *text) {
  eagre_buffer_printf(text, "top %lld|", (long long)top->limit);
  eagre_type_print(text, eagre_plan_input(top)->output);
  for (uint32_t i = 0; i < top->sort_key_count; i++) {
    const struct eagre_plan_sort_key *key = &top->sort_keys[i];
    eagre_buffer_printf(text, "|%d %d ", key->is_descending, key->nulls_first);
    eagre_type_print(text, eagre_expression_type(key->expression));
  }
}

/* Keys and aggregates with their types: what the state means. */
static uint64_t fingerprint_of(const struct eagre_plan_node *aggregate) {
  struct eagre_buffer text = {0};
  if (aggregate->kind == EAGRE_PLAN_JOIN) print_join_state(aggregate, &text);
  if (aggregate->kind == EAGRE_PLAN_TOP) print_top_state(aggregate, &text);
  for (uint32_t i = 0; i < aggregate->key_count; i++) {
    eagre_type_print(&text, eagre_expression_type(aggregate->keys[i]));
    eagre_buffer_append_char(&text, ';');
  }
  eagre_buffer_append_char(&text, '|');
  for (uint32_t i = 0; i < aggregate->aggregate_count; i++) {
    eagre_buffer_printf(&text, "%s(", aggregate->aggregates[i].info->name);
    if (aggregate->aggregates[i].argument_type != NULL) {
      eagre_type_print(&text, aggregate->aggregates[i].argument_type);
    }
    if (aggregate->aggregates[i].constants.size > 0) {
      eagre_buffer_append_char(&text, ',');
      eagre_buffer_append_text(&text, aggregate->aggregates[i].constants);
    }
    eagre_buffer_append_string(&text, ");");
  }
  eagre_buffer_printf(&text, "|%d|%d|%lld", aggregate->event_time_key, aggregate->pane_key,
                      (long long)aggregate->pane_duration_us);
  if (aggregate->session_key >= 0)
    eagre_buffer_printf(&text, "|session %d", aggregate->session_key);
  if (aggregate->kind == EAGRE_PLAN_DEDUPLICATE)
    eagre_buffer_printf(&text, "|deduplicate %d", aggregate->is_within_watermark);
  if (aggregate->takes_changes || aggregate->gives_changes)
    eagre_buffer_printf(&text, "|changes %d %d", aggregate->takes_changes,
                        aggregate->gives_changes);
  uint64_t hash = eagre_hash_bytes(text.data, text.size, 1);
  eagre_buffer_done(&text);
  return hash;
}

static void list_nodes(struct eagre_arena *arena, struct eagre_plan_tree *tree,
                       struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (eagre_plan_is_static_input(node, i)) {
      node->static_number = tree->static_count++;
      struct eagre_plan_static *each = &tree->statics[node->static_number];
      each->join = node;
      eagre_plan_tree_init(arena, node->inputs[i], &each->tree);
    } else {
      list_nodes(arena, tree, node->inputs[i]);
    }
  }
  tree->nodes[tree->node_count++] = node;
  if (!eagre_plan_is_stateful(node)) return;
  node->stateful_number = tree->stateful_count;
  tree->stateful[tree->stateful_count++] = node;
  tree->moves_rows |= eagre_plan_moves_rows(node);
}

/* ---- Stages ---------------------------------------------------------------------------------- */

/* The input whose rows run through the node. */
static struct eagre_plan_node *running_input(const struct eagre_plan_node *node) {
  bool is_join = node->kind == EAGRE_PLAN_JOIN;
  return is_join ? node->inputs[1 - node->static_input] : eagre_plan_input(node);
}

static bool starts_stage(const struct eagre_plan_node *node) {
  bool has_table = node->kind == EAGRE_PLAN_JOIN && node->static_input >= 0;
  return !has_table && (node->input_count != 1 || eagre_plan_is_stateful(node));
}

/* The stage that ends with `last`, and before it the stages that feed it. Returns its index. */
static uint32_t add_stage(struct eagre_arena *arena, struct eagre_plan_tree *tree,
                          struct eagre_plan_node *last) {
  struct eagre_plan_stage stage = {.start = last, .target = -1};
  while (!starts_stage(stage.start)) {
    stage.start = running_input(stage.start);
    stage.node_count++;
  }
  stage.nodes = eagre_arena_allocate(arena, sizeof(void *) * (stage.node_count + 1));
  struct eagre_plan_node *node = last;
  for (uint32_t i = stage.node_count; i-- > 0; node = running_input(node)) {
    stage.nodes[i] = node;
  }
  uint32_t feeders[EAGRE_PLAN_INPUTS_MAX];
  for (uint32_t i = 0; i < stage.start->input_count; i++) {
    feeders[i] = add_stage(arena, tree, stage.start->inputs[i]);
    uint32_t level = tree->stages[feeders[i]].level + eagre_plan_is_stateful(stage.start);
    if (level > stage.level) stage.level = level;
  }
  uint32_t index = tree->stage_count++;
  for (uint32_t i = 0; i < stage.start->input_count; i++) {
    tree->stages[feeders[i]].target = (int32_t)index;
    tree->stages[feeders[i]].side = i;
  }
  tree->stages[index] = stage;
  if (stage.start->source != NULL) stage.start->source->stage = index;
  if (stage.level >= tree->level_count) tree->level_count = stage.level + 1;
  return index;
}

void eagre_plan_tree_init(struct eagre_arena *arena, struct eagre_plan_node *root,
                          struct eagre_plan_tree *out) {
  uint32_t count = count_nodes(root);
  *out = (struct eagre_plan_tree){
      .root = root,
      .nodes = eagre_arena_allocate(arena, sizeof(void *) * count),
      .stages = eagre_arena_allocate(arena, sizeof *out->stages * count),
      .stateful = eagre_arena_allocate(arena, sizeof(void *) * count),
      .statics = eagre_arena_allocate_zeroed(arena, sizeof *out->statics * count),
  };
  list_nodes(arena, out, root);
  for (uint32_t i = 0; i < out->stateful_count; i++) {
    out->fingerprint ^= eagre_hash_integer(fingerprint_of(out->stateful[i]), i);
  }
  add_stage(arena, out, root);
}
