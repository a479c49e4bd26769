/* Compression. A compressor keeps the working memory of its library, so that compressing many small
 * pages costs no allocation but the growth of the output. */
#include <limits.h>
#include <snappy-c.h>

#include <lz4.h>
#include <zlib.h>
#include <zstd.h>

#include "compress/compress.h"

enum {
  ZSTD_LEVEL_DEFAULT = 1, /* the Delta specification names zstd, latency asks for the fastest */
  GZIP_LEVEL_DEFAULT = 6,
  GZIP_LEVEL_MAX = 9,
  GZIP_WINDOW_BITS = 15 + 16, /* 32 KiB window, gzip header */
  GZIP_MEMORY_LEVEL = 8,
};

struct eagre_compressor {
  enum eagre_codec codec;
  int level;
  /* Of the codec's library; the others are NULL or unused. */
  ZSTD_CCtx *zstd;
  void *lz4;
  z_stream gzip;
};

/* Opening fails for exhausted memory alone, which ends the process (base_memory.h). */
static void open_zstd(struct eagre_compressor *compressor) {
  compressor->zstd = ZSTD_createCCtx();
  eagre_assert(compressor->zstd != NULL);
  int level = compressor->level == 0 ? ZSTD_LEVEL_DEFAULT : compressor->level;
  /* Out-of-range levels are clamped by the library. */
  size_t result = ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_compressionLevel, level);
  eagre_assert(!ZSTD_isError(result));
}

static void open_gzip(struct eagre_compressor *compressor) {
  int level = compressor->level <= 0 ? GZIP_LEVEL_DEFAULT : compressor->level;
  if (level > GZIP_LEVEL_MAX) level = GZIP_LEVEL_MAX;
  int result = deflateInit2(&compressor->gzip, level, Z_DEFLATED, GZIP_WINDOW_BITS,
                            GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
  eagre_assert(result == Z_OK);
}

struct eagre_compressor *eagre_compressor_new(enum eagre_codec codec, int level) {
  eagre_assert(codec < EAGRE_CODEC_count);
  struct eagre_compressor *compressor = eagre_allocate_zeroed(1, sizeof *compressor);
  compressor->codec = codec;
  compressor->level = level;
  if (codec == EAGRE_CODEC_ZSTD) open_zstd(compressor);
  if (codec == EAGRE_CODEC_GZIP) open_gzip(compressor);
  if (codec == EAGRE_CODEC_LZ4_RAW) compressor->lz4 = eagre_allocate((size_t)LZ4_sizeofState());
  return compressor;
}

void eagre_compressor_free(struct eagre_compressor *compressor) {
  if (compressor == NULL) return;
  ZSTD_freeCCtx(compressor->zstd);
  eagre_free(compressor->lz4);
  if (compressor->codec == EAGRE_CODEC_GZIP) deflateEnd(&compressor->gzip);
  eagre_free(compressor);
}

static enum eagre_status refuse_input(struct eagre_error *error, enum eagre_codec codec,
                                      size_t size, const char *reason) {
  return eagre_error_set(error, EAGRE_INTERNAL, "COMPRESSION_FAILED",
                         "%zu bytes cannot be compressed with %s: %s", size,
                         eagre_codec_name(codec), reason);
}

static enum eagre_status compress_zstd(struct eagre_compressor *compressor, struct eagre_text input,
                                       struct eagre_buffer *out, struct eagre_error *error) {
  size_t bound = ZSTD_compressBound(input.size);
  char *end = eagre_buffer_reserve(out, bound);
  size_t size = ZSTD_compress2(compressor->zstd, end, bound, input.data, input.size);
  if (ZSTD_isError(size)) {
    return refuse_input(error, EAGRE_CODEC_ZSTD, input.size, ZSTD_getErrorName(size));
  }
  out->size += size;
  return EAGRE_OK;
}

static enum eagre_status compress_lz4(struct eagre_compressor *compressor, struct eagre_text input,
                                      struct eagre_buffer *out, struct eagre_error *error) {
  if (input.size > LZ4_MAX_INPUT_SIZE) {
    return refuse_input(error, EAGRE_CODEC_LZ4_RAW, input.size, "too large for one block");
  }
  int bound = LZ4_compressBound((int)input.size);
  char *end = eagre_buffer_reserve(out, (size_t)bound);
  /* The library wants a pointer even to no bytes. */
  const char *data = input.size == 0 ? "" : input.data;
  int size = LZ4_compress_fast_extState(compressor->lz4, data, end, (int)input.size, bound, 1);
  if (size <= 0) return refuse_input(error, EAGRE_CODEC_LZ4_RAW, input.size, "library refused");
  out->size += (size_t)size;
  return EAGRE_OK;
}

static enum eagre_status compress_snappy(struct eagre_text input, struct eagre_buffer *out,
                                         struct eagre_error *error) {
  if (input.size > UINT32_MAX) {
    return refuse_input(error, EAGRE_CODEC_SNAPPY, input.size, "too large for one block");
  }
  size_t size = snappy_max_compressed_length(input.size);
  char *end = eagre_buffer_reserve(out, size);
  snappy_status result = snappy_compress(input.data, input.size, end, &size);
  eagre_assert(result == SNAPPY_OK);
  out->size += size;
  return EAGRE_OK;
}

static enum eagre_status compress_gzip(struct eagre_compressor *compressor, struct eagre_text input,
                                       struct eagre_buffer *out, struct eagre_error *error) {
  if (input.size > UINT_MAX) {
    return refuse_input(error, EAGRE_CODEC_GZIP, input.size, "too large for one call");
  }
  z_stream *stream = &compressor->gzip;
  deflateReset(stream);
  size_t bound = deflateBound(stream, input.size);
  eagre_assert(bound <= UINT_MAX);
  stream->next_in = (unsigned char *)(uintptr_t)input.data;
  stream->avail_in = (unsigned)input.size;
  stream->next_out = (unsigned char *)eagre_buffer_reserve(out, bound);
  stream->avail_out = (unsigned)bound;
  int result = deflate(stream, Z_FINISH);
  eagre_assert(result == Z_STREAM_END);
  out->size += bound - stream->avail_out;
  return EAGRE_OK;
}

enum eagre_status eagre_compress(struct eagre_compressor *compressor, struct eagre_text input,
                                 struct eagre_buffer *out, struct eagre_error *error) {
  switch (compressor->codec) {
  case EAGRE_CODEC_NONE:
    eagre_buffer_append_text(out, input);
    return EAGRE_OK;
  case EAGRE_CODEC_SNAPPY:
    return compress_snappy(input, out, error);
  case EAGRE_CODEC_GZIP:
    return compress_gzip(compressor, input, out, error);
  case EAGRE_CODEC_LZ4_RAW:
    return compress_lz4(compressor, input, out, error);
  case EAGRE_CODEC_ZSTD:
    return compress_zstd(compressor, input, out, error);
  case EAGRE_CODEC_count:
    break;
  }
  eagre_assert_failed("known codec", __FILE__, __LINE__);
}
