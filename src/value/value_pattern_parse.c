/* Reading with a date pattern: text to fields. value_pattern_resolve.c makes a time of them. */
#include "value/value_pattern.h"

#include "value/value_digits.h"

enum {
  SAFE_DIGITS = 18, /* longer numbers are out of range of every field */
  HOURS_MAX = 23,
};

struct reader {
  const struct eagre_pattern *pattern;
  const struct eagre_zone *session;
  const char *end;
  struct eagre_pattern_fields fields;
};

/* ---- Items: each returns where it ends, or NULL ---------------------------------------------- */

static bool starts_with(const char *at, const char *end, struct eagre_text front) {
  return (size_t)(end - at) >= front.size &&
         eagre_text_equal_ignoring_case(eagre_text_make(at, front.size), front);
}

static const char *read_literal(const struct reader *reader, struct eagre_text literal,
                                const char *at) {
  return starts_with(at, reader->end, literal) ? at + literal.size : NULL;
}

static size_t count_digits(const char *at, const char *end, size_t count_max) {
  size_t count = 0;
  while (count < count_max && at + count < end && eagre_digit_is(at[count])) {
    count++;
  }
  return count;
}

/* How many digits the item takes of those that stand there, 0 when too few. */
static size_t measure_number(const struct eagre_pattern_item *item, const char *at,
                             const char *end) {
  size_t found = count_digits(at, end, (size_t)item->width_max + item->width_behind);
  if (found < item->width_min) return 0;
  if (item->width_behind == 0) return found;
  size_t left = found > item->width_behind ? found - item->width_behind : 0;
  return left > item->width_min ? left : item->width_min;
}

static int64_t sum_digits(const char *at, size_t count) {
  if (count > SAFE_DIGITS) return INT64_MAX;
  uint64_t value = 0;
  eagre_digits_scan(at, at + count, &value);
  return (int64_t)value;
}

static const char *read_number(struct reader *reader, const struct eagre_pattern_item *item,
                               const char *at) {
  if (at == reader->end) return NULL;
  bool is_negative = *at == '-', is_positive = *at == '+';
  if (is_negative && item->sign == EAGRE_PATTERN_UNSIGNED) return NULL;
  if (is_positive && item->sign != EAGRE_PATTERN_EXCEEDS_PAD) return NULL;
  at += is_negative || is_positive;
  size_t count = measure_number(item, at, reader->end);
  if (count == 0) return NULL;
  int64_t value = sum_digits(at, count);
  if (is_negative && value == 0) return NULL;
  bool exceeds_pad = count > item->width_min;
  if (item->sign == EAGRE_PATTERN_EXCEEDS_PAD && !is_negative && is_positive != exceeds_pad) {
    return NULL;
  }
  if (item->kind == EAGRE_PATTERN_SHORT_YEAR) value += 2000;
  return eagre_pattern_set_field(&reader->fields, item->field, is_negative ? -value : value)
             ? at + count
             : NULL;
}

static const char *read_fraction(struct reader *reader, const struct eagre_pattern_item *item,
                                 const char *at) {
  size_t count = count_digits(at, reader->end, item->width_max);
  if (count == 0) return NULL;
  int64_t value = sum_digits(at, count);
  for (size_t i = count; i < 9; i++) {
    value *= 10;
  }
  return eagre_pattern_set_field(&reader->fields, item->field, value) ? at + count : NULL;
}

static const char *read_text(struct reader *reader, const struct eagre_pattern_item *item,
                             const char *at) {
  size_t count;
  unsigned first;
  const char *const *texts = eagre_pattern_texts(item, &count, &first);
  for (size_t i = 0; i < count; i++) {
    struct eagre_text text = eagre_text_of(texts[i]);
    if (!starts_with(at, reader->end, text)) continue;
    return eagre_pattern_set_field(&reader->fields, item->field, (int64_t)(i + first))
               ? at + text.size
               : NULL;
  }
  return NULL;
}

/* Two digits up to 59, behind a colon when there has to be one. */
static bool read_sixty(const char **at, const char *end, bool has_colon, int64_t *out_value) {
  const char *digits = *at + has_colon;
  if (end - *at < 2 + has_colon || (has_colon && **at != ':')) return false;
  if (!eagre_digit_is(digits[0]) || digits[0] > '5' || !eagre_digit_is(digits[1])) return false;
  *out_value = sum_digits(digits, 2);
  *at = digits + 2;
  return true;
}

/* "+01:00" and so on, without the text for zero. */
static const char *scan_offset(const struct eagre_pattern_item *item, const char *at,
                               const char *end, int64_t *out_offset_s) {
  if (at == end || (*at != '+' && *at != '-')) return NULL;
  int64_t sign = *at++ == '-' ? -1 : 1;
  int64_t hours, minutes = 0, seconds = 0;
  if (!read_sixty(&at, end, false, &hours) || hours > HOURS_MAX) return NULL;
  bool found_minutes = read_sixty(&at, end, item->has_colon, &minutes);
  if (!found_minutes && item->has_minutes) return NULL;
  if (item->has_seconds) read_sixty(&at, end, item->has_colon, &seconds);
  *out_offset_s = sign * (hours * 3600 + minutes * 60 + seconds);
  return at;
}

static const char *read_offset(struct reader *reader, const struct eagre_pattern_item *item,
                               const char *at) {
  int64_t offset_s = 0;
  if (at == reader->end) return NULL;
  if (starts_with(at, reader->end, item->literal)) {
    at += item->literal.size;
  } else {
    at = scan_offset(item, at, reader->end, &offset_s);
  }
  return at != NULL && eagre_pattern_set_field(&reader->fields, item->field, offset_s) ? at : NULL;
}

/* ":30" and ":30:15" behind the hours of a GMT offset; digits that are missing are not read. */
static const char *scan_gmt_tail(const char *at, const char *end, int64_t *out_seconds) {
  if (end - at < 3 || at[0] != ':' || count_digits(at + 1, end, 2) < 2) return at;
  *out_seconds += sum_digits(at + 1, 2) * 60;
  at += 3;
  if (end - at < 3 || at[0] != ':' || count_digits(at + 1, end, 2) < 2) return at;
  *out_seconds += sum_digits(at + 1, 2);
  return at + 3;
}

/* "GMT", "GMT+1", "GMT+01:00" */
static const char *read_gmt_offset(struct reader *reader, const struct eagre_pattern_item *item,
                                   const char *at) {
  if (!starts_with(at, reader->end, EAGRE_TEXT("GMT"))) return NULL;
  at += 3;
  int64_t offset_s = 0;
  if (at < reader->end && (*at == '+' || *at == '-')) {
    int64_t sign = *at++ == '-' ? -1 : 1;
    size_t count = count_digits(at, reader->end, 2);
    if (count < (item->is_long ? 2u : 1u)) return NULL;
    offset_s = sum_digits(at, count) * 3600;
    const char *hours_end = at + count;
    at = scan_gmt_tail(hours_end, reader->end, &offset_s);
    if (item->is_long && at == hours_end) return NULL;
    offset_s *= sign;
  }
  return eagre_pattern_set_field(&reader->fields, item->field, offset_s) ? at : NULL;
}

/* ---- Zones ----------------------------------------------------------------------------------- */

static void set_fixed_zone(struct eagre_pattern_fields *fields, int32_t offset_s) {
  fields->has_zone = true;
  fields->zone = NULL;
  fields->zone_offset_s = offset_s;
}

/* An offset behind "UTC", "UT", "GMT" or nothing. Without one the prefix alone is the zone. */
static const char *read_prefixed_zone(struct reader *reader, const char *at, size_t prefix_size) {
  static const struct eagre_pattern_item full_offset = {
      .has_colon = true, .has_minutes = true, .has_seconds = true};
  int64_t offset_s = 0;
  const char *behind = scan_offset(&full_offset, at + prefix_size, reader->end, &offset_s);
  if (behind == NULL && prefix_size == 0) return NULL;
  if (offset_s < -EAGRE_ZONE_OFFSET_MAX || offset_s > EAGRE_ZONE_OFFSET_MAX) return NULL;
  set_fixed_zone(&reader->fields, (int32_t)offset_s);
  return behind == NULL ? at + prefix_size : behind;
}

/* The longest zone that stands there: one of ICU's, by id or abbreviation, or one that only the tz
 * database knows. */
static size_t find_region(struct reader *reader, bool with_abbreviations, struct eagre_text text,
                          const struct eagre_zone **out_zone) {
  struct eagre_text region;
  size_t size =
      eagre_pattern_match_region(reader->pattern->names, text, with_abbreviations, &region);
  struct eagre_text whole = eagre_text_make(text.data, eagre_zone_measure_id(text));
  const struct eagre_zone *zone = NULL;
  if (whole.size > size) zone = eagre_zone_find_region(reader->session, whole);
  if (zone != NULL && zone->is_region && eagre_zone_is_java_id(whole)) {
    *out_zone = zone;
    return whole.size;
  }
  if (size > 0) *out_zone = eagre_zone_find_region(reader->session, region);
  return size;
}

/* A zone by id or abbreviation, or "Z". */
static const char *read_region(struct reader *reader, bool with_abbreviations, const char *at) {
  struct eagre_text text = eagre_text_make(at, (size_t)(reader->end - at));
  const struct eagre_zone *zone = NULL;
  size_t size = find_region(reader, with_abbreviations, text, &zone);
  if (size == 0) {
    if (*at != 'Z' && *at != 'z') return NULL;
    set_fixed_zone(&reader->fields, 0);
    return at + 1;
  }
  reader->fields.has_zone = true;
  reader->fields.zone = zone;
  return zone == NULL ? NULL : at + size;
}

static const char *read_zone(struct reader *reader, const struct eagre_pattern_item *item,
                             const char *at) {
  const char *end = reader->end;
  if (at == end) return NULL;
  if (*at == '+' || *at == '-') return read_prefixed_zone(reader, at, 0);
  if (starts_with(at, end, EAGRE_TEXT("UTC"))) return read_prefixed_zone(reader, at, 3);
  if (starts_with(at, end, EAGRE_TEXT("UT"))) return read_prefixed_zone(reader, at, 2);
  if (starts_with(at, end, EAGRE_TEXT("GMT0"))) {
    set_fixed_zone(&reader->fields, 0);
    return at + 4;
  }
  if (starts_with(at, end, EAGRE_TEXT("GMT"))) return read_prefixed_zone(reader, at, 3);
  return read_region(reader, item->kind == EAGRE_PATTERN_ZONE_NAME, at);
}

/* ---- The list of items ----------------------------------------------------------------------- */

static const char *read_item(struct reader *reader, const struct eagre_pattern_item *item,
                             const char *at) {
  switch (item->kind) {
  case EAGRE_PATTERN_LITERAL:
    return read_literal(reader, item->literal, at);
  case EAGRE_PATTERN_NUMBER:
  case EAGRE_PATTERN_SHORT_YEAR:
    return read_number(reader, item, at);
  case EAGRE_PATTERN_FRACTION:
    return read_fraction(reader, item, at);
  case EAGRE_PATTERN_TEXT:
    return read_text(reader, item, at);
  case EAGRE_PATTERN_OFFSET:
    return read_offset(reader, item, at);
  case EAGRE_PATTERN_GMT_OFFSET:
    return read_gmt_offset(reader, item, at);
  default:
    return read_zone(reader, item, at);
  }
}

/* Items `from` to `to`. An optional section that does not match leaves no trace. The depth of the
 * recursion is that of the sections, which is bounded when a pattern is opened. */
static const char *read_items(struct reader *reader, uint32_t from, uint32_t to, const char *at) {
  const struct eagre_pattern_item *items = reader->pattern->items;
  for (uint32_t i = from; i < to && at != NULL; i++) {
    if (items[i].kind != EAGRE_PATTERN_OPTIONAL) {
      at = read_item(reader, &items[i], at);
      continue;
    }
    struct eagre_pattern_fields before = reader->fields;
    const char *behind = read_items(reader, i + 1, items[i].end, at);
    if (behind == NULL) {
      reader->fields = before;
    } else {
      at = behind;
    }
    i = items[i].end - 1;
  }
  return at;
}

/* ---- The door -------------------------------------------------------------------------------- */

static bool read_fields(struct reader *reader, struct eagre_text text,
                        struct eagre_wall_time *out) {
  if (reader->pattern->format_only != 0) return false;
  const char *start = text.size == 0 ? "" : text.data;
  reader->end = start + text.size;
  if (read_items(reader, 0, reader->pattern->item_count, start) != reader->end) return false;
  return eagre_pattern_resolve(&reader->fields, out);
}

enum eagre_value_result eagre_pattern_parse(const struct eagre_pattern *pattern,
                                            struct eagre_text text, const struct eagre_zone *zone,
                                            int64_t *out_us) {
  struct reader reader = {.pattern = pattern, .session = zone};
  const struct eagre_pattern_fields *fields = &reader.fields;
  struct eagre_wall_time time;
  if (!read_fields(&reader, text, &time)) return EAGRE_VALUE_INVALID;
  if (fields->has_zone && fields->zone != NULL) {
    return eagre_wall_time_to_instant(&time, fields->zone, out_us);
  }
  if (fields->has_zone) {
    return eagre_wall_time_to_instant_at(&time, fields->zone_offset_s, out_us);
  }
  if (eagre_pattern_has_field(fields, EAGRE_PATTERN_OFFSET_SECONDS)) {
    int32_t offset_s = (int32_t)fields->values[EAGRE_PATTERN_OFFSET_SECONDS];
    return eagre_wall_time_to_instant_at(&time, offset_s, out_us);
  }
  return eagre_wall_time_to_instant(&time, zone, out_us);
}

enum eagre_value_result eagre_pattern_parse_date(const struct eagre_pattern *pattern,
                                                 struct eagre_text text,
                                                 const struct eagre_zone *zone, int32_t *out_days) {
  struct reader reader = {.pattern = pattern, .session = zone};
  struct eagre_wall_time time;
  if (!read_fields(&reader, text, &time)) return EAGRE_VALUE_INVALID;
  int64_t days = eagre_value_days_from_civil(time.year, time.month, time.day);
  if (days < INT32_MIN || days > INT32_MAX) return EAGRE_VALUE_OVERFLOW;
  *out_days = (int32_t)days;
  return EAGRE_VALUE_OK;
}

enum eagre_value_result eagre_pattern_parse_local(const struct eagre_pattern *pattern,
                                                  struct eagre_text text,
                                                  const struct eagre_zone *zone, bool allows_zone,
                                                  int64_t *out_us) {
  struct reader reader = {.pattern = pattern, .session = zone};
  struct eagre_wall_time time;
  if (!read_fields(&reader, text, &time)) return EAGRE_VALUE_INVALID;
  bool has_zone = reader.fields.has_zone ||
                  eagre_pattern_has_field(&reader.fields, EAGRE_PATTERN_OFFSET_SECONDS);
  if (has_zone && !allows_zone) return EAGRE_VALUE_INVALID;
  return eagre_wall_time_to_instant_at(&time, 0, out_us);
}
