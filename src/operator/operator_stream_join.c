/* JOIN of two streams: a symmetric hash join (spark-semantics 3.8).
 *
 * Each side keeps its rows by key. A row that comes looks for matches among the rows of the other
 * side that came before it, and is kept for those that come after it, so that each pair comes out
 * once, in whatever order the rows of an epoch come. When the watermark says that rows of a side
 * find no match any more they leave the state at the end of the epoch; those of an outer side that
 * never found one come out then, with NULLs.
 *
 * As in Spark: late rows are dropped first; a row that fails a condition on its own columns is not
 * kept, and comes out at once if its side is an outer one; a left row of LEFT SEMI comes out at its
 * first match, and is kept only while it has none.
 *
 * Of SEMI Spark works the right rows of an epoch before the left ones, and stores no right row
 * whose time has passed: such a row finds left rows of epochs before, and none of its own. Here
 * rows come in any order, and pairs of that kind are left out. */
#include "operator/operator_stream_join.h"

#include <string.h>

enum {
  PAIRS_AT_ONCE = EAGRE_BATCH_ROWS_MAX,
  CONJUNCT_COUNT_MAX = 64,
};

/* ---- Rows that come -------------------------------------------------------------------------- */

/* Rows under way: which of the batch are still of interest, in ascending order. */
struct arrival {
  const struct operator_keyed_rows *rows;
  struct join_side *side;
  struct join_side *other;
  uint32_t *picks;
  uint32_t count;
  const int64_t *times; /* for the state, by row; NULL: they stay for ever */
  uint8_t *matched;     /* bitmap by row of the batch */
};

static int64_t to_micros(int64_t milliseconds) {
  int64_t micros;
  if (!__builtin_mul_overflow(milliseconds, 1000, &micros)) return micros;
  return milliseconds < 0 ? INT64_MIN : INT64_MAX - 1;
}

/* A row without event time is never late. */
static void drop_late(struct join *join, struct arrival *arrival) {
  int32_t number = join->node->join_sides[arrival->rows->side].event_time;
  if (number < 0) return;
  const struct eagre_vector *column = &arrival->rows->batch->columns[number];
  struct eagre_vector time =
      column->type->kind == EAGRE_TYPE_STRUCT ? column->children[1] : *column;
  int64_t bound = to_micros(join->epoch.late_watermark_ms);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < arrival->count; i++) {
    uint32_t row = arrival->picks[i];
    bool is_null = eagre_vector_is_null(column, row) || eagre_vector_is_null(&time, row);
    bool is_late =
        !is_null && EAGRE_VALUES(const int64_t, &time)[eagre_vector_index(&time, row)] <= bound;
    if (!is_late) arrival->picks[kept++] = row;
  }
  join->metrics.rows_dropped_late += arrival->count - kept;
  arrival->count = kept;
}

/* Gives rows of the batch with NULLs for the other side. */
static enum eagre_status give_alone(const struct join *join, const struct arrival *arrival,
                                    const uint32_t *rows, uint32_t count,
                                    struct eagre_error *error) {
  if (count == 0) return EAGRE_OK;
  struct eagre_batch *out = eagre_stream_join_batch_new(join, count);
  eagre_stream_join_fill_rows(arrival->side, out, arrival->rows->batch, rows);
  return eagre_stream_join_give(join, out, error);
}

/* Rows that fail what the condition asks of their own side leave `picks`. */
static enum eagre_status filter_rows(struct join *join, struct arrival *arrival,
                                     struct eagre_error *error) {
  if (arrival->side->filter == NULL) return EAGRE_OK;
  struct eagre_batch *batch = arrival->rows->batch;
  uint8_t *keep = NULL;
  EAGRE_TRY(eagre_program_run_filter(arrival->side->filter, batch, &join->context, &keep, error));
  uint32_t *failed = eagre_arena_allocate_vector(&batch->arena, arrival->count * sizeof *failed);
  uint32_t failed_count = 0;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < arrival->count; i++) {
    uint32_t row = arrival->picks[i];
    if (eagre_bit_get(keep, row)) {
      arrival->picks[kept++] = row;
    } else {
      failed[failed_count++] = row;
    }
  }
  arrival->count = kept;
  if (!arrival->side->keeps_unmatched) return EAGRE_OK;
  return give_alone(join, arrival, failed, failed_count, error);
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

/* Pairs of one row that has come and one that is stored, some at a time. */
struct pairs {
  uint32_t count;
  uint32_t probes[PAIRS_AT_ONCE];
  struct eagre_state_row *stored[PAIRS_AT_ONCE];
  struct eagre_state_pair found[PAIRS_AT_ONCE];
};

static enum eagre_status build_pairs(const struct join *join, const struct arrival *arrival,
                                     const struct pairs *pairs, struct eagre_batch **out,
                                     struct eagre_error *error) {
  *out = eagre_stream_join_batch_new(join, pairs->count);
  eagre_stream_join_fill_rows(arrival->side, *out, arrival->rows->batch, pairs->probes);
  enum eagre_status status =
      eagre_stream_join_fill_stored(arrival->other, *out, pairs->stored, error);
  if (status == EAGRE_OK) return EAGRE_OK;
  eagre_batch_free(*out);
  *out = NULL;
  return status;
}

/* Keeps the pairs for which the rest of the condition is true, in `pairs` and in `batch`. */
static enum eagre_status apply_residual(const struct join *join, struct pairs *pairs,
                                        struct eagre_batch *batch, struct eagre_error *error) {
  uint8_t *keep = NULL;
  EAGRE_TRY(eagre_program_run_filter(join->residual, batch, &join->context, &keep, error));
  uint32_t kept = 0;
  for (uint32_t i = 0; i < pairs->count; i++) {
    if (!eagre_bit_get(keep, i)) continue;
    pairs->probes[kept] = pairs->probes[i];
    pairs->stored[kept++] = pairs->stored[i];
  }
  pairs->count = kept;
  eagre_batch_filter(batch, keep);
  return EAGRE_OK;
}

static void mark_pairs(const struct arrival *arrival, const struct pairs *pairs) {
  for (uint32_t i = 0; i < pairs->count; i++) {
    eagre_bit_set(arrival->matched, pairs->probes[i]);
  }
  if (!arrival->other->keeps_unmatched) return;
  for (uint32_t i = 0; i < pairs->count; i++) {
    eagre_state_row_match(arrival->other->rows, pairs->stored[i]);
  }
}

/* A stored left row of SEMI leaves the state at its match; in Spark one of this epoch was never
 * there. */
static void count_semi_match(struct join *join, const struct eagre_state_row *row) {
  if (eagre_state_row_is_new(join->sides[JOIN_LEFT].rows, row)) {
    join->metrics.rows_updated--;
  } else {
    join->metrics.rows_removed++;
  }
}

/* Of SEMI: right rows that come give the stored left rows that had no match yet. */
static enum eagre_status give_semi(struct join *join, const struct arrival *arrival,
                                   const struct pairs *pairs, struct eagre_error *error) {
  if (arrival->side->number == JOIN_LEFT) return EAGRE_OK; /* when all pairs are known */
  struct eagre_state_row **fresh = eagre_allocate(sizeof(*fresh) * (pairs->count + 1));
  uint32_t count = 0;
  for (uint32_t i = 0; i < pairs->count; i++) {
    struct eagre_state_row *row = pairs->stored[i];
    if (eagre_state_row_is_matched(row)) continue;
    count_semi_match(join, row);
    eagre_state_row_match(arrival->other->rows, row);
    fresh[count++] = row;
  }
  struct eagre_batch *out = eagre_stream_join_batch_new(join, count);
  enum eagre_status status = eagre_stream_join_fill_stored(arrival->other, out, fresh, error);
  eagre_free(fresh);
  if (status == EAGRE_OK) return eagre_stream_join_give(join, out, error);
  eagre_batch_free(out);
  return status;
}

static bool is_semi(const struct join *join) {
  return join->node->join_kind == EAGRE_JOIN_LEFT_SEMI;
}

static enum eagre_status take_pairs(struct join *join, struct arrival *arrival, struct pairs *pairs,
                                    struct eagre_error *error) {
  struct eagre_batch *batch = NULL;
  bool must_build = !is_semi(join) || join->residual != NULL;
  if (must_build) EAGRE_TRY(build_pairs(join, arrival, pairs, &batch, error));
  enum eagre_status status = EAGRE_OK;
  if (join->residual != NULL) status = apply_residual(join, pairs, batch, error);
  if (status == EAGRE_OK) mark_pairs(arrival, pairs);
  if (status == EAGRE_OK && !is_semi(join)) return eagre_stream_join_give(join, batch, error);
  eagre_batch_free(batch);
  return status == EAGRE_OK ? give_semi(join, arrival, pairs, error) : status;
}

/* The rows of `picks` whose keys have no NULL: those can match. In a FULL JOIN of streams NULLs
 * match each other, as in Spark: it takes them out below the join only where a side gives no
 * unmatched rows. */
static uint32_t *list_matchable(const struct join *join, const struct arrival *arrival,
                                uint8_t **out_bitmap, uint32_t *out_count) {
  struct eagre_batch *batch = arrival->rows->batch;
  uint32_t *rows = eagre_arena_allocate_vector(&batch->arena, arrival->count * sizeof *rows);
  uint8_t *bitmap = eagre_arena_allocate_zeroed(&batch->arena, eagre_bits_size(batch->row_count));
  uint32_t count = 0;
  bool is_full = join->node->join_kind == EAGRE_JOIN_FULL;
  for (uint32_t i = 0; i < arrival->count; i++) {
    bool is_null = false;
    for (uint32_t key = 0; key < join->node->join_key_count && !is_full && !is_null; key++) {
      is_null = eagre_vector_is_null(&arrival->rows->values[key], arrival->picks[i]);
    }
    if (is_null) continue;
    eagre_bit_set(bitmap, arrival->picks[i]);
    rows[count++] = arrival->picks[i];
  }
  *out_bitmap = bitmap;
  *out_count = count;
  return rows;
}

/* Of SEMI: leaves out pairs of two rows of this epoch of which the right one has had its time. */
static void leave_expired_pairs(const struct join *join, const struct arrival *arrival,
                                struct pairs *pairs) {
  if (!is_semi(join) || !eagre_plan_join_evicts(join->node, JOIN_RIGHT)) return;
  int64_t bound = to_micros(
      eagre_plan_join_bound_ms(join->node, JOIN_RIGHT, join->epoch.eviction_watermark_ms));
  uint32_t kept = 0;
  for (uint32_t i = 0; i < pairs->count; i++) {
    struct eagre_state_row *stored = pairs->stored[i];
    int64_t time = arrival->side->number == JOIN_RIGHT ? arrival->times[pairs->probes[i]]
                                                       : eagre_state_row_time(stored);
    if (time <= bound && eagre_state_row_is_new(arrival->other->rows, stored)) continue;
    pairs->probes[kept] = pairs->probes[i];
    pairs->stored[kept++] = stored;
  }
  pairs->count = kept;
}

static enum eagre_status find_pairs(struct join *join, struct arrival *arrival,
                                    const uint32_t *matchable, uint32_t count,
                                    struct eagre_error *error) {
  struct pairs *pairs = eagre_allocate(sizeof *pairs);
  struct eagre_state_probe probe = {{0}};
  enum eagre_status status = EAGRE_OK;
  while (status == EAGRE_OK) {
    pairs->count = eagre_state_rows_probe(arrival->other->rows, &arrival->rows->keys, matchable,
                                          count, &probe, pairs->found, PAIRS_AT_ONCE);
    if (pairs->count == 0) break;
    for (uint32_t i = 0; i < pairs->count; i++) {
      pairs->probes[i] = pairs->found[i].probe;
      pairs->stored[i] = pairs->found[i].row;
    }
    leave_expired_pairs(join, arrival, pairs);
    status = take_pairs(join, arrival, pairs, error);
  }
  eagre_free(pairs);
  return status;
}

/* ---- Storing --------------------------------------------------------------------------------- */

/* SEMI: left rows with a match come out and are not stored. */
static enum eagre_status take_semi_matches(struct join *join, struct arrival *arrival,
                                           struct eagre_error *error) {
  if (!is_semi(join) || arrival->side->number != JOIN_LEFT) return EAGRE_OK;
  struct eagre_batch *batch = arrival->rows->batch;
  uint32_t *done = eagre_arena_allocate_vector(&batch->arena, arrival->count * sizeof *done);
  uint32_t done_count = 0;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < arrival->count; i++) {
    uint32_t row = arrival->picks[i];
    if (eagre_bit_get(arrival->matched, row)) {
      done[done_count++] = row;
    } else {
      arrival->picks[kept++] = row;
    }
  }
  arrival->count = kept;
  return give_alone(join, arrival, done, done_count, error);
}

static void store_rows(struct join *join, const struct arrival *arrival, const uint8_t *matchable) {
  const struct eagre_state_rows_input input = {
      .keys = arrival->rows->keys,
      .bodies = eagre_stream_join_bodies(arrival->side, arrival->rows->batch, arrival->picks,
                                         arrival->count),
      .times = arrival->times,
      .matchable = matchable,
      .matched = arrival->side->keeps_unmatched ? arrival->matched : NULL,
      .picks = arrival->picks,
      .count = arrival->count,
  };
  eagre_state_rows_add(arrival->side->rows, &input);
  join->metrics.rows_updated += arrival->count;
}

static enum eagre_status work_rows(struct join *join, struct arrival *arrival,
                                   struct eagre_error *error) {
  uint8_t *bitmap = NULL;
  uint32_t count = 0;
  drop_late(join, arrival);
  EAGRE_TRY(filter_rows(join, arrival, error));
  const uint32_t *matchable = list_matchable(join, arrival, &bitmap, &count);
  EAGRE_TRY(find_pairs(join, arrival, matchable, count, error));
  EAGRE_TRY(take_semi_matches(join, arrival, error));
  store_rows(join, arrival, bitmap);
  return EAGRE_OK;
}

static enum eagre_status work(void *context, const struct operator_keyed_rows *rows,
                              struct eagre_error *error) {
  struct join *join = context;
  struct eagre_batch *batch = rows->batch;
  struct arrival arrival = {
      .rows = rows,
      .side = &join->sides[rows->side],
      .other = &join->sides[1 - rows->side],
      .picks = eagre_arena_allocate_vector(&batch->arena, batch->row_count * sizeof *arrival.picks),
      .count = batch->row_count,
      .times = eagre_stream_join_times(join, rows),
      .matched = eagre_arena_allocate_zeroed(&batch->arena, eagre_bits_size(batch->row_count)),
  };
  for (uint32_t i = 0; i < batch->row_count; i++) {
    arrival.picks[i] = i;
  }
  enum eagre_status status = work_rows(join, &arrival, error);
  eagre_batch_free(batch);
  return status;
}

/* ---- The end of an epoch --------------------------------------------------------------------- */

static enum eagre_status give_unmatched(const struct join *join, const struct join_side *side,
                                        struct eagre_state_row *const *rows, uint32_t count,
                                        struct eagre_error *error) {
  struct eagre_batch *out = eagre_stream_join_batch_new(join, count);
  enum eagre_status status = eagre_stream_join_fill_stored(side, out, rows, error);
  if (status == EAGRE_OK) return eagre_stream_join_give(join, out, error);
  eagre_batch_free(out);
  return status;
}

/* Spark does not count rows of a side that gives unmatched ones, and never stores a right row that
 * no left row may still look for. */
static void count_evicted(struct join *join, const struct join_side *side,
                          const struct eagre_state_row *row) {
  if (side->number == JOIN_RIGHT && eagre_state_row_is_new(side->rows, row) &&
      (!side->keeps_unmatched || eagre_state_row_is_matched(row))) {
    join->metrics.rows_updated--;
  } else if (!side->keeps_unmatched) {
    join->metrics.rows_removed++;
  }
}

static enum eagre_status evict(struct join *join, struct join_side *side,
                               struct eagre_error *error) {
  if (!eagre_plan_join_evicts(join->node, side->number)) return EAGRE_OK;
  int64_t bound_ms =
      eagre_plan_join_bound_ms(join->node, side->number, join->epoch.eviction_watermark_ms);
  struct eagre_state_row *rows[1024];
  for (;;) {
    uint32_t count = eagre_state_rows_evict(side->rows, to_micros(bound_ms), rows, 1024);
    if (count == 0) return EAGRE_OK;
    uint32_t unmatched = 0;
    for (uint32_t i = 0; i < count; i++) {
      count_evicted(join, side, rows[i]);
      if (!eagre_state_row_is_matched(rows[i])) rows[unmatched++] = rows[i];
    }
    if (side->keeps_unmatched && unmatched > 0)
      EAGRE_TRY(give_unmatched(join, side, rows, unmatched, error));
  }
}

static enum eagre_status finish(struct eagre_stateful *stateful, struct eagre_error *error) {
  struct join *join = (struct join *)stateful;
  EAGRE_TRY(evict(join, &join->sides[JOIN_LEFT], error));
  return evict(join, &join->sides[JOIN_RIGHT], error);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void free_join(struct eagre_stateful *stateful) {
  struct join *join = (struct join *)stateful;
  eagre_operator_keyed_free(join->keyed);
  eagre_program_free(join->residual);
  for (uint32_t i = 0; i < JOIN_SIDES; i++) {
    eagre_program_free(join->sides[i].filter);
    eagre_state_rows_free(join->sides[i].rows);
  }
  eagre_arena_done(&join->arena);
  eagre_free(join);
}

static void begin(struct eagre_stateful *stateful, const struct eagre_stateful_epoch *epoch) {
  struct join *join = (struct join *)stateful;
  join->epoch = *epoch;
  join->context.batch_timestamp_us = epoch->batch_timestamp_us;
  join->metrics = (struct eagre_stateful_metrics){0};
  eagre_operator_keyed_begin(join->keyed, epoch->batch_timestamp_us);
  for (uint32_t i = 0; i < JOIN_SIDES; i++) {
    eagre_state_rows_begin_epoch(join->sides[i].rows);
  }
}

static enum eagre_status push(struct eagre_stateful *stateful, uint32_t side,
                              struct eagre_batch *batch, struct eagre_error *error) {
  return eagre_operator_keyed_push(((struct join *)stateful)->keyed, side, batch, error);
}

static enum eagre_status collect(struct eagre_stateful *stateful, struct eagre_stateful *from,
                                 struct eagre_error *error) {
  return eagre_operator_keyed_collect(((struct join *)stateful)->keyed,
                                      ((struct join *)from)->keyed, error);
}

static void measure(const struct eagre_stateful *stateful, struct eagre_stateful_metrics *out) {
  const struct join *join = (const struct join *)stateful;
  *out = join->metrics;
  out->memory_bytes = eagre_operator_keyed_memory(join->keyed);
  for (uint32_t i = 0; i < JOIN_SIDES; i++) {
    struct eagre_state_rows_metrics each;
    eagre_state_rows_measure(join->sides[i].rows, &each);
    out->rows_total += each.row_count;
    out->memory_bytes += each.memory_bytes;
  }
}

static uint32_t list_rows(struct eagre_stateful *stateful, struct eagre_state_rows **out) {
  struct join *join = (struct join *)stateful;
  for (uint32_t i = 0; i < JOIN_SIDES; i++) {
    out[i] = join->sides[i].rows;
  }
  return JOIN_SIDES;
}

static const struct operator_stateful_kind join_kind = {
    .free = free_join,
    .rows = list_rows,
    .begin = begin,
    .push = push,
    .collect = collect,
    .finish = finish,
    .measure = measure,
};

/* ---- Making ---------------------------------------------------------------------------------- */

static bool keeps_unmatched(enum eagre_join_kind kind, uint32_t side) {
  if (kind == EAGRE_JOIN_FULL) return true;
  return kind == (side == JOIN_LEFT ? EAGRE_JOIN_LEFT : EAGRE_JOIN_RIGHT);
}

/* A pane holds what leaves together, more or less: a sixteenth of the time for which rows may
 * stay, from a second to a day. */
static int64_t choose_pane(const struct eagre_plan_node *node) {
  static const int64_t SECOND_US = 1000000;
  static const int64_t DAY_US = 86400 * SECOND_US;
  int64_t span_us = 0;
  for (uint32_t side = 0; side < JOIN_SIDES; side++) {
    for (uint32_t i = 0; i < node->join_sides[side].bound_count; i++) {
      double constant_us = node->join_sides[side].bounds[i].constant_us;
      double each = constant_us < 0 ? -constant_us : constant_us;
      if (each < (double)DAY_US * 16 && (int64_t)each > span_us) span_us = (int64_t)each;
    }
  }
  int64_t pane_us = node->time_key >= 0 ? 10 * SECOND_US : span_us / 16;
  if (pane_us < SECOND_US) pane_us = SECOND_US;
  return pane_us < DAY_US ? pane_us : DAY_US;
}

static void make_side(struct join *join, uint32_t number) {
  const struct eagre_plan_node *node = join->node;
  struct join_side *side = &join->sides[number];
  side->number = number;
  side->columns = node->inputs[number]->output;
  side->first = number == JOIN_LEFT ? 0 : node->inputs[JOIN_LEFT]->output->field_count;
  side->keeps_unmatched = keeps_unmatched(node->join_kind, number);
  uint32_t count = side->columns->field_count;
  side->stored = eagre_arena_allocate(&join->arena, sizeof *side->stored * (count + 1));
  side->stored_types =
      eagre_arena_allocate(&join->arena, sizeof(*side->stored_types) * (count + 1));
  for (uint32_t i = 0; i < count; i++) {
    if (!node->join_sides[number].is_wanted[i]) continue;
    side->stored[side->stored_count] = i;
    side->stored_types[side->stored_count++] = side->columns->fields[i].type;
  }
  side->rows = eagre_state_rows_new(choose_pane(node));
  if (is_semi(join) && number == JOIN_LEFT) eagre_state_rows_drop_matched(side->rows);
}

/* The side that alone decides a conjunct; JOIN_SIDES: both do, or neither. */
static uint32_t find_decider(const struct join *join, const struct eagre_expression *conjunct) {
  uint32_t count = join->joined->field_count;
  bool *used = eagre_allocate_zeroed(count + 1, sizeof *used);
  bool reads[JOIN_SIDES] = {false, false};
  eagre_expression_mark_columns(conjunct, used);
  for (uint32_t i = 0; i < count; i++) {
    if (used[i]) reads[i >= join->sides[JOIN_RIGHT].first] = true;
  }
  eagre_free(used);
  if (reads[JOIN_LEFT] == reads[JOIN_RIGHT]) return JOIN_SIDES;
  return reads[JOIN_LEFT] ? JOIN_LEFT : JOIN_RIGHT;
}

static struct eagre_expression *over_right(struct join *join,
                                           const struct eagre_expression *conjunct) {
  uint32_t count = join->joined->field_count;
  uint32_t *map = eagre_allocate_zeroed(count + 1, sizeof *map);
  for (uint32_t i = join->sides[JOIN_RIGHT].first; i < count; i++) {
    map[i] = i - join->sides[JOIN_RIGHT].first;
  }
  struct eagre_expression *copy = eagre_expression_remap(&join->arena, conjunct, map);
  eagre_free(map);
  return copy;
}

/* The conjuncts of one decider, joined again. */
static struct eagre_program *make_condition(struct join *join, uint32_t decider,
                                            const struct eagre_type *columns,
                                            struct eagre_expression **conjuncts, uint32_t count) {
  const struct eagre_expression_session *session = join->options.session;
  struct eagre_expression *all = NULL;
  for (uint32_t i = 0; i < count; i++) {
    if (find_decider(join, conjuncts[i]) != decider) continue;
    struct eagre_expression *each =
        decider == JOIN_RIGHT ? over_right(join, conjuncts[i]) : conjuncts[i];
    struct eagre_expression *both[2] = {all, each};
    if (all == NULL) {
      all = each;
      continue;
    }
    enum eagre_status status =
        eagre_expression_call(&join->arena, EAGRE_TEXT("and"), both, 2, session,
                              eagre_expression_position(each), &all, NULL);
    eagre_assert(status == EAGRE_OK);
  }
  return all == NULL ? NULL : eagre_program_new(columns, &all, 1, session);
}

static void make_conditions(struct join *join) {
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  if (join->node->expression_count == 0) return;
  uint32_t count =
      eagre_expression_split_and(join->node->expressions[0], conjuncts, CONJUNCT_COUNT_MAX);
  for (uint32_t i = 0; i < JOIN_SIDES; i++) {
    join->sides[i].filter = make_condition(join, i, join->sides[i].columns, conjuncts, count);
  }
  join->residual = make_condition(join, JOIN_SIDES, join->joined, conjuncts, count);
}

struct eagre_stateful *
eagre_operator_stream_join_new(const struct eagre_stateful_options *options) {
  struct join *join = eagre_allocate_zeroed(1, sizeof *join);
  const struct eagre_plan_node *node = options->node;
  join->base.kind = &join_kind;
  join->options = *options;
  join->node = node;
  join->joined = eagre_plan_join_columns(node, &join->arena);
  make_side(join, JOIN_LEFT);
  make_side(join, JOIN_RIGHT);
  make_conditions(join);
  const struct operator_keyed_side sides[JOIN_SIDES] = {
      {join->sides[JOIN_LEFT].columns, node->left_keys, node->join_key_count},
      {join->sides[JOIN_RIGHT].columns, node->right_keys, node->join_key_count},
  };
  const struct operator_keyed_options keyed = {
      .stateful = options,
      .sides = sides,
      .side_count = JOIN_SIDES,
      .work = work,
      .context = join,
  };
  join->keyed = eagre_operator_keyed_new(&keyed);
  return &join->base;
}
