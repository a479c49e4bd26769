/* Door of the room `expression`: typed expressions, the function table, evaluation over batches,
 * and the accumulators of aggregates.
 *
 * Life of an expression:
 *   1. `plan` builds a bound tree with the constructors below. Each checks its arguments, adds the
 *      implicit casts of Spark's coercion and computes the result type; wrong use is a USAGE error
 *      with Spark's class (DATATYPE_MISMATCH.*, WRONG_NUM_ARGS, UNRESOLVED_ROUTINE with the nearest
 *      name) at `position`.
 *   2. `eagre_program_new` compiles trees into a flat program: constant parts folded, equal parts
 *      shared, one instruction per call over registers that are vectors.
 *   3. `eagre_program_run` evaluates it over one batch. One program belongs to one thread.
 *
 * ANSI is on unless the session says otherwise: overflow, bad casts and division by zero are DATA
 * errors with class, SQL position and row. A call bound without ANSI gives NULL there, and
 * integers wrap modulo 2^n; that is decided when it is bound. Arguments that Spark evaluates
 * lazily (AND, OR, CASE, IF, COALESCE, NVL, TRY_*) are evaluated only for the rows that need them,
 * so `x <> 0 AND 1 / x > 2` never fails. NULL in, NULL out unless a function says otherwise. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "sql/sql.h"
#include "value/value.h"

struct eagre_expression; /* bound, immutable, lives in the arena it was made in */

/* What binding and evaluation need to know of the session. Borrowed for the life of programs. */
struct eagre_expression_session {
  const struct eagre_zone *zone;
  bool is_legacy;       /* spark.sql.ansi.enabled is false */
  bool malformed_fails; /* from_json and from_csv fail on bad records in every mode */
};

/* ---- Building (any thread; one arena, one thread) ------------------------------------------- */

enum eagre_status eagre_expression_literal(struct eagre_arena *arena,
                                           const struct eagre_sql_expression *literal,
                                           const struct eagre_expression_session *session,
                                           struct eagre_expression **out,
                                           struct eagre_error *error);
struct eagre_expression *eagre_expression_column(struct eagre_arena *arena, uint32_t index,
                                                 const struct eagre_type *type,
                                                 struct eagre_sql_position position);
/* Field `index` of a STRUCT value. */
struct eagre_expression *eagre_expression_field(struct eagre_arena *arena,
                                                struct eagre_expression *value, uint32_t index,
                                                struct eagre_sql_position position);
/* A scalar function or operator by name ("+", "upper", "from_json", "named_struct" ...). Text that
 * a function needs at plan time (schemas, patterns, paths) must be a literal after folding. */
enum eagre_status eagre_expression_call(struct eagre_arena *arena, struct eagre_text function,
                                        struct eagre_expression *const *arguments,
                                        uint32_t argument_count,
                                        const struct eagre_expression_session *session,
                                        struct eagre_sql_position position,
                                        struct eagre_expression **out, struct eagre_error *error);
/* CAST / TRY_CAST. */
enum eagre_status eagre_expression_cast(struct eagre_arena *arena, struct eagre_expression *value,
                                        const struct eagre_type *type, bool is_try,
                                        const struct eagre_expression_session *session,
                                        struct eagre_sql_position position,
                                        struct eagre_expression **out, struct eagre_error *error);
/* The cast that Spark makes of an argument for a parameter of `type`; USAGE
 * DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE when it makes none. */
enum eagre_status eagre_expression_coerce(struct eagre_arena *arena, struct eagre_expression *value,
                                          const struct eagre_type *type,
                                          const struct eagre_expression_session *session,
                                          struct eagre_sql_position position,
                                          struct eagre_expression **out, struct eagre_error *error);
/* The type that values of both types become where they meet (CASE, UNION); NULL when there is none.
 * Rules: spark-semantics 10. */
const struct eagre_type *
eagre_expression_common_type(struct eagre_arena *arena, const struct eagre_type *a,
                             const struct eagre_type *b,
                             const struct eagre_expression_session *session);
/* CASE WHEN c1 THEN v1 ... [ELSE e] END; `arguments` as in the syntax tree without operand. */
enum eagre_status eagre_expression_case(struct eagre_arena *arena,
                                        struct eagre_expression *const *arguments,
                                        uint32_t argument_count, bool has_else,
                                        const struct eagre_expression_session *session,
                                        struct eagre_sql_position position,
                                        struct eagre_expression **out, struct eagre_error *error);
/* value:path on a STRING. */
enum eagre_status eagre_expression_colon(struct eagre_arena *arena, struct eagre_expression *value,
                                         struct eagre_text path, struct eagre_sql_position position,
                                         struct eagre_expression **out, struct eagre_error *error);
/* value[index] of an ARRAY (from 0) or a MAP. */
enum eagre_status eagre_expression_subscript(
    struct eagre_arena *arena, struct eagre_expression *value, struct eagre_expression *index,
    const struct eagre_expression_session *session, struct eagre_sql_position position,
    struct eagre_expression **out, struct eagre_error *error);
/* Field `index` of every element of an ARRAY of STRUCTs: an ARRAY. */
struct eagre_expression *eagre_expression_array_field(struct eagre_arena *arena,
                                                      struct eagre_expression *value,
                                                      uint32_t index,
                                                      struct eagre_sql_position position);

/* Lambdas: x -> body. A function that takes one wants it in certain places
 * (`eagre_function_takes_lambda`); the body is bound with a variable for each parameter, of the
 * types that `eagre_expression_lambda_types` tells, and handed to eagre_expression_call as the
 * argument that `eagre_expression_lambda` makes. Variables are numbered on from those of the
 * lambdas around. `arguments` are those before the place, `index` their count; they may get
 * implicit
 * casts. *out_count gets `given_count` where the function leaves a choice; given_count 0 takes all
 * there can be (at most 3). USAGE INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH. */
bool eagre_function_takes_lambda(struct eagre_text function, uint32_t index);
enum eagre_status eagre_expression_lambda_types(
    struct eagre_arena *arena, struct eagre_text function, struct eagre_expression **arguments,
    uint32_t index, uint32_t given_count, const struct eagre_expression_session *session,
    struct eagre_sql_position position, const struct eagre_type **out_types, uint32_t *out_count,
    struct eagre_error *error);
struct eagre_expression *eagre_expression_variable(struct eagre_arena *arena, uint32_t number,
                                                   const struct eagre_type *type,
                                                   struct eagre_text name,
                                                   struct eagre_sql_position position);
struct eagre_expression *eagre_expression_lambda(struct eagre_arena *arena,
                                                 struct eagre_expression *body,
                                                 struct eagre_expression *const *variables,
                                                 uint32_t count,
                                                 struct eagre_sql_position position);
/* STRUCT of named values: struct(...), named_struct(...). `names` are used as given. */
struct eagre_expression *eagre_expression_struct(struct eagre_arena *arena,
                                                 struct eagre_expression *const *values,
                                                 const struct eagre_text *names, uint32_t count,
                                                 struct eagre_sql_position position);
/* to_json(struct(*)) over `columns`. */
struct eagre_expression *
eagre_expression_row_as_json(struct eagre_arena *arena, const struct eagre_type *columns,
                             const struct eagre_expression_session *session,
                             struct eagre_sql_position position);
/* Tumbling and sliding windows: [start + k * slide, start + k * slide + duration) for every k. */
struct eagre_window {
  int64_t duration_us;
  int64_t slide_us; /* > 0 */
  int64_t start_us;
};
/* The most windows that hold one timestamp. */
uint32_t eagre_window_count(const struct eagre_window *window);
/* The window number `ordinal` (0 = latest) that holds the timestamp (spark-semantics 3.4); false
 * when that ordinal does not hold it. */
bool eagre_window_find(const struct eagre_window *window, int64_t ordinal, int64_t timestamp_us,
                       int64_t *out_start_us, int64_t *out_end_us);
/* The same of a TIMESTAMP, as STRUCT<start TIMESTAMP, end TIMESTAMP>; NULL where there is none. The
 * caller has checked the constraints. */
struct eagre_expression *eagre_expression_window(struct eagre_arena *arena,
                                                 struct eagre_expression *timestamp,
                                                 const struct eagre_window *window,
                                                 uint32_t ordinal,
                                                 struct eagre_sql_position position);
/* The slice that holds `timestamp`, as such a STRUCT: the widest stretch of time that no window
 * begins or ends in, so that its rows are in the same windows as its start. NULL where the first
 * window would be. */
struct eagre_expression *eagre_expression_slice(struct eagre_arena *arena,
                                                struct eagre_expression *timestamp,
                                                const struct eagre_window *window,
                                                struct eagre_sql_position position);
/* The session a row opens, [timestamp, timestamp + gap), as STRUCT<start TIMESTAMP, end TIMESTAMP>;
 * NULL when there is none because a part is NULL, the gap no interval or the end not behind the
 * start. The gap is a STRING, or NULL for the constant of `gap_months` and `gap_us`. */
struct eagre_expression *eagre_expression_session(struct eagre_arena *arena,
                                                  struct eagre_expression *timestamp,
                                                  struct eagre_expression *gap, int64_t gap_months,
                                                  int64_t gap_us,
                                                  struct eagre_sql_position position);

const struct eagre_type *eagre_expression_type(const struct eagre_expression *expression);
struct eagre_sql_position eagre_expression_position(const struct eagre_expression *expression);
/* Whether it has a constant value, and that value as a constant vector (folded with the session;
 * current_timestamp() is not constant). DATA errors of the folding are reported, USAGE as
 * eagre_expression_check_value. */
bool eagre_expression_is_constant(const struct eagre_expression *expression);
enum eagre_status eagre_expression_fold(struct eagre_arena *arena,
                                        const struct eagre_expression *expression,
                                        const struct eagre_expression_session *session,
                                        struct eagre_vector *out, struct eagre_error *error);
/* Whether values of the type can be compared: all but MAP, VARIANT and what holds one. */
bool eagre_expression_is_ordered(const struct eagre_type *type);
/* USAGE UNSUPPORTED_DATATYPE when it, or a value inside a struct it makes, has a type that cannot
 * be computed (SELECT INTERVAL 1 MONTH). To be asked of every tree before it is
 * compiled, else the program gives this error when it runs. */
enum eagre_status eagre_expression_check_value(const struct eagre_expression *expression,
                                               struct eagre_error *error);
/* If it is just column `index` (possibly through no-op casts): true. */
bool eagre_expression_is_column(const struct eagre_expression *expression, uint32_t *out_index);
/* If it is a column or a chain of casts of one: true. */
bool eagre_expression_is_cast_column(const struct eagre_expression *expression,
                                     uint32_t *out_index);
/* If it is window_time(column `index`): true. */
bool eagre_expression_is_window_time(const struct eagre_expression *expression,
                                     uint32_t *out_index);
/* Marks in `used` (one flag per input column) every column it reads. */
void eagre_expression_mark_columns(const struct eagre_expression *expression, bool *used);
/* Lists what is not NULL in any row of which the condition is true: columns, and where it reads
 * fields of a column (o.a.b) those. At most `count_max`, some perhaps twice; returns how many. */
uint32_t eagre_expression_list_not_null(struct eagre_expression *condition,
                                        struct eagre_expression **out, uint32_t count_max);
/* A copy whose column i reads column map[i]. */
struct eagre_expression *eagre_expression_remap(struct eagre_arena *arena,
                                                const struct eagre_expression *expression,
                                                const uint32_t *map);
/* When it reads only single fields of STRUCT column `column` (never the whole), marks them in
 * `used_fields` and returns true; false when the whole struct is needed. */
bool eagre_expression_mark_fields(const struct eagre_expression *expression, uint32_t column,
                                  bool *used_fields);
/* A copy of a from_json call that fills only the marked fields (others NULL); any other expression
 * is returned unchanged. */
struct eagre_expression *eagre_expression_prune_json(struct eagre_arena *arena,
                                                     struct eagre_expression *expression,
                                                     const bool *used_fields);
/* What the text of a from_json must hold for a filter above it. */
struct eagre_needle {
  uint32_t column;        /* the text, a STRING or BINARY of the from_json's input */
  struct eagre_text text; /* it, or a backslash, stands in every text that passes; empty: none */
};
/* When rows pass `conditions`, which read what the from_json `json` gives as column `index` and are
 * asked one after the other, only where a STRING in it equals a literal: true, and the longest of
 * these. Not where a row without it would fail before, nor where the STRING may come of a value of
 * another kind. */
bool eagre_expression_find_needle(struct eagre_expression *const *conditions, uint32_t count,
                                  uint32_t index, const struct eagre_expression *json,
                                  struct eagre_needle *out);
/* Splits a AND b AND ... into its conjuncts (at most `count_max`, the rest stays joined in the
 * last); returns how many. */
uint32_t eagre_expression_split_and(struct eagre_expression *condition,
                                    struct eagre_expression **out, uint32_t count_max);
/* When it is a = b or a <=> b: true, and its sides, which have one type. */
bool eagre_expression_is_equality(const struct eagre_expression *expression,
                                  struct eagre_expression **out_left,
                                  struct eagre_expression **out_right, bool *out_is_null_safe);
/* `column` OP `constant`, or `column` IS [NOT] NULL. */
enum eagre_condition_kind {
  EAGRE_CONDITION_EQUAL,
  EAGRE_CONDITION_LESS,
  EAGRE_CONDITION_LESS_OR_EQUAL,
  EAGRE_CONDITION_GREATER,
  EAGRE_CONDITION_GREATER_OR_EQUAL,
  EAGRE_CONDITION_IS_NULL,
  EAGRE_CONDITION_IS_NOT_NULL,
};
struct eagre_condition {
  enum eagre_condition_kind kind;
  uint32_t column;
  const struct eagre_expression *constant; /* not folded; NULL for IS [NOT] NULL */
};
/* False when it is neither. `constant` OP `column` is turned round. */
bool eagre_expression_read_condition(const struct eagre_expression *expression,
                                     struct eagre_condition *out);
/* A sum of TIMESTAMP columns, each added or taken away, and a constant. */
enum { EAGRE_TIME_SUM_COLUMNS = 8 };
struct eagre_time_sum {
  struct {
    uint32_t column;
    bool is_negative;
  } columns[EAGRE_TIME_SUM_COLUMNS];
  uint32_t column_count;
  double constant_us;
};
/* When it compares two such sums: true, and the lesser side minus the greater, which is less than 0
 * (*out_is_strict) or at most 0. */
bool eagre_expression_time_difference(const struct eagre_expression *condition,
                                      struct eagre_time_sum *out, bool *out_is_strict);
/* Whether it gives the same value for the same row in every batch. */
bool eagre_expression_is_deterministic(const struct eagre_expression *expression);
/* Whether a from_json is anywhere inside: too dear to be evaluated twice. */
bool eagre_expression_has_json(const struct eagre_expression *expression);
/* A copy in which column i is replaced by replacements[i]. */
struct eagre_expression *eagre_expression_substitute(struct eagre_arena *arena,
                                                     const struct eagre_expression *expression,
                                                     struct eagre_expression *const *replacements);
bool eagre_expression_equal(const struct eagre_expression *a, const struct eagre_expression *b);
/* SQL text as EXPLAIN shows it. `column_name` (may be NULL: #index) names input columns. */
void eagre_expression_print(const struct eagre_expression *expression,
                            const struct eagre_type *input_columns, struct eagre_buffer *out);

/* ---- Functions table ------------------------------------------------------------------------ */

struct eagre_function_info {
  const char *name;
  const char *usage; /* "upper(str)" */
  const char *text;  /* one sentence */
  const char *group; /* "string", "date and time", "aggregate", ... */
  bool is_aggregate;
};
/* Every function in order of name; *out_count rows. For SHOW FUNCTIONS and docs/reference. */
const struct eagre_function_info *eagre_function_list(uint32_t *out_count);
bool eagre_function_is_aggregate(struct eagre_text name);
bool eagre_function_exists(struct eagre_text name);

/* ---- Running -------------------------------------------------------------------------------- */

struct eagre_program;

struct eagre_program_context {
  int64_t batch_timestamp_us; /* current_timestamp(), now(), current_date() */
};

/* Compiles `count` expressions over input columns of STRUCT type `input`. Never fails for trees
 * made by the constructors above. */
struct eagre_program *eagre_program_new(const struct eagre_type *input,
                                        struct eagre_expression *const *expressions, uint32_t count,
                                        const struct eagre_expression_session *session);
void eagre_program_free(struct eagre_program *program);
/* Evaluates over the batch's columns; `out` gets `count` vectors (memory from the batch's arena;
 * they may alias input columns, and may be constants). Errors: DATA with class, line, column, row.
 * Texts of columns that from_json reads must have 64 readable bytes behind them (json.h); all that
 * this room writes have. Results may point into literals of the expressions, so these must live as
 * long as the batches. */
enum eagre_status eagre_program_run(struct eagre_program *program, struct eagre_batch *batch,
                                    const struct eagre_program_context *context,
                                    struct eagre_vector *out, struct eagre_error *error);
/* Evaluates one BOOLEAN expression; the rows where it is true as a bitmap (NULL = false). */
enum eagre_status eagre_program_run_filter(struct eagre_program *program, struct eagre_batch *batch,
                                           const struct eagre_program_context *context,
                                           uint8_t **out_keep, struct eagre_error *error);

/* ---- Searches -------------------------------------------------------------------------------- */

/* A regular expression of Java's dialect for single texts, as RLIKE has it for columns. One thread
 * at a time. */
struct eagre_search;
/* USAGE INVALID_PARAMETER_VALUE.PATTERN, without a place. */
enum eagre_status eagre_search_new(struct eagre_text pattern, struct eagre_search **out,
                                   struct eagre_error *error);
void eagre_search_free(struct eagre_search *search);
/* Whether the pattern is anywhere in `subject`. DATA FAILED_FUNCTION_CALL when finding out takes
 * too many steps. */
enum eagre_status eagre_search_find(struct eagre_search *search, struct eagre_text subject,
                                    bool *out_found, struct eagre_error *error);

/* ---- Aggregates ------------------------------------------------------------------------------ */

struct eagre_aggregate_kernels; /* private to this room */

/* An aggregate bound to its arguments. Its accumulator is `accumulator_size` bytes (a multiple of
 * 8, all zero = nothing seen). It holds no pointers but `text_count` consecutive
 * `struct eagre_text` that begin at `text_offset`: the greatest text, a list, a set, a sketch.
 * Their bytes
 *   - live in the arena given to update and merge, which is the pane's (state.h),
 *   - may be moved and stored by the state table between two calls, so nothing in them is an
 *     address, and behind them is the room that `eagre_arena_copy_growing` leaves,
 *   - grow by doubling: what they leave behind in the arena is at most as much as they hold, and
 *     what a smaller or greater value replaces is given back by `eagre_state_begin_epoch`. */
struct eagre_aggregate {
  const struct eagre_function_info *info;
  const struct eagre_aggregate_kernels *kernels;
  const struct eagre_type *argument_type; /* of what is evaluated per row; NULL for count(*) */
  const struct eagre_type *input_type;    /* of the first argument; NULL for count(*) */
  const struct eagre_type *result_type;
  uint32_t accumulator_size;
  uint32_t text_offset;
  uint32_t text_count;
  uint32_t input_count; /* arguments that are evaluated; constants stand behind them */
  bool is_packed;       /* they are evaluated as a STRUCT; a NULL row of it does not count */
  bool keeps_nulls;     /* a NULL argument is a value like others (first) */
  bool is_distinct;     /* equal arguments count once */
  bool takes_order;     /* WITHIN GROUP means something to it */
  const struct eagre_aggregate_order *order; /* of the call; NULL once it is bound */
  uint32_t order_count;
  struct eagre_text constants; /* as SQL; two calls with the same may share an accumulator */
  const void *options;         /* what the kernels made of them */
  struct eagre_sql_position position;
};

/* One item of WITHIN GROUP (ORDER BY ...). */
struct eagre_aggregate_order {
  struct eagre_expression *expression;
  bool is_descending;
  bool nulls_first;
};

/* A call as it is written. */
struct eagre_aggregate_call {
  struct eagre_text function;
  struct eagre_expression *const *arguments; /* none for count(*) */
  uint32_t argument_count;
  struct eagre_expression *filter; /* FILTER (WHERE ...), BOOLEAN; or NULL */
  bool is_distinct;
  const struct eagre_aggregate_order *order; /* WITHIN GROUP */
  uint32_t order_count;
  struct eagre_sql_position position;
};

/* Binds a call. *out_argument becomes what is to be evaluated per row, NULL for count(*). USAGE
 * errors as `eagre_expression_call`. */
enum eagre_status
eagre_aggregate_bind(struct eagre_arena *arena, const struct eagre_aggregate_call *call,
                     const struct eagre_expression_session *session, struct eagre_aggregate *out,
                     struct eagre_expression **out_argument, struct eagre_error *error);
/* Makes a bound aggregate one over rows that may be taken back (docs/decisions/0009): `weight`, a
 * BIGINT that is never NULL, says how often a row counts, and a negative one takes away what was
 * added. What is evaluated per row becomes a STRUCT. The sum of the weights of equal rows must not
 * be negative when results are read. USAGE UNSUPPORTED_FEATURE.CHANGES_AGGREGATE when the result
 * would depend on the order of rows. */
enum eagre_status eagre_aggregate_weigh(struct eagre_arena *arena, struct eagre_expression *weight,
                                        struct eagre_aggregate *inout,
                                        struct eagre_expression **inout_argument,
                                        struct eagre_error *error);
/* Whether the result is the same (but for how sums of DOUBLE round) in whatever order rows come. */
bool eagre_aggregate_ignores_order(const struct eagre_aggregate *aggregate);
/* Whether both compute the same of equal arguments. */
bool eagre_aggregate_equal(const struct eagre_aggregate *a, const struct eagre_aggregate *b);
/* "sum(a)", as EXPLAIN shows it. */
void eagre_aggregate_print(const struct eagre_aggregate *aggregate,
                           const struct eagre_expression *argument,
                           const struct eagre_type *input_columns, struct eagre_buffer *out);
/* Adds rows: row i of `argument` (NULL for count(*)) goes to the accumulator at accumulators[i] +
 * offset. What must be kept is copied into `arena`. DATA errors: ARITHMETIC_OVERFLOW. */
enum eagre_status eagre_aggregate_update(const struct eagre_aggregate *aggregate,
                                         const struct eagre_vector *argument, uint32_t row_count,
                                         char *const *accumulators, uint32_t offset,
                                         struct eagre_arena *arena, struct eagre_error *error);
/* into += from, for accumulators of the same aggregate; what `from` saw came later. */
enum eagre_status eagre_aggregate_merge(const struct eagre_aggregate *aggregate, char *into,
                                        const char *from, struct eagre_arena *arena,
                                        struct eagre_error *error);
/* Writes the results of `row_count` accumulators into `out` (made here, memory from `arena`; texts
 * keep pointing into the accumulators' arena). DATA errors as update. */
enum eagre_status eagre_aggregate_finish(const struct eagre_aggregate *aggregate,
                                         char *const *accumulators, uint32_t offset,
                                         uint32_t row_count, struct eagre_vector *out,
                                         struct eagre_arena *arena, struct eagre_error *error);
