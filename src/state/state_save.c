/* Writing snapshot files (docs/internals/state-format.md has the bytes). */
#include "state/state_cold.h"
#include "state/state_snapshot.h"

#include <stdio.h>
#include <string.h>

/* ---- Output ---------------------------------------------------------------------------------- */

/* Gathers bytes, sums their checksum and hands them on. The first failure stays. */
struct output {
  struct eagre_io_writer *writer;
  struct eagre_error *error;
  enum eagre_status status;
  uint32_t checksum;
  size_t filled;
  char bytes[64 * 1024];
};

static void flush_output(struct output *output) {
  output->checksum = eagre_crc32c(output->checksum, output->bytes, output->filled);
  if (output->status == EAGRE_OK)
    output->status =
        eagre_io_writer_append(output->writer, output->bytes, output->filled, output->error);
  output->filled = 0;
}

static void put_bytes(struct output *output, const void *data, size_t size) {
  const char *bytes = data;
  while (size > 0) {
    if (output->filled == sizeof output->bytes) flush_output(output);
    size_t room = sizeof output->bytes - output->filled;
    size_t part = size < room ? size : room;
    memcpy(output->bytes + output->filled, bytes, part);
    output->filled += part;
    bytes += part;
    size -= part;
  }
}

static void put_integer(struct output *output, uint64_t value, size_t size) {
  char bytes[8];
  eagre_state_put_integer(bytes, value, size);
  put_bytes(output, bytes, size);
}

static void put_payload(struct output *output, const struct eagre_state_table *table,
                        const char *payload) {
  static const char zeros[sizeof(struct eagre_text)] = {0};
  uint32_t done = 0;
  /* Offsets of texts ascend (asserted when the table is made). */
  for (uint32_t i = 0; i < table->text_count; i++) {
    put_bytes(output, payload + done, table->text_offsets[i] - done);
    put_bytes(output, zeros, sizeof zeros);
    done = table->text_offsets[i] + (uint32_t)sizeof zeros;
  }
  put_bytes(output, payload + done, table->payload_size - done);
  for (uint32_t i = 0; i < table->text_count; i++) {
    struct eagre_text text;
    memcpy(&text, payload + table->text_offsets[i], sizeof text);
    eagre_assert(text.size < EAGRE_STATE_TEXT_NONE);
    put_integer(output, text.data == NULL ? EAGRE_STATE_TEXT_NONE : text.size, 4);
    if (text.data != NULL) put_bytes(output, text.data, text.size);
  }
}

static void put_group(struct output *output, const struct eagre_state_table *table,
                      struct eagre_text key, const char *payload) {
  put_integer(output, key.size, 4);
  put_bytes(output, key.data, key.size);
  put_payload(output, table, payload);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static void put_changed_pane(struct output *output, struct eagre_state_table *table,
                             const struct eagre_state_pane *pane,
                             struct eagre_state_cursor *cursor) {
  struct eagre_state_group groups[256];
  put_integer(output, (uint64_t)pane->end, 8);
  put_integer(output, pane->changed_count, 8);
  for (uint64_t left = pane->changed_count; left > 0;) {
    uint32_t wanted = left < EAGRE_COUNT_OF(groups) ? (uint32_t)left : EAGRE_COUNT_OF(groups);
    uint32_t count =
        eagre_state_next(table, cursor, EAGRE_STATE_CHANGED, pane->end, groups, wanted);
    eagre_assert(count == wanted);
    for (uint32_t i = 0; i < count; i++) {
      put_group(output, table, groups[i].key, groups[i].payload);
    }
    left -= count;
  }
}

static void put_changes(struct output *output, struct eagre_state_table *table) {
  struct eagre_state_cursor cursor = {{0}};
  uint64_t pane_count = 0;
  for (uint32_t i = 0; i < table->pane_count; i++) {
    pane_count += table->panes[i]->changed_count > 0;
  }
  put_integer(output, pane_count, 8);
  for (uint32_t i = 0; i < table->pane_count; i++) {
    if (table->panes[i]->changed_count > 0)
      put_changed_pane(output, table, table->panes[i], &cursor);
  }
}

/* Those that only the tier has, behind those kept, as they stand there: their payloads have the
 * form of a file. */
static void walk_cold_groups(struct output *output, const struct eagre_state_table *table,
                             struct eagre_state_pane *pane) {
  const struct eagre_state_cold *cold = &table->cold;
  bool is_first = cold->kept_key.size == 0;
  struct eagre_state_cold_walk walk;
  struct eagre_text key;
  struct eagre_text payload;
  eagre_state_cold_walk_open(&walk, table, pane,
                             eagre_buffer_text(is_first ? &cold->pass_key : &cold->kept_key));
  for (; pane->cold_planned > 0; pane->cold_planned--) {
    if (!eagre_state_cold_walk_next(&walk, &key, &payload)) break;
    key = eagre_state_cold_key(key);
    put_integer(output, key.size, 4);
    put_bytes(output, key.data, key.size);
    put_bytes(output, payload.data, payload.size);
  }
  struct eagre_error *error = output->status == EAGRE_OK ? output->error : NULL;
  enum eagre_status status = eagre_state_cold_walk_close(&walk, error);
  eagre_assert(status != EAGRE_OK || pane->cold_planned == 0);
  if (output->status == EAGRE_OK) output->status = status;
}

/* `kept`: what the table has kept of this pane and those behind it. */
static void put_cold_groups(struct output *output, const struct eagre_state_table *table,
                            struct eagre_state_pane *pane, struct eagre_text *kept) {
  if (pane->cold_kept_count > 0) {
    put_bytes(output, kept->data, pane->cold_kept_size);
    *kept = eagre_text_make(kept->data + pane->cold_kept_size, kept->size - pane->cold_kept_size);
    pane->cold_planned -= pane->cold_kept_count;
  }
  if (pane->cold_planned > 0) walk_cold_groups(output, table, pane);
}

static void put_pane_slice(struct output *output, const struct eagre_state_table *table,
                           struct eagre_state_pane *pane, struct eagre_text *kept) {
  struct eagre_state_slice *slice = &pane->slice;
  put_integer(output, (uint64_t)pane->end, 8);
  put_integer(output, slice->planned + pane->cold_planned, 8);
  for (; slice->planned > 0; slice->planned--) {
    struct eagre_state_record *group = eagre_state_walk_next(table, pane, &slice->walk);
    put_group(output, table, eagre_state_key(table, group), eagre_state_payload(group));
    slice->left--;
  }
  if (pane->cold_planned > 0) put_cold_groups(output, table, pane, kept);
}

static bool has_planned(const struct eagre_state_pane *pane) {
  return pane->slice.planned + pane->cold_planned > 0;
}

static void put_slice(struct output *output, struct eagre_state_table *table) {
  uint64_t pane_count = 0;
  for (uint32_t i = 0; i < table->pane_count; i++) {
    pane_count += has_planned(table->panes[i]);
  }
  put_integer(output, pane_count, 8);
  struct eagre_text kept = eagre_buffer_text(&table->cold.kept);
  for (uint32_t i = 0; i < table->pane_count; i++) {
    if (has_planned(table->panes[i])) put_pane_slice(output, table, table->panes[i], &kept);
  }
  eagre_state_cold_advance(table);
}

/* For whoever reads it, to have room for all groups at once: known where there is one pane. */
static uint64_t count_for_reader(const struct eagre_state_table *table) {
  bool is_one = table->pane_count == 1 && table->cold.tier == NULL;
  if (!is_one) return 0;
  return table->group_count < UINT32_MAX ? table->group_count : UINT32_MAX;
}

static void put_table(struct output *output, struct eagre_state_table *table,
                      enum eagre_state_kind kind) {
  bool is_delta = kind == EAGRE_STATE_DELTA;
  put_integer(output, (uint64_t)(is_delta ? table->base.evicted_max : INT64_MIN), 8);
  put_integer(output, table->payload_size, 4);
  put_integer(output, count_for_reader(table), 4);
  if (is_delta) {
    put_changes(output, table);
  } else {
    put_integer(output, 0, 8);
  }
  put_slice(output, table);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void put_row(struct output *output, const struct eagre_state_row *row) {
  char bytes[EAGRE_STATE_ROW_SIZE_MIN];
  eagre_state_put_integer(bytes, row->number, 8);
  eagre_state_put_integer(bytes + 8, (uint64_t)row->time, 8);
  eagre_state_put_integer(bytes + 16, row->flags, 4);
  eagre_state_put_integer(bytes + 20, row->key_size, 4);
  eagre_state_put_integer(bytes + 24, row->body_size, 4);
  put_bytes(output, bytes, sizeof bytes);
  put_bytes(output, row + 1, (size_t)row->key_size + row->body_size);
}

static void put_new_rows(struct output *output, const struct eagre_state_rows *rows) {
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    struct eagre_state_walk walk = {0};
    const struct eagre_state_row *row;
    while ((row = eagre_state_rows_walk(rows->panes[i], true, &walk)) != NULL) {
      put_row(output, row);
    }
  }
}

static void put_slice_rows(struct output *output, struct eagre_state_rows *rows) {
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    struct eagre_state_slice *slice = &rows->panes[i]->slice;
    for (; slice->planned > 0; slice->planned--) {
      put_row(output, eagre_state_rows_walk(rows->panes[i], false, &slice->walk));
    }
  }
}

static uint64_t count_slice_rows(const struct eagre_state_rows *rows) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    count += rows->panes[i]->slice.planned;
  }
  return count;
}

static void put_rows(struct output *output, struct eagre_state_rows *rows,
                     enum eagre_state_kind kind) {
  bool is_delta = kind == EAGRE_STATE_DELTA;
  uint64_t matched_count = is_delta ? rows->matched_count : 0;
  put_integer(output, (uint64_t)(is_delta ? rows->base.evicted_max : INT64_MIN), 8);
  put_integer(output, rows->next_number, 8);
  put_integer(output, matched_count, 8);
  put_integer(output, is_delta ? rows->new_count : 0, 8);
  put_integer(output, count_slice_rows(rows), 8);
  for (uint64_t i = 0; i < matched_count; i++) {
    put_integer(output, rows->matched[i], 8);
  }
  if (is_delta) put_new_rows(output, rows);
  put_slice_rows(output, rows);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void put_trailer(struct output *output) {
  flush_output(output);
  uint64_t size = eagre_io_writer_size(output->writer) + EAGRE_STATE_TRAILER_SIZE;
  put_integer(output, size, 8);
  flush_output(output);
  put_integer(output, output->checksum, 4);
  flush_output(output);
}

static struct eagre_state_file_header make_header(const struct eagre_state_set *set,
                                                  const struct eagre_state_snapshot *snapshot,
                                                  const struct eagre_state_plan *plan) {
  bool is_delta = plan->kind == EAGRE_STATE_DELTA;
  const struct eagre_state_base *first = eagre_state_set_base(set, 0);
  struct eagre_state_file_header header = {
      .kind = plan->kind,
      .version = snapshot->version,
      .base_version = is_delta ? first->version : -1,
      .fingerprint = snapshot->fingerprint,
      .partition_count = snapshot->partition_count,
      .core = snapshot->core,
      .group_count = plan->changed_count + plan->slice_count,
      .table_count = set->count,
      .rows_count = set->rows_count,
      .layout_checksum = eagre_state_layout_checksum(set),
      .chain_first = plan->chain_first,
      .chain_last = plan->chain_last,
  };
  /* Tables and row stores of one set are saved and loaded together: they have one base. */
  if (is_delta) memcpy(header.base_attempt, first->attempt, sizeof header.base_attempt);
  return header;
}

/* Whether what is in memory is what was saved or loaded last and the changes since. */
static bool follows_base(const struct eagre_state_set *set,
                         const struct eagre_state_snapshot *snapshot) {
  for (uint32_t i = 0; i < set->count + set->rows_count; i++) {
    const struct eagre_state_base *base = eagre_state_set_base(set, i);
    bool follows = base->version >= 0 && base->version == snapshot->version - 1 &&
                   base->core == snapshot->core;
    if (!follows) return false;
  }
  return true;
}

static void note_saved(struct eagre_state_base *base, const struct eagre_state_snapshot *snapshot,
                       const struct eagre_state_plan *plan) {
  base->version = snapshot->version;
  base->core = snapshot->core;
  snprintf(base->attempt, sizeof base->attempt, "%s", snapshot->attempt);
  base->chain_first = plan->chain_first;
  base->chain_last = plan->chain_last;
  base->pass_first = plan->ends_pass ? -1 : plan->pass_first;
  base->evicted_max = INT64_MIN;
  base->is_dirty = false;
}

static void put_content(struct output *output, const struct eagre_state_set *set,
                        const struct eagre_state_file_header *header) {
  char bytes[EAGRE_STATE_HEADER_SIZE];
  eagre_state_header_print(header, bytes);
  put_bytes(output, bytes, sizeof bytes);
  for (uint32_t i = 0; i < set->count; i++) {
    put_table(output, set->tables[i], header->kind);
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    put_rows(output, set->rows[i], header->kind);
  }
  put_trailer(output);
}

static enum eagre_status write_file(const struct eagre_state_set *set, struct eagre_io *io,
                                    const char *path, const struct eagre_state_file_header *header,
                                    uint64_t *out_bytes, struct eagre_error *error) {
  struct output *output = eagre_allocate(sizeof *output);
  output->error = error;
  output->status = EAGRE_OK;
  output->checksum = 0;
  output->filled = 0;
  enum eagre_status status = eagre_io_writer_open(io, path, &output->writer, error);
  if (status == EAGRE_OK) {
    put_content(output, set, header);
    *out_bytes = eagre_io_writer_size(output->writer);
    status = output->status;
    if (status == EAGRE_OK) {
      status = eagre_io_writer_finish(output->writer, error);
    } else {
      eagre_io_writer_abort(output->writer);
    }
  }
  eagre_free(output);
  return status;
}

enum eagre_status eagre_state_save(const struct eagre_state_set *set, struct eagre_io *io,
                                   const struct eagre_state_snapshot *snapshot, uint64_t *out_bytes,
                                   struct eagre_error *error) {
  eagre_assert(set->count + set->rows_count > 0);
  eagre_assert(strlen(snapshot->attempt) < EAGRE_STATE_ATTEMPT_SIZE);
  struct eagre_state_plan plan;
  bool follows = follows_base(set, snapshot);
  EAGRE_TRY(eagre_state_plan_file(set, snapshot->version, follows, &plan, error));
  struct eagre_state_file_header header = make_header(set, snapshot, &plan);
  struct eagre_state_file_name name = {snapshot->version, snapshot->core, "", header.kind};
  snprintf(name.attempt, sizeof name.attempt, "%s", snapshot->attempt);
  struct eagre_arena arena = {0};
  const char *path = eagre_state_file_path(&arena, snapshot->directory, &name);
  enum eagre_status status = write_file(set, io, path, &header, out_bytes, error);
  for (uint32_t i = 0; status == EAGRE_OK && i < set->count + set->rows_count; i++) {
    note_saved(eagre_state_set_base(set, i), snapshot, &plan);
  }
  if (status != EAGRE_OK) eagre_state_plan_failed(set);
  eagre_arena_done(&arena);
  return status;
}
