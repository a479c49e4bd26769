/* Functions that give a part of a text: substring, left, right, trim, split_part, substring_index.
 * The results point into the argument. Also the binders of functions of texts and of bytes. */
#include "expression/expression_text.h"

#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"

/* ---- Parts of a text ------------------------------------------------------------------------ */

int64_t eagre_text_find_last(struct eagre_text text, struct eagre_text what, int64_t last) {
  int64_t at = (int64_t)text.size - (int64_t)what.size;
  for (at = at < last ? at : last; at >= 0; at--) {
    if (memcmp(text.data + at, what.data, what.size) == 0) return at;
  }
  return -1;
}

/* SQL positions count from 1, 0 is 1, negative ones count from the end; `count` code points (or
 * bytes) follow, of which those in front of the text are lost. */
static void find_range(int32_t position, int32_t count, int64_t size, int64_t *out_begin,
                       int64_t *out_end) {
  *out_begin = position > 0 ? position - 1 : position < 0 ? size + position : 0;
  *out_end = *out_begin + count;
}

static int32_t read_count(const struct eagre_kernel_call *call, uint32_t row) {
  return call->node->argument_count < 3 ? INT32_MAX : EAGRE_ARGUMENT(int32_t, call, 2, row);
}

struct eagre_text eagre_text_cut(struct eagre_text text, int32_t position, int32_t count) {
  int64_t begin, end;
  /* Counting the whole text is only needed for positions from its end. */
  int64_t size = position < 0 ? (int64_t)eagre_text_count(text) : 0;
  find_range(position, count, size, &begin, &end);
  return eagre_text_slice(text, begin, end);
}

enum eagre_status eagre_kernel_substring(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = eagre_text_cut(eagre_kernel_text(call, 0, row),
                              EAGRE_ARGUMENT(int32_t, call, 1, row), read_count(call, row));
  }
  return EAGRE_OK;
}

struct eagre_text eagre_bytes_cut(struct eagre_text bytes, int32_t position, int32_t count) {
  int64_t begin, end, size = (int64_t)bytes.size;
  find_range(position, count, size, &begin, &end);
  begin = begin < 0 ? 0 : begin > size ? size : begin;
  end = end < begin ? begin : end > size ? size : end;
  if (end == begin) return (struct eagre_text){0};
  return (struct eagre_text){bytes.data + begin, (size_t)(end - begin)};
}

enum eagre_status eagre_kernel_substring_bytes(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = eagre_bytes_cut(eagre_kernel_text(call, 0, row),
                               EAGRE_ARGUMENT(int32_t, call, 1, row), read_count(call, row));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_left(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] =
        eagre_text_slice(eagre_kernel_text(call, 0, row), 0, EAGRE_ARGUMENT(int32_t, call, 1, row));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_right(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    int32_t count = EAGRE_ARGUMENT(int32_t, call, 1, row);
    out[row] =
        count <= 0 ? (struct eagre_text){text.data, 0} : eagre_text_cut(text, -count, INT32_MAX);
  }
  return EAGRE_OK;
}

/* ---- Trim ----------------------------------------------------------------------------------- */

/* Whether the code point at the beginning of `point` (its own bytes only) is in `characters`. */
static bool has_code_point(struct eagre_text characters, struct eagre_text point) {
  for (size_t at = 0; at < characters.size;) {
    size_t size = eagre_code_point_size((unsigned char)characters.data[at]);
    if (size > characters.size - at) size = characters.size - at;
    if (eagre_text_equal((struct eagre_text){characters.data + at, size}, point)) return true;
    at += size;
  }
  return false;
}

static struct eagre_text trim_left(struct eagre_text text, struct eagre_text characters) {
  while (text.size > 0) {
    size_t size = eagre_code_point_size((unsigned char)text.data[0]);
    if (size > text.size) size = text.size;
    if (!has_code_point(characters, (struct eagre_text){text.data, size})) break;
    text.data += size;
    text.size -= size;
  }
  return text;
}

/* Walks back over continuation bytes to the first byte of the last code point. */
static struct eagre_text trim_right(struct eagre_text text, struct eagre_text characters) {
  while (text.size > 0) {
    size_t begin = text.size - 1;
    while (begin > 0 && ((unsigned char)text.data[begin] & 0xc0) == 0x80) {
      begin--;
    }
    struct eagre_text point = {text.data + begin, text.size - begin};
    if (!has_code_point(characters, point)) break;
    text.size = begin;
  }
  return text;
}

static enum eagre_status run_trim(struct eagre_kernel_call *call, bool left, bool right) {
  struct eagre_text *out = eagre_kernel_out(call);
  bool has_characters = call->node->argument_count == 2;
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    struct eagre_text characters =
        has_characters ? eagre_kernel_text(call, 1, row) : EAGRE_TEXT(" ");
    if (left) text = trim_left(text, characters);
    out[row] = right ? trim_right(text, characters) : text;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_trim(struct eagre_kernel_call *call) {
  return run_trim(call, true, true);
}

enum eagre_status eagre_kernel_trim_left(struct eagre_kernel_call *call) {
  return run_trim(call, true, false);
}

enum eagre_status eagre_kernel_trim_right(struct eagre_kernel_call *call) {
  return run_trim(call, false, true);
}

/* ---- Splitting ------------------------------------------------------------------------------ */

/* Part `number` (from 1) of the text between delimiters; empty when there are fewer. */
static struct eagre_text split_part(struct eagre_text text, struct eagre_text delimiter,
                                    int64_t number) {
  static const struct eagre_text nothing = {"", 0};
  size_t from = 0;
  for (;; number--) {
    int64_t found = delimiter.size == 0 ? -1 : eagre_text_find(text, delimiter, from);
    size_t end = found < 0 ? text.size : (size_t)found;
    if (number == 1) return (struct eagre_text){text.data + from, end - from};
    if (found < 0) return nothing;
    from = end + delimiter.size;
  }
}

static int64_t count_parts(struct eagre_text text, struct eagre_text delimiter) {
  int64_t count = 1;
  if (delimiter.size == 0) return count;
  for (int64_t at = eagre_text_find(text, delimiter, 0); at >= 0; count++) {
    at = eagre_text_find(text, delimiter, (size_t)at + delimiter.size);
  }
  return count;
}

enum eagre_status eagre_kernel_split_part(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    struct eagre_text delimiter = eagre_kernel_text(call, 1, row);
    int64_t number = EAGRE_ARGUMENT(int32_t, call, 2, row);
    if (number == 0) {
      EAGRE_TRY(eagre_kernel_fail(call, row, "INVALID_INDEX_OF_ZERO",
                                  "The index 0 is invalid. An index shall be either < 0 or > 0 "
                                  "(the first element has index 1)."));
      continue;
    }
    if (number < 0) number += count_parts(text, delimiter) + 1;
    if (number > 0) out[row] = split_part(text, delimiter, number);
  }
  return EAGRE_OK;
}

/* What stands before the `count`th delimiter, or behind it when counted from the end. */
static struct eagre_text cut_at_delimiter(struct eagre_text text, struct eagre_text delimiter,
                                          int64_t count) {
  if (delimiter.size == 0 || count == 0) return (struct eagre_text){text.data, 0};
  if (count > 0) {
    int64_t at = -1;
    for (; count > 0; count--) {
      at = eagre_text_find(text, delimiter, (size_t)(at + 1));
      if (at < 0) return text;
    }
    return (struct eagre_text){text.data, (size_t)at};
  }
  int64_t at = (int64_t)text.size;
  for (; count < 0; count++) {
    at = eagre_text_find_last(text, delimiter, at - 1);
    if (at < 0) return text;
  }
  size_t begin = (size_t)at + delimiter.size;
  return (struct eagre_text){text.data + begin, text.size - begin};
}

enum eagre_status eagre_kernel_substring_index(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    out[row] = cut_at_delimiter(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row),
                                EAGRE_ARGUMENT(int32_t, call, 2, row));
  }
  return EAGRE_OK;
}

/* ---- Functions of texts and of bytes -------------------------------------------------------- */

/* BINARY stays what it is, everything else becomes a text; then the kernel of the one or the
 * other. */
static enum eagre_status bind_either(struct eagre_bind *bind, eagre_kernel_fn *of_text,
                                     eagre_kernel_fn *of_bytes, bool *out_is_binary,
                                     eagre_kernel_fn **out) {
  *out_is_binary = eagre_bind_kind(bind, 0) == EAGRE_TYPE_BINARY;
  *out = *out_is_binary ? of_bytes : of_text;
  return *out_is_binary ? EAGRE_OK : eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING);
}

enum eagre_status eagre_bind_substring(struct eagre_bind *bind, struct eagre_expression **out) {
  bool is_binary;
  eagre_kernel_fn *kernel;
  EAGRE_TRY(
      bind_either(bind, eagre_kernel_substring, eagre_kernel_substring_bytes, &is_binary, &kernel));
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_INT));
  }
  *out = eagre_bind_call(bind, bind->arguments[0]->type, kernel);
  return EAGRE_OK;
}

/* left of bytes is their substring from the first. */
enum eagre_status eagre_bind_left(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_BINARY) {
    int32_t one = 1;
    struct eagre_expression *first =
        eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &one, bind->position);
    struct eagre_expression *arguments[] = {bind->arguments[0], first, bind->arguments[1]};
    return eagre_bind_other(bind, "substring", arguments, 3, out);
  }
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), eagre_kernel_left);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_length(struct eagre_bind *bind, struct eagre_expression **out) {
  bool is_binary;
  eagre_kernel_fn *kernel;
  EAGRE_TRY(bind_either(bind, eagre_kernel_length, eagre_kernel_octet_length, &is_binary, &kernel));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_INT), kernel);
  return EAGRE_OK;
}

/* hex of a number is that of the two's complement of its BIGINT. */
enum eagre_status eagre_bind_hex(struct eagre_bind *bind, struct eagre_expression **out) {
  bool is_number = eagre_type_is_numeric(eagre_bind_kind(bind, 0));
  if (is_number) {
    EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_BIGINT)));
  } else if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_BINARY) {
    EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING),
                         is_number ? eagre_kernel_hex_integer : eagre_kernel_hex_bytes);
  return EAGRE_OK;
}
