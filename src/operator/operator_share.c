/* Batches made of one batch (operator_share.h). */
#include "operator/operator_share.h"

struct operator_share {
  struct eagre_batch *original;
  uint32_t count;
};

struct operator_share *eagre_operator_share_new(struct eagre_batch *original) {
  struct operator_share *share = eagre_allocate_zeroed(1, sizeof *share);
  *share = (struct operator_share){original, 1};
  return share;
}

void eagre_operator_share_release(struct operator_share *share) {
  share->count -= 1;
  if (share->count > 0) return;
  eagre_batch_free(share->original);
  eagre_free(share);
}

static void release_backing(void *backing) {
  eagre_operator_share_release(backing);
}

struct eagre_batch *eagre_operator_share_batch(struct operator_share *share) {
  struct eagre_batch *batch = eagre_batch_new();
  batch->origin = share->original->origin;
  batch->origin_rows = share->original->origin_rows;
  batch->release_backing = release_backing;
  batch->backing = share;
  share->count += 1;
  return batch;
}
