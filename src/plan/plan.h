/* Door of the room `plan`: syntax tree -> bound pipeline. Names, functions, types, options, modes
 * and watermarks are checked here, so that everything wrong with a file is found before anything
 * runs. The result is immutable data that source, operator and sink are built from.
 *
 * A query is a tree of nodes: leaves are SOURCE and VALUES, UNION has several inputs, JOIN two, all
 * others one. What runs is its stages (below).
 *
 * Rules of binding: spark-semantics 3 and 6; classes and sentences of errors are Spark's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "expression/expression.h"
#include "sql/sql.h"

/* ---- Options ------------------------------------------------------------------------------------
 * Every option of every place is one row of plan_options.def. */

enum eagre_option_scope {
  EAGRE_OPTION_SESSION, /* SET k = v, --set */
  EAGRE_OPTION_FLOW,    /* OPTIONS of CREATE FLOW, "eagre.<name>" in TBLPROPERTIES */
  EAGRE_OPTION_READ_KAFKA,
  EAGRE_OPTION_READ_FILES,
  EAGRE_OPTION_READ_RATE,
  EAGRE_OPTION_READ_RATE_MICRO_BATCH,
  EAGRE_OPTION_WRITE_DELTA, /* TBLPROPERTIES of a table */
  EAGRE_OPTION_WRITE_FILES,
  EAGRE_OPTION_WRITE_KAFKA,
  EAGRE_OPTION_WRITE_CONSOLE,
  EAGRE_OPTION_WRITE_NOOP,
  EAGRE_OPTION_SCOPE_count
};

/* Checked pairs of one place; keys in the table's spelling, except free ones (`kafka.*`). */
struct eagre_option {
  struct eagre_text key;
  struct eagre_text value;
  struct eagre_sql_position position;
};
struct eagre_options {
  const struct eagre_option *options;
  uint32_t count;
  enum eagre_option_scope scope;
};
/* Values are valid (checked when bound); an option that was not given has the table's default. */
bool eagre_option_given(const struct eagre_options *options, const char *key);
struct eagre_text eagre_option_text(const struct eagre_options *options, const char *key);
bool eagre_option_boolean(const struct eagre_options *options, const char *key);
int64_t eagre_option_integer(const struct eagre_options *options, const char *key);
int64_t eagre_option_duration_us(const struct eagre_options *options, const char *key);
/* A duration as options have it: '10 seconds', '10s', or milliseconds. False when it is none. */
bool eagre_option_read_duration(struct eagre_text text, int64_t *out_us);

/* One row of the table, for docs/reference/options.md. */
struct eagre_option_info {
  enum eagre_option_scope scope;
  const char *name;
  const char *type;          /* "boolean", "integer", "text", "duration", "one of" */
  const char *default_value; /* "" = none */
  const char *allowed;       /* "append|update|complete", "1..", "" */
  const char *text;
};
bool eagre_option_at(uint32_t index, struct eagre_option_info *out); /* false past the last */
const char *eagre_option_scope_name(enum eagre_option_scope scope);

/* ---- Query nodes
 * --------------------------------------------------------------------------------*/

enum eagre_plan_kind {
  EAGRE_PLAN_SOURCE,
  EAGRE_PLAN_VALUES, /* constant rows (SELECT without FROM: one row, no columns) */
  EAGRE_PLAN_FILTER,
  EAGRE_PLAN_PROJECT,
  EAGRE_PLAN_WINDOW,    /* appends the column `window`; a row per window that holds it */
  EAGRE_PLAN_GENERATE,  /* appends columns; a row per element of a list */
  EAGRE_PLAN_WATERMARK, /* passes rows, records the greatest event time */
  EAGRE_PLAN_AGGREGATE,
  EAGRE_PLAN_SORT,        /* batch, or complete mode */
  EAGRE_PLAN_LIMIT,       /* batch */
  EAGRE_PLAN_UNION,       /* rows of all inputs, which have the same columns */
  EAGRE_PLAN_DEDUPLICATE, /* the first row of each key */
  EAGRE_PLAN_JOIN,        /* pairs of rows of its two inputs, left and right */
  EAGRE_PLAN_OVER,        /* appends columns: f(...) OVER (...); batch */
  EAGRE_PLAN_TOP,         /* the first rows of each key; appends their numbers, from 1 */
  EAGRE_PLAN_EXPECT,      /* counts rows that violate expectations, may leave them out */
};

/* Which rows a JOIN gives. */
enum eagre_join_kind {
  EAGRE_JOIN_INNER,
  EAGRE_JOIN_CROSS, /* INNER, written without a condition */
  EAGRE_JOIN_LEFT,  /* outer: every left row, with NULLs where no right row matches */
  EAGRE_JOIN_RIGHT,
  EAGRE_JOIN_FULL,
  EAGRE_JOIN_LEFT_SEMI, /* left rows that have a match, once each, left columns only */
  EAGRE_JOIN_LEFT_ANTI, /* left rows that have none, left columns only */
  EAGRE_JOIN_LEFT_MARK, /* every left row once, and a BOOLEAN behind it: whether it has a match */
};
const char *eagre_join_kind_name(enum eagre_join_kind kind); /* "inner", "left outer", ... */

/* Whether the function makes several rows of one (explode), so that in FROM it is no source. */
bool eagre_plan_is_generator_name(struct eagre_text function);

enum { EAGRE_PLAN_INPUTS_MAX = 64 };

enum eagre_source_kind {
  EAGRE_SOURCE_KAFKA,
  EAGRE_SOURCE_FILES,
  EAGRE_SOURCE_RATE,
  EAGRE_SOURCE_RATE_MICRO_BATCH,
  EAGRE_SOURCE_DELTA,
};

enum eagre_file_format {
  EAGRE_FILES_TEXT,
  EAGRE_FILES_JSON,
  EAGRE_FILES_CSV,
  EAGRE_FILES_PARQUET,
};
const char *eagre_file_format_name(enum eagre_file_format format); /* "parquet" */

/* A condition that all rows meet which somebody reads: a source may leave out what cannot meet it,
 * and need not test the rest. */
struct eagre_plan_predicate {
  uint32_t column; /* of the source's schema */
  enum eagre_condition_kind kind;
  struct eagre_vector
      constant; /* one row of the column's type, not NULL; unused by IS [NOT] NULL */
};

/* One leaf of the plan; sources are numbered in leaf order. */
struct eagre_plan_source {
  enum eagre_source_kind kind;
  uint32_t number;
  uint32_t stage; /* that starts with it */
  bool is_stream;
  struct eagre_options options;
  struct eagre_text path;          /* FILES; DELTA: the table's location */
  enum eagre_file_format format;   /* FILES */
  const struct eagre_type *schema; /* all columns the source can give */
  const bool *are_partitions; /* per column: its values stand in the names of directories; NULL:
                                      none does */
  int64_t version;            /* DELTA: as of this one; INT64_MAX: the newest */
  int64_t timestamp_us;       /* DELTA: as of this time; INT64_MAX: not given */
  const bool *wanted;         /* per column: somebody reads it */
  const struct eagre_plan_predicate *predicates; /* NULL without any */
  uint32_t predicate_count;
  bool keeps_raw; /* batches carry the raw records, for dead letters (KAFKA, FILES of text) */
  struct eagre_sql_position position;
};

struct eagre_plan_sort_key {
  struct eagre_expression *expression;
  bool is_descending;
  bool nulls_first;
};

/* Rows of one side of a JOIN of streams whose event time is <= factor * watermark + constant (less
 * a millisecond unless strict) find no match any more. */
struct eagre_plan_time_bound {
  double factor; /* of the watermark */
  double constant_us;
  bool is_strict;
};
/* What a JOIN of two streams knows of one of its inputs (plan_join_state.c). */
struct eagre_plan_join_side {
  const bool *is_read;   /* per column: by the join or above it; the others are as if not there */
  const bool *is_wanted; /* per column: in the output or in the condition, so it is stored */
  int32_t event_time;    /* the column that says which rows are late; -1: none are */
  uint32_t event_time_count;            /* columns that could; streams allow one */
  struct eagre_plan_time_bound *bounds; /* without `time_key`: all of them hold */
  uint32_t bound_count;
};

/* ---- Window functions: f(...) OVER (PARTITION BY ... ORDER BY ... frame) */

/* Rows with equal `partition_by` are one partition, NULL equalling NULL, in the order of
 * `sort_keys`. Rows with equal sort keys are peers. All expressions are over the node's input. */
struct eagre_over_window {
  struct eagre_expression **partition_by;
  uint32_t partition_by_count;
  struct eagre_plan_sort_key *sort_keys;
  uint32_t sort_key_count;
  bool is_by_event_time; /* the first sort key carries the watermark */
};

/* Where the frame of a row begins or ends, within its partition. */
enum eagre_over_edge_kind {
  EAGRE_OVER_FIRST, /* the first row */
  EAGRE_OVER_LAST,  /* the last row */
  EAGRE_OVER_ROWS,  /* `rows` rows behind the row, in front of it when negative */
  EAGRE_OVER_PEERS, /* its first or last peer */
  EAGRE_OVER_VALUE, /* the first or last row whose only sort key is up to `limit` of the row */
};
struct eagre_over_edge {
  enum eagre_over_edge_kind kind;
  int64_t rows;
  struct eagre_expression *limit;
};

enum eagre_over_kind {
  EAGRE_OVER_ROW_NUMBER,
  EAGRE_OVER_RANK,
  EAGRE_OVER_DENSE_RANK,
  EAGRE_OVER_PERCENT_RANK,
  EAGRE_OVER_CUME_DIST,
  EAGRE_OVER_NTILE,     /* of `count` buckets */
  EAGRE_OVER_OFFSET,    /* lead, lag: `argument` of the row `count` behind, else `fallback` */
  EAGRE_OVER_NTH_VALUE, /* `argument` of row number `count` of the frame */
  EAGRE_OVER_AGGREGATE, /* of the frame */
};
struct eagre_over_function {
  enum eagre_over_kind kind;
  uint32_t window; /* index */
  const struct eagre_type *result_type;
  struct eagre_expression *argument; /* AGGREGATE: NULL for count(*) */
  struct eagre_expression *fallback; /* of the argument's type; NULL: NULL */
  int64_t count;
  bool ignores_nulls; /* OFFSET, NTH_VALUE: rows whose argument is NULL are not counted */
  struct eagre_aggregate aggregate;
  struct eagre_over_edge lower; /* NTH_VALUE, AGGREGATE */
  struct eagre_over_edge upper;
  struct eagre_sql_position position;
};
const char *eagre_over_name(const struct eagre_over_function *function); /* "row_number" ... */

/* ---- Expectations: CONSTRAINT name EXPECT (condition) [ON VIOLATION DROP ROW | FAIL UPDATE] */

enum eagre_violation {
  EAGRE_VIOLATION_KEEP, /* the row is written */
  EAGRE_VIOLATION_DROP,
  EAGRE_VIOLATION_FAIL, /* the row ends the flow */
};
struct eagre_plan_expectation {
  struct eagre_text name;
  enum eagre_violation on_violation;
  struct eagre_sql_position position;
};

struct eagre_plan_node {
  enum eagre_plan_kind kind;
  struct eagre_plan_node **inputs;
  uint32_t input_count; /* 0: SOURCE and VALUES; 2: JOIN; at most EAGRE_PLAN_INPUTS_MAX */
  const struct eagre_type *output; /* STRUCT of the columns it gives */
  struct eagre_sql_position position;
  struct eagre_plan_source *source;
  /* VALUES: value_rows rows of output->field_count constant expressions, row by row.
   * PROJECT: one expression per output column. FILTER: expressions[0]. JOIN: what the condition
   * asks beside equal keys as expressions[0], over the left columns, then the right ones; none
   * when that is all. EXPECT: a BOOLEAN per expectation, which rows violate where it is not true,
   * then the row as JSON. */
  struct eagre_expression **expressions;
  uint32_t expression_count;
  uint32_t value_row_count;
  struct eagre_needle needle; /* PROJECT: rows whose text cannot hold it are of no use above */
  /* WINDOW: appended column is STRUCT<start TIMESTAMP, end TIMESTAMP> of expressions[0]; of a
   * session, expressions[0] is that column itself, NULL where the row opens none. */
  bool is_session;
  bool is_of_event_time; /* the column carries the watermark */
  struct eagre_window window;
  /* WINDOW: the column is the slice (eagre_expression_slice) that holds the row, which leaves once.
   * AGGREGATE: its input does so, and `window` says which windows share a slice (plan_slice.c). */
  bool shares_slices;
  /* GENERATE: of the ARRAY or MAP expressions[0]. Appended columns: the place (INT, from 0) with
   * `has_place`, then the element, or key and value, or with `spreads_struct` the element's fields.
   * With `keeps_empty` a row without elements leaves once, with NULLs. */
  bool has_place;
  bool spreads_struct;
  bool keeps_empty;
  /* WATERMARK */
  uint32_t event_time_column;
  int64_t delay_us;
  uint32_t watermark_number; /* 0, 1, ... in leaf order */
  bool is_per_partition;     /* what each partition of the sources below gave is told apart */
  bool has_future_limit;     /* rows more than future_limit_us ahead of the epoch do not raise it */
  int64_t future_limit_us;
  /* DEDUPLICATE: `keys` are columns, event_time_key one that carries the watermark. */
  int32_t late_column;      /* the event time by which rows are late; -1 none */
  bool is_within_watermark; /* keys expire delay_us behind late_column, not at event_time_key */
  /* AGGREGATE: output = keys, then aggregates. */
  struct eagre_expression **keys;
  uint32_t key_count;
  struct eagre_aggregate *aggregates;
  struct eagre_expression **arguments; /* one per aggregate, NULL for count(*) */
  uint32_t aggregate_count;
  uint32_t stateful_number; /* 0, 1, ... in data order: the operator's number in the checkpoint */
  int32_t event_time_key;   /* index of the key that carries the watermark, -1 none */
  int32_t pane_key;         /* index of the key that divides the state into panes: a window, or the
                               event time; -1 none */
  int64_t pane_duration_us; /* length of that window; 0 when the key is a plain timestamp */
  int32_t session_key;      /* index of the key that is a session: rows of equal other keys merge
                               where sessions meet; then pane_key is -1. -1 none */
  /* AGGREGATE, TOP: changes (docs/decisions/0009). `takes_changes`: the last column of the input is
   * the weight of a row, and the last aggregate, which is no column of the output, counts the rows
   * of a group. `gives_changes`: the output ends with the weight. */
  bool takes_changes;
  bool gives_changes;
  /* SORT, LIMIT; TOP, whose keys are `keys`: the first `limit` rows of each in that order */
  struct eagre_plan_sort_key *sort_keys;
  uint32_t sort_key_count;
  int64_t limit; /* -1 none */
  int64_t offset;
  /* JOIN: output = left columns, then right columns (SEMI, ANTI, MARK: left columns). A pair of
   * rows matches when left_keys[i] over the left row equals right_keys[i] over the right row for
   * all i, NULL equalling nothing, and the condition is true. Both keys of a pair have the same
   * type. */
  enum eagre_join_kind join_kind;
  enum eagre_join_kind written_kind; /* that of the text, which may be wider (plan_narrow.c): what a
                                        stream may have is asked of this one, as in Spark */
  struct eagre_expression **left_keys;
  struct eagre_expression **right_keys;
  uint32_t join_key_count;
  int32_t static_input;   /* the input whose rows are put into a table before the other one is read
                           (docs/decisions/0007); -1: both are streams, the node is stateful */
  uint32_t static_number; /* of that table in its tree */
  /* LEFT: a second match is the error SCALAR_SUBQUERY_TOO_MANY_ROWS. LEFT_ANTI with one key and no
   * condition: NULL may equal anything, as in x NOT IN (...). */
  bool is_single;
  bool is_null_aware;
  int32_t time_key; /* two streams: the key whose time decides when rows of both sides leave the
                       state; -1: their event times do, if there are bounds */
  struct eagre_plan_join_side join_sides[2];
  bool is_refreshed; /* the other input is a stream: the table is made anew for every epoch */
  /* OVER: output = columns of the input, then one per function. */
  struct eagre_over_window *windows;
  uint32_t window_count;
  struct eagre_over_function *functions;
  uint32_t function_count;
  int32_t event_time; /* column of the input that carries the watermark; -1 none */
  /* EXPECT: the last node of a flow, over the rows that are written. */
  struct eagre_plan_expectation *expectations;
  uint32_t expectation_count;
  struct eagre_text flow_name;
};

/* STRUCT of the left columns of a JOIN, then the right ones, whatever its kind gives. */
const struct eagre_type *eagre_plan_join_columns(const struct eagre_plan_node *join,
                                                 struct eagre_arena *arena);
/* The input of a node that has one. */
static inline struct eagre_plan_node *eagre_plan_input(const struct eagre_plan_node *node) {
  eagre_assert(node->input_count == 1);
  return node->inputs[0];
}
/* Whether rows move between cores in front of the node, and it keeps state in a stream. */
bool eagre_plan_is_stateful(const struct eagre_plan_node *node);
/* Whether input `index` is the static one of a JOIN: no part of the tree's stages. */
static inline bool eagre_plan_is_static_input(const struct eagre_plan_node *node, uint32_t index) {
  return node->kind == EAGRE_PLAN_JOIN && node->static_input == (int32_t)index;
}
/* Whether it is rows that move, not partial results: many, so that an epoch runs in slices. */
bool eagre_plan_moves_rows(const struct eagre_plan_node *node);

/* Whether rows of that side of a JOIN of streams leave the state, and the greatest time of those
 * that do when the operator's watermark is that; milliseconds, INT64_MIN: none. */
bool eagre_plan_join_evicts(const struct eagre_plan_node *join, uint32_t side);
int64_t eagre_plan_join_bound_ms(const struct eagre_plan_node *join, uint32_t side,
                                 int64_t watermark_ms);

/* ---- Stages
 *
 * A stage is a line of nodes that takes rows batch by batch on one core. It starts at a leaf, at a
 * UNION or behind a stateful node, and ends at the next UNION, at the next stateful node, where
 * rows move to the core that owns them, or at the sink:
 *
 *   0: SOURCE, FILTER, PROJECT --.
 *   1: SOURCE, PROJECT ----------+-> 2: UNION, WINDOW -> 3: AGGREGATE, PROJECT -> sink
 *
 * The static input of a JOIN is a tree of its own with its own stages; the JOIN itself is then a
 * node of the stage that its other input is in.
 *
 * Stages stand in data order. An epoch runs them level by level: those of level 0 while sources are
 * read, those of level n after every core has ended level n - 1. */
struct eagre_plan_stage {
  struct eagre_plan_node *start;
  struct eagre_plan_node **nodes; /* above it, in data order */
  uint32_t node_count;
  int32_t target; /* the stage that gets its rows; -1: the sink */
  uint32_t side;  /* which input of the target's start that is */
  uint32_t level;
};

/* The static input of a JOIN. */
struct eagre_plan_static;

struct eagre_plan_tree {
  struct eagre_plan_node *root;
  /* In data order, the inputs of a node before it; without what is below static inputs. */
  struct eagre_plan_node **nodes;
  uint32_t node_count;
  struct eagre_plan_stage *stages;
  uint32_t stage_count;
  uint32_t level_count;
  bool moves_rows;                   /* one of the nodes does */
  struct eagre_plan_node **stateful; /* by stateful_number */
  uint32_t stateful_count;
  uint64_t fingerprint; /* of their keys and aggregates with types: another query's state differs */
  struct eagre_plan_static *statics; /* by static_number */
  uint32_t static_count;
};

struct eagre_plan_static {
  const struct eagre_plan_node *join;
  struct eagre_plan_tree tree;
};

/* The watermark of each stateful operator (by stateful_number) when that of the flow is `flow_ms`:
 * the least of what its inputs may still give. Joins give rows older than their own watermark. */
void eagre_plan_watermarks(const struct eagre_plan_tree *tree, int64_t flow_ms,
                           int64_t *out_by_operator);

/* ---- Pipeline
 * ------------------------------------------------------------------------------------*/

enum eagre_output_mode { EAGRE_MODE_APPEND, EAGRE_MODE_UPDATE, EAGRE_MODE_COMPLETE };

enum eagre_trigger_kind {
  EAGRE_TRIGGER_DEFAULT,
  EAGRE_TRIGGER_PROCESSING_TIME,
  EAGRE_TRIGGER_ONCE,
  EAGRE_TRIGGER_AVAILABLE_NOW,
  EAGRE_TRIGGER_CONTINUOUS, /* epochs are open: records flow at once, ends are fixed afterwards */
};
struct eagre_trigger {
  enum eagre_trigger_kind kind;
  int64_t interval_us; /* PROCESSING_TIME; CONTINUOUS: how often epochs close */
};
/* "default", "once", "available now", "processing time 1 second", "continuous [1 second]" (case and
 * blanks free). USAGE INVALID_TRIGGER names the forms. */
enum eagre_status eagre_trigger_parse(struct eagre_text text, struct eagre_trigger *out_trigger,
                                      struct eagre_error *error);

enum eagre_sink_kind {
  EAGRE_SINK_DELTA,
  EAGRE_SINK_FILES,
  EAGRE_SINK_KAFKA,
  EAGRE_SINK_CONSOLE,
  EAGRE_SINK_NOOP,
  EAGRE_SINK_SEVERAL, /* its parts, each of which gets every row */
};

/* Rows that go elsewhere than the results of a flow, in columns of their own. */
enum eagre_side {
  EAGRE_SIDE_DEAD_LETTERS, /* records that fail (plan_dead.c) */
  EAGRE_SIDE_LATE_ROWS,    /* rows that the watermark has passed (plan_late.c) */
  EAGRE_SIDE_count
};
const char *eagre_side_name(enum eagre_side side); /* "dead letters", "late rows" */

struct eagre_plan_sink {
  enum eagre_sink_kind kind;
  struct eagre_text name;                     /* table or sink name */
  struct eagre_text location;                 /* DELTA, FILES: directory */
  enum eagre_file_format format;              /* FILES */
  const struct eagre_text *partition_columns; /* FILES: PARTITIONED BY */
  uint32_t partition_column_count;
  struct eagre_options options;
  const struct eagre_type *schema; /* declared columns of a table, or NULL */
  struct eagre_text comment;
  struct eagre_sql_position position;
  struct eagre_plan_sink **parts; /* SEVERAL: as written; none is SEVERAL itself */
  uint32_t part_count;
  /* SEVERAL: the parts, behind all others, that do not get the flow's rows but those of a side;
   * NULL: there is none. */
  const struct eagre_plan_sink *sides[EAGRE_SIDE_count];
  const struct eagre_type *side_columns[EAGRE_SIDE_count];
};
/* Whether that part of `sink` gets the rows of a side, and of which. */
bool eagre_plan_is_side(const struct eagre_plan_sink *sink, const struct eagre_plan_sink *part,
                        enum eagre_side *out_side);
/* Whether an epoch is a transaction of Kafka (delivery exactly-once), of SEVERAL in one part. */
bool eagre_plan_sink_is_transactional(const struct eagre_plan_sink *sink);
/* The sinks that rows end in: the parts of SEVERAL, else `sink` itself. */
uint32_t eagre_plan_sink_count(const struct eagre_plan_sink *sink);
const struct eagre_plan_sink *eagre_plan_sink_at(const struct eagre_plan_sink *sink,
                                                 uint32_t index);

/* The time by which rows of input `side` of a stateful node are late, over the columns of that
 * input: late is what is not above the watermark; NULL: none of them is. TIMESTAMP; NULL where they
 * have none. */
struct eagre_expression *eagre_plan_late_time(const struct eagre_plan_node *node, uint32_t side,
                                              enum eagre_output_mode mode,
                                              struct eagre_arena *arena);

struct eagre_flow {
  struct eagre_text name;                      /* a zero byte stands behind it */
  const struct eagre_sql_statement *statement; /* as written */
  struct eagre_plan_tree query;
  struct eagre_plan_source **sources; /* streams, by number */
  uint32_t source_count;
  struct eagre_plan_source **static_sources; /* below static inputs of joins */
  uint32_t static_source_count;
  uint32_t watermark_count;
  struct eagre_plan_sink *sink;
  enum eagre_output_mode mode;
  struct eagre_trigger trigger;
  struct eagre_text checkpoint; /* directory */
  uint32_t state_partition_count;
  struct eagre_options options;                       /* of the flow */
  struct eagre_options settings;                      /* session settings as this flow sees them */
  struct eagre_expression_session expression_session; /* made of them */
  struct eagre_sql_position position;
};

/* The EXPECT node of a flow; NULL: its rows are not looked at. */
const struct eagre_plan_node *eagre_flow_expect(const struct eagre_flow *flow);

/* Whether rows are seen as they are written: an open epoch and a sink that shows them. */
bool eagre_flow_shows_at_once(const struct eagre_flow *flow);
/* Whether all of them are: an epoch may begin before the one in front of it is committed. */
bool eagre_flow_overlaps(const struct eagre_flow *flow);
/* Whether results of stateful nodes come out while an epoch is open: in a mode that gives them bit
 * by bit, into a sink that shows rows as they come. */
bool eagre_flow_ticks(const struct eagre_flow *flow);
/* Of a flow that ticks: whether nothing comes out before a watermark has moved. */
bool eagre_flow_waits_for_watermark(const struct eagre_flow *flow);

/* Whether one core of two may read for the other where nobody says: its sources are topics, which
 * have their partitions and no more, and its epochs have ends. */
bool eagre_flow_may_split(const struct eagre_flow *flow);

/* Into how many parts cores divide the state: the flow's state partitions, or one where rows come
 * out in the order of a SORT, which one core alone can give. */
uint32_t eagre_flow_owned_partitions(const struct eagre_flow *flow);

/* A batch SELECT of the file. */
struct eagre_plan_query {
  const struct eagre_sql_statement *statement; /* as written */
  struct eagre_plan_tree query;
  struct eagre_plan_source **sources;
  uint32_t source_count;
  struct eagre_options settings;                      /* of the SETs before it */
  struct eagre_expression_session expression_session; /* made of them */
};

/* A time zone that some statement of the file uses. */
struct eagre_pipeline_zone {
  struct eagre_text name;
  struct eagre_zone *zone;
  struct eagre_pipeline_zone *next;
};

struct eagre_pipeline {
  struct eagre_arena arena;
  struct eagre_text file_name; /* for places "FILE:LINE:COLUMN" */
  struct eagre_text source;    /* SQL text, for carets */
  const struct eagre_sql_statement *statements;
  struct eagre_options session;  /* after the last SET */
  const struct eagre_zone *zone; /* the same; flows and queries have their own */
  struct eagre_expression_session expression_session;
  struct eagre_pipeline_zone *zones;
  struct eagre_flow *flows;
  uint32_t flow_count;
  struct eagre_plan_query *queries;
  uint32_t query_count;
  /* Keys that were accepted but mean nothing here, one sentence each. */
  struct eagre_text *notices;
  uint32_t notice_count;
};

/* Completes the columns of a source by what is there: `schema` (NULL when the SQL text has none)
 * and `are_partitions`, from `arena`. Errors get the source's position. */
typedef enum eagre_status eagre_plan_complete_fn(struct eagre_plan_source *source,
                                                 struct eagre_arena *arena,
                                                 struct eagre_error *error);

struct eagre_plan_request {
  struct eagre_text file_name;
  struct eagre_text source;
  const struct eagre_sql_define *defines; /* --define */
  uint32_t define_count;
  const struct eagre_sql_define *settings; /* --set, wins over SET */
  uint32_t setting_count;
  struct eagre_text storage;        /* root of default tables and checkpoints */
  struct eagre_text trigger;        /* --trigger; empty = as the file says */
  bool is_query;                    /* `eagre query`: only SELECT (and SET, VIEW) allowed */
  eagre_plan_complete_fn *complete; /* NULL: columns are what the SQL text says */
};

/* Parses and binds a file. Nothing outside memory is touched but by `complete`. USAGE errors carry
 * line and column; the place is FILE:LINE:COLUMN. On error *out_pipeline is NULL. */
enum eagre_status eagre_plan_pipeline(const struct eagre_plan_request *request,
                                      struct eagre_pipeline **out_pipeline,
                                      struct eagre_error *error);
void eagre_pipeline_free(struct eagre_pipeline *pipeline);
/* Puts FILE:LINE:COLUMN into an error that has a position in the SQL text but no place yet. */
void eagre_pipeline_place(const struct eagre_pipeline *pipeline, struct eagre_error *error);

/* The plan as text (one node per line, indented) or as JSON. */
void eagre_plan_explain(const struct eagre_pipeline *pipeline, bool as_json,
                        struct eagre_buffer *out);
const char *eagre_output_mode_name(enum eagre_output_mode mode);
