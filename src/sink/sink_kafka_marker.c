/* The text of a marker: "41 0f2c...": epoch, one blank, attempt. */
#include <inttypes.h>
#include <string.h>

#include "sink/sink_kafka.h"
#include "value/value.h"

void eagre_sink_kafka_marker_print(const struct sink_kafka_marker *marker,
                                   struct eagre_buffer *out) {
  eagre_buffer_printf(out, "%" PRId64 " %s", marker->epoch, marker->attempt);
}

static bool parse_epoch(struct eagre_text text, int64_t *out_epoch) {
  bool is_plain =
      text.size > 0 && (text.data[0] == '-' || (text.data[0] >= '0' && text.data[0] <= '9'));
  return is_plain && eagre_value_parse_integer(text, out_epoch) == EAGRE_VALUE_OK &&
         *out_epoch >= -1;
}

static bool is_attempt(struct eagre_text text) {
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] <= ' ' || text.data[i] > '~') return false;
  }
  return true;
}

bool eagre_sink_kafka_marker_parse(struct eagre_text text, struct sink_kafka_marker *out) {
  const char *blank = text.size == 0 ? NULL : memchr(text.data, ' ', text.size);
  if (blank == NULL) return false;
  struct eagre_text epoch = eagre_text_make(text.data, (size_t)(blank - text.data));
  struct eagre_text attempt = eagre_text_make(blank + 1, text.size - epoch.size - 1);
  *out = (struct sink_kafka_marker){0};
  if (attempt.size >= sizeof out->attempt || !is_attempt(attempt)) return false;
  if (!parse_epoch(epoch, &out->epoch)) return false;
  memcpy(out->attempt, attempt.data, attempt.size);
  return true;
}
