/* Runs the tests of keys, tables and snapshots. */
#include "test_state.h"

#include <string.h>

static const uint32_t text_offsets[] = {offsetof(struct payload, last)};
const struct eagre_state_layout payload_layout = {
    .payload_size = sizeof(struct payload),
    .text_offsets = text_offsets,
    .text_count = 1,
};

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  fixture->directory = scratch_make_fast();
  if (eagre_io_open(NULL, &fixture->io, &fixture->error) != EAGRE_OK) return -1;
  *state = fixture;
  return 0;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  eagre_io_close(fixture->io);
  scratch_remove(fixture->directory);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

void encode_texts(const struct eagre_text *texts, uint32_t count, struct eagre_arena *arena,
                  struct eagre_state_keys *out) {
  struct eagre_vector vector;
  eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_STRING), count, arena);
  memcpy(vector.data, texts, count * sizeof *texts);
  eagre_state_encode_keys(&vector, 1, count, arena, out);
}

void add_to_group(struct eagre_state_table *table, int64_t pane, const char *key, uint64_t amount) {
  struct eagre_arena arena = {0};
  struct eagre_text text = eagre_text_of(key);
  struct eagre_state_keys keys;
  char *payload = NULL;
  encode_texts(&text, 1, &arena, &keys);
  eagre_state_get_groups(table, &pane, &keys, 1, &payload);
  ((struct payload *)payload)->count += amount;
  eagre_arena_done(&arena);
}

struct payload *find_group(struct eagre_state_table *table, int64_t pane, const char *key) {
  struct eagre_state_cursor cursor = {{0}};
  struct eagre_state_group group;
  while (eagre_state_next(table, &cursor, EAGRE_STATE_ALL, INT64_MAX, &group, 1) == 1) {
    if (group.pane == pane && eagre_text_equal_string(group.key, key))
      return (struct payload *)group.payload;
  }
  return NULL;
}

struct eagre_state_snapshot make_snapshot(const struct fixture *fixture, int64_t version,
                                          const char *attempt) {
  return (struct eagre_state_snapshot){
      .directory = fixture->directory,
      .version = version,
      .attempt = attempt,
      .partition_count = PARTITIONS,
      .fingerprint = FINGERPRINT,
  };
}

const char *list_names(struct fixture *fixture) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  struct eagre_buffer names = {0};
  assert_int_equal(eagre_io_list(fixture->io, fixture->directory, &fixture->arena, &entries, &count,
                                 &fixture->error),
                   EAGRE_OK);
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_printf(&names, "%s%s", i == 0 ? "" : " ", entries[i].name);
  }
  const char *copy = eagre_arena_copy_string(&fixture->arena, eagre_buffer_string(&names));
  eagre_buffer_done(&names);
  return copy;
}

int main(void) {
  return run_key_tests() + run_table_tests() + run_snapshot_tests() + run_purge_tests() +
         run_model_tests() + run_rows_tests() + run_slice_tests() + run_format_tests() +
         run_tier_tests() + run_domain_tests();
}
