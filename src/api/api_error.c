/* Errors and their place in SQL text, as the public header tells them. */
#include <eagre/eagre.h>

#include "base/base.h"
#include "sql/sql.h"

eagre_error *eagre_error_new(void) {
  struct eagre_error *error = eagre_allocate_zeroed(1, sizeof *error);
  eagre_error_init(error);
  return error;
}

void eagre_error_free(eagre_error *error) {
  eagre_free(error);
}

enum eagre_status eagre_error_code(const eagre_error *error) {
  return error->status;
}

const char *eagre_error_class(const eagre_error *error) {
  return error->class_name;
}

const char *eagre_error_sentence(const eagre_error *error) {
  return error->text;
}

const char *eagre_error_where(const eagre_error *error) {
  return error->place;
}

const char *eagre_error_advice(const eagre_error *error) {
  return error->hint;
}

void eagre_error_caret(const eagre_error *error, const char *sql, size_t sql_size,
                       eagre_write_fn *write, void *context) {
  struct eagre_buffer text = {0};
  eagre_sql_caret(eagre_text_make(sql, sql_size), error, &text);
  if (text.size > 0) write(context, text.data, text.size);
  eagre_buffer_done(&text);
}

int eagre_exit_status(enum eagre_status status) {
  return eagre_status_exit(status);
}
