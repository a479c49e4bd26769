/* Proves prepared files: what goes in comes out, and nothing damaged or newer is accepted. */
#include "test_checkpoint.h"

static void assert_prepared_equal(const struct eagre_checkpoint_prepared *a,
                                  const struct eagre_checkpoint_prepared *b) {
  assert_true(eagre_text_equal(a->attempt, b->attempt));
  assert_int_equal(a->epoch, b->epoch);
  assert_int_equal(a->has_state, b->has_state);
  assert_int_equal(a->state_version, b->state_version);
  assert_int_equal(a->core_count, b->core_count);
  assert_int_equal(a->next_watermark_ms, b->next_watermark_ms);
  assert_int_equal(a->late_watermark_ms, b->late_watermark_ms);
  assert_int_equal(a->source_maximum_count, b->source_maximum_count);
  for (uint32_t i = 0; i < a->source_maximum_count; i++) {
    assert_int_equal(a->source_maximum_ms[i], b->source_maximum_ms[i]);
  }
  assert_int_equal(a->partition_count, b->partition_count);
  for (uint32_t i = 0; i < a->partition_count; i++) {
    assert_int_equal(a->partitions[i].watermark, b->partitions[i].watermark);
    assert_int_equal(a->partitions[i].source, b->partitions[i].source);
    assert_int_equal(a->partitions[i].partition, b->partitions[i].partition);
    assert_true(eagre_text_equal(a->partitions[i].topic, b->partitions[i].topic));
    assert_int_equal(a->partitions[i].maximum_ms, b->partitions[i].maximum_ms);
    assert_int_equal(a->partitions[i].last_ms, b->partitions[i].last_ms);
  }
  assert_int_equal(a->sink_piece_count, b->sink_piece_count);
  for (uint32_t i = 0; i < a->sink_piece_count; i++) {
    assert_true(eagre_text_equal(a->sink_pieces[i], b->sink_pieces[i]));
  }
}

static void comes_back_as_it_was_written(void **state) {
  (void)state;
  struct eagre_checkpoint_prepared prepared;
  struct eagre_checkpoint_prepared read;
  struct eagre_arena arena = {0};
  for (int each = 0; each < 3; each++) {
    fill_prepared(&prepared, 41, "0b6f1d0e-5a2c-4a52-9f5e-7f7f4f4e2f11");
    if (each == 1) prepared = (struct eagre_checkpoint_prepared){.epoch = 3};
    if (each == 2) prepared.partition_count = 0;
    struct eagre_buffer out = {0};
    eagre_checkpoint_print_prepared(&prepared, &out);
    assert_int_equal(out.data[8], each == 0 ? 2 : 1); /* older programs read what they can */
    assert_int_equal(eagre_checkpoint_parse_prepared(eagre_buffer_text(&out), "prepared/41", &arena,
                                                     &read, NULL),
                     EAGRE_OK);
    assert_prepared_equal(&prepared, &read);
    eagre_buffer_done(&out);
  }
  eagre_arena_done(&arena);
}

static void every_flipped_bit_is_refused(void **state) {
  (void)state;
  struct eagre_checkpoint_prepared prepared;
  struct eagre_checkpoint_prepared read;
  struct eagre_error error;
  fill_prepared(&prepared, 41, "attempt");
  struct eagre_buffer out = {0};
  eagre_checkpoint_print_prepared(&prepared, &out);
  for (size_t i = 0; i < out.size * 8; i++) {
    struct eagre_arena arena = {0};
    out.data[i / 8] ^= (char)(1 << i % 8);
    assert_int_equal(eagre_checkpoint_parse_prepared(eagre_buffer_text(&out), "the/prepared/41",
                                                     &arena, &read, &error),
                     EAGRE_UNSAFE);
    assert_non_null(strstr(error.text, "the/prepared/41"));
    out.data[i / 8] ^= (char)(1 << i % 8);
    eagre_arena_done(&arena);
  }
  eagre_buffer_done(&out);
}

static void every_other_length_is_refused(void **state) {
  (void)state;
  struct eagre_checkpoint_prepared prepared;
  struct eagre_checkpoint_prepared read;
  struct eagre_error error;
  struct eagre_arena arena = {0};
  fill_prepared(&prepared, 41, "attempt");
  struct eagre_buffer out = {0};
  eagre_checkpoint_print_prepared(&prepared, &out);
  size_t whole = out.size;
  eagre_buffer_append_char(&out, 'x');
  for (size_t size = 0; size <= out.size; size++) {
    if (size == whole) continue;
    assert_int_equal(eagre_checkpoint_parse_prepared(eagre_text_make(out.data, size), "p", &arena,
                                                     &read, &error),
                     EAGRE_UNSAFE);
    assert_string_equal(error.class_name, "PREPARED_FILE_CORRUPT");
  }
  eagre_arena_done(&arena);
  eagre_buffer_done(&out);
}

static void a_newer_version_is_refused_by_name(void **state) {
  (void)state;
  struct eagre_checkpoint_prepared prepared;
  struct eagre_checkpoint_prepared read;
  struct eagre_error error;
  struct eagre_arena arena = {0};
  fill_prepared(&prepared, 41, "attempt");
  struct eagre_buffer out = {0};
  eagre_checkpoint_print_prepared(&prepared, &out);
  out.data[8] = 3;
  assert_int_equal(
      eagre_checkpoint_parse_prepared(eagre_buffer_text(&out), "p", &arena, &read, &error),
      EAGRE_UNSAFE);
  assert_string_equal(error.class_name, "PREPARED_FILE_VERSION_UNSUPPORTED");
  eagre_arena_done(&arena);
  eagre_buffer_done(&out);
}

static void a_later_attempt_replaces_an_earlier_one(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  struct eagre_checkpoint_prepared prepared;
  struct eagre_checkpoint_prepared read;
  assert_int_equal(eagre_checkpoint_read_prepared(checkpoint, 4, &fixture->arena, &read, NULL),
                   EAGRE_END);
  static const char *const attempts[] = {"first", "second"};
  for (size_t i = 0; i < 2; i++) {
    fill_prepared(&prepared, 4, attempts[i]);
    assert_int_equal(eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error),
                     EAGRE_OK);
    assert_int_equal(
        eagre_checkpoint_read_prepared(checkpoint, 4, &fixture->arena, &read, &fixture->error),
        EAGRE_OK);
    assert_prepared_equal(&prepared, &read);
  }
  eagre_checkpoint_close(checkpoint);
}

static void a_file_under_another_epochs_name_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  struct eagre_checkpoint_prepared prepared;
  struct eagre_checkpoint_prepared read;
  fill_prepared(&prepared, 4, "attempt");
  assert_int_equal(eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_io_rename(fixture->io, scratch_path(fixture->path, "eagre/prepared/4"),
                                   scratch_path(fixture->path, "eagre/prepared/5"), NULL),
                   EAGRE_OK);
  assert_int_equal(
      eagre_checkpoint_read_prepared(checkpoint, 5, &fixture->arena, &read, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "PREPARED_FILE_CORRUPT");
  eagre_checkpoint_close(checkpoint);
}

int run_prepared_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comes_back_as_it_was_written),
      cmocka_unit_test(every_flipped_bit_is_refused),
      cmocka_unit_test(every_other_length_is_refused),
      cmocka_unit_test(a_newer_version_is_refused_by_name),
      FIXTURE_TEST(a_later_attempt_replaces_an_earlier_one),
      FIXTURE_TEST(a_file_under_another_epochs_name_is_refused),
  };
  return cmocka_run_group_tests_name("prepared", tests, NULL, NULL);
}
