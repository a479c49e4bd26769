/* Door of the room `value`: text <-> one typed value, used by JSON, CAST, functions and printing.
 *
 * Grammars are Spark's (spark-semantics 5.4 and 10). "CAST grammar" below is what CAST accepts;
 * "JSON grammar" adds from_json's fallbacks. All functions may run on any thread, and a zone or a
 * pattern may be used by several at once. None allocates per call unless it says so. Results are
 * written on EAGRE_VALUE_OK only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"

/* ---- Numbers --------------------------------------------------------------------------------- */

enum eagre_value_result {
  EAGRE_VALUE_OK,
  EAGRE_VALUE_INVALID,  /* not of the grammar */
  EAGRE_VALUE_OVERFLOW, /* of the grammar, out of range */
  EAGRE_VALUE_OVERLONG, /* of the grammar, more digits than any DECIMAL has */
};

/* CAST grammar for integers: trimmed, optional sign, ASCII digits only. Range of int64. */
enum eagre_value_result eagre_value_parse_integer(struct eagre_text text, int64_t *out_value);
/* CAST grammar for integers with spark.sql.ansi.enabled=false: a fraction is cut off ("1.5", ".5",
 * "5." and even "."), an exponent is refused. */
enum eagre_value_result eagre_value_parse_integer_truncated(struct eagre_text text,
                                                            int64_t *out_value);
/* CAST grammar for DOUBLE (Java's, trimmed; suffix d/f; inf, infinity, nan in any case), correctly
 * rounded, independent of the locale. */
enum eagre_value_result eagre_value_parse_double(struct eagre_text text, double *out_value);
/* The same, rounded once to float (not through double). */
enum eagre_value_result eagre_value_parse_float(struct eagre_text text, float *out_value);
/* t true y yes 1 / f false n no 0, any case, trimmed. */
enum eagre_value_result eagre_value_parse_boolean(struct eagre_text text, bool *out_value);
/* The number of a JSON token "-12.5e3" (already checked to be one), correctly rounded. Overflow
 * gives an infinity. */
double eagre_value_json_double(struct eagre_text token);

/* Java's Double.toString / Float.toString (shortest digits, as JDK 19 and later): "1.0",
 * "1.0E10", "NaN", "-Infinity". Writes at most 32 bytes, returns the size. */
size_t eagre_value_print_double(double value, char *out);
size_t eagre_value_print_float(float value, char *out);
/* At most 20 bytes. */
size_t eagre_value_print_integer(int64_t value, char *out);

/* ---- Decimals --------------------------------------------------------------------------------
 *
 * A DECIMAL(p, s) is `value` * 10^-s with |value| < 10^p, 1 <= p <= 38, 0 <= s <= p. A result that
 * has more digits than its precision is OVERFLOW. Roundings, also where Spark rounds twice, are
 * Spark's. */

enum eagre_rounding {
  EAGRE_ROUND_HALF_UP, /* away from zero on a tie */
  EAGRE_ROUND_HALF_EVEN,
  EAGRE_ROUND_FLOOR,
  EAGRE_ROUND_CEILING,
  EAGRE_ROUND_DOWN, /* towards zero */
};

/* 10^exponent, exponent <= 38. */
eagre_decimal eagre_decimal_power(unsigned exponent);
/* Number of digits of |value|; 1 for 0. */
unsigned eagre_decimal_digit_count(eagre_decimal value);
/* `value` of scale `from_scale` as a DECIMAL(precision, scale). */
enum eagre_value_result eagre_decimal_rescale(eagre_decimal value, unsigned from_scale,
                                              unsigned precision, unsigned scale,
                                              enum eagre_rounding rounding,
                                              eagre_decimal *out_value);

/* left (scale left_scale) OP right (right_scale), as a DECIMAL(precision, scale), rounded HALF_UP.
 * The scale of a quotient is at least left_scale - right_scale. */
struct eagre_decimal_operation {
  unsigned left_scale;
  unsigned right_scale;
  unsigned precision;
  unsigned scale;
};
enum eagre_value_result eagre_decimal_add(const struct eagre_decimal_operation *operation,
                                          eagre_decimal left, eagre_decimal right,
                                          eagre_decimal *out_value);
enum eagre_value_result eagre_decimal_multiply(const struct eagre_decimal_operation *operation,
                                               eagre_decimal left, eagre_decimal right,
                                               eagre_decimal *out_value);
/* `right` is not 0 in these three. The remainder has the sign of `left`; the integral quotient is
 * cut off, `precision` and `scale` are not used for it. */
enum eagre_value_result eagre_decimal_divide(const struct eagre_decimal_operation *operation,
                                             eagre_decimal left, eagre_decimal right,
                                             eagre_decimal *out_value);
enum eagre_value_result eagre_decimal_remainder(const struct eagre_decimal_operation *operation,
                                                eagre_decimal left, eagre_decimal right,
                                                eagre_decimal *out_value);
enum eagre_value_result
eagre_decimal_divide_integral(const struct eagre_decimal_operation *operation, eagre_decimal left,
                              eagre_decimal right, eagre_decimal *out_value);
/* -1, 0, 1. */
int eagre_decimal_compare(eagre_decimal left, unsigned left_scale, eagre_decimal right,
                          unsigned right_scale);

/* Correctly rounded. */
double eagre_decimal_to_double(eagre_decimal value, unsigned scale);
float eagre_decimal_to_float(eagre_decimal value, unsigned scale);
/* The shortest text of `value`, rounded HALF_UP. INVALID for NaN and infinities. */
enum eagre_value_result eagre_decimal_from_double(double value, unsigned precision, unsigned scale,
                                                  eagre_decimal *out_value);

/* CAST grammar: Java's BigDecimal, trimmed ("-1.50", ".5", "5.", "1e-3"), rounded HALF_UP. OVERLONG
 * when more than 38 digits stand before the point, zeros of an exponent included. */
enum eagre_value_result eagre_value_parse_decimal(struct eagre_text text, unsigned precision,
                                                  unsigned scale, eagre_decimal *out_value);
/* Plain, with `scale` digits behind the point: "-0.50". At most 41 bytes. */
size_t eagre_value_print_decimal(eagre_decimal value, unsigned scale, char *out);
/* As Java's BigDecimal.toString: scientific when the first digit stands more than six places behind
 * the point ("1E-7", "0E-18"), else plain. At most 48 bytes. */
size_t eagre_value_print_decimal_java(eagre_decimal value, unsigned scale, char *out);

/* ---- Civil time ------------------------------------------------------------------------------ */

/* Proleptic Gregorian calendar. */
int64_t eagre_value_days_from_civil(int64_t year, unsigned month, unsigned day);
void eagre_value_civil_from_days(int64_t days, int64_t *out_year, unsigned *out_month,
                                 unsigned *out_day);
bool eagre_value_is_leap_year(int64_t year);
unsigned eagre_value_month_length(int64_t year, unsigned month);

/* A time zone. UTC and fixed offsets need no data; regions are read when opened, from the system's
 * tz database (/usr/share/zoneinfo, or the folder that TZDIR names) or, without it, from ICU, and
 * cost no file or ICU call afterwards. */
struct eagre_zone;
/* `name` as Spark accepts it: "UTC", "Z", "+01:00", "GMT+1", "Europe/Paris", "PST". USAGE
 * INVALID_TIMEZONE otherwise. Closed with `eagre_zone_close`. */
enum eagre_status eagre_zone_open(struct eagre_text name, struct eagre_zone **out_zone,
                                  struct eagre_error *error);
/* NULL is fine. */
void eagre_zone_close(struct eagre_zone *zone);
/* UTC, for wall clocks that have no zone (TIMESTAMP_NTZ). A constant: never closed. Texts that name
 * regions cannot be read with it. */
const struct eagre_zone *eagre_zone_utc(void);
/* Whether the offset is always 0. */
bool eagre_zone_is_utc(const struct eagre_zone *zone);
/* The id as Java writes it ("+01:00" for "+1:0"), with a terminating zero byte; borrowed. */
struct eagre_text eagre_zone_id(const struct eagre_zone *zone);
/* Offset from UTC in seconds at an instant. */
int32_t eagre_zone_offset_at(const struct eagre_zone *zone, int64_t timestamp_us);
/* Local wall-clock microseconds -> instant; a gap moves forward, an overlap takes the earlier
 * offset (the first of the two instants). Saturates at the ends of int64. */
int64_t eagre_zone_local_to_instant(const struct eagre_zone *zone, int64_t local_us);

/* ---- Dates and timestamps as text ------------------------------------------------------------ */

/* CAST grammar. `now_us` serves time-only texts ("12:30:00" means today in the zone). A region
 * that a text names is read at its first use with this `zone` and kept. */
enum eagre_value_result eagre_value_parse_timestamp(struct eagre_text text,
                                                    const struct eagre_zone *zone, int64_t now_us,
                                                    int64_t *out_us);
enum eagre_value_result eagre_value_parse_date(struct eagre_text text, int32_t *out_days);
/* The same text as a TIMESTAMP_NTZ: what the wall showed. A date is required; a zone is read and
 * dropped, or makes the text INVALID unless `allows_zone`. `zone` only keeps the regions that texts
 * name. */
enum eagre_value_result eagre_value_parse_timestamp_ntz(struct eagre_text text,
                                                        const struct eagre_zone *zone,
                                                        bool allows_zone, int64_t *out_us);
/* from_json's grammars: CAST's plus the "GMT" clean-up (every "GMT" is deleted; only texts beyond
 * 256 bytes are copied to the heap for it) and, for dates, days since epoch. */
enum eagre_value_result eagre_value_parse_json_timestamp(struct eagre_text text,
                                                         const struct eagre_zone *zone,
                                                         int64_t now_us, int64_t *out_us);
enum eagre_value_result eagre_value_parse_json_date(struct eagre_text text, int32_t *out_days);

/* "2026-01-01 00:00:00.5" (CAST to STRING: fraction without trailing zeros). At most 40 bytes. */
size_t eagre_value_print_timestamp(int64_t us, const struct eagre_zone *zone, char *out);
/* "2026-01-01T00:00:00.500Z" or "...+01:00": to_json (always three digits, truncated). */
size_t eagre_value_print_json_timestamp(int64_t us, const struct eagre_zone *zone, char *out);
/* "2026-01-01T00:00:00.500": to_json of a TIMESTAMP_NTZ. */
size_t eagre_value_print_json_timestamp_ntz(int64_t us, char *out);
/* "2026-01-01"; years beyond 9999 get a sign, as Java prints them. */
size_t eagre_value_print_date(int32_t days, char *out);

/* A compiled pattern of Spark's date letters ("yyyy-MM-dd HH:mm:ss.SSSXXX"), for date_format,
 * to_timestamp and the JSON options: G y M L d D Q q E F a h H k K m s S V z O X x Z, text between
 * quotes, optional parts in brackets; English names. USAGE names the pattern and the letter:
 * INVALID_DATETIME_PATTERN.{ILLEGAL_CHARACTER, LENGTH, WITH_SUGGESTION} and, for Y w W u e c,
 * INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN. */
struct eagre_pattern;
enum eagre_status eagre_pattern_open(struct eagre_text pattern, struct eagre_pattern **out_pattern,
                                     struct eagre_error *error);
/* Whether texts can be read with it: E F Q q and zzzz only print. USAGE
 * INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER; call it where the pattern is one for reading. */
enum eagre_status eagre_pattern_check_parse(const struct eagre_pattern *pattern,
                                            struct eagre_error *error);
/* NULL is fine. */
void eagre_pattern_close(struct eagre_pattern *pattern);
/* Appends. Abbreviations (z) are ICU's; where it has none, "GMT+03:00" is written. */
void eagre_pattern_format(const struct eagre_pattern *pattern, int64_t us,
                          const struct eagre_zone *zone, struct eagre_buffer *out);
/* The whole text must match. What the pattern lacks is taken from 1970-01-01 00:00:00 and, when it
 * has no zone, from `zone`. INVALID always when `eagre_pattern_check_parse` refuses. */
enum eagre_value_result eagre_pattern_parse(const struct eagre_pattern *pattern,
                                            struct eagre_text text, const struct eagre_zone *zone,
                                            int64_t *out_us);
/* What the wall showed. A zone in the text is dropped, or makes it INVALID unless `allows_zone`. */
enum eagre_value_result eagre_pattern_parse_local(const struct eagre_pattern *pattern,
                                                  struct eagre_text text,
                                                  const struct eagre_zone *zone, bool allows_zone,
                                                  int64_t *out_us);
/* The date of the text alone (option dateFormat): a time must be valid, a zone too, but neither
 * moves the date. `zone` only keeps the regions that texts name. */
enum eagre_value_result eagre_pattern_parse_date(const struct eagre_pattern *pattern,
                                                 struct eagre_text text,
                                                 const struct eagre_zone *zone, int32_t *out_days);

/* Interval text: "10 seconds", "1 minute 30 seconds", "2 hours", "1 day", "interval 5 minutes",
 * "1.5 seconds", also "MICROSECONDS". Months and years set *out_months (an int32). Any case. */
enum eagre_value_result eagre_value_parse_interval(struct eagre_text text, int64_t *out_months,
                                                   int64_t *out_us);
/* "INTERVAL '0 00:00:10' DAY TO SECOND". */
void eagre_value_print_interval(int64_t us, struct eagre_buffer *out);
/* An interval of any type, in its units: "INTERVAL '1-2' YEAR TO MONTH", "INTERVAL '03' HOUR".
 * `value` is in months or microseconds. */
void eagre_value_print_interval_as(int64_t value, const struct eagre_type *type,
                                   struct eagre_buffer *out);
/* CAST's grammar: "1 02:03:04.5", "-1-2", or the literal "INTERVAL '1-2' YEAR TO MONTH", with just
 * the units of `type`. OVERFLOW: a unit is out of its range, or the whole of the type's. */
enum eagre_value_result eagre_value_parse_interval_as(struct eagre_text text,
                                                      const struct eagre_type *type,
                                                      int64_t *out_value);
/* Months or microseconds of one unit. */
int64_t eagre_value_interval_unit_size(enum eagre_interval_unit unit);

/* ---- Whole values ---------------------------------------------------------------------------- */

/* Row `row` of `vector` as CAST(... AS STRING) prints it; nested: {1, null, x}. NULL prints
 * "null" only inside a struct; a NULL at the root appends nothing and returns false. A VARIANT is
 * printed as JSON. `zone` is needed when there are timestamps or VARIANTs. */
bool eagre_value_print(const struct eagre_vector *vector, uint32_t row,
                       const struct eagre_zone *zone, struct eagre_buffer *out);
/* The same as that CAST prints it without ANSI: DECIMALs as eagre_value_print_decimal_java. */
bool eagre_value_print_java(const struct eagre_vector *vector, uint32_t row,
                            const struct eagre_zone *zone, struct eagre_buffer *out);

/* Appends the bytes as base64 between quotation marks, as JSON has them. */
void eagre_value_print_base64(struct eagre_text bytes, struct eagre_buffer *out);

/* UTF-8: the bytes of `text` before the first invalid sequence, whether there is none, and a copy,
 * appended to `out`, with every invalid sequence replaced by U+FFFD the way Java does. */
size_t eagre_value_utf8_valid_size(struct eagre_text text);
bool eagre_value_utf8_is_valid(struct eagre_text text);
void eagre_value_utf8_repair(struct eagre_text text, struct eagre_buffer *out);
/* Number of code points (bytes that are not continuation bytes). */
size_t eagre_value_utf8_length(struct eagre_text text);

#include "value/value_variant.h"
/* ---- Paths ----------------------------------------------------------------------------------- */

/* Appends "file:///data/a%20b" of an absolute path, as Java's Path.toUri writes it. */
void eagre_value_print_uri(struct eagre_text path, struct eagre_buffer *out);
/* The local path behind such a URI, or the URI itself when it is not one of "file:". */
struct eagre_text eagre_value_read_uri(struct eagre_arena *arena, struct eagre_text uri);
