/* A core: one pinned thread that turns the tasks of all flows in turn. */
#include <sched.h>
#include <stdio.h>

#include "runtime/runtime_inside.h"

/* How long an idle core sleeps at most; commands and descriptors wake it before. */
static const int64_t IDLE_WAIT_US = 100000;

static bool take_command(struct runtime_task *task) {
  struct runtime_command *command = eagre_ring_pop(task->commands);
  if (command == NULL) return false;
  eagre_runtime_task_execute(task, command);
  return true;
}

/* False: nothing to do; *out_wait_us is how long at most. */
static bool turn(struct runtime_core *core, int64_t *out_wait_us) {
  bool did_work = false;
  *out_wait_us = IDLE_WAIT_US;
  for (uint32_t i = 0; i < core->task_count; i++) {
    struct runtime_task *task = core->tasks[i];
    did_work = take_command(task) || did_work;
    if (task->running == NULL) continue;
    bool moved = eagre_runtime_task_turn(task);
    did_work = did_work || moved;
    if (moved) continue;
    int64_t wait_us = eagre_runtime_task_wait_us(task);
    if (wait_us < *out_wait_us) *out_wait_us = wait_us;
  }
  return did_work;
}

static void *core_main(void *argument) {
  struct runtime_core *core = argument;
  core->is_pinned = eagre_runtime_cpu_pin(core->cpu);
  core->status = eagre_io_open(NULL, &core->io, &core->error);
  atomic_store_explicit(&core->is_ready, true, memory_order_release);
  if (core->status != EAGRE_OK) return NULL;
  while (!atomic_load_explicit(&core->must_stop, memory_order_acquire)) {
    int64_t wait_us = 0;
    if (turn(core, &wait_us)) {
      eagre_runtime_spin_reset(&core->spin);
    } else if (!eagre_runtime_spin(&core->spin)) {
      eagre_io_wait(core->io, wait_us);
    }
  }
  for (uint32_t i = 0; i < core->task_count; i++) {
    eagre_runtime_task_done(core->tasks[i]);
  }
  return NULL;
}

enum eagre_status eagre_runtime_core_start(struct runtime_core *core, struct eagre_error *error) {
  int failure = pthread_create(&core->thread, NULL, core_main, core);
  if (failure != 0) {
    return eagre_error_system(error, EAGRE_IO, "THREAD_START_FAILED", failure,
                              "cannot start the thread of core %u", core->index);
  }
  char name[16];
  snprintf(name, sizeof name, "eagre-core-%u", core->index % 1000);
  pthread_setname_np(core->thread, name);
  while (!atomic_load_explicit(&core->is_ready, memory_order_acquire)) {
    sched_yield();
  }
  if (core->status == EAGRE_OK) return EAGRE_OK;
  pthread_join(core->thread, NULL);
  *error = core->error;
  return core->status;
}

void eagre_runtime_core_stop(struct runtime_core *core) {
  atomic_store_explicit(&core->must_stop, true, memory_order_release);
  eagre_io_wake(core->io);
  pthread_join(core->thread, NULL);
  eagre_io_close(core->io); /* not on its thread, which may end while it is being woken */
  core->io = NULL;
}
