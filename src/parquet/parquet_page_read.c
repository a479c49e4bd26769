/* Finding pages and undoing their compression.
 *
 * A chunk is read through a window, so that neither a page nor a chunk needs a call of its own.
 * Pages are trusted to end before the footer only: some writers counted the size of a chunk
 * wrong. */
#include "parquet/parquet_page_read.h"

#include <endian.h>

enum {
  WINDOW_SIZE = 1 << 18,
  HEADER_SIZE_FIRST = 256,
  HEADER_SIZE_MAX = 16 << 20, /* statistics of long texts stand in headers */
  HADOOP_HEADER_SIZE = 8,
};

/* ---- Beginning ------------------------------------------------------------------------------ */

static const char *const codec_names[] = {
    [EAGRE_PARQUET_CODEC_LZO] = "LZO",
    [EAGRE_PARQUET_CODEC_BROTLI] = "BROTLI",
};

static enum eagre_status check_codec(const struct eagre_parquet_cursor *cursor,
                                     struct eagre_error *error) {
  int32_t codec = cursor->codec;
  if (codec <= EAGRE_PARQUET_CODEC_LZ4_RAW && codec != EAGRE_PARQUET_CODEC_LZO &&
      codec != EAGRE_PARQUET_CODEC_BROTLI) {
    return EAGRE_OK;
  }
  struct eagre_buffer path = {0};
  eagre_parquet_node_append_path(cursor->node, &path);
  bool is_known = codec <= EAGRE_PARQUET_CODEC_LZ4_RAW;
  eagre_error_set(error, EAGRE_DATA, "COMPRESSION_CODEC_NOT_AVAILABLE",
                  "Encountered error while reading file %s: column %s is compressed with %s (%d), "
                  "which is not available",
                  cursor->file->path, eagre_buffer_string(&path),
                  is_known ? codec_names[codec] : "an unknown codec", codec);
  eagre_buffer_done(&path);
  return EAGRE_DATA;
}

static enum eagre_status refuse_encrypted(const struct eagre_parquet_cursor *cursor,
                                          struct eagre_error *error) {
  struct eagre_buffer path = {0};
  eagre_parquet_node_append_path(cursor->node, &path);
  eagre_error_set(error, EAGRE_DATA, "UNSUPPORTED_FEATURE.PARQUET_ENCRYPTION",
                  "Column %s of file %s is encrypted, which is not supported",
                  eagre_buffer_string(&path), cursor->file->path);
  eagre_buffer_done(&path);
  return EAGRE_DATA;
}

enum eagre_status eagre_parquet_cursor_begin(struct eagre_parquet_cursor *cursor,
                                             const struct eagre_parquet_file *file,
                                             const struct eagre_parquet_node *node,
                                             const struct eagre_parquet_stored_chunk *chunk,
                                             struct eagre_error *error) {
  cursor->file = file;
  cursor->node = node;
  cursor->codec = chunk->codec;
  eagre_buffer_clear(&cursor->window);
  if (chunk->is_encrypted) return refuse_encrypted(cursor, error);
  if (!chunk->has_metadata) return eagre_parquet_refuse(file, node, error, "it has no metadata");
  if (chunk->is_elsewhere) {
    return eagre_parquet_refuse(file, node, error, "it lies in another file");
  }
  if (chunk->physical != node->element->physical) {
    return eagre_parquet_refuse(file, node, error, "its type is not that of the schema");
  }
  EAGRE_TRY(check_codec(cursor, error));
  uint64_t begin = (uint64_t)chunk->data_page_offset;
  uint64_t dictionary = (uint64_t)chunk->dictionary_page_offset;
  if (dictionary > 0 && dictionary < begin) begin = dictionary;
  uint64_t size = (uint64_t)chunk->compressed_size;
  if (begin > file->pages_end || size > file->pages_end - begin) {
    return eagre_parquet_refuse(file, node, error, "its pages lie outside the file");
  }
  cursor->next = begin;
  cursor->ahead_end = begin + size;
  cursor->window_begin = begin;
  return EAGRE_OK;
}

void eagre_parquet_cursor_done(struct eagre_parquet_cursor *cursor) {
  eagre_buffer_done(&cursor->window);
}

/* ---- The window ----------------------------------------------------------------------------- */

/* Drops what lies before `next`. */
static void move_window(struct eagre_parquet_cursor *cursor) {
  uint64_t passed = cursor->next - cursor->window_begin;
  size_t kept = passed < cursor->window.size ? cursor->window.size - (size_t)passed : 0;
  if (kept > 0) memmove(cursor->window.data, cursor->window.data + passed, kept);
  cursor->window.size = kept;
  cursor->window_begin = cursor->next;
}

/* The `size` bytes from `next` on, which lie in the file; valid until the next call. */
static enum eagre_status look_ahead(struct eagre_parquet_cursor *cursor, size_t size,
                                    struct eagre_text *out_bytes, struct eagre_error *error) {
  uint64_t window_end = cursor->window_begin + cursor->window.size;
  if (cursor->next + size > window_end) {
    move_window(cursor);
    uint64_t ahead = cursor->next + WINDOW_SIZE;
    if (ahead > cursor->ahead_end) ahead = cursor->ahead_end;
    uint64_t end = cursor->next + size > ahead ? cursor->next + size : ahead;
    uint64_t begin = cursor->next + cursor->window.size;
    char *room = eagre_buffer_reserve(&cursor->window, (size_t)(end - begin));
    EAGRE_TRY(eagre_parquet_file_read(cursor->file, begin, room, (size_t)(end - begin), error));
    cursor->window.size += (size_t)(end - begin);
  }
  *out_bytes = eagre_text_make(cursor->window.data + (cursor->next - cursor->window_begin), size);
  return EAGRE_OK;
}

/* ---- Headers -------------------------------------------------------------------------------- */

static enum eagre_status read_header(struct eagre_parquet_cursor *cursor,
                                     struct eagre_parquet_page_header *header,
                                     struct eagre_error *error) {
  uint64_t left = cursor->file->pages_end - cursor->next;
  for (size_t size = HEADER_SIZE_FIRST; left > 0; size *= 4) {
    if (size > left) size = (size_t)left;
    struct eagre_text bytes;
    size_t used = 0;
    EAGRE_TRY(look_ahead(cursor, size, &bytes, error));
    enum eagre_parquet_header_result result = eagre_parquet_page_header_read(header, bytes, &used);
    if (result == EAGRE_PARQUET_HEADER_OK) {
      cursor->next += used;
      return EAGRE_OK;
    }
    bool may_be_longer = result == EAGRE_PARQUET_HEADER_CUT && size < left;
    if (!may_be_longer || size > HEADER_SIZE_MAX) break;
  }
  return eagre_parquet_refuse(cursor->file, cursor->node, error,
                              "the header of a page cannot be decoded");
}

static enum eagre_status check_header(const struct eagre_parquet_cursor *cursor,
                                      const struct eagre_parquet_page_header *header,
                                      struct eagre_error *error) {
  const char *problem = NULL;
  uint64_t stored = (uint64_t)header->compressed_size;
  uint64_t levels = (uint64_t)header->definitions_size + (uint64_t)header->repetitions_size;
  if (stored > cursor->file->pages_end - cursor->next) {
    problem = "a page lies outside the file";
  } else if (stored > cursor->file->page_size_max ||
             (uint64_t)header->uncompressed_size > cursor->file->page_size_max) {
    problem = "a page is too large";
  } else if (header->has_body &&
             (levels > stored || levels > (uint64_t)header->uncompressed_size)) {
    problem = "the levels of a page are larger than the page";
  }
  if (problem == NULL) return EAGRE_OK;
  return eagre_parquet_refuse(cursor->file, cursor->node, error, "%s", problem);
}

/* ---- Decompression -------------------------------------------------------------------------- */

static uint32_t load_big_endian(const char *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return be32toh(value);
}

/* Hadoop's framing: uncompressed and compressed size, highest byte first, then a block; again and
 * again. False when it is not that. */
static bool decompress_hadoop(struct eagre_text input, char *output, size_t output_size) {
  while (input.size >= HADOOP_HEADER_SIZE) {
    uint32_t size = load_big_endian(input.data);
    uint32_t stored = load_big_endian(input.data + sizeof size);
    input = eagre_text_make(input.data + HADOOP_HEADER_SIZE, input.size - HADOOP_HEADER_SIZE);
    if (stored > input.size || size > output_size) return false;
    struct eagre_text block = eagre_text_make(input.data, stored);
    if (eagre_decompress(EAGRE_CODEC_LZ4_RAW, block, output, size, NULL) != EAGRE_OK) return false;
    input = eagre_text_make(input.data + stored, input.size - stored);
    output += size;
    output_size -= size;
  }
  return input.size == 0 && output_size == 0;
}

static const enum eagre_codec codecs[] = {
    [EAGRE_PARQUET_CODEC_NONE] = EAGRE_CODEC_NONE,
    [EAGRE_PARQUET_CODEC_SNAPPY] = EAGRE_CODEC_SNAPPY,
    [EAGRE_PARQUET_CODEC_GZIP] = EAGRE_CODEC_GZIP,
    /* Some writers put a bare block there. */
    [EAGRE_PARQUET_CODEC_LZ4_HADOOP] = EAGRE_CODEC_LZ4_RAW,
    [EAGRE_PARQUET_CODEC_ZSTD] = EAGRE_CODEC_ZSTD,
    [EAGRE_PARQUET_CODEC_LZ4_RAW] = EAGRE_CODEC_LZ4_RAW,
};

static enum eagre_status decompress(const struct eagre_parquet_cursor *cursor,
                                    struct eagre_text input, char *output, size_t output_size,
                                    struct eagre_error *error) {
  /* A page of NULLs only may have nothing to decompress. */
  if (output_size == 0) return EAGRE_OK;
  bool is_hadoop = cursor->codec == EAGRE_PARQUET_CODEC_LZ4_HADOOP;
  if (is_hadoop && decompress_hadoop(input, output, output_size)) return EAGRE_OK;
  struct eagre_error reason;
  eagre_error_init(&reason);
  enum eagre_codec codec = codecs[cursor->codec];
  if (eagre_decompress(codec, input, output, output_size, &reason) == EAGRE_OK) return EAGRE_OK;
  return eagre_parquet_refuse(cursor->file, cursor->node, error, "%s", reason.text);
}

/* Levels of v2 pages stand in front and are not compressed. */
static enum eagre_status unpack_body(const struct eagre_parquet_cursor *cursor,
                                     const struct eagre_parquet_page_header *header,
                                     struct eagre_text stored, char *out,
                                     struct eagre_error *error) {
  bool is_v2 = header->type == EAGRE_PARQUET_DATA_PAGE_V2;
  size_t size = (size_t)header->uncompressed_size;
  if (is_v2 && !header->is_compressed) {
    if (stored.size != size) {
      return eagre_parquet_refuse(cursor->file, cursor->node, error,
                                  "a page is not as large as its header says");
    }
    memcpy(out, stored.data, size);
    return EAGRE_OK;
  }
  size_t levels = 0;
  if (is_v2) levels = (size_t)header->definitions_size + (size_t)header->repetitions_size;
  if (levels > 0) memcpy(out, stored.data, levels);
  struct eagre_text values = eagre_text_make(stored.data + levels, stored.size - levels);
  return decompress(cursor, values, out + levels, size - levels, error);
}

static bool has_wanted_body(const struct eagre_parquet_page_header *header) {
  return header->type == EAGRE_PARQUET_DATA_PAGE || header->type == EAGRE_PARQUET_DATA_PAGE_V2 ||
         header->type == EAGRE_PARQUET_DICTIONARY_PAGE;
}

enum eagre_status eagre_parquet_cursor_next(struct eagre_parquet_cursor *cursor,
                                            struct eagre_parquet_page_header *header,
                                            struct eagre_parquet_block **block,
                                            struct eagre_text *out_body,
                                            struct eagre_error *error) {
  EAGRE_TRY(read_header(cursor, header, error));
  EAGRE_TRY(check_header(cursor, header, error));
  size_t stored_size = (size_t)header->compressed_size;
  *out_body = EAGRE_TEXT("");
  if (has_wanted_body(header)) {
    if (!header->has_body) {
      return eagre_parquet_refuse(cursor->file, cursor->node, error,
                                  "the header of a page is not whole");
    }
    struct eagre_text stored;
    EAGRE_TRY(look_ahead(cursor, stored_size, &stored, error));
    if (header->has_checksum && eagre_crc32(0, stored.data, stored.size) != header->checksum) {
      return eagre_parquet_refuse(cursor->file, cursor->node, error,
                                  "the checksum of a page does not match: it is damaged");
    }
    eagre_parquet_block_renew(block, (size_t)header->uncompressed_size);
    EAGRE_TRY(unpack_body(cursor, header, stored, (*block)->data, error));
    *out_body = eagre_text_make((*block)->data, (size_t)header->uncompressed_size);
  }
  cursor->next += stored_size;
  return EAGRE_OK;
}
