/* What a file says about itself: the footer, and the header in front of each page.
 *
 * Everything is taken from bytes that may be damaged. Here only the form is checked (types,
 * required fields, signs, counts within the bytes that hold them); whether numbers fit each other
 * is checked where they are used. Texts are borrowed from the bytes read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "parquet/parquet_format.h"

struct eagre_parquet_logical {
  int32_t kind; /* enum eagre_parquet_logical_type, or one we do not know */
  int32_t bit_width;
  bool is_signed;
  bool is_utc;
  int32_t unit; /* enum eagre_parquet_time_unit */
  int32_t precision;
  int32_t scale;
};

/* A node of the schema, depth first. */
struct eagre_parquet_element {
  int32_t physical;   /* enum eagre_parquet_type; -1 of a group */
  int32_t length;     /* of FIXED_LEN_BYTE_ARRAY */
  int32_t repetition; /* enum eagre_parquet_repetition */
  struct eagre_text name;
  int32_t child_count;
  int32_t converted; /* enum eagre_parquet_converted_type */
  int32_t precision;
  int32_t scale;
  struct eagre_parquet_logical logical;
};

/* Statistics of a chunk; a count that is not known is -1. */
struct eagre_parquet_bounds {
  bool has_minimum;
  bool has_maximum;
  bool is_legacy; /* the deprecated ones, ordered as signed numbers whatever the type */
  struct eagre_text minimum;
  struct eagre_text maximum;
  int64_t null_count;
  int64_t nan_count;
};

struct eagre_parquet_stored_chunk {
  bool has_metadata;
  bool is_encrypted;
  bool is_elsewhere; /* in another file */
  int32_t physical;
  int32_t codec;
  int64_t value_count; /* NULLs count */
  int64_t compressed_size;
  int64_t uncompressed_size;
  int64_t data_page_offset;
  int64_t dictionary_page_offset; /* 0: none */
  struct eagre_parquet_bounds bounds;
};

struct eagre_parquet_stored_group {
  int64_t row_count;
  uint32_t chunk_count;
  struct eagre_parquet_stored_chunk *chunks;
};

struct eagre_parquet_metadata {
  int64_t row_count;
  uint32_t element_count;
  struct eagre_parquet_element *elements;
  uint32_t group_count;
  struct eagre_parquet_stored_group *groups;
  /* Leaf by leaf: whether minimum and maximum follow the order of the type. */
  uint32_t order_count;
  bool *has_type_order;
  bool is_encrypted;
};

/* Reads FileMetaData. What is wrong with it, or NULL; everything lives in `arena`. */
const char *eagre_parquet_metadata_read(struct eagre_parquet_metadata *metadata,
                                        struct eagre_text bytes, struct eagre_arena *arena);

struct eagre_parquet_page_header {
  int32_t type; /* enum eagre_parquet_page_type, or one we do not know */
  int32_t uncompressed_size;
  int32_t compressed_size;
  bool has_checksum;
  uint32_t checksum;
  bool has_body; /* the header that belongs to `type` */
  int32_t value_count;
  int32_t encoding;
  int32_t definition_encoding; /* v1 */
  int32_t repetition_encoding;
  int32_t definitions_size; /* v2 */
  int32_t repetitions_size;
  bool is_compressed;
};

enum eagre_parquet_header_result {
  EAGRE_PARQUET_HEADER_OK,
  EAGRE_PARQUET_HEADER_CUT, /* not whole: perhaps with more bytes */
  EAGRE_PARQUET_HEADER_WRONG,
};
/* Reads the PageHeader that `bytes` begins with. */
enum eagre_parquet_header_result
eagre_parquet_page_header_read(struct eagre_parquet_page_header *header, struct eagre_text bytes,
                               size_t *out_size);
