/* OVER: keeps all rows, puts them in the order of each window in turn, computes its functions, and
 * sends the rows with the results behind their columns, in the order of the last window. Batch
 * queries only. */
#include "operator/operator_over.h"

#include <inttypes.h>
#include <stdlib.h>

#include "operator/operator_order.h"
#include "operator/operator_step.h"

/* Rows that leave together: a list of a frame may have many elements. */
enum { ROWS_AT_ONCE = 1024 };
enum { NO_VALUE = UINT32_MAX };

struct kept_row {
  uint32_t batch;
  uint32_t row;
};

struct kept_batch {
  struct eagre_batch *batch;
  struct eagre_vector *values; /* of all expressions, in the batch's arena */
  uint32_t first;              /* number of its first row, as rows came */
};

/* Which of the values a function reads; NO_VALUE for none. */
struct function_values {
  uint32_t argument;
  uint32_t fallback;
  uint32_t lower_limit;
  uint32_t upper_limit;
};

struct over_step {
  struct operator_step step;
  struct eagre_program *program;
  uint32_t value_count;
  uint32_t *window_values; /* per window: the first of its partition keys, then sort keys */
  struct function_values *function_values;
  uint32_t input_count; /* columns */
  uint64_t size_max;
  struct kept_batch *batches;
  uint32_t batch_count;
  uint32_t batch_capacity;
  uint64_t row_count;
  uint64_t size_bytes;
};

/* Everything of the end of an epoch, in one arena. */
struct over_run {
  struct over_step *over;
  struct eagre_arena arena;
  uint32_t window; /* that is being worked on */
  struct kept_row *rows;
  uint32_t count;
  struct operator_over_order order;
  uint32_t *places;                     /* by number as rows came: place in the window's order */
  struct operator_over_result *results; /* by function */
  const uint32_t **result_places;       /* by function: `places` of its window */
};

/* ---- Keeping --------------------------------------------------------------------------------- */

enum eagre_status eagre_operator_over_check(uint64_t size, uint64_t size_max,
                                            struct eagre_sql_position position,
                                            struct eagre_error *error) {
  if (size <= size_max) return EAGRE_OK;
  eagre_error_set(error, EAGRE_DATA, "WINDOW_FUNCTION_TOO_LARGE",
                  "The rows of a window function and their results take more than %" PRIu64
                  " bytes of memory.",
                  size_max);
  eagre_error_hint(error, "filter the rows, read fewer columns, or raise eagre.over.rowsBytes");
  eagre_sql_place_error(position, error);
  return EAGRE_DATA;
}

static enum eagre_status keep_batch(struct over_step *over, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct eagre_vector *values =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *values * (over->value_count + 1));
  EAGRE_TRY(eagre_operator_run(&over->step, over->program, batch, values, error));
  uint64_t size = over->size_bytes + batch->arena.allocated_size;
  uint64_t row_count = over->row_count + batch->row_count;
  uint64_t needed =
      row_count < UINT32_MAX / 2 ? size : UINT64_MAX; /* numbers of rows are 32 bits */
  EAGRE_TRY(eagre_operator_over_check(needed, over->size_max, over->step.node->position, error));
  if (over->batch_count == over->batch_capacity) {
    over->batch_capacity = over->batch_capacity == 0 ? 16 : over->batch_capacity * 2;
    over->batches = eagre_reallocate(over->batches, sizeof *over->batches * over->batch_capacity);
  }
  over->batches[over->batch_count++] =
      (struct kept_batch){batch, values, (uint32_t)over->row_count};
  over->row_count = row_count;
  over->size_bytes = size;
  return EAGRE_OK;
}

static enum eagre_status push_over(struct operator_step *step, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  enum eagre_status status = keep_batch((struct over_step *)step, batch, error);
  if (status != EAGRE_OK) eagre_batch_free(batch);
  return status;
}

static void drop_batches(struct over_step *over) {
  for (uint32_t i = 0; i < over->batch_count; i++) {
    eagre_batch_free(over->batches[i].batch);
  }
  over->batch_count = 0;
  over->row_count = 0;
  over->size_bytes = 0;
}

/* ---- Order ----------------------------------------------------------------------------------- */

static const struct eagre_over_window *window_of(const struct over_run *run) {
  return &run->over->step.node->windows[run->window];
}

static int compare_partitions(const struct over_run *run, const struct kept_row *a,
                              const struct kept_row *b) {
  const struct kept_batch *batches = run->over->batches;
  uint32_t first = run->over->window_values[run->window];
  for (uint32_t i = 0; i < window_of(run)->partition_by_count; i++) {
    int order = eagre_operator_compare(&batches[a->batch].values[first + i], a->row,
                                       &batches[b->batch].values[first + i], b->row, true);
    if (order != 0) return order;
  }
  return 0;
}

static int compare_peers(const struct over_run *run, const struct kept_row *a,
                         const struct kept_row *b) {
  const struct eagre_over_window *window = window_of(run);
  const struct kept_batch *batches = run->over->batches;
  uint32_t first = run->over->window_values[run->window] + window->partition_by_count;
  for (uint32_t i = 0; i < window->sort_key_count; i++) {
    int order = eagre_operator_compare_sorted(
        &batches[a->batch].values[first + i], a->row, &batches[b->batch].values[first + i], b->row,
        window->sort_keys[i].is_descending, window->sort_keys[i].nulls_first);
    if (order != 0) return order;
  }
  return 0;
}

static int compare_rows(const void *left, const void *right, void *context) {
  const struct kept_row *a = left;
  const struct kept_row *b = right;
  int order = compare_partitions(context, a, b);
  if (order == 0) order = compare_peers(context, a, b);
  if (order != 0) return order;
  if (a->batch != b->batch) return a->batch < b->batch ? -1 : 1; /* stable */
  return (a->row > b->row) - (a->row < b->row);
}

/* Where partitions and peers begin and end. */
static void find_groups(struct over_run *run) {
  size_t size = sizeof(uint32_t) * ((size_t)run->count + 1);
  uint32_t *partitions = eagre_arena_allocate(&run->arena, size);
  uint32_t *begins = eagre_arena_allocate(&run->arena, size);
  uint32_t *ends = eagre_arena_allocate(&run->arena, size);
  uint32_t partition_count = 0;
  for (uint32_t i = 0; i < run->count; i++) {
    bool is_first = i == 0 || compare_partitions(run, &run->rows[i - 1], &run->rows[i]) != 0;
    if (is_first) partitions[partition_count++] = i;
    bool is_peer = !is_first && compare_peers(run, &run->rows[i - 1], &run->rows[i]) == 0;
    begins[i] = is_peer ? begins[i - 1] : i;
  }
  partitions[partition_count] = run->count;
  for (uint32_t i = run->count; i-- > 0;) {
    bool is_last = i + 1 == run->count || begins[i + 1] == i + 1;
    ends[i] = is_last ? i + 1 : ends[i + 1];
  }
  run->order = (struct operator_over_order){run->count, partitions, partition_count, begins, ends};
}

static void order_rows(struct over_run *run) {
  qsort_r(run->rows, run->count, sizeof *run->rows, compare_rows, run);
  find_groups(run);
  run->places = eagre_arena_allocate(&run->arena, sizeof(uint32_t) * ((size_t)run->count + 1));
  for (uint32_t i = 0; i < run->count; i++) {
    run->places[run->over->batches[run->rows[i].batch].first + run->rows[i].row] = i;
  }
}

/* ---- Functions ------------------------------------------------------------------------------- */

/* One of the values, in order. */
static enum eagre_status gather_value(struct over_run *run, uint32_t value,
                                      const struct eagre_vector **out, struct eagre_error *error) {
  *out = NULL;
  if (value == NO_VALUE) return EAGRE_OK;
  const struct kept_batch *batches = run->over->batches;
  struct eagre_vector *gathered = eagre_arena_allocate_zeroed(&run->arena, sizeof *gathered);
  const struct eagre_type *type = batches[0].values[value].type;
  uint64_t element_count = 0;
  eagre_vector_init(gathered, type, run->count, &run->arena);
  for (uint32_t i = 0; i < run->count; i++) {
    const struct eagre_vector *from = &batches[run->rows[i].batch].values[value];
    if (eagre_type_is_list(type->kind))
      element_count += eagre_vector_list_size(from, run->rows[i].row);
    if (element_count > INT32_MAX) {
      return eagre_operator_over_check(UINT64_MAX, run->over->size_max,
                                       run->over->step.node->position, error);
    }
    eagre_vector_append(gathered, i, run->count, from, run->rows[i].row, 1, false, &run->arena);
  }
  *out = gathered;
  return EAGRE_OK;
}

static bool has_value_frame(const struct eagre_over_function *function) {
  return function->lower.kind == EAGRE_OVER_VALUE || function->upper.kind == EAGRE_OVER_VALUE;
}

static enum eagre_status make_input(struct over_run *run, uint32_t index,
                                    struct operator_over_input *input, struct eagre_error *error) {
  const struct over_step *over = run->over;
  const struct eagre_over_window *window = window_of(run);
  const struct function_values *values = &over->function_values[index];
  uint32_t key = over->window_values[run->window] + window->partition_by_count;
  *input = (struct operator_over_input){
      .function = &over->step.node->functions[index],
      .order = &run->order,
      .sort_key = window->sort_key_count > 0 ? &window->sort_keys[0] : NULL,
      .arena = &run->arena,
      .size_max = over->size_max > over->size_bytes ? over->size_max - over->size_bytes : 0,
  };
  if (!has_value_frame(input->function)) key = NO_VALUE;
  EAGRE_TRY(gather_value(run, values->argument, &input->argument, error));
  EAGRE_TRY(gather_value(run, values->fallback, &input->fallback, error));
  EAGRE_TRY(gather_value(run, key, &input->key, error));
  EAGRE_TRY(gather_value(run, values->lower_limit, &input->lower_limit, error));
  return gather_value(run, values->upper_limit, &input->upper_limit, error);
}

static enum eagre_status run_function(struct over_run *run, uint32_t index,
                                      struct eagre_error *error) {
  struct operator_over_input input;
  EAGRE_TRY(make_input(run, index, &input, error));
  run->result_places[index] = run->places;
  if (input.function->kind != EAGRE_OVER_AGGREGATE) {
    eagre_operator_over_rank(&input, &run->results[index]);
  } else {
    enum eagre_status status = eagre_operator_over_aggregate(&input, &run->results[index], error);
    if (status != EAGRE_OK) {
      bool has_row = error != NULL && error->row >= 0 && error->row < (int64_t)run->count;
      const struct kept_row *row = has_row ? &run->rows[error->row] : NULL;
      if (has_row) eagre_batch_place(run->over->batches[row->batch].batch, row->row, error);
      return status;
    }
  }
  return eagre_operator_over_check(run->over->size_bytes + run->arena.allocated_size,
                                   run->over->size_max, input.function->position, error);
}

static enum eagre_status run_windows(struct over_run *run, struct eagre_error *error) {
  const struct eagre_plan_node *node = run->over->step.node;
  for (run->window = 0; run->window < node->window_count; run->window++) {
    order_rows(run);
    for (uint32_t i = 0; i < node->function_count; i++) {
      if (node->functions[i].window == run->window) EAGRE_TRY(run_function(run, i, error));
    }
  }
  return EAGRE_OK;
}

/* ---- Output ---------------------------------------------------------------------------------- */

static void write_results(const struct over_run *run, uint32_t function, uint32_t begin,
                          uint32_t count, struct eagre_batch *out) {
  struct eagre_vector *column = &out->columns[run->over->input_count + function];
  const struct operator_over_result *result = &run->results[function];
  const uint32_t *places = run->result_places[function];
  const struct eagre_type *type = run->over->step.node->functions[function].result_type;
  eagre_vector_init(column, type, count, &out->arena);
  for (uint32_t i = 0; i < count; i++) {
    const struct kept_row *row = &run->rows[begin + i];
    uint32_t place = places[run->over->batches[row->batch].first + row->row];
    uint32_t slot = result->slots == NULL ? place : result->slots[place];
    eagre_vector_append(column, i, count, &result->chunks[slot / result->chunk_rows],
                        slot % result->chunk_rows, 1, true, &out->arena);
  }
}

static enum eagre_status send_rows(const struct over_run *run, uint32_t begin, uint32_t count,
                                   struct eagre_error *error) {
  struct over_step *over = run->over;
  const struct eagre_type *type = over->step.node->output;
  struct eagre_batch *out = eagre_batch_new();
  eagre_batch_set_columns(out, type->field_count, count);
  for (uint32_t column = 0; column < over->input_count; column++) {
    eagre_vector_init(&out->columns[column], type->fields[column].type, count, &out->arena);
    for (uint32_t i = 0; i < count; i++) {
      const struct kept_row *row = &run->rows[begin + i];
      eagre_vector_append(&out->columns[column], i, count,
                          &over->batches[row->batch].batch->columns[column], row->row, 1, true,
                          &out->arena);
    }
  }
  for (uint32_t i = 0; i < over->step.node->function_count; i++) {
    write_results(run, i, begin, count, out);
  }
  return eagre_operator_forward(&over->step, out, error);
}

static enum eagre_status run_over(struct over_run *run, struct eagre_error *error) {
  EAGRE_TRY(run_windows(run, error));
  for (uint32_t begin = 0; begin < run->count; begin += ROWS_AT_ONCE) {
    uint32_t left = run->count - begin;
    EAGRE_TRY(send_rows(run, begin, left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE, error));
  }
  return EAGRE_OK;
}

static enum eagre_status finish_over(struct operator_step *step, struct eagre_error *error) {
  struct over_step *over = (struct over_step *)step;
  if (over->row_count == 0) return EAGRE_OK;
  uint32_t function_count = step->node->function_count;
  struct over_run run = {.over = over, .count = (uint32_t)over->row_count};
  run.rows = eagre_arena_allocate(&run.arena, sizeof *run.rows * over->row_count);
  run.results = eagre_arena_allocate_zeroed(&run.arena, sizeof *run.results * function_count);
  run.result_places = eagre_arena_allocate_zeroed(&run.arena, sizeof(void *) * function_count);
  uint32_t count = 0;
  for (uint32_t i = 0; i < over->batch_count; i++) {
    for (uint32_t row = 0; row < over->batches[i].batch->row_count; row++) {
      run.rows[count++] = (struct kept_row){i, row};
    }
  }
  enum eagre_status status = run_over(&run, error);
  eagre_arena_done(&run.arena);
  drop_batches(over);
  return status;
}

static void begin_over(struct operator_step *step) {
  drop_batches((struct over_step *)step);
}

static void free_over(struct operator_step *step) {
  struct over_step *over = (struct over_step *)step;
  drop_batches(over);
  eagre_free(over->batches);
  eagre_free(over->window_values);
  eagre_free(over->function_values);
  eagre_program_free(over->program);
  eagre_free(over);
}

static const struct operator_kind over_kind = {
    .push = push_over, .finish = finish_over, .begin = begin_over, .free = free_over};

/* ---- The step -------------------------------------------------------------------------------- */

static uint32_t add_value(struct eagre_expression **values, uint32_t *inout_count,
                          struct eagre_expression *value) {
  if (value == NULL) return NO_VALUE;
  values[*inout_count] = value;
  return (*inout_count)++;
}

static uint32_t count_values(const struct eagre_plan_node *node) {
  uint32_t count = node->function_count * 4;
  for (uint32_t i = 0; i < node->window_count; i++) {
    count += node->windows[i].partition_by_count + node->windows[i].sort_key_count;
  }
  return count;
}

static void list_values(struct over_step *over, const struct eagre_plan_node *node,
                        struct eagre_expression **values) {
  for (uint32_t i = 0; i < node->window_count; i++) {
    const struct eagre_over_window *window = &node->windows[i];
    over->window_values[i] = over->value_count;
    for (uint32_t j = 0; j < window->partition_by_count; j++) {
      add_value(values, &over->value_count, window->partition_by[j]);
    }
    for (uint32_t j = 0; j < window->sort_key_count; j++) {
      add_value(values, &over->value_count, window->sort_keys[j].expression);
    }
  }
  for (uint32_t i = 0; i < node->function_count; i++) {
    const struct eagre_over_function *function = &node->functions[i];
    over->function_values[i] = (struct function_values){
        .argument = add_value(values, &over->value_count, function->argument),
        .fallback = add_value(values, &over->value_count, function->fallback),
        .lower_limit = add_value(values, &over->value_count, function->lower.limit),
        .upper_limit = add_value(values, &over->value_count, function->upper.limit),
    };
  }
}

struct operator_step *eagre_operator_over_new(const struct eagre_plan_node *node,
                                              const struct eagre_type *input, uint64_t size_max,
                                              const struct eagre_expression_session *session) {
  struct over_step *over = eagre_allocate_zeroed(1, sizeof *over);
  struct eagre_expression **values = eagre_allocate_zeroed(count_values(node) + 1, sizeof(void *));
  over->step.kind = &over_kind;
  over->input_count = input->field_count;
  over->size_max = size_max > 0 ? size_max : UINT64_MAX;
  over->window_values = eagre_allocate_zeroed(node->window_count + 1, sizeof(uint32_t));
  over->function_values =
      eagre_allocate_zeroed(node->function_count + 1, sizeof *over->function_values);
  list_values(over, node, values);
  over->program = eagre_program_new(input, values, over->value_count, session);
  eagre_free(values);
  return &over->step;
}
