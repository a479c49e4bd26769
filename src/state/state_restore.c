/* Reading snapshots (format: docs/internals/state-format.md).
 *
 * The files of each writing core are read newest first, as far back as the newest one says; a group
 * counts where it is seen first. Slices count in the files of the pass that the newest one names:
 * those behind it are of a pass that has not come to its end. Cores own different keys, so that the
 * order of the cores does not matter, and a pane that one core has evicted says nothing about the
 * groups of another.
 *
 * Bytes are parsed while their checksum is summed: nothing read may be believed beyond what is left
 * of the file until the end is reached, and the table is empty again when anything is wrong. */
#include "state/state_snapshot.h"

#include <stdio.h>
#include <string.h>

/* ---- Input ----------------------------------------------------------------------------------- */

struct input {
  struct eagre_io_reader *reader;
  const char *path;
  struct eagre_error *error;
  enum eagre_status status; /* the first failure stays, and then all reads give zeros */
  uint64_t left;            /* bytes of header and body not yet taken; behind them is the trailer */
  uint32_t checksum;        /* of what was taken */
  size_t begin;
  size_t end;
  char bytes[256 * 1024];
};

static void fail_corrupt(struct input *input, const char *what) {
  if (input->status == EAGRE_OK)
    input->status = eagre_state_refuse_corrupt(input->path, what, input->error);
}

static void fill_input(struct input *input) {
  input->begin = 0;
  input->end = 0;
  enum eagre_status status = eagre_io_reader_read(input->reader, input->bytes, sizeof input->bytes,
                                                  &input->end, input->error);
  if (status != EAGRE_OK) {
    input->status = status;
  } else if (input->end == 0) {
    fail_corrupt(input, "it ends too early");
  }
}

/* The next `size` bytes, whatever part of the file they are in. */
static void read_raw(struct input *input, char *out, size_t size) {
  while (size > 0) {
    if (input->begin == input->end && input->status == EAGRE_OK) fill_input(input);
    if (input->status != EAGRE_OK) {
      memset(out, 0, size);
      return;
    }
    size_t there = input->end - input->begin;
    size_t part = size < there ? size : there;
    memcpy(out, input->bytes + input->begin, part);
    input->begin += part;
    out += part;
    size -= part;
  }
}

/* Whether so much is left; fails otherwise. To be asked before memory is made for it. */
static bool has_left(struct input *input, uint64_t size) {
  if (input->status == EAGRE_OK && size > input->left)
    fail_corrupt(input, "something in it is longer than the file");
  return input->status == EAGRE_OK;
}

static void take_bytes(struct input *input, char *out, size_t size) {
  if (!has_left(input, size)) {
    memset(out, 0, size);
    return;
  }
  read_raw(input, out, size);
  input->checksum = eagre_crc32c(input->checksum, out, size);
  input->left -= size;
}

static uint64_t take_integer(struct input *input, size_t size) {
  char bytes[8] = {0};
  take_bytes(input, bytes, size);
  return eagre_state_get_integer(bytes, size);
}

/* ---- One file -------------------------------------------------------------------------------- */

/* Numbers of rows, open addressing; row numbers are never 0. */
struct number_set {
  uint64_t *slots;
  uint64_t capacity; /* a power of two, or 0 */
  uint64_t count;
};

static uint64_t *find_number(const struct number_set *set, uint64_t number) {
  uint64_t index = eagre_hash_integer(number, 0) & (set->capacity - 1);
  while (set->slots[index] != 0 && set->slots[index] != number) {
    index = (index + 1) & (set->capacity - 1);
  }
  return &set->slots[index];
}

static bool has_number(const struct number_set *set, uint64_t number) {
  return set->count > 0 && *find_number(set, number) != 0;
}

static void add_number(struct number_set *set, uint64_t number) {
  if (set->count * 2 >= set->capacity) {
    struct number_set old = *set;
    set->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
    set->slots = eagre_allocate_zeroed(set->capacity, sizeof *set->slots);
    for (uint64_t i = 0; i < old.capacity; i++) {
      if (old.slots[i] != 0) *find_number(set, old.slots[i]) = old.slots[i];
    }
    eagre_free(old.slots);
  }
  uint64_t *slot = find_number(set, number);
  if (*slot == 0) set->count++;
  *slot = number;
}

struct restore {
  const struct eagre_state_set *set;
  struct eagre_state_table *table; /* the one being read */
  int64_t *evicted_pane_max;       /* of each table, by the files read so far of this chain */
  int64_t table_evicted_max;       /* of the one being read */
  struct eagre_io *io;
  const struct eagre_state_snapshot *snapshot;
  uint32_t core_total;
  int64_t *evicted_time_max;  /* of each row store, as above */
  struct number_set *matched; /* of each: rows that newer files of this chain say have a match */
  bool is_same_cores;         /* our own files, with our keys and no others */
  int64_t chain_first;        /* of the core being read, as its newest file says */
  int64_t chain_last;
  bool has_slices;    /* of the file being read: it has some */
  bool counts_slices; /* and they are of the pass of the chain */
  bool is_in_slice;
  uint64_t foreign_count; /* groups of other cores seen so far */
  struct eagre_buffer key;
  struct eagre_buffer payload;
  struct eagre_arena arena; /* paths */
};

static enum eagre_status refuse_other_query(const char *path, const char *what,
                                            struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_SCHEMA_NOT_COMPATIBLE",
                  "state file %s belongs to another query: %s", path, what);
  eagre_error_hint(error, "a change of grouping keys or aggregates needs a new checkpoint");
  return EAGRE_UNSAFE;
}

static enum eagre_status check_header(const struct restore *restore, const char *path,
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

static bool is_owned(struct restore *restore, uint64_t hash) {
  uint32_t partition = eagre_state_partition(hash, restore->snapshot->partition_count);
  bool is_ours = partition % restore->core_total == restore->snapshot->core;
  restore->foreign_count += !is_ours;
  return is_ours;
}

/* Whether what is being read counts at all. */
static bool counts(const struct restore *restore) {
  return !restore->is_in_slice || restore->counts_slices;
}

/* Whether the group or row is ours, counts, and is not one that a newer file has evicted. */
static bool is_wanted(struct restore *restore, int64_t time, uint64_t hash) {
  return is_owned(restore, hash) && counts(restore) && time > restore->table_evicted_max;
}

/* Takes so many bytes into `buffer`, which is emptied first. */
static void take_sized(struct input *input, struct eagre_buffer *buffer, uint64_t size) {
  eagre_buffer_clear(buffer);
  if (!has_left(input, size)) return;
  take_bytes(input, eagre_buffer_reserve(buffer, size), size);
  buffer->size = size;
}

/* Reads the texts of a payload; into the pane's arena when `payload` is kept (not NULL). What the
 * file has in a text's place is never believed, for it would become a pointer. */
static void take_texts(struct restore *restore, struct input *input, struct eagre_arena *arena,
                       char *payload) {
  for (uint32_t i = 0; i < restore->table->text_count; i++) {
    struct eagre_text text = {0};
    uint64_t size = take_integer(input, 4);
    if (size != EAGRE_STATE_TEXT_NONE) take_sized(input, &restore->key, size);
    if (payload == NULL) continue;
    if (size != EAGRE_STATE_TEXT_NONE && input->status == EAGRE_OK)
      text = eagre_arena_copy_growing(arena, eagre_buffer_text(&restore->key));
    memcpy(payload + restore->table->text_offsets[i], &text, sizeof text);
  }
}

static void take_group(struct restore *restore, struct input *input, int64_t end) {
  struct eagre_state_table *table = restore->table;
  take_sized(input, &restore->key, take_integer(input, 4));
  take_sized(input, &restore->payload, table->payload_size);
  if (input->status != EAGRE_OK) return;
  struct eagre_text key = eagre_buffer_text(&restore->key);
  if (key.size < table->key_suffix_size) {
    fail_corrupt(input, "it has a key that is too short");
    return;
  }
  uint64_t hash =
      eagre_state_hash_key(eagre_text_make(key.data, key.size - table->key_suffix_size));
  struct eagre_state_pane *pane = NULL;
  struct eagre_state_record *group = NULL;
  bool is_new = false;
  if (is_wanted(restore, end, hash)) {
    pane = eagre_state_table_get_pane(table, end);
    group = eagre_state_pane_get(table, pane, hash, key, &is_new);
  }
  char *payload = is_new ? eagre_state_payload(group) : NULL;
  if (is_new && table->payload_size > 0)
    memcpy(payload, restore->payload.data, table->payload_size);
  take_texts(restore, input, is_new ? &pane->arena : NULL, payload);
}

/* Room for a pane's groups at once, where all of them are ours. The number is not verified yet: it
 * is believed as far as the rest of the file can hold. */
static void reserve_pane(struct restore *restore, const struct input *input, int64_t end,
                         uint64_t count) {
  uint64_t size_min = EAGRE_STATE_GROUP_SIZE_MIN + restore->table->payload_size;
  uint64_t believed = input->left / size_min < count ? input->left / size_min : count;
  bool is_evicted = end <= restore->table_evicted_max;
  if (input->status != EAGRE_OK || is_evicted || !restore->is_same_cores || !counts(restore))
    return;
  struct eagre_state_pane *pane = eagre_state_table_get_pane(restore->table, end);
  eagre_state_pane_reserve(restore->table, pane, believed);
}

/* Returns the number of groups in it. */
static uint64_t take_pane(struct restore *restore, struct input *input) {
  int64_t end = (int64_t)take_integer(input, 8);
  uint64_t count = take_integer(input, 8);
  if (count == 0) fail_corrupt(input, "it has a pane without groups");
  reserve_pane(restore, input, end, count);
  for (uint64_t i = 0; i < count && input->status == EAGRE_OK; i++) {
    take_group(restore, input, end);
  }
  return count;
}

/* Returns the number of groups in the panes. */
static uint64_t take_panes(struct restore *restore, struct input *input, bool is_slice) {
  uint64_t pane_count = take_integer(input, 8);
  uint64_t seen = 0;
  restore->is_in_slice = is_slice;
  for (uint64_t i = 0; i < pane_count && input->status == EAGRE_OK; i++) {
    seen += take_pane(restore, input);
  }
  return seen;
}

/* What this file says of evictions counts for the older files of the chain. */
static uint64_t take_table(struct restore *restore, struct input *input, uint32_t number) {
  restore->table = restore->set->tables[number];
  restore->table_evicted_max = restore->evicted_pane_max[number];
  int64_t evicted = (int64_t)take_integer(input, 8);
  uint64_t payload_size = take_integer(input, 4);
  take_integer(input, 4);
  if (payload_size != restore->table->payload_size)
    fail_corrupt(input, "its groups have not the size that its header says");
  uint64_t seen = take_panes(restore, input, false);
  if (restore->has_slices) seen += take_panes(restore, input, true);
  if (evicted > restore->evicted_pane_max[number]) restore->evicted_pane_max[number] = evicted;
  return seen;
}

/* One row. Its number stays where deltas may follow, which speak of it. */
static void take_row(struct restore *restore, struct input *input, uint32_t store,
                     uint64_t next_number) {
  struct eagre_state_rows *rows = restore->set->rows[store];
  uint64_t number = take_integer(input, 8);
  int64_t time = (int64_t)take_integer(input, 8);
  uint32_t flags = (uint32_t)take_integer(input, 4);
  uint64_t key_size = take_integer(input, 4);
  uint64_t body_size = take_integer(input, 4);
  if (number == 0 || number >= next_number || flags > 3)
    fail_corrupt(input, "a row makes no sense");
  take_sized(input, &restore->key, key_size);
  take_sized(input, &restore->payload, body_size);
  if (input->status != EAGRE_OK) return;
  struct eagre_text key = eagre_buffer_text(&restore->key);
  uint64_t hash = eagre_state_hash_key(key);
  if (!is_wanted(restore, time, hash)) return;
  struct eagre_state_row *row =
      eagre_state_rows_make(rows, time, (uint32_t)key_size, (uint32_t)body_size);
  char *bytes = (char *)(row + 1);
  if (key_size > 0) memcpy(bytes, key.data, key_size);
  if (body_size > 0) memcpy(bytes + key_size, restore->payload.data, body_size);
  row->hash = hash;
  row->number = restore->is_same_cores ? number : rows->next_number++;
  row->flags = flags;
  if (has_number(&restore->matched[store], number)) row->flags |= EAGRE_STATE_ROW_MATCHED;
  eagre_state_rows_link(rows, row);
}

/* Numbers of rows that have found a match; `out` is empty. */
static void take_matched(struct input *input, uint64_t count, struct number_set *out) {
  for (uint64_t i = 0; i < count && has_left(input, 8); i++) {
    uint64_t number = take_integer(input, 8);
    if (number == 0) fail_corrupt(input, "a row makes no sense");
    if (input->status == EAGRE_OK) add_number(out, number);
  }
}

static void add_numbers(struct number_set *set, const struct number_set *from) {
  for (uint64_t i = 0; i < from->capacity; i++) {
    if (from->slots[i] != 0) add_number(set, from->slots[i]);
  }
}

/* What this file says of evictions and matches counts for the older files of the chain. */
static uint64_t take_rows(struct restore *restore, struct input *input, uint32_t store) {
  struct eagre_state_rows *rows = restore->set->rows[store];
  restore->table_evicted_max = restore->evicted_time_max[store];
  int64_t evicted = (int64_t)take_integer(input, 8);
  uint64_t next_number = take_integer(input, 8);
  uint64_t matched_count = take_integer(input, 8);
  uint64_t new_count = take_integer(input, 8);
  uint64_t slice_count = restore->has_slices ? take_integer(input, 8) : 0;
  struct number_set matched = {0};
  take_matched(input, matched_count, &matched);
  uint64_t seen = 0;
  restore->is_in_slice = false;
  for (uint64_t i = 0; i < new_count && has_left(input, EAGRE_STATE_ROW_SIZE_MIN); i++, seen++) {
    take_row(restore, input, store, next_number);
  }
  restore->is_in_slice = true;
  for (uint64_t i = 0; i < slice_count && has_left(input, EAGRE_STATE_ROW_SIZE_MIN); i++, seen++) {
    take_row(restore, input, store, next_number);
  }
  add_numbers(&restore->matched[store], &matched);
  eagre_free(matched.slots);
  if (restore->is_same_cores && next_number > rows->next_number) rows->next_number = next_number;
  if (evicted > restore->evicted_time_max[store]) restore->evicted_time_max[store] = evicted;
  return seen;
}

static void take_body(struct restore *restore, struct input *input, uint64_t group_count) {
  uint64_t seen = 0;
  for (uint32_t i = 0; i < restore->set->count; i++) {
    seen += take_table(restore, input, i);
  }
  for (uint32_t i = 0; i < restore->set->rows_count && input->status == EAGRE_OK; i++) {
    seen += take_rows(restore, input, i);
  }
  if (input->left > 0) fail_corrupt(input, "something follows its last table");
  if (seen != group_count) fail_corrupt(input, "its number of groups is wrong");
}

static void check_trailer(struct input *input, uint64_t file_size) {
  char trailer[EAGRE_STATE_TRAILER_SIZE];
  read_raw(input, trailer, sizeof trailer);
  uint32_t checksum = eagre_crc32c(input->checksum, trailer, 8);
  if (eagre_state_get_integer(trailer, 8) != file_size ||
      eagre_state_get_integer(trailer + 8, 4) != checksum)
    fail_corrupt(input, "its checksum is wrong");
}

/* Takes the part that every format has, then what this one has more. */
static enum eagre_status take_header(struct input *input, uint64_t file_size,
                                     struct eagre_state_file_header *out, size_t *out_size) {
  char bytes[EAGRE_STATE_HEADER_SIZE];
  size_t size = 0;
  for (size_t wanted = EAGRE_STATE_HEADER_START; size < wanted;) {
    size_t end = file_size < wanted ? (size_t)file_size : wanted;
    input->left = end - size;
    take_bytes(input, bytes + size, end - size);
    EAGRE_TRY(input->status);
    size = end;
    wanted = file_size > size ? eagre_state_header_size(bytes, size) : size;
  }
  *out_size = size;
  return eagre_state_header_parse(bytes, size, input->path, out, input->error);
}

/* Reads header, body and trailer of an open file of `file_size` bytes. */
static enum eagre_status read_content(struct restore *restore, struct input *input,
                                      const struct eagre_state_file_name *name, uint64_t file_size,
                                      struct eagre_state_file_header *header) {
  size_t header_size = 0;
  EAGRE_TRY(take_header(input, file_size, header, &header_size));
  if (file_size < header_size + EAGRE_STATE_TRAILER_SIZE)
    return eagre_state_refuse_corrupt(input->path, "it is too short", input->error);
  EAGRE_TRY(check_header(restore, input->path, name, header, input->error));
  bool is_newest = header->version == restore->snapshot->version;
  if (is_newest) restore->chain_first = header->chain_first;
  if (is_newest) restore->chain_last = header->chain_last;
  restore->has_slices = header->format_version > 1;
  restore->counts_slices = header->version <= restore->chain_last;
  input->left = file_size - header_size - EAGRE_STATE_TRAILER_SIZE;
  take_body(restore, input, header->group_count);
  check_trailer(input, file_size);
  if (restore->is_same_cores && restore->foreign_count > 0)
    fail_corrupt(input, "it holds keys that its core does not own");
  return input->status;
}

/* END when there is no such file. */
static enum eagre_status read_file(struct restore *restore,
                                   const struct eagre_state_file_name *name,
                                   struct eagre_state_file_header *header,
                                   struct eagre_error *error) {
  const char *path = eagre_state_file_path(&restore->arena, restore->snapshot->directory, name);
  struct eagre_io_entry entry;
  EAGRE_TRY(eagre_io_stat(restore->io, path, &entry, error));
  struct input *input = eagre_allocate(sizeof *input);
  input->path = path;
  input->error = error;
  input->status = EAGRE_OK;
  input->checksum = 0;
  input->begin = 0;
  input->end = 0;
  enum eagre_status status = eagre_io_reader_open(restore->io, path, &input->reader, error);
  if (status == EAGRE_OK) {
    status = read_content(restore, input, name, entry.size, header);
    eagre_io_reader_close(input->reader);
  }
  eagre_free(input);
  return status;
}

/* ---- Chains ---------------------------------------------------------------------------------- */

/* Reads the file of a core and version, whichever kind it is. */
static enum eagre_status read_either(struct restore *restore, struct eagre_state_file_name *name,
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
static void begin_chain(struct restore *restore) {
  restore->chain_first = -1;
  restore->chain_last = -1;
  for (uint32_t i = 0; i < restore->set->count; i++) {
    restore->evicted_pane_max[i] = INT64_MIN;
  }
  for (uint32_t i = 0; i < restore->set->rows_count; i++) {
    restore->evicted_time_max[i] = INT64_MIN;
    eagre_free(restore->matched[i].slots);
    restore->matched[i] = (struct number_set){0};
  }
}

/* Reads the file of one core and those it builds on. Files of format version 1 reach back to a full
 * one, which is all of the pass there is. */
static enum eagre_status read_chain(struct restore *restore, uint32_t core,
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
static void note_loaded(struct eagre_state_base *base, const struct restore *restore) {
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
  struct restore restore = {
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
  enum eagre_status status = EAGRE_OK;
  for (uint32_t core = 0; core < written_core_count && status == EAGRE_OK; core++) {
    if (is_same_cores && core != snapshot->core) continue;
    status = read_chain(&restore, core, error);
  }
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
  eagre_buffer_done(&restore.key);
  eagre_buffer_done(&restore.payload);
  eagre_arena_done(&restore.arena);
  return status;
}
