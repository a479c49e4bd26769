/* The sink into directories of files, one core: batches -> data files -> a piece.
 *
 * Every partition has a file of its own, which its first row begins; with maxRecordsPerFile a full
 * one is finished and the next row begins another. Nothing refers to them before the commit, so
 * those of a lost attempt are only litter, which `purge` sweeps. */
#include "sink/sink_files.h"
#include "json/json.h"

static struct eagre_sink_files_writer *get_writer(struct eagre_sink_writer *writer) {
  return (struct eagre_sink_files_writer *)writer;
}

static const struct eagre_sink_files *get_sink(const struct eagre_sink_files_writer *self) {
  return (const struct eagre_sink_files *)self->base.sink;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static const char *place_of(struct eagre_sink_files_writer *self, const char *path) {
  return eagre_store_path(get_sink(self)->store, path, &self->arena);
}

/* "k=a/part-..." and the directory it needs. */
static enum eagre_status begin_file(struct eagre_sink_files_writer *self,
                                    struct eagre_sink_files_open *open, struct eagre_error *error) {
  const struct eagre_sink_files *sink = get_sink(self);
  struct eagre_text name =
      eagre_store_name_print(&self->attempt, self->next_number++, sink->extension, &self->arena);
  const char *separator = open->partition.size > 0 ? "/" : "";
  open->path = eagre_arena_printf(&self->arena, "%.*s%s%s", (int)open->partition.size,
                                  open->partition.data, separator, name.data)
                   .data;
  const char *folder = place_of(self, open->partition.data);
  EAGRE_TRY(eagre_io_make_directories(self->base.io, folder, error));
  return eagre_sink_data_file_open(sink, self->base.io, place_of(self, open->path), &open->file,
                                   error);
}

static enum eagre_status refuse_vanished(const char *place, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "SINK_DATA_FILE_MISSING",
                  "the data file %s vanished while it was written", place);
  eagre_error_hint(error, "another process may have taken the checkpoint over; run one only");
  return EAGRE_UNSAFE;
}

static void print_member(struct eagre_sink_files_writer *self, const char *path,
                         const struct eagre_io_entry *entry, uint64_t row_count) {
  if (self->piece.size > 0) eagre_buffer_append_char(&self->piece, ',');
  eagre_buffer_append_string(&self->piece, "{\"path\":");
  eagre_buffer_append_json_string(&self->piece, eagre_text_of(path));
  eagre_buffer_printf(&self->piece, ",\"size\":%llu,\"modificationTime\":%lld,\"rows\":%llu}",
                      (unsigned long long)entry->size, (long long)(entry->modified_us / 1000),
                      (unsigned long long)row_count);
}

/* Durable afterwards, by its name as well. */
static enum eagre_status finish_file(struct eagre_sink_files_writer *self,
                                     struct eagre_sink_files_open *open,
                                     struct eagre_error *error) {
  struct eagre_sink_data_file *file = open->file;
  struct eagre_io_entry entry;
  if (file == NULL) return EAGRE_OK;
  uint64_t row_count = eagre_sink_data_file_row_count(file);
  open->file = NULL; /* finishing frees it in any case */
  EAGRE_TRY(eagre_sink_data_file_finish(file, error));
  enum eagre_status status =
      eagre_io_stat(self->base.io, place_of(self, open->path), &entry, error);
  if (status == EAGRE_END) return refuse_vanished(place_of(self, open->path), error);
  if (status == EAGRE_OK) print_member(self, open->path, &entry, row_count);
  return status;
}

static void forget_attempt(struct eagre_sink_files_writer *self) {
  for (uint32_t i = 0; i < self->file_count; i++) {
    eagre_sink_data_file_abort(self->files[i].file);
  }
  self->file_count = 0;
  self->slot_count = 0;
  self->next_number = 0;
  self->row_count = 0;
  eagre_buffer_clear(&self->piece);
  eagre_arena_reset(&self->arena);
}

/* ---- Partitions ------------------------------------------------------------------------------ */

/* The slot of a partition, or the free one where it belongs. */
static uint32_t find_slot(const struct eagre_sink_files_writer *self, struct eagre_text partition) {
  uint32_t mask = self->slot_count - 1;
  uint32_t slot = (uint32_t)eagre_hash_bytes(partition.data, partition.size, 0) & mask;
  while (self->slots[slot] != 0 &&
         !eagre_text_equal(self->files[self->slots[slot] - 1].partition, partition)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

/* Room for one more; the slots stay at most half full. */
static void grow_partitions(struct eagre_sink_files_writer *self) {
  if (self->file_count * 2 < self->slot_count) return;
  self->slot_count = self->slot_count == 0 ? 16 : self->slot_count * 2;
  self->files = eagre_reallocate(self->files, self->slot_count / 2 * sizeof *self->files);
  eagre_free(self->slots);
  self->slots = eagre_allocate_zeroed(self->slot_count, sizeof *self->slots);
  for (uint32_t i = 0; i < self->file_count; i++) {
    self->slots[find_slot(self, self->files[i].partition)] = i + 1;
  }
}

static uint32_t find_partition(struct eagre_sink_files_writer *self, struct eagre_text partition) {
  grow_partitions(self);
  uint32_t slot = find_slot(self, partition);
  if (self->slots[slot] != 0) return self->slots[slot] - 1;
  self->files[self->file_count] = (struct eagre_sink_files_open){
      .partition = eagre_arena_copy_text(&self->arena, partition),
  };
  self->slots[slot] = ++self->file_count;
  return self->file_count - 1;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static enum eagre_status write_rows(struct eagre_sink_files_writer *self, uint32_t index,
                                    uint32_t row_count, struct eagre_error *error) {
  struct eagre_sink_files_open *open = &self->files[index];
  if (open->file == NULL) EAGRE_TRY(begin_file(self, open, error));
  return eagre_sink_data_file_write(open->file, self->vectors, row_count, error);
}

/* Writes the `count` rows of the batch with the numbers `rows` to the file of a partition. */
static enum eagre_status write_gathered(struct eagre_sink_files_writer *self,
                                        const struct eagre_batch *batch, uint32_t index,
                                        const uint32_t *rows, uint32_t count,
                                        struct eagre_error *error) {
  const struct eagre_sink_files *sink = get_sink(self);
  struct eagre_arena arena = {0};
  for (uint32_t i = 0; i < sink->file_schema->field_count; i++) {
    eagre_vector_gather(&self->vectors[i], &batch->columns[sink->file_columns[i]], rows, count,
                        &arena);
  }
  enum eagre_status status = write_rows(self, index, count, error);
  if (status != EAGRE_OK && error != NULL && error->row >= 0) error->row = rows[error->row];
  eagre_arena_done(&arena);
  return status;
}

static enum eagre_status write_whole(struct eagre_sink_files_writer *self,
                                     const struct eagre_batch *batch, uint32_t index,
                                     struct eagre_error *error) {
  const struct eagre_sink_files *sink = get_sink(self);
  for (uint32_t i = 0; i < sink->file_schema->field_count; i++) {
    self->vectors[i] = batch->columns[sink->file_columns[i]];
  }
  return write_rows(self, index, batch->row_count, error);
}

/* Rows the partition's file still takes. */
static uint64_t count_room(const struct eagre_sink_files_writer *self, uint32_t index) {
  const struct eagre_sink_data_file *file = self->files[index].file;
  uint64_t used = file == NULL ? 0 : eagre_sink_data_file_row_count(file);
  return get_sink(self)->file_row_count_max - used;
}

static enum eagre_status write_partition(struct eagre_sink_files_writer *self,
                                         const struct eagre_batch *batch, uint32_t index,
                                         const uint32_t *rows, uint32_t count,
                                         struct eagre_error *error) {
  for (uint32_t begin = 0; begin < count;) {
    uint64_t room = count_room(self, index);
    uint32_t part = count - begin < room ? count - begin : (uint32_t)room;
    EAGRE_TRY(part == batch->row_count
                  ? write_whole(self, batch, index, error)
                  : write_gathered(self, batch, index, rows + begin, part, error));
    begin += part;
    if (part == room) EAGRE_TRY(finish_file(self, &self->files[index], error));
  }
  return EAGRE_OK;
}

/* The partition of every row, as an index into files. */
static void assign_partitions(struct eagre_sink_files_writer *self, const struct eagre_batch *batch,
                              uint32_t *out) {
  struct eagre_buffer partition = {0};
  for (uint32_t row = 0; row < batch->row_count; row++) {
    eagre_buffer_clear(&partition);
    eagre_sink_files_print_partition(get_sink(self), batch, row, &partition);
    out[row] = find_partition(self, eagre_buffer_text(&partition));
  }
  eagre_buffer_done(&partition);
}

/* Rows in the order of their partitions, otherwise as they were; `ends[i]` is where partition i
 * ends. */
static void sort_rows(const uint32_t *partitions, uint32_t row_count, uint32_t *ends,
                      uint32_t partition_count, uint32_t *out_rows) {
  uint32_t begin = 0;
  for (uint32_t row = 0; row < row_count; row++) {
    ends[partitions[row]]++;
  }
  for (uint32_t i = 0; i < partition_count; i++) {
    uint32_t size = ends[i];
    ends[i] = begin;
    begin += size;
  }
  for (uint32_t row = 0; row < row_count; row++) {
    out_rows[ends[partitions[row]]++] = row;
  }
}

static enum eagre_status write_batch(struct eagre_sink_files_writer *self,
                                     const struct eagre_batch *batch, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  uint32_t *partitions = eagre_arena_allocate(&arena, batch->row_count * sizeof *partitions);
  uint32_t *rows = eagre_arena_allocate(&arena, batch->row_count * sizeof *rows);
  enum eagre_status status = EAGRE_OK;
  assign_partitions(self, batch, partitions);
  uint32_t *ends = eagre_arena_allocate_zeroed(&arena, self->file_count * sizeof *ends);
  sort_rows(partitions, batch->row_count, ends, self->file_count, rows);
  uint32_t begin = 0;
  for (uint32_t i = 0; i < self->file_count && status == EAGRE_OK; i++) {
    status = write_partition(self, batch, i, rows + begin, ends[i] - begin, error);
    begin = ends[i];
  }
  eagre_arena_done(&arena);
  return status;
}

/* ---- Door ------------------------------------------------------------------------------------ */

enum eagre_status eagre_sink_files_writer_open(struct eagre_sink_writer *writer,
                                               struct eagre_error *error) {
  (void)error;
  struct eagre_sink_files_writer *self = get_writer(writer);
  self->vectors =
      eagre_allocate_zeroed(get_sink(self)->file_schema->field_count + 1, sizeof *self->vectors);
  return EAGRE_OK;
}

void eagre_sink_files_writer_close(struct eagre_sink_writer *writer) {
  struct eagre_sink_files_writer *self = get_writer(writer);
  forget_attempt(self);
  eagre_arena_done(&self->arena);
  eagre_buffer_done(&self->piece);
  eagre_free(self->files);
  eagre_free(self->slots);
  eagre_free(self->vectors);
}

enum eagre_status eagre_sink_files_writer_begin(struct eagre_sink_writer *writer, int64_t epoch,
                                                const char *attempt, struct eagre_error *error) {
  (void)error;
  struct eagre_sink_files_writer *self = get_writer(writer);
  size_t size = strlen(attempt);
  eagre_assert(size < sizeof self->attempt_text);
  forget_attempt(self);
  memcpy(self->attempt_text, attempt, size + 1);
  self->attempt = (struct eagre_store_attempt){
      .application_id = get_sink(self)->base.environment.checkpoint_id,
      .attempt = self->attempt_text,
      .epoch = epoch,
      .core = self->base.core,
  };
  return EAGRE_OK;
}

enum eagre_status eagre_sink_files_writer_write(struct eagre_sink_writer *writer,
                                                const struct eagre_batch *batch,
                                                struct eagre_error *error) {
  struct eagre_sink_files_writer *self = get_writer(writer);
  if (batch->row_count == 0) return EAGRE_OK;
  enum eagre_status status = write_batch(self, batch, error);
  self->row_count += batch->row_count;
  if (status == EAGRE_DATA && error != NULL) eagre_batch_place(batch, error->row, error);
  return status;
}

/* The first core's part of an epoch always has a file, be it empty: it names the attempt. */
enum eagre_status eagre_sink_files_writer_prepare(struct eagre_sink_writer *writer,
                                                  struct eagre_buffer *out_piece,
                                                  struct eagre_error *error) {
  struct eagre_sink_files_writer *self = get_writer(writer);
  if (self->base.core == 0 && self->row_count == 0) {
    uint32_t only = find_partition(self, EAGRE_TEXT(""));
    EAGRE_TRY(begin_file(self, &self->files[only], error));
  }
  for (uint32_t i = 0; i < self->file_count; i++) {
    EAGRE_TRY(finish_file(self, &self->files[i], error));
  }
  eagre_buffer_printf(out_piece, "{\"rows\":%llu,\"files\":[", (unsigned long long)self->row_count);
  eagre_buffer_append_text(out_piece, eagre_buffer_text(&self->piece));
  eagre_buffer_append_string(out_piece, "]}");
  return EAGRE_OK;
}

/* Finished files stay: they may be named by prepared/N already. */
void eagre_sink_files_writer_abort(struct eagre_sink_writer *writer) {
  forget_attempt(get_writer(writer));
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

static bool read_member(const struct eagre_json_node *node, struct eagre_arena *arena,
                        struct eagre_sink_manifest_file *out) {
  int64_t size;
  int64_t row_count;
  if (node->kind != EAGRE_JSON_OBJECT) return false;
  const struct eagre_json_node *path = eagre_json_member(node, "path");
  if (path == NULL || path->kind != EAGRE_JSON_STRING || path->text.size == 0) return false;
  if (!eagre_json_integer(eagre_json_member(node, "size"), &size) || size < 0) return false;
  if (!eagre_json_integer(eagre_json_member(node, "modificationTime"), &out->modified_ms)) {
    return false;
  }
  if (!eagre_json_integer(eagre_json_member(node, "rows"), &row_count)) return false;
  out->path = eagre_arena_copy_text(arena, path->text);
  out->size = (uint64_t)size;
  out->row_count = (uint64_t)row_count;
  return true;
}

static bool read_piece(struct eagre_text piece, struct eagre_arena *arena,
                       struct eagre_sink_manifest_file **files, uint32_t *file_count) {
  const struct eagre_json_node *root = NULL;
  if (eagre_json_read(arena, piece, &root, NULL) != EAGRE_OK) return false;
  if (root->kind != EAGRE_JSON_OBJECT) return false;
  const struct eagre_json_node *list = eagre_json_member(root, "files");
  if (list == NULL || list->kind != EAGRE_JSON_ARRAY) return false;
  uint32_t count = *file_count;
  for (const struct eagre_json_node *node = list->child; node != NULL; node = node->next) {
    count++;
  }
  struct eagre_sink_manifest_file *all = eagre_arena_allocate(arena, (count + 1) * sizeof *all);
  if (*file_count > 0) memcpy(all, *files, *file_count * sizeof *all);
  for (const struct eagre_json_node *node = list->child; node != NULL; node = node->next) {
    if (!read_member(node, arena, &all[(*file_count)++])) return false;
  }
  *files = all;
  return true;
}

enum eagre_status eagre_sink_files_piece_read(struct eagre_text piece, struct eagre_arena *arena,
                                              struct eagre_sink_manifest_file **files,
                                              uint32_t *file_count, struct eagre_error *error) {
  if (read_piece(piece, arena, files, file_count)) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "SINK_PIECE_CORRUPT",
                         "what a core has prepared for the directory cannot be read: %.*s",
                         (int)(piece.size < 100 ? piece.size : 100), piece.data);
}
