/* Positions committed to a consumer group, for the tools that show lag. Nobody joins the group, and
 * nothing is ever read back.
 *
 * One commit is under way at a time. Positions that come meanwhile wait, the newest instead of
 * those before it. Nothing here waits but `close`. */
#include "kafka/kafka_handle.h"
#include "kafka/kafka_secret.h"

enum { LAST_WAIT_MS = 5000, STEP_MS = 50 };

struct eagre_kafka_group {
  struct eagre_kafka_handle handle;
  rd_kafka_queue_t *queue; /* answers */
  char *name;
  rd_kafka_topic_partition_list_t *waiting; /* NULL: nothing is */
  bool is_under_way;
  bool has_failed; /* which is told once */
};

/* ---- Life ------------------------------------------------------------------------------------ */

static enum eagre_status open_group(struct eagre_kafka_group *group,
                                    const struct eagre_kafka_settings *settings,
                                    struct eagre_text name, struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  struct eagre_arena arena = {0};
  enum eagre_status status = eagre_kafka_secret_resolve(name, &arena, &name, error);
  if (status == EAGRE_OK) group->name = eagre_text_duplicate(name);
  eagre_arena_done(&arena);
  EAGRE_TRY(status);
  EAGRE_TRY(eagre_kafka_settings_apply(settings, EAGRE_KAFKA_READ, &configuration, error));
  eagre_kafka_conf_set(configuration.conf, "group.id", group->name);
  EAGRE_TRY(eagre_kafka_handle_open(&group->handle, RD_KAFKA_CONSUMER, &configuration, error));
  group->queue = rd_kafka_queue_new(group->handle.client);
  return EAGRE_OK;
}

static void free_group(struct eagre_kafka_group *group) {
  if (group->waiting != NULL) rd_kafka_topic_partition_list_destroy(group->waiting);
  if (group->queue != NULL) rd_kafka_queue_destroy(group->queue);
  eagre_kafka_handle_close(&group->handle);
  eagre_free(group->name);
  eagre_free(group);
}

enum eagre_status eagre_kafka_group_open(const struct eagre_kafka_settings *settings,
                                         struct eagre_text name,
                                         struct eagre_kafka_group **out_group,
                                         struct eagre_error *error) {
  struct eagre_kafka_group *group = eagre_allocate_zeroed(1, sizeof *group);
  enum eagre_status status = open_group(group, settings, name, error);
  if (status != EAGRE_OK) {
    free_group(group);
    group = NULL;
  }
  *out_group = group;
  return status;
}

/* ---- Committing ------------------------------------------------------------------------------ */

static void tell_failure(struct eagre_kafka_group *group, rd_kafka_resp_err_t failure) {
  const char *why = group->handle.failure_text;
  if (group->has_failed) return;
  group->has_failed = true;
  eagre_log(EAGRE_LOG_WARNING,
            "positions could not be committed to the group %s, which is for tools that show lag "
            "only: %s%s%s; this is said once",
            group->name, rd_kafka_err2str(failure), why[0] == '\0' ? "" : "; last failure: ", why);
}

/* The failure of the commit, or of one of its partitions. */
static rd_kafka_resp_err_t find_failure(rd_kafka_resp_err_t failure,
                                        const rd_kafka_topic_partition_list_t *partitions) {
  for (int i = 0;
       failure == RD_KAFKA_RESP_ERR_NO_ERROR && partitions != NULL && i < partitions->cnt; i++) {
    failure = partitions->elems[i].err;
  }
  return failure;
}

static void take_answer(rd_kafka_t *client, rd_kafka_resp_err_t failure,
                        rd_kafka_topic_partition_list_t *partitions, void *opaque) {
  (void)client;
  struct eagre_kafka_group *group = opaque;
  group->is_under_way = false;
  failure = find_failure(failure, partitions);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) tell_failure(group, failure);
}

static void send_waiting(struct eagre_kafka_group *group) {
  if (group->waiting == NULL || group->is_under_way) return;
  rd_kafka_resp_err_t failure =
      rd_kafka_commit_queue(group->handle.client, group->waiting, group->queue, take_answer, group);
  rd_kafka_topic_partition_list_destroy(group->waiting);
  group->waiting = NULL;
  group->is_under_way = failure == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) tell_failure(group, failure);
}

static void serve(struct eagre_kafka_group *group, int timeout_ms) {
  eagre_kafka_handle_serve(&group->handle, 0);
  rd_kafka_queue_poll_callback(group->queue, timeout_ms);
  send_waiting(group);
}

void eagre_kafka_group_serve(struct eagre_kafka_group *group) {
  serve(group, 0);
}

void eagre_kafka_group_commit(struct eagre_kafka_group *group,
                              const struct eagre_kafka_offset *offsets, uint32_t count) {
  if (count == 0) return;
  if (group->waiting != NULL) rd_kafka_topic_partition_list_destroy(group->waiting);
  group->waiting = rd_kafka_topic_partition_list_new((int)count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_kafka_list_add(group->waiting, offsets[i].topic, offsets[i].partition, offsets[i].offset);
  }
  serve(group, 0);
}

void eagre_kafka_group_close(struct eagre_kafka_group *group) {
  if (group == NULL) return;
  int64_t deadline_us = eagre_kafka_now_us() + INT64_C(1000) * LAST_WAIT_MS;
  while ((group->is_under_way || group->waiting != NULL) && eagre_kafka_now_us() < deadline_us) {
    serve(group, STEP_MS);
  }
  free_group(group);
}
