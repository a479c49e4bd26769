/* The text of a commit: what stands in `_delta_log/<version>.json`, in the order and with the
 * members of Spark's. */
#pragma once

#include "base/base.h"
#include "delta/delta.h"
#include "delta/delta_action.h"
#include "delta/delta_snapshot.h"

/* Appends the commit that follows `snapshot`. `adds` are the actions of `commit`, read; `arena` is
 * scratch. */
enum eagre_status eagre_delta_commit_print(const struct eagre_delta_snapshot *snapshot,
                                           const struct eagre_delta_commit *commit,
                                           const struct eagre_delta_actions *adds,
                                           struct eagre_arena *arena, struct eagre_buffer *out,
                                           struct eagre_error *error);
