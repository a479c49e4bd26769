/* The Kafka sink: rows become messages, at least once or, by transactions, exactly once.
 *
 * Columns, as Spark has them: `key` and `value` (STRING or BINARY; NULL is no key, or a tombstone),
 * `topic` (STRING, unless the option gives one for all rows), `partition` (INT; NULL leaves it to
 * the partitioner), `headers` (ARRAY<STRUCT<key STRING, value BINARY>>). Others are ignored. Update
 * mode writes the changed rows.
 *
 * `prepare` waits for every acknowledgement, or with the trigger continuous `settle` does, while
 * the next messages are sent. So an epoch whose messages did not all arrive is never committed; it
 * is written again. A producer whose attempt was given up is closed with what it
 * still holds, and the next attempt gets a new one. At least once, each core has a producer of its
 * own, and messages are visible as they are written; exactly once, their producers share the
 * transactor of sink_kafka_exact.c. */
#include <inttypes.h>

#include "sink/sink_kafka.h"

struct kafka_writer {
  struct eagre_sink_writer base;
  struct eagre_kafka_producer *producer; /* NULL until this core writes */
  struct eagre_kafka_message *messages;  /* of the batch at hand */
  uint32_t message_capacity;
  struct eagre_arena headers; /* of the batch at hand */
  struct sink_kafka_gather gather;
  uint64_t message_count; /* of the attempt */
  bool is_watched;        /* the core wakes when acknowledgements come */
  bool is_full;           /* what fits into a request has been sent, and not seen to arrive */
  bool is_marked;         /* what was prepared may be under way: `settle` knows */
};

static struct sink_kafka *get_sink(struct eagre_sink *sink) {
  return (struct sink_kafka *)sink;
}

static struct kafka_writer *get_writer(struct eagre_sink_writer *writer) {
  return (struct kafka_writer *)writer;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static bool is_text(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BINARY;
}

static bool is_string(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRING;
}

static bool is_int(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_INT;
}

static enum eagre_status fail_type(const struct eagre_field *field, const char *wanted,
                                   struct eagre_error *error) {
  struct eagre_buffer type = {0};
  eagre_type_print_catalog(&type, field->type);
  eagre_error_set(error, EAGRE_USAGE, "_LEGACY_ERROR_TEMP_3080",
                  "%.*s attribute unsupported type %s. %.*s must be a(n) %s.",
                  (int)field->name.size, field->name.data, eagre_buffer_string(&type),
                  (int)field->name.size, field->name.data, wanted);
  eagre_error_hint(error, "cast it: CAST(%.*s AS ...)", (int)field->name.size, field->name.data);
  eagre_buffer_done(&type);
  return EAGRE_USAGE;
}

static enum eagre_status find_column(const struct eagre_type *columns, const char *name,
                                     bool (*is_right)(enum eagre_type_kind), const char *wanted,
                                     int *out_index, struct eagre_error *error) {
  *out_index = eagre_type_find_field(columns, eagre_text_of(name), false);
  if (*out_index < 0) return EAGRE_OK;
  const struct eagre_field *field = &columns->fields[*out_index];
  return is_right(field->type->kind) ? EAGRE_OK : fail_type(field, wanted, error);
}

static enum eagre_status fail_required(const struct eagre_type *columns,
                                       struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "_LEGACY_ERROR_TEMP_3080",
                  "Required attribute 'value' not found.");
  bool differs_in_case = eagre_type_find_field(columns, EAGRE_TEXT("value"), true) != -1;
  eagre_error_hint(error, differs_in_case ? "spell it in lower case"
                                          : "name the payload: SELECT to_json(struct(*)) AS value");
  return EAGRE_USAGE;
}

static bool is_headers(const struct eagre_type *type) {
  if (type->kind != EAGRE_TYPE_ARRAY) return false;
  const struct eagre_type *pair = type->fields[0].type;
  return pair->kind == EAGRE_TYPE_STRUCT && pair->field_count == 2 &&
         eagre_text_equal_string(pair->fields[0].name, "key") &&
         eagre_text_equal_string(pair->fields[1].name, "value") &&
         pair->fields[0].type->kind == EAGRE_TYPE_STRING &&
         pair->fields[1].type->kind == EAGRE_TYPE_BINARY;
}

static enum eagre_status find_headers(const struct eagre_type *columns, int *out_index,
                                      struct eagre_error *error) {
  *out_index = eagre_type_find_field(columns, EAGRE_TEXT("headers"), false);
  if (*out_index < 0) return EAGRE_OK;
  const struct eagre_field *field = &columns->fields[*out_index];
  if (is_headers(field->type)) return EAGRE_OK;
  return fail_type(field, "array<struct<key:string,value:binary>>", error);
}

static enum eagre_status find_columns(const struct eagre_type *columns, struct eagre_text topic,
                                      struct sink_kafka_columns *out, struct eagre_error *error) {
  EAGRE_TRY(find_column(columns, "value", is_text, "string or binary", &out->value, error));
  EAGRE_TRY(find_column(columns, "key", is_text, "string or binary", &out->key, error));
  EAGRE_TRY(find_column(columns, "topic", is_string, "string", &out->topic, error));
  EAGRE_TRY(find_column(columns, "partition", is_int, "int", &out->partition, error));
  if (out->value < 0) return fail_required(columns, error);
  EAGRE_TRY(find_headers(columns, &out->headers, error));
  if (topic.size > 0) out->topic = -1;
  if (topic.size == 0 && out->topic < 0) {
    return eagre_error_set(error, EAGRE_USAGE, "_LEGACY_ERROR_TEMP_3080",
                           "topic option required when no 'topic' attribute is present. Use the "
                           "topic option for setting a topic.");
  }
  return EAGRE_OK;
}

static struct eagre_text get_topic(const struct eagre_plan_sink *plan) {
  return eagre_text_trim(eagre_option_text(&plan->options, "topic"));
}

/* `kafka.NAME` without its prefix; the brokers stand apart. */
static struct eagre_kafka_settings read_settings(const struct eagre_plan_sink *plan,
                                                 struct eagre_arena *arena) {
  static const char brokers[] = "kafka.bootstrap.servers";
  const struct eagre_options *options = &plan->options;
  struct eagre_text prefix = EAGRE_TEXT("kafka.");
  struct eagre_kafka_setting *settings =
      eagre_arena_allocate(arena, (options->count + 1) * sizeof *settings);
  uint32_t count = 0;
  for (uint32_t i = 0; i < options->count; i++) {
    struct eagre_text key = options->options[i].key;
    if (key.size <= prefix.size) continue;
    if (eagre_text_equal_ignoring_case(key, eagre_text_of(brokers))) continue;
    struct eagre_text begin = eagre_text_make(key.data, prefix.size);
    if (!eagre_text_equal_ignoring_case(begin, prefix)) continue;
    struct eagre_text name = eagre_text_make(key.data + prefix.size, key.size - prefix.size);
    settings[count++] = (struct eagre_kafka_setting){name, options->options[i].value};
  }
  return (struct eagre_kafka_settings){
      .brokers = eagre_option_text(options, brokers), .settings = settings, .count = count};
}

/* Where the wrong setting stands: its name lies in the key of its option. */
static void place_setting(const struct eagre_plan_sink *plan,
                          const struct eagre_kafka_settings *settings, uint32_t wrong,
                          struct eagre_error *error) {
  const struct eagre_options *options = &plan->options;
  eagre_sql_place_error(plan->position, error);
  for (uint32_t i = 0; error != NULL && wrong < settings->count && i < options->count; i++) {
    struct eagre_text key = options->options[i].key;
    if (key.data + key.size !=
        settings->settings[wrong].name.data + settings->settings[wrong].name.size)
      continue;
    eagre_sql_place_error(options->options[i].position, error);
  }
}

static enum eagre_status check_settings(const struct eagre_plan_sink *plan,
                                        const struct eagre_kafka_settings *settings,
                                        struct eagre_error *error) {
  uint32_t wrong = 0;
  enum eagre_status status = eagre_kafka_settings_check(settings, EAGRE_KAFKA_WRITE, &wrong, error);
  if (status != EAGRE_OK) place_setting(plan, settings, wrong, error);
  return status;
}

static enum eagre_status validate(const struct eagre_plan_sink *plan,
                                  const struct eagre_type *columns, enum eagre_output_mode mode,
                                  struct eagre_error *error) {
  (void)mode; /* all are written as plain appends */
  struct eagre_arena arena = {0};
  struct sink_kafka_columns found;
  const struct eagre_kafka_settings settings = read_settings(plan, &arena);
  enum eagre_status status = check_settings(plan, &settings, error);
  if (status == EAGRE_OK) {
    if (eagre_plan_sink_is_transactional(plan))
      status = eagre_sink_kafka_exact_check(&settings, error);
    if (status == EAGRE_OK) status = find_columns(columns, get_topic(plan), &found, error);
    if (status != EAGRE_OK) eagre_sql_place_error(plan->position, error);
  }
  eagre_arena_done(&arena);
  return status;
}

/* ---- Control half ---------------------------------------------------------------------------- */

static enum eagre_status check_topic(struct sink_kafka *sink, struct eagre_kafka_client *client,
                                     struct eagre_error *error) {
  struct eagre_kafka_topic topic = {.name = sink->topic};
  EAGRE_TRY(eagre_kafka_client_topics(client, &topic, 1, error));
  if (topic.partition_count >= 0) return EAGRE_OK;
  struct eagre_text nearest = eagre_kafka_client_nearest_topic(client, sink->topic, &sink->arena);
  eagre_error_set(error, EAGRE_USAGE, "UNKNOWN_TOPIC_OR_PARTITION",
                  "Kafka does not have the topic %.*s.", (int)sink->topic.size, sink->topic.data);
  if (nearest.size > 0) {
    eagre_error_hint(error, "did you mean '%.*s'?", (int)nearest.size, nearest.data);
  } else {
    eagre_error_hint(error, "create it first");
  }
  eagre_sql_place_error(sink->base.plan->position, error);
  return EAGRE_USAGE;
}

/* Secrets that settings refer to. */
static enum eagre_status look_up(const struct sink_kafka *sink, struct eagre_error *error) {
  uint32_t wrong = 0;
  enum eagre_status status =
      eagre_kafka_settings_look_up(&sink->settings, EAGRE_KAFKA_WRITE, &wrong, error);
  if (status != EAGRE_OK) place_setting(sink->base.plan, &sink->settings, wrong, error);
  return status;
}

/* Looks for the brokers, and for the topic when it is known now. */
static enum eagre_status open_sink(struct eagre_sink *base, struct eagre_error *error) {
  struct sink_kafka *sink = get_sink(base);
  struct eagre_kafka_client *client = NULL;
  sink->settings = read_settings(base->plan, &sink->arena);
  sink->topic = get_topic(base->plan);
  sink->is_exact = eagre_plan_sink_is_transactional(base->plan);
  EAGRE_TRY(find_columns(base->columns, sink->topic, &sink->columns, error));
  EAGRE_TRY(look_up(sink, error));
  const struct eagre_kafka_client_options options = {
      .settings = &sink->settings,
      .role = EAGRE_KAFKA_WRITE,
      .startup_timeout_us = base->environment.startup_timeout_us,
  };
  EAGRE_TRY(eagre_kafka_client_open(&options, &client, error));
  enum eagre_status status = sink->topic.size > 0 ? check_topic(sink, client, error) : EAGRE_OK;
  if (status == EAGRE_OK && sink->is_exact) {
    status = eagre_sink_kafka_exact_open(sink, client, error);
  }
  eagre_kafka_client_close(client);
  return status;
}

static void close_sink(struct eagre_sink *base) {
  struct sink_kafka *sink = get_sink(base);
  eagre_sink_kafka_exact_close(sink);
  eagre_arena_done(&sink->arena);
}

static const char *describe(const struct eagre_sink *sink) {
  (void)sink;
  return "org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable";
}

static enum eagre_status recover(struct eagre_sink *base, struct eagre_sink_recovery *out,
                                 struct eagre_error *error) {
  struct sink_kafka *sink = get_sink(base);
  if (!sink->is_exact) return EAGRE_OK; /* `out` says already that nothing is known */
  return eagre_sink_kafka_exact_recover(sink, out, error);
}

static enum eagre_status claim(struct eagre_sink *base, int64_t epoch, const char *attempt,
                               struct eagre_error *error) {
  struct sink_kafka *sink = get_sink(base);
  return sink->is_exact ? eagre_sink_kafka_exact_claim(sink, epoch, attempt, error) : EAGRE_OK;
}

static enum eagre_status begin(struct eagre_sink *base, int64_t epoch, const char *attempt,
                               struct eagre_error *error) {
  struct sink_kafka *sink = get_sink(base);
  return sink->is_exact ? eagre_sink_kafka_exact_begin(sink, epoch, attempt, error) : EAGRE_OK;
}

static enum eagre_status commit(struct eagre_sink *base, const struct eagre_sink_commit *commit_of,
                                struct eagre_error *error) {
  struct sink_kafka *sink = get_sink(base);
  return sink->is_exact ? eagre_sink_kafka_exact_commit(sink, commit_of, error) : EAGRE_OK;
}

/* ---- Writer ---------------------------------------------------------------------------------- */

static void give_up(struct eagre_sink_writer *base) {
  struct kafka_writer *writer = get_writer(base);
  if (writer->is_watched) {
    eagre_io_unwatch(base->io, eagre_kafka_producer_descriptor(writer->producer));
  }
  writer->is_watched = false;
  eagre_kafka_producer_close(writer->producer);
  writer->producer = NULL;
  eagre_sink_kafka_gather_drop(&writer->gather);
  writer->is_marked = false;
  writer->is_full = false;
}

static void close_writer(struct eagre_sink_writer *base) {
  give_up(base);
  eagre_sink_kafka_gather_done(&get_writer(base)->gather);
  eagre_arena_done(&get_writer(base)->headers);
  eagre_free(get_writer(base)->messages);
}

static enum eagre_status begin_attempt(struct eagre_sink_writer *writer, int64_t epoch,
                                       const char *attempt, struct eagre_error *error) {
  (void)epoch, (void)attempt, (void)error;
  get_writer(writer)->message_count = 0;
  return EAGRE_OK;
}

/* NULL in the column becomes a text without data. */
static void fill_texts(const struct eagre_batch *batch, int column,
                       struct eagre_kafka_message *messages, bool is_key) {
  const struct eagre_vector *vector = &batch->columns[column];
  const struct eagre_text *texts = EAGRE_VALUES(struct eagre_text, vector);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    struct eagre_text text = {NULL, 0};
    if (!eagre_vector_is_null(vector, row)) {
      text = texts[eagre_vector_index(vector, row)];
      if (text.data == NULL) text = EAGRE_TEXT("");
    }
    if (is_key) {
      messages[row].key = text;
    } else {
      messages[row].value = text;
    }
  }
}

static enum eagre_status fill_partitions(const struct eagre_batch *batch, int column,
                                         struct eagre_kafka_message *messages,
                                         struct eagre_error *error) {
  const struct eagre_vector *vector = &batch->columns[column];
  for (uint32_t row = 0; row < batch->row_count; row++) {
    if (eagre_vector_is_null(vector, row)) continue;
    int32_t partition = EAGRE_VALUES(int32_t, vector)[eagre_vector_index(vector, row)];
    if (partition < 0) {
      eagre_error_set(error, EAGRE_DATA, "INVALID_KAFKA_PARTITION",
                      "Invalid partition: %" PRId32 ". Partition number should always be "
                      "non-negative or null.",
                      partition);
      if (error != NULL) error->row = row;
      return EAGRE_DATA;
    }
    messages[row].partition = partition;
  }
  return EAGRE_OK;
}

static enum eagre_status fail_header(uint32_t row, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "INVALID_KAFKA_HEADER", "A header of a message has no key.");
  eagre_error_hint(error, "give every header a key, or leave it out of the array");
  if (error != NULL) error->row = row;
  return EAGRE_DATA;
}

/* The headers of all rows, one behind the other; the rows of a batch are not constant here. */
static enum eagre_status fill_headers(const struct eagre_vector *lists, uint32_t row_count,
                                      struct eagre_arena *arena,
                                      struct eagre_kafka_message *messages,
                                      struct eagre_error *error) {
  const struct eagre_vector *pairs = lists->children;
  const struct eagre_vector *names = &pairs->children[0];
  const struct eagre_vector *values = &pairs->children[1];
  for (uint32_t row = 0; row < row_count; row++) {
    if (eagre_vector_is_null(lists, row)) continue;
    uint32_t at = eagre_vector_index(lists, row);
    int32_t begin = lists->offsets[at];
    uint32_t count = (uint32_t)(lists->offsets[at + 1] - begin);
    struct eagre_kafka_header *headers =
        eagre_arena_allocate_zeroed(arena, (count + 1) * sizeof *headers);
    for (uint32_t i = 0; i < count; i++) {
      uint32_t element = (uint32_t)begin + i;
      bool has_name =
          !eagre_vector_is_null(pairs, element) && !eagre_vector_is_null(names, element);
      if (!has_name) return fail_header(row, error);
      headers[i].name = EAGRE_VALUES(struct eagre_text, names)[element];
      if (!eagre_vector_is_null(values, element))
        headers[i].value = EAGRE_VALUES(struct eagre_text, values)[element];
    }
    messages[row].headers = headers;
    messages[row].header_count = count;
  }
  return EAGRE_OK;
}

static enum eagre_status fill_messages(const struct sink_kafka *sink,
                                       const struct eagre_batch *batch, struct eagre_arena *arena,
                                       struct eagre_kafka_message *messages,
                                       struct eagre_error *error) {
  for (uint32_t row = 0; row < batch->row_count; row++) {
    messages[row] = (struct eagre_kafka_message){.partition = -1};
  }
  fill_texts(batch, sink->columns.value, messages, false);
  if (sink->columns.key >= 0) fill_texts(batch, sink->columns.key, messages, true);
  if (sink->columns.headers >= 0) {
    eagre_arena_reset(arena);
    EAGRE_TRY(fill_headers(&batch->columns[sink->columns.headers], batch->row_count, arena,
                           messages, error));
  }
  if (sink->columns.partition < 0) return EAGRE_OK;
  return fill_partitions(batch, sink->columns.partition, messages, error);
}

static enum eagre_status get_row_topic(const struct eagre_vector *vector, uint32_t row,
                                       struct eagre_text *out, struct eagre_error *error) {
  if (!eagre_vector_is_null(vector, row)) {
    *out = EAGRE_VALUES(struct eagre_text, vector)[eagre_vector_index(vector, row)];
    return EAGRE_OK;
  }
  eagre_error_set(error, EAGRE_DATA, "KAFKA_NULL_TOPIC_IN_DATA",
                  "The Kafka message data sent to the producer contains a null topic. Use the "
                  "topic option for setting a topic.");
  if (error != NULL) error->row = row;
  return EAGRE_DATA;
}

/* Rows in a run of one topic go out together. */
static enum eagre_status send_by_topic(struct kafka_writer *writer,
                                       const struct eagre_vector *topics, uint32_t row_count,
                                       struct eagre_error *error) {
  struct eagre_text topic;
  uint32_t begin_row = 0;
  while (begin_row < row_count) {
    EAGRE_TRY(get_row_topic(topics, begin_row, &topic, error));
    uint32_t end_row = begin_row + 1;
    for (; end_row < row_count; end_row++) {
      struct eagre_text next;
      EAGRE_TRY(get_row_topic(topics, end_row, &next, error));
      if (!eagre_text_equal(topic, next)) break;
    }
    EAGRE_TRY(eagre_kafka_producer_send(writer->producer, topic, writer->messages + begin_row,
                                        end_row - begin_row, error));
    begin_row = end_row;
  }
  return EAGRE_OK;
}

/* Before the first message of an attempt. */
static enum eagre_status begin_sending(struct kafka_writer *writer, const struct sink_kafka *sink,
                                       struct eagre_error *error) {
  if (sink->is_exact) EAGRE_TRY(eagre_kafka_transactor_begin(sink->transactor, error));
  if (writer->producer != NULL) return EAGRE_OK;
  if (sink->is_exact) {
    writer->producer = eagre_kafka_transactor_producer(sink->transactor);
    return EAGRE_OK;
  }
  bool is_prompt = sink->base.environment.is_prompt;
  enum eagre_kafka_linger linger =
      is_prompt ? EAGRE_KAFKA_LINGER_UNTIL_PUSH : EAGRE_KAFKA_LINGER_SHORT;
  EAGRE_TRY(eagre_kafka_producer_open(&sink->settings, linger, &writer->producer, error));
  if (!is_prompt) return EAGRE_OK;
  EAGRE_TRY(
      eagre_io_watch(writer->base.io, eagre_kafka_producer_descriptor(writer->producer), error));
  writer->is_watched = true;
  return EAGRE_OK;
}

static enum eagre_status send_gathered(struct kafka_writer *writer, struct eagre_error *error) {
  const struct sink_kafka *sink = get_sink(writer->base.sink);
  return eagre_sink_kafka_gather_send(&writer->gather, writer->producer, sink->topic, error);
}

static enum eagre_status show(struct eagre_sink_writer *base, struct eagre_error *error) {
  struct kafka_writer *writer = get_writer(base);
  if (writer->producer == NULL) return EAGRE_OK;
  EAGRE_TRY(send_gathered(writer, error));
  eagre_kafka_producer_push(writer->producer);
  return EAGRE_OK;
}

/* All of one topic. */
static enum eagre_status send_or_gather(struct kafka_writer *writer, uint32_t row_count,
                                        struct eagre_error *error) {
  const struct sink_kafka *sink = get_sink(writer->base.sink);
  bool may_wait = sink->base.environment.is_prompt && sink->columns.headers < 0;
  if (!may_wait) {
    return eagre_kafka_producer_send(writer->producer, sink->topic, writer->messages, row_count,
                                     error);
  }
  eagre_sink_kafka_gather_take(&writer->gather, writer->messages, row_count);
  if (!eagre_sink_kafka_gather_is_full(&writer->gather)) return EAGRE_OK;
  writer->is_full = true;
  return show(&writer->base, error);
}

static enum eagre_status write_batch(struct eagre_sink_writer *base,
                                     const struct eagre_batch *batch, struct eagre_error *error) {
  struct kafka_writer *writer = get_writer(base);
  const struct sink_kafka *sink = get_sink(base->sink);
  if (batch->row_count == 0) return EAGRE_OK;
  if (batch->row_count > writer->message_capacity) {
    writer->messages =
        eagre_reallocate(writer->messages, batch->row_count * sizeof *writer->messages);
    writer->message_capacity = batch->row_count;
  }
  EAGRE_TRY(begin_sending(writer, sink, error));
  writer->message_count += batch->row_count;
  EAGRE_TRY(fill_messages(sink, batch, &writer->headers, writer->messages, error));
  if (sink->columns.topic >= 0) {
    return send_by_topic(writer, &batch->columns[sink->columns.topic], batch->row_count, error);
  }
  return send_or_gather(writer, batch->row_count, error);
}

static bool is_ready(struct eagre_sink_writer *base) {
  struct kafka_writer *writer = get_writer(base);
  if (!writer->is_watched) return true;
  return eagre_kafka_producer_is_idle(writer->producer);
}

static bool is_full(struct eagre_sink_writer *base) {
  struct kafka_writer *writer = get_writer(base);
  writer->is_full = writer->is_full && !is_ready(base);
  return writer->is_full;
}

static enum eagre_status prepare(struct eagre_sink_writer *base, struct eagre_buffer *out_piece,
                                 struct eagre_error *error) {
  struct kafka_writer *writer = get_writer(base);
  const struct sink_kafka *sink = get_sink(base->sink);
  EAGRE_TRY(send_gathered(writer, error));
  bool leaves_under_way = !sink->is_exact && sink->base.environment.is_prompt;
  writer->is_marked = leaves_under_way && writer->producer != NULL;
  if (writer->is_marked) {
    eagre_kafka_producer_mark(writer->producer);
  } else if (writer->producer != NULL) {
    EAGRE_TRY(eagre_kafka_producer_flush(writer->producer, error));
  }
  if (!sink->is_exact) return EAGRE_OK; /* nothing to commit */
  eagre_crash_point("kafka.after_flush");
  eagre_sink_kafka_exact_piece(sink, writer->message_count, out_piece);
  return EAGRE_OK;
}

static enum eagre_status settle(struct eagre_sink_writer *base, int timeout_ms,
                                bool *out_is_settled, struct eagre_error *error) {
  struct kafka_writer *writer = get_writer(base);
  if (!writer->is_marked) return EAGRE_OK;
  return eagre_kafka_producer_await(writer->producer, timeout_ms, out_is_settled, error);
}

const struct eagre_sink_methods eagre_sink_kafka_methods = {
    .sink_size = sizeof(struct sink_kafka),
    .writer_size = sizeof(struct kafka_writer),
    .validate = validate,
    .open = open_sink,
    .close = close_sink,
    .description = describe,
    .recover = recover,
    .claim = claim,
    .begin = begin,
    .commit = commit,
    .writer_close = close_writer,
    .writer_begin = begin_attempt,
    .writer_write = write_batch,
    .writer_show = show,
    .writer_is_ready = is_ready,
    .writer_is_full = is_full,
    .writer_prepare = prepare,
    .writer_settle = settle,
    .writer_abort = give_up,
};
