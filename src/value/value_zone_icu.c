/* What Eagre asks ICU about time zones, once per zone: transitions, offsets, English names. No
 * other file of the house includes ICU's calendar. */
#include "value/value_time.h"

#include <math.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/ustring.h>

/* Before the first transition of any zone (1844); in milliseconds, as ICU counts. */
static const UDate distant_past_ms = -1e15;

static UCalendar *open_calendar(const char *id) {
  UErrorCode code = U_ZERO_ERROR;
  UChar wide_id[EAGRE_ZONE_ID_SIZE], canonical[EAGRE_ZONE_ID_SIZE];
  u_uastrcpy(wide_id, id);
  UBool is_system = false;
  ucal_getCanonicalTimeZoneID(wide_id, -1, canonical, EAGRE_ZONE_ID_SIZE, &is_system, &code);
  /* ucal_open takes any name and gives GMT for what it does not know. */
  if (U_FAILURE(code) || !is_system) return NULL;
  UCalendar *calendar = ucal_open(wide_id, -1, "en_US", UCAL_GREGORIAN, &code);
  if (U_SUCCESS(code)) return calendar;
  if (calendar != NULL) ucal_close(calendar);
  return NULL;
}

static int32_t read_offset(UCalendar *calendar, UDate at_ms, UErrorCode *code) {
  ucal_setMillis(calendar, at_ms, code);
  int32_t standard_ms = ucal_get(calendar, UCAL_ZONE_OFFSET, code);
  return (standard_ms + ucal_get(calendar, UCAL_DST_OFFSET, code)) / 1000;
}

bool eagre_zone_load_icu(struct eagre_zone *zone) {
  UCalendar *calendar = open_calendar(zone->id);
  if (calendar == NULL) return false;
  int64_t list_end_s = eagre_value_days_from_civil(EAGRE_ZONE_YEAR_MAX + 1, 1, 1) * EAGRE_DAY_S;
  UErrorCode code = U_ZERO_ERROR;
  eagre_zone_begin(zone, read_offset(calendar, distant_past_ms, &code));
  UDate at_ms;
  while (U_SUCCESS(code) &&
         ucal_getTimeZoneTransitionDate(calendar, UCAL_TZ_TRANSITION_NEXT, &at_ms, &code) &&
         at_ms < (double)list_end_s * 1000) {
    int32_t offset = read_offset(calendar, at_ms, &code);
    eagre_zone_add(zone, (int64_t)floor(at_ms / 1000), offset);
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
    if (eagre_zone_is_java_id(eagre_text_of(id))) visit(context, id);
  }
  uenum_close(ids);
}
