/* Door of the room `state`: keyed tables of accumulators, in panes, with versioned snapshots.
 *
 * A table maps (pane, key) -> payload. A pane is a window's end in microseconds (or 0 when the
 * query has no window), so that eviction drops whole panes. A key is a byte string made by
 * `eagre_state_encode_keys`: equal rows <=> equal bytes (NULLs equal each other, NaN equals NaN,
 * -0.0 equals 0.0). A payload is `payload_size` bytes, zeroed when new; texts it points to live in
 * the arena of its pane.
 *
 * A *partial* table collects one core's rows of one epoch; at the end of the epoch each owner core
 * merges from all partial tables the keys of the state partitions it owns. Partition = hash of the
 * key bytes (without the pane) modulo the partition count, which the checkpoint fixes.
 *
 * Tables belong to one thread at a time; hand-over is through a ring. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "io/io.h"

struct eagre_state_layout {
  uint32_t payload_size;        /* bytes, multiple of 8 */
  const uint32_t *text_offsets; /* offsets in the payload of `struct eagre_text` values */
  uint32_t text_count;
  /* Bytes at the end of every key that tell several groups of one encoded key apart: they are part
   * of the key, but neither of its hash nor so of its partition. */
  uint32_t key_suffix_size;
};

struct eagre_state_table;
/* The layout is copied. */
struct eagre_state_table *eagre_state_table_new(const struct eagre_state_layout *layout);
void eagre_state_table_free(struct eagre_state_table *table);
/* Forgets every group, keeps memory: a partial table before the next epoch. */
void eagre_state_table_clear(struct eagre_state_table *table);

/* Encoded keys of a batch. Keys of one integer or text column may point into the column or at its
 * texts: they live as long as both. */
struct eagre_state_keys {
  const struct eagre_text *keys; /* row_count, in the batch's arena */
  const uint64_t *hashes;
};
/* Encodes the key columns of all rows (`column_count` 0: one empty key). The encoding depends on
 * the types of the columns and on nothing else (state_key.c), so that it is the same for every
 * batch. */
void eagre_state_encode_keys(const struct eagre_vector *columns, uint32_t column_count,
                             uint32_t row_count, struct eagre_arena *arena,
                             struct eagre_state_keys *out);
/* The inverse: rebuilds key columns of types types[] from encoded keys (texts copied to `arena`).
 */
void eagre_state_decode_keys(const struct eagre_text *keys, uint32_t row_count,
                             const struct eagre_type *const *types, uint32_t column_count,
                             struct eagre_vector *out_columns, struct eagre_arena *arena);
uint32_t eagre_state_partition(uint64_t hash, uint32_t partition_count);
/* The hash of an encoded key (without suffix), as eagre_state_encode_keys gives it. */
uint64_t eagre_state_hash_key(struct eagre_text key);

/* Finds or makes the group of every row: payloads[i]. `panes` may be NULL (all 0). Groups are
 * marked changed. Pointers stay valid until the group is removed or the table cleared. */
void eagre_state_get_groups(struct eagre_state_table *table, const int64_t *panes,
                            const struct eagre_state_keys *keys, uint32_t row_count,
                            char **out_payloads);

/* Finds groups by the columns of the keys, with eagre_state_encode_keys and eagre_state_get_groups
 * as the way that is always there. Where a column takes few values (integers that lie close
 * together, BOOLEAN, up to 1,023 texts; all columns together some 16,384) and a batch repeats them,
 * a row's group stands in an array at the number of its values, and no key is made. Groups, their
 * order and their marks are the same either way.
 *
 * It remembers payloads: it is reset before anything but eagre_state_domain_get_groups changes
 * which groups a table has or begins an epoch, and belongs to one table between resets. */
struct eagre_state_domain;
struct eagre_state_domain *eagre_state_domain_new(uint32_t column_count);
void eagre_state_domain_free(struct eagre_state_domain *domain);
void eagre_state_domain_reset(struct eagre_state_domain *domain);
/* The columns are of the same types in every call. Memory of keys comes from `arena`. */
void eagre_state_domain_get_groups(struct eagre_state_domain *domain,
                                   struct eagre_state_table *table, const int64_t *panes,
                                   const struct eagre_vector *columns, uint32_t row_count,
                                   struct eagre_arena *arena, char **out_payloads);
/* Marks a group of that pane changed. */
void eagre_state_touch(struct eagre_state_table *table, int64_t pane, char *payload);
/* Key and hash of the group of a payload, which is in a table. */
struct eagre_text eagre_state_key_of(const struct eagre_state_table *table, const char *payload);
uint64_t eagre_state_hash_of(const char *payload);
/* The arena for texts of a pane's payloads; makes the pane when it is missing. Texts that payloads
 * no longer point to are given back now and then: `eagre_state_begin_epoch` may move the others, by
 * `eagre_arena_copy_growing`, and so does loading, so that they can go on growing. A pane's arena
 * holds at most four times what its texts had when they were last gathered (or 1 MiB), and what one
 * epoch adds to it. */
struct eagre_arena *eagre_state_pane_arena(struct eagre_state_table *table, int64_t pane);

/* Iteration over groups, pane by pane in ascending order, within a pane in the order in which the
 * groups were made (CHANGED: first touched in this epoch, while those are few). */
struct eagre_state_group {
  int64_t pane;
  struct eagre_text key;
  uint64_t hash;
  char *payload;
};
struct eagre_state_cursor {
  uint64_t position[4]; /* private; all zero = start */
};
enum eagre_state_filter {
  EAGRE_STATE_ALL,
  EAGRE_STATE_CHANGED, /* touched since `eagre_state_begin_epoch` */
};
/* Fills up to `group_count_max` groups whose pane is <= `pane_max`; 0 at the end. The table must
 * not change in between. */
uint32_t eagre_state_next(struct eagre_state_table *table, struct eagre_state_cursor *cursor,
                          enum eagre_state_filter filter, int64_t pane_max,
                          struct eagre_state_group *out_groups, uint32_t group_count_max);
/* The same for all groups of one pane. */
uint32_t eagre_state_next_of_pane(struct eagre_state_table *table, int64_t pane,
                                  struct eagre_state_cursor *cursor,
                                  struct eagre_state_group *out_groups, uint32_t group_count_max);
/* Starts an epoch: nothing is changed yet. The epoch before must have been saved, or the next
 * snapshot is a full one. */
void eagre_state_begin_epoch(struct eagre_state_table *table);
/* Takes out groups that mean nothing any more, wherever they are: right after
 * eagre_state_begin_epoch, when the table holds what was saved last. The saved deltas go on telling
 * that they were changed, so a payload must say by itself that its group means nothing. Payloads
 * move. Costs a walk over all groups. */
void eagre_state_drop_groups(struct eagre_state_table *table, bool (*drops)(const char *payload));
/* Drops panes <= `pane_max` (to be called before the epoch's save); returns the number of groups
 * removed. */
uint64_t eagre_state_evict(struct eagre_state_table *table, int64_t pane_max);

struct eagre_state_metrics {
  uint64_t group_count;
  uint64_t changed_count; /* this epoch */
  uint64_t memory_bytes;
  int64_t first_pane; /* the least there is; INT64_MAX: none */
};
void eagre_state_measure(const struct eagre_state_table *table, struct eagre_state_metrics *out);

/* ---- The tier -----------------------------------------------------------------------------------
 * A table may have a *tier* below memory: groups that are too many for it go to a database on disk,
 * all of them at once, and come back one by one when they are wanted. Without a tier, and while
 * everything fits, nothing is different. The database is scratch: snapshots hold what it holds.
 *
 * What an epoch touches stays in memory until it is saved. A table with a tier
 *   - is asked by eagre_state_fetch before eagre_state_get_groups, which sees memory only,
 *   - is read whole by a reader: eagre_state_next gives groups that were touched, and no others,
 *   - is never asked to drop groups.
 * Counts are of all groups, wherever they are; memory is memory. */

struct eagre_state_tier;
enum { EAGRE_STATE_TIER_SIZE_MIN = 32 << 20 };
struct eagre_state_tier_options {
  struct eagre_io *io;
  const char
      *directory; /* its own; made when the first groups go there, and what is there is lost */
  /* Bytes that all tables of the core and the tier may take, EAGRE_STATE_TIER_SIZE_MIN or more: a
   * quarter for the tier's cache, the rest for tables; they are spilled when half of it is full. */
  uint64_t size_max;
};
struct eagre_state_tier *eagre_state_tier_new(const struct eagre_state_tier_options *options);
/* After its tables. Removes what is on disk. */
void eagre_state_tier_free(struct eagre_state_tier *tier);
/* Removes what processes that died left of tiers, each in an entry of that directory, which may be
 * missing; nobody uses one of them. */
enum eagre_status eagre_state_tier_clean(struct eagre_io *io, const char *directory,
                                         struct eagre_error *error);
/* Bytes of memory it takes now; NULL: none. */
uint64_t eagre_state_tier_memory(const struct eagre_state_tier *tier);
/* Of an empty table. */
void eagre_state_table_use_tier(struct eagre_state_table *table, struct eagre_state_tier *tier);

/* Whether the tier has groups that memory has not. */
bool eagre_state_has_cold(const struct eagre_state_table *table);
/* Brings those of the groups into memory that the tier has. IO STATE_TIER_FAILED; after that, as
 * after every failure of the tier, the tables are of no use any more. */
enum eagre_status eagre_state_fetch(struct eagre_state_table *table, const int64_t *panes,
                                    const struct eagre_state_keys *keys, uint32_t row_count,
                                    struct eagre_error *error);

/* Reads all groups of a table, pane by pane in ascending order, in a pane those in memory first.
 * The table does not change meanwhile. */
struct eagre_state_reader;
struct eagre_state_reader *eagre_state_reader_open(struct eagre_state_table *table,
                                                   int64_t pane_max);
void eagre_state_reader_close(struct eagre_state_reader *reader);
/* *out_count: 0 at the end. Groups live until the next call. IO STATE_TIER_FAILED. */
enum eagre_status eagre_state_reader_next(struct eagre_state_reader *reader,
                                          struct eagre_state_group *out_groups,
                                          uint32_t group_count_max, uint32_t *out_count,
                                          struct eagre_error *error);

/* ---- Rows ---------------------------------------------------------------------------------------
 * A row store maps a key to the list of its rows: what a join keeps of one input. A row has bytes
 * (state_row.c), an event time and a flag, and is stored once; it leaves when its time has passed.
 *
 * Rows stand in coarse panes of time, whose memory goes back as a whole; which rows have left is
 * exact. A row without a key that could match (NULL) is kept for its time alone. */

struct eagre_state_rows;
/* A pane spans `pane_us` microseconds (> 0); its memory is kept until its last row has left. */
struct eagre_state_rows *eagre_state_rows_new(int64_t pane_us);
void eagre_state_rows_free(struct eagre_state_rows *rows);
/* Of an empty store: a row leaves when it finds a match. Its bytes, and its place among the pairs
 * of a probe that is under way, stay until the next eviction. */
void eagre_state_rows_drop_matched(struct eagre_state_rows *rows);
/* Starts an epoch: nothing is new. As eagre_state_begin_epoch. */
void eagre_state_rows_begin_epoch(struct eagre_state_rows *rows);

struct eagre_state_row;

/* Rows to be stored. `times`: microseconds, INT64_MAX = stays for ever; NULL = all of them do. */
struct eagre_state_rows_input {
  struct eagre_state_keys keys;
  const struct eagre_text *bodies;
  const int64_t *times;
  const uint8_t *matchable; /* bitmap: the key has no NULL; NULL = all */
  const uint8_t *matched;   /* bitmap: has found a match already; NULL = none */
  const uint32_t *picks;    /* which of the rows above, in this order; NULL = the first `count` */
  uint32_t count;
};
void eagre_state_rows_add(struct eagre_state_rows *rows,
                          const struct eagre_state_rows_input *input);

/* Pairs of a row that looks for a match and one that is stored under its key. */
struct eagre_state_pair {
  uint32_t probe; /* number of the looking row */
  struct eagre_state_row *row;
};
struct eagre_state_probe {
  uint64_t position[2]; /* private; all zero = start */
};
/* The pairs of rows picks[0..count) (NULL: 0, 1, ...) that have keys, as many as fit; 0 at the end.
 * Nothing is added to or evicted from the store in between. */
uint32_t eagre_state_rows_probe(const struct eagre_state_rows *rows,
                                const struct eagre_state_keys *keys, const uint32_t *picks,
                                uint32_t count, struct eagre_state_probe *probe,
                                struct eagre_state_pair *out_pairs, uint32_t pair_count_max);

/* Of a stored row; texts live until it has left. */
struct eagre_text eagre_state_row_body(const struct eagre_state_row *row);
int64_t eagre_state_row_time(const struct eagre_state_row *row); /* INT64_MAX: stays for ever */
bool eagre_state_row_is_matched(const struct eagre_state_row *row);
bool eagre_state_row_is_new(const struct eagre_state_rows *rows,
                            const struct eagre_state_row *row); /* added in this epoch */
void eagre_state_row_match(struct eagre_state_rows *rows, struct eagre_state_row *row);

/* Takes rows whose time is <= `time_max` out, some at a time; 0 when there is none left. What is
 * returned may be read until the next call. To be called to its end before the epoch's save. */
uint32_t eagre_state_rows_evict(struct eagre_state_rows *rows, int64_t time_max,
                                struct eagre_state_row **out_rows, uint32_t row_count_max);

struct eagre_state_rows_metrics {
  uint64_t row_count;
  uint64_t memory_bytes;
};
void eagre_state_rows_measure(const struct eagre_state_rows *rows,
                              struct eagre_state_rows_metrics *out);

/* Rows as bytes and back: the bodies of a row store, and the like. Values come back as they were,
 * -0.0 and every NaN too. The encoding depends on the types alone. */
void eagre_state_encode_rows(const struct eagre_vector *columns, uint32_t column_count,
                             const uint32_t *picks, uint32_t row_count, struct eagre_arena *arena,
                             struct eagre_text *out_bodies);
/* Columns of types[] with `row_count` rows; texts are copied to `arena`. A body without data
 * (`data` NULL) is a row of NULLs. False when a body is damaged. */
bool eagre_state_decode_rows(const struct eagre_text *bodies, uint32_t row_count,
                             const struct eagre_type *const *types, uint32_t column_count,
                             struct eagre_vector *out_columns, struct eagre_arena *arena);

/* ---- Snapshots ---------------------------------------------------------------------------------
 * The tables of one query on one core are saved and loaded together, always the same ones in the
 * same order: one file per core and version below the checkpoint's eagre/state, called
 * <version>-<core>-<attempt>.full or .delta (format: docs/internals/state-format.md). A delta holds
 * the groups changed in its epoch and the eviction bounds, of rows the new ones and which have
 * found a match, and a slice of everything else, so that no version needs many files before it and
 * no epoch writes the whole state (docs/decisions/0010-rolling-snapshots.md).
 * Damaged, truncated, missing or newer files are refused by name (UNSAFE STATE_STORE_CORRUPT,
 * STATE_STORE_MISSING_FILE, STATE_STORE_VERSION_UNSUPPORTED, STATE_STORE_SCHEMA_NOT_COMPATIBLE). */

struct eagre_state_set {
  struct eagre_state_table *const *tables;
  uint32_t count;
  struct eagre_state_rows *const *rows;
  uint32_t rows_count; /* with tables: >= 1 */
};
struct eagre_state_snapshot {
  const char *directory;
  int64_t version; /* the version this file makes: epoch + 1 */
  uint32_t core;
  const char *attempt; /* at most 63 bytes, no '/' */
  uint32_t partition_count;
  uint64_t fingerprint; /* of key and aggregate types: another query's state is refused */
};
/* Writes the file and makes it durable: a delta when the tables were loaded or saved at version - 1
 * and fewer than half of the groups have changed, else a full one. Never overwrites: UNSAFE
 * FILE_ALREADY_EXISTS. On failure nothing of the file stays and the tables are as they were.
 * *out_bytes: size of the file. */
enum eagre_status eagre_state_save(const struct eagre_state_set *set, struct eagre_io *io,
                                   const struct eagre_state_snapshot *snapshot, uint64_t *out_bytes,
                                   struct eagre_error *error);
/* Loads version `version` written by `core_count` cores under `attempt`, taking only groups whose
 * state partition p satisfies p % core_total == core. Follows deltas back as far as the newest
 * says (the attempt of each base is in the delta's header). */
enum eagre_status eagre_state_load(const struct eagre_state_set *set, struct eagre_io *io,
                                   const struct eagre_state_snapshot *snapshot,
                                   uint32_t written_core_count, uint32_t core_total,
                                   struct eagre_error *error);
/* Removes state files older than what any version >= `keep_from` needs, losing attempts among them.
 * Nothing when there is no version >= `keep_from`, or no such directory. */
enum eagre_status eagre_state_purge(struct eagre_io *io, const char *directory, int64_t keep_from,
                                    struct eagre_error *error);
/* Spills tables that have a tier when they take too much memory. To be called right after
 * eagre_state_save, and by nobody else. IO STATE_TIER_FAILED. */
enum eagre_status eagre_state_relieve(const struct eagre_state_set *set, struct eagre_error *error);
