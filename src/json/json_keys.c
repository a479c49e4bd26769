/* json_object_keys and json_tuple: names and values of the members of an object, and only of that
 * level. */
#include <string.h>

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

/* ---- Several members ------------------------------------------------------------------------- */

/* The value at the current token: the content of a string, anything else as compact JSON. */
static bool write_value(struct eagre_json_lexer *lexer, struct eagre_buffer *out) {
  if (lexer->token != EAGRE_JSON_TOKEN_STRING) return eagre_json_render_append(lexer, out);
  struct eagre_json_string string = eagre_json_lexer_string(lexer);
  struct eagre_json_output output = {0};
  if (!eagre_json_string_decode(string, &output)) return false;
  output = (struct eagre_json_output){.data = eagre_buffer_reserve(out, output.size)};
  eagre_json_string_decode(string, &output);
  out->size += output.size;
  return true;
}

/* Takes the member whose value is at the current token under every name it has. */
static bool take_member(struct eagre_json_lexer *lexer, struct eagre_text name,
                        const struct eagre_text *names, uint32_t count,
                        struct eagre_json_member_text *out_members, struct eagre_buffer *out) {
  struct eagre_json_member_text member = {0};
  for (uint32_t i = 0; i < count; i++) {
    bool is_wanted = names[i].data != NULL && eagre_text_equal(names[i], name);
    if (!is_wanted) continue;
    if (!member.is_there && lexer->token != EAGRE_JSON_TOKEN_NULL) {
      member.is_there = true;
      member.begin = out->size;
      if (!write_value(lexer, out)) return false;
      member.end = out->size;
    }
    out_members[i] = member;
  }
  return member.is_there || eagre_json_lexer_skip(lexer);
}

static bool take_members(struct eagre_json_lexer *lexer, const struct eagre_text *names,
                         uint32_t count, struct eagre_json_member_text *out_members,
                         struct eagre_arena *arena, struct eagre_buffer *out) {
  if (eagre_json_lexer_next(lexer) != EAGRE_JSON_TOKEN_OBJECT_BEGIN) return false;
  for (;;) {
    struct eagre_text name;
    enum eagre_json_token token = eagre_json_lexer_next(lexer);
    if (token == EAGRE_JSON_TOKEN_OBJECT_END) return true;
    if (token != EAGRE_JSON_TOKEN_NAME || !take_name(lexer, arena, &name)) return false;
    eagre_json_lexer_next(lexer);
    if (!take_member(lexer, name, names, count, out_members, out)) return false;
  }
}

bool eagre_json_members(struct eagre_text json, const struct eagre_text *names, uint32_t count,
                        struct eagre_json_member_text *out_members, struct eagre_arena *arena,
                        struct eagre_buffer *out) {
  struct eagre_json_options options;
  struct eagre_json_lexer lexer;
  memset(out_members, 0, count * sizeof *out_members);
  eagre_json_options_init(&options);
  eagre_json_lexer_init(&lexer, &options);
  eagre_json_lexer_begin(&lexer, json);
  bool is_object = take_members(&lexer, names, count, out_members, arena, out);
  if (!is_object) memset(out_members, 0, count * sizeof *out_members);
  eagre_json_lexer_done(&lexer);
  return is_object;
}
