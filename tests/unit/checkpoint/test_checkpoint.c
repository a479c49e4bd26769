/* Runs the tests of the checkpoint's files. */
#include "test_checkpoint.h"

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  fixture->directory = scratch_make();
  fixture->path =
      (char *)eagre_arena_printf(&fixture->arena, "%s/checkpoint", fixture->directory).data;
  if (eagre_io_open(NULL, &fixture->io, &fixture->error) != EAGRE_OK) return -1;
  *state = fixture;
  return 0;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  eagre_io_close(fixture->io);
  scratch_remove(fixture->directory);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

struct eagre_checkpoint *create_checkpoint(struct fixture *fixture) {
  struct eagre_checkpoint *checkpoint = NULL;
  enum eagre_status status =
      eagre_checkpoint_open(fixture->io, fixture->path, NULL, &checkpoint, &fixture->error);
  if (status == EAGRE_OK) status = eagre_checkpoint_create(checkpoint, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
  return checkpoint;
}

static const struct eagre_checkpoint_pair small_pair = {EAGRE_TEXT("spark.sql.shuffle.partitions"),
                                                        EAGRE_TEXT("64")};
static const struct eagre_text small_source = EAGRE_TEXT("{\"clicks\":{\"0\":2,\"1\":2}}");
const struct eagre_checkpoint_offsets small_offsets = {
    .watermark_ms = 1000,
    .timestamp_ms = 1795225821426,
    .configuration = &small_pair,
    .configuration_count = 1,
    .sources = &small_source,
    .source_count = 1,
};

void fill_prepared(struct eagre_checkpoint_prepared *prepared, int64_t epoch, const char *attempt) {
  static const int64_t maxima[] = {-1, INT64_MIN, 1795225821426};
  static const struct eagre_text pieces[] = {
      EAGRE_TEXT("{\"files\":[\"part-0.parquet\"]}"),
      EAGRE_TEXT(""),
      EAGRE_TEXT("\"any \0 byte\n\""),
  };
  static const struct eagre_checkpoint_partition partitions[] = {
      {0, 2, 17, EAGRE_TEXT("clicks"), 1795225821426, 1795225831426},
      {1, UINT32_MAX, -1, EAGRE_TEXT(""), 0, -1},
  };
  *prepared = (struct eagre_checkpoint_prepared){
      .attempt = eagre_text_of(attempt),
      .epoch = epoch,
      .has_state = true,
      .state_version = epoch + 1,
      .core_count = 7,
      .next_watermark_ms = 30000,
      .late_watermark_ms = -5,
      .source_maximum_ms = maxima,
      .source_maximum_count = 3,
      .partitions = partitions,
      .partition_count = 2,
      .sink_pieces = pieces,
      .sink_piece_count = 3,
  };
}

int main(void) {
  return run_checksum_tests() + run_directory_tests() + run_log_tests() + run_outage_tests() +
         run_prepared_tests();
}
