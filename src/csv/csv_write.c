/* Values -> CSV, quoted as univocity's writer does for Spark. */
#include "csv/csv.h"

static bool is_space(char c) {
  return (unsigned char)c <= ' ';
}

static struct eagre_text trim(struct eagre_text value) {
  while (value.size > 0 && is_space(value.data[0])) {
    value = eagre_text_make(value.data + 1, value.size - 1);
  }
  while (value.size > 0 && is_space(value.data[value.size - 1])) {
    value.size--;
  }
  return value;
}

static bool begins_separator(const struct eagre_csv_options *options, struct eagre_text rest) {
  struct eagre_text separator = options->separator;
  return rest.size >= separator.size && memcmp(rest.data, separator.data, separator.size) == 0;
}

/* A value that would not read back as it is. */
static bool needs_quotes(const struct eagre_csv_options *options, struct eagre_text value,
                         bool is_first) {
  if (options->quotes_all) return true;
  char comment = options->comment == '\0' ? '#' : options->comment;
  if (is_first && value.size > 0 && value.data[0] == comment) return true;
  for (size_t i = 0; i < value.size; i++) {
    char c = value.data[i];
    struct eagre_text rest = {value.data + i, value.size - i};
    if (c == options->quote || c == '\n' || c == '\r' || begins_separator(options, rest)) {
      return true;
    }
  }
  return false;
}

void eagre_csv_write_value(const struct eagre_csv_options *options, struct eagre_text value,
                           bool is_first, struct eagre_buffer *out) {
  value = trim(value);
  if (value.size == 0) {
    eagre_buffer_append_text(out, options->written_empty_value);
    return;
  }
  if (options->quote == '\0' || !needs_quotes(options, value, is_first)) {
    eagre_buffer_append_text(out, value);
    return;
  }
  eagre_buffer_append_char(out, options->quote);
  for (size_t i = 0; i < value.size; i++) {
    bool is_special = value.data[i] == options->quote || value.data[i] == options->escape;
    if (is_special && options->escape != '\0') eagre_buffer_append_char(out, options->escape);
    eagre_buffer_append_char(out, value.data[i]);
  }
  eagre_buffer_append_char(out, options->quote);
}
