/* State files of ours, from outside: which versions are there, what a version needs, and whether
 * those files are whole. Their format is in docs/internals/state-format.md; here only the frame
 * counts (name, header, size and checksum), because what is between depends on the query.
 *
 * A version is, for each core that wrote it, a full file or a delta, and what the delta builds on,
 * as far back as its header says; those of format version 1 reach back to a full file. */
#include "inspect/inspect_checkpoint.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  FORMAT_VERSION = 2,
  HEADER_SIZE_1 = 136, /* of format version 1 */
  TRAILER_SIZE = 12,
  OFFSET_KIND = 12,
  OFFSET_VERSION = 16,
  OFFSET_BASE_VERSION = 24,
  OFFSET_CORE = 44,
  OFFSET_BASE_ATTEMPT = 64,
  OFFSET_CHAIN_FIRST = 132, /* from format version 2 on */
};

static const char CORRUPT[] = "STATE_STORE_CORRUPT";
static const char MISSING[] = "STATE_STORE_MISSING_FILE";
static const char MAGIC[8] = {'E', 'A', 'G', 'R', 'E', 'S', 'T', 'A'};

/* ---- Names ----------------------------------------------------------------------------------- */

/* Takes "N-" off the front of `rest`. */
static bool take_number(struct eagre_text *rest, int64_t *out) {
  const char *dash = rest->size == 0 ? NULL : memchr(rest->data, '-', rest->size);
  if (dash == NULL) return false;
  size_t size = (size_t)(dash - rest->data);
  *out = eagre_inspect_name_number(eagre_text_make(rest->data, size));
  *rest = eagre_text_make(dash + 1, rest->size - size - 1);
  return *out >= 0;
}

bool eagre_inspect_state_name_parse(const char *name, struct eagre_inspect_state_file *out) {
  struct eagre_text rest = eagre_text_of(name);
  int64_t core;
  if (!take_number(&rest, &out->version) || !take_number(&rest, &core)) return false;
  bool is_delta = eagre_text_ends_with(rest, EAGRE_TEXT(".delta"));
  out->is_full = eagre_text_ends_with(rest, EAGRE_TEXT(".full"));
  if (core > UINT32_MAX || (!out->is_full && !is_delta)) return false;
  size_t size = rest.size - (out->is_full ? strlen(".full") : strlen(".delta"));
  if (size == 0 || size >= sizeof out->attempt) return false;
  out->core = (uint32_t)core;
  memcpy(out->attempt, rest.data, size);
  out->attempt[size] = '\0';
  return true;
}

static int compare_files(const void *a, const void *b) {
  const struct eagre_inspect_state_file *left = a;
  const struct eagre_inspect_state_file *right = b;
  if (left->version != right->version) return left->version < right->version ? -1 : 1;
  if (left->core != right->core) return left->core < right->core ? -1 : 1;
  return strcmp(left->name, right->name);
}

enum eagre_status eagre_inspect_state_list(struct eagre_io *io, const char *directory,
                                           struct eagre_arena *arena,
                                           struct eagre_inspect_state *out,
                                           struct eagre_error *error) {
  *out = (struct eagre_inspect_state){.directory = directory};
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  enum eagre_status status = eagre_io_list(io, directory, arena, &entries, &count, error);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  out->files = eagre_arena_allocate(arena, (count + 1) * sizeof *out->files);
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_inspect_state_file *file = &out->files[out->file_count];
    if (!eagre_inspect_state_name_parse(entries[i].name, file)) continue;
    file->name = entries[i].name;
    file->size = entries[i].size;
    file->is_whole = false;
    out->file_count++;
  }
  qsort(out->files, out->file_count, sizeof *out->files, compare_files);
  return EAGRE_OK;
}

/* ---- Headers --------------------------------------------------------------------------------- */

static uint64_t read_integer(const char *bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) {
    value |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
  }
  return value;
}

static bool refuse_header(const char *class_name, const char *what,
                          struct eagre_inspect_fault *out_fault) {
  *out_fault = (struct eagre_inspect_fault){class_name, what};
  return false;
}

bool eagre_inspect_state_header_parse(const char *bytes, size_t size,
                                      struct eagre_inspect_state_header *out,
                                      struct eagre_inspect_fault *out_fault) {
  if (size < sizeof MAGIC + 4) return refuse_header(CORRUPT, "it is too short", out_fault);
  if (memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
    return refuse_header(CORRUPT, "it does not begin as a state file does", out_fault);
  uint64_t format = read_integer(bytes + sizeof MAGIC, 4);
  if (format > FORMAT_VERSION)
    return refuse_header("STATE_STORE_VERSION_UNSUPPORTED", "it was written by a newer Eagre",
                         out_fault);
  size_t header_size = format == 1 ? HEADER_SIZE_1 : EAGRE_INSPECT_STATE_HEADER_SIZE;
  if (size < header_size) return refuse_header(CORRUPT, "it is too short", out_fault);
  size_t checked = header_size - 4;
  if (format == 0 || read_integer(bytes + checked, 4) != eagre_crc32c(0, bytes, checked))
    return refuse_header(CORRUPT, "the checksum of its header is wrong", out_fault);
  out->is_full = read_integer(bytes + OFFSET_KIND, 4) == 0;
  out->version = (int64_t)read_integer(bytes + OFFSET_VERSION, 8);
  out->base_version = (int64_t)read_integer(bytes + OFFSET_BASE_VERSION, 8);
  out->core = (uint32_t)read_integer(bytes + OFFSET_CORE, 4);
  out->chain_first = format == 1 ? -1 : (int64_t)read_integer(bytes + OFFSET_CHAIN_FIRST, 8);
  memcpy(out->base_attempt, bytes + OFFSET_BASE_ATTEMPT, sizeof out->base_attempt);
  out->base_attempt[sizeof out->base_attempt - 1] = '\0';
  return true;
}

/* ---- One file -------------------------------------------------------------------------------- */

struct check {
  const struct eagre_inspect_state *state;
  struct eagre_io *io;
  bool is_deep;
  struct eagre_arena *arena;
  const char *file; /* name of the one that is looked at */
  struct eagre_error *error;
};

static enum eagre_status refuse_file(const struct check *check, const char *class_name,
                                     const char *what) {
  eagre_error_set(check->error, EAGRE_UNSAFE, class_name, "state file %s/%s: %s",
                  check->state->directory, check->file, what);
  eagre_error_hint(check->error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

/* What counts of a file's bytes. */
struct frame {
  char header[EAGRE_INSPECT_STATE_HEADER_SIZE];
  size_t header_size;
  uint64_t size;              /* bytes seen */
  uint32_t checksum;          /* of those before the last four of the file */
  char trailer[TRAILER_SIZE]; /* the last bytes seen */
};

static void take_piece(struct frame *frame, uint64_t file_size, const char *bytes, size_t size) {
  size_t header_left = sizeof frame->header - frame->header_size;
  size_t header_part = size < header_left ? size : header_left;
  memcpy(frame->header + frame->header_size, bytes, header_part);
  frame->header_size += header_part;
  uint64_t summed_end = file_size < 4 ? 0 : file_size - 4;
  uint64_t summed_left = frame->size < summed_end ? summed_end - frame->size : 0;
  size_t summed = size < summed_left ? size : (size_t)summed_left;
  frame->checksum = eagre_crc32c(frame->checksum, bytes, summed);
  size_t tail = size < TRAILER_SIZE ? size : TRAILER_SIZE;
  memmove(frame->trailer, frame->trailer + tail, TRAILER_SIZE - tail);
  memcpy(frame->trailer + TRAILER_SIZE - tail, bytes + size - tail, tail);
  frame->size += size;
}

/* Reads the file to its end, or no more than its header. END when it is gone. */
static enum eagre_status read_frame(const struct check *check, uint64_t file_size,
                                    struct frame *frame) {
  enum { PIECE_SIZE = 256 * 1024 };
  *frame = (struct frame){0};
  const char *path =
      eagre_arena_printf(check->arena, "%s/%s", check->state->directory, check->file).data;
  struct eagre_io_reader *reader = NULL;
  EAGRE_TRY(eagre_io_reader_open(check->io, path, &reader, check->error));
  size_t piece_size = check->is_deep ? PIECE_SIZE : sizeof frame->header;
  char *bytes = eagre_allocate(piece_size);
  enum eagre_status status = EAGRE_OK;
  bool is_at_end = false;
  while (status == EAGRE_OK && !is_at_end) {
    size_t size = 0;
    status = eagre_io_reader_read(reader, bytes, piece_size, &size, check->error);
    if (status == EAGRE_OK) take_piece(frame, file_size, bytes, size);
    bool has_header = frame->header_size == sizeof frame->header;
    is_at_end = size == 0 || (has_header && !check->is_deep);
  }
  eagre_free(bytes);
  eagre_io_reader_close(reader);
  return status;
}

static enum eagre_status check_trailer(const struct check *check, const struct frame *frame,
                                       uint64_t file_size) {
  if (!check->is_deep) return EAGRE_OK;
  bool is_whole = file_size >= HEADER_SIZE_1 + TRAILER_SIZE && frame->size == file_size &&
                  read_integer(frame->trailer, 8) == file_size;
  if (!is_whole) return refuse_file(check, CORRUPT, "its length is wrong");
  if (read_integer(frame->trailer + 8, 4) != frame->checksum)
    return refuse_file(check, CORRUPT, "its checksum is wrong");
  return EAGRE_OK;
}

/* Checks one file of a chain and gives its header. */
static enum eagre_status check_file(struct check *check,
                                    const struct eagre_inspect_state_file *file,
                                    struct eagre_inspect_state_header *out_header) {
  struct frame frame;
  struct eagre_inspect_fault fault;
  check->file = file->name;
  enum eagre_status status = read_frame(check, file->size, &frame);
  if (status == EAGRE_END) return refuse_file(check, MISSING, "it is missing");
  EAGRE_TRY(status);
  if (!eagre_inspect_state_header_parse(frame.header, frame.header_size, out_header, &fault))
    return refuse_file(check, fault.class_name, fault.what);
  bool is_itself = out_header->version == file->version && out_header->core == file->core &&
                   out_header->is_full == file->is_full;
  if (!is_itself) return refuse_file(check, CORRUPT, "it is a state file under another name");
  return check_trailer(check, &frame, file->size);
}

/* ---- Chains ---------------------------------------------------------------------------------- */

/* Of a full file and a delta under one name the full one counts, as when it is loaded. */
static struct eagre_inspect_state_file *find_file(const struct eagre_inspect_state *state,
                                                  int64_t version, uint32_t core,
                                                  const char *attempt) {
  struct eagre_inspect_state_file *found = NULL;
  for (uint32_t i = 0; i < state->file_count; i++) {
    struct eagre_inspect_state_file *file = &state->files[i];
    bool is_it =
        file->version == version && file->core == core && strcmp(file->attempt, attempt) == 0;
    if (is_it && (found == NULL || file->is_full)) found = file;
  }
  return found;
}

static enum eagre_status check_files(struct check *check, int64_t version, uint32_t core,
                                     const char *attempt) {
  for (int64_t newest = version, first = -1;;) {
    struct eagre_inspect_state_header header;
    const struct eagre_inspect_state_file *file = find_file(check->state, version, core, attempt);
    if (file == NULL) {
      check->file =
          eagre_arena_printf(check->arena, "%lld-%u-%s.full", (long long)version, core, attempt)
              .data;
      return refuse_file(check, MISSING, "it (or the .delta) is missing");
    }
    if (file->is_whole) return EAGRE_OK;
    EAGRE_TRY(check_file(check, file, &header));
    if (version == newest) first = header.chain_first;
    if (header.is_full || version == first) return EAGRE_OK;
    if (header.base_version >= version)
      return refuse_file(check, CORRUPT, "it builds on a later version");
    version = header.base_version;
    attempt = eagre_arena_copy_string(check->arena, header.base_attempt);
  }
}

static enum eagre_status check_chain(struct check *check, int64_t version, uint32_t core,
                                     const char *attempt) {
  EAGRE_TRY(check_files(check, version, core, attempt));
  if (check->is_deep) find_file(check->state, version, core, attempt)->is_whole = true;
  return EAGRE_OK;
}

enum eagre_status eagre_inspect_state_check(const struct eagre_inspect_state *state,
                                            struct eagre_io *io, int64_t version,
                                            uint32_t core_count, struct eagre_text attempt,
                                            bool is_deep, struct eagre_arena *arena,
                                            const char **out_file, struct eagre_error *error) {
  struct check check = {
      .state = state, .io = io, .is_deep = is_deep, .arena = arena, .file = "", .error = error};
  const char *name = eagre_arena_copy_text(arena, attempt).data;
  enum eagre_status status = EAGRE_OK;
  for (uint32_t core = 0; core < core_count && status == EAGRE_OK; core++) {
    status = check_chain(&check, version, core, name);
  }
  if (out_file != NULL) *out_file = check.file;
  return status;
}
