/* Plans of single statements, word by word: names, stars, aliases, GROUP BY, HAVING, windows,
 * ORDER BY, VALUES, filters that move and columns that are pruned. */
#include <string.h>

#include "test_plan.h"

static const struct plan_case {
  const char *statement;
  const char *nodes;
  bool is_query;
} cases[] = {
#define QUERY(statement, nodes) {statement, nodes, true},
#define FLOW(statement, nodes) {statement, nodes, false},
#include "plan_cases.def"
#include "plan_join_cases.def"
#undef QUERY
#undef FLOW
};

/* EXPLAIN's text behind the head of the flow or query. */
static const char *find_nodes(const char *text, bool is_query) {
  const char *head = is_query ? text : strstr(text, "  placement:");
  return head == NULL ? "" : strchr(head, '\n') + 1;
}

static void plans_read_as_expected(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    const struct plan_case *each = &cases[i];
    char *text = each->is_query ? make_query(each->statement) : make_flow(each->statement);
    const struct eagre_plan_request request = make_request(text, each->is_query);
    struct eagre_pipeline *pipeline = bind(&request);
    char *explained = explain(pipeline);
    const char *nodes = find_nodes(explained, each->is_query);
    if (strcmp(nodes, each->nodes) != 0) {
      fail_msg("%s\nis\n%sinstead of\n%s", each->statement, nodes, each->nodes);
    }
    eagre_free(explained);
    eagre_pipeline_free(pipeline);
    eagre_free(text);
  }
}

int run_case_tests(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(plans_read_as_expected)};
  return cmocka_run_group_tests_name("plans", tests, NULL, NULL);
}
