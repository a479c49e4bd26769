/* The fast decoder, written once over the primitives of an ISA (isa/json_isa_*.h, included first):
 * match_literal, find_string_stop and its variants, find_space_stop.
 *
 * A row goes through three levels until one decides it:
 *   1. guess: it has the shape of one of the templates learned from earlier rows
 *      (json_fast_guess.h). Literals are compared, values taken, nothing is searched.
 *   2. walk: member by member, keys looked up (json_fast_walk.h).
 *   3. the reference, for every row that is not plainly good.
 * Levels 1 and 2 only ever say "good" or "not for me", so a row's outcome cannot depend on the
 * level that decided it, nor on the rows before. They read up to 64 bytes behind the text; a record
 * that seems to end behind it is not for them. */
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
  walk->seen = memory->seen[0];
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

static inline void begin_row(struct walk *walk, uint32_t row, struct eagre_text text) {
  walk->row = row;
  walk->row_byte = row >> 3;
  walk->row_bit = (uint8_t)(1u << (row & 7));
  walk->end = text.data + text.size;
  walk->run->extra_size = 0;
}

static inline bool decode_text(struct walk *walk, struct eagre_text text) {
  struct eagre_json_memory *memory = walk->memory;
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

/* One attempt only, and its memory is given back when it fails: a large record could otherwise hold
 * several times what it may. */
static __attribute__((noinline)) bool decode_large(struct walk *walk, struct eagre_text text) {
  struct eagre_json_run *run = walk->run;
  struct eagre_arena_mark mark = eagre_arena_mark(run->arena);
  walk->seen_mark = eagre_json_memory_mark_row(walk->memory, run->decoder->plan.slot_count);
  walk->seen = walk->memory->seen[0];
  walk->recorder = NULL;
  if (walk_record(walk, text)) return true;
  eagre_arena_rewind(run->arena, mark);
  return eagre_json_reference_row(run, walk->row, text);
}

static inline bool decode_row(struct walk *walk, uint32_t row) {
  if (eagre_vector_is_null(walk->run->texts, row)) {
    eagre_bit_clear(walk->run->row_validity, row);
    return true;
  }
  struct eagre_text text = eagre_json_run_text(walk->run, row);
  begin_row(walk, row, text);
  return text.size > EAGRE_JSON_LARGE_SIZE ? decode_large(walk, text) : decode_text(walk, text);
}

/* ---- Two rows -------------------------------------------------------------------------------- */

/* Rows `row` and the next, neither NULL nor empty, by the template that fitted last. False when
 * they must be decoded one by one. */
static inline bool decode_guessed_pair(struct walk *walk, uint32_t row) {
  struct eagre_json_memory *memory = walk->memory;
  struct eagre_json_template *template = &memory->templates[memory->current];
  struct eagre_text text = eagre_json_run_text(walk->run, row);
  struct eagre_text other_text = eagre_json_run_text(walk->run, row + 1);
  struct walk other = *walk;
  begin_row(walk, row, text);
  begin_row(&other, row + 1, other_text);
  if (guess_pair(walk, &other, template, text.data, other_text.data)) {
    memory->row_number += 2;
    template->hit_count += 2;
    template->last_hit = memory->row_number;
    return true;
  }
  const struct eagre_json_plan *plan = &walk->run->decoder->plan;
  eagre_json_clear_row(&plan->root, row);
  eagre_json_clear_row(&plan->root, row + 1);
  memory->hit_streak = 0;
  return false;
}

/* Rows `row` and the next, neither NULL nor empty, without guessing. */
static bool decode_walked_pair(struct walk *walk, uint32_t row) {
  struct eagre_json_memory *memory = walk->memory;
  struct eagre_text text = eagre_json_run_text(walk->run, row);
  struct eagre_text other_text = eagre_json_run_text(walk->run, row + 1);
  walk->seen_mark = eagre_json_memory_mark_row(memory, walk->run->decoder->plan.slot_count);
  walk->recorder = NULL;
  struct walk other = *walk;
  begin_row(walk, row, text);
  begin_row(&other, row + 1, other_text);
  walk->seen = memory->seen[0];
  other.seen = memory->seen[1];
  memory->row_number += 2;
  memory->miss_streak += 2;
  bool is_good;
  bool is_other_good;
  walk_pair(walk, &other, text, other_text, &is_good, &is_other_good);
  return (is_good || eagre_json_reference_row(walk->run, row, text)) &&
         (is_other_good || eagre_json_reference_row(walk->run, row + 1, other_text));
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

static inline bool is_usual_size(const struct eagre_json_run *run, uint32_t row) {
  if (eagre_vector_is_null(run->texts, row)) return false;
  size_t size = eagre_json_run_text(run, row).size;
  return size > 0 && size <= EAGRE_JSON_LARGE_SIZE;
}

/* Whether rows `row` and the next are there and may be decoded together. */
static inline bool has_pair(const struct eagre_json_run *run, uint32_t row) {
  return row + 1 < run->row_count && is_usual_size(run, row) && is_usual_size(run, row + 1);
}

/* Whether the next two rows are neither to be guessed nor to be learned from. */
static inline bool is_pair_unguessed(struct eagre_json_memory *memory) {
  if (memory->miss_streak < GUESS_MISS_STREAK || memory->learn_wait < 2) return false;
  if ((memory->row_number + 1) % GUESS_MISS_STREAK >= GUESS_MISS_STREAK - 2) return false;
  memory->learn_wait -= 2;
  return true;
}

/* Decodes one or two rows from `row` on; *out_count says how many. */
static inline bool decode_next(struct walk *walk, uint32_t row, uint32_t *out_count) {
  struct eagre_json_memory *memory = walk->memory;
  *out_count = 2;
  if (has_pair(walk->run, row)) {
    if (memory->hit_streak >= PAIR_HIT_STREAK) {
      if (decode_guessed_pair(walk, row)) return true;
    } else if (is_pair_unguessed(memory)) {
      return decode_walked_pair(walk, row);
    }
  }
  *out_count = 1;
  return decode_row(walk, row);
}

static bool decode_rows(struct eagre_json_run *run) {
  bool is_bare = run->decoder->options.is_bare;
  if (is_bare || has_tight_limits(run->decoder))
    return eagre_json_implementation_reference.decode_rows(run);
  struct walk walk;
  begin_walk(&walk, run);
  uint32_t count;
  for (uint32_t row = 0; row < run->row_count; row += count) {
    if (!decode_next(&walk, row, &count)) return false;
  }
  return true;
}

const struct eagre_json_implementation EAGRE_JSON_IMPLEMENTATION = {
    .name = EAGRE_JSON_IMPLEMENTATION_NAME,
    .decode_rows = decode_rows,
    .memory_new = eagre_json_memory_new,
    .memory_free = eagre_json_memory_free,
};
