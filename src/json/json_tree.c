/* The strict reader of our own documents: RFC 8259 and nothing else, the whole text one value. */
#include "json/json_render.h"

enum { TREE_DEPTH_MAX = 1000 };

/* An open container and where its next child goes. */
struct open_container {
  struct eagre_json_node *node;
  struct eagre_json_node **next_child;
};

struct tree_reader {
  struct eagre_arena *arena;
  struct eagre_json_lexer lexer;
  struct eagre_text name; /* of the member whose value comes next */
  uint32_t depth;
  struct open_container open[TREE_DEPTH_MAX + 1]; /* [0] holds the root */
};

static enum eagre_json_kind get_kind(enum eagre_json_token token) {
  switch (token) {
  case EAGRE_JSON_TOKEN_OBJECT_BEGIN:
    return EAGRE_JSON_OBJECT;
  case EAGRE_JSON_TOKEN_ARRAY_BEGIN:
    return EAGRE_JSON_ARRAY;
  case EAGRE_JSON_TOKEN_STRING:
    return EAGRE_JSON_STRING;
  case EAGRE_JSON_TOKEN_TRUE:
    return EAGRE_JSON_TRUE;
  case EAGRE_JSON_TOKEN_FALSE:
    return EAGRE_JSON_FALSE;
  case EAGRE_JSON_TOKEN_NULL:
    return EAGRE_JSON_NULL;
  default:
    return EAGRE_JSON_NUMBER;
  }
}

static void add_node(struct tree_reader *reader) {
  struct eagre_json_lexer *lexer = &reader->lexer;
  struct eagre_json_node *node = eagre_arena_allocate_zeroed(reader->arena, sizeof *node);
  struct open_container *parent = &reader->open[reader->depth];
  *parent->next_child = node;
  parent->next_child = &node->next;
  node->kind = get_kind(lexer->token);
  node->name = reader->name;
  reader->name = (struct eagre_text){0};
  switch (node->kind) {
  case EAGRE_JSON_STRING:
    node->text = eagre_json_string_text(eagre_json_lexer_string(lexer), reader->arena);
    break;
  case EAGRE_JSON_NUMBER: {
    const char *begin = lexer->text.data - lexer->is_negative;
    node->text = eagre_text_make(begin, (size_t)(lexer->next - begin));
    break;
  }
  case EAGRE_JSON_ARRAY:
  case EAGRE_JSON_OBJECT:
    node->text.data = lexer->next - 1;
    reader->open[++reader->depth] = (struct open_container){node, &node->child};
    break;
  default:
    node->text = lexer->text;
    break;
  }
}

static void close_node(struct tree_reader *reader) {
  struct eagre_json_node *node = reader->open[reader->depth--].node;
  node->text.size = (size_t)(reader->lexer.next - node->text.data);
}

/* Reads the root value; false on a syntax error. */
static bool read_root(struct tree_reader *reader) {
  struct eagre_json_lexer *lexer = &reader->lexer;
  do {
    switch (eagre_json_lexer_next(lexer)) {
    case EAGRE_JSON_TOKEN_ERROR:
    case EAGRE_JSON_TOKEN_END:
      return false;
    case EAGRE_JSON_TOKEN_NAME:
      reader->name = eagre_json_string_text(eagre_json_lexer_string(lexer), reader->arena);
      break;
    case EAGRE_JSON_TOKEN_OBJECT_END:
    case EAGRE_JSON_TOKEN_ARRAY_END:
      close_node(reader);
      break;
    default:
      add_node(reader);
      break;
    }
  } while (lexer->depth > 0);
  return true;
}

static bool is_blank(const char *begin, const char *end) {
  for (; begin < end; begin++) {
    if (*begin != ' ' && *begin != '\n' && *begin != '\r' && *begin != '\t') return false;
  }
  return true;
}

static void make_strict(struct eagre_json_options *options) {
  eagre_json_options_init(options);
  options->allow_single_quotes = false;
  options->allow_non_numeric_numbers = false;
  options->nesting_depth_max = TREE_DEPTH_MAX;
}

enum eagre_status eagre_json_read(struct eagre_arena *arena, struct eagre_text text,
                                  const struct eagre_json_node **out_root,
                                  struct eagre_error *error) {
  struct eagre_json_options options;
  make_strict(&options);
  struct tree_reader reader = {.arena = arena};
  struct eagre_json_node *root = NULL;
  reader.open[0].next_child = &root;
  eagre_json_lexer_init(&reader.lexer, &options);
  eagre_json_lexer_begin(&reader.lexer, text);
  bool is_read = read_root(&reader) && is_blank(reader.lexer.next, reader.lexer.end);
  eagre_json_lexer_done(&reader.lexer);
  if (!is_read) {
    size_t position = text.size == 0 ? 0 : (size_t)(reader.lexer.next - text.data);
    return eagre_error_set(error, EAGRE_USAGE, "MALFORMED_JSON",
                           "The text is not JSON: something is wrong at byte %zu of %zu.", position,
                           text.size);
  }
  *out_root = root;
  return EAGRE_OK;
}

const struct eagre_json_node *eagre_json_member(const struct eagre_json_node *object,
                                                const char *name) {
  if (object == NULL || object->kind != EAGRE_JSON_OBJECT) return NULL;
  for (const struct eagre_json_node *node = object->child; node != NULL; node = node->next) {
    if (eagre_text_equal_string(node->name, name)) return node;
  }
  return NULL;
}

bool eagre_json_integer(const struct eagre_json_node *node, int64_t *out_value) {
  return node != NULL && node->kind == EAGRE_JSON_NUMBER &&
         eagre_value_parse_integer(node->text, out_value) == EAGRE_VALUE_OK;
}
