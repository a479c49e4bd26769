/* Door of the room `csv`: lines of CSV -> columns, and back, with the meaning of Spark 4.2, whose
 * parser is univocity's. A line is a record; values that hold line ends are not read.
 *
 * A decoder belongs to one thread; options may be shared. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "value/value.h"

enum eagre_csv_mode { EAGRE_CSV_PERMISSIVE, EAGRE_CSV_DROPMALFORMED, EAGRE_CSV_FAILFAST };

struct eagre_csv_options {
  struct eagre_text separator; /* default ","; any number of characters */
  char quote;                  /* default '"'; '\0': none */
  char escape;                 /* of a quote inside quotes; default '\\' */
  char escape_of_escape;       /* option charToEscapeQuoteEscaping; '\0': the escape, or none */
  char comment;                /* lines that begin with it are left out; '\0': none */
  bool trims_leading;
  bool trims_trailing;
  enum eagre_csv_mode mode;
  struct eagre_text null_value;          /* default "" */
  struct eagre_text empty_value;         /* what "" in quotes is; default "" */
  struct eagre_text written_empty_value; /* what an empty text is written as; default "\"\"" */
  bool quotes_all;                       /* option quoteAll, of writing */
  struct eagre_text nan_value;
  struct eagre_text positive_infinity;
  struct eagre_text negative_infinity;
  struct eagre_text date_format;      /* empty: the grammar of CAST */
  struct eagre_text timestamp_format; /* likewise */
  struct eagre_text corrupt_column;   /* default "_corrupt_record" */
  uint32_t columns_max;               /* default 20,480 */
  int64_t value_size_max;             /* in bytes; -1: no limit */
  struct eagre_text zone_name;        /* option timeZone, for the caller to open into `zone` */
  const struct eagre_zone *zone;      /* required when the schema has a TIMESTAMP */
  int64_t now_us;                     /* for time-only texts */
};
void eagre_csv_options_init(struct eagre_csv_options *options);
/* Sets one option by its Spark name, in any case, copied into `arena`. USAGE:
 * OPTION_VALUE_EXCEEDS_ONE_CHARACTER, INVALID_DELIMITER_VALUE.*, INVALID_OPTION_VALUE. */
enum eagre_status eagre_csv_option_set(struct eagre_csv_options *options, struct eagre_text name,
                                       struct eagre_text value, struct eagre_arena *arena,
                                       struct eagre_error *error);

/* Whether a line is no record: blank, or a comment. */
bool eagre_csv_is_skipped(const struct eagre_csv_options *options, struct eagre_text line);

struct eagre_csv_decoder;
/* A decoder of records of STRUCT type `schema`, all borrowed as long as the decoder. `wanted` (one
 * flag per field, NULL = all) says which fields are filled; as in Spark, the others are not even
 * checked, unless the corrupt column is among the wanted ones. USAGE
 * UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE, INVALID_CORRUPT_RECORD_TYPE, those of patterns. */
enum eagre_status eagre_csv_decoder_new(const struct eagre_type *schema,
                                        const struct eagre_csv_options *options, const bool *wanted,
                                        struct eagre_csv_decoder **out_decoder,
                                        struct eagre_error *error);
/* NULL is fine. */
void eagre_csv_decoder_free(struct eagre_csv_decoder *decoder);
/* Decodes lines that are records into `columns` (one per field; made here, memory from `arena`).
 * Texts may point into the lines. Bits of `keep` are cleared for records that DROPMALFORMED leaves
 * out. DATA with error->row: MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION (FAILFAST),
 * MALFORMED_CSV_RECORD (more values, or longer ones, than allowed). */
enum eagre_status eagre_csv_decode(struct eagre_csv_decoder *decoder,
                                   const struct eagre_text *lines, uint32_t line_count,
                                   struct eagre_vector *columns, uint8_t *keep,
                                   struct eagre_arena *arena, struct eagre_error *error);
/* Compares a header with the schema, ignoring case (option enforceSchema=false). DATA
 * _LEGACY_ERROR_TEMP_3241. */
enum eagre_status eagre_csv_check_header(struct eagre_csv_decoder *decoder, struct eagre_text line,
                                         struct eagre_error *error);

/* Appends row `row`, which is not NULL, of a vector of any type as Spark's writer prints it, before
 * it is put into quotes; `options->zone` is needed when there are timestamps. */
void eagre_csv_print_value(const struct eagre_csv_options *options,
                           const struct eagre_vector *vector, uint32_t row,
                           struct eagre_buffer *out);
/* Appends a value that is not NULL as it is written into a record, in quotes where it must be, and
 * without white space at its ends; the first of a record with a comment's character too. */
void eagre_csv_write_value(const struct eagre_csv_options *options, struct eagre_text value,
                           bool is_first, struct eagre_buffer *out);
/* The two together; a NULL is nothing. */
void eagre_csv_write_field(const struct eagre_csv_options *options,
                           const struct eagre_vector *vector, uint32_t row, bool is_first,
                           struct eagre_buffer *out);
