/* A directory of its own for every test. */
#pragma once

#include "base/base.h"

/* A new empty directory below $TMPDIR (or /tmp). Freed by `scratch_remove`. */
char *scratch_make(void);
/* The same in memory where the system has such a place: for tests with many syncs that are not
 * about syncs. */
char *scratch_make_fast(void);
/* Removes it with everything in it. */
void scratch_remove(char *directory);
/* "<directory>/<name>", valid until the next sixteen calls. */
const char *scratch_path(const char *directory, const char *name);
/* Names in a directory that begin with a dot and end in ".tmp". */
unsigned scratch_count_temporaries(const char *directory);
/* Plain stdio, past the code under test. */
void scratch_write(const char *path, const void *data, size_t size);
/* The content on the heap, zero-terminated; NULL when there is no such file. */
char *scratch_read(const char *path, size_t *out_size);
