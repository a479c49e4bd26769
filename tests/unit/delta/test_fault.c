/* Every operation of an epoch fails once: the epoch is then either in the table or not, never in
 * part, and the next process finishes it. */
#include "test_delta.h"

#include <errno.h>

#include "io/io_fault.h"

/* Writes a file and commits it; any step may fail. */
static enum eagre_status run_epoch(struct fixture *fixture, int64_t epoch, const char *attempt) {
  struct eagre_parquet_options parquet;
  eagre_parquet_options_init(&parquet);
  struct eagre_delta_file_options options = {
      .schema = fixture->schema,
      .parquet = &parquet,
      .application_id = APPLICATION,
      .attempt = attempt,
      .epoch = epoch,
  };
  struct eagre_vector columns[2];
  for (int i = 0; i < 2; i++) {
    eagre_vector_init_null(&columns[i], fixture->schema->fields[i].type, &fixture->arena);
  }
  struct eagre_delta_file *file;
  EAGRE_TRY(
      eagre_delta_file_open(fixture->io, fixture->location, &options, &file, &fixture->error));
  enum eagre_status status = eagre_delta_file_write(file, columns, 5, &fixture->error);
  if (status != EAGRE_OK) {
    eagre_delta_file_abort(file);
    return status;
  }
  struct eagre_buffer action = {0};
  status = eagre_delta_file_finish(file, &action, &fixture->error);
  if (status == EAGRE_OK) {
    struct eagre_text text = eagre_buffer_text(&action);
    struct eagre_delta_commit made = {
        .application_id = APPLICATION,
        .epoch = epoch,
        .attempt = attempt,
        .actions = &text,
        .action_count = 1,
        .row_count = 5,
        .schema = fixture->schema,
        .now_ms = 1795226767000,
    };
    int64_t version;
    status = eagre_delta_commit(fixture->table, &made, &version, &fixture->error);
  }
  eagre_buffer_done(&action);
  return status;
}

/* One epoch with a fault; returns whether the fault was met. */
static bool run_with_fault(struct fixture *fixture, enum eagre_io_kind kind, uint64_t nth,
                           int64_t epoch) {
  struct eagre_io_fault fault = {.kind = kind, .nth = nth, .error_number = EIO};
  eagre_io_fault_install(fixture->io, &fault, 1);
  enum eagre_status status = run_epoch(fixture, epoch, "FAULTY");
  bool is_met = eagre_io_fault_passed(fixture->io, kind) >= nth;
  eagre_io_fault_install(fixture->io, NULL, 0);
  if (status != EAGRE_OK) assert_int_equal(status, EAGRE_IO);

  /* The next process. */
  open_table(fixture);
  struct eagre_delta_transaction transaction;
  eagre_delta_find_transaction(fixture->table, APPLICATION, &transaction);
  bool is_in = transaction.found && transaction.epoch == epoch;
  if (status == EAGRE_OK) assert_true(is_in);
  if (is_in) {
    assert_string_equal(transaction.attempt, "FAULTY");
  } else {
    assert_int_equal(run_epoch(fixture, epoch, "AGAIN"), EAGRE_OK);
  }
  assert_int_equal(eagre_delta_file_count(fixture->table), epoch + 1);
  assert_int_equal(eagre_delta_purge(fixture->table, APPLICATION, epoch, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(count_files(fixture, ".parquet"), epoch + 1);
  return is_met;
}

static void test_every_operation_fails_once(void **state) {
  struct fixture *fixture = *state;
  int64_t epoch = 0;
  open_table(fixture);
  for (int kind = 0; kind < EAGRE_IO_kind_count; kind++) {
    uint64_t nth = 1;
    while (run_with_fault(fixture, (enum eagre_io_kind)kind, nth, epoch++)) {
      nth++;
      assert_true(nth < 100);
    }
  }
  assert_true(epoch > 20);
}

int run_fault_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_operation_fails_once, set_up, tear_down),
  };
  return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
