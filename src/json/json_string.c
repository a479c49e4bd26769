/* Unescaping, repairing and re-escaping of string tokens (json_string.h). A string is walked in
 * pieces: a run of raw bytes without backslash, or one escape. */
#include "json/json_string.h"

#include "value/value.h"

enum {
  REPAIR_SIZE = 4096, /* bytes repaired at a time, so that the scratch memory stays small */
};

/* ---- Pieces ---------------------------------------------------------------------------------- */

struct piece {
  struct eagre_text run; /* raw bytes; empty for an escape */
  uint32_t code_point;   /* of an escape; a surrogate when it has no partner */
};

static bool is_high_surrogate(uint32_t unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_surrogate(uint32_t unit) {
  return unit >= 0xd800 && unit <= 0xdfff;
}

static uint32_t read_hexadecimal(const char *digits) {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) {
    uint32_t digit = (uint32_t)(unsigned char)digits[i];
    value = value * 16 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
  }
  return value;
}

/* The code point of a \u escape whose digits begin at rest->data; takes its partner too. */
static uint32_t take_unicode_escape(struct eagre_text *rest) {
  uint32_t unit = read_hexadecimal(rest->data);
  rest->data += 4;
  rest->size -= 4;
  if (!is_high_surrogate(unit) || rest->size < 6) return unit;
  if (rest->data[0] != '\\' || rest->data[1] != 'u') return unit;
  uint32_t low = read_hexadecimal(rest->data + 2);
  if (low < 0xdc00 || low > 0xdfff) return unit;
  rest->data += 6;
  rest->size -= 6;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t get_short_escape(char letter) {
  switch (letter) {
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return (unsigned char)letter; /* itself: quotes, slashes, anything when that is allowed */
  }
}

static size_t find_backslash(struct eagre_text text, size_t from) {
  const char *found = from < text.size ? memchr(text.data + from, '\\', text.size - from) : NULL;
  return found == NULL ? text.size : (size_t)(found - text.data);
}

/* Takes the next piece off `rest`, which is not empty and was checked by the tokenizer. */
static struct piece take_piece(struct eagre_text *rest) {
  size_t run_size = find_backslash(*rest, 0);
  if (run_size == 0 && (unsigned char)rest->data[1] >= 0x80) {
    /* A backslash before a code point beyond ASCII means nothing: the run begins behind it. */
    rest->data++;
    rest->size--;
    run_size = find_backslash(*rest, 0);
  }
  if (run_size > 0) {
    struct eagre_text run = eagre_text_make(rest->data, run_size);
    rest->data += run_size;
    rest->size -= run_size;
    return (struct piece){.run = run};
  }
  char letter = rest->data[1];
  rest->data += 2;
  rest->size -= 2;
  if (letter == 'u') return (struct piece){.code_point = take_unicode_escape(rest)};
  return (struct piece){.code_point = get_short_escape(letter)};
}

/* ---- Putting --------------------------------------------------------------------------------- */

static void put_code_point(struct eagre_json_output *output, uint32_t code_point) {
  if (code_point < 0x80) {
    eagre_json_put_char(output, (char)code_point);
    return;
  }
  if (code_point < 0x800) {
    eagre_json_put_char(output, (char)(0xc0 | code_point >> 6));
  } else {
    if (code_point < 0x10000) {
      eagre_json_put_char(output, (char)(0xe0 | code_point >> 12));
    } else {
      eagre_json_put_char(output, (char)(0xf0 | code_point >> 18));
      eagre_json_put_char(output, (char)(0x80 | (code_point >> 12 & 0x3f)));
    }
    eagre_json_put_char(output, (char)(0x80 | (code_point >> 6 & 0x3f)));
  }
  eagre_json_put_char(output, (char)(0x80 | (code_point & 0x3f)));
}

static void put_unit_escape(struct eagre_json_output *output, uint32_t unit) {
  static const char digits[] = "0123456789ABCDEF";
  char escape[6] = {'\\',
                    'u',
                    digits[unit >> 12 & 15],
                    digits[unit >> 8 & 15],
                    digits[unit >> 4 & 15],
                    digits[unit & 15]};
  eagre_json_put(output, escape, sizeof escape);
}

/* The letter of the short escape of `byte`, or 0. */
static char get_escape_letter(unsigned char byte) {
  switch (byte) {
  case '"':
  case '\\':
    return (char)byte;
  case '\b':
    return 'b';
  case '\f':
    return 'f';
  case '\n':
    return 'n';
  case '\r':
    return 'r';
  case '\t':
    return 't';
  default:
    return 0;
  }
}

static void render_code_point(struct eagre_json_output *output, uint32_t code_point) {
  char letter = code_point < 0x80 ? get_escape_letter((unsigned char)code_point) : 0;
  if (letter != 0) {
    eagre_json_put_char(output, '\\');
    eagre_json_put_char(output, letter);
  } else if (code_point < 0x20 || is_surrogate(code_point)) {
    put_unit_escape(output, code_point);
  } else if (code_point >= 0x10000) {
    put_unit_escape(output, 0xd800 + ((code_point - 0x10000) >> 10));
    put_unit_escape(output, 0xdc00 + ((code_point - 0x10000) & 0x3ff));
  } else {
    put_code_point(output, code_point);
  }
}

/* Valid UTF-8, escaped where a literal needs it. */
static void render_run(struct eagre_json_output *output, struct eagre_text run) {
  const unsigned char *bytes = (const unsigned char *)run.data;
  size_t begin = 0;
  for (size_t at = 0; at < run.size;) {
    bool is_beyond_bmp = bytes[at] >= 0xf0;
    if (bytes[at] >= 0x20 && bytes[at] != '"' && bytes[at] != '\\' && !is_beyond_bmp) {
      at++;
      continue;
    }
    eagre_json_put(output, bytes + begin, at - begin);
    if (is_beyond_bmp) {
      render_code_point(output, (uint32_t)(bytes[at] & 7) << 18 |
                                    (uint32_t)(bytes[at + 1] & 0x3f) << 12 |
                                    (uint32_t)(bytes[at + 2] & 0x3f) << 6 | (bytes[at + 3] & 0x3f));
      at += 4;
    } else {
      render_code_point(output, bytes[at++]);
    }
    begin = at;
  }
  eagre_json_put(output, bytes + begin, run.size - begin);
}

static void put_valid_run(struct eagre_json_output *output, struct eagre_text run,
                          bool is_rendered) {
  if (is_rendered) {
    render_run(output, run);
  } else {
    eagre_json_put(output, run.data, run.size);
  }
}

/* The size of the first part of `run` to repair: it does not end inside a sequence. */
static size_t get_repair_size(struct eagre_text run) {
  if (run.size <= REPAIR_SIZE) return run.size;
  size_t size = REPAIR_SIZE;
  for (int back = 0; back < 3 && ((unsigned char)run.data[size] & 0xc0) == 0x80; back++)
    size--;
  return size;
}

/* A run that may be invalid UTF-8. */
static void put_run(struct eagre_json_output *output, struct eagre_text run, bool is_rendered) {
  if (eagre_value_utf8_is_valid(run)) {
    put_valid_run(output, run, is_rendered);
    return;
  }
  struct eagre_buffer repaired = {0};
  while (run.size > 0) {
    size_t size = get_repair_size(run);
    eagre_buffer_clear(&repaired);
    eagre_value_utf8_repair(eagre_text_make(run.data, size), &repaired);
    put_valid_run(output, eagre_buffer_text(&repaired), is_rendered);
    run.data += size;
    run.size -= size;
  }
  eagre_buffer_done(&repaired);
}

/* ---- The usual case -------------------------------------------------------------------------- */

enum { UNESCAPE_SLACK = 8 }; /* bytes behind the result that may be written */

/* Valid UTF-8 with escapes into `out`, which has room for the raw size and the slack: an escape is
 * never shorter than what it means. Returns the size. */
static size_t unescape(struct eagre_text raw, char *out) {
  struct eagre_json_output output = {.data = out};
  const uint64_t ones = UINT64_C(0x0101010101010101);
  while (raw.size > 0) {
    while (raw.size >= 8) {
      uint64_t word;
      memcpy(&word, raw.data, sizeof word);
      uint64_t other = word ^ ones * '\\';
      memcpy(output.data + output.size, &word, sizeof word);
      uint64_t backslashes = (other - ones) & ~other & ones * 0x80;
      size_t plain_size = backslashes == 0 ? 8 : (size_t)__builtin_ctzll(backslashes) >> 3;
      output.size += plain_size;
      raw.data += plain_size;
      raw.size -= plain_size;
      if (plain_size < 8) break;
    }
    if (raw.size == 0) break;
    if (*raw.data != '\\') {
      eagre_json_put_char(&output, *raw.data++);
      raw.size--;
      continue;
    }
    struct piece piece = take_piece(&raw);
    if (piece.run.size > 0) {
      eagre_json_put(&output, piece.run.data, piece.run.size);
    } else if (is_surrogate(piece.code_point)) {
      eagre_json_put_char(&output, '?');
    } else {
      put_code_point(&output, piece.code_point);
    }
  }
  return output.size;
}

/* ---- Door ------------------------------------------------------------------------------------ */

bool eagre_json_string_is_valid(struct eagre_json_string string) {
  return !string.has_high || eagre_value_utf8_is_valid(string.raw);
}

bool eagre_json_string_is_plain(struct eagre_json_string string) {
  return !string.has_escape && eagre_json_string_is_valid(string);
}

bool eagre_json_string_decode(struct eagre_json_string string, struct eagre_json_output *output) {
  bool is_complete = true;
  struct eagre_text rest = string.raw;
  while (rest.size > 0) {
    struct piece piece = take_piece(&rest);
    if (piece.run.size > 0) {
      put_run(output, piece.run, false);
    } else if (is_surrogate(piece.code_point)) {
      eagre_json_put_char(output, '?');
      is_complete = false;
    } else {
      put_code_point(output, piece.code_point);
    }
  }
  return is_complete;
}

void eagre_json_string_render(struct eagre_json_string string, struct eagre_json_output *output) {
  eagre_json_put_char(output, '"');
  struct eagre_text rest = string.raw;
  while (rest.size > 0) {
    struct piece piece = take_piece(&rest);
    if (piece.run.size > 0) {
      put_run(output, piece.run, true);
    } else {
      render_code_point(output, piece.code_point);
    }
  }
  eagre_json_put_char(output, '"');
}

bool eagre_json_string_fits(struct eagre_json_string string, uint32_t unit_count_max) {
  if (string.raw.size <= unit_count_max) return true;
  /* A unit is written in three bytes at most, in six with escapes. */
  if (string.raw.size / (string.has_escape ? 6 : 3) > unit_count_max) return false;
  struct eagre_json_output output = {0};
  eagre_json_string_decode(string, &output);
  if (output.size <= unit_count_max) return true;
  if (output.size / 3 > unit_count_max) return false;
  output = (struct eagre_json_output){.data = eagre_allocate(output.size)};
  eagre_json_string_decode(string, &output);
  size_t unit_count = eagre_value_utf8_length(eagre_text_make(output.data, output.size));
  for (size_t i = 0; i < output.size; i++)
    unit_count += (unsigned char)output.data[i] >= 0xf0;
  eagre_free(output.data);
  return unit_count <= unit_count_max;
}

struct eagre_text eagre_json_string_unescape(struct eagre_json_string string,
                                             struct eagre_arena *arena) {
  if (!string.has_escape) return string.raw;
  char *text = eagre_arena_allocate_text(arena, string.raw.size + UNESCAPE_SLACK);
  return eagre_text_make(text, unescape(string.raw, text));
}

size_t eagre_json_string_measure(struct eagre_json_string string) {
  struct eagre_json_output output = {0};
  eagre_json_string_decode(string, &output);
  return output.size;
}

struct eagre_text eagre_json_string_repair(struct eagre_json_string string, size_t size,
                                           struct eagre_arena *arena) {
  struct eagre_json_output output = {.data = eagre_arena_allocate_text(arena, size)};
  eagre_json_string_decode(string, &output);
  return eagre_text_make(output.data, output.size);
}

struct eagre_text eagre_json_string_text(struct eagre_json_string string,
                                         struct eagre_arena *arena) {
  if (eagre_json_string_is_valid(string)) return eagre_json_string_unescape(string, arena);
  return eagre_json_string_repair(string, eagre_json_string_measure(string), arena);
}
