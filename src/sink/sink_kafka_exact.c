/* The Kafka sink with delivery = 'exactly-once': an epoch is a transaction
 * (docs/internals/epochs.md).
 *
 * All cores of a flow send through one transactor, whose id holds the checkpoint's. The transaction
 * leaves a marker, the epoch and the attempt, which is what `recover` asks for: an epoch is in
 * Kafka when the marker says so, whatever happened to the answer of its commit.
 *
 *   recover  takes the id over, which ends what others had open, then asks for the marker
 *   claim    sets the marker where it does not say what the checkpoint says: on a new one to -1, so
 *            that no marker never means "not in", but "forgotten"
 *   begin    gives up what an earlier attempt has sent, with its transactor
 *   commit   the marker and the commit; nothing when the marker says so already
 *
 * A failed commit is not tried again here but by the next start: whoever was taken over meanwhile
 * must not take the id back. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sink/sink_kafka.h"

enum { MARKER_TRIES = 20, MARKER_PAUSE_US = 500000 };

/* ---- Opening --------------------------------------------------------------------------------- */

enum eagre_status eagre_sink_kafka_exact_check(const struct eagre_kafka_settings *settings,
                                               struct eagre_error *error) {
  return eagre_kafka_transactor_check(settings, error);
}

static enum eagre_status take_any(void *context, struct eagre_text name, bool *out_is_wanted,
                                  struct eagre_error *error) {
  (void)context, (void)error;
  *out_is_wanted = !eagre_text_starts_with(name, EAGRE_TEXT("__"));
  return EAGRE_OK;
}

/* Rows name their topics: the marker is on the first of all topics, in the order of names. */
static enum eagre_status find_marker_topic(struct sink_kafka *sink,
                                           struct eagre_kafka_client *client,
                                           struct eagre_error *error) {
  const struct eagre_kafka_topic_filter filter = {.is_wanted = take_any};
  struct eagre_kafka_topic *topics = NULL;
  uint32_t count = 0;
  EAGRE_TRY(eagre_kafka_client_find_topics(client, &filter, &sink->arena, &topics, &count, error));
  for (uint32_t i = 0; i < count; i++) {
    bool is_first =
        sink->marker_topic.size == 0 || eagre_text_compare(topics[i].name, sink->marker_topic) < 0;
    if (is_first) sink->marker_topic = topics[i].name;
  }
  if (count > 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "UNKNOWN_TOPIC_OR_PARTITION",
                  "Kafka has no topic to write to.");
  eagre_error_hint(error, "create those that the column `topic` names");
  return EAGRE_USAGE;
}

enum eagre_status eagre_sink_kafka_exact_open(struct sink_kafka *sink,
                                              struct eagre_kafka_client *client,
                                              struct eagre_error *error) {
  sink->marker_topic = sink->topic;
  return sink->topic.size > 0 ? EAGRE_OK : find_marker_topic(sink, client, error);
}

void eagre_sink_kafka_exact_close(struct sink_kafka *sink) {
  eagre_kafka_transactor_close(sink->transactor);
  sink->transactor = NULL;
}

/* ---- The marker ------------------------------------------------------------------------------ */

static enum eagre_status fail_marker(const struct sink_kafka *sink, struct eagre_text text,
                                     struct eagre_error *error) {
  eagre_error_set(
      error, EAGRE_UNSAFE, "MALFORMED_KAFKA_MARKER",
      "The offset of the group %s has the metadata '%.*s'; an epoch and an attempt were "
      "expected.",
      sink->id, (int)(text.size < 100 ? text.size : 100), text.data);
  eagre_error_hint(error, "nobody but Eagre may commit offsets for this group; delete it when that "
                          "has happened");
  eagre_error_place(error, "topic %.*s, partition 0", (int)sink->marker_topic.size,
                    sink->marker_topic.data);
  return EAGRE_UNSAFE;
}

/* The marker counts as forgotten then: the next one, whoever sets it, ends what hangs. */
static enum eagre_status note_lost_end(const struct sink_kafka *sink, struct eagre_error *error) {
  eagre_error_init(error);
  eagre_log(EAGRE_LOG_WARNING,
            "Kafka has lost the end of a transaction of %s, as brokers since 4.1 do when they "
            "crash (KAFKA-20734); the next one of this flow ends it",
            sink->id);
  return EAGRE_OK;
}

static enum eagre_status read_marker(struct sink_kafka *sink, struct eagre_error *error) {
  struct eagre_text text;
  enum eagre_status status = eagre_kafka_marker_read(&sink->settings, sink->id, sink->marker_topic,
                                                     &sink->arena, &text, error);
  sink->has_marker = status == EAGRE_OK;
  if (status == EAGRE_END) return EAGRE_OK;
  if (status == EAGRE_AGAIN) return note_lost_end(sink, error);
  EAGRE_TRY(status);
  return eagre_sink_kafka_marker_parse(text, &sink->marker) ? EAGRE_OK
                                                            : fail_marker(sink, text, error);
}

static enum eagre_status commit_marker(struct sink_kafka *sink,
                                       const struct sink_kafka_marker *marker,
                                       struct eagre_error *error) {
  struct eagre_buffer text = {0};
  eagre_sink_kafka_marker_print(marker, &text);
  const struct eagre_kafka_marker kafka_marker = {
      .topic = sink->marker_topic,
      .offset = marker->epoch + 1,
      .text = eagre_buffer_text(&text),
  };
  enum eagre_status status = eagre_kafka_transactor_commit(sink->transactor, &kafka_marker, error);
  eagre_buffer_done(&text);
  EAGRE_TRY(status);
  sink->marker = *marker;
  sink->has_marker = true;
  return EAGRE_OK;
}

/* A transaction of a marker alone is tried again: of the coordinators of a cluster that has just
 * come up some refuse what others take. */
static enum eagre_status set_marker(struct sink_kafka *sink, const struct sink_kafka_marker *marker,
                                    struct eagre_error *error) {
  for (uint32_t tries = 1;; tries++) {
    enum eagre_status status = commit_marker(sink, marker, error);
    if (status != EAGRE_IO || tries == MARKER_TRIES) return status;
    enum eagre_status is_settled = eagre_kafka_transactor_abort(sink->transactor, NULL);
    if (is_settled != EAGRE_OK) return status;
    eagre_io_wait(sink->base.environment.io, MARKER_PAUSE_US);
  }
}

static struct sink_kafka_marker make_marker(int64_t epoch, const char *attempt) {
  struct sink_kafka_marker marker = {.epoch = epoch};
  eagre_assert(strlen(attempt) < sizeof marker.attempt);
  snprintf(marker.attempt, sizeof marker.attempt, "%s", attempt);
  return marker;
}

static bool is_marker(const struct sink_kafka_marker *marker, int64_t epoch, const char *attempt) {
  return marker->epoch == epoch && strcmp(marker->attempt, attempt) == 0;
}

/* ---- Start ----------------------------------------------------------------------------------- */

enum eagre_status eagre_sink_kafka_exact_recover(struct sink_kafka *sink,
                                                 struct eagre_sink_recovery *out,
                                                 struct eagre_error *error) {
  if (sink->transactor == NULL) {
    snprintf(sink->id, sizeof sink->id, "eagre-%s", sink->base.environment.checkpoint_id);
    EAGRE_TRY(eagre_kafka_transactor_open(&sink->settings, sink->id, &sink->transactor, error));
  }
  EAGRE_TRY(read_marker(sink, error));
#if defined(EAGRE_PLANTED_MARKER_NOT_ASKED)
  out->knowledge = EAGRE_SINK_NOTHING;
  return EAGRE_OK;
#endif
  out->knowledge = sink->has_marker ? EAGRE_SINK_HAS : EAGRE_SINK_FORGOTTEN;
  out->remembers_every_epoch = true;
  if (!sink->has_marker) return EAGRE_OK;
  out->epoch = sink->marker.epoch;
  _Static_assert(sizeof out->attempt == sizeof sink->marker.attempt, "an attempt fits");
  memcpy(out->attempt, sink->marker.attempt, sizeof out->attempt);
  return EAGRE_OK;
}

enum eagre_status eagre_sink_kafka_exact_claim(struct sink_kafka *sink, int64_t epoch,
                                               const char *attempt, struct eagre_error *error) {
  if (sink->has_marker && sink->marker.epoch == epoch) return EAGRE_OK;
  if (epoch >= 0) {
    eagre_log(EAGRE_LOG_WARNING,
              "the group %s did not tell that epoch %" PRId64
              " is the last one in Kafka: it is set",
              sink->id, epoch);
  }
  const struct sink_kafka_marker marker = make_marker(epoch, attempt);
  return set_marker(sink, &marker, error);
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

enum eagre_status eagre_sink_kafka_exact_begin(struct sink_kafka *sink, int64_t epoch,
                                               const char *attempt, struct eagre_error *error) {
  sink->begun = make_marker(epoch, attempt);
  if (!eagre_kafka_transactor_has_begun(sink->transactor)) return EAGRE_OK;
  eagre_sink_kafka_exact_close(sink);
  return eagre_kafka_transactor_open(&sink->settings, sink->id, &sink->transactor, error);
}

void eagre_sink_kafka_exact_piece(const struct sink_kafka *sink, uint64_t message_count,
                                  struct eagre_buffer *out_piece) {
  eagre_buffer_printf(out_piece, "{\"transactionalId\":\"%s\",\"messages\":%" PRIu64 "}", sink->id,
                      message_count);
}

enum eagre_status eagre_sink_kafka_exact_commit(struct sink_kafka *sink,
                                                const struct eagre_sink_commit *commit,
                                                struct eagre_error *error) {
  if (sink->has_marker && is_marker(&sink->marker, commit->epoch, commit->attempt)) return EAGRE_OK;
  if (!is_marker(&sink->begun, commit->epoch, commit->attempt)) {
    return eagre_error_set(error, EAGRE_IO, "KAFKA_TRANSACTION_ABORTED",
                           "The transaction of epoch %" PRId64 " is gone.", commit->epoch);
  }
  return commit_marker(sink, &sink->begun, error);
}
