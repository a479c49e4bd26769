/* A schema made ready for decoding: one slot per field at any depth, one object per STRUCT.
 *
 * Slots stand in preorder, so the fields below a STRUCT are the slots right behind its own. An
 * object finds a member by its exact name. Fields that nobody wants and nobody checks have no
 * slot: to the decoder they are unknown members. The elements of an ARRAY or MAP are a plan of
 * their own. Immutable once made, but for the places where the
 * values of the current batch go. */
#pragma once

#include "column/column.h"

struct eagre_json_member {
  struct eagre_text name;
  uint64_t first; /* the first and the last eight bytes of the name, as for its hash */
  uint64_t last;
  uint32_t slot;
};

struct eagre_json_list;
struct eagre_json_slot;

struct eagre_json_object {
  struct eagre_json_slot *slots; /* of the plan; the object's have the numbers that follow */
  uint32_t slot_begin;           /* slots of all fields below, at any depth */
  uint32_t slot_end;
  uint32_t member_count;
  struct eagre_json_member *members;
  /* Open addressing: index into `members` + 1, or 0. At most half full. */
  uint32_t table_shift;
  uint32_t table_mask;
  uint16_t *table;
};

struct eagre_json_slot {
  enum eagre_type_kind kind;
  const struct eagre_field *field;
  struct eagre_json_object *object; /* STRUCT only */
  struct eagre_json_list *list;     /* ARRAY and MAP only */
  /* Where values go, set for each batch; of a list its ranges (json_list.h). */
  uint8_t *validity;
  void *data;
  struct eagre_vector *vector;
};

struct eagre_json_plan {
  struct eagre_json_object root;
  uint32_t slot_count;
  uint32_t depth; /* of nested STRUCTs; 1 when there is none */
  struct eagre_json_slot *slots;
};

/* The elements of an ARRAY or MAP field: the fields of its type are slots of their own. */
struct eagre_json_list {
  struct eagre_json_plan plan;
  uint32_t count;
  uint32_t capacity;
};

enum { EAGRE_JSON_MEMBER_NONE = -1 };

/* Compiles the fields of `schema` for which `is_needed` is set. Memory from `arena`, types and
 * names borrowed. Errors: USAGE UNSUPPORTED_DATATYPE. */
enum eagre_status eagre_json_plan_make(struct eagre_json_plan *plan,
                                       const struct eagre_type *schema, const bool *is_needed,
                                       struct eagre_arena *arena, struct eagre_error *error);

/* The hash of a name from its first and last eight bytes (all its bytes, zero extended, when it is
 * shorter) and its size. */
static inline uint32_t eagre_json_name_hash(uint64_t first, uint64_t last, size_t size,
                                            const struct eagre_json_object *object) {
  uint64_t mixed = (first ^ (last << 23 | last >> 41) ^ size) * 0x9e3779b97f4a7c15u;
  return (uint32_t)(mixed >> object->table_shift);
}

/* Index into object->members, or EAGRE_JSON_MEMBER_NONE. */
int eagre_json_object_find(const struct eagre_json_object *object, struct eagre_text name);
