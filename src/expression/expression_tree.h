/* Bound expressions, as every file of this room sees them.
 *
 * A node is a LITERAL (a constant vector of one row), a COLUMN of the input, a CALL of a row of
 * expression_functions.def, or part of a lambda (expression_lambda.h). Everything with syntax of
 * its own (CAST, CASE, value.field, windows) is a call of a row whose name is in the table of
 * internal functions below.
 *
 * A literal is a vector of one row of any type but MAP. */
#pragma once

#include "expression/expression.h"

struct eagre_kernel_call;
struct eagre_bind;
struct eagre_function;

typedef enum eagre_status eagre_kernel_fn(struct eagre_kernel_call *call);
typedef enum eagre_status eagre_bind_fn(struct eagre_bind *bind, struct eagre_expression **out);
/* Casts the arguments and fills `kernels`, `result_type` and what the kernels need. */
typedef enum eagre_status eagre_aggregate_bind_fn(struct eagre_bind *bind,
                                                  struct eagre_aggregate *out);

enum eagre_expression_kind {
  EAGRE_EXPRESSION_LITERAL,
  EAGRE_EXPRESSION_COLUMN,
  EAGRE_EXPRESSION_CALL,
  EAGRE_EXPRESSION_VARIABLE, /* a parameter of a lambda; parameters[0] its number, text its name */
  /* arguments[0] the body, then its variables; parameters[0], [1] number of the first, and count */
  EAGRE_EXPRESSION_LAMBDA,
};

/* The plan-time part of a from_json call: everything but the zone and the batch timestamp. */
struct eagre_expression_json {
  const struct eagre_type *schema;
  struct eagre_json_options *options; /* without zone */
  const bool *wanted;                 /* one flag per field of `schema`, NULL = all */
};

/* What to_json needs; a text without data was not given. */
struct eagre_expression_to_json {
  bool keeps_nulls;
  bool is_pretty;
  struct eagre_text timestamp_format;
  struct eagre_text timestamp_ntz_format;
  struct eagre_text date_format;
  struct eagre_text zone_name;
};

struct eagre_expression {
  enum eagre_expression_kind kind;
  bool is_constant; /* no column and no batch timestamp below */
  bool can_fail;    /* it, or something below it, may raise a DATA error */
  bool is_try;      /* a failure of this very call gives NULL */
  bool is_legacy;   /* bound without ANSI: integers wrap, casts are the lenient ones */
  struct eagre_sql_position position;
  const struct eagre_type *type;
  const struct eagre_function *function; /* CALL */
  eagre_kernel_fn *kernel;               /* CALL; NULL for calls with lazy operands */
  struct eagre_expression **arguments;   /* CALL */
  uint32_t argument_count;
  /* COLUMN: [0] its index. Calls: field [0]; window [0..3] = duration, slide, start, ordinal;
   * session of a constant gap [0..1] = months, microseconds; what else a kernel was bound with.
   * LITERAL: [2] whether a CAST to its own type is written around it. */
  int64_t parameters[4];
  const struct eagre_expression_json *json; /* from_json */
  const struct eagre_expression_to_json *to_json;
  const struct eagre_expression_csv *csv; /* from_csv and to_csv (expression_csv.c) */
  struct eagre_text text;    /* path of value:path; options of from_json and to_json as they
                                                are written */
  struct eagre_vector value; /* LITERAL */
};

/* ---- Functions ------------------------------------------------------------------------------ */

enum eagre_function_flag {
  EAGRE_FUNCTION_NULLS = 1,    /* sees NULL arguments; others never run for such rows */
  EAGRE_FUNCTION_FAILS = 2,    /* may raise a DATA error */
  EAGRE_FUNCTION_LAZY = 4,     /* evaluates its operands itself (expression_lazy.c) */
  EAGRE_FUNCTION_VOLATILE = 8, /* its value belongs to a batch: never folded */
  EAGRE_FUNCTION_LAMBDA = 16,  /* runs lambdas itself (expression_lambda.c) */
  EAGRE_FUNCTION_ANSI = 32,    /* what fails does so under ANSI only, and is NULL without */
};

/* One row of expression_functions.def. */
struct eagre_function {
  struct eagre_function_info info;
  uint32_t flags;
  const char *signature;   /* "SI?>S|..." (expression_bind.c); NULL when `bind` decides */
  eagre_kernel_fn *kernel; /* with `signature` */
  eagre_bind_fn *bind;     /* NULL when `signature` decides */
  uint8_t arity_min;       /* with `bind` and `aggregate` */
  uint8_t arity_max;       /* the same; EAGRE_ARITY_ANY for no limit */
  eagre_aggregate_bind_fn *aggregate; /* NULL for a scalar function */
};
enum { EAGRE_ARITY_ANY = 255 };

/* Calls that have syntax instead of a name. */
enum eagre_internal_function {
  EAGRE_INTERNAL_CAST,
  EAGRE_INTERNAL_CASE,
  EAGRE_INTERNAL_FIELD,
  EAGRE_INTERNAL_STRUCT,
  EAGRE_INTERNAL_WINDOW,
  EAGRE_INTERNAL_COLON,
  EAGRE_INTERNAL_ADD_INTERVAL, /* TIMESTAMP + day interval, with the days in the session zone */
  EAGRE_INTERNAL_ADD_MONTHS,   /* TIMESTAMP + INT months */
  EAGRE_INTERNAL_SUBTRACT_TIMESTAMPS,
  EAGRE_INTERNAL_SUBTRACT_DATES, /* as an interval */
  EAGRE_INTERNAL_SESSION,        /* the session a row opens, or NULL */
  EAGRE_INTERNAL_SUBSCRIPT,      /* value[index] */
  EAGRE_INTERNAL_ARRAY_FIELD,    /* a field of every element */
  EAGRE_INTERNAL_count
};
const struct eagre_function *eagre_function_internal(enum eagre_internal_function which);
bool eagre_expression_calls(const struct eagre_expression *expression,
                            enum eagre_internal_function which);

/* NULL when there is none. `name` in any case. */
const struct eagre_function *eagre_function_find(struct eagre_text name);
/* Fills the error for a name that is not a scalar function: refused by name, or unknown. */
enum eagre_status eagre_function_refuse(struct eagre_text name, struct eagre_error *error);

/* ---- Nodes ---------------------------------------------------------------------------------- */

/* A literal of `kind` (fixed width) from the bytes at `value`. */
struct eagre_expression *eagre_expression_new_literal(struct eagre_arena *arena,
                                                      enum eagre_type_kind kind, const void *value,
                                                      struct eagre_sql_position position);
/* The same of any fixed width type, DECIMAL and intervals among them. */
struct eagre_expression *eagre_expression_new_value(struct eagre_arena *arena,
                                                    const struct eagre_type *type,
                                                    const void *value,
                                                    struct eagre_sql_position position);
struct eagre_expression *eagre_expression_new_null(struct eagre_arena *arena,
                                                   const struct eagre_type *type,
                                                   struct eagre_sql_position position);
struct eagre_expression *eagre_expression_new_text(struct eagre_arena *arena,
                                                   enum eagre_type_kind kind,
                                                   struct eagre_text text,
                                                   struct eagre_sql_position position);
/* A call; `arguments` is copied. The flags of the tree are derived; `can_fail` from the function,
 * which the caller may take back with `eagre_expression_set_safe`. */
struct eagre_expression *
eagre_expression_new_call(struct eagre_arena *arena, const struct eagre_function *function,
                          const struct eagre_type *type, eagre_kernel_fn *kernel,
                          struct eagre_expression *const *arguments, uint32_t argument_count,
                          struct eagre_sql_position position);
/* This call itself never fails (its arguments may). */
void eagre_expression_set_safe(struct eagre_expression *call);
/* This call itself may fail. */
void eagre_expression_set_failing(struct eagre_expression *call);
void eagre_expression_set_try(struct eagre_expression *call);
/* It was bound without ANSI: what EAGRE_FUNCTION_ANSI says holds. */
void eagre_expression_set_legacy(struct eagre_expression *call);
/* It fails as under ANSI, although its function need not. */
void eagre_expression_set_strict(struct eagre_expression *call);

/* Whether it is a literal with a value of a STRING, and that text. */
bool eagre_expression_is_text(const struct eagre_expression *expression,
                              struct eagre_text *out_text);
bool eagre_expression_is_null(const struct eagre_expression *expression);
/* Whether the tree reads one of `count` variables from number `first` on. */
bool eagre_expression_reads_variables(const struct eagre_expression *node, int64_t first,
                                      int64_t count);
/* Two equal trees have equal hashes. */
uint64_t eagre_expression_hash(const struct eagre_expression *expression);

/* "The type X" and "the expression" in messages: quoted as Spark does. Memory from `arena`. */
const char *eagre_expression_type_name(struct eagre_arena *arena, const struct eagre_type *type);
const char *eagre_expression_sql(struct eagre_arena *arena,
                                 const struct eagre_expression *expression);
