/* Options of CSV by their Spark names. */
#include "csv/csv.h"

void eagre_csv_options_init(struct eagre_csv_options *options) {
  *options = (struct eagre_csv_options){
      .separator = EAGRE_TEXT(","),
      .quote = '"',
      .escape = '\\',
      .null_value = EAGRE_TEXT(""),
      .empty_value = EAGRE_TEXT(""),
      .written_empty_value = EAGRE_TEXT("\"\""),
      .nan_value = EAGRE_TEXT("NaN"),
      .positive_infinity = EAGRE_TEXT("Inf"),
      .negative_infinity = EAGRE_TEXT("-Inf"),
      .corrupt_column = EAGRE_TEXT("_corrupt_record"),
      .columns_max = 20480,
      .value_size_max = -1,
  };
}

static enum eagre_status refuse_value(struct eagre_text name, struct eagre_text value,
                                      const char *wanted, struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_OPTION_VALUE",
                         "'%.*s' is no value of option %.*s: %s.", (int)value.size, value.data,
                         (int)name.size, name.data, wanted);
}

static enum eagre_status set_character(char *out, struct eagre_text name, struct eagre_text value,
                                       struct eagre_error *error) {
  if (value.size == 0) {
    *out = '\0';
    return EAGRE_OK;
  }
  if (eagre_value_utf8_length(value) > 1) {
    return eagre_error_set(error, EAGRE_USAGE, "OPTION_VALUE_EXCEEDS_ONE_CHARACTER",
                           "The value of %.*s cannot be more than one character, but got %.*s.",
                           (int)name.size, name.data, (int)value.size, value.data);
  }
  if (value.size > 1) return refuse_value(name, value, "one ASCII character", error);
  *out = value.data[0];
  return EAGRE_OK;
}

/* CSVExprUtils.toDelimiterStr: a backslash begins an escape. */
static enum eagre_status set_separator(struct eagre_csv_options *options, struct eagre_text value,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  static const char letters[] = "trbfn0\"'\\";
  static const char meanings[] = "\t\r\b\f\n\0\"'\\";
  char *out = eagre_arena_allocate(arena, value.size + 1);
  size_t size = 0;
  if (value.size == 0) {
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_DELIMITER_VALUE.EMPTY_STRING",
                           "Invalid value for delimiter. Delimiter cannot be empty string.");
  }
  for (size_t i = 0; i < value.size; i++) {
    if (value.data[i] != '\\' || value.size == 1) {
      out[size++] = value.data[i];
      continue;
    }
    const char *letter =
        i + 1 < value.size && value.data[i + 1] != '\0' ? strchr(letters, value.data[i + 1]) : NULL;
    if (letter == NULL) {
      return eagre_error_set(
          error, EAGRE_USAGE, "INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER",
          "Invalid value for delimiter. Unsupported special character for delimiter: %.*s.",
          (int)value.size, value.data);
    }
    out[size++] = meanings[letter - letters];
    i++;
  }
  options->separator = eagre_text_make(out, size);
  return EAGRE_OK;
}

static enum eagre_status set_boolean(bool *out, struct eagre_text name, struct eagre_text value,
                                     struct eagre_error *error) {
  *out = eagre_text_equal_ignoring_case(value, EAGRE_TEXT("true"));
  bool is_known = *out || eagre_text_equal_ignoring_case(value, EAGRE_TEXT("false"));
  return is_known ? EAGRE_OK : refuse_value(name, value, "true or false", error);
}

static enum eagre_status set_mode(struct eagre_csv_options *options, struct eagre_text name,
                                  struct eagre_text value, struct eagre_error *error) {
  static const char *const modes[] = {[EAGRE_CSV_PERMISSIVE] = "PERMISSIVE",
                                      [EAGRE_CSV_DROPMALFORMED] = "DROPMALFORMED",
                                      [EAGRE_CSV_FAILFAST] = "FAILFAST"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(modes); i++) {
    if (!eagre_text_equal_ignoring_case(value, eagre_text_of(modes[i]))) continue;
    options->mode = (enum eagre_csv_mode)i;
    return EAGRE_OK;
  }
  return refuse_value(name, value, "PERMISSIVE, DROPMALFORMED or FAILFAST", error);
}

static enum eagre_status set_limits(struct eagre_csv_options *options, struct eagre_text name,
                                    struct eagre_text value, bool is_columns,
                                    struct eagre_error *error) {
  int64_t number;
  bool is_number = eagre_value_parse_integer(value, &number) == EAGRE_VALUE_OK &&
                   number >= (is_columns ? 1 : -1) && number <= INT32_MAX;
  if (!is_number) return refuse_value(name, value, "a number of them", error);
  if (is_columns) {
    options->columns_max = (uint32_t)number;
  } else {
    options->value_size_max = number;
  }
  return EAGRE_OK;
}

static struct eagre_text *find_text(struct eagre_csv_options *options, struct eagre_text name) {
  const struct {
    const char *name;
    struct eagre_text *text;
  } rows[] = {
      {"nullValue", &options->null_value},
      {"emptyValue", &options->empty_value},
      {"nanValue", &options->nan_value},
      {"positiveInf", &options->positive_infinity},
      {"negativeInf", &options->negative_infinity},
      {"dateFormat", &options->date_format},
      {"timestampFormat", &options->timestamp_format},
      {"columnNameOfCorruptRecord", &options->corrupt_column},
      {"timeZone", &options->zone_name},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    if (eagre_text_equal_ignoring_case(name, eagre_text_of(rows[i].name))) return rows[i].text;
  }
  return NULL;
}

static bool is_named(struct eagre_text name, const char *wanted) {
  return eagre_text_equal_ignoring_case(name, eagre_text_of(wanted));
}

enum eagre_status eagre_csv_option_set(struct eagre_csv_options *options, struct eagre_text name,
                                       struct eagre_text value, struct eagre_arena *arena,
                                       struct eagre_error *error) {
  struct eagre_text *text = find_text(options, name);
  if (text != NULL) {
    *text = eagre_arena_copy_text(arena, value);
    if (text == &options->empty_value) options->written_empty_value = *text;
    return EAGRE_OK;
  }
  if (is_named(name, "quoteAll")) return set_boolean(&options->quotes_all, name, value, error);
  if (is_named(name, "sep") || is_named(name, "delimiter")) {
    return set_separator(options, value, arena, error);
  }
  if (is_named(name, "quote")) return set_character(&options->quote, name, value, error);
  if (is_named(name, "escape")) return set_character(&options->escape, name, value, error);
  if (is_named(name, "comment")) return set_character(&options->comment, name, value, error);
  if (is_named(name, "charToEscapeQuoteEscaping")) {
    return set_character(&options->escape_of_escape, name, value, error);
  }
  if (is_named(name, "ignoreLeadingWhiteSpace")) {
    return set_boolean(&options->trims_leading, name, value, error);
  }
  if (is_named(name, "ignoreTrailingWhiteSpace")) {
    return set_boolean(&options->trims_trailing, name, value, error);
  }
  if (is_named(name, "mode")) return set_mode(options, name, value, error);
  if (is_named(name, "maxColumns")) return set_limits(options, name, value, true, error);
  if (is_named(name, "maxCharsPerColumn")) return set_limits(options, name, value, false, error);
  return eagre_error_set(error, EAGRE_USAGE, "UNKNOWN_OPTION", "There is no CSV option %.*s.",
                         (int)name.size, name.data);
}

bool eagre_csv_is_skipped(const struct eagre_csv_options *options, struct eagre_text line) {
  bool is_comment = options->comment != '\0' && line.size > 0 && line.data[0] == options->comment;
  size_t i = 0;
  while (i < line.size && (unsigned char)line.data[i] <= ' ') {
    i++;
  }
  return is_comment || i == line.size;
}
