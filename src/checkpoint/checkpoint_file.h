/* Inside the room `checkpoint`: the handle, and reading and writing one file with its side file. */
#pragma once

#include "checkpoint/checkpoint.h"

enum { EAGRE_CHECKPOINT_NAME_SIZE = 24 }; /* an epoch as text, with its zero */

struct eagre_checkpoint {
  struct eagre_io *io;
  struct eagre_checkpoint_options options;
  struct eagre_checkpoint_summary summary;
  struct eagre_io_lock *lock; /* NULL: read only, taken over, or nothing to lock yet */
  bool has_taken_over;        /* went past somebody's lock */
  char *path;                 /* absolute */
  int64_t kept_from;          /* what the last purge kept; 0: none yet */
  char *state_path;
  char *tier_path;
  struct eagre_arena arena; /* paths above; life of the handle */
};

/* "<checkpoint>/<directory>/<name>", or without the empty parts. */
char *eagre_checkpoint_join(struct eagre_arena *arena, const char *path, const char *directory,
                            const char *name);
/* Of the side file of a file in a directory of the checkpoint. */
char *eagre_checkpoint_side_path(struct eagre_arena *arena,
                                 const struct eagre_checkpoint *checkpoint, const char *directory,
                                 const char *name);
/* N as text; returns `out`. */
const char *eagre_checkpoint_epoch_name(int64_t epoch, char out[EAGRE_CHECKPOINT_NAME_SIZE]);
/* The epoch a file name stands for, -1 when it is not a plain number. */
int64_t eagre_checkpoint_name_epoch(const char *name);

/* eagre_io_write_files into one directory of the checkpoint. UNSAFE CONCURRENT_STREAM_LOG_UPDATE as
 * well when a file was removed before it had its name: by a process that took the checkpoint over
 * and has removed what lies behind its own epochs. */
enum eagre_status eagre_checkpoint_write_files(struct eagre_checkpoint *checkpoint,
                                               const char *directory, struct eagre_io_file *files,
                                               uint32_t count, struct eagre_error *error);
/* Creates the file and its side file; UNSAFE CONCURRENT_STREAM_LOG_UPDATE when it exists. */
enum eagre_status eagre_checkpoint_file_create(struct eagre_checkpoint *checkpoint,
                                               const char *directory, const char *name,
                                               struct eagre_text content,
                                               struct eagre_error *error);
/* Reads the file and verifies it when it has a side file; END when it does not exist. */
enum eagre_status eagre_checkpoint_file_read(struct eagre_checkpoint *checkpoint,
                                             const char *directory, const char *name,
                                             struct eagre_buffer *out, struct eagre_error *error);

/* The content of the side file of `content`. */
void eagre_checkpoint_checksum_make(struct eagre_text content, struct eagre_buffer *out);
/* Whether `side` is a side file of exactly `content`. */
bool eagre_checkpoint_checksum_matches(struct eagre_text side, struct eagre_text content);

/* The parsers, for tests; texts live in `arena`. `place` is the path for messages. */
enum eagre_status eagre_checkpoint_parse_metadata(struct eagre_text content, const char *place,
                                                  char out_id[EAGRE_UUID_SIZE],
                                                  struct eagre_error *error);
enum eagre_status eagre_checkpoint_parse_offsets(struct eagre_text content, const char *place,
                                                 struct eagre_arena *arena,
                                                 struct eagre_checkpoint_offsets *out,
                                                 struct eagre_error *error);
enum eagre_status eagre_checkpoint_parse_commit(struct eagre_text content, const char *place,
                                                int64_t *out_next_watermark_ms,
                                                struct eagre_error *error);
enum eagre_status eagre_checkpoint_parse_prepared(struct eagre_text content, const char *place,
                                                  struct eagre_arena *arena,
                                                  struct eagre_checkpoint_prepared *out,
                                                  struct eagre_error *error);
/* And the printers. */
void eagre_checkpoint_print_metadata(const char *id, struct eagre_buffer *out);
void eagre_checkpoint_print_offsets(const struct eagre_checkpoint_offsets *offsets,
                                    struct eagre_buffer *out);
void eagre_checkpoint_print_commit(int64_t next_watermark_ms, struct eagre_buffer *out);
void eagre_checkpoint_print_prepared(const struct eagre_checkpoint_prepared *prepared,
                                     struct eagre_buffer *out);
