/* The option lateRows: where rows go that a stateful node drops because the watermark has passed
 * them, and what is told of them.
 *
 *   row STRING             as the node got it, as JSON
 *   event_time TIMESTAMP   by which it is late: its own, or the end of its window or session
 *   watermark TIMESTAMP    that it is not above
 *   operator INT           number of the node, in data order
 *   topic STRING           or the path of the file; NULL behind another stateful node
 *   partition INT          NULL for a file
 *   offset BIGINT          or the number of the line
 *   epoch BIGINT
 *
 * A topic gets messages without a key whose value is the row, and the rest as headers: eventTime,
 * watermark, operator, topic, partition, offset, epoch. */
#include "plan/plan_bind.h"

/* ---- Which ----------------------------------------------------------------------------------- */

static struct eagre_expression *time_of_column(const struct eagre_plan_node *node, uint32_t side,
                                               int32_t column, struct eagre_arena *arena) {
  if (column < 0) return NULL;
  const struct eagre_type *columns = node->inputs[side]->output;
  return eagre_expression_column(arena, (uint32_t)column, columns->fields[column].type,
                                 node->position);
}

static struct eagre_expression *find_time(const struct eagre_plan_node *node, uint32_t side,
                                          enum eagre_output_mode mode, struct eagre_arena *arena) {
  bool keeps_all = mode == EAGRE_MODE_COMPLETE && node->session_key < 0;
  switch (node->kind) {
  case EAGRE_PLAN_JOIN:
    return time_of_column(node, side, node->join_sides[side].event_time, arena);
  case EAGRE_PLAN_DEDUPLICATE:
    return time_of_column(node, side, node->late_column, arena);
  case EAGRE_PLAN_AGGREGATE:
  case EAGRE_PLAN_TOP:
    if (node->event_time_key < 0 || keeps_all) return NULL;
    return node->keys[node->session_key >= 0 ? node->session_key : node->event_time_key];
  default:
    eagre_assert(!"the node keeps no state");
    return NULL;
  }
}

struct eagre_expression *eagre_plan_late_time(const struct eagre_plan_node *node, uint32_t side,
                                              enum eagre_output_mode mode,
                                              struct eagre_arena *arena) {
  struct eagre_expression *time = find_time(node, side, mode, arena);
  bool is_window = time != NULL && eagre_expression_type(time)->kind == EAGRE_TYPE_STRUCT;
  return is_window ? eagre_expression_field(arena, time, 1, node->position) : time;
}

enum eagre_status eagre_plan_check_late_rows(struct plan_binder *binder,
                                             const struct eagre_flow *flow,
                                             struct eagre_sql_position position,
                                             struct eagre_error *error) {
  bool has_time = false;
  for (uint32_t i = 0; i < flow->query.stateful_count; i++) {
    const struct eagre_plan_node *node = flow->query.stateful[i];
    if (node->takes_changes) {
      return eagre_plan_fail(error, position, "UNSUPPORTED_FEATURE.LATE_ROWS_OF_CHANGES",
                             "With eagre.changes, rows between aggregations take others back; late "
                             "ones of them make no sense alone.");
    }
    for (uint32_t side = 0; side < node->input_count; side++) {
      has_time |= eagre_plan_late_time(node, side, flow->mode, binder->arena) != NULL;
    }
  }
  if (has_time) return EAGRE_OK;
  eagre_plan_fail(error, position, "LATE_ROWS_WITHOUT_WATERMARK",
                  "No row of the flow `%.*s` is ever late.", (int)flow->name.size, flow->name.data);
  eagre_error_hint(error, "leave lateRows out, or write WATERMARK ts DELAY OF INTERVAL ... and "
                          "group by window(ts, ...), in append or update mode");
  return EAGRE_USAGE;
}

/* ---- What is told of them -------------------------------------------------------------------- */

static const struct eagre_type *make_columns(struct eagre_arena *arena) {
  static const struct {
    const char *name;
    enum eagre_type_kind kind;
  } rows[] = {
      {"row", EAGRE_TYPE_STRING},          {"event_time", EAGRE_TYPE_TIMESTAMP},
      {"watermark", EAGRE_TYPE_TIMESTAMP}, {"operator", EAGRE_TYPE_INT},
      {"topic", EAGRE_TYPE_STRING},        {"partition", EAGRE_TYPE_INT},
      {"offset", EAGRE_TYPE_BIGINT},       {"epoch", EAGRE_TYPE_BIGINT},
  };
  uint32_t count = EAGRE_COUNT_OF(rows);
  struct eagre_field *fields = eagre_arena_allocate(arena, sizeof *fields * count);
  for (uint32_t i = 0; i < count; i++) {
    fields[i] =
        (struct eagre_field){eagre_text_of(rows[i].name), eagre_type_of(rows[i].kind), true};
  }
  return eagre_type_struct(arena, fields, count);
}

/* value, headers ARRAY<STRUCT<key STRING, value BINARY>> */
static const struct eagre_type *make_message(struct eagre_arena *arena) {
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  const struct eagre_field pair[] = {
      {EAGRE_TEXT("key"), text, true},
      {EAGRE_TEXT("value"), eagre_type_of(EAGRE_TYPE_BINARY), true},
  };
  const struct eagre_field fields[] = {
      {EAGRE_TEXT("value"), text, true},
      {EAGRE_TEXT("headers"),
       eagre_type_array(arena, eagre_type_struct(arena, pair, EAGRE_COUNT_OF(pair))), true},
  };
  return eagre_type_struct(arena, fields, EAGRE_COUNT_OF(fields));
}

enum eagre_status eagre_plan_add_late_rows(struct plan_binder *binder,
                                           struct eagre_plan_sink *late_rows,
                                           struct eagre_sql_position position,
                                           struct eagre_plan_sink **sink,
                                           struct eagre_error *error) {
  const struct plan_side side = {
      .side = EAGRE_SIDE_LATE_ROWS,
      .class_name = "INVALID_LATE_ROWS_TABLE",
      .hint = "leave its columns out, or declare row STRING, event_time TIMESTAMP, watermark "
              "TIMESTAMP, operator INT, topic STRING, partition INT, offset BIGINT, epoch BIGINT",
      .columns = late_rows->kind == EAGRE_SINK_KAFKA ? make_message(binder->arena)
                                                     : make_columns(binder->arena),
      .position = position,
  };
  return eagre_plan_add_side(binder, &side, late_rows, sink, error);
}
