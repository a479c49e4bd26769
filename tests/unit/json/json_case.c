#include "json_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const int64_t now_us = INT64_C(1767225600000000); /* 2026-01-01 */

size_t list_implementations(enum eagre_json_isa out_isas[3]) {
  size_t count = 0;
  for (int isa = EAGRE_JSON_ISA_REFERENCE; isa <= EAGRE_JSON_ISA_AVX2; isa++) {
    struct eagre_arena arena = {0};
    struct eagre_json_options options;
    eagre_json_options_init(&options);
    const struct eagre_type *schema = eagre_type_struct(&arena, NULL, 0);
    struct eagre_json_decoder *decoder;
    if (eagre_json_decoder_new(schema, &options, NULL, (enum eagre_json_isa)isa, &decoder, NULL) ==
        EAGRE_OK) {
      out_isas[count++] = (enum eagre_json_isa)isa;
      eagre_json_decoder_free(decoder);
    }
    eagre_arena_done(&arena);
  }
  return count;
}

static struct eagre_zone *open_utc(void) {
  static struct eagre_zone *zone;
  if (zone == NULL) {
    assert_int_equal(eagre_zone_open(EAGRE_TEXT("UTC"), &zone, NULL), EAGRE_OK);
  }
  return zone;
}

struct eagre_json_decoder *open_decoder(const char *schema, const struct json_option *options,
                                        size_t option_count, enum eagre_json_isa isa,
                                        struct eagre_arena *arena) {
  struct eagre_error error;
  eagre_error_init(&error);
  const struct eagre_type *type;
  if (eagre_type_parse_columns(arena, eagre_text_of(schema), &type, &error) != EAGRE_OK) {
    fail_msg("%s: %s", schema, error.text);
  }
  struct eagre_json_options json_options;
  eagre_json_options_init(&json_options);
  json_options.zone = open_utc();
  json_options.now_us = now_us;
  for (size_t i = 0; i < option_count && options[i].name != NULL; i++) {
    if (eagre_json_option_set(&json_options, eagre_text_of(options[i].name),
                              eagre_text_of(options[i].value), arena, &error) != EAGRE_OK) {
      fail_msg("%s: %s", options[i].name, error.text);
    }
  }
  struct eagre_json_decoder *decoder = NULL;
  if (eagre_json_decoder_new(type, &json_options, NULL, isa, &decoder, &error) != EAGRE_OK) {
    fail_msg("%s: %s", schema, error.text);
  }
  return decoder;
}

void make_texts(struct eagre_vector *vector, const struct eagre_text *texts, uint32_t row_count,
                struct eagre_arena *arena) {
  eagre_vector_init(vector, eagre_type_of(EAGRE_TYPE_STRING), row_count, arena);
  for (uint32_t row = 0; row < row_count; row++) {
    char *copy = eagre_arena_allocate(arena, texts[row].size + 64);
    if (texts[row].size > 0) memcpy(copy, texts[row].data, texts[row].size);
    /* What follows a text in a real buffer may well look like its continuation. */
    memset(copy + texts[row].size, '}', 64);
    EAGRE_VALUES(struct eagre_text, vector)[row] = eagre_text_make(copy, texts[row].size);
  }
}

static void print_scalar(const struct eagre_vector *vector, uint32_t row,
                         struct eagre_buffer *out) {
  char digits[32];
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_buffer_append_char(out, eagre_bit_get(vector->data, row) ? 'T' : 'F');
    break;
  case EAGRE_TYPE_TINYINT:
    eagre_buffer_printf(out, "%d", EAGRE_VALUES(int8_t, vector)[row]);
    break;
  case EAGRE_TYPE_SMALLINT:
    eagre_buffer_printf(out, "%d", EAGRE_VALUES(int16_t, vector)[row]);
    break;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
    eagre_buffer_printf(out, "%d", EAGRE_VALUES(int32_t, vector)[row]);
    break;
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_TIMESTAMP:
    eagre_buffer_printf(out, "%lld", (long long)EAGRE_VALUES(int64_t, vector)[row]);
    break;
  case EAGRE_TYPE_FLOAT:
    eagre_buffer_append(out, digits,
                        eagre_value_print_float(EAGRE_VALUES(float, vector)[row], digits));
    break;
  case EAGRE_TYPE_DOUBLE:
    eagre_buffer_append(out, digits,
                        eagre_value_print_double(EAGRE_VALUES(double, vector)[row], digits));
    break;
  case EAGRE_TYPE_BINARY: {
    struct eagre_text bytes = EAGRE_VALUES(struct eagre_text, vector)[row];
    for (size_t i = 0; i < bytes.size; i++) {
      eagre_buffer_printf(out, "%02x", (unsigned char)bytes.data[i]);
    }
    break;
  }
  default: {
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, vector)[row];
    for (size_t i = 0; i < text.size; i++) {
      if (text.data[i] == 0) {
        eagre_buffer_append_string(out, "<0>");
      } else {
        eagre_buffer_append_char(out, text.data[i]);
      }
    }
    break;
  }
  }
}

void print_row(const struct eagre_vector *vector, uint32_t row, struct eagre_buffer *out) {
  bool is_first = true;
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    const struct eagre_vector *child = &vector->children[i];
    if (eagre_text_equal_string(vector->type->fields[i].name, "_corrupt_record")) continue;
    if (!is_first) eagre_buffer_append_char(out, '|');
    is_first = false;
    if (eagre_vector_is_null(child, row)) {
      eagre_buffer_append_char(out, '~');
    } else if (child->type->kind == EAGRE_TYPE_STRUCT) {
      eagre_buffer_append_char(out, '(');
      print_row(child, row, out);
      eagre_buffer_append_char(out, ')');
    } else {
      print_scalar(child, row, out);
    }
  }
}

/* '+', '!' or '0'. A corrupt column must hold the whole text. */
static char get_verdict(const struct eagre_vector *out, const struct eagre_vector *texts,
                        uint32_t row) {
  if (eagre_vector_is_null(out, row)) return '0';
  int corrupt = eagre_type_find_field(out->type, EAGRE_TEXT("_corrupt_record"), false);
  if (corrupt < 0 || eagre_vector_is_null(&out->children[corrupt], row)) return '+';
  struct eagre_text record = EAGRE_VALUES(struct eagre_text, &out->children[corrupt])[row];
  struct eagre_text text = EAGRE_VALUES(struct eagre_text, texts)[row];
  assert_true(eagre_text_equal(record, text));
  return '!';
}

void decode_rows(struct eagre_json_decoder *decoder, const struct eagre_text *texts,
                 uint32_t row_count, struct eagre_buffer *out) {
  struct eagre_arena arena = {0};
  struct eagre_vector input;
  struct eagre_vector result;
  make_texts(&input, texts, row_count, &arena);
  uint64_t malformed_count = 0;
  assert_int_equal(
      eagre_json_decode(decoder, &input, row_count, &result, &arena, &malformed_count, NULL),
      EAGRE_OK);
  uint64_t corrupt_count = 0;
  for (uint32_t row = 0; row < row_count; row++) {
    char verdict = get_verdict(&result, &input, row);
    corrupt_count += verdict == '!';
    eagre_buffer_append_char(out, verdict);
    if (verdict != '0') print_row(&result, row, out);
    eagre_buffer_append_char(out, 0);
  }
  int corrupt = eagre_type_find_field(result.type, EAGRE_TEXT("_corrupt_record"), false);
  bool is_wanted = corrupt >= 0 && !result.children[corrupt].is_constant;
  if (is_wanted) assert_int_equal(malformed_count, corrupt_count);
  eagre_arena_done(&arena);
}

/* Says what is wrong and returns 1, or returns 0. */
static int check_case(const struct json_group *group, const struct json_case *json_case,
                      const char *found, const char *isa) {
  if (strcmp(found, json_case->expected) == 0) return 0;
  print_error("%s, schema '%s', %s=%s, text '%.*s': expected '%s', got '%s'\n", isa, group->schema,
              group->options[0].name == NULL ? "" : group->options[0].name,
              group->options[0].value == NULL ? "" : group->options[0].value,
              (int)json_case->input.size, json_case->input.data, json_case->expected, found);
  return 1;
}

static int run_alone(const struct json_group *group, struct eagre_json_decoder *decoder) {
  int failure_count = 0;
  struct eagre_buffer found = {0};
  for (size_t i = 0; i < group->case_count; i++) {
    eagre_buffer_clear(&found);
    decode_rows(decoder, &group->cases[i].input, 1, &found);
    failure_count +=
        check_case(group, &group->cases[i], found.data, eagre_json_decoder_isa(decoder));
  }
  eagre_buffer_done(&found);
  return failure_count;
}

/* Every case three times in a row, then all of them once more: a decoder that guesses from the
 * rows before must not be misled. */
static int run_together(const struct json_group *group, struct eagre_json_decoder *decoder) {
  int failure_count = 0;
  uint32_t row_count = (uint32_t)group->case_count * 4;
  struct eagre_text *texts = eagre_allocate_zeroed(row_count, sizeof *texts);
  for (size_t row = 0; row < row_count; row++) {
    size_t index = row < group->case_count * 3 ? row / 3 : row % group->case_count;
    texts[row] = group->cases[index].input;
  }
  struct eagre_buffer found = {0};
  decode_rows(decoder, texts, row_count, &found);
  const char *at = found.data;
  for (size_t row = 0; row < row_count; row++) {
    size_t index = row < group->case_count * 3 ? row / 3 : row % group->case_count;
    failure_count += check_case(group, &group->cases[index], at, eagre_json_decoder_isa(decoder));
    at += strlen(at) + 1;
  }
  eagre_buffer_done(&found);
  eagre_free(texts);
  return failure_count;
}

void run_group(const struct json_group *group) {
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  int failure_count = 0;
  for (size_t i = 0; i < isa_count; i++) {
    struct eagre_arena arena = {0};
    struct eagre_json_decoder *decoder = open_decoder(
        group->schema, group->options, EAGRE_COUNT_OF(group->options), isas[i], &arena);
    failure_count += run_alone(group, decoder);
    failure_count += run_together(group, decoder);
    eagre_json_decoder_free(decoder);
    eagre_arena_done(&arena);
  }
  assert_int_equal(failure_count, 0);
}
