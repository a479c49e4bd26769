/* The back end of io_uring.
 *
 * What goes through the ring, and what does not (two cores, ext4 on virtio, Linux 6.18):
 *   - syncs of a group, in flight together: 4 files 1.44 ms against 1.51 ms one after the other,
 * and more where a flush is slow. A single sync is called: handing it to a kernel worker and back
 *     costs 0.1 ms.
 *   - the writes of a writer, past the page cache (O_DIRECT): the device works while the thread
 * goes on, and nothing is left for the final sync to write.
 *   - waiting: one-shot polls, armed again before each sleep, so that a descriptor that stays
 *     readable ends every wait, as poll(2) would.
 *   - not opens, renames, links, reads and small buffered writes: the kernel punts them to a
 * worker, which costs more than the call.
 *
 * Invariants
 *   1. The ring is entered by the thread that made it (SINGLE_ISSUER); with DEFER_TASKRUN
 *      completions appear only while that thread is inside the kernel for them.
 *   2. user_data is the address of the operation, or, for a poll, the address of its watch with the
 *      lowest bit set; IGNORED for what nobody waits for.
 *   3. An operation in flight is not done; `flying_count` is their number.
 *   4. A watch is freed only when its poll is not armed, or as the ring is closed. */
#include "io/io_backend.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { WATCH_TAG = 1, IGNORED = 0 };

struct watch {
  struct watch *next;
  int descriptor;
  bool is_armed;
};

struct uring {
  struct io_uring ring;
  struct watch *watches;
  uint32_t flying_count;
  bool is_woken; /* a poll has fired since this was cleared */
};

/* From the best to what the oldest kernel we can use accepts. */
struct ring_mode {
  unsigned flags;
  const char *text;
};

static const struct ring_mode ring_modes[] = {
    {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
         IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP,
     "single issuer, deferred task run"}, /* 6.1 */
    {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL |
         IORING_SETUP_CLAMP,
     "single issuer, cooperative task run"}, /* 6.0 */
    {IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP,
     "cooperative task run"},                                     /* 5.19 */
    {IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP, "submit all"}, /* 5.18 */
    {IORING_SETUP_CLAMP, "plain"},
};

/* ---- Submission and completion --------------------------------------------------------------- */

static void complete_operation(struct uring *uring, struct eagre_io_operation *operation,
                               int result) {
  uring->flying_count--;
  operation->result = result;
  operation->is_done = true;
  eagre_io_probe_end(operation);
  if (operation->kind == EAGRE_IO_SYNC) uring->is_woken = true; /* who waited meanwhile */
}

static void take_completion(struct uring *uring, uint64_t user_data, int result) {
  if (user_data == IGNORED) return;
  if ((user_data & WATCH_TAG) == 0) {
    complete_operation(uring, (struct eagre_io_operation *)(uintptr_t)user_data, result);
    return;
  }
  struct watch *watch = (struct watch *)(uintptr_t)(user_data & ~(uint64_t)WATCH_TAG);
  watch->is_armed = false;
  /* A poll that failed ends the wait as well: whoever watches finds out by using its descriptor. */
  if (result != -ECANCELED) uring->is_woken = true;
}

/* Takes what has completed, without entering the kernel. */
static void take_completions(struct uring *uring) {
  struct io_uring_cqe *completion;
  unsigned head;
  unsigned count = 0;
  io_uring_for_each_cqe(&uring->ring, head, completion) {
    take_completion(uring, completion->user_data, completion->res);
    count++;
  }
  io_uring_cq_advance(&uring->ring, count);
}

/* Whether the kernel only asks for another try: interrupted, or out of memory or completion slots
 * for a moment. Everything else at this level is a mistake of ours (wrong thread, bad pointer). */
static bool is_passing(int result) {
  return result == -EINTR || result == -EAGAIN || result == -EBUSY;
}

/* Ends the process, in words, unless the kernel took it or wants another try. */
static void check_result(int result) {
  if (result >= 0 || is_passing(result)) return;
  char text[96];
  snprintf(text, sizeof text, "io_uring_enter: %s", strerror(-result));
  eagre_assert_failed(text, __FILE__, __LINE__);
}

/* Hands everything prepared to the kernel. */
static void submit_prepared(struct uring *uring) {
  int result;
  while ((result = io_uring_submit(&uring->ring)) < 0) {
    check_result(result);
    io_uring_get_events(&uring->ring);
    take_completions(uring);
  }
}

/* The same, and waits for at least one completion. */
static void submit_and_wait(struct uring *uring) {
  int result = io_uring_submit_and_wait(&uring->ring, 1);
  check_result(result);
  take_completions(uring);
}

static struct io_uring_sqe *prepare_entry(struct uring *uring) {
  struct io_uring_sqe *entry = io_uring_get_sqe(&uring->ring);
  if (entry == NULL) {
    submit_prepared(uring);
    entry = io_uring_get_sqe(&uring->ring);
  }
  eagre_assert(entry != NULL);
  return entry;
}

/* ---- Operations ------------------------------------------------------------------------------ */

static void prepare_operation(struct uring *uring, struct eagre_io_operation *operation) {
  struct io_uring_sqe *entry = prepare_entry(uring);
  eagre_io_probe_begin(operation);
  if (operation->kind == EAGRE_IO_SYNC) {
    io_uring_prep_fsync(entry, operation->descriptor, 0);
  } else if (operation->buffer_index != EAGRE_IO_NOT_REGISTERED) {
    io_uring_prep_write_fixed(entry, operation->descriptor, operation->data,
                              (unsigned)operation->size, operation->offset,
                              operation->buffer_index);
  } else {
    io_uring_prep_write(entry, operation->descriptor, operation->data, (unsigned)operation->size,
                        operation->offset);
  }
  io_uring_sqe_set_data64(entry, (uintptr_t)operation);
  operation->is_done = false;
  uring->flying_count++;
}

/* An interrupted operation was not done; a worker may be interrupted as a system call may. */
static bool is_finished(struct uring *uring, struct eagre_io_operation *operation) {
  if (!operation->is_done) return false;
  if (operation->result != -EINTR && operation->result != -EAGAIN) return true;
  prepare_operation(uring, operation);
  return false;
}

static void finish_operation(void *state, struct eagre_io_operation *operation) {
  while (!is_finished(state, operation)) {
    submit_and_wait(state);
  }
}

static void start_operation(void *state, struct eagre_io_operation *operation) {
  bool is_write = operation->kind == EAGRE_IO_WRITE && operation->size <= INT32_MAX;
  eagre_assert(is_write || operation->kind == EAGRE_IO_SYNC);
  prepare_operation(state, operation);
  submit_prepared(state);
  take_completions(state);
}

static bool poll_operation(void *state, struct eagre_io_operation *operation) {
  struct uring *uring = state;
  if (!operation->is_done) io_uring_get_events(&uring->ring);
  take_completions(uring);
  return is_finished(uring, operation);
}

static void run_operations(void *state, struct eagre_io_operation *operations, uint32_t count) {
  uint32_t flying = 0;
  for (uint32_t i = 0; i < count; i++) {
    bool is_punted = count > 1 && operations[i].kind == EAGRE_IO_SYNC;
    if (!is_punted) {
      eagre_io_posix_perform(&operations[i]);
      continue;
    }
    prepare_operation(state, &operations[i]);
    flying++;
  }
  if (flying == 0) return;
  for (uint32_t i = 0; i < count; i++) {
    finish_operation(state, &operations[i]);
  }
}

static int register_buffers(void *state, char *memory, size_t size, uint32_t count) {
  struct uring *uring = state;
  struct iovec *parts = eagre_allocate(count * sizeof *parts);
  for (uint32_t i = 0; i < count; i++) {
    parts[i] = (struct iovec){.iov_base = memory + i * size, .iov_len = size};
  }
  int result = io_uring_register_buffers(&uring->ring, parts, count);
  eagre_free(parts);
  return result;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static int watch_descriptor(void *state, int descriptor) {
  struct uring *uring = state;
  struct watch *watch = eagre_allocate(sizeof *watch);
  *watch = (struct watch){.next = uring->watches, .descriptor = descriptor};
  uring->watches = watch;
  return 0;
}

/* Cancels the poll. Removing it would not do: a poll that was woken and not looked at yet cannot be
 * removed, and stays armed when its descriptor has been drained since. */
static void disarm_watch(struct uring *uring, struct watch *watch) {
  if (!watch->is_armed) return;
  struct io_uring_sqe *entry = prepare_entry(uring);
  io_uring_prep_cancel64(entry, (uintptr_t)watch | WATCH_TAG, 0);
  io_uring_sqe_set_data64(entry, IGNORED);
  while (watch->is_armed) {
    submit_and_wait(uring);
  }
}

static void unwatch_descriptor(void *state, int descriptor) {
  struct uring *uring = state;
  for (struct watch **link = &uring->watches; *link != NULL;) {
    struct watch *watch = *link;
    if (watch->descriptor != descriptor) {
      link = &watch->next;
      continue;
    }
    disarm_watch(uring, watch);
    *link = watch->next;
    eagre_free(watch);
  }
}

static void arm_watches(struct uring *uring) {
  for (struct watch *watch = uring->watches; watch != NULL; watch = watch->next) {
    if (watch->is_armed) continue;
    struct io_uring_sqe *entry = prepare_entry(uring);
    io_uring_prep_poll_add(entry, watch->descriptor, POLLIN);
    io_uring_sqe_set_data64(entry, (uintptr_t)watch | WATCH_TAG);
    watch->is_armed = true;
  }
}

/* Hands over what is prepared and sleeps, in one system call: for `left_ns` at most (negative: no
 * limit), or until anything completes. */
static void sleep_once(struct uring *uring, int64_t left_ns) {
  struct __kernel_timespec left = {left_ns / 1000000000, left_ns % 1000000000};
  struct io_uring_cqe *completion;
  int result = io_uring_submit_and_wait_timeout(&uring->ring, &completion, 1,
                                                left_ns < 0 ? NULL : &left, NULL);
  if (result != -ETIME) check_result(result);
  take_completions(uring);
}

/* What is left of a wait that began at `begin_ns`; -1: there is no limit. */
static int64_t time_left_ns(uint64_t begin_ns, int64_t timeout_us) {
  if (timeout_us < 0) return -1;
  int64_t left_ns = timeout_us * 1000 - (int64_t)(eagre_clock_monotonic_ns() - begin_ns);
  return left_ns < 0 ? 0 : left_ns;
}

/* Completions of writes wake us too; only those of polls and syncs end the wait. */
static void sleep_until_readable(void *state, int64_t timeout_us) {
  struct uring *uring = state;
  uint64_t begin_ns = eagre_clock_monotonic_ns();
  arm_watches(uring);
  do {
    sleep_once(uring, time_left_ns(begin_ns, timeout_us));
  } while (!uring->is_woken && time_left_ns(begin_ns, timeout_us) != 0);
  uring->is_woken = false;
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* Closing the ring ends the polls that are armed. Cancelling them would enter it, perhaps on
 * another thread than its own. */
static void close_uring(void *state) {
  struct uring *uring = state;
  eagre_assert(uring->flying_count == 0);
  while (uring->watches != NULL) {
    struct watch *watch = uring->watches;
    uring->watches = watch->next;
    eagre_free(watch);
  }
  io_uring_queue_exit(&uring->ring);
  eagre_free(uring);
}

static const struct eagre_io_backend uring_backend = {
    .close = close_uring,
    .run = run_operations,
    .start = start_operation,
    .poll = poll_operation,
    .finish = finish_operation,
    .register_buffers = register_buffers,
    .watch = watch_descriptor,
    .unwatch = unwatch_descriptor,
    .sleep = sleep_until_readable,
};

/* A ring in the best mode the kernel knows: it refuses unknown flags with EINVAL. */
static int open_ring(uint32_t queue_depth, struct io_uring *ring, const char **out_modes) {
  int result = -EINVAL;
  for (size_t i = 0; i < EAGRE_COUNT_OF(ring_modes) && result == -EINVAL; i++) {
    result = io_uring_queue_init(queue_depth, ring, ring_modes[i].flags);
    *out_modes = ring_modes[i].text;
  }
  if (result < 0) return result;
  /* Completions must not be dropped when many are waiting, and waits need their timeout inside the
   * call: both since 5.11. */
  unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
  if ((ring->features & needed) == needed) return 0;
  io_uring_queue_exit(ring);
  return -EOPNOTSUPP;
}

int eagre_io_uring_open(uint32_t queue_depth, struct eagre_io_engine *out_engine,
                        const char **out_modes) {
  struct uring *uring = eagre_allocate_zeroed(1, sizeof *uring);
  int result = open_ring(queue_depth, &uring->ring, out_modes);
  if (result < 0) {
    eagre_free(uring);
    return result;
  }
  /* Saves looking the descriptor up at every entry; best effort. */
  io_uring_register_ring_fd(&uring->ring);
  out_engine->table = &uring_backend;
  out_engine->state = uring;
  return 0;
}
