/* The file source, one core: parts of files -> blocks -> lines -> batches, and Parquet files ->
 * batches.
 *
 * A block begins at the beginning of a line. Bytes are read behind it until it holds enough for a
 * batch, or at least one whole line. The batch that is made of its first lines becomes its owner,
 * because texts point into it; what is left is the beginning of the next block. */
#include "source/source_files.h"

enum { PADDING = 64 }; /* readable bytes behind a block, for the decoder */

/* With the padding a power of two, and doubled with it: the buffer then never grows for the sake of
 * the padding, which would copy all of it once more. */
static const size_t PIECE_SIZE = ((size_t)256 << 10) - PADDING;
static const size_t LINE_SIZE_MAX = (size_t)1 << 30;

static struct eagre_source_files_reader *get_reader(struct eagre_source_reader *reader) {
  return (struct eagre_source_files_reader *)reader;
}

static const struct eagre_source_files *get_source(const struct eagre_source_files_reader *self) {
  return (const struct eagre_source_files *)self->base.source;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void close_file(struct eagre_source_files_reader *self) {
  eagre_io_reader_close(self->file);
  eagre_parquet_reader_close(self->parquet);
  self->file = NULL;
  self->parquet = NULL;
  eagre_buffer_clear(&self->block);
}

static enum eagre_status refuse_vanished(struct eagre_text path, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "FAILED_READ_FILE.FILE_NOT_EXIST",
                  "Encountered error while reading file file:%s. File does not exist: it was there "
                  "when the epoch was planned.",
                  path.data);
  eagre_error_hint(error, "put it back and start again; files must stay until they are read");
  return EAGRE_UNSAFE;
}

static enum eagre_status open_parquet(struct eagre_source_files_reader *self,
                                      struct eagre_error *error) {
  struct eagre_io_entry entry;
  const char *path = self->part->path.data;
  EAGRE_TRY(eagre_io_stat(self->base.io, path, &entry, error));
  return eagre_source_parquet_open(&get_source(self)->columns, self->base.io, path, &self->parquet,
                                   error);
}

static enum eagre_status open_lines(struct eagre_source_files_reader *self,
                                    struct eagre_error *error) {
  const struct eagre_source_files_part *part = self->part;
  self->csv.is_header_next = get_source(self)->csv.has_header && part->begin == 0;
  EAGRE_TRY(eagre_io_reader_open(self->base.io, part->path.data, &self->file, error));
  EAGRE_TRY(eagre_source_files_part_place(part, self->file, &self->offset, &self->end, error));
  self->is_at_end = self->offset >= self->end;
  return EAGRE_OK;
}

static const struct eagre_source_files_part *
find_next_part(struct eagre_source_files_reader *self) {
  const struct eagre_source_files *source = get_source(self);
  while (self->next_part < source->assigned_count) {
    const struct eagre_source_files_part *part = &source->assigned[self->next_part++];
    if (part->core == self->base.core) return part;
  }
  return NULL;
}

/* Opens the next part of this core; END when there is none. */
static enum eagre_status open_next_part(struct eagre_source_files_reader *self,
                                        struct eagre_error *error) {
  self->part = find_next_part(self);
  if (self->part == NULL) return EAGRE_END;
  self->line_count = 0;
  self->is_at_end = false;
  eagre_buffer_clear(&self->block);
  bool is_parquet = self->base.source->plan->format == EAGRE_FILES_PARQUET;
  enum eagre_status status = is_parquet ? open_parquet(self, error) : open_lines(self, error);
  return status == EAGRE_END ? refuse_vanished(self->part->path, error) : status;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

/* A byte order mark at the beginning of a file belongs to no line. */
static void skip_byte_order_mark(struct eagre_buffer *block) {
  if (block->size < 3 || memcmp(block->data, "\xef\xbb\xbf", 3) != 0) return;
  block->size -= 3;
  memmove(block->data, block->data + 3, block->size);
}

/* Reads up to `size` more bytes of the part behind the block. */
static enum eagre_status read_more(struct eagre_source_files_reader *self, size_t size,
                                   struct eagre_error *error) {
  struct eagre_buffer *block = &self->block;
  bool is_first = self->offset == 0;
  uint64_t left = self->end - self->offset;
  size_t wanted = size < left ? size : (size_t)left;
  if (wanted > 0 && !self->is_at_end) {
    size_t got = 0;
    char *end = eagre_buffer_reserve(block, wanted + PADDING);
    EAGRE_TRY(eagre_io_reader_read_at(self->file, self->offset, end, wanted, &got, error));
    block->size += got;
    self->offset += got;
    self->is_at_end = got < wanted || self->offset == self->end;
  }
  if (is_first) skip_byte_order_mark(block);
  memset(eagre_buffer_reserve(block, PADDING), 0, PADDING);
  return EAGRE_OK;
}

static enum eagre_status refuse_long_line(const struct eagre_source_files_reader *self,
                                          struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "RECORD_TOO_LARGE", "A line is longer than %zu bytes.",
                  LINE_SIZE_MAX);
  eagre_source_files_part_blame(self->part, self->line_count + 1, error);
  eagre_error_hint(error, "a line is a record: files of one huge value cannot be read");
  return EAGRE_DATA;
}

/* Fills `lines` with the first whole lines of the block; none at the end of the file. A line that
 * does not fit doubles the block, so that its bytes are looked at twice at most. */
static enum eagre_status find_lines(struct eagre_source_files_reader *self,
                                    struct eagre_error *error) {
  struct eagre_buffer *block = &self->block;
  if (block->size < PIECE_SIZE) EAGRE_TRY(read_more(self, PIECE_SIZE - block->size, error));
  for (;;) {
    self->found_count = eagre_json_split_lines(
        block->data, block->size, self->is_at_end, self->lines,
        self->base.source->environment.batch_rows_max, &self->found_size, &self->are_found_ascii);
    if (self->found_count > 0 || self->is_at_end) return EAGRE_OK;
    if (block->size > LINE_SIZE_MAX) return refuse_long_line(self, error);
    EAGRE_TRY(read_more(self, block->size + PADDING, error));
  }
}

/* The bytes of the first `used` of the lines, with their ends. */
static size_t measure_lines(const struct eagre_source_files_reader *self, uint32_t used) {
  if (used == self->found_count) return self->found_size;
  return (size_t)(self->lines[used].data - self->block.data);
}

/* Makes what is behind the first `used` bytes the next block, and gives this one to the batch. */
static void give_block(struct eagre_source_files_reader *self, size_t used,
                       struct eagre_batch *batch) {
  struct eagre_buffer block = self->block;
  self->block = batch->block;
  eagre_buffer_clear(&self->block);
  eagre_buffer_reserve(&self->block, PIECE_SIZE + PADDING);
  eagre_buffer_append(&self->block, block.data + used, block.size - used);
  memset(eagre_buffer_reserve(&self->block, PADDING), 0, PADDING);
  batch->block = block;
  batch->source_bytes = used;
}

/* ---- Batches --------------------------------------------------------------------------------- */

static void set_origin(const struct eagre_source_files_reader *self, struct eagre_batch *batch,
                       const int64_t *line_numbers) {
  batch->origin.values = NULL;
  batch->origin.topic = eagre_arena_copy_text(&batch->arena, self->part->path);
  batch->origin.partition = -1;
  batch->origin.offsets = line_numbers;
  batch->origin.resolve = self->part->begin == 0 ? NULL : eagre_source_files_part_line;
  batch->origin.part = self->part;
}

/* Lines have no keys. `lines` is used again for the next batch. */
static void keep_raw(const struct eagre_source_files_reader *self, struct eagre_batch *batch) {
  size_t size = self->found_count * sizeof *self->lines;
  struct eagre_text *values = eagre_arena_allocate_vector(&batch->arena, size);
  memcpy(values, self->lines, size);
  batch->origin.values = values;
}

static void fill_text(struct eagre_source_files_reader *self, struct eagre_batch *batch) {
  const struct eagre_plan_source *plan = self->base.source->plan;
  uint32_t count = self->found_count;
  int64_t *line_numbers = eagre_arena_allocate_vector(&batch->arena, count * sizeof *line_numbers);
  eagre_batch_set_columns(batch, plan->schema->field_count, count);
  for (uint32_t i = 1; i < plan->schema->field_count; i++) {
    eagre_vector_init_null(&batch->columns[i], plan->schema->fields[i].type, &batch->arena);
  }
  if (plan->wanted == NULL || plan->wanted[0]) {
    eagre_vector_init(&batch->columns[0], plan->schema->fields[0].type, count, &batch->arena);
    memcpy(batch->columns[0].data, self->lines, count * sizeof *self->lines);
  } else {
    eagre_vector_init_null(&batch->columns[0], plan->schema->fields[0].type, &batch->arena);
  }
  for (uint32_t i = 0; i < count; i++) {
    line_numbers[i] = self->line_count + i + 1;
  }
  set_origin(self, batch, line_numbers);
  if (plan->keeps_raw) keep_raw(self, batch);
}

static enum eagre_status fill_json(struct eagre_source_files_reader *self,
                                   struct eagre_batch *batch, struct eagre_error *error) {
  EAGRE_TRY(eagre_source_files_decoder_fill(self->decoder, self->part, batch, error));
  set_origin(self, batch, batch->origin.offsets);
  return EAGRE_OK;
}

/* The batch of the next lines; it stays empty at the end of the file, which is closed then. */
static enum eagre_status fill_from_lines(struct eagre_source_files_reader *self,
                                         struct eagre_batch *batch, struct eagre_error *error) {
  uint32_t used;
  EAGRE_TRY(find_lines(self, error));
  if (self->found_count == 0) {
    close_file(self);
    return EAGRE_OK;
  }
  used = self->found_count;
  if (self->csv.decoder != NULL) {
    EAGRE_TRY(eagre_source_files_csv_fill(&self->csv, self->lines, self->found_count,
                                          self->line_count + 1, self->part, batch, error));
    set_origin(self, batch, batch->origin.offsets);
  } else if (self->decoder == NULL) {
    fill_text(self, batch);
  } else {
    const struct eagre_source_files_lines lines = {self->lines, self->found_count,
                                                   self->line_count + 1, self->are_found_ascii};
    EAGRE_TRY(eagre_source_files_decoder_plan(self->decoder, &lines, self->part, &used, error));
    EAGRE_TRY(fill_json(self, batch, error));
  }
  give_block(self, measure_lines(self, used), batch);
  self->line_count += used;
  return EAGRE_OK;
}

/* The next rows of a Parquet file; at its end the batch stays empty and the file is closed. */
static enum eagre_status fill_from_parquet(struct eagre_source_files_reader *self,
                                           struct eagre_batch *batch, struct eagre_error *error) {
  enum eagre_status status =
      eagre_source_parquet_read(&get_source(self)->columns, self->parquet, batch, error);
  if (status != EAGRE_END) return status;
  close_file(self);
  return EAGRE_OK;
}

static enum eagre_status fill_batch(struct eagre_source_files_reader *self,
                                    struct eagre_batch *batch, struct eagre_error *error) {
  if (self->decoder != NULL && eagre_source_files_decoder_has_more(self->decoder)) {
    eagre_source_files_decoder_more(self->decoder, batch);
    return fill_json(self, batch, error);
  }
  if (self->file == NULL && self->parquet == NULL) EAGRE_TRY(open_next_part(self, error));
  if (self->parquet != NULL) return fill_from_parquet(self, batch, error);
  return fill_from_lines(self, batch, error);
}

static enum eagre_status fill_partitions(const struct eagre_source_files_reader *self,
                                         struct eagre_batch *batch, struct eagre_error *error) {
  const struct eagre_source *source = self->base.source;
  if (source->plan->are_partitions == NULL) return EAGRE_OK;
  return eagre_source_files_partition_fill(source->plan, source->environment.zone,
                                           get_source(self)->path, self->part->path, batch, error);
}

/* ---- Door ------------------------------------------------------------------------------------ */

enum eagre_status eagre_source_files_reader_open(struct eagre_source_reader *reader,
                                                 struct eagre_error *error) {
  struct eagre_source_files_reader *self = get_reader(reader);
  self->lines =
      eagre_allocate_zeroed(reader->source->environment.batch_rows_max, sizeof *self->lines);
  if (reader->source->plan->format == EAGRE_FILES_CSV) {
    return eagre_source_files_csv_open(&self->csv, &get_source(self)->csv, reader->source->plan,
                                       error);
  }
  if (reader->source->plan->format != EAGRE_FILES_JSON) return EAGRE_OK;
  return eagre_source_files_decoder_new(&get_source(self)->format, &self->decoder, error);
}

void eagre_source_files_reader_close(struct eagre_source_reader *reader) {
  struct eagre_source_files_reader *self = get_reader(reader);
  close_file(self);
  eagre_source_files_decoder_free(self->decoder);
  eagre_source_files_csv_close(&self->csv);
  eagre_buffer_done(&self->block);
  eagre_free(self->lines);
}

enum eagre_status eagre_source_files_reader_begin(struct eagre_source_reader *reader,
                                                  struct eagre_error *error) {
  (void)error;
  struct eagre_source_files_reader *self = get_reader(reader);
  close_file(self); /* of an epoch that was given up */
  self->next_part = 0;
  self->csv.options.now_us = eagre_clock_wall_us();
  if (self->decoder != NULL) {
    eagre_source_files_decoder_begin(self->decoder, eagre_clock_wall_us());
  }
  return EAGRE_OK;
}

enum eagre_status eagre_source_files_reader_read(struct eagre_source_reader *reader,
                                                 struct eagre_batch *batch,
                                                 struct eagre_error *error) {
  struct eagre_source_files_reader *self = get_reader(reader);
  for (;;) {
    EAGRE_TRY(fill_batch(self, batch, error));
    if (batch->row_count > 0) return fill_partitions(self, batch, error);
    eagre_batch_reset(batch); /* blank lines, or the end of a file */
  }
}
