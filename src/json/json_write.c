/* to_json (spark-semantics 5.6): compact, in the order of the schema, NULL members left out. */
#include "json/json.h"

#include <math.h>
#include <string.h>

static void append_floating(const struct eagre_vector *vector, uint32_t index,
                            struct eagre_buffer *out) {
  bool is_float = vector->type->kind == EAGRE_TYPE_FLOAT;
  double value =
      is_float ? (double)EAGRE_VALUES(float, vector)[index] : EAGRE_VALUES(double, vector)[index];
  bool is_quoted = !isfinite(value);
  if (is_quoted) eagre_buffer_append_char(out, '"');
  char *digits = eagre_buffer_reserve(out, 32);
  out->size += is_float ? eagre_value_print_float((float)value, digits)
                        : eagre_value_print_double(value, digits);
  if (is_quoted) eagre_buffer_append_char(out, '"');
}

static void append_integer(int64_t value, struct eagre_buffer *out) {
  out->size += eagre_value_print_integer(value, eagre_buffer_reserve(out, 32));
}

static void append_decimal(const struct eagre_vector *vector, uint32_t index,
                           struct eagre_buffer *out) {
  out->size += eagre_value_print_decimal_java(EAGRE_VALUES(eagre_decimal, vector)[index],
                                              vector->type->scale, eagre_buffer_reserve(out, 48));
}

enum {
  PIECE_SIZE = 64 << 10,   /* of a string that is drained while it is written */
  DRAINED_SIZE = 256 << 10 /* so much is worth a call */
};

/* Whether a byte of the word is not ASCII, a control character, a quote or a backslash. A byte's
 * borrow may be seen in its neighbour, but only when it is one of them itself. */
static bool needs_care(uint64_t word) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  uint64_t controls = word - ones * ' ';
  uint64_t quotes = (word ^ (ones * '"')) - ones;
  uint64_t backslashes = (word ^ (ones * '\\')) - ones;
  return ((word | controls | quotes | backslashes) & (ones << 7)) != 0;
}

/* One to seven bytes; those in the middle are looked at and copied twice. False: one needs care. */
static bool copy_plain_end(char *to, const char *from, size_t size) {
  if (size >= 4) {
    uint32_t first, last;
    memcpy(&first, from, sizeof first);
    memcpy(&last, from + size - sizeof last, sizeof last);
    if (needs_care((uint64_t)first << 32 | last)) return false;
    memcpy(to, &first, sizeof first);
    memcpy(to + size - sizeof last, &last, sizeof last);
    return true;
  }
  uint64_t word = UINT64_C(0x2020202020202020);
  memcpy(&word, from, 1);
  memcpy((char *)&word + 1, from + size / 2, 1);
  memcpy((char *)&word + 2, from + size - 1, 1);
  if (needs_care(word)) return false;
  to[0] = from[0];
  to[size / 2] = from[size / 2];
  to[size - 1] = from[size - 1];
  return true;
}

/* False: a byte needs care, and what was copied is for nothing. */
static bool copy_plain(char *to, const char *from, size_t size) {
  uint64_t word;
  for (; size >= sizeof word; size -= sizeof word) {
    memcpy(&word, from, sizeof word);
    if (needs_care(word)) return false;
    memcpy(to, &word, sizeof word);
    from += sizeof word;
    to += sizeof word;
  }
  return size == 0 || copy_plain_end(to, from, size);
}

/* Most strings are ASCII without escapes: what is copied as it stands is checked on the way. */
static bool append_plain_string(struct eagre_text text, struct eagre_buffer *out) {
  char *to = eagre_buffer_reserve(out, text.size + 2);
  to[0] = '"';
  if (!copy_plain(to + 1, text.data, text.size)) return false;
  to[text.size + 1] = '"';
  out->size += text.size + 2;
  return true;
}

static void append_string(struct eagre_text text, struct eagre_buffer *out) {
  if (append_plain_string(text, out)) return;
  if (eagre_value_utf8_is_valid(text)) {
    eagre_buffer_append_json_string(out, text);
    return;
  }
  struct eagre_buffer repaired = {0};
  eagre_value_utf8_repair(text, &repaired);
  eagre_buffer_append_json_string(out, eagre_buffer_text(&repaired));
  eagre_buffer_done(&repaired);
}

/* The size of the first piece of `text`; it does not end inside a sequence. */
static size_t get_piece_size(struct eagre_text text) {
  if (text.size <= PIECE_SIZE) return text.size;
  size_t size = PIECE_SIZE;
  for (int back = 0; back < 3 && ((unsigned char)text.data[size] & 0xc0) == 0x80; back++)
    size--;
  return size;
}

/* The same piece by piece: each is written as a string of its own, without the quotes. */
static void drain_string(struct eagre_text text, const struct eagre_json_write_options *options,
                         struct eagre_buffer *out) {
  struct eagre_buffer piece = {0};
  eagre_buffer_append_char(out, '"');
  while (text.size > 0) {
    size_t size = get_piece_size(text);
    eagre_buffer_clear(&piece);
    append_string(eagre_text_make(text.data, size), &piece);
    eagre_buffer_append(out, piece.data + 1, piece.size - 2);
    if (out->size > DRAINED_SIZE) options->drain(options->drain_context, out);
    text.data += size;
    text.size -= size;
  }
  eagre_buffer_append_char(out, '"');
  eagre_buffer_done(&piece);
}

static void append_value_string(struct eagre_text text,
                                const struct eagre_json_write_options *options,
                                struct eagre_buffer *out) {
  if (options->drain != NULL && text.size > PIECE_SIZE) {
    drain_string(text, options, out);
  } else {
    append_string(text, out);
  }
}

/* An instant by a pattern, which may hold any text. */
static void append_by_pattern(const struct eagre_pattern *pattern, int64_t us,
                              const struct eagre_zone *zone, struct eagre_buffer *out) {
  struct eagre_buffer text = {0};
  eagre_pattern_format(pattern, us, zone, &text);
  append_string(eagre_buffer_text(&text), out);
  eagre_buffer_done(&text);
}

/* By the pattern of the options; false when there is none for the type. */
static bool append_formatted_time(const struct eagre_vector *vector, uint32_t index,
                                  const struct eagre_json_write_options *options,
                                  struct eagre_buffer *out) {
  const int64_t day_us = INT64_C(86400000000);
  if (vector->type->kind == EAGRE_TYPE_TIMESTAMP && options->timestamp_pattern != NULL) {
    append_by_pattern(options->timestamp_pattern, EAGRE_VALUES(int64_t, vector)[index],
                      options->zone, out);
    return true;
  }
  if (vector->type->kind == EAGRE_TYPE_TIMESTAMP_NTZ && options->timestamp_ntz_pattern != NULL) {
    append_by_pattern(options->timestamp_ntz_pattern, EAGRE_VALUES(int64_t, vector)[index],
                      options->date_zone, out);
    return true;
  }
  if (vector->type->kind == EAGRE_TYPE_DATE && options->date_pattern != NULL) {
    append_by_pattern(options->date_pattern, EAGRE_VALUES(int32_t, vector)[index] * day_us,
                      options->date_zone, out);
    return true;
  }
  return false;
}

/* Dates, timestamps and intervals stand in quotes. */
static void append_time(const struct eagre_vector *vector, uint32_t index,
                        const struct eagre_json_write_options *options, struct eagre_buffer *out) {
  if (append_formatted_time(vector, index, options, out)) return;
  eagre_buffer_append_char(out, '"');
  switch (vector->type->kind) {
  case EAGRE_TYPE_DATE:
    out->size +=
        eagre_value_print_date(EAGRE_VALUES(int32_t, vector)[index], eagre_buffer_reserve(out, 64));
    break;
  case EAGRE_TYPE_TIMESTAMP:
    out->size += eagre_value_print_json_timestamp(EAGRE_VALUES(int64_t, vector)[index],
                                                  options->zone, eagre_buffer_reserve(out, 64));
    break;
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    out->size += eagre_value_print_json_timestamp_ntz(EAGRE_VALUES(int64_t, vector)[index],
                                                      eagre_buffer_reserve(out, 64));
    break;
  case EAGRE_TYPE_INTERVAL_YEAR:
    eagre_value_print_interval_as(EAGRE_VALUES(int32_t, vector)[index], vector->type, out);
    break;
  default:
    eagre_value_print_interval_as(EAGRE_VALUES(int64_t, vector)[index], vector->type, out);
    break;
  }
  eagre_buffer_append_char(out, '"');
}

static void append_line(uint32_t depth, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '\n');
  for (uint32_t i = 0; i < depth; i++)
    eagre_buffer_append_string(out, "  ");
}

static void append_colon(const struct eagre_json_write_options *options, struct eagre_buffer *out) {
  if (options->is_pretty) {
    eagre_buffer_append_string(out, " : ");
  } else {
    eagre_buffer_append_char(out, ':');
  }
}

static void append_value(const struct eagre_vector *vector, uint32_t row, uint32_t depth,
                         const struct eagre_json_write_options *options, struct eagre_buffer *out);

/* `depth` objects are open around this one. */
static void append_members(const struct eagre_vector *vector, uint32_t row, uint32_t depth,
                           const struct eagre_json_write_options *options,
                           struct eagre_buffer *out) {
  char separator = '{';
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    const struct eagre_vector *child = &vector->children[i];
    if (!options->keep_nulls && eagre_vector_is_null(child, row)) continue;
    eagre_buffer_append_char(out, separator);
    if (options->is_pretty) append_line(depth + 1, out);
    append_string(vector->type->fields[i].name, out);
    append_colon(options, out);
    append_value(child, row, depth + 1, options, out);
    separator = ',';
  }
  if (separator == '{') {
    eagre_buffer_append_string(out, options->is_pretty ? "{ " : "{");
  } else if (options->is_pretty) {
    append_line(depth, out);
  }
  eagre_buffer_append_char(out, '}');
}

/* [1,null]; on one line also when pretty, as Jackson has it. */
static void append_elements(const struct eagre_vector *vector, uint32_t index, uint32_t depth,
                            const struct eagre_json_write_options *options,
                            struct eagre_buffer *out) {
  eagre_buffer_append_string(out, options->is_pretty ? "[ " : "[");
  for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
    if (i > vector->offsets[index])
      eagre_buffer_append_string(out, options->is_pretty ? ", " : ",");
    append_value(vector->children, (uint32_t)i, depth, options, out);
  }
  bool is_empty = vector->offsets[index] == vector->offsets[index + 1];
  eagre_buffer_append_string(out, options->is_pretty && !is_empty ? " ]" : "]");
}

static void print_key(const struct eagre_vector *keys, uint32_t row, struct eagre_buffer *out);

/* Spark prints rows and arrays inside keys as [1,2]. */
static void print_key_parts(const struct eagre_vector *keys, uint32_t index,
                            struct eagre_buffer *out) {
  bool is_struct = keys->type->kind == EAGRE_TYPE_STRUCT;
  uint32_t first = is_struct ? 0 : (uint32_t)keys->offsets[index];
  uint32_t end = is_struct ? keys->type->field_count : (uint32_t)keys->offsets[index + 1];
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = first; i < end; i++) {
    if (i > first) eagre_buffer_append_char(out, ',');
    if (is_struct) {
      print_key(&keys->children[i], index, out);
    } else {
      print_key(keys->children, i, out);
    }
  }
  eagre_buffer_append_char(out, ']');
}

/* The internal value: days of a DATE, microseconds of a TIMESTAMP. */
static void print_key(const struct eagre_vector *keys, uint32_t row, struct eagre_buffer *out) {
  uint32_t index = eagre_vector_index(keys, row);
  if (eagre_vector_is_null(keys, row)) {
    eagre_buffer_append_string(out, "null");
    return;
  }
  switch (keys->type->kind) {
  case EAGRE_TYPE_DATE:
    append_integer(EAGRE_VALUES(int32_t, keys)[index], out);
    break;
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_INTERVAL_DAY:
    append_integer(EAGRE_VALUES(int64_t, keys)[index], out);
    break;
  case EAGRE_TYPE_STRUCT:
  case EAGRE_TYPE_ARRAY:
    print_key_parts(keys, index, out);
    break;
  default:
    eagre_value_print(keys, row, NULL, out);
    break;
  }
}

static void append_pairs(const struct eagre_vector *vector, uint32_t index, uint32_t depth,
                         const struct eagre_json_write_options *options, struct eagre_buffer *out) {
  struct eagre_buffer key = {0};
  char separator = '{';
  for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
    eagre_buffer_append_char(out, separator);
    if (options->is_pretty) append_line(depth + 1, out);
    eagre_buffer_clear(&key);
    print_key(&vector->children[0], (uint32_t)i, &key);
    append_string(eagre_buffer_text(&key), out);
    append_colon(options, out);
    append_value(&vector->children[1], (uint32_t)i, depth + 1, options, out);
    separator = ',';
  }
  if (separator == '{') {
    eagre_buffer_append_string(out, options->is_pretty ? "{ " : "{");
  } else if (options->is_pretty) {
    append_line(depth, out);
  }
  eagre_buffer_append_char(out, '}');
  eagre_buffer_done(&key);
}

static void append_value(const struct eagre_vector *vector, uint32_t row, uint32_t depth,
                         const struct eagre_json_write_options *options, struct eagre_buffer *out) {
  if (eagre_vector_is_null(vector, row)) {
    eagre_buffer_append_string(out, "null");
    return;
  }
  uint32_t index = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_buffer_append_string(out, eagre_bit_get(vector->data, index) ? "true" : "false");
    break;
  case EAGRE_TYPE_TINYINT:
    append_integer(EAGRE_VALUES(int8_t, vector)[index], out);
    break;
  case EAGRE_TYPE_SMALLINT:
    append_integer(EAGRE_VALUES(int16_t, vector)[index], out);
    break;
  case EAGRE_TYPE_INT:
    append_integer(EAGRE_VALUES(int32_t, vector)[index], out);
    break;
  case EAGRE_TYPE_BIGINT:
    append_integer(EAGRE_VALUES(int64_t, vector)[index], out);
    break;
  case EAGRE_TYPE_FLOAT:
  case EAGRE_TYPE_DOUBLE:
    append_floating(vector, index, out);
    break;
  case EAGRE_TYPE_DECIMAL:
    append_decimal(vector, index, out);
    break;
  case EAGRE_TYPE_STRING:
    append_value_string(EAGRE_VALUES(struct eagre_text, vector)[index], options, out);
    break;
  case EAGRE_TYPE_BINARY:
    eagre_value_print_base64(EAGRE_VALUES(struct eagre_text, vector)[index], out);
    break;
  case EAGRE_TYPE_VARIANT:
    eagre_variant_print(eagre_variant_open(EAGRE_VALUES(struct eagre_text, vector)[index]),
                        options->zone, out);
    break;
  case EAGRE_TYPE_STRUCT:
    append_members(vector, row, depth, options, out);
    break;
  case EAGRE_TYPE_ARRAY:
    append_elements(vector, index, depth, options, out);
    break;
  case EAGRE_TYPE_MAP:
    append_pairs(vector, index, depth, options, out);
    break;
  default:
    append_time(vector, index, options, out);
    break;
  }
}

void eagre_json_write_value(const struct eagre_vector *vector, uint32_t row,
                            const struct eagre_json_write_options *options,
                            struct eagre_buffer *out) {
  append_value(vector, row, 0, options, out);
}

void eagre_json_write_struct(const struct eagre_vector *vector, uint32_t row,
                             const struct eagre_json_write_options *options,
                             struct eagre_buffer *out) {
  eagre_assert(vector->type->kind == EAGRE_TYPE_STRUCT);
  eagre_json_write_value(vector, row, options, out);
}
