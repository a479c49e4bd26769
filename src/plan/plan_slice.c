/* Sliding windows over shared slices.
 *
 * A row of a window of an hour that slides by a minute is in sixty windows. Where nothing but the
 * key of an aggregation reads the window, the row is folded once, into the slice of time that it
 * is in (eagre_expression_slice), and the accumulators of a slice are merged into the sixty windows
 * when the epoch ends (operator_final.c): what a row costs does not depend on the slide. The state
 * holds windows, as without slices.
 *
 * Not for aggregates that ask for the order of rows, as slices are merged in the order of time, nor
 * for changes, whose groups remember what they gave. */
#include "plan/plan_bind.h"

static bool reads_column(const struct eagre_expression *expression, uint32_t column,
                         uint32_t column_count) {
  if (expression == NULL) return false;
  bool *used = eagre_allocate_zeroed(column_count, sizeof *used);
  eagre_expression_mark_columns(expression, used);
  bool is_read = used[column];
  eagre_free(used);
  return is_read;
}

/* Whether the pane's key is the window itself, which nothing else of the aggregation reads. */
static bool is_window_key_only(const struct eagre_plan_node *aggregate, uint32_t window_column) {
  uint32_t column_count = window_column + 1;
  uint32_t pane_column;
  if (!eagre_expression_is_column(aggregate->keys[aggregate->pane_key], &pane_column)) return false;
  if (pane_column != window_column) return false;
  for (uint32_t i = 0; i < aggregate->key_count; i++) {
    bool is_pane = (int32_t)i == aggregate->pane_key;
    if (!is_pane && reads_column(aggregate->keys[i], window_column, column_count)) return false;
  }
  for (uint32_t i = 0; i < aggregate->aggregate_count; i++) {
    if (reads_column(aggregate->arguments[i], window_column, column_count)) return false;
    if (!eagre_aggregate_ignores_order(&aggregate->aggregates[i])) return false;
  }
  return true;
}

static bool may_share(const struct eagre_plan_node *node) {
  if (node->kind != EAGRE_PLAN_AGGREGATE || node->pane_key < 0) return false;
  if (node->takes_changes || node->gives_changes) return false;
  const struct eagre_plan_node *window = eagre_plan_input(node);
  if (window->kind != EAGRE_PLAN_WINDOW || window->is_session) return false;
  if (eagre_window_count(&window->window) == 1) return false;
  return is_window_key_only(node, window->output->field_count - 1);
}

void eagre_plan_share_slices(struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    eagre_plan_share_slices(node->inputs[i]);
  }
  if (!may_share(node)) return;
  struct eagre_plan_node *window = node->inputs[0];
  window->shares_slices = true;
  node->shares_slices = true;
  node->window = window->window;
}
