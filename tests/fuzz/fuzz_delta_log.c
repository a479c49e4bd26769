/* Bytes of a Delta log, replayed: any commit is taken or refused with a name, a refused one changes
 * nothing. The input is cut into commits at zero bytes. What was taken can be told again: a schema
 * prints as one that is read as an equal type, and a commit on top of it is read back. */
#include <stddef.h>
#include <stdint.h>

#include "delta/delta_commit_text.h"
#include "delta/delta_schema.h"
#include "delta/delta_snapshot.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct eagre_error *error) {
  eagre_assert(error->status == EAGRE_UNSAFE || error->status == EAGRE_USAGE);
  eagre_assert(error->class_name[0] != '\0' && error->text[0] != '\0');
}

static void check_schema(const struct eagre_delta_snapshot *snapshot) {
  struct eagre_arena arena = {0};
  struct eagre_buffer printed = {0};
  struct eagre_error error;
  const struct eagre_type *again;
  eagre_delta_print_schema(snapshot->schema, &printed);
  enum eagre_status status =
      eagre_delta_schema_read(&arena, eagre_buffer_text(&printed), true, &again, &error);
  eagre_assert(status == EAGRE_OK);
  eagre_assert(eagre_type_equal(snapshot->schema, again));
  eagre_buffer_done(&printed);
  eagre_arena_done(&arena);
}

/* Replaces all files and the schema by a commit of ours, which must be replayed without complaint.
 */
static void check_commit(struct eagre_delta_snapshot *snapshot) {
  static const struct eagre_type integer = {.kind = EAGRE_TYPE_INT};
  struct eagre_field field = {EAGRE_TEXT("n"), &integer, true};
  struct eagre_type schema = {.kind = EAGRE_TYPE_STRUCT, .field_count = 1, .fields = &field};
  struct eagre_delta_commit commit = {
      .application_id = "33f6ab4c-c144-4afe-b32c-af46ddb5a05f",
      .attempt = "A",
      .replace = true,
      .overwrite_schema = true,
      .schema = &schema,
  };
  struct eagre_arena arena = {0};
  struct eagre_buffer content = {0};
  struct eagre_delta_actions adds = {0};
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_delta_commit_print(snapshot, &commit, &adds, &arena, &content, &error);
  eagre_assert(status == EAGRE_OK);
  status = eagre_delta_snapshot_apply(snapshot, snapshot->version + 1, eagre_buffer_text(&content),
                                      &error);
  eagre_assert(status == EAGRE_OK);
  eagre_assert(snapshot->files.live_count == 0);
  eagre_assert(eagre_type_equal(snapshot->schema, &schema));
  eagre_buffer_done(&content);
  eagre_arena_done(&arena);
}

static void replay(struct eagre_delta_snapshot *snapshot, struct eagre_text log) {
  while (log.size > 0) {
    const char *zero = memchr(log.data, '\0', log.size);
    size_t size = zero == NULL ? log.size : (size_t)(zero - log.data);
    int64_t version = snapshot->version;
    uint32_t file_count = snapshot->files.live_count;
    struct eagre_error error;
    eagre_error_init(&error);
    enum eagre_status status =
        eagre_delta_snapshot_apply(snapshot, version + 1, eagre_text_make(log.data, size), &error);
    if (status != EAGRE_OK) {
      check_refusal(&error);
      eagre_assert(snapshot->version == version);
      eagre_assert(snapshot->files.live_count == file_count);
    }
    size_t used = zero == NULL ? size : size + 1;
    log = eagre_text_make(log.data + used, log.size - used);
  }
}

/* The whole input as the lines of a checkpoint, for one who only reads. */
static void load_checkpoint(struct eagre_text content) {
  struct eagre_delta_snapshot snapshot;
  struct eagre_error error;
  eagre_error_init(&error);
  eagre_delta_snapshot_init(&snapshot);
  snapshot.is_view = true;
  enum eagre_status status = eagre_delta_snapshot_load(&snapshot, 7, content, "checkpoint", &error);
  if (status == EAGRE_OK) {
    eagre_assert(snapshot.version == 7 && snapshot.schema != NULL);
  } else {
    check_refusal(&error);
  }
  eagre_delta_snapshot_done(&snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  load_checkpoint(eagre_text_make((const char *)data, size));
  struct eagre_text log = eagre_text_make((const char *)data, size);
  struct eagre_delta_snapshot snapshot;
  eagre_delta_snapshot_init(&snapshot);
  replay(&snapshot, log);
  if (snapshot.version >= 0) {
    check_schema(&snapshot);
    check_commit(&snapshot);
  }
  eagre_delta_snapshot_done(&snapshot);
  struct eagre_store_name name;
  eagre_store_name_read(log, ".parquet", &name);
  return 0;
}
