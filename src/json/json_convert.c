/* Conversions of tokens into typed values (json_convert.h). */
#include "json/json_convert.h"

#include <math.h>

#include "value/value.h"
#include "json/json_list.h"
#include "json/json_render.h"

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Whether the row may have a text of `size` bytes made of `raw_size` ones. Invalid UTF-8 becomes
 * three times as long, and some numbers nearly; without a limit, a record would decide how much
 * memory we need. */
static bool take_extra(struct eagre_json_run *run, size_t raw_size, size_t size) {
  size_t extra = size > 2 * raw_size ? size - 2 * raw_size : 0;
  if (extra > EAGRE_JSON_EXTRA_SIZE_MAX - run->extra_size) return false;
  run->extra_size += extra;
  return true;
}

/* The text of a string; false when it may not be held. */
static bool make_text(struct eagre_json_run *run, struct eagre_json_string string,
                      struct eagre_text *out_text) {
  if (eagre_json_string_is_valid(string)) {
    *out_text = eagre_json_string_unescape(string, run->arena);
    return true;
  }
  size_t size = eagre_json_string_measure(string);
  if (!take_extra(run, string.raw.size, size)) return false;
  *out_text = eagre_json_string_repair(string, size, run->arena);
  return true;
}

/* ---- Integers -------------------------------------------------------------------------------- */

/* The current INTEGER token; false when it does not fit int64. */
static bool read_integer(const struct eagre_json_lexer *lexer, int64_t *out_value) {
  if (lexer->text.size > 19) return false;
  uint64_t magnitude = 0;
  for (size_t i = 0; i < lexer->text.size; i++) {
    magnitude = magnitude * 10 + (uint64_t)(lexer->text.data[i] - '0');
  }
  uint64_t limit = (uint64_t)INT64_MAX + lexer->is_negative;
  if (magnitude > limit) return false;
  *out_value = (int64_t)(lexer->is_negative ? 0 - magnitude : magnitude);
  return true;
}

static bool convert_integer(const struct eagre_json_lexer *lexer,
                            const struct eagre_json_slot *slot, uint32_t row) {
  int64_t value;
  if (lexer->token != EAGRE_JSON_TOKEN_INTEGER || !read_integer(lexer, &value)) return false;
  switch (slot->kind) {
  case EAGRE_TYPE_TINYINT:
    /* Jackson reads a byte as signed or unsigned: 128..255 wrap. */
    if (value < INT8_MIN || value > UINT8_MAX) return false;
    ((int8_t *)slot->data)[row] = (int8_t)value;
    return true;
  case EAGRE_TYPE_SMALLINT:
    if (value < INT16_MIN || value > INT16_MAX) return false;
    ((int16_t *)slot->data)[row] = (int16_t)value;
    return true;
  case EAGRE_TYPE_INT:
    if (value < INT32_MIN || value > INT32_MAX) return false;
    ((int32_t *)slot->data)[row] = (int32_t)value;
    return true;
  default:
    ((int64_t *)slot->data)[row] = value;
    return true;
  }
}

/* ---- Floating point -------------------------------------------------------------------------- */

enum { SPECIAL_SIZE_MAX = 1000 };

/* The six words a string may spell. */
static bool read_special(struct eagre_text text, double *out_value) {
  if (eagre_text_equal_string(text, "NaN")) {
    *out_value = (double)NAN;
  } else if (eagre_text_equal_string(text, "Infinity") ||
             eagre_text_equal_string(text, "+Infinity") || eagre_text_equal_string(text, "+INF")) {
    *out_value = (double)INFINITY;
  } else if (eagre_text_equal_string(text, "-Infinity") || eagre_text_equal_string(text, "-INF")) {
    *out_value = -(double)INFINITY;
  } else {
    return false;
  }
  return true;
}

/* A number as float, rounded once as Jackson does: long integers go through double. */
static float read_float(const struct eagre_json_lexer *lexer) {
  int64_t integer;
  if (lexer->token == EAGRE_JSON_TOKEN_INTEGER) {
    if (read_integer(lexer, &integer)) return (float)integer;
    return (float)eagre_json_lexer_double(lexer);
  }
  if (lexer->token == EAGRE_JSON_TOKEN_NON_NUMBER) return (float)eagre_json_lexer_double(lexer);
  /* A JSON number is of CAST's grammar too; beyond the range it is infinite. */
  float magnitude = 0;
  eagre_value_parse_float(lexer->text, &magnitude);
  return lexer->is_negative ? -magnitude : magnitude;
}

static bool is_number(enum eagre_json_token token) {
  return token == EAGRE_JSON_TOKEN_INTEGER || token == EAGRE_JSON_TOKEN_DECIMAL ||
         token == EAGRE_JSON_TOKEN_NON_NUMBER;
}

/* Remembers the first bad value of the row. */
static void note_failure(struct eagre_json_run *run, enum eagre_json_failure_kind kind) {
  if (run->failure.kind == EAGRE_JSON_FAILURE_NONE) run->failure.kind = kind;
}

/* The text of the current string; of one that is too long for any of the six words only its
 * beginning as it is written, for the message. */
static struct eagre_text get_special(struct eagre_json_run *run) {
  struct eagre_json_string string = eagre_json_lexer_string(&run->decoder->lexer);
  if (string.raw.size <= SPECIAL_SIZE_MAX) return eagre_json_string_text(string, run->arena);
  return eagre_text_make(string.raw.data, SPECIAL_SIZE_MAX);
}

static bool convert_special(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                            double *out_value) {
  struct eagre_text text = get_special(run);
  if (run->decoder->options.allow_non_numeric_numbers && read_special(text, out_value)) return true;
  if (text.size > 0 && run->failure.kind == EAGRE_JSON_FAILURE_NONE) {
    run->failure.kind = EAGRE_JSON_FAILURE_STRING;
    run->failure.field = slot->field;
    run->failure.value = text;
  }
  return false;
}

static bool convert_floating(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                             uint32_t row) {
  const struct eagre_json_lexer *lexer = &run->decoder->lexer;
  double value;
  if (lexer->token == EAGRE_JSON_TOKEN_STRING) {
    if (!convert_special(run, slot, &value)) return false;
  } else if (!is_number(lexer->token)) {
    return false;
  } else if (slot->kind == EAGRE_TYPE_FLOAT) {
    ((float *)slot->data)[row] = read_float(lexer);
    return true;
  } else {
    value = eagre_json_lexer_double(lexer);
  }
  if (slot->kind == EAGRE_TYPE_FLOAT) {
    ((float *)slot->data)[row] = (float)value;
  } else {
    ((double *)slot->data)[row] = value;
  }
  return true;
}

/* ---- Decimals -------------------------------------------------------------------------------- */

enum { DECIMAL_TEXT_SIZE_MAX = 1000 }; /* Jackson's limit for numbers */

static bool parse_decimal(const struct eagre_json_slot *slot, struct eagre_text text,
                          eagre_decimal *out_value) {
  const struct eagre_type *type = slot->field->type;
  return eagre_value_parse_decimal(text, type->precision, type->scale, out_value) == EAGRE_VALUE_OK;
}

/* A number token with all its digits; its text is without the sign. */
static bool convert_decimal(const struct eagre_json_lexer *lexer,
                            const struct eagre_json_slot *slot, uint32_t row) {
  if (lexer->token != EAGRE_JSON_TOKEN_INTEGER && lexer->token != EAGRE_JSON_TOKEN_DECIMAL) {
    return false;
  }
  eagre_decimal magnitude;
  if (!parse_decimal(slot, lexer->text, &magnitude)) return false;
  ((eagre_decimal *)slot->data)[row] = lexer->is_negative ? -magnitude : magnitude;
  return true;
}

/* The number that a string spells, with commas between digits left out; white space is no part of
 * a number here. */
static bool convert_decimal_text(const struct eagre_json_slot *slot, struct eagre_text text,
                                 uint32_t row) {
  char digits[DECIMAL_TEXT_SIZE_MAX];
  size_t size = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == ',') continue;
    if (size == sizeof digits || (unsigned char)text.data[i] <= ' ') return false;
    digits[size++] = text.data[i];
  }
  return parse_decimal(slot, eagre_text_make(digits, size), &((eagre_decimal *)slot->data)[row]);
}

/* ---- Dates, timestamps, bytes ---------------------------------------------------------------- */

/* Whether from_json's own grammar is tried after a format, or after CAST's grammar. */
static bool has_fallback(const struct eagre_json_decoder *decoder,
                         const struct eagre_pattern *pattern) {
  if (decoder->options.datetime_fallback == EAGRE_JSON_FALLBACK_AUTO) return pattern == NULL;
  return decoder->options.datetime_fallback == EAGRE_JSON_FALLBACK_ON;
}

static bool parse_timestamp(const struct eagre_json_decoder *decoder, struct eagre_text text,
                            int64_t *out_us) {
  const struct eagre_json_options *options = &decoder->options;
  const struct eagre_pattern *pattern = decoder->timestamp_pattern;
  if (pattern != NULL &&
      eagre_pattern_parse(pattern, text, options->zone, out_us) == EAGRE_VALUE_OK) {
    return true;
  }
  if (has_fallback(decoder, pattern)) {
    return eagre_value_parse_json_timestamp(text, options->zone, options->now_us, out_us) ==
           EAGRE_VALUE_OK;
  }
  return pattern == NULL && eagre_value_parse_timestamp(text, options->zone, options->now_us,
                                                        out_us) == EAGRE_VALUE_OK;
}

/* There is no fallback for wall clocks, and a zone is none. */
static bool parse_timestamp_ntz(const struct eagre_json_decoder *decoder, struct eagre_text text,
                                int64_t *out_us) {
  const struct eagre_zone *zone = decoder->options.zone;
  enum eagre_value_result result =
      decoder->timestamp_ntz_pattern == NULL
          ? eagre_value_parse_timestamp_ntz(text, zone, false, out_us)
          : eagre_pattern_parse_local(decoder->timestamp_ntz_pattern, text, zone, false, out_us);
  return result == EAGRE_VALUE_OK;
}

/* CAST's grammar. */
static bool parse_interval(const struct eagre_json_slot *slot, struct eagre_text text,
                           uint32_t row) {
  int64_t value;
  if (eagre_value_parse_interval_as(text, slot->field->type, &value) != EAGRE_VALUE_OK) {
    return false;
  }
  if (slot->kind == EAGRE_TYPE_INTERVAL_YEAR) {
    ((int32_t *)slot->data)[row] = (int32_t)value;
  } else {
    ((int64_t *)slot->data)[row] = value;
  }
  return true;
}

static bool parse_date(const struct eagre_json_decoder *decoder, struct eagre_text text,
                       int32_t *out_days) {
  const struct eagre_pattern *pattern = decoder->date_pattern;
  if (pattern != NULL &&
      eagre_pattern_parse_date(pattern, text, decoder->utc, out_days) == EAGRE_VALUE_OK) {
    return true;
  }
  if (has_fallback(decoder, pattern)) {
    return eagre_value_parse_json_date(text, out_days) == EAGRE_VALUE_OK;
  }
  return pattern == NULL && eagre_value_parse_date(text, out_days) == EAGRE_VALUE_OK;
}

static int get_base64_digit(char byte) {
  if (byte >= 'A' && byte <= 'Z') return byte - 'A';
  if (byte >= 'a' && byte <= 'z') return byte - 'a' + 26;
  if (byte >= '0' && byte <= '9') return byte - '0' + 52;
  if (byte == '+') return 62;
  return byte == '/' ? 63 : -1;
}

/* Decodes a group of four characters; returns the number of bytes, 0 when it is none. Bits that
 * padding cuts off are not looked at. */
static size_t decode_base64_group(const char *group, char *out) {
  int digits[4];
  for (int i = 0; i < 4; i++)
    digits[i] = get_base64_digit(group[i]);
  if (digits[0] < 0 || digits[1] < 0) return 0;
  out[0] = (char)(digits[0] << 2 | digits[1] >> 4);
  if (group[2] == '=') return group[3] == '=' ? 1 : 0;
  if (digits[2] < 0) return 0;
  out[1] = (char)(digits[1] << 4 | digits[2] >> 2);
  if (group[3] == '=') return 2;
  if (digits[3] < 0) return 0;
  out[2] = (char)(digits[2] << 6 | digits[3]);
  return 3;
}

/* Base64 as Jackson reads it: padding is required, white space may stand between groups, padded
 * groups may be followed by more. */
static bool decode_base64(struct eagre_text text, struct eagre_arena *arena,
                          struct eagre_text *out_bytes) {
  char *bytes = eagre_arena_allocate_text(arena, text.size / 4 * 3 + 3);
  size_t size = 0;
  size_t at = 0;
  for (;;) {
    while (at < text.size && (unsigned char)text.data[at] <= ' ')
      at++;
    if (at == text.size) break;
    if (text.size - at < 4) return false;
    size_t group_size = decode_base64_group(text.data + at, bytes + size);
    if (group_size == 0) return false;
    size += group_size;
    at += 4;
  }
  *out_bytes = eagre_text_make(bytes, size);
  return true;
}

bool eagre_json_convert_string(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                               uint32_t row, struct eagre_json_string string) {
  struct eagre_text text;
  if (!eagre_json_string_fits(string, run->decoder->options.string_size_max)) return false;
  if (!make_text(run, string, &text)) return false;
  switch (slot->kind) {
  case EAGRE_TYPE_STRING:
    ((struct eagre_text *)slot->data)[row] = text;
    return true;
  case EAGRE_TYPE_BINARY:
    return decode_base64(text, run->arena, &((struct eagre_text *)slot->data)[row]);
  case EAGRE_TYPE_DECIMAL:
    return convert_decimal_text(slot, text, row);
  case EAGRE_TYPE_TIMESTAMP:
    return parse_timestamp(run->decoder, text, &((int64_t *)slot->data)[row]);
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return parse_timestamp_ntz(run->decoder, text, &((int64_t *)slot->data)[row]);
  case EAGRE_TYPE_DATE:
    return parse_date(run->decoder, text, &((int32_t *)slot->data)[row]);
  case EAGRE_TYPE_INTERVAL_DAY:
  case EAGRE_TYPE_INTERVAL_YEAR:
    return parse_interval(slot, text, row);
  default:
    return false;
  }
}

/* ---- By type --------------------------------------------------------------------------------- */

static bool convert_boolean(const struct eagre_json_lexer *lexer,
                            const struct eagre_json_slot *slot, uint32_t row) {
  if (lexer->token != EAGRE_JSON_TOKEN_TRUE && lexer->token != EAGRE_JSON_TOKEN_FALSE) return false;
  eagre_bit_put(slot->data, row, lexer->token == EAGRE_JSON_TOKEN_TRUE);
  return true;
}

/* An integer is seconds since the epoch, and wraps. */
static bool convert_epoch(const struct eagre_json_lexer *lexer, const struct eagre_json_slot *slot,
                          uint32_t row) {
  int64_t seconds;
  if (lexer->token != EAGRE_JSON_TOKEN_INTEGER || !read_integer(lexer, &seconds)) return false;
  ((int64_t *)slot->data)[row] = (int64_t)((uint64_t)seconds * 1000000u);
  return true;
}

/* The value whose first token is the current one, as it is written. */
static enum eagre_json_conversion keep_text(struct eagre_json_lexer *lexer,
                                            struct eagre_text *out_text) {
  const char *begin = lexer->begin;
  if (!eagre_json_lexer_skip(lexer)) return EAGRE_JSON_CONVERSION_SYNTAX;
  *out_text = eagre_text_make(begin, (size_t)(lexer->next - begin));
  return EAGRE_JSON_CONVERSION_DONE;
}

/* The same, re-written. */
static enum eagre_json_conversion render_text(struct eagre_json_run *run,
                                              struct eagre_text *out_text) {
  struct eagre_json_lexer *lexer = &run->decoder->lexer;
  size_t size;
  size_t raw_size;
  if (lexer->token == EAGRE_JSON_TOKEN_DECIMAL || lexer->token == EAGRE_JSON_TOKEN_NON_NUMBER) {
    *out_text = eagre_json_render_number(lexer, run->arena);
    return EAGRE_JSON_CONVERSION_DONE;
  }
  if (!eagre_json_render_measure(lexer, &size, &raw_size)) return EAGRE_JSON_CONVERSION_SYNTAX;
  if (!take_extra(run, raw_size, size)) return EAGRE_JSON_CONVERSION_BAD;
  *out_text = eagre_json_render_text(lexer, size, run->arena);
  return EAGRE_JSON_CONVERSION_DONE;
}

/* A value that is not a string, in a STRING column: its JSON text. */
static enum eagre_json_conversion
convert_rendered(struct eagre_json_run *run, const struct eagre_json_slot *slot, uint32_t row) {
  struct eagre_text text;
  enum eagre_json_conversion result = run->decoder->options.keep_tokens
                                          ? keep_text(&run->decoder->lexer, &text)
                                          : render_text(run, &text);
  if (result == EAGRE_JSON_CONVERSION_BAD) note_failure(run, EAGRE_JSON_FAILURE_FIELD);
  if (result != EAGRE_JSON_CONVERSION_DONE) return result;
  ((struct eagre_text *)slot->data)[row] = text;
  eagre_bit_set(slot->validity, row);
  return EAGRE_JSON_CONVERSION_DONE;
}

/* Any value. One that a VARIANT cannot hold is a bad field. */
static enum eagre_json_conversion
convert_variant(struct eagre_json_run *run, const struct eagre_json_slot *slot, uint32_t row) {
  struct eagre_json_decoder *decoder = run->decoder;
  struct eagre_variant_builder *builder = &decoder->variant;
  eagre_variant_builder_begin(builder);
  enum eagre_json_variant_result result =
      eagre_json_variant_build(&decoder->lexer, &decoder->variant_scratch, builder);
  if (result == EAGRE_JSON_VARIANT_MALFORMED) return EAGRE_JSON_CONVERSION_SYNTAX;
  size_t size = result == EAGRE_JSON_VARIANT_OK ? eagre_variant_builder_finish(builder) : 0;
  if (size == 0) {
    note_failure(run, EAGRE_JSON_FAILURE_FIELD);
    return EAGRE_JSON_CONVERSION_BAD;
  }
  char *bytes = eagre_arena_allocate_text(run->arena, size);
  eagre_variant_builder_write(builder, bytes);
  ((struct eagre_text *)slot->data)[row] = eagre_text_make(bytes, size);
  eagre_bit_set(slot->validity, row);
  return EAGRE_JSON_CONVERSION_DONE;
}

static bool convert_scalar(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                           uint32_t row) {
  const struct eagre_json_lexer *lexer = &run->decoder->lexer;
  switch (slot->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return convert_boolean(lexer, slot, row);
  case EAGRE_TYPE_TINYINT:
  case EAGRE_TYPE_SMALLINT:
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_BIGINT:
    return convert_integer(lexer, slot, row);
  case EAGRE_TYPE_FLOAT:
  case EAGRE_TYPE_DOUBLE:
    return convert_floating(run, slot, row);
  case EAGRE_TYPE_DECIMAL:
    if (convert_decimal(lexer, slot, row)) return true;
    break;
  case EAGRE_TYPE_TIMESTAMP:
    if (convert_epoch(lexer, slot, row)) return true;
    break;
  default:
    break;
  }
  return lexer->token == EAGRE_JSON_TOKEN_STRING &&
         eagre_json_convert_string(run, slot, row, eagre_json_lexer_string(lexer));
}

enum eagre_json_conversion eagre_json_convert(struct eagre_json_run *run,
                                              const struct eagre_json_slot *slot, uint32_t row) {
  enum eagre_json_token token = run->decoder->lexer.token;
  if (slot->kind == EAGRE_TYPE_VARIANT) return convert_variant(run, slot, row);
  if (token == EAGRE_JSON_TOKEN_NULL) {
    eagre_bit_clear(slot->validity, row);
    return EAGRE_JSON_CONVERSION_DONE;
  }
  if (slot->list != NULL) return eagre_json_list_convert(run, slot, row);
  if (slot->kind == EAGRE_TYPE_STRING && token != EAGRE_JSON_TOKEN_STRING) {
    return convert_rendered(run, slot, row);
  }
  if (!convert_scalar(run, slot, row)) {
    note_failure(run, EAGRE_JSON_FAILURE_FIELD);
    return EAGRE_JSON_CONVERSION_BAD;
  }
  eagre_bit_set(slot->validity, row);
  return EAGRE_JSON_CONVERSION_DONE;
}
