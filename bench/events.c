/* Generators of the benches' events. */
#include "events.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const ad_types[] = {"banner", "modal", "sponsored-search", "mail", "mobile"};
static const char *const event_types[] = {"view", "click", "purchase"};

enum { YSB_MEMBER_COUNT = 7, YSB_USER_COUNT = 100, DEVICE_COUNT = 10000 };

struct member {
  const char *name;
  char value[EAGRE_UUID_SIZE];
};

void bench_generator_init(struct bench_generator *generator, enum bench_shape shape,
                          uint64_t seed) {
  *generator = (struct bench_generator){.shape = shape};
  eagre_random_seed(&generator->random, seed);
}

/* A UUID that depends on kind and number alone. */
static void print_identifier(uint64_t kind, uint64_t number, char out_text[EAGRE_UUID_SIZE]) {
  uint64_t high = eagre_hash_integer(number, kind);
  uint64_t low = eagre_hash_integer(number, kind + 1000);
  snprintf(out_text, EAGRE_UUID_SIZE, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(high >> 32),
           (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
           low & UINT64_C(0xffffffffffff));
}

void bench_ysb_ad_id(uint32_t ad, char out_text[EAGRE_UUID_SIZE]) {
  print_identifier(3, ad, out_text);
}

void bench_ysb_campaign_id(uint32_t campaign, char out_text[EAGRE_UUID_SIZE]) {
  print_identifier(4, campaign, out_text);
}

static int64_t make_time_ms(struct bench_generator *generator) {
  int64_t time_ms =
      BENCH_YSB_START_MS + (int64_t)(generator->number * 1000 / BENCH_YSB_EVENTS_PER_SECOND);
  time_ms += (int64_t)eagre_random_below(&generator->random, 101) - 50;
  if (eagre_random_below(&generator->random, 100000) == 0) {
    time_ms -= (int64_t)eagre_random_below(&generator->random, 60000);
  }
  return time_ms < BENCH_YSB_START_MS ? BENCH_YSB_START_MS : time_ms;
}

static void set_value(struct member *member, const char *value) {
  snprintf(member->value, sizeof member->value, "%s", value);
}

static void fill_ysb(struct bench_generator *generator, struct member *members,
                     struct bench_ysb *out) {
  struct eagre_random *random = &generator->random;
  uint64_t event_type = eagre_random_below(random, EAGRE_COUNT_OF(event_types));
  out->ad = (uint32_t)eagre_random_below(random, BENCH_YSB_AD_COUNT);
  out->is_view = event_type == 0;
  out->time_ms = make_time_ms(generator);
  print_identifier(1, eagre_random_below(random, YSB_USER_COUNT), members[0].value);
  print_identifier(2, eagre_random_below(random, YSB_USER_COUNT), members[1].value);
  bench_ysb_ad_id(out->ad, members[2].value);
  set_value(&members[3], ad_types[eagre_random_below(random, EAGRE_COUNT_OF(ad_types))]);
  set_value(&members[4], event_types[event_type]);
  snprintf(members[5].value, EAGRE_UUID_SIZE, "%" PRId64, out->time_ms);
  set_value(&members[6], "1.2.3.4");
}

static void shuffle(struct bench_generator *generator, struct member *members) {
  for (size_t i = YSB_MEMBER_COUNT; i > 1; i--) {
    size_t other = eagre_random_below(&generator->random, i);
    struct member moved = members[i - 1];
    members[i - 1] = members[other];
    members[other] = moved;
  }
}

static void append_members(const struct member *members, bool is_pretty, struct eagre_buffer *out) {
  for (size_t i = 0; i < YSB_MEMBER_COUNT; i++) {
    eagre_buffer_printf(out, is_pretty ? "%s\n  \"%s\" : \"%s\"" : "%s\"%s\":\"%s\"",
                        i == 0 ? "{" : ",", members[i].name, members[i].value);
  }
  eagre_buffer_append_string(out, is_pretty ? "\n}" : "}");
}

static void append_ysb(struct bench_generator *generator, struct eagre_buffer *out,
                       struct bench_ysb *out_ysb) {
  struct member members[YSB_MEMBER_COUNT] = {
      {"user_id", ""},    {"page_id", ""},    {"ad_id", ""},      {"ad_type", ""},
      {"event_type", ""}, {"event_time", ""}, {"ip_address", ""},
  };
  fill_ysb(generator, members, out_ysb);
  if (generator->shape == BENCH_YSB_SHUFFLED) shuffle(generator, members);
  append_members(members, generator->shape == BENCH_YSB_PRETTY, out);
}

void bench_ysb_append_closing(struct eagre_buffer *out, int64_t time_ms) {
  struct member members[YSB_MEMBER_COUNT] = {
      {"user_id", "closing"},    {"page_id", "closing"}, {"ad_id", ""},
      {"ad_type", "banner"},     {"event_type", "view"}, {"event_time", ""},
      {"ip_address", "1.2.3.4"},
  };
  bench_ysb_ad_id(0, members[2].value);
  snprintf(members[5].value, EAGRE_UUID_SIZE, "%" PRId64, time_ms);
  append_members(members, false, out);
}

static struct bench_device make_device(struct bench_generator *generator) {
  struct eagre_random *random = &generator->random;
  struct bench_device device = {.time_ms = (uint32_t)(generator->number % 60000)};
  device.device = (uint32_t)eagre_random_below(random, DEVICE_COUNT);
  device.temperature_tenths = (uint32_t)eagre_random_below(random, 1000);
  device.is_ok = eagre_random_below(random, 2) == 0;
  device.number = (uint32_t)eagre_random_below(random, 100000);
  device.site = (uint32_t)eagre_random_below(random, 20);
  return device;
}

static void append_device(const struct bench_device *device, struct eagre_buffer *out) {
  eagre_buffer_printf(out,
                      "{\"device\":\"d%" PRIu32 "\",\"ts\":\"2026-01-01T00:00:%02" PRIu32
                      ".%03" PRIu32 "Z\",\"temp\":%" PRIu32 ".%" PRIu32
                      ",\"status\":\"%s\",\"n\":%" PRIu32 ",\"site\":\"site-%02" PRIu32
                      "\",\"fw\":\"1.4.2\"}",
                      device->device, device->time_ms / 1000, device->time_ms % 1000,
                      device->temperature_tenths / 10, device->temperature_tenths % 10,
                      device->is_ok ? "ok" : "warn", device->number, device->site);
}

void bench_word(uint32_t word, char out_text[BENCH_WORD_SIZE]) {
  uint64_t number = eagre_hash_integer(word, 7);
  for (size_t i = 0; i < BENCH_WORD_SIZE - 1; i++) {
    out_text[i] = (char)('a' + number % 26);
    number /= 26;
  }
  out_text[BENCH_WORD_SIZE - 1] = '\0';
}

static void append_word(uint32_t word, struct eagre_buffer *out) {
  char text[BENCH_WORD_SIZE];
  bench_word(word, text);
  eagre_buffer_printf(out, "{\"word\": \"%s\"}", text);
}

void bench_generator_append(struct bench_generator *generator, struct eagre_buffer *out,
                            struct bench_event *out_event) {
  struct bench_event event;
  switch (generator->shape) {
  case BENCH_DEVICE:
    event.device = make_device(generator);
    append_device(&event.device, out);
    break;
  case BENCH_WORDS:
    event.word = (uint32_t)eagre_random_below(&generator->random, BENCH_WORD_COUNT);
    append_word(event.word, out);
    break;
  default:
    append_ysb(generator, out, &event.ysb);
  }
  if (out_event != NULL) *out_event = event;
  generator->number++;
}

void bench_events_init(struct bench_events *events, enum bench_shape shape, uint32_t count) {
  struct bench_generator generator;
  bench_generator_init(&generator, shape, 1);
  *events = (struct bench_events){.count = count};
  events->texts = eagre_allocate_zeroed(count, sizeof *events->texts);
  for (uint32_t i = 0; i < count; i++) {
    size_t begin = events->bytes.size;
    bench_generator_append(&generator, &events->bytes, NULL);
    events->texts[i].size = events->bytes.size - begin;
  }
  memset(eagre_buffer_reserve(&events->bytes, 64), 0, 64);
  const char *next = events->bytes.data;
  for (uint32_t i = 0; i < count; i++) {
    events->texts[i].data = next;
    next += events->texts[i].size;
  }
}

void bench_events_done(struct bench_events *events) {
  eagre_free(events->texts);
  eagre_buffer_done(&events->bytes);
}
