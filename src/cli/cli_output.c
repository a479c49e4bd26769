/* What people read: errors with carets, log lines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

char *cli_read_file(const char *path, size_t *out_size) {
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "eagre: cannot read %s: %s\n", path, strerror(errno));
    return NULL;
  }
  size_t capacity = 65536;
  size_t size = 0;
  char *text = malloc(capacity);
  while (text != NULL) {
    size += fread(text + size, 1, capacity - size - 1, file);
    if (size + 1 < capacity) break;
    capacity *= 2;
    char *grown = realloc(text, capacity);
    if (grown == NULL) free(text);
    text = grown;
  }
  bool has_failed = text == NULL || ferror(file);
  if (file != stdin) fclose(file);
  if (has_failed) {
    fprintf(stderr, "eagre: cannot read %s: %s\n", path, strerror(errno));
    free(text);
    return NULL;
  }
  text[size] = '\0';
  *out_size = size;
  return text;
}

void cli_write(void *file, const char *data, size_t size) {
  fwrite(data, 1, size, file);
}

void cli_write_now(void *file, const char *data, size_t size) {
  cli_write(file, data, size);
  fflush(file);
}

int cli_fail(const eagre_error *error, const char *sql, size_t sql_size) {
  fflush(stdout);
  const char *where = eagre_error_where(error);
  const char *advice = eagre_error_advice(error);
  fprintf(stderr, "error: [%s] %s\n", eagre_error_class(error), eagre_error_sentence(error));
  if (where[0] != '\0') fprintf(stderr, " where: %s\n", where);
  if (sql != NULL) eagre_error_caret(error, sql, sql_size, cli_write, stderr);
  if (advice[0] != '\0') fprintf(stderr, "  help: %s\n", advice);
  return eagre_exit_status(eagre_error_code(error));
}

static void print_line(void *context, int level, const char *line) {
  static const char *const names[] = {"debug", "info", "warning", "error"};
  (void)context;
  fprintf(stderr, "%s: %s\n", names[level], line);
}

void cli_log_begin(enum eagre_level level) {
  eagre_set_log(print_line, NULL, level);
}

eagre_pipeline *cli_open(const struct cli_options *options, const char *file_name, const char *sql,
                         size_t sql_size, bool is_query, int *out_exit) {
  eagre_pipeline_options request = EAGRE_PIPELINE_OPTIONS_INIT;
  request.file_name = file_name;
  request.sql = sql;
  request.sql_size = sql_size;
  request.defines = options->defines;
  request.define_count = options->define_count;
  request.settings = options->settings;
  request.setting_count = options->setting_count;
  request.storage = options->storage;
  request.trigger = options->trigger;
  request.is_query = is_query;
  eagre_pipeline *pipeline = NULL;
  eagre_error *error = eagre_error_new();
  *out_exit = 0;
  if (eagre_pipeline_open(&request, &pipeline, error) != EAGRE_OK) {
    *out_exit = cli_fail(error, sql, sql_size);
  }
  eagre_error_free(error);
  for (size_t i = 0; pipeline != NULL && i < eagre_pipeline_notice_count(pipeline); i++) {
    fputs("note: ", stderr);
    eagre_pipeline_notice(pipeline, i, cli_write, stderr);
    fputc('\n', stderr);
  }
  return pipeline;
}

int cli_finish(int status) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return status;
  fprintf(stderr, "eagre: cannot write to stdout: %s\n", strerror(errno));
  return status == 0 ? 3 : status;
}
