/* Time zones inside the room `value`.
 *
 * A zone is a list of transitions read from ICU once, so that no instant costs an ICU call:
 *
 *   offsets[0]           until instants[0]
 *   offsets[i]           from instants[i - 1] to instants[i]
 *
 * and for wall-clock times local_limits[i] = instants[i] + the larger of the two offsets around it:
 * a local time before that is read with the offset before the transition. That one rule moves a
 * time in a gap forward and gives the earlier instant in an overlap.
 *
 * The list ends with the year 2500. Later times are looked up 400 years (or a multiple) earlier:
 * the calendar repeats, weekdays included, and only rules that repeat are left by then.
 *
 * A zone is immutable but for its cache of zones that were named in data (UTC+1, Asia/Tokyo),
 * which a mutex guards: every function may be called from any thread. */
#pragma once

#include "value/value.h"

enum {
  EAGRE_ZONE_ID_SIZE = 64,       /* the longest id of ICU has 32 characters */
  EAGRE_ZONE_OFFSET_MAX = 64800, /* 18 hours, in seconds */
};

struct eagre_zone_cache;

struct eagre_zone {
  char id[EAGRE_ZONE_ID_SIZE]; /* as Java prints it, zero-terminated */
  uint32_t transition_count;   /* 0: `offsets[0]` always */
  bool is_region;              /* else the id is an offset, perhaps behind UTC, GMT or UT */
  int64_t *instants;           /* seconds since 1970 */
  int64_t *local_limits;       /* seconds since 1970-01-01 00:00:00 on the wall */
  int32_t *offsets;            /* seconds, transition_count + 1 of them */
  bool *is_daylight;           /* the same */
  int32_t first_offset;        /* what `offsets` points to when there are no transitions */
  bool first_is_daylight;
  struct eagre_zone_cache *cache; /* NULL in zones that stand in a cache themselves */
};

enum eagre_zone_form {
  EAGRE_ZONE_INVALID,
  EAGRE_ZONE_FIXED,
  EAGRE_ZONE_REGION,
};

/* Which kind of name this is; of a FIXED one also the offset in seconds. A REGION may be unknown.
 */
enum eagre_zone_form eagre_zone_classify(struct eagre_text name, int32_t *out_offset);

/* Whether this is one of Java's ids of three letters, which stand for another id ("PST"). */
bool eagre_zone_is_short_id(struct eagre_text name);

/* The zone of a region id found in data, opened at first use and kept until `session` is closed.
 * NULL when there is no such region. */
const struct eagre_zone *eagre_zone_find_region(const struct eagre_zone *session,
                                                struct eagre_text id);

/* The English name of the zone's time, zero-terminated: "PST", or "Pacific Standard Time" when
 * `is_long`; empty when it has none. Lives as long as the zone, which is not one of a cache. */
const char *eagre_zone_name(const struct eagre_zone *zone, bool is_daylight, bool is_long);

/* Index into `offsets` of an instant, and of a wall-clock time, both in seconds. */
uint32_t eagre_zone_period_at(const struct eagre_zone *zone, int64_t instant_s);
uint32_t eagre_zone_period_of_local(const struct eagre_zone *zone, int64_t local_s);

/* What to subtract from a wall-clock time to get the instant. */
static inline int32_t eagre_zone_offset_of_local(const struct eagre_zone *zone, int64_t local_s) {
  if (zone->transition_count == 0) return zone->first_offset;
  return zone->offsets[eagre_zone_period_of_local(zone, local_s)];
}

/* ---- value_zone_icu.c ------------------------------------------------------------------------ */

enum { EAGRE_ZONE_NAME_SIZE = 96 };

/* Fills transitions and offsets from ICU. False when ICU has no region of that id. */
bool eagre_zone_load(struct eagre_zone *zone);

/* Asks ICU for the name of a region's time; `out` is empty when it has none. */
void eagre_zone_load_name(const struct eagre_zone *zone, bool is_daylight, bool is_long,
                          char out[EAGRE_ZONE_NAME_SIZE]);

/* Calls `visit` with every region id of ICU that Java knows as well. */
void eagre_zone_visit_ids(void (*visit)(void *context, const char *id), void *context);
