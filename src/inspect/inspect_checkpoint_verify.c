/* `eagre checkpoint verify`: every file of a checkpoint, one after the other.
 *
 *   metadata            parses, matches its side file
 *   offsets, commits    the same; no epoch is missing between the first and the last; commits reach
 *                       to the last epoch or the one before, and never beyond; every epoch has the
 *                       same number of sources
 *   sources/I           Kafka's start parses; a file log is complete up to what the offsets name
 *   eagre/prepared      parses; the state that prepared epochs name is there and whole
 *   state               (Spark's) the version a restart needs is there, side files match
 *
 * A process may be at work meanwhile. Files that it removes are old ones, and nobody misses them;
 * when there are findings and the last epoch has moved, it is looked at again. */
#include "inspect/inspect_checkpoint_verify.h"

enum { LOOKS_MAX = 5 };

/* ---- Findings -------------------------------------------------------------------------------- */

void eagre_inspect_verify_find(struct eagre_inspect_verify *verify, const char *file,
                               const char *class_name, const char *reason) {
  if (verify->finding_count == verify->finding_capacity) {
    verify->finding_capacity = verify->finding_capacity == 0 ? 16 : verify->finding_capacity * 2;
    verify->findings =
        eagre_reallocate(verify->findings, verify->finding_capacity * sizeof *verify->findings);
  }
  verify->findings[verify->finding_count++] = (struct eagre_inspect_finding){
      .file = eagre_arena_copy_string(&verify->arena, file),
      .class_name = eagre_arena_copy_string(&verify->arena, class_name),
      .reason = eagre_arena_copy_string(&verify->arena, reason),
  };
}

enum eagre_status eagre_inspect_verify_note(struct eagre_inspect_verify *verify, const char *file,
                                            enum eagre_status status) {
  if (status == EAGRE_OK || status == EAGRE_END) return EAGRE_OK;
  if (status != EAGRE_UNSAFE) return status;
  eagre_inspect_verify_find(verify, file, verify->fault.class_name, verify->fault.text);
  return EAGRE_OK;
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* A checkpoint that cannot be opened has no further files to look at: a start cannot either. */
static enum eagre_status check_all(struct eagre_inspect_verify *verify, const char *directory) {
  static const struct eagre_checkpoint_options options = {.read_only = true};
  verify->finding_count = 0;
  verify->file_count = 0;
  enum eagre_status status =
      eagre_checkpoint_open(verify->io, directory, &options, &verify->handle, &verify->fault);
  if (status == EAGRE_UNSAFE) return eagre_inspect_verify_note(verify, "metadata", status);
  EAGRE_TRY(status);
  const struct eagre_checkpoint_summary *summary = eagre_checkpoint_summary(verify->handle);
  verify->path = eagre_checkpoint_path(verify->handle);
  verify->file_count = summary->exists;
  bool is_absent = !summary->exists && !summary->has_state && !summary->has_spark_state;
  if (is_absent) return eagre_inspect_refuse_absent(verify->path, &verify->fault);
  EAGRE_TRY(eagre_inspect_verify_logs(verify));
  return eagre_inspect_verify_spark(verify, summary->commits_last);
}

/* Whether an epoch was planned since the handle was opened. */
static enum eagre_status has_moved(struct eagre_inspect_verify *verify, const char *directory,
                                   bool *out_has) {
  static const struct eagre_checkpoint_options options = {.read_only = true};
  struct eagre_checkpoint *now = NULL;
  *out_has = false;
  enum eagre_status status =
      eagre_checkpoint_open(verify->io, directory, &options, &now, &verify->fault);
  if (status == EAGRE_UNSAFE) return EAGRE_OK;
  EAGRE_TRY(status);
  *out_has = eagre_checkpoint_summary(now)->offsets_last !=
             eagre_checkpoint_summary(verify->handle)->offsets_last;
  eagre_checkpoint_close(now);
  return EAGRE_OK;
}

/* Looks until nothing is found, or until what was found stands still. */
static enum eagre_status look(struct eagre_inspect_verify *verify, const char *directory) {
  bool must_look = true;
  for (int i = 0; i < LOOKS_MAX && must_look; i++) {
    eagre_checkpoint_close(verify->handle);
    verify->handle = NULL;
    EAGRE_TRY(check_all(verify, directory));
    must_look = false;
    if (verify->finding_count > 0 && verify->handle != NULL)
      EAGRE_TRY(has_moved(verify, directory, &must_look));
  }
  return EAGRE_OK;
}

/* ---- Printing -------------------------------------------------------------------------------- */

static void print_text(const struct eagre_inspect_verify *verify, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < verify->finding_count; i++) {
    const struct eagre_inspect_finding *finding = &verify->findings[i];
    eagre_buffer_printf(out, "%s: [%s] %s\n", finding->file, finding->class_name, finding->reason);
  }
  eagre_buffer_printf(out, "%s: %llu files, ", verify->path,
                      (unsigned long long)verify->file_count);
  if (verify->finding_count == 0) {
    eagre_buffer_append_string(out, "nothing is missing or damaged\n");
  } else {
    eagre_buffer_printf(out, "%u %s\n", verify->finding_count,
                        verify->finding_count == 1 ? "finding" : "findings");
  }
}

static void print_json(const struct eagre_inspect_verify *verify, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '{');
  eagre_inspect_json_text(out, "checkpoint", eagre_text_of(verify->path));
  eagre_inspect_json_integer(out, "files", (int64_t)verify->file_count);
  eagre_inspect_json_name(out, "findings");
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < verify->finding_count; i++) {
    const struct eagre_inspect_finding *finding = &verify->findings[i];
    eagre_buffer_append_string(out, i == 0 ? "{" : ",{");
    eagre_inspect_json_text(out, "file", eagre_text_of(finding->file));
    eagre_inspect_json_text(out, "class", eagre_text_of(finding->class_name));
    eagre_inspect_json_text(out, "reason", eagre_text_of(finding->reason));
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_string(out, "]}\n");
}

/* ---- All ------------------------------------------------------------------------------------- */

static enum eagre_status judge(const struct eagre_inspect_verify *verify,
                               struct eagre_error *error) {
  if (verify->finding_count == 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_CHECK, "CHECKPOINT_DAMAGED",
                  "The checkpoint %s has %u missing or damaged files; the first is %s.",
                  verify->path, verify->finding_count, verify->findings[0].file);
  eagre_error_hint(error, "restore them from a backup; `eagre checkpoint show` says what a start "
                          "would do now");
  return EAGRE_CHECK;
}

enum eagre_status eagre_inspect_checkpoint_verify(const char *directory, bool as_json,
                                                  struct eagre_buffer *out,
                                                  struct eagre_error *error) {
  struct eagre_inspect_verify verify = {.path = directory};
  eagre_error_init(&verify.fault);
  enum eagre_status status = eagre_io_open(NULL, &verify.io, &verify.fault);
  if (status == EAGRE_OK) status = look(&verify, directory);
  if (status == EAGRE_OK) {
    if (as_json) {
      print_json(&verify, out);
    } else {
      print_text(&verify, out);
    }
    status = judge(&verify, error);
  } else if (error != NULL) {
    *error = verify.fault;
  }
  eagre_checkpoint_close(verify.handle);
  eagre_io_close(verify.io);
  eagre_free(verify.findings);
  eagre_arena_done(&verify.arena);
  return status;
}
