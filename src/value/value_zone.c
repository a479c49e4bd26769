/* Zone names as Java's ZoneId.of takes them with Spark's additions, and offsets at instants.
 *
 *   name   = "Z" | offset | ("UTC" | "GMT" | "UT") [offset] | short id | region id
 *   offset = ("+" | "-") (h | hh | hhmm | hhmmss | h[h]:m[m] | h[h]:mm:ss)   up to 18 hours
 *
 * One-digit hours and minutes before and behind a colon are Spark's. */
#include "value/value_zone.h"

#include <pthread.h>

#include "value/value_digits.h"
#include "value/value_time.h"

enum {
  OFFSET_SIZE_MAX = 9, /* "+hh:mm:ss" */
};

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
  struct zone_name names[2][2]; /* by is_daylight and is_long */
};

/* ---- Names ------------------------------------------------------------------------------------
 */

static int64_t find_offset_digits(const char *digits) {
  if (!eagre_digit_is(digits[0]) || !eagre_digit_is(digits[1])) return -1;
  return (digits[0] - '0') * 10 + (digits[1] - '0');
}

/* Writes "+h:m" as "+0h:0m" and "+h" as "+0h". Returns the size, 0 when it is too long. */
static size_t normalize_offset(struct eagre_text text, char out[OFFSET_SIZE_MAX]) {
  size_t size = 0;
  for (size_t i = 0; i < text.size; i++) {
    bool is_lonely_hour = i == 1 && (text.size == 2 || text.data[2] == ':');
    bool is_lonely_minute = i + 1 == text.size && size == 4 && out[3] == ':';
    if (size + is_lonely_hour + is_lonely_minute >= OFFSET_SIZE_MAX) return 0;
    if (is_lonely_hour || is_lonely_minute) out[size++] = '0';
    out[size++] = text.data[i];
  }
  return size;
}

/* Java's ZoneOffset.of, but for "Z". */
static bool parse_offset(struct eagre_text text, int32_t *out_offset) {
  char offset[OFFSET_SIZE_MAX];
  if (text.size < 2 || (text.data[0] != '+' && text.data[0] != '-')) return false;
  size_t size = normalize_offset(text, offset);
  bool has_colons = size == 6 || size == 9;
  if (size != 3 && size != 5 && size != 7 && !has_colons) return false;
  if (has_colons && (offset[3] != ':' || (size == 9 && offset[6] != ':'))) return false;
  size_t step = has_colons ? 3 : 2;
  int64_t hours = find_offset_digits(offset + 1);
  int64_t minutes = size > 3 ? find_offset_digits(offset + 1 + step) : 0;
  int64_t seconds = size > 6 ? find_offset_digits(offset + 1 + 2 * step) : 0;
  if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return false;
  int64_t total = hours * 3600 + minutes * 60 + seconds;
  if (total > EAGRE_ZONE_OFFSET_MAX) return false;
  *out_offset = (int32_t)(text.data[0] == '-' ? -total : total);
  return true;
}

/* Size of the "UTC", "GMT" or "UT" in front, 0 when there is none. */
static size_t measure_prefix(struct eagre_text name) {
  if (eagre_text_starts_with(name, EAGRE_TEXT("UTC"))) return 3;
  if (eagre_text_starts_with(name, EAGRE_TEXT("GMT"))) return 3;
  return eagre_text_starts_with(name, EAGRE_TEXT("UT")) ? 2 : 0;
}

static bool is_region_name(struct eagre_text name) {
  if (name.size < 2 || name.size >= EAGRE_ZONE_ID_SIZE) return false;
  for (size_t i = 0; i < name.size; i++) {
    char character = name.data[i];
    char lower = (char)(character | 0x20);
    bool is_letter = lower >= 'a' && lower <= 'z';
    bool is_other = eagre_digit_is(character) || (character != 0 && strchr("~/._+-", character));
    if (!is_letter && (i == 0 || !is_other)) return false;
  }
  return true;
}

enum eagre_zone_form eagre_zone_classify(struct eagre_text name, int32_t *out_offset) {
  *out_offset = 0;
  if (eagre_text_equal(name, EAGRE_TEXT("Z"))) return EAGRE_ZONE_FIXED;
  size_t prefix_size = measure_prefix(name);
  if (prefix_size > 0 && prefix_size == name.size) return EAGRE_ZONE_FIXED;
  if (prefix_size < name.size && (name.data[prefix_size] == '+' || name.data[prefix_size] == '-')) {
    struct eagre_text offset = eagre_text_make(name.data + prefix_size, name.size - prefix_size);
    return parse_offset(offset, out_offset) ? EAGRE_ZONE_FIXED : EAGRE_ZONE_INVALID;
  }
  return is_region_name(name) ? EAGRE_ZONE_REGION : EAGRE_ZONE_INVALID;
}

/* Java's ZoneId.SHORT_IDS: ids of three letters that are regions or offsets. */
static struct eagre_text expand_short_id(struct eagre_text name) {
  static const struct {
    char short_id[4];
    const char *id;
  } short_ids[] = {
      {"ACT", "Australia/Darwin"},
      {"AET", "Australia/Sydney"},
      {"AGT", "America/Argentina/Buenos_Aires"},
      {"ART", "Africa/Cairo"},
      {"AST", "America/Anchorage"},
      {"BET", "America/Sao_Paulo"},
      {"BST", "Asia/Dhaka"},
      {"CAT", "Africa/Harare"},
      {"CNT", "America/St_Johns"},
      {"CST", "America/Chicago"},
      {"CTT", "Asia/Shanghai"},
      {"EAT", "Africa/Addis_Ababa"},
      {"ECT", "Europe/Paris"},
      {"EST", "-05:00"},
      {"HST", "-10:00"},
      {"IET", "America/Indiana/Indianapolis"},
      {"IST", "Asia/Kolkata"},
      {"JST", "Asia/Tokyo"},
      {"MIT", "Pacific/Apia"},
      {"MST", "-07:00"},
      {"NET", "Asia/Yerevan"},
      {"NST", "Pacific/Auckland"},
      {"PLT", "Asia/Karachi"},
      {"PNT", "America/Phoenix"},
      {"PRT", "America/Puerto_Rico"},
      {"PST", "America/Los_Angeles"},
      {"SST", "Pacific/Guadalcanal"},
      {"VST", "Asia/Ho_Chi_Minh"},
  };
  if (name.size != 3) return name;
  for (size_t i = 0; i < EAGRE_COUNT_OF(short_ids); i++) {
    if (memcmp(name.data, short_ids[i].short_id, 3) == 0) return eagre_text_of(short_ids[i].id);
  }
  return name;
}

bool eagre_zone_is_short_id(struct eagre_text name) {
  return !eagre_text_equal(expand_short_id(name), name);
}

/* ---- Opening and closing ----------------------------------------------------------------------
 */

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
  if (zone->offsets != &zone->first_offset) eagre_free(zone->offsets);
  if (zone->is_daylight != &zone->first_is_daylight) eagre_free(zone->is_daylight);
  eagre_free(zone);
}

/* NULL when there is no such zone. */
static struct eagre_zone *new_zone(struct eagre_text name) {
  name = expand_short_id(name);
  int32_t offset;
  enum eagre_zone_form form = eagre_zone_classify(name, &offset);
  if (form == EAGRE_ZONE_INVALID) return NULL;
  struct eagre_zone *zone = eagre_allocate_zeroed(1, sizeof *zone);
  zone->offsets = &zone->first_offset;
  zone->is_daylight = &zone->first_is_daylight;
  if (form == EAGRE_ZONE_FIXED) {
    zone->first_offset = offset;
    write_fixed_id(zone, eagre_text_make(name.data, measure_prefix(name)));
    return zone;
  }
  memcpy(zone->id, name.data, name.size);
  zone->is_region = true;
  if (eagre_zone_load(zone)) return zone;
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

bool eagre_zone_is_utc(const struct eagre_zone *zone) {
  return zone->transition_count == 0 && zone->first_offset == 0;
}

/* ---- Zones named in data ----------------------------------------------------------------------
 */

static const struct eagre_zone *find_cached(const struct eagre_zone_cache *cache,
                                            struct eagre_text id) {
  for (uint32_t i = 0; i < cache->count; i++) {
    if (eagre_text_equal_string(id, cache->zones[i]->id)) return cache->zones[i];
  }
  return NULL;
}

/* Bounded by the number of regions there are: unknown names are not kept. */
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

const struct eagre_zone *eagre_zone_find_region(const struct eagre_zone *session,
                                                struct eagre_text id) {
  id = expand_short_id(id);
  if (eagre_text_equal_string(id, session->id)) return session;
  struct eagre_zone_cache *cache = session->cache;
  pthread_mutex_lock(&cache->mutex);
  const struct eagre_zone *zone = find_cached(cache, id);
  if (zone == NULL) zone = add_cached(cache, id);
  pthread_mutex_unlock(&cache->mutex);
  return zone;
}

/* ---- Names of zones ---------------------------------------------------------------------------
 */

/* Offsets are named like their id, but for the two that have a long name. */
static void load_fixed_name(const struct eagre_zone *zone, bool is_long, char *out) {
  const char *name = zone->id;
  if (is_long && strcmp(name, "UTC") == 0) name = "Coordinated Universal Time";
  if (is_long && strcmp(name, "GMT") == 0) name = "Greenwich Mean Time";
  memcpy(out, name, strlen(name) + 1);
}

const char *eagre_zone_name(const struct eagre_zone *zone, bool is_daylight, bool is_long) {
  struct eagre_zone_cache *cache = zone->cache;
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

/* ---- Offsets ----------------------------------------------------------------------------------
 */

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
