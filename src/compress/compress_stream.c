/* Decompression of data that does not say how much will come out. The output grows as it comes and
 * never beyond what the caller allows, so a few bytes that promise gigabytes cost nothing. */
#include <limits.h>
#include <snappy-c.h>

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "compress/compress.h"

enum {
  GZIP_WINDOW_BITS = 15 + 16,
  GROWTH_MIN = 16 * 1024,
};

/* Room behind what there is: twice as much as came in at first, then as much as came out so far. */
static size_t choose_room(const struct eagre_buffer *out, size_t begin, size_t input_size,
                          size_t size_max) {
  size_t done = out->size - begin;
  size_t room = done == 0 ? 2 * input_size : done;
  if (room < GROWTH_MIN) room = GROWTH_MIN;
  if (room > size_max - done) room = size_max - done;
  return room;
}

/* Each returns whether `input` was one whole stream whose content fits. */

static bool decompress_snappy(struct eagre_text input, size_t size_max, struct eagre_buffer *out) {
  size_t size = 0;
  if (snappy_uncompressed_length(input.data, input.size, &size) != SNAPPY_OK) return false;
  /* A length is believed when that many bytes can come of so few: a copy of 64 takes two. */
  if (size > size_max || size / 64 > input.size) return false;
  char *end = eagre_buffer_reserve(out, size + 1);
  if (snappy_uncompress(input.data, input.size, end, &size) != SNAPPY_OK) return false;
  out->size += size;
  return true;
}

static bool decompress_zstd(struct eagre_text input, size_t size_max, struct eagre_buffer *out) {
  ZSTD_DCtx *context = ZSTD_createDCtx();
  size_t begin = out->size;
  size_t left = 1;
  ZSTD_inBuffer in = {input.data, input.size, 0};
  eagre_assert(context != NULL);
  while (in.pos < in.size || left > 0) {
    size_t room = choose_room(out, begin, input.size, size_max);
    ZSTD_outBuffer piece = {eagre_buffer_reserve(out, room + 1), room, 0};
    size_t consumed = in.pos;
    left = ZSTD_decompressStream(context, &piece, &in);
    if (ZSTD_isError(left)) break;
    out->size += piece.pos;
    bool is_stuck = piece.pos == 0 && in.pos == consumed;
    if (is_stuck) break;
  }
  ZSTD_freeDCtx(context);
  return left == 0 && in.pos == in.size;
}

static bool decompress_lz4(struct eagre_text input, size_t size_max, struct eagre_buffer *out) {
  LZ4F_dctx *context = NULL;
  LZ4F_errorCode_t result = LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
  size_t begin = out->size;
  size_t position = 0;
  size_t left = 1;
  eagre_assert(!LZ4F_isError(result));
  while (position < input.size || left > 0) {
    size_t room = choose_room(out, begin, input.size, size_max);
    size_t written = room;
    size_t consumed = input.size - position;
    char *end = eagre_buffer_reserve(out, room + 1);
    left = LZ4F_decompress(context, end, &written, input.data + position, &consumed, NULL);
    if (LZ4F_isError(left)) break;
    out->size += written;
    position += consumed;
    bool is_stuck = written == 0 && consumed == 0;
    if (is_stuck) break;
  }
  LZ4F_freeDecompressionContext(context);
  return left == 0 && position == input.size;
}

/* Several members one after the other are one stream. */
static bool inflate_all(z_stream *stream, size_t size_max, struct eagre_buffer *out) {
  size_t begin = out->size;
  size_t input_size = stream->avail_in;
  for (;;) {
    size_t room = choose_room(out, begin, input_size, size_max);
    if (room > UINT_MAX) room = UINT_MAX;
    stream->next_out = (unsigned char *)eagre_buffer_reserve(out, room + 1);
    stream->avail_out = (unsigned)room;
    int result = inflate(stream, Z_NO_FLUSH);
    out->size += room - stream->avail_out;
    if (result == Z_STREAM_END) {
      if (stream->avail_in == 0) return true;
      if (inflateReset(stream) != Z_OK) return false;
    } else if (result != Z_OK) {
      return false;
    }
  }
}

static bool decompress_gzip(struct eagre_text input, size_t size_max, struct eagre_buffer *out) {
  z_stream stream = {
      .next_in = (unsigned char *)(uintptr_t)input.data,
      .avail_in = (unsigned)input.size,
  };
  if (input.size > UINT_MAX || inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK) return false;
  bool is_whole = inflate_all(&stream, size_max, out);
  inflateEnd(&stream);
  return is_whole;
}

static bool decompress(enum eagre_stream kind, struct eagre_text input, size_t size_max,
                       struct eagre_buffer *out) {
  switch (kind) {
  case EAGRE_STREAM_GZIP:
    return decompress_gzip(input, size_max, out);
  case EAGRE_STREAM_SNAPPY:
    return decompress_snappy(input, size_max, out);
  case EAGRE_STREAM_LZ4:
    return decompress_lz4(input, size_max, out);
  case EAGRE_STREAM_ZSTD:
    return decompress_zstd(input, size_max, out);
  }
  eagre_assert_failed("known stream", __FILE__, __LINE__);
}

enum eagre_status eagre_decompress_stream(enum eagre_stream kind, struct eagre_text input,
                                          size_t size_max, struct eagre_buffer *out,
                                          struct eagre_error *error) {
  static const char *const names[] = {"gzip", "snappy", "lz4", "zstd"};
  size_t begin = out->size;
  if (input.size > 0 && decompress(kind, input, size_max, out)) return EAGRE_OK;
  out->size = begin;
  return eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_COMPRESSED_DATA",
                         "%zu bytes of %s data are damaged, or give more than %zu bytes",
                         input.size, names[kind], size_max);
}
