/* Functions whose printed form is not name(arguments). */
#pragma once

#include "sql/sql.h"

/* The pattern of a call, $1, $2, $3 being its arguments; NULL when it prints as name(arguments). */
const char *eagre_sql_find_pattern(const struct eagre_sql_expression *call);

/* sql_print_over.c: the function of a window, where it has a look of its own, and what stands
 * behind any. */
bool eagre_sql_print_window_function(const struct eagre_sql_expression *call,
                                     struct eagre_buffer *out);
void eagre_sql_print_over(const struct eagre_sql_expression *call, struct eagre_buffer *out);
