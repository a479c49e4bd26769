/* A line of a JSON file that holds an array: every element is a record, as in Spark.
 *
 * This finds where elements begin and end; it knows strings, comments and brackets, and leaves the
 * grammar inside an element to the decoder. Between elements it is strict: a line that is cut here
 * in another way than a parser would is reported as broken, never as elements. */
#include "source/source_files.h"

static bool is_quote(const struct eagre_json_options *options, char byte) {
  return byte == '"' || (byte == '\'' && options->allow_single_quotes);
}

/* Behind the comment that begins at `at`, or NULL. */
static const char *skip_comment(const char *at, const char *end) {
  if (end - at < 2) return NULL;
  if (at[1] == '/') {
    while (at < end && *at != '\n' && *at != '\r') {
      at++;
    }
    return at;
  }
  if (at[1] != '*') return NULL;
  for (at += 2; end - at >= 2; at++) {
    if (at[0] == '*' && at[1] == '/') return at + 2;
  }
  return NULL;
}

/* The next byte that is neither white space nor in a comment; `end` when there is none or a comment
 * is broken. */
static const char *skip_blank(const struct eagre_json_options *options, const char *at,
                              const char *end) {
  while (at < end) {
    if (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
      at++;
    } else if (*at == '/' && options->allow_comments) {
      at = skip_comment(at, end);
      if (at == NULL) return end;
    } else {
      break;
    }
  }
  return at;
}

/* Behind the string whose quote is at `at`, or `end`. */
static const char *skip_string(const char *at, const char *end) {
  char quote = *at++;
  while (at < end && *at != quote) {
    at += *at == '\\' ? 2 : 1;
  }
  return at < end ? at + 1 : end;
}

/* Behind the object that begins at `at`, or NULL when it has no end. */
static const char *skip_object(const struct eagre_json_options *options, const char *at,
                               const char *end) {
  size_t depth = 0;
  while (at < end) {
    char byte = *at;
    if (is_quote(options, byte)) {
      at = skip_string(at, end);
      continue;
    }
    if (byte == '/' && options->allow_comments) {
      at = skip_comment(at, end);
      if (at == NULL) return NULL;
      continue;
    }
    at++;
    if (byte == '{' || byte == '[') depth++;
    if (byte == '}' || byte == ']') depth--;
    if (depth == 0) return at;
  }
  return NULL;
}

bool eagre_source_files_array_begins(const struct eagre_json_options *options,
                                     struct eagre_text text) {
  const char *end = text.data + text.size;
  const char *at = skip_blank(options, text.data, end);
  return at < end && *at == '[';
}

void eagre_source_files_elements_begin(struct eagre_source_files_elements *elements,
                                       const struct eagre_json_options *options,
                                       struct eagre_text text) {
  const char *end = text.data + text.size;
  const char *at = skip_blank(options, text.data, end) + 1;
  at = skip_blank(options, at, end);
  *elements = (struct eagre_source_files_elements){
      .options = options, .at = at, .end = end, .is_at_end = at < end && *at == ']'};
}

/* Steps from behind an element to the next one, or notes that it was the last. */
static bool skip_separator(struct eagre_source_files_elements *elements) {
  const char *at = skip_blank(elements->options, elements->at, elements->end);
  if (at >= elements->end) return false;
  elements->is_at_end = *at == ']';
  if (elements->is_at_end) return true;
  if (*at != ',') return false;
  elements->at = skip_blank(elements->options, at + 1, elements->end);
  return true;
}

bool eagre_source_files_elements_next(struct eagre_source_files_elements *elements,
                                      struct eagre_text *out_element) {
  if (elements->is_at_end || elements->is_broken) return false;
  const char *begin = elements->at;
  bool is_object = begin < elements->end && *begin == '{';
  elements->at = is_object ? skip_object(elements->options, begin, elements->end) : NULL;
  if (elements->at != NULL) {
    *out_element = eagre_text_make(begin, (size_t)(elements->at - begin));
    if (skip_separator(elements)) return true;
  }
  elements->is_broken = true;
  return false;
}
