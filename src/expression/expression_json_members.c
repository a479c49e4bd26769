/* json_object_keys and json_tuple: the members of JSON objects. */
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_list.h"
#include "json/json.h"

/* ---- json_object_keys ------------------------------------------------------------------------ */

static void put_key(void *context, struct eagre_text name) {
  eagre_text_list_put(context, name);
}

static enum eagre_status run_object_keys(struct eagre_kernel_call *call) {
  struct eagre_text_list list;
  eagre_text_list_begin(&list, call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    uint32_t count = list.count;
    if (eagre_kernel_is_live(call, row) &&
        !eagre_json_object_keys(eagre_kernel_text(call, 0, row), call->arena, put_key, &list)) {
      list.count = count;
      eagre_kernel_set_null(call, row);
    }
    eagre_text_list_end_row(&list, row);
  }
  eagre_text_list_finish(&list);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_json_object_keys(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "\"STRING\"");
  }
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, text), run_object_keys);
  return EAGRE_OK;
}

/* ---- json_tuple ------------------------------------------------------------------------------ */

/* One row of a call. */
struct tuple_row {
  struct eagre_text *names;
  struct eagre_json_member_text *members;
  struct eagre_buffer *buffer;
  struct eagre_text_writer *writer;
};

/* Fields of a row without an object are NULL. */
static void take_row(struct eagre_kernel_call *call, uint32_t row, struct tuple_row *tuple) {
  uint32_t count = call->node->argument_count - 1;
  for (uint32_t i = 0; i < count; i++) {
    bool is_null = eagre_vector_is_null(call->arguments[i + 1], row);
    tuple->names[i] = is_null ? (struct eagre_text){0} : eagre_kernel_text(call, i + 1, row);
  }
  eagre_buffer_clear(tuple->buffer);
  bool has_text = !eagre_vector_is_null(call->arguments[0], row);
  if (has_text) {
    has_text = eagre_json_members(eagre_kernel_text(call, 0, row), tuple->names, count,
                                  tuple->members, call->arena, tuple->buffer);
  }
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_vector *field = &call->out->children[i];
    if (has_text && tuple->members[i].is_there) {
      struct eagre_text text = eagre_text_make(tuple->buffer->data + tuple->members[i].begin,
                                               tuple->members[i].end - tuple->members[i].begin);
      EAGRE_VALUES(struct eagre_text, field)[row] = eagre_text_writer_copy(tuple->writer, text);
    } else {
      EAGRE_VALUES(struct eagre_text, field)[row] = (struct eagre_text){0};
      eagre_vector_set_null(field, row, call->row_count, call->arena);
    }
  }
}

static enum eagre_status run_tuple(struct eagre_kernel_call *call) {
  uint32_t count = call->node->argument_count - 1;
  struct eagre_buffer buffer = {0};
  struct eagre_text_writer writer;
  struct tuple_row tuple = {
      .names = eagre_arena_allocate(call->arena, count * sizeof *tuple.names),
      .members = eagre_arena_allocate(call->arena, count * sizeof *tuple.members),
      .buffer = &buffer,
      .writer = &writer,
  };
  eagre_vector_init(call->out, call->node->type, call->row_count, call->arena);
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    take_row(call, row, &tuple);
  }
  eagre_buffer_done(&buffer);
  return EAGRE_OK;
}

/* A STRUCT of fields c0, c1, ..., which is never NULL; `plan` makes columns of them. */
enum eagre_status eagre_bind_json_tuple(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  struct eagre_field *fields =
      eagre_arena_allocate(bind->arena, bind->argument_count * sizeof *fields);
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    bool is_text = kind == EAGRE_TYPE_STRING || (i == 0 && kind == EAGRE_TYPE_NULL);
    if (!is_text) {
      return eagre_bind_mismatch(bind, "NON_STRING_TYPE",
                                 "all arguments of the function `json_tuple` must be strings.");
    }
    EAGRE_TRY(eagre_bind_cast(bind, i, text));
    fields[i] = (struct eagre_field){eagre_arena_printf(bind->arena, "c%u", i), text, true};
  }
  *out = eagre_bind_call(bind, eagre_type_struct(bind->arena, fields, bind->argument_count - 1),
                         run_tuple);
  return EAGRE_OK;
}
