/* Inside the room `state`: names and headers of snapshot files, and what goes into the next one.
 * The format is in docs/internals/state-format.md. */
#pragma once

#include "state/state_rows.h"

enum {
  EAGRE_STATE_HEADER_SIZE = 152,  /* as it is written; older ones are shorter */
  EAGRE_STATE_HEADER_START = 136, /* all of them have so much */
  EAGRE_STATE_TRAILER_SIZE = 12,
  EAGRE_STATE_GROUP_SIZE_MIN = 4, /* size of a group's key, before anything else */
  EAGRE_STATE_PANE_SIZE = 16,     /* end and number of groups */
  EAGRE_STATE_SLICES_MAX = 64,    /* of a pass over up to 4 Mi groups: a file has its share */
  EAGRE_STATE_SECTION_SIZE = 24,  /* of a table, in front of its panes */
  EAGRE_STATE_ROW_SIZE_MIN = 28,  /* of a stored row, in front of key and body */
};

#define EAGRE_STATE_TEXT_NONE UINT32_MAX

enum eagre_state_kind { EAGRE_STATE_FULL, EAGRE_STATE_DELTA };

struct eagre_state_file_header {
  uint32_t format_version; /* as it was read */
  enum eagre_state_kind kind;
  int64_t version;
  int64_t base_version; /* -1: full */
  uint64_t fingerprint;
  uint32_t partition_count;
  uint32_t core;
  uint64_t group_count; /* of all tables, and rows of all row stores */
  uint32_t table_count;
  uint32_t rows_count;      /* row stores */
  uint32_t layout_checksum; /* of the tables' payload sizes */
  /* The versions whose files, with this one's, hold everything: `chain_first` and those behind it,
   * and the slices of those up to `chain_last`. -1: unknown, back to a full file. */
  int64_t chain_first;
  int64_t chain_last;
  char base_attempt[EAGRE_STATE_ATTEMPT_SIZE];
};

/* What a file's name says. */
struct eagre_state_file_name {
  int64_t version;
  uint32_t core;
  char attempt[EAGRE_STATE_ATTEMPT_SIZE];
  enum eagre_state_kind kind;
};

/* "<directory>/<version>-<core>-<attempt>.full" or ".delta", in `arena`. */
const char *eagre_state_file_path(struct eagre_arena *arena, const char *directory,
                                  const struct eagre_state_file_name *name);
/* False when it is no name of ours. */
bool eagre_state_file_name_parse(const char *text, struct eagre_state_file_name *out);

/* How many bytes the header has of which the first `size` bytes are given. */
size_t eagre_state_header_size(const char *bytes, size_t size);
void eagre_state_header_print(const struct eagre_state_file_header *header,
                              char out[EAGRE_STATE_HEADER_SIZE]);
/* `size` bytes of the beginning of the file `path`. UNSAFE STATE_STORE_VERSION_UNSUPPORTED or
 * STATE_STORE_CORRUPT. */
enum eagre_status eagre_state_header_parse(const char *bytes, size_t size, const char *path,
                                           struct eagre_state_file_header *out,
                                           struct eagre_error *error);
/* What member `index` of the set builds on: its tables, then its row stores. */
struct eagre_state_base *eagre_state_set_base(const struct eagre_state_set *set, uint32_t index);
uint32_t eagre_state_layout_checksum(const struct eagre_state_set *set);
enum eagre_status eagre_state_refuse_corrupt(const char *path, const char *what,
                                             struct eagre_error *error);

/* ---- Slices (state_slice.c) ------------------------------------------------------------------ */

/* What goes into the file being written. */
struct eagre_state_plan {
  enum eagre_state_kind kind;
  uint64_t changed_count; /* groups and rows */
  uint64_t slice_count;
  int64_t pass_first; /* the version with which its pass began */
  bool ends_pass;
  int64_t chain_first; /* of the version it makes, as in its header */
  int64_t chain_last;
};
/* Plans the file that makes `version`; `follows`: it may build on what was saved last. How much of
 * each pane it takes stands in the pane. IO STATE_TIER_FAILED. */
enum eagre_status eagre_state_plan_file(const struct eagre_state_set *set, int64_t version,
                                        bool follows, struct eagre_state_plan *out,
                                        struct eagre_error *error);
/* The pass is given up: its file was not written, or what it walks is elsewhere now. It begins anew
 * with the next file. */
void eagre_state_plan_failed(const struct eagre_state_set *set);

static inline void eagre_state_put_integer(char *out, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) {
    out[i] = (char)(value >> 8 * i);
  }
}

static inline uint64_t eagre_state_get_integer(const char *bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) {
    value |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
  }
  return value;
}
