/* What an aggregation gives when its result is the input of another stateful node, or when rows of
 * its input may be taken back (docs/decisions/0009).
 *
 * In an epoch: before a group of an earlier epoch is touched its results are kept as bytes; at the
 * end they are compared with the new ones. A group gives its old row with weight -1 and its new row
 * with weight 1, or one of them when it has come or gone, or nothing when both are equal. What a
 * group gave is what its state says, so nothing of this is stored beside it.
 *
 * A group without rows is gone. It stays in the table as such, so that deltas say it, until such
 * groups are many. */
#include <string.h>

#include "operator/operator_final.h"

enum { GONE_MIN = 1024 };

/* ---- Groups that are gone -------------------------------------------------------------------- */

static bool is_gone(const char *payload) {
  struct operator_change_head head;
  memcpy(&head, payload, sizeof head);
  return head.state == CHANGE_GONE;
}

static uint64_t count_gone(struct operator_final *final, int64_t pane_max) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[FINAL_GROUPS_AT_ONCE];
  uint64_t gone_count = 0;
  uint32_t count;
  while ((count = eagre_state_next(final->table, &cursor, EAGRE_STATE_ALL, pane_max, groups,
                                   FINAL_GROUPS_AT_ONCE)) > 0) {
    for (uint32_t i = 0; i < count; i++) {
      gone_count += is_gone(groups[i].payload);
    }
  }
  return gone_count;
}

void eagre_operator_changes_begin(struct operator_final *final) {
  struct operator_given *given = &final->given;
  struct eagre_state_metrics metrics;
  eagre_arena_reset(&given->arena);
  eagre_buffer_clear(&given->bodies);
  given->count = 0;
  if (!final->node->takes_changes) return;
  if (!given->is_counted) given->gone_count = count_gone(final, INT64_MAX);
  given->is_counted = true;
  eagre_state_measure(final->table, &metrics);
  bool are_many = given->gone_count > GONE_MIN && given->gone_count > metrics.group_count / 2;
  if (!are_many) return;
  eagre_state_drop_groups(final->table, is_gone);
  given->gone_count = 0;
}

void eagre_operator_changes_done(struct operator_final *final) {
  eagre_arena_done(&final->given.arena);
  eagre_buffer_done(&final->given.bodies);
}

void eagre_operator_changes_evict(struct operator_final *final, int64_t pane_max) {
  if (final->node->takes_changes) final->given.gone_count -= count_gone(final, pane_max);
}

/* ---- What groups gave ------------------------------------------------------------------------ */

static enum eagre_status find_results(struct operator_final *final, char *const *payloads,
                                      uint32_t count, struct eagre_vector *out,
                                      struct eagre_arena *arena, struct eagre_error *error) {
  const struct eagre_plan_node *node = final->node;
  for (uint32_t i = 0; i < final->result_count; i++) {
    EAGRE_TRY(eagre_aggregate_finish(&node->aggregates[i], payloads, final->layout.offsets[i],
                                     count, &out[i], arena, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_operator_changes_keep(struct operator_final *final, char *const *payloads,
                                              uint32_t count, struct eagre_error *error) {
  struct operator_given *given = &final->given;
  char *live[FINAL_GROUPS_AT_ONCE];
  uint32_t live_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct operator_change_head *head = eagre_operator_change_head(payloads[i]);
    if (head->state != CHANGE_LIVE || head->given_row != 0) continue;
    live[live_count++] = payloads[i];
    head->given_row = ++given->count;
  }
  if (live_count == 0) return EAGRE_OK;
  struct eagre_text bodies[FINAL_GROUPS_AT_ONCE];
  struct eagre_arena scratch = {0};
  struct eagre_vector *results =
      eagre_arena_allocate_zeroed(&scratch, sizeof *results * (final->result_count + 1));
  enum eagre_status status = find_results(final, live, live_count, results, &scratch, error);
  if (status == EAGRE_OK) {
    eagre_state_encode_rows(results, final->result_count, NULL, live_count, &given->arena, bodies);
    eagre_buffer_append(&given->bodies, bodies, sizeof *bodies * live_count);
  }
  eagre_arena_done(&scratch);
  return status;
}

static struct eagre_text given_body(const struct operator_final *final, uint32_t given_row) {
  struct eagre_text body;
  memcpy(&body, final->given.bodies.data + sizeof body * (given_row - 1), sizeof body);
  return body;
}

/* ---- The end of an epoch --------------------------------------------------------------------- */

/* Some groups that were touched. */
struct touched {
  struct eagre_state_group groups[FINAL_GROUPS_AT_ONCE];
  struct eagre_text before[FINAL_GROUPS_AT_ONCE]; /* what takes_back[] gave */
  uint32_t takes_back[FINAL_GROUPS_AT_ONCE];      /* groups whose row before goes */
  uint32_t adds[FINAL_GROUPS_AT_ONCE];            /* groups that have a new row */
  uint32_t count;
  uint32_t takes_back_count;
  uint32_t adds_count;
};

/* Without keys there is one group, whatever its rows. */
static enum eagre_status find_live(struct operator_final *final, const struct touched *touched,
                                   struct eagre_arena *arena, bool *out_live,
                                   struct eagre_error *error) {
  const struct eagre_plan_node *node = final->node;
  char *payloads[FINAL_GROUPS_AT_ONCE];
  struct eagre_vector counts;
  memset(out_live, true, touched->count);
  if (!node->takes_changes || node->key_count == 0) return EAGRE_OK;
  for (uint32_t i = 0; i < touched->count; i++) {
    payloads[i] = touched->groups[i].payload;
  }
  EAGRE_TRY(eagre_aggregate_finish(&node->aggregates[final->result_count], payloads,
                                   final->layout.offsets[final->result_count], touched->count,
                                   &counts, arena, error));
  for (uint32_t i = 0; i < touched->count; i++) {
    int64_t count = EAGRE_VALUES(int64_t, &counts)[i];
    eagre_assert(count >= 0);
    out_live[i] = count > 0;
  }
  return EAGRE_OK;
}

/* Decides what each group gives. `after` are the new results as bytes. */
static void compare(struct operator_final *final, struct touched *touched, const bool *is_live,
                    const struct eagre_text *after) {
  touched->takes_back_count = 0;
  touched->adds_count = 0;
  for (uint32_t i = 0; i < touched->count; i++) {
    struct operator_change_head *head = eagre_operator_change_head(touched->groups[i].payload);
    bool was_live = head->state == CHANGE_LIVE;
    bool is_merged = head->given_row != 0;
    struct eagre_text before = {NULL, 0};
    if (is_merged) before = given_body(final, head->given_row);
    bool is_same = was_live && is_live[i] && (!is_merged || eagre_text_equal(before, after[i]));
    if (was_live && !is_same) {
      touched->before[touched->takes_back_count] = before;
      touched->takes_back[touched->takes_back_count++] = i;
    }
    if (is_live[i] && !is_same) touched->adds[touched->adds_count++] = i;
    final->given.gone_count += !is_live[i] && head->state != CHANGE_GONE;
    final->given.gone_count -= is_live[i] && head->state == CHANGE_GONE;
    head->state = is_live[i] ? CHANGE_LIVE : CHANGE_GONE;
    head->given_row = 0;
  }
}

static void add_weight(struct eagre_batch *batch, int64_t weight) {
  struct eagre_vector *column = &batch->columns[batch->column_count - 1];
  eagre_vector_init(column, eagre_type_of(EAGRE_TYPE_BIGINT), batch->row_count, &batch->arena);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    EAGRE_VALUES(int64_t, column)[i] = weight;
  }
}

static enum eagre_status give(struct operator_final *final, struct eagre_batch *batch,
                              int64_t weight, struct eagre_error *error) {
  if (final->node->gives_changes) add_weight(batch, weight);
  return final->options.output(final->options.output_context, batch, error);
}

static struct eagre_batch *new_batch(const struct operator_final *final, uint32_t row_count) {
  const struct eagre_plan_node *node = final->node;
  struct eagre_batch *batch = eagre_batch_new();
  eagre_batch_set_columns(batch, node->key_count + final->result_count + node->gives_changes,
                          row_count);
  return batch;
}

/* Their keys are those of the new rows, their results the kept ones. */
static enum eagre_status take_back(struct operator_final *final, const struct touched *touched,
                                   struct eagre_batch *all, struct eagre_error *error) {
  uint32_t count = touched->takes_back_count;
  uint32_t key_count = final->node->key_count;
  if (count == 0 || !final->node->gives_changes) return EAGRE_OK;
  struct eagre_batch *batch = new_batch(final, count);
  for (uint32_t i = 0; i < key_count; i++) {
    eagre_vector_gather(&batch->columns[i], &all->columns[i], touched->takes_back, count,
                        &batch->arena);
  }
  bool is_whole =
      eagre_state_decode_rows(touched->before, count, final->result_types, final->result_count,
                              batch->columns + key_count, &batch->arena);
  eagre_assert(is_whole);
  return give(final, batch, -1, error);
}

static enum eagre_status add(struct operator_final *final, const struct touched *touched,
                             struct eagre_batch *all, struct eagre_error *error) {
  uint32_t count = touched->adds_count;
  if (count == 0) return EAGRE_OK;
  struct eagre_batch *batch = new_batch(final, count);
  for (uint32_t i = 0; i < final->node->key_count + final->result_count; i++) {
    eagre_vector_gather(&batch->columns[i], &all->columns[i], touched->adds, count, &batch->arena);
  }
  return give(final, batch, 1, error);
}

static enum eagre_status finish_touched(struct operator_final *final, struct touched *touched,
                                        struct eagre_batch *all, bool gives,
                                        struct eagre_error *error) {
  bool is_live[FINAL_GROUPS_AT_ONCE];
  struct eagre_text after[FINAL_GROUPS_AT_ONCE];
  EAGRE_TRY(eagre_operator_final_fill(final, touched->groups, touched->count, all, error));
  EAGRE_TRY(find_live(final, touched, &all->arena, is_live, error));
  eagre_state_encode_rows(all->columns + final->node->key_count, final->result_count, NULL,
                          touched->count, &all->arena, after);
  compare(final, touched, is_live, after);
  if (!gives) return EAGRE_OK;
  EAGRE_TRY(take_back(final, touched, all, error));
  return add(final, touched, all, error);
}

enum eagre_status eagre_operator_changes_finish(struct operator_final *final, bool gives,
                                                struct eagre_error *error) {
  struct eagre_state_cursor cursor = {0};
  struct touched *touched = eagre_allocate(sizeof *touched);
  enum eagre_status status = EAGRE_OK;
  while (status == EAGRE_OK &&
         (touched->count = eagre_state_next(final->table, &cursor, EAGRE_STATE_CHANGED, INT64_MAX,
                                            touched->groups, FINAL_GROUPS_AT_ONCE)) > 0) {
    struct eagre_batch *all = eagre_batch_new();
    status = finish_touched(final, touched, all, gives, error);
    eagre_batch_free(all);
  }
  eagre_free(touched);
  return status;
}
