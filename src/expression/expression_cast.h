/* Casts of vectors: one function per pair of types, used by the kernel of CAST and, for the fields
 * of structs, by itself. */
#pragma once

#include "expression/expression_kernel.h"

/* Fills `out` (type and validity set, data made here) from `from`, which has `row_count` rows, or
 * one when it is a constant (`row_count` is 1 then). Failures go through `call`, whose
 * out->validity says which rows count; `out` is call->out except for fields. */
struct eagre_cast {
  struct eagre_kernel_call *call;
  const struct eagre_vector *from;
  struct eagre_vector *out;
  uint32_t row_count;
};
typedef enum eagre_status eagre_cast_fn(struct eagre_cast *cast);

struct eagre_cast_rule {
  eagre_cast_fn *run; /* NULL: there is no such cast */
  bool can_fail;
};
/* Kinds differ, or both are STRUCT. Without ANSI there are more. */
struct eagre_cast_rule eagre_cast_find(enum eagre_type_kind from, enum eagre_type_kind to,
                                       bool is_legacy);
/* One of the kinds is DECIMAL. */
struct eagre_cast_rule eagre_cast_find_decimal(enum eagre_type_kind from, enum eagre_type_kind to);
/* Whether a rule that can fail for some types cannot for these. */
bool eagre_cast_is_safe_decimal(const struct eagre_type *from, const struct eagre_type *to);
struct eagre_cast_rule eagre_cast_find_number(enum eagre_type_kind from, enum eagre_type_kind to);
/* Those that exist without ANSI only (expression_cast_legacy.c). */
struct eagre_cast_rule eagre_cast_find_legacy(enum eagre_type_kind from, enum eagre_type_kind to);
struct eagre_cast_rule eagre_cast_find_text(enum eagre_type_kind from, enum eagre_type_kind to);
struct eagre_cast_rule eagre_cast_find_interval(enum eagre_type_kind from, enum eagre_type_kind to);
struct eagre_cast_rule eagre_cast_find_time(enum eagre_type_kind from, enum eagre_type_kind to);

/* The array of `out`, made now. */
void *eagre_cast_out(struct eagre_cast *cast);
bool eagre_cast_is_live(const struct eagre_cast *cast, uint32_t row);
/* Whether it was bound without ANSI: integers that do not fit wrap. */
static inline bool eagre_cast_is_legacy(const struct eagre_cast *cast) {
  return cast->call->node->is_legacy;
}
void eagre_cast_set_null(struct eagre_cast *cast, uint32_t row);
/* Row `row` cannot be cast: NULL under TRY, else CAST_OVERFLOW or CAST_INVALID_INPUT with the value
 * as Spark prints it. */
enum eagre_status eagre_cast_fail_overflow(struct eagre_cast *cast, uint32_t row);
enum eagre_status eagre_cast_fail_invalid(struct eagre_cast *cast, uint32_t row);
/* Row `row` has too many digits for the DECIMAL it is cast to: NULL under TRY, else
 * NUMERIC_VALUE_OUT_OF_RANGE, or NUMERIC_OUT_OF_SUPPORTED_RANGE when for any DECIMAL. */
enum eagre_status eagre_cast_fail_range(struct eagre_cast *cast, uint32_t row);
enum eagre_status eagre_cast_fail_overlong(struct eagre_cast *cast, uint32_t row);
/* The same with a class and a reason of its own. */
enum eagre_status eagre_cast_fail(struct eagre_cast *cast, uint32_t row, const char *class_name,
                                  const char *reason);
