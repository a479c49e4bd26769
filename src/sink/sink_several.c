/* Several sinks of one flow, each of which gets every row, as one sink. The last ones may be for
 * sides (dead letters, late rows), which the runtime writes itself; in everything else they are
 * parts like the others.
 *
 * Every part keeps its own promise. What the parts of a core have prepared is one piece,
 *
 *   {"name of the part":<its piece or null>, ...}
 *
 * so that all of it stands in prepared/N before anything is visible. Parts then commit one after
 * the other; a crash in between leaves some with the epoch and some without, and recovery finishes
 * what the first commit decided: the epoch of the part that is furthest is the epoch of all, and
 * `commit` is called once more with the same pieces. What a part has it does not take twice.
 *
 * Order of commits: a Kafka transaction cannot be finished after a crash (the broker aborts it),
 * everything else can. So it commits first and decides; of the others the order is as written.
 *
 * States: RECOVERED (recover was called and begin not yet: a commit finishes an epoch of the run
 * before, parts that cannot tell what they have are left alone) and RUNNING. */
#include <string.h>

#include "sink/sink_kind.h"
#include "json/json.h"

struct several {
  struct eagre_sink base;
  struct eagre_sink **parts; /* in the order of commits */
  enum eagre_sink_knowledge *knowledge;
  uint32_t count;
  bool is_recovered;
  struct eagre_buffer description;
};

struct several_writer {
  struct eagre_sink_writer base;
  struct eagre_sink_writer **parts;
  uint32_t count;
  struct eagre_sink_writer *sides[EAGRE_SIDE_count]; /* some of them; NULL: none */
};

static struct several *get_several(struct eagre_sink *sink) {
  return (struct several *)sink;
}

static struct several_writer *get_writer(struct eagre_sink_writer *writer) {
  return (struct several_writer *)writer;
}

/* ---- Which and in what order ----------------------------------------------------------------- */

/* Part number `index` in the order of commits: the one transaction there may be, then the rest. */
static const struct eagre_plan_sink *find_part(const struct eagre_plan_sink *plan, uint32_t index) {
  uint32_t decisive = 0;
  while (decisive < plan->part_count && !eagre_plan_sink_is_transactional(plan->parts[decisive]))
    decisive++;
  if (decisive == plan->part_count) return plan->parts[index];
  if (index == 0) return plan->parts[decisive];
  return plan->parts[index <= decisive ? index - 1 : index];
}

/* Sides have columns of their own, and their rows are only ever added. */
static const struct eagre_type *columns_of(const struct eagre_plan_sink *plan,
                                           const struct eagre_plan_sink *part,
                                           const struct eagre_type *columns) {
  enum eagre_side side;
  return eagre_plan_is_side(plan, part, &side) ? plan->side_columns[side] : columns;
}

static enum eagre_output_mode mode_of(const struct eagre_plan_sink *plan,
                                      const struct eagre_plan_sink *part,
                                      enum eagre_output_mode mode) {
  enum eagre_side side;
  return eagre_plan_is_side(plan, part, &side) ? EAGRE_MODE_APPEND : mode;
}

static enum eagre_status refuse_transactions(const struct eagre_plan_sink *part,
                                             struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.SEVERAL_TRANSACTIONS",
                  "The flow writes into several Kafka sinks with exactly-once delivery; `%.*s` is "
                  "the second one. One transaction cannot be made to depend on another.",
                  (int)part->name.size, part->name.data);
  eagre_error_hint(error, "write into several topics of one cluster with the column `topic`, or "
                          "let the other sink deliver at least once");
  eagre_sql_place_error(part->position, error);
  return EAGRE_USAGE;
}

static enum eagre_status validate(const struct eagre_plan_sink *plan,
                                  const struct eagre_type *columns, enum eagre_output_mode mode,
                                  struct eagre_error *error) {
  uint32_t transaction_count = 0;
  for (uint32_t i = 0; i < plan->part_count; i++) {
    const struct eagre_plan_sink *part = plan->parts[i];
    EAGRE_TRY(eagre_sink_validate(part, columns_of(plan, part, columns), mode_of(plan, part, mode),
                                  error));
    transaction_count += eagre_plan_sink_is_transactional(part);
    if (transaction_count > 1) return refuse_transactions(part, error);
  }
  return EAGRE_OK;
}

/* ---- Control half ---------------------------------------------------------------------------- */

static enum eagre_status open_several(struct eagre_sink *sink, struct eagre_error *error) {
  struct several *several = get_several(sink);
  uint32_t count = sink->plan->part_count;
  several->parts = eagre_allocate_zeroed(count, sizeof(void *));
  several->knowledge = eagre_allocate_zeroed(count, sizeof *several->knowledge);
  several->count = count;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_plan_sink *part = find_part(sink->plan, i);
    EAGRE_TRY(eagre_sink_open(part, columns_of(sink->plan, part, sink->columns),
                              mode_of(sink->plan, part, sink->mode), &sink->environment,
                              &several->parts[i], error));
    if (i > 0) eagre_buffer_append_string(&several->description, ", ");
    eagre_buffer_append_string(&several->description, eagre_sink_description(several->parts[i]));
  }
  return EAGRE_OK;
}

static void close_several(struct eagre_sink *sink) {
  struct several *several = get_several(sink);
  for (uint32_t i = 0; i < several->count; i++)
    eagre_sink_close(several->parts[i]);
  eagre_free(several->parts);
  eagre_free(several->knowledge);
  eagre_buffer_done(&several->description);
}

static const char *describe(const struct eagre_sink *sink) {
  return eagre_buffer_string(&((struct several *)sink)->description);
}

static enum eagre_status fail_attempts(const struct several *several, uint32_t part,
                                       const struct eagre_sink_recovery *recovery,
                                       const struct eagre_sink_recovery *other,
                                       struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "CONCURRENT_STREAM_LOG_UPDATE",
                  "The sink `%.*s` has epoch %lld by attempt '%s', another sink of the flow has it "
                  "by attempt '%s': two processes have worked on this checkpoint.",
                  (int)several->parts[part]->plan->name.size, several->parts[part]->plan->name.data,
                  (long long)recovery->epoch, recovery->attempt, other->attempt);
  eagre_error_hint(error, "stop the other process, then begin with new targets and a new "
                          "checkpoint");
  return EAGRE_UNSAFE;
}

/* Takes what one part has into what all have: the furthest decides. A marker of Kafka that a start
 * has set anew names no attempt; another part may. */
static enum eagre_status take_part(const struct several *several, uint32_t index,
                                   const struct eagre_sink_recovery *part,
                                   struct eagre_sink_recovery *out, struct eagre_error *error) {
  bool has = part->knowledge == EAGRE_SINK_HAS;
  bool is_same_epoch = has && out->knowledge == EAGRE_SINK_HAS && out->epoch == part->epoch;
  bool has_both = out->attempt[0] != '\0' && part->attempt[0] != '\0';
  if (is_same_epoch && has_both && strcmp(out->attempt, part->attempt) != 0) {
    return fail_attempts(several, index, part, out, error);
  }
  if (is_same_epoch && out->attempt[0] == '\0') *out = *part;
  bool is_first = out->knowledge == EAGRE_SINK_UNKNOWING;
  bool is_further = has && (out->knowledge != EAGRE_SINK_HAS || part->epoch > out->epoch);
  if (is_first || is_further) *out = *part;
  return EAGRE_OK;
}

/* What the furthest part has is what all will have. When one has forgotten, that still tells as
 * long as another has the epoch in question; else nothing does. */
static enum eagre_status recover(struct eagre_sink *sink, struct eagre_sink_recovery *out,
                                 struct eagre_error *error) {
  struct several *several = get_several(sink);
  bool has_forgotten = false;
  int64_t memory = INT64_MAX; /* the last epoch of a part that is told of every one */
  for (uint32_t i = 0; i < several->count; i++) {
    struct eagre_sink_recovery part;
    EAGRE_TRY(eagre_sink_recover(several->parts[i], &part, error));
    several->knowledge[i] = part.knowledge;
    has_forgotten = has_forgotten || part.knowledge == EAGRE_SINK_FORGOTTEN;
    if (part.knowledge == EAGRE_SINK_HAS && part.remembers_every_epoch) memory = part.epoch;
    bool tells = part.knowledge == EAGRE_SINK_HAS || part.knowledge == EAGRE_SINK_NOTHING;
    if (tells) EAGRE_TRY(take_part(several, i, &part, out, error));
  }
  if (has_forgotten || memory < out->epoch) out->knowledge = EAGRE_SINK_FORGOTTEN;
  out->notes_every_epoch = false; /* a sink that is added gets what comes */
  several->is_recovered = true;
  return EAGRE_OK;
}

static enum eagre_status claim(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                               struct eagre_error *error) {
  struct several *several = get_several(sink);
  for (uint32_t i = 0; i < several->count; i++)
    EAGRE_TRY(eagre_sink_claim(several->parts[i], epoch, attempt, error));
  return EAGRE_OK;
}

static enum eagre_status begin(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                               struct eagre_error *error) {
  struct several *several = get_several(sink);
  several->is_recovered = false;
  for (uint32_t i = 0; i < several->count; i++)
    EAGRE_TRY(eagre_sink_begin(several->parts[i], epoch, attempt, error));
  return EAGRE_OK;
}

static enum eagre_status purge(struct eagre_sink *sink, int64_t epoch, struct eagre_error *error) {
  struct several *several = get_several(sink);
  for (uint32_t i = 0; i < several->count; i++)
    EAGRE_TRY(eagre_sink_purge(several->parts[i], epoch, error));
  return EAGRE_OK;
}

/* ---- Commit ---------------------------------------------------------------------------------- */

static enum eagre_status fail_piece(struct eagre_text piece, struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_UNSAFE, "SINK_PIECE_CORRUPT",
                         "What a core has prepared for several sinks cannot be read: %.*s",
                         (int)(piece.size < 100 ? piece.size : 100), piece.data);
}

/* The objects of all cores. A part that is gone cannot get what was prepared for it. */
static enum eagre_status read_pieces(const struct several *several,
                                     const struct eagre_sink_commit *commit,
                                     struct eagre_arena *arena,
                                     const struct eagre_json_node **out_objects,
                                     struct eagre_error *error) {
  for (uint32_t core = 0; core < commit->piece_count; core++) {
    const struct eagre_json_node *object = NULL;
    enum eagre_status status = eagre_json_read(arena, commit->pieces[core], &object, NULL);
    if (status != EAGRE_OK || object->kind != EAGRE_JSON_OBJECT) {
      return fail_piece(commit->pieces[core], error);
    }
    uint32_t known_count = 0;
    for (uint32_t i = 0; i < several->count; i++) {
      const char *name = eagre_arena_copy_text(arena, several->parts[i]->plan->name).data;
      known_count += eagre_json_member(object, name) != NULL;
    }
    uint32_t prepared_count = 0;
    for (const struct eagre_json_node *each = object->child; each != NULL; each = each->next)
      prepared_count++;
    if (known_count < prepared_count) {
      eagre_error_set(error, EAGRE_UNSAFE, "SINKS_OF_FLOW_CHANGED",
                      "Epoch %lld is finished in some of its sinks only, and not all of them "
                      "belong to the flow any more.",
                      (long long)commit->epoch);
      eagre_error_hint(error, "start once with the targets it had, then change them");
      return EAGRE_UNSAFE;
    }
    out_objects[core] = object;
  }
  return EAGRE_OK;
}

/* The pieces of one part. False: it was no part of the flow when the epoch was prepared. */
static bool take_pieces(const struct eagre_sink *part, const struct eagre_json_node *const *objects,
                        uint32_t count, struct eagre_arena *arena, struct eagre_text *out) {
  const char *name = eagre_arena_copy_text(arena, part->plan->name).data;
  for (uint32_t core = 0; core < count; core++) {
    const struct eagre_json_node *piece = eagre_json_member(objects[core], name);
    if (piece == NULL) return false;
    bool is_empty = piece->kind == EAGRE_JSON_NULL;
    out[core] = is_empty ? eagre_text_make("", 0) : piece->text;
  }
  return true;
}

static enum eagre_status commit_parts(struct several *several,
                                      const struct eagre_sink_commit *commit,
                                      struct eagre_arena *arena, struct eagre_error *error) {
  uint32_t count = commit->piece_count;
  const struct eagre_json_node **objects =
      eagre_arena_allocate(arena, sizeof(void *) * (count + 1));
  struct eagre_text *pieces = eagre_arena_allocate(arena, sizeof *pieces * (count + 1));
  struct eagre_sink_commit one = *commit;
  one.pieces = pieces;
  EAGRE_TRY(read_pieces(several, commit, arena, objects, error));
  for (uint32_t i = 0; i < several->count; i++) {
    if (several->is_recovered && several->knowledge[i] == EAGRE_SINK_UNKNOWING) continue;
    if (!take_pieces(several->parts[i], objects, count, arena, pieces)) continue;
    EAGRE_TRY(eagre_sink_commit(several->parts[i], &one, error));
    eagre_crash_point("sink.after_part");
  }
  return EAGRE_OK;
}

static enum eagre_status commit(struct eagre_sink *sink, const struct eagre_sink_commit *commit,
                                struct eagre_error *error) {
  struct eagre_arena arena = {0};
  enum eagre_status status = commit_parts(get_several(sink), commit, &arena, error);
  eagre_arena_done(&arena);
  return status;
}

/* ---- Writer ---------------------------------------------------------------------------------- */

static enum eagre_status open_writer(struct eagre_sink_writer *writer, struct eagre_error *error) {
  struct several_writer *self = get_writer(writer);
  const struct several *several = get_several(writer->sink);
  self->parts = eagre_allocate_zeroed(several->count, sizeof(void *));
  self->count = several->count;
  for (uint32_t i = 0; i < self->count; i++) {
    EAGRE_TRY(eagre_sink_writer_open(several->parts[i], writer->core, writer->io, &self->parts[i],
                                     error));
    enum eagre_side side;
    bool is_side = eagre_plan_is_side(writer->sink->plan, several->parts[i]->plan, &side);
    if (is_side) self->sides[side] = self->parts[i];
  }
  return EAGRE_OK;
}

static void close_writer(struct eagre_sink_writer *writer) {
  struct several_writer *self = get_writer(writer);
  for (uint32_t i = 0; i < self->count; i++)
    eagre_sink_writer_close(self->parts[i]);
  eagre_free(self->parts);
}

static enum eagre_status begin_writer(struct eagre_sink_writer *writer, int64_t epoch,
                                      const char *attempt, struct eagre_error *error) {
  struct several_writer *self = get_writer(writer);
  for (uint32_t i = 0; i < self->count; i++)
    EAGRE_TRY(eagre_sink_writer_begin(self->parts[i], epoch, attempt, error));
  return EAGRE_OK;
}

static enum eagre_status show_writer(struct eagre_sink_writer *writer, struct eagre_error *error) {
  struct several_writer *self = get_writer(writer);
  for (uint32_t i = 0; i < self->count; i++)
    EAGRE_TRY(eagre_sink_writer_show(self->parts[i], error));
  return EAGRE_OK;
}

static bool is_writer_ready(struct eagre_sink_writer *writer) {
  struct several_writer *self = get_writer(writer);
  bool is_ready = true;
  for (uint32_t i = 0; i < self->count; i++) {
    is_ready = eagre_sink_writer_is_ready(self->parts[i]) && is_ready;
  }
  return is_ready;
}

static bool is_writer_full(struct eagre_sink_writer *writer) {
  struct several_writer *self = get_writer(writer);
  for (uint32_t i = 0; i < self->count; i++) {
    if (eagre_sink_writer_is_full(self->parts[i])) return true;
  }
  return false;
}

static bool is_side(const struct several_writer *self, const struct eagre_sink_writer *part) {
  for (uint32_t i = 0; i < EAGRE_SIDE_count; i++) {
    if (self->sides[i] == part) return true;
  }
  return false;
}

static enum eagre_status write_rows(struct eagre_sink_writer *writer,
                                    const struct eagre_batch *batch, struct eagre_error *error) {
  struct several_writer *self = get_writer(writer);
  for (uint32_t i = 0; i < self->count; i++) {
    if (!is_side(self, self->parts[i]))
      EAGRE_TRY(eagre_sink_writer_write(self->parts[i], batch, error));
  }
  return EAGRE_OK;
}

struct eagre_sink_writer *eagre_sink_writer_side(struct eagre_sink_writer *writer,
                                                 enum eagre_side side) {
  bool has_parts = writer->sink->methods == &eagre_sink_several_methods;
  return has_parts ? get_writer(writer)->sides[side] : NULL;
}

static enum eagre_status prepare_writer(struct eagre_sink_writer *writer,
                                        struct eagre_buffer *out_piece, struct eagre_error *error) {
  struct several_writer *self = get_writer(writer);
  struct eagre_buffer piece = {0};
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < self->count && status == EAGRE_OK; i++) {
    eagre_buffer_clear(&piece);
    status = eagre_sink_writer_prepare(self->parts[i], &piece, error);
    eagre_buffer_append_char(out_piece, i == 0 ? '{' : ',');
    eagre_buffer_append_json_string(out_piece, self->parts[i]->sink->plan->name);
    eagre_buffer_append_char(out_piece, ':');
    if (piece.size == 0) eagre_buffer_append_string(&piece, "null");
    eagre_buffer_append_text(out_piece, eagre_buffer_text(&piece));
  }
  eagre_buffer_append_char(out_piece, '}');
  eagre_buffer_done(&piece);
  return status;
}

static enum eagre_status settle_writer(struct eagre_sink_writer *writer, int timeout_ms,
                                       bool *out_is_settled, struct eagre_error *error) {
  struct several_writer *self = get_writer(writer);
  bool is_settled = true;
  for (uint32_t i = 0; i < self->count && is_settled; i++) {
    EAGRE_TRY(eagre_sink_writer_settle(self->parts[i], timeout_ms, &is_settled, error));
  }
  *out_is_settled = is_settled;
  return EAGRE_OK;
}

static void abort_writer(struct eagre_sink_writer *writer) {
  struct several_writer *self = get_writer(writer);
  for (uint32_t i = 0; i < self->count; i++) {
    if (self->parts[i] != NULL) eagre_sink_writer_abort(self->parts[i]);
  }
}

const struct eagre_sink_methods eagre_sink_several_methods = {
    .sink_size = sizeof(struct several),
    .writer_size = sizeof(struct several_writer),
    .validate = validate,
    .open = open_several,
    .close = close_several,
    .description = describe,
    .recover = recover,
    .claim = claim,
    .begin = begin,
    .commit = commit,
    .purge = purge,
    .writer_open = open_writer,
    .writer_close = close_writer,
    .writer_begin = begin_writer,
    .writer_write = write_rows,
    .writer_show = show_writer,
    .writer_is_ready = is_writer_ready,
    .writer_is_full = is_writer_full,
    .writer_prepare = prepare_writer,
    .writer_settle = settle_writer,
    .writer_abort = abort_writer,
};
