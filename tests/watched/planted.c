/* Two threads named as cores, which do what the data path must not: they write words of one cache
 * line by turns, and allocate. What watch.c says of it shows that it would say so of Eagre. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

enum { ROUNDS = 1000 };

static struct { _Alignas(64) uint64_t words[2]; } line;
static atomic_int turn;
static void *volatile kept; /* so that the allocation is not optimised away */

static void *work(void *argument) {
  uint64_t *word = argument;
  int mine = (int)(word - line.words);
  for (int round = 0; round < ROUNDS; round++) {
    while (atomic_load(&turn) != 2 * round + mine) {
    }
    *word += 1;
    kept = malloc(16);
    free(kept);
    atomic_fetch_add(&turn, 1);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[2];
  atomic_store(&turn, -1);
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&threads[i], NULL, work, &line.words[i]) != 0) return 1;
    if (pthread_setname_np(threads[i], i == 0 ? "eagre-core-0" : "eagre-core-1") != 0) return 1;
  }
  atomic_store(&turn, 0);
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
  }
  return 0;
}
