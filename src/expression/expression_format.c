/* format_string and printf: formats of Java's Formatter.
 *
 *   %[number$ or <][flags][width][.precision]conversion
 *
 * Conversions: b c d e f g o s x, in capitals too where Java has it, %% and %n. Refused by name: %h
 * and %a (they show Java's own hashes and hexadecimal floats) and %t (use date_format). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_digits.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

enum format_flag {
  FLAG_LEFT = 1,
  FLAG_ALTERNATE = 2,
  FLAG_PLUS = 4,
  FLAG_SPACE = 8,
  FLAG_ZERO = 16,
  FLAG_GROUP = 32,
  FLAG_PARENTHESES = 64,
};

struct format_item {
  uint32_t number; /* of the argument from 1; 0: the next; FORMAT_LAST: the one before */
  unsigned flags;
  int width;     /* -1: none */
  int precision; /* -1: none */
  char conversion;
  bool is_upper;
};
enum { FORMAT_LAST = 0x7fffffff };

/* One row that is formatted. */
struct format_row {
  struct eagre_kernel_call *call;
  uint32_t row;
  uint32_t next; /* argument, from 1 */
  uint32_t last;
  struct eagre_text format;
  struct eagre_buffer *out;
  struct eagre_buffer value; /* of one item, before it is filled to its width */
};

static enum eagre_status fail(const struct format_row *row, const char *problem) {
  return eagre_kernel_fail(row->call, row->row, "INVALID_PARAMETER_VALUE.FORMAT",
                           "The value of parameter(s) `strfmt` in `%s` is invalid: '%.*s': %s.",
                           row->call->node->function->info.name,
                           (int)(row->format.size < 200 ? row->format.size : 200), row->format.data,
                           problem);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int read_number(struct eagre_text text, size_t *inout_at) {
  int64_t value = 0;
  for (; *inout_at < text.size && is_digit(text.data[*inout_at]); (*inout_at)++) {
    if (value < EAGRE_TEXT_SIZE_MAX) value = value * 10 + (text.data[*inout_at] - '0');
  }
  return (int)(value < EAGRE_TEXT_SIZE_MAX ? value : EAGRE_TEXT_SIZE_MAX);
}

/* NULL, or what is wrong. `at` stands behind the percent sign. */
static const char *read_flags(struct eagre_text text, size_t *inout_at, unsigned *out) {
  static const char marks[] = "-#+ 0,(";
  for (; *inout_at < text.size && text.data[*inout_at] != '\0'; (*inout_at)++) {
    const char *mark = strchr(marks, text.data[*inout_at]);
    if (mark == NULL) break;
    unsigned flag = 1U << (mark - marks);
    if ((*out & flag) != 0) return "a flag stands there twice";
    *out |= flag;
  }
  return NULL;
}

/* number$ or <; a number without a dollar sign is a width, or the flag 0. */
static void read_index(struct eagre_text text, size_t *inout_at, struct format_item *out) {
  size_t at = *inout_at;
  if (at < text.size && text.data[at] == '<') {
    out->number = FORMAT_LAST;
    *inout_at = at + 1;
    return;
  }
  if (at >= text.size || !is_digit(text.data[at])) return;
  int number = read_number(text, &at);
  if (at >= text.size || text.data[at] != '$') return;
  out->number = number == 0 ? FORMAT_LAST - 1 : (uint32_t)number;
  *inout_at = at + 1;
}

static const char *read_item(struct eagre_text text, size_t *inout_at, struct format_item *out) {
  *out = (struct format_item){.width = -1, .precision = -1};
  read_index(text, inout_at, out);
  const char *problem = read_flags(text, inout_at, &out->flags);
  if (problem != NULL) return problem;
  if (*inout_at < text.size && is_digit(text.data[*inout_at])) {
    out->width = read_number(text, inout_at);
  }
  if (*inout_at < text.size && text.data[*inout_at] == '.') {
    (*inout_at)++;
    if (*inout_at >= text.size || !is_digit(text.data[*inout_at])) return "a precision is missing";
    out->precision = read_number(text, inout_at);
  }
  if (*inout_at >= text.size) return "it ends inside an item";
  char c = text.data[(*inout_at)++];
  out->is_upper = c != '\0' && strchr("BSCXEG", c) != NULL;
  out->conversion = out->is_upper ? (char)(c - 'A' + 'a') : c;
  return NULL;
}

/* What flags, width and precision may stand before each conversion. */
static const char *check_item(const struct format_item *item) {
  static const struct {
    char conversion;
    unsigned flags;
    bool has_precision;
  } rules[] = {
      {'b', FLAG_LEFT, true},
      {'s', FLAG_LEFT, true},
      {'c', FLAG_LEFT, false},
      {'d', FLAG_LEFT | FLAG_PLUS | FLAG_SPACE | FLAG_ZERO | FLAG_GROUP | FLAG_PARENTHESES, false},
      {'o', FLAG_LEFT | FLAG_ALTERNATE | FLAG_ZERO, false},
      {'x', FLAG_LEFT | FLAG_ALTERNATE | FLAG_ZERO, false},
      {'e', FLAG_LEFT | FLAG_ALTERNATE | FLAG_PLUS | FLAG_SPACE | FLAG_ZERO | FLAG_PARENTHESES,
       true},
      {'f',
       FLAG_LEFT | FLAG_ALTERNATE | FLAG_PLUS | FLAG_SPACE | FLAG_ZERO | FLAG_GROUP |
           FLAG_PARENTHESES,
       true},
      {'g', FLAG_LEFT | FLAG_PLUS | FLAG_SPACE | FLAG_ZERO | FLAG_GROUP | FLAG_PARENTHESES, true},
      {'%', FLAG_LEFT, false},
      {'n', 0, false},
  };
  if ((item->flags & FLAG_LEFT) != 0 && (item->flags & FLAG_ZERO) != 0) {
    return "the flags '-' and '0' exclude each other";
  }
  if ((item->flags & FLAG_PLUS) != 0 && (item->flags & FLAG_SPACE) != 0) {
    return "the flags '+' and ' ' exclude each other";
  }
  if ((item->flags & (FLAG_LEFT | FLAG_ZERO)) != 0 && item->width < 0) return "a width is missing";
  for (size_t i = 0; i < EAGRE_COUNT_OF(rules); i++) {
    if (item->conversion != rules[i].conversion) continue;
    if ((item->flags & ~rules[i].flags) != 0) return "a flag does not belong to its conversion";
    if (item->precision >= 0 && !rules[i].has_precision) return "no precision may stand there";
    if (item->conversion == 'n' && item->width >= 0) return "no width may stand before n";
    return NULL;
  }
  return "a conversion is unknown or not supported";
}

/* ---- Numbers -------------------------------------------------------------------------------- */

static bool read_integer(const struct eagre_vector *vector, uint32_t row, int64_t *out,
                         unsigned *out_bits) {
  uint32_t index = eagre_vector_index(vector, row);
  *out_bits = eagre_type_width(vector->type->kind) * 8;
  switch (vector->type->kind) {
  case EAGRE_TYPE_TINYINT:
    *out = EAGRE_VALUES(int8_t, vector)[index];
    return true;
  case EAGRE_TYPE_SMALLINT:
    *out = EAGRE_VALUES(int16_t, vector)[index];
    return true;
  case EAGRE_TYPE_INT:
    *out = EAGRE_VALUES(int32_t, vector)[index];
    return true;
  case EAGRE_TYPE_BIGINT:
    *out = EAGRE_VALUES(int64_t, vector)[index];
    return true;
  default:
    return false;
  }
}

/* Sign and digits, which stand in `value`, with zeros up to the width. */
static void sign_number(struct format_row *row, const struct format_item *item, bool is_negative,
                        bool is_finite) {
  struct eagre_buffer digits = row->value;
  row->value = (struct eagre_buffer){0};
  bool has_parentheses = is_negative && (item->flags & FLAG_PARENTHESES) != 0;
  const char *sign = has_parentheses                   ? "("
                     : is_negative                     ? "-"
                     : (item->flags & FLAG_PLUS) != 0  ? "+"
                     : (item->flags & FLAG_SPACE) != 0 ? " "
                                                       : "";
  eagre_buffer_append_string(&row->value, sign);
  if ((item->flags & FLAG_ZERO) != 0 && is_finite) {
    size_t size = strlen(sign) + digits.size + has_parentheses;
    for (; size < (size_t)item->width; size++) {
      eagre_buffer_append_char(&row->value, '0');
    }
  }
  eagre_buffer_append(&row->value, digits.data, digits.size);
  if (has_parentheses) eagre_buffer_append_char(&row->value, ')');
  eagre_buffer_done(&digits);
}

static void put_plain(struct format_row *row, const struct format_item *item,
                      const struct eagre_digits *digits, int places) {
  int integers = digits->point > 1 ? digits->point : 1;
  for (int weight = integers - 1; weight >= 0; weight--) {
    eagre_buffer_append_char(&row->value, eagre_digits_at(digits, weight));
    bool ends_group = (item->flags & FLAG_GROUP) != 0 && weight > 0 && weight % 3 == 0;
    if (ends_group) eagre_buffer_append_char(&row->value, ',');
  }
  if (places > 0 || (item->flags & FLAG_ALTERNATE) != 0) eagre_buffer_append_char(&row->value, '.');
  for (int place = 1; place <= places; place++) {
    eagre_buffer_append_char(&row->value, eagre_digits_at(digits, -place));
  }
}

/* d.ddde+00 */
static void put_scientific(struct format_row *row, const struct format_item *item,
                           struct eagre_digits *digits, int places) {
  int exponent = digits->count == 0 ? 0 : digits->point - 1;
  char text[16];
  digits->point = 1;
  put_plain(row, item, digits, places);
  snprintf(text, sizeof text, "e%c%02d", exponent < 0 ? '-' : '+',
           exponent < 0 ? -exponent : exponent);
  eagre_buffer_append_string(&row->value, text);
}

static void put_digits(struct format_row *row, const struct format_item *item,
                       struct eagre_digits *digits) {
  int precision = item->precision < 0 ? 6 : item->precision;
  if (item->conversion == 'f') {
    eagre_digits_round(digits, precision, EAGRE_ROUND_HALF_UP);
    put_plain(row, item, digits, precision);
    return;
  }
  if (item->conversion == 'e') {
    eagre_digits_round(digits, precision + 1 - digits->point, EAGRE_ROUND_HALF_UP);
    put_scientific(row, item, digits, precision);
    return;
  }
  if (precision == 0) precision = 1;
  if (digits->count > 0) {
    eagre_digits_round(digits, precision - digits->point, EAGRE_ROUND_HALF_UP);
  }
  bool is_plain = digits->count == 0 || (digits->point > -4 && digits->point <= precision);
  int integers = digits->count == 0 ? 1 : digits->point;
  if (is_plain) {
    put_plain(row, item, digits, precision - integers);
  } else {
    put_scientific(row, item, digits, precision - 1);
  }
}

static const char *put_real(struct format_row *row, const struct format_item *item,
                            const struct eagre_vector *vector) {
  uint32_t index = eagre_vector_index(vector, row->row);
  double value;
  if (vector->type->kind == EAGRE_TYPE_DOUBLE) {
    value = EAGRE_VALUES(double, vector)[index];
  } else if (vector->type->kind == EAGRE_TYPE_FLOAT) {
    value = EAGRE_VALUES(float, vector)[index];
  } else {
    return "its value is no FLOAT or DOUBLE";
  }
  if (isnan(value)) {
    eagre_buffer_append_string(&row->value, "NaN");
    return NULL;
  }
  struct eagre_digits digits;
  if (isinf(value)) {
    eagre_buffer_append_string(&row->value, "Infinity");
  } else {
    eagre_digits_of_double(value, &digits);
    put_digits(row, item, &digits);
  }
  sign_number(row, item, signbit(value) != 0, !isinf(value));
  return NULL;
}

static const char *put_integer(struct format_row *row, const struct format_item *item,
                               const struct eagre_vector *vector) {
  int64_t value;
  unsigned bits;
  char text[32];
  if (!read_integer(vector, row->row, &value, &bits)) return "its value is no whole number";
  if (item->conversion == 'd') {
    struct eagre_digits digits;
    eagre_digits_of_integer(value, &digits);
    put_plain(row, item, &digits, 0);
    sign_number(row, item, value < 0, true);
    return NULL;
  }
  uint64_t raw = (uint64_t)value;
  if (bits < 64) raw &= (UINT64_C(1) << bits) - 1;
  bool is_octal = item->conversion == 'o';
  if ((item->flags & FLAG_ALTERNATE) != 0) {
    eagre_buffer_append_string(&row->value, is_octal ? "0" : "0x");
  }
  snprintf(text, sizeof text, is_octal ? "%llo" : "%llx", (unsigned long long)raw);
  if ((item->flags & FLAG_ZERO) != 0) {
    for (size_t size = row->value.size + strlen(text); size < (size_t)item->width; size++) {
      eagre_buffer_append_char(&row->value, '0');
    }
  }
  eagre_buffer_append_string(&row->value, text);
  return NULL;
}

/* ---- Other values --------------------------------------------------------------------------- */

static const char *put_character(struct format_row *row, const struct eagre_vector *vector) {
  int64_t value;
  unsigned bits;
  char text[4];
  if (!read_integer(vector, row->row, &value, &bits) || bits == 64) {
    return "its value is no character";
  }
  if (value < 0 || value > 0x10ffff) return "its value is no code point";
  uint32_t point = (uint32_t)value;
  size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  text[0] = (char)(size == 1 ? point : (0xf00 >> size & 0xff) | point >> (6 * (size - 1)));
  for (size_t i = 1; i < size; i++) {
    text[i] = (char)(0x80 | (point >> (6 * (size - 1 - i)) & 0x3f));
  }
  eagre_buffer_append(&row->value, text, size);
  return NULL;
}

static void put_text(struct format_row *row, const struct eagre_vector *vector) {
  char text[64];
  uint32_t index = eagre_vector_index(vector, row->row);
  if (vector->type->kind == EAGRE_TYPE_STRING) {
    struct eagre_text value = EAGRE_VALUES(struct eagre_text, vector)[index];
    eagre_buffer_append(&row->value, value.data, value.size);
  } else if (vector->type->kind == EAGRE_TYPE_DECIMAL) {
    size_t size = eagre_value_print_decimal_java(EAGRE_VALUES(eagre_decimal, vector)[index],
                                                 vector->type->scale, text);
    eagre_buffer_append(&row->value, text, size);
  } else {
    eagre_value_print(vector, index, eagre_zone_utc(), &row->value);
  }
}

/* Cuts to `precision` characters. */
static void cut_value(struct format_row *row, int precision) {
  struct eagre_text text = eagre_buffer_text(&row->value);
  if (precision >= 0) row->value.size = eagre_text_offset(text, (size_t)precision);
}

static const char *put_value(struct format_row *row, const struct format_item *item,
                             const struct eagre_vector *vector) {
  bool is_null = eagre_vector_is_null(vector, row->row);
  if (item->conversion == 'b') {
    bool is_boolean = !is_null && vector->type->kind == EAGRE_TYPE_BOOLEAN;
    bool is_true =
        is_boolean ? eagre_bit_get(vector->data, eagre_vector_index(vector, row->row)) : !is_null;
    eagre_buffer_append_string(&row->value, is_true ? "true" : "false");
  } else if (is_null) {
    eagre_buffer_append_string(&row->value, "null");
  } else if (item->conversion == 's') {
    put_text(row, vector);
  } else if (item->conversion == 'c') {
    return put_character(row, vector);
  } else if (item->conversion == 'd' || item->conversion == 'o' || item->conversion == 'x') {
    return put_integer(row, item, vector);
  } else {
    return put_real(row, item, vector);
  }
  if (item->conversion == 'b' || item->conversion == 's' || is_null) {
    cut_value(row, item->precision);
  }
  return NULL;
}

/* ---- Items ---------------------------------------------------------------------------------- */

static void put_capitals(struct eagre_buffer *value) {
  for (size_t i = 0; i < value->size; i++) {
    if (value->data[i] >= 'a' && value->data[i] <= 'z') value->data[i] -= 'a' - 'A';
  }
}

/* `value`, filled to the width of the item. */
static void put_filled(struct format_row *row, const struct format_item *item) {
  struct eagre_text text = eagre_buffer_text(&row->value);
  size_t count = eagre_text_count(text);
  size_t missing = item->width > 0 && (size_t)item->width > count ? (size_t)item->width - count : 0;
  bool is_left = (item->flags & FLAG_LEFT) != 0;
  if (is_left) eagre_buffer_append(row->out, text.data, text.size);
  for (size_t i = 0; i < missing; i++) {
    eagre_buffer_append_char(row->out, ' ');
  }
  if (!is_left) eagre_buffer_append(row->out, text.data, text.size);
}

/* The argument of the item, or NULL when there is none. */
static const struct eagre_vector *take_argument(struct format_row *row,
                                                const struct format_item *item) {
  uint32_t number = item->number == FORMAT_LAST ? row->last
                    : item->number == 0         ? row->next++
                                                : item->number;
  if (number == 0 || number >= row->call->node->argument_count) return NULL;
  row->last = number;
  return row->call->arguments[number];
}

static const char *put_item(struct format_row *row, const struct format_item *item) {
  eagre_buffer_clear(&row->value);
  const char *problem = check_item(item);
  if (problem != NULL) return problem;
  if (item->conversion == 'n' || item->conversion == '%') {
    eagre_buffer_append_char(&row->value, item->conversion == 'n' ? '\n' : '%');
    put_filled(row, item);
    return NULL;
  }
  const struct eagre_vector *vector = take_argument(row, item);
  if (vector == NULL) return "an argument is missing";
  problem = put_value(row, item, vector);
  if (problem != NULL) return problem;
  if (item->is_upper) put_capitals(&row->value);
  put_filled(row, item);
  return NULL;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static enum eagre_status run_row(struct format_row *row) {
  struct eagre_text format = row->format;
  for (size_t at = 0; at < format.size;) {
    const char *mark = memchr(format.data + at, '%', format.size - at);
    size_t end = mark == NULL ? format.size : (size_t)(mark - format.data);
    struct format_item item;
    eagre_buffer_append(row->out, format.data + at, end - at);
    if (mark == NULL) break;
    at = end + 1;
    const char *problem = read_item(format, &at, &item);
    if (problem == NULL) problem = put_item(row, &item);
    if (problem != NULL) return fail(row, problem);
    if (row->out->size > EAGRE_TEXT_SIZE_MAX) return eagre_text_fail_size(row->call, row->row);
  }
  return EAGRE_OK;
}

static enum eagre_status run_format(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  struct format_row one = {.call = call, .out = &buffer};
  enum eagre_status status = EAGRE_OK;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    if (eagre_vector_is_null(call->arguments[0], row)) {
      eagre_kernel_set_null(call, row);
      continue;
    }
    eagre_buffer_clear(&buffer);
    one.row = row;
    one.next = 1;
    one.last = 0;
    one.format = eagre_kernel_text(call, 0, row);
    status = run_row(&one);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&buffer));
  }
  eagre_buffer_done(&one.value);
  eagre_buffer_done(&buffer);
  return status;
}

/* Types that Java's Formatter shows as a user would want. */
static bool can_format(enum eagre_type_kind kind) {
  return eagre_type_is_numeric(kind) || kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BOOLEAN ||
         kind == EAGRE_TYPE_NULL;
}

static enum eagre_status refuse_zero_index(struct eagre_bind *bind) {
  struct eagre_text format;
  if (!eagre_expression_is_text(bind->arguments[0], &format)) return EAGRE_OK;
  if (eagre_text_find(format, EAGRE_TEXT("%0$"), 0) < 0) return EAGRE_OK;
  return eagre_bind_fail(bind, bind->position, "INVALID_PARAMETER_VALUE.ZERO_INDEX",
                         "The value of parameter(s) `strfmt` in `%s` is invalid: expects `%%1$`, "
                         "`%%2$` and so on, but got `%%0$`.",
                         bind->function->info.name);
}

enum eagre_status eagre_bind_format_string(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  EAGRE_TRY(refuse_zero_index(bind));
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    if (can_format(eagre_bind_kind(bind, i))) continue;
    return eagre_bind_unexpected(bind, i, "(\"STRING\" or \"NUMERIC\" or \"BOOLEAN\")");
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_format);
  return EAGRE_OK;
}
