/* A SELECT under construction, between plan_query.c, which puts its clauses in order, and the
 * files of single clauses. */
#pragma once

#include "plan/plan_bind.h"

struct plan_select {
  const struct eagre_sql_query *tree;
  struct plan_relation relation; /* what the items are bound against */
  struct plan_relation input;    /* below the GROUP BY */
  struct plan_window window;
  struct {
    uint32_t first; /* columns of the relation; none of an item that is no generator */
    uint32_t end;
  } * generated; /* by item; NULL without a generator */
  struct plan_aggregation aggregation;
  struct plan_overs overs;
  bool is_aggregate;
  bool is_closed; /* the aggregates are known and columns of the relation */
  struct eagre_plan_node *aggregate_node;
  struct eagre_expression **items;           /* bound SELECT list, stars expanded */
  struct plan_column *columns;               /* its names and types */
  const struct eagre_sql_expression **trees; /* the tree of each item; NULL when from a star */
  struct eagre_text *aliases;                /* as written; empty when none */
  uint32_t item_count;
  uint32_t item_capacity;
};

/* plan_select_group.c */

/* Notes whether key number `key`, which is `column`, makes the panes of the state. */
enum eagre_status eagre_plan_select_pane(struct eagre_plan_node *node,
                                         const struct plan_column *column, uint32_t key,
                                         struct eagre_error *error);
/* Binds the keys and puts the AGGREGATE node on top of the relation, whose columns are the keys
 * from then on; aggregates are added while what stands above is bound. */
enum eagre_status eagre_plan_select_group(struct plan_binder *binder, struct plan_select *work,
                                          struct eagre_error *error);
/* Finds the aggregates of everything that stands above, before any of it is bound. */
enum eagre_status eagre_plan_select_collect_aggregates(struct plan_binder *binder,
                                                       struct plan_select *work,
                                                       const struct plan_scope *scope,
                                                       struct eagre_error *error);
/* Makes the aggregates columns of the relation, which no name finds: there are no more then. */
enum eagre_status eagre_plan_select_close_group(struct plan_binder *binder,
                                                struct plan_select *work,
                                                const struct plan_scope *scope,
                                                struct eagre_error *error);
/* After everything above is bound: gives the node, and those on top of it, their output types. */
enum eagre_status eagre_plan_select_finish_group(struct plan_binder *binder,
                                                 struct plan_select *work,
                                                 struct eagre_error *error);

/* plan_select_items.c */

/* The name Spark gives to the column of an expression without an alias. */
struct eagre_text eagre_plan_select_name(struct plan_binder *binder,
                                         const struct eagre_sql_expression *tree);
/* Appends an item; `tree` is NULL for what stands in no list. */
void eagre_plan_select_add(struct plan_binder *binder, struct plan_select *work,
                           struct eagre_expression *expression, struct eagre_text name,
                           const struct eagre_sql_expression *tree);
/* Puts the generators of the list on top of the relation. */
enum eagre_status eagre_plan_select_generators(struct plan_binder *binder, struct plan_select *work,
                                               struct eagre_error *error);
/* Binds the list against `scope`. */
enum eagre_status eagre_plan_select_items(struct plan_binder *binder, struct plan_select *work,
                                          struct plan_scope *scope, struct eagre_error *error);
