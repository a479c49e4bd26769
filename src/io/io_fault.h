/* Faults, for tests of every room that writes files (no other code includes this): makes chosen
 * operations of one handle fail or come up short. */
#pragma once

#include "io/io_backend.h"

struct eagre_io_fault {
  enum eagre_io_kind kind;
  uint64_t nth;      /* the nth operation of this kind since installing, from 1 */
  uint64_t count;    /* so many from there on; 0 = one */
  int error_number;  /* the errno to fail with, the operation not done; or 0: */
  size_t short_size; /* READ, WRITE: only so many bytes are done */
};

/* Copies the faults; replaces earlier ones and begins to count again. With `count` 0 it only
 * counts. Not while a writer is open. */
void eagre_io_fault_install(struct eagre_io *io, const struct eagre_io_fault *faults,
                            uint32_t count);
/* Operations of a kind begun since installing, the failed ones too. */
uint64_t eagre_io_fault_passed(const struct eagre_io *io, enum eagre_io_kind kind);
