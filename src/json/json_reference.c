/* Row semantics (spark-semantics 5.1 and 5.2):
 *
 *   blank text                    the whole row is NULL
 *   broken JSON, root no object   every field NULL, the row is corrupt
 *   a value of the wrong type     that field keeps what an earlier member of the name gave it, the
 *                                 others get their values, the row is corrupt
 *   text behind the root object   ignored
 *
 * The recursion below goes as deep as the schema, never as deep as the text. */
#include "json/json_reference.h"

#include "json/json_list.h"
#include "json/json_render.h"

/* ---- Members --------------------------------------------------------------------------------- */

/* The member the current NAME token means, or EAGRE_JSON_MEMBER_NONE. */
static int find_member(struct eagre_json_run *run, const struct eagre_json_object *object) {
  const struct eagre_json_lexer *lexer = &run->decoder->lexer;
  struct eagre_json_string name = eagre_json_lexer_string(lexer);
  if (eagre_json_string_is_plain(name)) return eagre_json_object_find(object, name.raw);
  struct eagre_arena_mark mark = eagre_arena_mark(run->arena);
  struct eagre_json_output output = {0};
  eagre_json_string_decode(name, &output);
  output = (struct eagre_json_output){.data = eagre_arena_allocate(run->arena, output.size)};
  int found = EAGRE_JSON_MEMBER_NONE;
  /* A name with a lone surrogate equals no name of a schema, though it is written with a '?'. */
  if (eagre_json_string_decode(name, &output)) {
    found = eagre_json_object_find(object, eagre_text_make(output.data, output.size));
  }
  eagre_arena_rewind(run->arena, mark);
  return found;
}

static enum eagre_json_conversion
convert_members(struct eagre_json_run *run, const struct eagre_json_object *object, uint32_t row);

enum eagre_json_conversion eagre_json_convert_member(struct eagre_json_run *run,
                                                     const struct eagre_json_slot *slot,
                                                     uint32_t row) {
  struct eagre_json_lexer *lexer = &run->decoder->lexer;
  if (slot->kind == EAGRE_TYPE_STRUCT && lexer->token == EAGRE_JSON_TOKEN_OBJECT_BEGIN) {
    eagre_json_clear_row(slot->object, row);
    eagre_bit_set(slot->validity, row);
    return convert_members(run, slot->object, row);
  }
  enum eagre_json_conversion result = eagre_json_convert(run, slot, row);
  if (result == EAGRE_JSON_CONVERSION_BAD && !eagre_json_lexer_skip(lexer)) {
    return EAGRE_JSON_CONVERSION_SYNTAX;
  }
  return result;
}

/* The members of an object whose opening brace is the current token, up to its closing one. PARTIAL
 * when any field below was BAD. */
static enum eagre_json_conversion
convert_members(struct eagre_json_run *run, const struct eagre_json_object *object, uint32_t row) {
  struct eagre_json_lexer *lexer = &run->decoder->lexer;
  enum eagre_json_conversion total = EAGRE_JSON_CONVERSION_DONE;
  while (eagre_json_lexer_next(lexer) == EAGRE_JSON_TOKEN_NAME) {
    int member = find_member(run, object);
    if (eagre_json_lexer_next(lexer) == EAGRE_JSON_TOKEN_ERROR) break;
    if (member == EAGRE_JSON_MEMBER_NONE) {
      if (!eagre_json_lexer_skip(lexer)) break;
      continue;
    }
    enum eagre_json_conversion result =
        eagre_json_convert_member(run, &object->slots[object->members[member].slot], row);
    if (result == EAGRE_JSON_CONVERSION_SYNTAX) return result;
    if (result != EAGRE_JSON_CONVERSION_DONE) total = EAGRE_JSON_CONVERSION_PARTIAL;
  }
  return lexer->token == EAGRE_JSON_TOKEN_OBJECT_END ? total : EAGRE_JSON_CONVERSION_SYNTAX;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static bool accept_malformed(struct eagre_json_run *run, uint32_t row, struct eagre_text text) {
  run->malformed_count++;
  run->failure.row = row;
  if (run->corrupt_texts != NULL) {
    run->corrupt_texts[row] = text;
    eagre_bit_set(run->corrupt_validity, row);
  }
  return run->decoder->options.mode != EAGRE_JSON_FAILFAST;
}

/* A text that is the value of the one field. An object may stand where an array of objects should;
 * a bad element spoils the whole. */
static enum eagre_json_conversion convert_bare(struct eagre_json_run *run, uint32_t row) {
  const struct eagre_json_slot *slot = &run->decoder->plan.slots[0];
  enum eagre_json_token token = run->decoder->lexer.token;
  bool is_array = slot->kind == EAGRE_TYPE_ARRAY;
  if (token == EAGRE_JSON_TOKEN_NULL && slot->kind != EAGRE_TYPE_VARIANT) {
    return EAGRE_JSON_CONVERSION_SYNTAX;
  }
  bool is_wrapped = is_array && token == EAGRE_JSON_TOKEN_OBJECT_BEGIN &&
                    slot->field->type->fields[0].type->kind == EAGRE_TYPE_STRUCT;
  return is_wrapped ? eagre_json_list_wrap(run, slot, row)
                    : eagre_json_convert_member(run, slot, row);
}

bool eagre_json_reference_row(struct eagre_json_run *run, uint32_t row, struct eagre_text text) {
  struct eagre_json_decoder *decoder = run->decoder;
  const struct eagre_json_object *root = &decoder->plan.root;
  run->failure.kind = EAGRE_JSON_FAILURE_NONE;
  run->extra_size = 0;
  eagre_json_clear_row(root, row);
  eagre_json_lexer_begin(&decoder->lexer, text);
  enum eagre_json_token token = eagre_json_lexer_next(&decoder->lexer);
  if (token == EAGRE_JSON_TOKEN_END) {
    eagre_bit_clear(run->row_validity, row);
    return true;
  }
  enum eagre_json_conversion result = EAGRE_JSON_CONVERSION_SYNTAX;
  if (decoder->options.is_bare) {
    result = convert_bare(run, row);
  } else if (token == EAGRE_JSON_TOKEN_OBJECT_BEGIN) {
    result = convert_members(run, root, row);
  }
  if (result == EAGRE_JSON_CONVERSION_DONE) return true;
  if (result == EAGRE_JSON_CONVERSION_SYNTAX || result == EAGRE_JSON_CONVERSION_BAD) {
    eagre_json_clear_row(root, row);
    run->failure.kind = token == EAGRE_JSON_TOKEN_ARRAY_BEGIN && !decoder->options.is_bare
                            ? EAGRE_JSON_FAILURE_ARRAY
                            : EAGRE_JSON_FAILURE_SYNTAX;
  }
  return accept_malformed(run, row, text);
}

static bool decode_rows(struct eagre_json_run *run) {
  for (uint32_t row = 0; row < run->row_count; row++) {
    if (eagre_vector_is_null(run->texts, row)) {
      eagre_bit_clear(run->row_validity, row);
    } else if (!eagre_json_reference_row(run, row, eagre_json_run_text(run, row))) {
      return false;
    }
  }
  return true;
}

const struct eagre_json_implementation eagre_json_implementation_reference = {
    .name = "reference",
    .decode_rows = decode_rows,
};
