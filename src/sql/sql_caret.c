/* The line an error points at, with carets under the place:
 *
 *     3 | SELEC a FROM t
 *       | ^^^^^
 *
 * Characters take as many columns as a terminal gives them: tabs are repeated in the line of
 * carets, wide characters get two carets (or two spaces in front), combining ones none. The value
 * of an option that holds a secret (base_secret.h) is shown as stars. */
#include "base/base_secret.h"
#include "sql/sql_token.h"

#include <stdio.h>

enum { CARET_LINE_SIZE_MAX = 400 };

/* One code point; an invalid byte stands for itself. */
static uint32_t read_code_point(struct eagre_text text, size_t *at) {
  unsigned char lead = (unsigned char)text.data[(*at)++];
  uint32_t size = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  uint32_t code = size == 0 ? lead : lead & (0x3fu >> size);
  for (; size > 0 && *at < text.size; size--) {
    unsigned char next = (unsigned char)text.data[*at];
    if ((next & 0xc0) != 0x80) break;
    code = code << 6 | (next & 0x3f);
    (*at)++;
  }
  return code;
}

/* Columns on a terminal: the blocks that East Asian Width calls wide, and combining marks. */
static uint32_t measure_code_point(uint32_t code) {
  static const struct {
    uint32_t first;
    uint32_t last;
    uint32_t width;
  } ranges[] = {
      {0x0300, 0x036f, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05bd, 0},   {0x064b, 0x065f, 0},
      {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},   {0x200b, 0x200f, 0},
      {0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0x33ff, 2},   {0x3400, 0x4dbf, 2},
      {0x4e00, 0x9fff, 2},   {0xa000, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
      {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},   {0xfeff, 0xfeff, 0},
      {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2},
      {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(ranges); i++) {
    if (code >= ranges[i].first && code <= ranges[i].last) return ranges[i].width;
  }
  return 1;
}

/* Line `number` (from 1) without its end; false when there are fewer. */
static bool find_line(struct eagre_text source, uint32_t number, struct eagre_text *out_line) {
  size_t begin = 0;
  for (; number > 1; number--) {
    const char *newline =
        begin < source.size ? memchr(source.data + begin, '\n', source.size - begin) : NULL;
    if (newline == NULL) return false;
    begin = (size_t)(newline - source.data) + 1;
  }
  size_t end = begin;
  while (end < source.size && source.data[end] != '\n') {
    end++;
  }
  if (end > begin && source.data[end - 1] == '\r') end--;
  *out_line = eagre_text_make(source.data == NULL ? "" : source.data + begin, end - begin);
  return true;
}

static void append_repeated(struct eagre_buffer *out, char character, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_append_char(out, character);
  }
}

/* The line of carets: blanks up to the place, then carets as wide as what is above them. */
static void append_carets(struct eagre_buffer *out, struct eagre_text line, uint32_t column,
                          uint32_t length) {
  size_t at = 0;
  uint32_t number = 1, carets = 0;
  while (at < line.size && number < column + length) {
    uint32_t code = read_code_point(line, &at);
    uint32_t width = measure_code_point(code);
    if (number >= column) {
      carets += code == '\t' ? 1 : width;
    } else if (code == '\t') {
      eagre_buffer_append_char(out, '\t');
    } else {
      append_repeated(out, ' ', width);
    }
    number++;
  }
  for (; number < column; number++) {
    eagre_buffer_append_char(out, ' ');
  }
  append_repeated(out, '^', carets == 0 ? 1 : carets);
}

/* A line without control characters, which would move the carets or more. */
static void append_line(struct eagre_buffer *out, struct eagre_text line) {
  for (size_t i = 0; i < line.size; i++) {
    char character = line.data[i];
    bool is_control = (character >= 0 && character < ' ' && character != '\t') || character == 127;
    eagre_buffer_append_char(out, is_control ? '?' : character);
  }
}

/* ---- Secrets --------------------------------------------------------------------------------- */

/* The closing quote of the string that opens at `open`, or the end of the line. */
static size_t find_close(struct eagre_text line, size_t open) {
  size_t at = open + 1;
  while (at < line.size && line.data[at] != line.data[open]) {
    bool is_escape = line.data[at] == '\\' && line.data[open] != '`';
    at += is_escape ? 2 : 1;
  }
  return at < line.size ? at : line.size;
}

/* Whether a string that opens at `open` is the value of an option, named from `option` on, that
 * holds a secret. */
static bool is_secret_value(struct eagre_text line, size_t option, size_t open) {
  size_t end = open;
  while (end > option && (line.data[end - 1] == ' ' || line.data[end - 1] == '\t')) {
    end--;
  }
  if (end == option || (line.data[end - 1] != '=' && line.data[end - 1] != '>')) return false;
  return eagre_secret_is_option(eagre_text_make(line.data + option, end - option));
}

/* The line with a star for every character of a secret. */
static void hide_secrets(struct eagre_buffer *out, struct eagre_text line) {
  size_t option = 0;
  size_t copied = 0;
  for (size_t at = 0; at < line.size; at++) {
    char character = line.data[at];
    if (character == ',' || character == '(') option = at + 1;
    if (character != '\'' && character != '"' && character != '`') continue;
    size_t close = find_close(line, at);
    if (is_secret_value(line, option, at)) {
      eagre_buffer_append(out, line.data + copied, at + 1 - copied);
      for (copied = at + 1; copied < close;) {
        read_code_point(line, &copied);
        eagre_buffer_append_char(out, '*');
      }
    }
    at = close;
  }
  if (copied < line.size) eagre_buffer_append(out, line.data + copied, line.size - copied);
}

/* ---- The line -------------------------------------------------------------------------------- */

/* Cuts a very long line to a window around `column`; *column becomes the one in the window. */
static struct eagre_text cut_line(struct eagre_text line, uint32_t *column) {
  if (line.size <= CARET_LINE_SIZE_MAX) return line;
  size_t place = 0;
  for (uint32_t number = 1; number < *column && place < line.size; number++) {
    read_code_point(line, &place);
  }
  size_t begin = place > CARET_LINE_SIZE_MAX / 2 ? place - CARET_LINE_SIZE_MAX / 2 : 0;
  while (begin > 0 && ((unsigned char)line.data[begin] & 0xc0) == 0x80) {
    begin--;
  }
  size_t end = begin + CARET_LINE_SIZE_MAX < line.size ? begin + CARET_LINE_SIZE_MAX : line.size;
  while (end < line.size && ((unsigned char)line.data[end] & 0xc0) == 0x80) {
    end++;
  }
  uint32_t skipped = 0;
  for (size_t at = 0; at < begin; skipped++) {
    read_code_point(line, &at);
  }
  *column -= skipped;
  return eagre_text_make(line.data + begin, end - begin);
}

void eagre_sql_caret(struct eagre_text source, const struct eagre_error *error,
                     struct eagre_buffer *out) {
  struct eagre_text line;
  if (error->line == 0 || error->column == 0) return;
  if (!find_line(source, error->line, &line)) return;
  uint32_t column = error->column;
  struct eagre_buffer shown = {0};
  hide_secrets(&shown, line);
  line = cut_line(eagre_buffer_text(&shown), &column);
  char number[16];
  int size = snprintf(number, sizeof number, "%u", error->line);
  eagre_buffer_printf(out, "%s | ", number);
  append_line(out, line);
  append_repeated(out, '\n', 1);
  append_repeated(out, ' ', (uint32_t)size);
  eagre_buffer_append_string(out, " | ");
  append_carets(out, line, column, error->length == 0 ? 1 : error->length);
  eagre_buffer_append_char(out, '\n');
  eagre_buffer_done(&shown);
}
