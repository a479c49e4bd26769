/* The fast decoder, written once over the primitives of an ISA (isa/json_isa_*.h, included first):
 * match_literal, find_string_stop, find_space_stop.
 *
 * A row goes through three levels until one decides it:
 *   1. guess: it has the shape of one of the templates learned from earlier rows
 *      (json_template.h). Literals are compared, values taken, nothing is searched.
 *   2. walk: member by member, keys looked up (json_fast_walk.h).
 *   3. the reference, for every row that is not plainly good.
 * Levels 1 and 2 only ever say "good" or "not for me", so a row's outcome cannot depend on the
 * level that decided it, nor on the rows before. They read up to 64 bytes behind the text; a record
 * that seems to end behind it is not for them. */
#pragma once

#include "json/json_fast_walk.h"
#include "json/json_reference.h"

enum guess {
  GUESS_RIGHT,
  GUESS_WRONG_AT_ONCE, /* nothing was written */
  GUESS_WRONG,
};

/* The literal of `step` does not stand at `*at`. It may still be as good as there: when the value
 * before was a null instead of a string its closing quote is missing (`*null_end` says where), and
 * when the value behind is one its opening quote is. Sets *out_is_null in the latter case. */
static __attribute__((noinline)) bool match_around_null(const struct eagre_json_template_step *step,
                                                        const char **at, const char **null_end,
                                                        bool *out_is_null) {
  size_t from = *at == *null_end ? 1 : 0;
  size_t size = step->literal_size;
  *out_is_null = false;
  if (size < from + 1) return false;
  if (memcmp(*at + from, step->literal + from, size - from) == 0) {
    *at += size;
    return true;
  }
  if (step->action != EAGRE_JSON_ACTION_TEXT && step->action != EAGRE_JSON_ACTION_SKIP_TEXT) {
    return false;
  }
  size--;
  if (memcmp(*at + from, step->literal + from, size - from) != 0) return false;
  if (!is_word(*at + size, "null")) return false;
  /* Where a closing quote would stand: the next literal begins with one. */
  *at += size + 3;
  *null_end = *at;
  *out_is_null = true;
  return true;
}

/* The value behind the literal of `step`; NULL when the guess was wrong. */
static inline const char *guess_value(struct walk *walk,
                                      const struct eagre_json_template_step *step, const char *at) {
  const struct eagre_json_slot *slot = &walk->slots[step->slot];
  switch (step->action) {
  case EAGRE_JSON_ACTION_TEXT:
    return take_text(walk, slot, at);
  case EAGRE_JSON_ACTION_SKIP_TEXT:
    return skip_text(walk, at);
  case EAGRE_JSON_ACTION_VALUE:
    return take_value(walk, slot, step->depth, at);
  case EAGRE_JSON_ACTION_SKIP:
    return skip_value(walk, step->depth, at);
  case EAGRE_JSON_ACTION_STRUCT:
    eagre_bit_set(slot->validity, walk->row);
    return at;
  default:
    return at;
  }
}

static inline enum guess guess_record(struct walk *walk, const struct eagre_json_template *template,
                                      const char *at) {
  const char *null_end = NULL;
  const struct eagre_json_template_step *step = template->steps;
  for (;; step++) {
    if (__builtin_expect(match_literal(at, step->literal, step->literal_mask), 1)) {
      at += step->literal_size;
    } else {
      bool is_null;
      if (!match_around_null(step, &at, &null_end, &is_null)) break;
      if (is_null && at <= walk->end) continue;
    }
    if (__builtin_expect(at > walk->end, 0)) break;
    if (step->action == EAGRE_JSON_ACTION_END) return GUESS_RIGHT;
    at = guess_value(walk, step, at);
    if (__builtin_expect(at == NULL, 0)) break;
  }
  return step == template->steps ? GUESS_WRONG_AT_ONCE : GUESS_WRONG;
}

/* Tries the templates, the one that fitted last first. */
static inline bool guess(struct walk *walk, struct eagre_json_memory *memory, const char *text) {
  const struct eagre_json_plan *plan = &walk->run->decoder->plan;
  for (uint32_t i = 0; i < EAGRE_JSON_TEMPLATE_COUNT; i++) {
    uint32_t index = (memory->current + i) % EAGRE_JSON_TEMPLATE_COUNT;
    struct eagre_json_template *template = &memory->templates[index];
    if (template->step_count == 0) continue;
    enum guess result = guess_record(walk, template, text);
    if (result == GUESS_RIGHT) {
      memory->current = index;
      template->last_hit = memory->row_number;
      template->hit_count++;
      return true;
    }
    if (result == GUESS_WRONG) eagre_json_clear_row(plan, &plan->root, walk->row);
  }
  return false;
}

/* Level 2, learning from the row when it is time to. */
static bool walk_and_learn(struct walk *walk, struct eagre_json_memory *memory,
                           struct eagre_text text) {
  const struct eagre_json_plan *plan = &walk->run->decoder->plan;
  walk->seen_mark = eagre_json_memory_mark_row(memory, plan->slot_count);
  walk->seen = memory->seen;
  walk->recorder = NULL;
  if (eagre_json_memory_wants_lesson(memory)) {
    walk->recorder = &memory->recorder;
    eagre_json_recorder_begin(walk->recorder, text.data);
  }
  if (!walk_record(walk, text)) return false;
  if (walk->recorder != NULL) eagre_json_memory_learn(memory);
  return true;
}

/* Where hardly any row is guessed right, trying costs more than it brings. */
static inline bool is_worth_guessing(const struct eagre_json_memory *memory) {
  return memory->miss_streak < 16 || memory->row_number % 16 == 0;
}

static inline bool decode_row(struct walk *walk, struct eagre_json_memory *memory,
                              struct eagre_text text) {
  walk->end = text.data + text.size;
  memory->row_number++;
  if (is_worth_guessing(memory) && text.size > 0 && guess(walk, memory, text.data)) {
    memory->miss_streak = 0;
    return true;
  }
  memory->miss_streak++;
  if (walk_and_learn(walk, memory, text)) return true;
  return eagre_json_reference_row(walk->run, walk->row, text);
}

/* Limits so small that the shortcuts above would have to look at them. */
static bool has_tight_limits(const struct eagre_json_decoder *decoder) {
  return decoder->options.nesting_depth_max < 4 * SKIP_DEPTH_MAX ||
         decoder->options.number_size_max < NUMBER_SIZE_MAX || decoder->plan.depth > SKIP_DEPTH_MAX;
}

static bool decode_rows(struct eagre_json_run *run) {
  struct eagre_json_decoder *decoder = run->decoder;
  if (has_tight_limits(decoder)) return eagre_json_implementation_reference.decode_rows(run);
  struct walk walk = {.run = run, .slots = decoder->plan.slots};
  for (uint32_t row = 0; row < run->row_count; row++) {
    walk.row = row;
    if (eagre_vector_is_null(run->texts, row)) {
      eagre_bit_clear(run->row_validity, row);
    } else if (!decode_row(&walk, decoder->memory, eagre_json_run_text(run, row))) {
      return false;
    }
  }
  return true;
}

const struct eagre_json_implementation EAGRE_JSON_IMPLEMENTATION = {
    .name = EAGRE_JSON_IMPLEMENTATION_NAME,
    .decode_rows = decode_rows,
    .memory_new = eagre_json_memory_new,
    .memory_free = eagre_json_memory_free,
};
