/* C11 threads over POSIX threads, preloaded into programs that are built with a sanitizer.
 *
 * Debian's librdkafka locks and starts threads through <threads.h>. glibc has these functions call
 * its own insides, so that a sanitizer, which watches the pthread_ functions, would not see the
 * threads of librdkafka: a callback in one of them kills a program under ThreadSanitizer, and
 * AddressSanitizer cannot say where its memory comes from. Nor would ThreadSanitizer see the order
 * that its locks make. With this library between them both see them. The types are the same in
 * glibc (mtx_t is a pthread_mutex_t, cnd_t a pthread_cond_t, thrd_t a pthread_t): objects that are
 * initialised statically stay valid. It is itself compiled without the sanitizer. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mutex fits");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a condition fits");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "a thread fits");

#define EXPORT __attribute__((visibility("default")))

struct start {
  thrd_start_t function;
  void *argument;
};

static int result_of(int failure) {
  switch (failure) {
  case 0:
    return thrd_success;
  case EBUSY:
    return thrd_busy;
  case ETIMEDOUT:
    return thrd_timedout;
  case ENOMEM:
    return thrd_nomem;
  default:
    return thrd_error;
  }
}

static pthread_mutex_t *mutex_of(mtx_t *mutex) {
  return (pthread_mutex_t *)(void *)mutex;
}

static pthread_cond_t *condition_of(cnd_t *condition) {
  return (pthread_cond_t *)(void *)condition;
}

static void *run_start(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  return (void *)(intptr_t)start.function(start.argument);
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t function, void *argument) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL) return thrd_nomem;
  *start = (struct start){.function = function, .argument = argument};
  int failure = pthread_create(thread, NULL, run_start, start);
  if (failure != 0) free(start);
  return result_of(failure);
}

EXPORT int thrd_join(thrd_t thread, int *out_result) {
  void *result = NULL;
  int failure = pthread_join(thread, &result);
  if (failure == 0 && out_result != NULL) *out_result = (int)(intptr_t)result;
  return result_of(failure);
}

EXPORT int thrd_detach(thrd_t thread) {
  return result_of(pthread_detach(thread));
}

/* The sanitizer meets a mutex at its first lock: seen here, the initialisation would race with that
 * lock, because what orders them (a read-write lock or an atomic of librdkafka) is not watched. */
EXPORT int mtx_init(mtx_t *mutex, int type) {
  static const pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
  static const pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
  *mutex_of(mutex) = (type & mtx_recursive) != 0 ? recursive : plain;
  return thrd_success;
}

EXPORT void mtx_destroy(mtx_t *mutex) {
  pthread_mutex_destroy(mutex_of(mutex));
}

EXPORT int mtx_lock(mtx_t *mutex) {
  return result_of(pthread_mutex_lock(mutex_of(mutex)));
}

EXPORT int mtx_trylock(mtx_t *mutex) {
  return result_of(pthread_mutex_trylock(mutex_of(mutex)));
}

EXPORT int mtx_timedlock(mtx_t *mutex, const struct timespec *until) {
  return result_of(pthread_mutex_timedlock(mutex_of(mutex), until));
}

EXPORT int mtx_unlock(mtx_t *mutex) {
  return result_of(pthread_mutex_unlock(mutex_of(mutex)));
}

EXPORT int cnd_init(cnd_t *condition) {
  return result_of(pthread_cond_init(condition_of(condition), NULL));
}

EXPORT void cnd_destroy(cnd_t *condition) {
  pthread_cond_destroy(condition_of(condition));
}

EXPORT int cnd_signal(cnd_t *condition) {
  return result_of(pthread_cond_signal(condition_of(condition)));
}

EXPORT int cnd_broadcast(cnd_t *condition) {
  return result_of(pthread_cond_broadcast(condition_of(condition)));
}

EXPORT int cnd_wait(cnd_t *condition, mtx_t *mutex) {
  return result_of(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}

EXPORT int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
  return result_of(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), until));
}
