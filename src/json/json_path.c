/* Compiling paths.
 *
 * get_json_object: `$` and then any of .name ['name'] [n] [*]. Spark's grammar skips white space in
 * odd places, so we do too: before a name, before a number, before `['` and before `']`. `.*` and
 * `['*']` are of the grammar and match nothing.
 *
 * colon: identifier or ['name'] or [n] or [*], the following identifiers behind a dot; identifiers
 * may stand in backticks. Names in brackets take either quote. */
#include "json/json_path.h"

struct path_reader {
  struct eagre_text rest;
  struct eagre_arena *arena;
  struct eagre_json_step *steps;
  size_t step_count;
  bool matches_nothing;
};

static bool is_space(char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static void advance(struct path_reader *reader, size_t size) {
  reader->rest.data += size;
  reader->rest.size -= size;
}

static void skip_space(struct path_reader *reader) {
  while (reader->rest.size > 0 && is_space(reader->rest.data[0]))
    advance(reader, 1);
}

/* Takes `literal` off the rest when it stands there; with `after_space` white space may precede. */
static bool take(struct path_reader *reader, const char *literal, bool after_space) {
  struct eagre_text before = reader->rest;
  if (after_space) skip_space(reader);
  struct eagre_text expected = eagre_text_of(literal);
  if (eagre_text_starts_with(reader->rest, expected)) {
    advance(reader, expected.size);
    return true;
  }
  reader->rest = before;
  return false;
}

/* Takes the bytes before the first of `stops`. */
static struct eagre_text take_until(struct path_reader *reader, const char *stops) {
  size_t size = 0;
  while (size < reader->rest.size && strchr(stops, reader->rest.data[size]) == NULL)
    size++;
  struct eagre_text taken = eagre_text_make(reader->rest.data, size);
  advance(reader, size);
  return taken;
}

static bool take_index(struct path_reader *reader, uint64_t *out_index) {
  size_t size = 0;
  uint64_t index = 0;
  for (; size < reader->rest.size; size++) {
    char byte = reader->rest.data[size];
    if (byte < '0' || byte > '9') break;
    if (index > (INT64_MAX - 9) / 10) return false;
    index = index * 10 + (uint64_t)(byte - '0');
  }
  advance(reader, size);
  *out_index = index;
  return size > 0;
}

static void add_step(struct path_reader *reader, struct eagre_json_step step) {
  step.name = eagre_arena_copy_text(reader->arena, step.name);
  reader->steps[reader->step_count++] = step;
}

/* ---- get_json_object ------------------------------------------------------------------------- */

/* `['name']` behind the opening quote. */
static bool read_quoted_name(struct path_reader *reader) {
  skip_space(reader);
  struct eagre_text name = take_until(reader, "'");
  if (name.size == 0 || !take(reader, "']", true)) return false;
  add_step(reader, (struct eagre_json_step){.kind = EAGRE_JSON_STEP_NAME, .name = name});
  return true;
}

static bool read_dotted_name(struct path_reader *reader) {
  skip_space(reader);
  struct eagre_text name = take_until(reader, ".[");
  if (name.size == 0) return false;
  add_step(reader, (struct eagre_json_step){.kind = EAGRE_JSON_STEP_NAME, .name = name});
  return true;
}

/* `[n]` or `[*]` behind the bracket. */
static bool read_subscript(struct path_reader *reader) {
  struct eagre_json_step step = {.kind = EAGRE_JSON_STEP_WILDCARD};
  if (!take(reader, "*", false)) {
    step.kind = EAGRE_JSON_STEP_INDEX;
    skip_space(reader);
    if (!take_index(reader, &step.index)) return false;
  }
  if (!take(reader, "]", false)) return false;
  add_step(reader, step);
  return true;
}

static bool read_node(struct path_reader *reader) {
  if (take(reader, ".*", true) || take(reader, "['*']", true)) {
    reader->matches_nothing = true;
    return true;
  }
  if (take(reader, ".", false)) return read_dotted_name(reader);
  if (take(reader, "['", true)) return read_quoted_name(reader);
  return take(reader, "[", false) && read_subscript(reader);
}

static bool read_path(struct path_reader *reader) {
  if (!take(reader, "$", false)) return false;
  for (;;) {
    struct eagre_text before = reader->rest;
    if (reader->rest.size == 0) return true;
    if (read_node(reader)) continue;
    reader->rest = before;
    skip_space(reader);
    return reader->rest.size == 0;
  }
}

/* ---- The colon operator ---------------------------------------------------------------------- */

static bool is_identifier_part(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_' || (unsigned char)byte >= 0x80;
}

/* A name in backticks, of which a doubled one stands for itself; the opening one was taken. */
static bool read_backticked(struct path_reader *reader, struct eagre_text *out_name) {
  char *name = eagre_arena_allocate(reader->arena, reader->rest.size);
  size_t size = 0;
  while (reader->rest.size > 0) {
    char byte = reader->rest.data[0];
    advance(reader, 1);
    if (byte == '`' && !take(reader, "`", false)) {
      *out_name = eagre_text_make(name, size);
      return size > 0;
    }
    name[size++] = byte;
  }
  return false;
}

static bool read_identifier(struct path_reader *reader) {
  struct eagre_text name = {reader->rest.data, 0};
  if (take(reader, "`", true)) {
    if (!read_backticked(reader, &name)) return false;
  } else {
    skip_space(reader);
    name.data = reader->rest.data;
    while (name.size < reader->rest.size && is_identifier_part(name.data[name.size]))
      name.size++;
    advance(reader, name.size);
  }
  if (name.size == 0) return false;
  add_step(reader, (struct eagre_json_step){.kind = EAGRE_JSON_STEP_NAME_ANY_CASE, .name = name});
  return true;
}

/* What stands behind an opening bracket. */
static bool read_colon_subscript(struct path_reader *reader) {
  struct eagre_json_step step = {.kind = EAGRE_JSON_STEP_NAME};
  if (take(reader, "'", true)) {
    step.name = take_until(reader, "'");
    if (!take(reader, "'", false)) return false;
  } else if (take(reader, "\"", true)) {
    step.name = take_until(reader, "\"");
    if (!take(reader, "\"", false)) return false;
  } else if (take(reader, "*", true)) {
    step.kind = EAGRE_JSON_STEP_WILDCARD;
  } else {
    step.kind = EAGRE_JSON_STEP_INDEX;
    skip_space(reader);
    if (!take_index(reader, &step.index)) return false;
  }
  add_step(reader, step);
  return take(reader, "]", true);
}

static bool read_colon_path(struct path_reader *reader) {
  bool is_read = take(reader, "[", true) ? read_colon_subscript(reader) : read_identifier(reader);
  while (is_read) {
    skip_space(reader);
    if (reader->rest.size == 0) return true;
    if (take(reader, "[", false)) {
      is_read = read_colon_subscript(reader);
    } else {
      is_read = take(reader, ".", false) && read_identifier(reader);
    }
  }
  return false;
}

/* ---- Door ------------------------------------------------------------------------------------ */

static struct eagre_json_path *compile(struct eagre_text text,
                                       bool (*read)(struct path_reader *reader)) {
  struct eagre_json_path *path = eagre_allocate_zeroed(1, sizeof *path);
  struct path_reader reader = {.rest = text, .arena = &path->arena};
  /* Every step takes at least two bytes of the text, but for a first identifier. */
  path->steps = eagre_arena_allocate(&path->arena, (text.size / 2 + 1) * sizeof *path->steps);
  reader.steps = path->steps;
  if (!read(&reader) || reader.matches_nothing) {
    eagre_json_path_free(path);
    return NULL;
  }
  path->step_count = reader.step_count;
  return path;
}

struct eagre_json_path *eagre_json_path_new(struct eagre_text path) {
  return compile(path, read_path);
}

enum eagre_status eagre_json_colon_path_new(struct eagre_text path,
                                            struct eagre_json_path **out_path,
                                            struct eagre_error *error) {
  *out_path = compile(path, read_colon_path);
  if (*out_path == NULL) {
    eagre_error_set(error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "The path '%.*s' behind the colon is not of the form a.b[0]['c'].",
                    (int)path.size, path.data);
    eagre_error_hint(error, "Put names with special characters in backticks or in ['...'].");
    return EAGRE_USAGE;
  }
  (*out_path)->is_colon = true;
  return EAGRE_OK;
}

void eagre_json_path_free(struct eagre_json_path *path) {
  if (path == NULL) return;
  struct eagre_arena arena = path->arena;
  eagre_free(path);
  eagre_arena_done(&arena);
}
