/* What the files about relations share. */
#pragma once

#include "sql/sql_parser.h"

/* A relation of height 1. */
struct eagre_sql_relation *eagre_sql_relation_new(struct eagre_sql_parser *parser,
                                                  enum eagre_sql_relation_kind kind);
/* Makes the relation higher than something of height `below`. */
void eagre_sql_relation_raise(struct eagre_sql_relation *relation, uint32_t below);
/* One relation with its watermark and alias, without joins. */
enum eagre_status eagre_sql_parse_relation(struct eagre_sql_parser *parser,
                                           struct eagre_sql_relation **out_relation);
/* Makes `relation` the function whose name was read; the cursor is at the parenthesis. */
enum eagre_status eagre_sql_parse_table_function(struct eagre_sql_parser *parser,
                                                 struct eagre_sql_relation *relation);
