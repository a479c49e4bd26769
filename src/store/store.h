/* Door of the room `store`: put, put-if-absent, list, read over a place that holds tables. Today
 * local files only; an object store will be a second implementation of the same face. A store
 * handle belongs to one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "io/io.h"

struct eagre_store;

/* `location`: a path (a relative one from the current directory), file:///path or file:/path. Other
 * schemes: USAGE UNSUPPORTED_FEATURE.OBJECT_STORE by name; nonsense: INVALID_EMPTY_LOCATION,
 * INVALID_LOCATION. The directory is not made. */
enum eagre_status eagre_store_open(struct eagre_io *io, struct eagre_text location,
                                   struct eagre_store **out_store, struct eagre_error *error);
/* NULL is fine. */
void eagre_store_close(struct eagre_store *store);
/* The absolute local path of `name` inside the store (made in `arena`); "" is the store itself.
 * Names are relative and lead nowhere else: who takes them from outside looks for ".." first. */
const char *eagre_store_path(const struct eagre_store *store, const char *name,
                             struct eagre_arena *arena);
/* Durable; replaces. Makes missing directories. */
enum eagre_status eagre_store_put(struct eagre_store *store, const char *name,
                                  struct eagre_text content, struct eagre_error *error);
/* Durable; UNSAFE FILE_ALREADY_EXISTS when there is one already, which stays. Atomic against every
 * other process. `crash_point` (may be NULL) is passed between writing and publishing. */
enum eagre_status eagre_store_put_if_absent(struct eagre_store *store, const char *name,
                                            struct eagre_text content, const char *crash_point,
                                            struct eagre_error *error);
/* END when it does not exist. */
enum eagre_status eagre_store_read(struct eagre_store *store, const char *name,
                                   struct eagre_buffer *out, struct eagre_error *error);
/* As eagre_io_list, of a directory inside the store; END when it does not exist. */
enum eagre_status eagre_store_list(struct eagre_store *store, const char *name,
                                   struct eagre_arena *arena, struct eagre_io_entry **out_entries,
                                   uint32_t *out_count, struct eagre_error *error);
/* Missing ones are fine; nothing is synced. */
enum eagre_status eagre_store_remove(struct eagre_store *store, const char *const *names,
                                     uint32_t count, struct eagre_error *error);

/* ---- Names of data files (store_name.c) ------------------------------------------------------ */

enum { EAGRE_STORE_APPLICATION_SIZE = 8 }; /* characters of the application id in a name */

/* Who writes a file. */
struct eagre_store_attempt {
  const char *application_id; /* checkpoint id, a UUID */
  const char *attempt;
  int64_t epoch;
  uint32_t core;
};
/* The name of the attempt's file `number`; `extension` begins with a dot. */
struct eagre_text eagre_store_name_print(const struct eagre_store_attempt *attempt, uint32_t number,
                                         const char *extension, struct eagre_arena *arena);

/* What a name says; texts point into it. */
struct eagre_store_name {
  struct eagre_text application; /* EAGRE_STORE_APPLICATION_SIZE characters */
  struct eagre_text attempt;
  int64_t epoch;
};
/* False when the name is not one of ours with this extension. */
bool eagre_store_name_read(struct eagre_text name, const char *extension,
                           struct eagre_store_name *out);
