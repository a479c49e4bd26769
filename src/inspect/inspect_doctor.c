/* eagre doctor: is this host fit for flows, and for these? Every check says what it found and, when
 * that is not good, what to do. */
#include "inspect/inspect_doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "source/source.h"

/* ---- Findings -------------------------------------------------------------------------------- */

void eagre_inspect_doctor_add(struct eagre_inspect_doctor *doctor, const char *check,
                              enum eagre_inspect_verdict verdict, const char *advice,
                              const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (doctor->finding_count == doctor->finding_capacity) {
    doctor->finding_capacity = doctor->finding_capacity == 0 ? 32 : 2 * doctor->finding_capacity;
    doctor->findings =
        eagre_reallocate(doctor->findings, doctor->finding_capacity * sizeof *doctor->findings);
  }
  doctor->findings[doctor->finding_count++] = (struct eagre_inspect_finding){
      .check = check,
      .verdict = verdict,
      .found = eagre_arena_copy_text(&doctor->arena, eagre_text_of(text)),
      .advice = verdict == EAGRE_INSPECT_GOOD ? NULL : advice,
  };
}

struct eagre_text eagre_inspect_doctor_read(struct eagre_inspect_doctor *doctor, const char *path) {
  struct eagre_text whole = eagre_arena_printf(&doctor->arena, "%s%s", doctor->root, path);
  struct eagre_io_reader *reader = NULL;
  char content[4096];
  size_t size = 0;
  /* What cannot be read is not known: the check says so. */
  if (eagre_io_reader_open(doctor->io, whole.data, &reader, NULL) != EAGRE_OK)
    return EAGRE_TEXT("");
  if (eagre_io_reader_read(reader, content, sizeof content, &size, NULL) != EAGRE_OK) size = 0;
  eagre_io_reader_close(reader);
  while (size > 0 && (content[size - 1] == '\n' || content[size - 1] == '\0')) {
    size--;
  }
  return eagre_arena_copy_text(&doctor->arena, eagre_text_make(content, size));
}

/* ---- A pipeline ------------------------------------------------------------------------------ */

/* Whether what the flow reads answers; a Kafka source asks its broker for the topic. */
static void check_source(struct eagre_inspect_doctor *doctor, const struct eagre_flow *flow,
                         const struct eagre_plan_source *plan, const struct eagre_zone *zone) {
  const struct eagre_source_environment environment = {
      .io = doctor->io,
      .zone = zone,
      .core_count = 1,
      .startup_timeout_us = doctor->options->startup_timeout_us,
      .fetcher = eagre_option_text(&flow->settings, "eagre.kafka.client"),
  };
  static const struct eagre_source_limits limits = {0};
  struct eagre_source *source = NULL;
  struct eagre_text position = {0};
  struct eagre_source_plan planned = {0};
  struct eagre_error error;
  int64_t begin_us = (int64_t)(eagre_clock_monotonic_ns() / 1000);
  enum eagre_status status = eagre_source_open(plan, &environment, &source, &error);
  if (status == EAGRE_OK) status = eagre_source_start(source, &doctor->arena, &position, &error);
  if (status == EAGRE_OK)
    status = eagre_source_plan(source, position, &limits, &doctor->arena, &planned, &error);
  int64_t took_us = (int64_t)(eagre_clock_monotonic_ns() / 1000) - begin_us;
  if (status == EAGRE_OK) {
    eagre_inspect_doctor_add(doctor, "source", EAGRE_INSPECT_GOOD, NULL,
                             "flow %.*s: %s answers within %.1f ms", (int)flow->name.size,
                             flow->name.data, eagre_source_description(source),
                             (double)took_us / 1000);
  } else {
    eagre_inspect_doctor_add(doctor, "source", EAGRE_INSPECT_BAD,
                             "start it, or correct where the flow reads from", "flow %.*s: [%s] %s",
                             (int)flow->name.size, flow->name.data, error.class_name, error.text);
  }
  eagre_source_close(source);
}

static void check_pipeline(struct eagre_inspect_doctor *doctor,
                           const struct eagre_pipeline *pipeline) {
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    const struct eagre_flow *flow = &pipeline->flows[i];
    eagre_inspect_doctor_disk(doctor, eagre_arena_copy_text(&doctor->arena, flow->checkpoint).data);
    for (uint32_t j = 0; j < flow->source_count; j++) {
      if (flow->sources[j]->kind == EAGRE_SOURCE_KAFKA)
        check_source(doctor, flow, flow->sources[j], pipeline->zone);
    }
  }
}

/* ---- Printing -------------------------------------------------------------------------------- */

static const char *const verdict_words[] = {
    [EAGRE_INSPECT_GOOD] = "good", [EAGRE_INSPECT_NOTE] = "note", [EAGRE_INSPECT_BAD] = "bad"};

static void print_table(const struct eagre_inspect_doctor *doctor, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < doctor->finding_count; i++) {
    const struct eagre_inspect_finding *finding = &doctor->findings[i];
    eagre_buffer_printf(out, "%-5s %-13s %.*s\n", verdict_words[finding->verdict], finding->check,
                        (int)finding->found.size, finding->found.data);
    if (finding->advice != NULL) eagre_buffer_printf(out, "%19s -> %s\n", "", finding->advice);
  }
}

static void print_member(const char *name, struct eagre_text value, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "\"%s\":", name);
  eagre_buffer_append_json_string(out, value);
}

static void print_json(const struct eagre_inspect_doctor *doctor, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < doctor->finding_count; i++) {
    const struct eagre_inspect_finding *finding = &doctor->findings[i];
    eagre_buffer_append_string(out, i == 0 ? "{" : ",{");
    print_member("check", eagre_text_of(finding->check), out);
    eagre_buffer_append_char(out, ',');
    print_member("verdict", eagre_text_of(verdict_words[finding->verdict]), out);
    eagre_buffer_append_char(out, ',');
    print_member("found", finding->found, out);
    if (finding->advice != NULL) {
      eagre_buffer_append_char(out, ',');
      print_member("advice", eagre_text_of(finding->advice), out);
    }
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_string(out, "]\n");
}

static enum eagre_status conclude(const struct eagre_inspect_doctor *doctor,
                                  struct eagre_error *error) {
  uint32_t bad_count = 0;
  for (uint32_t i = 0; i < doctor->finding_count; i++) {
    bad_count += doctor->findings[i].verdict == EAGRE_INSPECT_BAD;
  }
  if (bad_count == 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_CHECK, "HOST_NOT_FIT", "%u of %u checks are bad", bad_count,
                  doctor->finding_count);
  return EAGRE_CHECK;
}

/* ---- Door ------------------------------------------------------------------------------------ */

enum eagre_status eagre_inspect_doctor(const struct eagre_pipeline *pipeline,
                                       const struct eagre_inspect_doctor_options *options,
                                       struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_inspect_doctor doctor = {.root = "", .options = options};
  EAGRE_TRY(eagre_io_open(NULL, &doctor.io, error));
  eagre_inspect_doctor_host(&doctor);
  eagre_inspect_doctor_siblings(&doctor);
  eagre_inspect_doctor_time(&doctor);
  if (pipeline == NULL) {
    eagre_inspect_doctor_disk(&doctor, options->storage);
  } else {
    check_pipeline(&doctor, pipeline);
  }
  if (options->as_json) {
    print_json(&doctor, out);
  } else {
    print_table(&doctor, out);
  }
  enum eagre_status status = conclude(&doctor, error);
  eagre_free(doctor.findings);
  eagre_io_close(doctor.io);
  eagre_arena_done(&doctor.arena);
  return status;
}
