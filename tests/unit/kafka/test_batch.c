/* Record batches: every codec, headers, nulls, markers; and damage of every kind, each refused. */
#include "batch_maker.h"
#include "test_kafka.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_COUNT = 100, UNPACKED_MAX = 1 << 20 };
static const struct eagre_text none = {NULL, 0};

static void make_batch(enum eagre_kafka_batch_codec codec, struct eagre_buffer *out) {
  struct batch_maker maker = {0};
  for (int32_t i = 0; i < RECORD_COUNT; i++) {
    char value[32];
    snprintf(value, sizeof value, "v%d v%d v%d", i, i, i);
    batch_add(&maker, i, i * 1000, EAGRE_TEXT("k"), eagre_text_of(value));
  }
  struct batch_shape shape = {
      .base_offset = 42, .base_timestamp_ms = 1700000000000, .producer_id = -1, .codec = codec};
  batch_finish(&maker, shape, out);
}

/* A cursor over the one batch of `bytes`; `unpacked` keeps what it needs. */
static struct eagre_kafka_batch_cursor open_batch(struct eagre_text bytes,
                                                  struct eagre_buffer *unpacked) {
  struct eagre_kafka_batch batch;
  struct eagre_error error;
  assert_int_equal(eagre_kafka_batch_read(&bytes, true, &batch, &error), EAGRE_OK);
  assert_int_equal(bytes.size, 0);
  if (batch.codec == EAGRE_KAFKA_CODEC_NONE) return eagre_kafka_batch_begin(&batch, batch.records);
  assert_int_equal(eagre_kafka_batch_unpack(&batch, UNPACKED_MAX, unpacked, &error), EAGRE_OK);
  return eagre_kafka_batch_begin(&batch, eagre_buffer_text(unpacked));
}

static void check_codec(enum eagre_kafka_batch_codec codec) {
  struct eagre_buffer bytes = {0};
  struct eagre_buffer unpacked = {0};
  struct eagre_kafka_record record;
  make_batch(codec, &bytes);
  struct eagre_kafka_batch_cursor cursor = open_batch(eagre_buffer_text(&bytes), &unpacked);
  assert_int_equal(cursor.left_count, RECORD_COUNT);
  for (int32_t i = 0; i < RECORD_COUNT; i++) {
    char value[32];
    snprintf(value, sizeof value, "v%d v%d v%d", i, i, i);
    assert_true(eagre_kafka_batch_next(&cursor, &record));
    assert_int_equal(record.offset, 42 + i);
    assert_int_equal(record.timestamp_ms, 1700000000000 + i * 1000);
    assert_true(eagre_text_equal_string(record.key, "k"));
    assert_true(eagre_text_equal_string(record.value, value));
  }
  assert_int_equal(cursor.left_count, 0);
  assert_ptr_equal(cursor.next, cursor.end);
  eagre_buffer_done(&bytes);
  eagre_buffer_done(&unpacked);
}

static void reads_every_codec(void **state) {
  (void)state;
  for (int codec = 0; codec <= EAGRE_KAFKA_CODEC_ZSTD; codec++) {
    check_codec((enum eagre_kafka_batch_codec)codec);
  }
}

/* A batch of Java's snappy: its records in two framed pieces. */
static void reads_framed_snappy(void **state) {
  (void)state;
  struct eagre_buffer plain = {0};
  struct eagre_buffer framed = {0};
  struct eagre_buffer unpacked = {0};
  struct eagre_error error;
  struct eagre_kafka_batch batch;
  static const char head[16] = "\x82SNAPPY\0\0\0\0\1\0\0\0\1";
  make_batch(EAGRE_KAFKA_CODEC_SNAPPY, &plain);
  struct eagre_text rest = eagre_buffer_text(&plain);
  assert_int_equal(eagre_kafka_batch_read(&rest, true, &batch, &error), EAGRE_OK);
  eagre_buffer_append(&framed, head, sizeof head);
  for (int piece = 0; piece < 2; piece++) {
    eagre_kafka_wire_put_i32(&framed, (int32_t)batch.records.size);
    eagre_buffer_append_text(&framed, batch.records);
  }
  batch.records = eagre_buffer_text(&framed);
  assert_int_equal(eagre_kafka_batch_unpack(&batch, UNPACKED_MAX, &unpacked, &error), EAGRE_OK);
  size_t half = unpacked.size / 2;
  assert_int_equal(half * 2, unpacked.size);
  assert_memory_equal(unpacked.data, unpacked.data + half, half);
  batch.records.size -= 1;
  assert_int_equal(eagre_kafka_batch_unpack(&batch, UNPACKED_MAX, &unpacked, &error), EAGRE_IO);
  eagre_buffer_done(&plain);
  eagre_buffer_done(&framed);
  eagre_buffer_done(&unpacked);
}

static void tells_nulls_headers_and_times(void **state) {
  (void)state;
  struct batch_maker maker = {0};
  struct eagre_buffer bytes = {0};
  struct eagre_kafka_record record;
  struct eagre_text key;
  struct eagre_text value;
  batch_add(&maker, 0, 5, none, none);
  batch_add(&maker, 1, -5, EAGRE_TEXT(""), EAGRE_TEXT(""));
  batch_add_with_header(&maker, 7, EAGRE_TEXT("v"), EAGRE_TEXT("h"), none);
  enum { LOG_APPEND = 8 };
  struct batch_shape shape = {.base_timestamp_ms = 100, .max_timestamp_ms = 900};
  shape.attributes = LOG_APPEND;
  batch_finish(&maker, shape, &bytes);
  struct eagre_kafka_batch_cursor cursor = open_batch(eagre_buffer_text(&bytes), NULL);
  assert_true(cursor.is_log_append_time);
  assert_true(eagre_kafka_batch_next(&cursor, &record));
  assert_null(record.key.data);
  assert_null(record.value.data);
  assert_int_equal(record.timestamp_ms, 900);
  assert_true(eagre_kafka_batch_next(&cursor, &record));
  assert_true(record.key.data != NULL && record.key.size == 0);
  assert_true(eagre_kafka_batch_next(&cursor, &record));
  assert_int_equal(record.offset, 7);
  assert_int_equal(record.header_count, 1);
  assert_true(eagre_kafka_batch_next_header(&record.headers, &key, &value));
  assert_true(eagre_text_equal_string(key, "h"));
  assert_null(value.data);
  assert_false(eagre_kafka_batch_next_header(&record.headers, &key, &value));
  eagre_buffer_done(&bytes);
}

static bool is_abort(bool is_abort_wanted) {
  struct batch_maker maker = {0};
  struct eagre_buffer bytes = {0};
  struct eagre_kafka_batch batch;
  struct eagre_error error;
  enum { TRANSACTIONAL = 16, CONTROL = 32 };
  batch_add_marker(&maker, is_abort_wanted);
  struct batch_shape shape = {.producer_id = 7, .attributes = TRANSACTIONAL | CONTROL};
  batch_finish(&maker, shape, &bytes);
  struct eagre_text rest = eagre_buffer_text(&bytes);
  assert_int_equal(eagre_kafka_batch_read(&rest, true, &batch, &error), EAGRE_OK);
  assert_true(batch.is_control && batch.is_transactional);
  assert_int_equal(batch.producer_id, 7);
  bool result = eagre_kafka_batch_is_abort(&batch);
  eagre_buffer_done(&bytes);
  return result;
}

static void tells_commits_from_aborts(void **state) {
  (void)state;
  assert_true(is_abort(true));
  assert_false(is_abort(false));
}

/* A batch that is cut is one that comes with the next answer. */
static void leaves_what_is_cut_off(void **state) {
  (void)state;
  struct eagre_buffer bytes = {0};
  struct eagre_kafka_batch batch;
  struct eagre_error error;
  make_batch(EAGRE_KAFKA_CODEC_NONE, &bytes);
  for (size_t size = 0; size < bytes.size; size++) {
    struct eagre_text rest = eagre_text_make(bytes.data, size);
    assert_int_equal(eagre_kafka_batch_read(&rest, true, &batch, &error), EAGRE_END);
    assert_int_equal(rest.size, size);
  }
  eagre_buffer_done(&bytes);
}

/* Every byte behind the CRC's own is covered by it, and changing the CRC is found too. */
static void finds_every_changed_byte(void **state) {
  (void)state;
  enum { CRC_AT = 17 };
  struct eagre_buffer bytes = {0};
  struct eagre_kafka_batch batch;
  struct eagre_error error;
  make_batch(EAGRE_KAFKA_CODEC_ZSTD, &bytes);
  for (size_t i = CRC_AT; i < bytes.size; i++) {
    struct eagre_text rest = eagre_buffer_text(&bytes);
    bytes.data[i] ^= 1;
    assert_int_equal(eagre_kafka_batch_read(&rest, true, &batch, &error), EAGRE_IO);
    assert_string_equal(error.class_name, "KAFKA_CORRUPT_RECORD");
    bytes.data[i] ^= 1;
  }
  eagre_buffer_done(&bytes);
}

/* Under a right CRC, records cut at every byte: each is read whole or not at all. */
static void refuses_records_that_end_too_soon(void **state) {
  (void)state;
  struct eagre_buffer bytes = {0};
  struct eagre_kafka_record record;
  make_batch(EAGRE_KAFKA_CODEC_NONE, &bytes);
  struct eagre_kafka_batch_cursor whole = open_batch(eagre_buffer_text(&bytes), NULL);
  for (size_t size = 0; size < (size_t)(whole.end - whole.next); size++) {
    struct eagre_kafka_batch_cursor cursor = whole;
    cursor.end = cursor.next + size;
    while (cursor.left_count > 0 && eagre_kafka_batch_next(&cursor, &record)) {
      assert_true(record.value.data + record.value.size <= cursor.end);
    }
    assert_true(cursor.left_count > 0);
  }
  eagre_buffer_done(&bytes);
}

static enum eagre_status read_changed(size_t at, const char *change, size_t size,
                                      struct eagre_error *error) {
  struct eagre_buffer bytes = {0};
  struct eagre_kafka_batch batch;
  make_batch(EAGRE_KAFKA_CODEC_NONE, &bytes);
  memcpy(bytes.data + at, change, size);
  enum { LENGTH_AT = 8, LENGTH_SIZE = 4 };
  if (at != LENGTH_AT) batch_sign(&bytes, 0);
  struct eagre_text rest = eagre_buffer_text(&bytes);
  enum eagre_status status = eagre_kafka_batch_read(&rest, true, &batch, error);
  eagre_buffer_done(&bytes);
  return status;
}

static void refuses_impossible_fields(void **state) {
  (void)state;
  struct eagre_error error;
  static const struct {
    size_t at;
    const char *change;
    size_t size;
  } changes[] = {
      {0, "\xff\xff", 2},                         /* a negative offset */
      {0, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8}, /* offsets that do not fit */
      {8, "\xff\xff\xff\xff", 4},                 /* a negative length */
      {8, "\0\0\0\x03", 4},                       /* shorter than any head */
      {8, "\0\0\0\x20", 4},                       /* shorter than this head */
      {16, "\x03", 1},                            /* a format to come */
      {22, "\x05", 1},                            /* a codec to come */
      {23, "\xff\xff\xff\xff", 4},                /* the last offset before the first */
      {57, "\xff\xff\xff\xff", 4},                /* a negative count */
      {57, "\0\0\xff\xff", 4},                    /* more records than offsets */
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(changes); i++) {
    assert_int_equal(read_changed(changes[i].at, changes[i].change, changes[i].size, &error),
                     EAGRE_IO);
    assert_string_equal(error.class_name, "KAFKA_CORRUPT_RECORD");
  }
  assert_int_equal(read_changed(16, "\1", 1, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "KAFKA_OLD_MESSAGE_FORMAT");
}

static void bounds_what_is_unpacked(void **state) {
  (void)state;
  for (int codec = EAGRE_KAFKA_CODEC_GZIP; codec <= EAGRE_KAFKA_CODEC_ZSTD; codec++) {
    struct eagre_buffer bytes = {0};
    struct eagre_buffer unpacked = {0};
    struct eagre_kafka_batch batch;
    struct eagre_error error;
    make_batch((enum eagre_kafka_batch_codec)codec, &bytes);
    struct eagre_text rest = eagre_buffer_text(&bytes);
    assert_int_equal(eagre_kafka_batch_read(&rest, true, &batch, &error), EAGRE_OK);
    assert_int_equal(eagre_kafka_batch_unpack(&batch, 10, &unpacked, &error), EAGRE_IO);
    assert_string_equal(error.class_name, "KAFKA_CORRUPT_RECORD");
    assert_int_equal(eagre_kafka_batch_unpack(&batch, UNPACKED_MAX, &unpacked, &error), EAGRE_OK);
    size_t size = unpacked.size;
    eagre_buffer_clear(&unpacked);
    assert_int_equal(eagre_kafka_batch_unpack(&batch, size, &unpacked, &error), EAGRE_OK);
    eagre_buffer_clear(&unpacked);
    assert_int_equal(eagre_kafka_batch_unpack(&batch, size - 1, &unpacked, &error), EAGRE_IO);
    eagre_buffer_done(&bytes);
    eagre_buffer_done(&unpacked);
  }
}

static void reads_numbers_of_variable_size(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    int64_t value;
  } numbers[] = {
      {"\0", 1, 0},
      {"\1", 1, -1},
      {"\x7f", 1, -64},
      {"\x80\1", 2, 64},
      {"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", 10, INT64_MAX},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10, INT64_MIN},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(numbers); i++) {
    const char *next = numbers[i].bytes;
    int64_t value = 77;
    assert_true(eagre_kafka_wire_varint(&next, next + numbers[i].size, &value));
    assert_int_equal(value, numbers[i].value);
    assert_ptr_equal(next, numbers[i].bytes + numbers[i].size);
    next = numbers[i].bytes;
    assert_false(eagre_kafka_wire_varint(&next, next + numbers[i].size - 1, &value));
  }
  const char *next = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\2";
  int64_t value;
  assert_false(eagre_kafka_wire_varint(&next, next + 10, &value));
}

int run_batch_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_codec),
      cmocka_unit_test(reads_framed_snappy),
      cmocka_unit_test(tells_nulls_headers_and_times),
      cmocka_unit_test(tells_commits_from_aborts),
      cmocka_unit_test(leaves_what_is_cut_off),
      cmocka_unit_test(finds_every_changed_byte),
      cmocka_unit_test(refuses_records_that_end_too_soon),
      cmocka_unit_test(refuses_impossible_fields),
      cmocka_unit_test(bounds_what_is_unpacked),
      cmocka_unit_test(reads_numbers_of_variable_size),
  };
  return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
