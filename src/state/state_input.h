/* Inside the room `state`: the bytes of a snapshot file, as they are read.
 *
 * What is looked at stands in one piece of memory, as much as was asked for; nothing is believed to
 * be longer than what is left of the file. The checksum is summed while the file comes in. */
#pragma once

#include "state/state_snapshot.h"

struct eagre_state_input {
  struct eagre_io *io;
  struct eagre_io_reader *reader;
  const char *path;
  struct eagre_error *error;
  enum eagre_status status; /* the first failure stays, and then all reads give zeros */
  uint64_t left;            /* bytes that may be taken; behind them is another part of the file */
  uint64_t unsummed;        /* bytes still to come that count for the checksum */
  uint32_t checksum;
  char *bytes;
  size_t begin; /* of what is there and was not taken */
  size_t end;
  size_t capacity;
};

void eagre_state_input_init(struct eagre_state_input *input, struct eagre_io *io);
void eagre_state_input_done(struct eagre_state_input *input);
/* Opens another file, of `size` bytes, the last four of which are its checksum. `path` and `error`
 * outlive its reading. Nothing is left yet. */
enum eagre_status eagre_state_input_open(struct eagre_state_input *input, const char *path,
                                         uint64_t size, struct eagre_error *error);
void eagre_state_input_close(struct eagre_state_input *input);
/* UNSAFE STATE_STORE_CORRUPT, unless it has failed already. */
void eagre_state_input_refuse(struct eagre_state_input *input, const char *what);

/* Whether so many bytes are left; fails otherwise. To be asked before memory is made for them. */
bool eagre_state_input_has(struct eagre_state_input *input, uint64_t size);
/* Makes the next `size` bytes stand at eagre_state_input_next; false when it fails. What was there
 * before may have moved. */
bool eagre_state_input_need(struct eagre_state_input *input, uint64_t size);
/* The next bytes, as many as eagre_state_input_there says; valid until more are asked for. */
static inline const char *eagre_state_input_next(const struct eagre_state_input *input) {
  return input->bytes + input->begin;
}
static inline uint64_t eagre_state_input_there(const struct eagre_state_input *input) {
  uint64_t there = input->end - input->begin;
  return there < input->left ? there : input->left;
}
/* Takes bytes that are there. */
static inline void eagre_state_input_skip(struct eagre_state_input *input, uint64_t size) {
  input->begin += size;
  input->left -= size;
}
/* Takes a number of `size` bytes, 8 at most. */
uint64_t eagre_state_input_integer(struct eagre_state_input *input, size_t size);
