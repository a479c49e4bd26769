/* Proves small domains: the same groups, in the same order and with the same marks as by keys,
 * whatever the columns hold, and that cells are used where they can be. */
#include "state/state_domain.h"
#include "test_state.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 600, COLUMNS_MAX = 3 };

/* The same rows go into two tables: one finds groups by the domain, one by keys. */
struct twins {
  uint32_t column_count;
  struct eagre_state_table *direct;
  struct eagre_state_table *plain;
  struct eagre_state_domain *domain;
  struct eagre_arena arena; /* of a batch */
};

static void begin_twins(struct twins *twins, uint32_t column_count) {
  *twins = (struct twins){
      .column_count = column_count,
      .direct = eagre_state_table_new(&payload_layout),
      .plain = eagre_state_table_new(&payload_layout),
      .domain = eagre_state_domain_new(column_count),
  };
}

static void end_twins(struct twins *twins) {
  eagre_state_domain_free(twins->domain);
  eagre_state_table_free(twins->direct);
  eagre_state_table_free(twins->plain);
  eagre_arena_done(&twins->arena);
}

static void check_groups(struct twins *twins, enum eagre_state_filter filter) {
  struct eagre_state_cursor cursors[2] = {0};
  struct eagre_state_group a;
  struct eagre_state_group b;
  for (;;) {
    uint32_t count = eagre_state_next(twins->plain, &cursors[0], filter, INT64_MAX, &a, 1);
    assert_int_equal(eagre_state_next(twins->direct, &cursors[1], filter, INT64_MAX, &b, 1), count);
    if (count == 0) return;
    assert_true(a.pane == b.pane && a.hash == b.hash);
    assert_true(eagre_text_equal(a.key, b.key));
    assert_true(((struct payload *)a.payload)->count == ((struct payload *)b.payload)->count);
  }
}

/* Returns how many rows took no key. */
static uint64_t add_rows(struct twins *twins, const int64_t *panes,
                         const struct eagre_vector *columns, uint32_t row_count) {
  struct eagre_state_keys keys;
  char *direct[ROWS];
  char *plain[ROWS];
  uint64_t before = twins->domain->direct_count;
  assert_true(row_count <= ROWS);
  eagre_state_domain_get_groups(twins->domain, twins->direct, panes, columns, row_count,
                                &twins->arena, direct);
  eagre_state_encode_keys(columns, twins->column_count, row_count, &twins->arena, &keys);
  eagre_state_get_groups(twins->plain, panes, &keys, row_count, plain);
  for (uint32_t i = 0; i < row_count; i++) {
    ((struct payload *)direct[i])->count += i + 1;
    ((struct payload *)plain[i])->count += i + 1;
  }
  check_groups(twins, EAGRE_STATE_ALL);
  check_groups(twins, EAGRE_STATE_CHANGED);
  return twins->domain->direct_count - before;
}

static uint64_t add_integers(struct twins *twins, int64_t first, uint64_t step, uint32_t count) {
  struct eagre_vector column;
  eagre_arena_reset(&twins->arena);
  eagre_vector_init(&column, eagre_type_of(EAGRE_TYPE_BIGINT), ROWS, &twins->arena);
  for (uint32_t row = 0; row < ROWS; row++) {
    EAGRE_VALUES(int64_t, &column)[row] = (int64_t)((uint64_t)first + row % count * step);
  }
  return add_rows(twins, NULL, &column, ROWS);
}

static void close_integers_take_no_keys(void **state) {
  (void)state;
  struct twins twins;
  begin_twins(&twins, 1);
  assert_int_equal(add_integers(&twins, 1000, 1, 50), 0); /* nothing is known of a first batch */
  assert_int_equal(add_integers(&twins, 1000, 1, 50), ROWS);
  eagre_state_domain_reset(twins.domain);
  assert_int_equal(add_integers(&twins, 1000, 1, 50), 0);
  /* A lower value: the range is made anew, and what cells knew is forgotten. */
  assert_int_equal(add_integers(&twins, 500, 1, 50), 0);
  assert_int_equal(add_integers(&twins, 1000, 1, 50), 0);
  assert_int_equal(add_integers(&twins, 500, 1, 50), ROWS);
  assert_int_equal(add_integers(&twins, 1000, 1, 50), ROWS);
  end_twins(&twins);
}

static void integers_at_the_ends_of_their_range_are_told_apart(void **state) {
  (void)state;
  struct twins twins;
  begin_twins(&twins, 1);
  add_integers(&twins, INT64_MAX, 1, 1);
  add_integers(&twins, INT64_MAX - 1, 1, 2);
  add_integers(&twins, INT64_MAX - 2, 1, 3);
  assert_int_equal(add_integers(&twins, INT64_MAX - 2, 1, 3), ROWS);
  eagre_state_domain_reset(twins.domain);
  add_integers(&twins, INT64_MAX - 1, 1, 3); /* the last one is INT64_MIN */
  for (int i = 0; i < 5; i++) {
    add_integers(&twins, INT64_MIN, 1, 3);
  }
  assert_int_equal(add_integers(&twins, INT64_MIN, 1, 3), ROWS);
  end_twins(&twins);
}

/* Values that are far apart are looked up by keys; a small domain behind them is found again. */
static void a_domain_is_left_and_found_again(void **state) {
  (void)state;
  struct twins twins;
  begin_twins(&twins, 1);
  add_integers(&twins, 0, 1, 20);
  assert_int_equal(add_integers(&twins, 0, 1, 20), ROWS);
  assert_int_equal(add_integers(&twins, 0, 1000, 20), 0);
  assert_int_equal(add_integers(&twins, 0, UINT64_C(1) << 60, 16), 0);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(add_integers(&twins, 0, 1000, 20), 0);
  }
  uint64_t direct = 0;
  for (int i = 0; i < 80; i++) {
    direct = add_integers(&twins, 0, 1, 20);
  }
  assert_int_equal(direct, ROWS);
  end_twins(&twins);
}

/* Rows that repeat few keys of their batch do not try the next ones. */
static void keys_that_are_not_repeated_are_given_up(void **state) {
  (void)state;
  struct twins twins;
  begin_twins(&twins, 1);
  uint64_t direct = 0;
  for (int i = 0; i < 10; i++) {
    eagre_state_domain_reset(twins.domain);
    direct += add_integers(&twins, 0, 1, ROWS);
  }
  assert_int_equal(direct, 0);
  assert_true(twins.domain->doubt > 0);
  end_twins(&twins);
}

static uint64_t add_texts(struct twins *twins, const char *format, uint32_t count) {
  struct eagre_vector column;
  eagre_arena_reset(&twins->arena);
  eagre_vector_init(&column, eagre_type_of(EAGRE_TYPE_STRING), ROWS, &twins->arena);
  for (uint32_t row = 0; row < ROWS; row++) {
    struct eagre_text text = eagre_arena_printf(&twins->arena, format, row % count);
    EAGRE_VALUES(struct eagre_text, &column)[row] = text;
    if (row % count == 7) eagre_vector_set_null(&column, row, ROWS, &twins->arena);
  }
  return add_rows(twins, NULL, &column, ROWS);
}

static void few_texts_of_every_size_take_no_keys(void **state) {
  (void)state;
  struct twins twins;
  begin_twins(&twins, 1);
  /* Ends are the same from 17 bytes on: what is between them is compared, too. */
  static const char *const formats[] = {
      "%u", "1234%u", "12345678%u12345678", "123456781234567812345678%u12345678123456781234567",
      "12345678123456781234567812345678123456781234567812345678123456781234%u1234567812345678"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(formats); i++) {
    add_texts(&twins, formats[i], 12);
    assert_int_equal(add_texts(&twins, formats[i], 12), ROWS);
  }
  /* More texts took more bits since. */
  add_texts(&twins, formats[0], 12);
  assert_int_equal(add_texts(&twins, formats[0], 12), ROWS);
  assert_int_equal(twins.domain->columns[0].text_count, 11 * EAGRE_COUNT_OF(formats));
  end_twins(&twins);
}

static void texts_that_are_many_or_large_or_alike_are_looked_up(void **state) {
  (void)state;
  struct twins twins;
  begin_twins(&twins, 1);
  /* The hash of a long text sees its ends only. */
  assert_int_equal(add_texts(&twins, "12345678%03u12345678", 100), 0);
  assert_int_equal(twins.domain->columns[0].text_count, 0);
  end_twins(&twins);
  begin_twins(&twins, 1);
  assert_int_equal(add_texts(&twins, "%01025u", 2), 0);
  assert_int_equal(twins.domain->columns[0].text_count, 0);
  end_twins(&twins);
  begin_twins(&twins, 1);
  for (uint32_t i = 0; i < 10; i++) {
    char format[16];
    snprintf(format, sizeof format, "%%03u-%u", i);
    add_texts(&twins, format, 149);
    assert_in_range(twins.domain->columns[0].text_count, 0, EAGRE_STATE_DOMAIN_TEXTS_MAX);
  }
  end_twins(&twins);
}

static void no_column_is_one_cell(void **state) {
  (void)state;
  struct twins twins;
  int64_t panes[ROWS];
  begin_twins(&twins, 0);
  for (uint32_t row = 0; row < ROWS; row++) {
    panes[row] = row < 10 ? INT64_MAX : row / 150;
  }
  assert_int_equal(add_rows(&twins, panes, NULL, ROWS), 0);
  assert_int_equal(add_rows(&twins, panes, NULL, ROWS), ROWS);
  end_twins(&twins);
}

/* ---- At random ------------------------------------------------------------------------------- */

static const enum eagre_type_kind kinds[] = {
    EAGRE_TYPE_BOOLEAN, EAGRE_TYPE_TINYINT, EAGRE_TYPE_SMALLINT,  EAGRE_TYPE_INT,
    EAGRE_TYPE_BIGINT,  EAGRE_TYPE_DOUBLE,  EAGRE_TYPE_STRING,    EAGRE_TYPE_BINARY,
    EAGRE_TYPE_DATE,    EAGRE_TYPE_NULL,    EAGRE_TYPE_TIMESTAMP,
};

static void fill_value(struct eagre_vector *column, uint32_t row, int64_t value,
                       struct eagre_arena *arena) {
  enum eagre_type_kind kind = column->type->kind;
  if (kind == EAGRE_TYPE_BOOLEAN) {
    eagre_bit_put(column->data, row, value % 2 == 0);
  } else if (eagre_type_is_text(kind)) {
    const char *prefix = value % 3 == 0 ? "" : value % 3 == 1 ? "\xff" : "a prefix of some length";
    EAGRE_VALUES(struct eagre_text, column)
    [row] = eagre_arena_printf(arena, "%s%lld", prefix, (long long)(value / 2));
  } else if (kind == EAGRE_TYPE_DOUBLE) {
    EAGRE_VALUES(double, column)[row] = (double)value;
  } else if (kind != EAGRE_TYPE_NULL) {
    uint32_t width = eagre_type_width(kind);
    memcpy((char *)column->data + (size_t)row * width, &value, width);
  }
}

/* Values are drawn from a range that is small most of the time and moves now and then. */
static void make_column(struct eagre_vector *column, const struct eagre_type *type,
                        uint32_t row_count, struct eagre_random *random,
                        struct eagre_arena *arena) {
  bool is_wide = eagre_random_below(random, 8) == 0;
  uint64_t span = is_wide ? 1 << 20 : 1 + eagre_random_below(random, 40);
  int64_t low = eagre_random_below(random, 4) == 0 ? (int64_t)eagre_random_below(random, 500) : 0;
  bool has_nulls = eagre_random_below(random, 3) == 0;
  bool is_constant = eagre_random_below(random, 6) == 0;
  uint32_t count = is_constant ? 1 : row_count;
  eagre_vector_init(column, type, count, arena);
  for (uint32_t row = 0; row < count; row++) {
    int64_t value = low + (int64_t)eagre_random_below(random, span);
    fill_value(column, row, eagre_random_below(random, 2) == 0 ? value : -value, arena);
    if (has_nulls && eagre_random_below(random, 5) == 0)
      eagre_vector_set_null(column, row, count, arena);
  }
  column->is_constant = is_constant;
}

static uint32_t add_random_rows(struct twins *twins, const struct eagre_type *const *types,
                                struct eagre_random *random) {
  struct eagre_vector columns[COLUMNS_MAX];
  int64_t panes[ROWS];
  uint32_t row_count = 1 + (uint32_t)eagre_random_below(random, ROWS);
  uint64_t pane_count = eagre_random_below(random, 3) == 0 ? 12 : 3;
  bool has_runs = eagre_random_below(random, 2) == 0;
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_same = has_runs && row > 0 && eagre_random_below(random, 50) > 0;
    panes[row] = is_same ? panes[row - 1] : (int64_t)eagre_random_below(random, pane_count) * 10;
  }
  eagre_arena_reset(&twins->arena);
  for (uint32_t i = 0; i < twins->column_count; i++) {
    make_column(&columns[i], types[i], row_count, random, &twins->arena);
  }
  bool has_panes = eagre_random_below(random, 3) > 0;
  return (uint32_t)add_rows(twins, has_panes ? panes : NULL, columns, row_count);
}

static void begin_epoch(struct twins *twins, struct eagre_random *random) {
  eagre_state_domain_reset(twins->domain);
  if (eagre_random_below(random, 2) == 0) {
    eagre_state_table_clear(twins->direct);
    eagre_state_table_clear(twins->plain);
    return;
  }
  eagre_state_begin_epoch(twins->direct);
  eagre_state_begin_epoch(twins->plain);
  int64_t pane_max = (int64_t)eagre_random_below(random, 40) - 20;
  assert_int_equal(eagre_state_evict(twins->direct, pane_max),
                   eagre_state_evict(twins->plain, pane_max));
}

static void random_columns_find_the_same_groups(void **state) {
  (void)state;
  struct eagre_random random;
  uint64_t seed = 4711;
  uint64_t direct = 0;
  print_message("domain: seed %llu\n", (unsigned long long)seed);
  eagre_random_seed(&random, seed);
  for (int round = 0; round < 150; round++) {
    const struct eagre_type *types[COLUMNS_MAX];
    struct twins twins;
    begin_twins(&twins, 1 + (uint32_t)eagre_random_below(&random, COLUMNS_MAX));
    for (uint32_t i = 0; i < twins.column_count; i++) {
      types[i] = eagre_type_of(kinds[eagre_random_below(&random, EAGRE_COUNT_OF(kinds))]);
    }
    for (int batch = 0; batch < 12; batch++) {
      if (eagre_random_below(&random, 4) == 0) begin_epoch(&twins, &random);
      direct += add_random_rows(&twins, types, &random);
    }
    end_twins(&twins);
  }
  assert_true(direct > 10000);
}

int run_domain_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(close_integers_take_no_keys),
      cmocka_unit_test(integers_at_the_ends_of_their_range_are_told_apart),
      cmocka_unit_test(a_domain_is_left_and_found_again),
      cmocka_unit_test(keys_that_are_not_repeated_are_given_up),
      cmocka_unit_test(few_texts_of_every_size_take_no_keys),
      cmocka_unit_test(texts_that_are_many_or_large_or_alike_are_looked_up),
      cmocka_unit_test(no_column_is_one_cell),
      cmocka_unit_test(random_columns_find_the_same_groups),
  };
  return cmocka_run_group_tests_name("domain", tests, NULL, NULL);
}
