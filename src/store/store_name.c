/* Names of data files: who wrote them, for which epoch, in which attempt. Nothing refers to a data
 * file before the commit of its epoch, so its name is how litter of lost attempts is told from what
 * may still be committed.
 *
 *   part-00003-33f6ab4c-17-5c3b1f0e-7a52-4d0a-9d4e-cb6c2f8a1e77-c002.zstd.parquet
 *        core  application  attempt                              number
 *                       epoch
 */
#include "store/store.h"

#include <inttypes.h>
#include <string.h>

static bool is_plain(const char *text) {
  for (; *text != '\0'; text++) {
    bool is_letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
    if (!is_letter && !(*text >= '0' && *text <= '9') && *text != '-') return false;
  }
  return true;
}

static bool take_prefix(struct eagre_text *text, const char *prefix) {
  struct eagre_text expected = eagre_text_of(prefix);
  if (!eagre_text_starts_with(*text, expected)) return false;
  *text = eagre_text_make(text->data + expected.size, text->size - expected.size);
  return true;
}

static bool take_number(struct eagre_text *text, int64_t *out_value) {
  size_t size = 0;
  int64_t value = 0;
  while (size < text->size && text->data[size] >= '0' && text->data[size] <= '9') {
    if (__builtin_mul_overflow(value, 10, &value)) return false;
    if (__builtin_add_overflow(value, text->data[size] - '0', &value)) return false;
    size++;
  }
  *text = eagre_text_make(text->data + size, text->size - size);
  *out_value = value;
  return size > 0;
}

/* Takes the text before the last `mark`. */
static bool take_before_last(struct eagre_text *text, const char *mark,
                             struct eagre_text *out_before) {
  struct eagre_text wanted = eagre_text_of(mark);
  for (size_t size = text->size; size-- > 0;) {
    struct eagre_text rest = eagre_text_make(text->data + size, text->size - size);
    if (!eagre_text_starts_with(rest, wanted)) continue;
    *out_before = eagre_text_make(text->data, size);
    *text = rest;
    return true;
  }
  return false;
}

bool eagre_store_name_read(struct eagre_text name, const char *extension,
                           struct eagre_store_name *out) {
  int64_t number;
  if (!eagre_text_ends_with(name, eagre_text_of(extension))) return false;
  if (!take_prefix(&name, "part-") || !take_number(&name, &number)) return false;
  if (!take_prefix(&name, "-") || name.size < EAGRE_STORE_APPLICATION_SIZE) return false;
  out->application = eagre_text_make(name.data, EAGRE_STORE_APPLICATION_SIZE);
  name = eagre_text_make(name.data + EAGRE_STORE_APPLICATION_SIZE,
                         name.size - EAGRE_STORE_APPLICATION_SIZE);
  if (!take_prefix(&name, "-") || !take_number(&name, &out->epoch)) return false;
  if (!take_prefix(&name, "-")) return false;
  if (!take_before_last(&name, "-c", &out->attempt) || out->attempt.size == 0) return false;
  return take_prefix(&name, "-c") && take_number(&name, &number) && take_prefix(&name, ".");
}

struct eagre_text eagre_store_name_print(const struct eagre_store_attempt *attempt, uint32_t number,
                                         const char *extension, struct eagre_arena *arena) {
  eagre_assert(strlen(attempt->application_id) >= EAGRE_STORE_APPLICATION_SIZE);
  eagre_assert(is_plain(attempt->application_id));
  eagre_assert(attempt->attempt[0] != '\0' && is_plain(attempt->attempt));
  eagre_assert(attempt->epoch >= 0);
  return eagre_arena_printf(arena, "part-%05" PRIu32 "-%.*s-%" PRId64 "-%s-c%03" PRIu32 "%s",
                            attempt->core, EAGRE_STORE_APPLICATION_SIZE, attempt->application_id,
                            attempt->epoch, attempt->attempt, number, extension);
}
