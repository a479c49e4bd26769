/* Time zones inside the room `value`.
 *
 * A zone is a list of transitions, read once:
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
 * Regions come from the system's tz database (value_zone_file.c) and, where a machine has none or
 * not that region, from ICU (value_zone_icu.c). Distributions update the one several times a year
 * and the other with a release: Debian 12's ICU 72 still gives Mexico City, Cairo and 20 more zones
 * the rules of 2022. Names come from ICU.
 *
 * A zone is immutable but for its cache of zones that were named in data (UTC+1, Asia/Tokyo),
 * which a mutex guards: every function may be called from any thread. */
#pragma once

#include "value/value.h"

enum {
  EAGRE_ZONE_ID_SIZE = 64,       /* the longest id there is has 32 characters */
  EAGRE_ZONE_OFFSET_MAX = 64800, /* 18 hours, in seconds */
  EAGRE_ZONE_YEAR_MAX = 2500,    /* last year of the list */
};

struct eagre_zone_cache;

struct eagre_zone {
  char id[EAGRE_ZONE_ID_SIZE]; /* as Java prints it, zero-terminated */
  bool is_region;              /* else the id is an offset, perhaps behind UTC, GMT or UT */
  uint32_t transition_count;   /* 0: `first_offset` always */
  uint32_t capacity;           /* transitions there is room for */
  int64_t *instants;           /* seconds since 1970 */
  int64_t *local_limits;       /* seconds since 1970-01-01 00:00:00 on the wall */
  int32_t *offsets;            /* seconds, transition_count + 1 of them; NULL without any */
  int32_t first_offset;
  struct eagre_zone_cache *cache; /* NULL in zones that stand in a cache themselves */
};

/* ---- Names (value_zone_name.c) --------------------------------------------------------------- */

enum eagre_zone_form {
  EAGRE_ZONE_INVALID,
  EAGRE_ZONE_FIXED,
  EAGRE_ZONE_REGION,
};

/* Which kind of name this is; of a FIXED one also the offset in seconds. A REGION may be unknown.
 */
enum eagre_zone_form eagre_zone_classify(struct eagre_text name, int32_t *out_offset);
/* Size of the "UTC", "GMT" or "UT" in front, 0 when there is none. */
size_t eagre_zone_measure_prefix(struct eagre_text name);
/* Size of the id or offset at the front of `text`: letters, digits and ~/._+- */
size_t eagre_zone_measure_id(struct eagre_text text);
/* Java's ids of three letters stand for regions or offsets ("PST"); others are returned as they
 * are. */
struct eagre_text eagre_zone_expand_short_id(struct eagre_text name);
/* Whether Java has a region of this id: not its short ids, nor some ids that the databases still
 * carry. True for ids nobody knows. */
bool eagre_zone_is_java_id(struct eagre_text id);

/* ---- Zones (value_zone.c) -------------------------------------------------------------------- */

/* The zone of a region id found in data, opened at first use and kept until `session` is closed.
 * NULL when there is no such region. */
const struct eagre_zone *eagre_zone_find_region(const struct eagre_zone *session,
                                                struct eagre_text id);

/* The English name of the zone's time, zero-terminated: "PST", or "Pacific Standard Time" when
 * `is_long`; empty when it has none. Lives as long as the zone, which is not one of a cache. */
const char *eagre_zone_name(const struct eagre_zone *zone, bool is_daylight, bool is_long);

/* Index into `offsets` of an instant, and of a wall-clock time, both in seconds. For zones with
 * transitions. */
uint32_t eagre_zone_period_at(const struct eagre_zone *zone, int64_t instant_s);
uint32_t eagre_zone_period_of_local(const struct eagre_zone *zone, int64_t local_s);
/* Whether it is summer time then: an offset above those before and behind it, for less than a
 * year. (What the databases call daylight saving differs between them for Ireland and Morocco.) */
bool eagre_zone_is_daylight(const struct eagre_zone *zone, int64_t instant_s);

/* What to subtract from a wall-clock time to get the instant. */
static inline int32_t eagre_zone_offset_of_local(const struct eagre_zone *zone, int64_t local_s) {
  if (zone->transition_count == 0) return zone->first_offset;
  return zone->offsets[eagre_zone_period_of_local(zone, local_s)];
}

/* ---- Filling a zone -------------------------------------------------------------------------- */

/* Forgets all transitions and sets the offset before the first one. */
void eagre_zone_begin(struct eagre_zone *zone, int32_t first_offset);
/* From `instant_s` on, which is not before the last one added, the offset is `offset`. */
void eagre_zone_add(struct eagre_zone *zone, int64_t instant_s, int32_t offset);
/* The offset behind the last transition. */
int32_t eagre_zone_last_offset(const struct eagre_zone *zone);

/* value_zone_file.c: from the system's tz database, or from the bytes of one file (RFC 8536). False
 * when there is no such file or it is damaged; the zone has to be begun again then. */
bool eagre_zone_load_file(struct eagre_zone *zone);
bool eagre_zone_parse_file(struct eagre_zone *zone, struct eagre_text content);

/* value_zone_rule.c: continues the list to its end by a POSIX rule such as "CET-1CEST,M3.5.0,
 * M10.5.0/3" (with RFC 8536's extensions); an empty rule adds nothing. False when it is damaged. */
bool eagre_zone_add_rule(struct eagre_zone *zone, struct eagre_text rule);

/* ---- value_zone_icu.c ------------------------------------------------------------------------ */

enum { EAGRE_ZONE_NAME_SIZE = 96 };

/* False when ICU has no region of that id. */
bool eagre_zone_load_icu(struct eagre_zone *zone);

/* Asks ICU for the name of a region's time; `out` is empty when it has none. */
void eagre_zone_load_name(const struct eagre_zone *zone, bool is_daylight, bool is_long,
                          char out[EAGRE_ZONE_NAME_SIZE]);

/* Calls `visit` with every region id of ICU that Java knows as well. */
void eagre_zone_visit_ids(void (*visit)(void *context, const char *id), void *context);
