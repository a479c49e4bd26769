/* Spark's rules for the offsets of an epoch. */
#include "source/source_kafka_select.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

/* ---- The end of an epoch --------------------------------------------------------------------- */

/* Where the partition begins: where the last epoch ended, or the earliest offset of a new one. */
static const struct eagre_source_kafka_offset *
find_begin(const struct eagre_source_kafka_offsets *from,
           const struct eagre_source_kafka_offsets *initial,
           const struct eagre_source_kafka_offset *entry) {
  const struct eagre_source_kafka_offset *found =
      eagre_source_kafka_offsets_find(from, entry->topic, entry->partition);
  if (found != NULL) return found;
  return eagre_source_kafka_offsets_find(initial, entry->topic, entry->partition);
}

int64_t eagre_source_kafka_select_add(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* As a double becomes a Long in Scala. */
static int64_t to_integer(double value) {
  return value >= 0x1p63 ? INT64_MAX : (int64_t)value;
}

/* The order of operations is Spark's: other ones round differently. */
static int64_t move_by_share(int64_t begin, int64_t latest, double total,
                             int64_t offset_count_max) {
  int64_t size = latest - begin;
  double share = (double)offset_count_max * ((double)size / total);
  double count = share < 1 ? ceil(share) : floor(share);
  int64_t end = eagre_source_kafka_select_add(begin, to_integer(count));
  return end < latest ? end : latest;
}

struct eagre_source_kafka_offsets
eagre_source_kafka_select_end(const struct eagre_source_kafka_offsets *from,
                              const struct eagre_source_kafka_offsets *initial,
                              const struct eagre_source_kafka_offsets *latest,
                              int64_t offset_count_max, struct eagre_arena *arena) {
  struct eagre_source_kafka_offsets end = eagre_source_kafka_offsets_copy(latest, arena);
  double total = 0;
  for (uint32_t i = 0; i < latest->count; i++) {
    const struct eagre_source_kafka_offset *begin = find_begin(from, initial, &latest->entries[i]);
    bool is_behind = begin != NULL && latest->entries[i].offset > begin->offset;
    if (is_behind) total += (double)(latest->entries[i].offset - begin->offset);
  }
  if (total < 1) return end;
  for (uint32_t i = 0; i < latest->count; i++) {
    int64_t last = latest->entries[i].offset;
    const struct eagre_source_kafka_offset *begin = find_begin(from, initial, &latest->entries[i]);
    if (begin == NULL || last <= begin->offset) continue;
    end.entries[i].offset = move_by_share(begin->offset, last, total, offset_count_max);
  }
  return end;
}

int64_t eagre_source_kafka_select_count(const struct eagre_source_kafka_offsets *from,
                                        const struct eagre_source_kafka_offsets *initial,
                                        const struct eagre_source_kafka_offsets *latest) {
  int64_t count = 0;
  for (uint32_t i = 0; i < latest->count; i++) {
    const struct eagre_source_kafka_offset *begin = find_begin(from, initial, &latest->entries[i]);
    if (begin == NULL || latest->entries[i].offset <= begin->offset) continue;
    count = eagre_source_kafka_select_add(count, latest->entries[i].offset - begin->offset);
  }
  return count;
}

bool eagre_source_kafka_select_is_behind(const struct eagre_source_kafka_offsets *latest,
                                         const struct eagre_source_kafka_offsets *known) {
  for (uint32_t i = 0; i < latest->count; i++) {
    const struct eagre_source_kafka_offset *entry = &latest->entries[i];
    const struct eagre_source_kafka_offset *before =
        eagre_source_kafka_offsets_find(known, entry->topic, entry->partition);
    if (before != NULL && entry->offset < before->offset) return true;
  }
  return false;
}

/* ---- Lost records ---------------------------------------------------------------------------- */

static const char LOSS_SENTENCE[] =
    "Some data may have been lost because they are not available in Kafka any more; either the "
    "data was aged out by Kafka or the topic may have been deleted before all the data in the "
    "topic was processed";

/* An error, or a log line where the flow goes on. */
enum eagre_status eagre_source_kafka_select_report(const struct eagre_source_kafka_span *span,
                                                   const char *class_name,
                                                   struct eagre_error *error, const char *format,
                                                   ...) {
  struct eagre_buffer reason = {0};
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(&reason, format, arguments);
  va_end(arguments);
  enum eagre_status status = EAGRE_OK;
  if (span->fail_on_data_loss) {
    status = eagre_error_set(error, EAGRE_UNSAFE, class_name, "%s: %s.", LOSS_SENTENCE,
                             eagre_buffer_string(&reason));
    eagre_error_hint(error, "failOnDataLoss => false goes on with what is there");
  } else if (!span->is_quiet) {
    eagre_log(EAGRE_LOG_WARNING, "%s: %s", LOSS_SENTENCE, eagre_buffer_string(&reason));
  }
  eagre_buffer_done(&reason);
  return status;
}

static enum eagre_status check_added(const struct eagre_source_kafka_span *span,
                                     const struct eagre_source_kafka_offsets *added,
                                     struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_source_kafka_offsets unknown =
      eagre_source_kafka_offsets_minus(added, span->initial, arena);
  if (unknown.count > 0) {
    EAGRE_TRY(eagre_source_kafka_select_report(
        span, "KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS", error,
        "cannot find the earliest offsets of %s",
        eagre_source_kafka_offsets_list(&unknown, arena)));
  }
  for (uint32_t i = 0; i < span->initial->count; i++) {
    const struct eagre_source_kafka_offset *entry = &span->initial->entries[i];
    if (entry->offset == 0) continue;
    EAGRE_TRY(eagre_source_kafka_select_report(
        span, "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO", error,
        "the added partition %.*s-%" PRId32 " starts from %" PRId64 " instead of 0",
        (int)entry->topic.size, entry->topic.data, entry->partition, entry->offset));
  }
  return EAGRE_OK;
}

static enum eagre_status check_deleted(const struct eagre_source_kafka_span *span,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_source_kafka_offsets deleted =
      eagre_source_kafka_offsets_minus(span->start, span->end, arena);
  if (deleted.count == 0) return EAGRE_OK;
  const char *list = eagre_source_kafka_offsets_list(&deleted, arena);
  if (span->has_group_id) {
    return eagre_source_kafka_select_report(
        span, "KAFKA_DATA_LOSS.PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT", error,
        "the partitions %s are gone; kafka.group.id is set", list);
  }
  return eagre_source_kafka_select_report(span, "KAFKA_DATA_LOSS.PARTITIONS_DELETED", error,
                                          "the partitions %s are gone", list);
}

static enum eagre_status check_range(const struct eagre_source_kafka_span *span,
                                     const struct eagre_source_kafka_range *range,
                                     struct eagre_error *error) {
  if (range->end >= range->begin) return EAGRE_OK;
  return eagre_source_kafka_select_report(
      span, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED", error,
      "the offset of the partition %.*s-%" PRId32 " was changed from %" PRId64 " to %" PRId64,
      (int)range->topic.size, range->topic.data, range->partition, range->begin, range->end);
}

enum eagre_status eagre_source_kafka_select_ranges(const struct eagre_source_kafka_span *span,
                                                   struct eagre_arena *arena,
                                                   struct eagre_source_kafka_ranges *out,
                                                   struct eagre_error *error) {
  struct eagre_source_kafka_offsets added =
      eagre_source_kafka_offsets_minus(span->end, span->start, arena);
  *out = (struct eagre_source_kafka_ranges){
      .ranges = eagre_arena_allocate(arena, (span->end->count + 1) * sizeof *out->ranges)};
  EAGRE_TRY(check_added(span, &added, arena, error));
  EAGRE_TRY(check_deleted(span, arena, error));
  for (uint32_t i = 0; i < span->end->count; i++) {
    const struct eagre_source_kafka_offset *end = &span->end->entries[i];
    const struct eagre_source_kafka_offset *begin = find_begin(span->start, span->initial, end);
    if (begin == NULL) continue;
    struct eagre_source_kafka_range range = {
        .topic = end->topic,
        .partition = end->partition,
        .begin = begin->offset,
        .end = end->offset,
    };
    EAGRE_TRY(check_range(span, &range, error));
    out->ranges[out->count++] = range;
  }
  return EAGRE_OK;
}

/* ---- AvailableNow ---------------------------------------------------------------------------- */

enum eagre_status
eagre_source_kafka_select_check_fixed(const struct eagre_source_kafka_offsets *end,
                                      const struct eagre_source_kafka_offsets *latest,
                                      struct eagre_error *error) {
  for (uint32_t i = 0; i < end->count; i++) {
    const struct eagre_source_kafka_offset *entry = &end->entries[i];
    const struct eagre_source_kafka_offset *now =
        eagre_source_kafka_offsets_find(latest, entry->topic, entry->partition);
    if (now == NULL) {
      return eagre_error_set(
          error, EAGRE_UNSAFE, "LOST_TOPIC_PARTITIONS_IN_END_OFFSET_WITH_TRIGGER_AVAILABLENOW",
          "Some of partitions in Kafka topics have been lost during running query with "
          "AvailableNow: %.*s-%" PRId32 ".",
          (int)entry->topic.size, entry->topic.data, entry->partition);
    }
    if (entry->offset > now->offset) {
      return eagre_error_set(
          error, EAGRE_UNSAFE,
          "END_OFFSET_HAS_GREATER_OFFSET_FOR_TOPIC_PARTITION_THAN_LATEST_WITH_TRIGGER_AVAILABLENOW",
          "The end offset %" PRId64 " of %.*s-%" PRId32 " is greater than the latest offset "
          "%" PRId64 ".",
          entry->offset, (int)entry->topic.size, entry->topic.data, entry->partition, now->offset);
    }
  }
  return EAGRE_OK;
}

/* ---- Metrics --------------------------------------------------------------------------------- */

/* sum / count with one decimal, half up. */
static void print_average(struct eagre_buffer *out, int64_t sum, uint32_t count) {
  __int128 twentieths = (__int128)(sum < 0 ? -sum : sum) * 20 + count;
  int64_t tenths = (int64_t)(twentieths / ((__int128)2 * count));
  bool is_negative = sum < 0 && tenths > 0;
  eagre_buffer_printf(out, "%s%" PRId64 ".%" PRId64, is_negative ? "-" : "", tenths / 10,
                      tenths % 10);
}

void eagre_source_kafka_select_metrics(const struct eagre_source_kafka_offsets *end,
                                       const struct eagre_source_kafka_offsets *latest,
                                       struct eagre_buffer *out) {
  int64_t sum = 0;
  int64_t minimum = INT64_MAX;
  int64_t maximum = INT64_MIN;
  uint32_t count = 0;
  for (uint32_t i = 0; i < latest->count; i++) {
    const struct eagre_source_kafka_offset *entry = &latest->entries[i];
    const struct eagre_source_kafka_offset *read =
        eagre_source_kafka_offsets_find(end, entry->topic, entry->partition);
    if (read == NULL) continue;
    int64_t behind = entry->offset - read->offset;
    sum = eagre_source_kafka_select_add(sum, behind);
    if (behind < minimum) minimum = behind;
    if (behind > maximum) maximum = behind;
    count += 1;
  }
  if (count == 0) return;
  eagre_buffer_append_string(out, "\"avgOffsetsBehindLatest\":\"");
  print_average(out, sum, count);
  eagre_buffer_printf(out,
                      "\",\"maxOffsetsBehindLatest\":\"%" PRId64
                      "\",\"minOffsetsBehindLatest\":\"%" PRId64 "\"",
                      maximum, minimum);
}
