/* Inside of the room `operator`: what the files of the JOIN of two streams share. */
#pragma once

#include "operator/operator_keyed.h"
#include "operator/operator_kind.h"

enum { JOIN_LEFT, JOIN_RIGHT, JOIN_SIDES };

/* One input. */
struct join_side {
  uint32_t number;
  const struct eagre_type *columns; /* STRUCT: its rows as they come */
  uint32_t first;                   /* index of its first column among the joined ones */
  uint32_t *stored;                 /* indices of the columns that are kept */
  const struct eagre_type **stored_types;
  uint32_t stored_count;
  struct eagre_program *filter; /* conjuncts that read this side alone; NULL: none */
  bool keeps_unmatched;         /* its rows without a match come out */
  struct eagre_state_rows *rows;
};

struct join {
  struct eagre_stateful base;
  struct eagre_stateful_options options;
  const struct eagre_plan_node *node;
  struct operator_keyed *keyed;
  struct join_side sides[JOIN_SIDES];
  struct eagre_program *residual; /* what is left of the condition, over joined columns; or NULL */
  const struct eagre_type *joined;
  struct eagre_arena arena; /* types and conditions */
  struct eagre_program_context context;
  struct eagre_stateful_epoch epoch;
  struct eagre_stateful_metrics metrics;
};

/* ---- Batches (operator_stream_join_rows.c) --------------------------------------------------- */

/* A batch of joined columns, all NULL, without rows' values yet. */
struct eagre_batch *eagre_stream_join_batch_new(const struct join *join, uint32_t row_count);
/* Fills the columns of a side with rows of a batch of that side, texts copied. */
void eagre_stream_join_fill_rows(const struct join_side *side, struct eagre_batch *out,
                                 const struct eagre_batch *from, const uint32_t *rows);
/* The same with stored rows. UNSAFE STATE_STORE_CORRUPT. */
enum eagre_status eagre_stream_join_fill_stored(const struct join_side *side,
                                                struct eagre_batch *out,
                                                struct eagre_state_row *const *rows,
                                                struct eagre_error *error);
/* Gives a batch of joined columns on, as the columns that the node has; an empty one is freed. */
enum eagre_status eagre_stream_join_give(const struct join *join, struct eagre_batch *batch,
                                         struct eagre_error *error);
/* The time of each row for the state; NULL when rows of this side stay for ever. */
const int64_t *eagre_stream_join_times(const struct join *join,
                                       const struct operator_keyed_rows *rows);
/* The bodies of rows, by row; those that are not in `picks` are unset. */
const struct eagre_text *eagre_stream_join_bodies(const struct join_side *side,
                                                  struct eagre_batch *batch, const uint32_t *picks,
                                                  uint32_t count);
