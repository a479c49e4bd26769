/* json_object_keys: the names of the members of an object, and only of that level. */
#include "json/json_lexer.h"
#include "json/json_render.h"

/* The current NAME token as text. False when it has no UTF-8. */
static bool take_name(const struct eagre_json_lexer *lexer, struct eagre_arena *arena,
                      struct eagre_text *out) {
  struct eagre_json_string string = eagre_json_lexer_string(lexer);
  *out = string.raw;
  if (eagre_json_string_is_plain(string)) return true;
  struct eagre_json_output output = {0};
  eagre_json_string_decode(string, &output);
  output = (struct eagre_json_output){.data = eagre_arena_allocate(arena, output.size)};
  bool is_name = eagre_json_string_decode(string, &output);
  *out = eagre_text_make(output.data, output.size);
  return is_name;
}

static bool walk_members(struct eagre_json_lexer *lexer, struct eagre_arena *arena,
                         eagre_json_key_fn *put, void *context) {
  if (eagre_json_lexer_next(lexer) != EAGRE_JSON_TOKEN_OBJECT_BEGIN) return false;
  for (;;) {
    struct eagre_text name;
    enum eagre_json_token token = eagre_json_lexer_next(lexer);
    if (token == EAGRE_JSON_TOKEN_OBJECT_END) return true;
    if (token != EAGRE_JSON_TOKEN_NAME || !take_name(lexer, arena, &name)) return false;
    put(context, name);
    eagre_json_lexer_next(lexer);
    if (!eagre_json_lexer_skip(lexer)) return false;
  }
}

bool eagre_json_object_keys(struct eagre_text json, struct eagre_arena *arena,
                            eagre_json_key_fn *put, void *context) {
  struct eagre_json_options options;
  struct eagre_json_lexer lexer;
  eagre_json_options_init(&options);
  eagre_json_lexer_init(&lexer, &options);
  eagre_json_lexer_begin(&lexer, json);
  bool is_object = walk_members(&lexer, arena, put, context);
  eagre_json_lexer_done(&lexer);
  return is_object;
}
