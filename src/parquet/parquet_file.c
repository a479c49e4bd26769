/* Reading, blocks and refusals. */
#include "parquet/parquet_file.h"

#include <inttypes.h>
#include <stdatomic.h>

enum {
  BLOCK_PADDING = 64, /* whole words are read behind the end */
  BACKING_COUNT_MIN = 8,
};

enum eagre_status eagre_parquet_file_read(const struct eagre_parquet_file *file, uint64_t offset,
                                          void *out, size_t size, struct eagre_error *error) {
  size_t found = 0;
  EAGRE_TRY(eagre_io_reader_read_at(file->reader, offset, out, size, &found, error));
  if (found == size) return EAGRE_OK;
  return eagre_parquet_refuse(file, NULL, error, "it ends at byte %" PRIu64, offset + found);
}

enum eagre_status eagre_parquet_refuse(const struct eagre_parquet_file *file,
                                       const struct eagre_parquet_node *node,
                                       struct eagre_error *error, const char *format, ...) {
  struct eagre_buffer text = {0};
  if (node != NULL) {
    eagre_buffer_append_string(&text, "column ");
    eagre_parquet_node_append_path(node, &text);
    eagre_buffer_append_string(&text, ": ");
  }
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(&text, format, arguments);
  va_end(arguments);
  eagre_error_set(error, EAGRE_DATA, "FAILED_READ_FILE.NO_HINT",
                  "Encountered error while reading file %s: %s", file->path,
                  eagre_buffer_string(&text));
  eagre_buffer_done(&text);
  return EAGRE_DATA;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

void eagre_parquet_block_renew(struct eagre_parquet_block **block, size_t size) {
  struct eagre_parquet_block *old = *block;
  bool is_ours = old != NULL && atomic_load(&old->references) == 1;
  if (is_ours && old->capacity >= size) return;
  eagre_parquet_block_release(block);
  struct eagre_parquet_block *made = eagre_allocate(sizeof *made);
  atomic_init(&made->references, 1);
  made->capacity = size;
  made->data = eagre_allocate(size + BLOCK_PADDING);
  memset(made->data + size, 0, BLOCK_PADDING);
  *block = made;
}

void eagre_parquet_block_acquire(struct eagre_parquet_block *block) {
  atomic_fetch_add(&block->references, 1);
}

void eagre_parquet_block_release(struct eagre_parquet_block **block) {
  struct eagre_parquet_block *held = *block;
  *block = NULL;
  if (held == NULL || atomic_fetch_sub(&held->references, 1) > 1) return;
  eagre_free(held->data);
  eagre_free(held);
}

/* ---- Backing -------------------------------------------------------------------------------- */

void eagre_parquet_backing_add(struct eagre_parquet_backing *backing,
                               struct eagre_parquet_block *block) {
  if (backing->count == backing->capacity) {
    uint32_t capacity = backing->capacity == 0 ? BACKING_COUNT_MIN : 2 * backing->capacity;
    struct eagre_parquet_block **blocks =
        eagre_arena_allocate(backing->arena, capacity * sizeof *blocks);
    if (backing->count > 0) memcpy(blocks, backing->blocks, backing->count * sizeof *blocks);
    backing->blocks = blocks;
    backing->capacity = capacity;
  }
  eagre_parquet_block_acquire(block);
  backing->blocks[backing->count++] = block;
}

void eagre_parquet_backing_release(void *backing) {
  struct eagre_parquet_backing *held = backing;
  for (uint32_t i = 0; i < held->count; i++) {
    eagre_parquet_block_release(&held->blocks[i]);
  }
  held->count = 0;
}
