/* url_encode, url_decode, parse_url and their forgiving forms. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"
#include "expression/expression_url.h"

/* ---- Percent signs -------------------------------------------------------------------------- */

/* As a form is sent (application/x-www-form-urlencoded). */
static bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-' || c == '*' || c == '_';
}

static size_t put_encoded(struct eagre_text text, char *out) {
  static const char digits[] = "0123456789ABCDEF";
  char *next = out;
  for (size_t i = 0; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (is_plain((char)c) || c == ' ') {
      *next++ = c == ' ' ? '+' : (char)c;
      continue;
    }
    *next++ = '%';
    *next++ = digits[c >> 4];
    *next++ = digits[c & 15];
  }
  return (size_t)(next - out);
}

enum eagre_status eagre_kernel_url_encode(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    if (text.size > EAGRE_TEXT_SIZE_MAX / 3) {
      EAGRE_TRY(eagre_text_fail_size(call, row));
      continue;
    }
    char *next = eagre_text_writer_reserve(&writer, text.size * 3);
    out[row] = eagre_text_writer_take(&writer, put_encoded(text, next));
  }
  return EAGRE_OK;
}

static int read_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The number of bytes written, or -1 for a percent sign without two digits. */
static int64_t put_decoded(struct eagre_text text, char *out) {
  char *next = out;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (c != '%') {
      *next++ = c == '+' ? ' ' : c;
      continue;
    }
    if (text.size - i < 3) return -1;
    int high = read_hex_digit(text.data[i + 1]), low = read_hex_digit(text.data[i + 2]);
    if (high < 0 || low < 0) return -1;
    *next++ = (char)(high << 4 | low);
    i += 2;
  }
  return next - out;
}

/* Bytes that are no UTF-8 become U+FFFD, as Java reads them. */
static struct eagre_text repair(struct eagre_text text, struct eagre_text_writer *writer,
                                struct eagre_buffer *buffer) {
  if (eagre_value_utf8_is_valid(text)) return text;
  eagre_buffer_clear(buffer);
  eagre_value_utf8_repair(text, buffer);
  return eagre_text_writer_copy(writer, eagre_buffer_text(buffer));
}

static enum eagre_status run_url_decode(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  enum eagre_status status = EAGRE_OK;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    int64_t size = put_decoded(text, eagre_text_writer_reserve(&writer, text.size));
    if (size >= 0) {
      out[row] = repair(eagre_text_writer_take(&writer, (size_t)size), &writer, &buffer);
      continue;
    }
    status = eagre_kernel_fail(call, row, "CANNOT_DECODE_URL",
                               "The provided URL cannot be decoded: %.*s. Please ensure that the "
                               "URL is properly formatted and try again.",
                               (int)(text.size < 200 ? text.size : 200), text.data);
  }
  eagre_buffer_done(&buffer);
  return status;
}

enum eagre_status eagre_bind_url_decode(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_url_decode);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_try_url_decode(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_url_decode(bind, out));
  eagre_expression_set_try(*out);
  return EAGRE_OK;
}

/* ---- parse_url ------------------------------------------------------------------------------ */

static struct eagre_text find_part(const struct eagre_url *url, struct eagre_text name) {
  const struct {
    const char *name;
    struct eagre_text part;
  } parts[] = {{"HOST", url->host},           {"PATH", url->path},    {"QUERY", url->query},
               {"REF", url->fragment},        {"FILE", url->file},    {"PROTOCOL", url->scheme},
               {"AUTHORITY", url->authority}, {"USERINFO", url->user}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(parts); i++) {
    if (eagre_text_equal(name, eagre_text_of(parts[i].name))) return parts[i].part;
  }
  return (struct eagre_text){0};
}

static enum eagre_status run_parse_url(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_url url;
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    if (!eagre_url_read(text, &url)) {
      EAGRE_TRY(eagre_kernel_fail(call, row, "INVALID_URL",
                                  "The url is invalid: %.*s. Use `try_parse_url` to tolerate "
                                  "invalid URL and return NULL instead.",
                                  (int)(text.size < 200 ? text.size : 200), text.data));
      continue;
    }
    out[row] = find_part(&url, eagre_kernel_text(call, 1, row));
    if (out[row].data == NULL) eagre_kernel_set_null(call, row);
  }
  return EAGRE_OK;
}

/* A pattern that finds a value in a query: (&|^)key=([^&]*) */
static enum eagre_status make_pattern(struct eagre_bind *bind, struct eagre_expression *key,
                                      struct eagre_expression **out) {
  struct eagre_expression *parts[] = {
      eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, EAGRE_TEXT("(&|^)"),
                                bind->position),
      key,
      eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, EAGRE_TEXT("=([^&]*)"),
                                bind->position)};
  return eagre_bind_other(bind, "concat", parts, 3, out);
}

/* CASE WHEN part = 'QUERY' AND query RLIKE pattern THEN regexp_extract(query, pattern, 2) END: the
 * key is part of a regular expression, as in Spark. */
static enum eagre_status find_value(struct eagre_bind *bind, struct eagre_expression *query,
                                    struct eagre_expression *key, struct eagre_expression **out) {
  const int32_t group = 2;
  struct eagre_expression *pattern, *conditions[2], *choice[2];
  struct eagre_expression *equal[] = {
      bind->arguments[1], eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING,
                                                    EAGRE_TEXT("QUERY"), bind->position)};
  EAGRE_TRY(make_pattern(bind, key, &pattern));
  struct eagre_expression *extract[] = {
      query, pattern,
      eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &group, bind->position)};
  EAGRE_TRY(eagre_bind_other(bind, "=", equal, 2, &conditions[0]));
  EAGRE_TRY(eagre_bind_other(bind, "rlike", extract, 2, &conditions[1]));
  EAGRE_TRY(eagre_bind_other(bind, "and", conditions, 2, &choice[0]));
  EAGRE_TRY(eagre_bind_other(bind, "regexp_extract", extract, 3, &choice[1]));
  return eagre_expression_case(bind->arena, choice, 2, false, bind->session, bind->position, out,
                               bind->error);
}

static enum eagre_status bind_parse_url(struct eagre_bind *bind, bool is_try,
                                        struct eagre_expression **out) {
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    if (kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
      return eagre_bind_unexpected(bind, i, "\"STRING\"");
    }
    EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_STRING));
  }
  struct eagre_expression *key = bind->argument_count == 3 ? bind->arguments[2] : NULL;
  bind->argument_count = 2;
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_parse_url);
  if (is_try) eagre_expression_set_try(*out);
  return key == NULL ? EAGRE_OK : find_value(bind, *out, key, out);
}

enum eagre_status eagre_bind_parse_url(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_parse_url(bind, false, out);
}

enum eagre_status eagre_bind_try_parse_url(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_parse_url(bind, true, out);
}
