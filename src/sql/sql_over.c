/* OVER name | OVER (name) | OVER ([PARTITION BY ...] [ORDER BY ...] [frame]), and the windows of
 * WINDOW name AS ... behind a query.
 *   frame: ROWS | RANGE  edge | BETWEEN edge AND edge
 *   edge:  UNBOUNDED PRECEDING | UNBOUNDED FOLLOWING | CURRENT ROW | n PRECEDING | n FOLLOWING
 *
 * DISTRIBUTE BY and SORT BY are PARTITION BY and ORDER BY; CLUSTER BY is PARTITION BY. */
#include "sql/sql_parser.h"

/* ---- Frames ---------------------------------------------------------------------------------- */

static enum eagre_status parse_edge(struct eagre_sql_parser *parser, struct eagre_sql_edge *edge) {
  uint32_t first = parser->index;
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_unbounded = eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_PRECEDING) ||
                      eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_FOLLOWING);
  if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_CURRENT, EAGRE_SQL_KEYWORD_ROW)) {
    edge->kind = EAGRE_SQL_EDGE_CURRENT_ROW;
    edge->position = eagre_sql_position_from(parser, first);
    return EAGRE_OK;
  }
  is_unbounded = is_unbounded && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_UNBOUNDED);
  if (!is_unbounded) EAGRE_TRY(eagre_sql_parse_expression(parser, &edge->offset));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_PRECEDING)) {
    edge->kind = is_unbounded ? EAGRE_SQL_EDGE_FIRST : EAGRE_SQL_EDGE_PRECEDING;
  } else {
    EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_FOLLOWING,
                                       "PRECEDING or FOLLOWING of a frame"));
    edge->kind = is_unbounded ? EAGRE_SQL_EDGE_LAST : EAGRE_SQL_EDGE_FOLLOWING;
  }
  edge->position = eagre_sql_position_from(parser, first);
  return EAGRE_OK;
}

static enum eagre_status parse_frame(struct eagre_sql_parser *parser, struct eagre_sql_over *over) {
  over->is_range = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_RANGE);
  over->has_frame = over->is_range || eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ROWS);
  if (!over->has_frame) return EAGRE_OK;
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_BETWEEN)) {
    EAGRE_TRY(parse_edge(parser, &over->lower));
    EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_AND, "AND of a frame"));
    return parse_edge(parser, &over->upper);
  }
  EAGRE_TRY(parse_edge(parser, &over->lower));
  over->upper.kind = EAGRE_SQL_EDGE_CURRENT_ROW;
  over->upper.position = over->lower.position;
  return EAGRE_OK;
}

/* ---- Windows --------------------------------------------------------------------------------- */

static enum eagre_status parse_expressions(struct eagre_sql_parser *parser,
                                           struct eagre_sql_over *over) {
  struct eagre_sql_list list = {0};
  do {
    struct eagre_sql_expression *each = NULL;
    EAGRE_TRY(eagre_sql_parse_expression(parser, &each));
    *(struct eagre_sql_expression **)eagre_sql_list_append(parser, &list, sizeof each) = each;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  over->partition_by = list.items;
  over->partition_by_count = list.count;
  return EAGRE_OK;
}

static bool accept_by(struct eagre_sql_parser *parser, enum eagre_sql_keyword first,
                      enum eagre_sql_keyword other) {
  return eagre_sql_accept_keywords(parser, first, EAGRE_SQL_KEYWORD_BY) ||
         eagre_sql_accept_keywords(parser, other, EAGRE_SQL_KEYWORD_BY);
}

/* What stands in the parentheses; the cursor is behind the first one. */
static enum eagre_status parse_definition(struct eagre_sql_parser *parser,
                                          struct eagre_sql_over *over) {
  if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_CLUSTER, EAGRE_SQL_KEYWORD_BY)) {
    EAGRE_TRY(parse_expressions(parser, over));
  } else {
    if (accept_by(parser, EAGRE_SQL_KEYWORD_PARTITION, EAGRE_SQL_KEYWORD_DISTRIBUTE)) {
      EAGRE_TRY(parse_expressions(parser, over));
    }
    if (accept_by(parser, EAGRE_SQL_KEYWORD_ORDER, EAGRE_SQL_KEYWORD_SORT)) {
      EAGRE_TRY(eagre_sql_parse_order_items(parser, &over->order_by, &over->order_by_count));
    }
  }
  EAGRE_TRY(parse_frame(parser, over));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN,
                                 "PARTITION BY, ORDER BY, a frame or ')' of a window");
}

static void raise_height(struct eagre_sql_over *over, const struct eagre_sql_expression *inside) {
  if (inside != NULL && inside->height > over->height) over->height = inside->height;
}

static void measure_window(struct eagre_sql_over *over) {
  for (uint32_t i = 0; i < over->partition_by_count; i++) {
    raise_height(over, over->partition_by[i]);
  }
  for (uint32_t i = 0; i < over->order_by_count; i++) {
    raise_height(over, over->order_by[i].expression);
  }
  raise_height(over, over->lower.offset);
  raise_height(over, over->upper.offset);
}

/* name, (name) or a definition in parentheses. */
static enum eagre_status parse_window(struct eagre_sql_parser *parser,
                                      struct eagre_sql_over *over) {
  uint32_t first = parser->index;
  const char *expected = "the name of a window, or '('";
  bool has_paren = eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN);
  bool is_name =
      !has_paren || (eagre_sql_is_identifier(eagre_sql_token_at(parser)) &&
                     eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN);
  if (!is_name) {
    EAGRE_TRY(parse_definition(parser, over));
  } else {
    EAGRE_TRY(eagre_sql_take_identifier(parser, expected, &over->name));
    if (has_paren) parser->index += 1;
  }
  over->position = eagre_sql_position_from(parser, first);
  measure_window(over);
  return EAGRE_OK;
}

enum eagre_status eagre_sql_parse_over(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression *call) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_over = eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_OVER) &&
                 (next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN || eagre_sql_is_identifier(next));
  if (!is_over) return EAGRE_OK;
  eagre_sql_advance(parser);
  call->over = eagre_arena_allocate_zeroed(parser->arena, sizeof *call->over);
  return parse_window(parser, call->over);
}

enum eagre_status eagre_sql_parse_windows(struct eagre_sql_parser *parser,
                                          struct eagre_sql_query *query) {
  bool is_window = eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_WINDOW) &&
                   eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_AS);
  if (!is_window) return EAGRE_OK;
  struct eagre_sql_list windows = {query->windows, query->window_count, query->window_count};
  eagre_sql_advance(parser);
  do {
    uint32_t first = parser->index;
    struct eagre_sql_window window = {0};
    EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of a window", &window.name));
    window.position = eagre_sql_position_from(parser, first);
    EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_AS, "AS"));
    EAGRE_TRY(parse_window(parser, &window.over));
    *(struct eagre_sql_window *)eagre_sql_list_append(parser, &windows, sizeof window) = window;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  query->windows = windows.items;
  query->window_count = windows.count;
  return EAGRE_OK;
}
