/* Functions of the bits and digits of whole numbers: bin, conv, bit_count, bit_get, and the places
 * of numbers in bitmaps: bitmap_bit_position, bitmap_bucket_number, bitmap_count. */
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* ---- bin, conv ------------------------------------------------------------------------------ */

enum { NUMBER_SIZE_MAX = 65 }; /* 64 digits of base 2 and a sign */

/* Writes the digits of `value` at the end of `out`; returns where they begin. */
static char *put_digits(uint64_t value, unsigned base, char out[NUMBER_SIZE_MAX]) {
  char *next = out + NUMBER_SIZE_MAX;
  do {
    *--next = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % base];
    value /= base;
  } while (value > 0);
  return next;
}

static struct eagre_text copy_digits(struct eagre_text_writer *writer, const char *begin,
                                     const char *end) {
  return eagre_text_writer_copy(writer, eagre_text_make(begin, (size_t)(end - begin)));
}

/* Two's complement without leading zeros. */
enum eagre_status eagre_kernel_bin(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  char digits[NUMBER_SIZE_MAX];
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    const char *begin = put_digits((uint64_t)EAGRE_ARGUMENT(int64_t, call, 0, row), 2, digits);
    out[row] = copy_digits(&writer, begin, digits + NUMBER_SIZE_MAX);
  }
  return EAGRE_OK;
}

static unsigned read_digit(char c) {
  if (c >= '0' && c <= '9') return (unsigned)(c - '0');
  if (c >= 'a' && c <= 'z') return (unsigned)(c - 'a') + 10;
  if (c >= 'A' && c <= 'Z') return (unsigned)(c - 'A') + 10;
  return 255;
}

static struct eagre_text trim_spaces(struct eagre_text text) {
  while (text.size > 0 && text.data[0] == ' ') {
    text.data++;
    text.size--;
  }
  while (text.size > 0 && text.data[text.size - 1] == ' ') {
    text.size--;
  }
  return text;
}

/* The number that the text begins with; false when it has more than 64 bits. */
static bool read_number(struct eagre_text text, unsigned base, uint64_t *out) {
  *out = 0;
  for (size_t i = 0; i < text.size; i++) {
    unsigned digit = read_digit(text.data[i]);
    if (digit >= base) break;
    if (__builtin_mul_overflow(*out, base, out)) return false;
    if (__builtin_add_overflow(*out, digit, out)) return false;
  }
  return true;
}

/* The digits of `value` to base `to`, which is negative when the number has a sign. */
static const char *put_number(uint64_t value, bool is_negative, int32_t to,
                              char out[NUMBER_SIZE_MAX]) {
  if (is_negative && to > 0) value = (int64_t)value < 0 ? UINT64_MAX : 0 - value;
  if (to < 0 && (int64_t)value < 0) {
    value = 0 - value;
    is_negative = true;
  }
  char *begin = put_digits(value, (unsigned)(to < 0 ? -to : to), out);
  if (is_negative && to < 0) *--begin = '-';
  return begin;
}

static bool is_base(int32_t base) {
  return base >= 2 && base <= 36;
}

static enum eagre_status convert_row(struct eagre_kernel_call *call, uint32_t row,
                                     struct eagre_text_writer *writer, struct eagre_text *out) {
  struct eagre_text text = trim_spaces(eagre_kernel_text(call, 0, row));
  int32_t from = EAGRE_ARGUMENT(int32_t, call, 1, row);
  int32_t to = EAGRE_ARGUMENT(int32_t, call, 2, row);
  if (text.size == 0 || !is_base(from) || !(is_base(to) || (to >= -36 && to <= -2))) {
    eagre_kernel_set_null(call, row);
    return EAGRE_OK;
  }
  char digits[NUMBER_SIZE_MAX];
  uint64_t value;
  bool is_negative = text.data[0] == '-';
  if (is_negative) text = eagre_text_make(text.data + 1, text.size - 1);
  bool fits = read_number(text, (unsigned)from, &value);
  if (!fits && !call->node->is_legacy) {
    return eagre_kernel_fail_overflow(call, row, "Overflow in function conv()", NULL);
  }
  if (!fits) value = UINT64_MAX;
  const char *begin = put_number(value, is_negative, to, digits);
  *out = copy_digits(writer, begin, digits + NUMBER_SIZE_MAX);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_conv(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) EAGRE_TRY(convert_row(call, row, &writer, &out[row]));
  }
  return EAGRE_OK;
}

/* ---- bit_count, bit_get --------------------------------------------------------------------- */

static enum eagre_status require_integral(struct eagre_bind *bind, const char *required) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (eagre_type_is_integral(kind) || kind == EAGRE_TYPE_NULL) return EAGRE_OK;
  return eagre_bind_unexpected(bind, 0, required);
}

static enum eagre_status run_bit_count(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = __builtin_popcountll((uint64_t)EAGRE_ARGUMENT(int64_t, call, 0, row));
  }
  return EAGRE_OK;
}

/* Every number is counted as a BIGINT, so -1 has 64 bits whatever its type. */
enum eagre_status eagre_bind_bit_count(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_BOOLEAN) {
    return eagre_expression_cast(bind->arena, bind->arguments[0], eagre_type_of(EAGRE_TYPE_INT),
                                 false, bind->session, bind->position, out, bind->error);
  }
  EAGRE_TRY(require_integral(bind, "(\"INTEGRAL\" or \"BOOLEAN\")"));
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_BIGINT)));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_INT), run_bit_count);
  return EAGRE_OK;
}

/* parameters[0]: bits of the number's own type. */
static enum eagre_status run_bit_get(struct eagre_kernel_call *call) {
  int8_t *out = eagre_kernel_out_zeroed(call);
  int64_t size = call->node->parameters[0];
  for (uint32_t row = 0; row < call->row_count; row++) {
    int32_t place = EAGRE_ARGUMENT(int32_t, call, 1, row);
    if (!eagre_kernel_is_live(call, row)) continue;
    if (place < 0 || place >= size) {
      EAGRE_TRY(eagre_kernel_fail(call, row, "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                                  "The value of parameter(s) `pos` in `%s` is invalid: expects an "
                                  "integer value in [0, %lld), but got %d.",
                                  call->node->function->info.name, (long long)size, place));
      continue;
    }
    out[row] = (int8_t)((uint64_t)EAGRE_ARGUMENT(int64_t, call, 0, row) >> place & 1);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_bit_get(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(require_integral(bind, "\"INTEGRAL\""));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  int64_t size = (int64_t)eagre_type_width(eagre_bind_kind(bind, 0)) * 8;
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_BIGINT)));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_TINYINT), run_bit_get);
  (*out)->parameters[0] = size;
  return EAGRE_OK;
}

/* ---- Bitmaps -------------------------------------------------------------------------------- */

/* As in Spark: a bucket has 4,096 bytes; bucket 1 begins with the number 1, and numbers that are
 * not positive go to the bucket of their quotient. */
enum { BITMAP_BITS = 32768 };

enum eagre_status eagre_kernel_bitmap_bit_position(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t value = EAGRE_ARGUMENT(int64_t, call, 0, row);
    out[row] = value > 0 ? (value - 1) % BITMAP_BITS : -(value % BITMAP_BITS);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_bitmap_bucket_number(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t value = EAGRE_ARGUMENT(int64_t, call, 0, row);
    out[row] = value > 0 ? 1 + (value - 1) / BITMAP_BITS : value / BITMAP_BITS;
  }
  return EAGRE_OK;
}

static enum eagre_status run_bitmap_count(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_text bytes = eagre_kernel_text(call, 0, row);
    for (size_t i = 0; i < bytes.size; i++) {
      out[row] += __builtin_popcount((unsigned char)bytes.data[i]);
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_bitmap_count(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_BINARY) {
    return eagre_bind_unexpected(bind, 0, "\"BINARY\"");
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BIGINT), run_bitmap_count);
  return EAGRE_OK;
}
