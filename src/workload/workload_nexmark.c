/* Nexmark, an auction site: {"event_type":0,"person":{...},"auction":null,"bid":null}, likewise 1 with
 * an auction and 2 with a bid.
 *
 * Of fifty events the first is a person, three are auctions, 46 are bids, so that every id follows
 * from the number of the event. Event times rise with the number. Half of the bids go to one hot
 * auction of the last hundred, three of four come from one hot bidder, three of four auctions have
 * one hot seller; the others refer to what is in flight, or to one of the next ten ids: a bid may
 * come before its auction, an auction before its seller. `extra` brings events to 200, 500 and 100
 * bytes on average, counted as the benchmark does: eight for a number, texts as they are. */
#include <math.h>
#include <string.h>

#include "workload/workload_record.h"

enum {
  EVENTS_PER_ROUND = 50,
  AUCTIONS_PER_ROUND = 3,
  BIDS_BEGIN = 1 + AUCTIONS_PER_ROUND, /* behind the person */
  FIRST_ID = 1000,
  FIRST_CATEGORY = 10,
  CATEGORIES = 5,
  HOT_GROUP = 100, /* of a hundred ids one is hot */
  HOT_AUCTION_RATIO = 2,
  HOT_SELLER_RATIO = 4,
  HOT_BIDDER_RATIO = 4,
  HOT_CHANNEL_RATIO = 2,
  ACTIVE_PEOPLE = 1000,
  AUCTIONS_IN_FLIGHT = 100,
  ID_LEAD = 10,
  CHANNELS = 10000,
  PERSON_SIZE = 200,
  AUCTION_SIZE = 500,
  BID_SIZE = 100,
  NUMBER_SIZE = 8, /* of a number or time, where sizes are counted */
  TEXT_SIZE_MIN = 3,
};

static const char *const first_names[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                          "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
static const char *const last_names[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                         "Walton", "Smith",  "Jones",   "Noris"};
static const char *const cities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                     "Portland", "Bend",        "Redmond",       "Seattle",
                                     "Kent",     "Cheyenne"};
static const char *const states[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
static const char *const hot_channels[] = {"Google", "Facebook", "Baidu", "Apple"};

/* ---- Draws ----------------------------------------------------------------------------------- */

/* The random numbers of one record, one after the other. */
struct draw {
  uint64_t seed;
  uint64_t last;
};

static struct draw begin_draw(uint64_t seed, uint64_t number) {
  return (struct draw){.seed = seed, .last = eagre_hash_integer(number, seed)};
}

static uint64_t draw_bits(struct draw *draw) {
  draw->last = eagre_hash_integer(draw->last, draw->seed);
  return draw->last;
}

/* From 0 below `bound`. */
static int64_t draw_below(struct draw *draw, int64_t bound) {
  return (int64_t)(draw_bits(draw) % (uint64_t)bound);
}

/* True in all cases but one of `ratio`. */
static bool draw_hot(struct draw *draw, int64_t ratio) {
  return draw_below(draw, ratio) > 0;
}

/* Cents: as many prices between 1 and 10 as between 10,000 and 100,000. */
static int64_t draw_price(struct draw *draw) {
  double share = (double)(draw_bits(draw) >> 11) * 0x1p-53;
  return llround(pow(10.0, share * 6.0) * 100.0);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static size_t append_choice(struct eagre_buffer *out, struct draw *draw, const char *const *choices,
                            size_t count) {
  const char *choice = choices[draw_below(draw, (int64_t)count)];
  eagre_buffer_append_string(out, choice);
  return strlen(choice);
}

/* Letters with some blanks, none at the ends, where they would be cut: 3 characters to one less
 * than `size_max`. */
static size_t append_words(struct eagre_buffer *out, struct draw *draw, size_t size_max,
                           char blank) {
  size_t size = TEXT_SIZE_MIN + (size_t)draw_below(draw, (int64_t)size_max - TEXT_SIZE_MIN);
  uint64_t bits = 0;
  for (size_t i = 0; i < size; i++) {
    bits = i % 4 == 0 ? draw_bits(draw) : bits >> 16;
    bool is_blank = (bits & 0xff) % 13 == 0 && i > 0 && i + 1 < size;
    eagre_buffer_append_char(out, is_blank ? blank : (char)('a' + (bits >> 8 & 0xff) % 26));
  }
  return size;
}

static void append_letters(struct eagre_buffer *out, struct draw *draw, size_t size) {
  char letters[8];
  for (size_t left = size; left > 0;) {
    uint64_t bits = draw_bits(draw);
    size_t count = left < sizeof letters ? left : sizeof letters;
    for (size_t i = 0; i < count; i++) {
      letters[i] = (char)('a' + (bits >> (8 * i) & 0xff) * 26 / 256);
    }
    eagre_buffer_append(out, letters, count);
    left -= count;
  }
}

/* The last member: brings a record of `size` to `wanted` bytes, or a fifth of the rest beside. */
static void append_extra(struct eagre_buffer *out, struct draw *draw, size_t size, size_t wanted) {
  eagre_buffer_append_string(out, ",\"extra\":\"");
  if (size < wanted) {
    size_t rest = wanted - size;
    size_t spread = (rest + 2) / 5;
    size_t more = spread == 0 ? 0 : (size_t)draw_below(draw, 2 * (int64_t)spread);
    append_letters(out, draw, rest - spread + more);
  }
  eagre_buffer_append_char(out, '"');
}

static void append_number(struct eagre_buffer *out, const char *opening, int64_t value) {
  eagre_buffer_append_string(out, opening);
  eagre_workload_append_integer(out, value);
}

static void append_time(struct eagre_buffer *out, const char *opening, int64_t us) {
  eagre_buffer_append_string(out, opening);
  eagre_workload_append_timestamp(out, us);
  eagre_buffer_append_char(out, '"');
}

static void append_four_digits(struct eagre_buffer *out, struct draw *draw) {
  int64_t digits = draw_below(draw, 10000);
  for (int64_t power = 1000; power > 0; power /= 10) {
    eagre_buffer_append_char(out, (char)('0' + digits / power % 10));
  }
}

static int64_t time_of(const struct eagre_workload_options *options, uint64_t number) {
  return options->start_us + (int64_t)number * options->step_us;
}

/* ---- Ids, from 0 ----------------------------------------------------------------------------- */

static int64_t last_person(uint64_t number) {
  return (int64_t)(number / EVENTS_PER_ROUND);
}

/* The last auction at or before an event that is no person. */
static int64_t last_auction(uint64_t number) {
  int64_t place = (int64_t)(number % EVENTS_PER_ROUND) - 1;
  if (place >= AUCTIONS_PER_ROUND) place = AUCTIONS_PER_ROUND - 1;
  return last_person(number) * AUCTIONS_PER_ROUND + place;
}

static int64_t draw_person(struct draw *draw, uint64_t number) {
  int64_t count = last_person(number) + 1;
  int64_t active = count < ACTIVE_PEOPLE ? count : ACTIVE_PEOPLE;
  return count - active + draw_below(draw, active + ID_LEAD);
}

static int64_t draw_auction(struct draw *draw, uint64_t number) {
  int64_t last = last_auction(number);
  int64_t first = last > AUCTIONS_IN_FLIGHT ? last - AUCTIONS_IN_FLIGHT : 0;
  return first + draw_below(draw, last - first + 1 + ID_LEAD);
}

static int64_t find_hot(int64_t last) {
  return last / HOT_GROUP * HOT_GROUP;
}

/* ---- Persons --------------------------------------------------------------------------------- */

static void append_person(const struct eagre_workload_options *options, uint64_t number,
                          struct draw *draw, struct eagre_buffer *out) {
  size_t size = NUMBER_SIZE + 19 + 5; /* id, card number, ends of the address */
  append_number(out, "{\"id\":", FIRST_ID + last_person(number));
  eagre_buffer_append_string(out, ",\"name\":\"");
  size += append_choice(out, draw, first_names, EAGRE_COUNT_OF(first_names));
  eagre_buffer_append_char(out, ' ');
  size += append_choice(out, draw, last_names, EAGRE_COUNT_OF(last_names)) + 1;
  eagre_buffer_append_string(out, "\",\"emailAddress\":\"");
  size += append_words(out, draw, 7, '_');
  eagre_buffer_append_char(out, '@');
  size += append_words(out, draw, 5, '_');
  eagre_buffer_append_string(out, ".com\",\"creditCard\":\"");
  for (int i = 0; i < 4; i++) {
    if (i > 0) eagre_buffer_append_char(out, ' ');
    append_four_digits(out, draw);
  }
  eagre_buffer_append_string(out, "\",\"city\":\"");
  size += append_choice(out, draw, cities, EAGRE_COUNT_OF(cities));
  eagre_buffer_append_string(out, "\",\"state\":\"");
  size += append_choice(out, draw, states, EAGRE_COUNT_OF(states));
  append_time(out, "\",\"dateTime\":\"", time_of(options, number));
  append_extra(out, draw, size, PERSON_SIZE);
  eagre_buffer_append_char(out, '}');
}

/* ---- Auctions -------------------------------------------------------------------------------- */

/* Until when: on average until as many auctions came as are in flight. */
static int64_t draw_end(const struct eagre_workload_options *options, struct draw *draw,
                        int64_t begin_us) {
  int64_t events = AUCTIONS_IN_FLIGHT * EVENTS_PER_ROUND / AUCTIONS_PER_ROUND;
  int64_t length_ms = events * options->step_us / 1000;
  return begin_us + 1000 * (1 + draw_below(draw, length_ms > 0 ? 2 * length_ms : 1));
}

static void append_auction(const struct eagre_workload_options *options, uint64_t number,
                           struct draw *draw, struct eagre_buffer *out) {
  int64_t begin_us = time_of(options, number);
  int64_t initial = draw_price(draw);
  size_t size = 6 * NUMBER_SIZE;
  append_number(out, "{\"id\":", FIRST_ID + last_auction(number));
  eagre_buffer_append_string(out, ",\"itemName\":\"");
  size += append_words(out, draw, 20, ' ');
  eagre_buffer_append_string(out, "\",\"description\":\"");
  size += append_words(out, draw, 100, ' ');
  append_number(out, "\",\"initialBid\":", initial);
  append_number(out, ",\"reserve\":", initial + draw_price(draw));
  append_time(out, ",\"dateTime\":\"", begin_us);
  append_time(out, ",\"expires\":\"", draw_end(options, draw, begin_us));
  int64_t seller =
      draw_hot(draw, HOT_SELLER_RATIO) ? find_hot(last_person(number)) : draw_person(draw, number);
  append_number(out, ",\"seller\":", FIRST_ID + seller);
  append_number(out, ",\"category\":", FIRST_CATEGORY + draw_below(draw, CATEGORIES));
  append_extra(out, draw, size, AUCTION_SIZE);
  eagre_buffer_append_char(out, '}');
}

/* ---- Bids ------------------------------------------------------------------------------------ */

static void append_page(struct eagre_buffer *out, struct draw *draw) {
  eagre_buffer_append_string(out, "https://www.nexmark.com/");
  for (int i = 0; i < 3; i++) {
    append_words(out, draw, 5, '_');
    eagre_buffer_append_char(out, '/');
  }
  eagre_buffer_append_string(out, "item.htm?query=1");
}

static uint32_t reverse_bits(uint32_t value) {
  uint32_t reversed = 0;
  for (int i = 0; i < 32; i++) {
    reversed = reversed << 1 | (value >> i & 1);
  }
  return reversed;
}

/* A channel has one page; those of nine in ten channels name it. */
static void append_channel(struct eagre_buffer *out, uint64_t seed, struct draw *draw) {
  bool is_hot = draw_hot(draw, HOT_CHANNEL_RATIO);
  int64_t count = is_hot ? (int64_t)EAGRE_COUNT_OF(hot_channels) : CHANNELS;
  int64_t channel = draw_below(draw, count);
  struct draw page = begin_draw(~seed, (uint64_t)(is_hot ? CHANNELS + channel : channel));
  if (is_hot) {
    eagre_buffer_append_string(out, hot_channels[channel]);
  } else {
    append_number(out, "channel-", channel);
  }
  eagre_buffer_append_string(out, "\",\"url\":\"");
  append_page(out, &page);
  if (!is_hot && draw_hot(&page, 10)) {
    append_number(out, "&channel_id=", (int64_t)(reverse_bits((uint32_t)channel) & INT32_MAX));
  }
}

static void append_bid(const struct eagre_workload_options *options, uint64_t number,
                       struct draw *draw, struct eagre_buffer *out) {
  int64_t auction = draw_hot(draw, HOT_AUCTION_RATIO) ? find_hot(last_auction(number))
                                                      : draw_auction(draw, number);
  /* The second of a hundred: hot sellers are the first. */
  int64_t bidder = draw_hot(draw, HOT_BIDDER_RATIO) ? find_hot(last_person(number)) + 1
                                                    : draw_person(draw, number);
  append_number(out, "{\"auction\":", FIRST_ID + auction);
  append_number(out, ",\"bidder\":", FIRST_ID + bidder);
  append_number(out, ",\"price\":", draw_price(draw));
  eagre_buffer_append_string(out, ",\"channel\":\"");
  append_channel(out, options->seed, draw);
  append_time(out, "\",\"dateTime\":\"", time_of(options, number));
  append_extra(out, draw, 4 * NUMBER_SIZE, BID_SIZE);
  eagre_buffer_append_char(out, '}');
}

/* ---- Events ---------------------------------------------------------------------------------- */

void eagre_nexmark_append(const struct eagre_workload_options *options, uint64_t number,
                          struct eagre_buffer *out) {
  struct draw draw = begin_draw(options->seed, number);
  uint64_t place = number % EVENTS_PER_ROUND;
  if (place == 0) {
    eagre_buffer_append_string(out, "{\"event_type\":0,\"person\":");
    append_person(options, number, &draw, out);
    eagre_buffer_append_string(out, ",\"auction\":null,\"bid\":null}");
  } else if (place < BIDS_BEGIN) {
    eagre_buffer_append_string(out, "{\"event_type\":1,\"person\":null,\"auction\":");
    append_auction(options, number, &draw, out);
    eagre_buffer_append_string(out, ",\"bid\":null}");
  } else {
    eagre_buffer_append_string(out, "{\"event_type\":2,\"person\":null,\"auction\":null,\"bid\":");
    append_bid(options, number, &draw, out);
    eagre_buffer_append_char(out, '}');
  }
}
