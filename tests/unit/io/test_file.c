/* Proves reading, listing, making directories and the single operations. */
#include "test_io.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void reads_a_whole_file_with_zeros_behind(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  scratch_write(path, "hello", 5);
  struct eagre_buffer content = {0};
  eagre_buffer_append_string(&content, "what was there before");
  assert_int_equal(eagre_io_read_file(fixture->io, path, 0, &content, &fixture->error), EAGRE_OK);
  assert_true(eagre_text_equal_string(eagre_buffer_text(&content), "hello"));
  for (size_t i = 0; i < 64; i++) {
    assert_int_equal(content.data[content.size + i], 0);
  }
  eagre_buffer_done(&content);
}

static void reads_an_empty_and_a_large_file(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  struct eagre_buffer content = {0};
  scratch_write(path, "", 0);
  assert_int_equal(eagre_io_read_file(fixture->io, path, 0, &content, &fixture->error), EAGRE_OK);
  assert_int_equal(content.size, 0);
  size_t size = 3000017;
  char *large = eagre_allocate(size);
  for (size_t i = 0; i < size; i++) {
    large[i] = (char)(i * 7 + i / 251);
  }
  scratch_write(path, large, size);
  assert_int_equal(eagre_io_read_file(fixture->io, path, 0, &content, &fixture->error), EAGRE_OK);
  assert_int_equal(content.size, size);
  assert_memory_equal(content.data, large, size);
  eagre_free(large);
  eagre_buffer_done(&content);
}

static void says_end_when_a_file_is_missing(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  struct eagre_io_entry entry;
  struct eagre_io_reader *reader = NULL;
  struct eagre_arena arena = {0};
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 1;
  scratch_write(scratch_path(fixture->directory, "file"), "x", 1);
  const char *const missing[] = {scratch_path(fixture->directory, "missing"),
                                 scratch_path(fixture->directory, "file/below")};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(eagre_io_read_file(fixture->io, missing[i], 0, &content, NULL), EAGRE_END);
    assert_int_equal(eagre_io_stat(fixture->io, missing[i], &entry, NULL), EAGRE_END);
    assert_int_equal(eagre_io_reader_open(fixture->io, missing[i], &reader, NULL), EAGRE_END);
    assert_int_equal(eagre_io_list(fixture->io, missing[i], &arena, &entries, &count, NULL),
                     EAGRE_END);
    assert_int_equal(count, 0);
  }
  eagre_arena_done(&arena);
  eagre_buffer_done(&content);
}

static void refuses_a_file_that_is_too_large(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  scratch_write(path, "0123456789", 10);
  struct eagre_buffer content = {0};
  assert_int_equal(eagre_io_read_file(fixture->io, path, 10, &content, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_io_read_file(fixture->io, path, 9, &content, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "FILE_TOO_LARGE");
  eagre_buffer_done(&content);
}

static void refuses_to_read_a_directory(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  assert_int_equal(
      eagre_io_read_file(fixture->io, fixture->directory, 0, &content, &fixture->error), EAGRE_IO);
  assert_non_null(strstr(fixture->error.text, fixture->directory));
  eagre_buffer_done(&content);
}

static void lists_a_directory_sorted(void **state) {
  struct fixture *fixture = *state;
  scratch_write(scratch_path(fixture->directory, "b"), "12", 2);
  scratch_write(scratch_path(fixture->directory, ".hidden"), "", 0);
  scratch_write(scratch_path(fixture->directory, "a"), "1", 1);
  assert_int_equal(mkdir(scratch_path(fixture->directory, "c"), 0777), 0);
  assert_int_equal(symlink("nowhere", scratch_path(fixture->directory, "dangling")), 0);
  struct eagre_arena arena = {0};
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  assert_int_equal(
      eagre_io_list(fixture->io, fixture->directory, &arena, &entries, &count, &fixture->error),
      EAGRE_OK);
  assert_int_equal(count, 4);
  static const char *const names[] = {".hidden", "a", "b", "c"};
  for (uint32_t i = 0; i < count; i++) {
    assert_string_equal(entries[i].name, names[i]);
    assert_int_equal(entries[i].is_directory, i == 3);
    if (i < 3) assert_int_equal(entries[i].size, i);
  }
  int64_t age_us = eagre_clock_wall_us() - entries[0].modified_us;
  assert_true(age_us > -60000000 && age_us < 600000000);
  eagre_arena_done(&arena);
}

static void makes_directories_with_their_parents(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "one//two/three/");
  for (int i = 0; i < 2; i++) {
    assert_int_equal(eagre_io_make_directories(fixture->io, path, &fixture->error), EAGRE_OK);
  }
  struct eagre_io_entry entry;
  assert_int_equal(eagre_io_stat(fixture->io, scratch_path(fixture->directory, "one/two/three"),
                                 &entry, &fixture->error),
                   EAGRE_OK);
  assert_true(entry.is_directory);
}

static void makes_directories_relative_to_the_current_one(void **state) {
  struct fixture *fixture = *state;
  char *before = getcwd(NULL, 0);
  assert_non_null(before);
  assert_int_equal(chdir(fixture->directory), 0);
  enum eagre_status status = eagre_io_make_directories(fixture->io, "x/y", &fixture->error);
  assert_int_equal(chdir(before), 0);
  free(before);
  assert_int_equal(status, EAGRE_OK);
  assert_int_equal(access(scratch_path(fixture->directory, "x/y"), F_OK), 0);
}

static void does_not_make_a_directory_where_a_file_is(void **state) {
  struct fixture *fixture = *state;
  scratch_write(scratch_path(fixture->directory, "file"), "x", 1);
  const char *const paths[] = {scratch_path(fixture->directory, "file"),
                               scratch_path(fixture->directory, "file/below")};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(eagre_io_make_directories(fixture->io, paths[i], &fixture->error), EAGRE_IO);
  }
}

static void removes_files_and_misses_none(void **state) {
  struct fixture *fixture = *state;
  const char *const paths[] = {
      scratch_path(fixture->directory, "a"), scratch_path(fixture->directory, "missing"),
      scratch_path(fixture->directory, "directory"), scratch_path(fixture->directory, "b")};
  scratch_write(paths[0], "x", 1);
  scratch_write(paths[3], "x", 1);
  assert_int_equal(mkdir(paths[2], 0777), 0);
  assert_int_equal(eagre_io_remove_files(fixture->io, paths, 2, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_io_remove_files(fixture->io, paths, 4, &fixture->error), EAGRE_IO);
  assert_non_null(strstr(fixture->error.text, "/directory"));
  assert_int_not_equal(access(paths[0], F_OK), 0);
  assert_int_not_equal(access(paths[3], F_OK), 0);
}

static void renames_over_what_is_there(void **state) {
  struct fixture *fixture = *state;
  const char *from = scratch_path(fixture->directory, "from");
  const char *to = scratch_path(fixture->directory, "to");
  scratch_write(from, "new", 3);
  scratch_write(to, "old", 3);
  assert_int_equal(eagre_io_rename(fixture->io, from, to, &fixture->error), EAGRE_OK);
  assert_file_is(to, "new");
  assert_int_equal(eagre_io_rename(fixture->io, from, to, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "PATH_NOT_FOUND");
  assert_int_equal(eagre_io_sync_directory(fixture->io, fixture->directory, &fixture->error),
                   EAGRE_OK);
}

static void reads_a_file_in_pieces(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  scratch_write(path, "0123456789", 10);
  struct eagre_io_reader *reader = NULL;
  assert_int_equal(eagre_io_reader_open(fixture->io, path, &reader, &fixture->error), EAGRE_OK);
  char piece[4];
  char all[16];
  size_t total = 0;
  for (size_t size = 1; size > 0; total += size) {
    assert_int_equal(eagre_io_reader_read(reader, piece, sizeof piece, &size, &fixture->error),
                     EAGRE_OK);
    memcpy(all + total, piece, size);
  }
  eagre_io_reader_close(reader);
  assert_int_equal(total, 10);
  assert_memory_equal(all, "0123456789", 10);
}

static void reads_anywhere_in_a_file(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  scratch_write(path, "0123456789", 10);
  struct eagre_io_reader *reader = NULL;
  struct eagre_error *error = &fixture->error;
  char piece[8];
  size_t size = 0;
  assert_int_equal(eagre_io_reader_open(fixture->io, path, &reader, error), EAGRE_OK);
  assert_int_equal(eagre_io_reader_read_at(reader, 6, piece, 3, &size, error), EAGRE_OK);
  assert_int_equal(size, 3);
  assert_memory_equal(piece, "678", 3);
  assert_int_equal(eagre_io_reader_read_at(reader, 7, piece, 8, &size, error), EAGRE_OK);
  assert_int_equal(size, 3);
  assert_memory_equal(piece, "789", 3);
  assert_int_equal(eagre_io_reader_read_at(reader, 10, piece, 8, &size, error), EAGRE_OK);
  assert_int_equal(size, 0);
  assert_int_equal(eagre_io_reader_read(reader, piece, 2, &size, error), EAGRE_OK);
  assert_memory_equal(piece, "01", 2);
  eagre_io_reader_close(reader);
}

static void clocks_go_forward(void **state) {
  (void)state;
  uint64_t before = eagre_clock_monotonic_ns();
  assert_true(eagre_clock_monotonic_ns() >= before);
  assert_true(eagre_clock_wall_us() > INT64_C(1600000000000000));
}

int run_file_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(reads_a_whole_file_with_zeros_behind),
      FIXTURE_TEST(reads_an_empty_and_a_large_file),
      FIXTURE_TEST(says_end_when_a_file_is_missing),
      FIXTURE_TEST(refuses_a_file_that_is_too_large),
      FIXTURE_TEST(refuses_to_read_a_directory),
      FIXTURE_TEST(lists_a_directory_sorted),
      FIXTURE_TEST(makes_directories_with_their_parents),
      FIXTURE_TEST(makes_directories_relative_to_the_current_one),
      FIXTURE_TEST(does_not_make_a_directory_where_a_file_is),
      FIXTURE_TEST(removes_files_and_misses_none),
      FIXTURE_TEST(renames_over_what_is_there),
      FIXTURE_TEST(reads_a_file_in_pieces),
      FIXTURE_TEST(reads_anywhere_in_a_file),
      cmocka_unit_test(clocks_go_forward),
  };
  return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
