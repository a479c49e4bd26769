/* Small domains of keys: a row's group stands in the cell of its values.
 *
 *   number the rows' cells -> take the payloads that cells know -> find the groups of other cells
 *   by their keys, in the order of rows, so that new groups come in the order they would have
 *
 * Batches that do not fit, or that repeat few of their keys, take the way of keys; so do the next
 * ones, for longer every time. */
#include "state/state_domain.h"

#include <string.h>

enum {
  DOUBT_MAX = 6,
  REPEATED_MIN = 4, /* at most one row in so many may have to be looked up by its key */
};

/* In a cell while the group of an earlier row of the batch is being found. */
static char WAITING[1];

struct eagre_state_domain *eagre_state_domain_new(uint32_t column_count) {
  struct eagre_state_domain *domain = eagre_allocate_zeroed(1, sizeof *domain);
  domain->column_count = column_count;
  domain->columns = eagre_allocate_zeroed(column_count + 1, sizeof *domain->columns);
  return domain;
}

static void free_cells(struct eagre_state_domain *domain) {
  for (uint32_t i = 0; i < EAGRE_STATE_DOMAIN_PANES_MAX; i++) {
    struct eagre_state_domain_pane *pane = &domain->panes[i];
    if (pane->cells != NULL)
      eagre_state_memory_free(pane->cells, sizeof *pane->cells << domain->bits);
    *pane = (struct eagre_state_domain_pane){0};
  }
}

void eagre_state_domain_free(struct eagre_state_domain *domain) {
  if (domain == NULL) return;
  for (uint32_t i = 0; i < domain->column_count; i++) {
    eagre_state_domain_column_done(&domain->columns[i]);
  }
  free_cells(domain);
  eagre_free(domain->columns);
  eagre_free(domain);
}

/* ---- Panes ----------------------------------------------------------------------------------- */

static void empty_pane(const struct eagre_state_domain *domain,
                       struct eagre_state_domain_pane *pane) {
  if (pane->used_at == 0) return;
  memset(pane->cells, 0, sizeof *pane->cells << domain->bits);
  pane->used_at = 0;
}

void eagre_state_domain_reset(struct eagre_state_domain *domain) {
  for (uint32_t i = 0; i < EAGRE_STATE_DOMAIN_PANES_MAX; i++) {
    empty_pane(domain, &domain->panes[i]);
  }
}

/* The cells of a pane; NULL when as many panes as there is room for have rows in this batch. */
static char **find_cells(struct eagre_state_domain *domain, int64_t end) {
  struct eagre_state_domain_pane *oldest = &domain->panes[0];
  for (uint32_t i = 0; i < EAGRE_STATE_DOMAIN_PANES_MAX; i++) {
    struct eagre_state_domain_pane *pane = &domain->panes[i];
    if (pane->used_at > 0 && pane->end == end) {
      pane->used_at = domain->batch;
      return pane->cells;
    }
    if (pane->used_at < oldest->used_at) oldest = pane;
  }
  if (oldest->used_at == domain->batch) return NULL;
  empty_pane(domain, oldest);
  if (oldest->cells == NULL)
    oldest->cells = eagre_state_memory_allocate_slots(sizeof *oldest->cells << domain->bits);
  oldest->end = end;
  oldest->used_at = domain->batch;
  return oldest->cells;
}

/* ---- Cells of rows --------------------------------------------------------------------------- */

static void forget_values(struct eagre_state_domain *domain) {
  for (uint32_t i = 0; i < domain->column_count; i++) {
    eagre_state_domain_column_forget(&domain->columns[i]);
  }
  free_cells(domain);
  domain->bits = 0;
}

/* Writes the number of each row's cell. False: the rows do not fit, and nothing is known any more.
 */
static bool number_cells(struct eagre_state_domain *domain, const struct eagre_vector *columns,
                         uint32_t row_count, struct eagre_arena *arena, uint16_t *out_cells) {
  uint16_t *numbers = eagre_arena_allocate_vector(arena, sizeof *numbers * row_count);
  uint32_t bits = 0;
  bool has_changed = false;
  memset(out_cells, 0, sizeof *out_cells * row_count);
  for (uint32_t i = 0; i < domain->column_count; i++) {
    struct eagre_state_domain_column *column = &domain->columns[i];
    uint32_t bits_before = column->bits;
    int64_t low_before = column->low;
    bool is_small = eagre_state_domain_column_number(column, &columns[i], row_count, numbers) &&
                    bits + column->bits <= EAGRE_STATE_DOMAIN_BITS_MAX;
    if (!is_small) {
      forget_values(domain);
      return false;
    }
    bits += column->bits;
    has_changed |= column->bits != bits_before || column->low != low_before;
    for (uint32_t row = 0; row < row_count; row++) {
      out_cells[row] = (uint16_t)(out_cells[row] << column->bits | numbers[row]);
    }
  }
  if (has_changed) free_cells(domain);
  domain->bits = bits;
  return true;
}

/* ---- Groups ---------------------------------------------------------------------------------- */

struct domain_rows {
  const int64_t *panes; /* NULL: all 0 */
  const uint16_t *cells;
  uint32_t count;
  char **payloads;
};

static int64_t pane_of(const struct domain_rows *rows, uint32_t row) {
  return rows->panes == NULL ? 0 : rows->panes[row];
}

/* How many rows from `begin` on have its pane. */
static uint32_t count_of_pane(const struct domain_rows *rows, uint32_t begin) {
  uint32_t end = begin + 1;
  if (rows->panes == NULL) return rows->count - begin;
  while (end < rows->count && rows->panes[end] == rows->panes[begin]) {
    end++;
  }
  return end - begin;
}

/* Takes what cells know; returns how many rows are left, whose payload is NULL. */
static uint32_t take_known(struct eagre_state_domain *domain, const struct domain_rows *rows) {
  uint32_t left = 0;
  uint32_t run;
  for (uint32_t begin = 0; begin < rows->count; begin += run) {
    run = count_of_pane(rows, begin);
    char **cells = find_cells(domain, pane_of(rows, begin));
    for (uint32_t row = begin; row < begin + run; row++) {
      char *payload = cells == NULL ? NULL : cells[rows->cells[row]];
      left += payload == NULL;
      rows->payloads[row] = payload;
    }
  }
  return left;
}

/* Lists the rows whose groups are to be found by their keys: the first of every cell, and all of
 * panes that have no cells. */
static uint32_t list_unknown(struct eagre_state_domain *domain, const struct domain_rows *rows,
                             uint32_t *out_rows) {
  uint32_t count = 0;
  for (uint32_t row = 0; row < rows->count; row++) {
    if (rows->payloads[row] != NULL) continue;
    char **cells = find_cells(domain, pane_of(rows, row));
    if (cells != NULL && cells[rows->cells[row]] == WAITING) continue;
    if (cells != NULL) cells[rows->cells[row]] = WAITING;
    out_rows[count++] = row;
  }
  return count;
}

static void get_by_keys(struct eagre_state_domain *domain, struct eagre_state_table *table,
                        const struct domain_rows *rows, const struct eagre_vector *columns,
                        const uint32_t *unknown, uint32_t count, struct eagre_arena *arena) {
  struct eagre_vector *picked =
      eagre_arena_allocate(arena, sizeof *picked * (domain->column_count + 1));
  int64_t *panes = eagre_arena_allocate(arena, sizeof *panes * count);
  char **payloads = eagre_arena_allocate(arena, sizeof(char *) * count);
  struct eagre_state_keys keys;
  for (uint32_t i = 0; i < domain->column_count; i++) {
    eagre_vector_gather(&picked[i], &columns[i], unknown, count, arena);
  }
  for (uint32_t i = 0; i < count; i++) {
    panes[i] = pane_of(rows, unknown[i]);
  }
  eagre_state_encode_keys(picked, domain->column_count, count, arena, &keys);
  eagre_state_get_groups(table, panes, &keys, count, payloads);
  for (uint32_t i = 0; i < count; i++) {
    char **cells = find_cells(domain, panes[i]);
    rows->payloads[unknown[i]] = payloads[i];
    if (cells != NULL) cells[rows->cells[unknown[i]]] = payloads[i];
  }
}

/* Of the rows behind the first one of a cell that was not known. */
static void take_rest(struct eagre_state_domain *domain, const struct domain_rows *rows) {
  for (uint32_t row = 0; row < rows->count; row++) {
    if (rows->payloads[row] != NULL) continue;
    rows->payloads[row] = find_cells(domain, pane_of(rows, row))[rows->cells[row]];
  }
}

/* Returns how many rows were looked up by their keys. */
static uint32_t get_by_cells(struct eagre_state_domain *domain, struct eagre_state_table *table,
                             const struct domain_rows *rows, const struct eagre_vector *columns,
                             struct eagre_arena *arena) {
  domain->batch++;
  uint32_t left = take_known(domain, rows);
  domain->direct_count += rows->count - left;
  if (left == 0) return 0;
  uint32_t *unknown = eagre_arena_allocate(arena, sizeof *unknown * left);
  uint32_t count = list_unknown(domain, rows, unknown);
  get_by_keys(domain, table, rows, columns, unknown, count, arena);
  take_rest(domain, rows);
  return count;
}

/* ---- The door -------------------------------------------------------------------------------- */

static void judge(struct eagre_state_domain *domain, bool is_worth_it) {
  domain->rest = is_worth_it ? 0 : 1u << domain->doubt;
  if (is_worth_it) {
    domain->doubt = 0;
  } else if (domain->doubt < DOUBT_MAX) {
    domain->doubt++;
  }
}

void eagre_state_domain_get_groups(struct eagre_state_domain *domain,
                                   struct eagre_state_table *table, const int64_t *panes,
                                   const struct eagre_vector *columns, uint32_t row_count,
                                   struct eagre_arena *arena, char **out_payloads) {
  if (row_count == 0) return;
  if (domain->rest == 0) {
    uint16_t *cells = eagre_arena_allocate_vector(arena, sizeof *cells * row_count);
    const struct domain_rows rows = {panes, cells, row_count, out_payloads};
    bool fits = number_cells(domain, columns, row_count, arena, cells);
    uint32_t unknown = fits ? get_by_cells(domain, table, &rows, columns, arena) : row_count;
    judge(domain, unknown <= row_count / REPEATED_MIN);
    if (fits) return;
  } else {
    domain->rest--;
  }
  struct eagre_state_keys keys;
  eagre_state_encode_keys(columns, domain->column_count, row_count, arena, &keys);
  eagre_state_get_groups(table, panes, &keys, row_count, out_payloads);
}
