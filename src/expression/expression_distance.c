/* Functions that compare how texts are spelt: levenshtein, soundex, luhn_check. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* ---- levenshtein ---------------------------------------------------------------------------- */

/* Room for three rows of numbers, kept from one pair of texts to the next. */
struct scratch {
  struct eagre_arena *arena;
  size_t *numbers;
  size_t capacity;
};

static size_t *use_scratch(struct scratch *scratch, size_t count) {
  if (count > scratch->capacity) {
    scratch->capacity = count * 2;
    scratch->numbers =
        eagre_arena_allocate(scratch->arena, scratch->capacity * sizeof *scratch->numbers);
  }
  return scratch->numbers;
}

/* Where the code points of a text begin, and where the last one ends. */
static size_t *find_points(struct eagre_text text, size_t count, size_t *places) {
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    places[i] = at;
    at += eagre_code_point_size((unsigned char)text.data[at]);
  }
  places[count] = at < text.size ? at : text.size;
  return places;
}

static bool are_same_point(struct eagre_text a, const size_t *a_places, size_t i,
                           struct eagre_text b, const size_t *b_places, size_t j) {
  size_t size = a_places[i + 1] - a_places[i];
  return size == b_places[j + 1] - b_places[j] &&
         memcmp(a.data + a_places[i], b.data + b_places[j], size) == 0;
}

static size_t find_least(size_t a, size_t b, size_t c) {
  size_t least = a < b ? a : b;
  return least < c ? least : c;
}

/* Row by row of the table of distances between beginnings; one row is kept. */
static size_t find_distance(struct eagre_text a, struct eagre_text b, struct scratch *scratch) {
  size_t a_count = eagre_text_count(a), b_count = eagre_text_count(b);
  size_t *costs = use_scratch(scratch, a_count + 2 * b_count + 3);
  const size_t *b_places = find_points(b, b_count, costs + b_count + 1);
  const size_t *a_places = find_points(a, a_count, costs + 2 * b_count + 2);
  for (size_t j = 0; j <= b_count; j++) {
    costs[j] = j;
  }
  for (size_t i = 0; i < a_count; i++) {
    size_t diagonal = costs[0];
    costs[0] = i + 1;
    for (size_t j = 0; j < b_count; j++) {
      size_t replaced = diagonal + !are_same_point(a, a_places, i, b, b_places, j);
      diagonal = costs[j + 1];
      costs[j + 1] = find_least(costs[j] + 1, diagonal + 1, replaced);
    }
  }
  return costs[b_count];
}

/* -1 beyond the threshold. */
enum eagre_status eagre_kernel_levenshtein(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  bool has_threshold = call->node->argument_count == 3;
  struct scratch scratch = {.arena = call->arena};
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    size_t distance =
        find_distance(eagre_kernel_text(call, 0, row), eagre_kernel_text(call, 1, row), &scratch);
    out[row] = (int32_t)distance;
    if (has_threshold && out[row] > EAGRE_ARGUMENT(int32_t, call, 2, row)) out[row] = -1;
  }
  return EAGRE_OK;
}

/* ---- soundex -------------------------------------------------------------------------------- */

enum { SOUNDEX_SIZE = 4 };

/* The class of an English letter; '0' has none and parts equal classes, '7' does not. */
static char find_sound(char letter) {
  return "01230127022455012623017202"[letter - 'A'];
}

/* The letter in capitals, or 0 for anything else. */
static char read_letter(char c) {
  if (c >= 'a' && c <= 'z') return (char)(c - 'a' + 'A');
  return c >= 'A' && c <= 'Z' ? c : 0;
}

/* False when the text does not begin with a letter. */
static bool find_soundex(struct eagre_text text, char out[SOUNDEX_SIZE]) {
  char first = text.size == 0 ? 0 : read_letter(text.data[0]);
  if (first == 0) return false;
  memset(out, '0', SOUNDEX_SIZE);
  out[0] = first;
  char last = find_sound(first);
  for (size_t i = 1, count = 1; i < text.size && count < SOUNDEX_SIZE; i++) {
    char letter = read_letter(text.data[i]);
    char sound = letter == 0 ? '0' : find_sound(letter);
    if (sound == '7') continue;
    if (sound != '0' && sound != last) out[count++] = sound;
    last = sound;
  }
  return true;
}

enum eagre_status eagre_kernel_soundex(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    char *code = eagre_text_writer_reserve(&writer, SOUNDEX_SIZE);
    out[row] = eagre_kernel_text(call, 0, row);
    if (find_soundex(out[row], code)) out[row] = eagre_text_writer_take(&writer, SOUNDEX_SIZE);
  }
  return EAGRE_OK;
}

/* ---- luhn_check ----------------------------------------------------------------------------- */

/* Every second digit from the end counts twice; the sum of all digits ends with 0. */
static bool passes_luhn(struct eagre_text text) {
  unsigned sum = 0;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[text.size - 1 - i];
    if (c < '0' || c > '9') return false;
    unsigned digit = (unsigned)(c - '0') << (i % 2);
    sum = (sum + digit / 10 + digit % 10) % 10;
  }
  return text.size > 0 && sum == 0;
}

enum eagre_status eagre_kernel_luhn_check(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_bit_put(out, row, passes_luhn(eagre_kernel_text(call, 0, row)));
  }
  return EAGRE_OK;
}
