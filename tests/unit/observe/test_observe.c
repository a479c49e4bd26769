/* Metrics: sums and last values, exposition as Prometheus reads it, many readers and a writer. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "observe/observe.h"

static char *print(const struct eagre_flow_metrics *flows, uint32_t count) {
  struct eagre_buffer out = {0};
  eagre_metrics_print(flows, count, &out);
  char *text = eagre_text_duplicate(eagre_buffer_text(&out));
  eagre_buffer_done(&out);
  return text;
}

static void counters_add_and_gauges_replace(void **state) {
  (void)state;
  struct eagre_flow_metrics flow = {.flow = EAGRE_TEXT("f")};
  eagre_metrics_record(&flow, EAGRE_METRIC_INPUT_ROWS, 3);
  eagre_metrics_record(&flow, EAGRE_METRIC_INPUT_ROWS, 4);
  eagre_metrics_record(&flow, EAGRE_METRIC_EPOCH, 3);
  eagre_metrics_record(&flow, EAGRE_METRIC_EPOCH, 4);
  eagre_metrics_record(&flow, EAGRE_METRIC_EPOCH_DURATION, 1205);
  eagre_metrics_record(&flow, EAGRE_METRIC_WATERMARK, -1500);
  eagre_metrics_record(&flow, EAGRE_METRIC_LAG, -1);
  char *text = print(&flow, 1);
  assert_non_null(strstr(text, "\neagre_input_rows_total{flow=\"f\"} 7\n"));
  assert_non_null(strstr(text, "\neagre_epoch{flow=\"f\"} 4\n"));
  assert_non_null(strstr(text, "\neagre_epoch_duration_seconds{flow=\"f\"} 1.205\n"));
  assert_non_null(strstr(text, "\neagre_watermark_seconds{flow=\"f\"} -1.500\n"));
  assert_non_null(strstr(text, "\neagre_lag_records{flow=\"f\"} -1\n"));
  eagre_free(text);
  eagre_metrics_record(&flow, EAGRE_METRIC_WATERMARK, -500);
  text = print(&flow, 1);
  assert_non_null(strstr(text, "\neagre_watermark_seconds{flow=\"f\"} -0.500\n"));
  eagre_free(text);
}

/* Every line is "# HELP NAME TEXT", "# TYPE NAME counter|gauge" or "NAME{flow="..."} NUMBER", with
 * the label expectation behind the flow for what is counted for each. */
static void the_exposition_is_well_formed(void **state) {
  (void)state;
  struct eagre_expectation_metrics expectation = {.name = EAGRE_TEXT("x\"")};
  struct eagre_flow_metrics flows[2] = {
      {.flow = EAGRE_TEXT("a\"b\\c\nd"), .expectations = &expectation, .expectation_count = 1},
      {.flow = EAGRE_TEXT("plain")}};
  eagre_metrics_record_expectation(&flows[0], 0, 2, 1);
  eagre_metrics_record_expectation(&flows[0], 0, 1, 0);
  char *text = print(flows, 2);
  struct eagre_metric_info info;
  const char *at = text;
  uint32_t count = 0;
  for (; eagre_metric_at(count, &info); count++) {
    char wanted[1024];
    if (strcmp(info.type, "histogram") == 0) break;
    bool is_seconds = strstr(info.name, "_seconds") != NULL;
    const char *zero = is_seconds ? "0.000" : "0";
    assert_true(strcmp(info.type, "counter") == 0 || strcmp(info.type, "gauge") == 0);
    assert_int_equal(strcmp(info.type, "counter") == 0, strstr(info.name, "_total") != NULL);
    snprintf(wanted, sizeof wanted,
             "# HELP %s %s\n# TYPE %s %s\n%s{flow=\"a\\\"b\\\\c\\nd\"} %s\n%s{flow=\"plain\"} %s\n",
             info.name, info.text, info.name, info.type, info.name, zero, info.name, zero);
    if (strstr(info.name, "_expectation_") != NULL) {
      const char *escaped = strstr(info.name, "_passed_") != NULL ? "3" : "1";
      snprintf(wanted, sizeof wanted,
               "# HELP %s %s\n# TYPE %s %s\n"
               "%s{flow=\"a\\\"b\\\\c\\nd\",expectation=\"x\\\"\"} %s\n",
               info.name, info.text, info.name, info.type, info.name, escaped);
    }
    assert_int_equal(strncmp(at, wanted, strlen(wanted)), 0);
    at += strlen(wanted);
  }
  assert_int_equal(count, EAGRE_METRIC_count);
  assert_int_equal(strncmp(at, "# HELP eagre_record_latency_seconds ", 36), 0);
  eagre_free(text);
}

/* What the line that begins with `start` says behind it. */
static long long number_of(const char *text, const char *start) {
  const char *line = strstr(text, start);
  assert_non_null(line);
  return atoll(line + strlen(start));
}

static void times_fill_buckets_that_add_up(void **state) {
  (void)state;
  struct eagre_flow_metrics flow = {.flow = EAGRE_TEXT("f")};
  struct eagre_histogram *times = eagre_allocate(sizeof *times);
  eagre_histogram_init(times);
  eagre_histogram_add(times, 400, 5);
  eagre_histogram_add(times, 1500, 3);
  eagre_histogram_add(times, 100000000, 2); /* above the last bound */
  eagre_metrics_record_times(&flow, EAGRE_TIME_METRIC_RECORD, times);
  eagre_metrics_record_time(&flow, EAGRE_TIME_METRIC_SINK, 1000);
  eagre_metrics_record_time(&flow, EAGRE_TIME_METRIC_SINK, 1001);
  char *text = print(&flow, 1);
#define RECORD "\neagre_record_latency_seconds_"
  assert_int_equal(number_of(text, RECORD "bucket{flow=\"f\",le=\"0.0005\"} "), 5);
  assert_int_equal(number_of(text, RECORD "bucket{flow=\"f\",le=\"0.001\"} "), 5);
  assert_int_equal(number_of(text, RECORD "bucket{flow=\"f\",le=\"0.002\"} "), 8);
  assert_int_equal(number_of(text, RECORD "bucket{flow=\"f\",le=\"60\"} "), 8);
  assert_int_equal(number_of(text, RECORD "bucket{flow=\"f\",le=\"+Inf\"} "), 10);
  assert_int_equal(number_of(text, RECORD "count{flow=\"f\"} "), 10);
  assert_non_null(strstr(text, RECORD "sum{flow=\"f\"} 200.006500\n"));
#define PHASE "\neagre_epoch_phase_seconds_"
  assert_int_equal(number_of(text, PHASE "bucket{flow=\"f\",phase=\"sink\",le=\"0.001\"} "), 1);
  assert_int_equal(number_of(text, PHASE "bucket{flow=\"f\",phase=\"sink\",le=\"0.002\"} "), 2);
  assert_int_equal(number_of(text, PHASE "count{flow=\"f\",phase=\"run\"} "), 0);
  const char *head = strstr(text, "# TYPE eagre_epoch_phase_seconds histogram\n");
  assert_non_null(head);
  assert_null(strstr(head + 1, "# TYPE eagre_epoch_phase_seconds histogram\n"));
  eagre_free(text);
  eagre_free(times);
}

enum { ROUNDS = 2000 };

static void *write_metrics(void *argument) {
  struct eagre_flow_metrics *flow = argument;
  for (int i = 0; i < ROUNDS; i++) {
    eagre_metrics_record(flow, EAGRE_METRIC_EPOCHS, 1);
    eagre_metrics_record(flow, EAGRE_METRIC_EPOCH, i);
  }
  return NULL;
}

static void anybody_reads_while_a_flow_writes(void **state) {
  (void)state;
  struct eagre_flow_metrics flow = {.flow = EAGRE_TEXT("f")};
  pthread_t thread;
  long long last = 0;
  assert_int_equal(pthread_create(&thread, NULL, write_metrics, &flow), 0);
  while (last < ROUNDS) {
    char *text = print(&flow, 1);
    long long seen = 0;
    assert_int_equal(
        sscanf(strstr(text, "eagre_epochs_total{"), "eagre_epochs_total{flow=\"f\"} %lld", &seen),
        1);
    assert_true(seen >= last);
    last = seen;
    eagre_free(text);
  }
  pthread_join(thread, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counters_add_and_gauges_replace),
      cmocka_unit_test(the_exposition_is_well_formed),
      cmocka_unit_test(times_fill_buckets_that_add_up),
      cmocka_unit_test(anybody_reads_while_a_flow_writes),
  };
  return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
