/* Reading snapshots (format: docs/internals/state-format.md).
 *
 * The files of each writing core are read newest first, as far back as the newest one says; a group
 * counts where it is seen first. Slices count in the files of the pass that the newest one names:
 * those behind it are of a pass that has not come to its end. Cores own different keys, so that the
 * order of the cores does not matter, and a pane that one core has evicted says nothing about the
 * groups of another.
 *
 * Bytes are parsed while their checksum is summed: nothing read may be believed beyond what is left
 * of the file until the end is reached, and the tables are empty again when anything is wrong. */
#include <stdio.h>
#include <string.h>

#include "state/state_cold.h"
#include "state/state_restore.h"

/* ---- One file -------------------------------------------------------------------------------- */

static enum eagre_status refuse_other_query(const char *path, const char *what,
                                            struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_SCHEMA_NOT_COMPATIBLE",
                  "state file %s belongs to another query: %s", path, what);
  eagre_error_hint(error, "a change of grouping keys or aggregates needs a new checkpoint");
  return EAGRE_UNSAFE;
}

static enum eagre_status check_header(const struct eagre_state_restore *restore, const char *path,
                                      const struct eagre_state_file_name *name,
                                      const struct eagre_state_file_header *header,
                                      struct eagre_error *error) {
  if (header->version != name->version || header->core != name->core || header->kind != name->kind)
    return eagre_state_refuse_corrupt(path, "it is a state file under another name", error);
  if (header->fingerprint != restore->snapshot->fingerprint)
    return refuse_other_query(path, "its keys or aggregates are not those of this one", error);
  if (header->table_count != restore->set->count || header->rows_count != restore->set->rows_count)
    return refuse_other_query(path, "it has another number of stateful operators", error);
  if (header->layout_checksum != eagre_state_layout_checksum(restore->set))
    return refuse_other_query(path, "its groups have another size", error);
  if (header->partition_count != restore->snapshot->partition_count)
    return refuse_other_query(path, "it has another number of state partitions", error);
  return EAGRE_OK;
}

static void check_trailer(struct eagre_state_input *input, uint64_t file_size) {
  if (input->status != EAGRE_OK) return;
  input->left = EAGRE_STATE_TRAILER_SIZE;
  uint64_t size = eagre_state_input_integer(input, 8);
  uint64_t checksum = eagre_state_input_integer(input, 4);
  if (size != file_size || checksum != input->checksum)
    eagre_state_input_refuse(input, "its checksum is wrong");
}

/* Takes the part that every format has, then what this one has more. */
static enum eagre_status take_header(struct eagre_state_input *input, uint64_t file_size,
                                     struct eagre_state_file_header *out, size_t *out_size) {
  size_t size = file_size < EAGRE_STATE_HEADER_START ? file_size : EAGRE_STATE_HEADER_START;
  input->left = file_size;
  if (eagre_state_input_need(input, size)) {
    size_t wanted = eagre_state_header_size(eagre_state_input_next(input), size);
    size = file_size < wanted ? file_size : wanted;
    eagre_state_input_need(input, size);
  }
  EAGRE_TRY(input->status);
  EAGRE_TRY(eagre_state_header_parse(eagre_state_input_next(input), size, input->path, out,
                                     input->error));
  eagre_state_input_skip(input, size);
  *out_size = size;
  return EAGRE_OK;
}

/* Reads header, body and trailer of an open file of `file_size` bytes. */
static enum eagre_status read_content(struct eagre_state_restore *restore,
                                      const struct eagre_state_file_name *name, uint64_t file_size,
                                      struct eagre_state_file_header *header) {
  struct eagre_state_input *input = &restore->input;
  size_t header_size = 0;
  EAGRE_TRY(take_header(input, file_size, header, &header_size));
  if (file_size < header_size + EAGRE_STATE_TRAILER_SIZE)
    return eagre_state_refuse_corrupt(input->path, "it is too short", input->error);
  EAGRE_TRY(check_header(restore, input->path, name, header, input->error));
  restore->is_newest = header->version == restore->snapshot->version;
  if (restore->is_newest) restore->chain_first = header->chain_first;
  if (restore->is_newest) restore->chain_last = header->chain_last;
  restore->has_slices = header->format_version > 1;
  restore->counts_slices = header->version <= restore->chain_last;
  input->left = file_size - header_size - EAGRE_STATE_TRAILER_SIZE;
  eagre_state_body_take(restore, header->group_count);
  check_trailer(input, file_size);
  if (restore->is_same_cores && restore->foreign_count > 0)
    eagre_state_input_refuse(input, "it holds keys that its core does not own");
  return input->status;
}

/* END when there is no such file. */
static enum eagre_status read_file(struct eagre_state_restore *restore,
                                   const struct eagre_state_file_name *name,
                                   struct eagre_state_file_header *header,
                                   struct eagre_error *error) {
  const char *path = eagre_state_file_path(&restore->arena, restore->snapshot->directory, name);
  struct eagre_io_entry entry;
  EAGRE_TRY(eagre_io_stat(restore->io, path, &entry, error));
  EAGRE_TRY(eagre_state_input_open(&restore->input, path, entry.size, error));
  enum eagre_status status = read_content(restore, name, entry.size, header);
  eagre_state_input_close(&restore->input);
  return status;
}

/* ---- Chains ---------------------------------------------------------------------------------- */

/* Reads the file of a core and version, whichever kind it is. */
static enum eagre_status read_either(struct eagre_state_restore *restore,
                                     struct eagre_state_file_name *name,
                                     struct eagre_state_file_header *header,
                                     struct eagre_error *error) {
  for (int kind = EAGRE_STATE_FULL; kind <= EAGRE_STATE_DELTA; kind++) {
    name->kind = (enum eagre_state_kind)kind;
    enum eagre_status status = read_file(restore, name, header, error);
    if (status != EAGRE_END) return status;
  }
  const char *path = eagre_state_file_path(&restore->arena, restore->snapshot->directory, name);
  eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_MISSING_FILE",
                  "state file %s (or .full) is missing", path);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

/* Nothing is known of the files of a core. */
static void begin_chain(struct eagre_state_restore *restore) {
  restore->chain_first = -1;
  restore->chain_last = -1;
  for (uint32_t i = 0; i < restore->set->count; i++) {
    restore->evicted_pane_max[i] = INT64_MIN;
  }
  for (uint32_t i = 0; i < restore->set->rows_count; i++) {
    restore->evicted_time_max[i] = INT64_MIN;
    eagre_free(restore->matched[i].slots);
    restore->matched[i] = (struct eagre_state_numbers){0};
  }
}

/* Reads the file of one core and those it builds on. Files of format version 1 reach back to a full
 * one, which is all of the pass there is. */
static enum eagre_status read_chain(struct eagre_state_restore *restore, uint32_t core,
                                    struct eagre_error *error) {
  struct eagre_state_file_name name = {restore->snapshot->version, core, "", EAGRE_STATE_FULL};
  snprintf(name.attempt, sizeof name.attempt, "%s", restore->snapshot->attempt);
  begin_chain(restore);
  for (;;) {
    struct eagre_state_file_header header;
    EAGRE_TRY(read_either(restore, &name, &header, error));
    bool is_full = header.kind == EAGRE_STATE_FULL;
    if (is_full && restore->chain_first < 0) {
      restore->chain_first = header.version;
      restore->chain_last = header.version;
    }
    if (is_full || header.version == restore->chain_first) return EAGRE_OK;
    name.version = header.base_version;
    memcpy(name.attempt, header.base_attempt, sizeof name.attempt);
  }
}

/* A delta can follow only where this core owns what the files behind it hold. */
static void note_loaded(struct eagre_state_base *base, const struct eagre_state_restore *restore) {
  const struct eagre_state_snapshot *snapshot = restore->snapshot;
  base->version = restore->is_same_cores ? snapshot->version : -1;
  base->core = snapshot->core;
  snprintf(base->attempt, sizeof base->attempt, "%s", snapshot->attempt);
  base->chain_first = restore->chain_first;
  base->chain_last = restore->chain_last;
  base->pass_first = -1;
  base->evicted_max = INT64_MIN;
  base->is_dirty = false;
}

/* What follows builds on tables that are wholly in the tier or not at all there. */
static enum eagre_status spill_rest(const struct eagre_state_set *set, struct eagre_error *error) {
  for (uint32_t i = 0; i < set->count; i++) {
    if (eagre_state_is_cold(set->tables[i])) return eagre_state_spill(set, false, error);
  }
  return EAGRE_OK;
}

static void clear_tables(const struct eagre_state_set *set) {
  for (uint32_t i = 0; i < set->count; i++) {
    eagre_state_table_clear(set->tables[i]);
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    eagre_state_rows_clear(set->rows[i]);
  }
}

enum eagre_status eagre_state_load(const struct eagre_state_set *set, struct eagre_io *io,
                                   const struct eagre_state_snapshot *snapshot,
                                   uint32_t written_core_count, uint32_t core_total,
                                   struct eagre_error *error) {
  eagre_assert(strlen(snapshot->attempt) < EAGRE_STATE_ATTEMPT_SIZE);
  eagre_assert(set->count + set->rows_count > 0);
  eagre_assert(core_total > 0 && snapshot->partition_count > 0);
  clear_tables(set);
  bool is_same_cores = written_core_count == core_total;
  struct eagre_state_restore restore = {
      .set = set,
      .evicted_pane_max = eagre_allocate_zeroed(set->count + 1, sizeof *restore.evicted_pane_max),
      .evicted_time_max =
          eagre_allocate_zeroed(set->rows_count + 1, sizeof *restore.evicted_time_max),
      .matched = eagre_allocate_zeroed(set->rows_count + 1, sizeof *restore.matched),
      .io = io,
      .snapshot = snapshot,
      .core_total = core_total,
      .is_same_cores = is_same_cores,
  };
  eagre_state_input_init(&restore.input, io);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t core = 0; core < written_core_count && status == EAGRE_OK; core++) {
    if (is_same_cores && core != snapshot->core) continue;
    status = read_chain(&restore, core, error);
  }
  if (status == EAGRE_OK) status = spill_rest(set, error);
  for (uint32_t i = 0; i < set->count + set->rows_count && status == EAGRE_OK; i++) {
    note_loaded(eagre_state_set_base(set, i), &restore);
  }
  if (status != EAGRE_OK) clear_tables(set);
  for (uint32_t i = 0; i < set->rows_count; i++) {
    set->rows[i]->epoch_number = set->rows[i]->next_number;
    eagre_free(restore.matched[i].slots);
  }
  eagre_free(restore.matched);
  eagre_free(restore.evicted_time_max);
  eagre_free(restore.evicted_pane_max);
  eagre_state_input_done(&restore.input);
  eagre_arena_done(&restore.arena);
  return status;
}
