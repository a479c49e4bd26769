/* Printing a commit: commitInfo, metaData and protocol when they are new, txn, add, remove. */
#include "delta/delta_commit_text.h"

#include <inttypes.h>

#include <eagre_config.h>

#include "delta/delta_schema.h"

static void print_string(struct eagre_buffer *out, const char *string) {
  eagre_buffer_append_json_string(out, eagre_text_of(string));
}

/* ---- commitInfo ------------------------------------------------------------------------------ */

struct counts {
  uint64_t added_files;
  uint64_t added_bytes;
  uint64_t removed_files;
};

static struct counts count_actions(const struct eagre_delta_snapshot *snapshot,
                                   const struct eagre_delta_commit *commit,
                                   const struct eagre_delta_actions *adds) {
  struct counts counts = {0};
  for (const struct eagre_delta_action *add = adds->first; add != NULL; add = add->next) {
    counts.added_files++;
    counts.added_bytes += (uint64_t)add->number;
  }
  if (commit->replace) counts.removed_files = snapshot->files.live_count;
  return counts;
}

static void print_commit_info(const struct eagre_delta_snapshot *snapshot,
                              const struct eagre_delta_commit *commit,
                              const struct eagre_delta_actions *adds, struct eagre_buffer *out) {
  struct counts counts = count_actions(snapshot, commit, adds);
  char txn_id[EAGRE_UUID_SIZE];
  eagre_uuid_make(txn_id);
  eagre_buffer_printf(out,
                      "{\"commitInfo\":{\"timestamp\":%" PRId64
                      ",\"operation\":\"STREAMING UPDATE\",\"operationParameters\":{"
                      "\"outputMode\":\"%s\",\"queryId\":",
                      commit->now_ms, commit->replace ? "Complete" : "Append");
  print_string(out, commit->application_id);
  eagre_buffer_printf(out, ",\"epochId\":\"%" PRId64 "\"},", commit->epoch);
  if (snapshot->version >= 0) {
    eagre_buffer_printf(out, "\"readVersion\":%" PRId64 ",", snapshot->version);
  }
  eagre_buffer_printf(out,
                      "\"isolationLevel\":\"Serializable\",\"isBlindAppend\":%s,"
                      "\"operationMetrics\":{\"numRemovedFiles\":\"%" PRIu64
                      "\",\"numAddedFiles\":\"%" PRIu64 "\",\"numOutputRows\":\"%" PRIu64
                      "\",\"numOutputBytes\":\"%" PRIu64 "\"},"
                      "\"engineInfo\":\"Eagre/" EAGRE_VERSION "\",\"txnId\":\"%s\","
                      "\"eagre\":{\"epoch\":%" PRId64 ",\"attempt\":",
                      commit->replace ? "false" : "true", counts.removed_files, counts.added_files,
                      commit->row_count, counts.added_bytes, txn_id, commit->epoch);
  print_string(out, commit->attempt);
  eagre_buffer_append_string(out, "}}}\n");
}

/* ---- metaData and protocol ------------------------------------------------------------------- */

static void print_schema_string(const struct eagre_delta_commit *commit, struct eagre_buffer *out) {
  struct eagre_buffer schema = {0};
  eagre_delta_schema_print_new(commit->schema, commit->column_comments, &schema);
  eagre_buffer_append_json_string(out, eagre_buffer_text(&schema));
  eagre_buffer_done(&schema);
}

/* The protocol that most programs read; TIMESTAMP_NTZ and VARIANT are features, and need the
 * versions that list the older ones too. */
static const char *choose_protocol(const struct eagre_type *schema) {
#define FEATURES(names)                                                                            \
  "\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[" names "],"                  \
  "\"writerFeatures\":[" names ",\"invariants\",\"appendOnly\"]"
  bool has_ntz = eagre_type_holds(schema, EAGRE_TYPE_TIMESTAMP_NTZ);
  bool has_variant = eagre_type_holds(schema, EAGRE_TYPE_VARIANT);
  if (has_ntz && has_variant) return FEATURES("\"timestampNtz\",\"variantType\"");
  if (has_variant) return FEATURES("\"variantType\"");
  if (has_ntz) return FEATURES("\"timestampNtz\"");
  return "\"minReaderVersion\":1,\"minWriterVersion\":2";
#undef FEATURES
}

static void print_new_table(const struct eagre_delta_commit *commit, struct eagre_buffer *out) {
  char id[EAGRE_UUID_SIZE];
  eagre_uuid_make(id);
  eagre_buffer_printf(out, "{\"metaData\":{\"id\":\"%s\",", id);
  if (commit->description != NULL) {
    eagre_buffer_append_string(out, "\"description\":");
    print_string(out, commit->description);
    eagre_buffer_append_char(out, ',');
  }
  eagre_buffer_append_string(
      out, "\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":");
  print_schema_string(commit, out);
  eagre_buffer_printf(
      out, ",\"partitionColumns\":[],\"configuration\":{},\"createdTime\":%" PRId64 "}}\n",
      commit->now_ms);
  eagre_buffer_printf(out, "{\"protocol\":{%s}}\n", choose_protocol(commit->schema));
}

static void print_node(const struct eagre_json_node *node, struct eagre_buffer *out) {
  switch (node->kind) {
  case EAGRE_JSON_NULL:
    eagre_buffer_append_string(out, "null");
    return;
  case EAGRE_JSON_TRUE:
    eagre_buffer_append_string(out, "true");
    return;
  case EAGRE_JSON_FALSE:
    eagre_buffer_append_string(out, "false");
    return;
  case EAGRE_JSON_STRING:
    eagre_buffer_append_json_string(out, node->text);
    return;
  default: /* as it stands in the log */
    eagre_buffer_append_text(out, node->text);
  }
}

/* The table's metaData with another schema: id, properties and creation time are kept. */
static enum eagre_status print_new_schema(const struct eagre_delta_snapshot *snapshot,
                                          const struct eagre_delta_commit *commit,
                                          struct eagre_arena *arena, struct eagre_buffer *out,
                                          struct eagre_error *error) {
  const struct eagre_json_node *metadata;
  EAGRE_TRY(eagre_json_read(arena, snapshot->metadata, &metadata, error));
  eagre_buffer_append_string(out, "{\"metaData\":{");
  for (const struct eagre_json_node *node = metadata->child; node != NULL; node = node->next) {
    if (node != metadata->child) eagre_buffer_append_char(out, ',');
    eagre_buffer_append_json_string(out, node->name);
    eagre_buffer_append_char(out, ':');
    if (eagre_text_equal_string(node->name, "schemaString")) {
      print_schema_string(commit, out);
    } else {
      print_node(node, out);
    }
  }
  eagre_buffer_append_string(out, "}}\n");
  return EAGRE_OK;
}

/* Nullability aside: the new schema is all nullable, the table's may be stricter, and a full
 * refresh must be able to lift that. */
static bool needs_new_schema(const struct eagre_delta_snapshot *snapshot,
                             const struct eagre_delta_commit *commit) {
  if (!commit->overwrite_schema) return false;
  struct eagre_buffer now = {0};
  struct eagre_buffer wanted = {0};
  eagre_delta_print_schema(snapshot->schema, &now);
  eagre_delta_schema_print_new(commit->schema, NULL, &wanted);
  bool is_same = eagre_text_equal(eagre_buffer_text(&now), eagre_buffer_text(&wanted));
  eagre_buffer_done(&now);
  eagre_buffer_done(&wanted);
  return !is_same;
}

static enum eagre_status print_metadata(const struct eagre_delta_snapshot *snapshot,
                                        const struct eagre_delta_commit *commit,
                                        struct eagre_arena *arena, struct eagre_buffer *out,
                                        struct eagre_error *error) {
  if (snapshot->version < 0) {
    print_new_table(commit, out);
    return EAGRE_OK;
  }
  if (!needs_new_schema(snapshot, commit)) return EAGRE_OK;
  return print_new_schema(snapshot, commit, arena, out, error);
}

/* ---- The other actions ----------------------------------------------------------------------- */

static void print_txn(const struct eagre_delta_commit *commit, struct eagre_buffer *out) {
  eagre_buffer_append_string(out, "{\"txn\":{\"appId\":");
  print_string(out, commit->application_id);
  eagre_buffer_printf(out, ",\"version\":%" PRId64 ",\"lastUpdated\":%" PRId64 "}}\n",
                      commit->epoch, commit->now_ms);
}

static void print_adds(const struct eagre_delta_actions *adds, struct eagre_buffer *out) {
  for (const struct eagre_delta_action *add = adds->first; add != NULL; add = add->next) {
    eagre_buffer_append_string(out, "{\"add\":");
    eagre_buffer_append_text(out, add->body->text);
    eagre_buffer_append_string(out, "}\n");
  }
}

/* A member of the file's add that its remove repeats. */
static void print_copied(const struct eagre_json_node *add, const char *name,
                         struct eagre_buffer *out) {
  const struct eagre_json_node *node = eagre_json_member(add, name);
  if (node == NULL || node->kind == EAGRE_JSON_NULL) return;
  eagre_buffer_printf(out, ",\"%s\":", name);
  print_node(node, out);
}

static enum eagre_status print_remove(const struct eagre_delta_entry *file, int64_t now_ms,
                                      struct eagre_arena *arena, struct eagre_buffer *out,
                                      struct eagre_error *error) {
  struct eagre_arena_mark mark = eagre_arena_mark(arena);
  const struct eagre_json_node *add;
  EAGRE_TRY(eagre_json_read(arena, file->content, &add, error));
  eagre_buffer_append_string(out, "{\"remove\":{\"path\":");
  eagre_buffer_append_json_string(out, file->key);
  eagre_buffer_printf(
      out, ",\"deletionTimestamp\":%" PRId64 ",\"dataChange\":true,\"extendedFileMetadata\":true",
      now_ms);
  print_copied(add, "partitionValues", out);
  print_copied(add, "size", out);
  print_copied(add, "deletionVector", out);
  eagre_buffer_append_string(out, "}}\n");
  eagre_arena_rewind(arena, mark);
  return EAGRE_OK;
}

enum eagre_status eagre_delta_commit_print(const struct eagre_delta_snapshot *snapshot,
                                           const struct eagre_delta_commit *commit,
                                           const struct eagre_delta_actions *adds,
                                           struct eagre_arena *arena, struct eagre_buffer *out,
                                           struct eagre_error *error) {
  print_commit_info(snapshot, commit, adds, out);
  EAGRE_TRY(print_metadata(snapshot, commit, arena, out, error));
  print_txn(commit, out);
  print_adds(adds, out);
  if (!commit->replace) return EAGRE_OK;
  uint32_t position = 0;
  const struct eagre_delta_entry *file;
  while ((file = eagre_delta_map_next(&snapshot->files, &position)) != NULL) {
    EAGRE_TRY(print_remove(file, commit->now_ms, arena, out, error));
  }
  return EAGRE_OK;
}
