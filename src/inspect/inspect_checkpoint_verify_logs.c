/* Verifying the files that Spark and we share, and prepared epochs with their state. */
#include "inspect/inspect_checkpoint_verify.h"

#include <stdlib.h>

#include "json/json.h"

/* "offsets/12", in the arena. */
static const char *make_name(struct eagre_inspect_verify *verify, const char *directory,
                             int64_t epoch) {
  return eagre_arena_printf(&verify->arena, "%s/%lld", directory, (long long)epoch).data;
}

/* ---- Logs ------------------------------------------------------------------------------------ */

/* The epochs of offsets, commits or prepared, in ascending order. */
struct epochs {
  int64_t *epochs;
  uint32_t count;
};

static int compare_epochs(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static enum eagre_status list_epochs(struct eagre_inspect_verify *verify, const char *directory,
                                     struct epochs *out) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  const char *path = eagre_arena_printf(&verify->arena, "%s/%s", verify->path, directory).data;
  *out = (struct epochs){0};
  enum eagre_status status =
      eagre_io_list(verify->io, path, &verify->arena, &entries, &count, &verify->fault);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  out->epochs = eagre_arena_allocate(&verify->arena, (count + 1) * sizeof *out->epochs);
  for (uint32_t i = 0; i < count; i++) {
    int64_t epoch = eagre_inspect_name_number(eagre_text_of(entries[i].name));
    if (epoch >= 0) out->epochs[out->count++] = epoch;
  }
  qsort(out->epochs, out->count, sizeof *out->epochs, compare_epochs);
  return EAGRE_OK;
}

static int64_t get_last(const struct epochs *epochs) {
  return epochs->count == 0 ? -1 : epochs->epochs[epochs->count - 1];
}

/* What is missing between two epochs that are there. */
static void find_hole(struct eagre_inspect_verify *verify, const char *directory, int64_t after,
                      int64_t before) {
  if (before <= after + 1) return;
  const char *name = make_name(verify, directory, after + 1);
  struct eagre_text reason =
      before == after + 2
          ? eagre_arena_printf(&verify->arena, "it is missing, and %lld is there",
                               (long long)before)
          : eagre_arena_printf(&verify->arena,
                               "it and all up to %lld are missing, and %lld is there",
                               (long long)before - 1, (long long)before);
  eagre_inspect_verify_find(verify, name, "BATCH_METADATA_NOT_FOUND", reason.data);
}

static void find_holes(struct eagre_inspect_verify *verify, const char *directory,
                       const struct epochs *epochs) {
  for (uint32_t i = 1; i < epochs->count; i++) {
    find_hole(verify, directory, epochs->epochs[i - 1], epochs->epochs[i]);
  }
}

/* Whether every source has a JSON text or nothing; what it means, only the source can tell. */
static bool are_positions(const struct eagre_checkpoint_offsets *offsets,
                          struct eagre_arena *arena) {
  for (uint32_t i = 0; i < offsets->source_count; i++) {
    const struct eagre_json_node *root = NULL;
    if (offsets->sources[i].size == 0) continue;
    struct eagre_text copy = eagre_arena_copy_text(arena, offsets->sources[i]);
    if (eagre_json_read(arena, copy, &root, NULL) != EAGRE_OK) return false;
  }
  return true;
}

static enum eagre_status check_offsets(struct eagre_inspect_verify *verify,
                                       const struct epochs *epochs) {
  uint32_t source_count = 0;
  struct eagre_arena scratch = {0};
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < epochs->count && status == EAGRE_OK; i++) {
    struct eagre_checkpoint_offsets offsets = {0};
    const char *name = make_name(verify, "offsets", epochs->epochs[i]);
    eagre_arena_reset(&scratch);
    status = eagre_checkpoint_read_offsets(verify->handle, epochs->epochs[i], &scratch, &offsets,
                                           &verify->fault);
    bool is_read = status == EAGRE_OK;
    status = eagre_inspect_verify_note(verify, name, status);
    verify->file_count++;
    if (!is_read) continue;
    if (source_count != 0 && offsets.source_count != source_count)
      eagre_inspect_verify_find(verify, name, "CHECKPOINT_SOURCES_DIFFER",
                                "it has another number of sources than the epoch before");
    if (!are_positions(&offsets, &scratch))
      eagre_inspect_verify_find(verify, name, "MALFORMED_LOG_FILE",
                                "the position of a source is no JSON text");
    source_count = offsets.source_count;
  }
  eagre_arena_done(&scratch);
  find_holes(verify, "offsets", epochs);
  return status;
}

static enum eagre_status check_commits(struct eagre_inspect_verify *verify,
                                       const struct epochs *epochs) {
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < epochs->count && status == EAGRE_OK; i++) {
    int64_t watermark_ms;
    const char *name = make_name(verify, "commits", epochs->epochs[i]);
    status = eagre_checkpoint_read_commit(verify->handle, epochs->epochs[i], &watermark_ms,
                                          &verify->fault);
    status = eagre_inspect_verify_note(verify, name, status);
    verify->file_count++;
  }
  find_holes(verify, "commits", epochs);
  return status;
}

static bool has_epoch(const struct epochs *epochs, int64_t epoch) {
  for (uint32_t i = 0; i < epochs->count; i++) {
    if (epochs->epochs[i] == epoch) return true;
  }
  return false;
}

static void find_missing(struct eagre_inspect_verify *verify, const char *directory, int64_t epoch,
                         const char *reason) {
  eagre_inspect_verify_find(verify, make_name(verify, directory, epoch), "BATCH_METADATA_NOT_FOUND",
                            reason);
}

/* Commits end at the last planned epoch or one before it, and begin where offsets begin, or before
 * (offsets are purged first). */
static void compare_logs(struct eagre_inspect_verify *verify, const struct epochs *offsets,
                         const struct epochs *commits) {
  int64_t planned = get_last(offsets);
  int64_t committed = get_last(commits);
  if (committed > planned)
    find_missing(verify, "offsets", committed, "it is missing, and its commit is there");
  if (offsets->count == 0) return;
  int64_t first = offsets->epochs[0];
  if (commits->count > 0 && commits->epochs[0] > first)
    find_missing(verify, "commits", first, "it is missing, and later commits are there");
  int64_t next = committed < first ? first : committed + 1;
  if (planned > next)
    find_missing(verify, "commits", next, "it is missing, and a later epoch is planned");
  bool is_open = planned > committed;
  if (is_open && planned > 0 && !has_epoch(offsets, planned - 1))
    find_missing(verify, "offsets", planned - 1,
                 "it is missing: the epoch behind it is not committed and begins where it ends");
}

/* ---- Sources --------------------------------------------------------------------------------- */

static enum eagre_status check_source(struct eagre_inspect_verify *verify, uint32_t number,
                                      struct eagre_text logged) {
  struct eagre_inspect_position position;
  struct eagre_inspect_file_log log;
  struct eagre_buffer content = {0};
  const char *folder = eagre_arena_printf(&verify->arena, "sources/%u", number).data;
  const char *start = eagre_arena_printf(&verify->arena, "sources/%u/0", number).data;
  eagre_inspect_position_parse(logged, &verify->arena, &position);
  if (position.kind == EAGRE_INSPECT_FILES) {
    enum eagre_status status = eagre_inspect_file_log_read(verify->handle, number, position.log_id,
                                                           &verify->arena, &log, &verify->fault);
    if (status == EAGRE_OK && log.last < position.log_id)
      eagre_inspect_verify_find(verify, folder, "FILE_LOG_INCOMPLETE",
                                "the offsets name a later entry than the last one there is");
    verify->file_count += log.file_count;
    return eagre_inspect_verify_note(verify, folder, status);
  }
  enum eagre_status status =
      eagre_checkpoint_read_source(verify->handle, number, "0", &content, &verify->fault);
  struct eagre_text begin;
  bool is_read = status == EAGRE_OK;
  if (is_read && position.kind == EAGRE_INSPECT_KAFKA &&
      !eagre_inspect_kafka_start(eagre_buffer_text(&content), &begin))
    eagre_inspect_verify_find(verify, start, "MALFORMED_LOG_FILE",
                              "it does not hold the position where the query began");
  verify->file_count += is_read;
  eagre_buffer_done(&content);
  return eagre_inspect_verify_note(verify, start, status);
}

static enum eagre_status check_sources(struct eagre_inspect_verify *verify, int64_t planned) {
  struct eagre_checkpoint_offsets offsets = {0};
  if (planned < 0) return EAGRE_OK;
  enum eagre_status status = eagre_checkpoint_read_offsets(verify->handle, planned, &verify->arena,
                                                           &offsets, &verify->fault);
  if (status == EAGRE_UNSAFE || status == EAGRE_END) return EAGRE_OK; /* found already */
  EAGRE_TRY(status);
  for (uint32_t i = 0; i < offsets.source_count; i++) {
    EAGRE_TRY(check_source(verify, i, offsets.sources[i]));
  }
  return EAGRE_OK;
}

/* ---- Prepared epochs and their state --------------------------------------------------------- */

/* Of an epoch that a restart does not need files may be missing: they are just being removed. */
static enum eagre_status check_state_of(struct eagre_inspect_verify *verify,
                                        const struct eagre_inspect_state *state,
                                        const struct eagre_checkpoint_prepared *prepared,
                                        bool is_needed) {
  const char *file = "";
  enum eagre_status status =
      eagre_inspect_state_check(state, verify->io, prepared->state_version, prepared->core_count,
                                prepared->attempt, true, &verify->arena, &file, &verify->fault);
  verify->file_count += prepared->core_count;
  bool is_missing =
      status == EAGRE_UNSAFE && strcmp(verify->fault.class_name, "STATE_STORE_MISSING_FILE") == 0;
  if (is_missing && !is_needed) return EAGRE_OK;
  const char *name = eagre_arena_printf(&verify->arena, "eagre/state/%s", file).data;
  return eagre_inspect_verify_note(verify, name, status);
}

static enum eagre_status check_epoch(struct eagre_inspect_verify *verify,
                                     const struct eagre_inspect_state *state, int64_t epoch,
                                     bool is_needed) {
  struct eagre_checkpoint_prepared prepared;
  enum eagre_status status = eagre_checkpoint_read_prepared(verify->handle, epoch, &verify->arena,
                                                            &prepared, &verify->fault);
  verify->file_count++;
  bool has_state = status == EAGRE_OK && prepared.has_state;
  EAGRE_TRY(eagre_inspect_verify_note(verify, make_name(verify, "eagre/prepared", epoch), status));
  return has_state ? check_state_of(verify, state, &prepared, is_needed) : EAGRE_OK;
}

/* A restart needs the state of the last committed epoch and, when the sink has the one behind it,
 * of that. */
static enum eagre_status check_prepared(struct eagre_inspect_verify *verify, int64_t committed) {
  struct epochs epochs;
  struct eagre_inspect_state state;
  const char *directory = eagre_checkpoint_state_path(verify->handle);
  EAGRE_TRY(list_epochs(verify, "eagre/prepared", &epochs));
  EAGRE_TRY(
      eagre_inspect_state_list(verify->io, directory, &verify->arena, &state, &verify->fault));
  for (uint32_t i = 0; i < epochs.count; i++) {
    EAGRE_TRY(check_epoch(verify, &state, epochs.epochs[i], epochs.epochs[i] >= committed));
  }
  bool has_state = eagre_checkpoint_summary(verify->handle)->has_state && committed >= 0;
  bool is_named = epochs.count > 0 && get_last(&epochs) >= committed;
  if (has_state && !is_named)
    eagre_inspect_verify_find(verify, make_name(verify, "eagre/prepared", committed),
                              "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
                              "it is missing, so that the state of that epoch is not known");
  return EAGRE_OK;
}

/* ---- All ------------------------------------------------------------------------------------- */

enum eagre_status eagre_inspect_verify_logs(struct eagre_inspect_verify *verify) {
  struct epochs commits;
  struct epochs offsets;
  /* In this order: what is committed was planned before. */
  EAGRE_TRY(list_epochs(verify, "commits", &commits));
  EAGRE_TRY(list_epochs(verify, "offsets", &offsets));
  EAGRE_TRY(check_offsets(verify, &offsets));
  EAGRE_TRY(check_commits(verify, &commits));
  compare_logs(verify, &offsets, &commits);
  EAGRE_TRY(check_sources(verify, get_last(&offsets)));
  return check_prepared(verify, get_last(&commits));
}
