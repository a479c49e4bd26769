/* The options of from_json: defaults, and one table that says what each name does. */
#include "json/json.h"

enum option_kind {
  OPTION_FLAG,     /* true or false into a bool */
  OPTION_LIMIT,    /* a positive integer into a uint32_t */
  OPTION_TEXT,     /* any text into a struct eagre_text */
  OPTION_MODE,     /* PERMISSIVE or FAILFAST */
  OPTION_FALLBACK, /* true or false into an enum eagre_json_fallback */
  OPTION_IGNORED,  /* concerns files, inference or writing only */
  OPTION_REFUSED,  /* not supported yet */
};

struct option_row {
  const char *name;
  enum option_kind kind;
  size_t offset;
};

#define FIELD(name) offsetof(struct eagre_json_options, name)
static const struct option_row option_rows[] = {
    {"allowBackslashEscapingAnyCharacter", OPTION_FLAG, FIELD(allow_backslash_any)},
    {"allowComments", OPTION_FLAG, FIELD(allow_comments)},
    {"allowNonNumericNumbers", OPTION_FLAG, FIELD(allow_non_numeric_numbers)},
    {"allowNumericLeadingZeros", OPTION_FLAG, FIELD(allow_numeric_leading_zeros)},
    {"allowSingleQuotes", OPTION_FLAG, FIELD(allow_single_quotes)},
    {"allowUnquotedControlChars", OPTION_FLAG, FIELD(allow_unquoted_control_chars)},
    {"allowUnquotedFieldNames", OPTION_FLAG, FIELD(allow_unquoted_field_names)},
    {"charset", OPTION_IGNORED, 0},
    {"columnNameOfCorruptRecord", OPTION_TEXT, FIELD(corrupt_column)},
    {"compression", OPTION_IGNORED, 0},
    {"dateFormat", OPTION_TEXT, FIELD(date_format)},
    {"dropFieldIfAllNull", OPTION_IGNORED, 0},
    {"enableDateTimeParsingFallback", OPTION_FALLBACK, FIELD(datetime_fallback)},
    {"encoding", OPTION_IGNORED, 0},
    {"ignoreNullFields", OPTION_IGNORED, 0},
    {"inferTimestamp", OPTION_IGNORED, 0},
    {"lineSep", OPTION_IGNORED, 0},
    {"locale", OPTION_REFUSED, 0},
    {"maxNestingDepth", OPTION_LIMIT, FIELD(nesting_depth_max)},
    {"maxNumLen", OPTION_LIMIT, FIELD(number_size_max)},
    {"maxStringLen", OPTION_LIMIT, FIELD(string_size_max)},
    {"mode", OPTION_MODE, FIELD(mode)},
    {"multiLine", OPTION_IGNORED, 0},
    {"prefersDecimal", OPTION_IGNORED, 0},
    {"pretty", OPTION_IGNORED, 0},
    {"primitivesAsString", OPTION_IGNORED, 0},
    {"samplingRatio", OPTION_IGNORED, 0},
    {"singleVariantColumn", OPTION_TEXT, FIELD(single_variant_column)},
    {"timeZone", OPTION_TEXT, FIELD(zone_name)},
    {"timestampFormat", OPTION_TEXT, FIELD(timestamp_format)},
    {"timestampNTZFormat", OPTION_TEXT, FIELD(timestamp_ntz_format)},
    {"writeNonAsciiCharacterAsCodePoint", OPTION_IGNORED, 0},
};
#undef FIELD

void eagre_json_options_init(struct eagre_json_options *options) {
  *options = (struct eagre_json_options){
      .mode = EAGRE_JSON_PERMISSIVE,
      .corrupt_column = EAGRE_TEXT("_corrupt_record"),
      .allow_single_quotes = true,
      .allow_non_numeric_numbers = true,
      .nesting_depth_max = 1000,
      .number_size_max = 1000,
      .string_size_max = 20000000,
  };
}

static enum eagre_status refuse_value(const struct option_row *row, struct eagre_text value,
                                      const char *allowed, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "INVALID_OPTION_VALUE",
                  "The JSON option %s cannot be '%.*s'.", row->name, (int)value.size, value.data);
  eagre_error_hint(error, "Give it %s.", allowed);
  return EAGRE_USAGE;
}

static bool read_flag(struct eagre_text value, bool *out_flag) {
  *out_flag = eagre_text_equal_ignoring_case(value, EAGRE_TEXT("true"));
  return *out_flag || eagre_text_equal_ignoring_case(value, EAGRE_TEXT("false"));
}

static enum eagre_status set_flag(const struct option_row *row, struct eagre_text value,
                                  void *field, struct eagre_error *error) {
  if (read_flag(value, field)) return EAGRE_OK;
  return refuse_value(row, value, "true or false", error);
}

static enum eagre_status set_fallback(const struct option_row *row, struct eagre_text value,
                                      enum eagre_json_fallback *field, struct eagre_error *error) {
  bool flag;
  if (!read_flag(value, &flag)) return refuse_value(row, value, "true or false", error);
  *field = flag ? EAGRE_JSON_FALLBACK_ON : EAGRE_JSON_FALLBACK_OFF;
  return EAGRE_OK;
}

static enum eagre_status set_limit(const struct option_row *row, struct eagre_text value,
                                   uint32_t *field, struct eagre_error *error) {
  int64_t limit;
  if (eagre_value_parse_integer(value, &limit) != EAGRE_VALUE_OK || limit < 1 ||
      limit > INT32_MAX) {
    return refuse_value(row, value, "a whole number from 1 to 2147483647", error);
  }
  *field = (uint32_t)limit;
  return EAGRE_OK;
}

static enum eagre_status set_mode(const struct option_row *row, struct eagre_text value,
                                  enum eagre_json_mode *field, struct eagre_error *error) {
  if (eagre_text_equal_ignoring_case(value, EAGRE_TEXT("PERMISSIVE"))) {
    *field = EAGRE_JSON_PERMISSIVE;
    return EAGRE_OK;
  }
  if (eagre_text_equal_ignoring_case(value, EAGRE_TEXT("FAILFAST"))) {
    *field = EAGRE_JSON_FAILFAST;
    return EAGRE_OK;
  }
  if (eagre_text_equal_ignoring_case(value, EAGRE_TEXT("DROPMALFORMED"))) {
    eagre_error_set(error, EAGRE_USAGE, "PARSE_MODE_UNSUPPORTED",
                    "The function from_json does not support the mode DROPMALFORMED.");
    eagre_error_hint(error, "Acceptable modes are PERMISSIVE and FAILFAST.");
    return EAGRE_USAGE;
  }
  return refuse_value(row, value, "PERMISSIVE or FAILFAST", error);
}

static enum eagre_status set_option(const struct option_row *row,
                                    struct eagre_json_options *options, struct eagre_text value,
                                    struct eagre_arena *arena, struct eagre_error *error) {
  void *field = (char *)options + row->offset;
  switch (row->kind) {
  case OPTION_FLAG:
    return set_flag(row, value, field, error);
  case OPTION_LIMIT:
    return set_limit(row, value, field, error);
  case OPTION_TEXT:
    *(struct eagre_text *)field = eagre_arena_copy_text(arena, value);
    return EAGRE_OK;
  case OPTION_MODE:
    return set_mode(row, value, field, error);
  case OPTION_FALLBACK:
    return set_fallback(row, value, field, error);
  case OPTION_IGNORED:
    return EAGRE_OK;
  case OPTION_REFUSED:
    break;
  }
  return eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_OPTION",
                         "The JSON option %s is not supported yet.", row->name);
}

static enum eagre_status refuse_name(struct eagre_text name, struct eagre_error *error) {
  const char *names[EAGRE_COUNT_OF(option_rows)];
  for (size_t i = 0; i < EAGRE_COUNT_OF(option_rows); i++)
    names[i] = option_rows[i].name;
  const char *nearest = eagre_text_nearest(name, names, EAGRE_COUNT_OF(names));
  eagre_error_set(error, EAGRE_USAGE, "UNKNOWN_OPTION", "There is no JSON option '%.*s'.",
                  (int)name.size, name.data);
  if (nearest != NULL) eagre_error_hint(error, "Did you mean %s?", nearest);
  return EAGRE_USAGE;
}

enum eagre_status eagre_json_option_set(struct eagre_json_options *options, struct eagre_text name,
                                        struct eagre_text value, struct eagre_arena *arena,
                                        struct eagre_error *error) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(option_rows); i++) {
    if (eagre_text_equal_ignoring_case(name, eagre_text_of(option_rows[i].name))) {
      return set_option(&option_rows[i], options, value, arena, error);
    }
  }
  return refuse_name(name, error);
}
