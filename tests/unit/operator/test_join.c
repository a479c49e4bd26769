/* JOIN: every kind and form of condition against a loop over all pairs, with random rows; tables
 * that are filled again; what does not fit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator/operator_join_table.h"
#include "test_operator.h"

/* ---- A joined query -------------------------------------------------------------------------- */

struct joined {
  struct plan plan;
  const struct eagre_plan_tree *tree;
  struct eagre_join_table *table;
  struct eagre_stages *stages;
  struct output output;
};

static struct joined open_joined(const char *select, uint64_t size_max) {
  struct joined joined = {.plan = plan_query(select)};
  joined.tree = &joined.plan.pipeline->queries[0].query;
  assert_int_equal(joined.tree->static_count, 1);
  joined.table = eagre_join_table_new(joined.tree->statics[0].join,
                                      &joined.plan.pipeline->expression_session, size_max);
  return joined;
}

static void close_joined(struct joined *joined) {
  eagre_stages_free(joined->stages);
  eagre_join_table_free(joined->table);
  output_clear(&joined->output);
  free_plan(&joined->plan);
}

static enum eagre_status add_to_table(void *table, struct eagre_batch *batch,
                                      struct eagre_error *error) {
  return eagre_join_table_add(table, batch, error);
}

static enum eagre_status push_all(struct eagre_stages *stages, const struct eagre_plan_tree *tree,
                                  const struct row *rows, uint32_t count, uint32_t batch_rows,
                                  struct eagre_error *error) {
  eagre_stages_begin(stages, &(struct eagre_stateful_epoch){.is_first_epoch = true});
  for (uint32_t i = 0; i < count; i += batch_rows) {
    uint32_t size = count - i < batch_rows ? count - i : batch_rows;
    EAGRE_TRY(eagre_stages_push(stages, 0, make_batch(rows + i, size), error));
  }
  for (uint32_t level = 0; level < tree->level_count; level++) {
    EAGRE_TRY(eagre_stages_end_level(stages, level, &stages, 1, error));
  }
  return EAGRE_OK;
}

static struct eagre_stages_options options_of(const struct joined *joined,
                                              const struct eagre_plan_tree *tree) {
  return (struct eagre_stages_options){
      .tree = tree,
      .session = &joined->plan.pipeline->expression_session,
      .mode = EAGRE_MODE_COMPLETE,
      .core_count = 1,
      .state_partition_count = 1,
  };
}

static enum eagre_status fill(struct joined *joined, const struct row *rows, uint32_t count,
                              uint32_t batch_rows, struct eagre_error *error) {
  const struct eagre_plan_tree *tree = &joined->tree->statics[0].tree;
  struct eagre_stages_options options = options_of(joined, tree);
  options.output = add_to_table;
  options.output_context = joined->table;
  struct eagre_stages *stages = eagre_stages_new(&options);
  eagre_join_table_begin(joined->table, 0);
  enum eagre_status status = push_all(stages, tree, rows, count, batch_rows, error);
  eagre_stages_free(stages);
  if (status == EAGRE_OK) eagre_join_table_seal(joined->table);
  return status;
}

static enum eagre_status probe(struct joined *joined, const struct row *rows, uint32_t count,
                               uint32_t batch_rows, struct eagre_error *error) {
  if (joined->stages == NULL) {
    struct eagre_stages_options options = options_of(joined, joined->tree);
    options.tables = &joined->table;
    options.output = collect;
    options.output_context = &joined->output;
    joined->stages = eagre_stages_new(&options);
  }
  return push_all(joined->stages, joined->tree, rows, count, batch_rows, error);
}

/* ---- Lines without an order ------------------------------------------------------------------ */

static int compare_lines(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of `text` in order; freed by the caller. */
static char *sort_lines(const char *text) {
  char *copy = eagre_text_duplicate(eagre_text_of(text));
  char **lines = eagre_allocate(sizeof *lines * (strlen(text) + 1));
  size_t count = 0;
  char *rest = NULL;
  for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    lines[count++] = line;
  }
  qsort(lines, count, sizeof *lines, compare_lines);
  struct eagre_buffer out = {0};
  for (size_t i = 0; i < count; i++) {
    eagre_buffer_printf(&out, "%s\n", lines[i]);
  }
  char *sorted = eagre_text_duplicate(eagre_buffer_text(&out));
  eagre_buffer_done(&out);
  eagre_free(lines);
  eagre_free(copy);
  return sorted;
}

static void assert_same_lines(const char *actual, const char *expected, const char *what) {
  char *a = sort_lines(actual);
  char *b = sort_lines(expected);
  if (strcmp(a, b) != 0) fail_msg("%s:\n%s--- expected ---\n%s", what, a, b);
  eagre_free(a);
  eagre_free(b);
}

/* ---- The model ------------------------------------------------------------------------------- */

enum { LEFT_ROWS = 90, RIGHT_ROWS = 70 };

static bool equal_n(const struct row *l, const struct row *r) {
  return l->n != NO_NUMBER && l->n == r->n;
}
static bool equal_k(const struct row *l, const struct row *r) {
  return l->k != NULL && r->k != NULL && strcmp(l->k, r->k) == 0;
}
static bool same_n(const struct row *l, const struct row *r) {
  return l->n == r->n;
}
static bool equal_both(const struct row *l, const struct row *r) {
  return equal_n(l, r) && equal_k(l, r);
}
static bool less_d(const struct row *l, const struct row *r) {
  return l->d < r->d;
}
static bool equal_and_less(const struct row *l, const struct row *r) {
  return equal_n(l, r) && less_d(l, r);
}
static bool equal_d(const struct row *l, const struct row *r) {
  return l->d == r->d;
}
static bool always(const struct row *l, const struct row *r) {
  (void)l;
  (void)r;
  return true;
}

static const struct {
  const char *sql;
  bool (*matches)(const struct row *l, const struct row *r);
} conditions[] = {
    {"ON l.n = r.n", equal_n},
    {"ON l.k = r.k", equal_k},
    {"ON l.d = r.d", equal_d},
    {"ON l.n <=> r.n", same_n},
    {"ON l.n = r.n AND l.k = r.k", equal_both},
    {"ON l.n = r.n AND l.d < r.d", equal_and_less},
    {"ON l.d < r.d", less_d},
    {"", always},
};

static const struct {
  const char *sql;
  bool keeps_left;
  bool keeps_right;
  bool gives_pairs;
  bool wants_match; /* without pairs: left rows with, or without a match */
} kinds[] = {
    {"JOIN", false, false, true, false},           {"LEFT JOIN", true, false, true, false},
    {"RIGHT JOIN", false, true, true, false},      {"FULL JOIN", true, true, true, false},
    {"LEFT SEMI JOIN", false, false, false, true}, {"LEFT ANTI JOIN", false, false, false, false},
};

static void print_side(const struct row *row, struct eagre_buffer *out) {
  if (row == NULL) {
    eagre_buffer_append_string(out, "NULL|NULL");
  } else {
    eagre_buffer_printf(out, "%lld|%s", (long long)row->ts, row->k == NULL ? "NULL" : row->k);
  }
}

static void print_pair(const struct row *l, const struct row *r, struct eagre_buffer *out) {
  print_side(l, out);
  eagre_buffer_append_char(out, '|');
  print_side(r, out);
  eagre_buffer_append_char(out, '\n');
}

/* What the kind with the condition gives of the rows. */
static void expect(size_t kind, size_t condition, const struct row *left, uint32_t left_count,
                   const struct row *right, uint32_t right_count, struct eagre_buffer *out) {
  bool *is_matched = eagre_allocate_zeroed(right_count + 1, sizeof *is_matched);
  for (uint32_t i = 0; i < left_count; i++) {
    bool has_match = false;
    for (uint32_t j = 0; j < right_count; j++) {
      if (!conditions[condition].matches(&left[i], &right[j])) continue;
      has_match = true;
      is_matched[j] = true;
      if (kinds[kind].gives_pairs) print_pair(&left[i], &right[j], out);
    }
    if (kinds[kind].gives_pairs && kinds[kind].keeps_left && !has_match)
      print_pair(&left[i], NULL, out);
    if (!kinds[kind].gives_pairs && has_match == kinds[kind].wants_match) {
      print_side(&left[i], out);
      eagre_buffer_append_char(out, '\n');
    }
  }
  for (uint32_t j = 0; j < right_count && kinds[kind].keeps_right; j++) {
    if (!is_matched[j]) print_pair(NULL, &right[j], out);
  }
  eagre_free(is_matched);
}

static void make_rows(struct eagre_random *random, struct row *rows, uint32_t count,
                      uint32_t distinct) {
  static const char *const texts[] = {"a", "bb", "", "long enough for no short way", NULL};
  for (uint32_t i = 0; i < count; i++) {
    uint32_t n = (uint32_t)(eagre_random_next(random) % distinct);
    rows[i] = (struct row){
        .ts = i,
        .k = texts[eagre_random_next(random) % EAGRE_COUNT_OF(texts)],
        .n = n == 0 ? NO_NUMBER : (int32_t)n,
        .d = (double)(eagre_random_next(random) % 5),
    };
  }
}

static void check_model(size_t kind, size_t condition, uint64_t seed, uint32_t left_count,
                        uint32_t right_count) {
  struct row left[LEFT_ROWS];
  struct row right[RIGHT_ROWS];
  struct eagre_random random;
  char select[256];
  eagre_random_seed(&random, seed);
  make_rows(&random, left, left_count, 12);
  make_rows(&random, right, right_count,
            seed % 2 == 0 ? 12 : 400); /* now with, now without many equal keys */
  snprintf(select, sizeof select, "SELECT l.ts, l.k%s FROM b AS l %s b AS r %s",
           kinds[kind].gives_pairs ? ", r.ts, r.k" : "", kinds[kind].sql,
           conditions[condition].sql);
  struct joined joined = open_joined(select, UINT64_MAX);
  bool is_left_static = joined.tree->statics[0].join->static_input == 0;
  uint32_t batch_rows = 1 + (uint32_t)(seed % 40);
  assert_int_equal(fill(&joined, is_left_static ? left : right,
                        is_left_static ? left_count : right_count, batch_rows, NULL),
                   EAGRE_OK);
  assert_int_equal(probe(&joined, is_left_static ? right : left,
                         is_left_static ? right_count : left_count, batch_rows, NULL),
                   EAGRE_OK);
  struct eagre_buffer expected = {0};
  expect(kind, condition, left, left_count, right, right_count, &expected);
  assert_same_lines(output_text(&joined.output), eagre_buffer_string(&expected), select);
  eagre_buffer_done(&expected);
  close_joined(&joined);
}

static void every_kind_is_the_loop_over_pairs(void **state) {
  (void)state;
  for (size_t kind = 0; kind < EAGRE_COUNT_OF(kinds); kind++) {
    for (size_t condition = 0; condition < EAGRE_COUNT_OF(conditions); condition++) {
      for (uint64_t seed = 1; seed <= 6; seed++) {
        check_model(kind, condition, seed, LEFT_ROWS, RIGHT_ROWS);
      }
      check_model(kind, condition, 7, LEFT_ROWS, 0);
      check_model(kind, condition, 8, 0, RIGHT_ROWS);
      check_model(kind, condition, 9, 0, 0);
    }
  }
}

/* One row against more than fits a batch: every pair comes out, with its texts. */
static void many_matches_come_in_many_batches(void **state) {
  (void)state;
  enum { TABLE_ROWS = EAGRE_BATCH_ROWS_MAX * 2 + 5, PROBE_ROWS = 3 };
  struct row *rows = eagre_allocate_zeroed(TABLE_ROWS, sizeof *rows);
  for (uint32_t i = 0; i < TABLE_ROWS; i++) {
    rows[i] = (struct row){.ts = i, .k = "t", .n = 1};
  }
  const struct row probes[PROBE_ROWS] = {{1, "x", 1, 0}, {2, "y", 2, 0}, {3, "z", 1, 0}};
  struct joined joined = open_joined(
      "SELECT k, count(*) AS c, count(t) AS m FROM (SELECT l.k, r.ts AS t FROM b AS l LEFT JOIN b "
      "AS r ON l.n = r.n) GROUP BY k",
      UINT64_MAX);
  assert_int_equal(fill(&joined, rows, TABLE_ROWS, 1000, NULL), EAGRE_OK);
  assert_int_equal(probe(&joined, probes, PROBE_ROWS, PROBE_ROWS, NULL), EAGRE_OK);
  char expected[128];
  snprintf(expected, sizeof expected, "x|%d|%d\ny|1|0\nz|%d|%d\n", TABLE_ROWS, TABLE_ROWS,
           TABLE_ROWS, TABLE_ROWS);
  assert_same_lines(output_text(&joined.output), expected, "counts");
  close_joined(&joined);
  eagre_free(rows);
}

static void a_table_can_be_filled_again(void **state) {
  (void)state;
  const struct row first[] = {{1, "one", 1, 0}, {2, "two", 2, 0}};
  const struct row second[] = {{3, "eins", 1, 0}};
  const struct row probes[] = {{0, "p", 1, 0}, {0, "q", 2, 0}};
  struct joined joined =
      open_joined("SELECT l.k, r.k FROM b AS l LEFT JOIN b AS r ON l.n = r.n", UINT64_MAX);
  assert_int_equal(fill(&joined, first, 2, 1, NULL), EAGRE_OK);
  assert_int_equal(probe(&joined, probes, 2, 2, NULL), EAGRE_OK);
  assert_string_equal(output_text(&joined.output), "p|one\nq|two\n");
  output_clear(&joined.output);
  assert_int_equal(fill(&joined, second, 1, 1, NULL), EAGRE_OK);
  assert_int_equal(probe(&joined, probes, 2, 2, NULL), EAGRE_OK);
  assert_string_equal(output_text(&joined.output), "p|eins\nq|NULL\n");
  close_joined(&joined);
}

static void memory_is_counted_and_bounded(void **state) {
  (void)state;
  enum { ROWS = 20000 };
  struct row *rows = eagre_allocate_zeroed(ROWS, sizeof *rows);
  for (uint32_t i = 0; i < ROWS; i++) {
    rows[i] = (struct row){.ts = i, .k = "a text that takes some bytes", .n = (int32_t)i + 1};
  }
  const char *select = "SELECT l.k, r.k FROM b AS l JOIN b AS r ON l.n = r.n";
  struct joined joined = open_joined(select, UINT64_MAX);
  struct eagre_join_table_metrics metrics;
  assert_int_equal(fill(&joined, rows, ROWS, 1000, NULL), EAGRE_OK);
  eagre_join_table_measure(joined.table, &metrics);
  assert_int_equal(metrics.row_count, ROWS);
  assert_true(metrics.memory_bytes > ROWS * 28u && metrics.memory_bytes < ROWS * 400u);
  close_joined(&joined);

  struct eagre_error error;
  eagre_error_init(&error);
  joined = open_joined(select, 1 << 20);
  assert_int_equal(fill(&joined, rows, ROWS, 1000, &error), EAGRE_DATA);
  assert_string_equal(error.class_name, "JOIN_TABLE_TOO_LARGE");
  assert_non_null(strstr(error.text, "1048576 bytes"));
  assert_true(error.line > 0);
  close_joined(&joined);
  eagre_free(rows);
}

/* The condition fails on a row: the error says which line of the probe side it was. */
static void an_error_of_the_condition_has_its_place(void **state) {
  (void)state;
  const struct row rows[] = {{1, "a", 1, 0}, {2, "b", 2, 0}};
  struct eagre_error error;
  eagre_error_init(&error);
  struct joined joined =
      open_joined("SELECT l.k FROM b AS l JOIN b AS r ON l.n = r.n AND r.d < 1 / (ascii(l.k) - 98)",
                  UINT64_MAX);
  assert_int_equal(fill(&joined, rows, 2, 2, NULL), EAGRE_OK);
  assert_int_equal(probe(&joined, rows, 2, 2, &error), EAGRE_DATA);
  assert_string_equal(error.class_name, "DIVIDE_BY_ZERO");
  assert_string_equal(error.place, "file /in/a, line 2");
  close_joined(&joined);
}

int run_join_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_is_the_loop_over_pairs),
      cmocka_unit_test(many_matches_come_in_many_batches),
      cmocka_unit_test(a_table_can_be_filled_again),
      cmocka_unit_test(memory_is_counted_and_bounded),
      cmocka_unit_test(an_error_of_the_condition_has_its_place),
  };
  return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
