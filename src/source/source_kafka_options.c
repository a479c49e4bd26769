/* Reads the options of read_kafka. */
#include "source/source_kafka_options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expression/expression.h"

/* What is at hand while options are read. */
struct reading {
  const struct eagre_plan_source *plan;
  struct eagre_arena *arena;
  struct eagre_source_kafka_options *out;
  struct eagre_error *error;
};

/* ---- Errors ---------------------------------------------------------------------------------- */

static struct eagre_sql_position find_position(const struct eagre_plan_source *plan,
                                               const char *key) {
  for (uint32_t i = plan->options.count; i > 0; i--) {
    const struct eagre_option *option = &plan->options.options[i - 1];
    if (eagre_text_equal_ignoring_case(option->key, eagre_text_of(key))) return option->position;
  }
  return plan->position;
}

void eagre_source_kafka_place(const struct eagre_plan_source *plan, struct eagre_error *error) {
  eagre_sql_place_error(plan->position, error);
}

void eagre_source_kafka_place_option(const struct eagre_plan_source *plan, const char *option,
                                     struct eagre_error *error) {
  eagre_sql_place_error(find_position(plan, option), error);
}

/* `key` is the option that is wrong, or NULL for the call as a whole. */
__attribute__((format(printf, 4, 5))) static enum eagre_status
fail(struct reading *reading, const char *key, const char *class_name, const char *format, ...) {
  char sentence[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  eagre_error_set(reading->error, EAGRE_USAGE, class_name, "%s", sentence);
  eagre_sql_place_error(key == NULL ? reading->plan->position : find_position(reading->plan, key),
                        reading->error);
  return EAGRE_USAGE;
}

static struct eagre_text get_text(const struct reading *reading, const char *key) {
  return eagre_text_trim(eagre_option_text(&reading->plan->options, key));
}

static bool is_given(const struct reading *reading, const char *key) {
  return eagre_option_given(&reading->plan->options, key);
}

/* ---- Topics ---------------------------------------------------------------------------------- */

static void add_topic(struct eagre_source_kafka_options *out, struct eagre_text topic) {
  for (uint32_t i = 0; i < out->topic_count; i++) {
    if (eagre_text_equal(out->topics[i], topic)) return;
  }
  out->topics[out->topic_count++] = topic;
}

static enum eagre_status read_subscribe(struct reading *reading) {
  struct eagre_text list = get_text(reading, "subscribe");
  struct eagre_source_kafka_options *out = reading->out;
  out->topics = eagre_arena_allocate(reading->arena, (list.size / 2 + 1) * sizeof *out->topics);
  for (size_t begin = 0; begin < list.size;) {
    const char *comma = memchr(list.data + begin, ',', list.size - begin);
    size_t end = comma == NULL ? list.size : (size_t)(comma - list.data);
    struct eagre_text topic = eagre_text_trim(eagre_text_make(list.data + begin, end - begin));
    if (topic.size > 0) add_topic(out, topic);
    begin = end + 1;
  }
  if (out->topic_count > 0) return EAGRE_OK;
  return fail(reading, "subscribe", "INVALID_OPTION_VALUE",
              "No topics to subscribe to as value for option 'subscribe' is '%.*s'.",
              (int)list.size, list.data);
}

static enum eagre_status read_assign(struct reading *reading) {
  struct eagre_text text = get_text(reading, "assign");
  struct eagre_source_kafka_options *out = reading->out;
  bool is_valid = text.size > 0 && text.data[0] == '{' &&
                  eagre_source_kafka_partitions_parse(text, reading->arena, &out->assigned);
  if (!is_valid || out->assigned.count == 0) {
    return fail(reading, "assign", "INVALID_OPTION_VALUE",
                "No topicpartitions to assign as value for option 'assign' is '%.*s': expected "
                "e.g. {\"topicA\":[0,1],\"topicB\":[0,1]}.",
                (int)text.size, text.data);
  }
  out->is_assign = true;
  out->topics = eagre_arena_allocate(reading->arena, out->assigned.count * sizeof *out->topics);
  for (uint32_t i = 0; i < out->assigned.count; i++) {
    add_topic(out, out->assigned.entries[i].topic);
  }
  return EAGRE_OK;
}

static enum eagre_status read_pattern(struct reading *reading) {
  struct eagre_text pattern = get_text(reading, "subscribePattern");
  struct eagre_search *search = NULL;
  struct eagre_error problem = {0};
  if (pattern.size == 0) {
    return fail(reading, "subscribePattern", "INVALID_OPTION_VALUE",
                "Pattern to subscribe is empty as value for option 'subscribePattern'.");
  }
  if (eagre_search_new(pattern, &search, &problem) != EAGRE_OK) {
    return fail(reading, "subscribePattern", "INVALID_OPTION_VALUE", "Option subscribePattern: %s",
                problem.text);
  }
  eagre_search_free(search);
  reading->out->pattern = pattern;
  return EAGRE_OK;
}

static enum eagre_status read_topics(struct reading *reading) {
  static const struct {
    const char *option;
    enum eagre_status (*read)(struct reading *reading);
  } ways[] = {
      {"subscribe", read_subscribe}, {"subscribePattern", read_pattern}, {"assign", read_assign}};
  size_t chosen = EAGRE_COUNT_OF(ways);
  for (size_t i = 0; i < EAGRE_COUNT_OF(ways); i++) {
    if (!is_given(reading, ways[i].option)) continue;
    if (chosen < EAGRE_COUNT_OF(ways)) {
      return fail(reading, ways[i].option, "CONFLICTING_OPTIONS",
                  "Only one of the following options can be specified for Kafka source: subscribe, "
                  "subscribePattern, assign.");
    }
    chosen = i;
  }
  if (chosen < EAGRE_COUNT_OF(ways)) return ways[chosen].read(reading);
  return fail(reading, NULL, "REQUIRED_PARAMETER_NOT_FOUND",
              "One of the following options must be specified for Kafka source: subscribe, "
              "subscribePattern, assign.");
}

/* ---- Places ---------------------------------------------------------------------------------- */

/* The names of the options of one end; the first one given counts. */
struct place_options {
  const char *timestamp;
  const char *by_timestamp;
  const char *offsets;
};
static const struct place_options starting_options = {
    "startingTimestamp", "startingOffsetsByTimestamp", "startingOffsets"};
static const struct place_options ending_options = {"endingTimestamp", "endingOffsetsByTimestamp",
                                                    "endingOffsets"};

static enum eagre_status read_offsets(struct reading *reading, struct eagre_text text,
                                      struct eagre_source_kafka_place *out) {
  if (text.size == 0) return EAGRE_OK;
  if (eagre_text_equal_ignoring_case(text, EAGRE_TEXT("earliest"))) {
    out->bound = EAGRE_SOURCE_KAFKA_FROM_EARLIEST;
    return EAGRE_OK;
  }
  if (eagre_text_equal_ignoring_case(text, EAGRE_TEXT("latest"))) {
    out->bound = EAGRE_SOURCE_KAFKA_FROM_LATEST;
    return EAGRE_OK;
  }
  out->bound = EAGRE_SOURCE_KAFKA_SPECIFIC;
  if (eagre_source_kafka_offsets_parse(text, EAGRE_SOURCE_KAFKA_EARLIEST, reading->arena,
                                       &out->offsets)) {
    return EAGRE_OK;
  }
  return fail(reading, out->option, "INVALID_OPTION_VALUE",
              "Option %s: expected earliest, latest or e.g. "
              "{\"topicA\":{\"0\":23,\"1\":-1},\"topicB\":{\"0\":-2}}, got %.*s.",
              out->option, (int)(text.size < 200 ? text.size : 200), text.data);
}

static enum eagre_status read_times(struct reading *reading, struct eagre_text text,
                                    struct eagre_source_kafka_place *out) {
  out->bound = EAGRE_SOURCE_KAFKA_AT_TIMES;
  if (eagre_source_kafka_offsets_parse(text, 0, reading->arena, &out->times)) return EAGRE_OK;
  return fail(reading, out->option, "INVALID_OPTION_VALUE",
              "Option %s: expected milliseconds since 1970, e.g. "
              "{\"topicA\":{\"0\":1700000000000,\"1\":1700000000000}}, got %.*s.",
              out->option, (int)(text.size < 200 ? text.size : 200), text.data);
}

static enum eagre_status read_place(struct reading *reading, const struct place_options *options,
                                    enum eagre_source_kafka_bound fallback,
                                    struct eagre_source_kafka_place *out) {
  *out = (struct eagre_source_kafka_place){.bound = fallback, .option = options->offsets};
  if (is_given(reading, options->timestamp)) {
    out->bound = EAGRE_SOURCE_KAFKA_AT_TIME;
    out->option = options->timestamp;
    out->time_ms = eagre_option_integer(&reading->plan->options, options->timestamp);
    return EAGRE_OK;
  }
  if (is_given(reading, options->by_timestamp)) {
    out->option = options->by_timestamp;
    return read_times(reading, get_text(reading, options->by_timestamp), out);
  }
  return read_offsets(reading, get_text(reading, options->offsets), out);
}

/* The first partition for which `offset` stands; NULL when there is none. */
static const struct eagre_source_kafka_offset *
find_offset(const struct eagre_source_kafka_place *place, int64_t offset) {
  for (uint32_t i = 0; i < place->offsets.count; i++) {
    if (place->offsets.entries[i].offset == offset) return &place->offsets.entries[i];
  }
  return NULL;
}

static enum eagre_status check_batch_places(struct reading *reading) {
  const struct eagre_source_kafka_place *starting = &reading->out->starting;
  const struct eagre_source_kafka_place *ending = &reading->out->ending;
  const struct eagre_source_kafka_offset *latest = find_offset(starting, EAGRE_SOURCE_KAFKA_LATEST);
  const struct eagre_source_kafka_offset *earliest =
      find_offset(ending, EAGRE_SOURCE_KAFKA_EARLIEST);
  if (starting->bound == EAGRE_SOURCE_KAFKA_FROM_LATEST) {
    return fail(reading, "startingOffsets", "INVALID_OPTION_VALUE",
                "Starting offset can't be latest for batch queries on Kafka.");
  }
  if (latest != NULL) {
    return fail(reading, "startingOffsets", "INVALID_OPTION_VALUE",
                "startingOffsets for %.*s-%" PRId32 " can't be latest for batch queries on Kafka.",
                (int)latest->topic.size, latest->topic.data, latest->partition);
  }
  if (ending->bound == EAGRE_SOURCE_KAFKA_FROM_EARLIEST) {
    return fail(reading, "endingOffsets", "INVALID_OPTION_VALUE",
                "Ending offset can't be earliest for batch queries on Kafka.");
  }
  if (earliest != NULL) {
    return fail(reading, "endingOffsets", "INVALID_OPTION_VALUE",
                "Ending offset for %.*s-%" PRId32 " can't be earliest for batch queries on Kafka.",
                (int)earliest->topic.size, earliest->topic.data, earliest->partition);
  }
  return EAGRE_OK;
}

/* Both ends given offset by offset: the same partitions, no start behind its end. */
static enum eagre_status check_specific_places(struct reading *reading) {
  const struct eagre_source_kafka_place *starting = &reading->out->starting;
  const struct eagre_source_kafka_place *ending = &reading->out->ending;
  bool are_specific = starting->bound == EAGRE_SOURCE_KAFKA_SPECIFIC &&
                      ending->bound == EAGRE_SOURCE_KAFKA_SPECIFIC;
  if (!are_specific) return EAGRE_OK;
  for (uint32_t i = 0; i < starting->offsets.count; i++) {
    const struct eagre_source_kafka_offset *from = &starting->offsets.entries[i];
    const struct eagre_source_kafka_offset *until =
        eagre_source_kafka_offsets_find(&ending->offsets, from->topic, from->partition);
    if (until == NULL || starting->offsets.count != ending->offsets.count) {
      return fail(reading, "endingOffsets",
                  "MISMATCHED_TOPIC_PARTITIONS_BETWEEN_START_OFFSET_AND_END_OFFSET",
                  "startingOffsets and endingOffsets must name the same partitions.");
    }
    if (from->offset >= 0 && until->offset >= 0 && from->offset > until->offset) {
      return fail(reading, "endingOffsets", "UNRESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
                  "The start offset %" PRId64 " of %.*s-%" PRId32 " is greater than its end offset "
                  "%" PRId64 ".",
                  from->offset, (int)from->topic.size, from->topic.data, from->partition,
                  until->offset);
    }
  }
  return EAGRE_OK;
}

static enum eagre_status refuse_end_of_stream(struct reading *reading) {
  const char *const options[] = {ending_options.timestamp, ending_options.by_timestamp,
                                 ending_options.offsets};
  for (size_t i = 0; i < EAGRE_COUNT_OF(options); i++) {
    if (!is_given(reading, options[i])) continue;
    return fail(reading, options[i], "INVALID_OPTION_VALUE", "%s not valid in streaming queries.",
                i == EAGRE_COUNT_OF(options) - 1 ? "Ending offset" : "Ending timestamp");
  }
  return EAGRE_OK;
}

static enum eagre_status read_places(struct reading *reading) {
  bool is_stream = reading->plan->is_stream;
  enum eagre_source_kafka_bound begin =
      is_stream ? EAGRE_SOURCE_KAFKA_FROM_LATEST : EAGRE_SOURCE_KAFKA_FROM_EARLIEST;
  EAGRE_TRY(read_place(reading, &starting_options, begin, &reading->out->starting));
  if (is_stream) return refuse_end_of_stream(reading);
  EAGRE_TRY(
      read_place(reading, &ending_options, EAGRE_SOURCE_KAFKA_FROM_LATEST, &reading->out->ending));
  EAGRE_TRY(check_batch_places(reading));
  return check_specific_places(reading);
}

/* ---- Rates ----------------------------------------------------------------------------------- */

/* Of streams; a batch takes everything. */
static enum eagre_status read_rates(struct reading *reading) {
  const struct eagre_options *options = &reading->plan->options;
  struct eagre_source_kafka_options *out = reading->out;
  int64_t least = eagre_option_integer(options, "minOffsetsPerTrigger");
  int64_t most = eagre_option_integer(options, "maxOffsetsPerTrigger");
  if (most > 0 && least > most) {
    return fail(reading, "minOffsetsPerTrigger", "INVALID_OPTION_VALUE",
                "The value of minOffsetsPerTrigger(%" PRId64
                ") is higher than the maxOffsetsPerTrigger(%" PRId64 ").",
                least, most);
  }
  out->trigger_delay_us = eagre_option_duration_us(options, "maxTriggerDelay");
  if (!reading->plan->is_stream) return EAGRE_OK;
  out->offset_count_min = least;
  out->offset_count_max = most;
  return EAGRE_OK;
}

/* ---- Settings -------------------------------------------------------------------------------- */

/* Of a stream: a batch has no positions to tell. */
static enum eagre_status read_group(struct reading *reading, struct eagre_text group) {
  bool is_asked = is_given(reading, "commitOffsetsToKafka");
  bool is_on = is_asked ? eagre_option_boolean(&reading->plan->options, "commitOffsetsToKafka")
                        : group.size > 0;
  if (is_asked && is_on && group.size == 0) {
    fail(reading, "commitOffsetsToKafka", "REQUIRED_PARAMETER_NOT_FOUND",
         "commitOffsetsToKafka needs the group to commit to.");
    eagre_error_hint(reading->error, "add `kafka.group.id` => 'name'");
    return EAGRE_USAGE;
  }
  if (is_on && reading->plan->is_stream) reading->out->group = group;
  return EAGRE_OK;
}

static void place_setting(const struct eagre_source_kafka_options *options,
                          const struct eagre_plan_source *plan, uint32_t setting,
                          struct eagre_error *error) {
  bool is_one = setting < options->settings.count;
  eagre_sql_place_error(is_one ? options->setting_positions[setting]
                               : find_position(plan, "bootstrapServers"),
                        error);
}

static enum eagre_status read_settings(struct reading *reading) {
  const struct eagre_options *options = &reading->plan->options;
  struct eagre_text prefix = EAGRE_TEXT("kafka.");
  struct eagre_kafka_setting *settings =
      eagre_arena_allocate(reading->arena, (options->count + 1) * sizeof *settings);
  struct eagre_sql_position *positions =
      eagre_arena_allocate(reading->arena, (options->count + 1) * sizeof *positions);
  uint32_t count = 0;
  struct eagre_text group = {0};
  for (uint32_t i = 0; i < options->count; i++) {
    struct eagre_text key = options->options[i].key;
    bool is_setting = key.size > prefix.size && eagre_text_equal_ignoring_case(
                                                    eagre_text_make(key.data, prefix.size), prefix);
    if (!is_setting) continue;
    struct eagre_text name = eagre_text_make(key.data + prefix.size, key.size - prefix.size);
    positions[count] = options->options[i].position;
    settings[count++] = (struct eagre_kafka_setting){name, options->options[i].value};
    if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("group.id"))) {
      reading->out->has_group_id = true;
      group = eagre_text_trim(settings[count - 1].value);
    }
  }
  reading->out->settings = (struct eagre_kafka_settings){
      .brokers = get_text(reading, "bootstrapServers"), .settings = settings, .count = count};
  reading->out->setting_positions = positions;
  uint32_t wrong = 0;
  enum eagre_status status =
      eagre_kafka_settings_check(&reading->out->settings, EAGRE_KAFKA_READ, &wrong, reading->error);
  if (status == EAGRE_OK) return read_group(reading, group);
  place_setting(reading->out, reading->plan, wrong, reading->error);
  return status;
}

enum eagre_status
eagre_source_kafka_options_look_up(const struct eagre_source_kafka_options *options,
                                   const struct eagre_plan_source *plan,
                                   struct eagre_error *error) {
  uint32_t wrong = 0;
  enum eagre_status status =
      eagre_kafka_settings_look_up(&options->settings, EAGRE_KAFKA_READ, &wrong, error);
  if (status != EAGRE_OK) place_setting(options, plan, wrong, error);
  return status;
}

static int64_t milliseconds_to_us(int64_t milliseconds) {
  return milliseconds > INT64_MAX / 1000 ? INT64_MAX : milliseconds * 1000;
}

enum eagre_status eagre_source_kafka_options_read(const struct eagre_plan_source *plan,
                                                  struct eagre_arena *arena,
                                                  struct eagre_source_kafka_options *out,
                                                  struct eagre_error *error) {
  const struct eagre_options *options = &plan->options;
  struct reading reading = {plan, arena, out, error};
  *out = (struct eagre_source_kafka_options){
      .fail_on_data_loss = eagre_option_boolean(options, "failOnDataLoss"),
      .retry_count = eagre_option_integer(options, "fetchOffset.numRetries"),
      .retry_interval_us =
          milliseconds_to_us(eagre_option_integer(options, "fetchOffset.retryIntervalMs")),
      .silence_timeout_us =
          milliseconds_to_us(eagre_option_integer(options, "kafkaConsumer.pollTimeoutMs")),
      .starts_at_latest = eagre_text_equal_string(
          eagre_option_text(options, "startingOffsetsByTimestampStrategy"), "latest"),
  };
  EAGRE_TRY(read_settings(&reading));
  EAGRE_TRY(read_topics(&reading));
  EAGRE_TRY(read_rates(&reading));
  return read_places(&reading);
}

/* ---- Description ----------------------------------------------------------------------------- */

static void describe_topics(struct eagre_buffer *text,
                            const struct eagre_source_kafka_options *options) {
  for (uint32_t i = 0; options->is_assign && i < options->assigned.count; i++) {
    const struct eagre_source_kafka_offset *entry = &options->assigned.entries[i];
    eagre_buffer_printf(text, "%s%.*s-%" PRId32, i > 0 ? ", " : "", (int)entry->topic.size,
                        entry->topic.data, entry->partition);
  }
  for (uint32_t i = 0; !options->is_assign && i < options->topic_count; i++) {
    if (i > 0) eagre_buffer_append_string(text, ", ");
    eagre_buffer_append_text(text, options->topics[i]);
  }
}

const char *eagre_source_kafka_options_describe(const struct eagre_source_kafka_options *options,
                                                struct eagre_arena *arena) {
  struct eagre_buffer text = {0};
  const char *strategy = options->is_assign ? "Assign" : "Subscribe";
  eagre_buffer_printf(&text, "KafkaV2[%s[",
                      options->pattern.size > 0 ? "SubscribePattern" : strategy);
  describe_topics(&text, options);
  eagre_buffer_append_text(&text, options->pattern);
  eagre_buffer_append_string(&text, "]]");
  const char *copy = eagre_arena_copy_text(arena, eagre_buffer_text(&text)).data;
  eagre_buffer_done(&text);
  return copy;
}
