/* Verifying state that Spark wrote: the version a restart needs, by the names of its files, and
 * each file of it by the hidden side file of Hadoop's checksum file system (`.NAME.crc`: "crc\0",
 * bytes per sum, one CRC32 per so many bytes, big endian), where there is one. */
#include "inspect/inspect_checkpoint_verify.h"

enum { SIDE_HEADER_SIZE = 8, STEP_MAX = 1 << 20 };

/* ---- Side files ------------------------------------------------------------------------------ */

static uint32_t read_big_endian(const char *bytes) {
  const unsigned char *from = (const unsigned char *)bytes;
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* Fills `out` as far as the file goes. */
static enum eagre_status read_step(struct eagre_io_reader *reader, char *out, size_t step,
                                   size_t *out_size, struct eagre_error *error) {
  size_t part = 1;
  *out_size = 0;
  while (*out_size < step && part > 0) {
    EAGRE_TRY(eagre_io_reader_read(reader, out + *out_size, step - *out_size, &part, error));
    *out_size += part;
  }
  return EAGRE_OK;
}

static enum eagre_status compare_sums(struct eagre_io_reader *reader, struct eagre_text side,
                                      bool *out_is_equal, struct eagre_error *error) {
  size_t step = read_big_endian(side.data + 4);
  size_t next = SIDE_HEADER_SIZE;
  *out_is_equal = false;
  if (step == 0 || step > STEP_MAX) return EAGRE_OK;
  char *bytes = eagre_allocate(step);
  enum eagre_status status = EAGRE_OK;
  bool is_equal = true;
  for (size_t size = step; status == EAGRE_OK && is_equal && size == step;) {
    status = read_step(reader, bytes, step, &size, error);
    if (status != EAGRE_OK || size == 0) break;
    is_equal =
        side.size >= next + 4 && read_big_endian(side.data + next) == eagre_crc32(0, bytes, size);
    next += 4;
  }
  eagre_free(bytes);
  *out_is_equal = is_equal && next == side.size;
  return status;
}

/* END when the file or its side file is not there. */
static enum eagre_status compare_file(struct eagre_inspect_verify *verify, const char *folder,
                                      const char *name, bool *out_is_equal) {
  struct eagre_arena *arena = &verify->arena;
  const char *path = eagre_arena_printf(arena, "%s/%s", folder, name).data;
  const char *side_path = eagre_arena_printf(arena, "%s/.%s.crc", folder, name).data;
  struct eagre_io_reader *reader = NULL;
  struct eagre_buffer side = {0};
  *out_is_equal = false;
  enum eagre_status status = eagre_io_read_file(verify->io, side_path, 0, &side, &verify->fault);
  if (status == EAGRE_OK) status = eagre_io_reader_open(verify->io, path, &reader, &verify->fault);
  if (status == EAGRE_OK) {
    bool is_side = side.size >= SIDE_HEADER_SIZE && memcmp(side.data, "crc", 4) == 0;
    if (is_side)
      status = compare_sums(reader, eagre_buffer_text(&side), out_is_equal, &verify->fault);
    eagre_io_reader_close(reader);
  }
  eagre_buffer_done(&side);
  return status;
}

static enum eagre_status check_sums(struct eagre_inspect_verify *verify, const char *folder,
                                    const char *name) {
  bool is_equal;
  const char *path =
      eagre_arena_printf(&verify->arena, "%s/%s/%s", verify->path, folder, name).data;
  const char *whole = eagre_arena_printf(&verify->arena, "%s/%s", verify->path, folder).data;
  enum eagre_status status = compare_file(verify, whole, name, &is_equal);
  verify->file_count++;
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  if (!is_equal)
    eagre_inspect_verify_find(verify, path + strlen(verify->path) + 1,
                              "CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED",
                              "it does not match its side file: it is damaged, or was edited");
  return EAGRE_OK;
}

/* ---- One store of one partition -------------------------------------------------------------- */

/* The file of a version, snapshots first; NULL when there is none. */
static const char *find_file(const struct eagre_io_entry *entries, uint32_t count, int64_t version,
                             bool *out_is_base) {
  const char *found = NULL;
  *out_is_base = false;
  for (uint32_t i = 0; i < count; i++) {
    bool is_base;
    if (eagre_inspect_spark_version(entries[i].name, &is_base) != version) continue;
    if (found == NULL || is_base) {
      found = entries[i].name;
      *out_is_base = is_base;
    }
  }
  return found;
}

static enum eagre_status check_store(struct eagre_inspect_verify *verify, const char *folder,
                                     int64_t version) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  bool is_base = false;
  const char *path = eagre_arena_printf(&verify->arena, "%s/%s", verify->path, folder).data;
  enum eagre_status status =
      eagre_io_list(verify->io, path, &verify->arena, &entries, &count, &verify->fault);
  if (status != EAGRE_OK && status != EAGRE_END) return status;
  for (; version > 0 && !is_base; version--) {
    const char *name = find_file(entries, count, version, &is_base);
    if (name == NULL) {
      const char *missing =
          eagre_arena_printf(&verify->arena, "%s/%lld", folder, (long long)version).data;
      eagre_inspect_verify_find(verify, missing, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE",
                                "neither a delta nor a snapshot of this version is there, and a "
                                "restart needs it");
      return EAGRE_OK;
    }
    EAGRE_TRY(check_sums(verify, folder, name));
  }
  return EAGRE_OK;
}

/* ---- All ------------------------------------------------------------------------------------- */

static enum eagre_status check_operator(struct eagre_inspect_verify *verify,
                                        const struct eagre_inspect_spark_operator *each,
                                        int64_t version) {
  for (uint32_t partition = 0; partition < each->partition_count; partition++) {
    for (uint32_t i = 0; i < each->store_count; i++) {
      struct eagre_text store = each->stores[i];
      const char *folder =
          eagre_arena_printf(&verify->arena, "state/%lld/%u%s%.*s", (long long)each->number,
                             partition, store.size == 0 ? "" : "/", (int)store.size, store.data)
              .data;
      EAGRE_TRY(check_store(verify, folder, version));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_inspect_verify_spark(struct eagre_inspect_verify *verify,
                                             int64_t committed) {
  struct eagre_inspect_spark_state state;
  EAGRE_TRY(eagre_inspect_spark_state_list(verify->io, verify->path, &verify->arena, &state,
                                           &verify->fault));
  for (uint32_t i = 0; i < state.operator_count; i++) {
    EAGRE_TRY(check_operator(verify, &state.operators[i], committed + 1));
  }
  return EAGRE_OK;
}
