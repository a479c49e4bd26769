/* Lines of CSV files -> rows. Blank lines and comments are no records; with the option header the
 * first record of a file is left out, or compared with the schema. */
#include "source/source_files.h"

/* The options of read_files that the decoder knows under the same name. */
static const char *const decoder_options[] = {
    "sep",
    "delimiter",
    "quote",
    "escape",
    "charToEscapeQuoteEscaping",
    "comment",
    "ignoreLeadingWhiteSpace",
    "ignoreTrailingWhiteSpace",
    "mode",
    "nullValue",
    "emptyValue",
    "nanValue",
    "positiveInf",
    "negativeInf",
    "dateFormat",
    "timestampFormat",
    "timeZone",
    "columnNameOfCorruptRecord",
    "maxColumns",
    "maxCharsPerColumn",
};

/* ---- Format ---------------------------------------------------------------------------------- */

static void choose_columns(struct eagre_source_files_csv_format *format,
                           const struct eagre_plan_source *plan) {
  uint32_t column_count = plan->schema->field_count;
  struct eagre_field *fields =
      eagre_arena_allocate(&format->arena, (column_count + 1) * sizeof *fields);
  uint32_t count = 0;
  format->columns =
      eagre_arena_allocate(&format->arena, (column_count + 1) * sizeof *format->columns);
  format->wanted = eagre_arena_allocate_zeroed(&format->arena, column_count + 1);
  for (uint32_t i = 0; i < column_count; i++) {
    if (plan->are_partitions != NULL && plan->are_partitions[i]) continue;
    format->wanted[count] = plan->wanted == NULL || plan->wanted[i];
    format->columns[count] = i;
    fields[count++] = plan->schema->fields[i];
  }
  format->schema = eagre_type_struct(&format->arena, fields, count);
}

enum eagre_status eagre_source_files_csv_init(struct eagre_source_files_csv_format *format,
                                              const struct eagre_plan_source *plan,
                                              const struct eagre_zone *zone,
                                              struct eagre_error *error) {
  const struct eagre_options *options = &plan->options;
  *format = (struct eagre_source_files_csv_format){0};
  eagre_csv_options_init(&format->options);
  for (size_t i = 0; i < EAGRE_COUNT_OF(decoder_options); i++) {
    if (!eagre_option_given(options, decoder_options[i])) continue;
    EAGRE_TRY(eagre_csv_option_set(&format->options, eagre_text_of(decoder_options[i]),
                                   eagre_option_text(options, decoder_options[i]), &format->arena,
                                   error));
  }
  format->has_header = eagre_option_boolean(options, "header");
  format->checks_header = format->has_header && !eagre_option_boolean(options, "enforceSchema");
  format->options.zone = zone;
  choose_columns(format, plan);
  if (format->options.zone_name.size == 0) return EAGRE_OK;
  EAGRE_TRY(eagre_zone_open(format->options.zone_name, &format->own_zone, error));
  format->options.zone = format->own_zone;
  return EAGRE_OK;
}

void eagre_source_files_csv_done(struct eagre_source_files_csv_format *format) {
  eagre_zone_close(format->own_zone);
  eagre_arena_done(&format->arena);
}

/* ---- One core -------------------------------------------------------------------------------- */

enum eagre_status eagre_source_files_csv_open(struct eagre_source_files_csv *csv,
                                              const struct eagre_source_files_csv_format *format,
                                              const struct eagre_plan_source *plan,
                                              struct eagre_error *error) {
  csv->format = format;
  csv->source = plan->schema;
  csv->options = format->options;
  return eagre_csv_decoder_new(format->schema, &csv->options, format->wanted, &csv->decoder, error);
}

void eagre_source_files_csv_close(struct eagre_source_files_csv *csv) {
  eagre_csv_decoder_free(csv->decoder);
  csv->decoder = NULL;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* The lines that are records, with their numbers. */
struct records {
  struct eagre_text *lines;
  int64_t *numbers;
  uint32_t count;
};

static enum eagre_status take_records(struct eagre_source_files_csv *csv,
                                      const struct eagre_text *lines, uint32_t line_count,
                                      int64_t line_number,
                                      const struct eagre_source_files_part *part,
                                      struct records *out, struct eagre_error *error) {
  for (uint32_t i = 0; i < line_count; i++) {
    if (eagre_csv_is_skipped(&csv->options, lines[i])) continue;
    if (!csv->is_header_next) {
      out->lines[out->count] = lines[i];
      out->numbers[out->count++] = line_number + i;
      continue;
    }
    csv->is_header_next = false;
    if (!csv->format->checks_header) continue;
    enum eagre_status status = eagre_csv_check_header(csv->decoder, lines[i], error);
    if (status != EAGRE_OK) {
      return eagre_source_files_wrap_failure(status, part, line_number + i, error);
    }
  }
  return EAGRE_OK;
}

/* Puts the columns of the file where the source has them. */
static void place_columns(const struct eagre_source_files_csv *csv,
                          const struct eagre_vector *columns, uint32_t row_count,
                          struct eagre_batch *batch) {
  const struct eagre_type *schema = csv->format->schema;
  eagre_batch_set_columns(batch, csv->source->field_count, row_count);
  for (uint32_t i = 0; i < csv->source->field_count; i++) {
    eagre_vector_init_null(&batch->columns[i], csv->source->fields[i].type, &batch->arena);
  }
  for (uint32_t i = 0; i < schema->field_count; i++) {
    batch->columns[csv->format->columns[i]] = columns[i];
  }
}

enum eagre_status eagre_source_files_csv_fill(struct eagre_source_files_csv *csv,
                                              const struct eagre_text *lines, uint32_t line_count,
                                              int64_t line_number,
                                              const struct eagre_source_files_part *part,
                                              struct eagre_batch *batch,
                                              struct eagre_error *error) {
  struct eagre_arena *arena = &batch->arena;
  struct records records = {
      .lines = eagre_arena_allocate(arena, line_count * sizeof *records.lines),
      .numbers = eagre_arena_allocate(arena, line_count * sizeof *records.numbers),
  };
  EAGRE_TRY(take_records(csv, lines, line_count, line_number, part, &records, error));
  if (records.count == 0) return EAGRE_OK;
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(arena, (csv->format->schema->field_count + 1) * sizeof *columns);
  uint8_t *keep = eagre_arena_allocate_vector(arena, eagre_bits_size(records.count));
  eagre_bits_fill(keep, records.count, true);
  enum eagre_status status =
      eagre_csv_decode(csv->decoder, records.lines, records.count, columns, keep, arena, error);
  if (status != EAGRE_OK) {
    int64_t row = error == NULL || error->row < 0 ? 0 : error->row;
    return eagre_source_files_wrap_failure(status, part, records.numbers[row], error);
  }
  place_columns(csv, columns, records.count, batch);
  batch->origin.offsets = records.numbers;
  if (csv->options.mode == EAGRE_CSV_DROPMALFORMED) eagre_batch_filter(batch, keep);
  return EAGRE_OK;
}
