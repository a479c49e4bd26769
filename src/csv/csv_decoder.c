/* Records -> columns: which values of a record belong to which column, and what is malformed.
 *
 * Spark lets its parser cut out only the columns that are read, when those are fewer than there are
 * and the corrupt one is not among them. Then a record with too few or too many values passes. */
#include "csv/csv.h"

#include "csv/csv_convert.h"
#include "csv/csv_record.h"

enum { NO_PLACE = -1 };

struct eagre_csv_decoder {
  const struct eagre_type *schema;
  const struct eagre_csv_options *options;
  struct eagre_csv_converter converter;
  struct eagre_arena arena;
  int32_t *places;      /* field -> place of its value in a record; NO_PLACE: it is not read */
  int32_t corrupt;      /* field that gets malformed records; -1 none */
  uint32_t value_count; /* that a whole record has */
  bool counts_values;   /* a record with more or fewer of them is malformed */
  struct eagre_buffer work;
};

/* ---- Life ------------------------------------------------------------------------------------ */

static enum eagre_status check_type(const struct eagre_field *field, struct eagre_error *error) {
  bool is_known = field->type->field_count == 0 && eagre_type_is_supported(field->type->kind) &&
                  field->type->kind != EAGRE_TYPE_VARIANT && field->type->kind != EAGRE_TYPE_NULL &&
                  field->type->kind != EAGRE_TYPE_TIMESTAMP_NTZ &&
                  field->type->kind != EAGRE_TYPE_INTERVAL_DAY &&
                  field->type->kind != EAGRE_TYPE_INTERVAL_YEAR;
  if (is_known) return EAGRE_OK;
  struct eagre_buffer type = {0};
  eagre_type_print(&type, field->type);
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                  "The CSV datasource doesn't support the column `%.*s` of the type \"%s\".",
                  (int)field->name.size, field->name.data, eagre_buffer_string(&type));
  eagre_buffer_done(&type);
  return EAGRE_USAGE;
}

static enum eagre_status check_corrupt(const struct eagre_field *field, struct eagre_error *error) {
  if (field->type->kind == EAGRE_TYPE_STRING) return EAGRE_OK;
  return eagre_error_set(
      error, EAGRE_USAGE, "INVALID_CORRUPT_RECORD_TYPE",
      "The column `%.*s` for corrupt records must have the nullable STRING type.",
      (int)field->name.size, field->name.data);
}

static enum eagre_status place_fields(struct eagre_csv_decoder *decoder, const bool *wanted,
                                      struct eagre_error *error) {
  const struct eagre_type *schema = decoder->schema;
  uint32_t read_count = 0;
  uint32_t place = 0;
  bool keeps_corrupt = false;
  decoder->corrupt = -1;
  decoder->places =
      eagre_arena_allocate(&decoder->arena, (schema->field_count + 1) * sizeof(int32_t));
  for (uint32_t i = 0; i < schema->field_count; i++) {
    bool is_wanted = wanted == NULL || wanted[i];
    decoder->places[i] = NO_PLACE;
    if (eagre_text_equal(schema->fields[i].name, decoder->options->corrupt_column)) {
      EAGRE_TRY(check_corrupt(&schema->fields[i], error));
      if (is_wanted) decoder->corrupt = (int32_t)i;
      keeps_corrupt = is_wanted;
      continue;
    }
    EAGRE_TRY(check_type(&schema->fields[i], error));
    if (is_wanted) decoder->places[i] = (int32_t)place;
    if (is_wanted) read_count++;
    place++;
  }
  decoder->value_count = place;
  decoder->counts_values = keeps_corrupt || read_count == place;
  if (keeps_corrupt && read_count == 0) {
    return eagre_error_set(
        error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN",
        "The feature is not supported: Queries from raw CSV files are disallowed when the "
        "referenced columns only include the internal corrupt record column.");
  }
  return EAGRE_OK;
}

static enum eagre_status open_pattern(struct eagre_text text, struct eagre_pattern **out,
                                      struct eagre_error *error) {
  if (text.size == 0) return EAGRE_OK;
  EAGRE_TRY(eagre_pattern_open(text, out, error));
  return eagre_pattern_check_parse(*out, error);
}

static enum eagre_status open_decoder(struct eagre_csv_decoder *decoder, const bool *wanted,
                                      struct eagre_error *error) {
  const struct eagre_csv_options *options = decoder->options;
  EAGRE_TRY(place_fields(decoder, wanted, error));
  EAGRE_TRY(open_pattern(options->date_format, &decoder->converter.date_pattern, error));
  return open_pattern(options->timestamp_format, &decoder->converter.timestamp_pattern, error);
}

enum eagre_status eagre_csv_decoder_new(const struct eagre_type *schema,
                                        const struct eagre_csv_options *options, const bool *wanted,
                                        struct eagre_csv_decoder **out_decoder,
                                        struct eagre_error *error) {
  struct eagre_csv_decoder *decoder = eagre_allocate_zeroed(1, sizeof *decoder);
  decoder->schema = schema;
  decoder->options = options;
  decoder->converter.options = options;
  enum eagre_status status = open_decoder(decoder, wanted, error);
  if (status != EAGRE_OK) {
    eagre_csv_decoder_free(decoder);
    return status;
  }
  *out_decoder = decoder;
  return EAGRE_OK;
}

void eagre_csv_decoder_free(struct eagre_csv_decoder *decoder) {
  if (decoder == NULL) return;
  eagre_pattern_close(decoder->converter.date_pattern);
  eagre_pattern_close(decoder->converter.timestamp_pattern);
  eagre_buffer_done(&decoder->work);
  eagre_arena_done(&decoder->arena);
  eagre_free(decoder);
}

/* ---- Records --------------------------------------------------------------------------------- */

static enum eagre_status refuse_record(const struct eagre_csv_options *options, uint32_t row,
                                       bool is_long, struct eagre_error *error) {
  if (is_long) {
    eagre_error_set(error, EAGRE_DATA, "MALFORMED_CSV_RECORD",
                    "A value of a CSV record is longer than maxCharsPerColumn (%lld).",
                    (long long)options->value_size_max);
  } else {
    eagre_error_set(error, EAGRE_DATA, "MALFORMED_CSV_RECORD",
                    "A CSV record has more values than maxColumns (%u).", options->columns_max);
  }
  if (error != NULL) error->row = row;
  return EAGRE_DATA;
}

/* Cuts the lines into texts, column by column: value `place` of line i is texts[place][i]. */
static enum eagre_status cut_records(struct eagre_csv_decoder *decoder,
                                     const struct eagre_text *lines, uint32_t count,
                                     struct eagre_text **texts, bool *are_bad,
                                     struct eagre_arena *arena, struct eagre_error *error) {
  const struct eagre_csv_options *options = decoder->options;
  struct eagre_csv_record record = {.capacity = decoder->value_count};
  record.values = eagre_arena_allocate(arena, (record.capacity + 1) * sizeof *record.values);
  for (uint32_t i = 0; i < count; i++) {
    eagre_csv_record_read(options, lines[i], arena, &decoder->work, &record);
    bool is_long = options->value_size_max >= 0 && record.longest > (size_t)options->value_size_max;
    if (is_long || record.count > options->columns_max) {
      return refuse_record(options, i, is_long, error);
    }
    are_bad[i] = decoder->counts_values && record.count != decoder->value_count;
    for (uint32_t place = 0; place < decoder->value_count; place++) {
      struct eagre_text value =
          place < record.count ? record.values[place] : (struct eagre_text){0};
      bool is_null = value.data == NULL || eagre_text_equal(value, options->null_value);
      texts[place][i] = is_null ? (struct eagre_text){0} : value;
    }
  }
  return EAGRE_OK;
}

static void fill_corrupt(const struct eagre_text *lines, uint32_t count, const bool *are_bad,
                         struct eagre_vector *out, struct eagre_arena *arena) {
  eagre_vector_add_validity(out, count, false, arena);
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(struct eagre_text, out)[i] = are_bad[i] ? lines[i] : (struct eagre_text){0};
    if (are_bad[i]) eagre_bit_set(out->validity, i);
  }
}

static enum eagre_status apply_mode(const struct eagre_csv_decoder *decoder,
                                    const struct eagre_text *lines, uint32_t count,
                                    const bool *are_bad, uint8_t *keep, struct eagre_error *error) {
  if (decoder->options->mode == EAGRE_CSV_PERMISSIVE) return EAGRE_OK;
  for (uint32_t i = 0; i < count; i++) {
    if (!are_bad[i]) continue;
    if (decoder->options->mode == EAGRE_CSV_DROPMALFORMED) {
      eagre_bit_clear(keep, i);
      continue;
    }
    int shown = lines[i].size < 200 ? (int)lines[i].size : 200;
    eagre_error_set(error, EAGRE_DATA, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                    "Malformed records are detected in record parsing: %.*s. Parse Mode: FAILFAST.",
                    shown, lines[i].data);
    if (error != NULL) error->row = i;
    return EAGRE_DATA;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_csv_decode(struct eagre_csv_decoder *decoder,
                                   const struct eagre_text *lines, uint32_t line_count,
                                   struct eagre_vector *columns, uint8_t *keep,
                                   struct eagre_arena *arena, struct eagre_error *error) {
  const struct eagre_type *schema = decoder->schema;
  struct eagre_text **texts =
      eagre_arena_allocate(arena, (decoder->value_count + 1) * sizeof *texts);
  bool *are_bad = eagre_arena_allocate_zeroed(arena, line_count + 1);
  for (uint32_t i = 0; i < decoder->value_count; i++) {
    texts[i] = eagre_arena_allocate(arena, (line_count + 1) * sizeof **texts);
  }
  EAGRE_TRY(cut_records(decoder, lines, line_count, texts, are_bad, arena, error));
  for (uint32_t i = 0; i < schema->field_count; i++) {
    const struct eagre_type *type = schema->fields[i].type;
    if (decoder->places[i] == NO_PLACE) {
      eagre_vector_init_null(&columns[i], type, arena);
      continue;
    }
    eagre_vector_init(&columns[i], type, line_count, arena);
    eagre_csv_convert(&decoder->converter, texts[decoder->places[i]], line_count, &columns[i],
                      are_bad, arena);
  }
  if (decoder->corrupt >= 0) {
    struct eagre_vector *corrupt = &columns[decoder->corrupt];
    eagre_vector_init(corrupt, schema->fields[decoder->corrupt].type, line_count, arena);
    fill_corrupt(lines, line_count, are_bad, corrupt, arena);
  }
  return apply_mode(decoder, lines, line_count, are_bad, keep, error);
}

/* ---- Headers --------------------------------------------------------------------------------- */

static bool header_fits(const struct eagre_csv_decoder *decoder,
                        const struct eagre_csv_record *record) {
  uint32_t place = 0;
  if (record->count != decoder->value_count) return false;
  for (uint32_t i = 0; i < decoder->schema->field_count; i++) {
    struct eagre_text name = decoder->schema->fields[i].name;
    if (eagre_text_equal(name, decoder->options->corrupt_column)) continue;
    if (!eagre_text_equal_ignoring_case(record->values[place++], name)) return false;
  }
  return true;
}

enum eagre_status eagre_csv_check_header(struct eagre_csv_decoder *decoder, struct eagre_text line,
                                         struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_csv_record record = {.capacity = decoder->value_count};
  record.values = eagre_arena_allocate(&arena, (record.capacity + 1) * sizeof *record.values);
  eagre_csv_record_read(decoder->options, line, &arena, &decoder->work, &record);
  bool fits = header_fits(decoder, &record);
  eagre_arena_done(&arena);
  if (fits) return EAGRE_OK;
  int shown = line.size < 200 ? (int)line.size : 200;
  eagre_error_set(error, EAGRE_DATA, "_LEGACY_ERROR_TEMP_3241",
                  "The CSV header does not conform to the schema. Header: %.*s.", shown, line.data);
  eagre_error_hint(error, "name the columns of the schema as the header does, or leave "
                          "enforceSchema out");
  return EAGRE_DATA;
}
