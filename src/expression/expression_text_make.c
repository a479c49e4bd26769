/* Functions that make new texts: pads, repeat, concat, replace, translate, reverse. They are
 * written to the batch's arena. */
#include "expression/expression_text.h"

#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_list.h"

enum eagre_status eagre_text_fail_size(struct eagre_kernel_call *call, uint32_t row) {
  return eagre_kernel_fail(call, row, "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
                           "Can't create a text of more than %d bytes in the function `%s`.",
                           EAGRE_TEXT_SIZE_MAX, call->node->function->info.name);
}

/* ---- Pad, repeat ---------------------------------------------------------------------------- */

/* `count` code points of `pad`, over and over. */
static char *put_padding(char *out, struct eagre_text pad, size_t pad_count, size_t count) {
  for (; count >= pad_count; count -= pad_count) {
    memcpy(out, pad.data, pad.size);
    out += pad.size;
  }
  size_t rest = eagre_text_offset(pad, count);
  memcpy(out, pad.data, rest);
  return out + rest;
}

static enum eagre_status pad_row(struct eagre_kernel_call *call, uint32_t row, bool is_left,
                                 struct eagre_text_writer *writer, struct eagre_text *out) {
  struct eagre_text text = eagre_kernel_text(call, 0, row);
  int32_t wanted = EAGRE_ARGUMENT(int32_t, call, 1, row);
  struct eagre_text pad =
      call->node->argument_count < 3 ? EAGRE_TEXT(" ") : eagre_kernel_text(call, 2, row);
  size_t count = eagre_text_count(text);
  if (wanted <= 0 || count >= (size_t)wanted || pad.size == 0) {
    *out = eagre_text_slice(text, 0, wanted);
    return EAGRE_OK;
  }
  size_t missing = (size_t)wanted - count;
  size_t pad_count = eagre_text_count(pad);
  size_t size_max = text.size + (missing / pad_count + 1) * pad.size;
  if (size_max > EAGRE_TEXT_SIZE_MAX) return eagre_text_fail_size(call, row);
  char *begin = eagre_text_writer_reserve(writer, size_max);
  char *next = begin;
  if (is_left) next = put_padding(next, pad, pad_count, missing);
  if (text.size > 0) memcpy(next, text.data, text.size);
  next += text.size;
  if (!is_left) next = put_padding(next, pad, pad_count, missing);
  *out = eagre_text_writer_take(writer, (size_t)(next - begin));
  return EAGRE_OK;
}

static enum eagre_status run_pad(struct eagre_kernel_call *call, bool is_left) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) {
      EAGRE_TRY(pad_row(call, row, is_left, &writer, &out[row]));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_lpad(struct eagre_kernel_call *call) {
  return run_pad(call, true);
}

enum eagre_status eagre_kernel_rpad(struct eagre_kernel_call *call) {
  return run_pad(call, false);
}

enum eagre_status eagre_kernel_repeat(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    int32_t times = EAGRE_ARGUMENT(int32_t, call, 1, row);
    if (times <= 0 || text.size == 0) continue;
    if (text.size > EAGRE_TEXT_SIZE_MAX / (size_t)times) {
      EAGRE_TRY(eagre_text_fail_size(call, row));
      continue;
    }
    char *next = eagre_text_writer_reserve(&writer, text.size * (size_t)times);
    for (int32_t i = 0; i < times; i++) {
      memcpy(next + (size_t)i * text.size, text.data, text.size);
    }
    out[row] = eagre_text_writer_take(&writer, text.size * (size_t)times);
  }
  return EAGRE_OK;
}

/* ---- Joining -------------------------------------------------------------------------------- */

/* Arguments become texts, or stay BINARY when all are. */
enum eagre_status eagre_bind_concat(struct eagre_bind *bind, struct eagre_expression **out) {
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    if (eagre_bind_kind(bind, i) == EAGRE_TYPE_ARRAY) return eagre_bind_array_concat(bind, out);
  }
  bool all_binary = bind->argument_count > 0;
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    all_binary = all_binary && eagre_bind_kind(bind, i) == EAGRE_TYPE_BINARY;
  }
  enum eagre_type_kind kind = all_binary ? EAGRE_TYPE_BINARY : EAGRE_TYPE_STRING;
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, kind));
  }
  *out = bind->argument_count == 0
             ? eagre_expression_new_text(bind->arena, kind, EAGRE_TEXT(""), bind->position)
             : eagre_bind_call(bind, eagre_type_of(kind), eagre_kernel_concat);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_concat(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  uint32_t count = call->node->argument_count;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
      size += eagre_kernel_text(call, i, row).size;
    }
    char *next = eagre_text_writer_reserve(&writer, size);
    for (uint32_t i = 0; i < count; i++) {
      struct eagre_text part = eagre_kernel_text(call, i, row);
      if (part.size > 0) memcpy(next, part.data, part.size);
      next += part.size;
    }
    out[row] = eagre_text_writer_take(&writer, size);
  }
  return EAGRE_OK;
}

/* Texts under way, with a separator between them. */
struct joining {
  struct eagre_buffer *text;
  struct eagre_text separator;
  bool is_empty; /* none was added yet */
};

/* A NULL is left out, separator and all. */
static void join_text(struct joining *joining, const struct eagre_vector *texts, uint32_t row) {
  if (eagre_vector_is_null(texts, row)) return;
  if (!joining->is_empty) eagre_buffer_append_text(joining->text, joining->separator);
  eagre_buffer_append_text(joining->text,
                           EAGRE_VALUES(struct eagre_text, texts)[eagre_vector_index(texts, row)]);
  joining->is_empty = false;
}

static void join_array(struct joining *joining, const struct eagre_vector *array, uint32_t row) {
  if (eagre_vector_is_null(array, row)) return;
  const struct eagre_list_range range = eagre_list_range_of(array, row);
  for (uint32_t i = 0; i < range.size; i++) {
    join_text(joining, &array->children[0], range.first + i);
  }
}

static enum eagre_status run_concat_ws(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer text = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_vector_is_null(call->arguments[0], row)) {
      eagre_kernel_set_null(call, row);
      continue;
    }
    struct joining joining = {&text, eagre_kernel_text(call, 0, row), true};
    eagre_buffer_clear(&text);
    for (uint32_t i = 1; i < call->node->argument_count; i++) {
      const struct eagre_vector *argument = call->arguments[i];
      if (argument->type->kind == EAGRE_TYPE_ARRAY) {
        join_array(&joining, argument, row);
      } else {
        join_text(&joining, argument, row);
      }
    }
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&text));
  }
  eagre_buffer_done(&text);
  return EAGRE_OK;
}

/* Texts, and arrays of what becomes a text by itself. */
enum eagre_status eagre_bind_concat_ws(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    const struct eagre_type *type = bind->arguments[i]->type;
    bool is_array = type->kind == EAGRE_TYPE_ARRAY;
    if (!eagre_bind_takes(bind, is_array ? type->fields[0].type : type, EAGRE_TYPE_STRING)) {
      return eagre_bind_unexpected(bind, i, "(\"ARRAY<STRING>\" or \"STRING\")");
    }
    EAGRE_TRY(eagre_bind_cast(bind, i, is_array ? eagre_type_array(bind->arena, text) : text));
  }
  *out = eagre_bind_call(bind, text, run_concat_ws);
  return EAGRE_OK;
}

/* ---- Replacing ------------------------------------------------------------------------------ */

static struct eagre_text replace_all(struct eagre_text text, struct eagre_text search,
                                     struct eagre_text with, struct eagre_buffer *buffer,
                                     struct eagre_text_writer *writer) {
  int64_t found = search.size == 0 ? -1 : eagre_text_find(text, search, 0);
  if (found < 0) return text;
  size_t from = 0;
  eagre_buffer_clear(buffer);
  for (; found >= 0; found = eagre_text_find(text, search, from)) {
    eagre_buffer_append(buffer, text.data + from, (size_t)found - from);
    eagre_buffer_append_text(buffer, with);
    from = (size_t)found + search.size;
  }
  eagre_buffer_append(buffer, text.data + from, text.size - from);
  return eagre_text_writer_copy(writer, eagre_buffer_text(buffer));
}

enum eagre_status eagre_kernel_replace(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  bool has_with = call->node->argument_count == 3;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text with = has_with ? eagre_kernel_text(call, 2, row) : EAGRE_TEXT("");
    out[row] = replace_all(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row), with,
                           &buffer, &writer);
  }
  eagre_buffer_done(&buffer);
  return EAGRE_OK;
}

/* The code point that stands in place of `point`: the one of the same number in `to`, nothing when
 * `to` is shorter, or itself. */
static struct eagre_text translate_point(struct eagre_text point, struct eagre_text from,
                                         struct eagre_text to) {
  size_t index = 0;
  for (size_t at = 0; at < from.size; index++) {
    size_t size = eagre_code_point_size((unsigned char)from.data[at]);
    if (size > from.size - at) size = from.size - at;
    if (eagre_text_equal((struct eagre_text){from.data + at, size}, point)) {
      return eagre_text_slice(to, (int64_t)index, (int64_t)index + 1);
    }
    at += size;
  }
  return point;
}

enum eagre_status eagre_kernel_translate(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    eagre_buffer_clear(&buffer);
    for (size_t at = 0; at < text.size;) {
      size_t size = eagre_code_point_size((unsigned char)text.data[at]);
      if (size > text.size - at) size = text.size - at;
      struct eagre_text point = {text.data + at, size};
      eagre_buffer_append_text(&buffer, translate_point(point, eagre_kernel_text(call, 1, row),
                                                        eagre_kernel_text(call, 2, row)));
      at += size;
    }
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&buffer));
  }
  eagre_buffer_done(&buffer);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_reverse(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    char *end = eagre_text_writer_reserve(&writer, text.size) + text.size;
    for (size_t at = 0; at < text.size;) {
      size_t size = eagre_code_point_size((unsigned char)text.data[at]);
      if (size > text.size - at) size = text.size - at;
      end -= size;
      memcpy(end, text.data + at, size);
      at += size;
    }
    out[row] = eagre_text_writer_take(&writer, text.size);
  }
  return EAGRE_OK;
}

/* ---- Binding of pads ------------------------------------------------------------------------ */

static enum eagre_status bind_pad(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                  struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_BINARY)
    return eagre_bind_unexpected(bind, 0, "\"STRING\"");
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  if (bind->argument_count == 3) EAGRE_TRY(eagre_bind_parameter(bind, 2, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_lpad(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_pad(bind, eagre_kernel_lpad, out);
}

enum eagre_status eagre_bind_rpad(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_pad(bind, eagre_kernel_rpad, out);
}
