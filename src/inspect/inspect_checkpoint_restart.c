/* What a start would do with a checkpoint: the decisions of src/epoch/epoch_recover.c, told instead
 * of taken. The one thing that is not known here is what the sink has; where it decides, the
 * sentence says so. */
#include "inspect/inspect_checkpoint.h"

static void tell(struct eagre_inspect_checkpoint *checkpoint,
                 enum eagre_inspect_restart_action action, int64_t epoch,
                 struct eagre_text sentence) {
  checkpoint->restart = (struct eagre_inspect_restart){action, epoch, sentence};
}

static void refuse(struct eagre_inspect_checkpoint *checkpoint, const char *class_name,
                   const char *reason) {
  tell(checkpoint, EAGRE_INSPECT_REFUSE, -1,
       eagre_arena_printf(&checkpoint->arena, "is refused (%s): %s", class_name, reason));
}

/* State counts as needed when an epoch of ours was committed with it. */
static bool needs_state(const struct eagre_inspect_checkpoint *checkpoint) {
  return checkpoint->summary.has_state && checkpoint->summary.commits_last >= 0;
}

/* Whether the state after epoch `epoch` can be loaded; if not, `restart` says why. */
static enum eagre_status find_state(struct eagre_inspect_checkpoint *checkpoint, int64_t epoch,
                                    bool *out_is_there, struct eagre_error *error) {
  *out_is_there = true;
  if (epoch < 0 || !needs_state(checkpoint)) return EAGRE_OK;
  *out_is_there = false;
  struct eagre_arena *arena = &checkpoint->arena;
  struct eagre_checkpoint_prepared prepared;
  enum eagre_status status =
      eagre_checkpoint_read_prepared(checkpoint->handle, epoch, arena, &prepared, error);
  if (status == EAGRE_END) {
    struct eagre_text reason = eagre_arena_printf(
        arena, "eagre/prepared/%lld, which names the state after that epoch, is missing",
        (long long)epoch);
    refuse(checkpoint, "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY", reason.data);
    return EAGRE_OK;
  }
  EAGRE_TRY(status);
  struct eagre_error fault;
  eagre_error_init(&fault);
  status = EAGRE_OK;
  if (prepared.has_state) {
    status = eagre_inspect_state_check(&checkpoint->state, checkpoint->io, prepared.state_version,
                                       prepared.core_count, prepared.attempt, false, arena, NULL,
                                       &fault);
  }
  *out_is_there = status == EAGRE_OK;
  if (status != EAGRE_UNSAFE) {
    if (status != EAGRE_OK && error != NULL) *error = fault;
    return status;
  }
  refuse(checkpoint, eagre_arena_copy_string(arena, fault.class_name), fault.text);
  return EAGRE_OK;
}

/* ---- The last epoch is not committed --------------------------------------------------------- */

static enum eagre_status tell_open_epoch(struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_error *error) {
  struct eagre_arena *arena = &checkpoint->arena;
  int64_t epoch = checkpoint->summary.offsets_last;
  bool is_there = true;
  if (epoch > 0) {
    struct eagre_checkpoint_offsets before;
    enum eagre_status status =
        eagre_checkpoint_read_offsets(checkpoint->handle, epoch - 1, arena, &before, error);
    if (status == EAGRE_END) {
      refuse(checkpoint, "BATCH_METADATA_NOT_FOUND",
             "the offsets of the epoch before the last one are missing");
      return EAGRE_OK;
    }
    EAGRE_TRY(status);
  }
  EAGRE_TRY(find_state(checkpoint, epoch - 1, &is_there, error));
  if (!is_there) return EAGRE_OK;
  bool is_prepared = checkpoint->has_prepared && checkpoint->prepared.epoch == epoch;
  if (is_prepared) {
    tell(checkpoint, EAGRE_INSPECT_ASK, epoch,
         eagre_arena_printf(arena,
                            "asks the sink about epoch %lld: if it has it by attempt %.*s, the "
                            "epoch is adopted and nothing is read; if not, the epoch is run again "
                            "to the same ends",
                            (long long)epoch, (int)checkpoint->prepared.attempt.size,
                            checkpoint->prepared.attempt.data));
  } else if (!checkpoint->is_by_eagre) {
    tell(checkpoint, EAGRE_INSPECT_ASK, epoch,
         eagre_arena_printf(arena,
                            "asks the sink about epoch %lld: if it has it from Spark, the epoch is "
                            "done; if not, or if the sink cannot tell, the epoch is run again to "
                            "the same ends",
                            (long long)epoch));
  } else {
    tell(checkpoint, EAGRE_INSPECT_RERUN, epoch,
         eagre_arena_printf(arena,
                            "runs epoch %lld again, with the same ends, batch timestamp and "
                            "watermark",
                            (long long)epoch));
  }
  return EAGRE_OK;
}

/* Spark's own rule is the same without a question to the sink. */
static void refuse_spark_state(struct eagre_inspect_checkpoint *checkpoint) {
  long long last = (long long)checkpoint->summary.offsets_last;
  struct eagre_text reason =
      checkpoint->is_committed || last < 0
          ? eagre_arena_printf(&checkpoint->arena,
                               "only Spark can go on with state that Spark wrote; it plans batch "
                               "%lld",
                               last + 1)
          : eagre_arena_printf(&checkpoint->arena,
                               "only Spark can go on with state that Spark wrote; it runs batch "
                               "%lld again",
                               last);
  refuse(checkpoint, "CHECKPOINT_STATE_OF_SPARK", reason.data);
}

/* ---- All ------------------------------------------------------------------------------------- */

static enum eagre_status tell_next_epoch(struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_error *error) {
  bool is_there = true;
  int64_t done = checkpoint->summary.offsets_last;
  EAGRE_TRY(find_state(checkpoint, done, &is_there, error));
  if (!is_there) return EAGRE_OK;
  tell(checkpoint, EAGRE_INSPECT_NEXT, done + 1,
       eagre_arena_printf(&checkpoint->arena, "plans epoch %lld, from where epoch %lld ended",
                          (long long)done + 1, (long long)done));
  return EAGRE_OK;
}

enum eagre_status eagre_inspect_restart_find(struct eagre_inspect_checkpoint *checkpoint,
                                             struct eagre_error *error) {
  const struct eagre_checkpoint_summary *summary = &checkpoint->summary;
  if (summary->has_spark_state) {
    refuse_spark_state(checkpoint);
  } else if (summary->offsets_last < 0 && summary->has_state) {
    refuse(checkpoint, "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY",
           "there is state and there are no offsets: parts of the checkpoint were removed");
  } else if (summary->commits_last > summary->offsets_last) {
    refuse(checkpoint, "CHECKPOINT_OFFSETS_MISSING",
           "there is a commit of an epoch without offsets: parts of the checkpoint were removed");
  } else if (summary->offsets_last < 0) {
    tell(checkpoint, EAGRE_INSPECT_BEGIN, 0, EAGRE_TEXT("plans epoch 0: nothing was planned yet"));
  } else if (checkpoint->is_committed) {
    return tell_next_epoch(checkpoint, error);
  } else {
    return tell_open_epoch(checkpoint, error);
  }
  return EAGRE_OK;
}
