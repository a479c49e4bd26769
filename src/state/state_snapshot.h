/* Inside the room `state`: names and headers of snapshot files. The format is in state_snapshot.c.
 */
#pragma once

#include "state/state_rows.h"

enum {
  EAGRE_STATE_FORMAT_VERSION = 1,
  EAGRE_STATE_HEADER_SIZE = 136,
  EAGRE_STATE_TRAILER_SIZE = 12,
  EAGRE_STATE_GROUP_SIZE_MIN = 4, /* size of a group's key, before anything else */
  EAGRE_STATE_PANE_SIZE = 16,     /* end and number of groups */
  EAGRE_STATE_SECTION_SIZE = 24,  /* of a table, in front of its panes */
  EAGRE_STATE_ROW_SIZE_MIN = 28,  /* of a stored row, in front of key and body */
  EAGRE_STATE_DELTAS_MAX = 9,     /* behind one full file: every tenth is full */
};

#define EAGRE_STATE_TEXT_NONE UINT32_MAX

enum eagre_state_kind { EAGRE_STATE_FULL, EAGRE_STATE_DELTA };

struct eagre_state_file_header {
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
