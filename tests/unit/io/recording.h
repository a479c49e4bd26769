/* A recorder of file operations, and the power losses that could have hit them.
 *
 * An engine in front of the plain one that notes when every operation began and ended. From the
 * record, images of the directory are made as a power loss may leave it:
 *   - a write is safe when a sync of its file began after it ended and ended before the loss;
 *     otherwise it is kept, dropped or torn (a part of its bytes, or zeros in their place)
 *   - a change of a name (create, link, rename, unlink, mkdir) is safe when a sync of its directory
 *     began after it ended and ended before the loss; otherwise it is kept or dropped, each on its
 *     own, so that later ones may survive earlier ones
 *   - an operation that had begun but not ended may have happened or not
 * Operations of one group, and those started without waiting, overlap. That is weaker than any
 * journaling file system, on purpose: what holds here holds there. */
#pragma once

#include "io/io_backend.h"

struct recording;

/* Records what `io` does below `root`; what is there now counts as safe. Not while a writer is
 * open. */
struct recording *recording_install(struct eagre_io *io, const char *root);
/* After `eagre_io_close` of the recorded handle. */
void recording_free(struct recording *recording);
/* Moments so far: a loss may happen at 0 .. this. */
uint64_t recording_now(const struct recording *recording);
/* Makes one image of the loss at `moment` in the empty directory `out`. `keep_chance` (0..1) is how
 * likely something unsafe is kept. */
void recording_replay(const struct recording *recording, uint64_t moment, double keep_chance,
                      struct eagre_random *random, const char *out);
