/* Crash points. The wanted point is resolved once at start, before threads exist, and only read
 * afterwards; the countdown is atomic because any thread may pass a point. */
#include "base/base_crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base_assert.h"
#include "base/base_error.h"
#include "base/base_text.h"

static const char *const crash_points[] = {
#define EAGRE_CRASH_POINT(name, durable) name,
#include "base/base_crash.def"
#undef EAGRE_CRASH_POINT
};

static struct {
  const char *name;  /* of the table; NULL: no crash is wanted */
  unsigned long nth; /* die the nth time, from 1 */
  _Atomic unsigned long passed;
} wanted;

static const char *find_crash_point(struct eagre_text name) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(crash_points); i++) {
    if (eagre_text_equal_string(name, crash_points[i])) return crash_points[i];
  }
  return NULL;
}

static enum eagre_status refuse_name(struct eagre_text name, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "INVALID_CRASH_POINT",
                  "EAGRE_CRASH_AT names no crash point: \"%.*s\"", (int)name.size, name.data);
  const char *near = eagre_text_nearest(name, crash_points, EAGRE_COUNT_OF(crash_points));
  if (near != NULL) eagre_error_hint(error, "did you mean %s?", near);
  return EAGRE_USAGE;
}

static enum eagre_status parse_nth(const char *digits, struct eagre_error *error) {
  char *end;
  unsigned long nth = strtoul(digits, &end, 10);
  if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || nth == 0) {
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_CRASH_POINT",
                           "EAGRE_CRASH_AT wants a number from 1 after the colon, not \"%s\"",
                           digits);
  }
  wanted.nth = nth;
  return EAGRE_OK;
}

enum eagre_status eagre_crash_configure(struct eagre_error *error) {
  wanted.name = NULL;
  wanted.nth = 1;
  atomic_store(&wanted.passed, 0);
  const char *setting = getenv("EAGRE_CRASH_AT");
  if (setting == NULL) return EAGRE_OK;
  const char *colon = strchr(setting, ':');
  size_t name_size = colon == NULL ? strlen(setting) : (size_t)(colon - setting);
  struct eagre_text name = eagre_text_make(setting, name_size);
  const char *point = find_crash_point(name);
  if (point == NULL) return refuse_name(name, error);
  if (colon != NULL) EAGRE_TRY(parse_nth(colon + 1, error));
  wanted.name = point;
  return EAGRE_OK;
}

static void crash_here(void) {
  /* One write, not stdio: whatever stdio holds back must be lost as in a real crash. */
  char line[128];
  int size = snprintf(line, sizeof line, "crash point %s:%lu\n", wanted.name, wanted.nth);
  ssize_t written = write(STDERR_FILENO, line, (size_t)size);
  (void)written; /* dying anyway */
  kill(getpid(), SIGKILL);
  for (;;) {
    pause(); /* the signal may take a moment to arrive; nothing may run past the point */
  }
}

void eagre_crash_point(const char *name) {
  if (__builtin_expect(wanted.name == NULL, 1)) return;
  eagre_assert(find_crash_point(eagre_text_of(name)) != NULL);
  if (strcmp(name, wanted.name) != 0) return;
  if (atomic_fetch_add(&wanted.passed, 1) + 1 == wanted.nth) crash_here();
}
