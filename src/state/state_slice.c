/* What goes into the next file of a set: its changes, and a slice of the rest.
 *
 * A delta alone would need every file before it. So each file also takes a slice of all groups and
 * rows: as many as have changed, and at least a 64th of all or 65,536. Slice by slice a *pass*
 * takes everything that was there when it began; what came or changed since is in the changes of
 * the files meanwhile. When a pass has begun with version f and ended with version l, nothing
 * before f is needed any more: the changes from f on and the slices of f..l hold all there is. A
 * new pass begins with the next file. docs/decisions/0010-rolling-snapshots.md says why.
 *
 * A full file is a pass that begins and ends in it, without changes beside it.
 *
 * Invariants
 *   1. In a pane stands first what the pass has taken, then what it has yet to take, then what came
 *      since it began. eagre_state_drop_groups keeps that; panes that are evicted leave with their
 *      part of the pass, and those made since have none.
 *   2. A row that is in the changes of a file of a chain is in none of the slices that count: a
 *      pass takes rows that came before the epoch with which it begins. Groups may be in both, for
 *      a group counts where it is seen first.
 *   3. Writing a file moves the walks of panes on; when it fails, the pass is given up.
 *   4. Of a table with groups in the tier, a pass takes those groups in the order of their keys. It
 *      begins when memory has no groups but those of this epoch (eagre_state_relieve sees to that,
 *      or the file is a full one), so that what is in memory later is in the changes of the pass,
 *      and newer than what the tier has of it: slices leave it out. */
#include "state/state_cold.h"
#include "state/state_snapshot.h"

enum {
  SLICE_ITEMS_MAX = 65536, /* in a slice, when little changes: some milliseconds */
  CHAIN_MAX = 512,
};

/* ---- Counting -------------------------------------------------------------------------------- */

static uint64_t count_changed(const struct eagre_state_set *set) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    count += set->tables[i]->changed_count;
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    count += set->rows[i]->new_count;
  }
  return count;
}

static uint64_t count_all(const struct eagre_state_set *set) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    count += set->tables[i]->group_count;
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    count += set->rows[i]->row_count;
  }
  return count;
}

/* ---- Passes ---------------------------------------------------------------------------------- */

static void begin_pass(const struct eagre_state_set *set, bool is_full) {
  for (uint32_t i = 0; i < set->count; i++) {
    eagre_state_cold_begin_pass(set->tables[i]);
    for (uint32_t j = 0; j < set->tables[i]->pane_count; j++) {
      struct eagre_state_pane *pane = set->tables[i]->panes[j];
      pane->slice = (struct eagre_state_slice){.left = pane->count + pane->cold_count};
      eagre_state_cold_plan_pane(pane, 0);
    }
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    struct eagre_state_rows *rows = set->rows[i];
    rows->pass_number = is_full ? rows->next_number : rows->epoch_number;
    for (uint32_t j = 0; j < rows->pane_count; j++) {
      rows->panes[j]->slice = (struct eagre_state_slice){0};
    }
  }
}

static uint64_t plan_table(struct eagre_state_table *table, uint64_t wanted) {
  uint64_t planned = 0;
  for (uint32_t i = 0; i < table->pane_count; i++) {
    struct eagre_state_slice *slice = &table->panes[i]->slice;
    uint64_t rest = wanted - planned;
    slice->planned = slice->left < rest ? slice->left : rest;
    planned += slice->planned;
  }
  return planned;
}

/* How many rows of the pass stand next in a pane, `wanted` at most. */
static uint64_t count_next(const struct eagre_state_rows *rows,
                           const struct eagre_state_rows_pane *pane, uint64_t wanted) {
  struct eagre_state_walk walk = pane->slice.walk;
  const struct eagre_state_row *row;
  uint64_t count = 0;
  while (count < wanted && (row = eagre_state_rows_walk(pane, false, &walk)) != NULL &&
         row->number < rows->pass_number) {
    count++;
  }
  return count;
}

static uint64_t plan_rows(struct eagre_state_rows *rows, uint64_t wanted) {
  uint64_t planned = 0;
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    struct eagre_state_rows_pane *pane = rows->panes[i];
    pane->slice.planned = count_next(rows, pane, wanted - planned);
    planned += pane->slice.planned;
  }
  return planned;
}

/* Plans up to `wanted` groups and rows of the pass, and says how many there are: fewer at its end.
 */
static enum eagre_status plan_slice(const struct eagre_state_set *set, uint64_t wanted,
                                    uint64_t *out_planned, struct eagre_error *error) {
  uint64_t planned = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    struct eagre_state_table *table = set->tables[i];
    if (eagre_state_is_cold(table)) {
      EAGRE_TRY(eagre_state_cold_plan(table, wanted - planned, &planned, error));
    } else {
      planned += plan_table(table, wanted - planned);
    }
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    planned += plan_rows(set->rows[i], wanted - planned);
  }
  *out_planned = planned;
  return EAGRE_OK;
}

/* Plans all there is, right after the pass has begun. */
static void plan_everything(const struct eagre_state_set *set) {
  for (uint32_t i = 0; i < set->count; i++) {
    for (uint32_t j = 0; j < set->tables[i]->pane_count; j++) {
      struct eagre_state_pane *pane = set->tables[i]->panes[j];
      pane->slice.planned = pane->count;
      eagre_state_cold_plan_pane(pane, pane->cold_count);
    }
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    for (uint32_t j = 0; j < set->rows[i]->pane_count; j++) {
      set->rows[i]->panes[j]->slice.planned = set->rows[i]->panes[j]->count;
    }
  }
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void plan_full(const struct eagre_state_set *set, int64_t version,
                      struct eagre_state_plan *out) {
  begin_pass(set, true);
  plan_everything(set);
  *out = (struct eagre_state_plan){
      .kind = EAGRE_STATE_FULL,
      .slice_count = count_all(set),
      .pass_first = version,
      .ends_pass = true,
      .chain_first = version,
      .chain_last = version,
  };
}

static enum eagre_status plan_delta(const struct eagre_state_set *set, int64_t version,
                                    uint64_t changed, uint64_t all, struct eagre_state_plan *out,
                                    struct eagre_error *error) {
  const struct eagre_state_base *base = eagre_state_set_base(set, 0);
  uint64_t least = all / EAGRE_STATE_SLICES_MAX + 1;
  if (least > SLICE_ITEMS_MAX) least = SLICE_ITEMS_MAX;
  uint64_t wanted = changed > least ? changed : least;
  bool begins = base->pass_first < 0;
  if (begins) begin_pass(set, false);
  int64_t pass_first = begins ? version : base->pass_first;
  uint64_t planned = 0;
  EAGRE_TRY(plan_slice(set, wanted, &planned, error));
  bool ends = planned < wanted;
#if defined(EAGRE_PLANTED_SLICES_FORGOTTEN)
  if (ends) pass_first = version;
#endif
  *out = (struct eagre_state_plan){
      .kind = EAGRE_STATE_DELTA,
      .changed_count = changed,
      .slice_count = planned,
      .pass_first = pass_first,
      .ends_pass = ends,
      .chain_first = ends ? pass_first : base->chain_first,
      .chain_last = ends ? version : base->chain_last,
  };
  return EAGRE_OK;
}

/* Whether a version needs far more files than two passes write: starts that follow one another
 * never let a pass come to its end. */
static bool is_too_long(const struct eagre_state_base *base, int64_t version, uint64_t all) {
  uint64_t length_max = CHAIN_MAX + all / (SLICE_ITEMS_MAX / 8);
  return (uint64_t)(version - base->chain_first) >= length_max;
}

/* Whether a slice can be taken: of the pass under way, or of one that may begin now. */
static bool can_slice(const struct eagre_state_set *set) {
  if (eagre_state_set_base(set, 0)->pass_first >= 0) return true;
  for (uint32_t i = 0; i < set->count; i++) {
    const struct eagre_state_table *table = set->tables[i];
    if (eagre_state_is_cold(table) && !eagre_state_cold_can_begin(table)) return false;
  }
  return true;
}

enum eagre_status eagre_state_plan_file(const struct eagre_state_set *set, int64_t version,
                                        bool follows, struct eagre_state_plan *out,
                                        struct eagre_error *error) {
  const struct eagre_state_base *base = eagre_state_set_base(set, 0);
  uint64_t changed = count_changed(set);
  uint64_t all = count_all(set);
  bool is_delta =
      follows && !is_too_long(base, version, all) && changed <= all / 2 && can_slice(set);
  if (is_delta) return plan_delta(set, version, changed, all, out, error);
  plan_full(set, version, out);
  return EAGRE_OK;
}

void eagre_state_plan_failed(const struct eagre_state_set *set) {
  for (uint32_t i = 0; i < set->count + set->rows_count; i++) {
    eagre_state_set_base(set, i)->pass_first = -1;
  }
}
