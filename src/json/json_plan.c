/* Compiling a schema into slots and objects (json_plan.h). */
#include "json/json_plan.h"

/* ---- Members by name ------------------------------------------------------------------------- */

/* The ends of a name; see eagre_json_name_hash. */
static void get_ends(struct eagre_text name, uint64_t *out_first, uint64_t *out_last) {
  size_t part = name.size < 8 ? name.size : 8;
  *out_first = 0;
  *out_last = 0;
  if (part == 0) return;
  memcpy(out_first, name.data, part);
  memcpy(out_last, name.data + name.size - part, part);
}

static uint32_t hash_name(const struct eagre_json_object *object, struct eagre_text name) {
  uint64_t first;
  uint64_t last;
  get_ends(name, &first, &last);
  return eagre_json_name_hash(first, last, name.size, object);
}

int eagre_json_object_find(const struct eagre_json_object *object, struct eagre_text name) {
  uint32_t at = hash_name(object, name);
  for (; object->table[at] != 0; at = (at + 1) & object->table_mask) {
    uint16_t member = (uint16_t)(object->table[at] - 1);
    if (eagre_text_equal(object->members[member].name, name)) return member;
  }
  return EAGRE_JSON_MEMBER_NONE;
}

/* When a schema names a field twice the last one gets the values, as in Spark. */
static void add_member(struct eagre_json_object *object, struct eagre_text name, uint32_t slot) {
  int found = eagre_json_object_find(object, name);
  if (found != EAGRE_JSON_MEMBER_NONE) {
    object->members[found].slot = slot;
    return;
  }
  uint32_t at = hash_name(object, name);
  while (object->table[at] != 0)
    at = (at + 1) & object->table_mask;
  struct eagre_json_member *member = &object->members[object->member_count];
  *member = (struct eagre_json_member){.name = name, .slot = slot};
  get_ends(name, &member->first, &member->last);
  object->table[at] = (uint16_t)++object->member_count;
}

static void init_object(struct eagre_json_object *object, uint32_t field_count,
                        struct eagre_arena *arena) {
  uint32_t table_bits = 3;
  while ((1u << table_bits) < 2 * field_count)
    table_bits++;
  object->table_shift = 64 - table_bits;
  object->table_mask = (1u << table_bits) - 1;
  object->table = eagre_arena_allocate_zeroed(arena, sizeof *object->table << table_bits);
  object->members = eagre_arena_allocate(arena, (field_count + 1) * sizeof *object->members);
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static uint32_t count_fields(const struct eagre_type *type) {
  uint32_t count = type->field_count;
  for (uint32_t i = 0; i < type->field_count; i++)
    count += count_fields(type->fields[i].type);
  return count;
}

static uint32_t get_depth(const struct eagre_type *type) {
  uint32_t depth = 0;
  for (uint32_t i = 0; i < type->field_count; i++) {
    uint32_t below = get_depth(type->fields[i].type);
    if (below > depth) depth = below;
  }
  return depth + (type->kind == EAGRE_TYPE_STRUCT);
}

static bool is_decodable(enum eagre_type_kind kind) {
  return kind != EAGRE_TYPE_NULL && eagre_type_is_supported(kind);
}

static enum eagre_status refuse_type(const struct eagre_field *field, struct eagre_error *error) {
  struct eagre_buffer name = {0};
  eagre_type_print(&name, field->type);
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_DATATYPE",
                  "from_json cannot read the field %.*s: the type %s is not supported.",
                  (int)field->name.size, field->name.data, eagre_buffer_string(&name));
  eagre_error_hint(error, "Read it as STRING and convert it in the query.");
  eagre_buffer_done(&name);
  return EAGRE_USAGE;
}

static enum eagre_status check_key(const struct eagre_type *type, struct eagre_error *error) {
  if (type->kind != EAGRE_TYPE_MAP || type->fields[0].type->kind == EAGRE_TYPE_STRING) {
    return EAGRE_OK;
  }
  struct eagre_buffer name = {0};
  eagre_type_print(&name, type);
  eagre_error_set(error, EAGRE_USAGE, "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE",
                  "Input schema \"%s\" can only contain STRING as a key type for a MAP.",
                  eagre_buffer_string(&name));
  eagre_buffer_done(&name);
  return EAGRE_USAGE;
}

static enum eagre_status check_types(const struct eagre_type *type, struct eagre_error *error) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    const struct eagre_field *field = &type->fields[i];
    if (!is_decodable(field->type->kind)) return refuse_type(field, error);
    EAGRE_TRY(check_key(field->type, error));
    EAGRE_TRY(check_types(field->type, error));
  }
  return EAGRE_OK;
}

static void add_fields(struct eagre_json_plan *plan, struct eagre_json_object *object,
                       const struct eagre_type *type, const bool *is_needed,
                       struct eagre_arena *arena);

/* Slots for the fields of a STRUCT, or of an ARRAY's or MAP's type. */
static void fill_plan(struct eagre_json_plan *plan, const struct eagre_type *type,
                      const bool *is_needed, struct eagre_arena *arena) {
  *plan = (struct eagre_json_plan){.depth = get_depth(type)};
  plan->slots = eagre_arena_allocate_zeroed(arena, (count_fields(type) + 1) * sizeof *plan->slots);
  add_fields(plan, &plan->root, type, is_needed, arena);
}

static void add_below(struct eagre_json_plan *plan, struct eagre_json_slot *slot,
                      const struct eagre_type *type, struct eagre_arena *arena) {
  if (type->kind == EAGRE_TYPE_STRUCT) {
    slot->object = eagre_arena_allocate_zeroed(arena, sizeof *slot->object);
    add_fields(plan, slot->object, type, NULL, arena);
  } else if (eagre_type_is_list(type->kind)) {
    slot->list = eagre_arena_allocate_zeroed(arena, sizeof *slot->list);
    fill_plan(&slot->list->plan, type, NULL, arena);
  }
}

static void add_fields(struct eagre_json_plan *plan, struct eagre_json_object *object,
                       const struct eagre_type *type, const bool *is_needed,
                       struct eagre_arena *arena) {
  init_object(object, type->field_count, arena);
  object->slots = plan->slots;
  object->slot_begin = plan->slot_count;
  for (uint32_t i = 0; i < type->field_count; i++) {
    const struct eagre_field *field = &type->fields[i];
    if (is_needed != NULL && !is_needed[i]) continue;
    uint32_t slot = plan->slot_count++;
    plan->slots[slot] = (struct eagre_json_slot){.kind = field->type->kind, .field = field};
    add_member(object, field->name, slot);
    add_below(plan, &plan->slots[slot], field->type, arena);
  }
  object->slot_end = plan->slot_count;
}

enum eagre_status eagre_json_plan_make(struct eagre_json_plan *plan,
                                       const struct eagre_type *schema, const bool *is_needed,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  uint32_t field_count = count_fields(schema);
  if (field_count > UINT16_MAX - 1) {
    return eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_DATATYPE",
                           "from_json cannot read a schema of more than 65534 fields.");
  }
  EAGRE_TRY(check_types(schema, error));
  fill_plan(plan, schema, is_needed, arena);
  return EAGRE_OK;
}
