/* Elements of ARRAY and MAP fields (json_list.h). */
#include "json/json_list.h"

#include "json/json_reference.h"
#include "json/json_render.h"

enum { CAPACITY_MIN = 256 };

/* ---- Memory of elements ---------------------------------------------------------------------- */

static size_t get_width(const struct eagre_json_slot *slot) {
  return slot->list != NULL ? sizeof(struct eagre_json_range) : eagre_type_width(slot->kind);
}

static void *grow_bytes(struct eagre_json_run *run, const void *from, size_t used, size_t size) {
  char *bytes = eagre_arena_allocate_vector(run->arena, size);
  if (used > 0) memcpy(bytes, from, used);
  memset(bytes + used, 0, size - used);
  return bytes;
}

static void grow_slot(struct eagre_json_run *run, struct eagre_json_slot *slot, uint32_t count,
                      uint32_t capacity) {
  size_t used = eagre_bits_size(count);
  slot->validity =
      grow_bytes(run, slot->validity, count == 0 ? 0 : used, eagre_bits_size(capacity));
  if (slot->kind == EAGRE_TYPE_BOOLEAN) {
    slot->data = grow_bytes(run, slot->data, count == 0 ? 0 : used, eagre_bits_size(capacity));
  } else if (get_width(slot) > 0) {
    slot->data = grow_bytes(run, slot->data, count * get_width(slot), capacity * get_width(slot));
  }
}

/* The number of a new element, NULL in all its slots; -1 when there are too many. */
static int64_t add_element(struct eagre_json_run *run, struct eagre_json_list *list) {
  if (list->count == list->capacity) {
    if (list->count > INT32_MAX / 2) return -1;
    uint32_t capacity = list->capacity == 0 ? CAPACITY_MIN : list->capacity * 2;
    for (uint32_t i = 0; i < list->plan.slot_count; i++) {
      grow_slot(run, &list->plan.slots[i], list->count, capacity);
    }
    list->capacity = capacity;
  }
  eagre_json_clear_row(&list->plan.root, list->count);
  return list->count++;
}

/* ---- Batches --------------------------------------------------------------------------------- */

static void reset_list(struct eagre_json_list *list) {
  list->count = 0;
  list->capacity = 0;
  for (uint32_t i = 0; i < list->plan.slot_count; i++) {
    struct eagre_json_slot *slot = &list->plan.slots[i];
    slot->validity = NULL;
    slot->data = NULL;
    if (slot->list != NULL) reset_list(slot->list);
  }
}

void eagre_json_list_begin(struct eagre_json_run *run, struct eagre_json_slot *slot,
                           uint32_t row_count) {
  reset_list(slot->list);
  slot->data = eagre_arena_allocate_vector(run->arena, row_count * sizeof(struct eagre_json_range));
}

/* ---- Vectors --------------------------------------------------------------------------------- */

/* Null rows must hold a text that can be read. */
static void clear_null_texts(struct eagre_vector *vector, uint32_t count) {
  struct eagre_text *texts = vector->data;
  for (uint32_t i = 0; i < count; i++) {
    if (!eagre_bit_get(vector->validity, i)) texts[i] = (struct eagre_text){0};
  }
}

/* The elements in slot `index`, and those of the slots below; returns the slot behind them. */
static uint32_t make_elements(struct eagre_json_run *run, const struct eagre_json_list *list,
                              uint32_t index, struct eagre_vector *out) {
  const struct eagre_json_slot *slot = &list->plan.slots[index++];
  const struct eagre_type *type = slot->field->type;
  *out = (struct eagre_vector){.type = type, .validity = slot->validity, .data = slot->data};
  if (slot->list != NULL) {
    eagre_json_list_end(run, slot, out, list->count);
    out->data = NULL;
  } else if (slot->object != NULL) {
    out->children =
        eagre_arena_allocate_zeroed(run->arena, (type->field_count + 1) * sizeof *out->children);
    for (uint32_t i = 0; i < type->field_count; i++) {
      index = make_elements(run, list, index, &out->children[i]);
    }
  } else if (eagre_type_is_text(type->kind)) {
    clear_null_texts(out, list->count);
  }
  if (eagre_bits_count(out->validity, list->count) == list->count) out->validity = NULL;
  return index;
}

/* Offsets of the ranges. *out_elements: their numbers one after the other, NULL when these are all
 * there are, in order. */
static void order_ranges(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                         struct eagre_vector *vector, uint32_t row_count, uint32_t **out_elements) {
  const struct eagre_json_range *ranges = slot->data;
  int64_t total = 0;
  bool is_ordered = true;
  vector->offsets =
      eagre_arena_allocate_vector(run->arena, ((size_t)row_count + 1) * sizeof(int32_t));
  vector->offsets[0] = 0;
  for (uint32_t row = 0; row < row_count; row++) {
    if (eagre_bit_get(vector->validity, row)) {
      is_ordered = is_ordered && (ranges[row].size == 0 || ranges[row].first == total);
      total += ranges[row].size;
    }
    vector->offsets[row + 1] = (int32_t)total;
  }
  *out_elements = NULL;
  if (is_ordered && total == slot->list->count) return;
  uint32_t *elements = eagre_arena_allocate_vector(run->arena, (size_t)total * sizeof *elements);
  *out_elements = elements;
  for (uint32_t row = 0; row < row_count; row++) {
    uint32_t size = (uint32_t)(vector->offsets[row + 1] - vector->offsets[row]);
    for (uint32_t i = 0; i < size; i++) {
      *elements++ = ranges[row].first + i;
    }
  }
}

void eagre_json_list_end(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                         struct eagre_vector *vector, uint32_t row_count) {
  uint32_t *elements;
  const struct eagre_type *type = vector->type;
  order_ranges(run, slot, vector, row_count, &elements);
  uint32_t total = (uint32_t)vector->offsets[row_count];
  vector->children =
      eagre_arena_allocate_zeroed(run->arena, type->field_count * sizeof *vector->children);
  for (uint32_t i = 0, next = 0; i < type->field_count; i++) {
    if (slot->list->count == 0) {
      eagre_vector_init(&vector->children[i], type->fields[i].type, 0, run->arena);
      continue;
    }
    struct eagre_vector all;
    next = make_elements(run, slot->list, next, &all);
    if (elements == NULL) {
      vector->children[i] = all;
    } else {
      eagre_vector_gather(&vector->children[i], &all, elements, total, run->arena);
    }
  }
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

static enum eagre_json_conversion refuse(struct eagre_json_run *run) {
  if (run->failure.kind == EAGRE_JSON_FAILURE_NONE) run->failure.kind = EAGRE_JSON_FAILURE_FIELD;
  return EAGRE_JSON_CONVERSION_BAD;
}

/* One element; the current token is the first of its value, for a MAP its name. */
static enum eagre_json_conversion convert_element(struct eagre_json_run *run,
                                                  const struct eagre_json_slot *slot) {
  struct eagre_json_lexer *lexer = &run->decoder->lexer;
  struct eagre_json_slot *slots = slot->list->plan.slots;
  int64_t element = add_element(run, slot->list);
  if (element < 0) return refuse(run);
  uint32_t row = (uint32_t)element;
  if (slot->kind == EAGRE_TYPE_ARRAY) return eagre_json_convert_member(run, &slots[0], row);
  if (!eagre_json_convert_string(run, &slots[0], row, eagre_json_lexer_string(lexer))) {
    return refuse(run);
  }
  eagre_bit_set(slots[0].validity, row);
  if (eagre_json_lexer_next(lexer) == EAGRE_JSON_TOKEN_ERROR) return EAGRE_JSON_CONVERSION_SYNTAX;
  return eagre_json_convert_member(run, &slots[1], row);
}

static void put_range(const struct eagre_json_slot *slot, uint32_t row, uint32_t first) {
  ((struct eagre_json_range *)slot->data)[row] =
      (struct eagre_json_range){first, slot->list->count - first};
  eagre_bit_set(slot->validity, row);
}

/* Up to the bracket that closes the list. */
static enum eagre_json_conversion skip_rest(struct eagre_json_lexer *lexer,
                                            enum eagre_json_token end) {
  while (eagre_json_lexer_next(lexer) != end) {
    if (lexer->token == EAGRE_JSON_TOKEN_ERROR || !eagre_json_lexer_skip(lexer)) {
      return EAGRE_JSON_CONVERSION_SYNTAX;
    }
  }
  return EAGRE_JSON_CONVERSION_BAD;
}

enum eagre_json_conversion eagre_json_list_convert(struct eagre_json_run *run,
                                                   const struct eagre_json_slot *slot,
                                                   uint32_t row) {
  struct eagre_json_lexer *lexer = &run->decoder->lexer;
  bool is_map = slot->kind == EAGRE_TYPE_MAP;
  if (lexer->token != (is_map ? EAGRE_JSON_TOKEN_OBJECT_BEGIN : EAGRE_JSON_TOKEN_ARRAY_BEGIN)) {
    return refuse(run);
  }
  enum eagre_json_token end = is_map ? EAGRE_JSON_TOKEN_OBJECT_END : EAGRE_JSON_TOKEN_ARRAY_END;
  enum eagre_json_conversion total = EAGRE_JSON_CONVERSION_DONE;
  uint32_t first = slot->list->count;
  while (eagre_json_lexer_next(lexer) != end) {
    if (lexer->token == EAGRE_JSON_TOKEN_ERROR) return EAGRE_JSON_CONVERSION_SYNTAX;
    enum eagre_json_conversion result = convert_element(run, slot);
    if (result == EAGRE_JSON_CONVERSION_SYNTAX) return result;
    if (result == EAGRE_JSON_CONVERSION_BAD) return skip_rest(lexer, end);
    if (result == EAGRE_JSON_CONVERSION_PARTIAL) total = result;
  }
  put_range(slot, row, first);
  return total;
}

enum eagre_json_conversion eagre_json_list_wrap(struct eagre_json_run *run,
                                                const struct eagre_json_slot *slot, uint32_t row) {
  uint32_t first = slot->list->count;
  enum eagre_json_conversion result = convert_element(run, slot);
  bool is_written = result == EAGRE_JSON_CONVERSION_DONE || result == EAGRE_JSON_CONVERSION_PARTIAL;
  if (is_written) put_range(slot, row, first);
  return result;
}
