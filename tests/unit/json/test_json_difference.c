/* The implementations against each other on random records and their mutations. The seed is
 * printed; EAGRE_TEST_SEED repeats a run, EAGRE_TEST_ROUNDS makes it longer. */
#include "json_case.h"
#include "test_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { BATCH_ROWS = 64, TEXT_SIZE_MAX = 4096 };

struct plan {
  const char *schema;
  struct json_option options[4];
};

static const struct plan plans[] = {
    {"a STRING, b INT, c DOUBLE, d BOOLEAN, e TIMESTAMP, _corrupt_record STRING", {{0}}},
    {"user_id STRING, page STRING, ad_id STRING, event_type STRING, event_time STRING", {{0}}},
    {"a TINYINT, b SMALLINT, c BIGINT, d FLOAT, e DATE, f BINARY, _corrupt_record STRING", {{0}}},
    {"a STRUCT<a: INT, b: STRING, c: STRUCT<a: DOUBLE, d: STRING>>, b STRING, "
     "_corrupt_record STRING",
     {{0}}},
    {"a STRING, b INT, _corrupt_record STRING",
     {{"allowComments", "true"},
      {"allowSingleQuotes", "false"},
      {"allowNumericLeadingZeros", "true"},
      {"allowUnquotedFieldNames", "true"}}},
    {"a STRING, b DOUBLE, e TIMESTAMP, _corrupt_record STRING",
     {{"allowUnquotedControlChars", "true"},
      {"allowBackslashEscapingAnyCharacter", "true"},
      {"allowNonNumericNumbers", "false"},
      {"maxStringLen", "8"}}},
    {"a STRING, b INT, c STRUCT<a: STRING>, _corrupt_record STRING",
     {{"maxNestingDepth", "4"}, {"maxNumLen", "6"}}},
    {"a STRING, b DOUBLE", {{"mode", "FAILFAST"}}},
};

/* ---- Random records -------------------------------------------------------------------------- */

struct maker {
  struct eagre_random random;
  struct eagre_buffer text;
  unsigned wildness; /* per cent of values that are not what they were in the row before */
};

static unsigned pick(struct maker *maker, unsigned bound) {
  return (unsigned)eagre_random_below(&maker->random, bound);
}

static bool happens(struct maker *maker, unsigned per_cent) {
  return pick(maker, 100) < per_cent;
}

static void put(struct maker *maker, const char *string) {
  eagre_buffer_append_string(&maker->text, string);
}

static const char *const strings[] = {
    "",
    "x",
    "view",
    "0123456789abcdef0123456789abcde",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "2026-01-01T00:00:00.123Z",
    "2026-02-30",
    "2026-01-01",
    "SGVsbG8=",
    "NaN",
    "a\\nb",
    "\\u0041\\ud83d\\ude00\\ud83d",
    "0123456789abcdef0123456789abcdef\\\"",
    "gr\xc3\xbc\xc3\x9f",
    "\xff\xe2\x82",
    "it's",
    "{[,:]}",
    "\\q",
    "tab\there",
    "\\'",
};
static const char *const numbers[] = {
    "0",
    "-0",
    "1",
    "12345678",
    "1234567890123456",
    "123456789012345678",
    "-5",
    "255",
    "-129",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "1.5",
    "-0.0",
    "1e3",
    "0.1",
    "1.7976931348623157e308",
    "1e400",
    "00",
    "01",
    "1.",
    "123456789.123456789",
    "9007199254740993",
    "0.3",
    "-",
    "1e",
    "1.5E-3",
    "16777217",
    "123456789012345678901234567890",
    "1677721.7",
    "900719925474099.3",
};
static const char *const words[] = {"true", "false", "null", "nul", "NaN", "-Infinity", "trueX"};
static const char *const containers[] = {
    "{}",    "[]",       "[1,2,{\"a\":\"}\"}]", "{\"a\":1,\"b\":[true,null]}",   "[[[[[]]]]]",
    "[1 2]", "{\"a\":}", "[ 1 , \"x\" , { } ]", "{\"a\":1.50,\"a\":\"\\u00e9\"}"};
static const char *const names[] = {"a",
                                    "b",
                                    "c",
                                    "d",
                                    "e",
                                    "f",
                                    "g",
                                    "user_id",
                                    "page",
                                    "ad_id",
                                    "event_type",
                                    "event_time",
                                    "a_very_long_name_of_a_member_indeed",
                                    "\\u0061",
                                    "\xc3\xa9",
                                    ""};

static void put_value(struct maker *maker, unsigned name, unsigned depth);

static void put_object(struct maker *maker, unsigned depth) {
  put(maker, "{");
  for (unsigned i = 0, count = pick(maker, 5); i < count; i++) {
    unsigned name = pick(maker, 6);
    put(maker, i > 0 ? ",\"" : "\"");
    put(maker, names[name]);
    put(maker, "\":");
    put_value(maker, name, depth + 1);
  }
  put(maker, "}");
}

static void put_string(struct maker *maker) {
  put(maker, "\"");
  put(maker, strings[pick(maker, EAGRE_COUNT_OF(strings))]);
  put(maker, "\"");
}

/* Mostly a value the schemas above like under this name, sometimes anything. */
static void put_value(struct maker *maker, unsigned name, unsigned depth) {
  if (happens(maker, maker->wildness)) name = pick(maker, EAGRE_COUNT_OF(names));
  switch (name) {
  case 1:
  case 2:
    put(maker, numbers[pick(maker, EAGRE_COUNT_OF(numbers))]);
    break;
  case 3:
    put(maker, words[pick(maker, EAGRE_COUNT_OF(words))]);
    break;
  case 6:
    put(maker, containers[pick(maker, EAGRE_COUNT_OF(containers))]);
    break;
  case 13:
    if (depth < 4) {
      put_object(maker, depth);
      break;
    }
    put_string(maker);
    break;
  default:
    put_string(maker);
    break;
  }
}

/* The shape of a batch: which members, in which order, with which spaces. */
struct shape {
  unsigned name_count;
  unsigned names[10];
  const char *comma;
  const char *colon;
  const char *open;
  const char *close;
};

static void make_shape(struct maker *maker, struct shape *shape) {
  static const char *const commas[] = {
      ",", ", ", " ,", ",\n  ", ",\n\t\t\t", ",                                         "};
  static const char *const colons[] = {":", ": ", " : ", ":\n"};
  shape->name_count = pick(maker, EAGRE_COUNT_OF(shape->names) + 1);
  for (unsigned i = 0; i < shape->name_count; i++) {
    shape->names[i] =
        happens(maker, 5) ? pick(maker, EAGRE_COUNT_OF(names)) : (i + 7 * (i > 5)) % 13;
  }
  bool is_compact = happens(maker, 50);
  shape->comma = is_compact ? "," : commas[pick(maker, EAGRE_COUNT_OF(commas))];
  shape->colon = is_compact ? ":" : colons[pick(maker, EAGRE_COUNT_OF(colons))];
  shape->open = is_compact || happens(maker, 50) ? "{" : " {\n ";
  shape->close = is_compact || happens(maker, 50) ? "}" : " }";
}

static void put_record(struct maker *maker, const struct shape *shape) {
  unsigned order[10];
  for (unsigned i = 0; i < shape->name_count; i++)
    order[i] = shape->names[i];
  if (shape->name_count > 1 && happens(maker, maker->wildness)) {
    for (unsigned i = shape->name_count - 1; i > 0; i--) {
      unsigned other = pick(maker, i + 1);
      unsigned name = order[i];
      order[i] = order[other];
      order[other] = name;
    }
  }
  put(maker, shape->open);
  bool is_first = true;
  for (unsigned i = 0; i < shape->name_count; i++) {
    if (happens(maker, maker->wildness / 2)) continue;
    put(maker, is_first ? "\"" : shape->comma);
    if (!is_first) put(maker, "\"");
    is_first = false;
    put(maker, names[order[i]]);
    put(maker, "\"");
    put(maker, shape->colon);
    if (happens(maker, maker->wildness / 2)) {
      put(maker, "null");
    } else {
      put_value(maker, order[i], 1);
    }
  }
  put(maker, shape->close);
}

/* One small injury. */
static void mutate(struct maker *maker) {
  static const char bytes[] = "{}[]:,\"\\'0159-+.eEtfnu/* \n\t\0\x1f\x7f\x80\xff";
  struct eagre_buffer *text = &maker->text;
  if (text->size == 0) return;
  size_t at = pick(maker, (unsigned)text->size);
  char byte = bytes[pick(maker, sizeof bytes)];
  switch (pick(maker, 6)) {
  case 0:
    text->data[at] = byte;
    break;
  case 1:
    text->data[at] = (char)pick(maker, 256);
    break;
  case 2:
    eagre_buffer_reserve(text, 1);
    memmove(text->data + at + 1, text->data + at, text->size - at);
    text->data[at] = byte;
    text->size++;
    break;
  case 3:
    memmove(text->data + at, text->data + at + 1, text->size - at - 1);
    text->size--;
    break;
  case 4:
    text->size = at;
    break;
  default: {
    size_t size = pick(maker, (unsigned)(text->size - at) + 1);
    char *end = eagre_buffer_reserve(text, size);
    memcpy(end, text->data + at, size);
    text->size += size;
    break;
  }
  }
}

/* Exactly 64 bytes behind each text, so that a sanitizer sees who reads more. */
static struct eagre_text make_text(struct maker *maker, const struct shape *shape) {
  eagre_buffer_clear(&maker->text);
  if (happens(maker, 95)) put_record(maker, shape);
  if (happens(maker, maker->wildness / 2 + 3)) mutate(maker);
  if (happens(maker, maker->wildness / 4)) mutate(maker);
  if (maker->text.size > TEXT_SIZE_MAX) maker->text.size = TEXT_SIZE_MAX;
  size_t size = maker->text.size;
  char *copy = eagre_allocate(size + 64);
  if (size > 0) memcpy(copy, maker->text.data, size);
  /* Half of the time what a cut off text would need stands right behind it. */
  memset(copy + size, happens(maker, 50) ? '}' : '"', 64);
  return eagre_text_make(copy, size);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static void print_corrupt(const struct eagre_vector *result, uint32_t row,
                          struct eagre_buffer *out) {
  int field = eagre_type_find_field(result->type, EAGRE_TEXT("_corrupt_record"), false);
  if (field < 0 || eagre_vector_is_null(&result->children[field], row)) return;
  struct eagre_text record = EAGRE_VALUES(struct eagre_text, &result->children[field])[row];
  eagre_buffer_append_string(out, " corrupt: ");
  eagre_buffer_append_text(out, record);
}

/* What a decoder makes of a batch, as text. */
static void describe(struct eagre_json_decoder *decoder, const struct eagre_text *texts,
                     struct eagre_buffer *out) {
  struct eagre_arena arena = {0};
  struct eagre_vector input;
  eagre_vector_init(&input, eagre_type_of(EAGRE_TYPE_STRING), BATCH_ROWS, &arena);
  memcpy(input.data, texts, BATCH_ROWS * sizeof *texts);
  struct eagre_vector result;
  struct eagre_error error;
  eagre_error_init(&error);
  uint64_t malformed_count = 0;
  if (eagre_json_decode(decoder, &input, BATCH_ROWS, &result, &arena, &malformed_count, &error) !=
      EAGRE_OK) {
    eagre_buffer_printf(out, "%s row %lld: %s", error.class_name, (long long)error.row, error.text);
  } else {
    eagre_buffer_printf(out, "%llu malformed\n", (unsigned long long)malformed_count);
    for (uint32_t row = 0; row < BATCH_ROWS; row++) {
      eagre_buffer_printf(out, "%u: ", row);
      if (eagre_vector_is_null(&result, row)) {
        eagre_buffer_append_string(out, "NULL");
      } else {
        print_row(&result, row, out);
        print_corrupt(&result, row, out);
      }
      eagre_buffer_append_char(out, '\n');
    }
  }
  eagre_arena_done(&arena);
}

static void report_difference(const struct eagre_text *texts, const struct eagre_buffer *expected,
                              const struct eagre_buffer *found, const char *isa) {
  size_t at = 0;
  while (at < expected->size && at < found->size && expected->data[at] == found->data[at])
    at++;
  size_t line = 0;
  for (size_t i = 0; i < at; i++)
    line += expected->data[i] == '\n';
  if (line > 0 && line <= BATCH_ROWS) {
    print_error("row %zu: %.*s\n", line - 1, (int)texts[line - 1].size, texts[line - 1].data);
  }
  print_error("reference:\n%.*s\n%s:\n%.*s\n", (int)expected->size, expected->data, isa,
              (int)found->size, found->data);
}

static bool compare_batch(struct eagre_json_decoder *const *decoders, size_t decoder_count,
                          const struct eagre_text *texts) {
  struct eagre_buffer expected = {0};
  describe(decoders[0], texts, &expected);
  bool is_same = true;
  for (size_t i = 1; i < decoder_count && is_same; i++) {
    struct eagre_buffer found = {0};
    describe(decoders[i], texts, &found);
    is_same = eagre_text_equal(eagre_buffer_text(&expected), eagre_buffer_text(&found));
    if (!is_same) {
      report_difference(texts, &expected, &found, eagre_json_decoder_isa(decoders[i]));
    }
    eagre_buffer_done(&found);
  }
  eagre_buffer_done(&expected);
  return is_same;
}

static bool run_batches(struct maker *maker, const struct plan *plan, unsigned batch_count) {
  enum eagre_json_isa isas[3];
  size_t isa_count = list_implementations(isas);
  struct eagre_arena arena = {0};
  struct eagre_json_decoder *decoders[3];
  for (size_t i = 0; i < isa_count; i++) {
    decoders[i] =
        open_decoder(plan->schema, plan->options, EAGRE_COUNT_OF(plan->options), isas[i], &arena);
  }
  struct shape shape;
  bool is_same = true;
  for (unsigned batch = 0; batch < batch_count && is_same; batch++) {
    static const unsigned wildnesses[] = {0, 2, 5, 20, 60};
    maker->wildness = wildnesses[pick(maker, EAGRE_COUNT_OF(wildnesses))];
    if (batch == 0 || happens(maker, 50)) make_shape(maker, &shape);
    struct eagre_text texts[BATCH_ROWS];
    for (int row = 0; row < BATCH_ROWS; row++)
      texts[row] = make_text(maker, &shape);
    is_same = compare_batch(decoders, isa_count, texts);
    for (int row = 0; row < BATCH_ROWS; row++)
      eagre_free((char *)texts[row].data);
  }
  for (size_t i = 0; i < isa_count; i++)
    eagre_json_decoder_free(decoders[i]);
  eagre_arena_done(&arena);
  return is_same;
}

static void test_random_records(void **state) {
  (void)state;
  const char *seed_text = getenv("EAGRE_TEST_SEED");
  const char *rounds_text = getenv("EAGRE_TEST_ROUNDS");
  uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : (uint64_t)time(NULL);
  unsigned round_count = rounds_text != NULL ? (unsigned)strtoul(rounds_text, NULL, 10) : 12;
  print_message("json difference: EAGRE_TEST_SEED=%llu\n", (unsigned long long)seed);
  struct maker maker = {0};
  eagre_random_seed(&maker.random, seed);
  bool is_same = true;
  for (unsigned round = 0; round < round_count && is_same; round++) {
    for (size_t i = 0; i < EAGRE_COUNT_OF(plans) && is_same; i++) {
      is_same = run_batches(&maker, &plans[i], 10);
    }
  }
  eagre_buffer_done(&maker.text);
  assert_true(is_same);
}

int test_json_difference(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_records),
  };
  return cmocka_run_group_tests_name("json difference", tests, NULL, NULL);
}
