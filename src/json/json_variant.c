/* parse_json, and VARIANT fields of from_json: tokens go straight into the builder of a VARIANT, no
 * tree is made. */
#include "json/json_variant.h"

#include "json/json_string.h"

void eagre_json_variant_scratch_done(struct eagre_json_variant_scratch *scratch) {
  eagre_buffer_done(&scratch->text);
  eagre_buffer_done(&scratch->levels);
}

/* The text of the current NAME or STRING; valid until the next one. */
static struct eagre_text read_text(const struct eagre_json_lexer *lexer,
                                   struct eagre_json_variant_scratch *scratch) {
  struct eagre_json_string string = {lexer->text, lexer->has_escape, lexer->has_high};
  if (eagre_json_string_is_plain(string)) return string.raw;
  struct eagre_json_output output = {0};
  eagre_json_string_decode(string, &output);
  eagre_buffer_clear(&scratch->text);
  output = (struct eagre_json_output){.data = eagre_buffer_reserve(&scratch->text, output.size)};
  eagre_json_string_decode(string, &output);
  return eagre_text_make(output.data, output.size);
}

/* A string that is too long for Jackson is malformed. */
static bool append_string(const struct eagre_json_lexer *lexer,
                          struct eagre_json_variant_scratch *scratch,
                          struct eagre_variant_builder *builder) {
  struct eagre_json_string string = {lexer->text, lexer->has_escape, lexer->has_high};
  if (!eagre_json_string_fits(string, lexer->options->string_size_max)) return false;
  eagre_variant_builder_string(builder, read_text(lexer, scratch));
  return true;
}

/* False when the token is no scalar, or a string that is too long. */
static bool append_scalar(const struct eagre_json_lexer *lexer,
                          struct eagre_json_variant_scratch *scratch,
                          struct eagre_variant_builder *builder) {
  switch (lexer->token) {
  case EAGRE_JSON_TOKEN_STRING:
    return append_string(lexer, scratch, builder);
  case EAGRE_JSON_TOKEN_INTEGER:
  case EAGRE_JSON_TOKEN_DECIMAL:
    eagre_variant_builder_number(builder, lexer->text, lexer->is_negative);
    return true;
  case EAGRE_JSON_TOKEN_NON_NUMBER:
    eagre_variant_builder_double(builder, lexer->text.data[0] == 'N' ? __builtin_nan("")
                                          : lexer->is_negative       ? -__builtin_inf()
                                                                     : __builtin_inf());
    return true;
  case EAGRE_JSON_TOKEN_TRUE:
  case EAGRE_JSON_TOKEN_FALSE:
    eagre_variant_builder_boolean(builder, lexer->token == EAGRE_JSON_TOKEN_TRUE);
    return true;
  case EAGRE_JSON_TOKEN_NULL:
    eagre_variant_builder_null(builder);
    return true;
  default:
    return false;
  }
}

/* An open container. */
struct level {
  struct eagre_variant_frame frame;
  bool is_object;
};

/* The innermost open container, NULL outside of all. */
static const struct level *find_level(const struct eagre_json_variant_scratch *scratch) {
  size_t size = scratch->levels.size;
  if (size == 0) return NULL;
  return (const struct level *)(const void *)(scratch->levels.data + size - sizeof(struct level));
}

/* False for an object with a name that stands twice. */
static bool close_level(struct eagre_json_variant_scratch *scratch,
                        struct eagre_variant_builder *builder) {
  const struct level *level = find_level(scratch);
  bool is_unique = true;
  if (level->is_object) {
    is_unique = eagre_variant_builder_close_object(builder, &level->frame, NULL);
  } else {
    eagre_variant_builder_close_array(builder, &level->frame);
  }
  scratch->levels.size -= sizeof *level;
  return is_unique;
}

/* The current token is the first of a value. */
static bool take_value(const struct eagre_json_lexer *lexer,
                       struct eagre_json_variant_scratch *scratch,
                       struct eagre_variant_builder *builder) {
  const struct level *level = find_level(scratch);
  bool is_object = lexer->token == EAGRE_JSON_TOKEN_OBJECT_BEGIN;
  if (level != NULL && !level->is_object) eagre_variant_builder_element(builder, &level->frame);
  if (!is_object && lexer->token != EAGRE_JSON_TOKEN_ARRAY_BEGIN) {
    return append_scalar(lexer, scratch, builder);
  }
  struct level opened = {eagre_variant_builder_open(builder), is_object};
  eagre_buffer_append(&scratch->levels, &opened, sizeof opened);
  return true;
}

enum eagre_json_variant_result eagre_json_variant_build(struct eagre_json_lexer *lexer,
                                                        struct eagre_json_variant_scratch *scratch,
                                                        struct eagre_variant_builder *builder) {
  bool is_unique = true;
  eagre_buffer_clear(&scratch->levels);
  for (;; eagre_json_lexer_next(lexer)) {
    enum eagre_json_token token = lexer->token;
    if (token == EAGRE_JSON_TOKEN_OBJECT_END || token == EAGRE_JSON_TOKEN_ARRAY_END) {
      is_unique &= close_level(scratch, builder);
    } else if (token == EAGRE_JSON_TOKEN_NAME) {
      eagre_variant_builder_name(builder, &find_level(scratch)->frame, read_text(lexer, scratch));
    } else if (!take_value(lexer, scratch, builder)) {
      return EAGRE_JSON_VARIANT_MALFORMED;
    }
    if (scratch->levels.size == 0) break;
  }
  return is_unique ? EAGRE_JSON_VARIANT_OK : EAGRE_JSON_VARIANT_DUPLICATE;
}

/* ---- parse_json ------------------------------------------------------------------------------ */

struct eagre_json_variant_parser {
  struct eagre_json_options options;
  struct eagre_json_lexer lexer;
  struct eagre_json_variant_scratch scratch;
};

struct eagre_json_variant_parser *eagre_json_variant_parser_new(void) {
  struct eagre_json_variant_parser *parser = eagre_allocate_zeroed(1, sizeof *parser);
  eagre_json_options_init(&parser->options);
  parser->options.allow_single_quotes = false;
  parser->options.allow_non_numeric_numbers = false;
  eagre_json_lexer_init(&parser->lexer, &parser->options);
  return parser;
}

void eagre_json_variant_parser_free(struct eagre_json_variant_parser *parser) {
  if (parser == NULL) return;
  eagre_json_lexer_done(&parser->lexer);
  eagre_json_variant_scratch_done(&parser->scratch);
  eagre_free(parser);
}

enum eagre_json_variant_result eagre_json_variant_parse(struct eagre_json_variant_parser *parser,
                                                        struct eagre_text text,
                                                        struct eagre_variant_builder *builder) {
  eagre_variant_builder_begin(builder);
  eagre_json_lexer_begin(&parser->lexer, text);
  eagre_json_lexer_next(&parser->lexer);
  return eagre_json_variant_build(&parser->lexer, &parser->scratch, builder);
}
