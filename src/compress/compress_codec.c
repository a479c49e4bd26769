/* The names of the codecs. */
#include "compress/compress.h"

static const char *const codec_names[] = {
    [EAGRE_CODEC_NONE] = "none",       [EAGRE_CODEC_SNAPPY] = "snappy", [EAGRE_CODEC_GZIP] = "gzip",
    [EAGRE_CODEC_LZ4_RAW] = "lz4_raw", [EAGRE_CODEC_ZSTD] = "zstd",
};
static_assert(EAGRE_COUNT_OF(codec_names) == EAGRE_CODEC_count, "a name for each codec");

/* Every accepted spelling, for parsing and for "did you mean". */
static const struct {
  const char *name;
  enum eagre_codec codec;
} spellings[] = {
    {"none", EAGRE_CODEC_NONE},      {"uncompressed", EAGRE_CODEC_NONE},
    {"snappy", EAGRE_CODEC_SNAPPY},  {"gzip", EAGRE_CODEC_GZIP},
    {"lz4", EAGRE_CODEC_LZ4_RAW},    {"lz4_raw", EAGRE_CODEC_LZ4_RAW},
    {"lz4raw", EAGRE_CODEC_LZ4_RAW}, {"zstd", EAGRE_CODEC_ZSTD},
    {"zstandard", EAGRE_CODEC_ZSTD},
};

static enum eagre_status refuse_name(struct eagre_text name, struct eagre_error *error) {
  const char *names[EAGRE_COUNT_OF(spellings)];
  for (size_t i = 0; i < EAGRE_COUNT_OF(spellings); i++) {
    names[i] = spellings[i].name;
  }
  const char *nearest = eagre_text_nearest(name, names, EAGRE_COUNT_OF(names));
  eagre_error_set(error, EAGRE_USAGE, "COMPRESSION_CODEC_NOT_AVAILABLE",
                  "the compression codec '%.*s' is not available", (int)name.size, name.data);
  eagre_error_hint(error, "use one of none, snappy, gzip, lz4, zstd%s%s%s",
                   nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
                   nearest == NULL ? "" : "'?");
  return EAGRE_USAGE;
}

enum eagre_status eagre_codec_parse(struct eagre_text name, enum eagre_codec *out_codec,
                                    struct eagre_error *error) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(spellings); i++) {
    if (!eagre_text_equal_ignoring_case(name, eagre_text_of(spellings[i].name))) continue;
    *out_codec = spellings[i].codec;
    return EAGRE_OK;
  }
  return refuse_name(name, error);
}

const char *eagre_codec_name(enum eagre_codec codec) {
  eagre_assert(codec < EAGRE_CODEC_count);
  return codec_names[codec];
}
