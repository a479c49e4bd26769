/* The aggregates there are; each is a row of expression_functions.def. */
#pragma once

#include "expression/expression_tree.h"

enum eagre_aggregate_kind {
  EAGRE_AGGREGATE_NONE,
  EAGRE_AGGREGATE_COUNT,
  EAGRE_AGGREGATE_COUNT_IF,
  EAGRE_AGGREGATE_SUM,
  EAGRE_AGGREGATE_AVERAGE,
  EAGRE_AGGREGATE_MINIMUM,
  EAGRE_AGGREGATE_MAXIMUM,
  EAGRE_AGGREGATE_EVERY,
  EAGRE_AGGREGATE_ANY,
};
