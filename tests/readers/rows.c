#include "rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

void check(enum eagre_status status, const struct eagre_error *error) {
  if (status == EAGRE_OK) return;
  fprintf(stderr, "%s %s: %s\n", eagre_status_name(status), error->class_name, error->text);
  exit(eagre_status_exit(status));
}

/* ---- Input ------------------------------------------------------------------------------------
 */

void read_input(struct eagre_buffer *out) {
  size_t size;
  do {
    char *end = eagre_buffer_reserve(out, 1 << 16);
    size = fread(end, 1, 1 << 16, stdin);
    out->size += size;
  } while (size > 0);
  eagre_buffer_string(out);
}

bool take_line(struct eagre_text *text, struct eagre_text *out_line) {
  if (text->size == 0) return false;
  const char *newline = memchr(text->data, '\n', text->size);
  size_t size = newline == NULL ? text->size : (size_t)(newline - text->data);
  *out_line = eagre_text_make(text->data, size);
  size_t used = newline == NULL ? size : size + 1;
  *text = eagre_text_make(text->data + used, text->size - used);
  return true;
}

const struct eagre_json_node *read_json(struct eagre_arena *arena, struct eagre_text text) {
  struct eagre_error error;
  eagre_error_init(&error);
  const struct eagre_json_node *root;
  check(eagre_json_read(arena, text, &root, &error), &error);
  return root;
}

int64_t get_integer(const struct eagre_json_node *object, const char *name, int64_t otherwise) {
  const struct eagre_json_node *node = eagre_json_member(object, name);
  int64_t value;
  if (node == NULL) return otherwise;
  if (!eagre_json_integer(node, &value)) fail("%s is no integer", name);
  return value;
}

bool get_flag(const struct eagre_json_node *object, const char *name) {
  const struct eagre_json_node *node = eagre_json_member(object, name);
  return node != NULL && node->kind == EAGRE_JSON_TRUE;
}

const char *get_string(const struct eagre_json_node *object, const char *name,
                       struct eagre_arena *arena) {
  const struct eagre_json_node *node = eagre_json_member(object, name);
  if (node == NULL || node->kind == EAGRE_JSON_NULL) return NULL;
  if (node->kind != EAGRE_JSON_STRING) fail("%s is no string", name);
  return eagre_arena_copy_text(arena, node->text).data;
}

/* ---- Types ------------------------------------------------------------------------------------
 */

static const struct {
  const char *name;
  enum eagre_type_kind kind;
} primitive_names[] = {
    {"boolean", EAGRE_TYPE_BOOLEAN},
    {"byte", EAGRE_TYPE_TINYINT},
    {"short", EAGRE_TYPE_SMALLINT},
    {"integer", EAGRE_TYPE_INT},
    {"long", EAGRE_TYPE_BIGINT},
    {"float", EAGRE_TYPE_FLOAT},
    {"double", EAGRE_TYPE_DOUBLE},
    {"string", EAGRE_TYPE_STRING},
    {"binary", EAGRE_TYPE_BINARY},
    {"date", EAGRE_TYPE_DATE},
    {"void", EAGRE_TYPE_NULL},
    {"timestamp", EAGRE_TYPE_TIMESTAMP},
    {"timestamp_ntz", EAGRE_TYPE_TIMESTAMP_NTZ},
};

static uint32_t count_children(const struct eagre_json_node *node) {
  uint32_t count = 0;
  for (const struct eagre_json_node *child = node->child; child != NULL; child = child->next) {
    count++;
  }
  return count;
}

static const struct eagre_type *make_container(struct eagre_arena *arena, enum eagre_type_kind kind,
                                               const struct eagre_field *fields, uint32_t count) {
  struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
  struct eagre_field *copy = eagre_arena_allocate(arena, count * sizeof *copy);
  if (count > 0) memcpy(copy, fields, count * sizeof *copy);
  *type = (struct eagre_type){.kind = kind, .field_count = count, .fields = copy};
  return type;
}

static struct eagre_field make_field(struct eagre_arena *arena, const char *name,
                                     const struct eagre_json_node *type, bool nullable) {
  return (struct eagre_field){eagre_text_of(name), read_type(arena, type), nullable};
}

/* "decimal(10,2)". */
static const struct eagre_type *read_decimal_type(struct eagre_arena *arena,
                                                  struct eagre_text text) {
  const char *string = eagre_arena_copy_text(arena, text).data;
  struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
  type->kind = EAGRE_TYPE_DECIMAL;
  if (sscanf(string, "decimal(%hhu,%hhu)", &type->precision, &type->scale) != 2) {
    fail("unknown type %s", string);
  }
  return type;
}

static const struct eagre_type *read_struct(struct eagre_arena *arena,
                                            const struct eagre_json_node *fields) {
  uint32_t count = count_children(fields);
  struct eagre_field *out = eagre_arena_allocate(arena, count * sizeof *out);
  uint32_t i = 0;
  for (const struct eagre_json_node *node = fields->child; node != NULL; node = node->next) {
    out[i++] =
        make_field(arena, get_string(node, "name", arena), eagre_json_member(node, "type"), true);
  }
  return make_container(arena, EAGRE_TYPE_STRUCT, out, count);
}

const struct eagre_type *read_type(struct eagre_arena *arena, const struct eagre_json_node *node) {
  if (node == NULL) fail("a type is missing");
  if (node->kind == EAGRE_JSON_STRING) {
    for (size_t i = 0; i < EAGRE_COUNT_OF(primitive_names); i++) {
      if (!eagre_text_equal_string(node->text, primitive_names[i].name)) continue;
      return eagre_type_of(primitive_names[i].kind);
    }
    return read_decimal_type(arena, node->text);
  }
  const char *name = get_string(node, "type", arena);
  if (strcmp(name, "struct") == 0) return read_struct(arena, eagre_json_member(node, "fields"));
  if (strcmp(name, "array") == 0) {
    struct eagre_field element =
        make_field(arena, "element", eagre_json_member(node, "elementType"), true);
    return make_container(arena, EAGRE_TYPE_ARRAY, &element, 1);
  }
  if (strcmp(name, "map") != 0) fail("unknown type %s", name);
  struct eagre_field fields[] = {
      make_field(arena, "key", eagre_json_member(node, "keyType"), false),
      make_field(arena, "value", eagre_json_member(node, "valueType"), true),
  };
  return make_container(arena, EAGRE_TYPE_MAP, fields, 2);
}

/* ---- Values -----------------------------------------------------------------------------------
 */

static bool is_null(const struct eagre_json_node *node) {
  return node == NULL || node->kind == EAGRE_JSON_NULL;
}

static int64_t read_integer(const struct eagre_json_node *node) {
  int64_t value;
  if (!eagre_json_integer(node, &value))
    fail("%.*s is no integer", (int)node->text.size, node->text.data);
  return value;
}

/* Of a DECIMAL, without the point: up to 38. */
static eagre_decimal read_digits(const struct eagre_json_node *node) {
  struct eagre_text text = node->text;
  bool is_negative = text.size > 0 && text.data[0] == '-';
  eagre_decimal value = 0;
  for (size_t i = is_negative; i < text.size; i++) {
    if (text.data[i] < '0' || text.data[i] > '9')
      fail("%.*s has no digits", (int)text.size, text.data);
    value = value * 10 + (text.data[i] - '0');
  }
  return is_negative ? -value : value;
}

static double read_real(const struct eagre_json_node *node) {
  char text[64];
  if (node->text.size >= sizeof text) fail("a number is too long");
  memcpy(text, node->text.data, node->text.size);
  text[node->text.size] = '\0';
  return strtod(text, NULL);
}

static struct eagre_text read_bytes(struct eagre_arena *arena, struct eagre_text digits) {
  char *bytes = eagre_arena_allocate(arena, digits.size / 2);
  for (size_t i = 0; i < digits.size / 2; i++) {
    unsigned byte;
    if (sscanf(digits.data + 2 * i, "%2x", &byte) != 1) fail("no hexadecimal digits");
    bytes[i] = (char)byte;
  }
  return eagre_text_make(bytes, digits.size / 2);
}

static void put_value(struct eagre_arena *arena, struct eagre_vector *out, uint32_t row,
                      const struct eagre_json_node *node) {
  switch (out->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_bit_put(out->data, row, node->kind == EAGRE_JSON_TRUE);
    return;
  case EAGRE_TYPE_TINYINT:
    EAGRE_VALUES(int8_t, out)[row] = (int8_t)read_integer(node);
    return;
  case EAGRE_TYPE_SMALLINT:
    EAGRE_VALUES(int16_t, out)[row] = (int16_t)read_integer(node);
    return;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
    EAGRE_VALUES(int32_t, out)[row] = (int32_t)read_integer(node);
    return;
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    EAGRE_VALUES(int64_t, out)[row] = read_integer(node);
    return;
  case EAGRE_TYPE_DECIMAL: /* unscaled */
    EAGRE_VALUES(eagre_decimal, out)[row] = read_digits(node);
    return;
  case EAGRE_TYPE_FLOAT:
    EAGRE_VALUES(float, out)[row] = (float)read_real(node);
    return;
  case EAGRE_TYPE_DOUBLE:
    EAGRE_VALUES(double, out)[row] = read_real(node);
    return;
  case EAGRE_TYPE_STRING:
    EAGRE_VALUES(struct eagre_text, out)[row] = node->text;
    return;
  case EAGRE_TYPE_BINARY:
    EAGRE_VALUES(struct eagre_text, out)[row] = read_bytes(arena, node->text);
    return;
  default:
    fail("values of this type cannot be told");
  }
}

static void build_primitive(struct eagre_arena *arena, const struct eagre_json_node *const *nodes,
                            uint32_t count, struct eagre_vector *out) {
  uint32_t width = eagre_type_width(out->type->kind);
  /* Null rows hold what would be noticed if it were written. */
  if (width > 0) memset(out->data, 0xee, (size_t)count * width);
  for (uint32_t i = 0; i < count; i++) {
    if (!is_null(nodes[i])) {
      put_value(arena, out, i, nodes[i]);
    } else if (width == sizeof(struct eagre_text) && out->type->kind != EAGRE_TYPE_DECIMAL) {
      EAGRE_VALUES(struct eagre_text, out)[i] = EAGRE_TEXT("of a null row");
    }
  }
}

static void build_struct(struct eagre_arena *arena, const struct eagre_json_node *const *nodes,
                         uint32_t count, bool finds_constants, struct eagre_vector *out) {
  const struct eagre_json_node **children =
      eagre_arena_allocate_zeroed(arena, count * sizeof *children);
  for (uint32_t i = 0; i < count; i++) {
    children[i] = is_null(nodes[i]) ? NULL : nodes[i]->child;
  }
  for (uint32_t field = 0; field < out->type->field_count; field++) {
    build_vector(arena, out->type->fields[field].type, children, count, finds_constants,
                 &out->children[field]);
    for (uint32_t i = 0; i < count; i++) {
      children[i] = children[i] == NULL ? NULL : children[i]->next;
    }
  }
}

static void build_repeated(struct eagre_arena *arena, const struct eagre_json_node *const *nodes,
                           uint32_t count, bool finds_constants, struct eagre_vector *out) {
  out->offsets = eagre_arena_allocate_vector(arena, (count + 1) * sizeof *out->offsets);
  uint32_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    out->offsets[i] = (int32_t)total;
    total += is_null(nodes[i]) ? 0 : count_children(nodes[i]);
  }
  out->offsets[count] = (int32_t)total;
  uint32_t field_count = out->type->field_count;
  out->children = eagre_arena_allocate_zeroed(arena, field_count * sizeof *out->children);
  const struct eagre_json_node **children = eagre_arena_allocate(arena, total * sizeof *children);
  for (uint32_t field = 0; field < field_count; field++) {
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++) {
      if (is_null(nodes[i])) continue;
      for (const struct eagre_json_node *node = nodes[i]->child; node != NULL; node = node->next) {
        bool is_pair = out->type->kind == EAGRE_TYPE_MAP;
        children[next++] = !is_pair ? node : field == 0 ? node->child : node->child->next;
      }
    }
    build_vector(arena, out->type->fields[field].type, children, total, finds_constants,
                 &out->children[field]);
  }
}

static bool are_nodes_equal(const struct eagre_json_node *a, const struct eagre_json_node *b) {
  if (is_null(a) || is_null(b)) return is_null(a) && is_null(b);
  return a->kind == b->kind && eagre_text_equal(a->text, b->text);
}

static bool are_all_equal(const struct eagre_json_node *const *nodes, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    if (!are_nodes_equal(nodes[0], nodes[i])) return false;
  }
  return count > 0;
}

static void mark_nulls(struct eagre_arena *arena, const struct eagre_json_node *const *nodes,
                       uint32_t count, struct eagre_vector *out) {
  for (uint32_t i = 0; i < count; i++) {
    if (is_null(nodes[i])) eagre_vector_set_null(out, i, count, arena);
  }
}

void build_vector(struct eagre_arena *arena, const struct eagre_type *type,
                  const struct eagre_json_node *const *nodes, uint32_t count, bool finds_constants,
                  struct eagre_vector *out) {
  bool is_constant = finds_constants && are_all_equal(nodes, count);
  if (is_constant) count = 1;
  bool is_repeated = type->kind == EAGRE_TYPE_ARRAY || type->kind == EAGRE_TYPE_MAP;
  if (is_repeated) {
    *out = (struct eagre_vector){.type = type};
  } else {
    eagre_vector_init(out, type, count, arena);
  }
  mark_nulls(arena, nodes, count, out);
  if (type->kind == EAGRE_TYPE_STRUCT) {
    build_struct(arena, nodes, count, finds_constants, out);
  } else if (is_repeated) {
    build_repeated(arena, nodes, count, finds_constants, out);
  } else {
    build_primitive(arena, nodes, count, out);
  }
  out->is_constant = is_constant;
}

uint32_t build_columns(struct eagre_arena *arena, const struct eagre_type *schema,
                       struct eagre_text *lines, uint32_t row_count_max, bool finds_constants,
                       struct eagre_vector **out_columns) {
  const struct eagre_json_node **nodes = eagre_arena_allocate(arena, row_count_max * sizeof *nodes);
  uint32_t count = 0;
  struct eagre_text line;
  while (count < row_count_max && take_line(lines, &line)) {
    nodes[count++] = read_json(arena, line);
  }
  struct eagre_vector rows = {.type = schema};
  rows.children = eagre_arena_allocate_zeroed(arena, schema->field_count * sizeof *rows.children);
  build_struct(arena, nodes, count, finds_constants, &rows);
  *out_columns = rows.children;
  return count;
}
