/* What Eagre asks ICU about time zones, once per zone: transitions, offsets, English names. No
 * other file of the house includes ICU's calendar. */
#include "value/value_zone.h"

#include <math.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/ustring.h>

/* Before the first transition of any zone (1844); in milliseconds, as ICU counts. */
static const UDate distant_past_ms = -1e15;
/* 2501-01-01T00:00:00Z: one year more than the list needs, for local times around its end. */
static const UDate list_end_ms = 16756761600000.0;

/* ICU knows these regions, Java does not. */
static bool is_unknown_to_java(const char *id) {
  static const char *const ids[] = {
      "Canada/East-Saskatchewan", "Etc/Unknown", "Factory", "ROC", "US/Pacific-New",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(ids); i++) {
    if (strcmp(id, ids[i]) == 0) return true;
  }
  return false;
}

static UCalendar *open_calendar(const char *id) {
  UErrorCode code = U_ZERO_ERROR;
  UChar wide_id[EAGRE_ZONE_ID_SIZE], canonical[EAGRE_ZONE_ID_SIZE];
  u_uastrcpy(wide_id, id);
  UBool is_system = false;
  ucal_getCanonicalTimeZoneID(wide_id, -1, canonical, EAGRE_ZONE_ID_SIZE, &is_system, &code);
  /* ucal_open takes any name and gives GMT for what it does not know. */
  if (U_FAILURE(code) || !is_system || is_unknown_to_java(id)) return NULL;
  UCalendar *calendar = ucal_open(wide_id, -1, "en_US", UCAL_GREGORIAN, &code);
  if (U_SUCCESS(code)) return calendar;
  if (calendar != NULL) ucal_close(calendar);
  return NULL;
}

struct period {
  int32_t offset;
  bool is_daylight;
};

static struct period read_period(UCalendar *calendar, UDate at_ms, UErrorCode *code) {
  ucal_setMillis(calendar, at_ms, code);
  int32_t standard_ms = ucal_get(calendar, UCAL_ZONE_OFFSET, code);
  int32_t daylight_ms = ucal_get(calendar, UCAL_DST_OFFSET, code);
  return (struct period){(standard_ms + daylight_ms) / 1000, daylight_ms != 0};
}

static void add_transition(struct eagre_zone *zone, uint32_t *capacity, int64_t instant_s,
                           struct period period) {
  uint32_t count = zone->transition_count;
  if (count == *capacity) {
    bool is_first = count == 0;
    *capacity = is_first ? 64 : count * 2;
    zone->instants = eagre_reallocate(zone->instants, *capacity * sizeof *zone->instants);
    zone->local_limits =
        eagre_reallocate(zone->local_limits, *capacity * sizeof *zone->local_limits);
    zone->offsets =
        eagre_reallocate(is_first ? NULL : zone->offsets, (*capacity + 1) * sizeof *zone->offsets);
    zone->is_daylight = eagre_reallocate(is_first ? NULL : zone->is_daylight,
                                         (*capacity + 1) * sizeof *zone->is_daylight);
    zone->offsets[0] = is_first ? zone->first_offset : zone->offsets[0];
    zone->is_daylight[0] = is_first ? zone->first_is_daylight : zone->is_daylight[0];
  }
  int32_t before = zone->offsets[count];
  zone->instants[count] = instant_s;
  zone->local_limits[count] = instant_s + (before > period.offset ? before : period.offset);
  zone->offsets[count + 1] = period.offset;
  zone->is_daylight[count + 1] = period.is_daylight;
  zone->transition_count++;
}

bool eagre_zone_load(struct eagre_zone *zone) {
  UCalendar *calendar = open_calendar(zone->id);
  if (calendar == NULL) return false;
  UErrorCode code = U_ZERO_ERROR;
  struct period period = read_period(calendar, distant_past_ms, &code);
  zone->first_offset = period.offset;
  zone->first_is_daylight = period.is_daylight;
  uint32_t capacity = 0;
  UDate at_ms;
  while (U_SUCCESS(code) &&
         ucal_getTimeZoneTransitionDate(calendar, UCAL_TZ_TRANSITION_NEXT, &at_ms, &code) &&
         at_ms < list_end_ms) {
    struct period next = read_period(calendar, at_ms, &code);
    bool is_change = next.offset != period.offset || next.is_daylight != period.is_daylight;
    if (is_change) add_transition(zone, &capacity, (int64_t)floor(at_ms / 1000), next);
    period = next;
  }
  ucal_close(calendar);
  return U_SUCCESS(code);
}

/* True when ICU has a name of its own and not just "GMT+1". */
static bool read_name(UCalendar *calendar, UCalendarDisplayNameType type, const char *locale,
                      char out[EAGRE_ZONE_NAME_SIZE]) {
  UErrorCode code = U_ZERO_ERROR;
  UChar name[EAGRE_ZONE_NAME_SIZE];
  int32_t size =
      ucal_getTimeZoneDisplayName(calendar, type, locale, name, EAGRE_ZONE_NAME_SIZE, &code);
  if (U_FAILURE(code) || size >= EAGRE_ZONE_NAME_SIZE) return false;
  u_austrncpy(out, name, EAGRE_ZONE_NAME_SIZE);
  return strncmp(out, "GMT", 3) != 0 || out[3] == 0;
}

void eagre_zone_load_name(const struct eagre_zone *zone, bool is_daylight, bool is_long,
                          char out[EAGRE_ZONE_NAME_SIZE]) {
  /* Abbreviations are known where they are used: en_US has PST but not CET. */
  static const char *const locales[] = {
      "en_US", "en_GB", "en_AU", "en_NZ", "en_IN", "en_ZA", "en_KE", "en_NG",
      "en_HK", "en_SG", "en_GU", "en_CA", "en_PH", "en_AE", "en_GY", "en_MO",
  };
  UCalendarDisplayNameType type = is_daylight ? UCAL_SHORT_DST : UCAL_SHORT_STANDARD;
  if (is_long) type = is_daylight ? UCAL_DST : UCAL_STANDARD;
  size_t locale_count = is_long ? 1 : EAGRE_COUNT_OF(locales);
  UCalendar *calendar = open_calendar(zone->id);
  bool is_found = false;
  for (size_t i = 0; i < locale_count && calendar != NULL && !is_found; i++) {
    is_found = read_name(calendar, type, locales[i], out);
  }
  if (!is_found) out[0] = 0;
  if (calendar != NULL) ucal_close(calendar);
}

void eagre_zone_visit_ids(void (*visit)(void *context, const char *id), void *context) {
  UErrorCode code = U_ZERO_ERROR;
  UEnumeration *ids = ucal_openTimeZones(&code);
  if (U_FAILURE(code)) return;
  const char *id;
  while ((id = uenum_next(ids, NULL, &code)) != NULL && U_SUCCESS(code)) {
    bool is_java_id = !is_unknown_to_java(id) && !eagre_zone_is_short_id(eagre_text_of(id));
    if (is_java_id) visit(context, id);
  }
  uenum_close(ids);
}
