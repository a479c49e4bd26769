/* VARIANT: the binary form of one value whose type is its own, as Spark and Parquet have it.
 *
 * In a vector a VARIANT is one `struct eagre_text`: the metadata (the dictionary of member names)
 * directly followed by the value. The metadata says how long it is, so the two are split for
 * Parquet and Delta without a search.
 *
 *   metadata  header byte (bits 0-3 version 1, bit 4 names are sorted, bits 6-7 offset size - 1),
 *             name count n, n + 1 offsets into the names, the names; all integers little-endian
 *   value     header byte: bits 0-1 the basic type, the others by it
 *     0 primitive     bits 2-7 which; then its bytes
 *     1 short string  bits 2-7 its size, at most 63 bytes
 *     2 object        bits 2-3 offset size - 1, 4-5 name id size - 1, bit 6 count has 4 bytes;
 *                     count n, n name ids in the order of the names, n + 1 offsets, the values
 *     3 array         bits 2-3 offset size - 1, bit 4 count has 4 bytes; count n, n + 1 offsets,
 *                     the values
 *
 * Every VARIANT inside Eagre is sound: it was made by the builder below, or has passed
 * `eagre_variant_check` where bytes of others come in. Readers rely on it. The builder puts the
 * names of an object in the order of Java's strings (UTF-16), as Spark does; others use the order
 * of bytes, which differs for U+E000 to U+FFFF beside what lies beyond. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "value/value.h"

enum {
  EAGRE_VARIANT_SIZE_MAX = 128 << 20, /* bytes of a metadata, and of a value: Spark's limit */
  EAGRE_VARIANT_DEPTH_MAX = 1000,     /* of objects and arrays in each other, as for JSON */
};

/* ---- Reading --------------------------------------------------------------------------------- */

/* A value or a part of one. Borrowed from the text it was opened from. */
struct eagre_variant {
  const uint8_t *metadata;
  const uint8_t *value;
};

enum eagre_variant_kind {
  EAGRE_VARIANT_NULL,
  EAGRE_VARIANT_BOOLEAN,
  EAGRE_VARIANT_INTEGER, /* of 1, 2, 4 or 8 bytes */
  EAGRE_VARIANT_FLOAT,
  EAGRE_VARIANT_DOUBLE,
  EAGRE_VARIANT_DECIMAL,
  EAGRE_VARIANT_DATE,
  EAGRE_VARIANT_TIMESTAMP,
  EAGRE_VARIANT_TIMESTAMP_NTZ,
  EAGRE_VARIANT_BINARY,
  EAGRE_VARIANT_STRING,
  EAGRE_VARIANT_OBJECT,
  EAGRE_VARIANT_ARRAY,
};

/* Bytes of others: OK when they are one sound VARIANT. DATA MALFORMED_VARIANT, and
 * UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT for primitives that Spark does not read (TIME, nanoseconds,
 * UUID). */
enum eagre_status eagre_variant_check(struct eagre_text metadata, struct eagre_text value,
                                      struct eagre_error *error);

struct eagre_variant eagre_variant_open(struct eagre_text text);
/* The first bytes of a VARIANT's text; the rest is the value. */
size_t eagre_variant_metadata_size(struct eagre_text text);

enum eagre_variant_kind eagre_variant_kind_of(struct eagre_variant variant);
/* What a primitive holds; the caller knows the kind. */
bool eagre_variant_boolean(struct eagre_variant variant);
int64_t eagre_variant_integer(struct eagre_variant variant); /* DATE, TIMESTAMP(_NTZ) too */
double eagre_variant_double(struct eagre_variant variant);
float eagre_variant_float(struct eagre_variant variant);
/* As it is stored, with zeros behind the point. */
eagre_decimal eagre_variant_decimal(struct eagre_variant variant, unsigned *out_scale);
/* The same without zeros behind the point; the scale is 0 for whole numbers. */
eagre_decimal eagre_variant_decimal_stripped(struct eagre_variant variant, unsigned *out_scale);
struct eagre_text eagre_variant_text(struct eagre_variant variant); /* STRING, BINARY */
/* Bytes of a primitive, its header included. */
size_t eagre_variant_primitive_size(struct eagre_variant variant);

/* An OBJECT or ARRAY opened for access to its members. */
struct eagre_variant_container {
  const uint8_t *metadata;
  const uint8_t *ids; /* NULL for an array */
  const uint8_t *offsets;
  const uint8_t *values;
  uint32_t count;
  uint8_t id_size;
  uint8_t offset_size;
};
struct eagre_variant_container eagre_variant_container_of(struct eagre_variant variant);
/* Member `index` < count; the name of a member of an object. */
struct eagre_variant eagre_variant_member(const struct eagre_variant_container *container,
                                          uint32_t index);
struct eagre_text eagre_variant_member_name(const struct eagre_variant_container *container,
                                            uint32_t index);
/* By the UTF-16 units of the names: negative, 0, positive. */
int eagre_variant_compare_names(struct eagre_text a, struct eagre_text b);
/* The member of an OBJECT with this very name. */
bool eagre_variant_find(struct eagre_variant object, struct eagre_text name,
                        struct eagre_variant *out);

/* Appends it as JSON, as to_json and CAST to STRING write it: members in the order of the names;
 * points in time as "2024-01-31 12:34:56.7+01:00", those without a zone without it, BINARY as
 * base64. */
void eagre_variant_print(struct eagre_variant variant, const struct eagre_zone *zone,
                         struct eagre_buffer *out);

/* ---- Building -------------------------------------------------------------------------------- */

/* Builds one value after the other; keeps its memory between them. All zero is ready for `begin`.
 * Members of a container are appended between `open` and `close`, each announced by `name` or
 * `element`:
 *
 *   struct eagre_variant_frame frame = eagre_variant_builder_open(builder);
 *   eagre_variant_builder_name(builder, &frame, EAGRE_TEXT("a"));
 *   eagre_variant_builder_integer(builder, 1);
 *   eagre_variant_builder_close_object(builder, &frame);
 *
 * Values beyond the size limit are built to the end, and refused by `finish`. */
struct eagre_variant_builder {
  struct eagre_buffer value;
  struct eagre_buffer names;   /* bytes of the dictionary's names */
  struct eagre_buffer keys;    /* struct eagre_variant_key, by id */
  struct eagre_buffer members; /* struct eagre_variant_entry of all open containers */
  uint64_t *slots;             /* hash table of ids: generation << 32 | id */
  uint32_t slot_mask;
  uint32_t generation;
};
struct eagre_variant_frame {
  size_t value_begin;  /* where the first member's value begins */
  size_t member_begin; /* in `members` */
};

/* Forgets the value before. */
void eagre_variant_builder_begin(struct eagre_variant_builder *builder);
void eagre_variant_builder_done(struct eagre_variant_builder *builder);

void eagre_variant_builder_null(struct eagre_variant_builder *builder);
void eagre_variant_builder_boolean(struct eagre_variant_builder *builder, bool value);
/* In the fewest bytes. */
void eagre_variant_builder_integer(struct eagre_variant_builder *builder, int64_t value);
void eagre_variant_builder_float(struct eagre_variant_builder *builder, float value);
void eagre_variant_builder_double(struct eagre_variant_builder *builder, double value);
/* |value| < 10^38, scale <= 38. */
void eagre_variant_builder_decimal(struct eagre_variant_builder *builder, eagre_decimal value,
                                   unsigned scale);
void eagre_variant_builder_date(struct eagre_variant_builder *builder, int32_t days);
void eagre_variant_builder_timestamp(struct eagre_variant_builder *builder, int64_t us);
void eagre_variant_builder_timestamp_ntz(struct eagre_variant_builder *builder, int64_t us);
void eagre_variant_builder_string(struct eagre_variant_builder *builder, struct eagre_text text);
void eagre_variant_builder_binary(struct eagre_variant_builder *builder, struct eagre_text bytes);
/* A copy of a value or part of another, with the names it needs. */
void eagre_variant_builder_copy(struct eagre_variant_builder *builder, struct eagre_variant from);
/* The number of a JSON token that has been checked, without its sign: "12", "1.50", "1e3". An
 * INTEGER, else a DECIMAL when it has no exponent and at most 38 digits, else a DOUBLE. */
void eagre_variant_builder_number(struct eagre_variant_builder *builder, struct eagre_text token,
                                  bool is_negative);

struct eagre_variant_frame eagre_variant_builder_open(struct eagre_variant_builder *builder);
void eagre_variant_builder_name(struct eagre_variant_builder *builder,
                                const struct eagre_variant_frame *frame, struct eagre_text name);
void eagre_variant_builder_element(struct eagre_variant_builder *builder,
                                   const struct eagre_variant_frame *frame);
/* False when a name stands twice: *out_name (may be NULL) tells which, valid until the next call;
 * nothing else may then be done with the builder but `begin`. */
bool eagre_variant_builder_close_object(struct eagre_variant_builder *builder,
                                        const struct eagre_variant_frame *frame,
                                        struct eagre_text *out_name);
void eagre_variant_builder_close_array(struct eagre_variant_builder *builder,
                                       const struct eagre_variant_frame *frame);

/* The size of the text of the finished value; 0 when the metadata or the value is larger than
 * EAGRE_VARIANT_SIZE_MAX. `write` puts it into `out`, which has that many bytes. */
size_t eagre_variant_builder_finish(struct eagre_variant_builder *builder);
void eagre_variant_builder_write(const struct eagre_variant_builder *builder, char *out);
