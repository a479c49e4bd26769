/* Runs all unit tests of `parquet`, and the decoders they check with. */
#include "test_parquet.h"

static const struct eagre_type *make_type(struct eagre_arena *arena, enum eagre_type_kind kind,
                                          const struct eagre_field *fields, uint32_t count) {
  struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
  struct eagre_field *copy = eagre_arena_allocate(arena, count * sizeof *copy);
  memcpy(copy, fields, count * sizeof *copy);
  *type = (struct eagre_type){.kind = kind, .field_count = count, .fields = copy};
  return type;
}

const struct eagre_type *make_array(struct eagre_arena *arena, const struct eagre_type *element) {
  struct eagre_field field = {EAGRE_TEXT("element"), element, true};
  return make_type(arena, EAGRE_TYPE_ARRAY, &field, 1);
}

const struct eagre_type *make_map(struct eagre_arena *arena, const struct eagre_type *key,
                                  const struct eagre_type *value) {
  struct eagre_field fields[] = {
      {EAGRE_TEXT("key"), key, false},
      {EAGRE_TEXT("value"), value, true},
  };
  return make_type(arena, EAGRE_TYPE_MAP, fields, 2);
}

const struct eagre_type *make_column(struct eagre_arena *arena, const struct eagre_type *type) {
  struct eagre_field field = {EAGRE_TEXT("c"), type, true};
  return make_type(arena, EAGRE_TYPE_STRUCT, &field, 1);
}

uint64_t read_varint(const uint8_t *data, size_t *position) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = data[(*position)++];
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

static uint32_t read_bits(const uint8_t *data, size_t bit, unsigned width) {
  uint32_t value = 0;
  for (unsigned i = 0; i < width; i++) {
    value |= (uint32_t)eagre_bit_get(data, bit + i) << i;
  }
  return value;
}

static uint32_t read_little_endian(const uint8_t *data, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; i++) {
    value |= (uint32_t)data[i] << (8 * i);
  }
  return value;
}

static uint32_t decode_packed(const uint8_t *data, uint32_t group_count, unsigned width,
                              uint32_t *out, uint32_t count) {
  uint32_t decoded = 0;
  for (uint32_t i = 0; i < group_count * 8; i++) {
    uint32_t value = read_bits(data, (size_t)i * width, width);
    if (decoded < count) {
      out[decoded++] = value;
    } else {
      assert_int_equal(value, 0);
    }
  }
  return decoded;
}

size_t decode_hybrid(const uint8_t *data, size_t size, unsigned width, uint32_t *out,
                     uint32_t count) {
  size_t position = 0;
  uint32_t decoded = 0;
  while (decoded < count) {
    uint64_t header = read_varint(data, &position);
    assert_true(header >> 1 > 0);
    if (header & 1) {
      uint32_t group_count = (uint32_t)(header >> 1);
      decoded += decode_packed(data + position, group_count, width, out + decoded, count - decoded);
      position += (size_t)group_count * width;
      continue;
    }
    uint32_t value = read_little_endian(data + position, (width + 7) / 8);
    position += (width + 7) / 8;
    assert_true(header >> 1 <= count - decoded);
    for (uint64_t i = 0; i < header >> 1; i++) {
      out[decoded++] = value;
    }
  }
  assert_true(position <= size);
  return position;
}

int main(void) {
  int failed = 0;
  failed += run_thrift_tests();
  failed += run_hybrid_tests();
  failed += run_schema_tests();
  failed += run_shred_tests();
  failed += run_range_tests();
  failed += run_dictionary_tests();
  failed += run_chunk_tests();
  failed += run_writer_tests();
  failed += run_thrift_read_tests();
  failed += run_hybrid_read_tests();
  failed += run_delta_read_tests();
  failed += run_convert_tests();
  failed += run_reader_tests();
  return failed == 0 ? 0 : 1;
}
