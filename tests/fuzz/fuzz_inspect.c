/* What a checkpoint of somebody else may hold, made of arbitrary bytes: positions, file logs, names
 * and headers of state files, metadata of Spark's state. Nothing reads past them or crashes, and
 * what is accepted is within its bounds. The first byte chooses the parser. */
#include <stdlib.h>

#include "inspect/inspect_checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_position(struct eagre_text text) {
  struct eagre_arena arena = {0};
  struct eagre_inspect_position position;
  eagre_inspect_position_parse(text, &arena, &position);
  for (uint32_t i = 0; i < position.partition_count; i++) {
    const struct eagre_inspect_partition *each = &position.partitions[i];
    const struct eagre_inspect_partition *found =
        eagre_inspect_partition_find(&position, each->topic, each->partition);
    if (found == NULL || found > each || each->partition < 0) abort();
  }
  if (!eagre_text_equal(position.text, text)) abort();
  eagre_arena_done(&arena);
}

static void take_file(void *context, struct eagre_text uri, int64_t entry) {
  struct eagre_text path = eagre_inspect_file_path(context, uri);
  if (path.size > uri.size || entry < 0) abort();
}

static void fuzz_file_log(struct eagre_text text) {
  struct eagre_arena arena = {0};
  const char *what = NULL;
  bool is_valid = eagre_inspect_file_log_parse(text, 3, take_file, &arena, &what);
  if (!is_valid && what == NULL) abort();
  eagre_arena_done(&arena);
}

static void fuzz_state_header(struct eagre_text text) {
  struct eagre_inspect_state_header header;
  struct eagre_inspect_fault fault = {0};
  bool is_valid = eagre_inspect_state_header_parse(text.data, text.size, &header, &fault);
  if (is_valid && strlen(header.base_attempt) >= EAGRE_INSPECT_ATTEMPT_SIZE) abort();
  if (!is_valid && (fault.class_name == NULL || fault.what == NULL)) abort();
}

static void fuzz_names(struct eagre_text text) {
  char *name = eagre_text_duplicate(text);
  struct eagre_inspect_state_file file = {0};
  bool is_base = false;
  bool is_file = eagre_inspect_state_name_parse(name, &file);
  if (is_file && (file.version < 0 || file.attempt[0] == '\0')) abort();
  if (eagre_inspect_spark_version(name, &is_base) < -1) abort();
  eagre_free(name);
}

static void fuzz_spark_metadata(struct eagre_text text) {
  struct eagre_arena arena = {0};
  struct eagre_inspect_spark_operator each = {0};
  eagre_inspect_spark_metadata_parse(text, &arena, &each);
  if (each.store_count == 0 || each.stores == NULL) abort();
  for (uint32_t i = 0; i < each.store_count; i++) {
    struct eagre_text store = each.stores[i];
    if (store.size > 0 && memchr(store.data, '/', store.size) != NULL) abort();
  }
  eagre_arena_done(&arena);
}

static void fuzz_kafka_start(struct eagre_text text) {
  struct eagre_text position;
  if (eagre_inspect_kafka_start(text, &position) && position.size >= text.size) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const parsers[])(struct eagre_text text) = {
      fuzz_position, fuzz_file_log,       fuzz_state_header,
      fuzz_names,    fuzz_spark_metadata, fuzz_kafka_start,
  };
  if (size == 0) return 0;
  struct eagre_text text = eagre_text_make((const char *)data + 1, size - 1);
  parsers[data[0] % EAGRE_COUNT_OF(parsers)](text);
  return 0;
}
