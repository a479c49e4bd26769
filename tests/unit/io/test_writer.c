/* Proves the growing file: every length around the buffers' edges, several writers at once, and
 * that nothing stays after an abort. */
#include "test_io.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char byte_at(uint64_t position, unsigned salt) {
  return (char)(position * 31 + position / 253 + salt);
}

/* Appends pattern bytes [from, from + size) in pieces of `piece`. */
static void append_pattern(struct fixture *fixture, struct eagre_io_writer *writer, uint64_t from,
                           size_t size, size_t piece, unsigned salt) {
  char *bytes = eagre_allocate(piece);
  for (size_t done = 0; done < size;) {
    size_t part = size - done < piece ? size - done : piece;
    for (size_t i = 0; i < part; i++) {
      bytes[i] = byte_at(from + done + i, salt);
    }
    assert_int_equal(eagre_io_writer_append(writer, bytes, part, &fixture->error), EAGRE_OK);
    done += part;
  }
  eagre_free(bytes);
}

static void assert_pattern(const char *path, size_t size, unsigned salt) {
  size_t found = 0;
  char *content = scratch_read(path, &found);
  assert_non_null(content);
  assert_int_equal(found, size);
  for (size_t i = 0; i < size; i++) {
    if (content[i] != byte_at(i, salt)) fail_msg("byte %zu of %s is wrong", i, path);
  }
  eagre_free(content);
}

static void writes_every_length_around_the_edges(void **state) {
  struct fixture *fixture = *state;
  static const size_t sizes[] = {0,      1,       4095,    4096,    262143,  262144,  262145,
                                 524288, 1048576, 1048577, 1310720, 1310723, 3145728, 3500001};
  for (size_t i = 0; i < EAGRE_COUNT_OF(sizes); i++) {
    const char *path = scratch_path(fixture->directory, "file");
    struct eagre_io_writer *writer = NULL;
    assert_int_equal(eagre_io_writer_open(fixture->io, path, &writer, &fixture->error), EAGRE_OK);
    append_pattern(fixture, writer, 0, sizes[i], i % 2 == 0 ? 100003 : 700001, (unsigned)i);
    assert_int_equal(eagre_io_writer_size(writer), sizes[i]);
    assert_int_equal(eagre_io_writer_finish(writer, &fixture->error), EAGRE_OK);
    assert_pattern(path, sizes[i], (unsigned)i);
    assert_int_equal(unlink(path), 0);
  }
}

static void several_writers_grow_at_once(void **state) {
  struct fixture *fixture = *state;
  enum { WRITERS = 6, ROUNDS = 40, PIECE = 33000 };
  struct eagre_io_writer *writers[WRITERS];
  char names[WRITERS][512];
  for (unsigned i = 0; i < WRITERS; i++) {
    snprintf(names[i], sizeof names[i], "%s/file%u", fixture->directory, i);
    assert_int_equal(eagre_io_writer_open(fixture->io, names[i], &writers[i], &fixture->error),
                     EAGRE_OK);
  }
  for (unsigned round = 0; round < ROUNDS; round++) {
    for (unsigned i = 0; i < WRITERS; i++) {
      append_pattern(fixture, writers[i], (uint64_t)round * PIECE, PIECE, PIECE, i);
    }
  }
  for (unsigned i = 0; i < WRITERS; i++) {
    assert_int_equal(eagre_io_writer_finish(writers[i], &fixture->error), EAGRE_OK);
    assert_pattern(names[i], (size_t)ROUNDS * PIECE, i);
  }
}

static void refuses_a_name_that_exists(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "file");
  scratch_write(path, "theirs", 6);
  struct eagre_io_writer *writer = NULL;
  assert_int_equal(eagre_io_writer_open(fixture->io, path, &writer, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FILE_ALREADY_EXISTS");
  assert_file_is(path, "theirs");
}

static void an_abort_removes_the_file(void **state) {
  struct fixture *fixture = *state;
  static const size_t sizes[] = {10, 2000000};
  for (size_t i = 0; i < EAGRE_COUNT_OF(sizes); i++) {
    const char *path = scratch_path(fixture->directory, "file");
    struct eagre_io_writer *writer = NULL;
    assert_int_equal(eagre_io_writer_open(fixture->io, path, &writer, &fixture->error), EAGRE_OK);
    append_pattern(fixture, writer, 0, sizes[i], 50000, 0);
    eagre_io_writer_abort(writer);
    assert_int_not_equal(access(path, F_OK), 0);
  }
  eagre_io_writer_abort(NULL);
}

int run_writer_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(writes_every_length_around_the_edges),
      FIXTURE_TEST(several_writers_grow_at_once),
      FIXTURE_TEST(refuses_a_name_that_exists),
      FIXTURE_TEST(an_abort_removes_the_file),
  };
  return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
