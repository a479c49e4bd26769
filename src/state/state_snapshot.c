/* Snapshot files: their names and headers. docs/internals/state-format.md has the bytes.
 *
 * There is one file per core and version, with all tables and row stores of the query:
 * `<version>-<core>-<attempt>.full` or `.delta`. A format version above ours is refused before
 * anything behind it is looked at; version 1, which had no slices, is read. */
#include "state/state_snapshot.h"

#include <stdio.h>
#include <string.h>

static const char MAGIC[8] = {'E', 'A', 'G', 'R', 'E', 'S', 'T', 'A'};
static const char *const SUFFIXES[] = {".full", ".delta"};

/* ---- Names ----------------------------------------------------------------------------------- */

const char *eagre_state_file_path(struct eagre_arena *arena, const char *directory,
                                  const struct eagre_state_file_name *name) {
  return eagre_arena_printf(arena, "%s/%lld-%u-%s%s", directory, (long long)name->version,
                            name->core, name->attempt, SUFFIXES[name->kind])
      .data;
}

/* Digits up to `end_mark`; false when there are none or too many. */
static bool take_number(const char **text, char end_mark, uint64_t *out) {
  const char *next = *text;
  *out = 0;
  for (; *next >= '0' && *next <= '9'; next++) {
    if (__builtin_mul_overflow(*out, 10, out)) return false;
    if (__builtin_add_overflow(*out, (uint64_t)(*next - '0'), out)) return false;
  }
  if (next == *text || *next != end_mark) return false;
  *text = next + 1;
  return true;
}

bool eagre_state_file_name_parse(const char *text, struct eagre_state_file_name *out) {
  uint64_t version;
  uint64_t core;
  if (!take_number(&text, '-', &version) || version > INT64_MAX) return false;
  if (!take_number(&text, '-', &core) || core > UINT32_MAX) return false;
  struct eagre_text rest = eagre_text_of(text);
  for (int kind = EAGRE_STATE_FULL; kind <= EAGRE_STATE_DELTA; kind++) {
    struct eagre_text suffix = eagre_text_of(SUFFIXES[kind]);
    if (!eagre_text_ends_with(rest, suffix)) continue;
    size_t size = rest.size - suffix.size;
    if (size == 0 || size >= EAGRE_STATE_ATTEMPT_SIZE) return false;
    *out = (struct eagre_state_file_name){(int64_t)version, (uint32_t)core, "",
                                          (enum eagre_state_kind)kind};
    memcpy(out->attempt, rest.data, size);
    return true;
  }
  return false;
}

/* ---- Headers --------------------------------------------------------------------------------- */

enum {
  FORMAT_VERSION = 2,
  HEADER_SIZE_1 = EAGRE_STATE_HEADER_START, /* of format version 1, which had no chain */
  FORMAT_PART_SIZE = 12,                    /* magic and format version */
};

static uint64_t format_of(const char *bytes) {
  return eagre_state_get_integer(bytes + 8, 4);
}

size_t eagre_state_header_size(const char *bytes, size_t size) {
  bool is_old = size >= FORMAT_PART_SIZE && format_of(bytes) == 1;
  return is_old ? HEADER_SIZE_1 : EAGRE_STATE_HEADER_SIZE;
}

void eagre_state_header_print(const struct eagre_state_file_header *header,
                              char out[EAGRE_STATE_HEADER_SIZE]) {
  memset(out, 0, EAGRE_STATE_HEADER_SIZE);
  memcpy(out, MAGIC, sizeof MAGIC);
  eagre_state_put_integer(out + 8, FORMAT_VERSION, 4);
  eagre_state_put_integer(out + 12, header->kind, 4);
  eagre_state_put_integer(out + 16, (uint64_t)header->version, 8);
  eagre_state_put_integer(out + 24, (uint64_t)header->base_version, 8);
  eagre_state_put_integer(out + 32, header->fingerprint, 8);
  eagre_state_put_integer(out + 40, header->partition_count, 4);
  eagre_state_put_integer(out + 44, header->core, 4);
  eagre_state_put_integer(out + 48, header->group_count, 8);
  eagre_state_put_integer(out + 56, header->table_count, 4);
  eagre_state_put_integer(out + 60, header->rows_count, 4);
  eagre_state_put_integer(out + 128, header->layout_checksum, 4);
  eagre_state_put_integer(out + 132, (uint64_t)header->chain_first, 8);
  eagre_state_put_integer(out + 140, (uint64_t)header->chain_last, 8);
  memcpy(out + 64, header->base_attempt, strlen(header->base_attempt));
  size_t checked = EAGRE_STATE_HEADER_SIZE - 4;
  eagre_state_put_integer(out + checked, eagre_crc32c(0, out, checked), 4);
}

enum eagre_status eagre_state_refuse_corrupt(const char *path, const char *what,
                                             struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_CORRUPT", "state file %s is damaged: %s", path,
                  what);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

static enum eagre_status check_format(const char *bytes, size_t size, const char *path,
                                      struct eagre_error *error) {
  if (size < FORMAT_PART_SIZE) return eagre_state_refuse_corrupt(path, "it is too short", error);
  if (memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
    return eagre_state_refuse_corrupt(path, "it does not begin as a state file does", error);
  uint64_t version = format_of(bytes);
  if (version > FORMAT_VERSION) {
    eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_VERSION_UNSUPPORTED",
                    "state file %s has format version %llu; this Eagre reads up to %d", path,
                    (unsigned long long)version, FORMAT_VERSION);
    eagre_error_hint(error, "run the Eagre that wrote it, or a newer one");
    return EAGRE_UNSAFE;
  }
  size_t header_size = eagre_state_header_size(bytes, size);
  if (size < header_size) return eagre_state_refuse_corrupt(path, "it is too short", error);
  size_t checked = header_size - 4;
  uint64_t checksum = eagre_state_get_integer(bytes + checked, 4);
  if (version == 0 || checksum != eagre_crc32c(0, bytes, checked))
    return eagre_state_refuse_corrupt(path, "the checksum of its header is wrong", error);
  return EAGRE_OK;
}

/* A delta of format version 1 does not say how far back it reaches: to the next full file. */
static void parse_chain(const char *bytes, struct eagre_state_file_header *header) {
  bool is_old = header->format_version == 1;
  int64_t old = header->kind == EAGRE_STATE_FULL ? header->version : -1;
  header->chain_first = is_old ? old : (int64_t)eagre_state_get_integer(bytes + 132, 8);
  header->chain_last = is_old ? old : (int64_t)eagre_state_get_integer(bytes + 140, 8);
}

static bool makes_sense(const struct eagre_state_file_header *header) {
  int64_t first = header->chain_first;
  int64_t last = header->chain_last;
  if (header->base_attempt[EAGRE_STATE_ATTEMPT_SIZE - 1] != '\0') return false;
  if (header->kind == EAGRE_STATE_FULL)
    return header->base_version == -1 && first == header->version && last == first;
  bool is_chain = (first >= 0 && first <= last && last <= header->version) ||
                  (header->format_version == 1 && first == -1);
  return header->kind == EAGRE_STATE_DELTA && header->base_version >= 0 &&
         header->base_version == header->version - 1 && header->base_attempt[0] != '\0' && is_chain;
}

enum eagre_status eagre_state_header_parse(const char *bytes, size_t size, const char *path,
                                           struct eagre_state_file_header *out,
                                           struct eagre_error *error) {
  EAGRE_TRY(check_format(bytes, size, path, error));
  *out = (struct eagre_state_file_header){
      .format_version = (uint32_t)format_of(bytes),
      .kind = (enum eagre_state_kind)eagre_state_get_integer(bytes + 12, 4),
      .version = (int64_t)eagre_state_get_integer(bytes + 16, 8),
      .base_version = (int64_t)eagre_state_get_integer(bytes + 24, 8),
      .fingerprint = eagre_state_get_integer(bytes + 32, 8),
      .partition_count = (uint32_t)eagre_state_get_integer(bytes + 40, 4),
      .core = (uint32_t)eagre_state_get_integer(bytes + 44, 4),
      .group_count = eagre_state_get_integer(bytes + 48, 8),
      .table_count = (uint32_t)eagre_state_get_integer(bytes + 56, 4),
      .rows_count = (uint32_t)eagre_state_get_integer(bytes + 60, 4),
      .layout_checksum = (uint32_t)eagre_state_get_integer(bytes + 128, 4),
  };
  memcpy(out->base_attempt, bytes + 64, EAGRE_STATE_ATTEMPT_SIZE);
  parse_chain(bytes, out);
  if (!makes_sense(out))
    return eagre_state_refuse_corrupt(path, "its header makes no sense", error);
  return EAGRE_OK;
}

struct eagre_state_base *eagre_state_set_base(const struct eagre_state_set *set, uint32_t index) {
  return index < set->count ? &set->tables[index]->base : &set->rows[index - set->count]->base;
}

uint32_t eagre_state_layout_checksum(const struct eagre_state_set *set) {
  uint32_t checksum = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    char size[4];
    eagre_state_put_integer(size, set->tables[i]->payload_size, sizeof size);
    checksum = eagre_crc32c(checksum, size, sizeof size);
  }
  return checksum;
}
