/* Groups that expire (operator_expiring.h). */
#include "operator/operator_expiring.h"

#include <string.h>

enum { AT_ONCE = 1024, PANES_PER_SPAN = 64 };
#define PANE_US_MIN INT64_C(1000) /* watermarks are milliseconds */

/* Ascending by `pane`. */
struct operator_expiring_pane {
  int64_t pane;
  int64_t first_us; /* none of its groups that are not gone ends before; INT64_MAX: none is left */
};

/* ---- Life ------------------------------------------------------------------------------------ */

void eagre_operator_expiring_init(struct operator_expiring *expiring,
                                  struct eagre_state_table *table, uint32_t payload_size) {
  *expiring = (struct operator_expiring){.table = table, .payload_size = payload_size};
}

void eagre_operator_expiring_done(struct operator_expiring *expiring) {
  eagre_operator_index_done(&expiring->index);
  eagre_free(expiring->panes);
}

struct expiring_head eagre_operator_expiring_head(const char *payload) {
  struct expiring_head head;
  memcpy(&head, payload, sizeof head);
  return head;
}

int64_t eagre_operator_expiring_bound(int64_t watermark_ms) {
  int64_t bound = 0;
  return __builtin_mul_overflow(watermark_ms, 1000, &bound) ? INT64_MAX - 1 : bound;
}

uint64_t eagre_operator_expiring_memory(const struct operator_expiring *expiring) {
  return eagre_operator_index_memory(&expiring->index) +
         expiring->pane_capacity * sizeof *expiring->panes;
}

/* ---- Panes ----------------------------------------------------------------------------------- */

int64_t eagre_operator_expiring_pane(int64_t end_us, int64_t bound_us) {
  if (bound_us == EXPIRING_NEVER) return 0;
  int64_t left_us = 0;
  if (__builtin_sub_overflow(end_us, bound_us, &left_us)) return INT64_MAX;
  int64_t length_us = PANE_US_MIN;
  while (length_us < left_us / PANES_PER_SPAN) {
    length_us *= 2;
  }
  int64_t over_us = end_us % length_us;
  int64_t step_us = over_us > 0 ? length_us - over_us : -over_us;
  int64_t pane = 0;
  return __builtin_add_overflow(end_us, step_us, &pane) ? INT64_MAX : pane;
}

/* Where the pane stands, or would stand. */
static uint32_t find_place(const struct operator_expiring *expiring, int64_t pane) {
  uint32_t low = 0;
  uint32_t high = expiring->pane_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (expiring->panes[middle].pane < pane) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* A group of the pane ends then. */
static void note_end(struct operator_expiring *expiring, int64_t pane, int64_t end_us) {
  uint32_t place = find_place(expiring, pane);
  bool is_there = place < expiring->pane_count && expiring->panes[place].pane == pane;
  if (is_there) {
    if (end_us < expiring->panes[place].first_us) expiring->panes[place].first_us = end_us;
    return;
  }
  if (expiring->pane_count == expiring->pane_capacity) {
    expiring->pane_capacity = expiring->pane_capacity == 0 ? 64 : expiring->pane_capacity * 2;
    expiring->panes =
        eagre_reallocate(expiring->panes, expiring->pane_capacity * sizeof *expiring->panes);
  }
  memmove(&expiring->panes[place + 1], &expiring->panes[place],
          (expiring->pane_count - place) * sizeof *expiring->panes);
  expiring->panes[place] = (struct operator_expiring_pane){pane, end_us};
  expiring->pane_count++;
}

/* ---- Groups ---------------------------------------------------------------------------------- */

void eagre_operator_expiring_add(struct operator_expiring *expiring, char *payload) {
  struct expiring_head head = eagre_operator_expiring_head(payload);
  eagre_operator_index_add(&expiring->index, eagre_state_hash_of(payload), payload);
  note_end(expiring, head.pane, head.end_us);
}

void eagre_operator_expiring_extend(struct operator_expiring *expiring, char *payload,
                                    int64_t end_us) {
  struct expiring_head head = eagre_operator_expiring_head(payload);
  eagre_assert(end_us >= head.end_us && (end_us <= head.pane || head.pane == 0));
  eagre_state_touch(expiring->table, head.pane, payload);
  head.end_us = end_us;
  memcpy(payload, &head, sizeof head);
}

static void set_gone(struct operator_expiring *expiring, char *payload) {
  struct expiring_head head = eagre_operator_expiring_head(payload);
  head.end_us = EXPIRING_GONE;
  memset(payload, 0, expiring->payload_size);
  memcpy(payload, &head, sizeof head);
}

void eagre_operator_expiring_remove(struct operator_expiring *expiring, char *payload) {
  struct expiring_head head = eagre_operator_expiring_head(payload);
  eagre_operator_index_remove(&expiring->index, eagre_state_hash_of(payload), payload);
  eagre_state_touch(expiring->table, head.pane, payload);
  set_gone(expiring, payload);
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

static void take_in(struct operator_expiring *expiring, int64_t late_bound_us) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[AT_ONCE];
  uint32_t count;
  while ((count = eagre_state_next(expiring->table, &cursor, EAGRE_STATE_ALL, INT64_MAX, groups,
                                   AT_ONCE)) > 0) {
    for (uint32_t i = 0; i < count; i++) {
      struct expiring_head head = eagre_operator_expiring_head(groups[i].payload);
      if (head.end_us == EXPIRING_GONE) continue;
      if (head.end_us <= late_bound_us) {
        set_gone(expiring, groups[i].payload);
      } else {
        eagre_operator_expiring_add(expiring, groups[i].payload);
      }
    }
  }
}

void eagre_operator_expiring_begin(struct operator_expiring *expiring, int64_t late_bound_us) {
  if (!expiring->has_taken_in) take_in(expiring, late_bound_us);
  expiring->has_taken_in = true;
  eagre_state_begin_epoch(expiring->table);
}

/* Hands on those of the groups that have expired, then removes them. They are not touched: that
 * they have expired follows from the watermark. */
static enum eagre_status expire_groups(struct operator_expiring *expiring, int64_t bound_us,
                                       const struct eagre_state_group *groups, uint32_t count,
                                       operator_expired_fn *expired, void *context,
                                       uint64_t *inout_count, int64_t *inout_first_us,
                                       struct eagre_error *error) {
  char *payloads[AT_ONCE];
  uint32_t expired_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    int64_t end_us = eagre_operator_expiring_head(groups[i].payload).end_us;
    if (end_us == EXPIRING_GONE) continue;
    if (end_us <= bound_us) {
      payloads[expired_count++] = groups[i].payload;
    } else if (end_us < *inout_first_us) {
      *inout_first_us = end_us;
    }
  }
  if (expired != NULL && expired_count > 0)
    EAGRE_TRY(expired(context, payloads, expired_count, error));
  for (uint32_t i = 0; i < expired_count; i++) {
    eagre_operator_index_remove(&expiring->index, eagre_state_hash_of(payloads[i]), payloads[i]);
    set_gone(expiring, payloads[i]);
  }
  *inout_count += expired_count;
  return EAGRE_OK;
}

static enum eagre_status expire_pane(struct operator_expiring *expiring,
                                     struct operator_expiring_pane *pane, int64_t bound_us,
                                     operator_expired_fn *expired, void *context,
                                     uint64_t *inout_count, struct eagre_error *error) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[AT_ONCE];
  int64_t first_us = INT64_MAX;
  uint32_t count;
  while ((count = eagre_state_next_of_pane(expiring->table, pane->pane, &cursor, groups, AT_ONCE)) >
         0) {
    EAGRE_TRY(expire_groups(expiring, bound_us, groups, count, expired, context, inout_count,
                            &first_us, error));
  }
  pane->first_us = first_us;
  return EAGRE_OK;
}

enum eagre_status eagre_operator_expiring_expire(struct operator_expiring *expiring,
                                                 int64_t bound_us, operator_expired_fn *expired,
                                                 void *context, uint64_t *out_count,
                                                 struct eagre_error *error) {
  *out_count = 0;
  for (uint32_t i = 0; i < expiring->pane_count; i++) {
    if (expiring->panes[i].first_us > bound_us) continue;
    EAGRE_TRY(
        expire_pane(expiring, &expiring->panes[i], bound_us, expired, context, out_count, error));
  }
  eagre_state_evict(expiring->table, bound_us);
  uint32_t over = 0;
  while (over < expiring->pane_count && expiring->panes[over].pane <= bound_us) {
    over++;
  }
  expiring->pane_count -= over;
  if (over > 0)
    memmove(expiring->panes, expiring->panes + over,
            expiring->pane_count * sizeof *expiring->panes);
  return EAGRE_OK;
}
