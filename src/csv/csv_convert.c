/* Texts -> values, as Spark's UnivocityParser converts them: whole numbers as Java's parseInt,
 * which takes no blanks; floats as Java's parseDouble; times by CAST or by a pattern. */
#include "csv/csv_convert.h"

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

/* One function per type: false when the text is no such value. */
typedef bool read_fn(const struct eagre_csv_converter *converter, struct eagre_text text,
                     const struct eagre_type *type, void *out);

/* Java's parseInt takes the digits of all scripts: the code points of their zeros, as far as they
 * are one UTF-16 unit. */
static const uint16_t zeros[] = {
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
    0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
};

/* The digit that begins at `at`, as ASCII; 0 when it is none of two or three bytes. */
static char read_foreign_digit(const unsigned char *at, size_t left, size_t *out_size) {
  bool is_short = left >= 2 && (at[0] & 0xe0) == 0xc0;
  bool is_long = left >= 3 && (at[0] & 0xf0) == 0xe0;
  if (!is_short && !is_long) return '\0';
  *out_size = is_short ? 2 : 3;
  unsigned point = is_short ? (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu)
                            : (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
  for (size_t i = 0; i < EAGRE_COUNT_OF(zeros); i++) {
    if (point >= zeros[i] && point < zeros[i] + 10u) return (char)('0' + (point - zeros[i]));
  }
  return '\0';
}

enum { FOREIGN_SIZE_MAX = 96 };

/* The text with digits of other scripts as ASCII, in `out`; unchanged when it has none. */
static struct eagre_text make_ascii(struct eagre_text text, char out[FOREIGN_SIZE_MAX]) {
  const unsigned char *bytes = (const unsigned char *)text.data;
  size_t size = 0;
  bool has_foreign = false;
  if (text.size > FOREIGN_SIZE_MAX) return text;
  for (size_t i = 0; i < text.size;) {
    size_t used = 1;
    char digit =
        bytes[i] < 0x80 ? text.data[i] : read_foreign_digit(bytes + i, text.size - i, &used);
    if (digit == '\0') return text;
    has_foreign = has_foreign || used > 1;
    out[size++] = digit;
    i += used;
  }
  return has_foreign ? eagre_text_make(out, size) : text;
}

static bool read_whole(struct eagre_text text, int64_t least, int64_t most, int64_t *out) {
  char ascii[FOREIGN_SIZE_MAX];
  if (text.size > 0 && !is_digit(text.data[text.size - 1])) text = make_ascii(text, ascii);
  bool is_plain = text.size > 0 && is_digit(text.data[text.size - 1]) &&
                  (is_digit(text.data[0]) || text.data[0] == '-' || text.data[0] == '+');
  return is_plain && eagre_value_parse_integer(text, out) == EAGRE_VALUE_OK && *out >= least &&
         *out <= most;
}

static bool read_byte(const struct eagre_csv_converter *converter, struct eagre_text text,
                      const struct eagre_type *type, void *out) {
  int64_t value;
  (void)converter;
  (void)type;
  if (!read_whole(text, INT8_MIN, INT8_MAX, &value)) return false;
  *(int8_t *)out = (int8_t)value;
  return true;
}

static bool read_half(const struct eagre_csv_converter *converter, struct eagre_text text,
                      const struct eagre_type *type, void *out) {
  int64_t value;
  (void)converter;
  (void)type;
  if (!read_whole(text, INT16_MIN, INT16_MAX, &value)) return false;
  *(int16_t *)out = (int16_t)value;
  return true;
}

static bool read_int(const struct eagre_csv_converter *converter, struct eagre_text text,
                     const struct eagre_type *type, void *out) {
  int64_t value;
  (void)converter;
  (void)type;
  if (!read_whole(text, INT32_MIN, INT32_MAX, &value)) return false;
  *(int32_t *)out = (int32_t)value;
  return true;
}

static bool read_long(const struct eagre_csv_converter *converter, struct eagre_text text,
                      const struct eagre_type *type, void *out) {
  (void)converter;
  (void)type;
  return read_whole(text, INT64_MIN, INT64_MAX, out);
}

/* 1, -1: an infinity; 2: NaN; 0: another text. Spelled as the options or as Java has them. */
static int read_special(const struct eagre_csv_options *options, struct eagre_text text) {
  if (eagre_text_equal(text, options->nan_value)) return 2;
  if (eagre_text_equal(text, options->negative_infinity)) return -1;
  if (eagre_text_equal(text, options->positive_infinity)) return 1;
  return 0;
}

/* The grammar of CAST takes "inf" and "nan" in any case, Java's parser does not. */
static bool is_foreign_word(struct eagre_text text) {
  text = eagre_text_trim(text);
  if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
    text = eagre_text_make(text.data + 1, text.size - 1);
  }
  bool is_word = text.size > 0 && strchr("iInN", text.data[0]) != NULL && text.data[0] != '\0';
  return is_word && !eagre_text_equal_string(text, "NaN") &&
         !eagre_text_equal_string(text, "Infinity");
}

static bool read_float(const struct eagre_csv_converter *converter, struct eagre_text text,
                       const struct eagre_type *type, void *out) {
  int special = read_special(converter->options, text);
  (void)type;
  if (special != 0) {
    *(float *)out = special == 2 ? __builtin_nanf("") : (float)special * __builtin_inff();
    return true;
  }
  return !is_foreign_word(text) && eagre_value_parse_float(text, out) == EAGRE_VALUE_OK;
}

static bool read_double(const struct eagre_csv_converter *converter, struct eagre_text text,
                        const struct eagre_type *type, void *out) {
  int special = read_special(converter->options, text);
  (void)type;
  if (special != 0) {
    *(double *)out = special == 2 ? __builtin_nan("") : (double)special * __builtin_inf();
    return true;
  }
  return !is_foreign_word(text) && eagre_value_parse_double(text, out) == EAGRE_VALUE_OK;
}

/* Java's BigDecimal, with commas between digits left out. */
static bool read_decimal(const struct eagre_csv_converter *converter, struct eagre_text text,
                         const struct eagre_type *type, void *out) {
  char digits[256];
  size_t size = 0;
  (void)converter;
  if (text.size > sizeof digits) return false;
  for (size_t i = 0; i < text.size; i++) {
    if ((unsigned char)text.data[i] <= ' ') return false;
    if (text.data[i] != ',') digits[size++] = text.data[i];
  }
  eagre_decimal value;
  if (eagre_value_parse_decimal(eagre_text_make(digits, size), type->precision, type->scale,
                                &value) != EAGRE_VALUE_OK) {
    return false;
  }
  memcpy(out, &value, sizeof value);
  return true;
}

static bool read_date(const struct eagre_csv_converter *converter, struct eagre_text text,
                      const struct eagre_type *type, void *out) {
  (void)type;
  if (converter->date_pattern == NULL) return eagre_value_parse_date(text, out) == EAGRE_VALUE_OK;
  return eagre_pattern_parse_date(converter->date_pattern, text, converter->options->zone, out) ==
         EAGRE_VALUE_OK;
}

static bool read_timestamp(const struct eagre_csv_converter *converter, struct eagre_text text,
                           const struct eagre_type *type, void *out) {
  const struct eagre_csv_options *options = converter->options;
  (void)type;
  if (converter->timestamp_pattern == NULL) {
    return eagre_value_parse_timestamp(text, options->zone, options->now_us, out) == EAGRE_VALUE_OK;
  }
  return eagre_pattern_parse(converter->timestamp_pattern, text, options->zone, out) ==
         EAGRE_VALUE_OK;
}

static read_fn *find_reader(enum eagre_type_kind kind) {
  switch (kind) {
  case EAGRE_TYPE_TINYINT:
    return read_byte;
  case EAGRE_TYPE_SMALLINT:
    return read_half;
  case EAGRE_TYPE_INT:
    return read_int;
  case EAGRE_TYPE_BIGINT:
    return read_long;
  case EAGRE_TYPE_FLOAT:
    return read_float;
  case EAGRE_TYPE_DOUBLE:
    return read_double;
  case EAGRE_TYPE_DATE:
    return read_date;
  case EAGRE_TYPE_TIMESTAMP:
    return read_timestamp;
  default:
    eagre_assert(kind == EAGRE_TYPE_DECIMAL);
    return read_decimal;
  }
}

/* ---- Columns --------------------------------------------------------------------------------- */

static void mark_bad(struct eagre_vector *out, uint32_t row, uint32_t count, bool *are_bad,
                     struct eagre_arena *arena) {
  are_bad[row] = true;
  eagre_vector_set_null(out, row, count, arena);
}

/* true and false in any case, and nothing else. */
static void convert_booleans(const struct eagre_text *texts, uint32_t count,
                             struct eagre_vector *out, bool *are_bad, struct eagre_arena *arena) {
  for (uint32_t i = 0; i < count; i++) {
    if (texts[i].data == NULL) {
      eagre_vector_set_null(out, i, count, arena);
    } else if (eagre_text_equal_ignoring_case(texts[i], EAGRE_TEXT("true"))) {
      eagre_bit_set(out->data, i);
    } else if (!eagre_text_equal_ignoring_case(texts[i], EAGRE_TEXT("false"))) {
      mark_bad(out, i, count, are_bad, arena);
    }
  }
}

static struct eagre_text repair(struct eagre_text text, struct eagre_arena *arena) {
  struct eagre_buffer repaired = {0};
  eagre_value_utf8_repair(text, &repaired);
  struct eagre_text copy = eagre_arena_copy_text(arena, eagre_buffer_text(&repaired));
  eagre_buffer_done(&repaired);
  return copy;
}

static void convert_texts(const struct eagre_text *texts, uint32_t count, struct eagre_vector *out,
                          struct eagre_arena *arena) {
  struct eagre_text *values = EAGRE_VALUES(struct eagre_text, out);
  for (uint32_t i = 0; i < count; i++) {
    values[i] = texts[i];
    if (texts[i].data == NULL) {
      eagre_vector_set_null(out, i, count, arena);
    } else if (!eagre_value_utf8_is_valid(texts[i])) {
      values[i] = repair(texts[i], arena);
    }
  }
}

static void convert_values(const struct eagre_csv_converter *converter,
                           const struct eagre_text *texts, uint32_t count, struct eagre_vector *out,
                           bool *are_bad, struct eagre_arena *arena) {
  const struct eagre_type *type = out->type;
  read_fn *read = find_reader(type->kind);
  size_t width = eagre_type_width(type->kind);
  char *values = out->data;
  memset(values, 0, width * count);
  for (uint32_t i = 0; i < count; i++) {
    if (texts[i].data == NULL) {
      eagre_vector_set_null(out, i, count, arena);
    } else if (!read(converter, texts[i], type, values + i * width)) {
      mark_bad(out, i, count, are_bad, arena);
    }
  }
}

void eagre_csv_convert(const struct eagre_csv_converter *converter, const struct eagre_text *texts,
                       uint32_t count, struct eagre_vector *out, bool *are_bad,
                       struct eagre_arena *arena) {
  switch (out->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    convert_booleans(texts, count, out, are_bad, arena);
    return;
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    convert_texts(texts, count, out, arena);
    return;
  default:
    convert_values(converter, texts, count, out, are_bad, arena);
  }
}
