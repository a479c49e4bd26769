/* Log-linear histogram.
 *
 * A value below 64 is its own bucket (group 0). A value whose highest bit is `exponent` (6..63)
 * falls into one of the 64 equal steps of [2^exponent, 2^(exponent + 1)): groups 1..58. With
 * shift = exponent - 6 the step is value >> shift, in 64..127, and groups follow each other
 * without a gap, so index = shift * 64 + (value >> shift) for all values. */
#include "base/base_histogram.h"

#include <stddef.h>

#include "base/base_assert.h"

enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS };

static size_t find_bucket(uint64_t value) {
  if (value < STEPS) return (size_t)value;
  unsigned shift = 63u - (unsigned)__builtin_clzll(value) - STEP_BITS;
  return (size_t)shift * STEPS + (size_t)(value >> shift);
}

/* The largest value that falls into `bucket`. */
static uint64_t find_bucket_end(size_t bucket) {
  if (bucket < STEPS) return bucket;
  unsigned shift = (unsigned)(bucket / STEPS) - 1;
  uint64_t step = bucket - (uint64_t)shift * STEPS;
  return (step << shift) + ((UINT64_C(1) << shift) - 1);
}

void eagre_histogram_init(struct eagre_histogram *histogram) {
  *histogram = (struct eagre_histogram){.minimum = UINT64_MAX};
}

void eagre_histogram_add(struct eagre_histogram *histogram, uint64_t value, uint64_t weight) {
  if (weight == 0) return;
  histogram->count += weight;
  histogram->sum += value * weight;
  if (value < histogram->minimum) histogram->minimum = value;
  if (value > histogram->maximum) histogram->maximum = value;
  histogram->buckets[find_bucket(value)] += weight;
}

void eagre_histogram_merge(struct eagre_histogram *into, const struct eagre_histogram *from) {
  into->count += from->count;
  into->sum += from->sum;
  if (from->minimum < into->minimum) into->minimum = from->minimum;
  if (from->maximum > into->maximum) into->maximum = from->maximum;
  for (size_t i = 0; i < EAGRE_HISTOGRAM_BUCKETS; i++) {
    into->buckets[i] += from->buckets[i];
  }
}

void eagre_histogram_split(const struct eagre_histogram *histogram, const uint64_t *bounds,
                           uint32_t bound_count, uint64_t *out_counts) {
  uint32_t at = 0;
  for (uint32_t i = 0; i <= bound_count; i++) {
    out_counts[i] = 0;
  }
  if (histogram->count == 0) return;
  size_t last = find_bucket(histogram->maximum);
  for (size_t bucket = find_bucket(histogram->minimum); bucket <= last; bucket++) {
    uint64_t end = find_bucket_end(bucket);
    if (end > histogram->maximum) end = histogram->maximum;
    while (at < bound_count && end > bounds[at]) {
      at++;
    }
    out_counts[at] += histogram->buckets[bucket];
  }
}

/* How many values must lie at or below the answer: fraction of all, rounded up, at least 1. */
static uint64_t find_rank(uint64_t count, double fraction) {
  if (fraction >= 1) return count;
  double exact = fraction * (double)count;
  uint64_t rank = (uint64_t)exact;
  if ((double)rank < exact) rank++;
  return rank == 0 ? 1 : rank > count ? count : rank;
}

uint64_t eagre_histogram_percentile(const struct eagre_histogram *histogram, double fraction) {
  eagre_assert(fraction >= 0);
  if (histogram->count == 0) return 0;
  uint64_t rank = find_rank(histogram->count, fraction);
  uint64_t seen = 0;
  size_t bucket = 0;
  while ((seen += histogram->buckets[bucket]) < rank) {
    bucket++;
  }
  uint64_t end = find_bucket_end(bucket);
  return end < histogram->maximum ? end : histogram->maximum;
}
