/* Orders: {"order_id":1,"customer":"c123","region":"eu","amount":12.34,"cents":1234,"status":"paid","ts":"..."}.
 *
 * Event times are a little out of order (up to four seconds), so that no such record is ever later
 * than a watermark delay of ten seconds. Late ones lie one to two hours before the first record, so
 * that their windows are none of the others' windows, whatever the epochs were. */
#include <string.h>

#include "value/value.h"
#include "workload/workload_record.h"

static const char *const regions[EAGRE_ORDER_REGIONS] = {"eu", "us", "apac", "latam", "africa"};

static const int64_t DISORDER_US = 4000000;
static const int64_t HOUR_US = INT64_C(3600000000);

const char *eagre_order_region(uint32_t region) {
  return regions[region];
}

/* The random numbers of one record. */
struct order_draw {
  uint64_t kind;
  uint64_t value;
  uint64_t time;
};

static struct order_draw draw(const struct eagre_workload_options *options, uint64_t number) {
  struct order_draw drawn;
  drawn.kind = eagre_hash_integer(number, options->seed);
  drawn.value = eagre_hash_integer(drawn.kind, options->seed);
  drawn.time = eagre_hash_integer(drawn.value, options->seed);
  return drawn;
}

void eagre_order_make(const struct eagre_workload_options *options, uint64_t number,
                      struct eagre_order *out) {
  number = eagre_workload_original(options, number);
  struct order_draw drawn = draw(options, number);
  uint64_t lot = drawn.kind % 1000000;
  int64_t on_time_us = options->start_us + (int64_t)number * options->step_us;
  out->is_malformed = lot < options->malformed_per_million;
  out->is_late = !out->is_malformed &&
                 lot < (uint64_t)options->malformed_per_million + options->late_per_million;
  out->is_paid = (drawn.kind >> 32) % 4 != 0;
  out->region = (uint32_t)(drawn.value % EAGRE_ORDER_REGIONS);
  out->cents = (int64_t)((drawn.value >> 8) % 100000) + 1;
  out->event_us = on_time_us + (int64_t)(drawn.time % (uint64_t)DISORDER_US);
  if (out->is_late) {
    out->event_us = options->start_us - HOUR_US - (int64_t)(drawn.time % (uint64_t)HOUR_US);
  }
}

void eagre_order_append(const struct eagre_workload_options *options, uint64_t number,
                        struct eagre_buffer *out) {
  struct eagre_order order;
  eagre_order_make(options, number, &order);
  uint64_t customer = eagre_hash_integer(number, options->seed + 1) % 10000;
  size_t begin = out->size;
  eagre_buffer_append_string(out, "{\"order_id\":");
  eagre_workload_append_integer(out, (int64_t)number);
  eagre_buffer_append_string(out, ",\"customer\":\"c");
  eagre_workload_append_integer(out, (int64_t)customer);
  eagre_buffer_append_string(out, "\",\"region\":\"");
  eagre_buffer_append_string(out, regions[order.region]);
  eagre_buffer_append_string(out, "\",\"amount\":");
  eagre_workload_append_integer(out, order.cents / 100);
  eagre_buffer_append_char(out, '.');
  eagre_buffer_append_char(out, (char)('0' + order.cents / 10 % 10));
  eagre_buffer_append_char(out, (char)('0' + order.cents % 10));
  eagre_buffer_append_string(out, ",\"cents\":");
  eagre_workload_append_integer(out, order.cents);
  eagre_buffer_append_string(out, order.is_paid ? ",\"status\":\"paid\",\"ts\":\""
                                                : ",\"status\":\"open\",\"ts\":\"");
  eagre_workload_append_timestamp(out, order.event_us);
  eagre_buffer_append_string(out, "\"}");
  if (order.is_malformed) out->size = begin + (out->size - begin) / 2;
}
