/* Lines of JSON files -> rows. The decoder is from_json's; a file differs from it in this (Spark):
 *
 *   - a STRING column keeps a value that is no string as it is written (options.keep_tokens)
 *   - a line of white space gives no row
 *   - an array gives a row per element; one element that is no object, or broken JSON, spoils the
 *     line, which is one malformed record then; a value of a wrong type keeps the rows and makes
 *     all of them malformed
 *   - a byte that is not UTF-8 spoils the record, unless it stands behind its end
 *   - a byte order mark in front of a record is skipped
 *   - mode DROPMALFORMED leaves malformed records out
 *   - FAILFAST says which file could not be read, and then why
 *
 * A record that is spoiled is given to the decoder as a text that is malformed too: cut off before
 * the bad byte, or `broken_text`. The corrupt column gets the whole line afterwards. */
#include "source/source_files.h"

/* A syntax error with the readable bytes that the decoder wants behind it. */
static const char broken_text[65] = "]";

enum { PADDING = 64 }; /* readable bytes behind a line, for the decoder */

/* A copy of a line, shared by the batches whose rows point into it. */
struct large_line {
  size_t share_count; /* atomic */
  size_t size;
  char data[];
};

struct eagre_source_files_decoder {
  const struct eagre_source_files_format *format;
  struct eagre_json_decoder *rows;   /* fills the wanted columns */
  struct eagre_json_decoder *shapes; /* fills nothing: says whether a text is a sound object */

  /* The rows that were planned, at most EAGRE_BATCH_ROWS_MAX. */
  uint32_t count;
  struct eagre_text *texts;   /* what is decoded */
  struct eagre_text *records; /* the whole line */
  int64_t *line_numbers;
  bool *are_spoiled; /* malformed, whatever the decoder says */

  struct eagre_text *elements; /* some of the array being judged */

  /* An array with more elements than a batch has rows. */
  struct {
    struct large_line *line;
    struct eagre_source_files_elements elements; /* those that are not planned yet */
    uint64_t left;                               /* so many; 0: there is no such array */
    int64_t line_number;
    bool is_spoiled;
  } large;
};

/* ---- Lines of large arrays ------------------------------------------------------------------- */

/* Gives up a share in a line; the last one frees it. Batches may end on any thread. */
static void release_line(void *backing) {
  struct large_line *line = backing;
  if (line != NULL && __atomic_sub_fetch(&line->share_count, 1, __ATOMIC_ACQ_REL) == 0) {
    eagre_free(line);
  }
}

static void drop_large(struct eagre_source_files_decoder *decoder) {
  release_line(decoder->large.line);
  decoder->large.line = NULL;
  decoder->large.left = 0;
}

/* ---- Decoder --------------------------------------------------------------------------------- */

static enum eagre_status open_decoders(struct eagre_source_files_decoder *decoder,
                                       struct eagre_error *error) {
  const struct eagre_source_files_format *format = decoder->format;
  struct eagre_json_options options = format->options;
  EAGRE_TRY(eagre_json_decoder_new(format->schema, &options, NULL, EAGRE_JSON_ISA_BEST,
                                   &decoder->rows, error));
  options.mode = EAGRE_JSON_PERMISSIVE;
  bool *nothing = eagre_allocate_zeroed(format->schema->field_count + 1, sizeof *nothing);
  enum eagre_status status = eagre_json_decoder_new(format->schema, &options, nothing,
                                                    EAGRE_JSON_ISA_BEST, &decoder->shapes, error);
  eagre_free(nothing);
  return status;
}

enum eagre_status eagre_source_files_decoder_new(const struct eagre_source_files_format *format,
                                                 struct eagre_source_files_decoder **out_decoder,
                                                 struct eagre_error *error) {
  struct eagre_source_files_decoder *decoder = eagre_allocate_zeroed(1, sizeof *decoder);
  decoder->format = format;
  decoder->texts = eagre_allocate_zeroed(EAGRE_BATCH_ROWS_MAX, sizeof *decoder->texts);
  decoder->elements = eagre_allocate_zeroed(EAGRE_BATCH_ROWS_MAX, sizeof *decoder->elements);
  decoder->records = eagre_allocate_zeroed(EAGRE_BATCH_ROWS_MAX, sizeof *decoder->records);
  decoder->line_numbers = eagre_allocate_zeroed(EAGRE_BATCH_ROWS_MAX, sizeof(int64_t));
  decoder->are_spoiled = eagre_allocate_zeroed(EAGRE_BATCH_ROWS_MAX, sizeof(bool));
  enum eagre_status status = open_decoders(decoder, error);
  if (status != EAGRE_OK) {
    eagre_source_files_decoder_free(decoder);
    return status;
  }
  *out_decoder = decoder;
  return EAGRE_OK;
}

void eagre_source_files_decoder_free(struct eagre_source_files_decoder *decoder) {
  if (decoder == NULL) return;
  eagre_json_decoder_free(decoder->rows);
  eagre_json_decoder_free(decoder->shapes);
  eagre_free(decoder->texts);
  eagre_free(decoder->records);
  eagre_free(decoder->line_numbers);
  eagre_free(decoder->are_spoiled);
  eagre_free(decoder->elements);
  drop_large(decoder);
  eagre_free(decoder);
}

void eagre_source_files_decoder_begin(struct eagre_source_files_decoder *decoder, int64_t now_us) {
  decoder->count = 0;
  drop_large(decoder);
  eagre_json_decoder_set_now(decoder->rows, now_us);
  eagre_json_decoder_set_now(decoder->shapes, now_us);
}

/* ---- One line -------------------------------------------------------------------------------- */

/* The line as the decoder must see it; one of ASCII is that already. */
static struct eagre_text repair_line(struct eagre_text line) {
  struct eagre_text text = line;
  if (eagre_text_starts_with(text, EAGRE_TEXT("\xef\xbb\xbf"))) {
    text = eagre_text_make(text.data + 3, text.size - 3);
  }
  size_t valid_size = eagre_value_utf8_valid_size(text);
  if (valid_size == text.size) return text;
  text.size = valid_size;
  if (eagre_text_trim(text).size == 0) return eagre_text_make(broken_text, 1);
  return text;
}

static void add_row(struct eagre_source_files_decoder *decoder, struct eagre_text text,
                    struct eagre_text record, int64_t line_number, bool is_spoiled) {
  uint32_t row = decoder->count++;
  decoder->texts[row] = text;
  decoder->records[row] = record;
  decoder->line_numbers[row] = line_number;
  decoder->are_spoiled[row] = is_spoiled;
}

/* ---- FAILFAST -------------------------------------------------------------------------------- */

enum eagre_status eagre_source_files_wrap_failure(enum eagre_status status,
                                                  const struct eagre_source_files_part *part,
                                                  int64_t line_number, struct eagre_error *error) {
  if (status != EAGRE_DATA || error == NULL) return status;
  struct eagre_error inner = *error;
  struct eagre_text path = part->path;
  eagre_error_set(error, status, "FAILED_READ_FILE.NO_HINT",
                  "Encountered error while reading file file:%.*s. [%s] %s", (int)path.size,
                  path.data, inner.class_name, inner.text);
  eagre_error_hint(error, "%s", inner.hint);
  eagre_source_files_part_blame(part, line_number, error);
  return status;
}

/* ---- Arrays ---------------------------------------------------------------------------------- */

/* Decodes texts for the sake of the verdict alone. */
static enum eagre_status count_malformed(struct eagre_json_decoder *decoder,
                                         const struct eagre_text *texts, uint32_t count,
                                         uint64_t *out_malformed, struct eagre_error *error) {
  const struct eagre_vector vector = {.type = eagre_type_of(EAGRE_TYPE_STRING),
                                      .data = (void *)texts};
  struct eagre_arena arena = {0};
  struct eagre_vector ignored;
  enum eagre_status status =
      eagre_json_decode(decoder, &vector, count, &ignored, &arena, out_malformed, error);
  eagre_arena_done(&arena);
  return status;
}

enum array_verdict { ARRAY_GOOD, ARRAY_SPOILED, ARRAY_BROKEN };

/* What the first `count` of the elements say about the line; a verdict only gets worse. */
static enum eagre_status judge_elements(struct eagre_source_files_decoder *decoder, uint32_t count,
                                        enum array_verdict *verdict, struct eagre_error *error) {
  uint64_t broken = 0;
  uint64_t malformed = 0;
  EAGRE_TRY(count_malformed(decoder->shapes, decoder->elements, count, &broken, error));
  if (broken > 0) {
    *verdict = ARRAY_BROKEN;
    return EAGRE_OK;
  }
  EAGRE_TRY(count_malformed(decoder->rows, decoder->elements, count, &malformed, error));
  if (malformed > 0) *verdict = ARRAY_SPOILED;
  return EAGRE_OK;
}

/* Takes the next elements, as many as a batch has rows. */
static uint32_t take_elements(struct eagre_source_files_decoder *decoder,
                              struct eagre_source_files_elements *elements) {
  uint32_t count = 0;
  while (count < EAGRE_BATCH_ROWS_MAX &&
         eagre_source_files_elements_next(elements, &decoder->elements[count])) {
    count++;
  }
  return count;
}

/* What the elements of a line say about each other, and how many there are. */
static enum eagre_status judge_array(struct eagre_source_files_decoder *decoder,
                                     struct eagre_text text, enum array_verdict *out_verdict,
                                     uint64_t *out_count, struct eagre_error *error) {
  struct eagre_source_files_elements elements;
  uint32_t count;
  *out_verdict = ARRAY_GOOD;
  *out_count = 0;
  eagre_source_files_elements_begin(&elements, &decoder->format->options, text);
  while (*out_verdict != ARRAY_BROKEN && (count = take_elements(decoder, &elements)) > 0) {
    *out_count += count;
    EAGRE_TRY(judge_elements(decoder, count, out_verdict, error));
  }
  if (elements.is_broken) *out_verdict = ARRAY_BROKEN;
  return EAGRE_OK;
}

/* Copies the line, whose elements wait for `more`. `text` is the part of it to decode. */
static void keep_large(struct eagre_source_files_decoder *decoder, struct eagre_text text,
                       struct eagre_text line, uint64_t count) {
  struct large_line *copy = eagre_allocate(sizeof *copy + line.size + PADDING);
  copy->share_count = 1;
  copy->size = line.size;
  memcpy(copy->data, line.data, line.size);
  memset(copy->data + line.size, 0, PADDING);
  eagre_assert(decoder->large.line == NULL);
  decoder->large.line = copy;
  decoder->large.left = count;
  text.data = copy->data + (text.data - line.data);
  eagre_source_files_elements_begin(&decoder->large.elements, &decoder->format->options, text);
}

static void add_elements(struct eagre_source_files_decoder *decoder,
                         struct eagre_source_files_elements *elements, uint64_t count,
                         struct eagre_text record, int64_t line_number, bool is_spoiled) {
  struct eagre_text element = {0};
  for (uint64_t i = 0; i < count; i++) {
    bool is_there = eagre_source_files_elements_next(elements, &element);
    eagre_assert(is_there); /* they were counted */
    add_row(decoder, element, record, line_number, is_spoiled);
  }
}

/* Makes rows of the elements of a line; false when they do not fit beside the rows there are. */
static enum eagre_status plan_array(struct eagre_source_files_decoder *decoder,
                                    struct eagre_text text, struct eagre_text line,
                                    int64_t line_number, bool *out_fits,
                                    struct eagre_error *error) {
  enum array_verdict verdict;
  uint64_t count;
  *out_fits = true;
  EAGRE_TRY(judge_array(decoder, text, &verdict, &count, error));
  bool is_spoiled = verdict == ARRAY_SPOILED;
  if (verdict == ARRAY_BROKEN) {
    add_row(decoder, eagre_text_make(broken_text, 1), line, line_number, true);
  } else if (count <= decoder->format->batch_rows_max - decoder->count) {
    struct eagre_source_files_elements elements;
    eagre_source_files_elements_begin(&elements, &decoder->format->options, text);
    add_elements(decoder, &elements, count, line, line_number, is_spoiled);
  } else if (decoder->count == 0) {
    keep_large(decoder, text, line, count);
    decoder->large.line_number = line_number;
    decoder->large.is_spoiled = is_spoiled;
  } else {
    *out_fits = false;
  }
  return EAGRE_OK;
}

bool eagre_source_files_decoder_has_more(const struct eagre_source_files_decoder *decoder) {
  return decoder->large.left > 0;
}

void eagre_source_files_decoder_more(struct eagre_source_files_decoder *decoder,
                                     struct eagre_batch *batch) {
  struct large_line *line = decoder->large.line;
  uint64_t left = decoder->large.left;
  uint64_t most = decoder->format->batch_rows_max;
  uint64_t count = left < most ? left : most;
  const char *begin = decoder->large.elements.at;
  __atomic_add_fetch(&line->share_count, 1, __ATOMIC_RELAXED);
  batch->backing = line;
  batch->release_backing = release_line;
  decoder->count = 0;
  add_elements(decoder, &decoder->large.elements, count, eagre_text_make(line->data, line->size),
               decoder->large.line_number, decoder->large.is_spoiled);
  batch->source_bytes = (uint64_t)(decoder->large.elements.at - begin);
  decoder->large.left -= count;
  if (decoder->large.left == 0) drop_large(decoder);
}

/* ---- Planning -------------------------------------------------------------------------------- */

static bool is_array(const struct eagre_json_options *options, struct eagre_text text) {
  bool is_object = text.size > 0 && text.data[0] == '{'; /* most often, and quickly said */
  return !is_object && eagre_source_files_array_begins(options, text);
}

enum eagre_status eagre_source_files_decoder_plan(struct eagre_source_files_decoder *decoder,
                                                  const struct eagre_source_files_lines *lines,
                                                  const struct eagre_source_files_part *part,
                                                  uint32_t *out_used, struct eagre_error *error) {
  const struct eagre_json_options *options = &decoder->format->options;
  uint32_t used = 0;
  decoder->count = 0;
  while (used < lines->count && decoder->count < decoder->format->batch_rows_max &&
         !eagre_source_files_decoder_has_more(decoder)) {
    struct eagre_text line = lines->texts[used];
    int64_t number = lines->number + used;
    struct eagre_text text = lines->are_ascii ? line : repair_line(line);
    bool fits = true;
    if (!is_array(options, text)) {
      add_row(decoder, text, line, number, false);
    } else {
      enum eagre_status status = plan_array(decoder, text, line, number, &fits, error);
      if (status != EAGRE_OK) return eagre_source_files_wrap_failure(status, part, number, error);
    }
    if (!fits) break;
    used++;
  }
  *out_used = used;
  return EAGRE_OK;
}

/* ---- Filling --------------------------------------------------------------------------------- */

/* Gives malformed rows their whole line, and marks spoiled ones as malformed. */
static void mend_corrupt(struct eagre_source_files_decoder *decoder, struct eagre_vector *corrupt,
                         struct eagre_arena *arena) {
  eagre_vector_flatten(corrupt, decoder->count, arena);
  for (uint32_t row = 0; row < decoder->count; row++) {
    bool is_malformed = decoder->are_spoiled[row] || !eagre_vector_is_null(corrupt, row);
    if (!is_malformed) continue;
    EAGRE_VALUES(struct eagre_text, corrupt)[row] = decoder->records[row];
    if (corrupt->validity != NULL) eagre_bit_set(corrupt->validity, row);
  }
}

static void move_columns(const struct eagre_source_files_decoder *decoder,
                         const struct eagre_vector *rows, struct eagre_batch *batch) {
  const struct eagre_type *source = decoder->format->source;
  eagre_batch_set_columns(batch, source->field_count, decoder->count);
  for (uint32_t i = 0; i < source->field_count; i++) {
    uint32_t field = decoder->format->columns[i];
    if (field == UINT32_MAX) {
      eagre_vector_init_null(&batch->columns[i], source->fields[i].type, &batch->arena);
    } else {
      batch->columns[i] = rows->children[field];
    }
  }
}

/* Removes rows of blank lines and, with DROPMALFORMED, malformed ones. */
static void drop_rows(const struct eagre_source_files_decoder *decoder,
                      const struct eagre_vector *rows, struct eagre_batch *batch) {
  const struct eagre_source_files_format *format = decoder->format;
  const struct eagre_vector *corrupt =
      format->drops_malformed ? &rows->children[format->corrupt] : NULL;
  uint8_t *keep = eagre_arena_allocate_vector(&batch->arena, eagre_bits_size(decoder->count));
  uint32_t dropped = 0;
  eagre_bits_fill(keep, decoder->count, true);
  for (uint32_t row = 0; row < decoder->count; row++) {
    bool is_malformed = corrupt != NULL && !eagre_vector_is_null(corrupt, row);
    if (!is_malformed && !eagre_vector_is_null(rows, row)) continue;
    eagre_bit_clear(keep, row);
    dropped++;
  }
  if (dropped > 0) eagre_batch_filter(batch, keep);
}

enum eagre_status eagre_source_files_decoder_fill(struct eagre_source_files_decoder *decoder,
                                                  const struct eagre_source_files_part *part,
                                                  struct eagre_batch *batch,
                                                  struct eagre_error *error) {
  const struct eagre_vector texts = {.type = eagre_type_of(EAGRE_TYPE_STRING),
                                     .data = decoder->texts};
  const struct eagre_source_files_format *format = decoder->format;
  uint32_t count = decoder->count;
  struct eagre_vector rows;
  if (count == 0) return EAGRE_OK;
  enum eagre_status status =
      eagre_json_decode(decoder->rows, &texts, count, &rows, &batch->arena, NULL, error);
  if (status != EAGRE_OK) {
    int64_t row = error == NULL || error->row < 0 ? 0 : error->row;
    return eagre_source_files_wrap_failure(status, part, decoder->line_numbers[row], error);
  }
  if (format->corrupt != UINT32_MAX) {
    mend_corrupt(decoder, &rows.children[format->corrupt], &batch->arena);
  }
  move_columns(decoder, &rows, batch);
  int64_t *line_numbers = eagre_arena_allocate_vector(&batch->arena, count * sizeof(int64_t));
  memcpy(line_numbers, decoder->line_numbers, count * sizeof(int64_t));
  batch->origin.offsets = line_numbers;
  drop_rows(decoder, &rows, batch);
  return EAGRE_OK;
}
