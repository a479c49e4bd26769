/* The whole way from text to pipeline, and where errors get their place. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan_bind.h"

void eagre_pipeline_place(const struct eagre_pipeline *pipeline, struct eagre_error *error) {
  if (error == NULL || error->line == 0) return;
  eagre_error_place(error, "%.*s:%u:%u", (int)pipeline->file_name.size, pipeline->file_name.data,
                    error->line, error->column);
}

static enum eagre_status check_has_work(const struct eagre_plan_request *request,
                                        const struct eagre_pipeline *pipeline,
                                        struct eagre_error *error) {
  if (request->is_query ? pipeline->query_count > 0 : pipeline->flow_count > 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "PARSE_EMPTY_STATEMENT", "%.*s holds no %s.",
                  (int)request->file_name.size, request->file_name.data,
                  request->is_query ? "SELECT" : "flow");
  eagre_error_hint(error, "%s",
                   request->is_query ? "write a SELECT statement"
                                     : "write CREATE STREAMING TABLE ... AS SELECT ... FROM STREAM "
                                       "..., or CREATE FLOW");
  return EAGRE_USAGE;
}

static enum eagre_status build(const struct eagre_plan_request *request,
                               struct eagre_pipeline *pipeline, struct eagre_error *error) {
  struct eagre_sql_statement *first = NULL;
  EAGRE_TRY(eagre_sql_parse(&pipeline->arena, pipeline->source, request->defines,
                            request->define_count, &first, error));
  pipeline->statements = first;
  struct plan_binder binder = {.pipeline = pipeline,
                               .arena = &pipeline->arena,
                               .text = pipeline->source,
                               .complete = request->complete,
                               .storage = request->storage};
  EAGRE_TRY(eagre_plan_bind_statements(&binder, request, first, error));
  return check_has_work(request, pipeline, error);
}

enum eagre_status eagre_plan_pipeline(const struct eagre_plan_request *request,
                                      struct eagre_pipeline **out_pipeline,
                                      struct eagre_error *error) {
  struct eagre_pipeline *pipeline = eagre_allocate_zeroed(1, sizeof *pipeline);
  *out_pipeline = NULL;
  pipeline->file_name = eagre_arena_copy_text(&pipeline->arena, request->file_name);
  pipeline->source = eagre_arena_copy_text(&pipeline->arena, request->source);
  enum eagre_status status = build(request, pipeline, error);
  if (status != EAGRE_OK) {
    eagre_pipeline_place(pipeline, error);
    eagre_pipeline_free(pipeline);
    return status;
  }
  *out_pipeline = pipeline;
  return EAGRE_OK;
}

void eagre_pipeline_free(struct eagre_pipeline *pipeline) {
  if (pipeline == NULL) return;
  for (struct eagre_pipeline_zone *each = pipeline->zones; each != NULL; each = each->next) {
    eagre_zone_close(each->zone);
  }
  eagre_arena_done(&pipeline->arena);
  eagre_free(pipeline);
}
