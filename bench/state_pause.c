/* What the state costs a core at once: a batch while it grows, saving it in every epoch, loading it
 * at a start.
 *
 *   state_pause DIRECTORY KEYS CHANGES EPOCHS
 *
 * A table of KEYS groups, of which CHANGES change in each of EPOCHS epochs; each version is saved
 * in DIRECTORY, which is empty, and those that are not needed are removed. At last the newest
 * version is loaded and counted. Writes one line of JSON: CPU time of the batches that make the
 * groups (half of them took no longer, 999 of 1,000, the longest), CPU and wall time of saves (the
 * same; without the first, which is full) and of loading, in us, and sizes in bytes. CPU is what a
 * core cannot do anything else in; wall time has the disk in it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "state/state.h"

enum { BATCH_ROWS = 4096, PARTITIONS = 64 };

struct payload {
  uint64_t count;
  uint64_t sum;
};

struct sample {
  int64_t cpu_us;
  int64_t wall_us;
  uint64_t bytes;
};

struct bench {
  struct eagre_io *io;
  const char *directory;
  struct eagre_state_table *table;
  struct eagre_random random;
  uint64_t key_count;
  uint64_t row_count;
};

static int64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void fail(const struct eagre_error *error) {
  fprintf(stderr, "state_pause: %s\n", error->text);
  exit(1);
}

/* Counts rows with the keys `keys`. */
static void feed(struct bench *bench, const int64_t *numbers, uint32_t count) {
  struct eagre_arena arena = {0};
  struct eagre_vector column;
  struct eagre_state_keys keys;
  char **payloads = eagre_arena_allocate(&arena, count * sizeof *payloads);
  eagre_vector_init(&column, eagre_type_of(EAGRE_TYPE_BIGINT), count, &arena);
  memcpy(column.data, numbers, count * sizeof *numbers);
  eagre_state_encode_keys(&column, 1, count, &arena, &keys);
  eagre_state_get_groups(bench->table, NULL, &keys, count, payloads);
  for (uint32_t i = 0; i < count; i++) {
    struct payload *payload = (struct payload *)payloads[i];
    payload->count++;
    payload->sum += (uint64_t)numbers[i];
  }
  bench->row_count += count;
  eagre_arena_done(&arena);
}

static void feed_some(struct bench *bench, uint64_t wanted) {
  int64_t numbers[BATCH_ROWS];
  while (wanted > 0) {
    uint32_t count = wanted < BATCH_ROWS ? (uint32_t)wanted : BATCH_ROWS;
    for (uint32_t i = 0; i < count; i++) {
      numbers[i] = (int64_t)eagre_random_below(&bench->random, bench->key_count);
    }
    feed(bench, numbers, count);
    wanted -= count;
  }
}

static struct eagre_state_snapshot snapshot_of(const struct bench *bench, int64_t version) {
  return (struct eagre_state_snapshot){.directory = bench->directory,
                                       .version = version,
                                       .attempt = "bench",
                                       .partition_count = PARTITIONS};
}

static struct sample save(struct bench *bench, int64_t version) {
  struct eagre_state_snapshot snapshot = snapshot_of(bench, version);
  const struct eagre_state_set set = {.tables = &bench->table, .count = 1};
  struct eagre_error error;
  struct sample sample = {-read_clock(CLOCK_THREAD_CPUTIME_ID), -read_clock(CLOCK_MONOTONIC), 0};
  if (eagre_state_save(&set, bench->io, &snapshot, &sample.bytes, &error) != EAGRE_OK) fail(&error);
  sample.cpu_us += read_clock(CLOCK_THREAD_CPUTIME_ID);
  sample.wall_us += read_clock(CLOCK_MONOTONIC);
  if (eagre_state_purge(bench->io, bench->directory, version, &error) != EAGRE_OK) fail(&error);
  return sample;
}

/* Loads into a new table and counts what is there. */
static struct sample load(struct bench *bench, int64_t version) {
  struct eagre_state_snapshot snapshot = snapshot_of(bench, version);
  const struct eagre_state_layout layout = {.payload_size = sizeof(struct payload)};
  struct eagre_state_table *table = eagre_state_table_new(&layout);
  const struct eagre_state_set set = {.tables = &table, .count = 1};
  struct eagre_error error;
  struct sample sample = {-read_clock(CLOCK_THREAD_CPUTIME_ID), -read_clock(CLOCK_MONOTONIC), 0};
  if (eagre_state_load(&set, bench->io, &snapshot, 1, 1, &error) != EAGRE_OK) fail(&error);
  sample.cpu_us += read_clock(CLOCK_THREAD_CPUTIME_ID);
  sample.wall_us += read_clock(CLOCK_MONOTONIC);
  struct eagre_state_cursor cursor = {{0}};
  struct eagre_state_group group;
  uint64_t row_count = 0;
  while (eagre_state_next(table, &cursor, EAGRE_STATE_ALL, INT64_MAX, &group, 1) == 1) {
    row_count += ((const struct payload *)group.payload)->count;
  }
  eagre_state_table_free(table);
  if (row_count != bench->row_count) {
    fprintf(stderr, "state_pause: %" PRIu64 " rows were counted, %" PRIu64 " are loaded\n",
            bench->row_count, row_count);
    exit(1);
  }
  return sample;
}

static int compare_numbers(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void print_times(const char *name, int64_t *times, int count) {
  qsort(times, (size_t)count, sizeof *times, compare_numbers);
  int rank = (count * 999 + 999) / 1000;
  printf("\"%s\": [%" PRId64 ", %" PRId64 ", %" PRId64 "], ", name, times[count / 2],
         times[rank - 1], times[count - 1]);
}

/* Makes all groups, and prints what their batches cost. */
static void feed_all(struct bench *bench) {
  int64_t numbers[BATCH_ROWS];
  int batch_count = (int)((bench->key_count + BATCH_ROWS - 1) / BATCH_ROWS);
  int64_t *cpu = eagre_allocate((size_t)batch_count * sizeof *cpu);
  for (int batch = 0; batch < batch_count; batch++) {
    uint64_t left = bench->key_count - bench->row_count;
    uint32_t count = left < BATCH_ROWS ? (uint32_t)left : BATCH_ROWS;
    for (uint32_t i = 0; i < count; i++) {
      numbers[i] = (int64_t)(bench->row_count + i);
    }
    cpu[batch] = -read_clock(CLOCK_THREAD_CPUTIME_ID);
    feed(bench, numbers, count);
    cpu[batch] += read_clock(CLOCK_THREAD_CPUTIME_ID);
  }
  print_times("grow_cpu_us", cpu, batch_count);
  eagre_free(cpu);
}

static void print_saves(const struct sample *samples, int count) {
  int64_t *cpu = eagre_allocate((size_t)count * sizeof *cpu);
  int64_t *wall = eagre_allocate((size_t)count * sizeof *wall);
  uint64_t bytes = 0;
  for (int i = 0; i < count; i++) {
    cpu[i] = samples[i].cpu_us;
    wall[i] = samples[i].wall_us;
    bytes += samples[i].bytes;
  }
  print_times("save_cpu_us", cpu, count);
  print_times("save_wall_us", wall, count);
  printf("\"save_bytes\": %" PRIu64 ", ", bytes / (uint64_t)count);
  eagre_free(cpu);
  eagre_free(wall);
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: state_pause DIRECTORY KEYS CHANGES EPOCHS\n");
    return 2;
  }
  struct bench bench = {.directory = argv[1], .key_count = strtoull(argv[2], NULL, 10)};
  uint64_t change_count = strtoull(argv[3], NULL, 10);
  int epoch_count = (int)strtol(argv[4], NULL, 10);
  if (bench.key_count == 0 || epoch_count < 1) return 2;
  struct eagre_error error;
  const struct eagre_state_layout layout = {.payload_size = sizeof(struct payload)};
  if (eagre_io_open(NULL, &bench.io, &error) != EAGRE_OK) fail(&error);
  bench.table = eagre_state_table_new(&layout);
  eagre_random_seed(&bench.random, 1);
  printf("{");
  feed_all(&bench);
  struct sample full = save(&bench, 1);
  struct sample *samples = eagre_allocate((size_t)epoch_count * sizeof *samples);
  for (int i = 0; i < epoch_count; i++) {
    eagre_state_begin_epoch(bench.table);
    feed_some(&bench, change_count);
    samples[i] = save(&bench, i + 2);
  }
  eagre_state_table_free(bench.table);
  struct sample loading = load(&bench, epoch_count + 1);
  print_saves(samples, epoch_count);
  printf("\"full_bytes\": %" PRIu64 ", \"load_cpu_us\": %" PRId64 ", \"load_wall_us\": %" PRId64
         "}\n",
         full.bytes, loading.cpu_us, loading.wall_us);
  eagre_free(samples);
  eagre_io_close(bench.io);
  return 0;
}
