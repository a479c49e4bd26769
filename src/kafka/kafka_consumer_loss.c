/* Lost records and mere holes.
 *
 * Offsets have holes where records were compacted away, where transactions left their markers, and,
 * with read_committed, where they were aborted. Records that retention removed before they were
 * read look the same, except that the partition then begins behind them: a hole is a loss when the
 * earliest offset is greater than where it begins. That is asked once per 100 ms and at the end of
 * a range, for all holes since, so that compacted topics do not pay a round trip per hole; the
 * answer only grows, so no loss is missed. Where the answer that brought the records said where the
 * partition began, nobody is asked. */
#include <inttypes.h>

#include "kafka/kafka_consumer.h"

static const int64_t CHECK_INTERVAL_US = 100000;

/* ---- Telling --------------------------------------------------------------------------------- */

static void count_loss(struct eagre_kafka_consumer *consumer,
                       const struct eagre_kafka_consumer_partition *partition, int64_t begin,
                       int64_t earliest, int64_t count) {
  consumer->losses.lost_offset_count += (uint64_t)count;
  eagre_log(EAGRE_LOG_WARNING,
            "records are gone from Kafka and skipped: topic %s, partition %" PRId32
            ", asked for offset %" PRId64 ", available from %" PRId64 ", %" PRId64 " offsets",
            partition->topic->name, partition->number, begin, earliest, count);
}

/* `earliest` -1: the partition does not exist any more. */
static enum eagre_status fail_loss(const struct eagre_kafka_consumer_partition *partition,
                                   int64_t asked, int64_t earliest, struct eagre_error *error) {
  char available[64] = "the partition does not exist";
  if (earliest >= 0) snprintf(available, sizeof available, "it begins at %" PRId64, earliest);
  eagre_error_set(error, EAGRE_UNSAFE, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
                  "Some data may have been lost because they are not available in Kafka any more: "
                  "asked %s-%" PRId32 " for offset %" PRId64 ", %s.",
                  partition->topic->name, partition->number, asked, available);
  eagre_error_hint(error, "records aged out or the topic was made anew; failOnDataLoss => false "
                          "goes on with what is left");
  eagre_error_place(error, "topic %s, partition %" PRId32 ", offset %" PRId64,
                    partition->topic->name, partition->number, asked);
  return EAGRE_UNSAFE;
}

/* ---- Holes ----------------------------------------------------------------------------------- */

void eagre_kafka_consumer_note_hole(struct eagre_kafka_consumer_partition *partition, int64_t begin,
                                    int64_t end, int64_t log_start) {
  bool is_mere_hole = log_start >= 0 && log_start <= begin;
  if (begin >= end || is_mere_hole) return;
  if (partition->hole_begin < 0) partition->hole_begin = begin;
  partition->hole_size += end - begin;
}

static rd_kafka_topic_partition_list_t *list_holes(const struct eagre_kafka_consumer *consumer) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    if (partition->hole_begin < 0) continue;
    rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number);
  }
  return list;
}

/* `earliest` was asked after the hole was seen; -1: the partition is gone. */
static enum eagre_status judge_hole(struct eagre_kafka_consumer *consumer,
                                    struct eagre_kafka_consumer_partition *partition,
                                    int64_t earliest, struct eagre_error *error) {
  int64_t begin = partition->hole_begin;
  int64_t size = partition->hole_size;
  partition->hole_begin = -1;
  partition->hole_size = 0;
  if (earliest >= 0 && earliest <= begin) return EAGRE_OK;
  if (consumer->options.fail_on_data_loss) return fail_loss(partition, begin, earliest, error);
  bool is_smaller = earliest >= 0 && earliest - begin < size;
  count_loss(consumer, partition, begin, earliest, is_smaller ? earliest - begin : size);
  return EAGRE_OK;
}

/* The list holds the partitions with holes in the order of the consumer's. */
static enum eagre_status judge_holes(struct eagre_kafka_consumer *consumer,
                                     const rd_kafka_topic_partition_list_t *earliest,
                                     struct eagre_error *error) {
  int next = 0;
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    if (partition->hole_begin < 0) continue;
    int64_t offset = earliest->elems[next++].offset;
    EAGRE_TRY(judge_hole(consumer, partition, offset < 0 ? -1 : offset, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_consumer_check_holes(struct eagre_kafka_consumer *consumer,
                                                   bool is_last, struct eagre_error *error) {
  int64_t now_us = eagre_kafka_now_us();
  if (!is_last && now_us - consumer->holes_checked_us < CHECK_INTERVAL_US) return EAGRE_OK;
  enum eagre_status status = EAGRE_OK;
  consumer->holes_checked_us = now_us;
  rd_kafka_topic_partition_list_t *list = list_holes(consumer);
  if (list->cnt > 0) {
    status = eagre_kafka_handle_offsets(&consumer->client->handle, RD_KAFKA_OFFSET_BEGINNING, list,
                                        error);
    if (status == EAGRE_OK) status = judge_holes(consumer, list, error);
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

/* ---- Out of range ---------------------------------------------------------------------------- */

/* One end of the partition; -1 when it does not exist. */
static enum eagre_status ask_end(struct eagre_kafka_consumer *consumer,
                                 const struct eagre_kafka_consumer_partition *partition,
                                 int64_t query, int64_t *out_offset, struct eagre_error *error) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number);
  enum eagre_status status =
      eagre_kafka_handle_offsets(&consumer->client->handle, query, list, error);
  *out_offset = list->elems[0].offset < 0 ? -1 : list->elems[0].offset;
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

/* Goes on at `offset`, or ends the range there. */
static enum eagre_status go_on_at(struct eagre_kafka_consumer *consumer,
                                  struct eagre_kafka_consumer_partition *partition, int64_t offset,
                                  struct eagre_error *error) {
  int64_t skipped_to = offset < partition->end ? offset : partition->end;
  eagre_kafka_consumer_move(consumer, partition, skipped_to);
  if (eagre_kafka_consumer_is_finished(partition)) return EAGRE_OK;
  return eagre_kafka_consumer_start(consumer, partition, offset, error);
}

/* A range without end has no rest to give up: it goes on with what is there or will be; when the
 * partition is gone, with nothing until it is assigned anew. */
static enum eagre_status leave_open_range(struct eagre_kafka_consumer *consumer,
                                          struct eagre_kafka_consumer_partition *partition,
                                          int64_t earliest, int64_t latest,
                                          struct eagre_error *error) {
  int64_t asked = partition->fetch_position;
  int64_t next = earliest > asked ? earliest : latest;
  count_loss(consumer, partition, asked, earliest, next > asked ? next - asked : 0);
  if (earliest >= 0) return go_on_at(consumer, partition, next, error);
  partition->is_out_of_range = false;
  partition->eof_position = partition->position;
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_consumer_leave_range(struct eagre_kafka_consumer *consumer,
                                                   struct eagre_kafka_consumer_partition *partition,
                                                   struct eagre_error *error) {
  int64_t asked = partition->fetch_position;
  int64_t earliest = 0;
  int64_t latest = 0;
  EAGRE_TRY(ask_end(consumer, partition, RD_KAFKA_OFFSET_BEGINNING, &earliest, error));
  EAGRE_TRY(ask_end(consumer, partition, RD_KAFKA_OFFSET_END, &latest, error));
  eagre_kafka_consumer_stop(consumer, partition);
  if (earliest >= 0 && earliest <= asked && asked <= latest) {
    /* Nothing is lost: the replica that said so was behind. Silence ends it if that stays so. */
    eagre_kafka_handle_serve(&consumer->client->handle, 100);
    return eagre_kafka_consumer_start(consumer, partition, asked, error);
  }
  consumer->losses.out_of_range_count += 1;
  if (consumer->options.fail_on_data_loss) {
    return fail_loss(partition, asked, earliest, error);
  }
  if (partition->end == EAGRE_KAFKA_NO_END)
    return leave_open_range(consumer, partition, earliest, latest, error);
  bool has_rest = earliest > asked && earliest < partition->end && earliest < latest;
  int64_t next = has_rest ? earliest : partition->end;
  count_loss(consumer, partition, asked, earliest, next - asked);
  return go_on_at(consumer, partition, next, error);
}
