/* A record -> values, step for step as univocity's CsvParser goes, since what it makes of quotes in
 * wrong places is what users of Spark have in their tables:
 *
 *   "a, b"        quotes may hold separators; blanks behind the closing one are dropped
 *   "a \"b\""     the escape in front of a quote or of itself goes, elsewhere it stays
 *   "a" b, a"b"   a quote that neither opens nor closes a value: the value is as it is written, up
 *                 to the next separator (unescapedQuoteHandling STOP_AT_DELIMITER)
 *   "a, b         without a closing quote the value reaches to the end of the line */
#include "csv/csv_record.h"

struct scanner {
  const struct eagre_csv_options *options;
  const char *at;
  const char *end;
  struct eagre_buffer *work;
  struct eagre_arena *arena;
};

static bool is_blank(char byte) {
  return (unsigned char)byte <= ' ';
}

static bool is_separator(const struct scanner *scanner, const char *at) {
  struct eagre_text separator = scanner->options->separator;
  return (size_t)(scanner->end - at) >= separator.size &&
         memcmp(at, separator.data, separator.size) == 0;
}

static const char *find_separator(const struct scanner *scanner, const char *from) {
  struct eagre_text separator = scanner->options->separator;
  const char *found = memmem(from, (size_t)(scanner->end - from), separator.data, separator.size);
  return found == NULL ? scanner->end : found;
}

static struct eagre_text trim_trailing(const struct scanner *scanner, struct eagre_text text) {
  if (!scanner->options->trims_trailing) return text;
  while (text.size > 0 && is_blank(text.data[text.size - 1])) {
    text.size--;
  }
  return text;
}

static void skip_blanks(struct scanner *scanner) {
  while (scanner->at < scanner->end && is_blank(*scanner->at) &&
         !is_separator(scanner, scanner->at)) {
    scanner->at++;
  }
}

/* ---- Values in quotes ------------------------------------------------------------------------ */

static char get_escape_of_escape(const struct eagre_csv_options *options) {
  if (options->escape_of_escape != '\0') return options->escape_of_escape;
  return options->escape == options->quote ? '\0' : options->escape;
}

/* The value when nothing inside the quotes needs a second look; false otherwise. */
static bool read_simple(struct scanner *scanner, struct eagre_text *out) {
  const struct eagre_csv_options *options = scanner->options;
  char special = get_escape_of_escape(options);
  const char *begin = scanner->at + 1;
  for (const char *at = begin; at < scanner->end; at++) {
    if (*at == options->quote) {
      bool is_escaped = at > begin && at[-1] == options->escape;
      bool is_closing = at + 1 == scanner->end || is_separator(scanner, at + 1);
      if (is_escaped || !is_closing) return false;
      *out = eagre_text_make(begin, (size_t)(at - begin));
      scanner->at = at + 1;
      return true;
    }
    bool is_escape = *at == options->escape && at + 1 < scanner->end;
    if (is_escape && (at[1] == options->quote || at[1] == special)) return false;
  }
  return false;
}

/* What stands in the work buffer is part of a value that is taken as it is written: puts the
 * opening quote in front again and goes on to the separator. */
static void take_verbatim(struct scanner *scanner, const char *from) {
  const char *stop = find_separator(scanner, from);
  struct eagre_buffer *work = scanner->work;
  eagre_buffer_append(work, from, (size_t)(stop - from));
  eagre_buffer_reserve(work, 1);
  memmove(work->data + 1, work->data, work->size);
  work->data[0] = scanner->options->quote;
  work->size++;
  work->size = trim_trailing(scanner, eagre_buffer_text(work)).size;
  scanner->at = stop;
}

/* Behind a closing quote: blanks go when nothing follows them. */
static void end_quoted(struct scanner *scanner, const char *at) {
  const char *begin = at;
  while (at < scanner->end && is_blank(*at) && !is_separator(scanner, at)) {
    at++;
  }
  scanner->at = at;
  if (at == scanner->end || is_separator(scanner, at)) return;
  eagre_buffer_append_char(scanner->work, scanner->options->quote);
  eagre_buffer_append(scanner->work, begin, (size_t)(at - begin));
  take_verbatim(scanner, at);
}

/* A quote or an escape at `byte`, behind `previous`; the byte that counts as the previous one
 * afterwards. */
static char take_special(struct scanner *scanner, char byte, char previous) {
  const struct eagre_csv_options *options = scanner->options;
  char special = get_escape_of_escape(options);
  if (byte == options->escape && special != '\0' && previous == special) {
    eagre_buffer_append_char(scanner->work, options->escape);
    return '\0';
  }
  if (previous == options->escape && options->escape != '\0') {
    bool is_quote = byte == options->quote;
    eagre_buffer_append_char(scanner->work, is_quote ? options->quote : previous);
    return is_quote ? '\0' : byte;
  }
  if (byte == options->quote && previous == options->quote) {
    eagre_buffer_append_char(scanner->work, options->quote);
  }
  return byte;
}

static bool is_special(const struct eagre_csv_options *options, char byte) {
  return byte == options->quote || (byte == options->escape && options->escape != '\0');
}

/* Appends from `at` to the next byte that means something, and returns where that stands. */
static const char *take_plain(struct scanner *scanner, const char *at) {
  const char *begin = at;
  char special = get_escape_of_escape(scanner->options);
  while (at < scanner->end && !is_special(scanner->options, *at) &&
         (special == '\0' || *at != special)) {
    at++;
  }
  eagre_buffer_append(scanner->work, begin, (size_t)(at - begin));
  return at;
}

/* Byte by byte; the value is in the work buffer. */
static void read_quoted(struct scanner *scanner) {
  const struct eagre_csv_options *options = scanner->options;
  char previous = '\0';
  const char *at = scanner->at + 1;
  while (at < scanner->end) {
    bool is_closed = previous == options->quote;
    if (is_closed && (is_blank(*at) || is_separator(scanner, at))) {
      end_quoted(scanner, at);
      return;
    }
    if (is_special(options, *at)) {
      if (is_closed && *at != options->quote) {
        eagre_buffer_append_char(scanner->work, options->quote);
        take_verbatim(scanner, at + 1);
        return;
      }
      previous = take_special(scanner, *at, previous);
      at++;
      continue;
    }
    if (is_closed) {
      eagre_buffer_append_char(scanner->work, options->quote);
      take_verbatim(scanner, at);
      return;
    }
    if (previous == options->escape && previous != '\0') {
      eagre_buffer_append_char(scanner->work, options->escape);
    }
    at = take_plain(scanner, at);
    previous = at < scanner->end ? *at : '\0';
    at += at < scanner->end;
  }
  scanner->at = scanner->end;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static struct eagre_text read_value(struct scanner *scanner) {
  const struct eagre_csv_options *options = scanner->options;
  struct eagre_text value = {0};
  if (options->trims_leading) skip_blanks(scanner);
  bool is_quoted =
      options->quote != '\0' && scanner->at < scanner->end && *scanner->at == options->quote;
  if (!is_quoted) {
    const char *stop = find_separator(scanner, scanner->at);
    value = trim_trailing(scanner, eagre_text_make(scanner->at, (size_t)(stop - scanner->at)));
    scanner->at = stop;
    return value.size == 0 ? (struct eagre_text){0} : value;
  }
  if (!read_simple(scanner, &value)) {
    eagre_buffer_clear(scanner->work);
    read_quoted(scanner);
    value = eagre_arena_copy_text(scanner->arena, eagre_buffer_text(scanner->work));
  }
  return value.size == 0 ? options->empty_value : value;
}

static void add_value(struct eagre_csv_record *record, struct eagre_text value) {
  if (record->count < record->capacity) record->values[record->count] = value;
  if (value.size > record->longest) record->longest = value.size;
  record->count++;
}

void eagre_csv_record_read(const struct eagre_csv_options *options, struct eagre_text line,
                           struct eagre_arena *arena, struct eagre_buffer *work,
                           struct eagre_csv_record *out) {
  struct scanner scanner = {options, line.data, line.data + line.size, work, arena};
  out->count = 0;
  out->longest = 0;
  for (;;) {
    add_value(out, read_value(&scanner));
    if (scanner.at >= scanner.end) return;
    scanner.at += options->separator.size;
  }
}
