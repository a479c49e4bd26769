/* Sweeps faults over the operations that write: the nth write, sync, open, link, rename fails, or a
 * write comes up short. A failure must be told, leave no temporary file, and never a wrong name. */
#include "test_io.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/io_fault.h"

static void install_one(struct fixture *fixture, struct eagre_io_fault fault) {
  eagre_io_fault_install(fixture->io, &fault, 1);
}

struct expected_error {
  int number;
  const char *class_name;
};

static const struct expected_error expected_errors[] = {
    {ENOSPC, "DISK_FULL"},         {EDQUOT, "DISK_FULL"},
    {EIO, "DISK_ERROR"},           {EROFS, "READ_ONLY_FILE_SYSTEM"},
    {EACCES, "PERMISSION_DENIED"}, {EFBIG, "FILE_SIZE_LIMIT"},
};

static void every_errno_has_its_class(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  for (size_t i = 0; i < EAGRE_COUNT_OF(expected_errors); i++) {
    install_one(fixture, (struct eagre_io_fault){.kind = EAGRE_IO_WRITE,
                                                 .nth = 1,
                                                 .error_number = expected_errors[i].number});
    struct eagre_io_file file = GROUP_FILE(path, "content", EAGRE_IO_EXCLUSIVE);
    assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_IO);
    assert_string_equal(fixture->error.class_name, expected_errors[i].class_name);
    assert_non_null(strstr(fixture->error.text, path));
  }
}

static uint32_t noted;

static void note_fault(const struct eagre_io_operation *operation,
                       const struct eagre_io_fault *fault) {
  assert_int_equal(operation->kind, fault->kind);
  noted++;
}

/* As a disk behind a network may: the name is there, and nobody may take that for granted. */
static void a_late_failure_is_done_and_told(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "late");
  struct eagre_io_file file = GROUP_FILE(path, "content", EAGRE_IO_EXCLUSIVE);
  install_one(fixture, (struct eagre_io_fault){
                           .kind = EAGRE_IO_LINK, .nth = 1, .error_number = EIO, .is_late = true});
  eagre_io_fault_note(fixture->io, note_fault);
  noted = 0;
  assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_IO);
  assert_int_equal(noted, 1);
  assert_file_is(path, "content");
  assert_int_equal(scratch_count_temporaries(fixture->directory), 0);
  eagre_io_fault_note(fixture->io, NULL);
  assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_UNSAFE);
}

/* Each kind of operation a group consists of, failed one after the other until none is left. */
static void a_failed_group_says_so_and_leaves_no_half(void **state) {
  struct fixture *fixture = *state;
  static const enum eagre_io_kind kinds[] = {EAGRE_IO_OPEN, EAGRE_IO_WRITE, EAGRE_IO_SYNC,
                                             EAGRE_IO_RENAME, EAGRE_IO_LINK};
  const char *exclusive = scratch_path(fixture->directory, "exclusive");
  const char *replaced = scratch_path(fixture->directory, "replaced");
  for (size_t kind = 0; kind < EAGRE_COUNT_OF(kinds); kind++) {
    uint64_t failures = 0;
    for (bool is_failed = true; is_failed;) {
      unlink(exclusive);
      scratch_write(replaced, "old", 3);
      struct eagre_io_file files[] = {GROUP_FILE(exclusive, "new1", EAGRE_IO_EXCLUSIVE),
                                      GROUP_FILE(replaced, "new2", EAGRE_IO_REPLACE)};
      install_one(fixture, (struct eagre_io_fault){
                               .kind = kinds[kind], .nth = failures + 1, .error_number = EIO});
      enum eagre_status status = eagre_io_write_files(fixture->io, files, 2, &fixture->error);
      is_failed = status != EAGRE_OK;
      failures += is_failed;
      assert_true(status == EAGRE_OK || status == EAGRE_IO);
      assert_int_equal(scratch_count_temporaries(fixture->directory), 0);
      bool is_there = access(exclusive, F_OK) == 0;
      if (is_there) assert_file_is(exclusive, "new1");
      char *content = scratch_read(replaced, NULL);
      bool is_new = strcmp(content, "new2") == 0;
      assert_true(is_new || strcmp(content, "old") == 0);
      eagre_free(content);
      for (size_t i = 0; i < 2; i++) {
        if (files[i].status == EAGRE_OK) assert_true(i == 0 ? is_there : is_new);
      }
    }
    /* opens: 2 files and 1 directory; writes 2; syncs 2 and 1; one rename, one link */
    static const uint64_t expected[] = {3, 2, 3, 1, 1};
    assert_int_equal(failures, expected[kind]);
  }
}

static void a_failed_temporary_removal_is_no_failure(void **state) {
  struct fixture *fixture = *state;
  install_one(fixture,
              (struct eagre_io_fault){.kind = EAGRE_IO_UNLINK, .nth = 1, .error_number = EIO});
  struct eagre_io_file file =
      GROUP_FILE(scratch_path(fixture->directory, "file"), "content", EAGRE_IO_EXCLUSIVE);
  assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_OK);
  assert_file_is(file.path, "content");
}

static void short_writes_are_completed(void **state) {
  struct fixture *fixture = *state;
  install_one(fixture, (struct eagre_io_fault){
                           .kind = EAGRE_IO_WRITE, .nth = 1, .count = 5, .short_size = 1});
  struct eagre_io_file file =
      GROUP_FILE(scratch_path(fixture->directory, "file"), "content", EAGRE_IO_EXCLUSIVE);
  assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_OK);
  assert_file_is(file.path, "content");
  assert_int_equal(eagre_io_fault_passed(fixture->io, EAGRE_IO_WRITE), 6);
}

static void a_write_that_takes_nothing_is_a_full_disk(void **state) {
  struct fixture *fixture = *state;
  install_one(fixture, (struct eagre_io_fault){.kind = EAGRE_IO_WRITE, .nth = 1});
  struct eagre_io_file file =
      GROUP_FILE(scratch_path(fixture->directory, "file"), "content", EAGRE_IO_EXCLUSIVE);
  assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "DISK_FULL");
}

static void short_reads_are_completed(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  scratch_write(path, "0123456789", 10);
  install_one(fixture, (struct eagre_io_fault){
                           .kind = EAGRE_IO_READ, .nth = 1, .count = 4, .short_size = 3});
  struct eagre_buffer content = {0};
  assert_int_equal(eagre_io_read_file(fixture->io, path, 0, &content, &fixture->error), EAGRE_OK);
  assert_true(eagre_text_equal_string(eagre_buffer_text(&content), "0123456789"));
  install_one(fixture,
              (struct eagre_io_fault){.kind = EAGRE_IO_READ, .nth = 1, .error_number = EIO});
  assert_int_equal(eagre_io_read_file(fixture->io, path, 0, &content, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "DISK_ERROR");
  eagre_buffer_done(&content);
}

enum { WRITER_SIZE = 5 * EAGRE_IO_BUFFER_SIZE + 1000 };

static char *make_pattern(void) {
  char *bytes = eagre_allocate(WRITER_SIZE);
  for (size_t i = 0; i < WRITER_SIZE; i++) {
    bytes[i] = (char)(i * 7 + i / 509);
  }
  return bytes;
}

/* Writes the pattern; the status of the last call. */
static enum eagre_status write_pattern(struct fixture *fixture, const char *path,
                                       const char *bytes) {
  struct eagre_io_writer *writer = NULL;
  EAGRE_TRY(eagre_io_writer_open(fixture->io, path, &writer, &fixture->error));
  for (size_t done = 0; done < WRITER_SIZE; done += 1000) {
    size_t part = WRITER_SIZE - done < 1000 ? WRITER_SIZE - done : 1000;
    enum eagre_status status = eagre_io_writer_append(writer, bytes + done, part, &fixture->error);
    if (status == EAGRE_OK) continue;
    /* Told once, a failure is told by every later call. */
    assert_int_equal(eagre_io_writer_append(writer, bytes, 1, NULL), status);
    assert_int_equal(eagre_io_writer_finish(writer, &fixture->error), status);
    return status;
  }
  return eagre_io_writer_finish(writer, &fixture->error);
}

static void a_failed_writer_says_so_and_removes_its_file(void **state) {
  struct fixture *fixture = *state;
  char *bytes = make_pattern();
  static const enum eagre_io_kind kinds[] = {EAGRE_IO_OPEN, EAGRE_IO_WRITE, EAGRE_IO_SYNC};
  static const uint64_t expected[] = {2, 6, 2}; /* the file, its directory */
  const char *path = scratch_path(fixture->directory, "file");
  for (size_t kind = 0; kind < EAGRE_COUNT_OF(kinds); kind++) {
    uint64_t failures = 0;
    for (bool is_failed = true; is_failed;) {
      unlink(path);
      install_one(fixture, (struct eagre_io_fault){
                               .kind = kinds[kind], .nth = failures + 1, .error_number = ENOSPC});
      is_failed = write_pattern(fixture, path, bytes) != EAGRE_OK;
      failures += is_failed;
      if (is_failed) {
        assert_string_equal(fixture->error.class_name, "DISK_FULL");
        assert_int_not_equal(access(path, F_OK), 0);
      }
    }
    assert_int_equal(failures, expected[kind]);
  }
  eagre_free(bytes);
}

static void a_writer_completes_short_and_refused_direct_writes(void **state) {
  struct fixture *fixture = *state;
  char *bytes = make_pattern();
  const char *path = scratch_path(fixture->directory, "file");
  static const size_t shorts[] = {1, 512, 4096, 100000};
  for (uint64_t nth = 1; nth <= 6; nth++) {
    for (size_t i = 0; i < EAGRE_COUNT_OF(shorts); i++) {
      install_one(fixture, (struct eagre_io_fault){
                               .kind = EAGRE_IO_WRITE, .nth = nth, .short_size = shorts[i]});
      /* A direct write of an odd size is refused by the kernel itself, which is the other case. */
      assert_int_equal(write_pattern(fixture, path, bytes), EAGRE_OK);
      size_t size = 0;
      char *content = scratch_read(path, &size);
      assert_int_equal(size, WRITER_SIZE);
      assert_memory_equal(content, bytes, WRITER_SIZE);
      eagre_free(content);
      unlink(path);
    }
  }
  eagre_free(bytes);
}

int run_fault_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(every_errno_has_its_class),
      FIXTURE_TEST(a_late_failure_is_done_and_told),
      FIXTURE_TEST(a_failed_group_says_so_and_leaves_no_half),
      FIXTURE_TEST(a_failed_temporary_removal_is_no_failure),
      FIXTURE_TEST(short_writes_are_completed),
      FIXTURE_TEST(a_write_that_takes_nothing_is_a_full_disk),
      FIXTURE_TEST(short_reads_are_completed),
      FIXTURE_TEST(a_failed_writer_says_so_and_removes_its_file),
      FIXTURE_TEST(a_writer_completes_short_and_refused_direct_writes),
  };
  return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
