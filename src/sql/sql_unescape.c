/* Escapes of string literals, as Spark resolves them:
 *   \0 \b \n \r \t \Z      NUL, backspace, line feed, carriage return, tab, Ctrl-Z
 *   \uXXXX \UXXXXXXXX      a UTF-16 unit, a code point
 *   \ooo                   an octal byte value, first digit 0 or 1, as a code point
 *   \% \_                  both characters stay: they matter to LIKE
 *   \x for any other x     x
 * and a doubled quote of the string's own kind is one quote. */
#include "sql/sql_token.h"

struct unescape {
  const char *at;
  const char *end;
  char *out; /* never longer than the body: an escape is longer than its UTF-8 */
  char quote;
};

static int read_digit(char character, int base) {
  int digit = character >= '0' && character <= '9'   ? character - '0'
              : character >= 'a' && character <= 'f' ? character - 'a' + 10
              : character >= 'A' && character <= 'F' ? character - 'A' + 10
                                                     : 99;
  return digit < base ? digit : -1;
}

/* `count` digits at `at`; false when there are fewer. */
static bool read_digits(const char *at, const char *end, int count, int base, uint32_t *out) {
  uint32_t value = 0;
  if (end - at < count) return false;
  for (int i = 0; i < count; i++) {
    int digit = read_digit(at[i], base);
    if (digit < 0) return false;
    value = value * (uint32_t)base + (uint32_t)digit;
  }
  *out = value;
  return true;
}

/* Appends a code point as UTF-8; what is none becomes what Java's encoder writes: a lone surrogate
 * is '?', and a value that is too large two of them, because it was cut into a broken pair. */
static void put_code_point(struct unescape *run, uint32_t code) {
  if (code > 0x10ffff) *run->out++ = '?';
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) code = '?';
  if (code < 0x80) {
    *run->out++ = (char)code;
  } else if (code < 0x800) {
    *run->out++ = (char)(0xc0 | code >> 6);
    *run->out++ = (char)(0x80 | (code & 63));
  } else if (code < 0x10000) {
    *run->out++ = (char)(0xe0 | code >> 12);
    *run->out++ = (char)(0x80 | (code >> 6 & 63));
    *run->out++ = (char)(0x80 | (code & 63));
  } else {
    *run->out++ = (char)(0xf0 | code >> 18);
    *run->out++ = (char)(0x80 | (code >> 12 & 63));
    *run->out++ = (char)(0x80 | (code >> 6 & 63));
    *run->out++ = (char)(0x80 | (code & 63));
  }
}

/* `\uXXXX` behind the backslash; two of them may be a surrogate pair. */
static bool unescape_unit(struct unescape *run) {
  uint32_t high = 0, low = 0;
  if (!read_digits(run->at + 1, run->end, 4, 16, &high)) return false;
  run->at += 5;
  bool is_pair = high >= 0xd800 && high <= 0xdbff && run->end - run->at >= 6 &&
                 run->at[0] == '\\' && run->at[1] == 'u' &&
                 read_digits(run->at + 2, run->end, 4, 16, &low) && low >= 0xdc00 && low <= 0xdfff;
  if (is_pair) {
    run->at += 6;
    high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }
  put_code_point(run, high);
  return true;
}

static bool unescape_code(struct unescape *run) {
  uint32_t code = 0;
  if (*run->at == 'u') return unescape_unit(run);
  if (*run->at == 'U' && read_digits(run->at + 1, run->end, 8, 16, &code)) {
    run->at += 9;
    put_code_point(run, code);
    return true;
  }
  if ((*run->at == '0' || *run->at == '1') && read_digits(run->at, run->end, 3, 8, &code)) {
    run->at += 3;
    put_code_point(run, code);
    return true;
  }
  return false;
}

/* `at` is behind a backslash that is not the last byte. */
static void unescape_one(struct unescape *run) {
  static const char letters[] = "0bnrtZ";
  static const char values[] = {'\0', '\b', '\n', '\r', '\t', 26};
  if (unescape_code(run)) return;
  char character = *run->at++;
  const char *letter = character == 0 ? NULL : strchr(letters, character);
  if (letter != NULL) character = values[letter - letters];
  if (character == '%' || character == '_') *run->out++ = '\\';
  *run->out++ = character;
}

struct eagre_text eagre_sql_unescape(struct eagre_arena *arena, struct eagre_text body,
                                     char quote) {
  bool is_plain = body.size == 0 || (memchr(body.data, '\\', body.size) == NULL &&
                                     memchr(body.data, quote, body.size) == NULL);
  if (is_plain) return body;
  char *data = eagre_arena_allocate(arena, body.size);
  struct unescape run = {
      .at = body.data, .end = body.data + body.size, .out = data, .quote = quote};
  while (run.at < run.end) {
    char character = *run.at++;
    if (character == '\\' && run.at < run.end) {
      unescape_one(&run);
    } else {
      *run.out++ = character;
      if (character == quote && run.at < run.end && *run.at == quote) run.at++;
    }
  }
  return eagre_text_make(data, (size_t)(run.out - data));
}
