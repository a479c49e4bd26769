/* One value of a record that is most likely good: taken into its column, or skipped but checked.
 * Part of json_fast.h.
 *
 * Functions take the place of the value's first byte, before the end of the text, and return the
 * place behind its last one, or NULL: then the reference must decide the row. They may read up to
 * 64 bytes behind the end and take those for part of the text; the caller finds out when the record
 * does not end where its text does. */
#pragma once

#include "json/json_convert.h"
#include "json/json_fast_number.h"
#include "json/json_template.h"

/* The row being decoded. */
struct walk {
  struct eagre_json_run *run;
  struct eagre_json_memory *memory;
  const struct eagre_json_slot *slots;
  const char *end; /* of the text */
  uint32_t row;
  uint32_t row_byte; /* of the row in bitmaps */
  uint8_t row_bit;
  uint32_t text_size_max;  /* longer ones may exceed the limit for strings */
  bool is_grammar_default; /* timestamps have no format of their own */
  uint32_t seen_mark;      /* in `seen`: the slot had a value in this row */
  uint32_t *seen;
  struct eagre_json_recorder *recorder; /* NULL when nothing is learned from this row */
};

static inline void set_valid(const struct walk *walk, const struct eagre_json_slot *slot) {
  slot->validity[walk->row_byte] |= walk->row_bit;
}

enum {
  SKIP_DEPTH_MAX = 64,   /* deeper values are left to the tokenizer */
  NUMBER_SIZE_MAX = 64,  /* longer numbers too */
  NAME_SIZE_MAX = 10000, /* longer names too: there is a limit to check */
};

static inline const char *skip_space(const char *at, const char *end) {
  if ((unsigned char)*at > ' ') return at;
  at++;
  if ((unsigned char)*at > ' ' && at[-1] == ' ') return at;
  return find_space_stop(at - 1, end);
}

/* ---- Leaving it to the tokenizer ------------------------------------------------------------- */

/* A value of any shape, converted as the reference would; `depth` containers are open around it. */
static __attribute__((noinline)) const char *convert_slowly(struct walk *walk,
                                                            const struct eagre_json_slot *slot,
                                                            uint32_t depth, const char *at) {
  struct eagre_json_lexer *lexer = &walk->run->decoder->lexer;
  if (at >= walk->end) return NULL;
  eagre_json_lexer_resume(lexer, eagre_text_make(at, (size_t)(walk->end - at)), depth);
  if (eagre_json_lexer_next(lexer) == EAGRE_JSON_TOKEN_ERROR) return NULL;
  if (eagre_json_convert(walk->run, slot, walk->row) != EAGRE_JSON_CONVERSION_DONE) return NULL;
  return lexer->next;
}

static __attribute__((noinline)) const char *skip_slowly(struct walk *walk, uint32_t depth,
                                                         const char *at) {
  struct eagre_json_lexer *lexer = &walk->run->decoder->lexer;
  if (at >= walk->end) return NULL;
  eagre_json_lexer_resume(lexer, eagre_text_make(at, (size_t)(walk->end - at)), depth);
  if (eagre_json_lexer_next(lexer) == EAGRE_JSON_TOKEN_ERROR) return NULL;
  return eagre_json_lexer_skip(lexer) ? lexer->next : NULL;
}

/* ---- Strings --------------------------------------------------------------------------------- */

/* The closing quote of a string in which `stop` was the first byte that needs a look. */
static __attribute__((noinline)) const char *
finish_string(const struct walk *walk, const char *stop, struct eagre_json_string *out_string) {
  const struct eagre_json_options *options = &walk->run->decoder->options;
  const char *end = walk->end;
  while (stop < end) {
    unsigned char byte = (unsigned char)*stop;
    if (byte == '"') {
      out_string->raw.size = (size_t)(stop - out_string->raw.data);
      return stop;
    }
    if (byte == '\\') {
      out_string->has_escape = true;
      if ((unsigned char)stop[1] >= 0x80) out_string->has_high = true;
      stop = eagre_json_skip_escape(options, stop + 1, end);
      if (stop == NULL) return NULL;
    } else if (byte < 0x80) {
      return NULL;
    } else {
      out_string->has_high = true;
    }
    stop = out_string->has_high ? find_string_stop_high(stop, end) : find_string_stop(stop, end);
  }
  return NULL;
}

/* The closing quote of a string without wanted content; `stop` as above. */
static inline const char *end_skipped_text(const struct walk *walk, const char *stop) {
  if (__builtin_expect(*stop == '"', 1)) return stop;
  struct eagre_json_string string = {.raw.data = stop};
  return finish_string(walk, stop, &string);
}

/* The closing quote of the string whose content begins at `at`. */
static inline const char *skip_text(const struct walk *walk, const char *at) {
  return end_skipped_text(walk, find_string_stop(at, walk->end));
}

/* A string that needs unescaping, validation, a check of its length, or parsing. */
static __attribute__((noinline)) const char *convert_text(const struct walk *walk,
                                                          const struct eagre_json_slot *slot,
                                                          const char *at, const char *stop) {
  struct eagre_json_string string = {.raw.data = at};
  stop = finish_string(walk, stop, &string);
  if (stop == NULL) return NULL;
  if (!eagre_json_convert_string(walk->run, slot, walk->row, string)) return NULL;
  set_valid(walk, slot);
  return stop;
}

/* Takes the content at `at` into a STRING column; `stop` is its first byte that needs a look.
 * Returns its closing quote. */
static inline const char *take_text(const struct walk *walk, const struct eagre_json_slot *slot,
                                    const char *at, const char *stop) {
  size_t size = (size_t)(stop - at);
  if (__builtin_expect(*stop != '"' || size > walk->text_size_max, 0)) {
    return convert_text(walk, slot, at, stop);
  }
  ((struct eagre_text *)slot->data)[walk->row] = eagre_text_make(at, size);
  set_valid(walk, slot);
  return stop;
}

/* The same into a TIMESTAMP column. */
static inline const char *take_timestamp(const struct walk *walk,
                                         const struct eagre_json_slot *slot, const char *at,
                                         const char *stop) {
  const struct eagre_json_options *options = &walk->run->decoder->options;
  size_t size = (size_t)(stop - at);
  int64_t *value = &((int64_t *)slot->data)[walk->row];
  if (__builtin_expect(*stop != '"' || size > walk->text_size_max || !walk->is_grammar_default ||
                           eagre_value_parse_json_timestamp(eagre_text_make(at, size),
                                                            options->zone, options->now_us,
                                                            value) != EAGRE_VALUE_OK,
                       0)) {
    return convert_text(walk, slot, at, stop);
  }
  set_valid(walk, slot);
  return stop;
}

/* ---- Taking by type -------------------------------------------------------------------------- */

static inline const char *take_integer(const struct walk *walk, const struct eagre_json_slot *slot,
                                       const char *at) {
  int64_t value;
  at = read_integer(at, &value);
  if (at == NULL) return NULL;
  switch (slot->kind) {
  case EAGRE_TYPE_TINYINT:
    if (value < INT8_MIN || value > UINT8_MAX) return NULL;
    ((int8_t *)slot->data)[walk->row] = (int8_t)value;
    return at;
  case EAGRE_TYPE_SMALLINT:
    if (value != (int16_t)value) return NULL;
    ((int16_t *)slot->data)[walk->row] = (int16_t)value;
    return at;
  case EAGRE_TYPE_INT:
    if (value != (int32_t)value) return NULL;
    ((int32_t *)slot->data)[walk->row] = (int32_t)value;
    return at;
  default:
    ((int64_t *)slot->data)[walk->row] = value;
    return at;
  }
}

static inline const char *take_floating(const struct walk *walk, const struct eagre_json_slot *slot,
                                        const char *at) {
  struct plain_number number;
  at = read_plain_number(at, &number);
  if (at == NULL) return NULL;
  bool is_made = slot->kind == EAGRE_TYPE_DOUBLE
                     ? make_double(&number, &((double *)slot->data)[walk->row])
                     : make_float(&number, &((float *)slot->data)[walk->row]);
  return is_made ? at : NULL;
}

/* A number that needs no rounding and has a place in the type. */
static inline const char *take_decimal(const struct walk *walk, const struct eagre_json_slot *slot,
                                       const char *at) {
  enum { PLAIN_DIGITS_MAX = 18 };
  const struct eagre_type *type = slot->field->type;
  struct plain_number number;
  at = read_plain_number(at, &number);
  if (at == NULL || number.fraction_count > type->scale) return NULL;
  unsigned zero_count = type->scale - number.fraction_count;
  unsigned room = type->precision - zero_count; /* digits of the magnitude */
  bool fits = room >= PLAIN_DIGITS_MAX || number.magnitude < (uint64_t)eagre_decimal_power(room);
  if (!fits) return NULL;
  eagre_decimal value = (eagre_decimal)number.magnitude * eagre_decimal_power(zero_count);
  ((eagre_decimal *)slot->data)[walk->row] = number.is_negative ? -value : value;
  return at;
}

static inline const char *take_boolean(const struct walk *walk, const struct eagre_json_slot *slot,
                                       const char *at) {
  uint8_t *bits = (uint8_t *)slot->data + walk->row_byte;
  if (is_word(at, "true")) {
    *bits |= walk->row_bit;
    return at + 4;
  }
  if (!is_word(at, "fals") || at[4] != 'e') return NULL;
  *bits &= (uint8_t)~walk->row_bit;
  return at + 5;
}

static inline bool is_digit(char byte) {
  return (unsigned char)(byte - '0') < 10;
}

static inline const char *skip_digits(const char *at) {
  unsigned count = count_digits(load_eight(at) ^ UINT64_C(0x3030303030303030));
  at += count;
  if (count < 8) return at;
  for (int i = 0; i < NUMBER_SIZE_MAX / 8 && is_digit(*at); i++)
    at++;
  return at;
}

/* An integer, true or false into a STRING column: what is written is the text. */
static inline const char *take_bare_text(const struct walk *walk,
                                         const struct eagre_json_slot *slot, const char *at) {
  const char *begin = at;
  if (is_word(at, "true")) {
    at += 4;
  } else if (is_word(at, "fals") && at[4] == 'e') {
    at += 5;
  } else {
    const char *digits = at + (*at == '-');
    at = skip_digits(digits);
    bool is_plain = at > digits && !is_digit(*at) && *at != '.' && (*at | 0x20) != 'e';
    /* No -0 and no leading zeros. */
    if (!is_plain || (*digits == '0' && at - begin > 1)) return NULL;
  }
  ((struct eagre_text *)slot->data)[walk->row] = eagre_text_make(begin, (size_t)(at - begin));
  return at;
}

/* A value of the slot's type, as it mostly comes. */
static inline const char *take_usual(const struct walk *walk, const struct eagre_json_slot *slot,
                                     const char *at) {
  if (slot->kind == EAGRE_TYPE_BOOLEAN) return take_boolean(walk, slot, at);
  if (slot->kind <= EAGRE_TYPE_BIGINT) return take_integer(walk, slot, at);
  if (slot->kind <= EAGRE_TYPE_DOUBLE) return take_floating(walk, slot, at);
  if (*at != '"') {
    if (slot->kind == EAGRE_TYPE_DECIMAL) return take_decimal(walk, slot, at);
    return slot->kind == EAGRE_TYPE_STRING ? take_bare_text(walk, slot, at) : NULL;
  }
  const char *stop = find_string_stop_wide(at + 1, walk->end);
  switch (slot->kind) {
  case EAGRE_TYPE_STRING:
    stop = take_text(walk, slot, at + 1, stop);
    break;
  case EAGRE_TYPE_TIMESTAMP:
    stop = take_timestamp(walk, slot, at + 1, stop);
    break;
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_BINARY:
  case EAGRE_TYPE_DECIMAL:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
  case EAGRE_TYPE_INTERVAL_DAY:
  case EAGRE_TYPE_INTERVAL_YEAR:
    stop = convert_text(walk, slot, at + 1, stop);
    break;
  default:
    return NULL;
  }
  return stop == NULL ? NULL : stop + 1;
}

static __attribute__((noinline)) const char *take_unusual(struct walk *walk,
                                                          const struct eagre_json_slot *slot,
                                                          uint32_t depth, const char *at) {
  bool is_null = is_word(at, "null") && slot->kind != EAGRE_TYPE_VARIANT;
  if (!is_null) return convert_slowly(walk, slot, depth, at);
  eagre_bit_clear(slot->validity, walk->row);
  return at + 4;
}

/* Takes a value that is no object for a STRUCT. */
static inline const char *take_value(struct walk *walk, const struct eagre_json_slot *slot,
                                     uint32_t depth, const char *at) {
  const char *next = take_usual(walk, slot, at);
  if (__builtin_expect(next == NULL, 0)) return take_unusual(walk, slot, depth, at);
  set_valid(walk, slot);
  return next;
}

/* ---- Skipping -------------------------------------------------------------------------------- */

static inline const char *skip_number(const char *at) {
  const char *begin = at;
  at += *at == '-';
  const char *digits = at;
  at = skip_digits(at);
  if (at == digits || is_digit(*at) || (*digits == '0' && at - digits > 1)) return NULL;
  if (*at == '.') {
    digits = ++at;
    at = skip_digits(at);
    if (at == digits) return NULL;
  }
  if ((*at | 0x20) == 'e') {
    at++;
    at += *at == '-' || *at == '+';
    digits = at;
    at = skip_digits(at);
    if (at == digits) return NULL;
  }
  return at - begin <= NUMBER_SIZE_MAX && !is_digit(*at) ? at : NULL;
}

/* Any value that is no container. */
static inline const char *skip_scalar(const struct walk *walk, const char *at) {
  switch (*at) {
  case '"': {
    const char *stop = skip_text(walk, at + 1);
    return stop == NULL ? NULL : stop + 1;
  }
  case 't':
    return is_word(at, "true") ? at + 4 : NULL;
  case 'f':
    return is_word(at, "fals") && at[4] == 'e' ? at + 5 : NULL;
  case 'n':
    return is_word(at, "null") ? at + 4 : NULL;
  default:
    return skip_number(at);
  }
}

/* A name, its colon and the white space around; `at` stands on the quote. */
static inline const char *skip_name(const struct walk *walk, const char *at) {
  if (*at != '"' || at >= walk->end) return NULL;
  const char *stop = skip_text(walk, at + 1);
  if (stop == NULL || stop - at > NAME_SIZE_MAX) return NULL;
  at = skip_space(stop + 1, walk->end);
  return *at == ':' ? skip_space(at + 1, walk->end) : NULL;
}

/* A container. Bit d of `objects` says whether the container at depth d is an object. */
static __attribute__((noinline)) const char *skip_container(const struct walk *walk,
                                                            const char *at) {
  uint64_t objects = 0;
  unsigned depth = 0;
  for (;;) {
    /* A value begins here. */
    if (at >= walk->end) return NULL;
    bool is_open = *at == '{' || *at == '[';
    if (is_open) {
      if (depth == SKIP_DEPTH_MAX) return NULL;
      bool is_object = *at == '{';
      objects = (objects << 1) | is_object;
      depth++;
      at = skip_space(at + 1, walk->end);
      if (*at == (is_object ? '}' : ']')) {
        is_open = false;
      } else if (is_object) {
        at = skip_name(walk, at);
        if (at == NULL) return NULL;
      }
      if (is_open) continue;
    } else {
      at = skip_scalar(walk, at);
      if (at == NULL) return NULL;
      at = skip_space(at, walk->end);
    }
    /* A value has ended, or an empty container is about to. */
    while (*at == (objects & 1 ? '}' : ']')) {
      objects >>= 1;
      at++;
      if (--depth == 0) return at;
      at = skip_space(at, walk->end);
    }
    if (*at != ',') return NULL;
    at = skip_space(at + 1, walk->end);
    if (objects & 1) {
      at = skip_name(walk, at);
      if (at == NULL) return NULL;
    }
  }
}

static inline const char *skip_value(struct walk *walk, uint32_t depth, const char *at) {
  const char *next = *at == '{' || *at == '[' ? skip_container(walk, at) : skip_scalar(walk, at);
  return next != NULL ? next : skip_slowly(walk, depth, at);
}
