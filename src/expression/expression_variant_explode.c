/* variant_explode: the members of a VARIANT as an ARRAY of their places, names and values, of which
 * `plan` makes rows. Elements of an array have no name; anything but an object or an array has no
 * members. */
#include "expression/expression_functions.h"
#include "expression/expression_variant.h"

static uint32_t count_members(struct eagre_variant value) {
  enum eagre_variant_kind kind = eagre_variant_kind_of(value);
  if (kind != EAGRE_VARIANT_OBJECT && kind != EAGRE_VARIANT_ARRAY) return 0;
  return eagre_variant_container_of(value).count;
}

/* Fills the offsets of call->out; *out_total: members in all rows. */
static enum eagre_status count_all(struct eagre_kernel_call *call, uint32_t *out_total) {
  uint64_t total = 0;
  call->out->offsets =
      eagre_arena_allocate_vector(call->arena, (call->row_count + 1) * sizeof *call->out->offsets);
  call->out->offsets[0] = 0;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) total += count_members(eagre_kernel_variant(call, 0, row));
    if (total > INT32_MAX) {
      return eagre_kernel_fail(call, row, "COLLECTION_SIZE_LIMIT_EXCEEDED",
                               "A batch cannot hold more than %d elements.", INT32_MAX);
    }
    call->out->offsets[row + 1] = (int32_t)total;
  }
  *out_total = (uint32_t)total;
  return EAGRE_OK;
}

/* The members under construction: vectors of the struct's fields. */
struct explosion {
  int32_t *places;
  struct eagre_vector *names;
  struct eagre_variant_items values;
  uint32_t count;
};

static void put_members(struct eagre_kernel_call *call, uint32_t row, struct explosion *explosion) {
  struct eagre_variant value = eagre_kernel_variant(call, 0, row);
  uint32_t count = count_members(value);
  if (count == 0) return;
  const struct eagre_variant_container container = eagre_variant_container_of(value);
  struct eagre_text *names = EAGRE_VALUES(struct eagre_text, explosion->names);
  for (uint32_t i = 0; i < count; i++, explosion->count++) {
    uint32_t next = explosion->count;
    explosion->places[next] = (int32_t)i;
    explosion->values.values[next] = eagre_variant_member(&container, i);
    explosion->values.rows[next] = row;
    eagre_bit_set(explosion->values.validity, next);
    if (container.ids == NULL) {
      names[next] = (struct eagre_text){0};
      eagre_bit_clear(explosion->names->validity, next);
    } else {
      names[next] = eagre_variant_member_name(&container, i);
    }
  }
}

static enum eagre_status run_explode(struct eagre_kernel_call *call) {
  uint32_t total = 0;
  EAGRE_TRY(count_all(call, &total));
  struct eagre_vector *members = eagre_arena_allocate_zeroed(call->arena, sizeof *members);
  eagre_vector_init(members, call->node->type->fields[0].type, total, call->arena);
  eagre_vector_add_validity(&members->children[1], total, true, call->arena);
  struct explosion explosion = {
      .places = EAGRE_VALUES(int32_t, &members->children[0]),
      .names = &members->children[1],
      .values = eagre_variant_items_make(call->arena, total),
  };
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) put_members(call, row, &explosion);
  }
  call->out->children = members;
  return eagre_variant_cast_items(call, &explosion.values, &members->children[2]);
}

enum eagre_status eagre_bind_variant_explode(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_VARIANT));
  const struct eagre_field fields[] = {
      {EAGRE_TEXT("pos"), eagre_type_of(EAGRE_TYPE_INT), false},
      {EAGRE_TEXT("key"), eagre_type_of(EAGRE_TYPE_STRING), true},
      {EAGRE_TEXT("value"), eagre_type_of(EAGRE_TYPE_VARIANT), false},
  };
  const struct eagre_type *member = eagre_type_struct(bind->arena, fields, 3);
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, member), run_explode);
  return EAGRE_OK;
}
