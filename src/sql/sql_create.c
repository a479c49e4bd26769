/* CREATE: streaming tables, sinks, flows and temporary views.
 *
 *   CREATE [OR REFRESH] STREAMING TABLE [IF NOT EXISTS] name [(columns and constraints)]
 *     { USING format | LOCATION 'path' | PARTITIONED BY (a, b) | COMMENT 'text'
 *       | TBLPROPERTIES (...) }  [AS query]
 *   CREATE SINK [IF NOT EXISTS] name USING format [COMMENT 'text'] [OPTIONS (...)]
 *   CREATE FLOW name [COMMENT 'text'] [OPTIONS (...)] AS INSERT INTO target [, ...] [BY NAME] query
 *   CREATE [OR REPLACE] TEMPORARY VIEW name [(columns)] [COMMENT 'text'] [TBLPROPERTIES (...)]
 *     AS query
 *
 * Clauses come in any order, each at most once. The elements of a table are in sql_column.c. */
#include "sql/sql_column.h"

/* ---- Clauses --------------------------------------------------------------------------------- */

enum clause {
  CLAUSE_USING = 1,
  CLAUSE_LOCATION = 2,
  CLAUSE_PARTITIONED = 4,
  CLAUSE_COMMENT = 8,
  CLAUSE_PROPERTIES = 16,
  CLAUSE_OPTIONS = 32,
};

struct clause_row {
  enum clause clause;
  enum eagre_sql_keyword word;
  enum eagre_status (*parse)(struct eagre_sql_parser *parser,
                             struct eagre_sql_statement *statement);
};

static enum eagre_status parse_using(struct eagre_sql_parser *parser,
                                     struct eagre_sql_statement *statement) {
  struct eagre_text format;
  EAGRE_TRY(eagre_sql_take_identifier(parser, "a format after USING", &format));
  statement->format = eagre_sql_lower(parser, format);
  return EAGRE_OK;
}

static enum eagre_status parse_location(struct eagre_sql_parser *parser,
                                        struct eagre_sql_statement *statement) {
  return eagre_sql_take_string(parser, "a path after LOCATION", &statement->location);
}

static enum eagre_status parse_comment(struct eagre_sql_parser *parser,
                                       struct eagre_sql_statement *statement) {
  return eagre_sql_take_string(parser, "a string after COMMENT", &statement->comment);
}

static enum eagre_status parse_option_list(struct eagre_sql_parser *parser,
                                           struct eagre_sql_statement *statement) {
  struct eagre_sql_list options = {0};
  EAGRE_TRY(eagre_sql_parse_options(parser, &options));
  statement->options = options.items;
  statement->option_count = options.count;
  return EAGRE_OK;
}

/* (a, b): columns only; days(ts) and `p INT` are refused. */
static enum eagre_status parse_partitioned(struct eagre_sql_parser *parser,
                                           struct eagre_sql_statement *statement) {
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_BY, "BY after PARTITIONED"));
  for (uint32_t i = 1;; i += 2) {
    if (!eagre_sql_is_identifier(eagre_sql_token_ahead(parser, i))) break;
    enum eagre_sql_token_kind kind = eagre_sql_token_ahead(parser, i + 1)->kind;
    if (kind == EAGRE_SQL_TOKEN_COMMA) continue;
    if (kind != EAGRE_SQL_TOKEN_LEFT_PAREN && kind != EAGRE_SQL_TOKEN_WORD) break;
    parser->index += i;
    return eagre_sql_fail_unsupported(parser, parser->index, "PARTITION_TRANSFORM",
                                      "PARTITIONED BY takes names of columns only.",
                                      "Compute the value as a column of the query and name it.");
  }
  return eagre_sql_take_identifier_list(parser, "a column", &statement->partition_columns,
                                        &statement->partition_column_count);
}

static const struct clause_row clause_rows[] = {
    {CLAUSE_USING, EAGRE_SQL_KEYWORD_USING, parse_using},
    {CLAUSE_LOCATION, EAGRE_SQL_KEYWORD_LOCATION, parse_location},
    {CLAUSE_PARTITIONED, EAGRE_SQL_KEYWORD_PARTITIONED, parse_partitioned},
    {CLAUSE_COMMENT, EAGRE_SQL_KEYWORD_COMMENT, parse_comment},
    {CLAUSE_PROPERTIES, EAGRE_SQL_KEYWORD_TBLPROPERTIES, parse_option_list},
    {CLAUSE_OPTIONS, EAGRE_SQL_KEYWORD_OPTIONS, parse_option_list},
};

/* Clauses of the real grammar that Eagre refuses by name. */
static const struct {
  enum eagre_sql_keyword word;
  const char *feature;
  const char *sentence;
  const char *hint;
} refused_clauses[] = {
    {EAGRE_SQL_KEYWORD_CLUSTER, "CLUSTER_BY", "CLUSTER BY is not supported.",
     "Use PARTITIONED BY."},
    {EAGRE_SQL_KEYWORD_SCHEDULE, "SCHEDULE", "SCHEDULE is not supported.",
     "Set the trigger: TBLPROPERTIES ('eagre.trigger' = 'processing time 1 minute')."},
    {EAGRE_SQL_KEYWORD_DEFAULT, "DEFAULT_COLLATION", "DEFAULT COLLATION is not supported.",
     "Text is compared by its bytes."},
    {EAGRE_SQL_KEYWORD_WITH, "ROW_FILTER", "WITH ROW FILTER is not supported.",
     "Filter in the query with WHERE."},
    {EAGRE_SQL_KEYWORD_OPTIONS, "OPTIONS", "OPTIONS is not supported here.",
     "Use TBLPROPERTIES ('eagre.<option>' = 'value')."},
};

static enum eagre_status refuse_clause(struct eagre_sql_parser *parser) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_clauses); i++) {
    if (!eagre_sql_is_keyword(eagre_sql_token_at(parser), refused_clauses[i].word)) continue;
    return eagre_sql_fail_unsupported(parser, parser->index, refused_clauses[i].feature,
                                      refused_clauses[i].sentence, refused_clauses[i].hint);
  }
  return EAGRE_OK;
}

/* Reads clauses of the set `allowed`, each at most once, as long as there are any. */
static enum eagre_status parse_clauses(struct eagre_sql_parser *parser, unsigned allowed,
                                       struct eagre_sql_statement *statement) {
  unsigned seen = 0;
  for (;;) {
    const struct clause_row *row = NULL;
    for (size_t i = 0; i < EAGRE_COUNT_OF(clause_rows) && row == NULL; i++) {
      bool is_here = (allowed & clause_rows[i].clause) != 0 &&
                     eagre_sql_at_keyword(parser, clause_rows[i].word);
      if (is_here) row = &clause_rows[i];
    }
    if (row == NULL) return EAGRE_OK;
    if ((seen & row->clause) != 0) {
      return eagre_sql_fail_range(parser, parser->index, "DUPLICATE_CLAUSES",
                                  "The clause %s is written twice.",
                                  eagre_sql_keyword_name(row->word));
    }
    seen |= row->clause;
    eagre_sql_advance(parser);
    EAGRE_TRY(row->parse(parser, statement));
  }
}

static enum eagre_status parse_if_not_exists(struct eagre_sql_parser *parser,
                                             struct eagre_sql_statement *statement) {
  statement->if_not_exists =
      eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_IF, EAGRE_SQL_KEYWORD_NOT);
  if (!statement->if_not_exists) return EAGRE_OK;
  return eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_EXISTS, "EXISTS after IF NOT");
}

/* ---- STREAMING TABLE ------------------------------------------------------------------------- */

static enum eagre_status parse_table(struct eagre_sql_parser *parser, bool or_refresh,
                                     struct eagre_sql_statement *statement) {
  static const unsigned allowed =
      CLAUSE_USING | CLAUSE_LOCATION | CLAUSE_PARTITIONED | CLAUSE_COMMENT | CLAUSE_PROPERTIES;
  statement->kind = EAGRE_SQL_CREATE_TABLE;
  statement->or_refresh = or_refresh;
  EAGRE_TRY(parse_if_not_exists(parser, statement));
  EAGRE_TRY(eagre_sql_take_name(parser, "the name of the table", &statement->name));
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    EAGRE_TRY(eagre_sql_parse_table_elements(parser, statement));
  }
  EAGRE_TRY(parse_clauses(parser, allowed, statement));
  EAGRE_TRY(refuse_clause(parser));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS)) {
    return eagre_sql_parse_query(parser, &statement->query);
  }
  if (eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_FLOW, EAGRE_SQL_KEYWORD_AUTO)) {
    eagre_sql_make_other(parser, statement, "AUTO CDC");
  }
  return EAGRE_OK;
}

/* ---- SINK ------------------------------------------------------------------------------------ */

static enum eagre_status parse_sink(struct eagre_sql_parser *parser,
                                    struct eagre_sql_statement *statement) {
  statement->kind = EAGRE_SQL_CREATE_SINK;
  EAGRE_TRY(parse_if_not_exists(parser, statement));
  EAGRE_TRY(eagre_sql_take_name(parser, "the name of the sink", &statement->name));
  EAGRE_TRY(parse_clauses(
      parser, CLAUSE_USING | CLAUSE_PARTITIONED | CLAUSE_COMMENT | CLAUSE_OPTIONS, statement));
  if (statement->format.size > 0) return EAGRE_OK;
  return eagre_sql_fail_expected(parser, "USING and a format");
}

/* ---- FLOW ------------------------------------------------------------------------------------ */

/* Behind the name of the target. */
static enum eagre_status refuse_insert_extras(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_list = eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN) &&
                 !eagre_sql_begins_query(parser, parser->index + 1);
  if (is_list) {
    return eagre_sql_fail_unsupported(parser, parser->index, "INSERT_COLUMN_LIST",
                                      "INSERT INTO with a list of columns is not supported.",
                                      "Write BY NAME, and give the columns of the query their "
                                      "names with AS.");
  }
  if (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_WITH) &&
      next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN) {
    return eagre_sql_fail_unsupported(parser, parser->index, "INSERT_OPTIONS",
                                      "INSERT INTO ... WITH (...) is not supported.",
                                      "Use OPTIONS of the flow or of the sink.");
  }
  if (eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_REPLACE, EAGRE_SQL_KEYWORD_WHERE)) {
    return eagre_sql_fail_unsupported(parser, parser->index, "REPLACE_WHERE",
                                      "REPLACE WHERE is not supported in a flow.", NULL);
  }
  return EAGRE_OK;
}

/* TABLE in front of a target, unless that is its name. */
static void accept_table(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_target = !eagre_sql_is_identifier(next) ||
                   eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_BY) ||
                   eagre_sql_begins_query(parser, parser->index + 1);
  if (!is_target) eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_TABLE);
}

/* Several targets get the same rows; Spark has one only. */
static enum eagre_status parse_targets(struct eagre_sql_parser *parser,
                                       struct eagre_sql_statement *statement) {
  struct eagre_sql_list names = {0};
  do {
    struct eagre_sql_name name = {0};
    accept_table(parser);
    EAGRE_TRY(eagre_sql_take_name(parser, "the target of the flow", &name));
    *(struct eagre_sql_name *)eagre_sql_list_append(parser, &names, sizeof name) = name;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  statement->targets = names.items;
  statement->target_count = names.count;
  return EAGRE_OK;
}

/* INSERT INTO target [, target ...] [BY NAME] query */
static enum eagre_status parse_insert(struct eagre_sql_parser *parser,
                                      struct eagre_sql_statement *statement) {
  if (eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_INSERT, EAGRE_SQL_KEYWORD_OVERWRITE)) {
    return eagre_sql_fail_unsupported(parser, parser->index, "INSERT_OVERWRITE",
                                      "INSERT OVERWRITE is not supported in a flow.",
                                      "Use the option 'outputMode' = 'complete'.");
  }
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_INSERT, "INSERT INTO after AS"));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_INTO, "INTO after INSERT"));
  EAGRE_TRY(parse_targets(parser, statement));
  statement->by_name =
      eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_BY, EAGRE_SQL_KEYWORD_NAME);
  EAGRE_TRY(refuse_insert_extras(parser));
  return eagre_sql_parse_query(parser, &statement->query);
}

static enum eagre_status parse_flow(struct eagre_sql_parser *parser,
                                    struct eagre_sql_statement *statement) {
  statement->kind = EAGRE_SQL_CREATE_FLOW;
  EAGRE_TRY(parse_if_not_exists(parser, statement));
  EAGRE_TRY(eagre_sql_take_name(parser, "the name of the flow", &statement->name));
  EAGRE_TRY(parse_clauses(parser, CLAUSE_COMMENT | CLAUSE_OPTIONS, statement));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_AS, "AS INSERT INTO"));
  bool is_cdc = eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_AUTO, EAGRE_SQL_KEYWORD_CDC) ||
                eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_APPLY, EAGRE_SQL_KEYWORD_CHANGES);
  if (!is_cdc) return parse_insert(parser, statement);
  eagre_sql_make_other(parser, statement, "AUTO CDC");
  return EAGRE_OK;
}

/* ---- VIEW ------------------------------------------------------------------------------------ */

/* (a [COMMENT 'text'], b): the names. */
static enum eagre_status parse_view_columns(struct eagre_sql_parser *parser,
                                            struct eagre_sql_list *columns) {
  if (!eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) return EAGRE_OK;
  do {
    struct eagre_text column, comment;
    EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of a column", &column));
    *(struct eagre_text *)eagre_sql_list_append(parser, columns, sizeof column) = column;
    if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_COMMENT)) {
      EAGRE_TRY(eagre_sql_take_string(parser, "a string after COMMENT", &comment));
    }
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')'");
}

static enum eagre_status parse_view(struct eagre_sql_parser *parser,
                                    struct eagre_sql_statement *statement) {
  struct eagre_sql_list columns = {0};
  statement->kind = EAGRE_SQL_CREATE_VIEW;
  EAGRE_TRY(parse_if_not_exists(parser, statement));
  EAGRE_TRY(eagre_sql_take_name(parser, "the name of the view", &statement->name));
  EAGRE_TRY(parse_view_columns(parser, &columns));
  EAGRE_TRY(parse_clauses(parser, CLAUSE_COMMENT | CLAUSE_PROPERTIES, statement));
  if (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_USING)) {
    eagre_sql_make_other(parser, statement, "CREATE TEMPORARY VIEW USING");
    return EAGRE_OK;
  }
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_AS, "AS and a query"));
  EAGRE_TRY(eagre_sql_parse_query(parser, &statement->query));
  statement->query = eagre_sql_query_rename(parser, statement->query,
                                            statement->name.parts[statement->name.part_count - 1],
                                            columns.items, columns.count);
  return EAGRE_OK;
}

/* ---- CREATE ---------------------------------------------------------------------------------- */

/* CREATE words that other systems know: refused by name. */
static const char *find_other_create(struct eagre_sql_parser *parser) {
  static const struct {
    enum eagre_sql_keyword first;
    enum eagre_sql_keyword second;
    const char *what;
  } rows[] = {
      {EAGRE_SQL_KEYWORD_MATERIALIZED, EAGRE_SQL_KEYWORD_VIEW, "CREATE MATERIALIZED VIEW"},
      {EAGRE_SQL_KEYWORD_TEMPORARY, EAGRE_SQL_KEYWORD_TABLE, "CREATE TEMPORARY TABLE"},
      {EAGRE_SQL_KEYWORD_TEMPORARY, EAGRE_SQL_KEYWORD_FUNCTION, "CREATE FUNCTION"},
      {EAGRE_SQL_KEYWORD_EXTERNAL, EAGRE_SQL_KEYWORD_TABLE, "CREATE TABLE"},
      {EAGRE_SQL_KEYWORD_LIVE, EAGRE_SQL_KEYWORD_TABLE, "CREATE LIVE TABLE"},
      {EAGRE_SQL_KEYWORD_LIVE, EAGRE_SQL_KEYWORD_VIEW, "CREATE LIVE VIEW"},
      {EAGRE_SQL_KEYWORD_GLOBAL, EAGRE_SQL_KEYWORD_TEMPORARY, "CREATE GLOBAL TEMPORARY VIEW"},
      {EAGRE_SQL_KEYWORD_GLOBAL, EAGRE_SQL_KEYWORD_TEMP, "CREATE GLOBAL TEMPORARY VIEW"},
      {EAGRE_SQL_KEYWORD_TABLE, EAGRE_SQL_KEYWORD_NONE, "CREATE TABLE"},
      {EAGRE_SQL_KEYWORD_VIEW, EAGRE_SQL_KEYWORD_NONE, "CREATE VIEW"},
      {EAGRE_SQL_KEYWORD_FUNCTION, EAGRE_SQL_KEYWORD_NONE, "CREATE FUNCTION"},
      {EAGRE_SQL_KEYWORD_DATABASE, EAGRE_SQL_KEYWORD_NONE, "CREATE DATABASE"},
      {EAGRE_SQL_KEYWORD_SCHEMA, EAGRE_SQL_KEYWORD_NONE, "CREATE SCHEMA"},
      {EAGRE_SQL_KEYWORD_CATALOG, EAGRE_SQL_KEYWORD_NONE, "CREATE CATALOG"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    bool is_here = rows[i].second == EAGRE_SQL_KEYWORD_NONE
                       ? eagre_sql_at_keyword(parser, rows[i].first)
                       : eagre_sql_at_keywords(parser, rows[i].first, rows[i].second);
    if (is_here) return rows[i].what;
  }
  return NULL;
}

static bool accept_temporary_view(struct eagre_sql_parser *parser) {
  return eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_TEMPORARY, EAGRE_SQL_KEYWORD_VIEW) ||
         eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_TEMP, EAGRE_SQL_KEYWORD_VIEW);
}

enum eagre_status eagre_sql_parse_create(struct eagre_sql_parser *parser,
                                         struct eagre_sql_statement *statement,
                                         bool *out_is_known) {
  eagre_sql_advance(parser);
  bool or_refresh =
      eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_OR, EAGRE_SQL_KEYWORD_REFRESH);
  bool or_replace = !or_refresh && eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_OR,
                                                             EAGRE_SQL_KEYWORD_REPLACE);
  *out_is_known = true;
  if (!or_replace && eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_STREAMING)) {
    eagre_sql_advance(parser);
    EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_TABLE, "TABLE after STREAMING"));
    return parse_table(parser, or_refresh, statement);
  }
  bool is_plain = !or_refresh && !or_replace;
  if (is_plain && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_SINK)) {
    return parse_sink(parser, statement);
  }
  if (is_plain && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FLOW)) {
    return parse_flow(parser, statement);
  }
  if (!or_refresh && accept_temporary_view(parser)) return parse_view(parser, statement);
  const char *other = find_other_create(parser);
  *out_is_known = other != NULL;
  if (other != NULL) eagre_sql_make_other(parser, statement, other);
  return EAGRE_OK;
}
