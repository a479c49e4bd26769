/* Inside of the room `plan`: what the binder's files share.
 *
 * Binding walks the syntax tree once per use (a view is expanded into each flow that reads it). A
 * relation is a node plus what is known of its columns by name; an expression is bound against a
 * scope, which is a relation and, above a GROUP BY, the aggregation that turns aggregate calls and
 * grouping expressions into columns of its output. */
#pragma once

#include "plan/plan.h"

/* What is known of one column of a relation, beside its type. */
struct plan_column {
  struct eagre_text qualifier; /* alias or table it came from; empty = none */
  struct eagre_text name;
  const struct eagre_type *type;
  bool is_event_time; /* carries the watermark */
  bool is_hidden;     /* the other column of JOIN ... USING: found by its qualified name only */
  int64_t window_us;  /* length of the windows when window() made it; 0 = it did not */
  bool is_session;    /* session_window() made it */
};

struct plan_relation {
  struct eagre_plan_node *node;
  struct plan_column *columns; /* parallel to node->output's fields */
  uint32_t column_count;
  bool is_stream;
};

/* The window() or session_window() of a SELECT: one at most. */
struct plan_window {
  bool is_used;
  bool is_session;
  struct eagre_expression *session;   /* over the relation below the WINDOW node */
  struct eagre_expression *timestamp; /* the same */
  int64_t duration_us;
  int64_t slide_us;
  int64_t start_us;
  uint32_t column; /* index of the appended column */
};

/* GROUP BY under construction: its output is keys, then aggregates in order of first use. */
struct plan_aggregation {
  const struct plan_relation *input;
  struct eagre_expression **keys;
  struct eagre_text *key_names;
  uint32_t key_count;
  /* With GROUPING SETS: the grouping expressions as written; keys[i] is expression i, NULL for some
   * of the groups, and behind them stands grouping_id(). */
  bool is_expanded;
  struct eagre_expression **written_keys;
  uint32_t written_count;
  struct eagre_aggregate *aggregates;
  struct eagre_expression **arguments;
  uint32_t aggregate_count;
  uint32_t aggregate_capacity;
};

/* The OVER nodes of a SELECT under construction: one, or a stack of them when functions read
 * others; the level of a function is the number of its node, from below. */
struct plan_overs {
  const struct eagre_sql_query *query; /* its WINDOW clause names windows */
  uint32_t first_column;               /* of the functions: they stand behind all others */
  struct eagre_over_window *windows;
  uint32_t window_count;
  uint32_t window_capacity;
  struct eagre_over_function *functions;
  uint32_t *levels; /* by function */
  uint32_t function_count;
  uint32_t function_capacity;
};

/* Names of the SELECT list, and what they win over. */
enum plan_alias_rank {
  PLAN_ALIAS_LATERAL, /* of earlier items, for later ones: where no column has the name */
  PLAN_ALIAS_HAVING,  /* before columns, after grouping expressions */
  PLAN_ALIAS_ORDER,   /* before both */
};
struct plan_aliases {
  const struct eagre_text *names;
  struct eagre_expression *const *expressions;
  uint32_t count;
  enum plan_alias_rank rank;
};

/* Subqueries of expressions, as values over the relation they were joined with. */
struct plan_attached {
  const struct eagre_sql_expression *tree;
  struct eagre_expression *value;
  struct plan_attached *next;
};

/* Parameters of a lambda, and of those around it. */
struct plan_lambda {
  const struct eagre_text *names;
  struct eagre_expression **variables;
  uint32_t count;
  uint32_t first_number;
  const struct plan_lambda *outer;
};

struct plan_scope {
  const struct plan_relation *relation; /* input columns */
  uint32_t inner_begin; /* of a subquery: columns from here on are its own, and found first */
  const struct plan_attached *attached; /* NULL where subqueries are not allowed */
  struct plan_aggregation *aggregation; /* NULL below a GROUP BY */
  struct plan_overs *overs;             /* NULL where OVER is not allowed */
  const char *over_refusal;             /* what forbids it; NULL: as aggregate_refusal */
  const struct plan_window *window;     /* NULL where window() is not allowed */
  const struct plan_aliases *aliases;   /* NULL outside the SELECT list */
  const struct plan_lambda *lambda;     /* NULL outside of one */
  const char *aggregate_refusal;        /* clause that forbids aggregates ("WHERE"), or NULL */
};

struct plan_view {
  struct eagre_text name;
  const struct eagre_sql_query *query;
  struct plan_view *next;
};

struct plan_binder {
  struct eagre_pipeline *pipeline;
  struct eagre_arena *arena;
  struct plan_view *views;
  uint32_t view_depth;
  struct eagre_text text; /* SQL text of the file */
  eagre_plan_complete_fn *complete;
  struct eagre_text storage;       /* root of tables whose place is not given */
  struct plan_table_place *tables; /* those the file has made so far */
  /* Of the query being bound: */
  struct eagre_plan_source **sources;
  uint32_t source_count;
  uint32_t watermark_count;
  struct plan_common *common_tables;
};

/* Where a table of the file lies. */
struct plan_table_place {
  struct eagre_text name;
  struct eagre_text location;
  struct plan_table_place *next;
};

/* WITH tables in scope. */
struct plan_common {
  struct eagre_text name;
  const struct eagre_sql_query *query;
  struct plan_common *next;
};

/* Fills `error` with class, text and position; returns EAGRE_USAGE. */
enum eagre_status eagre_plan_fail(struct eagre_error *error, struct eagre_sql_position position,
                                  const char *class_name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* plan_options.c */
/* USAGE SECRET_NOT_ALLOWED where the text refers to a secret. */
enum eagre_status eagre_plan_refuse_secret(struct eagre_text text,
                                           struct eagre_sql_position position,
                                           struct eagre_error *error);
enum eagre_status eagre_plan_options_check(struct plan_binder *binder,
                                           enum eagre_option_scope scope,
                                           const struct eagre_sql_option *given,
                                           uint32_t given_count, struct eagre_options *out,
                                           struct eagre_error *error);
void eagre_plan_notice(struct plan_binder *binder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* plan_scope.c */
struct eagre_plan_node *eagre_plan_node_new(struct plan_binder *binder, enum eagre_plan_kind kind,
                                            struct eagre_plan_node *input,
                                            struct eagre_sql_position position);
/* Gives `relation->node` the STRUCT type of the relation's columns. */
void eagre_plan_relation_seal(struct plan_binder *binder, struct plan_relation *relation);
enum eagre_status eagre_plan_resolve_name(struct plan_binder *binder,
                                          const struct plan_scope *scope,
                                          const struct eagre_sql_name *name,
                                          struct eagre_expression **out, struct eagre_error *error);
/* A name of the SELECT list only; *out NULL when it has none. */
enum eagre_status eagre_plan_resolve_alias(struct plan_binder *binder,
                                           const struct plan_scope *scope,
                                           const struct eagre_sql_name *name,
                                           struct eagre_expression **out,
                                           struct eagre_error *error);
enum eagre_status eagre_plan_resolve_field(struct plan_binder *binder,
                                           struct eagre_expression *value, struct eagre_text field,
                                           struct eagre_sql_position position,
                                           struct eagre_expression **out,
                                           struct eagre_error *error);
struct eagre_expression *eagre_plan_column_reference(struct plan_binder *binder,
                                                     const struct plan_relation *relation,
                                                     uint32_t index,
                                                     struct eagre_sql_position position);

/* Whether the expression carries the watermark of `relation`: its event time column, or window_time
 * of a window over it. */
bool eagre_plan_is_event_time(const struct plan_relation *relation,
                              const struct eagre_expression *expression);

/* plan_expression.c */
enum eagre_status eagre_plan_bind_expression(struct plan_binder *binder,
                                             const struct plan_scope *scope,
                                             const struct eagre_sql_expression *tree,
                                             struct eagre_expression **out,
                                             struct eagre_error *error);
/* A BOOLEAN expression (WHERE, HAVING); `clause` names it in the error. */
enum eagre_status eagre_plan_bind_condition(struct plan_binder *binder,
                                            const struct plan_scope *scope,
                                            const struct eagre_sql_expression *tree,
                                            const char *clause, struct eagre_expression **out,
                                            struct eagre_error *error);
/* Above a GROUP BY: an expression over columns that are not grouped by. */
enum eagre_status eagre_plan_fail_not_grouped(const struct eagre_sql_expression *tree,
                                              const struct plan_aggregation *aggregation,
                                              struct eagre_error *error);
/* A constant as text (option values) or integer (LIMIT). */
enum eagre_status eagre_plan_constant_text(struct plan_binder *binder,
                                           const struct eagre_sql_expression *tree,
                                           struct eagre_text *out, struct eagre_error *error);
enum eagre_status eagre_plan_constant_integer(struct plan_binder *binder,
                                              const struct eagre_sql_expression *tree,
                                              const char *clause, int64_t *out,
                                              struct eagre_error *error);
struct eagre_expression *eagre_plan_null(struct plan_binder *binder, const struct eagre_type *type);

/* plan_aggregate.c */
bool eagre_plan_has_aggregate(const struct eagre_sql_expression *tree);
enum eagre_status eagre_plan_bind_aggregate_call(struct plan_binder *binder,
                                                 struct plan_aggregation *aggregation,
                                                 const struct plan_scope *scope,
                                                 const struct eagre_sql_expression *tree,
                                                 struct eagre_expression **out,
                                                 struct eagre_error *error);
/* The aggregate of a call whose arguments are bound against `scope`; *out_argument NULL for
 * count(*). */
enum eagre_status
eagre_plan_bind_aggregate(struct plan_binder *binder, const struct plan_scope *scope,
                          const struct eagre_sql_expression *tree, struct eagre_aggregate *out,
                          struct eagre_expression **out_argument, struct eagre_error *error);
/* Makes the aggregates that `tree` calls part of `scope->aggregation`, before anything is bound. */
enum eagre_status eagre_plan_collect_aggregates(struct plan_binder *binder,
                                                const struct plan_scope *scope,
                                                const struct eagre_sql_expression *tree,
                                                struct eagre_error *error);
/* The column of the AGGREGATE node for a grouping expression equal to `bound`, or NULL. */
struct eagre_expression *eagre_plan_find_key(struct plan_binder *binder,
                                             const struct plan_aggregation *aggregation,
                                             const struct eagre_expression *bound,
                                             struct eagre_sql_position position);
/* Tries to read `tree` as one of the grouping expressions or, for a name, as a field of one; *out
 * NULL when it is none. */
void eagre_plan_match_key(struct plan_binder *binder, const struct plan_scope *scope,
                          const struct eagre_sql_expression *tree, struct eagre_expression **out);

/* plan_grouping.c */
/* Makes every row of `relation` leave once per set of GROUPING SETS, ROLLUP or CUBE, and its keys
 * those of `aggregation`, whose keys so far are the grouping expressions, each once; `numbers` says
 * which of them each item of GROUP BY is. `columns` gets the further keys. */
enum eagre_status eagre_plan_expand_groups(struct plan_binder *binder,
                                           const struct eagre_sql_query *query,
                                           const uint32_t *numbers, struct plan_relation *relation,
                                           struct plan_aggregation *aggregation,
                                           struct plan_column *columns, struct eagre_error *error);
/* grouping(), grouping_id() */
bool eagre_plan_is_grouping_call(const struct eagre_sql_expression *tree);
enum eagre_status eagre_plan_bind_grouping_call(struct plan_binder *binder,
                                                const struct plan_scope *scope,
                                                const struct eagre_sql_expression *tree,
                                                struct eagre_expression **out,
                                                struct eagre_error *error);

/* plan_lambda.c */
/* Binds a call of a function that takes lambdas; *out_is_one says whether it is one. */
enum eagre_status eagre_plan_bind_lambda_call(struct plan_binder *binder,
                                              const struct plan_scope *scope,
                                              const struct eagre_sql_expression *tree,
                                              bool *out_is_one, struct eagre_expression **out,
                                              struct eagre_error *error);
/* The parameter that a name begins with, and its fields; *out NULL when it is none. */
enum eagre_status eagre_plan_resolve_parameter(struct plan_binder *binder,
                                               const struct plan_scope *scope,
                                               const struct eagre_sql_name *name,
                                               struct eagre_expression **out,
                                               struct eagre_error *error);
/* Whether the tree names a parameter of a lambda around it. */
bool eagre_plan_names_parameter(const struct plan_scope *scope,
                                const struct eagre_sql_expression *tree);

/* plan_generate.c */
/* explode and the other functions that make several rows of one. */
bool eagre_plan_is_generator(const struct eagre_sql_expression *tree);
/* The same, and those that stand in FROM only. */
bool eagre_plan_is_table_generator(const struct eagre_sql_expression *tree);
/* Puts a GENERATE node on top of `relation`, with its columns behind the others; *out_first is the
 * first of them. */
enum eagre_status eagre_plan_add_generator(struct plan_binder *binder,
                                           struct plan_relation *relation,
                                           const struct eagre_sql_expression *call, bool is_outer,
                                           uint32_t *out_first, struct eagre_error *error);
/* Gives the generated columns other names; USAGE UDTF_ALIAS_NUMBER_MISMATCH when they are not as
 * many. */
enum eagre_status eagre_plan_name_generated(struct plan_binder *binder,
                                            struct plan_relation *relation, uint32_t first,
                                            const struct eagre_text *names, uint32_t count,
                                            struct eagre_sql_position position,
                                            struct eagre_error *error);
/* relation LATERAL VIEW [OUTER] function(...) */
enum eagre_status eagre_plan_bind_lateral_view(struct plan_binder *binder,
                                               const struct eagre_sql_relation *tree,
                                               struct plan_relation *out,
                                               struct eagre_error *error);

/* plan_window.c */
/* Finds window() or session_window() in `tree` (not inside subqueries); NULL when there is none. */
const struct eagre_sql_expression *eagre_plan_find_window(const struct eagre_sql_expression *tree);
/* Puts a WINDOW node on top of `relation` for that call. */
enum eagre_status eagre_plan_add_window(struct plan_binder *binder, struct plan_relation *relation,
                                        const struct eagre_sql_expression *call,
                                        struct plan_window *out, struct eagre_error *error);
/* Reads a further call of either: it must equal the one of the SELECT. */
enum eagre_status eagre_plan_bind_window_call(struct plan_binder *binder,
                                              const struct plan_scope *scope,
                                              const struct eagre_sql_expression *call,
                                              struct eagre_expression **out,
                                              struct eagre_error *error);

/* plan_over.c */
/* Finds f(...) OVER ... in `tree` (not inside subqueries); NULL when there is none. */
const struct eagre_sql_expression *eagre_plan_find_over(const struct eagre_sql_expression *tree);
/* The same in the SELECT list of a query. */
bool eagre_plan_has_over(const struct eagre_sql_query *query);
/* What WINDOW name AS ... defines: names that are there once, and mean a window. */
enum eagre_status eagre_plan_check_windows(const struct eagre_sql_query *query,
                                           struct eagre_error *error);
/* f(...) OVER ...: a column of the OVER node to be. */
enum eagre_status eagre_plan_bind_over(struct plan_binder *binder, const struct plan_scope *scope,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_expression **out, struct eagre_error *error);
/* Puts the OVER node of what was bound on top of `relation`, if there is any. */
void eagre_plan_add_over(struct plan_binder *binder, struct plan_relation *relation,
                         const struct plan_overs *overs, struct eagre_sql_position position);
/* plan_over_frame.c: the frame of a function over `window`. The default one when none is written,
 * which for a function without an order is the whole partition. */
enum eagre_status eagre_plan_bind_frame(struct plan_binder *binder,
                                        const struct eagre_sql_over *tree,
                                        const struct eagre_over_window *window,
                                        struct eagre_over_function *function,
                                        struct eagre_error *error);

/* plan_ranked.c: the numbers of rows that a stream can do without. Returns what stands in the place
 * of `node`. */
struct eagre_plan_node *eagre_plan_find_ranked(struct plan_binder *binder,
                                               struct eagre_plan_node *node);

/* plan_relation.c */
enum eagre_status eagre_plan_bind_relation(struct plan_binder *binder,
                                           const struct eagre_sql_relation *tree,
                                           struct plan_relation *out, struct eagre_error *error);

/* plan_lateral.c: left JOIN LATERAL ...; *out_is_bound false: it reads nothing of `left`, `out` is
 * the relation alone and to be joined as any other. */
enum eagre_status eagre_plan_bind_lateral(struct plan_binder *binder,
                                          const struct eagre_sql_relation *tree,
                                          enum eagre_join_kind kind, bool is_natural,
                                          const struct plan_relation *left,
                                          struct plan_relation *out, bool *out_is_bound,
                                          struct eagre_error *error);
/* A generator in FROM; *out_is_one false: the function is none, and `out` is untouched. */
enum eagre_status eagre_plan_bind_generator(struct plan_binder *binder,
                                            const struct eagre_sql_relation *tree,
                                            struct plan_relation *out, bool *out_is_one,
                                            struct eagre_error *error);

/* plan_join.c */
enum eagre_status eagre_plan_bind_join(struct plan_binder *binder,
                                       const struct eagre_sql_relation *tree,
                                       struct plan_relation *out, struct eagre_error *error);
/* ON: a BOOLEAN over the joined columns. */
enum eagre_status eagre_plan_bind_join_condition(struct plan_binder *binder,
                                                 const struct eagre_sql_expression *tree,
                                                 const struct plan_relation *joined,
                                                 struct eagre_expression **out,
                                                 struct eagre_error *error);
/* A JOIN of two relations without a condition; *out has the left columns, then the right ones,
 * whatever the kind: a condition is bound against it. `eagre_plan_join_end` makes of it what the
 * kind gives. */
void eagre_plan_join_begin(struct plan_binder *binder, enum eagre_join_kind kind,
                           const struct plan_relation *left, const struct plan_relation *right,
                           struct eagre_sql_position position, struct plan_relation *out);
void eagre_plan_join_end(struct plan_binder *binder, struct plan_relation *joined);
/* `condition` (over the left columns, then the right ones) AND what the JOIN asks already:
 * equalities between the sides become keys. */
void eagre_plan_join_add_condition(struct plan_binder *binder, struct eagre_plan_node *join,
                                   struct eagre_expression *condition);
/* A copy, over the right columns alone, of what reads no left one. */
struct eagre_expression *eagre_plan_join_over_right(struct plan_binder *binder,
                                                    const struct eagre_plan_node *join,
                                                    const struct eagre_expression *expression);
/* plan_join_state.c: fills `time_key` and `join_sides` of a JOIN of streams, whose columns have
 * been pruned. */
void eagre_plan_join_derive(struct eagre_plan_node *join, struct eagre_arena *arena);
/* How many of the joined columns are left ones. */
uint32_t eagre_plan_join_left_count(const struct eagre_plan_node *join);

/* Makes `source` a leaf of the query and `out` its relation. */
void eagre_plan_add_source(struct plan_binder *binder, struct eagre_plan_source *source,
                           struct plan_relation *out);

/* plan_table.c: Delta tables in FROM, by path and by name. *out_is_table false: there is none of
 * that name, and `out` is untouched. */
enum eagre_status eagre_plan_bind_path(struct plan_binder *binder,
                                       const struct eagre_sql_relation *tree,
                                       struct plan_relation *out, struct eagre_error *error);
enum eagre_status eagre_plan_bind_table(struct plan_binder *binder,
                                        const struct eagre_sql_relation *tree,
                                        struct plan_relation *out, bool *out_is_table,
                                        struct eagre_error *error);
/* Refuses columns of types that cannot be computed. */
enum eagre_status eagre_plan_check_columns(const struct eagre_type *type,
                                           struct eagre_sql_position position,
                                           struct eagre_error *error);

/* plan_where.c */
enum eagre_status eagre_plan_add_where(struct plan_binder *binder, struct plan_relation *relation,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_error *error);
void eagre_plan_add_filter(struct plan_binder *binder, struct plan_relation *relation,
                           struct eagre_expression *condition, struct eagre_sql_position position);

/* plan_subquery.c */
bool eagre_plan_has_subquery(const struct eagre_sql_expression *tree);
/* a AND b AND ... as a list of at most `count_max`, the rest stays joined; returns how many. */
uint32_t eagre_plan_split_conjuncts(const struct eagre_sql_expression *tree,
                                    const struct eagre_sql_expression **out, uint32_t count_max);
/* Leaves the rows of `relation` for which EXISTS or IN (`tree`) holds, or with `is_negated` does
 * not. */
enum eagre_status eagre_plan_join_subquery(struct plan_binder *binder,
                                           struct plan_relation *relation,
                                           const struct eagre_sql_expression *tree, bool is_negated,
                                           struct eagre_error *error);
/* Joins `relation` with every subquery in `tree`: hidden columns behind its own, listed in
 * `attached`. The relation may be that of an aggregation, whose results then may be searched. */
enum eagre_status eagre_plan_attach_subqueries(struct plan_binder *binder,
                                               struct plan_relation *relation,
                                               struct plan_aggregation *aggregation,
                                               const struct eagre_sql_expression *tree,
                                               struct plan_attached **attached,
                                               struct eagre_error *error);

/* plan_deduplicate.c. USAGE UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE or _ON_VARIANT_TYPE for a
 * column whose values cannot be told apart. */
enum eagre_status eagre_plan_check_distinct(const struct plan_column *column,
                                            struct eagre_sql_position position,
                                            struct eagre_error *error);
/* plan_functions.c: the rows of SHOW FUNCTIONS and DESCRIBE FUNCTION (sql_show.c). */
enum eagre_status eagre_plan_bind_functions(struct plan_binder *binder,
                                            const struct eagre_sql_relation *tree,
                                            struct plan_relation *out, bool *out_is_known,
                                            struct eagre_error *error);
/* deduplicate(relation, column, ..., withinWatermark => true). */
enum eagre_status eagre_plan_bind_deduplicate(struct plan_binder *binder,
                                              const struct eagre_sql_relation *tree,
                                              struct plan_relation *out, struct eagre_error *error);

/* plan_query.c */
enum eagre_status eagre_plan_bind_query(struct plan_binder *binder,
                                        const struct eagre_sql_query *tree,
                                        struct plan_relation *out, struct eagre_error *error);

/* plan_union.c: the two sides of a set operation; not its ORDER BY, LIMIT or DISTINCT. */
enum eagre_status eagre_plan_bind_union(struct plan_binder *binder,
                                        const struct eagre_sql_query *tree,
                                        struct plan_relation *out, struct eagre_error *error);

/* plan_lift.c: the generator of a query with aggregates is put above them. USAGE
 * UNSUPPORTED_GENERATOR.MULTI_GENERATOR. */
enum eagre_status eagre_plan_lift_generators(struct plan_binder *binder,
                                             const struct eagre_sql_query **inout_query,
                                             struct eagre_error *error);

/* plan_union_all.c: INTERSECT ALL or EXCEPT ALL of two relations with the same columns. */
enum eagre_status eagre_plan_count_rows(struct plan_binder *binder,
                                        const struct plan_relation sides[2], bool is_intersect,
                                        struct eagre_sql_position position,
                                        struct plan_relation *out, struct eagre_error *error);

/* plan_narrow.c: makes outer joins below filters narrower where that gives the same rows; returns
 * whether it did, after which filters may move on. */
bool eagre_plan_narrow_joins(struct plan_binder *binder, struct eagre_plan_node *node);

/* plan_push.c, plan_infer.c, plan_prune.c, plan_predicate.c */
struct eagre_plan_node *eagre_plan_push_filters(struct plan_binder *binder,
                                                struct eagre_plan_node *node);
/* Puts filters in that follow from those that are there, and moves them down. */
void eagre_plan_infer_filters(struct plan_binder *binder, struct eagre_plan_node *node);
/* Tells sources the conditions right above them. */
void eagre_plan_find_predicates(struct plan_binder *binder, struct eagre_plan_node *node);
void eagre_plan_prune_columns(struct plan_binder *binder, struct eagre_plan_node *node);
/* plan_needle.c: to be called when the columns of every node stand. */
void eagre_plan_find_needles(struct eagre_plan_node *node);
/* plan_slice.c: to be called last, when the columns of every node stand. */
void eagre_plan_share_slices(struct eagre_plan_node *node);

/* plan_tree.c: fills `out` and the numbers of stateful nodes; after the rules that rewrite. */
void eagre_plan_tree_init(struct eagre_arena *arena, struct eagre_plan_node *root,
                          struct eagre_plan_tree *out);

/* plan_streaming.c: what may run as a stream (spark-semantics 3.9); with `allows_changes` also
 * aggregations over results of aggregations in update and complete mode, which is what
 * *out_has_changes says. */
enum eagre_status eagre_plan_check_stream(const struct eagre_plan_tree *query,
                                          enum eagre_output_mode mode, bool allows_changes,
                                          bool *out_has_changes, struct eagre_error *error);

/* plan_top.c: makes TOP nodes of OVER nodes whose row numbers are bounded, outside static inputs.
 */
void eagre_plan_find_tops(struct plan_binder *binder, struct eagre_plan_node *node);

/* plan_changes.c: gives rows between stateful nodes weights, and makes the nodes above take rows
 * back. USAGE UNSUPPORTED_FEATURE.CHANGES where that is not possible; in update mode
 * STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION when groups may go away. */
enum eagre_status eagre_plan_add_changes(struct plan_binder *binder, enum eagre_output_mode mode,
                                         struct eagre_plan_node **root, struct eagre_error *error);

/* plan_watermark.c: gives the WATERMARK nodes of a flow what its settings ask. USAGE
 * INVALID_SETTING.WATERMARK. */
/* plan_continuous.c: sources that an open epoch cannot read are refused by name. */
enum eagre_status eagre_plan_check_continuous(const struct eagre_flow *flow,
                                              struct eagre_error *error);
enum eagre_status eagre_plan_set_watermarks(struct eagre_flow *flow, struct eagre_error *error);

/* plan_flow.c */
enum eagre_status eagre_plan_bind_statements(struct plan_binder *binder,
                                             const struct eagre_plan_request *request,
                                             const struct eagre_sql_statement *first,
                                             struct eagre_error *error);

/* plan_expect.c: puts the EXPECT node of the table's constraints on top of a finished query.
 * `table` NULL, or one without constraints: nothing. */
enum eagre_status eagre_plan_add_expectations(struct plan_binder *binder,
                                              const struct eagre_sql_statement *table,
                                              struct eagre_text flow_name,
                                              struct plan_relation *relation,
                                              struct eagre_error *error);
/* USAGE UNSUPPORTED_FEATURE.DEAD_LETTER_EXPECTATION where rows that are left out cannot go. */
enum eagre_status eagre_plan_check_expectations(const struct eagre_flow *flow,
                                                struct eagre_error *error);

/* ---- Sinks (plan_sink.c) --------------------------------------------------------------------- */

/* What CREATE SINK says: kind, options, directory and partitions of `sink`. */
enum eagre_status eagre_plan_bind_sink(struct plan_binder *binder,
                                       const struct eagre_sql_statement *statement,
                                       struct eagre_plan_sink *sink, struct eagre_error *error);

/* Makes `sink` of a flow SEVERAL with a last part that gets the rows of a side. USAGE `class_name`
 * at `position` when that cannot be one: `hint` says what its columns must be. */
struct plan_side {
  enum eagre_side side;
  const char *class_name;
  const char *hint;
  const struct eagre_type *columns;
  struct eagre_sql_position position;
};
enum eagre_status eagre_plan_add_side(struct plan_binder *binder, const struct plan_side *side,
                                      struct eagre_plan_sink *part, struct eagre_plan_sink **sink,
                                      struct eagre_error *error);
/* The option lateRows (plan_late.c), as eagre_plan_add_dead_letter. */
enum eagre_status eagre_plan_add_late_rows(struct plan_binder *binder,
                                           struct eagre_plan_sink *late_rows,
                                           struct eagre_sql_position position,
                                           struct eagre_plan_sink **sink,
                                           struct eagre_error *error);
/* USAGE LATE_ROWS_WITHOUT_WATERMARK or UNSUPPORTED_FEATURE.LATE_ROWS_OF_CHANGES. */
enum eagre_status eagre_plan_check_late_rows(struct plan_binder *binder,
                                             const struct eagre_flow *flow,
                                             struct eagre_sql_position position,
                                             struct eagre_error *error);
/* The option deadLetter (plan_dead.c): `sink` of the flow becomes SEVERAL with `dead_letter` as its
 * last part. USAGE at `position` when that cannot be one. */
enum eagre_status eagre_plan_add_dead_letter(struct plan_binder *binder,
                                             struct eagre_plan_sink *dead_letter,
                                             struct eagre_sql_position position,
                                             struct eagre_plan_sink **sink,
                                             struct eagre_error *error);
/* Makes the sources of a flow keep raw records. USAGE for those that have none. */
enum eagre_status eagre_plan_keep_raw(struct eagre_flow *flow, struct eagre_error *error);
/* INSERT INTO a, b: `out` becomes SEVERAL with these parts (as many as the statement has targets;
 * the array stays with it). USAGE when tables among them declare different columns. */
enum eagre_status eagre_plan_join_sinks(struct plan_binder *binder, struct eagre_plan_sink **parts,
                                        const struct eagre_sql_statement *statement,
                                        struct eagre_plan_sink *out, struct eagre_error *error);
