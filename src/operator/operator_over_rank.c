/* Window functions that need the place of a row only, or another row's value. */
#include "operator/operator_over.h"

enum { NO_ROW = UINT32_MAX };

/* ---- Places ---------------------------------------------------------------------------------- */

/* Of the n rows of a partition the first n % buckets buckets have one more than the others. */
static int32_t bucket_of(uint32_t place, uint32_t row_count, int64_t bucket_count) {
  int64_t size = row_count / bucket_count;
  int64_t larger_count = row_count % bucket_count;
  int64_t larger_rows = larger_count * (size + 1);
  if (place < larger_rows) return (int32_t)(place / (size + 1)) + 1;
  return (int32_t)(larger_count + (place - larger_rows) / size) + 1;
}

static void rank_partition(const struct operator_over_input *input, uint32_t begin, uint32_t end,
                           int32_t *out) {
  const uint32_t *peers = input->order->peers_begin;
  const struct eagre_over_function *function = input->function;
  int32_t dense = 0;
  for (uint32_t row = begin; row < end; row++) {
    if (peers[row] == row) dense += 1;
    switch (function->kind) {
    case EAGRE_OVER_RANK:
      out[row] = (int32_t)(peers[row] - begin) + 1;
      break;
    case EAGRE_OVER_DENSE_RANK:
      out[row] = dense;
      break;
    case EAGRE_OVER_NTILE:
      out[row] = bucket_of(row - begin, end - begin, function->count);
      break;
    default:
      out[row] = (int32_t)(row - begin) + 1;
      break;
    }
  }
}

static void share_partition(const struct operator_over_input *input, uint32_t begin, uint32_t end,
                            double *out) {
  const struct operator_over_order *order = input->order;
  bool is_cume_dist = input->function->kind == EAGRE_OVER_CUME_DIST;
  double row_count = (double)(end - begin);
  for (uint32_t row = begin; row < end; row++) {
    if (is_cume_dist) {
      out[row] = (double)(order->peers_end[row] - begin) / row_count;
    } else {
      out[row] =
          end - begin == 1 ? 0.0 : (double)(order->peers_begin[row] - begin) / (row_count - 1.0);
    }
  }
}

static void rank_rows(const struct operator_over_input *input, struct eagre_vector *out) {
  const struct operator_over_order *order = input->order;
  for (uint32_t i = 0; i < order->partition_count; i++) {
    uint32_t begin = order->partitions[i], end = order->partitions[i + 1];
    if (out->type->kind == EAGRE_TYPE_DOUBLE) {
      share_partition(input, begin, end, EAGRE_VALUES(double, out));
    } else {
      rank_partition(input, begin, end, EAGRE_VALUES(int32_t, out));
    }
  }
}

/* ---- Values of other rows -------------------------------------------------------------------- */

/* The row `count` rows on; rows whose value is NULL are not counted. */
static uint32_t skip_nulls(const struct eagre_vector *values, uint32_t row, int64_t count,
                           uint32_t begin, uint32_t end) {
  int64_t step = count < 0 ? -1 : 1;
  int64_t left = count < 0 ? -count : count;
  int64_t at = row;
  while (left > 0) {
    at += step;
    if (at < (int64_t)begin || at >= (int64_t)end) return NO_ROW;
    if (!eagre_vector_is_null(values, (uint32_t)at)) left -= 1;
  }
  return (uint32_t)at;
}

static void find_offset_rows(const struct operator_over_input *input, uint32_t begin, uint32_t end,
                             uint32_t *out) {
  int64_t count = input->function->count;
  for (uint32_t row = begin; row < end; row++) {
    if (input->function->ignores_nulls) {
      out[row] = skip_nulls(input->argument, row, count, begin, end);
    } else {
      int64_t at = (int64_t)row + count;
      out[row] = at < (int64_t)begin || at >= (int64_t)end ? NO_ROW : (uint32_t)at;
    }
  }
}

/* Row number `count` of the frame [lower, upper). */
static uint32_t nth_row(const struct operator_over_input *input, uint32_t lower, uint32_t upper) {
  int64_t left = input->function->count;
  if (!input->function->ignores_nulls)
    return (int64_t)lower + left <= (int64_t)upper ? lower + (uint32_t)left - 1 : NO_ROW;
  for (uint32_t row = lower; row < upper; row++) {
    left -= !eagre_vector_is_null(input->argument, row);
    if (left == 0) return row;
  }
  return NO_ROW;
}

static void find_nth_rows(const struct operator_over_input *input, uint32_t *out) {
  struct operator_over_frames frames;
  eagre_operator_over_frames(input, &frames);
  for (uint32_t row = 0; row < input->order->count; row++) {
    out[row] = nth_row(input, frames.lower[row], frames.upper[row]);
  }
}

/* The argument of the rows found, the fallback of the row itself where there is none. */
static void take_values(const struct operator_over_input *input, const uint32_t *rows,
                        struct eagre_vector *out) {
  uint32_t count = input->order->count;
  struct eagre_vector null;
  eagre_vector_init_null(&null, out->type, input->arena);
  const struct eagre_vector *fallback = input->fallback == NULL ? &null : input->fallback;
  for (uint32_t row = 0; row < count; row++) {
    bool is_found = rows[row] != NO_ROW;
    eagre_vector_append(out, row, count, is_found ? input->argument : fallback,
                        is_found ? rows[row] : row, 1, false, input->arena);
  }
}

void eagre_operator_over_rank(const struct operator_over_input *input,
                              struct operator_over_result *out) {
  const struct operator_over_order *order = input->order;
  out->chunks = eagre_arena_allocate_zeroed(input->arena, sizeof *out->chunks);
  out->chunk_rows = order->count;
  eagre_vector_init(out->chunks, input->function->result_type, order->count, input->arena);
  bool is_offset = input->function->kind == EAGRE_OVER_OFFSET;
  if (!is_offset && input->function->kind != EAGRE_OVER_NTH_VALUE) {
    rank_rows(input, out->chunks);
    return;
  }
  uint32_t *rows = eagre_arena_allocate(input->arena, sizeof *rows * ((size_t)order->count + 1));
  if (!is_offset) find_nth_rows(input, rows);
  for (uint32_t i = 0; is_offset && i < order->partition_count; i++) {
    find_offset_rows(input, order->partitions[i], order->partitions[i + 1], rows);
  }
  take_values(input, rows, out->chunks);
}
