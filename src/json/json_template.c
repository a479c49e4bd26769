/* Learning templates and deciding when to (json_template.h).
 *
 * Records of a few stable shapes are learned at their first misses. Where every record looks
 * different, learning is of no use: a template that is replaced after hardly any hit doubles the
 * number of misses that pass before the next lesson. */
#include "json/json_template.h"

enum {
  USEFUL_HIT_COUNT = 16, /* a template with so many hits was worth it */
  LEARN_PAUSE_MAX = 256,
};

void eagre_json_recorder_begin(struct eagre_json_recorder *recorder, const char *text) {
  recorder->literal_begin = text;
  recorder->is_broken = false;
  recorder->step_count = 0;
}

static struct eagre_json_template_step *add_step(struct eagre_json_recorder *recorder,
                                                 const char *literal, size_t size) {
  if (recorder->step_count == EAGRE_JSON_STEP_COUNT_MAX) {
    recorder->is_broken = true;
    recorder->step_count--;
  }
  struct eagre_json_template_step *step = &recorder->steps[recorder->step_count++];
  memset(step, 0, sizeof *step);
  memcpy(step->literal, literal, size);
  step->literal_size = (uint16_t)size;
  step->literal_mask = size == 32 ? UINT32_MAX : (1u << size) - 1;
  step->action = EAGRE_JSON_ACTION_NONE;
  return step;
}

static bool is_space(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Fills the flags of a step; `previous` is the step before. */
static void describe_step(struct eagre_json_template_step *step,
                          const struct eagre_json_template_step *previous) {
  if (previous == NULL || previous->action == EAGRE_JSON_ACTION_NONE ||
      previous->action == EAGRE_JSON_ACTION_STRUCT) {
    return;
  }
  step->is_after_value = true;
  step->is_after_text =
      previous->action == EAGRE_JSON_ACTION_TEXT || previous->action == EAGRE_JSON_ACTION_SKIP_TEXT;
  size_t at = step->is_after_text;
  while (at < step->literal_size && is_space(step->literal[at]))
    at++;
  bool is_member = at < step->literal_size && step->literal[at] == ',';
  step->is_optional = is_member && step->action != EAGRE_JSON_ACTION_STRUCT;
}

void eagre_json_recorder_add(struct eagre_json_recorder *recorder, enum eagre_json_action action,
                             uint32_t slot, uint32_t depth, const char *begin, const char *end) {
  const char *literal = recorder->literal_begin;
  recorder->literal_begin = end;
  if (recorder->is_broken) return;
  while (begin - literal > EAGRE_JSON_LITERAL_SIZE) {
    add_step(recorder, literal, EAGRE_JSON_LITERAL_SIZE);
    literal += EAGRE_JSON_LITERAL_SIZE;
  }
  struct eagre_json_template_step *step = add_step(recorder, literal, (size_t)(begin - literal));
  step->action = action;
  step->slot = (uint16_t)slot;
  step->depth = depth;
  describe_step(step, recorder->step_count == 1 ? NULL : step - 1);
}

bool eagre_json_recorder_store(const struct eagre_json_recorder *recorder,
                               struct eagre_json_template *template) {
  if (recorder->is_broken) return false;
  size_t size = recorder->step_count * sizeof *template->steps;
  eagre_arena_reset(&template->arena);
  template->steps = eagre_arena_allocate_vector(&template->arena, size);
  memcpy(template->steps, recorder->steps, size);
  template->step_count = recorder->step_count;
  template->hit_count = 0;
  return true;
}

void *eagre_json_memory_new(void) {
  struct eagre_arena arena = {0};
  struct eagre_json_memory *memory = eagre_arena_allocate_vector(&arena, sizeof *memory);
  memset(memory, 0, sizeof *memory);
  memory->arena = arena;
  memory->learn_pause = 1;
  for (int i = 0; i < EAGRE_JSON_JOINT_DEPTHS; i++) {
    memory->colons[i].literal_mask = UINT32_MAX;
    memory->commas[i].literal_mask = UINT32_MAX;
  }
  return memory;
}

void eagre_json_memory_free(void *pointer) {
  struct eagre_json_memory *memory = pointer;
  for (size_t i = 0; i < EAGRE_JSON_TEMPLATE_COUNT; i++) {
    eagre_arena_done(&memory->templates[i].arena);
  }
  eagre_free(memory->seen[0]);
  eagre_free(memory->seen[1]);
  eagre_free(memory->waste_texts);
  eagre_free(memory->waste_validity);
  struct eagre_arena arena = memory->arena;
  eagre_arena_done(&arena);
}

bool eagre_json_memory_wants_lesson(struct eagre_json_memory *memory) {
  if (memory->learn_wait > 0) {
    memory->learn_wait--;
    return false;
  }
  return true;
}

static struct eagre_json_template *choose_victim(struct eagre_json_memory *memory) {
  struct eagre_json_template *victim = &memory->templates[0];
  for (size_t i = 1; i < EAGRE_JSON_TEMPLATE_COUNT; i++) {
    struct eagre_json_template *template = &memory->templates[i];
    if (template->last_hit < victim->last_hit) victim = template;
  }
  return victim;
}

void eagre_json_memory_learn(struct eagre_json_memory *memory) {
  struct eagre_json_template *victim = choose_victim(memory);
  bool was_useful = victim->step_count == 0 || victim->hit_count >= USEFUL_HIT_COUNT;
  if (was_useful) {
    memory->learn_pause = 1;
  } else if (memory->learn_pause < LEARN_PAUSE_MAX) {
    memory->learn_pause *= 2;
  }
  memory->learn_wait = memory->learn_pause - 1;
  if (!eagre_json_recorder_store(&memory->recorder, victim)) return;
  victim->last_hit = memory->row_number;
  memory->current = (uint32_t)(victim - memory->templates);
}

uint32_t eagre_json_memory_mark_row(struct eagre_json_memory *memory, uint32_t slot_count) {
  if (memory->seen[0] == NULL || memory->slot_capacity < slot_count ||
      memory->seen_mark == UINT32_MAX) {
    for (int i = 0; i < 2; i++) {
      eagre_free(memory->seen[i]);
      memory->seen[i] = eagre_allocate_zeroed(slot_count + 1, sizeof *memory->seen[i]);
    }
    memory->slot_capacity = slot_count;
    memory->seen_mark = 0;
  }
  return ++memory->seen_mark;
}

void eagre_json_memory_reserve_waste(struct eagre_json_memory *memory, uint32_t row_count) {
  if (memory->waste_capacity >= row_count) return;
  memory->waste_capacity = row_count;
  memory->waste_texts =
      eagre_reallocate(memory->waste_texts, row_count * sizeof *memory->waste_texts);
  memory->waste_validity = eagre_reallocate(memory->waste_validity, eagre_bits_size(row_count));
  memset(memory->waste_validity, 0, eagre_bits_size(row_count));
}

void eagre_json_joint_learn(struct eagre_json_joint *joint, const char *begin, const char *end) {
  size_t size = (size_t)(end - begin);
  if (size > EAGRE_JSON_LITERAL_SIZE) return;
  memcpy(joint->literal, begin, size);
  joint->literal_size = (uint32_t)size;
  joint->literal_mask = size == 32 ? UINT32_MAX : (1u << size) - 1;
}
