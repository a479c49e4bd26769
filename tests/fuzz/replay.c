/* Runs a fuzz target without libFuzzer: over every file of a folder of seeds, then over mutations
 * of
 * them made from a fixed random seed, so that a plain `make test` exercises every parser of outside
 * bytes. Usage: replay_<thing> FOLDER [MUTATIONS]. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_COUNT_MAX = 4096, SEED_SIZE_MAX = 1 << 16, MUTATION_COUNT = 3000 };

struct seed {
  uint8_t *data;
  size_t size;
};

static size_t read_seeds(const char *folder, struct seed *seeds) {
  DIR *directory = opendir(folder);
  size_t count = 0;
  if (directory == NULL) return 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL && count < SEED_COUNT_MAX;) {
    char path[4096];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) continue;
    seeds[count].data = eagre_allocate(SEED_SIZE_MAX);
    seeds[count].size = fread(seeds[count].data, 1, SEED_SIZE_MAX, file);
    count += 1;
    fclose(file);
  }
  closedir(directory);
  return count;
}

/* An exact copy on the heap, so that AddressSanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size) {
  uint8_t *copy = eagre_allocate(size + 1);
  memcpy(copy, data, size);
  LLVMFuzzerTestOneInput(copy, size);
  eagre_free(copy);
}

/* Flips, inserts, removes or repeats a few bytes. */
static size_t mutate(struct eagre_random *random, uint8_t *data, size_t size) {
  uint64_t edits = 1 + eagre_random_below(random, 4);
  for (uint64_t i = 0; i < edits; i++) {
    size_t place = size == 0 ? 0 : (size_t)eagre_random_below(random, size);
    switch (eagre_random_below(random, 4)) {
    case 0:
      if (size > 0) data[place] ^= (uint8_t)(1u << eagre_random_below(random, 8));
      break;
    case 1:
      if (size > 0) data[place] = (uint8_t)eagre_random_next(random);
      break;
    case 2:
      if (size > 0) memmove(data + place, data + place + 1, --size - place);
      break;
    default:
      if (size + 1 >= SEED_SIZE_MAX) break;
      memmove(data + place + 1, data + place, size - place);
      data[place] = (uint8_t) "{}[]\",:'\\0 \n-"[eagre_random_below(random, 13)];
      size += 1;
      break;
    }
  }
  return size;
}

int main(int argc, char **argv) {
  static struct seed seeds[SEED_COUNT_MAX];
  if (argc < 2) {
    fprintf(stderr, "usage: %s FOLDER [MUTATIONS]\n", argv[0]);
    return 2;
  }
  size_t count = read_seeds(argv[1], seeds);
  if (count == 0) {
    fprintf(stderr, "no seeds in %s\n", argv[1]);
    return 1;
  }
  uint64_t mutation_count = argc > 2 ? strtoull(argv[2], NULL, 10) : MUTATION_COUNT;
  struct eagre_random random;
  eagre_random_seed(&random, 20261121);
  run((const uint8_t *)"", 0);
  for (size_t i = 0; i < count; i++) {
    run(seeds[i].data, seeds[i].size);
  }
  uint8_t *work = eagre_allocate(SEED_SIZE_MAX + 1);
  for (uint64_t i = 0; i < mutation_count; i++) {
    const struct seed *seed = &seeds[eagre_random_below(&random, count)];
    memcpy(work, seed->data, seed->size);
    run(work, mutate(&random, work, seed->size));
  }
  printf("%zu seeds, %llu mutations\n", count, (unsigned long long)mutation_count);
  eagre_free(work);
  for (size_t i = 0; i < count; i++) {
    eagre_free(seeds[i].data);
  }
  return 0;
}
