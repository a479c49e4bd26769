/* Names in date patterns: English months, days and so on, and zones by id or abbreviation. */
#include "value/value_pattern.h"

/* ---- Names of fields ------------------------------------------------------------------------- */

static const char *const eras[] = {"BC", "AD"};
static const char *const long_eras[] = {"Before Christ", "Anno Domini"};
static const char *const half_days[] = {"AM", "PM"};
static const char *const quarters[] = {"Q1", "Q2", "Q3", "Q4"};
static const char *const long_quarters[] = {"1st quarter", "2nd quarter", "3rd quarter",
                                            "4th quarter"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const long_months[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};

const char *const *eagre_pattern_texts(const struct eagre_pattern_item *item, size_t *out_count,
                                       unsigned *out_first) {
  *out_first = 1;
  switch (item->field) {
  case EAGRE_PATTERN_MONTH:
    *out_count = EAGRE_COUNT_OF(months);
    return item->is_long ? long_months : months;
  case EAGRE_PATTERN_DAY_OF_WEEK:
    *out_count = EAGRE_COUNT_OF(days);
    return item->is_long ? long_days : days;
  case EAGRE_PATTERN_QUARTER:
    *out_count = EAGRE_COUNT_OF(quarters);
    return item->is_long ? long_quarters : quarters;
  case EAGRE_PATTERN_ERA:
    *out_first = 0;
    *out_count = EAGRE_COUNT_OF(eras);
    return item->is_long ? long_eras : eras;
  default:
    *out_first = 0;
    *out_count = EAGRE_COUNT_OF(half_days);
    return half_days;
  }
}

/* ---- Names of zones -------------------------------------------------------------------------- */

/* Zero-terminated ids, one behind the other. */
struct eagre_pattern_names {
  struct eagre_buffer ids;
};

/* Abbreviations that `z` reads, and the region Java takes for each. */
static const struct {
  const char *name;
  const char *region;
} abbreviations[] = {
    {"ACDT", "Australia/Adelaide"}, {"ACST", "America/Rio_Branco"},  {"ADT", "America/Halifax"},
    {"AEDT", "Australia/Sydney"},   {"AEST", "Australia/Sydney"},    {"AKDT", "America/Juneau"},
    {"AKST", "America/Juneau"},     {"AST", "America/Halifax"},      {"AWST", "Australia/Perth"},
    {"BRT", "America/Sao_Paulo"},   {"CAT", "Africa/Maputo"},        {"CDT", "America/Chicago"},
    {"CEST", "Europe/Paris"},       {"CET", "Europe/Paris"},         {"CST", "America/Chicago"},
    {"EAT", "Africa/Nairobi"},      {"EDT", "America/New_York"},     {"EEST", "Europe/Bucharest"},
    {"EET", "Europe/Bucharest"},    {"EST", "America/New_York"},     {"HKT", "Asia/Hong_Kong"},
    {"HST", "Pacific/Honolulu"},    {"JST", "Asia/Tokyo"},           {"KST", "Asia/Seoul"},
    {"MDT", "America/Denver"},      {"MSK", "Europe/Moscow"},        {"MST", "America/Denver"},
    {"NDT", "America/St_Johns"},    {"NST", "America/St_Johns"},     {"NZDT", "Pacific/Auckland"},
    {"NZST", "Pacific/Auckland"},   {"PDT", "America/Los_Angeles"},  {"PKT", "Asia/Karachi"},
    {"PST", "America/Los_Angeles"}, {"SAST", "Africa/Johannesburg"}, {"SGT", "Asia/Singapore"},
    {"WAT", "Africa/Lagos"},        {"WEST", "Atlantic/Canary"},     {"WET", "Atlantic/Canary"},
};

static void add_name(void *context, const char *id) {
  struct eagre_pattern_names *names = context;
  eagre_buffer_append(&names->ids, id, strlen(id) + 1);
}

struct eagre_pattern_names *eagre_pattern_names_new(void) {
  struct eagre_pattern_names *names = eagre_allocate_zeroed(1, sizeof *names);
  eagre_zone_visit_ids(add_name, names);
  return names;
}

void eagre_pattern_names_free(struct eagre_pattern_names *names) {
  if (names == NULL) return;
  eagre_buffer_done(&names->ids);
  eagre_free(names);
}

static bool starts_with_ignoring_case(struct eagre_text text, struct eagre_text front) {
  return text.size >= front.size &&
         eagre_text_equal_ignoring_case(eagre_text_make(text.data, front.size), front);
}

size_t eagre_pattern_match_region(const struct eagre_pattern_names *names, struct eagre_text text,
                                  bool with_abbreviations, struct eagre_text *out_region) {
  size_t longest = 0;
  size_t size;
  for (size_t at = 0; at < names->ids.size; at += size + 1) {
    struct eagre_text id = eagre_text_of(names->ids.data + at);
    size = id.size;
    if (size <= longest || !starts_with_ignoring_case(text, id)) continue;
    longest = size;
    *out_region = id;
  }
  for (size_t i = 0; with_abbreviations && i < EAGRE_COUNT_OF(abbreviations); i++) {
    struct eagre_text name = eagre_text_of(abbreviations[i].name);
    /* As long as an id (CET, EET, MST ... are both): Java prefers the name. */
    if (name.size < longest || !starts_with_ignoring_case(text, name)) continue;
    longest = name.size;
    *out_region = eagre_text_of(abbreviations[i].region);
  }
  return longest;
}
