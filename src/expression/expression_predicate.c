/* Kernels that give BOOLEAN or choose by comparison and see NULLs: null tests, <=>, IN, greatest,
 * least; and NOT.
 *
 * The words of bitmaps past the rows have no meaning, so they may be computed with freely. */
#include <math.h>
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_operator.h"

/* Which rows have a value, as word `index` of a bitmap. */
static uint64_t validity_word(const struct eagre_vector *vector, uint32_t index) {
  if (vector->type->kind == EAGRE_TYPE_NULL) return 0;
  if (vector->validity == NULL) return UINT64_MAX;
  if (vector->is_constant) return eagre_bit_get(vector->validity, 0) ? UINT64_MAX : 0;
  return eagre_bits_word(vector->validity, index);
}

static uint64_t boolean_word(const struct eagre_vector *vector, uint32_t index) {
  if (vector->type->kind == EAGRE_TYPE_NULL) return 0;
  if (!vector->is_constant) return eagre_bits_word(vector->data, index);
  return eagre_bit_get(vector->data, 0) ? UINT64_MAX : 0;
}

static void put_word(uint8_t *out, uint32_t index, uint64_t word) {
  memcpy(out + (size_t)index * 8, &word, sizeof word);
}

static uint32_t count_words(const struct eagre_kernel_call *call) {
  return (call->row_count + 63) / 64;
}

/* ---- Null tests ------------------------------------------------------------------------------ */

enum eagre_status eagre_kernel_isnull(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t i = 0; i < count_words(call); i++) {
    put_word(out, i, ~validity_word(call->arguments[0], i));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_isnotnull(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t i = 0; i < count_words(call); i++) {
    put_word(out, i, validity_word(call->arguments[0], i));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_istrue(struct eagre_kernel_call *call) {
  const struct eagre_vector *a = call->arguments[0];
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t i = 0; i < count_words(call); i++) {
    put_word(out, i, validity_word(a, i) & boolean_word(a, i));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_isfalse(struct eagre_kernel_call *call) {
  const struct eagre_vector *a = call->arguments[0];
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t i = 0; i < count_words(call); i++) {
    put_word(out, i, validity_word(a, i) & ~boolean_word(a, i));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_not(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t i = 0; i < count_words(call); i++) {
    put_word(out, i, ~boolean_word(call->arguments[0], i));
  }
  return EAGRE_OK;
}

/* False for NULL, as in Spark. */
enum eagre_status eagre_kernel_isnan(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  const struct eagre_vector *a = call->arguments[0];
  for (uint32_t row = 0; row < call->row_count; row++) {
    bool is_nan = !eagre_vector_is_null(a, row) && isnan(EAGRE_ARGUMENT(double, call, 0, row));
    eagre_bit_put(out, row, is_nan);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_null_safe_equal(struct eagre_kernel_call *call) {
  const struct eagre_vector *a = call->arguments[0];
  const struct eagre_vector *b = call->arguments[1];
  uint8_t *out = eagre_kernel_out(call);
  if (a->type->kind != EAGRE_TYPE_NULL) {
    eagre_compare_vectors(EAGRE_COMPARISON_EQUAL, a, b, call->row_count, out);
  }
  for (uint32_t i = 0; i < count_words(call); i++) {
    uint64_t a_valid = validity_word(a, i);
    uint64_t b_valid = validity_word(b, i);
    uint64_t equal = eagre_bits_word(out, i);
    put_word(out, i, (equal & a_valid & b_valid) | ~(a_valid | b_valid));
  }
  return EAGRE_OK;
}

/* ---- IN -------------------------------------------------------------------------------------- */

/* The items of a long constant list, found by hash. Fixed width values are kept as 64 bits, reals
 * with one zero and one NaN. */
struct item_set {
  enum eagre_type_kind kind;
  uint64_t mask;
  bool has_null; /* among the items */
  bool *is_used;
  uint64_t *values;
  struct eagre_text *texts;
};

static bool is_text_kind(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BINARY;
}

static uint64_t bits_of_double(double value) {
  uint64_t bits;
  if (value == 0) value = 0.0;
  if (isnan(value)) value = NAN;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static uint64_t read_bits(const struct eagre_vector *vector, uint32_t row) {
  uint32_t index = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return eagre_bit_get(vector->data, index);
  case EAGRE_TYPE_FLOAT:
    return bits_of_double(EAGRE_VALUES(float, vector)[index]);
  case EAGRE_TYPE_DOUBLE:
    return bits_of_double(EAGRE_VALUES(double, vector)[index]);
  default:
    break;
  }
  uint64_t bits = 0;
  uint32_t width = eagre_type_width(vector->type->kind);
  memcpy(&bits, (const char *)vector->data + (size_t)index * width, width);
  return bits;
}

/* The slot of a value that is in the set, or the free one where it would go. */
static uint64_t find_bits(const struct item_set *set, uint64_t bits) {
  uint64_t slot = eagre_hash_integer(bits, 0) & set->mask;
  while (set->is_used[slot] && set->values[slot] != bits) {
    slot = (slot + 1) & set->mask;
  }
  return slot;
}

static uint64_t find_text(const struct item_set *set, struct eagre_text text) {
  uint64_t slot = eagre_hash_bytes(text.data, text.size, 0) & set->mask;
  while (set->is_used[slot] && !eagre_text_equal(set->texts[slot], text)) {
    slot = (slot + 1) & set->mask;
  }
  return slot;
}

static void add_item(struct item_set *set, const struct eagre_vector *item) {
  if (eagre_vector_is_null(item, 0)) {
    set->has_null = true;
    return;
  }
  uint64_t slot;
  if (is_text_kind(set->kind)) {
    struct eagre_text text = *EAGRE_VALUES(struct eagre_text, item);
    slot = find_text(set, text);
    set->texts[slot] = text;
  } else {
    uint64_t bits = read_bits(item, 0);
    slot = find_bits(set, bits);
    set->values[slot] = bits;
  }
  set->is_used[slot] = true;
}

static void free_set(void *data) {
  struct item_set *set = data;
  eagre_free(set->is_used);
  eagre_free(set->values);
  eagre_free(set->texts);
  eagre_free(set);
}

/* The items are constants of the program, so the texts may be borrowed. */
static struct item_set *get_set(struct eagre_kernel_call *call) {
  if (call->state->data != NULL) return call->state->data;
  uint32_t item_count = call->node->argument_count - 1;
  uint64_t capacity = 16;
  while (capacity < item_count * 2u) {
    capacity *= 2;
  }
  struct item_set *set = eagre_allocate_zeroed(1, sizeof *set);
  set->kind = call->arguments[0]->type->kind;
  set->mask = capacity - 1;
  set->is_used = eagre_allocate_zeroed(capacity, sizeof *set->is_used);
  if (is_text_kind(set->kind)) {
    set->texts = eagre_allocate_zeroed(capacity, sizeof *set->texts);
  } else {
    set->values = eagre_allocate_zeroed(capacity, sizeof *set->values);
  }
  for (uint32_t i = 0; i < item_count; i++) {
    add_item(set, call->arguments[i + 1]);
  }
  call->state->data = set;
  call->state->free = free_set;
  return set;
}

static void find_in_set(struct eagre_kernel_call *call, uint8_t *out, uint8_t *has_null) {
  const struct item_set *set = get_set(call);
  const struct eagre_vector *a = call->arguments[0];
  for (uint32_t row = 0; row < call->row_count; row++) {
    bool is_in = is_text_kind(set->kind)
                     ? set->is_used[find_text(set, eagre_kernel_text(call, 0, row))]
                     : set->is_used[find_bits(set, read_bits(a, row))];
    eagre_bit_put(out, row, is_in);
  }
  eagre_bits_fill(has_null, call->row_count, set->has_null);
}

/* One comparison per item; `has_null` gets the rows where some item is NULL. */
static void find_in_items(struct eagre_kernel_call *call, uint8_t *out, uint8_t *has_null) {
  uint8_t *equal = eagre_arena_allocate_vector(call->arena, eagre_bits_size(call->row_count));
  memset(has_null, 0, eagre_bits_size(call->row_count));
  for (uint32_t k = 1; k < call->node->argument_count; k++) {
    const struct eagre_vector *item = call->arguments[k];
    eagre_compare_vectors(EAGRE_COMPARISON_EQUAL, call->arguments[0], item, call->row_count, equal);
    for (uint32_t i = 0; i < count_words(call); i++) {
      uint64_t valid = validity_word(item, i);
      put_word(out, i, eagre_bits_word(out, i) | (eagre_bits_word(equal, i) & valid));
      put_word(has_null, i, eagre_bits_word(has_null, i) | ~valid);
    }
  }
}

/* x IN (...) is true when an item equals x, else NULL when x or an item is NULL, else false. */
enum eagre_status eagre_kernel_in(struct eagre_kernel_call *call) {
  const struct eagre_vector *a = call->arguments[0];
  if (a->type->kind == EAGRE_TYPE_NULL) {
    eagre_vector_init_null(call->out, call->node->type, call->arena);
    return EAGRE_OK;
  }
  uint8_t *out = eagre_kernel_out(call);
  size_t size = eagre_bits_size(call->row_count);
  uint8_t *has_null = eagre_arena_allocate_vector(call->arena, size);
  if (call->node->parameters[0] != 0) {
    find_in_set(call, out, has_null);
  } else {
    find_in_items(call, out, has_null);
  }
  uint8_t *validity = eagre_arena_allocate_vector(call->arena, size);
  for (uint32_t i = 0; i < count_words(call); i++) {
    uint64_t a_valid = validity_word(a, i);
    put_word(validity, i, a_valid & (eagre_bits_word(out, i) | ~eagre_bits_word(has_null, i)));
  }
  call->out->validity = validity;
  return EAGRE_OK;
}

/* ---- greatest, least ------------------------------------------------------------------------- */

/* The argument whose value is row `row` of the result, or -1 when all are NULL. */
static int choose_extreme(const struct eagre_kernel_call *call, uint32_t row, int wanted_order) {
  int chosen = -1;
  for (uint32_t i = 0; i < call->node->argument_count; i++) {
    const struct eagre_vector *candidate = call->arguments[i];
    if (eagre_vector_is_null(candidate, row)) continue;
    if (chosen < 0 ||
        eagre_compare_rows(candidate, row, call->arguments[chosen], row) * wanted_order > 0) {
      chosen = (int)i;
    }
  }
  return chosen;
}

static enum eagre_status run_extreme(struct eagre_kernel_call *call, int wanted_order) {
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int chosen = choose_extreme(call, row, wanted_order);
    if (chosen < 0) {
      eagre_kernel_set_null(call, row);
      continue;
    }
    eagre_vector_append(call->out, row, call->row_count, call->arguments[chosen],
                        eagre_vector_index(call->arguments[chosen], row), 1, false, call->arena);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_greatest(struct eagre_kernel_call *call) {
  return run_extreme(call, 1);
}

enum eagre_status eagre_kernel_least(struct eagre_kernel_call *call) {
  return run_extreme(call, -1);
}
