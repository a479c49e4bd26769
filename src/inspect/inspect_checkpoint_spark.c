/* State that Spark left below state/ (spark-semantics 2.2, 8). We cannot continue it; whether Spark
 * can is told by names, and by the side files of what is there.
 *
 *   state/<operator>/_metadata/metadata   v1, then {"operatorInfo":...,"stateStoreInfo":[...]}
 *   state/<operator>/<partition>/[<store>/]<version>.delta|snapshot|changelog|zip
 *
 * Epoch N leaves version N + 1. A version is there when it, or one before it, has a snapshot (or
 * zip) and every one in between a delta (or changelog); version 0 is empty and has no file. */
#include "inspect/inspect_checkpoint.h"

#include <stdio.h>

#include "json/json.h"

enum {
  PARTITION_COUNT_MAX = 1 << 16
}; /* more than anybody has; a damaged number is not believed */

/* A store called "default" has no folder of its own. */
static const struct eagre_text only_default[] = {{"", 0}};

/* ---- Operators ------------------------------------------------------------------------------- */

struct listing {
  struct eagre_io *io;
  struct eagre_arena *arena;
  struct eagre_error *error;
};

/* Entries of a folder; none when it is missing. */
static enum eagre_status list_folder(const struct listing *listing, const char *path,
                                     struct eagre_io_entry **out_entries, uint32_t *out_count) {
  *out_count = 0;
  enum eagre_status status =
      eagre_io_list(listing->io, path, listing->arena, out_entries, out_count, listing->error);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static uint32_t count_children(const struct eagre_json_node *node) {
  uint32_t count = 0;
  for (const struct eagre_json_node *each = node->child; each != NULL; each = each->next) {
    count++;
  }
  return count;
}

/* What is read from the file becomes part of paths. */
static bool is_folder_name(struct eagre_text name) {
  bool has_separator = name.size > 0 && (memchr(name.data, '/', name.size) != NULL ||
                                         memchr(name.data, '\0', name.size) != NULL);
  return name.size > 0 && name.data[0] != '.' && !has_separator;
}

static void take_stores(const struct eagre_json_node *stores, struct eagre_arena *arena,
                        struct eagre_inspect_spark_operator *out) {
  struct eagre_text *names =
      eagre_arena_allocate(arena, (count_children(stores) + 1) * sizeof *names);
  uint32_t named = 0;
  for (const struct eagre_json_node *each = stores->child; each != NULL; each = each->next) {
    if (each->kind != EAGRE_JSON_OBJECT) continue;
    const struct eagre_json_node *name = eagre_json_member(each, "storeName");
    const struct eagre_json_node *partitions = eagre_json_member(each, "numPartitions");
    int64_t count = 0;
    if (name == NULL || name->kind != EAGRE_JSON_STRING || !is_folder_name(name->text)) continue;
    bool is_default = eagre_text_equal_string(name->text, "default");
    names[named++] = is_default ? EAGRE_TEXT("") : name->text;
    bool has_count = partitions != NULL && partitions->kind == EAGRE_JSON_NUMBER &&
                     eagre_json_integer(partitions, &count) && count > 0 &&
                     count <= PARTITION_COUNT_MAX;
    if (has_count) out->partition_count = (uint32_t)count;
  }
  if (named == 0) return;
  out->stores = names;
  out->store_count = named;
}

void eagre_inspect_spark_metadata_parse(struct eagre_text content, struct eagre_arena *arena,
                                        struct eagre_inspect_spark_operator *out) {
  const struct eagre_json_node *root = NULL;
  out->stores = only_default;
  out->store_count = 1;
  if (!eagre_text_starts_with(content, EAGRE_TEXT("v1\n"))) return;
  struct eagre_text line = eagre_text_make(content.data + 3, content.size - 3);
  line = eagre_arena_copy_text(arena, line);
  if (eagre_json_read(arena, line, &root, NULL) != EAGRE_OK) return;
  if (root->kind != EAGRE_JSON_OBJECT) return;
  const struct eagre_json_node *info = eagre_json_member(root, "operatorInfo");
  const struct eagre_json_node *stores = eagre_json_member(root, "stateStoreInfo");
  if (info != NULL && info->kind == EAGRE_JSON_OBJECT) {
    const struct eagre_json_node *name = eagre_json_member(info, "operatorName");
    if (name != NULL && name->kind == EAGRE_JSON_STRING) out->name = name->text;
  }
  if (stores != NULL && stores->kind == EAGRE_JSON_ARRAY) take_stores(stores, arena, out);
}

/* Nothing depends on it but names and counts: without it, they are what the folders say. */
static void read_metadata(const struct listing *listing, const char *operator_path,
                          struct eagre_inspect_spark_operator *out) {
  struct eagre_buffer content = {0};
  const char *path =
      eagre_arena_printf(listing->arena, "%s/_metadata/metadata", operator_path).data;
  enum eagre_status status = eagre_io_read_file(listing->io, path, 0, &content, NULL);
  struct eagre_text text = status == EAGRE_OK ? eagre_buffer_text(&content) : EAGRE_TEXT("");
  eagre_inspect_spark_metadata_parse(text, listing->arena, out);
  eagre_buffer_done(&content);
}

int64_t eagre_inspect_spark_version(const char *name, bool *out_is_base) {
  static const char *const suffixes[] = {".delta", ".changelog", ".snapshot", ".zip"};
  struct eagre_text text = eagre_text_of(name);
  for (size_t i = 0; i < EAGRE_COUNT_OF(suffixes); i++) {
    struct eagre_text suffix = eagre_text_of(suffixes[i]);
    if (!eagre_text_ends_with(text, suffix)) continue;
    *out_is_base = i >= 2;
    return eagre_inspect_name_number(eagre_text_make(text.data, text.size - suffix.size));
  }
  return -1;
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

static const char *make_store_path(const struct listing *listing, const char *operator_path,
                                   uint32_t partition, struct eagre_text store) {
  return eagre_arena_printf(listing->arena, "%s/%u%s%.*s", operator_path, partition,
                            store.size == 0 ? "" : "/", (int)store.size, store.data)
      .data;
}

static enum eagre_status measure_store(const struct listing *listing, const char *path,
                                       struct eagre_inspect_spark_operator *out) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  EAGRE_TRY(list_folder(listing, path, &entries, &count));
  for (uint32_t i = 0; i < count; i++) {
    bool is_base;
    int64_t version = eagre_inspect_spark_version(entries[i].name, &is_base);
    if (version < 0) continue;
    out->file_count++;
    out->size += entries[i].size;
    if (version > out->version_last) out->version_last = version;
  }
  return EAGRE_OK;
}

static enum eagre_status list_operator(const struct listing *listing, const char *path,
                                       struct eagre_inspect_spark_operator *out) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  EAGRE_TRY(list_folder(listing, path, &entries, &count));
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_inspect_name_number(eagre_text_of(entries[i].name)) >= 0) out->partition_count++;
  }
  read_metadata(listing, path, out);
  for (uint32_t partition = 0; partition < out->partition_count; partition++) {
    for (uint32_t i = 0; i < out->store_count; i++) {
      EAGRE_TRY(
          measure_store(listing, make_store_path(listing, path, partition, out->stores[i]), out));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_inspect_spark_state_list(struct eagre_io *io, const char *checkpoint_path,
                                                 struct eagre_arena *arena,
                                                 struct eagre_inspect_spark_state *out,
                                                 struct eagre_error *error) {
  const struct listing listing = {io, arena, error};
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  *out = (struct eagre_inspect_spark_state){0};
  const char *path = eagre_arena_printf(arena, "%s/state", checkpoint_path).data;
  EAGRE_TRY(list_folder(&listing, path, &entries, &count));
  out->operators = eagre_arena_allocate_zeroed(arena, (count + 1) * sizeof *out->operators);
  for (uint32_t i = 0; i < count; i++) {
    int64_t number = eagre_inspect_name_number(eagre_text_of(entries[i].name));
    if (number < 0 || !entries[i].is_directory) continue;
    struct eagre_inspect_spark_operator *each = &out->operators[out->operator_count++];
    each->number = number;
    each->version_last = -1;
    const char *folder = eagre_arena_printf(arena, "%s/%s", path, entries[i].name).data;
    EAGRE_TRY(list_operator(&listing, folder, each));
  }
  return EAGRE_OK;
}
