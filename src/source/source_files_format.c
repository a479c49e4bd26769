/* How the lines of a JSON source become rows: options and columns, made once for all cores. */
#include "source/source_files.h"

/* The options of read_files that the decoder knows under the same name. */
static const char *const decoder_options[] = {
    "columnNameOfCorruptRecord",
    "allowComments",
    "allowUnquotedFieldNames",
    "allowSingleQuotes",
    "allowNumericLeadingZeros",
    "allowNonNumericNumbers",
    "allowBackslashEscapingAnyCharacter",
    "allowUnquotedControlChars",
    "timestampFormat",
    "dateFormat",
    "timeZone",
    "maxNestingDepth",
    "maxNumLen",
    "maxStringLen",
};

static enum eagre_status set_options(struct eagre_source_files_format *format,
                                     const struct eagre_options *options,
                                     const struct eagre_zone *zone, struct eagre_error *error) {
  eagre_json_options_init(&format->options);
  for (size_t i = 0; i < EAGRE_COUNT_OF(decoder_options); i++) {
    if (!eagre_option_given(options, decoder_options[i])) continue;
    EAGRE_TRY(eagre_json_option_set(&format->options, eagre_text_of(decoder_options[i]),
                                    eagre_option_text(options, decoder_options[i]), &format->arena,
                                    error));
  }
  struct eagre_text mode = eagre_option_text(options, "mode");
  format->drops_malformed = eagre_text_equal_string(mode, "DROPMALFORMED");
  if (eagre_text_equal_string(mode, "FAILFAST")) format->options.mode = EAGRE_JSON_FAILFAST;
  format->options.keep_tokens = true;
  format->options.zone = zone;
  if (format->options.zone_name.size == 0) return EAGRE_OK;
  EAGRE_TRY(eagre_zone_open(format->options.zone_name, &format->own_zone, error));
  format->options.zone = format->own_zone;
  return EAGRE_OK;
}

static enum eagre_status refuse_only_corrupt(struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN",
                  "The feature is not supported: Queries from raw JSON files are disallowed when "
                  "the referenced columns only include the internal corrupt record column.");
  eagre_error_hint(error, "select another column beside it");
  return EAGRE_USAGE;
}

static bool is_wanted(const struct eagre_plan_source *plan, uint32_t column) {
  if (plan->are_partitions != NULL && plan->are_partitions[column]) return false;
  return plan->wanted == NULL || plan->wanted[column];
}

/* The wanted columns as a schema of their own, and who gets malformed records. */
static enum eagre_status make_schema(struct eagre_source_files_format *format,
                                     const struct eagre_plan_source *plan,
                                     struct eagre_error *error) {
  uint32_t column_count = plan->schema->field_count;
  struct eagre_field *fields =
      eagre_arena_allocate(&format->arena, (column_count + 1) * sizeof *fields);
  uint32_t count = 0;
  format->columns = eagre_arena_allocate(&format->arena, column_count * sizeof *format->columns);
  for (uint32_t i = 0; i < column_count; i++) {
    const struct eagre_field *field = &plan->schema->fields[i];
    format->columns[i] = UINT32_MAX;
    if (!is_wanted(plan, i)) continue;
    if (eagre_text_equal(field->name, format->options.corrupt_column)) format->corrupt = count;
    format->columns[i] = count;
    fields[count++] = *field;
  }
  if (format->corrupt != UINT32_MAX && count == 1) return refuse_only_corrupt(error);
  if (format->corrupt == UINT32_MAX && format->drops_malformed) {
    format->corrupt = count;
    fields[count++] = (struct eagre_field){format->options.corrupt_column,
                                           eagre_type_of(EAGRE_TYPE_STRING), true};
  }
  format->schema = eagre_type_struct(&format->arena, fields, count);
  return EAGRE_OK;
}

enum eagre_status eagre_source_files_format_init(struct eagre_source_files_format *format,
                                                 const struct eagre_plan_source *plan,
                                                 const struct eagre_zone *zone,
                                                 struct eagre_error *error) {
  *format = (struct eagre_source_files_format){
      .source = plan->schema, .corrupt = UINT32_MAX, .batch_rows_max = EAGRE_BATCH_ROWS_MAX};
  EAGRE_TRY(set_options(format, &plan->options, zone, error));
  return make_schema(format, plan, error);
}

void eagre_source_files_format_done(struct eagre_source_files_format *format) {
  eagre_zone_close(format->own_zone);
  eagre_arena_done(&format->arena);
}
