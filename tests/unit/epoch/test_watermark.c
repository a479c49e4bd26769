/* The two watermarks of an epoch (spark-semantics 3.2, 3.3), over restarts and with two nodes, and
 * the epochs without data that they cause (3.6). */
#include <stdio.h>
#include <string.h>

#include "epoch/epoch_flow.h"
#include "test_epoch.h"

/* One more record whose event time is that; the run's part of the log. */
static const char *feed(struct world *world, int64_t event_time_ms) {
  static char text[128];
  world->available += 1;
  world->event_times_ms[0] = event_time_ms;
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  const char *run = strstr(take_log(world), "run ");
  assert_non_null(run);
  snprintf(text, sizeof text, "%.*s", (int)strcspn(run, ";"), run);
  return text;
}

/* A step without new data. */
static const char *rest(struct world *world) {
  world->event_times_ms[0] = -1;
  world->event_times_ms[1] = -1;
  if (step(world) != EAGRE_EPOCH_RAN) return "idle";
  static char text[128];
  const char *run = strstr(take_log(world), "run ");
  snprintf(text, sizeof text, "%.*s", (int)strcspn(run, ";"), run);
  return text;
}

static void restart(struct world *world) {
  stop_world(world);
  start_world(world);
  take_log(world);
}

#define NO_EMPTY_EPOCHS "SET spark.sql.streaming.noDataMicroBatches.enabled = false;"

static void the_late_watermark_follows_one_epoch_behind(void **state) {
  (void)state;
  for (int restarts = 0; restarts < 2; restarts++) {
    struct world *world = open_stateful(NO_EMPTY_EPOCHS, "append");
    start_world(world);
    assert_string_equal(feed(world, 15000), "run 0 evict 0 late 0");
    if (restarts) restart(world);
    assert_string_equal(feed(world, 25000), "run 1 evict 14000 late 0");
    if (restarts) restart(world);
    assert_string_equal(feed(world, 10000), "run 2 evict 24000 late 14000");
    if (restarts) restart(world);
    assert_string_equal(feed(world, -1), "run 3 evict 24000 late 24000");
    assert_string_equal(rest(world), "idle");
    close_world(world);
  }
}

/* An epoch that is run again has the watermarks it was planned with. */
static void a_rerun_keeps_its_watermarks(void **state) {
  (void)state;
  struct world *world = open_stateful(NO_EMPTY_EPOCHS, "append");
  enum eagre_epoch_outcome outcome;
  start_world(world);
  feed(world, 15000);
  feed(world, 25000);
  world->available += 1;
  world->event_times_ms[0] = 90000;
  world->failure = FAIL_COMMIT;
  assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &world->error), EAGRE_IO);
  world->failure = FAIL_NOWHERE;
  restart(world);
  assert_string_equal(rest(world), "run 2 evict 24000 late 14000");
  assert_string_equal(feed(world, -1), "run 3 evict 24000 late 24000");
  close_world(world);
}

static void an_adopted_epoch_gives_its_watermark(void **state) {
  (void)state;
  struct world *world = open_stateful(NO_EMPTY_EPOCHS, "append");
  start_world(world);
  feed(world, 15000);
  feed(world, 25000);
  stop_world(world);
  remove(scratch_path(world->directory, "c/commits/1"));
  remove(scratch_path(world->directory, "c/commits/.1.crc"));
  start_world(world);
  take_log(world);
  assert_string_equal(feed(world, -1), "run 2 evict 24000 late 14000");
  close_world(world);
}

static void epochs_without_data_close_windows(void **state) {
  (void)state;
  static const char *const modes[] = {"append", "update"};
  for (int i = 0; i < 2; i++) {
    struct world *world = open_stateful("", modes[i]);
    start_world(world);
    feed(world, 15000);
    assert_string_equal(rest(world), "run 1 evict 14000 late 0");
    assert_string_equal(rest(world), "idle");
    feed(world, 10000);
    assert_string_equal(rest(world), "idle"); /* the watermark has not moved */
    close_world(world);
  }
  struct world *world = open_stateful("", "complete");
  start_world(world);
  feed(world, 15000);
  assert_string_equal(rest(world), "idle");
  close_world(world);
  world = open_stateful("SET eagre.trigger = once;", "append");
  start_world(world);
  feed(world, 15000);
  assert_string_equal(rest(world), "idle");
  close_world(world);
  world = open_stateful("SET eagre.trigger = 'available now';", "append");
  world->available = 1;
  world->event_times_ms[0] = 15000;
  start_world(world);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  take_log(world);
  assert_string_equal(rest(world), "run 1 evict 14000 late 0");
  assert_int_equal(step(world), EAGRE_EPOCH_FINISHED);
  close_world(world);
}

#define TWO_WATERMARKS                                                                             \
  "SELECT t FROM (SELECT timestamp + INTERVAL 1 SECOND AS t FROM STREAM rate() WATERMARK "         \
  "timestamp DELAY OF INTERVAL 1 SECOND) WATERMARK t DELAY OF INTERVAL 2 SECONDS"

static const char *feed_two(struct world *world, int64_t first_ms, int64_t second_ms) {
  world->event_times_ms[1] = second_ms;
  return feed(world, first_ms);
}

static void the_policy_chooses_among_watermarks(void **state) {
  (void)state;
  struct world *world = open_world("", "append", TWO_WATERMARKS);
  assert_int_equal(world->flow->watermark_count, 2);
  start_world(world);
  feed_two(world, 10000, -1);
  assert_string_equal(feed_two(world, -1, 5000), "run 1 evict 0 late 0"); /* the second saw none */
  assert_string_equal(feed_two(world, -1, 4000), "run 2 evict 3000 late 0");
  restart(world); /* each node's own maximum survives */
  assert_string_equal(feed_two(world, -1, 20000), "run 3 evict 3000 late 3000");
  assert_string_equal(feed_two(world, -1, -1), "run 4 evict 9000 late 3000");
  close_world(world);

  const char *max = "SET spark.sql.streaming.multipleWatermarkPolicy = max;";
  world = open_world(max, "append", TWO_WATERMARKS);
  start_world(world);
  feed_two(world, 10000, -1);
  assert_string_equal(feed_two(world, -1, 5000), "run 1 evict 9000 late 0");
  close_world(world);
}

/* The policy is fixed by the checkpoint; the session's value is ignored afterwards. */
static void the_checkpoint_fixes_the_policy(void **state) {
  (void)state;
  struct world *world = open_world("SET spark.sql.streaming.multipleWatermarkPolicy = max;",
                                   "append", TWO_WATERMARKS);
  start_world(world);
  feed_two(world, 10000, -1);
  stop_world(world);
  struct world *later = open_world("", "append", TWO_WATERMARKS);
  later->flow->checkpoint = world->flow->checkpoint;
  later->sink_knows = false;
  later->available = world->available;
  start_world(later);
  take_log(later);
  assert_string_equal(feed_two(later, 30000, -1), "run 1 evict 9000 late 0");
  assert_string_equal(feed_two(later, -1, -1), "run 2 evict 29000 late 9000");
  close_world(later);
  close_world(world);
}

/* ---- A watermark per partition --------------------------------------------------------------- */

#define PER_PARTITION "SET eagre.watermark.perPartition = true;"

/* An epoch at `timestamp_ms` in which one partition gave a row: the global watermark behind it. */
static int64_t observe(struct epoch_watermarks *watermarks, const struct eagre_flow *flow,
                       int64_t timestamp_ms, struct eagre_partition_time time) {
  struct eagre_epoch_counts counts = {0};
  if (time.raising_ms > 0) eagre_partition_times_add(&counts.partitions, &time);
  eagre_epoch_watermarks_observe(watermarks, flow, &counts, timestamp_ms);
  eagre_epoch_watermarks_advance(watermarks, eagre_epoch_watermarks_next(watermarks));
  eagre_partition_times_done(&counts.partitions);
  return watermarks->eviction_ms;
}

static struct eagre_partition_time row_of(uint32_t watermark, const char *topic, int32_t partition,
                                          int64_t raising_ms) {
  return (struct eagre_partition_time){.watermark = watermark,
                                       .partition = partition,
                                       .topic = eagre_text_of(topic),
                                       .raising_ms = raising_ms};
}

static void the_slowest_partition_counts(void **state) {
  (void)state;
  struct world *world = open_stateful(PER_PARTITION, "append");
  const struct eagre_flow *flow = world->flow;
  struct epoch_watermarks marks;
  eagre_epoch_watermarks_init(&marks, flow);
  assert_int_equal(observe(&marks, flow, 1, row_of(0, "a", 0, 20000)), 19000);
  assert_int_equal(observe(&marks, flow, 2, row_of(0, "a", 1, 10000)), 19000); /* never back */
  assert_int_equal(observe(&marks, flow, 3, row_of(0, "a", 0, 90000)), 19000);
  assert_int_equal(observe(&marks, flow, 4, row_of(0, "a", 1, 40000)), 39000);
  assert_int_equal(observe(&marks, flow, 5, row_of(0, "b", 1, 95000)), 39000); /* another topic */
  assert_int_equal(observe(&marks, flow, 6, row_of(0, "a", 1, 91000)), 89000);
  assert_int_equal(observe(&marks, flow, INT64_MAX / 2, row_of(0, "a", 1, 99000)), 89000);
  eagre_epoch_watermarks_done(&marks);
  close_world(world);
}

static void an_idle_partition_is_left_out(void **state) {
  (void)state;
  struct world *world =
      open_stateful(PER_PARTITION "SET eagre.watermark.idleTimeout = '30 seconds';", "append");
  const struct eagre_flow *flow = world->flow;
  struct epoch_watermarks marks;
  eagre_epoch_watermarks_init(&marks, flow);
  observe(&marks, flow, 0, row_of(0, "a", 0, 20000));
  observe(&marks, flow, 1000, row_of(0, "a", 1, 21000));
  assert_int_equal(observe(&marks, flow, 29999, row_of(0, "a", 1, 50000)), 19000);
  assert_int_equal(observe(&marks, flow, 30000, row_of(0, "a", 1, 51000)), 50000);
  assert_int_equal(observe(&marks, flow, 31000, row_of(0, "a", 0, 40000)), 50000); /* back */
  assert_int_equal(observe(&marks, flow, 32000, row_of(0, "a", 1, 80000)), 50000);
  assert_int_equal(observe(&marks, flow, 33000, row_of(0, "a", 0, 70000)), 69000);
  assert_int_equal(observe(&marks, flow, 99000, row_of(0, "", 0, 0)), 69000); /* all are idle */
  eagre_epoch_watermarks_done(&marks);
  close_world(world);
}

/* An input that gives nothing holds the policy back for the timeout, even if it never gave one. */
static void an_idle_node_is_left_out_of_the_policy(void **state) {
  (void)state;
  struct world *world = open_world(PER_PARTITION "SET eagre.watermark.idleTimeout = '30 seconds';",
                                   "append", TWO_WATERMARKS);
  const struct eagre_flow *flow = world->flow;
  struct epoch_watermarks marks;
  eagre_epoch_watermarks_init(&marks, flow);
  assert_int_equal(observe(&marks, flow, 0, row_of(0, "a", 0, 20000)), 0);
  assert_int_equal(observe(&marks, flow, 29999, row_of(0, "a", 0, 21000)), 0);
  assert_int_equal(observe(&marks, flow, 30000, row_of(0, "a", 0, 22000)), 21000);
  assert_int_equal(observe(&marks, flow, 31000, row_of(1, "a", 0, 12000)), 21000);
  assert_int_equal(observe(&marks, flow, 32000, row_of(0, "a", 0, 50000)), 21000);
  assert_int_equal(observe(&marks, flow, 61000, row_of(0, "a", 0, 51000)), 50000);
  eagre_epoch_watermarks_done(&marks);
  close_world(world);
}

static void partitions_survive_a_restart(void **state) {
  (void)state;
  struct world *world = open_stateful(
      PER_PARTITION "SET eagre.watermark.idleTimeout = '1 hour';" NO_EMPTY_EPOCHS, "append");
  start_world(world);
  world->partition = row_of(0, "a", 0, 15000);
  assert_string_equal(feed(world, -1), "run 0 evict 0 late 0");
  world->partition = row_of(0, "a", 1, 25000);
  assert_string_equal(feed(world, -1), "run 1 evict 14000 late 0");
  restart(world);
  assert_string_equal(feed(world, -1), "run 2 evict 14000 late 14000");
  world->partition = row_of(0, "a", 0, 35000);
  assert_string_equal(feed(world, -1), "run 3 evict 14000 late 14000");
  restart(world);
  world->partition.raising_ms = 0;
  assert_string_equal(feed(world, -1), "run 4 evict 24000 late 14000");
  close_world(world);
}

int run_watermark_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_slowest_partition_counts),
      cmocka_unit_test(an_idle_partition_is_left_out),
      cmocka_unit_test(an_idle_node_is_left_out_of_the_policy),
      cmocka_unit_test(partitions_survive_a_restart),
      cmocka_unit_test(the_late_watermark_follows_one_epoch_behind),
      cmocka_unit_test(a_rerun_keeps_its_watermarks),
      cmocka_unit_test(an_adopted_epoch_gives_its_watermark),
      cmocka_unit_test(epochs_without_data_close_windows),
      cmocka_unit_test(the_policy_chooses_among_watermarks),
      cmocka_unit_test(the_checkpoint_fixes_the_policy),
  };
  return cmocka_run_group_tests_name("watermarks", tests, NULL, NULL);
}
