/* Templates: what the last good records looked like, so that the next one can be guessed.
 *
 * A template is a sequence of steps. A step is a literal, all bytes between two values
 * (punctuation, names, white space, as the record had them), and what to do with the value behind
 * it:
 *
 *   {"user_id":"   take a string     ","ad_id":"   skip a string     ","n":   a value of slot 4 }
 *
 * The quotes around a plain string belong to the literals, so comparing the literals checks them.
 * A literal longer than one step holds is cut into several steps. */
#pragma once

#include "json/json_decoder.h"

enum {
  EAGRE_JSON_LITERAL_SIZE = 32,
  EAGRE_JSON_STEP_COUNT_MAX = 512, /* a record with more is not guessed */
  EAGRE_JSON_TEMPLATE_COUNT = 4,
};

enum eagre_json_action {
  EAGRE_JSON_ACTION_TEXT,      /* the content of a string into a STRING column */
  EAGRE_JSON_ACTION_SKIP_TEXT, /* the content of a string */
  EAGRE_JSON_ACTION_VALUE,     /* a value of the slot's type */
  EAGRE_JSON_ACTION_SKIP,      /* any value */
  EAGRE_JSON_ACTION_STRUCT,    /* the literal ended with the brace that opens this STRUCT */
  EAGRE_JSON_ACTION_NONE,      /* the literal goes on in the next step */
  EAGRE_JSON_ACTION_END,       /* the literal ended with the last brace of the record */
};

struct eagre_json_template_step {
  _Alignas(32) char literal[EAGRE_JSON_LITERAL_SIZE];
  uint32_t literal_mask; /* a bit for each byte of the literal */
  uint16_t literal_size;
  uint16_t slot;
  uint32_t depth; /* containers open around the value */
  enum eagre_json_action action;
  bool is_after_text;  /* the literal begins with the closing quote of the value before */
  bool is_after_value; /* the literal begins behind a value, and goes on for this step only */
  bool is_optional;    /* the same, and it is one more member of the same object: may be missing */
};

struct eagre_json_template {
  struct eagre_arena arena; /* holds the steps */
  uint32_t step_count;      /* 0: not learned yet */
  uint32_t hit_count;       /* since it was learned */
  uint64_t last_hit;        /* for replacing the one unused for longest */
  struct eagre_json_template_step *steps;
};

/* A record being learned. Steps are collected here and copied when it turned out good. */
struct eagre_json_recorder {
  const char *literal_begin; /* behind the last value */
  bool is_broken;            /* too many steps */
  uint32_t step_count;
  struct eagre_json_template_step steps[EAGRE_JSON_STEP_COUNT_MAX];
};

void eagre_json_recorder_begin(struct eagre_json_recorder *recorder, const char *text);
/* A value at [begin, end): the literal before it ends at `begin`. */
void eagre_json_recorder_add(struct eagre_json_recorder *recorder, enum eagre_json_action action,
                             uint32_t slot, uint32_t depth, const char *begin, const char *end);
/* Puts the finished record in place of what `template` held. False when it was too long. */
bool eagre_json_recorder_store(const struct eagre_json_recorder *recorder,
                               struct eagre_json_template *template);

/* What is remembered for level 2: bytes between names and values, at one depth of nesting. At first
 * 32 zero bytes, which stand in no record. */
struct eagre_json_joint {
  _Alignas(32) char literal[EAGRE_JSON_LITERAL_SIZE];
  uint32_t literal_mask;
  uint32_t literal_size;
};

/* A name seen before, with its closing quote. */
struct eagre_json_key {
  _Alignas(32) char literal[EAGRE_JSON_LITERAL_SIZE];
  uint32_t literal_mask;
  uint32_t slot;                          /* plan->slot_count when the member is unknown */
  uint32_t seen_mask;                     /* 0 then, else all ones */
  const struct eagre_json_object *object; /* NULL: an empty entry */
};

enum {
  EAGRE_JSON_KEY_BITS = 8,
  EAGRE_JSON_JOINT_DEPTHS = 4, /* deeper objects share the last ones */
};

/* What a fast implementation remembers from batch to batch. */
struct eagre_json_memory {
  struct eagre_arena arena; /* holds this memory itself: steps want their alignment */
  struct eagre_json_template templates[EAGRE_JSON_TEMPLATE_COUNT];
  uint32_t current;     /* the template that fitted last */
  uint64_t row_number;  /* rows seen, for last_hit */
  uint32_t hit_streak;  /* rows in a row that a template fitted */
  uint32_t miss_streak; /* rows in a row that no template fitted */
  uint32_t learn_wait;  /* misses to let pass before learning again */
  uint32_t learn_pause; /* what learn_wait becomes when the last lesson was of no use */
  struct eagre_json_joint colons[EAGRE_JSON_JOINT_DEPTHS]; /* from a name's closing quote on */
  struct eagre_json_joint commas[EAGRE_JSON_JOINT_DEPTHS]; /* up to a name's opening quote */
  struct eagre_json_key keys[1 << EAGRE_JSON_KEY_BITS];
  /* Rows in which a slot was seen, for duplicate members; of `slot_capacity` slots. Two of them,
   * because two rows may be walked at once. */
  uint32_t *seen[2];
  uint32_t seen_mark;
  uint32_t slot_capacity;
  /* A column for the strings of unknown members: written like any other, never read. */
  struct eagre_text *waste_texts;
  uint8_t *waste_validity;
  uint32_t waste_capacity;
  struct eagre_json_recorder recorder;
};

void *eagre_json_memory_new(void);
void eagre_json_memory_free(void *memory);

/* Whether the current row, which no template fitted, is worth learning from. */
bool eagre_json_memory_wants_lesson(struct eagre_json_memory *memory);
/* Learns what the recorder holds. */
void eagre_json_memory_learn(struct eagre_json_memory *memory);
/* A fresh mark for `seen`; makes room for `slot_count` slots. */
uint32_t eagre_json_memory_mark_row(struct eagre_json_memory *memory, uint32_t slot_count);
/* Makes room for `row_count` rows in the waste column. */
void eagre_json_memory_reserve_waste(struct eagre_json_memory *memory, uint32_t row_count);
/* Learns [begin, end) when it is short enough. */
void eagre_json_joint_learn(struct eagre_json_joint *joint, const char *begin, const char *end);
