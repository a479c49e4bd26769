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

static bool begins_comment(const struct eagre_csv_options *options, struct eagre_text value) {
  return value.size > 0 && value.data[0] == (options->comment == '\0' ? '#' : options->comment);
}

/* A value that would not read back as it is. */
static bool needs_quotes(const struct eagre_csv_options *options, struct eagre_text value) {
  if (options->quotes_all) return true;
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
  bool is_comment = is_first && begins_comment(options, value); /* not behind white space */
  value = trim(value);
  if (value.size == 0) {
    eagre_buffer_append_text(out, options->written_empty_value);
    return;
  }
  if (options->quote == '\0' || !(is_comment || needs_quotes(options, value))) {
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

/* [61 62] */
static void print_bytes(struct eagre_text bytes, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '[');
  for (size_t i = 0; i < bytes.size; i++) {
    eagre_buffer_printf(out, "%s%02X", i > 0 ? " " : "", (unsigned char)bytes.data[i]);
  }
  eagre_buffer_append_char(out, ']');
}

/* Times are written as JSON has them, numbers as Java prints them. */
void eagre_csv_print_value(const struct eagre_csv_options *options,
                           const struct eagre_vector *vector, uint32_t row,
                           struct eagre_buffer *out) {
  uint32_t index = eagre_vector_index(vector, row);
  char text[64];
  size_t size = 0;
  switch (vector->type->kind) {
  case EAGRE_TYPE_TIMESTAMP:
    size = eagre_value_print_json_timestamp(EAGRE_VALUES(const int64_t, vector)[index],
                                            options->zone, text);
    break;
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    size = eagre_value_print_json_timestamp_ntz(EAGRE_VALUES(const int64_t, vector)[index], text);
    break;
  case EAGRE_TYPE_DECIMAL:
    size = eagre_value_print_decimal_java(EAGRE_VALUES(const eagre_decimal, vector)[index],
                                          vector->type->scale, text);
    break;
  case EAGRE_TYPE_BINARY:
    print_bytes(EAGRE_VALUES(const struct eagre_text, vector)[index], out);
    return;
  default:
    eagre_value_print(vector, row, options->zone, out);
    return;
  }
  eagre_buffer_append(out, text, size);
}

void eagre_csv_write_field(const struct eagre_csv_options *options,
                           const struct eagre_vector *vector, uint32_t row, bool is_first,
                           struct eagre_buffer *out) {
  if (eagre_vector_is_null(vector, row)) return;
  if (vector->type->kind == EAGRE_TYPE_STRING) {
    uint32_t index = eagre_vector_index(vector, row);
    eagre_csv_write_value(options, EAGRE_VALUES(const struct eagre_text, vector)[index], is_first,
                          out);
    return;
  }
  struct eagre_buffer printed = {0};
  eagre_csv_print_value(options, vector, row, &printed);
  eagre_csv_write_value(options, eagre_buffer_text(&printed), is_first, out);
  eagre_buffer_done(&printed);
}
