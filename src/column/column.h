/* Door of the room `column`: types, vectors and batches, the shape of all data inside Eagre.
 *
 * Layout is Arrow's (fixed width values, validity bitmaps, struct children) with one exception: a
 * STRING or BINARY value is a `struct eagre_text`, a pointer and a size, so that it can point into
 * the fetch buffer (docs/decisions/0003).
 *
 * Batch life (one owner at any time; hand-over clears the giver's variable):
 *
 *   FREE -> FILLING (source) -> SEALED (stages, one after the other) -> FREE
 *
 * A batch owns an arena. Everything its vectors point to lives in that arena, in its block, in
 * the backing that `release_backing` frees (a fetch buffer, Kafka messages), or longer. Operators
 * replace columns of a batch in place and allocate new ones from the same arena; nothing is freed
 * before the batch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum {
  EAGRE_BATCH_ROWS_MAX = 4096,
};

/* ---- Types ---------------------------------------------------------------------------------- */

/* All of Spark's types have a kind, so that one that is not supported yet is refused by name. */
enum eagre_type_kind {
  EAGRE_TYPE_NULL,          /* the type of a bare NULL literal ("void") */
  EAGRE_TYPE_BOOLEAN,       /* bitmap */
  EAGRE_TYPE_TINYINT,       /* int8_t */
  EAGRE_TYPE_SMALLINT,      /* int16_t */
  EAGRE_TYPE_INT,           /* int32_t */
  EAGRE_TYPE_BIGINT,        /* int64_t */
  EAGRE_TYPE_FLOAT,         /* float */
  EAGRE_TYPE_DOUBLE,        /* double */
  EAGRE_TYPE_STRING,        /* struct eagre_text, UTF-8 by convention, not validated */
  EAGRE_TYPE_BINARY,        /* struct eagre_text */
  EAGRE_TYPE_DATE,          /* int32_t, days since 1970-01-01 */
  EAGRE_TYPE_TIMESTAMP,     /* int64_t, microseconds since 1970-01-01T00:00:00Z */
  EAGRE_TYPE_STRUCT,        /* children */
  EAGRE_TYPE_INTERVAL_DAY,  /* int64_t, microseconds; days to seconds */
  EAGRE_TYPE_DECIMAL,       /* eagre_decimal, value * 10^scale */
  EAGRE_TYPE_TIMESTAMP_NTZ, /* int64_t, microseconds of wall-clock time since 1970-01-01 00:00:00 */
  EAGRE_TYPE_INTERVAL_YEAR, /* int32_t, months; years to months */
  EAGRE_TYPE_ARRAY,
  EAGRE_TYPE_MAP,
  EAGRE_TYPE_VARIANT, /* struct eagre_text, metadata and value (value/value_variant.h) */
  EAGRE_TYPE_count
};

/* What a DECIMAL value is: the digits of DECIMAL(p, s) as an integer, |value| < 10^p. */
typedef __int128 eagre_decimal;
enum { EAGRE_DECIMAL_PRECISION_MAX = 38 };

struct eagre_type;

struct eagre_field {
  struct eagre_text name;
  const struct eagre_type *type;
  bool nullable;
};

/* The units of intervals. A type has the largest and the smallest: INTERVAL DAY TO HOUR. */
enum eagre_interval_unit {
  EAGRE_INTERVAL_YEAR,
  EAGRE_INTERVAL_MONTH,
  EAGRE_INTERVAL_DAY,
  EAGRE_INTERVAL_HOUR,
  EAGRE_INTERVAL_MINUTE,
  EAGRE_INTERVAL_SECOND,
  EAGRE_INTERVAL_UNIT_count
};

/* Immutable once made. Primitive types are the constants below: compare kinds, or use
 * `eagre_type_equal`. */
struct eagre_type {
  enum eagre_type_kind kind;
  uint8_t precision;    /* DECIMAL; of an interval its largest unit */
  uint8_t scale;        /* DECIMAL; of an interval its smallest unit */
  uint32_t field_count; /* STRUCT; 1 for ARRAY ("element"), 2 for MAP ("key", "value") */
  const struct eagre_field *fields;
};

/* The one constant type of a primitive kind (asserted), process lifetime. Of the interval kinds it
 * is the widest: YEAR TO MONTH, DAY TO SECOND. */
const struct eagre_type *eagre_type_of(enum eagre_type_kind kind);
/* DECIMAL(precision, scale) in `arena`; 1 <= precision <= 38, scale <= precision. */
const struct eagre_type *eagre_type_decimal(struct eagre_arena *arena, unsigned precision,
                                            unsigned scale);
/* The constant interval type from unit `first` to `last`: both of years and months or both of days
 * to seconds, and first not behind last (asserted). */
const struct eagre_type *eagre_type_interval(enum eagre_interval_unit first,
                                             enum eagre_interval_unit last);
/* INTERVAL_YEAR or INTERVAL_DAY. */
bool eagre_type_is_interval(enum eagre_type_kind kind);
/* "DAY TO SECOND", "YEAR": the units of an interval type. */
void eagre_type_print_units(struct eagre_buffer *buffer, const struct eagre_type *type);
/* A STRUCT type in `arena`; `fields` is copied, names and types are borrowed. */
const struct eagre_type *eagre_type_struct(struct eagre_arena *arena,
                                           const struct eagre_field *fields, uint32_t field_count);
/* An ARRAY or MAP type in `arena`, of the fields that vectors need; element and value are nullable.
 */
const struct eagre_type *eagre_type_array(struct eagre_arena *arena,
                                          const struct eagre_type *element);
const struct eagre_type *eagre_type_map(struct eagre_arena *arena, const struct eagre_type *key,
                                        const struct eagre_type *value);
/* Deep copy into `arena`, so that a schema can outlive where it was parsed. */
const struct eagre_type *eagre_type_copy(struct eagre_arena *arena, const struct eagre_type *type);
/* Structural equality; names compare exactly, nullability is ignored. */
bool eagre_type_equal(const struct eagre_type *a, const struct eagre_type *b);
bool eagre_type_is_integral(enum eagre_type_kind kind); /* TINYINT .. BIGINT */
bool eagre_type_is_numeric(enum eagre_type_kind kind);  /* integral, FLOAT, DOUBLE, DECIMAL */
static inline bool eagre_type_is_list(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_ARRAY || kind == EAGRE_TYPE_MAP;
}
/* Whether values are of struct eagre_text: STRING, BINARY, VARIANT. */
static inline bool eagre_type_is_text(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BINARY || kind == EAGRE_TYPE_VARIANT;
}
/* Whether it is of the kind, or holds values that are, at any depth. */
bool eagre_type_holds(const struct eagre_type *type, enum eagre_type_kind kind);
/* Bytes per value in `data`; 0 for BOOLEAN (bitmap), STRUCT and NULL (no data). */
uint32_t eagre_type_width(enum eagre_type_kind kind);
/* "INT", "STRUCT<a: INT, b: STRING>": as Spark prints types in errors (upper case). */
void eagre_type_print(struct eagre_buffer *buffer, const struct eagre_type *type);
/* "int", "struct<a:int,b:string>": Spark's catalog string (typeof()). */
void eagre_type_print_catalog(struct eagre_buffer *buffer, const struct eagre_type *type);
/* Field index by name: exact (JSON members) or ignoring ASCII case (SQL). -1 when absent, -2 when
 * more than one matches ignoring case. */
int eagre_type_find_field(const struct eagre_type *type, struct eagre_text name, bool ignore_case);
/* Reads a type from DDL text: a column list "a INT, b STRUCT<c: STRING> NOT NULL COMMENT 'x'"
 * (colons optional) or a single type; a list may also be one "STRUCT<...>". Result and names live
 * in `arena`. USAGE errors with line, column and length within `ddl`: PARSE_SYNTAX_ERROR,
 * PARSE_EMPTY_STATEMENT, UNCLOSED_BRACKETED_COMMENT, INVALID_IDENTIFIER, UNSUPPORTED_DATATYPE (with
 * the type's name). Names may repeat, as in Spark. `error` may be NULL. */
enum eagre_status eagre_type_parse_columns(struct eagre_arena *arena, struct eagre_text ddl,
                                           const struct eagre_type **out_struct,
                                           struct eagre_error *error);
enum eagre_status eagre_type_parse(struct eagre_arena *arena, struct eagre_text ddl,
                                   const struct eagre_type **out_type, struct eagre_error *error);
/* Whether a value of this kind can be computed today. True for the intervals and NULL too, which
 * expressions know and tables do not. */
bool eagre_type_is_supported(enum eagre_type_kind kind);

/* ---- Vectors -------------------------------------------------------------------------------- */

/* One column of a batch.
 *   - `validity` NULL means that every row is valid; else bit i says whether row i has a value.
 *     What stands in `data` for a null row is unspecified but readable (strings: any valid text).
 *   - `is_constant`: one value (row 0 of data and validity) stands for all rows. The children of a
 *     constant STRUCT are constants too, so that extracting a field needs no special case.
 *   - BOOLEAN data is a bitmap. STRUCT has `children` (as many as the type has fields), each with
 *     as many rows; a null struct row has unspecified children, so a reader must look at the
 *     struct's validity first (extracting a field ANDs them).
 *   - ARRAY and MAP: row i holds rows [offsets[i], offsets[i + 1]) of children[0] (element, or key)
 *     and, for a MAP, children[1] (value). Their types carry fields "element", or "key" and
 *     "value". Ranges of rows follow one another; a null row may have one too, whose elements are
 *     readable but mean nothing (`eagre_vector_tighten` removes them). Children are no constants,
 *     also those of a constant. A vector holds at most INT32_MAX elements (asserted).
 *   - NULL kind: no data, every row null, validity ignored.
 * Memory comes from `eagre_arena_allocate_vector`: 64-byte aligned, 64 readable bytes behind. */
struct eagre_vector {
  const struct eagre_type *type;
  uint8_t *validity;
  void *data;
  int32_t *offsets; /* ARRAY, MAP only: one more than there are rows */
  struct eagre_vector *children;
  bool is_constant;
};

/* The index into data and validity of row `row`. */
static inline uint32_t eagre_vector_index(const struct eagre_vector *vector, uint32_t row) {
  return vector->is_constant ? 0 : row;
}

static inline bool eagre_vector_is_null(const struct eagre_vector *vector, uint32_t row) {
  if (vector->type->kind == EAGRE_TYPE_NULL) return true;
  return vector->validity != NULL &&
         !eagre_bit_get(vector->validity, eagre_vector_index(vector, row));
}

/* Typed views of `data`; the caller knows the type. */
#define EAGRE_VALUES(type, vector) ((type *)(vector)->data)

/* Makes `vector` hold `row_count` rows of `type`, data uninitialised (BOOLEAN zeroed), validity
 * NULL, children made recursively. Rows of an ARRAY or MAP are empty: offsets are zero and children
 * have no rows, until the caller puts its own in their place. */
void eagre_vector_init(struct eagre_vector *vector, const struct eagre_type *type,
                       uint32_t row_count, struct eagre_arena *arena);
/* Gives the vector a validity bitmap of `row_count` bits, all set to `valid`. */
void eagre_vector_add_validity(struct eagre_vector *vector, uint32_t row_count, bool valid,
                               struct eagre_arena *arena);
/* Marks one row null; adds the bitmap (of `row_count` ones) first when there is none. */
void eagre_vector_set_null(struct eagre_vector *vector, uint32_t row, uint32_t row_count,
                           struct eagre_arena *arena);
/* A vector of `row_count` NULLs of `type` (as a constant). */
void eagre_vector_init_null(struct eagre_vector *vector, const struct eagre_type *type,
                            struct eagre_arena *arena);
/* out = the rows of `from` listed in `rows` (strings keep pointing where they did). `out` gets its
 * own memory from `arena`; a constant stays a constant. */
void eagre_vector_gather(struct eagre_vector *out, const struct eagre_vector *from,
                         const uint32_t *rows, uint32_t row_count, struct eagre_arena *arena);
/* Writes row i of `from` to row rows[i] of `into`; both have the same type, `into` is no constant.
 * `into_count` is the number of rows of `into` (for its bitmap). */
void eagre_vector_scatter(struct eagre_vector *into, uint32_t into_count,
                          const struct eagre_vector *from, const uint32_t *rows, uint32_t row_count,
                          struct eagre_arena *arena);
/* Replaces a constant, and constants among the children of a STRUCT, by `row_count` equal rows. */
void eagre_vector_flatten(struct eagre_vector *vector, uint32_t row_count,
                          struct eagre_arena *arena);
/* Elements of row `row` of an ARRAY or MAP; of a null row unspecified. */
uint32_t eagre_vector_list_size(const struct eagre_vector *vector, uint32_t row);
/* Makes the rows of an ARRAY or MAP (one row of a constant) hold all elements of its children from
 * the first on, and null rows none; returns how many elements that are. */
uint32_t eagre_vector_tighten(struct eagre_vector *vector, uint32_t row_count,
                              struct eagre_arena *arena);
/* Appends rows [from_row, from_row + count) of `from` to `into` at row `into_row`; `into` was made
 * by `eagre_vector_init` with at least into_row + count rows (`into_capacity`). With `copy_text`
 * the bytes of strings are copied into `arena`. Rows of an ARRAY or MAP, also inside a STRUCT, must
 * be appended from the first to the last; those left out are empty. */
void eagre_vector_append(struct eagre_vector *into, uint32_t into_row, uint32_t into_capacity,
                         const struct eagre_vector *from, uint32_t from_row, uint32_t count,
                         bool copy_text, struct eagre_arena *arena);

/* ---- Batches -------------------------------------------------------------------------------- */

/* Where the rows came from, for error messages, lag and dead letters. All borrowed from the batch.
 */
struct eagre_origin {
  struct eagre_text topic; /* topic, or file path; empty when there is none */
  int32_t partition;       /* -1 for a file */
  const int64_t *offsets;  /* offset of each *source* row, or line numbers from 1; may be NULL */
  /* Of a part of a file, whose lines are counted from its first: turns such a number into the
   * file's, for which it may have to read the file. False when it cannot. NULL: they are that. */
  bool (*resolve)(const void *part, int64_t *number);
  const void *part;   /* lives as long as the epoch */
  uint32_t source;    /* number of the source in its query */
  int64_t written_ms; /* when the first row was written, since 1970; <= 0: not known */
  int64_t read_us;    /* when the rows were read, monotonic */
  /* Raw record of each *source* row, for dead letters. `values` NULL: not kept; `keys` NULL: there
   * are none; a validity NULL: each row has one. */
  const struct eagre_text *keys;
  const struct eagre_text *values;
  const uint8_t *key_validity;
  const uint8_t *value_validity;
};

struct eagre_batch {
  uint32_t row_count;
  uint32_t column_count;
  struct eagre_vector *columns;
  struct eagre_arena arena;
  struct eagre_origin origin;
  /* Row of the source behind each row, after filtering; NULL when nothing was removed. */
  uint32_t *origin_rows;
  /* Frees what the rows point to (Kafka messages, a read buffer); may be NULL. Called once. */
  void (*release_backing)(void *backing);
  void *backing;
  /* Bytes of the batch's own that rows point to: a source that reads into a buffer swaps it for
   * this one, whose memory the last rows are done with. Kept over resets, unless it has become
   * very large. */
  struct eagre_buffer block;
  uint64_t source_bytes;         /* raw bytes behind this batch, for metrics and limits */
  struct eagre_batch *next;      /* for lists while the batch has one owner */
  struct eagre_batch_pool *pool; /* where `eagre_batch_free` puts it; NULL: back to the heap */
};

/* A new empty batch. Freed with `eagre_batch_free`. */
struct eagre_batch *eagre_batch_new(void);
/* Releases the backing and gives the batch back to its pool or frees it; NULL is fine. */
void eagre_batch_free(struct eagre_batch *batch);
/* Batches of one thread that are filled and freed in turn, so that their memory stays warm. All
 * zero is an empty pool; it must outlive its batches, which are freed on its thread. With a ring
 * they are freed on one other thread, which gives them back through it; the ring is the
 * caller's. */
struct eagre_batch_pool {
  struct eagre_batch *free;
  uint32_t free_count;
  struct eagre_ring *returned;
};
/* An empty batch of the pool. */
struct eagre_batch *eagre_batch_pool_acquire(struct eagre_batch_pool *pool);
/* Puts a batch of the pool back on the pool's own thread, ring or not; NULL is fine. */
void eagre_batch_pool_release(struct eagre_batch_pool *pool, struct eagre_batch *batch);
/* Frees the batches that are in the pool. No other thread may give one back any more. */
void eagre_batch_pool_done(struct eagre_batch_pool *pool);
/* Releases the backing, empties the arena and keeps its memory: ready to be filled again. */
void eagre_batch_reset(struct eagre_batch *batch);
/* Makes `column_count` zeroed vectors in the batch's arena; sets row_count. */
void eagre_batch_set_columns(struct eagre_batch *batch, uint32_t column_count, uint32_t row_count);
/* Keeps only the rows whose bit is set in `keep` (compacts every column and `origin_rows`). */
void eagre_batch_filter(struct eagre_batch *batch, const uint8_t *keep);
/* The offset of a row or its line in the file; false when it is not known. */
bool eagre_batch_find_offset(const struct eagre_batch *batch, int64_t row, int64_t *out_offset);
/* "topic t, partition p, offset o" or "file f, line n" of a row, into `error`'s place. */
void eagre_batch_place(const struct eagre_batch *batch, int64_t row, struct eagre_error *error);
