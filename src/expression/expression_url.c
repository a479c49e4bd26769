/* Reading of URLs; see expression_url.h. Each function that scans moves `at` behind what it takes
 * and returns false where the text is no URL. */
#include "expression/expression_url.h"

#include <arpa/inet.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* ---- Characters ----------------------------------------------------------------------------- */

#define UNRESERVED "-_.!~*'()"

/* ASCII letters and digits belong to every set. With `takes_escapes` %XX belongs to it, and what is
 * beyond ASCII and neither white space nor control. */
struct characters {
  const char *others;
  bool takes_escapes;
};
static const struct characters scheme_characters = {"+-.", false};
static const struct characters uri_characters = {UNRESERVED ";/?:@&=+$,[]", true};
static const struct characters path_characters = {UNRESERVED ":@&=+$,;/", true};
static const struct characters name_characters = {UNRESERVED "$,;:@&=+", true};
static const struct characters user_characters = {UNRESERVED ";:&=+$,", true};
static const struct characters server_characters = {UNRESERVED ";:&=+$,@[]", true};
static const struct characters bracket_characters = {UNRESERVED ";:&=+$,@[]%", true};
static const struct characters scope_characters = {"_.", false};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_escape(struct eagre_text text, size_t at) {
  return at + 3 <= text.size && is_hex(text.data[at + 1]) && is_hex(text.data[at + 2]);
}

/* Moves *inout_at behind the characters of the set; false at a broken escape. */
static bool scan(struct eagre_text text, const struct characters *set, size_t *inout_at) {
  size_t at = *inout_at;
  while (at < text.size) {
    char c = text.data[at];
    if (is_letter(c) || is_digit(c) || (c != '\0' && strchr(set->others, c) != NULL)) {
      at++;
    } else if (c == '%' && set->takes_escapes) {
      if (!is_escape(text, at)) return false;
      at += 3;
    } else if (set->takes_escapes && (unsigned char)c >= 0x80) {
      size_t next = at;
      UChar32 point;
      U8_NEXT_OR_FFFD(text.data, next, text.size, point);
      if (u_isJavaSpaceChar(point) || u_isISOControl(point)) break;
      at = next;
    } else {
      break;
    }
  }
  *inout_at = at;
  return true;
}

/* Whether the whole text is of the characters. */
static bool is_all(struct eagre_text text, const struct characters *set) {
  size_t at = 0;
  return scan(text, set, &at) && at == text.size;
}

static size_t find_any(struct eagre_text text, size_t at, const char *marks) {
  while (at < text.size && (text.data[at] == '\0' || strchr(marks, text.data[at]) == NULL)) {
    at++;
  }
  return at;
}

static bool has(struct eagre_text text, size_t at, char c) {
  return at < text.size && text.data[at] == c;
}

static struct eagre_text part(struct eagre_text text, size_t begin, size_t end) {
  return eagre_text_make(text.data + begin, end - begin);
}

/* ---- Host ----------------------------------------------------------------------------------- */

/* Four numbers below 256; returns where they end, 0 when there are none. */
static size_t scan_address(struct eagre_text text, size_t at) {
  for (int i = 0; i < 4; i++) {
    unsigned value = 0;
    size_t begin = at;
    for (; at < text.size && is_digit(text.data[at]) && value < 256; at++) {
      value = value * 10 + (unsigned)(text.data[at] - '0');
    }
    if (at == begin || value > 255) return 0;
    if (i < 3 && !has(text, at++, '.')) return 0;
  }
  return at == text.size || text.data[at] == ':' ? at : 0;
}

static size_t scan_label(struct eagre_text text, size_t at) {
  size_t end = at;
  while (end < text.size && (is_letter(text.data[end]) || is_digit(text.data[end]) ||
                             (end > at && text.data[end] == '-'))) {
    end++;
  }
  return end;
}

/* Labels of letters, digits and inner dashes with dots between; the last of several begins with a
 * letter. Returns where they end, 0 when there are none. */
static size_t scan_hostname(struct eagre_text text, size_t begin) {
  size_t at = begin, last = begin;
  bool has_label = false;
  while (at < text.size) {
    size_t end = scan_label(text, at);
    if (end == at) break;
    if (text.data[end - 1] == '-') return 0;
    has_label = true;
    last = at;
    at = end;
    if (!has(text, at, '.')) break;
    at++;
  }
  if (!has_label || (at < text.size && text.data[at] != ':')) return 0;
  return last > begin && !is_letter(text.data[last]) ? 0 : at;
}

/* [address] with an optional %scope; returns where it ends, 0 when it is none. */
static size_t scan_bracket(struct eagre_text text, size_t begin) {
  size_t end = find_any(text, begin, "]");
  size_t scope = find_any(part(text, 0, end), begin, "%");
  char address[INET6_ADDRSTRLEN];
  unsigned char bytes[16];
  if (end == text.size || scope - begin - 1 >= sizeof address) return 0;
  if (scope < end && (scope + 1 == end || !is_all(part(text, scope + 1, end), &scope_characters))) {
    return 0;
  }
  memcpy(address, text.data + begin + 1, scope - begin - 1);
  address[scope - begin - 1] = '\0';
  return inet_pton(AF_INET6, address, bytes) == 1 ? end + 1 : 0;
}

/* A port of digits may follow; it must fit an INT. */
static bool read_port(struct eagre_text text, size_t at) {
  int64_t port = 0;
  if (at == text.size) return true;
  if (text.data[at++] != ':') return false;
  for (; at < text.size; at++) {
    if (!is_digit(text.data[at])) return false;
    port = port * 10 + (text.data[at] - '0');
    if (port > INT32_MAX) return false;
  }
  return true;
}

/* [user@]host[:port] */
static bool read_server(struct eagre_text text, struct eagre_url *out) {
  size_t begin = 0;
  size_t mark = find_any(text, 0, "@");
  struct eagre_text user = {0};
  if (mark < text.size) {
    user = part(text, 0, mark);
    if (!is_all(user, &user_characters)) return false;
    begin = mark + 1;
  }
  size_t end;
  if (has(text, begin, '[')) {
    end = scan_bracket(text, begin);
  } else {
    end = scan_address(text, begin);
    if (end == 0) end = scan_hostname(text, begin);
  }
  if (end == 0 || !read_port(text, end)) return false;
  out->user = user;
  out->host = part(text, begin, end);
  return true;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* What is no server may still be a name of a registry, which has no host. */
static bool read_authority(struct eagre_text text, struct eagre_url *out) {
  size_t server = 0, name = 0;
  bool has_bracket = find_any(text, 0, "]") < text.size;
  if (!scan(text, has_bracket ? &bracket_characters : &server_characters, &server)) return false;
  if (!scan(text, &name_characters, &name)) return false;
  out->authority = text;
  if (server == text.size && read_server(text, out)) return true;
  return name == text.size;
}

/* [//authority][path][?query] */
static bool read_hierarchy(struct eagre_text text, size_t *inout_at, struct eagre_url *out) {
  size_t at = *inout_at;
  if (has(text, at, '/') && has(text, at + 1, '/')) {
    size_t end = find_any(text, at + 2, "/?#");
    struct eagre_text authority = part(text, at + 2, end);
    if (authority.size == 0 && end == text.size) return false;
    if (authority.size > 0 && !read_authority(authority, out)) return false;
    at = end;
  }
  size_t begin = at;
  at = find_any(text, begin, "?#");
  out->path = part(text, begin, at);
  if (!is_all(out->path, &path_characters)) return false;
  if (has(text, at, '?')) {
    size_t end = find_any(text, at + 1, "#");
    out->query = part(text, at + 1, end);
    if (!is_all(out->query, &uri_characters)) return false;
    at = end;
  }
  out->file = part(text, begin, at);
  *inout_at = at;
  return true;
}

static bool read_scheme(struct eagre_text text, size_t *out_at, struct eagre_url *out) {
  size_t mark = find_any(text, 0, ":/?#");
  *out_at = 0;
  if (!has(text, mark, ':')) return true;
  out->scheme = part(text, 0, mark);
  *out_at = mark + 1;
  return mark > 0 && is_letter(text.data[0]) && is_all(out->scheme, &scheme_characters);
}

bool eagre_url_read(struct eagre_text text, struct eagre_url *out) {
  size_t at;
  *out = (struct eagre_url){0};
  if (text.size == 0) text = EAGRE_TEXT("");
  if (!read_scheme(text, &at, out)) return false;
  if (out->scheme.size > 0 && !has(text, at, '/')) {
    size_t end = find_any(text, at, "#");
    if (end == at || !is_all(part(text, at, end), &uri_characters)) return false;
    at = end;
  } else if (!read_hierarchy(text, &at, out)) {
    return false;
  }
  if (!has(text, at, '#')) return at == text.size;
  out->fragment = part(text, at + 1, text.size);
  return is_all(out->fragment, &uri_characters);
}
