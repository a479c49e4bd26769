/* Positions of Kafka: any bytes are a position or not; what a position prints is read again as an
 * equal one, and prints the same. */
#include <stddef.h>
#include <stdint.h>

#include "source/source_kafka.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printed(struct eagre_arena *arena,
                          const struct eagre_source_kafka_offsets *offsets) {
  struct eagre_source_kafka_offsets again;
  struct eagre_text printed = eagre_source_kafka_offsets_print(offsets, arena);
  bool is_read =
      eagre_source_kafka_offsets_parse(printed, EAGRE_SOURCE_KAFKA_EARLIEST, arena, &again);
  eagre_assert(is_read && eagre_source_kafka_offsets_equal(offsets, &again));
  eagre_assert(eagre_text_equal(printed, eagre_source_kafka_offsets_print(&again, arena)));
  for (uint32_t i = 0; i < offsets->count; i++) {
    const struct eagre_source_kafka_offset *entry = &offsets->entries[i];
    eagre_assert(eagre_source_kafka_offsets_find(&again, entry->topic, entry->partition) ==
                 &again.entries[i]);
  }
}

/* Ids of topics: what is printed of them is read again as the same. */
static void check_topics(struct eagre_text text, struct eagre_arena *arena) {
  struct eagre_source_kafka_topics topics = {0};
  struct eagre_buffer printed = {0};
  if (!eagre_source_kafka_topics_parse(text, arena, &topics)) return;
  eagre_source_kafka_topics_print(&topics, &printed);
  eagre_assert(eagre_text_equal(eagre_buffer_text(&printed), text));
  eagre_buffer_done(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_arena arena = {0};
  struct eagre_source_kafka_offsets offsets;
  struct eagre_text text = eagre_text_make((const char *)data, size);
  struct eagre_text position;
  if (eagre_source_kafka_offsets_parse(text, EAGRE_SOURCE_KAFKA_EARLIEST, &arena, &offsets)) {
    check_printed(&arena, &offsets);
  }
  if (eagre_source_kafka_partitions_parse(text, &arena, &offsets)) {
    check_printed(&arena, &offsets);
  }
  check_topics(text, &arena);
  if (eagre_source_kafka_read_initial(text, &position)) {
    eagre_assert(position.size < size);
  }
  eagre_arena_done(&arena);
  return 0;
}
