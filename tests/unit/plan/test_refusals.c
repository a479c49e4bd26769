/* Every way to be refused: class and place. */
#include <string.h>

#include "test_plan.h"

enum refusal_kind { REFUSED_QUERY, REFUSED_FLOW, REFUSED_TEXT };

static const struct refusal {
  enum refusal_kind kind;
  const char *statement;
  const char *refusal;
} refusals[] = {
#define QUERY(statement, refusal) {REFUSED_QUERY, statement, refusal},
#define FLOW(statement, refusal) {REFUSED_FLOW, statement, refusal},
#define TEXT(statement, refusal) {REFUSED_TEXT, statement, refusal},
#include "plan_refusals.def"
#undef QUERY
#undef FLOW
#undef TEXT
};

static char *make_text(const struct refusal *each) {
  if (each->kind == REFUSED_QUERY) return make_query(each->statement);
  if (each->kind == REFUSED_FLOW) return make_flow(each->statement);
  return eagre_text_duplicate(eagre_text_of(each->statement));
}

static void refusals_have_class_and_place(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(refusals); i++) {
    char *text = make_text(&refusals[i]);
    const struct eagre_plan_request request = make_request(text, refusals[i].kind == REFUSED_QUERY);
    const char *refusal = refuse(&request);
    if (strcmp(refusal, refusals[i].refusal) != 0) {
      fail_msg("%s\nis %s, not %s", refusals[i].statement, refusal, refusals[i].refusal);
    }
    eagre_free(text);
  }
}

static void a_query_file_only_reads_batches(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline = NULL;
  struct eagre_error error;
  const struct eagre_plan_request writing = make_request("CREATE SINK x USING noop", true);
  assert_int_equal(eagre_plan_pipeline(&writing, &pipeline, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "UNSUPPORTED_FEATURE.WRITE_IN_QUERY");
  assert_string_equal(error.place, "f.sql:1:1");
  const struct eagre_plan_request streaming = make_request("SELECT * FROM STREAM rate()", true);
  assert_int_equal(eagre_plan_pipeline(&streaming, &pipeline, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "UNSUPPORTED_STREAMING_OPERATOR_IN_QUERY");
}

static void nearest_names_are_suggested(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline = NULL;
  struct eagre_error error;
  char *text = make_query("SELECT tss FROM b");
  const struct eagre_plan_request request = make_request(text, true);
  assert_int_equal(eagre_plan_pipeline(&request, &pipeline, &error), EAGRE_USAGE);
  assert_non_null(strstr(error.text, "[`ts`, `k`, `n`, `j`, `p`]"));
  eagre_free(text);
}

/* A chain of views reads the one before it; each name means what it meant there. */
static void views_nest_up_to_a_limit(void **state) {
  (void)state;
  struct eagre_buffer text = {0};
  eagre_buffer_append_string(&text, "CREATE TEMPORARY VIEW v0 AS SELECT 1 AS n;");
  for (int i = 1; i <= 70; i++) {
    eagre_buffer_printf(&text, "CREATE TEMPORARY VIEW v%d AS SELECT * FROM v%d;", i, i - 1);
  }
  eagre_buffer_append_string(&text, "SELECT * FROM v70");
  const struct eagre_plan_request request = make_request(eagre_buffer_string(&text), true);
  assert_true(strncmp(refuse(&request), "VIEW_EXCEED_MAX_NESTED_DEPTH", 28) == 0);
  eagre_buffer_done(&text);
}

int run_refusal_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refusals_have_class_and_place),
      cmocka_unit_test(a_query_file_only_reads_batches),
      cmocka_unit_test(nearest_names_are_suggested),
      cmocka_unit_test(views_nest_up_to_a_limit),
  };
  return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
