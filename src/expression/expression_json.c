/* JSON functions over the room `json`: from_json, to_json, get_json_object, value:path and others.
 *
 * from_json keeps one decoder per instruction; its options and schema are checked while binding, by
 * making a decoder once and throwing it away. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_variant.h"
#include "json/json.h"

/* ---- Options: map('key', 'value', ...) ------------------------------------------------------- */

static bool is_map(const struct eagre_expression *expression) {
  return expression->kind == EAGRE_EXPRESSION_CALL &&
         expression->function == eagre_function_find(EAGRE_TEXT("map"));
}

enum eagre_status eagre_bind_options(struct eagre_bind *bind, uint32_t index,
                                     struct eagre_text **out_texts, uint32_t *out_count) {
  *out_texts = NULL;
  *out_count = 0;
  if (bind->argument_count <= index) return EAGRE_OK;
  struct eagre_expression *map = bind->arguments[index];
  if (!is_map(map)) {
    return eagre_bind_fail(bind, map->position, "INVALID_OPTIONS.NON_MAP_FUNCTION",
                           "Invalid options: Must use the `map()` function for options.");
  }
  struct eagre_bind pairs = *bind;
  pairs.function = map->function;
  pairs.arguments = map->arguments;
  pairs.argument_count = map->argument_count;
  *out_texts = eagre_arena_allocate(bind->arena, map->argument_count * sizeof **out_texts + 1);
  for (uint32_t i = 0; i < map->argument_count; i++) {
    if (eagre_bind_kind(&pairs, i) != EAGRE_TYPE_STRING) {
      return eagre_bind_fail(bind, map->arguments[i]->position, "INVALID_OPTIONS.NON_STRING_TYPE",
                             "Invalid options: A type of keys and values in `map()` must be "
                             "string, but got %s.",
                             eagre_expression_type_name(bind->arena, map->arguments[i]->type));
    }
    EAGRE_TRY(eagre_bind_constant_text(&pairs, i, "options", &(*out_texts)[i]));
  }
  *out_count = map->argument_count;
  return EAGRE_OK;
}

struct eagre_text eagre_bind_join_options(struct eagre_arena *arena, const struct eagre_text *texts,
                                          uint32_t count) {
  struct eagre_buffer buffer = {0};
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_append_string(&buffer, i == 0 ? "map('" : ", '");
    eagre_buffer_append_text(&buffer, texts[i]);
    eagre_buffer_append_string(&buffer, i + 1 == count ? "')" : "'");
  }
  struct eagre_text joined = eagre_arena_copy_text(arena, eagre_buffer_text(&buffer));
  eagre_buffer_done(&buffer);
  return joined;
}

/* ---- from_json: binding ---------------------------------------------------------------------- */

/* Whatever the schema says, every field may be missing. */
static const struct eagre_type *make_nullable(struct eagre_arena *arena,
                                              const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_ARRAY) {
    return eagre_type_array(arena, make_nullable(arena, type->fields[0].type));
  }
  if (type->kind == EAGRE_TYPE_MAP) {
    return eagre_type_map(arena, type->fields[0].type, make_nullable(arena, type->fields[1].type));
  }
  if (type->kind != EAGRE_TYPE_STRUCT) return type;
  struct eagre_field *fields =
      eagre_arena_allocate(arena, (size_t)type->field_count * sizeof *fields + 1);
  for (uint32_t i = 0; i < type->field_count; i++) {
    fields[i] = type->fields[i];
    fields[i].type = make_nullable(arena, fields[i].type);
    fields[i].nullable = true;
  }
  return eagre_type_struct(arena, fields, type->field_count);
}

static enum eagre_status read_schema_text(struct eagre_bind *bind, struct eagre_text *out) {
  const struct eagre_expression *schema = bind->arguments[1];
  if (schema->type->kind == EAGRE_TYPE_STRING && schema->is_constant) {
    return eagre_bind_constant_text(bind, 1, "schema", out);
  }
  return eagre_bind_fail(bind, schema->position, "INVALID_SCHEMA.NON_STRING_LITERAL",
                         "The input schema %s is not a valid schema string. The input expression "
                         "must be string literal and not null.",
                         eagre_expression_sql(bind->arena, schema));
}

/* What a JSON text can be as a whole. */
static bool is_root(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRUCT || kind == EAGRE_TYPE_VARIANT || eagre_type_is_list(kind);
}

/* 'a INT, b STRING' or 'STRUCT<a: INT>'. */
static enum eagre_status read_schema(struct eagre_bind *bind, struct eagre_text ddl,
                                     const struct eagre_type **out) {
  struct eagre_error first;
  eagre_error_init(&first);
  const struct eagre_type *type = NULL;
  if (eagre_type_parse(bind->arena, ddl, &type, &first) != EAGRE_OK) {
    enum eagre_status status = eagre_type_parse_columns(bind->arena, ddl, &type, bind->error);
    if (status != EAGRE_OK) {
      /* Positions within the schema text mean nothing in the file. */
      if (bind->error != NULL) bind->error->line = 0;
      eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
      return status;
    }
  }
  if (!is_root(type->kind)) {
    return eagre_bind_mismatch(bind, "INVALID_JSON_SCHEMA",
                               "Input schema %s must be a struct, an array, a map or a variant.",
                               eagre_expression_type_name(bind->arena, type));
  }
  *out = make_nullable(bind->arena, type);
  return EAGRE_OK;
}

static enum eagre_status set_options(struct eagre_bind *bind, const struct eagre_text *texts,
                                     uint32_t count, struct eagre_json_options *out) {
  eagre_json_options_init(out);
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    enum eagre_status status =
        eagre_json_option_set(out, texts[i], texts[i + 1], bind->arena, bind->error);
    if (status != EAGRE_OK) {
      eagre_sql_place_unplaced(bind->arguments[2]->position, bind->error);
      return status;
    }
  }
  return EAGRE_OK;
}

/* Option singleVariantColumn: the one field takes the whole text. */
static enum eagre_status take_single_variant(struct eagre_bind *bind,
                                             const struct eagre_expression_json *json) {
  struct eagre_text name = json->options->single_variant_column;
  const struct eagre_type *schema = json->schema;
  if (name.size == 0) return EAGRE_OK;
  json->options->is_bare = schema->kind == EAGRE_TYPE_STRUCT && schema->field_count == 1 &&
                           schema->fields[0].type->kind == EAGRE_TYPE_VARIANT &&
                           eagre_text_equal(schema->fields[0].name, name);
  if (json->options->is_bare) return EAGRE_OK;
  return eagre_bind_fail(bind, bind->arguments[1]->position, "INVALID_SINGLE_VARIANT_COLUMN",
                         "With the option `singleVariantColumn` the schema must be one VARIANT "
                         "column of that name, '%.*s VARIANT'.",
                         (int)name.size, name.data);
}

static enum eagre_status check_decoder(struct eagre_bind *bind,
                                       const struct eagre_expression_json *json) {
  struct eagre_json_options options = *json->options;
  struct eagre_json_decoder *decoder = NULL;
  options.zone = bind->session->zone;
  enum eagre_status status = eagre_json_decoder_new(json->schema, &options, NULL,
                                                    EAGRE_JSON_ISA_BEST, &decoder, bind->error);
  eagre_json_decoder_free(decoder);
  if (status != EAGRE_OK) {
    eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
  }
  return status;
}

/* The arguments behind the first as they are written. */
static struct eagre_text join_texts(struct eagre_arena *arena, struct eagre_text schema,
                                    const struct eagre_text *texts, uint32_t count) {
  struct eagre_text options = eagre_bind_join_options(arena, texts, count);
  return eagre_arena_printf(arena, "'%.*s'%s%.*s", (int)schema.size, schema.data,
                            count > 0 ? ", " : "", (int)options.size, options.data);
}

enum eagre_status eagre_bind_from_json(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_STRING &&
      eagre_bind_kind(bind, 0) != EAGRE_TYPE_NULL) {
    enum eagre_status status = eagre_bind_unexpected(bind, 0, "\"STRING\"");
    eagre_error_hint(bind->error, "write CAST(... AS STRING) around the first argument");
    return status;
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_STRING)));
  struct eagre_expression_json *json = eagre_arena_allocate_zeroed(bind->arena, sizeof *json);
  struct eagre_text schema;
  struct eagre_text *texts;
  uint32_t count;
  json->options = eagre_arena_allocate(bind->arena, sizeof *json->options);
  EAGRE_TRY(read_schema_text(bind, &schema));
  EAGRE_TRY(read_schema(bind, schema, &json->schema));
  EAGRE_TRY(eagre_bind_options(bind, 2, &texts, &count));
  EAGRE_TRY(set_options(bind, texts, count, json->options));
  if (bind->session->malformed_fails) json->options->mode = EAGRE_JSON_FAILFAST;
  const struct eagre_type *type = json->schema;
  EAGRE_TRY(take_single_variant(bind, json));
  if (type->kind != EAGRE_TYPE_STRUCT) {
    const struct eagre_field value = {EAGRE_TEXT("value"), type, true};
    json->schema = eagre_type_struct(bind->arena, &value, 1);
    json->options->is_bare = true;
  }
  EAGRE_TRY(check_decoder(bind, json));
  bind->argument_count = 1;
  *out = eagre_bind_call(bind, type, eagre_kernel_from_json);
  (*out)->json = json;
  (*out)->text = join_texts(bind->arena, schema, texts, count);
  if (json->options->mode == EAGRE_JSON_FAILFAST) eagre_expression_set_failing(*out);
  return EAGRE_OK;
}

/* ---- from_json: running ---------------------------------------------------------------------- */

static void free_decoder(void *data) {
  eagre_json_decoder_free(data);
}

static enum eagre_status get_decoder(struct eagre_kernel_call *call,
                                     struct eagre_json_decoder **out) {
  if (call->state->data == NULL) {
    const struct eagre_expression_json *json = call->node->json;
    struct eagre_json_options options = *json->options;
    struct eagre_json_decoder *decoder;
    options.zone = call->zone;
    EAGRE_TRY(eagre_json_decoder_new(json->schema, &options, json->wanted, EAGRE_JSON_ISA_BEST,
                                     &decoder, call->error));
    call->state->data = decoder;
    call->state->free = free_decoder;
  }
  *out = call->state->data;
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_from_json(struct eagre_kernel_call *call) {
  struct eagre_json_decoder *decoder;
  EAGRE_TRY(get_decoder(call, &decoder));
  eagre_json_decoder_set_now(decoder, call->now_us);
  EAGRE_TRY(eagre_json_decode(decoder, call->arguments[0], call->row_count, call->out, call->arena,
                              NULL, call->error));
  bool is_whole = call->node->json->options->is_bare && call->node->type->kind != EAGRE_TYPE_STRUCT;
  if (!is_whole) return EAGRE_OK;
  struct eagre_vector value = call->out->children[0];
  if (call->out->validity != NULL) {
    uint8_t *both = eagre_arena_allocate_vector(call->arena, eagre_bits_size(call->row_count));
    eagre_bits_and(both, call->out->validity, value.validity, call->row_count);
    value.validity = both;
  }
  *call->out = value;
  return EAGRE_OK;
}

/* ---- to_json --------------------------------------------------------------------------------- */

static enum eagre_status refuse_option(struct eagre_bind *bind, struct eagre_text name,
                                       struct eagre_text value, const char *why) {
  enum eagre_status status =
      eagre_bind_fail(bind, bind->arguments[1]->position, "UNSUPPORTED_FEATURE.JSON_OPTION",
                      "The feature is not supported: the option '%.*s' = '%.*s' of to_json%s.",
                      (int)name.size, name.data, (int)value.size, value.data, why);
  eagre_error_hint(bind->error,
                   "ignoreNullFields and pretty (true or false), timestampFormat, "
                   "timestampNTZFormat, dateFormat and timeZone are the options there are");
  return status;
}

static bool read_flag(struct eagre_text text, bool *out_flag) {
  *out_flag = eagre_text_equal_ignoring_case(text, EAGRE_TEXT("true"));
  return *out_flag || eagre_text_equal_ignoring_case(text, EAGRE_TEXT("false"));
}

/* False when the option is unknown or has no such value. */
static bool set_write_option(struct eagre_expression_to_json *to_json, struct eagre_text name,
                             struct eagre_text value) {
  bool ignores_nulls;
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("ignoreNullFields"))) {
    bool is_flag = read_flag(value, &ignores_nulls);
    to_json->keeps_nulls = !ignores_nulls;
    return is_flag;
  }
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("pretty"))) {
    return read_flag(value, &to_json->is_pretty);
  }
  if (value.data == NULL) value = EAGRE_TEXT("");
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("timestampFormat"))) {
    to_json->timestamp_format = value;
  } else if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("timestampNTZFormat"))) {
    to_json->timestamp_ntz_format = value;
  } else if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("dateFormat"))) {
    to_json->date_format = value;
  } else if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("timeZone"))) {
    to_json->zone_name = value;
  } else {
    return false;
  }
  return true;
}

/* Options made ready, and what they point to. */
struct writer {
  struct eagre_json_write_options options;
  struct eagre_zone *zone; /* option timeZone */
  struct eagre_pattern *timestamp_pattern;
  struct eagre_pattern *timestamp_ntz_pattern;
  struct eagre_pattern *date_pattern;
};

static void free_writer(void *data) {
  struct writer *writer = data;
  eagre_zone_close(writer->zone);
  eagre_pattern_close(writer->timestamp_pattern);
  eagre_pattern_close(writer->timestamp_ntz_pattern);
  eagre_pattern_close(writer->date_pattern);
  eagre_free(writer);
}

static enum eagre_status fill_writer(struct writer *writer,
                                     const struct eagre_expression_to_json *to_json,
                                     struct eagre_error *error) {
  if (to_json->zone_name.data != NULL) {
    EAGRE_TRY(eagre_zone_open(to_json->zone_name, &writer->zone, error));
    writer->options.zone = writer->zone;
  }
  if (to_json->timestamp_format.data != NULL) {
    EAGRE_TRY(eagre_pattern_open(to_json->timestamp_format, &writer->timestamp_pattern, error));
    writer->options.timestamp_pattern = writer->timestamp_pattern;
  }
  writer->options.date_zone = eagre_zone_utc();
  if (to_json->timestamp_ntz_format.data != NULL) {
    EAGRE_TRY(
        eagre_pattern_open(to_json->timestamp_ntz_format, &writer->timestamp_ntz_pattern, error));
    writer->options.timestamp_ntz_pattern = writer->timestamp_ntz_pattern;
  }
  if (to_json->date_format.data != NULL) {
    EAGRE_TRY(eagre_pattern_open(to_json->date_format, &writer->date_pattern, error));
    writer->options.date_pattern = writer->date_pattern;
  }
  return EAGRE_OK;
}

static enum eagre_status open_writer(const struct eagre_expression_to_json *to_json,
                                     const struct eagre_zone *zone, struct writer **out,
                                     struct eagre_error *error) {
  struct writer *writer = eagre_allocate_zeroed(1, sizeof *writer);
  writer->options.zone = zone;
  writer->options.keep_nulls = to_json->keeps_nulls;
  writer->options.is_pretty = to_json->is_pretty;
  enum eagre_status status = fill_writer(writer, to_json, error);
  if (status == EAGRE_OK) {
    *out = writer;
  } else {
    free_writer(writer);
  }
  return status;
}

/* Whether a pattern prints the time or the zone, which a date has not: two instants of one day, as
 * different as can be, then give different texts. */
static bool prints_time(const struct eagre_pattern *pattern, const struct eagre_zone *utc) {
  const int64_t afternoon_us = INT64_C(47655123456); /* 13:14:15.123456 of 1970-01-01 */
  const int64_t offset_us = INT64_C(3600000000);
  struct eagre_zone *other;
  struct eagre_buffer midnight = {0};
  struct eagre_buffer afternoon = {0};
  if (eagre_zone_open(EAGRE_TEXT("+01:00"), &other, NULL) != EAGRE_OK) return false;
  eagre_pattern_format(pattern, 0, utc, &midnight);
  eagre_pattern_format(pattern, afternoon_us - offset_us, other, &afternoon);
  bool is_same = eagre_text_equal(eagre_buffer_text(&midnight), eagre_buffer_text(&afternoon));
  eagre_buffer_done(&midnight);
  eagre_buffer_done(&afternoon);
  eagre_zone_close(other);
  return !is_same;
}

/* Makes a writer once and throws it away. */
static enum eagre_status check_writer(struct eagre_bind *bind,
                                      const struct eagre_expression_to_json *to_json) {
  struct writer *writer;
  enum eagre_status status = open_writer(to_json, bind->session->zone, &writer, bind->error);
  if (status != EAGRE_OK) {
    eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
    return status;
  }
  if (writer->date_pattern != NULL && prints_time(writer->date_pattern, eagre_zone_utc())) {
    status = refuse_option(bind, EAGRE_TEXT("dateFormat"), to_json->date_format,
                           ": a date has no time and no zone");
  }
  free_writer(writer);
  return status;
}

static enum eagre_status read_write_options(struct eagre_bind *bind,
                                            struct eagre_expression_to_json *to_json,
                                            struct eagre_text *out_text) {
  struct eagre_text *texts;
  uint32_t count;
  EAGRE_TRY(eagre_bind_options(bind, 1, &texts, &count));
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    if (!set_write_option(to_json, texts[i], texts[i + 1])) {
      return refuse_option(bind, texts[i], texts[i + 1], "");
    }
  }
  *out_text = eagre_bind_join_options(bind->arena, texts, count);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_to_json(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_NULL) {
    *out = eagre_expression_new_null(bind->arena, eagre_type_of(EAGRE_TYPE_STRING), bind->position);
    return EAGRE_OK;
  }
  if (!is_root(eagre_bind_kind(bind, 0))) {
    return eagre_bind_mismatch(bind, "INVALID_JSON_SCHEMA",
                               "Input schema %s must be a struct, an array, a map or a variant.",
                               eagre_expression_type_name(bind->arena, bind->arguments[0]->type));
  }
  struct eagre_text text;
  struct eagre_expression_to_json *to_json =
      eagre_arena_allocate_zeroed(bind->arena, sizeof *to_json);
  EAGRE_TRY(read_write_options(bind, to_json, &text));
  EAGRE_TRY(check_writer(bind, to_json));
  bind->argument_count = 1;
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), eagre_kernel_to_json);
  (*out)->to_json = to_json;
  (*out)->text = text;
  return EAGRE_OK;
}

static enum eagre_status get_writer(struct eagre_kernel_call *call, struct writer **out) {
  if (call->state->data == NULL) {
    struct writer *writer;
    EAGRE_TRY(open_writer(call->node->to_json, call->zone, &writer, call->error));
    call->state->data = writer;
    call->state->free = free_writer;
  }
  *out = call->state->data;
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_to_json(struct eagre_kernel_call *call) {
  struct writer *json;
  EAGRE_TRY(get_writer(call, &json));
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_buffer_clear(&buffer);
    eagre_json_write_value(call->arguments[0], row, &json->options, &buffer);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&buffer));
  }
  eagre_buffer_done(&buffer);
  return EAGRE_OK;
}

/* ---- get_json_object and value:path ---------------------------------------------------------- */

/* The path used last; a literal path is made once. */
struct path_state {
  struct eagre_json_path *path;
  struct eagre_buffer text; /* of which `path` was made */
  bool is_made;
  struct eagre_buffer result;
};

static void free_path(void *data) {
  struct path_state *state = data;
  eagre_json_path_free(state->path);
  eagre_buffer_done(&state->text);
  eagre_buffer_done(&state->result);
  eagre_free(state);
}

static struct path_state *get_path_state(struct eagre_kernel_call *call) {
  if (call->state->data == NULL) {
    call->state->data = eagre_allocate_zeroed(1, sizeof(struct path_state));
    call->state->free = free_path;
  }
  return call->state->data;
}

static void use_path(struct path_state *state, struct eagre_text text) {
  if (state->is_made && eagre_text_equal(eagre_buffer_text(&state->text), text)) return;
  eagre_json_path_free(state->path);
  state->path = eagre_json_path_new(text);
  eagre_buffer_clear(&state->text);
  eagre_buffer_append_text(&state->text, text);
  state->is_made = true;
}

/* The text that the state's path finds in row `row` of the first argument; NULL when none. */
static void put_match(struct eagre_kernel_call *call, struct path_state *state, uint32_t row,
                      struct eagre_text_writer *writer) {
  eagre_buffer_clear(&state->result);
  if (eagre_json_path_get(state->path, eagre_kernel_text(call, 0, row), &state->result)) {
    EAGRE_VALUES(struct eagre_text, call->out)
    [row] = eagre_text_writer_copy(writer, eagre_buffer_text(&state->result));
  } else {
    eagre_kernel_set_null(call, row);
  }
}

enum eagre_status eagre_kernel_get_json_object(struct eagre_kernel_call *call) {
  struct path_state *state = get_path_state(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    use_path(state, eagre_kernel_text(call, 1, row));
    put_match(call, state, row, &writer);
  }
  return EAGRE_OK;
}

static enum eagre_status run_colon(struct eagre_kernel_call *call) {
  struct path_state *state = get_path_state(call);
  if (!state->is_made) {
    EAGRE_TRY(eagre_json_colon_path_new(call->node->text, &state->path, call->error));
    state->is_made = true;
  }
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) put_match(call, state, row, &writer);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_expression_colon(struct eagre_arena *arena, struct eagre_expression *value,
                                         struct eagre_text path, struct eagre_sql_position position,
                                         struct eagre_expression **out, struct eagre_error *error) {
  if (value->type->kind == EAGRE_TYPE_VARIANT) {
    return eagre_variant_colon(arena, value, path, position, out, error);
  }
  if (value->type->kind != EAGRE_TYPE_STRING) {
    enum eagre_status status = eagre_error_set(
        error, EAGRE_USAGE, "COLUMN_IS_NOT_VARIANT_TYPE",
        "The value before `:` must be a VARIANT or a STRING, but it has the type %s.",
        eagre_expression_type_name(arena, value->type));
    eagre_error_hint(error, "write value::string:path for a BINARY value");
    eagre_sql_place_unplaced(position, error);
    return status;
  }
  struct eagre_json_path *compiled;
  enum eagre_status status = eagre_json_colon_path_new(path, &compiled, error);
  if (status != EAGRE_OK) {
    if (error != NULL) error->line = 0;
    eagre_sql_place_unplaced(position, error);
    return status;
  }
  eagre_json_path_free(compiled);
  *out =
      eagre_expression_new_call(arena, eagre_function_internal(EAGRE_INTERNAL_COLON),
                                eagre_type_of(EAGRE_TYPE_STRING), run_colon, &value, 1, position);
  (*out)->text = eagre_arena_copy_text(arena, path);
  return EAGRE_OK;
}

/* ---- json_array_length ----------------------------------------------------------------------- */

enum eagre_status eagre_kernel_json_array_length(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  struct eagre_arena scratch = {0};
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    const struct eagre_json_node *root = NULL;
    enum eagre_status status =
        eagre_json_read(&scratch, eagre_kernel_text(call, 0, row), &root, NULL);
    if (status != EAGRE_OK || root->kind != EAGRE_JSON_ARRAY) {
      eagre_kernel_set_null(call, row);
    } else {
      for (const struct eagre_json_node *node = root->child; node != NULL; node = node->next) {
        out[row]++;
      }
    }
    eagre_arena_reset(&scratch);
  }
  eagre_arena_done(&scratch);
  return EAGRE_OK;
}

struct eagre_expression *
eagre_expression_row_as_json(struct eagre_arena *arena, const struct eagre_type *columns,
                             const struct eagre_expression_session *session,
                             struct eagre_sql_position position) {
  uint32_t count = columns->field_count;
  struct eagre_expression **values = eagre_arena_allocate(arena, sizeof(void *) * (count + 1));
  struct eagre_text *names = eagre_arena_allocate(arena, sizeof *names * (count + 1));
  for (uint32_t i = 0; i < count; i++) {
    values[i] = eagre_expression_column(arena, i, columns->fields[i].type, position);
    names[i] = columns->fields[i].name;
  }
  struct eagre_expression *row = eagre_expression_struct(arena, values, names, count, position);
  enum eagre_status status =
      eagre_expression_call(arena, EAGRE_TEXT("to_json"), &row, 1, session, position, &row, NULL);
  eagre_assert(status == EAGRE_OK); /* every struct can be printed */
  return row;
}
