/* Inside of the room `plan`: what the rule that moves filters down needs of joins. */
#pragma once

#include "plan/plan_bind.h"

/* Puts `condition`, over the output of `input`, as far below it as it may go, and returns what
 * stands in the place of `input`. */
struct eagre_plan_node *eagre_plan_sink_condition(struct plan_binder *binder,
                                                  struct eagre_plan_node *input,
                                                  struct eagre_expression *condition,
                                                  struct eagre_sql_position position);

/* Whether `condition`, over the output of `node`, may go below it; not for PROJECT. */
bool eagre_plan_condition_passes(const struct eagre_plan_node *node,
                                 const struct eagre_expression *condition);

/* Whether rows of that side of the JOIN which find no match go nowhere. */
bool eagre_plan_join_drops_rows(const struct eagre_plan_node *join, uint32_t side);
/* Whether `condition`, over the output of the JOIN, may go into it: below it or into its own
 * condition. */
bool eagre_plan_join_takes(const struct eagre_plan_node *join,
                           const struct eagre_expression *condition);
void eagre_plan_join_take(struct plan_binder *binder, struct eagre_plan_node *join,
                          struct eagre_expression *condition, struct eagre_sql_position position);
/* Moves the parts of the JOIN's own condition that read one side only below it, where that gives
 * the same rows. */
void eagre_plan_push_join(struct plan_binder *binder, struct eagre_plan_node *join);
