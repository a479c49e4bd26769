/* Checkpoint files made of arbitrary bytes: no parser reads past them or crashes, and whatever is
 * accepted is printed and accepted again with the same meaning. The first byte chooses the parser.
 */
#include <stdlib.h>

#include "checkpoint/checkpoint_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_metadata(struct eagre_text text) {
  char id[EAGRE_UUID_SIZE];
  char again[EAGRE_UUID_SIZE];
  if (eagre_checkpoint_parse_metadata(text, "metadata", id, NULL) != EAGRE_OK) return;
  struct eagre_buffer out = {0};
  eagre_checkpoint_print_metadata(id, &out);
  enum eagre_status status =
      eagre_checkpoint_parse_metadata(eagre_buffer_text(&out), "metadata", again, NULL);
  if (status != EAGRE_OK || strcmp(id, again) != 0) abort();
  eagre_buffer_done(&out);
}

static void fuzz_commit(struct eagre_text text) {
  int64_t watermark_ms = 0;
  int64_t again = 0;
  if (eagre_checkpoint_parse_commit(text, "commits/0", &watermark_ms, NULL) != EAGRE_OK) return;
  struct eagre_buffer out = {0};
  eagre_checkpoint_print_commit(watermark_ms, &out);
  enum eagre_status status =
      eagre_checkpoint_parse_commit(eagre_buffer_text(&out), "commits/0", &again, NULL);
  if (status != EAGRE_OK || again != watermark_ms) abort();
  eagre_buffer_done(&out);
}

static bool is_same_offsets(const struct eagre_checkpoint_offsets *a,
                            const struct eagre_checkpoint_offsets *b) {
  bool is_same = a->watermark_ms == b->watermark_ms && a->timestamp_ms == b->timestamp_ms &&
                 a->configuration_count == b->configuration_count &&
                 a->source_count == b->source_count;
  for (uint32_t i = 0; is_same && i < a->configuration_count; i++) {
    is_same = eagre_text_equal(a->configuration[i].key, b->configuration[i].key) &&
              eagre_text_equal(a->configuration[i].value, b->configuration[i].value);
  }
  for (uint32_t i = 0; is_same && i < a->source_count; i++) {
    is_same = eagre_text_equal(a->sources[i], b->sources[i]);
  }
  return is_same;
}

static void fuzz_offsets(struct eagre_text text) {
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_offsets offsets;
  struct eagre_checkpoint_offsets again;
  if (eagre_checkpoint_parse_offsets(text, "offsets/0", &arena, &offsets, NULL) == EAGRE_OK) {
    struct eagre_buffer out = {0};
    eagre_checkpoint_print_offsets(&offsets, &out);
    enum eagre_status status =
        eagre_checkpoint_parse_offsets(eagre_buffer_text(&out), "offsets/0", &arena, &again, NULL);
    if (status != EAGRE_OK || !is_same_offsets(&offsets, &again)) abort();
    eagre_buffer_done(&out);
  }
  eagre_arena_done(&arena);
}

/* A body with length and checksum made right, so that it is reached. */
static void fuzz_prepared_body(struct eagre_text text, char version) {
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_prepared prepared;
  struct eagre_buffer framed = {0};
  eagre_buffer_append(&framed, "EAGREPRE", 8);
  eagre_buffer_append(&framed, (const char[]){version, 0, 0, 0}, 4);
  for (int i = 0; i < 8; i++) {
    eagre_buffer_append_char(&framed, (char)(text.size >> 8 * i));
  }
  eagre_buffer_append_text(&framed, text);
  uint32_t checksum = eagre_crc32c(0, framed.data, framed.size);
  for (int i = 0; i < 4; i++) {
    eagre_buffer_append_char(&framed, (char)(checksum >> 8 * i));
  }
  struct eagre_text whole = eagre_buffer_text(&framed);
  if (eagre_checkpoint_parse_prepared(whole, "prepared/0", &arena, &prepared, NULL) == EAGRE_OK) {
    struct eagre_buffer out = {0};
    struct eagre_checkpoint_prepared again;
    eagre_checkpoint_print_prepared(&prepared, &out);
    enum eagre_status status = eagre_checkpoint_parse_prepared(eagre_buffer_text(&out),
                                                               "prepared/0", &arena, &again, NULL);
    if (status != EAGRE_OK || !eagre_text_equal(prepared.attempt, again.attempt)) abort();
    eagre_buffer_done(&out);
  }
  eagre_buffer_done(&framed);
  eagre_arena_done(&arena);
}

static void fuzz_prepared(struct eagre_text text) {
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_prepared prepared;
  eagre_checkpoint_parse_prepared(text, "prepared/0", &arena, &prepared, NULL);
  eagre_arena_done(&arena);
  fuzz_prepared_body(text, 1);
  fuzz_prepared_body(text, 2);
}

/* The first half as a side file of the second, and the side file of the whole. */
static void fuzz_checksum(struct eagre_text text) {
  struct eagre_text side = eagre_text_make(text.data, text.size / 2);
  struct eagre_text content = eagre_text_make(text.data + side.size, text.size - side.size);
  eagre_checkpoint_checksum_matches(side, content);
  struct eagre_buffer out = {0};
  eagre_checkpoint_checksum_make(text, &out);
  if (!eagre_checkpoint_checksum_matches(eagre_buffer_text(&out), text)) abort();
  eagre_buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  /* A copy of exactly this size, so that reading past it is found. */
  char *copy = eagre_text_duplicate(eagre_text_make((const char *)data + 1, size - 1));
  copy = eagre_reallocate(copy, size - 1);
  struct eagre_text text = eagre_text_make(copy, size - 1);
  switch (data[0] % 5) {
  case 0:
    fuzz_metadata(text);
    break;
  case 1:
    fuzz_commit(text);
    break;
  case 2:
    fuzz_offsets(text);
    break;
  case 3:
    fuzz_prepared(text);
    break;
  default:
    fuzz_checksum(text);
    break;
  }
  eagre_free(copy);
  return 0;
}
