/* Markers of transactions: any bytes are no marker, or one that reads the same once printed. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sink/sink_kafka.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sink_kafka_marker marker;
  struct sink_kafka_marker again;
  struct eagre_buffer text = {0};
  if (!eagre_sink_kafka_marker_parse(eagre_text_make((const char *)data, size), &marker)) return 0;
  eagre_assert(marker.epoch >= -1 && strlen(marker.attempt) < sizeof marker.attempt);
  eagre_sink_kafka_marker_print(&marker, &text);
  eagre_assert(eagre_sink_kafka_marker_parse(eagre_buffer_text(&text), &again));
  eagre_assert(again.epoch == marker.epoch && strcmp(again.attempt, marker.attempt) == 0);
  eagre_buffer_done(&text);
  return 0;
}
