/* Inside the room `state`: what is known while a version is being read. */
#pragma once

#include "state/state_input.h"

/* Numbers of rows, open addressing; row numbers are never 0. */
struct eagre_state_numbers {
  uint64_t *slots;
  uint64_t capacity; /* a power of two, or 0 */
  uint64_t count;
};

struct eagre_state_restore {
  const struct eagre_state_set *set;
  const struct eagre_state_snapshot *snapshot;
  struct eagre_io *io;
  uint32_t core_total;
  bool is_same_cores;        /* our own files, with our keys and no others */
  uint64_t foreign_count;    /* groups and rows of other cores seen so far */
  uint64_t unmeasured_count; /* groups taken since the tables were last measured */

  /* Of the core being read: */
  int64_t chain_first; /* as its newest file says */
  int64_t chain_last;
  int64_t *evicted_pane_max;           /* of each table, by the files read so far */
  int64_t *evicted_time_max;           /* of each row store */
  struct eagre_state_numbers *matched; /* of each: rows that newer files say have a match */

  /* Of the file being read: */
  bool is_newest; /* of its core */
  bool has_slices;
  bool counts_slices; /* they are of the pass of the chain */
  bool is_in_slice;
  uint64_t expected_count; /* groups of the only pane of the table being read; 0: not known */
  int64_t evicted_max;     /* of the table or row store being read, by newer files */

  struct eagre_state_input input;
  struct eagre_arena arena; /* paths */
};

/* Reads the tables and row stores of a file, of which all but the trailer is left. */
void eagre_state_body_take(struct eagre_state_restore *restore, uint64_t item_count);
