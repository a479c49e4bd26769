/* Numbers of the values of a column: integers by how far they are from the lowest one, texts in the
 * order of their appearance. */
#include "state/state_domain.h"

#include <string.h>

enum {
  SLOT_BITS = 12,  /* four times as many slots as there are texts: most are in their home */
  SEARCH_MAX = 16, /* slots; texts that the hash does not tell apart are refused */
  TEXT_BLOCK = 64,
};

void eagre_state_domain_column_forget(struct eagre_state_domain_column *column) {
  column->bits = 0;
  column->text_count = 0;
  eagre_arena_reset(&column->arena);
  if (column->slots != NULL) memset(column->slots, 0, sizeof *column->slots << SLOT_BITS);
}

void eagre_state_domain_column_done(struct eagre_state_domain_column *column) {
  eagre_arena_done(&column->arena);
  eagre_free(column->texts);
  eagre_free(column->slots);
}

/* ---- Integers -------------------------------------------------------------------------------- */

/* The width is a constant where this is inlined. */
static inline __attribute__((always_inline)) int64_t read_integer(const char *data, uint32_t row,
                                                                  uint32_t width) {
  switch (width) {
  case 1:
    return ((const int8_t *)data)[row];
  case 2:
    return ((const int16_t *)data)[row];
  case 4:
    return ((const int32_t *)data)[row];
  default:
    return ((const int64_t *)data)[row];
  }
}

/* Whether all values have numbers, which are written; NULLs take what stands in their place. */
static inline __attribute__((always_inline)) bool
number_integers(const struct eagre_state_domain_column *column, const char *data,
                uint32_t row_count, uint32_t width, uint16_t *out_numbers) {
  uint64_t before = (uint64_t)column->low - 1;
  uint64_t seen = 0;
  for (uint32_t row = 0; row < row_count; row++) {
    uint64_t number = (uint64_t)read_integer(data, row, width) - before;
    seen |= number | (number - 1); /* 0 is not a number of a value */
    out_numbers[row] = (uint16_t)number;
  }
  return seen >> column->bits == 0;
}

static bool number_integers_with_nulls(const struct eagre_state_domain_column *column,
                                       const struct eagre_vector *vector, uint32_t row_count,
                                       uint32_t width, uint16_t *out_numbers) {
  uint64_t before = (uint64_t)column->low - 1;
  uint64_t seen = 0;
  for (uint32_t row = 0; row < row_count; row++) {
    uint64_t number = 0;
    if (!eagre_vector_is_null(vector, row)) {
      number = (uint64_t)read_integer(vector->data, row, width) - before;
      seen |= number | (number - 1);
    }
    out_numbers[row] = (uint16_t)number;
  }
  return seen >> column->bits == 0;
}

/* Of a column that knows its bits. */
static bool try_integers(const struct eagre_state_domain_column *column,
                         const struct eagre_vector *vector, uint32_t row_count, uint32_t width,
                         uint16_t *out_numbers) {
  if (vector->validity != NULL)
    return number_integers_with_nulls(column, vector, row_count, width, out_numbers);
  switch (width) {
  case 1:
    return number_integers(column, vector->data, row_count, 1, out_numbers);
  case 2:
    return number_integers(column, vector->data, row_count, 2, out_numbers);
  case 4:
    return number_integers(column, vector->data, row_count, 4, out_numbers);
  default:
    return number_integers(column, vector->data, row_count, 8, out_numbers);
  }
}

/* The highest value that has a number; what rounding up to bits adds is used, too. */
static int64_t find_high(const struct eagre_state_domain_column *column) {
  int64_t high;
  int64_t span = (INT64_C(1) << column->bits) - 2;
  return __builtin_add_overflow(column->low, span, &high) ? INT64_MAX : high;
}

/* Makes the range hold those that it held and those of the vector. */
static bool widen_range(struct eagre_state_domain_column *column, const struct eagre_vector *vector,
                        uint32_t row_count, uint32_t width) {
  int64_t low = column->bits == 0 ? INT64_MAX : column->low;
  int64_t high = column->bits == 0 ? INT64_MIN : find_high(column);
  for (uint32_t row = 0; row < row_count; row++) {
    if (eagre_vector_is_null(vector, row)) continue;
    int64_t value = read_integer(vector->data, row, width);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  uint64_t span = low > high ? 0 : (uint64_t)high - (uint64_t)low;
  uint32_t bits = 1;
  while (bits <= EAGRE_STATE_DOMAIN_BITS_MAX && span + 1 >= UINT64_C(1) << bits) {
    bits++;
  }
  if (span == UINT64_MAX || bits > EAGRE_STATE_DOMAIN_BITS_MAX) return false;
  column->low = low;
  column->bits = bits;
  return true;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static inline uint64_t read_word(const char *data) {
  uint64_t word;
  memcpy(&word, data, sizeof word);
  return word;
}

static inline struct eagre_text_words find_words(struct eagre_text text) {
  if (text.size <= EAGRE_TEXT_WORDS_SIZE_MAX) return eagre_text_words_make(text);
  return (struct eagre_text_words){read_word(text.data), read_word(text.data + text.size - 8)};
}

static inline bool is_equal(const struct eagre_state_domain_text *known,
                            struct eagre_text_words words, struct eagre_text text) {
  uint64_t difference = (known->words.first ^ words.first) | (known->words.last ^ words.last) |
                        (known->size ^ text.size);
  if (difference != 0) return false;
  for (size_t i = 8; text.size > EAGRE_TEXT_WORDS_SIZE_MAX && i + 8 < text.size; i += 8) {
    difference |= read_word(known->data + i) ^ read_word(text.data + i);
  }
  return difference == 0;
}

static uint32_t find_home(struct eagre_text_words words, size_t size) {
  return eagre_text_words_hash(words, size) >> (32 - SLOT_BITS);
}

/* The number of a text, which may be new; 0 when it cannot have one. */
static uint32_t search_text(struct eagre_state_domain_column *column, struct eagre_text_words words,
                            struct eagre_text text) {
  uint32_t home = find_home(words, text.size);
  for (uint32_t i = 0; i < SEARCH_MAX; i++) {
    uint16_t *slot = &column->slots[(home + i) & ((1u << SLOT_BITS) - 1)];
    if (*slot != 0 && !is_equal(&column->texts[*slot - 1], words, text)) continue;
    if (*slot != 0) return *slot;
    bool is_refused = column->text_count == EAGRE_STATE_DOMAIN_TEXTS_MAX ||
                      text.size > EAGRE_STATE_DOMAIN_TEXT_SIZE_MAX;
    if (is_refused) return 0;
    column->texts[column->text_count] = (struct eagre_state_domain_text){
        words, eagre_arena_copy_text(&column->arena, text).data, text.size};
    *slot = (uint16_t)++column->text_count;
    return *slot;
  }
  return 0;
}

/* In two passes, each of which keeps many texts under way at once: the first waits for their bytes,
 * the second for slots. */
static bool number_text_block(struct eagre_state_domain_column *column,
                              const struct eagre_vector *vector, uint32_t begin, uint32_t count,
                              uint16_t *out_numbers) {
  const struct eagre_text *texts = EAGRE_VALUES(struct eagre_text, vector) + begin;
  struct eagre_text_words words[TEXT_BLOCK];
  uint32_t homes[TEXT_BLOCK];
  for (uint32_t i = 0; i < count; i++) {
    words[i] = find_words(texts[i]);
    homes[i] = find_home(words[i], texts[i].size);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (vector->validity != NULL && !eagre_bit_get(vector->validity, begin + i)) {
      out_numbers[i] = 0;
      continue;
    }
    uint32_t number = column->slots[homes[i]];
    if (number == 0 || !is_equal(&column->texts[number - 1], words[i], texts[i]))
      number = search_text(column, words[i], texts[i]);
    if (number == 0) return false;
    out_numbers[i] = (uint16_t)number;
  }
  return true;
}

static bool number_texts(struct eagre_state_domain_column *column,
                         const struct eagre_vector *vector, uint32_t row_count,
                         uint16_t *out_numbers) {
  if (column->slots == NULL) {
    column->slots = eagre_allocate_zeroed(1 << SLOT_BITS, sizeof *column->slots);
    column->texts = eagre_allocate_zeroed(EAGRE_STATE_DOMAIN_TEXTS_MAX, sizeof *column->texts);
  }
  for (uint32_t begin = 0; begin < row_count; begin += TEXT_BLOCK) {
    uint32_t count = row_count - begin < TEXT_BLOCK ? row_count - begin : TEXT_BLOCK;
    if (!number_text_block(column, vector, begin, count, out_numbers + begin)) return false;
  }
  if (column->bits == 0) column->bits = 1;
  while (column->text_count >> column->bits != 0) {
    column->bits++;
  }
  return true;
}

/* ---- Any ------------------------------------------------------------------------------------- */

static void number_booleans(struct eagre_state_domain_column *column,
                            const struct eagre_vector *vector, uint32_t row_count,
                            uint16_t *out_numbers) {
  column->bits = 2;
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_null = eagre_vector_is_null(vector, row);
    out_numbers[row] = is_null ? 0 : (uint16_t)(1 + eagre_bit_get(vector->data, row));
  }
}

static bool is_counted(enum eagre_type_kind kind) {
  return eagre_type_is_integral(kind) || kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP ||
         kind == EAGRE_TYPE_TIMESTAMP_NTZ || eagre_type_is_interval(kind);
}

static bool number_rows(struct eagre_state_domain_column *column, const struct eagre_vector *vector,
                        uint32_t row_count, uint16_t *out_numbers) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_BOOLEAN) {
    number_booleans(column, vector, row_count, out_numbers);
    return true;
  }
  if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_BINARY)
    return number_texts(column, vector, row_count, out_numbers);
  if (!is_counted(kind)) return false;
  uint32_t width = eagre_type_width(kind);
  if (column->bits > 0 && try_integers(column, vector, row_count, width, out_numbers)) return true;
  return widen_range(column, vector, row_count, width) &&
         try_integers(column, vector, row_count, width, out_numbers);
}

bool eagre_state_domain_column_number(struct eagre_state_domain_column *column,
                                      const struct eagre_vector *vector, uint32_t row_count,
                                      uint16_t *out_numbers) {
  bool is_constant = vector->is_constant;
  bool is_small = number_rows(column, vector, is_constant ? 1 : row_count, out_numbers);
  for (uint32_t row = 1; is_constant && is_small && row < row_count; row++) {
    out_numbers[row] = out_numbers[0];
  }
  if (!is_small) eagre_state_domain_column_forget(column);
  return is_small;
}
