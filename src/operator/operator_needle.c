/* Rows that a filter would remove leave before their JSON is decoded. */
#include "operator/operator_needle.h"

#include "json/json.h"

enum { WAIT = 15, WORTH_QUARTERS = 3 };

void eagre_operator_needle_filter(struct operator_needle *needle, struct eagre_batch *batch) {
  if (needle->needle->text.size == 0) return;
  if (needle->wait > 0) {
    needle->wait--;
    return;
  }
  uint32_t count = batch->row_count;
  uint8_t *keep = eagre_arena_allocate_vector(&batch->arena, eagre_bits_size(count));
  const struct eagre_vector *texts = &batch->columns[needle->needle->column];
  eagre_json_find_needle(needle->needle->text, texts, count, keep);
  eagre_batch_filter(batch, keep);
  if ((uint64_t)batch->row_count * 4 > (uint64_t)count * WORTH_QUARTERS) needle->wait = WAIT;
}
