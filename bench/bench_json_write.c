/* Question: what does to_json cost per row?
 * Why: whoever writes to Kafka writes JSON, mostly.
 * Unit: CPU ns per row. Feeds: no line of its own; part of `device-kafka`.
 *
 * The rows are decoded from events first, outside of what is measured; what is written is compared
 * with them. */
#include "events.h"
#include "harness.h"
#include "json/json.h"

enum { ROW_COUNT = EAGRE_BATCH_ROWS_MAX };

struct write_bench {
  struct bench_events events;
  struct eagre_arena arena;
  struct eagre_zone *zone;
  struct eagre_vector rows;
  struct eagre_buffer out;
};

static const char device[] =
    "device STRING, ts STRING, temp DOUBLE, status STRING, n BIGINT, site STRING, fw STRING";

static void decode(struct write_bench *bench) {
  struct eagre_error error;
  struct eagre_json_options options;
  struct eagre_json_decoder *decoder = NULL;
  const struct eagre_type *schema = NULL;
  eagre_json_options_init(&options);
  options.zone = bench->zone;
  enum eagre_status status =
      eagre_type_parse_columns(&bench->arena, eagre_text_of(device), &schema, &error);
  bench_require(status == EAGRE_OK, "a schema is wrong");
  status = eagre_json_decoder_new(schema, &options, NULL, EAGRE_JSON_ISA_BEST, &decoder, &error);
  bench_require(status == EAGRE_OK, "no decoder");
  const struct eagre_vector texts = {.type = eagre_type_of(EAGRE_TYPE_STRING),
                                     .data = bench->events.texts};
  uint64_t malformed_count = 0;
  status = eagre_json_decode(decoder, &texts, ROW_COUNT, &bench->rows, &bench->arena,
                             &malformed_count, &error);
  bench_require(status == EAGRE_OK && malformed_count == 0, "a record was not decoded");
  eagre_json_decoder_free(decoder);
}

static void write_rows(struct write_bench *bench) {
  const struct eagre_json_write_options options = {.zone = bench->zone};
  eagre_buffer_clear(&bench->out);
  for (uint32_t row = 0; row < ROW_COUNT; row++) {
    eagre_json_write_struct(&bench->rows, row, &options, &bench->out);
  }
}

/* The events are written as to_json writes them: what comes out is what went in. */
static void compare(const struct write_bench *bench) {
  struct eagre_text left = eagre_buffer_text(&bench->out);
  for (uint32_t row = 0; row < ROW_COUNT; row++) {
    struct eagre_text event = bench->events.texts[row];
    bench_require(left.size >= event.size &&
                      eagre_text_equal(eagre_text_make(left.data, event.size), event),
                  "an event was not written as it was read");
    left = eagre_text_make(left.data + event.size, left.size - event.size);
  }
  bench_require(left.size == 0, "more was written than was read");
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct write_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  struct eagre_error error;
  bench_events_init(&bench->events, *(const enum bench_shape *)parameter, ROW_COUNT);
  bench_require(eagre_zone_open(EAGRE_TEXT("UTC"), &bench->zone, &error) == EAGRE_OK,
                "no zone UTC");
  decode(bench);
  write_rows(bench);
  compare(bench);
  *out_measure = (struct bench_measure){ROW_COUNT, bench->out.size};
  return bench;
}

static void run(void *context, uint64_t iteration_count) {
  struct write_bench *bench = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    write_rows(bench);
    bench_keep(bench->out.data);
  }
}

static void teardown(void *context) {
  struct write_bench *bench = context;
  eagre_buffer_done(&bench->out);
  eagre_arena_done(&bench->arena);
  eagre_zone_close(bench->zone);
  bench_events_done(&bench->events);
  eagre_free(bench);
}

static const struct bench_case cases[] = {
    {"json_write/device", setup, run, teardown, &(const enum bench_shape){BENCH_DEVICE}},
};
const struct bench_suite bench_json_write_suite = BENCH_SUITE(cases);
