/* from_utc_timestamp and to_utc_timestamp: a wall clock read as that of another zone.
 *
 * A TIMESTAMP stands for a wall clock here: from_utc_timestamp(t, z) gives the TIMESTAMP that UTC's
 * clock shows when z's shows what it does at t. A literal zone is checked while binding. */
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* The zone used last. */
struct zone_state {
  struct eagre_zone *zone;
  struct eagre_buffer name;
};

static void free_state(void *data) {
  struct zone_state *state = data;
  eagre_zone_close(state->zone);
  eagre_buffer_done(&state->name);
  eagre_free(state);
}

/* A zone that comes with the data and is none is wrong data. */
static enum eagre_status use_zone(struct eagre_kernel_call *call, struct eagre_text name,
                                  uint32_t row, const struct eagre_zone **out) {
  if (call->state->data == NULL) {
    call->state->data = eagre_allocate_zeroed(1, sizeof(struct zone_state));
    call->state->free = free_state;
  }
  struct zone_state *state = call->state->data;
  bool is_same = state->zone != NULL && eagre_text_equal(eagre_buffer_text(&state->name), name);
  if (!is_same) {
    eagre_zone_close(state->zone);
    state->zone = NULL;
    if (eagre_zone_open(name, &state->zone, NULL) != EAGRE_OK) {
      state->zone = NULL;
      return eagre_kernel_fail(call, row, "INVALID_TIMEZONE", "The timezone: %.*s is invalid.",
                               (int)(name.size < 100 ? name.size : 100), name.data);
    }
    eagre_buffer_clear(&state->name);
    eagre_buffer_append_text(&state->name, name);
  }
  *out = state->zone;
  return EAGRE_OK;
}

static enum eagre_status run_convert(struct eagre_kernel_call *call, bool is_from_utc) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    const struct eagre_zone *zone = NULL;
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t instant = EAGRE_ARGUMENT(int64_t, call, 0, row);
    EAGRE_TRY(use_zone(call, eagre_kernel_text(call, 1, row), row, &zone));
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
    eagre_expression_place_error(bind->arguments[1]->position, bind->error);
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
