/* eagre/prepared/N: what an attempt has made durable before it commits, so that recovery can adopt
 * it without reading input again. All numbers little endian, texts as u32 length and bytes.
 *
 *   offset size
 *   0      8    magic "EAGREPRE"
 *   8      4    format version: 2 with partitions, else 1
 *   12     8    size of the body
 *   20     n    body:
 *               i64 epoch
 *               u8  has state
 *               i64 state version
 *               u32 cores that wrote state files
 *               i64 next watermark, ms
 *               i64 late-row watermark, ms
 *               text attempt
 *               u32 count, so many i64: greatest (event time - delay) per watermark node, ms
 *               u32 count, so many texts: sink pieces
 *               version 2: u32 count, so many partitions, of watermarks that follow each:
 *                 u32 watermark node, u32 source, i32 partition, text topic,
 *                 i64 greatest (event time - delay), ms, i64 time of its last epoch, ms
 *   20 + n 4    CRC32C of all bytes before
 *
 * A format version above ours is refused by name before anything behind it is looked at. The file
 * may be replaced by a later attempt of the same epoch; the rename decides. */
#include "checkpoint/checkpoint_file.h"

enum { FORMAT_VERSION = 2, HEADER_SIZE = 20, TRAILER_SIZE = 4 };

static const char MAGIC[8] = {'E', 'A', 'G', 'R', 'E', 'P', 'R', 'E'};

/* ---- Printing -------------------------------------------------------------------------------- */

static void append_integer(struct eagre_buffer *out, uint64_t value, size_t size) {
  char bytes[8];
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (char)(value >> 8 * i);
  }
  eagre_buffer_append(out, bytes, size);
}

static void append_sized_text(struct eagre_buffer *out, struct eagre_text text) {
  eagre_assert(text.size <= UINT32_MAX);
  append_integer(out, text.size, 4);
  eagre_buffer_append_text(out, text);
}

static void append_partitions(const struct eagre_checkpoint_prepared *prepared,
                              struct eagre_buffer *out) {
  append_integer(out, prepared->partition_count, 4);
  for (uint32_t i = 0; i < prepared->partition_count; i++) {
    const struct eagre_checkpoint_partition *partition = &prepared->partitions[i];
    append_integer(out, partition->watermark, 4);
    append_integer(out, partition->source, 4);
    append_integer(out, (uint32_t)partition->partition, 4);
    append_sized_text(out, partition->topic);
    append_integer(out, (uint64_t)partition->maximum_ms, 8);
    append_integer(out, (uint64_t)partition->last_ms, 8);
  }
}

static void append_body(const struct eagre_checkpoint_prepared *prepared,
                        struct eagre_buffer *out) {
  append_integer(out, (uint64_t)prepared->epoch, 8);
  append_integer(out, prepared->has_state, 1);
  append_integer(out, (uint64_t)prepared->state_version, 8);
  append_integer(out, prepared->core_count, 4);
  append_integer(out, (uint64_t)prepared->next_watermark_ms, 8);
  append_integer(out, (uint64_t)prepared->late_watermark_ms, 8);
  append_sized_text(out, prepared->attempt);
  append_integer(out, prepared->source_maximum_count, 4);
  for (uint32_t i = 0; i < prepared->source_maximum_count; i++) {
    append_integer(out, (uint64_t)prepared->source_maximum_ms[i], 8);
  }
  append_integer(out, prepared->sink_piece_count, 4);
  for (uint32_t i = 0; i < prepared->sink_piece_count; i++) {
    append_sized_text(out, prepared->sink_pieces[i]);
  }
  if (prepared->partition_count > 0) append_partitions(prepared, out);
}

void eagre_checkpoint_print_prepared(const struct eagre_checkpoint_prepared *prepared,
                                     struct eagre_buffer *out) {
  struct eagre_buffer body = {0};
  append_body(prepared, &body);
  size_t begin = out->size;
  eagre_buffer_append(out, MAGIC, sizeof MAGIC);
  append_integer(out, prepared->partition_count > 0 ? FORMAT_VERSION : 1, 4);
  append_integer(out, body.size, 8);
  eagre_buffer_append_text(out, eagre_buffer_text(&body));
  append_integer(out, eagre_crc32c(0, out->data + begin, out->size - begin), 4);
  eagre_buffer_done(&body);
}

/* ---- Parsing --------------------------------------------------------------------------------- */

/* The rest of the bytes; `is_short` once something reached past them, and then all reads give 0. */
struct reader {
  const char *next;
  size_t left;
  bool is_short;
};

static const char *take_bytes(struct reader *reader, size_t size) {
  if (reader->is_short || size > reader->left) {
    reader->is_short = true;
    return NULL;
  }
  const char *bytes = reader->next;
  reader->next += size;
  reader->left -= size;
  return bytes;
}

static uint64_t take_integer(struct reader *reader, size_t size) {
  const unsigned char *bytes = (const unsigned char *)take_bytes(reader, size);
  uint64_t value = 0;
  for (size_t i = 0; bytes != NULL && i < size; i++) {
    value |= (uint64_t)bytes[i] << 8 * i;
  }
  return value;
}

static struct eagre_text take_text(struct reader *reader, struct eagre_arena *arena) {
  size_t size = take_integer(reader, 4);
  const char *bytes = take_bytes(reader, size);
  if (bytes == NULL) return EAGRE_TEXT("");
  return eagre_arena_copy_text(arena, eagre_text_make(bytes, size));
}

/* A count of things of at least `item_size` bytes: never more than there can be. */
static uint32_t take_count(struct reader *reader, size_t item_size) {
  uint64_t count = take_integer(reader, 4);
  if (count > reader->left / item_size) {
    reader->is_short = true;
    return 0;
  }
  return (uint32_t)count;
}

static void take_partitions(struct reader *reader, struct eagre_arena *arena,
                            struct eagre_checkpoint_prepared *out) {
  out->partition_count = take_count(reader, 32);
  struct eagre_checkpoint_partition *partitions =
      eagre_arena_allocate(arena, out->partition_count * sizeof *partitions);
  out->partitions = partitions;
  for (uint32_t i = 0; i < out->partition_count; i++) {
    partitions[i].watermark = (uint32_t)take_integer(reader, 4);
    partitions[i].source = (uint32_t)take_integer(reader, 4);
    partitions[i].partition = (int32_t)take_integer(reader, 4);
    partitions[i].topic = take_text(reader, arena);
    partitions[i].maximum_ms = (int64_t)take_integer(reader, 8);
    partitions[i].last_ms = (int64_t)take_integer(reader, 8);
  }
}

static void take_body(struct reader *reader, uint64_t version, struct eagre_arena *arena,
                      struct eagre_checkpoint_prepared *out) {
  out->epoch = (int64_t)take_integer(reader, 8);
  out->has_state = take_integer(reader, 1) != 0;
  out->state_version = (int64_t)take_integer(reader, 8);
  out->core_count = (uint32_t)take_integer(reader, 4);
  out->next_watermark_ms = (int64_t)take_integer(reader, 8);
  out->late_watermark_ms = (int64_t)take_integer(reader, 8);
  out->attempt = take_text(reader, arena);
  out->source_maximum_count = take_count(reader, 8);
  int64_t *maxima = eagre_arena_allocate(arena, out->source_maximum_count * sizeof *maxima);
  out->source_maximum_ms = maxima;
  for (uint32_t i = 0; i < out->source_maximum_count; i++) {
    maxima[i] = (int64_t)take_integer(reader, 8);
  }
  out->sink_piece_count = take_count(reader, 4);
  struct eagre_text *pieces = eagre_arena_allocate(arena, out->sink_piece_count * sizeof *pieces);
  out->sink_pieces = pieces;
  for (uint32_t i = 0; i < out->sink_piece_count; i++) {
    pieces[i] = take_text(reader, arena);
  }
  if (version > 1) take_partitions(reader, arena, out);
}

static enum eagre_status refuse_corrupt(const char *place, const char *what,
                                        struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "PREPARED_FILE_CORRUPT", "%s is damaged: %s", place, what);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

/* The frame around the body: magic, version, length, checksum. */
static enum eagre_status check_frame(struct eagre_text content, const char *place,
                                     uint64_t *out_version, struct eagre_error *error) {
  if (content.size < HEADER_SIZE + TRAILER_SIZE)
    return refuse_corrupt(place, "it is too short", error);
  if (memcmp(content.data, MAGIC, sizeof MAGIC) != 0)
    return refuse_corrupt(place, "it does not begin as such a file does", error);
  struct reader header = {content.data + sizeof MAGIC, content.size - sizeof MAGIC, false};
  uint64_t version = take_integer(&header, 4);
  if (version > FORMAT_VERSION) {
    return eagre_error_set(error, EAGRE_UNSAFE, "PREPARED_FILE_VERSION_UNSUPPORTED",
                           "%s has format version %llu; this Eagre reads up to %d", place,
                           (unsigned long long)version, FORMAT_VERSION);
  }
  *out_version = version;
  if (version == 0) return refuse_corrupt(place, "it has no format version", error);
  if (take_integer(&header, 8) != content.size - HEADER_SIZE - TRAILER_SIZE)
    return refuse_corrupt(place, "its length is wrong", error);
  size_t checked = content.size - TRAILER_SIZE;
  struct reader trailer = {content.data + checked, TRAILER_SIZE, false};
  if (take_integer(&trailer, 4) != eagre_crc32c(0, content.data, checked))
    return refuse_corrupt(place, "its checksum is wrong", error);
  return EAGRE_OK;
}

enum eagre_status eagre_checkpoint_parse_prepared(struct eagre_text content, const char *place,
                                                  struct eagre_arena *arena,
                                                  struct eagre_checkpoint_prepared *out,
                                                  struct eagre_error *error) {
  *out = (struct eagre_checkpoint_prepared){0};
  uint64_t version = 0;
  EAGRE_TRY(check_frame(content, place, &version, error));
  struct reader body = {content.data + HEADER_SIZE, content.size - HEADER_SIZE - TRAILER_SIZE,
                        false};
  take_body(&body, version, arena, out);
  if (body.is_short || body.left > 0)
    return refuse_corrupt(place, "its checksum is right and its body is not", error);
  return EAGRE_OK;
}
