/* Topics that were deleted and made anew under the same name.
 *
 * A position says nothing of which topic it is in. Where the new one ends below it that shows;
 * where it has grown past it, only the id that Kafka gives to every topic tells the two apart. Ids
 * are kept in the checkpoint, in files that are never written over (eagre/topics/SOURCE/NUMBER), so
 * that a process that was passed changes nothing. The first plan that hears of a topic's id keeps
 * it: a checkpoint without ids, by Spark or by librdkafka, goes on.
 *
 * Where losses are accepted, the position stays what it is: what the new topic has before it is not
 * read, as where the new topic is shorter. */
#include <string.h>

#include "source/source_kafka.h"

static const char HEADER[] = "v1\n";
enum { DIGITS_COUNT = 2 * EAGRE_KAFKA_ID_SIZE };

/* ---- The file -------------------------------------------------------------------------------- */

/* -1: it is no digit as we write them. */
static int get_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

static bool parse_line(struct eagre_text line, struct eagre_source_kafka_known *out) {
  if (line.size < DIGITS_COUNT + 2 || line.data[DIGITS_COUNT] != ' ') return false;
  for (size_t i = 0; i < EAGRE_KAFKA_ID_SIZE; i++) {
    int high = get_digit(line.data[2 * i]);
    int low = get_digit(line.data[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out->id[i] = (char)(high << 4 | low);
  }
  out->name = eagre_text_make(line.data + DIGITS_COUNT + 1, line.size - DIGITS_COUNT - 1);
  return memchr(out->name.data, ' ', out->name.size) == NULL;
}

static void add(struct eagre_source_kafka_topics *topics, struct eagre_arena *arena,
                const struct eagre_source_kafka_known *known) {
  struct eagre_source_kafka_known *entries =
      eagre_arena_allocate(arena, (topics->count + 1) * sizeof *entries);
  if (topics->count > 0) memcpy(entries, topics->entries, topics->count * sizeof *entries);
  entries[topics->count] = *known;
  entries[topics->count].name = eagre_arena_copy_text(arena, known->name);
  topics->entries = entries;
  topics->count += 1;
}

bool eagre_source_kafka_topics_parse(struct eagre_text content, struct eagre_arena *arena,
                                     struct eagre_source_kafka_topics *out) {
  if (!eagre_text_starts_with(content, eagre_text_of(HEADER))) return false;
  struct eagre_text rest =
      eagre_text_make(content.data + strlen(HEADER), content.size - strlen(HEADER));
  out->count = 0;
  while (rest.size > 0) {
    struct eagre_source_kafka_known known;
    const char *end = memchr(rest.data, '\n', rest.size);
    if (end == NULL) return false;
    struct eagre_text line = eagre_text_make(rest.data, (size_t)(end - rest.data));
    if (!parse_line(line, &known)) return false;
    add(out, arena, &known);
    rest = eagre_text_make(end + 1, rest.size - line.size - 1);
  }
  return true;
}

void eagre_source_kafka_topics_print(const struct eagre_source_kafka_topics *topics,
                                     struct eagre_buffer *out) {
  eagre_buffer_append_string(out, HEADER);
  for (uint32_t i = 0; i < topics->count; i++) {
    for (size_t k = 0; k < EAGRE_KAFKA_ID_SIZE; k++) {
      eagre_buffer_printf(out, "%02x", (unsigned char)topics->entries[i].id[k]);
    }
    eagre_buffer_append_string(out, " ");
    eagre_buffer_append_text(out, topics->entries[i].name);
    eagre_buffer_append_string(out, "\n");
  }
}

/* ---- The checkpoint -------------------------------------------------------------------------- */

static enum eagre_status fail_malformed(const struct eagre_source_kafka *kafka, int64_t number,
                                        struct eagre_error *error) {
  const struct eagre_source *source = &kafka->base;
  eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
                  "eagre/topics/%u/%lld holds no ids of topics of version 1.", source->plan->number,
                  (long long)number);
  eagre_error_place(error, "%s/eagre/topics/%u/%lld",
                    eagre_checkpoint_path(source->environment.checkpoint), source->plan->number,
                    (long long)number);
  return EAGRE_UNSAFE;
}

/* The last file there is. */
static enum eagre_status load(struct eagre_source_kafka *kafka, struct eagre_error *error) {
  struct eagre_source_kafka_topics *topics = &kafka->identities;
  struct eagre_buffer content = {0};
  enum eagre_status status = EAGRE_OK;
  if (topics->is_loaded) return EAGRE_OK;
  while (status == EAGRE_OK) {
    eagre_buffer_clear(&content);
    status =
        eagre_checkpoint_read_topics(kafka->base.environment.checkpoint, kafka->base.plan->number,
                                     topics->next_number, &content, error);
    if (status != EAGRE_OK) break;
    if (!eagre_source_kafka_topics_parse(eagre_buffer_text(&content), &topics->arena, topics)) {
      status = fail_malformed(kafka, topics->next_number, error);
    }
    topics->next_number += 1;
  }
  eagre_buffer_done(&content);
  topics->is_loaded = status == EAGRE_END;
  return topics->is_loaded ? EAGRE_OK : status;
}

static enum eagre_status store(struct eagre_source_kafka *kafka, struct eagre_error *error) {
  struct eagre_source_kafka_topics *topics = &kafka->identities;
  struct eagre_buffer content = {0};
  eagre_source_kafka_topics_print(topics, &content);
  enum eagre_status status =
      eagre_checkpoint_write_topics(kafka->base.environment.checkpoint, kafka->base.plan->number,
                                    topics->next_number, eagre_buffer_text(&content), error);
  eagre_buffer_done(&content);
  topics->next_number += 1;
  return status;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static struct eagre_source_kafka_known *find(struct eagre_source_kafka_topics *topics,
                                             struct eagre_text name) {
  for (uint32_t i = 0; i < topics->count; i++) {
    if (eagre_text_equal(topics->entries[i].name, name)) return &topics->entries[i];
  }
  return NULL;
}

/* Whether there is a position in the topic that nothing else shows to be of another one. */
static bool has_hidden_loss(const struct eagre_source_kafka_span *span, struct eagre_text topic) {
  bool has_position = false;
  for (uint32_t i = 0; i < span->start->count; i++) {
    const struct eagre_source_kafka_offset *from = &span->start->entries[i];
    if (!eagre_text_equal(from->topic, topic)) continue;
    const struct eagre_source_kafka_offset *to =
        eagre_source_kafka_offsets_find(span->end, topic, from->partition);
    if (to == NULL || to->offset < from->offset) return false; /* told as that */
    has_position = has_position || from->offset > 0;
  }
  return has_position;
}

/* *out_is_new: there is something to keep. */
static enum eagre_status compare(struct eagre_source_kafka *kafka,
                                 const struct eagre_source_kafka_span *span,
                                 const struct eagre_kafka_topic *topic, bool *out_is_new,
                                 struct eagre_error *error) {
  static const char no_id[EAGRE_KAFKA_ID_SIZE];
  struct eagre_source_kafka_topics *topics = &kafka->identities;
  struct eagre_source_kafka_known told = {.name = topic->name};
  if (memcmp(topic->id, no_id, sizeof no_id) == 0) return EAGRE_OK;
  memcpy(told.id, topic->id, sizeof told.id);
  struct eagre_source_kafka_known *known = find(topics, topic->name);
  if (known != NULL && memcmp(known->id, told.id, sizeof told.id) == 0) return EAGRE_OK;
  if (known != NULL && has_hidden_loss(span, topic->name)) {
    EAGRE_TRY(eagre_source_kafka_select_report(
        span, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED", error,
        "the topic %.*s was deleted and made anew, and has grown past where the other one was read "
        "to",
        (int)topic->name.size, topic->name.data));
  }
  *out_is_new = true;
  if (known == NULL) {
    add(topics, &topics->arena, &told);
  } else {
    memcpy(known->id, told.id, sizeof known->id);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_source_kafka_check_topic_ids(struct eagre_source_kafka *kafka,
                                                     const struct eagre_source_kafka_span *span,
                                                     struct eagre_error *error) {
  bool is_new = false;
  if (kafka->base.environment.checkpoint == NULL) return EAGRE_OK;
  EAGRE_TRY(load(kafka, error));
  for (uint32_t i = 0; i < kafka->topic_count; i++) {
    if (kafka->topics[i].partition_count < 0) continue;
    EAGRE_TRY(compare(kafka, span, &kafka->topics[i], &is_new, error));
  }
  return is_new ? store(kafka, error) : EAGRE_OK;
}
