/* Lines of bytes as JSON records: the implementations of the decoder must agree on every one of
 * them in any sequence. The same bytes go through the tree reader, the paths and the line splitter.
 *
 * Each line is decoded twice in a row, so that what was learned from it is used at once. */
#include <stdio.h>
#include <stdlib.h>

#include "json/json.h"

static bool is_ascii(const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if ((unsigned char)bytes[i] >= 0x80) return false;
  }
  return true;
}

/* Nothing but breaks is between lines, no break in one, and what is said to be ASCII is. */
static void check_lines(const char *data, size_t consumed, const struct eagre_text *lines,
                        uint32_t count, bool are_ascii) {
  const char *at = data;
  for (uint32_t i = 0; i < count; i++) {
    for (; at < lines[i].data; at++) {
      eagre_assert(*at == '\n' || *at == '\r');
    }
    for (; at < lines[i].data + lines[i].size; at++) {
      eagre_assert(*at != '\n' && *at != '\r');
    }
  }
  for (; at < data + consumed; at++) {
    eagre_assert(*at == '\n' || *at == '\r');
  }
  eagre_assert(!are_ascii || is_ascii(data, consumed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_COUNT_MAX = 256 };

static const char *const schemas[] = {
    "a STRING, b INT, c DOUBLE, d BOOLEAN, e TIMESTAMP, _corrupt_record STRING",
    "a STRUCT<a: STRING, b: BIGINT, c: STRUCT<a: FLOAT>>, b STRING, f BINARY, g DATE",
    "a TINYINT, b SMALLINT, `user_id` STRING, `event_time` TIMESTAMP",
};

static void stop(const char *what, struct eagre_text expected, struct eagre_text found) {
  fprintf(stderr, "%s\nexpected:\n%.*s\nfound:\n%.*s\n", what, (int)expected.size, expected.data,
          (int)found.size, found.data);
  abort();
}

static struct eagre_zone *open_zone(void) {
  static struct eagre_zone *zone;
  if (zone == NULL && eagre_zone_open(EAGRE_TEXT("UTC"), &zone, NULL) != EAGRE_OK) abort();
  return zone;
}

static struct eagre_json_decoder *open_decoder(const struct eagre_type *schema, uint8_t flags,
                                               enum eagre_json_isa isa) {
  struct eagre_json_options options;
  eagre_json_options_init(&options);
  options.zone = open_zone();
  options.allow_comments = flags & 1;
  options.allow_unquoted_field_names = flags & 2;
  options.allow_unquoted_control_chars = flags & 4;
  options.allow_backslash_any = flags & 8;
  options.allow_single_quotes = !(flags & 16);
  options.allow_numeric_leading_zeros = flags & 32;
  if (flags & 64) options.string_size_max = 8;
  struct eagre_json_decoder *decoder = NULL;
  if (eagre_json_decoder_new(schema, &options, NULL, isa, &decoder, NULL) != EAGRE_OK) return NULL;
  return decoder;
}

/* Every row as JSON, one per line. */
static void decode(struct eagre_json_decoder *decoder, const struct eagre_vector *texts,
                   uint32_t row_count, struct eagre_buffer *out) {
  struct eagre_arena arena = {0};
  struct eagre_vector rows;
  uint64_t malformed_count = 0;
  if (eagre_json_decode(decoder, texts, row_count, &rows, &arena, &malformed_count, NULL) !=
      EAGRE_OK) {
    abort();
  }
  const struct eagre_json_write_options options = {.zone = open_zone(), .keep_nulls = true};
  eagre_buffer_printf(out, "%llu malformed\n", (unsigned long long)malformed_count);
  for (uint32_t row = 0; row < row_count; row++) {
    eagre_json_write_struct(&rows, row, &options, out);
    eagre_buffer_append_char(out, '\n');
  }
  eagre_arena_done(&arena);
}

static void compare_implementations(const char *schema, uint8_t flags,
                                    const struct eagre_vector *texts, uint32_t row_count) {
  struct eagre_arena arena = {0};
  const struct eagre_type *type;
  if (eagre_type_parse_columns(&arena, eagre_text_of(schema), &type, NULL) != EAGRE_OK) abort();
  struct eagre_buffer expected = {0};
  for (int isa = EAGRE_JSON_ISA_REFERENCE; isa <= EAGRE_JSON_ISA_AVX2; isa++) {
    struct eagre_json_decoder *decoder = open_decoder(type, flags, (enum eagre_json_isa)isa);
    if (decoder == NULL) continue;
    struct eagre_buffer found = {0};
    decode(decoder, texts, row_count, isa == EAGRE_JSON_ISA_REFERENCE ? &expected : &found);
    if (isa != EAGRE_JSON_ISA_REFERENCE &&
        !eagre_text_equal(eagre_buffer_text(&expected), eagre_buffer_text(&found))) {
      stop(eagre_json_decoder_isa(decoder), eagre_buffer_text(&expected),
           eagre_buffer_text(&found));
    }
    eagre_buffer_done(&found);
    eagre_json_decoder_free(decoder);
  }
  eagre_buffer_done(&expected);
  eagre_arena_done(&arena);
}

/* Two rows per line, each with exactly 64 bytes behind it. */
static uint32_t make_texts(struct eagre_text *lines, uint32_t line_count,
                           struct eagre_vector *texts, struct eagre_arena *arena) {
  eagre_vector_init(texts, eagre_type_of(EAGRE_TYPE_STRING), line_count * 2 + 1, arena);
  for (uint32_t i = 0; i < line_count; i++) {
    char *copy = eagre_allocate(lines[i].size + 64);
    memcpy(copy, lines[i].data, lines[i].size);
    memset(copy + lines[i].size, lines[i].size % 2 == 0 ? '}' : '"', 64);
    lines[i] = eagre_text_make(copy, lines[i].size);
    EAGRE_VALUES(struct eagre_text, texts)[i * 2] = lines[i];
    EAGRE_VALUES(struct eagre_text, texts)[i * 2 + 1] = lines[i];
  }
  return line_count * 2;
}

static void read_tree(struct eagre_text text) {
  struct eagre_arena arena = {0};
  const struct eagre_json_node *root;
  int64_t number;
  if (eagre_json_read(&arena, text, &root, NULL) == EAGRE_OK) {
    eagre_json_integer(eagre_json_member(root, "a"), &number);
  }
  eagre_arena_done(&arena);
}

static void walk_paths(struct eagre_text text) {
  static const char *const paths[] = {"$",           "$.a",     "$.a[0]",    "$.a[*]",  "$.a[*].b",
                                      "$.a[*][*].b", "$[*][1]", "$.a[0][*]", "$['a'].b"};
  struct eagre_buffer out = {0};
  for (size_t i = 0; i < EAGRE_COUNT_OF(paths); i++) {
    struct eagre_json_path *path = eagre_json_path_new(eagre_text_of(paths[i]));
    eagre_json_path_get(path, text, &out);
    eagre_json_path_free(path);
  }
  struct eagre_json_path *own = eagre_json_path_new(text);
  eagre_json_path_get(own, text, &out);
  eagre_json_path_free(own);
  if (eagre_json_colon_path_new(text, &own, NULL) == EAGRE_OK) {
    eagre_json_path_get(own, text, &out);
    eagre_json_path_free(own);
  }
  eagre_buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  struct eagre_text lines[LINE_COUNT_MAX];
  size_t consumed;
  bool are_ascii;
  uint32_t line_count = eagre_json_split_lines((const char *)data, size, true, lines,
                                               LINE_COUNT_MAX, &consumed, &are_ascii);
  check_lines((const char *)data, consumed, lines, line_count, are_ascii);
  struct eagre_arena arena = {0};
  struct eagre_vector texts;
  uint32_t row_count = make_texts(lines, line_count, &texts, &arena);
  uint8_t flags = (uint8_t)(size % 3 == 0 ? data[size - 1] : 0);
  for (size_t i = 0; i < EAGRE_COUNT_OF(schemas); i++) {
    compare_implementations(schemas[i], flags, &texts, row_count);
  }
  for (uint32_t i = 0; i < line_count; i++) {
    read_tree(lines[i]);
    walk_paths(lines[i]);
    eagre_free((char *)lines[i].data);
  }
  eagre_arena_done(&arena);
  return 0;
}
