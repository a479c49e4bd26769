/* from_csv and to_csv over the room `csv`. from_csv keeps one decoder per instruction; its options
 * and schema are checked while binding, by making a decoder once and throwing it away. */
#include <string.h>

#include "csv/csv.h"
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* The plan-time part of a call: everything but the zone and the batch timestamp. */
struct eagre_expression_csv {
  const struct eagre_type *schema;
  struct eagre_csv_options options;
};

/* ---- from_csv: binding ----------------------------------------------------------------------- */

/* Positions within the schema text mean nothing in the file. */
static enum eagre_status place_schema_error(struct eagre_bind *bind) {
  if (bind->error != NULL) bind->error->line = 0;
  eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
  return EAGRE_USAGE;
}

/* 'a INT, b STRING' or 'STRUCT<a: INT>', of values without parts. */
static enum eagre_status parse_schema(struct eagre_bind *bind, struct eagre_text ddl,
                                      const struct eagre_type **out) {
  struct eagre_error first;
  eagre_error_init(&first);
  bool is_type = eagre_type_parse(bind->arena, ddl, out, &first) == EAGRE_OK;
  if (!is_type && eagre_type_parse_columns(bind->arena, ddl, out, NULL) != EAGRE_OK) {
    if (bind->error != NULL) *bind->error = first;
    return place_schema_error(bind);
  }
  if ((*out)->kind != EAGRE_TYPE_STRUCT) {
    return eagre_bind_fail(bind, bind->arguments[1]->position, "INVALID_SCHEMA.NON_STRUCT_TYPE",
                           "The input schema \"%.*s\" is not a valid schema string. The input "
                           "expression should be evaluated to struct type, but got %s.",
                           (int)ddl.size, ddl.data, eagre_expression_type_name(bind->arena, *out));
  }
  for (uint32_t i = 0; i < (*out)->field_count; i++) {
    const struct eagre_type *field = (*out)->fields[i].type;
    if (field->field_count == 0) continue;
    return eagre_bind_fail(bind, bind->arguments[1]->position, "UNSUPPORTED_DATATYPE",
                           "Unsupported data type %s.",
                           eagre_expression_type_name(bind->arena, field));
  }
  return EAGRE_OK;
}

static enum eagre_status read_schema(struct eagre_bind *bind, struct eagre_text *out_text,
                                     const struct eagre_type **out) {
  struct eagre_expression *schema = bind->arguments[1];
  if (schema->type->kind != EAGRE_TYPE_STRING || !schema->is_constant) {
    return eagre_bind_fail(bind, schema->position, "INVALID_SCHEMA.NON_STRING_LITERAL",
                           "The input schema %s is not a valid schema string. The input expression "
                           "must be string literal and not null.",
                           eagre_expression_sql(bind->arena, schema));
  }
  EAGRE_TRY(eagre_bind_constant_text(bind, 1, "schema", out_text));
  return parse_schema(bind, *out_text, out);
}

static enum eagre_status set_options(struct eagre_bind *bind, struct eagre_text *texts,
                                     uint32_t count, struct eagre_csv_options *out) {
  eagre_csv_options_init(out);
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    enum eagre_status status =
        eagre_csv_option_set(out, texts[i], texts[i + 1], bind->arena, bind->error);
    if (status != EAGRE_OK) {
      eagre_sql_place_unplaced(bind->arguments[bind->argument_count - 1]->position, bind->error);
      return status;
    }
  }
  if (out->mode != EAGRE_CSV_DROPMALFORMED) return EAGRE_OK;
  return eagre_bind_fail(bind, bind->position, "PARSE_MODE_UNSUPPORTED",
                         "The function `%s` doesn't support the DROPMALFORMED mode. Acceptable "
                         "modes are PERMISSIVE and FAILFAST.",
                         bind->function->info.name);
}

/* Makes a decoder once and throws it away. */
static enum eagre_status check_decoder(struct eagre_bind *bind,
                                       const struct eagre_expression_csv *csv) {
  struct eagre_csv_options options = csv->options;
  struct eagre_csv_decoder *decoder = NULL;
  options.zone = bind->session->zone;
  enum eagre_status status =
      eagre_csv_decoder_new(csv->schema, &options, NULL, &decoder, bind->error);
  eagre_csv_decoder_free(decoder);
  if (status != EAGRE_OK) eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
  return status;
}

/* The time zone of an option must exist; it is opened again by every program. */
static enum eagre_status check_zone(struct eagre_bind *bind, struct eagre_text name) {
  struct eagre_zone *zone = NULL;
  if (name.size == 0) return EAGRE_OK;
  enum eagre_status status = eagre_zone_open(name, &zone, bind->error);
  eagre_zone_close(zone);
  if (status != EAGRE_OK) eagre_sql_place_unplaced(bind->position, bind->error);
  return status;
}

enum eagre_status eagre_bind_from_csv(struct eagre_bind *bind, struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "\"STRING\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_STRING)));
  struct eagre_expression_csv *csv = eagre_arena_allocate_zeroed(bind->arena, sizeof *csv);
  struct eagre_text schema, *texts;
  uint32_t count;
  EAGRE_TRY(read_schema(bind, &schema, &csv->schema));
  EAGRE_TRY(eagre_bind_options(bind, 2, &texts, &count));
  EAGRE_TRY(set_options(bind, texts, count, &csv->options));
  if (bind->session->malformed_fails) csv->options.mode = EAGRE_CSV_FAILFAST;
  EAGRE_TRY(check_zone(bind, csv->options.zone_name));
  EAGRE_TRY(check_decoder(bind, csv));
  struct eagre_text options = eagre_bind_join_options(bind->arena, texts, count);
  bind->argument_count = 1;
  *out = eagre_bind_call(bind, csv->schema, eagre_kernel_from_csv);
  (*out)->csv = csv;
  (*out)->text = eagre_arena_printf(bind->arena, "'%.*s'%s%.*s", (int)schema.size, schema.data,
                                    count > 0 ? ", " : "", (int)options.size, options.data);
  if (csv->options.mode == EAGRE_CSV_FAILFAST) eagre_expression_set_failing(*out);
  return EAGRE_OK;
}

/* ---- from_csv: running ----------------------------------------------------------------------- */

struct csv_state {
  struct eagre_csv_options options;
  struct eagre_zone *zone; /* option timeZone */
  struct eagre_csv_decoder *decoder;
  struct eagre_pattern *date_pattern; /* to_csv */
  struct eagre_pattern *timestamp_pattern;
};

static void free_state(void *data) {
  struct csv_state *state = data;
  eagre_csv_decoder_free(state->decoder);
  eagre_pattern_close(state->date_pattern);
  eagre_pattern_close(state->timestamp_pattern);
  eagre_zone_close(state->zone);
  eagre_free(state);
}

/* The state of the call, which the caller fills when *out_is_new. */
static enum eagre_status get_state(struct eagre_kernel_call *call, struct csv_state **out,
                                   bool *out_is_new) {
  *out_is_new = call->state->data == NULL;
  if (*out_is_new) {
    struct csv_state *state = eagre_allocate_zeroed(1, sizeof *state);
    call->state->data = state;
    call->state->free = free_state;
    state->options = call->node->csv->options;
    state->options.zone = call->zone;
    if (state->options.zone_name.size > 0) {
      EAGRE_TRY(eagre_zone_open(state->options.zone_name, &state->zone, call->error));
      state->options.zone = state->zone;
    }
  }
  *out = call->state->data;
  return EAGRE_OK;
}

/* The texts of rows that are not NULL, empty for comments; places[row] is where a row went. */
static uint32_t list_lines(const struct eagre_kernel_call *call, struct eagre_text *lines,
                           uint32_t *places) {
  uint32_t count = 0;
  char comment = call->node->csv->options.comment;
  for (uint32_t row = 0; row < call->row_count; row++) {
    places[row] = count > 0 ? count - 1 : 0;
    if (!eagre_kernel_is_live(call, row)) continue;
    places[row] = count;
    struct eagre_text line = eagre_kernel_text(call, 0, row);
    bool is_comment = comment != '\0' && line.size > 0 && line.data[0] == comment;
    lines[count++] = is_comment ? EAGRE_TEXT("") : line;
  }
  return count;
}

enum eagre_status eagre_kernel_from_csv(struct eagre_kernel_call *call) {
  struct csv_state *state;
  bool is_new;
  uint32_t field_count = call->node->type->field_count;
  struct eagre_text *lines = eagre_arena_allocate(call->arena, call->row_count * sizeof *lines + 1);
  uint32_t *places = eagre_arena_allocate(call->arena, call->row_count * sizeof *places + 1);
  EAGRE_TRY(get_state(call, &state, &is_new));
  if (is_new) {
    EAGRE_TRY(eagre_csv_decoder_new(call->node->csv->schema, &state->options, NULL, &state->decoder,
                                    call->error));
  }
  state->options.now_us = call->now_us;
  uint32_t count = list_lines(call, lines, places);
  if (count == 0) {
    eagre_vector_init_null(call->out, call->node->type, call->arena);
    eagre_vector_flatten(call->out, call->row_count, call->arena);
    return EAGRE_OK;
  }
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(call->arena, (field_count + 1) * sizeof *columns);
  uint8_t *keep = eagre_arena_allocate_vector(call->arena, eagre_bits_size(count));
  memset(keep, 0xff, eagre_bits_size(count));
  EAGRE_TRY(
      eagre_csv_decode(state->decoder, lines, count, columns, keep, call->arena, call->error));
  call->out->children = columns;
  if (count == call->row_count) return EAGRE_OK;
  call->out->children =
      eagre_arena_allocate_zeroed(call->arena, (field_count + 1) * sizeof *columns);
  for (uint32_t i = 0; i < field_count; i++) {
    eagre_vector_gather(&call->out->children[i], &columns[i], places, call->row_count, call->arena);
  }
  return EAGRE_OK;
}

/* ---- to_csv ---------------------------------------------------------------------------------- */

static enum eagre_status refuse_field(struct eagre_bind *bind, const struct eagre_type *type) {
  return eagre_bind_mismatch(bind, "UNSUPPORTED_INPUT_TYPE",
                             "The input of `to_csv` can't be %s type data.",
                             eagre_expression_type_name(bind->arena, type));
}

/* Parts are printed as a CAST to STRING prints them; bytes inside of them would not be text. */
static bool is_printable(const struct eagre_type *type, bool is_part) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (!is_printable(type->fields[i].type, true)) return false;
  }
  if (type->kind == EAGRE_TYPE_BINARY) return !is_part;
  return type->kind != EAGRE_TYPE_VARIANT && !eagre_type_is_interval(type->kind);
}

enum eagre_status eagre_bind_to_csv(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type = bind->arguments[0]->type;
  if (type->kind != EAGRE_TYPE_STRUCT) return refuse_field(bind, type);
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (!is_printable(type->fields[i].type, false)) return refuse_field(bind, type->fields[i].type);
  }
  struct eagre_expression_csv *csv = eagre_arena_allocate_zeroed(bind->arena, sizeof *csv);
  struct eagre_text *texts;
  uint32_t count;
  EAGRE_TRY(eagre_bind_options(bind, 1, &texts, &count));
  EAGRE_TRY(set_options(bind, texts, count, &csv->options));
  EAGRE_TRY(check_zone(bind, csv->options.zone_name));
  csv->schema = type;
  bind->argument_count = 1;
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), eagre_kernel_to_csv);
  (*out)->csv = csv;
  (*out)->text = eagre_bind_join_options(bind->arena, texts, count);
  return EAGRE_OK;
}

/* The value as Spark writes it into a file. */
static void print_value(const struct csv_state *state, const struct eagre_vector *vector,
                        uint32_t row, struct eagre_buffer *out) {
  uint32_t index = eagre_vector_index(vector, row);
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_DATE && state->date_pattern != NULL) {
    int64_t us = EAGRE_VALUES(int32_t, vector)[index] * EAGRE_MICROS_PER_DAY;
    eagre_pattern_format(state->date_pattern, us, eagre_zone_utc(), out);
  } else if (kind == EAGRE_TYPE_TIMESTAMP && state->timestamp_pattern != NULL) {
    eagre_pattern_format(state->timestamp_pattern, EAGRE_VALUES(int64_t, vector)[index],
                         state->options.zone, out);
  } else {
    eagre_csv_print_value(&state->options, vector, row, out);
  }
}

static void write_row(const struct csv_state *state, const struct eagre_vector *record,
                      uint32_t row, struct eagre_buffer *value, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < record->type->field_count; i++) {
    const struct eagre_vector *field = &record->children[i];
    if (i > 0) eagre_buffer_append_text(out, state->options.separator);
    if (eagre_vector_is_null(field, row)) {
      eagre_buffer_append_text(out, state->options.null_value);
      continue;
    }
    eagre_buffer_clear(value);
    print_value(state, field, row, value);
    eagre_csv_write_value(&state->options, eagre_buffer_text(value), i == 0, out);
  }
}

static enum eagre_status open_patterns(struct csv_state *state, struct eagre_error *error) {
  const struct eagre_csv_options *options = &state->options;
  if (options->date_format.size > 0) {
    EAGRE_TRY(eagre_pattern_open(options->date_format, &state->date_pattern, error));
  }
  if (options->timestamp_format.size == 0) return EAGRE_OK;
  return eagre_pattern_open(options->timestamp_format, &state->timestamp_pattern, error);
}

enum eagre_status eagre_kernel_to_csv(struct eagre_kernel_call *call) {
  struct csv_state *state;
  bool is_new;
  EAGRE_TRY(get_state(call, &state, &is_new));
  if (is_new) EAGRE_TRY(open_patterns(state, call->error));
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer line = {0}, value = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_buffer_clear(&line);
    write_row(state, call->arguments[0], row, &value, &line);
    if (line.size == 0) {
      eagre_kernel_set_null(call, row); /* as Spark's writer: nothing was written */
      continue;
    }
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&line));
  }
  eagre_buffer_done(&value);
  eagre_buffer_done(&line);
  return EAGRE_OK;
}
