/* Kernels: loops over the rows of typed arrays, one call per instruction and batch.
 *
 * A kernel gets its arguments as vectors and makes `call->out`. Unless its function sees NULLs
 * (EAGRE_FUNCTION_NULLS), the caller has already
 *   - handled an argument that is a constant NULL (the kernel is not run),
 *   - set out->validity to the AND of the arguments' validity (possibly shared with an argument:
 *     change it only through eagre_kernel_set_null).
 * When all arguments are constants the kernel is run for one row and the result is made constant.
 * What stands at a null row is garbage: it may be computed with, but never reported. Texts at null
 * rows are readable.
 *
 * Failure: a loop accumulates a flag; only when it is set a second walk finds the rows that are not
 * null and calls eagre_kernel_fail for each, which gives the error, or NULL under TRY. */
#pragma once

#include "expression/expression_tree.h"

/* What a kernel keeps between batches (a compiled pattern, a decoder). All zero at first. */
struct eagre_kernel_state {
  void *data;
  void (*free)(void *data);
};

struct eagre_kernel_call {
  const struct eagre_expression *node;
  const struct eagre_vector *const *arguments;
  uint32_t row_count;
  struct eagre_vector *out;
  bool owns_validity; /* out->validity is not shared */
  struct eagre_arena *arena;
  const struct eagre_zone *zone;
  int64_t now_us;
  struct eagre_kernel_state *state;
  struct eagre_error *error;
};

/* Makes out->data for `row_count` rows of the node's type and returns it. Texts are not cleared. */
void *eagre_kernel_out(struct eagre_kernel_call *call);
/* The same, zeroed (so that texts of rows that are left out are empty). */
void *eagre_kernel_out_zeroed(struct eagre_kernel_call *call);

static inline bool eagre_kernel_is_live(const struct eagre_kernel_call *call, uint32_t row) {
  return call->out->validity == NULL || eagre_bit_get(call->out->validity, row);
}
void eagre_kernel_set_null(struct eagre_kernel_call *call, uint32_t row);
/* Row `row`, which must be live, failed: NULL under TRY, else the error. */
enum eagre_status eagre_kernel_fail(struct eagre_kernel_call *call, uint32_t row,
                                    const char *class_name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same where Spark fails without ANSI too: NULL under TRY only. */
enum eagre_status eagre_kernel_fail_strictly(struct eagre_kernel_call *call, uint32_t row,
                                             const char *class_name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* As eagre_kernel_fail, with Spark's sentence about overflow; `what` is "integer overflow" and so on, `instead`
 * the function that gives NULL, or NULL. */
enum eagre_status eagre_kernel_fail_overflow(struct eagre_kernel_call *call, uint32_t row,
                                             const char *what, const char *instead);

/* Element `row` of argument `index`, also when that is a constant. */
#define EAGRE_ARGUMENT(type, call, index, row)                                                     \
  (EAGRE_VALUES(type, (call)->arguments[index])[eagre_vector_index((call)->arguments[index], row)])

static inline struct eagre_text eagre_kernel_text(const struct eagre_kernel_call *call,
                                                  uint32_t index, uint32_t row) {
  return EAGRE_ARGUMENT(struct eagre_text, call, index, row);
}

static inline bool eagre_kernel_boolean(const struct eagre_kernel_call *call, uint32_t index,
                                        uint32_t row) {
  const struct eagre_vector *vector = call->arguments[index];
  return eagre_bit_get(vector->data, eagre_vector_index(vector, row));
}

/* ---- Text that kernels write ---------------------------------------------------------------- */

/* Bytes of a batch's new texts, taken from its arena in blocks with readable bytes behind them, as
 * the JSON decoder wants them. */
struct eagre_text_writer {
  struct eagre_arena *arena;
  char *next;
  char *end;
  size_t block_size;
};
void eagre_text_writer_init(struct eagre_text_writer *writer, struct eagre_arena *arena);
/* Room for `size` bytes. */
char *eagre_text_writer_reserve(struct eagre_text_writer *writer, size_t size);
/* The first `size` bytes of what was reserved last become a text. */
struct eagre_text eagre_text_writer_take(struct eagre_text_writer *writer, size_t size);
struct eagre_text eagre_text_writer_copy(struct eagre_text_writer *writer, struct eagre_text text);
