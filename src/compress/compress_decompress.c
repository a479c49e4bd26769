/* Decompression of bytes that may be damaged: every length is checked by the library against the
 * room it is given, and the size that comes out against the size the caller was promised. */
#include <limits.h>
#include <snappy-c.h>

#include <lz4.h>
#include <zlib.h>
#include <zstd.h>

#include "compress/compress.h"

enum { GZIP_WINDOW_BITS = 15 + 16 };

/* Each returns whether `input` gave exactly `output_size` bytes. */

static bool decompress_none(struct eagre_text input, char *output, size_t output_size) {
  if (input.size != output_size) return false;
  if (output_size > 0) memcpy(output, input.data, output_size);
  return true;
}

static bool decompress_snappy(struct eagre_text input, char *output, size_t output_size) {
  size_t size = 0;
  if (snappy_uncompressed_length(input.data, input.size, &size) != SNAPPY_OK) return false;
  if (size != output_size) return false;
  return snappy_uncompress(input.data, input.size, output, &size) == SNAPPY_OK;
}

static bool decompress_lz4(struct eagre_text input, char *output, size_t output_size) {
  if (input.size > INT_MAX || output_size > INT_MAX) return false;
  int size = LZ4_decompress_safe(input.data, output, (int)input.size, (int)output_size);
  return size >= 0 && (size_t)size == output_size;
}

static bool decompress_zstd(struct eagre_text input, char *output, size_t output_size) {
  size_t size = ZSTD_decompress(output, output_size, input.data, input.size);
  return !ZSTD_isError(size) && size == output_size;
}

/* A gzip page may be several members one after the other. */
static bool inflate_members(z_stream *stream) {
  for (;;) {
    int result = inflate(stream, Z_FINISH);
    if (result != Z_STREAM_END) return false;
    if (stream->avail_in == 0) return stream->avail_out == 0;
    if (inflateReset(stream) != Z_OK) return false;
  }
}

static bool decompress_gzip(struct eagre_text input, char *output, size_t output_size) {
  if (input.size > UINT_MAX || output_size > UINT_MAX) return false;
  z_stream stream = {
      .next_in = (unsigned char *)(uintptr_t)input.data,
      .avail_in = (unsigned)input.size,
      .next_out = (unsigned char *)output,
      .avail_out = (unsigned)output_size,
  };
  if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK) return false;
  bool is_whole = inflate_members(&stream);
  inflateEnd(&stream);
  return is_whole;
}

static bool decompress(enum eagre_codec codec, struct eagre_text input, char *output,
                       size_t output_size) {
  switch (codec) {
  case EAGRE_CODEC_NONE:
    return decompress_none(input, output, output_size);
  case EAGRE_CODEC_SNAPPY:
    return decompress_snappy(input, output, output_size);
  case EAGRE_CODEC_GZIP:
    return decompress_gzip(input, output, output_size);
  case EAGRE_CODEC_LZ4_RAW:
    return decompress_lz4(input, output, output_size);
  case EAGRE_CODEC_ZSTD:
    return decompress_zstd(input, output, output_size);
  case EAGRE_CODEC_count:
    break;
  }
  eagre_assert_failed("known codec", __FILE__, __LINE__);
}

enum eagre_status eagre_decompress(enum eagre_codec codec, struct eagre_text input, char *output,
                                   size_t output_size, struct eagre_error *error) {
  /* The libraries want pointers even to no bytes. */
  char nothing[1];
  if (input.size == 0) input.data = "";
  if (output_size == 0) output = nothing;
  if (decompress(codec, input, output, output_size)) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_COMPRESSED_DATA",
                         "%zu bytes of %s data do not give the %zu bytes they should", input.size,
                         eagre_codec_name(codec), output_size);
}
