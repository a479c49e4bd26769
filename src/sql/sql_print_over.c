/* Names of columns that window functions give: Spark prints the frame that a function has, also
 * where none is written. */
#include "sql/sql_pattern.h"

static bool is_called(const struct eagre_sql_expression *call, const char *name) {
  return eagre_text_equal_string(call->function, name);
}

static bool is_offset(const struct eagre_sql_expression *call) {
  return is_called(call, "lag") || is_called(call, "lead");
}

/* RANK(), lag(a, 1, NULL): false for what is printed as any other call. */
bool eagre_sql_print_window_function(const struct eagre_sql_expression *call,
                                     struct eagre_buffer *out) {
  static const char *const ranks[][2] = {
      {"rank", "RANK"}, {"dense_rank", "DENSE_RANK"}, {"percent_rank", "PERCENT_RANK"}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(ranks); i++) {
    if (!is_called(call, ranks[i][0])) continue;
    eagre_buffer_printf(out, "%s()", ranks[i][1]);
    return true;
  }
  if (!is_offset(call) || call->argument_count == 0) return false;
  static const char *const defaults[] = {"", ", 1", ", NULL"};
  eagre_buffer_append_text(out, call->function);
  for (uint32_t i = 0; i < 3; i++) {
    if (i >= call->argument_count) {
      eagre_buffer_append_string(out, defaults[i]);
      continue;
    }
    eagre_buffer_append_string(out, i == 0 ? "(" : ", ");
    eagre_sql_print_expression(call->arguments[i].value, out);
  }
  eagre_buffer_append_char(out, ')');
  return true;
}

/* ---- The window ------------------------------------------------------------------------------ */

static void print_edge(const struct eagre_sql_edge *edge, struct eagre_buffer *out) {
  static const char *const names[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW",
                                      " FOLLOWING", "UNBOUNDED FOLLOWING"};
  if (edge->offset != NULL) eagre_sql_print_expression(edge->offset, out);
  eagre_buffer_append_string(out, names[edge->kind]);
}

/* Where nothing is written. */
static void print_default_frame(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  static const char *const by_place[] = {"row_number", "rank", "dense_rank", "percent_rank",
                                         "ntile"};
  if (is_offset(call)) {
    const char *sign = is_called(call, "lag") ? "-" : "";
    struct eagre_buffer rows = {0};
    eagre_buffer_append_string(&rows, sign);
    if (call->argument_count < 2) eagre_buffer_append_char(&rows, '1');
    if (call->argument_count > 1) eagre_sql_print_expression(call->arguments[1].value, &rows);
    eagre_buffer_printf(out, "ROWS BETWEEN %s FOLLOWING AND %s FOLLOWING",
                        eagre_buffer_string(&rows), eagre_buffer_string(&rows));
    eagre_buffer_done(&rows);
    return;
  }
  bool is_by_place = false;
  for (size_t i = 0; i < EAGRE_COUNT_OF(by_place); i++) {
    is_by_place = is_by_place || is_called(call, by_place[i]);
  }
  bool is_whole = !is_by_place && call->over->order_by_count == 0;
  eagre_buffer_printf(out, "%s BETWEEN UNBOUNDED PRECEDING AND %s",
                      is_by_place || is_whole ? "ROWS" : "RANGE",
                      is_whole ? "UNBOUNDED FOLLOWING" : "CURRENT ROW");
}

void eagre_sql_print_over(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  const struct eagre_sql_over *over = call->over;
  if (call->ignores_nulls) eagre_buffer_append_string(out, " IGNORE NULLS");
  eagre_buffer_append_string(out, " OVER ");
  if (over->name.size > 0) {
    eagre_buffer_append_text(out, over->name);
    return;
  }
  eagre_buffer_append_char(out, '(');
  for (uint32_t i = 0; i < over->partition_by_count; i++) {
    eagre_buffer_append_string(out, i == 0 ? "PARTITION BY " : ", ");
    eagre_sql_print_expression(over->partition_by[i], out);
  }
  if (over->partition_by_count > 0) eagre_buffer_append_char(out, ' ');
  for (uint32_t i = 0; i < over->order_by_count; i++) {
    const struct eagre_sql_order_item *item = &over->order_by[i];
    eagre_buffer_append_string(out, i == 0 ? "ORDER BY " : ", ");
    eagre_sql_print_expression(item->expression, out);
    eagre_buffer_printf(out, " %s NULLS %s", item->is_descending ? "DESC" : "ASC",
                        item->nulls_first ? "FIRST" : "LAST");
  }
  if (over->order_by_count > 0) eagre_buffer_append_char(out, ' ');
  if (over->has_frame) {
    eagre_buffer_append_string(out, over->is_range ? "RANGE BETWEEN " : "ROWS BETWEEN ");
    print_edge(&over->lower, out);
    eagre_buffer_append_string(out, " AND ");
    print_edge(&over->upper, out);
  } else {
    print_default_frame(call, out);
  }
  eagre_buffer_append_char(out, ')');
}
