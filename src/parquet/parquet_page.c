/* Making pages: compress the body or not, put the header in front. */
#include "parquet/parquet_page.h"

enum {
  /* A chunk whose first page shrinks by less than an eighth is stored as it is: random bytes cost
   * 5 ns each to compress and give nothing. Small pages are not worth the exception. */
  PROBE_SIZE_MIN = 64 * 1024,
  PROBE_GAIN_DIVISOR = 8,
};

void eagre_parquet_encoder_init(struct eagre_parquet_encoder *encoder, enum eagre_codec codec,
                                bool page_checksums) {
  *encoder = (struct eagre_parquet_encoder){
      .codec = codec,
      .compressor = eagre_compressor_new(codec, 0),
      .page_checksums = page_checksums,
  };
}

void eagre_parquet_encoder_done(struct eagre_parquet_encoder *encoder) {
  eagre_compressor_free(encoder->compressor);
  eagre_parquet_shred_done(&encoder->shred);
  eagre_buffer_done(&encoder->body);
  eagre_buffer_done(&encoder->compressed);
  eagre_buffer_done(&encoder->marks);
}

static size_t measure_body(const struct eagre_parquet_encoder *encoder,
                           const struct eagre_parquet_page *page) {
  return encoder->body.size + page->rest.size;
}

/* Codecs ask for a body in one piece. */
static enum eagre_status compress_body(struct eagre_parquet_encoder *encoder,
                                       struct eagre_parquet_page *page, struct eagre_error *error) {
  eagre_buffer_append_text(&encoder->body, page->rest);
  page->rest.size = 0;
  eagre_buffer_clear(&encoder->compressed);
  return eagre_compress(encoder->compressor, eagre_buffer_text(&encoder->body),
                        &encoder->compressed, error);
}

enum eagre_status eagre_parquet_page_probe(struct eagre_parquet_encoder *encoder,
                                           struct eagre_parquet_page *page, bool *out_is_worth,
                                           struct eagre_error *error) {
  *out_is_worth = true;
  size_t size = measure_body(encoder, page);
  if (encoder->codec == EAGRE_CODEC_NONE || size < PROBE_SIZE_MIN) return EAGRE_OK;
  EAGRE_TRY(compress_body(encoder, page, error));
  *out_is_worth = encoder->compressed.size <= size - size / PROBE_GAIN_DIVISOR;
  return EAGRE_OK;
}

static void put_data_page(struct eagre_parquet_thrift *thrift,
                          const struct eagre_parquet_page *page) {
  eagre_parquet_thrift_put_struct(thrift, 5);
  eagre_parquet_thrift_put_i32(thrift, 1, (int32_t)page->value_count);
  eagre_parquet_thrift_put_i32(thrift, 2, page->encoding);
  eagre_parquet_thrift_put_i32(thrift, 3, EAGRE_PARQUET_RLE); /* of the definition levels */
  eagre_parquet_thrift_put_i32(thrift, 4, EAGRE_PARQUET_RLE); /* of the repetition levels */
  eagre_parquet_thrift_end(thrift);
}

static void put_dictionary_page(struct eagre_parquet_thrift *thrift,
                                const struct eagre_parquet_page *page) {
  eagre_parquet_thrift_put_struct(thrift, 7);
  eagre_parquet_thrift_put_i32(thrift, 1, (int32_t)page->value_count);
  eagre_parquet_thrift_put_i32(thrift, 2, page->encoding);
  eagre_parquet_thrift_end(thrift);
}

/* `stored` and then the rest of the page are what stands in the file. */
static void append_header(struct eagre_parquet_encoder *encoder,
                          const struct eagre_parquet_page *page, struct eagre_text stored,
                          struct eagre_buffer *out) {
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, out);
  eagre_parquet_thrift_put_i32(&thrift, 1, page->type);
  eagre_parquet_thrift_put_i32(&thrift, 2, (int32_t)measure_body(encoder, page));
  eagre_parquet_thrift_put_i32(&thrift, 3, (int32_t)(stored.size + page->rest.size));
  if (encoder->page_checksums) {
    uint32_t checksum = eagre_crc32(0, stored.data, stored.size);
    checksum = eagre_crc32(checksum, page->rest.data, page->rest.size);
    eagre_parquet_thrift_put_i32(&thrift, 4, (int32_t)checksum);
  }
  if (page->type == EAGRE_PARQUET_DATA_PAGE) {
    put_data_page(&thrift, page);
  } else {
    put_dictionary_page(&thrift, page);
  }
  eagre_parquet_thrift_end(&thrift);
}

enum eagre_status eagre_parquet_page_append(struct eagre_parquet_encoder *encoder,
                                            struct eagre_parquet_page *page, enum eagre_codec codec,
                                            struct eagre_buffer *out,
                                            uint64_t *out_uncompressed_size,
                                            struct eagre_error *error) {
  eagre_assert(codec == encoder->codec || codec == EAGRE_CODEC_NONE);
  struct eagre_text stored = eagre_buffer_text(&encoder->body);
  if (codec != EAGRE_CODEC_NONE) {
    EAGRE_TRY(compress_body(encoder, page, error));
    stored = eagre_buffer_text(&encoder->compressed);
  }
  eagre_assert(measure_body(encoder, page) <= INT32_MAX);
  eagre_assert(stored.size <= INT32_MAX);
  size_t begin = out->size;
  append_header(encoder, page, stored, out);
  *out_uncompressed_size = out->size - begin + measure_body(encoder, page);
  eagre_buffer_append_text(out, stored);
  return EAGRE_OK;
}
