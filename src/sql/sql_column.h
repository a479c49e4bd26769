/* The parentheses of CREATE STREAMING TABLE: columns and expectations. */
#pragma once

#include "sql/sql_parser.h"

/* ( column, ..., constraint, ... ); the cursor is at the parenthesis. */
enum eagre_status eagre_sql_parse_table_elements(struct eagre_sql_parser *parser,
                                                 struct eagre_sql_statement *statement);
