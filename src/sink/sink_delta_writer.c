/* The Delta sink, one core: batches -> data files -> a piece.
 *
 * The first row of an attempt begins a file; with maxRecordsPerFile a full one is finished and the
 * next row begins another. Files carry application, epoch and attempt in their names. Nothing
 * refers to them before the commit, so those of a lost attempt are only litter, which `purge`
 * sweeps. */
#include "sink/sink_delta.h"

static struct eagre_sink_delta_writer *get_writer(struct eagre_sink_writer *writer) {
  return (struct eagre_sink_delta_writer *)writer;
}

static const struct eagre_sink_delta *get_sink(const struct eagre_sink_delta_writer *self) {
  return (const struct eagre_sink_delta *)self->base.sink;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static enum eagre_status begin_file(struct eagre_sink_delta_writer *self,
                                    struct eagre_error *error) {
  const struct eagre_sink_delta *sink = get_sink(self);
  const struct eagre_delta_file_options options = {
      .schema = sink->file_schema,
      .parquet = &sink->parquet,
      .application_id = sink->base.environment.checkpoint_id,
      .attempt = self->attempt,
      .epoch = self->epoch,
      .core = self->base.core,
      .spare = &self->spare,
  };
  return eagre_delta_file_open(self->base.io, eagre_delta_location(sink->table), &options,
                               &self->file, error);
}

static enum eagre_status finish_file(struct eagre_sink_delta_writer *self,
                                     struct eagre_error *error) {
  struct eagre_delta_file *file = self->file;
  if (file == NULL) return EAGRE_OK;
  self->file = NULL; /* finishing frees it in any case */
  return eagre_delta_file_finish(file, &self->actions, error);
}

static void forget_attempt(struct eagre_sink_delta_writer *self) {
  eagre_delta_file_abort(self->file);
  self->file = NULL;
  eagre_buffer_clear(&self->actions);
  self->row_count = 0;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Writes rows of `vectors`, which have `row_count`. */
static enum eagre_status write_vectors(struct eagre_sink_delta_writer *self, uint32_t row_count,
                                       struct eagre_error *error) {
  if (self->file == NULL) EAGRE_TRY(begin_file(self, error));
  return eagre_delta_file_write(self->file, self->vectors, row_count, error);
}

static const struct eagre_vector *get_column(const struct eagre_sink_delta_writer *self,
                                             const struct eagre_batch *batch, uint32_t index) {
  return &batch->columns[get_sink(self)->columns[index]];
}

/* Writes rows [begin, begin + count) of the batch, as copies of that part. */
static enum eagre_status write_part(struct eagre_sink_delta_writer *self,
                                    const struct eagre_batch *batch, uint32_t begin, uint32_t count,
                                    struct eagre_error *error) {
  struct eagre_arena arena = {0};
  uint32_t *rows = eagre_arena_allocate_vector(&arena, count * sizeof *rows);
  for (uint32_t i = 0; i < count; i++) {
    rows[i] = begin + i;
  }
  for (uint32_t i = 0; i < get_sink(self)->file_schema->field_count; i++) {
    eagre_vector_gather(&self->vectors[i], get_column(self, batch, i), rows, count, &arena);
  }
  enum eagre_status status = write_vectors(self, count, error);
  if (status != EAGRE_OK && error != NULL && error->row >= 0) error->row += begin;
  eagre_arena_done(&arena);
  return status;
}

static enum eagre_status write_whole(struct eagre_sink_delta_writer *self,
                                     const struct eagre_batch *batch, struct eagre_error *error) {
  for (uint32_t i = 0; i < get_sink(self)->file_schema->field_count; i++) {
    self->vectors[i] = *get_column(self, batch, i);
  }
  return write_vectors(self, batch->row_count, error);
}

/* Rows the file at hand still takes. */
static uint64_t count_room(const struct eagre_sink_delta_writer *self) {
  uint64_t used = self->file == NULL ? 0 : eagre_delta_file_row_count(self->file);
  return get_sink(self)->file_row_count_max - used;
}

static enum eagre_status write_rows(struct eagre_sink_delta_writer *self,
                                    const struct eagre_batch *batch, struct eagre_error *error) {
  uint32_t begin = 0;
  while (begin < batch->row_count) {
    uint64_t room = count_room(self);
    uint32_t left = batch->row_count - begin;
    uint32_t count = left < room ? left : (uint32_t)room;
    bool is_whole = count == batch->row_count;
    EAGRE_TRY(is_whole ? write_whole(self, batch, error)
                       : write_part(self, batch, begin, count, error));
    begin += count;
    if (count == room) EAGRE_TRY(finish_file(self, error));
  }
  return EAGRE_OK;
}

/* ---- Door ------------------------------------------------------------------------------------ */

enum eagre_status eagre_sink_delta_writer_open(struct eagre_sink_writer *writer,
                                               struct eagre_error *error) {
  (void)error;
  struct eagre_sink_delta_writer *self = get_writer(writer);
  self->vectors =
      eagre_allocate_zeroed(get_sink(self)->file_schema->field_count + 1, sizeof *self->vectors);
  return EAGRE_OK;
}

void eagre_sink_delta_writer_close(struct eagre_sink_writer *writer) {
  struct eagre_sink_delta_writer *self = get_writer(writer);
  forget_attempt(self);
  eagre_parquet_writer_free(self->spare);
  eagre_buffer_done(&self->actions);
  eagre_free(self->vectors);
}

enum eagre_status eagre_sink_delta_writer_begin(struct eagre_sink_writer *writer, int64_t epoch,
                                                const char *attempt, struct eagre_error *error) {
  (void)error;
  struct eagre_sink_delta_writer *self = get_writer(writer);
  size_t size = strlen(attempt);
  eagre_assert(size < sizeof self->attempt);
  forget_attempt(self);
  self->epoch = epoch;
  memcpy(self->attempt, attempt, size + 1);
  return EAGRE_OK;
}

enum eagre_status eagre_sink_delta_writer_write(struct eagre_sink_writer *writer,
                                                const struct eagre_batch *batch,
                                                struct eagre_error *error) {
  struct eagre_sink_delta_writer *self = get_writer(writer);
  enum eagre_status status = write_rows(self, batch, error);
  self->row_count += batch->row_count;
  if (status == EAGRE_DATA && error != NULL) eagre_batch_place(batch, error->row, error);
  return status;
}

enum eagre_status eagre_sink_delta_writer_prepare(struct eagre_sink_writer *writer,
                                                  struct eagre_buffer *out_piece,
                                                  struct eagre_error *error) {
  struct eagre_sink_delta_writer *self = get_writer(writer);
  EAGRE_TRY(finish_file(self, error));
  eagre_sink_delta_piece_print(self->row_count, eagre_buffer_text(&self->actions), out_piece);
  return EAGRE_OK;
}

/* Finished files stay: they may be named by prepared/N already. */
void eagre_sink_delta_writer_abort(struct eagre_sink_writer *writer) {
  forget_attempt(get_writer(writer));
}
