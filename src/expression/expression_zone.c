/* Wall clocks of other zones: from_utc_timestamp, to_utc_timestamp, convert_timezone, and the name
 * of the session's.
 *
 * A TIMESTAMP stands for a wall clock here: from_utc_timestamp(t, z) gives the TIMESTAMP that UTC's
 * clock shows when z's shows what it does at t. A literal zone is checked while binding. */
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* The zones used last. */
struct zone_slot {
  struct eagre_zone *zone;
  struct eagre_buffer name;
};

struct zone_state {
  struct zone_slot slots[2];
};

static void free_state(void *data) {
  struct zone_state *state = data;
  for (size_t i = 0; i < EAGRE_COUNT_OF(state->slots); i++) {
    eagre_zone_close(state->slots[i].zone);
    eagre_buffer_done(&state->slots[i].name);
  }
  eagre_free(state);
}

/* A zone that comes with the data and is none is wrong data. */
static enum eagre_status open_zone(struct eagre_kernel_call *call, struct zone_slot *slot,
                                   struct eagre_text name, uint32_t row) {
  eagre_zone_close(slot->zone);
  slot->zone = NULL;
  if (eagre_zone_open(name, &slot->zone, call->error) != EAGRE_OK) {
    slot->zone = NULL;
    if (call->error == NULL) return EAGRE_DATA;
    call->error->status = EAGRE_DATA;
    call->error->row = row;
    call->error->line = 0;
    return EAGRE_DATA;
  }
  eagre_buffer_clear(&slot->name);
  eagre_buffer_append_text(&slot->name, name);
  return EAGRE_OK;
}

enum eagre_status eagre_time_use_zone(struct eagre_kernel_call *call, uint32_t slot,
                                      struct eagre_text name, uint32_t row,
                                      const struct eagre_zone **out) {
  if (call->state->data == NULL) {
    call->state->data = eagre_allocate_zeroed(1, sizeof(struct zone_state));
    call->state->free = free_state;
  }
  struct zone_state *state = call->state->data;
  struct zone_slot *chosen = &state->slots[slot];
  bool is_same = chosen->zone != NULL && eagre_text_equal(eagre_buffer_text(&chosen->name), name);
  if (!is_same) EAGRE_TRY(open_zone(call, chosen, name, row));
  *out = chosen->zone;
  return EAGRE_OK;
}

static enum eagre_status run_convert(struct eagre_kernel_call *call, bool is_from_utc) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    const struct eagre_zone *zone = NULL;
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t instant = EAGRE_ARGUMENT(int64_t, call, 0, row);
    EAGRE_TRY(eagre_time_use_zone(call, 0, eagre_kernel_text(call, 1, row), row, &zone));
    out[row] = is_from_utc ? eagre_time_local(instant, zone) : eagre_time_instant(instant, zone);
  }
  return EAGRE_OK;
}

static enum eagre_status run_from_utc(struct eagre_kernel_call *call) {
  return run_convert(call, true);
}

static enum eagre_status run_to_utc(struct eagre_kernel_call *call) {
  return run_convert(call, false);
}

static enum eagre_status bind_convert(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                      struct eagre_expression **out) {
  struct eagre_text name;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_TIMESTAMP));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_TIMESTAMP), kernel);
  if (!eagre_expression_is_text(bind->arguments[1], &name)) return EAGRE_OK;
  struct eagre_zone *zone;
  enum eagre_status status = eagre_zone_open(name, &zone, bind->error);
  if (status != EAGRE_OK) {
    eagre_sql_place_unplaced(bind->arguments[1]->position, bind->error);
    return status;
  }
  eagre_zone_close(zone);
  eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_from_utc_timestamp(struct eagre_bind *bind,
                                                struct eagre_expression **out) {
  return bind_convert(bind, run_from_utc, out);
}

enum eagre_status eagre_bind_to_utc_timestamp(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  return bind_convert(bind, run_to_utc, out);
}

/* ---- convert_timezone, current_timezone ------------------------------------------------------ */

/* (source, target, clock): what the target's clock shows when the source's shows that. */
static enum eagre_status run_convert_timezone(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    const struct eagre_zone *source = NULL, *target = NULL;
    if (!eagre_kernel_is_live(call, row)) continue;
    EAGRE_TRY(eagre_time_use_zone(call, 0, eagre_kernel_text(call, 0, row), row, &source));
    EAGRE_TRY(eagre_time_use_zone(call, 1, eagre_kernel_text(call, 1, row), row, &target));
    int64_t instant = eagre_time_instant(EAGRE_ARGUMENT(int64_t, call, 2, row), source);
    out[row] = eagre_time_local(instant, target);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_convert_timezone(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  struct eagre_expression *arguments[3];
  uint32_t count = bind->argument_count;
  arguments[0] = bind->arguments[0];
  if (count == 2) EAGRE_TRY(eagre_bind_other(bind, "current_timezone", NULL, 0, &arguments[0]));
  arguments[1] = bind->arguments[count - 2];
  arguments[2] = bind->arguments[count - 1];
  bind->arguments = arguments;
  bind->argument_count = 3;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_STRING));
  EAGRE_TRY(eagre_bind_parameter(bind, 2, EAGRE_TYPE_TIMESTAMP_NTZ));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_TIMESTAMP_NTZ), run_convert_timezone);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_current_timezone(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  *out = eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING,
                                   eagre_zone_id(bind->session->zone), bind->position);
  return EAGRE_OK;
}
