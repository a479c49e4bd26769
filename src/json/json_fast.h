/* The fast decoder, written once over the primitives of an ISA (isa/json_isa_*.h, included first):
 * match_literal, find_string_stop and its variants, find_space_stop.
 *
 * A row goes through three levels until one decides it:
 *   1. guess: it has the shape of one of the templates learned from earlier rows
 *      (json_fast_guess.h). Literals are compared, values taken, nothing is searched.
 *   2. walk: member by member, keys looked up (json_fast_walk.h).
 *   3. the reference, for every row that is not plainly good.
 * Levels 1 and 2 only ever say "good" or "not for me", so a row's outcome cannot depend on the level
 * that decided it, nor on the rows before. They read up to 64 bytes behind the text; a record that
 * seems to end behind it is not for them. */
#pragma once

#include "json/json_fast_guess.h"
#include "json/json_fast_walk.h"
#include "json/json_reference.h"

enum {
  PAIR_HIT_STREAK = 8,   /* so many rows must have fitted before two are guessed at once */
  GUESS_MISS_STREAK = 16 /* so many rows did not fit: only every so many-th row is guessed */
};

/* ---- One row --------------------------------------------------------------------------------- */

/* Level 2, learning from the row when it is time to. */
static bool walk_and_learn(struct walk *walk, struct eagre_text text) {
  struct eagre_json_memory *memory = walk->memory;
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
  return memory->miss_streak < GUESS_MISS_STREAK || memory->row_number % GUESS_MISS_STREAK == 0;
}

static inline bool decode_text(struct walk *walk, struct eagre_text text) {
  struct eagre_json_memory *memory = walk->memory;
  walk->end = text.data + text.size;
  memory->row_number++;
  if (text.size > 0 && is_worth_guessing(memory) && guess(walk, text.data)) {
    memory->miss_streak = 0;
    return true;
  }
  memory->hit_streak = 0;
  memory->miss_streak++;
  if (walk_and_learn(walk, text)) return true;
  return eagre_json_reference_row(walk->run, walk->row, text);
}

static inline bool decode_row(struct walk *walk, uint32_t row) {
  walk->row = row;
  if (!eagre_vector_is_null(walk->run->texts, row)) {
    return decode_text(walk, eagre_json_run_text(walk->run, row));
  }
  eagre_bit_clear(walk->run->row_validity, row);
  return true;
}

/* ---- Two rows -------------------------------------------------------------------------------- */

/* Rows `row` and the next, both not NULL, by the template that fitted last. False when they must be
 * decoded one by one. */
static inline bool decode_pair(struct walk *walk, uint32_t row) {
  struct eagre_json_memory *memory = walk->memory;
  struct eagre_json_template *template = &memory->templates[memory->current];
  struct eagre_text text = eagre_json_run_text(walk->run, row);
  struct eagre_text other_text = eagre_json_run_text(walk->run, row + 1);
  if (text.size == 0 || other_text.size == 0) return false;
  struct walk other = *walk;
  walk->row = row;
  walk->end = text.data + text.size;
  other.row = row + 1;
  other.end = other_text.data + other_text.size;
  if (guess_pair(walk, &other, template, text.data, other_text.data)) {
    memory->row_number += 2;
    template->hit_count += 2;
    template->last_hit = memory->row_number;
    return true;
  }
  const struct eagre_json_plan *plan = &walk->run->decoder->plan;
  eagre_json_clear_row(plan, &plan->root, row);
  eagre_json_clear_row(plan, &plan->root, row + 1);
  memory->hit_streak = 0;
  return false;
}

/* ---- All rows -------------------------------------------------------------------------------- */

/* Limits so small that the shortcuts would have to look at them. */
static bool has_tight_limits(const struct eagre_json_decoder *decoder) {
  return decoder->options.nesting_depth_max < 4 * SKIP_DEPTH_MAX ||
         decoder->options.number_size_max < NUMBER_SIZE_MAX || decoder->plan.depth > SKIP_DEPTH_MAX;
}

static void begin_walk(struct walk *walk, struct eagre_json_run *run) {
  struct eagre_json_decoder *decoder = run->decoder;
  struct eagre_json_memory *memory = decoder->memory;
  eagre_json_memory_reserve_waste(memory, run->row_count);
  decoder->plan.slots[decoder->plan.slot_count] = (struct eagre_json_slot){
      .kind = EAGRE_TYPE_NULL,
      .data = memory->waste_texts,
      .validity = memory->waste_validity,
  };
  *walk = (struct walk){
      .run = run,
      .memory = memory,
      .slots = decoder->plan.slots,
      .text_size_max = decoder->options.string_size_max,
      .is_grammar_default = decoder->timestamp_pattern == NULL &&
                            decoder->options.datetime_fallback != EAGRE_JSON_FALLBACK_OFF,
  };
}

static bool decode_rows(struct eagre_json_run *run) {
  if (has_tight_limits(run->decoder)) return eagre_json_implementation_reference.decode_rows(run);
  struct walk walk;
  begin_walk(&walk, run);
  bool is_dense = run->texts->validity == NULL && !run->texts->is_constant &&
                  run->texts->type->kind == EAGRE_TYPE_STRING;
  for (uint32_t row = 0; row < run->row_count; row++) {
    if (is_dense && walk.memory->hit_streak >= PAIR_HIT_STREAK && row + 1 < run->row_count &&
        decode_pair(&walk, row)) {
      row++;
    } else if (!decode_row(&walk, row)) {
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
