/* Sets of positions: reading, printing, comparing. */
#include "source/source_kafka_offsets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "value/value.h"
#include "json/json.h"

enum { LIST_COUNT_MAX = 8 };

/* ---- Order ----------------------------------------------------------------------------------- */

static int compare_partitions(struct eagre_text topic_a, int32_t partition_a,
                              struct eagre_text topic_b, int32_t partition_b) {
  int order = eagre_text_compare(topic_a, topic_b);
  if (order != 0) return order;
  return (partition_a > partition_b) - (partition_a < partition_b);
}

static int compare_entries(const void *a, const void *b) {
  const struct eagre_source_kafka_offset *left = a;
  const struct eagre_source_kafka_offset *right = b;
  return compare_partitions(left->topic, left->partition, right->topic, right->partition);
}

bool eagre_source_kafka_offsets_sort(struct eagre_source_kafka_offsets *offsets) {
  struct eagre_source_kafka_offset *entries = offsets->entries;
  if (offsets->count > 0) qsort(entries, offsets->count, sizeof *entries, compare_entries);
  for (uint32_t i = 1; i < offsets->count; i++) {
    if (compare_entries(&entries[i - 1], &entries[i]) == 0) return false;
  }
  return true;
}

const struct eagre_source_kafka_offset *
eagre_source_kafka_offsets_find(const struct eagre_source_kafka_offsets *offsets,
                                struct eagre_text topic, int32_t partition) {
  uint32_t begin = 0;
  uint32_t end = offsets->count;
  while (begin < end) {
    uint32_t middle = begin + (end - begin) / 2;
    const struct eagre_source_kafka_offset *entry = &offsets->entries[middle];
    int order = compare_partitions(entry->topic, entry->partition, topic, partition);
    if (order == 0) return entry;
    if (order < 0) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return NULL;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static uint32_t count_leaves(const struct eagre_json_node *root) {
  uint32_t count = 0;
  for (const struct eagre_json_node *topic = root->child; topic != NULL; topic = topic->next) {
    for (const struct eagre_json_node *leaf = topic->child; leaf != NULL; leaf = leaf->next) {
      count += 1;
    }
  }
  return count;
}

static bool parse_partition(struct eagre_text name, int32_t *out) {
  int64_t number = 0;
  if (eagre_value_parse_integer(name, &number) != EAGRE_VALUE_OK) return false;
  if (number < 0 || number >= INT32_MAX) return false;
  *out = (int32_t)number;
  return true;
}

/* One leaf: "0":23 of an offsets text, 0 of a partitions text. */
typedef bool read_leaf_fn(const struct eagre_json_node *leaf, int64_t offset_min,
                          struct eagre_source_kafka_offset *out);

static bool read_offset(const struct eagre_json_node *leaf, int64_t offset_min,
                        struct eagre_source_kafka_offset *out) {
  return parse_partition(leaf->name, &out->partition) && eagre_json_integer(leaf, &out->offset) &&
         out->offset >= offset_min;
}

static bool read_partition(const struct eagre_json_node *leaf, int64_t offset_min,
                           struct eagre_source_kafka_offset *out) {
  (void)offset_min;
  out->offset = 0;
  return leaf->kind == EAGRE_JSON_NUMBER && parse_partition(leaf->text, &out->partition);
}

static bool parse_text(struct eagre_text text, enum eagre_json_kind kind, read_leaf_fn *read_leaf,
                       int64_t offset_min, struct eagre_arena *arena,
                       struct eagre_source_kafka_offsets *out) {
  const struct eagre_json_node *root = NULL;
  *out = (struct eagre_source_kafka_offsets){0};
  if (eagre_json_read(arena, text, &root, NULL) != EAGRE_OK) return false;
  if (root->kind != EAGRE_JSON_OBJECT) return false;
  out->entries = eagre_arena_allocate(arena, (count_leaves(root) + 1) * sizeof *out->entries);
  for (const struct eagre_json_node *topic = root->child; topic != NULL; topic = topic->next) {
    if (topic->kind != kind) return false;
    for (const struct eagre_json_node *leaf = topic->child; leaf != NULL; leaf = leaf->next) {
      struct eagre_source_kafka_offset *entry = &out->entries[out->count++];
      entry->topic = eagre_arena_copy_text(arena, topic->name);
      if (!read_leaf(leaf, offset_min, entry)) return false;
    }
  }
  return eagre_source_kafka_offsets_sort(out);
}

bool eagre_source_kafka_offsets_parse(struct eagre_text text, int64_t offset_min,
                                      struct eagre_arena *arena,
                                      struct eagre_source_kafka_offsets *out) {
  return parse_text(text, EAGRE_JSON_OBJECT, read_offset, offset_min, arena, out);
}

bool eagre_source_kafka_partitions_parse(struct eagre_text text, struct eagre_arena *arena,
                                         struct eagre_source_kafka_offsets *out) {
  return parse_text(text, EAGRE_JSON_ARRAY, read_partition, 0, arena, out);
}

/* ---- Printing -------------------------------------------------------------------------------- */

struct eagre_text eagre_source_kafka_offsets_print(const struct eagre_source_kafka_offsets *offsets,
                                                   struct eagre_arena *arena) {
  struct eagre_buffer text = {0};
  eagre_buffer_append_char(&text, '{');
  for (uint32_t i = 0; i < offsets->count; i++) {
    const struct eagre_source_kafka_offset *entry = &offsets->entries[i];
    bool is_next = i > 0 && eagre_text_equal(entry->topic, offsets->entries[i - 1].topic);
    if (!is_next) {
      if (i > 0) eagre_buffer_append_string(&text, "},");
      eagre_buffer_append_json_string(&text, entry->topic);
      eagre_buffer_append_string(&text, ":{");
    }
    eagre_buffer_printf(&text, "%s\"%" PRId32 "\":%" PRId64, is_next ? "," : "", entry->partition,
                        entry->offset);
  }
  eagre_buffer_append_string(&text, offsets->count > 0 ? "}}" : "}");
  struct eagre_text copy = eagre_arena_copy_text(arena, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
  return copy;
}

const char *eagre_source_kafka_offsets_list(const struct eagre_source_kafka_offsets *offsets,
                                            struct eagre_arena *arena) {
  struct eagre_buffer text = {0};
  for (uint32_t i = 0; i < offsets->count && i < LIST_COUNT_MAX; i++) {
    const struct eagre_source_kafka_offset *entry = &offsets->entries[i];
    eagre_buffer_printf(&text, "%s%.*s-%" PRId32, i > 0 ? ", " : "", (int)entry->topic.size,
                        entry->topic.data, entry->partition);
  }
  if (offsets->count > LIST_COUNT_MAX) {
    eagre_buffer_printf(&text, " and %u more", offsets->count - LIST_COUNT_MAX);
  }
  const char *copy = eagre_arena_copy_text(arena, eagre_buffer_text(&text)).data;
  eagre_buffer_done(&text);
  return copy;
}

/* ---- Sets ------------------------------------------------------------------------------------ */

bool eagre_source_kafka_offsets_equal(const struct eagre_source_kafka_offsets *a,
                                      const struct eagre_source_kafka_offsets *b) {
  if (a->count != b->count) return false;
  for (uint32_t i = 0; i < a->count; i++) {
    if (compare_entries(&a->entries[i], &b->entries[i]) != 0) return false;
    if (a->entries[i].offset != b->entries[i].offset) return false;
  }
  return true;
}

struct eagre_source_kafka_offsets
eagre_source_kafka_offsets_minus(const struct eagre_source_kafka_offsets *a,
                                 const struct eagre_source_kafka_offsets *b,
                                 struct eagre_arena *arena) {
  struct eagre_source_kafka_offsets out = {
      .entries = eagre_arena_allocate(arena, (a->count + 1) * sizeof *out.entries)};
  for (uint32_t i = 0; i < a->count; i++) {
    const struct eagre_source_kafka_offset *entry = &a->entries[i];
    if (eagre_source_kafka_offsets_find(b, entry->topic, entry->partition) != NULL) continue;
    out.entries[out.count++] = *entry;
  }
  return out;
}

struct eagre_source_kafka_offsets
eagre_source_kafka_offsets_copy(const struct eagre_source_kafka_offsets *offsets,
                                struct eagre_arena *arena) {
  struct eagre_source_kafka_offsets out = {
      .entries = eagre_arena_allocate(arena, (offsets->count + 1) * sizeof *out.entries),
      .count = offsets->count};
  struct eagre_text topic = {0};
  for (uint32_t i = 0; i < offsets->count; i++) {
    out.entries[i] = offsets->entries[i];
    bool is_same = topic.data != NULL && eagre_text_equal(topic, offsets->entries[i].topic);
    if (!is_same) topic = eagre_arena_copy_text(arena, offsets->entries[i].topic);
    out.entries[i].topic = topic;
  }
  return out;
}
