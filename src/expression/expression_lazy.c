/* AND, OR, CASE and COALESCE: operands are evaluated for the rows that need them.
 *
 * An operand without a block has its value in a register for all rows. One with a block is run for
 * the rows in need, picked into a batch of their own, and its result is spread over a vector of all
 * rows, so that what follows does not care. When all rows are in need nothing is picked or spread;
 * when none is, nothing runs. */
#include <string.h>

#include "expression/expression_program.h"

struct lazy_run {
  struct eagre_block *block;
  struct eagre_instruction *instruction;
  const struct eagre_run *run;
  uint32_t row_count;
};

/* ---- Sets of rows ---------------------------------------------------------------------------- */

static uint32_t count_words(const struct lazy_run *lazy) {
  return (lazy->row_count + 63) / 64;
}

static uint8_t *new_bits(const struct lazy_run *lazy) {
  return eagre_arena_allocate_vector(lazy->run->arena, eagre_bits_size(lazy->row_count));
}

static void put_word(uint8_t *bits, uint32_t index, uint64_t word) {
  memcpy(bits + (size_t)index * 8, &word, sizeof word);
}

static uint64_t validity_word(const struct eagre_vector *vector, uint32_t index) {
  if (vector->type->kind == EAGRE_TYPE_NULL) return 0;
  if (vector->validity == NULL) return UINT64_MAX;
  if (vector->is_constant) return eagre_bit_get(vector->validity, 0) ? UINT64_MAX : 0;
  return eagre_bits_word(vector->validity, index);
}

/* The value of a BOOLEAN; anything where it is NULL. */
static uint64_t boolean_word(const struct eagre_vector *vector, uint32_t index) {
  if (vector->type->kind == EAGRE_TYPE_NULL) return 0;
  if (!vector->is_constant) return eagre_bits_word(vector->data, index);
  return eagre_bit_get(vector->data, 0) ? UINT64_MAX : 0;
}

static uint32_t *list_rows(const struct lazy_run *lazy, const uint8_t *bits, uint32_t count) {
  uint32_t *rows = eagre_arena_allocate_vector(lazy->run->arena, count * sizeof *rows);
  uint32_t next = 0;
  for (uint32_t begin = 0; begin < lazy->row_count; begin += 64) {
    uint64_t word = eagre_bits_word(bits, begin / 64);
    if (lazy->row_count - begin < 64) word &= (UINT64_C(1) << (lazy->row_count - begin)) - 1;
    for (; word != 0; word &= word - 1) {
      rows[next++] = begin + (uint32_t)__builtin_ctzll(word);
    }
  }
  return rows;
}

/* ---- Operands -------------------------------------------------------------------------------- */

static void import_all(struct eagre_block *operand, const struct eagre_block *outer) {
  for (uint32_t i = 0; i < operand->import_count; i++) {
    operand->registers[operand->imports[i].inner] = outer->registers[operand->imports[i].outer];
  }
}

static void import_rows(struct eagre_block *operand, const struct eagre_block *outer,
                        const uint32_t *rows, uint32_t count, struct eagre_arena *arena) {
  for (uint32_t i = 0; i < operand->import_count; i++) {
    const struct eagre_vector *from = &outer->registers[operand->imports[i].outer];
    eagre_vector_gather(&operand->registers[operand->imports[i].inner], from, rows, count, arena);
  }
}

/* A vector of all rows, readable everywhere, with false, zero and empty texts in it. */
static void init_readable(struct eagre_vector *out, const struct eagre_type *type,
                          uint32_t row_count, struct eagre_arena *arena) {
  eagre_vector_init(out, type, row_count, arena);
  uint32_t width = eagre_type_width(type->kind);
  if (width > 0) memset(out->data, 0, (size_t)width * row_count);
  if (eagre_type_is_list(type->kind)) return;
  for (uint32_t i = 0; i < type->field_count; i++) {
    init_readable(&out->children[i], type->fields[i].type, row_count, arena);
  }
}

static enum eagre_status run_some_rows(const struct lazy_run *lazy, struct eagre_block *operand,
                                       const uint8_t *needed, uint32_t needed_count,
                                       struct eagre_vector *out) {
  struct eagre_arena *arena = lazy->run->arena;
  uint32_t *rows = list_rows(lazy, needed, needed_count);
  import_rows(operand, lazy->block, rows, needed_count, arena);
  enum eagre_status status = eagre_block_run(operand, lazy->run, needed_count);
  if (status != EAGRE_OK) {
    struct eagre_error *error = lazy->run->error;
    if (error != NULL && error->row >= 0) error->row = rows[error->row];
    return status;
  }
  const struct eagre_vector *result = &operand->registers[operand->result];
  if (result->is_constant || result->type->kind == EAGRE_TYPE_NULL) {
    *out = *result;
    return EAGRE_OK;
  }
  init_readable(out, result->type, lazy->row_count, arena);
  eagre_vector_scatter(out, lazy->row_count, result, rows, needed_count, arena);
  return EAGRE_OK;
}

/* Operand `index` for the rows in `needed` (NULL for all); other rows of `out` have any value, or
 * NULL, but no error. */
static enum eagre_status evaluate(const struct lazy_run *lazy, uint32_t index,
                                  const uint8_t *needed, struct eagre_vector *out) {
  struct eagre_block *operand = lazy->instruction->operands[index];
  if (operand == NULL) {
    *out = *lazy->instruction->arguments[index];
    return EAGRE_OK;
  }
  uint32_t needed_count =
      needed == NULL ? lazy->row_count : (uint32_t)eagre_bits_count(needed, lazy->row_count);
  if (needed_count == 0) {
    eagre_vector_init_null(out, lazy->instruction->node->arguments[index]->type, lazy->run->arena);
    return EAGRE_OK;
  }
  if (needed_count < lazy->row_count) {
    return run_some_rows(lazy, operand, needed, needed_count, out);
  }
  import_all(operand, lazy->block);
  EAGRE_TRY(eagre_block_run(operand, lazy->run, lazy->row_count));
  *out = operand->registers[operand->result];
  return EAGRE_OK;
}

/* ---- AND, OR --------------------------------------------------------------------------------- */

/* Kleene's logic on words: `a` and `b` are the values, `a_valid` and `b_valid` where they exist.
 * OR is AND of the complements, complemented: `flip` is all ones for OR. */
static enum eagre_status run_logic(const struct lazy_run *lazy, struct eagre_vector *out,
                                   uint64_t flip) {
  const struct eagre_vector *left = lazy->instruction->arguments[0];
  struct eagre_vector right;
  uint8_t *needed = NULL;
  if (lazy->instruction->operands[1] != NULL) {
    needed = new_bits(lazy);
    for (uint32_t i = 0; i < count_words(lazy); i++) {
      put_word(needed, i, (boolean_word(left, i) ^ flip) | ~validity_word(left, i));
    }
  }
  EAGRE_TRY(evaluate(lazy, 1, needed, &right));
  eagre_vector_init(out, lazy->instruction->node->type, lazy->row_count, lazy->run->arena);
  uint8_t *validity = new_bits(lazy);
  uint64_t any_null = 0;
  for (uint32_t i = 0; i < count_words(lazy); i++) {
    uint64_t a_valid = validity_word(left, i), b_valid = validity_word(&right, i);
    uint64_t a = boolean_word(left, i) ^ flip, b = boolean_word(&right, i) ^ flip;
    uint64_t is_false = (a_valid & ~a) | (b_valid & ~b);
    uint64_t is_true = a_valid & a & b_valid & b;
    put_word(out->data, i, (is_true & ~is_false) ^ flip);
    put_word(validity, i, is_true | is_false);
    any_null |= ~(is_true | is_false);
  }
  if (any_null != 0) out->validity = validity;
  return EAGRE_OK;
}

/* ---- Assembling rows from several vectors ---------------------------------------------------- */

/* out[row] = from[row] for the rows in `rows`. */
static void put_rows(const struct lazy_run *lazy, struct eagre_vector *out,
                     const struct eagre_vector *from, const uint8_t *rows) {
  uint32_t count = (uint32_t)eagre_bits_count(rows, lazy->row_count);
  if (count == 0) return;
  uint32_t *list = list_rows(lazy, rows, count);
  if (from->type->kind == EAGRE_TYPE_NULL) {
    for (uint32_t i = 0; i < count; i++) {
      eagre_vector_set_null(out, list[i], lazy->row_count, lazy->run->arena);
    }
    return;
  }
  struct eagre_vector picked;
  eagre_vector_gather(&picked, from, list, count, lazy->run->arena);
  eagre_vector_scatter(out, lazy->row_count, &picked, list, count, lazy->run->arena);
}

/* ---- CASE ------------------------------------------------------------------------------------ */

/* matched = open AND condition; open = open AND NOT matched. Returns whether any row is open. */
static void match_rows(const struct lazy_run *lazy, const struct eagre_vector *condition,
                       uint8_t *open, uint8_t *matched) {
  for (uint32_t i = 0; i < count_words(lazy); i++) {
    uint64_t is_open = eagre_bits_word(open, i);
    uint64_t is_true = is_open & validity_word(condition, i) & boolean_word(condition, i);
    put_word(matched, i, is_true);
    put_word(open, i, is_open & ~is_true);
  }
}

static enum eagre_status run_case(const struct lazy_run *lazy, struct eagre_vector *out) {
  uint32_t count = lazy->instruction->argument_count;
  uint8_t *open = new_bits(lazy);
  uint8_t *matched = new_bits(lazy);
  struct eagre_vector value;
  eagre_bits_fill(open, lazy->row_count, true);
  init_readable(out, lazy->instruction->node->type, lazy->row_count, lazy->run->arena);
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    EAGRE_TRY(evaluate(lazy, i, open, &value));
    match_rows(lazy, &value, open, matched);
    if (eagre_bits_count(matched, lazy->row_count) == 0) continue;
    EAGRE_TRY(evaluate(lazy, i + 1, matched, &value));
    put_rows(lazy, out, &value, matched);
  }
  if (eagre_bits_count(open, lazy->row_count) == 0) return EAGRE_OK;
  if (count % 2 == 1) {
    EAGRE_TRY(evaluate(lazy, count - 1, open, &value));
  } else {
    eagre_vector_init_null(&value, lazy->instruction->node->type, lazy->run->arena);
  }
  put_rows(lazy, out, &value, open);
  return EAGRE_OK;
}

/* ---- COALESCE -------------------------------------------------------------------------------- */

static enum eagre_status run_coalesce(const struct lazy_run *lazy, struct eagre_vector *out) {
  const struct eagre_vector *first = lazy->instruction->arguments[0];
  if (first->type->kind != EAGRE_TYPE_NULL && first->validity == NULL) {
    *out = *first;
    return EAGRE_OK;
  }
  uint8_t *open = new_bits(lazy);
  uint8_t *found = new_bits(lazy);
  eagre_bits_fill(open, lazy->row_count, true);
  init_readable(out, lazy->instruction->node->type, lazy->row_count, lazy->run->arena);
  for (uint32_t k = 0; k < lazy->instruction->argument_count; k++) {
    struct eagre_vector value;
    EAGRE_TRY(evaluate(lazy, k, open, &value));
    for (uint32_t i = 0; i < count_words(lazy); i++) {
      uint64_t is_open = eagre_bits_word(open, i);
      put_word(found, i, is_open & validity_word(&value, i));
      put_word(open, i, is_open & ~validity_word(&value, i));
    }
    put_rows(lazy, out, &value, found);
    if (eagre_bits_count(open, lazy->row_count) == 0) return EAGRE_OK;
  }
  struct eagre_vector null;
  eagre_vector_init_null(&null, lazy->instruction->node->type, lazy->run->arena);
  put_rows(lazy, out, &null, open);
  return EAGRE_OK;
}

enum eagre_status eagre_lazy_run(struct eagre_block *block, struct eagre_instruction *instruction,
                                 const struct eagre_run *run, uint32_t row_count) {
  struct lazy_run lazy = {block, instruction, run, row_count};
  struct eagre_vector *out = &block->registers[instruction->out];
  switch ((enum eagre_lazy_kind)instruction->node->parameters[0]) {
  case EAGRE_LAZY_AND:
    return run_logic(&lazy, out, 0);
  case EAGRE_LAZY_OR:
    return run_logic(&lazy, out, UINT64_MAX);
  case EAGRE_LAZY_CASE:
    return run_case(&lazy, out);
  default:
    return run_coalesce(&lazy, out);
  }
}
