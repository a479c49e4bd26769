/* Question: what does a row of seven columns cost on its way into a Parquet file, by codec?
 * Why: a pipeline that keeps every raw row pays it per event.
 * Unit: CPU ns per row, with the copy into the page cache and the file's share of footer and open.
 * Feeds: "Parquet of every raw row, before compression" (codec none).
 *
 * Columns: a timestamp that grows, a random BIGINT, two texts of few values, a DOUBLE, a random
 * text of 16 bytes, a BOOLEAN. Files go to memory (/dev/shm) where there is one,
 * so that no disk is measured. One iteration is one file of 262,144 rows, written by the writer of
 * the file before, as the sinks do it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "events.h"
#include "harness.h"
#include "parquet/parquet.h"

enum { ROW_COUNT = EAGRE_BATCH_ROWS_MAX, BATCH_COUNT = 64, COLUMN_COUNT = 7 };

static const char schema_text[] = "ts TIMESTAMP, id BIGINT, region STRING, status STRING, "
                                  "amount DOUBLE, trace STRING, flag BOOLEAN";

struct parquet_bench {
  enum eagre_codec codec;
  struct eagre_arena arena;
  const struct eagre_type *schema;
  struct eagre_vector batches[BATCH_COUNT][COLUMN_COUNT];
  struct eagre_io *io;
  struct eagre_parquet_writer *writer; /* of the first file; NULL before */
  char path[128];
};

static void fill_row(struct eagre_vector *columns, uint32_t row, uint64_t number,
                     struct eagre_random *random, struct eagre_arena *arena) {
  EAGRE_VALUES(int64_t, &columns[0])
  [row] = BENCH_YSB_START_MS * 1000 + (int64_t)(number * 1000 + eagre_random_below(random, 1000));
  EAGRE_VALUES(uint64_t, &columns[1])[row] = eagre_random_next(random) >> 1;
  EAGRE_VALUES(struct eagre_text, &columns[2])
  [row] = eagre_arena_printf(arena, "region-%02" PRIu64, eagre_random_below(random, 20));
  EAGRE_VALUES(struct eagre_text, &columns[3])
  [row] = eagre_random_below(random, 4) == 0 ? EAGRE_TEXT("refunded") : EAGRE_TEXT("paid");
  EAGRE_VALUES(double, &columns[4])[row] = eagre_random_unit(random) * 1000;
  EAGRE_VALUES(struct eagre_text, &columns[5])
  [row] = eagre_arena_printf(arena, "%016" PRIx64, eagre_random_next(random));
  eagre_bit_put(columns[6].data, row, eagre_random_below(random, 2) == 0);
}

static void fill_batches(struct parquet_bench *bench) {
  struct eagre_random random;
  eagre_random_seed(&random, 1);
  for (uint32_t i = 0; i < BATCH_COUNT; i++) {
    for (uint32_t column = 0; column < COLUMN_COUNT; column++) {
      eagre_vector_init(&bench->batches[i][column], bench->schema->fields[column].type, ROW_COUNT,
                        &bench->arena);
    }
    for (uint32_t row = 0; row < ROW_COUNT; row++) {
      fill_row(bench->batches[i], row, (uint64_t)i * ROW_COUNT + row, &random, &bench->arena);
    }
  }
}

static void begin_file(struct parquet_bench *bench) {
  struct eagre_error error;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  options.codec = bench->codec;
  enum eagre_status status = bench->writer != NULL
                                 ? eagre_parquet_writer_reopen(bench->writer, bench->path, &error)
                                 : eagre_parquet_writer_open(bench->io, bench->path, bench->schema,
                                                             &options, &bench->writer, &error);
  bench_require(status == EAGRE_OK, "the Parquet file cannot be opened");
}

static uint64_t write_file(struct parquet_bench *bench) {
  struct eagre_error error;
  uint64_t size = 0;
  begin_file(bench);
  for (uint32_t i = 0; i < BATCH_COUNT; i++) {
    bench_require(eagre_parquet_writer_write(bench->writer, bench->batches[i], ROW_COUNT, &error) ==
                      EAGRE_OK,
                  "the Parquet file cannot be written");
  }
  bench_require(eagre_parquet_writer_finish(bench->writer, &size, &error) == EAGRE_OK,
                "the Parquet file cannot be finished");
  unlink(bench->path);
  return size;
}

static void teardown(void *context) {
  struct parquet_bench *bench = context;
  eagre_parquet_writer_free(bench->writer);
  eagre_io_close(bench->io);
  eagre_arena_done(&bench->arena);
  eagre_free(bench);
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct eagre_error error;
  struct parquet_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  bench->codec = *(const enum eagre_codec *)parameter;
  const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(bench->path, sizeof bench->path, "%s/eagre-bench-%ld.parquet", memory, (long)getpid());
  bench_require(eagre_io_open(NULL, &bench->io, &error) == EAGRE_OK, "no io");
  bench_require(eagre_type_parse_columns(&bench->arena, eagre_text_of(schema_text), &bench->schema,
                                         &error) == EAGRE_OK,
                "the schema is wrong");
  fill_batches(bench);
  uint64_t size = write_file(bench);
  uint64_t row_count = (uint64_t)ROW_COUNT * BATCH_COUNT;
  fprintf(stderr, "parquet: %s, %.1f bytes per row\n", eagre_codec_name(bench->codec),
          (double)size / (double)row_count);
  bench_require(size > row_count * 8, "the Parquet file is too small to be true");
  *out_measure = (struct bench_measure){row_count, size};
  return bench;
}

static void run(void *context, uint64_t iteration_count) {
  for (uint64_t i = 0; i < iteration_count; i++) {
    write_file(context);
  }
}

static const enum eagre_codec none = EAGRE_CODEC_NONE;
static const enum eagre_codec snappy = EAGRE_CODEC_SNAPPY;
static const enum eagre_codec lz4 = EAGRE_CODEC_LZ4_RAW;
static const enum eagre_codec zstd = EAGRE_CODEC_ZSTD;

static const struct bench_case cases[] = {
    {"parquet/none", setup, run, teardown, &none},
    {"parquet/snappy", setup, run, teardown, &snappy},
    {"parquet/lz4", setup, run, teardown, &lz4},
    {"parquet/zstd", setup, run, teardown, &zstd},
};
const struct bench_suite bench_parquet_suite = BENCH_SUITE(cases);
