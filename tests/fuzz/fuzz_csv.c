/* Bytes as lines of CSV: any line is a record or malformed, never a crash. The first bytes choose
 * options. Every value of the columns is looked at. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "csv/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MAX = 256, OPTION_BYTES = 4 };

static void choose_options(struct eagre_csv_options *options, const uint8_t *data) {
  static const char characters[] = "\"'\\^#,; |\t";
  static const char *const separators[] = {",", ";", "||", "\t", " ", "\"", "ab"};
  eagre_csv_options_init(options);
  options->separator = eagre_text_of(separators[data[0] % EAGRE_COUNT_OF(separators)]);
  options->quote = characters[data[1] % sizeof characters];
  options->escape = characters[data[2] % sizeof characters];
  options->trims_leading = (data[3] & 1) != 0;
  options->trims_trailing = (data[3] & 2) != 0;
  options->mode = (enum eagre_csv_mode)(data[3] / 4 % 3);
  if ((data[3] & 64) != 0) options->escape_of_escape = '#';
  if ((data[3] & 128) != 0) options->comment = '#';
}

static uint32_t split(const struct eagre_csv_options *options, struct eagre_text text,
                      struct eagre_text *lines) {
  uint32_t count = 0;
  while (text.size > 0 && count < LINES_MAX) {
    const char *newline = memchr(text.data, '\n', text.size);
    size_t size = newline == NULL ? text.size : (size_t)(newline - text.data);
    lines[count] = eagre_text_make(text.data, size);
    if (!eagre_csv_is_skipped(options, lines[count])) count++;
    size_t used = newline == NULL ? size : size + 1;
    text = eagre_text_make(text.data + used, text.size - used);
  }
  return count;
}

static uint64_t look(const struct eagre_vector *vector, uint32_t count) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_vector_is_null(vector, i) || vector->type->kind != EAGRE_TYPE_STRING) continue;
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, vector)[eagre_vector_index(vector, i)];
    eagre_assert(eagre_value_utf8_is_valid(text));
    sum += text.size;
  }
  return sum;
}

static void decode(const struct eagre_csv_options *options, const struct eagre_type *schema,
                   const struct eagre_text *lines, uint32_t count) {
  struct eagre_csv_decoder *decoder = NULL;
  struct eagre_arena arena = {0};
  struct eagre_error error;
  struct eagre_vector columns[8];
  uint8_t keep[LINES_MAX / 8];
  eagre_error_init(&error);
  memset(keep, 0xff, sizeof keep);
  if (eagre_csv_decoder_new(schema, options, NULL, &decoder, &error) != EAGRE_OK) abort();
  enum eagre_status status = eagre_csv_decode(decoder, lines, count, columns, keep, &arena, &error);
  eagre_assert(status == EAGRE_OK || (status == EAGRE_DATA && error.row < (int64_t)count));
  for (uint32_t i = 0; status == EAGRE_OK && i < schema->field_count; i++) {
    eagre_assert(look(&columns[i], count) < UINT64_MAX);
  }
  if (count > 0) eagre_csv_check_header(decoder, lines[0], NULL);
  eagre_csv_decoder_free(decoder);
  eagre_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char ddl[] = "a STRING, b INT, c DOUBLE, d DATE, e TIMESTAMP, f BOOLEAN, g STRING";
  if (size < OPTION_BYTES) return 0;
  struct eagre_csv_options options;
  struct eagre_text lines[LINES_MAX];
  struct eagre_arena arena = {0};
  struct eagre_zone *zone = NULL;
  const struct eagre_type *schema = NULL;
  if (eagre_zone_open(EAGRE_TEXT("UTC"), &zone, NULL) != EAGRE_OK) abort();
  if (eagre_type_parse_columns(&arena, eagre_text_of(ddl), &schema, NULL) != EAGRE_OK) abort();
  choose_options(&options, data);
  options.zone = zone;
  struct eagre_text text = {(const char *)data + OPTION_BYTES, size - OPTION_BYTES};
  decode(&options, schema, lines, split(&options, text, lines));
  eagre_zone_close(zone);
  eagre_arena_done(&arena);
  return 0;
}
