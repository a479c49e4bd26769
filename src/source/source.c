/* The door of `source`: finds the kind's table and calls it. */
#include "source/source.h"

#include "source/source_kind.h"
#include "json/json.h"

static const struct eagre_source_methods *get_methods(enum eagre_source_kind kind) {
  switch (kind) {
  case EAGRE_SOURCE_KAFKA:
    return &eagre_source_kafka_methods;
  case EAGRE_SOURCE_FILES:
    return &eagre_source_files_methods;
  case EAGRE_SOURCE_RATE:
    return &eagre_source_rate_methods;
  case EAGRE_SOURCE_RATE_MICRO_BATCH:
    return &eagre_source_rate_micro_batch_methods;
  case EAGRE_SOURCE_DELTA:
    return &eagre_source_delta_methods;
  }
  eagre_assert(!"a kind of source without a table");
  return NULL;
}

enum eagre_status eagre_source_complete(struct eagre_plan_source *plan, struct eagre_arena *arena,
                                        struct eagre_error *error) {
  const struct eagre_source_methods *methods = get_methods(plan->kind);
  return methods->complete == NULL ? EAGRE_OK : methods->complete(plan, arena, error);
}

enum eagre_status eagre_source_validate(const struct eagre_plan_source *plan,
                                        struct eagre_error *error) {
  const struct eagre_source_methods *methods = get_methods(plan->kind);
  return methods->validate == NULL ? EAGRE_OK : methods->validate(plan, error);
}

enum eagre_status eagre_source_open(const struct eagre_plan_source *plan,
                                    const struct eagre_source_environment *environment,
                                    struct eagre_source **out_source, struct eagre_error *error) {
  const struct eagre_source_methods *methods = get_methods(plan->kind);
  *out_source = NULL;
  EAGRE_TRY(eagre_source_validate(plan, error));
  struct eagre_source *source = eagre_allocate_zeroed(1, methods->source_size);
  source->methods = methods;
  source->plan = plan;
  source->environment = *environment;
  if (environment->batch_rows_max == 0) source->environment.batch_rows_max = EAGRE_BATCH_ROWS_MAX;
  if (environment->part_bytes_max == 0) source->environment.part_bytes_max = UINT64_MAX;
  eagre_assert(source->environment.batch_rows_max <= EAGRE_BATCH_ROWS_MAX);
  enum eagre_status status = methods->open(source, error);
  if (status != EAGRE_OK) {
    eagre_source_close(source);
    return status;
  }
  *out_source = source;
  return EAGRE_OK;
}

void eagre_source_close(struct eagre_source *source) {
  if (source == NULL) return;
  if (source->methods->close != NULL) source->methods->close(source);
  eagre_free(source);
}

/* Kinds, as a set of 1 << kind: those that write such positions. All when it is none. */
static uint32_t guess_kinds(const struct eagre_json_node *root) {
  int64_t number;
  if (eagre_json_integer(root, &number)) /* files: as old versions of Spark wrote it */
    return 1u << EAGRE_SOURCE_RATE | 1u << EAGRE_SOURCE_FILES;
  if (root->kind != EAGRE_JSON_OBJECT) return UINT32_MAX;
  if (eagre_json_integer(eagre_json_member(root, "logOffset"), &number))
    return 1u << EAGRE_SOURCE_FILES;
  if (eagre_json_integer(eagre_json_member(root, "offset"), &number))
    return 1u << EAGRE_SOURCE_RATE_MICRO_BATCH;
  bool is_by_topic = root->child == NULL || root->child->kind == EAGRE_JSON_OBJECT;
  return is_by_topic ? 1u << EAGRE_SOURCE_KAFKA : UINT32_MAX;
}

bool eagre_source_may_own(enum eagre_source_kind kind, struct eagre_text position) {
  struct eagre_arena arena = {0};
  const struct eagre_json_node *root = NULL;
  bool is_json = position.size > 0 && eagre_json_read(&arena, position, &root, NULL) == EAGRE_OK;
  uint32_t kinds = is_json ? guess_kinds(root) : UINT32_MAX;
  eagre_arena_done(&arena);
  return (kinds >> kind & 1) != 0;
}

const char *eagre_source_description(const struct eagre_source *source) {
  return source->methods->description(source);
}

enum eagre_status eagre_source_width(struct eagre_source *source, uint32_t *out_width,
                                     struct eagre_error *error) {
  *out_width = UINT32_MAX;
  return source->methods->width == NULL ? EAGRE_OK
                                        : source->methods->width(source, out_width, error);
}

void eagre_source_set_reader_count(struct eagre_source *source, uint32_t count) {
  eagre_assert(count > 0 && count <= source->environment.core_count);
  source->environment.core_count = count;
}

enum eagre_status eagre_source_start(struct eagre_source *source, struct eagre_arena *arena,
                                     struct eagre_text *out_position, struct eagre_error *error) {
  return source->methods->start(source, arena, out_position, error);
}

enum eagre_status eagre_source_plan(struct eagre_source *source, struct eagre_text start,
                                    const struct eagre_source_limits *limits,
                                    struct eagre_arena *arena, struct eagre_source_plan *out,
                                    struct eagre_error *error) {
  *out = (struct eagre_source_plan){0};
  return source->methods->plan(source, start, limits, arena, out, error);
}

enum eagre_status eagre_source_assign(struct eagre_source *source, struct eagre_text start,
                                      struct eagre_text end, struct eagre_error *error) {
  const struct eagre_source_methods *methods = source->methods;
  return methods->assign == NULL ? EAGRE_OK : methods->assign(source, start, end, error);
}

enum eagre_status eagre_source_assign_open(struct eagre_source *source, struct eagre_text start,
                                           struct eagre_error *error) {
  eagre_assert(source->methods->assign_open != NULL);
  return source->methods->assign_open(source, start, error);
}

enum eagre_status eagre_source_look_open(struct eagre_source *source, struct eagre_error *error) {
  const struct eagre_source_methods *methods = source->methods;
  return methods->look_open == NULL ? EAGRE_OK : methods->look_open(source, error);
}

enum eagre_status eagre_source_reached(struct eagre_source *source, struct eagre_arena *arena,
                                       struct eagre_text *out_end, struct eagre_error *error) {
  return source->methods->reached(source, arena, out_end, error);
}

enum eagre_status eagre_source_committed(struct eagre_source *source, struct eagre_text end,
                                         struct eagre_error *error) {
  const struct eagre_source_methods *methods = source->methods;
  return methods->committed == NULL ? EAGRE_OK : methods->committed(source, end, error);
}

void eagre_source_metrics(struct eagre_source *source, struct eagre_text end,
                          struct eagre_buffer *out) {
  if (source->methods->metrics != NULL) source->methods->metrics(source, end, out);
}

int64_t eagre_source_lag(struct eagre_source *source, struct eagre_text position) {
  return source->methods->lag(source, position);
}

bool eagre_source_rest(struct eagre_source *source) {
  return source->methods->rest != NULL && source->methods->rest(source);
}

enum eagre_status eagre_source_reader_open(struct eagre_source *source, uint32_t core,
                                           struct eagre_io *io,
                                           struct eagre_source_reader **out_reader,
                                           struct eagre_error *error) {
  *out_reader = NULL;
  eagre_assert(core < source->environment.core_count);
  struct eagre_source_reader *reader = eagre_allocate_zeroed(1, source->methods->reader_size);
  reader->source = source;
  reader->core = core;
  reader->io = io;
  bool has_open = source->methods->reader_open != NULL;
  enum eagre_status status = has_open ? source->methods->reader_open(reader, error) : EAGRE_OK;
  if (status != EAGRE_OK) {
    eagre_source_reader_close(reader);
    return status;
  }
  *out_reader = reader;
  return EAGRE_OK;
}

void eagre_source_reader_close(struct eagre_source_reader *reader) {
  if (reader == NULL) return;
  const struct eagre_source_methods *methods = reader->source->methods;
  if (methods->reader_close != NULL) methods->reader_close(reader);
  eagre_free(reader);
}

enum eagre_status eagre_source_reader_begin(struct eagre_source_reader *reader,
                                            struct eagre_error *error) {
  return reader->source->methods->reader_begin(reader, error);
}

enum eagre_status eagre_source_reader_read(struct eagre_source_reader *reader,
                                           struct eagre_batch *batch, struct eagre_error *error) {
  return reader->source->methods->reader_read(reader, batch, error);
}

bool eagre_source_reader_has_more(const struct eagre_source_reader *reader) {
  const struct eagre_source_methods *methods = reader->source->methods;
  return methods->reader_has_more == NULL || methods->reader_has_more(reader);
}

void eagre_source_reader_pause(struct eagre_source_reader *reader) {
  if (reader->source->methods->reader_pause != NULL) reader->source->methods->reader_pause(reader);
}

void eagre_source_reader_behind(const struct eagre_source_reader *reader,
                                eagre_source_partition_fn *each, void *context) {
  const struct eagre_source_methods *methods = reader->source->methods;
  if (methods->reader_behind != NULL) methods->reader_behind(reader, each, context);
}
