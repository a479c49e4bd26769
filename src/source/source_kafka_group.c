/* What a flow has read, told to a consumer group of Kafka (commitOffsetsToKafka). It is for tools:
 * the checkpoint alone says where a flow goes on. */
#include "source/source_kafka.h"

enum eagre_status eagre_source_kafka_group_open(struct eagre_source_kafka *kafka,
                                                struct eagre_error *error) {
  bool is_flow = kafka->base.environment.checkpoint != NULL;
  if (!is_flow || kafka->options.group.size == 0) return EAGRE_OK;
  return eagre_kafka_group_open(&kafka->options.settings, kafka->options.group, &kafka->group,
                                error);
}

void eagre_source_kafka_group_tell(struct eagre_source_kafka *kafka, struct eagre_text position) {
  struct eagre_arena arena = {0};
  struct eagre_source_kafka_offsets ends;
  if (kafka->group == NULL) return;
  if (eagre_source_kafka_read_position(position, &arena, &ends, NULL) == EAGRE_OK) {
    struct eagre_kafka_offset *offsets =
        eagre_arena_allocate(&arena, (ends.count + 1) * sizeof *offsets);
    for (uint32_t i = 0; i < ends.count; i++) {
      offsets[i] = (struct eagre_kafka_offset){ends.entries[i].topic, ends.entries[i].partition,
                                               ends.entries[i].offset};
    }
    eagre_kafka_group_commit(kafka->group, offsets, ends.count);
    kafka->has_told = true;
  }
  eagre_arena_done(&arena);
}

void eagre_source_kafka_group_look(struct eagre_source_kafka *kafka, struct eagre_text start) {
  if (kafka->group == NULL) return;
  if (!kafka->has_told) eagre_source_kafka_group_tell(kafka, start);
  eagre_kafka_group_serve(kafka->group);
}
