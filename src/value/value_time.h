/* Wall-clock time in parts, inside the room `value`. */
#pragma once

#include "value/value_zone.h"

#define EAGRE_SECOND_US INT64_C(1000000)
#define EAGRE_DAY_S INT64_C(86400)
#define EAGRE_DAY_US (EAGRE_DAY_S * EAGRE_SECOND_US)

struct eagre_wall_time {
  int64_t year;
  unsigned month; /* 1..12 */
  unsigned day;   /* 1..31 */
  unsigned hour;
  unsigned minute;
  unsigned second;
  unsigned microsecond;
};

static inline int64_t eagre_divide_floor(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0);
}

/* Whether such a time exists: Java's LocalDate.of and LocalTime.of. */
bool eagre_wall_time_is_valid(const struct eagre_wall_time *time);

/* The instant that `zone` gives a valid wall-clock time. OVERFLOW when it does not fit. */
enum eagre_value_result eagre_wall_time_to_instant(const struct eagre_wall_time *time,
                                                   const struct eagre_zone *zone, int64_t *out_us);
/* The same with a fixed offset in seconds. */
enum eagre_value_result eagre_wall_time_to_instant_at(const struct eagre_wall_time *time,
                                                      int32_t offset_s, int64_t *out_us);

/* What the wall shows at an instant with that offset. */
void eagre_wall_time_of_instant(int64_t us, int32_t offset_s, struct eagre_wall_time *out);

/* Java's year of ISO dates: four digits at least, '+' before more, '-' before negative ones. Then
 * "-MM-dd". Returns the end. */
char *eagre_wall_time_put_date(char *out, const struct eagre_wall_time *time);
/* "HH:mm:ss" */
char *eagre_wall_time_put_clock(char *out, const struct eagre_wall_time *time);
