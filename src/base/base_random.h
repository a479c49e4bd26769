/* Random numbers (xoshiro256**, seeded and reproducible) and UUIDs (from the kernel's entropy). */
#pragma once

#include <stdint.h>

struct eagre_random {
  uint64_t state[4];
};

void eagre_random_seed(struct eagre_random *random, uint64_t seed);
uint64_t eagre_random_next(struct eagre_random *random);
/* Uniform in [0, bound); bound > 0. */
uint64_t eagre_random_below(struct eagre_random *random, uint64_t bound);
/* Uniform in [0, 1). */
double eagre_random_unit(struct eagre_random *random);

enum { EAGRE_UUID_SIZE = 37 }; /* 36 characters and the terminating zero */
/* A random (version 4) UUID in lower case. Aborts when the kernel has no entropy. */
void eagre_uuid_make(char out_text[EAGRE_UUID_SIZE]);
