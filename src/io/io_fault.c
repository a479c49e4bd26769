/* An engine in front of the real one that makes operations fail by number. */
#include "io/io_fault.h"

struct fault_state {
  struct eagre_io_engine inner;
  struct eagre_io_fault *faults;
  uint32_t fault_count;
  eagre_io_fault_note_fn *note; /* NULL: nobody wants to know */
  uint64_t passed[EAGRE_IO_kind_count];
};

static const struct eagre_io_fault *find_fault(const struct fault_state *state,
                                               enum eagre_io_kind kind) {
  uint64_t number = state->passed[kind];
  for (uint32_t i = 0; i < state->fault_count; i++) {
    const struct eagre_io_fault *fault = &state->faults[i];
    uint64_t count = fault->count == 0 ? 1 : fault->count;
    if (fault->kind == kind && number >= fault->nth && number - fault->nth < count) return fault;
  }
  return NULL;
}

/* Fails the operation, after doing it when the fault is late. */
static void fail_operation(const struct fault_state *state, const struct eagre_io_fault *fault,
                           struct eagre_io_operation *operation) {
  if (fault->is_late) state->inner.table->run(state->inner.state, operation, 1);
  operation->result = -fault->error_number;
  operation->is_done = true;
}

/* The fault whose number the operation has; NULL: none. */
static const struct eagre_io_fault *count_operation(struct fault_state *state,
                                                    const struct eagre_io_operation *operation) {
  state->passed[operation->kind]++;
  const struct eagre_io_fault *fault = find_fault(state, operation->kind);
  if (fault != NULL && state->note != NULL) state->note(operation, fault);
  return fault;
}

/* Shortens the operation or says that it is to fail. */
static bool must_fail(const struct eagre_io_fault *fault, struct eagre_io_operation *operation) {
  if (fault == NULL) return false;
  if (fault->error_number != 0) return true;
  if (fault->short_size < operation->size) operation->size = fault->short_size;
  return false;
}

/* Operations that do not fail go on in runs, so that a group stays together. */
static void run_operations(void *state, struct eagre_io_operation *operations, uint32_t count) {
  struct fault_state *self = state;
  uint32_t begin = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_io_fault *fault = count_operation(self, &operations[i]);
    if (!must_fail(fault, &operations[i])) continue;
    self->inner.table->run(self->inner.state, operations + begin, i - begin);
    fail_operation(self, fault, &operations[i]);
    begin = i + 1;
  }
  self->inner.table->run(self->inner.state, operations + begin, count - begin);
}

static void start_operation(void *state, struct eagre_io_operation *operation) {
  struct fault_state *self = state;
  const struct eagre_io_fault *fault = count_operation(self, operation);
  if (must_fail(fault, operation)) {
    fail_operation(self, fault, operation);
  } else {
    self->inner.table->start(self->inner.state, operation);
  }
}

static void finish_operation(void *state, struct eagre_io_operation *operation) {
  struct fault_state *fault = state;
  if (operation->is_done) return;
  fault->inner.table->finish(fault->inner.state, operation);
}

static int register_buffers(void *state, char *memory, size_t size, uint32_t count) {
  struct fault_state *fault = state;
  return fault->inner.table->register_buffers(fault->inner.state, memory, size, count);
}

static int watch_descriptor(void *state, int descriptor) {
  struct fault_state *fault = state;
  return fault->inner.table->watch(fault->inner.state, descriptor);
}

static void unwatch_descriptor(void *state, int descriptor) {
  struct fault_state *fault = state;
  fault->inner.table->unwatch(fault->inner.state, descriptor);
}

static void sleep_until_readable(void *state, int64_t timeout_us) {
  struct fault_state *fault = state;
  fault->inner.table->sleep(fault->inner.state, timeout_us);
}

static void close_fault(void *state) {
  struct fault_state *fault = state;
  fault->inner.table->close(fault->inner.state);
  eagre_free(fault->faults);
  eagre_free(fault);
}

static const struct eagre_io_backend fault_backend = {
    .close = close_fault,
    .run = run_operations,
    .start = start_operation,
    .finish = finish_operation,
    .register_buffers = register_buffers,
    .watch = watch_descriptor,
    .unwatch = unwatch_descriptor,
    .sleep = sleep_until_readable,
};

void eagre_io_fault_install(struct eagre_io *io, const struct eagre_io_fault *faults,
                            uint32_t count) {
  eagre_assert(io->writer_count == 0);
  for (uint32_t i = 0; i < count; i++) {
    bool gives_something = faults[i].kind == EAGRE_IO_OPEN || faults[i].kind == EAGRE_IO_READ ||
                           faults[i].kind == EAGRE_IO_WRITE;
    eagre_assert(!faults[i].is_late || (faults[i].error_number != 0 && !gives_something));
  }
  struct fault_state *state = io->engine.state;
  if (io->engine.table != &fault_backend) {
    state = eagre_allocate_zeroed(1, sizeof *state);
    state->inner = io->engine;
    io->engine = (struct eagre_io_engine){&fault_backend, state};
  }
  eagre_free(state->faults);
  state->fault_count = count;
  state->faults = eagre_allocate(count * sizeof *faults);
  if (count > 0) memcpy(state->faults, faults, count * sizeof *faults);
  memset(state->passed, 0, sizeof state->passed);
}

void eagre_io_fault_note(struct eagre_io *io, eagre_io_fault_note_fn *note) {
  eagre_assert(io->engine.table == &fault_backend);
  struct fault_state *state = io->engine.state;
  state->note = note;
}

uint64_t eagre_io_fault_passed(const struct eagre_io *io, enum eagre_io_kind kind) {
  eagre_assert(io->engine.table == &fault_backend);
  const struct fault_state *state = io->engine.state;
  return state->passed[kind];
}
