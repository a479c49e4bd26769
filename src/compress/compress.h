/* Door of the room `compress`: one face over zstd, lz4, snappy and zlib. Any thread; a codec
 * handle belongs to one thread (it keeps the library's working memory). */
#pragma once

#include <stddef.h>

#include "base/base.h"

enum eagre_codec {
  EAGRE_CODEC_NONE,
  EAGRE_CODEC_SNAPPY,
  EAGRE_CODEC_GZIP,
  EAGRE_CODEC_LZ4_RAW, /* a bare block */
  EAGRE_CODEC_ZSTD,
  EAGRE_CODEC_count
};

/* "none" ("uncompressed"), "snappy", "gzip", "lz4" ("lz4_raw"), "zstd" ("zstandard"), any case.
 * USAGE COMPRESSION_CODEC_NOT_AVAILABLE lists the names and the nearest one. */
enum eagre_status eagre_codec_parse(struct eagre_text name, enum eagre_codec *out_codec,
                                    struct eagre_error *error);
const char *eagre_codec_name(enum eagre_codec codec);

struct eagre_compressor;
/* `level` 0 = the codec's default here (zstd 1, gzip 6); a level out of range is clamped, snappy
 * and lz4 have none. */
struct eagre_compressor *eagre_compressor_new(enum eagre_codec codec, int level);
void eagre_compressor_free(struct eagre_compressor *compressor);
/* Appends the compressed form of `input` to `out`. NONE appends it as it is. INTERNAL
 * COMPRESSION_FAILED: more than about 2 GiB (lz4) or 4 GiB (snappy, gzip) in one piece. */
enum eagre_status eagre_compress(struct eagre_compressor *compressor, struct eagre_text input,
                                 struct eagre_buffer *out, struct eagre_error *error);
/* Writes exactly `output_size` bytes to `output`. Damaged input, or another size: UNSAFE
 * MALFORMED_COMPRESSED_DATA. */
enum eagre_status eagre_decompress(enum eagre_codec codec, struct eagre_text input, char *output,
                                   size_t output_size, struct eagre_error *error);

/* ---- Data that says its own size, or none at all --------------------------------------------- */

enum eagre_stream {
  EAGRE_STREAM_GZIP,   /* members */
  EAGRE_STREAM_SNAPPY, /* one block */
  EAGRE_STREAM_LZ4,    /* frames */
  EAGRE_STREAM_ZSTD,   /* frames */
};

/* Appends what `input` holds to `out`, at most `size_max` bytes. UNSAFE MALFORMED_COMPRESSED_DATA
 * when it is damaged, cut off, or larger; `out` is as it was then. */
enum eagre_status eagre_decompress_stream(enum eagre_stream kind, struct eagre_text input,
                                          size_t size_max, struct eagre_buffer *out,
                                          struct eagre_error *error);
