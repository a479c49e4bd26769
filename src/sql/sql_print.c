/* Expressions as one line of text: the names that Spark gives to columns without an alias.
 *
 * Spark prints the resolved tree, so a name shows what a function became: `a || b` is concat(a, b),
 * `a <> b` is (NOT (a = b)), split(s, ',') has its default limit. What depends on the tree as
 * written is known here; what depends on types is not (date + INTERVAL prints as date_add(...)).
 * The functions with a look of their own are in sql_pattern.c. */
#include "sql/sql_pattern.h"
#include "value/value.h"

static void print(const struct eagre_sql_expression *expression, struct eagre_buffer *out);

static void append(struct eagre_buffer *out, const char *string) {
  eagre_buffer_append_string(out, string);
}

static void print_argument(const struct eagre_sql_expression *expression, uint32_t index,
                           struct eagre_buffer *out) {
  print(expression->arguments[index].value, out);
}

/* Arguments [first, count) joined by ", ". */
static void print_arguments(const struct eagre_sql_expression *expression, uint32_t first,
                            struct eagre_buffer *out) {
  for (uint32_t i = first; i < expression->argument_count; i++) {
    if (i > first) append(out, ", ");
    print_argument(expression, i, out);
  }
}

static void print_name(const struct eagre_sql_name *name, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < name->part_count; i++) {
    if (i > 0) append(out, ".");
    eagre_buffer_append_text(out, name->parts[i]);
  }
}

static bool is_literal(const struct eagre_sql_expression *expression,
                       enum eagre_sql_literal_kind kind) {
  return expression->kind == EAGRE_SQL_LITERAL && expression->literal == kind;
}

/* ---- Constants ------------------------------------------------------------------------------- */

/* 007 is 7, .5 is 0.5, 1. is 1, 00.50 is 0.50, 1.5e3BD is 1500. */
static void print_decimal(struct eagre_text text, struct eagre_buffer *out) {
  if (text.size > 0 && text.data[0] == '-') {
    append(out, "-");
    text = eagre_text_make(text.data + 1, text.size - 1);
  }
  size_t end = 0;
  while (end < text.size && (text.data[end] | 32) != 'e') {
    end++;
  }
  if (end < text.size) { /* an exponent stays as written: its value may have any length */
    eagre_buffer_append_text(out, text);
    return;
  }
  size_t begin = 0;
  while (begin + 1 < text.size && text.data[begin] == '0' && text.data[begin + 1] != '.') {
    begin++;
  }
  if (text.data[begin] == '.') append(out, "0");
  if (text.data[text.size - 1] == '.') text.size--;
  eagre_buffer_append(out, text.data + begin, text.size - begin);
}

static void print_double(const struct eagre_sql_expression *literal, struct eagre_buffer *out) {
  char digits[32];
  size_t size;
  if (literal->literal == EAGRE_SQL_LITERAL_FLOAT) {
    float value = 0;
    eagre_value_parse_float(literal->text, &value);
    size = eagre_value_print_float(value, digits);
  } else {
    double value = 0;
    eagre_value_parse_double(literal->text, &value);
    size = eagre_value_print_double(value, digits);
  }
  eagre_buffer_append(out, digits, size);
}

static void print_bytes(struct eagre_text bytes, struct eagre_buffer *out) {
  append(out, "X'");
  for (size_t i = 0; i < bytes.size; i++) {
    eagre_buffer_printf(out, "%02X", (unsigned)(unsigned char)bytes.data[i]);
  }
  append(out, "'");
}

static void print_literal(const struct eagre_sql_expression *literal, struct eagre_buffer *out) {
  switch (literal->literal) {
  case EAGRE_SQL_LITERAL_NULL:
    append(out, "NULL");
    break;
  case EAGRE_SQL_LITERAL_BOOLEAN:
    append(out, literal->boolean ? "true" : "false");
    break;
  case EAGRE_SQL_LITERAL_INTEGER:
  case EAGRE_SQL_LITERAL_DECIMAL:
    print_decimal(literal->text, out);
    break;
  case EAGRE_SQL_LITERAL_FLOAT:
  case EAGRE_SQL_LITERAL_DOUBLE:
    print_double(literal, out);
    break;
  case EAGRE_SQL_LITERAL_STRING:
  case EAGRE_SQL_LITERAL_INTERVAL:
    eagre_buffer_append_text(out, literal->text);
    break;
  case EAGRE_SQL_LITERAL_BINARY:
    print_bytes(literal->text, out);
    break;
  case EAGRE_SQL_LITERAL_DATE:
  case EAGRE_SQL_LITERAL_TIMESTAMP:
    append(out, literal->literal == EAGRE_SQL_LITERAL_DATE       ? "DATE '"
                : literal->type_kind == EAGRE_TYPE_TIMESTAMP_NTZ ? "TIMESTAMP_NTZ '"
                                                                 : "TIMESTAMP '");
    eagre_buffer_append_text(out, literal->text);
    append(out, "'");
    break;
  }
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static void print_pattern(const struct eagre_sql_expression *call, const char *pattern,
                          struct eagre_buffer *out) {
  for (const char *at = pattern; *at != 0; at++) {
    if (*at == '$') {
      at++;
      print_argument(call, (uint32_t)(*at - '1'), out);
    } else {
      eagre_buffer_append_char(out, *at);
    }
  }
}

/* a + b; with an interval on one side Spark prints no parentheses, unless it is on both. */
static bool print_sum(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  bool is_sum = call->is_operator && call->argument_count == 2 &&
                (eagre_text_equal_string(call->function, "+") ||
                 eagre_text_equal_string(call->function, "-"));
  if (!is_sum) return false;
  bool is_open = is_literal(call->arguments[0].value, EAGRE_SQL_LITERAL_INTERVAL) !=
                 is_literal(call->arguments[1].value, EAGRE_SQL_LITERAL_INTERVAL);
  if (!is_open) append(out, "(");
  print_argument(call, 0, out);
  append(out, " ");
  eagre_buffer_append_text(out, call->function);
  append(out, " ");
  print_argument(call, 1, out);
  if (!is_open) append(out, ")");
  return true;
}

/* a IN (b, c); a LIKE b ESCAPE 'c' */
static bool print_predicate(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  if (eagre_text_equal_string(call->function, "in") && call->argument_count > 0) {
    append(out, "(");
    print_argument(call, 0, out);
    append(out, " IN (");
    print_arguments(call, 1, out);
    append(out, "))");
    return true;
  }
  if (eagre_text_equal_string(call->function, "like") && call->argument_count == 3) {
    print_pattern(call, "$1 LIKE $2", out);
    const struct eagre_sql_expression *escape = call->arguments[2].value;
    if (eagre_text_equal_string(escape->text, "\\")) return true; /* the default */
    print_pattern(call, " ESCAPE '$3'", out);
    return true;
  }
  return false;
}

/* NOT (a IS UNKNOWN) is (a IS NOT NULL). */
static bool print_negation(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  if (!eagre_text_equal_string(call->function, "not") || call->argument_count != 1) return false;
  const struct eagre_sql_expression *inner = call->arguments[0].value;
  bool is_unknown =
      inner->kind == EAGRE_SQL_CALL && eagre_text_equal_string(inner->function, "isunknown");
  if (!is_unknown) return false;
  print_pattern(inner, "($1 IS NOT NULL)", out);
  return true;
}

/* (a, b AS c) is named_struct(a, a, c, b AS c); struct(a, b AS c) is itself. */
static bool print_struct(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  if (!eagre_text_equal_string(call->function, "struct")) return false;
  append(out, call->is_operator ? "named_struct(" : "struct(");
  for (uint32_t i = 0; i < call->argument_count; i++) {
    const struct eagre_sql_argument *field = &call->arguments[i];
    if (i > 0) append(out, ", ");
    if (call->is_operator && field->name.size > 0) {
      eagre_buffer_append_text(out, field->name);
    } else if (call->is_operator && field->value->kind == EAGRE_SQL_NAME) {
      eagre_buffer_append_text(out, field->value->name.parts[field->value->name.part_count - 1]);
    } else if (call->is_operator) {
      eagre_buffer_printf(out, "col%u", i + 1);
    }
    if (call->is_operator) append(out, ", ");
    print(field->value, out);
    if (field->name.size == 0) continue;
    append(out, " AS ");
    eagre_buffer_append_text(out, field->name);
  }
  append(out, ")");
  return true;
}

/* int(a), string(a) ...: casts that leave no trace in the name. */
static bool is_type_function(const struct eagre_sql_expression *call) {
  static const char *const names[] = {"bigint",   "binary", "boolean",   "date",
                                      "decimal",  "double", "float",     "int",
                                      "smallint", "string", "timestamp", "tinyint"};
  if (call->argument_count != 1) return false;
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    if (eagre_text_equal_string(call->function, names[i])) return true;
  }
  return false;
}

static void print_plain_call(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  bool is_count_star = eagre_text_equal_string(call->function, "count") &&
                       call->argument_count == 1 &&
                       call->arguments[0].value->kind == EAGRE_SQL_STAR &&
                       call->arguments[0].value->name.part_count == 0;
  eagre_buffer_append_text(out, call->function);
  append(out, call->is_distinct ? "(DISTINCT " : "(");
  if (is_count_star) {
    append(out, "1");
  } else {
    print_arguments(call, 0, out);
  }
  append(out, ")");
}

static void print_within_group(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < call->within_group_count; i++) {
    append(out, i == 0 ? " WITHIN GROUP (ORDER BY " : ", ");
    print(call->within_group[i].expression, out);
    if (call->within_group[i].is_descending) append(out, " DESC");
  }
  if (call->within_group_count > 0) append(out, ")");
}

static void print_call(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  bool is_window = call->over != NULL;
  bool is_printed = (is_window && eagre_sql_print_window_function(call, out)) ||
                    print_sum(call, out) || print_predicate(call, out) ||
                    print_negation(call, out) || print_struct(call, out);
  const char *pattern = is_printed || call->is_distinct ? NULL : eagre_sql_find_pattern(call);
  if (is_printed) {
    /* nothing more */
  } else if (pattern != NULL) {
    print_pattern(call, pattern, out);
  } else if (is_type_function(call)) {
    print_argument(call, 0, out);
  } else {
    print_plain_call(call, out);
  }
  print_within_group(call, out);
  if (call->filter != NULL) {
    append(out, " FILTER (WHERE ");
    print(call->filter, out);
    append(out, ")");
  }
  if (is_window) eagre_sql_print_over(call, out);
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void print_cast(const struct eagre_sql_expression *cast, struct eagre_buffer *out) {
  append(out, cast->is_try ? "TRY_CAST(" : "CAST(");
  print_argument(cast, 0, out);
  append(out, " AS ");
  eagre_type_print(out, cast->type);
  append(out, ")");
}

/* CASE x WHEN 1 is printed as CASE WHEN (x = 1). */
static void print_case(const struct eagre_sql_expression *node, struct eagre_buffer *out) {
  uint32_t first = node->has_operand ? 1 : 0;
  uint32_t end = node->argument_count - (node->has_else ? 1 : 0);
  append(out, "CASE");
  for (uint32_t i = first; i + 1 < end; i += 2) {
    append(out, " WHEN ");
    if (node->has_operand) {
      append(out, "(");
      print_argument(node, 0, out);
      append(out, " = ");
    }
    print_argument(node, i, out);
    append(out, node->has_operand ? ") THEN " : " THEN ");
    print_argument(node, i + 1, out);
  }
  if (node->has_else) {
    append(out, " ELSE ");
    print_argument(node, end, out);
  }
  append(out, " END");
}

static void print_subquery(const struct eagre_sql_expression *subquery, struct eagre_buffer *out) {
  if (eagre_text_equal_string(subquery->function, "in")) {
    append(out, "(");
    print_argument(subquery, 0, out);
    append(out, " IN (listquery()))");
  } else if (eagre_text_equal_string(subquery->function, "exists")) {
    append(out, "exists()");
  } else {
    append(out, "scalarsubquery()");
  }
}

static void print_star(const struct eagre_sql_expression *star, struct eagre_buffer *out) {
  print_name(&star->name, out);
  append(out, star->name.part_count == 0 ? "*" : ".*");
}

/* What stands behind the operand of .field, .*, [index] and :path. */
static void print_postfix(const struct eagre_sql_expression *postfix, struct eagre_buffer *out) {
  print_argument(postfix, 0, out);
  if (postfix->kind == EAGRE_SQL_INDEX) {
    append(out, "[");
    print_argument(postfix, 1, out);
    append(out, "]");
  } else if (postfix->kind == EAGRE_SQL_FIELD_STAR) {
    append(out, ".*");
  } else {
    append(out, postfix->kind == EAGRE_SQL_COLON ? ":" : ".");
    eagre_buffer_append_text(out, postfix->text);
  }
}

static void print(const struct eagre_sql_expression *expression, struct eagre_buffer *out) {
  switch (expression->kind) {
  case EAGRE_SQL_LITERAL:
    print_literal(expression, out);
    break;
  case EAGRE_SQL_NAME:
    print_name(&expression->name, out);
    break;
  case EAGRE_SQL_STAR:
    print_star(expression, out);
    break;
  case EAGRE_SQL_CALL:
    print_call(expression, out);
    break;
  case EAGRE_SQL_CAST:
    print_cast(expression, out);
    break;
  case EAGRE_SQL_CASE:
    print_case(expression, out);
    break;
  case EAGRE_SQL_FIELD:
  case EAGRE_SQL_FIELD_STAR:
  case EAGRE_SQL_INDEX:
  case EAGRE_SQL_COLON:
    print_postfix(expression, out);
    break;
  case EAGRE_SQL_LAMBDA:
    eagre_buffer_append_text(out, expression->source);
    break;
  case EAGRE_SQL_SUBQUERY:
    print_subquery(expression, out);
    break;
  }
}

void eagre_sql_print_expression(const struct eagre_sql_expression *expression,
                                struct eagre_buffer *out) {
  print(expression, out);
}

/* ---- Names of columns ------------------------------------------------------------------------ */

/* The last named part of a path: b of a.b[0], x y of ['x y']; empty when it has only indexes. */
static struct eagre_text find_path_name(struct eagre_text path) {
  struct eagre_text name = {0};
  size_t at = 0;
  while (at < path.size) {
    char character = path.data[at];
    if (character == '.' || character == '[' || character == ']') {
      at++;
      continue;
    }
    bool is_quoted = character == '\'' || character == '"' || character == '`';
    size_t begin = is_quoted ? at + 1 : at;
    size_t end = begin;
    while (end < path.size &&
           (is_quoted ? path.data[end] != character : memchr(".[]", path.data[end], 3) == NULL)) {
      end++;
    }
    bool is_index = !is_quoted && at > 0 && path.data[at - 1] == '[';
    if (!is_index) name = eagre_text_make(path.data + begin, end - begin);
    at = is_quoted ? end + 1 : end;
  }
  return name;
}

void eagre_sql_print_column_name(const struct eagre_sql_expression *expression,
                                 struct eagre_buffer *out) {
  /* A cast of something that has a name keeps that name. */
  const struct eagre_sql_expression *named =
      expression->kind == EAGRE_SQL_CAST ? expression->arguments[0].value : expression;
  struct eagre_text name = {0};
  if (named->kind == EAGRE_SQL_NAME && (named == expression || named->name.part_count == 1)) {
    name = named->name.parts[named->name.part_count - 1];
  } else if (named->kind == EAGRE_SQL_COLON) {
    name = find_path_name(named->text);
  }
  if (name.size > 0) {
    eagre_buffer_append_text(out, name);
  } else {
    print(expression, out);
  }
}
