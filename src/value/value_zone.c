/* Zones: opening and closing them, the list of transitions, offsets at instants. */
#include "value/value_zone.h"

#include <pthread.h>

#include "value/value_digits.h"
#include "value/value_time.h"

/* Names remembered that are no zones, so that bad data does not cost files. */
enum { UNKNOWN_COUNT = 8 };

#define CYCLE_S (146097 * EAGRE_DAY_S)    /* 400 years */
#define CYCLE_BEGIN_S INT64_C(4102444800) /* 2100-01-01T00:00:00Z */
#define CYCLE_END_S (CYCLE_BEGIN_S + CYCLE_S)

struct zone_name {
  bool is_loaded;
  char text[EAGRE_ZONE_NAME_SIZE];
};

struct eagre_zone_cache {
  pthread_mutex_t mutex;
  struct eagre_zone **zones;
  uint32_t count;
  uint32_t capacity;
  char unknown[UNKNOWN_COUNT][EAGRE_ZONE_ID_SIZE];
  uint32_t unknown_next;        /* where the next one goes */
  struct zone_name names[2][2]; /* by is_daylight and is_long */
};

/* ---- The list of transitions ----------------------------------------------------------------- */

void eagre_zone_begin(struct eagre_zone *zone, int32_t first_offset) {
  zone->first_offset = first_offset;
  zone->transition_count = 0;
}

int32_t eagre_zone_last_offset(const struct eagre_zone *zone) {
  uint32_t count = zone->transition_count;
  return count == 0 ? zone->first_offset : zone->offsets[count];
}

static void reserve_transition(struct eagre_zone *zone) {
  if (zone->transition_count < zone->capacity) return;
  uint32_t capacity = zone->capacity == 0 ? 64 : zone->capacity * 2;
  zone->instants = eagre_reallocate(zone->instants, capacity * sizeof *zone->instants);
  zone->local_limits = eagre_reallocate(zone->local_limits, capacity * sizeof *zone->local_limits);
  zone->offsets = eagre_reallocate(zone->offsets, (capacity + 1) * sizeof *zone->offsets);
  zone->capacity = capacity;
}

void eagre_zone_add(struct eagre_zone *zone, int64_t instant_s, int32_t offset) {
  uint32_t count = zone->transition_count;
  /* Two changes at once are one: all-year summer time ends and begins at the same instant. */
  if (count > 0 && zone->instants[count - 1] == instant_s) zone->transition_count = --count;
  int32_t before = eagre_zone_last_offset(zone);
  if (before == offset) return;
  reserve_transition(zone);
  zone->offsets[0] = zone->first_offset;
  zone->instants[count] = instant_s;
  zone->local_limits[count] = instant_s + (before > offset ? before : offset);
  zone->offsets[count + 1] = offset;
  zone->transition_count++;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

/* "Z", "+01:00", "UTC+01:00": the id Java gives an offset behind a prefix. */
static void write_fixed_id(struct eagre_zone *zone, struct eagre_text prefix) {
  int32_t offset = zone->first_offset;
  memcpy(zone->id, prefix.data, prefix.size);
  size_t size = prefix.size;
  if (offset == 0) {
    if (size == 0) zone->id[size++] = 'Z';
    zone->id[size] = 0;
    return;
  }
  unsigned total = (unsigned)(offset < 0 ? -offset : offset);
  zone->id[size++] = offset < 0 ? '-' : '+';
  eagre_digits_put_two(zone->id + size, total / 3600);
  zone->id[size + 2] = ':';
  eagre_digits_put_two(zone->id + size + 3, total / 60 % 60);
  size += 5;
  if (total % 60 != 0) {
    zone->id[size] = ':';
    eagre_digits_put_two(zone->id + size + 1, total % 60);
    size += 3;
  }
  zone->id[size] = 0;
}

static void free_zone(struct eagre_zone *zone) {
  eagre_free(zone->instants);
  eagre_free(zone->local_limits);
  eagre_free(zone->offsets);
  eagre_free(zone);
}

static bool load_region(struct eagre_zone *zone) {
  if (!eagre_zone_is_java_id(eagre_text_of(zone->id))) return false;
  return eagre_zone_load_file(zone) || eagre_zone_load_icu(zone);
}

/* NULL when there is no such zone. */
static struct eagre_zone *new_zone(struct eagre_text name) {
  name = eagre_zone_expand_short_id(name);
  int32_t offset;
  enum eagre_zone_form form = eagre_zone_classify(name, &offset);
  if (form == EAGRE_ZONE_INVALID) return NULL;
  struct eagre_zone *zone = eagre_allocate_zeroed(1, sizeof *zone);
  if (form == EAGRE_ZONE_FIXED) {
    zone->first_offset = offset;
    write_fixed_id(zone, eagre_text_make(name.data, eagre_zone_measure_prefix(name)));
    return zone;
  }
  memcpy(zone->id, name.data, name.size);
  zone->is_region = true;
  if (load_region(zone)) return zone;
  free_zone(zone);
  return NULL;
}

enum eagre_status eagre_zone_open(struct eagre_text name, struct eagre_zone **out_zone,
                                  struct eagre_error *error) {
  struct eagre_zone *zone = new_zone(name);
  if (zone == NULL) {
    enum eagre_status status =
        eagre_error_set(error, EAGRE_USAGE, "INVALID_TIMEZONE", "The timezone %.*s is invalid.",
                        (int)(name.size < 100 ? name.size : 100), name.data);
    eagre_error_hint(error, "Give a region such as 'America/Los_Angeles' (case matters), 'UTC', or "
                            "an offset from -18:00 to +18:00 such as '+01:00'.");
    return status;
  }
  zone->cache = eagre_allocate_zeroed(1, sizeof *zone->cache);
  pthread_mutex_init(&zone->cache->mutex, NULL);
  *out_zone = zone;
  return EAGRE_OK;
}

void eagre_zone_close(struct eagre_zone *zone) {
  if (zone == NULL) return;
  for (uint32_t i = 0; i < zone->cache->count; i++) {
    free_zone(zone->cache->zones[i]);
  }
  pthread_mutex_destroy(&zone->cache->mutex);
  eagre_free(zone->cache->zones);
  eagre_free(zone->cache);
  free_zone(zone);
}

struct eagre_text eagre_zone_id(const struct eagre_zone *zone) {
  return eagre_text_of(zone->id);
}

const struct eagre_zone *eagre_zone_utc(void) {
  static const struct eagre_zone utc = {.id = "UTC"};
  return &utc;
}

bool eagre_zone_is_utc(const struct eagre_zone *zone) {
  return zone->transition_count == 0 && zone->first_offset == 0;
}

/* ---- Zones named in data --------------------------------------------------------------------- */

static const struct eagre_zone *find_cached(const struct eagre_zone_cache *cache,
                                            struct eagre_text id) {
  for (uint32_t i = 0; i < cache->count; i++) {
    if (eagre_text_equal_string(id, cache->zones[i]->id)) return cache->zones[i];
  }
  return NULL;
}

static bool is_known_unknown(const struct eagre_zone_cache *cache, struct eagre_text id) {
  for (uint32_t i = 0; i < UNKNOWN_COUNT; i++) {
    if (eagre_text_equal_string(id, cache->unknown[i])) return true;
  }
  return false;
}

static void add_unknown(struct eagre_zone_cache *cache, struct eagre_text id) {
  char *entry = cache->unknown[cache->unknown_next++ % UNKNOWN_COUNT];
  memcpy(entry, id.data, id.size);
  entry[id.size] = 0;
}

/* Bounded by the number of regions there are. */
static const struct eagre_zone *add_cached(struct eagre_zone_cache *cache, struct eagre_text id) {
  struct eagre_zone *zone = new_zone(id);
  if (zone == NULL) return NULL;
  if (cache->count == cache->capacity) {
    cache->capacity = cache->capacity == 0 ? 8 : cache->capacity * 2;
    cache->zones = eagre_reallocate(cache->zones, cache->capacity * sizeof(struct eagre_zone *));
  }
  cache->zones[cache->count++] = zone;
  return zone;
}

static const struct eagre_zone *find_or_add(struct eagre_zone_cache *cache, struct eagre_text id) {
  const struct eagre_zone *zone = find_cached(cache, id);
  if (zone != NULL || is_known_unknown(cache, id)) return zone;
  zone = add_cached(cache, id);
  if (zone == NULL) add_unknown(cache, id);
  return zone;
}

const struct eagre_zone *eagre_zone_find_region(const struct eagre_zone *session,
                                                struct eagre_text id) {
  id = eagre_zone_expand_short_id(id);
  if (id.size >= EAGRE_ZONE_ID_SIZE) return NULL;
  if (eagre_text_equal_string(id, session->id)) return session;
  struct eagre_zone_cache *cache = session->cache;
  if (cache == NULL) return NULL; /* the constant UTC */
  pthread_mutex_lock(&cache->mutex);
  const struct eagre_zone *zone = find_or_add(cache, id);
  pthread_mutex_unlock(&cache->mutex);
  return zone;
}

/* ---- Names of zones -------------------------------------------------------------------------- */

/* Offsets are named like their id, but for the two that have a long name. */
static void load_fixed_name(const struct eagre_zone *zone, bool is_long, char *out) {
  const char *name = zone->id;
  if (is_long && strcmp(name, "UTC") == 0) name = "Coordinated Universal Time";
  if (is_long && strcmp(name, "GMT") == 0) name = "Greenwich Mean Time";
  memcpy(out, name, strlen(name) + 1);
}

const char *eagre_zone_name(const struct eagre_zone *zone, bool is_daylight, bool is_long) {
  struct eagre_zone_cache *cache = zone->cache;
  if (cache == NULL) return is_long ? "Coordinated Universal Time" : "UTC"; /* the constant UTC */
  struct zone_name *name = &cache->names[is_daylight][is_long];
  pthread_mutex_lock(&cache->mutex);
  if (!name->is_loaded) {
    if (zone->is_region) {
      eagre_zone_load_name(zone, is_daylight, is_long, name->text);
    } else {
      load_fixed_name(zone, is_long, name->text);
    }
    name->is_loaded = true;
  }
  pthread_mutex_unlock(&cache->mutex);
  return name->text;
}

/* ---- Offsets --------------------------------------------------------------------------------- */

/* Seconds behind the end of the list, moved back by whole cycles. */
static int64_t fold_cycle(int64_t seconds) {
  if (seconds < CYCLE_END_S) return seconds;
  return CYCLE_BEGIN_S + (seconds - CYCLE_BEGIN_S) % CYCLE_S;
}

/* How many of the rising `limits` are at or before `value`. */
static uint32_t count_passed(const int64_t *limits, uint32_t count, int64_t value) {
  const int64_t *base = limits;
  while (count > 1) {
    uint32_t half = count / 2;
    base = base[half - 1] <= value ? base + half : base;
    count -= half;
  }
  return (uint32_t)(base - limits) + (count == 1 && *base <= value);
}

uint32_t eagre_zone_period_at(const struct eagre_zone *zone, int64_t instant_s) {
  return count_passed(zone->instants, zone->transition_count, fold_cycle(instant_s));
}

uint32_t eagre_zone_period_of_local(const struct eagre_zone *zone, int64_t local_s) {
  return count_passed(zone->local_limits, zone->transition_count, fold_cycle(local_s));
}

bool eagre_zone_is_daylight(const struct eagre_zone *zone, int64_t instant_s) {
  if (zone->transition_count == 0) return false;
  uint32_t period = eagre_zone_period_at(zone, instant_s);
  if (period == 0 || period == zone->transition_count) return false;
  return zone->offsets[period] > zone->offsets[period - 1] &&
         zone->offsets[period] > zone->offsets[period + 1] &&
         zone->instants[period] - zone->instants[period - 1] < 365 * EAGRE_DAY_S;
}

int32_t eagre_zone_offset_at(const struct eagre_zone *zone, int64_t timestamp_us) {
  if (zone->transition_count == 0) return zone->first_offset;
  return zone
      ->offsets[eagre_zone_period_at(zone, eagre_divide_floor(timestamp_us, EAGRE_SECOND_US))];
}

int64_t eagre_zone_local_to_instant(const struct eagre_zone *zone, int64_t local_us) {
  int64_t local_s = eagre_divide_floor(local_us, EAGRE_SECOND_US);
  int64_t offset_us = eagre_zone_offset_of_local(zone, local_s) * EAGRE_SECOND_US;
  int64_t instant;
  if (!__builtin_sub_overflow(local_us, offset_us, &instant)) return instant;
  return offset_us < 0 ? INT64_MAX : INT64_MIN;
}
