/* Makes record batches as producers do, and breaks them. */
#pragma once

#include "kafka/kafka_batch.h"

struct batch_maker {
  struct eagre_buffer records;
  int32_t count;
  int32_t last_delta;
};

struct batch_shape {
  int64_t base_offset;
  int64_t base_timestamp_ms;
  int64_t max_timestamp_ms;
  int64_t producer_id;
  int16_t attributes; /* without the codec */
  enum eagre_kafka_batch_codec codec;
};

/* A record without headers; data NULL = null. */
void batch_add(struct batch_maker *maker, int32_t offset_delta, int64_t timestamp_delta,
               struct eagre_text key, struct eagre_text value);
/* One with a header; its value may be null. */
void batch_add_with_header(struct batch_maker *maker, int32_t offset_delta, struct eagre_text value,
                           struct eagre_text header_key, struct eagre_text header_value);
/* The marker that ends a transaction. */
void batch_add_marker(struct batch_maker *maker, bool is_abort);
/* Appends the batch and empties the maker. */
void batch_finish(struct batch_maker *maker, struct batch_shape shape, struct eagre_buffer *out);
/* Puts the right CRC over the batch at `begin` again, after something was changed. */
void batch_sign(struct eagre_buffer *bytes, size_t begin);
