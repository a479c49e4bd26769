/* Plans, batches and rows as text. */
#include <inttypes.h>
#include <string.h>

#include "test_operator.h"
#include "value/value.h"

#define COLUMNS "format => 'json', schema => 'ts TIMESTAMP, k STRING, n INT, d DOUBLE'"
static const char prelude[] =
    "CREATE TEMPORARY VIEW s AS SELECT * FROM STREAM read_files('/in', " COLUMNS ");"
    "CREATE TEMPORARY VIEW b AS SELECT * FROM read_files('/in', " COLUMNS ");";

static struct plan bind(const char *text, bool is_query) {
  const struct eagre_plan_request request = {.file_name = EAGRE_TEXT("f.sql"),
                                             .source = eagre_text_of(text),
                                             .storage = EAGRE_TEXT("/s"),
                                             .is_query = is_query};
  struct plan plan = {0};
  struct eagre_error error;
  eagre_error_init(&error);
  if (eagre_plan_pipeline(&request, &plan.pipeline, &error) != EAGRE_OK) {
    fail_msg("%s: %s\n%s", error.class_name, error.text, text);
  }
  const struct eagre_plan_tree *tree =
      is_query ? &plan.pipeline->queries[0].query : &plan.pipeline->flows[0].query;
  plan.source = tree->nodes[0];
  plan.node_count = tree->node_count - 1;
  assert_true(plan.node_count <= NODES_MAX);
  for (uint32_t i = 0; i < plan.node_count; i++) {
    plan.nodes[i] = tree->nodes[i + 1];
  }
  return plan;
}

struct plan plan_query(const char *select) {
  struct eagre_buffer text = {0};
  eagre_buffer_printf(&text, "%s%s", prelude, select);
  struct plan plan = bind(eagre_buffer_string(&text), true);
  eagre_buffer_done(&text);
  return plan;
}

struct plan plan_flow(const char *mode, const char *select) {
  struct eagre_buffer text = {0};
  eagre_buffer_printf(&text,
                      "%sCREATE SINK x USING noop; CREATE FLOW f OPTIONS ('outputMode' = '%s') AS "
                      "INSERT INTO x %s",
                      prelude, mode, select);
  struct plan plan = bind(eagre_buffer_string(&text), false);
  eagre_buffer_done(&text);
  return plan;
}

void free_plan(struct plan *plan) {
  eagre_pipeline_free(plan->pipeline);
}

struct eagre_batch *make_batch(const struct row *rows, uint32_t count) {
  struct eagre_batch *batch = eagre_batch_new();
  struct eagre_arena *arena = &batch->arena;
  static const enum eagre_type_kind kinds[] = {EAGRE_TYPE_TIMESTAMP, EAGRE_TYPE_STRING,
                                               EAGRE_TYPE_INT, EAGRE_TYPE_DOUBLE};
  eagre_batch_set_columns(batch, EAGRE_COUNT_OF(kinds), count);
  struct eagre_vector *columns = batch->columns;
  int64_t *lines = eagre_arena_allocate(arena, sizeof *lines * (count + 1));
  for (size_t i = 0; i < EAGRE_COUNT_OF(kinds); i++) {
    eagre_vector_init(&columns[i], eagre_type_of(kinds[i]), count, arena);
  }
  for (uint32_t i = 0; i < count; i++) {
    lines[i] = i + 1;
    EAGRE_VALUES(int64_t, &columns[0])[i] = rows[i].ts;
    EAGRE_VALUES(struct eagre_text, &columns[1])
    [i] = eagre_arena_copy_text(arena, eagre_text_of(rows[i].k));
    EAGRE_VALUES(int32_t, &columns[2])[i] = rows[i].n;
    EAGRE_VALUES(double, &columns[3])[i] = rows[i].d;
    if (rows[i].ts == NO_TIME) eagre_vector_set_null(&columns[0], i, count, arena);
    if (rows[i].k == NULL) eagre_vector_set_null(&columns[1], i, count, arena);
    if (rows[i].n == NO_NUMBER) eagre_vector_set_null(&columns[2], i, count, arena);
  }
  batch->origin =
      (struct eagre_origin){.topic = EAGRE_TEXT("/in/a"), .partition = -1, .offsets = lines};
  return batch;
}

static void print_cell(const struct eagre_vector *vector, uint32_t row, struct eagre_buffer *out) {
  uint32_t i = eagre_vector_index(vector, row);
  char number[64];
  if (eagre_vector_is_null(vector, row)) {
    eagre_buffer_append_string(out, "NULL");
    return;
  }
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_buffer_append_string(out, eagre_bit_get(vector->data, i) ? "true" : "false");
    return;
  case EAGRE_TYPE_INT:
    eagre_buffer_printf(out, "%" PRId32, EAGRE_VALUES(int32_t, vector)[i]);
    return;
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_TIMESTAMP:
    eagre_buffer_printf(out, "%" PRId64, EAGRE_VALUES(int64_t, vector)[i]);
    return;
  case EAGRE_TYPE_DOUBLE:
    eagre_buffer_append(out, number,
                        eagre_value_print_double(EAGRE_VALUES(double, vector)[i], number));
    return;
  case EAGRE_TYPE_STRING:
    eagre_buffer_append_text(out, EAGRE_VALUES(struct eagre_text, vector)[i]);
    return;
  case EAGRE_TYPE_STRUCT:
    for (uint32_t field = 0; field < vector->type->field_count; field++) {
      eagre_buffer_append_char(out, field == 0 ? '{' : ' ');
      print_cell(&vector->children[field], row, out);
    }
    eagre_buffer_append_char(out, '}');
    return;
  default:
    fail_msg("the fixture prints no type %d", (int)vector->type->kind);
  }
}

enum eagre_status collect(void *context, struct eagre_batch *batch, struct eagre_error *error) {
  struct output *output = context;
  (void)error;
  assert_true(batch->row_count > 0);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    for (uint32_t i = 0; i < batch->column_count; i++) {
      if (i > 0) eagre_buffer_append_char(&output->text, '|');
      print_cell(&batch->columns[i], row, &output->text);
    }
    eagre_buffer_append_char(&output->text, '\n');
  }
  output->batch_count += 1;
  eagre_batch_free(batch);
  return EAGRE_OK;
}

const char *output_text(struct output *output) {
  return eagre_buffer_string(&output->text);
}

void output_clear(struct output *output) {
  eagre_buffer_done(&output->text);
  output->batch_count = 0;
}

struct eagre_chain *make_chain(const struct plan *plan, struct output *output) {
  const struct eagre_chain_options options = {
      .nodes = plan->nodes,
      .node_count = plan->node_count,
      .input = plan->source->output,
      .session = &plan->pipeline->expression_session,
      .output = collect,
      .output_context = output,
  };
  return eagre_chain_new(&options);
}

struct eagre_stages *make_stages(const struct plan *plan, struct output *output) {
  const struct eagre_stages_options options = {.tree = &plan->pipeline->queries[0].query,
                                               .session = &plan->pipeline->expression_session,
                                               .mode = EAGRE_MODE_COMPLETE,
                                               .core_count = 1,
                                               .state_partition_count = 1,
                                               .output = collect,
                                               .output_context = output};
  struct eagre_stages *stages = eagre_stages_new(&options);
  eagre_stages_begin(stages, &(struct eagre_stateful_epoch){.is_first_epoch = true});
  return stages;
}

char *run_query(const char *select, const struct row *rows, uint32_t count, uint32_t batch_rows) {
  struct plan plan = plan_query(select);
  struct output output = {0};
  struct eagre_error error;
  eagre_error_init(&error);
  const struct eagre_plan_tree *tree = &plan.pipeline->queries[0].query;
  struct eagre_stages *stages = make_stages(&plan, &output);
  for (uint32_t i = 0; i < count; i += batch_rows) {
    uint32_t size = count - i < batch_rows ? count - i : batch_rows;
    if (eagre_stages_push(stages, 0, make_batch(rows + i, size), &error) != EAGRE_OK) {
      fail_msg("%s: %s", error.class_name, error.text);
    }
  }
  for (uint32_t level = 0; level < tree->level_count; level++) {
    assert_int_equal(eagre_stages_end_level(stages, level, &stages, 1, &error), EAGRE_OK);
  }
  char *text = eagre_text_duplicate(eagre_buffer_text(&output.text));
  output_clear(&output);
  eagre_stages_free(stages);
  free_plan(&plan);
  return text;
}
