/* Paths as Hadoop takes them. */
#include "source/source_files.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- Plain paths ----------------------------------------------------------------------------- */

bool eagre_source_files_is_glob(const char *path) {
  return strpbrk(path, "{}[]*?\\") != NULL;
}

static bool is_scheme_part(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' || byte == '.';
}

/* "s3" of "s3://bucket/x"; empty when there is no scheme. */
static struct eagre_text find_scheme(struct eagre_text path) {
  size_t size = 0;
  while (size < path.size && is_scheme_part(path.data[size])) {
    size++;
  }
  bool is_scheme =
      size > 0 && size + 1 < path.size && path.data[size] == ':' && path.data[size + 1] == '/';
  return eagre_text_make(path.data, is_scheme ? size : 0);
}

/* Appends the parts of `path` to `out`, which begins with "/" and has none at its end. */
static void append_parts(struct eagre_buffer *out, struct eagre_text path) {
  size_t at = 0;
  while (at < path.size) {
    size_t end = at;
    while (end < path.size && path.data[end] != '/') {
      end++;
    }
    struct eagre_text part = eagre_text_make(path.data + at, end - at);
    if (eagre_text_equal_string(part, "..")) {
      while (out->size > 0 && out->data[out->size - 1] != '/') {
        out->size--;
      }
      if (out->size > 0) out->size--;
    } else if (part.size > 0 && !eagre_text_equal_string(part, ".")) {
      eagre_buffer_append_char(out, '/');
      eagre_buffer_append_text(out, part);
    }
    at = end + 1;
  }
}

enum eagre_status eagre_source_files_absolute(struct eagre_arena *arena, struct eagre_text path,
                                              char **out_path, struct eagre_error *error) {
  struct eagre_text scheme = find_scheme(path);
  if (scheme.size > 0 && !eagre_text_equal_string(scheme, "file")) {
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_DATA_SOURCE_SCHEME",
                    "read_files cannot read from %.*s: there is no support for %.*s yet.",
                    (int)path.size, path.data, (int)scheme.size, scheme.data);
    eagre_error_hint(error, "read from a local directory");
    return EAGRE_USAGE;
  }
  size_t skipped = scheme.size > 0 ? scheme.size + 1 : 0;
  path = eagre_text_make(path.data + skipped, path.size - skipped);
  struct eagre_buffer absolute = {0};
  if (path.size == 0 || path.data[0] != '/') {
    char *here = getcwd(NULL, 0);
    eagre_assert(here != NULL);
    append_parts(&absolute, eagre_text_of(here));
    free(here);
  }
  append_parts(&absolute, path);
  if (absolute.size == 0) eagre_buffer_append_char(&absolute, '/');
  *out_path = (char *)eagre_arena_copy_text(arena, eagre_buffer_text(&absolute)).data;
  eagre_buffer_done(&absolute);
  return EAGRE_OK;
}
