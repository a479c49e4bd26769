/* What makes `eagre_faulty` of the program `eagre`, first half: every handle of the room `io` is
 * opened through the function below (the linker's --wrap=eagre_io_open), which puts io_fault.h in
 * front of the back end that was chosen, so that both back ends fail in the same way. Nothing in
 * the product knows of it.
 *
 *   EAGRE_FAULT_AT=HANDLE:KIND:NTH:WHAT[:COUNT]
 *     HANDLE  handles are numbered from 0 as they are opened: cores first, then flows; * is all
 *     KIND    open read write sync rename link unlink mkdir
 *     NTH     the operation of that kind on that handle, from 1
 *     WHAT    an errno below; with "late-" in front the operation is done and then reported as
 *             failed (not open, read, write); or "short": 7 bytes are read or written
 *     COUNT   so many from there on; all for "all"; 1 when it is left out
 *   EAGRE_FAULT_COUNTS=FILE
 *     gets a line "HANDLE KIND OPERATIONS" for every handle and kind when the handle is closed
 *
 * A spoilt operation is told on stderr first: `fault: sync <path> EIO`. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fcntl.h>

#include "io/io_fault.h"

enum eagre_status __real_eagre_io_open(const struct eagre_io_options *options,
                                       struct eagre_io **out_io, struct eagre_error *error);
enum eagre_status __wrap_eagre_io_open(const struct eagre_io_options *options,
                                       struct eagre_io **out_io, struct eagre_error *error);
void __real_eagre_io_close(struct eagre_io *io);
void __wrap_eagre_io_close(struct eagre_io *io);

enum { HANDLES_MAX = 1024, SHORT_SIZE = 7 };

/* Handles are opened by several threads. */
static struct {
  pthread_mutex_t mutex;
  struct eagre_io *handles[HANDLES_MAX];
  uint32_t count;
} opened = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static const struct {
  const char *name;
  int number;
} errors[] = {
    {"EACCES", EACCES}, {"EDQUOT", EDQUOT}, {"EFBIG", EFBIG}, {"EIO", EIO},
    {"EMFILE", EMFILE}, {"ENOSPC", ENOSPC}, {"EPERM", EPERM}, {"EROFS", EROFS},
};

/* ---- The wish -------------------------------------------------------------------------------- */

_Noreturn static void refuse_wish(const char *what) {
  fprintf(stderr, "eagre_faulty: EAGRE_FAULT_AT has no such %s\n", what);
  exit(2);
}

static enum eagre_io_kind find_kind(const char *name) {
  for (int kind = 0; kind < EAGRE_IO_kind_count; kind++) {
    if (strcmp(name, eagre_io_kind_names[kind]) == 0) return (enum eagre_io_kind)kind;
  }
  refuse_wish("kind");
}

static int find_error(const char *name) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(errors); i++) {
    if (strcmp(name, errors[i].name) == 0) return errors[i].number;
  }
  refuse_wish("errno");
}

static const char *name_error(int number) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(errors); i++) {
    if (errors[i].number == number) return errors[i].name;
  }
  return "short";
}

static void read_what(const char *what, struct eagre_io_fault *out) {
  static const char late[] = "late-";
  out->short_size = SHORT_SIZE;
  if (strcmp(what, "short") == 0) return;
  out->is_late = strncmp(what, late, sizeof late - 1) == 0;
  out->error_number = find_error(out->is_late ? what + sizeof late - 1 : what);
}

/* Whether something is to happen on the handle of this number. */
static bool read_wish(uint32_t handle, struct eagre_io_fault *out) {
  const char *wish = getenv("EAGRE_FAULT_AT");
  char place[16];
  char kind[16];
  char what[16];
  char count[24] = "1";
  unsigned long long nth;
  if (wish == NULL) return false;
  if (sscanf(wish, "%15[^:]:%15[^:]:%llu:%15[^:]:%23s", place, kind, &nth, what, count) < 4)
    refuse_wish("form");
  if (strcmp(place, "*") != 0 && strtoul(place, NULL, 10) != handle) return false;
  *out = (struct eagre_io_fault){.kind = find_kind(kind), .nth = nth};
  read_what(what, out);
  out->count = strcmp(count, "all") == 0 ? UINT64_MAX : strtoull(count, NULL, 10);
  return true;
}

/* ---- Telling --------------------------------------------------------------------------------- */

/* One write per line: several threads tell. */
static void tell_fault(const struct eagre_io_operation *operation,
                       const struct eagre_io_fault *fault) {
  char path[600] = "";
  if (operation->path == NULL) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", operation->descriptor);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size >= 0) path[size] = '\0';
  }
  const char *shown = operation->path == NULL ? path : operation->path;
  if (operation->new_path != NULL) shown = operation->new_path;
  dprintf(STDERR_FILENO, "fault: %s %s %s\n", eagre_io_kind_names[operation->kind], shown,
          name_error(fault->error_number));
}

static void write_counts(const struct eagre_io *io, uint32_t handle) {
  const char *path = getenv("EAGRE_FAULT_COUNTS");
  if (path == NULL) return;
  int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  eagre_assert(descriptor >= 0);
  for (int kind = 0; kind < EAGRE_IO_kind_count; kind++) {
    dprintf(descriptor, "%u %s %llu\n", handle, eagre_io_kind_names[kind],
            (unsigned long long)eagre_io_fault_passed(io, (enum eagre_io_kind)kind));
  }
  close(descriptor);
}

/* ---- The handles ----------------------------------------------------------------------------- */

enum eagre_status __wrap_eagre_io_open(const struct eagre_io_options *options,
                                       struct eagre_io **out_io, struct eagre_error *error) {
  EAGRE_TRY(__real_eagre_io_open(options, out_io, error));
  pthread_mutex_lock(&opened.mutex);
  eagre_assert(opened.count < HANDLES_MAX);
  uint32_t number = opened.count++;
  opened.handles[number] = *out_io;
  pthread_mutex_unlock(&opened.mutex);
  struct eagre_io_fault fault;
  eagre_io_fault_install(*out_io, &fault, read_wish(number, &fault) ? 1 : 0);
  eagre_io_fault_note(*out_io, tell_fault);
  return EAGRE_OK;
}

void __wrap_eagre_io_close(struct eagre_io *io) {
  pthread_mutex_lock(&opened.mutex);
  /* Backwards: the memory of a closed handle may be another one's now. */
  for (uint32_t i = opened.count; io != NULL && i-- > 0;) {
    if (opened.handles[i] != io) continue;
    write_counts(io, i);
    break;
  }
  pthread_mutex_unlock(&opened.mutex);
  __real_eagre_io_close(io);
}
