/* What FAILFAST says about a malformed row: Spark's classes and sentences. Spark shows the row as
 * far as it was read, `[1,null]`, in internal values: dates as days, timestamps as microseconds. */
#include "json/json_failure.h"

#include "value/value.h"

static void print_floating(const struct eagre_vector *vector, uint32_t row,
                           struct eagre_buffer *buffer) {
  char digits[32];
  size_t size = vector->type->kind == EAGRE_TYPE_FLOAT
                    ? eagre_value_print_float(EAGRE_VALUES(float, vector)[row], digits)
                    : eagre_value_print_double(EAGRE_VALUES(double, vector)[row], digits);
  eagre_buffer_append(buffer, digits, size);
}

static void print_decimal(const struct eagre_vector *vector, uint32_t row,
                          struct eagre_buffer *buffer) {
  char digits[48];
  size_t size = eagre_value_print_decimal_java(EAGRE_VALUES(eagre_decimal, vector)[row],
                                               vector->type->scale, digits);
  eagre_buffer_append(buffer, digits, size);
}

static void print_bytes(struct eagre_text bytes, struct eagre_buffer *buffer) {
  for (size_t i = 0; i < bytes.size; i++) {
    eagre_buffer_printf(buffer, "%02x", (unsigned char)bytes.data[i]);
  }
}

static void print_struct(const struct eagre_vector *vector, uint32_t row,
                         struct eagre_buffer *buffer);
static void print_elements(const struct eagre_vector *list, uint32_t row, uint32_t field,
                           struct eagre_buffer *buffer);

/* An array as [1,2], a map as keys: [a], values: [1]. */
static void print_list(const struct eagre_vector *list, uint32_t row, struct eagre_buffer *buffer) {
  bool is_map = list->type->kind == EAGRE_TYPE_MAP;
  if (is_map) eagre_buffer_append_string(buffer, "keys: ");
  print_elements(list, row, 0, buffer);
  if (!is_map) return;
  eagre_buffer_append_string(buffer, ", values: ");
  print_elements(list, row, 1, buffer);
}

static void print_internal(const struct eagre_vector *vector, uint32_t row,
                           struct eagre_buffer *buffer) {
  if (eagre_vector_is_null(vector, row)) {
    eagre_buffer_append_string(buffer, "null");
    return;
  }
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_buffer_append_string(buffer, eagre_bit_get(vector->data, row) ? "true" : "false");
    break;
  case EAGRE_TYPE_TINYINT:
    eagre_buffer_printf(buffer, "%d", EAGRE_VALUES(int8_t, vector)[row]);
    break;
  case EAGRE_TYPE_SMALLINT:
    eagre_buffer_printf(buffer, "%d", EAGRE_VALUES(int16_t, vector)[row]);
    break;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_INTERVAL_YEAR:
    eagre_buffer_printf(buffer, "%d", EAGRE_VALUES(int32_t, vector)[row]);
    break;
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
  case EAGRE_TYPE_INTERVAL_DAY:
    eagre_buffer_printf(buffer, "%lld", (long long)EAGRE_VALUES(int64_t, vector)[row]);
    break;
  case EAGRE_TYPE_FLOAT:
  case EAGRE_TYPE_DOUBLE:
    print_floating(vector, row, buffer);
    break;
  case EAGRE_TYPE_DECIMAL:
    print_decimal(vector, row, buffer);
    break;
  case EAGRE_TYPE_STRUCT:
    print_struct(vector, row, buffer);
    break;
  case EAGRE_TYPE_ARRAY:
  case EAGRE_TYPE_MAP:
    print_list(vector, row, buffer);
    break;
  case EAGRE_TYPE_VARIANT:
    eagre_value_print(vector, row, eagre_zone_utc(), buffer);
    break;
  case EAGRE_TYPE_BINARY:
    print_bytes(EAGRE_VALUES(struct eagre_text, vector)[row], buffer);
    break;
  default:
    eagre_buffer_append_text(buffer, EAGRE_VALUES(struct eagre_text, vector)[row]);
    break;
  }
}

static void print_struct(const struct eagre_vector *vector, uint32_t row,
                         struct eagre_buffer *buffer) {
  eagre_buffer_append_char(buffer, '[');
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    if (i > 0) eagre_buffer_append_char(buffer, ',');
    print_internal(&vector->children[i], row, buffer);
  }
  eagre_buffer_append_char(buffer, ']');
}

static void print_elements(const struct eagre_vector *list, uint32_t row, uint32_t field,
                           struct eagre_buffer *buffer) {
  eagre_buffer_append_char(buffer, '[');
  for (int32_t i = list->offsets[row]; i < list->offsets[row + 1]; i++) {
    if (i > list->offsets[row]) eagre_buffer_append_char(buffer, ',');
    print_internal(&list->children[field], (uint32_t)i, buffer);
  }
  eagre_buffer_append_char(buffer, ']');
}

static void append_cause(const struct eagre_json_failure *failure, struct eagre_buffer *buffer) {
  if (failure->kind == EAGRE_JSON_FAILURE_ARRAY) {
    eagre_buffer_append_string(buffer, " Parsing JSON arrays as structs is forbidden.");
  }
  if (failure->kind != EAGRE_JSON_FAILURE_STRING) return;
  bool is_float = failure->field->type->kind == EAGRE_TYPE_FLOAT;
  eagre_buffer_printf(buffer,
                      " Cannot parse the value '%.*s' of the field `%.*s` as target spark data "
                      "type %s from the input type StringType.",
                      (int)(failure->value.size < 100 ? failure->value.size : 100),
                      failure->value.data, (int)failure->field->name.size,
                      failure->field->name.data, is_float ? "FloatType" : "DoubleType");
}

static const char *get_class(enum eagre_json_failure_kind kind) {
  switch (kind) {
  case EAGRE_JSON_FAILURE_ARRAY:
    return "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS";
  case EAGRE_JSON_FAILURE_STRING:
    return "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_STRING_AS_DATATYPE";
  default:
    return "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION";
  }
}

enum eagre_status eagre_json_failure_report(const struct eagre_json_run *run,
                                            const struct eagre_vector *out,
                                            struct eagre_error *error) {
  const struct eagre_json_failure *failure = &run->failure;
  struct eagre_buffer record = {0};
  struct eagre_buffer cause = {0};
  if (failure->kind == EAGRE_JSON_FAILURE_STRING || failure->kind == EAGRE_JSON_FAILURE_ARRAY) {
    eagre_buffer_append_text(&record, eagre_json_run_text(run, failure->row));
  } else {
    print_struct(out, failure->row, &record);
  }
  append_cause(failure, &cause);
  eagre_error_set(error, EAGRE_DATA, get_class(failure->kind),
                  "Malformed records are detected in record parsing: %.*s. Parse Mode: FAILFAST.%s",
                  (int)(record.size < 300 ? record.size : 300), record.data,
                  cause.size > 0 ? eagre_buffer_string(&cause) : "");
  eagre_error_hint(error, "To process malformed records as null result, set the option 'mode' to "
                          "'PERMISSIVE'.");
  if (error != NULL) error->row = failure->row;
  eagre_buffer_done(&record);
  eagre_buffer_done(&cause);
  return EAGRE_DATA;
}
