/* Bound trees as SQL text, for EXPLAIN and for messages. */
#include <string.h>

#include "expression/expression_tree.h"

struct printer {
  const struct eagre_type *columns; /* names of the input, or NULL */
  struct eagre_buffer *out;
};

static void print_node(const struct printer *printer, const struct eagre_expression *node);

static void print_string(const struct printer *printer, const char *string) {
  eagre_buffer_append_string(printer->out, string);
}

/* ---- Literals -------------------------------------------------------------------------------- */

static void print_quoted(const struct printer *printer, struct eagre_text text) {
  eagre_buffer_append_char(printer->out, '\'');
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '\'' || text.data[i] == '\\') eagre_buffer_append_char(printer->out, '\\');
    eagre_buffer_append_char(printer->out, text.data[i]);
  }
  eagre_buffer_append_char(printer->out, '\'');
}

static void print_binary(const struct printer *printer, struct eagre_text bytes) {
  print_string(printer, "X'");
  for (size_t i = 0; i < bytes.size; i++) {
    eagre_buffer_printf(printer->out, "%02X", (unsigned char)bytes.data[i]);
  }
  eagre_buffer_append_char(printer->out, '\'');
}

/* TIMESTAMPs are shown in UTC: the session zone is not known here. */
static void print_timestamp(const struct printer *printer, int64_t timestamp_us) {
  char text[48];
  struct eagre_zone *utc = NULL;
  if (eagre_zone_open(EAGRE_TEXT("UTC"), &utc, NULL) != EAGRE_OK) return;
  size_t size = eagre_value_print_timestamp(timestamp_us, utc, text);
  eagre_zone_close(utc);
  eagre_buffer_printf(printer->out, "TIMESTAMP '%.*sZ'", (int)size, text);
}

static void print_literal(const struct printer *printer, const struct eagre_expression *node) {
  enum eagre_type_kind kind = node->type->kind;
  if (eagre_vector_is_null(&node->value, 0)) {
    print_string(printer, "NULL");
  } else if (kind == EAGRE_TYPE_STRING) {
    print_quoted(printer, *EAGRE_VALUES(struct eagre_text, &node->value));
  } else if (kind == EAGRE_TYPE_BINARY) {
    print_binary(printer, *EAGRE_VALUES(struct eagre_text, &node->value));
  } else if (kind == EAGRE_TYPE_TIMESTAMP) {
    print_timestamp(printer, *EAGRE_VALUES(int64_t, &node->value));
  } else {
    bool is_quoted = kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP_NTZ;
    if (is_quoted) print_string(printer, kind == EAGRE_TYPE_DATE ? "DATE '" : "TIMESTAMP_NTZ '");
    eagre_value_print(&node->value, 0, NULL, printer->out);
    if (is_quoted) print_string(printer, "'");
  }
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static void print_arguments(const struct printer *printer, const struct eagre_expression *node,
                            uint32_t first, const char *separator) {
  for (uint32_t i = first; i < node->argument_count; i++) {
    if (i > first) print_string(printer, separator);
    print_node(printer, node->arguments[i]);
  }
}

static void print_cast(const struct printer *printer, const struct eagre_expression *node) {
  print_string(printer, node->is_try && !node->is_legacy ? "TRY_CAST(" : "CAST(");
  print_node(printer, node->arguments[0]);
  print_string(printer, " AS ");
  eagre_type_print(printer->out, node->type);
  print_string(printer, ")");
}

static void print_case(const struct printer *printer, const struct eagre_expression *node) {
  print_string(printer, "CASE");
  for (uint32_t i = 0; i < node->argument_count; i++) {
    bool is_last = i + 1 == node->argument_count;
    print_string(printer, i % 2 == 1 ? " THEN " : is_last ? " ELSE " : " WHEN ");
    print_node(printer, node->arguments[i]);
  }
  print_string(printer, " END");
}

static void print_struct(const struct printer *printer, const struct eagre_expression *node) {
  print_string(printer, "named_struct(");
  for (uint32_t i = 0; i < node->argument_count; i++) {
    if (i > 0) print_string(printer, ", ");
    print_quoted(printer, node->type->fields[i].name);
    print_string(printer, ", ");
    print_node(printer, node->arguments[i]);
  }
  print_string(printer, ")");
}

static void print_field(const struct printer *printer, const struct eagre_expression *node) {
  const struct eagre_expression *value = node->arguments[0];
  print_node(printer, value);
  eagre_buffer_append_char(printer->out, '.');
  eagre_buffer_append_text(printer->out, value->type->fields[node->parameters[0]].name);
}

static void print_window(const struct printer *printer, const struct eagre_expression *node) {
  print_string(printer, "window(");
  print_node(printer, node->arguments[0]);
  for (uint32_t i = 0; i < 3; i++) {
    print_string(printer, ", ");
    eagre_value_print_interval(node->parameters[i], printer->out);
  }
  print_string(printer, ")");
}

/* An operator is a name without letters, or one of the words that SQL writes between operands. */
static bool is_infix(const struct eagre_expression *node) {
  static const char *const words[] = {"and", "or", "div", "like", "ilike", "rlike", "regexp"};
  const char *name = node->function->info.name;
  if (node->argument_count != 2) return false;
  for (size_t i = 0; i < EAGRE_COUNT_OF(words); i++) {
    if (strcmp(name, words[i]) == 0) return true;
  }
  return !((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_');
}

static void print_infix(const struct printer *printer, const struct eagre_expression *node) {
  print_string(printer, "(");
  print_node(printer, node->arguments[0]);
  eagre_buffer_append_char(printer->out, ' ');
  for (const char *c = node->function->info.name; *c != '\0'; c++) {
    eagre_buffer_append_char(printer->out, *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c);
  }
  eagre_buffer_append_char(printer->out, ' ');
  print_node(printer, node->arguments[1]);
  print_string(printer, ")");
}

/* Forms with words: what stands before the first operand and behind it. */
struct affix {
  const char *name;
  const char *before;
  const char *behind;
};

static bool print_affixed(const struct printer *printer, const struct eagre_expression *node) {
  static const struct affix affixes[] = {
      {"isnull", "(", " IS NULL)"},       {"isnotnull", "(", " IS NOT NULL)"},
      {"istrue", "(", " IS TRUE)"},       {"isfalse", "(", " IS FALSE)"},
      {"isunknown", "(", " IS UNKNOWN)"}, {"not", "(NOT ", ")"},
      {"negative", "(- ", ")"},           {"~", "~", ""},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(affixes) && node->argument_count == 1; i++) {
    if (strcmp(node->function->info.name, affixes[i].name) != 0) continue;
    print_string(printer, affixes[i].before);
    print_node(printer, node->arguments[0]);
    print_string(printer, affixes[i].behind);
    return true;
  }
  return false;
}

static void print_named_call(const struct printer *printer, const struct eagre_expression *node) {
  print_string(printer, node->function->info.name);
  print_string(printer, "(");
  print_arguments(printer, node, 0, ", ");
  bool has_options = (node->to_json != NULL || node->csv != NULL) && node->text.size > 0;
  if (node->json != NULL || has_options) {
    print_string(printer, ", ");
    eagre_buffer_append_text(printer->out, node->text);
  }
  print_string(printer, ")");
}

static void print_session(const struct printer *printer, const struct eagre_expression *node) {
  print_string(printer, "session_window(");
  print_arguments(printer, node, 0, ", ");
  if (node->argument_count == 1 && node->parameters[0] != 0)
    eagre_buffer_printf(printer->out, ", %lld months", (long long)node->parameters[0]);
  if (node->argument_count == 1)
    eagre_buffer_printf(printer->out, ", %lld us", (long long)node->parameters[1]);
  print_string(printer, ")");
}

static void print_call(const struct printer *printer, const struct eagre_expression *node) {
  if (eagre_expression_calls(node, EAGRE_INTERNAL_CAST)) {
    print_cast(printer, node);
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_CASE)) {
    print_case(printer, node);
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_STRUCT)) {
    print_struct(printer, node);
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_FIELD)) {
    print_field(printer, node);
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_WINDOW)) {
    print_window(printer, node);
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_SESSION)) {
    print_session(printer, node);
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_ARRAY_FIELD)) {
    const struct eagre_type *element = node->arguments[0]->type->fields[0].type;
    print_node(printer, node->arguments[0]);
    eagre_buffer_append_char(printer->out, '.');
    eagre_buffer_append_text(printer->out, element->fields[node->parameters[0]].name);
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_SUBSCRIPT)) {
    print_node(printer, node->arguments[0]);
    eagre_buffer_append_char(printer->out, '[');
    print_node(printer, node->arguments[1]);
    eagre_buffer_append_char(printer->out, ']');
  } else if (eagre_expression_calls(node, EAGRE_INTERNAL_COLON)) {
    print_node(printer, node->arguments[0]);
    eagre_buffer_append_char(printer->out, ':');
    eagre_buffer_append_text(printer->out, node->text);
  } else if (strcmp(node->function->info.name, "in") == 0) {
    print_string(printer, "(");
    print_node(printer, node->arguments[0]);
    print_string(printer, " IN (");
    print_arguments(printer, node, 1, ", ");
    print_string(printer, "))");
  } else if (is_infix(node)) {
    print_infix(printer, node);
  } else if (!print_affixed(printer, node)) {
    print_named_call(printer, node);
  }
}

static void print_lambda(const struct printer *printer, const struct eagre_expression *node) {
  bool is_one = node->argument_count == 2;
  if (!is_one) print_string(printer, "(");
  print_arguments(printer, node, 1, ", ");
  print_string(printer, is_one ? " -> " : ") -> ");
  print_node(printer, node->arguments[0]);
}

static void print_node(const struct printer *printer, const struct eagre_expression *node) {
  if (node->kind == EAGRE_EXPRESSION_LITERAL) {
    print_literal(printer, node);
  } else if (node->kind == EAGRE_EXPRESSION_CALL) {
    print_call(printer, node);
  } else if (node->kind == EAGRE_EXPRESSION_VARIABLE) {
    eagre_buffer_append_text(printer->out, node->text);
  } else if (node->kind == EAGRE_EXPRESSION_LAMBDA) {
    print_lambda(printer, node);
  } else if (printer->columns != NULL) {
    eagre_buffer_append_text(printer->out, printer->columns->fields[node->parameters[0]].name);
  } else {
    eagre_buffer_printf(printer->out, "#%lld", (long long)node->parameters[0]);
  }
}

void eagre_expression_print(const struct eagre_expression *expression,
                            const struct eagre_type *input_columns, struct eagre_buffer *out) {
  struct printer printer = {input_columns, out};
  print_node(&printer, expression);
}
