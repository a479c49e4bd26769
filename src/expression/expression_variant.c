/* Reading VARIANTs: is_variant_null, variant_get and value:path. */
#include <stdlib.h>
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_variant.h"

/* ---- Paths ----------------------------------------------------------------------------------- */

/* A member by name, or an element by number when `name` has no data. */
struct step {
  struct eagre_text name;
  uint32_t index;
};

struct eagre_variant_path {
  char *text; /* what the names point into */
  struct step *steps;
  uint32_t count;
};

void eagre_variant_path_free(struct eagre_variant_path *path) {
  if (path == NULL) return;
  eagre_free(path->text);
  eagre_free(path->steps);
  eagre_free(path);
}

/* "'name']" or "\"name\"]", without escapes; returns what follows, NULL when it is none. */
static const char *read_quoted(const char *at, const char *end, struct step *out) {
  const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
  if (close == NULL || close + 1 == end || close[1] != ']') return NULL;
  out->name = eagre_text_make(at + 1, (size_t)(close - at - 1));
  return close + 2;
}

/* "12]" */
static const char *read_index(const char *at, const char *end, struct step *out) {
  int64_t index = 0;
  const char *begin = at;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    index = index * 10 + (*at - '0');
    if (index > INT32_MAX) return NULL;
  }
  if (at == begin || at == end || *at != ']') return NULL;
  *out = (struct step){.index = (uint32_t)index};
  return at + 1;
}

static const char *read_step(const char *at, const char *end, struct step *out) {
  if (end - at < 2) return NULL;
  if (*at == '[') {
    bool is_quoted = at[1] == '\'' || at[1] == '"';
    return is_quoted ? read_quoted(at + 1, end, out) : read_index(at + 1, end, out);
  }
  if (*at != '.') return NULL;
  const char *begin = ++at;
  while (at < end && *at != '.' && *at != '[') {
    at++;
  }
  out->name = eagre_text_make(begin, (size_t)(at - begin));
  return at == begin ? NULL : at;
}

struct eagre_variant_path *eagre_variant_path_new(struct eagre_text text) {
  if (text.size == 0 || text.data[0] != '$') return NULL;
  struct eagre_variant_path *path = eagre_allocate_zeroed(1, sizeof *path);
  path->text = eagre_text_duplicate(text);
  path->steps = eagre_allocate_zeroed(text.size, sizeof *path->steps);
  const char *at = path->text + 1;
  const char *end = path->text + text.size;
  while (at != NULL && at < end) {
    at = read_step(at, end, &path->steps[path->count++]);
  }
  if (at != NULL) return path;
  eagre_variant_path_free(path);
  return NULL;
}

bool eagre_variant_path_follow(const struct eagre_variant_path *path,
                               struct eagre_variant *inout_value) {
  for (uint32_t i = 0; i < path->count; i++) {
    const struct step *step = &path->steps[i];
    bool is_member = step->name.data != NULL;
    enum eagre_variant_kind kind = eagre_variant_kind_of(*inout_value);
    if (kind != (is_member ? EAGRE_VARIANT_OBJECT : EAGRE_VARIANT_ARRAY)) return false;
    if (is_member) {
      if (!eagre_variant_find(*inout_value, step->name, inout_value)) return false;
      continue;
    }
    struct eagre_variant_container container = eagre_variant_container_of(*inout_value);
    if (step->index >= container.count) return false;
    *inout_value = eagre_variant_member(&container, step->index);
  }
  return true;
}

/* ---- variant_get ----------------------------------------------------------------------------- */

/* The path used last; a constant one is compiled once. */
struct path_state {
  struct eagre_variant_path *path;
  struct eagre_buffer text; /* of which `path` was made */
};

static void free_path(void *data) {
  struct path_state *state = data;
  eagre_variant_path_free(state->path);
  eagre_buffer_done(&state->text);
  eagre_free(state);
}

static enum eagre_status refuse_path(struct eagre_text path, const char *function,
                                     enum eagre_status status, struct eagre_error *error) {
  eagre_error_set(error, status, "INVALID_VARIANT_GET_PATH",
                  "The path `%.*s` is not a valid variant extraction path in `%s`. A valid path "
                  "should start with `$` and is followed by zero or more segments like `[123]`, "
                  "`.name`, `['name']`, or `[\"name\"]`.",
                  (int)(path.size < 200 ? path.size : 200), path.data, function);
  return status;
}

static enum eagre_status use_path(struct eagre_kernel_call *call, uint32_t row,
                                  const struct eagre_variant_path **out) {
  struct path_state *state = call->state->data;
  struct eagre_text text = eagre_kernel_text(call, 1, row);
  if (state == NULL) {
    state = eagre_allocate_zeroed(1, sizeof *state);
    call->state->data = state;
    call->state->free = free_path;
  }
  if (state->path == NULL || !eagre_text_equal(eagre_buffer_text(&state->text), text)) {
    eagre_variant_path_free(state->path);
    state->path = eagre_variant_path_new(text);
    eagre_buffer_clear(&state->text);
    eagre_buffer_append_text(&state->text, text);
  }
  *out = state->path;
  if (state->path != NULL) return EAGRE_OK;
  if (call->error != NULL) call->error->row = row;
  enum eagre_status status = refuse_path(text, "variant_get", EAGRE_DATA, call->error);
  if (call->error != NULL) call->error->row = row;
  return status;
}

static enum eagre_status run_variant_get(struct eagre_kernel_call *call) {
  struct eagre_variant_items items = eagre_variant_items_make(call->arena, call->row_count);
  const struct eagre_variant_path *path = NULL;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    if (path == NULL || !call->arguments[1]->is_constant) EAGRE_TRY(use_path(call, row, &path));
    items.values[row] = eagre_kernel_variant(call, 0, row);
    items.rows[row] = row;
    if (eagre_variant_path_follow(path, &items.values[row])) eagre_bit_set(items.validity, row);
  }
  return eagre_variant_cast_items(call, &items, call->out);
}

/* A constant path is compiled once to see whether it is one. */
static enum eagre_status check_path(struct eagre_bind *bind) {
  struct eagre_text text;
  if (!eagre_expression_is_text(bind->arguments[1], &text)) return EAGRE_OK;
  struct eagre_variant_path *path = eagre_variant_path_new(text);
  eagre_variant_path_free(path);
  if (path != NULL) return EAGRE_OK;
  enum eagre_status status = refuse_path(text, bind->function->info.name, EAGRE_USAGE, bind->error);
  eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
  return status;
}

static enum eagre_status read_type(struct eagre_bind *bind, const struct eagre_type **out) {
  struct eagre_text text;
  const struct eagre_expression *schema = bind->arguments[2];
  if (schema->type->kind != EAGRE_TYPE_STRING || !schema->is_constant) {
    return eagre_bind_fail(bind, schema->position, "INVALID_SCHEMA.NON_STRING_LITERAL",
                           "The input schema %s is not a valid schema string. The input expression "
                           "must be string literal and not null.",
                           eagre_expression_sql(bind->arena, schema));
  }
  EAGRE_TRY(eagre_bind_constant_text(bind, 2, "type", &text));
  if (eagre_type_parse(bind->arena, text, out, bind->error) != EAGRE_OK) {
    /* Positions within the type's text mean nothing in the file. */
    if (bind->error != NULL) bind->error->line = 0;
    eagre_sql_place_unplaced(schema->position, bind->error);
    return EAGRE_USAGE;
  }
  if (eagre_variant_casts_to(*out)) return EAGRE_OK;
  return eagre_bind_mismatch(bind, "CAST_WITHOUT_SUGGESTION", "cannot cast \"VARIANT\" to %s.",
                             eagre_expression_type_name(bind->arena, *out));
}

static enum eagre_status bind_get(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_VARIANT);
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_VARIANT));
  if (eagre_bind_kind(bind, 1) != EAGRE_TYPE_STRING &&
      eagre_bind_kind(bind, 1) != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 1, "\"STRING\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, 1, eagre_type_of(EAGRE_TYPE_STRING)));
  EAGRE_TRY(check_path(bind));
  if (bind->argument_count > 2) EAGRE_TRY(read_type(bind, &type));
  bind->argument_count = 2;
  *out = eagre_bind_call(bind, type, run_variant_get);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_variant_get(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_get(bind, out);
}

enum eagre_status eagre_bind_try_variant_get(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  EAGRE_TRY(bind_get(bind, out));
  eagre_expression_set_try(*out);
  if (bind->arguments[1]->kind != EAGRE_EXPRESSION_LITERAL) return EAGRE_OK;
  if (!bind->arguments[0]->can_fail) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

/* ---- value:path ------------------------------------------------------------------------------ */

/* "a.`b c`[0]" as a path of variant_get. Back quotes only group. */
static struct eagre_text make_get_path(struct eagre_arena *arena, struct eagre_text path) {
  struct eagre_buffer text = {0};
  bool begins_with_name = path.size > 0 && path.data[0] != '[';
  eagre_buffer_append_string(&text, begins_with_name ? "$." : "$");
  for (size_t i = 0; i < path.size; i++) {
    if (path.data[i] != '`') eagre_buffer_append_char(&text, path.data[i]);
  }
  struct eagre_text copy = eagre_arena_copy_text(arena, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
  return copy;
}

enum eagre_status eagre_variant_colon(struct eagre_arena *arena, struct eagre_expression *value,
                                      struct eagre_text path, struct eagre_sql_position position,
                                      struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_text get_path = make_get_path(arena, path);
  struct eagre_variant_path *compiled = eagre_variant_path_new(get_path);
  eagre_variant_path_free(compiled);
  if (compiled == NULL) {
    bool has_star = memchr(path.data, '*', path.size) != NULL;
    eagre_error_set(error, EAGRE_USAGE,
                    has_star ? "INVALID_USAGE_OF_STAR_OR_REGEX" : "INVALID_VARIANT_GET_PATH",
                    "The path `%.*s` leads to no single part of a VARIANT.", (int)path.size,
                    path.data);
    eagre_error_hint(error, "name members as in value:a.b['c d'] and elements as in value:a[0]");
    eagre_sql_place_unplaced(position, error);
    return EAGRE_USAGE;
  }
  struct eagre_expression *arguments[] = {
      value, eagre_expression_new_text(arena, EAGRE_TYPE_STRING, get_path, position)};
  *out = eagre_expression_new_call(arena, eagre_function_find(EAGRE_TEXT("variant_get")),
                                   eagre_type_of(EAGRE_TYPE_VARIANT), run_variant_get, arguments, 2,
                                   position);
  eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

enum eagre_status eagre_kernel_is_variant_null(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  const struct eagre_vector *values = call->arguments[0];
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_vector_is_null(values, row)) continue;
    struct eagre_variant value = eagre_kernel_variant(call, 0, row);
    eagre_bit_put(out, row, eagre_variant_kind_of(value) == EAGRE_VARIANT_NULL);
  }
  return EAGRE_OK;
}

/* Values are checked where they come in (value/value_variant.h). */
enum eagre_status eagre_kernel_is_valid_variant(struct eagre_kernel_call *call) {
  eagre_bits_fill(eagre_kernel_out(call), call->row_count, true);
  return EAGRE_OK;
}
