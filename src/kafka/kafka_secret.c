/* Looks secrets up. What was found goes to librdkafka only; errors name where it should be. */
#include "kafka/kafka_secret.h"
#include "base/base_secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE_MAX = 256 * 1024 };

static enum eagre_status append_variable(struct eagre_buffer *out, const char *name,
                                         struct eagre_error *error) {
  const char *value = getenv(name);
  if (value != NULL) {
    eagre_buffer_append_string(out, value);
    return EAGRE_OK;
  }
  eagre_error_set(error, EAGRE_USAGE, "SECRET_NOT_FOUND",
                  "The environment variable %s of ${env:%s} is not set.", name, name);
  eagre_error_hint(error, "export %s=... before the start", name);
  return EAGRE_USAGE;
}

static enum eagre_status fail_file(const char *path, const char *why, struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "SECRET_NOT_FOUND",
                         "The file of ${file:%s} cannot be used: %s.", path, why);
}

static enum eagre_status read_stream(struct eagre_buffer *out, const char *path, FILE *stream,
                                     struct eagre_error *error) {
  char piece[4096];
  size_t size;
  size_t begin = out->size;
  while ((size = fread(piece, 1, sizeof piece, stream)) > 0) {
    eagre_buffer_append(out, piece, size);
    if (out->size - begin > FILE_SIZE_MAX) return fail_file(path, "it is too large", error);
  }
  if (ferror(stream)) return fail_file(path, strerror(errno), error);
  if (out->size > begin && out->data[out->size - 1] == '\n') out->size -= 1;
  if (out->size > begin && out->data[out->size - 1] == '\r') out->size -= 1;
  return EAGRE_OK;
}

static enum eagre_status append_file(struct eagre_buffer *out, const char *path,
                                     struct eagre_error *error) {
  FILE *stream = fopen(path, "rbe");
  if (stream == NULL) return fail_file(path, strerror(errno), error);
  enum eagre_status status = read_stream(out, path, stream, error);
  fclose(stream);
  return status;
}

static enum eagre_status append_all(struct eagre_buffer *out, struct eagre_text text,
                                    struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_secret secret;
  size_t copied = 0;
  while (eagre_secret_find(text, copied, &secret)) {
    const char *name = eagre_arena_copy_text(arena, secret.name).data;
    eagre_buffer_append(out, text.data + copied, secret.begin - copied);
    EAGRE_TRY(secret.kind == EAGRE_SECRET_FILE ? append_file(out, name, error)
                                               : append_variable(out, name, error));
    copied = secret.end;
  }
  if (copied < text.size) eagre_buffer_append(out, text.data + copied, text.size - copied);
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_secret_resolve(struct eagre_text text, struct eagre_arena *arena,
                                             struct eagre_text *out, struct eagre_error *error) {
  struct eagre_secret secret;
  struct eagre_buffer resolved = {0};
  *out = text;
  if (!eagre_secret_find(text, 0, &secret)) return EAGRE_OK;
  enum eagre_status status = append_all(&resolved, text, arena, error);
  if (status == EAGRE_OK) *out = eagre_arena_copy_text(arena, eagre_buffer_text(&resolved));
  eagre_buffer_done(&resolved);
  return status;
}
