/* Door of the room `sql`: SQL text -> syntax tree, and messages with a caret.
 *
 * The tree says what was written, nothing about what it means: names are not resolved, functions
 * not looked up, types not checked (that is `plan`). Every operator is a call of the function of
 * that name, as in Spark's own registry, with `is_operator` set:
 *
 *   a + b, a - b, a * b, a / b, a % b     "+" "-" "*" "/" "%"
 *   a DIV b                               "div"
 *   -a, +a, ~a                            "negative" "positive" "~"   (-5 is a constant)
 *   a = b, a == b                         "="
 *   a <> b, a != b                        "!="
 *   a <=> b, a < b, a <= b, a > b, a >= b "<=>" "<" "<=" ">" ">="     (!> is <=, !< is >=)
 *   NOT a, !a                             "not"
 *   a AND b, a OR b                       "and" "or"
 *   a || b                                "||"
 *   a & b, a | b, a ^ b                   "&" "|" "^"
 *   a << b, a >> b, a >>> b               "shiftleft" "shiftright" "shiftrightunsigned"
 *   a BETWEEN b AND c                     "between"(a, b, c)
 *   a IN (b, c)                           "in"(a, b, c)
 *   a LIKE b [ESCAPE c], a ILIKE b        "like"(a, b[, c]) "ilike"
 *   a [NOT] LIKE ANY (b, ...)             "like any"(a, b, ...) "not like any"; also ALL, ILIKE
 *   a RLIKE b, a REGEXP b                 "rlike"
 *   a IS NULL, a IS NOT NULL              "isnull" "isnotnull"
 *   a IS TRUE, IS FALSE, IS UNKNOWN       "istrue" "isfalse" "isunknown"
 *   a IS NOT DISTINCT FROM b              "<=>"; without NOT: "not"("<=>"(a, b))
 *   NOT BETWEEN, NOT IN, IS NOT TRUE ...  "not"(that)
 *   x::type                               CAST
 *   (a, b AS c)                           "struct"(a, c: b)
 *   EXTRACT(f FROM x)                     "extract"('f', x)
 *   SUBSTRING(x FROM a [FOR b])           "substring"(x, a[, b])
 *   OVERLAY(x PLACING y FROM a [FOR b])   "overlay"(x, y, a[, b])
 *   POSITION(a IN b)                      "position"(a, b)
 *   TRIM([BOTH] [c] FROM x)               "btrim"(x[, c]); LEADING "ltrim", TRAILING "rtrim"
 *   TIMESTAMPADD(unit, n, x)              "timestampadd"('unit', n, x); also DATEADD, DATE_ADD
 *   TIMESTAMPDIFF(unit, a, b)             "timestampdiff"('unit', a, b); also DATEDIFF, DATE_DIFF
 *
 * Not operators, but worth knowing:
 *   current_timestamp, current_date without parentheses are calls without arguments (`now` needs
 *   its parentheses, as in Spark); COUNT(*) is "count"(STAR); first(x IGNORE NULLS) is
 *   first(x, true); (a).b is the NAME a.b; chains of AND and of OR are balanced, as in Spark.
 *
 * Everything lives in the arena given to `eagre_sql_parse`; texts of names are unquoted copies.
 * Keywords and function names are in lower case in the tree, identifiers as written. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"

/* Where something stands in the source text: from its first token to its last, or to the end of the
 * first line. A call by name stands where its name is. */
struct eagre_sql_position {
  uint32_t line;   /* from 1 */
  uint32_t column; /* from 1, code points */
  uint32_t length; /* code points, at least 1 */
};

/* Says where in the text the error is, whatever it said before; `error` may be NULL. */
void eagre_sql_place_error(struct eagre_sql_position position, struct eagre_error *error);
/* The same where nobody has said it yet. */
void eagre_sql_place_unplaced(struct eagre_sql_position position, struct eagre_error *error);

struct eagre_sql_query;
struct eagre_sql_expression;

/* `a.b.c`, each part unquoted. */
struct eagre_sql_name {
  struct eagre_text *parts;
  uint32_t part_count;
  struct eagre_sql_position position;
};

/* ---- Expressions ---------------------------------------------------------------------------- */

enum eagre_sql_expression_kind {
  EAGRE_SQL_LITERAL,
  EAGRE_SQL_NAME,       /* a column, or column.field..., undecided: `name` */
  EAGRE_SQL_STAR,       /* * or qualifier.*: `name` (part_count 0 for a bare *) */
  EAGRE_SQL_CALL,       /* `function`, `arguments` */
  EAGRE_SQL_CAST,       /* `arguments[0]`, `type`; is_try for TRY_CAST */
  EAGRE_SQL_CASE,       /* arguments: [operand] then when, then pairs, then [else] */
  EAGRE_SQL_FIELD,      /* arguments[0].field on something that is not a plain name: `text` */
  EAGRE_SQL_FIELD_STAR, /* arguments[0].* on something that is not a plain name */
  EAGRE_SQL_INDEX,      /* arguments[0][arguments[1]] */
  EAGRE_SQL_COLON,      /* arguments[0]:path, `text` is the path as written */
  EAGRE_SQL_LAMBDA,     /* x -> body: parameters are the parts of `name`, body arguments[0] */
  /* (SELECT ...) as a value, IN (SELECT ...), EXISTS: `query`; `function` says which: "scalar",
   * "in" (arguments[0] is what is looked for), "exists". */
  EAGRE_SQL_SUBQUERY,
};

enum eagre_sql_literal_kind {
  EAGRE_SQL_LITERAL_NULL,
  EAGRE_SQL_LITERAL_BOOLEAN, /* boolean */
  /* text: digits, with a leading '-' when written so. type_kind: INT (no suffix; the value may need
   * more), BIGINT (L), SMALLINT (S), TINYINT (Y), whose range was checked. */
  EAGRE_SQL_LITERAL_INTEGER,
  EAGRE_SQL_LITERAL_DECIMAL,   /* text: 1.5 or 1BD */
  EAGRE_SQL_LITERAL_FLOAT,     /* text of 1.5F */
  EAGRE_SQL_LITERAL_DOUBLE,    /* text of 1e3, 1.5D */
  EAGRE_SQL_LITERAL_STRING,    /* text, unescaped ('a' 'b' joined, r'raw' kept) */
  EAGRE_SQL_LITERAL_BINARY,    /* X'1F': text holds the bytes */
  EAGRE_SQL_LITERAL_DATE,      /* DATE '...': text as written */
  EAGRE_SQL_LITERAL_TIMESTAMP, /* TIMESTAMP or TIMESTAMP_NTZ '...' (type_kind): text as written */
  /* months or microseconds, as interval_type says; text is Spark's spelling: INTERVAL '1 02' DAY TO
   * HOUR */
  EAGRE_SQL_LITERAL_INTERVAL,
};

struct eagre_sql_argument {
  /* Of `name => value`; in struct(...) of `value AS name`; empty when positional. */
  struct eagre_text name;
  struct eagre_sql_expression *value;
};

struct eagre_sql_order_item {
  struct eagre_sql_expression *expression;
  bool is_descending;
  bool nulls_first; /* resolved: ASC -> first, DESC -> last unless written */
};

/* Where a frame of OVER begins or ends. */
enum eagre_sql_edge_kind {
  EAGRE_SQL_EDGE_FIRST,       /* UNBOUNDED PRECEDING */
  EAGRE_SQL_EDGE_PRECEDING,   /* `offset` PRECEDING */
  EAGRE_SQL_EDGE_CURRENT_ROW, /* CURRENT ROW */
  EAGRE_SQL_EDGE_FOLLOWING,   /* `offset` FOLLOWING */
  EAGRE_SQL_EDGE_LAST,        /* UNBOUNDED FOLLOWING */
};
struct eagre_sql_edge {
  enum eagre_sql_edge_kind kind;
  struct eagre_sql_expression *offset;
  struct eagre_sql_position position;
};

/* OVER (PARTITION BY ... ORDER BY ... frame), or a window of WINDOW name AS (...). */
struct eagre_sql_over {
  struct eagre_text name; /* OVER name, OVER (name): then nothing else; empty otherwise */
  struct eagre_sql_position position;
  struct eagre_sql_expression **partition_by;
  uint32_t partition_by_count;
  struct eagre_sql_order_item *order_by;
  uint32_t order_by_count;
  bool has_frame; /* ROWS or RANGE was written; with one edge the other is CURRENT ROW */
  bool is_range;
  struct eagre_sql_edge lower;
  struct eagre_sql_edge upper;
  uint32_t height; /* of the highest expression inside */
};

struct eagre_sql_expression {
  enum eagre_sql_expression_kind kind;
  struct eagre_sql_position position;
  struct eagre_text source; /* the text of this expression as written, ${name} replaced */
  uint32_t height; /* levels of this tree, 1 for a leaf; at most 1,000: walking may recurse */
  /* LITERAL */
  enum eagre_sql_literal_kind literal;
  enum eagre_type_kind type_kind;
  const struct eagre_type *interval_type;
  bool boolean;
  int64_t months;
  int64_t microseconds;
  struct eagre_text text;
  /* NAME, STAR */
  struct eagre_sql_name name;
  /* CALL, CAST, CASE, FIELD, INDEX, COLON */
  struct eagre_text function; /* lower case */
  struct eagre_sql_argument *arguments;
  uint32_t argument_count;
  bool is_operator; /* written as an operator, not as name(...) */
  bool is_distinct; /* count(DISTINCT x) */
  /* lead, lag or nth_value with IGNORE NULLS. With first and last it is an argument. */
  bool ignores_nulls;
  struct eagre_sql_over *over;               /* f(...) OVER ...; NULL without */
  struct eagre_sql_expression *filter;       /* f(...) FILTER (WHERE ...) */
  struct eagre_sql_order_item *within_group; /* f(...) WITHIN GROUP (ORDER BY ...) */
  uint32_t within_group_count;
  const struct eagre_type *type; /* CAST */
  bool is_try;
  bool has_operand; /* CASE x WHEN ... */
  bool has_else;
  struct eagre_sql_query *query; /* SUBQUERY */
};

/* ---- Queries --------------------------------------------------------------------------------- */

struct eagre_sql_watermark {
  struct eagre_sql_expression *expression;
  struct eagre_text alias; /* of `expression AS alias`; empty when none */
  int64_t delay_months;
  int64_t delay_us;
  struct eagre_sql_position position;
};

enum eagre_sql_relation_kind {
  EAGRE_SQL_RELATION_NAME,        /* view or table: `name` */
  EAGRE_SQL_RELATION_PATH,        /* delta.`path`: name.parts[0] is the format, `path` the path */
  EAGRE_SQL_RELATION_FUNCTION,    /* read_kafka(...): `name`, `arguments` */
  EAGRE_SQL_RELATION_SUBQUERY,    /* (SELECT ...): `query` */
  EAGRE_SQL_RELATION_VALUES,      /* VALUES (1, 'a'), (2, 'b'): `values` */
  EAGRE_SQL_RELATION_JOIN,        /* `join_kind`, `left`, `right`, `condition`, USING columns */
  EAGRE_SQL_RELATION_DEDUPLICATE, /* deduplicate(relation, ...): `left`, `arguments` */
};

struct eagre_sql_relation {
  enum eagre_sql_relation_kind kind;
  uint32_t height; /* as of an expression, with everything below */
  struct eagre_sql_position position;
  bool is_stream;           /* STREAM in front, or STREAM(...) around */
  bool is_lateral;          /* LATERAL in front: FUNCTION or SUBQUERY */
  struct eagre_text source; /* NAME, PATH, FUNCTION, DEDUPLICATE: as written, without STREAM */
  struct eagre_text input_source; /* DEDUPLICATE: `left` as written */
  struct eagre_sql_name name;
  struct eagre_text path;
  struct eagre_sql_argument *arguments; /* FUNCTION; WITH (opt = v) of a NAME */
  uint32_t argument_count;
  struct eagre_sql_query *query;
  struct eagre_sql_expression **values; /* VALUES: row_count x column_count, row by row */
  uint32_t row_count;
  uint32_t column_count;
  struct eagre_text join_kind; /* "inner", "natural left outer", "lateral view", ... */
  struct eagre_sql_relation *left;
  struct eagre_sql_relation *right;
  struct eagre_sql_expression *condition;
  struct eagre_sql_expression *version_as_of;   /* NULL when none, of a NAME or PATH */
  struct eagre_sql_expression *timestamp_as_of; /* likewise */
  struct eagre_sql_watermark *watermark;        /* NULL when none */
  struct eagre_text alias;                      /* empty when none */
  struct eagre_text *column_aliases;            /* AS t(a, b); of a JOIN: USING (a, b) */
  uint32_t column_alias_count;
};

struct eagre_sql_select_item {
  struct eagre_sql_expression *expression;
  struct eagre_text alias;           /* empty when none */
  struct eagre_text *column_aliases; /* AS (a, b) */
  uint32_t column_alias_count;
};

/* What GROUP BY is made of. Its elements are joined as a product: GROUP BY a, ROLLUP (b) groups by
 * (a, b) and by (a). */
enum eagre_sql_grouping_kind {
  EAGRE_SQL_GROUPING_SET, /* `items`: a, or (a, b), or () */
  EAGRE_SQL_GROUPING_ROLLUP,
  EAGRE_SQL_GROUPING_CUBE,
  EAGRE_SQL_GROUPING_SETS,
};
struct eagre_sql_grouping {
  enum eagre_sql_grouping_kind kind;
  uint32_t *items; /* SET: indexes of the query's `group_by` */
  uint32_t item_count;
  struct eagre_sql_grouping *elements; /* the others: of ROLLUP and CUBE all are SETs */
  uint32_t element_count;
  struct eagre_sql_position position;
};

struct eagre_sql_common_table {
  struct eagre_text name;
  struct eagre_sql_query *query;
};

/* WINDOW name AS (...). */
struct eagre_sql_window {
  struct eagre_text name;
  struct eagre_sql_over over;
  struct eagre_sql_position position; /* of the name */
};

/* One SELECT, or a set operation over two queries. */
struct eagre_sql_query {
  struct eagre_sql_position position;
  uint32_t height;                              /* as of an expression, with everything below */
  struct eagre_text source;                     /* the text as written */
  struct eagre_sql_common_table *common_tables; /* WITH */
  uint32_t common_table_count;
  /* Empty, or "union", "intersect", "except", each also with " all": then left and right count, and
   * order_by, limit and offset. */
  struct eagre_text set_operation;
  struct eagre_sql_query *left;
  struct eagre_sql_query *right;
  bool is_distinct;
  struct eagre_sql_select_item *items;
  uint32_t item_count;
  struct eagre_sql_relation *from; /* NULL: SELECT without FROM */
  struct eagre_sql_expression *where;
  struct eagre_sql_expression **group_by; /* all grouping expressions, in the order written */
  uint32_t group_by_count;
  bool group_by_all;
  struct eagre_sql_grouping *groupings; /* NULL when all of them are plain expressions */
  uint32_t grouping_count;
  struct eagre_sql_expression *having;
  struct eagre_sql_window *windows;
  uint32_t window_count;
  struct eagre_sql_order_item *order_by;
  uint32_t order_by_count;
  struct eagre_sql_expression *limit;
  struct eagre_sql_expression *offset;
};

/* ---- Statements ------------------------------------------------------------------------------ */

struct eagre_sql_option {
  struct eagre_text key;   /* as written, quotes removed; dotted names joined by '.' */
  struct eagre_text value; /* constant as text: 'a' -> a, 10 -> 10, true -> true */
  struct eagre_sql_position position;
};

struct eagre_sql_column {
  struct eagre_text name;
  const struct eagre_type *type;
  bool is_not_null;
  struct eagre_text comment;
};

struct eagre_sql_constraint {
  struct eagre_text name;
  struct eagre_sql_expression *condition;
  struct eagre_text on_violation; /* "", "drop row", "fail update" */
  struct eagre_sql_position position;
};

enum eagre_sql_statement_kind {
  EAGRE_SQL_SET,          /* options[0]; a value with data NULL: SET key, without '=' */
  EAGRE_SQL_CREATE_TABLE, /* CREATE [OR REFRESH] STREAMING TABLE */
  EAGRE_SQL_CREATE_SINK,
  EAGRE_SQL_CREATE_FLOW,
  EAGRE_SQL_CREATE_VIEW, /* CREATE [OR REPLACE] TEMPORARY VIEW */
  EAGRE_SQL_SELECT,
  EAGRE_SQL_OTHER, /* parsed by its first words only, to be refused by name: `what` */
};

struct eagre_sql_statement {
  enum eagre_sql_statement_kind kind;
  struct eagre_sql_position position;
  struct eagre_sql_name name;
  bool or_refresh;
  bool if_not_exists;
  struct eagre_sql_column *columns;
  uint32_t column_count;
  struct eagre_sql_constraint *constraints;
  uint32_t constraint_count;
  struct eagre_text format; /* USING, lower case; empty when none */
  struct eagre_text location;
  struct eagre_text comment;
  struct eagre_text *partition_columns;
  uint32_t partition_column_count;
  struct eagre_sql_option *options; /* OPTIONS, TBLPROPERTIES or the SET pair */
  uint32_t option_count;
  struct eagre_sql_name *targets; /* CREATE FLOW ... INSERT INTO target, target */
  uint32_t target_count;
  bool by_name;
  struct eagre_sql_query *query; /* may be NULL for a table without AS */
  struct eagre_text what; /* OTHER: "OPTIMIZE", "CREATE MATERIALIZED VIEW", "AUTO CDC", ... */
  struct eagre_sql_statement *next;
};

/* Text of `${name}` in the file. */
struct eagre_sql_define {
  struct eagre_text name;
  struct eagre_text value;
};

/* Parses a whole file of statements separated by semicolons. `${name}` is replaced first, and
 * positions stay those of the file; outside quotes the value is text like any other, inside a
 * string or a quoted name it is content, whatever characters it has. A name that is not among
 * `defines` is USAGE UNDEFINED_VARIABLE. Errors are USAGE PARSE_SYNTAX_ERROR (and Spark's other
 * parse classes) with line, column, length and a hint (nearest keyword, what was expected); what
 * Spark knows and the tree has no place for is UNSUPPORTED_FEATURE.<NAME>. Nesting is limited to
 * 500 levels and the height of a tree to 1,000 (PARSE_TOO_DEEP). `source` may go away afterwards.
 * Any thread. */
enum eagre_status eagre_sql_parse(struct eagre_arena *arena, struct eagre_text source,
                                  const struct eagre_sql_define *defines, uint32_t define_count,
                                  struct eagre_sql_statement **out_first,
                                  struct eagre_error *error);

/* Appends the line of `source` that `error` points at and a line with carets under the place:
 *     3 | SELEC a FROM t
 *       | ^^^^^
 * Nothing when the error has no position. Tabs and wide characters keep the caret in place. */
void eagre_sql_caret(struct eagre_text source, const struct eagre_error *error,
                     struct eagre_buffer *out);

/* Appends an expression in one line as Spark 4.2 prints it: "count(1)", "(a + 1)", "between(a, 1,
 * 2)", "CAST(a AS INT)", strings without quotes. */
void eagre_sql_print_expression(const struct eagre_sql_expression *expression,
                                struct eagre_buffer *out);

/* Appends the name of a column of SELECT without an alias: the last part of a.b, the name of what a
 * cast casts, the last name of a path (value:a.b[0] is b), else as eagre_sql_print_expression.
 * CAST(a.b AS INT) is "b" when `a` is a table and "CAST(a.b AS INT)" when it is a column: only the
 * binder knows, here it is the latter. */
void eagre_sql_print_column_name(const struct eagre_sql_expression *expression,
                                 struct eagre_buffer *out);
