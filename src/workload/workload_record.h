/* Inside of the room `workload`: pieces that records are made of. */
#pragma once

#include "workload/workload.h"

void eagre_order_append(const struct eagre_workload_options *options, uint64_t number,
                        struct eagre_buffer *out);
void eagre_nexmark_append(const struct eagre_workload_options *options, uint64_t number,
                          struct eagre_buffer *out);
/* The record whose bytes record `number` has: itself, or the last before it that is no duplicate.
 */
uint64_t eagre_workload_original(const struct eagre_workload_options *options, uint64_t number);
void eagre_workload_append_integer(struct eagre_buffer *out, int64_t value);
/* "2026-01-01T00:00:00.123Z". */
void eagre_workload_append_timestamp(struct eagre_buffer *out, int64_t us);
