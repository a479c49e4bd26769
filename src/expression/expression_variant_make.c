/* VARIANTs made of other values: parse_json, CAST to VARIANT, to_variant_object. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_variant.h"
#include "json/json.h"

/* ---- Texts of values ------------------------------------------------------------------------- */

bool eagre_variant_output_take(struct eagre_variant_output *output, struct eagre_text *out) {
  size_t size = eagre_variant_builder_finish(&output->builder);
  if (size == 0) return false;
  eagre_variant_builder_write(&output->builder, eagre_text_writer_reserve(&output->writer, size));
  *out = eagre_text_writer_take(&output->writer, size);
  return true;
}

struct eagre_text eagre_variant_output_part(struct eagre_variant_output *output,
                                            struct eagre_variant part) {
  struct eagre_text text;
  eagre_variant_builder_begin(&output->builder);
  eagre_variant_builder_copy(&output->builder, part);
  bool is_taken = eagre_variant_output_take(output, &text);
  eagre_assert(is_taken);
  return text;
}

enum eagre_status eagre_variant_fail_size(struct eagre_kernel_call *call, uint32_t row,
                                          const char *function) {
  return eagre_kernel_fail(
      call, row, "VARIANT_SIZE_LIMIT",
      "Cannot build variant bigger than %d MiB in %s. Please avoid large input strings to this "
      "expression (for example, add function calls(s) to check the expression size and convert it "
      "to NULL first if it is too big).",
      EAGRE_VARIANT_SIZE_MAX >> 20, function);
}

/* ---- parse_json ------------------------------------------------------------------------------ */

struct parser {
  struct eagre_json_variant_parser *json;
  struct eagre_variant_output output;
};

static void free_parser(void *data) {
  struct parser *parser = data;
  eagre_json_variant_parser_free(parser->json);
  eagre_variant_builder_done(&parser->output.builder);
  eagre_free(parser);
}

static struct parser *get_parser(struct eagre_kernel_call *call) {
  if (call->state->data == NULL) {
    struct parser *parser = eagre_allocate_zeroed(1, sizeof *parser);
    parser->json = eagre_json_variant_parser_new();
    call->state->data = parser;
    call->state->free = free_parser;
  }
  return call->state->data;
}

static enum eagre_status fail_malformed(struct eagre_kernel_call *call, uint32_t row,
                                        const char *why) {
  struct eagre_text text = eagre_kernel_text(call, 0, row);
  enum eagre_status status = eagre_kernel_fail(
      call, row, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
      "Malformed records are detected in record parsing: %.*s. Parse Mode: FAILFAST.%s",
      (int)(text.size < 200 ? text.size : 200), text.data, why);
  eagre_error_hint(call->error, "use try_parse_json(...) to get NULL instead");
  return status;
}

static enum eagre_status parse_row(struct eagre_kernel_call *call, struct parser *parser,
                                   uint32_t row, struct eagre_text *out) {
  switch (eagre_json_variant_parse(parser->json, eagre_kernel_text(call, 0, row),
                                   &parser->output.builder)) {
  case EAGRE_JSON_VARIANT_MALFORMED:
    return fail_malformed(call, row, "");
  case EAGRE_JSON_VARIANT_DUPLICATE:
    return fail_malformed(call, row, " [VARIANT_DUPLICATE_KEY] A name stands twice in an object.");
  case EAGRE_JSON_VARIANT_OK:
    break;
  }
  if (eagre_variant_output_take(&parser->output, out)) return EAGRE_OK;
  return eagre_variant_fail_size(call, row, "parse_json");
}

static enum eagre_status run_parse_json(struct eagre_kernel_call *call) {
  struct parser *parser = get_parser(call);
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  eagre_text_writer_init(&parser->output.writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) EAGRE_TRY(parse_row(call, parser, row, &out[row]));
  }
  return EAGRE_OK;
}

static enum eagre_status bind_parse(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_STRING &&
      eagre_bind_kind(bind, 0) != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "\"STRING\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_STRING)));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_VARIANT), run_parse_json);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_parse_json(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_parse(bind, out);
}

enum eagre_status eagre_bind_try_parse_json(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  EAGRE_TRY(bind_parse(bind, out));
  eagre_expression_set_try(*out);
  return EAGRE_OK;
}

/* ---- Values to VARIANT ----------------------------------------------------------------------- */

bool eagre_variant_casts_from(const struct eagre_type *type, bool takes_objects) {
  switch (type->kind) {
  case EAGRE_TYPE_NULL:
  case EAGRE_TYPE_INTERVAL_DAY:
  case EAGRE_TYPE_INTERVAL_YEAR:
    return false;
  case EAGRE_TYPE_ARRAY:
    return eagre_variant_casts_from(type->fields[0].type, takes_objects);
  case EAGRE_TYPE_MAP:
    return takes_objects && type->fields[0].type->kind == EAGRE_TYPE_STRING &&
           eagre_variant_casts_from(type->fields[1].type, takes_objects);
  case EAGRE_TYPE_STRUCT:
    for (uint32_t i = 0; takes_objects && i < type->field_count; i++) {
      if (!eagre_variant_casts_from(type->fields[i].type, takes_objects)) return false;
    }
    return takes_objects;
  default:
    return true;
  }
}

static bool append_value(struct eagre_variant_builder *builder, const struct eagre_vector *vector,
                         uint32_t row, struct eagre_text *out_name);

static bool append_fields(struct eagre_variant_builder *builder, const struct eagre_vector *vector,
                          uint32_t row, struct eagre_text *out_name) {
  struct eagre_variant_frame frame = eagre_variant_builder_open(builder);
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    eagre_variant_builder_name(builder, &frame, vector->type->fields[i].name);
    if (!append_value(builder, &vector->children[i], row, out_name)) return false;
  }
  return eagre_variant_builder_close_object(builder, &frame, out_name);
}

static bool append_elements(struct eagre_variant_builder *builder,
                            const struct eagre_vector *vector, uint32_t index,
                            struct eagre_text *out_name) {
  bool is_map = vector->type->kind == EAGRE_TYPE_MAP;
  struct eagre_variant_frame frame = eagre_variant_builder_open(builder);
  for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
    if (is_map) {
      const struct eagre_text *names = EAGRE_VALUES(struct eagre_text, &vector->children[0]);
      eagre_variant_builder_name(builder, &frame, names[i]);
    } else {
      eagre_variant_builder_element(builder, &frame);
    }
    if (!append_value(builder, &vector->children[is_map], (uint32_t)i, out_name)) return false;
  }
  if (is_map) return eagre_variant_builder_close_object(builder, &frame, out_name);
  eagre_variant_builder_close_array(builder, &frame);
  return true;
}

/* A value that is not NULL and holds no others. */
static void append_single(struct eagre_variant_builder *builder, const struct eagre_vector *vector,
                          uint32_t index) {
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_variant_builder_boolean(builder, eagre_bit_get(vector->data, index));
    break;
  case EAGRE_TYPE_TINYINT:
    eagre_variant_builder_integer(builder, EAGRE_VALUES(int8_t, vector)[index]);
    break;
  case EAGRE_TYPE_SMALLINT:
    eagre_variant_builder_integer(builder, EAGRE_VALUES(int16_t, vector)[index]);
    break;
  case EAGRE_TYPE_INT:
    eagre_variant_builder_integer(builder, EAGRE_VALUES(int32_t, vector)[index]);
    break;
  case EAGRE_TYPE_BIGINT:
    eagre_variant_builder_integer(builder, EAGRE_VALUES(int64_t, vector)[index]);
    break;
  case EAGRE_TYPE_FLOAT:
    eagre_variant_builder_float(builder, EAGRE_VALUES(float, vector)[index]);
    break;
  case EAGRE_TYPE_DOUBLE:
    eagre_variant_builder_double(builder, EAGRE_VALUES(double, vector)[index]);
    break;
  case EAGRE_TYPE_DECIMAL:
    eagre_variant_builder_decimal(builder, EAGRE_VALUES(eagre_decimal, vector)[index],
                                  vector->type->scale);
    break;
  case EAGRE_TYPE_DATE:
    eagre_variant_builder_date(builder, EAGRE_VALUES(int32_t, vector)[index]);
    break;
  case EAGRE_TYPE_TIMESTAMP:
    eagre_variant_builder_timestamp(builder, EAGRE_VALUES(int64_t, vector)[index]);
    break;
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    eagre_variant_builder_timestamp_ntz(builder, EAGRE_VALUES(int64_t, vector)[index]);
    break;
  case EAGRE_TYPE_STRING:
    eagre_variant_builder_string(builder, EAGRE_VALUES(struct eagre_text, vector)[index]);
    break;
  case EAGRE_TYPE_BINARY:
    eagre_variant_builder_binary(builder, EAGRE_VALUES(struct eagre_text, vector)[index]);
    break;
  default:
    eagre_assert(vector->type->kind == EAGRE_TYPE_VARIANT);
    eagre_variant_builder_copy(builder,
                               eagre_variant_open(EAGRE_VALUES(struct eagre_text, vector)[index]));
    break;
  }
}

/* False when an object has a name twice, which *out_name tells. */
static bool append_value(struct eagre_variant_builder *builder, const struct eagre_vector *vector,
                         uint32_t row, struct eagre_text *out_name) {
  if (eagre_vector_is_null(vector, row)) {
    eagre_variant_builder_null(builder);
    return true;
  }
  uint32_t index = eagre_vector_index(vector, row);
  if (vector->type->kind == EAGRE_TYPE_STRUCT) return append_fields(builder, vector, row, out_name);
  if (eagre_type_is_list(vector->type->kind)) {
    return append_elements(builder, vector, index, out_name);
  }
  append_single(builder, vector, index);
  return true;
}

static enum eagre_status build_rows(struct eagre_cast *cast, struct eagre_variant_output *output,
                                    struct eagre_text *out) {
  struct eagre_text name;
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = (struct eagre_text){0};
    if (!eagre_cast_is_live(cast, row)) continue;
    eagre_variant_builder_begin(&output->builder);
    if (!append_value(&output->builder, cast->from, row, &name)) {
      return eagre_kernel_fail(cast->call, row, "VARIANT_DUPLICATE_KEY",
                               "Failed to build variant because of a duplicate object key `%.*s`.",
                               (int)(name.size < 200 ? name.size : 200), name.data);
    }
    if (eagre_variant_output_take(output, &out[row])) continue;
    if (!cast->call->node->is_try) return eagre_variant_fail_size(cast->call, row, "CAST");
    eagre_cast_set_null(cast, row);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_cast_to_variant(struct eagre_cast *cast) {
  struct eagre_variant_output output = {0};
  struct eagre_text *out = eagre_cast_out(cast);
  eagre_text_writer_init(&output.writer, cast->call->arena);
  enum eagre_status status = build_rows(cast, &output, out);
  eagre_variant_builder_done(&output.builder);
  return status;
}

static enum eagre_status run_to_variant_object(struct eagre_kernel_call *call) {
  struct eagre_cast cast = {call, call->arguments[0], call->out, call->row_count};
  return eagre_cast_to_variant(&cast);
}

enum eagre_status eagre_bind_to_variant_object(struct eagre_bind *bind,
                                               struct eagre_expression **out) {
  const struct eagre_type *type = bind->arguments[0]->type;
  bool is_nested = type->kind == EAGRE_TYPE_STRUCT || eagre_type_is_list(type->kind);
  if (!is_nested || !eagre_variant_casts_from(type, true)) {
    return eagre_bind_mismatch(bind, "CAST_WITHOUT_SUGGESTION", "cannot cast %s to \"VARIANT\".",
                               eagre_expression_type_name(bind->arena, type));
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_VARIANT), run_to_variant_object);
  return EAGRE_OK;
}
