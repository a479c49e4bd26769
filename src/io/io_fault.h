/* Faults, for tests of every room that writes files (no other code includes this): makes chosen
 * operations of one handle fail, come up short, or be done and reported as failed. */
#pragma once

#include "io/io_backend.h"

struct eagre_io_fault {
  enum eagre_io_kind kind;
  uint64_t nth;      /* the nth operation of this kind since installing, from 1 */
  uint64_t count;    /* so many from there on; 0 = one */
  int error_number;  /* the errno to fail with, the operation not done; or 0: */
  size_t short_size; /* READ, WRITE: only so many bytes are done */
  bool is_late;      /* the operation is done before it fails, as on a disk behind a network; not of
                        OPEN, READ and WRITE */
};

/* Told of every operation that is about to be spoilt, on the handle's thread. */
typedef void eagre_io_fault_note_fn(const struct eagre_io_operation *operation,
                                    const struct eagre_io_fault *fault);

/* Copies the faults; replaces earlier ones and begins to count again. With `count` 0 it only
 * counts. Not while a writer is open. */
void eagre_io_fault_install(struct eagre_io *io, const struct eagre_io_fault *faults,
                            uint32_t count);
/* Behind installing; NULL ends it. */
void eagre_io_fault_note(struct eagre_io *io, eagre_io_fault_note_fn *note);
/* Operations of a kind begun since installing, the failed ones too. */
uint64_t eagre_io_fault_passed(const struct eagre_io *io, enum eagre_io_kind kind);
