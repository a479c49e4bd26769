/* Files of format version 1, recorded from the Eagre that wrote it: they are read, built on, and
 * damage to them is refused. Version 1 is full; 2 evicts a pane and a row, changes a group and adds
 * a row; 3 adds a group and a row finds its match. */
#include "test_state.h"

#include <stdio.h>
#include <string.h>

static const char version_1[] =
    "454147524553544101000000000000000100000000000000ffffffffffffffff341200000000000040000000"
    "0000000009000000000000000100000001000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000001c994757"
    "0bf402bc00000000000000801800000000000000030000000000000000000000000000000100000000000000"
    "0700000065766963746564010000000000000000000000000000000000000000000000ffffffff0100000000"
    "0000000200000000000000030000006f6e65010000000000000000000000000000000000000000000000ffff"
    "ffff0300000074776f0200000000000000000000000000000000000000000000000b00000074657874206f66"
    "2074776f02000000000000000300000000000000050000007468726565030000000000000000000000000000"
    "000000000000000000ffffffff04000000666f75720400000000000000000000000000000000000000000000"
    "00ffffffff0400000066697665050000000000000000000000000000000000000000000000ffffffff000000"
    "00000000800400000000000000000000000000000003000000000000000100000000000000f4010000000000"
    "000000000001000000080000006161206c656176657302000000000000008813000000000000000000000100"
    "00000700000061612073746179730300000000000000ffffffffffffff7f0000000001000000070000006262"
    "2073746179734e0200000000000001b8e9db";

static const char version_2[] =
    "4541475245535441010000000100000002000000000000000100000000000000341200000000000040000000"
    "00000000020000000000000001000000010000006f6c64000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000001c994757"
    "1c08990900000000000000001800000000000000010000000000000001000000000000000100000000000000"
    "0300000074776f1600000000000000000000000000000000000000000000000b00000074657874206f662074"
    "776f840300000000000005000000000000000000000000000000010000000000000004000000000000007017"
    "0000000000000000000001000000080000006363206973206e65772f01000000000000c91a254e";

static const char version_3[] =
    "4541475245535441010000000100000003000000000000000200000000000000341200000000000040000000"
    "00000000010000000000000001000000010000006f6c64000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000001c994757"
    "c9c0648400000000000000801800000000000000010000000000000002000000000000000100000000000000"
    "030000007369780600000000000000000000000000000000000000000000000b00000074657874206f662073"
    "6978000000000000008005000000000000000100000000000000000000000000000003000000000000001201"
    "00000000000012644f4b";

static const struct {
  const char *name;
  const char *digits;
} files[] = {
    {"1-0-old.full", version_1}, {"2-0-old.delta", version_2}, {"3-0-old.delta", version_3}};

struct members {
  struct eagre_state_table *table;
  struct eagre_state_rows *rows;
  struct eagre_state_set set;
};

static void open_members(struct members *members) {
  members->table = eagre_state_table_new(&payload_layout);
  members->rows = eagre_state_rows_new(1000);
  members->set = (struct eagre_state_set){&members->table, 1, &members->rows, 1};
}

static void close_members(struct members *members) {
  eagre_state_table_free(members->table);
  eagre_state_rows_free(members->rows);
}

static size_t decode(const char *digits, char *out) {
  size_t size = strlen(digits) / 2;
  for (size_t i = 0; i < size; i++) {
    unsigned byte;
    assert_int_equal(sscanf(digits + 2 * i, "%2x", &byte), 1);
    out[i] = (char)byte;
  }
  return size;
}

static void write_files(struct fixture *fixture) {
  char bytes[1024];
  for (size_t i = 0; i < EAGRE_COUNT_OF(files); i++) {
    size_t size = decode(files[i].digits, bytes);
    scratch_write(scratch_path(fixture->directory, files[i].name), bytes, size);
  }
}

static enum eagre_status load(struct fixture *fixture, const struct members *members,
                              int64_t version, const char *attempt) {
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, version, attempt);
  return eagre_state_load(&members->set, fixture->io, &snapshot, 1, 1, &fixture->error);
}

/* The body of the one row of a key; size 0: there is none. */
static struct eagre_text find_body(const struct members *members, const char *key,
                                   bool *out_is_matched) {
  struct eagre_arena arena = {0};
  struct eagre_text text = eagre_text_of(key);
  struct eagre_state_keys keys;
  struct eagre_state_probe probe = {{0}};
  struct eagre_state_pair pairs[2];
  encode_texts(&text, 1, &arena, &keys);
  uint32_t count = eagre_state_rows_probe(members->rows, &keys, NULL, 1, &probe, pairs, 2);
  eagre_arena_done(&arena);
  assert_true(count <= 1);
  if (count == 0) return EAGRE_TEXT("");
  *out_is_matched = eagre_state_row_is_matched(pairs[0].row);
  return eagre_state_row_body(pairs[0].row);
}

static void check_third_version(const struct members *members) {
  struct eagre_state_metrics metrics;
  bool is_matched = true;
  eagre_state_measure(members->table, &metrics);
  assert_int_equal(metrics.group_count, 6);
  assert_null(find_group(members->table, 0, "evicted"));
  assert_int_equal(find_group(members->table, 1, "one")->count, 1);
  assert_int_equal(find_group(members->table, 1, "two")->count, 22);
  assert_true(eagre_text_equal_string(find_group(members->table, 1, "two")->last, "text of two"));
  assert_true(eagre_text_equal_string(find_group(members->table, 2, "six")->last, "text of six"));
  assert_true(eagre_text_equal_string(find_body(members, "a", &is_matched), "a stays"));
  assert_false(is_matched);
  assert_true(eagre_text_equal_string(find_body(members, "c", &is_matched), "c is new"));
  assert_false(is_matched);
  assert_true(eagre_text_equal_string(find_body(members, "b", &is_matched), "b stays"));
  assert_true(is_matched);
}

static void files_of_version_1_are_read(void **state) {
  struct fixture *fixture = *state;
  struct members members;
  write_files(fixture);
  open_members(&members);
  assert_int_equal(load(fixture, &members, 3, "old"), EAGRE_OK);
  check_third_version(&members);
  assert_int_equal(load(fixture, &members, 1, "old"), EAGRE_OK);
  assert_non_null(find_group(members.table, 0, "evicted"));
  close_members(&members);
}

/* Files of today stand on those of version 1 until a pass has come to its end. */
static void files_of_version_1_are_built_on(void **state) {
  struct fixture *fixture = *state;
  struct members members;
  write_files(fixture);
  open_members(&members);
  assert_int_equal(load(fixture, &members, 3, "old"), EAGRE_OK);
  for (int64_t version = 4; version <= 20; version++) {
    struct eagre_state_snapshot snapshot = make_snapshot(fixture, version, "new");
    uint64_t bytes = 0;
    eagre_state_begin_epoch(members.table);
    eagre_state_rows_begin_epoch(members.rows);
    assert_int_equal(
        eagre_state_save(&members.set, fixture->io, &snapshot, &bytes, &fixture->error), EAGRE_OK);
    assert_int_equal(eagre_state_purge(fixture->io, fixture->directory, version, &fixture->error),
                     EAGRE_OK);
    bool has_old = strncmp(list_names(fixture), files[0].name, strlen(files[0].name)) == 0;
    if (version == 4) assert_true(has_old);
    if (version == 20) assert_false(has_old);
    struct members loaded;
    open_members(&loaded);
    assert_int_equal(load(fixture, &loaded, version, "new"), EAGRE_OK);
    check_third_version(&loaded);
    close_members(&loaded);
  }
  close_members(&members);
}

/* Changes every byte of a file, and cuts it everywhere. */
static void damage_file(struct fixture *fixture, const struct members *members, size_t number) {
  char bytes[1024];
  const char *path = scratch_path(fixture->directory, files[number].name);
  char copy[512];
  snprintf(copy, sizeof copy, "%s", path);
  size_t size = decode(files[number].digits, bytes);
  for (size_t i = 0; i < 2 * size; i++) {
    bool is_cut = i >= size;
    if (!is_cut) bytes[i] ^= 0x10;
    scratch_write(copy, bytes, is_cut ? i - size : size);
    if (!is_cut) bytes[i] ^= 0x10;
    if (load(fixture, members, 3, "old") != EAGRE_UNSAFE) fail_msg("byte %zu was not missed", i);
    assert_int_equal(strncmp(fixture->error.class_name, "STATE_STORE_", 12), 0);
  }
  scratch_write(copy, bytes, size);
}

static void damage_to_files_of_version_1_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct members members;
  write_files(fixture);
  open_members(&members);
  for (size_t i = 0; i < EAGRE_COUNT_OF(files); i++) {
    damage_file(fixture, &members, i);
  }
  assert_int_equal(load(fixture, &members, 3, "old"), EAGRE_OK);
  close_members(&members);
}

int run_format_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(files_of_version_1_are_read),
      FIXTURE_TEST(files_of_version_1_are_built_on),
      FIXTURE_TEST(damage_to_files_of_version_1_is_refused),
  };
  return cmocka_run_group_tests_name("format version 1", tests, NULL, NULL);
}
