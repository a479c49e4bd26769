/* An open file that is read, the memory its pages lie in, and how its damage is told. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "io/io.h"
#include "parquet/parquet.h"
#include "parquet/parquet_tree.h"

struct eagre_parquet_file {
  struct eagre_io_reader *reader;
  char *path;
  uint64_t pages_end; /* where the footer begins */
  uint64_t page_size_max;
  uint32_t entries_max;
};

/* Exactly `size` bytes from `offset` on. */
enum eagre_status eagre_parquet_file_read(const struct eagre_parquet_file *file, uint64_t offset,
                                          void *out, size_t size, struct eagre_error *error);

/* DATA FAILED_READ_FILE.NO_HINT: "Encountered error while reading file PATH: column NODE: ...".
 * `node` may be NULL. Returns DATA. */
enum eagre_status eagre_parquet_refuse(const struct eagre_parquet_file *file,
                                       const struct eagre_parquet_node *node,
                                       struct eagre_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- Blocks ---------------------------------------------------------------------------------
 * A decompressed page, or what was made of one. Texts of batches point into it, and batches may be
 * released by another thread than the reader's: whoever lets go last frees it. */

struct eagre_parquet_block {
  _Atomic uint32_t references;
  size_t capacity;
  char *data; /* 64 readable bytes behind `capacity` */
};
/* Room for `size` bytes, with one reference. `*block` is used again when nobody else holds it, else
 * let go; it may be NULL. */
void eagre_parquet_block_renew(struct eagre_parquet_block **block, size_t size);
void eagre_parquet_block_acquire(struct eagre_parquet_block *block);
/* Lets go, and clears the variable; NULL is fine. */
void eagre_parquet_block_release(struct eagre_parquet_block **block);

/* What the rows of a batch point into; a batch's backing, in the batch's own arena. */
struct eagre_parquet_backing {
  struct eagre_arena *arena;
  uint32_t count;
  uint32_t capacity;
  struct eagre_parquet_block **blocks;
};
void eagre_parquet_backing_add(struct eagre_parquet_backing *backing,
                               struct eagre_parquet_block *block);
/* Of a `struct eagre_parquet_backing`: the batch's `release_backing`. */
void eagre_parquet_backing_release(void *backing);
