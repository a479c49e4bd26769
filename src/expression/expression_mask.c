/* Functions that change single places of a text: overlay, mask, quote, space, elt, and those that
 * look at whether a text is UTF-8. */
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* ---- overlay -------------------------------------------------------------------------------- */

/* As Java's int, which wraps. */
static int32_t add_wrapping(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* Places count code points, or bytes of a BINARY. A negative length is that of the replacement. */
static struct eagre_text overlay_row(const struct eagre_kernel_call *call, uint32_t row,
                                     struct eagre_text_writer *writer) {
  bool is_text = call->node->type->kind == EAGRE_TYPE_STRING;
  struct eagre_text (*cut)(struct eagre_text, int32_t, int32_t) =
      is_text ? eagre_text_cut : eagre_bytes_cut;
  struct eagre_text text = eagre_kernel_text(call, 0, row);
  struct eagre_text with = eagre_kernel_text(call, 1, row);
  int32_t position = EAGRE_ARGUMENT(int32_t, call, 2, row);
  int32_t length = call->node->argument_count < 4 ? -1 : EAGRE_ARGUMENT(int32_t, call, 3, row);
  if (length < 0) length = (int32_t)(is_text ? eagre_text_count(with) : with.size);
  struct eagre_text parts[] = {cut(text, 1, add_wrapping(position, -1)), with,
                               cut(text, add_wrapping(position, length), INT32_MAX)};
  size_t size = parts[0].size + parts[1].size + parts[2].size;
  char *next = eagre_text_writer_reserve(writer, size);
  for (size_t i = 0; i < EAGRE_COUNT_OF(parts); i++) {
    if (parts[i].size > 0) memcpy(next, parts[i].data, parts[i].size);
    next += parts[i].size;
  }
  return eagre_text_writer_take(writer, size);
}

static enum eagre_status run_overlay(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) out[row] = overlay_row(call, row, &writer);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_overlay(struct eagre_bind *bind, struct eagre_expression **out) {
  bool has_bytes = eagre_bind_kind(bind, 0) == EAGRE_TYPE_BINARY ||
                   eagre_bind_kind(bind, 1) == EAGRE_TYPE_BINARY;
  enum eagre_type_kind kind = has_bytes ? EAGRE_TYPE_BINARY : EAGRE_TYPE_STRING;
  for (uint32_t i = 0; i < 2; i++) {
    enum eagre_type_kind given = eagre_bind_kind(bind, i);
    if (has_bytes && given != kind && given != EAGRE_TYPE_NULL) {
      return eagre_bind_refuse_different(bind, 0, 2);
    }
    EAGRE_TRY(eagre_bind_parameter(bind, i, kind));
  }
  for (uint32_t i = 2; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_INT));
  }
  *out = eagre_bind_call(bind, eagre_type_of(kind), run_overlay);
  return EAGRE_OK;
}

/* ---- mask ----------------------------------------------------------------------------------- */

/* What stands for a kind of character: a code point below U+10000, or MASK_KEEP. In parameters of
 * the call: upper case, lower case, digits, others. */
enum { MASK_KEEP = -1, MASK_COUNT = 4, MASK_BYTES_MAX = 6 };

/* As Java sees the text, as units of UTF-16: a character beyond them is two others. */
static size_t mask_character(const struct eagre_kernel_call *call, UChar32 point, char *out) {
  bool is_pair = point > 0xffff;
  int which = is_pair                 ? 3
              : u_isUUppercase(point) ? 0
              : u_isULowercase(point) ? 1
              : u_isdigit(point)      ? 2
                                      : 3;
  UChar32 with = (UChar32)call->node->parameters[which];
  size_t size = 0;
  if (with == MASK_KEEP) {
    U8_APPEND_UNSAFE(out, size, point);
    return size;
  }
  U8_APPEND_UNSAFE(out, size, with);
  if (is_pair) U8_APPEND_UNSAFE(out, size, with);
  return size;
}

static struct eagre_text mask_text(const struct eagre_kernel_call *call, struct eagre_text text,
                                   struct eagre_text_writer *writer) {
  char *begin = eagre_text_writer_reserve(writer, text.size * MASK_BYTES_MAX);
  char *next = begin;
  for (size_t at = 0; at < text.size;) {
    UChar32 point;
    U8_NEXT_OR_FFFD(text.data, at, text.size, point);
    next += mask_character(call, point, next);
  }
  return eagre_text_writer_take(writer, (size_t)(next - begin));
}

static enum eagre_status run_mask(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    if (text.size > EAGRE_TEXT_SIZE_MAX / MASK_BYTES_MAX) {
      EAGRE_TRY(eagre_text_fail_size(call, row));
      continue;
    }
    out[row] = mask_text(call, text, &writer);
  }
  return EAGRE_OK;
}

static enum eagre_status require_text(struct eagre_bind *bind, uint32_t index) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, index);
  if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_NULL) return EAGRE_OK;
  return eagre_bind_unexpected(bind, index, "\"STRING\"");
}

/* The one character of the constant argument `index`. */
static enum eagre_status read_mask(struct eagre_bind *bind, uint32_t index, const char *name,
                                   int64_t *out) {
  struct eagre_text text;
  *out = MASK_KEEP;
  EAGRE_TRY(require_text(bind, index));
  if (eagre_expression_is_null(bind->arguments[index])) return EAGRE_OK;
  EAGRE_TRY(eagre_bind_constant_text(bind, index, name, &text));
  UChar32 point = -1;
  size_t at = 0;
  if (text.size > 0) U8_NEXT(text.data, at, text.size, point);
  if (at != text.size || point < 0 || point > 0xffff) {
    return eagre_bind_mismatch(bind, "INPUT_SIZE_NOT_ONE", "Length of `%s` should be 1.", name);
  }
  *out = point;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_mask(struct eagre_bind *bind, struct eagre_expression **out) {
  static const char *const names[MASK_COUNT] = {"upperChar", "lowerChar", "digitChar", "otherChar"};
  int64_t masks[MASK_COUNT] = {'X', 'x', 'n', MASK_KEEP};
  if (bind->argument_count == 0) {
    return eagre_bind_fail(bind, bind->position, "REQUIRED_PARAMETER_NOT_FOUND",
                           "Cannot invoke routine `mask` because the parameter named `str` is "
                           "required, but the routine call did not supply a value.");
  }
  EAGRE_TRY(require_text(bind, 0));
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    EAGRE_TRY(read_mask(bind, i, names[i - 1], &masks[i - 1]));
  }
  bind->argument_count = 1;
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_mask);
  memcpy((*out)->parameters, masks, sizeof masks);
  return EAGRE_OK;
}

/* ---- quote, space --------------------------------------------------------------------------- */

/* concat("'", replace(text, "'", "\\'"), "'") */
enum eagre_status eagre_bind_quote(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *mark =
      eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, EAGRE_TEXT("'"), bind->position);
  struct eagre_expression *escaped =
      eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, EAGRE_TEXT("\\'"), bind->position);
  struct eagre_expression *replace[] = {bind->arguments[0], mark, escaped};
  struct eagre_expression *concat[] = {mark, NULL, mark};
  EAGRE_TRY(eagre_bind_other(bind, "replace", replace, 3, &concat[1]));
  return eagre_bind_other(bind, "concat", concat, 3, out);
}

/* repeat(' ', n) */
enum eagre_status eagre_bind_space(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *repeat[] = {
      eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, EAGRE_TEXT(" "), bind->position),
      bind->arguments[0]};
  return eagre_bind_other(bind, "repeat", repeat, 2, out);
}

/* ---- elt ------------------------------------------------------------------------------------ */

static enum eagre_status run_elt(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  uint32_t count = call->node->argument_count - 1;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_vector_is_null(call->arguments[0], row)) {
      eagre_kernel_set_null(call, row);
      continue;
    }
    int32_t index = EAGRE_ARGUMENT(int32_t, call, 0, row);
    if (index <= 0 || (uint32_t)index > count) {
      EAGRE_TRY(eagre_kernel_fail(call, row, "INVALID_ARRAY_INDEX",
                                  "The index %d is out of bounds. The array has %u elements.",
                                  index, count));
    } else if (eagre_vector_is_null(call->arguments[index], row)) {
      eagre_kernel_set_null(call, row);
    } else {
      out[row] = eagre_kernel_text(call, (uint32_t)index, row);
    }
  }
  return EAGRE_OK;
}

/* All BINARY, else all STRING. */
enum eagre_status eagre_bind_elt(struct eagre_bind *bind, struct eagre_expression **out) {
  enum eagre_type_kind kind = EAGRE_TYPE_BINARY;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_INT));
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    if (eagre_bind_kind(bind, i) != EAGRE_TYPE_BINARY) kind = EAGRE_TYPE_STRING;
  }
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, kind));
  }
  *out = eagre_bind_call(bind, eagre_type_of(kind), run_elt);
  return EAGRE_OK;
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

enum eagre_status eagre_kernel_is_valid_utf8(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_bit_put(out, row, eagre_value_utf8_is_valid(eagre_kernel_text(call, 0, row)));
  }
  return EAGRE_OK;
}

enum { REPLACEMENT_SIZE = 3 }; /* of U+FFFD */

/* Every longest beginning of a character that goes on as none becomes one U+FFFD, as Unicode
 * recommends; Java's decoder, which other functions follow, counts surrogates otherwise. */
static struct eagre_text make_valid(struct eagre_text text, struct eagre_text_writer *writer) {
  char *begin = eagre_text_writer_reserve(writer, text.size * REPLACEMENT_SIZE);
  size_t size = 0;
  for (size_t at = 0; at < text.size;) {
    UChar32 point;
    U8_NEXT_OR_FFFD(text.data, at, text.size, point);
    U8_APPEND_UNSAFE(begin, size, point);
  }
  return eagre_text_writer_take(writer, size);
}

enum eagre_status eagre_kernel_make_valid_utf8(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    out[row] = eagre_kernel_text(call, 0, row);
    if (!eagre_value_utf8_is_valid(out[row])) out[row] = make_valid(out[row], &writer);
  }
  return EAGRE_OK;
}

static enum eagre_status run_validate(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    out[row] = eagre_kernel_text(call, 0, row);
    if (eagre_value_utf8_is_valid(out[row])) continue;
    EAGRE_TRY(eagre_kernel_fail(call, row, "INVALID_UTF8_STRING",
                                "Invalid UTF8 byte sequence found in string."));
  }
  return EAGRE_OK;
}

static enum eagre_status bind_validate(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_validate);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_validate_utf8(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_validate(bind, out);
}

enum eagre_status eagre_bind_try_validate_utf8(struct eagre_bind *bind,
                                               struct eagre_expression **out) {
  EAGRE_TRY(bind_validate(bind, out));
  eagre_expression_set_try(*out);
  return EAGRE_OK;
}
