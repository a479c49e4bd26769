/* Aggregation by sessions, inside of the room `operator` (spark-semantics 3.4).
 *
 * A row opens a session, [ts, ts + gap). Sessions of equal other keys that meet, also at a point,
 * are one, from the first start to the last end; their accumulators are merged in the order of
 * their starts, as Spark merges them.
 *
 *   partial  one core's rows of an epoch: a group per key, start and end
 *   pieces   what a core owns of them all, in order of key, start and end, late ones dropped
 *   state    sessions that do not meet: a piece is merged with those of its key that it meets
 *
 * State. A group is a session: key = the encoded other keys, then the start it was made with, so
 * that sessions of one key are groups of one hash. It expires at its end (operator_expiring.h). One
 * that grows beyond its pane moves to another; of those that merge one stays and the others are
 * gone. Where nothing expires there is one pane, and nothing moves. */
#pragma once

#include "operator/operator_aggregate.h"
#include "operator/operator_expiring.h"

/* Begins every payload; accumulators follow. In the state it begins with a struct expiring_head. */
struct session_head {
  int64_t end_us;
  union {
    int64_t pane;      /* state */
    uint64_t key_hash; /* partial: of the key without start and end */
  };
  int64_t start_us;
};

/* A session about to be merged. */
struct session_piece {
  uint64_t hash; /* of `key` */
  struct eagre_text key;
  int64_t start_us;
  int64_t end_us;
  char *payload; /* of a piece of the epoch: only read */
  bool is_state;
};
struct session_pieces {
  struct session_piece *items;
  uint64_t count;
  uint64_t capacity;
};
void eagre_operator_session_add_piece(struct session_pieces *pieces,
                                      const struct session_piece *piece);
/* By key, start, state first, end; equal ones stay in their order. */
void eagre_operator_session_sort(struct session_pieces *pieces);
/* Where the pieces of the key of `begin` end. */
uint64_t eagre_operator_session_key_end(const struct session_pieces *pieces, uint64_t begin);
/* Where the pieces that are one session with `begin` end, at most `limit`; *out_end_us its end. */
uint64_t eagre_operator_session_run_end(const struct session_piece *pieces, uint64_t begin,
                                        uint64_t limit, int64_t *out_end_us);

/* ---- Partial (operator_session_partial.c) ---------------------------------------------------- */

struct session_partial;
struct session_partial *
eagre_operator_session_partial_new(const struct eagre_stateful_options *options);
void eagre_operator_session_partial_free(struct session_partial *partial);
/* `late_bound_us`: sessions that end there or before may be dropped at once; INT64_MIN: none. */
void eagre_operator_session_partial_begin(struct session_partial *partial,
                                          int64_t batch_timestamp_us, int64_t late_bound_us);
/* Folds a batch in and frees it. */
enum eagre_status eagre_operator_session_partial_push(struct session_partial *partial,
                                                      struct eagre_batch *batch,
                                                      struct eagre_error *error);
/* Walks the pieces of the epoch so far; they point into the partial. */
bool eagre_operator_session_partial_next(struct session_partial *partial,
                                         struct eagre_state_cursor *cursor,
                                         struct session_piece *out_piece);
/* Dropped as late by the partial itself. */
uint64_t eagre_operator_session_partial_dropped(const struct session_partial *partial);

/* ---- State (operator_session_state.c) -------------------------------------------------------- */

struct session_state;
struct session_state *
eagre_operator_session_state_new(const struct eagre_stateful_options *options);
void eagre_operator_session_state_free(struct session_state *state);
struct eagre_state_table *eagre_operator_session_state_table(struct session_state *state);
/* The first one also takes in what was loaded. */
void eagre_operator_session_state_begin(struct session_state *state,
                                        const struct eagre_stateful_epoch *epoch);
/* Sessions that end there or before are late; INT64_MIN: none. */
int64_t eagre_operator_session_state_late_bound(const struct session_state *state);
/* Takes the pieces this core owns, which must live until `finish`. */
void eagre_operator_session_state_collect(struct session_state *state,
                                          struct session_partial *partial);
/* Merges them in, gives the sessions that the output mode asks for, then evicts. */
enum eagre_status eagre_operator_session_state_finish(struct session_state *state,
                                                      struct eagre_error *error);
void eagre_operator_session_state_measure(const struct session_state *state,
                                          struct eagre_stateful_metrics *out);
