/* What functions of ARRAY and MAP share: ranges of elements, lists under construction, sets of
 * elements, and binders' checks. */
#pragma once

#include "expression/expression_bind.h"
#include "expression/expression_kernel.h"

/* The elements of one row: rows [first, first + size) of the list's children. */
struct eagre_list_range {
  uint32_t first;
  uint32_t size;
};

static inline struct eagre_list_range eagre_list_range_of(const struct eagre_vector *list,
                                                          uint32_t row) {
  uint32_t index = eagre_vector_index(list, row);
  uint32_t first = (uint32_t)list->offsets[index];
  return (struct eagre_list_range){first, (uint32_t)list->offsets[index + 1] - first};
}

/* How many elements a list has in all rows, of one row for a constant. */
static inline uint32_t eagre_list_count(const struct eagre_vector *list, uint32_t row_count) {
  return (uint32_t)list->offsets[list->is_constant ? 1 : row_count];
}

/* ---- Lists under construction ---------------------------------------------------------------- */

enum {
  EAGRE_LIST_NULL = INT32_MAX, /* the number of a NULL element */
  /* Elements that one call makes for one batch; more fail. */
  EAGRE_LIST_ELEMENTS_MAX = 1 << 27,
};

/* The result of a kernel, row by row from the first to the last. Elements are numbers of rows of
 * sources that stand one behind the other; they are gathered in the end. A MAP has sources and
 * numbers for keys, [0], and for values, [1]. */
struct eagre_list_maker {
  struct eagre_kernel_call *call;
  int32_t *offsets;
  uint32_t count; /* of elements */
  uint32_t capacity;
  bool is_full; /* too many elements: the numbers are not kept */
  struct {
    const struct eagre_vector **vectors;
    uint32_t *counts;
    uint32_t source_count;
    uint32_t total;
    bool has_null;
    uint32_t *elements; /* heap */
  } sides[2];
};

/* At most `source_count` sources will be added to each side. */
void eagre_list_begin(struct eagre_list_maker *maker, struct eagre_kernel_call *call,
                      uint32_t source_count);
/* Returns the number of the source's row 0. A constant has one row. */
uint32_t eagre_list_add_source(struct eagre_list_maker *maker, uint32_t side,
                               const struct eagre_vector *vector, uint32_t row_count);
/* Adds an element to the current row; `value` counts for a MAP. */
void eagre_list_put(struct eagre_list_maker *maker, uint32_t element);
void eagre_list_put_pair(struct eagre_list_maker *maker, uint32_t key, uint32_t value);
void eagre_list_put_range(struct eagre_list_maker *maker, uint32_t first, uint32_t count);
/* Row `row` is complete. DATA COLLECTION_SIZE_LIMIT_EXCEEDED when there are too many elements. */
enum eagre_status eagre_list_end_row(struct eagre_list_maker *maker, uint32_t row);
/* Makes call->out, whose validity stays. Frees the maker; so does `abort`. */
void eagre_list_finish(struct eagre_list_maker *maker);
void eagre_list_abort(struct eagre_list_maker *maker);

/* Arrays of texts under construction, which point to where the texts are. */
struct eagre_text_list {
  struct eagre_kernel_call *call;
  int32_t *offsets;
  struct eagre_text *texts; /* heap */
  uint32_t count;
  uint32_t capacity;
};
void eagre_text_list_begin(struct eagre_text_list *list, struct eagre_kernel_call *call);
/* Adds an element to the current row. */
void eagre_text_list_put(struct eagre_text_list *list, struct eagre_text text);
void eagre_text_list_end_row(struct eagre_text_list *list, uint32_t row);
/* Makes call->out and frees the list, also when not all rows were ended. */
void eagre_text_list_finish(struct eagre_text_list *list);

/* ---- Sets of elements ------------------------------------------------------------------------ */

/* Equal as `=` says, NULL equals NULL. */
struct eagre_list_set {
  const struct eagre_vector *values;
  uint32_t *table; /* element + 1, or 0 */
  uint32_t mask;
  uint32_t capacity;
  bool has_null;
};

/* Empties the set and makes room for `size` elements of `values`. */
void eagre_list_set_begin(struct eagre_list_set *set, const struct eagre_vector *values,
                          uint32_t size, struct eagre_arena *arena);
/* False when an equal element is there already. */
bool eagre_list_set_add(struct eagre_list_set *set, uint32_t element);
bool eagre_list_set_has(const struct eagre_list_set *set, const struct eagre_vector *values,
                        uint32_t row);
/* Equal values have equal hashes (expression_hash.c). */
uint64_t eagre_hash_value(const struct eagre_vector *vector, uint32_t row);

/* ---- Maps ------------------------------------------------------------------------------------ */

/* Fails for a NULL or repeated key among `count` rows of `keys` listed in `elements`. */
enum eagre_status eagre_list_check_keys(struct eagre_kernel_call *call, uint32_t row,
                                        const struct eagre_vector *keys, const uint32_t *elements,
                                        uint32_t count, struct eagre_list_set *set);
/* The element of a MAP's row that has the key in row `key_row` of `keys`, or -1. */
int64_t eagre_list_find_key(const struct eagre_vector *map, uint32_t row,
                            const struct eagre_vector *keys, uint32_t key_row);

/* ---- Binding --------------------------------------------------------------------------------- */

static inline const struct eagre_type *eagre_bind_element(const struct eagre_bind *bind,
                                                          uint32_t index) {
  return bind->arguments[index]->type->fields[0].type;
}

/* Argument `index` must be an ARRAY, or a MAP; a bare NULL becomes one of VOID. */
enum eagre_status eagre_bind_array_argument(struct eagre_bind *bind, uint32_t index);
enum eagre_status eagre_bind_map_argument(struct eagre_bind *bind, uint32_t index);
/* Casts the elements of array `index` and the value of argument `value` to their common type. */
enum eagre_status eagre_bind_array_and_value(struct eagre_bind *bind, uint32_t index,
                                             uint32_t value);
/* Casts arrays `first` to `end` to one type; USAGE BINARY_ARRAY_DIFF_TYPES when there is none. */
enum eagre_status eagre_bind_same_arrays(struct eagre_bind *bind, uint32_t first, uint32_t end);
/* Refuses types without an order: INVALID_ORDERING_TYPE. */
enum eagre_status eagre_bind_require_order(struct eagre_bind *bind, const struct eagre_type *type);
/* USAGE NULL_TYPE when argument `index` is a bare NULL. */
enum eagre_status eagre_bind_require_typed(struct eagre_bind *bind, uint32_t index);
/* Refuses a MAP or VARIANT as a key. */
enum eagre_status eagre_bind_require_key(struct eagre_bind *bind, const struct eagre_type *type);
