/* Rounding of DECIMAL, for the binders of round, bround, ceil and floor. */
#pragma once

#include "expression/expression_tree.h"

/* Argument 0, a DECIMAL, rounded to `scale` digits behind the point (in front of it when negative):
 * DECIMAL with the digits that are left and one more for the carry, as in Spark. */
enum eagre_status eagre_bind_round_decimal(struct eagre_bind *bind, int64_t scale,
                                           enum eagre_rounding rounding,
                                           struct eagre_expression **out);
