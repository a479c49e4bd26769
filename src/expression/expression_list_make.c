/* Functions that make arrays and maps of single values, and maps of arrays. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"

/* ---- array ----------------------------------------------------------------------------------- */

enum eagre_status eagre_bind_array(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *element;
  EAGRE_TRY(eagre_bind_unify(bind, 0, bind->argument_count, &element));
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, element), eagre_kernel_array);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_array(struct eagre_kernel_call *call) {
  uint32_t count = call->node->argument_count;
  struct eagre_list_maker maker;
  uint32_t *bases = eagre_arena_allocate(call->arena, (count + 1) * sizeof *bases);
  eagre_list_begin(&maker, call, count);
  for (uint32_t i = 0; i < count; i++) {
    bases[i] = eagre_list_add_source(&maker, 0, call->arguments[i], call->row_count);
  }
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    for (uint32_t i = 0; i < count; i++) {
      eagre_list_put(&maker, bases[i] + eagre_vector_index(call->arguments[i], row));
    }
    status = eagre_list_end_row(&maker, row);
  }
  eagre_list_finish(&maker);
  return status;
}

/* ---- map ------------------------------------------------------------------------------------- */

/* Casts every second argument from `first` on to their common type. */
static enum eagre_status unify_every_second(struct eagre_bind *bind, uint32_t first,
                                            const char *reason, const char *what,
                                            const struct eagre_type **out) {
  const struct eagre_type *common = eagre_bind_common_of(bind, first, bind->argument_count, 2);
  if (common == NULL) {
    return eagre_bind_mismatch(bind, reason,
                               "The given %s of function `map` should all be the same type.", what);
  }
  for (uint32_t i = first; i < bind->argument_count; i += 2) {
    EAGRE_TRY(eagre_bind_cast(bind, i, common));
  }
  *out = common;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_map(struct eagre_bind *bind, struct eagre_expression **out) {
  if (bind->argument_count % 2 != 0) {
    return eagre_bind_fail(bind, bind->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `map` requires 2n (n > 0) parameters but the actual number is %u.",
                           bind->argument_count);
  }
  const struct eagre_type *key, *value;
  EAGRE_TRY(unify_every_second(bind, 0, "CREATE_MAP_KEY_DIFF_TYPES", "keys", &key));
  EAGRE_TRY(unify_every_second(bind, 1, "CREATE_MAP_VALUE_DIFF_TYPES", "values", &value));
  EAGRE_TRY(eagre_bind_require_key(bind, key));
  *out = eagre_bind_call(bind, eagre_type_map(bind->arena, key, value), eagre_kernel_map);
  return EAGRE_OK;
}

/* Maps are made with all pairs first; then the keys of each row are looked at. */
static enum eagre_status check_rows(struct eagre_kernel_call *call) {
  struct eagre_list_set set = {0};
  uint32_t capacity = 0;
  uint32_t *elements = NULL;
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_list_range range = eagre_list_range_of(call->out, row);
    if (range.size > capacity) {
      capacity = range.size;
      elements = eagre_arena_allocate(call->arena, (size_t)capacity * sizeof *elements);
    }
    for (uint32_t i = 0; i < range.size; i++) {
      elements[i] = range.first + i;
    }
    EAGRE_TRY(eagre_list_check_keys(call, row, call->out->children, elements, range.size, &set));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_map(struct eagre_kernel_call *call) {
  uint32_t count = call->node->argument_count;
  struct eagre_list_maker maker;
  uint32_t *bases = eagre_arena_allocate(call->arena, (count + 1) * sizeof *bases);
  eagre_list_begin(&maker, call, count);
  for (uint32_t i = 0; i < count; i++) {
    bases[i] = eagre_list_add_source(&maker, i % 2, call->arguments[i], call->row_count);
  }
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    for (uint32_t i = 0; i + 1 < count; i += 2) {
      eagre_list_put_pair(&maker, bases[i] + eagre_vector_index(call->arguments[i], row),
                          bases[i + 1] + eagre_vector_index(call->arguments[i + 1], row));
    }
    status = eagre_list_end_row(&maker, row);
  }
  eagre_list_finish(&maker);
  return status == EAGRE_OK ? check_rows(call) : status;
}

/* ---- Maps of arrays -------------------------------------------------------------------------- */

enum eagre_status eagre_bind_map_from_arrays(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  EAGRE_TRY(eagre_bind_array_argument(bind, 1));
  const struct eagre_type *key = eagre_bind_element(bind, 0);
  EAGRE_TRY(eagre_bind_require_key(bind, key));
  *out = eagre_bind_call(bind, eagre_type_map(bind->arena, key, eagre_bind_element(bind, 1)),
                         eagre_kernel_map_from_arrays);
  return EAGRE_OK;
}

static enum eagre_status put_zipped(struct eagre_list_maker *maker, uint32_t row) {
  struct eagre_kernel_call *call = maker->call;
  if (!eagre_kernel_is_live(call, row)) return eagre_list_end_row(maker, row);
  struct eagre_list_range keys = eagre_list_range_of(call->arguments[0], row);
  struct eagre_list_range values = eagre_list_range_of(call->arguments[1], row);
  if (keys.size != values.size) {
    return eagre_kernel_fail(call, row, "_LEGACY_ERROR_TEMP_2128",
                             "The key array and value array of MapData must have the same length.");
  }
  for (uint32_t i = 0; i < keys.size; i++) {
    eagre_list_put_pair(maker, keys.first + i, values.first + i);
  }
  return eagre_list_end_row(maker, row);
}

enum eagre_status eagre_kernel_map_from_arrays(struct eagre_kernel_call *call) {
  struct eagre_list_maker maker;
  eagre_list_begin(&maker, call, 1);
  for (uint32_t i = 0; i < 2; i++) {
    const struct eagre_vector *list = call->arguments[i];
    eagre_list_add_source(&maker, i, list->children, eagre_list_count(list, call->row_count));
  }
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    status = put_zipped(&maker, row);
  }
  if (status != EAGRE_OK) {
    eagre_list_abort(&maker);
    return status;
  }
  eagre_list_finish(&maker);
  return check_rows(call);
}

/* An ARRAY of STRUCTs of two fields. */
enum eagre_status eagre_bind_map_from_entries(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  const struct eagre_type *entry = eagre_bind_element(bind, 0);
  if (entry->kind != EAGRE_TYPE_STRUCT || entry->field_count != 2) {
    return eagre_bind_unexpected(bind, 0, "\"ARRAY\" of pair \"STRUCT\"");
  }
  EAGRE_TRY(eagre_bind_require_key(bind, entry->fields[0].type));
  *out = eagre_bind_call(bind,
                         eagre_type_map(bind->arena, entry->fields[0].type, entry->fields[1].type),
                         eagre_kernel_map_from_entries);
  return EAGRE_OK;
}

/* A row with a NULL entry is NULL. */
static void put_entries(struct eagre_list_maker *maker, uint32_t row) {
  struct eagre_kernel_call *call = maker->call;
  const struct eagre_vector *entries = call->arguments[0]->children;
  struct eagre_list_range range = eagre_list_range_of(call->arguments[0], row);
  for (uint32_t i = 0; i < range.size; i++) {
    if (eagre_vector_is_null(entries, range.first + i)) {
      eagre_kernel_set_null(call, row);
      return;
    }
  }
  eagre_list_put_range(maker, range.first, range.size);
}

enum eagre_status eagre_kernel_map_from_entries(struct eagre_kernel_call *call) {
  const struct eagre_vector *list = call->arguments[0];
  uint32_t count = eagre_list_count(list, call->row_count);
  struct eagre_list_maker maker;
  eagre_list_begin(&maker, call, 1);
  eagre_list_add_source(&maker, 0, &list->children->children[0], count);
  eagre_list_add_source(&maker, 1, &list->children->children[1], count);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    if (eagre_kernel_is_live(call, row)) put_entries(&maker, row);
    status = eagre_list_end_row(&maker, row);
  }
  eagre_list_finish(&maker);
  return status == EAGRE_OK ? check_rows(call) : status;
}

enum eagre_status eagre_bind_map_concat(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  const struct eagre_type *type = eagre_type_map(bind->arena, text, text);
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    if (eagre_bind_kind(bind, i) == EAGRE_TYPE_MAP) continue;
    return eagre_bind_mismatch(bind, "MAP_CONCAT_DIFF_TYPES",
                               "The `map_concat` should all be of type map, but %s is none.",
                               eagre_expression_sql(bind->arena, bind->arguments[i]));
  }
  for (uint32_t i = 1; i < bind->argument_count && !eagre_bind_is_legacy(bind); i++) {
    if (!eagre_coerce_mixes_texts(bind->arguments[0]->type, bind->arguments[i]->type)) continue;
    return eagre_bind_refuse_different(bind, 0, bind->argument_count);
  }
  if (bind->argument_count > 0) {
    EAGRE_TRY(eagre_bind_unify(bind, 0, bind->argument_count, &type));
  }
  *out = eagre_bind_call(bind, type, eagre_kernel_map_concat);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_map_concat(struct eagre_kernel_call *call) {
  uint32_t count = call->node->argument_count;
  struct eagre_list_maker maker;
  uint32_t *bases = eagre_arena_allocate(call->arena, (count + 1) * sizeof *bases);
  eagre_list_begin(&maker, call, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_vector *map = call->arguments[i];
    uint32_t pairs = eagre_list_count(map, call->row_count);
    bases[i] = eagre_list_add_source(&maker, 0, &map->children[0], pairs);
    eagre_list_add_source(&maker, 1, &map->children[1], pairs);
  }
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    for (uint32_t i = 0; i < count && eagre_kernel_is_live(call, row); i++) {
      struct eagre_list_range range = eagre_list_range_of(call->arguments[i], row);
      eagre_list_put_range(&maker, bases[i] + range.first, range.size);
    }
    status = eagre_list_end_row(&maker, row);
  }
  eagre_list_finish(&maker);
  return status == EAGRE_OK ? check_rows(call) : status;
}

/* ---- Parts of maps --------------------------------------------------------------------------- */

/* The offsets of the map, and one of its children. */
static void take_child(struct eagre_kernel_call *call, const struct eagre_vector *child) {
  call->out->offsets = call->arguments[0]->offsets;
  call->out->children = eagre_arena_allocate(call->arena, sizeof *child);
  call->out->children[0] = *child;
}

static enum eagre_status bind_part(struct eagre_bind *bind, uint32_t index, eagre_kernel_fn *kernel,
                                   struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_map_argument(bind, 0));
  const struct eagre_type *part = bind->arguments[0]->type->fields[index].type;
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, part), kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_map_keys(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_part(bind, 0, eagre_kernel_map_keys, out);
}

enum eagre_status eagre_bind_map_values(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_part(bind, 1, eagre_kernel_map_values, out);
}

enum eagre_status eagre_kernel_map_keys(struct eagre_kernel_call *call) {
  take_child(call, &call->arguments[0]->children[0]);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_map_values(struct eagre_kernel_call *call) {
  take_child(call, &call->arguments[0]->children[1]);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_map_entries(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_map_argument(bind, 0));
  const struct eagre_type *map = bind->arguments[0]->type;
  const struct eagre_type *entry = eagre_type_struct(bind->arena, map->fields, 2);
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, entry), eagre_kernel_map_entries);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_map_entries(struct eagre_kernel_call *call) {
  const struct eagre_vector entry = {.type = call->node->type->fields[0].type,
                                     .children = call->arguments[0]->children};
  take_child(call, &entry);
  return EAGRE_OK;
}
