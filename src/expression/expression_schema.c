/* schema_of_json: the type that Spark infers for an example, as text. The example is a constant, so
 * all is decided while binding.
 *
 * Integers are BIGINT, or a DECIMAL where they are too long; numbers with a fraction are DOUBLE.
 * Values of different types meet in DOUBLE, in a STRUCT of all fields in order of name, in an ARRAY
 * of such a type, or else in STRING. What is only ever null becomes STRING in the end. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "json/json.h"

struct inference {
  struct eagre_arena *arena;
  bool are_strings;      /* option primitivesAsString */
  bool prefers_decimals; /* option prefersDecimal */
};

static const struct eagre_type *infer(const struct inference *inference,
                                      const struct eagre_json_node *node);

/* ---- Types that meet ------------------------------------------------------------------------- */

static const struct eagre_type *meet(struct eagre_arena *arena, const struct eagre_type *a,
                                     const struct eagre_type *b);

static const struct eagre_type *meet_decimals(struct eagre_arena *arena, const struct eagre_type *a,
                                              const struct eagre_type *b) {
  static const unsigned bigint_digits = 20;
  unsigned a_digits = a->kind == EAGRE_TYPE_BIGINT ? bigint_digits : a->precision;
  unsigned b_digits = b->kind == EAGRE_TYPE_BIGINT ? bigint_digits : b->precision;
  return eagre_type_decimal(arena, a_digits > b_digits ? a_digits : b_digits, 0);
}

/* Both are in order of name. */
static const struct eagre_type *meet_structs(struct eagre_arena *arena, const struct eagre_type *a,
                                             const struct eagre_type *b) {
  uint32_t count = 0, i = 0, j = 0;
  struct eagre_field *fields =
      eagre_arena_allocate(arena, ((size_t)a->field_count + b->field_count + 1) * sizeof *fields);
  while (i < a->field_count || j < b->field_count) {
    int order = i == a->field_count   ? 1
                : j == b->field_count ? -1
                                      : eagre_text_compare(a->fields[i].name, b->fields[j].name);
    fields[count] = order <= 0 ? a->fields[i] : b->fields[j];
    if (order == 0) fields[count].type = meet(arena, a->fields[i].type, b->fields[j].type);
    count++;
    i += order <= 0;
    j += order >= 0;
  }
  return eagre_type_struct(arena, fields, count);
}

static bool is_whole(const struct eagre_type *type) {
  return type->kind == EAGRE_TYPE_BIGINT || type->kind == EAGRE_TYPE_DECIMAL;
}

static const struct eagre_type *meet(struct eagre_arena *arena, const struct eagre_type *a,
                                     const struct eagre_type *b) {
  if (a->kind == EAGRE_TYPE_NULL) return b;
  if (b->kind == EAGRE_TYPE_NULL || eagre_type_equal(a, b)) return a;
  if (is_whole(a) && is_whole(b)) return meet_decimals(arena, a, b);
  bool are_numbers = eagre_type_is_numeric(a->kind) && eagre_type_is_numeric(b->kind);
  if (are_numbers) return eagre_type_of(EAGRE_TYPE_DOUBLE);
  if (a->kind == EAGRE_TYPE_STRUCT && b->kind == EAGRE_TYPE_STRUCT) {
    return meet_structs(arena, a, b);
  }
  if (a->kind == EAGRE_TYPE_ARRAY && b->kind == EAGRE_TYPE_ARRAY) {
    return eagre_type_array(arena, meet(arena, a->fields[0].type, b->fields[0].type));
  }
  return eagre_type_of(EAGRE_TYPE_STRING);
}

/* ---- Inference ------------------------------------------------------------------------------- */

/* The DECIMAL of exactly the digits, where one has as many. */
static const struct eagre_type *infer_decimal(const struct inference *inference,
                                              struct eagre_text text) {
  const char *point = memchr(text.data, '.', text.size);
  size_t sign = text.data[0] == '-';
  size_t scale = point == NULL ? 0 : text.size - (size_t)(point - text.data) - 1;
  size_t digits = text.size - sign - (point != NULL);
  if (point != NULL && text.data[sign] == '0') digits--;
  if (digits < scale) digits = scale;
  if (digits > EAGRE_DECIMAL_PRECISION_MAX) return eagre_type_of(EAGRE_TYPE_DOUBLE);
  return eagre_type_decimal(inference->arena, (unsigned)digits, (unsigned)scale);
}

static const struct eagre_type *infer_number(const struct inference *inference,
                                             struct eagre_text text) {
  struct eagre_json_node node = {.kind = EAGRE_JSON_NUMBER, .text = text};
  int64_t value;
  if (eagre_json_integer(&node, &value)) return eagre_type_of(EAGRE_TYPE_BIGINT);
  bool is_integer = true, has_exponent = false;
  for (size_t i = 0; i < text.size; i++) {
    is_integer = is_integer && text.data[i] != '.';
    has_exponent = has_exponent || text.data[i] == 'e' || text.data[i] == 'E';
  }
  bool is_decimal = !has_exponent && (is_integer || inference->prefers_decimals);
  return is_decimal ? infer_decimal(inference, text) : eagre_type_of(EAGRE_TYPE_DOUBLE);
}

static const struct eagre_type *infer_array(const struct inference *inference,
                                            const struct eagre_json_node *node) {
  const struct eagre_type *element = eagre_type_of(EAGRE_TYPE_NULL);
  for (const struct eagre_json_node *child = node->child; child != NULL; child = child->next) {
    element = meet(inference->arena, element, infer(inference, child));
  }
  return eagre_type_array(inference->arena, element);
}

/* In order of name; names that repeat stay. */
static const struct eagre_type *infer_object(const struct inference *inference,
                                             const struct eagre_json_node *node) {
  uint32_t count = 0;
  for (const struct eagre_json_node *child = node->child; child != NULL; child = child->next) {
    count++;
  }
  struct eagre_field *fields =
      eagre_arena_allocate(inference->arena, ((size_t)count + 1) * sizeof *fields);
  uint32_t size = 0;
  for (const struct eagre_json_node *child = node->child; child != NULL; child = child->next) {
    uint32_t at = size++;
    for (; at > 0 && eagre_text_compare(fields[at - 1].name, child->name) > 0; at--) {
      fields[at] = fields[at - 1];
    }
    fields[at] = (struct eagre_field){child->name, infer(inference, child), true};
  }
  return eagre_type_struct(inference->arena, fields, count);
}

static const struct eagre_type *infer(const struct inference *inference,
                                      const struct eagre_json_node *node) {
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  switch (node->kind) {
  case EAGRE_JSON_NULL:
    return eagre_type_of(EAGRE_TYPE_NULL);
  case EAGRE_JSON_STRING:
    return node->text.size == 0 ? eagre_type_of(EAGRE_TYPE_NULL) : text;
  case EAGRE_JSON_ARRAY:
    return infer_array(inference, node);
  case EAGRE_JSON_OBJECT:
    return infer_object(inference, node);
  case EAGRE_JSON_NUMBER:
    return inference->are_strings ? text : infer_number(inference, node->text);
  default:
    return inference->are_strings ? text : eagre_type_of(EAGRE_TYPE_BOOLEAN);
  }
}

/* With STRING where nothing but null was seen. */
static const struct eagre_type *complete(struct eagre_arena *arena, const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_NULL) return eagre_type_of(EAGRE_TYPE_STRING);
  if (type->kind == EAGRE_TYPE_ARRAY) {
    return eagre_type_array(arena, complete(arena, type->fields[0].type));
  }
  if (type->kind != EAGRE_TYPE_STRUCT) return type;
  struct eagre_field *fields =
      eagre_arena_allocate(arena, ((size_t)type->field_count + 1) * sizeof *fields);
  for (uint32_t i = 0; i < type->field_count; i++) {
    fields[i] = type->fields[i];
    fields[i].type = complete(arena, fields[i].type);
  }
  return eagre_type_struct(arena, fields, type->field_count);
}

/* ---- schema_of_json -------------------------------------------------------------------------- */

static enum eagre_status read_options(struct eagre_bind *bind, struct inference *out) {
  struct eagre_text *texts;
  uint32_t count;
  EAGRE_TRY(eagre_bind_options(bind, 1, &texts, &count));
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    bool is_set = eagre_text_equal_ignoring_case(texts[i + 1], EAGRE_TEXT("true"));
    if (eagre_text_equal_ignoring_case(texts[i], EAGRE_TEXT("primitivesAsString"))) {
      out->are_strings = is_set;
    } else if (eagre_text_equal_ignoring_case(texts[i], EAGRE_TEXT("prefersDecimal"))) {
      out->prefers_decimals = is_set;
    } else {
      return eagre_bind_fail(bind, bind->arguments[1]->position, "UNSUPPORTED_FEATURE.JSON_OPTION",
                             "The feature is not supported: the option '%.*s' of schema_of_json.",
                             (int)texts[i].size, texts[i].data);
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_schema_of_json(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  struct inference inference = {.arena = bind->arena};
  const struct eagre_json_node *root = NULL;
  struct eagre_text json;
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "\"STRING\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_STRING)));
  EAGRE_TRY(eagre_bind_constant_text(bind, 0, "json", &json));
  EAGRE_TRY(read_options(bind, &inference));
  if (json.size == 0) json = EAGRE_TEXT("null");
  enum eagre_status status = eagre_json_read(bind->arena, json, &root, bind->error);
  if (status != EAGRE_OK) {
    eagre_sql_place_unplaced(bind->arguments[0]->position, bind->error);
    return status;
  }
  struct eagre_buffer text = {0};
  eagre_type_print(&text, complete(bind->arena, infer(&inference, root)));
  *out = eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, eagre_buffer_text(&text),
                                   bind->position);
  eagre_buffer_done(&text);
  return EAGRE_OK;
}
