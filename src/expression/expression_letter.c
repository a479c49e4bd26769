/* Functions about letters: upper, lower, initcap, ascii, chr.
 *
 * Texts of ASCII letters are mapped here; all others by ICU's full case mapping without a locale
 * (the German sharp s becomes SS), as Spark does. */
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* ---- ASCII ---------------------------------------------------------------------------------- */

static struct eagre_text map_ascii(struct eagre_text text, char first, char change,
                                   struct eagre_text_writer *writer) {
  char *out = eagre_text_writer_reserve(writer, text.size);
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    bool is_letter = (unsigned char)(c - first) < 26;
    out[i] = (char)(c + (is_letter ? change : 0));
  }
  return eagre_text_writer_take(writer, text.size);
}

/* ---- Everything else ------------------------------------------------------------------------ */

typedef int32_t case_map_fn(const UCaseMap *map, char *out, int32_t out_size, const char *source,
                            int32_t source_size, UErrorCode *error);

static void free_case_map(void *data) {
  ucasemap_close(data);
}

static UCaseMap *get_case_map(struct eagre_kernel_call *call) {
  if (call->state->data == NULL) {
    UErrorCode error = U_ZERO_ERROR;
    call->state->data = ucasemap_open("", 0, &error);
    call->state->free = free_case_map;
    eagre_assert(call->state->data != NULL);
  }
  return call->state->data;
}

/* A code point of two bytes can become three of two bytes each. */
static struct eagre_text map_unicode(struct eagre_kernel_call *call, struct eagre_text text,
                                     case_map_fn *map, struct eagre_text_writer *writer) {
  size_t capacity = text.size * 3 + 16;
  char *out = eagre_text_writer_reserve(writer, capacity);
  UErrorCode error = U_ZERO_ERROR;
  int32_t size =
      map(get_case_map(call), out, (int32_t)capacity, text.data, (int32_t)text.size, &error);
  eagre_assert(U_SUCCESS(error));
  return eagre_text_writer_take(writer, (size_t)size);
}

static enum eagre_status run_case(struct eagre_kernel_call *call, char first, char change,
                                  case_map_fn *map) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    if (eagre_text_is_ascii(text)) {
      out[row] = map_ascii(text, first, change, &writer);
    } else if (text.size > EAGRE_TEXT_SIZE_MAX) {
      EAGRE_TRY(eagre_text_fail_size(call, row));
    } else {
      out[row] = map_unicode(call, text, map, &writer);
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_upper(struct eagre_kernel_call *call) {
  return run_case(call, 'a', 'A' - 'a', ucasemap_utf8ToUpper);
}

enum eagre_status eagre_kernel_lower(struct eagre_kernel_call *call) {
  return run_case(call, 'A', 'a' - 'A', ucasemap_utf8ToLower);
}

/* ---- initcap -------------------------------------------------------------------------------- */

/* The capital of a code point. A small letter that is its own capital may stand for several (the
 * German sharp s for Ss); then ICU's mapping of whole titles decides, which is slow. */
static void put_capital(UCaseMap *map, struct eagre_text bytes, UChar32 point,
                        struct eagre_buffer *out) {
  char encoded[32];
  int32_t size = 0;
  UErrorCode error = U_ZERO_ERROR;
  UChar32 title = u_totitle(point);
  if (title == point && u_hasBinaryProperty(point, UCHAR_CHANGES_WHEN_TITLECASED)) {
    size =
        ucasemap_utf8ToTitle(map, encoded, sizeof encoded, bytes.data, (int32_t)bytes.size, &error);
    eagre_assert(U_SUCCESS(error));
  } else {
    U8_APPEND_UNSAFE(encoded, size, title);
  }
  eagre_buffer_append(out, encoded, (size_t)size);
}

/* Makes the first code point of each word of a lower-case text a capital; words are what single
 * spaces separate. */
static void put_capitals(UCaseMap *map, struct eagre_text lower, struct eagre_buffer *out) {
  bool is_first = true;
  for (int32_t at = 0; at < (int32_t)lower.size;) {
    int32_t begin = at;
    UChar32 point;
    U8_NEXT(lower.data, at, (int32_t)lower.size, point);
    struct eagre_text bytes = {lower.data + begin, (size_t)(at - begin)};
    if (is_first && point >= 0) {
      put_capital(map, bytes, point, out);
    } else {
      eagre_buffer_append_text(out, bytes);
    }
    is_first = point == ' ';
  }
}

enum eagre_status eagre_kernel_initcap(struct eagre_kernel_call *call) {
  EAGRE_TRY(eagre_kernel_lower(call));
  struct eagre_text *out = call->out->data;
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_buffer_clear(&buffer);
    put_capitals(get_case_map(call), out[row], &buffer);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&buffer));
  }
  eagre_buffer_done(&buffer);
  return EAGRE_OK;
}

/* ---- Code points ---------------------------------------------------------------------------- */

enum eagre_status eagre_kernel_ascii(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    if (text.size == 0 || !eagre_kernel_is_live(call, row)) continue;
    int32_t at = 0;
    UChar32 point;
    U8_NEXT_OR_FFFD(text.data, at, (int32_t)(text.size < 8 ? text.size : 8), point);
    out[row] = point;
  }
  return EAGRE_OK;
}

/* The Latin-1 character of the number modulo 256; nothing for negative numbers. */
enum eagre_status eagre_kernel_chr(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t number = EAGRE_ARGUMENT(int64_t, call, 0, row);
    if (number < 0) continue;
    uint8_t *encoded = (uint8_t *)eagre_text_writer_reserve(&writer, U8_MAX_LENGTH);
    int32_t size = 0;
    U8_APPEND_UNSAFE(encoded, size, number & 0xff);
    out[row] = eagre_text_writer_take(&writer, (size_t)size);
  }
  return EAGRE_OK;
}
