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

/* The hash of a name of `size` bytes, readable from the quote before it on: its first eight bytes,
 * its last one and its size. Names that have those in common take turns in the cache. */
static inline uint32_t hash_key(const char *name, size_t size) {
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
  uint64_t first = load_eight(name) & masks[size < 8 ? size : 8];
  uint64_t rest = (uint64_t)(unsigned char)name[(ptrdiff_t)size - 1] << 32 ^ size;
  return (uint32_t)(((first ^ rest) * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - EAGRE_JSON_KEY_BITS));
}

/* Looks a name up in the plan and puts it into `key`, or into `*spare` when it is too long. */
static __attribute__((noinline)) const struct eagre_json_key *
learn_key(const struct walk *walk, const struct eagre_json_object *object, const char *name,
          size_t size, struct eagre_json_key *key, struct eagre_json_key *spare) {
  int member = eagre_json_object_find(object, eagre_text_make(name, size));
  bool is_known = member != EAGRE_JSON_MEMBER_NONE;
  if (size < EAGRE_JSON_LITERAL_SIZE) {
    memcpy(key->literal, name, size + 1);
    key->literal_mask = (uint32_t)((UINT64_C(2) << size) - 1);
    key->object = object;
  } else {
    key = spare;
  }
  key->slot = is_known ? object->members[member].slot : walk->run->decoder->plan.slot_count;
  key->seen_mask = is_known ? UINT32_MAX : 0;
  return key;
}

/* What is known of the member called `name`, behind which its closing quote stands. */
static inline const struct eagre_json_key *find_key(const struct walk *walk,
                                                    const struct eagre_json_object *object,
                                                    const char *name, size_t size,
                                                    struct eagre_json_key *spare) {
  struct eagre_json_key *key = &walk->memory->keys[hash_key(name, size)];
  if (__builtin_expect(
          key->object == object && match_literal(name, key->literal, key->literal_mask), 1)) {
    return key;
  }
  return learn_key(walk, object, name, size, key, spare);
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

/* An object being walked. */
struct walk_object {
  const struct eagre_json_object *object;
  uint32_t depth;
  struct eagre_json_joint *colon;
  struct eagre_json_joint *comma;
};

static inline struct walk_object
make_walk_object(const struct walk *walk, const struct eagre_json_object *object, uint32_t depth) {
  uint32_t joint = depth < EAGRE_JSON_JOINT_DEPTHS ? depth : EAGRE_JSON_JOINT_DEPTHS - 1;
  return (struct walk_object){
      .object = object,
      .depth = depth,
      .colon = &walk->memory->colons[joint],
      .comma = &walk->memory->commas[joint],
  };
}

static __attribute__((noinline)) const char *
learn_colon(const struct walk *walk, struct eagre_json_joint *joint, const char *quote) {
  const char *at = skip_space(quote + 1, walk->end);
  if (*at != ':') return NULL;
  at = skip_space(at + 1, walk->end);
  eagre_json_joint_learn(joint, quote, at);
  return at;
}

/* From the closing quote of a name to its value (or to white space before it). */
static inline const char *skip_colon(const struct walk *walk, struct eagre_json_joint *joint,
                                     const char *quote) {
  if (__builtin_expect(match_literal(quote, joint->literal, joint->literal_mask), 1)) {
    return quote + joint->literal_size;
  }
  return learn_colon(walk, joint, quote);
}

static __attribute__((noinline)) const char *learn_comma(const struct walk *walk,
                                                         struct eagre_json_joint *joint,
                                                         const char *value_end, bool *out_is_end) {
  const char *at = skip_space(value_end, walk->end);
  *out_is_end = *at == '}';
  if (*out_is_end) return at + 1;
  if (*at != ',') return NULL;
  at = skip_space(at + 1, walk->end);
  if (*at != '"') return NULL;
  eagre_json_joint_learn(joint, value_end, at + 1);
  return at + 1;
}

/* From behind a value to behind the opening quote of the next name, or to behind the closing brace
 * (*out_is_end). */
static inline const char *skip_comma(const struct walk *walk, struct eagre_json_joint *joint,
                                     const char *value_end, bool *out_is_end) {
  *out_is_end = false;
  if (__builtin_expect(match_literal(value_end, joint->literal, joint->literal_mask), 1)) {
    return value_end + joint->literal_size;
  }
  *out_is_end = *value_end == '}';
  return *out_is_end ? value_end + 1 : learn_comma(walk, joint, value_end, out_is_end);
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

static __attribute__((noinline)) const char *walk_value(struct walk *walk, uint32_t slot_index,
                                                        uint32_t depth, const char *at) {
  const struct eagre_json_slot *slot = &walk->slots[slot_index];
  at = skip_space(at, walk->end);
  if (at >= walk->end) return NULL;
  if (slot->kind == EAGRE_TYPE_STRUCT && *at == '{') {
    set_valid(walk, slot);
    record(walk, EAGRE_JSON_ACTION_STRUCT, slot_index, depth, at + 1, at + 1);
    return walk_members(walk, slot->object, depth + 1, at + 1);
  }
  if (slot->kind == EAGRE_TYPE_NULL) return walk_unknown(walk, depth, at);
  const char *next = take_value(walk, slot, depth, at);
  if (next != NULL) record(walk, EAGRE_JSON_ACTION_VALUE, slot_index, depth, at, next);
  return next;
}

/* A string, likely without anything special, into the column of its slot or into the waste. */
static inline __attribute__((always_inline)) const char *
walk_text(struct walk *walk, uint32_t slot_index, uint32_t depth, const char *at) {
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

/* False for a slot that had a value in this row already. */
static inline bool mark_seen(const struct walk *walk, const struct eagre_json_key *key) {
  uint32_t *seen = &walk->seen[key->slot];
  if (*seen == walk->seen_mark) return false;
  *seen = walk->seen_mark & key->seen_mask; /* unknown members may come again */
  return true;
}

/* A member, from behind the opening quote of its name to behind that of the next, or to behind the
 * brace that closes the object (*out_is_end). */
static inline __attribute__((always_inline)) const char *
walk_member(struct walk *walk, const struct walk_object *object, const char *at, bool *out_is_end) {
  const char *quote = find_name_end(walk, at);
  if (quote == NULL) return NULL;
  struct eagre_json_key spare;
  const struct eagre_json_key *key =
      find_key(walk, object->object, at, (size_t)(quote - at), &spare);
  at = skip_colon(walk, object->colon, quote);
  if (at == NULL || at >= walk->end || !mark_seen(walk, key)) return NULL;
  at = *at == '"' && takes_text(&walk->slots[key->slot])
           ? walk_text(walk, key->slot, object->depth, at + 1)
           : walk_value(walk, key->slot, object->depth, at);
  if (at == NULL || at > walk->end) return NULL;
  at = skip_comma(walk, object->comma, at, out_is_end);
  return at <= walk->end ? at : NULL;
}

/* From behind an opening brace to behind the opening quote of the first name, or to behind the
 * closing brace. */
static inline const char *begin_members(const struct walk *walk, const char *at, bool *out_is_end) {
  at = skip_space(at, walk->end);
  *out_is_end = *at == '}';
  return (*at == '"' || *out_is_end) && at < walk->end ? at + 1 : NULL;
}

static const char *walk_members(struct walk *walk, const struct eagre_json_object *object,
                                uint32_t depth, const char *at) {
  bool is_end;
  struct walk_object place = make_walk_object(walk, object, depth);
  at = begin_members(walk, at, &is_end);
  while (at != NULL && !is_end)
    at = walk_member(walk, &place, at, &is_end);
  return at;
}

/* Behind the brace that opens the record; NULL when none does. */
static inline const char *begin_record(const struct walk *walk, struct eagre_text text) {
  if (text.size == 0) return NULL;
  const char *at = skip_space(text.data, walk->end);
  return *at == '{' && at < walk->end ? at + 1 : NULL;
}

/* A whole text. */
static inline bool walk_record(struct walk *walk, struct eagre_text text) {
  const char *at = begin_record(walk, text);
  if (at == NULL) return false;
  at = walk_members(walk, &walk->run->decoder->plan.root, 1, at);
  if (at == NULL) return false;
  record(walk, EAGRE_JSON_ACTION_END, 0, 0, at, at);
  return true;
}

/* A record on its way, for walking two at once. */
struct walk_place {
  const char *at; /* NULL: not for us */
  bool is_end;
};

static inline struct walk_place begin_place(const struct walk *walk, struct eagre_text text) {
  struct walk_place place = {.at = begin_record(walk, text)};
  if (place.at != NULL) place.at = begin_members(walk, place.at, &place.is_end);
  return place;
}

static inline bool is_on_way(const struct walk_place *place) {
  return place->at != NULL && !place->is_end;
}

static __attribute__((noinline)) bool
finish_place(struct walk *walk, const struct walk_object *root, struct walk_place *place) {
  while (is_on_way(place))
    place->at = walk_member(walk, root, place->at, &place->is_end);
  return place->at != NULL;
}

/* Two texts, member by member in turns, so that neither waits for itself (see guess_pair). */
static inline void walk_pair(struct walk *walk, struct walk *other, struct eagre_text text,
                             struct eagre_text other_text, bool *out_is_good,
                             bool *out_is_other_good) {
  struct walk_object root = make_walk_object(walk, &walk->run->decoder->plan.root, 1);
  struct walk_place place = begin_place(walk, text);
  struct walk_place other_place = begin_place(other, other_text);
  while (is_on_way(&place) && is_on_way(&other_place)) {
    place.at = walk_member(walk, &root, place.at, &place.is_end);
    other_place.at = walk_member(other, &root, other_place.at, &other_place.is_end);
  }
  *out_is_good = finish_place(walk, &root, &place);
  *out_is_other_good = finish_place(other, &root, &other_place);
}
