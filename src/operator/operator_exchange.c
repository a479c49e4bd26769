/* Rows on their way to the cores that own them (operator_exchange.h).
 *
 * The batch being filled is the last of its list. Its capacity begins small and grows, so that an
 * epoch of few rows costs little memory and one of many little time. */
#include "operator/operator_exchange.h"

#include <stdatomic.h>

enum { CAPACITY_MIN = 64 };

struct waiting_rows {
  struct eagre_batch *first;
  struct eagre_batch *last;
  uint32_t capacity; /* rows that fit in `last` */
  /* Bytes of the batches. Kept beside them, as whoever measures may be another core than the one
   * that takes them and frees them. */
  _Atomic uint64_t size;
};

struct operator_exchange {
  const struct eagre_type *columns;
  struct waiting_rows *owners;
  uint32_t owner_count;
};

struct operator_exchange *eagre_operator_exchange_new(const struct eagre_type *columns,
                                                      uint32_t owner_count) {
  struct operator_exchange *exchange = eagre_allocate_zeroed(1, sizeof *exchange);
  exchange->columns = columns;
  exchange->owner_count = owner_count;
  exchange->owners = eagre_allocate_zeroed(owner_count, sizeof *exchange->owners);
  return exchange;
}

void eagre_operator_exchange_clear(struct operator_exchange *exchange) {
  for (uint32_t i = 0; i < exchange->owner_count; i++) {
    struct eagre_batch *batch = eagre_operator_exchange_take(exchange, i);
    while (batch != NULL) {
      struct eagre_batch *next = batch->next;
      eagre_batch_free(batch);
      batch = next;
    }
  }
}

void eagre_operator_exchange_free(struct operator_exchange *exchange) {
  if (exchange == NULL) return;
  eagre_operator_exchange_clear(exchange);
  eagre_free(exchange->owners);
  eagre_free(exchange);
}

/* ---- Putting --------------------------------------------------------------------------------- */

static uint32_t next_capacity(const struct waiting_rows *waiting, uint32_t count) {
  uint32_t capacity = waiting->last == NULL ? CAPACITY_MIN : waiting->capacity * 4;
  while (capacity < count) {
    capacity *= 4;
  }
  return capacity < EAGRE_BATCH_ROWS_MAX ? capacity : EAGRE_BATCH_ROWS_MAX;
}

static void begin_batch(const struct operator_exchange *exchange, struct waiting_rows *waiting,
                        uint32_t count) {
  uint32_t capacity = next_capacity(waiting, count);
  struct eagre_batch *batch = eagre_batch_new();
  eagre_batch_set_columns(batch, exchange->columns->field_count, 0);
  for (uint32_t i = 0; i < batch->column_count; i++) {
    eagre_vector_init(&batch->columns[i], exchange->columns->fields[i].type, capacity,
                      &batch->arena);
  }
  atomic_fetch_add_explicit(&waiting->size, batch->arena.allocated_size, memory_order_relaxed);
  if (waiting->first == NULL) waiting->first = batch;
  if (waiting->last != NULL) waiting->last->next = batch;
  waiting->last = batch;
  waiting->capacity = capacity;
}

static void append_rows(struct waiting_rows *waiting, struct eagre_batch *from,
                        const uint32_t *rows, uint32_t count) {
  struct eagre_batch *into = waiting->last;
  uint64_t size = into->arena.allocated_size;
  for (uint32_t i = 0; i < into->column_count; i++) {
    struct eagre_vector picked;
    eagre_vector_gather(&picked, &from->columns[i], rows, count, &from->arena);
    eagre_vector_append(&into->columns[i], into->row_count, waiting->capacity, &picked, 0, count,
                        true, &into->arena);
  }
  into->row_count += count;
  atomic_fetch_add_explicit(&waiting->size, into->arena.allocated_size - size,
                            memory_order_relaxed);
}

void eagre_operator_exchange_put(struct operator_exchange *exchange, uint32_t owner,
                                 struct eagre_batch *batch, const uint32_t *rows, uint32_t count) {
  struct waiting_rows *waiting = &exchange->owners[owner];
  while (count > 0) {
    bool is_full = waiting->last == NULL || waiting->last->row_count == waiting->capacity;
    if (is_full) begin_batch(exchange, waiting, count);
    uint32_t room = waiting->capacity - waiting->last->row_count;
    uint32_t part = count < room ? count : room;
    append_rows(waiting, batch, rows, part);
    rows += part;
    count -= part;
  }
}

/* ---- Taking ---------------------------------------------------------------------------------- */

struct eagre_batch *eagre_operator_exchange_take(struct operator_exchange *exchange,
                                                 uint32_t owner) {
  struct waiting_rows *waiting = &exchange->owners[owner];
  struct eagre_batch *first = waiting->first;
  waiting->first = NULL;
  waiting->last = NULL;
  waiting->capacity = 0;
  atomic_store_explicit(&waiting->size, 0, memory_order_relaxed);
  return first;
}

uint64_t eagre_operator_exchange_memory(const struct operator_exchange *exchange) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < exchange->owner_count; i++) {
    size += atomic_load_explicit(&exchange->owners[i].size, memory_order_relaxed);
  }
  return size;
}
