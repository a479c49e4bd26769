/* Rows for the writer drivers, told as JSON so that the test that made them can compare.
 *
 * A type is Spark's JSON of a type ("long", {"type":"struct",...}). A value is
 *   BOOLEAN true, integers, DATE (days) and TIMESTAMP (microseconds) numbers, floats numbers or
 *   "NaN", "Infinity", "-Infinity", STRING a string, BINARY a string of hexadecimal digits, STRUCT
 * an array of its fields, ARRAY an array, MAP an array of [key, value]; null anywhere. The drivers
 * are test programs: they end with a message on anything they do not understand. */
#pragma once

#include "base/base.h"
#include "column/column.h"
#include "json/json.h"

/* Ends the program. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the program when `status` is not OK. */
void check(enum eagre_status status, const struct eagre_error *error);

/* All of standard input. */
void read_input(struct eagre_buffer *out);
/* Takes the next line off `*text`; false at the end. */
bool take_line(struct eagre_text *text, struct eagre_text *out_line);
const struct eagre_json_node *read_json(struct eagre_arena *arena, struct eagre_text text);

/* Members of the header line; `otherwise` when absent. */
int64_t get_integer(const struct eagre_json_node *object, const char *name, int64_t otherwise);
bool get_flag(const struct eagre_json_node *object, const char *name);
/* NULL when absent. */
const char *get_string(const struct eagre_json_node *object, const char *name,
                       struct eagre_arena *arena);

const struct eagre_type *read_type(struct eagre_arena *arena, const struct eagre_json_node *node);

/* A vector of `count` rows from their nodes. With `finds_constants`, a column of equal values
 * becomes a constant. */
void build_vector(struct eagre_arena *arena, const struct eagre_type *type,
                  const struct eagre_json_node *const *nodes, uint32_t count, bool finds_constants,
                  struct eagre_vector *out);
/* The columns of rows given as lines; returns how many rows there were, at most `row_count_max`. */
uint32_t build_columns(struct eagre_arena *arena, const struct eagre_type *schema,
                       struct eagre_text *lines, uint32_t row_count_max, bool finds_constants,
                       struct eagre_vector **out_columns);
