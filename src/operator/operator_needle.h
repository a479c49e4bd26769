/* Inside of the room `operator`: rows that a filter would remove leave before their JSON is
 * decoded. */
#pragma once

#include "column/column.h"
#include "expression/expression.h"

struct operator_needle {
  const struct eagre_needle *needle; /* no text: nothing is looked for */
  uint32_t wait;                     /* batches to let pass before looking again */
};

/* Takes rows that cannot hold the needle out of the batch. Where most rows may hold it, looking
 * costs more than it saves: it then looks at one batch of sixteen, to see whether that has changed.
 */
void eagre_operator_needle_filter(struct operator_needle *needle, struct eagre_batch *batch);
