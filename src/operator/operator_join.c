/* JOIN with a static input: rows of the running input meet the table of the other one.
 *
 * A probe row finds the head of a chain of table rows with its key. What follows depends on whether
 * a row may meet more than one, and on what the condition asks beside keys:
 *
 *   lookup   unique keys, no condition: the batch stays as it is, columns of the table are gathered
 *            beside its own; rows without a match are filtered out or get NULLs
 *   choice   SEMI, ANTI and MARK without a condition: heads decide, no columns are gathered
 *   pairs    all others: pairs of row numbers, gathered into batches of at most
 *            EAGRE_BATCH_ROWS_MAX and filtered by the condition. A batch that leaves before the
 *            probe batch is done has texts of its own; the last one is the probe batch itself.
 *
 * Without keys every table row is a candidate (nested loops). */
#include <string.h>

#include "operator/operator_join_table.h"
#include "operator/operator_step.h"

struct join_step {
  struct operator_step step;
  struct eagre_join_table *table;
  struct eagre_arena arena;       /* of `joined_type` */
  struct eagre_program *keys;     /* over the probe input */
  struct eagre_program *residual; /* over the left columns, then the right ones; NULL: none */
  uint32_t probe_count;           /* columns */
  uint32_t table_count;
  bool is_probe_left;
  bool is_choice;       /* SEMI, ANTI, MARK */
  bool keeps_unmatched; /* probe rows without a match come out with NULLs */
  uint32_t *pair_probes;
  uint32_t *pair_heads; /* table rows, counted from 1; 0: NULLs */
};

/* One probe batch under way. */
struct probe {
  struct join_step *join;
  struct eagre_batch *batch;
  uint32_t *heads;  /* by probe row; NULL without keys */
  uint8_t *matched; /* by probe row, when the condition decides; else NULL */
  uint32_t pair_count;
};

/* ---- Columns --------------------------------------------------------------------------------- */

/* Which rows of the table, and which of them are none. */
struct table_rows {
  const uint32_t *heads;
  uint32_t *rows; /* counted from 0; 0 where there is none */
  uint32_t count;
  bool has_missing;
};

static struct table_rows list_rows(const uint32_t *heads, uint32_t count,
                                   struct eagre_arena *arena) {
  uint32_t *rows = eagre_arena_allocate_vector(arena, sizeof *rows * count);
  bool has_missing = false;
  for (uint32_t i = 0; i < count; i++) {
    bool is_missing = heads[i] == 0;
    rows[i] = heads[i] - !is_missing;
    has_missing |= is_missing;
  }
  return (struct table_rows){heads, rows, count, has_missing};
}

static void gather_table(const struct eagre_join_table *table, uint32_t column,
                         const struct table_rows *list, struct eagre_arena *arena,
                         struct eagre_vector *out) {
  const struct eagre_vector *from = &table->columns[column];
  if (table->row_count == 0 || from->is_constant || from->type->kind == EAGRE_TYPE_NULL) {
    eagre_vector_init_null(out, from->type, arena); /* constants of a table are NULLs */
    return;
  }
  eagre_vector_gather(out, from, list->rows, list->count, arena);
  if (!list->has_missing) return;
  if (out->validity == NULL) eagre_vector_add_validity(out, list->count, true, arena);
  for (uint32_t i = 0; i < list->count; i++) {
    if (list->heads[i] == 0) eagre_bit_clear(out->validity, i);
  }
}

/* Puts the table's columns beside the probe columns of `batch`, in the order of the sides. */
static void add_table_columns(struct join_step *join, struct eagre_batch *batch,
                              const uint32_t *heads) {
  uint32_t count = join->probe_count + join->table_count;
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *columns * (count + 1));
  uint32_t probe_begin = join->is_probe_left ? 0 : join->table_count;
  uint32_t table_begin = join->is_probe_left ? join->probe_count : 0;
  for (uint32_t i = 0; i < join->probe_count; i++) {
    columns[probe_begin + i] = batch->columns[i];
  }
  const struct table_rows list = list_rows(heads, batch->row_count, &batch->arena);
  for (uint32_t i = 0; i < join->table_count; i++) {
    gather_table(join->table, i, &list, &batch->arena, &columns[table_begin + i]);
  }
  batch->columns = columns;
  batch->column_count = count;
}

static void add_mark(struct eagre_batch *batch, const uint8_t *matched) {
  struct eagre_vector *columns = eagre_arena_allocate_zeroed(
      &batch->arena, sizeof *columns * ((size_t)batch->column_count + 1));
  for (uint32_t i = 0; i < batch->column_count; i++) {
    columns[i] = batch->columns[i];
  }
  struct eagre_vector *mark = &columns[batch->column_count];
  eagre_vector_init(mark, eagre_type_of(EAGRE_TYPE_BOOLEAN), batch->row_count, &batch->arena);
  memcpy(mark->data, matched, eagre_bits_size(batch->row_count));
  batch->columns = columns;
  batch->column_count += 1;
}

/* ---- Probing --------------------------------------------------------------------------------- */

static uint8_t *new_bits(const struct probe *probe, bool value) {
  uint32_t count = probe->batch->row_count;
  uint8_t *bits = eagre_arena_allocate_vector(&probe->batch->arena, eagre_bits_size(count));
  eagre_bits_fill(bits, count, value);
  return bits;
}

static enum eagre_status fail_too_many(const struct join_step *join, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "SCALAR_SUBQUERY_TOO_MANY_ROWS",
                  "More than one row returned by a subquery used as an expression.");
  eagre_sql_place_error(join->step.node->position, error);
  return EAGRE_DATA;
}

/* NOT IN: what a NULL on either side could equal does not come out. */
static void apply_null_aware(struct probe *probe, const uint8_t *validity) {
  const struct eagre_join_table *table = probe->join->table;
  for (uint32_t i = 0; i < probe->batch->row_count && table->row_count > 0; i++) {
    bool is_null = validity != NULL && !eagre_bit_get(validity, i);
    if (is_null || table->has_null_key) probe->heads[i] = 1;
  }
}

static enum eagre_status find_heads(struct probe *probe, struct eagre_error *error) {
  struct join_step *join = probe->join;
  struct eagre_batch *batch = probe->batch;
  uint32_t key_count = join->step.node->join_key_count;
  if (key_count == 0) return EAGRE_OK;
  struct eagre_vector *keys =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *keys * (key_count + 1));
  EAGRE_TRY(eagre_operator_run(&join->step, join->keys, batch, keys, error));
  const uint8_t *validity =
      eagre_join_key_validity(keys, key_count, batch->row_count, &batch->arena);
  const struct eagre_state_keys encoded =
      eagre_join_encode_keys(keys, key_count, batch->row_count, &batch->arena);
  probe->heads =
      eagre_arena_allocate_vector(&batch->arena, sizeof *probe->heads * batch->row_count);
  eagre_join_table_find(join->table, &encoded, validity, batch->row_count, probe->heads);
  if (join->step.node->is_null_aware) apply_null_aware(probe, validity);
  return EAGRE_OK;
}

static uint8_t *found_bits(const struct probe *probe) {
  uint8_t *found = new_bits(probe, false);
  for (uint32_t i = 0; i < probe->batch->row_count; i++) {
    uint32_t head = probe->heads == NULL ? probe->join->table->row_count : probe->heads[i];
    if (head != 0) eagre_bit_set(found, i);
  }
  return found;
}

/* ---- Lookup and choice ----------------------------------------------------------------------- */

static void mark_table(struct eagre_join_table *table, const uint32_t *heads, uint32_t count) {
  if (table->matched == NULL) return;
  for (uint32_t i = 0; i < count; i++) {
    if (heads[i] != 0) eagre_bit_set(table->matched, heads[i] - 1);
  }
}

static void keep_found(struct probe *probe) {
  uint32_t kept = 0;
  uint32_t count = probe->batch->row_count;
  const uint8_t *found = found_bits(probe);
  for (uint32_t i = 0; i < count; i++) {
    probe->heads[kept] = probe->heads[i];
    kept += probe->heads[i] != 0;
  }
  eagre_batch_filter(probe->batch, found);
}

static enum eagre_status push_lookup(struct probe *probe, struct eagre_error *error) {
  struct join_step *join = probe->join;
  if (!join->keeps_unmatched) keep_found(probe);
  mark_table(join->table, probe->heads, probe->batch->row_count);
  add_table_columns(join, probe->batch, probe->heads);
  return eagre_operator_forward(&join->step, probe->batch, error);
}

/* `matched` as SEMI, ANTI or MARK want it. */
static enum eagre_status push_choice(struct probe *probe, uint8_t *matched,
                                     struct eagre_error *error) {
  struct eagre_batch *batch = probe->batch;
  switch (probe->join->step.node->join_kind) {
  case EAGRE_JOIN_LEFT_MARK:
    add_mark(batch, matched);
    break;
  case EAGRE_JOIN_LEFT_ANTI:
    for (size_t i = 0; i < eagre_bits_size(batch->row_count); i++) {
      matched[i] = (uint8_t)~matched[i];
    }
    eagre_batch_filter(batch, matched);
    break;
  default:
    eagre_batch_filter(batch, matched);
    break;
  }
  return eagre_operator_forward(&probe->join->step, batch, error);
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

/* Where the rows of a batch of pairs came from, with memory of its own. */
static void copy_origin(const struct probe *probe, struct eagre_batch *out) {
  const struct eagre_batch *from = probe->batch;
  out->origin = from->origin;
  out->origin.values = NULL; /* borrowed from `from`, which `out` may outlive */
  out->origin.topic = eagre_arena_copy_text(&out->arena, from->origin.topic);
  out->origin.offsets = NULL;
  if (from->origin.offsets == NULL) return;
  int64_t *offsets = eagre_arena_allocate_vector(&out->arena, sizeof *offsets * probe->pair_count);
  for (uint32_t i = 0; i < probe->pair_count; i++) {
    uint32_t row = probe->join->pair_probes[i];
    offsets[i] = from->origin.offsets[from->origin_rows == NULL ? row : from->origin_rows[row]];
  }
  out->origin.offsets = offsets;
}

/* Gives a batch of pairs texts that outlive the probe batch. */
static void own_probe_columns(const struct join_step *join, struct eagre_batch *pairs) {
  uint32_t begin = join->is_probe_left ? 0 : join->table_count;
  for (uint32_t i = begin; i < begin + join->probe_count; i++) {
    struct eagre_vector *column = &pairs->columns[i];
    struct eagre_vector copy;
    if (column->is_constant) eagre_vector_flatten(column, pairs->row_count, &pairs->arena);
    eagre_vector_init(&copy, column->type, pairs->row_count, &pairs->arena);
    eagre_vector_append(&copy, 0, pairs->row_count, column, 0, pairs->row_count, true,
                        &pairs->arena);
    *column = copy;
  }
}

/* A batch of the probe columns at the pairs, whose texts are the probe batch's. */
static struct eagre_batch *copy_probe_rows(const struct probe *probe) {
  const struct join_step *join = probe->join;
  struct eagre_batch *out = eagre_batch_new();
  eagre_batch_set_columns(out, join->probe_count, probe->pair_count);
  for (uint32_t i = 0; i < join->probe_count; i++) {
    eagre_vector_gather(&out->columns[i], &probe->batch->columns[i], join->pair_probes,
                        probe->pair_count, &out->arena);
  }
  copy_origin(probe, out);
  return out;
}

/* The probe batch itself with its rows replaced by those at the pairs. */
static struct eagre_batch *take_probe_rows(struct probe *probe) {
  const struct join_step *join = probe->join;
  struct eagre_batch *batch = probe->batch;
  uint32_t *origin_rows =
      eagre_arena_allocate_vector(&batch->arena, sizeof *origin_rows * probe->pair_count);
  for (uint32_t i = 0; i < probe->pair_count; i++) {
    uint32_t row = join->pair_probes[i];
    origin_rows[i] = batch->origin_rows == NULL ? row : batch->origin_rows[row];
  }
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *columns * (join->probe_count + 1));
  for (uint32_t i = 0; i < join->probe_count; i++) {
    eagre_vector_gather(&columns[i], &batch->columns[i], join->pair_probes, probe->pair_count,
                        &batch->arena);
  }
  batch->columns = columns;
  batch->row_count = probe->pair_count;
  batch->origin_rows = origin_rows;
  probe->batch = NULL;
  return batch;
}

/* Runs the condition over a batch of pairs: notes who matched, and leaves the pairs that did. */
static enum eagre_status apply_residual(struct probe *probe, struct eagre_batch *pairs,
                                        struct eagre_error *error) {
  struct join_step *join = probe->join;
  uint8_t *keep = NULL;
  enum eagre_status status =
      eagre_program_run_filter(join->residual, pairs, &join->step.chain->context, &keep, error);
  if (status != EAGRE_OK) {
    if (error != NULL) eagre_batch_place(pairs, error->row, error);
    return status;
  }
  for (uint32_t i = 0; i < probe->pair_count; i++) {
    if (!eagre_bit_get(keep, i)) continue;
    uint32_t row = join->pair_probes[i];
    bool is_second = probe->matched != NULL && eagre_bit_get(probe->matched, row);
    if (is_second && join->step.node->is_single) return fail_too_many(join, error);
    if (probe->matched != NULL) eagre_bit_set(probe->matched, row);
    if (join->table->matched != NULL) eagre_bit_set(join->table->matched, join->pair_heads[i] - 1);
  }
  eagre_batch_filter(pairs, keep);
  return EAGRE_OK;
}

/* The pairs so far, downwards; with `is_last` in the probe batch itself. */
static enum eagre_status flush_pairs(struct probe *probe, bool is_last, struct eagre_error *error) {
  struct join_step *join = probe->join;
  if (probe->pair_count == 0) return EAGRE_OK;
  struct eagre_batch *pairs = is_last ? take_probe_rows(probe) : copy_probe_rows(probe);
  add_table_columns(join, pairs, join->pair_heads);
  enum eagre_status status = EAGRE_OK;
  if (join->residual != NULL) {
    status = apply_residual(probe, pairs, error);
  } else {
    mark_table(join->table, join->pair_heads, probe->pair_count);
  }
  probe->pair_count = 0;
  if (status != EAGRE_OK || join->is_choice) {
    eagre_batch_free(pairs);
    return status;
  }
  if (!is_last) own_probe_columns(join, pairs);
  return eagre_operator_forward(&join->step, pairs, error);
}

static enum eagre_status add_pair(struct probe *probe, uint32_t row, uint32_t head,
                                  struct eagre_error *error) {
  if (probe->pair_count == EAGRE_BATCH_ROWS_MAX) EAGRE_TRY(flush_pairs(probe, false, error));
  probe->join->pair_probes[probe->pair_count] = row;
  probe->join->pair_heads[probe->pair_count++] = head;
  return EAGRE_OK;
}

/* All candidates of one probe row. */
static enum eagre_status pair_row(struct probe *probe, uint32_t row, struct eagre_error *error) {
  const struct join_step *join = probe->join;
  const struct eagre_join_table *table = join->table;
  if (probe->heads == NULL) {
    for (uint32_t head = 1; head <= table->row_count; head++) {
      EAGRE_TRY(add_pair(probe, row, head, error));
    }
    return EAGRE_OK;
  }
  for (uint32_t head = probe->heads[row]; head != 0; head = table->next[head - 1]) {
    EAGRE_TRY(add_pair(probe, row, head, error));
  }
  return EAGRE_OK;
}

static enum eagre_status pair_all(struct probe *probe, struct eagre_error *error) {
  const struct join_step *join = probe->join;
  bool pads = join->keeps_unmatched && join->residual == NULL;
  for (uint32_t row = 0; row < probe->batch->row_count; row++) {
    uint32_t head = probe->heads == NULL ? join->table->row_count : probe->heads[row];
    if (head == 0 && pads) EAGRE_TRY(add_pair(probe, row, 0, error));
    EAGRE_TRY(pair_row(probe, row, error));
  }
  return EAGRE_OK;
}

/* Probe rows that no pair of the condition had. */
static enum eagre_status push_unmatched(struct probe *probe, struct eagre_error *error) {
  struct eagre_batch *batch = probe->batch;
  for (size_t i = 0; i < eagre_bits_size(batch->row_count); i++) {
    probe->matched[i] = (uint8_t)~probe->matched[i];
  }
  eagre_batch_filter(batch, probe->matched);
  uint32_t *heads =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *heads * (batch->row_count + 1));
  add_table_columns(probe->join, batch, heads);
  probe->batch = NULL;
  return eagre_operator_forward(&probe->join->step, batch, error);
}

static enum eagre_status push_pairs(struct probe *probe, struct eagre_error *error) {
  const struct join_step *join = probe->join;
  bool needs_rows = join->residual != NULL && (join->is_choice || join->keeps_unmatched);
  if (needs_rows) probe->matched = new_bits(probe, false);
  EAGRE_TRY(pair_all(probe, error));
  EAGRE_TRY(flush_pairs(probe, !needs_rows, error));
  if (!needs_rows) return EAGRE_OK;
  if (!join->is_choice) return push_unmatched(probe, error);
  uint8_t *matched = probe->matched;
  struct probe rest = *probe;
  probe->batch = NULL;
  return push_choice(&rest, matched, error);
}

/* ---- The step -------------------------------------------------------------------------------- */

/* Whether a probe row has two candidates and no condition is there to choose. */
static bool has_second_row(const struct probe *probe) {
  const struct eagre_join_table *table = probe->join->table;
  if (probe->heads == NULL) return table->row_count > 1;
  for (uint32_t i = 0; i < probe->batch->row_count && !table->has_unique_keys; i++) {
    if (probe->heads[i] != 0 && table->next[probe->heads[i] - 1] != 0) return true;
  }
  return false;
}

static enum eagre_status push_probe(struct probe *probe, struct eagre_error *error) {
  const struct join_step *join = probe->join;
  EAGRE_TRY(find_heads(probe, error));
  bool is_decided = join->residual == NULL;
  if (is_decided && join->step.node->is_single && has_second_row(probe))
    return fail_too_many(join, error);
  bool is_lookup = is_decided && probe->heads != NULL && join->table->has_unique_keys;
  if (!is_decided || !(join->is_choice || is_lookup)) return push_pairs(probe, error);
  struct probe whole = *probe;
  probe->batch = NULL;
  return join->is_choice ? push_choice(&whole, found_bits(&whole), error)
                         : push_lookup(&whole, error);
}

static enum eagre_status push_join(struct operator_step *step, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  struct probe probe = {.join = (struct join_step *)step, .batch = batch};
  enum eagre_status status = push_probe(&probe, error);
  eagre_batch_free(probe.batch); /* NULL when it went on */
  return status;
}

/* FULL: table rows that no probe row matched, from `row` on; returns where to go on. */
static uint32_t list_unmatched(const struct eagre_join_table *table, uint32_t row, uint32_t *heads,
                               uint32_t *out_count) {
  *out_count = 0;
  for (; row < table->row_count && *out_count < EAGRE_BATCH_ROWS_MAX; row++) {
    if (!eagre_bit_get(table->matched, row)) heads[(*out_count)++] = row + 1;
  }
  return row;
}

static enum eagre_status finish_full(struct operator_step *step, struct eagre_error *error) {
  struct join_step *join = (struct join_step *)step;
  const struct eagre_type *probe = step->node->inputs[join->is_probe_left ? 0 : 1]->output;
  for (uint32_t row = 0; row < join->table->row_count;) {
    struct eagre_batch *out = eagre_batch_new();
    uint32_t count = 0;
    row = list_unmatched(join->table, row, join->pair_heads, &count);
    eagre_batch_set_columns(out, join->probe_count, count);
    for (uint32_t i = 0; i < join->probe_count; i++) {
      eagre_vector_init_null(&out->columns[i], probe->fields[i].type, &out->arena);
    }
    add_table_columns(join, out, join->pair_heads);
    EAGRE_TRY(eagre_operator_forward(step, out, error));
  }
  return EAGRE_OK;
}

static void free_join(struct operator_step *step) {
  struct join_step *join = (struct join_step *)step;
  eagre_program_free(join->keys);
  eagre_program_free(join->residual);
  eagre_arena_done(&join->arena);
  eagre_free(join->pair_probes);
  eagre_free(join->pair_heads);
  eagre_free(join);
}

static const struct operator_kind join_kind = {.push = push_join, .free = free_join};
static const struct operator_kind full_join_kind = {
    .push = push_join, .finish = finish_full, .free = free_join};

struct operator_step *eagre_operator_join_new(const struct eagre_plan_node *node,
                                              struct eagre_join_table *table,
                                              const struct eagre_expression_session *session) {
  eagre_assert(node->static_input >= 0);
  struct join_step *join = eagre_allocate_zeroed(1, sizeof *join);
  enum eagre_join_kind kind = node->join_kind;
  const struct eagre_type *probe = node->inputs[1 - node->static_input]->output;
  join->table = table;
  join->is_probe_left = node->static_input == 1;
  join->probe_count = probe->field_count;
  join->table_count = node->inputs[node->static_input]->output->field_count;
  join->is_choice =
      kind == EAGRE_JOIN_LEFT_SEMI || kind == EAGRE_JOIN_LEFT_ANTI || kind == EAGRE_JOIN_LEFT_MARK;
  join->keeps_unmatched =
      kind == EAGRE_JOIN_LEFT || kind == EAGRE_JOIN_RIGHT || kind == EAGRE_JOIN_FULL;
  join->keys = eagre_program_new(probe, join->is_probe_left ? node->left_keys : node->right_keys,
                                 node->join_key_count, session);
  if (node->expression_count > 0) {
    join->residual = eagre_program_new(eagre_plan_join_columns(node, &join->arena),
                                       node->expressions, 1, session);
  }
  join->pair_probes = eagre_allocate(sizeof *join->pair_probes * EAGRE_BATCH_ROWS_MAX);
  join->pair_heads = eagre_allocate(sizeof *join->pair_heads * EAGRE_BATCH_ROWS_MAX);
  join->step.kind = kind == EAGRE_JOIN_FULL ? &full_join_kind : &join_kind;
  return &join->step;
}
