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

  struct eagre_buffer elements; /* of the array being planned */

  /* An array with more elements than a batch has rows. */
  struct {
    struct eagre_buffer line; /* a copy */
    struct eagre_buffer elements;
    size_t next; /* the first element that is not planned yet */
    int64_t line_number;
    bool is_spoiled;
  } large;
};

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
  eagre_buffer_done(&decoder->elements);
  eagre_buffer_done(&decoder->large.line);
  eagre_buffer_done(&decoder->large.elements);
  eagre_free(decoder);
}

void eagre_source_files_decoder_begin(struct eagre_source_files_decoder *decoder, int64_t now_us) {
  decoder->count = 0;
  eagre_buffer_clear(&decoder->large.elements);
  decoder->large.next = 0;
  eagre_json_decoder_set_now(decoder->rows, now_us);
  eagre_json_decoder_set_now(decoder->shapes, now_us);
}

/* ---- One line -------------------------------------------------------------------------------- */

/* Where the first byte stands that is not UTF-8. Repairing tells: up to there both are the same. */
static size_t find_bad_byte(struct eagre_text text) {
  struct eagre_buffer repaired = {0};
  size_t at = 0;
  eagre_value_utf8_repair(text, &repaired);
  while (at < text.size && at < repaired.size && text.data[at] == repaired.data[at]) {
    at++;
  }
  eagre_buffer_done(&repaired);
  return at;
}

/* The line as the decoder must see it. */
static struct eagre_text prepare_line(struct eagre_text line) {
  struct eagre_text text = line;
  if (eagre_text_starts_with(text, EAGRE_TEXT("\xef\xbb\xbf"))) {
    text = eagre_text_make(text.data + 3, text.size - 3);
  }
  if (eagre_value_utf8_is_valid(text)) return text;
  text.size = find_bad_byte(text);
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

/* Spark wraps the failure; the class that a person looks for is the inner one, so both are said. */
static enum eagre_status wrap_failure(enum eagre_status status, struct eagre_text path,
                                      int64_t line_number, struct eagre_error *error) {
  if (status != EAGRE_DATA || error == NULL) return status;
  struct eagre_error inner = *error;
  eagre_error_set(error, status, "FAILED_READ_FILE.NO_HINT",
                  "Encountered error while reading file file:%.*s. [%s] %s", (int)path.size,
                  path.data, inner.class_name, inner.text);
  eagre_error_hint(error, "%s", inner.hint);
  eagre_error_place(error, "file %.*s, line %lld", (int)path.size, path.data,
                    (long long)line_number);
  return status;
}

/* ---- Arrays ---------------------------------------------------------------------------------- */

static uint32_t count_elements(const struct eagre_buffer *elements) {
  return (uint32_t)(elements->size / sizeof(struct eagre_text));
}

static const struct eagre_text *get_elements(const struct eagre_buffer *elements) {
  return (const struct eagre_text *)(const void *)elements->data;
}

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

/* What the elements of a line say about each other. */
static enum eagre_status judge_array(struct eagre_source_files_decoder *decoder,
                                     enum array_verdict *out_verdict, struct eagre_error *error) {
  const struct eagre_text *elements = get_elements(&decoder->elements);
  uint32_t count = count_elements(&decoder->elements);
  *out_verdict = ARRAY_GOOD;
  for (uint32_t i = 0; i < count; i += EAGRE_BATCH_ROWS_MAX) {
    uint32_t part = count - i < EAGRE_BATCH_ROWS_MAX ? count - i : EAGRE_BATCH_ROWS_MAX;
    uint64_t broken = 0;
    uint64_t malformed = 0;
    EAGRE_TRY(count_malformed(decoder->shapes, elements + i, part, &broken, error));
    if (broken > 0) {
      *out_verdict = ARRAY_BROKEN;
      return EAGRE_OK;
    }
    EAGRE_TRY(count_malformed(decoder->rows, elements + i, part, &malformed, error));
    if (malformed > 0) *out_verdict = ARRAY_SPOILED;
  }
  return EAGRE_OK;
}

/* Copies the line and its elements, which wait for `more`. */
static void keep_large(struct eagre_source_files_decoder *decoder, struct eagre_text line,
                       int64_t line_number, bool is_spoiled) {
  struct eagre_buffer *copy = &decoder->large.line;
  struct eagre_buffer *elements = &decoder->large.elements;
  eagre_buffer_clear(copy);
  eagre_buffer_append_text(copy, line);
  eagre_buffer_clear(elements);
  eagre_buffer_append(elements, decoder->elements.data, decoder->elements.size);
  struct eagre_text *texts = (struct eagre_text *)(void *)elements->data;
  for (uint32_t i = 0; i < count_elements(elements); i++) {
    texts[i].data = copy->data + (texts[i].data - line.data);
  }
  decoder->large.next = 0;
  decoder->large.line_number = line_number;
  decoder->large.is_spoiled = is_spoiled;
}

/* Makes rows of the elements of a line; false when they do not fit beside the rows there are. */
static enum eagre_status plan_array(struct eagre_source_files_decoder *decoder,
                                    struct eagre_text text, struct eagre_text line,
                                    int64_t line_number, bool *out_fits,
                                    struct eagre_error *error) {
  enum array_verdict verdict = ARRAY_BROKEN;
  *out_fits = true;
  eagre_buffer_clear(&decoder->elements);
  if (eagre_source_files_array_split(&decoder->format->options, text, &decoder->elements)) {
    EAGRE_TRY(judge_array(decoder, &verdict, error));
  }
  if (verdict == ARRAY_BROKEN) {
    add_row(decoder, eagre_text_make(broken_text, 1), line, line_number, true);
    return EAGRE_OK;
  }
  uint32_t count = count_elements(&decoder->elements);
  bool is_spoiled = verdict == ARRAY_SPOILED;
  if (count <= EAGRE_BATCH_ROWS_MAX - decoder->count) {
    for (uint32_t i = 0; i < count; i++) {
      add_row(decoder, get_elements(&decoder->elements)[i], line, line_number, is_spoiled);
    }
  } else if (decoder->count == 0) {
    keep_large(decoder, line, line_number, is_spoiled);
  } else {
    *out_fits = false;
  }
  return EAGRE_OK;
}

bool eagre_source_files_decoder_has_more(const struct eagre_source_files_decoder *decoder) {
  return decoder->large.next < count_elements(&decoder->large.elements);
}

void eagre_source_files_decoder_more(struct eagre_source_files_decoder *decoder,
                                     struct eagre_batch *batch) {
  const struct eagre_text *elements = get_elements(&decoder->large.elements) + decoder->large.next;
  uint32_t left = count_elements(&decoder->large.elements) - (uint32_t)decoder->large.next;
  uint32_t count = left < EAGRE_BATCH_ROWS_MAX ? left : EAGRE_BATCH_ROWS_MAX;
  const char *begin = elements[0].data;
  const char *end = elements[count - 1].data + elements[count - 1].size;
  char *copy = eagre_arena_allocate_vector(&batch->arena, (size_t)(end - begin));
  memcpy(copy, begin, (size_t)(end - begin));
  struct eagre_text record = {0};
  if (decoder->large.is_spoiled && decoder->format->corrupt != UINT32_MAX) {
    record = eagre_arena_copy_text(&batch->arena, eagre_buffer_text(&decoder->large.line));
  }
  decoder->count = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text text = {copy + (elements[i].data - begin), elements[i].size};
    add_row(decoder, text, record, decoder->large.line_number, decoder->large.is_spoiled);
  }
  decoder->large.next += count;
  batch->source_bytes = (uint64_t)(end - begin);
}

/* ---- Planning -------------------------------------------------------------------------------- */

enum eagre_status eagre_source_files_decoder_plan(struct eagre_source_files_decoder *decoder,
                                                  const struct eagre_text *lines,
                                                  uint32_t line_count, int64_t line_number,
                                                  struct eagre_text path, uint32_t *out_used,
                                                  struct eagre_error *error) {
  const struct eagre_json_options *options = &decoder->format->options;
  uint32_t used = 0;
  decoder->count = 0;
  while (used < line_count && decoder->count < EAGRE_BATCH_ROWS_MAX &&
         !eagre_source_files_decoder_has_more(decoder)) {
    struct eagre_text text = prepare_line(lines[used]);
    bool fits = true;
    if (!eagre_source_files_array_begins(options, text)) {
      add_row(decoder, text, lines[used], line_number + used, false);
    } else {
      enum eagre_status status =
          plan_array(decoder, text, lines[used], line_number + used, &fits, error);
      if (status != EAGRE_OK) return wrap_failure(status, path, line_number + used, error);
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
                                                  struct eagre_text path, struct eagre_batch *batch,
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
    return wrap_failure(status, path, decoder->line_numbers[row], error);
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
