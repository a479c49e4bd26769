/* A record member by member: keys are looked up as they come. Part of json_fast.h.
 *
 * Functions return NULL when the reference must decide the row: broken JSON, a value of the wrong
 * type, a duplicate member, a name with escapes. */
#pragma once

#include "json/json_fast_value.h"
#include "json/json_template.h"

/* ---- Names ----------------------------------------------------------------------------------- */

static inline uint64_t keep_bytes(uint64_t word, size_t size) {
  return size >= 8 ? word : word & ((UINT64_C(1) << size * 8) - 1);
}

/* As eagre_json_object_find, for a name with readable bytes behind it. */
static inline const struct eagre_json_member *find_member(const struct eagre_json_object *object,
                                                          const char *name, size_t size) {
  uint64_t first = keep_bytes(load_eight(name), size);
  uint64_t last = size > 8 ? load_eight(name + size - 8) : first;
  uint32_t at = eagre_json_name_hash(first, last, size, object);
  for (; object->table[at] != 0; at = (at + 1) & object->table_mask) {
    const struct eagre_json_member *member = &object->members[object->table[at] - 1];
    if (member->first != first || member->last != last || member->name.size != size) continue;
    if (size <= 16 || memcmp(member->name.data, name, size) == 0) return member;
  }
  return NULL;
}

/* The closing quote of the name whose content begins at `at`; NULL unless it is plain. */
static inline const char *find_name_end(const struct walk *walk, const char *at) {
  const char *stop = find_string_stop(at, walk->end);
  if (__builtin_expect(*stop == '"', 1)) return stop - at <= NAME_SIZE_MAX ? stop : NULL;
  struct eagre_json_string name = {.raw.data = at};
  stop = finish_string(walk, stop, &name);
  if (stop == NULL || name.raw.size > NAME_SIZE_MAX) return NULL;
  return eagre_json_string_is_plain(name) ? stop : NULL;
}

/* ---- Members --------------------------------------------------------------------------------- */

static inline void record(const struct walk *walk, enum eagre_json_action action, uint32_t slot,
                          uint32_t depth, const char *begin, const char *end) {
  if (__builtin_expect(walk->recorder != NULL, 0)) {
    eagre_json_recorder_add(walk->recorder, action, slot, depth, begin, end);
  }
}

static inline const char *walk_unknown(struct walk *walk, uint32_t depth, const char *at) {
  const char *next = skip_value(walk, depth, at);
  if (next == NULL) return NULL;
  if (*at == '"') {
    record(walk, EAGRE_JSON_ACTION_SKIP_TEXT, 0, depth, at + 1, next - 1);
  } else {
    record(walk, EAGRE_JSON_ACTION_SKIP, 0, depth, at, next);
  }
  return next;
}

static const char *walk_members(struct walk *walk, const struct eagre_json_object *object,
                                uint32_t depth, const char *at);

static inline const char *walk_known(struct walk *walk, uint32_t slot_index, uint32_t depth,
                                     const char *at) {
  const struct eagre_json_slot *slot = &walk->slots[slot_index];
  if (walk->seen[slot_index] == walk->seen_mark) return NULL;
  walk->seen[slot_index] = walk->seen_mark;
  if (slot->kind == EAGRE_TYPE_STRUCT && *at == '{') {
    eagre_bit_set(slot->validity, walk->row);
    record(walk, EAGRE_JSON_ACTION_STRUCT, slot_index, depth, at + 1, at + 1);
    return walk_members(walk, slot->object, depth + 1, at + 1);
  }
  const char *next = take_value(walk, slot, depth, at);
  if (next == NULL) return NULL;
  if (*at == '"' && slot->kind == EAGRE_TYPE_STRING) {
    record(walk, EAGRE_JSON_ACTION_TEXT, slot_index, depth, at + 1, next - 1);
  } else {
    record(walk, EAGRE_JSON_ACTION_VALUE, slot_index, depth, at, next);
  }
  return next;
}

/* The members of an object behind its opening brace, up to behind its closing one. */
static const char *walk_members(struct walk *walk, const struct eagre_json_object *object,
                                uint32_t depth, const char *at) {
  const char *end = walk->end;
  at = skip_space(at, end);
  if (*at == '}') return at + 1;
  while (*at == '"' && at < end) {
    const char *name = at + 1;
    at = find_name_end(walk, name);
    if (at == NULL) return NULL;
    const struct eagre_json_member *member = find_member(object, name, (size_t)(at - name));
    at = skip_space(at + 1, end);
    if (*at != ':') return NULL;
    at = skip_space(at + 1, end);
    at = member == NULL ? walk_unknown(walk, depth, at) : walk_known(walk, member->slot, depth, at);
    if (at == NULL || at > end) return NULL;
    at = skip_space(at, end);
    if (*at == '}') return at + 1;
    if (*at != ',') return NULL;
    at = skip_space(at + 1, end);
  }
  return NULL;
}

/* A whole text. */
static inline bool walk_record(struct walk *walk, struct eagre_text text) {
  if (text.size == 0) return false;
  const char *at = skip_space(text.data, walk->end);
  if (*at != '{') return false;
  at = walk_members(walk, &walk->run->decoder->plan.root, 1, at + 1);
  if (at == NULL || at > walk->end) return false;
  record(walk, EAGRE_JSON_ACTION_END, 0, 0, at, at);
  return true;
}
