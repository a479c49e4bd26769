/* Proves that purging removes what no kept version needs, and nothing else. */
#include "test_state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void save(struct fixture *fixture, struct eagre_state_table *table, uint32_t core,
                 int64_t version, const char *attempt) {
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, version, attempt);
  snapshot.core = core;
  uint64_t bytes = 0;
  assert_int_equal(
      eagre_state_save(&ONE_TABLE(table), fixture->io, &snapshot, &bytes, &fixture->error),
      EAGRE_OK);
}

/* Versions 1 .. last of one core, one change each: full, then deltas. */
static void make_versions(struct fixture *fixture, uint32_t core, int64_t last) {
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  char key[16];
  for (int i = 0; i < 50; i++) {
    snprintf(key, sizeof key, "key%d", i);
    add_to_group(table, 0, key, 1);
  }
  for (int64_t version = 1; version <= last; version++) {
    save(fixture, table, core, version, "a");
    eagre_state_begin_epoch(table);
    add_to_group(table, 0, "key7", 1);
  }
  eagre_state_table_free(table);
}

static void purge(struct fixture *fixture, int64_t keep_from) {
  enum eagre_status status =
      eagre_state_purge(fixture->io, fixture->directory, keep_from, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
}

static void a_chain_is_kept_back_to_its_full_file(void **state) {
  struct fixture *fixture = *state;
  make_versions(fixture, 0, 5);
  make_versions(fixture, 1, 5);
  purge(fixture, 3);
  assert_string_equal(list_names(fixture), "1-0-a.full 1-1-a.full 2-0-a.delta 2-1-a.delta "
                                           "3-0-a.delta 3-1-a.delta 4-0-a.delta 4-1-a.delta "
                                           "5-0-a.delta 5-1-a.delta");
}

static bool is_there(const struct fixture *fixture, const char *name) {
  return access(scratch_path(fixture->directory, name), F_OK) == 0;
}

/* Of fifty groups each version takes one: passes begin with 2, 53 and 104. */
enum { PASS_FIRST = 53, NEXT_PASS_FIRST = 104, LAST = 110 };

static void nothing_is_needed_before_the_last_whole_pass(void **state) {
  struct fixture *fixture = *state;
  make_versions(fixture, 0, LAST);
  purge(fixture, NEXT_PASS_FIRST - 1);
  assert_true(is_there(fixture, "53-0-a.delta"));
  assert_false(is_there(fixture, "52-0-a.delta"));
  assert_false(is_there(fixture, "1-0-a.full"));
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, LAST, "a");
  assert_int_equal(
      eagre_state_load(&ONE_TABLE(table), fixture->io, &snapshot, 1, 1, &fixture->error), EAGRE_OK);
  assert_int_equal(find_group(table, 0, "key7")->count, LAST);
  assert_int_equal(find_group(table, 0, "key49")->count, 1);
  eagre_state_table_free(table);
}

static void losing_attempts_and_nothing_foreign_go(void **state) {
  struct fixture *fixture = *state;
  make_versions(fixture, 0, LAST);
  static const char *const gone[] = {"2-0-lost.delta", "52-0-lost.full"};
  static const char *const kept[] = {"53-0-lost.full", "110-0-later.delta", "notes.txt",
                                     "2-0-.full",      "x-0-a.full",        "2-0-a.full.bak"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(gone); i++) {
    scratch_write(scratch_path(fixture->directory, gone[i]), "", 0);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(kept); i++) {
    scratch_write(scratch_path(fixture->directory, kept[i]), "", 0);
  }
  /* The half file of the newest version needs nothing: whoever wrote it died. */
  purge(fixture, LAST);
  for (size_t i = 0; i < EAGRE_COUNT_OF(gone); i++) {
    if (is_there(fixture, gone[i])) fail_msg("%s is there", gone[i]);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(kept); i++) {
    if (!is_there(fixture, kept[i])) fail_msg("%s is gone", kept[i]);
  }
}

static void nothing_goes_when_nothing_would_stay(void **state) {
  struct fixture *fixture = *state;
  make_versions(fixture, 0, 2);
  purge(fixture, 3);
  assert_string_equal(list_names(fixture), "1-0-a.full 2-0-a.delta");
  assert_int_equal(eagre_state_purge(fixture->io, scratch_path(fixture->directory, "missing"), 3,
                                     &fixture->error),
                   EAGRE_OK);
}

static void names_are_read_strictly(void **state) {
  (void)state;
  static const char *const refused[] = {
      "",
      "1-0-a",
      "1-0-a.fulll",
      "-1-0-a.full",
      "1--0-a.full",
      "1-0.full",
      "1-0-.delta",
      "a1-0-a.full",
      "1 -0-a.full",
      "99999999999999999999-0-a.full",
      "1-4294967296-a.full",
      "1-0-0123456789012345678901234567890123456789012345678901234567890123.full"};
  struct eagre_state_file_name name;
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused); i++) {
    if (eagre_state_file_name_parse(refused[i], &name)) fail_msg("%s was accepted", refused[i]);
  }
  assert_true(eagre_state_file_name_parse("12-3-4f-5-6.delta", &name));
  assert_int_equal(name.version, 12);
  assert_int_equal(name.core, 3);
  assert_string_equal(name.attempt, "4f-5-6");
  assert_int_equal(name.kind, EAGRE_STATE_DELTA);
}

int run_purge_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_chain_is_kept_back_to_its_full_file),
      FIXTURE_TEST(nothing_is_needed_before_the_last_whole_pass),
      FIXTURE_TEST(losing_attempts_and_nothing_foreign_go),
      FIXTURE_TEST(nothing_goes_when_nothing_would_stay),
      cmocka_unit_test(names_are_read_strictly),
  };
  return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
