/* The map, against a plain array. */
#include "test_delta.h"

#include <stdio.h>

#include "delta/delta_map.h"

enum { KEY_COUNT = 60, STEP_COUNT = 20000 };

static struct eagre_text key_of(uint32_t key, char *out) {
  int size = snprintf(out, 16, "key %u", key);
  return eagre_text_make(out, (size_t)size);
}

static void check_equal(const struct eagre_delta_map *map, const int64_t *model) {
  uint32_t live_count = 0;
  for (uint32_t key = 0; key < KEY_COUNT; key++) {
    char text[16];
    const struct eagre_delta_entry *entry = eagre_delta_map_find(map, key_of(key, text));
    if (model[key] < 0) {
      assert_null(entry);
      continue;
    }
    live_count++;
    assert_non_null(entry);
    assert_int_equal(entry->number, model[key]);
    assert_true(eagre_text_equal_string(entry->key, text));
    assert_int_equal(entry->content.size, model[key] % 7);
  }
  assert_int_equal(map->live_count, live_count);
  uint32_t position = 0;
  uint32_t visited = 0;
  int64_t last = -1;
  const struct eagre_delta_entry *entry;
  while ((entry = eagre_delta_map_next(map, &position)) != NULL) {
    /* Numbers grow with time: the order is that of insertion. */
    assert_true(entry->number > last);
    last = entry->number;
    visited++;
  }
  assert_int_equal(visited, live_count);
}

static void test_random_changes(void **state) {
  (void)state;
  struct eagre_delta_map map = {0};
  struct eagre_random random;
  eagre_random_seed(&random, 43);
  int64_t model[KEY_COUNT];
  memset(model, 0xff, sizeof model);
  check_equal(&map, model);
  for (int64_t step = 0; step < STEP_COUNT; step++) {
    uint32_t key = (uint32_t)eagre_random_below(&random, KEY_COUNT);
    char text[16];
    if (eagre_random_below(&random, 3) == 0) {
      eagre_delta_map_remove(&map, key_of(key, text));
      model[key] = -1;
    } else {
      struct eagre_text content = eagre_text_make("xxxxxxx", (size_t)(step % 7));
      eagre_delta_map_set(&map, key_of(key, text), content, step);
      model[key] = step;
    }
    if (step % 97 == 0) check_equal(&map, model);
  }
  check_equal(&map, model);
  eagre_delta_map_done(&map);
}

static void test_empty_texts(void **state) {
  (void)state;
  struct eagre_delta_map map = {0};
  eagre_delta_map_remove(&map, EAGRE_TEXT("nothing"));
  eagre_delta_map_set(&map, (struct eagre_text){0}, (struct eagre_text){0}, 5);
  assert_int_equal(eagre_delta_map_find(&map, EAGRE_TEXT(""))->number, 5);
  eagre_delta_map_done(&map);
}

int run_map_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_changes),
      cmocka_unit_test(test_empty_texts),
  };
  return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
