/* Groups that expire, each at its own time: the state of sessions and of deduplication. Inside of
 * the room `operator`.
 *
 * A state table gives back memory by panes, so a group stands in a pane that ends when it expires
 * or later. Panes are the finer the nearer to the watermark: as long as a 64th of what was left to
 * live when a group came, so that there are some hundreds of them whatever the times are. Of each
 * pane it is known when the first of its groups expires: those it may have come to are looked at,
 * panes that are over are dropped whole, others are not touched.
 *
 * A group that expires in a pane that is not over stays there as an empty one (`end_us` GONE) until
 * the pane is dropped, and so does one that moved to another pane. Expiry is not stored: after a
 * restart what ends at or before the late-row watermark, which is the bound of the epoch before,
 * is gone.
 *
 * Groups are found by key through an index, for who meets a key does not know its pane. */
#pragma once

#include "operator/operator.h"
#include "operator/operator_index.h"

/* Begins every payload. */
struct expiring_head {
  int64_t end_us; /* when it expires; EXPIRING_GONE */
  int64_t pane;   /* where it is */
};
#define EXPIRING_GONE INT64_MIN
#define EXPIRING_NEVER INT64_MIN /* as a bound: nothing expires, and there is one pane */

struct operator_expiring_pane;
struct operator_expiring {
  struct eagre_state_table *table; /* borrowed */
  uint32_t payload_size;
  struct operator_index index; /* of what is not gone */
  struct operator_expiring_pane *panes;
  uint32_t pane_count;
  uint32_t pane_capacity;
  bool has_taken_in; /* what the table was loaded with */
};

void eagre_operator_expiring_init(struct operator_expiring *expiring,
                                  struct eagre_state_table *table, uint32_t payload_size);
void eagre_operator_expiring_done(struct operator_expiring *expiring);
/* Starts an epoch; the first one takes in what was loaded but for what ends at `late_bound_us` or
 * before. */
void eagre_operator_expiring_begin(struct operator_expiring *expiring, int64_t late_bound_us);

struct expiring_head eagre_operator_expiring_head(const char *payload);
/* The pane for a group that comes while `bound_us` is what expires at the epoch's end. */
int64_t eagre_operator_expiring_pane(int64_t end_us, int64_t bound_us);
/* A group of the table, whose head is set, is there now. */
void eagre_operator_expiring_add(struct operator_expiring *expiring, char *payload);
/* The end of a group that is there has become later, its pane is the same. */
void eagre_operator_expiring_extend(struct operator_expiring *expiring, char *payload,
                                    int64_t end_us);
/* The group is gone: the rest of its payload is zeroed. */
void eagre_operator_expiring_remove(struct operator_expiring *expiring, char *payload);

/* Takes groups that have expired; their payloads are as they were. NULL: nobody wants them. */
typedef enum eagre_status operator_expired_fn(void *context, char *const *payloads, uint32_t count,
                                              struct eagre_error *error);
/* Removes what ends at or before `bound_us`. */
enum eagre_status eagre_operator_expiring_expire(struct operator_expiring *expiring,
                                                 int64_t bound_us, operator_expired_fn *expired,
                                                 void *context, uint64_t *out_count,
                                                 struct eagre_error *error);
uint64_t eagre_operator_expiring_memory(const struct operator_expiring *expiring);
/* A watermark as microseconds. */
int64_t eagre_operator_expiring_bound(int64_t watermark_ms);
