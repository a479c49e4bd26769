/* Vectors: every move is compared row by row with a slow model, on random rows of a type with every
 * kind, with and without nulls, constants at the top and inside structs, unreadable texts behind
 * null structs. */
#include "test_column.h"

#include <string.h>

enum { ROUNDS = 60, ROWS_MAX = 200 };

struct scene {
  struct eagre_random random;
  struct eagre_arena arena;
  const struct eagre_type *type; /* in `type_arena`, which no round resets */
  struct eagre_arena type_arena;
};

static void begin_scene(struct scene *scene) {
  *scene = (struct scene){0};
  seed_test(&scene->random);
  scene->type = make_rich_type(&scene->type_arena);
}

static void end_scene(struct scene *scene) {
  eagre_arena_done(&scene->arena);
  eagre_arena_done(&scene->type_arena);
}

static uint32_t draw_below(struct scene *scene, uint32_t bound) {
  return (uint32_t)eagre_random_below(&scene->random, bound);
}

/* Also turns the vector, and what is in it, into a constant when asked. */
static void make_constant(struct eagre_vector *vector) {
  vector->is_constant = true;
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    make_constant(&vector->children[i]);
  }
}

static void make_rows(struct scene *scene, struct eagre_vector *vector, uint32_t row_count) {
  bool has_nulls = draw_below(scene, 4) != 0;
  fill_randomly(vector, scene->type, row_count, has_nulls, &scene->random, &scene->arena);
  if (draw_below(scene, 5) == 0) make_constant(vector);
}

static void test_init_gives_aligned_rows_without_nulls(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  struct eagre_vector vector;
  eagre_vector_init(&vector, scene.type, 100, &scene.arena);
  assert_null(vector.validity);
  assert_null(vector.data);
  for (uint32_t i = 0; i < scene.type->field_count; i++) {
    assert_int_equal((uintptr_t)vector.children[i].data % 64, 0);
    assert_null(vector.children[i].validity);
  }
  assert_int_equal(eagre_bits_count(vector.children[0].data, 100), 0);
  end_scene(&scene);
}

static void test_nulls_are_marked_one_by_one(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  struct eagre_vector vector;
  eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_INT), 70, &scene.arena);
  eagre_vector_set_null(&vector, 3, 70, &scene.arena);
  eagre_vector_set_null(&vector, 69, 70, &scene.arena);
  for (uint32_t row = 0; row < 70; row++) {
    assert_int_equal(eagre_vector_is_null(&vector, row), row == 3 || row == 69);
  }
  end_scene(&scene);
}

static void test_a_null_vector_is_null_at_every_row(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  struct eagre_vector vector;
  eagre_vector_init_null(&vector, scene.type, &scene.arena);
  assert_true(eagre_vector_is_null(&vector, 1000));
  for (uint32_t i = 0; i < scene.type->field_count; i++) {
    assert_true(eagre_vector_is_null(&vector.children[i], 1000));
  }
  assert_int_equal(EAGRE_VALUES(struct eagre_text, &vector.children[7])[0].size, 0);
  eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_NULL), 5, &scene.arena);
  assert_true(eagre_vector_is_null(&vector, 4));
  end_scene(&scene);
}

static void test_gather_picks_the_listed_rows(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  for (int round = 0; round < ROUNDS; round++) {
    struct eagre_vector from;
    struct eagre_vector out;
    uint32_t rows[ROWS_MAX];
    uint32_t from_count = 1 + draw_below(&scene, ROWS_MAX);
    uint32_t count = draw_below(&scene, ROWS_MAX);
    make_rows(&scene, &from, from_count);
    for (uint32_t i = 0; i < count; i++) {
      rows[i] = draw_below(&scene, from_count);
    }
    eagre_vector_gather(&out, &from, rows, count, &scene.arena);
    assert_int_equal(out.is_constant, from.is_constant);
    for (uint32_t i = 0; i < count; i++) {
      assert_rows_equal(&out, i, &from, rows[i]);
    }
    eagre_arena_reset(&scene.arena);
  }
  end_scene(&scene);
}

static void test_gather_may_replace_its_source(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  struct eagre_vector vector;
  make_rows(&scene, &vector, 100);
  struct eagre_vector before = vector;
  const uint32_t rows[] = {99, 0, 50};
  eagre_vector_gather(&vector, &vector, rows, 3, &scene.arena);
  for (uint32_t i = 0; i < 3; i++) {
    assert_rows_equal(&vector, i, &before, rows[i]);
  }
  end_scene(&scene);
}

/* A MAP of STRING to ARRAY of INT: row i has i % 4 entries, entry e has e % 3 elements. */
static void make_lists(struct scene *scene, struct eagre_vector *map, uint32_t row_count) {
  const struct eagre_type *array =
      eagre_type_array(&scene->type_arena, eagre_type_of(EAGRE_TYPE_INT));
  const struct eagre_type *type =
      eagre_type_map(&scene->type_arena, eagre_type_of(EAGRE_TYPE_STRING), array);
  eagre_vector_init(map, type, row_count, &scene->arena);
  for (uint32_t row = 0; row < row_count; row++) {
    map->offsets[row + 1] = map->offsets[row] + (int32_t)(row % 4);
    if (row % 7 == 3) eagre_vector_set_null(map, row, row_count, &scene->arena);
  }
  uint32_t entry_count = (uint32_t)map->offsets[row_count];
  struct eagre_vector *values = &map->children[1];
  fill_randomly(&map->children[0], eagre_type_of(EAGRE_TYPE_STRING), entry_count, false,
                &scene->random, &scene->arena);
  eagre_vector_init(values, array, entry_count, &scene->arena);
  for (uint32_t entry = 0; entry < entry_count; entry++) {
    values->offsets[entry + 1] = values->offsets[entry] + (int32_t)(entry % 3);
  }
  fill_randomly(&values->children[0], eagre_type_of(EAGRE_TYPE_INT),
                (uint32_t)values->offsets[entry_count], true, &scene->random, &scene->arena);
}

static void test_gather_takes_lists_along(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  struct eagre_vector map;
  struct eagre_vector out;
  uint32_t rows[ROWS_MAX];
  make_lists(&scene, &map, ROWS_MAX);
  for (uint32_t i = 0; i < ROWS_MAX; i++) {
    rows[i] = draw_below(&scene, ROWS_MAX);
  }
  eagre_vector_gather(&out, &map, rows, ROWS_MAX, &scene.arena);
  for (uint32_t i = 0; i < ROWS_MAX; i++) {
    assert_rows_equal(&out, i, &map, rows[i]);
  }
  eagre_vector_init_null(&map, map.type, &scene.arena);
  eagre_vector_gather(&out, &map, rows, 10, &scene.arena);
  assert_true(out.is_constant && eagre_vector_is_null(&out, 9));
  end_scene(&scene);
}

static void test_a_new_list_is_empty(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  struct eagre_vector vector;
  const struct eagre_type *type =
      eagre_type_array(&scene.type_arena, eagre_type_of(EAGRE_TYPE_STRING));
  eagre_vector_init(&vector, type, 2, &scene.arena);
  struct eagre_text text = print_row(&vector, 1, &scene.arena);
  assert_string_equal(text.data, "[]");
  end_scene(&scene);
}

/* Distinct rows below `bound`, in random order. */
static void draw_distinct(struct scene *scene, uint32_t *rows, uint32_t count, uint32_t bound) {
  uint32_t all[ROWS_MAX];
  for (uint32_t i = 0; i < bound; i++) {
    all[i] = i;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t other = i + draw_below(scene, bound - i);
    rows[i] = all[other];
    all[other] = all[i];
  }
}

static void test_scatter_writes_the_listed_rows_only(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  for (int round = 0; round < ROUNDS; round++) {
    struct eagre_vector into;
    struct eagre_vector before;
    struct eagre_vector from;
    uint32_t rows[ROWS_MAX];
    uint32_t into_count = 1 + draw_below(&scene, ROWS_MAX);
    uint32_t count = draw_below(&scene, into_count + 1);
    make_rows(&scene, &into, into_count);
    eagre_vector_flatten(&into, into_count, &scene.arena);
    make_rows(&scene, &from, count == 0 ? 1 : count);
    draw_distinct(&scene, rows, into_count, into_count);
    /* A copy of what was there: gather in place order. */
    uint32_t identity[ROWS_MAX];
    for (uint32_t i = 0; i < into_count; i++) {
      identity[i] = i;
    }
    eagre_vector_gather(&before, &into, identity, into_count, &scene.arena);
    eagre_vector_scatter(&into, into_count, &from, rows, count, &scene.arena);
    for (uint32_t i = 0; i < into_count; i++) {
      if (i < count) {
        assert_rows_equal(&into, rows[i], &from, i);
      } else {
        assert_rows_equal(&into, rows[i], &before, rows[i]);
      }
    }
    eagre_arena_reset(&scene.arena);
  }
  end_scene(&scene);
}

static void assert_flat(const struct eagre_vector *vector) {
  assert_false(vector->is_constant);
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    assert_flat(&vector->children[i]);
  }
}

static void test_flatten_keeps_every_row(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  for (int round = 0; round < ROUNDS; round++) {
    struct eagre_vector vector;
    uint32_t count = 1 + draw_below(&scene, ROWS_MAX);
    make_rows(&scene, &vector, count);
    struct eagre_vector before = vector;
    if (vector.children != NULL) {
      size_t size = vector.type->field_count * sizeof *vector.children;
      before.children = eagre_arena_allocate(&scene.arena, size);
      memcpy(before.children, vector.children, size);
    }
    eagre_vector_flatten(&vector, count, &scene.arena);
    assert_flat(&vector);
    for (uint32_t i = 0; i < count; i++) {
      assert_rows_equal(&vector, i, &before, i);
    }
    eagre_arena_reset(&scene.arena);
  }
  end_scene(&scene);
}

/* Appends pieces of random vectors and compares each with where it came from. With `copy_text` the
 * pieces' memory is gone (poisoned) before the comparison, so expected rows are printed before. */
static void append_pieces(struct scene *scene, bool copy_text) {
  struct eagre_arena into_arena = {0};
  struct eagre_arena expected_arena = {0};
  struct eagre_text expected[ROWS_MAX];
  struct eagre_vector into;
  uint32_t into_row = 0;
  eagre_vector_init(&into, scene->type, ROWS_MAX, &into_arena);
  while (into_row < ROWS_MAX) {
    struct eagre_vector from;
    uint32_t from_count = 1 + draw_below(scene, ROWS_MAX);
    uint32_t from_row = draw_below(scene, from_count);
    uint32_t count = draw_below(scene, from_count - from_row + 1);
    if (count > ROWS_MAX - into_row) count = ROWS_MAX - into_row;
    make_rows(scene, &from, from_count);
    for (uint32_t i = 0; i < count; i++) {
      expected[into_row + i] = print_row(&from, from_row + i, &expected_arena);
    }
    eagre_vector_append(&into, into_row, ROWS_MAX, &from, from_row, count, copy_text, &into_arena);
    into_row += count;
    if (copy_text) eagre_arena_reset(&scene->arena);
  }
  for (uint32_t i = 0; i < ROWS_MAX; i++) {
    assert_string_equal(print_row(&into, i, &expected_arena).data, expected[i].data);
  }
  eagre_arena_reset(&scene->arena);
  eagre_arena_done(&into_arena);
  eagre_arena_done(&expected_arena);
}

static void test_append_adds_ranges(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  for (int round = 0; round < ROUNDS; round++) {
    append_pieces(&scene, false);
  }
  end_scene(&scene);
}

static void test_append_can_own_the_texts(void **state) {
  (void)state;
  struct scene scene;
  begin_scene(&scene);
  for (int round = 0; round < ROUNDS; round++) {
    append_pieces(&scene, true);
  }
  end_scene(&scene);
}

int run_vector_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_init_gives_aligned_rows_without_nulls),
      cmocka_unit_test(test_nulls_are_marked_one_by_one),
      cmocka_unit_test(test_a_null_vector_is_null_at_every_row),
      cmocka_unit_test(test_gather_picks_the_listed_rows),
      cmocka_unit_test(test_gather_may_replace_its_source),
      cmocka_unit_test(test_gather_takes_lists_along),
      cmocka_unit_test(test_a_new_list_is_empty),
      cmocka_unit_test(test_scatter_writes_the_listed_rows_only),
      cmocka_unit_test(test_flatten_keeps_every_row),
      cmocka_unit_test(test_append_adds_ranges),
      cmocka_unit_test(test_append_can_own_the_texts),
  };
  return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
