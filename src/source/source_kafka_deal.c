/* Partitions are dealt out to cores by load: an epoch lasts as long as its busiest core.
 *
 *   First      in turn: partition i goes to core i modulo their number
 *   Then       a partition stays where it is, so that connections, fetch sessions and what was
 *              fetched ahead are kept
 *   Anew       the longest first, each to the core that has least to read until then, where that
 *              shortens the epoch by more than moving costs
 *
 * What a core reads is nobody's business but its own: state belongs to cores by key, watermarks are
 * gathered by partition, and a checkpoint knows nothing of it. */
#include "source/source_kafka_deal.h"

#include <inttypes.h>
#include <stdlib.h>

/* A partition that moves is fetched anew: its leader is asked for, the session of its new core is
 * told, and up to 8 MiB that were fetched ahead come a second time. That is two round trips and
 * some milliseconds of copying; so many records are ten milliseconds of work or more. A quick epoch
 * therefore moves nothing, however uneven it is. */
static const int64_t GAIN_MIN = 65536;
/* Nor does a long one for less than this share of its busiest core: sizes of records and what they
 * cost differ by as much, so that the count foretells no more than that. */
enum { GAIN_SHARE = 8 };

struct load {
  int64_t records;
  uint32_t range;
};

void eagre_source_kafka_dealt_done(struct eagre_source_kafka_dealt *dealt) {
  eagre_arena_done(&dealt->arena);
  *dealt = (struct eagre_source_kafka_dealt){0};
}

static int64_t records_of(const struct eagre_source_kafka_range *range) {
  return range->end > range->begin ? range->end - range->begin : 0;
}

/* The core with the least; of several `wanted`, else the first. */
static uint32_t find_least(const int64_t *sums, uint32_t core_count, uint32_t wanted) {
  uint32_t least = wanted;
  for (uint32_t core = 0; core < core_count; core++) {
    if (sums[core] < sums[least]) least = core;
  }
  return least;
}

static int64_t find_largest(const int64_t *sums, uint32_t core_count) {
  int64_t largest = 0;
  for (uint32_t core = 0; core < core_count; core++) {
    if (sums[core] > largest) largest = sums[core];
  }
  return largest;
}

/* ---- Where they are -------------------------------------------------------------------------- */

/* Those that nobody has read go where fewest are, which deals the first ones out in turn. */
static void place_new(struct eagre_source_kafka_ranges *ranges, const bool *is_known,
                      int64_t *range_counts, uint32_t core_count) {
  for (uint32_t i = 0; i < ranges->count; i++) {
    if (is_known[i]) continue;
    ranges->ranges[i].core = find_least(range_counts, core_count, 0);
    range_counts[ranges->ranges[i].core] += 1;
  }
}

static void keep(const struct eagre_source_kafka_dealt *dealt,
                 struct eagre_source_kafka_ranges *ranges, uint32_t core_count,
                 struct eagre_arena *scratch) {
  bool *is_known = eagre_arena_allocate_zeroed(scratch, (ranges->count + 1) * sizeof *is_known);
  int64_t *range_counts = eagre_arena_allocate_zeroed(scratch, core_count * sizeof *range_counts);
  for (uint32_t i = 0; i < ranges->count; i++) {
    struct eagre_source_kafka_range *range = &ranges->ranges[i];
    const struct eagre_source_kafka_offset *last =
        eagre_source_kafka_offsets_find(&dealt->cores, range->topic, range->partition);
    is_known[i] = last != NULL;
    if (last == NULL) continue;
    range->core = (uint32_t)last->offset;
    range_counts[range->core] += 1;
  }
  place_new(ranges, is_known, range_counts, core_count);
}

/* ---- Anew ------------------------------------------------------------------------------------ */

static int compare_loads(const void *a, const void *b) {
  const struct load *left = a;
  const struct load *right = b;
  if (left->records != right->records) return left->records > right->records ? -1 : 1;
  return left->range < right->range ? -1 : 1;
}

/* The busiest core's records as ranges are now. */
static int64_t measure(const struct eagre_source_kafka_ranges *ranges, uint32_t core_count,
                       struct eagre_arena *scratch) {
  int64_t *sums = eagre_arena_allocate_zeroed(scratch, core_count * sizeof *sums);
  for (uint32_t i = 0; i < ranges->count; i++) {
    int64_t *sum = &sums[ranges->ranges[i].core];
    *sum = eagre_source_kafka_select_add(*sum, records_of(&ranges->ranges[i]));
  }
  return find_largest(sums, core_count);
}

/* *out_cores: by range. Partitions without records stay where they are. Returns the busiest core's
 * records. */
static int64_t balance(const struct eagre_source_kafka_ranges *ranges, uint32_t core_count,
                       struct eagre_arena *scratch, uint32_t *out_cores) {
  int64_t *sums = eagre_arena_allocate_zeroed(scratch, core_count * sizeof *sums);
  struct load *loads = eagre_arena_allocate(scratch, (ranges->count + 1) * sizeof *loads);
  for (uint32_t i = 0; i < ranges->count; i++) {
    loads[i] = (struct load){records_of(&ranges->ranges[i]), i};
    out_cores[i] = ranges->ranges[i].core;
  }
  qsort(loads, ranges->count, sizeof *loads, compare_loads);
  for (uint32_t i = 0; i < ranges->count && loads[i].records > 0; i++) {
    uint32_t *core = &out_cores[loads[i].range];
    *core = find_least(sums, core_count, *core);
    sums[*core] = eagre_source_kafka_select_add(sums[*core], loads[i].records);
  }
  return find_largest(sums, core_count);
}

static void move(struct eagre_source_kafka_ranges *ranges, uint32_t core_count,
                 struct eagre_arena *scratch) {
  int64_t largest = measure(ranges, core_count, scratch);
  if (largest < GAIN_MIN) return;
  uint32_t *cores = eagre_arena_allocate(scratch, ranges->count * sizeof *cores);
  int64_t gain = largest - balance(ranges, core_count, scratch, cores);
  if (gain < GAIN_MIN || gain < largest / GAIN_SHARE) return;
  eagre_log(EAGRE_LOG_DEBUG,
            "partitions are dealt out anew: the busiest core reads %" PRId64
            " records of this epoch instead of %" PRId64,
            largest - gain, largest);
  for (uint32_t i = 0; i < ranges->count; i++) {
    ranges->ranges[i].core = cores[i];
  }
}

/* ---- All ------------------------------------------------------------------------------------- */

static void remember(struct eagre_source_kafka_dealt *dealt,
                     const struct eagre_source_kafka_ranges *ranges) {
  eagre_arena_reset(&dealt->arena);
  dealt->cores = (struct eagre_source_kafka_offsets){
      .entries =
          eagre_arena_allocate(&dealt->arena, (ranges->count + 1) * sizeof *dealt->cores.entries)};
  for (uint32_t i = 0; i < ranges->count; i++) {
    const struct eagre_source_kafka_range *range = &ranges->ranges[i];
    dealt->cores.entries[dealt->cores.count++] = (struct eagre_source_kafka_offset){
        eagre_arena_copy_text(&dealt->arena, range->topic), range->partition, range->core};
  }
}

void eagre_source_kafka_deal(struct eagre_source_kafka_dealt *dealt,
                             struct eagre_source_kafka_ranges *ranges, uint32_t core_count,
                             bool may_move) {
  struct eagre_arena scratch = {0};
  keep(dealt, ranges, core_count, &scratch);
  if (may_move && core_count > 1) move(ranges, core_count, &scratch);
  eagre_arena_done(&scratch);
  remember(dealt, ranges);
}
