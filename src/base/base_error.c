/* Filling the error object, and the names of statuses. */
#include "base/base_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base_assert.h"

void eagre_error_init(struct eagre_error *error) {
  *error = (struct eagre_error){.status = EAGRE_OK, .row = -1};
}

/* Cuts at a character: half of a UTF-8 sequence at the end would make logs and JSON invalid. */
static void drop_half_character(char *text) {
  size_t size = strlen(text);
  size_t begin = size;
  while (begin > 0 && size - begin < 3 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80) {
    begin--;
  }
  if (begin == 0) return;
  unsigned char lead = (unsigned char)text[begin - 1];
  size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (wanted > 1 && size - (begin - 1) < wanted) text[begin - 1] = '\0';
}

static void print_cut(char *out, size_t capacity, const char *format, va_list arguments) {
  int length = vsnprintf(out, capacity, format, arguments);
  eagre_assert(length >= 0);
  if ((size_t)length >= capacity) drop_half_character(out);
}

/* All but the text. */
static void begin_error(struct eagre_error *error, enum eagre_status status,
                        const char *class_name) {
  eagre_error_init(error);
  error->status = status;
  snprintf(error->class_name, sizeof error->class_name, "%s", class_name);
}

enum eagre_status eagre_error_set(struct eagre_error *error, enum eagre_status status,
                                  const char *class_name, const char *format, ...) {
  eagre_assert(status != EAGRE_OK && class_name[0] != '\0');
  if (error == NULL) return status;
  begin_error(error, status, class_name);
  va_list arguments;
  va_start(arguments, format);
  print_cut(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  return status;
}

void eagre_error_hint(struct eagre_error *error, const char *format, ...) {
  if (error == NULL) return;
  va_list arguments;
  va_start(arguments, format);
  print_cut(error->hint, sizeof error->hint, format, arguments);
  va_end(arguments);
}

void eagre_error_place(struct eagre_error *error, const char *format, ...) {
  if (error == NULL || error->place[0] != '\0') return;
  va_list arguments;
  va_start(arguments, format);
  print_cut(error->place, sizeof error->place, format, arguments);
  va_end(arguments);
}

enum eagre_status eagre_error_system(struct eagre_error *error, enum eagre_status status,
                                     const char *class_name, int error_number, const char *format,
                                     ...) {
  eagre_assert(status != EAGRE_OK && class_name[0] != '\0');
  if (error == NULL) return status;
  char reason[128];
  const char *reason_text = strerror_r(error_number, reason, sizeof reason);
  /* What failed may be a long path; the reason must not be cut off. */
  char what[sizeof error->text - sizeof reason - 2];
  va_list arguments;
  va_start(arguments, format);
  print_cut(what, sizeof what, format, arguments);
  va_end(arguments);
  begin_error(error, status, class_name);
  snprintf(error->text, sizeof error->text, "%s: %.*s", what, (int)sizeof reason - 1, reason_text);
  return status;
}

struct status_row {
  const char *name;
  int exit_status;
};

static const struct status_row status_rows[EAGRE_STATUS_count] = {
#define EAGRE_STATUS(name, exit_status, text) [EAGRE_##name] = {#name, exit_status},
#include <eagre/status.def>
#undef EAGRE_STATUS
};

const char *eagre_status_name(enum eagre_status status) {
  eagre_assert((unsigned)status < EAGRE_STATUS_count);
  return status_rows[status].name;
}

int eagre_status_exit(enum eagre_status status) {
  eagre_assert((unsigned)status < EAGRE_STATUS_count);
  return status_rows[status].exit_status;
}
