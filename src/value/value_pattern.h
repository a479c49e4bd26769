/* A compiled date pattern, inside the room `value`.
 *
 * value_pattern.c turns the text into a flat list of items, value_pattern_format.c prints it,
 * value_pattern_parse.c reads fields with it and value_pattern_resolve.c makes a time of them. The
 * meaning of the letters is Java's DateTimeFormatter's (strict resolver, ignoring case, English
 * names) as Spark restricts it. */
#pragma once

#include "value/value_time.h"

enum eagre_pattern_item_kind {
  EAGRE_PATTERN_LITERAL,
  EAGRE_PATTERN_NUMBER,
  EAGRE_PATTERN_SHORT_YEAR, /* two digits: 2000..2099 */
  EAGRE_PATTERN_FRACTION,   /* of a second */
  EAGRE_PATTERN_TEXT,       /* month, day of week, AM or PM, era, quarter */
  EAGRE_PATTERN_OFFSET,     /* X x Z: +01:00 */
  EAGRE_PATTERN_GMT_OFFSET, /* O ZZZZ: GMT+1 */
  EAGRE_PATTERN_ZONE_ID,    /* VV */
  EAGRE_PATTERN_ZONE_NAME,  /* z */
  EAGRE_PATTERN_OPTIONAL,   /* [ ... ]: the items up to `end` */
};

enum eagre_pattern_field {
  EAGRE_PATTERN_ERA, /* 0 BC, 1 AD */
  EAGRE_PATTERN_YEAR,
  EAGRE_PATTERN_YEAR_OF_ERA,
  EAGRE_PATTERN_QUARTER,
  EAGRE_PATTERN_MONTH,
  EAGRE_PATTERN_DAY,
  EAGRE_PATTERN_DAY_OF_YEAR,
  EAGRE_PATTERN_DAY_OF_WEEK,          /* 1 Monday */
  EAGRE_PATTERN_DAY_OF_WEEK_IN_MONTH, /* F: (day - 1) % 7 + 1 */
  EAGRE_PATTERN_HALF_DAY,             /* 0 AM, 1 PM */
  EAGRE_PATTERN_HOUR,                 /* H: 0..23 */
  EAGRE_PATTERN_CLOCK_HOUR,           /* k: 1..24 */
  EAGRE_PATTERN_HALF_HOUR,            /* K: 0..11 */
  EAGRE_PATTERN_CLOCK_HALF_HOUR,      /* h: 1..12 */
  EAGRE_PATTERN_MINUTE,
  EAGRE_PATTERN_SECOND,
  EAGRE_PATTERN_NANOSECOND,
  EAGRE_PATTERN_OFFSET_SECONDS,
  EAGRE_PATTERN_FIELD_count
};

enum eagre_pattern_sign {
  EAGRE_PATTERN_UNSIGNED,    /* no sign is printed or read */
  EAGRE_PATTERN_NORMAL,      /* '-' when negative */
  EAGRE_PATTERN_EXCEEDS_PAD, /* and '+' exactly when there are more digits than `width_min` */
};

struct eagre_pattern_item {
  enum eagre_pattern_item_kind kind;
  enum eagre_pattern_field field;
  enum eagre_pattern_sign sign;
  uint8_t width_min;
  uint8_t width_max;
  /* Digits that the numbers right behind need ("yyyyMMdd": 4 behind yyyy); they are left to them.
 */
  uint16_t width_behind;
  bool is_long; /* names in full; GMT+01:00 rather than GMT+1 */
  /* OFFSET: what is written besides hours. */
  bool has_colon;
  bool has_minutes;          /* else only when they are not zero */
  bool has_seconds;          /* when they are not zero */
  struct eagre_text literal; /* LITERAL; OFFSET: the text for zero */
  uint32_t end;              /* OPTIONAL: index of the first item behind the section */
};

struct eagre_pattern_names;

struct eagre_pattern {
  struct eagre_pattern_item *items;
  uint32_t item_count;
  char format_only; /* a letter that cannot be parsed with; 0: none */
  const char *format_only_reason;
  char *literals;                    /* what the items' literals point into */
  struct eagre_pattern_names *names; /* region ids; NULL without V and z */
};

/* What has been read. */
struct eagre_pattern_fields {
  int64_t values[EAGRE_PATTERN_FIELD_count];
  uint32_t present; /* one bit per field */
  bool has_zone;
  const struct eagre_zone *zone; /* NULL: `zone_offset_s` */
  int32_t zone_offset_s;
};

static inline bool eagre_pattern_has_field(const struct eagre_pattern_fields *fields,
                                           enum eagre_pattern_field field) {
  return fields->present >> field & 1;
}

/* False when the field was set before to another value. */
static inline bool eagre_pattern_set_field(struct eagre_pattern_fields *fields,
                                           enum eagre_pattern_field field, int64_t value) {
  if (eagre_pattern_has_field(fields, field) && fields->values[field] != value) return false;
  fields->values[field] = value;
  fields->present |= 1u << field;
  return true;
}

/* Makes a wall-clock time of the fields, which are used up. False when there is no such time. */
bool eagre_pattern_resolve(struct eagre_pattern_fields *fields, struct eagre_wall_time *out);

/* The names of an item's field, index 0 for the field's smallest value; with their number. */
const char *const *eagre_pattern_texts(const struct eagre_pattern_item *item, size_t *out_count,
                                       unsigned *out_first);

/* The longest region id or, with `with_abbreviations`, zone abbreviation at the front of `text`,
 * ignoring case: its size, and the region it stands for. 0 when there is none. */
size_t eagre_pattern_match_region(const struct eagre_pattern_names *names, struct eagre_text text,
                                  bool with_abbreviations, struct eagre_text *out_region);
struct eagre_pattern_names *eagre_pattern_names_new(void);
void eagre_pattern_names_free(struct eagre_pattern_names *names);
