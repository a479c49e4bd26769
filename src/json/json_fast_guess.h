/* Records by template. Part of json_fast.h. */
#pragma once

#include "json/json_fast_value.h"
#include "json/json_template.h"

enum { GUESS_SKIP_MAX = 8 }; /* so many members in a row may be missing */

enum guess {
  GUESS_RIGHT,
  GUESS_NEARLY_RIGHT,  /* but for a null or a missing member */
  GUESS_WRONG_AT_ONCE, /* nothing was written */
  GUESS_WRONG,
};

static inline bool is_text_step(const struct eagre_json_template_step *step) {
  return step->action == EAGRE_JSON_ACTION_TEXT || step->action == EAGRE_JSON_ACTION_SKIP_TEXT;
}

/* A place in a record on its way along a template. */
struct guess_place {
  const struct eagre_json_template_step *step;
  const char *at;       /* behind the value before; on its closing quote when it is a string */
  const char *null_end; /* == at: the value before is a null instead of a string; its closing quote
                           would stand here */
};

/* The value of a string step is a null: no quotes around it. */
static inline bool match_null(struct guess_place *place) {
  const struct eagre_json_template_step *step = place->step;
  size_t from = place->at == place->null_end ? 1 : 0;
  size_t size = (size_t)step->literal_size - 1;
  if (!is_text_step(step) || size < from) return false;
  if (memcmp(place->at + from, step->literal + from, size - from) != 0) return false;
  if (!is_word(place->at + size, "null")) return false;
  place->at += size + 3;
  place->null_end = place->at;
  place->step++;
  return true;
}

/* The literal of the place's step is not there as it stands. Tries whether nulls or missing members
 * explain that: then `place` is moved behind the literal of a later step, before its value. */
static __attribute__((noinline)) bool match_nearly(struct guess_place *place, const char *end) {
  while (place->at <= end && match_null(place)) {
  }
  const struct eagre_json_template_step *step = place->step;
  if (!step->is_after_value || place->at > end) {
    return false;
  }
  /* From here on without the closing quote of the value before. */
  const char *at = place->at + step->is_after_text;
  for (int skipped = 0; skipped <= GUESS_SKIP_MAX; skipped++, step++) {
    if (!step->is_after_value) return false;
    size_t size = (size_t)step->literal_size - step->is_after_text;
    if (memcmp(at, step->literal + step->is_after_text, size) == 0) {
      place->step = step;
      place->at = at + size;
      return true;
    }
    if (!step->is_optional) return false;
  }
  return false;
}

/* The value behind the literal of `step`; NULL when the guess was wrong. */
static inline __attribute__((always_inline)) const char *
guess_value(struct walk *walk, const struct eagre_json_template_step *step, const char *at) {
  const struct eagre_json_slot *slot = &walk->slots[step->slot];
  switch (step->action) {
  case EAGRE_JSON_ACTION_TEXT:
    return take_text(walk, slot, at, find_string_stop(at, walk->end));
  case EAGRE_JSON_ACTION_SKIP_TEXT:
    return skip_text(walk, at);
  case EAGRE_JSON_ACTION_VALUE:
    return at < walk->end ? take_value(walk, slot, step->depth, at) : NULL;
  case EAGRE_JSON_ACTION_SKIP:
    return at < walk->end ? skip_value(walk, step->depth, at) : NULL;
  case EAGRE_JSON_ACTION_STRUCT:
    set_valid(walk, slot);
    return at;
  default:
    return at;
  }
}

static inline enum guess guess_record(struct walk *walk, const struct eagre_json_template *template,
                                      const char *at) {
  struct guess_place place = {.step = template->steps, .at = at};
  enum guess result = GUESS_RIGHT;
  for (;; place.step++) {
    const struct eagre_json_template_step *step = place.step;
    if (__builtin_expect(match_literal(place.at, step->literal, step->literal_mask), 1)) {
      place.at += step->literal_size;
    } else {
      result = GUESS_NEARLY_RIGHT;
      if (!match_nearly(&place, walk->end)) break;
      step = place.step;
    }
    if (__builtin_expect(place.at > walk->end, 0)) break;
    if (step->action == EAGRE_JSON_ACTION_END) return result;
    place.at = guess_value(walk, step, place.at);
    if (__builtin_expect(place.at == NULL, 0)) break;
  }
  return place.step == template->steps ? GUESS_WRONG_AT_ONCE : GUESS_WRONG;
}

/* Tries the templates, the one that fitted last first. */
static inline bool guess(struct walk *walk, const char *text) {
  struct eagre_json_memory *memory = walk->memory;
  const struct eagre_json_plan *plan = &walk->run->decoder->plan;
  for (uint32_t i = 0; i < EAGRE_JSON_TEMPLATE_COUNT; i++) {
    uint32_t index = (memory->current + i) % EAGRE_JSON_TEMPLATE_COUNT;
    struct eagre_json_template *template = &memory->templates[index];
    if (template->step_count == 0) continue;
    enum guess result = guess_record(walk, template, text);
    if (result == GUESS_RIGHT || result == GUESS_NEARLY_RIGHT) {
      memory->hit_streak = result == GUESS_RIGHT ? memory->hit_streak + 1 : 0;
      memory->current = index;
      template->last_hit = memory->row_number;
      template->hit_count++;
      return true;
    }
    if (result == GUESS_WRONG) eagre_json_clear_row(&plan->root, walk->row);
  }
  return false;
}

/* ---- Two at once ----------------------------------------------------------------------------- */

/* Moves both places from the first byte of a string to its closing quote. */
static inline bool skip_text_pair(const struct walk *walk, const struct walk *other,
                                  const char **at, const char **other_at) {
  *at = find_string_stop(*at, walk->end);
  *other_at = find_string_stop(*other_at, other->end);
  if (__builtin_expect((**at == '"') & (**other_at == '"'), 1)) return true;
  *at = end_skipped_text(walk, *at);
  *other_at = end_skipped_text(other, *other_at);
  return *at != NULL && *other_at != NULL;
}

static inline bool take_text_pair(const struct walk *walk, const struct walk *other,
                                  const struct eagre_json_slot *slot, const char **at,
                                  const char **other_at) {
  const char *stop = find_string_stop(*at, walk->end);
  const char *other_stop = find_string_stop(*other_at, other->end);
  *at = take_text(walk, slot, *at, stop);
  *other_at = take_text(other, slot, *other_at, other_stop);
  return *at != NULL && *other_at != NULL;
}

/* Two records of the same shape, step by step. The place in a record depends on the size of every
 * value before, so one record alone keeps the processor waiting; two do not. False when either
 * guess was not exactly right. */
static inline bool guess_pair(struct walk *walk, struct walk *other,
                              const struct eagre_json_template *template, const char *at,
                              const char *other_at) {
  for (const struct eagre_json_template_step *step = template->steps;; step++) {
    /* One branch for both. */
    unsigned match_count = (unsigned)match_literal(at, step->literal, step->literal_mask) +
                           (unsigned)match_literal(other_at, step->literal, step->literal_mask);
    if (__builtin_expect(match_count != 2, 0)) return false;
    at += step->literal_size;
    other_at += step->literal_size;
    if (__builtin_expect((at > walk->end) | (other_at > other->end), 0)) return false;
    if (step->action == EAGRE_JSON_ACTION_SKIP_TEXT) {
      if (!skip_text_pair(walk, other, &at, &other_at)) return false;
    } else if (step->action == EAGRE_JSON_ACTION_TEXT) {
      if (!take_text_pair(walk, other, &walk->slots[step->slot], &at, &other_at)) return false;
    } else if (step->action == EAGRE_JSON_ACTION_END) {
      return true;
    } else {
      at = guess_value(walk, step, at);
      other_at = guess_value(other, step, other_at);
      if (at == NULL || other_at == NULL) return false;
    }
  }
}
