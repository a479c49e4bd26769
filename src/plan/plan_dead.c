/* Dead letters: where records go that fail, and what of them is kept.
 *
 *   key BINARY, value BINARY   as they came; key is NULL where there is none
 *   topic STRING               or the path of the file
 *   partition INT              NULL for a file
 *   offset BIGINT              or the number of the line
 *   class STRING, message STRING   of the error
 *   epoch BIGINT
 *
 * A topic gets messages with that key and value, and headers topic, partition, offset, class,
 * message, epoch, as texts. */
#include "plan/plan_bind.h"

/* key, value, headers ARRAY<STRUCT<key STRING, value BINARY>> */
static const struct eagre_type *make_message(struct eagre_arena *arena) {
  const struct eagre_type *binary = eagre_type_of(EAGRE_TYPE_BINARY);
  const struct eagre_field pair[] = {
      {EAGRE_TEXT("key"), eagre_type_of(EAGRE_TYPE_STRING), true},
      {EAGRE_TEXT("value"), binary, true},
  };
  const struct eagre_type *pairs =
      eagre_type_array(arena, eagre_type_struct(arena, pair, EAGRE_COUNT_OF(pair)));
  const struct eagre_field fields[] = {
      {EAGRE_TEXT("key"), binary, true},
      {EAGRE_TEXT("value"), binary, true},
      {EAGRE_TEXT("headers"), pairs, true},
  };
  return eagre_type_struct(arena, fields, EAGRE_COUNT_OF(fields));
}

static const struct eagre_type *make_columns(struct eagre_arena *arena) {
  static const struct {
    const char *name;
    enum eagre_type_kind kind;
  } rows[] = {
      {"key", EAGRE_TYPE_BINARY},     {"value", EAGRE_TYPE_BINARY},  {"topic", EAGRE_TYPE_STRING},
      {"partition", EAGRE_TYPE_INT},  {"offset", EAGRE_TYPE_BIGINT}, {"class", EAGRE_TYPE_STRING},
      {"message", EAGRE_TYPE_STRING}, {"epoch", EAGRE_TYPE_BIGINT},
  };
  uint32_t count = EAGRE_COUNT_OF(rows);
  struct eagre_field *fields = eagre_arena_allocate(arena, sizeof *fields * count);
  for (uint32_t i = 0; i < count; i++)
    fields[i] =
        (struct eagre_field){eagre_text_of(rows[i].name), eagre_type_of(rows[i].kind), true};
  return eagre_type_struct(arena, fields, count);
}

enum eagre_status eagre_plan_add_dead_letter(struct plan_binder *binder,
                                             struct eagre_plan_sink *dead_letter,
                                             struct eagre_sql_position position,
                                             struct eagre_plan_sink **sink,
                                             struct eagre_error *error) {
  const struct plan_side side = {
      .side = EAGRE_SIDE_DEAD_LETTERS,
      .class_name = "INVALID_DEAD_LETTER_TABLE",
      .hint = "leave its columns out, or declare key BINARY, value BINARY, topic STRING, partition "
              "INT, offset BIGINT, class STRING, message STRING, epoch BIGINT",
      .columns = dead_letter->kind == EAGRE_SINK_KAFKA ? make_message(binder->arena)
                                                       : make_columns(binder->arena),
      .position = position,
  };
  return eagre_plan_add_side(binder, &side, dead_letter, sink, error);
}

enum eagre_status eagre_plan_keep_raw(struct eagre_flow *flow, struct eagre_error *error) {
  for (uint32_t i = 0; i < flow->source_count; i++) {
    struct eagre_plan_source *source = flow->sources[i];
    source->keeps_raw = source->kind == EAGRE_SOURCE_KAFKA ||
                        (source->kind == EAGRE_SOURCE_FILES && source->format == EAGRE_FILES_TEXT);
    if (source->keeps_raw) continue;
    eagre_plan_fail(
        error, source->position, "UNSUPPORTED_FEATURE.DEAD_LETTER_SOURCE",
        "A flow with deadLetter reads from Kafka or from text files; this source has no "
        "raw records to keep.");
    eagre_error_hint(error, "read the files with format => 'text', and their lines with from_json "
                            "or from_csv");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}
