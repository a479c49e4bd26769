/* The structures of parquet.thrift that a reader needs, field by field. */
#include "parquet/parquet_metadata.h"

#include "parquet/parquet_thrift_read.h"

enum {
  NOT_GIVEN = -1,
  /* The fewest bytes that the required fields take, so that a count is bounded by what is there. */
  ELEMENT_SIZE_MIN = 3,
  CHUNK_SIZE_MIN = 16,
  GROUP_SIZE_MIN = 5,
  ORDER_SIZE_MIN = 1,
};

/* ---- Schema --------------------------------------------------------------------------------- */

/* The member of a union without content of its own. */
static int32_t read_union(struct eagre_parquet_thrift_reader *reader, uint8_t type) {
  int32_t member = 0;
  if (!eagre_parquet_thrift_expect_struct(reader, type)) return 0;
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    member = field.id;
    eagre_parquet_thrift_skip(reader, field.type);
  }
  return member;
}

static void read_decimal_type(struct eagre_parquet_thrift_reader *reader,
                              struct eagre_parquet_logical *logical) {
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    if (field.id == 1) {
      logical->scale = eagre_parquet_thrift_read_i32(reader, field.type);
    } else if (field.id == 2) {
      logical->precision = eagre_parquet_thrift_read_i32(reader, field.type);
    } else {
      eagre_parquet_thrift_skip(reader, field.type);
    }
  }
}

/* TIME and TIMESTAMP. */
static void read_time_type(struct eagre_parquet_thrift_reader *reader,
                           struct eagre_parquet_logical *logical) {
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    if (field.id == 1) {
      logical->is_utc = eagre_parquet_thrift_read_bool(reader, field.type);
    } else if (field.id == 2) {
      logical->unit = read_union(reader, field.type);
    } else {
      eagre_parquet_thrift_skip(reader, field.type);
    }
  }
}

static void read_integer_type(struct eagre_parquet_thrift_reader *reader,
                              struct eagre_parquet_logical *logical) {
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    if (field.id == 1) {
      logical->bit_width = eagre_parquet_thrift_read_i32(reader, field.type);
    } else if (field.id == 2) {
      logical->is_signed = eagre_parquet_thrift_read_bool(reader, field.type);
    } else {
      eagre_parquet_thrift_skip(reader, field.type);
    }
  }
}

static void read_logical_type(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                              struct eagre_parquet_logical *logical) {
  if (!eagre_parquet_thrift_expect_struct(reader, type)) return;
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    logical->kind = field.id;
    if (!eagre_parquet_thrift_expect_struct(reader, field.type)) return;
    switch (field.id) {
    case EAGRE_PARQUET_LOGICAL_DECIMAL:
      read_decimal_type(reader, logical);
      break;
    case EAGRE_PARQUET_LOGICAL_TIME:
    case EAGRE_PARQUET_LOGICAL_TIMESTAMP:
      read_time_type(reader, logical);
      break;
    case EAGRE_PARQUET_LOGICAL_INTEGER:
      read_integer_type(reader, logical);
      break;
    default:
      eagre_parquet_thrift_skip(reader, field.type);
    }
  }
}

static void read_element_field(struct eagre_parquet_thrift_reader *reader, int32_t id, uint8_t type,
                               struct eagre_parquet_element *element) {
  switch (id) {
  case 1:
    element->physical = eagre_parquet_thrift_read_i32(reader, type);
    if (element->physical < 0) eagre_parquet_thrift_fail(reader);
    return;
  case 2:
    element->length = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 3:
    element->repetition = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 4:
    element->name = eagre_parquet_thrift_read_binary(reader, type);
    return;
  case 5:
    element->child_count = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 6:
    element->converted = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 7:
    element->scale = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 8:
    element->precision = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 10:
    read_logical_type(reader, type, &element->logical);
    return;
  default:
    eagre_parquet_thrift_skip(reader, type);
  }
}

static void read_schema(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                        struct eagre_parquet_metadata *metadata, struct eagre_arena *arena) {
  uint32_t count =
      eagre_parquet_thrift_read_list(reader, type, EAGRE_PARQUET_THRIFT_STRUCT, ELEMENT_SIZE_MIN);
  metadata->elements = eagre_arena_allocate_zeroed(arena, count * sizeof *metadata->elements);
  for (uint32_t i = 0; i < count && !reader->is_failed; i++) {
    struct eagre_parquet_element *element = &metadata->elements[i];
    element->physical = NOT_GIVEN;
    element->converted = EAGRE_PARQUET_CONVERTED_NONE;
    struct eagre_parquet_thrift_field field = {0};
    while (eagre_parquet_thrift_next_field(reader, &field)) {
      read_element_field(reader, field.id, field.type, element);
    }
    if (element->name.data == NULL && i > 0) eagre_parquet_thrift_fail(reader);
  }
  metadata->element_count = count;
}

/* ---- Row groups ----------------------------------------------------------------------------- */

static void read_bounds_field(struct eagre_parquet_thrift_reader *reader, int32_t id, uint8_t type,
                              struct eagre_parquet_bounds *bounds,
                              struct eagre_parquet_bounds *legacy) {
  switch (id) {
  case 1:
    legacy->maximum = eagre_parquet_thrift_read_binary(reader, type);
    legacy->has_maximum = true;
    return;
  case 2:
    legacy->minimum = eagre_parquet_thrift_read_binary(reader, type);
    legacy->has_minimum = true;
    return;
  case 3:
    bounds->null_count = eagre_parquet_thrift_read_i64(reader, type);
    return;
  case 5:
    bounds->maximum = eagre_parquet_thrift_read_binary(reader, type);
    bounds->has_maximum = true;
    return;
  case 6:
    bounds->minimum = eagre_parquet_thrift_read_binary(reader, type);
    bounds->has_minimum = true;
    return;
  case 9:
    bounds->nan_count = eagre_parquet_thrift_read_i64(reader, type);
    return;
  default:
    eagre_parquet_thrift_skip(reader, type);
  }
}

static void read_bounds(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                        struct eagre_parquet_bounds *bounds) {
  struct eagre_parquet_bounds legacy = {.is_legacy = true};
  if (!eagre_parquet_thrift_expect_struct(reader, type)) return;
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    read_bounds_field(reader, field.id, field.type, bounds, &legacy);
  }
  if (bounds->has_minimum || bounds->has_maximum) return;
  legacy.null_count = bounds->null_count;
  legacy.nan_count = bounds->nan_count;
  *bounds = legacy;
}

static void read_chunk_metadata_field(struct eagre_parquet_thrift_reader *reader, int32_t id,
                                      uint8_t type, struct eagre_parquet_stored_chunk *chunk) {
  switch (id) {
  case 1:
    chunk->physical = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 4:
    chunk->codec = eagre_parquet_thrift_read_i32(reader, type);
    return;
  case 5:
    chunk->value_count = eagre_parquet_thrift_read_i64(reader, type);
    return;
  case 6:
    chunk->uncompressed_size = eagre_parquet_thrift_read_i64(reader, type);
    return;
  case 7:
    chunk->compressed_size = eagre_parquet_thrift_read_i64(reader, type);
    return;
  case 9:
    chunk->data_page_offset = eagre_parquet_thrift_read_i64(reader, type);
    return;
  case 11:
    chunk->dictionary_page_offset = eagre_parquet_thrift_read_i64(reader, type);
    return;
  case 12:
    read_bounds(reader, type, &chunk->bounds);
    return;
  default:
    eagre_parquet_thrift_skip(reader, type);
  }
}

static void read_chunk_metadata(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                                struct eagre_parquet_stored_chunk *chunk) {
  if (!eagre_parquet_thrift_expect_struct(reader, type)) return;
  chunk->has_metadata = true;
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    read_chunk_metadata_field(reader, field.id, field.type, chunk);
  }
  bool is_sane = chunk->physical >= 0 && chunk->codec >= 0 && chunk->value_count >= 0 &&
                 chunk->uncompressed_size >= 0 && chunk->compressed_size >= 0 &&
                 chunk->data_page_offset >= 0 && chunk->dictionary_page_offset >= 0;
  if (!is_sane) eagre_parquet_thrift_fail(reader);
}

static void read_chunk(struct eagre_parquet_thrift_reader *reader,
                       struct eagre_parquet_stored_chunk *chunk) {
  *chunk = (struct eagre_parquet_stored_chunk){
      .physical = NOT_GIVEN,
      .codec = NOT_GIVEN,
      .value_count = NOT_GIVEN,
      .uncompressed_size = NOT_GIVEN,
      .compressed_size = NOT_GIVEN,
      .data_page_offset = NOT_GIVEN,
      .bounds = {.null_count = NOT_GIVEN, .nan_count = NOT_GIVEN},
  };
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    switch (field.id) {
    case 1:
      chunk->is_elsewhere = eagre_parquet_thrift_read_binary(reader, field.type).size > 0;
      break;
    case 3:
      read_chunk_metadata(reader, field.type, chunk);
      break;
    case 8:
      chunk->is_encrypted = true;
      eagre_parquet_thrift_skip(reader, field.type);
      break;
    default:
      eagre_parquet_thrift_skip(reader, field.type);
    }
  }
}

static void read_chunks(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                        struct eagre_parquet_stored_group *group, struct eagre_arena *arena) {
  uint32_t count =
      eagre_parquet_thrift_read_list(reader, type, EAGRE_PARQUET_THRIFT_STRUCT, CHUNK_SIZE_MIN);
  group->chunks = eagre_arena_allocate_zeroed(arena, count * sizeof *group->chunks);
  group->chunk_count = count;
  for (uint32_t i = 0; i < count && !reader->is_failed; i++) {
    read_chunk(reader, &group->chunks[i]);
  }
}

static void read_groups(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                        struct eagre_parquet_metadata *metadata, struct eagre_arena *arena) {
  uint32_t count =
      eagre_parquet_thrift_read_list(reader, type, EAGRE_PARQUET_THRIFT_STRUCT, GROUP_SIZE_MIN);
  metadata->groups = eagre_arena_allocate_zeroed(arena, count * sizeof *metadata->groups);
  metadata->group_count = count;
  for (uint32_t i = 0; i < count && !reader->is_failed; i++) {
    struct eagre_parquet_stored_group *group = &metadata->groups[i];
    group->row_count = NOT_GIVEN;
    struct eagre_parquet_thrift_field field = {0};
    while (eagre_parquet_thrift_next_field(reader, &field)) {
      if (field.id == 1) {
        read_chunks(reader, field.type, group, arena);
      } else if (field.id == 3) {
        group->row_count = eagre_parquet_thrift_read_i64(reader, field.type);
      } else {
        eagre_parquet_thrift_skip(reader, field.type);
      }
    }
    if (group->row_count < 0) eagre_parquet_thrift_fail(reader);
  }
}

/* ---- Footer --------------------------------------------------------------------------------- */

static void read_orders(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                        struct eagre_parquet_metadata *metadata, struct eagre_arena *arena) {
  uint32_t count =
      eagre_parquet_thrift_read_list(reader, type, EAGRE_PARQUET_THRIFT_STRUCT, ORDER_SIZE_MIN);
  metadata->has_type_order = eagre_arena_allocate_zeroed(arena, count * sizeof(bool));
  metadata->order_count = count;
  for (uint32_t i = 0; i < count && !reader->is_failed; i++) {
    metadata->has_type_order[i] = read_union(reader, EAGRE_PARQUET_THRIFT_STRUCT) == 1;
  }
}

static void read_footer_field(struct eagre_parquet_thrift_reader *reader, int32_t id, uint8_t type,
                              struct eagre_parquet_metadata *metadata, struct eagre_arena *arena) {
  switch (id) {
  case 2:
    read_schema(reader, type, metadata, arena);
    return;
  case 3:
    metadata->row_count = eagre_parquet_thrift_read_i64(reader, type);
    return;
  case 4:
    read_groups(reader, type, metadata, arena);
    return;
  case 7:
    read_orders(reader, type, metadata, arena);
    return;
  case 8:
    metadata->is_encrypted = true;
    eagre_parquet_thrift_skip(reader, type);
    return;
  default:
    eagre_parquet_thrift_skip(reader, type);
  }
}

const char *eagre_parquet_metadata_read(struct eagre_parquet_metadata *metadata,
                                        struct eagre_text bytes, struct eagre_arena *arena) {
  *metadata = (struct eagre_parquet_metadata){.row_count = NOT_GIVEN};
  struct eagre_parquet_thrift_reader reader;
  eagre_parquet_thrift_reader_init(&reader, bytes);
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(&reader, &field)) {
    read_footer_field(&reader, field.id, field.type, metadata, arena);
  }
  if (reader.is_failed) return "the footer cannot be decoded";
  if (metadata->element_count == 0) return "the footer has no schema";
  if (metadata->row_count < 0) return "the footer has no number of rows";
  return NULL;
}

/* ---- Page headers --------------------------------------------------------------------------- */

/* DataPageHeader, DictionaryPageHeader: the same numbers. */
static void read_page_body(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                           struct eagre_parquet_page_header *header) {
  if (!eagre_parquet_thrift_expect_struct(reader, type)) return;
  header->has_body = true;
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    if (field.id == 1) {
      header->value_count = eagre_parquet_thrift_read_i32(reader, field.type);
    } else if (field.id == 2) {
      header->encoding = eagre_parquet_thrift_read_i32(reader, field.type);
    } else if (field.id == 3 && header->type == EAGRE_PARQUET_DATA_PAGE) {
      header->definition_encoding = eagre_parquet_thrift_read_i32(reader, field.type);
    } else if (field.id == 4 && header->type == EAGRE_PARQUET_DATA_PAGE) {
      header->repetition_encoding = eagre_parquet_thrift_read_i32(reader, field.type);
    } else {
      eagre_parquet_thrift_skip(reader, field.type);
    }
  }
}

static void read_page_body_v2(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                              struct eagre_parquet_page_header *header) {
  if (!eagre_parquet_thrift_expect_struct(reader, type)) return;
  header->has_body = true;
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(reader, &field)) {
    switch (field.id) {
    case 1:
      header->value_count = eagre_parquet_thrift_read_i32(reader, field.type);
      break;
    case 4:
      header->encoding = eagre_parquet_thrift_read_i32(reader, field.type);
      break;
    case 5:
      header->definitions_size = eagre_parquet_thrift_read_i32(reader, field.type);
      break;
    case 6:
      header->repetitions_size = eagre_parquet_thrift_read_i32(reader, field.type);
      break;
    case 7:
      header->is_compressed = eagre_parquet_thrift_read_bool(reader, field.type);
      break;
    default:
      eagre_parquet_thrift_skip(reader, field.type);
    }
  }
}

static void read_page_header_field(struct eagre_parquet_thrift_reader *reader, int32_t id,
                                   uint8_t type, struct eagre_parquet_page_header *header) {
  if (id == 1) {
    header->type = eagre_parquet_thrift_read_i32(reader, type);
  } else if (id == 2) {
    header->uncompressed_size = eagre_parquet_thrift_read_i32(reader, type);
  } else if (id == 3) {
    header->compressed_size = eagre_parquet_thrift_read_i32(reader, type);
  } else if (id == 4) {
    header->has_checksum = true;
    header->checksum = (uint32_t)eagre_parquet_thrift_read_i32(reader, type);
  } else if (id == 5 && header->type == EAGRE_PARQUET_DATA_PAGE) {
    read_page_body(reader, type, header);
  } else if (id == 7 && header->type == EAGRE_PARQUET_DICTIONARY_PAGE) {
    read_page_body(reader, type, header);
  } else if (id == 8 && header->type == EAGRE_PARQUET_DATA_PAGE_V2) {
    read_page_body_v2(reader, type, header);
  } else {
    eagre_parquet_thrift_skip(reader, type);
  }
}

static bool is_header_sane(const struct eagre_parquet_page_header *header) {
  return header->type >= 0 && header->uncompressed_size >= 0 && header->compressed_size >= 0 &&
         header->value_count >= 0 && header->definitions_size >= 0 && header->repetitions_size >= 0;
}

enum eagre_parquet_header_result
eagre_parquet_page_header_read(struct eagre_parquet_page_header *header, struct eagre_text bytes,
                               size_t *out_size) {
  *header = (struct eagre_parquet_page_header){
      .type = NOT_GIVEN,
      .uncompressed_size = NOT_GIVEN,
      .compressed_size = NOT_GIVEN,
      .is_compressed = true,
  };
  struct eagre_parquet_thrift_reader reader;
  eagre_parquet_thrift_reader_init(&reader, bytes);
  struct eagre_parquet_thrift_field field = {0};
  while (eagre_parquet_thrift_next_field(&reader, &field)) {
    read_page_header_field(&reader, field.id, field.type, header);
  }
  /* Wrong and cut short look alike: the caller knows whether there is more. */
  if (reader.is_failed) return EAGRE_PARQUET_HEADER_CUT;
  *out_size = (size_t)((const char *)reader.next - bytes.data);
  return is_header_sane(header) ? EAGRE_PARQUET_HEADER_OK : EAGRE_PARQUET_HEADER_WRONG;
}
