/* Functions whose printed form is not name(arguments). */
#pragma once

#include "sql/sql.h"

/* The pattern of a call, $1, $2, $3 being its arguments; NULL when it prints as name(arguments). */
const char *eagre_sql_find_pattern(const struct eagre_sql_expression *call);
