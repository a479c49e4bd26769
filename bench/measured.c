/* Runs a command and says what it took: CPU time of all its threads and peak of resident memory.
 *
 *   measured FIGURES COMMAND [ARGUMENT...]
 *
 * Writes "<CPU in us> <peak in KiB> <wall in us>" to the file FIGURES and ends as the command did
 * (128 + N after signal N). A program of its own because Linux hands the peak of whoever starts a
 * process on to it: a child of a large Python begins with Python's peak. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void pass_signal(int number) {
  kill(child, number);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t cpu_us(const struct rusage *usage) {
  return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * INT64_C(1000000) +
         usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

static int fail(const char *what) {
  fprintf(stderr, "measured: %s: %s\n", what, strerror(errno));
  return 127;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: measured FIGURES COMMAND [ARGUMENT...]\n");
    return 2;
  }
  int64_t begin_us = now_us();
  child = fork();
  if (child < 0) return fail("fork");
  if (child == 0) {
    execvp(argv[2], argv + 2);
    _exit(fail(argv[2]));
  }
  signal(SIGTERM, pass_signal);
  signal(SIGINT, pass_signal);
  struct rusage usage;
  int status = 0;
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return fail("wait4");
  }
  FILE *figures = fopen(argv[1], "w");
  if (figures == NULL) return fail(argv[1]);
  fprintf(figures, "%" PRId64 " %ld %" PRId64 "\n", cpu_us(&usage), usage.ru_maxrss,
          now_us() - begin_us);
  if (fclose(figures) != 0) return fail(argv[1]);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
