/* Spark's CompactibleFileStreamLog: a log of growing sets whose every tenth entry repeats all that
 * came before, so that a reader needs at most ten files.
 *
 *   N           v1, then a line per member that entry N added
 *   M.compact   instead of M when M + 1 is a multiple of the interval: the lines of 0..M
 *
 * Reading begins at the newest compacted file; every later entry must be there. A compacted file
 * makes those before it superfluous; as in Spark the newest hundred stay, so that the interval can
 * be told from the names. */
#include <stdio.h>
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "value/value.h"

enum { LOG_VERSION = 1, RETAINED_ENTRIES = 100 };

static const char compact_suffix[] = ".compact";

/* ---- Names ----------------------------------------------------------------------------------- */

int64_t eagre_checkpoint_log_read_name(const char *name, bool *out_is_compact) {
  int64_t id = 0;
  size_t digits = 0;
  for (; name[digits] >= '0' && name[digits] <= '9' && digits < 18; digits++) {
    id = id * 10 + (name[digits] - '0');
  }
  *out_is_compact = strcmp(name + digits, compact_suffix) == 0;
  return digits > 0 && (name[digits] == '\0' || *out_is_compact) ? id : -1;
}

bool eagre_checkpoint_log_is_compact(int64_t interval, int64_t id) {
  return (id + 1) % interval == 0;
}

void eagre_checkpoint_log_print_name(int64_t id, bool is_compact,
                                     char out[EAGRE_CHECKPOINT_LOG_NAME_SIZE]) {
  snprintf(out, EAGRE_CHECKPOINT_LOG_NAME_SIZE, "%lld%s", (long long)id,
           is_compact ? compact_suffix : "");
}

/* Spark's deriveCompactInterval: where one compacted file is left, the interval is the smallest
 * divisor of its id + 1 that is not below the default. */
static int64_t derive_interval(int64_t last_compact) {
  int64_t length = last_compact + 1;
  if (EAGRE_CHECKPOINT_COMPACT_INTERVAL >= length / 2) return length;
  for (int64_t divisor = EAGRE_CHECKPOINT_COMPACT_INTERVAL; divisor <= length / 2; divisor++) {
    if (length % divisor == 0) return divisor;
  }
  return length;
}

static void note_name(struct eagre_checkpoint_log_names *names, const char *name,
                      int64_t *previous_compact) {
  bool is_compact;
  int64_t id = eagre_checkpoint_log_read_name(name, &is_compact);
  if (id > names->last) names->last = id;
  if (!is_compact || id < 0) return;
  if (id > names->last_compact) {
    *previous_compact = names->last_compact;
    names->last_compact = id;
  } else if (id > *previous_compact) {
    *previous_compact = id;
  }
}

void eagre_checkpoint_log_read_names(const struct eagre_io_entry *entries, uint32_t count,
                                     struct eagre_checkpoint_log_names *out) {
  int64_t previous_compact = -1;
  *out = (struct eagre_checkpoint_log_names){.last = -1, .last_compact = -1};
  for (uint32_t i = 0; i < count; i++) {
    note_name(out, entries[i].name, &previous_compact);
  }
  if (out->last_compact < 0) {
    out->interval = EAGRE_CHECKPOINT_COMPACT_INTERVAL;
  } else if (previous_compact >= 0) {
    out->interval = out->last_compact - previous_compact;
  } else {
    out->interval = derive_interval(out->last_compact);
  }
}

int64_t eagre_checkpoint_log_keep_from(int64_t interval, int64_t last) {
  int64_t newest_expired = last - RETAINED_ENTRIES;
  if (last < 0 || !eagre_checkpoint_log_is_compact(interval, last)) return 0;
  if (newest_expired < interval) return 0;
  return newest_expired - newest_expired % interval - 1;
}

/* ---- Content --------------------------------------------------------------------------------- */

bool eagre_checkpoint_log_take_line(struct eagre_text *rest, struct eagre_text *out_line) {
  if (rest->size == 0) return false;
  const char *newline = memchr(rest->data, '\n', rest->size);
  size_t size = newline == NULL ? rest->size : (size_t)(newline - rest->data);
  size_t used = newline == NULL ? size : size + 1;
  *out_line = eagre_text_make(rest->data, size);
  *rest = eagre_text_make(rest->data + used, rest->size - used);
  return true;
}

enum eagre_status eagre_checkpoint_log_refuse(const char *place, const char *what,
                                              struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE", "log file %s is malformed: %s", place,
                  what);
  eagre_error_hint(error, "restore it from a backup, or start with a new checkpoint");
  return EAGRE_UNSAFE;
}

static enum eagre_status refuse_version(const char *place, struct eagre_text line,
                                        struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION",
                  "%s has log version %.*s; the highest version that can be read is v%d", place,
                  (int)(line.size < 20 ? line.size : 20), line.data, LOG_VERSION);
  eagre_error_hint(error, "it was written by a newer Spark");
  return EAGRE_UNSAFE;
}

enum eagre_status eagre_checkpoint_log_take_version(struct eagre_text *rest, const char *place,
                                                    struct eagre_error *error) {
  struct eagre_text line;
  /* A path that is damaged would name another file, and the right one would be read again. */
  if (!eagre_value_utf8_is_valid(*rest))
    return eagre_checkpoint_log_refuse(place, "it is no UTF-8", error);
  if (!eagre_checkpoint_log_take_line(rest, &line)) {
    return eagre_checkpoint_log_refuse(place, "incomplete log file", error);
  }
  line = eagre_text_trim(line);
  if (eagre_text_equal_string(line, "v1")) return EAGRE_OK;
  bool is_version = line.size > 1 && line.data[0] == 'v';
  for (size_t i = 1; i < line.size; i++) {
    is_version = is_version && line.data[i] >= '0' && line.data[i] <= '9';
  }
  if (is_version) return refuse_version(place, line, error);
  return eagre_checkpoint_log_refuse(place, "its first line is no log version", error);
}
