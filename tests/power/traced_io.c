/* What makes `eagre_traced` of the program `eagre`: every handle of the room `io` is opened through
 * the function below (the linker's --wrap=eagre_io_open), which puts an engine in front of the
 * plain one that writes down what is done to files. Nothing in the product knows of it.
 *
 * EAGRE_TRACE names the file the record is appended to, one JSON object per line:
 *
 *   {"process":PID}                                  a process has begun
 *   {"begin":ID,"kind":"write","descriptor":7,...}   an operation is handed to the kernel
 *   {"end":ID,"result":N}                            it has returned
 *
 * in the order in which it happened, over all threads. Reading is left out. An operation without
 * its end was under way when the process died. EAGRE_TRACE_KILL=n kills the process when the nth
 * operation has ended, so that a process can die between any two of them; EAGRE_TRACE_STOP=n stops
 * it there until somebody sends SIGCONT. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fcntl.h>

#include "io/io_backend.h"

enum eagre_status __real_eagre_io_open(const struct eagre_io_options *options,
                                       struct eagre_io **out_io, struct eagre_error *error);
enum eagre_status __wrap_eagre_io_open(const struct eagre_io_options *options,
                                       struct eagre_io **out_io, struct eagre_error *error);

/* The record of the process, shared by the handles of all threads. */
static struct {
  pthread_mutex_t mutex;
  int descriptor;
  bool is_open;
  uint64_t begun;
  uint64_t ended;
  uint64_t kill_after; /* 0: never */
  uint64_t stop_after; /* 0: never */
} record = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* ---- The record ------------------------------------------------------------------------------ */

static void write_line(struct eagre_buffer *line) {
  eagre_buffer_append_char(line, '\n');
  ssize_t written = write(record.descriptor, line->data, line->size);
  eagre_assert(written == (ssize_t)line->size);
  eagre_buffer_done(line);
}

static uint64_t read_number(const char *name) {
  const char *setting = getenv(name);
  return setting == NULL ? 0 : strtoull(setting, NULL, 10);
}

/* Under the mutex. */
static void open_record(void) {
  if (record.is_open) return;
  const char *path = getenv("EAGRE_TRACE");
  if (path == NULL) {
    fprintf(stderr, "eagre_traced wants EAGRE_TRACE=FILE\n");
    exit(2);
  }
  record.descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  eagre_assert(record.descriptor >= 0);
  record.is_open = true;
  record.kill_after = read_number("EAGRE_TRACE_KILL");
  record.stop_after = read_number("EAGRE_TRACE_STOP");
  struct eagre_buffer line = {0};
  eagre_buffer_printf(&line, "{\"process\":%d}", (int)getpid());
  write_line(&line);
}

static void append_text(struct eagre_buffer *line, const char *name, const char *text) {
  if (text == NULL) return;
  eagre_buffer_printf(line, ",\"%s\":", name);
  eagre_buffer_append_json_string(line, eagre_text_of(text));
}

static void append_data(struct eagre_buffer *line, const struct eagre_io_operation *operation) {
  static const char digits[] = "0123456789abcdef";
  eagre_buffer_printf(line, ",\"offset\":%llu,\"data\":\"", (unsigned long long)operation->offset);
  const unsigned char *bytes = operation->data;
  for (size_t i = 0; i < operation->size; i++) {
    eagre_buffer_append_char(line, digits[bytes[i] >> 4]);
    eagre_buffer_append_char(line, digits[bytes[i] & 15]);
  }
  eagre_buffer_append_char(line, '"');
}

static bool is_traced(const struct eagre_io_operation *operation) {
  return operation->kind != EAGRE_IO_READ;
}

/* Returns the operation's id. */
static uint64_t note_begin(const struct eagre_io_operation *operation) {
  if (!is_traced(operation)) return 0;
  struct eagre_buffer line = {0};
  pthread_mutex_lock(&record.mutex);
  uint64_t id = ++record.begun;
  eagre_buffer_printf(&line, "{\"begin\":%llu,\"kind\":\"%s\"", (unsigned long long)id,
                      eagre_io_kind_names[operation->kind]);
  append_text(&line, "path", operation->path);
  append_text(&line, "new_path", operation->new_path);
  if (operation->kind == EAGRE_IO_OPEN) {
    eagre_buffer_printf(&line, ",\"creates\":%s,\"is_directory\":%s",
                        (operation->flags & O_CREAT) != 0 ? "true" : "false",
                        (operation->flags & O_DIRECTORY) != 0 ? "true" : "false");
  }
  if (operation->path == NULL)
    eagre_buffer_printf(&line, ",\"descriptor\":%d", operation->descriptor);
  if (operation->kind == EAGRE_IO_WRITE) append_data(&line, operation);
  eagre_buffer_append_char(&line, '}');
  write_line(&line);
  pthread_mutex_unlock(&record.mutex);
  return id;
}

static void note_end(uint64_t id, const struct eagre_io_operation *operation) {
  if (!is_traced(operation)) return;
  struct eagre_buffer line = {0};
  pthread_mutex_lock(&record.mutex);
  eagre_buffer_printf(&line, "{\"end\":%llu,\"result\":%lld}", (unsigned long long)id,
                      (long long)operation->result);
  write_line(&line);
  record.ended++;
  if (record.ended == record.stop_after) raise(SIGSTOP);
  if (record.ended == record.kill_after) {
    kill(getpid(), SIGKILL);
    pause(); /* with the mutex held: nobody goes on */
  }
  pthread_mutex_unlock(&record.mutex);
}

/* ---- The engine ------------------------------------------------------------------------------ */

static void run_operations(void *state, struct eagre_io_operation *operations, uint32_t count) {
  struct eagre_io_engine *inner = state;
  uint64_t *ids = eagre_allocate(count * sizeof *ids);
  for (uint32_t i = 0; i < count; i++) {
    ids[i] = note_begin(&operations[i]);
  }
  inner->table->run(inner->state, operations, count);
  for (uint32_t i = 0; i < count; i++) {
    note_end(ids[i], &operations[i]);
  }
  eagre_free(ids);
}

/* Done here and now: what overlaps is up to who makes images of the record. */
static void start_operation(void *state, struct eagre_io_operation *operation) {
  struct eagre_io_engine *inner = state;
  uint64_t id = note_begin(operation);
  inner->table->start(inner->state, operation);
  inner->table->finish(inner->state, operation);
  note_end(id, operation);
}

static void finish_operation(void *state, struct eagre_io_operation *operation) {
  (void)state;
  eagre_assert(operation->is_done);
}

static int register_buffers(void *state, char *memory, size_t size, uint32_t count) {
  struct eagre_io_engine *inner = state;
  return inner->table->register_buffers(inner->state, memory, size, count);
}

static int watch_descriptor(void *state, int descriptor) {
  struct eagre_io_engine *inner = state;
  return inner->table->watch(inner->state, descriptor);
}

static void unwatch_descriptor(void *state, int descriptor) {
  struct eagre_io_engine *inner = state;
  inner->table->unwatch(inner->state, descriptor);
}

static void sleep_until_readable(void *state, int64_t timeout_us) {
  struct eagre_io_engine *inner = state;
  inner->table->sleep(inner->state, timeout_us);
}

static void close_engine(void *state) {
  struct eagre_io_engine *inner = state;
  inner->table->close(inner->state);
  eagre_free(inner);
}

static const struct eagre_io_backend traced_backend = {
    .close = close_engine,
    .run = run_operations,
    .start = start_operation,
    .finish = finish_operation,
    .register_buffers = register_buffers,
    .watch = watch_descriptor,
    .unwatch = unwatch_descriptor,
    .sleep = sleep_until_readable,
};

enum eagre_status __wrap_eagre_io_open(const struct eagre_io_options *options,
                                       struct eagre_io **out_io, struct eagre_error *error) {
  pthread_mutex_lock(&record.mutex);
  open_record();
  pthread_mutex_unlock(&record.mutex);
  EAGRE_TRY(__real_eagre_io_open(options, out_io, error));
  struct eagre_io_engine *inner = eagre_allocate(sizeof *inner);
  *inner = (*out_io)->engine;
  (*out_io)->engine = (struct eagre_io_engine){&traced_backend, inner};
  return EAGRE_OK;
}
