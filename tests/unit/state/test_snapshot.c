/* Proves snapshot files: chains, what a delta may build on, and that nothing damaged, missing,
 * newer or foreign is loaded. */
#include "test_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/io_fault.h"

static void save(struct fixture *fixture, struct eagre_state_table *table, int64_t version,
                 const char *attempt) {
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, version, attempt);
  uint64_t bytes = 0;
  enum eagre_status status =
      eagre_state_save(&ONE_TABLE(table), fixture->io, &snapshot, &bytes, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
}

static enum eagre_status load(struct fixture *fixture, struct eagre_state_table *table,
                              int64_t version, const char *attempt) {
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, version, attempt);
  return eagre_state_load(&ONE_TABLE(table), fixture->io, &snapshot, 1, 1, &fixture->error);
}

static void assert_refused(struct fixture *fixture, int64_t version, const char *attempt,
                           const char *class_name) {
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  if (load(fixture, table, version, attempt) != EAGRE_UNSAFE) fail_msg("it was not refused");
  assert_string_equal(fixture->error.class_name, class_name);
  struct eagre_state_metrics metrics;
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.group_count, 0);
  eagre_state_table_free(table);
}

/* A hundred groups, so that one that changes makes a delta. */
static struct eagre_state_table *make_table(void) {
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  char key[16];
  for (int i = 0; i < 100; i++) {
    snprintf(key, sizeof key, "key%d", i);
    add_to_group(table, i % 4, key, (uint64_t)i);
  }
  return table;
}

static void a_full_file_and_deltas_are_read_back(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = make_table();
  save(fixture, table, 1, "a");
  eagre_state_begin_epoch(table);
  add_to_group(table, 1, "key1", 1000);
  add_to_group(table, 9, "new", 7);
  struct payload *payload = find_group(table, 9, "new");
  payload->last =
      eagre_arena_copy_text(eagre_state_pane_arena(table, 9), EAGRE_TEXT("text \0 of it"));
  save(fixture, table, 2, "b");
  eagre_state_begin_epoch(table);
  eagre_state_evict(table, 0);
  add_to_group(table, 0, "key4", 3); /* evicted and come again */
  save(fixture, table, 3, "c");
  assert_string_equal(list_names(fixture), "1-0-a.full 2-0-b.delta 3-0-c.delta");
  struct eagre_state_table *loaded = eagre_state_table_new(&payload_layout);
  assert_int_equal(load(fixture, loaded, 3, "c"), EAGRE_OK);
  struct eagre_state_metrics metrics;
  eagre_state_measure(loaded, &metrics);
  assert_int_equal(metrics.group_count, 77);
  assert_int_equal(metrics.changed_count, 0);
  assert_int_equal(find_group(loaded, 1, "key1")->count, 1001);
  assert_int_equal(find_group(loaded, 0, "key4")->count, 3);
  assert_null(find_group(loaded, 0, "key8"));
  payload = find_group(loaded, 9, "new");
  assert_int_equal(payload->count, 7);
  assert_true(eagre_text_equal(payload->last, EAGRE_TEXT("text \0 of it")));
  assert_null(find_group(loaded, 2, "key2")->last.data);
  /* Versions before are still there. */
  assert_int_equal(load(fixture, loaded, 1, "a"), EAGRE_OK);
  assert_int_equal(find_group(loaded, 1, "key1")->count, 1);
  assert_non_null(find_group(loaded, 0, "key8"));
  /* What was loaded is built on. */
  assert_int_equal(load(fixture, loaded, 3, "c"), EAGRE_OK);
  eagre_state_begin_epoch(loaded);
  save(fixture, loaded, 4, "d");
  assert_int_equal(access(scratch_path(fixture->directory, "4-0-d.delta"), F_OK), 0);
  eagre_state_table_free(loaded);
  eagre_state_table_free(table);
}

/* Every reason for which a delta would lack something. */
static void a_version_that_nothing_leads_to_is_full(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = make_table();
  save(fixture, table, 1, "a");
  eagre_state_begin_epoch(table);
  add_to_group(table, 1, "key1", 1);
  eagre_state_begin_epoch(table); /* an epoch without snapshot */
  save(fixture, table, 2, "unsaved_epoch");
  add_to_group(table, 1, "key1", 1); /* between a snapshot and the next epoch */
  eagre_state_begin_epoch(table);
  save(fixture, table, 3, "late_change");
  eagre_state_begin_epoch(table);
  save(fixture, table, 5, "skipped_version");
  eagre_state_begin_epoch(table);
  for (int i = 0; i < 100; i++) {
    char key[16];
    snprintf(key, sizeof key, "key%d", i);
    if (i < 60) add_to_group(table, i % 4, key, 1);
  }
  save(fixture, table, 6, "most_changed");
  assert_string_equal(list_names(fixture), "1-0-a.full 2-0-unsaved_epoch.full 3-0-late_change.full "
                                           "5-0-skipped_version.full 6-0-most_changed.full");
  eagre_state_table_free(table);
}

static void an_empty_table_is_a_version_too(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  save(fixture, table, 1, "a");
  eagre_state_begin_epoch(table);
  save(fixture, table, 2, "b");
  assert_string_equal(list_names(fixture), "1-0-a.full 2-0-b.delta");
  assert_int_equal(load(fixture, table, 2, "b"), EAGRE_OK);
  eagre_state_table_free(table);
}

static void a_snapshot_is_never_overwritten(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = make_table();
  save(fixture, table, 1, "a");
  struct eagre_state_table *other = eagre_state_table_new(&payload_layout);
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, 1, "a");
  uint64_t bytes = 0;
  assert_int_equal(
      eagre_state_save(&ONE_TABLE(other), fixture->io, &snapshot, &bytes, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FILE_ALREADY_EXISTS");
  assert_int_equal(load(fixture, other, 1, "a"), EAGRE_OK);
  eagre_state_table_free(other);
  eagre_state_table_free(table);
}

static void a_failed_save_changes_nothing(void **state) {
  struct fixture *fixture = *state;
  static const enum eagre_io_kind kinds[] = {EAGRE_IO_OPEN, EAGRE_IO_WRITE, EAGRE_IO_SYNC};
  struct eagre_state_table *table = make_table();
  save(fixture, table, 1, "a");
  eagre_state_begin_epoch(table);
  add_to_group(table, 1, "key1", 1);
  for (size_t i = 0; i < EAGRE_COUNT_OF(kinds); i++) {
    struct eagre_io_fault fault = {.kind = kinds[i], .nth = 1, .error_number = ENOSPC};
    eagre_io_fault_install(fixture->io, &fault, 1);
    struct eagre_state_snapshot snapshot = make_snapshot(fixture, 2, "b");
    uint64_t bytes = 0;
    assert_int_equal(
        eagre_state_save(&ONE_TABLE(table), fixture->io, &snapshot, &bytes, &fixture->error),
        EAGRE_IO);
    assert_string_equal(fixture->error.class_name, "DISK_FULL");
    assert_string_equal(list_names(fixture), "1-0-a.full");
  }
  eagre_io_fault_install(fixture->io, NULL, 0);
  save(fixture, table, 2, "b");
  struct eagre_state_table *loaded = eagre_state_table_new(&payload_layout);
  assert_int_equal(load(fixture, loaded, 2, "b"), EAGRE_OK);
  assert_int_equal(find_group(loaded, 1, "key1")->count, 2);
  eagre_state_table_free(loaded);
  eagre_state_table_free(table);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* A full file and a delta behind it; returns the path of `name`. */
static const char *make_chain(struct fixture *fixture, const char *name) {
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  for (int i = 0; i < 5; i++) {
    char key[16];
    snprintf(key, sizeof key, "key%d", i);
    add_to_group(table, i % 2, key, (uint64_t)i);
  }
  find_group(table, 1, "key1")->last =
      eagre_arena_copy_text(eagre_state_pane_arena(table, 1), EAGRE_TEXT("some text"));
  save(fixture, table, 1, "a");
  eagre_state_begin_epoch(table);
  add_to_group(table, 1, "key1", 1);
  eagre_state_evict(table, -1);
  save(fixture, table, 2, "b");
  eagre_state_table_free(table);
  return scratch_path(fixture->directory, name);
}

static void check_every_flip(struct fixture *fixture, const char *path) {
  char copy[512];
  snprintf(copy, sizeof copy, "%s", path);
  size_t size = 0;
  char *content = scratch_read(copy, &size);
  for (size_t i = 0; i < size * 8; i++) {
    content[i / 8] ^= (char)(1 << i % 8);
    scratch_write(copy, content, size);
    struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
    if (load(fixture, table, 2, "b") != EAGRE_UNSAFE) fail_msg("bit %zu was not missed", i);
    bool is_version = i / 8 >= 8 && i / 8 < 12;
    const char *class_name = fixture->error.class_name;
    if (strcmp(class_name, is_version ? "STATE_STORE_VERSION_UNSUPPORTED" : "STATE_STORE_CORRUPT"))
      if (!is_version || strcmp(class_name, "STATE_STORE_CORRUPT") != 0)
        fail_msg("bit %zu: %s", i, class_name);
    assert_non_null(strstr(fixture->error.text, copy));
    eagre_state_table_free(table);
    content[i / 8] ^= (char)(1 << i % 8);
  }
  scratch_write(copy, content, size);
  eagre_free(content);
}

static void every_flipped_bit_is_refused(void **state) {
  struct fixture *fixture = *state;
  make_chain(fixture, "");
  check_every_flip(fixture, scratch_path(fixture->directory, "1-0-a.full"));
  check_every_flip(fixture, scratch_path(fixture->directory, "2-0-b.delta"));
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  assert_int_equal(load(fixture, table, 2, "b"), EAGRE_OK);
  eagre_state_table_free(table);
}

static void every_truncation_is_refused(void **state) {
  struct fixture *fixture = *state;
  char path[512];
  snprintf(path, sizeof path, "%s", make_chain(fixture, "1-0-a.full"));
  size_t size = 0;
  char *content = scratch_read(path, &size);
  for (size_t kept = 0; kept < size; kept++) {
    scratch_write(path, content, kept);
    assert_refused(fixture, 2, "b", "STATE_STORE_CORRUPT");
  }
  char *longer = eagre_reallocate(content, size + 1);
  longer[size] = 0;
  scratch_write(path, longer, size + 1);
  assert_refused(fixture, 2, "b", "STATE_STORE_CORRUPT");
  eagre_free(longer);
}

static void a_newer_version_is_refused_by_name(void **state) {
  struct fixture *fixture = *state;
  char path[512];
  snprintf(path, sizeof path, "%s", make_chain(fixture, "2-0-b.delta"));
  size_t size = 0;
  char *content = scratch_read(path, &size);
  content[8] = 3;
  scratch_write(path, content, size);
  assert_refused(fixture, 2, "b", "STATE_STORE_VERSION_UNSUPPORTED");
  eagre_free(content);
}

static void a_missing_file_is_refused_by_name(void **state) {
  struct fixture *fixture = *state;
  assert_int_equal(unlink(make_chain(fixture, "1-0-a.full")), 0);
  assert_refused(fixture, 2, "b", "STATE_STORE_MISSING_FILE");
  assert_non_null(strstr(fixture->error.text, "1-0-a"));
  assert_refused(fixture, 3, "b", "STATE_STORE_MISSING_FILE");
  assert_refused(fixture, 2, "other", "STATE_STORE_MISSING_FILE");
}

static void a_file_under_another_name_is_refused(void **state) {
  struct fixture *fixture = *state;
  const char *from = make_chain(fixture, "1-0-a.full");
  assert_int_equal(rename(from, scratch_path(fixture->directory, "3-0-a.full")), 0);
  assert_refused(fixture, 3, "a", "STATE_STORE_CORRUPT");
}

static void another_query_is_refused(void **state) {
  struct fixture *fixture = *state;
  make_chain(fixture, "");
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, 2, "b");
  struct eagre_state_layout larger = {.payload_size = 32};
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  struct eagre_state_table *other = eagre_state_table_new(&larger);
  snapshot.fingerprint++;
  assert_int_equal(
      eagre_state_load(&ONE_TABLE(table), fixture->io, &snapshot, 1, 1, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_SCHEMA_NOT_COMPATIBLE");
  snapshot.fingerprint--;
  snapshot.partition_count--;
  assert_int_equal(
      eagre_state_load(&ONE_TABLE(table), fixture->io, &snapshot, 1, 1, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_SCHEMA_NOT_COMPATIBLE");
  snapshot.partition_count++;
  assert_int_equal(
      eagre_state_load(&ONE_TABLE(other), fixture->io, &snapshot, 1, 1, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_SCHEMA_NOT_COMPATIBLE");
  eagre_state_table_free(other);
  eagre_state_table_free(table);
}

static void keys_of_another_core_are_refused(void **state) {
  struct fixture *fixture = *state;
  make_chain(fixture, "");
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, 2, "b");
  assert_int_equal(
      eagre_state_load(&ONE_TABLE(table), fixture->io, &snapshot, 2, 2, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_CORRUPT");
  eagre_state_table_free(table);
}

static bool is_zero(const char *payload) {
  return ((const struct payload *)payload)->count == 0;
}

/* Groups that a delta has told to be nothing are taken out of memory: later versions need not name
 * them, and what makes them again is new. */
static void groups_that_were_dropped_stay_nothing(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = make_table();
  struct eagre_state_metrics metrics;
  save(fixture, table, 1, "a");
  eagre_state_begin_epoch(table);
  find_group(table, 1, "key1")->count = 0;
  add_to_group(table, 1, "key1", 0);
  add_to_group(table, 77, "lonely", 0);
  find_group(table, 2, "key2")->last =
      eagre_arena_copy_text(eagre_state_pane_arena(table, 2), EAGRE_TEXT("stays"));
  save(fixture, table, 2, "b");
  eagre_state_begin_epoch(table);
  eagre_state_drop_groups(table, is_zero); /* key0, key1, lonely and its pane */
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.group_count, 98);
  assert_null(find_group(table, 0, "key0"));
  assert_null(find_group(table, 77, "lonely"));
  assert_true(eagre_text_equal(find_group(table, 2, "key2")->last, EAGRE_TEXT("stays")));
  add_to_group(table, 0, "key0", 5);
  save(fixture, table, 3, "c");
  eagre_state_table_free(table);
  table = eagre_state_table_new(&payload_layout);
  assert_int_equal(load(fixture, table, 3, "c"), EAGRE_OK);
  assert_int_equal(find_group(table, 0, "key0")->count, 5);
  assert_int_equal(find_group(table, 1, "key1")->count, 0);
  assert_int_equal(find_group(table, 3, "key99")->count, 99);
  eagre_state_begin_epoch(table);
  eagre_state_drop_groups(table, is_zero);
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.group_count, 99);
  eagre_state_table_free(table);
}

int run_snapshot_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_full_file_and_deltas_are_read_back),
      FIXTURE_TEST(a_version_that_nothing_leads_to_is_full),
      FIXTURE_TEST(an_empty_table_is_a_version_too),
      FIXTURE_TEST(a_snapshot_is_never_overwritten),
      FIXTURE_TEST(a_failed_save_changes_nothing),
      FIXTURE_TEST(every_flipped_bit_is_refused),
      FIXTURE_TEST(every_truncation_is_refused),
      FIXTURE_TEST(a_newer_version_is_refused_by_name),
      FIXTURE_TEST(a_missing_file_is_refused_by_name),
      FIXTURE_TEST(a_file_under_another_name_is_refused),
      FIXTURE_TEST(another_query_is_refused),
      FIXTURE_TEST(keys_of_another_core_are_refused),
      FIXTURE_TEST(groups_that_were_dropped_stay_nothing),
  };
  return cmocka_run_group_tests_name("snapshots", tests, NULL, NULL);
}
