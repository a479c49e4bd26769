/* The files that the tests bind. */
#include <stdio.h>
#include <string.h>

#include "test_plan.h"

#define COLUMNS                                                                                    \
  "format => 'json', schema => 'ts TIMESTAMP, k STRING, n INT, j STRING, p STRUCT<x: INT, y: "     \
  "STRING>'"
static const char views[] =
    "CREATE TEMPORARY VIEW s AS SELECT * FROM STREAM read_files('/in', " COLUMNS "); "
    "CREATE TEMPORARY VIEW b AS SELECT * FROM read_files('/in', " COLUMNS ");";

struct eagre_plan_request make_request(const char *text, bool is_query) {
  return (struct eagre_plan_request){
      .file_name = EAGRE_TEXT("f.sql"),
      .source = eagre_text_of(text),
      .storage = EAGRE_TEXT("/s"),
      .is_query = is_query,
  };
}

struct eagre_pipeline *bind(const struct eagre_plan_request *request) {
  struct eagre_pipeline *pipeline = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  if (eagre_plan_pipeline(request, &pipeline, &error) != EAGRE_OK) {
    fail_msg("%s: %s (%s)\n%.*s", error.class_name, error.text, error.place,
             (int)request->source.size, request->source.data);
  }
  return pipeline;
}

struct eagre_pipeline *bind_text(const char *text) {
  const struct eagre_plan_request request = make_request(text, false);
  return bind(&request);
}

const char *refuse(const struct eagre_plan_request *request) {
  static char text[256];
  struct eagre_pipeline *pipeline = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status = eagre_plan_pipeline(request, &pipeline, &error);
  if (status == EAGRE_OK) {
    eagre_pipeline_free(pipeline);
    return "accepted";
  }
  assert_int_equal(status, EAGRE_USAGE);
  assert_int_equal(error.status, EAGRE_USAGE);
  assert_null(pipeline);
  assert_true(error.text[0] != '\0');
  snprintf(text, sizeof text, "%s at %u:%u", error.class_name, error.line, error.column);
  if (error.line > 0) assert_true(strncmp(error.place, "f.sql:", 6) == 0);
  return text;
}

char *explain(const struct eagre_pipeline *pipeline) {
  struct eagre_buffer out = {0};
  eagre_plan_explain(pipeline, false, &out);
  char *text = eagre_text_duplicate(eagre_buffer_text(&out));
  eagre_buffer_done(&out);
  return text;
}

static char *join(const char *first, const char *second, const char *third) {
  struct eagre_buffer text = {0};
  eagre_buffer_printf(&text, "%s%s%s", first, second, third);
  char *joined = eagre_text_duplicate(eagre_buffer_text(&text));
  eagre_buffer_done(&text);
  return joined;
}

char *make_flow(const char *select) {
  char *head = join(views, " CREATE SINK out USING noop;", "\nCREATE FLOW f ");
  char *text = join(head, select, "");
  eagre_free(head);
  return text;
}

char *make_query(const char *select) {
  return join(views, "\n", select);
}
