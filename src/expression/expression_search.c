/* Functions that measure and search texts: lengths, positions, prefixes. */
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* ---- Lengths -------------------------------------------------------------------------------- */

enum eagre_status eagre_kernel_length(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = (int32_t)eagre_text_count(eagre_kernel_text(call, 0, row));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_octet_length(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = (int32_t)eagre_kernel_text(call, 0, row).size;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_bit_length(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = (int32_t)(eagre_kernel_text(call, 0, row).size * 8);
  }
  return EAGRE_OK;
}

/* ---- Positions ------------------------------------------------------------------------------ */

/* The code point (from 1) where `what` begins at or after code point `from` (from 0); 0 when it is
 * not there. An empty text is found at once, wherever the search begins. */
static int32_t find_position(struct eagre_text text, struct eagre_text what, size_t from) {
  if (what.size == 0) return 1;
  int64_t at = eagre_text_find(text, what, eagre_text_offset(text, from));
  if (at < 0) return 0;
  return (int32_t)eagre_text_count((struct eagre_text){text.data, (size_t)at}) + 1;
}

enum eagre_status eagre_kernel_instr(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = find_position(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row), 0);
  }
  return EAGRE_OK;
}

/* Sees NULLs: a position that is NULL finds nothing, as in Hive. */
enum eagre_status eagre_kernel_locate(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  bool has_from = call->node->argument_count == 3;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (has_from && eagre_vector_is_null(call->arguments[2], row)) continue;
    if (eagre_vector_is_null(call->arguments[0], row) ||
        eagre_vector_is_null(call->arguments[1], row)) {
      eagre_kernel_set_null(call, row);
      continue;
    }
    int32_t from = has_from ? EAGRE_ARGUMENT(int32_t, call, 2, row) : 1;
    if (from < 1) continue;
    out[row] = find_position(eagre_kernel_text(call, 1, row), eagre_kernel_text(call, 0, row),
                             (size_t)from - 1);
  }
  return EAGRE_OK;
}

/* ---- Prefixes and suffixes ------------------------------------------------------------------ */

enum eagre_status eagre_kernel_startswith(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    eagre_bit_put(
        out, row,
        eagre_text_starts_with(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row)));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_endswith(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    eagre_bit_put(
        out, row,
        eagre_text_ends_with(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row)));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_contains(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t at =
        eagre_text_find(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row), 0);
    eagre_bit_put(out, row, at >= 0);
  }
  return EAGRE_OK;
}

/* ---- Lists with commas ---------------------------------------------------------------------- */

static int32_t find_in_list(struct eagre_text what, struct eagre_text list) {
  if (eagre_text_find(what, EAGRE_TEXT(","), 0) >= 0) return 0;
  size_t from = 0;
  for (int32_t place = 1;; place++) {
    int64_t comma = eagre_text_find(list, EAGRE_TEXT(","), from);
    size_t end = comma < 0 ? list.size : (size_t)comma;
    if (eagre_text_equal(what, (struct eagre_text){list.data + from, end - from})) return place;
    if (comma < 0) return 0;
    from = end + 1;
  }
}

enum eagre_status eagre_kernel_find_in_set(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = find_in_list(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row));
  }
  return EAGRE_OK;
}
