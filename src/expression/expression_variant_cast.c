/* CAST from VARIANT: values are sorted by what they hold, and each kind is cast by the cast that
 * its type has anyway, a vector at a time. ARRAY, MAP and STRUCT are taken apart, and their members
 * cast together. */
#include <string.h>

#include "expression/expression_variant.h"

/* ---- Which casts there are ------------------------------------------------------------------- */

bool eagre_variant_casts_to(const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_NULL || eagre_type_is_interval(type->kind)) return false;
  if (type->kind == EAGRE_TYPE_MAP && type->fields[0].type->kind != EAGRE_TYPE_STRING) return false;
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (!eagre_variant_casts_to(type->fields[i].type)) return false;
  }
  return true;
}

/* ---- Items ----------------------------------------------------------------------------------- */

struct eagre_variant_items eagre_variant_items_make(struct eagre_arena *arena, uint32_t count) {
  struct eagre_variant_items items = {
      .values = eagre_arena_allocate(arena, (size_t)count * sizeof *items.values + 1),
      .validity = eagre_arena_allocate_vector(arena, eagre_bits_size(count)),
      .rows = eagre_arena_allocate(arena, (size_t)count * sizeof *items.rows + 1),
      .count = count,
  };
  eagre_bits_fill(items.validity, count, false);
  return items;
}

static void put_item(struct eagre_variant_items *items, uint32_t index, struct eagre_variant value,
                     uint32_t row) {
  items->values[index] = value;
  items->rows[index] = row;
  eagre_bit_set(items->validity, index);
}

/* Item `index` cannot be cast. */
static enum eagre_status refuse_item(struct eagre_kernel_call *call,
                                     const struct eagre_variant_items *items, uint32_t index,
                                     struct eagre_vector *out) {
  eagre_bit_clear(out->validity, index);
  if (call->node->is_try) return EAGRE_OK;
  struct eagre_buffer text = {0};
  eagre_variant_print(items->values[index], call->zone, &text);
  enum eagre_status status = eagre_kernel_fail(
      call, items->rows[index], "INVALID_VARIANT_CAST",
      "The variant value `%.200s` cannot be cast into %s. Please use "
      "`try_variant_get` instead.",
      eagre_buffer_string(&text), eagre_expression_type_name(call->arena, out->type));
  eagre_buffer_done(&text);
  return status;
}

/* ---- Single values --------------------------------------------------------------------------- */

/* Items of one kind, and of one scale for DECIMAL, as a vector of that type. */
struct group {
  const struct eagre_type *type;
  enum eagre_variant_kind kind;
  unsigned scale;
  uint32_t *members; /* numbers of items */
  uint32_t count;
};

static const struct eagre_type *type_of_kind(struct eagre_arena *arena,
                                             enum eagre_variant_kind kind, unsigned scale) {
  static const enum eagre_type_kind kinds[] = {
      [EAGRE_VARIANT_NULL] = EAGRE_TYPE_NULL,
      [EAGRE_VARIANT_BOOLEAN] = EAGRE_TYPE_BOOLEAN,
      [EAGRE_VARIANT_INTEGER] = EAGRE_TYPE_BIGINT,
      [EAGRE_VARIANT_FLOAT] = EAGRE_TYPE_FLOAT,
      [EAGRE_VARIANT_DOUBLE] = EAGRE_TYPE_DOUBLE,
      [EAGRE_VARIANT_DATE] = EAGRE_TYPE_DATE,
      [EAGRE_VARIANT_TIMESTAMP] = EAGRE_TYPE_TIMESTAMP,
      [EAGRE_VARIANT_TIMESTAMP_NTZ] = EAGRE_TYPE_TIMESTAMP_NTZ,
      [EAGRE_VARIANT_BINARY] = EAGRE_TYPE_BINARY,
      [EAGRE_VARIANT_STRING] = EAGRE_TYPE_STRING,
  };
  if (kind == EAGRE_VARIANT_DECIMAL) {
    return eagre_type_decimal(arena, EAGRE_DECIMAL_PRECISION_MAX, scale);
  }
  return eagre_type_of(kinds[kind]);
}

static void read_single(struct eagre_variant value, enum eagre_variant_kind kind,
                        struct eagre_vector *out, uint32_t row) {
  unsigned scale;
  switch (kind) {
  case EAGRE_VARIANT_BOOLEAN:
    eagre_bit_put(out->data, row, eagre_variant_boolean(value));
    break;
  case EAGRE_VARIANT_FLOAT:
    EAGRE_VALUES(float, out)[row] = eagre_variant_float(value);
    break;
  case EAGRE_VARIANT_DOUBLE:
    EAGRE_VALUES(double, out)[row] = eagre_variant_double(value);
    break;
  case EAGRE_VARIANT_DECIMAL:
    EAGRE_VALUES(eagre_decimal, out)[row] = eagre_variant_decimal_stripped(value, &scale);
    break;
  case EAGRE_VARIANT_DATE:
    EAGRE_VALUES(int32_t, out)[row] = (int32_t)eagre_variant_integer(value);
    break;
  case EAGRE_VARIANT_BINARY:
  case EAGRE_VARIANT_STRING:
    EAGRE_VALUES(struct eagre_text, out)[row] = eagre_variant_text(value);
    break;
  default:
    EAGRE_VALUES(int64_t, out)[row] = eagre_variant_integer(value);
    break;
  }
}

/* The cast of the group's type to that of `out`, as TRY_CAST does it; *out_cast stays without type
 * when there is none. */
static enum eagre_status cast_group(struct eagre_kernel_call *call,
                                    const struct eagre_variant_items *items,
                                    const struct group *group, const struct eagre_type *type,
                                    struct eagre_vector *out_cast) {
  struct eagre_vector from;
  eagre_vector_init(&from, group->type, group->count, call->arena);
  for (uint32_t i = 0; i < group->count; i++) {
    read_single(items->values[group->members[i]], group->kind, &from, i);
  }
  if (eagre_type_equal(group->type, type)) {
    *out_cast = from;
    return EAGRE_OK;
  }
  *out_cast = (struct eagre_vector){0};
  struct eagre_cast_rule rule = eagre_cast_find(group->type->kind, type->kind, false);
  if (rule.run == NULL) return EAGRE_OK;
  struct eagre_expression node = *call->node;
  struct eagre_kernel_call inner = *call;
  node.is_try = true;
  node.is_legacy = false; /* values are cast the same without ANSI, and fail */
  inner.node = &node;
  inner.row_count = group->count;
  inner.out = out_cast;
  inner.owns_validity = false;
  out_cast->type = type;
  struct eagre_cast cast = {&inner, &from, out_cast, group->count};
  return rule.run(&cast);
}

/* Seconds beyond the range of a TIMESTAMP saturate when a number is cast, and fail in a VARIANT. */
static bool is_saturated(const struct group *group, const struct eagre_vector *cast, uint32_t row) {
  bool is_number = group->kind == EAGRE_VARIANT_INTEGER || group->kind == EAGRE_VARIANT_DECIMAL;
  if (!is_number || cast->type->kind != EAGRE_TYPE_TIMESTAMP) return false;
  int64_t value = EAGRE_VALUES(const int64_t, cast)[row];
  return value == INT64_MAX || value == INT64_MIN;
}

/* Puts the values of a group in their places. */
static enum eagre_status put_group(struct eagre_kernel_call *call,
                                   const struct eagre_variant_items *items,
                                   const struct group *group, struct eagre_vector *out) {
  struct eagre_vector cast;
  EAGRE_TRY(cast_group(call, items, group, out->type, &cast));
  for (uint32_t i = 0; i < group->count; i++) {
    bool is_refused = cast.type == NULL || eagre_vector_is_null(&cast, i);
    if (!is_refused && is_saturated(group, &cast, i)) {
      if (cast.validity == NULL) {
        eagre_vector_add_validity(&cast, group->count, true, call->arena);
      }
      eagre_bit_clear(cast.validity, i);
      is_refused = true;
    }
    if (is_refused) EAGRE_TRY(refuse_item(call, items, group->members[i], out));
  }
  if (cast.type == NULL) return EAGRE_OK;
  eagre_vector_scatter(out, items->count, &cast, group->members, group->count, call->arena);
  return EAGRE_OK;
}

/* Objects and arrays become texts; anything else is refused. */
static enum eagre_status put_containers(struct eagre_kernel_call *call,
                                        const struct eagre_variant_items *items,
                                        const struct group *group, struct eagre_vector *out) {
  struct eagre_text_writer writer;
  struct eagre_buffer text = {0};
  enum eagre_status status = EAGRE_OK;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t i = 0; i < group->count && status == EAGRE_OK; i++) {
    uint32_t item = group->members[i];
    if (out->type->kind != EAGRE_TYPE_STRING) {
      status = refuse_item(call, items, item, out);
      continue;
    }
    eagre_buffer_clear(&text);
    eagre_variant_print(items->values[item], call->zone, &text);
    EAGRE_VALUES(struct eagre_text, out)
    [item] = eagre_text_writer_copy(&writer, eagre_buffer_text(&text));
  }
  eagre_buffer_done(&text);
  return status;
}

/* Which group an item belongs to: its kind, and behind the kinds the scales of DECIMAL. */
enum { GROUP_COUNT = EAGRE_VARIANT_ARRAY + 1 + EAGRE_DECIMAL_PRECISION_MAX + 1 };

static unsigned group_of(struct eagre_variant value) {
  unsigned scale;
  enum eagre_variant_kind kind = eagre_variant_kind_of(value);
  if (kind != EAGRE_VARIANT_DECIMAL) return kind;
  eagre_variant_decimal_stripped(value, &scale);
  return EAGRE_VARIANT_ARRAY + 1 + scale;
}

static enum eagre_status cast_single(struct eagre_kernel_call *call,
                                     const struct eagre_variant_items *items,
                                     struct eagre_vector *out) {
  uint32_t counts[GROUP_COUNT] = {0};
  uint8_t *groups = eagre_arena_allocate(call->arena, items->count + 1);
  for (uint32_t i = 0; i < items->count; i++) {
    groups[i] = eagre_bit_get(items->validity, i) ? (uint8_t)group_of(items->values[i]) : 0;
    counts[groups[i]]++;
    if (groups[i] == EAGRE_VARIANT_NULL) eagre_bit_clear(out->validity, i);
  }
  uint32_t *members = eagre_arena_allocate(call->arena, items->count * sizeof *members + 1);
  for (unsigned g = EAGRE_VARIANT_NULL + 1; g < GROUP_COUNT; g++) {
    if (counts[g] == 0) continue;
    struct group group = {.members = members, .kind = (enum eagre_variant_kind)g};
    if (g > EAGRE_VARIANT_ARRAY) {
      group.kind = EAGRE_VARIANT_DECIMAL;
      group.scale = g - EAGRE_VARIANT_ARRAY - 1;
    }
    for (uint32_t i = 0; i < items->count; i++) {
      if (groups[i] == g) members[group.count++] = i;
    }
    if (group.kind >= EAGRE_VARIANT_OBJECT) {
      EAGRE_TRY(put_containers(call, items, &group, out));
    } else {
      group.type = type_of_kind(call->arena, group.kind, group.scale);
      EAGRE_TRY(put_group(call, items, &group, out));
    }
  }
  return EAGRE_OK;
}

/* ---- ARRAY, MAP, STRUCT ---------------------------------------------------------------------- */

/* Items of the wanted kind keep their place in `out`; others become NULL. *out_total: members. */
static enum eagre_status check_containers(struct eagre_kernel_call *call,
                                          const struct eagre_variant_items *items,
                                          enum eagre_variant_kind wanted, struct eagre_vector *out,
                                          uint64_t *out_total) {
  *out_total = 0;
  for (uint32_t i = 0; i < items->count; i++) {
    if (!eagre_bit_get(items->validity, i)) continue;
    enum eagre_variant_kind kind = eagre_variant_kind_of(items->values[i]);
    if (kind == wanted) {
      *out_total += eagre_variant_container_of(items->values[i]).count;
    } else if (kind == EAGRE_VARIANT_NULL) {
      eagre_bit_clear(out->validity, i);
    } else {
      EAGRE_TRY(refuse_item(call, items, i, out));
    }
  }
  return EAGRE_OK;
}

static enum eagre_status cast_list(struct eagre_kernel_call *call,
                                   const struct eagre_variant_items *items,
                                   struct eagre_vector *out) {
  bool is_map = out->type->kind == EAGRE_TYPE_MAP;
  uint64_t total;
  EAGRE_TRY(check_containers(call, items, is_map ? EAGRE_VARIANT_OBJECT : EAGRE_VARIANT_ARRAY, out,
                             &total));
  if (total > INT32_MAX) {
    return eagre_kernel_fail(call, 0, "COLLECTION_SIZE_LIMIT_EXCEEDED",
                             "A batch cannot hold more than %d elements.", INT32_MAX);
  }
  struct eagre_variant_items members = eagre_variant_items_make(call->arena, (uint32_t)total);
  out->children = eagre_arena_allocate_zeroed(call->arena, 2 * sizeof *out->children);
  if (is_map) {
    eagre_vector_init(&out->children[0], out->type->fields[0].type, (uint32_t)total, call->arena);
  }
  uint32_t next = 0;
  out->offsets[0] = 0;
  for (uint32_t i = 0; i < items->count; i++) {
    bool is_valid = eagre_bit_get(out->validity, i);
    struct eagre_variant_container container = {0};
    if (is_valid) container = eagre_variant_container_of(items->values[i]);
    for (uint32_t k = 0; k < container.count; k++, next++) {
      put_item(&members, next, eagre_variant_member(&container, k), items->rows[i]);
      if (!is_map) continue;
      EAGRE_VALUES(struct eagre_text, &out->children[0])
      [next] = eagre_variant_member_name(&container, k);
    }
    out->offsets[i + 1] = (int32_t)next;
  }
  struct eagre_vector *values = &out->children[is_map];
  values->type = out->type->fields[is_map].type;
  return eagre_variant_cast_items(call, &members, values);
}

static enum eagre_status cast_struct(struct eagre_kernel_call *call,
                                     const struct eagre_variant_items *items,
                                     struct eagre_vector *out) {
  uint64_t total;
  EAGRE_TRY(check_containers(call, items, EAGRE_VARIANT_OBJECT, out, &total));
  for (uint32_t f = 0; f < out->type->field_count; f++) {
    struct eagre_variant_items members = eagre_variant_items_make(call->arena, items->count);
    for (uint32_t i = 0; i < items->count; i++) {
      struct eagre_variant member;
      if (!eagre_bit_get(out->validity, i)) continue;
      if (!eagre_variant_find(items->values[i], out->type->fields[f].name, &member)) continue;
      put_item(&members, i, member, items->rows[i]);
    }
    EAGRE_TRY(eagre_variant_cast_items(call, &members, &out->children[f]));
  }
  return EAGRE_OK;
}

static void cast_parts(struct eagre_kernel_call *call, const struct eagre_variant_items *items,
                       struct eagre_vector *out) {
  struct eagre_variant_output output = {0};
  eagre_text_writer_init(&output.writer, call->arena);
  for (uint32_t i = 0; i < items->count; i++) {
    EAGRE_VALUES(struct eagre_text, out)
    [i] = eagre_bit_get(items->validity, i) ? eagre_variant_output_part(&output, items->values[i])
                                            : (struct eagre_text){0};
  }
  eagre_variant_builder_done(&output.builder);
}

enum eagre_status eagre_variant_cast_items(struct eagre_kernel_call *call,
                                           const struct eagre_variant_items *items,
                                           struct eagre_vector *out) {
  const struct eagre_type *type = out->type;
  eagre_vector_init(out, type, items->count, call->arena);
  out->validity = eagre_arena_allocate_vector(call->arena, eagre_bits_size(items->count));
  memcpy(out->validity, items->validity, eagre_bits_size(items->count));
  if (eagre_type_is_text(type->kind)) {
    memset(out->data, 0, (size_t)items->count * sizeof(struct eagre_text));
  }
  switch (type->kind) {
  case EAGRE_TYPE_VARIANT:
    cast_parts(call, items, out);
    return EAGRE_OK;
  case EAGRE_TYPE_STRUCT:
    return cast_struct(call, items, out);
  case EAGRE_TYPE_ARRAY:
  case EAGRE_TYPE_MAP:
    return cast_list(call, items, out);
  default:
    return cast_single(call, items, out);
  }
}

enum eagre_status eagre_cast_from_variant(struct eagre_cast *cast) {
  struct eagre_variant_items items = eagre_variant_items_make(cast->call->arena, cast->row_count);
  const struct eagre_text *texts = EAGRE_VALUES(const struct eagre_text, cast->from);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    if (eagre_cast_is_live(cast, row)) put_item(&items, row, eagre_variant_open(texts[row]), row);
  }
  cast->call->owns_validity |= cast->out == cast->call->out;
  return eagre_variant_cast_items(cast->call, &items, cast->out);
}
