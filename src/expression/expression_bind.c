/* Binding a call by name: the row of the table, the number of arguments, and then either the row's
 * own binder or its signature.
 *
 * A signature is one or more alternatives "<parameters>><result>" joined by '|', one letter per
 * type:
 *   O BOOLEAN  I INT  L BIGINT  F FLOAT  D DOUBLE  S STRING  B BINARY  d DATE  t TIMESTAMP
 *   n TIMESTAMP_NTZ  y INTERVAL YEAR TO MONTH  A anything, as it is
 * '?' behind a parameter makes it and all later ones optional, '*' behind the last one lets it
 * repeat (also not at all), '!' takes only its own type and narrower integrals. The first
 * alternative whose first parameter has the very type of the first argument is taken, else the
 * first that all arguments convert to implicitly. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expression/expression_bind.h"

/* ---- Refusals ------------------------------------------------------------------------------- */

static enum eagre_status fail_with(struct eagre_bind *bind, struct eagre_sql_position position,
                                   const char *class_name, const char *format, va_list arguments) {
  char text[sizeof bind->error->text];
  vsnprintf(text, sizeof text, format, arguments);
  enum eagre_status status = eagre_error_set(bind->error, EAGRE_USAGE, class_name, "%s", text);
  eagre_sql_place_unplaced(position, bind->error);
  return status;
}

enum eagre_status eagre_bind_fail(struct eagre_bind *bind, struct eagre_sql_position position,
                                  const char *class_name, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  enum eagre_status status = fail_with(bind, position, class_name, format, arguments);
  va_end(arguments);
  return status;
}

/* The call as the user wrote it, for messages. */
static const char *print_call(struct eagre_bind *bind) {
  struct eagre_expression call = {
      .kind = EAGRE_EXPRESSION_CALL,
      .function = bind->function,
      .type = eagre_type_of(EAGRE_TYPE_NULL),
      .arguments = bind->arguments,
      .argument_count = bind->argument_count,
  };
  return eagre_expression_sql(bind->arena, &call);
}

enum eagre_status eagre_bind_mismatch(struct eagre_bind *bind, const char *reason,
                                      const char *format, ...) {
  char class_name[sizeof bind->error->class_name];
  snprintf(class_name, sizeof class_name, "DATATYPE_MISMATCH.%s", reason);
  char text[sizeof bind->error->text];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return eagre_bind_fail(bind, bind->position, class_name,
                         "Cannot resolve %s due to data type mismatch: %s", print_call(bind), text);
}

static const char *print_ordinal(uint32_t index, char out[16]) {
  static const char *const names[] = {"first", "second",  "third",  "fourth", "fifth",
                                      "sixth", "seventh", "eighth", "ninth",  "tenth"};
  if (index < EAGRE_COUNT_OF(names)) return names[index];
  snprintf(out, 16, "%uth", index + 1);
  return out;
}

enum eagre_status eagre_bind_unexpected(struct eagre_bind *bind, uint32_t index,
                                        const char *required) {
  char ordinal[16];
  return eagre_bind_mismatch(bind, "UNEXPECTED_INPUT_TYPE",
                             "The %s parameter requires the %s type, however %s has the type %s.",
                             print_ordinal(index, ordinal), required,
                             eagre_expression_sql(bind->arena, bind->arguments[index]),
                             eagre_expression_type_name(bind->arena, bind->arguments[index]->type));
}

/* ---- Helpers of binders ---------------------------------------------------------------------- */

struct eagre_expression *eagre_bind_call(struct eagre_bind *bind, const struct eagre_type *type,
                                         eagre_kernel_fn *kernel) {
  return eagre_bind_call_of(bind, bind->function, type, kernel, bind->arguments,
                            bind->argument_count);
}

struct eagre_expression *eagre_bind_call_of(struct eagre_bind *bind,
                                            const struct eagre_function *function,
                                            const struct eagre_type *type, eagre_kernel_fn *kernel,
                                            struct eagre_expression *const *arguments,
                                            uint32_t argument_count) {
  struct eagre_expression *call = eagre_expression_new_call(
      bind->arena, function, type, kernel, arguments, argument_count, bind->position);
  if (eagre_bind_is_legacy(bind)) eagre_expression_set_legacy(call);
  return call;
}

enum eagre_status eagre_bind_other(struct eagre_bind *bind, const char *function,
                                   struct eagre_expression *const *arguments,
                                   uint32_t argument_count, struct eagre_expression **out) {
  return eagre_expression_call(bind->arena, eagre_text_of(function), arguments, argument_count,
                               bind->session, bind->position, out, bind->error);
}

enum eagre_status eagre_bind_cast(struct eagre_bind *bind, uint32_t index,
                                  const struct eagre_type *type) {
  struct eagre_expression *argument = bind->arguments[index];
  return eagre_expression_cast(bind->arena, argument, type, false, bind->session,
                               argument->position, &bind->arguments[index], bind->error);
}

enum eagre_status eagre_bind_parameter(struct eagre_bind *bind, uint32_t index,
                                       enum eagre_type_kind kind) {
  if (eagre_bind_kind(bind, index) == kind) return EAGRE_OK;
  const struct eagre_type *type = eagre_type_of(kind);
  if (!eagre_bind_takes(bind, bind->arguments[index]->type, kind)) {
    return eagre_bind_unexpected(bind, index, eagre_expression_type_name(bind->arena, type));
  }
  return eagre_bind_cast(bind, index, type);
}

enum eagre_status eagre_bind_require_value(struct eagre_bind *bind, uint32_t index) {
  const struct eagre_expression *argument = bind->arguments[index];
  if (eagre_type_is_supported(argument->type->kind)) return EAGRE_OK;
  return eagre_bind_fail(bind, argument->position, "UNSUPPORTED_DATATYPE",
                         "Unsupported data type %s.",
                         eagre_expression_type_name(bind->arena, argument->type));
}

enum eagre_status eagre_bind_refuse_different(struct eagre_bind *bind, uint32_t first,
                                              uint32_t end) {
  struct eagre_buffer types = {0};
  for (uint32_t i = first; i < end; i++) {
    if (i > first) eagre_buffer_append_string(&types, ", ");
    eagre_buffer_append_string(&types,
                               eagre_expression_type_name(bind->arena, bind->arguments[i]->type));
  }
  enum eagre_status status = eagre_bind_mismatch(
      bind, "DATA_DIFF_TYPES", "Input to `%s` should all be the same type, but it's [%s].",
      bind->function->info.name, eagre_buffer_string(&types));
  eagre_buffer_done(&types);
  return status;
}

enum eagre_status eagre_bind_unify(struct eagre_bind *bind, uint32_t first, uint32_t end,
                                   const struct eagre_type **out_type) {
  const struct eagre_type *common = eagre_bind_common_of(bind, first, end, 1);
  if (common == NULL) return eagre_bind_refuse_different(bind, first, end);
  for (uint32_t i = first; i < end; i++) {
    EAGRE_TRY(eagre_bind_cast(bind, i, common));
  }
  *out_type = common;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_constant_text(struct eagre_bind *bind, uint32_t index,
                                           const char *name, struct eagre_text *out) {
  struct eagre_expression *argument = bind->arguments[index];
  if (argument->type->kind != EAGRE_TYPE_STRING || !eagre_expression_is_constant(argument)) {
    return eagre_bind_mismatch(bind, "NON_FOLDABLE_INPUT",
                               "the input `%s` should be a foldable \"STRING\" expression; "
                               "however, got %s.",
                               name, eagre_expression_sql(bind->arena, argument));
  }
  struct eagre_vector value;
  EAGRE_TRY(eagre_expression_fold(bind->arena, argument, bind->session, &value, bind->error));
  if (eagre_vector_is_null(&value, 0)) {
    return eagre_bind_mismatch(bind, "UNEXPECTED_NULL", "The `%s` must not be null.", name);
  }
  *out = EAGRE_VALUES(struct eagre_text, &value)[0];
  return EAGRE_OK;
}

/* ---- Signatures ------------------------------------------------------------------------------ */

static enum eagre_type_kind kind_of_letter(char letter) {
  switch (letter) {
  case 'O':
    return EAGRE_TYPE_BOOLEAN;
  case 'I':
    return EAGRE_TYPE_INT;
  case 'L':
    return EAGRE_TYPE_BIGINT;
  case 'F':
    return EAGRE_TYPE_FLOAT;
  case 'D':
    return EAGRE_TYPE_DOUBLE;
  case 'S':
    return EAGRE_TYPE_STRING;
  case 'B':
    return EAGRE_TYPE_BINARY;
  case 'd':
    return EAGRE_TYPE_DATE;
  case 't':
    return EAGRE_TYPE_TIMESTAMP;
  case 'n':
    return EAGRE_TYPE_TIMESTAMP_NTZ;
  case 'y':
    return EAGRE_TYPE_INTERVAL_YEAR;
  case 'V':
    return EAGRE_TYPE_VARIANT;
  default:
    eagre_assert(letter == 'A');
    return EAGRE_TYPE_count;
  }
}

struct signature {
  enum eagre_type_kind kinds[8]; /* EAGRE_TYPE_count: anything */
  uint32_t kind_count;
  uint32_t required_count;
  bool repeats;
  bool is_strict;
  enum eagre_type_kind result;
};

/* Reads one alternative; returns what follows it. */
static const char *read_signature(const char *text, struct signature *out) {
  *out = (struct signature){.required_count = UINT32_MAX};
  for (; *text != '>'; text++) {
    if (*text == '?') {
      if (out->required_count == UINT32_MAX) out->required_count = out->kind_count - 1;
    } else if (*text == '!') {
      out->is_strict = true;
    } else if (*text == '*') {
      out->repeats = true;
      if (out->required_count == UINT32_MAX) out->required_count = out->kind_count - 1;
    } else {
      eagre_assert(out->kind_count < EAGRE_COUNT_OF(out->kinds));
      out->kinds[out->kind_count++] = kind_of_letter(*text);
    }
  }
  if (out->required_count == UINT32_MAX) out->required_count = out->kind_count;
  out->result = kind_of_letter(text[1]);
  return text[2] == '|' ? text + 3 : NULL;
}

static enum eagre_type_kind find_parameter_kind(const struct signature *signature, uint32_t index) {
  return signature->kinds[index < signature->kind_count ? index : signature->kind_count - 1];
}

static bool takes_arguments(const struct eagre_bind *bind, const struct signature *signature) {
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = find_parameter_kind(signature, i);
    if (kind == EAGRE_TYPE_count) continue;
    if (!eagre_bind_takes(bind, bind->arguments[i]->type, kind)) return false;
  }
  return true;
}

/* The alternative to bind; when none fits, the first, so that the error speaks of it. */
static void choose_signature(const struct eagre_bind *bind, struct signature *out) {
  const char *next = bind->function->signature;
  struct signature candidate;
  bool is_chosen = false;
  while (next != NULL) {
    next = read_signature(next, &candidate);
    bool is_exact = bind->argument_count > 0 && candidate.kind_count > 0 &&
                    candidate.kinds[0] == eagre_bind_kind(bind, 0);
    if (is_exact) {
      *out = candidate;
      return;
    }
    if (!is_chosen && takes_arguments(bind, &candidate)) {
      *out = candidate;
      is_chosen = true;
    }
  }
  if (!is_chosen) read_signature(bind->function->signature, out);
}

static enum eagre_status check_strict(struct eagre_bind *bind, uint32_t index,
                                      enum eagre_type_kind kind) {
  enum eagre_type_kind actual = eagre_bind_kind(bind, index);
  bool is_narrower = eagre_type_is_integral(kind) && eagre_type_is_integral(actual);
  if (actual == kind || actual == EAGRE_TYPE_NULL || is_narrower) return EAGRE_OK;
  return eagre_bind_unexpected(bind, index,
                               eagre_expression_type_name(bind->arena, eagre_type_of(kind)));
}

static enum eagre_status bind_by_signature(struct eagre_bind *bind, struct eagre_expression **out) {
  struct signature signature;
  choose_signature(bind, &signature);
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = find_parameter_kind(&signature, i);
    if (signature.is_strict) EAGRE_TRY(check_strict(bind, i, kind));
    EAGRE_TRY(kind == EAGRE_TYPE_count ? eagre_bind_require_value(bind, i)
                                       : eagre_bind_parameter(bind, i, kind));
  }
  *out = eagre_bind_call(bind, eagre_type_of(signature.result), bind->function->kernel);
  return EAGRE_OK;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static void find_arity(const struct eagre_function *function, uint32_t *out_min,
                       uint32_t *out_max) {
  *out_min = function->arity_min;
  *out_max = function->arity_max;
  if (function->signature == NULL) return;
  struct signature signature;
  read_signature(function->signature, &signature);
  *out_min = signature.required_count;
  *out_max = signature.repeats ? EAGRE_ARITY_ANY : signature.kind_count;
}

static enum eagre_status check_arity(struct eagre_bind *bind) {
  uint32_t arity_min, arity_max;
  find_arity(bind->function, &arity_min, &arity_max);
  uint32_t count = bind->argument_count;
  if (count >= arity_min && (arity_max == EAGRE_ARITY_ANY || count <= arity_max)) return EAGRE_OK;
  char expected[32];
  if (arity_max == EAGRE_ARITY_ANY) {
    snprintf(expected, sizeof expected, "> %u", arity_min - 1);
  } else if (arity_max > arity_min + 1) {
    snprintf(expected, sizeof expected, "[%u..%u]", arity_min, arity_max);
  } else if (arity_max > arity_min) {
    snprintf(expected, sizeof expected, "[%u, %u]", arity_min, arity_max);
  } else {
    snprintf(expected, sizeof expected, "%u", arity_min);
  }
  enum eagre_status status =
      eagre_bind_fail(bind, bind->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                      "The `%s` requires %s parameters but the actual number is %u.",
                      bind->function->info.name, expected, count);
  eagre_error_hint(bind->error, "usage: %s", bind->function->info.usage);
  return status;
}

enum eagre_status eagre_expression_call(struct eagre_arena *arena, struct eagre_text function,
                                        struct eagre_expression *const *arguments,
                                        uint32_t argument_count,
                                        const struct eagre_expression_session *session,
                                        struct eagre_sql_position position,
                                        struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_bind bind = {
      .arena = arena,
      .function = eagre_function_find(function),
      .arguments = eagre_arena_allocate(arena, argument_count * sizeof *bind.arguments + 1),
      .argument_count = argument_count,
      .session = session,
      .position = position,
      .error = error,
  };
  if (bind.function == NULL || bind.function->info.is_aggregate) {
    enum eagre_status status = eagre_function_refuse(function, error);
    eagre_sql_place_unplaced(position, error);
    return status;
  }
  for (uint32_t i = 0; i < argument_count; i++) {
    bind.arguments[i] = arguments[i];
  }
  EAGRE_TRY(check_arity(&bind));
  if (bind.function->bind != NULL) return bind.function->bind(&bind, out);
  return bind_by_signature(&bind, out);
}
