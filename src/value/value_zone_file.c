/* Reads compiled zones of the system's tz database: TZif, RFC 8536, version 2 and later.
 *
 *   header   "TZif" version(1) reserved(15) and six counts of 4 bytes each: isut isstd leap
 *            transitions types characters
 *   body     transitions * size: times; transitions * 1: types; types * 6: offset(4) daylight(1)
 *            name(1); characters; leap * (size + 4); isstd; isut
 *
 * All numbers are big-endian. The header and body with times of 4 bytes are skipped; a second
 * header and body with 8 bytes follow, then "\n" rule "\n". The rule goes on where the transitions
 * end. Files come from disk and are checked as outside bytes are. */
#include "value/value_time.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  FILE_SIZE_MAX = 1 << 20,
  HEADER_SIZE = 44,
  TYPE_SIZE = 6,
  COUNT_MAX = 100000, /* of anything: keeps the sums below from overflowing */
};

struct header {
  uint32_t isut_count;
  uint32_t isstd_count;
  uint32_t leap_count;
  uint32_t transition_count;
  uint32_t type_count;
  uint32_t character_count;
};

static uint32_t read_four(const char *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

static int64_t read_eight(const char *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return (int64_t)__builtin_bswap64(value);
}

static bool read_header(struct eagre_text content, size_t at, struct header *out) {
  if (content.size < at + HEADER_SIZE) return false;
  const char *header = content.data + at;
  if (memcmp(header, "TZif", 4) != 0 || header[4] < '2') return false;
  uint32_t counts[6];
  for (size_t i = 0; i < EAGRE_COUNT_OF(counts); i++) {
    counts[i] = read_four(header + 20 + 4 * i);
    if (counts[i] > COUNT_MAX) return false;
  }
  *out = (struct header){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
  return true;
}

static size_t measure_body(const struct header *header, size_t time_size) {
  return header->transition_count * (time_size + 1) + header->type_count * TYPE_SIZE +
         header->character_count + header->leap_count * (time_size + 4) + header->isstd_count +
         header->isut_count;
}

static bool read_offset(const struct header *header, const char *types, unsigned type,
                        int32_t *out_offset) {
  if (type >= header->type_count) return false;
  *out_offset = (int32_t)read_four(types + (size_t)type * TYPE_SIZE);
  return *out_offset >= -EAGRE_ZONE_OFFSET_MAX && *out_offset <= EAGRE_ZONE_OFFSET_MAX;
}

static bool read_transitions(struct eagre_zone *zone, const struct header *header,
                             const char *body) {
  const char *type_indexes = body + (size_t)header->transition_count * 8;
  const char *types = type_indexes + header->transition_count;
  int32_t offset;
  if (!read_offset(header, types, 0, &offset)) return false;
  eagre_zone_begin(zone, offset);
  int64_t before = INT64_MIN;
  for (uint32_t i = 0; i < header->transition_count; i++) {
    int64_t instant_s = read_eight(body + (size_t)i * 8);
    if (instant_s < before) return false;
    before = instant_s;
    if (!read_offset(header, types, (unsigned char)type_indexes[i], &offset)) return false;
    /* Some files begin with the Big Bang: that is a first offset, and no time to add to. */
    if (instant_s < -(INT64_C(1) << 55)) {
      eagre_zone_begin(zone, offset);
    } else if (instant_s < INT64_C(1) << 55) {
      eagre_zone_add(zone, instant_s, offset);
    }
  }
  return true;
}

bool eagre_zone_parse_file(struct eagre_zone *zone, struct eagre_text content) {
  struct header old, header;
  if (!read_header(content, 0, &old)) return false;
  size_t at = HEADER_SIZE + measure_body(&old, 4);
  if (!read_header(content, at, &header)) return false;
  at += HEADER_SIZE;
  size_t body_size = measure_body(&header, 8);
  /* Leap seconds would shift every instant; the files with them ("right/") are not asked for. */
  if (header.leap_count > 0 || content.size - at < body_size + 2) return false;
  if (!read_transitions(zone, &header, content.data + at)) return false;
  at += body_size;
  const char *rule = content.data + at + 1;
  const char *end = content.data + content.size;
  const char *rule_end = memchr(rule, '\n', (size_t)(end - rule));
  if (rule[-1] != '\n' || rule_end == NULL) return false;
  return eagre_zone_add_rule(zone, eagre_text_make(rule, (size_t)(rule_end - rule)));
}

/* Ids are file names below the database's folder. Those that begin with a small letter are no
 * regions (posix/, right/, localtime), and none has a point. */
static bool is_file_name(const char *id) {
  return id[0] >= 'A' && id[0] <= 'Z' && strchr(id, '.') == NULL;
}

/* The whole file, or false. */
static bool read_file(const char *path, struct eagre_buffer *out) {
  FILE *file = fopen(path, "rbe");
  if (file == NULL) return false;
  char *space = eagre_buffer_reserve(out, FILE_SIZE_MAX);
  out->size = fread(space, 1, FILE_SIZE_MAX, file);
  bool is_read = !ferror(file) && out->size < FILE_SIZE_MAX;
  fclose(file);
  return is_read;
}

bool eagre_zone_load_file(struct eagre_zone *zone) {
  if (!is_file_name(zone->id)) return false;
  /* TZDIR is libc's name for another folder. */
  const char *folder = getenv("TZDIR");
  struct eagre_buffer path = {0}, content = {0};
  eagre_buffer_printf(&path, "%s/%s", folder == NULL ? "/usr/share/zoneinfo" : folder, zone->id);
  bool is_loaded = read_file(eagre_buffer_string(&path), &content) &&
                   eagre_zone_parse_file(zone, eagre_buffer_text(&content));
  eagre_buffer_done(&path);
  eagre_buffer_done(&content);
  return is_loaded;
}
