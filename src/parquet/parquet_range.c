/* Ranges of values, and their bounds as bytes. */
#include "parquet/parquet_range.h"

#include <endian.h>
#include <math.h>

#include "parquet/parquet_fold.h"

/* Above every DECIMAL. */
static const eagre_decimal wide_limit = (eagre_decimal)(~(unsigned __int128)0 >> 1);

void eagre_parquet_range_reset(struct eagre_parquet_range *range) {
  range->has_values = false;
  range->has_nan = false;
  range->integer_minimum = INT64_MAX;
  range->integer_maximum = INT64_MIN;
  range->wide_minimum = wide_limit;
  range->wide_maximum = -wide_limit;
  range->real_minimum = INFINITY;
  range->real_maximum = -INFINITY;
  eagre_buffer_clear(&range->text_minimum);
  eagre_buffer_clear(&range->text_maximum);
}

void eagre_parquet_range_init(struct eagre_parquet_range *range, enum eagre_parquet_type physical) {
  *range = (struct eagre_parquet_range){.physical = physical};
  eagre_parquet_range_reset(range);
}

void eagre_parquet_range_done(struct eagre_parquet_range *range) {
  eagre_buffer_done(&range->text_minimum);
  eagre_buffer_done(&range->text_maximum);
}

bool eagre_parquet_range_exists(const struct eagre_parquet_range *range) {
  return range->has_values && !range->has_nan;
}

/* ---- Adding --------------------------------------------------------------------------------- */

static void add_booleans(struct eagre_parquet_range *range, const uint8_t *values, uint32_t count) {
  uint8_t any = 0;
  uint8_t all = 1;
  for (uint32_t i = 0; i < count; i++) {
    any |= values[i];
    all &= values[i];
  }
  if (all < range->integer_minimum) range->integer_minimum = all;
  if (any > range->integer_maximum) range->integer_maximum = any;
}

/* One text, two types. A comparison waits for the one before it in its lane only. NaNs compare
 * false and change nothing. */
enum { LANE_COUNT = 8 };

#define FOLD(value_type, values, count, minimum, maximum)                                          \
  do {                                                                                             \
    value_type low[LANE_COUNT];                                                                    \
    value_type high[LANE_COUNT];                                                                   \
    for (uint32_t lane = 0; lane < LANE_COUNT; lane++) {                                           \
      low[lane] = minimum;                                                                         \
      high[lane] = maximum;                                                                        \
    }                                                                                              \
    for (uint32_t i = 0; i + LANE_COUNT <= (count); i += LANE_COUNT) {                             \
      for (uint32_t lane = 0; lane < LANE_COUNT; lane++) {                                         \
        value_type value = (values)[i + lane];                                                     \
        low[lane] = value < low[lane] ? value : low[lane];                                         \
        high[lane] = value > high[lane] ? value : high[lane];                                      \
      }                                                                                            \
    }                                                                                              \
    for (uint32_t i = (count) / LANE_COUNT * LANE_COUNT; i < (count); i++) {                       \
      minimum = (values)[i] < minimum ? (values)[i] : minimum;                                     \
      maximum = (values)[i] > maximum ? (values)[i] : maximum;                                     \
    }                                                                                              \
    for (uint32_t lane = 0; lane < LANE_COUNT; lane++) {                                           \
      minimum = low[lane] < minimum ? low[lane] : minimum;                                         \
      maximum = high[lane] > maximum ? high[lane] : maximum;                                       \
    }                                                                                              \
  } while (0)

static void add_int32s(struct eagre_parquet_range *range, const int32_t *values, uint32_t count) {
  int32_t minimum = values[0];
  int32_t maximum = values[0];
  FOLD(int32_t, values, count, minimum, maximum);
  if (minimum < range->integer_minimum) range->integer_minimum = minimum;
  if (maximum > range->integer_maximum) range->integer_maximum = maximum;
}

static void add_int64s(struct eagre_parquet_range *range, const int64_t *values, uint32_t count) {
  eagre_parquet_fold_integers(values, count, &range->integer_minimum, &range->integer_maximum);
}

/* Sixteen bytes, the highest first. */
static eagre_decimal read_wide(const char *bytes) {
  uint64_t words[2];
  memcpy(words, bytes, sizeof words);
  return (eagre_decimal)((unsigned __int128)be64toh(words[0]) << 64 | be64toh(words[1]));
}

static void add_wide(struct eagre_parquet_range *range, eagre_decimal value) {
  if (value < range->wide_minimum) range->wide_minimum = value;
  if (value > range->wide_maximum) range->wide_maximum = value;
}

static void add_wides(struct eagre_parquet_range *range, const char *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    add_wide(range, read_wide(values + (size_t)i * sizeof(eagre_decimal)));
  }
}

static void add_floats(struct eagre_parquet_range *range, const float *values, uint32_t count) {
  float minimum = INFINITY;
  float maximum = -INFINITY;
  uint32_t nan_count = 0;
  FOLD(float, values, count, minimum, maximum);
  for (uint32_t i = 0; i < count; i++) {
    nan_count += values[i] != values[i];
  }
  if (minimum < range->real_minimum) range->real_minimum = minimum;
  if (maximum > range->real_maximum) range->real_maximum = maximum;
  range->has_nan |= nan_count > 0;
}

static void add_doubles(struct eagre_parquet_range *range, const double *values, uint32_t count) {
  range->has_nan |=
      eagre_parquet_fold_reals(values, count, &range->real_minimum, &range->real_maximum);
}

/* The first 16 bytes as a number that orders like the text; shorter text is filled with zeros. */
typedef unsigned __int128 text_prefix;

static inline uint64_t read_prefix_word(const char *data, size_t size) {
  uint64_t word = 0;
  if (size >= sizeof word) {
    memcpy(&word, data, sizeof word);
    return be64toh(word);
  }
  for (size_t i = 0; i < size; i++) {
    word |= (uint64_t)(uint8_t)data[i] << (56 - 8 * i);
  }
  return word;
}

static inline text_prefix read_prefix(struct eagre_text text) {
  if (text.size <= 8) return (text_prefix)read_prefix_word(text.data, text.size) << 64;
  return (text_prefix)read_prefix_word(text.data, 8) << 64 |
         read_prefix_word(text.data + 8, text.size - 8);
}

static void keep_text(struct eagre_buffer *kept, struct eagre_text text) {
  eagre_buffer_clear(kept);
  eagre_buffer_append_text(kept, text);
}

static void add_texts(struct eagre_parquet_range *range, const struct eagre_text *values,
                      uint32_t count) {
  struct eagre_text minimum = values[0];
  struct eagre_text maximum = values[0];
  text_prefix minimum_prefix = read_prefix(minimum);
  text_prefix maximum_prefix = minimum_prefix;
  /* Most values are decided by their prefix, strictly between the two. */
  for (uint32_t i = 1; i < count; i++) {
    text_prefix prefix = read_prefix(values[i]);
    if (prefix <= minimum_prefix && eagre_text_compare(values[i], minimum) < 0) {
      minimum = values[i];
      minimum_prefix = prefix;
    }
    if (prefix >= maximum_prefix && eagre_text_compare(values[i], maximum) > 0) {
      maximum = values[i];
      maximum_prefix = prefix;
    }
  }
  bool is_first = !range->has_values;
  if (is_first || eagre_text_compare(minimum, eagre_buffer_text(&range->text_minimum)) < 0) {
    keep_text(&range->text_minimum, minimum);
  }
  if (is_first || eagre_text_compare(maximum, eagre_buffer_text(&range->text_maximum)) > 0) {
    keep_text(&range->text_maximum, maximum);
  }
}

void eagre_parquet_range_add(struct eagre_parquet_range *range, const void *values,
                             uint32_t count) {
  if (count == 0) return;
  switch (range->physical) {
  case EAGRE_PARQUET_BOOLEAN:
    add_booleans(range, values, count);
    break;
  case EAGRE_PARQUET_INT32:
    add_int32s(range, values, count);
    break;
  case EAGRE_PARQUET_INT64:
    add_int64s(range, values, count);
    break;
  case EAGRE_PARQUET_FLOAT:
    add_floats(range, values, count);
    break;
  case EAGRE_PARQUET_DOUBLE:
    add_doubles(range, values, count);
    break;
  case EAGRE_PARQUET_BYTE_ARRAY:
    add_texts(range, values, count);
    break;
  case EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY:
    add_wides(range, values, count);
    break;
  default:
    eagre_assert_failed("a type that is written", __FILE__, __LINE__);
  }
  range->has_values = true;
}

void eagre_parquet_range_merge(struct eagre_parquet_range *into,
                               const struct eagre_parquet_range *from) {
  eagre_assert(into->physical == from->physical);
  if (!from->has_values) return;
  switch (into->physical) {
  case EAGRE_PARQUET_BOOLEAN:
  case EAGRE_PARQUET_INT32:
  case EAGRE_PARQUET_INT64:
    add_int64s(into, (int64_t[]){from->integer_minimum, from->integer_maximum}, 2);
    break;
  case EAGRE_PARQUET_FLOAT:
  case EAGRE_PARQUET_DOUBLE:
    /* A range of NaNs alone has its infinities crossed, which changes nothing here. */
    into->real_minimum = fmin(into->real_minimum, from->real_minimum);
    into->real_maximum = fmax(into->real_maximum, from->real_maximum);
    into->has_nan |= from->has_nan;
    break;
  case EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY:
    add_wide(into, from->wide_minimum);
    add_wide(into, from->wide_maximum);
    break;
  case EAGRE_PARQUET_BYTE_ARRAY:
    add_texts(into,
              (struct eagre_text[]){eagre_buffer_text(&from->text_minimum),
                                    eagre_buffer_text(&from->text_maximum)},
              2);
    break;
  default:
    eagre_assert_failed("a type that is written", __FILE__, __LINE__);
  }
  into->has_values = true;
}

/* ---- As bytes ------------------------------------------------------------------------------- */

static bool is_continuation(char byte) {
  return ((uint8_t)byte & 0xc0) == 0x80;
}

/* Where the last character that begins at or before `size` bytes begins. */
static size_t cut_at_character(struct eagre_text text, size_t size) {
  while (size > 0 && is_continuation(text.data[size])) {
    size--;
  }
  return size;
}

/* Reads the character [begin, end); false when it is not one of UTF-8. */
static bool read_character(const char *bytes, size_t size, uint32_t *out_character) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (size == 0 || size > 4) return false;
  uint8_t lead = (uint8_t)bytes[0];
  if (size == 1) {
    *out_character = lead;
    return lead < 0x80;
  }
  unsigned marker = 0xfeu & ((1u << (size + 1)) - 1); /* as many ones as bytes, a zero */
  if ((unsigned)lead >> (7 - size) != marker) return false;
  uint32_t character = lead & ((1u << (7 - size)) - 1);
  for (size_t i = 1; i < size; i++) {
    character = character << 6 | ((uint8_t)bytes[i] & 0x3f);
  }
  *out_character = character;
  return character >= least[size];
}

static void append_character(struct eagre_buffer *out, uint32_t character) {
  char bytes[4];
  size_t size = 0;
  if (character < 0x80) {
    bytes[size++] = (char)character;
  } else if (character < 0x800) {
    bytes[size++] = (char)(0xc0 | character >> 6);
  } else if (character < 0x10000) {
    bytes[size++] = (char)(0xe0 | character >> 12);
    bytes[size++] = (char)(0x80 | (character >> 6 & 0x3f));
  } else {
    bytes[size++] = (char)(0xf0 | character >> 18);
    bytes[size++] = (char)(0x80 | (character >> 12 & 0x3f));
    bytes[size++] = (char)(0x80 | (character >> 6 & 0x3f));
  }
  if (character >= 0x80) bytes[size++] = (char)(0x80 | (character & 0x3f));
  eagre_buffer_append(out, bytes, size);
}

/* The prefix of `text` of about `size` bytes with its last raisable character raised by one. */
static bool append_raised_utf8(struct eagre_buffer *out, struct eagre_text text, size_t size) {
  size_t end = cut_at_character(text, size);
  while (end > 0) {
    size_t begin = cut_at_character(text, end - 1);
    uint32_t character;
    if (!read_character(text.data + begin, end - begin, &character)) return false;
    if (character < 0x10ffff) {
      eagre_buffer_append(out, text.data, begin);
      /* The surrogates are no characters. */
      append_character(out, character == 0xd7ff ? 0xe000 : character + 1);
      return true;
    }
    end = begin;
  }
  return false;
}

static bool append_raised_bytes(struct eagre_buffer *out, struct eagre_text text, size_t size) {
  while (size > 0 && (uint8_t)text.data[size - 1] == 0xff) {
    size--;
  }
  if (size == 0) return false;
  eagre_buffer_append(out, text.data, size);
  out->data[out->size - 1]++;
  return true;
}

static enum eagre_parquet_bound_result append_text_bound(const struct eagre_parquet_range *range,
                                                         enum eagre_parquet_bound bound,
                                                         bool is_utf8, struct eagre_buffer *out) {
  bool is_minimum = bound == EAGRE_PARQUET_MINIMUM;
  struct eagre_text text =
      eagre_buffer_text(is_minimum ? &range->text_minimum : &range->text_maximum);
  size_t size = EAGRE_PARQUET_BOUND_SIZE_MAX;
  if (text.size <= size) {
    eagre_buffer_append_text(out, text);
    return EAGRE_PARQUET_BOUND_EXACT;
  }
  if (is_minimum) {
    /* Bytes that are no UTF-8 may be nothing but continuations: then any cut will do. */
    size_t cut = is_utf8 ? cut_at_character(text, size) : size;
    eagre_buffer_append(out, text.data, cut == 0 ? size : cut);
    return EAGRE_PARQUET_BOUND_CUT;
  }
  bool is_raised =
      is_utf8 ? append_raised_utf8(out, text, size) : append_raised_bytes(out, text, size);
  return is_raised ? EAGRE_PARQUET_BOUND_CUT : EAGRE_PARQUET_BOUND_NONE;
}

static void append_integer_bound(int64_t value, enum eagre_parquet_type physical,
                                 struct eagre_buffer *out) {
  static const uint8_t sizes[] = {
      [EAGRE_PARQUET_BOOLEAN] = 1, [EAGRE_PARQUET_INT32] = 4, [EAGRE_PARQUET_INT64] = 8};
  uint64_t bytes = htole64((uint64_t)value);
  eagre_buffer_append(out, &bytes, sizes[physical]);
}

static void append_wide_bound(eagre_decimal value, struct eagre_buffer *out) {
  uint64_t words[] = {htobe64((uint64_t)(value >> 64)), htobe64((uint64_t)value)};
  eagre_buffer_append(out, words, sizeof words);
}

static void append_real_bound(double value, enum eagre_parquet_bound bound, bool is_float,
                              struct eagre_buffer *out) {
  if (value == 0) value = bound == EAGRE_PARQUET_MINIMUM ? -0.0 : 0.0;
  if (is_float) {
    float narrow = (float)value; /* it was one */
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    bits = htole32(bits);
    eagre_buffer_append(out, &bits, sizeof bits);
  } else {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole64(bits);
    eagre_buffer_append(out, &bits, sizeof bits);
  }
}

enum eagre_parquet_bound_result eagre_parquet_range_append(const struct eagre_parquet_range *range,
                                                           enum eagre_parquet_bound bound,
                                                           bool is_utf8, struct eagre_buffer *out) {
  eagre_assert(eagre_parquet_range_exists(range));
  bool is_minimum = bound == EAGRE_PARQUET_MINIMUM;
  switch (range->physical) {
  case EAGRE_PARQUET_BYTE_ARRAY:
    return append_text_bound(range, bound, is_utf8, out);
  case EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY:
    append_wide_bound(is_minimum ? range->wide_minimum : range->wide_maximum, out);
    return EAGRE_PARQUET_BOUND_EXACT;
  case EAGRE_PARQUET_FLOAT:
  case EAGRE_PARQUET_DOUBLE:
    append_real_bound(is_minimum ? range->real_minimum : range->real_maximum, bound,
                      range->physical == EAGRE_PARQUET_FLOAT, out);
    return EAGRE_PARQUET_BOUND_EXACT;
  default:
    append_integer_bound(is_minimum ? range->integer_minimum : range->integer_maximum,
                         range->physical, out);
    return EAGRE_PARQUET_BOUND_EXACT;
  }
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static int64_t read_integer_bound(enum eagre_parquet_type physical, struct eagre_text bound) {
  if (physical == EAGRE_PARQUET_BOOLEAN) return bound.data[0];
  if (physical == EAGRE_PARQUET_INT32) {
    uint32_t word;
    memcpy(&word, bound.data, sizeof word);
    return (int32_t)le32toh(word);
  }
  uint64_t word;
  memcpy(&word, bound.data, sizeof word);
  return (int64_t)le64toh(word);
}

static double read_real_bound(enum eagre_parquet_type physical, struct eagre_text bound) {
  if (physical == EAGRE_PARQUET_FLOAT) {
    float value;
    memcpy(&value, bound.data, sizeof value);
    return value;
  }
  double value;
  memcpy(&value, bound.data, sizeof value);
  return value;
}

int eagre_parquet_bound_compare(enum eagre_parquet_type physical, struct eagre_text a,
                                struct eagre_text b) {
  if (physical == EAGRE_PARQUET_BYTE_ARRAY) return eagre_text_compare(a, b);
  if (physical == EAGRE_PARQUET_FLOAT || physical == EAGRE_PARQUET_DOUBLE) {
    double left = read_real_bound(physical, a);
    double right = read_real_bound(physical, b);
    return (left > right) - (left < right);
  }
  if (physical == EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY) {
    eagre_decimal left = read_wide(a.data);
    eagre_decimal right = read_wide(b.data);
    return (left > right) - (left < right);
  }
  int64_t left = read_integer_bound(physical, a);
  int64_t right = read_integer_bound(physical, b);
  return (left > right) - (left < right);
}
