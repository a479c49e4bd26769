/* xoshiro256** (Blackman and Vigna) and UUIDs. */
#include "base/base_random.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/base_assert.h"

/* splitmix64: spreads a seed over the state; never gives four zeros in a row. */
static uint64_t expand_seed(uint64_t *seed) {
  uint64_t mixed = *seed += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

void eagre_random_seed(struct eagre_random *random, uint64_t seed) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(random->state); i++) {
    random->state[i] = expand_seed(&seed);
  }
}

static uint64_t rotate_left(uint64_t value, int bits) {
  return value << bits | value >> (64 - bits);
}

uint64_t eagre_random_next(struct eagre_random *random) {
  uint64_t *state = random->state;
  uint64_t result = rotate_left(state[1] * 5, 7) * 9;
  uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate_left(state[3], 45);
  return result;
}

uint64_t eagre_random_below(struct eagre_random *random, uint64_t bound) {
  eagre_assert(bound > 0);
  /* The high half of a product (Lemire); low halves below the remainder of 2^64 / bound would
   * favour some results and are drawn again. */
  uint64_t remainder = -bound % bound;
  unsigned __int128 product;
  do {
    product = (unsigned __int128)eagre_random_next(random) * bound;
  } while ((uint64_t)product < remainder);
  return (uint64_t)(product >> 64);
}

double eagre_random_unit(struct eagre_random *random) {
  return (double)(eagre_random_next(random) >> 11) * 0x1p-53;
}

static void read_entropy(uint8_t *bytes, size_t size) {
  ssize_t got;
  do {
    got = getrandom(bytes, size, 0);
  } while (got < 0 && errno == EINTR);
  /* Up to 256 bytes come whole or not at all. */
  eagre_assert(got == (ssize_t)size);
}

void eagre_uuid_make(char out_text[EAGRE_UUID_SIZE]) {
  uint8_t bytes[16];
  read_entropy(bytes, sizeof bytes);
  bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
  bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
  char *out = out_text;
  for (size_t i = 0; i < sizeof bytes; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    snprintf(out, 3, "%02x", bytes[i]);
    out += 2;
  }
}
