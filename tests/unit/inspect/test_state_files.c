/* State files from outside, checked on files that the room `state` itself has written. */
#include "test_inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "state/state.h"

enum { GROUP_COUNT = 40, VERSION_COUNT = 4 };

static const char *make_attempt(int64_t version) {
  static char attempt[32];
  snprintf(attempt, sizeof attempt, "attempt-%d", (int)version);
  return attempt;
}

/* Saves versions 1 .. VERSION_COUNT: the first is full, the others change one group of many. */
static void write_versions(struct fixture *fixture) {
  const struct eagre_state_layout layout = {.payload_size = 8};
  struct eagre_state_table *table = eagre_state_table_new(&layout);
  for (int64_t version = 1; version <= VERSION_COUNT; version++) {
    char names[GROUP_COUNT][16];
    struct eagre_text keys[GROUP_COUNT];
    uint64_t hashes[GROUP_COUNT];
    char *payloads[GROUP_COUNT];
    uint32_t count = version == 1 ? GROUP_COUNT : 1;
    for (uint32_t i = 0; i < count; i++) {
      int size = snprintf(names[i], sizeof names[i], "key %u", i);
      keys[i] = eagre_text_make(names[i], (size_t)size);
      hashes[i] = eagre_hash_bytes(names[i], (size_t)size, 0);
    }
    const struct eagre_state_keys encoded = {keys, hashes};
    eagre_state_begin_epoch(table);
    eagre_state_get_groups(table, NULL, &encoded, count, payloads);
    const struct eagre_state_snapshot snapshot = {
        .directory = fixture->directory,
        .version = version,
        .attempt = make_attempt(version),
        .partition_count = 1,
    };
    uint64_t bytes;
    const struct eagre_state_set set = {&table, 1};
    enum eagre_status status =
        eagre_state_save(&set, fixture->io, &snapshot, &bytes, &fixture->error);
    assert_int_equal(status, EAGRE_OK);
  }
  eagre_state_table_free(table);
}

static enum eagre_status check(struct fixture *fixture, int64_t version, uint32_t core_count,
                               bool is_deep, const char **out_file) {
  struct eagre_inspect_state state;
  enum eagre_status status = eagre_inspect_state_list(fixture->io, fixture->directory,
                                                      &fixture->arena, &state, &fixture->error);
  assert_int_equal(status, EAGRE_OK);
  return eagre_inspect_state_check(&state, fixture->io, version, core_count,
                                   eagre_text_of(make_attempt(version)), is_deep, &fixture->arena,
                                   out_file, &fixture->error);
}

static void test_names(void **state) {
  (void)state;
  struct eagre_inspect_state_file file;
  assert_true(eagre_inspect_state_name_parse("12-3-a-b.c.delta", &file));
  assert_int_equal(file.version, 12);
  assert_int_equal(file.core, 3);
  assert_false(file.is_full);
  assert_string_equal(file.attempt, "a-b.c");
  assert_true(eagre_inspect_state_name_parse("0-0-x.full", &file));
  assert_true(file.is_full);
  static const char *const others[] = {
      "",           "1",           "1-0-.full", "1-0.full",  "-0-a.full",
      "1-a-b.full", "01-0-a.full", "1-0-a",     "1-0-a.tmp", "1-4294967296-a.full"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(others); i++) {
    assert_false(eagre_inspect_state_name_parse(others[i], &file));
  }
  char name[128];
  snprintf(name, sizeof name, "1-0-%064d.full", 0);
  assert_false(eagre_inspect_state_name_parse(name, &file));
}

static void test_versions_written_by_state_are_whole(void **state) {
  struct fixture *fixture = *state;
  const char *file = NULL;
  write_versions(fixture);
  for (int64_t version = 1; version <= VERSION_COUNT; version++) {
    assert_int_equal(check(fixture, version, 1, true, &file), EAGRE_OK);
    assert_int_equal(check(fixture, version, 1, false, &file), EAGRE_OK);
  }
  /* The chain was followed back to the full file. */
  assert_string_equal(file, "1-0-attempt-1.full");
  assert_int_equal(check(fixture, VERSION_COUNT, 0, true, NULL), EAGRE_OK);
}

static void test_a_core_that_left_nothing_is_missed(void **state) {
  struct fixture *fixture = *state;
  const char *file = NULL;
  write_versions(fixture);
  assert_int_equal(check(fixture, 2, 2, true, &file), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_MISSING_FILE");
  assert_string_equal(file, "2-1-attempt-2.full");
}

static void test_a_lost_link_of_the_chain_is_named(void **state) {
  struct fixture *fixture = *state;
  const char *file = NULL;
  write_versions(fixture);
  assert_int_equal(unlink(scratch_path(fixture->directory, "2-0-attempt-2.delta")), 0);
  assert_int_equal(check(fixture, 4, 1, false, &file), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_MISSING_FILE");
  assert_non_null(strstr(fixture->error.text, "2-0-attempt-2"));
  assert_int_equal(check(fixture, 1, 1, false, &file), EAGRE_OK);
}

/* Puts `bytes` where the file was and expects it to be refused. */
static void expect_refused(struct fixture *fixture, const char *name, const char *bytes,
                           size_t size) {
  const char *file = NULL;
  scratch_write(scratch_path(fixture->directory, name), bytes, size);
  assert_int_equal(check(fixture, 2, 1, true, &file), EAGRE_UNSAFE);
  assert_string_equal(file, name);
}

static void test_every_bit_and_every_length_counts(void **state) {
  static const char name[] = "2-0-attempt-2.delta";
  struct fixture *fixture = *state;
  size_t size = 0;
  write_versions(fixture);
  char *bytes = scratch_read(scratch_path(fixture->directory, name), &size);
  assert_true(size > EAGRE_INSPECT_STATE_HEADER_SIZE);
  for (size_t i = 0; i < size; i++) {
    bytes[i] ^= 4;
    expect_refused(fixture, name, bytes, size);
    bytes[i] ^= 4;
  }
  for (size_t i = 0; i < size; i++) {
    expect_refused(fixture, name, bytes, i);
  }
  scratch_write(scratch_path(fixture->directory, name), bytes, size);
  assert_int_equal(check(fixture, 2, 1, true, NULL), EAGRE_OK);
  free(bytes);
}

static void test_a_newer_format_is_named_so(void **state) {
  static const char name[] = "1-0-attempt-1.full";
  struct fixture *fixture = *state;
  size_t size = 0;
  write_versions(fixture);
  char *bytes = scratch_read(scratch_path(fixture->directory, name), &size);
  bytes[8] = 3;
  scratch_write(scratch_path(fixture->directory, name), bytes, size);
  free(bytes);
  assert_int_equal(check(fixture, 1, 1, false, NULL), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_VERSION_UNSUPPORTED");
}

static void test_a_file_under_another_name_is_refused(void **state) {
  struct fixture *fixture = *state;
  write_versions(fixture);
  assert_int_equal(rename(scratch_path(fixture->directory, "3-0-attempt-3.delta"),
                          scratch_path(fixture->directory, "2-0-attempt-2.delta")),
                   0);
  assert_int_equal(check(fixture, 2, 1, false, NULL), EAGRE_UNSAFE);
  assert_non_null(strstr(fixture->error.text, "under another name"));
}

static void test_files_are_listed_by_version(void **state) {
  struct fixture *fixture = *state;
  struct eagre_inspect_state listed;
  write_versions(fixture);
  scratch_write(scratch_path(fixture->directory, "notes.txt"), "x", 1);
  scratch_write(scratch_path(fixture->directory, "10-0-z.full"), "x", 1);
  assert_int_equal(eagre_inspect_state_list(fixture->io, fixture->directory, &fixture->arena,
                                            &listed, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(listed.file_count, VERSION_COUNT + 1);
  assert_int_equal(listed.files[0].version, 1);
  assert_int_equal(listed.files[VERSION_COUNT].version, 10);
  assert_int_equal(listed.files[VERSION_COUNT].size, 1);
}

int run_state_files_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      FIXTURE_TEST(test_versions_written_by_state_are_whole),
      FIXTURE_TEST(test_a_core_that_left_nothing_is_missed),
      FIXTURE_TEST(test_a_lost_link_of_the_chain_is_named),
      FIXTURE_TEST(test_every_bit_and_every_length_counts),
      FIXTURE_TEST(test_a_newer_format_is_named_so),
      FIXTURE_TEST(test_a_file_under_another_name_is_refused),
      FIXTURE_TEST(test_files_are_listed_by_version),
  };
  return cmocka_run_group_tests_name("state files", tests, NULL, NULL);
}
