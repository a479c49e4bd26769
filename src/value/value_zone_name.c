/* Zone names as Java's ZoneId.of takes them with Spark's additions.
 *
 *   name   = "Z" | offset | ("UTC" | "GMT" | "UT") [offset] | short id | region id
 *   offset = ("+" | "-") (h | hh | hhmm | hhmmss | h[h]:m[m] | h[h]:mm:ss)   up to 18 hours
 *
 * One-digit hours and minutes before and behind a colon are Spark's. */
#include "value/value_digits.h"
#include "value/value_zone.h"

enum { OFFSET_SIZE_MAX = 9 }; /* "+hh:mm:ss" */

/* ---- Names ----------------------------------------------------------------------------------- */

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

size_t eagre_zone_measure_prefix(struct eagre_text name) {
  if (eagre_text_starts_with(name, EAGRE_TEXT("UTC"))) return 3;
  if (eagre_text_starts_with(name, EAGRE_TEXT("GMT"))) return 3;
  return eagre_text_starts_with(name, EAGRE_TEXT("UT")) ? 2 : 0;
}

static bool is_letter(char character) {
  char lower = (char)(character | 0x20);
  return lower >= 'a' && lower <= 'z';
}

size_t eagre_zone_measure_id(struct eagre_text text) {
  size_t size = 0;
  while (size < text.size) {
    char character = text.data[size];
    bool is_other = character != 0 && strchr("~/._+-", character) != NULL;
    if (!is_letter(character) && !eagre_digit_is(character) && !is_other) break;
    size++;
  }
  return size;
}

static bool is_region_name(struct eagre_text name) {
  return name.size >= 2 && name.size < EAGRE_ZONE_ID_SIZE && is_letter(name.data[0]) &&
         eagre_zone_measure_id(name) == name.size;
}

enum eagre_zone_form eagre_zone_classify(struct eagre_text name, int32_t *out_offset) {
  *out_offset = 0;
  if (eagre_text_equal(name, EAGRE_TEXT("Z"))) return EAGRE_ZONE_FIXED;
  size_t prefix_size = eagre_zone_measure_prefix(name);
  if (prefix_size > 0 && prefix_size == name.size) return EAGRE_ZONE_FIXED;
  if (prefix_size < name.size && (name.data[prefix_size] == '+' || name.data[prefix_size] == '-')) {
    struct eagre_text offset = eagre_text_make(name.data + prefix_size, name.size - prefix_size);
    return parse_offset(offset, out_offset) ? EAGRE_ZONE_FIXED : EAGRE_ZONE_INVALID;
  }
  return is_region_name(name) ? EAGRE_ZONE_REGION : EAGRE_ZONE_INVALID;
}

struct eagre_text eagre_zone_expand_short_id(struct eagre_text name) {
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

bool eagre_zone_is_java_id(struct eagre_text id) {
  static const char *const foreign[] = {
      "Canada/East-Saskatchewan", "Etc/Unknown", "Factory", "ROC", "US/Pacific-New",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(foreign); i++) {
    if (eagre_text_equal_string(id, foreign[i])) return false;
  }
  return eagre_text_equal(eagre_zone_expand_short_id(id), id);
}
