/* A process dies at every crash point of the protocol; the next one must find each record in the
 * sink once, or, when the sink cannot tell, at least once. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_epoch.h"

/* The child: epochs until the crash point kills it. */
static void run_until_crash(struct world *world, const char *point) {
  setenv("EAGRE_CRASH_AT", point, 1);
  if (freopen("/dev/null", "w", stderr) == NULL) _exit(2);
  if (eagre_crash_configure(NULL) != EAGRE_OK) _exit(3);
  if (eagre_io_open(NULL, &world->io, &world->error) != EAGRE_OK) _exit(7); /* not the parent's */
  if (try_start(world) != EAGRE_OK) _exit(4);
  for (int i = 0; i < 4; i++) {
    enum eagre_epoch_outcome outcome;
    if (eagre_epoch_step(world->epoch, &outcome, &world->error) != EAGRE_OK) _exit(5);
  }
  _exit(6);
}

static void crash_and_recover(const char *point, bool is_stateful, bool sink_knows) {
  const char *settings = "SET spark.sql.streaming.minBatchesToRetain = 1;";
  struct world *world = is_stateful ? open_stateful(settings, "update") : open_stateless(settings);
  world->available = 5;
  world->limit = 1;
  world->sink_knows = sink_knows;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) run_until_crash(world, point);
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
    fail_msg("%s was not passed: the child ended with status %d", point, status);
  }
  start_world(world);
  while (step(world) == EAGRE_EPOCH_RAN) {
  }
  const char *lines = sink_lines(world);
  const char *once = "0:0..1 1:1..2 2:2..3 3:3..4 4:4..5";
  if (sink_knows && strcmp(lines, once) != 0) fail_msg("%s: %s", point, lines);
  int64_t end = 0;
  for (const char *line = lines; line != NULL; line = strchr(line, ' ')) {
    long long epoch = 0;
    long long from = 0;
    long long to = 0;
    line += *line == ' ';
    assert_int_equal(sscanf(line, "%lld:%lld..%lld", &epoch, &from, &to), 3);
    assert_true(from <= end && to == from + 1); /* no gap */
    end = to > end ? to : end;
  }
  assert_int_equal(end, 5);
  close_world(world);
}

static const char *const points[] = {
    "checkpoint.after_metadata", "checkpoint.after_sources", "epoch.before_offsets",
    "epoch.before_offsets:3",    "epoch.after_offsets",      "epoch.after_offsets:3",
    "epoch.after_run:3",         "epoch.after_state:3",      "epoch.after_prepared",
    "epoch.after_prepared:3",    "sink.mid_commit:3",        "epoch.after_commit",
    "epoch.after_commit:3",      "epoch.after_commits",      "epoch.after_commits:3",
    "epoch.mid_purge",           "epoch.after_purge",
};

static void every_record_is_in_a_knowing_sink_once(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(points); i++) {
    crash_and_recover(points[i], false, true);
    crash_and_recover(points[i], true, true);
  }
}

static void every_record_is_in_an_unknowing_sink(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(points); i++) {
    crash_and_recover(points[i], true, false);
  }
}

int run_crash_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_record_is_in_a_knowing_sink_once),
      cmocka_unit_test(every_record_is_in_an_unknowing_sink),
  };
  return cmocka_run_group_tests_name("crashes", tests, NULL, NULL);
}
