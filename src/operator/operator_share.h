/* Inside of the room `operator`: several batches made of one. The original lives until the last of
 * them is freed; all of them stay on one core, so the count needs no atomics. */
#pragma once

#include "column/column.h"

struct operator_share;

/* Takes `original`. The caller holds a share of its own, which it gives back in the end. */
struct operator_share *eagre_operator_share_new(struct eagre_batch *original);
void eagre_operator_share_release(struct operator_share *share);
/* An empty batch that keeps the original alive, with its origin. */
struct eagre_batch *eagre_operator_share_batch(struct operator_share *share);
