/* Splitting a buffer into lines. libc's memchr is vectorised already. */
#include "json/json.h"

static const char *find(const char *begin, const char *end, char byte) {
  const char *found = begin < end ? memchr(begin, byte, (size_t)(end - begin)) : NULL;
  return found == NULL ? end : found;
}

uint32_t eagre_json_split_lines(const char *data, size_t size, bool is_last,
                                struct eagre_text *out_lines, uint32_t line_count_max,
                                size_t *out_consumed) {
  const char *at = data;
  const char *end = data + size;
  const char *newline = find(at, end, '\n'); /* the first at or behind `at` */
  uint32_t count = 0;
  while (count < line_count_max && at < end) {
    const char *line_end = find(at, newline, '\r');
    /* A \r at the end may be the first half of a \r\n. */
    bool is_complete = line_end < end && (*line_end == '\n' || line_end + 1 < end);
    if (!is_complete && !is_last) break;
    out_lines[count++] = eagre_text_make(at, (size_t)(line_end - at));
    at = line_end;
    if (at < end && *at == '\r') at++;
    if (at < end && at == newline) at++;
    if (at > newline) newline = find(at, end, '\n');
  }
  *out_consumed = (size_t)(at - data);
  return count;
}
