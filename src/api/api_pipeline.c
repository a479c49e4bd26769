/* Opening, explaining and querying pipelines: checks and translation. */
#include <eagre/eagre.h>

#include "base/base.h"
#include "export/export.h"
#include "inspect/inspect.h"
#include "plan/plan.h"
#include "runtime/runtime.h"
#include "source/source.h"

static const int64_t STARTUP_TIMEOUT_US = 30000000;

static struct eagre_sql_define *copy_pairs(const eagre_pair *pairs, size_t count) {
  struct eagre_sql_define *copies = eagre_allocate_zeroed(count + 1, sizeof *copies);
  for (size_t i = 0; i < count; i++) {
    copies[i].name = eagre_text_of(pairs[i].name);
    copies[i].value = eagre_text_of(pairs[i].value);
  }
  return copies;
}

enum eagre_status eagre_pipeline_open(const eagre_pipeline_options *options,
                                      eagre_pipeline **out_pipeline, eagre_error *error) {
  eagre_assert(options->size == sizeof *options);
  struct eagre_sql_define *defines = copy_pairs(options->defines, options->define_count);
  struct eagre_sql_define *settings = copy_pairs(options->settings, options->setting_count);
  const char *storage = options->storage == NULL ? "./eagre-data" : options->storage;
  const struct eagre_plan_request request = {
      .file_name = eagre_text_of(options->file_name == NULL ? "SQL" : options->file_name),
      .source = eagre_text_make(options->sql, options->sql_size),
      .defines = defines,
      .define_count = (uint32_t)options->define_count,
      .settings = settings,
      .setting_count = (uint32_t)options->setting_count,
      .storage = eagre_text_of(storage),
      .trigger = eagre_text_of(options->trigger),
      .is_query = options->is_query != 0,
      .complete = eagre_source_complete,
  };
  enum eagre_status status = eagre_plan_pipeline(&request, out_pipeline, error);
  if (status == EAGRE_OK) {
    status = eagre_runtime_validate(*out_pipeline, error);
    if (status != EAGRE_OK) {
      eagre_pipeline_free(*out_pipeline);
      *out_pipeline = NULL;
    }
  }
  eagre_free(defines);
  eagre_free(settings);
  return status;
}

void eagre_pipeline_close(eagre_pipeline *pipeline) {
  eagre_pipeline_free(pipeline);
}

size_t eagre_pipeline_flow_count(const eagre_pipeline *pipeline) {
  return pipeline->flow_count;
}

size_t eagre_pipeline_notice_count(const eagre_pipeline *pipeline) {
  return pipeline->notice_count;
}

void eagre_pipeline_notice(const eagre_pipeline *pipeline, size_t index, eagre_write_fn *write,
                           void *context) {
  eagre_assert(index < pipeline->notice_count);
  write(context, pipeline->notices[index].data, pipeline->notices[index].size);
}

void eagre_pipeline_explain(const eagre_pipeline *pipeline, int as_json, eagre_write_fn *write,
                            void *context) {
  struct eagre_buffer text = {0};
  eagre_plan_explain(pipeline, as_json != 0, &text);
  write(context, text.data, text.size);
  eagre_buffer_done(&text);
}

enum eagre_status eagre_pipeline_export(const eagre_pipeline *pipeline, enum eagre_target target,
                                        eagre_write_fn *write, void *context, eagre_error *error) {
  struct eagre_buffer text = {0};
  eagre_assert(target == EAGRE_TARGET_SPARK);
  enum eagre_status status = eagre_export_spark(pipeline, &text, error);
  if (status == EAGRE_OK) write(context, text.data, text.size);
  eagre_buffer_done(&text);
  return status;
}

/* ---- Queries --------------------------------------------------------------------------------- */

struct query_output {
  struct eagre_rows *rows;
  struct eagre_buffer text;
  eagre_write_fn *write;
  void *context;
};

static void drain(void *context, struct eagre_buffer *text) {
  struct query_output *output = context;
  if (text->size > 0) output->write(output->context, text->data, text->size);
  eagre_buffer_clear(text);
}

static enum eagre_status write_rows(void *context, const struct eagre_type *columns,
                                    const struct eagre_batch *batch, struct eagre_error *error) {
  struct query_output *output = context;
  (void)columns;
  (void)error;
  eagre_rows_add(output->rows, batch, &output->text);
  drain(output, &output->text);
  return EAGRE_OK;
}

enum eagre_status eagre_pipeline_query(eagre_pipeline *pipeline, enum eagre_format format,
                                       eagre_write_fn *write, void *context, eagre_error *error) {
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < pipeline->query_count && status == EAGRE_OK; i++) {
    struct query_output output = {.write = write, .context = context};
    const struct eagre_type *columns = pipeline->queries[i].query.root->output;
    output.rows = eagre_rows_new((enum eagre_rows_format)format, columns,
                                 pipeline->queries[i].expression_session.zone, drain, &output);
    status = eagre_runtime_query(pipeline, i, STARTUP_TIMEOUT_US, write_rows, &output, error);
    if (status == EAGRE_OK) eagre_rows_end(output.rows, &output.text);
    drain(&output, &output.text);
    eagre_rows_free(output.rows);
    eagre_buffer_done(&output.text);
  }
  return status;
}
