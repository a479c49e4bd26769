/* Question: what does one JSON record cost until it stands in typed columns, for each instruction
 *   set of the decoder, and against simdjson On-Demand filling the same columns?
 * Why: after the client, decoding is the largest part of a Kafka pipeline.
 * Unit: CPU ns per record. Feeds: "JSON -> the typed columns the query needs".
 *
 * Records come in batches of 256 KiB, as the engine reads them, from 4 MiB of distinct records: the
 * branch predictor cannot learn them. `ysb` fills all seven columns, `ysb_query` the three that the
 * query reads. Setup compares every value of a rival with Eagre's and of every instruction set with
 * the reference decoder. */
#include <string.h>

#include "events.h"
#include "harness.h"
#include "rival_simdjson.h"
#include "json/json.h"

enum { FIELD_COUNT_MAX = 8, BATCH_BYTES = 256 << 10, TOTAL_BYTES = 4 << 20 };

struct json_input {
  enum bench_shape shape;
  const char *schema;
  struct bench_rival_field fields[FIELD_COUNT_MAX];
  uint32_t field_count;
};

static const struct json_input ysb = {
    BENCH_YSB,
    "user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, "
    "event_time STRING, ip_address STRING",
    {{"user_id"},
     {"page_id"},
     {"ad_id"},
     {"ad_type"},
     {"event_type"},
     {"event_time"},
     {"ip_address"}},
    7};
static const struct json_input ysb_query = {BENCH_YSB,
                                            "ad_id STRING, event_type STRING, event_time STRING",
                                            {{"ad_id"}, {"event_type"}, {"event_time"}},
                                            3};
static const struct json_input ysb_shuffled = {
    BENCH_YSB_SHUFFLED,
    "user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, "
    "event_time STRING, ip_address STRING",
    {{"user_id"},
     {"page_id"},
     {"ad_id"},
     {"ad_type"},
     {"event_type"},
     {"event_time"},
     {"ip_address"}},
    7};
static const struct json_input ysb_pretty = {
    BENCH_YSB_PRETTY,
    "user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, "
    "event_time STRING, ip_address STRING",
    {{"user_id"},
     {"page_id"},
     {"ad_id"},
     {"ad_type"},
     {"event_type"},
     {"event_time"},
     {"ip_address"}},
    7};
/* simdjson has no timestamps: as text on both sides. */
static const struct json_input device = {
    BENCH_DEVICE,
    "device STRING, ts STRING, temp DOUBLE, status STRING, n BIGINT, site STRING, fw STRING",
    {{"device"},
     {"ts"},
     {"temp", BENCH_RIVAL_DOUBLE},
     {"status"},
     {"n", BENCH_RIVAL_INTEGER},
     {"site"},
     {"fw"}},
    7};
static const struct json_input device_timestamp = {
    BENCH_DEVICE,
    "device STRING, ts TIMESTAMP, temp DOUBLE, status STRING, n BIGINT, site STRING, fw STRING",
    {{NULL}},
    7};
static const struct json_input words = {BENCH_WORDS, "word STRING", {{"word"}}, 1};

struct json_batch {
  struct eagre_vector texts;
  uint32_t row_count;
};

/* The records in batches, whoever decodes them. */
struct json_source {
  struct bench_events events;
  struct json_batch *batches;
  uint32_t batch_count;
  uint32_t next;
};

static uint32_t rows_per_batch(const struct bench_events *events) {
  uint64_t rows = (uint64_t)BATCH_BYTES * events->count / events->bytes.size;
  return rows > EAGRE_BATCH_ROWS_MAX ? EAGRE_BATCH_ROWS_MAX : (uint32_t)rows;
}

static void init_source(struct json_source *source, enum bench_shape shape) {
  struct bench_events sample;
  bench_events_init(&sample, shape, 1000);
  uint32_t rows = rows_per_batch(&sample);
  uint32_t count = (uint32_t)((uint64_t)TOTAL_BYTES * 1000 / sample.bytes.size / rows);
  bench_events_done(&sample);
  bench_events_init(&source->events, shape, rows * count);
  source->batches = eagre_allocate_zeroed(count, sizeof *source->batches);
  source->batch_count = count;
  for (uint32_t i = 0; i < count; i++) {
    source->batches[i].row_count = rows;
    source->batches[i].texts = (struct eagre_vector){
        .type = eagre_type_of(EAGRE_TYPE_STRING), .data = source->events.texts + (size_t)i * rows};
  }
}

static void done_source(struct json_source *source) {
  eagre_free(source->batches);
  bench_events_done(&source->events);
}

static const struct json_batch *next_batch(struct json_source *source) {
  const struct json_batch *batch = &source->batches[source->next];
  source->next = source->next + 1 == source->batch_count ? 0 : source->next + 1;
  return batch;
}

static struct bench_measure measure(const struct json_source *source) {
  uint32_t rows = source->batches[0].row_count;
  return (struct bench_measure){rows, source->events.bytes.size * rows / source->events.count};
}

/* ---- Eagre ----------------------------------------------------------------------------------- */

struct eagre_parameter {
  const struct json_input *input;
  enum eagre_json_isa isa;
};

struct eagre_side {
  struct json_source source;
  struct eagre_arena types;
  struct eagre_arena rows;
  struct eagre_zone *zone;
  const struct eagre_type *schema;
  struct eagre_json_decoder *decoder;
};

static bool open_decoder(struct eagre_side *side, const char *ddl, enum eagre_json_isa isa) {
  struct eagre_error error;
  struct eagre_json_options options;
  eagre_json_options_init(&options);
  bench_require(eagre_zone_open(EAGRE_TEXT("UTC"), &side->zone, &error) == EAGRE_OK, "no zone UTC");
  options.zone = side->zone;
  bench_require(eagre_type_parse_columns(&side->types, eagre_text_of(ddl), &side->schema, &error) ==
                    EAGRE_OK,
                "a schema is wrong");
  return eagre_json_decoder_new(side->schema, &options, NULL, isa, &side->decoder, &error) ==
         EAGRE_OK;
}

static void close_decoder(struct eagre_side *side) {
  eagre_json_decoder_free(side->decoder);
  eagre_zone_close(side->zone);
  eagre_arena_done(&side->types);
  eagre_arena_done(&side->rows);
}

static void decode_batch(struct eagre_side *side, const struct json_batch *batch,
                         struct eagre_vector *out) {
  struct eagre_error error;
  uint64_t malformed_count = 0;
  enum eagre_status status = eagre_json_decode(side->decoder, &batch->texts, batch->row_count, out,
                                               &side->rows, &malformed_count, &error);
  bench_require(status == EAGRE_OK && malformed_count == 0, "a record was not decoded");
}

static bool values_equal(const struct eagre_vector *a, const struct eagre_vector *b, uint32_t row) {
  bool is_null = eagre_vector_is_null(a, row);
  if (is_null || eagre_vector_is_null(b, row)) return is_null == eagre_vector_is_null(b, row);
  if (a->type->kind == EAGRE_TYPE_STRING) {
    return eagre_text_equal(EAGRE_VALUES(struct eagre_text, a)[row],
                            EAGRE_VALUES(struct eagre_text, b)[row]);
  }
  return EAGRE_VALUES(uint64_t, a)[row] == EAGRE_VALUES(uint64_t, b)[row];
}

static void compare_with_reference(struct eagre_side *side, const char *ddl) {
  struct eagre_side reference = {0};
  bench_require(open_decoder(&reference, ddl, EAGRE_JSON_ISA_REFERENCE), "no reference decoder");
  for (uint32_t i = 0; i < side->source.batch_count; i++) {
    struct eagre_vector a, b;
    decode_batch(side, &side->source.batches[i], &a);
    decode_batch(&reference, &side->source.batches[i], &b);
    for (uint32_t column = 0; column < side->schema->field_count; column++) {
      for (uint32_t row = 0; row < side->source.batches[i].row_count; row++) {
        bench_require(values_equal(&a.children[column], &b.children[column], row),
                      "two decoders differ");
      }
    }
    eagre_arena_reset(&side->rows);
    eagre_arena_reset(&reference.rows);
  }
  close_decoder(&reference);
}

static void teardown_eagre(void *context) {
  struct eagre_side *side = context;
  close_decoder(side);
  done_source(&side->source);
  eagre_free(side);
}

static void *setup_eagre(const void *parameter, struct bench_measure *out_measure) {
  const struct eagre_parameter *wanted = parameter;
  struct eagre_side *side = eagre_allocate_zeroed(1, sizeof *side);
  init_source(&side->source, wanted->input->shape);
  if (!open_decoder(side, wanted->input->schema, wanted->isa)) {
    teardown_eagre(side);
    return NULL;
  }
  compare_with_reference(side, wanted->input->schema);
  *out_measure = measure(&side->source);
  return side;
}

static void run_eagre(void *context, uint64_t iteration_count) {
  struct eagre_side *side = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    struct eagre_vector out;
    decode_batch(side, next_batch(&side->source), &out);
    bench_keep(out.children[0].data);
    eagre_arena_reset(&side->rows);
  }
}

/* ---- simdjson -------------------------------------------------------------------------------- */

struct rival_parameter {
  const struct json_input *input;
  const struct bench_rival_methods *methods;
  enum bench_rival_order order;
  enum bench_rival_texts texts;
};

struct rival_side {
  struct json_source source;
  const struct rival_parameter *parameter;
  struct bench_rival *rival;
  struct bench_rival_column columns[FIELD_COUNT_MAX];
};

static void decode_rival(struct rival_side *side, const struct json_batch *batch) {
  const struct rival_parameter *parameter = side->parameter;
  size_t good = parameter->methods->decode(side->rival, parameter->order, parameter->texts,
                                           batch->texts.data, batch->row_count, side->columns);
  bench_require(good == batch->row_count, "simdjson refused a record");
}

static bool rival_value_equal(const struct bench_rival_column *rival,
                              const struct eagre_vector *ours, uint32_t row) {
  bool is_null = eagre_vector_is_null(ours, row);
  if (is_null || !rival->is_valid[row]) return is_null == !rival->is_valid[row];
  if (ours->type->kind == EAGRE_TYPE_STRING) {
    const struct bench_rival_text *text = (const struct bench_rival_text *)rival->data + row;
    return eagre_text_equal(eagre_text_make(text->data, text->size),
                            EAGRE_VALUES(struct eagre_text, ours)[row]);
  }
  return ((const uint64_t *)rival->data)[row] == EAGRE_VALUES(uint64_t, ours)[row];
}

static void compare_with_eagre(struct rival_side *side) {
  struct eagre_side ours = {0};
  bench_require(open_decoder(&ours, side->parameter->input->schema, EAGRE_JSON_ISA_BEST),
                "no decoder");
  for (uint32_t i = 0; i < side->source.batch_count; i++) {
    struct eagre_vector out;
    decode_batch(&ours, &side->source.batches[i], &out);
    decode_rival(side, &side->source.batches[i]);
    for (uint32_t column = 0; column < ours.schema->field_count; column++) {
      for (uint32_t row = 0; row < side->source.batches[i].row_count; row++) {
        bench_require(rival_value_equal(&side->columns[column], &out.children[column], row),
                      "simdjson and Eagre differ");
      }
    }
    eagre_arena_reset(&ours.rows);
  }
  close_decoder(&ours);
}

static void *setup_rival(const void *parameter, struct bench_measure *out_measure) {
  static_assert(sizeof(struct bench_rival_text) == sizeof(struct eagre_text), "one layout");
  struct rival_side *side = eagre_allocate_zeroed(1, sizeof *side);
  side->parameter = parameter;
  const struct json_input *input = side->parameter->input;
  init_source(&side->source, input->shape);
  side->rival = side->parameter->methods->make(input->fields, input->field_count);
  bench_require(side->rival != NULL, "simdjson has no memory");
  for (uint32_t i = 0; i < input->field_count; i++) {
    side->columns[i].data =
        eagre_allocate_zeroed(EAGRE_BATCH_ROWS_MAX, sizeof(struct bench_rival_text));
    side->columns[i].is_valid = eagre_allocate_zeroed(EAGRE_BATCH_ROWS_MAX, sizeof(bool));
  }
  compare_with_eagre(side);
  *out_measure = measure(&side->source);
  return side;
}

static void run_rival(void *context, uint64_t iteration_count) {
  struct rival_side *side = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    decode_rival(side, next_batch(&side->source));
    bench_keep(side->columns[0].data);
  }
}

static void teardown_rival(void *context) {
  struct rival_side *side = context;
  side->parameter->methods->free(side->rival);
  for (uint32_t i = 0; i < FIELD_COUNT_MAX; i++) {
    eagre_free(side->columns[i].data);
    eagre_free(side->columns[i].is_valid);
  }
  done_source(&side->source);
  eagre_free(side);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

#define OURS(input, isa_name, isa)                                                                 \
  {                                                                                                \
    "json/" #input "/" isa_name, setup_eagre, run_eagre, teardown_eagre,                           \
        &(const struct eagre_parameter) {                                                          \
      &input, isa                                                                                  \
    }                                                                                              \
  }
#define ALL_OURS(input)                                                                            \
  OURS(input, "reference", EAGRE_JSON_ISA_REFERENCE),                                              \
      OURS(input, "scalar", EAGRE_JSON_ISA_SCALAR), OURS(input, "avx2", EAGRE_JSON_ISA_AVX2)
#define RIVAL(input, name, methods, order, texts)                                                  \
  {                                                                                                \
    "json/" #input "/simdjson_" name, setup_rival, run_rival, teardown_rival,                      \
        &(const struct rival_parameter) {                                                          \
      &input, &methods, order, texts                                                               \
    }                                                                                              \
  }
#define RIVALS_ANY_ORDER(input)                                                                    \
  RIVAL(input, "haswell_walk", bench_rival_haswell, BENCH_RIVAL_ANY_ORDER, BENCH_RIVAL_IN_PLACE),  \
      RIVAL(input, "native_walk", bench_rival_native, BENCH_RIVAL_ANY_ORDER, BENCH_RIVAL_IN_PLACE)
#define ALL_RIVALS(input, written)                                                                 \
  RIVALS_ANY_ORDER(input),                                                                         \
      RIVAL(input, "native_find", bench_rival_native, BENCH_RIVAL_IN_ORDER, BENCH_RIVAL_IN_PLACE), \
      RIVAL(input, "haswell_written", bench_rival_haswell, written, BENCH_RIVAL_IN_PLACE),         \
      RIVAL(input, "native_written", bench_rival_native, written, BENCH_RIVAL_IN_PLACE),           \
      RIVAL(input, "native_written_copy", bench_rival_native, written, BENCH_RIVAL_COPIED)

static const struct bench_case cases[] = {
    ALL_OURS(ysb),
    ALL_RIVALS(ysb, BENCH_RIVAL_YSB),
    ALL_OURS(ysb_query),
    ALL_RIVALS(ysb_query, BENCH_RIVAL_YSB_QUERY),
    ALL_OURS(ysb_shuffled),
    RIVALS_ANY_ORDER(ysb_shuffled),
    ALL_OURS(ysb_pretty),
    ALL_RIVALS(ysb_pretty, BENCH_RIVAL_YSB),
    ALL_OURS(device),
    ALL_RIVALS(device, BENCH_RIVAL_DEVICE),
    ALL_OURS(device_timestamp),
    ALL_OURS(words),
    ALL_RIVALS(words, BENCH_RIVAL_WORDS),
};
const struct bench_suite bench_json_suite = BENCH_SUITE(cases);
