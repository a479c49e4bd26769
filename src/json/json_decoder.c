/* The decoder of the door: making one, choosing an implementation, preparing the columns of a batch
 * and giving them their final shape. */
#include "json/json_decoder.h"

#include <stdlib.h>

#include "eagre_config.h"
#include "json/json_failure.h"
#include "json/json_list.h"

/* ---- Implementations ------------------------------------------------------------------------- */

static const struct eagre_json_implementation *find_avx2(void) {
#if EAGRE_HAS_AVX2
  if (eagre_cpu_has_avx2()) return &eagre_json_implementation_avx2;
#endif
  return NULL;
}

static enum eagre_status choose_from_environment(enum eagre_json_isa *isa,
                                                 struct eagre_error *error) {
  const char *name = getenv("EAGRE_JSON");
  if (name == NULL || name[0] == 0) return EAGRE_OK;
  if (strcmp(name, "reference") == 0) {
    *isa = EAGRE_JSON_ISA_REFERENCE;
  } else if (strcmp(name, "scalar") == 0) {
    *isa = EAGRE_JSON_ISA_SCALAR;
  } else if (strcmp(name, "avx2") == 0) {
    *isa = EAGRE_JSON_ISA_AVX2;
  } else {
    eagre_error_set(error, EAGRE_USAGE, "INVALID_OPTION_VALUE",
                    "The environment variable EAGRE_JSON cannot be '%s'.", name);
    eagre_error_hint(error, "Set it to reference, scalar or avx2, or unset it.");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

static enum eagre_status
choose_implementation(enum eagre_json_isa isa,
                      const struct eagre_json_implementation **out_implementation,
                      struct eagre_error *error) {
  if (isa == EAGRE_JSON_ISA_BEST) EAGRE_TRY(choose_from_environment(&isa, error));
  const struct eagre_json_implementation *avx2 = find_avx2();
  switch (isa) {
  case EAGRE_JSON_ISA_REFERENCE:
    *out_implementation = &eagre_json_implementation_reference;
    return EAGRE_OK;
  case EAGRE_JSON_ISA_SCALAR:
    *out_implementation = &eagre_json_implementation_scalar;
    return EAGRE_OK;
  case EAGRE_JSON_ISA_BEST:
    *out_implementation = avx2 != NULL ? avx2 : &eagre_json_implementation_scalar;
    return EAGRE_OK;
  case EAGRE_JSON_ISA_AVX2:
    break;
  }
  if (avx2 == NULL) {
    return eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE",
                           "The JSON decoder for AVX2 cannot run on this machine.");
  }
  *out_implementation = avx2;
  return EAGRE_OK;
}

/* ---- Making a decoder ------------------------------------------------------------------------ */

static int find_corrupt_field(const struct eagre_json_decoder *decoder) {
  return eagre_type_find_field(decoder->schema, decoder->options.corrupt_column, false);
}

static enum eagre_status check_corrupt_field(const struct eagre_json_decoder *decoder, int field,
                                             struct eagre_error *error) {
  if (field < 0 || decoder->schema->fields[field].type->kind == EAGRE_TYPE_STRING) return EAGRE_OK;
  struct eagre_text name = decoder->options.corrupt_column;
  eagre_error_set(error, EAGRE_USAGE, "INVALID_CORRUPT_RECORD_TYPE",
                  "The column %.*s for corrupt records must have the nullable STRING type.",
                  (int)name.size, name.data);
  eagre_error_hint(error, "Declare it as STRING in the schema of from_json.");
  return EAGRE_USAGE;
}

/* Which fields get slots: those that go out, and all of them when malformed rows must be told. */
static enum eagre_status make_plan(struct eagre_json_decoder *decoder, const bool *wanted,
                                   struct eagre_error *error) {
  const struct eagre_type *schema = decoder->schema;
  int corrupt_field = find_corrupt_field(decoder);
  EAGRE_TRY(check_corrupt_field(decoder, corrupt_field, error));
  bool has_corrupt = corrupt_field >= 0 && (wanted == NULL || wanted[corrupt_field]);
  decoder->corrupt_field = has_corrupt ? corrupt_field : -1;
  bool is_checked = has_corrupt || decoder->options.mode == EAGRE_JSON_FAILFAST;
  decoder->is_filled = eagre_arena_allocate(&decoder->arena, schema->field_count + 1);
  bool *is_needed = eagre_arena_allocate(&decoder->arena, schema->field_count + 1);
  for (uint32_t i = 0; i < schema->field_count; i++) {
    bool is_corrupt = (int)i == corrupt_field;
    decoder->is_filled[i] = !is_corrupt && (wanted == NULL || wanted[i]);
    is_needed[i] = !is_corrupt && (is_checked || decoder->is_filled[i]);
  }
  return eagre_json_plan_make(&decoder->plan, schema, is_needed, &decoder->arena, error);
}

static bool has_kind(const struct eagre_json_plan *plan, enum eagre_type_kind kind) {
  for (uint32_t i = 0; i < plan->slot_count; i++) {
    const struct eagre_json_slot *slot = &plan->slots[i];
    if (slot->kind == kind) return true;
    if (slot->list != NULL && has_kind(&slot->list->plan, kind)) return true;
  }
  return false;
}

/* A pattern for reading; none when the format is empty. */
static enum eagre_status open_pattern(struct eagre_text format, struct eagre_pattern **out_pattern,
                                      struct eagre_error *error) {
  if (format.size == 0) return EAGRE_OK;
  EAGRE_TRY(eagre_pattern_open(format, out_pattern, error));
  return eagre_pattern_check_parse(*out_pattern, error);
}

static enum eagre_status open_patterns(struct eagre_json_decoder *decoder,
                                       struct eagre_error *error) {
  const struct eagre_json_options *options = &decoder->options;
  eagre_assert(options->zone != NULL || (!has_kind(&decoder->plan, EAGRE_TYPE_TIMESTAMP) &&
                                         !has_kind(&decoder->plan, EAGRE_TYPE_TIMESTAMP_NTZ)));
  EAGRE_TRY(open_pattern(options->timestamp_format, &decoder->timestamp_pattern, error));
  EAGRE_TRY(open_pattern(options->timestamp_ntz_format, &decoder->timestamp_ntz_pattern, error));
  EAGRE_TRY(open_pattern(options->date_format, &decoder->date_pattern, error));
  if (decoder->date_pattern == NULL) return EAGRE_OK;
  return eagre_zone_open(EAGRE_TEXT("UTC"), &decoder->utc, error);
}

static void copy_options(struct eagre_json_decoder *decoder,
                         const struct eagre_json_options *options) {
  decoder->options = *options;
  decoder->options.corrupt_column = eagre_arena_copy_text(&decoder->arena, options->corrupt_column);
  decoder->options.timestamp_format =
      eagre_arena_copy_text(&decoder->arena, options->timestamp_format);
  decoder->options.timestamp_ntz_format =
      eagre_arena_copy_text(&decoder->arena, options->timestamp_ntz_format);
  decoder->options.date_format = eagre_arena_copy_text(&decoder->arena, options->date_format);
}

static enum eagre_status init_decoder(struct eagre_json_decoder *decoder, const bool *wanted,
                                      enum eagre_json_isa isa, struct eagre_error *error) {
  EAGRE_TRY(choose_implementation(isa, &decoder->implementation, error));
  EAGRE_TRY(make_plan(decoder, wanted, error));
  EAGRE_TRY(open_patterns(decoder, error));
  if (decoder->implementation->memory_new != NULL) {
    decoder->memory = decoder->implementation->memory_new();
  }
  return EAGRE_OK;
}

enum eagre_status eagre_json_decoder_new(const struct eagre_type *schema,
                                         const struct eagre_json_options *options,
                                         const bool *wanted, enum eagre_json_isa isa,
                                         struct eagre_json_decoder **out_decoder,
                                         struct eagre_error *error) {
  eagre_assert(schema->kind == EAGRE_TYPE_STRUCT);
  struct eagre_json_decoder *decoder = eagre_allocate_zeroed(1, sizeof *decoder);
  decoder->schema = schema;
  copy_options(decoder, options);
  eagre_json_lexer_init(&decoder->lexer, &decoder->options);
  enum eagre_status status = init_decoder(decoder, wanted, isa, error);
  if (status != EAGRE_OK) {
    eagre_json_decoder_free(decoder);
    return status;
  }
  *out_decoder = decoder;
  return EAGRE_OK;
}

void eagre_json_decoder_free(struct eagre_json_decoder *decoder) {
  if (decoder == NULL) return;
  if (decoder->memory != NULL) decoder->implementation->memory_free(decoder->memory);
  eagre_json_lexer_done(&decoder->lexer);
  eagre_variant_builder_done(&decoder->variant);
  eagre_json_variant_scratch_done(&decoder->variant_scratch);
  eagre_pattern_close(decoder->timestamp_pattern);
  eagre_pattern_close(decoder->timestamp_ntz_pattern);
  eagre_pattern_close(decoder->date_pattern);
  eagre_zone_close(decoder->utc);
  eagre_arena_done(&decoder->arena);
  eagre_free(decoder);
}

void eagre_json_decoder_set_now(struct eagre_json_decoder *decoder, int64_t now_us) {
  decoder->options.now_us = now_us;
}

const char *eagre_json_decoder_isa(const struct eagre_json_decoder *decoder) {
  return decoder->implementation->name;
}

/* ---- The columns of a batch ------------------------------------------------------------------ */

/* Makes the vector of one slot and of those below it; returns the slot behind them. */
static uint32_t begin_slot(struct eagre_json_run *run, uint32_t slot_index,
                           struct eagre_vector *vector) {
  struct eagre_json_slot *slot = &run->decoder->plan.slots[slot_index++];
  vector->validity = eagre_arena_allocate_vector(run->arena, eagre_bits_size(run->row_count));
  eagre_bits_fill(vector->validity, run->row_count, false);
  slot->vector = vector;
  slot->validity = vector->validity;
  slot->data = vector->data;
  if (slot->list != NULL) eagre_json_list_begin(run, slot, run->row_count);
  if (slot->object == NULL) return slot_index;
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    slot_index = begin_slot(run, slot_index, &vector->children[i]);
  }
  return slot_index;
}

static void begin_corrupt(struct eagre_json_run *run, struct eagre_vector *vector) {
  eagre_vector_add_validity(vector, run->row_count, false, run->arena);
  run->corrupt_texts = vector->data;
  run->corrupt_validity = vector->validity;
}

/* The slots of the plan stand in the order of the schema, those without need left out. */
static void begin_columns(struct eagre_json_run *run, struct eagre_vector *out) {
  struct eagre_json_decoder *decoder = run->decoder;
  const struct eagre_type *schema = decoder->schema;
  *out = (struct eagre_vector){.type = schema};
  out->children =
      eagre_arena_allocate_zeroed(run->arena, (schema->field_count + 1) * sizeof *out->children);
  out->validity = eagre_arena_allocate_vector(run->arena, eagre_bits_size(run->row_count));
  eagre_bits_fill(out->validity, run->row_count, true);
  run->row_validity = out->validity;
  uint32_t slot = 0;
  for (uint32_t i = 0; i < schema->field_count; i++) {
    struct eagre_vector *child = &out->children[i];
    bool has_slot =
        slot < decoder->plan.slot_count && decoder->plan.slots[slot].field == &schema->fields[i];
    if (has_slot || (int)i == decoder->corrupt_field) {
      eagre_vector_init(child, schema->fields[i].type, run->row_count, run->arena);
    } else {
      eagre_vector_init_null(child, schema->fields[i].type, run->arena);
    }
    if (has_slot) slot = begin_slot(run, slot, child);
    if ((int)i == decoder->corrupt_field) begin_corrupt(run, child);
  }
}

/* Null rows must hold a text that can be read. */
static void clear_null_texts(struct eagre_text *texts, const uint8_t *validity,
                             uint32_t row_count) {
  for (uint32_t row = 0; row < row_count; row++) {
    if (!eagre_bit_get(validity, row)) texts[row] = (struct eagre_text){0};
  }
}

static void end_vector(struct eagre_vector *vector, uint32_t row_count) {
  if (eagre_bits_count(vector->validity, row_count) == row_count) {
    vector->validity = NULL;
    return;
  }
  enum eagre_type_kind kind = vector->type->kind;
  if (eagre_type_is_text(kind)) {
    clear_null_texts(vector->data, vector->validity, row_count);
  }
}

/* Drops bitmaps that say nothing, and the values of fields that were only checked. */
static void end_columns(struct eagre_json_run *run, struct eagre_vector *out) {
  struct eagre_json_decoder *decoder = run->decoder;
  end_vector(out, run->row_count);
  for (uint32_t i = 0; i < decoder->plan.slot_count; i++) {
    end_vector(decoder->plan.slots[i].vector, run->row_count);
  }
  for (uint32_t i = 0; i < decoder->schema->field_count; i++) {
    if ((int)i == decoder->corrupt_field) {
      end_vector(&out->children[i], run->row_count);
    } else if (!decoder->is_filled[i]) {
      eagre_vector_init_null(&out->children[i], decoder->schema->fields[i].type, run->arena);
    }
  }
}

static void end_lists(struct eagre_json_run *run) {
  for (uint32_t i = 0; i < run->decoder->plan.slot_count; i++) {
    const struct eagre_json_slot *slot = &run->decoder->plan.slots[i];
    if (slot->list != NULL) eagre_json_list_end(run, slot, slot->vector, run->row_count);
  }
}

enum eagre_status eagre_json_decode(struct eagre_json_decoder *decoder,
                                    const struct eagre_vector *texts, uint32_t row_count,
                                    struct eagre_vector *out, struct eagre_arena *arena,
                                    uint64_t *out_malformed_count, struct eagre_error *error) {
  struct eagre_json_run run = {
      .decoder = decoder,
      .texts = texts,
      .row_count = row_count,
      .arena = arena,
  };
  begin_columns(&run, out);
  bool is_done = decoder->implementation->decode_rows(&run);
  if (out_malformed_count != NULL) *out_malformed_count = run.malformed_count;
  end_lists(&run);
  if (!is_done) return eagre_json_failure_report(&run, out, error);
  end_columns(&run, out);
  return EAGRE_OK;
}
