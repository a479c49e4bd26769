/* Thrift's compact protocol, the reading half. */
#include "parquet/parquet_thrift_read.h"

enum {
  VARINT_SIZE_MAX = 10,
  LONG_LIST = 15,
  /* Types that only a skipped value has. */
  THRIFT_DOUBLE = 7,
  THRIFT_SET = 10,
  THRIFT_MAP = 11,
  DOUBLE_SIZE = 8,
};

void eagre_parquet_thrift_reader_init(struct eagre_parquet_thrift_reader *reader,
                                      struct eagre_text bytes) {
  const uint8_t *begin = (const uint8_t *)bytes.data;
  *reader = (struct eagre_parquet_thrift_reader){.next = begin, .end = begin + bytes.size};
}

void eagre_parquet_thrift_fail(struct eagre_parquet_thrift_reader *reader) {
  reader->is_failed = true;
  reader->next = reader->end;
}

static size_t count_left(const struct eagre_parquet_thrift_reader *reader) {
  return (size_t)(reader->end - reader->next);
}

static uint8_t read_byte(struct eagre_parquet_thrift_reader *reader) {
  if (reader->next < reader->end) return *reader->next++;
  eagre_parquet_thrift_fail(reader);
  return 0;
}

bool eagre_parquet_varint_read(const uint8_t **next, const uint8_t *end, uint64_t *out_value) {
  uint64_t value = 0;
  const uint8_t *byte = *next;
  for (unsigned i = 0; i < VARINT_SIZE_MAX && byte < end; i++) {
    value |= (uint64_t)(*byte & 0x7f) << (7 * i);
    if (*byte++ < 0x80) {
      *next = byte;
      *out_value = value;
      return true;
    }
  }
  return false;
}

static uint64_t read_varint(struct eagre_parquet_thrift_reader *reader) {
  uint64_t value = 0;
  if (!eagre_parquet_varint_read(&reader->next, reader->end, &value)) {
    eagre_parquet_thrift_fail(reader);
  }
  return value;
}

static int64_t read_zigzag(struct eagre_parquet_thrift_reader *reader) {
  uint64_t zigzag = read_varint(reader);
  return (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

bool eagre_parquet_thrift_next_field(struct eagre_parquet_thrift_reader *reader,
                                     struct eagre_parquet_thrift_field *field) {
  uint8_t header = read_byte(reader);
  if (reader->is_failed || header == 0) return false;
  field->type = header & 0x0f;
  int64_t id = header >> 4 != 0 ? field->id + (header >> 4) : read_zigzag(reader);
  if (id <= 0 || id > INT16_MAX) eagre_parquet_thrift_fail(reader);
  field->id = (int32_t)id;
  return !reader->is_failed;
}

static void expect(struct eagre_parquet_thrift_reader *reader, bool is_met) {
  if (!is_met) eagre_parquet_thrift_fail(reader);
}

bool eagre_parquet_thrift_read_bool(struct eagre_parquet_thrift_reader *reader, uint8_t type) {
  expect(reader, type == EAGRE_PARQUET_THRIFT_TRUE || type == EAGRE_PARQUET_THRIFT_FALSE);
  return type == EAGRE_PARQUET_THRIFT_TRUE;
}

int64_t eagre_parquet_thrift_read_i64(struct eagre_parquet_thrift_reader *reader, uint8_t type) {
  if (type == EAGRE_PARQUET_THRIFT_I8) return (int8_t)read_byte(reader);
  expect(reader, type >= EAGRE_PARQUET_THRIFT_I16 && type <= EAGRE_PARQUET_THRIFT_I64);
  return reader->is_failed ? 0 : read_zigzag(reader);
}

int32_t eagre_parquet_thrift_read_i32(struct eagre_parquet_thrift_reader *reader, uint8_t type) {
  int64_t value = eagre_parquet_thrift_read_i64(reader, type);
  expect(reader, value >= INT32_MIN && value <= INT32_MAX);
  return reader->is_failed ? 0 : (int32_t)value;
}

struct eagre_text eagre_parquet_thrift_read_binary(struct eagre_parquet_thrift_reader *reader,
                                                   uint8_t type) {
  expect(reader, type == EAGRE_PARQUET_THRIFT_BINARY);
  uint64_t size = read_varint(reader);
  expect(reader, size <= count_left(reader));
  if (reader->is_failed) return EAGRE_TEXT("");
  struct eagre_text value = eagre_text_make((const char *)reader->next, (size_t)size);
  reader->next += size;
  return value;
}

bool eagre_parquet_thrift_expect_struct(struct eagre_parquet_thrift_reader *reader, uint8_t type) {
  expect(reader, type == EAGRE_PARQUET_THRIFT_STRUCT);
  return !reader->is_failed;
}

/* Every element takes a byte at least. */
static uint32_t read_list_header(struct eagre_parquet_thrift_reader *reader,
                                 uint8_t *out_element_type) {
  uint8_t header = read_byte(reader);
  *out_element_type = header & 0x0f;
  uint64_t count = header >> 4 == LONG_LIST ? read_varint(reader) : header >> 4;
  expect(reader, count <= count_left(reader) && count <= INT32_MAX);
  return reader->is_failed ? 0 : (uint32_t)count;
}

uint32_t eagre_parquet_thrift_read_list(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                                        uint8_t element_type, size_t size_min) {
  expect(reader, type == EAGRE_PARQUET_THRIFT_LIST);
  uint8_t found_type = 0;
  uint32_t count = read_list_header(reader, &found_type);
  expect(reader, count == 0 || found_type == element_type);
  expect(reader, count <= count_left(reader) / size_min);
  return reader->is_failed ? 0 : count;
}

/* ---- Skipping ------------------------------------------------------------------------------- */

static void skip_value(struct eagre_parquet_thrift_reader *reader, uint8_t type, uint32_t depth);

static void skip_struct(struct eagre_parquet_thrift_reader *reader, uint32_t depth) {
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    bool is_bool =
        field.type == EAGRE_PARQUET_THRIFT_TRUE || field.type == EAGRE_PARQUET_THRIFT_FALSE;
    if (!is_bool) skip_value(reader, field.type, depth);
  }
}

static void skip_elements(struct eagre_parquet_thrift_reader *reader, uint32_t depth) {
  uint8_t type = 0;
  uint32_t count = read_list_header(reader, &type);
  for (uint32_t i = 0; i < count && !reader->is_failed; i++) {
    skip_value(reader, type, depth);
  }
}

static void skip_map(struct eagre_parquet_thrift_reader *reader, uint32_t depth) {
  uint64_t count = read_varint(reader);
  if (count == 0) return;
  uint8_t types = read_byte(reader);
  for (uint64_t i = 0; i < count && !reader->is_failed; i++) {
    skip_value(reader, types >> 4, depth);
    skip_value(reader, types & 0x0f, depth);
  }
}

/* A value that is an element: a boolean takes a byte there. */
static void skip_value(struct eagre_parquet_thrift_reader *reader, uint8_t type, uint32_t depth) {
  expect(reader, depth < EAGRE_PARQUET_THRIFT_SKIP_DEPTH_MAX);
  if (reader->is_failed) return;
  switch (type) {
  case EAGRE_PARQUET_THRIFT_TRUE:
  case EAGRE_PARQUET_THRIFT_FALSE:
  case EAGRE_PARQUET_THRIFT_I8:
    read_byte(reader);
    return;
  case EAGRE_PARQUET_THRIFT_I16:
  case EAGRE_PARQUET_THRIFT_I32:
  case EAGRE_PARQUET_THRIFT_I64:
    read_varint(reader);
    return;
  case THRIFT_DOUBLE:
    expect(reader, count_left(reader) >= DOUBLE_SIZE);
    if (!reader->is_failed) reader->next += DOUBLE_SIZE;
    return;
  case EAGRE_PARQUET_THRIFT_BINARY:
    eagre_parquet_thrift_read_binary(reader, type);
    return;
  case EAGRE_PARQUET_THRIFT_LIST:
  case THRIFT_SET:
    skip_elements(reader, depth + 1);
    return;
  case THRIFT_MAP:
    skip_map(reader, depth + 1);
    return;
  case EAGRE_PARQUET_THRIFT_STRUCT:
    skip_struct(reader, depth + 1);
    return;
  default:
    eagre_parquet_thrift_fail(reader);
  }
}

void eagre_parquet_thrift_skip(struct eagre_parquet_thrift_reader *reader, uint8_t type) {
  bool is_bool = type == EAGRE_PARQUET_THRIFT_TRUE || type == EAGRE_PARQUET_THRIFT_FALSE;
  if (!is_bool) skip_value(reader, type, 0);
}
