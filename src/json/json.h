/* Door of the room `json`: bytes -> columns, columns -> bytes.
 *
 * The decoder is directed by a schema: it knows the wanted members, their types and where each
 * goes, and never builds a tree. Three implementations must agree byte for byte on every input
 * (verdict, values, corrupt column):
 *   1. `reference`: strict, scalar, byte at a time; the definition.
 *   2. `fast` over scalar primitives and 3. `fast` over AVX2 primitives: a record is first guessed
 *      to have the shape of one before it, two records at a time; else it is walked member by
 *      member; anything unusual (errors, duplicate members, values of the wrong type) is decided by
 *      the reference code.
 * Rules: spark-semantics 5.1-5.5. Every syntax error makes the whole row NULL; a value of the wrong
 * type, or a string that is too long, only its field. One decoder belongs to one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "value/value.h"

enum eagre_json_mode { EAGRE_JSON_PERMISSIVE, EAGRE_JSON_FAILFAST };

/* Whether a date or timestamp that misses its format is tried once more with from_json's fallback
 * grammar. AUTO: when no format was given. */
enum eagre_json_fallback {
  EAGRE_JSON_FALLBACK_AUTO,
  EAGRE_JSON_FALLBACK_ON,
  EAGRE_JSON_FALLBACK_OFF,
};

/* `eagre_json_options_init` sets Spark's defaults. */
struct eagre_json_options {
  enum eagre_json_mode mode;
  struct eagre_text corrupt_column; /* default _corrupt_record */
  bool allow_comments;
  bool allow_unquoted_field_names;
  bool allow_single_quotes; /* default true */
  bool allow_numeric_leading_zeros;
  bool allow_non_numeric_numbers; /* default true */
  bool allow_backslash_any;
  bool allow_unquoted_control_chars;
  bool keep_tokens;                   /* a STRING keeps a value that is no string as it is written
                                         (JSON files) instead of having it re-written (from_json) */
  bool is_bare;                       /* texts are values of the one field (decoder_new) */
  uint32_t nesting_depth_max;         /* default 1000 */
  uint32_t number_size_max;           /* default 1000 */
  uint32_t string_size_max;           /* default 20,000,000 */
  struct eagre_text timestamp_format; /* empty: CAST grammar with fallback */
  struct eagre_text timestamp_ntz_format; /* of a TIMESTAMP_NTZ; empty: CAST's, without a zone */
  struct eagre_text date_format;
  enum eagre_json_fallback datetime_fallback; /* option enableDateTimeParsingFallback */
  struct eagre_text
      single_variant_column;     /* the VARIANT that takes whole records, for the caller to
                                              make a schema of; empty: none */
  struct eagre_text zone_name;   /* option timeZone, for the caller to open into `zone` */
  const struct eagre_zone *zone; /* required when the schema has a TIMESTAMP or TIMESTAMP_NTZ */
  int64_t now_us;                /* batch timestamp, for time-only texts */
};
void eagre_json_options_init(struct eagre_json_options *options);
/* Sets one option by its Spark name (case-insensitive) and text value, copied into `arena`. USAGE
 * errors name the option, the allowed values and the nearest spelling; options that only concern
 * files (multiLine, encoding, lineSep, compression) are accepted and ignored, as Spark's function
 * does; what is not supported yet is refused by name. */
enum eagre_status eagre_json_option_set(struct eagre_json_options *options, struct eagre_text name,
                                        struct eagre_text value, struct eagre_arena *arena,
                                        struct eagre_error *error);

enum eagre_json_isa {
  EAGRE_JSON_ISA_BEST,
  EAGRE_JSON_ISA_REFERENCE,
  EAGRE_JSON_ISA_SCALAR,
  EAGRE_JSON_ISA_AVX2,
};

struct eagre_json_decoder;

/* With options->is_bare the texts are not objects but the value of the schema's one field, an
 * ARRAY, a MAP or a VARIANT: that is what comes back in children[0], NULL for a malformed text.
 *
 * A decoder of records of STRUCT type `schema` (borrowed, as is options->zone). `wanted` (one
 * flag per top-level field, NULL = all) says which fields are filled; the others come back as
 * constant NULL vectors but are still checked for syntax and, when the schema has the corrupt
 * column among the wanted ones, for type. `isa` BEST picks by the CPU and the environment variable
 * EAGRE_JSON (reference, scalar, avx2). USAGE: an ISA this machine lacks, a type that is not
 * supported, a corrupt column that is not STRING. */
enum eagre_status eagre_json_decoder_new(const struct eagre_type *schema,
                                         const struct eagre_json_options *options,
                                         const bool *wanted, enum eagre_json_isa isa,
                                         struct eagre_json_decoder **out_decoder,
                                         struct eagre_error *error);
void eagre_json_decoder_free(struct eagre_json_decoder *decoder);
/* For records that carry a new batch timestamp. */
void eagre_json_decoder_set_now(struct eagre_json_decoder *decoder, int64_t now_us);
/* "reference", "scalar" or "avx2": what BEST chose. */
const char *eagre_json_decoder_isa(const struct eagre_json_decoder *decoder);

/* Decodes `row_count` texts (a STRING vector; NULL rows give NULL structs) into the STRUCT vector
 * `out` (made here, memory from `arena`). Strings without escapes point into the input, which must
 * have 64 readable bytes behind every text and outlive `out`; others live in `arena`. A row that
 * is empty or white space gives a NULL struct; a malformed one all-NULL fields and the corrupt
 * column, or, with FAILFAST, DATA MALFORMED_RECORD_IN_PARSING.* with error->row.
 * `out_malformed_count` (may be NULL) counts malformed rows. */
enum eagre_status eagre_json_decode(struct eagre_json_decoder *decoder,
                                    const struct eagre_vector *texts, uint32_t row_count,
                                    struct eagre_vector *out, struct eagre_arena *arena,
                                    uint64_t *out_malformed_count, struct eagre_error *error);

/* Which of `row_count` texts (a STRING or BINARY vector, 64 readable bytes behind each) may have a
 * string with the content `needle`: a bit for each that has these bytes anywhere, or a backslash,
 * behind which they may be written in another way. NULL has none; some without are told, too. Of a
 * long needle its beginning is looked for. `needle` is ASCII and not empty. */
enum { EAGRE_JSON_NEEDLE_SIZE_MAX = 32 };
void eagre_json_find_needle(struct eagre_text needle, const struct eagre_vector *texts,
                            uint32_t row_count, uint8_t *out_rows);

/* parse_json: strict JSON, whatever stands behind the value, into `builder`, which is begun here
 * and is to be finished by the caller when the result is OK. A parser belongs to one thread. */
enum eagre_json_variant_result {
  EAGRE_JSON_VARIANT_OK,
  EAGRE_JSON_VARIANT_MALFORMED, /* no JSON, or nothing but white space */
  EAGRE_JSON_VARIANT_DUPLICATE, /* a name stands twice in an object */
};
struct eagre_json_variant_parser;
struct eagre_json_variant_parser *eagre_json_variant_parser_new(void);
void eagre_json_variant_parser_free(struct eagre_json_variant_parser *parser);
enum eagre_json_variant_result eagre_json_variant_parse(struct eagre_json_variant_parser *parser,
                                                        struct eagre_text text,
                                                        struct eagre_variant_builder *builder);

/* Splits a buffer into lines (\n, \r\n and \r) for NDJSON and text files. Returns the number of
 * lines written to `out_lines` (at most `line_count_max`); *out_consumed is the number of bytes
 * used. A last line without newline is given only when `is_last`. `*out_is_ascii`: all of the lines
 * are ASCII for sure. */
uint32_t eagre_json_split_lines(const char *data, size_t size, bool is_last,
                                struct eagre_text *out_lines, uint32_t line_count_max,
                                size_t *out_consumed, bool *out_is_ascii);

/* get_json_object (spark-semantics 5.7). A compiled path; NULL means a path that never matches. */
struct eagre_json_path;
struct eagre_json_path *eagre_json_path_new(struct eagre_text path);
void eagre_json_path_free(struct eagre_json_path *path);
/* Appends the result to `out` and returns true, or returns false for SQL NULL. */
bool eagre_json_path_get(const struct eagre_json_path *path, struct eagre_text json,
                         struct eagre_buffer *out);
/* The colon operator on a STRING (spark-semantics 5.8), compiled from the text after the colon
 * ("a.b[0]['c']"). An identifier takes the first member it equals exactly, or else the only one it
 * equals ignoring case (several: NULL). [*] always gives an array, null for elements in which the
 * rest of the path finds nothing. USAGE PARSE_SYNTAX_ERROR when it is no path. */
enum eagre_status eagre_json_colon_path_new(struct eagre_text path,
                                            struct eagre_json_path **out_path,
                                            struct eagre_error *error);

/* Calls `put` for every member of the object that the text begins with, in order. False when there
 * is no object or it is malformed; `put` may have been called by then. Names point into the text or
 * live in `arena`. */
typedef void eagre_json_key_fn(void *context, struct eagre_text name);
bool eagre_json_object_keys(struct eagre_text json, struct eagre_arena *arena,
                            eagre_json_key_fn *put, void *context);

/* The value of a member: bytes [begin, end) of a buffer, when it is there and not null. */
struct eagre_json_member_text {
  bool is_there;
  size_t begin;
  size_t end;
};
/* json_tuple: appends to `out` the values of the members `names` (no data: none) of the object that
 * the text begins with, strings by their content, others as compact JSON; the last member of a name
 * counts. False, and nothing is there, when there is no object or it is malformed. `arena` is for
 * names with escapes. */
bool eagre_json_members(struct eagre_text json, const struct eagre_text *names, uint32_t count,
                        struct eagre_json_member_text *out_members, struct eagre_arena *arena,
                        struct eagre_buffer *out);

/* to_json (spark-semantics 5.6): appends row `row` of a STRUCT vector as one compact object. */
struct eagre_json_write_options {
  const struct eagre_zone *zone;
  bool keep_nulls; /* ignoreNullFields = false */
  bool is_pretty;  /* a line per member, as Jackson's pretty printer */
  const struct eagre_pattern *timestamp_pattern;     /* NULL: yyyy-MM-dd'T'HH:mm:ss.SSSXXX */
  const struct eagre_pattern *timestamp_ntz_pattern; /* NULL: yyyy-MM-dd'T'HH:mm:ss.SSS */
  const struct eagre_pattern *date_pattern;          /* NULL: yyyy-MM-dd */
  const struct eagre_zone *date_zone;                /* UTC; required with the two above */
  /* Called in the middle of a value when `out` has become large, to write its content away and
   * clear it: a long string is then never there as a whole. NULL: everything stays in `out`. */
  void (*drain)(void *context, struct eagre_buffer *out);
  void *drain_context;
};
void eagre_json_write_struct(const struct eagre_vector *vector, uint32_t row,
                             const struct eagre_json_write_options *options,
                             struct eagre_buffer *out);
/* Any single value, as a member of such an object would be written (NULL: `null`). */
void eagre_json_write_value(const struct eagre_vector *vector, uint32_t row,
                            const struct eagre_json_write_options *options,
                            struct eagre_buffer *out);

/* A small strict reader for our own documents (offsets, Delta log lines, options). Builds a tree
 * in `arena`; numbers keep their text. */
enum eagre_json_kind {
  EAGRE_JSON_NULL,
  EAGRE_JSON_FALSE,
  EAGRE_JSON_TRUE,
  EAGRE_JSON_NUMBER,
  EAGRE_JSON_STRING,
  EAGRE_JSON_ARRAY,
  EAGRE_JSON_OBJECT,
};
struct eagre_json_node {
  enum eagre_json_kind kind;
  struct eagre_text name; /* when a member of an object, unescaped */
  struct eagre_text text; /* NUMBER: token; STRING: unescaped value; ARRAY, OBJECT: raw text */
  struct eagre_json_node *child; /* first element or member */
  struct eagre_json_node *next;  /* next sibling */
};
/* Texts without escapes point into `text`. Malformed text gives USAGE, class MALFORMED_JSON, with
 * the byte position in the sentence. */
enum eagre_status eagre_json_read(struct eagre_arena *arena, struct eagre_text text,
                                  const struct eagre_json_node **out_root,
                                  struct eagre_error *error);
/* The member `name` of an object, or NULL. */
const struct eagre_json_node *eagre_json_member(const struct eagre_json_node *object,
                                                const char *name);
/* The number as int64; false when it is not an integer in range. */
bool eagre_json_integer(const struct eagre_json_node *node, int64_t *out_value);
