/* Rows on which an expression fails, in a flow that keeps them apart.
 *
 * Expressions work on columns and stop at the first row that fails, in an order of their own. So
 * the rows are found by halving: a range that passes is good as a whole, one that fails is tried by
 * its halves. k bad rows of n cost about 2 k log2(n / k) runs over small ranges; a batch without
 * any costs nothing. The good rows are then run once more, together. */
#include "operator/operator_dead.h"

struct search {
  const struct operator_dead *dead;
  struct eagre_program *program;
  const struct eagre_program_context *context;
  const struct eagre_batch *batch;
  struct eagre_batch *part; /* a range of the rows, with memory of its own */
  struct eagre_vector *out; /* of the part; nobody reads it */
  uint32_t *rows;           /* 0, 1, 2, ... */
  uint8_t *keep;
};

static enum eagre_status run_range(struct search *search, uint32_t begin, uint32_t count,
                                   struct eagre_error *failure) {
  const struct eagre_batch *batch = search->batch;
  struct eagre_batch *part = search->part;
  eagre_batch_reset(part);
  eagre_batch_set_columns(part, batch->column_count, count);
  for (uint32_t i = 0; i < batch->column_count; i++) {
    eagre_vector_gather(&part->columns[i], &batch->columns[i], search->rows + begin, count,
                        &part->arena);
  }
  *failure = (struct eagre_error){0};
  return eagre_program_run(search->program, part, search->context, search->out, failure);
}

static enum eagre_status give_away(struct search *search, uint32_t row, struct eagre_error *failure,
                                   struct eagre_error *error) {
  eagre_bit_put(search->keep, row, false);
  eagre_batch_place(search->batch, row, failure);
  return search->dead->give(search->dead->context, search->batch, row, failure, error);
}

static enum eagre_status search_halves(struct search *search, uint32_t begin, uint32_t count,
                                       struct eagre_error *error);

static enum eagre_status search_range(struct search *search, uint32_t begin, uint32_t count,
                                      struct eagre_error *error) {
  struct eagre_error failure;
  enum eagre_status status = run_range(search, begin, count, &failure);
  if (status == EAGRE_OK) return EAGRE_OK;
  if (status != EAGRE_DATA) {
    if (error != NULL) *error = failure;
    return status;
  }
  if (count == 1) return give_away(search, begin, &failure, error);
  return search_halves(search, begin, count, error);
}

/* Of a range that is known to fail. */
static enum eagre_status search_halves(struct search *search, uint32_t begin, uint32_t count,
                                       struct eagre_error *error) {
  EAGRE_TRY(search_range(search, begin, count / 2, error));
  return search_range(search, begin + count / 2, count - count / 2, error);
}

/* Gives the rows away on which `program` fails, and takes them out of the batch. */
static enum eagre_status take_out(const struct operator_dead *dead, struct eagre_program *program,
                                  struct eagre_batch *batch,
                                  const struct eagre_program_context *context,
                                  struct eagre_vector *out, struct eagre_error *error) {
  uint32_t count = batch->row_count;
  struct search search = {.dead = dead,
                          .program = program,
                          .context = context,
                          .batch = batch,
                          .out = out,
                          .part = eagre_batch_new(),
                          .rows = eagre_arena_allocate_vector(&batch->arena, count * 4),
                          .keep =
                              eagre_arena_allocate_vector(&batch->arena, eagre_bits_size(count))};
  for (uint32_t i = 0; i < count; i++)
    search.rows[i] = i;
  eagre_bits_fill(search.keep, count, true);
  /* The whole has just failed; a row alone is asked again for what is wrong with it. */
  enum eagre_status status =
      count == 1 ? search_range(&search, 0, 1, error) : search_halves(&search, 0, count, error);
  eagre_batch_free(search.part);
  if (status == EAGRE_OK) eagre_batch_filter(batch, search.keep);
  return status;
}

static bool can_take_out(const struct operator_dead *dead, const struct eagre_batch *batch,
                         enum eagre_status status) {
  return status == EAGRE_DATA && dead->give != NULL && batch->origin.values != NULL;
}

enum eagre_status eagre_operator_dead_run(const struct operator_dead *dead,
                                          struct eagre_program *program, struct eagre_batch *batch,
                                          const struct eagre_program_context *context,
                                          struct eagre_vector *out, struct eagre_error *error) {
  enum eagre_status status = eagre_program_run(program, batch, context, out, error);
  if (can_take_out(dead, batch, status)) {
    EAGRE_TRY(take_out(dead, program, batch, context, out, error));
    status = eagre_program_run(program, batch, context, out, error);
  }
  if (status != EAGRE_OK && error != NULL) eagre_batch_place(batch, error->row, error);
  return status;
}

enum eagre_status eagre_operator_dead_run_filter(const struct operator_dead *dead,
                                                 struct eagre_program *program,
                                                 struct eagre_batch *batch,
                                                 const struct eagre_program_context *context,
                                                 uint8_t **out_keep, struct eagre_error *error) {
  struct eagre_vector value;
  enum eagre_status status = eagre_program_run_filter(program, batch, context, out_keep, error);
  if (can_take_out(dead, batch, status)) {
    EAGRE_TRY(take_out(dead, program, batch, context, &value, error));
    status = eagre_program_run_filter(program, batch, context, out_keep, error);
  }
  if (status != EAGRE_OK && error != NULL) eagre_batch_place(batch, error->row, error);
  return status;
}
