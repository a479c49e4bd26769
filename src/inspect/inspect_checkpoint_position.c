/* Positions as sources log them (spark-semantics 1.8, 2.2):
 *
 *   Kafka   {"topic":{"0":10,"1":12},...}   the offset behind the last record
 *   files   {"logOffset":0}                 the last entry of sources/I that is included
 *   none    -                               empty here
 *
 * Anything else belongs to a source that only itself understands. */
#include "inspect/inspect_checkpoint.h"

#include "json/json.h"

int64_t eagre_inspect_name_number(struct eagre_text name) {
  int64_t number = 0;
  if (name.size == 0 || (name.size > 1 && name.data[0] == '0')) return -1;
  for (size_t i = 0; i < name.size; i++) {
    int digit = name.data[i] - '0';
    if (digit < 0 || digit > 9) return -1;
    if (__builtin_mul_overflow(number, 10, &number)) return -1;
    if (__builtin_add_overflow(number, digit, &number)) return -1;
  }
  return number;
}

/* ---- Kafka ----------------------------------------------------------------------------------- */

/* Whether `root` is an object of objects of integers; *out_count of them if so. */
static bool count_partitions(const struct eagre_json_node *root, uint32_t *out_count) {
  uint32_t count = 0;
  for (const struct eagre_json_node *topic = root->child; topic != NULL; topic = topic->next) {
    if (topic->kind != EAGRE_JSON_OBJECT) return false;
    for (const struct eagre_json_node *each = topic->child; each != NULL; each = each->next) {
      int64_t offset;
      if (eagre_inspect_name_number(each->name) < 0) return false;
      if (each->kind != EAGRE_JSON_NUMBER || !eagre_json_integer(each, &offset)) return false;
      count++;
    }
  }
  *out_count = count;
  return true;
}

static void read_partitions(const struct eagre_json_node *root, struct eagre_arena *arena,
                            struct eagre_inspect_position *out) {
  struct eagre_inspect_partition *next =
      eagre_arena_allocate(arena, (out->partition_count + 1) * sizeof *next);
  out->partitions = next;
  for (const struct eagre_json_node *topic = root->child; topic != NULL; topic = topic->next) {
    for (const struct eagre_json_node *each = topic->child; each != NULL; each = each->next) {
      next->topic = topic->name;
      next->partition = eagre_inspect_name_number(each->name);
      eagre_json_integer(each, &next->offset);
      next++;
    }
  }
}

/* ---- All ------------------------------------------------------------------------------------- */

void eagre_inspect_position_parse(struct eagre_text text, struct eagre_arena *arena,
                                  struct eagre_inspect_position *out) {
  *out = (struct eagre_inspect_position){.kind = EAGRE_INSPECT_OTHER, .text = text, .log_id = -1};
  if (text.size == 0) {
    out->kind = EAGRE_INSPECT_NOTHING;
    return;
  }
  const struct eagre_json_node *root = NULL;
  struct eagre_text kept = eagre_arena_copy_text(arena, text);
  if (eagre_json_read(arena, kept, &root, NULL) != EAGRE_OK) return;
  if (root->kind != EAGRE_JSON_OBJECT) return;
  const struct eagre_json_node *entry = eagre_json_member(root, "logOffset");
  if (entry != NULL && entry->kind == EAGRE_JSON_NUMBER &&
      eagre_json_integer(entry, &out->log_id)) {
    out->kind = EAGRE_INSPECT_FILES;
  } else if (count_partitions(root, &out->partition_count)) {
    out->kind = EAGRE_INSPECT_KAFKA;
    read_partitions(root, arena, out);
  }
}

const struct eagre_inspect_partition *
eagre_inspect_partition_find(const struct eagre_inspect_position *position, struct eagre_text topic,
                             int64_t partition) {
  for (uint32_t i = 0; i < position->partition_count; i++) {
    const struct eagre_inspect_partition *each = &position->partitions[i];
    if (each->partition == partition && eagre_text_equal(each->topic, topic)) return each;
  }
  return NULL;
}

bool eagre_inspect_kafka_start(struct eagre_text content, struct eagre_text *out_position) {
  static const char header[] = {'\0', 'v', '1', '\n'};
  struct eagre_text prefix = eagre_text_make(header, sizeof header);
  if (!eagre_text_starts_with(content, prefix)) return false;
  *out_position =
      eagre_text_trim(eagre_text_make(content.data + prefix.size, content.size - prefix.size));
  return out_position->size > 0;
}
