/* Walking a text along a path (spark-semantics 5.7, 5.8).
 *
 * One pass over the tokens, writing matches as they come; this is Hive's algorithm, which Spark
 * kept, with its odd results: a wildcard with one match gives the bare element, but quoted; two
 * wildcards in a row flatten. The colon operator differs: a wildcard always gives an array, null
 * where an element has no match, and a JSON null is NULL. A name that ignores case takes the first
 * exact match, or else the only match; several matches that differ by case only give NULL
 * (Databricks raises an error).
 *
 * The recursion follows the nesting of the text, which the tokenizer limits to 1000. */
#include "json/json_path.h"
#include "json/json_render.h"

/* What surrounds a match: nothing, an array, or an array that takes in the elements of arrays. */
enum style {
  STYLE_RAW,
  STYLE_QUOTED,
  STYLE_FLATTEN,
};

struct walk {
  struct eagre_json_lexer lexer;
  const struct eagre_json_path *path;
  struct eagre_buffer *out;
  bool needs_comma; /* before the next element written */
  bool has_failed;  /* broken JSON, or a text that has no UTF-8 */
};

static bool evaluate(struct walk *walk, enum style style, size_t step);

static bool fail(struct walk *walk) {
  walk->has_failed = true;
  return false;
}

/* Moves on; false at the token that ends the container, and when the text is broken. */
static bool next_until(struct walk *walk, enum eagre_json_token end) {
  enum eagre_json_token token = eagre_json_lexer_next(&walk->lexer);
  if (token == EAGRE_JSON_TOKEN_ERROR) return fail(walk);
  return token != end;
}

static bool skip(struct walk *walk) {
  if (!eagre_json_lexer_skip(&walk->lexer)) walk->has_failed = true;
  return false;
}

static bool is_step(const struct walk *walk, size_t step, enum eagre_json_step_kind kind) {
  return step < walk->path->step_count && walk->path->steps[step].kind == kind;
}

static void begin_element(struct walk *walk) {
  if (walk->needs_comma) eagre_buffer_append_char(walk->out, ',');
  walk->needs_comma = true;
}

static void begin_array(struct walk *walk) {
  begin_element(walk);
  eagre_buffer_append_char(walk->out, '[');
  walk->needs_comma = false;
}

static void end_array(struct walk *walk) {
  eagre_buffer_append_char(walk->out, ']');
  walk->needs_comma = true;
}

/* ---- At the end of the path ------------------------------------------------------------------ */

/* A lone surrogate cannot be written as UTF-8: NULL. */
static bool write_raw_string(struct walk *walk) {
  struct eagre_json_string string = eagre_json_lexer_string(&walk->lexer);
  struct eagre_json_output output = {0};
  if (!eagre_json_string_decode(string, &output)) return fail(walk);
  output = (struct eagre_json_output){.data = eagre_buffer_reserve(walk->out, output.size)};
  eagre_json_string_decode(string, &output);
  walk->out->size += output.size;
  return true;
}

static bool write_flattened(struct walk *walk, size_t step) {
  bool is_found = false;
  while (next_until(walk, EAGRE_JSON_TOKEN_ARRAY_END)) {
    is_found |= evaluate(walk, STYLE_FLATTEN, step);
  }
  return is_found;
}

static bool write_match(struct walk *walk, enum style style, size_t step) {
  enum eagre_json_token token = walk->lexer.token;
  if (token == EAGRE_JSON_TOKEN_STRING && style == STYLE_RAW) return write_raw_string(walk);
  if (token == EAGRE_JSON_TOKEN_ARRAY_BEGIN && style == STYLE_FLATTEN) {
    return write_flattened(walk, step);
  }
  if (token == EAGRE_JSON_TOKEN_NULL && walk->path->is_colon && style == STYLE_RAW) return false;
  begin_element(walk);
  return eagre_json_render_append(&walk->lexer, walk->out) || fail(walk);
}

/* ---- Members --------------------------------------------------------------------------------- */

/* The current NAME token as text, in memory of the caller's arena. False when it equals no name. */
static bool get_name(struct walk *walk, struct eagre_arena *arena, struct eagre_text *out_name) {
  struct eagre_json_string string = eagre_json_lexer_string(&walk->lexer);
  *out_name = string.raw;
  if (eagre_json_string_is_plain(string)) return true;
  struct eagre_json_output output = {0};
  eagre_json_string_decode(string, &output);
  output = (struct eagre_json_output){.data = eagre_arena_allocate(arena, output.size)};
  bool is_name = eagre_json_string_decode(string, &output);
  *out_name = eagre_text_make(output.data, output.size);
  return is_name;
}

/* Whether the current NAME token matches, and how. */
static bool matches_name(struct walk *walk, struct eagre_text name, bool ignores_case) {
  struct eagre_arena arena = {0};
  struct eagre_text found;
  bool is_match =
      get_name(walk, &arena, &found) &&
      (ignores_case ? eagre_text_equal_ignoring_case(found, name) : eagre_text_equal(found, name));
  eagre_arena_done(&arena);
  return is_match;
}

/* Which way of matching makes a name of this object unique: looks at all members and comes back. */
static bool choose_case(struct walk *walk, struct eagre_text name, bool *out_ignores_case) {
  struct eagre_json_lexer_mark mark = eagre_json_lexer_mark(&walk->lexer);
  size_t match_count = 0;
  bool has_exact = false;
  while (next_until(walk, EAGRE_JSON_TOKEN_OBJECT_END)) {
    match_count += matches_name(walk, name, true);
    has_exact |= matches_name(walk, name, false);
    if (!next_until(walk, EAGRE_JSON_TOKEN_END)) break;
    skip(walk);
  }
  eagre_json_lexer_rewind(&walk->lexer, &mark);
  *out_ignores_case = !has_exact;
  return has_exact || match_count == 1;
}

static bool evaluate_object(struct walk *walk, enum style style, size_t step) {
  const struct eagre_json_step *wanted = &walk->path->steps[step];
  bool ignores_case = false;
  bool is_found = false;
  bool is_reachable =
      wanted->kind == EAGRE_JSON_STEP_NAME || choose_case(walk, wanted->name, &ignores_case);
  while (!walk->has_failed && next_until(walk, EAGRE_JSON_TOKEN_OBJECT_END)) {
    bool is_match = !is_found && is_reachable && matches_name(walk, wanted->name, ignores_case);
    if (!next_until(walk, EAGRE_JSON_TOKEN_END)) break;
    if (!is_match) {
      skip(walk);
    } else if (walk->lexer.token != EAGRE_JSON_TOKEN_NULL) {
      is_found = evaluate(walk, style, step + 1);
    }
  }
  return is_found;
}

/* ---- Elements -------------------------------------------------------------------------------- */

static bool evaluate_index(struct walk *walk, enum style style, size_t step) {
  bool is_found = false;
  uint64_t index = walk->path->steps[step].index;
  for (uint64_t i = 0; next_until(walk, EAGRE_JSON_TOKEN_ARRAY_END); i++) {
    if (i == index) {
      is_found = evaluate(walk, style, step + 1);
    } else {
      skip(walk);
    }
    if (walk->has_failed) return false;
  }
  return is_found;
}

/* All elements along `step`, in an array that stays one. */
static bool evaluate_array(struct walk *walk, enum style style, size_t step) {
  bool is_found = false;
  begin_array(walk);
  while (!walk->has_failed && next_until(walk, EAGRE_JSON_TOKEN_ARRAY_END)) {
    is_found |= evaluate(walk, style, step);
  }
  end_array(walk);
  return is_found;
}

/* All elements along `step`: nothing, the bare match when there is one, or an array of them. */
static bool evaluate_unwrapped(struct walk *walk, enum style style, size_t step) {
  size_t begin_size = walk->out->size;
  bool needed_comma = walk->needs_comma;
  size_t match_count = 0;
  begin_array(walk);
  size_t content = walk->out->size;
  while (!walk->has_failed && next_until(walk, EAGRE_JSON_TOKEN_ARRAY_END)) {
    match_count += evaluate(walk, style, step);
  }
  if (match_count > 1) {
    end_array(walk);
  } else if (match_count == 1) {
    memmove(walk->out->data + content - 1, walk->out->data + content, walk->out->size - content);
    walk->out->size--;
    walk->needs_comma = true;
  } else {
    walk->out->size = begin_size;
    walk->needs_comma = needed_comma;
  }
  return match_count > 0;
}

/* The colon operator's wildcard: one element out for each element in. */
static bool evaluate_colon_array(struct walk *walk, enum style style, size_t step) {
  begin_array(walk);
  while (!walk->has_failed && next_until(walk, EAGRE_JSON_TOKEN_ARRAY_END)) {
    if (evaluate(walk, style, step) || style == STYLE_FLATTEN) continue;
    begin_element(walk);
    eagre_buffer_append_string(walk->out, "null");
  }
  end_array(walk);
  return true;
}

static bool evaluate_wildcard(struct walk *walk, enum style style, size_t step) {
  if (is_step(walk, step + 1, EAGRE_JSON_STEP_WILDCARD)) {
    return walk->path->is_colon ? evaluate_colon_array(walk, STYLE_FLATTEN, step + 2)
                                : evaluate_array(walk, STYLE_FLATTEN, step + 2);
  }
  if (walk->path->is_colon) {
    return evaluate_colon_array(walk, style == STYLE_FLATTEN ? style : STYLE_QUOTED, step + 1);
  }
  if (style == STYLE_QUOTED) return evaluate_array(walk, style, step + 1);
  return evaluate_unwrapped(walk, style == STYLE_RAW ? STYLE_QUOTED : style, step + 1);
}

/* Writes what the rest of the path from `step` finds in the value whose first token is the current
 * one, moves to its last token, and says whether anything was found. */
static bool evaluate(struct walk *walk, enum style style, size_t step) {
  if (step == walk->path->step_count) return write_match(walk, style, step);
  enum eagre_json_token token = walk->lexer.token;
  enum eagre_json_step_kind kind = walk->path->steps[step].kind;
  bool is_name = kind == EAGRE_JSON_STEP_NAME || kind == EAGRE_JSON_STEP_NAME_ANY_CASE;
  if (token == EAGRE_JSON_TOKEN_OBJECT_BEGIN && is_name) return evaluate_object(walk, style, step);
  if (token != EAGRE_JSON_TOKEN_ARRAY_BEGIN || is_name) return skip(walk);
  if (kind == EAGRE_JSON_STEP_WILDCARD) return evaluate_wildcard(walk, style, step);
  bool is_array_kept = is_step(walk, step + 1, EAGRE_JSON_STEP_WILDCARD);
  return evaluate_index(walk, is_array_kept ? STYLE_QUOTED : style, step);
}

bool eagre_json_path_get(const struct eagre_json_path *path, struct eagre_text json,
                         struct eagre_buffer *out) {
  if (path == NULL) return false;
  struct eagre_json_options options;
  eagre_json_options_init(&options);
  options.allow_non_numeric_numbers = false;
  options.allow_unquoted_control_chars = true;
  struct walk walk = {.path = path, .out = out};
  size_t size_before = out->size;
  eagre_json_lexer_init(&walk.lexer, &options);
  eagre_json_lexer_begin(&walk.lexer, json);
  bool is_found = next_until(&walk, EAGRE_JSON_TOKEN_END) && evaluate(&walk, STYLE_RAW, 0);
  eagre_json_lexer_done(&walk.lexer);
  if (is_found && !walk.has_failed) return true;
  out->size = size_before;
  return false;
}
