/* A record member by member, in any order. Part of json_fast.h.
 *
 * What costs here is not work but guessing wrong: the processor cannot foresee a shuffled order. So
 * the loop is made to look the same for every member. Names are found in a cache by comparing 32
 * bytes once; unknown members are in it too, and their strings are "taken" into a waste column;
 * the bytes between names and values are compared with what they were the last time.
 *
 * Functions return NULL when the reference must decide the row: broken JSON, a value of the wrong
 * type, a duplicate member, a name with escapes. */
#pragma once

#include "json/json_fast_value.h"
#include "json/json_template.h"

/* ---- Names ----------------------------------------------------------------------------------- */

static inline uint64_t keep_bytes(uint64_t word, size_t size) {
  static const uint64_t masks[] = {
      0,
      UINT64_C(0xff),
      UINT64_C(0xffff),
      UINT64_C(0xffffff),
      UINT64_C(0xffffffff),
      UINT64_C(0xffffffffff),
      UINT64_C(0xffffffffffff),
      UINT64_C(0xffffffffffffff),
      UINT64_MAX,
  };
  return word & masks[size < 8 ? size : 8];
}

static inline uint32_t hash_key(const char *name, size_t size) {
  uint64_t first = keep_bytes(load_eight(name), size);
  uint64_t last = keep_bytes(load_eight(name + (size > 8 ? size - 8 : 0)), size);
  uint64_t mixed = (first ^ (last << 23 | last >> 41) ^ size) * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(mixed >> (64 - EAGRE_JSON_KEY_BITS));
}

/* Looks a name up in the plan and puts it into `key` (unless it is too long for that). */
static __attribute__((noinline)) uint32_t learn_key(const struct walk *walk,
                                                    const struct eagre_json_object *object,
                                                    const char *name, size_t size,
                                                    struct eagre_json_key *key) {
  int member = eagre_json_object_find(object, eagre_text_make(name, size));
  uint32_t slot = member == EAGRE_JSON_MEMBER_NONE ? walk->run->decoder->plan.slot_count
                                                   : object->members[member].slot;
  if (size < EAGRE_JSON_LITERAL_SIZE) {
    memcpy(key->literal, name, size + 1);
    key->literal_mask = (uint32_t)((UINT64_C(2) << size) - 1);
    key->slot = slot;
    key->object = object;
  }
  return slot;
}

/* The slot of the member called `name`, behind which its closing quote stands. */
static inline uint32_t find_slot(const struct walk *walk, const struct eagre_json_object *object,
                                 const char *name, size_t size) {
  struct eagre_json_key *key = &walk->memory->keys[hash_key(name, size)];
  if (__builtin_expect(
          key->object == object && match_literal(name, key->literal, key->literal_mask), 1)) {
    return key->slot;
  }
  return learn_key(walk, object, name, size, key);
}

/* The closing quote of the name whose content begins at `at`; NULL unless it is plain. */
static inline const char *find_name_end(const struct walk *walk, const char *at) {
  const char *stop = find_string_stop(at, walk->end);
  if (__builtin_expect(*stop != '"', 0)) {
    struct eagre_json_string name = {.raw.data = at};
    stop = finish_string(walk, stop, &name);
    if (stop == NULL || !eagre_json_string_is_plain(name)) return NULL;
  }
  return stop - at <= NAME_SIZE_MAX ? stop : NULL;
}

/* ---- Between names and values ---------------------------------------------------------------- */

static inline struct eagre_json_joint *get_joint(struct eagre_json_joint *joints, uint32_t depth) {
  return &joints[depth < EAGRE_JSON_JOINT_DEPTHS ? depth : EAGRE_JSON_JOINT_DEPTHS - 1];
}

/* From the closing quote of a name to the value. */
static inline const char *skip_colon(const struct walk *walk, uint32_t depth, const char *quote) {
  struct eagre_json_joint *joint = get_joint(walk->memory->colons, depth);
  if (__builtin_expect(joint->literal_size > 0 &&
                           match_literal(quote, joint->literal, joint->literal_mask),
                       1)) {
    const char *at = quote + joint->literal_size;
    if (__builtin_expect((unsigned char)*at > ' ', 1)) return at;
  }
  const char *at = skip_space(quote + 1, walk->end);
  if (*at != ':') return NULL;
  at = skip_space(at + 1, walk->end);
  eagre_json_joint_learn(joint, quote, at);
  return at;
}

/* From behind a value to behind the opening quote of the next name, or to behind the closing brace
 * (*out_is_end). */
static inline const char *skip_comma(const struct walk *walk, uint32_t depth, const char *value_end,
                                     bool *out_is_end) {
  struct eagre_json_joint *joint = get_joint(walk->memory->commas, depth);
  *out_is_end = false;
  if (__builtin_expect(joint->literal_size > 0 &&
                           match_literal(value_end, joint->literal, joint->literal_mask),
                       1)) {
    return value_end + joint->literal_size;
  }
  const char *at = skip_space(value_end, walk->end);
  *out_is_end = *at == '}';
  if (*out_is_end) return at + 1;
  if (*at != ',') return NULL;
  at = skip_space(at + 1, walk->end);
  if (*at != '"') return NULL;
  eagre_json_joint_learn(joint, value_end, at + 1);
  return at + 1;
}

/* ---- Members --------------------------------------------------------------------------------- */

static inline void record(const struct walk *walk, enum eagre_json_action action, uint32_t slot,
                          uint32_t depth, const char *begin, const char *end) {
  if (__builtin_expect(walk->recorder != NULL, 0)) {
    eagre_json_recorder_add(walk->recorder, action, slot, depth, begin, end);
  }
}

/* A value that is no string, of a member nobody knows. */
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

static inline const char *walk_value(struct walk *walk, uint32_t slot_index, uint32_t depth,
                                     const char *at) {
  const struct eagre_json_slot *slot = &walk->slots[slot_index];
  if (slot->kind == EAGRE_TYPE_STRUCT && *at == '{') {
    eagre_bit_set(slot->validity, walk->row);
    record(walk, EAGRE_JSON_ACTION_STRUCT, slot_index, depth, at + 1, at + 1);
    return walk_members(walk, slot->object, depth + 1, at + 1);
  }
  if (slot->kind == EAGRE_TYPE_NULL) return walk_unknown(walk, depth, at);
  const char *next = take_value(walk, slot, depth, at);
  if (next != NULL) record(walk, EAGRE_JSON_ACTION_VALUE, slot_index, depth, at, next);
  return next;
}

/* A string, likely without anything special, into the column of its slot or into the waste. */
static inline const char *walk_text(struct walk *walk, uint32_t slot_index, uint32_t depth,
                                    const char *at) {
  const struct eagre_json_slot *slot = &walk->slots[slot_index];
  bool is_unknown = slot->kind == EAGRE_TYPE_NULL;
  const char *stop = find_string_stop_wide(at, walk->end);
  if (__builtin_expect(*stop != '"' && is_unknown, 0)) {
    stop = end_skipped_text(walk, stop);
  } else {
    stop = take_text(walk, slot, at, stop);
  }
  if (stop == NULL) return NULL;
  record(walk, is_unknown ? EAGRE_JSON_ACTION_SKIP_TEXT : EAGRE_JSON_ACTION_TEXT, slot_index, depth,
         at, stop);
  return stop + 1;
}

/* Whether the slot's strings go into a column of texts (or into the waste) as they are. */
static inline bool takes_text(const struct eagre_json_slot *slot) {
  return ((1u << EAGRE_TYPE_STRING | 1u << EAGRE_TYPE_NULL) >> slot->kind) & 1;
}

/* The value of a member. False for a slot that had one in this row already. */
static inline bool mark_seen(const struct walk *walk, uint32_t slot_index) {
  if (walk->seen[slot_index] == walk->seen_mark) return false;
  walk->seen[slot_index] = walk->seen_mark;
  walk->seen[walk->run->decoder->plan.slot_count] = 0; /* unknown members may come again */
  return true;
}

/* The members of an object behind its opening brace, up to behind its closing one. */
static const char *walk_members(struct walk *walk, const struct eagre_json_object *object,
                                uint32_t depth, const char *at) {
  const char *end = walk->end;
  at = skip_space(at, end);
  if (*at == '}') return at + 1;
  if (*at++ != '"') return NULL;
  while (at < end) {
    const char *quote = find_name_end(walk, at);
    if (quote == NULL) return NULL;
    uint32_t slot = find_slot(walk, object, at, (size_t)(quote - at));
    at = skip_colon(walk, depth, quote);
    if (at == NULL || at >= end || !mark_seen(walk, slot)) return NULL;
    at = *at == '"' && takes_text(&walk->slots[slot]) ? walk_text(walk, slot, depth, at + 1)
                                                      : walk_value(walk, slot, depth, at);
    if (at == NULL || at > end) return NULL;
    bool is_end;
    at = skip_comma(walk, depth, at, &is_end);
    if (at == NULL || is_end) return at;
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
