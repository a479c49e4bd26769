/* Reading tables of which groups are in the tier: all of them, or slice by slice for snapshots. */
#include "state/state_cold.h"
#include "state/state_snapshot.h"

#include <string.h>

/* ---- Walks ----------------------------------------------------------------------------------- */

/* Where the pane behind this one would begin: nothing of the pane is there. */
static void find_end(const struct eagre_state_table *table, int64_t pane,
                     char out[EAGRE_STATE_COLD_HEAD_SIZE]) {
  eagre_state_cold_head(table, pane, 0, out);
  for (uint32_t i = 12; i-- > 0;) {
    out[i] = (char)(out[i] + 1);
    if (out[i] != 0) return;
  }
}

void eagre_state_cold_walk_open(struct eagre_state_cold_walk *walk,
                                const struct eagre_state_table *table,
                                const struct eagre_state_pane *pane, struct eagre_text after) {
  char from[EAGRE_STATE_COLD_HEAD_SIZE];
  char to[EAGRE_STATE_COLD_HEAD_SIZE];
  struct eagre_buffer behind = {0};
  eagre_state_cold_head(table, pane->end, 0, from);
  find_end(table, pane->end, to);
  struct eagre_text begin = eagre_text_make(from, sizeof from);
  if (after.size > 0 && eagre_text_compare(after, begin) > 0) {
    eagre_buffer_append_text(&behind, after);
    eagre_buffer_append_char(&behind, 0);
    begin = eagre_buffer_text(&behind);
  }
  *walk = (struct eagre_state_cold_walk){table, pane, NULL};
  walk->walk = eagre_state_tier_walk_open(table->cold.tier, begin, eagre_text_make(to, sizeof to));
  eagre_buffer_done(&behind);
}

bool eagre_state_cold_walk_next(struct eagre_state_cold_walk *walk, struct eagre_text *out_key,
                                struct eagre_text *out_value) {
  while (eagre_state_tier_walk_next(walk->walk, out_key, out_value)) {
    bool is_in_memory =
        walk->pane->count > 0 &&
        eagre_state_pane_find(walk->table, walk->pane, eagre_state_cold_hash(*out_key),
                              eagre_state_cold_key(*out_key)) != NULL;
    if (!is_in_memory) return true;
  }
  return false;
}

enum eagre_status eagre_state_cold_walk_close(struct eagre_state_cold_walk *walk,
                                              struct eagre_error *error) {
  return eagre_state_tier_walk_close(walk->walk, error);
}

/* ---- Readers --------------------------------------------------------------------------------- */

struct eagre_state_reader {
  struct eagre_state_table *table;
  int64_t pane_max;
  uint32_t pane_index;
  struct eagre_state_cursor cursor; /* of the pane, in memory */
  bool is_in_tier;                  /* what is in memory of the pane has been read */
  struct eagre_state_cold_walk walk;
  struct eagre_arena arena; /* groups of the tier that were given last */
};

struct eagre_state_reader *eagre_state_reader_open(struct eagre_state_table *table,
                                                   int64_t pane_max) {
  struct eagre_state_reader *reader = eagre_allocate_zeroed(1, sizeof *reader);
  reader->table = table;
  reader->pane_max = pane_max;
  return reader;
}

void eagre_state_reader_close(struct eagre_state_reader *reader) {
  if (reader->is_in_tier) {
    enum eagre_status ignored = eagre_state_cold_walk_close(&reader->walk, NULL);
    (void)ignored; /* the reader was given up for another failure */
  }
  eagre_arena_done(&reader->arena);
  eagre_free(reader);
}

static struct eagre_state_group copy_group(struct eagre_state_reader *reader, struct eagre_text key,
                                           struct eagre_text value) {
  const struct eagre_state_table *table = reader->table;
  char *payload = eagre_arena_allocate(&reader->arena, table->payload_size);
  eagre_state_payload_fill(table, value.data, &reader->arena, payload);
  return (struct eagre_state_group){
      .pane = reader->walk.pane->end,
      .key = eagre_arena_copy_text(&reader->arena, eagre_state_cold_key(key)),
      .hash = eagre_state_cold_hash(key),
      .payload = payload,
  };
}

/* Groups of the pane that only the tier has; fewer than wanted: it has no more. */
static uint32_t read_cold(struct eagre_state_reader *reader, struct eagre_state_group *out_groups,
                          uint32_t wanted) {
  struct eagre_text key;
  struct eagre_text value;
  uint32_t count = 0;
  while (count < wanted && eagre_state_cold_walk_next(&reader->walk, &key, &value)) {
    out_groups[count++] = copy_group(reader, key, value);
  }
  return count;
}

/* Goes on behind what the pane has in memory, or to the next pane. */
static enum eagre_status go_on(struct eagre_state_reader *reader,
                               const struct eagre_state_pane *pane, struct eagre_error *error) {
  if (!reader->is_in_tier && pane->cold_count > 0) {
    reader->is_in_tier = true;
    eagre_state_cold_walk_open(&reader->walk, reader->table, pane, (struct eagre_text){0});
    return EAGRE_OK;
  }
  bool was_in_tier = reader->is_in_tier;
  reader->is_in_tier = false;
  reader->pane_index++;
  reader->cursor = (struct eagre_state_cursor){{0}};
  return was_in_tier ? eagre_state_cold_walk_close(&reader->walk, error) : EAGRE_OK;
}

enum eagre_status eagre_state_reader_next(struct eagre_state_reader *reader,
                                          struct eagre_state_group *out_groups,
                                          uint32_t group_count_max, uint32_t *out_count,
                                          struct eagre_error *error) {
  const struct eagre_state_table *table = reader->table;
  uint32_t count = 0;
  eagre_arena_reset(&reader->arena);
  while (count < group_count_max && reader->pane_index < table->pane_count) {
    const struct eagre_state_pane *pane = table->panes[reader->pane_index];
    if (pane->end > reader->pane_max) break;
    uint32_t wanted = group_count_max - count;
    uint32_t taken = reader->is_in_tier
                         ? read_cold(reader, out_groups + count, wanted)
                         : eagre_state_next_of_pane(reader->table, pane->end, &reader->cursor,
                                                    out_groups + count, wanted);
    count += taken;
    if (taken < wanted) EAGRE_TRY(go_on(reader, pane, error));
  }
  *out_count = count;
  return EAGRE_OK;
}

/* ---- Slices ---------------------------------------------------------------------------------- */

bool eagre_state_cold_can_begin(const struct eagre_state_table *table) {
  return table->group_count - table->cold.count == table->changed_count;
}

static void keep_nothing(struct eagre_state_cold *cold) {
  eagre_buffer_done(&cold->kept);
  eagre_buffer_clear(&cold->kept_key);
}

void eagre_state_cold_begin_pass(struct eagre_state_table *table) {
  eagre_buffer_clear(&table->cold.pass_key);
  eagre_buffer_clear(&table->cold.planned_key);
  keep_nothing(&table->cold);
}

static void set_key(struct eagre_buffer *buffer, struct eagre_text key) {
  eagre_buffer_clear(buffer);
  eagre_buffer_append_text(buffer, key);
}

/* The walk that counts reads the groups, which costs far more than to keep them: so it keeps as
 * many as it has room for. */
static void keep(struct eagre_state_cold *cold, struct eagre_state_pane *pane,
                 struct eagre_text key, struct eagre_text value) {
  size_t before = cold->kept.size;
  if (before >= eagre_state_tier_kept_size(cold->tier)) return;
  char key_size[4];
  struct eagre_text group_key = eagre_state_cold_key(key);
  eagre_state_put_integer(key_size, group_key.size, sizeof key_size);
  eagre_buffer_append(&cold->kept, key_size, sizeof key_size);
  eagre_buffer_append_text(&cold->kept, group_key);
  eagre_buffer_append_text(&cold->kept, value);
  pane->cold_kept_count++;
  pane->cold_kept_size += cold->kept.size - before;
  set_key(&cold->kept_key, key);
}

static enum eagre_status plan_pane(struct eagre_state_table *table, struct eagre_state_pane *pane,
                                   uint64_t wanted, struct eagre_error *error) {
  struct eagre_state_cold *cold = &table->cold;
  struct eagre_state_cold_walk walk;
  struct eagre_text key;
  struct eagre_text value;
  eagre_state_cold_walk_open(&walk, table, pane, eagre_buffer_text(&cold->pass_key));
  while (pane->cold_planned < wanted && eagre_state_cold_walk_next(&walk, &key, &value)) {
    pane->cold_planned++;
    keep(cold, pane, key, value);
    if (pane->cold_planned == wanted) set_key(&cold->planned_key, key);
  }
  return eagre_state_cold_walk_close(&walk, error);
}

/* A pane has been taken when the walk comes to its end; those made since the pass began have no
 * part in it. */
enum eagre_status eagre_state_cold_plan(struct eagre_state_table *table, uint64_t wanted,
                                        uint64_t *planned, struct eagre_error *error) {
  uint64_t left = wanted;
  keep_nothing(&table->cold);
  for (uint32_t i = 0; i < table->pane_count; i++) {
    struct eagre_state_pane *pane = table->panes[i];
    pane->slice.planned = 0;
    eagre_state_cold_plan_pane(pane, 0);
    if (left == 0 || pane->slice.left == 0) continue;
    if (pane->cold_count > 0) EAGRE_TRY(plan_pane(table, pane, left, error));
    left -= pane->cold_planned;
    if (left > 0) pane->slice.left = 0;
  }
  *planned += wanted - left;
  return EAGRE_OK;
}

void eagre_state_cold_advance(struct eagre_state_table *table) {
  struct eagre_state_cold *cold = &table->cold;
  set_key(&cold->pass_key, eagre_buffer_text(&cold->planned_key));
  keep_nothing(cold);
}
