/* The table of functions: lookup, listing, and what is refused by name. */
#include <string.h>

#include "expression/expression_aggregate.h"
#include "expression/expression_functions.h"

enum {
  NONE = 0,
  NULLS = EAGRE_FUNCTION_NULLS,
  FAILS = EAGRE_FUNCTION_FAILS,
  LAZY = EAGRE_FUNCTION_LAZY,
  VOLATILE = EAGRE_FUNCTION_VOLATILE,
  LAMBDA = EAGRE_FUNCTION_LAMBDA,
  ANSI = EAGRE_FUNCTION_ANSI | EAGRE_FUNCTION_FAILS,
  ANY = EAGRE_ARITY_ANY,
};

static const struct eagre_function functions[] = {
#define EAGRE_FUNCTION(name, group, flags, signature, kernel, usage, text)                         \
  {{name, usage, text, group, false}, flags, signature, eagre_kernel_##kernel, NULL, 0, 0, NULL},
#define EAGRE_FUNCTION_BOUND(name, group, flags, arity_min, arity_max, binder, usage, text)        \
  {{name, usage, text, group, false},                                                              \
   flags,                                                                                          \
   NULL,                                                                                           \
   NULL,                                                                                           \
   eagre_bind_##binder,                                                                            \
   arity_min,                                                                                      \
   arity_max,                                                                                      \
   NULL},
#define EAGRE_FUNCTION_AGGREGATE(name, arity_min, arity_max, binder, usage, text)                  \
  {{name, usage, text, "aggregate", true}, NONE, NULL, NULL, NULL, arity_min, arity_max,           \
   eagre_aggregate_bind_##binder},
#include "expression/expression_functions.def"
#undef EAGRE_FUNCTION
#undef EAGRE_FUNCTION_BOUND
#undef EAGRE_FUNCTION_AGGREGATE
};

/* The same rows as the door shows them. */
static const struct eagre_function_info function_infos[] = {
#define EAGRE_FUNCTION(name, group, flags, signature, kernel, usage, text)                         \
  {name, usage, text, group, false},
#define EAGRE_FUNCTION_BOUND(name, group, flags, arity_min, arity_max, binder, usage, text)        \
  {name, usage, text, group, false},
#define EAGRE_FUNCTION_AGGREGATE(name, arity_min, arity_max, binder, usage, text)                  \
  {name, usage, text, "aggregate", true},
#include "expression/expression_functions.def"
#undef EAGRE_FUNCTION
#undef EAGRE_FUNCTION_BOUND
#undef EAGRE_FUNCTION_AGGREGATE
};

static const struct eagre_function internal_functions[EAGRE_INTERNAL_count] = {
    [EAGRE_INTERNAL_CAST] = {.info = {.name = "cast"}, .flags = EAGRE_FUNCTION_ANSI},
    [EAGRE_INTERNAL_CASE] = {.info = {.name = "case"}, .flags = LAZY | NULLS},
    [EAGRE_INTERNAL_FIELD] = {.info = {.name = "field"}},
    [EAGRE_INTERNAL_STRUCT] = {.info = {.name = "named_struct"}, .flags = NULLS},
    [EAGRE_INTERNAL_WINDOW] = {.info = {.name = "window"}},
    [EAGRE_INTERNAL_COLON] = {.info = {.name = "colon"}},
    [EAGRE_INTERNAL_ADD_INTERVAL] = {.info = {.name = "+"}, .flags = FAILS},
    [EAGRE_INTERNAL_ADD_MONTHS] = {.info = {.name = "+"}, .flags = FAILS},
    [EAGRE_INTERNAL_SUBTRACT_TIMESTAMPS] = {.info = {.name = "-"}, .flags = FAILS},
    [EAGRE_INTERNAL_SUBTRACT_DATES] = {.info = {.name = "-"}},
    [EAGRE_INTERNAL_SESSION] = {.info = {.name = "session_window"}, .flags = FAILS},
    [EAGRE_INTERNAL_SUBSCRIPT] = {.info = {.name = "element"}, .flags = FAILS},
    [EAGRE_INTERNAL_ARRAY_FIELD] = {.info = {.name = "field"}},
};

const struct eagre_function *eagre_function_internal(enum eagre_internal_function which) {
  return &internal_functions[which];
}

/* ---- Lookup ---------------------------------------------------------------------------------- */

/* The table is in order of name (a unit test checks it). Names in it are in lower case. */
static int compare_names(struct eagre_text name, const char *row) {
  for (size_t i = 0; i < name.size; i++) {
    unsigned char c = (unsigned char)name.data[i];
    if (c >= 'A' && c <= 'Z') c = (unsigned char)(c + ('a' - 'A'));
    unsigned char other = (unsigned char)row[i];
    if (c != other) return c < other ? -1 : 1;
  }
  return row[name.size] == '\0' ? 0 : -1;
}

const struct eagre_function *eagre_function_find(struct eagre_text name) {
  size_t low = 0, high = EAGRE_COUNT_OF(functions);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare_names(name, functions[middle].info.name);
    if (order == 0) return &functions[middle];
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return NULL;
}

const struct eagre_function_info *eagre_function_list(uint32_t *out_count) {
  *out_count = EAGRE_COUNT_OF(function_infos);
  return function_infos;
}

bool eagre_function_is_aggregate(struct eagre_text name) {
  const struct eagre_function *function = eagre_function_find(name);
  return function != NULL && function->info.is_aggregate;
}

bool eagre_function_exists(struct eagre_text name) {
  return eagre_function_find(name) != NULL;
}

/* ---- Refusals -------------------------------------------------------------------------------- */

/* Functions of Spark that are not here, with what to do instead. */
struct refused_function {
  const char *name;
  const char *hint;
};
static const struct refused_function refused_functions[] = {
#define EAGRE_FUNCTION_REFUSED(name, hint) {name, hint},
#include "expression/expression_refused.def"
#undef EAGRE_FUNCTION_REFUSED
};

static const char *find_nearest(struct eagre_text name) {
  const char *names[EAGRE_COUNT_OF(functions)];
  for (size_t i = 0; i < EAGRE_COUNT_OF(functions); i++) {
    names[i] = functions[i].info.name;
  }
  return eagre_text_nearest(name, names, EAGRE_COUNT_OF(names));
}

enum eagre_status eagre_function_refuse(struct eagre_text name, struct eagre_error *error) {
  int size = (int)(name.size < 100 ? name.size : 100);
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_functions); i++) {
    if (compare_names(name, refused_functions[i].name) != 0) continue;
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.FUNCTION",
                    "The feature is not supported: the function `%.*s`.", size, name.data);
    const char *hint = refused_functions[i].hint;
    eagre_error_hint(error, "%s",
                     hint[0] != '\0' ? hint : "it is not there yet; SHOW FUNCTIONS lists what is");
    return EAGRE_USAGE;
  }
  if (eagre_function_is_aggregate(name)) {
    return eagre_error_set(error, EAGRE_USAGE, "MISSING_GROUP_BY",
                           "The aggregate function `%.*s` stands where a value of one row is "
                           "wanted.",
                           size, name.data);
  }
  eagre_error_set(error, EAGRE_USAGE, "UNRESOLVED_ROUTINE",
                  "Cannot resolve routine `%.*s` on search path [`system`.`builtin`].", size,
                  name.data);
  const char *nearest = find_nearest(name);
  if (error != NULL && nearest != NULL) eagre_error_hint(error, "did you mean `%s`?", nearest);
  return EAGRE_USAGE;
}
