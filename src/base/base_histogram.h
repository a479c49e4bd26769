/* Log-linear histogram of non-negative integers (nanoseconds, bytes): 64 linear steps per power of
 * two, so the error is below 1.6 %. One per core, merged on read; not thread safe. */
#pragma once

#include <stdint.h>

enum { EAGRE_HISTOGRAM_BUCKETS = 64 * 59 };

struct eagre_histogram {
  uint64_t count;
  uint64_t sum;
  uint64_t minimum; /* UINT64_MAX when empty */
  uint64_t maximum;
  uint64_t buckets[EAGRE_HISTOGRAM_BUCKETS];
};

void eagre_histogram_init(struct eagre_histogram *histogram);
/* Adds `value`, `weight` times. */
void eagre_histogram_add(struct eagre_histogram *histogram, uint64_t value, uint64_t weight);
void eagre_histogram_merge(struct eagre_histogram *into, const struct eagre_histogram *from);
/* How many values lie in (bounds[i - 1], bounds[i]], as far as steps tell them apart: a step counts
 * where it ends. `bounds` ascend; out_counts has one more entry, for what lies above the last. */
void eagre_histogram_split(const struct eagre_histogram *histogram, const uint64_t *bounds,
                           uint32_t bound_count, uint64_t *out_counts);
/* The smallest recorded step at or below which `fraction` (0..1) of all values lie; 0 when empty.
 */
uint64_t eagre_histogram_percentile(const struct eagre_histogram *histogram, double fraction);
