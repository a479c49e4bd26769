/* Files in parts: every line is read once, by one core, and keeps its number. */
#include "test_source.h"

#include "source/source_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CORE_COUNT = 3, LINE_COUNT = 300 };

static const struct eagre_text beginning = {0};
static const struct eagre_source_limits no_limits = {0};

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525 + 1013904223;
  return *seed >> 16;
}

/* Lines that begin with their numbers, from 1; breaks of all three kinds, the last line may have
 * none. */
static struct eagre_text make_lines(struct fixture *fixture, uint32_t seed) {
  static const char *const breaks[] = {"\n", "\r\n", "\r"};
  static const char filler[] =
      "ooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo";
  struct eagre_buffer content = {0};
  for (int i = 1; i <= LINE_COUNT; i++) {
    int width = (int)(next_random(&seed) % 70);
    const char *end = i == LINE_COUNT && seed % 2 == 0 ? "" : breaks[next_random(&seed) % 3];
    eagre_buffer_printf(&content, "%d %.*s%s", i, width, filler, end);
  }
  struct eagre_text text = eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&content));
  eagre_buffer_done(&content);
  return text;
}

static void open_parts(struct fixture *fixture, uint64_t part_bytes_max) {
  fixture->core_count = CORE_COUNT;
  fixture->part_bytes_max = part_bytes_max;
  assert_int_equal(open_batch(fixture), EAGRE_OK);
  struct step step = plan_step(fixture, beginning, no_limits);
  assert_int_equal(eagre_source_assign(fixture->source, beginning, step.end, &fixture->error),
                   EAGRE_OK);
}

/* Marks the lines of a batch as read, each of which says its number. */
static void mark_lines(const struct eagre_batch *batch, bool *are_read) {
  const struct eagre_text *values = EAGRE_VALUES(struct eagre_text, &batch->columns[0]);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    int64_t found = 0;
    int64_t number = strtol(values[row].data, NULL, 10);
    assert_true(eagre_batch_find_offset(batch, row, &found));
    assert_int_equal(found, number);
    assert_in_range(number, 1, LINE_COUNT);
    assert_false(are_read[number]);
    are_read[number] = true;
  }
}

/* How many lines the core read. */
static uint32_t mark_core(struct fixture *fixture, uint32_t core, bool *are_read) {
  struct eagre_source_reader *reader = NULL;
  struct eagre_batch *batch = eagre_batch_new();
  uint32_t count = 0;
  enum eagre_status status =
      eagre_source_reader_open(fixture->source, core, fixture->io, &reader, &fixture->error);
  if (status == EAGRE_OK) status = eagre_source_reader_begin(reader, &fixture->error);
  while (status == EAGRE_OK) {
    status = eagre_source_reader_read(reader, batch, &fixture->error);
    if (status != EAGRE_OK) break;
    mark_lines(batch, are_read);
    count += batch->row_count;
    eagre_batch_reset(batch);
  }
  assert_int_equal(status, EAGRE_END);
  eagre_batch_free(batch);
  eagre_source_reader_close(reader);
  return count;
}

static void test_every_line_is_read_once(void **state) {
  struct fixture *fixture = *state;
  static const uint64_t sizes[] = {1, 2, 3, 10, 33, 64, 100, 1000, 5000, 1 << 20};
  plan_files(fixture, NULL);
  for (uint32_t seed = 0; seed < 40; seed++) {
    uint64_t part_bytes_max = sizes[seed % EAGRE_COUNT_OF(sizes)];
    write_input_bytes(fixture, "f", make_lines(fixture, seed), 1);
    bool are_read[LINE_COUNT + 1] = {false};
    uint32_t counts[CORE_COUNT];
    uint32_t total = 0;
    open_parts(fixture, part_bytes_max);
    for (uint32_t core = 0; core < CORE_COUNT; core++) {
      counts[core] = mark_core(fixture, core, are_read);
      total += counts[core];
    }
    assert_int_equal(total, LINE_COUNT);
    if (part_bytes_max <= 1000) assert_true(counts[0] > 0 && counts[1] > 0 && counts[2] > 0);
    if (part_bytes_max == 1 << 20) assert_int_equal(counts[1] + counts[2], 0);
    close_stream(fixture);
  }
}

static void test_header_stands_in_the_first_part(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  plan_files(fixture, "a INT, b STRING");
  fixture->plan.format = EAGRE_FILES_CSV;
  add_option(fixture, "header", "true");
  eagre_buffer_append_string(&content, "\xef\xbb\xbf"
                                       "a,b\n");
  for (int i = 0; i < LINE_COUNT; i++)
    eagre_buffer_printf(&content, "%d,x\n", i);
  write_input_bytes(fixture, "f", eagre_buffer_text(&content), 1);
  eagre_buffer_done(&content);
  fixture->core_count = CORE_COUNT;
  fixture->part_bytes_max = 100;
  open_stream(fixture);
  const char *rows = read_everything(fixture);
  assert_int_equal(count_lines(rows), LINE_COUNT);
  assert_non_null(strstr(rows, "{\"a\":0,\"b\":\"x\"}"));
  assert_non_null(strstr(rows, "{\"a\":299,\"b\":\"x\"}"));
  assert_null(strstr(rows, "\"b\":\"b\""));
}

static void test_errors_name_the_line_of_the_file(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  struct eagre_buffer rows = {0};
  plan_files(fixture, "a INT");
  add_option(fixture, "mode", "FAILFAST");
  for (int i = 1; i <= LINE_COUNT; i++)
    eagre_buffer_append_string(&content, i == 237 ? "{\"a\":\n" : "{\"a\":1}\n");
  write_input_bytes(fixture, "f", eagre_buffer_text(&content), 1);
  open_parts(fixture, 500);
  enum eagre_status status = EAGRE_END;
  for (uint32_t core = 0; core < CORE_COUNT && status == EAGRE_END; core++)
    status = read_core(fixture, core, &rows);
  assert_int_equal(status, EAGRE_DATA);
  assert_non_null(strstr(fixture->error.place, "/in/f, line 237"));
  eagre_buffer_done(&content);
  eagre_buffer_done(&rows);
}

static void test_parts_follow_the_sizes(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_source_files_cut cut = {.core_count = 2, .part_bytes_max = 128 << 20};
  const struct eagre_source_files_entry entries[] = {
      {.path = EAGRE_TEXT("/a")}, {.path = EAGRE_TEXT("/b")}, {.path = EAGRE_TEXT("/c")}};
  static const uint64_t megabytes[][3] = {{300, 0, 0}, {3, 1, 1}, {100, 20, 10}};
  static const char *const expected[] = {
      "/a 0-128 on 0, /a 128-256 on 1, /a 256- on 0, /b 0- on 1, /c 0- on 1, ",
      "/a 0- on 0, /b 0- on 1, /c 0- on 1, ", /* opening a file counts as 4 MiB */
      "/a 0-71 on 0, /a 71- on 1, /b 0- on 1, /c 0- on 1, ",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(megabytes); i++) {
    struct eagre_source_files_part *parts = NULL;
    struct eagre_buffer text = {0};
    uint64_t sizes[3];
    uint32_t count = 0;
    for (int k = 0; k < 3; k++)
      sizes[k] = megabytes[i][k] << 20;
    eagre_source_files_cut(&cut, entries, sizes, 3, &fixture->arena, &parts, &count);
    for (uint32_t k = 0; k < count; k++) {
      eagre_buffer_printf(&text, "%s %u-", parts[k].path.data, (unsigned)(parts[k].begin >> 20));
      if (parts[k].end != UINT64_MAX)
        eagre_buffer_printf(&text, "%u", (unsigned)(parts[k].end >> 20));
      eagre_buffer_printf(&text, " on %u, ", parts[k].core);
    }
    assert_string_equal(eagre_buffer_string(&text), expected[i]);
    eagre_buffer_done(&text);
  }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_files_part_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_every_line_is_read_once),
      TEST(test_header_stands_in_the_first_part),
      TEST(test_errors_name_the_line_of_the_file),
      TEST(test_parts_follow_the_sizes),
  };
  return cmocka_run_group_tests_name("source: parts of files", tests, NULL, NULL);
}
