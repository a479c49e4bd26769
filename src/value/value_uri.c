/* Local paths as URIs, as Java's Path.toUri writes them, because Spark reads our logs and we read
 * Spark's.
 *
 * A URI keeps letters, digits, the signs below, and everything beyond ASCII but blanks and control
 * characters; every other byte is %XX, the percent sign included. */
#include <string.h>

#include "value/value.h"

static const char uri_scheme[] = "file://";

static bool is_kept(char byte) {
  bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  bool is_digit = byte >= '0' && byte <= '9';
  return is_letter || is_digit || (byte != '\0' && strchr("-_.!~*'():@&=+$,;/", byte) != NULL);
}

/* Whether Java quotes the code point although it is beyond ASCII: blanks and control characters. */
static bool is_blank(uint32_t code_point) {
  return (code_point >= 0x80 && code_point <= 0xa0) || code_point == 0x1680 ||
         (code_point >= 0x2000 && code_point <= 0x200a) || code_point == 0x2028 ||
         code_point == 0x2029 || code_point == 0x202f || code_point == 0x205f ||
         code_point == 0x3000;
}

/* The size of the code point at `at` when it stays as it is, else 0. */
static size_t measure_kept(const char *at, size_t left) {
  unsigned char first = (unsigned char)*at;
  if (first < 0x80) return is_kept(*at);
  size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size > left || !eagre_value_utf8_is_valid(eagre_text_make(at, size))) return 0;
  uint32_t code_point = first & (0x7fu >> size);
  for (size_t i = 1; i < size; i++) {
    code_point = code_point << 6 | ((unsigned char)at[i] & 0x3f);
  }
  return is_blank(code_point) ? 0 : size;
}

void eagre_value_print_uri(struct eagre_text path, struct eagre_buffer *out) {
  eagre_buffer_append_string(out, uri_scheme);
  for (size_t at = 0; at < path.size;) {
    size_t size = measure_kept(path.data + at, path.size - at);
    if (size > 0) {
      eagre_buffer_append(out, path.data + at, size);
      at += size;
    } else {
      eagre_buffer_printf(out, "%%%02X", (unsigned char)path.data[at++]);
    }
  }
}

static int get_hexadecimal(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

struct eagre_text eagre_value_read_uri(struct eagre_arena *arena, struct eagre_text uri) {
  if (!eagre_text_starts_with(uri, EAGRE_TEXT("file:/"))) return eagre_arena_copy_text(arena, uri);
  bool has_authority = eagre_text_starts_with(uri, EAGRE_TEXT("file:///"));
  size_t at = has_authority ? sizeof uri_scheme - 1 : strlen("file:");
  char *path = eagre_arena_allocate(arena, uri.size + 1);
  size_t size = 0;
  while (at < uri.size) {
    bool is_quoted = uri.data[at] == '%' && uri.size - at > 2 &&
                     get_hexadecimal(uri.data[at + 1]) >= 0 &&
                     get_hexadecimal(uri.data[at + 2]) >= 0;
    if (is_quoted) {
      path[size++] =
          (char)(get_hexadecimal(uri.data[at + 1]) << 4 | get_hexadecimal(uri.data[at + 2]));
      at += 3;
    } else {
      path[size++] = uri.data[at++];
    }
  }
  path[size] = '\0';
  return eagre_text_make(path, size);
}
