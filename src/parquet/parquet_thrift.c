/* Thrift's compact protocol, the writing half. */
#include "parquet/parquet_thrift.h"

enum {
  VARINT_SIZE_MAX = 10,
  SHORT_LIST_COUNT_MAX = 14,
  SHORT_FIELD_STEP_MAX = 15,
};

void eagre_parquet_varint_append(struct eagre_buffer *out, uint64_t value) {
  char *end = eagre_buffer_reserve(out, VARINT_SIZE_MAX);
  size_t size = 0;
  while (value >= 0x80) {
    end[size++] = (char)(value | 0x80);
    value >>= 7;
  }
  end[size++] = (char)value;
  out->size += size;
}

static void append_integer(struct eagre_parquet_thrift *thrift, int64_t value) {
  uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
  eagre_parquet_varint_append(thrift->out, zigzag);
}

static void append_binary(struct eagre_parquet_thrift *thrift, struct eagre_text value) {
  eagre_parquet_varint_append(thrift->out, value.size);
  eagre_buffer_append_text(thrift->out, value);
}

static void open_struct(struct eagre_parquet_thrift *thrift) {
  eagre_assert(thrift->depth < EAGRE_PARQUET_THRIFT_DEPTH_MAX);
  thrift->field_ids[thrift->depth++] = 0;
}

static void append_field(struct eagre_parquet_thrift *thrift, int16_t id,
                         enum eagre_parquet_thrift_type type) {
  eagre_assert(thrift->depth > 0);
  int16_t *last_id = &thrift->field_ids[thrift->depth - 1];
  eagre_assert(id > *last_id);
  int step = id - *last_id;
  if (step <= SHORT_FIELD_STEP_MAX) {
    eagre_buffer_append_char(thrift->out, (char)(step << 4 | (int)type));
  } else {
    eagre_buffer_append_char(thrift->out, (char)type);
    append_integer(thrift, id);
  }
  *last_id = id;
}

void eagre_parquet_thrift_begin(struct eagre_parquet_thrift *thrift, struct eagre_buffer *out) {
  *thrift = (struct eagre_parquet_thrift){.out = out};
  open_struct(thrift);
}

void eagre_parquet_thrift_end(struct eagre_parquet_thrift *thrift) {
  eagre_assert(thrift->depth > 0);
  thrift->depth--;
  eagre_buffer_append_char(thrift->out, 0);
}

void eagre_parquet_thrift_put_bool(struct eagre_parquet_thrift *thrift, int16_t id, bool value) {
  append_field(thrift, id, value ? EAGRE_PARQUET_THRIFT_TRUE : EAGRE_PARQUET_THRIFT_FALSE);
}

void eagre_parquet_thrift_put_i8(struct eagre_parquet_thrift *thrift, int16_t id, int8_t value) {
  append_field(thrift, id, EAGRE_PARQUET_THRIFT_I8);
  eagre_buffer_append_char(thrift->out, (char)value);
}

void eagre_parquet_thrift_put_i16(struct eagre_parquet_thrift *thrift, int16_t id, int16_t value) {
  append_field(thrift, id, EAGRE_PARQUET_THRIFT_I16);
  append_integer(thrift, value);
}

void eagre_parquet_thrift_put_i32(struct eagre_parquet_thrift *thrift, int16_t id, int32_t value) {
  append_field(thrift, id, EAGRE_PARQUET_THRIFT_I32);
  append_integer(thrift, value);
}

void eagre_parquet_thrift_put_i64(struct eagre_parquet_thrift *thrift, int16_t id, int64_t value) {
  append_field(thrift, id, EAGRE_PARQUET_THRIFT_I64);
  append_integer(thrift, value);
}

void eagre_parquet_thrift_put_binary(struct eagre_parquet_thrift *thrift, int16_t id,
                                     struct eagre_text value) {
  append_field(thrift, id, EAGRE_PARQUET_THRIFT_BINARY);
  append_binary(thrift, value);
}

void eagre_parquet_thrift_put_struct(struct eagre_parquet_thrift *thrift, int16_t id) {
  append_field(thrift, id, EAGRE_PARQUET_THRIFT_STRUCT);
  open_struct(thrift);
}

void eagre_parquet_thrift_put_list(struct eagre_parquet_thrift *thrift, int16_t id,
                                   enum eagre_parquet_thrift_type element_type, size_t count) {
  append_field(thrift, id, EAGRE_PARQUET_THRIFT_LIST);
  if (count <= SHORT_LIST_COUNT_MAX) {
    eagre_buffer_append_char(thrift->out, (char)(count << 4 | (size_t)element_type));
  } else {
    eagre_buffer_append_char(thrift->out, (char)(0xf0 | (int)element_type));
    eagre_parquet_varint_append(thrift->out, count);
  }
}

void eagre_parquet_thrift_add_bool(struct eagre_parquet_thrift *thrift, bool value) {
  eagre_buffer_append_char(thrift->out,
                           value ? EAGRE_PARQUET_THRIFT_TRUE : EAGRE_PARQUET_THRIFT_FALSE);
}

void eagre_parquet_thrift_add_i32(struct eagre_parquet_thrift *thrift, int32_t value) {
  append_integer(thrift, value);
}

void eagre_parquet_thrift_add_i64(struct eagre_parquet_thrift *thrift, int64_t value) {
  append_integer(thrift, value);
}

void eagre_parquet_thrift_add_binary(struct eagre_parquet_thrift *thrift, struct eagre_text value) {
  append_binary(thrift, value);
}

void eagre_parquet_thrift_add_struct(struct eagre_parquet_thrift *thrift) {
  open_struct(thrift);
}
