/* Printing statistics: what a bound looks like, and the walk over columns and their leaves. */
#include "delta/delta_statistics.h"

#include <inttypes.h>
#include <math.h>

#include "value/value.h"

enum {
  LEAF_COUNT_MAX = 32,  /* delta.dataSkippingNumIndexedCols */
  PREFIX_LENGTH = 32,   /* delta.dataSkippingStringPrefixLength; code points or UTF-16 units */
  EXPANDED_LENGTH = 64, /* UTF-16 units a maximum may grow to */
  LAST_ASCII = 0x7f,
  LAST_CHARACTER = 0x10ffff,
  YEAR_LEAST = 1,
  YEAR_MOST = 9999,
  DAY_SECONDS = 24 * 60 * 60,
  DECIMAL_SIZE_MAX = 48,
};

/* ---- Text ------------------------------------------------------------------------------------ */

/* The character at `*position` of valid UTF-8; moves on. */
static uint32_t take_character(struct eagre_text text, size_t *position) {
  uint8_t lead = (uint8_t)text.data[(*position)++];
  if (lead < 0x80) return lead;
  unsigned following = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  uint32_t character = lead & (0x3fu >> following);
  while (following-- > 0) {
    character = character << 6 | ((uint8_t)text.data[(*position)++] & 0x3f);
  }
  return character;
}

static struct eagre_text cut_minimum(struct eagre_text text) {
  size_t position = 0;
  for (int count = 0; count < PREFIX_LENGTH && position < text.size; count++) {
    take_character(text, &position);
  }
  return eagre_text_make(text.data, position);
}

static int count_units(uint32_t character) {
  return character >= 0x10000 ? 2 : 1;
}

/* Spark's rule: the first 32 UTF-16 units, a surrogate pair kept whole, and a tie breaker that is
 * not below the first character left out; while that one is the last of all, it is kept too. */
static bool append_cut_maximum(struct eagre_text text, struct eagre_buffer *out) {
  size_t position = 0;
  int units = 0;
  while (units < PREFIX_LENGTH && position < text.size) {
    units += count_units(take_character(text, &position));
  }
  while (units <= EXPANDED_LENGTH) {
    if (position == text.size) {
      eagre_buffer_append_text(out, text);
      return true;
    }
    size_t next = position;
    uint32_t character = take_character(text, &next);
    if (character != LAST_CHARACTER) {
      eagre_buffer_append(out, text.data, position);
      eagre_buffer_append_string(out, character < LAST_ASCII ? "\x7f" : "\U0010FFFF");
      return true;
    }
    position = next;
    units += count_units(character);
  }
  return false;
}

static bool print_text(struct eagre_text text, bool is_maximum, struct eagre_buffer *out) {
  /* JSON is UTF-8; a repaired bound could be on the wrong side of the value. */
  if (!eagre_value_utf8_is_valid(text)) return false;
  if (!is_maximum) {
    eagre_buffer_append_json_string(out, cut_minimum(text));
    return true;
  }
  struct eagre_buffer maximum = {0};
  bool has_maximum = append_cut_maximum(text, &maximum);
  if (has_maximum) eagre_buffer_append_json_string(out, eagre_buffer_text(&maximum));
  eagre_buffer_done(&maximum);
  return has_maximum;
}

/* ---- Time ------------------------------------------------------------------------------------ */

static bool print_days(int64_t days, struct eagre_buffer *out) {
  int64_t year;
  unsigned month;
  unsigned day;
  eagre_value_civil_from_days(days, &year, &month, &day);
  if (year < YEAR_LEAST || year > YEAR_MOST) return false;
  eagre_buffer_printf(out, "\"%04d-%02u-%02u", (int)year, month, day);
  return true;
}

static bool print_date(int32_t days, struct eagre_buffer *out) {
  if (!print_days(days, out)) return false;
  eagre_buffer_append_char(out, '"');
  return true;
}

static int64_t divide_floor(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

static bool print_timestamp(int64_t us, const char *zone, struct eagre_buffer *out) {
  int64_t ms = divide_floor(us, 1000);
  int64_t seconds = divide_floor(ms, 1000);
  int64_t days = divide_floor(seconds, DAY_SECONDS);
  if (!print_days(days, out)) return false;
  int second_of_day = (int)(seconds - days * DAY_SECONDS);
  eagre_buffer_printf(out, "T%02d:%02d:%02d.%03d%s\"", second_of_day / 3600,
                      second_of_day / 60 % 60, second_of_day % 60, (int)(ms - seconds * 1000),
                      zone);
  return true;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static bool print_real(double value, size_t size, const char *text, struct eagre_buffer *out) {
  /* As Spark: infinities are texts. */
  const char *quote = isfinite(value) ? "" : "\"";
  eagre_buffer_append_string(out, quote);
  eagre_buffer_append(out, text, size);
  eagre_buffer_append_string(out, quote);
  return true;
}

static bool print_integer(int64_t value, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "%" PRId64, value);
  return true;
}

/* With all its digits, as Spark: 1.50 of DECIMAL(5, 2). */
static bool print_decimal(const struct eagre_vector *value, struct eagre_buffer *out) {
  char *end = eagre_buffer_reserve(out, DECIMAL_SIZE_MAX);
  out->size +=
      eagre_value_print_decimal(*EAGRE_VALUES(eagre_decimal, value), value->type->scale, end);
  return true;
}

bool eagre_delta_statistics_print_bound(const struct eagre_vector *value, bool is_maximum,
                                        struct eagre_buffer *out) {
  char text[32];
  switch (value->type->kind) {
  case EAGRE_TYPE_TINYINT:
    return print_integer(*EAGRE_VALUES(int8_t, value), out);
  case EAGRE_TYPE_SMALLINT:
    return print_integer(*EAGRE_VALUES(int16_t, value), out);
  case EAGRE_TYPE_INT:
    return print_integer(*EAGRE_VALUES(int32_t, value), out);
  case EAGRE_TYPE_BIGINT:
    return print_integer(*EAGRE_VALUES(int64_t, value), out);
  case EAGRE_TYPE_FLOAT: {
    float real = *EAGRE_VALUES(float, value);
    return print_real(real, eagre_value_print_float(real, text), text, out);
  }
  case EAGRE_TYPE_DOUBLE: {
    double real = *EAGRE_VALUES(double, value);
    return print_real(real, eagre_value_print_double(real, text), text, out);
  }
  case EAGRE_TYPE_DECIMAL:
    return print_decimal(value, out);
  case EAGRE_TYPE_STRING:
    return print_text(*EAGRE_VALUES(struct eagre_text, value), is_maximum, out);
  case EAGRE_TYPE_DATE:
    return print_date(*EAGRE_VALUES(int32_t, value), out);
  case EAGRE_TYPE_TIMESTAMP:
    return print_timestamp(*EAGRE_VALUES(int64_t, value), "Z", out);
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return print_timestamp(*EAGRE_VALUES(int64_t, value), "", out);
  default:
    eagre_assert_failed("a type that has statistics", __FILE__, __LINE__);
  }
}

/* ---- The walk over the schema ---------------------------------------------------------------- */

enum statistic { MINIMUM, MAXIMUM, NULL_COUNT };

struct walk {
  const struct eagre_parquet_writer *writer;
  struct eagre_buffer *out;
  enum statistic statistic;
  uint32_t parquet_leaf; /* the next leaf column of the file */
  uint32_t delta_leaf;   /* the same, an ARRAY or MAP counting once */
};

static uint32_t count_parquet_leaves(const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_VARIANT) return 2; /* metadata and value */
  if (type->field_count == 0) return 1;
  uint32_t count = 0;
  for (uint32_t i = 0; i < type->field_count; i++) {
    count += count_parquet_leaves(type->fields[i].type);
  }
  return count;
}

/* Appends the value of a leaf, or nothing. */
static bool print_leaf(const struct walk *walk) {
  const struct eagre_parquet_statistics *statistics =
      eagre_parquet_writer_statistics(walk->writer, walk->parquet_leaf);
  if (walk->statistic == NULL_COUNT) {
    eagre_buffer_printf(walk->out, "%" PRIu64, statistics->null_count);
    return true;
  }
  if (!statistics->has_range) return false;
  bool is_maximum = walk->statistic == MAXIMUM;
  return eagre_delta_statistics_print_bound(
      is_maximum ? &statistics->maximum : &statistics->minimum, is_maximum, walk->out);
}

static void print_object(struct walk *walk, const struct eagre_type *type) {
  struct eagre_buffer *out = walk->out;
  eagre_buffer_append_char(out, '{');
  bool is_first = true;
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (walk->delta_leaf >= LEAF_COUNT_MAX) break;
    const struct eagre_field *field = &type->fields[i];
    size_t begin = out->size;
    if (!is_first) eagre_buffer_append_char(out, ',');
    eagre_buffer_append_json_string(out, field->name);
    eagre_buffer_append_char(out, ':');
    bool is_printed = true;
    if (field->type->kind == EAGRE_TYPE_STRUCT) {
      print_object(walk, field->type);
    } else {
      is_printed = print_leaf(walk);
      walk->parquet_leaf += count_parquet_leaves(field->type);
      walk->delta_leaf++;
    }
    if (is_printed) is_first = false;
    if (!is_printed) out->size = begin;
  }
  eagre_buffer_append_char(out, '}');
}

void eagre_delta_statistics_print(const struct eagre_parquet_writer *writer,
                                  const struct eagre_type *schema, struct eagre_buffer *out) {
  static const struct {
    const char *name;
    enum statistic statistic;
  } parts[] = {
      {",\"minValues\":", MINIMUM}, {",\"maxValues\":", MAXIMUM}, {",\"nullCount\":", NULL_COUNT}};
  eagre_buffer_printf(out, "{\"numRecords\":%" PRIu64, eagre_parquet_writer_row_count(writer));
  for (size_t i = 0; i < EAGRE_COUNT_OF(parts); i++) {
    struct walk walk = {.writer = writer, .out = out, .statistic = parts[i].statistic};
    eagre_buffer_append_string(out, parts[i].name);
    print_object(&walk, schema);
  }
  eagre_buffer_append_char(out, '}');
}
