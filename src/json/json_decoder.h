/* What the implementations of the decoder share: the decoder, and one batch being decoded.
 *
 * An implementation decodes all rows of a batch (`decode_rows`). Whatever it does, the outcome of a
 * row is the one of `eagre_json_reference_row`; the fast implementations decide plainly good rows
 * themselves and pass every other row on.
 *
 * Invariant while rows are decoded: bit r of a slot's validity is set only after a value was
 * written to row r; rows that were not decoded yet are all zero. */
#pragma once

#include "json/json_lexer.h"
#include "json/json_plan.h"
#include "json/json_variant.h"

struct eagre_json_run;

struct eagre_json_implementation {
  const char *name;
  /* False when a row failed under FAILFAST; run->failure says which and why. */
  bool (*decode_rows)(struct eagre_json_run *run);
  /* State kept from batch to batch; both may be NULL. */
  void *(*memory_new)(void);
  void (*memory_free)(void *memory);
};

extern const struct eagre_json_implementation eagre_json_implementation_reference;
extern const struct eagre_json_implementation eagre_json_implementation_scalar;
extern const struct eagre_json_implementation eagre_json_implementation_avx2;

struct eagre_json_decoder {
  struct eagre_json_options options;
  const struct eagre_type *schema;
  const struct eagre_json_implementation *implementation;
  void *memory; /* of the implementation */
  struct eagre_arena arena;
  struct eagre_json_plan plan;
  bool *is_filled;   /* per top-level field: values go out */
  int corrupt_field; /* index of the corrupt column, -1 when there is none or it is not wanted */
  struct eagre_pattern *timestamp_pattern; /* NULL: no format given */
  struct eagre_pattern *timestamp_ntz_pattern;
  struct eagre_pattern *date_pattern;
  struct eagre_zone *utc; /* keeps the zones that dates name; for date_pattern only */
  struct eagre_json_lexer lexer;
  struct eagre_variant_builder variant; /* of the current VARIANT field */
  struct eagre_json_variant_scratch variant_scratch;
};

/* Why a row is malformed, for the error of FAILFAST. */
enum eagre_json_failure_kind {
  EAGRE_JSON_FAILURE_NONE,
  EAGRE_JSON_FAILURE_FIELD,  /* a value of the wrong type; other fields have their values */
  EAGRE_JSON_FAILURE_STRING, /* the same: a string where FLOAT or DOUBLE is expected */
  EAGRE_JSON_FAILURE_SYNTAX, /* broken JSON, or a root that is no object */
  EAGRE_JSON_FAILURE_ARRAY,  /* the root is an array */
};

struct eagre_json_failure {
  enum eagre_json_failure_kind kind;
  uint32_t row;
  const struct eagre_field *field; /* STRING only, as is `value` */
  struct eagre_text value;
};

enum {
  /* Beyond this size a record's memory is watched. Below it no record can exceed the limit. */
  EAGRE_JSON_LARGE_SIZE = 1 << 20,
  /* The texts made of a large record may exceed twice what is written by this much together;
   * a value that would take more is a bad field, as a string that is too long is. */
  EAGRE_JSON_EXTRA_SIZE_MAX = 16 << 20,
};

struct eagre_json_run {
  struct eagre_json_decoder *decoder;
  const struct eagre_vector *texts;
  uint32_t row_count;
  struct eagre_arena *arena;
  uint8_t *row_validity;            /* of the STRUCT itself */
  struct eagre_text *corrupt_texts; /* NULL when the corrupt column is not wanted */
  uint8_t *corrupt_validity;
  uint64_t malformed_count;
  struct eagre_json_failure failure; /* of the current row */
  size_t extra_size; /* of the current row: bytes of its texts beyond twice what is written */
};

static inline struct eagre_text eagre_json_run_text(const struct eagre_json_run *run,
                                                    uint32_t row) {
  const struct eagre_text *texts = EAGRE_VALUES(const struct eagre_text, run->texts);
  return texts[eagre_vector_index(run->texts, row)];
}

/* Takes back what was written for `row` in the slots of `object`. */
static inline void eagre_json_clear_row(const struct eagre_json_object *object, uint32_t row) {
  for (uint32_t slot = object->slot_begin; slot < object->slot_end; slot++) {
    eagre_bit_clear(object->slots[slot].validity, row);
  }
}
