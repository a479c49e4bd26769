/* The floor under a latency: how long the records of a topic take to a consumer that does nothing
 * else. Inside the room only. */
#pragma once

#include <stdatomic.h>

#include "workload/workload.h"

struct eagre_workload_floor;

/* Begins to read what comes into the target's partitions from now on, on a thread of its own.
 * Records stamped before *count_from_us (microseconds since 1970; it outlives the floor) do not
 * count. IO as kafka. */
enum eagre_status eagre_workload_floor_begin(const struct eagre_workload_target *target,
                                             const _Atomic int64_t *count_from_us,
                                             struct eagre_workload_floor **out_floor,
                                             struct eagre_error *error);
/* Ends the thread and frees the floor; NULL is fine. Adds the times from the records' stamps to
 * their arrival, in microseconds, to `out_us`. IO when reading failed. */
enum eagre_status eagre_workload_floor_end(struct eagre_workload_floor *floor,
                                           struct eagre_histogram *out_us,
                                           struct eagre_error *error);
