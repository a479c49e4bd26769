/* The bytes of a snapshot file, as they are read (state_input.h). */
#include "state/state_input.h"

#include <string.h>

enum { CAPACITY_MIN = 256 * 1024 };

void eagre_state_input_init(struct eagre_state_input *input, struct eagre_io *io) {
  *input = (struct eagre_state_input){.io = io, .capacity = CAPACITY_MIN};
  input->bytes = eagre_allocate(CAPACITY_MIN);
}

void eagre_state_input_done(struct eagre_state_input *input) {
  eagre_free(input->bytes);
}

enum eagre_status eagre_state_input_open(struct eagre_state_input *input, const char *path,
                                         uint64_t size, struct eagre_error *error) {
  input->path = path;
  input->error = error;
  input->left = 0;
  input->unsummed = size < 4 ? 0 : size - 4;
  input->checksum = 0;
  input->begin = 0;
  input->end = 0;
  input->status = eagre_io_reader_open(input->io, path, &input->reader, error);
  return input->status;
}

void eagre_state_input_close(struct eagre_state_input *input) {
  eagre_io_reader_close(input->reader);
}

void eagre_state_input_refuse(struct eagre_state_input *input, const char *what) {
  if (input->status == EAGRE_OK)
    input->status = eagre_state_refuse_corrupt(input->path, what, input->error);
}

bool eagre_state_input_has(struct eagre_state_input *input, uint64_t size) {
  if (size > input->left)
    eagre_state_input_refuse(input, "something in it is longer than the file");
  return input->status == EAGRE_OK;
}

/* Reads behind what is there. */
static void read_more(struct eagre_state_input *input) {
  size_t size = 0;
  enum eagre_status status = eagre_io_reader_read(
      input->reader, input->bytes + input->end, input->capacity - input->end, &size, input->error);
  if (status != EAGRE_OK) {
    input->status = status;
    return;
  }
  if (size == 0) eagre_state_input_refuse(input, "it ends too early");
  size_t summed = size < input->unsummed ? size : (size_t)input->unsummed;
  input->checksum = eagre_crc32c(input->checksum, input->bytes + input->end, summed);
  input->unsummed -= summed;
  input->end += size;
}

/* Moves what is there to the front, with room for `size` bytes of which nothing was taken. */
static void make_room(struct eagre_state_input *input, uint64_t size) {
  if (input->begin > 0)
    memmove(input->bytes, input->bytes + input->begin, input->end - input->begin);
  input->end -= input->begin;
  input->begin = 0;
  if (size <= input->capacity) return;
  while (input->capacity < size) {
    input->capacity *= 2;
  }
  input->bytes = eagre_reallocate(input->bytes, input->capacity);
}

bool eagre_state_input_need(struct eagre_state_input *input, uint64_t size) {
  if (!eagre_state_input_has(input, size)) return false;
  if (input->end - input->begin >= size) return true;
  make_room(input, size);
  while (input->status == EAGRE_OK && input->end < size) {
    read_more(input);
  }
  return input->status == EAGRE_OK;
}

uint64_t eagre_state_input_integer(struct eagre_state_input *input, size_t size) {
  if (!eagre_state_input_need(input, size)) return 0;
  uint64_t value = eagre_state_get_integer(eagre_state_input_next(input), size);
  eagre_state_input_skip(input, size);
  return value;
}
