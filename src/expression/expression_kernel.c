/* What every kernel uses: results, failures, texts. */
#include "expression/expression_kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expression/expression_bind.h"

/* ---- Results --------------------------------------------------------------------------------- */

void *eagre_kernel_out(struct eagre_kernel_call *call) {
  uint8_t *validity = call->out->validity;
  eagre_vector_init(call->out, call->node->type, call->row_count, call->arena);
  call->out->validity = validity;
  return call->out->data;
}

void *eagre_kernel_out_zeroed(struct eagre_kernel_call *call) {
  void *data = eagre_kernel_out(call);
  size_t width = eagre_type_width(call->node->type->kind);
  if (width > 0) memset(data, 0, width * call->row_count);
  return data;
}

static void own_validity(struct eagre_kernel_call *call) {
  if (call->owns_validity) return;
  const uint8_t *shared = call->out->validity;
  eagre_vector_add_validity(call->out, call->row_count, true, call->arena);
  if (shared != NULL) memcpy(call->out->validity, shared, eagre_bits_size(call->row_count));
  call->owns_validity = true;
}

void eagre_kernel_set_null(struct eagre_kernel_call *call, uint32_t row) {
  own_validity(call);
  eagre_bit_clear(call->out->validity, row);
}

/* ---- Failures -------------------------------------------------------------------------------- */

static enum eagre_status refuse_with(struct eagre_kernel_call *call, uint32_t row,
                                     const char *class_name, const char *format,
                                     va_list arguments) {
  char text[sizeof call->error->text];
  vsnprintf(text, sizeof text, format, arguments);
  enum eagre_status status = eagre_error_set(call->error, EAGRE_DATA, class_name, "%s", text);
  if (call->error != NULL) call->error->row = row;
  eagre_sql_place_unplaced(call->node->position, call->error);
  return status;
}

enum eagre_status eagre_kernel_fail(struct eagre_kernel_call *call, uint32_t row,
                                    const char *class_name, const char *format, ...) {
  if (call->node->is_try) {
    eagre_kernel_set_null(call, row);
    return EAGRE_OK;
  }
  va_list arguments;
  va_start(arguments, format);
  enum eagre_status status = refuse_with(call, row, class_name, format, arguments);
  va_end(arguments);
  return status;
}

enum eagre_status eagre_kernel_fail_strictly(struct eagre_kernel_call *call, uint32_t row,
                                             const char *class_name, const char *format, ...) {
  if (call->node->is_try && !call->node->is_legacy) {
    eagre_kernel_set_null(call, row);
    return EAGRE_OK;
  }
  va_list arguments;
  va_start(arguments, format);
  enum eagre_status status = refuse_with(call, row, class_name, format, arguments);
  va_end(arguments);
  return status;
}

enum eagre_status eagre_kernel_fail_overflow(struct eagre_kernel_call *call, uint32_t row,
                                             const char *what, const char *instead) {
  if (instead == NULL) {
    return eagre_kernel_fail(call, row, "ARITHMETIC_OVERFLOW", "%s.", what);
  }
  return eagre_kernel_fail(call, row, "ARITHMETIC_OVERFLOW",
                           "%s. Use '%s' to tolerate overflow and return NULL instead.", what,
                           instead);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

enum { BLOCK_SIZE_MIN = 1024, BLOCK_SIZE_MAX = 64 * 1024 };

void eagre_text_writer_init(struct eagre_text_writer *writer, struct eagre_arena *arena) {
  *writer = (struct eagre_text_writer){.arena = arena, .block_size = BLOCK_SIZE_MIN};
}

char *eagre_text_writer_reserve(struct eagre_text_writer *writer, size_t size) {
  if (writer->next == NULL || size > (size_t)(writer->end - writer->next)) {
    size_t block_size = size > writer->block_size ? size : writer->block_size;
    if (writer->block_size < BLOCK_SIZE_MAX) writer->block_size *= 2;
    writer->next = eagre_arena_allocate_vector(writer->arena, block_size);
    writer->end = writer->next + block_size;
  }
  return writer->next;
}

struct eagre_text eagre_text_writer_take(struct eagre_text_writer *writer, size_t size) {
  struct eagre_text text = {writer->next, size};
  writer->next += size;
  return text;
}

struct eagre_text eagre_text_writer_copy(struct eagre_text_writer *writer, struct eagre_text text) {
  char *copy = eagre_text_writer_reserve(writer, text.size);
  if (text.size > 0) memcpy(copy, text.data, text.size);
  return eagre_text_writer_take(writer, text.size);
}
