/* encode and decode: texts as bytes of US-ASCII, ISO-8859-1 or UTF-8, and back. What a charset does
 * not have is an error, as in Spark 4. decode with more arguments is a CASE. */
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

enum charset { CHARSET_NONE, CHARSET_ASCII, CHARSET_LATIN_1, CHARSET_UTF_8 };

static enum charset find_charset(struct eagre_text name) {
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("utf-8"))) return CHARSET_UTF_8;
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("iso-8859-1"))) return CHARSET_LATIN_1;
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("us-ascii"))) return CHARSET_ASCII;
  return CHARSET_NONE;
}

static enum eagre_status fail_charset(struct eagre_kernel_call *call, uint32_t row,
                                      struct eagre_text name) {
  return eagre_kernel_fail(call, row, "INVALID_PARAMETER_VALUE.CHARSET",
                           "The value of parameter(s) `charset` in `%s` is invalid: expects one of "
                           "the 'us-ascii', 'iso-8859-1', 'utf-8', but got '%.*s'.",
                           call->node->function->info.name,
                           (int)(name.size < 100 ? name.size : 100), name.data);
}

static enum eagre_status fail_coding(struct eagre_kernel_call *call, uint32_t row,
                                     struct eagre_text name) {
  return eagre_kernel_fail(call, row, "MALFORMED_CHARACTER_CODING",
                           "Invalid value found when performing `%s` with %.*s.",
                           call->node->function->info.name,
                           (int)(name.size < 100 ? name.size : 100), name.data);
}

/* ---- encode --------------------------------------------------------------------------------- */

/* One byte for each code point below `limit`; false when there is another. */
static bool put_single_bytes(struct eagre_text text, uint32_t limit, char *out, size_t *out_size) {
  char *next = out;
  for (size_t at = 0; at < text.size;) {
    unsigned char first = (unsigned char)text.data[at];
    size_t size = eagre_code_point_size(first);
    if (size > 2 || size > text.size - at) return false;
    uint32_t point =
        size == 1 ? first
                  : (uint32_t)(first & 0x1f) << 6 | ((unsigned char)text.data[at + 1] & 0x3f);
    if (point >= limit) return false;
    *next++ = (char)point;
    at += size;
  }
  *out_size = (size_t)(next - out);
  return true;
}

static enum eagre_status encode_row(struct eagre_kernel_call *call, uint32_t row,
                                    struct eagre_text_writer *writer, struct eagre_text *out) {
  struct eagre_text text = eagre_kernel_text(call, 0, row);
  struct eagre_text name = eagre_kernel_text(call, 1, row);
  enum charset charset = find_charset(name);
  if (charset == CHARSET_NONE) return fail_charset(call, row, name);
  if (!eagre_value_utf8_is_valid(text)) return fail_coding(call, row, name);
  if (charset == CHARSET_UTF_8) {
    *out = text;
    return EAGRE_OK;
  }
  size_t size = 0;
  char *bytes = eagre_text_writer_reserve(writer, text.size);
  uint32_t limit = charset == CHARSET_ASCII ? 0x80 : 0x100;
  if (!put_single_bytes(text, limit, bytes, &size)) return fail_coding(call, row, name);
  *out = eagre_text_writer_take(writer, size);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_encode(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) EAGRE_TRY(encode_row(call, row, &writer, &out[row]));
  }
  return EAGRE_OK;
}

/* ---- decode --------------------------------------------------------------------------------- */

static struct eagre_text widen_latin_1(struct eagre_text bytes, struct eagre_text_writer *writer) {
  char *out = eagre_text_writer_reserve(writer, bytes.size * 2);
  char *next = out;
  for (size_t i = 0; i < bytes.size; i++) {
    unsigned char byte = (unsigned char)bytes.data[i];
    if (byte >= 0x80) *next++ = (char)(0xc0 | byte >> 6);
    *next++ = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
  }
  return eagre_text_writer_take(writer, (size_t)(next - out));
}

static enum eagre_status decode_row(struct eagre_kernel_call *call, uint32_t row,
                                    struct eagre_text_writer *writer, struct eagre_text *out) {
  struct eagre_text bytes = eagre_kernel_text(call, 0, row);
  struct eagre_text name = eagre_kernel_text(call, 1, row);
  enum charset charset = find_charset(name);
  if (charset == CHARSET_NONE) return fail_charset(call, row, name);
  if (charset == CHARSET_LATIN_1) {
    *out = widen_latin_1(bytes, writer);
    return EAGRE_OK;
  }
  bool is_valid =
      charset == CHARSET_ASCII ? eagre_text_is_ascii(bytes) : eagre_value_utf8_is_valid(bytes);
  if (!is_valid) return fail_coding(call, row, name);
  *out = bytes;
  return EAGRE_OK;
}

static enum eagre_status run_decode(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) EAGRE_TRY(decode_row(call, row, &writer, &out[row]));
  }
  return EAGRE_OK;
}

/* decode(a, key, value, ...[, default]): CASE WHEN a <=> key THEN value ... [ELSE default] END. */
static enum eagre_status bind_choice(struct eagre_bind *bind, struct eagre_expression **out) {
  uint32_t count = bind->argument_count - 1;
  struct eagre_expression **arguments =
      eagre_arena_allocate(bind->arena, count * sizeof *arguments);
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_expression *pair[] = {bind->arguments[0], bind->arguments[i + 1]};
    bool is_key = i % 2 == 0 && i + 1 < count;
    arguments[i] = bind->arguments[i + 1];
    if (is_key) EAGRE_TRY(eagre_bind_other(bind, "<=>", pair, 2, &arguments[i]));
  }
  return eagre_expression_case(bind->arena, arguments, count, count % 2 == 1, bind->session,
                               bind->position, out, bind->error);
}

enum eagre_status eagre_bind_decode(struct eagre_bind *bind, struct eagre_expression **out) {
  if (bind->argument_count > 2) return bind_choice(bind, out);
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_BINARY));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_decode);
  return EAGRE_OK;
}
