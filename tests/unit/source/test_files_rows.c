/* Bytes of files -> rows. Expected rows are what Spark 4.2 answered for the same file. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row_case {
  struct eagre_text content;
  const char *expected;
};

#define CASE(content, expected)                                                                    \
  { EAGRE_TEXT(content), expected }

static const char *const schema = "a INT, b STRING, _corrupt_record STRING";

/* The rows of one file with that content. */
static const char *read_file(struct fixture *fixture, struct eagre_text content) {
  write_input_bytes(fixture, "f", content, 1);
  if (open_batch(fixture) != EAGRE_OK) fail_msg("%s", fixture->error.text);
  const char *rows = read_everything(fixture);
  close_stream(fixture);
  return rows;
}

static void run_case(struct fixture *fixture, const struct row_case *row_case) {
  const char *rows = read_file(fixture, row_case->content);
  if (strcmp(rows, row_case->expected) == 0) return;
  fail_msg("%.*s\ngives    %s\nand not  %s\nin batches of %u", (int)row_case->content.size,
           row_case->content.data, rows, row_case->expected, fixture->batch_rows_max);
}

/* In batches of any size the rows are the same. */
static void run_cases(struct fixture *fixture, const struct row_case *cases, size_t count) {
  static const uint32_t sizes[] = {0, 1, 2};
  for (size_t i = 0; i < count * EAGRE_COUNT_OF(sizes); i++) {
    fixture->batch_rows_max = sizes[i % EAGRE_COUNT_OF(sizes)];
    run_case(fixture, &cases[i / EAGRE_COUNT_OF(sizes)]);
  }
  fixture->batch_rows_max = 0;
}

/* ---- Text ---------------------------------------------------------------------------------- */

static const struct row_case text_cases[] = {
    CASE("", ""),
    CASE("\n", "{\"value\":\"\"}\n"),
    CASE("a\r\nb\rc\n\nd", "{\"value\":\"a\"}\n{\"value\":\"b\"}\n{\"value\":\"c\"}\n"
                           "{\"value\":\"\"}\n{\"value\":\"d\"}\n"),
    CASE("\xef\xbb\xbf"
         "a\n\xef\xbb\xbf"
         "b",
         "{\"value\":\"a\"}\n{\"value\":\"\xef\xbb\xbf"
         "b\"}\n"),
    CASE("\xef\xbb\xbf", ""),
    CASE("a\r", "{\"value\":\"a\"}\n"),
    CASE("\r\n\r\n", "{\"value\":\"\"}\n{\"value\":\"\"}\n"),
};

static void test_text(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  run_cases(fixture, text_cases, EAGRE_COUNT_OF(text_cases));
}

static void test_unread_text_is_counted(void **state) {
  struct fixture *fixture = *state;
  static const bool wanted[] = {false};
  plan_files(fixture, NULL);
  fixture->plan.wanted = wanted;
  assert_string_equal(read_file(fixture, EAGRE_TEXT("a\nb\n\n")), "{}\n{}\n{}\n");
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static const struct row_case line_cases[] = {
    CASE("{\"a\":1}\r{\"a\":2}\r\n{\"a\":3}\n\n  \t\n{\"a\":4}",
         "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n"),
    CASE("\xef\xbb\xbf{\"a\":1}\n", "{\"a\":1}\n"),
    CASE("\xef\xbb\xbf"
         "bad\n",
         "{\"_corrupt_record\":\"bad\"}\n"),
    CASE("null\n", "{\"_corrupt_record\":\"null\"}\n"),
    CASE("{\"a\":1} tail\n", "{\"a\":1}\n"),
    CASE("{\"a\":\"x\",\"b\":\"k\"}\n",
         "{\"b\":\"k\",\"_corrupt_record\":\"{\\\"a\\\":\\\"x\\\",\\\"b\\\":\\\"k\\\"}\"}\n"),
    CASE("{\"a\":1,\"_corrupt_record\":\"given\"}\n", "{\"a\":1}\n"),
};

static const struct row_case token_cases[] = {
    CASE("{\"b\":1.50 ,\"a\":1}", "{\"a\":1,\"b\":\"1.50\"}\n"),
    CASE("{\"b\": -1e+5}", "{\"b\":\"-1e+5\"}\n"),
    CASE("{\"b\":-NaN}", "{\"_corrupt_record\":\"{\\\"b\\\":-NaN}\"}\n"),
    CASE("{\"b\":NaN}", "{\"b\":\"NaN\"}\n"),
    CASE("{\"b\":+Infinity}", "{\"b\":\"+Infinity\"}\n"),
    CASE("{\"b\":-INF}", "{\"b\":\"-INF\"}\n"),
    CASE("{\"b\":-0}", "{\"b\":\"-0\"}\n"),
    CASE("{\"b\":1e400}", "{\"b\":\"1e400\"}\n"),
    CASE("{\"b\":[1,2] }", "{\"b\":\"[1,2]\"}\n"),
    CASE("{\"b\":{\"x\":[ 1 ]}}", "{\"b\":\"{\\\"x\\\":[ 1 ]}\"}\n"),
    CASE("{\"b\":[1,2}", "{\"_corrupt_record\":\"{\\\"b\\\":[1,2}\"}\n"),
    CASE("{\"b\":true}", "{\"b\":\"true\"}\n"),
    CASE("{\"b\":null}", "{}\n"),
    CASE("{'b':{'x':'y'}}", "{\"b\":\"{'x':'y'}\"}\n"),
    CASE("{\"b\":\t{ \"q\" : \"\\u00e9\" } }", "{\"b\":\"{ \\\"q\\\" : \\\"\\\\u00e9\\\" }\"}\n"),
    CASE("{\"b\":\"\\u00e9\"}", "{\"b\":\"é\"}\n"),
    CASE("\xef\xbb\xbf{\"b\":[1, 2]}", "{\"b\":\"[1, 2]\"}\n"),
    CASE("{\"a\":1,\"b\":1.50", "{\"_corrupt_record\":\"{\\\"a\\\":1,\\\"b\\\":1.50\"}\n"),
};

static const struct row_case array_cases[] = {
    CASE("[{\"a\":1},{\"a\":2}]", "{\"a\":1}\n{\"a\":2}\n"),
    CASE("  [ {\"a\":1} , {\"a\":2} ]  ", "{\"a\":1}\n{\"a\":2}\n"),
    CASE("[{\"b\":[1, 2]},{\"b\":1.50}]", "{\"b\":\"[1, 2]\"}\n{\"b\":\"1.50\"}\n"),
    CASE("[{\"b\":\"]}\\\"[\"}]", "{\"b\":\"]}\\\"[\"}\n"),
    CASE("[{'b':'}\"'}]", "{\"b\":\"}\\\"\"}\n"),
    CASE("[]", ""),
    CASE("[ ]\n{\"a\":1}", "{\"a\":1}\n"),
    CASE("[{}]", "{}\n"),
    CASE("[{\"a\":1}] trailing", "{\"a\":1}\n"),
    CASE("[{\"a\":1}] \xff", "{\"a\":1}\n"),
    CASE("\xef\xbb\xbf[{\"a\":1}]", "{\"a\":1}\n"),
    CASE("[{\"a\":1},5]", "{\"_corrupt_record\":\"[{\\\"a\\\":1},5]\"}\n"),
    CASE("[{\"a\":1},null]", "{\"_corrupt_record\":\"[{\\\"a\\\":1},null]\"}\n"),
    CASE("[null]", "{\"_corrupt_record\":\"[null]\"}\n"),
    CASE("[[{\"a\":1}]]", "{\"_corrupt_record\":\"[[{\\\"a\\\":1}]]\"}\n"),
    CASE("[[]]", "{\"_corrupt_record\":\"[[]]\"}\n"),
    CASE("[,]", "{\"_corrupt_record\":\"[,]\"}\n"),
    CASE("[", "{\"_corrupt_record\":\"[\"}\n"),
    CASE("[{\"a\":1}", "{\"_corrupt_record\":\"[{\\\"a\\\":1}\"}\n"),
    CASE("[{\"a\":1},{\"a\":", "{\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"a\\\":\"}\n"),
    CASE("[{\"a\":1} x,{\"a\":2}]", "{\"_corrupt_record\":\"[{\\\"a\\\":1} x,{\\\"a\\\":2}]\"}\n"),
    CASE("[{\"a\":1},{\"a\":2},]", "{\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"a\\\":2},]\"}\n"),
    CASE("[{\"a\":1},{\"b\":tru}]", "{\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"b\\\":tru}]\"}\n"),
    CASE("[{\"a\":1},{\"b\":[}]", "{\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"b\\\":[}]\"}\n"),
    CASE("[{\"a\":1},\"s\",{\"a\":3}]",
         "{\"_corrupt_record\":\"[{\\\"a\\\":1},\\\"s\\\",{\\\"a\\\":3}]\"}\n"),
    CASE("[{\"a\":\"x\"},{\"a\":2}]",
         "{\"_corrupt_record\":\"[{\\\"a\\\":\\\"x\\\"},{\\\"a\\\":2}]\"}\n"
         "{\"a\":2,\"_corrupt_record\":\"[{\\\"a\\\":\\\"x\\\"},{\\\"a\\\":2}]\"}\n"),
};

static const struct row_case utf8_cases[] = {
    CASE("{\"a\":0}\n{\"a\":1} \xff\n", "{\"a\":0}\n{\"a\":1}\n"),
    CASE("{\"a\":1,\"z\":\"\xff\"}",
         "{\"_corrupt_record\":\"{\\\"a\\\":1,\\\"z\\\":\\\"\uFFFD\\\"}\"}\n"),
    CASE("{\"a\":1,\"z\xff\":2}", "{\"_corrupt_record\":\"{\\\"a\\\":1,\\\"z\uFFFD\\\":2}\"}\n"),
    CASE("{\"a\":1,\"b\":{\"x\":\"\xff\"}}",
         "{\"_corrupt_record\":\"{\\\"a\\\":1,\\\"b\\\":{\\\"x\\\":\\\"\uFFFD\\\"}}\"}\n"),
    CASE("{\"a\":1,\"b\":\"\xed\xa0\x80\"}",
         "{\"_corrupt_record\":\"{\\\"a\\\":1,\\\"b\\\":\\\"\uFFFD\\\"}\"}\n"),
    CASE(
        "{\"a\":\"x\",\"b\":\"k\"} \xff",
        "{\"b\":\"k\",\"_corrupt_record\":\"{\\\"a\\\":\\\"x\\\",\\\"b\\\":\\\"k\\\"} \uFFFD\"}\n"),
    CASE("\xff", "{\"_corrupt_record\":\"\uFFFD\"}\n"),
    CASE("  \xff", "{\"_corrupt_record\":\"  \uFFFD\"}\n"),
    CASE("5\xff", "{\"_corrupt_record\":\"5\uFFFD\"}\n"),
    CASE("{\"a\":0}\n\xef\xbb\xbf"
         "bad",
         "{\"a\":0}\n{\"_corrupt_record\":\"\uFEFFbad\"}\n"),
    CASE("{\"a\":1}\xef\xbb\xbf", "{\"a\":1}\n"),
};

static void test_json(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, schema);
  run_cases(fixture, line_cases, EAGRE_COUNT_OF(line_cases));
  run_cases(fixture, token_cases, EAGRE_COUNT_OF(token_cases));
  run_cases(fixture, array_cases, EAGRE_COUNT_OF(array_cases));
  run_cases(fixture, utf8_cases, EAGRE_COUNT_OF(utf8_cases));
}

static const struct row_case comment_cases[] = {
    CASE("// only\n{\"a\":1} // x\n/* c */ [{\"a\":2}]\n/* x */\n", "{\"a\":1}\n{\"a\":2}\n"),
    CASE("{\"a\":1 /* \xff */}", "{\"_corrupt_record\":\"{\\\"a\\\":1 /* \uFFFD */}\"}\n"),
    CASE("[{\"a\":1/*}]*/},/**/{\"a\":2}/*]*/]", "{\"a\":1}\n{\"a\":2}\n"),
    CASE("[{\"a\":1}//,\n]", "{\"_corrupt_record\":\"[{\\\"a\\\":1}//,\"}\n"
                             "{\"_corrupt_record\":\"]\"}\n"),
};

static void test_json_comments(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, schema);
  add_option(fixture, "allowComments", "true");
  run_cases(fixture, comment_cases, EAGRE_COUNT_OF(comment_cases));
}

static const struct row_case drop_cases[] = {
    CASE("{\"a\":1,\"b\":\"good\"}\n{\"a\":\"x\",\"b\":\"half\"}\nbad\n{\"a\":2}\n[{\"a\":3}]\n\n",
         "{\"a\":1,\"b\":\"good\"}\n{\"a\":2}\n{\"a\":3}\n"),
    CASE("[{\"a\":\"x\"},{\"a\":2}]", ""),
    CASE("[{\"a\":1},5]", ""),
    CASE("[]", ""),
    CASE("{\"a\":1,\"b\":\"\xff\"}", ""),
};

static void test_drop_malformed(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, "a INT, b STRING");
  add_option(fixture, "mode", "DROPMALFORMED");
  run_cases(fixture, drop_cases, EAGRE_COUNT_OF(drop_cases));
}

/* What nobody reads is not checked for type, so it drops no row. */
static void test_only_wanted_columns_count(void **state) {
  struct fixture *fixture = *state;
  static const bool second[] = {false, true};
  static const bool none[] = {false, false};
  static const char content[] = "{\"a\":\"x\",\"b\":\"k\"}\n{\"a\":1,\"b\":\"l\"}\n"
                                "[{\"a\":1},{\"a\":\"y\"}]\nbad\n\n";
  plan_files(fixture, "a INT, b STRING");
  add_option(fixture, "mode", "DROPMALFORMED");
  fixture->plan.wanted = second;
  assert_string_equal(read_file(fixture, EAGRE_TEXT(content)),
                      "{\"b\":\"k\"}\n{\"b\":\"l\"}\n{}\n{}\n");
  fixture->plan.wanted = none;
  assert_string_equal(read_file(fixture, EAGRE_TEXT(content)), "{}\n{}\n{}\n{}\n");
}

static void test_corrupt_column_of_wanted_columns(void **state) {
  struct fixture *fixture = *state;
  static const bool wanted[] = {false, true, true};
  static const char content[] = "{\"a\":\"x\",\"b\":\"k\"}\nbad\n[{\"a\":1},{\"a\":\"y\"}]\n";
  plan_files(fixture, schema);
  fixture->plan.wanted = wanted;
  assert_string_equal(read_file(fixture, EAGRE_TEXT(content)),
                      "{\"b\":\"k\"}\n{\"_corrupt_record\":\"bad\"}\n{}\n{}\n");
}

static void check_failfast(struct fixture *fixture, const char *content, const char *inner_class,
                           const char *place) {
  struct eagre_text beginning = {0};
  struct eagre_buffer rows = {0};
  write_input(fixture, "f", content, 1);
  assert_int_equal(open_batch(fixture), EAGRE_OK);
  struct step step = plan_step(fixture, beginning, (struct eagre_source_limits){0});
  assert_int_equal(eagre_source_assign(fixture->source, beginning, step.end, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(read_core(fixture, 0, &rows), EAGRE_DATA);
  assert_string_equal(fixture->error.class_name, "FAILED_READ_FILE.NO_HINT");
  assert_non_null(strstr(fixture->error.text, inner_class));
  assert_non_null(strstr(fixture->error.place, place));
  eagre_buffer_done(&rows);
  close_stream(fixture);
}

static void test_failfast(void **state) {
  struct fixture *fixture = *state;
  static const char without[] = "[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION]";
  plan_files(fixture, "a INT, b STRING");
  add_option(fixture, "mode", "FAILFAST");
  assert_string_equal(read_file(fixture, EAGRE_TEXT("{\"a\":1}\n\n[{\"a\":2}]")),
                      "{\"a\":1}\n{\"a\":2}\n");
  check_failfast(fixture, "{\"a\":1}\n\n{\"a\":\"x\"}\n", without, "/in/f, line 3");
  check_failfast(fixture, "{\"a\":1}\n[{\"a\":2},{\"a\":\"x\"}]\n", without, "/in/f, line 2");
  check_failfast(fixture, "[{\"a\":2},5]\n", without, "/in/f, line 1");
  check_failfast(fixture, "bad", without, "/in/f, line 1");
}

static void test_time_zone_and_formats(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, "t TIMESTAMP, d DATE");
  add_option(fixture, "timeZone", "+02:00");
  add_option(fixture, "dateFormat", "dd.MM.yyyy");
  assert_string_equal(
      read_file(fixture, EAGRE_TEXT("{\"t\":\"2026-01-01 12:00:00\",\"d\":\"05.02.2026\"}")),
      "{\"t\":\"2026-01-01T10:00:00.000Z\",\"d\":\"2026-02-05\"}\n");
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* `count` lines of about `width` bytes: {"a":<i>,"b":"xxx"}. */
static void append_lines(struct eagre_buffer *content, struct eagre_buffer *expected, int count,
                         size_t width) {
  char *filler = eagre_allocate(width + 1);
  memset(filler, 'x', width);
  filler[width] = '\0';
  for (int i = 0; i < count; i++) {
    eagre_buffer_printf(content, "{\"a\":%d,\"b\":\"%s\"}\n", i, filler);
    eagre_buffer_printf(expected, "{\"a\":%d,\"b\":\"%s\"}\n", i, filler);
  }
  eagre_free(filler);
}

static void check_lines(struct fixture *fixture, int count, size_t width) {
  struct eagre_buffer content = {0};
  struct eagre_buffer expected = {0};
  append_lines(&content, &expected, count, width);
  plan_files(fixture, "a INT, b STRING");
  assert_string_equal(read_file(fixture, eagre_buffer_text(&content)),
                      eagre_buffer_string(&expected));
  eagre_buffer_done(&content);
  eagre_buffer_done(&expected);
}

static void test_lines_of_all_sizes(void **state) {
  struct fixture *fixture = *state;
  check_lines(fixture, 30000, 0);   /* more lines than a batch has rows in a block */
  check_lines(fixture, 3000, 300);  /* more blocks than batches */
  check_lines(fixture, 7, 200000);  /* about a block each */
  check_lines(fixture, 2, 3000000); /* longer than a block */
}

static void test_large_array(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  struct eagre_buffer expected = {0};
  eagre_buffer_append_string(&content, "{\"a\":-1}\n[");
  eagre_buffer_append_string(&expected, "{\"a\":-1}\n");
  for (int i = 0; i < 10000; i++) {
    eagre_buffer_printf(&content, "%s{\"a\":%d}", i == 0 ? "" : " , ", i);
    eagre_buffer_printf(&expected, "{\"a\":%d}\n", i);
  }
  eagre_buffer_append_string(&content, "]\n{\"a\":-2}\n");
  eagre_buffer_append_string(&expected, "{\"a\":-2}\n");
  plan_files(fixture, "a INT, b STRING");
  assert_string_equal(read_file(fixture, eagre_buffer_text(&content)),
                      eagre_buffer_string(&expected));
  eagre_buffer_done(&content);
  eagre_buffer_done(&expected);
}

/* One bad value among many elements: all rows stay, all are malformed. */
static void test_large_spoiled_array(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  eagre_buffer_append_char(&content, '[');
  for (int i = 0; i < 5000; i++) {
    eagre_buffer_append_string(&content, "{\"a\":1},");
  }
  eagre_buffer_append_string(&content, "{\"a\":\"x\"}]\n");
  plan_files(fixture, "a INT, b STRING");
  add_option(fixture, "mode", "DROPMALFORMED");
  assert_string_equal(read_file(fixture, eagre_buffer_text(&content)), "");
  plan_files(fixture, "a INT, b STRING");
  const char *rows = read_file(fixture, eagre_buffer_text(&content));
  assert_int_equal(strlen(rows), strlen("{\"a\":1}\n") * 5000 + strlen("{}\n"));
  eagre_buffer_done(&content);
}

/* Small arrays share batches with plain lines, also where one does not fit any more. */
static void test_mixed_lines(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  struct eagre_buffer expected = {0};
  for (int i = 0; i < 6000; i++) {
    eagre_buffer_printf(&content, "{\"a\":%d}\n[{\"a\":%d},{\"a\":%d}]\n\n", i, i + 1, i + 2);
    eagre_buffer_printf(&expected, "{\"a\":%d}\n{\"a\":%d}\n{\"a\":%d}\n", i, i + 1, i + 2);
  }
  plan_files(fixture, "a INT, b STRING");
  assert_string_equal(read_file(fixture, eagre_buffer_text(&content)),
                      eagre_buffer_string(&expected));
  eagre_buffer_done(&content);
  eagre_buffer_done(&expected);
}

static void test_rows_know_their_line(void **state) {
  struct fixture *fixture = *state;
  struct eagre_text beginning = {0};
  struct eagre_source_reader *reader = NULL;
  struct eagre_batch *batch = eagre_batch_new();
  plan_files(fixture, "a INT, b STRING");
  write_input(fixture, "f", "{\"a\":1}\n\n[{\"a\":2},{\"a\":3}]\n{\"a\":4}\n", 1);
  assert_int_equal(open_batch(fixture), EAGRE_OK);
  struct step step = plan_step(fixture, beginning, (struct eagre_source_limits){0});
  assert_int_equal(eagre_source_assign(fixture->source, beginning, step.end, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(
      eagre_source_reader_open(fixture->source, 0, fixture->io, &reader, &fixture->error),
      EAGRE_OK);
  assert_int_equal(eagre_source_reader_begin(reader, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_source_reader_read(reader, batch, &fixture->error), EAGRE_OK);
  static const int lines[] = {1, 3, 3, 4};
  assert_int_equal(batch->row_count, 4);
  for (int row = 0; row < 4; row++) {
    eagre_error_init(&fixture->error);
    eagre_batch_place(batch, row, &fixture->error);
    struct eagre_text line = eagre_arena_printf(&fixture->arena, "line %d", lines[row]);
    assert_non_null(strstr(fixture->error.place, line.data));
    assert_non_null(strstr(fixture->error.place, "/in/f"));
  }
  eagre_batch_free(batch);
  eagre_source_reader_close(reader);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void refuse(struct fixture *fixture, const char *class_name) {
  eagre_error_init(&fixture->error);
  assert_int_equal(eagre_source_validate(&fixture->plan, &fixture->error), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, class_name);
}

static void test_validate(void **state) {
  struct fixture *fixture = *state;
  static const bool only_corrupt[] = {false, false, true};
  plan_files(fixture, schema);
  assert_int_equal(eagre_source_validate(&fixture->plan, &fixture->error), EAGRE_OK);
  fixture->plan.wanted = only_corrupt;
  refuse(fixture, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN");
  plan_files(fixture, "a INT, t TIMESTAMP");
  add_option(fixture, "timestampFormat", "yyyy-JJ");
  assert_int_equal(eagre_source_validate(&fixture->plan, &fixture->error), EAGRE_USAGE);
  plan_files(fixture, "a INT");
  add_option(fixture, "timeZone", "Nowhere/Land");
  assert_int_equal(eagre_source_validate(&fixture->plan, &fixture->error), EAGRE_USAGE);
  plan_files(fixture, "a INT, _corrupt_record INT");
  assert_int_equal(eagre_source_validate(&fixture->plan, &fixture->error), EAGRE_USAGE);
  plan_files(fixture, NULL);
  fixture->plan.path = EAGRE_TEXT("hdfs://host/x");
  refuse(fixture, "UNSUPPORTED_DATA_SOURCE_SCHEME");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_files_row_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_text),
      TEST(test_unread_text_is_counted),
      TEST(test_json),
      TEST(test_json_comments),
      TEST(test_drop_malformed),
      TEST(test_only_wanted_columns_count),
      TEST(test_corrupt_column_of_wanted_columns),
      TEST(test_failfast),
      TEST(test_time_zone_and_formats),
      TEST(test_lines_of_all_sizes),
      TEST(test_large_array),
      TEST(test_large_spoiled_array),
      TEST(test_mixed_lines),
      TEST(test_rows_know_their_line),
      TEST(test_validate),
  };
  return cmocka_run_group_tests_name("source: rows of files", tests, NULL, NULL);
}
