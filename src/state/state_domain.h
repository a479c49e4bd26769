/* Inside the room `state`: key columns that take few values.
 *
 * The values of a column are numbered (state_domain_value.c); the numbers of a row's columns, side
 * by side, are the number of its cell, and each pane has an array of cells (state_domain.c).
 *
 * Invariants
 *   1. Rows have the same cell if and only if they have the same key.
 *   2. A cell is NULL, or the payload of the group of that key and that pane, which has been found
 *      (and so marked as changed) since the last reset.
 *   3. When the numbers of a column's values change, or take more bits, all cells are NULL. */
#pragma once

#include "state/state_table.h"

enum {
  EAGRE_STATE_DOMAIN_BITS_MAX = 14, /* of the number of a cell: arrays of 128 KiB stay in L2 */
  EAGRE_STATE_DOMAIN_TEXTS_MAX = 1023,
  EAGRE_STATE_DOMAIN_TEXT_SIZE_MAX = 1024,
  EAGRE_STATE_DOMAIN_PANES_MAX = 8,
};

/* ---- Values (state_domain_value.c) ----------------------------------------------------------- */

struct eagre_state_domain_text {
  struct eagre_text_words words; /* of a long one its first and its last 8 bytes */
  const char *data;
  size_t size;
};

/* Numbers of the values of one column; 0 is NULL. */
struct eagre_state_domain_column {
  uint32_t bits; /* numbers are below 1 << bits; 0: nothing is known yet */
  int64_t low;   /* integers: the value with number 1 */
  uint32_t text_count;
  struct eagre_state_domain_text *texts; /* number n is at n - 1; NULL before the first */
  uint16_t *slots;                       /* numbers, open addressing; 0: empty */
  struct eagre_arena arena;              /* bytes of texts */
};

void eagre_state_domain_column_forget(struct eagre_state_domain_column *column);
void eagre_state_domain_column_done(struct eagre_state_domain_column *column);
/* Writes the number of each row's value; numbers that were there may have changed where `bits` or
 * `low` have. False when the values are too many or of a type that is not numbered: nothing is
 * known then. */
bool eagre_state_domain_column_number(struct eagre_state_domain_column *column,
                                      const struct eagre_vector *vector, uint32_t row_count,
                                      uint16_t *out_numbers);

/* ---- Cells (state_domain.c) ------------------------------------------------------------------ */

struct eagre_state_domain_pane {
  int64_t end;
  uint64_t used_at; /* number of the batch that used it last; 0: empty, and all cells are NULL */
  char **cells;     /* 1 << bits; NULL before the first use */
};

struct eagre_state_domain {
  uint32_t column_count;
  struct eagre_state_domain_column *columns;
  uint32_t bits; /* sum over the columns */
  struct eagre_state_domain_pane panes[EAGRE_STATE_DOMAIN_PANES_MAX];
  uint64_t batch;        /* number of the batch, from 1 */
  uint32_t rest;         /* batches that are not tried */
  uint32_t doubt;        /* the next rest is 1 << doubt batches */
  uint64_t direct_count; /* rows whose cell knew their group, since it was made */
};
