/* Frames of rows. Within a partition both ends of the frames only move on, so that frames by values
 * are found in one walk. */
#include "operator/operator_order.h"
#include "operator/operator_over.h"

/* `row` + `rows`, but not outside [begin, end]. */
static uint32_t move(uint32_t row, int64_t rows, uint32_t begin, uint32_t end) {
  int64_t moved = (int64_t)row + rows;
  if (moved < (int64_t)begin) return begin;
  return moved > (int64_t)end ? end : (uint32_t)moved;
}

/* Where the values begin that are not in front of the limit of each row, or, for the upper end,
 * those behind it. */
static void find_by_value(const struct operator_over_input *input,
                          const struct eagre_vector *limits, uint32_t begin, uint32_t end,
                          bool is_upper, uint32_t *out) {
  uint32_t at = begin;
  for (uint32_t row = begin; row < end; row++) {
    for (; at < end; at++) {
      int order =
          eagre_operator_compare_sorted(input->key, at, limits, row, input->sort_key->is_descending,
                                        input->sort_key->nulls_first);
      if (is_upper ? order > 0 : order >= 0) break;
    }
    out[row] = at;
  }
}

static void find_lower(const struct operator_over_input *input, uint32_t begin, uint32_t end,
                       uint32_t *out) {
  const struct eagre_over_edge *edge = &input->function->lower;
  if (edge->kind == EAGRE_OVER_VALUE) {
    find_by_value(input, input->lower_limit, begin, end, false, out);
    return;
  }
  for (uint32_t row = begin; row < end; row++) {
    out[row] = edge->kind == EAGRE_OVER_FIRST   ? begin
               : edge->kind == EAGRE_OVER_LAST  ? end
               : edge->kind == EAGRE_OVER_PEERS ? input->order->peers_begin[row]
                                                : move(row, edge->rows, begin, end);
  }
}

static void find_upper(const struct operator_over_input *input, uint32_t begin, uint32_t end,
                       uint32_t *out) {
  const struct eagre_over_edge *edge = &input->function->upper;
  if (edge->kind == EAGRE_OVER_VALUE) {
    find_by_value(input, input->upper_limit, begin, end, true, out);
    return;
  }
  for (uint32_t row = begin; row < end; row++) {
    out[row] = edge->kind == EAGRE_OVER_FIRST   ? begin
               : edge->kind == EAGRE_OVER_LAST  ? end
               : edge->kind == EAGRE_OVER_PEERS ? input->order->peers_end[row]
                                                : move(row, edge->rows + 1, begin, end);
  }
}

void eagre_operator_over_frames(const struct operator_over_input *input,
                                struct operator_over_frames *out) {
  const struct operator_over_order *order = input->order;
  out->lower = eagre_arena_allocate(input->arena, sizeof(uint32_t) * ((size_t)order->count + 1));
  out->upper = eagre_arena_allocate(input->arena, sizeof(uint32_t) * ((size_t)order->count + 1));
  for (uint32_t i = 0; i < order->partition_count; i++) {
    find_lower(input, order->partitions[i], order->partitions[i + 1], out->lower);
    find_upper(input, order->partitions[i], order->partitions[i + 1], out->upper);
  }
}
