/* Lists under construction, sets of elements, keys of maps, and checks of binders
 * (expression_list.h). */
#include "expression/expression_list.h"

#include <string.h>

#include "expression/expression_operator.h"

/* ---- Lists under construction ---------------------------------------------------------------- */

void eagre_list_begin(struct eagre_list_maker *maker, struct eagre_kernel_call *call,
                      uint32_t source_count) {
  *maker = (struct eagre_list_maker){.call = call};
  size_t size = ((size_t)call->row_count + 1) * sizeof *maker->offsets;
  maker->offsets = eagre_arena_allocate_vector(call->arena, size);
  maker->offsets[0] = 0;
  for (uint32_t i = 0; i < 2; i++) {
    maker->sides[i].vectors =
        eagre_arena_allocate(call->arena, (source_count + 1) * sizeof *maker->sides[i].vectors);
    maker->sides[i].counts =
        eagre_arena_allocate(call->arena, (source_count + 1) * sizeof *maker->sides[i].counts);
  }
}

uint32_t eagre_list_add_source(struct eagre_list_maker *maker, uint32_t side,
                               const struct eagre_vector *vector, uint32_t row_count) {
  uint32_t base = maker->sides[side].total;
  uint32_t index = maker->sides[side].source_count++;
  uint32_t count = vector->is_constant ? 1 : row_count;
  maker->sides[side].vectors[index] = vector;
  maker->sides[side].counts[index] = count;
  eagre_assert(count < INT32_MAX - base);
  maker->sides[side].total += count;
  return base;
}

/* Room for `more` elements; false when these are too many. */
static bool reserve(struct eagre_list_maker *maker, uint32_t more) {
  if (maker->is_full || more > EAGRE_LIST_ELEMENTS_MAX - maker->count) {
    maker->is_full = true;
    return false;
  }
  if (maker->count + more <= maker->capacity) return true;
  uint32_t capacity = maker->capacity == 0 ? 1024 : maker->capacity * 2;
  while (capacity < maker->count + more) {
    capacity *= 2;
  }
  for (uint32_t i = 0; i < maker->call->node->type->field_count; i++) {
    maker->sides[i].elements =
        eagre_reallocate(maker->sides[i].elements, capacity * sizeof(uint32_t));
  }
  maker->capacity = capacity;
  return true;
}

void eagre_list_put(struct eagre_list_maker *maker, uint32_t element) {
  eagre_list_put_pair(maker, element, element);
}

void eagre_list_put_pair(struct eagre_list_maker *maker, uint32_t key, uint32_t value) {
  if (maker->count == maker->capacity && !reserve(maker, 1)) return;
  maker->sides[0].elements[maker->count] = key;
  maker->sides[0].has_null |= key == EAGRE_LIST_NULL;
  if (maker->sides[1].elements != NULL) {
    maker->sides[1].elements[maker->count] = value;
    maker->sides[1].has_null |= value == EAGRE_LIST_NULL;
  }
  maker->count++;
}

void eagre_list_put_range(struct eagre_list_maker *maker, uint32_t first, uint32_t count) {
  if (!reserve(maker, count)) return;
  for (uint32_t side = 0; side < 2 && maker->sides[side].elements != NULL; side++) {
    for (uint32_t i = 0; i < count; i++) {
      maker->sides[side].elements[maker->count + i] = first + i;
    }
  }
  maker->count += count;
}

enum eagre_status eagre_list_end_row(struct eagre_list_maker *maker, uint32_t row) {
  maker->offsets[row + 1] = (int32_t)maker->count;
  if (!maker->is_full) return EAGRE_OK;
  enum eagre_status status = eagre_error_set(
      maker->call->error, EAGRE_DATA, "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
      "Can't create array with more than %d elements in one batch, by the function `%s`.",
      EAGRE_LIST_ELEMENTS_MAX, maker->call->node->function->info.name);
  if (maker->call->error != NULL) maker->call->error->row = row;
  return status;
}

/* The sources of a side one behind the other, and a NULL when one is wanted. */
static void make_pool(struct eagre_list_maker *maker, uint32_t side, const struct eagre_type *type,
                      struct eagre_vector *out) {
  struct eagre_arena *arena = maker->call->arena;
  uint32_t total = maker->sides[side].total;
  uint32_t capacity = total + maker->sides[side].has_null;
  uint32_t at = 0;
  eagre_vector_init(out, type, capacity, arena);
  for (uint32_t i = 0; i < maker->sides[side].source_count; i++) {
    uint32_t count = maker->sides[side].counts[i];
    eagre_vector_append(out, at, capacity, maker->sides[side].vectors[i], 0, count, false, arena);
    at += count;
  }
  if (!maker->sides[side].has_null) return;
  struct eagre_vector null;
  eagre_vector_init_null(&null, type, arena);
  eagre_vector_append(out, total, capacity, &null, 0, 1, false, arena);
  uint32_t *elements = maker->sides[side].elements;
  for (uint32_t i = 0; i < maker->count; i++) {
    if (elements[i] == EAGRE_LIST_NULL) elements[i] = total;
  }
}

static void finish_side(struct eagre_list_maker *maker, uint32_t side, struct eagre_vector *out) {
  const struct eagre_type *type = maker->call->node->type->fields[side].type;
  struct eagre_arena *arena = maker->call->arena;
  if (maker->count == 0) {
    eagre_vector_init(out, type, 0, arena);
    return;
  }
  struct eagre_vector pool;
  bool is_one = maker->sides[side].source_count == 1 && !maker->sides[side].has_null;
  if (is_one && !maker->sides[side].vectors[0]->is_constant) {
    pool = *maker->sides[side].vectors[0];
  } else {
    make_pool(maker, side, type, &pool);
  }
  eagre_vector_gather(out, &pool, maker->sides[side].elements, maker->count, arena);
  out->type = type;
  eagre_vector_flatten(out, maker->count, arena);
}

void eagre_list_finish(struct eagre_list_maker *maker) {
  struct eagre_vector *out = maker->call->out;
  const struct eagre_type *type = maker->call->node->type;
  out->type = type;
  out->offsets = maker->offsets;
  out->children =
      eagre_arena_allocate_zeroed(maker->call->arena, type->field_count * sizeof *out->children);
  for (uint32_t i = 0; i < type->field_count; i++) {
    finish_side(maker, i, &out->children[i]);
  }
  eagre_list_abort(maker);
}

void eagre_list_abort(struct eagre_list_maker *maker) {
  eagre_free(maker->sides[0].elements);
  eagre_free(maker->sides[1].elements);
}

/* ---- Arrays of texts ------------------------------------------------------------------------- */

void eagre_text_list_begin(struct eagre_text_list *list, struct eagre_kernel_call *call) {
  *list = (struct eagre_text_list){.call = call};
  list->offsets =
      eagre_arena_allocate_vector(call->arena, (call->row_count + 1) * sizeof *list->offsets);
  list->offsets[0] = 0;
}

void eagre_text_list_put(struct eagre_text_list *list, struct eagre_text text) {
  if (list->count == list->capacity) {
    list->capacity = list->capacity == 0 ? 1024 : list->capacity * 2;
    list->texts = eagre_reallocate(list->texts, list->capacity * sizeof *list->texts);
  }
  list->texts[list->count++] = text;
}

void eagre_text_list_end_row(struct eagre_text_list *list, uint32_t row) {
  list->offsets[row + 1] = (int32_t)list->count;
}

void eagre_text_list_finish(struct eagre_text_list *list) {
  struct eagre_arena *arena = list->call->arena;
  struct eagre_vector *child = eagre_arena_allocate(arena, sizeof *child);
  eagre_vector_init(child, eagre_type_of(EAGRE_TYPE_STRING), list->count, arena);
  if (list->count > 0) memcpy(child->data, list->texts, list->count * sizeof *list->texts);
  list->call->out->offsets = list->offsets;
  list->call->out->children = child;
  eagre_free(list->texts);
}

/* ---- Sets of elements ------------------------------------------------------------------------ */

void eagre_list_set_begin(struct eagre_list_set *set, const struct eagre_vector *values,
                          uint32_t size, struct eagre_arena *arena) {
  uint32_t capacity = 16;
  while (capacity < 2 * (uint64_t)size) {
    capacity *= 2;
  }
  if (capacity > set->capacity) {
    set->table = eagre_arena_allocate(arena, capacity * sizeof *set->table);
    set->capacity = capacity;
  }
  memset(set->table, 0, capacity * sizeof *set->table);
  set->values = values;
  set->mask = capacity - 1;
  set->has_null = false;
}

/* The place of an equal element, or the free one where it would go. */
static uint32_t find_place(const struct eagre_list_set *set, const struct eagre_vector *values,
                           uint32_t row) {
  uint32_t at = (uint32_t)eagre_hash_value(values, row) & set->mask;
  for (; set->table[at] != 0; at = (at + 1) & set->mask) {
    if (eagre_compare_rows(set->values, set->table[at] - 1, values, row) == 0) break;
  }
  return at;
}

bool eagre_list_set_add(struct eagre_list_set *set, uint32_t element) {
  if (eagre_vector_is_null(set->values, element)) {
    bool is_new = !set->has_null;
    set->has_null = true;
    return is_new;
  }
  uint32_t at = find_place(set, set->values, element);
  if (set->table[at] != 0) return false;
  set->table[at] = element + 1;
  return true;
}

bool eagre_list_set_has(const struct eagre_list_set *set, const struct eagre_vector *values,
                        uint32_t row) {
  if (eagre_vector_is_null(values, row)) return set->has_null;
  return set->table[find_place(set, values, row)] != 0;
}

/* ---- Maps ------------------------------------------------------------------------------------ */

static enum eagre_status fail_repeated_key(struct eagre_kernel_call *call, uint32_t row,
                                           const struct eagre_vector *keys, uint32_t element) {
  struct eagre_buffer text = {0};
  eagre_value_print(keys, element, call->zone, &text);
  enum eagre_status status =
      eagre_kernel_fail(call, row, "DUPLICATED_MAP_KEY",
                        "Duplicate map key %.200s was found, please check the input data.",
                        eagre_buffer_string(&text));
  eagre_buffer_done(&text);
  return status;
}

enum eagre_status eagre_list_check_keys(struct eagre_kernel_call *call, uint32_t row,
                                        const struct eagre_vector *keys, const uint32_t *elements,
                                        uint32_t count, struct eagre_list_set *set) {
  eagre_list_set_begin(set, keys, count, call->arena);
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_vector_is_null(keys, elements[i])) {
      return eagre_kernel_fail(call, row, "NULL_MAP_KEY", "Cannot use null as map key.");
    }
    if (!eagre_list_set_add(set, elements[i])) {
      return fail_repeated_key(call, row, keys, elements[i]);
    }
  }
  return EAGRE_OK;
}

int64_t eagre_list_find_key(const struct eagre_vector *map, uint32_t row,
                            const struct eagre_vector *keys, uint32_t key_row) {
  struct eagre_list_range range = eagre_list_range_of(map, row);
  for (uint32_t i = range.first; i < range.first + range.size; i++) {
    if (eagre_compare_rows(&map->children[0], i, keys, key_row) == 0) return i;
  }
  return -1;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static enum eagre_status bind_list(struct eagre_bind *bind, uint32_t index,
                                   enum eagre_type_kind kind) {
  const struct eagre_type *nothing = eagre_type_of(EAGRE_TYPE_NULL);
  if (eagre_bind_kind(bind, index) == kind) return EAGRE_OK;
  if (eagre_bind_kind(bind, index) != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, index, kind == EAGRE_TYPE_MAP ? "\"MAP\"" : "\"ARRAY\"");
  }
  return eagre_bind_cast(bind, index,
                         kind == EAGRE_TYPE_MAP ? eagre_type_map(bind->arena, nothing, nothing)
                                                : eagre_type_array(bind->arena, nothing));
}

enum eagre_status eagre_bind_array_argument(struct eagre_bind *bind, uint32_t index) {
  return bind_list(bind, index, EAGRE_TYPE_ARRAY);
}

enum eagre_status eagre_bind_map_argument(struct eagre_bind *bind, uint32_t index) {
  return bind_list(bind, index, EAGRE_TYPE_MAP);
}

enum eagre_status eagre_bind_array_and_value(struct eagre_bind *bind, uint32_t index,
                                             uint32_t value) {
  EAGRE_TRY(eagre_bind_array_argument(bind, index));
  const struct eagre_type *element = eagre_bind_element(bind, index);
  const struct eagre_type *other = bind->arguments[value]->type;
  const struct eagre_type *common =
      eagre_coerce_mixes_texts(element, other) ? NULL : eagre_bind_common(bind, element, other);
  if (common == NULL) {
    return eagre_bind_mismatch(
        bind, "ARRAY_FUNCTION_DIFF_TYPES",
        "Input to `%s` should have been \"ARRAY\" followed by a value with same element type, but "
        "it's [%s, %s].",
        bind->function->info.name,
        eagre_expression_type_name(bind->arena, bind->arguments[index]->type),
        eagre_expression_type_name(bind->arena, bind->arguments[value]->type));
  }
  EAGRE_TRY(eagre_bind_cast(bind, index, eagre_type_array(bind->arena, common)));
  return eagre_bind_cast(bind, value, common);
}

enum eagre_status eagre_bind_same_arrays(struct eagre_bind *bind, uint32_t first, uint32_t end) {
  const struct eagre_type *type;
  for (uint32_t i = first; i < end; i++) {
    bool is_null = eagre_bind_kind(bind, i) == EAGRE_TYPE_NULL;
    if (!is_null || end - first == 1) EAGRE_TRY(eagre_bind_array_argument(bind, i));
  }
  for (uint32_t i = first + 1; i < end; i++) {
    const struct eagre_type *a = bind->arguments[first]->type, *b = bind->arguments[i]->type;
    bool is_same = a->kind == b->kind && !eagre_coerce_mixes_texts(a, b) &&
                   eagre_bind_common(bind, a, b) != NULL;
    if (is_same) continue;
    return eagre_bind_mismatch(
        bind, "BINARY_ARRAY_DIFF_TYPES",
        "Input to function `%s` should have been two \"ARRAY\" with same element type, but it's "
        "[%s, %s].",
        bind->function->info.name, eagre_expression_type_name(bind->arena, a),
        eagre_expression_type_name(bind->arena, b));
  }
  return eagre_bind_unify(bind, first, end, &type);
}

enum eagre_status eagre_bind_require_order(struct eagre_bind *bind, const struct eagre_type *type) {
  if (eagre_compare_is_ordered(type)) return EAGRE_OK;
  return eagre_bind_mismatch(
      bind, "INVALID_ORDERING_TYPE", "The `%s` does not support ordering on type %s.",
      bind->function->info.name, eagre_expression_type_name(bind->arena, type));
}

enum eagre_status eagre_bind_require_typed(struct eagre_bind *bind, uint32_t index) {
  if (eagre_bind_kind(bind, index) != EAGRE_TYPE_NULL) return EAGRE_OK;
  return eagre_bind_mismatch(bind, "NULL_TYPE",
                             "Null typed values cannot be used as arguments of `%s`.",
                             bind->function->info.name);
}

enum eagre_status eagre_bind_require_key(struct eagre_bind *bind, const struct eagre_type *type) {
  if (!eagre_type_holds(type, EAGRE_TYPE_MAP) && !eagre_type_holds(type, EAGRE_TYPE_VARIANT)) {
    return EAGRE_OK;
  }
  return eagre_bind_mismatch(bind, "INVALID_MAP_KEY_TYPE", "The key of map cannot be/contain %s.",
                             eagre_expression_type_name(bind->arena, type));
}
