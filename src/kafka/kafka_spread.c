/* Picks partitions for messages without a key, on demand of librdkafka. */
#include "kafka/kafka_spread.h"

#include "kafka/kafka_handle.h"

enum { KEEP_US = 10000 }; /* to one partition: so long that its messages fill requests */

void eagre_kafka_spread_init(struct eagre_kafka_spread *spread,
                             const struct eagre_kafka_settings *settings, rd_kafka_conf_t *conf) {
  static const char sticky[] = "sticky.partitioning.linger.ms";
  pthread_mutex_init(&spread->lock, NULL);
  spread->targets = NULL;
  spread->is_ours = !eagre_kafka_settings_given(settings, sticky) &&
                    !eagre_kafka_settings_given(settings, "partitioner");
  if (spread->is_ours) eagre_kafka_conf_set(conf, sticky, "0"); /* it calls `pick` */
}

void eagre_kafka_spread_close(struct eagre_kafka_spread *spread) {
  for (struct eagre_kafka_target *target = spread->targets; target != NULL; target = target->next) {
    rd_kafka_topic_destroy(target->topic);
  }
}

void eagre_kafka_spread_done(struct eagre_kafka_spread *spread) {
  while (spread->targets != NULL) {
    struct eagre_kafka_target *target = spread->targets;
    spread->targets = target->next;
    eagre_free(target);
  }
  pthread_mutex_destroy(&spread->lock);
}

int32_t eagre_kafka_target_partition(struct eagre_kafka_target *target) {
  if (!target->is_spread) return -1;
  return eagre_kafka_now_us() < atomic_load(&target->until_us) ? atomic_load(&target->partition)
                                                               : -1;
}

/* The partition of a message that came without one. Runs in the thread that sends it, or in one of
 * librdkafka's when the topic was not known yet. */
static int32_t pick(const rd_kafka_topic_t *topic, const void *key, size_t key_size,
                    int32_t partition_count, void *opaque, void *message_opaque) {
  struct eagre_kafka_target *target = opaque;
  int32_t partition = key == NULL ? eagre_kafka_target_partition(target) : -1;
  if (partition >= 0 && rd_kafka_topic_partition_available(topic, partition)) return partition;
  partition = rd_kafka_msg_partitioner_murmur2_random(topic, key, key_size, partition_count, NULL,
                                                      message_opaque);
  if (key != NULL) return partition;
  atomic_store(&target->partition, partition); /* before its time: no other thread sees -1 */
  atomic_store(&target->until_us, eagre_kafka_now_us() + KEEP_US);
  return partition;
}

static struct eagre_kafka_target *make_target(rd_kafka_t *client, struct eagre_text name,
                                              bool is_spread) {
  struct eagre_kafka_target *target = eagre_allocate_zeroed(1, sizeof *target);
  char *string = eagre_text_duplicate(name);
  rd_kafka_topic_conf_t *conf = NULL;
  if (is_spread) {
    conf = rd_kafka_default_topic_conf_dup(client);
    rd_kafka_topic_conf_set_partitioner_cb(conf, pick);
    rd_kafka_topic_conf_set_opaque(conf, target);
  }
  target->is_spread = is_spread;
  target->topic = rd_kafka_topic_new(client, string, conf);
  eagre_free(string);
  return target;
}

struct eagre_kafka_target *eagre_kafka_spread_find(struct eagre_kafka_spread *spread,
                                                   rd_kafka_t *client, struct eagre_text name) {
  pthread_mutex_lock(&spread->lock);
  struct eagre_kafka_target *target = spread->targets;
  while (target != NULL && !eagre_text_equal_string(name, rd_kafka_topic_name(target->topic))) {
    target = target->next;
  }
  if (target == NULL) {
    target = make_target(client, name, spread->is_ours);
    target->next = spread->targets;
    spread->targets = target;
  }
  pthread_mutex_unlock(&spread->lock);
  return target;
}
