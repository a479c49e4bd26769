/* schema_of_variant and schema_of_variant_agg: the type that holds one VARIANT, and the type that
 * holds all of them. An object is a STRUCT whose fields stand in the order of their names.
 *
 * The aggregate gets schemas as bytes and keeps one, so that rows of a schema it has cost a
 * comparison:
 *
 *   schema = kind (a byte), then
 *            DECIMAL: precision, scale; ARRAY: the element's schema;
 *            STRUCT: uint32 count, then uint32 size, name and schema of each field
 *
 * Bytes in an accumulator were written by this process or come from a snapshot whose checksum was
 * checked: they are trusted. */
#include <string.h>

#include "expression/expression_aggregate_value.h"
#include "expression/expression_functions.h"
#include "expression/expression_variant.h"

/* ---- Merging --------------------------------------------------------------------------------- */

static const struct eagre_type *merge(struct eagre_arena *arena, const struct eagre_type *a,
                                      const struct eagre_type *b);

/* The fields of both, in order; those in both are merged. */
static const struct eagre_type *merge_objects(struct eagre_arena *arena, const struct eagre_type *a,
                                              const struct eagre_type *b) {
  struct eagre_field *fields =
      eagre_arena_allocate(arena, ((size_t)a->field_count + b->field_count) * sizeof *fields + 1);
  uint32_t count = 0;
  for (uint32_t i = 0, k = 0; i < a->field_count || k < b->field_count; count++) {
    int order = i == a->field_count ? 1
                : k == b->field_count
                    ? -1
                    : eagre_variant_compare_names(a->fields[i].name, b->fields[k].name);
    fields[count] = order <= 0 ? a->fields[i] : b->fields[k];
    if (order == 0) fields[count].type = merge(arena, a->fields[i].type, b->fields[k].type);
    i += order <= 0;
    k += order >= 0;
  }
  return eagre_type_struct(arena, fields, count);
}

static const struct eagre_type *
merge_decimals(struct eagre_arena *arena, const struct eagre_type *a, const struct eagre_type *b) {
  unsigned whole_a = (unsigned)a->precision - a->scale;
  unsigned whole_b = (unsigned)b->precision - b->scale;
  unsigned whole = whole_a > whole_b ? whole_a : whole_b;
  unsigned scale = a->scale > b->scale ? a->scale : b->scale;
  if (whole + scale > EAGRE_DECIMAL_PRECISION_MAX) return eagre_type_of(EAGRE_TYPE_DOUBLE);
  return eagre_type_decimal(arena, whole + scale, scale);
}

/* Numbers are BIGINT, DECIMAL, FLOAT and DOUBLE. */
static const struct eagre_type *merge_numbers(struct eagre_arena *arena, const struct eagre_type *a,
                                              const struct eagre_type *b) {
  enum { BIGINT_DIGITS = 20 };
  if (a->kind == EAGRE_TYPE_DOUBLE || b->kind == EAGRE_TYPE_DOUBLE) {
    return eagre_type_of(EAGRE_TYPE_DOUBLE);
  }
  bool has_decimal = a->kind == EAGRE_TYPE_DECIMAL || b->kind == EAGRE_TYPE_DECIMAL;
  bool has_float = a->kind == EAGRE_TYPE_FLOAT || b->kind == EAGRE_TYPE_FLOAT;
  if (has_float) return eagre_type_of(has_decimal ? EAGRE_TYPE_DOUBLE : EAGRE_TYPE_FLOAT);
  if (a->kind == EAGRE_TYPE_BIGINT) a = eagre_type_decimal(arena, BIGINT_DIGITS, 0);
  if (b->kind == EAGRE_TYPE_BIGINT) b = eagre_type_decimal(arena, BIGINT_DIGITS, 0);
  return merge_decimals(arena, a, b);
}

static bool is_time(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP ||
         kind == EAGRE_TYPE_TIMESTAMP_NTZ;
}

static const struct eagre_type *merge(struct eagre_arena *arena, const struct eagre_type *a,
                                      const struct eagre_type *b) {
  if (a->kind == EAGRE_TYPE_NULL) return b;
  if (b->kind == EAGRE_TYPE_NULL || eagre_type_equal(a, b)) return a;
  if (eagre_type_is_numeric(a->kind) && eagre_type_is_numeric(b->kind)) {
    return merge_numbers(arena, a, b);
  }
  if (is_time(a->kind) && is_time(b->kind)) {
    bool has_zone = a->kind == EAGRE_TYPE_TIMESTAMP || b->kind == EAGRE_TYPE_TIMESTAMP;
    return eagre_type_of(has_zone ? EAGRE_TYPE_TIMESTAMP : EAGRE_TYPE_TIMESTAMP_NTZ);
  }
  if (a->kind == b->kind && a->kind == EAGRE_TYPE_STRUCT) return merge_objects(arena, a, b);
  if (a->kind == b->kind && a->kind == EAGRE_TYPE_ARRAY) {
    return eagre_type_array(arena, merge(arena, a->fields[0].type, b->fields[0].type));
  }
  return eagre_type_of(EAGRE_TYPE_VARIANT);
}

/* ---- Of a value ------------------------------------------------------------------------------ */

static const struct eagre_type *type_of_decimal(struct eagre_arena *arena,
                                                struct eagre_variant value) {
  unsigned scale;
  unsigned digits = eagre_decimal_digit_count(eagre_variant_decimal_stripped(value, &scale));
  return eagre_type_decimal(arena, digits > scale ? digits : scale, scale);
}

static const struct eagre_type *type_of_value(struct eagre_arena *arena,
                                              struct eagre_variant value);

static const struct eagre_type *type_of_array(struct eagre_arena *arena,
                                              struct eagre_variant value) {
  struct eagre_variant_container container = eagre_variant_container_of(value);
  const struct eagre_type *element = eagre_type_of(EAGRE_TYPE_NULL);
  for (uint32_t i = 0; i < container.count && element->kind != EAGRE_TYPE_VARIANT; i++) {
    element = merge(arena, element, type_of_value(arena, eagre_variant_member(&container, i)));
  }
  return eagre_type_array(arena, element);
}

static const struct eagre_type *type_of_object(struct eagre_arena *arena,
                                               struct eagre_variant value) {
  struct eagre_variant_container container = eagre_variant_container_of(value);
  struct eagre_field *fields = eagre_arena_allocate(arena, container.count * sizeof *fields + 1);
  for (uint32_t i = 0; i < container.count; i++) {
    fields[i] = (struct eagre_field){
        .name = eagre_variant_member_name(&container, i),
        .type = type_of_value(arena, eagre_variant_member(&container, i)),
        .nullable = true,
    };
  }
  return eagre_type_struct(arena, fields, container.count);
}

/* Names are borrowed from the value. */
static const struct eagre_type *type_of_value(struct eagre_arena *arena,
                                              struct eagre_variant value) {
  static const enum eagre_type_kind kinds[] = {
      [EAGRE_VARIANT_NULL] = EAGRE_TYPE_NULL,
      [EAGRE_VARIANT_BOOLEAN] = EAGRE_TYPE_BOOLEAN,
      [EAGRE_VARIANT_INTEGER] = EAGRE_TYPE_BIGINT,
      [EAGRE_VARIANT_FLOAT] = EAGRE_TYPE_FLOAT,
      [EAGRE_VARIANT_DOUBLE] = EAGRE_TYPE_DOUBLE,
      [EAGRE_VARIANT_DATE] = EAGRE_TYPE_DATE,
      [EAGRE_VARIANT_TIMESTAMP] = EAGRE_TYPE_TIMESTAMP,
      [EAGRE_VARIANT_TIMESTAMP_NTZ] = EAGRE_TYPE_TIMESTAMP_NTZ,
      [EAGRE_VARIANT_BINARY] = EAGRE_TYPE_BINARY,
      [EAGRE_VARIANT_STRING] = EAGRE_TYPE_STRING,
  };
  enum eagre_variant_kind kind = eagre_variant_kind_of(value);
  if (kind == EAGRE_VARIANT_DECIMAL) return type_of_decimal(arena, value);
  if (kind == EAGRE_VARIANT_ARRAY) return type_of_array(arena, value);
  if (kind == EAGRE_VARIANT_OBJECT) return type_of_object(arena, value);
  return eagre_type_of(kinds[kind]);
}

/* ---- As text --------------------------------------------------------------------------------- */

/* As Spark prints the type, but OBJECT for STRUCT: which stands in no name without quotes. */
static void print_schema(const struct eagre_type *type, struct eagre_buffer *out) {
  size_t begin = out->size;
  bool is_quoted = false;
  eagre_type_print(out, type);
  for (size_t i = begin; i + 6 < out->size; i++) {
    if (out->data[i] == '`') is_quoted = !is_quoted;
    bool is_struct = !is_quoted && memcmp(out->data + i, "STRUCT<", 7) == 0;
    if (is_struct) memcpy(out->data + i, "OBJECT", 6);
  }
}

enum eagre_status eagre_kernel_schema_of_variant(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_arena scratch = {0};
  struct eagre_buffer text = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_buffer_clear(&text);
    eagre_arena_reset(&scratch);
    print_schema(type_of_value(&scratch, eagre_kernel_variant(call, 0, row)), &text);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&text));
  }
  eagre_buffer_done(&text);
  eagre_arena_done(&scratch);
  return EAGRE_OK;
}

/* ---- As bytes -------------------------------------------------------------------------------- */

static void append_schema(const struct eagre_type *type, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, (char)type->kind);
  if (type->kind == EAGRE_TYPE_DECIMAL) {
    eagre_buffer_append_char(out, (char)type->precision);
    eagre_buffer_append_char(out, (char)type->scale);
  }
  if (type->kind == EAGRE_TYPE_ARRAY) append_schema(type->fields[0].type, out);
  if (type->kind != EAGRE_TYPE_STRUCT) return;
  eagre_buffer_append(out, &type->field_count, sizeof type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++) {
    uint32_t size = (uint32_t)type->fields[i].name.size;
    eagre_buffer_append(out, &size, sizeof size);
    eagre_buffer_append_text(out, type->fields[i].name);
    append_schema(type->fields[i].type, out);
  }
}

static uint32_t read_number(const char **cursor) {
  uint32_t number;
  memcpy(&number, *cursor, sizeof number);
  *cursor += sizeof number;
  return number;
}

/* Names are borrowed from the bytes. */
static const struct eagre_type *read_schema(struct eagre_arena *arena, const char **cursor) {
  enum eagre_type_kind kind = (enum eagre_type_kind)(unsigned char)*(*cursor)++;
  if (kind == EAGRE_TYPE_DECIMAL) {
    *cursor += 2;
    return eagre_type_decimal(arena, (unsigned char)(*cursor)[-2], (unsigned char)(*cursor)[-1]);
  }
  if (kind == EAGRE_TYPE_ARRAY) return eagre_type_array(arena, read_schema(arena, cursor));
  if (kind != EAGRE_TYPE_STRUCT) return eagre_type_of(kind);
  uint32_t count = read_number(cursor);
  struct eagre_field *fields = eagre_arena_allocate(arena, count * sizeof *fields + 1);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t size = read_number(cursor);
    fields[i] = (struct eagre_field){.name = {*cursor, size}, .nullable = true};
    *cursor += size;
    fields[i].type = read_schema(arena, cursor);
  }
  return eagre_type_struct(arena, fields, count);
}

static enum eagre_status run_schema_bytes(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_arena scratch = {0};
  struct eagre_buffer bytes = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_buffer_clear(&bytes);
    eagre_arena_reset(&scratch);
    append_schema(type_of_value(&scratch, eagre_kernel_variant(call, 0, row)), &bytes);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&bytes));
  }
  eagre_buffer_done(&bytes);
  eagre_arena_done(&scratch);
  return EAGRE_OK;
}

/* ---- The aggregate ---------------------------------------------------------------------------
 *
 * Accumulator: one text, a schema and what is left of a longer one before it. */

struct schema_state {
  struct eagre_text schema;
};

static void merge_bytes(struct schema_state *state, struct eagre_text bytes,
                        struct eagre_arena *arena) {
  /* A schema says where it ends: one that begins with another is that other. */
  bool is_known = state->schema.size >= bytes.size && bytes.size > 0 &&
                  memcmp(state->schema.data, bytes.data, bytes.size) == 0;
  if (is_known) return;
  struct eagre_arena scratch = {0};
  struct eagre_buffer merged = {0};
  const char *cursor = bytes.data;
  const struct eagre_type *type = read_schema(&scratch, &cursor);
  if (state->schema.size > 0) {
    const char *before = state->schema.data;
    type = merge(&scratch, read_schema(&scratch, &before), type);
  }
  append_schema(type, &merged);
  eagre_aggregate_replace(arena, &state->schema, merged.data, merged.size);
  eagre_buffer_done(&merged);
  eagre_arena_done(&scratch);
}

static enum eagre_status update_schema(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    struct schema_state *state = (struct schema_state *)eagre_aggregate_state(update, row);
    merge_bytes(state, EAGRE_VALUES(struct eagre_text, input)[eagre_vector_index(input, row)],
                update->arena);
  }
  return EAGRE_OK;
}

static enum eagre_status merge_schema(const struct eagre_aggregate *aggregate, char *into,
                                      const char *from, struct eagre_arena *arena,
                                      struct eagre_error *error) {
  (void)aggregate, (void)error;
  struct eagre_text schema = ((const struct schema_state *)from)->schema;
  struct eagre_arena scratch = {0};
  if (schema.size > 0) {
    /* Without what is left behind it of a longer one. */
    const char *end = schema.data;
    read_schema(&scratch, &end);
    schema.size = (size_t)(end - schema.data);
    merge_bytes((struct schema_state *)into, schema, arena);
  }
  eagre_arena_done(&scratch);
  return EAGRE_OK;
}

static enum eagre_status finish_schema(const struct eagre_aggregate_finish *finish) {
  struct eagre_text_writer writer;
  struct eagre_arena scratch = {0};
  struct eagre_buffer text = {0};
  eagre_text_writer_init(&writer, finish->arena);
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct schema_state *state =
        (const struct schema_state *)eagre_aggregate_result(finish, row);
    const char *cursor = state->schema.data;
    eagre_buffer_clear(&text);
    eagre_arena_reset(&scratch);
    print_schema(state->schema.size > 0 ? read_schema(&scratch, &cursor)
                                        : eagre_type_of(EAGRE_TYPE_NULL),
                 &text);
    EAGRE_VALUES(struct eagre_text, finish->out)
    [row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&text));
  }
  eagre_buffer_done(&text);
  eagre_arena_done(&scratch);
  return EAGRE_OK;
}

static const struct eagre_aggregate_kernels schema_kernels = {
    .accumulator_size = sizeof(struct schema_state),
    .text_offset = 0,
    .text_count = 1,
    .update = update_schema,
    .merge = merge_schema,
    .finish = finish_schema,
};

enum eagre_status eagre_aggregate_bind_schema_of_variant(struct eagre_bind *bind,
                                                         struct eagre_aggregate *out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_VARIANT));
  bind->arguments[0] = eagre_expression_new_call(
      bind->arena, eagre_function_find(EAGRE_TEXT("schema_of_variant")),
      eagre_type_of(EAGRE_TYPE_BINARY), run_schema_bytes, bind->arguments, 1, bind->position);
  out->kernels = &schema_kernels;
  out->result_type = eagre_type_of(EAGRE_TYPE_STRING);
  return EAGRE_OK;
}
