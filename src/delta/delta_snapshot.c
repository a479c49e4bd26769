/* Replaying commits into the state of the table. */
#include "delta/delta_snapshot.h"

#include <stdio.h>

#include "delta/delta_protocol.h"
#include "delta/delta_schema.h"

/* ---- Life ------------------------------------------------------------------------------------ */

void eagre_delta_snapshot_init(struct eagre_delta_snapshot *snapshot) {
  *snapshot = (struct eagre_delta_snapshot){.version = -1};
}

void eagre_delta_snapshot_done(struct eagre_delta_snapshot *snapshot) {
  eagre_delta_map_done(&snapshot->files);
  eagre_delta_map_done(&snapshot->tombstones);
  eagre_delta_map_done(&snapshot->txns);
  eagre_delta_map_done(&snapshot->attempts);
  eagre_delta_map_done(&snapshot->domains);
  eagre_free(snapshot->paths.slots);
  eagre_arena_done(&snapshot->arena);
}

/* ---- Names ----------------------------------------------------------------------------------- */

void eagre_delta_log_name(int64_t version, char out_name[EAGRE_DELTA_LOG_NAME_SIZE]) {
  snprintf(out_name, EAGRE_DELTA_LOG_NAME_SIZE, "_delta_log/%020lld.json", (long long)version);
}

int64_t eagre_delta_log_version(const char *entry_name) {
  enum { DIGIT_COUNT = 20 };
  int64_t version = 0;
  for (int i = 0; i < DIGIT_COUNT; i++) {
    if (entry_name[i] < '0' || entry_name[i] > '9') return -1;
    if (__builtin_mul_overflow(version, 10, &version)) return -1;
    if (__builtin_add_overflow(version, entry_name[i] - '0', &version)) return -1;
  }
  return strcmp(entry_name + DIGIT_COUNT, ".json") == 0 ? version : -1;
}

/* ---- Paths ever added ------------------------------------------------------------------------ */

static uint64_t hash_path(struct eagre_text path) {
  uint64_t hash = eagre_hash_bytes(path.data, path.size, 0);
  return hash == 0 ? 1 : hash;
}

static bool insert_path(struct eagre_delta_paths *paths, uint64_t hash) {
  uint32_t mask = paths->slot_count - 1;
  uint32_t position = (uint32_t)hash & mask;
  while (paths->slots[position] != 0) {
    if (paths->slots[position] == hash) return false;
    position = (position + 1) & mask;
  }
  paths->slots[position] = hash;
  return true;
}

static void add_path(struct eagre_delta_paths *paths, uint64_t hash) {
  if (2 * (paths->count + 1) > paths->slot_count) {
    struct eagre_delta_paths old = *paths;
    paths->slot_count = old.slot_count == 0 ? 64 : 2 * old.slot_count;
    paths->slots = eagre_allocate_zeroed(paths->slot_count, sizeof *paths->slots);
    for (uint32_t i = 0; i < old.slot_count; i++) {
      if (old.slots[i] != 0) insert_path(paths, old.slots[i]);
    }
    eagre_free(old.slots);
  }
  paths->count += insert_path(paths, hash);
}

bool eagre_delta_snapshot_has_path(const struct eagre_delta_snapshot *snapshot,
                                   struct eagre_text decoded_path) {
  const struct eagre_delta_paths *paths = &snapshot->paths;
  if (paths->slot_count == 0) return false;
  uint64_t hash = hash_path(decoded_path);
  uint32_t position = (uint32_t)hash & (paths->slot_count - 1);
  while (paths->slots[position] != 0) {
    if (paths->slots[position] == hash) return true;
    position = (position + 1) & (paths->slot_count - 1);
  }
  return false;
}

/* ---- Protocol and metadata ------------------------------------------------------------------- */

static enum eagre_status refuse(struct eagre_error *error, const char *name, const char *what) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                  "the Delta log cannot be understood: %s", what);
  eagre_error_place(error, "%s", name);
  return EAGRE_UNSAFE;
}

static enum eagre_status check_id(const struct eagre_delta_snapshot *snapshot,
                                  const struct eagre_json_node *metadata,
                                  struct eagre_error *error) {
  struct eagre_text id = eagre_delta_member_text(metadata, "id");
  if (snapshot->version < 0 || eagre_text_equal(id, snapshot->id)) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "DELTA_TABLE_ID_CHANGED",
                         "the Delta table was replaced by another one: its id was %.*s and is %.*s",
                         (int)snapshot->id.size, snapshot->id.data, (int)id.size, id.data);
}

static enum eagre_status check_rules(const struct eagre_delta_snapshot *snapshot,
                                     const struct eagre_json_node *protocol,
                                     const struct eagre_json_node *metadata,
                                     struct eagre_delta_rules *out, struct eagre_error *error) {
  if (!snapshot->is_view) return eagre_delta_protocol_check(protocol, metadata, out, error);
  *out = (struct eagre_delta_rules){0};
  return eagre_delta_protocol_check_view(protocol, metadata, error);
}

/* Takes over a new protocol, a new metaData, or both. */
static enum eagre_status apply_rules(struct eagre_delta_snapshot *snapshot,
                                     struct eagre_arena *arena, const char *name,
                                     const struct eagre_delta_actions *actions,
                                     struct eagre_error *error) {
  const struct eagre_json_node *protocol = actions->protocol;
  const struct eagre_json_node *metadata = actions->metadata;
  if (protocol == NULL && metadata == NULL && snapshot->version >= 0) return EAGRE_OK;
  if (snapshot->version < 0 && (protocol == NULL || metadata == NULL)) {
    return refuse(error, name, "version 0 has no protocol or no metaData");
  }
  if (protocol == NULL) EAGRE_TRY(eagre_json_read(arena, snapshot->protocol, &protocol, error));
  if (metadata == NULL) EAGRE_TRY(eagre_json_read(arena, snapshot->metadata, &metadata, error));
  EAGRE_TRY(check_id(snapshot, metadata, error));
  struct eagre_delta_rules rules;
  EAGRE_TRY(check_rules(snapshot, protocol, metadata, &rules, error));
  const struct eagre_type *schema;
  EAGRE_TRY(eagre_delta_schema_read(&snapshot->arena,
                                    eagre_delta_member_text(metadata, "schemaString"),
                                    !snapshot->is_view, &schema, error));
  snapshot->protocol = eagre_arena_copy_text(&snapshot->arena, protocol->text);
  snapshot->metadata = eagre_arena_copy_text(&snapshot->arena, metadata->text);
  snapshot->id = eagre_arena_copy_text(&snapshot->arena, eagre_delta_member_text(metadata, "id"));
  snapshot->schema = schema;
  snapshot->reader_version = rules.reader_version;
  snapshot->writer_version = rules.writer_version;
  snapshot->is_append_only = rules.is_append_only;
  snapshot->has_v2_checkpoints = rules.has_v2_checkpoints;
  snapshot->checkpoint_interval = rules.checkpoint_interval;
  snapshot->tombstone_retention_ms = rules.tombstone_retention_ms;
  return EAGRE_OK;
}

/* ---- The other actions ----------------------------------------------------------------------- */

static void apply_action(struct eagre_delta_snapshot *snapshot, struct eagre_arena *arena,
                         const struct eagre_delta_action *action, int64_t version,
                         struct eagre_text attempt) {
  switch (action->kind) {
  case EAGRE_DELTA_ADD:
    eagre_delta_map_set(&snapshot->files, action->key, action->body->text, action->number);
    eagre_delta_map_remove(&snapshot->tombstones, action->key);
    add_path(&snapshot->paths, hash_path(eagre_delta_path_decode(arena, action->key)));
    return;
  case EAGRE_DELTA_REMOVE:
    eagre_delta_map_remove(&snapshot->files, action->key);
    eagre_delta_map_set(&snapshot->tombstones, action->key, action->body->text, action->number);
    return;
  case EAGRE_DELTA_TXN:
    eagre_delta_map_set(&snapshot->txns, action->key, action->body->text, action->number);
    eagre_delta_map_set(&snapshot->attempts, action->key, attempt, version);
    return;
  case EAGRE_DELTA_DOMAIN:
    if (action->is_removed) {
      eagre_delta_map_remove(&snapshot->domains, action->key);
    } else {
      eagre_delta_map_set(&snapshot->domains, action->key, action->body->text, 0);
    }
    return;
  }
}

/* Removes first: see the header. */
static void apply_actions(struct eagre_delta_snapshot *snapshot, struct eagre_arena *arena,
                          const struct eagre_delta_actions *actions, int64_t version) {
  const struct eagre_delta_action *action;
  for (action = actions->first; action != NULL; action = action->next) {
    if (action->kind != EAGRE_DELTA_REMOVE) continue;
    apply_action(snapshot, arena, action, version, actions->attempt);
  }
  for (action = actions->first; action != NULL; action = action->next) {
    if (action->kind == EAGRE_DELTA_REMOVE) continue;
    apply_action(snapshot, arena, action, version, actions->attempt);
  }
}

static enum eagre_status apply(struct eagre_delta_snapshot *snapshot, struct eagre_arena *arena,
                               int64_t version, struct eagre_text content, const char *name,
                               struct eagre_error *error) {
  struct eagre_delta_actions actions;
  EAGRE_TRY(eagre_delta_actions_read(arena, content, name, &actions, error));
  EAGRE_TRY(apply_rules(snapshot, arena, name, &actions, error));
  apply_actions(snapshot, arena, &actions, version);
  snapshot->version = version;
  snapshot->content_hash = eagre_hash_bytes(content.data, content.size, 0);
  snapshot->content_size = content.size;
  return EAGRE_OK;
}

enum eagre_status eagre_delta_snapshot_apply(struct eagre_delta_snapshot *snapshot, int64_t version,
                                             struct eagre_text content, struct eagre_error *error) {
  eagre_assert(version == snapshot->version + 1);
  struct eagre_arena arena = {0};
  char name[EAGRE_DELTA_LOG_NAME_SIZE];
  eagre_delta_log_name(version, name);
  enum eagre_status status = apply(snapshot, &arena, version, content, name, error);
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_delta_snapshot_load(struct eagre_delta_snapshot *snapshot, int64_t version,
                                            struct eagre_text content, const char *name,
                                            struct eagre_error *error) {
  eagre_assert(snapshot->version < 0);
  struct eagre_arena arena = {0};
  enum eagre_status status = apply(snapshot, &arena, version, content, name, error);
  snapshot->content_size = UINT64_MAX;
  eagre_arena_done(&arena);
  return status;
}

static void remember(struct eagre_delta_snapshot *snapshot, struct eagre_arena *arena,
                     const struct eagre_delta_actions *actions, int64_t version) {
  for (const struct eagre_delta_action *action = actions->first; action != NULL;
       action = action->next) {
    if (action->kind == EAGRE_DELTA_ADD) {
      add_path(&snapshot->paths, hash_path(eagre_delta_path_decode(arena, action->key)));
    } else if (action->kind == EAGRE_DELTA_TXN) {
      eagre_delta_map_set(&snapshot->attempts, action->key, actions->attempt, version);
    }
  }
}

enum eagre_status eagre_delta_snapshot_remember(struct eagre_delta_snapshot *snapshot,
                                                int64_t version, struct eagre_text content,
                                                struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_delta_actions actions;
  char name[EAGRE_DELTA_LOG_NAME_SIZE];
  eagre_delta_log_name(version, name);
  enum eagre_status status = eagre_delta_actions_read(&arena, content, name, &actions, error);
  if (status == EAGRE_OK) remember(snapshot, &arena, &actions, version);
  eagre_arena_done(&arena);
  if (status != EAGRE_OK || version != snapshot->version) return status;
  snapshot->content_hash = eagre_hash_bytes(content.data, content.size, 0);
  snapshot->content_size = content.size;
  return EAGRE_OK;
}

void eagre_delta_snapshot_expire(struct eagre_delta_snapshot *snapshot, int64_t now_ms) {
  uint32_t position = 0;
  const struct eagre_delta_entry *entry;
  while ((entry = eagre_delta_map_next(&snapshot->tombstones, &position)) != NULL) {
    if (entry->number >= now_ms - snapshot->tombstone_retention_ms) continue;
    eagre_delta_map_remove(&snapshot->tombstones, entry->key);
  }
}
