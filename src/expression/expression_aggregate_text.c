/* listagg, string_agg: the texts of a group that are not NULL as one, with a delimiter between
 * them, in the order in which they came or in that of WITHIN GROUP.
 *
 * Accumulators: {uint64 count, struct eagre_text}, which is the result so far; with WITHIN GROUP it
 * is the entries to be sorted, each the values to sort by and then the text. */
#include <stdlib.h>
#include <string.h>

#include "expression/expression_aggregate_value.h"

struct list_state {
  uint64_t count;
  struct eagre_text values;
};

struct list_options {
  struct eagre_text delimiter;
  const struct eagre_type *text_type;
  const struct eagre_aggregate_order *order; /* WITHIN GROUP */
  uint32_t order_count;
};

/* ---- In the order in which they come --------------------------------------------------------- */

/* The accumulator of a text that is joined: each behind the delimiter but the first. */
static enum eagre_status join_text(const struct eagre_aggregate *aggregate,
                                   struct list_state *state, struct eagre_text text,
                                   struct eagre_arena *arena, struct eagre_error *error) {
  const struct list_options *options = aggregate->options;
  const struct eagre_text *delimiter = &options->delimiter;
  if (state->count > 0) {
    EAGRE_TRY(eagre_aggregate_append(aggregate, arena, &state->values, delimiter->data,
                                     delimiter->size, error));
  }
  state->count += 1;
  return eagre_aggregate_append(aggregate, arena, &state->values, text.data, text.size, error);
}

static enum eagre_status join_values(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, input)[eagre_vector_index(input, row)];
    EAGRE_TRY(join_text(update->aggregate, (struct list_state *)eagre_aggregate_state(update, row),
                        text, update->arena, update->error));
  }
  return EAGRE_OK;
}

static enum eagre_status merge_joined(const struct eagre_aggregate *aggregate, char *into,
                                      const char *from, struct eagre_arena *arena,
                                      struct eagre_error *error) {
  const struct list_state *state = (const struct list_state *)from;
  if (state->count == 0) return EAGRE_OK;
  return join_text(aggregate, (struct list_state *)into, state->values, arena, error);
}

static enum eagre_status finish_joined(const struct eagre_aggregate_finish *finish) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct list_state *state = (const struct list_state *)eagre_aggregate_result(finish, row);
    struct eagre_text text = state->count == 0 ? EAGRE_TEXT("") : state->values;
    EAGRE_VALUES(struct eagre_text, finish->out)[row] = text;
    if (state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

/* ---- WITHIN GROUP ---------------------------------------------------------------------------- */

static enum eagre_status keep_entries(const struct eagre_aggregate_update *update) {
  struct eagre_buffer scratch = {0};
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < update->row_count && status == EAGRE_OK; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    eagre_buffer_clear(&scratch);
    for (uint32_t i = 1; i < update->aggregate->input_count; i++) {
      eagre_aggregate_value_append(&scratch, &update->inputs[i], row);
    }
    eagre_aggregate_value_append(&scratch, update->inputs, row);
    struct list_state *state = (struct list_state *)eagre_aggregate_state(update, row);
    status = eagre_aggregate_append(update->aggregate, update->arena, &state->values, scratch.data,
                                    scratch.size, update->error);
    state->count += 1;
  }
  eagre_buffer_done(&scratch);
  return status;
}

static enum eagre_status merge_entries(const struct eagre_aggregate *aggregate, char *into,
                                       const char *from, struct eagre_arena *arena,
                                       struct eagre_error *error) {
  struct list_state *a = (struct list_state *)into;
  const struct list_state *b = (const struct list_state *)from;
  if (b->count == 0) return EAGRE_OK;
  a->count += b->count;
  return eagre_aggregate_append(aggregate, arena, &a->values, b->values.data, b->values.size,
                                error);
}

/* Where an entry is; `number` keeps the order of equal ones. */
struct entry {
  const char *bytes;
  uint64_t number;
};

static int compare_keys(const struct eagre_aggregate_order *key, const char **a, const char **b) {
  const char *left = *a;
  const char *right = *b;
  const struct eagre_type *type = eagre_expression_type(key->expression);
  bool has_null = *left == 0 || *right == 0;
  int order = eagre_aggregate_value_compare(type, &left, &right);
  eagre_aggregate_value_skip(type, a);
  eagre_aggregate_value_skip(type, b);
  if (has_null) return key->nulls_first ? order : -order;
  return key->is_descending ? -order : order;
}

static int compare_entries(const void *left, const void *right, void *context) {
  const struct list_options *options = context;
  const struct entry *a = left;
  const struct entry *b = right;
  const char *x = a->bytes;
  const char *y = b->bytes;
  for (uint32_t i = 0; i < options->order_count; i++) {
    int order = compare_keys(&options->order[i], &x, &y);
    if (order != 0) return order;
  }
  return (a->number > b->number) - (a->number < b->number);
}

/* Moves over the values to sort by. */
static const char *find_text(const struct list_options *options, const char *cursor) {
  for (uint32_t i = 0; i < options->order_count; i++) {
    eagre_aggregate_value_skip(eagre_expression_type(options->order[i].expression), &cursor);
  }
  return cursor;
}

static void list_entries(const struct list_options *options, const struct list_state *state,
                         struct entry *entries) {
  const char *cursor = state->values.data;
  for (uint64_t i = 0; i < state->count; i++) {
    entries[i] = (struct entry){cursor, i};
    cursor = find_text(options, cursor);
    eagre_aggregate_value_skip(options->text_type, &cursor);
  }
}

/* A text is behind its flag and its size (expression_aggregate_value.h). */
static struct eagre_text read_text(const char *cursor) {
  uint32_t size;
  memcpy(&size, cursor + 1, sizeof size);
  return (struct eagre_text){cursor + 1 + sizeof size, size};
}

static void join_sorted(const struct list_options *options, const struct list_state *state,
                        struct eagre_buffer *out) {
  struct entry *entries = eagre_allocate((state->count + 1) * sizeof *entries);
  list_entries(options, state, entries);
  qsort_r(entries, state->count, sizeof *entries, compare_entries, (void *)(uintptr_t)options);
  for (uint64_t i = 0; i < state->count; i++) {
    if (i > 0) eagre_buffer_append_text(out, options->delimiter);
    eagre_buffer_append_text(out, read_text(find_text(options, entries[i].bytes)));
  }
  eagre_free(entries);
}

static enum eagre_status finish_sorted(const struct eagre_aggregate_finish *finish) {
  struct eagre_buffer scratch = {0};
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct list_state *state = (const struct list_state *)eagre_aggregate_result(finish, row);
    eagre_buffer_clear(&scratch);
    join_sorted(finish->aggregate->options, state, &scratch);
    EAGRE_VALUES(struct eagre_text, finish->out)
    [row] = eagre_arena_copy_text(finish->arena, eagre_buffer_text(&scratch));
    if (state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  eagre_buffer_done(&scratch);
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static const struct eagre_aggregate_kernels kernels_of_joined = {
    .accumulator_size = sizeof(struct list_state),
    .text_offset = offsetof(struct list_state, values),
    .text_count = 1,
    .update = join_values,
    .merge = merge_joined,
    .finish = finish_joined,
};

static const struct eagre_aggregate_kernels kernels_of_sorted = {
    .accumulator_size = sizeof(struct list_state),
    .text_offset = offsetof(struct list_state, values),
    .text_count = 1,
    .update = keep_entries,
    .merge = merge_entries,
    .finish = finish_sorted,
};

/* The delimiter: a constant of the type of what is joined; none and NULL are empty. */
static enum eagre_status bind_delimiter(struct eagre_bind *bind, enum eagre_type_kind kind,
                                        struct eagre_text *out) {
  *out = EAGRE_TEXT("");
  if (bind->argument_count < 2) return EAGRE_OK;
  if (!eagre_expression_is_constant(bind->arguments[1])) {
    return eagre_bind_mismatch(bind, "NON_FOLDABLE_INPUT",
                               "the input `delimiter` should be a foldable \"%s\" expression; "
                               "however, got \"%s\".",
                               kind == EAGRE_TYPE_BINARY ? "BINARY" : "STRING",
                               eagre_expression_sql(bind->arena, bind->arguments[1]));
  }
  EAGRE_TRY(eagre_bind_parameter(bind, 1, kind));
  struct eagre_vector value;
  EAGRE_TRY(
      eagre_expression_fold(bind->arena, bind->arguments[1], bind->session, &value, bind->error));
  if (!eagre_vector_is_null(&value, 0)) *out = EAGRE_VALUES(struct eagre_text, &value)[0];
  return EAGRE_OK;
}

/* The values to sort by come behind the text, and the delimiter behind them. */
static enum eagre_status bind_order(struct eagre_bind *bind, struct eagre_aggregate *out,
                                    struct list_options *options) {
  struct eagre_aggregate_order *order =
      eagre_arena_allocate(bind->arena, sizeof *order * out->order_count);
  struct eagre_expression **arguments = eagre_arena_allocate_zeroed(
      bind->arena, sizeof *arguments * (bind->argument_count + out->order_count + 1));
  uint32_t count = 0;
  arguments[count++] = bind->arguments[0];
  for (uint32_t i = 0; i < out->order_count; i++) {
    order[i] = out->order[i];
    arguments[count++] = order[i].expression;
    if (eagre_aggregate_value_is_orderable(order[i].expression->type)) continue;
    return eagre_bind_mismatch(bind, "INVALID_ORDERING_TYPE",
                               "The `%s` does not support ordering on type %s.",
                               bind->function->info.name,
                               eagre_expression_type_name(bind->arena, order[i].expression->type));
  }
  if (bind->argument_count > 1) arguments[count++] = bind->arguments[1];
  bind->arguments = arguments;
  bind->argument_count = count;
  options->order = order;
  options->order_count = out->order_count;
  out->input_count = 1 + out->order_count;
  out->takes_order = true;
  out->kernels = &kernels_of_sorted;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_listagg(struct eagre_bind *bind,
                                               struct eagre_aggregate *out) {
  struct list_options *options = eagre_arena_allocate_zeroed(bind->arena, sizeof *options);
  bool is_binary = eagre_bind_kind(bind, 0) == EAGRE_TYPE_BINARY;
  enum eagre_type_kind kind = is_binary ? EAGRE_TYPE_BINARY : EAGRE_TYPE_STRING;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, kind));
  EAGRE_TRY(bind_delimiter(bind, kind, &options->delimiter));
  options->text_type = eagre_type_of(kind);
  out->kernels = &kernels_of_joined;
  out->options = options;
  out->result_type = eagre_type_of(kind);
  return out->order_count > 0 ? bind_order(bind, out, options) : EAGRE_OK;
}
